package dev.mlops.api.alert;

import java.time.Instant;
import java.util.List;

/**
 * A sink whose receiver forgets an alert that is not repeated, as Alertmanager does: it also hears after each evaluation what fires.
 *
 * <p>Called as {@link AlertSink} says, after the events of the evaluation. While it is busy, evaluations are left out, and it hears
 * of the newest one.
 *
 * <p>An implementation is called by one thread at a time for each engine, not always the same one; one that several engines
 * share is thread-safe.
 *
 * @since 0.1
 */
public interface RepeatingAlertSink extends AlertSink {
  /**
   * Hears what fires and was told.
   *
   * @param at when the engine evaluated, by the evidence's time
   * @param firing the newest event of each alert that fires and was told, in the order of the rules
   * @throws Exception whatever the sink wants; it is counted and logged once per cause
   */
  void evaluated(Instant at, List<AlertEvent> firing) throws Exception;
}
