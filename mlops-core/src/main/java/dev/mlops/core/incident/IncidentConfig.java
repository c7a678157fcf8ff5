package dev.mlops.core.incident;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.internal.log.EventLog;
import dev.mlops.core.monitor.ColumnPolicy;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Says what a log takes and what it writes.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
@Beta
public final class IncidentConfig {
  private static final long LEAST_SIZE = 1 << 20;

  final VersionStore store;
  final String model;
  final Map<String, ColumnPolicy> columns = new LinkedHashMap<>();
  final Map<String, Predicate<? super Outcome>> rules = new LinkedHashMap<>();

  @Nullable
  ColumnPolicy otherwise;

  InstantSource clock = InstantSource.system();
  boolean segments;
  boolean outside;
  double level;
  double score;
  int keeping = 1_000;
  long largest = 64L << 20;

  IncidentConfig(VersionStore store, String model) {
    this.store = requireNonNull(store, "store");
    this.model = requireNonNull(model, "model");
  }

  /**
   * {@return this config, which takes predictions whose loss is unusual for the test phase of their version}
   *
   * <p>Benjamini and Hochberg's procedure over each 1,000 outcomes in order of maturing, at this level, on the conformal p-values of
   * {@link dev.mlops.drift.profile.TestLosses}. What is right is never taken. An unusual loss is known when its 1,000 are full.
   *
   * <p><b>What holds.</b> Where the other rows of the 1,000 are exchangeable with the test rows, at most this share of what it
   * takes is, in expectation over tests and traffic, no more unusual than a test row. It holds for each 1,000, not for a
   * choice of them, and not for what other rules take. A small test phase shows nothing: with n rows, about 2,300 / (level · n) of
   * 1,000 outcomes must be unusual before one is taken, 5 for 5,000 rows at 0.1.
   *
   * @param level share of false discoveries, such as 0.1; above 0, below 1
   * @throws IllegalArgumentException if it is out of range
   */
  public IncidentConfig unusual(double level) {
    if (!(level > 0 && level < 1)) {
      throw new IllegalArgumentException("level must be > 0 and < 1, but was " + level);
    }
    this.level = level;
    return this;
  }

  /**
   * {@return this config, which takes wrong labels that the model gave a high score}
   *
   * <p>A model whose scores are calibrated is wrong in up to 1 − score of them: this rule bounds no share of false discoveries.
   *
   * @param score at least so high; above 0, at most 1
   * @throws IllegalArgumentException if it is out of range
   */
  public IncidentConfig confident(double score) {
    if (!(score > 0 && score <= 1)) {
      throw new IllegalArgumentException("score must be > 0 and <= 1, but was " + score);
    }
    this.score = score;
    return this;
  }

  /**
   * {@return this config, which takes wrong predictions of rows unlike those of the test phase: a number outside of its range, or a
   * category that it had not, as the baseline of the version says}
   *
   * <p>Quantities count as wrong if their loss is among the largest tenth of the test phase.
   */
  public IncidentConfig outside() {
    this.outside = true;
    return this;
  }

  /**
   * {@return this config, which also takes what the host says}
   *
   * @param name of the rule, such as {@code blocked-vip}; written into records
   * @param rule whether an outcome is an incident; on the thread that looks. If it throws, the outcome is none by this rule, and
   *     that is logged once
   * @throws IllegalArgumentException if the name is empty or one of the log's own
   */
  public IncidentConfig when(String name, Predicate<? super Outcome> rule) {
    if (name.isEmpty() || Set.of("unusual", "confident", "outside").contains(name)) {
      throw new IllegalArgumentException(
          "a rule must have a name of its own, but had \"" + MlopsException.shown(name) + "\"");
    }
    rules.put(name, requireNonNull(rule, "rule"));
    return this;
  }

  /**
   * {@return this config, with what is written of a column}
   *
   * @param column its name; one that no row has does nothing
   * @param policy one that does not suit the type of the column drops it
   */
  public IncidentConfig column(String column, ColumnPolicy policy) {
    columns.put(requireNonNull(column, "column"), requireNonNull(policy, "policy"));
    return this;
  }

  /**
   * {@return this config, with what is written of the columns that have no policy of their own}
   *
   * @param policy without one, numbers are kept and categories dropped
   */
  public IncidentConfig otherColumns(ColumnPolicy policy) {
    this.otherwise = requireNonNull(policy, "policy");
    return this;
  }

  /** {@return this config, which writes the segments that calls name: they may tell what a column holds} */
  public IncidentConfig keepingSegments() {
    this.segments = true;
    return this;
  }

  /**
   * {@return this config, with how many incidents are kept in memory}
   *
   * @param incidents at least 1; 1,000 by default
   * @throws IllegalArgumentException if it is less
   */
  public IncidentConfig keeping(int incidents) {
    if (incidents < 1) {
      throw new IllegalArgumentException("incidents must be >= 1, but was " + incidents);
    }
    this.keeping = incidents;
    return this;
  }

  /**
   * {@return this config, with how large the file becomes}
   *
   * <p>When it is full, incidents are left out and counted, and steps of people are still written. To begin another file is for the host.
   *
   * @param bytes at least 1,048,576; 67,108,864 by default
   * @throws IllegalArgumentException if it is less
   */
  public IncidentConfig atMost(long bytes) {
    if (bytes < LEAST_SIZE) {
      throw new IllegalArgumentException("bytes must be >= " + LEAST_SIZE + ", but was " + bytes);
    }
    this.largest = bytes;
    return this;
  }

  /**
   * {@return this config, with the clock that says when incidents were found and steps taken}
   *
   * @param clock the system's by default
   */
  public IncidentConfig clock(InstantSource clock) {
    this.clock = requireNonNull(clock, "clock");
    return this;
  }

  /**
   * Opens a log; one that is there is gone on with.
   *
   * @param file in a directory that exists; created if absent
   * @return the log
   * @throws IllegalStateException if the config takes nothing
   * @throws StoreException if the file is open elsewhere, not a log of incidents, damaged, or could not be read or written; it is
   *     as it was
   */
  public IncidentLog open(Path file) {
    return open(file, EventLog::open);
  }

  IncidentLog open(Path file, Function<Path, EventLog> opener) {
    if (level == 0 && score == 0 && !outside && rules.isEmpty()) {
      throw new IllegalStateException("an incident log must take something, but this one takes"
          + " nothing; call unusual, confident, outside or when");
    }
    return new IncidentLog(copy(), file, opener);
  }

  private IncidentConfig copy() {
    IncidentConfig copy = new IncidentConfig(store, model);
    copy.columns.putAll(columns);
    copy.rules.putAll(rules);
    copy.otherwise = otherwise;
    copy.clock = clock;
    copy.segments = segments;
    copy.outside = outside;
    copy.level = level;
    copy.score = score;
    copy.keeping = keeping;
    copy.largest = largest;
    return copy;
  }
}
