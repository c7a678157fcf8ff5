package dev.mlops.examples;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionComparison;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.loop.FileJournal;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.pack.ModelCard;
import dev.mlops.core.pack.PackageArchive;
import dev.mlops.core.store.FileVersionStore;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Prints what the library keeps on the disk: a store, the journal of a loop, or a package.
 *
 * <p>Nothing is changed, and a journal may be printed while its loop runs.
 */
public final class Mlops {
  static final String USAGE = """
      usage: Mlops show store <folder>                   models, versions with their differences, aliases
             Mlops show journal <file>                   the steps of a loop
             Mlops show package <folder or .tar>         what it holds, and its model card
             Mlops show package <store> <version>        the same of a version such as fraud:7 or fraud@champion
      exit: 0 if all went well, 2 if the arguments or what is there are wrong""";

  /** How many golden examples are shown. */
  private static final int MOST_EXAMPLES = 5;

  private final PrintStream out;

  private Mlops(PrintStream out) {
    this.out = out;
  }

  /**
   * Runs it.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    System.exit(run(System.out, System.err, args));
  }

  /** Runs it; 0 if all went well, 2 if the arguments or what is there are wrong, which is said in one line. */
  static int run(PrintStream out, PrintStream err, String... args) {
    if (List.of(args).contains("--help")) {
      out.println(USAGE);
      return 0;
    }
    try {
      new Mlops(out).show(List.of(args));
      return 0;
    } catch (Arguments.Fault e) {
      err.println(e.getMessage());
    } catch (MlopsException | IllegalArgumentException e) {
      err.println(String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason"));
    } catch (UncheckedIOException e) {
      err.println("wanted to read it, got " + e.getCause());
    }
    return 2;
  }

  private void show(List<String> args) throws Arguments.Fault {
    String what = args.size() > 1 ? args.get(1) : "";
    boolean known = args.size() == 3
        ? List.of("store", "journal", "package").contains(what)
        : args.size() == 4 && what.equals("package");
    if (!known || !args.get(0).equals("show")) {
      throw new Arguments.Fault("wanted show store|journal|package <path>, got \""
          + String.join(" ", args) + "\"; --help tells more");
    }
    Path path = path(args.get(2));
    switch (what) {
      case "store" -> store(path);
      case "journal" -> journal(path);
      default -> {
        if (args.size() == 3 && Files.isRegularFile(path)) {
          print(PackageArchive.read(path));
        } else if (args.size() == 3) {
          packageOf(requireFile(path, "oci-layout", "the folder of a package"));
        } else {
          versionOf(path, args.get(3));
        }
      }
    }
  }

  private static Path path(String given) throws Arguments.Fault {
    try {
      return Path.of(given);
    } catch (InvalidPathException e) {
      throw new Arguments.Fault("wanted a path, got \"" + given + "\"");
    }
  }

  /** Says what is wanted where a path leads somewhere else. */
  private static Path requireFile(Path folder, String file, String wanted) throws Arguments.Fault {
    if (!Files.isRegularFile(folder.resolve(file))) {
      throw new Arguments.Fault(folder + ": wanted " + wanted + ", got "
          + (Files.exists(folder) ? "one without " + file : "no such folder"));
    }
    return folder;
  }

  private static VersionStore opened(Path folder) throws Arguments.Fault {
    return FileVersionStore.openReadOnly(
        requireFile(folder, "store.json", "the folder of a store"));
  }

  // --- a store
  // -------------------------------------------------------------------------------------------

  private void store(Path folder) throws Arguments.Fault {
    try (VersionStore store = opened(folder)) {
      List<String> models = store.models();
      out.println("store " + folder + ", " + counted(models.size(), "model"));
      for (String model : models) {
        model(store, model);
      }
    }
  }

  private void model(VersionStore store, String model) {
    List<Version> versions = store.versions(model);
    out.println();
    out.println("model " + model + ", " + counted(versions.size(), "version"));
    for (Version version : versions) {
      out.printf(
          Locale.ROOT,
          "  %-24s %s  published %s%n",
          version,
          version.digest(),
          version.publishedAt());
    }
    for (int i = 1; i < versions.size(); i++) {
      out.println(VersionComparison.of(store, versions.get(i - 1), versions.get(i)));
    }
    for (String alias : store.aliases(model)) {
      List<AliasChange> history = store.history(model + "@" + alias);
      AliasChange newest = history.get(history.size() - 1);
      out.println("alias " + newest.alias() + " at " + newest.to() + ", "
          + counted(history.size(), "move"));
      for (AliasChange change : history) {
        out.printf(
            Locale.ROOT,
            "  #%-4d %s  %s -> %s by %s: %s%n",
            change.generation(),
            change.at(),
            change.from().map(Version::toString).orElse("nothing"),
            change.to(),
            change.by(),
            change.because());
      }
    }
  }

  // --- a journal
  // -----------------------------------------------------------------------------------------

  private void journal(Path file) throws Arguments.Fault {
    if (!Files.isRegularFile(file)) {
      throw new Arguments.Fault(file + ": wanted the journal of a loop, got "
          + (Files.exists(file) ? "no file" : "no such file"));
    }
    List<LoopEvent> steps = FileJournal.read(file);
    steps.forEach(step -> out.println(step.at() + "  " + step));
    out.println("journal " + file + ", " + counted(steps.size(), "step"));
  }

  // --- a package
  // -----------------------------------------------------------------------------------------

  private void packageOf(Path folder) {
    print(FilePackage.read(folder));
  }

  private void versionOf(Path folder, String reference) throws Arguments.Fault {
    try (VersionStore store = opened(folder)) {
      Version version = store.require(reference);
      out.println("version " + version + ", published " + version.publishedAt());
      print(store.open(version));
    }
  }

  private void print(ModelPackage found) {
    out.println(
        "package of " + found.model() + ", " + found.digest() + ", loaded by " + found.runtime());
    out.println("schema " + found.schema());
    List<PackageFile> files = found.files();
    out.println();
    out.println(counted(files.size(), "file"));
    files.forEach(file -> out.println("  " + file));
    found
        .configuration()
        .values()
        .forEach((name, value) -> out.println("setting " + shown(name + " = " + value)));
    found.libraries().forEach(library -> out.println("library " + shown(library.toString())));
    found.environment().ifPresent(made -> out.println("made in " + shown(made.toString())));
    found
        .provenance()
        .values()
        .forEach((name, value) -> out.println("from " + shown(name + " = " + value)));
    out.println();
    found.baseline().ifPresentOrElse(this::print, () -> out.println("no baseline"));
    out.println();
    List<GoldenExample> examples = found.examples();
    out.println(counted(examples.size(), "golden example")
        + (examples.size() > MOST_EXAMPLES ? ", the first " + MOST_EXAMPLES : ""));
    examples.stream()
        .limit(MOST_EXAMPLES)
        .forEach(one -> out.println("  " + one.row() + " -> " + one.expected()));
    out.println();
    card(found).lines().forEach(line -> out.println(shown(line)));
  }

  /** The model card that the package holds; of a package that was made before there was one, what would be in it. */
  private static String card(ModelPackage found) {
    return found.files(PackageFile.Role.DOCUMENT).stream()
        .filter(file -> file.name().equals(ModelPackage.MODEL_CARD))
        .findFirst()
        .map(file -> new String(found.read(file), StandardCharsets.UTF_8))
        .orElseGet(() -> ModelCard.of(found));
  }

  /** Foreign text does nothing to a terminal. */
  private static String shown(String text) {
    StringBuilder shown = new StringBuilder();
    text.codePoints()
        .forEach(c -> shown.append(
            Character.getType(c) == Character.CONTROL || Character.getType(c) == Character.FORMAT
                ? String.format(Locale.ROOT, "\\u%04x", c)
                : Character.toString(c)));
    return shown.toString();
  }

  private void print(Baseline baseline) {
    out.println("baseline of " + counted(baseline.rows(), "row")
        + baseline.latency().map(latency -> ", latency " + latency).orElse(""));
    baseline.quality().forEach((metric, estimate) -> out.println("  " + metric + " " + estimate));
    baseline.columns().forEach(column -> out.println("  " + column));
  }

  private static String counted(long count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }
}
