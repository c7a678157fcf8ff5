package dev.mlops.api.model;

/**
 * The value of one prediction, whose mean over rows is a {@link Metric}: 1 for a right answer, an absolute error, the cost
 * of a false alarm in euros.
 *
 * <p>An implementation is a pure function and thread-safe.
 *
 * @since 0.1
 */
@Beta
@FunctionalInterface
public interface RowValue {
  /**
   * {@return the value of a row; {@code NaN} if the row does not count}
   *
   * @param prediction what was said
   * @param truth what turned out right
   */
  double of(Prediction prediction, Truth truth);
}
