package dev.mlops.api.model;

import static java.util.Objects.requireNonNull;

/**
 * What one prediction costs by a metric that is the mean of a value per row: what windows, detectors, gates and shadows
 * count, defined once.
 *
 * <p>A loss is 0 for the best answer and grows to {@link #largest()}: of a metric of which more is better it is the highest
 * value minus the row's, of any other the row's value minus the lowest. So a mean of losses and the metric tell the same;
 * {@link #metric} and {@link #mean} turn one into the other.
 *
 * <p>Immutable. Thread-safe if the {@link RowValue} is.
 *
 * @since 0.1
 */
@Beta
public final class Loss {
  private final RowValue value;
  private final boolean higherIsBetter;
  private final double lowest;
  private final double highest;

  Loss(RowValue value, boolean higherIsBetter, double lowest, double highest) {
    this.value = requireNonNull(value, "value");
    this.higherIsBetter = higherIsBetter;
    this.lowest = lowest;
    this.highest = highest;
  }

  /**
   * {@return the loss of a row, 0 to {@link #largest()}; {@code NaN} if the row does not count for the metric, such as one
   * of another label than the one whose recall is measured}
   *
   * <p>A value outside of the metric's bounds is held at the nearest one. A row for which a host's own {@link RowValue} throws
   * does not count: one odd truth, such as a label that the model has no score for, stops nothing. Nor does one that is
   * infinitely good, which is no number to pass by; one that is infinitely bad is held at the bound.
   *
   * @param prediction what was said
   * @param truth what turned out right
   */
  public double of(Prediction prediction, Truth truth) {
    double found;
    try {
      found = value.of(prediction, truth);
    } catch (RuntimeException | LinkageError | StackOverflowError hosts) {
      return Double.NaN;
    }
    if (found == (higherIsBetter ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY)) {
      return Double.NaN;
    }
    return higherIsBetter
        ? highest - Math.max(lowest, Math.min(highest, found))
        : Math.max(lowest, Math.min(highest, found)) - lowest;
  }

  /** {@return the largest loss of a row; {@link Double#POSITIVE_INFINITY} if there is no bound} */
  public double largest() {
    return highest - lowest;
  }

  /**
   * {@return the value of the metric at a mean of losses}
   *
   * @param meanLoss at least 0
   */
  public double metric(double meanLoss) {
    return higherIsBetter ? highest - meanLoss : lowest + meanLoss;
  }

  /**
   * {@return the mean of losses at a value of the metric}
   *
   * @param metric within its bounds
   */
  public double mean(double metric) {
    return higherIsBetter ? highest - metric : metric - lowest;
  }

  /** {@return such as {@code loss of 0 to 1.0}} */
  @Override
  public String toString() {
    return "loss of 0 to " + largest();
  }
}
