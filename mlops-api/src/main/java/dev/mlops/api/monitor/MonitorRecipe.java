package dev.mlops.api.monitor;

import dev.mlops.api.drift.DetectorRecipe;

/**
 * How a monitor is made, once the name of the model is known.
 *
 * <p>A lambda is a recipe too: {@code model -> new MyMonitor(model)}.
 *
 * <p>An implementation is immutable: {@link #feeds} and {@link #watching} give another recipe.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface MonitorRecipe {
  /**
   * {@return a monitor}
   *
   * @param model name of the model
   */
  MetricsMonitor open(String model);

  /**
   * {@return the same recipe for a monitor that watches, from the first prediction on, what these will read}
   *
   * <p>A recipe that cannot watch anything returns itself, as this default does.
   *
   * @param readers conditions, criteria, alert rules, alert engines and retrain policies
   */
  default MonitorRecipe feeds(EvidenceReader... readers) {
    return this;
  }

  /**
   * {@return the same recipe for a monitor that feeds the host's own detector, from the first prediction on}
   *
   * <p>A spec of a metric feeds a {@link dev.mlops.api.drift.ValueDetector} the loss of each matured truth of the champion, in
   * order of maturing; one without feeds a {@link dev.mlops.api.drift.RowDetector} each row that the champion was given.
   * Blocks end by the predictions' instants if {@link dev.mlops.api.drift.DriftDetector#falseAlarms} counts time. Each
   * baseline gets a detector of its own. What the recipe or the detector throws ends that watch, whose reading says so, and
   * nothing else.
   *
   * <p>A recipe that cannot watch anything returns itself, as this default does.
   *
   * @param spec from {@link Spec#own(String)} or {@link Spec#own(String, dev.mlops.api.model.Metric)}
   * @param detector makes the detector for a baseline
   * @throws IllegalArgumentException if the spec does not name a detector
   */
  default MonitorRecipe watching(Spec spec, DetectorRecipe detector) {
    return this;
  }
}
