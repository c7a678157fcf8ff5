package dev.mlops.drift.stream;

import static dev.mlops.drift.state.DetectorState.exactly;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.drift.state.DetectorState;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Signals drift when the error rate has risen above its own lowest (DDM, the drift detection method).
 *
 * <p>With p the share of errors so far and s = √(p(1 − p)/n), p_min and s_min are those where p + s was lowest. WARNING when
 * p + s exceeds p_min + 2 s_min, DRIFT when it exceeds p_min + 3 s_min, WARMING_UP for the first 29 values. A minimum is
 * kept from the 29th value on, and from the first error on: without one, p_min = s_min = 0, and the first error afterwards
 * would be a drift. After a DRIFT it starts afresh.
 *
 * <p><b>Input</b> is one error per update: 1 if wrong, 0 if right.
 *
 * <p><b>Expect</b>, for a rise from 0.2 to 0.4 after 5,000 values, a median delay of about 400 values, but more than 2,000 in
 * one of ten: p never forgets, so the delay grows with the calm. {@code of} promises nothing about false alarms: at 2 and 3,
 * in runs of 100,000 values, they come every 50,000 at an error rate of 0.01 to every 600,000 at 0.5, most of them early in a
 * run. {@link #at} promises.
 *
 * <p>The signal's change point is where R = max(0, R + x − p − p(1 − p)/4) last left 0; the minimum itself is mostly thousands
 * of values old. Its statistic is p + s.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://doi.org/10.1007/978-3-540-28645-5_29">Gama et al. (2004), Learning with drift detection</a>
 * @since 0.1
 */
public final class Ddm extends StreamDetector<Ddm> {
  /** The value from which on a minimum is kept; a drift needs one more. */
  private static final int WARM_UP = 29;

  private final double drift;
  private final double warning;

  private long count;
  private double rate;
  private double lowest = Double.POSITIVE_INFINITY;
  private double warningAbove = Double.POSITIVE_INFINITY;
  private double driftAbove = Double.POSITIVE_INFINITY;
  private double rise;
  private long riseStart;

  private Ddm(double drift, double warning, @Nullable FalseAlarms falseAlarms) {
    super(InputDomain.binary(), falseAlarms);
    this.drift = drift;
    this.warning = warning;
  }

  /** {@return the paper's detector: drift at 3, warning at 2} */
  public static Ddm of() {
    return of(3, 2);
  }

  /**
   * {@return a detector with other levels}
   *
   * @param drift how many s_min above p_min is a drift; finite, at least {@code warning}
   * @param warning how many is a warning; above 0
   * @throws IllegalArgumentException if they are out of range
   */
  public static Ddm of(double drift, double warning) {
    if (!(warning > 0) || !(drift >= warning) || !Double.isFinite(drift)) {
      throw new IllegalArgumentException(
          "wanted finite drift >= warning > 0, but got drift " + drift + " and warning " + warning);
    }
    return new Ddm(drift, warning, null);
  }

  /**
   * {@return a step to a detector of a rise of errors whose false alarms are as rare as wanted}
   *
   * <p>Its warning is at two thirds of its drift. The promise is one on average: however rare, four of ten new detectors alarm
   * within their first 1,000 values, whose lowest p + s rests on too few, and then hardly ever again.
   *
   * @param rate the rate of errors that is no drift; 0.01 to 0.5
   * @throws IllegalArgumentException if it is outside of the table of false alarms
   */
  public static Calibrated<Ddm> at(double rate) {
    return new Calibrated<>(
        "DDM", rate, (drift, falseAlarms) -> new Ddm(drift, drift * 2.0 / 3.0, falseAlarms));
  }

  @Override
  public Level update(double value) {
    if (!admits(value)) {
      return unjudged(value);
    }
    long position = next();
    // The next rate waits for a product, not for a quotient.
    double weight = 1.0 / ++count;
    rate += (value - rate) * weight;
    double variance = rate * (1.0 - rate);
    // Without questions, whose answers would be guessed wrongly for every third value.
    long rising = -Double.doubleToRawLongBits(rise) >> 63; // all bits if above 0
    riseStart = (riseStart & rising) | (position & ~rising);
    double next = rise + (value - rate - 0.25 * variance);
    rise = Math.max(next, 0.0);
    if (count < WARM_UP) {
      return tell(Level.WARMING_UP);
    }
    double deviation = Math.sqrt(variance * weight);
    double sum = rate + deviation;
    statistic = sum;
    if (sum <= lowest) {
      return lowest(sum, deviation);
    }
    if (sum > warningAbove) {
      return sum > driftAbove ? drift(Direction.UP, riseStart, driftAbove) : tell(Level.WARNING);
    }
    return tell(Level.STABLE);
  }

  private Level lowest(double sum, double deviation) {
    if (rate > 0.0) {
      lowest = sum;
      warningAbove = rate + warning * deviation;
      driftAbove = rate + drift * deviation;
    }
    return tell(count > WARM_UP ? Level.STABLE : Level.WARMING_UP);
  }

  @Override
  void startAfresh() {
    count = 0;
    rate = 0.0;
    lowest = Double.POSITIVE_INFINITY;
    warningAbove = Double.POSITIVE_INFINITY;
    driftAbove = Double.POSITIVE_INFINITY;
    rise = 0.0;
    riseStart = 0;
  }

  @Override
  Ddm fresh() {
    return new Ddm(drift, warning, falseAlarms().orElse(null));
  }

  @Override
  String parameters() {
    return "Ddm drift " + exactly(drift) + ", warning " + exactly(warning);
  }

  @Override
  void write(DataOutput out) throws IOException {
    out.writeLong(count);
    out.writeDouble(rate);
    out.writeDouble(lowest);
    out.writeDouble(warningAbove);
    out.writeDouble(driftAbove);
    out.writeDouble(rise);
    out.writeLong(riseStart);
  }

  @Override
  void read(DataInput in) throws IOException {
    count = readCount(in);
    rate = in.readDouble();
    lowest = in.readDouble();
    warningAbove = in.readDouble();
    driftAbove = in.readDouble();
    rise = in.readDouble();
    riseStart = in.readLong();
    if (!(rate >= 0.0 && rate <= 1.0)
        || !(lowest >= 0.0 && warningAbove >= 0.0 && driftAbove >= 0.0)
        || !(rise >= 0.0 && rise < Double.POSITIVE_INFINITY)
        || riseStart < 0
        || riseStart > position() + 1) {
      throw DetectorState.refused("it says of " + count + " values that the rate is " + rate
          + ", levels " + lowest + ", " + warningAbove + " and " + driftAbove + ", and a rise of "
          + rise + " began at " + riseStart);
    }
  }

  @Override
  int mostMemoryBytes() {
    return 7 * 8;
  }

  /** {@return such as {@code DDM: error rate 0.21 of 812, p + s 0.224, drift above 0.26}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "DDM: error rate %.3g of %d, p + s %.3g, drift above %.3g",
        rate,
        count,
        statistic,
        driftAbove);
  }
}
