package dev.mlops.drift.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.drift.compare.Comparison.Outcome;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class McNemarTestTest {
  /** Fagerland, Lydersen, Laake (2014): 1 and 7 of 21 pairs, Tango's interval −0.517 to −0.026, exact p 0.0703. */
  @Test
  void intervalAndPValueAsPublished() {
    Comparison found = McNemarTest.withMargin(0).withLevel(0.025).compare(1, 7, 21);
    assertThat(found.lower().orElseThrow()).isCloseTo(-0.517, within(5.1e-4));
    assertThat(found.upper().orElseThrow()).isCloseTo(-0.026, within(5.1e-4));
    assertThat(found.pValue().orElseThrow()).isCloseTo(0.0703125, within(1e-12));
    Comparison mirrored = McNemarTest.withMargin(0).withLevel(0.025).compare(7, 1, 21);
    assertThat(mirrored.lower().orElseThrow()).isCloseTo(0.026, within(5.1e-4));
    assertThat(mirrored.upper().orElseThrow()).isCloseTo(0.517, within(5.1e-4));
  }

  /** scipy 1.17.1 binomtest(10, 30). */
  @Test
  void pValueAsOfScipy() {
    assertThat(McNemarTest.withMargin(0).compare(10, 20, 500).pValue().orElseThrow())
        .isCloseTo(0.09873714670538905, within(1e-12));
  }

  /** Without a row on which one alone is wrong, the score's bound is z² / (n + z²). */
  @Test
  void noDisagreementIsStillUncertain() {
    Comparison found = McNemarTest.withMargin(0.02).compare(0, 0, 100);
    double z2 = 1.6448536269514722 * 1.6448536269514722;
    assertThat(found.upper().orElseThrow()).isCloseTo(z2 / (100 + z2), within(1e-9));
    assertThat(found.lower().orElseThrow()).isCloseTo(-z2 / (100 + z2), within(1e-9));
    assertThat(found.outcome()).isEqualTo(Outcome.UNDECIDED);
    assertThat(McNemarTest.withMargin(0.02).compare(0, 0, 200).outcome())
        .isEqualTo(Outcome.NO_WORSE);
    assertThat(found.pValue()).hasValue(1.0);
  }

  /** To see accuracy fall from 0.95 to 0.93 at 6 % disagreement: one-sided 0.05, power 0.8. */
  @Test
  void sizeAsComputedElsewhere() {
    assertThat(McNemarTest.fewestPairs(0.06, 0.02, 0.05, 0.8)).isEqualTo(926);
    assertThat(McNemarTest.fewestPairs(0.06, -0.02, 0.05, 0.8)).isEqualTo(926);
  }

  @Test
  void worseNoWorseAndUndecided() {
    McNemarTest test = McNemarTest.withMargin(0.01);
    assertThat(test.compare(60, 10, 1_000).outcome()).isEqualTo(Outcome.WORSE);
    assertThat(test.compare(20, 20, 2_000).outcome()).isEqualTo(Outcome.NO_WORSE);
    assertThat(test.compare(3, 3, 50).outcome()).isEqualTo(Outcome.UNDECIDED);
    assertThat(test.compare(0, 0, 0).outcome()).isEqualTo(Outcome.UNDECIDED);
    assertThat(test.compare(50, 0, 50).outcome()).isEqualTo(Outcome.WORSE);
    assertThat(test.compare(0, 50, 50).outcome()).isEqualTo(Outcome.NO_WORSE);
    assertThat(test.compare(3, 2, 50).text()).contains("of 50 rows", "on 3", "on 2", "margin 0.01");
  }

  @Test
  void errorsAtTheMarginAreAsRareAsTheLevel() {
    SplittableRandom random = new SplittableRandom(2);
    McNemarTest test = McNemarTest.withMargin(0.02);
    int worse = 0;
    int noWorse = 0;
    int runs = 4_000;
    for (int run = 0; run < runs; run++) {
      int ours = 0;
      int theirs = 0;
      for (int i = 0; i < 800; i++) {
        double u = random.nextDouble();
        ours += u < 0.05 ? 1 : 0;
        theirs += u >= 0.97 ? 1 : 0;
      }
      Outcome outcome = test.compare(ours, theirs, 800).outcome();
      worse += outcome == Outcome.WORSE ? 1 : 0;
      noWorse += outcome == Outcome.NO_WORSE ? 1 : 0;
    }
    assertThat((double) worse / runs).isBetween(0.03, 0.065);
    assertThat((double) noWorse / runs).isBetween(0.03, 0.065);
  }

  @Test
  void whatCannotBeIsRefused() {
    McNemarTest test = McNemarTest.withMargin(0.01);
    assertThatThrownBy(() -> test.compare(3, 3, 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("3 and 3 of 5");
    assertThatThrownBy(() -> test.compare(-1, 0, 5)).hasMessageContaining("-1");
    assertThatThrownBy(() -> McNemarTest.withMargin(1.0)).hasMessageContaining("margin");
    assertThatThrownBy(() -> McNemarTest.fewestPairs(0.06, 0.07, 0.05, 0.8))
        .hasMessageContainingAll("0.06", "0.07");
    assertThatThrownBy(() -> McNemarTest.fewestPairs(0.0, 0.0, 0.05, 0.8))
        .hasMessageContaining("disagreement");
  }
}
