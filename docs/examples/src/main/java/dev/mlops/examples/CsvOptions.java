package dev.mlops.examples;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The options that say how a CSV file is written, which programs that read one have in common.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class CsvOptions {
  static final List<String> NAMES = List.of("--separator", "--decimal", "--missing");

  static final String USAGE = """
        --separator <c>       what divides fields, one character or the word tab (default a comma)
        --decimal <c>         the decimal mark of numbers, a point or a comma (default a point)
        --missing <text>      what stands for a missing value besides an empty field, such as NA; may be given several
                              times
      """;

  private char separator = ',';
  private char decimal = '.';
  private final Set<String> missing = new HashSet<>();
  private boolean given;

  /** Takes an option, if it is one of these. */
  boolean take(String option, String value) throws Arguments.Fault {
    switch (option) {
      case "--separator" -> separator = separator(value);
      case "--decimal" -> {
        if (!value.equals(".") && !value.equals(",")) {
          throw new Arguments.Fault("--decimal: wanted . or , got \"" + value + "\"");
        }
        decimal = value.charAt(0);
      }
      case "--missing" -> missing.add(value);
      default -> {
        return false;
      }
    }
    given = true;
    return true;
  }

  private static char separator(String value) throws Arguments.Fault {
    char c = value.equals("tab") || value.equals("\\t")
        ? '\t'
        : value.length() == 1 ? value.charAt(0) : '"';
    if (c == '"' || c == '\n' || c == '\r') {
      throw new Arguments.Fault(
          "--separator: wanted one character, no quote, or the word tab, got \"" + value + "\"");
    }
    return c;
  }

  /** Whether any of them was given. */
  boolean given() {
    return given;
  }

  CsvFormat format() {
    return new CsvFormat(separator, decimal, missing);
  }
}
