package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

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
   * <p>A role is a text. The constants are those that this release knows; a package may hold files of other roles, which are
   * listed, verified and copied like any other.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Role {
    /** What a runtime reads to make the model. */
    public static final Role WEIGHTS = new Role("weights");
    /** The columns of the input. */
    public static final Role SCHEMA = new Role("schema");
    /** The numbers of the test phase. */
    public static final Role BASELINE = new Role("baseline");
    /** Inputs with the predictions that any later load must give again. */
    public static final Role EXAMPLES = new Role("examples");
    /** The libraries that the model was made with. */
    public static final Role LIBRARIES = new Role("libraries");
    /** Settings that belong to the model. */
    public static final Role CONFIGURATION = new Role("configuration");
    /** Where the model comes from. */
    public static final Role PROVENANCE = new Role("provenance");
    /** Where the model was made: Java, operating system, processor. */
    public static final Role ENVIRONMENT = new Role("environment");
    /** What makes probabilities of the model's scores. */
    public static final Role CALIBRATION = new Role("calibration");
    /** For people: a model card, an approval, a report. */
    public static final Role DOCUMENT = new Role("document");

    private static final List<Role> KNOWN = List.of(
        WEIGHTS,
        SCHEMA,
        BASELINE,
        EXAMPLES,
        LIBRARIES,
        CONFIGURATION,
        PROVENANCE,
        ENVIRONMENT,
        CALIBRATION,
        DOCUMENT);
    private static final Pattern TEXT = Pattern.compile("[a-z0-9][a-z0-9.+_/-]{0,126}");

    private final String text;

    private Role(String text) {
      this.text = text;
    }

    /**
     * {@return the role of a text}
     *
     * @param text a lower-case letter or digit, then at most 126 of these and {@code . + _ / -}
     * @throws IllegalArgumentException if it is another
     */
    public static Role of(String text) {
      if (!TEXT.matcher(text).matches()) {
        throw new IllegalArgumentException(
            "a role must be a lower-case letter or digit and at most 126 of these and . + _ / -, but was \""
                + MlopsException.shown(text) + "\"");
      }
      for (Role known : KNOWN) {
        if (known.text.equals(text)) {
          return known;
        }
      }
      return new Role(text);
    }

    /**
     * {@return the roles that this release knows}
     */
    public static List<Role> known() {
      return KNOWN;
    }

    /**
     * {@return whether this release knows what files of this role are for}
     */
    public boolean isKnown() {
      return KNOWN.contains(this);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Role that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
      return text.hashCode();
    }

    /** {@return its text, such as {@code weights}} */
    @Override
    public String toString() {
      return text;
    }
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
