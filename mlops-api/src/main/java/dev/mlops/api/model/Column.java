package dev.mlops.api.model;

import static java.util.Objects.requireNonNull;

/**
 * One named, typed column of a {@link Schema}.
 *
 * <p>Immutable.
 *
 * @param name not blank, at most 200 characters, unique in its schema; {@linkplain Texts#whole made whole}
 * @param type what its values are
 * @since 0.1
 */
public record Column(String name, Type type) {
  /** The longest name, in characters. */
  static final int LONGEST_NAME = 200;

  /**
   * What the values of a column are.
   *
   * @since 0.1
   */
  public enum Type {
    /** A quantity; {@code NaN} is a missing value. Integers and booleans of a host are widened to {@code double}. */
    NUMBER,
    /** One of some names; the empty string is a missing value. */
    CATEGORY
  }

  /**
   * Checks the name.
   *
   * @throws IllegalArgumentException if the name is blank or longer than 200 characters
   */
  public Column {
    requireNonNull(type, "type");
    if (name.isBlank() || name.length() > LONGEST_NAME) {
      throw new IllegalArgumentException(
          "column name must have 1 to 200 characters, not all blank, but had " + name.length());
    }
    name = Texts.whole(name);
  }

  /**
   * {@return a column of quantities}
   *
   * @param name its name
   */
  public static Column number(String name) {
    return new Column(name, Type.NUMBER);
  }

  /**
   * {@return a column of names}
   *
   * @param name its name
   */
  public static Column category(String name) {
    return new Column(name, Type.CATEGORY);
  }

  @Override
  public String toString() {
    return name + " (" + (type == Type.NUMBER ? "number" : "category") + ")";
  }
}
