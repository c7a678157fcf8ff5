package dev.mlops.api.monitor;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/**
 * The predictions whose truth has matured, in order of maturing: what training windows and shadows read.
 *
 * <p>Each has a position. Within one ledger positions have no hole, and each belongs to one outcome for ever: a position that
 * was written down, in a journal or in the history of candidates, never means another outcome later. A monitor that keeps
 * outcomes only in memory begins each life at another position, far from those of its earlier lives, so a position from before
 * a restart lies outside of {@link #begin()} to {@link #end()}; one that keeps them on disk goes on where it ended. So
 * positions are compared and subtracted within one ledger, and are not counts: {@link Evidence#maturedSince(long)} counts.
 *
 * <p>Only the newest {@link #capacity()} are kept.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public interface Outcomes {
  /**
   * {@return the outcomes of a monitor that keeps none}
   */
  static Outcomes none() {
    return NoOutcomes.INSTANCE;
  }

  /**
   * {@return how many are kept at most; 0 if the monitor keeps none}
   */
  long capacity();

  /**
   * {@return the position of the oldest that is kept; {@link #end()} if none is}
   */
  long begin();

  /**
   * {@return the position after the newest; not negative}
   */
  long end();

  /**
   * {@return how many recorded predictions still wait for their truth}
   */
  long open();

  /**
   * Hands over the outcomes that are kept from one position up to another, oldest first, one at a time. Each is given as it
   * stands when its turn comes; what is forgotten before that is left out.
   *
   * @param from first position; at least 0
   * @param to position after the last; at least {@code from}. What is not kept any more, or has not matured, is left out
   * @param visitor may keep what it is given, which does not change; it runs on the calling thread, without any lock of the
   *     monitor's. What it throws ends the visit and reaches the caller
   * @throws IllegalArgumentException if from is negative or above to
   */
  void visit(long from, long to, Consumer<? super Outcome> visitor);

  /**
   * {@return the outcomes that {@link #visit} hands over, in a list; immutable}
   *
   * @param from first position; at least 0
   * @param to position after the last; at least {@code from}
   * @throws IllegalArgumentException if from is negative or above to
   */
  default List<Outcome> between(long from, long to) {
    List<Outcome> outcomes = new ArrayList<>();
    visit(from, to, outcomes::add);
    return Collections.unmodifiableList(outcomes);
  }
}
