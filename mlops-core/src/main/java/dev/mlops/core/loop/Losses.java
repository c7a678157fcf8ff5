package dev.mlops.core.loop;

import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.TestPhase;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an answer costs by the loss of the task's plainest metric: that of {@link Metric#ACCURACY} for labels, that of {@link
 * Metric#MAE} for quantities. Where there is no usable answer, or one of another kind than the truth, it is infinite.
 */
final class Losses {
  private final @Nullable Loss loss;

  private Losses(@Nullable Loss loss) {
    this.loss = loss;
  }

  /** The losses of predictions by models of a schema; all infinite where the task has no metric. */
  static Losses of(Schema schema) {
    return new Losses(Metric.plainest(schema).loss(schema).orElse(null));
  }

  /** The largest loss that there can be; empty if there is none. */
  Optional<Double> largest() {
    return Optional.ofNullable(loss).map(Loss::largest).filter(Double::isFinite);
  }

  double of(@Nullable Prediction prediction, Truth truth) {
    if (loss == null || prediction == null) {
      return Double.POSITIVE_INFINITY;
    }
    double cost = loss.of(prediction, truth);
    return Double.isNaN(cost) ? Double.POSITIVE_INFINITY : cost;
  }

  /** The loss of what a model says; infinite if it throws or says nothing usable. */
  double of(Model model, Row row, Truth truth) {
    try {
      Prediction said = model.predict(row);
      return said != null && said.isFinite() ? of(said, truth) : Double.POSITIVE_INFINITY;
    } catch (RuntimeException | LinkageError | StackOverflowError e) { // judged, not obeyed
      return Double.POSITIVE_INFINITY;
    }
  }

  /** Mean loss of a test phase and its standard error. */
  double[] score(TestPhase phase) {
    double sum = 0.0;
    double squares = 0.0;
    for (int i = 0; i < phase.size(); i++) {
      double cost = of(phase.prediction(i).orElse(null), phase.rows().get(i).truth());
      sum += cost;
      squares += cost * cost;
    }
    double mean = sum / phase.size();
    double variance = Math.max(squares / phase.size() - mean * mean, 0.0);
    return new double[] {mean, Math.sqrt(variance / phase.size())};
  }
}
