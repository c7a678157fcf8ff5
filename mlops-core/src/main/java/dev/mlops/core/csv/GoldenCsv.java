package dev.mlops.core.csv;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.GoldenExample;
import java.io.IOException;
import java.io.PushbackReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.jspecify.annotations.Nullable;

/**
 * Golden examples that people wrote, or another framework, as comma-separated values.
 *
 * <p>The first line names the columns, in any order. Those of the schema are the input; an empty value is missing. A
 * classification has {@code expected}, the label, or {@code expected.<label>} for the score of each label, or both, where the
 * label must be one of the scored. A regression has {@code expected}, or {@code expected.<output>} for each output. The
 * column {@code within} says by how much each number of its line may differ, {@code within.<output>} by how much one may;
 * where they are absent or empty, numbers must be equal but for rounding.
 *
 * <pre>{@code
 * amount,channel,expected,expected.kept,expected.returned,within
 * 100.10,shop,kept,0.816,0.184,0.001
 * }</pre>
 *
 * <p>Values are divided by commas and may be quoted; the text is UTF-8. Blanks around a number are ignored, and around
 * a name that the schema does not have with them; around a label or a category they belong to it. Blank lines are left out.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class GoldenCsv {
  private static final String EXPECTED = "expected";
  private static final String WITHIN = "within";

  /** How many examples a package is to hold at most. */
  private static final int MOST = 10_000;

  /** How many problems a message lists. */
  private static final int LISTED = 10;

  private final Schema schema;
  private final Task task;
  private final List<String> header;
  private final List<String> problems = new ArrayList<>();

  private GoldenCsv(Schema schema, Task task, List<String> header) {
    this.schema = schema;
    this.task = task;
    this.header = header;
  }

  /**
   * {@return the examples of a file, in its order}
   *
   * @param file in UTF-8
   * @param schema the columns of the input; a classification or regression
   * @throws IllegalArgumentException if a column is missing or unknown, a value is none, or there is no line; the message
   *     lists the first ten problems with their lines
   * @throws UncheckedIOException if the file cannot be read
   */
  public static List<GoldenExample> read(Path file, Schema schema) {
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      return read(reader, schema);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "golden examples could not be read from " + file.getFileName(), e);
    }
  }

  /**
   * {@return the examples of a text, in its order}
   *
   * @param text is not closed
   * @param schema the columns of the input; a classification or regression
   * @throws IllegalArgumentException as {@link #read(Path, Schema)} throws it
   * @throws UncheckedIOException if the text cannot be read
   */
  public static List<GoldenExample> read(Reader text, Schema schema) {
    requireNonNull(text, "text");
    Task task = schema
        .task()
        .filter(known -> known != Task.ANOMALY_DETECTION)
        .orElseThrow(() -> new IllegalArgumentException(
            "golden examples as CSV are for a schema of CLASSIFICATION or REGRESSION, got "
                + schema));
    CSVFormat format = CSVFormat.RFC4180
        .builder()
        .setIgnoreEmptyLines(true)
        .setRecordSeparator("\n")
        .get();
    try {
      CSVParser parser = format.parse(withoutMark(text));
      GoldenCsv csv = null;
      List<GoldenExample> examples = new ArrayList<>();
      for (CSVRecord line : parser) {
        if (csv == null) {
          csv = new GoldenCsv(schema, task, names(line, schema));
          csv.requireHeader();
        } else {
          if (examples.size() == MOST) {
            throw new IllegalArgumentException("golden examples must be at most " + MOST
                + ", but there are more; keep the rest as a test set");
          }
          csv.add(line, parser.getCurrentLineNumber(), examples);
        }
      }
      if (csv == null || (examples.isEmpty() && csv.problems.isEmpty())) {
        throw new IllegalArgumentException("wanted golden examples: a line of names and at least"
            + " one of values, got " + (csv == null ? "nothing" : "the names alone"));
      }
      csv.requireNoProblems();
      return List.copyOf(examples);
    } catch (MalformedInputException e) {
      throw new IllegalArgumentException("golden examples must be in UTF-8, but are not", e);
    } catch (UncheckedIOException e) {
      IOException cause = e.getCause();
      throw cause == null ? e : malformed(cause);
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  /** What the parser refuses is the caller's to mend; what cannot be read is the disk's. */
  private static RuntimeException malformed(IOException e) {
    if (e instanceof MalformedInputException) {
      return new IllegalArgumentException("golden examples must be in UTF-8, but are not", e);
    }
    return e instanceof org.apache.commons.csv.CSVException
        ? new IllegalArgumentException(
            "golden examples are no comma-separated values: "
                + MlopsException.shown(String.valueOf(e.getMessage())),
            e)
        : new UncheckedIOException("golden examples could not be read", e);
  }

  /** Blanks around a name are part of it where the schema has it so, and where they are part of a label. */
  private static List<String> names(CSVRecord line, Schema schema) {
    Set<String> columns = new HashSet<>(List.of(EXPECTED, WITHIN));
    schema.columns().forEach(column -> columns.add(column.name()));
    List<String> names = new ArrayList<>();
    for (String name : line) {
      if (!columns.contains(name)) {
        String label = name.stripLeading();
        name = isOurs(label) && !columns.contains(label.strip()) ? label : name.strip();
      }
      names.add(name);
    }
    return names;
  }

  /** Leaves out the byte-order mark of a spreadsheet: after it the first name may be quoted. */
  private static Reader withoutMark(Reader text) throws IOException {
    PushbackReader rest = new PushbackReader(text);
    int first = rest.read();
    if (first >= 0 && first != '\uFEFF') {
      rest.unread(first);
    }
    return rest;
  }

  private static String shown(String name) {
    return "\"" + MlopsException.shown(name) + "\"";
  }

  private static boolean isOurs(String name) {
    return name.equals(EXPECTED)
        || name.equals(WITHIN)
        || name.startsWith(EXPECTED + ".")
        || name.startsWith(WITHIN + ".");
  }

  private void requireHeader() {
    Set<String> seen = new LinkedHashSet<>();
    for (String name : header) {
      if (!seen.add(name)) {
        problems.add("column " + shown(name) + " is there twice");
      }
    }
    List<String> known = new ArrayList<>(List.of(EXPECTED, WITHIN));
    for (Column column : schema.columns()) {
      if (isOurs(column.name())) {
        problems.add("column " + column + " of the schema has a name that says what is expected,"
            + " so its values cannot be told from that");
      }
      known.add(column.name());
      if (!seen.contains(column.name())) {
        problems.add("column " + column + " is missing");
      }
    }
    for (String name : seen) {
      if (!known.contains(name) && !isOurs(name)) {
        problems.add("column " + shown(name) + " is unknown"
            + MlopsException.nearest(name, known)
                .map(near -> ", did you mean " + shown(near) + "?")
                .orElse(""));
      }
    }
    List<String> outputs = outputs();
    if (!header.contains(EXPECTED) && outputs.isEmpty()) {
      problems.add("column \"" + EXPECTED + "\" is missing");
    } else if (task == Task.REGRESSION && header.contains(EXPECTED) && !outputs.isEmpty()) {
      problems.add("a regression has \"" + EXPECTED + "\" or a column for each output, not both");
    }
    List<String> numbers =
        task == Task.REGRESSION && outputs.isEmpty() ? List.of(Regression.VALUE) : outputs;
    if (seen.contains(WITHIN) && numbers.isEmpty()) {
      problems.add("column \"" + WITHIN + "\" is for numbers, but a label alone is expected");
    }
    for (String name : seen) {
      if (name.startsWith(WITHIN + ".") && !numbers.contains(name.substring(WITHIN.length() + 1))) {
        problems.add("column " + shown(name) + " is of none of the outputs "
            + MlopsException.shown(numbers.toString()));
      }
    }
    requireNoProblems();
  }

  /** The outputs that have a column of their own, in the order of the columns. */
  private List<String> outputs() {
    return header.stream()
        .filter(name -> name.startsWith(EXPECTED + "."))
        .map(name -> name.substring(EXPECTED.length() + 1))
        .toList();
  }

  private void requireNoProblems() {
    if (!problems.isEmpty()) {
      int listed = Math.min(problems.size(), LISTED);
      throw new IllegalArgumentException(
          "golden examples cannot be read: " + String.join("; ", problems.subList(0, listed))
              + (listed < problems.size() ? "; and " + (problems.size() - listed) + " more" : ""));
    }
  }

  private void add(CSVRecord line, long number, List<GoldenExample> examples) {
    String where = "line " + number;
    if (line.size() != header.size()) {
      problems.add(where + " has " + line.size() + " values, wanted " + header.size());
      return;
    }
    int before = problems.size();
    Row row = row(line, where);
    Prediction expected =
        task == Task.CLASSIFICATION ? classification(line, where) : regression(line, where);
    SortedMap<String, Double> within = within(line, where);
    if (expected == null || problems.size() > before) {
      return;
    }
    try {
      examples.add(new GoldenExample(row, expected, within));
    } catch (IllegalArgumentException e) {
      problems.add(where + ": " + e.getMessage());
    }
  }

  private String value(CSVRecord line, String name) {
    int index = header.indexOf(name);
    return index < 0 ? "" : line.get(index);
  }

  private double number(CSVRecord line, String name, String where) {
    String value = value(line, name).strip();
    try {
      double number = Double.parseDouble(value);
      if (Double.isFinite(number) && value.matches("[-+0-9.eE]+")) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    problems.add(where + ": " + shown(name) + " must be a number, but is " + shown(value));
    return Double.NaN;
  }

  private Row row(CSVRecord line, String where) {
    double[] numbers = new double[schema.size()];
    String[] categories = new String[schema.size()];
    Arrays.fill(categories, "");
    for (int i = 0; i < schema.size(); i++) {
      String name = schema.column(i).name();
      if (!schema.isNumber(i)) {
        categories[i] = value(line, name);
      } else {
        numbers[i] = value(line, name).isBlank() ? Double.NaN : number(line, name, where);
      }
    }
    return Row.of(schema, numbers, categories);
  }

  private @Nullable Prediction classification(CSVRecord line, String where) {
    String label = value(line, EXPECTED);
    List<String> labels = outputs();
    if (labels.isEmpty()) {
      if (label.isEmpty()) {
        problems.add(where + ": \"" + EXPECTED + "\" must be a label, but is empty");
        return null;
      }
      return Classification.of(label);
    }
    double[] scores = labels.stream()
        .mapToDouble(output -> number(line, EXPECTED + "." + output, where))
        .toArray();
    Classification scored = Classification.of(labels, scores);
    if (label.isEmpty()) {
      return scored;
    }
    if (!labels.contains(label)) {
      problems.add(where + ": \"" + EXPECTED + "\" is " + shown(label)
          + ", wanted one of the labels " + MlopsException.shown(labels.toString()));
      return null;
    }
    return scored.choosing(label);
  }

  private Prediction regression(CSVRecord line, String where) {
    List<String> outputs = outputs();
    if (outputs.isEmpty()) {
      return Regression.of(number(line, EXPECTED, where));
    }
    return Regression.of(
        outputs,
        outputs.stream()
            .mapToDouble(output -> number(line, EXPECTED + "." + output, where))
            .toArray());
  }

  private SortedMap<String, Double> within(CSVRecord line, String where) {
    TreeMap<String, Double> within = new TreeMap<>();
    List<String> outputs =
        task == Task.REGRESSION && outputs().isEmpty() ? List.of(Regression.VALUE) : outputs();
    for (String output : outputs) {
      String own = WITHIN + "." + output;
      String name = value(line, own).isBlank() ? WITHIN : own;
      if (!value(line, name).isBlank()) {
        within.put(output, number(line, name, where));
      }
    }
    return within;
  }
}
