package dev.mlops.api.model;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The output that turned out right: a label, or one or several quantities.
 *
 * <p>Outputs are named by one rule, wherever a truth meets a prediction. Quantities given {@linkplain #of(Map) by name} are for
 * a prediction of exactly these outputs. A quantity {@linkplain #of(double) without a name} is for the only output of a
 * prediction, whatever its name, and takes that name: see {@link #isFor} and {@link #named}. The name {@link Regression#VALUE}
 * is no name: {@code of(Map.of("value", 1.0))} is {@code of(1.0)}.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Truth {
  private final @Nullable String label;
  /** By output name, in the order of names; empty for a label. */
  private final Map<String, Double> values;

  private final boolean caused;

  private Truth(@Nullable String label, Map<String, Double> values, boolean caused) {
    this.label = label;
    this.values = values;
    this.caused = caused;
  }

  /**
   * {@return a label}
   *
   * @param label not empty; {@linkplain Texts#whole made whole}
   * @throws IllegalArgumentException if it is empty
   */
  public static Truth of(String label) {
    if (label.isEmpty()) {
      throw new IllegalArgumentException("a true label must not be empty");
    }
    return new Truth(Texts.whole(label), Map.of(), false);
  }

  /**
   * {@return a quantity without a name, for a model with one output}
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
   * @param values at least one, each finite; the names are {@linkplain Texts#whole made whole}
   * @throws IllegalArgumentException if there is none, one is not finite, or a name comes twice
   */
  public static Truth of(Map<String, Double> values) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException("a truth must have at least one value, but had none");
    }
    TreeMap<String, Double> named = new TreeMap<>();
    values.forEach((given, value) -> {
      String name = Texts.whole(requireNonNull(given, "name"));
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException(
            "true value of \"" + name + "\" must be finite, but was " + value);
      }
      if (named.put(name, value) != null) {
        throw new IllegalArgumentException(
            "wanted each output named once, got one of " + values.size() + " names twice");
      }
    });
    return new Truth(null, Collections.unmodifiableMap(named), false);
  }

  /**
   * {@return the same truth, marked as caused by the prediction itself: a payment that was blocked because it was called fraud,
   * and is therefore booked as fraud}
   *
   * <p>It says nothing of whether the prediction was right. A monitor closes the prediction, counts it, and keeps it out of
   * quality, detectors and training rows.
   */
  public Truth asCaused() {
    return caused ? this : new Truth(label, values, true);
  }

  /** {@return the same truth without the mark that {@link #asCaused()} gives: somebody looked, whatever the prediction was} */
  public Truth asObserved() {
    return caused ? new Truth(label, values, false) : this;
  }

  /** {@return whether the prediction itself caused it; see {@link #asCaused()}} */
  public boolean caused() {
    return caused;
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
   * {@return whether it is of the kind that was predicted: a label for a {@link Classification}; for a {@link Regression} a
   * quantity for each of its outputs and for no other, or a quantity without a name for its only one; true for any other
   * kind}
   *
   * @param prediction what was said
   */
  public boolean isFor(Prediction prediction) {
    if (prediction instanceof Classification) {
      return label != null;
    }
    if (!(prediction instanceof Regression said)) {
      return true;
    }
    List<String> outputs = said.names();
    if (values.size() != outputs.size()) {
      return false;
    }
    return isWithoutName() || values.keySet().containsAll(outputs);
  }

  /**
   * {@return this truth by the names of a model's outputs: a quantity without a name takes the name of the only output; any
   * other truth stays as it is}
   *
   * @param outputs the names of the outputs, as {@link Regression#names()} gives them
   */
  public Truth named(List<String> outputs) {
    if (!isWithoutName() || outputs.size() != 1 || outputs.get(0).equals(Regression.VALUE)) {
      return this;
    }
    return new Truth(null, Map.of(outputs.get(0), value().orElseThrow()), caused);
  }

  private boolean isWithoutName() {
    return values.size() == 1 && values.containsKey(Regression.VALUE);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Truth that
        && Objects.equals(label, that.label)
        && values.equals(that.values)
        && caused == that.caused;
  }

  @Override
  public int hashCode() {
    return label == null ? values.hashCode() : label.hashCode();
  }

  @Override
  public String toString() {
    OptionalDouble value = value();
    String what = label != null
        ? label
        : value.isPresent() ? Double.toString(value.getAsDouble()) : values.toString();
    return caused ? what + " (caused by the prediction)" : what;
  }
}
