package dev.mlops.core.optimise;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.AdaptiveModel;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.DecisionThresholds;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.core.gate.ModelSource;
import dev.mlops.core.optimise.Diagnosis.Reading;
import dev.mlops.core.optimise.Diagnosis.Rung;
import dev.mlops.drift.profile.Quality;
import dev.mlops.drift.slice.Slice;
import dev.mlops.drift.slice.SliceFinder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.jspecify.annotations.Nullable;

/**
 * The ladder of what helps a champion: the cheapest rung that fits what monitoring shows.
 *
 * <pre>{@code
 * Remedies remedies = Remedies.of(trainer)
 *     .deciding(new ErrorCosts(1, 20))
 *     .retuning(searchOfTheSameFamily)
 *     .changingFamily(searchOfOthers)
 *     .adapting(() -> AdaptiveForest.of(schema, labels), Duration.ofDays(30));
 * Diagnosis found = remedies.diagnose(situation);
 * Optional<ModelTrainer> helps = remedies.trainer(found, champion, deployment);
 * }</pre>
 *
 * <table>
 * <caption>What is chosen</caption>
 * <tr><th>monitoring shows</th><th>rung</th></tr>
 * <tr><td>two retrains or more did not win</td><td>{@code RETUNE}, then {@code CHANGE_FAMILY}, then {@code REDESIGN}: the first that was
 *     not tried</td></tr>
 * <tr><td>scores are no probabilities any more, their order is intact</td><td>{@code RECALIBRATE}</td></tr>
 * <tr><td>quality intact, p99 above its limit</td><td>{@code FASTER}; {@code RECORD} where the monitor says that another stage than
 *     the model takes most of the time</td></tr>
 * <tr><td>quality intact, another threshold costs less</td><td>{@code MOVE_THRESHOLD}</td></tr>
 * <tr><td>far better on training rows than live, no change found</td><td>{@code RETUNE}</td></tr>
 * <tr><td>quality intact, inputs moved</td><td>{@code RECORD}</td></tr>
 * <tr><td>quality down, three changes or more in the life of a champion</td><td>{@code ADAPT}</td></tr>
 * <tr><td>quality down on one slice, intact elsewhere</td><td>{@code RETRAIN}, the rows of the slice weighing more</td></tr>
 * <tr><td>quality down everywhere</td><td>{@code RETRAIN}</td></tr>
 * </table>
 *
 * <p>A rung whose search or model was not given is passed over. "Down" and "moved" are differences beyond 99 %; what is chosen on
 * outcomes (a calibration, a threshold, a slice) is chosen on every second one and confirmed on the others. Below 100 outcomes
 * nothing is told. Outcomes are read as independent: where they are not, take fewer of them, or differences are sure too early.
 *
 * <p>Immutable. Thread-safe if what it was given is.
 *
 * @since 0.1
 */
@Beta
public final class Remedies {
  /** Fewer outcomes tell nothing. */
  static final int FEWEST = 100;

  /** A difference of so many standard errors is beyond 99 %. */
  private static final double SURE = 2.5758293035489004;

  private static final NormalDistribution NORMAL = NormalDistribution.of(0, 1);

  private static final double TO_ERROR = 1 / (2 * 1.959963984540054);

  /** The area under the ROC curve may be lower by so much and the order still be intact. */
  private static final double INTACT = 0.02;

  /** So much better on training rows is a large gap: of a share, or of the error itself. */
  private static final double GAP = 0.1;

  /** So many changes in the life of one champion are many. */
  private static final int MANY = 3;

  private static final int WORST_SLICES = 5;

  /** How much more a row of a bad slice weighs. */
  private static final double HEAVIER = 4;

  private final ModelTrainer trainer;
  private final @Nullable ErrorCosts costs;
  private final @Nullable Search retuning;
  private final @Nullable Search families;
  private final @Nullable FasterModel faster;
  private final @Nullable Supplier<? extends AdaptiveModel> adapting;
  private final @Nullable Duration p99;
  private final @Nullable Duration life;
  private final Supplier<? extends List<?>> incidents;

  private Remedies(
      ModelTrainer trainer,
      @Nullable ErrorCosts costs,
      @Nullable Search retuning,
      @Nullable Search families,
      @Nullable FasterModel faster,
      @Nullable Supplier<? extends AdaptiveModel> adapting,
      @Nullable Duration p99,
      @Nullable Duration life,
      Supplier<? extends List<?>> incidents) {
    this.incidents = incidents;
    this.life = life;
    this.trainer = trainer;
    this.costs = costs;
    this.retuning = retuning;
    this.families = families;
    this.faster = faster;
    this.adapting = adapting;
    this.p99 = p99;
  }

  /**
   * {@return a ladder of recording, recalibrating, retraining and advising}
   *
   * @param trainer with the settings of the champion
   */
  public static Remedies of(ModelTrainer trainer) {
    return new Remedies(
        requireNonNull(trainer, "trainer"), null, null, null, null, null, null, null, List::of);
  }

  /**
   * {@return the same ladder, whose decisions have costs: a threshold may be moved}
   *
   * @param costs what wrong labels cost
   */
  public Remedies deciding(ErrorCosts costs) {
    requireNonNull(costs, "costs");
    return new Remedies(trainer, costs, retuning, families, faster, adapting, p99, life, incidents);
  }

  /**
   * {@return the same ladder, which may search settings}
   *
   * @param search of the champion's family; for overfit, its space should hold stronger regularisation
   */
  public Remedies retuning(Search search) {
    requireNonNull(search, "search");
    return new Remedies(trainer, costs, search, families, faster, adapting, p99, life, incidents);
  }

  /**
   * {@return the same ladder, which may search other families}
   *
   * @param search of several families
   */
  public Remedies changingFamily(Search search) {
    requireNonNull(search, "search");
    return new Remedies(trainer, costs, retuning, search, faster, adapting, p99, life, incidents);
  }

  /**
   * {@return the same ladder, which may search a faster model}
   *
   * @param limit the longest p99 of predictions
   * @param search whose winner keeps that limit, such as one {@code within(latency().p99AtMost(limit))}
   * @throws IllegalArgumentException if the limit is not above zero
   */
  public Remedies faster(Duration limit, Search search) {
    requireLimit(limit);
    requireNonNull(search, "search");
    return faster(limit, (champion, source) -> Optional.of(search.asTrainer()));
  }

  /**
   * {@return the same ladder, which may make a faster model of the champion, such as by {@link Faster}: it trains nothing}
   *
   * @param limit the longest p99 of predictions
   * @param made gives what makes it; empty if nothing can be made of this champion
   * @throws IllegalArgumentException if the limit is not above zero
   */
  public Remedies faster(Duration limit, FasterModel made) {
    requireLimit(limit);
    requireNonNull(made, "made");
    return new Remedies(trainer, costs, retuning, families, made, adapting, limit, life, incidents);
  }

  private static void requireLimit(Duration limit) {
    if (limit.isNegative() || limit.isZero()) {
      throw new IllegalArgumentException("the limit must be longer than zero, but was " + limit);
    }
  }

  /**
   * Makes a faster model of a champion.
   *
   * <p>An implementation is thread-safe.
   *
   * @since 0.1
   */
  @Beta
  @FunctionalInterface
  public interface FasterModel {
    /**
     * {@return what makes it, such as {@code Faster.than(champion, source)….asTrainer()}; empty if nothing can be made of it}
     *
     * @param champion the package that serves
     * @param source loads it, such as a deployment
     */
    Optional<ModelTrainer> of(ModelPackage champion, ModelSource source);
  }

  /**
   * {@return the same ladder, which may teach a model row by row}
   *
   * @param model makes one that has learnt nothing
   * @param life how long a champion should last: three changes in that time are many
   * @throws IllegalArgumentException if the life is not above zero
   */
  public Remedies adapting(Supplier<? extends AdaptiveModel> model, Duration life) {
    requireNonNull(model, "model");
    if (life.isNegative() || life.isZero()) {
      throw new IllegalArgumentException("the life must be longer than zero, but was " + life);
    }
    return new Remedies(trainer, costs, retuning, families, faster, model, p99, life, incidents);
  }

  /**
   * {@return the same ladder, whose advice to redesign lists clusters of incidents}
   *
   * @param clusters gives them, worst first, such as {@code () -> incidents.clusters(outcomes, SliceFinder.standard())}; asked when
   *     the advice is written, and if it throws there are none
   */
  public Remedies listing(Supplier<? extends List<?>> clusters) {
    requireNonNull(clusters, "clusters");
    return new Remedies(trainer, costs, retuning, families, faster, adapting, p99, life, clusters);
  }

  /** {@return the clusters of incidents as they are now, a line each; empty if nobody gives them, or it throws} */
  public List<String> clusters() {
    try {
      return incidents.get().stream().map(String::valueOf).toList();
    } catch (RuntimeException e) { // of the host: the advice is given without
      return List.of();
    }
  }

  /** {@return how long a champion should last, if the ladder has a model that learns row by row} */
  public Optional<Duration> life() {
    return Optional.ofNullable(life);
  }

  /** {@return the metrics that a test phase should be measured by, so that the order of scores can be compared} */
  public Collection<Metric> metrics() {
    return List.of(Metric.ROC_AUC);
  }

  // ---- what is the matter

  /**
   * {@return what is the matter, and the cheapest rung that fits it}
   *
   * @param situation what is known
   */
  public Diagnosis diagnose(Situation situation) {
    return new Look(situation).diagnose();
  }

  /** The outcomes of the champion since the change, and what was found so far. */
  private final class Look {
    private final Situation situation;
    private final Schema schema;
    private final Metric metric;
    private final Optional<Loss> loss;
    private final List<Outcome> outcomes;
    private final List<Finding> findings = new ArrayList<>();
    private final Optional<Baseline> baseline;
    private final Map<Metric, Estimate> live;

    Look(Situation situation) {
      this.situation = situation;
      this.schema = situation.champion().schema();
      this.metric = Metric.plainest(schema);
      this.loss = metric.loss(schema);
      this.baseline = situation.champion().baseline();
      String version =
          situation.evidence().champion().map(VersionEvidence::version).orElse("");
      long from = situation.change().orElse(Long.MIN_VALUE);
      this.outcomes = situation.outcomes().stream()
          .filter(each -> each.position() >= from && !each.truth().caused())
          .filter(each -> version.isEmpty() || each.version().equals(version))
          .toList();
      this.live = quality(outcomes);
    }

    private Map<Metric, Estimate> quality(List<Outcome> of) {
      return of.isEmpty()
          ? Map.of()
          : Quality.of(
              schema,
              of.stream().map(Outcome::prediction).toList(),
              of.stream().map(Outcome::truth).toList(),
              metrics());
    }

    Diagnosis diagnose() {
      if (outcomes.size() < FEWEST || !live.containsKey(metric)) {
        findings.add(
            Finding.inconclusive(outcomes.size() + " outcomes of the champion, wanted " + FEWEST));
        return told(Rung.RECORD, Reading.TOO_LITTLE);
      }
      boolean worse = worse();
      if (worse) {
        Optional<Diagnosis> climbed = climbed();
        if (climbed.isPresent()) {
          return climbed.get();
        }
      }
      if (lostCalibration()) {
        return told(Rung.RECALIBRATE, Reading.PRIOR_SHIFT);
      }
      return worse ? worsened() : intact();
    }

    private Diagnosis told(Rung rung, Reading reading) {
      return new Diagnosis(rung, reading, findings, Optional.empty());
    }

    private Diagnosis intact() {
      if (slow()) {
        if (!isModelSlow()) {
          return told(Rung.RECORD, Reading.SLOW_AROUND_THE_MODEL);
        }
        if (faster != null) {
          return told(Rung.FASTER, Reading.SLOW);
        }
      }
      if (costsMore()) {
        return told(Rung.MOVE_THRESHOLD, Reading.DECISION_COST);
      }
      if (gap() && retuning != null) {
        return told(Rung.RETUNE, Reading.OVERFIT);
      }
      return moved() ? told(Rung.RECORD, Reading.BENIGN_SHIFT) : told(Rung.RECORD, Reading.NOTHING);
    }

    private Diagnosis worsened() {
      if (situation.changes() >= MANY && adapting != null) {
        findings.add(
            failed(situation.changes() + " changes in the life of one champion, many are " + MANY));
        return told(Rung.ADAPT, Reading.FAST_CONCEPT);
      }
      if (situation.change().isEmpty() && gap() && retuning != null) {
        return told(Rung.RETUNE, Reading.OVERFIT);
      }
      Optional<Slice> slice = slice();
      return slice.isPresent()
          ? new Diagnosis(Rung.RETRAIN, Reading.BAD_SLICE, findings, slice)
          : told(Rung.RETRAIN, Reading.CONCEPT_CHANGE);
    }

    /** What comes after retrains that did not win. */
    private Optional<Diagnosis> climbed() {
      List<Rung> tried = situation.tried();
      long retrains = tried.stream().filter(Rung.RETRAIN::equals).count();
      boolean searched = tried.contains(Rung.RETUNE) || tried.contains(Rung.CHANGE_FAMILY);
      if (retrains < 2 && !searched) {
        return Optional.empty();
      }
      findings.add(failed("since a candidate won last, " + tried + " did not"));
      if (retuning != null && !tried.contains(Rung.RETUNE)) {
        return Optional.of(told(Rung.RETUNE, Reading.OBSOLETE_SETTINGS));
      }
      if (families != null && !tried.contains(Rung.CHANGE_FAMILY)) {
        return Optional.of(told(Rung.CHANGE_FAMILY, Reading.OBSOLETE_FAMILY));
      }
      return Optional.of(told(Rung.REDESIGN, Reading.LOST_SIGNAL));
    }

    // ---- what is looked at

    private Finding failed(String text) {
      return Finding.fail(text);
    }

    private boolean worse() {
      Estimate now = live.get(metric);
      Optional<Estimate> then = baseline.flatMap(known -> known.quality(metric));
      if (now == null || then.isEmpty()) {
        findings.add(Finding.inconclusive(
            "no " + metric.name() + " of the test phase to hold today's against"));
        return false;
      }
      boolean worse = isWorse(metric, then.get(), now);
      findings.add(compared(metric, now, then.get(), worse));
      return worse;
    }

    private Finding compared(Metric by, Estimate now, Estimate then, boolean worse) {
      return Finding.builder(
              worse ? Verdict.FAIL : Verdict.PASS,
              by.name() + " " + now + ", test phase " + then
                  + (worse ? ": worse, beyond 99 %" : ": not worse beyond 99 %"))
          .quantity(by.name())
          .estimate(now)
          .limit(then.value())
          .build();
    }

    /** Whether scores are no probabilities any more, their order is intact, and a line on every second row mends the others. */
    private boolean lostCalibration() {
      List<Classification> said = new ArrayList<>();
      List<String> truths = new ArrayList<>();
      for (Outcome outcome : outcomes) {
        if (outcome.prediction() instanceof Classification scored
            && scored.score().isPresent()
            && scored.isFinite()
            && (said.isEmpty() || said.get(0).labels().equals(scored.labels()))
            && scored.labels().contains(outcome.truth().label().orElse(""))) {
          said.add(scored);
          truths.add(outcome.truth().label().orElseThrow());
        }
      }
      if (said.size() < FEWEST) {
        return false;
      }
      List<String> labels = said.get(0).labels();
      String positive =
          schema.positiveLabel().filter(labels::contains).orElse(labels.get(labels.size() - 1));
      // Of two labels one says what the other does; of more, one look in a hundred is wrong in all.
      List<String> looked = labels.size() == 2 ? List.of(positive) : labels;
      double errors = looked.size() == 1
          ? SURE
          : NORMAL.inverseCumulativeProbability(1 - 0.005 / looked.size());
      Counted worst = looked.stream()
          .map(label -> Counted.of(label, said, truths))
          .max(Comparator.comparingDouble(Counted::errors))
          .orElseThrow();
      boolean off = worst.errors() > errors;
      findings.add(Finding.builder(
              off ? Verdict.FAIL : Verdict.PASS,
              String.format(
                  Locale.ROOT,
                  "of %d rows %d are %s, the scores said %.1f ± %.1f",
                  said.size(),
                  worst.found(),
                  MlopsException.shown(worst.label()),
                  worst.expected(),
                  errors * worst.error()))
          .quantity(looked.size() == 1 ? "positives" : "rows of a label")
          .value((double) worst.found())
          .limit(worst.expected())
          .n(said.size())
          .build());
      return off && inOrder() && mends(said, truths, positive);
    }

    private boolean inOrder() {
      Optional<Estimate> then = baseline.flatMap(known -> known.quality(Metric.ROC_AUC));
      Estimate now = live.get(Metric.ROC_AUC);
      if (then.isEmpty() || now == null) {
        return true; // whether a line mends it tells
      }
      double lower = then.get().value() - now.value();
      boolean intact = lower <= Math.max(INTACT, SURE * error(then.get(), now));
      findings.add(compared(Metric.ROC_AUC, now, then.get(), !intact));
      return intact;
    }

    private boolean mends(List<Classification> said, List<String> truths, String positive) {
      List<Classification> fitted = everySecond(said, 0);
      List<String> right = everySecond(truths, 0);
      if (right.stream().distinct().count() < 2) {
        return false;
      }
      double[] ones = new double[fitted.size()];
      Arrays.fill(ones, 1);
      Calibration line =
          CalibrationFit.of(Calibration.Method.PLATT, fitted, right, ones, Optional.of(positive));
      DecisionThresholds thresholds =
          DecisionThresholds.of(situation.champion().configuration(), schema);
      List<Classification> others = everySecond(said, 1);
      List<String> theirs = everySecond(truths, 1);
      double[] gain = new double[others.size()];
      List<Prediction> mended = new ArrayList<>();
      List<Truth> labels = new ArrayList<>();
      for (int i = 0; i < gain.length; i++) {
        Classification before = others.get(i);
        Prediction after = thresholds.decide(line.calibrate(before));
        mended.add(after);
        labels.add(Truth.of(theirs.get(i)));
        gain[i] = logLoss(before, theirs.get(i)) - logLoss((Classification) after, theirs.get(i));
      }
      double[] mean = mean(gain);
      boolean better = mean[0] > SURE * mean[1];
      findings.add(Finding.builder(
              better ? Verdict.FAIL : Verdict.PASS,
              String.format(
                  Locale.ROOT,
                  "a calibration on every second row takes %.3f ± %.3f off the log loss of the others",
                  mean[0],
                  SURE * mean[1]))
          .quantity("log_loss")
          .value(mean[0])
          .limit(0.0)
          .n(gain.length)
          .build());
      if (!better) {
        return false;
      }
      Estimate now = Quality.of(schema, mended, labels).get(metric);
      Optional<Estimate> then = baseline.flatMap(known -> known.quality(metric));
      if (now == null || then.isEmpty()) {
        return true;
      }
      boolean still = isWorse(metric, then.get(), now);
      findings.add(Finding.of(
          still ? Verdict.FAIL : Verdict.PASS,
          "calibrated, the others have " + metric.name() + " " + now + ", test phase "
              + then.get()));
      return !still;
    }

    private boolean slow() {
      Optional<Latency> now = situation.evidence().champion().flatMap(VersionEvidence::latency);
      if (p99 == null || now.isEmpty() || now.get().n() < FEWEST) {
        return false;
      }
      boolean slow = now.get().p99().compareTo(p99) > 0;
      String then = baseline
          .flatMap(Baseline::latency)
          .map(known -> ", in the test phase " + MlopsException.shown(known.p99()))
          .orElse("");
      findings.add(Finding.builder(
              slow ? Verdict.FAIL : Verdict.PASS,
              "p99 " + MlopsException.shown(now.get().p99()) + ", limit "
                  + MlopsException.shown(p99) + then
                  + (slow
                      ? "; the model is the same: a flight recording tells code from host"
                      : ""))
          .quantity("latency")
          .value(now.get().p99().toNanos() / 1e9)
          .limit(p99.toNanos() / 1e9)
          .n(now.get().n())
          .build());
      return slow;
    }

    /** Whether a faster model would help: false if the monitor says that another stage takes most of the time. */
    private boolean isModelSlow() {
      Optional<LatencyBreakdown> times = situation
          .evidence()
          .champion()
          .flatMap(VersionEvidence::responseTimes)
          .map(LatencyBreakdown::of);
      Optional<LatencyBreakdown.Stage> slowest = times.flatMap(LatencyBreakdown::slowest);
      if (slowest.isEmpty()) {
        return true; // nobody knows better
      }
      // The alarm is about the p99: a model that reaches the limit alone is slow, whatever most of
      // the mean is.
      boolean alone = Optional.ofNullable(times.get().stages().get(LatencyBreakdown.Stage.MODEL))
          .filter(own -> p99 != null && own.p99().compareTo(p99) > 0)
          .isPresent();
      boolean model = alone || slowest.get() == LatencyBreakdown.Stage.MODEL;
      findings.add(Finding.of(
          model ? Verdict.FAIL : Verdict.PASS,
          String.format(
                  Locale.ROOT,
                  "the model takes %.2f of the mean time%s; ",
                  times.get().share(LatencyBreakdown.Stage.MODEL).orElse(0),
                  alone ? ", and is above the limit by itself in one call of 100" : "")
              + times.get().advice().stream()
                  .findFirst()
                  .map(LatencyBreakdown.Advice::text)
                  .orElse("no stage takes a quarter")));
      return model;
    }

    private boolean costsMore() {
      Optional<String> positive = schema.positiveLabel();
      if (costs == null || positive.isEmpty()) {
        return false;
      }
      List<Outcome> scored = outcomes.stream()
          .filter(each -> each.prediction() instanceof Classification said
              && said.score(positive.get()).isPresent()
              && said.isFinite())
          .toList();
      List<Outcome> chosenOn = everySecond(scored, 0);
      List<Outcome> others = everySecond(scored, 1);
      if (others.size() < FEWEST / 2) {
        return false;
      }
      double[] scores =
          chosenOn.stream().mapToDouble(each -> score(each, positive.get())).toArray();
      boolean[] right = new boolean[scores.length];
      for (int i = 0; i < right.length; i++) {
        right[i] = is(chosenOn.get(i).truth(), positive.get());
      }
      double threshold = costs.threshold(scores, right);
      double[] saved = new double[others.size()];
      for (int i = 0; i < saved.length; i++) {
        Outcome each = others.get(i);
        boolean truth = is(each.truth(), positive.get());
        boolean before = ((Classification) each.prediction()).label().equals(positive.get());
        boolean after = score(each, positive.get()) >= threshold;
        saved[i] = costs.of(before, truth) - costs.of(after, truth);
      }
      double[] mean = mean(saved);
      boolean more = mean[0] > SURE * mean[1] && mean[0] > 0;
      findings.add(Finding.builder(
              more ? Verdict.FAIL : Verdict.PASS,
              String.format(
                  Locale.ROOT,
                  "the threshold %.3f, chosen on every second row, saves %.3f ± %.3f a row on the others",
                  threshold,
                  mean[0],
                  SURE * mean[1]))
          .quantity("cost")
          .value(mean[0])
          .limit(0.0)
          .n(saved.length)
          .build());
      return more;
    }

    private boolean gap() {
      Optional<Estimate> training = situation.training();
      Estimate now = live.get(metric);
      if (training.isEmpty() || now == null) {
        return false;
      }
      double then = training.get().value();
      double gap = metric.higherIsBetter()
          ? then - now.value()
          : (now.value() - then) / Math.max(Math.abs(now.value()), Double.MIN_NORMAL);
      boolean large = gap > GAP && isWorse(metric, training.get(), now);
      findings.add(Finding.builder(
              large ? Verdict.FAIL : Verdict.PASS,
              metric.name() + " " + training.get() + " on training rows, live " + now)
          .quantity(metric.name())
          .estimate(now)
          .limit(then)
          .build());
      return large;
    }

    private boolean moved() {
      boolean moved = false;
      for (Map.Entry<Watch, DriftReading> each : situation
          .evidence()
          .champion()
          .map(VersionEvidence::drift)
          .orElse(Map.of())
          .entrySet()) {
        if (each.getValue().level() == Level.DRIFT && isOfInputs(each.getKey())) {
          moved = true;
          findings.add(failed(each.getKey().id() + ": "
              + each.getValue().signal().map(Object::toString).orElse("drift")));
        }
      }
      return moved;
    }

    /** The worst slice of every second row, if the others say so too and the rest of them is as good as ever. */
    private Optional<Slice> slice() {
      Optional<Estimate> then = baseline.flatMap(known -> known.quality(metric));
      if (loss.isEmpty() || then.isEmpty()) {
        return Optional.empty();
      }
      List<Outcome> searched = everySecond(outcomes, 0);
      List<Outcome> others = everySecond(outcomes, 1);
      List<Slice> worst = worstSlices(searched, loss.get(), 1);
      if (worst.isEmpty()) {
        return Optional.empty();
      }
      Slice slice = worst.get(0);
      List<Outcome> inside =
          others.stream().filter(each -> slice.covers(each.row())).toList();
      List<Outcome> outside =
          others.stream().filter(each -> !slice.covers(each.row())).toList();
      Estimate in = quality(inside).get(metric);
      Estimate out = quality(outside).get(metric);
      if (in == null
          || out == null
          || inside.size() < FEWEST / 10
          || inside.size() > outside.size()) {
        return Optional.empty();
      }
      boolean one = isWorse(metric, then.get(), in) && !isWorse(metric, then.get(), out);
      findings.add(Finding.of(
          one ? Verdict.FAIL : Verdict.PASS,
          metric.name() + " " + in + " where " + slice.parts() + ", elsewhere " + out
              + ", test phase " + then.get()));
      return one ? Optional.of(slice) : Optional.empty();
    }
  }

  /**
   * How many rows have a label, and how many the scores said.
   *
   * @param error of the second, in rows: of the differences themselves, as scores that were never probabilities say too little
   */
  private record Counted(String label, long found, double expected, double error) {
    static Counted of(String label, List<Classification> said, List<String> truths) {
      double expected = 0;
      long found = 0;
      double[] beyond = new double[said.size()];
      for (int i = 0; i < beyond.length; i++) {
        double p = Math.min(1, Math.max(0, said.get(i).score(label).orElse(0)));
        int is = truths.get(i).equals(label) ? 1 : 0;
        expected += p;
        found += is;
        beyond[i] = is - p;
      }
      return new Counted(label, found, expected, mean(beyond)[1] * beyond.length);
    }

    /** How many errors the two are apart. */
    double errors() {
      double apart = Math.abs(found - expected);
      return apart > 0 ? apart / error : 0;
    }
  }

  private static boolean isOfInputs(Watch watch) {
    return watch.input() == Watch.Input.FEATURES;
  }

  private static double score(Outcome outcome, String label) {
    double score = ((Classification) outcome.prediction()).score(label).orElse(0);
    return Math.min(1, Math.max(0, score));
  }

  private static boolean is(Truth truth, String label) {
    return truth.label().filter(label::equals).isPresent();
  }

  private static double logLoss(Classification said, String truth) {
    return -Math.log(Math.max(1e-12, said.score(truth).orElse(0)));
  }

  private static <T> List<T> everySecond(List<T> all, int from) {
    List<T> half = new ArrayList<>();
    for (int i = from; i < all.size(); i += 2) {
      half.add(all.get(i));
    }
    return half;
  }

  /** The mean and its standard error. */
  private static double[] mean(double[] values) {
    double mean = Arrays.stream(values).average().orElse(0);
    double squares =
        Arrays.stream(values).map(each -> (each - mean) * (each - mean)).sum();
    return new double[] {
      mean, Math.sqrt(squares / Math.max(1, values.length - 1) / Math.max(1, values.length))
    };
  }

  private static double error(Estimate one, Estimate other) {
    return Math.hypot(
        TO_ERROR * (one.upper() - one.lower()), TO_ERROR * (other.upper() - other.lower()));
  }

  private static boolean isWorse(Metric metric, Estimate then, Estimate now) {
    double lost = metric.higherIsBetter() ? then.value() - now.value() : now.value() - then.value();
    return lost > 0 && lost > SURE * error(then, now);
  }

  private static List<Slice> worstSlices(List<Outcome> outcomes, Loss loss, int most) {
    List<Row> rows = new ArrayList<>();
    List<Double> losses = new ArrayList<>();
    for (Outcome outcome : outcomes) {
      double each = loss.of(outcome.prediction(), outcome.truth());
      if (each >= 0 && Double.isFinite(each)) {
        rows.add(outcome.row());
        losses.add(each);
      }
    }
    return rows.size() < FEWEST / 2
        ? List.of()
        : SliceFinder.standard()
            .top(most)
            .candidatesAtMost(20_000)
            .conditionsAtMost(2)
            .find(rows, losses.stream().mapToDouble(Double::doubleValue).toArray())
            .slices();
  }

  // ---- what is done

  /**
   * {@return what makes a candidate by a diagnosis; empty where there is nothing to train}
   *
   * @param found what {@link #diagnose} said
   * @param champion the package that serves
   * @param source loads it, such as a deployment
   */
  public Optional<ModelTrainer> trainer(
      Diagnosis found, ModelPackage champion, ModelSource source) {
    return switch (found.rung()) {
      case RECORD, REDESIGN -> Optional.empty();
      case RECALIBRATE -> Optional.of(recalibration(champion, source));
      case MOVE_THRESHOLD ->
        Optional.ofNullable(costs).map(known -> Recalibration.threshold(champion, source, known));
      case RETRAIN ->
        Optional.of(found
            .slice()
            .<ModelTrainer>map(slice -> new Weighing(trainer, slice))
            .orElse(trainer));
      case ADAPT -> Optional.ofNullable(adapting).map(model -> new Taught(trainer.schema(), model));
      case RETUNE -> Optional.ofNullable(retuning).map(Search::asTrainer);
      case FASTER -> Optional.ofNullable(faster).flatMap(made -> made.of(champion, source));
      case CHANGE_FAMILY -> Optional.ofNullable(families).map(Search::asTrainer);
    };
  }

  private Recalibration recalibration(ModelPackage champion, ModelSource source) {
    Recalibration plain = Recalibration.of(champion, source);
    return costs == null || champion.schema().positiveLabel().isEmpty()
        ? plain
        : plain.deciding(costs);
  }

  /** Trains on rows of which those of a slice weigh more: what was too rare in the training data. */
  private record Weighing(ModelTrainer trainer, Slice slice) implements ModelTrainer {
    @Override
    public Schema schema() {
      return trainer.schema();
    }

    @Override
    public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
      return trainer.train(
          rows.stream()
              .map(row -> slice.covers(row.input())
                  ? new Labelled<>(row.input(), row.truth(), HEAVIER * row.weight())
                  : row)
              .toList(),
          context);
    }
  }

  /** Trains by teaching one row after the other. */
  private record Taught(Schema schema, Supplier<? extends AdaptiveModel> model)
      implements ModelTrainer {
    @Override
    public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
      AdaptiveModel learner = model.get();
      for (int i = 0; i < rows.size(); i++) {
        context.requireRunning();
        learner.learn(rows.get(i));
        if (i % 1_000 == 0) {
          context.progress(i, rows.size(), "learning");
        }
      }
      return learner.snapshot();
    }
  }

  // ---- for people

  /**
   * {@return what people need to think of another design, in Markdown: what is the matter, the worst slices, the columns that
   * moved, clusters of incidents, and what was tried}
   *
   * @param situation what is known
   * @param found what {@link #diagnose} said of it
   * @param incidents clusters of incidents, a line each, such as {@code IncidentLog.clusters(…)} prints
   * @param brought what each candidate brought, a line each, such as the steps of a journal
   */
  public static String document(
      Situation situation, Diagnosis found, List<String> incidents, List<String> brought) {
    Schema schema = situation.champion().schema();
    StringBuilder text = new StringBuilder("# " + escaped(situation.champion().model())
        + ": redesign advised\n\n" + found.reading() + ".\n\n## What was found\n\n");
    list(
        text,
        found.findings().stream()
            .map(finding -> finding.verdict() + ": " + finding.text())
            .toList());
    text.append("\n## Worst slices\n\n");
    list(
        text,
        Metric.plainest(schema)
            .loss(schema)
            .map(loss -> worstSlices(situation.outcomes(), loss, WORST_SLICES))
            .orElse(List.of())
            .stream()
            .map(Slice::toString)
            .toList());
    text.append("\n## Columns that moved\n\n");
    list(text, columns(situation));
    text.append("\n## Clusters of incidents\n\n");
    list(text, incidents);
    text.append("\n## What was tried, and what it brought\n\n");
    List<String> tried = new ArrayList<>(
        situation.tried().stream().map(rung -> rung + ": did not win").toList());
    tried.addAll(brought);
    list(text, tried);
    return text.toString();
  }

  private static List<String> columns(Situation situation) {
    List<String> moved = new ArrayList<>();
    situation
        .evidence()
        .champion()
        .ifPresent(section -> section.drift().values().stream()
            .flatMap(reading -> reading.signal().stream())
            .flatMap(signal -> signal.moved().stream())
            .map(ColumnShift::toString)
            .distinct()
            .forEach(moved::add));
    return moved;
  }

  private static void list(StringBuilder text, List<String> lines) {
    if (lines.isEmpty()) {
      text.append("None is known.\n");
    }
    lines.forEach(line -> text.append("- ").append(escaped(line)).append('\n'));
  }

  private static String escaped(String text) {
    return MlopsException.shown(text).replace("<", "&lt;").replace("`", "'");
  }

  /** {@return the rungs that it has} */
  @Override
  public String toString() {
    List<Rung> rungs = new ArrayList<>(List.of(Rung.RECORD, Rung.RECALIBRATE, Rung.RETRAIN));
    if (costs != null) {
      rungs.add(Rung.MOVE_THRESHOLD);
    }
    if (adapting != null) {
      rungs.add(Rung.ADAPT);
    }
    if (retuning != null) {
      rungs.add(Rung.RETUNE);
    }
    if (faster != null) {
      rungs.add(Rung.FASTER);
    }
    if (families != null) {
      rungs.add(Rung.CHANGE_FAMILY);
    }
    rungs.add(Rung.REDESIGN);
    Collections.sort(rungs);
    return "remedies " + rungs;
  }
}
