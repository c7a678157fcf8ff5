package dev.mlops.core.optimise;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.pack.TrainingStoppedException;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.guard.Closing;
import dev.mlops.core.optimise.Sampling.Point;
import dev.mlops.core.optimise.Sampling.Tried;
import dev.mlops.core.optimise.SearchResult.Winner;
import dev.mlops.drift.profile.Quality;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One run of a search.
 *
 * <p>Not thread-safe: confine to one thread. Trials are trained on the executor's threads as well; they touch nothing here.
 */
final class SearchRun {
  private final Search.Draft draft;
  private final Metric metric;
  private final Set<Metric> metrics = new LinkedHashSet<>();
  private final TrainingContext context;
  /** Of the winner; a trial's is stopped when the time is over, too. */
  private final TrainingContext training;

  private final TrainingContext trying;
  private final SearchJournal journal;
  private final List<Labelled<Row>> seen;
  private final List<Labelled<Row>> heldBack;
  private final Sampling sampling;
  private final Halving halving;
  private final List<Trial> trials = new ArrayList<>();
  private final long begun;
  private final long before;
  private long rowsTrained;
  private boolean outOfTime;

  /** A trial, and the newest of what was measured of it. */
  private static final class Trial {
    final int number;
    final Point point;
    int rung = -1;

    @Nullable
    Measured measured;

    Trial(int number, Point point) {
      this.number = number;
      this.point = point;
    }
  }

  /** A trial that is judged on a rung. */
  private record Job(Trial trial, int rung) {
    String step() {
      return trial.number + "/" + rung;
    }
  }

  /** What was measured on some thread, and the model, to be timed on the calling one; empty if the time was over. */
  private record Trying(
      Optional<Measured> measured, @Nullable Model model, List<Labelled<Row>> test) {}

  SearchRun(
      Search.Draft draft,
      List<Labelled<Row>> rows,
      TrainingContext context,
      SearchJournal journal) {
    this.draft = draft;
    this.metric = draft.metric();
    this.context = context;
    this.journal = journal;
    metrics.add(metric);
    draft.conditions.forEach(condition -> metrics.addAll(condition.metrics()));
    int cut = rows.size() - (int) Math.ceil(rows.size() * draft.heldBack);
    seen = rows.subList(0, cut);
    heldBack = rows.subList(cut, rows.size());
    draft.folds.of(seen, 1.0); // refuses too few rows
    sampling =
        Sampling.of(draft.sampler, draft.families.stream().map(Family::space).toList());
    halving = new Halving(draft.rungs, draft.eta);
    begun = draft.ticker.getAsLong();
    before = journal.spent();
    training = stoppedWhen(context::isStopped);
    trying = stoppedWhen(() -> context.isStopped() || isLate());
  }

  private TrainingContext stoppedWhen(BooleanSupplier stopped) {
    TrainingContext.Builder inner =
        TrainingContext.builder().cancelledWhen(stopped).ticker(context.ticker());
    context.seed().ifPresent(inner::seed);
    return inner.build();
  }

  SearchResult run() {
    for (List<Job> wave = wave(); !wave.isEmpty(); wave = wave()) {
      judge(wave);
    }
    List<Trial> best = trials.stream()
        .filter(trial -> result(trial).isFeasible())
        .sorted(Comparator.comparingDouble((Trial trial) -> -score(trial)))
        .toList();
    Optional<Winner> winner = Optional.empty();
    for (int i = 0; i < best.size() && winner.isEmpty(); i++) {
      winner = released(best.get(i), true);
    }
    Optional<Estimate> champion = draft.champion < 0
            || trials.isEmpty()
            || trials.get(0).measured == null
            || measured(trials.get(0)).failure().isPresent()
        ? Optional.empty()
        : winner
            .filter(won -> won.trial().number() == 0)
            .map(Winner::heldBack)
            .or(() -> released(trials.get(0), false).map(SearchRun::heldBackAlone));
    List<TrialResult> results = trials.stream()
        .filter(trial -> trial.measured != null)
        .map(this::result)
        .toList();
    return new SearchResult(
        results, pareto(results), winner, champion, rowsTrained, heldBack, draft.families);
  }

  private List<Job> wave() {
    List<Job> wave = new ArrayList<>();
    while (wave.size() < draft.atOnce && !outOfTime) {
      Job job = next(wave);
      if (job == null) {
        break;
      }
      wave.add(job);
    }
    return wave;
  }

  /** The next thing to measure; null if there is none before the wave is known. */
  private @Nullable Job next(List<Job> wave) {
    if (trials.isEmpty() && draft.champion >= 0) {
      return begin(new Point(draft.champion, draft.settings), halving.top());
    }
    OptionalInt rung = halving.rung();
    if (rung.isPresent()) {
      return promote(halving.next(rung.getAsInt()).orElseThrow(), rung.getAsInt());
    }
    if (trials.size() < draft.trials) {
      List<Tried> ranked = trials.stream()
          .filter(trial -> trial.measured != null)
          .sorted(Comparator.comparingInt((Trial trial) -> -trial.rung)
              .thenComparingInt(this::broken)
              .thenComparingDouble(trial -> -score(trial)))
          .map(SearchRun::tried)
          .toList();
      List<Tried> pending = trials.stream()
          .filter(trial -> trial.measured == null)
          .map(SearchRun::tried)
          .toList();
      return begin(sampling.next(Search.random(draft.seed, trials.size()), ranked, pending), 0);
    }
    for (int from = 0; wave.isEmpty() && from < halving.top(); from++) {
      OptionalInt last = halving.last(from);
      if (last.isPresent()) {
        return promote(last.getAsInt(), from);
      }
    }
    return null;
  }

  private Job begin(Point point, int rung) {
    Trial trial = new Trial(trials.size(), point);
    trials.add(trial);
    return new Job(trial, rung);
  }

  private Job promote(int trial, int rung) {
    halving.promote(trial, rung);
    return new Job(trials.get(trial), rung + 1);
  }

  private static Tried tried(Trial trial) {
    return new Tried(trial.number, trial.point);
  }

  /** Failed trials come last, before them those that break most conditions. */
  private int broken(Trial trial) {
    if (measured(trial).failure().isPresent()) {
      return Integer.MAX_VALUE;
    }
    return (int) result(trial).findings().stream()
        .filter(finding -> finding.verdict() != Verdict.PASS)
        .count();
  }

  private void judge(List<Job> wave) {
    List<Optional<Measured>> known = wave.stream()
        .map(job -> journal.find(job.step(), job.trial.point.settings()))
        .toList();
    if (isLate() && known.stream().anyMatch(Optional::isEmpty)) {
      outOfTime = true;
    }
    List<@Nullable FutureTask<Trying>> tasks = new ArrayList<>();
    for (int i = 0; i < wave.size(); i++) {
      Job job = wave.get(i);
      FutureTask<Trying> task =
          known.get(i).isPresent() || outOfTime ? null : new FutureTask<>(() -> tried(job));
      tasks.add(task);
      if (task != null && wave.size() > 1) {
        offer(task);
      }
    }
    try {
      tasks.forEach(task -> {
        if (task != null) {
          task.run(); // does nothing if another thread has begun it
        }
      });
      take(wave, known, tasks);
    } finally {
      tasks.forEach(task -> {
        if (task != null) {
          drop(task);
        }
      });
    }
  }

  /** After a fault: what nobody has begun is not begun any more, and the model of what has ended is closed. */
  private static void drop(FutureTask<Trying> task) {
    if (!task.cancel(false) && task.isDone() && !task.isCancelled()) {
      try {
        Closing.close(task.get().model);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (ExecutionException e) {
        // It made none: this is the fault, or another one.
      }
    }
  }

  private void offer(FutureTask<Trying> task) {
    try {
      draft.executor.execute(task);
    } catch (Throwable e) {
      // the host's executor refused it; the calling thread does it
    }
  }

  private void take(
      List<Job> wave, List<Optional<Measured>> known, List<@Nullable FutureTask<Trying>> tasks) {
    for (FutureTask<Trying> task : tasks) {
      if (task != null) {
        await(task); // nothing trains while a model is timed
      }
    }
    for (int i = 0; i < wave.size(); i++) {
      Job job = wave.get(i);
      FutureTask<Trying> task = tasks.get(i);
      if (known.get(i).isPresent()) {
        take(job, known.get(i).get());
      } else if (task != null) {
        tasks.set(i, null); // its model is closed when it was timed
        Optional<Measured> made = timed(await(task));
        context.requireRunning();
        if (made.isEmpty()) {
          outOfTime = true;
          continue;
        }
        Measured measured = made.get().at(spent());
        journal.append(job.step(), family(job.trial).name(), job.trial.point.settings(), measured);
        take(job, measured);
      }
    }
    context.requireRunning();
  }

  private void take(Job job, Measured measured) {
    Trial trial = job.trial;
    trial.measured = measured;
    trial.rung = job.rung;
    rowsTrained += measured.rows();
    boolean counted = job.rung < halving.top() || trial.number > 0 || draft.champion < 0;
    if (counted) {
      halving.judged(trial.number, job.rung, score(trial));
    }
    context.progress(trial.number + 1L, draft.trials, result(trial).toString());
  }

  private static Trying await(FutureTask<Trying> task) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          if (e.getCause() instanceof RuntimeException thrown) {
            throw thrown;
          }
          if (e.getCause() instanceof Error thrown) {
            throw thrown;
          }
          throw new IllegalStateException(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private long spent() {
    return before + draft.ticker.getAsLong() - begun;
  }

  /** Whether the budget of time is spent; asked by the threads of trials as well. */
  private boolean isLate() {
    return draft.nanos.isPresent() && spent() >= draft.nanos.getAsLong();
  }

  /** What a trial gives that ran when the time was over. */
  private static final class LateException extends RuntimeException {
    private static final long serialVersionUID = 1;

    LateException() {
      super("the time is over", null, false, false);
    }
  }

  private void requireTime() {
    context.requireRunning();
    if (isLate()) {
      throw new LateException();
    }
  }

  private Family family(Trial trial) {
    return draft.families.get(trial.point.family());
  }

  /** Trains and tests by folds. */
  private Trying tried(Job job) {
    long rows = 0;
    List<Prediction> predictions = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    Trained last = null;
    boolean kept = false;
    try {
      ModelTrainer trainer = family(job.trial).trainer().apply(job.trial.point.settings());
      List<Labelled<Row>> test = List.of();
      for (TimeOrdered.Fold<Labelled<Row>> fold : draft.folds.of(seen, halving.share(job.rung))) {
        requireTime();
        if (last != null) {
          Closing.close(last.model());
          last = null;
        }
        rows += fold.training().size();
        last = trainer.train(fold.training(), trying);
        TestPhase phase = last.test(fold.test());
        if (phase.failures() > 0) {
          return failed(without(phase), rows);
        }
        for (int i = 0; i < phase.size(); i++) {
          predictions.add(phase.prediction(i).orElseThrow());
          truths.add(phase.rows().get(i).truth());
        }
        test = fold.test();
      }
      requireTime(); // a training that was told to stop may have given what it had
      Map<String, Estimate> quality = quality(trainer.schema(), predictions, truths);
      if (!quality.containsKey(metric.name())) {
        return failed("no " + metric.name() + " could be measured", rows);
      }
      boolean top = job.rung == halving.top();
      Measured measured = new Measured(
          quality,
          Optional.empty(),
          top && last != null ? OptionalLong.of(size(last)) : OptionalLong.empty(),
          Optional.empty(),
          rows,
          0);
      kept = top && last != null;
      return new Trying(Optional.of(measured), kept && last != null ? last.model() : null, test);
    } catch (LateException e) {
      return new Trying(Optional.empty(), null, List.of());
    } catch (TrainingStoppedException e) {
      context.requireRunning(); // the search was stopped; if not, only the trial was
      return isLate() ? new Trying(Optional.empty(), null, List.of()) : failed(why(e), rows);
    } catch (RuntimeException | LinkageError | StackOverflowError e) { // judged, not obeyed
      return failed(why(e), rows);
    } finally {
      if (last != null && !kept) {
        Closing.close(last.model());
      }
    }
  }

  private static String without(TestPhase phase) {
    return phase.failures() + " of " + phase.size() + " rows without a usable answer, the first "
        + phase.firstFailure().orElse("");
  }

  private static String why(Throwable thrown) {
    return thrown.getClass().getSimpleName()
        + (thrown.getMessage() == null
            ? ""
            : " (" + MlopsException.shown(thrown.getMessage()) + ")");
  }

  private static Trying failed(String why, long rows) {
    return new Trying(Optional.of(Measured.failed(why, rows)), null, List.of());
  }

  private Map<String, Estimate> quality(
      Schema schema, List<Prediction> predictions, List<Truth> truths) {
    Map<String, Estimate> named = new TreeMap<>();
    Quality.of(schema, predictions, truths, metrics).forEach((of, estimate) -> {
      if (metrics.contains(of)) {
        named.put(of.name(), estimate);
      }
    });
    return named;
  }

  /** Bytes of the weights in the package. */
  private static long size(Trained trained) {
    return trained.asPackage("trial").files().stream()
        .filter(file -> file.role().equals(PackageFile.Role.WEIGHTS))
        .mapToLong(PackageFile::size)
        .sum();
  }

  private Optional<Measured> timed(Trying tried) {
    Model model = tried.model;
    if (model == null || tried.measured.isEmpty()) {
      return tried.measured;
    }
    Measured measured = tried.measured.get();
    try {
      return Optional.of(measured.with(latency(model, tried.test, this::requireTime)));
    } catch (LateException e) {
      return Optional.empty();
    } catch (TrainingStoppedException e) {
      context.requireRunning(); // the search was stopped; if not, the model threw it
      return Optional.of(Measured.failed(why(e), measured.rows()));
    } catch (RuntimeException | LinkageError | StackOverflowError e) { // judged, not obeyed
      return Optional.of(Measured.failed(why(e), measured.rows()));
    } finally {
      Closing.close(model);
    }
  }

  /** Call after call; between two it may be stopped, which takes no time of either. */
  private Latency latency(Model model, List<Labelled<Row>> rows, Runnable going) {
    for (int i = 0; i < draft.warmUp; i++) {
      going.run();
      Prediction unused = model.predict(rows.get(i % rows.size()).input());
    }
    long[] nanos = new long[draft.timed];
    for (int i = 0; i < nanos.length; i++) {
      going.run();
      Row row = rows.get(i % rows.size()).input();
      long start = draft.ticker.getAsLong();
      Prediction unused = model.predict(row);
      nanos[i] = Math.max(0, draft.ticker.getAsLong() - start);
    }
    return Latency.of(nanos);
  }

  /** The settings of a trial, trained on all that the search saw; empty if it breaks a condition and must keep them. */
  private Optional<Winner> released(Trial trial, boolean keeping) {
    context.requireRunning();
    Settings settings = trial.point.settings();
    String step = "released/" + trial.number;
    Trained made = null;
    Winner winner = null;
    try {
      ModelTrainer trainer = family(trial).trainer().apply(settings);
      made = trainer.train(seen, training);
      TestPhase phase = made.test(heldBack);
      Trained trained = made.testedOn(phase);
      Optional<Measured> known = journal.find(step, settings);
      Measured measured = known.isPresent() ? known.get() : released(trainer, trained, phase);
      if (known.isEmpty()) {
        measured = measured.at(spent());
        journal.append(step, family(trial).name(), settings, measured);
      }
      Estimate quality = measured.quality().get(metric.name());
      if (quality != null
          && (!keeping || findings(trial, measured).stream().allMatch(SearchRun::passes))) {
        winner = new Winner(result(trial), quality, trainer, trained);
      }
    } catch (TrainingStoppedException e) {
      throw e;
    } catch (StoreException e) {
      throw e;
    } catch (RuntimeException | LinkageError | StackOverflowError e) { // judged, not obeyed
      return Optional.empty();
    } finally {
      if (made != null && winner == null) {
        Closing.close(made.model());
      }
    }
    return Optional.ofNullable(winner);
  }

  private Measured released(ModelTrainer trainer, Trained trained, TestPhase phase) {
    if (phase.failures() > 0) {
      return Measured.failed(without(phase), seen.size());
    }
    List<Prediction> predictions = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    for (int i = 0; i < phase.size(); i++) {
      predictions.add(phase.prediction(i).orElseThrow());
      truths.add(phase.rows().get(i).truth());
    }
    return new Measured(
            quality(trainer.schema(), predictions, truths),
            Optional.empty(),
            OptionalLong.of(size(trained)),
            Optional.empty(),
            seen.size(),
            0)
        .with(latency(trained.model(), heldBack, context::requireRunning));
  }

  /** What it scored; nobody asks its model again. */
  private static Estimate heldBackAlone(Winner once) {
    Closing.close(once.trained().model());
    return once.heldBack();
  }

  private static boolean passes(Finding finding) {
    return finding.verdict() == Verdict.PASS;
  }

  private static Measured measured(Trial trial) {
    if (trial.measured == null) {
      throw new IllegalStateException("trial " + trial.number + " was not measured");
    }
    return trial.measured;
  }

  /** More is better; what failed has −∞. */
  private double score(Trial trial) {
    Estimate quality = measured(trial).quality().get(metric.name());
    if (quality == null) {
      return Double.NEGATIVE_INFINITY;
    }
    return metric.higherIsBetter() ? quality.value() : -quality.value();
  }

  private List<Finding> findings(Trial trial, Measured measured) {
    VersionEvidence.Builder section = VersionEvidence.builder("trial-" + trial.number);
    measured.latency().ifPresent(section::latency);
    Estimate estimate = measured.quality().get(metric.name());
    if (estimate != null) {
      section.served(estimate.n(), 0).truths(estimate.n(), 0, 0);
    }
    for (Metric each : metrics) {
      Estimate of = measured.quality().get(each.name());
      if (of != null) {
        section.quality(each, of);
      }
    }
    Evidence evidence =
        Evidence.builder("search", Instant.EPOCH).candidate(section.build()).build();
    List<Finding> findings = new ArrayList<>();
    draft.conditions.forEach(each -> findings.add(each.answer(evidence)));
    draft.bytes.ifPresent(most -> findings.add(size(measured.size(), most)));
    return findings;
  }

  private static Finding size(OptionalLong of, long most) {
    return of.isEmpty()
        ? Finding.inconclusive("size: not known, limit " + most + " bytes")
        : Finding.builder(
                of.getAsLong() <= most ? Verdict.PASS : Verdict.FAIL,
                String.format(Locale.ROOT, "size %,d bytes, limit %,d bytes", of.getAsLong(), most))
            .quantity("size")
            .value((double) of.getAsLong())
            .limit((double) most)
            .build();
  }

  private TrialResult result(Trial trial) {
    if (trial.measured == null) {
      return new TrialResult(
          trial.number,
          family(trial).name(),
          trial.point.settings(),
          1,
          Optional.empty(),
          Optional.empty(),
          OptionalLong.empty(),
          List.of(),
          Optional.of("not begun"));
    }
    Measured measured = trial.measured;
    return new TrialResult(
        trial.number,
        family(trial).name(),
        trial.point.settings(),
        halving.share(trial.rung),
        Optional.ofNullable(measured.quality().get(metric.name())),
        measured.latency(),
        measured.size(),
        measured.latency().isPresent() ? findings(trial, measured) : List.of(),
        measured.failure());
  }

  private List<TrialResult> pareto(List<TrialResult> results) {
    List<TrialResult> feasible =
        results.stream().filter(TrialResult::isFeasible).toList();
    return feasible.stream()
        .filter(one -> feasible.stream().noneMatch(other -> isBetter(other, one)))
        .sorted(Comparator.comparingDouble((TrialResult one) -> -quality(one))
            .thenComparingInt(TrialResult::number))
        .toList();
  }

  private boolean isBetter(TrialResult candidate, TrialResult than) {
    double[] ours = merits(candidate);
    double[] theirs = merits(than);
    boolean better = false;
    for (int i = 0; i < ours.length; i++) {
      if (ours[i] < theirs[i]) {
        return false;
      }
      better |= ours[i] > theirs[i];
    }
    return better;
  }

  private double[] merits(TrialResult trial) {
    return new double[] {
      quality(trial),
      -trial.latency().orElseThrow().p99().toNanos(),
      -trial.size().orElse(Long.MAX_VALUE)
    };
  }

  private double quality(TrialResult trial) {
    double value = trial.quality().orElseThrow().value();
    return metric.higherIsBetter() ? value : -value;
  }
}
