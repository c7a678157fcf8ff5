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
 * Signals drift when the mean of a stream has risen above its own past (Page–Hinkley test).
 *
 * <p>With x̄(t) the running mean, m(t) = Σ (x(i) − x̄(i) − δ) and PH(t) = m(t) − min m(i) over 0 ≤ i ≤ t, m(0) = 0;
 * DRIFT when PH(t) exceeds λ, WARMING_UP for the first 30 values unless {@link #warmingUpFor} says otherwise. Kept as
 * max(0, PH(t−1) + x(t) − x̄(t) − δ): O(1) time and memory. A fall is watched by the same on −x. After a DRIFT it starts
 * afresh, its mean too.
 *
 * <p><b>Input</b> is one finite value per update; for errors, 1 if wrong and 0 if right. δ and λ are in units of the
 * domain's scale, which is that of the input unless {@link #over} says otherwise.
 *
 * <p><b>Expect</b>, at δ = 0.005, λ = 50, a rise of the error rate from 0.10 to 0.40 to be found after about 150 values,
 * however long the calm. {@code of} promises nothing about false alarms; {@link #at} does, for errors at a known rate.
 *
 * <p>The signal's change point is where PH last left 0. With a δ far below the rise that is early: by 430 values in half of
 * such drifts after 5,000 calm values.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://doi.org/10.1093/biomet/41.1-2.100">Page (1954), Continuous inspection schemes</a>
 * @since 0.1
 */
public final class PageHinkley extends StreamDetector<PageHinkley> {
  private static final long WARM_UP = 30;

  private final double delta;
  private final double threshold;
  private final long warmUp;
  private final Sides sides;

  private final double slack;
  private final double limit;
  private final boolean up;
  private final boolean down;

  private long count;
  private double mean;
  private double rise;
  private double fall;
  private long riseStart;
  private long fallStart;

  private PageHinkley(
      double delta,
      double threshold,
      long warmUp,
      InputDomain domain,
      Sides sides,
      @Nullable FalseAlarms falseAlarms) {
    super(domain, falseAlarms);
    this.delta = delta;
    this.threshold = threshold;
    this.warmUp = warmUp;
    this.sides = sides;
    this.slack = delta * domain.scale();
    this.limit = threshold * domain.scale();
    this.up = sides != Sides.DOWN;
    this.down = sides != Sides.UP;
    if (!(limit > 0) || !Double.isFinite(limit) || !Double.isFinite(slack)) {
      throw new IllegalArgumentException("delta and threshold times the scale must be finite and"
          + " the latter > 0, but were " + slack + " and " + limit);
    }
  }

  /**
   * {@return a detector of a rise that tolerates {@code delta} and fires above {@code threshold}}
   *
   * @param delta rise per value that is tolerated, in units of the input; finite, at least 0
   * @param threshold λ, in units of the input summed over values; finite, above 0
   * @throws IllegalArgumentException if either is out of range
   */
  public static PageHinkley of(double delta, double threshold) {
    if (!(delta >= 0) || !Double.isFinite(delta)) {
      throw new IllegalArgumentException("delta must be finite and >= 0, but was " + delta);
    }
    if (!(threshold > 0) || !Double.isFinite(threshold)) {
      throw new IllegalArgumentException("threshold must be finite and > 0, but was " + threshold);
    }
    return new PageHinkley(delta, threshold, WARM_UP, InputDomain.real(1), Sides.UP, null);
  }

  /**
   * {@return a step to a detector of a rise of errors whose false alarms are as rare as wanted}
   *
   * <p>Its δ is 0.005.
   *
   * @param rate the rate of errors that is no drift; 0.01 to 0.5
   * @throws IllegalArgumentException if it is outside of the table of false alarms
   */
  public static Calibrated<PageHinkley> at(double rate) {
    return new Calibrated<>(
        "PAGE_HINKLEY",
        rate,
        (threshold, falseAlarms) -> new PageHinkley(
            0.005, threshold, WARM_UP, InputDomain.binary(), Sides.UP, falseAlarms));
  }

  /**
   * {@return a new detector with the same parameters over other values, δ and λ in units of their scale}
   *
   * @param domain the values that it judges
   * @throws IllegalArgumentException if the parameters times the scale leave the finite numbers
   * @throws IllegalStateException if this one was made by {@link #at}: its table is for errors
   */
  public PageHinkley over(InputDomain domain) {
    requireNonNull(domain, "domain");
    requireNoPromise();
    return treatingAlike(new PageHinkley(delta, threshold, warmUp, domain, sides, null));
  }

  /**
   * {@return a new detector with the same parameters that watches these sides}
   *
   * @param sides to which a move is a drift
   * @throws IllegalStateException if this one was made by {@link #at}: its table is for a rise
   */
  public PageHinkley watching(Sides sides) {
    requireNonNull(sides, "sides");
    requireNoPromise();
    return treatingAlike(new PageHinkley(delta, threshold, warmUp, domain(), sides, null));
  }

  /**
   * {@return a new detector with the same parameters that is deaf to another number of first values}
   *
   * @param values how many, after each restart; at least 0
   * @throws IllegalArgumentException if it is below 0
   * @throws IllegalStateException if this one was made by {@link #at}: its table is for 30
   */
  public PageHinkley warmingUpFor(long values) {
    if (values < 0) {
      throw new IllegalArgumentException("a warm-up must be 0 or more values, but was " + values);
    }
    requireNoPromise();
    return treatingAlike(new PageHinkley(delta, threshold, values, domain(), sides, null));
  }

  @Override
  public Level update(double value) {
    if (!admits(value)) {
      return unjudged(value);
    }
    long position = next();
    double x = tamed(value);
    // The next mean waits for a product, not for a quotient.
    double weight = 1.0 / ++count;
    mean += (x - mean) * weight;
    double excess = x - mean;
    double sum = 0.0;
    if (up) {
      riseStart = rise <= 0.0 ? position : riseStart;
      double next = rise + (excess - slack);
      rise = next > 0.0 ? next : 0.0;
      sum = rise;
    }
    if (down) {
      fallStart = fall <= 0.0 ? position : fallStart;
      double next = fall - (excess + slack);
      fall = next > 0.0 ? next : 0.0;
      sum = Math.max(sum, fall);
    }
    statistic = sum;
    if (count <= warmUp) {
      return tell(Level.WARMING_UP);
    }
    if (sum > limit) {
      return rise >= fall
          ? drift(Direction.UP, riseStart, limit)
          : drift(Direction.DOWN, fallStart, limit);
    }
    return tell(Level.STABLE);
  }

  @Override
  void startAfresh() {
    count = 0;
    mean = 0.0;
    rise = 0.0;
    fall = 0.0;
    riseStart = 0;
    fallStart = 0;
  }

  @Override
  PageHinkley fresh() {
    return new PageHinkley(
        delta, threshold, warmUp, domain(), sides, falseAlarms().orElse(null));
  }

  @Override
  String parameters() {
    return "PageHinkley delta " + exactly(delta) + ", threshold " + exactly(threshold)
        + ", warm-up " + warmUp + ", " + sides.name();
  }

  @Override
  void write(DataOutput out) throws IOException {
    out.writeLong(count);
    out.writeDouble(mean);
    out.writeDouble(rise);
    out.writeDouble(fall);
    out.writeLong(riseStart);
    out.writeLong(fallStart);
  }

  @Override
  void read(DataInput in) throws IOException {
    count = readCount(in);
    mean = readFinite(in, -Double.MAX_VALUE);
    rise = readFinite(in, 0.0);
    fall = readFinite(in, 0.0);
    riseStart = readPosition(in);
    fallStart = readPosition(in);
  }

  @Override
  int mostMemoryBytes() {
    return 6 * 8;
  }

  /** {@return such as {@code Page–Hinkley UP: mean 0.2, statistic 12.3 of 50}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "Page–Hinkley %s: mean %.3g, statistic %.3g of %.4g",
        sides,
        mean,
        statistic,
        limit);
  }
}
