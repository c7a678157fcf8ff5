package dev.mlops.drift.anytime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

class MixtureBoundaryTest {
  private static final MixtureBoundary NORMAL =
      MixtureBoundary.normal().tightAt(100).alpha(0.05);
  private static final MixtureBoundary ABOVE =
      MixtureBoundary.normal().oneSided().tightAt(100).alpha(0.05);
  private static final MixtureBoundary BETA_BINOMIAL =
      MixtureBoundary.betaBinomial(0.2, 0.8).tightAt(100).alpha(0.05);
  private static final MixtureBoundary BETA_BINOMIAL_ABOVE =
      MixtureBoundary.betaBinomial(0.2, 0.8).oneSided().tightAt(100).alpha(0.05);

  /** confseq (commit 70b1ef3), test/uniform_boundaries_unittest.cpp; seven digits are recorded. */
  @Test
  void boundariesAreThoseOfConfseq() {
    assertThat(NORMAL.rho()).isCloseTo(12.60056, within(5e-6));
    assertThat(NORMAL.logMixture(10, 100)).isCloseTo(-0.6510052, within(5e-8));
    assertThat(NORMAL.upper(100)).isCloseTo(30.35209, within(5e-6));
    assertThat(NORMAL.lower(100)).isEqualTo(-NORMAL.upper(100));
    assertThat(ABOVE.upper(100)).isCloseTo(27.66071, within(5e-6));
    assertThat(ABOVE.lower(100)).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(BETA_BINOMIAL_ABOVE.upper(100)).isCloseTo(28.41238, within(5e-6));
    assertThat(NORMAL.toString()).isEqualTo("normal mixture, two-sided, rho 12.60, alpha 0.05");
    assertThat(BETA_BINOMIAL_ABOVE.toString())
        .isEqualTo("beta-binomial mixture of -0.2 to 0.8, one-sided, rho 15.80, alpha 0.05");
  }

  /** The mixture as an integral over λ, by the trapezoidal rule. */
  @Test
  void mixturesAreTheIntegralsThatTheyStandFor() {
    for (double time : new double[] {0.5, 20, 100, 700}) {
      for (double z : new double[] {-2.5, -0.3, 0, 1, 4}) {
        double sum = z * Math.sqrt(time);
        double rho = NORMAL.rho();
        double wanted = integral(
            -8 / Math.sqrt(rho),
            8 / Math.sqrt(rho),
            l -> Math.sqrt(rho / (2 * Math.PI))
                * Math.exp(l * sum - l * l * time / 2 - l * l * rho / 2));
        assertThat(NORMAL.logMixture(sum, time)).isCloseTo(Math.log(wanted), within(1e-9));
        double half = ABOVE.rho();
        double above = integral(
            0,
            10 / Math.sqrt(half),
            l -> 2
                * Math.sqrt(half / (2 * Math.PI))
                * Math.exp(l * sum - l * l * time / 2 - l * l * half / 2));
        assertThat(ABOVE.logMixture(sum, time)).isCloseTo(Math.log(above), within(1e-6));
      }
    }
  }

  /**
   * An e-process: of fair values the mean of M is 1, at any time. Exactly, over all outcomes of n values −g and h, of which h
   * comes with probability g/(g + h); of values in between or of a lower mean it is not above 1.
   */
  @Test
  void ofFairValuesTheMixtureIsOneOnAverage() {
    int n = 12;
    for (MixtureBoundary boundary : new MixtureBoundary[] {BETA_BINOMIAL, BETA_BINOMIAL_ABOVE}) {
      assertThat(mean(boundary, n, 0.2)).isCloseTo(1.0, within(1e-10));
    }
    assertThat(mean(BETA_BINOMIAL_ABOVE, n, 0.1)).isLessThan(1.0);
    assertThat(mean(BETA_BINOMIAL_ABOVE, n, 0.3)).isGreaterThan(1.0);
  }

  private static double mean(MixtureBoundary boundary, int n, double p) {
    double mean = 0;
    double choose = 1;
    for (int k = 0; k <= n; k++) {
      double sum = 0.8 * k - 0.2 * (n - k);
      mean += choose
          * Math.pow(p, k)
          * Math.pow(1 - p, n - k)
          * Math.exp(boundary.logMixture(sum, n * 0.16));
      choose = choose * (n - k) / (k + 1);
    }
    return mean;
  }

  @Test
  void theBoundaryIsWhereTheMixtureReachesOneOverAlpha() {
    double enough = Math.log(20);
    for (MixtureBoundary boundary :
        new MixtureBoundary[] {NORMAL, ABOVE, BETA_BINOMIAL, BETA_BINOMIAL_ABOVE}) {
      for (double time : new double[] {30, 100, 5_000, 1e6}) {
        assertThat(boundary.logMixture(boundary.upper(time), time))
            .as(boundary + " at " + time)
            .isCloseTo(enough, within(1e-7));
      }
    }
    assertThat(BETA_BINOMIAL.logMixture(BETA_BINOMIAL.lower(100), 100))
        .isCloseTo(enough, within(1e-9));
    // Values in −0.8 to 0.2 mirror those in −0.2 to 0.8.
    assertThat(MixtureBoundary.betaBinomial(0.8, 0.2).tightAt(100).alpha(0.05).upper(100))
        .isCloseTo(-BETA_BINOMIAL.lower(100), within(1e-9));
  }

  @Test
  void noSumOfFewBoundedValuesIsEnough() {
    assertThat(BETA_BINOMIAL_ABOVE.upper(0.16)).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(BETA_BINOMIAL.lower(0.16)).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(BETA_BINOMIAL.upper(0)).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(BETA_BINOMIAL.logMixture(0, 0)).isCloseTo(0, within(1e-12));
    assertThat(BETA_BINOMIAL.logMixture(2, 0.16)).isEqualTo(Double.NEGATIVE_INFINITY);
  }

  @Test
  void tuningMakesTheBoundaryNarrowWhereItIsAskedFor() {
    for (double time : new double[] {10, 1_000, 100_000}) {
      double there = MixtureBoundary.normal().tightAt(time).alpha(0.05).upper(time);
      for (double other : new double[] {time / 4, time * 4}) {
        assertThat(MixtureBoundary.normal().tightAt(other).alpha(0.05).upper(time))
            .isGreaterThan(there);
      }
    }
  }

  /** Far below, Φ would be 0 and its logarithm −∞. */
  @Test
  void evidenceFarOnTheOtherSideIsFinite() {
    double before = ABOVE.logMixture(-29.999 * Math.sqrt(100 + ABOVE.rho()), 100);
    double after = ABOVE.logMixture(-30.001 * Math.sqrt(100 + ABOVE.rho()), 100);
    assertThat(after).isCloseTo(before, within(1e-4)).isLessThan(before);
    assertThat(ABOVE.logMixture(-1e6, 100)).isFinite();
  }

  private static double integral(double from, double to, DoubleUnaryOperator f) {
    int steps = 200_000;
    double width = (to - from) / steps;
    double sum = 0.5 * (f.applyAsDouble(from) + f.applyAsDouble(to));
    for (int i = 1; i < steps; i++) {
      sum += f.applyAsDouble(from + i * width);
    }
    return sum * width;
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> MixtureBoundary.normal().tightAt(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("and > 0", "was 0.0", "must be finite", "time");
    assertThatThrownBy(() -> MixtureBoundary.betaBinomial(0, 1))
        .hasMessageContainingAll("and > 0", "were 0.0 and 1.0", "must be finite");
    assertThatThrownBy(() -> MixtureBoundary.normal().tightAt(1).alpha(1))
        .hasMessageContainingAll("be > 0 and < 1", "was 1.0", "alpha");
    assertThatThrownBy(() -> NORMAL.upper(-1))
        .hasMessageContainingAll("and >= 0", "was -1.0", "must be finite", "time");
    assertThatThrownBy(() -> NORMAL.logMixture(Double.NaN, 1))
        .hasMessage("sum must be finite, but was NaN");
    assertThat(MixtureBoundary.normal().oneSided().tightAt(1).alpha(0.9).rho()).isPositive();
  }
}
