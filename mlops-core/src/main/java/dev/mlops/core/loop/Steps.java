package dev.mlops.core.loop;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Texts;
import dev.mlops.core.internal.log.Warnings;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Consumer;

/**
 * Takes the steps of a loop: each is in the journal before it takes effect, and only then told to listeners.
 *
 * <p>Thread-safe.
 */
final class Steps {
  private static final int LONGEST_TEXT = 4_000;

  private final Journal journal;
  private final String alias;
  private final InstantSource clock;
  private final List<Consumer<? super LoopEvent>> listeners;

  /** Takes each step that was written, before listeners hear of it. */
  private volatile Consumer<? super LoopEvent> taken = event -> {};

  private final Warnings warnings = Warnings.of(MaintenanceLoop.class);

  Steps(
      Journal journal,
      String alias,
      InstantSource clock,
      List<Consumer<? super LoopEvent>> listeners) {
    this.journal = journal;
    this.alias = alias;
    this.clock = clock;
    this.listeners = List.copyOf(listeners);
  }

  /** An event of now, to be filled in. */
  LoopEvent.Builder event(LoopEvent.Kind kind) {
    return LoopEvent.builder(kind, clock.instant());
  }

  /** Writes a step, then tells it; throws only if it was not written. */
  void write(LoopEvent.Builder step) {
    write(step.build());
  }

  /** Writes a step, then tells it; throws only if it was not written. */
  void write(LoopEvent event) {
    journal.append(event);
    taken.accept(event);
    tell(event);
  }

  /** Foreign words, such as the message of an exception, must not make an entry that cannot be written. */
  static String beginning(String text) {
    return text.length() <= LONGEST_TEXT
        ? Texts.whole(text)
        : Texts.beginning(text, LONGEST_TEXT) + "…";
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

  /** Hands over every step: those of the journal now, later ones as they are written. */
  void follow(Consumer<? super LoopEvent> taker) {
    events().forEach(taker);
    taken = taker;
  }

  /** Every step, oldest first, those of earlier processes included. */
  List<LoopEvent> events() {
    return journal.events();
  }

  void close() {
    journal.close();
  }
}
