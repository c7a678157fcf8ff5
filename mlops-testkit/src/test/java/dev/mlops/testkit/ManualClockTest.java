package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.MlopsException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ManualClockTest {
  private static final Instant START = Instant.parse("2026-03-01T00:00:00Z");

  @Test
  void standsStillUntilItIsMoved() {
    ManualClock clock = new ManualClock(START);

    assertThat(clock.instant()).isEqualTo(clock.instant()).isEqualTo(START);
    assertThat(clock.nanos()).isZero();
  }

  @Test
  void advanceMovesWallTimeAndTickerAlike() {
    ManualClock clock = new ManualClock(START);
    clock.advance(Duration.ofMillis(1_500));
    clock.advance(Duration.ofNanos(1));

    assertThat(clock.instant()).isEqualTo(START.plusNanos(1_500_000_001));
    assertThat(clock.nanos()).isEqualTo(1_500_000_001);
    assertThat(clock.getAsLong()).isEqualTo(clock.nanos());
  }

  @Test
  void setMovesWallTimeAloneAlsoBackwards() {
    ManualClock clock = new ManualClock(START);
    clock.advance(Duration.ofSeconds(5));
    clock.set(START.minusSeconds(60));

    assertThat(clock.instant()).isEqualTo(START.minusSeconds(60));
    assertThat(clock.nanos()).isEqualTo(5_000_000_000L);
  }

  @Test
  void theTickerNeverGoesBack() {
    ManualClock clock = new ManualClock(START);

    assertThatThrownBy(() -> clock.advance(Duration.ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("be >= 0", "was -1 s", "Instant", "time");
  }

  @Test
  void whatItCannotHoldMovesNothing() {
    ManualClock clock = new ManualClock(START);
    clock.advance(Duration.ofNanos(5));
    for (Duration time :
        new Duration[] {Duration.ofNanos(Long.MAX_VALUE), Duration.ofSeconds(Long.MAX_VALUE)}) {
      assertThatThrownBy(() -> clock.advance(time))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(
              "before " + Instant.MAX + " and 2^63 ns",
              "but " + MlopsException.shown(time) + " after 2026-03-01T00:00:00.000000005",
              "5 ns",
              "nothing moved",
              "2026-03-01T00:00:00.000000005Z");
      assertThat(clock.instant()).isEqualTo(START.plusNanos(5));
      assertThat(clock.nanos()).isEqualTo(5);
    }
  }
}
