package dev.mlops.core.serve;

import dev.mlops.api.model.MlopsException;
import org.jspecify.annotations.Nullable;

/**
 * A model that answered with nothing usable: null, or a score that is not finite.
 *
 * <p>Who made the model must act; the request got no answer, and the failure was counted. Code {@code SERVE-NO-PREDICTION}.
 *
 * @since 0.1
 */
public class NoPredictionException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the fault.
   *
   * @param message which version answered with what
   * @param cause what the prediction threw when it was asked whether it is finite, or null
   */
  public NoPredictionException(String message, @Nullable Throwable cause) {
    super("SERVE-NO-PREDICTION", message, cause);
  }
}
