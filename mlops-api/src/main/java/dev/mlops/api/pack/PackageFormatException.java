package dev.mlops.api.pack;

import dev.mlops.api.model.MlopsException;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that are not a package: a manifest that is missing, malformed, not canonical, or from a newer release.
 *
 * <p>Who made the package must act; nothing was written. Code {@code PACKAGE-FORMAT}.
 *
 * @since 0.1
 */
public class PackageFormatException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the fault.
   *
   * @param message what was wanted, what was found, where, and what happened next
   * @param cause what a parser threw, or null
   */
  public PackageFormatException(String message, @Nullable Throwable cause) {
    super("PACKAGE-FORMAT", message, cause);
  }
}
