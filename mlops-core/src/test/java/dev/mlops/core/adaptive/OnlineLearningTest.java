package dev.mlops.core.adaptive;

import static dev.mlops.api.monitor.Signals.goldenExamples;
import static dev.mlops.api.monitor.Signals.quality;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.AdaptiveModel;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.Version;
import dev.mlops.core.gate.GateReport;
import dev.mlops.core.gate.ReleaseGate;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.testkit.InMemoryMonitor;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One number; the label is yes above one half, and later below. The champion has learnt the first concept. */
class OnlineLearningTest {
  private static final RowBinding<Double> ROWS =
      RowBinding.<Double>builder().number("x", x -> x).build();
  private static final Schema SCHEMA = ROWS.schema().predicting(Task.CLASSIFICATION);
  private static final List<String> LABELS = List.of("no", "yes");
  private static final ReleaseGate GATE =
      ReleaseGate.of(goldenExamples(), quality("accuracy").noWorseThanChampion(0.0));

  private final ManualClock clock = new ManualClock();
  private final InMemoryVersionStore store = new InMemoryVersionStore(clock);
  private final SplittableRandom random = new SplittableRandom(2);
  private Deployment<Double> deployment;

  private static HoeffdingTree tree() {
    return HoeffdingTree.builder(SCHEMA, LABELS).grace(50).delta(0.01).build();
  }

  private static Truth truth(double x, boolean turned) {
    return Truth.of(x > 0.5 ^ turned ? "yes" : "no");
  }

  /** The first release. */
  private ModelPackage first() {
    HoeffdingTree model = tree();
    for (int i = 0; i < 500; i++) {
      double x = random.nextDouble();
      model.learn(new Labelled<>(Row.of(SCHEMA, x), truth(x, false)));
    }
    List<Labelled<Row>> test = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      double x = random.nextDouble();
      test.add(new Labelled<>(Row.of(SCHEMA, x), truth(x, false)));
    }
    return model.snapshot().testedOn(test).asPackage("orders");
  }

  @BeforeEach
  void open() {
    deployment = Deployment.of(store, "orders@champion", ROWS)
        .firstRelease(this::first)
        .monitoredBy(InMemoryMonitor.config().on(clock))
        .clock(clock)
        .open();
  }

  @AfterEach
  void close() {
    deployment.close();
    store.close();
  }

  /** Serves rows whose truth comes late; how many were answered rightly. */
  private int serve(int n, boolean turned) {
    List<Served> answers = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    int right = 0;
    for (int i = 0; i < n; i++) {
      double x = random.nextDouble();
      Served served = deployment.serve(x);
      answers.add(served);
      truths.add(truth(x, turned));
      right += truths.get(i).matches(served.as(Classification.class)) ? 1 : 0;
    }
    clock.advance(Duration.ofHours(1));
    for (int i = 0; i < n; i++) {
      deployment.truth(answers.get(i).id(), truths.get(i));
    }
    deployment.tick();
    return right;
  }

  private OnlineLearning learning(AdaptiveModel model) {
    return OnlineLearning.builder(model, deployment)
        .snapshotEvery(400)
        .judgedOn(100)
        .gate(GATE)
        .build();
  }

  @Test
  void itLearnsLateTruthAndItsSnapshotBecomesAVersionThroughTheGate() {
    OnlineLearning learning = learning(tree());
    assertThat(serve(400, true)).as("rightly answered by the first release").isLessThan(40);
    assertThat(learning.tick()).isEmpty();
    assertThat(learning.report()).as("no later row has judged it yet").isEmpty();
    serve(99, true);
    assertThat(learning.tick()).isEmpty();
    serve(1, true);

    Optional<Version> released = learning.tick();

    assertThat(learning.trouble()).isEmpty();
    assertThat(released.map(Version::number)).contains(2L);
    assertThat(deployment.champion().number()).isEqualTo(2);
    assertThat(serve(200, true)).as("rightly answered by the snapshot").isGreaterThan(180);
    GateReport report = learning.report().orElseThrow();
    assertThat(report.verdict()).isEqualTo(Verdict.PASS);
    assertThat(store.documents(released.orElseThrow()))
        .anyMatch(document -> document.name().equals(GateReport.DOCUMENT));
    AdaptiveModel resumed = new AdaptiveRuntime().resume(store.open(released.orElseThrow()));
    assertThat(resumed.learned()).as("none of the rows that judged it").isEqualTo(400);
  }

  @Test
  void aSnapshotThatIsWorseThanTheChampionIsDroppedAndTheNextOneIsJudgedAgain() {
    HoeffdingTree wrong = tree();
    for (int i = 0; i < 5_000; i++) {
      double x = random.nextDouble();
      wrong.learn(new Labelled<>(Row.of(SCHEMA, x), truth(x, true)));
    }
    OnlineLearning learning = learning(wrong);
    serve(500, false);
    assertThat(learning.tick()).isEmpty();
    assertThat(learning.report().orElseThrow().verdict()).isEqualTo(Verdict.FAIL);
    assertThat(deployment.champion().number()).isEqualTo(1);
    GateReport first = learning.report().orElseThrow();
    serve(399, false);
    learning.tick();
    assertThat(learning.report()).containsSame(first);
    serve(101, false);
    learning.tick();
    assertThat(learning.report().orElseThrow()).isNotSameAs(first);
  }

  @Test
  void eachOutcomeIsLearntOnceAndCausedTruthsAndForeignLabelsAreLeftOut() {
    AdaptiveModel model = tree();
    OnlineLearning learning = learning(model);
    serve(10, false);
    learning.tick();
    learning.tick();
    assertThat(model.learned()).isEqualTo(10);
    deployment.truth(deployment.serve(0.3).id(), Truth.of("no").asCaused());
    deployment.truth(deployment.serve(0.3).id(), Truth.of("perhaps"));
    clock.advance(Duration.ofHours(1));
    deployment.tick();
    learning.tick();
    assertThat(model.learned()).isEqualTo(10);
    assertThat(learning.refused()).isEqualTo(1);
    assertThat(learning.missed()).isZero();
    OnlineLearning later = OnlineLearning.builder(tree(), deployment)
        .gate(GATE)
        .from(learning.position())
        .build();
    later.tick();
    assertThat(later.position()).isEqualTo(learning.position());
  }

  @Test
  void whatMovedSinceTheSnapshotWasTakenWins() {
    OnlineLearning learning = learning(tree());
    serve(400, true);
    learning.tick();
    Version other = store.publish(first());
    store
        .move("orders@champion")
        .from(deployment.champion())
        .to(other)
        .by("alice")
        .because("by hand")
        .commit();
    serve(100, true);
    assertThat(learning.tick()).isEmpty();
    assertThat(store.require("orders@champion")).isEqualTo(other);
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    assertThatIllegalStateException()
        .isThrownBy(() -> OnlineLearning.builder(tree(), deployment).build())
        .withMessageContaining("gate");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            OnlineLearning.builder(tree(), deployment).gate(GATE).judgedOn(0).build())
        .withMessageContaining("got 1000, 0 and 0");
    RowBinding<Double> others = RowBinding.<Double>builder().number("z", z -> z).build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OnlineLearning.builder(NaiveBayes.of(others.schema(), LABELS), deployment)
            .gate(GATE)
            .build())
        .withMessageContaining("orders@champion");
  }
}
