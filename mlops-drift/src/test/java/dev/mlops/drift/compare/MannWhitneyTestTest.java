package dev.mlops.drift.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.drift.compare.Comparison.Outcome;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MannWhitneyTestTest {
  /** Of Kayenta's MannWhitneySuite, "tie out with R version": control data. */
  private static final double[] CONTROL = {
    1.5, 6.0, 5.0, 2.5, 2.5, 2.0, 2.0, 3.5, 3.0, 3.0, 3.0, 2.0, 3.0, 8.0, 4.0, 2.5, 3.0, 2.5, 2.5,
    2.0, 2.5, 2.0, 2.0, 2.5, 3.5, 3.0, 1.5, 5.0, 2.5, 5.5, 2.0, 2.5, 3.5, 2.0, 2.5, 4.0, 2.0, 2.0,
    2.0, 2.0, 5.5, 4.5, 4.0, 3.0, 3.0, 3.5, 2.5, 3.0, 2.5, 4.0, 6.0, 2.0, 5.0, 6.0, 3.5, 3.0, 54.5,
    3.0, 5.0, 6.0, 3.5, 4.5, 2.5, 2.0, 6.0, 5.0, 2.5, 3.5, 2.0, 3.0, 2.5, 3.5, 3.5, 2.5, 3.0, 4.5,
    3.0, 15.5, 5.0, 2.5, 3.0, 4.0, 3.5, 4.0, 4.0, 2.0, 4.5, 2.5, 4.0, 3.0
  };

  /** The experiment data of the same. */
  private static final double[] EXPERIMENT = {
    2.5, 2.5, 2.0, 2.5, 3.5, 2.0, 3.5, 1.5, 3.0, 3.0, 2.5, 3.5, 2.0, 2.5, 2.0, 2.0, 5.0, 3.0, 2.0,
    1.5, 2.0, 4.0, 3.0, 2.5, 3.0, 2.0, 2.0, 2.0, 2.5, 3.5, 1.5, 1.5, 3.5, 2.0, 2.5, 2.5, 3.0, 3.5,
    2.5, 6.5, 2.5, 4.0, 2.5, 3.0, 2.5, 6.5, 2.5, 3.0, 1.5, 2.0, 2.5, 3.0, 7.5, 1.5, 2.0, 4.0, 2.5,
    2.0, 2.5, 3.5, 4.0, 2.5, 3.0, 2.5, 2.0, 3.5, 3.0, 16.5, 3.0, 3.0, 7.0, 4.5, 5.0, 2.0, 3.5, 6.0,
    1.5, 3.0, 2.5, 4.0, 3.0, 1.5, 5.0, 3.0, 2.5, 5.5, 3.0, 1.5, 2.5, 6.0
  };

  /** Kayenta's MannWhitneySuite, "returns expected values"; the p-value is R's. */
  @Test
  void fourAgainstFour() {
    Comparison found = MannWhitneyTest.higherIsWorse()
        .withConfidence(0.95)
        .compare(new double[] {10, 20, 30, 40}, new double[] {1, 2, 3, 4});
    assertThat(found.lower()).hasValue(6.0);
    assertThat(found.upper()).hasValue(39.0);
    assertThat(found.difference()).hasValue(22.5);
    assertThat(found.pValue().orElseThrow()).isCloseTo(0.02857142857142857, within(1e-12));
    assertThat(found.outcome()).isEqualTo(Outcome.WORSE);
  }

  /** R's root finding stops within 1e-4 of where the rank sum jumps; here it is the jump itself. p of scipy 1.17.1. */
  @Test
  void ninetyAgainstNinetyTiesOutWithR() {
    Comparison found =
        MannWhitneyTest.movedIsWorse().withConfidence(0.95).compare(EXPERIMENT, CONTROL);
    assertThat(found.lower().orElseThrow()).isCloseTo(-0.500002521696696, within(1e-4));
    assertThat(found.upper().orElseThrow()).isCloseTo(-3.486287505871302E-5, within(1e-4));
    assertThat(found.difference().orElseThrow()).isCloseTo(-0.4999393907180323, within(1e-4));
    assertThat(found.pValue().orElseThrow()).isCloseTo(0.040972234992844116, within(1e-12));
    assertThat(found.outcome())
        .as("the interval reaches 0, within the tolerance")
        .isEqualTo(Outcome.NO_WORSE);
  }

  @Test
  void theEstimateIsTheMedianOfAllDifferences() {
    SplittableRandom random = new SplittableRandom(3);
    for (int run = 0; run < 300; run++) {
      double[] x = values(random, 1 + random.nextInt(40), run % 3);
      double[] y = values(random, 1 + random.nextInt(40), run % 3);
      double[] all = new double[x.length * y.length];
      for (int i = 0; i < all.length; i++) {
        all[i] = x[i / y.length] - y[i % y.length];
      }
      Arrays.sort(all);
      double median = (all[(all.length - 1) / 2] + all[all.length / 2]) / 2;
      Comparison found = MannWhitneyTest.movedIsWorse().compare(x, y);
      assertThat(found.difference().orElseThrow())
          .as("run " + run)
          .isCloseTo(median, within(1e-12 * Math.max(1.0, Math.abs(median))));
      assertThat(all).contains(new double[] {found.lower().orElseThrow()}, within(1e-9));
      assertThat(all).contains(new double[] {found.upper().orElseThrow()}, within(1e-9));
    }
  }

  /** Continuous, tied, or tied and large. */
  private static double[] values(SplittableRandom random, int n, int kind) {
    return random
        .doubles(n, -5, 5)
        .map(value -> kind == 0 ? value : kind == 1 ? Math.rint(value) : Math.rint(value) + 1e6)
        .toArray();
  }

  @Test
  void oneSideOrEither() {
    double[] slow = shifted(200, 1.5);
    double[] fast = shifted(200, 1.0);
    assertThat(MannWhitneyTest.higherIsWorse().compare(slow, fast).outcome())
        .isEqualTo(Outcome.WORSE);
    assertThat(MannWhitneyTest.higherIsWorse().compare(fast, slow).outcome())
        .isEqualTo(Outcome.NO_WORSE);
    assertThat(MannWhitneyTest.lowerIsWorse().compare(fast, slow).outcome())
        .isEqualTo(Outcome.WORSE);
    assertThat(MannWhitneyTest.lowerIsWorse().compare(slow, fast).outcome())
        .isEqualTo(Outcome.NO_WORSE);
    assertThat(MannWhitneyTest.movedIsWorse().compare(fast, slow).outcome())
        .isEqualTo(Outcome.WORSE);
    assertThat(MannWhitneyTest.movedIsWorse().compare(slow, slow).outcome())
        .isEqualTo(Outcome.NO_WORSE);
  }

  private static double[] shifted(int n, double by) {
    return new SplittableRandom(n).doubles(n).map(value -> value + by).toArray();
  }

  /** The interval must exclude a quarter of the estimate, not 0 alone. */
  @Test
  void aShiftThatIsHardlySureIsTolerated() {
    double[] x = new SplittableRandom(5).doubles(80).map(value -> value + 0.2).toArray();
    double[] y = new SplittableRandom(6).doubles(80).toArray();
    Comparison found = MannWhitneyTest.higherIsWorse().compare(x, y);
    double share = found.lower().orElseThrow() / found.difference().orElseThrow();
    assertThat(share).isBetween(0.0, 0.95);
    MannWhitneyTest test = MannWhitneyTest.higherIsWorse();
    assertThat(test.withTolerance(share * 0.99).compare(x, y).outcome()).isEqualTo(Outcome.WORSE);
    assertThat(test.withTolerance(share * 1.01).compare(x, y).outcome())
        .isEqualTo(Outcome.NO_WORSE);
  }

  @Test
  void aRatioOfMeansMayBeAllowed() {
    double[] slow = shifted(200, 1.5);
    double[] fast = shifted(200, 1.0);
    MannWhitneyTest test = MannWhitneyTest.higherIsWorse();
    assertThat(test.allowing(1.3).compare(slow, fast).outcome()).isEqualTo(Outcome.WORSE);
    assertThat(test.allowing(1.4).compare(slow, fast).outcome()).isEqualTo(Outcome.NO_WORSE);
    double[] below = shifted(200, -5);
    assertThat(test.allowing(1.4).compare(slow, below).outcome())
        .as("there is no ratio to a negative mean")
        .isEqualTo(Outcome.UNDECIDED);
  }

  @Test
  void oddSamplesHaveAnAnswer() {
    MannWhitneyTest test = MannWhitneyTest.movedIsWorse();
    double[] none = {};
    double[] one = {1.0};
    assertThat(test.compare(none, one).outcome()).isEqualTo(Outcome.UNDECIDED);
    assertThat(test.compare(one, none).text()).contains("1 values against 0");
    assertThat(test.compare(new double[] {5}, new double[] {3}).outcome())
        .as("one against one can show nothing")
        .isEqualTo(Outcome.UNDECIDED);
    double[] fives = filled(60, 5.0);
    double[] threes = filled(60, 3.0);
    assertThat(test.compare(fives, fives.clone()).outcome()).isEqualTo(Outcome.NO_WORSE);
    assertThat(test.compare(fives, fives.clone()).pValue()).hasValue(1.0);
    Comparison apart = test.compare(fives, threes);
    assertThat(apart.outcome()).isEqualTo(Outcome.WORSE);
    assertThat(apart.lower()).hasValue(2.0);
    assertThat(apart.upper()).hasValue(2.0);
    assertThat(test.compare(filled(60, 0.0), filled(60, -0.0)).difference()).hasValue(0.0);
    double[] broken = fives.clone();
    broken[7] = Double.NaN;
    broken[9] = Double.POSITIVE_INFINITY;
    assertThat(test.compare(broken, fives).outcome())
        .as("what was left out is not known to be good")
        .isEqualTo(Outcome.UNDECIDED);
    assertThat(test.compare(broken, fives).text()).contains("2 values that are not finite");
    assertThat(test.compare(filled(60, Double.NaN), fives).outcome()).isEqualTo(Outcome.UNDECIDED);
    assertThat(test.compare(shifted(49, 0), shifted(500, 0)).outcome())
        .isEqualTo(Outcome.UNDECIDED);
  }

  private static double[] filled(int n, double value) {
    double[] all = new double[n];
    Arrays.fill(all, value);
    return all;
  }

  @Test
  void aFalseAlarmIsAsRareAsTheConfidenceSays() {
    SplittableRandom random = new SplittableRandom(11);
    MannWhitneyTest test = MannWhitneyTest.movedIsWorse().withTolerance(0).withConfidence(0.95);
    int alarms = 0;
    int runs = 500;
    for (int run = 0; run < runs; run++) {
      double[] x = random.doubles(60).map(value -> -Math.log(value)).toArray();
      double[] y = random.doubles(60).map(value -> -Math.log(value)).toArray();
      alarms += test.compare(x, y).outcome() == Outcome.WORSE ? 1 : 0;
    }
    assertThat((double) alarms / runs).isBetween(0.025, 0.08);
  }

  @Test
  void theSamplesStayAsTheyAre() {
    double[] x = {3, 1, 2};
    double[] y = {9, 7, 8};
    MannWhitneyTest.higherIsWorse().compare(x, y);
    assertThat(x).containsExactly(3, 1, 2);
    assertThat(y).containsExactly(9, 7, 8);
  }

  @Test
  void whatCannotBeIsRefused() {
    MannWhitneyTest test = MannWhitneyTest.higherIsWorse();
    assertThatThrownBy(() -> test.withConfidence(1.0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("confidence", "1.0");
    assertThatThrownBy(() -> test.withTolerance(1.0)).hasMessageContaining("tolerance");
    assertThatThrownBy(() -> test.allowing(0.9)).hasMessageContainingAll("ratio", "0.9");
  }
}
