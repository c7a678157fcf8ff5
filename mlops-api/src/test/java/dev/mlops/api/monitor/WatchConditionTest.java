package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WatchConditionTest {
  private static final Duration TEN_HOURS = Duration.ofHours(10);
  private static final Duration TEN_MINUTES = Duration.ofMinutes(10);

  static Stream<WatchCondition> everyTenHours() {
    return Stream.of(
        Signals.quality("recall").noWorseThanBaseline(0.02).falseAlarmEvery(TEN_HOURS),
        Signals.features().falseAlarmEvery(TEN_HOURS));
  }

  /** 60 blocks of ten minutes are enough, though ten of an hour are not. */
  @ParameterizedTest
  @MethodSource("everyTenHours")
  void aShorterBlockMakesAShorterTimeSayable(WatchCondition condition) {
    WatchCondition inBlocks = condition.inBlocksOf(TEN_MINUTES);

    assertThat(inBlocks.watch().falseAlarms().orElseThrow())
        .isEqualTo(FalseAlarms.every(TEN_HOURS).inBlocksOf(TEN_MINUTES));
    assertThat(inBlocks.watches()).containsExactly(inBlocks.watch());
    assertThat(inBlocks)
        .isEqualTo(condition.inBlocksOf(TEN_MINUTES))
        .hasSameHashCodeAs(condition.inBlocksOf(TEN_MINUTES))
        .isNotEqualTo(condition)
        .hasToString(condition + ".inBlocksOf(10 min)");
  }

  @ParameterizedTest
  @MethodSource("everyTenHours")
  void withFewerThanFiftyBlocksItIsRefusedWhereItIsReadOrFed(WatchCondition condition) {
    String message = "a false alarm every 10 h in blocks of 1 h leaves 10 blocks per alarm,"
        + " wanted at least 50; allow fewer alarms or shorten the block";
    assertThatThrownBy(condition::watches)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
    assertThatThrownBy(condition::watch).hasMessage(message);
    assertThatThrownBy(() -> condition.inBlocksOf(Duration.ofMinutes(13)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("every 10 h", "of 13 min leaves 46 blocks", "least 50");
  }

  @Test
  void theRestOfTheConditionStaysAsItWas() {
    WatchCondition days =
        Signals.quality("mae").noWorseThanBaseline(0.5).falseAlarmEvery(Duration.ofDays(30));
    Watch before = days.watch();
    Watch after = days.inBlocksOf(TEN_MINUTES).watch();
    assertThat(after.input()).isEqualTo(before.input());
    assertThat(after.metric()).isEqualTo(before.metric());
    assertThat(after.tolerance()).isEqualTo(before.tolerance());
    assertThat(after.falseAlarms().flatMap(FalseAlarms::time))
        .isEqualTo(before.falseAlarms().flatMap(FalseAlarms::time));
    assertThat(before.falseAlarms().orElseThrow().block()).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void aPromiseInInputsHasNoBlocks() {
    WatchCondition inRows = Signals.features().falseAlarmEvery(1_000_000);
    assertThatThrownBy(() -> inRows.inBlocksOf(TEN_MINUTES))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a promise in inputs has no blocks; give it in time first");
  }

  /** A reading of the watch in hours does not answer for the one in minutes. */
  @Test
  void itReadsTheWatchOfItsOwnBlocks() {
    WatchCondition hours = Signals.features().falseAlarmEvery(Duration.ofDays(30));
    WatchCondition minutes = hours.inBlocksOf(TEN_MINUTES);
    DriftReading calm = DriftReading.builder(Level.STABLE).inputs(30).build();
    Evidence evidence = Evidence.builder("fraud", Instant.EPOCH)
        .champion(VersionEvidence.builder("7").drift(hours.watch(), calm).build())
        .build();
    assertThat(hours.test(evidence).verdict()).isEqualTo(Verdict.PASS);
    Finding unknown = minutes.test(evidence);
    assertThat(unknown.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(unknown.text())
        .contains("does not watch", "30 d", "10 min", "MonitorFactory.watching");
  }
}
