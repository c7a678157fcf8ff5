package dev.mlops.core.pack;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.core.internal.json.Json;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Function;

/**
 * Tells people in Markdown what a package holds: input, task, test phase, settings, libraries, environment, where the model
 * comes from, and its files.
 *
 * <p>It holds what the package says and no judgement; what nobody said is left out. The same package gives the same text on
 * every machine. Foreign text is escaped, so it shows as it is and forms no markup; of a text the first 1,000 characters are
 * shown, of a list the first 200 lines, and what is left out is counted.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class ModelCard {
  private static final int LONGEST_TEXT = 1_000;
  private static final int MOST_LINES = 200;

  private final StringBuilder text = new StringBuilder();

  private ModelCard() {}

  /**
   * {@return a model card}
   *
   * @param source what it tells of
   */
  public static String of(ModelPackage source) {
    return new ModelCard().written(source);
  }

  private String written(ModelPackage source) {
    text.append("# ").append(escaped(source.model())).append('\n');
    Schema schema = source.schema();
    line("");
    line("A model"
        + schema.task().map(task -> " for " + name(task)).orElse("")
        + ", loaded by the runtime " + escaped(source.runtime()) + "."
        + schema
            .positiveLabel()
            .map(label -> " The positive label is " + escaped(label)
                + source
                    .baseline()
                    .flatMap(Baseline::unseenPositive)
                    .map(unseen -> ": " + escaped(unseen))
                    .orElse("")
                + ".")
            .orElse(""));
    heading("Input");
    list(schema.columns(), column -> escaped(column.name()) + ": " + name(column.type()));
    source.baseline().ifPresent(this::baseline);
    settings("Settings", source.configuration());
    source.calibration().ifPresent(calibration -> {
      heading("Calibration");
      line("Scores are made probabilities: " + escaped(calibration.toString()) + ".");
    });
    if (!source.examples().isEmpty()) {
      heading("Golden examples");
      line(source.examples().size()
          + " inputs with the predictions that any later load must give again.");
    }
    if (!source.libraries().isEmpty()) {
      heading("Libraries");
      list(source.libraries(), ModelCard::library);
    }
    source.environment().ifPresent(this::environment);
    settings("Where it comes from", source.provenance());
    heading("Files");
    list(
        source.files().stream()
            .filter(file -> !file.name().equals(ModelPackage.MODEL_CARD)
                && !file.name().equals(ModelPackage.SBOM))
            .toList(),
        ModelCard::file);
    return text.toString();
  }

  private void baseline(Baseline baseline) {
    heading("Test phase");
    line("Measured on " + baseline.rows() + " rows that the model had not learnt from."
        + baseline
            .latency()
            .map(latency -> " Half of the predictions took at most "
                + MlopsException.shown(latency.p50()) + ", 99 % at most "
                + MlopsException.shown(latency.p99()) + ".")
            .orElse(""));
    if (!baseline.quality().isEmpty()) {
      line("");
      line("| metric | value | from | to | n |");
      line("|---|---|---|---|---|");
      baseline.quality().entrySet().stream()
          .sorted(Map.Entry.comparingByKey())
          .forEach(one -> line("| " + escaped(one.getKey().name()) + " | "
              + number(one.getValue().value()) + " | " + number(one.getValue().lower()) + " | "
              + number(one.getValue().upper()) + " | " + one.getValue().n() + " |"));
    }
    if (!baseline.columns().isEmpty()) {
      line("");
      list(baseline.columns(), ModelCard::column);
    }
  }

  private static String column(ColumnProfile profile) {
    String missing = profile.missing() == 0 ? "" : ", missing " + profile.missing();
    if (profile instanceof NumberProfile numbers) {
      return escaped(profile.column()) + ": " + number(numbers.minimum()) + " to "
          + number(numbers.maximum()) + ", mean " + number(numbers.mean()) + missing;
    }
    CategoryProfile categories = (CategoryProfile) profile;
    return escaped(profile.column()) + ": " + categories.counts().size() + " categories" + missing;
  }

  private void environment(Environment made) {
    heading("Where it was made");
    item("Java", made.java());
    item("Java vendor", made.javaVendor());
    item("operating system", made.os());
    item("its version", made.osVersion());
    item("processor", made.architecture());
    item("default charset", made.charset());
    item("environment variables, by name", String.join(" ", made.variables()));
  }

  private void item(String what, String value) {
    if (!value.isEmpty()) {
      line("- " + what + ": " + escaped(value));
    }
  }

  private void settings(String title, Configuration settings) {
    SortedMap<String, Object> values = settings.values();
    if (!values.isEmpty()) {
      heading(title);
      list(
          List.copyOf(values.entrySet()),
          one -> escaped(one.getKey()) + ": "
              + escaped(one.getValue() instanceof String given ? given : plain(one.getValue())));
    }
  }

  /** A number, or true or false. */
  private static String plain(Object value) {
    return new String(Json.of(value).bytes(), StandardCharsets.UTF_8);
  }

  private static String library(Library library) {
    return escaped(library.name())
        + library.version().map(version -> " " + escaped(version)).orElse("")
        + library.file().map(file -> ", file " + escaped(file)).orElse("")
        + library.sha256().map(digest -> ", " + digest).orElse("");
  }

  private static String file(PackageFile file) {
    return escaped(file.name()) + ": " + escaped(file.role().toString()) + ", " + file.size()
        + " bytes, " + file.digest();
  }

  private void heading(String title) {
    line("");
    line("## " + title);
    line("");
  }

  private <T> void list(List<T> all, Function<T, String> form) {
    all.stream().limit(MOST_LINES).forEach(one -> line("- " + form.apply(one)));
    if (all.size() > MOST_LINES) {
      line("- and " + (all.size() - MOST_LINES) + " more");
    }
  }

  private void line(String line) {
    text.append(line).append('\n');
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** Four digits, by a rule that is the same in every Java release. */
  static String number(double value) {
    return Double.isInfinite(value) || Double.isNaN(value)
        ? String.valueOf(value)
        : new BigDecimal(value)
            .round(new MathContext(4, RoundingMode.HALF_EVEN))
            .stripTrailingZeros()
            .toString();
  }

  /** Shows foreign text as it is: what has a meaning in Markdown or HTML gets a backslash, what cannot be seen its code. */
  static String escaped(String foreign) {
    StringBuilder shown = new StringBuilder();
    foreign.codePoints().limit(LONGEST_TEXT).forEach(c -> {
      if (isHidden(c)) {
        shown.append(String.format(Locale.ROOT, "\\\\u%04x", c));
      } else if ("\\`*_{}[]<>#|!~&".indexOf(c) >= 0) {
        shown.append('\\').appendCodePoint(c);
      } else {
        shown.appendCodePoint(c);
      }
    });
    return foreign.codePointCount(0, foreign.length()) > LONGEST_TEXT
        ? shown.append('…').toString()
        : shown.toString();
  }

  /** Whether a character moves or hides others; by fixed ranges, since those of Java change with its release. */
  private static boolean isHidden(int c) {
    return c < 0x20
        || (c >= 0x7f && c < 0xa0)
        || c == 0xad
        || (c >= 0x200b && c <= 0x200f)
        || (c >= 0x2028 && c <= 0x202e)
        || (c >= 0x2060 && c <= 0x2069)
        || (c >= 0xd800 && c <= 0xdfff)
        || c == 0xfeff
        || (c >= 0xe0000 && c <= 0xe007f);
  }
}
