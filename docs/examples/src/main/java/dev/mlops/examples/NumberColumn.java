package dev.mlops.examples;

import java.nio.file.Path;
import java.util.Arrays;

/** One column of a CSV file: numbers, or {@code true} and {@code false} as 1 and 0. */
final class NumberColumn {
  private final double[] values;
  private final int[] lines;

  private NumberColumn(double[] values, int[] lines) {
    this.values = values;
    this.lines = lines;
  }

  /** Reads one column of a file, row by row. */
  static NumberColumn read(Path file, CsvFormat format, String column) throws CsvFile.Fault {
    try (CsvFile csv = CsvFile.open(file, format)) {
      int index = csv.indexOf(column, "--column");
      double[] values = new double[1_000];
      int[] lines = new int[1_000];
      int size = 0;
      boolean truths = false;
      boolean numbers = false;
      while (csv.next()) {
        if (size == lines.length) {
          values = Arrays.copyOf(values, size + size / 2);
          lines = Arrays.copyOf(lines, size + size / 2);
        }
        String field = csv.field(index);
        boolean truth = isTruth(field);
        if (truth && !numbers) {
          truths = true;
          values[size] = field.strip().equalsIgnoreCase("true") ? 1 : 0;
        } else if (truths && !truth && !field.isEmpty()) {
          throw csv.fault(
              csv.line(), column, "true or false, as before", "\"" + CsvFile.shown(field) + "\"");
        } else {
          values[size] = csv.number(index);
          numbers |= !field.isEmpty();
        }
        lines[size++] = csv.line();
      }
      if (size == 0) {
        throw new CsvFile.Fault(csv.name() + ", line 2: wanted rows below the header, got none");
      }
      return new NumberColumn(Arrays.copyOf(values, size), Arrays.copyOf(lines, size));
    }
  }

  private static boolean isTruth(String field) {
    String text = field.strip();
    return text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false");
  }

  /** Row by row; a missing value is {@code NaN}. */
  double[] values() {
    return values;
  }

  /** Where a row begins in the file; the header is line 1. */
  int line(int row) {
    return lines[row];
  }
}
