package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.goldenExamples;
import static dev.mlops.api.monitor.Signals.quality;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.AdaptiveModel;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.core.adaptive.AdaptiveForest;
import dev.mlops.core.adaptive.OnlineLearning;
import dev.mlops.core.gate.ReleaseGate;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.core.store.FileVersionStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Serves snapshots of a forest that learns late truth, while what customers do turns around. */
public final class LearnOnline {
  private record Order(double amount, String channel) {}

  private static final List<String> LABELS = List.of("kept", "returned");

  /** Turns half way. */
  private static Labelled<Order> order(SplittableRandom random, boolean turned) {
    Order order = new Order(500 * random.nextDouble(), random.nextBoolean() ? "web" : "shop");
    boolean returned = order.amount() > 250 ^ order.channel().equals("web") ^ turned;
    return new Labelled<>(order, Truth.of(returned ? "returned" : "kept"));
  }

  private LearnOnline() {}

  /**
   * Serves 4,000 orders, of which each truth is known at once, and prints how many of each thousand were answered rightly.
   *
   * @param args a folder for the versions, new or empty
   */
  public static void main(String[] args) {
    SplittableRandom random = new SplittableRandom(7);
    RowBinding<Order> rows = RowBinding.<Order>builder()
        .number("amount", Order::amount)
        .category("channel", Order::channel)
        .build();
    Schema schema = rows.schema().predicting(Task.CLASSIFICATION);
    // region first
    AdaptiveModel forest = AdaptiveForest.builder(schema, LABELS).trees(5).build();
    Stream.generate(() -> order(random, false))
        .limit(1_000)
        .forEach(
            seen -> forest.learn(new Labelled<>(Row.copyOf(rows.row(seen.input())), seen.truth())));
    List<Labelled<Row>> later =
        rows.labelled(Stream.generate(() -> order(random, false)).limit(200).toList());
    ModelPackage first = forest.snapshot().testedOn(later).asPackage("orders");
    // endregion
    try (FileVersionStore store = FileVersionStore.open(Path.of(args[0]));
        Deployment<Order> orders = Deployment.of(store, "orders@champion", rows)
            .firstRelease(() -> first)
            .monitoredBy(MicrometerMonitor.config(new SimpleMeterRegistry()).keeping(1_000))
            .open()) {
      // region online
      OnlineLearning learning = OnlineLearning.builder(forest, orders)
          .snapshotEvery(400)
          .judgedOn(100)
          .gate(ReleaseGate.of(goldenExamples(), quality("accuracy").noWorseThanChampion(0.01)))
          .build();
      // endregion
      int right = 0;
      for (int i = 1; i <= 4_000; i++) {
        Labelled<Order> seen = order(random, i > 1_000);
        Served served = orders.serve(seen.input());
        right += seen.truth().matches(served.as(Classification.class)) ? 1 : 0;
        orders.truth(served.id(), seen.truth());
        if (i % 50 == 0) {
          // region tick
          orders.tick(); // joins the truths
          learning.tick(); // learns them; a snapshot that passes the gate serves from now on
          // endregion
        }
        if (i % 1_000 == 0) {
          System.out.println(orders.champion() + " answered " + right + " of 1000 rightly");
          right = 0;
        }
      }
    }
  }
}
