package dev.mlops.api.pack;

import dev.mlops.api.model.MlopsException;

/**
 * A file whose bytes are not the ones that its manifest lists: damaged, cut short, or replaced.
 *
 * <p>Who keeps the storage must act; the bytes reached no parser. Code {@code PACKAGE-INTEGRITY}.
 *
 * @since 0.1
 */
public class PackageIntegrityException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the fault.
   *
   * @param message which file of which package, the digest wanted and the one found, and what happened next
   */
  public PackageIntegrityException(String message) {
    super("PACKAGE-INTEGRITY", message);
  }
}
