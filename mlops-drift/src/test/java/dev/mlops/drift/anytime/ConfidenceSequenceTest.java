package dev.mlops.drift.anytime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfidenceSequenceTest {
  private static ConfidenceSequence shares() {
    return ConfidenceSequence.shares().tightAt(100).alpha(0.05);
  }

  private static ConfidenceSequence means() {
    return ConfidenceSequence.means(100).tightAt(1_000).alpha(0.05);
  }

  /** confseq (commit 70b1ef3), test/uniform_boundaries_unittest.cpp; six digits are recorded. */
  @Test
  void sevenHundredOfAThousandAsConfseqSays() {
    ConfidenceSequence share = shares();
    for (int i = 0; i < 1_000; i++) {
      share.update(i % 10 < 7 ? 1 : 0);
    }
    assertThat(share.lowest()).isCloseTo(0.651629, within(1.5e-6));
    assertThat(share.highest()).isCloseTo(0.745949, within(1.5e-6));
    assertThat(share.toString()).isEqualTo("0.7000 after 1000, within 0.6516 to 0.7459");
    assertThat(share.excludes(0.6516)).isTrue();
    assertThat(share.excludes(0.6517)).isFalse();
    assertThat(share.excludes(0.7459)).isFalse();
    assertThat(share.excludes(0.7460)).isTrue();
  }

  /** What a share does not exclude is what a beta-binomial boundary tuned to it does not. */
  @Test
  void aShareIsExcludedWhereItsBoundaryIsLeft() {
    SplittableRandom random = new SplittableRandom(1);
    ConfidenceSequence share = shares();
    int ones = 0;
    int outside = 0;
    for (int n = 1; n <= 400; n++) {
      int x = random.nextDouble() < 0.3 ? 1 : 0;
      share.update(x);
      ones += x;
      for (double p = 0.05; p < 1; p += 0.1) {
        MixtureBoundary boundary =
            MixtureBoundary.betaBinomial(p, 1 - p).tightAt(100 * p * (1 - p)).alpha(0.05);
        double log = boundary.logMixture(ones - n * p, n * p * (1 - p));
        assertThat(share.excludes(p)).as(n + " " + p).isEqualTo(log >= Math.log(20));
        outside += log >= Math.log(20) ? 1 : 0;
      }
    }
    assertThat(outside).isBetween(1_000, 3_500);
  }

  /** GrowthBook, tests/frequentist/test_tests.py: the lift of two means, delta method, n* 1,000. */
  @Test
  void theWidthOfAMeanIsGrowthBooks() {
    double meanA = 1396.87 / 3000;
    double meanB = 2422.7 / 3461;
    double varianceA = (52377.9767 - 3000 * meanA * meanA) / 2999;
    double varianceB = (134698.29 - 3461 * meanB * meanB) / 3460;
    double lift = meanB / meanA - 1;
    double variance = varianceB / (meanA * meanA * 3461)
        + meanB * meanB * varianceA / (Math.pow(meanA, 4) * 3000);
    // The same mean and sample variance per value, as alternating values.
    int n = 6_461;
    double step = Math.sqrt(variance * n * (n - 1.0) / (n - 1.0 / n));
    ConfidenceSequence mean = means();
    for (int i = 0; i < n; i++) {
      mean.update(lift + (i % 2 == 0 ? step : -step) - step / n);
    }
    assertThat(mean.mean()).isCloseTo(0.50336, within(5e-6));
    assertThat(mean.lowest()).isCloseTo(-0.55844, within(5e-6));
    assertThat(mean.highest()).isCloseTo(1.56516, within(5e-6));
    assertThat(mean.excludes(0)).isFalse();
    assertThat(mean.excludes(-0.5585)).isTrue();
  }

  @Test
  void beforeTheBurnInAndWithoutSpreadThereIsNoInterval() {
    ConfidenceSequence mean = means();
    for (int i = 0; i < 99; i++) {
      mean.update(i % 2);
    }
    assertThat(mean.lowest()).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(mean.excludes(1e9)).isFalse();
    mean.update(1);
    assertThat(mean.excludes(1e9)).isTrue();
    assertThat(mean.highest()).isBetween(0.5, 1.0);

    ConfidenceSequence constant = means();
    for (int i = 0; i < 1_000; i++) {
      constant.update(0.25);
    }
    assertThat(constant.lowest()).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(constant.highest()).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(constant.excludes(7)).isFalse();
  }

  @Test
  void sharesAtTheEdgesAreIntervalsToo() {
    ConfidenceSequence share = shares();
    assertThat(share.lowest()).isZero();
    assertThat(share.highest()).isEqualTo(1.0);
    assertThat(share.mean()).isZero();
    for (int i = 0; i < 300; i++) {
      share.update(0);
    }
    assertThat(share.lowest()).isZero();
    assertThat(share.highest()).isBetween(0.005, 0.05);
    assertThat(share.excludes(0)).isFalse();
    assertThat(share.excludes(1)).isTrue();
    assertThat(share.excludes(-0.1)).isTrue();
    share.update(1);
    assertThat(share.excludes(0)).isTrue();
    assertThat(share.lowest()).isPositive();
    assertThat(share.n()).isEqualTo(301);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, 2e150, -2e150})
  void whatIsOutOfRangeIsRefusedAndChangesNothing(double value) {
    ConfidenceSequence mean = means();
    ConfidenceSequence share = shares();
    for (int i = 0; i < 200; i++) {
      mean.update(i % 3);
      share.update(i % 2);
    }
    double highest = mean.highest();
    double highestShare = share.highest();
    assertThatThrownBy(() -> mean.update(value))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("be -1e150 to 1e150", "was " + value);
    assertThatThrownBy(() -> share.update(value))
        .hasMessageContainingAll("be 0 or 1", "was " + value);
    assertThatThrownBy(() -> share.update(0.5)).hasMessageContainingAll("be 0 or 1", "was 0.5");
    assertThat(mean.highest()).isEqualTo(highest);
    assertThat(share.highest()).isEqualTo(highestShare);
    assertThat(mean.n()).isEqualTo(200);
    mean.update(1e150);
    mean.update(-1e150);
    assertThat(mean.highest()).isFinite();
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> ConfidenceSequence.means(99))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("least 100", "was 99");
    assertThatThrownBy(() -> ConfidenceSequence.shares().tightAt(0))
        .hasMessageContainingAll("least 1", "was 0");
    assertThatThrownBy(() -> ConfidenceSequence.shares().tightAt(1).alpha(Double.NaN))
        .hasMessageContainingAll("be > 0 and < 1", "was NaN", "alpha");
  }
}
