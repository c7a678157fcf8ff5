package dev.mlops.api.alert;

/**
 * Where alert events go: a pager, a log, a queue.
 *
 * <p>Called on the executor that the host gave to the engine, one event at a time and in order for each engine. What it
 * throws is counted and logged once per cause; while it blocks, events wait in a bounded queue, and those that do not fit
 * are dropped and counted. Neither reaches serving.
 *
 * <p>An implementation is called by one thread at a time for each engine, not always the same one; one that several engines
 * share is thread-safe.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface AlertSink {
  /**
   * Takes one event.
   *
   * @param event what happened
   * @throws Exception whatever the sink wants; it is counted
   */
  void deliver(AlertEvent event) throws Exception;
}
