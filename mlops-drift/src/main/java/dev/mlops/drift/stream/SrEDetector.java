package dev.mlops.drift.stream;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import org.apache.commons.statistics.distribution.BetaDistribution;
import org.jspecify.annotations.Nullable;

/**
 * Signals drift when the mean of a stream has left a limit, with a proven bound on false alarms (Shiryaev–Roberts mixture
 * e-detector).
 *
 * <p>For each λ of 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, M ← (M + 1)·(1 + λ(x/m − 1)) from M = 0; the statistic is the
 * mean of the seven M. DRIFT when it reaches A, the number of inputs, or of blocks of time, per false alarm; WARNING from
 * A/10 on. After a DRIFT it starts afresh. In time, the factors are multiplied within a block, and M ← (M + 1)·Π once at its
 * end; a block without judged values is skipped. {@code below(m)} is fed 1 − x with 1 − m; {@code around(m)} averages both
 * sides.
 *
 * <p><b>Input</b> is one value per update: for {@code above} finite and at least 0, for {@code below} and {@code around} in 0
 * to 1; for errors, 1 if wrong and 0 if right. Others are skipped and counted. Values that were never possible stay quiet:
 * {@code above(1)} never finds anything in 0 to 1.
 *
 * <p><b>Promise</b>: on average at least A inputs (blocks) pass until a false alarm, for any values whose mean given all
 * before stays within the limit, independent or not, of any distribution. A seasonal or autocorrelated error has stretches
 * above the limit and breaks the condition, not the proof. A limit that was itself estimated must be a bound: {@link
 * #aboveEstimated}.
 *
 * <p><b>Expect</b>, for errors of 0 and 1, known m and A = 10,000, a median delay of about 55 values for a rise from 0.2 to
 * 0.4, 150 from 0.2 to 0.3, 190 from 0.05 to 0.10 ({@code around}: 63, 178, 221).
 *
 * <p>The signal's change point is where, by the λ that weighs most at the alarm, the product of the factors last began to
 * rise: M ← max(M, 1)·(1 + λ(x/m − 1)) last left 1. In blocks, it is the first judged value of that block. At A = 10,000 half
 * of the estimates were within 10 values for 0.2 to 0.4, 46 for 0.2 to 0.3, 63 for 0.05 to 0.10, without bias; one in ten was
 * more than 146, 474, 620 too early.
 *
 * <p>An update takes no memory and no logarithm.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://arxiv.org/abs/2203.03532">Shin, Ramdas, Rinaldo: E-detectors</a>
 * @since 0.1
 */
public final class SrEDetector extends StreamDetector<SrEDetector> {
  /** How strongly each member bets on a change; small ones find small changes. */
  private static final double[] LAMBDAS = {0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64};

  /** The share of the threshold from which on the level is WARNING. */
  private static final double WARNING_SHARE = 0.1;

  /** One-sided confidence of an estimated limit. */
  private static final double CONFIDENCE = 0.95;

  private final Step step;
  private final @Nullable Side up;
  private final @Nullable Side down;
  private final double threshold;
  private final boolean inTime;

  /** Values in the open block, and where the first of them stood. */
  private long inBlock;

  private long blockStart;

  private SrEDetector(Step step, FalseAlarms falseAlarms) {
    super(InputDomain.bounded(0, step.downTo > 0 ? 1 : Double.POSITIVE_INFINITY), falseAlarms);
    this.step = step;
    this.up = step.upTo > 0 ? new Side(step.upTo) : null;
    this.down = step.downTo > 0 ? new Side(1.0 - step.downTo) : null;
    this.threshold = falseAlarms.count();
    this.inTime = falseAlarms.time().isPresent();
  }

  /**
   * {@return a step to a detector of a mean that has risen}
   *
   * @param mean the highest mean that is no drift, in units of the input; finite, above 0
   * @throws IllegalArgumentException if it is out of range
   */
  public static Step above(double mean) {
    if (!(mean > 0) || !Double.isFinite(mean)) {
      throw new IllegalArgumentException("mean must be finite and > 0, but was " + mean);
    }
    return new Step(mean, 0);
  }

  /**
   * {@return a step to a detector of a mean that has fallen, for values in 0 to 1}
   *
   * @param mean the lowest mean that is no drift; above 0, below 1
   * @throws IllegalArgumentException if it is out of range
   */
  public static Step below(double mean) {
    return new Step(0, inside(mean));
  }

  /**
   * {@return a step to a detector of a mean that has risen or fallen, for values in 0 to 1}
   *
   * @param mean the mean that is no drift; above 0, below 1
   * @throws IllegalArgumentException if it is out of range
   */
  public static Step around(double mean) {
    return new Step(inside(mean), mean);
  }

  /**
   * {@return a step to a detector of a share that has risen above what was measured, uncertainty included}
   *
   * <p>The limit is {@link #upperLimit}: with the plain share of 1,000 values instead, a false alarm comes up to twice as
   * often as promised.
   *
   * @param count how often, such as the errors of a test phase; at least 0, below n
   * @param n of how many; at least 1
   * @throws IllegalArgumentException if they are out of range
   */
  public static Step aboveEstimated(long count, long n) {
    double limit = upperLimit(count, n);
    if (count == n) {
      throw new IllegalArgumentException(
          "count must be < n, since no share rises above 1, but both were " + n);
    }
    return above(limit);
  }

  /**
   * {@return a step to a detector of a share that has fallen below what was measured, uncertainty included}
   *
   * @param count how often; above 0, at most n
   * @param n of how many; at least 1
   * @throws IllegalArgumentException if they are out of range
   */
  public static Step belowEstimated(long count, long n) {
    double limit = lowerLimit(count, n);
    if (count == 0) {
      throw new IllegalArgumentException(
          "count must be > 0, since no share falls below 0, but was 0");
    }
    return below(limit);
  }

  /**
   * {@return the exact one-sided 95 % upper confidence limit of a share (Clopper–Pearson)}
   *
   * <p>Whatever the true share is, at most 5 of 100 such limits lie below it.
   *
   * @param count how often; 0 to n
   * @param n of how many; at least 1
   * @throws IllegalArgumentException if they are out of range
   */
  public static double upperLimit(long count, long n) {
    return upperLimit(count, n, CONFIDENCE);
  }

  /**
   * {@return the exact one-sided 95 % lower confidence limit of a share (Clopper–Pearson)}
   *
   * @param count how often; 0 to n
   * @param n of how many; at least 1
   * @throws IllegalArgumentException if they are out of range
   */
  public static double lowerLimit(long count, long n) {
    return lowerLimit(count, n, CONFIDENCE);
  }

  static double upperLimit(long count, long n, double confidence) {
    requireShare(count, n);
    if (count == n) {
      return 1.0;
    }
    // The share at which so few, or fewer, would be seen in 1 - confidence of all samples.
    BetaDistribution beta = BetaDistribution.of(count + 1.0, (double) n - count);
    double below = 0.0;
    double above = 1.0;
    while (true) {
      double middle = 0.5 * (below + above);
      if (middle <= below || middle >= above) {
        return above;
      }
      if (beta.survivalProbability(middle) > 1.0 - confidence) {
        below = middle;
      } else {
        above = middle;
      }
    }
  }

  static double lowerLimit(long count, long n, double confidence) {
    requireShare(count, n);
    if (count == 0) {
      return 0.0;
    }
    BetaDistribution beta = BetaDistribution.of((double) count, n - count + 1.0);
    double below = 0.0;
    double above = 1.0;
    while (true) {
      double middle = 0.5 * (below + above);
      if (middle <= below || middle >= above) {
        return below;
      }
      if (beta.cumulativeProbability(middle) > 1.0 - confidence) {
        above = middle;
      } else {
        below = middle;
      }
    }
  }

  private static void requireShare(long count, long n) {
    if (n < 1 || count < 0 || count > n) {
      throw new IllegalArgumentException(
          "a share must have 0 <= count <= n and n >= 1, but had " + count + " of " + n);
    }
  }

  private static double inside(double mean) {
    if (!(mean > 0 && mean < 1)) {
      throw new IllegalArgumentException("mean must be > 0 and < 1, but was " + mean);
    }
    return mean;
  }

  @Override
  public Level update(double value) {
    if (!admits(value)) {
      return unjudged(value);
    }
    long position = next();
    if (inTime) {
      return gather(value, position);
    }
    double sum = 0.0;
    if (up != null) {
      sum += up.take(value, position);
    }
    if (down != null) {
      sum += down.take(1.0 - value, position);
    }
    return judge(sum);
  }

  private Level gather(double value, long position) {
    if (inBlock++ == 0) {
      blockStart = position;
    }
    if (up != null) {
      up.gather(value);
    }
    if (down != null) {
      down.gather(1.0 - value);
    }
    return unchanged();
  }

  @Override
  public Level endBlock() {
    if (!inTime) {
      return level();
    }
    if (inBlock == 0) {
      return unchanged();
    }
    inBlock = 0;
    double sum = 0.0;
    if (up != null) {
      sum += up.close(blockStart);
    }
    if (down != null) {
      sum += down.close(blockStart);
    }
    return judge(sum);
  }

  private Level judge(double sum) {
    statistic = sum / (up != null && down != null ? 2 * LAMBDAS.length : LAMBDAS.length);
    if (statistic < threshold) {
      return tell(statistic >= WARNING_SHARE * threshold ? Level.WARNING : Level.STABLE);
    }
    Side moved = up;
    Direction direction = Direction.UP;
    if (moved == null || (down != null && down.sum() > moved.sum())) {
      moved = requireNonNull(down);
      direction = Direction.DOWN;
    }
    return drift(direction, moved.changePoint(), threshold);
  }

  @Override
  void startAfresh() {
    inBlock = 0;
    if (up != null) {
      up.clear();
    }
    if (down != null) {
      down.clear();
    }
  }

  @Override
  SrEDetector fresh() {
    return new SrEDetector(step, falseAlarms().orElseThrow());
  }

  @Override
  String parameters() {
    return "SrEDetector up to " + step.upTo + ", down to " + step.downTo;
  }

  @Override
  void write(DataOutput out) throws IOException {
    out.writeLong(inBlock);
    out.writeLong(blockStart);
    if (up != null) {
      up.write(out);
    }
    if (down != null) {
      down.write(out);
    }
  }

  @Override
  void read(DataInput in) throws IOException {
    inBlock = in.readLong();
    blockStart = in.readLong();
    if (up != null) {
      up.read(in);
    }
    if (down != null) {
      down.read(in);
    }
  }

  @Override
  int mostMemoryBytes() {
    return 2 * 8 + 2 * Side.BYTES;
  }

  /**
   * {@return A, which the statistic has to reach: inputs, or blocks of time, per false alarm}
   */
  public double threshold() {
    return threshold;
  }

  /** {@return such as {@code mean above 0.08: statistic 12.3 of 100000}} */
  @Override
  public String toString() {
    return (up == null ? "mean below " : down == null ? "mean above " : "mean around ")
        + (up == null ? 1.0 - requireNonNull(down).mean : up.mean)
        + String.format(java.util.Locale.ROOT, ": statistic %.3g of %.0f", statistic, threshold);
  }

  /**
   * A limit of the mean that still lacks a promise about false alarms.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Step {
    /** The highest mean that is no drift; 0 if a rise is none. */
    private final double upTo;
    /** The lowest mean that is no drift; 0 if a fall is none. */
    private final double downTo;

    private Step(double upTo, double downTo) {
      this.upTo = upTo;
      this.downTo = downTo;
    }

    /**
     * {@return a detector with on average at most one false alarm in so many inputs}
     *
     * @param inputs at least 2
     * @throws IllegalArgumentException if it is below 2
     */
    public SrEDetector falseAlarmEvery(long inputs) {
      return falseAlarmEvery(FalseAlarms.every(inputs));
    }

    /**
     * {@return a detector with on average at most one false alarm in so much time, in blocks of one hour}
     *
     * @param time at least 50 hours
     * @throws IllegalArgumentException if it is shorter
     */
    public SrEDetector falseAlarmEvery(Duration time) {
      return falseAlarmEvery(FalseAlarms.every(time));
    }

    /**
     * {@return a detector with this promise}
     *
     * @param falseAlarms how often a false alarm may come, in inputs or in time
     * @throws IllegalArgumentException if that is in time, and in fewer than 50 blocks
     */
    public SrEDetector falseAlarmEvery(FalseAlarms falseAlarms) {
      return new SrEDetector(this, requireNonNull(falseAlarms, "falseAlarms"));
    }
  }

  /** The seven members that watch for a rise above one mean. */
  private static final class Side {
    /** No value counts for more than so many means: far above any threshold, far below overflow. */
    private static final double MOST = 0x1p500;

    /** Products within a block are brought back when they leave 1/LARGE to LARGE. */
    private static final double LARGE = 0x1p400;

    /** The most that M may be before the check. */
    private static final double CEILING = 0x1p1000;

    /** The most bytes that a side writes. */
    static final int BYTES = LAMBDAS.length * 5 * 8;

    private final double mean;
    private final double inverse;
    private final double[] evidence = new double[LAMBDAS.length];
    /** The product since it last stood at or below 1, and where that was. */
    private final double[] rise = new double[LAMBDAS.length];

    private final long[] riseStart = new long[LAMBDAS.length];
    /** Product of the open block: product · 2^exponent. */
    private final double[] product = new double[LAMBDAS.length];

    private final long[] exponent = new long[LAMBDAS.length];

    Side(double mean) {
      this.mean = mean;
      this.inverse = Math.min(Double.MAX_VALUE, 1.0 / mean);
      clear();
    }

    void clear() {
      Arrays.fill(evidence, 0.0);
      Arrays.fill(rise, 0.0);
      Arrays.fill(riseStart, 0);
      Arrays.fill(product, 1.0);
      Arrays.fill(exponent, 0);
    }

    /** Takes one value; gives the sum of the seven M. */
    double take(double value, long position) {
      double excess = Math.min(value * inverse, MOST) - 1.0;
      double sum = 0.0;
      for (int i = 0; i < LAMBDAS.length; i++) {
        double factor = 1.0 + LAMBDAS[i] * excess;
        double next = (evidence[i] + 1.0) * factor;
        evidence[i] = next;
        sum += next;
        boolean starts = rise[i] <= 1.0;
        riseStart[i] = starts ? position : riseStart[i];
        rise[i] = (starts ? 1.0 : rise[i]) * factor;
      }
      return sum;
    }

    /** Takes one value of an open block. */
    void gather(double value) {
      double excess = Math.min(value * inverse, MOST) - 1.0;
      for (int i = 0; i < LAMBDAS.length; i++) {
        double next = product[i] * (1.0 + LAMBDAS[i] * excess);
        if (next > LARGE || next < 1.0 / LARGE) {
          int shift = Math.getExponent(next);
          exponent[i] += shift;
          next = Math.scalb(next, -shift);
        }
        product[i] = next;
      }
    }

    /** Ends a block; gives the sum of the seven M. */
    double close(long start) {
      double sum = 0.0;
      for (int i = 0; i < LAMBDAS.length; i++) {
        int shift = (int) Math.max(-10_000, Math.min(10_000, exponent[i]));
        double next = times(evidence[i] + 1.0, product[i], shift);
        evidence[i] = next;
        sum += next;
        if (rise[i] <= 1.0) {
          rise[i] = 1.0;
          riseStart[i] = start;
        }
        rise[i] = times(rise[i], product[i], shift);
        product[i] = 1.0;
        exponent[i] = 0;
      }
      return sum;
    }

    private static double times(double before, double product, int exponent) {
      return Math.min(CEILING, Math.scalb(before * product, exponent));
    }

    void write(DataOutput out) throws IOException {
      for (int i = 0; i < LAMBDAS.length; i++) {
        out.writeDouble(evidence[i]);
        out.writeDouble(rise[i]);
        out.writeLong(riseStart[i]);
        out.writeDouble(product[i]);
        out.writeLong(exponent[i]);
      }
    }

    void read(DataInput in) throws IOException {
      for (int i = 0; i < LAMBDAS.length; i++) {
        evidence[i] = in.readDouble();
        rise[i] = in.readDouble();
        riseStart[i] = in.readLong();
        product[i] = in.readDouble();
        exponent[i] = in.readLong();
      }
    }

    double sum() {
      double sum = 0.0;
      for (double m : evidence) {
        sum += m;
      }
      return sum;
    }

    long changePoint() {
      int best = 0;
      for (int i = 1; i < LAMBDAS.length; i++) {
        if (evidence[i] > evidence[best]) {
          best = i;
        }
      }
      return riseStart[best];
    }
  }
}
