package dev.mlops.core.loop;

import dev.mlops.core.internal.log.EventLog;
import dev.mlops.core.internal.log.Warnings;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The steps of a loop: each is on the device before it takes effect, and only then told to listeners.
 *
 * <p>Thread-safe.
 */
final class Journal implements AutoCloseable {
  private static final int LONGEST_TEXT = 4_000;

  private final EventLog log;
  private final String alias;
  private final InstantSource clock;
  private final List<Consumer<? super LoopEvent>> listeners;
  private final Warnings warnings = Warnings.of(MaintenanceLoop.class);
  private final JournalReplay past;

  private Journal(
      EventLog log,
      String alias,
      InstantSource clock,
      List<Consumer<? super LoopEvent>> listeners) {
    this.log = log;
    this.alias = alias;
    this.clock = clock;
    this.listeners = List.copyOf(listeners);
    if (log.tail().ignored() > 0) {
      warnings.once(
          "torn",
          "the journal of the loop on " + alias + " had a torn end, " + log.tail()
              + ": a step that had not been taken",
          null);
    }
    this.past = JournalReplay.of(events());
  }

  static Journal open(
      Path file,
      Function<Path, EventLog> opener,
      String alias,
      InstantSource clock,
      List<Consumer<? super LoopEvent>> listeners) {
    EventLog log = opener.apply(file);
    try {
      return new Journal(log, alias, clock, listeners);
    } catch (Throwable e) {
      try (log) {
        throw e;
      }
    }
  }

  /** What had been written when the journal was opened. */
  JournalReplay past() {
    return past;
  }

  /** Writes a step, then tells it; throws only if it was not written. */
  void write(LoopEvent.Kind kind, String subject, String text) {
    LoopEvent event = new LoopEvent(clock.instant(), kind, subject, beginning(text));
    log.append(event.toBytes());
    tell(event);
  }

  /** Foreign words, such as the message of an exception, must not make an entry that cannot be written. */
  private static String beginning(String text) {
    return text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT) + "…";
  }

  /** Tells what is no step, so that it is not written; never throws. */
  void tell(LoopEvent event) {
    for (Consumer<? super LoopEvent> listener : listeners) {
      try {
        listener.accept(event);
      } catch (Throwable e) { // the step was taken all the same
        warnings.once(
            "listener " + e.getClass().getName(),
            "a listener of the loop on " + alias + " threw",
            e);
      }
    }
  }

  /** Every step, oldest first, those of earlier processes included. */
  List<LoopEvent> events() {
    List<LoopEvent> all = new ArrayList<>();
    log.read(entry -> all.add(LoopEvent.ofBytes(entry)));
    return all;
  }

  @Override
  public void close() {
    log.close();
  }
}
