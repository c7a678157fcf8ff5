package dev.mlops.core.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.mlops.api.model.Regression;
import dev.mlops.core.serve.Scene.StampedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD) // one that hangs fails by name
class SwapTest {
  private static final int SWAPS = 1_000;
  private static final int THREADS = 10;
  private static final long SEED = 7;

  private final Scene scene = Scene.of(5);
  private final Semaphore requests = new Semaphore(0);
  private final Semaphore answers = new Semaphore(0);
  private final Queue<Object> problems = new ConcurrentLinkedQueue<>();
  private final Object swapped = new Object();
  private int swaps;

  /**
   * Half of the threads stay inside the model until it was replaced, and its successor too: without the reference counts
   * they find it closed.
   */
  @Test
  void thousandSwapsUnderTenThreadsLoseNoAnswerAndCloseEachModelOnce() throws InterruptedException {
    Deployment<Scene.Order> deployment =
        scene.deployment(scene.behind).monitoredBy(Unmonitored::new).open();
    ThreadLocal<Boolean> patient = ThreadLocal.withInitial(() -> false);
    scene.runtime.during = model -> {
      if (patient.get()) {
        awaitSwaps(3);
      }
    };
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      boolean waits = i % 2 == 0;
      Thread thread = new Thread(() -> {
        patient.set(waits);
        while (!isOver()) {
          if (!waits) {
            requests.acquireUninterruptibly();
          }
          serve(deployment, waits);
        }
      });
      threads.add(thread);
      thread.start();
    }
    Random random = new Random(SEED);
    int version = 1;
    while (!isOver()) {
      requests.release();
      version = 1 + (version + random.nextInt(4)) % 5; // another one of the five
      scene.move(version);
      deployment.tick();
      assertEquals(version, deployment.champion().number());
      synchronized (swapped) {
        swaps++;
        swapped.notifyAll();
      }
      if (swaps % 5 == 0) {
        answers.acquire(5);
      }
    }
    requests.release(THREADS);
    for (Thread thread : threads) {
      thread.join();
    }

    assertEquals(List.of(), List.copyOf(problems), "seed " + SEED);
    List<StampedModel> models = List.copyOf(scene.runtime.loaded);
    assertTrue(models.size() > SWAPS / 2, "only " + models.size() + " models were loaded");
    assertEquals(
        2,
        models.stream().filter(model -> model.closes.get() == 0).count(),
        "the champion and the one before it are open");
    long byUsers =
        models.stream().filter(model -> threads.contains(model.closer)).count();
    assertTrue(byUsers > 0, "no model was still in use when it was replaced");
    deployment.close();
    assertEquals(
        List.of(),
        models.stream()
            .filter(model -> model.closes.get() != 1)
            .map(StampedModel::toString)
            .collect(Collectors.toList()),
        "seed " + SEED);
  }

  private boolean isOver() {
    synchronized (swapped) {
      return swaps >= SWAPS || !problems.isEmpty();
    }
  }

  private void awaitSwaps(int more) {
    synchronized (swapped) {
      int enough = Math.min(SWAPS, swaps + more);
      while (swaps < enough && problems.isEmpty()) {
        try {
          swapped.wait();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  private void serve(Deployment<Scene.Order> deployment, boolean waits) {
    try {
      Served served = deployment.serve(Scene.ORDER);
      if ((long) served.as(Regression.class).value() != served.version().number()) {
        problems.add(served + " from two versions");
      }
    } catch (Throwable e) {
      problems.add(e);
      synchronized (swapped) {
        swapped.notifyAll();
      }
    } finally {
      if (!waits) {
        answers.release();
      }
    }
  }

  @Test
  void closingLetsAnAnswerUnderWayFinish() throws InterruptedException {
    Deployment<Scene.Order> deployment = scene.deployment().open();
    AtomicBoolean inside = new AtomicBoolean();
    AtomicBoolean leave = new AtomicBoolean();
    scene.runtime.during = model -> {
      inside.set(true);
      while (!leave.get()) {
        Thread.yield();
      }
    };
    Thread request = new Thread(() -> serve(deployment, false));
    request.start();
    while (!inside.get()) {
      Thread.yield();
    }

    deployment.close();

    StampedModel model = scene.runtime.newest(1);
    assertEquals(0, model.closes.get(), "closed while in use");
    assertEquals(
        "deployment of fraud@champion is closed",
        assertThrows(IllegalStateException.class, () -> deployment.serve(Scene.ORDER))
            .getMessage());
    leave.set(true);
    request.join();
    assertEquals(List.of(), List.copyOf(problems));
    assertEquals(1, answers.availablePermits());
    assertEquals(1, model.closes.get());
    assertEquals(request, model.closer);
    deployment.close();
    assertEquals(1, model.closes.get());
  }

  @Test
  void theLastButOneIsClosedWhenAThirdTakesOver() {
    Deployment<Scene.Order> deployment = scene.servesTwoAfterOne();
    assertEquals(0, scene.runtime.newest(1).closes.get(), "at hand for a rollback");
    scene.move(3);
    deployment.tick();

    Scene.assertServes(3, deployment);
    assertEquals(1, scene.runtime.newest(1).closes.get());
    assertEquals(0, scene.runtime.newest(2).closes.get());
    deployment.close();
    assertEquals(1, scene.runtime.newest(2).closes.get());
    assertEquals(1, scene.runtime.newest(3).closes.get());
  }

  /** A trial of a candidate uses the champion for minutes; a rollback meanwhile must not pull it away. */
  @Test
  void aModelThatIsLentIsClosedWhenItIsGivenBack() {
    Scene scene = Scene.of(2);
    Deployment<Scene.Order> deployment = scene.servesTwoAfterOne();
    Scene.StampedModel two = scene.runtime.newest(2);
    String said = deployment.using(model -> {
      assertEquals(two, model);
      deployment.rollBack("ops", "bad");
      assertEquals(0, two.closes.get());
      return "used";
    });
    assertEquals("used", said);
    assertEquals(1, two.closes.get());
    deployment.close();
    assertEquals(
        "deployment of fraud@champion is closed",
        assertThrows(IllegalStateException.class, () -> deployment.using(model -> "never"))
            .getMessage());
  }
}
