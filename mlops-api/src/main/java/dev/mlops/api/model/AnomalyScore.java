package dev.mlops.api.model;

import java.util.Locale;

/**
 * How unusual a row is.
 *
 * <p>Immutable.
 *
 * @param score higher is more unusual, in units of the model
 * @param anomalous whether the model calls the row an anomaly
 * @since 0.1
 */
public record AnomalyScore(double score, boolean anomalous) implements Prediction {
  @Override
  public boolean isFinite() {
    return Double.isFinite(score);
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%s (%.3f)", anomalous ? "anomaly" : "normal", score);
  }
}
