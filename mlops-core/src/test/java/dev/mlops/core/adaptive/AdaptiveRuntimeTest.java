package dev.mlops.core.adaptive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.AdaptiveModel;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.testkit.AdaptiveModelContract;
import dev.mlops.testkit.InMemoryPackage;
import dev.mlops.testkit.ModelRuntimeContract;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Snapshots of every learner: packaged, loaded, resumed, and refused where they are forged. */
class AdaptiveRuntimeTest {
  private static final Schema SCHEMA = Schema.of(
          Column.number("x"), Column.number("y"), Column.category("channel"))
      .predicting(Task.CLASSIFICATION);
  private static final List<String> LABELS = List.of("no", "yes");
  private static final List<Labelled<Row>> ROWS = rows(3_000, 5);

  /** Yes where x is above y, and always by post; turned after half of the rows. */
  private static List<Labelled<Row>> rows(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      double x = random.nextDouble();
      double y = random.nextDouble();
      String channel =
          random.nextDouble() < 0.02 ? "" : List.of("web", "post", "shop").get(i % 3);
      boolean yes = (x > y || channel.equals("post")) ^ i > n / 2;
      rows.add(new Labelled<>(
          Row.of(SCHEMA, random.nextDouble() < 0.02 ? Double.NaN : x, y, channel),
          Truth.of(yes ? "yes" : "no")));
    }
    return rows;
  }

  static Stream<AdaptiveModel> learners() {
    return Stream.of(
        NaiveBayes.of(SCHEMA, LABELS),
        HoeffdingTree.builder(SCHEMA, LABELS).grace(50).delta(0.01).build(),
        AdaptiveForest.builder(SCHEMA, LABELS).trees(3).build());
  }

  static Stream<AdaptiveModel> learnersOfAllColumns() {
    return learners().limit(2);
  }

  private static AdaptiveModel taught(AdaptiveModel model, List<Labelled<Row>> rows) {
    rows.forEach(model::learn);
    return model;
  }

  private static List<Prediction> answers(Model model) {
    return ROWS.subList(0, 200).stream().map(row -> model.predict(row.input())).toList();
  }

  @Nested
  class LearningNaiveBayes extends Learning {
    LearningNaiveBayes() {
      super(0);
    }
  }

  @Nested
  class LearningATree extends Learning {
    LearningATree() {
      super(1);
    }
  }

  @Nested
  class LearningAForest extends Learning {
    LearningAForest() {
      super(2);
    }
  }

  abstract static class Learning extends AdaptiveModelContract {
    private final int which;

    Learning(int which) {
      this.which = which;
    }

    @Override
    protected AdaptiveModel model() {
      return learners().skip(which).findFirst().orElseThrow();
    }

    @Override
    protected List<Labelled<Row>> rows() {
      return ROWS.subList(0, 300);
    }

    @Override
    protected Model load(ModelPackage packaged) {
      return new AdaptiveRuntime().load(packaged);
    }
  }

  @Nested
  class OfNaiveBayes extends Contract {
    OfNaiveBayes() {
      super(0);
    }
  }

  @Nested
  class OfATree extends Contract {
    OfATree() {
      super(1);
    }
  }

  @Nested
  class OfAForest extends Contract {
    OfAForest() {
      super(2);
    }
  }

  abstract static class Contract extends ModelRuntimeContract {
    private final ModelPackage packaged;

    Contract(int which) {
      AdaptiveModel model = learners().skip(which).findFirst().orElseThrow();
      packaged = taught(model, ROWS.subList(0, 1_000))
          .snapshot()
          .testedOn(ROWS.subList(1_000, 1_200))
          .asPackage("orders");
    }

    @Override
    protected ModelRuntime runtime() {
      return new AdaptiveRuntime();
    }

    @Override
    protected ModelPackage packaged() {
      return packaged;
    }
  }

  @ParameterizedTest
  @MethodSource("learners")
  void answersAlwaysAndFinitely(AdaptiveModel model) {
    Row odd = Row.of(SCHEMA, Double.NaN, Double.POSITIVE_INFINITY, "never seen");
    assertThat(model.predict(odd).isFinite()).isTrue();
    model.learn(new Labelled<>(odd, Truth.of("yes"), 1e300));
    model.learn(new Labelled<>(Row.of(SCHEMA, -1e308, 1e308, ""), Truth.of("no"), 1e-300));
    taught(model, ROWS);
    assertThat(model.predict(odd).isFinite()).isTrue();
    assertThat(model.learned()).isEqualTo(ROWS.size() + 2);
  }

  @ParameterizedTest
  @MethodSource("learners")
  void aSnapshotStandsWhileTheModelLearnsOn(AdaptiveModel model) {
    taught(model, ROWS.subList(0, 1_500));
    Model snapshot = model.snapshot().model();
    List<Prediction> then = answers(snapshot);
    assertThat(then).isEqualTo(answers(model::predict));
    taught(model, ROWS.subList(1_500, 3_000));
    assertThat(answers(snapshot)).isEqualTo(then).isNotEqualTo(answers(model::predict));
  }

  @ParameterizedTest
  @MethodSource("learners")
  void oneThatIsResumedGoesOnAsIfItHadNotBeenStored(AdaptiveModel model) {
    taught(model, ROWS.subList(0, 1_600));
    ModelPackage stored = model.snapshot().asPackage("orders");
    AdaptiveModel resumed = new AdaptiveRuntime().resume(stored);
    assertThat(resumed.learned()).isEqualTo(1_600);
    taught(model, ROWS.subList(1_600, 3_000));
    taught(resumed, ROWS.subList(1_600, 3_000));
    assertThat(resumed.snapshot().asPackage("orders").digest())
        .isEqualTo(model.snapshot().asPackage("orders").digest());
  }

  /** Weights that come to less than one row in all still tell the labels apart. A forest's leaves may not look at the column that does. */
  @ParameterizedTest
  @MethodSource("learnersOfAllColumns")
  void lightRowsTeachToo(AdaptiveModel model) {
    SplittableRandom random = new SplittableRandom(8);
    int right = 0;
    for (int i = 0; i < 1_000; i++) {
      double x = random.nextDouble();
      Row row = Row.of(SCHEMA, x, 0.5, "web");
      String label = x > 0.5 ? "yes" : "no";
      right += i >= 500 && ((Classification) model.predict(row)).label().equals(label) ? 1 : 0;
      model.learn(new Labelled<>(row, Truth.of(label), 1e-5));
    }
    // The two means are those of halves of [0, 1): naive Bayes cuts close to .5.
    assertThat(right).as("of 500 rows").isGreaterThan(450);
  }

  /** Numbers of every size, weights too: what a learner made of them is stored and read again. */
  @ParameterizedTest
  @MethodSource("learners")
  void whatExtremeRowsTaughtIsStoredAndReadAgain(AdaptiveModel model) {
    double[] numbers = {0, 1e-320, -1e-320, 1e99, -1e99, 1e300, Double.NaN, 5, 5 + 1e-15};
    double[] weights = {1, 1e-9, 1e9, 1e300, 0.5};
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 4_000; i++) {
      model.learn(new Labelled<>(
          Row.of(
              SCHEMA,
              numbers[random.nextInt(numbers.length)],
              numbers[random.nextInt(numbers.length)],
              random.nextInt(4) == 0 ? "" : "c" + random.nextInt(200)),
          Truth.of(random.nextBoolean() ? "yes" : "no"),
          weights[random.nextInt(weights.length)]));
      if (i % 100 == 0) {
        assertThat(answers(model.snapshot().model())).isEqualTo(answers(model::predict));
      }
    }
  }

  /** After 200 rows whose label the number tells, all rows of a side are turned: they tell nothing, and the tie is broken all the same. */
  @Test
  void aTreeDividesWithoutGainOnlyIfItIsToldTo() {
    Schema one = Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION);
    HoeffdingTree plain = HoeffdingTree.builder(one, LABELS).grace(50).tie(0.5).build();
    HoeffdingTree anyway = HoeffdingTree.builder(one, LABELS)
        .grace(50)
        .tie(0.5)
        .dividingWithoutGain()
        .build();
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < 600; i++) {
      double x = random.nextDouble();
      String label = i < 200 && x > 0.5 != random.nextInt(20) < 1 ? "yes" : "no";
      plain.learn(new Labelled<>(Row.of(one, x), Truth.of(label)));
      anyway.learn(new Labelled<>(Row.of(one, x), Truth.of(label)));
    }
    assertThat(anyway.leaves()).isGreaterThan(plain.leaves());
    HoeffdingTree resumed =
        (HoeffdingTree) new AdaptiveRuntime().resume(anyway.snapshot().asPackage("orders"));
    for (int i = 0; i < 400; i++) {
      Labelled<Row> row = new Labelled<>(Row.of(one, random.nextDouble()), Truth.of("no"));
      anyway.learn(row);
      resumed.learn(row);
    }
    assertThat(resumed.leaves()).isEqualTo(anyway.leaves());
    assertThat(bytes(resumed)).isEqualTo(bytes(anyway)).isNotEqualTo(bytes(plain));
  }

  @Test
  void aPositiveLabelThatIsNoneOfItsLabelsIsRefusedWithTheNearest() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NaiveBayes.of(SCHEMA.positiveLabel("Yes"), LABELS))
        .withMessageContaining("\"Yes\" must be one of [no, yes]")
        .withMessageContaining("is \"yes\" meant?");
  }

  @ParameterizedTest
  @MethodSource("learners")
  void whatItDoesNotKnowIsRefusedAndTeachesNothing(AdaptiveModel model) {
    taught(model, ROWS.subList(0, 300));
    byte[] before = bytes(model);
    Row fine = ROWS.get(0).input();
    Row other = Row.of(Schema.of(Column.number("x")), 1.0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.learn(new Labelled<>(fine, Truth.of("perhaps"))))
        .withMessageContaining("perhaps")
        .withMessageContaining("[no, yes]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.learn(new Labelled<>(fine, Truth.of(1.0))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.learn(new Labelled<>(other, Truth.of("yes"))))
        .withMessageContaining("channel");
    assertThat(bytes(model)).isEqualTo(before);
  }

  /** Half way every label is the other one: the errors of all trees rise, and trees are replaced. None is in a calm stream. */
  @Test
  void aForestReplacesItsTreesWhenTheConceptTurns() {
    AdaptiveForest forest = AdaptiveForest.builder(SCHEMA, LABELS).trees(3).build();
    taught(forest, ROWS.subList(0, 1_500));
    assertThat(forest.replaced()).as("while the concept stands").isZero();
    taught(forest, ROWS.subList(1_500, 3_000));
    assertThat(forest.replaced()).as("after it turned").isPositive();
  }

  /** Numbers that go everywhere and categories without end: what it stores stays below the bound, and stops to grow. */
  @Test
  void memoryIsBoundedWhateverComes() {
    HoeffdingTree tree = HoeffdingTree.builder(SCHEMA, LABELS)
        .grace(20)
        .delta(0.5)
        .tie(1)
        .atMostLeaves(30)
        .build();
    SplittableRandom random = new SplittableRandom(3);
    int full = 0;
    for (int i = 0; i < 20_000; i++) {
      tree.learn(new Labelled<>(
          Row.of(SCHEMA, random.nextDouble(), i, "c" + i),
          Truth.of(random.nextDouble() < 0.5 ? "yes" : "no")));
      full = i == 10_000 ? bytes(tree).length : full;
    }
    assertThat(tree.leaves()).isBetween(10, 30);
    assertThat((long) bytes(tree).length).isLessThan(tree.mostBytes());
    assertThat(bytes(tree).length).isLessThanOrEqualTo(full * 2);
  }

  @ParameterizedTest
  @MethodSource("learners")
  void whatIsCutOrForgedIsRefusedOrAnswersFinitely(AdaptiveModel model) {
    byte[] whole = bytes(taught(model, ROWS.subList(0, 1_000)));
    SplittableRandom random = new SplittableRandom(11);
    for (int i = 0; i < 300; i++) {
      byte[] forged =
          Arrays.copyOf(whole, i % 2 == 0 ? random.nextInt(whole.length) : whole.length);
      if (i % 2 == 1) {
        forged[random.nextInt(forged.length)] ^= (byte) (1 << random.nextInt(8));
      }
      InMemoryPackage source = InMemoryPackage.builder("orders", SCHEMA)
          .runtime("adaptive")
          .weights("learner.bin", forged)
          .build();
      Model loaded;
      try {
        loaded = new AdaptiveRuntime().load(source);
      } catch (ModelLoadException e) {
        assertThat(e).hasMessageContaining("orders").hasMessageContaining("not loaded");
        continue;
      }
      assertThat(i % 2).as("cut files are refused").isEqualTo(1);
      assertThat(answers(loaded)).allMatch(Prediction::isFinite);
    }
  }

  @Test
  void aForeignFileOfWeightsIsRefused() {
    InMemoryPackage source = InMemoryPackage.builder("orders", SCHEMA)
        .runtime("adaptive")
        .weights("other.bin", new byte[] {1})
        .build();
    assertThatThrownBy(() -> new AdaptiveRuntime().load(source))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("learner.bin");
  }

  private static byte[] bytes(AdaptiveModel model) {
    ModelPackage packaged = model.snapshot().asPackage("orders");
    return packaged.read(packaged.files(Role.WEIGHTS).get(0));
  }
}
