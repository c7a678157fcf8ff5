package dev.mlops.api.monitor;

import dev.mlops.api.drift.DetectorFactory;

/**
 * How a monitor is made, once the name of the model is known.
 *
 * <p>A lambda is a factory too: {@code model -> new MyMonitor(model)}.
 *
 * <p>An implementation is immutable: {@code watching} gives another factory.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface MonitorFactory {
  /**
   * {@return a monitor}
   *
   * @param model name of the model
   */
  MetricsMonitor open(String model);

  /**
   * {@return the same factory for a monitor that watches, from the first prediction on, what these will read}
   *
   * <p>A factory that cannot watch anything returns itself, as this default does.
   *
   * @param readers conditions, alert rules, alert engines and retrain policies
   */
  default MonitorFactory watching(EvidenceReader... readers) {
    return this;
  }

  /**
   * {@return the same factory for a monitor that feeds the host's own detector, from the first prediction on}
   *
   * <p>A watch of a metric feeds a {@link dev.mlops.api.drift.ValueDetector} the loss of each matured truth of the champion, in
   * order of maturing; one without feeds a {@link dev.mlops.api.drift.RowDetector} each row that the champion was given.
   * Blocks end by the predictions' instants if {@link dev.mlops.api.drift.DriftDetector#falseAlarms} counts time. Each
   * baseline gets a detector of its own. What the factory or the detector throws ends that watch, whose reading says so, and
   * nothing else.
   *
   * <p>A factory that cannot watch anything returns itself, as this default does.
   *
   * @param watch from {@link Watch#own(String)} or {@link Watch#own(String, dev.mlops.api.model.Metric)}
   * @param detector makes the detector for a baseline
   * @throws IllegalArgumentException if the watch does not name a detector
   */
  default MonitorFactory watching(Watch watch, DetectorFactory detector) {
    return this;
  }
}
