package dev.mlops.core.serve;

import static dev.mlops.core.serve.Scene.ORDER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Finding;
import dev.mlops.core.rollout.TrafficPlan;
import dev.mlops.core.serve.Scene.Order;
import dev.mlops.testkit.InMemoryJournal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several requests at once, and what closing does to those under way. */
@Timeout(60)
class ServeAllTest {
  private final Scene scene = Scene.of(3);

  @Test
  void oneVersionAnswersThemAll() {
    try (Deployment<Order> deployment = scene.deployment().open()) {
      scene.move(2);
      int[] calls = {0};
      scene.runtime.during = model -> {
        if (calls[0]++ == 1) {
          deployment.tick(); // the alias is followed in the middle of the batch
        }
      };
      ServedBatch batch = deployment.serveAll(Collections.nCopies(5, ORDER));
      assertThat(batch.size()).isEqualTo(5);
      assertThat(batch.answered()).hasSize(5).allMatch(each -> each.version().number() == 1);
      assertThat(batch.answered().stream().map(Served::id)).doesNotHaveDuplicates();
      Scene.assertServes(2, deployment);
    }
  }

  @Test
  void oneThatFailsFailsNoOther() {
    try (Deployment<Order> deployment = scene.deployment().open()) {
      int[] calls = {0};
      scene.runtime.during = model -> {
        if (calls[0]++ == 1) {
          throw new IllegalStateException("the second");
        }
      };
      ServedBatch batch = deployment.serveAll(
          List.of("a", "b", "c", "d"), Arrays.asList(ORDER, ORDER, null, ORDER));
      assertThat(batch.served(0)).isPresent();
      assertThat(batch.failure(0)).isEmpty();
      assertThat(batch.served(1)).isEmpty();
      assertThat(batch.failure(1).orElseThrow()).hasMessage("the second");
      assertThat(batch.failure(2).orElseThrow()).isInstanceOf(NullPointerException.class);
      assertThat(batch.served(3)).isPresent();
      assertThat(batch).hasToString("2 of 4 answered");
      deployment.truth("d", Truth.of(1.0));
      deployment.tick();
      assertThat(deployment.evidence().champion().orElseThrow().failures()).isEqualTo(2);
      assertThat(deployment.evidence().champion().orElseThrow().matured()).isEqualTo(1);
    }
  }

  @Test
  void whileARolloutSplitsThemEachKeyHasItsArm() {
    try (Deployment<Order> deployment =
        scene.deployment().journal(new InMemoryJournal()).open()) {
      deployment.rollOut(
          scene.version(2),
          TrafficPlan.canary(50).rollingBackUnless(evidence -> Finding.pass("fine")));
      List<String> keys = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        keys.add("key-" + i);
      }
      ServedBatch batch = deployment.serveAll(keys, Collections.nCopies(200, ORDER));
      for (int i = 0; i < 200; i++) {
        assertThat(batch.served(i).orElseThrow().version())
            .isEqualTo(deployment.armOf("key-" + i).version());
      }
    }
  }

  @Test
  void keysAndInputsMustBeAsMany() {
    try (Deployment<Order> deployment = scene.deployment().open()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> deployment.serveAll(List.of("a"), List.of(ORDER, ORDER)))
          .withMessageContainingAll("1 keys", "2 inputs", "nothing was answered");
      assertThat(deployment.serveAll(List.of()).size()).isZero();
    }
  }

  @Test
  void aClosedDeploymentAnswersNoBatch() {
    Deployment<Order> deployment = scene.deployment().open();
    deployment.close();
    assertThatIllegalStateException().isThrownBy(() -> deployment.serveAll(List.of(ORDER)));
  }

  @Test
  void closingWaitsForThoseUnderWayAndTheyAreRecorded() throws Exception {
    CountDownLatch inModel = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    scene.runtime.during = model -> {
      inModel.countDown();
      try {
        go.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    };
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      Deployment<Order> deployment =
          scene.deployment().closingWithin(Duration.ofSeconds(30)).open();
      CompletableFuture<Served> served =
          CompletableFuture.supplyAsync(() -> deployment.serve(ORDER), threads);
      inModel.await();
      CompletableFuture<Void> closed = CompletableFuture.runAsync(deployment::close, threads);
      while (!deployment.toString().contains("closed")) {
        Thread.onSpinWait();
      }
      assertThatIllegalStateException().isThrownBy(() -> deployment.serve(ORDER));
      assertThat(closed).isNotDone();
      go.countDown();
      closed.get(30, TimeUnit.SECONDS);
      assertThat(served.get(30, TimeUnit.SECONDS).version().number()).isEqualTo(1);
      assertThat(scene.runtime.newest(1).closes).hasValue(1);
    } finally {
      go.countDown();
      threads.shutdownNow();
    }
  }

  @Test
  void closingGivesUpAtTheStatedTime() throws Exception {
    CountDownLatch inModel = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    scene.runtime.during = model -> {
      inModel.countDown();
      try {
        go.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    };
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      Deployment<Order> deployment =
          scene.deployment().closingWithin(Duration.ofNanos(1)).open();
      CompletableFuture<Served> served =
          CompletableFuture.supplyAsync(() -> deployment.serve(ORDER), threads);
      inModel.await();
      deployment.close();
      assertThat(scene.runtime.newest(1).closes).as("it is in use").hasValue(0);
      go.countDown();
      assertThat(served.get(30, TimeUnit.SECONDS).version().number()).isEqualTo(1);
      threads.shutdown();
      assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
      assertThat(scene.runtime.newest(1).closes).hasValue(1);
    } finally {
      go.countDown();
      threads.shutdownNow();
    }
  }
}
