package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.goldenExamples;
import static dev.mlops.api.monitor.Signals.quality;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.store.Version;
import dev.mlops.core.gate.GateReport;
import dev.mlops.core.gate.ReleaseGate;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.onnx.OnnxPackage;
import dev.mlops.core.optimise.Faster;
import dev.mlops.core.optimise.LatencyBreakdown;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Enforcement;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.core.tribuo.TribuoOnnx;
import dev.mlops.core.tribuo.TribuoRuntime;
import dev.mlops.core.tribuo.TribuoTrainer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.dtree.impurity.GiniIndex;
import org.tribuo.classification.ensemble.VotingCombiner;
import org.tribuo.classification.sgd.linear.LinearSGDTrainer;
import org.tribuo.classification.sgd.objectives.LogMulticlass;
import org.tribuo.common.tree.RandomForestTrainer;
import org.tribuo.math.optimisers.AdaGrad;

/** Says where the time of a prediction goes, and releases a faster model that is no worse. */
public final class ServeFaster {
  private static final Logger TRIBUO = Logger.getLogger("org.tribuo");

  /** What is known of an order. */
  record Order(double amount, double discount, double items, double visits) {}

  private ServeFaster() {}

  /** An order, and whether it came back: one label in ten is chance. */
  static Labelled<Order> order(SplittableRandom random) {
    Order order = new Order(
        random.nextDouble(), random.nextDouble(), random.nextDouble(), random.nextDouble());
    boolean back = order.amount() + order.discount() > 1 + 0.2 * Math.sin(9 * order.items());
    return new Labelled<>(order, Truth.of(back != (random.nextInt(10) == 0) ? "returned" : "kept"));
  }

  static List<Labelled<Order>> orders(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return Stream.generate(() -> order(random)).limit(n).toList();
  }

  /** A tree, as a forest has it. */
  static CARTClassificationTrainer tree(float share) {
    return new CARTClassificationTrainer(7, 5, 0f, share, false, new GiniIndex(), 1L);
  }

  /**
   * Prints a breakdown, the options, the gate's report and what serves.
   *
   * @param args the folder of the store; a new temporary one if absent
   * @throws IOException if that cannot be made
   */
  public static void main(String[] args) throws IOException {
    Path folder = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("faster");
    run(System.out, folder.resolve("forest"), 24);
    System.out.println(halved(orders(1_500, 1), folder.resolve("linear")));
  }

  static void run(PrintStream out, Path folder, int trees) {
    TRIBUO.setLevel(Level.WARNING); // or it tells of each training
    RowBinding<Order> rows = RowBinding.of(MethodHandles.lookup(), Order.class);
    Schema schema = rows.schema().positiveLabel("returned");
    List<Labelled<Row>> history = rows.labelled(orders(1_500, 1));
    List<Labelled<Row>> heldBack = rows.labelled(orders(2_000, 2));
    List<Labelled<Row>> newer = rows.labelled(orders(2_000, 3));
    List<Order> inputs = orders(500, 4).stream().map(Labelled::input).toList();
    TribuoTrainer forest = TribuoTrainer.classifier(
        schema, new RandomForestTrainer<>(tree(0.5f), new VotingCombiner(), trees));
    Enforcement rules = Enforcement.strict();
    try (FileVersionStore store = FileVersionStore.open(folder);
        Deployment<Order> orders = Deployment.of(store, "orders@champion", rows)
            .firstRelease(() -> forest.train(history).testedOn(newer).asPackage("orders"))
            .enforcing(rules)
            .open();
        MetricsMonitor apart =
            MicrometerMonitor.config(new SimpleMeterRegistry()).open("profile")) {
      ModelPackage champion = store.open(orders.champion());
      // region breakdown
      LatencyBreakdown found = LatencyBreakdown.measuring(
              rows, champion.deciding(new TribuoRuntime().load(champion)))
          .enforcing(rules.ready(champion))
          .recordedBy(apart.recorder("profile", champion.baseline().orElseThrow()))
          .inBatchesOf(100, orders::serve, orders::serveAll)
          .on(inputs);
      out.println(found);
      // endregion
      release(out, store, orders, champion, history, heldBack, newer);
    }
  }

  private static void release(
      PrintStream out,
      FileVersionStore store,
      Deployment<Order> orders,
      ModelPackage champion,
      List<Labelled<Row>> history,
      List<Labelled<Row>> heldBack,
      List<Labelled<Row>> newer) {
    Schema schema = champion.schema();
    // region faster
    Faster.Result found = Faster.than(champion, orders)
        .keeping(quality("accuracy").noWorseThanChampion(0.03))
        .pruning(new TribuoRuntime().ensemble(champion).orElseThrow())
        .trying("one tree", TribuoTrainer.classifier(schema, tree(1f)).train(history))
        .on(heldBack);
    out.println(found);
    // endregion
    if (found.candidate().isEmpty()) {
      return;
    }
    // region gate
    Trained candidate = found.candidate().orElseThrow();
    Version version = store.publish(candidate.testedOn(newer).asPackage("orders"));
    GateReport report = ReleaseGate.of(
            goldenExamples(), quality("accuracy").noWorseThanChampion(0.05))
        .on(newer)
        .judge(store.open(version), version, orders);
    // endregion
    out.println(report);
    if (report.passes()) {
      store
          .move("orders@champion")
          .from(orders.champion())
          .to(version)
          .by("release-bot")
          .because("gate " + report.verdict())
          .commit();
      orders.tick();
    }
    out.println("serves " + orders.champion());
  }

  /** A linear model of Tribuo's, which computes in 64 bits, beside the same one as ONNX, which computes in 32. */
  static Faster.Result halved(List<Labelled<Order>> known, Path folder) {
    TRIBUO.setLevel(Level.WARNING);
    RowBinding<Order> rows = RowBinding.of(MethodHandles.lookup(), Order.class);
    Schema schema = rows.schema().positiveLabel("returned");
    TribuoTrainer trainer = TribuoTrainer.classifier(
        schema, new LinearSGDTrainer(new LogMulticlass(), new AdaGrad(0.5), 5, 1_000, 1, 1L));
    List<Labelled<Row>> history = rows.labelled(known);
    try (FileVersionStore store = FileVersionStore.open(folder);
        Deployment<Order> orders = Deployment.of(store, "orders@champion", rows)
            .firstRelease(() -> trainer.train(history).testedOn(history).asPackage("orders"))
            .open()) {
      ModelPackage champion = store.open(orders.champion());
      // region bits
      TribuoOnnx half = new TribuoRuntime().asOnnx(champion).orElseThrow(); // empty for trees
      ModelPackage halved = OnnxPackage.builder(
              "orders", half.schema(), half.bytes(), half.outputs())
          .build();
      Faster.Result found = Faster.than(champion, orders)
          .keeping(quality("accuracy").noWorseThanChampion(0.01))
          .trying("32 bits", halved)
          .on(rows.labelled(orders(1_000, 7)));
      // endregion
      return found;
    }
  }
}
