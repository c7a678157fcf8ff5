package dev.mlops.examples;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.ValueDetector;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Watches one column of anybody's CSV file: when did its mean leave the baseline, where to, and since when.
 *
 * <p>The first rows are the baseline. After a signal the next rows, as many, are the new baseline, so that each lasting change
 * is told once. It prints each signal and draws a picture.
 */
public final class WatchColumn {
  static final String USAGE = """
      usage: WatchColumn --file <csv[.gz]> --column <name> [--baseline-rows <n>] [--false-alarm-every <n>]
                         [--detector <name>] [--picture <svg>]
                         [--separator <c>] [--decimal <c>] [--missing <text>]
      """ + CsvOptions.USAGE;

  private static final List<String> OPTIONS = List.of(
      "--file",
      "--column",
      "--separator",
      "--decimal",
      "--missing",
      "--baseline-rows",
      "--false-alarm-every",
      "--detector",
      "--picture");

  private static final int FEWEST_BASELINE_ROWS = 30;
  private static final int BASELINE_ROWS = 1_000;

  /** Of which sums and differences are finite. */
  private static final double GREATEST = 1e300;

  private @Nullable Path file;
  private @Nullable String column;
  private @Nullable Path picture;
  private int baselineRows;
  private int falseAlarmEvery = 100_000;
  private final CsvOptions options = new CsvOptions();
  private String detector = Watches.DEFAULT;
  /** Why the last rows were not watched. */
  private String unwatched = "too few for a new baseline";

  private WatchColumn() {}

  /** A stretch of rows: first its baseline, then what is watched against it, up to the signal that ends it if there is one. */
  record Stretch(
      int from,
      int watchedFrom,
      int to,
      ColumnBaseline baseline,
      @Nullable Signal signal) {
    /** The row at which the change most likely happened. */
    int changeRow() {
      return signal == null ? to : watchedFrom + (int) signal.changePoint();
    }
  }

  /**
   * Runs it.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    System.exit(run(System.out, System.err, args));
  }

  /** Runs it; 0 if all went well, 2 if the arguments or the data are wrong, and then nothing was written. */
  static int run(PrintStream out, PrintStream err, String... args) {
    if (List.of(args).contains("--help")) {
      out.print(USAGE);
      out.println("detectors: " + String.join(", ", Watches.names()));
      return 0;
    }
    WatchColumn watch = new WatchColumn();
    try {
      watch.take(args);
      watch.watch(out);
      return 0;
    } catch (Arguments.Fault | CsvFile.Fault e) {
      err.println(e.getMessage());
      return 2;
    } catch (IOException e) {
      err.println("--picture: wanted a place that can be written to, got "
          + (e instanceof NoSuchFileException
              ? "a folder that is not there"
              : e instanceof AccessDeniedException
                  ? "one that may not"
                  : String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason")));
      return 2;
    }
  }

  private void take(String... args) throws Arguments.Fault {
    for (int i = 0; i < args.length; i += 2) {
      String option = args[i];
      String value = Arguments.valueOf(OPTIONS, i, args);
      if (options.take(option, value)) {
        continue;
      }
      switch (option) {
        case "--file" -> file = Arguments.path(option, value, "a CSV file");
        case "--column" -> column = value;
        case "--picture" -> picture = Arguments.path(option, value, "a file");
        case "--baseline-rows" ->
          baselineRows = Arguments.whole(option, value, FEWEST_BASELINE_ROWS);
        case "--false-alarm-every" -> falseAlarmEvery = Arguments.whole(option, value, 2);
        case "--detector" -> detector = value;
        default -> throw new IllegalStateException(option);
      }
    }
    if (file == null || column == null) {
      throw new Arguments.Fault(
          (file == null ? "--file: wanted a CSV file" : "--column: wanted the name of a column")
              + ", got none");
    }
    if (!Watches.names().contains(detector)) {
      throw new Arguments.Fault(
          "--detector: wanted one of " + Watches.names() + ", got \"" + detector + "\"");
    }
  }

  private void watch(PrintStream out) throws Arguments.Fault, CsvFile.Fault, IOException {
    Path source = Path.of(String.valueOf(file));
    String name = String.valueOf(column);
    if (picture != null && Files.exists(picture) && Files.isSameFile(picture, source)) {
      throw new Arguments.Fault("--picture: wanted another file than that of --file, got the same");
    }
    out.println("watching column \"" + name + "\" of " + source.getFileName());
    NumberColumn csv = NumberColumn.read(source, options.format(), name);
    double[] values = csv.values();
    requireFit(source, csv, values);
    int baseline = baselineRows(source, values.length);
    List<Stretch> stretches = stretches(values, baseline);
    if (stretches.isEmpty()) {
      throw new CsvFile.Fault(source.getFileName() + ", column \"" + name + "\": wanted " + baseline
          + " numbers for the baseline and one to watch, got fewer");
    }
    Path svg = picture != null ? picture : beside(source, name);
    String drawn = ColumnPicture.svg(
        name + " of " + source.getFileName() + ", watched by " + detector, values, stretches);
    Files.writeString(svg, drawn, StandardCharsets.UTF_8);

    long missing = Arrays.stream(values).filter(Double::isNaN).count();
    out.printf(
        Locale.ROOT,
        "%d rows, %d without a value; baseline: %d rows, the first ones, and again after each signal%n",
        values.length,
        missing,
        baseline);
    out.println(
        "detector " + detector + "; promise: " + Watches.promise(detector, falseAlarmEvery));
    int signals = 0;
    for (Stretch stretch : stretches) {
      out.printf(
          Locale.ROOT,
          "rows %d to %d: baseline %s%n",
          stretch.from,
          stretch.watchedFrom - 1,
          stretch.baseline);
      Signal signal = stretch.signal;
      if (signal != null) {
        signals++;
        out.printf(
            Locale.ROOT,
            "row %6d (line %d)  %s, changed at about row %d (line %d), mean of the %d rows since %s%n",
            stretch.to,
            csv.line(stretch.to),
            signal.direction(),
            stretch.changeRow(),
            csv.line(stretch.changeRow()),
            stretch.to - stretch.changeRow() + 1,
            stretch.baseline.number(mean(values, stretch.changeRow(), stretch.to)));
      }
    }
    int last = stretches.get(stretches.size() - 1).to;
    if (last < values.length - 1) {
      out.println(
          "rows " + (last + 1) + " to " + (values.length - 1) + ": " + unwatched + ", not watched");
    }
    out.println(signals + (signals == 1 ? " signal" : " signals") + "; picture: " + svg);
  }

  private void requireFit(Path source, NumberColumn csv, double[] values)
      throws Arguments.Fault, CsvFile.Fault {
    for (int row = 0; row < values.length; row++) {
      if (Math.abs(values[row]) > GREATEST) {
        throw new CsvFile.Fault(source.getFileName() + ", line " + csv.line(row) + ", column \""
            + column + "\": wanted a number of at most " + GREATEST + ", got " + values[row]);
      }
      if (Watches.isOfErrors(detector)
          && values[row] != 0
          && values[row] != 1
          && !Double.isNaN(values[row])) {
        throw new Arguments.Fault("--detector " + detector
            + ": wanted a column of zeros and ones, got " + values[row] + " in line "
            + csv.line(row));
      }
    }
  }

  private int baselineRows(Path source, int rows) throws Arguments.Fault, CsvFile.Fault {
    if (baselineRows >= rows) {
      throw new Arguments.Fault("--baseline-rows: wanted fewer than the " + rows + " rows of "
          + source.getFileName() + ", got " + baselineRows);
    }
    if (baselineRows == 0 && rows < 4 * FEWEST_BASELINE_ROWS) {
      throw new CsvFile.Fault(source.getFileName() + ", line " + (rows + 1) + ": wanted at least "
          + 4 * FEWEST_BASELINE_ROWS + " rows, or --baseline-rows, got " + rows);
    }
    return baselineRows > 0 ? baselineRows : Math.min(BASELINE_ROWS, rows / 4);
  }

  /** Beside the file: {@code x.csv.gz} and column {@code a b} give {@code x-a-b.svg}. */
  private static Path beside(Path source, String column) {
    String name = String.valueOf(source.getFileName()).replaceFirst("(\\.csv)?(\\.gz)?$", "");
    return source.resolveSibling(name + "-" + column.replaceAll("[^\\p{L}\\p{N}]+", "-") + ".svg");
  }

  /** Watches the rows, one baseline after another. */
  private List<Stretch> stretches(double[] values, int baselineRows) throws Arguments.Fault {
    List<Stretch> stretches = new ArrayList<>();
    int from = 0;
    while (true) {
      int row = from;
      double[] first = new double[baselineRows];
      int taken = 0;
      for (; row < values.length && taken < baselineRows; row++) {
        if (!Double.isNaN(values[row])) {
          first[taken++] = values[row];
        }
      }
      if (row >= values.length) {
        return stretches;
      }
      ColumnBaseline baseline = ColumnBaseline.of(first);
      List<ValueDetector> watching;
      try {
        double[] fed = Arrays.stream(first).map(baseline::scaled).toArray();
        watching = Watches.of(detector, baseline, fed, falseAlarmEvery);
      } catch (IllegalArgumentException e) {
        if (stretches.isEmpty()) {
          throw new Arguments.Fault("--detector " + detector + ": " + e.getMessage());
        }
        unwatched = String.valueOf(e.getMessage());
        return stretches;
      }
      int watchedFrom = row;
      Signal signal = null;
      for (; row < values.length && signal == null; row++) {
        double scaled = baseline.scaled(values[row]); // NaN has a position and is not judged
        for (ValueDetector one : watching) {
          if (one.update(scaled) == Level.DRIFT) {
            signal = one.signal().orElseThrow();
          }
        }
      }
      stretches.add(new Stretch(from, watchedFrom, row - 1, baseline, signal));
      if (signal == null) {
        return stretches;
      }
      from = row;
    }
  }

  private static double mean(double[] values, int from, int to) {
    return Arrays.stream(values, from, to + 1)
        .filter(value -> !Double.isNaN(value))
        .average()
        .orElse(Double.NaN);
  }
}
