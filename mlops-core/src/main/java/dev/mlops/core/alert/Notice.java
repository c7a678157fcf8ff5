package dev.mlops.core.alert;

import dev.mlops.api.alert.AlertEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Events that are told together, and whether they have arrived at every sink.
 *
 * <p>Thread-safe once it is shared.
 */
final class Notice {
  private final List<AlertEvent> events = new ArrayList<>();
  private final List<Runnable> arrivals = new ArrayList<>();
  private final AtomicInteger left = new AtomicInteger();

  /** Adds one event before the notice is shared. */
  void add(AlertEvent event, Runnable arrived) {
    events.add(event);
    arrivals.add(arrived);
  }

  List<AlertEvent> events() {
    return events;
  }

  /** Takes out the events of a rule that nobody has been told of; gives whether there was one. */
  boolean withdraw(String rule) {
    boolean found = false;
    for (int i = events.size() - 1; i >= 0; i--) {
      if (events.get(i).rule().equals(rule)) {
        events.remove(i);
        arrivals.remove(i).run();
        found = true;
      }
    }
    return found;
  }

  void sharedBy(int sinks) {
    left.set(sinks);
  }

  /** That one more sink has it. */
  void arrived() {
    if (left.decrementAndGet() == 0) {
      arrivals.forEach(Runnable::run);
    }
  }
}
