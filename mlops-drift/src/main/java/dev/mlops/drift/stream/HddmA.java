package dev.mlops.drift.stream;

import static dev.mlops.drift.state.DetectorState.exactly;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Signals drift when the mean of a bounded stream has risen above that of its lowest beginning, by Hoeffding's inequality
 * (HDDM_A).
 *
 * <p>With x in 0 to 1, x̄ the mean of all n values and ε(n) = √(ln(1/α)/(2n)), the cut is the newest n at which x̄ + ε(n)
 * was lowest. DRIFT when x̄ exceeds the mean at the cut by √(m/2 · ln(2/α)) or more, m = 1/n_cut − 1/n; WARNING at the same
 * with the warning's α. A fall is found by the mirror image, from the cut at which x̄ − ε(n) was highest; where rises and
 * falls are watched, a fall has no WARNING. After a DRIFT it starts afresh.
 *
 * <p><b>Input</b> is one value per update, in 0 to 1 unless {@link #over} says otherwise; for errors, 1 if wrong and 0 if
 * right. Outside of its ends the inequality means nothing, so such a value is not judged.
 *
 * <p><b>Expect</b>, at α = 0.001, for a rise from 0.2 to 0.4 after 5,000 values, a median delay of about 140 values, from 0.2
 * to 0.3 about 440. {@code of} promises nothing about false alarms: α bounds one comparison, and there is one per value.
 * {@link #at} promises.
 *
 * <p>The signal's change point is the value after the cut, early by 150 values in half of such drifts; its statistic is
 * n(x̄ − mean at the cut), in units of the input summed over values.
 *
 * <p>An update takes no logarithm, and a division or a square root only where a comparison is close.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://doi.org/10.1109/TKDE.2014.2345382">Frías-Blanco et al. (2015), Online and non-parametric drift
 *     detection methods based on Hoeffding's bounds</a>
 * @since 0.1
 */
public final class HddmA extends StreamDetector<HddmA> {
  /**
   * No rounding moves a mean, or a bound of one, by more. Where sums over n values differ by more than n of it, they are
   * compared without division and root; where not, as the formula stands.
   */
  private static final double ROUNDING = 1e-14;

  private final double driftAlpha;
  private final double warningAlpha;
  private final Sides sides;

  private final double lowest;
  private final double width;
  private final double inverse;
  private final boolean falling;
  private final boolean both;

  /** ln(1/α)/2, so that ε(n)² is cutLog/n. */
  private final double cutLog;
  /** ln(2/α)/2 of drift and of warning, so that the bound's square is m · log. */
  private final double driftLog;

  private final double warningLog;

  private double n;
  private double sum;
  private final Cut low = new Cut();
  private final Cut high = new Cut();

  private HddmA(
      double driftAlpha,
      double warningAlpha,
      InputDomain domain,
      Sides sides,
      @Nullable FalseAlarms falseAlarms) {
    super(domain, falseAlarms);
    this.driftAlpha = driftAlpha;
    this.warningAlpha = warningAlpha;
    this.sides = sides;
    this.lowest = domain.lowest();
    this.width = domain.highest() - lowest;
    this.inverse = 1.0 / width;
    this.falling = sides == Sides.DOWN;
    this.both = sides == Sides.BOTH;
    this.cutLog = Math.log(1.0 / driftAlpha) / 2.0;
    this.driftLog = Math.log(2.0 / driftAlpha) / 2.0;
    this.warningLog = Math.log(2.0 / warningAlpha) / 2.0;
  }

  /** {@return the paper's detector of a rise: drift at 0.001, warning at 0.005} */
  public static HddmA of() {
    return of(0.001, 0.005);
  }

  /**
   * {@return a detector of a rise}
   *
   * @param drift α of a drift; above 0, below 1
   * @param warning α of a warning; at least {@code drift}, below 1
   * @throws IllegalArgumentException if they are out of range
   */
  public static HddmA of(double drift, double warning) {
    if (!(drift > 0) || !(warning >= drift) || !(warning < 1)) {
      throw new IllegalArgumentException(
          "wanted 0 < drift <= warning < 1, but got drift " + drift + " and warning " + warning);
    }
    return new HddmA(drift, warning, InputDomain.bounded(0, 1), Sides.UP, null);
  }

  /**
   * {@return a step to a detector of a rise of errors whose false alarms are as rare as wanted}
   *
   * <p>Its warning is at five times the α of its drift.
   *
   * @param rate the rate of errors that is no drift; 0.01 to 0.5
   * @throws IllegalArgumentException if it is outside of the table of false alarms
   */
  public static Calibrated<HddmA> at(double rate) {
    return new Calibrated<>(
        "HDDM_A",
        rate,
        (drift, falseAlarms) -> new HddmA(
            drift, Math.min(0.99, 5.0 * drift), InputDomain.binary(), Sides.UP, falseAlarms));
  }

  /**
   * {@return a new detector with the same parameters over other values}
   *
   * @param domain the values that it judges: binary, or bounded at both ends
   * @throws IllegalArgumentException if the domain lacks an end, or its ends are too far apart or too close for numbers
   * @throws IllegalStateException if this one was made by {@link #at}: its table is for errors
   */
  public HddmA over(InputDomain domain) {
    requireNonNull(domain, "domain");
    requireNoPromise();
    double width = domain.highest() - domain.lowest();
    if (!(width >= Double.MIN_NORMAL) || !Double.isFinite(width)) {
      throw new IllegalArgumentException(
          "Hoeffding's inequality wants values between two finite ends, but got " + domain);
    }
    return treatingAlike(new HddmA(driftAlpha, warningAlpha, domain, sides, null));
  }

  /**
   * {@return a new detector with the same parameters that watches these sides}
   *
   * @param sides to which a move is a drift
   * @throws IllegalStateException if this one was made by {@link #at}: its table is for a rise
   */
  public HddmA watching(Sides sides) {
    requireNonNull(sides, "sides");
    requireNoPromise();
    return treatingAlike(new HddmA(driftAlpha, warningAlpha, domain(), sides, null));
  }

  @Override
  public Level update(double value) {
    if (!admits(value)) {
      return unjudged(value);
    }
    long position = next();
    double share = (value - lowest) * inverse;
    n++;
    sum += falling ? 1.0 - share : share;
    double rounding = ROUNDING * n;
    if (low.isOvertaken(n, sum, rounding, cutLog)) {
      low.set(n, sum, cutLog, position);
    }
    double rise = low.excess(n, sum);
    if (!both) {
      return judge(rise, rounding);
    }
    if (high.isOvertaken(n, -sum, rounding, cutLog)) {
      high.set(n, -sum, cutLog, position);
    }
    Level level = judge(rise, rounding);
    double fall = high.excess(n, -sum);
    if (level == Level.DRIFT || !high.mayExceed(fall, n, rounding, driftLog)) {
      return level;
    }
    return judgeFall(level, fall);
  }

  private Level judge(double rise, double rounding) {
    statistic = rise * width;
    return low.mayExceed(rise, n, rounding, warningLog) ? judgeRise() : tell(Level.STABLE);
  }

  private Level judgeRise() {
    if (low.exceeds(n, sum, driftLog)) {
      return drift(
          falling ? Direction.DOWN : Direction.UP,
          low.position + 1,
          width * n * low.bound(n, driftLog));
    }
    return tell(low.exceeds(n, sum, warningLog) ? Level.WARNING : Level.STABLE);
  }

  private Level judgeFall(Level level, double fall) {
    if (!high.exceeds(n, -sum, driftLog)) {
      return level;
    }
    statistic = fall * width;
    return drift(Direction.DOWN, high.position + 1, width * n * high.bound(n, driftLog));
  }

  @Override
  void startAfresh() {
    n = 0.0;
    sum = 0.0;
    low.clear();
    high.clear();
  }

  @Override
  HddmA fresh() {
    return new HddmA(driftAlpha, warningAlpha, domain(), sides, falseAlarms().orElse(null));
  }

  @Override
  String parameters() {
    return "HddmA drift " + exactly(driftAlpha) + ", warning " + exactly(warningAlpha) + ", "
        + sides.name();
  }

  @Override
  void write(DataOutput out) throws IOException {
    out.writeDouble(n);
    out.writeDouble(sum);
    low.write(out);
    high.write(out);
  }

  @Override
  void read(DataInput in) throws IOException {
    n = readFinite(in, 0.0);
    sum = readFinite(in, -Double.MAX_VALUE);
    low.read(in);
    high.read(in);
    requirePosition(low.position);
    requirePosition(high.position);
  }

  @Override
  int mostMemoryBytes() {
    return 2 * 8 + 2 * Cut.BYTES;
  }

  /** {@return such as {@code HDDM_A UP: statistic 12.3 over 812 values since the restart}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "HDDM_A %s: statistic %.3g over %.0f values since the restart",
        sides,
        statistic,
        n);
  }

  /** The beginning with the lowest upper bound of its mean. */
  private static final class Cut {
    static final int BYTES = 5 * 8;

    private double count;
    private double inverse;
    private double mean;
    private double bound;
    private long position;

    /** Whether sum/n + ε(n) is at most the bound; always before the first. */
    boolean isOvertaken(double n, double sum, double rounding, double log) {
      if (count == 0.0) {
        return true;
      }
      double room = bound * n - sum;
      double wanted = log * n;
      double surely = room + rounding;
      if (surely <= 0.0 || surely * surely < wanted) {
        return false;
      }
      return bound >= sum / n + Math.sqrt(log / n);
    }

    void set(double n, double sum, double log, long at) {
      count = n;
      inverse = 1.0 / n;
      mean = sum / n;
      bound = mean + Math.sqrt(log / n);
      position = at;
    }

    /** n(x̄ − mean). */
    double excess(double n, double sum) {
      return sum - mean * n;
    }

    /** False only where {@link #exceeds} is. */
    boolean mayExceed(double excess, double n, double rounding, double log) {
      double most = excess + rounding;
      return most > 0.0 && most * most >= log * (1.0 - ROUNDING) * n * (n - count) * inverse;
    }

    boolean exceeds(double n, double sum, double log) {
      return n > count && sum / n - mean >= bound(n, log);
    }

    double bound(double n, double log) {
      return Math.sqrt((n - count) / (count * n) * log);
    }

    void clear() {
      count = 0.0;
      inverse = 0.0;
      mean = 0.0;
      bound = 0.0;
      position = 0;
    }

    void write(DataOutput out) throws IOException {
      out.writeDouble(count);
      out.writeDouble(inverse);
      out.writeDouble(mean);
      out.writeDouble(bound);
      out.writeLong(position);
    }

    void read(DataInput in) throws IOException {
      count = readFinite(in, 0.0);
      inverse = readFinite(in, 0.0);
      mean = readFinite(in, -Double.MAX_VALUE);
      bound = readFinite(in, -Double.MAX_VALUE);
      position = in.readLong();
    }
  }
}
