package dev.mlops.api.model;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The typed, named columns of a model's input, in order, and what the model predicts.
 *
 * <p>Two schemas are equal when columns, task and positive label are. {@link #differencesFrom} lists all differences at
 * once, so that a mismatch is mended in one go.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Schema {
  private final List<Column> columns;
  private final Map<String, Integer> positions;
  /** One per column. */
  private final boolean[] numbers;

  private final @Nullable Task task;
  private final @Nullable String positive;

  private Schema(List<Column> columns, @Nullable Task task, @Nullable String positive) {
    this.columns = List.copyOf(columns);
    this.task = task;
    this.positive = positive;
    this.positions = new HashMap<>();
    this.numbers = new boolean[this.columns.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = this.columns.get(i).type() == Column.Type.NUMBER;
    }
    for (Column column : this.columns) {
      if (positions.put(column.name(), positions.size()) != null) {
        throw new IllegalArgumentException("column \"" + MlopsException.shown(column.name())
            + "\" must be named once, but was named twice");
      }
    }
  }

  /**
   * {@return a schema with these columns that does not yet say what is predicted}
   *
   * @param columns in the order of their index, at least one
   * @throws IllegalArgumentException if there is none, or a name occurs twice
   */
  public static Schema of(Collection<Column> columns) {
    if (columns.isEmpty()) {
      throw new IllegalArgumentException("a schema must have at least one column, but had none");
    }
    return new Schema(List.copyOf(columns), null, null);
  }

  /**
   * {@return a schema with these columns that does not yet say what is predicted}
   *
   * @param columns in the order of their index, at least one
   * @throws IllegalArgumentException if there is none, or a name occurs twice
   */
  public static Schema of(Column... columns) {
    return of(List.of(columns));
  }

  /**
   * {@return the same columns, for a model of this task}
   *
   * @param task what is predicted
   */
  public Schema predicting(Task task) {
    return new Schema(columns, requireNonNull(task, "task"), positive);
  }

  /**
   * {@return the same columns, for a classifier whose precision, recall and F1 are those of one label}
   *
   * <p>Without a positive label the three are averages over all labels, which have no loss per row and therefore no
   * anytime-valid form.
   *
   * @param label the label that matters, such as {@code fraud}
   */
  public Schema positiveLabel(String label) {
    return new Schema(columns, Task.CLASSIFICATION, Texts.whole(label));
  }

  /**
   * {@return the columns in order; the position in this list is the index that {@link Row} is read by}
   */
  public List<Column> columns() {
    return columns;
  }

  /**
   * {@return the number of columns, at least 1}
   */
  public int size() {
    return columns.size();
  }

  /**
   * {@return the column at an index}
   *
   * @param index from 0
   * @throws IndexOutOfBoundsException if there is no such column
   */
  public Column column(int index) {
    if (index < 0 || index >= columns.size()) {
      throw new IndexOutOfBoundsException(
          "index of a column must be 0 to " + (columns.size() - 1) + ", but was " + index);
    }
    return columns.get(index);
  }

  /**
   * {@return whether a column holds numbers; otherwise it holds categories}
   *
   * @param index from 0
   * @throws IndexOutOfBoundsException if there is no such column
   */
  public boolean isNumber(int index) {
    if (index < 0 || index >= numbers.length) {
      throw new IndexOutOfBoundsException(
          "index of a column must be 0 to " + (numbers.length - 1) + ", but was " + index);
    }
    return numbers[index];
  }

  /** {@return whether any column holds numbers, or categories} */
  boolean has(boolean number) {
    for (boolean is : numbers) {
      if (is == number) {
        return true;
      }
    }
    return false;
  }

  /**
   * {@return the index of a column}
   *
   * @param name its name
   * @throws IllegalArgumentException if no column has that name; the message names the nearest one
   */
  public int indexOf(String name) {
    Integer index = positions.get(name);
    if (index == null) {
      String near = Names.nearest(name, positions.keySet())
          .map(known -> "; did you mean \"" + MlopsException.shown(known) + "\"?")
          .orElse("");
      throw new IllegalArgumentException(
          "no column \"" + MlopsException.shown(name) + "\" among " + columns.size() + near);
    }
    return index;
  }

  /**
   * {@return what is predicted, if said}
   */
  public Optional<Task> task() {
    return Optional.ofNullable(task);
  }

  /**
   * {@return the label whose precision, recall and F1 count, if said}
   */
  public Optional<String> positiveLabel() {
    return Optional.ofNullable(positive);
  }

  /**
   * {@return one sentence per difference from another schema's columns, empty when rows of one fit the other}
   *
   * <p>Columns are compared by name, type and position; a task is compared only when both say one.
   *
   * @param other what was wanted
   */
  public List<String> differencesFrom(Schema other) {
    List<String> differences = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>(other.positions.keySet());
    for (Column wanted : other.columns) {
      Integer at = positions.get(wanted.name());
      if (at == null) {
        differences.add("column " + wanted + " is missing");
      } else if (columns.get(at).type() != wanted.type()) {
        differences.add("column " + wanted + " was wanted, got " + columns.get(at));
      } else if (at != other.indexOf(wanted.name())) {
        differences.add("column " + wanted + " was wanted at " + other.indexOf(wanted.name())
            + ", got it at " + at);
      }
    }
    for (Column column : columns) {
      if (!names.contains(column.name())) {
        differences.add("column " + column + " is unknown");
      }
    }
    if (task != null && other.task != null && task != other.task) {
      differences.add("task " + other.task + " was wanted, got " + task);
    }
    return differences;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Schema that
        && columns.equals(that.columns)
        && task == that.task
        && Objects.equals(positive, that.positive);
  }

  @Override
  public int hashCode() {
    return columns.hashCode();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("[");
    for (Column column : columns) {
      text.append(text.length() == 1 ? "" : ", ").append(column);
    }
    text.append(']');
    if (task != null) {
      text.append(" -> ").append(task);
    }
    if (positive != null) {
      text.append(" (positive ").append(positive).append(')');
    }
    return text.toString();
  }
}
