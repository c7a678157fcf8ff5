package dev.mlops.examples;

import dev.mlops.api.model.Truth;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The rows of a CSV file with one column as the label.
 *
 * <p>A row whose label is missing is a row whose truth never comes.
 *
 * @param label the column that is predicted
 * @param drop columns to leave out, see {@link CsvFile#indicesOf}
 * @param keep columns of categories, whatever they hold
 * @param quantities whether the label is a number
 */
record CsvRows(
    Path file,
    CsvFormat format,
    String label,
    List<String> drop,
    List<String> keep,
    boolean quantities) {
  /** With more labels than this, the label column holds quantities or names, not classes. */
  private static final int MOST_LABELS = 50;

  /** Rows with a label of at most 50. */
  CsvRows(Path file, CsvFormat format, String label, List<String> drop, List<String> keep) {
    this(file, format, label, drop, keep, false);
  }

  /** The same rows, with a number as the label, or with one of at most 50 labels. */
  CsvRows ofQuantities(boolean numbers) {
    return new CsvRows(file, format, label, drop, keep, numbers);
  }

  /**
   * Reads the file, row by row.
   *
   * @param notes is told what was left out, or taken otherwise than somebody may expect
   */
  Stream read(Consumer<String> notes) throws CsvFile.Fault {
    try (CsvFile csv = CsvFile.open(file, format)) {
      Set<Integer> dropped = csv.indicesOf(drop, "--drop");
      Set<Integer> kept = csv.indicesOf(keep, "--keep");
      int target = csv.indexOf(label, "--label");
      if (dropped.contains(target)) {
        throw new CsvFile.Fault("--drop: wanted columns besides the label, got \"" + label + "\"");
      }
      List<CsvColumn> columns = new ArrayList<>();
      for (int i = 0; i < csv.columns().size(); i++) {
        if (i != target && !dropped.contains(i)) {
          columns.add(new CsvColumn(csv, i, kept.contains(i), notes));
        }
      }
      if (columns.isEmpty()) {
        throw new CsvFile.Fault(
            csv.name() + ", line 1: wanted a column besides the label, got none");
      }
      return read(csv, target, columns, notes);
    }
  }

  private Stream read(CsvFile csv, int target, List<CsvColumn> columns, Consumer<String> notes)
      throws CsvFile.Fault {
    Map<String, Integer> codes = new LinkedHashMap<>();
    codes.put("", 0);
    List<Optional<Truth>> truths = new ArrayList<>();
    truths.add(Optional.empty());
    int[] labels = new int[1_000];
    int size = 0;
    int unlabelled = 0;
    while (csv.next()) {
      for (CsvColumn column : columns) {
        column.add();
      }
      if (size == labels.length) {
        labels = Arrays.copyOf(labels, size + size / 2);
      }
      String field = csv.field(target);
      int code = codes.getOrDefault(field, codes.size());
      if (code > MOST_LABELS && !quantities) {
        throw csv.fault(csv.line(), label, "at most " + MOST_LABELS + " labels", "one more");
      }
      if (code == truths.size()) {
        codes.put(field, code);
        truths.add(Optional.of(quantities ? Truth.of(csv.number(target)) : Truth.of(field)));
      }
      labels[size++] = code;
      unlabelled += code == 0 ? 1 : 0;
    }
    if (size == 0) {
      throw new CsvFile.Fault(csv.name() + ", line 2: wanted rows below the header, got none");
    }
    if (unlabelled == size) {
      throw new CsvFile.Fault(
          csv.name() + ", column \"" + label + "\": wanted labels, got none in " + size + " rows");
    }
    List<RowTable.Values> values = new ArrayList<>();
    for (CsvColumn column : columns) {
      column.values().ifPresent(values::add);
    }
    if (values.isEmpty()) {
      throw new CsvFile.Fault(csv.name()
          + ": wanted a column to learn from besides the label, got " + columns.size()
          + " that were left out; --keep takes one as categories");
    }
    if (unlabelled > 0) {
      notes.accept(unlabelled + " of " + size
          + " rows have no label: they are served, their truth never comes");
    }
    return new RowTable(values, Arrays.copyOf(labels, size), truths).stream(csv.name());
  }
}
