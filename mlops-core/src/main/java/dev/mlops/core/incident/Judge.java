package dev.mlops.core.incident;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.store.Document;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.core.internal.guard.Answers;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.drift.profile.TestLosses;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The rules by which an outcome is an incident, and what is known of the versions that predict.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Judge {
  /** Versions that are remembered. */
  private static final int MOST_VERSIONS = 16;

  /** A quantity is wrong if its loss is among so large a share of the test phase. */
  private static final double WRONG = 0.1;

  private static final Known NOTHING = new Known(null, TestLosses.none(), null);

  /** What the store says of a version. */
  record Known(
      @Nullable Digest digest, TestLosses losses, @Nullable Baseline baseline) {}

  private final IncidentConfig config;
  private final Warnings warnings;
  private final Map<String, Known> versions = new LinkedHashMap<>(16, 0.75f, true) {
    private static final long serialVersionUID = 1L;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Known> eldest) {
      return size() > MOST_VERSIONS;
    }
  };
  private String newest = "";
  private Known ofNewest = NOTHING;

  Judge(IncidentConfig config, Warnings warnings) {
    this.config = config;
    this.warnings = warnings;
  }

  /** {@return what is known of a version; throws a {@link StoreException} if the store cannot say now} */
  Known known(String version) {
    if (!version.equals(newest)) {
      Known known = versions.get(version);
      if (known == null) {
        known = read(version);
        versions.put(version, known);
      }
      newest = version;
      ofNewest = known;
    }
    return ofNewest;
  }

  private Known read(String number) {
    Optional<Version> found;
    try {
      found = config.store.find(config.model + ":" + number);
    } catch (IllegalArgumentException e) { // a version that is not a number is in no store
      found = Optional.empty();
    }
    if (found.isEmpty()) {
      warnings.once(
          "version " + number,
          "no version " + MlopsException.shown(config.model + ":" + number)
              + " in the store: its incidents cannot be replayed, its losses not compared",
          null);
      return NOTHING;
    }
    Version version = found.get();
    try {
      ModelPackage source = config.store.open(version);
      TestLosses losses = losses(version, source);
      if (losses.n() == 0 && config.level > 0) {
        warnings.once(
            "losses " + number,
            version + " has no test losses: its unusual losses are not found; attach a document "
                + TestLosses.FILE,
            null);
      }
      return new Known(version.digest(), losses, source.baseline().orElse(null));
    } catch (StoreException e) {
      throw e;
    } catch (RuntimeException e) {
      warnings.once(
          "package " + number,
          "what " + version + " measured in its test phase could not be read: its losses are not"
              + " compared",
          e);
      return new Known(version.digest(), TestLosses.none(), null);
    }
  }

  /** From a document that was attached or, without one, from the package. */
  private TestLosses losses(Version version, ModelPackage source) {
    Document attached = null;
    for (Document document : config.store.documents(version)) {
      attached = document.name().equals(TestLosses.FILE) ? document : attached;
    }
    if (attached != null) {
      return TestLosses.of(config.store.read(attached));
    }
    for (PackageFile file : source.files()) {
      if (file.name().equals(TestLosses.FILE)) {
        return TestLosses.of(source.read(file));
      }
    }
    return TestLosses.none();
  }

  /** Tells the first rule by which an outcome is an incident by itself, and why. */
  void rule(
      Outcome outcome,
      Known known,
      double loss,
      double pValue,
      BiConsumer<String, String> incident) {
    boolean label = outcome.prediction() instanceof Classification;
    if (config.score > 0 && outcome.prediction() instanceof Classification said) {
      double score = said.score().orElse(0.0);
      if (score >= config.score
          && outcome.truth().label().isPresent()
          && !outcome.truth().matches(said)) {
        incident.accept(
            "confident", String.format(Locale.ROOT, "wrong with a score of %.3f", score));
        return;
      }
    }
    if (config.outside && known.baseline != null) {
      boolean wrong = label
          ? loss > 0
          : outcome.prediction() instanceof Regression && known.losses.n() > 0 && pValue <= WRONG;
      String where = wrong ? outside(outcome.row(), known.baseline.columns()) : null;
      if (where != null) {
        incident.accept("outside", where);
        return;
      }
    }
    for (Map.Entry<String, Predicate<? super Outcome>> rule : config.rules.entrySet()) {
      if (holds(rule.getKey(), rule.getValue(), outcome)) {
        incident.accept(rule.getKey(), "the host's rule says so");
        return;
      }
    }
  }

  private boolean holds(String name, Predicate<? super Outcome> rule, Outcome outcome) {
    return Answers.or(
        () -> rule.test(outcome),
        (how, thrown) -> warnings.once(
            "rule " + name + how,
            "rule " + MlopsException.shown(name) + " " + how
                + "; the outcome is no incident by it, the other rules go on",
            null), // its message may hold a value of the row
        how -> false);
  }

  /** In which column a row is unlike the test phase, without its value; null in none. */
  private static @Nullable String outside(Row row, List<ColumnProfile> profiles) {
    Schema schema = row.schema();
    for (ColumnProfile profile : profiles) {
      int column;
      try {
        column = schema.indexOf(profile.column());
      } catch (IllegalArgumentException e) {
        continue;
      }
      String name = "column " + MlopsException.shown(profile.column());
      if (profile instanceof NumberProfile numbers && schema.isNumber(column)) {
        double value = row.number(column);
        if (numbers.n() > 0 && value < numbers.minimum()) {
          return name + " is below all of the test phase";
        }
        if (numbers.n() > 0 && value > numbers.maximum()) {
          return name + " is above all of the test phase";
        }
      } else if (profile instanceof CategoryProfile categories && !schema.isNumber(column)) {
        String value = row.category(column);
        if (categories.n() > 0
            && categories.other() == 0
            && !value.isEmpty()
            && !categories.counts().containsKey(value)) {
          return name + " has a category that the test phase had not";
        }
      }
    }
    return null;
  }

  static String unusual(double pValue) {
    return String.format(Locale.ROOT, "a loss as large had p %.2g in the test phase", pValue);
  }
}
