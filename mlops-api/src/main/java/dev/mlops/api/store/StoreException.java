package dev.mlops.api.store;

import dev.mlops.api.model.MlopsException;
import org.jspecify.annotations.Nullable;

/**
 * A store that could not be read or written: no space, no permission, no file system.
 *
 * <p>Who runs the host must act; the store is as it was before the call. Code {@code STORE-IO}.
 *
 * @since 0.1
 */
public class StoreException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the fault.
   *
   * @param message what was wanted, what was found, where, and what happened next
   * @param cause what the system threw, or null
   */
  public StoreException(String message, @Nullable Throwable cause) {
    super("STORE-IO", message, cause);
  }
}
