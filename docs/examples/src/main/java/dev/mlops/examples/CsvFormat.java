package dev.mlops.examples;

import java.util.Set;

/**
 * How a CSV file is written.
 *
 * <p>Immutable.
 *
 * @param separator between two fields
 * @param decimal the decimal mark of its numbers, a point or a comma
 * @param missing what stands for a missing value besides an empty field
 */
record CsvFormat(char separator, char decimal, Set<String> missing) {
  /** Commas between fields, points in numbers, and empty fields alone for missing values. */
  static final CsvFormat PLAIN = new CsvFormat(',', '.', Set.of());

  CsvFormat {
    missing = Set.copyOf(missing);
  }

  boolean isMissing(String field) {
    return field.isEmpty() || missing.contains(field) || missing.contains(field.strip());
  }

  /** The number that a field is; {@code NaN} if it is none, or an infinite one. */
  double number(String field) {
    return number(field, decimal);
  }

  /** Whether a field were a number if the decimal mark were the other one. */
  boolean isNumberByTheOtherMark(String field) {
    return Double.isNaN(number(field)) && !Double.isNaN(number(field, otherMark()));
  }

  char otherMark() {
    return decimal == '.' ? ',' : '.';
  }

  /** Java would also take {@code 3D}, {@code 0x1p3} and {@code NaN}, which are no numbers of a table. */
  private static double number(String field, char mark) {
    String text = field.strip();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c < '0' || c > '9') && c != mark && c != '-' && c != '+' && c != 'e' && c != 'E') {
        return Double.NaN;
      }
    }
    try {
      double value = Double.parseDouble(mark == '.' ? text : text.replace(mark, '.'));
      return Double.isFinite(value) ? value : Double.NaN;
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }
}
