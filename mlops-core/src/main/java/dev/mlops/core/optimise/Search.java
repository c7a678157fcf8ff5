package dev.mlops.core.optimise;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.pack.TrainingStoppedException;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.guard.Closing;
import dev.mlops.core.internal.json.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds the settings, and the family, whose models are best.
 *
 * <pre>{@code
 * SearchResult found = Search.over(family("logistic", Space.of(rate), at -> logistic(at.get(rate))))
 *     .maximising(quality("f1"))
 *     .within(latency().p99AtMost(Duration.ofMillis(2)))
 *     .budget(Duration.ofMinutes(10), 100)
 *     .run(rows);
 * }</pre>
 *
 * <p>The newest rows are held back. On the others each trial is trained and tested by time-ordered folds; its quality is that of
 * the answers to all folds together. A trial that throws, or leaves one row without a usable answer, has failed. Latency is
 * measured on the calling thread, call after call, after a warm-up, and size is that of the weights in the package.
 *
 * <p>The winner is the best trial whose conditions all PASS; of equals, the one begun first. It is trained again on all rows that
 * the search saw, and scored and timed on those held back. If a condition does not PASS there, the next best trial takes its
 * place: nothing wins above a limit, and nothing of which it is not known. A condition about latency wants 100 predictions, one
 * about quality 30.
 *
 * <p><b>Same seed, same result</b>, whatever the executor does: as many trials as {@linkplain #on at once} are chosen, all are
 * awaited, then the next are. What depends on measured time, which is latency and a budget of seconds, can differ. A {@linkplain
 * #journal journal} holds each measurement, so a search that was killed goes on where it was and gives the result of one that ran
 * through.
 *
 * <p>Defaults: TPE, 100 trials without a limit of time, five folds, no halving, a fifth of the rows held back, seed 1, one trial at
 * a time on the calling thread.
 *
 * <p>Immutable. Thread-safe if the families are; with a journal, one run at a time.
 *
 * @since 0.1
 */
@Beta
public final class Search {
  private final Draft draft;

  /** All that a search is told; copied by each method that changes it. */
  static final class Draft implements Cloneable {
    List<Family> families = List.of();

    @Nullable
    Metric metric;

    List<Condition> conditions = List.of();
    OptionalLong bytes = OptionalLong.empty();
    OptionalLong nanos = OptionalLong.empty();
    int trials = 100;
    TimeOrdered folds = TimeOrdered.of(5);
    Sampler sampler = Sampler.TPE;
    int eta = 2;
    int rungs = 1;
    double heldBack = 0.2;
    long seed = 1;

    @Nullable
    Path journal;

    Executor executor = Runnable::run;
    int atOnce = 1;
    int champion = -1;
    Settings settings = Settings.none();
    int warmUp = 2_000;
    int timed = 1_000;
    LongSupplier ticker = System::nanoTime;

    Draft copy() {
      try {
        return (Draft) clone();
      } catch (CloneNotSupportedException e) {
        throw new AssertionError(e);
      }
    }

    Metric metric() {
      if (metric == null) {
        throw new IllegalStateException(
            "a search wants maximising(…) or minimising(…) before it runs, got neither");
      }
      return metric;
    }

    /** What decides the result, rows apart. */
    Map<String, Object> description() {
      Map<String, Object> all = new LinkedHashMap<>();
      Map<String, Object> spaces = new LinkedHashMap<>();
      families.forEach(family -> spaces.put(family.name(), family.space().json()));
      all.put("families", spaces);
      all.put("order", families.stream().map(Family::name).toList());
      all.put("metric", metric().name());
      List<String> limits = new ArrayList<>();
      conditions.forEach(condition ->
          limits.add(condition.expression().isPresent() ? condition.toString() : "own"));
      bytes.ifPresent(most -> limits.add("size <= " + most + " bytes"));
      all.put("conditions", limits);
      all.put("folds", folds.folds());
      all.put("sampler", sampler.name());
      all.put("halving", List.of(eta, rungs));
      all.put("heldBack", heldBack);
      all.put("seed", seed);
      all.put("atOnce", atOnce);
      all.put("champion", champion < 0 ? "" : families.get(champion).name() + " " + settings);
      return all;
    }
  }

  private Search(Draft draft) {
    this.draft = draft;
  }

  private interface Change {
    void on(Draft copy);
  }

  private Search with(Change change) {
    Draft copy = draft.copy();
    change.on(copy);
    return new Search(copy);
  }

  /**
   * {@return a family of models}
   *
   * @param name such as {@code forest}; unique in a search
   * @param space its parameters
   * @param trainer makes a trainer; a pure function that may be called from several threads at once
   */
  public static Family family(String name, Space space, Function<Settings, ModelTrainer> trainer) {
    return new Family(name, space, trainer);
  }

  /**
   * {@return a search over families}
   *
   * @param families at least one, each name once
   * @throws IllegalArgumentException if there is none, or two have one name
   */
  public static Search over(Family... families) {
    Draft draft = new Draft();
    draft.families = List.of(families);
    Set<String> names = new HashSet<>();
    draft.families.forEach(family -> names.add(family.name()));
    if (names.isEmpty() || names.size() < families.length) {
      throw new IllegalArgumentException("wanted at least one family, each name once, got "
          + draft.families.stream().map(Family::name).toList());
    }
    return new Search(draft);
  }

  /**
   * {@return the same search, for the highest quality}
   *
   * @param quality such as {@code quality("f1")}
   * @throws IllegalArgumentException if less of the metric is better
   */
  public Search maximising(Signals.QualityQuestions quality) {
    return by(quality.metric(), true);
  }

  /**
   * {@return the same search, for the lowest error}
   *
   * @param quality such as {@code quality("rmse")}
   * @throws IllegalArgumentException if more of the metric is better
   */
  public Search minimising(Signals.QualityQuestions quality) {
    return by(quality.metric(), false);
  }

  private Search by(Metric metric, boolean most) {
    if (metric.higherIsBetter() != most || metric.isSigned()) {
      throw new IllegalArgumentException("wanted a metric of which " + (most ? "more" : "less")
          + " is better to " + (most ? "maximise" : "minimise") + ", got " + metric.name());
    }
    return with(copy -> copy.metric = metric);
  }

  /**
   * {@return the same search, whose winner keeps conditions; none by default}
   *
   * @param conditions such as {@code latency().p99AtMost(Duration.ofMillis(2))} and {@code quality("recall").atLeast(0.8)}
   */
  public Search within(Condition... conditions) {
    List<Condition> all = List.of(conditions);
    return with(copy -> copy.conditions = all);
  }

  /**
   * {@return the same search, whose winner is no larger; any size by default}
   *
   * @param bytes the most that the weights in its package may take, at least 1
   * @throws IllegalArgumentException if it is out of range
   */
  public Search sizeAtMost(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("the largest size must be >= 1 byte, but was " + bytes);
    }
    return with(copy -> copy.bytes = OptionalLong.of(bytes));
  }

  /**
   * {@return the same search, which measures no trial any more after some time, and none after a number of trials}
   *
   * <p>A trial that runs when the time is over is stopped before its next fold, or in its training if that asks whether it {@linkplain
   * TrainingContext#isStopped is stopped}, and counts for nothing. The winner is trained and timed again after that.
   *
   * @param time longer than zero; the time before a killed search went on counts
   * @param trials at least 1, the champion's settings included
   * @throws IllegalArgumentException if either is out of range
   */
  public Search budget(Duration time, int trials) {
    if (time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException("time must be longer than zero, but was " + time);
    }
    // Nanoseconds end after 292 years.
    long nanos = time.compareTo(Duration.ofDays(100_000)) < 0 ? time.toNanos() : Long.MAX_VALUE;
    return budget(trials).with(copy -> copy.nanos = OptionalLong.of(nanos));
  }

  /**
   * {@return the same search, which begins no trial after a number of them, however long they take}
   *
   * @param trials at least 1, the champion's settings included
   * @throws IllegalArgumentException if it is out of range
   */
  public Search budget(int trials) {
    if (trials < 1) {
      throw new IllegalArgumentException("trials must be >= 1, but were " + trials);
    }
    return with(copy -> {
      copy.trials = trials;
      copy.nanos = OptionalLong.empty();
    });
  }

  /**
   * {@return the same search, with other folds}
   *
   * @param folds in the order of time
   */
  public Search folds(TimeOrdered folds) {
    requireNonNull(folds, "folds");
    return with(copy -> copy.folds = folds);
  }

  /**
   * {@return the same search, with another choice of settings}
   *
   * @param sampler who chooses them
   */
  public Search sampler(Sampler sampler) {
    requireNonNull(sampler, "sampler");
    return with(copy -> copy.sampler = sampler);
  }

  /**
   * {@return the same search, which begins trials on few rows and goes on with the best alone (successive halving, ASHA)}
   *
   * <p>With η = 4 and three rungs a trial begins on the newest 1/16 of the training rows of each fold; the best quarter goes on to
   * 1/4, the best quarter of those to all. The champion's settings begin on all rows.
   *
   * @param eta η, from 2 to 16
   * @param rungs from 1, which means no halving, to 8
   * @throws IllegalArgumentException if either is out of range
   */
  public Search halving(int eta, int rungs) {
    if (eta < 2 || eta > 16 || rungs < 1 || rungs > 8) {
      throw new IllegalArgumentException(
          "eta must be from 2 to 16 and rungs from 1 to 8, but were " + eta + " and " + rungs);
    }
    return with(copy -> {
      copy.eta = eta;
      copy.rungs = rungs;
    });
  }

  /**
   * {@return the same search, whose trial 0 has the settings of the champion}
   *
   * @param family the name of its family
   * @param settings all that are to be set in the family's space
   * @throws IllegalArgumentException if there is no such family, or its space wants other settings
   */
  public Search champion(String family, Settings settings) {
    for (int i = 0; i < draft.families.size(); i++) {
      if (draft.families.get(i).name().equals(family)) {
        int index = i;
        Settings all = draft.families.get(i).space().require(settings);
        return with(copy -> {
          copy.champion = index;
          copy.settings = all;
        });
      }
    }
    throw new IllegalArgumentException("wanted one of the families "
        + draft.families.stream().map(Family::name).toList() + ", got " + family);
  }

  /**
   * {@return the same search, which holds back another share of the rows, the newest}
   *
   * @param share above 0 and at most 0.9
   * @throws IllegalArgumentException if it is out of range
   */
  public Search holdingBack(double share) {
    if (!(share > 0 && share <= 0.9)) {
      throw new IllegalArgumentException(
          "the share held back must be above 0 and at most 0.9, but was " + share);
    }
    return with(copy -> copy.heldBack = share);
  }

  /**
   * {@return the same search, with another seed of the choice of settings}
   *
   * @param seed any
   */
  public Search seed(long seed) {
    return with(copy -> copy.seed = seed);
  }

  /**
   * {@return the same search, which keeps what it measured and goes on with it when it was killed}
   *
   * @param file in a directory that exists; created if absent, and of this search on the same rows if not
   */
  public Search journal(Path file) {
    requireNonNull(file, "file");
    return with(copy -> copy.journal = file);
  }

  /**
   * {@return the same search, with trials trained beside each other}
   *
   * <p>The calling thread trains, too: a busy executor, or one that refuses, slows the search and does not stop it.
   *
   * @param executor the host's
   * @param atOnce how many trials are chosen before any of them is known, at least 1; another number gives another result
   * @throws IllegalArgumentException if it is out of range
   */
  public Search on(Executor executor, int atOnce) {
    requireNonNull(executor, "executor");
    if (atOnce < 1) {
      throw new IllegalArgumentException("atOnce must be >= 1, but was " + atOnce);
    }
    return with(copy -> {
      copy.executor = executor;
      copy.atOnce = atOnce;
    });
  }

  /**
   * {@return the same search, with other numbers of calls to time a model}
   *
   * @param warmUp calls before, at least 0; 2,000 by default
   * @param timed calls that are timed, at least 1; 1,000 by default
   * @throws IllegalArgumentException if either is out of range
   */
  public Search timing(int warmUp, int timed) {
    if (warmUp < 0 || timed < 1) {
      throw new IllegalArgumentException(
          "warmUp must be >= 0 and timed >= 1, but were " + warmUp + " and " + timed);
    }
    return with(copy -> {
      copy.warmUp = warmUp;
      copy.timed = timed;
    });
  }

  /**
   * {@return the same search, with a source of nanoseconds for latency and budget; {@code System::nanoTime} by default}
   *
   * @param ticker never falls; asked by every thread that trains
   */
  public Search ticker(LongSupplier ticker) {
    requireNonNull(ticker, "ticker");
    return with(copy -> copy.ticker = ticker);
  }

  /**
   * {@return what was found}
   *
   * @param rows in order of time
   * @throws IllegalArgumentException if there are too few for the folds
   * @throws IllegalStateException if nothing says what is best
   * @throws StoreException if the journal is that of another search or could not be read or written
   */
  public SearchResult run(List<Labelled<Row>> rows) {
    return run(rows, TrainingContext.none());
  }

  /**
   * {@return what was found}
   *
   * @param rows in order of time
   * @param context its seed is that of every training, its listener hears of every measurement, and it may stop the search: what
   *     was measured stays in the journal
   * @throws IllegalArgumentException if there are too few for the folds
   * @throws IllegalStateException if nothing says what is best
   * @throws StoreException if the journal is that of another search or could not be read or written
   * @throws TrainingStoppedException if it was stopped
   */
  public SearchResult run(List<Labelled<Row>> rows, TrainingContext context) {
    draft.metric();
    List<Labelled<Row>> all = List.copyOf(rows);
    if (draft.journal == null) {
      return new SearchRun(draft, all, context, SearchJournal.none()).run();
    }
    Map<String, Object> description = draft.description();
    description.put("rows", RowsDigest.of(all));
    description.put("trainingSeed", context.seed().isPresent() ? context.seed().getAsLong() : "");
    Map<String, Object> early = new LinkedHashMap<>(description);
    early.put("rows", RowsDigest.early(all));
    try (SearchJournal opened =
        SearchJournal.open(draft.journal, Json.of(description), Json.of(early))) {
      return new SearchRun(draft, all, context, opened).run();
    }
  }

  /**
   * {@return a trainer that searches each time it is asked to train, and gives the winner, trained on all rows}
   *
   * <p>So a loop may tune whenever it retrains. It keeps no journal: a training that was killed begins anew. If no trial is feasible,
   * such as where the time was over before one was measured, it throws {@link IllegalStateException}.
   */
  public ModelTrainer asTrainer() {
    draft.metric();
    Search search = with(copy -> copy.journal = null);
    Family first = draft.families.get(0);
    Sampling.Point any = Sampling.uniform(random(draft.seed, 0), List.of(first.space()));
    Schema schema = first.trainer().apply(any.settings()).schema();
    return new ModelTrainer() {
      @Override
      public Schema schema() {
        return schema;
      }

      @Override
      public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
        SearchResult found = search.run(rows, context);
        SearchResult.Winner winner = found
            .winner()
            .orElseThrow(() -> new IllegalStateException(
                found.trials().isEmpty()
                    ? "wanted a trial within the budget, got none: the time was over before one was measured; nothing was learnt"
                    : "wanted a feasible trial of " + found.trials().size()
                        + ", got none; nothing was learnt"));
        Closing.close(winner.trained().model()); // it did not learn the rows held back
        return winner.trainer().train(rows, context);
      }
    };
  }

  /** The random numbers of one trial: they depend on nothing before it. */
  static SplittableRandom random(long seed, int trial) {
    long mixed = (seed * 0x9E3779B97F4A7C15L) ^ ((trial + 1) * 0xD1B54A32D192ED03L);
    return new SplittableRandom(mixed);
  }

  /** {@return the families and what is sought} */
  @Override
  public String toString() {
    return "search over " + draft.families.stream().map(Family::name).toList()
        + (draft.metric == null ? "" : " by " + draft.metric.name());
  }
}
