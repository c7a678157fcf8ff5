package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import java.time.Instant;

/**
 * A prediction with its matured truth.
 *
 * <p>Immutable.
 *
 * @param position its place in order of maturing, which no other outcome of the ledger ever has; see {@link Outcomes}
 * @param id what the monitor knows the prediction by
 * @param version the version that predicted, such as {@code 7}
 * @param row the input
 * @param prediction what that version said
 * @param truth what turned out right
 * @param servedAt when it predicted
 * @since 0.1
 */
public record Outcome(
    long position,
    long id,
    String version,
    Row row,
    Prediction prediction,
    Truth truth,
    Instant servedAt) {
  /** Refuses null. */
  public Outcome {
    requireNonNull(version, "version");
    requireNonNull(row, "row");
    requireNonNull(prediction, "prediction");
    requireNonNull(truth, "truth");
    requireNonNull(servedAt, "servedAt");
  }

  /**
   * {@return the row with its truth, as a trainer takes it}
   */
  public Labelled<Row> labelled() {
    return new Labelled<>(row, truth);
  }
}
