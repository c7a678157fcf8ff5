package dev.mlops.api.monitor;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.model.Metric;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The condition that quality is no worse than in the test phase by more than a tolerance, as one snapshot shows it.
 *
 * <p>{@link #falseAlarmEvery(long)} turns it into one that a detector watches for, with a promise about false alarms, and {@link
 * #atAnyLook} into one that asks what was shown of the version since its release.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
public final class QualityCondition extends BuiltInCondition {
  private final Metric metric;
  private final double tolerance;
  private final @Nullable Window window;

  QualityCondition(Metric metric, double tolerance, @Nullable Window window) {
    super(Expression.of(
        Expression.Quantity.quality(metric),
        Expression.Comparison.NO_WORSE_THAN_BASELINE,
        Expression.requireDifference("tolerance", metric, tolerance),
        window));
    this.metric = metric;
    this.tolerance = tolerance;
    this.window = window;
  }

  /**
   * {@return the condition that the champion was shown to be no worse, however often it is asked}
   *
   * <p>PASS when the champion was shown to be no worse by more than the tolerance, FAIL when it was shown to be worse,
   * INCONCLUSIVE until either, and for a metric that cannot be tested so; {@link VersionEvidence#besideBaseline(Metric, double)}
   * says what it rests on. Asking after every truth raises no false alarm.
   *
   * @throws IllegalArgumentException if it is over a window: what was shown since the release has none
   */
  public Condition atAnyLook() {
    requireNoWindow("atAnyLook", window);
    return new BuiltInCondition.Plain(Expression.of(
        Expression.Quantity.quality(metric),
        Expression.Comparison.NO_WORSE_AT_ANY_LOOK,
        tolerance));
  }

  /** Refuses a window where every outcome is taken once, in order. */
  static void requireNoWindow(String step, @Nullable Window window) {
    if (window != null) {
      throw new IllegalArgumentException(
          step + " has no window, but was asked over " + window + "; leave out over(…)");
    }
  }

  /**
   * {@return the condition with at most one false alarm in a number of inputs, however often it is asked}
   *
   * <p>Proven while each loss is at most the limit on average given the ones before; seasonal or autocorrelated quality
   * breaks that.
   *
   * @param inputs matured truths per false alarm; at least 2. For precision and recall, of those that they count
   * @throws IllegalArgumentException if it is out of range, it is over a window, or the metric has no bounded loss per row (f1,
   *     log_loss, rmse, r2)
   */
  public WatchCondition falseAlarmEvery(long inputs) {
    return watched(FalseAlarms.every(inputs));
  }

  /**
   * {@return the condition with at most one false alarm in a period, whatever the traffic}
   *
   * @param time longer than zero; at least 50 blocks, of one hour unless {@link WatchCondition#inBlocksOf} says another length
   * @throws IllegalArgumentException if it is not longer than zero, it is over a window, or the metric has no bounded loss per
   *     row
   */
  public WatchCondition falseAlarmEvery(Duration time) {
    return watched(FalseAlarms.every(time));
  }

  private WatchCondition watched(FalseAlarms promise) {
    requireNoWindow("falseAlarmEvery", window);
    return new WatchCondition(Watch.ofQuality(metric, tolerance, promise));
  }
}
