package dev.mlops.core.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
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
          assertEquals("fraud", model);
          return monitor;
        })
        .clock(scene.clock)
        .open();

    Served first = deployment.serve(Scene.ORDER);
    deployment.serve("order-4711", Scene.ORDER);
    deployment.truth(first.id(), Truth.of(1.0));
    deployment.truth("order-4711", Truth.of(1.0));
    scene.move(2);
    assertEquals(scene.clock.instant().plus(Duration.ofSeconds(1)), deployment.tick());
    Scene.assertServes(2, deployment);
    deployment.rollBack("ops", "bad");
    Scene.assertServes(1, deployment);
    deployment.tick();

    assertEquals(3, monitor.recorded("1"));
    assertEquals(1, monitor.recorded("2"));
    assertEquals(List.of(first.id(), "order-4711"), monitor.truths);
    assertEquals("1", deployment.evidence().champion().orElseThrow().version());
    assertEquals(2, monitor.ticks.get());
    assertSame(monitor, deployment.monitor());
    assertEquals(Outcomes.none(), deployment.monitor().outcomes());
    assertSame(store, deployment.store());
    assertEquals("fraud@champion", deployment.alias());
    assertEquals("fraud@champion serves fraud:1", deployment.toString());
    assertEquals(List.of(1L, 2L, 1L), scene.moves());
    deployment.close();
    deployment.close();
    assertEquals(1, monitor.closes.get());
    assertEquals(
        Optional.of(1L), scene.behind.current(Scene.ALIAS).map(c -> c.to().number()));
  }

  @Test
  void withoutAMonitorItServesAndKnowsNothing() {
    try (Deployment<Scene.Order> deployment = Deployment.of(scene.behind, Scene.ALIAS, Scene.ROWS)
        .runtime(scene.runtime)
        .open()) {
      Served served = deployment.serve(Scene.ORDER);
      deployment.truth(served.id(), Truth.of(1.0));
      deployment.tick();

      assertTrue(deployment.evidence().champion().isEmpty());
      assertEquals(Optional.empty(), deployment.trouble());
    }
  }

  @Test
  void theModelOfAnyPackageCanBeLoadedAsTheOneThatServes() {
    try (Deployment<Scene.Order> deployment = scene.deployment().open()) {
      Model candidate = deployment.load(scene.behind.open(scene.version(3)));

      assertEquals(Regression.of(3), candidate.predict(Scene.ROWS.row(Scene.ORDER)));
      assertEquals(0, scene.runtime.newest(3).closes.get(), "it is the caller's");
    }
    assertEquals(0, scene.runtime.newest(3).closes.get(), "it is the caller's");
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
      ModelLoader loader =
          new ModelLoader(
              Scene.ALIAS, Scene.ROWS.schema(), null, null, List.of(scene.runtime), classes);

      Model model = loader.load(scene.pack(9, Scene.ROWS.schema(), "found").build());
      assertEquals(Regression.of(9), model.predict(Scene.ROWS.row(Scene.ORDER)));
      ModelLoadException e = assertThrows(
          ModelLoadException.class,
          () -> loader.load(scene.pack(9, Scene.ROWS.schema(), "unlinked").build()));
      assertTrue(e.getMessage().startsWith("no runtime \"unlinked\"; known: stamped, "));
      assertTrue(e.getCause() instanceof LinkageError || e.getCause() instanceof Error);
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
      new ModelLoader(Scene.ALIAS, Scene.ROWS.schema(), null, null, List.of(own), classes)
          .load(scene.pack(9, Scene.ROWS.schema(), "found").build());

      assertEquals(0, Unlinked.made, "no other runtime is touched");
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
