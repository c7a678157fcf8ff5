package dev.mlops.api.store;

import dev.mlops.api.model.MlopsException;

/**
 * A version that the store does not hold.
 *
 * <p>The caller must act: the reference is wrong, or the store is. Code {@code STORE-VERSION-NOT-FOUND}.
 *
 * @since 0.1
 */
public class VersionNotFoundException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the fault.
   *
   * @param message what was wanted, what was found, where, and what happened next
   *
   */
  public VersionNotFoundException(String message) {
    super("STORE-VERSION-NOT-FOUND", message);
  }
}
