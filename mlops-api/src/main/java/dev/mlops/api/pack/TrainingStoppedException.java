package dev.mlops.api.pack;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;

/**
 * A training that was cancelled, or whose deadline has passed.
 *
 * <p>Who asked for it must act: nothing was learnt, and what serves goes on. Code {@code TRAINING-STOPPED}.
 *
 * @since 0.1
 */
@Beta
public class TrainingStoppedException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the fault.
   *
   * @param message what was wanted, what was found, and what happened next
   */
  public TrainingStoppedException(String message) {
    super("TRAINING-STOPPED", message);
  }
}
