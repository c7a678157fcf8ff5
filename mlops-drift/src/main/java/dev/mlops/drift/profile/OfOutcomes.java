package dev.mlops.drift.profile;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleBiFunction;

/** A host's measure of all outcomes, with the interval of a jackknife that leaves out one of 20 groups at a time. */
final class OfOutcomes {
  private static final int GROUPS = 20;

  final Metric metric;
  private final ToDoubleBiFunction<List<Prediction>, List<Truth>> measure;

  OfOutcomes(Metric metric, ToDoubleBiFunction<List<Prediction>, List<Truth>> measure) {
    this.metric = metric;
    this.measure = measure;
  }

  /** NaN if it cannot be measured, also because the host's code threw. */
  private double value(List<Prediction> predictions, List<Truth> truths) {
    try {
      double found = measure.applyAsDouble(
          Collections.unmodifiableList(predictions), Collections.unmodifiableList(truths));
      return Double.isFinite(found) ? found : Double.NaN;
    } catch (RuntimeException | LinkageError | StackOverflowError hosts) {
      return Double.NaN;
    }
  }

  /** Absent without an interval: of fewer than two rows, or where a group less cannot be measured. */
  Optional<Estimate> estimate(List<? extends Prediction> predictions, List<Truth> truths) {
    List<Prediction> said = new ArrayList<>();
    List<Truth> right = new ArrayList<>();
    for (int i = 0; i < truths.size(); i++) {
      if (predictions.get(i).isFinite() && truths.get(i).isFor(predictions.get(i))) {
        said.add(predictions.get(i));
        right.add(truths.get(i));
      }
    }
    int n = said.size();
    if (n < 2) {
      return Optional.empty();
    }
    int groups = Math.min(GROUPS, n);
    Moments without = new Moments();
    for (int group = 0; group < groups; group++) {
      List<Prediction> fewer = new ArrayList<>(n);
      List<Truth> fewerTruths = new ArrayList<>(n);
      for (int i = 0; i < n; i++) {
        if (i % groups != group) {
          fewer.add(said.get(i));
          fewerTruths.add(right.get(i));
        }
      }
      without.add(value(fewer, fewerTruths));
    }
    double value = value(said, right);
    double half = Intervals.t(groups) * Math.sqrt(without.deviations() * (groups - 1.0) / groups);
    return Intervals.within(
        value, value - half, value + half, metric.lowest(), metric.highest(), n);
  }
}
