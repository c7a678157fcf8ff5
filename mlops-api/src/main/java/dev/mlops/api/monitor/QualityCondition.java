package dev.mlops.api.monitor;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.model.Metric;
import java.time.Duration;

/**
 * The condition that quality is no worse than in the test phase by more than a tolerance, as one snapshot shows it.
 *
 * <p>{@link #falseAlarmEvery(long)} turns it into one that a detector watches for, with a promise about false alarms.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
public final class QualityCondition extends BuiltInCondition {
  private final Metric metric;
  private final double tolerance;

  QualityCondition(Metric metric, double tolerance) {
    super(Expression.of(
        Expression.Quantity.quality(metric),
        Expression.Comparison.NO_WORSE_THAN_BASELINE,
        Expression.requireDifference("tolerance", metric, tolerance)));
    this.metric = metric;
    this.tolerance = tolerance;
  }

  /**
   * {@return the condition with at most one false alarm in so many inputs, however often it is asked}
   *
   * <p>Proven while each loss is at most the limit on average given the ones before; seasonal or autocorrelated quality
   * breaks that.
   *
   * @param inputs matured truths per false alarm; at least 2. For precision and recall, of those that they count
   * @throws IllegalArgumentException if it is out of range, or the metric has no bounded loss per row (f1, log_loss, rmse,
   *     r2)
   */
  public WatchCondition falseAlarmEvery(long inputs) {
    return watched(FalseAlarms.every(inputs));
  }

  /**
   * {@return the condition with at most one false alarm in so much time, whatever the traffic}
   *
   * @param time longer than zero; at least 50 blocks, of one hour unless {@link WatchCondition#inBlocksOf} says another length
   * @throws IllegalArgumentException if it is not longer than zero, or the metric has no bounded loss per row
   */
  public WatchCondition falseAlarmEvery(Duration time) {
    return watched(FalseAlarms.every(time));
  }

  private WatchCondition watched(FalseAlarms promise) {
    return new WatchCondition(Watch.ofQuality(metric, tolerance, promise));
  }
}
