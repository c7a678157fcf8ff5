package dev.mlops.api.monitor;

/**
 * How a monitor is made, once the name of the model is known.
 *
 * <p>A lambda is a recipe too: {@code model -> new MyMonitor(model)}.
 *
 * <p>An implementation is immutable: {@link #feeds} gives another recipe.
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
}
