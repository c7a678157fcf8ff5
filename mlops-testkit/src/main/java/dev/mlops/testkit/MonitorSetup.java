package dev.mlops.testkit;

import dev.mlops.api.monitor.EvidenceReader;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What {@link MetricsMonitorContract} wants of a monitor.
 *
 * <p>Immutable, except the clock.
 *
 * @param clock wall time, and elapsed time in nanoseconds
 * @param horizon how old a prediction is when it matures; empty if it matures when its truth arrives
 * @param bound how many predictions may be open, and how many matured ones are kept: at most this many, and, between the
 *     ticks of a test, up to 100 more are offered and must not be dropped. Half as many must always fit
 * @param readers what the monitor is told to watch for
 * @since 0.1
 */
public record MonitorSetup(
    ManualClock clock, Optional<Duration> horizon, int bound, List<EvidenceReader> readers) {
  /** Copies the readers. */
  public MonitorSetup {
    readers = List.copyOf(readers);
  }
}
