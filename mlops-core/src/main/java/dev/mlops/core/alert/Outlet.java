package dev.mlops.core.alert;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertSink;
import dev.mlops.core.internal.log.Warnings;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The bounded queue before one sink, emptied on the host's executor by one task at a time.
 *
 * <p>Thread-safe.
 */
final class Outlet {
  private final AlertSink sink;
  private final Executor executor;
  private final int capacity;
  private final Warnings warnings;

  /** Guarded by itself, as is all below. */
  private final ArrayDeque<AlertEvent> queue = new ArrayDeque<>();

  /** A task was handed to the executor and has not begun. */
  private boolean asked;
  /** A task is delivering. */
  private boolean running;

  private long dropped;
  private long failures;

  Outlet(AlertSink sink, Executor executor, int capacity, Warnings warnings) {
    this.sink = sink;
    this.executor = executor;
    this.capacity = capacity;
    this.warnings = warnings;
  }

  void add(AlertEvent event) {
    synchronized (queue) {
      if (queue.size() >= capacity) {
        dropped++;
      } else {
        queue.add(event);
      }
    }
  }

  /** Has the executor empty the queue, unless it is at it. Never throws. */
  void start() {
    synchronized (queue) {
      if (queue.isEmpty() || asked || running) {
        return;
      }
      asked = true;
    }
    try {
      executor.execute(this::run);
    } catch (Throwable thrown) {
      synchronized (queue) {
        asked = false;
        failures++;
      }
      warnings.once(
          "executor " + thrown.getClass().getName(),
          "the executor of an alert engine refused to deliver ("
              + thrown.getClass().getName()
              + "); events wait in a bounded queue, the next evaluation asks again",
          thrown);
    }
  }

  private void run() {
    synchronized (queue) {
      asked = false;
      if (running) {
        return;
      }
      running = true;
    }
    for (AlertEvent event = next(); event != null; event = next()) {
      if (!deliver(event)) {
        return;
      }
    }
  }

  /** The next event; null, and not running any more, if there is none. */
  private @Nullable AlertEvent next() {
    synchronized (queue) {
      AlertEvent event = queue.poll();
      running = event != null;
      return event;
    }
  }

  /** Delivers one event; false if the thread was told to stop, and then the rest waits for the next evaluation. */
  private boolean deliver(AlertEvent event) {
    try {
      sink.deliver(event);
      return true;
    } catch (Throwable thrown) {
      synchronized (queue) {
        failures++;
        running = !(thrown instanceof InterruptedException);
      }
      warnings.once(
          "sink " + thrown.getClass().getName(),
          "an alert sink threw " + thrown.getClass().getName() + " on "
              + Warnings.shown(event.rule()) + "; counted, and not said again",
          thrown);
      if (thrown instanceof InterruptedException) {
        Thread.currentThread().interrupt();
        return false;
      }
      return true;
    }
  }

  long dropped() {
    synchronized (queue) {
      return dropped;
    }
  }

  long failures() {
    synchronized (queue) {
      return failures;
    }
  }
}
