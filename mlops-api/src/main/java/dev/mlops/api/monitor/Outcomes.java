package dev.mlops.api.monitor;

import java.util.List;

/**
 * The predictions whose truth has matured, in order of maturing: what training windows and shadows read.
 *
 * <p>Only the newest {@link #capacity()} are kept. A position is never given twice.
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
   * {@return the position after the newest, which is how many have matured since the monitor was opened}
   */
  long end();

  /**
   * {@return how many recorded predictions still wait for their truth}
   */
  long open();

  /**
   * {@return the outcomes that are kept from one position up to another, oldest first; immutable}
   *
   * @param from first position; at least 0
   * @param to position after the last; at least {@code from}. What is not kept any more, or has not matured, is left out
   * @throws IllegalArgumentException if from is negative or above to
   */
  List<Outcome> between(long from, long to);
}
