package dev.mlops.core.tribuo;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.tribuo.Example;
import org.tribuo.Output;
import org.tribuo.impl.ArrayExample;

/**
 * The names that the values of a row have as Tribuo's features.
 *
 * <p>A number has the name of its column; a category is the feature {@code column=value} with value 1. What is missing is
 * left out. While learning, a category seen for the first time gets its name; afterwards what the model does not know, a
 * category or a whole column, is left out like a missing value, as Tribuo itself would do.
 *
 * <p>Immutable when it does not learn; not thread-safe when it does.
 */
final class TribuoSchema {
  /** How many differences a message lists. */
  private static final int LISTED = 20;

  private final Schema schema;
  private final boolean learns;
  /** Columns in the order of their features' names, which is the order that Tribuo sorts an example into. */
  private final int[] order;
  /** One per place in the order; null for a category. */
  private final @Nullable String[] numbers;
  /** One per place in the order, feature by category; empty for a number. */
  private final List<Map<String, String>> categories;
  /** The names of all columns, when all are numbers. */
  private final String @Nullable [] allNumbers;

  private TribuoSchema(Schema schema, @Nullable Collection<String> features) {
    this.schema = schema;
    this.learns = features == null;
    requireDistinct(schema);
    List<Column> sorted = schema.columns().stream()
        .filter(column -> features == null || !isNumber(column) || features.contains(column.name()))
        .sorted(
            Comparator.comparing(column -> isNumber(column) ? column.name() : column.name() + "="))
        .toList();
    this.order =
        sorted.stream().mapToInt(column -> schema.indexOf(column.name())).toArray();
    this.numbers = new String[order.length];
    this.categories = new ArrayList<>();
    for (int i = 0; i < order.length; i++) {
      if (isNumber(sorted.get(i))) {
        numbers[i] = sorted.get(i).name();
      }
      categories.add(new HashMap<>());
    }
    this.allNumbers = sorted.stream().allMatch(TribuoSchema::isNumber)
        ? sorted.stream().map(Column::name).toArray(String[]::new)
        : null;
  }

  /** {@return one that gives every category a name} */
  static TribuoSchema learning(Schema schema) {
    return new TribuoSchema(schema, null);
  }

  /**
   * {@return one that knows the features of a model}
   *
   * @throws IllegalArgumentException if the model has features that the schema cannot give; the message lists them
   */
  static TribuoSchema of(Schema schema, Collection<String> features) {
    TribuoSchema known = new TribuoSchema(schema, features);
    List<String> differences = known.differencesFrom(features);
    if (!differences.isEmpty()) {
      throw new IllegalArgumentException(listed(differences));
    }
    return known;
  }

  private static String listed(List<String> differences) {
    int shown = Math.min(differences.size(), LISTED);
    return "the schema does not give the features that the model reads: "
        + String.join("; ", differences.subList(0, shown))
        + (shown < differences.size() ? "; and " + (differences.size() - shown) + " more" : "");
  }

  /** Takes in what it can give, and lists the rest. */
  private List<String> differencesFrom(Collection<String> features) {
    List<String> differences = new ArrayList<>();
    Set<String> unread = new LinkedHashSet<>();
    schema.columns().forEach(column -> unread.add(column.name()));
    for (String feature : new TreeSet<>(features)) {
      boolean found = false;
      for (int i = 0; i < order.length && !found; i++) {
        String column = schema.column(order[i]).name();
        if (numbers[i] != null) {
          found = feature.equals(column);
          if (found) {
            unread.remove(column);
          }
        } else if (feature.startsWith(column + "=")) {
          categories.get(i).put(feature.substring(column.length() + 1), feature);
          found = true;
          unread.remove(column);
        }
      }
      if (!found) {
        differences.add("feature \"" + MlopsException.shown(feature) + "\" is of no column");
      }
    }
    if (!differences.isEmpty()) {
      // A column that the model does not know is no fault by itself; beside features of no column
      // it may be the one meant.
      for (String column : unread) {
        differences.add(
            "column " + schema.column(schema.indexOf(column)) + " gives no feature of the model"
                + MlopsException.nearest(column, features)
                    .map(near -> ", did you mean \"" + MlopsException.shown(near) + "\"?")
                    .orElse(""));
      }
    }
    return differences;
  }

  /** Two columns must not give one name: {@code a=b} the number and {@code b} in the category {@code a}. */
  private static void requireDistinct(Schema schema) {
    List<String> problems = new ArrayList<>();
    for (Column column : schema.columns()) {
      for (Column category : schema.columns()) {
        if (!isNumber(category) && column.name().startsWith(category.name() + "=")) {
          problems.add("column " + column + " could be read as a value of " + category);
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(
          "columns must have distinct features, but " + String.join("; ", problems));
    }
  }

  private static boolean isNumber(Column column) {
    return column.type() == Column.Type.NUMBER;
  }

  Schema schema() {
    return schema;
  }

  /** {@return whether every value of a row is missing} */
  static boolean isEmpty(Row row) {
    Schema schema = row.schema();
    for (int i = 0; i < schema.size(); i++) {
      if (isNumber(schema.column(i))
          ? !Double.isNaN(row.number(i))
          : !row.category(i).isEmpty()) {
        return false;
      }
    }
    return true;
  }

  /** {@return the row as Tribuo takes it, without any feature if none is known} */
  <T extends Output<T>> Example<T> example(Row row, T output) {
    String @Nullable [] fixed = allNumbers;
    String[] names = new String[fixed == null ? order.length : 0];
    double[] values = new double[order.length];
    int size = 0;
    for (int i = 0; i < order.length; i++) {
      String name = numbers[i];
      if (name != null) {
        values[size] = row.number(order[i]);
        if (Double.isNaN(values[size])) {
          if (fixed != null) {
            // The rest must do without the shared names.
            names = Arrays.copyOf(fixed, order.length);
            fixed = null;
          }
          continue;
        }
      } else {
        name = name(i, row.category(order[i]));
        if (name == null) {
          continue;
        }
        values[size] = 1.0;
      }
      if (fixed == null) {
        names[size] = name;
      }
      size++;
    }
    if (fixed != null) {
      return new Sorted<>(output, fixed.clone(), values, size);
    }
    return new Sorted<>(output, names, values, size);
  }

  /** An example whose features are in order already: Tribuo sorts any other when it is made. */
  private static final class Sorted<T extends Output<T>> extends ArrayExample<T> {
    private static final long serialVersionUID = 1L;

    Sorted(T output, String[] names, double[] values, int size) {
      super(output, Example.DEFAULT_WEIGHT, 0);
      this.featureNames = names;
      this.featureValues = values;
      this.size = size;
    }
  }

  private @Nullable String name(int place, String category) {
    if (category.isEmpty()) {
      return null;
    }
    Map<String, String> known = categories.get(place);
    String name = known.get(category);
    if (name == null && learns) {
      name = schema.column(order[place]).name() + "=" + category;
      known.put(category, name);
    }
    return name;
  }
}
