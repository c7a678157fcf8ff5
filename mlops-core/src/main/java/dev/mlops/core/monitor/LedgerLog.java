package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.ColumnProfile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Where a monitor writes its predictions and truths, so that a restart forgets none of them: a folder, how long and how much is
 * kept, and what is written of each column.
 *
 * <pre>{@code
 * MicrometerMonitor.config(registry)
 *     .truthWithin(Duration.ofDays(30))
 *     .logging(LedgerLog.in(Path.of("ledger"))
 *         .keepingFor(Duration.ofDays(90))
 *         .column("iban", ColumnPolicy.hash(secret))
 *         .column("age", ColumnPolicy.bucket(10)));
 * }</pre>
 *
 * <p>Row values are written as the policies say; the host's keys, predictions and truths are written as they are. {@link
 * MicrometerMonitor#erase} takes a key out of them again. The baseline of each version is written too, but for the profiles of
 * columns whose policy is not {@link ColumnPolicy#keep()}: these hold names of categories and samples of numbers.
 *
 * <p>Immutable.
 *
 * @see MonitorConfig#logging(LedgerLog)
 * @since 0.1
 */
@Beta
public final class LedgerLog {
  /** The least size of all segments together. */
  static final long LEAST = 1 << 20;

  final Path folder;
  final Duration age;
  final long size;
  final Map<String, ColumnPolicy> columns;
  final ColumnPolicy otherwise;

  private LedgerLog(
      Path folder,
      Duration age,
      long size,
      Map<String, ColumnPolicy> columns,
      ColumnPolicy otherwise) {
    this.folder = folder;
    this.age = age;
    this.size = size;
    this.columns = columns;
    this.otherwise = otherwise;
  }

  /**
   * {@return a log that keeps 30 days and at most 1 GiB, and writes every column as it is}
   *
   * @param folder of one model and one process alone; made with its parents if it is not there
   */
  public static LedgerLog in(Path folder) {
    return new LedgerLog(
        requireNonNull(folder, "folder"),
        Duration.ofDays(30),
        1L << 30,
        Map.of(),
        ColumnPolicy.keep());
  }

  /**
   * {@return the same log with another age}
   *
   * <p>A segment goes once its newest entry is that old, by the config's clock. It should be at least the time in which truth
   * comes: a prediction whose segment has gone is not open again after a restart, and counts as expired then.
   *
   * @param age at least a minute
   * @throws IllegalArgumentException if it is shorter
   */
  public LedgerLog keepingFor(Duration age) {
    if (age.compareTo(Duration.ofMinutes(1)) < 0) {
      throw new IllegalArgumentException(
          "age must be at least a minute, but was " + MlopsException.shown(age));
    }
    return new LedgerLog(folder, age, size, columns, otherwise);
  }

  /**
   * {@return the same log with another size}
   *
   * <p>It is written in about eight segments; the oldest goes when all together are larger.
   *
   * @param bytes at least 1,048,576
   * @throws IllegalArgumentException if it is less
   */
  public LedgerLog atMost(long bytes) {
    if (bytes < LEAST) {
      throw new IllegalArgumentException("bytes must be >= " + LEAST + ", but was " + bytes);
    }
    return new LedgerLog(folder, age, bytes, columns, otherwise);
  }

  /**
   * {@return the same log with another policy for one column}
   *
   * @param column its name; one that no schema has does nothing
   * @param policy what is written of it
   */
  public LedgerLog column(String column, ColumnPolicy policy) {
    Map<String, ColumnPolicy> all = new LinkedHashMap<>(columns);
    all.put(requireNonNull(column, "column"), requireNonNull(policy, "policy"));
    return new LedgerLog(folder, age, size, Map.copyOf(all), otherwise);
  }

  /**
   * {@return the same log with another policy for the columns that have none of their own}
   *
   * @param policy what is written of them
   */
  public LedgerLog otherColumns(ColumnPolicy policy) {
    return new LedgerLog(folder, age, size, columns, requireNonNull(policy, "policy"));
  }

  ColumnPolicy policy(String column) {
    return columns.getOrDefault(column, otherwise);
  }

  /** What is written of each column of some rows: nothing where its policy does not suit it. */
  ColumnPolicy[] policies(Schema schema) {
    ColumnPolicy[] policies = new ColumnPolicy[schema.size()];
    for (int i = 0; i < policies.length; i++) {
      ColumnPolicy wanted = policy(schema.column(i).name());
      policies[i] = wanted.suits(schema.column(i).type()) ? wanted : ColumnPolicy.drop();
    }
    return policies;
  }

  /** What is written of a baseline: all but the profiles of columns that are not kept as they are. */
  Baseline redacted(Baseline baseline) {
    return without(baseline, profile -> !policy(profile.column()).equals(ColumnPolicy.keep()));
  }

  /** Whether a baseline that was written is this one, but for the profiles that were left out then. */
  static boolean isOf(Baseline written, Baseline whole) {
    Set<String> there = new LinkedHashSet<>();
    written.columns().forEach(profile -> there.add(profile.column()));
    return written.equals(without(whole, profile -> !there.contains(profile.column())));
  }

  private static Baseline without(Baseline baseline, Predicate<ColumnProfile> leftOut) {
    if (baseline.columns().stream().noneMatch(leftOut)) {
      return baseline;
    }
    Baseline.Builder left = Baseline.builder(baseline.schema()).rows(baseline.rows());
    baseline.quality().forEach(left::quality);
    baseline.latency().ifPresent(left::latency);
    baseline.dependence().ifPresent(left::dependence);
    baseline.labels().ifPresent(left::labels);
    baseline.predictions().forEach(left::prediction);
    baseline.columns().stream().filter(leftOut.negate()).forEach(left::column);
    return left.build();
  }

  /** The columns whose policy does not suit them. */
  Set<String> unsuited(Schema schema) {
    Set<String> unsuited = new LinkedHashSet<>();
    for (Column column : schema.columns()) {
      if (!policy(column.name()).suits(column.type())) {
        unsuited.add(column.name());
      }
    }
    return unsuited;
  }

  /** {@return such as {@code log in ledger, 30 days and 1073741824 bytes kept}} */
  @Override
  public String toString() {
    return "log in " + folder.getFileName() + ", " + MlopsException.shown(age) + " and " + size
        + " bytes kept";
  }
}
