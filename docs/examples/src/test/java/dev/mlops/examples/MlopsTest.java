package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.container.ContainerImage;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.pack.PackageArchive;
import dev.mlops.core.store.FileVersionStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is printed of the folder that a run left. */
class MlopsTest {
  @TempDir
  static Path dir;

  private record Run(int exit, String out, String err) {
    List<String> lines() {
      return out.lines().toList();
    }
  }

  @FunctionalInterface
  private interface Program {
    int run(PrintStream out, PrintStream err, String... args);
  }

  private static Run run(Program program, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exit = program.run(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        args);
    return new Run(
        exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private static Run show(String... args) {
    return run(
        Mlops::run, Stream.concat(Stream.of("show"), Stream.of(args)).toArray(String[]::new));
  }

  private static Run lifecycle;

  @BeforeAll
  static void aRun() throws IOException {
    Path csv = Streams.shop(dir.resolve("shop.csv"), 2_000, 1_000, 2);
    // Any image is a base; this one holds a file and no Java.
    ContainerImage.of(FilePackage.builder("base", Schema.of(Column.number("x")))
            .runtime("none")
            .weights("file", new byte[1])
            .build())
        .write(dir.resolve("base"));
    lifecycle = run(
        Lifecycle::run,
        "--image",
        dir.resolve("base").toString(),
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
        "--control",
        "0",
        "--out",
        dir.resolve("out").toString());
    assertThat(lifecycle.exit).as(lifecycle.err).isZero();
  }

  private static List<Path> everything(Path folder) throws IOException {
    try (Stream<Path> found = Files.walk(folder)) {
      return found.sorted().toList();
    }
  }

  @Test
  void aStoreIsItsModelsVersionsAliasesAndMoves() throws IOException {
    Path folder = dir.resolve("out/store");
    List<Path> before = everything(folder);
    Run run = show("store", folder.toString());
    assertThat(everything(folder)).as("nothing is written").isEqualTo(before);
    assertThat(run.err).isEmpty();
    assertThat(run.exit).isZero();
    try (VersionStore store = FileVersionStore.open(folder)) {
      List<Version> versions = store.versions("lifecycle");
      assertThat(versions).hasSizeGreaterThan(1);
      assertThat(run.lines())
          .contains("model lifecycle, " + versions.size() + " versions")
          .contains("alias lifecycle@champion at " + store.require("lifecycle@champion") + ", "
              + store.history("lifecycle@champion").size() + " moves");
      for (Version version : versions) {
        assertThat(run.out).contains(version.digest().toString());
      }
      assertThat(run.out).contains("nothing -> lifecycle:1 by lifecycle: a run begins");
      assertThat(run.out)
          .contains("lifecycle:1 -> lifecycle:2, ")
          .contains("  file model.pb: weights ")
          .contains("  baseline accuracy: ")
          .contains("  provenance parent: added");
    }
  }

  @Test
  void aRunSaysWhereTheImageOfItsChampionLies() throws IOException {
    Version champion;
    try (VersionStore store = FileVersionStore.openReadOnly(dir.resolve("out/store"))) {
      champion = store.require("lifecycle@champion");
    }
    Path image = dir.resolve("out/image-" + champion.digest().abbreviated());
    assertThat(lifecycle.lines()).contains("image of " + champion + " in " + image);
    assertThat(image.resolve("index.json")).exists();
    try (Stream<Path> blobs = Files.list(image.resolve("blobs/sha256"))) {
      assertThat(blobs.filter(blob -> text(blob).contains(champion.digest().toString())))
          .as("the configuration names the package")
          .isNotEmpty();
    }
    Run gone = run(Lifecycle::run, "--image", dir.resolve("gone").toString(), "--seeds", "0-1");
    assertThat(gone.exit).isEqualTo(2);
    assertThat(gone.err).contains("--image");
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aJournalIsItsStepsInOrderALineEach() {
    Path file = dir.resolve("out/journal.log");
    Run run = show("journal", file.toString());
    assertThat(run.err).isEmpty();
    assertThat(run.exit).isZero();
    List<String> kinds = lifecycle.lines().stream()
        .filter(line -> line.matches("row +\\d+  [A-Z]+\\b.*"))
        .map(line -> line.replaceFirst("row +\\d+  ([A-Z]+)\\b.*", "$1"))
        .filter(kind -> !List.of("RELEASED", "WAITING").contains(kind)) // which need no journal
        .toList();
    assertThat(kinds).contains("RETRAIN", "PROMOTED");
    List<String> lines = run.lines();
    assertThat(lines.stream().limit(lines.size() - 1).map(line -> line.split(" +")[1]))
        .isEqualTo(kinds);
    assertThat(lines.get(lines.size() - 1))
        .isEqualTo("journal " + file + ", " + kinds.size() + " steps");
    assertThat(run.out).doesNotContain("\\n");
  }

  @Test
  void aPackageIsItsFilesSchemaBaselineAndExamples() {
    Run run = show("package", dir.resolve("out/store").toString(), "lifecycle:1");
    assertThat(run.err).isEmpty();
    assertThat(run.exit).isZero();
    assertThat(run.lines().get(0)).startsWith("version lifecycle:1, published ");
    assertThat(run.out)
        .contains("loaded by tribuo")
        .contains("schema [amount (number), sales, channel (category)]")
        .contains("model.pb (weights, ")
        .contains("baseline of 60 rows, latency p50 ")
        .contains("  accuracy 0.")
        .contains("  amount: ")
        .contains("golden examples, the first 5")
        .contains("library org.tribuo:tribuo-core 4.3.2")
        .contains("# lifecycle", "## Test phase", "| accuracy | ");
  }

  @Test
  void aPackageInAFolderOfItsOwnIsPrintedTheSame() {
    Path folder = dir.resolve("alone");
    try (VersionStore store = FileVersionStore.open(dir.resolve("out/store"))) {
      ((FilePackage) store.open(store.require("lifecycle:1"))).write(folder);
    }
    List<String> alone = show("package", folder.toString()).lines();
    List<String> inStore =
        show("package", dir.resolve("out/store").toString(), "lifecycle:1").lines();
    assertThat(alone).isNotEmpty().isEqualTo(inStore.subList(1, inStore.size()));
    Path archive = dir.resolve("alone.tar");
    PackageArchive.write(FilePackage.read(folder), archive);
    assertThat(show("package", archive.toString()).lines()).isEqualTo(alone);
  }

  @Test
  void whatIsNotThereIsOneLineAndIsNotMade() {
    for (String what : List.of("store", "journal", "package")) {
      Path gone = dir.resolve("gone");
      Run run = show(what, gone.toString());
      assertThat(run.exit).isEqualTo(2);
      assertThat(run.err).startsWith(gone + ": wanted the ").hasLineCount(1);
      assertThat(gone).doesNotExist();
    }
    Run version = show("package", dir.resolve("out/store").toString(), "lifecycle:99");
    assertThat(version.exit).isEqualTo(2);
    assertThat(version.err).contains("lifecycle:99").hasLineCount(1);
  }

  @Test
  void anotherFolderIsRefusedAndLeftAsItIs() throws IOException {
    Path other = Files.createDirectories(dir.resolve("other"));
    for (String what : List.of("store", "journal", "package")) {
      Run run = show(what, other.toString());
      assertThat(run.exit).isEqualTo(2);
      assertThat(run.err).startsWith(other + ": wanted the ").hasLineCount(1);
    }
    assertThat(other).isEmptyDirectory();
    Path file = Files.writeString(dir.resolve("mine.txt"), "This is no journal of a loop at all.");
    Run run = show("journal", file.toString());
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err).contains("mine.txt").hasLineCount(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "show", "show store", "show model x", "list store x", "show store x y"})
  void otherArgumentsAreOneLine(String args) {
    Run run = run(Mlops::run, args.isEmpty() ? new String[0] : args.split(" "));
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err)
        .hasLineCount(1)
        .contains("wanted show store|journal|package <path>", "\"" + args + "\"");
  }

  @Test
  void helpNamesEachUse() {
    Run run = run(Mlops::run, "--help");
    assertThat(run.exit).isZero();
    assertThat(run.out).contains("show store", "show journal", "show package");
  }
}
