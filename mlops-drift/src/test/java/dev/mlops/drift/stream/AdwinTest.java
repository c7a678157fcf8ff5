package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.AfterDrift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdwinTest {
  /** The window as a list of lists of values: buckets with all that is in them, every cut by definition. */
  private static final class Published {
    private final double delta;
    private final int clock;
    private final List<List<Double>> buckets = new ArrayList<>();
    private long time;

    Published(double delta, int clock) {
      this.delta = delta;
      this.clock = clock;
    }

    boolean update(double x) {
      buckets.add(new ArrayList<>(List.of(x)));
      for (int size = 1; ; size *= 2) {
        int of = size;
        if (buckets.stream().filter(b -> b.size() == of).count() <= 5) {
          break;
        }
        int first = 0;
        while (buckets.get(first).size() != size) {
          first++;
        }
        buckets.get(first).addAll(buckets.remove(first + 1));
      }
      boolean cut = false;
      if (++time % clock == 0) {
        while (window().length > 10 && cut()) {
          buckets.remove(0);
          cut = true;
        }
      }
      return cut;
    }

    double[] window() {
      return buckets.stream().flatMap(List::stream).mapToDouble(x -> x).toArray();
    }

    private boolean cut() {
      double[] all = window();
      double mean = mean(all, 0, all.length);
      double variance = 0;
      for (double x : all) {
        variance += (x - mean) * (x - mean) / all.length;
      }
      double log = Math.log(2 * Math.log(all.length) / delta);
      int n0 = 0;
      for (List<Double> bucket : buckets) {
        n0 += bucket.size();
        int n1 = all.length - n0;
        if (n0 > 6 && n1 > 6) {
          double m = 1.0 / (n0 - 4) + 1.0 / (n1 - 4);
          double difference = Math.abs(mean(all, 0, n0) - mean(all, n0, all.length));
          if (difference > Math.sqrt(2 * m * variance * log) + 2.0 / 3 * m * log) {
            return true;
          }
        }
      }
      return false;
    }

    private static double mean(double[] x, int from, int to) {
      double sum = 0;
      for (int i = from; i < to; i++) {
        sum += x[i];
      }
      return sum / (to - from);
    }
  }

  /** Seeds 1 to 3: errors; 4 to 6: gaussian values about 1e6. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void windowAndAlarmsAreThoseOfTheDefinition(long seed) {
    Random random = new Random(seed);
    int clock = seed % 2 == 0 ? 32 : 5;
    Adwin detector = Adwin.of(0.05).checkedEvery(clock);
    Published published = new Published(0.05, clock);
    int drifts = 0;
    for (int t = 0; t < 2_500; t++) {
      double p = t / 600 % 2 == 0 ? 0.2 : 0.6;
      double x = seed <= 3 ? random.nextDouble() < p ? 1 : 0 : 1e6 + p * 3 + random.nextGaussian();
      boolean wanted = published.update(x);
      String where = "t=" + t + ", seed=" + seed;
      assertThat(detector.update(x) == Level.DRIFT).as(where).isEqualTo(wanted);
      double[] window = published.window();
      assertThat(detector.width()).as(where).isEqualTo(window.length);
      assertThat(detector.mean().orElseThrow())
          .as(where)
          .isCloseTo(Published.mean(window, 0, window.length), within(1e-6));
      drifts += wanted ? 1 : 0;
    }
    assertThat(drifts).isGreaterThanOrEqualTo(3);
  }

  @Test
  void theSignalSaysWhereAndWhichWayAndTheWindowIsKept() {
    Random random = new Random(7);
    Adwin detector = Adwin.of(0.002);
    for (int t = 0; t < 5_000; t++) {
      assertThat(detector.update(random.nextDouble() < 0.2 ? 1 : 0)).isNotEqualTo(Level.DRIFT);
    }
    while (detector.update(random.nextDouble() < 0.6 ? 1 : 0) != Level.DRIFT) {}
    Signal risen = detector.signal().orElseThrow();
    assertThat(risen.direction()).isEqualTo(Direction.UP);
    assertThat(risen.changePoint()).isBetween(4_950L, 5_050L);
    assertThat(risen.statistic()).isGreaterThan(risen.threshold());
    assertThat(detector.afterDrift()).isEqualTo(AfterDrift.GOES_ON);
    assertThat(detector.width()).isPositive();
    assertThat(detector.update(0)).isEqualTo(Level.STABLE);
    for (int t = 0; t < 2_000; t++) {
      detector.update(random.nextDouble() < 0.6 ? 1 : 0);
    }
    long fallen = risen.index() + 2_002;
    while (detector.update(random.nextDouble() < 0.1 ? 1 : 0) != Level.DRIFT) {}
    assertThat(detector.signal().orElseThrow().direction()).isEqualTo(Direction.DOWN);
    assertThat(detector.signal().orElseThrow().changePoint()).isBetween(fallen - 50, fallen + 50);
  }

  @Test
  void aMoveThatIsNotWatchedShrinksTheWindowWithoutAWord() {
    Adwin both = Adwin.of(0.002);
    Adwin up = both.watching(Sides.UP);
    Adwin down = both.watching(Sides.DOWN);
    Random random = new Random(8);
    int rises = 0;
    int falls = 0;
    for (int t = 0; t < 20_000; t++) {
      double x = random.nextDouble() < (t / 2_000 % 2 == 0 ? 0.2 : 0.6) ? 1 : 0;
      Level level = both.update(x);
      boolean risen =
          level == Level.DRIFT && both.signal().orElseThrow().direction() == Direction.UP;
      assertThat(up.update(x) == Level.DRIFT).isEqualTo(risen);
      assertThat(down.update(x) == Level.DRIFT).isEqualTo(level == Level.DRIFT && !risen);
      assertThat(up.width()).isEqualTo(both.width()).isEqualTo(down.width());
      rises += risen ? 1 : 0;
      falls += level == Level.DRIFT && !risen ? 1 : 0;
    }
    assertThat(rises).isGreaterThanOrEqualTo(5);
    assertThat(falls).isGreaterThanOrEqualTo(4);
  }

  @Test
  void scaledValuesAreJudgedAlike() {
    Adwin plain = Adwin.of(0.002);
    Adwin scaled = plain.over(InputDomain.real(4));
    Random random = new Random(9);
    for (int t = 0; t < 5_000; t++) {
      double x = random.nextGaussian() + t / 1_000 % 2;
      assertThat(scaled.update(4 * x)).isEqualTo(plain.update(x));
    }
    assertThat(scaled.mean().orElseThrow()).isEqualTo(4 * plain.mean().orElseThrow());
    Signal signal = scaled.signal().orElseThrow();
    assertThat(signal.statistic()).isEqualTo(4 * plain.signal().orElseThrow().statistic());
    assertThat(signal.threshold()).isEqualTo(4 * plain.signal().orElseThrow().threshold());
  }

  /** A huge value has left its window when it is dropped: its rounding does not stay behind in the sums. */
  @Test
  void extremesDoNotDeafen() {
    Adwin detector = Adwin.of(0.002);
    detector.update(Double.MAX_VALUE);
    detector.update(-Double.MAX_VALUE);
    Random random = new Random(10);
    long t = 0;
    while (detector.width() > t || t < 10_000) {
      detector.update(random.nextGaussian() + (t++ / 5_000 % 2 == 0 ? 0 : 1e60));
      assertThat(t).as("values until the extremes are dropped").isLessThan(1_000_000);
    }
    for (int i = 0; i < 2_000; i++) {
      detector.update(random.nextGaussian());
    }
    int delay = 1;
    while (detector.update(3 + random.nextGaussian()) != Level.DRIFT) {
      assertThat(delay++).isLessThan(200);
    }
    assertThat(Math.abs(detector.mean().orElseThrow())).isLessThan(4);
  }

  /** Of 2^60 the rounding alone is more than all values after it. */
  @ParameterizedTest
  @ValueSource(longs = {16, 17, 18, 19, 20})
  void ofAHugeLevelThatEndedNothingIsLeftAndNothingElseIsDropped(long seed) {
    Adwin detector = Adwin.of(0.05).checkedEvery(5);
    Published published = new Published(0.05, 5);
    Random random = new Random(seed);
    for (int t = 0; t < 420; t++) {
      double x = t < 20 ? 0x1p60 : random.nextGaussian();
      boolean wanted = published.update(x);
      String where = "t=" + t + ", seed=" + seed;
      assertThat(detector.update(x) == Level.DRIFT).as(where).isEqualTo(wanted);
      assertThat(detector.width()).as(where).isEqualTo(published.window().length);
    }
  }

  /** No step is large, but of the variance of the first values the rounding alone is far more than that of the last. */
  @ParameterizedTest
  @ValueSource(longs = {12, 13, 14, 15})
  void aFallThroughManyMagnitudesDoesNotDeafen(long seed) {
    Adwin detector = Adwin.of(0.002);
    Random random = new Random(seed);
    for (int t = 0; t < 2_000; t++) {
      detector.update(0x1p40 * Math.pow(0.97, t) + random.nextGaussian());
    }
    int delay = 1;
    while (detector.update(3 + random.nextGaussian()) != Level.DRIFT) {
      assertThat(delay++).as("delay, seed " + seed).isLessThan(200);
    }
  }

  @Test
  void aConstantIsNoDrift() {
    for (double constant : new double[] {0, -0.0, 0.1, 1, 1e6, -1e200}) {
      Adwin detector = Adwin.of(0.99).checkedEvery(1);
      for (int t = 0; t < 3_000; t++) {
        assertThat(detector.update(constant)).as(constant + " at " + t).isNotEqualTo(Level.DRIFT);
      }
      assertThat(detector.width()).isEqualTo(3_000);
    }
  }

  @Test
  void isWarmFromItsFirstCheckOn() {
    Adwin detector = Adwin.of(0.002);
    assertThat(detector.mean()).isEmpty();
    for (int t = 0; t < 31; t++) {
      assertThat(detector.update(0)).isEqualTo(Level.WARMING_UP);
    }
    assertThat(detector.update(0)).isEqualTo(Level.STABLE);
    Adwin quick = Adwin.of(0.002).checkedEvery(4);
    for (int t = 0; t < 11; t++) {
      assertThat(quick.update(0)).isEqualTo(Level.WARMING_UP);
    }
    assertThat(quick.update(0)).isEqualTo(Level.STABLE);
  }

  /** Five buckets for each power of two: 2,000 values a state of at most 11 rows, 1,000,000 one of 20. */
  @Test
  void memoryGrowsWithTheLogarithm() {
    Adwin detector = Adwin.of(1e-6);
    Random random = new Random(11);
    int rows = 0;
    for (int t = 1; t <= 1_000_000; t++) {
      detector.update(random.nextDouble());
      if (Integer.bitCount(t) == 1) {
        rows++;
        assertThat(detector.state().length).as("state after " + t).isLessThan(300 + rows * 121);
      }
    }
    assertThat(detector.width()).isEqualTo(1_000_000);
    assertThat(detector.mostStateBytes()).isLessThan(6_000);
  }

  @Test
  void nonsenseIsRefused() {
    for (double delta : new double[] {0, 1, -1, Double.NaN}) {
      assertThatThrownBy(() -> Adwin.of(delta))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("be > 0 and < 1", "was " + delta);
    }
    assertThatThrownBy(() -> Adwin.of(0.1).checkedEvery(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("every 1", "every 0");
  }

  @Test
  void saysWhatItHas() {
    Adwin detector = Adwin.of(0.002);
    detector.update(0);
    detector.update(1);
    assertThat(detector).hasToString("ADWIN BOTH: 2 values alike, mean 0.500");
    assertThat(detector.falseAlarms()).isEmpty();
  }
}
