package dev.mlops.core.optimise;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One thing that a search may set: a number, a whole number, or a choice.
 *
 * <pre>{@code
 * Parameter<String> kind = Parameter.choice("kind", "plain", "boosted");
 * Parameter<Double> rate = Parameter.number("rate", 0.001, 1).logarithmic();
 * Parameter<Integer> rounds = Parameter.whole("rounds", 10, 500).logarithmic().when(kind, "boosted");
 * }</pre>
 *
 * <p>Immutable.
 *
 * @param <T> what a value is: {@link Double}, {@link Integer} or {@link String}
 * @since 0.1
 */
@Beta
public final class Parameter<T> {
  private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_.-]{0,63}");

  private final String name;
  private final Class<T> type;
  private final double lowest;
  private final double highest;
  private final boolean logarithmic;
  private final List<String> choices;
  private final @Nullable Parameter<String> parent;
  private final String parentValue;

  private Parameter(
      String name,
      Class<T> type,
      double lowest,
      double highest,
      boolean logarithmic,
      List<String> choices,
      @Nullable Parameter<String> parent,
      String parentValue) {
    this.name = name;
    this.type = type;
    this.lowest = lowest;
    this.highest = highest;
    this.logarithmic = logarithmic;
    this.choices = choices;
    this.parent = parent;
    this.parentValue = parentValue;
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a parameter's name must be a letter and at most 63 letters, digits, dots, dashes and"
              + " underscores, but was \"" + MlopsException.shown(name) + "\"");
    }
  }

  /**
   * {@return a number}
   *
   * @param name unique in its space: a letter and at most 63 letters, digits, dots, dashes and underscores
   * @param lowest the lowest value; finite
   * @param highest the highest value; finite, above {@code lowest}
   * @throws IllegalArgumentException if the name is malformed or the bounds are out of order
   */
  public static Parameter<Double> number(String name, double lowest, double highest) {
    if (!Double.isFinite(lowest) || !Double.isFinite(highest - lowest) || lowest >= highest) {
      throw new IllegalArgumentException("the bounds of " + MlopsException.shown(name)
          + " must be finite with lowest < highest, but were " + lowest + " and " + highest);
    }
    return new Parameter<>(name, Double.class, lowest, highest, false, List.of(), null, "");
  }

  /**
   * {@return a whole number}
   *
   * @param name unique in its space: a letter and at most 63 letters, digits, dots, dashes and underscores
   * @param lowest the lowest value
   * @param highest the highest value, above {@code lowest}
   * @throws IllegalArgumentException if the name is malformed or the bounds are out of order
   */
  public static Parameter<Integer> whole(String name, int lowest, int highest) {
    if (lowest >= highest) {
      throw new IllegalArgumentException("the bounds of " + MlopsException.shown(name)
          + " must have lowest < highest, but were " + lowest + " and " + highest);
    }
    return new Parameter<>(name, Integer.class, lowest, highest, false, List.of(), null, "");
  }

  /**
   * {@return one of several texts}
   *
   * @param name unique in its space: a letter and at most 63 letters, digits, dots, dashes and underscores
   * @param choices at least two, each once
   * @throws IllegalArgumentException if the name is malformed, there are fewer, or one is there twice
   */
  public static Parameter<String> choice(String name, String... choices) {
    List<String> all = List.of(choices);
    if (all.size() < 2 || new LinkedHashSet<>(all).size() < all.size()) {
      throw new IllegalArgumentException("the choices of " + MlopsException.shown(name)
          + " must be at least two, each once, but were " + all);
    }
    return new Parameter<>(name, String.class, 0, all.size() - 1, false, all, null, "");
  }

  /**
   * {@return the same number, searched by its logarithm: from 0.001 to 0.01 as densely as from 0.1 to 1}
   *
   * @throws IllegalArgumentException if it is a choice, or its lowest value is not above 0
   */
  public Parameter<T> logarithmic() {
    if (isChoice() || lowest <= 0) {
      throw new IllegalArgumentException("a logarithm is of a number whose lowest value is above 0,"
          + " but " + name + " is " + (isChoice() ? "a choice" : "from " + lowest));
    }
    return new Parameter<>(name, type, lowest, highest, true, choices, parent, parentValue);
  }

  /**
   * {@return the same parameter, which is set only while a choice has a value}
   *
   * @param choice an earlier parameter of the same space
   * @param value one of its choices
   * @throws IllegalArgumentException if the choice does not have that value
   */
  public Parameter<T> when(Parameter<String> choice, String value) {
    choice.index(value);
    return new Parameter<>(
        name, type, lowest, highest, logarithmic, choices, requireNonNull(choice), value);
  }

  /** {@return its name} */
  public String name() {
    return name;
  }

  Class<T> type() {
    return type;
  }

  boolean isChoice() {
    return type == String.class;
  }

  boolean isWhole() {
    return type == Integer.class;
  }

  int choices() {
    return choices.size();
  }

  Optional<Parameter<String>> parent() {
    return Optional.ofNullable(parent);
  }

  /** Whether it is set in settings that have all parameters before it. */
  boolean isActive(Settings settings) {
    return parent == null || settings.find(parent).filter(parentValue::equals).isPresent();
  }

  /** The lower end of the axis on which it is searched; half a step below the lowest whole number. */
  double axisFrom() {
    return axis(isWhole() ? lowest - 0.5 : lowest);
  }

  double axisTo() {
    return axis(isWhole() ? highest + 0.5 : highest);
  }

  double axis(double value) {
    return logarithmic ? Math.log(value) : value;
  }

  /** Where on the axis a value lies; of a choice, its index. */
  double position(Object value) {
    return isChoice() ? index((String) value) : axis(((Number) value).doubleValue());
  }

  /** The value at a place of the axis. */
  Object at(double position) {
    if (isChoice()) {
      return choices.get((int) position);
    }
    double value = logarithmic ? Math.exp(position) : position;
    if (isWhole()) {
      return (int) Math.max(lowest, Math.min(highest, Math.rint(value)));
    }
    return Math.max(lowest, Math.min(highest, value));
  }

  private int index(String value) {
    int index = choices.indexOf(value);
    if (index < 0) {
      throw outOfRange(value);
    }
    return index;
  }

  T require(Object value) {
    if (!type.isInstance(value)) {
      throw outOfRange(value);
    }
    if (isChoice()) {
      index((String) value);
    } else {
      double number = ((Number) value).doubleValue();
      if (!(number >= lowest && number <= highest)) {
        throw outOfRange(value);
      }
    }
    return type.cast(value);
  }

  private IllegalArgumentException outOfRange(Object value) {
    return new IllegalArgumentException(
        name + " wanted " + range() + ", got " + MlopsException.shown(String.valueOf(value)));
  }

  private String range() {
    if (isChoice()) {
      return "one of " + choices;
    }
    return isWhole()
        ? "a whole number from " + (long) lowest + " to " + (long) highest
        : "a number from " + lowest + " to " + highest;
  }

  /** {@return such as {@code rate: a number from 0.001 to 1.0, logarithmic}} */
  @Override
  public String toString() {
    return name + ": " + range() + (logarithmic ? ", logarithmic" : "")
        + (parent == null ? "" : ", when " + parent.name + " is " + parentValue);
  }
}
