package dev.mlops.drift.stream;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.drift.state.DetectorState;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;

/**
 * Signals drift when no one mean explains the whole stream, without being told what the mean was (repeated confidence
 * sequences).
 *
 * <p>Every 32 values, or with each block of time, a confidence sequence is begun: with x scaled to 0 to 1, s their sum and v =
 * Σ (x − x̂)² over its n values, x̂ being the mean of what came before, it says at every look that the mean lies within s/n ±
 * min over λ of (v·ψ(λ)/λ + ln(20/α)/λ)/n, with ψ(λ) = −ln(1 − λ) − λ and ten λ of 0.8, 0.4, …, 0.0016 (empirical Bernstein).
 * DRIFT when all that were ever said leave no mean; the statistic is how far the highest lower bound is above the lowest upper
 * one, in units of the input, the threshold 0. It never warns. After a DRIFT it starts afresh.
 *
 * <p><b>Input</b> is one value per update, in the range given; others are skipped and counted.
 *
 * <p><b>Promise</b>: on average at least A inputs (blocks) pass until a false alarm, for any values in the range whose mean
 * given all before is one and the same number, independent or not, whatever the number. A sequence misses it ever with
 * probability at most α = 32/(A + 32) (1/(A + 1) in time), so on average 1/α have to be begun until one does. Of the sequences
 * only those are kept that began at 8 times per doubling of the distance, and all are looked at only when one is begun: fewer
 * sequences and looks can but delay. A seasonal error breaks the condition.
 *
 * <p><b>Expect</b>, for errors of 0 and 1 and A = 10,000, a median delay of about 250 values for a change from 0.2 to 0.4 after
 * 5,000 values of calm, 830 from 0.2 to 0.3, 1,700 from 0.05 to 0.10; 1,150 from 0.2 to 0.3 at A = 100,000. After a calm of only
 * 1,000 values it is 350 and 2,200, and 5,400 with some changes never found: what came before is known too little. False alarms
 * come 100 times more rarely than promised. {@link SrEDetector} with a measured baseline is three times as quick.
 *
 * <p>The signal's change point is the kept beginning that parts the values best (before·after·(difference of the means)²), so
 * its steps grow with the distance. Half of the estimates were within 8, 8 and 56 values.
 *
 * <p>O(1) memory: 128 beginnings.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://arxiv.org/abs/2309.09111">Shekhar, Ramdas: Reducing sequential change detection to sequential
 *     estimation</a>
 * @see <a href="https://arxiv.org/abs/1810.08240">Howard, Ramdas, McAuliffe, Sekhon: Time-uniform, nonparametric, nonasymptotic
 *     confidence sequences</a>
 * @since 0.1
 */
public final class RepeatedConfidenceSequence extends StreamDetector<RepeatedConfidenceSequence> {
  /** After this number of values a sequence is begun, and all are looked at. */
  private static final int STEP = 32;

  /** Each level keeps the newest beginnings of its spacing, which doubles from level to level. */
  private static final int LEVELS = 16;

  private static final int PER_LEVEL = 8;

  /** Each bound is the best of this number, for small variances first. */
  private static final int LINES = 10;

  private static final double STRONGEST = 0.8;

  private final double lowest;
  private final double width;
  private final boolean inTime;
  /** With sum s and variation v over n values, the mean is within slope·v + height of s, over n, for each line. */
  private final double[] slope = new double[LINES];

  private final double[] height = new double[LINES];

  /** Values since the start, their sum, and the sum of squares of what each differed from the mean before it. */
  private long n;

  private double sum;
  private double variation;
  /** Values since the last look. */
  private long sinceLook;
  /** How many sequences were begun; where those that are kept began: n, sum and variation there, and the position after. */
  private long begun;

  private final long[] beginning = new long[LEVELS * PER_LEVEL];
  private final double[] sumThere = new double[LEVELS * PER_LEVEL];
  private final double[] variationThere = new double[LEVELS * PER_LEVEL];
  private final long[] positionThere = new long[LEVELS * PER_LEVEL];
  /** What all sequences so far leave for the mean, scaled to 0 to 1. */
  private double atLeast;

  private double atMost;

  private RepeatedConfidenceSequence(double lowest, double highest, FalseAlarms falseAlarms) {
    super(InputDomain.bounded(lowest, highest), falseAlarms);
    this.lowest = lowest;
    this.width = highest - lowest;
    this.inTime = falseAlarms.time().isPresent();
    // With a sequence begun at regular distances, 1/α sequences are begun on average until a false
    // alarm.
    double step = inTime ? 1 : STEP;
    double alpha = step / (falseAlarms.count() + step);
    for (int i = 0; i < LINES; i++) {
      double bet = STRONGEST / (1 << i);
      slope[i] = (-Math.log1p(-bet) - bet) / bet;
      height[i] = Math.log(2 * LINES / alpha) / bet;
    }
    startAfresh();
  }

  /**
   * {@return a step to a detector of a mean that does not stay the same, of values in a range}
   *
   * @param lowest the lowest value possible; finite
   * @param highest the highest value possible; above {@code lowest}, by less than the greatest finite number
   * @throws IllegalArgumentException if they are not
   */
  public static FalseAlarmStep<RepeatedConfidenceSequence> between(double lowest, double highest) {
    if (!(highest - lowest > 0 && highest - lowest <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "a range must be finite, with lowest < highest, but was " + lowest + " to " + highest);
    }
    return new FalseAlarmStep<>() {
      @Override
      RepeatedConfidenceSequence made(FalseAlarms falseAlarms) {
        return new RepeatedConfidenceSequence(lowest, highest, falseAlarms);
      }
    };
  }

  @Override
  public Level update(double value) {
    if (!admits(value)) {
      return unjudged(value);
    }
    next();
    double x = Math.min(1.0, (value - lowest) / width);
    double differed = x - (0.5 + sum) / (1 + n);
    variation += differed * differed;
    sum += x;
    n++;
    sinceLook++;
    return inTime || sinceLook < STEP ? unchanged() : look();
  }

  @Override
  public Level endBlock() {
    if (!inTime) {
      return level();
    }
    return sinceLook == 0 ? unchanged() : look();
  }

  private Level look() {
    sinceLook = 0;
    for (int at = 0; at < beginning.length; at++) {
      if (beginning[at] >= 0) {
        narrow(n - beginning[at], sum - sumThere[at], variation - variationThere[at]);
      }
    }
    statistic = (atLeast - atMost) * width;
    if (statistic > 0) {
      return found();
    }
    begin();
    return tell(Level.STABLE);
  }

  /** Narrows what is left for the mean by what one sequence leaves for it. */
  private void narrow(long values, double total, double varied) {
    double off = Double.POSITIVE_INFINITY;
    for (int i = 0; i < LINES; i++) {
      double line = slope[i] * varied + height[i];
      off = line < off ? line : off;
    }
    atLeast = Math.max(atLeast, (total - off) / values);
    atMost = Math.min(atMost, (total + off) / values);
  }

  /** Begins a sequence; the oldest of its level makes room. */
  private void begin() {
    int level = Math.min(LEVELS - 1, Long.numberOfTrailingZeros(begun));
    long inLevel = level == LEVELS - 1 ? begun >>> level : begun >>> (level + 1);
    int at = level * PER_LEVEL + (int) (inLevel % PER_LEVEL);
    beginning[at] = n;
    sumThere[at] = sum;
    variationThere[at] = variation;
    positionThere[at] = position() + 1;
    begun++;
  }

  /** The beginning that parts the values best: where before·after·(difference of the means)² is greatest. */
  private Level found() {
    double most = -1.0;
    double rise = 0.0;
    long changePoint = 0;
    for (int at = 0; at < beginning.length; at++) {
      long before = beginning[at];
      if (before > 0 && before < n) {
        double difference = (sum - sumThere[at]) / (n - before) - sumThere[at] / before;
        double parted = (double) before * (n - before) * difference * difference;
        if (parted > most) {
          most = parted;
          rise = difference;
          changePoint = positionThere[at];
        }
      }
    }
    return drift(rise < 0 ? Direction.DOWN : Direction.UP, changePoint, 0.0);
  }

  @Override
  void startAfresh() {
    n = 0;
    sum = 0.0;
    variation = 0.0;
    sinceLook = 0;
    begun = 0;
    atLeast = 0.0;
    atMost = 1.0;
    Arrays.fill(beginning, -1);
    Arrays.fill(sumThere, 0.0);
    Arrays.fill(variationThere, 0.0);
    Arrays.fill(positionThere, 0);
    begin();
  }

  @Override
  RepeatedConfidenceSequence fresh() {
    return new RepeatedConfidenceSequence(
        domain().lowest(), domain().highest(), falseAlarms().orElseThrow());
  }

  @Override
  String parameters() {
    return "RepeatedConfidenceSequence";
  }

  @Override
  void write(DataOutput out) throws IOException {
    out.writeLong(n);
    out.writeDouble(sum);
    out.writeDouble(variation);
    out.writeLong(sinceLook);
    out.writeLong(begun);
    out.writeDouble(atLeast);
    out.writeDouble(atMost);
    for (int at = 0; at < beginning.length; at++) {
      out.writeLong(beginning[at]);
      if (beginning[at] >= 0) {
        out.writeDouble(sumThere[at]);
        out.writeDouble(variationThere[at]);
        out.writeLong(positionThere[at]);
      }
    }
  }

  @Override
  void read(DataInput in) throws IOException {
    n = readCount(in);
    sum = readSum(in, n);
    variation = readSum(in, n);
    sinceLook = readCount(in);
    begun = readCount(in);
    atLeast = readFinite(in, -Double.MAX_VALUE);
    atMost = readFinite(in, -Double.MAX_VALUE);
    if (sinceLook > n || begun == 0 || n - sinceLook < begun - 1) {
      throw DetectorState.refused(
          "it says that " + begun + " sequences were begun in " + n + " values");
    }
    for (int at = 0; at < beginning.length; at++) {
      beginning[at] = in.readLong();
      boolean kept = beginning[at] >= 0;
      if (beginning[at] > n) {
        throw DetectorState.refused("it began a sequence after " + beginning[at] + " of " + n);
      }
      sumThere[at] = kept ? readSum(in, beginning[at]) : 0.0;
      variationThere[at] = kept ? readSum(in, beginning[at]) : 0.0;
      positionThere[at] = kept ? readPosition(in) : 0;
    }
  }

  /** Reads a sum of numbers that are each 0 to 1, rounding aside. */
  private static double readSum(DataInput in, long values) throws IOException {
    double read = readFinite(in, 0.0);
    if (read > (values + 1.0) * (1.0 + 1e-6)) {
      throw DetectorState.refused(
          "it holds the sum " + read + " of " + values + " numbers that are each 0 to 1");
    }
    return read;
  }

  @Override
  int mostMemoryBytes() {
    return 7 * 8 + beginning.length * 4 * 8;
  }

  /** {@return such as {@code mean between 0.1834 and 0.2211}, what is left for it so far} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "mean between %.4g and %.4g",
        lowest + atLeast * width,
        lowest + atMost * width);
  }
}
