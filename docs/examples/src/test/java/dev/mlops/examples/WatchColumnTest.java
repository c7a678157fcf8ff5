package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/** What the program says of a column, what it draws, and what it refuses. */
class WatchColumnTest {
  private static final Pattern SIGNAL = Pattern.compile(
      "row +(\\d+) \\(line (\\d+)\\)  (UP|DOWN), changed at about row (\\d+) \\(line (\\d+)\\), mean of the (\\d+) rows since (\\S+)");

  private static final Set<String> OF_ERRORS =
      Set.of("adwin", "cusum", "ddm", "hddm-a", "page-hinkley");

  @TempDir
  Path dir;

  private record Run(int exit, String out, String err) {
    List<String> lines() {
      return out.lines().toList();
    }

    List<Matcher> signals() {
      return lines().stream().map(SIGNAL::matcher).filter(Matcher::matches).toList();
    }
  }

  private static Run run(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exit = WatchColumn.run(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        args);
    return new Run(
        exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private interface Value {
    String at(int row, SplittableRandom random);
  }

  private Path csv(String name, int rows, Value value) throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    StringBuilder text = new StringBuilder("day,\"price, <€>\"\n");
    for (int row = 0; row < rows; row++) {
      text.append(row).append(',').append(value.at(row, random)).append('\n');
    }
    Path file = dir.resolve(name);
    try (OutputStream out = Files.newOutputStream(file);
        OutputStream packed = name.endsWith(".gz") ? new GZIPOutputStream(out) : out) {
      packed.write(text.toString().getBytes(StandardCharsets.UTF_8));
    }
    return file;
  }

  /** Around 20, from row 2,000 on around 24, from row 5,000 on around 20 again, ± 10; every 50th value is missing. */
  private static String upAndDown(int row, SplittableRandom random) {
    double noise = 20 * random.nextDouble() - 10;
    return row % 50 == 49 ? "" : Double.toString((row >= 2_000 && row < 5_000 ? 24 : 20) + noise);
  }

  // --- found
  // ---------------------------------------------------------------------------------------------

  @ParameterizedTest
  @MethodSource("names")
  void tellsEachChangeOnceWithItsRowDirectionAndBeginning(String detector) throws IOException {
    Path file = csv("shop.csv.gz", 8_000, WatchColumnTest::upAndDown);

    Run run = run("--file", file.toString(), "--column", "price, <€>", "--detector", detector);

    assertThat(run.err).isEmpty();
    assertThat(run.exit).isZero();
    assertThat(run.lines().get(0)).isEqualTo("watching column \"price, <€>\" of shop.csv.gz");
    assertThat(run.lines().get(1))
        .isEqualTo("8000 rows, 160 without a value;"
            + " baseline: 1000 rows, the first ones, and again after each signal");
    assertThat(run.lines().get(2)).startsWith("detector " + detector + "; promise: ");
    assertThat(run.lines().get(3)).startsWith("rows 0 to 1019: baseline mean "); // 20 missing
    List<Matcher> signals = run.signals();
    assertThat(signals).as(run.out).hasSize(2);
    assertThat(signals.get(0).group(3)).isEqualTo("UP");
    assertThat(signals.get(1).group(3)).isEqualTo("DOWN");
    int[] changes = {2_000, 5_000};
    for (int i = 0; i < 2; i++) {
      int found = Integer.parseInt(signals.get(i).group(1));
      int changed = Integer.parseInt(signals.get(i).group(4));
      assertThat(found).isBetween(changes[i], changes[i] + 600);
      assertThat(changed).isBetween(changes[i] - 300, changes[i] + 300);
      assertThat(Integer.parseInt(signals.get(i).group(2))).isEqualTo(found + 2);
      assertThat(Integer.parseInt(signals.get(i).group(5))).isEqualTo(changed + 2);
      assertThat(Integer.parseInt(signals.get(i).group(6))).isEqualTo(found - changed + 1);
    }
    assertThat(run.lines().get(run.lines().size() - 1))
        .isEqualTo("2 signals; picture: " + dir.resolve("shop-price-.svg"));
  }

  static Stream<String> names() {
    return Watches.names().stream().filter(name -> !OF_ERRORS.contains(name));
  }

  static Stream<String> allNames() {
    return Watches.names().stream();
  }

  @ParameterizedTest
  @MethodSource("allNames")
  void tellsARiseOfOnesAmongZeros(String detector) throws IOException {
    Path file = csv(
        "errors.csv",
        5_000,
        (row, random) -> random.nextDouble() < (row < 2_500 ? 0.2 : 0.6) ? "1" : "0");
    Run run = run("--file", file.toString(), "--column", "price, <€>", "--detector", detector);
    assertThat(run.err).isEmpty();
    assertThat(run.lines().get(2))
        .startsWith("detector " + detector
            + "; promise: on average at most one false alarm in 100000 rows, if ")
        .contains(
            OF_ERRORS.contains(detector)
                ? "independent of each other, at the baseline's rate"
                : Set.of("ks", "conformal").contains(detector)
                    ? "independent draws of the baseline's distribution"
                    : "given those before");
    assertThat(run.signals()).as(run.out).hasSize(1);
    assertThat(run.signals().get(0).group(3)).isEqualTo("UP");
    assertThat(Integer.parseInt(run.signals().get(0).group(1))).isBetween(2_500, 2_900);
    // Page–Hinkley's estimate is early by hundreds of rows.
    assertThat(Integer.parseInt(run.signals().get(0).group(4))).isBetween(1_700, 2_600);
  }

  @Test
  void aNewBaselineBeyondATableOfFalseAlarmsIsSaid() throws IOException {
    Path file = csv(
        "worse.csv",
        5_000,
        (row, random) -> random.nextDouble() < (row < 2_500 ? 0.2 : 0.9) ? "1" : "0");
    Run run = run("--file", file.toString(), "--column", "price, <€>", "--detector", "ddm");
    assertThat(run.exit).isZero();
    assertThat(run.signals()).hasSize(1);
    assertThat(run.out)
        .contains(" to 4999: false alarms are tabulated for error rates of 0.01 to 0.5, but the"
            + " rate was 0.")
        .contains(", not watched");
  }

  @Test
  void aQuietColumnHasNoSignals() throws IOException {
    Path file = csv("calm.csv", 6_000, (row, random) -> Double.toString(random.nextDouble()));
    Run run = run("--file", file.toString(), "--column", "price, <€>");
    assertThat(run.exit).isZero();
    assertThat(run.signals()).isEmpty();
    assertThat(run.out).contains("0 signals; picture: ");
  }

  @Test
  void zerosAndOnesAreWatchedAsTheyAre() throws IOException {
    Path file = csv(
        "errors.csv",
        5_000,
        (row, random) -> random.nextDouble() < (row < 2_500 ? 0.1 : 0.3) ? "1" : "0");
    Run run =
        run("--file", file.toString(), "--column", "price, <€>", "--false-alarm-every", "10000");
    assertThat(run.out)
        .contains("; fed as it is")
        .contains("at most one false alarm in 10000 rows");
    assertThat(run.signals()).hasSize(1);
    assertThat(Integer.parseInt(run.signals().get(0).group(1))).isBetween(2_500, 2_700);
  }

  @Test
  void trueAndFalseAreOnesAndZeros() throws IOException {
    Path file = csv(
        "flags.csv",
        5_000,
        (row, random) -> row % 50 == 49
            ? ""
            : random.nextDouble() < (row < 2_500 ? 0.1 : 0.3) ? "TRUE" : "false");
    Run run = run("--file", file.toString(), "--column", "price, <€>");
    assertThat(run.err).isEmpty();
    assertThat(run.out).contains("5000 rows, 100 without a value").contains("; fed as it is");
    assertThat(run.signals()).hasSize(1);
    assertThat(Integer.parseInt(run.signals().get(0).group(1))).isBetween(2_500, 2_700);
  }

  @Test
  void trueAndFalseDoNotMixWithNumbers() throws IOException {
    Path flags = csv("flags.csv", 200, (row, random) -> row == 150 ? "1" : "true");
    Run run = run("--file", flags.toString(), "--column", "price, <€>");
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err).startsWith("flags.csv, line 152, ").contains("true or false", "\"1\"");
    Path numbers = csv("numbers.csv", 200, (row, random) -> row == 150 ? "true" : "1");
    run = run("--file", numbers.toString(), "--column", "price, <€>");
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err).startsWith("numbers.csv, line 152, ").contains("a number", "\"true\"");
  }

  @Test
  void emptyLinesOfAFileOfOneColumnAreMissingValuesAndKeepTheRowNumbers() throws IOException {
    StringBuilder text = new StringBuilder("x\n");
    for (int row = 0; row < 3_000; row++) {
      text.append(row % 3 == 1 ? "" : row < 1_500 ? "7" : "8").append('\n');
    }
    Path file = Files.writeString(dir.resolve("one.csv"), text);
    Run run = run("--file", file.toString(), "--column", "x");
    assertThat(run.err).isEmpty();
    assertThat(run.out).contains("3000 rows, 1000 without a value");
    assertThat(run.signals()).hasSize(1);
    assertThat(Integer.parseInt(run.signals().get(0).group(4))).isBetween(1_450, 1_500);
  }

  @Test
  void otherNotationsAreReadWhenTheyAreNamed() throws IOException {
    StringBuilder text = new StringBuilder("\uFEFFday;price\n");
    for (int row = 0; row < 2_000; row++) {
      text.append(row)
          .append(';')
          .append(row % 10 == 3 ? "n/a" : row < 1_000 ? "1,5" : "2,5")
          .append('\n');
    }
    Path file = Files.writeString(dir.resolve("shop.csv"), text);
    Run refused = run("--file", file.toString(), "--column", "price", "--separator", ";");
    assertThat(refused.exit).isEqualTo(2);
    assertThat(refused.err).startsWith("shop.csv, line 2, ").contains("\"1,5\"", "--decimal ,");
    Run run = run(
        "--file",
        file.toString(),
        "--column",
        "price",
        "--separator",
        ";",
        "--decimal",
        ",",
        "--missing",
        "n/a");
    assertThat(run.err).isEmpty();
    assertThat(run.out).contains("2000 rows, 200 without a value").contains("mean 1.5");
    assertThat(run.signals()).hasSize(1);
  }

  @Test
  void aColumnThatWasConstantIsSeenToMove() throws IOException {
    Path file = csv("flat.csv", 3_000, (row, random) -> row < 2_000 ? "7" : "7.001");
    Run run = run("--file", file.toString(), "--column", "price, <€>");
    assertThat(run.signals()).hasSize(1);
    assertThat(run.signals().get(0).group(3)).isEqualTo("UP");
    assertThat(Integer.parseInt(run.signals().get(0).group(4))).isBetween(1_900, 2_000);
  }

  @Test
  void tooFewRowsForANewBaselineAreSaid() throws IOException {
    Path file = csv(
        "end.csv",
        1_500,
        (row, random) -> Double.toString((row < 1_200 ? 0 : 3) + random.nextDouble()));
    Run run = run("--file", file.toString(), "--column", "price, <€>", "--baseline-rows", "500");
    int found = Integer.parseInt(run.signals().get(0).group(1));
    assertThat(run.out)
        .contains("rows " + (found + 1) + " to 1499: too few for a new baseline, not watched");
  }

  // --- drawn
  // ---------------------------------------------------------------------------------------------

  @Test
  void thePictureShowsBaselinesSignalsAndChangePoints() throws Exception {
    Path file = csv("shop.csv", 8_000, WatchColumnTest::upAndDown);
    Path svg = dir.resolve("here.svg");
    Run run = run("--file", file.toString(), "--column", "price, <€>", "--picture", svg.toString());
    assertThat(run.out).endsWith("2 signals; picture: " + svg + "\n");

    String text = Files.readString(svg);
    assertThat(text.length()).isLessThan(60_000);
    Document picture = DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(text)));
    assertThat(picture.getElementsByTagName("title").item(0).getTextContent())
        .isEqualTo("price, <€> of shop.csv, watched by sr");
    assertThat(count(text, "class=\"baseline\"")).isEqualTo(3);
    assertThat(count(text, "class=\"band\"")).isEqualTo(3);
    assertThat(count(text, "class=\"signal\"")).isEqualTo(2);
    assertThat(count(text, "class=\"change\"")).isEqualTo(2);
    for (Matcher signal : run.signals()) {
      // 70 to 980 are the rows 0 to 7999.
      int row = Integer.parseInt(signal.group(1));
      assertThat(text)
          .contains(
              String.format(Locale.ROOT, "class=\"signal\" d=\"M%.1f ", 70 + 910.0 * row / 7_999))
          .contains((signal.group(3).equals("UP") ? "▲ " : "▼ ") + row + "</text>");
    }
    assertThat(text).doesNotContain("NaN").doesNotContain("Infinity");
  }

  @Test
  void theShareOfOnesIsDrawnWithItsLimits() throws IOException {
    Path file = csv(
        "errors.csv",
        5_000,
        (row, random) -> random.nextDouble() < (row < 2_500 ? 0.1 : 0.3) ? "1" : "0");
    Path svg = dir.resolve("here.svg");
    run("--file", file.toString(), "--column", "price, <€>", "--picture", svg.toString());
    String text = Files.readString(svg);
    assertThat(text)
        .contains(">share of ones<")
        .contains(">limits of its mean<")
        .contains(": UP, changed at about row 2");
    // Shares of at least 50 rows stay below 0.6, where ones would lie at 1.
    assertThat(text).contains(">0.4<").doesNotContain(">0.6<");
  }

  private static int count(String text, String part) {
    return (text.length() - text.replace(part, "").length()) / part.length();
  }

  // --- refused
  // -------------------------------------------------------------------------------------------

  private static String rows(int count, String more) {
    return "a,b\n"
        + IntStream.range(0, count).mapToObj(i -> i % 7 + ",x\n").collect(Collectors.joining())
        + more;
  }

  static Stream<Arguments> bad() {
    String file = "FILE";
    return Stream.of(
        bad("", "--file: wanted a CSV file, got none", "--column", "a"),
        bad("", "--column: wanted the name of a column, got none", "--file", file),
        bad("", "argument \"--column\": wanted a value after it, got none", "--column"),
        bad(
            "",
            "argument \"--speed\": wanted one of --file --column --separator --decimal --missing"
                + " --baseline-rows --false-alarm-every --detector --picture, got an unknown one",
            "--speed"),
        bad(
            "",
            "--baseline-rows: wanted a whole number of at least 30, got \"29\"",
            "--baseline-rows",
            "29"),
        bad(
            "",
            "--false-alarm-every: wanted a whole number of at least 2, got \"rarely\"",
            "--false-alarm-every",
            "rarely"),
        bad(
            "",
            "--detector: wanted one of " + Watches.names() + ", got \"magic\"",
            "--file",
            file,
            "--column",
            "a",
            "--detector",
            "magic"),
        bad(
            rows(200, ""),
            "--detector ddm: wanted a column of zeros and ones, got 2.0 in line 4",
            "--file",
            file,
            "--column",
            "a",
            "--detector",
            "ddm"),
        bad(
            "a,b\n" + "0,x\n1,x\n".repeat(100),
            "--detector adwin: false alarms are tabulated for one in 1000 to 100000 inputs, but it"
                + " was one in 200000",
            "--file",
            file,
            "--column",
            "a",
            "--detector",
            "adwin",
            "--false-alarm-every",
            "200000"),
        bad(
            "a,b\n" + "0,x\n".repeat(200),
            "--detector page-hinkley: false alarms are tabulated for error rates of 0.01 to 0.5, but"
                + " the rate was 0.0",
            "--file",
            file,
            "--column",
            "a",
            "--detector",
            "page-hinkley"),
        bad(
            rows(200, ""),
            "--baseline-rows: wanted fewer than the 200 rows of bad.csv, got 200",
            "--file",
            file,
            "--column",
            "a",
            "--baseline-rows",
            "200"),
        onFile(
            rows(119, ""),
            "bad.csv, line 120: wanted at least 120 rows, or --baseline-rows, got 119"),
        onFile("", "bad.csv, line 1: wanted a header, got an empty file"),
        onFile(
            rows(300, "one,x\n"), "bad.csv, line 302, column \"a\": wanted a number, got \"one\""),
        onFile(
            rows(300, "1e999,x\n"),
            "bad.csv, line 302, column \"a\": wanted a number, got \"1e999\""),
        onFile(rows(300, "1,x,2\n"), "bad.csv, line 302, column \"b\": wanted 2 fields, got 3"),
        onFile(
            "a,b\n" + ",x\n".repeat(200),
            "bad.csv, column \"a\": wanted 50 numbers for the baseline and one to watch, got fewer"),
        bad(
            rows(200, ""),
            "bad.csv, line 1, column \"c\": wanted by --column, got a, b",
            "--file",
            file,
            "--column",
            "c"),
        bad(
            rows(200, ""),
            "bad.csv, line 2, column \"b\": wanted a number, got \"x\"",
            "--file",
            file,
            "--column",
            "b"));
  }

  private static Arguments bad(String csv, String message, String... args) {
    return Arguments.of(message, csv, List.of(args));
  }

  private static Arguments onFile(String csv, String message) {
    return bad(csv, message, "--file", "FILE", "--column", "a");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("bad")
  void aFaultIsOneClearLineAndNothingIsWritten(String message, String csv, List<String> args)
      throws IOException {
    Path file = Files.writeString(dir.resolve("bad.csv"), csv);
    List<String> all = new ArrayList<>(args);
    all.replaceAll(arg -> arg.equals("FILE") ? file.toString() : arg);
    Run run = run(all.toArray(new String[0]));
    assertThat(run.err).startsWith(message).hasLineCount(1);
    assertThat(run.exit).isEqualTo(2);
    try (Stream<Path> left = Files.list(dir)) {
      assertThat(left).containsExactly(file);
    }
  }

  @Test
  void thePictureNeverTakesThePlaceOfTheData() throws IOException {
    Path file = csv("shop.csv", 400, WatchColumnTest::upAndDown);
    String before = Files.readString(file);
    Run run =
        run("--file", file.toString(), "--column", "price, <€>", "--picture", dir + "/./shop.csv");
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err)
        .isEqualTo("--picture: wanted another file than that of --file, got the same\n");
    assertThat(file).hasContent(before);
  }

  /** Values that a detector of errors cannot judge are not passed over: the column is refused. */
  @Test
  void errorsAreZerosAndOnesToTheEnd() throws IOException {
    Path file =
        csv("later.csv", 3_000, (row, random) -> row < 2_000 ? row % 5 == 0 ? "1" : "0" : "0.6");
    Run run = run("--file", file.toString(), "--column", "price, <€>", "--detector", "adwin");
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err)
        .isEqualTo("--detector adwin: wanted a column of zeros and ones, got 0.6 in line 2002\n");
  }

  @Test
  void numbersWhoseSumsAreInfiniteAreRefusedAndNarrowOnesAreDrawn() throws IOException {
    Path file = csv("huge.csv", 500, (row, random) -> row < 300 ? "1" : "1e308");
    Run run = run("--file", file.toString(), "--column", "price, <€>");
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err)
        .isEqualTo("huge.csv, line 302, column \"price, <€>\": wanted a number of at most 1.0E300,"
            + " got 1.0E308\n");
    file = csv("narrow.csv", 500, (row, random) -> row < 200 ? "5" : "5.0000000000000009");
    run = run("--file", file.toString(), "--column", "price, <€>");
    assertThat(run.exit).as(run.err).isZero();
    assertThat(run.signals()).hasSize(1);
    file = csv(
        "high.csv",
        3_000,
        (row, random) -> Double.toString(1e6 + random.nextDouble() + (row < 2_000 ? 0 : 0.5)));
    run = run("--file", file.toString(), "--column", "price, <€>");
    assertThat(run.out).contains("mean 1000000.4").contains("since 1000001.0");
  }

  @Test
  void aPlaceThatCannotBeWrittenToIsOneClearLine() throws IOException {
    Path file = csv("shop.csv", 400, WatchColumnTest::upAndDown);
    Run run = run(
        "--file",
        file.toString(),
        "--column",
        "price, <€>",
        "--picture",
        dir.resolve(Path.of("gone", "x.svg")).toString());
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err)
        .isEqualTo(
            "--picture: wanted a place that can be written to, got a folder that is not there\n");
  }

  @Test
  void helpNamesOptionsAndDetectors() {
    Run run = run("--help");
    assertThat(run.exit).isZero();
    assertThat(run.out)
        .startsWith("usage: WatchColumn --file <csv[.gz]> --column <name>")
        .contains("detectors: " + String.join(", ", Watches.names()));
  }

  /** In a JVM of its own: what is watched is said before the file has been read. */
  @Test
  void theProgramSaysAtOnceWhatItWatches() throws Exception {
    Path file = csv("slow.csv", 50_000, (row, random) -> Double.toString(random.nextDouble()));
    Process child = ChildJvm.start(
        WatchColumn.class,
        ChildJvm.classPath(),
        "--file",
        file.toString(),
        "--column",
        "price, <€>");
    try (BufferedReader said = child.inputReader(StandardCharsets.UTF_8)) {
      assertThat(said.readLine()).isEqualTo("watching column \"price, <€>\" of slow.csv");
      assertThat(dir.resolve("slow-price-.svg")).doesNotExist();
      List<String> rest = said.lines().toList();
      assertThat(child.waitFor()).as(String.join("\n", rest)).isZero();
      assertThat(dir.resolve("slow-price-.svg")).exists();
    } finally {
      child.destroyForcibly();
    }
  }
}
