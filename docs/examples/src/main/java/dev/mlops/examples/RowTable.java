package dev.mlops.examples;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import java.util.AbstractList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.RandomAccess;

/**
 * Many rows, column by column: 8 bytes a number, 4 bytes a category and 4 a label.
 *
 * <p>Immutable once filled, if nobody changes the arrays.
 */
final class RowTable {
  private final Schema schema;
  private final List<Values> columns;
  private final int[] labels;
  private final List<Optional<Truth>> truths;

  /** The values of one column: numbers, or categories by code. */
  static final class Values {
    private final Column column;
    private final double[] numbers;
    private final int[] codes;
    private final List<String> names;

    private Values(Column column, double[] numbers, int[] codes, List<String> names) {
      this.column = column;
      this.numbers = numbers;
      this.codes = codes;
      this.names = names;
    }

    /** A column of numbers, by row. */
    static Values numbers(String column, double[] numbers) {
      return new Values(Column.number(column), numbers, new int[0], List.of());
    }

    /** A column of categories, by row as index of the names. */
    static Values categories(String column, int[] codes, List<String> names) {
      return new Values(Column.category(column), new double[0], codes, List.copyOf(names));
    }
  }

  /**
   * A table of these columns.
   *
   * @param labels by row, as index of {@code truths}
   */
  RowTable(List<Values> columns, int[] labels, List<Optional<Truth>> truths) {
    this.schema = Schema.of(columns.stream().map(values -> values.column).toList());
    this.columns = List.copyOf(columns);
    this.labels = labels;
    this.truths = List.copyOf(truths);
  }

  Stream stream(String name) {
    return Stream.of(name, schema, new Rows(), new Truths());
  }

  private final class View implements Row {
    private final int row;

    View(int row) {
      this.row = row;
    }

    @Override
    public Schema schema() {
      return schema;
    }

    @Override
    public double number(int column) {
      return of(column, Column.Type.NUMBER).numbers[row];
    }

    @Override
    public String category(int column) {
      Values values = of(column, Column.Type.CATEGORY);
      return values.names.get(values.codes[row]);
    }

    private Values of(int column, Column.Type wanted) {
      Values values = columns.get(column);
      if (values.column.type() != wanted) {
        throw new IllegalArgumentException(
            "wanted a column of type " + wanted + ", got " + values.column);
      }
      return values;
    }
  }

  private final class Rows extends AbstractList<Row> implements RandomAccess {
    @Override
    public Row get(int index) {
      return new View(Objects.checkIndex(index, labels.length));
    }

    @Override
    public int size() {
      return labels.length;
    }
  }

  private final class Truths extends AbstractList<Optional<Truth>> implements RandomAccess {
    @Override
    public Optional<Truth> get(int index) {
      return truths.get(labels[index]);
    }

    @Override
    public int size() {
      return labels.length;
    }
  }
}
