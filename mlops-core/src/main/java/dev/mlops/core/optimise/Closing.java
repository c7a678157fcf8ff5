package dev.mlops.core.optimise;

import dev.mlops.api.model.Model;

/** Closes models that nobody asks any more. */
final class Closing {
  private Closing() {}

  static void close(Model model) {
    if (model instanceof AutoCloseable held) {
      try {
        held.close();
      } catch (Exception e) {
        // Nobody asks it again: what it holds may be lost.
      }
    }
  }
}
