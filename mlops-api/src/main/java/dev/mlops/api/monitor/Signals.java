package dev.mlops.api.monitor;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import java.time.Duration;
import java.util.Locale;

/**
 * The grammar of what rules ask: {@code quality("recall").noWorseThanBaseline(0.02)}, {@code latency().p99AtMost(…)}, {@code
 * features().falseAlarmEvery(…)}. Meant to be imported statically.
 *
 * <p>A name that does not exist is refused here, with the nearest one, not when the rule is asked for the first time.
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
   * @param metric {@code accuracy}, {@code precision}, {@code recall}, {@code f1}, {@code log_loss}, {@code mae}, {@code
   *     rmse} or {@code r2}
   * @throws IllegalArgumentException if there is no such metric; the message names the nearest one
   */
  public static QualityQuestions quality(String metric) {
    return new QualityQuestions(Metric.of(metric));
  }

  /**
   * {@return questions about how long predictions take}
   */
  public static LatencyQuestions latency() {
    return new LatencyQuestions();
  }

  /**
   * {@return questions about the columns of the rows that are served}
   */
  public static FeatureQuestions features() {
    return new FeatureQuestions();
  }

  /**
   * {@return a condition that is met once the champion has at least so many matured truths of its own}
   *
   * @param least at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public static Condition freshTruths(long least) {
    if (least < 1) {
      throw new IllegalArgumentException("least must be >= 1, but was " + least);
    }
    return new NamedCondition(
        "at least " + least + " fresh truths",
        evidence -> evidence
            .champion()
            .map(champion -> champion.matured() >= least
                ? Finding.pass("fresh truths " + champion.matured() + ", wanted " + least)
                : Finding.fail("fresh truths " + champion.matured() + ", wanted " + least))
            .orElse(Finding.inconclusive("nothing served yet")));
  }

  /**
   * {@return a condition that is met when a candidate, loaded from its package, gives its golden examples again}
   */
  public static Condition goldenExamples() {
    return new NamedCondition(
        "golden examples",
        evidence ->
            evidence.examples().orElse(Finding.inconclusive("no candidate is being judged")));
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

    private QualityQuestions(Metric metric) {
      this.metric = metric;
    }

    /**
     * {@return the condition that live quality is worse than the test phase by more than a tolerance}
     *
     * <p>As it stands it compares one snapshot: FAIL when the whole 99 % interval of the live quality is beyond the
     * tolerance, PASS when the live value is within it, INCONCLUSIVE in between, with fewer than 30 truths, or without a
     * baseline. Asked again and again it promises nothing about false alarms: for that, end it with {@link
     * QualityCondition#falseAlarmEvery(long)}.
     *
     * @param tolerance in units of the metric; finite, at least 0
     * @throws IllegalArgumentException if it is out of range
     */
    public QualityCondition noWorseThanBaseline(double tolerance) {
      return new QualityCondition(metric, tolerance);
    }

    /**
     * {@return the condition that the host's own detector of losses has found a drift}
     *
     * @param detector its name, as in {@link Watch#own(String, Metric)} given to {@link MonitorFactory#watching}
     * @throws IllegalArgumentException if the name is malformed or the metric has no loss per row
     */
    public WatchCondition watchedBy(String detector) {
      return WatchCondition.own(Watch.own(detector, metric));
    }

    /**
     * {@return the condition that a candidate is no worse than the champion on the same held-back rows}
     *
     * <p>PASS when the whole 95 % interval of the paired difference is above minus the margin, FAIL when the whole interval
     * is below it, INCONCLUSIVE otherwise.
     *
     * @param margin in units of the metric; finite, at least 0
     * @throws IllegalArgumentException if it is out of range
     */
    public Condition noWorseThanChampion(double margin) {
      if (!(margin >= 0) || !Double.isFinite(margin)) {
        throw new IllegalArgumentException("margin must be finite and >= 0, but was " + margin);
      }
      return new NamedCondition(
          metric + " no worse than champion by " + margin,
          evidence -> noWorse(evidence, metric, margin));
    }

    private static Finding noWorse(Evidence evidence, Metric metric, double margin) {
      if (evidence.comparison(metric).isEmpty()) {
        return Finding.inconclusive("no " + metric + " of candidate and champion on the same rows");
      }
      Estimate difference = evidence.comparison(metric).orElseThrow();
      double gain = metric.higherIsBetter() ? difference.lower() : -difference.upper();
      double most = metric.higherIsBetter() ? difference.upper() : -difference.lower();
      String text = String.format(
          Locale.ROOT,
          "%s of the candidate minus the champion's %+.3f, interval %+.3f to %+.3f on %d rows, margin %.3f",
          metric,
          difference.value(),
          difference.lower(),
          difference.upper(),
          difference.n(),
          margin);
      if (gain >= -margin) {
        return Finding.pass(text);
      }
      return most < -margin ? Finding.fail(text) : Finding.inconclusive(text);
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
     * {@return the condition that one prediction in a hundred takes longer than a limit}
     *
     * <p>INCONCLUSIVE below 100 predictions.
     *
     * @param limit longer than zero
     * @throws IllegalArgumentException if it is not
     */
    public Condition p99AtMost(Duration limit) {
      if (limit.isZero() || limit.isNegative()) {
        throw new IllegalArgumentException(
            "limit must be longer than zero, but was " + MlopsException.shown(limit));
      }
      return new NamedCondition(
          "p99 above " + MlopsException.shown(limit),
          evidence -> evidence
              .champion()
              .flatMap(VersionEvidence::latency)
              .map(latency -> {
                String text = latency + ", limit "
                    + (limit.toSeconds() * 1e3 + limit.toNanosPart() / 1e6) + " ms";
                if (latency.n() < 100) {
                  return Finding.inconclusive(text + ", wanted 100 predictions");
                }
                return latency.p99().compareTo(limit) > 0 ? Finding.fail(text) : Finding.pass(text);
              })
              .orElse(Finding.inconclusive("no latency yet")));
    }
  }

  /**
   * Questions about the columns of rows.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class FeatureQuestions {
    private FeatureQuestions() {}

    /**
     * {@return the condition that columns have moved away from the baseline}
     *
     * @param rows rows per false alarm
     * @throws IllegalArgumentException if it is below 2
     */
    public WatchCondition falseAlarmEvery(long rows) {
      return WatchCondition.features(FalseAlarms.every(rows));
    }

    /**
     * {@return the condition that the host's own detector of rows has found a drift}
     *
     * @param detector its name, as in {@link Watch#own(String)} given to {@link MonitorFactory#watching}
     * @throws IllegalArgumentException if the name is malformed
     */
    public WatchCondition watchedBy(String detector) {
      return WatchCondition.own(Watch.own(detector));
    }

    /**
     * {@return the condition that columns have moved away from the baseline}
     *
     * @param time time per false alarm, longer than zero; at least 50 blocks, of one hour unless {@link
     *     WatchCondition#inBlocksOf} is said
     * @throws IllegalArgumentException if it is not longer than zero
     */
    public WatchCondition falseAlarmEvery(Duration time) {
      return WatchCondition.features(FalseAlarms.every(time));
    }
  }
}
