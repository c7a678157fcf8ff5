package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Schema;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * What a monitor must watch from the first prediction on: an input, and either how far it may move and how often a false
 * alarm may come, or the name of the host's own detector. Equal watches share one detector.
 *
 * <p>A watch has an {@link #id()} made from its content, such as {@code recall-worse-0.02} or {@code features-moved}: its tag
 * in meters, its key in JSON and in maps. Where several watches of one monitor differ only in their promise, {@link #ids}
 * adds the promise to the id of each. A host may name a watch itself ({@link #named}). What a watch prints is for people and
 * may change; ids do not.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Watch {
  private static final int SMALLEST_WINDOW = 30;

  private static final int LARGEST_WINDOW = 1_000_000;

  /** Rows per window of the monitor's own detector of features or predictions, unless another is asked for. */
  public static final int WINDOW = 1_000;

  private static final int LONGEST_NAME = 64;

  /** Longer lists of columns are told by a checksum. */
  private static final int LONGEST_LIST = 48;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1," + LONGEST_NAME + "}");

  private final Input input;
  private final @Nullable Metric metric;
  private final double tolerance;
  private final @Nullable FalseAlarms falseAlarms;
  private final @Nullable String detector;
  private final int window;
  private final double leastEffect;
  private final Map<String, Double> leastEffects;
  private final Set<String> ignored;
  private final @Nullable String name;
  private final double quantile;

  /**
   * What can be watched.
   *
   * @since 0.1
   */
  public enum Input {
    /** The loss of each prediction whose truth has matured. */
    QUALITY,
    /** The columns of each row that is served. */
    FEATURES,
    /** What is predicted: labels, scores and quantities. It needs no truth. */
    PREDICTIONS,
    /**
     * How long the model took for each prediction, or the whole call where its parts are not told apart; without waiting before
     * it. That is what a test phase measures.
     */
    LATENCY
  }

  private Watch(Draft draft) {
    this.input = draft.input;
    this.metric = draft.metric;
    this.tolerance = draft.tolerance;
    this.falseAlarms = draft.falseAlarms;
    this.detector = draft.detector;
    this.window = draft.window;
    this.leastEffect = draft.leastEffect;
    this.leastEffects = Collections.unmodifiableMap(new TreeMap<>(draft.leastEffects));
    this.ignored = Collections.unmodifiableSet(new TreeSet<>(draft.ignored));
    this.name = draft.name;
    this.quantile = draft.quantile;
  }

  /**
   * {@return a watch of whether a quantile of latency is more than a multiple of what it was in the test phase}
   *
   * <p>A prediction counts as slow if it took longer than {@code times} the upper bound of the quantile in the test phase
   * ({@link dev.mlops.api.pack.Latency#upper}). The watch tests whether more of them are slow than a quantile allows: 1 of 100
   * for the 99th percentile. The promise holds where each prediction is slow with at most that chance, whatever came before; slow
   * predictions that come in bursts break it.
   *
   * @param quantile 0.5 or 0.99
   * @param times such as 1.5 for half as long again; finite, at least 1
   * @param falseAlarms how often a false alarm may come
   * @throws IllegalArgumentException if the quantile or the times are out of range, or the promise leaves fewer than 50 blocks
   *     per false alarm
   */
  public static Watch latency(double quantile, double times, FalseAlarms falseAlarms) {
    return ofLatency(quantile, times, falseAlarms).checked();
  }

  /** As {@link #latency}, but for the number of blocks: {@link #checked} looks at that. */
  static Watch ofLatency(double quantile, double times, FalseAlarms falseAlarms) {
    Draft draft = new Draft(Input.LATENCY);
    draft.quantile = Expression.Quantity.latency(quantile).quantile().orElseThrow();
    draft.tolerance = requireTimes(times);
    draft.falseAlarms = requireNonNull(falseAlarms, "falseAlarms");
    return new Watch(draft);
  }

  static double requireTimes(double times) {
    if (!(times >= 1) || Double.isInfinite(times)) {
      throw new IllegalArgumentException("times must be finite and >= 1, but was " + times);
    }
    return times;
  }

  /**
   * {@return a watch of whether quality is worse than in the test phase by more than a tolerance}
   *
   * @param metric whose loss per row
   * @param tolerance how much worse is allowed, in units of the metric; finite, at least 0, less than the metric's range
   * @param falseAlarms how often a false alarm may come
   * @throws IllegalArgumentException if the metric has no loss per row, the tolerance is out of range, or the promise leaves
   *     fewer than 50 blocks per false alarm
   */
  public static Watch quality(Metric metric, double tolerance, FalseAlarms falseAlarms) {
    return ofQuality(metric, tolerance, falseAlarms).checked();
  }

  /** As {@link #quality}, but for the number of blocks: {@link #checked} looks at that. */
  static Watch ofQuality(Metric metric, double tolerance, FalseAlarms falseAlarms) {
    requireLossPerRow(metric);
    Expression.requireDifference("tolerance", metric, tolerance);
    Draft draft = new Draft(Input.QUALITY);
    draft.metric = metric;
    draft.tolerance = tolerance;
    draft.falseAlarms = requireNonNull(falseAlarms, "falseAlarms");
    return new Watch(draft);
  }

  /**
   * {@return a watch of whether columns have moved away from the baseline, in windows of 1,000 rows}
   *
   * @param falseAlarms how often a false alarm may come
   * @throws IllegalArgumentException if the promise leaves fewer than 50 blocks per false alarm
   */
  public static Watch features(FalseAlarms falseAlarms) {
    return ofFeatures(falseAlarms).checked();
  }

  /** As {@link #features}, but for the number of blocks: {@link #checked} looks at that. */
  static Watch ofFeatures(FalseAlarms falseAlarms) {
    Draft draft = new Draft(Input.FEATURES);
    draft.window = WINDOW;
    draft.falseAlarms = requireNonNull(falseAlarms, "falseAlarms");
    return new Watch(draft);
  }

  /**
   * {@return a watch of whether predictions are distributed otherwise than in the test phase, in windows of 1,000}
   *
   * <p>Of a classifier the columns {@code label}, {@code score} (of the positive label, if there is one) and {@code confidence}
   * (the score of the predicted label) are watched, of quantities each output, of anomalies {@code anomalous} and {@code score}:
   * {@link dev.mlops.api.pack.Baseline#predictions()}. A baseline that does not have them is not watched, and the reading says so.
   *
   * @param falseAlarms how often a false alarm may come
   * @throws IllegalArgumentException if the promise leaves fewer than 50 blocks per false alarm
   */
  public static Watch predictions(FalseAlarms falseAlarms) {
    return ofPredictions(falseAlarms).checked();
  }

  /** As {@link #predictions}, but for the number of blocks: {@link #checked} looks at that. */
  static Watch ofPredictions(FalseAlarms falseAlarms) {
    Draft draft = new Draft(Input.PREDICTIONS);
    draft.window = WINDOW;
    draft.falseAlarms = requireNonNull(falseAlarms, "falseAlarms");
    return new Watch(draft);
  }

  /**
   * {@return what the host's own detector of losses watches}
   *
   * @param detector its name: 1 to 64 letters, digits, dots, hyphens and underscores
   * @param metric whose loss per matured truth it is fed: accuracy, precision and recall give 0 or 1, mae the absolute
   *     error
   * @throws IllegalArgumentException if the name is malformed or the metric has no loss per row
   */
  public static Watch own(String detector, Metric metric) {
    requireLossPerRow(metric);
    Draft draft = new Draft(Input.QUALITY);
    draft.metric = metric;
    draft.detector = requireName("a detector's name", detector);
    return new Watch(draft);
  }

  /**
   * {@return what the host's own detector of rows watches}
   *
   * @param detector its name: 1 to 64 letters, digits, dots, hyphens and underscores
   * @throws IllegalArgumentException if the name is malformed
   */
  public static Watch own(String detector) {
    Draft draft = new Draft(Input.FEATURES);
    draft.detector = requireName("a detector's name", detector);
    return new Watch(draft);
  }

  /**
   * {@return the same watch of features or predictions with windows of another size}
   *
   * @param rows per window, 30 to 1,000,000 and fewer than the promise has; 1,000 by default. A small window finds a large
   *     change sooner, a large one a smaller change
   * @throws IllegalArgumentException if it is out of range, or the monitor's own detector of features or predictions is not what
   *     watches
   */
  public Watch windowOf(int rows) {
    Draft draft = requireOfRows("a window");
    if (rows < SMALLEST_WINDOW || rows > LARGEST_WINDOW) {
      throw new IllegalArgumentException("a window must have rows from " + SMALLEST_WINDOW + " to "
          + LARGEST_WINDOW + ", but was " + rows);
    }
    draft.window = rows;
    return new Watch(draft).requirePromise();
  }

  /** Refuses a promise that each window would break: no detector can keep it. */
  private Watch requirePromise() {
    if (window > 0
        && falseAlarms != null
        && falseAlarms.inputs().isPresent()
        && falseAlarms.inputs().getAsLong() <= window) {
      throw new IllegalArgumentException(
          "a false alarm must come less often than once per window of " + window
              + " rows, but the promise was one in " + falseAlarms.inputs().getAsLong());
    }
    return this;
  }

  /**
   * {@return the same watch of features or predictions that finds no change with a smaller effect, in any column}
   *
   * @param effect at least 0, below 1: Kolmogorov–Smirnov's D for numbers, Cramér's V for categories; 0 by default
   * @throws IllegalArgumentException if it is out of range, or the monitor's own detector of features or predictions is not what watches
   */
  public Watch leastEffect(double effect) {
    Draft draft = requireOfRows("a least effect");
    draft.leastEffect = requireEffect(effect);
    return new Watch(draft);
  }

  /**
   * {@return the same watch of features or predictions that finds no change with a smaller effect in one column}
   *
   * @param column its name
   * @param effect at least 0, below 1
   * @throws IllegalArgumentException if it is out of range, or the monitor's own detector of features or predictions is not what watches
   */
  public Watch leastEffect(String column, double effect) {
    Draft draft = requireOfRows("a least effect");
    draft.leastEffects.put(requireNonNull(column, "column"), requireEffect(effect));
    return new Watch(draft);
  }

  /**
   * {@return the same watch of features or predictions without some columns}
   *
   * @param columns their names, beside those that are ignored already
   * @throws IllegalArgumentException if the monitor's own detector of features or predictions is not what watches
   */
  public Watch ignoring(String... columns) {
    Draft draft = requireOfRows("a list of columns to ignore");
    draft.ignored.addAll(Arrays.asList(columns));
    return new Watch(draft);
  }

  /**
   * {@return the same watch under an id of the host's choice}
   *
   * @param id unique among the monitor's watches; 1 to 64 letters, digits, dots, hyphens and underscores
   * @throws IllegalArgumentException if it is malformed
   */
  public Watch named(String id) {
    Draft draft = new Draft(this);
    draft.name = requireName("a watch's id", id);
    return new Watch(draft);
  }

  /** The same watch with another promise, which {@link #checked} looks at. */
  Watch promising(FalseAlarms promise) {
    Draft draft = new Draft(this);
    draft.falseAlarms = promise;
    return new Watch(draft).requirePromise();
  }

  /**
   * {@return this}
   *
   * @throws IllegalArgumentException if its promise leaves fewer than 50 blocks per false alarm
   */
  Watch checked() {
    if (falseAlarms != null) {
      falseAlarms.count();
    }
    return this;
  }

  private Draft requireOfRows(String what) {
    if (window == 0) {
      throw new IllegalArgumentException(what
          + " belongs to the monitor's own detector of features or predictions, but this watches "
          + this);
    }
    return new Draft(this);
  }

  /** {@return what is watched} */
  public Input input() {
    return input;
  }

  /** {@return for {@link Input#QUALITY}, whose losses; empty otherwise} */
  public Optional<Metric> metric() {
    return Optional.ofNullable(metric);
  }

  /** {@return for {@link Input#LATENCY}, which quantile, 0 to 1; empty otherwise} */
  public OptionalDouble quantile() {
    return quantile == 0 ? OptionalDouble.empty() : OptionalDouble.of(quantile);
  }

  /**
   * {@return for {@link Input#QUALITY}, how much worse than the baseline is allowed, in units of the metric; for {@link
   * Input#LATENCY}, how many times the baseline's; 0 otherwise and for the host's own detector}
   */
  public double tolerance() {
    return tolerance;
  }

  /** {@return how often a false alarm may come; empty for the host's own detector, which has its own promise} */
  public Optional<FalseAlarms> falseAlarms() {
    return Optional.ofNullable(falseAlarms);
  }

  /** {@return the name of the host's own detector, as given to {@link MonitorFactory#watching}; empty for the monitor's} */
  public Optional<String> detector() {
    return Optional.ofNullable(detector);
  }

  /** {@return rows per window of the monitor's own detector of features or predictions; 0 for other watches} */
  public int window() {
    return window;
  }

  /** {@return the smallest effect that is a finding, 0 to 1; 0 unless {@link #leastEffect(double)} was asked for} */
  public double leastEffect() {
    return leastEffect;
  }

  /** {@return the smallest effect that is a finding, by column, where it is another than {@link #leastEffect()}} */
  public Map<String, Double> leastEffects() {
    return leastEffects;
  }

  /** {@return the columns that are not watched, by name} */
  public Set<String> ignored() {
    return ignored;
  }

  /**
   * {@return those columns of rows that it watches, if it watches features}
   *
   * @param schema of the rows
   */
  public List<Column> columns(Schema schema) {
    return schema.columns().stream()
        .filter(column -> !ignored.contains(column.name()))
        .toList();
  }

  /** {@return the id that the host chose, if it did} */
  public Optional<String> name() {
    return Optional.ofNullable(name);
  }

  /**
   * {@return the id: the host's name for it, or made from all of its content but the promise, such as {@code
   * recall-worse-0.02}, {@code features-moved}, or the name of the host's own detector}
   */
  public String id() {
    if (name != null) {
      return name;
    }
    if (detector != null) {
      return detector;
    }
    if (metric != null) {
      return metric.name() + "-worse-" + Figures.exact(tolerance);
    }
    if (input == Input.LATENCY) {
      return Expression.Quantity.latency(quantile) + "-worse-" + Figures.exact(tolerance);
    }
    return noun() + "-moved"
        + (window == WINDOW ? "" : "-in-" + window)
        + (leastEffect == 0 ? "" : "-by-" + Figures.exact(leastEffect))
        + list("-by-", leastEffects.toString())
        + list("-but-", String.join("-", ignored));
  }

  private String noun() {
    return input == Input.PREDICTIONS ? "predictions" : "features";
  }

  private static String list(String before, String columns) {
    if (columns.isEmpty() || columns.equals("{}")) {
      return "";
    }
    String readable =
        columns.replace("{", "").replace("}", "").replace(", ", "-").replace('=', '-');
    if (readable.length() <= LONGEST_LIST && NAME.matcher(readable).matches()) {
      return before + readable;
    }
    CRC32 sum = new CRC32();
    sum.update(columns.getBytes(StandardCharsets.UTF_8));
    return before + String.format("%08x", sum.getValue());
  }

  /** What tells watches of one {@link #id()} apart. */
  private String suffix() {
    if (name != null) {
      return "";
    }
    if (falseAlarms == null) {
      return metric == null ? "-of-rows" : "-of-" + metric.name();
    }
    Optional<Duration> time = falseAlarms.time();
    if (time.isEmpty()) {
      return "-every-" + falseAlarms.inputs().orElseThrow();
    }
    return "-every-" + compact(time.get())
        + (falseAlarms.block().equals(FalseAlarms.every(time.get()).block())
            ? ""
            : "-by-" + compact(falseAlarms.block()));
  }

  private static String compact(Duration time) {
    return MlopsException.shown(time).replace(" ", "");
  }

  /**
   * {@return the ids of the watches of one monitor, in their order: the {@link #id()} of each, and where several share it the
   * promise of each behind it, such as {@code recall-worse-0.02-every-100000}}
   *
   * @param watches of one monitor; of equal ones the first counts
   * @throws IllegalArgumentException if two that are not equal have the same name
   */
  public static Map<Watch, String> ids(Collection<Watch> watches) {
    Map<String, Integer> shared = new HashMap<>();
    Map<Watch, String> ids = new LinkedHashMap<>();
    for (Watch watch : watches) {
      if (ids.putIfAbsent(watch, watch.id()) == null) {
        shared.merge(watch.id(), 1, Integer::sum);
      }
    }
    Map<String, Watch> seen = new HashMap<>();
    ids.replaceAll((watch, id) -> shared.getOrDefault(id, 0) > 1 ? id + watch.suffix() : id);
    ids.forEach((watch, id) -> {
      Watch other = seen.put(id, watch);
      if (other != null) {
        throw new IllegalArgumentException(
            "the watches of a monitor must have ids of their own, but \""
                + MlopsException.shown(id) + "\" is " + other + " and " + watch
                + "; name one with named(id)");
      }
    });
    return Collections.unmodifiableMap(ids);
  }

  private static String requireName(String what, String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(what + " must be 1 to " + LONGEST_NAME
          + " letters, digits, dots, hyphens and underscores, but had " + name.length()
          + " characters or others");
    }
    return name;
  }

  private static double requireEffect(double effect) {
    if (!(effect >= 0 && effect < 1)) {
      throw new IllegalArgumentException(
          "a least effect must be at least 0 and below 1, but was " + effect);
    }
    return effect + 0.0;
  }

  static void requireLossPerRow(Metric metric) {
    if (!metric.hasLoss()) {
      throw new IllegalArgumentException("metric " + metric
          + " has no bounded loss per row, so no false-alarm promise can be kept for it; wanted"
          + " accuracy, precision, recall, specificity, brier, mae or a host's own mean of rows, or a"
          + " snapshot without falseAlarmEvery");
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Watch that
        && input == that.input
        && Objects.equals(metric, that.metric)
        && Double.compare(tolerance, that.tolerance) == 0
        && Objects.equals(falseAlarms, that.falseAlarms)
        && Objects.equals(detector, that.detector)
        && window == that.window
        && Double.compare(leastEffect, that.leastEffect) == 0
        && leastEffects.equals(that.leastEffects)
        && ignored.equals(that.ignored)
        && Objects.equals(name, that.name)
        && quantile == that.quantile;
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        input,
        metric,
        tolerance,
        falseAlarms,
        detector,
        window,
        leastEffect,
        leastEffects,
        ignored,
        name,
        quantile);
  }

  /** {@return such as {@code recall worse by 0.02, one false alarm in 100000 inputs}; for people, it may change} */
  @Override
  public String toString() {
    if (detector != null) {
      return (metric == null ? "features" : metric.name()) + " watched by " + detector;
    }
    if (input == Input.LATENCY) {
      return Expression.Quantity.latency(quantile) + " more than " + Figures.exact(tolerance)
          + " times the test phase's, " + falseAlarms;
    }
    String what = metric != null
        ? metric + " worse by " + Figures.exact(tolerance)
        : noun() + " moved"
            + (leastEffect == 0 ? "" : " by " + Figures.exact(leastEffect))
            + (window == WINDOW ? "" : " in windows of " + window)
            + (leastEffects.isEmpty() ? "" : ", least effects " + leastEffects)
            + (ignored.isEmpty() ? "" : ", without " + String.join(", ", ignored));
    return what + ", " + falseAlarms;
  }

  /** What a watch is made from. */
  private static final class Draft {
    private final Input input;
    private final Map<String, Double> leastEffects = new TreeMap<>();
    private final Set<String> ignored = new TreeSet<>();
    private @Nullable Metric metric;
    private double tolerance;
    private @Nullable FalseAlarms falseAlarms;
    private @Nullable String detector;
    private int window;
    private double leastEffect;
    private @Nullable String name;
    /** Of latency; 0 for others. */
    private double quantile;

    Draft(Input input) {
      this.input = input;
    }

    Draft(Watch watch) {
      this(watch.input);
      metric = watch.metric;
      tolerance = watch.tolerance;
      falseAlarms = watch.falseAlarms;
      detector = watch.detector;
      window = watch.window;
      leastEffect = watch.leastEffect;
      leastEffects.putAll(watch.leastEffects);
      ignored.addAll(watch.ignored);
      name = watch.name;
      quantile = watch.quantile;
    }
  }
}
