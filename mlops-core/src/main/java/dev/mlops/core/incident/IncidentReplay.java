package dev.mlops.core.incident;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.internal.guard.Closing;
import dev.mlops.core.internal.log.Warnings;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Asks the version that predicted an incident for the same prediction again, to the last bit, or says why that cannot be.
 *
 * <pre>{@code
 * try (IncidentReplay replay = IncidentReplay.of(store, "fraud", fraud::load)) {
 *   IncidentReplay.Result result = replay.of(incident); // SAME, DIFFERENT or IMPOSSIBLE
 * }
 * }</pre>
 *
 * <p>The version is found by the digest of its package, so it is the same one or none. A model is loaded once for the incidents of its version;
 * the newest two stay loaded until {@link #close()}.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
@Beta
public final class IncidentReplay implements AutoCloseable {
  private static final int LOADED = 2;

  private final VersionStore store;
  private final String name;
  private final Function<? super ModelPackage, ? extends Model> loader;
  private final Map<Digest, Model> loaded = new LinkedHashMap<>(4, 0.75f, true);

  private IncidentReplay(
      VersionStore store, String name, Function<? super ModelPackage, ? extends Model> loader) {
    this.store = requireNonNull(store, "store");
    this.name = requireNonNull(name, "name");
    this.loader = requireNonNull(loader, "loader");
  }

  /**
   * What a replay came to.
   *
   * @since 0.1
   */
  @Beta
  public enum Kind {
    /** The same prediction, to the last bit. */
    SAME,
    /** Another prediction. */
    DIFFERENT,
    /** It could not be asked. */
    IMPOSSIBLE
  }

  /**
   * What a replay came to, and why.
   *
   * <p>Immutable.
   *
   * @param kind what it came to
   * @param prediction what the version says now; empty if it could not be asked
   * @param text for people: what was wanted, what was got, or why it could not be asked
   * @since 0.1
   */
  @Beta
  public record Result(Kind kind, Optional<Prediction> prediction, String text) {
    /** Refuses null. */
    public Result {
      requireNonNull(kind, "kind");
      requireNonNull(prediction, "prediction");
      requireNonNull(text, "text");
    }

    private static Result impossible(String why) {
      return new Result(Kind.IMPOSSIBLE, Optional.empty(), why);
    }

    /** {@return such as {@code DIFFERENT: wanted yes (0.981), got yes (0.979)}} */
    @Override
    public String toString() {
      return kind + ": " + text;
    }
  }

  /**
   * {@return a replay of the incidents of a model}
   *
   * @param store that holds its versions; not closed by the replay
   * @param name of the versions in it, such as {@code fraud}
   * @param loader makes a model of a package, as it serves, such as {@code deployment::load} or {@code runtime::load}; the replay
   *     closes what it gives
   */
  public static IncidentReplay of(
      VersionStore store, String name, Function<? super ModelPackage, ? extends Model> loader) {
    return new IncidentReplay(store, name, loader);
  }

  /**
   * {@return what the version that predicted says to the row of an incident now}
   *
   * <p>IMPOSSIBLE where a column is not as the model saw it, the prediction was not recorded, the version is gone, or its model
   * cannot be loaded or throws. Throws nothing of the store's or the model's.
   *
   * @param incident from the log of this model
   */
  public Result of(Incident incident) {
    if (!incident.treated().isEmpty()) {
      return Result.impossible("the record does not hold what the model saw: "
          + incident.treated().entrySet().stream()
              .limit(10)
              .map(column -> MlopsException.shown(column.getKey()) + " (" + column.getValue() + ")")
              .collect(Collectors.joining(", ")));
    }
    if (incident.prediction().isEmpty()) {
      return Result.impossible("the prediction was of a kind that is not recorded");
    }
    if (incident.digest().isEmpty()) {
      return Result.impossible(
          "version " + incident.version() + " was not in the store when the incident was found");
    }
    Prediction wanted = incident.prediction().get();
    Model model;
    try {
      Digest digest = incident.digest().get();
      Model known = loaded.get(digest);
      if (known == null) {
        Optional<Version> version = store.find(name + "@" + digest);
        if (version.isEmpty()) {
          return Result.impossible("no version " + name + "@" + digest.abbreviated()
              + " in the store; it was version " + incident.version());
        }
        known = requireNonNull(loader.apply(store.open(version.get())), "model");
        keep(digest, known);
      }
      model = known;
    } catch (Throwable e) { // the store's, the runtime's
      return Result.impossible(
          "version " + incident.version() + " could not be loaded: " + Warnings.shown(e));
    }
    Prediction got;
    try {
      got = requireNonNull(model.predict(incident.row()), "prediction");
    } catch (Throwable e) { // the model's
      return Result.impossible(
          "version " + incident.version() + " did not answer: " + Warnings.shown(e));
    }
    if (wanted.equals(got)) {
      return new Result(Kind.SAME, Optional.of(got), wanted.toString());
    }
    String here = Environment.here().toString();
    return new Result(
        Kind.DIFFERENT,
        Optional.of(got),
        "wanted " + wanted + ", got " + got
            + (here.equals(incident.environment())
                ? ", on the same Java and system"
                : ", on " + here + " instead of " + incident.environment()));
  }

  private void keep(Digest digest, Model model) {
    loaded.put(digest, model);
    if (loaded.size() > LOADED) {
      Digest oldest = loaded.keySet().iterator().next();
      Closing.close(loaded.remove(oldest));
    }
  }

  /** Closes the models that are loaded. May be called twice. */
  @Override
  public void close() {
    loaded.values().forEach(Closing::close);
    loaded.clear();
  }
}
