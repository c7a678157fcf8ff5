package dev.mlops.examples;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.apache.commons.csv.CSVException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * A CSV file with a header, gzipped or not, read row by row.
 *
 * <p>The text is UTF-8, with or without a byte-order mark. Fields may be quoted and then hold separators, quotes written twice and
 * line breaks. An empty line is a missing value in a file of one column, and nothing in any other.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class CsvFile implements AutoCloseable {
  private static final int LONGEST_SHOWN = 40;

  private final String name;
  private final CsvFormat format;
  private final CSVParser parser;
  private final Iterator<CSVRecord> records;
  private final List<String> header;
  private String[] row = {};
  private int line;

  private CsvFile(String name, CsvFormat format, Reader text) throws IOException, Fault {
    this.name = name;
    this.format = format;
    this.parser = CSVParser.builder()
        .setReader(text)
        .setFormat(CSVFormat.RFC4180
            .builder()
            .setDelimiter(format.separator())
            .setIgnoreEmptyLines(false)
            .get())
        .get();
    this.records = parser.iterator();
    this.header = header();
  }

  /** What is wrong with a file, in one line. */
  static final class Fault extends Exception {
    private static final long serialVersionUID = 1L;

    Fault(String message) {
      super(message);
    }
  }

  /** Opens a file and reads its header. */
  static CsvFile open(Path file, CsvFormat format) throws Fault {
    String name = String.valueOf(file.getFileName());
    if (Files.isDirectory(file)) {
      throw new Fault(name + ": wanted a CSV file, got a folder");
    }
    try {
      InputStream in = Files.newInputStream(file);
      try {
        return new CsvFile(
            name, format, new Utf8Reader(name.endsWith(".gz") ? new GZIPInputStream(in) : in));
      } catch (Throwable e) {
        try (in) {
          throw e;
        }
      }
    } catch (NoSuchFileException e) {
      throw new Fault(file + ": wanted a CSV file, got no such file");
    } catch (IOException e) {
      throw new Fault(name + ": wanted to read its first line, got " + e.getMessage());
    }
  }

  private List<String> header() throws Fault {
    if (!read()) {
      throw new Fault(name + ", line 1: wanted a header, got an empty file");
    }
    if (row.length == 1 && row[0].isBlank()) {
      throw new Fault(name + ", line 1: wanted a header, got an empty line");
    }
    Set<String> seen = new HashSet<>();
    for (String column : row) {
      if (column.isBlank() || !seen.add(column)) {
        throw new Fault(name + ", line 1, column \"" + column + "\": wanted distinct names, got "
            + (column.isBlank() ? "an empty one" : "it twice"));
      }
    }
    return List.of(row);
  }

  /** Goes to the next row, if there is one. */
  boolean next() throws Fault {
    do {
      if (!read()) {
        return false;
      }
    } while (row.length == 1 && row[0].isEmpty() && header.size() > 1);
    if (row.length != header.size()) {
      String column = header.get(Math.min(row.length, header.size()) - 1);
      throw fault(line, column, header.size() + " fields", String.valueOf(row.length));
    }
    return true;
  }

  private boolean read() throws Fault {
    int at = (int) parser.getCurrentLineNumber() + 1; // of a row over several lines the first one
    try {
      if (!records.hasNext()) {
        return false;
      }
      row = records.next().values();
      line = at;
      return true;
    } catch (UncheckedIOException e) {
      throw unreadable(at, requireNonNull(e.getCause()));
    }
  }

  private Fault unreadable(int at, IOException cause) {
    int reached = Math.max(at, (int) parser.getCurrentLineNumber());
    if (cause instanceof CharacterCodingException) {
      return new Fault(name + ", line " + reached + ": wanted UTF-8 text, got other bytes");
    }
    if (cause instanceof CSVException) {
      boolean open = String.valueOf(cause.getMessage()).contains("EOF");
      return new Fault(
          name + ", line " + at
              + (open
                  ? ": wanted a closing quote, got the end of the file"
                  : ": wanted a separator or the end of the line after a closing quote, got other text"));
    }
    return new Fault(
        at == 1
            ? name + ": wanted to read its first line, got " + cause.getMessage()
            : name + ", after line " + (at - 1) + ": wanted to read on, got " + cause.getMessage());
  }

  String name() {
    return name;
  }

  List<String> columns() {
    return header;
  }

  CsvFormat format() {
    return format;
  }

  /** Where the row begins in the file; the header is line 1. */
  int line() {
    return line;
  }

  /** A field of the row as it is written; the empty text if it is missing. */
  String field(int column) {
    return format.isMissing(row[column]) ? "" : row[column];
  }

  /** A number of the row; {@code NaN} if it is missing. */
  double number(int column) throws Fault {
    String field = field(column);
    double value = field.isEmpty() ? Double.NaN : format.number(field);
    if (Double.isNaN(value) && !field.isEmpty()) {
      throw noNumber(line, column, field, "a number");
    }
    return value;
  }

  /** That a field is no number, and what may be done about it. */
  Fault noNumber(int line, int column, String field, String wanted) {
    String mended = format.isNumberByTheOtherMark(field)
        ? "--decimal " + format.otherMark() + " reads it"
        : "--missing \"" + shown(field) + "\" takes it as missing";
    return fault(line, header.get(column), wanted, "\"" + shown(field) + "\"; " + mended);
  }

  /** Which column an option names. */
  int indexOf(String column, String option) throws Fault {
    int index = header.indexOf(column);
    if (index < 0) {
      throw new Fault(name + ", line 1, column \"" + column + "\": wanted by " + option + ", got "
          + String.join(", ", header));
    }
    return index;
  }

  /**
   * Which columns an option names, given several times or with several names.
   *
   * @param values each a name, or names divided by commas, quoted where they hold one
   */
  Set<Integer> indicesOf(List<String> values, String option) throws Fault {
    Set<Integer> all = new LinkedHashSet<>();
    for (String value : values) {
      for (String column : header.contains(value) ? List.of(value) : names(value)) {
        all.add(indexOf(column, option));
      }
    }
    return all;
  }

  private static List<String> names(String value) {
    try (CSVParser parser = CSVParser.parse(value, CSVFormat.RFC4180)) {
      List<String> names = new ArrayList<>();
      parser.forEach(record -> names.addAll(record.toList()));
      return names;
    } catch (IOException | UncheckedIOException e) { // a quote in the middle of a name
      return List.of(value);
    }
  }

  Fault fault(int line, String column, String wanted, String got) {
    return new Fault(
        name + ", line " + line + ", column \"" + column + "\": wanted " + wanted + ", got " + got);
  }

  /** The beginning of foreign text, in one line. */
  static String shown(String text) {
    return text.substring(0, Math.min(LONGEST_SHOWN, text.length())).replaceAll("\\p{Cntrl}", " ");
  }

  @Override
  public void close() throws Fault {
    try {
      parser.close();
    } catch (IOException e) {
      throw new Fault(name + ": wanted to close it, got " + e.getMessage());
    }
  }
}
