package dev.mlops.core.serve;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;

/**
 * A model that did not answer before the deadline of a request.
 *
 * <p>The call goes on and its answer is thrown away. Code {@code SERVE-TIMEOUT}.
 *
 * @since 0.1
 */
@Beta
public class PredictionTimeoutException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the fault.
   *
   * @param message which version was late, and the deadline
   */
  public PredictionTimeoutException(String message) {
    super("SERVE-TIMEOUT", message);
  }
}
