package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All that a built-in condition asks, as data: a quantity, how it is compared, with what, and what a monitor watches for it.
 * From it a condition is evaluated, printed, compared, and exported to another platform.
 *
 * <p>A quantity or a comparison that a reader does not know makes the condition not exportable for that reader: later
 * releases add more.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class Expression {
  /** Fewer truths, or inputs of a detector, say little. */
  static final long FEWEST_TRUTHS = 30;

  /** With fewer predictions, there is no 99th percentile. */
  private static final long FEWEST_LATENCIES = 100;

  /** Up to here a double holds every whole number. */
  private static final long MOST_TRUTHS = 1L << 53;

  private final Quantity quantity;
  private final Comparison comparison;
  private final @Nullable Double limit;
  private final @Nullable Duration time;
  private final @Nullable Watch watch;
  private final @Nullable Segment segment;
  private final @Nullable Window window;

  private final Set<Activity.State> states;

  /**
   * How a quantity is compared.
   *
   * @since 0.1
   */
  @Beta
  public enum Comparison {
    /** It must be at least the limit. */
    AT_LEAST,
    /** It must be at most the limit. */
    AT_MOST,
    /** It must be no worse than the test phase's by more than the limit. */
    NO_WORSE_THAN_BASELINE,
    /** It must be shown to be no worse than the test phase's by more than the limit, however often that is asked. */
    NO_WORSE_AT_ANY_LOOK,
    /**
     * A candidate's must be no worse than the champion's: quality on the same rows by more than the limit, a latency by more
     * than a number of times.
     */
    NO_WORSE_THAN_CHAMPION,
    /** A detector must not have found a drift. */
    UNMOVED,
    /** A candidate must give again what its package says it gave. */
    REPRODUCED,
    /** It must be in none of the states. */
    NONE_OF
  }

  /**
   * What is measured: the quality by a metric, a quantile of latency, or one of the constants.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  @Beta
  public static final class Quantity {
    /** The columns of the rows that the champion is given. */
    public static final Quantity FEATURES = new Quantity("features", "", null, Double.NaN);

    /** What the champion predicts. */
    public static final Quantity PREDICTIONS = new Quantity("predictions", "", null, Double.NaN);

    /** How many truths of the champion have matured. */
    public static final Quantity FRESH_TRUTHS = new Quantity("fresh_truths", "", null, Double.NaN);

    /** The share of calls that got no prediction: the model threw, or answered with nothing usable. */
    public static final Quantity FAILURES = new Quantity("failures", "", null, Double.NaN);

    /** How long ago the newest truth of the champion came; since its first prediction, while none has. */
    public static final Quantity TRUTH_AGE = new Quantity("truth_age", "seconds", null, Double.NaN);

    /** How long ago the newest prediction of the champion was recorded. */
    public static final Quantity PREDICTION_AGE =
        new Quantity("prediction_age", "seconds", null, Double.NaN);

    /** How long ago the champion was published in the store. */
    public static final Quantity MODEL_AGE = new Quantity("model_age", "seconds", null, Double.NaN);

    /** How long ago the newest tick of the monitor was. */
    public static final Quantity TICK_AGE = new Quantity("tick_age", "seconds", null, Double.NaN);

    /** Where the newest rollout is. */
    public static final Quantity ROLLOUT = new Quantity("rollout", "", null, Double.NaN);

    /** Where the retraining is. */
    public static final Quantity RETRAINING = new Quantity("retraining", "", null, Double.NaN);

    /** The share of the columns that a watch reads which have moved. */
    public static final Quantity MOVED_COLUMNS =
        new Quantity("moved_columns", "", null, Double.NaN);

    /** The golden examples of a candidate's package. */
    public static final Quantity GOLDEN_EXAMPLES =
        new Quantity("golden_examples", "", null, Double.NaN);

    private final String name;
    private final String unit;
    private final @Nullable Metric metric;
    private final double quantile;
    private final @Nullable String column;
    private final ColumnEvidence.@Nullable Fault fault;
    private final @Nullable Duration within;

    private Quantity(String name, String unit, @Nullable Metric metric, double quantile) {
      this(name, unit, metric, quantile, null, null, null);
    }

    private Quantity(
        String name,
        String unit,
        @Nullable Metric metric,
        double quantile,
        @Nullable String column,
        ColumnEvidence.@Nullable Fault fault,
        @Nullable Duration within) {
      this.within = within;
      this.column = column;
      this.fault = fault;
      this.name = name;
      this.unit = unit;
      this.metric = metric;
      this.quantile = quantile;
    }

    /**
     * {@return the quality by a metric}
     *
     * @param metric which
     */
    public static Quantity quality(Metric metric) {
      return new Quantity(metric.name(), metric.unit(), metric, Double.NaN);
    }

    /**
     * {@return a quantile of how long predictions take, in seconds}
     *
     * @param quantile 0.5 or 0.99
     * @throws IllegalArgumentException if it is another
     */
    public static Quantity latency(double quantile) {
      if (quantile != 0.5 && quantile != 0.99) {
        throw new IllegalArgumentException(
            "a quantile of latency must be 0.5 or 0.99, but was " + quantile);
      }
      return new Quantity(quantile == 0.5 ? "p50" : "p99", "seconds", null, quantile);
    }

    /**
     * {@return the share of the champion's newest rows of which a column has a fault}
     *
     * @param column its name
     * @param fault what is wrong with the value
     */
    public static Quantity share(String column, ColumnEvidence.Fault fault) {
      String name = fault.tag() + "(" + column + ")";
      return new Quantity(name, "", null, Double.NaN, column, fault, null);
    }

    /**
     * {@return the share of predictions that took at most this long}
     *
     * @param limit longer than zero, at most an hour
     * @throws IllegalArgumentException if it is out of range
     */
    public static Quantity within(Duration limit) {
      if (limit.isZero() || limit.isNegative()) {
        throw new IllegalArgumentException(
            "limit must be longer than zero, but was " + MlopsException.shown(limit));
      }
      if (limit.compareTo(Duration.ofHours(1)) > 0) {
        throw new IllegalArgumentException(
            "limit must be at most an hour, but was " + MlopsException.shown(limit));
      }
      String name = "within(" + MlopsException.shown(limit) + ")";
      return new Quantity(name, "", null, Double.NaN, null, null, limit);
    }

    /** {@return such as {@code recall}, {@code p99}, {@code failures}, {@code fresh_truths}, {@code golden_examples} or {@code features}} */
    public String name() {
      return name;
    }

    /** {@return the unit of its value and of a limit; empty for a share, a count, and what is in units of the output} */
    public String unit() {
      return unit;
    }

    /** {@return the metric, if it is quality} */
    public Optional<Metric> metric() {
      return Optional.ofNullable(metric);
    }

    /** {@return the quantile, 0 to 1, if it is a latency} */
    public OptionalDouble quantile() {
      return Double.isNaN(quantile) ? OptionalDouble.empty() : OptionalDouble.of(quantile);
    }

    /** {@return the column, if it is the share of its faults} */
    public Optional<String> column() {
      return Optional.ofNullable(column);
    }

    /** {@return the fault, if it is the share of rows that have it} */
    public Optional<ColumnEvidence.Fault> fault() {
      return Optional.ofNullable(fault);
    }

    /** {@return the time within which predictions are to be made, if it is the share of those that are} */
    public Optional<Duration> within() {
      return Optional.ofNullable(within);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Quantity that
          && name.equals(that.name)
          && Objects.equals(metric, that.metric)
          && Double.compare(quantile, that.quantile) == 0
          && Objects.equals(column, that.column)
          && fault == that.fault
          && Objects.equals(within, that.within);
    }

    @Override
    public int hashCode() {
      return Objects.hash(name, metric, quantile);
    }

    /** {@return the {@link #name()}} */
    @Override
    public String toString() {
      return name;
    }
  }

  private Expression(
      Quantity quantity,
      Comparison comparison,
      @Nullable Double limit,
      @Nullable Duration time,
      @Nullable Watch watch,
      @Nullable Window window) {
    this(quantity, comparison, limit, time, watch, window, null, Set.of());
  }

  private Expression(
      Quantity quantity,
      Comparison comparison,
      @Nullable Double limit,
      @Nullable Duration time,
      @Nullable Watch watch,
      @Nullable Window window,
      @Nullable Segment segment,
      Set<Activity.State> states) {
    this.states = states;
    this.segment = segment;
    this.quantity = requireNonNull(quantity, "quantity");
    this.comparison = requireNonNull(comparison, "comparison");
    this.limit = limit;
    this.time = time;
    this.watch = watch;
    this.window = window;
  }

  static Expression of(Quantity quantity, Comparison comparison, double limit) {
    return of(quantity, comparison, limit, null);
  }

  /** The same over a window; over the monitor's default one if it is null. */
  static Expression of(
      Quantity quantity, Comparison comparison, double limit, @Nullable Window window) {
    return new Expression(quantity, comparison, limit + 0.0, null, null, window);
  }

  /** The same, asked of segments. */
  Expression in(Segment segment) {
    return new Expression(quantity, comparison, limit, time, watch, window, segment, states);
  }

  static Expression atMost(Quantity latency, Duration limit) {
    if (limit.isZero() || limit.isNegative()) {
      throw new IllegalArgumentException(
          "limit must be longer than zero, but was " + MlopsException.shown(limit));
    }
    double seconds = limit.toSeconds() + limit.toNanosPart() / 1e9;
    return new Expression(latency, Comparison.AT_MOST, seconds, limit, null, null);
  }

  static Expression reproduced() {
    return new Expression(Quantity.GOLDEN_EXAMPLES, Comparison.REPRODUCED, null, null, null, null);
  }

  /** That a rollout, or retraining, is in none of some states. */
  static Expression noneOf(Quantity quantity, Set<Activity.State> states) {
    return new Expression(
        quantity,
        Comparison.NONE_OF,
        null,
        null,
        null,
        null,
        null,
        Collections.unmodifiableSet(EnumSet.copyOf(states)));
  }

  /** That at most a share of the columns that a watch reads have moved. */
  static Expression moved(Watch watch, double share) {
    return new Expression(
        Quantity.MOVED_COLUMNS, Comparison.AT_MOST, share + 0.0, null, watch, null);
  }

  /** Refuses a number of truths that is none, or that a double may not hold. */
  static void requireTruths(long least) {
    if (least < 1 || least > MOST_TRUTHS) {
      throw new IllegalArgumentException(
          "a number of truths must be whole, from 1 to " + MOST_TRUTHS + ", but was " + least);
    }
  }

  private static void requireTruths(double least) {
    if (!(least >= 1 && least <= MOST_TRUTHS) || least != Math.rint(least)) {
      throw new IllegalArgumentException(
          "a number of truths must be whole, from 1 to " + MOST_TRUTHS + ", but was " + least);
    }
  }

  /** Refuses a limit that every share meets, or none. */
  static double requireShare(Comparison comparison, double limit) {
    boolean atLeast = comparison == Comparison.AT_LEAST;
    if (atLeast ? !(limit > 0 && limit <= 1) : !(limit >= 0 && limit < 1)) {
      throw new IllegalArgumentException("the limit of a share must be "
          + (atLeast ? "above 0 and at most 1" : "at least 0 and below 1")
          + ", or every share would meet it, or none, but was " + limit);
    }
    return limit;
  }

  static Expression of(Watch watch) {
    Quantity quantity = watch
        .metric()
        .map(Quantity::quality)
        .orElse(
            watch.input() == Watch.Input.PREDICTIONS ? Quantity.PREDICTIONS : Quantity.FEATURES);
    if (watch.quantile().isPresent()) {
      quantity = Quantity.latency(watch.quantile().getAsDouble());
    }
    boolean ownLimit = watch.tolerance() != 0
        || (watch.metric().isPresent() && watch.detector().isEmpty());
    return new Expression(
        quantity,
        ownLimit ? Comparison.NO_WORSE_THAN_BASELINE : Comparison.UNMOVED,
        ownLimit ? watch.tolerance() : null,
        null,
        watch,
        null);
  }

  /**
   * {@return the condition that asks the same with another limit}
   *
   * @param limit in units of the quantity; of a latency and of an age, in seconds
   * @throws IllegalArgumentException if this has no limit, is watched by a detector, or the limit is out of its range
   */
  public Condition withLimit(double limit) {
    if (this.limit == null || watch != null) {
      throw new IllegalArgumentException(
          "a condition must compare one snapshot with a limit to be asked with another, but was "
              + this);
    }
    if (time != null) {
      if (!(limit > 0 && limit < 1e9)) {
        throw new IllegalArgumentException(
            "limit must be above 0 and below 1e9 seconds, but was " + limit);
      }
      return new BuiltInCondition.Plain(
          atMost(quantity, Duration.ofNanos(Math.round(limit * 1e9))));
    }
    Metric metric = quantity.metric().orElse(null);
    if (metric != null) {
      if (comparison == Comparison.AT_LEAST || comparison == Comparison.AT_MOST) {
        requireLimit(metric, comparison, limit);
      } else {
        requireDifference("limit", metric, limit);
      }
    } else if (quantity.equals(Quantity.FRESH_TRUTHS)) {
      requireTruths(limit);
    } else if (quantity.quantile().isPresent()) {
      Watch.requireTimes(limit);
    } else {
      requireShare(comparison, limit);
    }
    return new BuiltInCondition.Plain(
        new Expression(quantity, comparison, limit + 0.0, null, null, window, segment, states));
  }

  /** Refuses a tolerance or a margin that no two values of a metric can be apart. */
  static double requireDifference(String name, Metric metric, double difference) {
    if (!(difference >= 0) || !Double.isFinite(difference)) {
      throw new IllegalArgumentException(name + " must be finite and >= 0, but was " + difference);
    }
    double range = metric.highest() - metric.lowest();
    if (difference >= range) {
      throw new IllegalArgumentException(name + " must be below " + range + ", the range of "
          + metric + ", or nothing would ever be worse; was " + difference);
    }
    return difference;
  }

  /** Refuses a limit that every value of a metric meets, or none. */
  static double requireLimit(Metric metric, Comparison comparison, double limit) {
    boolean atLeast = comparison == Comparison.AT_LEAST;
    if (atLeast != metric.higherIsBetter()) {
      throw new IllegalArgumentException("of " + metric + (atLeast ? " less" : " more")
          + " is better, so a limit must be "
          + (atLeast ? "atMost(" : "atLeast(") + limit + "), but was "
          + (atLeast ? "atLeast" : "atMost"));
    }
    boolean canFail = atLeast ? limit > metric.lowest() : limit < metric.highest();
    double least = metric.isSigned() ? 0.0 : metric.lowest();
    boolean canPass = atLeast ? limit <= metric.highest() : limit >= least;
    if (!Double.isFinite(limit) || !canFail || !canPass) {
      throw new IllegalArgumentException("limit of " + metric + " must be finite and in "
          + least + " to " + metric.highest()
          + (atLeast ? ", above the lowest" : ", below the highest") + ", but was " + limit);
    }
    return limit;
  }

  /** {@return what is measured} */
  public Quantity quantity() {
    return quantity;
  }

  /** {@return how it is compared} */
  public Comparison comparison() {
    return comparison;
  }

  /**
   * {@return the limit, tolerance or margin, in units of the quantity; empty for {@link Comparison#UNMOVED}, {@link
   * Comparison#REPRODUCED} and {@link Comparison#NONE_OF}}
   */
  public OptionalDouble limit() {
    return limit == null ? OptionalDouble.empty() : OptionalDouble.of(limit);
  }

  /** {@return the limit of a latency, exactly; empty for other quantities} */
  public Optional<Duration> time() {
    return Optional.ofNullable(time);
  }

  /** {@return what a monitor watches for it; empty if it reads a snapshot} */
  public Optional<Watch> watch() {
    return Optional.ofNullable(watch);
  }

  /** {@return the segments that it asks about; empty if it asks about all rows together} */
  public Optional<Segment> segment() {
    return Optional.ofNullable(segment);
  }

  /** {@return the states that must not be; empty unless it is {@link Comparison#NONE_OF}} */
  public Set<Activity.State> states() {
    return states;
  }

  /**
   * {@return the window that a quality, or a share of predictions in time, is of; empty for other quantities, for the monitor's
   * default window, and for a share since the version was first recorded}
   */
  public Optional<Window> window() {
    return Optional.ofNullable(window);
  }

  /**
   * {@return how many observations there must be at least for an answer: 30 truths, rows of a column, or inputs of a detector; 100
   * predictions for a latency or the share of those in time, 100 calls for a share of failures; 1 for what brings its own}
   */
  public long fewest() {
    if (quantity.quantile().isPresent()
        || quantity.within().isPresent()
        || quantity.equals(Quantity.FAILURES)) {
      return FEWEST_LATENCIES;
    }
    boolean counted = watch != null
        || quantity.fault().isPresent()
        || (quantity.metric().isPresent()
            && comparison != Comparison.NO_WORSE_THAN_CHAMPION
            && comparison != Comparison.NO_WORSE_AT_ANY_LOOK);
    return counted ? FEWEST_TRUTHS : 1;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Expression that
        && quantity.equals(that.quantity)
        && comparison == that.comparison
        && Objects.equals(limit, that.limit)
        && Objects.equals(time, that.time)
        && Objects.equals(watch, that.watch)
        && Objects.equals(segment, that.segment)
        && Objects.equals(window, that.window)
        && states.equals(that.states);
  }

  @Override
  public int hashCode() {
    return Objects.hash(quantity, comparison, limit, time, watch, window, segment, states);
  }

  /** {@return the call that makes the condition, such as {@code quality("recall").noWorseThanBaseline(0.02)}} */
  @Override
  public String toString() {
    return ConditionText.of(this);
  }
}
