package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.model.Metric;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a monitor must watch from the first prediction on: an input, and either how far it may move and how often a false
 * alarm may come, or the name of the host's own detector. Equal watches share one detector.
 *
 * <p>Immutable.
 *
 * @param input what is watched
 * @param metric for {@link Input#QUALITY}, whose losses; empty otherwise
 * @param tolerance for {@link Input#QUALITY}, how much worse than the baseline is allowed, in units of the metric; at
 *     least 0; 0 otherwise
 * @param falseAlarms how often a false alarm may come; empty for the host's own detector, which has its own promise
 * @param detector name of the host's own detector, as given to {@link MonitorFactory#watching}; empty for the monitor's
 * @since 0.1
 */
public record Watch(
    Input input,
    Optional<Metric> metric,
    double tolerance,
    Optional<FalseAlarms> falseAlarms,
    Optional<String> detector) {
  private static final int LONGEST_NAME = 64;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1," + LONGEST_NAME + "}");

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
  public Watch {
    requireNonNull(input, "input");
    requireNonNull(detector, "detector");
    if (falseAlarms.isPresent() == detector.isPresent()) {
      throw new IllegalArgumentException(
          "a watch needs either a promise about false alarms or the name of a detector, but had "
              + (detector.isPresent() ? "both" : "neither"));
    }
    detector.ifPresent(Watch::requireName);
    if ((input == Input.QUALITY) != metric.isPresent()) {
      throw new IllegalArgumentException(
          "a metric belongs to QUALITY and to nothing else, but " + input + " had " + metric);
    }
    if (!(tolerance >= 0) || !Double.isFinite(tolerance)) {
      throw new IllegalArgumentException("tolerance must be finite and >= 0, but was " + tolerance);
    }
    metric.ifPresent(Watch::requireLossPerRow);
    falseAlarms.ifPresent(FalseAlarms::count);
  }

  /**
   * {@return what the monitor's own detector watches}
   *
   * @param input what is watched
   * @param metric for {@link Input#QUALITY}, whose losses; empty otherwise
   * @param tolerance for {@link Input#QUALITY}, how much worse than the baseline is allowed; 0 otherwise
   * @param falseAlarms how often a false alarm may come
   * @throws IllegalArgumentException as the constructor
   */
  public static Watch of(
      Input input, Optional<Metric> metric, double tolerance, FalseAlarms falseAlarms) {
    return new Watch(input, metric, tolerance, Optional.of(falseAlarms), Optional.empty());
  }

  /**
   * {@return what the host's own detector of losses watches}
   *
   * @param detector its name: 1 to 64 letters, digits, dots, hyphens and underscores
   * @param metric whose loss per matured truth it is fed: accuracy, precision and recall give 0 or 1, mae the absolute
   *     error
   * @throws IllegalArgumentException if the name is malformed or the metric has no loss per row
   */
  public static Watch own(String detector, Metric metric) {
    return new Watch(
        Input.QUALITY, Optional.of(metric), 0.0, Optional.empty(), Optional.of(detector));
  }

  /**
   * {@return what the host's own detector of rows watches}
   *
   * @param detector its name: 1 to 64 letters, digits, dots, hyphens and underscores
   * @throws IllegalArgumentException if the name is malformed
   */
  public static Watch own(String detector) {
    return new Watch(
        Input.FEATURES, Optional.empty(), 0.0, Optional.empty(), Optional.of(detector));
  }

  private static void requireName(String detector) {
    boolean fits = NAME.matcher(detector).matches();
    if (!fits) {
      throw new IllegalArgumentException("a detector's name must be 1 to " + LONGEST_NAME
          + " letters, digits, dots, hyphens and underscores, but had " + detector.length()
          + " characters or others");
    }
  }

  static void requireLossPerRow(Metric metric) {
    if (!metric.hasLoss()) {
      throw new IllegalArgumentException("metric " + metric
          + " has no bounded loss per row, so no false-alarm promise can be kept for it; wanted accuracy, precision, recall, mae"
          + " or a host's own mean of rows, or a snapshot without falseAlarmEvery");
    }
  }

  /** {@return such as {@code recall worse by 0.02, one false alarm in 100000 inputs}} */
  @Override
  public String toString() {
    return text(metric, tolerance, falseAlarms, detector);
  }

  static String text(
      Optional<Metric> metric,
      double tolerance,
      Optional<FalseAlarms> falseAlarms,
      Optional<String> detector) {
    return falseAlarms
        .map(promise ->
            metric.map(m -> m + " worse by " + tolerance).orElse("features moved") + ", " + promise)
        .orElseGet(() ->
            metric.map(Metric::toString).orElse("features") + " watched by " + detector.orElse(""));
  }
}
