package dev.mlops.core.optimise;

import static dev.mlops.api.monitor.Signals.latency;
import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.core.optimise.Search.family;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.ResponseTimes;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.store.Version;
import dev.mlops.core.adaptive.NaiveBayes;
import dev.mlops.core.gate.ModelSource;
import dev.mlops.core.optimise.Diagnosis.Reading;
import dev.mlops.core.optimise.Diagnosis.Rung;
import dev.mlops.core.tribuo.TribuoRuntime;
import dev.mlops.core.tribuo.TribuoTrainer;
import dev.mlops.drift.profile.Quality;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.dtree.impurity.GiniIndex;
import org.tribuo.classification.sgd.linear.LinearSGDTrainer;
import org.tribuo.classification.sgd.objectives.LogMulticlass;
import org.tribuo.math.optimisers.AdaGrad;

/**
 * Situations that are made on purpose. In each the rung is that of the table, the remedy repairs what is wrong on rows that nobody has
 * seen, and no rung that trains on fewer rows does.
 */
class RemediesTest {
  private static final Schema SCHEMA = Schema.of(
          Column.number("x"), Column.number("y"), Column.category("channel"))
      .predicting(Task.CLASSIFICATION)
      .positiveLabel("yes");
  private static final Parameter<Integer> DEPTH = Parameter.whole("depth", 1, 12);
  private static final Parameter<Integer> LEAF = Parameter.whole("leaf", 1, 100).logarithmic();
  private static final Parameter<Double> RATE =
      Parameter.number("rate", 0.01, 10).logarithmic();
  private static final Parameter<Integer> TREES =
      Parameter.whole("trees", 1, 64).logarithmic();

  /** A world: how rows come. */
  private interface World extends Function<SplittableRandom, Labelled<Row>> {}

  private static Labelled<Row> row(double x, double y, String channel, boolean yes) {
    return new Labelled<>(Row.of(SCHEMA, x, y, channel), Truth.of(yes ? "yes" : "no"));
  }

  /** Yes where a sum is above 1, one label in ten wrong. */
  private static Labelled<Row> calm(SplittableRandom random) {
    double x = random.nextDouble();
    double y = random.nextDouble();
    return row(x, y, random.nextInt(4) == 0 ? "app" : "shop", x + y > 1 != wrong(random));
  }

  private static boolean wrong(SplittableRandom random) {
    return random.nextInt(10) == 0;
  }

  private static List<Labelled<Row>> rows(World world, int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      rows.add(world.apply(random));
    }
    return rows;
  }

  /** Rows that were trained on, by everybody. */
  private final AtomicLong trained = new AtomicLong();

  private final AtomicLong clock = new AtomicLong();

  private final class Counting implements ModelTrainer {
    private final ModelTrainer behind;

    Counting(ModelTrainer behind) {
      this.behind = behind;
    }

    @Override
    public Schema schema() {
      return SCHEMA;
    }

    @Override
    public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
      trained.addAndGet(rows.size());
      return behind.train(rows, context);
    }
  }

  private ModelTrainer tree(int depth, int leaf) {
    return new Counting(TribuoTrainer.classifier(
        SCHEMA, new CARTClassificationTrainer(depth, leaf, 0f, 1f, false, new GiniIndex(), 1L)));
  }

  private ModelTrainer linear(double rate) {
    return new Counting(TribuoTrainer.classifier(
        SCHEMA, new LinearSGDTrainer(new LogMulticlass(), new AdaGrad(rate), 10, 10_000, 1, 1L)));
  }

  private Search search(Family... families) {
    return Search.over(families)
        .maximising(quality("accuracy"))
        .budget(6)
        .folds(TimeOrdered.of(2))
        .timing(10, 100);
  }

  private Search trees() {
    return search(family("tree", Space.of(DEPTH, LEAF), at -> tree(at.get(DEPTH), at.get(LEAF))));
  }

  private Search linears() {
    return search(family("linear", Space.of(RATE), at -> linear(at.get(RATE))));
  }

  private Search both() {
    return search(
        family("linear", Space.of(RATE), at -> linear(at.get(RATE))),
        family("tree", Space.of(DEPTH, LEAF), at -> tree(at.get(DEPTH), at.get(LEAF))));
  }

  private static final ModelSource SOURCE = new ModelSource() {
    @Override
    public Version champion() {
      throw new IllegalStateException("nothing serves");
    }

    @Override
    public Model load(ModelPackage source) {
      return source.deciding(new TribuoRuntime().load(source));
    }

    @Override
    public <R> R using(Function<? super Model, ? extends R> use) {
      throw new IllegalStateException("nothing serves");
    }
  };

  /** A champion, and what has matured of it in a world. */
  private final class Case {
    final ModelPackage champion;
    final Model model;
    final List<Labelled<Row>> matured;
    final List<Labelled<Row>> fresh;
    final VersionEvidence.Builder section = VersionEvidence.builder("1");
    final Remedies remedies;
    final Situation.Builder situation;

    private final ModelSource source;

    Case(ModelTrainer trainer, World before, World now, Function<Remedies, Remedies> more) {
      this(trainer, before, now, more, SOURCE);
    }

    Case(
        ModelTrainer trainer,
        World before,
        World now,
        Function<Remedies, Remedies> more,
        ModelSource source) {
      this.source = source;
      Trained first = trainer.train(rows(before, 1_000, 1));
      TestPhase phase = first.test(rows(before, 1_000, 2)).measuring(Metric.ROC_AUC);
      this.champion = first.testedOn(phase).asPackage("iris");
      this.model = source.load(champion);
      this.matured = rows(now, 1_200, 3);
      this.fresh = rows(now, 1_500, 4);
      this.remedies = more.apply(Remedies.of(trainer));
      List<Outcome> outcomes = new ArrayList<>();
      for (int i = 0; i < matured.size(); i++) {
        outcomes.add(Outcome.builder(i, i, "1")
            .row(matured.get(i).input())
            .prediction(model.predict(matured.get(i).input()))
            .truth(matured.get(i).truth())
            .servedAt(Instant.EPOCH.plusSeconds(i))
            .build());
      }
      this.situation =
          Situation.builder(champion, Evidence.builder("iris", Instant.EPOCH).build(), outcomes);
    }

    Diagnosis diagnose(Function<Situation.Builder, Situation.Builder> more) {
      Situation.Builder whole = Situation.builder(
          champion,
          Evidence.builder("iris", Instant.EPOCH).champion(section.build()).build(),
          situation.build().outcomes());
      return remedies.diagnose(more.apply(whole).build());
    }

    /** What a rung comes to on rows that nobody has seen, and how many rows were trained on for it. */
    Map<Rung, Outcomes> measured(Diagnosis found) {
      Map<Rung, Outcomes> all = new EnumMap<>(Rung.class);
      for (Rung rung : Rung.values()) {
        long before = trained.get();
        Optional<ModelTrainer> by = remedies.trainer(
            new Diagnosis(
                rung,
                found.reading(),
                List.of(),
                rung == Rung.RETRAIN ? found.slice() : Optional.empty()),
            champion,
            source);
        Model answers = by.map(each -> each.train(matured).model()).orElse(model);
        all.put(rung, new Outcomes(answers, trained.get() - before));
      }
      return all;
    }

    /** The rung repairs, and no rung that was trained on fewer rows does. */
    void repairsAtTheLowestCost(Diagnosis found, Predicate<Model> repaired) {
      Map<Rung, Outcomes> all = measured(found);
      Outcomes chosen = requireNonNull(all.get(found.rung()));
      assertThat(repaired.test(chosen.model))
          .as(found.rung() + " repairs: " + found)
          .isTrue();
      all.forEach((rung, other) -> {
        if (other.rows < chosen.rows || rung.compareTo(found.rung()) < 0) {
          assertThat(repaired.test(other.model)).as(rung + " repairs, too").isFalse();
        }
      });
    }

    double measure(Model of, Metric metric) {
      List<Classification> said = new ArrayList<>();
      List<Truth> truths = new ArrayList<>();
      for (Labelled<Row> each : fresh) {
        said.add((Classification) of.predict(each.input()));
        truths.add(each.truth());
      }
      return requireNonNull(Quality.of(SCHEMA, said, truths, List.of(metric)).get(metric))
          .value();
    }

    double cost(Model of, ErrorCosts costs) {
      double cost = 0;
      for (Labelled<Row> each : fresh) {
        boolean said = ((Classification) of.predict(each.input())).label().equals("yes");
        boolean truth = each.truth().label().orElseThrow().equals("yes");
        cost += said == truth ? 0 : said ? costs.falsePositive() : costs.falseNegative();
      }
      return cost;
    }

    double accuracy(Model of) {
      return measure(of, Metric.ACCURACY);
    }
  }

  private record Outcomes(Model model, long rows) {}

  private static Situation.Builder plainly(Situation.Builder builder) {
    return builder;
  }

  /** Positives fall from one in two to one in twenty; what a positive looks like stays. */
  @Test
  void aPriorShiftIsRecalibrated() {
    World shifted = random -> {
      Labelled<Row> drawn = calm(random);
      while (drawn.truth().label().orElseThrow().equals("yes") && random.nextInt(19) > 0) {
        drawn = calm(random);
      }
      return drawn;
    };
    Case here = new Case(linear(1), RemediesTest::calm, shifted, each -> each.retuning(linears()));
    Diagnosis found = here.diagnose(RemediesTest::plainly);
    assertThat(found.rung()).as(found.toString()).isEqualTo(Rung.RECALIBRATE);
    assertThat(found.reading()).isEqualTo(Reading.PRIOR_SHIFT);
    assertThat(found.toString()).contains("the scores said", "roc_auc", "off the log loss");
    double best = here.measure(linear(1).train(here.matured).model(), Metric.LOG_LOSS);
    here.repairsAtTheLowestCost(
        // Two standard errors of the log loss of 1,500 rows, whose deviation is .54.
        found, model -> here.measure(model, Metric.LOG_LOSS) <= best + 0.03);
  }

  /** One of three labels, whose rows lie around a place of their own, falls from one in three to one in thirty. */
  @Test
  void aPriorShiftOfManyLabelsIsRecalibratedToo() {
    Schema schema =
        Schema.of(Column.number("x"), Column.number("y")).predicting(Task.CLASSIFICATION);
    Function<Integer, Function<Long, List<Labelled<Row>>>> rows = oneIn -> seed -> {
      SplittableRandom random = new SplittableRandom(seed);
      List<Labelled<Row>> drawn = new ArrayList<>();
      while (drawn.size() < 1_500) {
        int label = random.nextInt(3);
        if (label == 2 && random.nextInt(oneIn) > 0) {
          continue;
        }
        double x = (label == 1 ? 2 : 0) + random.nextGaussian();
        double y = (label == 2 ? 2 : 0) + random.nextGaussian();
        drawn.add(
            new Labelled<>(Row.of(schema, x, y), Truth.of(List.of("a", "b", "c").get(label))));
      }
      return drawn;
    };
    ModelTrainer trainer = TribuoTrainer.classifier(
        schema, new LinearSGDTrainer(new LogMulticlass(), new AdaGrad(1), 20, 10_000, 1, 1L));
    Trained first = trainer.train(rows.apply(1).apply(1L));
    Remedies remedies = Remedies.of(trainer);
    TestPhase phase =
        first.test(rows.apply(1).apply(2L)).measuring(remedies.metrics().toArray(new Metric[0]));
    ModelPackage champion = first.testedOn(phase).asPackage("kinds");
    for (int oneIn : new int[] {1, 15}) {
      List<Labelled<Row>> matured = rows.apply(oneIn).apply(3L);
      List<Outcome> outcomes = new ArrayList<>();
      for (int i = 0; i < matured.size(); i++) {
        outcomes.add(Outcome.builder(i, i, "1")
            .row(matured.get(i).input())
            .prediction(first.model().predict(matured.get(i).input()))
            .truth(matured.get(i).truth())
            .servedAt(Instant.EPOCH.plusSeconds(i))
            .build());
      }
      Diagnosis found = remedies.diagnose(Situation.builder(
              champion,
              Evidence.builder("kinds", Instant.EPOCH)
                  .champion(VersionEvidence.builder("1").build())
                  .build(),
              outcomes)
          .build());
      assertThat(found.rung())
          .as(found.toString())
          .isEqualTo(oneIn == 1 ? Rung.RECORD : Rung.RECALIBRATE);
      if (oneIn == 1) {
        continue;
      }
      assertThat(found.reading()).isEqualTo(Reading.PRIOR_SHIFT);
      assertThat(found.toString()).contains("of 1500 rows", " are c, the scores said");
      List<Labelled<Row>> fresh = rows.apply(oneIn).apply(4L);
      Model mended =
          remedies.trainer(found, champion, SOURCE).orElseThrow().train(matured).model();
      double best = logLoss(schema, trainer.train(matured).model(), fresh);
      // Two standard errors of the log loss of 1,500 rows, whose deviation is about .6.
      assertThat(logLoss(schema, mended, fresh)).isLessThanOrEqualTo(best + 0.03);
      assertThat(logLoss(schema, first.model(), fresh)).isGreaterThan(best + 0.03);
    }
  }

  private static double logLoss(Schema schema, Model of, List<Labelled<Row>> rows) {
    return requireNonNull(Quality.of(
                schema,
                rows.stream().map(each -> of.predict(each.input())).toList(),
                rows.stream().map(Labelled::truth).toList(),
                List.of(Metric.LOG_LOSS))
            .get(Metric.LOG_LOSS))
        .value();
  }

  /** More rows in one corner, whose labels are what they always were. */
  @Test
  void aBenignShiftIsRecordedAndNothingIsTrained() {
    World shifted = random -> {
      double x = random.nextDouble() * 0.6;
      double y = random.nextDouble();
      return row(x, y, "shop", x + y > 1 != wrong(random));
    };
    Case here = new Case(tree(6, 20), RemediesTest::calm, shifted, each -> each.retuning(trees()));
    here.section.drift(
        Watch.features(FalseAlarms.every(100_000)).named("orders"),
        DriftReading.builder(Level.DRIFT)
            .signal(new Signal(
                Direction.DOWN,
                900,
                700,
                900,
                9,
                8,
                List.of(new ColumnShift("x", Direction.DOWN, "0 to 1", "0 to 0.6", 0.4, 1e-9))))
            .inputs(900)
            .build());
    Diagnosis found = here.diagnose(RemediesTest::plainly);
    assertThat(found.rung()).as(found.toString()).isEqualTo(Rung.RECORD);
    assertThat(found.reading()).isEqualTo(Reading.BENIGN_SHIFT);
    assertThat(found.toString()).contains("not worse");
    assertThat(here.remedies.trainer(found, here.champion, SOURCE)).isEmpty();
    assertThat(here.accuracy(here.model)).isGreaterThan(0.8);
  }

  /** Through the app, a quarter of the rows, the answer is the other one. */
  @Test
  void oneBadSliceIsRetrainedWithMoreWeight() {
    World split = random -> {
      double x = random.nextDouble();
      double y = random.nextDouble();
      boolean app = random.nextInt(4) == 0;
      return row(x, y, app ? "app" : "shop", app != (x + y > 1) != wrong(random));
    };
    Case here = new Case(tree(8, 10), RemediesTest::calm, split, each -> each.retuning(trees()));
    Diagnosis found = here.diagnose(RemediesTest::plainly);
    assertThat(found.rung()).as(found.toString()).isEqualTo(Rung.RETRAIN);
    assertThat(found.reading()).isEqualTo(Reading.BAD_SLICE);
    assertThat(found.slice().orElseThrow().toString()).contains("channel = app");
    here.repairsAtTheLowestCost(found, model -> here.accuracy(model) >= 0.8);
  }

  @Test
  void aConceptChangeIsRetrained() {
    World other = random -> {
      double x = random.nextDouble();
      double y = random.nextDouble();
      return row(
          x, y, random.nextInt(4) == 0 ? "app" : "shop", y > 0.5 == x < 0.5 != wrong(random));
    };
    Case here = new Case(tree(6, 20), RemediesTest::calm, other, each -> each.retuning(trees()));
    Diagnosis found = here.diagnose(builder -> builder.changedAt(0));
    assertThat(found.rung()).as(found.toString()).isEqualTo(Rung.RETRAIN);
    assertThat(found.reading()).isEqualTo(Reading.CONCEPT_CHANGE);
    here.repairsAtTheLowestCost(found, model -> here.accuracy(model) >= 0.8);
  }

  /** A tree without limits knows the noise of its training rows by heart. */
  @Test
  void overfitIsRetunedWithinTheFamily() {
    Case here = new Case(
        tree(30, 1),
        RemediesTest::calm,
        RemediesTest::calm,
        each -> each.retuning(trees()).changingFamily(both()));
    List<Labelled<Row>> known = rows(RemediesTest::calm, 1_000, 1);
    long right = known.stream()
        .filter(each -> each.truth().matches((Classification) here.model.predict(each.input())))
        .count();
    Estimate training = Estimate.share(right, known.size());
    Diagnosis found = here.diagnose(builder -> builder.training(training));
    assertThat(found.rung()).as(found.toString()).isEqualTo(Rung.RETUNE);
    assertThat(found.reading()).isEqualTo(Reading.OVERFIT);
    assertThat(found.toString()).contains("on training rows");
    here.repairsAtTheLowestCost(found, model -> here.accuracy(model) >= 0.84);
  }

  /** Where labels are those of a chessboard a line is as good as a coin, whatever its settings. */
  @Test
  void anObsoleteFamilyIsChanged() {
    World board = random -> {
      double x = random.nextDouble();
      double y = random.nextDouble() * 0.5 + (random.nextBoolean() ? 0.5 : 0);
      boolean yes = x < 0.3 || (x > 0.6 && x < 0.8);
      return row(x, y, "shop", yes != wrong(random));
    };
    Case here = new Case(
        linear(1),
        RemediesTest::calm,
        board,
        each -> each.retuning(linears()).changingFamily(both()));
    Diagnosis retune = here.diagnose(builder -> builder.tried(List.of(Rung.RETRAIN, Rung.RETRAIN)));
    assertThat(retune.rung()).isEqualTo(Rung.RETUNE);
    assertThat(retune.reading()).isEqualTo(Reading.OBSOLETE_SETTINGS);
    Diagnosis found =
        here.diagnose(builder -> builder.tried(List.of(Rung.RETRAIN, Rung.RETRAIN, Rung.RETUNE)));
    assertThat(found.rung()).as(found.toString()).isEqualTo(Rung.CHANGE_FAMILY);
    assertThat(found.reading()).isEqualTo(Reading.OBSOLETE_FAMILY);
    here.repairsAtTheLowestCost(found, model -> here.accuracy(model) >= 0.8);
  }

  @Test
  void aLostSignalGivesADocumentForPeople() {
    World noise = random -> row(
        random.nextDouble(),
        random.nextDouble(),
        random.nextInt(4) == 0 ? "app" : "shop",
        random.nextBoolean());
    Case here = new Case(
        tree(6, 20),
        RemediesTest::calm,
        noise,
        each -> each.retuning(trees()).changingFamily(both()));
    List<Rung> tried = List.of(Rung.RETRAIN, Rung.RETRAIN, Rung.RETUNE, Rung.CHANGE_FAMILY);
    Diagnosis found = here.diagnose(builder -> builder.tried(tried));
    assertThat(found.rung()).as(found.toString()).isEqualTo(Rung.REDESIGN);
    assertThat(found.reading()).isEqualTo(Reading.LOST_SIGNAL);
    assertThat(here.remedies.trainer(found, here.champion, SOURCE)).isEmpty();
    here.measured(found)
        .forEach(
            (rung, all) -> assertThat(here.accuracy(all.model)).as("%s", rung).isLessThan(0.6));

    Situation situation = Situation.builder(
            here.champion,
            Evidence.builder("iris", Instant.EPOCH).build(),
            here.situation.build().outcomes())
        .tried(tried)
        .build();
    String document = Remedies.document(
        situation, found, List.of("12 incidents where x < 0.2"), List.of("KEPT iris:1: no better"));
    assertThat(document)
        .startsWith("# iris: redesign advised")
        .contains("signal missing", "accuracy 0.", "12 incidents where x &lt; 0.2", "KEPT iris:1")
        .contains("- CHANGE_FAMILY: did not win")
        .contains("## Columns that moved\n\nNone is known.");
  }

  /** Each tree of a forest takes a microsecond of a clock that only models move. */
  @Test
  void aSlowModelBecomesAFasterOneOfTheSameQuality() {
    Function<Settings, ModelTrainer> forest = at -> slow(at.get(TREES));
    Search faster = search(family("forest", Space.of(TREES), forest))
        .budget(12)
        .within(latency().p99AtMost(Duration.ofNanos(8_000)))
        .timing(0, 200)
        .ticker(clock::get);
    Case here = new Case(
        slow(64),
        RemediesTest::calm,
        RemediesTest::calm,
        each -> each.faster(Duration.ofNanos(8_000), faster),
        slowly(64));
    here.section.latency(Latency.builder()
        .p50(Duration.ofNanos(64_000))
        .p99(Duration.ofNanos(64_000))
        .n(1_000)
        .build());
    Diagnosis found = here.diagnose(RemediesTest::plainly);
    assertThat(found.rung()).as(found.toString()).isEqualTo(Rung.FASTER);
    assertThat(found.reading()).isEqualTo(Reading.SLOW);
    assertThat(found.toString()).contains("p99", "limit");
    here.repairsAtTheLowestCost(found, model -> {
      long start = clock.get();
      Object unused = model.predict(here.fresh.get(0).input());
      return clock.get() - start <= 8_000 && here.accuracy(model) >= 0.82;
    });
  }

  /** The same p99, but an accessor takes the time: no faster model is looked for. */
  @Test
  void aSlowAccessorIsNotMendedByAFasterModel() {
    Case here = new Case(
        tree(6, 20),
        RemediesTest::calm,
        RemediesTest::calm,
        each -> each.faster(Duration.ofNanos(8_000), trees()));
    here.section.latency(Latency.builder()
        .p50(Duration.ofNanos(64_000))
        .p99(Duration.ofNanos(64_000))
        .n(1_000)
        .build());
    for (long binding : new long[] {60_000, 1_000}) {
      long[] bound = new long[200];
      long[] model = new long[200];
      Arrays.fill(bound, binding);
      Arrays.fill(model, 64_000 - binding);
      here.section.responseTimes(ResponseTimes.builder()
          .binding(Latency.of(bound))
          .model(Latency.of(model))
          .build());
      Diagnosis found = here.diagnose(RemediesTest::plainly);
      boolean accessor = binding > 32_000;
      assertThat(found.rung()).as(found.toString()).isEqualTo(accessor ? Rung.RECORD : Rung.FASTER);
      assertThat(found.reading())
          .isEqualTo(accessor ? Reading.SLOW_AROUND_THE_MODEL : Reading.SLOW);
      assertThat(found.toString())
          .contains(accessor ? "binding takes 0.0600 ms" : "the model takes 0.0630 ms");
    }
  }

  /** The mean is the accessor's, but one call of fifty is above the limit by the model alone. */
  @Test
  void aModelThatIsSlowNowAndThenIsTheSlowPart() {
    Case here = new Case(
        tree(6, 20),
        RemediesTest::calm,
        RemediesTest::calm,
        each -> each.faster(Duration.ofNanos(8_000), trees()));
    here.section.latency(Latency.builder()
        .p50(Duration.ofNanos(5_000))
        .p99(Duration.ofNanos(64_000))
        .n(1_000)
        .build());
    long[] bound = new long[200];
    long[] model = new long[200];
    Arrays.fill(bound, 4_900);
    for (int i = 0; i < model.length; i++) {
      model[i] = i % 50 == 0 ? 59_100 : 100;
    }
    here.section.responseTimes(ResponseTimes.builder()
        .binding(Latency.of(bound))
        .model(Latency.of(model))
        .build());
    Diagnosis found = here.diagnose(RemediesTest::plainly);
    assertThat(found.rung()).as(found.toString()).isEqualTo(Rung.FASTER);
    assertThat(found.toString()).contains("above the limit by itself");
  }

  /** Whatever is loaded takes as long as so many trees. */
  private ModelSource slowly(int trees) {
    return new ModelSource() {
      @Override
      public Version champion() {
        throw new IllegalStateException("nothing serves");
      }

      @Override
      public Model load(ModelPackage source) {
        Model plain = SOURCE.load(source);
        return row -> {
          clock.addAndGet(1_000L * trees);
          return plain.predict(row);
        };
      }

      @Override
      public <R> R using(Function<? super Model, ? extends R> use) {
        throw new IllegalStateException("nothing serves");
      }
    };
  }

  private ModelTrainer slow(int trees) {
    ModelTrainer plain = tree(6, 20);
    return new ModelTrainer() {
      @Override
      public Schema schema() {
        return SCHEMA;
      }

      @Override
      public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
        Trained behind = plain.train(rows, context);
        return new SlowTrained(behind, trees);
      }
    };
  }

  /** A model that takes its time, by the clock. */
  private final class SlowTrained implements Trained {
    private final Trained behind;
    private final int trees;

    SlowTrained(Trained behind, int trees) {
      this.behind = behind;
      this.trees = trees;
    }

    @Override
    public Model model() {
      Model plain = behind.model();
      return row -> {
        clock.addAndGet(1_000L * trees);
        return plain.predict(row);
      };
    }

    @Override
    public TestPhase test(List<Labelled<Row>> rows) {
      return behind.test(rows);
    }

    @Override
    public Trained testedOn(TestPhase phase) {
      return new SlowTrained(behind.testedOn(phase), trees);
    }

    @Override
    public ModelPackage asPackage(
        String name, java.util.function.Consumer<? super dev.mlops.api.pack.PackageDraft> about) {
      return behind.asPackage(name, about);
    }
  }

  /** A positive that is missed costs twenty times as much as a false one: .5 is no good threshold. */
  @Test
  void aThresholdThatCostsTooMuchIsMoved() {
    ErrorCosts costs = new ErrorCosts(1, 20);
    Case here =
        new Case(linear(1), RemediesTest::calm, RemediesTest::calm, each -> each.deciding(costs));
    Diagnosis found = here.diagnose(RemediesTest::plainly);
    assertThat(found.rung()).as(found.toString()).isEqualTo(Rung.MOVE_THRESHOLD);
    assertThat(found.reading()).isEqualTo(Reading.DECISION_COST);
    assertThat(found.toString()).contains("saves");
    Model moved = here.remedies
        .trainer(found, here.champion, SOURCE)
        .orElseThrow()
        .train(here.matured)
        .model();
    assertThat(here.cost(moved, costs)).isLessThan(0.7 * here.cost(here.model, costs));
  }

  @Test
  void manyChangesInTheLifeOfAChampionWantAModelThatLearnsOnline() {
    World other = random -> {
      double x = random.nextDouble();
      return row(x, random.nextDouble(), "shop", x < 0.5 != wrong(random));
    };
    Case here = new Case(
        tree(6, 20),
        RemediesTest::calm,
        other,
        each ->
            each.adapting(() -> NaiveBayes.of(SCHEMA, List.of("no", "yes")), Duration.ofDays(30)));
    Diagnosis found = here.diagnose(builder -> builder.changedAt(0).changes(3));
    assertThat(found.rung()).as(found.toString()).isEqualTo(Rung.ADAPT);
    assertThat(found.reading()).isEqualTo(Reading.FAST_CONCEPT);
    assertThat(here.accuracy(here.remedies
            .trainer(found, here.champion, SOURCE)
            .orElseThrow()
            .train(here.matured)
            .model()))
        .isGreaterThan(0.85);
  }

  @Test
  void clustersThatCannotBeGivenAreNone() {
    Remedies plain = Remedies.of(tree(6, 20));
    assertThat(plain.clusters()).isEmpty();
    assertThat(plain.listing(() -> List.of("a", 7)).clusters()).containsExactly("a", "7");
    assertThat(plain
            .listing(() -> {
              throw new IllegalStateException("no log");
            })
            .clusters())
        .isEmpty();
  }

  @Test
  void fewOutcomesTellNothing() {
    Case here = new Case(tree(6, 20), RemediesTest::calm, RemediesTest::calm, each -> each);
    Diagnosis found = here.diagnose(builder -> builder.changedAt(1_101));
    assertThat(found.reading()).isEqualTo(Reading.TOO_LITTLE);
    assertThat(found.toString()).contains("99 outcomes", "wanted 100");
  }

  /** A calm stream is left alone: each of the looks is at 99 %. */
  @Test
  void nothingIsFoundWhereNothingIsWrong() {
    Case here = new Case(
        tree(6, 20), RemediesTest::calm, RemediesTest::calm, each -> each.retuning(trees()));
    Diagnosis found = here.diagnose(RemediesTest::plainly);
    assertThat(found.reading()).as(found.toString()).isEqualTo(Reading.NOTHING);
    assertThat(found.rung()).isEqualTo(Rung.RECORD);
  }
}
