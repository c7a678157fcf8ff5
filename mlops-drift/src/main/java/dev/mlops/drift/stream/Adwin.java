package dev.mlops.drift.stream;

import static dev.mlops.drift.state.DetectorState.exactly;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.AfterDrift;
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
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Signals drift when the older part of a window that grows by itself no longer has the mean of the newer part (ADWIN, adaptive
 * windowing).
 *
 * <p>Every 32 values, the window of W values with variance σ² is cut into every older and newer part with means μ₀, μ₁ of n₀,
 * n₁ > 6 values. With L = ln(2 ln(W)/δ) and m = 1/(n₀ − 4) + 1/(n₁ − 4), its oldest values are dropped, and DRIFT is said, as
 * long as some |μ₀ − μ₁| exceeds √(2mσ²L) + (2/3)mL. WARMING_UP until first so checked. After a DRIFT it goes on with the
 * window that is left, so that one change may be said several times while the window shrinks.
 *
 * <p>Values are kept in buckets of 1, 2, 4, …, at most five of each, the newest in the smallest: 5 log₂(W/5) + 5 buckets for
 * W values. Cuts lie between buckets.
 *
 * <p><b>Input</b> is one finite value per update, in scales of the domain: 1 unless {@link #over} says otherwise. The bound
 * is one for values within a few scales of each other; a heavy tail voids it.
 *
 * <p><b>Expect</b>, at δ = 0.002, for errors that change after 5,000 values, a median delay of about 150 values from 0.2 to
 * 0.4, 440 from 0.2 to 0.3, 180 from 0.4 to 0.2. {@code of} promises nothing about false alarms; {@link #at} does, for
 * errors at a known rate.
 *
 * <p>The signal's direction is where the mean of the window went. Its change point is the first value after the cut that
 * divides the window best, (μ₀ − μ₁)²n₀n₁ being largest there, within 25 values in half of the rises from 0.2 to 0.4;
 * statistic and threshold are those of the oldest cut that was beyond its bound.
 *
 * <p>An update takes no memory; cuts that a bound without root and division clears are looked at no further.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://doi.org/10.1137/1.9781611972771.42">Bifet and Gavaldà (2007), Learning from time-changing data with
 *     adaptive windowing</a>
 * @since 0.1
 */
public final class Adwin extends StreamDetector<Adwin> {
  private static final int CLOCK = 32;

  /** A window of at most this number is not cut. */
  private static final int SMALLEST_WINDOW = 10;

  /** Parts of at most this number are not compared. */
  private static final int SMALLEST_PART = 6;

  /** What m subtracts from the size of a part. */
  private static final double PART_LESS = 4.0;

  /** A row with more buckets merges its two oldest. */
  private static final int BUCKETS = 5;

  /** Rows of 2^row values per bucket: 5 · 2^40 values. */
  private static final int ROWS = 40;

  /** A row is a ring of this number of places. */
  private static final int RING = 8;

  /** Far above any value in use; no product of a scan overflows. */
  private static final double MOST = 0x1p200;

  /** Of fewer than 2^44 values. */
  private static final double MOST_TOTAL = 0x1p244;

  private static final double MOST_VARIANCE = 0x1p446;

  /** A variance of which a dropped bucket leaves less than this share is added up again at once. */
  private static final double CANCELLED = 0x1p-30;

  private final double delta;
  private final int clock;
  private final Sides sides;
  private final double inverse;
  private final double scale;
  private final long warmUp;

  private long time;
  private long width;
  private double total;
  private double variance;

  private int rows;
  private final int[] oldest = new int[ROWS];
  private final int[] size = new int[ROWS];
  private final double[] totals = new double[ROWS * RING];
  private final double[] variances = new double[ROWS * RING];
  private final long[] starts = new long[ROWS * RING];

  /** Of the newest cut that was found. */
  private double found;

  private double bound;

  private Adwin(
      double delta, int clock, InputDomain domain, Sides sides, @Nullable FalseAlarms falseAlarms) {
    super(domain, falseAlarms);
    this.delta = delta;
    this.clock = clock;
    this.sides = sides;
    this.scale = domain.scale();
    this.inverse = Math.min(Double.MAX_VALUE, 1.0 / scale);
    this.warmUp = clock * (SMALLEST_WINDOW / clock + 1L);
  }

  /**
   * {@return a detector of both sides}
   *
   * @param delta δ, the confidence of one check; above 0, below 1; the paper's is 0.002
   * @throws IllegalArgumentException if it is out of range
   */
  public static Adwin of(double delta) {
    if (!(delta > 0 && delta < 1)) {
      throw new IllegalArgumentException("delta must be > 0 and < 1, but was " + delta);
    }
    return new Adwin(delta, CLOCK, InputDomain.real(1), Sides.BOTH, null);
  }

  /**
   * {@return a step to a detector of a rise of errors whose false alarms are as rare as wanted}
   *
   * @param rate the rate of errors that is no drift; 0.01 to 0.5
   * @throws IllegalArgumentException if it is outside of the table of false alarms
   */
  public static Calibrated<Adwin> at(double rate) {
    return new Calibrated<>(
        "ADWIN",
        rate,
        (delta, falseAlarms) ->
            new Adwin(delta, CLOCK, InputDomain.binary(), Sides.UP, falseAlarms));
  }

  /**
   * {@return a new detector with the same parameters that checks at another pace}
   *
   * @param values how many values from check to check; at least 1
   * @throws IllegalArgumentException if it is below 1
   * @throws IllegalStateException if this one was made by {@link #at}: its table is for 32
   */
  public Adwin checkedEvery(int values) {
    if (values < 1) {
      throw new IllegalArgumentException(
          "a check must come every 1 or more values, but was every " + values);
    }
    requireNoPromise();
    return treatingAlike(new Adwin(delta, values, domain(), sides, null));
  }

  /**
   * {@return a new detector with the same parameters over other values, counted in their scale}
   *
   * @param domain the values that it judges
   * @throws IllegalStateException if this one was made by {@link #at}: its table is for errors
   */
  public Adwin over(InputDomain domain) {
    requireNonNull(domain, "domain");
    requireNoPromise();
    return treatingAlike(new Adwin(delta, clock, domain, sides, null));
  }

  /**
   * {@return a new detector with the same parameters that says moves to these sides alone}
   *
   * <p>The window shrinks at any move.
   *
   * @param sides to which a move is a drift
   * @throws IllegalStateException if this one was made by {@link #at}: its table is for a rise
   */
  public Adwin watching(Sides sides) {
    requireNonNull(sides, "sides");
    requireNoPromise();
    return treatingAlike(new Adwin(delta, clock, domain(), sides, null));
  }

  @Override
  public Level update(double value) {
    if (!admits(value)) {
      return unjudged(value);
    }
    double x = value * inverse;
    add(x > MOST ? MOST : x < -MOST ? -MOST : x, next());
    if (++time % clock != 0 || width <= SMALLEST_WINDOW) {
      return tell(time < warmUp ? Level.WARMING_UP : Level.STABLE);
    }
    return check();
  }

  private Level check() {
    if (!isCut()) {
      return tell(Level.STABLE);
    }
    double before = total / width;
    long changePoint = changePoint();
    double difference = found;
    double threshold = bound;
    do {
      dropOldest();
    } while (width > SMALLEST_WINDOW && isCut());
    addUp();
    boolean risen = total / width > before;
    if (risen ? sides == Sides.DOWN : sides == Sides.UP) {
      return tell(Level.STABLE);
    }
    statistic = difference * scale;
    return drift(risen ? Direction.UP : Direction.DOWN, changePoint, threshold * scale);
  }

  private void add(double x, long position) {
    if (width > 0) {
      double off = x - total / width;
      variance += width * off * off / (width + 1);
    }
    width++;
    total += x;
    if (rows == 0) {
      rows = 1;
    }
    int place = oldest[0] + size[0]++ & RING - 1;
    totals[place] = x;
    starts[place] = position;
    if (size[0] > BUCKETS) {
      merge();
    }
  }

  private void merge() {
    double half = 0.5;
    for (int row = 0; size[row] > BUCKETS; row++, half *= 0.5) {
      if (row == ROWS - 1) {
        dropOldest();
        return;
      }
      int here = row * RING;
      int first = here + (oldest[row] & RING - 1);
      int second = here + (oldest[row] + 1 & RING - 1);
      oldest[row] += 2;
      size[row] -= 2;
      rows = Math.max(rows, row + 2);
      int place = (row + 1) * RING + (oldest[row + 1] + size[row + 1]++ & RING - 1);
      double between = totals[first] - totals[second];
      totals[place] = totals[first] + totals[second];
      variances[place] = variances[first] + variances[second] + between * between * half;
      starts[place] = starts[first];
    }
  }

  private void dropOldest() {
    int row = rows - 1;
    int place = row * RING + (oldest[row]++ & RING - 1);
    size[row]--;
    while (rows > 0 && size[rows - 1] == 0) {
      rows--;
    }
    double n = 1L << row;
    double lost = totals[place];
    width -= 1L << row;
    total -= lost;
    double off = lost / n - total / width;
    double spread = variances[place] + n * width * off * off / (n + width);
    variance -= spread;
    if (variance < CANCELLED * spread) {
      addUp();
    }
  }

  /** Total and variance from the buckets, without what the rounding of greater ones has left behind. */
  private void addUp() {
    total = 0.0;
    variance = 0.0;
    long seen = 0;
    for (int row = rows - 1; row >= 0; row--) {
      double n = 1L << row;
      for (int i = 0; i < size[row]; i++) {
        int place = row * RING + (oldest[row] + i & RING - 1);
        double off = seen == 0 ? 0.0 : totals[place] / n - total / seen;
        variance += variances[place] + seen * n * off * off / (seen + n);
        total += totals[place];
        seen += 1L << row;
      }
    }
  }

  /** Whether a cut is beyond its bound; the oldest one is kept in {@code found} and {@code bound}. */
  private boolean isCut() {
    double w = width;
    double sigma2 = variance / w;
    double log = Math.log(2.0 * Math.log(w) / delta);
    // Where (|μ0 - μ1| n0 n1)² (n0 - 4)(n1 - 4) is at most this times (n0 n1)², the difference is
    // within √(2mσ²L).
    double most = 2.0 * sigma2 * log * (w - 2.0 * PART_LESS) * (1.0 - 1e-12);
    // Rounding moves u0 w - total n0 by less, since |u0| is at most √(w Σx²).
    double rounding = 1e-15 * w * (Math.sqrt(w * variance + total * total) + Math.abs(total));
    double n0 = 0.0;
    double u0 = 0.0;
    for (int row = rows - 1; row >= 0; row--) {
      double n = 1L << row;
      int here = row * RING;
      int first = oldest[row];
      for (int i = 0; i < size[row]; i++) {
        n0 += n;
        u0 += totals[here + (first + i & RING - 1)];
        double n1 = w - n0;
        if (n1 <= SMALLEST_PART) {
          return false;
        }
        if (n0 <= SMALLEST_PART) {
          continue;
        }
        double gap = Math.abs(u0 * w - total * n0) + rounding;
        double product = n0 * n1;
        if (gap * gap * ((n0 - PART_LESS) * (n1 - PART_LESS)) > most * (product * product)
            && isBeyond(n0, u0, sigma2, log)) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean isBeyond(double n0, double u0, double sigma2, double log) {
    double n1 = width - n0;
    double m = 1.0 / (n0 - PART_LESS) + 1.0 / (n1 - PART_LESS);
    found = Math.abs(u0 / n0 - (total - u0) / n1);
    bound = Math.sqrt(2.0 * m * sigma2 * log) + 2.0 / 3.0 * m * log;
    return found > bound;
  }

  /** The start of the bucket after the cut where the two parts differ most. */
  private long changePoint() {
    double most = -1.0;
    boolean next = false;
    long best = 0;
    double n0 = 0.0;
    double u0 = 0.0;
    for (int row = rows - 1; row >= 0; row--) {
      double n = 1L << row;
      for (int i = 0; i < size[row]; i++) {
        int place = row * RING + (oldest[row] + i & RING - 1);
        if (next) {
          best = starts[place];
          next = false;
        }
        n0 += n;
        u0 += totals[place];
        double n1 = width - n0;
        if (n0 > SMALLEST_PART && n1 > SMALLEST_PART) {
          double gap = u0 * width - total * n0;
          double divides = gap * gap / (n0 * n1);
          if (divides > most) {
            most = divides;
            next = true;
          }
        }
      }
    }
    return best;
  }

  /** {@return how many of the newest judged values it holds for alike} */
  public long width() {
    return width;
  }

  /** {@return the mean of those values; empty before the first} */
  public OptionalDouble mean() {
    return width == 0 ? OptionalDouble.empty() : OptionalDouble.of(total / width * scale);
  }

  @Override
  public AfterDrift afterDrift() {
    return AfterDrift.GOES_ON;
  }

  @Override
  void startAfresh() {
    time = 0;
    width = 0;
    total = 0.0;
    variance = 0.0;
    rows = 0;
    Arrays.fill(oldest, 0);
    Arrays.fill(size, 0);
  }

  @Override
  Adwin fresh() {
    return new Adwin(delta, clock, domain(), sides, falseAlarms().orElse(null));
  }

  @Override
  String parameters() {
    return "Adwin delta " + exactly(delta) + ", clock " + clock + ", " + sides.name();
  }

  @Override
  void write(DataOutput out) throws IOException {
    out.writeLong(time);
    out.writeLong(width);
    out.writeDouble(total);
    out.writeDouble(variance);
    out.writeByte(rows);
    for (int row = 0; row < rows; row++) {
      out.writeByte(size[row]);
      for (int i = 0; i < size[row]; i++) {
        int place = row * RING + (oldest[row] + i & RING - 1);
        out.writeDouble(totals[place]);
        out.writeDouble(variances[place]);
        out.writeLong(starts[place]);
      }
    }
  }

  private static double within(double read, double most) {
    if (!(Math.abs(read) <= most)) {
      throw DetectorState.refused("it holds a sum of " + read);
    }
    return read;
  }

  @Override
  void read(DataInput in) throws IOException {
    startAfresh();
    time = readCount(in);
    width = readCount(in);
    total = within(in.readDouble(), MOST_TOTAL);
    variance = within(in.readDouble(), MOST_VARIANCE);
    long held = 0;
    rows = in.readUnsignedByte();
    if (rows > ROWS) {
      throw DetectorState.refused("it has " + rows + " rows, wanted at most " + ROWS);
    }
    for (int row = 0; row < rows; row++) {
      size[row] = in.readUnsignedByte();
      if (size[row] > BUCKETS) {
        throw DetectorState.refused(
            "it has " + size[row] + " buckets in a row, wanted at most " + BUCKETS);
      }
      for (int i = 0; i < size[row]; i++) {
        int place = row * RING + i;
        totals[place] = within(in.readDouble(), MOST_TOTAL);
        variances[place] = within(in.readDouble(), MOST_VARIANCE);
        starts[place] = readPosition(in);
        held += 1L << row;
      }
    }
    if (held != width) {
      throw DetectorState.refused("it holds " + held + " values in a window of " + width);
    }
  }

  @Override
  int mostMemoryBytes() {
    return 4 * 8 + 1 + ROWS * (1 + BUCKETS * 3 * 8);
  }

  /** {@return such as {@code ADWIN BOTH: 4096 values alike, mean 0.21}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "ADWIN %s: %d values alike, mean %.3g",
        sides,
        width,
        mean().orElse(0.0));
  }
}
