package dev.mlops.core.serve;

import static dev.mlops.core.rollout.TrafficPlan.canary;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Regression;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.store.Version;
import dev.mlops.core.rollout.TrafficPlan;
import dev.mlops.testkit.InMemoryJournal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sixteen threads serve while versions are rolled out by steps, aborted, moved and rolled back; each answer is its version's number. */
class RolloutUnderLoadTest {
  private static final int THREADS = 16;
  private static final Duration STEP = Duration.ofMinutes(1);
  private static final TrafficPlan PLAN =
      canary(5, 50).eachFor(0, STEP).rollingBackUnless(evidence -> Finding.pass("fine"));

  private final Scene scene = Scene.of(5);
  private final AtomicBoolean over = new AtomicBoolean();

  /** Requests that may be made: with more of them the thread that changes versions would wait for a processor. */
  private final Semaphore requests = new Semaphore(0);

  private final Queue<Object> problems = new ConcurrentLinkedQueue<>();
  private final LongAdder answers = new LongAdder();
  private final LongAdder byCandidates = new LongAdder();

  /** Without a monitor: what is under test is who answers. */
  private Deployment<Scene.Order> open(InMemoryJournal journal) {
    return Deployment.of(scene.store, Scene.ALIAS, Scene.ROWS)
        .runtime(scene.runtime)
        .clock(scene.clock)
        .ticker(scene.clock)
        .journal(journal)
        .open();
  }

  private void serve(Deployment<Scene.Order> deployment, int seed) {
    Random random = new Random(seed);
    while (true) {
      requests.acquireUninterruptibly();
      if (over.get()) {
        return;
      }
      try {
        Served served = random.nextInt(4) == 0
            ? deployment.serve(Scene.ORDER)
            : deployment.serve("key-" + random.nextInt(5_000), Scene.ORDER);
        if ((long) served.as(Regression.class).value() != served.version().number()) {
          problems.add(served + " from two versions");
        }
        answers.increment();
        if (served.route().arm().equals("candidate")) {
          byCandidates.increment();
        }
      } catch (Throwable e) {
        problems.add(e);
      }
    }
  }

  private List<Thread> start(Deployment<Scene.Order> deployment) {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int seed = i;
      Thread thread = new Thread(() -> serve(deployment, seed), "request-" + i);
      threads.add(thread);
      thread.start();
    }
    return threads;
  }

  /** Lets requests come, some of them while what follows is done. */
  private void load() {
    if (requests.availablePermits() < 50 * THREADS) {
      requests.release(20 * THREADS);
    }
  }

  private void stop(List<Thread> threads) throws InterruptedException {
    over.set(true);
    requests.release(THREADS);
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private void step(Deployment<Scene.Order> deployment) {
    load();
    Scene.serveUntilCandidate(deployment);
    scene.clock.advance(STEP);
    deployment.tick();
  }

  /** Changes who answers until a number of changes were made, or the time is up; how many there were. */
  private int change(Deployment<Scene.Order> deployment, int most, Duration atMost) {
    Random random = new Random(7);
    long end = System.nanoTime() + atMost.toNanos();
    int changes = 0;
    while (changes < most && System.nanoTime() < end && problems.isEmpty()) {
      long now = deployment.champion().number();
      Version next = scene.version((int) (1 + (now + random.nextInt(4)) % 5));
      Rollout rollout = deployment.rollOut(next, PLAN);
      load();
      step(deployment);
      changes += 2; // begun and one step on
      if (random.nextInt(3) == 0) {
        assertThat(rollout.abort("ops", "a hunch")).isEqualTo(Rollout.State.ABORTED);
      } else {
        step(deployment);
        assertThat(rollout.state()).as("%s", rollout).isEqualTo(Rollout.State.PROMOTED);
        deployment.tick(); // has something at hand to roll back to
        if (next.number() > now && random.nextBoolean()) {
          assertThat(deployment.rollBack("ops", "bad").number()).isLessThan(next.number());
          deployment.tick();
          changes++;
        }
      }
      changes++;
    }
    return changes;
  }

  private void hold(int changes, Duration atMost, int fewest) throws InterruptedException {
    InMemoryJournal journal = new InMemoryJournal();
    Deployment<Scene.Order> deployment = open(journal);
    List<Thread> threads = start(deployment);
    int made;
    try {
      made = change(deployment, changes, atMost);
    } finally {
      stop(threads);
    }
    assertThat(List.copyOf(problems)).as("failed requests of %d", answers.sum()).isEmpty();
    assertThat(made).as("changes").isGreaterThanOrEqualTo(fewest);
    assertThat(answers.sum()).as("answers").isGreaterThan(1_000);
    assertThat(byCandidates.sum()).as("answers of candidates").isPositive();
    deployment.close();
    assertThat(scene.runtime.loaded)
        .as("each model is closed once")
        .allMatch(model -> model.closes.get() == 1);
  }

  @Test
  void noRequestFailsInAHundredChanges() throws InterruptedException {
    hold(100, Duration.ofMinutes(5), 100);
  }

  @Test
  @Tag("slow")
  void noRequestFailsInAMinute() throws InterruptedException {
    hold(Integer.MAX_VALUE, Duration.ofSeconds(60), 1_000);
  }

  /** A rollback needs no store: it is one change of what requests read. */
  private long[] rollbacks(int count) throws InterruptedException {
    Deployment<Scene.Order> deployment = open(new InMemoryJournal());
    List<Thread> threads = start(deployment);
    long[] nanos = new long[count];
    try {
      for (int i = 0; i < count; i++) {
        scene.move(2);
        deployment.tick();
        scene.store.failEveryCall();
        load();
        long calls = scene.store.calls();
        long start = System.nanoTime();
        Version back = deployment.rollBack("ops", "bad");
        nanos[i] = System.nanoTime() - start;
        assertThat(scene.store.calls()).as("calls of the store").isEqualTo(calls);
        assertThat(back.number()).isEqualTo(1);
        assertThat(deployment.rollbackPending()).isTrue();
        deployment.tick(); // the store is away
        assertThat(deployment.serve(Scene.ORDER).version().number()).isEqualTo(1);
        scene.store.heal();
        deployment.tick();
      }
    } finally {
      stop(threads);
      deployment.close();
    }
    assertThat(List.copyOf(problems)).isEmpty();
    Arrays.sort(nanos);
    return nanos;
  }

  @Test
  void rollsBackWithoutTheStore() throws InterruptedException {
    rollbacks(50);
  }

  @Test
  @Tag("slow")
  void ninetyNineOfAHundredRollBackWithinAMillisecond() throws InterruptedException {
    long[] nanos = rollbacks(2_000);
    System.getLogger(RolloutUnderLoadTest.class.getName())
        .log(System.Logger.Level.INFO, "p50 " + nanos[1_000] + " ns, p99 " + nanos[1_980] + " ns");
    assertThat(nanos[1_980]).as("p99, in nanoseconds").isLessThan(1_000_000);
  }
}
