package dev.mlops.drift.profile;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.api.pack.TestPhase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes the baseline of a model from rows that it was tested on, or from logged traffic whose truth is known.
 *
 * <p>A column of numbers is kept as its moments over finite values, its range and a sample of at most 2,000 values, or, above
 * 300 such columns, of 600,000 divided by their number, so that the baseline fits into a package. The sample are the values
 * whose position has the lowest seeded hash: the same rows in the same order always give the same baseline. A column of
 * categories is kept as the counts of its 200 most frequent kinds (of equally frequent ones, the first by name), the rest as
 * one number; so are the true labels of a classifier. What is predicted is profiled in the same way ({@link PredictionColumns}). Quality is that of {@link Quality}. How far the
 * losses depend on those before them ({@link DependenceEstimator}) is measured in the order of the rows, which is to be that of
 * time.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Baselines {
  private static final int SAMPLE = 2_000;

  /** Of all columns together: at most 25 bytes each, they fit into the 16 MiB that a package has for a baseline. */
  private static final int SAMPLES = 600_000;

  /** Of all parts of the predictions together. */
  private static final int PREDICTED = 50_000;

  private static final int KINDS = 200;

  /** Above this magnitude, squares are taken of scaled values. */
  private static final double LARGE = 0x1p400;

  private static final double SCALE = 0x1p600;

  private Baselines() {}

  /**
   * {@return a baseline without latency}
   *
   * @param schema the columns of the rows, and what is predicted
   * @param rows at least one; read during the call
   * @param predictions one per row
   * @param truths one per row
   * @throws IllegalArgumentException if there is no row, not one prediction and one truth per row, or a row has other columns
   */
  public static Baseline from(
      Schema schema,
      List<? extends Row> rows,
      List<? extends Prediction> predictions,
      List<Truth> truths) {
    requireMatching(schema, rows, predictions, truths);
    return build(schema, rows, predictions, truths, null, Set.of());
  }

  /**
   * {@return a baseline without latency that holds more metrics than {@link Metric#defaults()}: those that conditions will ask
   * for}
   *
   * @param schema the columns of the rows, and what is predicted
   * @param rows at least one; read during the call
   * @param predictions one per row
   * @param truths one per row
   * @param measuring metrics, such as {@code recall(fraud)} or the host's own
   * @throws IllegalArgumentException if there is no row, not one prediction and one truth per row, or a row has other columns
   */
  public static Baseline from(
      Schema schema,
      List<? extends Row> rows,
      List<? extends Prediction> predictions,
      List<Truth> truths,
      Set<Metric> measuring) {
    requireMatching(schema, rows, predictions, truths);
    return build(schema, rows, predictions, truths, null, measuring);
  }

  /**
   * {@return a baseline with latency}
   *
   * @param schema the columns of the rows, and what is predicted
   * @param rows at least one; read during the call
   * @param predictions one per row
   * @param truths one per row
   * @param nanos how long predictions took, in nanoseconds; at least one, not necessarily one per row; not changed
   * @throws IllegalArgumentException if there is no row, not one prediction and one truth per row, no or a negative latency,
   *     or a row has other columns
   */
  public static Baseline from(
      Schema schema,
      List<? extends Row> rows,
      List<? extends Prediction> predictions,
      List<Truth> truths,
      long[] nanos) {
    requireMatching(schema, rows, predictions, truths);
    return build(schema, rows, predictions, truths, Latency.of(nanos), Set.of());
  }

  /**
   * {@return a baseline of inputs alone: the profile of every column, without quality and latency}
   *
   * @param schema the columns of the rows
   * @param rows at least one; read during the call
   * @throws IllegalArgumentException if there is no row, or one has other columns
   */
  public static Baseline from(Schema schema, List<? extends Row> rows) {
    requireMatching(schema, rows, rows, rows);
    return build(schema, rows, List.of(), List.of(), null, Set.of());
  }

  private static void requireMatching(
      Schema schema, List<?> rows, List<?> predictions, List<?> truths) {
    requireNonNull(schema, "schema");
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("a baseline must have at least one row, but had none");
    }
    if (predictions.size() != rows.size() || truths.size() != rows.size()) {
      throw new IllegalArgumentException("wanted one prediction and one truth per row, got "
          + rows.size() + " rows, " + predictions.size() + " predictions, " + truths.size()
          + " truths");
    }
  }

  /**
   * {@return the baseline of a test phase: a profile of all of its rows, quality, by its metrics, and latency of its usable answers}
   *
   * @param schema the columns of the rows, and what is predicted
   * @param phase what the model answered
   * @throws IllegalArgumentException if a row has other columns
   */
  public static Baseline from(Schema schema, TestPhase phase) {
    List<Prediction> predictions = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    for (int i = 0; i < phase.size(); i++) {
      Truth truth = phase.rows().get(i).truth();
      phase.prediction(i).ifPresent(said -> {
        predictions.add(said);
        truths.add(truth);
      });
    }
    return build(
        requireNonNull(schema, "schema"),
        phase.rows().stream().map(Labelled::input).toList(),
        predictions,
        truths,
        phase.latency().orElse(null),
        phase.metrics());
  }

  private static Baseline build(
      Schema schema,
      List<? extends Row> rows,
      List<? extends Prediction> predictions,
      List<Truth> truths,
      @Nullable Latency latency,
      Set<Metric> measuring) {
    Row[] all = rows.toArray(new Row[0]);
    requireColumns(schema, all);
    Baseline.Builder baseline = Baseline.builder(schema).rows(all.length);
    Quality.of(schema, predictions, truths, measuring).forEach(baseline::quality);
    if (latency != null) {
      baseline.latency(latency);
    }
    List<String> labels =
        truths.stream().flatMap(truth -> truth.label().stream()).toList();
    if (!labels.isEmpty()) {
      baseline.labels(categories("label", labels));
    }
    profiles(schema, predictions).forEach(baseline::prediction);
    dependence(schema, predictions, truths).ifPresent(baseline::dependence);
    long numbers = schema.columns().stream()
        .filter(column -> column.type() == Column.Type.NUMBER)
        .count();
    int most = (int) Math.max(1, Math.min(SAMPLE, SAMPLES / Math.max(1, numbers)));
    int[] order = all.length > most ? drawn(all.length) : identity(all.length);
    for (int i = 0; i < schema.size(); i++) {
      baseline.column(profile(schema.column(i), i, all, order, most));
    }
    return baseline.build();
  }

  /**
   * {@return how predictions are distributed, as {@link Baseline#predictions()} has it; empty if there is none, or the first is of a
   * kind of the host's own}
   *
   * @param schema says the positive label
   * @param predictions of one kind
   */
  public static List<ColumnProfile> profiles(
      Schema schema, List<? extends Prediction> predictions) {
    Optional<PredictionColumns> columns = predictions.isEmpty()
        ? Optional.empty()
        : PredictionColumns.like(schema, predictions.get(0));
    return columns
        .map(each -> profiles(each, predictions.stream().map(each::row).toArray(Row[]::new)))
        .orElse(List.of());
  }

  private static List<ColumnProfile> profiles(PredictionColumns columns, Row[] rows) {
    int[] order = rows.length > SAMPLE ? drawn(rows.length) : identity(rows.length);
    List<ColumnProfile> profiles = new ArrayList<>();
    int most = Math.max(1, Math.min(SAMPLE, PREDICTED / columns.schema().size()));
    for (int i = 0; i < columns.schema().size(); i++) {
      profiles.add(profile(columns.schema().column(i), i, rows, order, most));
    }
    return profiles;
  }

  /** How far the losses depend on those before; empty if none was counted. */
  private static Optional<Dependence> dependence(
      Schema schema, List<? extends Prediction> predictions, List<Truth> truths) {
    Metric plainest = Metric.plainest(schema);
    DependenceEstimator losses = new DependenceEstimator();
    plainest.loss(schema).ifPresent(loss -> {
      for (int i = 0; i < predictions.size(); i++) {
        double cost = loss.of(predictions.get(i), truths.get(i));
        if (Math.abs(cost) <= DependenceEstimator.LARGEST) { // not NaN
          losses.add(cost);
        }
      }
    });
    return losses.values() == 0 ? Optional.empty() : Optional.of(losses.dependence());
  }

  @SuppressWarnings(
      "ReferenceEquality") // nearly all rows share one schema; others are compared by value
  private static void requireColumns(Schema schema, Row[] rows) {
    Schema known = schema;
    for (int i = 0; i < rows.length; i++) {
      Schema other = rows[i].schema();
      if (other != known) {
        if (!other.columns().equals(schema.columns())) {
          throw new IllegalArgumentException("row " + i + " has other columns than the schema: "
              + String.join("; ", other.differencesFrom(schema)));
        }
        known = other;
      }
    }
  }

  private static ColumnProfile profile(
      Column column, int index, Row[] rows, int[] order, int most) {
    return column.type() == Column.Type.NUMBER
        ? numbers(column.name(), index, rows, order, most)
        : categories(column.name(), index, rows);
  }

  private static NumberProfile numbers(String name, int column, Row[] rows, int[] order, int most) {
    double[] values = new double[rows.length];
    long missing = 0;
    double minimum = Double.POSITIVE_INFINITY;
    double maximum = Double.NEGATIVE_INFINITY;
    double largest = 0.0;
    for (int i = 0; i < rows.length; i++) {
      double value = rows[i].number(column);
      values[i] = value;
      if (Double.isNaN(value)) {
        missing++;
        continue;
      }
      minimum = Math.min(minimum, value);
      maximum = Math.max(maximum, value);
      if (Double.isFinite(value)) {
        largest = Math.max(largest, Math.abs(value));
      }
    }
    double scale = largest > LARGE ? SCALE : 1.0;
    long finite = 0;
    double mean = 0.0;
    double squares = 0.0;
    for (double value : values) {
      if (Double.isFinite(value)) {
        double scaled = value / scale;
        double ahead = scaled - mean;
        mean += ahead / ++finite;
        squares += ahead * (scaled - mean);
      }
    }
    double deviation = finite < 2 ? 0.0 : Math.sqrt(squares / (finite - 1));
    int n = (int) (rows.length - missing);
    double[] sample = new double[Math.min(n, most)];
    int drawn = 0;
    for (int i = 0; drawn < sample.length; i++) {
      double value = values[order[i]];
      if (!Double.isNaN(value)) {
        sample[drawn++] = value;
      }
    }
    return new NumberProfile(
        name,
        n,
        missing,
        mean * scale,
        Math.min(Double.MAX_VALUE, deviation * scale),
        n == 0 ? 0.0 : minimum,
        n == 0 ? 0.0 : maximum,
        sample);
  }

  private static CategoryProfile categories(String name, int column, Row[] rows) {
    return categories(name, Arrays.stream(rows).map(row -> row.category(column)).toList());
  }

  private static CategoryProfile categories(String name, List<String> kinds) {
    Map<String, Long> counts = new HashMap<>();
    long missing = 0;
    for (String kind : kinds) {
      if (kind.isEmpty()) {
        missing++;
      } else {
        counts.merge(kind, 1L, Long::sum);
      }
    }
    Map<String, Long> kept = new HashMap<>();
    counts.entrySet().stream()
        .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
            .thenComparing(Map.Entry.comparingByKey()))
        .limit(KINDS)
        .forEach(entry -> kept.put(entry.getKey(), entry.getValue()));
    long listed = kept.values().stream().mapToLong(Long::longValue).sum();
    return new CategoryProfile(name, kept, kinds.size() - missing - listed, missing);
  }

  /** Positions in the order of their hash. */
  private static int[] drawn(int n) {
    long[] keys = new long[n];
    for (int i = 0; i < n; i++) {
      keys[i] = (hash(i) & 0xffff_ffff_0000_0000L) | i;
    }
    Arrays.sort(keys);
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      order[i] = (int) keys[i];
    }
    return order;
  }

  private static int[] identity(int n) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      order[i] = i;
    }
    return order;
  }

  /** SplitMix64's finaliser over a fixed seed: the sample does not follow any period of the rows. */
  private static long hash(long position) {
    long z = (position + 1) * 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
