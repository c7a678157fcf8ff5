package dev.mlops.core.optimise;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.DecisionThresholds;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.PackageDraft;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.pack.TrainingStoppedException;
import dev.mlops.core.gate.ModelSource;
import dev.mlops.core.gate.Trial;
import dev.mlops.core.internal.guard.Closing;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.pack.TrainedModel;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Looks for a faster model than the champion that is no worse: an ensemble with fewer members, or alternatives of the host, such
 * as a cheaper trial of a search's Pareto set or the same model in 32 bits.
 *
 * <pre>{@code
 * Faster.Result found = Faster.than(store.open(champion), deployment)
 *     .keeping(quality("accuracy").noWorseThanChampion(0.01))
 *     .pruning(new TribuoRuntime().ensemble(store.open(champion)).orElseThrow())
 *     .trying("linear", linear.train(history))
 *     .on(heldBack);
 * found.candidate().ifPresent(candidate -> store.publish(candidate.testedOn(newer).asPackage("orders"))); // then to the gate
 * }</pre>
 *
 * <p><b>No worse</b> is decided as a gate decides it: champion and option answer the same rows, and a condition reads the paired
 * difference with its interval ({@link Trial}). What is not PASS is not taken.
 *
 * <p><b>Pruning.</b> The older half of the rows orders the members: the first is the best alone, each next one the one that
 * lowers the error of those before it most (reduced-error ordering). The newer half tests the first 3/4 of them, the first 3/4 of
 * those, and so on, and stops at the first number whose quality does not PASS. With tests in a fixed order and a stop at the first failure,
 * a worse ensemble passes no more often than one test alone lets it: in at most 2.5 of 100 for a 95 % interval. With k
 * alternatives beside it that is at most 2.5 (k + 1) of 100. The gate judges what was chosen again, on newer rows.
 *
 * <p><b>Faster</b> is an option if the 99.5 % upper bound of its median time is below the champion's median. Both are loaded as
 * they would serve, warmed up, and called in turn on the calling thread. Of all that are faster and no worse, the one with the
 * lowest median is taken; of equals, the first.
 *
 * <p>A pruned ensemble keeps the calibration and the thresholds of the champion, which were fitted to the scores of all members. Keep a
 * metric that reads scores as well, such as {@code quality("log_loss").noWorseThanChampion(0.01)}, where scores are used.
 *
 * <p>Immutable, but a model that was handed over is closed when the look has run. Thread-safe if the source, the ensemble and the
 * alternatives are.
 *
 * @see <a href="https://dl.acm.org/doi/10.5555/645526.757762">Margineantu and Dietterich (1997), Pruning adaptive boosting</a>
 * @since 0.1
 */
@Beta
public final class Faster {
  /** The item of provenance that holds the digest of the package that was pruned. */
  public static final String FROM = "pruned.from";

  /** Fewer rows give no paired difference. */
  private static final int FEWEST = 30;

  private final ModelPackage champion;
  private final ModelSource source;
  private final List<Condition> conditions;
  private final @Nullable Ensemble ensemble;
  private final List<Alternative> alternatives;
  private final int warmUp;
  private final int timed;
  private final LongSupplier ticker;

  /** Something to try; a package is made a model when it is tried. */
  private record Alternative(
      String name, @Nullable Trained trained, @Nullable ModelPackage made) {}

  /**
   * What was tried.
   *
   * <p>Immutable.
   *
   * @param name such as {@code 12 of 64 members}, or what the host called it
   * @param members how many members it has, if it is a pruned ensemble
   * @param latency warmed up, call after call; empty if it failed
   * @param change in each metric that a condition reads, option minus champion on the same rows: the price in quality
   * @param findings what the conditions say, in their order; empty if it failed
   * @param faster whether the 99.5 % bound of its median is below the champion's median
   * @param failure what it did instead, if it failed
   * @since 0.1
   */
  @Beta
  public record Option(
      String name,
      OptionalInt members,
      Optional<Latency> latency,
      Map<Metric, Estimate> change,
      List<Finding> findings,
      boolean faster,
      Optional<String> failure) {
    /** Copies what it is given. */
    public Option {
      change = Map.copyOf(change);
      findings = List.copyOf(findings);
    }

    /** {@return whether every condition PASSes} */
    public boolean isNoWorse() {
      return !findings.isEmpty()
          && findings.stream().allMatch(finding -> finding.verdict() == Verdict.PASS);
    }

    /** {@return such as {@code 12 of 64 members: p50 0.01 ms, p99 0.03 ms (n 1000), accuracy +0.0010; taken if nothing is faster}} */
    @Override
    public String toString() {
      StringBuilder text = new StringBuilder(name).append(": ");
      failure.ifPresent(why -> text.append("failed, ").append(why));
      latency.ifPresent(each -> text.append(each(each)));
      new TreeMap<>(change)
          .forEach((metric, by) -> text.append(String.format(
              Locale.ROOT,
              ", %s %+.4f (%+.4f to %+.4f)",
              metric.name(),
              by.value(),
              by.lower(),
              by.upper())));
      if (failure.isEmpty()) {
        text.append(faster ? ", faster" : ", not faster beyond doubt");
        findings.stream()
            .filter(finding -> finding.verdict() != Verdict.PASS)
            .forEach(finding -> text.append("; ").append(finding));
      }
      return text.toString();
    }
  }

  /**
   * What was found.
   *
   * <p>Immutable.
   *
   * @param champion how long the champion takes; empty if nothing could be timed beside it
   * @param options all that was tried, in that order
   * @param best the fastest that is no worse; empty if none is
   * @param candidate the model of the best, to be tested, packaged and gated like any other
   * @since 0.1
   */
  @Beta
  public record Result(
      Optional<Latency> champion,
      List<Option> options,
      Optional<Option> best,
      Optional<Trained> candidate) {
    /** Copies the options. */
    public Result {
      options = List.copyOf(options);
    }

    /** {@return the champion and each option, a line each, and which is taken} */
    @Override
    public String toString() {
      StringBuilder text =
          new StringBuilder("champion: ").append(champion.map(Faster::each).orElse("no answer"));
      options.forEach(option -> text.append("\n  ").append(option));
      return text.append('\n')
          .append(best.map(option -> "taken: " + option.name())
              .orElse("nothing is taken: no option is faster and no worse"))
          .toString();
    }
  }

  private static String each(Latency latency) {
    return "p50 " + MlopsException.shown(latency.p50()) + ", p99 "
        + MlopsException.shown(latency.p99()) + " (n " + latency.n() + ")";
  }

  private Faster(
      ModelPackage champion,
      ModelSource source,
      List<Condition> conditions,
      @Nullable Ensemble ensemble,
      List<Alternative> alternatives,
      int warmUp,
      int timed,
      LongSupplier ticker) {
    this.champion = champion;
    this.source = source;
    this.conditions = conditions;
    this.ensemble = ensemble;
    this.alternatives = alternatives;
    this.warmUp = warmUp;
    this.timed = timed;
    this.ticker = ticker;
  }

  /**
   * {@return a look for something faster, which has nothing to try yet}
   *
   * @param champion the package that serves
   * @param source loads it and what is tried, such as a deployment
   */
  public static Faster than(ModelPackage champion, ModelSource source) {
    return new Faster(
        requireNonNull(champion, "champion"),
        requireNonNull(source, "source"),
        List.of(),
        null,
        List.of(),
        2_000,
        2_000,
        System::nanoTime);
  }

  /**
   * {@return the same look, which takes only what meets conditions}
   *
   * @param conditions at least one, such as {@code quality("accuracy").noWorseThanChampion(0.01)} and
   *     {@code latency().p99AtMost(Duration.ofMillis(2))}
   * @throws IllegalArgumentException if there is none: anything would be taken
   */
  public Faster keeping(Condition... conditions) {
    if (conditions.length == 0) {
      throw new IllegalArgumentException(
          "wanted at least one condition to keep, got none: anything would be taken");
    }
    return new Faster(
        champion, source, List.of(conditions), ensemble, alternatives, warmUp, timed, ticker);
  }

  /**
   * {@return the same look, which tries fewer members}
   *
   * @param ensemble the model of the champion, such as {@code new TribuoRuntime().ensemble(champion)} gives
   */
  public Faster pruning(Ensemble ensemble) {
    requireNonNull(ensemble, "ensemble");
    return new Faster(champion, source, conditions, ensemble, alternatives, warmUp, timed, ticker);
  }

  /**
   * {@return the same look, which tries another model as well}
   *
   * @param name for the report
   * @param trained such as a cheaper trial of a Pareto set, trained on rows of the host; closed when the look has run, unless it is
   *     taken, so such a look runs once
   */
  public Faster trying(String name, Trained trained) {
    return with(
        new Alternative(requireNonNull(name, "name"), requireNonNull(trained, "trained"), null));
  }

  /**
   * {@return the same look, which tries the model of another package as well}
   *
   * @param name for the report, such as {@code 32 bits}
   * @param made a package with the same columns, such as an ONNX model in 32 bits
   */
  public Faster trying(String name, ModelPackage made) {
    return with(new Alternative(requireNonNull(name, "name"), null, requireNonNull(made, "made")));
  }

  private Faster with(Alternative alternative) {
    List<Alternative> more = new ArrayList<>(alternatives);
    more.add(alternative);
    return new Faster(
        champion, source, conditions, ensemble, List.copyOf(more), warmUp, timed, ticker);
  }

  /**
   * {@return the same look, with other numbers of calls to time a model}
   *
   * @param warmUp calls before, at least 0; 2,000 by default
   * @param timed calls that are timed, at least 8, from which on there is a bound of the median; 2,000 by default
   * @throws IllegalArgumentException if either is out of range
   */
  public Faster timing(int warmUp, int timed) {
    if (warmUp < 0 || timed < 8) {
      throw new IllegalArgumentException(
          "warmUp must be >= 0 and timed >= 8, but were " + warmUp + " and " + timed);
    }
    return new Faster(champion, source, conditions, ensemble, alternatives, warmUp, timed, ticker);
  }

  /**
   * {@return the same look, with a source of nanoseconds; {@code System::nanoTime} by default}
   *
   * @param ticker never falls
   */
  public Faster ticker(LongSupplier ticker) {
    return new Faster(
        champion,
        source,
        conditions,
        ensemble,
        alternatives,
        warmUp,
        timed,
        requireNonNull(ticker, "ticker"));
  }

  /**
   * {@return a trainer that looks for a faster model on the rows that it is given, so that a loop or {@link Remedies} may use it; if
   * nothing is taken it throws {@link IllegalStateException} with the report}
   */
  public ModelTrainer asTrainer() {
    return new ModelTrainer() {
      @Override
      public Schema schema() {
        return champion.schema();
      }

      @Override
      public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
        Result found = on(rows, context);
        return found
            .candidate()
            .orElseThrow(() -> new IllegalStateException(
                "wanted a faster model that is no worse, got none; nothing was made. " + found));
      }
    };
  }

  /**
   * {@return what was found}
   *
   * @param rows in order of time, that neither the champion nor an alternative was trained on; 30 at least, twice as many to prune
   * @throws IllegalArgumentException if there are fewer
   * @throws IllegalStateException if nothing says what is to be kept, or what is to be tried
   */
  public Result on(List<Labelled<Row>> rows) {
    return on(rows, TrainingContext.none());
  }

  /**
   * {@return what was found}
   *
   * @param rows as above
   * @param context its listener hears of every option, and it may stop the look
   * @throws IllegalArgumentException as above
   * @throws IllegalStateException as above
   * @throws TrainingStoppedException if it was stopped
   */
  public Result on(List<Labelled<Row>> rows, TrainingContext context) {
    if (conditions.isEmpty()) {
      throw new IllegalStateException(
          "a look for a faster model wants keeping(…) before it runs, got no condition");
    }
    if (ensemble == null && alternatives.isEmpty()) {
      throw new IllegalStateException("a look for a faster model wants pruning(…) or trying(…)"
          + " before it runs, got nothing to try");
    }
    int half = ensemble == null ? 0 : rows.size() / 2;
    if (rows.size() - half < FEWEST || (ensemble != null && half < FEWEST)) {
      throw new IllegalArgumentException("wanted " + FEWEST + " rows to test on"
          + (ensemble == null ? "" : " and as many before them to order the members by")
          + ", got " + rows.size() + " in all; nothing was tried");
    }
    TrainedModel.requireFit("look for a faster model", champion.schema(), rows);
    Model serving = source.load(champion);
    try {
      return new Look(serving, rows.subList(half, rows.size()), context).run(rows.subList(0, half));
    } finally {
      Closing.close(serving);
    }
  }

  /** One look. */
  private final class Look {
    private final Model serving;
    private final TrainingContext context;
    private final List<Labelled<Row>> rows = new ArrayList<>();
    private final List<Outcome> outcomes = new ArrayList<>();
    private final Metric[] metrics;
    private final List<Option> options = new ArrayList<>();
    private Optional<Latency> theirs = Optional.empty();
    private @Nullable Option best;
    private @Nullable Trained candidate;

    Look(Model serving, List<Labelled<Row>> rows, TrainingContext context) {
      this.serving = serving;
      this.context = context;
      Set<Metric> read = new LinkedHashSet<>();
      conditions.forEach(condition -> read.addAll(condition.metrics()));
      this.metrics = read.toArray(new Metric[0]);
      TestPhase phase = TestPhase.of(serving, rows, ticker);
      for (int i = 0; i < phase.size(); i++) {
        Optional<Prediction> said = phase.prediction(i);
        if (said.isPresent()) { // what the champion did not answer cannot be compared
          Labelled<Row> row = rows.get(i);
          this.rows.add(row);
          outcomes.add(Outcome.builder(i, i, "champion")
              .row(row.input())
              .prediction(said.get())
              .truth(row.truth())
              .servedAt(Instant.EPOCH)
              .build());
        }
      }
    }

    Result run(List<Labelled<Row>> older) {
      try {
        Ensemble members = ensemble;
        if (members != null && rows.size() >= FEWEST) {
          prune(members, older);
        }
        for (Alternative each : alternatives) {
          context.requireRunning();
          if (rows.size() >= FEWEST) {
            tried(each.name, OptionalInt.empty(), () -> trained(each));
          }
        }
      } catch (RuntimeException | Error e) {
        drop(candidate);
        candidate = null;
        throw e;
      } finally {
        closeAlternatives();
      }
      return new Result(theirs, options, Optional.ofNullable(best), Optional.ofNullable(candidate));
    }

    /** What the host handed over and nobody took. */
    @SuppressWarnings("ReferenceEquality") // the same object
    private void closeAlternatives() {
      for (Alternative each : alternatives) {
        if (each.trained != null && each.trained != candidate) {
          Closing.close(each.trained.model());
        }
      }
    }

    @SuppressWarnings("ReferenceEquality") // the same object
    private boolean isHanded(Trained made) {
      return alternatives.stream().anyMatch(each -> each.trained == made);
    }

    private void prune(Ensemble members, List<Labelled<Row>> older) {
      List<Integer> order = order(members, older);
      for (int size = fewer(members.size()); size >= 1; size = fewer(size)) {
        context.requireRunning();
        List<Integer> kept = order.subList(0, size).stream().sorted().toList();
        Option option = tried(
            size + " of " + members.size() + " members",
            OptionalInt.of(size),
            () -> pruned(members, kept));
        if (option.failure().isPresent() || !keepsQuality(option)) {
          return; // tests in a fixed order end at the first that fails
        }
      }
    }

    /** Whether what an interval tells PASSes: a limit of latency may be met by fewer members still. */
    private boolean keepsQuality(Option option) {
      List<Finding> findings = option.findings();
      for (int i = 0; i < findings.size(); i++) {
        boolean ofQuality =
            i >= conditions.size() || !conditions.get(i).metrics().isEmpty();
        if (ofQuality && findings.get(i).verdict() != Verdict.PASS) {
          return false;
        }
      }
      return true;
    }

    private int fewer(int size) {
      return size == 1 ? 0 : Math.min(size - 1, (int) Math.ceil(size * 0.75));
    }

    private Trained pruned(Ensemble members, List<Integer> kept) {
      TrainedModel bare = members.keeping(kept, context);
      return new Described(decided(bare, champion), draft -> {
        Inherited.settings(draft, champion);
        Inherited.provenance(draft, champion);
        draft
            .provenance(FROM, champion.digest().toString())
            .provenance("pruned.members", kept.size());
      });
    }

    /** With the calibration and the thresholds of a package. */
    private TrainedModel decided(TrainedModel bare, ModelPackage like) {
      return like.calibration()
          .map(bare::calibrated)
          .orElse(bare)
          .deciding(DecisionThresholds.of(like.configuration(), like.schema()));
    }

    private Trained trained(Alternative each) {
      if (each.trained != null) {
        return each.trained;
      }
      ModelPackage made = requireNonNull(each.made);
      FilePackage.Builder bare =
          FilePackage.builder(made.model(), made.schema()).modelOf(made);
      Inherited.settings(bare, made);
      TrainedModel same = TrainedModel.of(
          made.schema(),
          source.load(bare.build()),
          draft -> {
            draft.modelOf(made);
            Inherited.settings(draft, made);
            Inherited.provenance(draft, made);
          },
          context);
      return decided(same, made);
    }

    private interface Making {
      Trained make();
    }

    private Option tried(String name, OptionalInt size, Making making) {
      Trained made = null;
      Option option;
      try {
        made = making.make();
        option = measured(name, size, made);
      } catch (TrainingStoppedException e) {
        drop(made);
        throw e;
      } catch (RuntimeException | LinkageError | StackOverflowError e) { // judged, not obeyed
        option = new Option(
            name,
            size,
            Optional.empty(),
            Map.of(),
            List.of(),
            false,
            Optional.of(e.getClass().getSimpleName()
                + (e.getMessage() == null
                    ? ""
                    : " (" + MlopsException.shown(e.getMessage()) + ")")));
      }
      options.add(option);
      context.progress(options.size(), Math.max(options.size(), 1), option.toString());
      if (made != null && isBest(option)) {
        drop(candidate);
        best = option;
        candidate = made;
      } else {
        drop(made);
      }
      return option;
    }

    private boolean isBest(Option option) {
      return option.isNoWorse()
          && option.faster()
          && (best == null || median(option) < median(requireNonNull(best)));
    }

    private long median(Option option) {
      return option.latency().orElseThrow().p50().toNanos();
    }

    private void drop(@Nullable Trained made) {
      if (made != null && !isHanded(made)) { // those are closed at the end, once
        Closing.close(made.model());
      }
    }

    private Option measured(String name, OptionalInt size, Trained made) {
      TestPhase phase = made.test(rows).measuring(metrics);
      ModelPackage packed = made.testedOn(phase).asPackage(champion.model());
      Model loaded = source.load(packed);
      try {
        Latency[] times = beside(loaded);
        Evidence evidence = Trial.of(
            Evidence.builder(champion.model(), Instant.EPOCH)
                .champion(VersionEvidence.builder("champion").latency(times[0]).build())
                .build(),
            "champion",
            null,
            packed,
            loaded,
            "option",
            phase,
            outcomes,
            ticker);
        Evidence timed = evidence.toBuilder()
            .candidate(
                evidence.candidate().orElseThrow().toBuilder().latency(times[1]).build())
            .build();
        List<Finding> findings = new ArrayList<>();
        conditions.forEach(condition -> findings.add(condition.answer(timed)));
        if (phase.failures() > 0) {
          findings.add(Finding.fail(phase.failures() + " of " + phase.size()
              + " rows without a usable answer, the first "
              + phase.firstFailure().orElse("")));
        }
        Map<Metric, Estimate> change = new TreeMap<>();
        for (Metric metric : metrics) {
          timed.comparison(metric).ifPresent(by -> change.put(metric, by));
        }
        theirs = Optional.of(times[0]);
        boolean faster = times[1]
            .upper(0.5)
            .map(bound -> bound.compareTo(times[0].p50()) < 0)
            .orElse(false);
        return new Option(
            name, size, Optional.of(times[1]), change, findings, faster, Optional.empty());
      } finally {
        Closing.close(loaded);
      }
    }

    /** The champion and an option, called in turn. */
    private Latency[] beside(Model option) {
      for (int i = 0; i < warmUp; i++) {
        Row row = rows.get(i % rows.size()).input();
        Prediction unused = serving.predict(row);
        Prediction unusedToo = option.predict(row);
      }
      long[][] nanos = new long[2][timed];
      for (int i = 0; i < timed; i++) {
        Row row = rows.get(i % rows.size()).input();
        long start = ticker.getAsLong();
        Prediction unused = serving.predict(row);
        long half = ticker.getAsLong();
        Prediction unusedToo = option.predict(row);
        nanos[1][i] = Math.max(0, ticker.getAsLong() - half);
        nanos[0][i] = Math.max(0, half - start);
      }
      return new Latency[] {Latency.of(nanos[0]), Latency.of(nanos[1])};
    }

    // ---- which members

    /** Reduced-error ordering: each next member lowers the error of those before it most; of equals, the first. */
    private List<Integer> order(Ensemble members, List<Labelled<Row>> older) {
      Votes votes = Votes.of(members, older, context);
      List<Integer> order = new ArrayList<>();
      Set<Integer> left =
          new LinkedHashSet<>(IntStream.range(0, members.size()).boxed().toList());
      while (!left.isEmpty()) {
        context.requireRunning();
        int next = left.stream()
            .min(Comparator.comparingDouble(votes::errorWith).thenComparing(each -> each))
            .orElseThrow();
        votes.add(next);
        order.add(next);
        left.remove(next);
      }
      return order;
    }
  }

  /** What members said of rows, and the sum over those that were added. */
  @SuppressWarnings("ArrayRecordComponent")
  private static final class Votes {
    /** By member, row and output. */
    private final double[][][] said;

    private final double[] weights;
    /** By row and output. */
    private final double[][] right;

    private final double[][] sum;
    private double weight;

    private Votes(double[][][] said, double[] weights, double[][] right) {
      this.said = said;
      this.weights = weights;
      this.right = right;
      this.sum = new double[right.length][right.length == 0 ? 0 : right[0].length];
    }

    static Votes of(Ensemble members, List<Labelled<Row>> rows, TrainingContext context) {
      List<String> outputs = outputs(rows);
      int n = members.size();
      double[][][] said = new double[n][rows.size()][];
      double[] weights = new double[n];
      for (int member = 0; member < n; member++) {
        context.requireRunning();
        Model alone = members.member(member);
        weights[member] = members.weight(member);
        for (int i = 0; i < rows.size(); i++) {
          said[member][i] = numbers(alone, rows.get(i).input(), outputs);
        }
      }
      double[][] right = new double[rows.size()][];
      for (int i = 0; i < right.length; i++) {
        right[i] = numbers(rows.get(i).truth(), outputs);
      }
      return new Votes(said, weights, right);
    }

    private static List<String> outputs(List<Labelled<Row>> rows) {
      Set<String> names = new LinkedHashSet<>();
      for (Labelled<Row> row : rows) {
        row.truth()
            .label()
            .ifPresentOrElse(names::add, () -> names.addAll(row.truth().values().keySet()));
      }
      return List.copyOf(names);
    }

    /** A vote of 1 for the label that was said, or the quantities. */
    private static double[] numbers(Model member, Row row, List<String> outputs) {
      double[] numbers = new double[outputs.size()];
      Prediction said;
      try {
        said = member.predict(row);
      } catch (RuntimeException | LinkageError | StackOverflowError e) { // a member that is no help
        return numbers;
      }
      if (said instanceof Classification classified) {
        int at = outputs.indexOf(classified.label());
        if (at >= 0) {
          numbers[at] = 1;
        }
      } else if (said instanceof Regression quantities) {
        for (int i = 0; i < quantities.names().size(); i++) {
          int at = outputs.size() == 1 ? 0 : outputs.indexOf(quantities.names().get(i));
          if (at >= 0) {
            numbers[at] = quantities.valueAt(i);
          }
        }
      }
      return numbers;
    }

    private static double[] numbers(Truth truth, List<String> outputs) {
      double[] numbers = new double[outputs.size()];
      for (int i = 0; i < numbers.length; i++) {
        String name = outputs.get(i);
        numbers[i] = truth.label().isPresent()
            ? truth.label().get().equals(name) ? 1 : 0
            : truth.values().getOrDefault(name, 0.0);
      }
      return numbers;
    }

    /** The squared error of those that were added and one more; for votes, the Brier score of their shares. */
    double errorWith(int member) {
      double all = weight + weights[member];
      double error = 0;
      for (int i = 0; i < right.length; i++) {
        double[] of = said[member][i];
        for (int k = 0; k < of.length; k++) {
          double off = (sum[i][k] + weights[member] * of[k]) / all - right[i][k];
          error += off * off;
        }
      }
      return error;
    }

    void add(int member) {
      weight += weights[member];
      for (int i = 0; i < right.length; i++) {
        for (int k = 0; k < right[i].length; k++) {
          sum[i][k] += weights[member] * said[member][i][k];
        }
      }
    }
  }

  /** A model whose packages say more. */
  private record Described(Trained behind, Consumer<PackageDraft> more) implements Trained {
    @Override
    public Model model() {
      return behind.model();
    }

    @Override
    public TestPhase test(List<Labelled<Row>> rows) {
      return behind.test(rows);
    }

    @Override
    public Trained testedOn(TestPhase phase) {
      return new Described(behind.testedOn(phase), more);
    }

    @Override
    public ModelPackage asPackage(String name, Consumer<? super PackageDraft> about) {
      return behind.asPackage(name, draft -> {
        more.accept(draft);
        about.accept(draft);
      });
    }
  }

  /** {@return what is tried and kept} */
  @Override
  public String toString() {
    return "faster than " + champion.model() + " sha256:" + champion.digest().abbreviated()
        + ", keeping " + conditions + ", trying "
        + (ensemble == null ? "" : "fewer of " + ensemble.size() + " members, ")
        + alternatives.stream().map(Alternative::name).toList();
  }
}
