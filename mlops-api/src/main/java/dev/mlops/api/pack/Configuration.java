package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Texts;
import java.util.Collections;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Named settings of three kinds: text, numbers, and true or false.
 *
 * <p>Names are in the order of {@link String#compareTo}. A number is a finite {@code double}; an integer beyond 2⁵³ belongs
 * in a text.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class Configuration {
  private static final Configuration EMPTY = builder().build();

  /** String, Double or Boolean. */
  private final SortedMap<String, Object> values;

  private Configuration(Builder builder) {
    this.values = Collections.unmodifiableSortedMap(new TreeMap<>(builder.values));
  }

  /**
   * {@return a configuration without any setting}
   */
  public static Configuration empty() {
    return EMPTY;
  }

  /**
   * {@return a builder of a configuration}
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * {@return the names of all settings, in order}
   */
  public Set<String> names() {
    return values.keySet();
  }

  /**
   * {@return whether there is no setting}
   */
  public boolean isEmpty() {
    return values.isEmpty();
  }

  /**
   * {@return a text; empty if there is no setting of that name}
   *
   * @param name of the setting
   * @throws IllegalArgumentException if it is no text
   */
  public Optional<String> text(String name) {
    return Optional.ofNullable(value(name, String.class, "text"));
  }

  /**
   * {@return a number; empty if there is no setting of that name}
   *
   * @param name of the setting
   * @throws IllegalArgumentException if it is no number
   */
  public OptionalDouble number(String name) {
    Double value = value(name, Double.class, "a number");
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  /**
   * {@return whether something is so; empty if there is no setting of that name}
   *
   * @param name of the setting
   * @throws IllegalArgumentException if it is neither true nor false
   */
  public Optional<Boolean> flag(String name) {
    return Optional.ofNullable(value(name, Boolean.class, "true or false"));
  }

  private <T> @Nullable T value(String name, Class<T> type, String wanted) {
    Object value = values.get(requireNonNull(name, "name"));
    if (value != null && !type.isInstance(value)) {
      throw new IllegalArgumentException("setting \"" + MlopsException.shown(name)
          + "\" was wanted as " + wanted + ", but is " + kind(value));
    }
    return type.cast(value);
  }

  private static String kind(Object value) {
    return value instanceof String
        ? "text"
        : value instanceof Double ? "a number" : "true or false";
  }

  /**
   * {@return every setting by its name, in order: a {@link String}, {@link Double} or {@link Boolean}}
   */
  public SortedMap<String, Object> values() {
    return values;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Configuration that && values.equals(that.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  /** {@return such as {@code {threshold=0.35}}} */
  @Override
  public String toString() {
    return values.toString();
  }

  /**
   * Collects settings; a name that is given again replaces the earlier one.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private final TreeMap<String, Object> values = new TreeMap<>();

    private Builder() {}

    /**
     * {@return this builder, with a text}
     *
     * @param name of the setting; {@linkplain Texts#whole made whole}
     * @param value any; made whole too
     */
    public Builder put(String name, String value) {
      values.put(Texts.whole(name), Texts.whole(value));
      return this;
    }

    /**
     * {@return this builder, with a number}
     *
     * @param name of the setting
     * @param value finite
     * @throws IllegalArgumentException if it is not finite
     */
    public Builder put(String name, double value) {
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException(
            "setting \"" + MlopsException.shown(name) + "\" must be finite, but was " + value);
      }
      values.put(Texts.whole(name), value);
      return this;
    }

    /**
     * {@return this builder, with true or false}
     *
     * @param name of the setting
     * @param value whether it is so
     */
    public Builder put(String name, boolean value) {
      values.put(Texts.whole(name), value);
      return this;
    }

    /**
     * {@return this builder, with every setting of another}
     *
     * @param other its values win
     */
    public Builder putAll(Configuration other) {
      values.putAll(other.values);
      return this;
    }

    /**
     * {@return the configuration}
     */
    public Configuration build() {
      return new Configuration(this);
    }
  }
}
