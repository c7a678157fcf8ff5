package dev.mlops.drift.anytime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MixtureSprtTest {
  /** The published ratio, from all differences so far. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theRatioIsThePublishedOne(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double tau = 0.04;
    double limit = -0.02;
    MixtureSprt different =
        MixtureSprt.differences(tau).differentFrom(limit).burnIn(100).alpha(0.01);
    MixtureSprt above =
        MixtureSprt.differences(tau).above(limit).varianceAtLeast(0.1).alpha(0.01);
    List<Double> all = new ArrayList<>();
    double leastP = 1;
    double leastOneSided = 1;
    for (int n = 1; n <= 600; n++) {
      double d = random.nextInt(3) == 0 ? (random.nextInt(5) - 1.4) / 4 : 0.0;
      all.add(d);
      different.update(d);
      above.update(d);
      double mean = all.stream().mapToDouble(x -> x).average().orElseThrow();
      double spread =
          all.stream().mapToDouble(x -> (x - mean) * (x - mean)).average().orElseThrow();
      double ratio = ratio(n, mean, spread, tau, limit);
      String where = "n " + n + ", seed " + seed;
      if (n >= 100) {
        leastP = Math.min(leastP, 1 / ratio);
        assertThat(different.logEvidence()).as(where).isCloseTo(Math.log(ratio), within(1e-9));
      } else {
        assertThat(different.logEvidence()).as(where).isZero();
      }
      assertThat(different.pValue()).as(where).isCloseTo(leastP, within(1e-9));
      assertThat(different.rejected()).as(where).isEqualTo(leastP <= 0.01);
      double v = Math.max(0.1, spread);
      double z = n * (mean - limit) / Math.sqrt(n * v + v * v / tau / tau);
      double oneSided =
          ratio(n, mean, v, tau, limit) * 2 * NormalDistribution.of(0, 1).cumulativeProbability(z);
      leastOneSided = Math.min(leastOneSided, 1 / oneSided);
      assertThat(above.logEvidence()).as(where).isCloseTo(Math.log(oneSided), within(1e-9));
      assertThat(above.pValue()).as(where).isCloseTo(leastOneSided, within(1e-9));
    }
    assertThat(different.n()).isEqualTo(600);
  }

  private static double ratio(int n, double mean, double v, double tau, double limit) {
    double t = tau * tau;
    return Math.sqrt(v / (v + n * t))
        * Math.exp(n * (double) n * t * (mean - limit) * (mean - limit) / (2 * v * (v + n * t)));
  }

  /** Every way to a test leads through the step that guards the variance. */
  @Test
  void thereIsNoTestWithoutAGuard() {
    assertThat(MixtureSprt.class.getConstructors()).isEmpty();
    List<Class<?>> types = new ArrayList<>(List.of(MixtureSprt.class.getDeclaredClasses()));
    types.add(MixtureSprt.class);
    List<String> ways = new ArrayList<>();
    for (Class<?> type : types) {
      assertThat(type.getConstructors()).isEmpty();
      Arrays.stream(type.getDeclaredMethods())
          .filter(method -> Modifier.isPublic(method.getModifiers()))
          .filter(method -> method.getReturnType() == MixtureSprt.class)
          .forEach(method -> ways.add(type.getSimpleName() + "." + method.getName()));
    }
    assertThat(ways).containsExactly("Guarded.alpha");
    assertThatThrownBy(() -> MixtureSprt.differences(0.02).above(0).burnIn(99))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("least 100", "was 99");
    assertThatThrownBy(() -> MixtureSprt.differences(0.02).above(0).varianceAtLeast(0.049))
        .hasMessageContainingAll("be 0.05 to 1.0", "was 0.049");
  }

  @Test
  void aWorseModelIsDifferentButNotAbove() {
    MixtureSprt above = MixtureSprt.differences(0.02).above(0).burnIn(100).alpha(0.05);
    MixtureSprt different =
        MixtureSprt.differences(0.02).differentFrom(0).burnIn(100).alpha(0.05);
    for (int t = 0; t < 5_000; t++) {
      above.update(t % 10 == 0 ? -1 : 0);
      different.update(t % 10 == 0 ? -1 : 0);
    }
    assertThat(above.rejected()).isFalse();
    assertThat(above.pValue()).isEqualTo(1.0);
    assertThat(above.logEvidence()).isFinite();
    assertThat(different.rejected()).isTrue();
    assertThat(above.toString())
        .isEqualTo("p-value 1.00 after 5000: not shown that the mean is above 0.000");
    assertThat(different.toString()).matches("p-value .* after 5000: mean not 0\\.000");
  }

  @Test
  void onceRejectedItStaysSo() {
    MixtureSprt test = MixtureSprt.differences(0.02).above(0).burnIn(100).alpha(0.05);
    while (!test.update(test.n() % 4 == 0 ? 1 : 0)) {
      assertThat(test.n()).isLessThan(1_000);
    }
    assertThat(test.n()).isGreaterThanOrEqualTo(100);
    double p = test.pValue();
    for (int t = 0; t < 3_000; t++) {
      assertThat(test.update(-1)).isTrue();
    }
    assertThat(test.pValue()).isEqualTo(p).isLessThanOrEqualTo(0.05);
  }

  /** A variance of 0 would make any difference certain. */
  @Test
  void differencesThatAreAllTheSameAreNoEvidence() {
    MixtureSprt test = MixtureSprt.differences(0.02).above(-0.02).burnIn(100).alpha(0.05);
    for (int t = 0; t < 10_000; t++) {
      assertThat(test.update(0)).isFalse();
    }
    assertThat(test.logEvidence()).isZero();
    assertThat(test.pValue()).isEqualTo(1.0);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, 1.0000001, -1.0000001, Double.NEGATIVE_INFINITY})
  void whatIsOutOfRangeIsRefusedAndChangesNothing(double difference) {
    MixtureSprt test = MixtureSprt.differences(0.02).above(0).burnIn(100).alpha(0.05);
    MixtureSprt undisturbed = MixtureSprt.differences(0.02).above(0).burnIn(100).alpha(0.05);
    for (int t = 0; t < 150; t++) {
      test.update(t % 7 == 0 ? 1 : 0);
      undisturbed.update(t % 7 == 0 ? 1 : 0);
    }
    assertThatThrownBy(() -> test.update(difference))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("in -1.0 to 1.0", "was " + difference);
    test.update(1);
    undisturbed.update(1);
    assertThat(test.n()).isEqualTo(151);
    assertThat(test.logEvidence()).isEqualTo(undisturbed.logEvidence());
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> MixtureSprt.differences(0))
        .hasMessageContainingAll("be > 0 and <= 1", "was 0.0", "worth");
    assertThatThrownBy(() -> MixtureSprt.differences(0.1).above(1))
        .hasMessageContainingAll("be > -1.0 and < 1.0", "was 1.0", "limit");
    assertThatThrownBy(() -> MixtureSprt.differences(0.1).differentFrom(Double.NaN))
        .hasMessageContainingAll("be > -1.0 and < 1.0", "was NaN", "limit");
    assertThatThrownBy(() -> MixtureSprt.differences(0.1).above(0).burnIn(100).alpha(0))
        .hasMessageContainingAll("be > 0 and < 1", "was 0.0", "alpha");
  }
}
