package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.drift.internal.KsTail;
import dev.mlops.drift.internal.PooledSamples;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.apache.commons.statistics.inference.FisherExactTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Flags and counts are no continuous numbers: how rare a D is, is judged given which values are tied. */
class TiedValuesKsTest {
  /** Every way to divide the pooled values is tried. */
  @Test
  void theProbabilityIsThatOfAllDivisions() {
    SplittableRandom random = new SplittableRandom(3);
    for (int trial = 0; trial < 60; trial++) {
      int n = 1 + random.nextInt(6);
      int m = 1 + random.nextInt(7);
      double[] pooled = random.doubles(n + m).map(x -> Math.floor(4 * x)).toArray();
      Arrays.sort(pooled);
      for (int chosen = 0; chosen < 1 << n + m; chosen++) {
        if (Integer.bitCount(chosen) != n || random.nextInt(10) > 0) {
          continue;
        }
        PooledSamples samples = divided(pooled, chosen, n, m);
        int asLarge = 0;
        int all = 0;
        for (int other = 0; other < 1 << n + m; other++) {
          if (Integer.bitCount(other) == n) {
            all++;
            asLarge +=
                divided(pooled, other, n, m).statistic() >= samples.statistic() - 1e-12 ? 1 : 0;
          }
        }
        double wanted = (double) asLarge / all;
        String where = Arrays.toString(pooled) + " divided by " + Integer.toBinaryString(chosen);
        assertThat(samples.pValue()).as(where).isCloseTo(wanted, within(1e-12));
        assertThat(samples.atLeast()).as(where).isLessThanOrEqualTo(wanted + 1e-12);
        break;
      }
    }
  }

  private static PooledSamples divided(double[] pooled, int chosen, int n, int m) {
    double[] first = new double[n];
    double[] second = new double[m];
    int i = 0;
    int j = 0;
    for (int at = 0; at < pooled.length; at++) {
      if ((chosen >> at & 1) == 1) {
        first[i++] = pooled[at];
      } else {
        second[j++] = pooled[at];
      }
    }
    return PooledSamples.of(first, second);
  }

  /** Of flags in samples of one size, D is the difference of two shares, and the probability Fisher's. */
  @ParameterizedTest
  @CsvSource({"1000, 0, 12", "1000, 40, 80", "500, 499, 480", "30, 1, 9"})
  void ofFlagsTheProbabilityIsFishers(int n, int before, int now) {
    double wanted = FisherExactTest.withDefaults()
        .test(new int[][] {{before, n - before}, {now, n - now}})
        .getPValue();
    PooledSamples samples = PooledSamples.of(flags(n, before), flags(n, now));
    assertThat(samples.pValue()).isCloseTo(wanted, within(1e-9 * wanted));
    assertThat(samples.atLeast()).isCloseTo(wanted, within(1e-9 * wanted));
  }

  private static double[] flags(int n, int ones) {
    double[] flags = new double[n];
    Arrays.fill(flags, n - ones, n, 1.0);
    return flags;
  }

  /** Beyond the sizes that are summed exactly it is an upper bound, and near. */
  @Test
  void ofLargeSamplesTheProbabilityIsABoundThatKnowsTies() {
    double fisher = FisherExactTest.withDefaults()
        .test(new int[][] {{1, 4_999}, {20, 4_980}})
        .getPValue();
    PooledSamples samples = PooledSamples.of(flags(5_000, 1), flags(5_000, 20));
    assertThat(KsTail.Tied.isExact(5_000, 5_000)).isFalse();
    assertThat(samples.pValue()).isCloseTo(fisher, within(1e-9 * fisher));
    // of three values, the probabilities of both places are added up
    double[] first = flags(5_000, 20);
    double[] second = flags(5_000, 20);
    Arrays.fill(first, 0, 2_000, -1.0);
    Arrays.fill(second, 0, 2_200, -1.0);
    double ofFirstPlace = FisherExactTest.withDefaults()
        .test(new int[][] {{2_000, 3_000}, {2_200, 2_800}})
        .getPValue();
    assertThat(PooledSamples.of(first, second).pValue())
        .isCloseTo(ofFirstPlace, within(1e-6 * ofFirstPlace));
  }

  private static double flag(SplittableRandom random, double share) {
    return random.nextDouble() < share ? 1 : 0;
  }

  private static double count(SplittableRandom random, double mean) {
    int count = 0;
    for (double p = random.nextDouble(); p > Math.exp(-mean); p *= random.nextDouble()) {
      count++;
    }
    return count;
  }

  private static double[] draw(
      int n, SplittableRandom random, ToDoubleFunction<SplittableRandom> value) {
    double[] values = new double[n];
    Arrays.setAll(values, i -> value.applyAsDouble(random));
    return values;
  }

  /** A baseline of 2,000 flags, none set, and then 6 % or 4 % of them; one false alarm in a million. */
  @Test
  void aFlagThatBeginsToBeSetIsFound() {
    for (int seed = 0; seed < 10; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      IncrementalKs detector =
          IncrementalKs.against(new double[2_000]).windowOf(1_000).falseAlarmEvery(1_000_000);
      assertThat(foundWithin(1_000, detector, random, r -> flag(r, 0.06)))
          .as("seed " + seed)
          .isTrue();
      Signal signal = detector.signal().orElseThrow();
      assertThat(signal.direction()).isEqualTo(Direction.UP);
      assertThat(signal.statistic()).isGreaterThanOrEqualTo(signal.threshold());
      assertThat(signal.threshold()).isBetween(0.005, 0.04).isLessThan(detector.threshold());

      IncrementalKs allSet =
          IncrementalKs.against(flags(2_000, 2_000)).windowOf(1_000).falseAlarmEvery(1_000_000);
      assertThat(foundWithin(1_000, allSet, random, r -> flag(r, 0.96)))
          .as("seed " + seed)
          .isTrue();
      assertThat(allSet.signal().orElseThrow().direction()).isEqualTo(Direction.DOWN);
    }
  }

  @Test
  void countsThatRiseAreFound() {
    for (int seed = 0; seed < 10; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      IncrementalKs detector = IncrementalKs.against(draw(2_000, random, r -> count(r, 0.2)))
          .windowOf(1_000)
          .falseAlarmEvery(1_000_000);
      assertThat(foundWithin(2_000, detector, random, r -> count(r, 0.31)))
          .as("seed " + seed)
          .isTrue();
    }
  }

  /** Two windows, in inputs and in blocks of time, and two so large that their probability is a bound. */
  @Test
  void twoWindowsFindARareFlag() {
    for (int seed = 0; seed < 5; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      IncrementalKs detector = IncrementalKs.ofTwoWindows(500).falseAlarmEvery(100_000);
      feed(1_000, detector, random, r -> flag(r, 0.01));
      assertThat(foundWithin(500, detector, random, r -> flag(r, 0.08)))
          .as("seed " + seed)
          .isTrue();
      IncrementalKs large = IncrementalKs.ofTwoWindows(5_000).falseAlarmEvery(1_000_000);
      feed(10_000, large, random, r -> flag(r, 0.001));
      assertThat(foundWithin(5_000, large, random, r -> flag(r, 0.012)))
          .as("seed " + seed)
          .isTrue();
    }
    SplittableRandom random = new SplittableRandom(9);
    IncrementalKs inTime = IncrementalKs.ofTwoWindows(500).falseAlarmEvery(Duration.ofDays(1_000));
    feed(1_000, inTime, random, r -> flag(r, 0.01));
    feed(500, inTime, random, r -> flag(r, 0.1));
    assertThat(inTime.endBlock()).isEqualTo(Level.DRIFT);
  }

  private static void feed(
      int n,
      IncrementalKs detector,
      SplittableRandom random,
      ToDoubleFunction<SplittableRandom> value) {
    for (int t = 0; t < n; t++) {
      assertThat(detector.update(value.applyAsDouble(random))).isNotEqualTo(Level.DRIFT);
    }
  }

  private static boolean foundWithin(
      int n,
      IncrementalKs detector,
      SplittableRandom random,
      ToDoubleFunction<SplittableRandom> value) {
    for (int t = 0; t < n; t++) {
      if (detector.update(value.applyAsDouble(random)) == Level.DRIFT) {
        return true;
      }
    }
    return false;
  }

  /**
   * The looks' probabilities add up to half an alarm in the stated number, so a stream of a tenth of it has one with probability
   * 0.05 at most: exact binomial bound.
   */
  @ParameterizedTest
  @CsvSource({
    "true, 0.0, 200",
    "true, 0.03, 200",
    "false, 0.03, 200",
    "true, 0.5, 200",
    "false, 1.3, 200",
    "true, 1.3, 200"
  })
  void tiesRaiseNoMoreFalseAlarms(boolean frozen, double mean, int streams) {
    alarms(frozen, mean, streams);
  }

  /** Each of the 2,000 looks of a stream judges a window given its ties, which takes 5 to 30 ms a stream. */
  @ParameterizedTest
  @CsvSource({
    "true, 0.01, 2000",
    "true, 0.03, 2000",
    "false, 0.03, 2000",
    "true, 0.5, 2000",
    "false, 1.3, 2000",
    "true, 1.3, 2000"
  })
  @Tag("slow")
  void tiesRaiseNoMoreFalseAlarmsInManyStreams(boolean frozen, double mean, int streams) {
    alarms(frozen, mean, streams);
  }

  private static void alarms(boolean frozen, double mean, int streams) {
    int every = 20_000;
    int alarms = 0;
    SplittableRandom random = new SplittableRandom(5);
    ToDoubleFunction<SplittableRandom> value = r -> mean < 1 ? flag(r, mean) : count(r, mean);
    for (int stream = 0; stream < streams; stream++) {
      IncrementalKs detector = frozen
          ? IncrementalKs.against(draw(300, random, value)).windowOf(200).falseAlarmEvery(every)
          : IncrementalKs.ofTwoWindows(200).falseAlarmEvery(every);
      alarms += foundWithin(every / 10, detector, random, value) ? 1 : 0;
    }
    assertThat(alarms)
        .as("alarms in " + streams + " streams of " + every / 10)
        .isLessThanOrEqualTo(
            BinomialDistribution.of(streams, 0.05).inverseCumulativeProbability(0.9999));
  }

  /** A state is of the values alone: what was looked up of ties is found again. */
  @Test
  void aStateGoesOnAmongTies() {
    SplittableRandom random = new SplittableRandom(6);
    IncrementalKs original = IncrementalKs.ofTwoWindows(100).falseAlarmEvery(10_000);
    for (int t = 0; t < 450; t++) {
      original.update(flag(random, 0.05));
    }
    IncrementalKs restored = IncrementalKs.ofTwoWindows(100).falseAlarmEvery(10_000);
    restored.restore(original.state());
    for (int t = 0; t < 300; t++) {
      double value = flag(random, 0.05 + 0.001 * t);
      assertThat(restored.update(value)).isEqualTo(original.update(value));
    }
    assertThat(original.signal()).isPresent();
    assertThat(restored.signal()).isEqualTo(original.signal());
  }
}
