package dev.mlops.testkit;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.store.StoreException;
import java.util.ArrayList;
import java.util.List;

/**
 * A journal in memory, for tests: what it holds is gone with it, unless it is {@linkplain #reopened() reopened}.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class InMemoryJournal implements Journal {
  private final List<LoopEvent> events;
  private boolean closed;
  private boolean full;

  /** An empty journal. */
  public InMemoryJournal() {
    this(List.of());
  }

  private InMemoryJournal(List<LoopEvent> events) {
    this.events = new ArrayList<>(events);
  }

  /** {@return a journal with the events of this one, as the next process finds it} */
  public synchronized InMemoryJournal reopened() {
    return new InMemoryJournal(events);
  }

  /**
   * Makes every append fail, or work again.
   *
   * @param full whether it fails
   */
  public synchronized void full(boolean full) {
    this.full = full;
  }

  @Override
  public synchronized void append(LoopEvent event) {
    requireNonNull(event, "event");
    requireOpen();
    if (full) {
      throw new StoreException(
          "the journal in memory is full on purpose; nothing was stored", null);
    }
    events.add(event);
  }

  @Override
  public synchronized List<LoopEvent> events() {
    requireOpen();
    return List.copyOf(events);
  }

  @Override
  public synchronized void close() {
    closed = true;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the journal in memory is closed");
    }
  }
}
