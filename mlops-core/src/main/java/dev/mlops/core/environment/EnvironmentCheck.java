package dev.mlops.core.environment;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.core.environment.EnvironmentReport.Finding;
import dev.mlops.core.environment.EnvironmentReport.Kind;
import dev.mlops.core.environment.EnvironmentReport.Level;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Holds what a package needs against where it is about to run, before traffic does: all that differs at once, with what to do
 * about it.
 *
 * <pre>{@code
 * EnvironmentReport here = EnvironmentCheck.of(fraud).here();
 * if (here.fails()) {
 *   log.warning(here.toString());
 * }
 * }</pre>
 *
 * <table>
 * <caption>Levels, unless {@link #level} sets another</caption>
 * <tr><th>what differs</th><th>level</th></tr>
 * <tr><td>an older Java; a library that is not there; a library whose first number of version differs; memory; a native
 *     library or an environment variable that is not there</td><td>FAIL</td></tr>
 * <tr><td>another processor; another charset; a library of another version with the same first number, or of other bytes; a
 *     library, native or not, that could not be found where nobody can list all</td><td>WARN</td></tr>
 * <tr><td>a newer Java, another vendor, another operating system</td><td>INFO</td></tr>
 * </table>
 *
 * <p>A package that does not say where or with what it was made is not compared in that. The memory that a model may take is
 * the setting {@value #MEMORY}, in bytes, or twice its weights: what is read, and what is made of it. The native libraries
 * that it needs are the setting {@value #NATIVE}, names as {@link System#loadLibrary} takes them, divided by commas.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class EnvironmentCheck {
  /** The setting of a package that says how many bytes of memory its model takes: {@value}. */
  public static final String MEMORY = "environment.memory";

  /** The setting of a package that names the native libraries of its model: {@value}. */
  public static final String NATIVE = "environment.native";

  private static final String UNLISTED = "none, in a class path that cannot be listed";
  private static final Pattern FEATURE = Pattern.compile("(?:1\\.)?(\\d{1,9})(?:\\D.*)?");

  private final ModelPackage source;
  private final Map<Kind, Level> levels;

  private EnvironmentCheck(ModelPackage source, Map<Kind, Level> levels) {
    this.source = source;
    this.levels = levels;
  }

  /**
   * {@return a check of a package}
   *
   * @param source the package
   */
  public static EnvironmentCheck of(ModelPackage source) {
    return new EnvironmentCheck(requireNonNull(source, "source"), new EnumMap<>(Kind.class));
  }

  /**
   * {@return the same check, by which every finding of a kind has one level}
   *
   * @param kind what is found, such as {@code LIBRARY_VERSION}
   * @param level such as {@code FAIL} for a host that takes no other version
   */
  public EnvironmentCheck level(Kind kind, Level level) {
    Map<Kind, Level> more = new EnumMap<>(Kind.class);
    more.putAll(levels);
    more.put(requireNonNull(kind, "kind"), requireNonNull(level, "level"));
    return new EnvironmentCheck(source, more);
  }

  /** {@return what differs between where the model was made and this process} */
  public EnvironmentReport here() {
    return on(Machine.here());
  }

  /**
   * {@return what differs between where the model was made and a machine}
   *
   * @param machine where it is about to run
   */
  public EnvironmentReport on(Machine machine) {
    Found found = new Found();
    source.environment().ifPresent(made -> environment(made, machine, found));
    source.libraries().forEach(library -> library(library, machine, found));
    memory(machine, found);
    natives(machine, found);
    return new EnvironmentReport(source.model(), source.digest(), found.all);
  }

  /** Collects findings by the levels of this check. */
  private final class Found {
    private final List<Finding> all = new ArrayList<>();

    void add(Level level, Kind kind, String subject, String wanted, String found, String remedy) {
      all.add(new Finding(levels.getOrDefault(kind, level), kind, subject, wanted, found, remedy));
    }
  }

  private static void environment(Environment made, Machine machine, Found found) {
    Environment here = machine.environment();
    java(made.java(), here.java(), found);
    if (differ(made.javaVendor(), here.javaVendor())) {
      found.add(
          Level.INFO,
          Kind.JAVA_VENDOR,
          "",
          made.javaVendor(),
          here.javaVendor(),
          "nothing need be done; the golden examples tell whether answers differ");
    }
    if (differ(made.os(), here.os())) {
      found.add(
          Level.INFO,
          Kind.OS,
          "",
          made.os(),
          here.os(),
          "nothing need be done unless the model has native libraries");
    }
    if (differ(processor(made.architecture()), processor(here.architecture()))) {
      found.add(
          Level.WARN,
          Kind.ARCHITECTURE,
          "",
          made.architecture(),
          here.architecture(),
          "run on " + MlopsException.shown(made.architecture())
              + ", or hold the model against its golden examples here: last digits may differ");
    }
    if (differ(made.charset(), here.charset())) {
      found.add(
          Level.WARN,
          Kind.CHARSET,
          "",
          made.charset(),
          here.charset(),
          "start Java with -Dfile.encoding=" + MlopsException.shown(made.charset()));
    }
    for (String name : made.variables()) {
      if (!machine.hasVariable(name)) {
        found.add(
            Level.FAIL,
            Kind.VARIABLE,
            name,
            "a value",
            "none",
            "set the environment variable " + name + " before Java starts");
      }
    }
  }

  private static boolean differ(String made, String here) {
    return !made.isEmpty() && !here.isEmpty() && !made.equalsIgnoreCase(here);
  }

  /** Two names of one processor. */
  private static String processor(String name) {
    return switch (name) {
      case "x86_64", "x64" -> "amd64";
      case "arm64" -> "aarch64";
      default -> name;
    };
  }

  private static void java(String made, String here, Found found) {
    if (!differ(made, here)) {
      return;
    }
    OptionalInt wanted = feature(made);
    OptionalInt got = feature(here);
    if (wanted.isEmpty() || got.isEmpty()) {
      found.add(
          Level.WARN, Kind.JAVA, "", made, here, "compare them: one is no version that is known");
    } else if (got.getAsInt() < wanted.getAsInt()) {
      found.add(
          Level.FAIL,
          Kind.JAVA,
          "",
          made,
          here,
          "run on Java " + wanted.getAsInt() + " or newer: classes of a newer Java do not load");
    } else {
      found.add(
          Level.INFO,
          Kind.JAVA,
          "",
          made,
          here,
          "nothing need be done; the golden examples tell whether answers differ");
    }
  }

  /** The feature version: 17 of {@code 17.0.15}, 8 of {@code 1.8.0_402}. */
  private static OptionalInt feature(String version) {
    Matcher matcher = FEATURE.matcher(version);
    return matcher.matches()
        ? OptionalInt.of(Integer.parseInt(matcher.group(1)))
        : OptionalInt.empty();
  }

  private static void library(Library wanted, Machine machine, Found found) {
    Optional<Library> there = machine.find(wanted);
    String version = wanted.version().orElse("any version");
    if (there.isEmpty()) {
      boolean sure = machine.complete();
      found.add(
          sure ? Level.FAIL : Level.WARN,
          Kind.LIBRARY_MISSING,
          wanted.name(),
          version,
          sure ? "none" : UNLISTED,
          "add " + coordinates(wanted) + " to the class path"
              + wanted
                  .file()
                  .map(file -> " (it was " + MlopsException.shown(file) + ")")
                  .orElse(""));
      return;
    }
    Library here = there.get();
    boolean sameBytes = wanted.sha256().isPresent() && wanted.sha256().equals(here.sha256());
    if (sameBytes || wanted.version().isEmpty() || here.version().isEmpty()) {
      return;
    }
    String got = here.version().get();
    if (!version.equals(got)) {
      boolean near = first(version).equals(first(got));
      found.add(
          near ? Level.WARN : Level.FAIL,
          Kind.LIBRARY_VERSION,
          wanted.name(),
          version,
          got,
          "put " + coordinates(wanted) + " on the class path in the place of "
              + MlopsException.shown(got)
              + (near ? ", or hold the model against its golden examples with this one" : ""));
    } else if (wanted.sha256().isPresent() && here.sha256().isPresent()) {
      found.add(
          Level.WARN,
          Kind.LIBRARY_BYTES,
          wanted.name(),
          "sha256 " + wanted.sha256().get().abbreviated(),
          "sha256 " + here.sha256().get().abbreviated(),
          "find out who built " + coordinates(wanted)
              + " anew: a release has the same bytes everywhere");
    }
  }

  private static String coordinates(Library library) {
    return MlopsException.shown(
        library.version().map(version -> library.name() + ":" + version).orElse(library.name()));
  }

  /** The first number of a version, or all of it if it begins with none. */
  private static String first(String version) {
    Matcher matcher = Pattern.compile("(\\d+)(?:\\D.*)?").matcher(version);
    return matcher.matches() ? matcher.group(1) : version;
  }

  private void memory(Machine machine, Found found) {
    double wanted =
        2.0 * source.files(Role.WEIGHTS).stream().mapToDouble(PackageFile::size).sum();
    String how = "twice its weights, " + megabytes(wanted);
    OptionalDouble said = number(MEMORY);
    if (said.isPresent()) {
      wanted = said.getAsDouble();
      how = megabytes(wanted);
    }
    if (wanted > machine.memory()) {
      found.add(
          Level.FAIL,
          Kind.MEMORY,
          "",
          how,
          megabytes((double) machine.memory()),
          "start Java with a larger -Xmx, or say what the model takes by the setting " + MEMORY);
    }
  }

  private OptionalDouble number(String name) {
    Configuration settings = source.configuration();
    return settings.values().get(name) instanceof Double
        ? settings.number(name)
        : OptionalDouble.empty();
  }

  private static String megabytes(double bytes) {
    return Math.round(Math.ceil(bytes / (1 << 20))) + " MiB";
  }

  private void natives(Machine machine, Found found) {
    if (!(source.configuration().values().get(NATIVE) instanceof String names)) {
      return;
    }
    for (String name : names.split(",", -1)) {
      String library = name.strip();
      if (!library.isEmpty() && !machine.hasNativeLibrary(library)) {
        Environment here = machine.environment();
        boolean sure = machine.complete();
        found.add(
            sure ? Level.FAIL : Level.WARN,
            Kind.NATIVE_LIBRARY,
            library,
            "one for " + here.os() + " " + here.architecture(),
            sure ? "none" : UNLISTED,
            "add the jar that holds it for this system, or name its folder by -Djava.library.path");
      }
    }
  }
}
