package dev.mlops.core.monitor;

import java.util.ArrayList;
import java.util.List;

/**
 * The meters of a {@link MicrometerMonitor} and of {@link ModelMeters}: their names, tag keys and units. A meter always has the
 * same tag keys, and none is ever NaN: a value that is not known has no meter.
 *
 * <p>The number of time series is bounded: one model, the newest 16 versions, tag values from fixed sets, and of labels, causes
 * and rules the first few.
 *
 * @since 0.1
 */
public enum Meters {
  /** Timer of the recorded predictions, brought up to date by each tick; count and sum are exact. */
  PREDICTIONS(
      Type.TIMER,
      "mlops.predictions",
      "recorded predictions, and how long they took",
      "",
      "version"),
  /** Counter of the recorded predictions that took at most so long, from their intended start; one for each limit that the host named. */
  WITHIN(
      Type.COUNTER,
      "mlops.predictions.within",
      "recorded predictions that took at most a limit",
      "",
      "version",
      "limit"),
  /**
   * Gauge of the share of the recorded predictions that took at most a limit, over a window by its id, such as {@code release} or
   * {@code 1h}; one for each that the host named, there while it is known.
   */
  TIMELINESS(
      Type.GAUGE,
      "mlops.timeliness",
      "share of the recorded predictions that took at most a limit, over a window",
      "ratio",
      "version",
      "limit",
      "window"),
  /** Gauge of the ends of the 95 % interval of that share: {@code lower}, {@code upper}. */
  TIMELINESS_BOUND(
      Type.GAUGE,
      "mlops.timeliness.bound",
      "ends of the 95 % interval of the share that took at most a limit",
      "ratio",
      "version",
      "limit",
      "window",
      "end"),
  /** Gauge of how many predictions that share rests on. */
  TIMELINESS_ROWS(
      Type.GAUGE,
      "mlops.timeliness.rows",
      "predictions that the share that took at most a limit rests on",
      "",
      "version",
      "limit",
      "window"),
  /**
   * Gauge of how long the newest predictions took: {@code total} from the intended start to the answer, of that {@code waiting},
   * {@code binding} and {@code model}, and {@code recording} after it; {@code mean}, {@code p50}, {@code p99}, {@code max}.
   */
  LATENCY(
      Type.GAUGE,
      "mlops.latency",
      "how long the newest predictions took, by part",
      "seconds",
      "version",
      "part",
      "statistic"),
  /** Gauge of how long predictions took in the test phase: {@code p50}, {@code p99}. */
  LATENCY_BASELINE(
      Type.GAUGE,
      "mlops.latency.baseline",
      "how long predictions took in the test phase",
      "seconds",
      "version",
      "statistic"),
  /**
   * Gauge of the share of the growth of latency that a cause accounts for, while latency has grown: {@code model}, {@code
   * input_size}, {@code binding}, {@code waiting}, {@code recording}, {@code collector}, {@code processor}.
   */
  LATENCY_GROWTH(
      Type.GAUGE,
      "mlops.latency.growth",
      "share of the growth of latency that a cause accounts for",
      "ratio",
      "version",
      "cause"),
  /** Gauge of the recorded predictions a second over the last minute, at the newest tick. */
  THROUGHPUT(
      Type.GAUGE,
      "mlops.predictions.rate",
      "recorded predictions a second over the last minute",
      "",
      "version"),
  /** Gauge of the predictions that had begun and not ended at the newest tick; there if the host tells when one begins. */
  IN_FLIGHT(
      Type.GAUGE,
      "mlops.predictions.inflight",
      "predictions that have begun and not ended",
      "",
      "version"),
  /**
   * Counter of the recorded predictions by predicted label: of each version the positive label and those that came first, 10 in
   * all, and {@code (other)} for the rest. Predictions of quantities have none.
   */
  PREDICTED(
      Type.COUNTER,
      "mlops.predictions.label",
      "recorded predictions by predicted label",
      "",
      "version",
      "label"),
  /** Counter of the predictions that could not be kept: {@code full}, {@code contended}, {@code row}, {@code prediction}, {@code key}, {@code closed}. */
  DROPPED(
      Type.COUNTER,
      "mlops.predictions.dropped",
      "predictions that could not be recorded, by cause",
      "",
      "version",
      "cause"),
  /**
   * Counter of the predictions that were not made, by the simple name of the class that was thrown: the first 14 names of a
   * version, {@code other} for all that came later, {@code none} where nothing was thrown.
   */
  FAILED(
      Type.COUNTER,
      "mlops.predictions.failed",
      "predictions that the model did not make, by cause",
      "",
      "version",
      "cause"),
  /** Gauge of the share of the calls of a version that gave no prediction, since its release; there once it was called. */
  FAILURES(
      Type.GAUGE,
      "mlops.failures",
      "share of the calls without a prediction, since the release",
      "ratio",
      "version"),
  /** Gauge of the lower end of the 99 % interval of that share: what shows too large a share holds it against the limit. */
  FAILURES_LEAST(
      Type.GAUGE,
      "mlops.failures.least",
      "lower end of the 99 % interval of the share of the calls without a prediction",
      "ratio",
      "version"),
  /** Gauge of how many calls that share rests on. */
  CALLS(
      Type.GAUGE,
      "mlops.calls",
      "calls since the release, with a prediction and without",
      "",
      "version"),
  /** Gauge of which version is the champion: 1 for that one, 0 for the others. */
  CHAMPION(
      Type.GAUGE,
      "mlops.champion",
      "1 for the version that is the champion, else 0",
      "",
      "version"),
  /** Counter of the recorded predictions, those of before a restart included: joined + expired + waiting + unsampled, after each tick. */
  ISSUED(Type.COUNTER, "mlops.predictions.issued", "recorded predictions", "", "version"),
  /** Counter of the recorded predictions that wait for no truth, since the monitor samples; there if it does. */
  UNSAMPLED(
      Type.COUNTER,
      "mlops.predictions.unsampled",
      "recorded predictions that wait for no truth, since the monitor samples",
      "",
      "version"),
  /** Gauge of the share of predictions that wait for a truth, 1 / n of {@code MonitorConfig.samplingOneIn}; there if the monitor samples. */
  SAMPLED(
      Type.GAUGE,
      "mlops.predictions.sampled",
      "share of predictions that wait for a truth",
      "ratio"),
  /** Gauge of the recorded predictions that have no truth yet and have not expired. */
  WAITING(
      Type.GAUGE,
      "mlops.predictions.waiting",
      "recorded predictions that have no truth yet and have not expired",
      "",
      "version"),
  /** Gauge of the recorded predictions that wait for their truth or their horizon. */
  OPEN(
      Type.GAUGE,
      "mlops.predictions.open",
      "recorded predictions that wait for their truth or their horizon",
      "",
      "version"),
  /**
   * Counter of the truths by {@link dev.mlops.api.monitor.TruthState}: {@code joined}, {@code corrected}, {@code duplicate},
   * {@code late}, {@code conflict}, {@code orphan}, {@code unsampled}, {@code lost}, and of the joined {@code caused}; {@code expired} counts
   * predictions.
   */
  TRUTHS(
      Type.COUNTER,
      "mlops.truths",
      "truths by what became of them; expired: predictions without one",
      "",
      "outcome"),
  /** Gauge of the truths that wait for their predictions. */
  TRUTHS_EARLY(Type.GAUGE, "mlops.truths.early", "truths that wait for their predictions", ""),
  /** Gauge of whether the log of the ledger is written: 1, or 0 while it cannot be; there with a log. */
  LOGGING(
      Type.GAUGE,
      "mlops.ledger.logging",
      "1 while the log of the ledger is written, 0 while it cannot be",
      ""),
  /** Counter of the events that the log of the ledger did not take; there with a log. */
  UNLOGGED(
      Type.COUNTER, "mlops.ledger.unlogged", "events that the log of the ledger did not take", ""),
  /**
   * Counter of the outcomes that have matured by true and predicted label, so that a query chooses the window of precision and
   * recall; labels as in {@link #PREDICTED}. What a truth was corrected to later is not counted.
   */
  OUTCOMES(
      Type.COUNTER,
      "mlops.outcomes",
      "matured outcomes by true and predicted label",
      "",
      "version",
      "truth",
      "prediction"),
  /** Gauge of the share of closed predictions whose truth came; there once one is closed. */
  COVERAGE(
      Type.GAUGE,
      "mlops.truth.coverage",
      "share of closed predictions whose truth came",
      "ratio",
      "version"),
  /**
   * Gauge of the age of the newest truth when it is read; there once one has come, and until nothing waits for a truth any more
   * of a version that was the champion.
   */
  TRUTH_AGE(
      Type.GAUGE, "mlops.truth.age", "time since the newest truth came", "seconds", "version"),
  /** Gauge of the age of the newest recorded prediction when it is read; there once one was recorded. */
  PREDICTION_AGE(
      Type.GAUGE,
      "mlops.predictions.age",
      "time since the newest recorded prediction",
      "seconds",
      "version"),
  /** Gauge of the age of the first recorded prediction that is known, when it is read; there once one was recorded. */
  SERVING_AGE(
      Type.GAUGE,
      "mlops.serving.age",
      "time since the first recorded prediction",
      "seconds",
      "version"),
  /** Gauge of the quality over the newest matured outcomes; there while it is known. */
  QUALITY(
      Type.GAUGE,
      "mlops.quality",
      "quality over the newest matured outcomes",
      "",
      "version",
      "metric"),
  /** Gauge of the ends of the 95 % interval of the quality: {@code lower}, {@code upper}. */
  QUALITY_BOUND(
      Type.GAUGE,
      "mlops.quality.bound",
      "ends of the 95 % interval of the quality",
      "",
      "version",
      "metric",
      "end"),
  /** Gauge of how many outcomes the quality rests on: those that count for the metric. */
  QUALITY_ROWS(
      Type.GAUGE,
      "mlops.quality.rows",
      "outcomes that the quality rests on",
      "",
      "version",
      "metric"),
  /**
   * Gauge of the quality over a window beside the default one, by its id such as {@code release} or {@code 24h}: at most 8, there
   * while it is known.
   */
  QUALITY_WINDOW(
      Type.GAUGE,
      "mlops.quality.window",
      "quality over a window",
      "",
      "version",
      "metric",
      "window"),
  /** Gauge of the ends of the 95 % interval of the quality over a window: {@code lower}, {@code upper}. */
  QUALITY_WINDOW_BOUND(
      Type.GAUGE,
      "mlops.quality.window.bound",
      "ends of the 95 % interval of the quality over a window",
      "",
      "version",
      "metric",
      "window",
      "end"),
  /** Gauge of how many outcomes the quality over a window rests on. */
  QUALITY_WINDOW_ROWS(
      Type.GAUGE,
      "mlops.quality.window.rows",
      "outcomes that the quality over a window rests on",
      "",
      "version",
      "metric",
      "window"),
  /**
   * Gauge of whether a version is worse by a metric than in its test phase: 0 inconclusive, 1 shown to be no worse, 2 shown to be
   * worse, at any look; there for the metrics of the baseline.
   */
  QUALITY_STANDING(
      Type.GAUGE,
      "mlops.quality.standing",
      "worse than in the test phase: 0 inconclusive, 1 no worse, 2 worse",
      "",
      "version",
      "metric"),
  /** Gauge of the quality of the test phase. */
  QUALITY_BASELINE(
      Type.GAUGE, "mlops.quality.baseline", "quality in the test phase", "", "version", "metric"),
  /**
   * Counter of the recorded predictions by segment, of each division that the monitor was given: at most 250 segments, and {@code
   * (other)} and {@code (missing)}.
   */
  SEGMENT(
      Type.COUNTER,
      "mlops.segment.predictions",
      "recorded predictions by segment",
      "",
      "version",
      "segmentation",
      "segment"),
  /** Counter of the recorded predictions that are in no segment: the host's function threw, gave null, or was too slow. */
  UNASSIGNED(
      Type.COUNTER,
      "mlops.segment.unassigned",
      "recorded predictions that are in no segment",
      "",
      "version",
      "segmentation"),
  /** Gauge of the quality in each segment of the champion; there while it is known. */
  SEGMENT_QUALITY(
      Type.GAUGE,
      "mlops.segment.quality",
      "quality over the newest matured outcomes of a segment",
      "",
      "version",
      "segmentation",
      "segment",
      "metric"),
  /** Gauge of how the segments of the champion compare with each other; there while it is known. */
  FAIRNESS(
      Type.GAUGE,
      "mlops.fairness",
      "how the segments compare with each other",
      "",
      "version",
      "segmentation",
      "metric"),
  /**
   * Counter of the recorded rows with a value that a column should not have: {@code missing}, {@code unseen}, {@code out_of_range};
   * there once one came, for the first 100 columns that had one.
   */
  COLUMN_FAULTS(
      Type.COUNTER,
      "mlops.column.faults",
      "recorded rows with a value that a column should not have",
      "",
      "version",
      "column",
      "fault"),
  /** Gauge of the level of each watch: 0 warming up, or fewer than 30 inputs judged; 1 stable, 2 warning, 3 drift. */
  DRIFT(
      Type.GAUGE,
      "mlops.drift",
      "level of a watch: 0 warming up or too few inputs, 1 stable, 2 warning, 3 drift",
      "",
      "version",
      "watch"),
  /** Gauge of the value of the watched metric up to which nothing is wrong; there for a watch that knows one. */
  DRIFT_LIMIT(
      Type.GAUGE,
      "mlops.drift.limit",
      "value of the watched metric up to which nothing is wrong",
      "",
      "version",
      "watch"),
  /**
   * Gauge of how much a column moved, by the newest signal that nobody has answered: 0 to 1; there while there is one, for
   * its 20 columns that most surely moved.
   */
  DRIFT_COLUMN(
      Type.GAUGE,
      "mlops.drift.column",
      "how much a column moved, 0 to 1, while there is a signal",
      "",
      "version",
      "watch",
      "column"),
  /**
   * Gauge of the share of the watched columns that moved, by the newest signal that nobody has answered; 0 while there is none; there
   * for watches of features.
   */
  DRIFT_MOVED(
      Type.GAUGE,
      "mlops.drift.moved",
      "share of the watched columns that moved",
      "ratio",
      "version",
      "watch"),
  /** Gauge of the time since the champion was published, by the newest evidence that was shown. */
  MODEL_AGE(Type.GAUGE, "mlops.model.age", "time since the champion was published", "seconds"),
  /** Gauge of the time since the newest tick when it is read: it grows when nobody calls {@code tick()}. */
  TICK_AGE(Type.GAUGE, "mlops.tick.age", "time since the newest tick of the monitor", "seconds"),
  /** Counter of the candidates of a maintenance loop by how they ended: {@code promoted}, {@code kept}, {@code failed}, {@code abandoned}. */
  CANDIDATES(
      Type.COUNTER,
      "mlops.loop.candidates",
      "candidates of the maintenance loop by how they ended",
      "",
      "outcome"),
  /** Counter of how often a maintenance loop began to train a candidate. */
  RETRAINS(Type.COUNTER, "mlops.loop.retrains", "trainings that the maintenance loop began", ""),
  /** Gauge of where the retraining is, as {@code Activity.State} numbers it, by the newest evidence that was shown. */
  LOOP_STATE(
      Type.GAUGE,
      "mlops.loop.state",
      "retraining: 0 idle, 1 runs, 4 compares, 5 awaits, 6 promoted, 7 kept, 10 abandoned, 11"
          + " failed, 12 halted",
      ""),
  /** Gauge of where the newest rollout is, as {@code Activity.State} numbers it, by the newest evidence that was shown. */
  ROLLOUT_STATE(
      Type.GAUGE,
      "mlops.rollout.state",
      "rollout: 0 idle, 1 runs, 2 paused, 3 bakes, 6 promoted, 7 kept, 8 rolled back, 9 aborted, 10"
          + " abandoned, 11 failed",
      ""),
  /**
   * Counter of the rollouts of a deployment by how they ended: {@code promoted}, {@code rolled_back}, {@code kept}, {@code aborted},
   * {@code abandoned}, {@code failed}. One that was promoted and rolled back while it baked counts for both.
   */
  ROLLOUTS(
      Type.COUNTER,
      "mlops.rollouts",
      "rollouts of the deployment by how they ended",
      "",
      "outcome"),
  /** Gauge of the share of the keys that the candidate of a rollout answers: 0 to 1, 0 while there is none. */
  ROLLOUT_SHARE(
      Type.GAUGE,
      "mlops.rollout.share",
      "share of the keys that the candidate of a rollout answers, 0 to 1",
      "ratio"),
  /** Gauge of the incidents that nobody has acknowledged; there with a log of incidents. */
  INCIDENTS_OPEN(Type.GAUGE, "mlops.incidents.open", "incidents that nobody has acknowledged", ""),
  /** Counter of the incidents that were written since the log was opened; there with a log of incidents. */
  INCIDENTS(Type.COUNTER, "mlops.incidents", "incidents that were written", ""),
  /**
   * Counter of the incidents that were left out by the bounds of their log, and of the outcomes that were forgotten before it looked
   * at them; there with a log of incidents.
   */
  INCIDENTS_LOST(
      Type.COUNTER,
      "mlops.incidents.lost",
      "incidents that were left out, and outcomes that nobody looked at",
      ""),
  /**
   * Counter of the values that a deployment's enforcement rejected, by rule: {@code lossless}, {@code missing}, {@code non_finite},
   * {@code unseen}, {@code out_of_range}.
   */
  REJECTED(
      Type.COUNTER,
      "mlops.serving.rejected",
      "values that enforcement rejected, by rule",
      "",
      "rule"),
  /** Counter of the values that a deployment's enforcement replaced, by rule as in {@link #REJECTED}. */
  IMPUTED(
      Type.COUNTER,
      "mlops.serving.imputed",
      "values that enforcement replaced, by rule",
      "",
      "rule"),
  /**
   * Counter of the fallbacks of a deployment: {@code refused} and {@code timed_out} requests, and those that {@code standby} or the
   * {@code fixed} answer answered; one request may count for several.
   */
  FALLBACKS(
      Type.COUNTER, "mlops.serving.fallbacks", "fallbacks of the deployment, by kind", "", "kind"),
  /** Gauge of where an alert rule stands: 0 inactive, 1 pending, 2 firing; there once it was pending or firing. */
  ALERT(
      Type.GAUGE,
      "mlops.alert",
      "where an alert rule stands: 0 inactive, 1 pending, 2 firing",
      "",
      "rule"),
  /** Counter of the changes of an alert rule by the state it came to: {@code pending}, {@code firing}, {@code resolved}. */
  ALERTS(
      Type.COUNTER,
      "mlops.alerts",
      "changes of an alert rule by the state it came to",
      "",
      "rule",
      "state");

  /**
   * What a meter is to Micrometer.
   *
   * @since 0.1
   */
  public enum Type {
    /** A count and a sum of times. */
    TIMER,
    /** A count that only grows while its meter is there. */
    COUNTER,
    /** A value that rises and falls. */
    GAUGE
  }

  private final Type type;
  private final String id;
  private final String description;
  private final String unit;

  @SuppressWarnings("ImmutableEnumChecker") // a copy that cannot be changed
  private final List<String> tagKeys;

  Meters(Type type, String id, String description, String unit, String... tagKeys) {
    this.type = type;
    this.id = id;
    this.description = description;
    this.unit = unit;
    List<String> keys = new ArrayList<>(List.of("model"));
    keys.addAll(List.of(tagKeys));
    this.tagKeys = List.copyOf(keys);
  }

  /** {@return what it is: a timer, a counter or a gauge} */
  public Type type() {
    return type;
  }

  /** {@return the name, such as {@code mlops.predictions}} */
  public String id() {
    return id;
  }

  /** {@return what it counts or measures, in a few words} */
  public String description() {
    return description;
  }

  /** {@return the base unit; empty for a count, a timer, and what has none} */
  public String unit() {
    return unit;
  }

  /** {@return the keys of its tags, always the same} */
  public List<String> tagKeys() {
    return tagKeys;
  }

  @Override
  public String toString() {
    return id;
  }
}
