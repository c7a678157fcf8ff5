package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.drift.Golden;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SrEDetectorTest {
  private static final double[] LAMBDAS = {0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64};

  private static double bernoulli(SplittableRandom random, double p) {
    return random.nextDouble() < p ? 1.0 : 0.0;
  }

  /** The published recursion, for one side, in logarithms. */
  private static final class Published {
    private final double mean;
    private final double[] log = new double[LAMBDAS.length];
    private final double[] block = new double[LAMBDAS.length];

    Published(double mean) {
      this.mean = mean;
      java.util.Arrays.fill(log, Double.NEGATIVE_INFINITY);
    }

    void within(double x) {
      for (int i = 0; i < LAMBDAS.length; i++) {
        block[i] += Math.log(1 + LAMBDAS[i] * (x / mean - 1));
      }
    }

    double end() {
      double sum = 0;
      for (int i = 0; i < LAMBDAS.length; i++) {
        log[i] = Math.log(Math.exp(log[i]) + 1) + block[i];
        block[i] = 0;
        sum += Math.exp(log[i]);
      }
      return sum / LAMBDAS.length;
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theStatisticIsThePublishedOneOnEitherSideAndTheAverageOfBothAround(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Published up = new Published(0.3);
    Published down = new Published(0.7);
    SrEDetector above = SrEDetector.above(0.3).falseAlarmEvery(Long.MAX_VALUE);
    SrEDetector below = SrEDetector.below(0.3).falseAlarmEvery(Long.MAX_VALUE);
    SrEDetector around = SrEDetector.around(0.3).falseAlarmEvery(Long.MAX_VALUE);
    for (int t = 0; t < 2_000; t++) {
      double x = 0.6 * random.nextDouble();
      up.within(x);
      down.within(1 - x);
      double wantedUp = up.end();
      double wantedDown = down.end();
      above.update(x);
      below.update(x);
      around.update(x);
      assertThat(above.statistic()).as("t=" + t).isCloseTo(wantedUp, within(1e-9 * wantedUp));
      assertThat(below.statistic()).as("t=" + t).isCloseTo(wantedDown, within(1e-9 * wantedDown));
      double both = (wantedUp + wantedDown) / 2;
      assertThat(around.statistic()).as("t=" + t).isCloseTo(both, within(1e-9 * both));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {4, 5})
  void inBlocksTheFactorsAreMultipliedAndJudgedOnceAtTheEnd(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Published published = new Published(0.2);
    SrEDetector detector = SrEDetector.above(0.2).falseAlarmEvery(Duration.ofHours(1L << 40));
    for (int block = 0; block < 500; block++) {
      int values = random.nextInt(20);
      for (int i = 0; i < values; i++) {
        double x = bernoulli(random, 0.2);
        published.within(x);
        detector.update(x);
      }
      double before = detector.statistic();
      detector.endBlock();
      double wanted = values == 0 ? before : published.end();
      assertThat(detector.statistic())
          .as("block " + block + ", seed " + seed)
          .isCloseTo(wanted, within(1e-9 * wanted));
    }
  }

  @Test
  void blocksOfOneValueAreJudgedAsValuesAre() {
    SplittableRandom random = new SplittableRandom(6);
    SrEDetector values = SrEDetector.around(0.2).falseAlarmEvery(200);
    SrEDetector blocks = SrEDetector.around(0.2).falseAlarmEvery(Duration.ofHours(200));
    int drifts = 0;
    for (int t = 0; t < 20_000; t++) {
      double x = bernoulli(random, 0.2);
      Level wanted = values.update(x);
      blocks.update(x);
      assertThat(blocks.endBlock()).as("t=" + t).isEqualTo(wanted);
      if (wanted == Level.DRIFT) {
        drifts++;
        Signal signal = blocks.signal().orElseThrow();
        assertThat(signal.index()).isEqualTo(t);
        assertThat(signal.changePoint()).isEqualTo(values.signal().orElseThrow().changePoint());
      }
    }
    assertThat(drifts).isPositive();
  }

  /** e^-5108 and back to e^+4786 in one block: a product that underflowed would stay 0. */
  @Test
  void aBlockThatFallsFarAndRisesFartherIsFound() {
    SrEDetector detector = SrEDetector.above(0.5).falseAlarmEvery(Duration.ofDays(365));
    for (int i = 0; i < 5_000; i++) {
      detector.update(0);
    }
    for (int i = 0; i < 20_000; i++) {
      detector.update(1);
    }
    assertThat(detector.endBlock()).isEqualTo(Level.DRIFT);
    assertThat(detector.statistic()).isFinite();
  }

  /** e^+9894 and back to below 1 in one block: a product that overflowed would stay infinite. */
  @Test
  void aBlockThatRisesFarAndFallsFartherIsNoDrift() {
    SrEDetector detector = SrEDetector.above(0.5).falseAlarmEvery(Duration.ofDays(365));
    for (int i = 0; i < 20_000; i++) {
      detector.update(1);
    }
    for (int i = 0; i < 3_000_000; i++) {
      detector.update(0);
    }
    assertThat(detector.endBlock()).isEqualTo(Level.STABLE);
    assertThat(detector.statistic()).isLessThan(1.0);
    // and it is not deaf now
    for (int i = 0; i < 100; i++) {
      detector.update(1);
    }
    assertThat(detector.endBlock()).isEqualTo(Level.DRIFT);
  }

  /** 60 blocks of ten minutes per alarm: the same detector as for 60 hours in blocks of one. */
  @Test
  void aShortTimeIsPromisedInShortBlocks() {
    SrEDetector minutes = SrEDetector.above(0.2)
        .falseAlarmEvery(
            FalseAlarms.every(Duration.ofHours(10)).inBlocksOf(Duration.ofMinutes(10)));
    SrEDetector hours = SrEDetector.above(0.2).falseAlarmEvery(Duration.ofHours(60));
    for (int block = 0; block < 40; block++) {
      minutes.update(block % 2);
      hours.update(block % 2);
      assertThat(minutes.endBlock()).isEqualTo(hours.endBlock());
      assertThat(minutes.statistic()).isEqualTo(hours.statistic());
    }
    assertThat(minutes.signal()).isPresent();
  }

  @ParameterizedTest
  @CsvSource({"1e-308, 1e308", "4.9e-324, 1.7976931348623157e308", "1e-300, 1", "1e300, 1e308"})
  void noMagnitudeBreaksTheStatistic(double mean, double value) {
    for (FalseAlarms promise :
        new FalseAlarms[] {FalseAlarms.every(100), FalseAlarms.every(Duration.ofHours(100))}) {
      SrEDetector detector = SrEDetector.above(mean).falseAlarmEvery(promise);
      for (double x : new double[] {0, value, 0, 0, value, value, 0, Double.MIN_VALUE}) {
        detector.update(x);
        detector.endBlock();
        assertThat(detector.statistic()).isFinite().isNotNegative();
      }
      assertThat(detector.signal()).isPresent();
    }
  }

  /** At most the alarms of a process with one every A on average: N/A and four Poisson deviations. */
  private static void assertPromise(int units, int every, IntSupplier drifts) {
    double most = (double) units / every;
    assertThat(drifts.getAsInt()).isLessThanOrEqualTo((int) (most + 4 * Math.sqrt(most)));
  }

  /** reference: ARL0/A at A = 1e4 is 1.95, 1.43, 1.17, 1.05 one-sided, 1.32, 1.18, 1.13, 1.06 around. */
  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.05, 0.2, 0.5})
  void falseAlarmsComeNoOftenerThanPromised(double p) {
    int units = 500_000;
    int every = 500;
    for (int side = -1; side <= 1; side++) {
      SrEDetector detector = (side == 0
              ? SrEDetector.around(p)
              : side > 0 ? SrEDetector.above(p) : SrEDetector.below(p))
          .falseAlarmEvery(every);
      SplittableRandom random = new SplittableRandom(7);
      assertPromise(units, every, () -> {
        int drifts = 0;
        for (int t = 0; t < units; t++) {
          drifts += detector.update(bernoulli(random, p)) == Level.DRIFT ? 1 : 0;
        }
        assertThat(drifts).as("alarms that must be possible").isPositive();
        return drifts;
      });
    }
  }

  /** traffic: values per block, -1 for a Poisson number with mean 5. */
  @ParameterizedTest
  @ValueSource(ints = {1, 60, -1})
  void inTimeThePromiseHoldsWhateverTheTraffic(int traffic) {
    int blocks = 40_000;
    int every = 100;
    SrEDetector detector = SrEDetector.above(0.2).falseAlarmEvery(Duration.ofHours(every));
    SplittableRandom random = new SplittableRandom(8);
    assertThat(detector.threshold()).isEqualTo(every);
    assertPromise(blocks, every, () -> {
      int drifts = 0;
      for (int block = 0; block < blocks; block++) {
        int values = traffic < 0 ? poisson(random, 5) : traffic;
        for (int i = 0; i < values; i++) {
          assertThat(detector.update(bernoulli(random, 0.2))).isNotEqualTo(Level.DRIFT);
        }
        if (detector.endBlock() == Level.DRIFT) {
          drifts++;
        }
      }
      return drifts;
    });
  }

  private static int poisson(SplittableRandom random, double mean) {
    int count = -1;
    for (double product = 1; product > Math.exp(-mean); count++) {
      product *= random.nextDouble();
    }
    return count;
  }

  /**
   * Medians measured elsewhere: 55, 152, 190 one-sided; 63, 178, 221 around. At least half of the delays are within the bar, less
   * three deviations of a fair coin.
   */
  @ParameterizedTest
  @CsvSource({
    "false, .2, .4, 60", "false, .2, .3, 160", "false, .05, .1, 210",
    "true, .2, .4, 69", "true, .2, .3, 187", "true, .05, .1, 232"
  })
  void theMedianDelayIsAsDocumented(boolean around, double before, double after, int bar) {
    SplittableRandom random = new SplittableRandom(9);
    int runs = 400;
    int within = 0;
    int near = 0;
    for (int run = 0; run < runs; run++) {
      SrEDetector detector =
          (around ? SrEDetector.around(before) : SrEDetector.above(before)).falseAlarmEvery(10_000);
      for (int t = 0; t < 5_000; t++) {
        detector.update(bernoulli(random, before));
      }
      int delay = 1;
      while (detector.update(bernoulli(random, after)) != Level.DRIFT) {
        delay++;
      }
      within += delay <= bar ? 1 : 0;
      Signal signal = detector.signal().orElseThrow();
      assertThat(signal.direction()).isEqualTo(Direction.UP);
      near += Math.abs(signal.changePoint() - 5_000) <= bar / 2 ? 1 : 0;
    }
    double half = runs / 2.0 - 3 * Math.sqrt(runs) / 2;
    assertThat(within).as("delays of at most " + bar).isGreaterThan((int) half);
    assertThat(near).as("change points within " + bar / 2).isGreaterThan((int) half);
  }

  @Test
  void theSignalSaysWhichWayItWent() {
    SrEDetector detector = SrEDetector.around(0.5).falseAlarmEvery(1_000);
    SplittableRandom random = new SplittableRandom(10);
    for (int t = 0; t < 300; t++) {
      detector.update(bernoulli(random, 0.5));
    }
    while (detector.update(bernoulli(random, 0.1)) != Level.DRIFT) {}
    assertThat(detector.signal().orElseThrow().direction()).isEqualTo(Direction.DOWN);
    assertThat(detector.signal().orElseThrow().threshold()).isEqualTo(1_000);
    assertThat(detector.signal().orElseThrow().statistic())
        .isEqualTo(detector.statistic())
        .isGreaterThanOrEqualTo(1_000);
    while (detector.update(bernoulli(random, 0.9)) != Level.DRIFT) {}
    assertThat(detector.signal().orElseThrow().direction()).isEqualTo(Direction.UP);
  }

  @Test
  void aTenthOfTheThresholdIsAWarning() {
    SrEDetector detector = SrEDetector.above(0.2).falseAlarmEvery(10_000);
    SplittableRandom random = new SplittableRandom(11);
    Level level = Level.STABLE;
    int warnings = 0;
    while (level != Level.DRIFT) {
      level = detector.update(bernoulli(random, 0.4));
      if (level != Level.DRIFT) {
        assertThat(level).isEqualTo(detector.statistic() >= 1_000 ? Level.WARNING : Level.STABLE);
        warnings += level == Level.WARNING ? 1 : 0;
      }
    }
    assertThat(warnings).isPositive();
  }

  @Test
  void whatIsSkippedAfterADriftDoesNotSayItAgain() {
    SrEDetector detector = SrEDetector.above(0.1).falseAlarmEvery(100);
    while (detector.update(1) != Level.DRIFT) {}
    assertThat(detector.update(Double.NaN)).isEqualTo(Level.WARMING_UP);

    SrEDetector blocks = SrEDetector.above(0.1).falseAlarmEvery(Duration.ofHours(100));
    do {
      blocks.update(1);
    } while (blocks.endBlock() != Level.DRIFT);
    assertThat(blocks.endBlock()).isEqualTo(Level.WARMING_UP);
    blocks.update(Double.NaN);
    assertThat(blocks.endBlock()).isEqualTo(Level.WARMING_UP);
    assertThat(blocks.signal()).isPresent();
  }

  @Test
  void inBlocksTheChangePointIsTheFirstValueOfABlock() {
    SrEDetector detector = SrEDetector.above(0.2).falseAlarmEvery(Duration.ofHours(10_000));
    SplittableRandom random = new SplittableRandom(12);
    for (int t = 0; detector.level() != Level.DRIFT; t++) {
      detector.update(bernoulli(random, t < 1_000 ? 0.2 : 0.6));
      if (t % 20 == 19) {
        detector.endBlock();
      }
    }
    long changePoint = detector.signal().orElseThrow().changePoint();
    assertThat(changePoint % 20).isZero();
    assertThat(changePoint).isBetween(900L, 1_020L);
  }

  @Test
  void aResetInTheMiddleOfABlockForgetsTheBlock() {
    SrEDetector detector = SrEDetector.above(0.2).falseAlarmEvery(Duration.ofHours(10_000));
    for (int t = 0; t < 1_000; t++) {
      detector.update(1);
    }
    detector.reset();
    assertThat(detector.endBlock()).isEqualTo(Level.WARMING_UP);
    assertThat(detector.statistic()).isZero();
  }

  /** statsmodels 0.13.5: its two-sided 95 % interval is two one-sided ones of 97.5 %. */
  @Test
  void limitsOfAShareAreClopperAndPearsons() {
    for (Map<String, Object> share : Golden.cases("proportion_intervals.json")) {
      long count = (long) Golden.number(share.get("k"));
      long n = (long) Golden.number(share.get("n"));
      double confidence = 1 - Golden.number(share.get("alpha")) / 2;
      double[] wanted = Golden.numbers(share.get("clopper_pearson"));
      String what = count + " of " + n;
      assertThat(SrEDetector.lowerLimit(count, n, confidence))
          .as(what)
          .isCloseTo(wanted[0], within(1e-9 * wanted[0]));
      assertThat(SrEDetector.upperLimit(count, n, confidence))
          .as(what)
          .isCloseTo(wanted[1], within(1e-9 * wanted[1]));
    }
    // of none in n: 1 - 0.05^(1/n)
    assertThat(SrEDetector.upperLimit(0, 100)).isCloseTo(1 - Math.pow(0.05, 0.01), within(1e-12));
    assertThat(SrEDetector.lowerLimit(100, 100)).isCloseTo(Math.pow(0.05, 0.01), within(1e-12));
    assertThat(SrEDetector.upperLimit(7, 7)).isEqualTo(1.0);
    assertThat(SrEDetector.lowerLimit(0, 7)).isEqualTo(0.0);
    // a share of one in a thousand million keeps its digits: 4.743864518 of Poisson's table / n
    assertThat(SrEDetector.upperLimit(1, 1_000_000_000L)).isCloseTo(4.743864518e-9, within(1e-16));
  }

  @Test
  void anEstimatedLimitIsItsBound() {
    SrEDetector estimated = SrEDetector.aboveEstimated(200, 1_000).falseAlarmEvery(1_000);
    SrEDetector given =
        SrEDetector.above(SrEDetector.upperLimit(200, 1_000)).falseAlarmEvery(1_000);
    SrEDetector fallen = SrEDetector.belowEstimated(200, 1_000).falseAlarmEvery(1_000);
    SrEDetector givenToo =
        SrEDetector.below(SrEDetector.lowerLimit(200, 1_000)).falseAlarmEvery(1_000);
    for (int t = 0; t < 50; t++) {
      double x = t % 3 == 0 ? 1 : 0;
      estimated.update(x);
      given.update(x);
      fallen.update(x);
      givenToo.update(x);
      assertThat(estimated.statistic()).isEqualTo(given.statistic());
      assertThat(fallen.statistic()).isEqualTo(givenToo.statistic());
    }
  }

  @Test
  void nonsenseIsRefused() {
    for (double mean : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> SrEDetector.above(mean))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("mean must be finite and > 0, but was " + mean);
    }
    for (double mean : new double[] {0, 1, -0.5, Double.NaN}) {
      String message = "mean must be > 0 and < 1, but was " + mean;
      assertThatThrownBy(() -> SrEDetector.below(mean)).hasMessage(message);
      assertThatThrownBy(() -> SrEDetector.around(mean)).hasMessage(message);
    }
    assertThatThrownBy(() -> SrEDetector.above(0.1).falseAlarmEvery(1))
        .hasMessage("a false alarm must be allowed at most every 2 inputs, but was every 1");
    assertThatThrownBy(() -> SrEDetector.above(0.1).falseAlarmEvery(Duration.ofHours(49)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("a false alarm every PT49H in blocks of PT1H leaves 49 blocks");
    assertThatThrownBy(() -> SrEDetector.upperLimit(3, 2))
        .hasMessage("a share must have 0 <= count <= n and n >= 1, but had 3 of 2");
    assertThatThrownBy(() -> SrEDetector.lowerLimit(0, 0))
        .hasMessage("a share must have 0 <= count <= n and n >= 1, but had 0 of 0");
    assertThatThrownBy(() -> SrEDetector.aboveEstimated(5, 5))
        .hasMessage("count must be < n, since no share rises above 1, but both were 5");
    assertThatThrownBy(() -> SrEDetector.belowEstimated(0, 5))
        .hasMessage("count must be > 0, since no share falls below 0, but was 0");
  }
}
