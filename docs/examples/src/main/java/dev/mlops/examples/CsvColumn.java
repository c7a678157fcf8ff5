package dev.mlops.examples;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * One column of a CSV file while it is read: of numbers, of categories, or left out.
 *
 * <p>The values among the first thousand rows decide; where there is none, the first value that comes. All of them numbers make a
 * column of numbers. Where half or more are numbers, or the rest is one and the same text, the rest is refused: it is more likely
 * a code for a missing value or a number in other notation than the name of a category. Other columns are of categories. Of these,
 * dates and texts that hardly ever occur twice are left out, for no model can learn from them.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class CsvColumn {
  /** How many rows decide. */
  private static final int TYPED_BY = 1_000;

  /** Fewer values may well differ by chance. */
  private static final int FEWEST_DISTINCT = 50;

  private static final double DISTINCT = 0.95;

  private static final Pattern DATE = Pattern.compile(
      "(\\d{4}([-/.])\\d{1,2}\\2\\d{1,2}|\\d{1,2}([-/.])\\d{1,2}\\3\\d{2,4})([ T].*)?");

  private enum Kind {
    UNDECIDED,
    NUMBERS,
    CATEGORIES,
    LEFT_OUT
  }

  private final CsvFile file;
  private final int index;
  private final String name;
  private final boolean kept;
  private final Consumer<String> notes;

  /** The rows before the column is decided. */
  private final List<String> sample = new ArrayList<>();

  private int[] sampleLines = new int[16];
  private Kind kind = Kind.UNDECIDED;
  private int size;
  private int present;
  private double[] numbers = {};
  private int[] codes = {};
  private final Map<String, Integer> codeOf = new HashMap<>();
  private final List<String> names = new ArrayList<>();

  /**
   * A column without rows.
   *
   * @param kept whether it is one of categories whatever it holds
   * @param notes is told what was done with it, if anybody may wonder
   */
  CsvColumn(CsvFile file, int index, boolean kept, Consumer<String> notes) {
    this.file = file;
    this.index = index;
    this.name = file.columns().get(index);
    this.kept = kept;
    this.notes = notes;
    code("");
  }

  /** Takes the value of the file's row. */
  void add() throws CsvFile.Fault {
    String field = file.field(index);
    if (kind != Kind.UNDECIDED) {
      append(file.line(), field);
      return;
    }
    if (sample.size() == sampleLines.length) {
      sampleLines = Arrays.copyOf(sampleLines, 2 * sample.size());
    }
    sampleLines[sample.size()] = file.line();
    sample.add(field);
    if (sample.size() == TYPED_BY || (sample.size() > TYPED_BY && !field.isEmpty())) {
      decide();
    }
  }

  /** The values, unless the column is left out; nothing can be added any more. */
  Optional<RowTable.Values> values() throws CsvFile.Fault {
    if (kind == Kind.UNDECIDED) {
      decide();
    }
    if (kind == Kind.UNDECIDED) {
      kind = Kind.LEFT_OUT;
      notes.accept("left out: column \"" + name + "\": it has no value");
    } else if (kind == Kind.CATEGORIES && !kept && hardlyEverTwice(present, names.size() - 1)) {
      leaveOut(distinct(names.size() - 1, present, names.get(1)));
    }
    return switch (kind) {
      case NUMBERS -> Optional.of(RowTable.Values.numbers(name, Arrays.copyOf(numbers, size)));
      case CATEGORIES ->
        Optional.of(RowTable.Values.categories(name, Arrays.copyOf(codes, size), names));
      default -> Optional.empty();
    };
  }

  private void decide() throws CsvFile.Fault {
    List<String> values = sample.stream().filter(field -> !field.isEmpty()).toList();
    if (values.isEmpty()) {
      return;
    }
    CsvFormat format = file.format();
    int numeric = count(values, field -> !Double.isNaN(format.number(field)));
    int byTheOtherMark = count(values, format::isNumberByTheOtherMark);
    if (kept) {
      kind = Kind.CATEGORIES;
    } else if (numeric == values.size()) {
      kind = Kind.NUMBERS;
    } else if (2 * (numeric + byTheOtherMark) >= values.size()
        || (numeric > 0 && othersAreTheSame(values))) {
      throw refused(numeric, values.size());
    } else {
      decideText(values, numeric);
    }
    for (int i = 0; i < sample.size(); i++) {
      append(sampleLines[i], sample.get(i));
    }
    sample.clear();
  }

  private void decideText(List<String> values, int numeric) {
    int dates = count(values, field -> DATE.matcher(field.strip()).matches());
    int distinct = new HashSet<>(values).size();
    if (2 * dates >= values.size()) {
      leaveOut("dates, such as \"" + CsvFile.shown(values.get(0)) + "\"");
    } else if (hardlyEverTwice(values.size(), distinct)) {
      leaveOut(distinct(distinct, values.size(), values.get(0)));
    } else {
      kind = Kind.CATEGORIES;
      if (numeric > 0) {
        notes.accept("column \"" + name + "\": taken as categories, though " + numeric + " of its "
            + "first " + values.size() + " values are numbers");
      }
    }
  }

  private static int count(List<String> values, Predicate<String> wanted) {
    return (int) values.stream().filter(wanted).count();
  }

  private boolean othersAreTheSame(List<String> values) {
    return values.stream()
            .filter(field -> Double.isNaN(file.format().number(field)))
            .distinct()
            .limit(2)
            .count()
        == 1;
  }

  private static boolean hardlyEverTwice(int values, int distinct) {
    return values >= FEWEST_DISTINCT && distinct >= DISTINCT * values;
  }

  private static String distinct(int distinct, int values, String first) {
    return "text that is different in " + distinct + " of " + values + " rows, such as \""
        + CsvFile.shown(first) + "\"";
  }

  private void leaveOut(String why) {
    kind = Kind.LEFT_OUT;
    notes.accept("left out: column \"" + name + "\": " + why + "; --keep \"" + name
        + "\" takes it as categories");
  }

  private CsvFile.Fault refused(int numeric, int values) {
    for (int i = 0; i < sample.size(); i++) {
      String field = sample.get(i);
      if (!field.isEmpty() && Double.isNaN(file.format().number(field))) {
        return noNumber(
            sampleLines[i],
            field,
            numeric > 0
                ? "a number, as " + numeric + " of its first " + values + " values are"
                : "a number");
      }
    }
    throw new IllegalStateException(name);
  }

  private CsvFile.Fault noNumber(int line, String field, String wanted) {
    CsvFile.Fault fault = file.noNumber(line, index, field, wanted);
    return new CsvFile.Fault(
        fault.getMessage() + ", --keep \"" + name + "\" takes the column as categories");
  }

  private void append(int line, String field) throws CsvFile.Fault {
    if (kind == Kind.NUMBERS) {
      double value = field.isEmpty() ? Double.NaN : file.format().number(field);
      if (Double.isNaN(value) && !field.isEmpty()) {
        throw noNumber(line, field, "a number");
      }
      if (size == numbers.length) {
        numbers = Arrays.copyOf(numbers, grown(size));
      }
      numbers[size] = value;
    } else if (kind == Kind.CATEGORIES) {
      if (size == codes.length) {
        codes = Arrays.copyOf(codes, grown(size));
      }
      codes[size] = code(field);
    }
    size++;
    present += field.isEmpty() ? 0 : 1;
  }

  private static int grown(int size) {
    return Math.max(2 * TYPED_BY, size + size / 2);
  }

  private int code(String field) {
    Integer known = codeOf.get(field);
    if (known == null) {
      known = names.size();
      codeOf.put(field, known);
      names.add(field);
    }
    return known;
  }
}
