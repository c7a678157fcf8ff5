package dev.mlops.api.monitor;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * The condition that live quality is worse than the test phase by more than a tolerance, as one snapshot shows it.
 *
 * <p>{@link #falseAlarmEvery(long)} turns it into one that a detector watches for, with a promise about false alarms.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
public final class QualityCondition implements Condition {
  /** Below this many truths an interval says little. */
  private static final long FEWEST = 30;

  /** Half-width of a normal 99 % interval over that of a 95 % interval. */
  private static final double TO_99 = 2.5758293035489004 / 1.959963984540054;

  private final Metric metric;
  private final double tolerance;

  QualityCondition(Metric metric, double tolerance) {
    if (!(tolerance >= 0) || !Double.isFinite(tolerance)) {
      throw new IllegalArgumentException("tolerance must be finite and >= 0, but was " + tolerance);
    }
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
    return WatchCondition.quality(metric, tolerance, FalseAlarms.every(inputs));
  }

  /**
   * {@return the condition with at most one false alarm in so much time, whatever the traffic}
   *
   * @param time longer than zero; at least 50 blocks, of one hour unless {@link WatchCondition#inBlocksOf} is said
   * @throws IllegalArgumentException if it is not longer than zero, or the metric has no bounded loss per row
   */
  public WatchCondition falseAlarmEvery(Duration time) {
    return WatchCondition.quality(metric, tolerance, FalseAlarms.every(time));
  }

  @Override
  public Finding test(Evidence evidence) {
    Optional<Estimate> baseline = evidence
        .champion()
        .flatMap(VersionEvidence::baseline)
        .flatMap(test -> test.quality(metric));
    if (baseline.isEmpty()) {
      return Finding.inconclusive("no " + metric + " in the baseline");
    }
    double allowed = baseline.get().value() + (metric.higherIsBetter() ? -tolerance : tolerance);
    return compare(
        evidence,
        metric,
        allowed,
        String.format(Locale.ROOT, "baseline %.3f allows", baseline.get().value()));
  }

  static Finding compare(Evidence evidence, Metric metric, double allowed, String origin) {
    Optional<Estimate> live = evidence.champion().flatMap(champion -> champion.quality(metric));
    if (live.isEmpty()) {
      return Finding.inconclusive("no " + metric + " yet");
    }
    Estimate now = live.get();
    String text = String.format(Locale.ROOT, "%s %s, %s %.3f", metric, now, origin, allowed);
    if (now.n() < FEWEST) {
      return Finding.inconclusive(text + ", wanted " + FEWEST + " truths");
    }
    double best = metric.higherIsBetter()
        ? now.value() + (now.upper() - now.value()) * TO_99
        : now.value() - (now.value() - now.lower()) * TO_99;
    boolean beyond = metric.higherIsBetter() ? best < allowed : best > allowed;
    boolean within = metric.higherIsBetter() ? now.value() >= allowed : now.value() <= allowed;
    if (beyond) {
      return Finding.fail(text);
    }
    return within ? Finding.pass(text) : Finding.inconclusive(text);
  }

  @Override
  public String toString() {
    return metric + " worse than baseline by " + tolerance;
  }
}
