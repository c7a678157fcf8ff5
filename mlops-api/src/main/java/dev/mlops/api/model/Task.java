package dev.mlops.api.model;

/**
 * What a model predicts.
 *
 * @since 0.1
 */
public enum Task {
  /** One label out of several: {@link Classification}. */
  CLASSIFICATION(Classification.class),
  /** One or several quantities: {@link Regression}. */
  REGRESSION(Regression.class),
  /** How unusual a row is: {@link AnomalyScore}. */
  ANOMALY_DETECTION(AnomalyScore.class);

  private final Class<? extends Prediction> prediction;

  Task(Class<? extends Prediction> prediction) {
    this.prediction = prediction;
  }

  /**
   * {@return the kind of prediction that a model of this task gives}
   */
  public Class<? extends Prediction> prediction() {
    return prediction;
  }
}
