package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.model.Metric;
import java.util.Optional;

/**
 * What a monitor must watch from the first prediction on: an input, how far it may move, and how often a false alarm may
 * come. Equal specs share one detector.
 *
 * <p>Immutable.
 *
 * @param input what is watched
 * @param metric for {@link Input#QUALITY}, whose losses; empty otherwise
 * @param tolerance for {@link Input#QUALITY}, how much worse than the baseline is allowed, in units of the metric; at
 *     least 0; 0 otherwise
 * @param falseAlarms how often a false alarm may come
 * @since 0.1
 */
public record Spec(
    Input input, Optional<Metric> metric, double tolerance, FalseAlarms falseAlarms) {
  /**
   * What can be watched.
   *
   * @since 0.1
   */
  public enum Input {
    /** The loss of each prediction whose truth has matured. */
    QUALITY,
    /** The columns of each row that is served. */
    FEATURES
  }

  /**
   * Checks the parts against each other.
   *
   * @throws IllegalArgumentException if the metric has no loss per row, is missing, or is too many, the tolerance is
   *     negative, or the false alarms are promised in fewer than 50 blocks
   */
  public Spec {
    requireNonNull(input, "input");
    requireNonNull(falseAlarms, "falseAlarms");
    if ((input == Input.QUALITY) != metric.isPresent()) {
      throw new IllegalArgumentException(
          "a metric belongs to QUALITY and to nothing else, but " + input + " had " + metric);
    }
    if (!(tolerance >= 0) || !Double.isFinite(tolerance)) {
      throw new IllegalArgumentException("tolerance must be finite and >= 0, but was " + tolerance);
    }
    metric.ifPresent(Spec::requireLossPerRow);
    falseAlarms.count();
  }

  static void requireLossPerRow(Metric metric) {
    switch (metric) {
      case ACCURACY, PRECISION, RECALL, MAE -> {}
      default ->
        throw new IllegalArgumentException("metric " + metric
            + " has no bounded loss per row, so no false-alarm promise can be kept for it; wanted accuracy, precision, recall or mae,"
            + " or a snapshot without falseAlarmEvery");
    }
  }

  /** {@return such as {@code recall worse by 0.02, one false alarm in 100000 inputs}} */
  @Override
  public String toString() {
    return text(metric, tolerance, falseAlarms);
  }

  static String text(Optional<Metric> metric, double tolerance, FalseAlarms falseAlarms) {
    return metric.map(m -> m + " worse by " + tolerance).orElse("features moved") + ", "
        + falseAlarms;
  }
}
