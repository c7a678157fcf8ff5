package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
      assertThat(deployment.champion().number()).isEqualTo(version);
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

    assertThat(List.copyOf(problems)).as("seed " + SEED).isEmpty();
    List<StampedModel> models = List.copyOf(scene.runtime.loaded);
    assertThat(models.size() > SWAPS / 2)
        .as("only " + models.size() + " models were loaded")
        .isTrue();
    assertThat(models.stream().filter(model -> model.closes.get() == 0).count())
        .as("the champion and the one before it are open")
        .isEqualTo(2);
    long byUsers =
        models.stream().filter(model -> threads.contains(model.closer)).count();
    assertThat(byUsers > 0).as("no model was still in use when it was replaced").isTrue();
    deployment.close();
    assertThat(models.stream()
            .filter(model -> model.closes.get() != 1)
            .map(StampedModel::toString)
            .collect(Collectors.toList()))
        .as("seed " + SEED)
        .isEmpty();
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
    assertThat(model.closes.get()).as("closed while in use").isEqualTo(0);
    assertThatThrownBy(() -> deployment.serve(Scene.ORDER))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("deployment of fraud@champion is closed");
    leave.set(true);
    request.join();
    assertThat(List.copyOf(problems)).isEmpty();
    assertThat(answers.availablePermits()).isEqualTo(1);
    assertThat(model.closes.get()).isEqualTo(1);
    assertThat(model.closer).isEqualTo(request);
    deployment.close();
    assertThat(model.closes.get()).isEqualTo(1);
  }

  @Test
  void theLastButOneIsClosedWhenAThirdTakesOver() {
    Deployment<Scene.Order> deployment = scene.servesTwoAfterOne();
    assertThat(scene.runtime.newest(1).closes.get())
        .as("at hand for a rollback")
        .isEqualTo(0);
    scene.move(3);
    deployment.tick();

    Scene.assertServes(3, deployment);
    assertThat(scene.runtime.newest(1).closes.get()).isEqualTo(1);
    assertThat(scene.runtime.newest(2).closes.get()).isEqualTo(0);
    deployment.close();
    assertThat(scene.runtime.newest(2).closes.get()).isEqualTo(1);
    assertThat(scene.runtime.newest(3).closes.get()).isEqualTo(1);
  }

  /** A trial of a candidate uses the champion for minutes; a rollback meanwhile must not pull it away. */
  @Test
  void aModelThatIsLentIsClosedWhenItIsGivenBack() {
    Scene scene = Scene.of(2);
    Deployment<Scene.Order> deployment = scene.servesTwoAfterOne();
    Scene.StampedModel two = scene.runtime.newest(2);
    String said = deployment.using(model -> {
      assertThat(model).isEqualTo(two);
      deployment.rollBack("ops", "bad");
      assertThat(two.closes.get()).isEqualTo(0);
      return "used";
    });
    assertThat(said).isEqualTo("used");
    assertThat(two.closes.get()).isEqualTo(1);
    deployment.close();
    assertThatThrownBy(() -> deployment.using(model -> "never"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("deployment of fraud@champion is closed");
  }
}
