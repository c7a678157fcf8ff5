package dev.mlops.drift.stream;

import static dev.mlops.drift.state.DetectorState.exactly;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.drift.internal.KsTail;
import dev.mlops.drift.internal.PooledSamples;
import dev.mlops.drift.state.DetectorState;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Signals drift when the newest values are distributed otherwise than a baseline, or than the values before them (incremental
 * Kolmogorov–Smirnov test).
 *
 * <p>D = sup |F(x) − G(x)| of the two empirical distribution functions, after every value, exactly, ties included: F of a fixed
 * sample of n values ({@link #against}) or of the window before ({@link #ofTwoWindows}), G of the newest m values. A value
 * comes or goes in O(log n). Until the windows are full the level is WARMING_UP, and it is so again after a DRIFT.
 *
 * <p>With a promise, D is judged when the windows are full and then at every tenth of a window, in time at the end of each
 * block with a value: DRIFT where a D so large has probability at most looks ÷ 2 in the inputs, or blocks, of one false alarm,
 * WARNING at ten times that. Probabilities are exact up to n·m = 16 million, beyond by the Dvoretzky–Kiefer–Wolfowitz–Massart
 * bound. Where many values are equal, as of flags and counts, the probability is the one given these ties, so that D may be a
 * DRIFT below {@link #threshold()}. The paper's form ({@link #of}) judges every value, DRIFT where D &gt; √(−ln(p/2)/2 · (n + m)/(nm)), and has no
 * warning.
 *
 * <p>The signal's direction is UP if the newest values are larger, DOWN if smaller, OTHER if both differ by more than half of D;
 * its statistic is D. The change point is the split of the window (of both windows) that best explains, by likelihood, which
 * values lie up to where the functions are furthest apart.
 *
 * <p><b>Input</b> is one finite value per update, in any unit.
 *
 * <p><b>Promise</b>: on average, over baselines too, at most one false alarm comes in the stated number of inputs (blocks), while
 * values are independent draws of one distribution, the baseline's or that of the window before, whatever it is: the
 * probabilities of that many looks add up to one half, however they depend on each other. A baseline of few values makes an
 * unlucky one alarm more often, and a season or autocorrelation breaks the condition.
 *
 * <p><b>Expect</b>, at one false alarm in 100,000 inputs with windows and baseline of 500, a shift by one standard deviation of
 * normal values to be found after about 170 values, twice the spread after 360, half of the change points within 5 and 30
 * values; a false alarm came about every 280,000 values with two windows, more seldom against a baseline.
 *
 * <p>An update takes no memory, but for some once when tied values are first looked at, and for such looks beyond n·m = 16
 * million.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://doi.org/10.1145/2939672.2939836">dos Reis, Flach, Matwin, Batista (2016), Fast unsupervised online
 *     drift detection using incremental Kolmogorov–Smirnov test</a>
 * @since 0.1
 */
public final class IncrementalKs extends StreamDetector<IncrementalKs> {
  private static final int LARGEST = 1_000_000;

  /** Looks per window. */
  private static final int LOOKS = 10;

  /** The false alarms that the looks' probabilities add up to; half, so that the mean time is as promised. */
  private static final double ADDED_UP = 0.5;

  /** How much larger the probability of a warning is. */
  private static final double WARNING_FACTOR = 10.0;

  /** With fewer of all values where D is reached, ties change little. */
  private static final double MANY_TIED = 0.01;

  /** The probability of a difference is hardly below its Chernoff bound by more than this factor. */
  private static final double SURELY_RARER = 20.0;

  private final Windowed step;
  private final Rule rule;

  private final @Nullable BaselineRanks ranks;
  private final @Nullable TwoWindows two;

  /** The newest values, and where each stood; with two windows those of both. */
  private final double[] values;

  private final long[] positions;
  /** Where each stands among the baseline. */
  private final int[] places;

  /** For looks at tied values, once there was one. */
  private double @Nullable [] sorted;

  private KsTail.@Nullable Tied ties;

  private int filled;
  private int next;
  private int untilLook = 1;

  private IncrementalKs(Windowed step, Rule rule) {
    super(InputDomain.real(1.0), rule.falseAlarms);
    this.step = step;
    this.rule = rule;
    double[] baseline = step.baseline;
    this.ranks = baseline == null ? null : new BaselineRanks(baseline, step.size);
    this.two = baseline == null ? new TwoWindows(step.size) : null;
    this.values = new double[step.kept()];
    this.positions = new long[values.length];
    this.places = new int[ranks == null ? 0 : values.length];
  }

  /**
   * {@return a step to a detector of values that left this sample}
   *
   * @param baseline {@code double[n]}, in any order, such as the sample of a profile; n from 2 to 1,000,000, each finite
   * @throws IllegalArgumentException if it is out of range
   */
  public static Against against(double[] baseline) {
    if (baseline.length < 2 || baseline.length > LARGEST) {
      throw new IllegalArgumentException(
          "a baseline must have 2 to " + LARGEST + " values, but had " + baseline.length);
    }
    double[] sorted = new double[baseline.length];
    for (int i = 0; i < sorted.length; i++) {
      if (!Double.isFinite(baseline[i])) {
        throw new IllegalArgumentException(
            "a baseline must have finite values, but had " + baseline[i] + " at " + i);
      }
      sorted[i] = baseline[i] + 0.0; // -0.0 is 0.0
    }
    Arrays.sort(sorted);
    return new Against(sorted);
  }

  /**
   * {@return a step to a detector of values that left those of the window before}
   *
   * @param size of each of the two windows; 2 to 1,000,000
   * @throws IllegalArgumentException if it is out of range
   */
  public static Windowed ofTwoWindows(int size) {
    return new Windowed(null, size);
  }

  /**
   * {@return the paper's detector, which promises nothing about false alarms: every value is judged at the same level}
   *
   * @param baseline as for {@link #against}
   * @param window how many of the newest values are compared; 2 to 1,000,000
   * @param pValue of one comparison at which DRIFT is signalled; above 0, below 1
   * @throws IllegalArgumentException if one is out of range
   */
  public static IncrementalKs of(double[] baseline, int window, double pValue) {
    return against(baseline).windowOf(window).judgingEvery(pValue);
  }

  /**
   * {@return the paper's detector of two windows, which promises nothing about false alarms}
   *
   * @param window size of each window; 2 to 1,000,000
   * @param pValue of one comparison at which DRIFT is signalled; above 0, below 1
   * @throws IllegalArgumentException if one is out of range
   */
  public static IncrementalKs of(int window, double pValue) {
    return ofTwoWindows(window).judgingEvery(pValue);
  }

  @Override
  public Level update(double value) {
    if (!admits(value)) {
      return unjudged(value);
    }
    push(value, next());
    if (filled < values.length) {
      statistic = 0.0;
      return unchanged();
    }
    statistic = (double) Math.max(above(), below()) / rule.units;
    if (rule.inTime || --untilLook > 0) {
      return unchanged();
    }
    untilLook = rule.stride;
    return judge();
  }

  @Override
  public Level endBlock() {
    if (!rule.inTime) {
      return level();
    }
    // After a block without values D is as it was, and so is the level.
    return filled == values.length ? judge() : unchanged();
  }

  private Level judge() {
    if (statistic >= rule.threshold) {
      return drift(direction(), changePoint(), rule.threshold);
    }
    boolean warning = statistic >= rule.warning;
    if (rule.falseAlarms != null && statistic > 0 && tiesMatter()) {
      double p = givenTies();
      if (p <= rule.pValue) {
        return drift(direction(), changePoint(), thresholdGivenTies());
      }
      warning |= p <= WARNING_FACTOR * rule.pValue;
    }
    return tell(warning ? Level.WARNING : Level.STABLE);
  }

  /**
   * Whether the ties can make such a D rare: many values are where it is reached, and the shares up to there differ by more than
   * chance would have it, roughly. Without ties this takes a few steps per value of a window.
   */
  private boolean tiesMatter() {
    double widest = widest();
    int upTo = 0;
    double below = Double.NEGATIVE_INFINITY;
    double above = Double.POSITIVE_INFINITY;
    for (double value : values) {
      if (value <= widest) {
        upTo++;
        below = Math.max(below, value);
      } else {
        above = Math.min(above, value);
      }
    }
    int all = values.length;
    double[] baseline = step.baseline;
    if (baseline != null) {
      int higher = firstAtLeast(baseline, Math.nextUp(widest));
      upTo += higher;
      all += baseline.length;
      below = higher > 0 ? Math.max(below, baseline[higher - 1]) : below;
      above = higher < baseline.length ? Math.min(above, baseline[higher]) : above;
    }
    if (Math.max(countOf(below), countOf(above)) < MANY_TIED * all) {
      return false;
    }
    double n = step.against();
    double m = step.size;
    double share = upTo / (n + m);
    // of the baseline, or the window before, and of the newest values: their mean is the share
    double difference = above() >= below() ? statistic : -statistic;
    double before = Math.min(1.0, Math.max(0.0, share + difference * m / (n + m)));
    double now = Math.min(1.0, Math.max(0.0, share - difference * n / (n + m)));
    double surprise = n * divergence(before, share) + m * divergence(now, share);
    return surprise >= -Math.log(SURELY_RARER * WARNING_FACTOR * rule.pValue);
  }

  private int countOf(double wanted) {
    int count = 0;
    for (double value : values) {
      count += value == wanted ? 1 : 0;
    }
    double[] baseline = step.baseline;
    return baseline == null
        ? count
        : count + firstAtLeast(baseline, Math.nextUp(wanted)) - firstAtLeast(baseline, wanted);
  }

  private static int firstAtLeast(double[] sorted, double value) {
    int from = 0;
    int to = sorted.length;
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (sorted[middle] < value) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }

  /** The probability of a D as large, given which values are tied. */
  private double givenTies() {
    int n = step.against();
    int m = step.size;
    double[] baseline = step.baseline;
    if (sorted == null) {
      sorted = new double[values.length];
      ties = KsTail.Tied.isExact(n, m) ? new KsTail.Tied(n, m) : null;
    }
    System.arraycopy(values, 0, sorted, 0, values.length);
    KsTail.Tied exactly = ties;
    if (exactly == null) {
      double[] before = baseline != null ? baseline : new double[m];
      double[] now = baseline != null ? sorted : new double[m];
      if (baseline == null) {
        for (int i = 0; i < m; i++) {
          before[i] = values[chronological(i)];
          now[i] = values[chronological(m + i)];
        }
        Arrays.sort(before);
      }
      Arrays.sort(now);
      return PooledSamples.of(before, now).pValue();
    }
    Arrays.sort(sorted);
    exactly.clear();
    int fixed = baseline == null ? 0 : baseline.length;
    int i = 0;
    int j = 0;
    while (i < fixed || j < sorted.length) {
      double value = j == sorted.length || (i < fixed && requireNonNull(baseline)[i] <= sorted[j])
          ? requireNonNull(baseline)[i]
          : sorted[j];
      while (i < fixed && requireNonNull(baseline)[i] == value) {
        i++;
      }
      while (j < sorted.length && sorted[j] == value) {
        j++;
      }
      exactly.endsAt(i + j);
    }
    return exactly.probability(Math.round(statistic * rule.units));
  }

  /** The smallest D that would have been a drift with these ties; the one that was reached where that takes too long. */
  private double thresholdGivenTies() {
    KsTail.Tied exactly = ties;
    return exactly == null
        ? statistic
        : (double) exactly.threshold(rule.pValue, Math.round(statistic * rule.units)) / rule.units;
  }

  private void push(double value, long position) {
    int at = next;
    if (ranks != null) {
      int place = ranks.place(value);
      if (filled < values.length) {
        ranks.change(place, 1);
      } else if (places[at] != place) {
        ranks.change(places[at], -1);
        ranks.change(place, 1);
      }
      places[at] = place;
    } else if (two != null) {
      if (filled == values.length) {
        two.remove(values[at]);
      }
      int size = step.size;
      if (filled >= size) {
        two.age(values[at >= size ? at - size : at + size]);
      }
      two.add(value);
    }
    values[at] = value;
    positions[at] = position;
    next = at + 1 == values.length ? 0 : at + 1;
    filled = Math.min(values.length, filled + 1);
  }

  private long above() {
    return ranks != null ? ranks.above() : requireNonNull(two).above();
  }

  private long below() {
    return ranks != null ? ranks.below() : requireNonNull(two).below();
  }

  private Direction direction() {
    long up = above();
    long down = below();
    if (2 * Math.min(up, down) > Math.max(up, down)) {
      return Direction.OTHER;
    }
    return up > down ? Direction.UP : Direction.DOWN;
  }

  private double widest() {
    return ranks != null ? ranks.widest() : requireNonNull(two).widest();
  }

  private long changePoint() {
    double widest = widest();
    int all = values.length;
    int upTo = 0;
    for (double value : values) {
      upTo += value <= widest ? 1 : 0;
    }
    // The baseline's share; with two windows, the share before the split stands for it.
    double baseline = step.shareUpTo(widest);
    int before = 0;
    double best = Double.NEGATIVE_INFINITY;
    int split = 0;
    for (int i = 0; i < all; i++) {
      double explained = ranks != null
          ? divergence(upTo - before, all - i, baseline)
          : divergence(upTo - before, all - i, (double) upTo / all)
              + divergence(before, i, (double) upTo / all);
      if (explained > best) {
        best = explained;
        split = i;
      }
      before += values[chronological(i)] <= widest ? 1 : 0;
    }
    return positions[chronological(split)];
  }

  /** n times the divergence of a share from another: the logarithm of a likelihood ratio. */
  private static double divergence(int count, int n, double share) {
    if (n == 0) {
      return 0.0;
    }
    return n * divergence((double) count / n, share);
  }

  private static double divergence(double p, double share) {
    return (p > 0 ? p * Math.log(p / share) : 0.0)
        + (p < 1 ? (1.0 - p) * Math.log((1.0 - p) / (1.0 - share)) : 0.0);
  }

  /** Where the i-th oldest value is kept. */
  private int chronological(int i) {
    int at = next - filled + i;
    return at < 0 ? at + values.length : at;
  }

  @Override
  void startAfresh() {
    filled = 0;
    next = 0;
    untilLook = 1;
    if (ranks != null) {
      ranks.clear();
    } else {
      requireNonNull(two).clear();
    }
  }

  @Override
  IncrementalKs fresh() {
    return new IncrementalKs(step, rule);
  }

  @Override
  String parameters() {
    return "IncrementalKs of " + step.size + " against "
        + (step.baseline == null ? "as many" : exactly(step.baseline)) + " at p "
        + exactly(rule.pValue);
  }

  @Override
  void write(DataOutput out) throws IOException {
    out.writeInt(filled);
    out.writeInt(untilLook);
    for (int i = 0; i < filled; i++) {
      out.writeDouble(values[chronological(i)]);
      out.writeLong(positions[chronological(i)]);
    }
  }

  @Override
  void read(DataInput in) throws IOException {
    startAfresh();
    int count = in.readInt();
    int look = in.readInt();
    if (count < 0 || count > values.length) {
      throw DetectorState.refused("it holds " + count + " values of " + values.length);
    }
    if (look < 1 || look > rule.stride) {
      throw DetectorState.refused("it looks after " + look + " values, wanted 1 to " + rule.stride);
    }
    long last = -1;
    for (int i = 0; i < count; i++) {
      double value = in.readDouble();
      long position = in.readLong();
      if (!Double.isFinite(value) || position <= last || position > position()) {
        throw DetectorState.refused("it holds a value that never came");
      }
      push(value, position);
      last = position;
    }
    untilLook = look;
  }

  @Override
  int mostMemoryBytes() {
    return 4 + 4 + values.length * (8 + 8);
  }

  /**
   * {@return the D that is a DRIFT whether or not values are tied; above 1 if none is}
   */
  public double threshold() {
    return rule.threshold;
  }

  /** {@return such as {@code newest 500 against 500 values: D 0.041 of 0.134}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "newest %d against %s: D %.3g of %.3g",
        step.size,
        step.baseline == null ? "the " + step.size + " before" : step.baseline.length + " values",
        statistic,
        rule.threshold);
  }

  /**
   * A sample to compare with, without a window yet.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Against {
    private final double[] sorted;

    private Against(double[] sorted) {
      this.sorted = sorted;
    }

    /**
     * {@return a step to a detector that compares a number of the newest values}
     *
     * @param values 2 to 1,000,000
     * @throws IllegalArgumentException if it is out of range
     */
    public Windowed windowOf(int values) {
      return new Windowed(sorted, values);
    }
  }

  /**
   * What is compared, without a promise about false alarms yet.
   *
   * <p>The promise is refused if it is in inputs and at least once per window, or no D of samples so small is so rare.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Windowed extends FalseAlarmStep<IncrementalKs> {
    /** Ascending; null for the window before. */
    private final double @Nullable [] baseline;

    private final int size;

    private Windowed(double @Nullable [] baseline, int size) {
      if (size < 2 || size > LARGEST) {
        throw new IllegalArgumentException(
            "window must be 2 to " + LARGEST + " values, but was " + size);
      }
      this.baseline = baseline;
      this.size = size;
    }

    private int kept() {
      return baseline == null ? 2 * size : size;
    }

    private int against() {
      return baseline == null ? size : baseline.length;
    }

    /** The share of the baseline up to a value, never quite 0 or 1. */
    private double shareUpTo(double value) {
      if (baseline == null) {
        return 0.5;
      }
      double share = Arrays.stream(baseline).filter(b -> b <= value).count();
      return (share + 0.5) / (baseline.length + 1.0);
    }

    @Override
    IncrementalKs made(FalseAlarms falseAlarms) {
      boolean inTime = falseAlarms.time().isPresent();
      if (!inTime && falseAlarms.count() <= size) {
        throw new IllegalArgumentException(
            "a false alarm must be allowed less than once per window of " + size
                + ", but was every " + falseAlarms.count() + " values");
      }
      int stride = inTime ? 1 : Math.max(1, size / LOOKS);
      double probability = ADDED_UP * stride / falseAlarms.count();
      long units = KsTail.units(against(), size);
      long threshold = KsTail.threshold(against(), size, probability);
      if (threshold > units) {
        throw new IllegalArgumentException("no D of " + size + " against " + against()
            + " values is as rare as " + falseAlarms
            + "; allow more alarms or enlarge the window");
      }
      long warning = KsTail.threshold(against(), size, WARNING_FACTOR * probability);
      return new IncrementalKs(
          this,
          new Rule(
              probability,
              (double) threshold / units,
              (double) warning / units,
              stride,
              inTime,
              units,
              falseAlarms));
    }

    private IncrementalKs judgingEvery(double pValue) {
      if (!(pValue > 0 && pValue < 1)) {
        throw new IllegalArgumentException("pValue must be > 0 and < 1, but was " + pValue);
      }
      double n = against();
      double threshold = Math.sqrt(-0.5 * Math.log(0.5 * pValue) * ((n + size) / (n * size)));
      return new IncrementalKs(
          this,
          new Rule(
              pValue,
              Math.nextUp(threshold),
              Double.POSITIVE_INFINITY,
              1,
              false,
              KsTail.units(against(), size),
              null));
    }
  }

  /**
   * When D is judged, and how.
   *
   * @param pValue of one comparison that is a DRIFT
   * @param threshold the D from which on there is a DRIFT
   * @param warning the D from which on there is a WARNING
   * @param stride values from one look to the next
   * @param inTime whether looks are at the ends of blocks
   * @param units what D is counted in
   * @param falseAlarms what is promised; null for nothing
   */
  private record Rule(
      double pValue,
      double threshold,
      double warning,
      int stride,
      boolean inTime,
      long units,
      @Nullable FalseAlarms falseAlarms) {}
}
