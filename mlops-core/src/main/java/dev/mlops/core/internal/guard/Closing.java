package dev.mlops.core.internal.guard;

import dev.mlops.api.model.Model;

/**
 * Closes models that nobody asks any more.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Closing {
  private Closing() {}

  /**
   * Closes a model if it holds something; never throws an exception.
   *
   * @param model that nobody asks again
   */
  public static void close(Model model) {
    if (model instanceof AutoCloseable held) {
      try {
        held.close();
      } catch (Exception e) {
        // Nobody asks it again: what it holds may be lost.
      }
    }
  }
}
