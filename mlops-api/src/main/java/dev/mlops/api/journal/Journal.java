package dev.mlops.api.journal;

import dev.mlops.api.model.Beta;
import dev.mlops.api.store.StoreException;
import java.util.List;

/**
 * Keeps the steps of a maintenance loop: each is written before it takes effect, so that a loop that starts again knows what
 * was under way.
 *
 * <p>The contract, clause by clause:
 *
 * <ol>
 *   <li><b>keepsOrder</b>: {@link #events()} gives every event that was appended, oldest first.
 *   <li><b>keepsEverything</b>: an event comes back equal: positions, numbers, reasons of several lines, kinds and fields of a
 *       newer release included.
 *   <li><b>isDurable</b>: an event is stored when {@link #append} returns, and the next opener reads it, whether or not the
 *       journal was closed. Journals in memory are exempt: they cannot be reopened.
 *   <li><b>givesCopies</b>: the list that {@link #events()} gave changes no more.
 *   <li><b>threads</b>: may be used from several threads at once; nothing that was appended is lost.
 *   <li><b>staysClosed</b>: once closed it throws IllegalStateException; it may be closed twice.
 * </ol>
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public interface Journal extends AutoCloseable {
  /**
   * Stores an event.
   *
   * @param event behind all others
   * @throws StoreException if it was not stored, or nobody knows whether it was; the loop then does not take the step
   * @throws IllegalStateException if the journal is closed
   */
  void append(LoopEvent event);

  /**
   * {@return every event, oldest first, those of earlier openers included}
   *
   * @throws StoreException if they could not be read
   * @throws IllegalStateException if the journal is closed
   */
  List<LoopEvent> events();

  /** Closes the journal; may be called twice. */
  @Override
  void close();
}
