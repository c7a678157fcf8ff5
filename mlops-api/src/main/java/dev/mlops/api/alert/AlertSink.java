package dev.mlops.api.alert;

import java.util.List;

/**
 * Where alert events go: a pager, a log, a queue.
 *
 * <p>Called on the executor that the host gave to the engine, one event at a time and in order for each engine. While it blocks,
 * events wait in a bounded queue, and those that do not fit are dropped and counted. Neither that nor what it throws reaches
 * serving.
 *
 * <p>An {@link java.io.IOException} says that the event did not arrive and may be sent again: it stays first in the queue, and the
 * next evaluation of the engine tries again, a bounded number of times. Whatever else is thrown gives the event up; it is counted
 * and logged once per cause. So an event may arrive twice; {@link AlertEvent#key()} is the same.
 *
 * <p>An implementation is called by one thread at a time for each engine, not always the same one; one that several engines
 * share is thread-safe.
 *
 * <p>Contract; {@code AlertSinkContract} of the testkit has a test for each clause, which suits a sink whose receiver can be asked:
 *
 * <ol>
 *   <li><b>delivers</b>: an alert that fires is open at the receiver once {@link #deliver} has returned, and one that is over is not
 *       open any more.
 *   <li><b>joins</b>: events with one {@link AlertEvent#key()} are one alert at the receiver, however often they come.
 *   <li><b>groups</b>: {@link #deliverGroup} leaves the receiver as delivering one event after another does.
 *   <li><b>mayBeSentAgain</b>: while the receiver is away it throws {@link java.io.IOException}, and the same event arrives when it is
 *       delivered again later.
 *   <li><b>anyEvent</b>: events of every kind and state are taken, whatever their texts hold.
 * </ol>
 *
 * @since 0.1
 */
@FunctionalInterface
public interface AlertSink {
  /**
   * Takes one event.
   *
   * @param event what happened
   * @throws java.io.IOException if it did not arrive and may be sent again
   * @throws Exception whatever else the sink wants; the event is given up and counted
   */
  void deliver(AlertEvent event) throws Exception;

  /**
   * Takes the events of one group that are told together; by default one after another.
   *
   * <p>If it throws {@link java.io.IOException}, all of them are sent again.
   *
   * @param events at least one, the oldest first
   * @throws java.io.IOException if they did not arrive and may be sent again
   * @throws Exception whatever else the sink wants; the events are given up and counted
   */
  default void deliverGroup(List<AlertEvent> events) throws Exception {
    for (AlertEvent event : events) {
      deliver(event);
    }
  }
}
