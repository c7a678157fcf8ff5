package dev.mlops.core.loop;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a prediction cost: 1 for a wrong label, the mean absolute error for quantities. */
final class Losses {
  private Losses() {}

  /** The loss of a prediction; infinite where there is none, or one of another kind than the truth. */
  static double of(@Nullable Prediction prediction, Truth truth) {
    if (prediction instanceof Classification said) {
      return truth.matches(said) ? 0.0 : 1.0;
    }
    if (prediction instanceof Regression said
        && said.names().containsAll(truth.values().keySet())) {
      double sum = 0.0;
      for (Map.Entry<String, Double> value : truth.values().entrySet()) {
        sum += Math.abs(said.value(value.getKey()) - value.getValue());
      }
      return truth.values().isEmpty() || Double.isNaN(sum)
          ? Double.POSITIVE_INFINITY
          : sum / truth.values().size();
    }
    return Double.POSITIVE_INFINITY;
  }

  /** The loss of what a model says; infinite if it throws or says nothing usable. */
  static double of(Model model, Row row, Truth truth) {
    try {
      Prediction said = model.predict(row);
      return said != null && said.isFinite() ? of(said, truth) : Double.POSITIVE_INFINITY;
    } catch (RuntimeException | LinkageError | StackOverflowError e) { // judged, not obeyed
      return Double.POSITIVE_INFINITY;
    }
  }
}
