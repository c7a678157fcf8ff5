package dev.mlops.api.store;

import dev.mlops.api.model.MlopsException;

/**
 * A move that was not made because the alias was not where the move expected it.
 *
 * <p>The caller must act: read the alias again and decide again; nothing changed. Code {@code STORE-ALIAS-CONFLICT}.
 *
 * @since 0.1
 */
public class AliasConflictException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the fault.
   *
   * @param message what was wanted, what was found, where, and what happened next
   *
   */
  public AliasConflictException(String message) {
    super("STORE-ALIAS-CONFLICT", message);
  }
}
