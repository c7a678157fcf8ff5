package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.goldenExamples;
import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.core.loop.TrainingWindow.sinceChange;
import static dev.mlops.core.retrain.RetrainPolicies.followUps;
import static dev.mlops.core.retrain.RetrainPolicies.violated;
import static dev.mlops.core.rollout.ShadowPlan.shadow;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.loop.MaintenanceLoop;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.core.tribuo.TribuoTrainer;
import dev.mlops.examples.Hello.Flower;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.PrintStream;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;

/** {@link Hello}, and a loop that retrains the model when flowers take each other's names. */
public final class WholeLoop {
  private static final Logger TRIBUO = Logger.getLogger("org.tribuo");

  private WholeLoop() {}

  // region policy
  static final Condition AS_GOOD =
      quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(100_000);
  static final RetrainPolicy POLICY =
      violated(AS_GOOD).or(followUps()).atMostEvery(Duration.ofDays(1));
  // endregion

  /** A deployment as in {@link Hello}, whose monitor is told beforehand what the policy reads. */
  static Deployment<Flower> deployment(
      VersionStore store, RowBinding<Flower> rows, TribuoTrainer trainer) {
    return Deployment.of(store, "iris@champion", rows)
        .firstRelease(() -> trainer
            .train(rows.labelled(Flowers.history()))
            .testedOn(rows.labelled(Flowers.holdout()))
            .asPackage("iris"))
        // region feeds
        .monitoredBy(
            MicrometerMonitor.config(new SimpleMeterRegistry()).keeping(5_000).watching(POLICY))
        // endregion
        .open();
  }

  static MaintenanceLoop loop(
      Deployment<Flower> iris,
      TribuoTrainer trainer,
      Path journal,
      Executor background,
      PrintStream out) {
    // region loop
    MaintenanceLoop loop = MaintenanceLoop.of(iris, trainer)
        .retrainWhen(POLICY)
        .window(sinceChange(100, 5_000)) // trains on rows since the change: 100 to 5,000 of them
        .gate(goldenExamples(), quality("accuracy").noWorseThanChampion(0.02))
        .rollout(shadow()) // a candidate answers nobody before it has won
        .journal(journal) // a file: every step is in it before it takes effect
        .on(background) // an executor of yours, for training
        .to(out::println)
        .build();
    // endregion
    return loop;
  }

  /** What a host with a scheduler does instead of ticking by hand. */
  @SuppressWarnings("FutureReturnValueIgnored") // no tick throws
  static void schedule(
      ScheduledExecutorService ticks, Deployment<Flower> iris, MaintenanceLoop loop) {
    // region ticks
    ticks.scheduleAtFixedRate(iris::tick, 1, 1, SECONDS);
    ticks.scheduleAtFixedRate(loop::tick, 1, 1, MINUTES); // looks and decides, never trains
    // endregion
  }

  /**
   * Serves 150 flowers, then 300 that bear each other's names.
   *
   * @param args a folder for the store and the journal, {@code target/whole-loop} by default
   */
  public static void main(String[] args) {
    TRIBUO.setLevel(Level.WARNING);
    run(Path.of(args.length == 0 ? "target/whole-loop" : args[0]), System.out);
  }

  static void run(Path folder, PrintStream out) {
    RowBinding<Flower> rows = RowBinding.of(MethodHandles.lookup(), Flower.class);
    TribuoTrainer trainer =
        TribuoTrainer.classifier(rows.schema(), new LogisticRegressionTrainer());
    try (VersionStore store = FileVersionStore.open(folder.resolve("store"));
        Deployment<Flower> iris = deployment(store, rows, trainer);
        MaintenanceLoop loop =
            loop(iris, trainer, folder.resolve("journal.log"), Runnable::run, out)) {
      Flowers.today().forEach(seen -> serve(iris, loop, seen));
      Flowers.renamed(300).forEach(seen -> serve(iris, loop, seen));
      out.println(iris.evidence());
    }
  }

  private static void serve(Deployment<Flower> iris, MaintenanceLoop loop, Labelled<Flower> seen) {
    Served served = iris.serve(seen.input());
    iris.truth(served.id(), seen.truth());
    iris.tick();
    loop.tick();
  }
}
