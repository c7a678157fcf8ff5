package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.goldenExamples;
import static dev.mlops.api.monitor.Signals.latency;
import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.api.monitor.Signals.segment;
import static dev.mlops.core.gate.Criteria.Poison.MISSING;
import static dev.mlops.core.gate.Criteria.change;
import static dev.mlops.core.gate.Criteria.direction;
import static dev.mlops.core.gate.Criteria.environment;
import static dev.mlops.core.gate.Criteria.invariance;
import static dev.mlops.core.gate.Criteria.memory;
import static dev.mlops.core.gate.Criteria.poisonRows;
import static dev.mlops.core.gate.Criteria.schema;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.gate.GateReport;
import dev.mlops.core.gate.ReleaseGate;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.core.tribuo.TribuoRuntime;
import dev.mlops.core.tribuo.TribuoTrainer;
import dev.mlops.examples.Hello.Flower;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;

/** Tests each version before it comes near a request, and keeps the report with the version. */
public final class TestBeforeRelease {
  private static final Logger TRIBUO = Logger.getLogger("org.tribuo");

  // region gate
  static final ReleaseGate GATE = ReleaseGate.of(
          goldenExamples(),
          environment(),
          schema(),
          quality("accuracy").atLeast(0.9),
          quality("accuracy").noWorseThanChampion(0.05),
          latency().p99AtMost(Duration.ofMillis(250)),
          memory().perPredictionAtMost(64 << 10),
          segment("petals", "large").quality("accuracy").atLeast(0.8),
          direction("petalLength").neverLowers("virginica"),
          poisonRows(MISSING))
      .dividing(Segmentation.of("petals", row -> row.number(0) > 3 ? "large" : "small"));
  // endregion

  // region more
  static final ReleaseGate STRICT = ReleaseGate.of(
      change("accuracy").atLeast(0.01), // better by a point, the whole interval
      change("accuracy").relative().atLeast(0.01), // or by a share of the champion's
      invariance("sepalWidth")
          .within(0.01)
          .exceptShare(0.02), // of the answers, 2 in 100 may change
      poisonRows()); // missing, infinite, extreme, unseen
  // endregion

  private TestBeforeRelease() {}

  /**
   * Judges a first version, one that was trained on wrong names, and one that was trained on more rows.
   *
   * @param args the folder of the store; {@code models} by default
   */
  public static void main(String[] args) {
    TRIBUO.setLevel(Level.WARNING); // or it tells of each training
    RowBinding<Flower> rows = RowBinding.of(MethodHandles.lookup(), Flower.class);
    TribuoTrainer trainer =
        TribuoTrainer.classifier(rows.schema(), new LogisticRegressionTrainer());
    List<Labelled<Row>> holdout = rows.labelled(Flowers.holdout());
    try (VersionStore store =
        FileVersionStore.open(Path.of(args.length == 0 ? "models" : args[0]))) {
      ModelPackage made = made(trainer, rows.labelled(Flowers.history()), holdout);
      // region first
      GateReport first = GATE.on(holdout).judgeFirst(made, new TribuoRuntime());
      if (!first.passes()) {
        throw new IllegalStateException(first.toString());
      }
      // endregion
      System.out.println(first);
      try (Deployment<Flower> deployment =
          Deployment.of(store, "iris@champion", rows).firstRelease(() -> made).open()) {
        first.attachTo(store, deployment.champion(), "release-bot");
        List<Labelled<Flower>> wrong = Flowers.renamed(300);
        judge(store, deployment, made(trainer, rows.labelled(wrong), holdout), holdout);
        List<Labelled<Flower>> more = new ArrayList<>(Flowers.history());
        more.addAll(Flowers.today());
        judge(store, deployment, made(trainer, rows.labelled(more), holdout), holdout);
        System.out.println("serves " + deployment.champion());
      }
    }
  }

  private static ModelPackage made(
      TribuoTrainer trainer, List<Labelled<Row>> history, List<Labelled<Row>> holdout) {
    return trainer
        .train(history)
        .testedOn(holdout)
        .asPackage("iris", about -> about.environment(Environment.here()));
  }

  private static void judge(
      VersionStore store,
      Deployment<Flower> deployment,
      ModelPackage made,
      List<Labelled<Row>> holdout) {
    // region judge
    Version candidate = store.publish(made);
    GateReport report = GATE.on(holdout).judge(store.open(candidate), candidate, deployment);
    report.attachTo(store, candidate, "release-bot"); // beside the version, bound to its digest
    if (report.passes()) {
      store
          .move("iris@champion")
          .from(deployment.champion())
          .to(candidate)
          .by("release-bot")
          .because("gate " + report.verdict())
          .commit();
      deployment.tick();
    }
    // endregion
    System.out.println(report);
  }
}
