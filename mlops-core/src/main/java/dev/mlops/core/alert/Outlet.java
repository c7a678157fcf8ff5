package dev.mlops.core.alert;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertSink;
import dev.mlops.api.alert.RepeatingAlertSink;
import dev.mlops.core.internal.log.Warnings;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The bounded queue before one sink, emptied on the host's executor by one task at a time.
 *
 * <p>Thread-safe.
 */
final class Outlet {
  /** The first wait before what did not arrive is sent again; each further one is twice as long. */
  private static final Duration FIRST_WAIT = Duration.ofSeconds(1);

  private final AlertSink sink;
  private final Executor executor;
  private final int capacity;
  private final int attempts;
  private final Warnings warnings;

  /** Guarded by itself, as is all below. */
  private final ArrayDeque<Notice> queue = new ArrayDeque<>();

  private int waiting;
  /** A task was handed to the executor and has not begun. */
  private boolean asked;
  /** A task is delivering. */
  private boolean running;
  /** How often the first of the queue was tried in vain. */
  private int tried;

  private Instant now = Instant.EPOCH;
  private Instant triedAt = Instant.EPOCH;
  /** What fires, of the newest evaluation that the sink has not heard of. */
  private @Nullable List<AlertEvent> firing;

  private long dropped;
  private long failures;

  Outlet(AlertSink sink, Executor executor, int capacity, int attempts, Warnings warnings) {
    this.sink = sink;
    this.executor = executor;
    this.capacity = capacity;
    this.attempts = attempts;
    this.warnings = warnings;
  }

  void add(Notice notice) {
    synchronized (queue) {
      int more = notice.events().size();
      if ((waiting > 0 && waiting + more > capacity) || waiting >= capacity) {
        dropped += more;
      } else {
        waiting += more;
        queue.add(notice);
      }
    }
  }

  /** That there was an evaluation; a sink that repeats is told what fires. */
  void evaluated(Instant at, List<AlertEvent> nowFiring) {
    synchronized (queue) {
      now = at;
      if (sink instanceof RepeatingAlertSink) {
        firing = nowFiring;
      }
    }
  }

  /** Has the executor empty the queue, unless it is at it or waits before it tries again. Never throws. */
  void start() {
    synchronized (queue) {
      boolean work = firing != null || (!queue.isEmpty() && mayTry());
      if (!work || asked || running) {
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

  private boolean mayTry() {
    return tried == 0
        || now.isBefore(triedAt)
        || Standing.reached(triedAt, now, FIRST_WAIT.multipliedBy(1L << Math.min(tried - 1, 20)));
  }

  private void run() {
    synchronized (queue) {
      asked = false;
      if (running) {
        return;
      }
      running = true;
    }
    boolean stopped = false;
    while (true) {
      Notice notice;
      List<AlertEvent> heard;
      Instant at;
      synchronized (queue) {
        notice = stopped || !mayTry() ? null : queue.peek(); // it stays there until it has arrived
        if (notice != null) {
          waiting -= notice.events().size();
        }
        heard = notice == null && !stopped ? firing : null;
        at = now;
        if (heard != null) {
          firing = null;
        } else if (notice == null) {
          running = false;
          return;
        }
      }
      if (notice != null) {
        stopped = !deliver(notice);
      } else if (heard != null) {
        stopped = !hear(at, heard);
      }
    }
  }

  /** Delivers one notice; false if the thread was told to stop, and then the rest waits for the next evaluation. */
  private boolean deliver(Notice notice) {
    List<AlertEvent> events = List.copyOf(notice.events());
    try {
      if (events.size() == 1) {
        sink.deliver(events.get(0));
      } else if (!events.isEmpty()) {
        sink.deliverGroup(events);
      }
      taken(0);
      notice.arrived();
      return true;
    } catch (IOException thrown) {
      boolean givenUp;
      synchronized (queue) {
        tried++;
        triedAt = now;
        givenUp = tried >= attempts;
        if (!givenUp) {
          failures++;
          waiting += events.size();
        }
      }
      warnings.once(
          "unsent " + thrown.getClass().getName(),
          "an alert did not arrive (" + Warnings.shown(thrown) + "); it is sent again by later"
              + " evaluations, " + attempts + " times at most; counted, and not said again",
          thrown);
      if (givenUp) {
        taken(events.size());
      }
      return true;
    } catch (Throwable thrown) {
      taken(events.size());
      warnings.once(
          "sink " + thrown.getClass().getName(),
          "an alert sink threw " + thrown.getClass().getName() + " on "
              + Warnings.shown(events.get(0).rule()) + "; counted, and not said again",
          thrown);
      if (thrown instanceof InterruptedException) {
        Thread.currentThread().interrupt();
        return false;
      }
      return true;
    }
  }

  private void taken(int failed) {
    synchronized (queue) {
      queue.poll();
      tried = 0;
      failures += failed;
    }
  }

  private boolean hear(Instant at, List<AlertEvent> heard) {
    if (!(sink instanceof RepeatingAlertSink repeating)) {
      return true;
    }
    try {
      repeating.evaluated(at, heard);
    } catch (Throwable thrown) {
      synchronized (queue) {
        failures++;
      }
      warnings.once(
          "repeat " + thrown.getClass().getName(),
          "an alert sink could not repeat what fires (" + Warnings.shown(thrown)
              + "); a later evaluation tries again; counted, and not said again",
          thrown);
      if (thrown instanceof InterruptedException) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return true;
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
