package dev.mlops.examples;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A CSV file with a header, gzipped or not, as labelled rows or as one column.
 *
 * <p>Fields are divided by commas and may be quoted, without line breaks inside; an empty field is a missing value. A
 * column is one of numbers if every value in the first thousand rows is a number, else one of categories.
 */
final class CsvFile {
  /** So many rows decide the type of a column. */
  private static final int TYPED_BY = 1_000;

  /** With more labels than this, the label column holds quantities or names, not classes. */
  private static final int MOST_LABELS = 50;

  private final String name;
  private final List<String> header;
  private final List<String[]> lines;
  private final List<Integer> numbers;

  private CsvFile(String name, List<String> header, List<String[]> lines, List<Integer> numbers) {
    this.name = name;
    this.header = header;
    this.lines = lines;
    this.numbers = numbers;
  }

  /** What is wrong with a file, in one line. */
  static final class Fault extends Exception {
    private static final long serialVersionUID = 1L;

    Fault(String message) {
      super(message);
    }
  }

  /** Reads a file whole; {@code name} is what messages call it. */
  static CsvFile read(Path file) throws Fault {
    String name = String.valueOf(file.getFileName());
    List<String[]> lines = new ArrayList<>();
    List<Integer> numbers = new ArrayList<>();
    List<String> header;
    int number = 0;
    if (Files.isDirectory(file)) {
      throw new Fault(name + ": wanted a CSV file, got a folder");
    }
    try (InputStream in = Files.newInputStream(file);
        BufferedReader reader = new BufferedReader(new InputStreamReader(
            name.endsWith(".gz") ? new GZIPInputStream(in) : in,
            StandardCharsets.ISO_8859_1))) { // bytes, which are decoded line by line
      String first = reader.readLine();
      if (first == null || first.isBlank()) {
        throw new Fault(name + ", line 1: wanted a header, got "
            + (first == null ? "an empty file" : "an empty line"));
      }
      first = decoded(name, 1, first);
      header = List.of(
          split(name, 1, List.of(), first.startsWith("\uFEFF") ? first.substring(1) : first));
      Set<String> seen = new HashSet<>();
      for (String column : header) {
        if (column.isBlank() || !seen.add(column)) {
          throw new Fault(name + ", line 1, column \"" + column + "\": wanted distinct names, got "
              + (column.isBlank() ? "an empty one" : "it twice"));
        }
      }
      number = 1;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (line.isEmpty()) {
          continue;
        }
        String[] fields = split(name, number, header, decoded(name, number, line));
        if (fields.length != header.size()) {
          String column = header.get(Math.min(fields.length, header.size()) - 1);
          throw new Fault(name + ", line " + number + ", column \"" + column + "\": wanted "
              + header.size() + " fields, got " + fields.length);
        }
        lines.add(fields);
        numbers.add(number);
      }
    } catch (NoSuchFileException e) {
      throw new Fault(file + ": wanted a CSV file, got no such file");
    } catch (IOException e) {
      throw new Fault(
          number == 0
              ? name + ": wanted to read its first line, got " + e.getMessage()
              : name + ", after line " + number + ": wanted to read on, got " + e.getMessage());
    }
    if (lines.isEmpty()) {
      throw new Fault(name + ", line 2: wanted rows below the header, got none");
    }
    return new CsvFile(name, header, lines, numbers);
  }

  private static String decoded(String name, int number, String bytes) throws Fault {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)))
          .toString();
    } catch (CharacterCodingException e) {
      throw new Fault(name + ", line " + number + ": wanted UTF-8 text, got other bytes");
    }
  }

  private static String[] split(String name, int number, List<String> header, String line)
      throws Fault {
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (quoted && c == '"' && i + 1 < line.length() && line.charAt(i + 1) == '"') {
        field.append('"');
        i++;
      } else if (c == '"' && (quoted || field.isEmpty())) {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        fields.add(field.toString());
        field.setLength(0);
      } else {
        field.append(c);
      }
    }
    if (quoted) {
      int column = fields.size();
      throw new Fault(name + ", line " + number + ", column "
          + (column < header.size() ? "\"" + header.get(column) + "\"" : column + 1)
          + ": wanted a closing quote, got the end of the line");
    }
    fields.add(field.toString());
    return fields.toArray(new String[0]);
  }

  /** The rows with one column as the label and some left out. */
  Stream labelledBy(String label, List<String> drop) throws Fault {
    List<Integer> kept = new ArrayList<>();
    for (String column : drop) {
      indexOf(column, "--drop");
    }
    int target = indexOf(label, "--label");
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i < header.size(); i++) {
      if (i != target && !drop.contains(header.get(i))) {
        kept.add(i);
        columns.add(
            looksLikeNumbers(i) ? Column.number(header.get(i)) : Column.category(header.get(i)));
      }
    }
    if (columns.isEmpty()) {
      throw new Fault(name + ", line 1: wanted a column besides the label, got none");
    }
    Schema schema = Schema.of(columns);
    List<Labelled<Row>> rows = new ArrayList<>(lines.size());
    Set<String> labels = new TreeSet<>();
    for (int line = 0; line < lines.size(); line++) {
      String[] fields = lines.get(line);
      Object[] values = new Object[columns.size()];
      for (int i = 0; i < values.length; i++) {
        String field = fields[kept.get(i)];
        values[i] = columns.get(i).type() == Column.Type.NUMBER
            ? number(line, columns.get(i), field)
            : field;
      }
      if (fields[target].isEmpty()) {
        throw fault(line, label, "a label", "an empty field");
      }
      labels.add(fields[target]);
      if (labels.size() > MOST_LABELS) {
        throw fault(line, label, "at most " + MOST_LABELS + " labels", "one more");
      }
      rows.add(new Labelled<>(Row.of(schema, values), Truth.of(fields[target])));
    }
    return new Stream(name, schema, rows);
  }

  /** A column of numbers, row by row; a missing one is {@code NaN}. */
  double[] numbers(String column) throws Fault {
    int index = indexOf(column, "--column");
    double[] values = new double[lines.size()];
    for (int line = 0; line < values.length; line++) {
      values[line] = number(line, Column.number(column), lines.get(line)[index]);
    }
    return values;
  }

  /** Where a row stands in the file; the header is line 1. */
  int line(int row) {
    return numbers.get(row);
  }

  private int indexOf(String column, String option) throws Fault {
    int index = header.indexOf(column);
    if (index < 0) {
      throw new Fault(name + ", line 1, column \"" + column + "\": wanted by " + option + ", got "
          + String.join(", ", header));
    }
    return index;
  }

  private boolean looksLikeNumbers(int column) {
    return lines.stream()
            .limit(TYPED_BY)
            .allMatch(fields -> fields[column].isEmpty() || parse(fields[column]) != null)
        && lines.stream().limit(TYPED_BY).anyMatch(fields -> !fields[column].isEmpty());
  }

  private Double number(int line, Column column, String field) throws Fault {
    Double value = field.isEmpty() ? Double.valueOf(Double.NaN) : parse(field);
    if (value == null) {
      throw fault(
          line,
          column.name(),
          "a number",
          "\"" + field.substring(0, Math.min(40, field.length())) + "\"");
    }
    return value;
  }

  private static @Nullable Double parse(String field) {
    try {
      double value = Double.parseDouble(field);
      return Double.isFinite(value) ? Double.valueOf(value) : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private Fault fault(int line, String column, String wanted, String got) {
    return new Fault(name + ", line " + numbers.get(line) + ", column \"" + column + "\": wanted "
        + wanted + ", got " + got);
  }
}
