package dev.mlops.api.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers with their intervals. */
class EstimateTest {
  /**
   * Wilson's score interval, as published: centre (p + z²/2n) / (1 + z²/n) and half √(p(1−p)/n + z²/4n²) · z / (1 + z²/n),
   * z = 1.96; 0.0552 to 0.1744 for 10 of 100 (Newcombe 1998, and statsmodels' proportion_confint).
   */
  @ParameterizedTest
  @CsvSource({"10, 100, 0.05522914, 0.17436566", "1, 2, 0.09453121, 0.90546879"})
  void aShareHasWilsonsInterval(long count, long n, double lower, double upper) {
    Estimate share = Estimate.share(count, n);
    assertThat(share.value()).isEqualTo((double) count / n);
    assertThat(share.lower()).isCloseTo(lower, within(1e-6));
    assertThat(share.upper()).isCloseTo(upper, within(1e-6));
    assertThat(share.n()).isEqualTo(n);
  }

  /** With z² = 3.8415 the end that is not the value is z² / (n + z²) away: 0.1611 for 20. */
  @Test
  void aShareOfNoneOrAllEndsAtItsValue() {
    Estimate none = Estimate.share(0, 20);
    assertThat(none.lower()).isZero();
    assertThat(none.upper()).isCloseTo(3.8414588 / 23.8414588, within(1e-7));
    Estimate all = Estimate.share(20, 20);
    assertThat(all.upper()).isEqualTo(1);
    assertThat(all.lower()).isCloseTo(20 / 23.8414588, within(1e-7));
  }

  @ParameterizedTest
  @CsvSource({"-1, 10", "11, 10", "0, 0"})
  void aShareIsOfSomething(long count, long n) {
    assertThatThrownBy(() -> Estimate.share(count, n))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(count + " of " + n);
  }

  @Test
  void aMeanHasTheNormalInterval() {
    Estimate mean = Estimate.mean(5, 0.5, 30);
    assertThat(mean.value()).isEqualTo(5);
    assertThat(mean.lower()).isCloseTo(5 - 0.979981992, within(1e-9));
    assertThat(mean.upper()).isCloseTo(5 + 0.979981992, within(1e-9));
    assertThat(mean.n()).isEqualTo(30);
    assertThat(Estimate.mean(5, 0, 1).upper()).isEqualTo(5);
    for (double odd : new double[] {-1e-9, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> Estimate.mean(5, odd, 30))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "NaN, 0, 1, 1",
    "0, NaN, 1, 1",
    "0, 0, NaN, 1",
    "0, 0, Infinity, 1",
    "0, -Infinity, 1, 1",
    "0, 0.1, 1, 1",
    "2, 0, 1, 1",
    "0, 0, 1, 0"
  })
  void anIntervalIsFiniteHoldsItsValueAndRestsOnSomething(
      double value, double lower, double upper, long n) {
    assertThatThrownBy(() -> new Estimate(value, lower, upper, n))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anEstimateMayBeWithoutWidth() {
    assertThat(new Estimate(1, 1, 1, 1).value()).isEqualTo(1);
    assertThat(new Estimate(0.953, 0.919, 0.987, 150).toString()).contains("0.953", "0.034", "150");
  }

  /** Wilson's 99 % interval, by the formula. */
  @Test
  void theLeastShareIsTheLowerEndOf99Percent() {
    assertThat(Estimate.leastShare(5, 5)).isCloseTo(0.429742, within(1e-6));
    assertThat(Estimate.leastShare(10, 1_000)).isCloseTo(0.004530, within(1e-6));
    for (int n = 1; n <= 2_000; n++) {
      assertThat(Estimate.leastShare(0, n)).as("none of %d", n).isZero();
    }
    assertThat(Estimate.leastShare(10, 1_000))
        .isLessThan(Estimate.share(10, 1_000).lower());
    assertThatThrownBy(() -> Estimate.leastShare(2, 1)).hasMessageContaining("2 of 1");
  }
}
