package dev.mlops.testkit.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.testkit.streams.ValueStream.Law;
import org.junit.jupiter.api.Test;

class RunLengthsTest {
  private static final double[][] RUNS = {
    {0, 0, 1, 0, 0, 0}, // third value
    {0, 0, 0, 0, 0, 1}, // sixth
    {0, 0, 0, 0, 0, 0} // none in six
  };

  /** ARL0 is all inputs, 3 + 6 + 6, by the two alarms. */
  @Test
  void aRunWithoutAnAlarmCountsItsInputs() {
    RunLengths lengths =
        RunLengths.untilFalseAlarm(() -> new RunOfOnes(1), run -> RUNS[(int) run], 3);
    assertThat(lengths.mean()).hasValue(7.5);
    assertThat(lengths.median()).hasValue(6);
    assertThat(lengths.unfinished()).isEqualTo(1);
    assertThat(lengths).hasToString("mean 7.5, median 6.0 of 3 runs, 1 unfinished");
  }

  @Test
  void noAlarmIsNoMean() {
    RunLengths lengths =
        RunLengths.untilFalseAlarm(() -> new RunOfOnes(2), run -> RUNS[(int) run], 3);
    assertThat(lengths.mean()).isEmpty();
    assertThat(lengths.median()).isEmpty();
    assertThat(lengths).hasToString("no mean, no median of 3 runs, 3 unfinished");
  }

  /** Change at 3: alarms at 2 (early) and none after; at 5, delay 3; at 3, delay 1. */
  @Test
  void delaysAreCountedFromOneAndRunsWithAnEarlyAlarmAreKept() {
    double[][] runs = {{0, 0, 1, 0, 0, 0}, {0, 0, 0, 0, 0, 1}, {1, 1, 0, 1, 0, 0}};
    RunLengths lengths =
        RunLengths.afterChange(() -> new RunOfOnes(1), run -> runs[(int) run], 3, 3);
    assertThat(lengths.early()).isEqualTo(3);
    assertThat(lengths.unfinished()).isEqualTo(1);
    assertThat(lengths.mean()).hasValue(2);
    assertThat(lengths.median()).hasValue(3);
    assertThat(lengths)
        .hasToString("mean 2.0, median 3.0 of 3 runs, 1 unfinished, 3 alarms before the change");
  }

  /** Two ones in a row of a fair coin take 6 values on average, with a variance of 22 (both by hand). */
  @Test
  void theMeanOfAGeometricWaitIsFound() {
    ValueStream coin = ValueStream.steady(Law.bernoulli(0.5));
    RunLengths lengths =
        RunLengths.untilFalseAlarm(() -> new RunOfOnes(2), seed -> coin.values(400, seed), 20_000);
    assertThat(lengths.unfinished()).isZero();
    assertThat(lengths.mean().orElseThrow()).isEqualTo(6, within(5 * Math.sqrt(22.0 / 20_000)));
  }

  @Test
  void refusesNoRuns() {
    assertThatThrownBy(
            () -> RunLengths.untilFalseAlarm(() -> new RunOfOnes(1), run -> new double[1], 0))
        .hasMessageContainingAll("least 1", "was 0", "runs");
  }
}
