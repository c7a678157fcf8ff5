package dev.mlops.core.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.testkit.FaultyVersionStore;
import dev.mlops.testkit.InMemoryMonitor;
import dev.mlops.testkit.InMemoryPackage;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.logging.Logger;

/** A store with stamped models: what version n predicts is n, and a model that is used after it was closed says so. */
final class Scene {
  /** Faults are caused on purpose here; what is logged of them is read by {@link dev.mlops.testkit.CapturedLog}, not by people. */
  private static final Logger QUIET = Logger.getLogger(Scene.class.getPackageName());

  static {
    QUIET.setUseParentHandlers(false);
  }

  static final String ALIAS = "fraud@champion";

  record Order(double amount, String channel) {}

  static final RowBinding<Order> ROWS = RowBinding.<Order>builder()
      .number("amount", Order::amount)
      .category("channel", Order::channel)
      .build();
  static final Order ORDER = new Order(12.5, "web");

  final ManualClock clock = new ManualClock();
  /** What is behind the faults: moves made here are those of another replica. */
  final InMemoryVersionStore behind = new InMemoryVersionStore(clock);

  final FaultyVersionStore store = new FaultyVersionStore(behind);
  final Stamped runtime = new Stamped();

  /** A scene with versions 1 to {@code versions} published and the alias at version 1. */
  static Scene of(int versions) {
    Scene scene = new Scene();
    for (int i = 1; i <= versions; i++) {
      assertThat(scene.behind.publish(scene.stamped(i)).number()).isEqualTo(i);
    }
    if (versions > 0) {
      scene
          .behind
          .move(ALIAS)
          .fromNothing()
          .to(scene.version(1))
          .by("ops")
          .because("start")
          .commit();
    }
    return scene;
  }

  InMemoryPackage stamped(int number) {
    return pack(number, ROWS.schema(), "stamped").build();
  }

  InMemoryPackage.Builder pack(int number, Schema schema, String runtime) {
    return InMemoryPackage.builder("fraud", schema)
        .runtime(runtime)
        .weights("stamp.txt", Integer.toString(number).getBytes(UTF_8));
  }

  Version version(int number) {
    return behind.require("fraud:" + number);
  }

  /** Moves the alias as another replica does. */
  AliasChange move(int to) {
    AliasChange now = behind.current(ALIAS).orElseThrow();
    return behind
        .move(ALIAS)
        .from(now)
        .to(version(to))
        .by("ops")
        .because("next")
        .commit();
  }

  Deployment.Builder<Order> deployment() {
    return deployment(store);
  }

  Deployment.Builder<Order> deployment(VersionStore from) {
    return Deployment.of(from, ALIAS, ROWS)
        .runtime(runtime)
        .clock(clock)
        .ticker(clock)
        .monitoredBy(InMemoryMonitor.config().on(clock));
  }

  /** A deployment that serves version 2 and has version 1 at hand. */
  Deployment<Order> servesTwoAfterOne() {
    Deployment<Order> deployment = deployment().open();
    move(2);
    deployment.tick();
    assertServes(2, deployment);
    return deployment;
  }

  static void assertServes(int number, Deployment<Order> deployment) {
    Served served = deployment.serve(ORDER);
    assertThat((int) served.as(Regression.class).value()).as("the stamp").isEqualTo(number);
    assertThat(served.version().number()).as("the version that is said").isEqualTo(number);
    assertThat(deployment.champion().number()).as("the champion").isEqualTo(number);
  }

  /** Serves keys until the candidate of a rollout has answered one, if there is one. */
  static void serveUntilCandidate(Deployment<Order> deployment) {
    for (int i = 0; i < 2_000; i++) {
      if (deployment.serve("key-" + i, ORDER).route().arm().equals("candidate")) {
        return;
      }
    }
  }

  /** Stamps, in order of moving, of the versions that the alias pointed to. */
  List<Long> moves() {
    return behind.history(ALIAS).stream().map(change -> change.to().number()).toList();
  }

  /** Makes models that count how often they were closed. */
  static final class Stamped implements ModelRuntime {
    final List<StampedModel> loaded = Collections.synchronizedList(new ArrayList<>());
    /** Called inside each prediction. */
    volatile Consumer<StampedModel> during = model -> {};
    /** Called with the number of each model before it is made. */
    volatile Consumer<Integer> before = number -> {};

    @Override
    public String name() {
      return "stamped";
    }

    @Override
    public Model load(ModelPackage source) {
      PackageFile file = source.files(PackageFile.Role.WEIGHTS).get(0);
      int number = Integer.parseInt(new String(source.read(file), UTF_8));
      before.accept(number);
      StampedModel model = new StampedModel(number, this);
      loaded.add(model);
      return model;
    }

    StampedModel newest(int number) {
      List<StampedModel> found =
          List.copyOf(loaded).stream().filter(model -> model.number == number).toList();
      return found.get(found.size() - 1);
    }
  }

  static final class StampedModel implements Model, AutoCloseable {
    final int number;
    final AtomicInteger closes = new AtomicInteger();
    volatile Thread closer;
    private final Stamped runtime;

    StampedModel(int number, Stamped runtime) {
      this.number = number;
      this.runtime = runtime;
    }

    @Override
    public Prediction predict(Row row) {
      requireOpen();
      runtime.during.accept(this);
      requireOpen();
      return Regression.of(number);
    }

    private void requireOpen() {
      if (closes.get() > 0) {
        throw new IllegalStateException(
            "model of fraud:" + number + " was used after it was closed");
      }
    }

    @Override
    public void close() {
      closer = Thread.currentThread();
      closes.incrementAndGet();
    }

    @Override
    public String toString() {
      return "model of fraud:" + number + ", closed " + closes + " times";
    }
  }
}
