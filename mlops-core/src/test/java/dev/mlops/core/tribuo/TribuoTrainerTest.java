package dev.mlops.core.tribuo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.drift.profile.Baselines;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tribuo.Model;
import org.tribuo.MutableDataset;
import org.tribuo.Trainer;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.ensemble.VotingCombiner;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;
import org.tribuo.common.tree.RandomForestTrainer;
import org.tribuo.ensemble.BaggingTrainer;
import org.tribuo.provenance.SimpleDataSourceProvenance;
import org.tribuo.regression.baseline.DummyRegressionTrainer;

class TribuoTrainerTest {
  private static final Schema SCHEMA = TribuoRuntimeTest.SCHEMA;

  private static List<Prediction> predictions(Trained trained, List<Labelled<Row>> rows) {
    return rows.stream().map(row -> trained.model().predict(row.input())).toList();
  }

  /** Trainers that draw random numbers: the order of rows, features of a split, bags, both. */
  static Stream<Trainer<Label>> random() {
    return Stream.of(
        new LogisticRegressionTrainer(),
        new CARTClassificationTrainer(5, 0.5f, 1L),
        new BaggingTrainer<>(new LogisticRegressionTrainer(), new VotingCombiner(), 3),
        new RandomForestTrainer<>(
            new CARTClassificationTrainer(5, 0.5f, 1L), new VotingCombiner(), 3));
  }

  /** Shows that the next test can fail: left alone, each of these trainers gives another model the second time. */
  @ParameterizedTest
  @MethodSource("random")
  void tribuoItselfTrainsAnotherModelTheSecondTime(Trainer<Label> trainer) {
    List<Labelled<Row>> rows = TribuoRuntimeTest.labelled(300, 3);
    TribuoTrainer ours = TribuoTrainer.classifier(SCHEMA, trainer);
    List<Prediction> before = predictions(ours.train(rows), rows);
    List<Prediction> after = before;
    for (int i = 0; i < 3 && before.equals(after); i++) {
      MutableDataset<Label> data = dataset(rows);
      trainer.train(data);
      Model<Label> again = trainer.train(data);
      TribuoModel<?> wrapped = TribuoModel.of(again, ours.schema());
      after = rows.stream().map(row -> wrapped.predict(row.input())).toList();
    }
    assertThat(after).isNotEqualTo(before);
  }

  static MutableDataset<Label> dataset(List<Labelled<Row>> rows) {
    TribuoSchema features = TribuoSchema.learning(SCHEMA);
    var outputs = new LabelFactory();
    MutableDataset<Label> data =
        new MutableDataset<>(new SimpleDataSourceProvenance("rows of a test", outputs), outputs);
    rows.forEach(row ->
        data.add(features.example(row.input(), new Label(row.truth().label().orElseThrow()))));
    return data;
  }

  @ParameterizedTest
  @MethodSource("random")
  void theSameRowsGiveTheSameModelWhateverWasTrainedBefore(Trainer<Label> trainer) {
    List<Labelled<Row>> rows = TribuoRuntimeTest.labelled(300, 3);
    TribuoTrainer ours = TribuoTrainer.classifier(SCHEMA, trainer);
    List<Prediction> first = predictions(ours.train(rows), rows);
    ours.train(TribuoRuntimeTest.labelled(200, 4));
    assertThat(predictions(ours.train(rows), rows)).isEqualTo(first);
    assertThat(predictions(ours.train(rows), rows)).isEqualTo(first);
  }

  @ParameterizedTest
  @MethodSource("random")
  void theSameRowsGiveTheSameModelWhateverIsTrainedBeside(Trainer<Label> trainer) throws Exception {
    List<Labelled<Row>> rows = TribuoRuntimeTest.labelled(200, 3);
    TribuoTrainer ours = TribuoTrainer.classifier(SCHEMA, trainer);
    List<Prediction> first = predictions(ours.train(rows), rows);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Callable<List<Prediction>>> tasks = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        tasks.add(() -> predictions(ours.train(rows), rows));
      }
      for (Future<List<Prediction>> beside : threads.invokeAll(tasks)) {
        assertThat(beside.get()).isEqualTo(first);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void theSchemaSaysWhatIsPredicted() {
    assertThat(TribuoTrainer.classifier(SCHEMA, new CARTClassificationTrainer()).schema())
        .isEqualTo(SCHEMA.predicting(Task.CLASSIFICATION));
    assertThat(
            TribuoTrainer.classifier(SCHEMA.positiveLabel("yes"), new CARTClassificationTrainer())
                .schema())
        .isEqualTo(SCHEMA.positiveLabel("yes"));
    assertThatThrownBy(() -> TribuoTrainer.classifier(
            SCHEMA.predicting(Task.REGRESSION), new CARTClassificationTrainer()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("predicts CLASSIFICATION", "got REGRESSION");
  }

  @Test
  void columnsThatWouldGiveOneFeatureAreRefused() {
    Schema clash = Schema.of(Column.category("a"), Column.number("a=b"));
    assertThatThrownBy(() -> TribuoTrainer.classifier(clash, new CARTClassificationTrainer()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "columns must have distinct features, but column a=b (number) could be read as a value of a (category)");
  }

  @Test
  void allMismatchesAreListedAtOnce() {
    TribuoTrainer trainer = TribuoTrainer.classifier(SCHEMA, new CARTClassificationTrainer());
    List<Labelled<Row>> rows = new ArrayList<>(TribuoRuntimeTest.labelled(2, 1));
    Schema other = Schema.of(Column.number("x"), Column.number("colour"));
    rows.add(new Labelled<>(Row.of(other, 1, 2), Truth.of("yes")));
    rows.add(new Labelled<>(rows.get(0).input(), Truth.of(1.5)));
    assertThatThrownBy(() -> trainer.train(rows))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("row 2", "row 3", "is missing", "wanted a label");
    for (int i = 0; i < 20; i++) {
      rows.add(new Labelled<>(rows.get(0).input(), Truth.of(1.5)));
    }
    String many = assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> trainer.train(rows))
        .actual()
        .getMessage();
    assertThat(many.endsWith("row 11: truth is quantities, wanted a label; and 12 more"))
        .as(many)
        .isTrue();
    assertThat(assertThatExceptionOfType(IllegalArgumentException.class)
            .isThrownBy(() -> trainer.train(TribuoRuntimeTest.labelled(20, 1)).testedOn(rows))
            .actual()
            .getMessage()
            .startsWith("cannot test: row 2: column colour"))
        .isTrue();
  }

  @Test
  void noRowOneLabelAndEmptyRowsAreRefused() {
    TribuoTrainer trainer = TribuoTrainer.classifier(SCHEMA, new CARTClassificationTrainer());
    assertThatThrownBy(() -> trainer.train(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("cannot train: wanted at least one row, got none");
    assertThatThrownBy(() -> trainer.train(TribuoRuntimeTest.labelled(20, 1)).testedOn(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("cannot test: wanted at least one row, got none");
    Row row = Row.of(SCHEMA, 1.0, "red", 1.0);
    assertThatThrownBy(() -> trainer.train(
            List.of(new Labelled<>(row, Truth.of("yes")), new Labelled<>(row, Truth.of("yes")))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("cannot train: wanted at least two labels, got one in 2 rows");
    Row empty = Row.of(SCHEMA, Double.NaN, "", Double.NaN);
    assertThatThrownBy(() -> trainer.train(List.of(new Labelled<>(empty, Truth.of("no")))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("cannot train: wanted a row with a value, got 1 in which all are missing");
    assertThatThrownBy(() -> trainer.train(
            List.of(new Labelled<>(row, Truth.of("yes")), new Labelled<>(empty, Truth.of("no")))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "cannot train: wanted at least two labels, got one in 1 rows; 1 more have no value");
  }

  private static final Row EMPTY = Row.of(SCHEMA, Double.NaN, "", Double.NaN);

  /** What a package says about rows without a value. */
  private static String leftOut(ModelPackage made) {
    OptionalDouble rows = made.configuration().number("training.rows.without.values");
    return rows.isEmpty() ? "null" : Integer.toString((int) rows.getAsDouble());
  }

  private static PackageFile file(ModelPackage made, Digest digest) {
    return made.files().stream()
        .filter(one -> one.digest().equals(digest))
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @MethodSource("random")
  void rowsWithoutAValueTeachNothingAndAreCounted(Trainer<Label> trainer) {
    List<Labelled<Row>> rows = TribuoRuntimeTest.labelled(300, 3);
    List<Labelled<Row>> more = new ArrayList<>(rows);
    more.add(0, new Labelled<>(EMPTY, Truth.of("yes")));
    more.add(200, new Labelled<>(EMPTY, Truth.of("no")));
    TribuoTrainer ours = TribuoTrainer.classifier(SCHEMA, trainer);
    Trained without = ours.train(rows);
    Trained with = ours.train(more);
    assertThat(predictions(with, rows)).isEqualTo(predictions(without, rows));
    assertThat(leftOut(without.asPackage("colours"))).isEqualTo("null");
    assertThat(leftOut(with.asPackage("colours"))).isEqualTo("2");
    assertThat(leftOut(with.testedOn(rows).asPackage("colours"))).isEqualTo("2");
  }

  @Test
  void aTestCountsRowsWithoutAValue() {
    List<Labelled<Row>> holdout = new ArrayList<>(TribuoRuntimeTest.labelled(99, 8));
    holdout.add(0, new Labelled<>(EMPTY, Truth.of("yes")));
    Trained trained = TribuoTrainer.classifier(SCHEMA, new LogisticRegressionTrainer())
        .train(TribuoRuntimeTest.labelled(300, 7));
    ModelPackage made = trained.testedOn(holdout).asPackage("colours");
    assertThat(made.baseline().orElseThrow().rows()).isEqualTo(100);
    assertThat(made.examples().get(0).row()).isEqualTo(EMPTY);
    assertThat(made.examples().get(0).expected()).isEqualTo(trained.model().predict(EMPTY));
  }

  @Test
  void aRegressionWantsTheSameOutputsInEveryRow() {
    TribuoTrainer trainer =
        TribuoTrainer.regressor(SCHEMA, DummyRegressionTrainer.createMeanTrainer());
    Row row = Row.of(SCHEMA, 1.0, "red", 1.0);
    assertThatThrownBy(() -> trainer.train(List.of(
            new Labelled<>(row, Truth.of(1.0)),
            new Labelled<>(row, Truth.of(Map.of("up", 1.0))),
            new Labelled<>(row, Truth.of(Map.of("down", 1.0))),
            new Labelled<>(row, Truth.of("yes")))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("row 2: truth has outputs [down], row 1 has [up]")
        .hasMessageContaining("row 3: truth is a label, wanted quantities")
        .hasMessageNotContaining("row 0");
  }

  @Test
  void quantitiesWithoutANameAreOfTheOutputThatOthersName() {
    TribuoTrainer trainer =
        TribuoTrainer.regressor(SCHEMA, DummyRegressionTrainer.createMeanTrainer());
    Row row = Row.of(SCHEMA, 1.0, "red", 1.0);
    assertThat(trainer
            .train(List.of(
                new Labelled<>(row, Truth.of(1.0)),
                new Labelled<>(row, Truth.of(Map.of("up", 3.0)))))
            .model()
            .predict(row))
        .isEqualTo(Regression.of(List.of("up"), new double[] {2}));
    assertThat(
            trainer.train(List.of(new Labelled<>(row, Truth.of(1.0)))).model().predict(row))
        .isEqualTo(Regression.of(1));
  }

  /** Where two rows contradict each other the heavier one is learnt. */
  @Test
  void weightsOfRowsAreHonoured() {
    Schema schema = Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION);
    Row row = Row.of(schema, 1.0);
    for (String heavier : List.of("a", "b")) {
      List<Labelled<Row>> rows = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        for (String label : List.of("a", "b")) {
          rows.add(new Labelled<>(row, Truth.of(label), label.equals(heavier) ? 9.0 : 1.0));
        }
      }
      Classification said =
          (Classification) TribuoTrainer.classifier(schema, new LogisticRegressionTrainer())
              .train(rows)
              .model()
              .predict(row);
      assertThat(said.label()).isEqualTo(heavier);
    }
  }

  @Test
  void aSeedOfTheContextBeginsElsewhereAndZeroIsTheTrainersOwn() {
    List<Labelled<Row>> rows = TribuoRuntimeTest.labelled(200, 3);
    TribuoTrainer trainer = TribuoTrainer.classifier(SCHEMA, new LogisticRegressionTrainer());
    List<Prediction> own = predictions(trainer.train(rows), rows);
    assertThat(predictions(trainer.train(rows, seed(0)), rows)).isEqualTo(own);
    List<Prediction> other = predictions(trainer.train(rows, seed(5)), rows);
    assertThat(own.equals(other)).isFalse();
    assertThat(predictions(trainer.train(rows, seed(5)), rows)).isEqualTo(other);
  }

  private static TrainingContext seed(long seed) {
    return TrainingContext.builder().seed(seed).build();
  }

  @Test
  void aTestGivesTheBaselineThatTheDriftModuleGives() {
    AtomicLong now = new AtomicLong();
    // Each prediction begins and ends by one reading: the n-th takes n microseconds.
    AtomicLong readings = new AtomicLong();
    TribuoTrainer trainer = TribuoTrainer.classifier(SCHEMA, new CARTClassificationTrainer(4));
    TrainingContext timed = TrainingContext.builder()
        .ticker(() -> {
          long reading = readings.getAndIncrement();
          return reading % 2 == 0 ? now.get() : now.addAndGet((reading + 1) / 2 * 1_000);
        })
        .build();
    List<Labelled<Row>> holdout = TribuoRuntimeTest.labelled(100, 8);
    Trained trained = trainer.train(TribuoRuntimeTest.labelled(300, 7), timed);
    ModelPackage untested = trained.asPackage("colours");
    assertThat(untested.baseline().isEmpty()).isTrue();
    assertThat(untested.examples().isEmpty()).isTrue();

    Baseline baseline =
        trained.testedOn(holdout).asPackage("colours").baseline().orElseThrow();
    long[] nanos = LongStream.rangeClosed(1, 100).map(n -> n * 1_000).toArray();
    assertThat(baseline)
        .isEqualTo(Baselines.from(
            trainer.schema(),
            holdout.stream().map(Labelled::input).toList(),
            predictions(trained, holdout),
            holdout.stream().map(Labelled::truth).toList(),
            nanos));
    Latency took = baseline.latency().orElseThrow();
    assertThat(took.p50()).isEqualTo(Duration.ofNanos(50_000));
    assertThat(took.p99()).isEqualTo(Duration.ofNanos(99_000));
    assertThat(took.n()).isEqualTo(100);
    assertThat(baseline.quality(Metric.ACCURACY).orElseThrow().value() > 0.8)
        .as(baseline.toString())
        .isTrue();
  }

  @Test
  void goldenExamplesAreEvenlySpacedRowsOfTheTest() {
    List<Labelled<Row>> holdout = TribuoRuntimeTest.labelled(100, 8);
    Trained trained = TribuoTrainer.classifier(SCHEMA, new CARTClassificationTrainer(4))
        .train(TribuoRuntimeTest.labelled(300, 7));
    var examples = trained.testedOn(holdout).asPackage("colours").examples();
    assertThat(examples.size()).isEqualTo(20);
    for (int i = 0; i < 20; i++) {
      assertThat(examples.get(i).row()).isEqualTo(holdout.get(5 * i).input());
      assertThat(examples.get(i).expected())
          .isEqualTo(trained.model().predict(holdout.get(5 * i).input()));
    }
    assertThat(trained
            .testedOn(holdout.subList(0, 3))
            .asPackage("colours")
            .examples()
            .size())
        .isEqualTo(3);
  }

  /** A prediction that is not finite cannot be compared later: the row is no example, and the test goes on. */
  @Test
  void aRowWithoutAnOutputIsNoGoldenExample() {
    List<Labelled<Row>> holdout = new ArrayList<>(TribuoRuntimeTest.labelled(5, 8));
    holdout.set(
        2, new Labelled<>(Row.of(SCHEMA, Double.POSITIVE_INFINITY, "red", 0.0), Truth.of("yes")));
    Trained trained = TribuoTrainer.classifier(SCHEMA, new LogisticRegressionTrainer())
        .train(TribuoRuntimeTest.labelled(300, 7));
    ModelPackage made = trained.testedOn(holdout).asPackage("colours");
    assertThat(made.examples().size()).isEqualTo(4);
    assertThat(made.baseline().orElseThrow().rows()).isEqualTo(5);
  }

  /** One infinite value among the training rows makes every weight of a linear model NaN. */
  @Test
  void aModelWithoutOneUsableAnswerIsNotPackaged() {
    List<Labelled<Row>> rows = new ArrayList<>(TribuoRuntimeTest.labelled(800, 7));
    rows.set(
        300, new Labelled<>(Row.of(SCHEMA, Double.POSITIVE_INFINITY, "red", 0.0), Truth.of("yes")));
    Trained tested = TribuoTrainer.classifier(SCHEMA, new LogisticRegressionTrainer())
        .train(rows)
        .testedOn(TribuoRuntimeTest.labelled(200, 8));
    assertThatThrownBy(() -> tested.asPackage("colours"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("without one usable answer", "200 test rows", "not finite");
  }

  /** Features are given in the order of their names, into which Tribuo would sort them again for each prediction. */
  @Test
  void featuresNeedNoSort() {
    Schema mixed = Schema.of(
        Column.number("zeta"), Column.category("b"), Column.number("b2"), Column.number("a"));
    TribuoSchema learning = TribuoSchema.learning(mixed);
    for (Row row : List.of(
        Row.of(mixed, 1.0, "x", 2.0, 3.0),
        Row.of(mixed, 1.0, "", Double.NaN, 3.0),
        Row.of(mixed, 1.0, "y", 2.0, Double.NaN))) {
      List<String> names = new ArrayList<>();
      learning.example(row, new Label("yes")).forEach(feature -> names.add(feature.getName()));
      assertThat(names).isSorted().doesNotHaveDuplicates();
      assertThat(names).hasSizeGreaterThan(1);
    }
  }
}
