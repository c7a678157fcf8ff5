package dev.mlops.drift.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.pack.Dependence;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DependenceEstimatorTest {
  private static final int RUNS = 400;

  private static double[] bernoulli(int n, double rate, SplittableRandom random) {
    double[] values = new double[n];
    Arrays.setAll(values, i -> random.nextDouble() < rate ? 1 : 0);
    return values;
  }

  private static double[] autoregressive(int n, double coefficient, SplittableRandom random) {
    double[] values = new double[n];
    double z = random.nextGaussian();
    for (int i = 0; i < n; i++) {
      values[i] = z;
      z = coefficient * z + Math.sqrt(1 - coefficient * coefficient) * random.nextGaussian();
    }
    return values;
  }

  /** Errors at rates 0.1 and 0.4 in turn; a regime ends at each value with probability 1 / length. */
  private static double[] regimes(int n, int length, SplittableRandom random) {
    double[] values = new double[n];
    boolean high = random.nextBoolean();
    for (int i = 0; i < n; i++) {
      high ^= random.nextDouble() < 1.0 / length;
      values[i] = random.nextDouble() < (high ? 0.4 : 0.1) ? 1 : 0;
    }
    return values;
  }

  private static Dependence[] measured(long seed, Function<SplittableRandom, double[]> draw) {
    return IntStream.range(0, RUNS)
        .mapToObj(
            run -> DependenceEstimator.of(draw.apply(new SplittableRandom(seed + 7_919L * run))))
        .toArray(Dependence[]::new);
  }

  private static double share(Dependence[] all, Function<Dependence, Boolean> holds) {
    return (double) Arrays.stream(all).filter(holds::apply).count() / all.length;
  }

  private static int middleLength(Dependence[] all) {
    return Arrays.stream(all).mapToInt(Dependence::blockLength).sorted().toArray()[RUNS / 2];
  }

  private static double middleInflation(Dependence[] all) {
    return Arrays.stream(all).mapToDouble(Dependence::inflation).sorted().toArray()[RUNS / 2];
  }

  /** 2,000 sequences of each kind said 1 in .939 to .967; four standard errors of 400 are .044. */
  @ParameterizedTest
  @CsvSource({"1000, 0.05", "1000, 0.5", "5000, 0.05", "5000, 0.2", "20000, 0.2"})
  void independentValuesGiveExactlyOne(int n, double rate) {
    Dependence[] all = measured(11, random -> bernoulli(n, rate, random));
    assertThat(share(all, one -> one.blockLength() == 1 && one.inflation() == 1.0))
        .as("share of exactly 1 and 1")
        .isGreaterThan(0.95 - 0.044);
    assertThat(share(all, Dependence::conclusive)).isGreaterThan(0.95);
  }

  /** The true inflations are (1 + .5) / (1 − .5) = 3 and (1 + .9) / (1 − .9) = 19. */
  @ParameterizedTest
  @CsvSource({"0.5, 16, 2.4, 3.0", "0.9, 128, 15.5, 19.0"})
  void autoregressionIsFound(double coefficient, int length, double least, double most) {
    Dependence[] all = measured(12, random -> autoregressive(5_000, coefficient, random));
    assertThat(middleLength(all)).isEqualTo(length);
    assertThat(middleInflation(all)).isBetween(least, most);
    assertThat(share(all, Dependence::present)).isEqualTo(1.0);
  }

  /** The true inflations are 1 + .0225 / .1875 · (length − 2) = 6.8 and 60.8. */
  @ParameterizedTest
  @CsvSource({"50, 5000, 256, 5.5, 6.8", "500, 20000, 2048, 42, 60.8"})
  void regimesAreFound(int length, int n, int block, double least, double most) {
    Dependence[] all = measured(13, random -> regimes(n, length, random));
    assertThat(middleLength(all)).isEqualTo(block);
    assertThat(middleInflation(all)).isBetween(least, most);
  }

  /** What this sequence cannot show it does not deny. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 8, 160, 443, 999})
  void aShortSequenceIsNotConclusive(int n) {
    Dependence found = DependenceEstimator.of(bernoulli(n, 0.5, new SplittableRandom(n)));
    assertThat(found.conclusive()).isFalse();
    assertThat(found.values()).isEqualTo(n);
    assertThat(found.toString()).containsAnyOf("too short", "nothing to measure", "not measured");
  }

  @Test
  void regimesLongerThanTheBlocksAreCalledGrowing() {
    Dependence[] all = measured(14, random -> regimes(2_000, 500, random));
    assertThat(share(all, Dependence::conclusive)).isLessThan(0.2);
    assertThat(share(all, Dependence::growing)).isGreaterThan(0.8);
  }

  @Test
  void equalValuesSayNothing() {
    Dependence found = DependenceEstimator.of(new double[5_000]);
    assertThat(found).isEqualTo(new Dependence(5_000, 1, 1.0, 0, false));
    assertThat(found.conclusive()).isFalse();
    assertThat(found.toString()).contains("5000 values", "nothing to measure");
  }

  /** By the published form: means of whole blocks, their variance, the bound and the 10 %. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void theEstimatorEqualsTheDefinition(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] x = autoregressive(random.nextInt(500, 6_000), 0.8 * random.nextDouble(), random);
    double variance = variance(x, 1);
    double best = 0;
    int last = 0;
    for (int b = 1; x.length / b >= 8; b *= 2) {
      double k = x.length / b;
      double bound = b * variance(x, b) / variance / (1 + 2 * Math.sqrt(2 / (k - 1)));
      last = b > 1 && bound > 1.1 * best ? b : last;
      best = Math.max(best, bound);
    }
    double inflation = 1;
    for (int b = 1; b <= 2 * last && x.length / b >= 8; b *= 2) {
      inflation = Math.max(inflation, b * variance(x, b) / variance);
    }
    Dependence found = DependenceEstimator.of(x);
    assertThat(found.blockLength()).isEqualTo(Math.max(1, 2 * last));
    assertThat(found.inflation()).isCloseTo(inflation, within(1e-9 * inflation));
  }

  private static double variance(double[] x, int b) {
    double[] means = IntStream.range(0, x.length / b)
        .mapToDouble(i -> Arrays.stream(x, i * b, (i + 1) * b).average().orElseThrow())
        .toArray();
    double mean = Arrays.stream(means).average().orElseThrow();
    return Arrays.stream(means).map(m -> (m - mean) * (m - mean)).sum() / (means.length - 1);
  }

  /** VIF and bounds do not depend on the unit, and powers of two are exact. */
  @Test
  void theUnitDoesNotMatter() {
    double[] x = autoregressive(4_000, 0.7, new SplittableRandom(3));
    double[] large = Arrays.stream(x).map(v -> v * 0x1p20).toArray();
    assertThat(DependenceEstimator.of(large)).isEqualTo(DependenceEstimator.of(x));
  }

  @Test
  void anEstimatorStartsAgainWhenReset() {
    DependenceEstimator estimator = new DependenceEstimator();
    double[] x = autoregressive(3_000, 0.9, new SplittableRandom(5));
    double[] y = bernoulli(2_001, 0.3, new SplittableRandom(6));
    Arrays.stream(x).forEach(estimator::add);
    assertThat(estimator.dependence()).isEqualTo(DependenceEstimator.of(x));
    estimator.reset();
    assertThat(estimator.values()).isZero();
    Arrays.stream(y).forEach(estimator::add);
    assertThat(estimator.dependence()).isEqualTo(DependenceEstimator.of(y));
  }

  @Test
  void theMoreCautiousOfTwoHasTheLargerOfBoth() {
    Dependence test = new Dependence(2_000, 128, 4.9, 128, true);
    Dependence quiet = new Dependence(9_000, 64, 6.5, 1_024, false);
    assertThat(test.atLeast(quiet)).isEqualTo(new Dependence(9_000, 128, 6.5, 1_024, false));
    assertThat(quiet.atLeast(test)).isEqualTo(test.atLeast(quiet));
    assertThat(Dependence.none().atLeast(test)).isEqualTo(test);
  }

  @Test
  void textSaysWhatWasFoundAndFromHowManyValues() {
    assertThat(new Dependence(5_000, 128, 15.5, 512, false))
        .hasToString("blocks of 128, variance × 15.5, from 5000 values");
    assertThat(new Dependence(2_000, 256, 12.0, 128, true).toString())
        .contains("256", "still growing", "too short");
    assertThat(new Dependence(5_000, 1, 1.0, 512, false).toString()).contains("no dependence");
    assertThat(Dependence.none().toString()).contains("assumed", "not measured");
  }

  @Test
  void refusesWhatCannotBe() {
    DependenceEstimator estimator = new DependenceEstimator();
    estimator.add(0.5);
    assertThatThrownBy(() -> estimator.add(Double.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("NaN", "position 1");
    assertThat(estimator.values()).isEqualTo(1);
    assertThatThrownBy(() -> new Dependence(-1, 1, 1, 0, false)).hasMessageContaining("-1");
    assertThatThrownBy(() -> new Dependence(9, 3, 1, 0, false))
        .hasMessageContainingAll("power of two", "3");
    assertThatThrownBy(() -> new Dependence(9, 2, 0.5, 0, false)).hasMessageContaining("0.5");
    assertThatThrownBy(() -> new Dependence(9, 1, 2.0, 0, false)).hasMessageContaining("2.0");
    assertThatThrownBy(() -> new Dependence(9, 1, 1.0, -1, false)).hasMessageContaining("-1");
  }
}
