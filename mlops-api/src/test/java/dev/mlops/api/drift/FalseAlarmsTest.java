package dev.mlops.api.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class FalseAlarmsTest {
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration TEN_MINUTES = Duration.ofMinutes(10);

  /** 10 h are 60 blocks of 10 minutes, but only 10 of an hour, the length by default. */
  @Test
  void theBlocksAreCountedByTheLengthThatWasChosen() {
    FalseAlarms promise = FalseAlarms.every(HOUR.multipliedBy(10)).inBlocksOf(TEN_MINUTES);
    assertThat(promise.count()).isEqualTo(60);
    assertThat(promise.block()).isEqualTo(TEN_MINUTES);
    assertThat(FalseAlarms.every(HOUR.multipliedBy(50)).count()).isEqualTo(50);
    assertThat(FalseAlarms.every(TEN_MINUTES.multipliedBy(50))
            .inBlocksOf(TEN_MINUTES)
            .count())
        .isEqualTo(50);
  }

  @Test
  void fewerThanFiftyBlocksAreRefusedOnceTheyCount() {
    FalseAlarms unsaid = FalseAlarms.every(HOUR.multipliedBy(50).minusNanos(1));
    assertThatThrownBy(unsaid::count)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            "every 49 h 59 min 59.999999999 s", "of 1 h leaves 49 blocks", "least 50");
    assertThatThrownBy(() -> FalseAlarms.every(HOUR.multipliedBy(100))
            .inBlocksOf(HOUR.multipliedBy(2).plusNanos(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            "every 4 d 4 h", "of 2 h 0.000000001 s leaves 49 blocks", "least 50");
  }

  @Test
  void whatIsNoTimeOrNoBlockIsRefusedAtOnce() {
    assertThatThrownBy(() -> FalseAlarms.every(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a false alarm must be allowed in a time longer than zero, but was every 0 s");
    assertThatThrownBy(() -> FalseAlarms.every(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("every 2 inputs", "every 1");
    assertThatThrownBy(() -> FalseAlarms.every(HOUR).inBlocksOf(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a block must be longer than zero, but was 0 s");
    assertThatThrownBy(() -> FalseAlarms.every(100).inBlocksOf(HOUR))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a promise in inputs has no blocks; give it in time first");
  }

  @Test
  void moreBlocksThanCanBeCountedAreTheMost() {
    assertThat(FalseAlarms.every(Duration.ofSeconds(Long.MAX_VALUE))
            .inBlocksOf(Duration.ofNanos(1))
            .count())
        .isEqualTo(Long.MAX_VALUE);
  }
}
