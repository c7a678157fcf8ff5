package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.RowBinding;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.core.tribuo.TribuoTrainer;
import dev.mlops.examples.Hello.Flower;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.FaultyVersionStore;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;

/** What a host's own serving does while the store is away. */
class MyServingTest {
  @TempDir
  Path folder;

  @Test
  void servesOnWhileTheStoreIsAway() {
    RowBinding<Flower> rows = RowBinding.of(MethodHandles.lookup(), Flower.class);
    TribuoTrainer trainer =
        TribuoTrainer.classifier(rows.schema(), new LogisticRegressionTrainer());
    Flower flower = Flowers.today().get(0).input();
    // region faults
    ManualClock clock = new ManualClock();
    FaultyVersionStore store = new FaultyVersionStore(FileVersionStore.open(folder));
    try (store;
        CapturedLog log = CapturedLog.of(Deployment.class);
        Deployment<Flower> iris = Deployment.of(store, "iris@champion", rows)
            .firstRelease(() -> trainer
                .train(rows.labelled(Flowers.history()))
                .testedOn(rows.labelled(Flowers.holdout()))
                .asPackage("iris"))
            .monitoredBy(MicrometerMonitor.config(new SimpleMeterRegistry()).clock(clock))
            .clock(clock)
            .open()) {
      store.failEveryCall();
      for (int minute = 0; minute < 60; minute++) {
        clock.advance(Duration.ofMinutes(1));
        iris.tick(); // asks the store, and throws nothing
        assertThat(iris.serve(flower).as(Classification.class).label()).isNotEmpty();
      }
      assertThat(iris.trouble()).isPresent();
      assertThat(log.messages()).hasSize(1); // once for the cause, not once a minute
      store.heal();
      clock.advance(Duration.ofMinutes(1));
      iris.tick();
      assertThat(iris.trouble()).isEmpty();
    }
    // endregion
  }
}
