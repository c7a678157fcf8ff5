package dev.mlops.api.pack;

import dev.mlops.api.model.MlopsException;
import org.jspecify.annotations.Nullable;

/**
 * An intact package that gives no model: an unknown runtime, a class that is not allowed, an output of another kind.
 *
 * <p>Who made the package must act; the version that serves goes on serving. Code {@code PACKAGE-LOAD}.
 *
 * @since 0.1
 */
public class ModelLoadException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the fault.
   *
   * @param message what was wanted, what was found, where, and what happened next
   * @param cause what a framework threw, or null
   */
  public ModelLoadException(String message, @Nullable Throwable cause) {
    super("PACKAGE-LOAD", message, cause);
  }
}
