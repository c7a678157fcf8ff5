package dev.mlops.api.store;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * What is different between two versions: runtime, schema, the numbers of the test phase, settings, libraries, where they
 * were made and come from, files and documents.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class VersionComparison {
  private final Version from;
  private final Version to;
  private final List<String> lines;

  private VersionComparison(Version from, Version to, List<String> lines) {
    this.from = from;
    this.to = to;
    this.lines = List.copyOf(lines);
  }

  /**
   * {@return the differences between two versions of a store, not necessarily of one model}
   *
   * <p>Files are compared by name, role and digest, documents by name and the digest of their newest revision.
   *
   * @param store that holds both
   * @param from the version that is compared with, such as the champion
   * @param to the version that is compared, such as the candidate
   * @throws VersionNotFoundException if the store does not hold one of them
   * @throws dev.mlops.api.pack.PackageIntegrityException if a package is damaged
   * @throws StoreException if the store could not be read
   */
  public static VersionComparison of(VersionStore store, Version from, Version to) {
    ModelPackage before = store.open(from);
    ModelPackage after = store.open(to);
    List<String> lines = new ArrayList<>();
    if (!before.runtime().equals(after.runtime())) {
      lines.add("runtime: " + before.runtime() + " -> " + after.runtime());
    }
    after.schema().differencesFrom(before.schema()).forEach(line -> lines.add("schema: " + line));
    if (!before.schema().positiveLabel().equals(after.schema().positiveLabel())) {
      lines.add("schema: positive label " + before.schema().positiveLabel().orElse("none") + " -> "
          + after.schema().positiveLabel().orElse("none"));
    }
    compare(
        quality(before.baseline()),
        quality(after.baseline()),
        metric -> "baseline " + metric,
        (a, b) -> a + " -> " + b,
        lines);
    if (!before.calibration().equals(after.calibration())) {
      lines.add("calibration: "
          + before
              .calibration()
              .map(Object::toString)
              .map(MlopsException::shown)
              .orElse("none")
          + " -> "
          + after.calibration().map(Object::toString).map(MlopsException::shown).orElse("none"));
    }
    settings("configuration", before.configuration(), after.configuration(), lines);
    settings("provenance", before.provenance(), after.provenance(), lines);
    compare(
        byName(before.libraries(), Library::name),
        byName(after.libraries(), Library::name),
        name -> "library " + name,
        (a, b) -> a.version().equals(b.version())
            ? a.sha256().equals(b.sha256())
                ? "file " + shown(a.file()) + " -> " + shown(b.file())
                : shown(a.version()) + " with another digest"
            : shown(a.version()) + " -> " + shown(b.version()),
        lines);
    compare(
        parts(before.environment()),
        parts(after.environment()),
        part -> "environment " + part,
        (a, b) -> MlopsException.shown(a) + " -> " + MlopsException.shown(b),
        lines);
    compare(
        byName(before.files(), PackageFile::name),
        byName(after.files(), PackageFile::name),
        name -> "file " + name,
        (a, b) -> a.equals(b) ? "" : shown(a) + " -> " + shown(b),
        lines);
    compare(
        byName(store.documents(from), Document::name),
        byName(store.documents(to), Document::name),
        name -> "document " + name,
        (a, b) -> a.digest().equals(b.digest()) ? "" : shown(a) + " -> " + shown(b),
        lines);
    return new VersionComparison(from, to, lines);
  }

  private static void settings(
      String what, Configuration before, Configuration after, List<String> lines) {
    compare(
        before.values(),
        after.values(),
        name -> what + " " + name,
        (a, b) -> MlopsException.shown(a.toString()) + " -> " + MlopsException.shown(b.toString()),
        lines);
  }

  private static Map<String, String> parts(Optional<Environment> environment) {
    Map<String, String> parts = new TreeMap<>();
    environment.ifPresent(made -> {
      parts.put("java", made.java());
      parts.put("java vendor", made.javaVendor());
      parts.put("os", made.os());
      parts.put("os version", made.osVersion());
      parts.put("architecture", made.architecture());
      parts.put("charset", made.charset());
      parts.put("variables", String.join(" ", made.variables()));
    });
    return parts;
  }

  private static String shown(Optional<String> text) {
    return text.map(MlopsException::shown).orElse("unknown");
  }

  private static Map<String, String> quality(Optional<Baseline> baseline) {
    Map<String, String> quality = new TreeMap<>();
    baseline.ifPresent(numbers -> numbers
        .quality()
        .forEach((metric, estimate) -> quality.put(String.valueOf(metric), shown(estimate))));
    return quality;
  }

  private static String shown(Estimate estimate) {
    return String.format(
        Locale.ROOT, "%.4g (%.4g to %.4g)", estimate.value(), estimate.lower(), estimate.upper());
  }

  private static String shown(PackageFile file) {
    return file.role() + " " + file.size() + " B " + file.digest().abbreviated();
  }

  private static String shown(Document document) {
    return "#" + document.revision() + " by " + MlopsException.shown(document.by()) + " "
        + document.digest().abbreviated();
  }

  /** The last of each name. */
  private static <T> Map<String, T> byName(List<T> all, Function<T, String> name) {
    Map<String, T> named = new TreeMap<>();
    all.forEach(one -> named.put(name.apply(one), one));
    return named;
  }

  private static <T> void compare(
      Map<String, T> before,
      Map<String, T> after,
      Function<String, String> title,
      BiFunction<T, T, String> change,
      List<String> lines) {
    TreeSet<String> names = new TreeSet<>(before.keySet());
    names.addAll(after.keySet());
    for (String name : names) {
      T a = before.get(name);
      T b = after.get(name);
      if (a == null || b == null) {
        lines.add(title.apply(name) + (a == null ? ": added" : ": removed"));
      } else if (!a.equals(b)) {
        String changed = change.apply(a, b);
        if (!changed.isEmpty()) {
          lines.add(title.apply(name) + ": " + changed);
        }
      }
    }
  }

  /** {@return the version that is compared with} */
  public Version from() {
    return from;
  }

  /** {@return the version that is compared} */
  public Version to() {
    return to;
  }

  /**
   * {@return a line for each difference, such as {@code document card.md: added}; empty if there is none}
   */
  public List<String> lines() {
    return lines;
  }

  /** {@return such as {@code fraud:6 -> fraud:7, 3 differences}, and the lines below it} */
  @Override
  public String toString() {
    return from + " -> " + to + ", " + lines.size()
        + (lines.size() == 1 ? " difference" : " differences")
        + (lines.isEmpty() ? "" : "\n  " + String.join("\n  ", lines));
  }
}
