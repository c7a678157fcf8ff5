package dev.mlops.testkit;

import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Recorder;
import org.junit.jupiter.api.DisplayName;

/**
 * The contract of {@link MetricsMonitor} with its {@link Recorder}s and {@link Outcomes}: one test, or several, per clause
 * of its Javadoc, named after the clause.
 *
 * <p>A subclass says how a monitor is opened. One that keeps no outcomes overrides {@link #keepsOutcomes}, one that does not
 * divide rows into segments {@link #dividesRows}, one that tells
 * nothing of response times but their total {@link #tellsResponseTimes}. Clauses about
 * detectors are tested where {@link Evidence} has the reading that the monitor was told to watch for; a monitor that has
 * not must not claim to watch it.
 *
 * @since 0.1
 */
@DisplayName("A metrics monitor")
public abstract class MetricsMonitorContract extends OutcomeClauses {
  /** For a subclass. */
  protected MetricsMonitorContract() {}

  /**
   * {@return a monitor of a model named {@code fraud}}
   *
   * @param setup what is wanted of it
   */
  @Override
  protected abstract MetricsMonitor open(MonitorSetup setup);

  /** {@return whether the monitor keeps outcomes; true unless overridden} */
  @Override
  protected boolean keepsOutcomes() {
    return true;
  }

  /** {@return whether the monitor tells the parts of response times, and what is in flight; true unless overridden} */
  @Override
  protected boolean tellsResponseTimes() {
    return true;
  }

  /** {@return whether the monitor divides rows into segments; true unless overridden} */
  @Override
  protected boolean dividesRows() {
    return true;
  }
}
