package dev.mlops.testkit;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.alert.AlertSink;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** A sink with its receiver that keep the contract, and sinks that break one clause each. */
final class BrokenAlertSinks {
  private BrokenAlertSinks() {}

  /** Its receiver joins by key. */
  static class Pager implements AlertSink {
    final InMemoryAlertSink receiver = new InMemoryAlertSink();
    boolean away;

    @Override
    public void deliver(AlertEvent event) throws Exception {
      if (away) {
        throw new IOException("the receiver is away");
      }
      receiver.deliver(event);
    }

    List<String> open() {
      return receiver.open().stream().map(AlertEvent::rule).toList();
    }
  }

  static List<Broken<Supplier<Pager>>> all() {
    return List.of(
        new Broken<>("delivers", "it does not tell that an alert is over", () -> new Pager() {
          @Override
          public void deliver(AlertEvent event) throws Exception {
            if (event.state() != State.RESOLVED) {
              super.deliver(event);
            }
          }
        }),
        new Broken<>("joins", "what comes again is another alert", () -> new Pager() {
          private final List<String> again = new ArrayList<>();

          @Override
          public void deliver(AlertEvent event) throws Exception {
            boolean known = open().contains(event.rule());
            super.deliver(event);
            if (known && event.state() == State.FIRING) {
              again.add(event.rule());
            }
          }

          @Override
          List<String> open() {
            List<String> all = new ArrayList<>(super.open());
            all.addAll(again);
            return all;
          }
        }),
        new Broken<>("groups", "it takes the first of a group alone", () -> new Pager() {
          @Override
          public void deliverGroup(List<AlertEvent> events) throws Exception {
            deliver(events.get(0));
          }
        }),
        new Broken<>(
            "mayBeSentAgain", "it says nothing of a receiver that is away", () -> new Pager() {
              @Override
              public void deliver(AlertEvent event) throws Exception {
                if (!away) {
                  super.deliver(event);
                }
              }
            }),
        new Broken<>("anyEvent", "it refuses a text that is long", () -> new Pager() {
          @Override
          public void deliver(AlertEvent event) throws Exception {
            if (event.finding().text().length() > 10_000) {
              throw new IllegalArgumentException("too long");
            }
            super.deliver(event);
          }
        }));
  }
}
