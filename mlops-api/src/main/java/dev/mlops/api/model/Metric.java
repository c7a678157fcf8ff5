package dev.mlops.api.model;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The measures of quality that a baseline and a monitor know.
 *
 * <p>Precision, recall and F1 are those of the schema's positive label if it names one, else the unweighted mean over the
 * labels that occur in truth or prediction; a label that was never predicted has precision 0, one that was never true
 * recall 0 (scikit-learn's {@code zero_division=0}).
 *
 * @since 0.1
 */
public enum Metric {
  /** Share of predictions that were right. */
  ACCURACY("accuracy", true, Task.CLASSIFICATION),
  /** Of those predicted to have the label, the share that had it. */
  PRECISION("precision", true, Task.CLASSIFICATION),
  /** Of those that had the label, the share predicted to have it. */
  RECALL("recall", true, Task.CLASSIFICATION),
  /** Harmonic mean of precision and recall. */
  F1("f1", true, Task.CLASSIFICATION),
  /** Mean of −ln(score of the true label), in nats, the score held at or above 1e-15; known only with scores. */
  LOG_LOSS("log_loss", false, Task.CLASSIFICATION),
  /** Mean absolute error, in units of the output; over all outputs. */
  MAE("mae", false, Task.REGRESSION),
  /** Root of the mean squared error, in units of the output; over all outputs. */
  RMSE("rmse", false, Task.REGRESSION),
  /** Share of the truth's variance that is explained: 1 − Σ(error²)/Σ(deviation²); mean over outputs. */
  R2("r2", true, Task.REGRESSION);

  private final String text;
  private final boolean higherIsBetter;
  private final Task task;

  Metric(String text, boolean higherIsBetter, Task task) {
    this.text = text;
    this.higherIsBetter = higherIsBetter;
    this.task = task;
  }

  /**
   * {@return the metric of a name}
   *
   * @param name such as {@code recall}
   * @throws IllegalArgumentException if there is none; the message names the nearest one
   */
  public static Metric of(String name) {
    for (Metric metric : values()) {
      if (metric.text.equals(name)) {
        return metric;
      }
    }
    List<String> known = Arrays.stream(values()).map(Metric::toString).toList();
    Optional<String> near = Names.nearest(name, known);
    throw new IllegalArgumentException("no metric \"" + MlopsException.shown(name) + "\""
        + near.map(text -> "; did you mean \"" + text + "\"?")
            .orElse("; known: " + String.join(", ", known)));
  }

  /**
   * {@return whether more is better}
   */
  public boolean higherIsBetter() {
    return higherIsBetter;
  }

  /**
   * {@return the task whose predictions it measures}
   */
  public Task task() {
    return task;
  }

  /** {@return the name that rules and packages use, such as {@code recall}} */
  @Override
  public String toString() {
    return text;
  }
}
