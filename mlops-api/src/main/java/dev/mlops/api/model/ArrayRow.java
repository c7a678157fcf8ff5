package dev.mlops.api.model;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** An immutable row: numbers in one array, names in another, both by column index. */
final class ArrayRow implements Row {
  private static final double[] NO_NUMBERS = {};
  private static final String[] NO_NAMES = {};

  private final Schema schema;
  /** One per column, or empty when no column is a number; 0 where the column is a category. */
  private final double[] numbers;
  /** One per column, or empty when no column is a category; "" where the column is a number. */
  private final String[] categories;

  private ArrayRow(Schema schema, double[] numbers, String[] categories) {
    this.schema = schema;
    this.numbers = numbers;
    this.categories = categories;
  }

  static Row copyOf(Row row) {
    if (row instanceof ArrayRow) {
      return row;
    }
    Schema schema = row.schema();
    double[] numbers = schema.has(true) ? new double[schema.size()] : NO_NUMBERS;
    String[] categories = NO_NAMES;
    if (schema.has(false)) {
      categories = new String[schema.size()];
      Arrays.fill(categories, "");
    }
    row.read(numbers, categories);
    for (int i = 0; i < schema.size(); i++) {
      // A host's own kind of row may leave anything where a column is of the other type.
      if (!schema.isNumber(i)) {
        categories[i] = Texts.whole(categories[i]);
        if (numbers.length > 0) {
          numbers[i] = 0.0;
        }
      } else if (categories.length > 0) {
        categories[i] = "";
      }
    }
    return new ArrayRow(schema, numbers, categories);
  }

  static Row of(Schema schema, double[] numbers, String[] categories) {
    boolean someNumbers = schema.has(true);
    boolean someNames = schema.has(false);
    if ((someNumbers && numbers.length != schema.size())
        || (someNames && categories.length != schema.size())) {
      throw new IllegalArgumentException("wanted one element per column, " + schema.size()
          + ", got " + numbers.length + " numbers and " + categories.length + " categories");
    }
    double[] values = someNumbers ? numbers.clone() : NO_NUMBERS;
    String[] names = someNames ? categories.clone() : NO_NAMES;
    for (int i = 0; i < schema.size(); i++) {
      if (schema.isNumber(i)) {
        if (someNames) {
          names[i] = "";
        }
      } else {
        if (names[i] == null) {
          throw new IllegalArgumentException(
              "column " + schema.column(i) + " must not be null; a missing category is \"\"");
        }
        names[i] = Texts.whole(names[i]);
        if (someNumbers) {
          values[i] = 0.0;
        }
      }
    }
    return new ArrayRow(schema, values, names);
  }

  static Row of(Schema schema, Object... values) {
    if (values.length != schema.size()) {
      throw new IllegalArgumentException(
          "wanted " + schema.size() + " values, got " + values.length);
    }
    double[] numbers = new double[schema.size()];
    String[] categories = new String[schema.size()];
    Arrays.fill(categories, "");
    for (int i = 0; i < values.length; i++) {
      if (schema.isNumber(i)) {
        numbers[i] = RowBinding.toNumber(schema.column(i), values[i]);
      } else {
        categories[i] = RowBinding.toCategory(schema.column(i), values[i]);
      }
    }
    return of(schema, numbers, categories);
  }

  @Override
  public Schema schema() {
    return schema;
  }

  @Override
  public double number(int column) {
    if (!schema.isNumber(column)) {
      throw new IllegalArgumentException("column " + schema.column(column) + " is no number");
    }
    return numbers[column];
  }

  @Override
  public String category(int column) {
    if (schema.isNumber(column)) {
      throw new IllegalArgumentException("column " + schema.column(column) + " is no category");
    }
    return categories[column];
  }

  @Override
  public void read(double[] into, String[] names) {
    System.arraycopy(numbers, 0, into, 0, numbers.length);
    System.arraycopy(categories, 0, names, 0, categories.length);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ArrayRow that
        && schema.equals(that.schema)
        && Arrays.equals(numbers, that.numbers)
        && Arrays.equals(categories, that.categories);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(numbers) + Arrays.hashCode(categories);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("{");
    for (int i = 0; i < schema.size(); i++) {
      text.append(i == 0 ? "" : ", ").append(schema.column(i).name()).append('=');
      if (isMissing(i)) {
        text.append("missing");
      } else if (schema.isNumber(i)) {
        text.append(numbers[i]);
      } else {
        text.append(categories[i]);
      }
    }
    return text.append('}').toString();
  }
}
