package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;

/**
 * One file of a package as its manifest lists it.
 *
 * <p>Immutable.
 *
 * @param name unique in its package; letters, digits, {@code . _ -} and {@code /} between parts, no part empty or of dots
 *     alone, at most 200 characters
 * @param role what it is for
 * @param size in bytes; at least 0
 * @param digest of its bytes
 * @since 0.1
 */
public record PackageFile(String name, Role role, long size, Digest digest) {
  /**
   * What a file of a package is for.
   *
   * @since 0.1
   */
  public enum Role {
    /** What a runtime reads to make the model. */
    WEIGHTS,
    /** The columns of the input. */
    SCHEMA,
    /** The numbers of the test phase. */
    BASELINE,
    /** Inputs with the predictions that any later load must give again. */
    EXAMPLES,
    /** The libraries that the model was made with. */
    LIBRARIES,
    /** Settings that belong to the model. */
    CONFIGURATION,
    /** For people: a model card, an approval, a report. */
    DOCUMENT
  }

  /**
   * Checks the name and the size.
   *
   * @throws IllegalArgumentException if the name is not allowed or the size is negative
   */
  public PackageFile {
    requireNonNull(role, "role");
    requireNonNull(digest, "digest");
    requireName(name);
    if (size < 0) {
      throw new IllegalArgumentException("size of " + name + " must be >= 0, but was " + size);
    }
  }

  /**
   * Refuses a name that is not allowed in a package; a name never becomes a path on disk all the same.
   *
   * @param name what to check
   * @return the name
   * @throws IllegalArgumentException if it is not allowed; the message shows it escaped
   */
  public static String requireName(String name) {
    boolean fine = !name.isEmpty() && name.length() <= 200;
    for (String part : name.split("/", -1)) {
      fine &= !part.isEmpty() && !part.matches("\\.+") && part.matches("[A-Za-z0-9._-]+");
    }
    if (!fine) {
      throw new IllegalArgumentException("file name \"" + MlopsException.shown(name)
          + "\" is not allowed in a package: wanted letters, digits, . _ -"
          + " in parts divided by /, at most 200 characters");
    }
    return name;
  }

  @Override
  public String toString() {
    return name + " (" + role + ", " + size + " B, sha256 " + digest.abbreviated() + ")";
  }
}
