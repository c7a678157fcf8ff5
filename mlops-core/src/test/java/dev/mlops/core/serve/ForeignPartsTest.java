package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.core.environment.EnvironmentReport;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** A host's own store, monitor, runtime and clock do all that ours do. */
@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD) // one that hangs fails by name
class ForeignPartsTest {
  private final Scene scene = Scene.of(3);

  @Test
  void aHostsOwnPartsPlugInUnchanged() {
    ForeignStore store = new ForeignStore(scene.behind);
    ForeignMonitor monitor = new ForeignMonitor();
    Deployment<Scene.Order> deployment = Deployment.of(store, Scene.ALIAS, Scene.ROWS)
        .runtime(scene.runtime)
        .monitoredBy(model -> {
          assertThat(model).isEqualTo("fraud");
          return monitor;
        })
        .clock(scene.clock)
        .open();

    Served first = deployment.serve(Scene.ORDER);
    deployment.serve("order-4711", Scene.ORDER);
    deployment.truth(first.id(), Truth.of(1.0));
    deployment.truth("order-4711", Truth.of(1.0));
    scene.move(2);
    assertThat(deployment.tick()).isEqualTo(scene.clock.instant().plus(Duration.ofSeconds(1)));
    Scene.assertServes(2, deployment);
    deployment.rollBack("ops", "bad");
    Scene.assertServes(1, deployment);
    deployment.tick();

    assertThat(monitor.recorded("1")).isEqualTo(3);
    assertThat(monitor.recorded("2")).isEqualTo(1);
    assertThat(monitor.truths).isEqualTo(List.of(first.id(), "order-4711"));
    assertThat(deployment.evidence().champion().orElseThrow().version()).isEqualTo("1");
    assertThat(monitor.ticks.get()).isEqualTo(2);
    assertThat(deployment.monitor()).isSameAs(monitor);
    assertThat(deployment.monitor().outcomes()).isEqualTo(Outcomes.none());
    assertThat(deployment.store()).isSameAs(store);
    assertThat(deployment.alias()).isEqualTo("fraud@champion");
    assertThat(deployment.toString()).isEqualTo("fraud@champion serves fraud:1");
    assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 1L));
    deployment.close();
    deployment.close();
    assertThat(monitor.closes.get()).isEqualTo(1);
    assertThat(scene.behind.current(Scene.ALIAS).map(c -> c.to().number()))
        .isEqualTo(Optional.of(1L));
  }

  @Test
  void withoutAMonitorItServesAndKnowsNothing() {
    try (Deployment<Scene.Order> deployment = Deployment.of(scene.behind, Scene.ALIAS, Scene.ROWS)
        .runtime(scene.runtime)
        .open()) {
      Served served = deployment.serve(Scene.ORDER);
      deployment.truth(served.id(), Truth.of(1.0));
      deployment.tick();

      assertThat(deployment.evidence().champion().isEmpty()).isTrue();
      assertThat(deployment.trouble()).isEmpty();
    }
  }

  @Test
  void theModelOfAnyPackageCanBeLoadedAsTheOneThatServes() {
    try (Deployment<Scene.Order> deployment = scene.deployment().open()) {
      Model candidate = deployment.load(scene.behind.open(scene.version(3)));

      assertThat(candidate.predict(Scene.ROWS.row(Scene.ORDER))).isEqualTo(Regression.of(3));
      assertThat(scene.runtime.newest(3).closes.get()).as("it is the caller's").isEqualTo(0);
    }
    assertThat(scene.runtime.newest(3).closes.get()).as("it is the caller's").isEqualTo(0);
  }

  /** A runtime whose library the host has left out must not hide those that work. */
  @Test
  void aRuntimeThatCannotBeMadeDoesNotHideTheOthers(@TempDir Path folder) throws IOException {
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.write(
        services.resolve(ModelRuntime.class.getName()),
        List.of("org.host.NotThere", Unlinked.class.getName(), Found.class.getName()));
    try (URLClassLoader classes =
        new URLClassLoader(new URL[] {folder.toUri().toURL()}, getClass().getClassLoader())) {
      ModelLoader loader = new ModelLoader(
          Scene.ALIAS,
          Scene.ROWS.schema(),
          null,
          null,
          List.of(scene.runtime),
          classes,
          EnvironmentReport::nothing,
          null,
          new InputCounts(),
          null,
          false);

      Model model = loader.load(scene.pack(9, Scene.ROWS.schema(), "found").build());
      assertThat(model.predict(Scene.ROWS.row(Scene.ORDER))).isEqualTo(Regression.of(9));
      ModelLoadException e = assertThatExceptionOfType(ModelLoadException.class)
          .isThrownBy(
              () -> loader.load(scene.pack(9, Scene.ROWS.schema(), "unlinked").build()))
          .actual();
      assertThat(e.getMessage().startsWith("no runtime \"unlinked\"; known: stamped, "))
          .isTrue();
      assertThat(e.getCause() instanceof LinkageError || e.getCause() instanceof Error)
          .isTrue();
    }
  }

  @Test
  void aRuntimeThatWasHandedOverComesFirst(@TempDir Path folder) throws IOException {
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.write(services.resolve(ModelRuntime.class.getName()), List.of(Unlinked.class.getName()));
    ModelRuntime own = new Found();
    try (URLClassLoader classes =
        new URLClassLoader(new URL[] {folder.toUri().toURL()}, getClass().getClassLoader())) {
      Unlinked.made = 0;
      new ModelLoader(
              Scene.ALIAS,
              Scene.ROWS.schema(),
              null,
              null,
              List.of(own),
              classes,
              EnvironmentReport::nothing,
              null,
              new InputCounts(),
              null,
              false)
          .load(scene.pack(9, Scene.ROWS.schema(), "found").build());

      assertThat(Unlinked.made).as("no other runtime is touched").isEqualTo(0);
    }
  }

  /** A runtime whose library is not on the class path. */
  public static final class Unlinked implements ModelRuntime {
    static int made;

    /** Fails as a class does that refers to one that is not there. */
    public Unlinked() {
      made++;
      throw new NoClassDefFoundError("org/host/Library");
    }

    @Override
    public String name() {
      return "unlinked";
    }

    @Override
    public Model load(ModelPackage source) {
      throw new AssertionError("never made");
    }
  }

  /** A runtime that works. */
  public static final class Found implements ModelRuntime {
    @Override
    public String name() {
      return "found";
    }

    @Override
    public Model load(ModelPackage source) {
      return row -> Regression.of(9);
    }
  }
}
