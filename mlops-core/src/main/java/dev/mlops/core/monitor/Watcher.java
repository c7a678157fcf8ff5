package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.DetectorFactory;
import dev.mlops.api.drift.DriftDetector;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.RowDetector;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Dependence;
import dev.mlops.core.internal.guard.Answers;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.drift.batch.DataDrift;
import dev.mlops.drift.profile.PredictionColumns;
import dev.mlops.drift.profile.Skill;
import dev.mlops.drift.stream.SrEDetector;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One detector of a monitor, built for one baseline, with its unanswered signal if there is one. A detector with a signal
 * is fed no more; an answer to the signal starts it afresh.
 *
 * <p>What a detector throws is thrown on, and {@link #giveUp} ends the watch of one that is the host's: its caller has the one
 * net for both.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Watcher {
  /** An absolute error counts for at most this number of limits. */
  private static final double CLIP = 10;

  /** How many ticks it may take to say why latency grew. */
  private static final int LONGEST_SEARCH = 30;

  private final Watch watch;
  /** What an outcome costs; null if the metric has no loss per row, or none is watched. */
  private final @Nullable Loss loss;

  /** Which predictions are slow; null if latency is not what is watched. */
  private final @Nullable SlowCalls slow;

  private @Nullable ValueDetector values;
  private @Nullable RowDetector rows;
  /** What makes rows of predictions, for a watch of them. */
  private final @Nullable PredictionColumns said;

  private String note;
  private final double limit;
  /** The limit in units of the metric. */
  private final OptionalDouble metricLimit;

  private final boolean findsNothing;
  /** Length of a block in milliseconds; 0 if the promise counts inputs. */
  private final long block;

  /** Positions among the matured outcomes of the newest inputs, by input. */
  private long[] positions;

  private final int mostPositions;

  private long inputs;
  private long openBlock;
  private boolean inBlock;
  private @Nullable Signal signal;
  private OptionalLong changePosition = OptionalLong.empty();
  /** How many ticks have come since latency grew; negative once that was told. */
  private int ticksWithSignal;

  /**
   * Builds a watch.
   *
   * @param watch what is watched
   * @param own makes the host's own detector, if the watch names one and the host gave it
   * @param first the first baseline of the monitor's life; no later one raises the limit above its own
   * @param baseline the champion's
   * @param mostPositions how many inputs can be told the place of; at least 1
   */
  Watcher(
      Watch watch,
      @Nullable DetectorFactory own,
      Baseline first,
      Baseline baseline,
      int mostPositions) {
    this.watch = watch;
    this.mostPositions = mostPositions;
    this.positions = new long[Math.min(64, mostPositions)];
    this.loss = watch.metric().flatMap(metric -> metric.loss(baseline.schema())).orElse(null);
    this.slow = watch.input() == Watch.Input.LATENCY ? new SlowCalls(watch, baseline) : null;
    ValueDetector madeValues = null;
    RowDetector madeRows = null;
    double bound = 0.0;
    boolean nothing = false;
    OptionalDouble shown = OptionalDouble.empty();
    String text;
    FalseAlarms promise = watch.falseAlarms().orElse(null);
    if (promise == null) {
      bound = Double.POSITIVE_INFINITY;
      DetectorOfTheHost hosts = new DetectorOfTheHost(own, baseline);
      DriftDetector made = hosts.made;
      text = hosts.why;
      if (watch.input() == Watch.Input.QUALITY && made instanceof ValueDetector ofValues) {
        madeValues = ofValues;
        promise = hosts.falseAlarms;
      } else if (watch.input() == Watch.Input.FEATURES && made instanceof RowDetector ofRows) {
        madeRows = ofRows;
        promise = hosts.falseAlarms;
      } else if (made != null) {
        text = "the config gave a " + made.getClass().getSimpleName() + ", wanted a "
            + (watch.input() == Watch.Input.QUALITY ? "ValueDetector" : "RowDetector");
      }
    } else if (slow != null) {
      madeValues = slow.detector(promise);
      text = slow.note();
      shown = madeValues == null ? OptionalDouble.empty() : OptionalDouble.of(slow.limit());
    } else if (watch.input() != Watch.Input.QUALITY) {
      try {
        DataDrift.Against against =
            DataDrift.against(compared(watch, baseline)).leastEffect(watch.leastEffect());
        if (!watch.ignored().isEmpty()) {
          against = against.ignoring(watch.ignored().toArray(new String[0]));
        }
        for (Map.Entry<String, Double> least : watch.leastEffects().entrySet()) {
          against = against.leastEffect(least.getKey(), least.getValue());
        }
        madeRows = against.windowOf(watch.window()).falseAlarmEvery(promise);
        text = "";
      } catch (IllegalArgumentException refused) {
        text = String.valueOf(refused.getMessage());
      }
    } else {
      Metric metric = watch.metric().orElseThrow();
      OptionalDouble found = limit(metric, first, baseline, watch.tolerance());
      bound = found.orElse(0.0);
      if (found.isEmpty()) {
        text = loss == null
            ? "the schema names no positive label, so " + metric + " has no loss per row"
            : "no " + metric + " in the baseline";
      } else if (!(bound > 0) || bound >= requireNonNull(loss).largest()) {
        text = String.format(Locale.ROOT, "a loss limit of %.4f leaves nothing to find", bound);
        nothing = true;
      } else {
        madeValues = SrEDetector.above(bound).falseAlarmEvery(promise);
        shown = OptionalDouble.of(requireNonNull(loss).metric(bound));
        text = limitOf(metric, shown.getAsDouble(), baseline);
        if (metric.isShare()) {
          Optional<String> finds = finds(metric, bound, promise.count());
          nothing = finds.isEmpty();
          text += finds.orElse("; no fall is large enough to be found within 10000 inputs");
        }
        text += constantAnswer(metric, shown.getAsDouble(), baseline)
            + Skill.doubt(baseline)
                .map(doubt -> "; no skill is known: " + doubt)
                .orElse("");
      }
    }
    this.block = promise != null && promise.time().isPresent()
        ? Math.max(1, Times.millis(promise.block()))
        : 0;
    this.said = watch.input() == Watch.Input.PREDICTIONS
        ? PredictionColumns.of(baseline).orElse(null)
        : null;
    this.values = madeValues;
    this.rows = madeRows;
    this.limit = bound;
    this.metricLimit = shown;
    this.findsNothing = nothing || (madeValues == null && madeRows == null);
    this.note = text;
  }

  /** What rows are compared with: the test rows, or the predictions for them. */
  private static Baseline compared(Watch watch, Baseline baseline) {
    return watch.input() == Watch.Input.FEATURES
        ? baseline
        : PredictionColumns.baseline(baseline)
            .orElseThrow(() -> new IllegalArgumentException("the baseline does not tell how"
                + " predictions were distributed, as packages of earlier releases do not"));
  }

  private static String limitOf(Metric metric, double limit, Baseline baseline) {
    double measured = baseline.quality(metric).map(Estimate::value).orElse(limit);
    List<String> figures = Figures.apart(limit, measured);
    return "limit of " + metric + " " + figures.get(0) + " (test phase " + figures.get(1)
        + baseline
            .dependence()
            .filter(Dependence::present)
            .map(found -> ", whose losses depend on those before them: " + found)
            .orElse("")
        + ")";
  }

  /** That a model which always says the same would pass, where it would. */
  private static String constantAnswer(Metric metric, double limit, Baseline baseline) {
    return Skill.majority(baseline)
        .filter(most -> metric.equals(Metric.ACCURACY) && most.getValue() >= limit)
        .map(most -> String.format(
            Locale.ROOT,
            "; always \"%s\" would pass, with %.3f of the test rows",
            Warnings.shown(most.getKey()),
            most.getValue()))
        .orElse("");
  }

  /**
   * What a share must fall to in order to be found, on average within a number of inputs: where the evidence against the limit
   * grows fast enough to reach the promise, ln(inputs or blocks per alarm) = n · KL(loss, limit).
   */
  private static Optional<String> finds(Metric metric, double limit, long perAlarm) {
    StringBuilder text = new StringBuilder();
    for (int within : new int[] {1_000, 10_000}) {
      double least = leastLoss(limit, Math.log((double) perAlarm) / within);
      if (least < 1.0) {
        text.append(text.length() == 0 ? "; finds " + metric + " below " : ", below ")
            .append(String.format(Locale.ROOT, "%.3f", 1.0 - least))
            .append(" within about ")
            .append(within)
            .append(" inputs");
      }
    }
    return text.length() == 0 ? Optional.empty() : Optional.of(text.toString());
  }

  /** The least share above the limit that is at least so far from it, in nats per input; 1 if none is. */
  private static double leastLoss(double limit, double nats) {
    if (-Math.log(limit) < nats) {
      return 1.0;
    }
    double from = limit;
    double to = 1.0;
    for (int i = 0; i < 60; i++) {
      double middle = (from + to) / 2;
      double apart = middle * Math.log(middle / limit)
          + (middle == 1.0 ? 0.0 : (1.0 - middle) * Math.log((1.0 - middle) / (1.0 - limit)));
      if (apart < nats) {
        from = middle;
      } else {
        to = middle;
      }
    }
    return to;
  }

  /** Whether it can be told already that nothing will ever be found in reasonable time. */
  boolean findsNothing() {
    return findsNothing;
  }

  String note() {
    // What the columns say may come later: one that could not be compared.
    return rows instanceof DataDrift columns && note.isEmpty()
        ? String.join("; ", columns.notes())
        : note;
  }

  /** The mean loss up to which nothing is wrong. */
  private static OptionalDouble limit(
      Metric metric, Baseline first, Baseline champion, double tolerance) {
    // A later test phase is short and says little of this; the first one's is that of the stream.
    double inflation = Math.max(
        inflation(first),
        champion.dependence().filter(Dependence::conclusive).isPresent()
            ? inflation(champion)
            : 1.0);
    OptionalDouble own = bound(metric, champion, inflation);
    if (own.isEmpty()) {
      return own;
    }
    // Of another positive label, the first baseline says nothing about this one.
    OptionalDouble floor = metric.label().isPresent()
            || metric.loss(schemaWithoutLabel(champion)).isPresent()
            || first.schema().positiveLabel().equals(champion.schema().positiveLabel())
        ? bound(metric, first, inflation)
        : OptionalDouble.empty();
    return OptionalDouble.of(
        Math.min(own.getAsDouble(), floor.orElse(Double.POSITIVE_INFINITY)) + tolerance);
  }

  /** By how much dependence between the rows of the test phase inflates the variance of a mean; 1 if nobody measured it. */
  private static double inflation(Baseline baseline) {
    return baseline.dependence().map(Dependence::inflation).orElse(1.0);
  }

  /** One-sided 95 % upper bound of the mean loss in the test phase, where n rows tell as much as n / inflation. */
  private static OptionalDouble bound(Metric metric, Baseline baseline, double inflation) {
    Optional<Estimate> measured = baseline.quality(metric);
    Optional<Loss> loss = metric.loss(baseline.schema());
    if (measured.isEmpty() || loss.isEmpty()) {
      return OptionalDouble.empty();
    }
    Estimate estimate = measured.get();
    if (!metric.isShare()) {
      double end = metric.higherIsBetter() ? estimate.lower() : estimate.upper();
      return OptionalDouble.of(
          loss.get().mean(estimate.value() + (end - estimate.value()) * Math.sqrt(inflation)));
    }
    double share = Math.max(0.0, Math.min(1.0, 1.0 - estimate.value()));
    long n = Math.max(1, Math.round(estimate.n() / inflation));
    return OptionalDouble.of(SrEDetector.upperLimit(Math.round(share * n), n));
  }

  private static Schema schemaWithoutLabel(Baseline baseline) {
    return Schema.of(baseline.schema().columns());
  }

  /** Takes an outcome of the champion that has matured. */
  void matured(Prediction prediction, Truth truth, long position, long millis) {
    if (values == null || signal != null) {
      return;
    }
    double loss = loss(prediction, truth);
    if (Double.isNaN(loss)) {
      return;
    }
    feed(values, loss, position, millis);
  }

  private void feed(ValueDetector detector, double loss, long position, long millis) {
    if (!detector.domain().contains(loss) && detector.onUnjudgeable() != Unjudgeable.COUNT) {
      // It would give the value no position, or refuse it.
      return;
    }
    enterBlock(millis, detector);
    if (signal != null) {
      return;
    }
    remember(position);
    take(detector.update(loss), detector);
  }

  /**
   * Ends the watch of a host's own detector that threw; one of ours is not given up.
   *
   * @return whether it was the host's
   */
  boolean giveUp(String how) {
    if (watch.detector().isEmpty()) {
      return false;
    }
    values = null;
    rows = null;
    note = "its detector " + how + " and is fed no more until the baseline changes";
    return true;
  }

  /** Takes a prediction of the champion. */
  void said(Prediction prediction, long millis) {
    if (said != null && rows != null && signal == null) {
      feed(rows, said.row(prediction), millis);
    }
  }

  /** Takes a row that the champion was given. */
  void served(Row row, long millis) {
    if (watch.input() == Watch.Input.FEATURES && rows != null && signal == null) {
      feed(rows, row, millis);
    }
  }

  private void feed(RowDetector rows, Row row, long millis) {
    enterBlock(millis, rows);
    if (signal != null) {
      return;
    }
    inputs++;
    take(rows.update(row), rows);
  }

  /** Takes how long a prediction of the champion took, in nanoseconds. */
  void took(long nanos, long millis) {
    if (slow == null || values == null || signal != null) {
      return;
    }
    enterBlock(millis, values);
    if (signal != null) {
      return;
    }
    inputs++;
    take(values.update(slow.loss(nanos)), values);
  }

  /**
   * Whether to tell now that latency grew, once for each signal: as soon as it is known where to look, or after this number of further
   * ticks that it is not going to be.
   */
  boolean tellsSlower(boolean knownWhereToLook) {
    if (slow == null || signal == null || ticksWithSignal < 0) {
      return false;
    }
    if (!knownWhereToLook && ticksWithSignal++ < LONGEST_SEARCH) {
      return false;
    }
    ticksWithSignal = -1;
    return true;
  }

  /** Ends the block that is open if everything in it has been taken. */
  void settle(long everythingBefore) {
    DriftDetector detector = values == null ? rows : values;
    if (detector != null
        && inBlock
        && signal == null
        && (openBlock + 1) * block <= everythingBefore) {
      inBlock = false;
      take(detector.endBlock(), detector);
    }
  }

  private void enterBlock(long millis, DriftDetector detector) {
    if (block == 0) {
      return;
    }
    long entered = Math.floorDiv(millis, block);
    if (inBlock && entered > openBlock) {
      take(detector.endBlock(), detector);
    }
    if (!inBlock || entered > openBlock) {
      openBlock = entered;
      inBlock = true;
    }
  }

  private void take(Level level, DriftDetector detector) {
    if (level == Level.DRIFT) {
      signal = detector.signal().orElse(null);
      if (signal != null && values != null && slow == null) {
        changePosition = OptionalLong.of(position(signal.changePoint()));
      }
    }
  }

  private void remember(long position) {
    if (inputs >= positions.length && positions.length < mostPositions) {
      positions = Arrays.copyOf(positions, (int) Math.min(mostPositions, 2L * positions.length));
    }
    positions[(int) (inputs++ % positions.length)] = position;
  }

  /** For how many inputs there is room to tell their place. */
  int places() {
    return positions.length;
  }

  private long position(long input) {
    return positions[(int) (Math.max(input, inputs - positions.length) % positions.length)];
  }

  /** The loss that is watched; NaN if this outcome does not count for it. */
  private double loss(Prediction prediction, Truth truth) {
    return loss == null ? Double.NaN : Math.min(loss.of(prediction, truth), CLIP * limit);
  }

  /** Forgets the signal and everything that was fed. */
  void restart() {
    inputs = 0;
    inBlock = false;
    signal = null;
    ticksWithSignal = 0;
    changePosition = OptionalLong.empty();
    DriftDetector detector = values == null ? rows : values;
    if (detector != null) {
      detector.reset();
    }
  }

  DriftReading reading() {
    DriftDetector detector = values == null ? rows : values;
    Level level = detector == null ? Level.WARMING_UP : Level.STABLE;
    // A row with a missing value is skipped in that column alone.
    long judged = inputs;
    if (detector != null) {
      level = detector.level();
      judged = values == null ? inputs : inputs - detector.skipped();
    }
    DriftReading.Builder reading = DriftReading.builder(signal != null ? Level.DRIFT : level)
        .inputs(judged)
        .note(note());
    if (signal != null) {
      reading.signal(signal);
    }
    changePosition.ifPresent(reading::changePosition);
    metricLimit.ifPresent(reading::limit);
    return reading.build();
  }

  /** What a host's factory gave, or why it gave nothing. */
  private static final class DetectorOfTheHost {
    private @Nullable DriftDetector made;
    private @Nullable FalseAlarms falseAlarms;
    private String why = "";

    DetectorOfTheHost(@Nullable DetectorFactory factory, Baseline baseline) {
      if (factory == null) {
        why = "no detector of that name was given in MonitorFactory.watching";
        return;
      }
      Answers.does(
          () -> {
            DriftDetector given = factory.detector(baseline);
            if (given == null) {
              why = "the config gave no detector";
            } else {
              falseAlarms = given.falseAlarms().orElse(null);
              made = given;
            }
          },
          (how, thrown) -> why = thrown instanceof IllegalArgumentException
              ? Warnings.shown(String.valueOf(thrown.getMessage()))
              : "its config " + how);
    }
  }
}
