package dev.mlops.examples;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What {@link Lifecycle} was asked for on its command line. */
final class Arguments {
  static final String USAGE = """
      usage: Lifecycle [options]
        --stream abrupt|gradual|stationary   the embedded stream of 20,000 rows (default abrupt)
        --data <csv[.gz]>     instead of it, a file with a header line, in the order of time: UTF-8, fields quoted where
                              they hold a separator, a quote or a line break; an empty field is a missing value
        --label <column>      what is predicted, one of at most 50 labels; goes with --data. A row without a label is
                              served, and its truth never comes
        --quantity <column>   instead of --label: what is predicted, a number
        --drop <a,b>          columns to leave out, divided by commas, quoted where they hold one; may be given several
                              times, and a value that is the name of a column is that column
        --keep <column>       a column of categories, whatever it holds: without this, dates and texts that hardly ever
                              occur twice are left out; may be given several times, as --drop
      """ + CsvOptions.USAGE + """
        --initial <rows>      this many rows train and test the first version (default 1,000; with --data 1,344)
        --truth-delay <rows>  the truth of a row arrives this many rows later (default 48)
        --every <rows>        at most one candidate in this many rows (default 100; with --data 336)
        --control <n>         how many random schedules to compare with; 0 leaves them out (default 200)
        --out <folder>        new, empty, or of an earlier run on the same columns, which this one goes on from
                              (default target/lifecycle)
        --optimise            after the stream searches better settings and kinds of models on the newest truths, shows
                              the best beside the champion, and releases the winner if it passes a gate
        --trials <n>          how many settings --optimise tries (default 40)
        --image <base>        writes an image of the last champion on this base, an OCI image layout or a tar of one
        --seeds <a-b>         the embedded stream with each seed, held against limits
        --help                this
      exit: 0 if all went well, 1 if a limit was missed, 2 if the arguments or the data are wrong,
      3 if the run could not go on""";

  private static final List<String> OPTIONS = List.of(
      "--data",
      "--label",
      "--quantity",
      "--drop",
      "--keep",
      "--separator",
      "--decimal",
      "--missing",
      "--stream",
      "--seeds",
      "--truth-delay",
      "--initial",
      "--every",
      "--control",
      "--out",
      "--trials",
      "--image");

  /** Without a value. */
  private static final String OPTIMISE = "--optimise";

  @Nullable
  Path data;

  @Nullable
  String label;

  @Nullable
  String quantity;

  final List<String> drop = new ArrayList<>();
  final List<String> keep = new ArrayList<>();
  final CsvOptions csv = new CsvOptions();
  String stream = "abrupt";
  long firstSeed;
  OptionalLong lastSeed = OptionalLong.empty();
  int truthDelay = 48;
  int initial;
  int every;
  int control = 200;
  boolean optimise;
  int trials;
  Path out = Path.of("target", "lifecycle");

  @Nullable
  Path image;

  private Arguments() {}

  /** What is wrong with a command line, in one line. */
  static final class Fault extends Exception {
    private static final long serialVersionUID = 1L;

    Fault(String message) {
      super(message);
    }
  }

  static Arguments of(String... args) throws Fault {
    Arguments all = new Arguments();
    for (int i = 0; i < args.length; i += 2) {
      if (args[i].equals(OPTIMISE)) {
        all.optimise = true;
        i--; // the next argument is an option again
        continue;
      }
      String value = valueOf(OPTIONS, i, args);
      if (!all.csv.take(args[i], value)) {
        all.take(args[i], value);
      }
    }
    all.check();
    return all;
  }

  /** What follows an option, if that is one of them. */
  static String valueOf(List<String> options, int option, String... args) throws Fault {
    if (!options.contains(args[option])) {
      throw new Fault("argument \"" + args[option] + "\": wanted one of "
          + String.join(" ", options) + ", got an unknown one");
    }
    if (option + 1 == args.length) {
      throw new Fault("argument \"" + args[option] + "\": wanted a value after it, got none");
    }
    return args[option + 1];
  }

  private void take(String option, String value) throws Fault {
    switch (option) {
      case "--data" -> data = path(option, value, "a CSV file");
      case "--label" -> label = value;
      case "--quantity" -> quantity = value;
      case "--drop" -> drop.add(value);
      case "--keep" -> keep.add(value);
      case "--stream" -> stream = value;
      case "--truth-delay" -> truthDelay = whole(option, value, 1);
      case "--initial" -> initial = whole(option, value, 250);
      case "--every" -> every = whole(option, value, 1);
      case "--control" -> control = whole(option, value, 0);
      case "--trials" -> trials = whole(option, value, 1);
      case "--out" -> out = path(option, value, "a folder");
      case "--image" -> image = path(option, value, "a base");
      case "--seeds" -> seeds(value);
      default -> throw new IllegalStateException(option);
    }
  }

  private void seeds(String value) throws Fault {
    String[] ends = value.split("-", -1);
    if (ends.length != 2) {
      throw new Fault("--seeds: wanted two numbers such as 0-19, got \"" + value + "\"");
    }
    firstSeed = whole("--seeds", ends[0], 0);
    lastSeed = OptionalLong.of(whole("--seeds", ends[1], 0));
    if (lastSeed.getAsLong() < firstSeed) {
      throw new Fault(
          "--seeds: wanted the smaller number first, such as 0-19, got \"" + value + "\"");
    }
  }

  static Path path(String option, String value, String wanted) throws Fault {
    try {
      if (!value.isBlank()) {
        return Path.of(value);
      }
    } catch (InvalidPathException e) { // told below
    }
    throw new Fault(option + ": wanted " + wanted + ", got \"" + value + "\"");
  }

  static int whole(String option, String value, int least) throws Fault {
    try {
      int number = Integer.parseInt(value);
      if (number >= least) {
        return number;
      }
    } catch (NumberFormatException e) { // told below
    }
    throw new Fault(
        option + ": wanted a whole number of at least " + least + ", got \"" + value + "\"");
  }

  private void check() throws Fault {
    List<String> streams = List.of("abrupt", "gradual", "stationary");
    if (!streams.contains(stream)) {
      throw new Fault("--stream: wanted one of " + streams + ", got \"" + stream + "\"");
    }
    if (label != null && quantity != null) {
      throw new Fault("--quantity: wanted it instead of --label, got both");
    }
    if (data != null && label == null && quantity == null) {
      throw new Fault("--data: wanted --label <column> or --quantity <column> with it, got none");
    }
    if (data == null
        && (label != null
            || quantity != null
            || !drop.isEmpty()
            || !keep.isEmpty()
            || csv.given())) {
      throw new Fault("--label, --quantity, --drop, --keep, " + String.join(", ", CsvOptions.NAMES)
          + ": wanted --data <csv> with them, got none");
    }
    if (trials != 0 && !optimise) {
      throw new Fault("--trials: wanted --optimise with it, got none");
    }
    if (optimise && lastSeed.isPresent()) {
      throw new Fault("--seeds: wanted one run for --optimise, got several");
    }
    if (image != null && lastSeed.isPresent()) {
      throw new Fault("--seeds: wanted one run for --image, got several");
    }
    if (data != null && lastSeed.isPresent()) {
      throw new Fault("--seeds: wanted the embedded stream, got --data too");
    }
    initial = initial != 0 ? initial : data == null ? 1_000 : 1_344;
    trials = trials != 0 ? trials : 40;
    every = every != 0 ? every : data == null ? 100 : 336;
    if (truthDelay > initial) {
      throw new Fault(
          "--truth-delay: wanted at most the " + initial + " rows of --initial, got " + truthDelay);
    }
  }

  /** What is to be read, unless it is the embedded stream. */
  Optional<CsvRows> data() {
    String column = label != null ? label : quantity;
    return data == null || column == null
        ? Optional.empty()
        : Optional.of(
            new CsvRows(data, csv.format(), column, drop, keep).ofQuantities(quantity != null));
  }

  List<Long> seeds() {
    List<Long> all = new ArrayList<>();
    for (long seed = firstSeed; seed <= lastSeed.orElse(firstSeed); seed++) {
      all.add(seed);
    }
    return all;
  }
}
