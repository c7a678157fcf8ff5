package dev.mlops.drift.stream;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.ValueDetector;

/**
 * A rate of errors that still lacks a promise about false alarms, which simulation backs: {@code
 * Ddm.at(0.08).falseAlarmEvery(10_000)}.
 *
 * <p>The promise is for errors that come independently of each other at just this rate. A higher rate, a season or
 * autocorrelation breaks it; where that is to be expected, {@link SrEDetector} is told a limit and has a proof.
 *
 * <p><b>Expect</b>, at that rate, nine false alarms for ten that are promised, give or take one, either early on or in the long
 * run; fewer of {@link Adwin} and {@link HddmA} at one in a few thousand, where no more are had.
 *
 * <p>Immutable.
 *
 * @param <D> the detector
 * @since 0.1
 */
public final class Calibrated<D extends ValueDetector> {
  /** Makes the detector. */
  @FunctionalInterface
  interface Making<D> {
    D of(double parameter, FalseAlarms falseAlarms);
  }

  private final FalseAlarmTable table;
  private final double rate;
  private final Making<D> making;

  Calibrated(String detector, double rate, Making<D> making) {
    this.table = FalseAlarmTable.of(detector);
    this.rate = table.rate(rate);
    this.making = making;
  }

  /**
   * {@return a detector with on average at most one false alarm in a number of inputs}
   *
   * @param inputs 1,000 to 100,000
   * @throws IllegalArgumentException if they are fewer or more
   */
  public D falseAlarmEvery(long inputs) {
    return making.of(table.parameter(rate, inputs), FalseAlarms.every(inputs));
  }
}
