package dev.mlops.drift.slice;

import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes codes of the values of rows: the number of a bin, of a category, or of what is missing; 0 is in no slice. */
final class SliceColumns {
  /** Equal shares that the numbers of a column are divided into. */
  private static final int BINS = 10;

  /** The most frequent categories of a column; the others are in no slice. */
  private static final int CATEGORIES = 50;

  private final List<List<Slice.Part>> parts = new ArrayList<>();
  private final int[][] codes;

  SliceColumns(Schema schema, List<Row> rows) {
    codes = new int[rows.size()][schema.size()];
    for (int column = 0; column < schema.size(); column++) {
      if (schema.isNumber(column)) {
        numbers(schema.column(column).name(), column, rows);
      } else {
        categories(schema.column(column).name(), column, rows);
      }
    }
  }

  int[][] codes() {
    return codes;
  }

  Slice.Part part(int column, int code) {
    return parts.get(column).get(code - 1);
  }

  private void numbers(String name, int column, List<Row> rows) {
    double[] values = new double[rows.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = rows.get(i).number(column);
    }
    double[] present =
        Arrays.stream(values).filter(value -> !Double.isNaN(value)).sorted().toArray();
    double[] edges = edges(present);
    List<Slice.Part> bins = new ArrayList<>();
    for (int bin = 0; bin <= edges.length; bin++) {
      bins.add(new Slice.Part(
          name,
          true,
          bin == 0 ? Double.NEGATIVE_INFINITY : edges[bin - 1],
          bin == edges.length ? Double.POSITIVE_INFINITY : edges[bin],
          ""));
    }
    bins.add(new Slice.Part(name, true, Double.NaN, Double.NaN, ""));
    parts.add(bins);
    for (int i = 0; i < values.length; i++) {
      int found = Arrays.binarySearch(edges, values[i] + 0.0);
      codes[i][column] = Double.isNaN(values[i])
          ? bins.size()
          : found >= 0 ? found + 2 : -found; // an edge begins its bin
    }
  }

  /** Where bins after the first begin: distinct quantiles above the least value. */
  private static double[] edges(double[] sorted) {
    double[] edges = new double[BINS - 1];
    int count = 0;
    for (int bin = 1; bin < BINS && sorted.length > 0; bin++) {
      double edge = sorted[(int) ((long) bin * sorted.length / BINS)] + 0.0;
      if (edge > sorted[0] && (count == 0 || edge > edges[count - 1])) {
        edges[count++] = edge;
      }
    }
    return Arrays.copyOf(edges, count);
  }

  private void categories(String name, int column, List<Row> rows) {
    Map<String, Integer> counts = new HashMap<>();
    for (Row row : rows) {
      counts.merge(row.category(column), 1, Integer::sum);
    }
    List<String> frequent = counts.entrySet().stream()
        .sorted(Map.Entry.<String, Integer>comparingByValue()
            .reversed()
            .thenComparing(Map.Entry.comparingByKey()))
        .limit(CATEGORIES)
        .map(Map.Entry::getKey)
        .toList();
    Map<String, Integer> numbered = new HashMap<>();
    List<Slice.Part> all = new ArrayList<>();
    for (String category : frequent) {
      all.add(new Slice.Part(name, false, Double.NaN, Double.NaN, category));
      numbered.put(category, all.size());
    }
    parts.add(all);
    for (int i = 0; i < rows.size(); i++) {
      codes[i][column] = numbered.getOrDefault(rows.get(i).category(column), 0);
    }
  }
}
