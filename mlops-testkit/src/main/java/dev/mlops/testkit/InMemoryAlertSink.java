package dev.mlops.testkit;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.alert.AlertSink;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A sink that keeps what it is told, joined as a pager joins it: by {@link AlertEvent#key()}.
 *
 * <pre>{@code
 * InMemoryAlertSink pager = new InMemoryAlertSink();
 * AlertEngine alerts = AlertEngine.of(rules).to(pager).on(Runnable::run);
 * }</pre>
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class InMemoryAlertSink implements AlertSink {
  private final List<AlertEvent> events = new ArrayList<>();
  private final Map<String, AlertEvent> open = new LinkedHashMap<>();
  private int failures;

  /** Makes a sink that was told nothing yet. */
  public InMemoryAlertSink() {}

  @Override
  public synchronized void deliver(AlertEvent event) throws IOException {
    if (failures > 0) {
      failures--;
      throw new IOException("the test has this delivery fail");
    }
    events.add(event);
    if (event.state() == State.RESOLVED) {
      open.remove(event.key());
    } else if (event.state() == State.FIRING) {
      open.put(event.key(), event);
    }
  }

  /**
   * Has the next deliveries fail, as those to a receiver that is down: the engine sends the event again.
   *
   * @param deliveries how many, at least 0
   * @throws IllegalArgumentException if it is negative
   */
  public synchronized void failNext(int deliveries) {
    if (deliveries < 0) {
      throw new IllegalArgumentException("deliveries must be >= 0, but was " + deliveries);
    }
    failures = deliveries;
  }

  /** {@return all that it was told, the oldest first; a snapshot} */
  public synchronized List<AlertEvent> events() {
    return List.copyOf(events);
  }

  /** {@return how often it was told that a rule begins to fire; reminders and what was sent twice of one alert not counted} */
  public synchronized long pages() {
    Map<String, State> last = new LinkedHashMap<>();
    long pages = 0;
    for (AlertEvent event : events) {
      if (event.state() == State.FIRING && last.get(event.key()) != State.FIRING) {
        pages++;
      }
      if (event.state() != State.PENDING) {
        last.put(event.key(), event.state());
      }
    }
    return pages;
  }

  /** {@return the newest event of each alert that fires, in the order in which they began; a snapshot} */
  public synchronized List<AlertEvent> open() {
    return List.copyOf(open.values());
  }
}
