package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CusumEDetectorTest {
  private static final double[] LAMBDAS = {0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64};

  private static double bernoulli(SplittableRandom random, double p) {
    return random.nextDouble() < p ? 1.0 : 0.0;
  }

  /** The published recursion, for one side, in logarithms: log M ← max(log M, 0) + log of the factor. */
  private static double mixture(double[] log, double x, double mean) {
    double sum = 0;
    for (int i = 0; i < LAMBDAS.length; i++) {
      log[i] = Math.max(log[i], 0) + Math.log(1 + LAMBDAS[i] * (x / mean - 1));
      sum += Math.exp(log[i]);
    }
    return sum / LAMBDAS.length;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theStatisticIsThePublishedOneInValuesAndInBlocksOfOne(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] up = new double[LAMBDAS.length];
    double[] down = new double[LAMBDAS.length];
    CusumEDetector values = CusumEDetector.around(0.3).falseAlarmEvery(Long.MAX_VALUE);
    CusumEDetector blocks = CusumEDetector.around(0.3).falseAlarmEvery(Duration.ofHours(1L << 40));
    for (int t = 0; t < 2_000; t++) {
      double x = seed == 1 ? bernoulli(random, 0.3) : 0.6 * random.nextDouble();
      double wanted = (mixture(up, x, 0.3) + mixture(down, 1 - x, 0.7)) / 2;
      values.update(x);
      blocks.update(x);
      blocks.endBlock();
      assertThat(values.statistic()).as("t=" + t).isCloseTo(wanted, within(1e-9 * wanted));
      assertThat(blocks.statistic()).as("t=" + t).isCloseTo(wanted, within(1e-9 * wanted));
    }
  }

  /** So the proof of one is the proof of the other. */
  @Test
  void isNeverAboveTheShiryaevRobertsStatistic() {
    SplittableRandom random = new SplittableRandom(4);
    for (int averaged : new int[] {1, 20}) {
      CusumEDetector cusum =
          CusumEDetector.above(0.2).averagedOver(averaged).falseAlarmEvery(Long.MAX_VALUE);
      SrEDetector sr =
          SrEDetector.above(0.2).averagedOver(averaged).falseAlarmEvery(Long.MAX_VALUE);
      for (int t = 0; sr.statistic() < 1e12; t++) {
        double x = bernoulli(random, t < 2_000 ? 0.2 : 0.3);
        cusum.update(x);
        sr.update(x);
        assertThat(cusum.statistic())
            .as("t=" + t)
            .isLessThanOrEqualTo(sr.statistic() * (1 + 1e-12));
      }
    }
  }

  /** reference: ARL0/A at A = 1e3 is 30, 18, 19, 39 for p of .01, .05, .2, .5. */
  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.05, 0.2, 0.5})
  void falseAlarmsComeNoOftenerThanPromised(double p) {
    int units = 300_000;
    int every = 100;
    SplittableRandom random = new SplittableRandom(5);
    for (boolean around : new boolean[] {false, true}) {
      CusumEDetector detector =
          (around ? CusumEDetector.around(p) : CusumEDetector.above(p)).falseAlarmEvery(every);
      int drifts = 0;
      for (int t = 0; t < units; t++) {
        drifts += detector.update(bernoulli(random, p)) == Level.DRIFT ? 1 : 0;
      }
      assertThat(drifts).isBetween(1, units / every);
    }
  }

  /** At least half of the delays are within 1.1 times the documented median, and of the change points within theirs. */
  @ParameterizedTest
  @CsvSource({
    "false, .2, .4, 82, 9", "false, .2, .3, 285, 34", "false, .05, .1, 395, 58",
    "true, .2, .4, 90, 9", "true, .2, .3, 320, 34", "true, .05, .1, 430, 58"
  })
  void theMedianDelayIsAsDocumented(
      boolean around, double before, double after, int median, int changePoint) {
    SplittableRandom random = new SplittableRandom(6);
    int runs = 400;
    int soon = 0;
    int near = 0;
    for (int run = 0; run < runs; run++) {
      CusumEDetector detector = (around
              ? CusumEDetector.around(before)
              : CusumEDetector.above(before))
          .falseAlarmEvery(10_000);
      for (int t = 0; t < 1_000; t++) {
        detector.update(bernoulli(random, before));
      }
      int delay = 1;
      while (detector.update(bernoulli(random, after)) != Level.DRIFT) {
        delay++;
      }
      Signal signal = detector.signal().orElseThrow();
      soon += delay <= 1.1 * median ? 1 : 0;
      near += Math.abs(signal.changePoint() - 1_000) <= changePoint ? 1 : 0;
    }
    int half = (int) (runs / 2.0 - 3 * Math.sqrt(runs) / 2);
    assertThat(soon).as("delays within 1.1 times " + median).isGreaterThan(half);
    assertThat(near).as("change points within " + changePoint).isGreaterThan(half);
  }

  /** The greatest M left 1 with the first of the ones. */
  @Test
  void theChangePointIsWhereTheGreatestRiseBegan() {
    CusumEDetector detector = CusumEDetector.above(0.2).falseAlarmEvery(10_000);
    for (int t = 0; t < 100; t++) {
      detector.update(0);
    }
    while (detector.update(1) != Level.DRIFT) {}
    assertThat(detector.signal().orElseThrow().changePoint()).isEqualTo(100);
    assertThat(detector.update(0)).isEqualTo(Level.STABLE); // afresh
    long ones = detector.signal().orElseThrow().index() + 2;
    while (detector.update(1) != Level.DRIFT) {}
    assertThat(detector.signal().orElseThrow().changePoint()).isEqualTo(ones);
  }
}
