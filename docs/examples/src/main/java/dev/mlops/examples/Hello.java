package dev.mlops.examples;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.core.tribuo.TribuoTrainer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;

// region hello
/** Train, package, release, serve, and read the numbers back. */
public final class Hello {
  record Flower(double petalLength, double petalWidth, double sepalLength, double sepalWidth) {}

  private static final Logger TRIBUO = Logger.getLogger("org.tribuo");

  public static void main(String[] args) {
    TRIBUO.setLevel(Level.WARNING); // or it tells of each training
    RowBinding<Flower> rows = RowBinding.of(MethodHandles.lookup(), Flower.class);
    TribuoTrainer trainer =
        TribuoTrainer.classifier(rows.schema(), new LogisticRegressionTrainer());

    try (VersionStore store =
            FileVersionStore.open(Path.of(args.length == 0 ? "models" : args[0]));
        Deployment<Flower> iris = Deployment.of(store, "iris@champion", rows)
            .firstRelease(() -> trainer
                .train(rows.labelled(Flowers.history()))
                .testedOn(rows.labelled(Flowers.holdout()))
                .asPackage("iris"))
            .monitoredBy(MicrometerMonitor.config(new SimpleMeterRegistry()))
            .open()) {
      for (Labelled<Flower> seen : Flowers.today()) {
        Served served = iris.serve(seen.input());
        System.out.println(served.as(Classification.class).label());
        iris.truth(served.id(), seen.truth()); // whenever the truth arrives
      }
      iris.tick(); // joins, counts, flushes: off the request path
      System.out.println(iris.evidence());
    }
  }
}
// endregion
