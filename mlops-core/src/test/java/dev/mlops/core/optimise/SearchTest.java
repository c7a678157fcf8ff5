package dev.mlops.core.optimise;

import static dev.mlops.api.monitor.Signals.latency;
import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.core.optimise.Search.family;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.pack.TrainingStoppedException;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.log.EventLog;
import dev.mlops.core.pack.TrainedModel;
import dev.mlops.core.tribuo.TribuoTrainer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.dtree.impurity.GiniIndex;

class SearchTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("x"), Column.number("y")).predicting(Task.CLASSIFICATION);

  private static final Parameter<Double> CUT = Parameter.number("cut", 0, 1);
  private static final Parameter<Integer> PADDING = Parameter.whole("padding", 1, 100);
  private static final Space SPACE = Space.of(CUT, PADDING);

  @TempDir
  Path dir;

  /** A clock that only a model moves. */
  private final AtomicLong clock = new AtomicLong();

  private final List<Labelled<Row>> trainedOn = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger trainings = new AtomicInteger();

  /** The label is yes above 0.6, one in twenty wrong. */
  private static List<Labelled<Row>> rows(int n) {
    SplittableRandom random = new SplittableRandom(5);
    return IntStream.range(0, n)
        .mapToObj(i -> {
          double x = random.nextDouble();
          boolean yes = x > 0.6 != random.nextInt(20) < 1;
          return new Labelled<Row>(
              Row.of(SCHEMA, x, random.nextDouble()), Truth.of(yes ? "yes" : "no"));
        })
        .toList();
  }

  /** Cuts at its setting, takes nanoseconds that may depend on the rows, and has weights of a given size. */
  private ModelTrainer cutting(Settings settings, ToIntFunction<List<Labelled<Row>>> nanos) {
    return new ModelTrainer() {
      @Override
      public Schema schema() {
        return SCHEMA;
      }

      @Override
      public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
        context.requireRunning();
        trainings.incrementAndGet();
        trainedOn.addAll(rows);
        int each = nanos.applyAsInt(rows);
        double cut = settings.get(CUT);
        Model model = row -> {
          clock.addAndGet(each);
          boolean yes = row.number(0) > cut;
          return Classification.of(Map.of("yes", yes ? 0.9 : 0.1, "no", yes ? 0.1 : 0.9));
        };
        return TrainedModel.of(SCHEMA, model, "cutting", new byte[settings.get(PADDING)], context);
      }
    };
  }

  private Search search() {
    return Search.over(family("cut", SPACE, at -> cutting(at, rows -> 1_000)))
        .maximising(quality("accuracy"))
        .budget(40)
        .timing(10, 100)
        .ticker(clock::get);
  }

  private static Settings at(double cut) {
    return Settings.none().with(CUT, cut).with(PADDING, 50);
  }

  @Test
  void theWinnerIsCloseToTheBestAndScoredOnRowsThatWereNeverSeen() {
    List<Labelled<Row>> rows = rows(1_000);
    SearchResult found = search().champion("cut", at(0.2)).run(rows);
    SearchResult.Winner won = found.winner().orElseThrow();
    assertThat(found.trials()).hasSize(40);
    assertThat(found.trials().get(0).settings()).isEqualTo(at(0.2));
    assertThat(won.trial().settings().get(CUT)).isBetween(0.57, 0.63);
    assertThat(won.heldBack().n()).isEqualTo(200);
    assertThat(won.heldBack().value()).isBetween(0.9, 1.0);
    assertThat(found.championHeldBack().orElseThrow().value()).isLessThan(0.7);
    assertThat(trainedOn).doesNotContainAnyElementsOf(rows.subList(800, 1_000));
    assertThat(won.trained().asPackage("cut").baseline()).isPresent();
    assertThat(found.toString()).contains("40 trials", "cut", "p99 0.001 ms");
  }

  /** A cheaper trial can be trained again, such as to be tried beside the champion. */
  @Test
  void aTrialGivesItsTrainer() {
    List<Labelled<Row>> rows = rows(500);
    SearchResult found = search().budget(5).run(rows);
    TrialResult last = found.trials().get(4);
    ModelTrainer trainer = found.trainer(last);
    boolean yes = ((Classification)
            trainer.train(rows).model().predict(Row.of(SCHEMA, last.settings().get(CUT) + 0.01, 0)))
        .label()
        .equals("yes");
    assertThat(yes).isTrue();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> found.trainer(new TrialResult(
            9,
            "forest",
            last.settings(),
            1,
            last.quality(),
            last.latency(),
            last.size(),
            List.of(),
            last.failure())))
        .withMessageContaining("[cut]")
        .withMessageContaining("forest");
  }

  /** A journal that an early build began, whose rows are told by 32 bits, goes on. */
  @Test
  void aJournalOfAnEarlyBuildGoesOn() {
    List<Labelled<Row>> rows = rows(300);
    Path now = dir.resolve("now");
    SearchResult through = search().budget(4).journal(now).run(rows);
    List<byte[]> lines = new ArrayList<>();
    EventLog.read(now, lines::add);
    String begun = new String(lines.get(0), StandardCharsets.UTF_8);
    assertThat(begun).contains(RowsDigest.of(rows)).contains("sha256:");
    Path early = dir.resolve("early");
    try (EventLog log = EventLog.open(early)) {
      log.append(begun
          .replace(RowsDigest.of(rows), RowsDigest.early(rows))
          .getBytes(StandardCharsets.UTF_8));
      for (byte[] line : lines.subList(1, 3)) {
        log.append(line);
      }
    }
    assertThat(search().budget(4).journal(early).run(rows).trials()).isEqualTo(through.trials());
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> search().budget(4).journal(early).run(rows(299)))
        .withMessageContaining("rows");
  }

  /** Values that were told apart by a separator alone: a category may hold it. */
  @Test
  void rowsThatDifferHaveOtherDigests() {
    Schema schema =
        Schema.of(Column.category("a"), Column.category("b")).predicting(Task.CLASSIFICATION);
    Labelled<Row> one = new Labelled<>(Row.of(schema, "x\u001f", "y"), Truth.of("yes"));
    Labelled<Row> other = new Labelled<>(Row.of(schema, "x", "\u001fy"), Truth.of("yes"));
    Labelled<Row> heavier = new Labelled<>(one.input(), one.truth(), 2);
    Labelled<Row> wrong = new Labelled<>(one.input(), Truth.of("no"));
    assertThat(RowsDigest.early(List.of(one))).isEqualTo(RowsDigest.early(List.of(other)));
    assertThat(Stream.of(
                List.of(one), List.of(other), List.of(heavier), List.of(wrong), List.of(one, one))
            .map(RowsDigest::of)
            .distinct())
        .hasSize(5);
    assertThat(RowsDigest.of(List.of(one))).isEqualTo(RowsDigest.of(List.of(one)));
  }

  @Test
  void theParetoSetHasTheSmallerModelsToo() {
    List<TrialResult> pareto = search().run(rows(500)).pareto();
    assertThat(pareto).isNotEmpty();
    for (int i = 1; i < pareto.size(); i++) {
      assertThat(pareto.get(i).quality().orElseThrow().value())
          .isLessThan(pareto.get(i - 1).quality().orElseThrow().value());
      assertThat(pareto.get(i).size().getAsLong())
          .isLessThan(pareto.get(i - 1).size().getAsLong());
    }
  }

  @Test
  void nothingAboveTheCapOfLatencyWins() {
    List<Labelled<Row>> rows = rows(500);
    // The better the cut, the slower: up to 4 ms.
    Search slow = Search.over(family(
            "cut",
            SPACE,
            at -> cutting(at, any -> (int) (4_000_000 * (1 - Math.abs(at.get(CUT) - 0.6))))))
        .maximising(quality("accuracy"))
        .budget(40)
        .timing(10, 100)
        .ticker(clock::get);
    Duration cap = Duration.ofMillis(3);
    TrialResult free = slow.run(rows).winner().orElseThrow().trial();
    assertThat(free.latency().orElseThrow().p99()).isGreaterThan(cap);
    SearchResult capped = slow.within(latency().p99AtMost(cap)).run(rows);
    assertThat(capped.winner().orElseThrow().trial().latency().orElseThrow().p99())
        .isLessThanOrEqualTo(cap);
    assertThat(capped.pareto())
        .allMatch(trial -> trial.latency().orElseThrow().p99().compareTo(cap) <= 0);
    assertThat(capped.trials().stream().filter(trial -> !trial.isFeasible()))
        .isNotEmpty()
        .allMatch(trial -> trial.latency().orElseThrow().p99().compareTo(cap) > 0);
  }

  /** Trained on all rows a model may be larger, and so slower, than in the folds. */
  @Test
  void aWinnerThatIsSlowOnceTrainedOnAllRowsGivesWayToTheNext() {
    ToIntFunction<List<Labelled<Row>>> growing = rows -> rows.size() >= 400 ? 4_000_000 : 1_000;
    Search search = Search.over(
            family("growing", SPACE, at -> cutting(at, growing)),
            family("steady", SPACE, at -> cutting(at.with(CUT, 0.5), rows -> 1_000)))
        .maximising(quality("accuracy"))
        .within(latency().p99AtMost(Duration.ofMillis(2)))
        .budget(30)
        .timing(10, 100)
        .ticker(clock::get);
    SearchResult found = search.run(rows(500));
    assertThat(found.pareto().get(0).family()).isEqualTo("growing");
    assertThat(found.winner().orElseThrow().trial().family()).isEqualTo("steady");
  }

  /** A p99 of too few calls is not known, and what is not known does not pass. */
  @Test
  void nothingWinsOnALatencyOfTooFewCalls() {
    SearchResult found =
        search().within(latency().p99AtMost(Duration.ofMillis(2))).timing(0, 99).run(rows(300));
    assertThat(found.winner()).isEmpty();
    assertThat(found.pareto()).isEmpty();
    assertThat(found.toString()).contains("none was feasible");
  }

  @Test
  void aSearchKilledAfterAnyLineGivesTheResultOfOneThatRanThrough() {
    List<Labelled<Row>> rows = rows(200);
    Search base = search()
        .budget(14)
        .folds(TimeOrdered.of(2))
        .halving(2, 3)
        .champion("cut", at(0.3))
        .on(Runnable::run, 3);
    Path whole = dir.resolve("whole");
    SearchResult through = base.journal(whole).run(rows);
    int all = trainings.getAndSet(0);
    List<byte[]> lines = new ArrayList<>();
    EventLog.read(whole, lines::add);
    assertThat(lines.size()).isGreaterThan(20);
    for (int killed = 0; killed <= lines.size(); killed++) {
      Path part = dir.resolve("killed-" + killed);
      try (EventLog log = EventLog.open(part)) {
        log.append(lines.subList(0, killed));
      }
      trainings.set(0);
      SearchResult resumed = base.journal(part).run(rows);
      assertThat(resumed.trials()).as("killed after %s", killed).isEqualTo(through.trials());
      assertThat(resumed.pareto()).isEqualTo(through.pareto());
      assertThat(resumed.winner().orElseThrow().trial())
          .isEqualTo(through.winner().orElseThrow().trial());
      assertThat(resumed.winner().orElseThrow().heldBack())
          .isEqualTo(through.winner().orElseThrow().heldBack());
      assertThat(resumed.championHeldBack()).isEqualTo(through.championHeldBack());
      assertThat(resumed.rowsTrained()).isEqualTo(through.rowsTrained());
      if (killed == lines.size()) {
        assertThat(trainings.get()).isEqualTo(2).isLessThan(all); // the winner and the champion
      }
    }
  }

  @Test
  void aStoppedSearchKeepsWhatItMeasured() {
    List<Labelled<Row>> rows = rows(300);
    Path journal = dir.resolve("journal");
    AtomicInteger steps = new AtomicInteger();
    TrainingContext stopping = TrainingContext.builder()
        .progressTo((step, of, text) -> steps.incrementAndGet())
        .cancelledWhen(() -> steps.get() >= 7)
        .build();
    assertThatExceptionOfType(TrainingStoppedException.class)
        .isThrownBy(() -> search().journal(journal).run(rows, stopping));
    List<byte[]> lines = new ArrayList<>();
    EventLog.read(journal, lines::add);
    assertThat(lines).hasSize(1 + 7);
    assertThat(search().journal(journal).run(rows).trials())
        .isEqualTo(search().run(rows).trials());
  }

  @Test
  void theJournalOfAnotherSearchIsRefused() {
    Path journal = dir.resolve("journal");
    search().budget(2).journal(journal).run(rows(300));
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> search().budget(2).seed(9).journal(journal).run(rows(300)))
        .withMessageContaining("journal")
        .withMessageContaining("seed");
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> search().budget(2).journal(journal).run(rows(301)))
        .withMessageContaining("rows");
  }

  @Test
  void threadsDoNotChangeTheResult() throws InterruptedException {
    List<Labelled<Row>> rows = rows(300);
    List<TrialResult> alone = search().on(Runnable::run, 4).run(rows).trials();
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try {
      assertThat(search().on(threads, 4).run(rows).trials())
          .extracting(TrialResult::settings)
          .isEqualTo(alone.stream().map(TrialResult::settings).toList());
    } finally {
      threads.shutdownNow();
    }
    assertThat(search().on(never -> {}, 4).run(rows).trials()).isEqualTo(alone);
    assertThat(search()
            .on(
                task -> {
                  throw new RejectedExecutionException("full");
                },
                4)
            .run(rows)
            .trials())
        .isEqualTo(alone);
  }

  @Test
  void aTrialThatThrowsOrAnswersNothingHasFailed() {
    Search search = Search.over(family("cut", SPACE, at -> {
          if (at.get(CUT) > 0.7) {
            throw new IllegalStateException("too high");
          }
          return at.get(CUT) < 0.3 ? silent() : cutting(at, rows -> 1_000);
        }))
        .maximising(quality("accuracy"))
        .budget(30)
        .timing(10, 100)
        .ticker(clock::get);
    SearchResult found = search.run(rows(300));
    assertThat(found.trials().stream().flatMap(trial -> trial.failure().stream()))
        .anyMatch(why -> why.contains("IllegalStateException (too high)"))
        .anyMatch(why -> why.contains("50 of 50 rows") || why.contains("40 of 40 rows"));
    assertThat(found.winner().orElseThrow().trial().settings().get(CUT)).isBetween(0.3, 0.7);
    assertThat(found.trials()).hasSize(30);
  }

  private static ModelTrainer silent() {
    return new ModelTrainer() {
      @Override
      public Schema schema() {
        return SCHEMA;
      }

      @Override
      public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
        Model model = row -> {
          throw new UnsupportedOperationException();
        };
        return TrainedModel.of(SCHEMA, model, "silent", new byte[1], context);
      }
    };
  }

  @Test
  void noTrialBeginsAfterTheBudgetOfTime() {
    // 5 folds of 40 rows and 110 calls of 1,000 ns: 310 µs a trial.
    List<Labelled<Row>> rows = rows(300);
    SearchResult found = search().budget(Duration.ofNanos(3 * 310_000), 40).run(rows);
    assertThat(found.trials()).hasSize(3);
    assertThat(found.winner()).isPresent();
    Path journal = dir.resolve("journal");
    search().budget(Duration.ofNanos(3 * 310_000), 40).journal(journal).run(rows);
    assertThat(search()
            .budget(Duration.ofNanos(3 * 310_000), 40)
            .journal(journal)
            .run(rows)
            .trials())
        .isEqualTo(found.trials());
  }

  /** A trainer that gives what it has when it is told to stop: the trial counts for nothing. */
  @Test
  void aTrialThatGaveHalfAModelIsNotMeasured() {
    ModelTrainer half = new ModelTrainer() {
      @Override
      public Schema schema() {
        return SCHEMA;
      }

      @Override
      public Trained train(List<Labelled<Row>> given, TrainingContext context) {
        int steps = 0;
        for (; steps < 1_000 && !context.isStopped(); steps++) {
          clock.addAndGet(1_000);
        }
        return cutting(at(steps / 1_000.0), any -> 0).train(given);
      }
    };
    Search search = Search.over(family("half", Space.of(), at -> half))
        .maximising(quality("accuracy"))
        .halving(2, 2)
        .budget(Duration.ofNanos(4_500_000), 40)
        .ticker(clock::get);
    assertThat(search.run(rows(600)).trials()).isEmpty();
  }

  @Test
  void aChampionThatIsTooLateIsNoFault() {
    Search search = Search.over(family(
            "cut",
            SPACE,
            at -> cutting(at, any -> {
              clock.addAndGet(1_000_000);
              return 0;
            })))
        .maximising(quality("accuracy"))
        .budget(Duration.ofNanos(2_500_000), 40)
        .ticker(clock::get)
        .champion("cut", at(0.5));
    assertThat(search.run(rows(300)).trials()).isEmpty();
  }

  /** A trainer that asks whether it is stopped, and does nothing else for ever. */
  @Test
  void aTrialThatNeverEndsIsStoppedWhenTheTimeIsOver() {
    ModelTrainer endless = new ModelTrainer() {
      @Override
      public Schema schema() {
        return SCHEMA;
      }

      @Override
      public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
        while (true) {
          clock.addAndGet(1_000);
          context.requireRunning();
        }
      }
    };
    List<Labelled<Row>> rows = rows(300);
    Search search = Search.over(
            family("cut", SPACE, at -> cutting(at, any -> 1_000)),
            family("endless", Space.of(), at -> endless))
        .maximising(quality("accuracy"))
        .budget(Duration.ofMillis(10), 40)
        .timing(10, 100)
        .ticker(clock::get)
        .champion("cut", at(0.5));
    Path journal = dir.resolve("journal");
    SearchResult found = search.journal(journal).run(rows);
    assertThat(found.trials()).isNotEmpty().allMatch(trial -> trial.family().equals("cut"));
    assertThat(found.winner()).isPresent();
    assertThat(clock.get())
        .as("nanoseconds, with the winner's")
        .isBetween(10_000_000L, 11_000_000L);
    assertThat(search.journal(journal).run(rows).trials()).isEqualTo(found.trials());

    Search alone = Search.over(family("endless", Space.of(), at -> endless))
        .maximising(quality("accuracy"))
        .budget(Duration.ofMillis(10), 40)
        .ticker(clock::get);
    assertThat(alone.run(rows).trials()).isEmpty();
    assertThatIllegalStateException()
        .isThrownBy(() -> alone.asTrainer().train(rows))
        .withMessageContaining("the time was over before one was measured");
  }

  /** Neither a trainer nor a model that never asks takes much longer than the budget: a fold, or a call. */
  @Test
  void aTrialIsStoppedBetweenFoldsAndBetweenCalls() {
    List<Labelled<Row>> rows = rows(300);
    Search slowToTrain = Search.over(family(
            "cut",
            SPACE,
            at -> cutting(at, any -> {
              clock.addAndGet(1_000_000);
              return 0;
            })))
        .maximising(quality("accuracy"))
        .budget(Duration.ofNanos(2_500_000), 40)
        .ticker(clock::get);
    assertThat(slowToTrain.run(rows).trials()).isEmpty();
    assertThat(trainings).as("of five folds").hasValue(3);

    clock.set(0);
    Search slowToAnswer = Search.over(family("cut", SPACE, at -> cutting(at, any -> 1_000)))
        .maximising(quality("accuracy"))
        .budget(Duration.ofMillis(1), 40)
        .timing(1_000_000, 1_000_000)
        .ticker(clock::get);
    assertThat(slowToAnswer.run(rows).trials()).isEmpty();
    assertThat(clock).hasValue(1_000_000);
  }

  @Test
  void nothingAboveTheLimitOfSizeWins() {
    List<Labelled<Row>> rows = rows(500);
    SearchResult free = search().run(rows);
    Path journal = dir.resolve("journal");
    SearchResult limited = search().sizeAtMost(20).journal(journal).run(rows);
    assertThat(free.winner().orElseThrow().trial().size().getAsLong()).isGreaterThan(20);
    assertThat(limited.winner().orElseThrow().trial().size().getAsLong()).isLessThanOrEqualTo(20);
    assertThat(limited.pareto()).allMatch(trial -> trial.size().getAsLong() <= 20);
    assertThat(limited.trials())
        .allMatch(trial -> trial.isFeasible() == trial.size().getAsLong() <= 20)
        .filteredOn(trial -> !trial.isFeasible())
        .isNotEmpty()
        .allMatch(trial -> trial.toString().contains("limit 20 bytes"));
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> search().sizeAtMost(21).journal(journal).run(rows))
        .withMessageContaining("conditions");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> search().sizeAtMost(0))
        .withMessageContaining("0");
  }

  @Test
  void asATrainerItGivesTheWinnerTrainedOnAllRows() {
    List<Labelled<Row>> rows = rows(300);
    ModelTrainer trainer = search().asTrainer();
    assertThat(trainer.schema()).isEqualTo(SCHEMA);
    Trained trained = trainer.train(rows);
    assertThat(trainedOn.subList(trainedOn.size() - 300, trainedOn.size())).isEqualTo(rows);
    assertThat(((Classification) trained.model().predict(Row.of(SCHEMA, 0.7, 0.0))).label())
        .isEqualTo("yes");
    ModelTrainer none =
        search().within(latency().p99AtMost(Duration.ofNanos(1))).asTrainer();
    assertThatIllegalStateException()
        .isThrownBy(() -> none.train(rows))
        .withMessageContaining("feasible")
        .withMessageContaining("40");
  }

  @Test
  void askingForTheWrongDirectionIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> search().maximising(quality("log_loss")))
        .withMessageContaining("log_loss");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> search().minimising(quality("f1")))
        .withMessageContaining("f1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> search().champion("tree", Settings.none()))
        .withMessageContaining("tree")
        .withMessageContaining("cut");
    assertThat(
            search().minimising(quality("log_loss")).budget(12).run(rows(300)).winner())
        .isPresent();
  }

  /** 64 trees, all on all rows, and by halving with η = 4. */
  @Test
  @Tag("slow")
  void halvingTrainsOnAThirdOfTheRowsForTheSameScore() {
    Parameter<Integer> depth = Parameter.whole("depth", 1, 12);
    SplittableRandom random = new SplittableRandom(8);
    List<Labelled<Row>> rows = IntStream.range(0, 1_600)
        .mapToObj(i -> {
          double x = random.nextDouble();
          double y = random.nextDouble();
          boolean yes = (x > 0.5 && y > 0.5) != random.nextInt(10) < 1;
          return new Labelled<Row>(Row.of(SCHEMA, x, y), Truth.of(yes ? "yes" : "no"));
        })
        .toList();
    Search trees = Search.over(family(
            "tree",
            Space.of(depth),
            at -> TribuoTrainer.classifier(
                SCHEMA,
                new CARTClassificationTrainer(
                    at.get(depth), 5, 0f, 1f, false, new GiniIndex(), 1L))))
        .maximising(quality("accuracy"))
        .sampler(Sampler.RANDOM)
        .folds(TimeOrdered.of(2))
        .timing(0, 100)
        .budget(64);
    SearchResult full = trees.run(rows);
    SearchResult halved = trees.halving(4, 3).run(rows);
    String found = halved.rowsTrained() + " rows of " + full.rowsTrained() + ", best "
        + halved.pareto().get(0) + " and " + full.pareto().get(0);
    assertThat(3 * halved.rowsTrained()).as(found).isLessThanOrEqualTo(full.rowsTrained());
    assertThat(halved.pareto().get(0).quality().orElseThrow().value())
        .as(found)
        .isGreaterThanOrEqualTo(full.pareto().get(0).quality().orElseThrow().value());
  }

  /** A model that holds something, and lets it go when it is closed. */
  private static final class Held implements Model, AutoCloseable {
    private final AtomicInteger open;

    Held(AtomicInteger open) {
      this.open = open;
      open.incrementAndGet();
    }

    @Override
    public Classification predict(Row row) {
      return Classification.of(row.number(0) > 0.6 ? "yes" : "no");
    }

    @Override
    public void close() {
      open.decrementAndGet();
    }
  }

  private static Search holding(AtomicInteger open) {
    ModelTrainer trainer = new ModelTrainer() {
      @Override
      public Schema schema() {
        return SCHEMA;
      }

      @Override
      public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
        return TrainedModel.of(SCHEMA, new Held(open), "held", new byte[] {1}, context);
      }
    };
    return Search.over(family("held", SPACE, at -> trainer))
        .maximising(quality("accuracy"))
        .budget(4)
        .timing(0, 10);
  }

  @Test
  void everyModelIsClosedButTheOneThatATrainingGives() {
    AtomicInteger open = new AtomicInteger();
    Trained given = holding(open).champion("held", at(0.2)).asTrainer().train(rows(300));
    assertThat(given.model()).isInstanceOf(Held.class);
    assertThat(open).hasValue(1);
  }

  @Test
  void modelsThatWaitToBeTimedAreClosedWhenTheSearchBreaks() {
    AtomicInteger open = new AtomicInteger();
    AtomicInteger asked = new AtomicInteger();
    Search search = holding(open).on(Runnable::run, 2).ticker(() -> {
      if (asked.incrementAndGet() > 1) { // once when the search begins, then when it times
        throw new AssertionError("the clock is gone");
      }
      return 0;
    });
    List<Labelled<Row>> rows = rows(300);
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> search.run(rows))
        .withMessage("the clock is gone");
    assertThat(open).hasValue(0);
  }
}
