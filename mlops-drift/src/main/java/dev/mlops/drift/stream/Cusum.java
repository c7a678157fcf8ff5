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
 * Signals drift when the mean of a stream has risen above a given one (tabular CUSUM).
 *
 * <p>With z = (x − mean)/scale, S⁺ ← max(0, S⁺ + z − k) and S⁻ ← max(0, S⁻ − z − k) from 0; DRIFT when a watched one
 * exceeds h. The slack k is half the move that is to be found soonest, in scales. After a DRIFT both start from 0.
 *
 * <p><b>Input</b> is one finite value per update; for errors, 1 if wrong and 0 if right. The scale is the domain's: 1 unless
 * {@link #over} says otherwise, so that k and h are in units of the input.
 *
 * <p><b>Expect</b>, for errors at rate 0.2, scale 0.4, k = 0.125, h = 20, a rise to 0.3 to be found after about 100
 * values, one to 0.4 after 45. A mean that is not the stream's own is a drift from the start. {@code of} promises
 * nothing about false alarms; {@link #at} does, for errors at a known rate.
 *
 * <p>The signal's change point is where the sum last left 0; half of the estimates are within 45 values for a rise
 * to 0.3.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://doi.org/10.1093/biomet/41.1-2.100">Page (1954), Continuous inspection schemes</a>
 * @since 0.1
 */
public final class Cusum extends StreamDetector<Cusum> {
  /** Of a calibrated detector, in scales: a move of a quarter of the scale is found soonest. */
  private static final double SLACK = 0.125;

  private final double mean;
  private final double slack;
  private final double threshold;
  private final Sides sides;

  private final double inverse;
  private final boolean up;
  private final boolean down;

  private double rise;
  private double fall;
  private long riseStart;
  private long fallStart;

  private Cusum(
      double mean,
      double slack,
      double threshold,
      InputDomain domain,
      Sides sides,
      @Nullable FalseAlarms falseAlarms) {
    super(domain, falseAlarms);
    this.mean = mean;
    this.slack = slack;
    this.threshold = threshold;
    this.sides = sides;
    this.inverse = Math.min(Double.MAX_VALUE, 1.0 / domain.scale());
    this.up = sides != Sides.DOWN;
    this.down = sides != Sides.UP;
  }

  /**
   * {@return a detector of a rise above {@code mean}}
   *
   * @param mean the mean that is no drift, in units of the input; finite
   * @param slack k, the move per value that is tolerated, in scales; finite, at least 0
   * @param threshold h, the sum above which it fires, in scales; finite, above 0
   * @throws IllegalArgumentException if one is out of range
   */
  public static Cusum of(double mean, double slack, double threshold) {
    if (!Double.isFinite(mean)) {
      throw new IllegalArgumentException("mean must be finite, but was " + mean);
    }
    if (!(slack >= 0) || !Double.isFinite(slack)) {
      throw new IllegalArgumentException("slack must be finite and >= 0, but was " + slack);
    }
    if (!(threshold > 0) || !Double.isFinite(threshold)) {
      throw new IllegalArgumentException("threshold must be finite and > 0, but was " + threshold);
    }
    return new Cusum(mean, slack, threshold, InputDomain.real(1), Sides.UP, null);
  }

  /**
   * {@return a step to a detector of a rise of errors whose false alarms are as rare as wanted}
   *
   * <p>Its scale is √(rate (1 − rate)), its slack 0.125 of it. It never learns a rate: give {@link SrEDetector#upperLimit} of one
   * that was measured. A lower one raises fewer false alarms.
   *
   * @param rate the rate of errors that is no drift; 0.01 to 0.5
   * @throws IllegalArgumentException if it is outside of the table of false alarms
   */
  public static Calibrated<Cusum> at(double rate) {
    double scale = Math.sqrt(rate * (1.0 - rate));
    return new Calibrated<>(
        "CUSUM",
        rate,
        (threshold, falseAlarms) -> new Cusum(
            rate, SLACK * scale, threshold * scale, InputDomain.binary(), Sides.UP, falseAlarms));
  }

  /**
   * {@return a new detector with the same parameters over other values, slack and threshold in units of their scale}
   *
   * @param domain the values that it judges
   * @throws IllegalStateException if this one was made by {@link #at}: its table is for errors
   */
  public Cusum over(InputDomain domain) {
    requireNonNull(domain, "domain");
    requireNoPromise();
    return treatingAlike(new Cusum(mean, slack, threshold, domain, sides, null));
  }

  /**
   * {@return a new detector with the same parameters that watches these sides}
   *
   * @param sides to which a move is a drift
   * @throws IllegalStateException if this one was made by {@link #at}: its table is for a rise
   */
  public Cusum watching(Sides sides) {
    requireNonNull(sides, "sides");
    requireNoPromise();
    return treatingAlike(new Cusum(mean, slack, threshold, domain(), sides, null));
  }

  @Override
  public Level update(double value) {
    if (!admits(value)) {
      return unjudged(value);
    }
    long position = next();
    double z = tamed((value - mean) * inverse);
    double sum = 0.0;
    if (up) {
      riseStart = rise <= 0.0 ? position : riseStart;
      double next = rise + (z - slack);
      rise = next > 0.0 ? next : 0.0;
      sum = rise;
    }
    if (down) {
      fallStart = fall <= 0.0 ? position : fallStart;
      double next = fall - (z + slack);
      fall = next > 0.0 ? next : 0.0;
      sum = Math.max(sum, fall);
    }
    statistic = sum;
    if (sum > threshold) {
      return rise >= fall
          ? drift(Direction.UP, riseStart, threshold)
          : drift(Direction.DOWN, fallStart, threshold);
    }
    return tell(Level.STABLE);
  }

  @Override
  void startAfresh() {
    rise = 0.0;
    fall = 0.0;
    riseStart = 0;
    fallStart = 0;
  }

  @Override
  Cusum fresh() {
    return new Cusum(mean, slack, threshold, domain(), sides, falseAlarms().orElse(null));
  }

  @Override
  String parameters() {
    return "Cusum mean " + exactly(mean) + ", slack " + exactly(slack) + ", threshold "
        + exactly(threshold) + ", " + sides.name();
  }

  @Override
  void write(DataOutput out) throws IOException {
    out.writeDouble(rise);
    out.writeDouble(fall);
    out.writeLong(riseStart);
    out.writeLong(fallStart);
  }

  @Override
  void read(DataInput in) throws IOException {
    rise = readFinite(in, 0.0);
    fall = readFinite(in, 0.0);
    riseStart = readPosition(in);
    fallStart = readPosition(in);
  }

  @Override
  int mostMemoryBytes() {
    return 4 * 8;
  }

  /** {@return such as {@code CUSUM UP from 0.2: statistic 3.20 of 12.00}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "CUSUM %s from %.3g: statistic %.3g of %.4g",
        sides,
        mean,
        statistic,
        threshold);
  }
}
