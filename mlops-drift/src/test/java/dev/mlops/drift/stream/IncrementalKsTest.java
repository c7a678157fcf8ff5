package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.drift.internal.KsTail;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IncrementalKsTest {
  /** By the definition: the largest difference of the shares up to any value. */
  private static double naive(double[] a, double[] b) {
    double d = 0;
    for (double[] sample : new double[][] {a, b}) {
      for (double x : sample) {
        double first = (double) Arrays.stream(a).filter(v -> v <= x).count() / a.length;
        double second = (double) Arrays.stream(b).filter(v -> v <= x).count() / b.length;
        d = Math.max(d, Math.abs(first - second));
      }
    }
    return d;
  }

  private static double[] normal(long seed, int n) {
    Random random = new Random(seed);
    double[] values = new double[n];
    Arrays.setAll(values, i -> random.nextGaussian());
    return values;
  }

  /** Values with many ties, zeros of both signs, and without. */
  private static double value(Random random, int kind, double shift) {
    return switch (kind) {
      case 0 -> random.nextGaussian() + shift;
      case 1 -> Math.round(2 * random.nextGaussian() + shift);
      case 2 -> random.nextBoolean() ? 0.0 : -0.0;
      default -> random.nextInt(3) == 0 ? random.nextGaussian() : Math.round(random.nextGaussian());
    };
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 2", "2, 3", "3, 4", "3, 5"})
  void dIsTheDefinitionsAfterEveryValue(int kind, long seed) {
    Random random = new Random(seed);
    for (int[] sizes : new int[][] {{2, 2}, {2, 7}, {16, 16}, {50, 20}, {17, 31}, {64, 40}}) {
      double[] baseline = new double[sizes[0]];
      Arrays.setAll(baseline, i -> value(random, kind, 0));
      int window = sizes[1];
      IncrementalKs frozen = IncrementalKs.of(baseline, window, 1e-300);
      IncrementalKs sliding = IncrementalKs.of(window, 1e-300);
      List<Double> all = new ArrayList<>();
      for (int t = 0; t < 8 * window + 20; t++) {
        double x = value(random, kind, t / 40.0);
        all.add(x);
        assertThat(frozen.update(x))
            .isEqualTo(all.size() < window ? Level.WARMING_UP : Level.STABLE);
        assertThat(sliding.update(x))
            .isEqualTo(all.size() < 2 * window ? Level.WARMING_UP : Level.STABLE);
        String where = baseline.length + " against " + window + " at " + t + ", seed " + seed;
        assertThat(frozen.statistic())
            .as(where)
            .isCloseTo(
                all.size() < window ? 0 : naive(baseline, newest(all, window, 0)), within(1e-12));
        assertThat(sliding.statistic())
            .as(where)
            .isCloseTo(
                all.size() < 2 * window
                    ? 0
                    : naive(newest(all, window, window), newest(all, window, 0)),
                within(1e-12));
      }
    }
  }

  private static double[] newest(List<Double> all, int n, int before) {
    int end = all.size() - before;
    return all.subList(end - n, end).stream().mapToDouble(x -> x).toArray();
  }

  /** After a drift and a restored state the windows are rebuilt. */
  @Test
  void dIsTheDefinitionsAfterADriftToo() {
    Random random = new Random(6);
    double[] baseline = new double[40];
    Arrays.setAll(baseline, i -> value(random, 3, 0));
    IncrementalKs frozen = IncrementalKs.of(baseline, 30, 0.2);
    IncrementalKs sliding = IncrementalKs.of(25, 0.2);
    List<Double> sinceFrozen = new ArrayList<>();
    List<Double> sinceSliding = new ArrayList<>();
    int drifts = 0;
    for (int t = 0; t < 3_000; t++) {
      double x = value(random, 3, 0);
      sinceFrozen.add(x);
      sinceSliding.add(x);
      boolean frozenDrift = frozen.update(x) == Level.DRIFT;
      boolean slidingDrift = sliding.update(x) == Level.DRIFT;
      double wanted = sinceFrozen.size() < 30 ? 0 : naive(baseline, newest(sinceFrozen, 30, 0));
      double wantedToo = sinceSliding.size() < 50
          ? 0
          : naive(newest(sinceSliding, 25, 25), newest(sinceSliding, 25, 0));
      assertThat(frozen.statistic()).as("at " + t).isCloseTo(wanted, within(1e-12));
      assertThat(sliding.statistic()).as("at " + t).isCloseTo(wantedToo, within(1e-12));
      // ca(p)·√((n + m)/(nm)) of the paper, 1.073 at p = 0.2
      assertThat(frozenDrift)
          .as("at " + t)
          .isEqualTo(wanted > 1.0729830131446736 * Math.sqrt(70.0 / 1_200));
      assertThat(slidingDrift)
          .as("at " + t)
          .isEqualTo(wantedToo > 1.0729830131446736 * Math.sqrt(2.0 / 25));
      if (frozenDrift) {
        sinceFrozen.clear();
        drifts++;
      }
      if (slidingDrift) {
        sinceSliding.clear();
        drifts++;
      }
      if (t % 97 == 0) {
        IncrementalKs restored = IncrementalKs.of(25, 0.2);
        restored.restore(sliding.state());
        sliding = restored;
      }
    }
    assertThat(drifts).isGreaterThan(20);
  }

  /** README of the paper's authors: ca = 1.95 at p = 0.001. */
  @Test
  void thePapersThreshold() {
    assertThat(IncrementalKs.of(500, 0.001).threshold())
        .isCloseTo(1.9495 * Math.sqrt(2.0 / 500), within(1e-5));
    assertThat(IncrementalKs.of(500, 0.001).falseAlarms()).isEmpty();
  }

  /** Over all orders of the pooled sample. */
  @Test
  void probabilitiesAreCounts() {
    for (int n = 1; n <= 7; n++) {
      for (int m = 1; m <= 6; m++) {
        long units = KsTail.units(n, m);
        long[] reached = new long[(int) units + 2];
        long orders = 0;
        for (int order = 0; order < 1 << n + m; order++) {
          if (Integer.bitCount(order) != n) {
            continue;
          }
          long d = 0;
          long sum = 0;
          for (int i = 0; i < n + m; i++) {
            sum += (order >> i & 1) == 1 ? units / n : -units / m;
            d = Math.max(d, Math.abs(sum));
          }
          orders++;
          for (int k = 0; k <= d; k++) {
            reached[k]++;
          }
        }
        for (int k = 0; k <= units + 1; k++) {
          assertThat(KsTail.probability(n, m, k))
              .as(n + ", " + m + ", D " + k + "/" + units)
              .isCloseTo((double) reached[k] / orders, within(1e-14));
        }
      }
    }
  }

  @Test
  void thresholdsAreRareEnoughAndHardlyMore() {
    for (int[] sizes : new int[][] {{5, 8}, {50, 50}, {500, 500}, {1_000, 60}, {997, 400}}) {
      long units = KsTail.units(sizes[0], sizes[1]);
      // All D's that differ are at least so far apart, in units.
      for (double p : new double[] {0.2, 1e-3, 1e-7}) {
        long threshold = KsTail.threshold(sizes[0], sizes[1], p);
        String where = sizes[0] + ", " + sizes[1] + ", " + p;
        if (threshold > units) {
          assertThat(KsTail.probability(sizes[0], sizes[1], units)).as(where).isGreaterThan(p);
          continue;
        }
        assertThat(KsTail.probability(sizes[0], sizes[1], threshold))
            .as(where)
            .isLessThanOrEqualTo(p);
        long less = threshold - Math.max(1, threshold / 900);
        assertThat(KsTail.probability(sizes[0], sizes[1], less)).as(where).isGreaterThan(p);
      }
    }
    // Massart's bound, √(ln(2/p)/2·(1/n + 1/m)).
    assertThat((double) KsTail.threshold(20_000, 10_000, 1e-6) / KsTail.units(20_000, 10_000))
        .isCloseTo(Math.sqrt(Math.log(2e6) / 2 * 1.5e-4), within(5e-5));
  }

  @Test
  void itJudgesWhenTheWindowIsFullAndThenEveryTenthOfIt() {
    double[] baseline = normal(7, 300);
    IncrementalKs detector = IncrementalKs.against(baseline).windowOf(100).falseAlarmEvery(100_000);
    Random random = new Random(8);
    List<Integer> changes = new ArrayList<>();
    Level before = Level.WARMING_UP;
    for (int t = 0; t < 1_000; t++) {
      double d = detector.statistic();
      Level level = detector.update(random.nextGaussian() + (t < 250 ? 0 : 0.7));
      if (level != before) {
        changes.add(t);
        if (level == Level.DRIFT) {
          assertThat(detector.statistic()).isGreaterThanOrEqualTo(detector.threshold());
        }
      }
      if (t == 99) {
        assertThat(d).isZero();
        assertThat(detector.statistic()).isPositive();
        assertThat(level).isEqualTo(Level.STABLE);
      }
      before = level;
      if (level == Level.DRIFT) {
        break;
      }
    }
    assertThat(changes).allMatch(t -> t >= 99 && (t - 99) % 10 == 0).startsWith(99);
    Signal signal = detector.signal().orElseThrow();
    assertThat(signal.warningStart()).isLessThan(signal.index());
    assertThat(signal.direction()).isEqualTo(Direction.UP);
    assertThat(signal.threshold()).isEqualTo(detector.threshold());
  }

  /** One half of ten looks per 100 values in 100,000: a probability of 5e-5 for each. */
  @Test
  void aLooksShareOfTheFalseAlarms() {
    IncrementalKs detector =
        IncrementalKs.against(normal(9, 300)).windowOf(100).falseAlarmEvery(100_000);
    long units = KsTail.units(300, 100);
    assertThat(detector.threshold() * units).isEqualTo(KsTail.threshold(300, 100, 5e-5));
    IncrementalKs inTime = IncrementalKs.against(normal(9, 300))
        .windowOf(100)
        .falseAlarmEvery(Duration.ofHours(100_000));
    assertThat(inTime.threshold() * units).isEqualTo(KsTail.threshold(300, 100, 5e-6));
  }

  @Test
  void aBlockWithoutValuesIsNoLook() {
    double[] baseline = normal(10, 100);
    IncrementalKs detector =
        IncrementalKs.against(baseline).windowOf(30).falseAlarmEvery(Duration.ofHours(1_000));
    for (int t = 0; t < 29; t++) {
      assertThat(detector.update(9)).isEqualTo(Level.WARMING_UP);
      assertThat(detector.endBlock()).isEqualTo(Level.WARMING_UP);
    }
    assertThat(detector.update(9)).isEqualTo(Level.WARMING_UP);
    assertThat(detector.endBlock()).isEqualTo(Level.DRIFT);
    assertThat(detector.endBlock()).isEqualTo(Level.WARMING_UP);
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void directionIsThatOfTheNewestValues(long seed) {
    for (boolean frozen : new boolean[] {true, false}) {
      assertThat(direction(frozen, seed, x -> x + 1)).isEqualTo(Direction.UP);
      assertThat(direction(frozen, seed, x -> x - 1)).isEqualTo(Direction.DOWN);
      assertThat(direction(frozen, seed, x -> 3 * x)).isEqualTo(Direction.OTHER);
    }
  }

  /** Of eight values like the baseline's, some become smaller than all of them, and as many larger. */
  @ParameterizedTest
  @CsvSource({"2, 4, UP", "3, 4, OTHER", "4, 4, OTHER", "4, 3, OTHER", "4, 2, DOWN"})
  void theDirectionIsOtherWhereEitherSideIsMoreThanHalfOfTheOther(
      int low, int high, Direction wanted) {
    double[] baseline = {1, 2, 3, 4, 5, 6, 7, 8};
    IncrementalKs detector = IncrementalKs.of(baseline, 8, 0.5);
    for (int i = 0; i < 8; i++) {
      detector.update(i < low ? 0 : i >= 8 - high ? 9 : i + 1);
    }
    assertThat(detector.level()).isEqualTo(Level.DRIFT);
    assertThat(detector.statistic()).isEqualTo(Math.max(low, high) / 8.0);
    assertThat(detector.signal().orElseThrow().direction()).isEqualTo(wanted);
  }

  private static Direction direction(boolean frozen, long seed, DoubleUnaryOperator change) {
    IncrementalKs detector = frozen
        ? IncrementalKs.against(normal(seed, 500)).windowOf(300).falseAlarmEvery(100_000)
        : IncrementalKs.ofTwoWindows(300).falseAlarmEvery(100_000);
    Random random = new Random(seed);
    for (int t = 0; t < 3_000; t++) {
      double x = random.nextGaussian();
      if (detector.update(t < 700 ? x : change.applyAsDouble(x)) == Level.DRIFT) {
        assertThat(t).isGreaterThanOrEqualTo(700);
        return detector.signal().orElseThrow().direction();
      }
    }
    throw new AssertionError("found nothing, seed " + seed);
  }

  /** What the Javadoc says to expect: medians of 40 runs, a window of calm or two going before. */
  @ParameterizedTest
  @CsvSource({"true, 14", "false, 15"})
  void shiftsAreFoundInTimeAndWhereTheyHappened(boolean frozen, long seed) {
    int[] shifted = delaysAndDistances(frozen, x -> x + 1, seed);
    assertThat(shifted[0]).as("median delay of +1, seed " + seed).isBetween(130, 200);
    assertThat(shifted[1]).as("median distance of +1, seed " + seed).isLessThanOrEqualTo(5);
    int[] wider = delaysAndDistances(frozen, x -> 2 * x, seed);
    assertThat(wider[0]).as("median delay of twice the spread, seed " + seed).isBetween(300, 410);
    assertThat(wider[1]).as("median distance of twice the spread").isLessThanOrEqualTo(35);
  }

  private static int[] delaysAndDistances(boolean frozen, DoubleUnaryOperator change, long seed) {
    int runs = 40;
    int[] delays = new int[runs];
    int[] distances = new int[runs];
    Random random = new Random(seed);
    for (int run = 0; run < runs; run++) {
      IncrementalKs detector = frozen
          ? IncrementalKs.against(normal(random.nextInt(), 500))
              .windowOf(500)
              .falseAlarmEvery(100_000)
          : IncrementalKs.ofTwoWindows(500).falseAlarmEvery(100_000);
      int start = 1_500 + random.nextInt(500);
      int t = 0;
      while (detector.level() != Level.DRIFT) {
        double x = random.nextGaussian();
        detector.update(t++ < start ? x : change.applyAsDouble(x));
      }
      delays[run] = t - start;
      distances[run] = (int) Math.abs(detector.signal().orElseThrow().changePoint() - start);
    }
    Arrays.sort(delays);
    Arrays.sort(distances);
    return new int[] {delays[runs / 2], distances[runs / 2]};
  }

  /** Values rounded to tenths, so with ties, on average over baselines; measured: 50 and 92. */
  @ParameterizedTest
  @CsvSource({"true, 16", "false, 17"})
  void falseAlarmsAreAsRareAsPromised(boolean frozen, long seed) {
    Random random = new Random(seed);
    int alarms = 0;
    int inputs = 0;
    for (int run = 0; run < 200; run++) {
      double[] baseline = new double[60];
      Arrays.setAll(baseline, i -> Math.rint(10 * random.nextGaussian()));
      IncrementalKs detector = frozen
          ? IncrementalKs.against(baseline).windowOf(50).falseAlarmEvery(2_000)
          : IncrementalKs.ofTwoWindows(50).falseAlarmEvery(2_000);
      for (int t = 0; t < 10_000; t++) {
        alarms += detector.update(Math.rint(10 * random.nextGaussian())) == Level.DRIFT ? 1 : 0;
        inputs++;
      }
    }
    // 1,000 are allowed; and not so few that it would find nothing.
    assertThat(alarms).as("in " + inputs + " inputs, seed " + seed).isBetween(20, 1_000);
  }

  @Test
  void zerosOfBothSignsAreTheSame() {
    IncrementalKs detector = IncrementalKs.of(new double[] {0.0, -0.0, 0.0}, 4, 0.01);
    for (int t = 0; t < 20; t++) {
      detector.update(t % 2 == 0 ? -0.0 : 0.0);
    }
    assertThat(detector.statistic()).isZero();
    assertThat(detector.level()).isEqualTo(Level.STABLE);
  }

  @Test
  void valuesThatWerePossibleToCompareOnlyAfterSkippedOnesKeepTheirPositions() {
    IncrementalKs detector =
        IncrementalKs.against(normal(18, 100)).windowOf(50).falseAlarmEvery(10_000);
    Random random = new Random(19);
    for (int t = 0; t < 100; t++) {
      detector.update(random.nextGaussian());
      detector.update(Double.NaN);
    }
    for (int t = 0; detector.update(8 + random.nextGaussian()) != Level.DRIFT; t++) {
      assertThat(t).isLessThan(50);
    }
    assertThat(detector.skipped()).isEqualTo(100);
    assertThat(detector.signal().orElseThrow().changePoint()).isBetween(196L, 202L);
  }

  /** D is the share below all of the baseline: what equals it has not fallen. */
  @Test
  void aConstantFellWhereItsFirstSmallerValueIs() {
    double[] baseline = new double[100];
    Arrays.fill(baseline, 1);
    IncrementalKs detector = IncrementalKs.against(baseline).windowOf(50).falseAlarmEvery(10_000);
    for (int t = 0; t < 200; t++) {
      detector.update(1);
    }
    while (detector.update(0) != Level.DRIFT) {}
    assertThat(detector.signal().orElseThrow().direction()).isEqualTo(Direction.DOWN);
    assertThat(detector.signal().orElseThrow().changePoint()).isEqualTo(200);
  }

  /** A state of the detector, but with such a window, and a checksum that fits. */
  private static byte[] holding(
      IncrementalKs detector, int untilLook, int count, double[] values, long[] positions) {
    byte[] state = detector.state();
    int held = 2;
    int window = state.length - (4 + 4 + held * (8 + 8) + 4);
    ByteBuffer bytes = ByteBuffer.allocate(window + 4 + 4 + values.length * (8 + 8) + 4);
    bytes.put(state, 0, window).putInt(count).putInt(untilLook);
    for (int i = 0; i < values.length; i++) {
      bytes.putDouble(values[i]).putLong(positions[i]);
    }
    CRC32C checksum = new CRC32C();
    checksum.update(bytes.array(), 0, bytes.position());
    return bytes.putInt((int) checksum.getValue()).array();
  }

  @Test
  void aStateWhoseWindowIsImpossibleIsRefused() {
    IncrementalKs detector = IncrementalKs.of(new double[] {1, 2, 3}, 2, 0.01);
    for (double x : new double[] {1, 2, 3}) {
      detector.update(x);
    }
    byte[] state = detector.state();
    double[] newest = {2, 3};
    long[] positions = {1, 2};
    assertThat(holding(detector, 1, 2, newest, positions)).isEqualTo(state);

    String refusal = "not the state of this detector: %s; the detector is as it was";
    assertThatThrownBy(() -> detector.restore(holding(detector, 1, -1, new double[0], new long[0])))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(refusal, "it holds -1 values of 2");
    assertThatThrownBy(() ->
            detector.restore(holding(detector, 1, 3, new double[] {1, 2, 3}, new long[] {0, 1, 2})))
        .hasMessage(refusal, "it holds 3 values of 2");
    for (int untilLook : new int[] {0, 2}) {
      assertThatThrownBy(() -> detector.restore(holding(detector, untilLook, 2, newest, positions)))
          .hasMessage(refusal, "it looks after " + untilLook + " values, wanted 1 to 1");
    }
    for (double never : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(
              () -> detector.restore(holding(detector, 1, 2, new double[] {2, never}, positions)))
          .hasMessage(refusal, "it holds a value that never came");
    }
    for (long[] impossible : new long[][] {{-1, 2}, {1, 1}, {1, 3}}) {
      assertThatThrownBy(() -> detector.restore(holding(detector, 1, 2, newest, impossible)))
          .hasMessage(refusal, "it holds a value that never came");
    }
    assertThat(detector.state()).isEqualTo(state);
  }

  @Test
  void extremesAreJudged() {
    double[] baseline = {-Double.MAX_VALUE, 0, Double.MIN_VALUE, Double.MAX_VALUE};
    IncrementalKs detector = IncrementalKs.of(baseline, 2, 0.9);
    assertThat(detector.update(Double.MAX_VALUE)).isEqualTo(Level.WARMING_UP);
    // D = 3/4, of √(ln(2/0.9)/2·3/4) = 0.547
    assertThat(detector.update(Double.MAX_VALUE)).isEqualTo(Level.DRIFT);
    assertThat(detector.signal().orElseThrow().statistic()).isEqualTo(0.75);
    detector.update(-Double.MAX_VALUE);
    assertThat(detector.update(-Double.MAX_VALUE)).isEqualTo(Level.DRIFT);
    assertThat(detector.signal().orElseThrow().direction()).isEqualTo(Direction.DOWN);
  }

  @Test
  void itSaysWhatItComparesAndWhatItPromises() {
    IncrementalKs detector =
        IncrementalKs.against(normal(20, 500)).windowOf(400).falseAlarmEvery(100_000);
    assertThat(detector.toString()).isEqualTo("newest 400 against 500 values: D 0.00 of 0.144");
    assertThat(IncrementalKs.of(30, 0.01).toString())
        .isEqualTo("newest 30 against the 30 before: D 0.00 of 0.420");
    assertThat(detector.falseAlarms().orElseThrow().toString())
        .isEqualTo("one false alarm in 100000 inputs");
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> IncrementalKs.against(new double[] {1}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("have 2 to 1000000 values", "had 1");
    assertThatThrownBy(() -> IncrementalKs.against(new double[] {1, Double.NaN}))
        .hasMessageContainingAll("had NaN at 1");
    assertThatThrownBy(() -> IncrementalKs.ofTwoWindows(1))
        .hasMessageContainingAll("be 2 to 1000000 values", "was 1", "window");
    assertThatThrownBy(() -> IncrementalKs.of(30, 0.0))
        .hasMessageContainingAll("pValue", "be > 0 and < 1", "was 0.0");
    assertThatThrownBy(() -> IncrementalKs.ofTwoWindows(30).falseAlarmEvery(30))
        .hasMessage("a false alarm must be allowed less than once per window of 30, but was every"
            + " 30 values");
    assertThatThrownBy(() -> IncrementalKs.ofTwoWindows(5).falseAlarmEvery(100_000))
        .hasMessageContainingAll("of 5 against 5 values", "in 100000 inputs");
  }
}
