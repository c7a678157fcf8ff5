package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RepeatedConfidenceSequenceTest {
  private static final double[] LAMBDAS = {
    0.8, 0.4, 0.2, 0.1, 0.05, 0.025, 0.0125, 0.00625, 0.003125, 0.0015625
  };

  private static double bernoulli(SplittableRandom random, double p) {
    return random.nextDouble() < p ? 1.0 : 0.0;
  }

  /** Every sequence that was begun, from all its values; what is left for the mean is the intersection of all they said. */
  private static final class Naive {
    private final boolean forgets;
    private final double alpha;
    private final List<Double> values = new ArrayList<>();
    private final List<Double> squares = new ArrayList<>();
    private final List<Integer> begun = new ArrayList<>(List.of(0));
    private double atLeast = 0;
    private double atMost = 1;

    /** {@code forgets}: of the beginnings with equally many trailing zeros, only the newest eight say more. */
    Naive(boolean forgets, double alpha) {
      this.forgets = forgets;
      this.alpha = alpha;
    }

    void take(double x) {
      double mean = (0.5 + values.stream().mapToDouble(v -> v).sum()) / (1 + values.size());
      values.add(x);
      squares.add((x - mean) * (x - mean));
    }

    private boolean kept(int number) {
      if (!forgets || number == 0) {
        return true;
      }
      int zeros = Integer.numberOfTrailingZeros(number);
      int newer = 0;
      for (int other = number + 1; other < begun.size(); other++) {
        newer += Integer.numberOfTrailingZeros(other) == zeros ? 1 : 0;
      }
      return newer < 8;
    }

    /** How far the bounds are beyond each other; begins another sequence. */
    double look() {
      for (int number = 0; number < begun.size(); number++) {
        if (kept(number)) {
          int from = begun.get(number);
          int n = values.size() - from;
          double sum = 0;
          double variation = 0;
          for (int i = from; i < values.size(); i++) {
            sum += values.get(i);
            variation += squares.get(i);
          }
          for (double lambda : LAMBDAS) {
            double psi = -Math.log(1 - lambda) - lambda;
            double off = (psi * variation + Math.log(2 * LAMBDAS.length / alpha)) / lambda;
            atLeast = Math.max(atLeast, (sum - off) / n);
            atMost = Math.min(atMost, (sum + off) / n);
          }
        }
      }
      begun.add(values.size());
      return atLeast - atMost;
    }
  }

  /** α = 32/(A + 32), begun and looked at every 32 values. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void theStatisticIsTheGapBetweenAllBoundsOfTheKeptSequences(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    long every = 1_000_000;
    Naive naive = new Naive(true, 32.0 / (every + 32));
    Naive all = new Naive(false, 32.0 / (every + 32));
    RepeatedConfidenceSequence detector =
        RepeatedConfidenceSequence.between(-1, 3).falseAlarmEvery(every);
    double wanted = 0;
    for (int t = 0; t < 2_000; t++) {
      double x = seed == 1 ? bernoulli(random, 0.3) : random.nextDouble() * random.nextDouble();
      naive.take(x);
      all.take(x);
      Level level = detector.update(4 * x - 1);
      if (t % 32 == 31) {
        wanted = 4 * naive.look();
        assertThat(level).as("t=" + t).isEqualTo(wanted > 0 ? Level.DRIFT : Level.STABLE);
        assertThat(4 * all.look()).as("of all sequences, t=" + t).isGreaterThanOrEqualTo(wanted);
      }
      assertThat(detector.statistic()).as("t=" + t).isCloseTo(wanted, within(1e-9));
    }
    assertThat(detector.signal()).isEmpty();
  }

  /** α = 1/(A + 1), begun and looked at with each block that has values. */
  @Test
  void inTimeASequenceIsBegunWithEachBlock() {
    SplittableRandom random = new SplittableRandom(3);
    Naive naive = new Naive(true, 1.0 / (10_000 + 1));
    RepeatedConfidenceSequence detector =
        RepeatedConfidenceSequence.between(0, 1).falseAlarmEvery(Duration.ofHours(10_000));
    double wanted = 0;
    for (int block = 0; block < 150; block++) {
      int values = random.nextInt(15);
      for (int i = 0; i < values; i++) {
        double x = bernoulli(random, 0.3);
        naive.take(x);
        detector.update(x);
        assertThat(detector.statistic()).isEqualTo(wanted);
      }
      detector.endBlock();
      wanted = values == 0 ? wanted : naive.look();
      assertThat(detector.statistic()).as("block " + block).isCloseTo(wanted, within(1e-9));
      wanted = detector.statistic();
    }
  }

  /** Measured elsewhere: 100 times more rarely at A = 100. */
  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.2, 0.5})
  void falseAlarmsComeNoOftenerThanPromisedAlsoForValuesThatDepend(double p) {
    SplittableRandom random = new SplittableRandom(4);
    int every = 100;
    int units = 200_000;
    RepeatedConfidenceSequence coins =
        RepeatedConfidenceSequence.between(0, 1).falseAlarmEvery(every);
    RepeatedConfidenceSequence swinging =
        RepeatedConfidenceSequence.between(0, 1).falseAlarmEvery(every);
    int drifts = 0;
    int swings = 0;
    double last = p;
    for (int t = 0; t < units; t++) {
      drifts += coins.update(bernoulli(random, p)) == Level.DRIFT ? 1 : 0;
      // The mean given all before is p, the size of the swing depends on what came before.
      double swing = last > p ? Math.min(p, 1 - p) : 0.1 * Math.min(p, 1 - p);
      last = p + (random.nextBoolean() ? swing : -swing);
      swings += swinging.update(last) == Level.DRIFT ? 1 : 0;
    }
    assertThat(drifts).isLessThanOrEqualTo(units / every);
    assertThat(swings).isLessThanOrEqualTo(units / every);
  }

  /** At least half of the delays are within 1.1 times the documented median, and of the change points within theirs. */
  @ParameterizedTest
  @CsvSource({
    ".2, .4, 10000, 250, 8",
    ".2, .3, 10000, 830, 8",
    ".05, .1, 10000, 1700, 56",
    ".2, .3, 100000, 1150, 8",
    ".4, .2, 10000, 220, 8"
  })
  void theMedianDelayIsAsDocumented(
      double before, double after, long every, int median, int changePoint) {
    SplittableRandom random = new SplittableRandom(5);
    int runs = 100;
    int soon = 0;
    int near = 0;
    for (int run = 0; run < runs; run++) {
      RepeatedConfidenceSequence detector =
          RepeatedConfidenceSequence.between(0, 1).falseAlarmEvery(every);
      for (int t = 0; t < 5_000; t++) {
        detector.update(bernoulli(random, before));
      }
      int delay = 1;
      while (detector.update(bernoulli(random, after)) != Level.DRIFT && delay < 20_000) {
        delay++;
      }
      Signal signal = detector.signal().orElseThrow();
      assertThat(signal.direction()).isEqualTo(after > before ? Direction.UP : Direction.DOWN);
      soon += delay <= 1.1 * median ? 1 : 0;
      near += Math.abs(signal.changePoint() - 5_000) <= changePoint ? 1 : 0;
    }
    int half = (int) (runs / 2.0 - 3 * Math.sqrt(runs) / 2);
    assertThat(soon).as("delays within 1.1 times " + median).isGreaterThan(half);
    assertThat(near).as("change points within " + changePoint).isGreaterThan(half);
  }

  /** Skipped positions are counted by the change point: of every four, three. */
  @Test
  void theChangePointIsAPosition() {
    RepeatedConfidenceSequence detector =
        RepeatedConfidenceSequence.between(0, 1).falseAlarmEvery(10_000);
    for (int t = 0; detector.level() != Level.DRIFT; t++) {
      assertThat(t).isLessThan(20_000);
      detector.update(t % 4 == 0 ? t < 8_192 ? t % 8 / 4.0 : 1.0 : Double.NaN);
    }
    // The 64th sequence began after 2,048 judged values.
    assertThat(detector.signal().orElseThrow().changePoint()).isEqualTo(8_192 - 3);
  }

  /** The 8 newest beginnings 32,768 apart are kept, so one of 130,000 blocks ago is, if its number is a multiple of that. */
  @Test
  void aSmallChangeOfLongAgoIsFoundWhereItWas() {
    RepeatedConfidenceSequence detector =
        RepeatedConfidenceSequence.between(0, 1).falseAlarmEvery(Duration.ofHours(10_000));
    int change = 65_536;
    for (int block = 0; detector.level() != Level.DRIFT; block++) {
      assertThat(block).isLessThan(4 * change);
      detector.update(block < change ? 0.5 : 0.500343);
      detector.endBlock();
    }
    Signal signal = detector.signal().orElseThrow();
    assertThat(signal.index()).isGreaterThan(change + 131_072);
    assertThat(signal.changePoint()).isEqualTo(change);
    assertThat(signal.direction()).isEqualTo(Direction.UP);
  }

  @Test
  void memoryStaysTheSameOverAMillionValues() {
    RepeatedConfidenceSequence detector =
        RepeatedConfidenceSequence.between(0, 1).falseAlarmEvery(100_000);
    SplittableRandom random = new SplittableRandom(6);
    int half = 0;
    for (int t = 0; t < 1_000_000; t++) {
      detector.update(bernoulli(random, 0.2));
      half = t == 500_000 ? detector.state().length : half;
    }
    assertThat(detector.signal()).isEmpty();
    assertThat(detector.state().length).isBetween(half, detector.mostStateBytes());
    assertThat(detector.mostStateBytes()).isLessThan(5_000);
    // 8 levels of beginnings, 24 bytes each, are all that half a million more can add.
    assertThat(detector.state().length - half).isLessThanOrEqualTo(8 * 24);
  }

  @Test
  void constantsAndExtremesAreNoDriftButAJumpBetweenThemIs() {
    for (double edge : new double[] {-1e300, 1e300, -0.0}) {
      RepeatedConfidenceSequence detector =
          RepeatedConfidenceSequence.between(-1e300, 1e300).falseAlarmEvery(2);
      for (int t = 0; t < 5_000; t++) {
        assertThat(detector.update(edge)).isNotEqualTo(Level.DRIFT);
      }
      int delay = 1;
      while (detector.update(edge == 1e300 ? -1e300 : 1e300) != Level.DRIFT) {
        delay++;
      }
      assertThat(delay).isLessThan(200);
      assertThat(detector.statistic()).isFinite().isPositive();
      assertThat(detector.signal().orElseThrow().changePoint()).isBetween(4_960L, 5_010L);
    }
  }

  @Test
  void saysWhatIsLeftForTheMean() {
    RepeatedConfidenceSequence detector =
        RepeatedConfidenceSequence.between(-10, 10).falseAlarmEvery(1_000);
    assertThat(detector).hasToString("mean between -10.00 and 10.00");
    assertThat(detector.falseAlarms()).isPresent();
    for (int t = 0; t < 3_200; t++) {
      detector.update(t % 2);
    }
    assertThat(detector.toString())
        .startsWith("mean between 0.")
        .isNotEqualTo("mean between -10.00");
  }

  @Test
  void nonsenseIsRefused() {
    double[][] ranges = {
      {1, 1}, {2, 1}, {0, Double.NaN}, {0, Double.POSITIVE_INFINITY}, {-1e308, 1e308}
    };
    for (double[] range : Arrays.asList(ranges)) {
      assertThatThrownBy(() -> RepeatedConfidenceSequence.between(range[0], range[1]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(
              "was " + range[0] + " to " + range[1], "must be finite", "lowest < highest");
    }
    assertThatThrownBy(() -> RepeatedConfidenceSequence.between(0, 1).falseAlarmEvery(1))
        .hasMessageContainingAll("every 2 inputs", "every 1");
  }
}
