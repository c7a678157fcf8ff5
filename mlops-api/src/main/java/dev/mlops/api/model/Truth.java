package dev.mlops.api.model;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The output that turned out right: a label, or one or several quantities.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Truth {
  private final @Nullable String label;
  /** By output name, in the order of names; empty for a label. */
  private final Map<String, Double> values;

  private Truth(@Nullable String label, Map<String, Double> values) {
    this.label = label;
    this.values = values;
  }

  /**
   * {@return a label}
   *
   * @param label not empty; half of a surrogate pair that stands alone is replaced by U+FFFD
   * @throws IllegalArgumentException if it is empty
   */
  public static Truth of(String label) {
    if (label.isEmpty()) {
      throw new IllegalArgumentException("a true label must not be empty");
    }
    return new Truth(Texts.whole(label), Map.of());
  }

  /**
   * {@return a quantity, for a model with one output}
   *
   * @param value finite
   * @throws IllegalArgumentException if it is not finite
   */
  public static Truth of(double value) {
    return of(Map.of(Regression.VALUE, value));
  }

  /**
   * {@return quantities by the name of the output}
   *
   * @param values at least one, each finite
   * @throws IllegalArgumentException if there is none, or one is not finite
   */
  public static Truth of(Map<String, Double> values) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException("a truth must have at least one value, but had none");
    }
    values.forEach((name, value) -> {
      requireNonNull(name, "name");
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException(
            "true value of \"" + name + "\" must be finite, but was " + value);
      }
    });
    return new Truth(null, Collections.unmodifiableMap(new TreeMap<>(values)));
  }

  /**
   * {@return the label, if this is one}
   */
  public Optional<String> label() {
    return Optional.ofNullable(label);
  }

  /**
   * {@return the quantity of a model with one output, if this is one}
   */
  public OptionalDouble value() {
    return values.size() == 1
        ? OptionalDouble.of(values.values().iterator().next())
        : OptionalDouble.empty();
  }

  /**
   * {@return the quantities by the name of the output, ordered by name; empty for a label}
   */
  public Map<String, Double> values() {
    return values;
  }

  /**
   * {@return whether a classifier was right}
   *
   * @param prediction what it said
   */
  public boolean matches(Classification prediction) {
    return prediction.label().equals(label);
  }

  /**
   * {@return whether it is of the kind that was predicted: a label for a {@link Classification}, as many quantities as
   * outputs for a {@link Regression}; true for any other kind}
   *
   * @param prediction what was said
   */
  public boolean isFor(Prediction prediction) {
    if (prediction instanceof Classification) {
      return label != null;
    }
    return !(prediction instanceof Regression said)
        || values.size() == said.names().size();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Truth that
        && Objects.equals(label, that.label)
        && values.equals(that.values);
  }

  @Override
  public int hashCode() {
    return label == null ? values.hashCode() : label.hashCode();
  }

  @Override
  public String toString() {
    if (label != null) {
      return label;
    }
    OptionalDouble value = value();
    return value.isPresent() ? Double.toString(value.getAsDouble()) : values.toString();
  }
}
