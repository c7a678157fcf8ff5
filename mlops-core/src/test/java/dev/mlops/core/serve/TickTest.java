package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.InMemoryPackage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD) // one that hangs fails by name
class TickTest {
  private static final List<Throwable> FAULTS = List.of(
      new IllegalStateException("broken"),
      new NoClassDefFoundError("org/host/Library"),
      new StackOverflowError(),
      new OutOfMemoryError("pretended"));

  private final Scene scene = Scene.of(3);

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void raise(Throwable e) throws E {
    throw (E) e;
  }

  @Test
  void saysWhenTheNextIsDue() {
    try (Deployment<Scene.Order> deployment = scene.deployment().open()) {
      assertThat(deployment.tick()).isEqualTo(Instant.parse("2026-01-01T00:00:01Z"));
    }
  }

  @Test
  void aMonitorThatThrowsStopsNothingAndIsSaidOnceUntilItWorksAgain() {
    AtomicReference<Throwable> fault = new AtomicReference<>();
    ForeignMonitor monitor = new ForeignMonitor() {
      @Override
      public void tick() {
        Throwable e = fault.get();
        if (e != null) {
          TickTest.<RuntimeException>raise(e);
        }
      }
    };
    try (CapturedLog log = CapturedLog.of(Deployment.class);
        Deployment<Scene.Order> deployment =
            scene.deployment().monitoredBy(model -> monitor).open()) {
      int to = 1;
      for (Throwable each : FAULTS) {
        fault.set(each);
        to = to == 1 ? 2 : 1;
        scene.move(to);
        deployment.tick();
        deployment.tick();

        Scene.assertServes(to, deployment);
        String text = "could not tick the monitor of fraud@champion: "
            + each.getClass().getSimpleName()
            + (each.getMessage() == null ? "" : ": " + each.getMessage());
        assertThat(deployment.trouble()).isEqualTo(Optional.of(text));
        assertThat(log.lines().stream()
                .filter(("WARNING " + text + "; what serves goes on serving")::equals)
                .count())
            .isEqualTo(1);
      }
      assertThat(log.lines().size()).as(log.lines().toString()).isEqualTo(FAULTS.size());
      fault.set(null);
      deployment.tick();
      assertThat(deployment.trouble()).isEmpty();
      fault.set(FAULTS.get(0));
      deployment.tick();
      assertThat(log.lines().size())
          .as("after it worked it is said again")
          .isEqualTo(FAULTS.size() + 1);
    }
  }

  @Test
  void aStoreThatThrowsStopsNothingAndIsSaidOnceWhateverItsMessage() {
    try (CapturedLog log = CapturedLog.of(Deployment.class);
        Deployment<Scene.Order> deployment = scene.deployment().open()) {
      scene.store.failEveryCall(); // its messages count the calls
      for (int i = 0; i < 5; i++) {
        deployment.tick();
        Scene.assertServes(1, deployment);
      }
      assertThat(deployment.trouble())
          .isEqualTo(
              Optional.of("could not read fraud@champion: call 7, current, failed on purpose"));
      assertThat(log.lines())
          .isEqualTo(
              List.of("WARNING could not read fraud@champion: call 3, current, failed on purpose;"
                  + " what serves goes on serving"));
      scene.store.heal();
      scene.move(2);
      deployment.tick();
      Scene.assertServes(2, deployment);
      assertThat(deployment.trouble()).isEmpty();
    }
  }

  @Test
  void anErrorFromTheStoreStopsNothing() {
    AtomicReference<Throwable> fault = new AtomicReference<>();
    ForeignStore store = new ForeignStore(scene.behind) {
      @Override
      public Optional<AliasChange> current(String alias) {
        if (fault.get() != null) {
          TickTest.<RuntimeException>raise(fault.get());
        }
        return super.current(alias);
      }
    };
    try (Deployment<Scene.Order> deployment = scene.deployment(store).open()) {
      for (Throwable each : FAULTS) {
        fault.set(each);
        deployment.tick();
        Scene.assertServes(1, deployment);
        assertThat(deployment.trouble().isPresent()).isTrue();
      }
    }
  }

  /** Foreign text may hold anything: line breaks, secrets of any length. */
  @Test
  void whatIsNotOursIsEscapedAndCut() {
    try (Deployment<Scene.Order> deployment = scene.deployment().open()) {
      scene.runtime.before = number -> {
        throw new IllegalArgumentException("bad\nline" + "x".repeat(1_000));
      };
      scene.move(2);
      deployment.tick();

      assertThat(deployment.trouble())
          .isEqualTo(Optional.of("could not follow fraud@champion to fraud:2, move 2:"
              + " IllegalArgumentException: bad?line" + "x".repeat(392) + "…"));
    }
  }

  /** Moves to a version that gives no model, ticks often, and then to one that does. */
  private void staysWithTheChampion(Deployment.Builder<Scene.Order> builder, String trouble) {
    int bad = scene.behind.versions("fraud").size();
    try (CapturedLog log = CapturedLog.of(Deployment.class);
        Deployment<Scene.Order> deployment = builder.open()) {
      scene.move(bad);
      for (int i = 0; i < 3; i++) {
        deployment.tick();
        Scene.assertServes(1, deployment);
      }
      assertThat(deployment.trouble())
          .isEqualTo(Optional.of(
              "could not follow fraud@champion to fraud:" + bad + ", move 2: " + trouble));
      assertThat(log.lines().size()).as(log.lines().toString()).isEqualTo(1);
      scene.move(2);
      deployment.tick();
      Scene.assertServes(2, deployment);
      assertThat(deployment.trouble()).isEmpty();
    }
    scene.runtime.loaded.forEach(
        model -> assertThat(model.closes.get()).as(model.toString()).isEqualTo(1));
  }

  @Test
  void aDamagedVersionLeavesTheChampionServing() {
    InMemoryPackage whole = scene.stamped(4);
    scene.behind.publish(whole);
    PackageFile weights = whole.files(PackageFile.Role.WEIGHTS).get(0);
    ForeignStore store = new ForeignStore(scene.behind) {
      @Override
      public ModelPackage open(Version version) {
        return version.number() == 4 ? whole.damaged(weights) : super.open(version);
      }
    };
    // The digests are those of "4" and of "5", "4" with its lowest bit flipped (coreutils
    // sha256sum).
    staysWithTheChampion(
        scene.deployment(store),
        "package of fraud is damaged: stamp.txt has 1 B, sha256 ef2d127de37b…, manifest says 1 B,"
            + " 4b227777d4dd…; not read");
  }

  /** A package of a gigabyte that gives no model must not be fetched every second. */
  @Test
  void aVersionThatCannotBeLoadedIsFetchedAgainAfterOneTwoFourTo256Seconds() {
    int[] seconds = {0};
    List<String> fetched = new ArrayList<>();
    ForeignStore store = new ForeignStore(scene.behind) {
      @Override
      public ModelPackage open(Version version) {
        fetched.add(version.number() + " at " + seconds[0]);
        return super.open(version);
      }
    };
    for (int number : new int[] {4, 5}) {
      scene.behind.publish(
          scene.pack(number, Schema.of(Column.number("age")), "stamped").build());
    }
    try (CapturedLog log = CapturedLog.of(Deployment.class);
        Deployment<Scene.Order> deployment = scene.deployment(store).open()) {
      fetched.clear();
      scene.move(4);
      for (; seconds[0] < 800; seconds[0]++) {
        deployment.tick();
        Scene.assertServes(1, deployment);
        assertThat(deployment
                .trouble()
                .orElse("none")
                .startsWith("could not follow fraud@champion to fraud:4, move 2: "))
            .as(() -> seconds[0] + " s: " + deployment.trouble())
            .isTrue();
        scene.clock.advance(Duration.ofSeconds(1));
      }
      // 1 + 2 + … + 128 = 255, then each 256 seconds.
      assertThat(fetched)
          .isEqualTo(List.of(
              "4 at 0",
              "4 at 1",
              "4 at 3",
              "4 at 7",
              "4 at 15",
              "4 at 31",
              "4 at 63",
              "4 at 127",
              "4 at 255",
              "4 at 511",
              "4 at 767"));
      assertThat(log.lines().size()).as(log.lines().toString()).isEqualTo(1);

      fetched.clear();
      scene.move(5);
      deployment.tick();
      scene.clock.advance(Duration.ofSeconds(1));
      seconds[0]++;
      deployment.tick();
      assertThat(fetched)
          .as("another move is tried at once")
          .isEqualTo(List.of("5 at 800", "5 at 801"));
      scene.move(2);
      deployment.tick();
      Scene.assertServes(2, deployment);
      assertThat(deployment.trouble()).isEmpty();
    }
  }

  @Test
  void rowsThatDoNotFitAreListedWholeAndLeaveTheChampionServing() {
    Schema other =
        Schema.of(Column.category("amount"), Column.number("age"), Column.category("country"));
    InMemoryPackage source = scene.pack(4, other, "stamped").build();
    scene.behind.publish(source);
    staysWithTheChampion(
        scene.deployment(),
        "rows of fraud@champion do not fit the package " + source.digest().abbreviated() + ": "
            + String.join("; ", Scene.ROWS.schema().differencesFrom(other).subList(0, 3))
            + "; not loaded");
    assertThat(Scene.ROWS.schema().differencesFrom(other))
        .as("the last one is a column that the version does not know, and ignores")
        .hasSize(4);
  }

  @Test
  void anUnknownRuntimeLeavesTheChampionServing() {
    scene.behind.publish(scene.pack(4, Scene.ROWS.schema(), "nobodys").build());
    try (Deployment<Scene.Order> deployment = scene.deployment().open()) {
      scene.move(4);
      deployment.tick();
      Scene.assertServes(1, deployment);
      String trouble = deployment.trouble().orElseThrow();
      assertThat(trouble.startsWith("could not follow fraud@champion to fraud:4, move 2: no runtime"
              + " \"nobodys\"; known: stamped"))
          .as(trouble)
          .isTrue();
      assertThat(trouble.endsWith("; not loaded. Hand one over with Deployment.of(…).runtime(…)"))
          .as(trouble)
          .isTrue();
    }
  }

  @Test
  void aRuntimeThatThrowsLeavesTheChampionServing() {
    for (Throwable each : FAULTS) {
      Scene fresh = Scene.of(3);
      fresh.runtime.before = number -> {
        if (number == 3) {
          TickTest.<RuntimeException>raise(each);
        }
      };
      try (Deployment<Scene.Order> deployment = fresh.deployment().open()) {
        fresh.move(3);
        deployment.tick();
        Scene.assertServes(1, deployment);
        assertThat(deployment.trouble().isPresent()).isTrue();
        fresh.runtime.before = number -> {};
        fresh.clock.advance(Duration.ofSeconds(1));
        deployment.tick();
        Scene.assertServes(3, deployment);
        assertThat(deployment.trouble().isPresent()).isFalse();
      }
    }
  }

  @Test
  void aRuntimeThatGivesNullLeavesTheChampionServing() {
    InMemoryPackage source = scene.pack(4, Scene.ROWS.schema(), "empty").build();
    scene.behind.publish(source);
    ModelRuntime empty = new ModelRuntime() {
      @Override
      public String name() {
        return "empty";
      }

      @Override
      public Model load(ModelPackage from) {
        return null;
      }
    };
    staysWithTheChampion(
        scene.deployment().runtime(empty),
        "runtime \"empty\" gave null for the package " + source.digest().abbreviated()
            + " of fraud@champion; not loaded");
  }

  @Test
  void aModelWhoseRecorderIsRefusedIsClosedAgain() {
    ForeignMonitor monitor = new ForeignMonitor() {
      @Override
      public Recorder recorder(String version, Baseline baseline) {
        return version.equals("3") ? null : super.recorder(version, baseline);
      }
    };
    try (Deployment<Scene.Order> deployment =
        scene.deployment().monitoredBy(model -> monitor).open()) {
      scene.move(3);
      deployment.tick();
      scene.clock.advance(Duration.ofSeconds(1));
      deployment.tick();

      Scene.assertServes(1, deployment);
      assertThat(scene.runtime.loaded.size()).isEqualTo(3);
      assertThat(scene.runtime.loaded.get(1).closes.get()).isEqualTo(1);
      assertThat(scene.runtime.loaded.get(2).closes.get()).isEqualTo(1);
      assertThat(scene.runtime.loaded.get(0).closes.get()).isEqualTo(0);
    }
  }

  @Test
  void aMonitorThatRefusesAChampionIsToldAndAskedAgain() {
    AtomicBoolean refuses = new AtomicBoolean(true);
    ForeignMonitor monitor = new ForeignMonitor() {
      @Override
      public void champion(String version) {
        if (refuses.get()) {
          throw new IllegalStateException("not today");
        }
        super.champion(version);
      }
    };
    try (Deployment<Scene.Order> deployment =
        scene.deployment().monitoredBy(model -> monitor).open()) {
      Scene.assertServes(1, deployment);
      deployment.tick();
      assertThat(deployment.trouble().orElseThrow()).contains("fraud@champion", "not today");
      assertThat(monitor.ticks.get()).as("ticked all the same").isEqualTo(1);

      refuses.set(false);
      deployment.tick();
      assertThat(deployment.trouble()).isEmpty();
      assertThat(deployment.evidence().champion().orElseThrow().version()).isEqualTo("1");
    }
  }

  @Test
  void aSecondThreadReturnsAtOnceWhileOneIsInside() throws InterruptedException {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    AtomicInteger entered = new AtomicInteger();
    ForeignStore slow = new ForeignStore(scene.behind) {
      @Override
      public Optional<AliasChange> current(String alias) {
        if (Thread.currentThread().getName().equals("first")) {
          inside.countDown();
          RollbackTest.await(leave);
        }
        entered.incrementAndGet();
        return super.current(alias);
      }
    };
    ForeignMonitor monitor = new ForeignMonitor();
    try (Deployment<Scene.Order> deployment =
        scene.deployment(slow).monitoredBy(model -> monitor).open()) {
      scene.move(2);
      int before = entered.get();
      Thread first = new Thread(deployment::tick, "first");
      first.start();
      inside.await();

      assertThat(deployment.tick()).isEqualTo(Instant.parse("2026-01-01T00:00:01Z"));

      assertThat(entered.get()).as("calls to the store").isEqualTo(before);
      assertThat(monitor.ticks.get()).as("ticks of the monitor").isEqualTo(1);
      Scene.assertServes(1, deployment);
      leave.countDown();
      first.join();
      Scene.assertServes(2, deployment);
      deployment.tick();
      assertThat(monitor.ticks.get()).isEqualTo(2);
    }
  }

  @Test
  void aMoveToTheVersionThatServesOpensNothing() {
    ForeignStore store = new ForeignStore(scene.behind);
    try (Deployment<Scene.Order> deployment = scene.deployment(store).open()) {
      assertThat(store.opens.get()).isEqualTo(1);
      scene.move(1);
      deployment.tick();

      Scene.assertServes(1, deployment);
      assertThat(store.opens.get()).isEqualTo(1);
      scene.move(2);
      deployment.tick();
      deployment.rollBack("ops", "bad");
      deployment.tick();
      assertThat(scene.moves()).isEqualTo(List.of(1L, 1L, 2L, 1L));
    }
  }

  @Test
  void aMoveBackServesTheOneAtHandWithoutOpeningIt() {
    ForeignStore store = new ForeignStore(scene.behind);
    ForeignMonitor monitor = new ForeignMonitor();
    try (Deployment<Scene.Order> deployment =
        scene.deployment(store).monitoredBy(model -> monitor).open()) {
      for (int to : new int[] {2, 1}) {
        scene.move(to);
        deployment.tick();
        Scene.assertServes(to, deployment);
        assertThat(deployment.evidence().champion().orElseThrow().version())
            .isEqualTo(Integer.toString(to));
      }
      assertThat(store.opens.get()).isEqualTo(2);
      assertThat(scene.runtime.newest(1).closes.get()).isEqualTo(0);
      assertThat(scene.runtime.newest(2).closes.get())
          .as("what was left is not kept")
          .isEqualTo(1);
      assertThat(monitor.recorded("1")).isEqualTo(1);
      assertThat(monitor.recorded("2")).isEqualTo(1);
    }
  }

  @Test
  void aDeploymentThatWasClosedAsksNobody() {
    ForeignMonitor monitor = new ForeignMonitor();
    Deployment<Scene.Order> deployment =
        scene.deployment().monitoredBy(model -> monitor).open();
    deployment.close();
    long calls = scene.store.calls();
    deployment.tick();

    assertThat(scene.store.calls()).isEqualTo(calls);
    assertThat(monitor.ticks.get()).isEqualTo(0);
    assertThat(monitor.closes.get()).isEqualTo(1);
  }

  @Test
  void aModelThatWasLoadedWhileTheDeploymentClosedIsClosedToo() {
    Deployment<Scene.Order> deployment = scene.deployment().open();
    scene.move(2);
    scene.runtime.before = number -> deployment.close();
    deployment.tick();

    assertThat(scene.runtime.loaded.size()).isEqualTo(2);
    scene.runtime.loaded.forEach(
        model -> assertThat(model.closes.get()).as(model.toString()).isEqualTo(1));
  }

  /** The operator rolls back while a third version is being loaded: the newer move wins, one tick later. */
  @Test
  void aRollbackDuringALoadIsOvertakenByTheNewerMove() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      scene.move(3);
      scene.runtime.before = number -> {
        scene.runtime.before = none -> {};
        deployment.rollBack("ops", "bad");
      };
      deployment.tick();
      Scene.assertServes(1, deployment);
      assertThat(scene.runtime.newest(3).closes.get()).as("what lost is closed").isEqualTo(1);
      deployment.tick();

      Scene.assertServes(3, deployment);
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 3L));
    }
  }
}
