package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.api.store.Document;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.optimise.Remedies;
import dev.mlops.core.pack.TrainedModel;
import dev.mlops.core.rollout.ShadowPlan;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.testkit.ForwardingVersionStore;
import dev.mlops.testkit.InMemoryMonitor;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A loop with a ladder. The model's score is its only number, which was the share of positives when it was tested. */
class RemediesLoopTest {
  private static final RowBinding<Double> ROWS =
      RowBinding.<Double>builder().number("x", x -> x).build();
  private static final Schema SCHEMA =
      ROWS.schema().predicting(Task.CLASSIFICATION).positiveLabel("yes");

  @TempDir
  Path folder;

  private final ManualClock clock = new ManualClock();
  private final InMemoryVersionStore store = new InMemoryVersionStore(clock);
  private final List<LoopEvent> heard = new ArrayList<>();
  private final AtomicInteger trainings = new AtomicInteger();

  /** Models that were loaded and are not closed. */
  private final AtomicInteger open = new AtomicInteger();

  private long changes;

  /** How often the first version was opened, in all, when the events were heard. */
  private final List<Integer> opens = new ArrayList<>();

  private final AtomicInteger opened = new AtomicInteger();

  private final VersionStore counting = new ForwardingVersionStore(store) {
    @Override
    public ModelPackage open(Version version) {
      if (version.number() == 1) {
        opened.incrementAndGet();
      }
      return super.open(version);
    }
  };

  private final class Scoring implements Model, AutoCloseable {
    @Override
    public void close() {
      open.decrementAndGet();
    }

    @Override
    public Classification predict(Row row) {
      double yes = row.number(0);
      return Classification.of(List.of("no", "yes"), new double[] {1 - yes, yes});
    }
  }

  private final ModelTrainer trainer = new ModelTrainer() {
    @Override
    public Schema schema() {
      return SCHEMA;
    }

    @Override
    public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
      trainings.incrementAndGet();
      open.incrementAndGet();
      return TrainedModel.of(SCHEMA, new Scoring(), "scoring", new byte[] {1}, context);
    }
  };

  private final ModelRuntime runtime = new ModelRuntime() {
    @Override
    public String name() {
      return "scoring";
    }

    @Override
    public Model load(ModelPackage source) {
      open.incrementAndGet();
      return new Scoring();
    }
  };

  private static Truth truth(SplittableRandom random, double positive) {
    return Truth.of(random.nextDouble() < positive ? "yes" : "no");
  }

  private ModelPackage first() {
    SplittableRandom random = new SplittableRandom(1);
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      double x = random.nextDouble();
      rows.add(new Labelled<>(Row.of(SCHEMA, x), truth(random, x)));
    }
    Trained trained = trainer.train(rows);
    trainings.set(0);
    open.set(0); // the host's own, which it drops
    return trained.testedOn(trained.test(rows).measuring(Metric.ROC_AUC)).asPackage("orders");
  }

  /** Serves rows whose share of positives is what it is now; ticks at every 25th from the 600th on until one is promoted, or to the end. */
  private void live(
      MaintenanceLoop.Mode mode, RetrainPolicy policy, int rows, DoubleUnaryOperator positive) {
    SplittableRandom random = new SplittableRandom(5);
    try (Deployment<Double> deployment = Deployment.of(counting, "orders@champion", ROWS)
            .predicting(Classification.class)
            .firstRelease(this::first)
            .runtime(runtime)
            .monitoredBy(InMemoryMonitor.config().on(clock).firstPosition(0))
            .clock(clock)
            .open();
        MaintenanceLoop loop = MaintenanceLoop.of(deployment, trainer)
            .retrainWhen(policy)
            .remedies(Remedies.of(trainer).listing(() -> List.of("12 wrong where x < 0.2")))
            .mode(mode)
            .window(TrainingWindow.sinceChange(400, 400))
            .rollout(ShadowPlan.shadow().withoutFutility())
            .gate(evidence -> Finding.pass("fine"))
            .measuringDependence(false)
            .reserves(0)
            .journal(folder.resolve("journal"))
            .on(Runnable::run)
            .clock(clock)
            .ticker(clock)
            .to(event -> {
              heard.add(event);
              opens.add(opened.get());
            })
            .build()) {
      for (int i = 0; i < rows && !promoted(); i++) {
        double x = random.nextDouble();
        Served answer = deployment.serve(x);
        deployment.truth(answer.id(), truth(random, positive.applyAsDouble(x)));
        if (i % 25 == 0) { // a monitor in memory counts all that it has at each tick
          deployment.tick();
          if (i >= 600) {
            loop.tick();
          }
        }
        assertThat(loop.trouble()).isEmpty();
      }
    }
    assertThat(open).as("models that nobody closed").hasValue(0);
  }

  private boolean promoted() {
    return heard.stream().anyMatch(event -> event.kind() == LoopEvent.Kind.PROMOTED);
  }

  private Version champion() {
    return store.current("orders@champion").orElseThrow().to();
  }

  /** The odds of each row are nine times what they were. */
  private static double morePositives(double x) {
    double odds = 9 * x / (1 - x);
    return odds / (1 + odds);
  }

  private static RetrainPolicy once() {
    return (now, past) -> past.candidates() == 0
        ? RetrainDecision.of(RetrainDecision.Outcome.RETRAIN, "once", "").changedAt(0)
        : RetrainDecision.of(RetrainDecision.Outcome.KEEP, "once", "");
  }

  @Test
  void aPriorShiftIsRecalibratedAndPromotedWithoutTraining() {
    live(MaintenanceLoop.Mode.AUTOMATIC, once(), 1_800, RemediesLoopTest::morePositives);

    assertThat(heard).extracting(LoopEvent::kind).contains(LoopEvent.Kind.PROMOTED);
    assertThat(trainings).hasValue(0);
    ModelPackage two = store.open(champion());
    ModelPackage one = store.open(store.require("orders:1"));
    assertThat(two.calibration()).isPresent();
    assertThat(two.files(PackageFile.Role.WEIGHTS)).isEqualTo(one.files(PackageFile.Role.WEIGHTS));
    LoopEvent advised = first(LoopEvent.Kind.ADVISED);
    assertThat(advised.number("remedy_recalibrate")).hasValue(1);
    assertThat(advised.toString()).contains("prior shift", "the scores said", "roc_auc");
    int begun = heard.indexOf(first(LoopEvent.Kind.RETRAIN));
    int publishing = heard.indexOf(first(LoopEvent.Kind.PUBLISHING));
    assertThat(opens.get(publishing) - opens.get(begun))
        .as("diagnosis, recalibration and provenance read one package")
        .isEqualTo(1);
  }

  @Test
  void adviceSaysTheRungAndItsNumbersAndTrainsNothing() {
    live(MaintenanceLoop.Mode.ADVISE, once(), 700, RemediesLoopTest::morePositives);

    assertThat(trainings).hasValue(0);
    assertThat(champion().number()).isEqualTo(1);
    assertThat(heard.stream().filter(event -> event.number("remedy_recalibrate").isPresent()))
        .singleElement()
        .satisfies(event -> assertThat(event.toString()).contains("prior shift"));
    assertThat(heard).extracting(LoopEvent::kind).doesNotContain(LoopEvent.Kind.RETRAIN);
  }

  /** Truths are coins: retrains do not win, the ladder has no search, and people get a document with the champion. */
  @Test
  void whereNothingWinsTheAdviceToRedesignIsAttachedToTheChampion() {
    RetrainPolicy always = (now, past) ->
        RetrainDecision.of(RetrainDecision.Outcome.RETRAIN, "always", "").changedAt(0);
    live(MaintenanceLoop.Mode.AUTOMATIC, always, 1_100, x -> 0.5);

    List<String> rungs = heard.stream()
        .filter(event -> event.kind() == LoopEvent.Kind.ADVISED)
        .map(event -> event.number("remedy_redesign").isPresent() ? "redesign" : "retrain")
        .toList();
    assertThat(rungs).startsWith("retrain", "retrain", "redesign");
    Document document = store.documents(store.require("orders:1")).stream()
        .filter(each -> each.name().startsWith("redesign-advised-"))
        .findFirst()
        .orElseThrow();
    String text = new String(store.read(document), StandardCharsets.UTF_8);
    assertThat(text)
        .startsWith("# orders: redesign advised")
        .contains(
            "signal missing", "- RETRAIN: did not win", "KEPT", "- 12 wrong where x &lt; 0.2");
  }

  /** A loop that advises begins nothing, so what it has advised did not fail. */
  @Test
  void whatWasOnlyAdvisedWasNotTried() {
    RetrainPolicy always = (now, past) ->
        RetrainDecision.of(RetrainDecision.Outcome.RETRAIN, "always", "").changedAt(++changes);
    live(MaintenanceLoop.Mode.ADVISE, always, 1_100, x -> 0.5);

    assertThat(heard.stream().filter(event -> event.number("remedy_retrain").isPresent()))
        .hasSizeGreaterThan(2);
    assertThat(heard).noneMatch(event -> event.number("remedy_redesign").isPresent());
    assertThat(store.documents(store.require("orders:1")))
        .noneMatch(document -> document.name().startsWith("redesign-advised-"));
  }

  private LoopEvent first(LoopEvent.Kind kind) {
    return heard.stream().filter(event -> event.kind() == kind).findFirst().orElseThrow();
  }
}
