package dev.mlops.api.store;

import dev.mlops.api.model.MlopsException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A move that was not made because the alias was not where the move expected it.
 *
 * <p>The caller must act: look at where the alias is and decide again; nothing changed. Code {@code STORE-ALIAS-CONFLICT}.
 *
 * @since 0.1
 */
public class AliasConflictException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /** Null if the alias was never set; what is in the store, so not written with the exception. */
  private final transient @Nullable AliasChange current;

  /**
   * Makes the fault.
   *
   * @param message what was wanted, what was found, where, and what happened next
   * @param current the change by which the alias is where it was found; empty if it was never set
   */
  public AliasConflictException(String message, Optional<AliasChange> current) {
    super("STORE-ALIAS-CONFLICT", message);
    this.current = current.orElse(null);
  }

  /**
   * {@return the change by which the alias is where it was found; empty if it was never set}
   */
  public Optional<AliasChange> current() {
    return Optional.ofNullable(current);
  }
}
