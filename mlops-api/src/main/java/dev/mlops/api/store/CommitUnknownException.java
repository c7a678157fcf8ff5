package dev.mlops.api.store;

import dev.mlops.api.model.MlopsException;
import org.jspecify.annotations.Nullable;

/**
 * A write of which it could not be told whether it was made.
 *
 * <p>The caller does the same again, with the same package or intent: the store then says which it was. Nothing was
 * cleaned up. Code {@code STORE-COMMIT-UNKNOWN}.
 *
 * @since 0.1
 */
public class CommitUnknownException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the fault.
   *
   * @param message what was wanted, what was found, where, and what happened next
   * @param cause what the system threw, or null
   */
  public CommitUnknownException(String message, @Nullable Throwable cause) {
    super("STORE-COMMIT-UNKNOWN", message, cause);
  }
}
