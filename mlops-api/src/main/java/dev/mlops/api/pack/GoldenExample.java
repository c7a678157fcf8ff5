package dev.mlops.api.pack;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;

/**
 * An input with the prediction that the model gave when it was packaged; any later load must give it again.
 *
 * <p>Immutable.
 *
 * @param row the input; copied
 * @param expected the prediction; labels equal, scores and values within 1e-9 relative to the larger of 1 and their size
 * @since 0.1
 */
public record GoldenExample(Row row, Prediction expected) {
  /** Takes a copy of the row. */
  public GoldenExample {
    row = Row.copyOf(row);
  }
}
