package dev.mlops.api.model;

/**
 * One input of a model, read by column index without boxing.
 *
 * <p>A number that is {@code NaN} and a category that is the empty string are missing: that is what missing is, not a
 * code for it. An infinite number is a value. A half of a surrogate pair that stands alone in a category is replaced by U+FFFD
 * where a row is made or copied, so that whatever is served can be stored.
 *
 * <p>A row from a {@link RowBinding} is a view of the host's object and reads it when asked: it is as thread-safe as that
 * object, and a caller that keeps it beyond a call takes {@link #copyOf}. A row from {@code of}, {@code copyOf} or {@link
 * RowBinding#read} is immutable, and equal to another such row with the same schema and the same values.
 *
 * @since 0.1
 */
public interface Row {
  /**
   * {@return the columns of this row}
   */
  Schema schema();

  /**
   * {@return the number in a column; {@code NaN} if it is missing}
   *
   * @param column index of a {@link Column.Type#NUMBER} column
   * @throws IndexOutOfBoundsException if there is no such column
   * @throws IllegalArgumentException if it holds categories
   */
  double number(int column);

  /**
   * {@return the name in a column; empty if it is missing}
   *
   * @param column index of a {@link Column.Type#CATEGORY} column
   * @throws IndexOutOfBoundsException if there is no such column
   * @throws IllegalArgumentException if it holds numbers
   */
  String category(int column);

  /**
   * Reads every value once: who needs them more than once reads here.
   *
   * @param numbers one element per column; filled where the column is a number, undefined elsewhere
   * @param categories one element per column; filled where the column is a category, undefined elsewhere
   * @throws IndexOutOfBoundsException if an array that is filled is shorter
   */
  default void read(double[] numbers, String[] categories) {
    Schema schema = schema();
    for (int i = 0; i < schema.size(); i++) {
      if (schema.isNumber(i)) {
        numbers[i] = number(i);
      } else {
        categories[i] = category(i);
      }
    }
  }

  /**
   * {@return whether the value of a column is missing}
   *
   * @param column its index
   * @throws IndexOutOfBoundsException if there is no such column
   */
  default boolean isMissing(int column) {
    return schema().isNumber(column)
        ? Double.isNaN(number(column))
        : category(column).isEmpty();
  }

  /**
   * {@return an immutable row with these values}
   *
   * @param schema its columns
   * @param values one per column: a {@link Number} or {@link Boolean} for a number, a {@link CharSequence} or an enum
   *     constant for a category
   * @throws IllegalArgumentException if there are too few or too many, or one has the wrong type
   */
  static Row of(Schema schema, Object... values) {
    return ArrayRow.of(schema, values);
  }

  /**
   * {@return an immutable row with these values, given as the two arrays that a store keeps}
   *
   * @param schema its columns
   * @param numbers one per column, read where the column is a number; copied
   * @param categories one per column, read where the column is a category; copied
   * @throws IllegalArgumentException if an array has not one element per column, or a category is null
   */
  static Row of(Schema schema, double[] numbers, String[] categories) {
    return ArrayRow.of(schema, numbers, categories);
  }

  /**
   * {@return an immutable row with the values that another has now; the same row if it is immutable}
   *
   * @param row what to copy
   */
  static Row copyOf(Row row) {
    return ArrayRow.copyOf(row);
  }
}
