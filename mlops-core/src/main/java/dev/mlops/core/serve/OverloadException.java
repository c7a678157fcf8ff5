package dev.mlops.core.serve;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import org.jspecify.annotations.Nullable;

/**
 * A request that was refused at once, since too many are being answered.
 *
 * <p>The caller may come again later; no model was asked. Code {@code SERVE-OVERLOAD}.
 *
 * @since 0.1
 */
@Beta
public class OverloadException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the fault.
   *
   * @param message how many were being answered, and how many may be
   * @param cause what an executor threw, or null
   */
  public OverloadException(String message, @Nullable Throwable cause) {
    super("SERVE-OVERLOAD", message, cause);
  }
}
