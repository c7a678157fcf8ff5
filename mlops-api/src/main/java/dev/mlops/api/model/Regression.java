package dev.mlops.api.model;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One or several predicted quantities.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Regression implements Prediction {
  /** The name of the output of a model that has one: {@value}. */
  public static final String VALUE = "value";

  private static final List<String> ONE = List.of(VALUE);

  private final List<String> names;
  private final double[] values;

  private Regression(List<String> names, double[] values) {
    this.names = names;
    this.values = values;
  }

  /**
   * {@return one quantity}
   *
   * @param value one that is not finite is kept, and {@link #isFinite()} says so
   */
  public static Regression of(double value) {
    return new Regression(ONE, new double[] {value});
  }

  /**
   * {@return several quantities}
   *
   * @param names at least one, each {@linkplain Texts#whole made whole}; an immutable list is shared, so a model passes the
   *     same list each time
   * @param values one per name; copied
   * @throws IllegalArgumentException if there is no name, not one value per name, or a name twice
   */
  public static Regression of(List<String> names, double[] values) {
    if (names.isEmpty() || names.size() != values.length) {
      throw new IllegalArgumentException("wanted one value per output and at least one, got "
          + names.size() + " names, " + values.length + " values");
    }
    List<String> whole = Texts.whole(names);
    if (whole.size() > 1 && new HashSet<>(whole).size() < whole.size()) {
      throw new IllegalArgumentException(
          "wanted each output named once, got one of " + names.size() + " names twice");
    }
    return new Regression(whole, values.clone());
  }

  /**
   * {@return several quantities}
   *
   * @param values by the name of the output, at least one
   * @throws IllegalArgumentException if there is none
   */
  public static Regression of(Map<String, Double> values) {
    return of(
        values.keySet().stream().sorted().toList(),
        values.keySet().stream().sorted().mapToDouble(values::get).toArray());
  }

  /**
   * {@return the quantity of the first output, the only one of most models}
   */
  public double value() {
    return values[0];
  }

  /**
   * {@return the quantity of an output}
   *
   * @param name of {@link #names()}
   * @throws IllegalArgumentException if there is no such output
   */
  public double value(String name) {
    int index = names.indexOf(name);
    if (index < 0) {
      throw new IllegalArgumentException("no output \"" + MlopsException.shown(name) + "\" among "
          + MlopsException.shown(names.toString()));
    }
    return values[index];
  }

  /**
   * {@return the quantity of the output at an index of {@link #names()}}
   *
   * @param index from 0
   * @throws IndexOutOfBoundsException if there is no such output
   */
  public double valueAt(int index) {
    return values[index];
  }

  /**
   * {@return the names of the outputs}
   */
  public List<String> names() {
    return names;
  }

  @Override
  public boolean isFinite() {
    for (double value : values) {
      if (!Double.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Regression that
        && names.equals(that.names)
        && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return 31 * names.hashCode() + Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    if (values.length == 1) {
      return Double.toString(values[0]);
    }
    StringBuilder text = new StringBuilder("{");
    for (int i = 0; i < values.length; i++) {
      text.append(i == 0 ? "" : ", ").append(names.get(i)).append('=').append(values[i]);
    }
    return text.append('}').toString();
  }
}
