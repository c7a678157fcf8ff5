package dev.mlops.api.store;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a version is asked for by: {@code fraud:7}, {@code fraud@champion} or {@code fraud@sha256:…}.
 *
 * <p>Names of models and aliases have 1 to 64 lower-case letters, digits, {@code . _ -}, begin and end with a letter or
 * digit, have no two dots in a row, and are no device name of Windows. An alias is neither {@code latest}, nor digits
 * alone, nor {@code v} with digits, since those would read as versions.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Reference {
  private static final Set<String> DEVICES = Set.of(
      "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
      "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9");

  private final String model;
  private final @Nullable Long number;
  private final @Nullable String alias;
  private final @Nullable Digest digest;

  private Reference(
      String model, @Nullable Long number, @Nullable String alias, @Nullable Digest digest) {
    this.model = requireName("model", model);
    this.number = number;
    this.alias = alias;
    this.digest = digest;
  }

  /**
   * {@return the reference that a text names}
   *
   * @param text such as {@code fraud:7}, {@code fraud@champion} or {@code fraud@sha256:…}
   * @throws IllegalArgumentException if it has none of the three forms, or a name is not allowed
   */
  public static Reference parse(String text) {
    int at = text.indexOf('@');
    int colon = text.indexOf(':');
    if (at >= 0) {
      String model = text.substring(0, at);
      String rest = text.substring(at + 1);
      return rest.startsWith("sha256:")
          ? new Reference(model, null, null, Digest.parse(rest))
          : new Reference(model, null, requireAlias(rest), null);
    }
    String digits = colon < 0 ? "" : text.substring(colon + 1);
    if (!digits.matches("[1-9][0-9]{0,17}")) {
      throw new IllegalArgumentException(
          "a version reference must look like model:7, model@alias or model@sha256:…, but was \""
              + MlopsException.shown(text) + "\"");
    }
    return new Reference(text.substring(0, colon), Long.parseLong(digits), null, null);
  }

  /**
   * Refuses a name that is not allowed for a model or an alias.
   *
   * @param what the field that it is given for, named in the message
   * @param name what to check
   * @return the name
   * @throws IllegalArgumentException if it is not allowed
   */
  public static String requireName(String what, String name) {
    requireNonNull(name, what);
    String stem = name.contains(".") ? name.substring(0, name.indexOf('.')) : name;
    if (!name.matches("[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")
        || name.contains("..")
        || DEVICES.contains(stem.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException(what
          + " must be 1 to 64 of a-z 0-9 . _ -, begin and end with a letter or digit, without .."
          + " and no device name, but was \"" + MlopsException.shown(name) + "\"");
    }
    return name;
  }

  private static String requireAlias(String name) {
    requireName("alias", name);
    if (name.equals("latest") || name.matches("v?[0-9]+")) {
      throw new IllegalArgumentException(
          "alias \"" + name + "\" would read as a version; wanted a word such as champion");
    }
    return name;
  }

  /**
   * {@return the name of the model}
   */
  public String model() {
    return model;
  }

  /**
   * {@return the number, if the version is asked for by number}
   */
  public OptionalLong number() {
    return number == null ? OptionalLong.empty() : OptionalLong.of(number);
  }

  /**
   * {@return the alias without the model, if the version is asked for by alias}
   */
  public Optional<String> alias() {
    return Optional.ofNullable(alias);
  }

  /**
   * {@return the digest of the package, if the version is asked for by digest}
   */
  public Optional<Digest> digest() {
    return Optional.ofNullable(digest);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Reference that && toString().equals(that.toString());
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }

  /** {@return the text that {@link #parse} reads} */
  @Override
  public String toString() {
    return number != null
        ? model + ":" + number
        : model + "@" + (alias != null ? alias : String.valueOf(digest));
  }
}
