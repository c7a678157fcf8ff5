package dev.mlops.drift.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.drift.compare.Comparison.Outcome;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProportionsTestTest {
  /** Newcombe (1998), Table II, method 10, two-sided 95 %. */
  @ParameterizedTest
  @CsvSource({
    "56, 70, 48, 80, 0.0524, 0.3339",
    "9, 10, 3, 10, 0.1705, 0.8090",
    "6, 7, 2, 7, 0.0582, 0.8062",
    "5, 56, 0, 29, -0.0381, 0.1926",
    "0, 10, 0, 20, -0.1611, 0.2775",
    "0, 10, 0, 10, -0.2775, 0.2775",
    "10, 10, 0, 20, 0.6791, 1.0000",
    "10, 10, 0, 10, 0.6075, 1.0000"
  })
  void intervalsAsPublished(long bad, long n, long other, long m, double lower, double upper) {
    Comparison found = ProportionsTest.withMargin(0).withLevel(0.025).compare(bad, n, other, m);
    assertThat(found.lower().orElseThrow()).isCloseTo(lower, within(5.1e-5));
    assertThat(found.upper().orElseThrow()).isCloseTo(upper, within(5.1e-5));
    assertThat(found.difference().orElseThrow()).isEqualTo((double) bad / n - (double) other / m);
  }

  /** scipy 1.17.1: chi2_contingency(correction=False); fisher_exact where a count is expected below 5. */
  @ParameterizedTest
  @CsvSource({
    "56, 70, 48, 80, 0.008045081368196585",
    "60, 1000, 40, 1000, 0.04017387028851206",
    "9, 10, 3, 10, 0.019766611097880443",
    "0, 50, 0, 50, 1.0",
    "50, 50, 50, 50, 1.0"
  })
  void pValuesAsOfScipy(long bad, long n, long other, long m, double p) {
    Comparison found = ProportionsTest.withMargin(0).compare(bad, n, other, m);
    assertThat(found.pValue().orElseThrow()).isCloseTo(p, within(1e-9));
  }

  /** The table of reference sizes: one-sided 0.05, power 0.8. */
  @ParameterizedTest
  @CsvSource({
    "0.05, 0.06, 6426",
    "0.05, 0.07, 1743",
    "0.05, 0.10, 343",
    "0.10, 0.12, 3026",
    "0.01, 0.02, 1826"
  })
  void sizesAsComputedElsewhere(double champion, double candidate, long wanted) {
    assertThat(ProportionsTest.fewestEach(champion, candidate, 0.05, 0.8)).isEqualTo(wanted);
    assertThat(ProportionsTest.fewestEach(1 - champion, 1 - candidate, 0.05, 0.8))
        .isEqualTo(wanted);
  }

  @Test
  void worseNoWorseAndUndecided() {
    ProportionsTest test = ProportionsTest.withMargin(0.02);
    assertThat(test.compare(80, 500, 25, 500).outcome()).isEqualTo(Outcome.WORSE);
    assertThat(test.compare(500, 10_000, 500, 10_000).outcome()).isEqualTo(Outcome.NO_WORSE);
    assertThat(test.compare(5, 100, 5, 100).outcome()).isEqualTo(Outcome.UNDECIDED);
    assertThat(test.compare(5, 100, 5, 100).toString())
        .contains("UNDECIDED", "0.05", "of 100", "margin 0.02");
    assertThat(test.compare(0, 0, 5, 100).outcome()).isEqualTo(Outcome.UNDECIDED);
    assertThat(test.compare(0, 0, 5, 100).pValue()).isEmpty();
    assertThat(test.compare(0, 10, 0, 0).text()).contains("10 observations against 0");
  }

  /** At the margin either error happens as rarely as the level says; a little more is the interval's approximation. */
  @Test
  void errorsAtTheMarginAreAsRareAsTheLevel() {
    SplittableRandom random = new SplittableRandom(1);
    ProportionsTest test = ProportionsTest.withMargin(0.03);
    int worse = 0;
    int noWorse = 0;
    int runs = 4_000;
    for (int run = 0; run < runs; run++) {
      Comparison found = test.compare(count(random, 0.13, 800), 800, count(random, 0.10, 800), 800);
      worse += found.outcome() == Outcome.WORSE ? 1 : 0;
      noWorse += found.outcome() == Outcome.NO_WORSE ? 1 : 0;
    }
    assertThat((double) worse / runs).isBetween(0.03, 0.065);
    assertThat((double) noWorse / runs).isBetween(0.03, 0.065);
  }

  private static long count(SplittableRandom random, double share, int n) {
    long count = 0;
    for (int i = 0; i < n; i++) {
      count += random.nextDouble() < share ? 1 : 0;
    }
    return count;
  }

  @Test
  void whatCannotBeIsRefused() {
    ProportionsTest test = ProportionsTest.withMargin(0.02);
    assertThatThrownBy(() -> test.compare(6, 5, 0, 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("candidate", "6 of 5");
    assertThatThrownBy(() -> test.compare(0, 5, -1, 5)).hasMessageContainingAll("champion", "-1");
    assertThatThrownBy(() -> ProportionsTest.withMargin(Double.NaN))
        .hasMessageContainingAll("margin", "NaN");
    assertThatThrownBy(() -> test.withLevel(0.5)).hasMessageContainingAll("level", "0.5");
    assertThatThrownBy(() -> ProportionsTest.fewestEach(0.1, 0.1, 0.05, 0.8))
        .hasMessageContainingAll("differ", "0.1");
    assertThatThrownBy(() -> ProportionsTest.fewestEach(0.1, 0.0, 0.05, 0.8))
        .hasMessageContainingAll("candidate", "0.0");
    assertThatThrownBy(() -> ProportionsTest.fewestEach(0.1, 0.2, 0.05, 1.0))
        .hasMessageContainingAll("power", "1.0");
  }
}
