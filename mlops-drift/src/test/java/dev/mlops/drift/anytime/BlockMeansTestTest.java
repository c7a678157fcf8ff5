package dev.mlops.drift.anytime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.pack.Dependence;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The page {@code docs/benchmarks/results/2026-11-30-judges-under-dependence.md} has the error and the power at length. */
class BlockMeansTestTest {
  private static final double ALPHA = 0.05;
  private static final Dependence INDEPENDENT = Dependence.none();

  private static BlockMeansTest above(double limit, Dependence dependence) {
    return BlockMeansTest.differences().above(limit).under(dependence).alpha(ALPHA);
  }

  private static Dependence blocksOf(int length, double inflation) {
    return new Dependence(20_000, length, inflation, 2_048, false);
  }

  private static double whole(double share, double mean, SplittableRandom random) {
    double draw = random.nextDouble();
    double up = 0.5 * (share + mean);
    return draw < up ? 1 : draw < share ? -1 : 0;
  }

  private static int until(BlockMeansTest test, DoubleSupplier source, int most) {
    int n = 1;
    while (n <= most && !test.update(source.getAsDouble())) {
      n++;
    }
    return n;
  }

  /** The evidence by its definition, with logarithms of each value and block means by hand. */
  private static double definition(double[] d, double limit, Dependence dependence) {
    double[] x = Arrays.stream(d).map(v -> (v - limit) / (1 + limit)).toArray();
    double squares = Arrays.stream(x).map(v -> v * v).sum();
    double spread = squares;
    for (int b = 2; x.length / b >= 16; b *= 2) {
      int length = b;
      double[] means = IntStream.range(0, x.length / b)
          .mapToDouble(
              i -> Arrays.stream(x, i * length, (i + 1) * length).average().orElseThrow())
          .toArray();
      double mean = Arrays.stream(means).average().orElseThrow();
      double variance =
          Arrays.stream(means).map(m -> (m - mean) * (m - mean)).sum() / (means.length - 1);
      spread = Math.max(spread, x.length * b * variance / dependence.inflation());
    }
    double total = 0;
    for (int i = 0; i < 9; i++) {
      double stake = 0.8 / (1 << i);
      double log = Arrays.stream(x).map(v -> Math.log(1 + stake * v)).sum()
          - stake * stake / 2 * (spread - squares);
      total += Math.exp(log / dependence.inflation());
    }
    return total / 9;
  }

  @ParameterizedTest
  @CsvSource({"1, 1.0, 0.0", "1, 1.0, -0.02", "16, 2.8, 0.0", "64, 9.5, 0.1", "64, 64.0, -0.5"})
  void theEvidenceEqualsItsDefinition(int length, double inflation, double limit) {
    SplittableRandom random = new SplittableRandom(length);
    double[] d = new double[64 * 9];
    double z = 0;
    for (int i = 0; i < d.length; i++) {
      z = 0.8 * z + 0.2 * random.nextGaussian();
      d[i] = Math.max(-1, Math.min(1, z + 0.1));
    }
    Dependence dependence = blocksOf(length, inflation);
    BlockMeansTest test = above(limit, dependence);
    for (int n = 1; n <= d.length; n++) {
      test.update(d[n - 1]);
      if (n % length == 0) {
        double wanted = definition(Arrays.copyOf(d, n), limit, dependence);
        assertThat(test.eValue()).as("n = %d", n).isCloseTo(wanted, within(1e-9 * wanted));
      }
    }
  }

  /** Only ends of blocks count, so a wrong one between two of them is never told. */
  @Test
  void decidesAtTheEndOfABlockAlone() {
    BlockMeansTest test = above(0, blocksOf(64, 2.0));
    for (int i = 1; i <= 64; i++) {
      assertThat(test.update(1)).as("value %d", i).isEqualTo(i == 64);
      assertThat(test.logEvidence() > 0).isEqualTo(i == 64);
    }
  }

  /** n equal rows in a row, each block of them, count like one: the inflation is the block length. */
  @Test
  void aRepeatedRowIsOneRow() {
    SplittableRandom random = new SplittableRandom(3);
    BlockMeansTest once = above(0, INDEPENDENT);
    BlockMeansTest repeated = above(0, blocksOf(8, 8.0));
    for (int i = 0; i < 15; i++) {
      double d = whole(0.6, 0.1, random);
      once.update(d);
      for (int j = 0; j < 8; j++) {
        repeated.update(d);
      }
    }
    assertThat(repeated.logEvidence()).isCloseTo(once.logEvidence(), within(1e-9));
  }

  /**
   * Where the inflation is the block length it is proven: equal models whose differences are the same within each block, the
   * worst dependence that there is, which the betting test, that knows nothing of it, gets wrong nearly always.
   */
  @Test
  void theProofHoldsForTheWorstDependenceWithinBlocks() {
    int runs = 500;
    int wrong = 0;
    int betting = 0;
    for (int run = 0; run < runs; run++) {
      SplittableRandom random = new SplittableRandom(17 + 7_919L * run);
      BlockMeansTest test = above(0, blocksOf(32, 32.0));
      BettingTest bet = BettingTest.differences().above(0).alpha(ALPHA);
      for (int block = 0; block < 300; block++) {
        double d = whole(0.5, 0, random);
        for (int i = 0; i < 32; i++) {
          test.update(d);
          bet.update(d);
        }
      }
      wrong += test.rejected() ? 1 : 0;
      betting += bet.rejected() ? 1 : 0;
    }
    assertThat(wrong)
        .isLessThanOrEqualTo(
            BinomialDistribution.of(runs, ALPHA).inverseCumulativeProbability(1 - 1e-4));
    assertThat(betting).isGreaterThan(runs * 8 / 10);
  }

  /** A rare large loss of the candidate: symmetric tests declare a winner before the first. */
  @Test
  void theProofNeedsNoSymmetry() {
    int runs = 1_000;
    int wrong = 0;
    for (int run = 0; run < runs; run++) {
      SplittableRandom random = new SplittableRandom(23 + 7_919L * run);
      wrong += until(above(-0.02, INDEPENDENT), () -> random.nextDouble() < 0.02 ? -1 : 0, 5_000)
              <= 5_000
          ? 1
          : 0;
    }
    assertThat(wrong)
        .isLessThanOrEqualTo(
            BinomialDistribution.of(runs, ALPHA).inverseCumulativeProbability(1 - 1e-4));
  }

  /** Differences that depend on each other more than stated: the blocks of the differences themselves say so. */
  @Test
  void moreDependenceThanStatedIsNoticed() {
    int runs = 200;
    int wrong = 0;
    int betting = 0;
    for (int run = 0; run < runs; run++) {
      SplittableRandom random = new SplittableRandom(29 + 7_919L * run);
      double[] z = {random.nextGaussian()};
      BlockMeansTest test = above(0, INDEPENDENT);
      BettingTest bet = BettingTest.differences().above(0).alpha(ALPHA);
      for (int i = 0; i < 10_000; i++) {
        z[0] = 0.5 * z[0] + Math.sqrt(0.75) * random.nextGaussian();
        double d = Math.max(-1, Math.min(1, 0.3 * z[0]));
        test.update(d);
        bet.update(d);
      }
      wrong += test.rejected() ? 1 : 0;
      betting += bet.rejected() ? 1 : 0;
    }
    assertThat(betting).isGreaterThan(runs / 4);
    assertThat(wrong).isLessThan(betting / 2);
  }

  @ParameterizedTest
  @CsvSource({"0.2, 0.05", "0.5, 0.05", "0.5, 0.15"})
  void isAboutAsPowerfulAsTheBettingTestOnIndependentRows(double share, double gain) {
    int runs = 101;
    int[] blocks = new int[runs];
    int[] bets = new int[runs];
    for (int run = 0; run < runs; run++) {
      SplittableRandom random = new SplittableRandom(31 + 7_919L * run);
      SplittableRandom same = new SplittableRandom(31 + 7_919L * run);
      blocks[run] = until(above(0, INDEPENDENT), () -> whole(share, gain, random), 100_000);
      BettingTest bet = BettingTest.differences().above(0).alpha(ALPHA);
      int n = 1;
      while (!bet.update(whole(share, gain, same))) {
        n++;
      }
      bets[run] = n;
    }
    Arrays.sort(blocks);
    Arrays.sort(bets);
    assertThat(blocks[runs / 2]).isLessThanOrEqualTo(2 * bets[runs / 2]);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.9999999999999999, -0.5, 0.5, 0.9999999999999999})
  void anyLimitStaysFinite(double limit) {
    BlockMeansTest test = above(limit, blocksOf(4, 1.5));
    for (int i = 0; i < 10_000; i++) {
      test.update(i % 2 == 0 ? 1 : -1);
      assertThat(test.logEvidence()).isFinite();
    }
    assertThat(test.eValue()).isFinite();
  }

  @Test
  void evidenceBeyondADoubleIsTheGreatestFiniteNumber() {
    BlockMeansTest test = above(0, INDEPENDENT);
    for (int i = 0; i < 10_000; i++) {
      test.update(1);
    }
    assertThat(test.eValue()).isEqualTo(Double.MAX_VALUE);
    assertThat(test.logEvidence()).isBetween(5_000.0, 6_000.0);
    test.update(-1);
    assertThat(test.rejected()).isTrue();
  }

  @Test
  void refusesWhatCannotBeAndStaysAsItWas() {
    BlockMeansTest test = above(0, INDEPENDENT);
    test.update(0.5);
    double evidence = test.logEvidence();
    for (double bad : new double[] {Double.NaN, 1.1, -1.1, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> test.update(bad))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("-1.0 to 1.0", Double.toString(bad));
    }
    assertThat(test.n()).isEqualTo(1);
    assertThat(test.logEvidence()).isEqualTo(evidence);
    assertThatThrownBy(() -> above(1.0, INDEPENDENT)).hasMessageContaining("1.0");
    assertThatThrownBy(() -> above(Double.NaN, INDEPENDENT)).hasMessageContaining("NaN");
    assertThatThrownBy(
            () -> BlockMeansTest.differences().above(0).under(INDEPENDENT).alpha(1.0))
        .hasMessageContaining("alpha");
  }

  @Test
  void textSaysWhatWasShownUnderWhichDependence() {
    BlockMeansTest test = above(0, blocksOf(128, 15.5));
    assertThat(test.toString())
        .contains("e-value 1.00 after 0", "not shown", "blocks of 128", "15.5", "20000");
    while (!test.update(0.9)) {
      assertThat(test.n()).isLessThan(1_000);
    }
    assertThat(test.toString())
        .contains("mean above 0", "blocks of 128")
        .doesNotContain("not shown");
    assertThat(test.dependence()).isEqualTo(blocksOf(128, 15.5));
  }
}
