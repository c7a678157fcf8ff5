package dev.mlops.core.serve;

import static dev.mlops.core.serve.Scene.ORDER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.monitor.Finding;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.core.internal.guard.Allocated;
import dev.mlops.core.rollout.TrafficPlan;
import dev.mlops.core.serve.Scene.Order;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.InMemoryJournal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A model that takes for ever to load holds nobody: not the tick, not other deployments, not a request. */
@Timeout(60)
class LoadLimitTest {
  /** Never reached by a test that passes. */
  private static final Duration LONG = Duration.ofSeconds(30);

  private final Scene scene = Scene.of(3);
  private final AtomicInteger made = new AtomicInteger();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(task -> new Thread(task, "loader-" + made.incrementAndGet()));
  private final CountDownLatch inLoad = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);
  private volatile boolean hangs;

  @AfterEach
  void end() {
    go.countDown();
    threads.shutdownNow();
  }

  /** From now on the load of version n waits until it may go on. */
  private void hang(int number) {
    scene.runtime.before = each -> {
      if (each == number && hangs) {
        inLoad.countDown();
        boolean interrupted = false;
        while (go.getCount() > 0) {
          try {
            go.await();
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    };
    hangs = true;
  }

  /** Gives a load that hangs a thread, and waits until it is in the runtime; any other ends before it is waited for. */
  private final Executor hung = load -> {
    if (hangs) {
      threads.execute(load);
      awaitLoad();
    } else {
      load.run();
    }
  };

  private void awaitLoad() {
    try {
      inLoad.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private Deployment.Builder<Order> limited() {
    return scene.deployment().loadingWithin(Duration.ofNanos(1), hung);
  }

  /** Lets the load that hangs end, and waits until it has. */
  private void letGo() throws InterruptedException {
    hangs = false;
    go.countDown();
    threads.shutdown();
    assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aTickGivesItUpTheChampionServesAndTheLateModelIsClosed() throws Exception {
    try (CapturedLog log = CapturedLog.of(Deployment.class);
        Deployment<Order> deployment = limited().open()) {
      scene.move(2);
      hang(2);

      deployment.tick();

      Scene.assertServes(1, deployment);
      assertThat(deployment.trouble().orElseThrow())
          .contains(
              "follow fraud@champion to fraud:2",
              scene.version(2).digest().abbreviated(),
              "not loaded within 1 ns",
              "runtime \"stamped\"",
              "thread loader-1",
              "closed when it comes",
              "1 load goes on");

      letGo();
      assertThat(scene.runtime.newest(2).closes).as("nobody uses it").hasValue(1);
      assertThat(log.lines()).anyMatch(line -> line.contains("loaded in the end and closed again"));
      scene.clock.advance(Duration.ofSeconds(1)); // until it is tried again
      deployment.tick();
      Scene.assertServes(2, deployment);
      assertThat(deployment.trouble()).isEmpty();
      assertThat(scene.runtime.newest(2).closes).as("another one").hasValue(0);
    }
  }

  /** The exception shows where the load was, which is what an operator looks for. */
  @Test
  void theCauseIsWhereTheLoadIs() {
    try (Deployment<Order> deployment = limited().open()) {
      hang(2);
      assertThatExceptionOfType(ModelLoadException.class)
          .isThrownBy(() -> deployment.prepare(scene.version(2)))
          .satisfies(e -> assertThat(e.getCause().getStackTrace())
              .anyMatch(frame -> frame.getClassName().equals(Scene.Stamped.class.getName())
                  && frame.getMethodName().equals("load")));
    }
  }

  /** Each would take one more thread. */
  @Test
  void aPackageThatIsStillBeingLoadedIsNotLoadedASecondTime() {
    try (Deployment<Order> deployment = limited().open()) {
      scene.move(2);
      hang(2);
      deployment.tick();
      for (int i = 0; i < 3; i++) {
        scene.clock.advance(Duration.ofMinutes(10));
        deployment.tick();
        assertThat(deployment.trouble().orElseThrow())
            .contains("still being loaded", "thread loader-1", "not loaded again before that ends");
      }
      assertThat(made).as("threads").hasValue(1);
      scene.move(3); // another package is
      hangs = false;
      deployment.tick();
      Scene.assertServes(3, deployment);
    }
  }

  @Test
  void otherDeploymentsHaveTheirTurn() {
    Scene calm = Scene.of(2);
    Deployment<Order> one = limited().open();
    Deployment<Order> two = calm.deployment().open();
    try (Deployments all = Deployments.of(one, two)) {
      scene.move(2);
      calm.move(2);
      hang(2);
      all.tick();
      assertThat(two.champion().number()).isEqualTo(2);
      assertThat(all.trouble().get("fraud@champion")).contains("not loaded within 1 ns");
    }
  }

  @Test
  void whileATickWaitsRequestsAreAnsweredAndTheDeploymentCloses() throws Exception {
    Deployment<Order> deployment =
        scene.deployment().loadingWithin(LONG, threads).open();
    scene.move(2);
    hang(2);
    CompletableFuture<Instant> tick = CompletableFuture.supplyAsync(deployment::tick, threads);
    awaitLoad();
    Scene.assertServes(1, deployment);
    deployment.close();
    go.countDown();
    tick.get(30, TimeUnit.SECONDS);
    assertThat(scene.runtime.newest(2).closes).as("it came after the end").hasValue(1);
  }

  @Test
  void aCandidateThatNeverLoadsIsNotRolledOut() {
    InMemoryJournal journal = new InMemoryJournal();
    try (Deployment<Order> deployment = limited().journal(journal).open()) {
      hang(3);
      assertThatExceptionOfType(ModelLoadException.class)
          .isThrownBy(() -> deployment.rollOut(
              scene.version(3),
              TrafficPlan.canary(50).rollingBackUnless(evidence -> Finding.pass("fine"))))
          .withMessageContainingAll("not loaded within 1 ns", "thread loader-1");
      assertThat(deployment.rollouts()).isEmpty();
      assertThat(journal.events()).isEmpty();
      Scene.assertServes(1, deployment);
    }
  }

  @Test
  void aDeploymentWhoseFirstVersionNeverLoadsDoesNotOpenAndPublishesNothing() {
    Scene empty = Scene.of(0);
    hang(1);
    empty.runtime.before = scene.runtime.before;
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> empty
            .deployment()
            .loadingWithin(Duration.ofNanos(1), hung)
            .firstRelease(() -> empty.stamped(1))
            .open())
        .withMessageContaining("not loaded within 1 ns");
    assertThat(empty.behind.current(Scene.ALIAS)).isEmpty();
  }

  /** An executor that is full of loads that hang, or drops what it is given. */
  @Test
  void aLoadThatIsNotBegunIsTakenBack() {
    List<Runnable> dropped = new ArrayList<>();
    Deployment.Builder<Order> builder =
        scene.deployment().loadingWithin(Duration.ofNanos(1), dropped::add);
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(builder::open)
        .withMessageContainingAll("not loaded within 1 ns", "had not begun", "taken back");
    dropped.forEach(Runnable::run);
    assertThat(scene.runtime.loaded)
        .as("a load that comes after all loads nothing")
        .isEmpty();
  }

  @Test
  void anExecutorThatTakesNothingIsTheCause() {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> scene
            .deployment()
            .loadingWithin(LONG, load -> {
              throw new RejectedExecutionException("full");
            })
            .open())
        .withMessageContainingAll("fraud@champion", "took no load")
        .withCauseInstanceOf(RejectedExecutionException.class);
  }

  /** The thread of the host stays alive, and the next load works. */
  @Test
  void whatARuntimeThrowsReachesTheCallerUnchanged() {
    ExecutorService one = Executors.newSingleThreadExecutor();
    try (Deployment<Order> deployment =
        scene.deployment().loadingWithin(LONG, one).open()) {
      for (Error each : List.of(
          new OutOfMemoryError("pretended"),
          new UnsatisfiedLinkError("no native library"),
          new StackOverflowError("on purpose"))) {
        scene.runtime.before = number -> {
          throw each;
        };
        assertThatThrownBy(() -> deployment.load(scene.behind.open(scene.version(2))))
            .isSameAs(each);
        scene.runtime.before = number -> {};
        assertThat(deployment.load(scene.behind.open(scene.version(2))))
            .as("the thread of the executor lives")
            .isNotNull();
      }
    } finally {
      one.shutdownNow();
    }
  }

  /** A gate counts what a load allocates: on which thread must not matter. */
  @Test
  void whatALoadAllocatesCountsForTheThreadThatWaits() {
    byte[][] kept = new byte[1][];
    try (Deployment<Order> deployment =
        scene.deployment().loadingWithin(LONG, threads).open()) {
      scene.runtime.before = number -> kept[0] = new byte[8 << 20];
      long before = Allocated.byThisThread().orElseThrow();
      deployment.load(scene.behind.open(scene.version(2)));
      assertThat(Allocated.byThisThread().orElseThrow() - before).isBetween(8L << 20, 12L << 20);
    }
    try (Deployment<Order> inline =
        scene.deployment().loadingWithin(LONG, Runnable::run).open()) {
      long before = Allocated.byThisThread().orElseThrow();
      inline.load(scene.behind.open(scene.version(2)));
      assertThat(Allocated.byThisThread().orElseThrow() - before)
          .as("counted once")
          .isBetween(8L << 20, 12L << 20);
    }
  }

  @Test
  void aLateLoadThatFailsIsToldAndTriedAgain() throws Exception {
    try (CapturedLog log = CapturedLog.of(Deployment.class);
        Deployment<Order> deployment = limited().open()) {
      hang(2);
      Consumer<Integer> hanging = scene.runtime.before;
      scene.runtime.before = number -> {
        hanging.accept(number);
        if (number == 2) {
          throw new IllegalStateException("no such node");
        }
      };
      assertThatExceptionOfType(ModelLoadException.class)
          .isThrownBy(() -> deployment.prepare(scene.version(2)));
      letGo();
      assertThat(log.lines()).anyMatch(line -> line.contains("failed to load in the end"));
      scene.runtime.before = number -> {};
      deployment.prepare(scene.version(2)).close();
    }
  }

  @Test
  void anInterruptedThreadLoadsAndStaysInterrupted() {
    try (Deployment<Order> deployment =
        scene.deployment().loadingWithin(LONG, threads).open()) {
      scene.move(2);
      Thread.currentThread().interrupt();
      deployment.tick();
      assertThat(Thread.interrupted()).isTrue();
      assertThat(deployment.serve(ORDER).version().number()).isEqualTo(2);
    }
  }

  @Test
  void aDeadlineThatIsNoneIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> scene.deployment().loadingWithin(Duration.ZERO, threads))
        .withMessageContainingAll("longer than zero", "0");
  }
}
