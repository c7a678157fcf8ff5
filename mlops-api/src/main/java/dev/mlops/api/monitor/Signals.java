package dev.mlops.api.monitor;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.model.Metric;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The grammar of what must hold: {@code quality("recall").noWorseThanBaseline(0.02)}, {@code latency().p99AtMost(…)}, {@code
 * features().falseAlarmEvery(…)}. Meant to be imported statically.
 *
 * <p><b>Which version</b>: a question about quality or latency reads the section of {@link Evidence#judged()}: the candidate's
 * while a candidate is judged by a gate, else the champion's. So the same limit may be asked by a gate, an alert and a policy.
 * What a detector watches, the
 * values of a {@link #column}, and {@link #freshTruths} are the champion's always. {@link QualityQuestions#noWorseThanChampion}
 * and {@link #goldenExamples} are INCONCLUSIVE while no candidate is judged.
 *
 * <p>A name that does not exist is refused here, with the nearest one, not when the rule is asked for the first time. So is a
 * limit that every value meets, or none.
 *
 * <p>What every method gives prints the call that makes it, and {@link #parse} reads that back.
 *
 * <p>Thread-safe, and everything it gives is immutable.
 *
 * @since 0.1
 */
public final class Signals {
  private Signals() {}

  /**
   * {@return questions about the quality of predictions whose truth has matured}
   *
   * @param metric such as {@code accuracy}, {@code recall}, {@code recall(fraud)}, {@code f_beta(2)}, {@code mae}
   * @throws IllegalArgumentException if there is no such metric; the message names the nearest one
   */
  public static QualityQuestions quality(String metric) {
    return quality(Metric.of(metric));
  }

  /**
   * {@return questions about the quality of predictions whose truth has matured}
   *
   * @param metric one of the library's or the host's own
   * @throws IllegalArgumentException if it compares segments; ask {@link #segment(String)} then
   */
  public static QualityQuestions quality(Metric metric) {
    if (metric.isBetweenSegments()) {
      throw new IllegalArgumentException(metric + " compares segments with each other; ask it of a"
          + " division, such as segment(\"country\").quality(\"" + metric + "\")");
    }
    return new QualityQuestions(metric, null);
  }

  /**
   * {@return questions about how long predictions take}
   */
  public static LatencyQuestions latency() {
    return new LatencyQuestions();
  }

  /**
   * {@return questions about calls that got no prediction}
   */
  public static FailureQuestions failures() {
    return new FailureQuestions();
  }

  /**
   * {@return questions about the columns of the rows that are served}
   */
  public static DriftQuestions features() {
    return new DriftQuestions(Watch.ofFeatures(FalseAlarms.every(Long.MAX_VALUE)));
  }

  /**
   * {@return questions about what is predicted, which need no truth: labels, scores and confidence, or quantities}
   */
  public static DriftQuestions predictions() {
    return new DriftQuestions(Watch.ofPredictions(FalseAlarms.every(Long.MAX_VALUE)));
  }

  /**
   * {@return questions about every segment of a division, and about how fairly it treats them}
   *
   * @param segmentation name of a column, or of a {@link Segmentation} that the monitor was given
   * @throws IllegalArgumentException if it is blank
   */
  public static SegmentQuestions segment(String segmentation) {
    return new SegmentQuestions(new Segment(segmentation, Optional.empty()));
  }

  /**
   * {@return questions about one segment}
   *
   * @param segmentation name of a column, or of a {@link Segmentation} that the monitor was given
   * @param value name of the segment, such as {@code DE}; of a column of numbers, of the band, such as {@code 10 to < 100}
   * @throws IllegalArgumentException if one is empty
   */
  public static SegmentQuestions segment(String segmentation, String value) {
    return new SegmentQuestions(new Segment(segmentation, Optional.of(value)));
  }

  /**
   * {@return questions about the values of one column in the newest rows that the champion was given}
   *
   * @param name of the column
   */
  public static ColumnQuestions column(String name) {
    return new ColumnQuestions(name);
  }

  /**
   * {@return questions about whether truths still come}
   */
  public static SilenceQuestions truth() {
    return new SilenceQuestions(Expression.Quantity.TRUTH_AGE);
  }

  /**
   * {@return questions about whether predictions are still asked for}
   */
  public static SilenceQuestions traffic() {
    return new SilenceQuestions(Expression.Quantity.PREDICTION_AGE);
  }

  /**
   * {@return questions about how old the champion is: since it was published in the store}
   *
   * <p>INCONCLUSIVE in the evidence of a monitor alone, which does not know it; that of a deployment does.
   */
  public static SilenceQuestions model() {
    return new SilenceQuestions(Expression.Quantity.MODEL_AGE);
  }

  /**
   * {@return questions about whether the monitor is still ticked}
   *
   * <p>They are answered when evidence is asked for: a host whose only thread for ticks also evaluates its alerts asks a
   * platform that scrapes {@code mlops.tick.age}, or another thread.
   */
  public static SilenceQuestions ticks() {
    return new SilenceQuestions(Expression.Quantity.TICK_AGE);
  }

  /**
   * {@return questions about where the newest rollout is}
   *
   * <p>INCONCLUSIVE in the evidence of a monitor alone, which does not know it; that of a deployment does.
   */
  public static ActivityQuestions rollout() {
    return new ActivityQuestions(Expression.Quantity.ROLLOUT, Activity.State.ofRollouts());
  }

  /**
   * {@return questions about where the retraining is}
   *
   * <p>INCONCLUSIVE in evidence that no maintenance loop told, and in that of a loop that waits while another one is at work.
   */
  public static ActivityQuestions retraining() {
    return new ActivityQuestions(Expression.Quantity.RETRAINING, Activity.State.ofRetraining());
  }

  /**
   * {@return the condition that all of several hold: FAIL if one FAILs, PASS if all PASS, else INCONCLUSIVE}
   *
   * @param conditions at least one
   * @throws IllegalArgumentException if there is none
   */
  public static CombinedCondition allOf(Condition... conditions) {
    return CombinedCondition.of(CombinedCondition.Kind.ALL_OF, conditions.length, conditions);
  }

  /**
   * {@return the condition that one of several holds: PASS if one PASSes, FAIL if all FAIL, else INCONCLUSIVE}
   *
   * <p>An alert on it fires only when all fail together. For drift that does harm see {@link WatchCondition#harming}.
   *
   * @param conditions at least one
   * @throws IllegalArgumentException if there is none
   */
  public static CombinedCondition anyOf(Condition... conditions) {
    return CombinedCondition.of(CombinedCondition.Kind.ANY_OF, 1, conditions);
  }

  /**
   * {@return the condition that at least a number of several hold: PASS if as many PASS, FAIL if even with those that are INCONCLUSIVE there
   * are not as many, else INCONCLUSIVE}
   *
   * @param wanted from 1 to the number of conditions
   * @param conditions at least one
   * @throws IllegalArgumentException if the number is out of range
   */
  public static CombinedCondition atLeast(int wanted, Condition... conditions) {
    return CombinedCondition.of(CombinedCondition.Kind.AT_LEAST, wanted, conditions);
  }

  /**
   * {@return the condition that another does not hold: PASS if it FAILs, FAIL if it PASSes, INCONCLUSIVE if it is}
   *
   * @param condition the other
   */
  public static CombinedCondition not(Condition condition) {
    return CombinedCondition.of(CombinedCondition.Kind.NOT, 1, condition);
  }

  /**
   * {@return the condition that the champion has at least this many matured truths of its own}
   *
   * <p>FAIL while it has fewer: an alert on it fires when truth stays away after a release, for as long as it does.
   *
   * @param least from 1 to 2<sup>53</sup>
   * @throws IllegalArgumentException if it is out of range
   */
  public static Condition freshTruths(long least) {
    Expression.requireTruths(least);
    return new BuiltInCondition.Plain(Expression.of(
        Expression.Quantity.FRESH_TRUTHS, Expression.Comparison.AT_LEAST, (double) least));
  }

  /**
   * {@return the condition that a candidate, loaded from its package, gives its golden examples again}
   */
  public static Condition goldenExamples() {
    return new BuiltInCondition.Plain(Expression.reproduced());
  }

  /**
   * {@return the condition that a text says: what a built-in condition prints, such as {@code
   * quality("recall").noWorseThanBaseline(0.02).falseAlarmEvery(100000)}, equal to the one that printed it}
   *
   * <p>Space between the parts is ignored. A time is written as {@code 20 ms}, {@code 1 h 30 min}, {@code 90 d} or {@code
   * PT5M}.
   *
   * @param text at most 100,000 characters, at most 100 conditions deep
   * @param own the host's own metrics that it may name; they go before the library's
   * @throws IllegalArgumentException if the text is no such condition, with what was wanted where, and the nearest name
   */
  public static Condition parse(String text, Metric... own) {
    return ConditionText.parse(text, List.of(own));
  }

  /**
   * Questions about quality.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class QualityQuestions {
    private final Metric metric;
    private final @Nullable Window window;

    private QualityQuestions(Metric metric, @Nullable Window window) {
      this.metric = metric;
      this.window = window;
    }

    /** {@return the metric that they are about} */
    public Metric metric() {
      return metric;
    }

    /**
     * {@return the same questions about the quality over another window than the monitor's default one}
     *
     * <p>A candidate that a gate judges has no windows: the answer is INCONCLUSIVE.
     *
     * @param window such as {@code Window.sinceRelease()} or {@code Window.of(Duration.ofHours(24))}; the monitor measures it
     *     when the condition was given to {@link MonitorFactory#watching}
     */
    public QualityQuestions over(Window window) {
      return new QualityQuestions(metric, window);
    }

    /**
     * {@return the same questions about the quality over another window than the monitor's default one}
     *
     * @param window as {@link Window#parse} reads it, such as {@code since release}, {@code last 500 truths} or {@code last 24 h}
     * @throws IllegalArgumentException if it says no window
     */
    public QualityQuestions over(String window) {
      return over(Window.parse(window));
    }

    /**
     * {@return the condition that quality is no worse than in the test phase by more than a tolerance}
     *
     * <p>It compares one snapshot: FAIL when the whole 99 % interval of the quality is beyond the tolerance, PASS when the
     * value is within it, INCONCLUSIVE in between, with fewer than 30 truths, or without a baseline. Asked again and again it
     * promises nothing about false alarms: for that, end it with {@link QualityCondition#falseAlarmEvery(long)}.
     *
     * @param tolerance in units of the metric; finite, at least 0, below the metric's range
     * @throws IllegalArgumentException if it is out of range
     */
    public QualityCondition noWorseThanBaseline(double tolerance) {
      return new QualityCondition(metric, tolerance, window);
    }

    /**
     * {@return the condition that quality is at least a limit, whatever the baseline; for a metric of which more is better}
     *
     * <p>FAIL when the whole 99 % interval of the quality is below it, PASS when the value is not, INCONCLUSIVE in between or
     * with fewer than 30 truths.
     *
     * @param limit in units of the metric, above its lowest value and at most its highest
     * @throws IllegalArgumentException if it is out of range, or less of the metric is better
     */
    public Condition atLeast(double limit) {
      return absolute(Expression.Comparison.AT_LEAST, limit);
    }

    /**
     * {@return the condition that quality is at most a limit, whatever the baseline; for a metric of which less is better}
     *
     * <p>FAIL when the whole 99 % interval of the quality is above it, PASS when the value is not, INCONCLUSIVE in between or
     * with fewer than 30 truths.
     *
     * @param limit in units of the metric, below its highest value and at least its lowest
     * @throws IllegalArgumentException if it is out of range, or more of the metric is better
     */
    public Condition atMost(double limit) {
      return absolute(Expression.Comparison.AT_MOST, limit);
    }

    private Condition absolute(Expression.Comparison comparison, double limit) {
      return new BuiltInCondition.Plain(Expression.of(
          Expression.Quantity.quality(metric),
          comparison,
          Expression.requireLimit(metric, comparison, limit),
          window));
    }

    /**
     * {@return the condition that the host's own detector of losses has found no drift}
     *
     * @param detector its name, as in {@link Watch#own(String, Metric)} given to {@link MonitorFactory#watching}
     * @throws IllegalArgumentException if the name is malformed, the metric has no loss per row, or it is over a window
     */
    public WatchCondition watchedBy(String detector) {
      QualityCondition.requireNoWindow("watchedBy", window);
      return new WatchCondition(Watch.own(detector, metric));
    }

    /**
     * {@return the condition that a candidate is no worse than the champion on the same held-back rows}
     *
     * <p>PASS when the whole 95 % interval of the paired difference is above minus the margin, FAIL when the whole interval
     * is below it, INCONCLUSIVE otherwise.
     *
     * @param margin in units of the metric; finite, at least 0, below the metric's range
     * @throws IllegalArgumentException if it is out of range, or it is over a window
     */
    public Condition noWorseThanChampion(double margin) {
      QualityCondition.requireNoWindow("noWorseThanChampion", window);
      return new BuiltInCondition.Plain(Expression.of(
          Expression.Quantity.quality(metric),
          Expression.Comparison.NO_WORSE_THAN_CHAMPION,
          Expression.requireDifference("margin", metric, margin)));
    }
  }

  /**
   * Questions about how old the newest of something is.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class SilenceQuestions {
    private final Expression.Quantity quantity;

    private SilenceQuestions(Expression.Quantity quantity) {
      this.quantity = quantity;
    }

    /**
     * {@return the condition that the newest of them is no older than a time}
     *
     * <p>Of truths: FAIL when one is waited for and the newest came longer ago; while none ever came, when the first prediction
     * was made longer ago. PASS when no prediction waits. Of predictions: FAIL when the newest was made longer ago; INCONCLUSIVE
     * before the first one. Of the model and of ticks: FAIL when it is older.
     *
     * <p>Where traffic rests at night, truths rest too: take a time that is longer than the rest, or let the rule hold on for as long
     * as a truth takes.
     *
     * @param time longer than zero
     * @throws IllegalArgumentException if it is not
     */
    public Condition newerThan(Duration time) {
      return new BuiltInCondition.Plain(Expression.atMost(quantity, time));
    }
  }

  /**
   * Questions about latency.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class LatencyQuestions {
    private LatencyQuestions() {}

    /**
     * {@return the condition that 99 of 100 predictions take at most a limit}
     *
     * <p>INCONCLUSIVE below 100 predictions. While a candidate is judged, its latency is the one that was measured on the
     * held-back rows.
     *
     * @param limit longer than zero
     * @throws IllegalArgumentException if it is not
     */
    public Condition p99AtMost(Duration limit) {
      return atMost(0.99, limit);
    }

    /**
     * {@return the condition that half of the predictions take at most a limit}
     *
     * <p>INCONCLUSIVE below 100 predictions.
     *
     * @param limit longer than zero
     * @throws IllegalArgumentException if it is not
     */
    public Condition p50AtMost(Duration limit) {
      return atMost(0.5, limit);
    }

    /**
     * {@return the condition that the 99th percentile of a candidate is at most a multiple of the champion's}
     *
     * <p>Both are of predictions that were served, or measured on held-back rows, at the same time. INCONCLUSIVE while one of
     * the two has fewer than 100, or no candidate is judged.
     *
     * @param times such as 1.5 for half as long again; finite, at least 1
     * @throws IllegalArgumentException if it is out of range
     */
    public Condition p99NoWorseThanChampion(double times) {
      return noWorseThanChampion(0.99, times);
    }

    /**
     * {@return the condition that the median latency of a candidate is at most a multiple of the champion's}
     *
     * <p>As {@link #p99NoWorseThanChampion}. A rollout whose sample is fixed beforehand judges it by the ranks of both.
     *
     * @param times such as 1.25 for a quarter longer; finite, at least 1
     * @throws IllegalArgumentException if it is out of range
     */
    public Condition p50NoWorseThanChampion(double times) {
      return noWorseThanChampion(0.5, times);
    }

    private static Condition noWorseThanChampion(double quantile, double times) {
      Watch.requireTimes(times);
      return new BuiltInCondition.Plain(Expression.of(
          Expression.Quantity.latency(quantile),
          Expression.Comparison.NO_WORSE_THAN_CHAMPION,
          times));
    }

    /**
     * {@return a condition to be completed by a promise: that the 99th percentile of the time that the model takes is at most a
     * multiple of what it was in the test phase}
     *
     * <p>See {@link Watch#latency} for what is measured and when the promise holds. The test phase must have timed at least 528
     * predictions, or the watch can find nothing and says so.
     *
     * @param times such as 1.5 for half as long again; finite, at least 1
     * @throws IllegalArgumentException if it is out of range
     */
    public LatencyWatchQuestions p99NoWorseThanBaseline(double times) {
      return new LatencyWatchQuestions(0.99, times);
    }

    /**
     * {@return a condition to be completed by a promise: that the median of the time that the model takes is at most a
     * multiple of what it was in the test phase}
     *
     * <p>As {@link #p99NoWorseThanBaseline}, but the test phase must have timed at least 8 predictions.
     *
     * @param times such as 1.5 for half as long again; finite, at least 1
     * @throws IllegalArgumentException if it is out of range
     */
    public LatencyWatchQuestions p50NoWorseThanBaseline(double times) {
      return new LatencyWatchQuestions(0.5, times);
    }

    /**
     * {@return questions about which share of predictions takes at most this time}
     *
     * @param limit longer than zero, at most an hour
     * @throws IllegalArgumentException if it is out of range
     */
    public TimelyQuestions within(Duration limit) {
      return new TimelyQuestions(Expression.Quantity.within(limit), null);
    }

    private static Condition atMost(double quantile, Duration limit) {
      return new BuiltInCondition.Plain(
          Expression.atMost(Expression.Quantity.latency(quantile), limit));
    }
  }

  /**
   * Questions about which share of predictions is made in time, such as a service-level objective.
   *
   * <p>The time counts from the intended start of a call. A monitor that was built for the condition counts it ({@link
   * MonitorFactory#watching}). Burn rates over several windows come from {@link BurnRates#latency}.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class TimelyQuestions {
    private final Expression.Quantity quantity;
    private final @Nullable Window window;

    private TimelyQuestions(Expression.Quantity quantity, @Nullable Window window) {
      this.quantity = quantity;
      this.window = window;
    }

    /**
     * {@return the same questions about the predictions of the last time; all since the version was first recorded by default}
     *
     * @param window of a time, such as {@code Window.of(Duration.ofHours(1))}, or since the release
     * @throws IllegalArgumentException if it is of a number of truths
     */
    public TimelyQuestions over(Window window) {
      if (window.truths().isPresent()) {
        throw new IllegalArgumentException(
            "a share of predictions in time must be over a time, but was asked over " + window);
      }
      return new TimelyQuestions(quantity, window.time().isPresent() ? window : null);
    }

    /**
     * {@return the same questions about the predictions of the last time}
     *
     * @param window as {@link Window#parse} reads it, such as {@code last 1 h}
     * @throws IllegalArgumentException if it says no window of a time
     */
    public TimelyQuestions over(String window) {
      return over(Window.parse(window));
    }

    /**
     * {@return the condition that at least a share of the predictions is made in time}
     *
     * <p>FAIL when the whole 99 % interval of the share is below the limit, PASS when the share is not, INCONCLUSIVE in between
     * and below 100 predictions.
     *
     * @param share above 0, at most 1
     * @throws IllegalArgumentException if it is out of range
     */
    public Condition atLeast(double share) {
      return new BuiltInCondition.Plain(Expression.of(
          quantity,
          Expression.Comparison.AT_LEAST,
          Expression.requireShare(Expression.Comparison.AT_LEAST, share),
          window));
    }
  }

  /**
   * Questions about where a rollout, or the retraining, is.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class ActivityQuestions {
    private final Expression.Quantity quantity;
    private final Set<Activity.State> possible;

    private ActivityQuestions(Expression.Quantity quantity, Set<Activity.State> possible) {
      this.quantity = quantity;
      this.possible = possible;
    }

    /**
     * {@return the condition that it is in none of some states: FAIL while it is in one of them}
     *
     * <p>With {@code holding(…)} of the alert rule it asks for how long: {@code rollout().isNot(PAUSED)} held for an hour fires
     * for a rollout that has been paused for an hour.
     *
     * @param states at least one
     * @throws IllegalArgumentException if there is none, it can never be in one of them, or it would always be in one
     */
    public Condition isNot(Activity.State... states) {
      if (states.length == 0) {
        throw new IllegalArgumentException("isNot must name a state of " + possible);
      }
      Set<Activity.State> named = EnumSet.copyOf(List.of(states));
      if (!possible.containsAll(named)) {
        named.removeAll(possible);
        throw new IllegalArgumentException(quantity + " is never " + named + "; it can be "
            + possible + ", so the condition could never fail");
      }
      if (named.size() == possible.size()) {
        throw new IllegalArgumentException(
            quantity + " is always in one of " + named + ", so the condition could never hold");
      }
      return new BuiltInCondition.Plain(Expression.noneOf(quantity, named));
    }
  }

  /**
   * A comparison of latency with the test phase, which a promise completes.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class LatencyWatchQuestions {
    private final double quantile;
    private final double times;

    private LatencyWatchQuestions(double quantile, double times) {
      this.quantile = quantile;
      this.times = Watch.requireTimes(times);
    }

    /**
     * {@return the condition, watched from the first prediction on, with one false alarm in a number of predictions}
     *
     * @param predictions at least 2
     * @throws IllegalArgumentException if there are fewer
     */
    public WatchCondition falseAlarmEvery(long predictions) {
      return new WatchCondition(Watch.ofLatency(quantile, times, FalseAlarms.every(predictions)));
    }

    /**
     * {@return the condition, watched from the first prediction on, with one false alarm in this time}
     *
     * @param time in blocks of one hour, unless {@link WatchCondition#inBlocksOf} says another length
     * @throws IllegalArgumentException if it is not longer than zero
     */
    public WatchCondition falseAlarmEvery(Duration time) {
      return new WatchCondition(Watch.ofLatency(quantile, times, FalseAlarms.every(time)));
    }
  }

  /**
   * Questions about calls that got no prediction: the model threw, or answered with nothing usable.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class FailureQuestions {
    private FailureQuestions() {}

    /**
     * {@return the condition that at most a share of the calls fails}
     *
     * <p>FAIL when the whole 99 % interval (Wilson) of the share is above the limit, PASS when the share is not and there were
     * 100 calls or more, INCONCLUSIVE in between. So a model that always fails is told after a few calls.
     *
     * @param share at least 0, below 1
     * @throws IllegalArgumentException if it is out of range
     */
    public Condition atMost(double share) {
      if (!(share >= 0 && share < 1)) {
        throw new IllegalArgumentException(
            "a share of failures must be >= 0 and < 1, but was " + share);
      }
      return new BuiltInCondition.Plain(
          Expression.of(Expression.Quantity.FAILURES, Expression.Comparison.AT_MOST, share));
    }
  }

  /**
   * Questions about the columns of rows, or about what is predicted: whether they have moved away from the baseline.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class DriftQuestions {
    /** What is watched, but for the promise. */
    private final Watch watch;

    private DriftQuestions(Watch watch) {
      this.watch = watch;
    }

    /**
     * {@return the same questions over windows of another size}
     *
     * @param rows per window, 30 to 1,000,000; 1,000 by default. A small window finds a large change sooner, a large one a
     *     smaller change
     * @throws IllegalArgumentException if it is out of range
     */
    public DriftQuestions windowOf(int rows) {
      return new DriftQuestions(watch.windowOf(rows));
    }

    /**
     * {@return the same questions, to which a change with a smaller effect is none, in any column}
     *
     * @param effect at least 0, below 1: Kolmogorov–Smirnov's D for numbers, Cramér's V for categories; 0 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public DriftQuestions leastEffect(double effect) {
      return new DriftQuestions(watch.leastEffect(effect));
    }

    /**
     * {@return the same questions, to which a change with a smaller effect in one column is none}
     *
     * @param column its name
     * @param effect at least 0, below 1
     * @throws IllegalArgumentException if it is out of range
     */
    public DriftQuestions leastEffect(String column, double effect) {
      return new DriftQuestions(watch.leastEffect(column, effect));
    }

    /**
     * {@return the same questions without some columns, such as an identifier or a date}
     *
     * @param columns their names, beside those that are ignored already
     */
    public DriftQuestions ignoring(String... columns) {
      return new DriftQuestions(watch.ignoring(columns));
    }

    /**
     * {@return the condition that columns have not moved away from the baseline}
     *
     * @param rows rows per false alarm; more than a window has
     * @throws IllegalArgumentException if it is out of range
     */
    public WatchCondition falseAlarmEvery(long rows) {
      return new WatchCondition(watch.promising(FalseAlarms.every(rows)));
    }

    /**
     * {@return the condition that columns have not moved away from the baseline}
     *
     * @param time time per false alarm, longer than zero; at least 50 blocks, of one hour unless {@link
     *     WatchCondition#inBlocksOf} says another length
     * @throws IllegalArgumentException if it is not longer than zero
     */
    public WatchCondition falseAlarmEvery(Duration time) {
      return new WatchCondition(watch.promising(FalseAlarms.every(time)));
    }

    /**
     * {@return the condition that the host's own detector of rows has found no drift}
     *
     * @param detector its name, as in {@link Watch#own(String)} given to {@link MonitorFactory#watching}
     * @throws IllegalArgumentException if the name is malformed, these are not questions about features, or a window, a least
     *     effect or columns to ignore were asked for: the host's own detector has its own
     */
    public WatchCondition watchedBy(String detector) {
      if (!watch.equals(Signals.features().watch)) {
        throw new IllegalArgumentException(
            "the host's own detector watches rows and has its own window, least effects and"
                + " columns; ask features().watchedBy(name)");
      }
      return new WatchCondition(Watch.own(detector));
    }
  }

  /**
   * Questions about segments. The monitor divides the rows: by the {@link Segmentation} of that name, or else by the column.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class SegmentQuestions {
    private final Segment segment;

    private SegmentQuestions(Segment segment) {
      this.segment = segment;
    }

    /**
     * {@return questions about the quality in the segments, by a metric}
     *
     * @param metric such as {@code recall}, {@code selection_rate} or, of every segment, {@code demographic_parity_ratio}
     * @throws IllegalArgumentException if there is no such metric, or it compares segments and one alone is asked about
     */
    public SegmentQualityQuestions quality(String metric) {
      return quality(Metric.of(metric));
    }

    /**
     * {@return questions about the quality in the segments, by a metric}
     *
     * @param metric one of the library's or the host's own
     * @throws IllegalArgumentException if it compares segments, and one alone is asked about
     */
    public SegmentQualityQuestions quality(Metric metric) {
      if (metric.isBetweenSegments() && segment.value().isPresent()) {
        throw new IllegalArgumentException(metric + " compares segments with each other, but "
            + segment + " alone is asked about; ask segment(\"" + segment.segmentation() + "\")");
      }
      return new SegmentQualityQuestions(segment, metric);
    }
  }

  /**
   * Questions about the quality in segments.
   *
   * <p>Of one segment: FAIL when its whole 99 % interval is beyond the limit, PASS when the value is within, INCONCLUSIVE in
   * between, with fewer than 30 rows that count, or where nothing was recorded in the segment. Of every segment: FAIL when one of
   * them fails, with the intervals widened so that 99 % hold for all of them together; the text names the worst. PASS when each of
   * them is within; else INCONCLUSIVE, also when one has too few rows. A metric that compares segments has one answer for all.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class SegmentQualityQuestions {
    private final Segment segment;
    private final Metric metric;

    private SegmentQualityQuestions(Segment segment, Metric metric) {
      this.segment = segment;
      this.metric = metric;
    }

    /**
     * {@return the condition that it is at least a limit; for a metric of which more is better}
     *
     * @param limit in units of the metric, above its lowest value and at most its highest
     * @throws IllegalArgumentException if it is out of range, or less of the metric is better
     */
    public Condition atLeast(double limit) {
      return absolute(Expression.Comparison.AT_LEAST, limit);
    }

    /**
     * {@return the condition that it is at most a limit; for a metric of which less is better}
     *
     * @param limit in units of the metric, below its highest value and at least its lowest
     * @throws IllegalArgumentException if it is out of range, or more of the metric is better
     */
    public Condition atMost(double limit) {
      return absolute(Expression.Comparison.AT_MOST, limit);
    }

    private Condition absolute(Expression.Comparison comparison, double limit) {
      return new BuiltInCondition.Plain(Expression.of(
              Expression.Quantity.quality(metric),
              comparison,
              Expression.requireLimit(metric, comparison, limit))
          .in(segment));
    }
  }

  /**
   * Questions about the values of one column, of the champion.
   *
   * <p>FAIL when the whole 99 % interval of the share is above the limit, PASS when the share is not, INCONCLUSIVE in between, with
   * fewer than 30 rows, and where the baseline does not tell what to expect of the column.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class ColumnQuestions {
    private final String column;

    private ColumnQuestions(String column) {
      this.column = column;
    }

    /** {@return questions about the share of rows in which the value is missing} */
    public ShareQuestions missing() {
      return new ShareQuestions(column, ColumnEvidence.Fault.MISSING);
    }

    /** {@return questions about the share of values that are a category which no test row had} */
    public ShareQuestions unseen() {
      return new ShareQuestions(column, ColumnEvidence.Fault.UNSEEN);
    }

    /** {@return questions about the share of values below the least or above the greatest of the test rows} */
    public ShareQuestions outOfRange() {
      return new ShareQuestions(column, ColumnEvidence.Fault.OUT_OF_RANGE);
    }
  }

  /**
   * Questions about a share of rows.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class ShareQuestions {
    private final String column;
    private final ColumnEvidence.Fault fault;

    private ShareQuestions(String column, ColumnEvidence.Fault fault) {
      this.column = column;
      this.fault = fault;
    }

    /**
     * {@return the condition that the share is at most a limit}
     *
     * @param limit at least 0, below 1
     * @throws IllegalArgumentException if it is out of range
     */
    public Condition atMost(double limit) {
      Expression.requireShare(Expression.Comparison.AT_MOST, limit);
      return new BuiltInCondition.Plain(Expression.of(
          Expression.Quantity.share(column, fault), Expression.Comparison.AT_MOST, limit));
    }
  }
}
