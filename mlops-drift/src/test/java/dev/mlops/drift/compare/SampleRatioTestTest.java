package dev.mlops.drift.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.mlops.drift.compare.SampleRatioTest.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SampleRatioTestTest {
  /** Computed by chi-square with one degree of freedom; mismatch below 0.001 as GrowthBook. */
  @ParameterizedTest
  @CsvSource({
    "600, 400, 50, 50, 2.540e-10, MISMATCH",
    "44000, 45000, 50, 50, 8.023e-04, MISMATCH",
    "9450, 550, 95, 5, 2.178e-02, AS_PLANNED",
    "95300, 4700, 95, 5, 1.344e-05, MISMATCH"
  })
  void asComputedElsewhere(long a, long b, double wa, double wb, double p, Outcome outcome) {
    SampleRatioTest.Result found = SampleRatioTest.of(wa, wb).test(a, b);
    assertThat(found.pValue().orElseThrow()).isCloseTo(p, withinPercentage(0.03));
    assertThat(found.outcome()).isEqualTo(outcome);
    assertThat(SampleRatioTest.of(wa * 1e300, wb * 1e300).test(a, b))
        .satisfies(
            same -> assertThat(same.pValue().orElseThrow()).isCloseTo(p, withinPercentage(0.03)));
  }

  @Test
  void tooFewAreNotJudged() {
    assertThat(SampleRatioTest.of(1, 1).test(15, 0).outcome()).isEqualTo(Outcome.UNDECIDED);
    assertThat(SampleRatioTest.of(1, 1).test(15, 0).text()).contains("15, 0", "16");
    assertThat(SampleRatioTest.of(1, 1).test(16, 0).outcome()).isEqualTo(Outcome.MISMATCH);
    assertThat(SampleRatioTest.of(1, 1, 1).test(8, 8, 7).outcome()).isEqualTo(Outcome.UNDECIDED);
    assertThat(SampleRatioTest.of(1, 1).test(0, 0).pValue()).isEmpty();
  }

  @Test
  void threeArmsAndAnotherLevel() {
    assertThat(SampleRatioTest.of(90, 5, 5).test(9_000, 500, 500).outcome())
        .isEqualTo(Outcome.AS_PLANNED);
    assertThat(SampleRatioTest.of(90, 5, 5).test(9_000, 600, 400).outcome())
        .isEqualTo(Outcome.MISMATCH);
    assertThat(SampleRatioTest.of(95, 5).withLevel(0.05).test(9_450, 550).outcome())
        .isEqualTo(Outcome.MISMATCH);
  }

  @Test
  void whatCannotBeIsRefused() {
    assertThatThrownBy(() -> SampleRatioTest.of(1)).hasMessageContaining("at least 2 arms");
    assertThatThrownBy(() -> SampleRatioTest.of(1, 0)).hasMessageContaining("0.0");
    assertThatThrownBy(() -> SampleRatioTest.of(1, Double.NaN)).hasMessageContaining("NaN");
    assertThatThrownBy(() -> SampleRatioTest.of(1, 1).test(1)).hasMessageContainingAll("2 ", " 1");
    assertThatThrownBy(() -> SampleRatioTest.of(1, 1).test(1, -1)).hasMessageContaining("-1");
    assertThatThrownBy(() -> SampleRatioTest.of(1, 1).withLevel(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("level");
  }
}
