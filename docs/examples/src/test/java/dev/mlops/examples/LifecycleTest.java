package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.gate.GateReport;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.core.tribuo.TribuoTrainer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;

/** What the main job says, leaves behind, and refuses. */
class LifecycleTest {
  @TempDir
  Path dir;

  private record Run(int exit, String out, String err) {
    List<String> lines() {
      return out.lines().toList();
    }
  }

  private Run run(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exit = Lifecycle.run(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        args);
    return new Run(
        exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  // --- refused
  // -------------------------------------------------------------------------------------------

  private static String repeated(String line, int times) {
    return line.repeat(times);
  }

  static Stream<Arguments> badFiles() {
    return Stream.of(
        Arguments.of("", "bad.csv, line 1: wanted a header, got an empty file"),
        Arguments.of("\na,y\n", "bad.csv, line 1: wanted a header, got an empty line"),
        Arguments.of("a,y\n", "bad.csv, line 2: wanted rows below the header, got none"),
        Arguments.of(
            "a,,y\n1,2,n\n",
            "bad.csv, line 1, column \"\": wanted distinct names, got an empty one"),
        Arguments.of(
            "a,a,y\n1,2,n\n", "bad.csv, line 1, column \"a\": wanted distinct names, got it twice"),
        Arguments.of("a,y\n1,n\n2,n,3\n", "bad.csv, line 3, column \"y\": wanted 2 fields, got 3"),
        Arguments.of("a,y\n1,n\n\n2\n", "bad.csv, line 4, column \"a\": wanted 2 fields, got 1"),
        Arguments.of(
            "a,y\n" + repeated("1,n\n", 1_200) + "one,n\n",
            "bad.csv, line 1202, column \"a\": wanted a number, got \"one\""),
        Arguments.of(
            "a,y\n" + repeated("1,n\n", 1_200) + "Infinity,n\n",
            "bad.csv, line 1202, column \"a\": wanted a number, got \"Infinity\""),
        Arguments.of(
            "a,y\n1,n\n\"2,n\n",
            "bad.csv, line 3: wanted a closing quote, got the end of the file"),
        Arguments.of(
            "a,y\n1,n\n\"2\"3,n\n",
            "bad.csv, line 3: wanted a separator or the end of the line after a closing quote"),
        Arguments.of(
            "a,b,n\n1,2,3\n", "bad.csv, line 1, column \"y\": wanted by --label, got a, b, n"),
        Arguments.of("a,y\n1,\n2,\n", "bad.csv, column \"y\": wanted labels, got none in 2 rows"),
        Arguments.of(
            "a,y\n,n\n,m\n",
            "bad.csv: wanted a column to learn from besides the label, got 1 that were left out"),
        Arguments.of("y\nn\n", "bad.csv, line 1: wanted a column besides the label, got none"),
        Arguments.of(
            "a,y\n" + repeated("1,n\n", 10),
            "--initial: wanted at most 0, the 10 rows of bad.csv less twice the 48 of --truth-delay,"
                + " got 1344"),
        Arguments.of(
            "a,y\n" + repeated("1,n\n", 1_400) + repeated("1,m\n", 400),
            "bad.csv: wanted at least two labels in its first 1075 labelled rows, which train"
                + " the first version, got \"n\" alone"),
        Arguments.of(
            "a,y\n"
                + String.join(
                    "",
                    IntStream.range(0, 60).mapToObj(i -> "1,label" + i + "\n").toList()),
            "bad.csv, line 52, column \"y\": wanted at most 50 labels, got one more"));
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("badFiles")
  void aMalformedFileIsOneClearLineAndTheStoreIsAsItWas(String csv, String message)
      throws IOException {
    isRefused(csv.getBytes(StandardCharsets.UTF_8), "bad.csv", message);
  }

  @Test
  void bytesThatAreNotUtf8AreOneClearLine() throws IOException {
    isRefused(
        new byte[] {'a', ',', 'y', '\n', '1', ',', (byte) 0xff, '\n'},
        "bad.csv",
        "bad.csv, line 2: wanted UTF-8 text, got other bytes");
  }

  @Test
  void aBrokenArchiveIsOneClearLine() throws IOException {
    byte[] whole = Files.readAllBytes(Streams.shop(dir.resolve("whole.csv.gz"), 5_000, 100, 1));
    String name = "bad.csv.gz";
    Run run = refused(Arrays.copyOf(whole, whole.length / 2), name, "the \"outcome\"");
    assertThat(run.err)
        .matches("bad.csv.gz, after line \\d+: wanted to read on,"
            + " got Unexpected end of ZLIB input stream\\R");
    run = refused("a,y\n1,n\n".getBytes(StandardCharsets.UTF_8), name, "y");
    assertThat(run.err)
        .matches("bad.csv.gz: wanted to read its first line, got Not in GZIP format\\R");
  }

  private void isRefused(byte[] bytes, String name, String message) throws IOException {
    assertThat(refused(bytes, name, "y").err).startsWith(message).hasLineCount(1);
  }

  /** Runs on a file beside a store that an earlier run left, which must stay as it was. */
  private Run refused(byte[] bytes, String name, String label) throws IOException {
    Path out = Files.createDirectories(dir.resolve("out"));
    try (VersionStore store = FileVersionStore.open(out.resolve("store"))) {
      assertThat(store.versions("lifecycle")).isEmpty();
    }
    Map<String, Long> before = files(out);
    Path file = Files.write(dir.resolve(name), bytes);
    Run run = run("--data", file.toString(), "--label", label, "--out", out.toString());
    assertThat(run.exit).isEqualTo(2);
    // Said before the file was read.
    assertThat(run.lines().get(0)).startsWith("mlops lifecycle: ");
    assertThat(files(out)).isEqualTo(before);
    return run;
  }

  private static Map<String, Long> files(Path folder) throws IOException {
    Map<String, Long> found = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.toList()) {
        found.put(
            folder.relativize(file).toString(), Files.isDirectory(file) ? -1 : Files.size(file));
      }
    }
    return found;
  }

  @Test
  void aPathThatIsNoFileIsOneClearLine() {
    Path gone = dir.resolve("gone.csv");
    Run run = run("--data", gone.toString(), "--label", "y", "--out", dir + "/out");
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err).isEqualTo(gone + ": wanted a CSV file, got no such file\n");
    run = run("--data", dir.toString(), "--label", "y", "--out", dir + "/out");
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err).isEqualTo(dir.getFileName() + ": wanted a CSV file, got a folder\n");
    assertThat(dir.resolve("out")).doesNotExist();
  }

  @Test
  void aColumnToDropThatIsNotThereIsOneClearLine() throws IOException {
    Path file = Files.writeString(dir.resolve("bad.csv"), "a,b,y\n1,2,n\n");
    Run run = run("--data", file.toString(), "--label", "y", "--drop", "b,date");
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err)
        .isEqualTo("bad.csv, line 1, column \"date\": wanted by --drop, got a, b, y\n");
  }

  @Test
  void theLabelCannotBeDropped() throws IOException {
    Path file = Files.writeString(dir.resolve("bad.csv"), "a,y\n1,n\n");
    Run run = run("--data", file.toString(), "--label", "y", "--drop", "a,y");
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err).isEqualTo("--drop: wanted columns besides the label, got \"y\"\n");
  }

  /** A line of slope 2 that becomes one of slope -2, with a small error. */
  @Test
  void aQuantityGetsTheSameTableInItsOwnUnit() throws IOException {
    SplittableRandom random = new SplittableRandom(5);
    StringBuilder csv = new StringBuilder("x,z,y\n");
    for (int i = 0; i < 3_000; i++) {
      double x = random.nextDouble();
      double y = (i < 1_500 ? 2 * x : 2 - 2 * x) + 0.2 * random.nextDouble();
      csv.append(x)
          .append(',')
          .append(random.nextDouble())
          .append(',')
          .append(y)
          .append('\n');
    }
    Run run = run(
        "--data",
        Files.writeString(dir.resolve("line.csv"), csv).toString(),
        "--quantity",
        "y",
        "--initial",
        "500",
        "--every",
        "100",
        "--control",
        "5",
        "--out",
        dir.resolve("out").toString());
    assertThat(run.exit).as(run.err).isZero();
    double loop = error(run, "the loop");
    assertThat(error(run, "its own first model, kept for ever")).isGreaterThan(0.4);
    assertThat(loop).isBetween(0.04, 0.25);
    assertThat(error(run, "no change, truth 48 rows late")).isBetween(0.5, 0.9);
    assertThat(run.lines())
        .anyMatch(line -> line.startsWith("on 2500 served rows") && line.contains("error"));
  }

  private static double error(Run run, String what) {
    String line = run.lines().stream()
        .filter(each -> each.startsWith(what + " "))
        .findFirst()
        .orElseThrow();
    return Double.parseDouble(line.substring(what.length()).strip().split("\\s+")[0]);
  }

  /** What is always 0 is met without an error, of which no part is a margin; then half of the rows have 3. */
  @Test
  void aQuantityThatNeverDifferedIsWatchedToo() throws IOException {
    SplittableRandom random = new SplittableRandom(7);
    StringBuilder csv = new StringBuilder("x,y\n");
    for (int i = 0; i < 1_400; i++) {
      double x = random.nextDouble();
      csv.append(x).append(',').append(i >= 700 && x > 0.5 ? 3 : 0).append('\n');
    }
    Run run = run(
        "--data",
        Files.writeString(dir.resolve("zero.csv"), csv).toString(),
        "--quantity",
        "y",
        "--initial",
        "500",
        "--every",
        "100",
        "--control",
        "0",
        "--out",
        dir.resolve("out").toString());
    assertThat(run.exit).as(run.err).isZero();
    assertThat(error(run, "its own first model, kept for ever")).isBetween(1.0, 1.4);
    assertThat(error(run, "the loop")).isLessThan(0.5);
  }

  /** Seven classes by ranges of x, whose names turn round half way. */
  @Test
  void aLabelOfManyClassesGetsTheSameTable() throws IOException {
    SplittableRandom random = new SplittableRandom(6);
    StringBuilder csv = new StringBuilder("x,z,y\n");
    for (int i = 0; i < 3_000; i++) {
      double x = random.nextDouble();
      int own = (int) (7 * x);
      csv.append(x)
          .append(',')
          .append(random.nextDouble())
          .append(",c")
          .append(i < 1_500 ? own : 6 - own)
          .append('\n');
    }
    Run run = run(
        "--data",
        Files.writeString(dir.resolve("classes.csv"), csv).toString(),
        "--label",
        "y",
        "--initial",
        "500",
        "--every",
        "100",
        "--control",
        "5",
        "--out",
        dir.resolve("out").toString());
    assertThat(run.exit).as(run.err).isZero();
    assertThat(error(run, "the loop")).as("percent right").isGreaterThan(80);
    assertThat(error(run, "its own first model, kept for ever")).isBetween(40.0, 65.0);
  }

  static Stream<Arguments> badOptions() {
    return Stream.of(
        options(
            "argument \"--speed\": wanted one of --data --label --quantity --drop --keep --separator --decimal"
                + " --missing --stream --seeds --truth-delay --initial --every --control --out --trials --image,"
                + " got an unknown one",
            "--speed",
            "9"),
        options("argument \"--every\": wanted a value after it, got none", "--every"),
        options("--every: wanted a whole number of at least 1, got \"often\"", "--every", "often"),
        options("--control: wanted a whole number of at least 0, got \"-1\"", "--control", "-1"),
        options("--initial: wanted a whole number of at least 250, got \"9\"", "--initial", "9"),
        options(
            "--truth-delay: wanted at most the 1000 rows of --initial, got 2000",
            "--truth-delay",
            "2000"),
        options(
            "--stream: wanted one of [abrupt, gradual, stationary], got \"calm\"",
            "--stream",
            "calm"),
        options("--seeds: wanted two numbers such as 0-19, got \"5\"", "--seeds", "5"),
        options(
            "--seeds: wanted the smaller number first, such as 0-19, got \"9-3\"",
            "--seeds",
            "9-3"),
        options("--data: wanted a CSV file, got \"\"", "--data", "", "--label", "y"),
        options("--out: wanted a folder, got \"\"", "--out", ""),
        options("--trials: wanted --optimise with it, got none", "--trials", "9"),
        options(
            "--trials: wanted a whole number of at least 1, got \"none\"",
            "--optimise",
            "--trials",
            "none"),
        options(
            "--seeds: wanted one run for --optimise, got several", "--seeds", "0-1", "--optimise"),
        options("--decimal: wanted . or , got \";\"", "--decimal", ";"),
        options(
            "--separator: wanted one character, no quote, or the word tab, got \"||\"",
            "--separator",
            "||"),
        options(
            "--data: wanted --label <column> or --quantity <column> with it, got none",
            "--data",
            "x.csv"),
        options(
            "--quantity: wanted it instead of --label, got both",
            "--data",
            "x.csv",
            "--label",
            "y",
            "--quantity",
            "z"),
        options(
            "--label, --quantity, --drop, --keep, --separator, --decimal, --missing: wanted --data <csv> with"
                + " them, got none",
            "--label",
            "y"),
        options(
            "--seeds: wanted the embedded stream, got --data too",
            "--data",
            "x.csv",
            "--label",
            "y",
            "--seeds",
            "0-1"));
  }

  private static Arguments options(String message, String... args) {
    return Arguments.of(message, List.of(args));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badOptions")
  void aWrongOptionIsOneClearLine(String message, List<String> args) {
    List<String> all = new ArrayList<>(List.of("--out", dir.resolve("out").toString()));
    all.addAll(args);
    Run run = run(all.toArray(new String[0]));
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err).isEqualTo(message + "; --help lists the options\n");
    assertThat(dir.resolve("out")).doesNotExist();
  }

  @Test
  void aFileInThePlaceOfTheFolderIsOneClearLine() throws IOException {
    Path csv = Streams.shop(dir.resolve("shop.csv"), 500, 100, 1);
    Path file = Files.writeString(dir.resolve("taken"), "mine");
    List<String> args = shop(csv, file);
    Run run = run(args.toArray(new String[0]));
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err).isEqualTo("--out: wanted a folder, got a file; nothing was written\n");
    assertThat(file).hasContent("mine");
  }

  @Test
  void helpNamesEveryOption() {
    Run run = run("--help");
    assertThat(run.exit).isZero();
    assertThat(run.err).isEmpty();
    assertThat(run.out)
        .contains("--data", "--label", "--drop", "--stream", "--seeds", "--truth-delay")
        .contains("--initial", "--every", "--control", "--out", "--help")
        .contains("--optimise", "--trials")
        .contains("--keep", "--separator", "--decimal", "--missing")
        .doesNotContain("\n\n");
  }

  /** What belongs to somebody else stays as it was, whatever its name is. */
  @ParameterizedTest
  @ValueSource(strings = {"precious.txt", "metrics.prom", "journal.log", "store"})
  void aFolderOfSomebodyElseIsRefused(String name) throws IOException {
    Path csv = Streams.shop(dir.resolve("shop.csv"), 500, 100, 1);
    Path out = Files.createDirectory(dir.resolve("out"));
    Files.writeString(out.resolve(name), "mine");
    Run run = run(shop(csv, out).toArray(new String[0]));
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err)
        .isEqualTo("--out: wanted a new or empty folder, or that of an earlier run, got one that"
            + " holds \"" + name + "\"; nothing was written\n");
    assertThat(files(out)).isEqualTo(Map.of("", -1L, name, 4L));
    assertThat(run("--seeds", "1-1", "--out", out.toString()).err).isEqualTo(run.err);
    assertThat(files(out)).isEqualTo(Map.of("", -1L, name, 4L));
  }

  @Test
  void aSecondRunOnAFolderInUseIsRefusedBeforeItPublishes() throws Exception {
    Path csv = Streams.shop(dir.resolve("shop.csv"), 500, 100, 1);
    Path out = dir.resolve("out");
    try (RunFolder first = RunFolder.take(out)) {
      assertThat(first.store()).doesNotExist();
      Run run = run(shop(csv, out).toArray(new String[0]));
      assertThat(run.exit).isEqualTo(2);
      assertThat(run.err)
          .isEqualTo("--out: wanted a folder that no run writes to, got that of a run under way;"
              + " nothing was written\n");
      assertThat(files(out).keySet()).containsExactly("", "lifecycle.lock");
    }
    RunFolder.take(out).close(); // and then it is free
  }

  @Test
  void aJournalOfOtherBytesIsRefusedBeforeAnythingIsReleased() throws Exception {
    Path csv = Streams.shop(dir.resolve("shop.csv"), 500, 100, 1);
    Path out = dir.resolve("out");
    RunFolder.take(out).close();
    Files.writeString(out.resolve("journal.log"), "these are no events of ours\n");
    Run run = run(shop(csv, out).toArray(new String[0]));
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err)
        .isEqualTo("--out: wanted a folder that can be written to, got journal.log wanted an event"
            + " log, got other bytes; nothing was changed\n");
    assertThat(files(out).keySet()).containsExactly("", "journal.log", "lifecycle.lock");
  }

  /** Tribuo throws for a row without a known feature, and for a training without rows. */
  @Test
  void emptyFieldsAndUnseenCategoriesAreServed() throws IOException {
    StringBuilder csv = new StringBuilder("kind,y\n");
    for (int i = 0; i < 700; i++) {
      String kind = i % 7 == 0 ? "" : i > 600 ? "new" + i : i % 2 == 0 ? "a" : "b";
      csv.append(kind).append(',').append(i % 2 == 0 ? "even" : "odd").append('\n');
    }
    Path file = Files.writeString(dir.resolve("gaps.csv"), csv);
    Run run = run(
        "--data",
        file.toString(),
        "--label",
        "y",
        "--initial",
        "300",
        "--every",
        "50",
        "--truth-delay",
        "10",
        "--control",
        "20",
        "--out",
        dir.resolve("out").toString());
    assertThat(run.err).isEmpty();
    assertThat(run.exit).isZero();
    assertThat(table(run.lines()).get("the loop")).isGreaterThan(70);
    assertThat(run.out).doesNotContain("without an answer");
  }

  @Test
  void rowsThatNoModelCanLearnFromEndTheRunInOneLine() throws IOException {
    Path file = Files.writeString(
        dir.resolve("bad.csv"), "a,y\n" + repeated(",n\n", 700) + repeated(",m\n", 700) + "1,m\n");
    Run run = run(
        "--data",
        file.toString(),
        "--label",
        "y",
        "--initial",
        "1000",
        "--out",
        dir.resolve("out").toString());
    assertThat(run.exit).isEqualTo(3);
    assertThat(run.err)
        .isEqualTo("the run ended: cannot train: wanted a row with a value, got 800 in which all"
            + " are missing\n");
  }

  @Test
  void aRowWithoutAnAnswerIsCountedAndTheStreamGoesOn() throws Exception {
    Schema schema = Schema.of(Column.number("x"));
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < 400; i++) { // to an infinite value a linear model has no answer
      double x = i == 350 || i == 360 ? Double.POSITIVE_INFINITY : i % 2 == 0 ? 1 : -1;
      rows.add(new Labelled<>(Row.of(schema, x), Truth.of(i % 2 == 0 ? "even" : "odd")));
    }
    List<String> events = new ArrayList<>();
    LifecycleRun run = new LifecycleRun(
        dev.mlops.examples.Stream.of("gaps", schema, rows),
        new CountingTrainer(TribuoTrainer.classifier(schema, new LogisticRegressionTrainer())),
        dev.mlops.examples.Arguments.of("--initial", "300", "--truth-delay", "10"),
        new LifecycleRun.Watcher() {
          @Override
          public void row(int row, String champion) {}

          @Override
          public void event(int row, String text) {
            events.add(row + " " + text);
          }

          @Override
          public void served(Deployment<Row> model, double margin) {
            events.add("served");
          }
        });
    try (VersionStore store = FileVersionStore.open(dir.resolve("store"))) {
      run.over(store, new SimpleMeterRegistry(), dir.resolve("journal.log"));
    }
    assertThat(events)
        .containsExactly(
            "300 RELEASED lifecycle:1: gaps",
            "350 NO ANSWER, said once: lifecycle:1 answered with a score that is not finite;"
                + " counted as a failure, no fallback is set",
            "served");
    assertThat(run.failures()).isEqualTo(2);
    assertThat(run.error()).isEqualTo(0.02);
  }

  // --- a whole run
  // ---------------------------------------------------------------------------------------

  private static List<String> shop(Path csv, Path out) {
    return new ArrayList<>(List.of(
        "--data",
        csv.toString(),
        "--label",
        "the \"outcome\"",
        "--drop",
        "day",
        "--initial",
        "300",
        "--every",
        "50",
        "--truth-delay",
        "10",
        "--out",
        out.toString()));
  }

  @Test
  void aRunTellsItsEventsEndsInATableAndLeavesItsFolder() throws IOException {
    Path csv = Streams.shop(dir.resolve("shop.csv.gz"), 3_000, 1_000, 1);
    Path out = dir.resolve("out");
    List<String> args = shop(csv, out);
    args.addAll(List.of("--control", "20"));

    Run run = run(args.toArray(new String[0]));

    assertThat(run.err).isEmpty();
    assertThat(run.exit).isZero();
    List<String> lines = run.lines();
    assertThat(lines.get(0)).isEqualTo("mlops lifecycle: " + csv);
    assertThat(lines.get(1))
        .isEqualTo("shop.csv.gz: 3000 rows," + " [amount (number), sales, channel (category)]");
    List<String> events = lines.stream().filter(line -> line.startsWith("row ")).toList();
    assertThat(events.get(0)).isEqualTo("row    300  RELEASED lifecycle:1: shop.csv.gz");
    // Each kind of event with its reason and its numbers, none over several lines.
    assertThat(events)
        .anyMatch(
            line -> line.matches("row +1\\d{3}  alert FIRING lifecycle.worse .*DRIFT after.*"))
        .anyMatch(line -> line.matches("row +1\\d{3}  RETRAIN lifecycle:1: .*accuracy.*"))
        .anyMatch(line -> line.matches("row +1\\d{3}  PUBLISHED lifecycle:2: [0-9a-f]{12}"))
        .anyMatch(line -> line.matches("row +1\\d{3}  GATED lifecycle:2: .*golden examples.*"))
        .anyMatch(line -> line.matches("row +1\\d{3}  PROMOTED lifecycle:2: shadow .* truths.*"));
    assertThat(String.join("\n", events))
        .doesNotContainPattern("[0-9a-f]{13}") // digests are cut to twelve
        .doesNotContainPattern("PT\\d");

    Map<String, Double> table = table(lines);
    assertThat(table.keySet())
        .contains(
            "the loop",
            "its own first model, kept for ever",
            "never retraining, all initial rows",
            "never retraining, first 300 rows",
            "schedule, as many",
            "random times, as many, mean of 20",
            "random times, as many, 5 % quantile",
            "random times, as many, 95 % quantile",
            "no change, truth 10 rows late");
    assertThat(table.get("the loop"))
        .isGreaterThan(table.get("its own first model, kept for ever") + 5)
        .isGreaterThan(table.get("no change, truth 10 rows late") + 10);
    assertThat(table.get("random times, as many, mean of 20"))
        .isBetween(
            table.get("random times, as many, 5 % quantile"),
            table.get("random times, as many, 95 % quantile"));
    long candidates =
        events.stream().filter(line -> line.contains("  RETRAIN ")).count();
    long promoted = events.stream().filter(line -> line.contains("  PROMOTED ")).count();
    long returns = events.stream().filter(line -> line.contains("  RETURNED ")).count();
    long alerts =
        events.stream().filter(line -> line.contains("  alert FIRING ")).count();
    assertThat(lines.stream().filter(line -> line.startsWith("the loop ")).findFirst())
        .get()
        .asString()
        .matches("the loop +\\d\\d\\.\\d\\d % +" + candidates + " +" + promoted + " +\\d+\\.\\d s");
    assertThat(lines.get(lines.size() - 3))
        .matches(candidates + " candidates: " + promoted + " promoted, \\d+ kept back,"
            + " \\d+ overtaken, \\d+ failed, \\d+ abandoned, [01] undecided at the end; " + returns
            + " returns of past champions");
    assertThat(numbers(lines.get(lines.size() - 3)).stream()
            .skip(1)
            .limit(6)
            .mapToInt(n -> n)
            .sum())
        .isEqualTo(candidates);
    assertThat(lines.get(lines.size() - 2))
        .matches(alerts + " alerts; serve: p50 [0-9.]+ µs, p99 [0-9.]+ µs; \\d+ fits by the loop");
    assertThat(lines.get(lines.size() - 1))
        .isEqualTo("left in " + out + ": store, journal.log, incidents.log, metrics.prom");

    try (VersionStore store = FileVersionStore.open(out.resolve("store"))) {
      long published =
          events.stream().filter(line -> line.contains("  PUBLISHED ")).count();
      assertThat(store.versions("lifecycle")).hasSize((int) published + 1);
      assertThat(store.history("lifecycle@champion")).hasSize((int) (promoted + returns) + 1);
    }
    assertThat(out.resolve("journal.log")).isNotEmptyFile();
    int incidents = lines.size() - 7;
    assertThat(lines.get(incidents)).matches("\\d+ incidents, the worst of them:");
    assertThat(lines.subList(incidents + 1, incidents + 4))
        .allMatch(line -> line.matches("  #\\d+ OPEN: version \\d+ said .*, truth .*"));
    assertThat(out.resolve("incidents.log")).isNotEmptyFile();
    exposition(Files.readAllLines(out.resolve("metrics.prom")));
  }

  private static List<Integer> numbers(String line) {
    return Pattern.compile("\\d+")
        .matcher(line)
        .results()
        .map(found -> Integer.parseInt(found.group()))
        .toList();
  }

  /** Accuracies of the final table, by what they are of. */
  private static Map<String, Double> table(List<String> lines) {
    Pattern row = Pattern.compile("(\\S.*?) {2,}(\\d+\\.\\d\\d) %.*");
    Map<String, Double> table = new TreeMap<>();
    for (String line : lines) {
      Matcher found = row.matcher(line);
      if (!line.startsWith("row ") && found.matches()) {
        table.put(found.group(1), Double.parseDouble(found.group(2)));
      }
    }
    return table;
  }

  /** The line that divides the labels is oblique: linear models and forests come nearer to it than a tree of depth 6. */
  @Test
  void theMainJobSearchesAndReleasesTheWinnerThroughTheGate() throws IOException {
    SplittableRandom random = new SplittableRandom(7);
    StringBuilder csv = new StringBuilder("x,z,y\n");
    for (int i = 0; i < 2_400; i++) {
      double x = random.nextDouble();
      double z = random.nextDouble();
      csv.append(x).append(',').append(z).append(x > z ? ",above\n" : ",below\n");
    }
    Path out = dir.resolve("out");
    List<String> args = new ArrayList<>(List.of("--label", "y", "--initial", "300", "--control"));
    args.addAll(List.of("0", "--out", out.toString(), "--optimise", "--trials", "12"));
    args.addAll(
        List.of("--data", Files.writeString(dir.resolve("line.csv"), csv).toString()));

    Run run = run(args.toArray(new String[0]));

    assertThat(run.exit).as(run.err).isZero();
    int begin = IntStream.range(0, run.lines().size())
        .filter(i -> run.lines().get(i).startsWith("searched "))
        .findFirst()
        .orElseThrow();
    List<String> lines = run.lines().subList(begin, run.lines().size() - 1);
    assertThat(lines.get(0))
        .startsWith("searched 12 settings of [tree, forest, linear] by accuracy")
        .contains(
            "the last 411 of them held back"); // a fifth of 2,400 - 300 - 48 truths, rounded up
    assertThat(lines.get(1))
        .matches("  trial [1-9]\\d*, (forest|linear) \\(.*\\): 0\\.9\\d+, p99 .* bytes");
    assertThat(lines).anyMatch(line -> line.contains("trial 0, tree (depth=6, leaf=20): 0."));
    String champion = find(lines, "on the rows held back: lifecycle:");
    String winner = find(lines, "on the rows held back: the winner accuracy ");
    assertThat(champion).matches(".*lifecycle:\\d+ accuracy 0\\..*, p99 .* bytes");
    assertThat(winner).matches(".* accuracy 0\\.9.*, p99 .* bytes");
    assertThat(find(lines, "GATED ")).startsWith("GATED PASS");
    assertThat(find(lines, "PROMOTED "))
        .matches("PROMOTED lifecycle:\\d+ -> lifecycle:\\d+: trial .*");
    try (VersionStore store = FileVersionStore.open(out.resolve("store"))) {
      AliasChange newest = store.current("lifecycle@champion").orElseThrow();
      assertThat(newest.because()).contains("the best of 12 settings: trial ");
      assertThat(GateReport.of(store, newest.to()).orElseThrow().passes()).isTrue();
    }
  }

  private static String find(List<String> lines, String beginning) {
    return lines.stream().filter(line -> line.startsWith(beginning)).findFirst().orElseThrow();
  }

  /** Every line is a comment or a sample of Prometheus' text format, and the meters of the monitor are among them. */
  private static void exposition(List<String> lines) {
    Pattern sample =
        Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*(\\{.*\\})? [-+0-9.eE]+|.* (NaN|[-+]Inf)");
    assertThat(lines).isNotEmpty().allSatisfy(line -> {
      assertThat(line.startsWith("# HELP ")
              || line.startsWith("# TYPE ")
              || sample.matcher(line).matches())
          .as(line)
          .isTrue();
    });
    assertThat(lines)
        .anyMatch(line -> line.matches("# TYPE mlops_\\S*drift\\S* gauge"))
        .anyMatch(line -> line.startsWith("mlops_predictions_dropped_total{"))
        .anyMatch(line -> line.startsWith("mlops_quality{") && line.contains("accuracy"));
  }

  @Test
  void aSecondRunOnTheSameFolderSaysWhatItFoundAndGoesOn() throws IOException {
    Path csv = Streams.shop(dir.resolve("shop.csv"), 2_000, 1_000, 2);
    List<String> args = shop(csv, dir.resolve("out"));
    args.addAll(List.of("--control", "0"));

    Run first = run(args.toArray(new String[0]));
    Run second = run(args.toArray(new String[0]));

    assertThat(first.exit).isZero();
    assertThat(first.out).doesNotContain("an earlier run").contains("left out by --control 0");
    assertThat(second.err).isEmpty();
    assertThat(second.exit).isZero();
    List<String> events =
        second.lines().stream().filter(line -> line.startsWith("row ")).toList();
    assertThat(events.get(0))
        .matches("row    300  found the store of an earlier run: lifecycle:\\d+ serves");
    assertThat(events.get(1)).matches("row    300  RELEASED lifecycle:\\d+: shop.csv");
    assertThat(events.get(2))
        .matches("row    300  found the journal of an earlier run: \\d+ steps, the newest .*");
    // Champions of the first run may return in the second one, where they are better.
    assertThat(table(second.lines()).get("the loop"))
        .isGreaterThanOrEqualTo(table(first.lines()).get("the loop"));
  }

  @Test
  void anotherDataSetInTheSameFolderIsOneLineThatNamesFolderAndColumns() throws IOException {
    Path out = dir.resolve("out");
    List<String> first = shop(Streams.shop(dir.resolve("shop.csv"), 500, 100, 1), out);
    first.addAll(List.of("--control", "0"));
    assertThat(run(first.toArray(new String[0])).exit).isZero();
    Map<String, Long> before = files(out);
    StringBuilder csv = new StringBuilder("weight,y\n");
    for (int i = 0; i < 500; i++) {
      csv.append(i % 9).append(',').append(i % 2 == 0 ? "even" : "odd").append('\n');
    }
    Path other = Files.writeString(dir.resolve("other.csv"), csv);

    Run run = run(
        "--data", other.toString(), "--label", "y", "--initial", "300", "--out", out.toString());

    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err)
        .hasLineCount(1)
        .startsWith("--out: ")
        .contains(out.toString(), "weight (number)", "amount (number)", "nothing was written");
    assertThat(files(out)).isEqualTo(before);
  }

  @Test
  void rowsWithoutALabelAreServedAndNeverJudged() throws IOException {
    StringBuilder csv = new StringBuilder("x,y\n");
    for (int i = 0; i < 900; i++) {
      csv.append(i % 2)
          .append(',')
          .append(i % 3 == 0 ? "" : i % 2 == 0 ? "even" : "odd")
          .append('\n');
    }
    Path file = Files.writeString(dir.resolve("open.csv"), csv);
    Run run = run(
        "--data",
        file.toString(),
        "--label",
        "y",
        "--initial",
        "450",
        "--truth-delay",
        "10",
        "--control",
        "5",
        "--out",
        dir.resolve("out").toString());
    assertThat(run.err).isEmpty();
    assertThat(run.exit).isZero();
    assertThat(run.lines())
        .contains("300 of 900 rows have no label: they are served, their truth never comes")
        .anyMatch(line -> line.startsWith("on 300 served rows "));
    assertThat(table(run.lines()).get("the loop")).isEqualTo(100);
    assertThat(table(run.lines()).get("its own first model, kept for ever")).isEqualTo(100);
  }

  /** What the loop did with no candidate at all is what its first version does for ever. */
  @Test
  void theControlBeginsWithTheFirstModelOfTheLoop() throws IOException {
    Path csv = Streams.shop(dir.resolve("shop.csv"), 3_000, 1_000, 4);
    List<String> args = shop(csv, dir.resolve("out"));
    args.set(args.indexOf("--every") + 1, "100000");
    args.addAll(List.of("--control", "1", "--initial", "2000"));
    Run run = run(args.toArray(new String[0]));
    assertThat(run.err).isEmpty();
    assertThat(run.out).doesNotContain("  PROMOTED ");
    assertThat(table(run.lines()).get("its own first model, kept for ever"))
        .isEqualTo(table(run.lines()).get("the loop"));
  }

  // --- seeds
  // ---------------------------------------------------------------------------------------------

  @Test
  void seedsAreHeldAgainstTheLimitsAndAMissIsAFailure() {
    // With one candidate for the whole stream no loop can hold the limits.
    Run run = run("--seeds", "3-3", "--every", "20000", "--control", "0", "--out", dir.toString());

    assertThat(run.exit).isEqualTo(1);
    assertThat(run.out)
        .containsPattern(
            "seed   3  error 0\\.[2-9]\\d+   1 candidates, +[01] promoted, +\\d+ returns")
        .containsPattern("mean error +0\\.[2-9]\\d+  limit  0\\.1840  MISSED")
        .containsPattern("mean candidates +1\\.0000  limit 14\\.0000  held")
        .containsPattern("worst error +0\\.[2-9]\\d+  limit  0\\.2000  MISSED")
        .containsPattern("most candidates +1\\.0000  limit 20\\.0000  held")
        .containsPattern("worst seed: error 0\\.[2-9]\\d+, 1 candidates");
  }
}
