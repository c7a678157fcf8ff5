package dev.mlops.core.monitor;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Latency;
import dev.mlops.drift.stream.SrEDetector;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which predictions a watch of latency calls slow, for one baseline: those that took longer than a multiple of the upper bound
 * of the quantile in the test phase. If at most the share of them that the quantile allows is slow, the quantile has not grown.
 *
 * <p>Immutable.
 */
final class SlowCalls {
  private final double quantile;
  private final @Nullable Long limit;
  private final String note;

  /** Reads the bound of a baseline. */
  SlowCalls(Watch watch, Baseline baseline) {
    this.quantile = watch.quantile().orElseThrow();
    Optional<Latency> measured = baseline.latency();
    Optional<Duration> upper = measured.flatMap(latency -> latency.upper(quantile));
    String name = quantile == 0.5 ? "p50" : "p99";
    if (upper.isEmpty()) {
      this.limit = null;
      this.note = measured.isEmpty()
          ? "no latency in the baseline"
          : "the baseline has no bound of " + name + " (n " + measured.get().n() + ", wanted "
              + (quantile == 0.5 ? 8 : 528) + ")";
      return;
    }
    double nanos = Times.nanos(upper.get()) * watch.tolerance();
    this.limit = nanos < Long.MAX_VALUE ? (long) nanos : null;
    this.note = limit == null
        ? "a limit beyond any time leaves nothing to find"
        : String.format(
            Locale.ROOT,
            "limit of %s %.3g ms (test phase %.3g ms, at most %.3g ms)",
            name,
            nanos / 1e6,
            Times.nanos(quantile == 0.5 ? measured.get().p50() : measured.get().p99()) / 1e6,
            Times.nanos(upper.get()) / 1e6);
  }

  /** Finds when more predictions are slow than the quantile allows; null if nothing can be found. */
  @Nullable
  ValueDetector detector(FalseAlarms promise) {
    return limit == null ? null : SrEDetector.above(1 - quantile).falseAlarmEvery(promise);
  }

  /** What a prediction of this duration counts for. */
  double loss(long nanos) {
    return limit != null && nanos > limit ? 1 : 0;
  }

  /** In seconds; 0 if there is none. */
  double limit() {
    return limit == null ? 0 : limit / 1e9;
  }

  String note() {
    return note;
  }
}
