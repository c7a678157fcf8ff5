package dev.mlops.drift.stream;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.FalseAlarms;
import java.time.Duration;

/**
 * A detector that still lacks a promise about false alarms.
 *
 * <p>Immutable.
 *
 * @param <D> the detector that it becomes
 * @since 0.1
 */
public abstract class FalseAlarmStep<D> {
  /** For a step of this package. */
  FalseAlarmStep() {}

  /** Makes the detector. */
  abstract D made(FalseAlarms falseAlarms);

  /**
   * {@return a detector with on average at most one false alarm in a number of inputs}
   *
   * @param inputs at least 2
   * @throws IllegalArgumentException if it is fewer, or fewer than the step needs
   */
  public final D falseAlarmEvery(long inputs) {
    return made(FalseAlarms.every(inputs));
  }

  /**
   * {@return a detector with on average at most one false alarm in a period, in blocks of one hour}
   *
   * @param time at least 50 hours
   * @throws IllegalArgumentException if it is shorter, or the step needs a promise in inputs
   */
  public final D falseAlarmEvery(Duration time) {
    return made(FalseAlarms.every(time));
  }

  /**
   * {@return a detector with this promise}
   *
   * @param falseAlarms how often a false alarm may come, in inputs or in time
   * @throws IllegalArgumentException if the step cannot become a detector with it
   */
  public final D falseAlarmEvery(FalseAlarms falseAlarms) {
    return made(requireNonNull(falseAlarms, "falseAlarms"));
  }
}
