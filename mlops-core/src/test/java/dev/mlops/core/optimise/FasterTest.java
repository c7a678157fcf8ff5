package dev.mlops.core.optimise;

import static dev.mlops.api.monitor.Signals.goldenExamples;
import static dev.mlops.api.monitor.Signals.latency;
import static dev.mlops.api.monitor.Signals.quality;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.DecisionThresholds;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.pack.TrainingStoppedException;
import dev.mlops.api.store.Version;
import dev.mlops.core.gate.GateReport;
import dev.mlops.core.gate.ModelSource;
import dev.mlops.core.gate.ReleaseGate;
import dev.mlops.core.optimise.Faster.Option;
import dev.mlops.core.optimise.Faster.Result;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.pack.TrainedModel;
import dev.mlops.core.tribuo.TribuoRuntime;
import dev.mlops.core.tribuo.TribuoTrainer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Trainer;
import org.tribuo.classification.Label;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.dtree.impurity.GiniIndex;
import org.tribuo.classification.ensemble.VotingCombiner;
import org.tribuo.common.tree.RandomForestTrainer;
import org.tribuo.regression.ensemble.AveragingCombiner;
import org.tribuo.regression.rtree.CARTRegressionTrainer;
import org.tribuo.regression.rtree.impurity.MeanSquaredError;
import org.tribuo.transform.TransformTrainer;
import org.tribuo.transform.TransformationMap;
import org.tribuo.transform.transformations.LinearScalingTransformation;
import org.tribuo.transform.transformations.MeanStdDevTransformation;

/** By a clock that only models move: a member of a forest takes a microsecond. */
class FasterTest {
  private static final Schema SCHEMA = Schema.of(
          Column.number("x"), Column.number("y"), Column.number("z"))
      .predicting(Task.CLASSIFICATION)
      .positiveLabel("yes");
  private static final int MEMBERS = 8;

  private final AtomicLong clock = new AtomicLong();

  private static List<Labelled<Row>> rows(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      double x = random.nextDouble();
      double y = random.nextDouble();
      boolean yes = (x + y > 1) != (random.nextInt(10) == 0);
      rows.add(
          new Labelled<>(Row.of(SCHEMA, x, y, random.nextDouble()), Truth.of(yes ? "yes" : "no")));
    }
    return rows;
  }

  private static Trainer<Label> trees(int depth) {
    return new CARTClassificationTrainer(depth, 1, 0f, 0.7f, false, new GiniIndex(), 1L);
  }

  private static TribuoTrainer forest() {
    return TribuoTrainer.classifier(
        SCHEMA,
        new RandomForestTrainer<>(
            new CARTClassificationTrainer(6, 5, 0f, 0.7f, false, new GiniIndex(), 1L),
            new VotingCombiner(),
            MEMBERS));
  }

  private static final ModelPackage CHAMPION = made();

  private static ModelPackage made() {
    return forest()
        .train(rows(300, 1))
        .testedOn(rows(200, 2))
        .asPackage(
            "orders",
            about -> about.configuration("owner", "payments").provenance("data", "2026-11"));
  }

  /** Loads whatever it is given; each member of an ensemble takes a microsecond, anything else half of one. */
  private final class Timed implements ModelSource {
    @Override
    public Version champion() {
      throw new IllegalStateException("nothing serves");
    }

    @Override
    public Model load(ModelPackage source) {
      Model plain = source.deciding(new TribuoRuntime().load(source));
      long nanos = new TribuoRuntime()
          .ensemble(source)
          .map(ensemble -> 1_000L * ensemble.size())
          .orElse(500L);
      return row -> {
        clock.addAndGet(nanos);
        return plain.predict(row);
      };
    }

    @Override
    public <R> R using(Function<? super Model, ? extends R> use) {
      throw new IllegalStateException("nothing serves");
    }
  }

  private Faster look(ModelPackage champion) {
    return Faster.than(champion, new Timed()).timing(0, 200).ticker(clock::get);
  }

  private static Ensemble members(ModelPackage champion) {
    return new TribuoRuntime().ensemble(champion).orElseThrow();
  }

  @Test
  void aForestIsPrunedToEqualQuality(@TempDir Path folder) {
    Result found = look(CHAMPION)
        .keeping(quality("accuracy")
            .noWorseThanChampion(0.03)) // more than the half interval, .018 on 600 rows
        .pruning(members(CHAMPION))
        .on(rows(1_200, 3));
    assertThat(found.champion().orElseThrow().p99()).isEqualTo(Duration.ofNanos(8_000));
    Option best = found.best().orElseThrow();
    int kept = best.members().orElseThrow();
    assertThat(kept).as(found.toString()).isLessThan(MEMBERS);
    assertThat(best.latency().orElseThrow().p99()).isEqualTo(Duration.ofNanos(1_000L * kept));
    assertThat(requireNonNull(best.change().get(Metric.ACCURACY)).lower())
        .isGreaterThanOrEqualTo(-0.03);
    assertThat(requireNonNull(best.change().get(Metric.ACCURACY)).n()).isEqualTo(600);
    assertThat(found.toString()).contains("taken: " + kept + " of 8 members", "accuracy");

    // The candidate is a package like any other: stored, read again, and judged by a gate on rows
    // that nobody has seen.
    FilePackage made =
        (FilePackage) found.candidate().orElseThrow().testedOn(rows(500, 4)).asPackage("orders");
    made.write(folder.resolve("orders"));
    ModelPackage read = FilePackage.read(folder.resolve("orders"));
    assertThat(members(read).size()).isEqualTo(kept);
    assertThat(read.configuration().text("owner")).contains("payments");
    assertThat(read.provenance().values())
        .containsEntry(Faster.FROM, CHAMPION.digest().toString())
        .containsEntry("data", "2026-11")
        .containsEntry("pruned.members", (double) kept);
    ModelSource serving = serving(CHAMPION);
    GateReport report = ReleaseGate.of(
            quality("accuracy").noWorseThanChampion(0.03), goldenExamples())
        .on(rows(1_200, 5))
        .judge(read, serving);
    assertThat(report.verdict()).as(report.toString()).isEqualTo(Verdict.PASS);
  }

  private ModelSource serving(ModelPackage champion) {
    return new ModelSource() {
      @Override
      public Version champion() {
        return new Version("orders", 1, champion.digest(), Instant.EPOCH);
      }

      @Override
      public Model load(ModelPackage source) {
        return new Timed().load(source);
      }

      @Override
      public <R> R using(Function<? super Model, ? extends R> use) {
        return use.apply(load(CHAMPION));
      }
    };
  }

  /** Of tests in a fixed order those after the first failure are not made: no small ensemble gets in by luck. */
  @Test
  void stopsAtTheFirstNumberOfMembersThatIsNotKnownToBeNoWorse() {
    Result found = look(CHAMPION)
        .keeping(quality("accuracy").noWorseThanChampion(0.0))
        .pruning(members(CHAMPION))
        .on(rows(400, 3));
    assertThat(found.options()).as(found.toString()).isNotEmpty();
    for (int i = 0; i < found.options().size() - 1; i++) {
      assertThat(found.options().get(i).isNoWorse()).isTrue();
      assertThat(found.options().get(i + 1).members().orElseThrow())
          .isLessThan(found.options().get(i).members().orElseThrow());
    }
    assertThat(found.options().get(found.options().size() - 1).isNoWorse())
        .as(found.toString())
        .isFalse();
  }

  /** Six of eight are too slow as well, and three of eight are not: a limit of latency is no test by chance. */
  @Test
  void aLimitOfLatencyIsMetByFewerMembersThanTheFirstThatIsTried() {
    Result found = look(CHAMPION)
        .keeping(
            quality("accuracy").noWorseThanChampion(0.1),
            latency().p99AtMost(Duration.ofNanos(3_000)))
        .pruning(members(CHAMPION))
        .on(rows(1_200, 3));
    assertThat(found.options().get(0).isNoWorse()).as(found.toString()).isFalse();
    assertThat(found.best().orElseThrow().members().orElseThrow()).isLessThanOrEqualTo(3);
  }

  @Test
  void withNothingToTryItDoesNotRun() {
    Faster nothing = look(CHAMPION).keeping(quality("accuracy").noWorseThanChampion(0.1));
    assertThatThrownBy(() -> nothing.on(rows(100, 3)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("nothing to try");
  }

  /** Also where the look is stopped before it came to it. */
  @Test
  void whatWasHandedOverIsClosedOnceUnlessItIsTaken() {
    AtomicInteger closed = new AtomicInteger();
    final class Handed implements Model, AutoCloseable {
      @Override
      public Prediction predict(Row row) {
        return Classification.of("no");
      }

      @Override
      public void close() {
        closed.incrementAndGet();
      }
    }
    Trained handed = TrainedModel.of(
        SCHEMA, new Handed(), draft -> draft.modelOf(CHAMPION), TrainingContext.none());
    Faster look = look(CHAMPION)
        .keeping(quality("accuracy").noWorseThanChampion(0.1))
        .pruning(members(CHAMPION))
        .trying("handed", handed);
    look.on(rows(100, 3));
    assertThat(closed).hasValue(1);
  }

  /** Ten worse models beside each other: none of them is taken, however fast. */
  @Test
  void whatIsFastAndWorseIsNotTaken() {
    Trained worse = TribuoTrainer.classifier(SCHEMA, trees(1)).train(rows(40, 9));
    Result found = look(CHAMPION)
        .keeping(quality("accuracy").noWorseThanChampion(0.01))
        .trying("stump", worse)
        .on(rows(600, 3));
    Option option = found.options().get(0);
    assertThat(option.faster()).isTrue();
    assertThat(option.isNoWorse()).as(found.toString()).isFalse();
    assertThat(found.candidate()).isEmpty();
    assertThat(found.toString()).contains("nothing is taken", "stump");
  }

  @Test
  void whatIsAsSlowIsNotTaken() {
    Result found = look(CHAMPION)
        .keeping(quality("accuracy").noWorseThanChampion(0.05))
        .trying("the same", CHAMPION)
        .on(rows(500, 3));
    Option option = found.options().get(0);
    assertThat(option.isNoWorse()).as(found.toString()).isTrue();
    assertThat(option.faster()).isFalse();
    assertThat(found.best()).isEmpty();
    assertThat(option.toString()).contains("not faster beyond doubt");
  }

  /** The model of a package, with its calibration and thresholds, is tried like a trained one. */
  @Test
  void aCheaperPackageIsTakenWithItsPriceInQuality() {
    ModelPackage tree = TribuoTrainer.classifier(SCHEMA, trees(6))
        .deciding(Map.of("yes", 0.5))
        .train(rows(2_000, 7))
        .asPackage("tree");
    Result found = look(CHAMPION)
        .keeping(
            quality("accuracy").noWorseThanChampion(0.08),
            latency().p99AtMost(Duration.ofNanos(600)))
        .trying("tree", tree)
        .on(rows(800, 3));
    Option best = found.best().orElseThrow();
    assertThat(best.name()).isEqualTo("tree");
    assertThat(best.members()).isEmpty();
    assertThat(best.findings()).hasSize(2);
    assertThat(best.change()).containsKey(Metric.ACCURACY);
    ModelPackage made = found.candidate().orElseThrow().asPackage("orders");
    assertThat(made.configuration().values()).containsKey("decision.threshold.yes");
    assertThat(new TribuoRuntime().ensemble(made)).isEmpty();

    Result limited = look(CHAMPION)
        .keeping(
            quality("accuracy").noWorseThanChampion(0.08),
            latency().p99AtMost(Duration.ofNanos(400)))
        .trying("tree", tree)
        .on(rows(800, 3));
    assertThat(limited.best()).as("above the limit").isEmpty();
  }

  /** An option that cannot be made costs the others nothing. */
  @Test
  void whatFailsIsTold() {
    ModelPackage broken = FilePackage.builder("orders", SCHEMA)
        .runtime("tribuo")
        .weights("model.pb", new byte[] {1, 2, 3})
        .build();
    Result found = look(CHAMPION)
        .keeping(quality("accuracy").noWorseThanChampion(0.02))
        .trying("broken", broken)
        .trying("same", CHAMPION)
        .on(rows(500, 3));
    assertThat(found.options()).hasSize(2);
    assertThat(found.options().get(0).failure().orElseThrow()).contains("ModelLoadException");
    assertThat(found.options().get(0).isNoWorse()).isFalse();
    assertThat(found.options().get(1).failure()).isEmpty();
  }

  @Test
  void asATrainerItGivesTheCandidateOrSaysWhyNot() {
    Faster look = look(CHAMPION).keeping(quality("accuracy").noWorseThanChampion(0.04));
    Trained made = look.pruning(members(CHAMPION)).asTrainer().train(rows(1_200, 3));
    assertThat(members(made.asPackage("orders")).size()).isLessThan(MEMBERS);
    assertThatThrownBy(() -> look.trying("same", CHAMPION).asTrainer().train(rows(500, 3)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("got none")
        .hasMessageContaining("same");
  }

  @Test
  void itIsStoppedBetweenOptions() {
    AtomicLong heard = new AtomicLong();
    TrainingContext context = TrainingContext.builder()
        .progressTo((done, of, text) -> heard.incrementAndGet())
        .cancelledWhen(() -> heard.get() >= 2)
        .build();
    assertThatThrownBy(() -> look(CHAMPION)
            .keeping(quality("accuracy").noWorseThanChampion(0.1))
            .pruning(members(CHAMPION))
            .on(rows(600, 3), context))
        .isInstanceOf(TrainingStoppedException.class);
    assertThat(heard.get()).isEqualTo(2);
  }

  @Test
  void refusesWhatTellsNothing() {
    assertThatThrownBy(() -> look(CHAMPION).on(rows(100, 3)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("keeping");
    assertThatThrownBy(() -> look(CHAMPION).keeping())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one condition");
    Faster keeping = look(CHAMPION).keeping(quality("accuracy").noWorseThanChampion(0.1));
    Faster trying = keeping.trying("champion", CHAMPION);
    assertThatThrownBy(() -> trying.on(rows(29, 3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("got 29");
    assertThatThrownBy(() -> keeping.pruning(members(CHAMPION)).on(rows(59, 3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("got 59");
    assertThatThrownBy(() -> keeping.timing(0, 7))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("7");
  }

  // ---- of Tribuo

  @Test
  void membersAreThoseOfTribuoAndAllOfThemAreTheWholeModel() {
    Ensemble members = members(CHAMPION);
    assertThat(members.size()).isEqualTo(MEMBERS);
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < MEMBERS; i++) {
      assertThat(members.weight(i)).isPositive();
      all.add(i);
    }
    Model whole = new TribuoRuntime().load(CHAMPION);
    Model same = members.keeping(all, TrainingContext.none()).model();
    Model one = members.keeping(List.of(3), TrainingContext.none()).model();
    for (Labelled<Row> row : rows(100, 8)) {
      assertThat(same.predict(row.input())).isEqualTo(whole.predict(row.input()));
      assertThat(((Classification) one.predict(row.input())).label())
          .isEqualTo(((Classification) members.member(3).predict(row.input())).label());
    }
    assertThat(new TribuoRuntime()
            .ensemble(
                TribuoTrainer.classifier(SCHEMA, trees(3)).train(rows(100, 1)).asPackage("tree")))
        .isEmpty();
    for (List<Integer> wrong : List.of(List.<Integer>of(), List.of(1, 1), List.of(MEMBERS))) {
      assertThatThrownBy(() -> members.keeping(wrong, TrainingContext.none()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("0 to 7")
          .hasMessageContaining(wrong.toString());
    }
  }

  /** A forest that reads standardised columns: its members do, too, and fewer of them stay inside the same transformation. */
  @Test
  void aForestInsideTransformationsIsPrunedToo() {
    for (boolean densify : new boolean[] {false, true}) {
      Trainer<Label> forest = new RandomForestTrainer<>(
          new CARTClassificationTrainer(6, 5, 0f, 0.7f, false, new GiniIndex(), 1L),
          new VotingCombiner(),
          MEMBERS);
      Trainer<Label> inside = new TransformTrainer<>(
          forest,
          new TransformationMap(Map.of("x", List.of(new MeanStdDevTransformation(0, 5)))),
          densify);
      Trainer<Label> twice = new TransformTrainer<>(
          inside,
          new TransformationMap(Map.of("y", List.of(new LinearScalingTransformation(-1, 1)))),
          densify);
      ModelPackage champion =
          TribuoTrainer.classifier(SCHEMA, twice).train(rows(300, 1)).asPackage("orders");
      Ensemble members = members(champion);
      assertThat(members.size()).isEqualTo(MEMBERS);
      Model whole = new TribuoRuntime().load(champion);
      Model same = members
          .keeping(IntStream.range(0, MEMBERS).boxed().toList(), TrainingContext.none())
          .model();
      Model one = members.keeping(List.of(3), TrainingContext.none()).model();
      for (Labelled<Row> row : rows(100, 8)) {
        assertThat(same.predict(row.input())).isEqualTo(whole.predict(row.input()));
        assertThat(((Classification) one.predict(row.input())).label())
            .isEqualTo(((Classification) members.member(3).predict(row.input())).label());
      }
      Result found = look(champion)
          .keeping(quality("accuracy").noWorseThanChampion(0.03))
          .pruning(members)
          .on(rows(1_200, 3));
      int kept = found.best().orElseThrow().members().orElseThrow();
      assertThat(kept).as(found.toString()).isLessThan(MEMBERS);
      ModelPackage made = found.candidate().orElseThrow().asPackage("orders");
      assertThat(members(made).size()).isEqualTo(kept);
      Model loaded = new TribuoRuntime().load(made);
      for (Labelled<Row> row : rows(100, 9)) {
        assertThat(loaded.predict(row.input()))
            .isEqualTo(found.candidate().orElseThrow().model().predict(row.input()));
      }
    }
  }

  /** They were fitted to all members: what is tested, packaged and served has both. */
  @Test
  void fewerMembersKeepTheCalibrationAndTheThresholdsOfTheChampion() {
    Calibration line = Calibration.platt(Map.of("yes", new Calibration.Line(0.5, 1)));
    ModelPackage champion = members(CHAMPION)
        .keeping(IntStream.range(0, MEMBERS).boxed().toList(), TrainingContext.none())
        .calibrated(line)
        .deciding(DecisionThresholds.of(Map.of("yes", 0.7)))
        .testedOn(rows(200, 2))
        .asPackage("orders");
    Result found = look(champion)
        .keeping(
            quality("accuracy").noWorseThanChampion(0.05),
            quality("log_loss").noWorseThanChampion(0.3)) // as scores count here, too
        .pruning(members(champion))
        .on(rows(1_200, 3));
    assertThat(found.best()).as(found.toString()).isPresent();
    Option best = found.best().orElseThrow();
    int kept = best.members().orElseThrow();
    assertThat(best.change()).containsOnlyKeys(Metric.ACCURACY, Metric.LOG_LOSS);
    Trained candidate = found.candidate().orElseThrow();
    ModelPackage made = candidate.testedOn(rows(200, 4)).asPackage("orders");
    assertThat(made.calibration()).contains(line);
    assertThat(DecisionThresholds.of(made.configuration(), SCHEMA).byLabel())
        .containsExactly(Map.entry("yes", 0.7));
    assertThat(members(made).size()).isEqualTo(kept);
    Model bare = new TribuoRuntime().load(made);
    int between = 0;
    for (Labelled<Row> row : rows(400, 8)) {
      Classification raw = (Classification) bare.predict(row.input());
      double yes = requireNonNull(line.lines().get("yes")).at(raw.score("yes").orElseThrow());
      Classification said = (Classification) candidate.model().predict(row.input());
      assertThat(said.score("yes").orElseThrow()).isCloseTo(yes, within(1e-12));
      assertThat(said.label()).isEqualTo(yes >= 0.7 ? "yes" : "no");
      assertThat(made.deciding(bare).predict(row.input())).isEqualTo(said);
      between += yes > 0.5 && yes < 0.7 ? 1 : 0;
    }
    assertThat(between).as("rows of which the threshold decides").isPositive();
  }

  /** Tribuo has no ONNX for trees, so a forest has no 32 bits. */
  @Test
  void aForestCannotBeExported() {
    assertThat(new TribuoRuntime().asOnnx(CHAMPION)).isEmpty();
  }

  /** Quantities are averaged: the members of a regression are ordered and tested alike. */
  @Test
  void aForestOfQuantitiesIsPrunedToo() {
    Schema schema = Schema.of(Column.number("x"), Column.number("y")).predicting(Task.REGRESSION);
    SplittableRandom random = new SplittableRandom(4);
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      double x = random.nextDouble();
      double y = random.nextDouble();
      rows.add(new Labelled<>(
          Row.of(schema, x, y), Truth.of(10 * x + 5 * y + random.nextDouble() - 0.5)));
    }
    ModelPackage champion = TribuoTrainer.regressor(
            schema,
            new RandomForestTrainer<>(
                new CARTRegressionTrainer(6, 5, 0f, 0.7f, false, new MeanSquaredError(), 1L),
                new AveragingCombiner(),
                6))
        .train(rows.subList(0, 400))
        .asPackage("sizes");
    Result found = look(champion)
        .keeping(quality("mae").noWorseThanChampion(0.2))
        .pruning(members(champion))
        .on(rows.subList(400, 1_000));
    assertThat(found.best().orElseThrow().members().orElseThrow())
        .as(found.toString())
        .isLessThan(6);
    assertThat(found.candidate().orElseThrow().model().predict(rows.get(0).input()))
        .isInstanceOf(Regression.class);
  }
}
