package dev.mlops.core.serve;

import static dev.mlops.core.serve.Scene.ORDER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Regression;
import dev.mlops.api.monitor.Finding;
import dev.mlops.core.rollout.TrafficPlan;
import dev.mlops.core.serve.Scene.Order;
import dev.mlops.testkit.InMemoryJournal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What answers where the model that serves does not; version n answers n. */
@Timeout(60)
class FallbacksTest {
  /** Never reached by a test that passes. */
  private static final Duration LONG = Duration.ofSeconds(30);

  private static final Regression FIXED = Regression.of(-1);

  private final Scene scene = Scene.of(3);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch inModel = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);

  @AfterEach
  void end() {
    go.countDown();
    threads.shutdownNow();
  }

  private Deployment<Order> open(Fallbacks fallbacks) {
    return scene.deployment().fallingBack(fallbacks).open();
  }

  /** Version n waits in its prediction until it may go on. */
  private void block(int number) {
    scene.runtime.during = model -> {
      if (model.number == number) {
        inModel.countDown();
        try {
          go.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    };
  }

  private void fail(int number) {
    scene.runtime.during = model -> {
      if (model.number == number) {
        throw new StackOverflowError("on purpose");
      }
    };
  }

  private static int value(Served served) {
    return (int) served.as(Regression.class).value();
  }

  @Test
  void oneTooManyIsRefusedAtOnceAndTheOthersAreAnswered() throws Exception {
    block(1);
    try (Deployment<Order> deployment = open(Fallbacks.none().atMost(1))) {
      CompletableFuture<Served> first =
          CompletableFuture.supplyAsync(() -> deployment.serve(ORDER), threads);
      inModel.await();
      assertThatExceptionOfType(OverloadException.class)
          .isThrownBy(() -> deployment.serve(ORDER))
          .withMessageContainingAll("fraud@champion", "at most 1", "got 2", "at once");
      go.countDown();
      assertThat(value(first.get(30, TimeUnit.SECONDS))).isEqualTo(1);
      Scene.assertServes(1, deployment);
      assertThat(deployment.counts().refused()).isEqualTo(1);
      deployment.tick();
      assertThat(deployment.evidence().champion().orElseThrow().failures())
          .as("a refusal is no fault of the version")
          .isZero();
    }
  }

  @Test
  void oneTooManyMayHaveTheFixedAnswer() throws Exception {
    block(1);
    try (Deployment<Order> deployment = open(Fallbacks.none().atMost(1).orElse(FIXED))) {
      CompletableFuture<Served> first =
          CompletableFuture.supplyAsync(() -> deployment.serve(ORDER), threads);
      inModel.await();
      Served served = deployment.serve(ORDER);
      assertThat(served.prediction()).isEqualTo(FIXED);
      assertThat(served.route().reason()).isEqualTo(Route.Reason.FIXED_ANSWER);
      go.countDown();
      first.get(30, TimeUnit.SECONDS);
      assertThat(deployment.counts().fixed()).isEqualTo(1);
      assertThat(deployment.counts().refused()).isEqualTo(1);
    }
  }

  @Test
  void aFixedAnswerOfAnotherKindIsRefusedWhenOpened() {
    Fallbacks other = Fallbacks.none().orElse(Classification.of("no"));
    assertThatThrownBy(() ->
            scene.deployment().predicting(Regression.class).fallingBack(other).open())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Regression", "fraud@champion", "no");
  }

  @Test
  void theStandbyAnswersWhereTheChampionThrowsOrSaysNothingUsable() {
    try (Deployment<Order> deployment = open(Fallbacks.none().orStandby())) {
      scene.move(2);
      deployment.tick();
      fail(2);
      Served served = deployment.serve("order-1", ORDER);
      assertThat(value(served)).isEqualTo(1);
      assertThat(served.version()).isEqualTo(scene.version(1));
      assertThat(served.route().reason()).isEqualTo(Route.Reason.STANDBY);
      assertThat(deployment.champion()).as("it is no rollback").isEqualTo(scene.version(2));
      assertThat(deployment.counts().byStandby()).isEqualTo(1);
      deployment.tick();
      assertThat(deployment.evidence().champion().orElseThrow().failures()).isEqualTo(1);
      scene.runtime.during = model -> {};
      Scene.assertServes(2, deployment);
    }
  }

  @Test
  void withoutAnyFallbackThatAnswersTheFaultOfTheChampionIsThrown() {
    try (Deployment<Order> deployment = open(Fallbacks.none().orStandby())) {
      fail(1);
      assertThatThrownBy(() -> deployment.serve(ORDER)).isInstanceOf(StackOverflowError.class);
      scene.move(2);
      scene.runtime.during = model -> {};
      deployment.tick();
      scene.runtime.during = model -> {
        throw new IllegalStateException("of " + model.number);
      };
      assertThatThrownBy(() -> deployment.serve(ORDER)).hasMessage("of 2");
      assertThat(deployment.counts().byStandby()).isZero();
    }
  }

  @Test
  void theFixedAnswerIsTheLastResort() {
    try (Deployment<Order> deployment = open(Fallbacks.none().orStandby().orElse(FIXED))) {
      scene.runtime.during = model -> {
        throw new IllegalStateException("of " + model.number);
      };
      Served served = deployment.serve(ORDER);
      assertThat(served.prediction()).isEqualTo(FIXED);
      assertThat(served.version()).as("the one that should have").isEqualTo(scene.version(1));
      assertThat(served.id()).isNotEqualTo(deployment.serve(ORDER).id());
      assertThat(deployment.counts().fixed()).isEqualTo(2);
    }
  }

  @Test
  void aFaultOfTheInputIsNotHidden() {
    try (Deployment<Order> deployment = open(Fallbacks.none().orStandby().orElse(FIXED))) {
      Order none = null;
      assertThatThrownBy(() -> deployment.serve(none)).isInstanceOf(NullPointerException.class);
      assertThat(deployment.counts().fixed()).isZero();
    }
  }

  /** The deadline is one nanosecond of real time; each call has begun before its request waits for it. */
  @Test
  void aLateCallIsGivenUpAndGoesOnAlone() throws Exception {
    Semaphore begun = new Semaphore(0);
    block(1);
    Consumer<Scene.StampedModel> blocking = scene.runtime.during;
    scene.runtime.during = model -> {
      begun.release();
      blocking.accept(model);
    };
    Fallbacks fallbacks = Fallbacks.none().atMost(2).within(Duration.ofNanos(1), call -> {
      threads.execute(call);
      begun.acquireUninterruptibly();
    });
    try (Deployment<Order> deployment = open(fallbacks)) {
      assertThatExceptionOfType(PredictionTimeoutException.class)
          .isThrownBy(() -> deployment.serve(ORDER))
          .withMessageContainingAll("fraud:1", "goes on");
      assertThatExceptionOfType(PredictionTimeoutException.class)
          .isThrownBy(() -> deployment.serve(ORDER));
      assertThatExceptionOfType(OverloadException.class)
          .as("calls that go on count, so that a model that hangs takes no more threads")
          .isThrownBy(() -> deployment.serve(ORDER));
      assertThat(deployment.counts().timedOut()).isEqualTo(2);
      deployment.tick();
      assertThat(deployment.evidence().champion().orElseThrow().failures()).isEqualTo(2);
    }
    assertThat(scene.runtime.newest(1).closes).as("while it is used").hasValue(0);
    go.countDown();
    threads.shutdown();
    assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(scene.runtime.newest(1).closes).as("by its last user").hasValue(1);
  }

  /** Otherwise each would hold a place and the model for ever. */
  @Test
  void aCallThatAnExecutorDropsSilentlyIsTakenBack() {
    List<Runnable> dropped = new ArrayList<>();
    Fallbacks fallbacks = Fallbacks.none().atMost(2).within(Duration.ofNanos(1), dropped::add);
    try (Deployment<Order> deployment = open(fallbacks)) {
      for (int i = 0; i < 10; i++) {
        assertThatExceptionOfType(PredictionTimeoutException.class)
            .isThrownBy(() -> deployment.serve(ORDER))
            .withMessageContainingAll("fraud:1", "had not begun", "taken back");
      }
      assertThat(deployment.counts().timedOut()).isEqualTo(10);
      assertThat(deployment.counts().refused()).isZero();
    }
    Scene.StampedModel model = scene.runtime.newest(1);
    assertThat(model.closes).as("nothing holds it").hasValue(1);
    AtomicInteger asked = new AtomicInteger();
    scene.runtime.during = any -> asked.incrementAndGet();
    dropped.forEach(Runnable::run);
    assertThat(asked).as("a call that comes after all asks no closed model").hasValue(0);
  }

  @Test
  void aCallInTimeIsAnsweredByTheModel() {
    try (Deployment<Order> deployment = open(Fallbacks.none().within(LONG, threads))) {
      Scene.assertServes(1, deployment);
      fail(1);
      assertThatThrownBy(() -> deployment.serve(ORDER))
          .as("what the model throws, unchanged")
          .isInstanceOf(StackOverflowError.class);
      assertThat(deployment.counts().timedOut()).isZero();
    }
  }

  @Test
  void aTimeoutMayHaveTheFixedAnswer() {
    block(1);
    Fallbacks fallbacks =
        Fallbacks.none().within(Duration.ofNanos(1), threads).orStandby().orElse(FIXED);
    try (Deployment<Order> deployment = open(fallbacks)) {
      assertThat(deployment.serve(ORDER).prediction()).isEqualTo(FIXED);
      assertThat(deployment.counts().timedOut()).isEqualTo(1);
      assertThat(deployment.counts().fixed()).isEqualTo(1);
    }
  }

  @Test
  void anExecutorThatTakesNothingIsAnOverload() {
    Fallbacks fallbacks = Fallbacks.none().within(LONG, call -> {
      throw new RejectedExecutionException("full");
    });
    try (Deployment<Order> deployment = open(fallbacks)) {
      assertThatExceptionOfType(OverloadException.class)
          .isThrownBy(() -> deployment.serve(ORDER))
          .withCauseInstanceOf(RejectedExecutionException.class);
    }
    assertThat(scene.runtime.newest(1).closes).as("it was released").hasValue(1);
  }

  @Test
  void anInterruptedCallerIsAnsweredAndStaysInterrupted() {
    try (Deployment<Order> deployment = open(Fallbacks.none().within(LONG, threads))) {
      Thread.currentThread().interrupt();
      Served served = deployment.serve(ORDER);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(value(served)).isEqualTo(1);
    }
  }

  /** The first call, of the candidate, has a thread of its own and hangs; the champion's runs where it is asked. */
  @Test
  void aCandidateThatHangsIsGivenUpAndTheChampionAnswers() {
    block(2);
    AtomicInteger calls = new AtomicInteger();
    Fallbacks fallbacks = Fallbacks.none().within(Duration.ofNanos(2), call -> {
      if (calls.getAndIncrement() == 0) {
        threads.execute(call);
      } else {
        call.run();
      }
    });
    try (Deployment<Order> deployment =
        scene.deployment().journal(new InMemoryJournal()).fallingBack(fallbacks).open()) {
      deployment.rollOut(
          scene.version(2),
          TrafficPlan.canary(100).rollingBackUnless(evidence -> Finding.pass("fine")));
      Served served = deployment.serve("key", ORDER);
      assertThat(value(served)).isEqualTo(1);
      assertThat(served.route().reason()).isEqualTo(Route.Reason.CANDIDATE_FAILED);
    }
  }

  @Test
  void whatCannotBeAskedIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Fallbacks.none().atMost(0))
        .withMessageContaining("0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Fallbacks.none().within(Duration.ZERO, Runnable::run))
        .withMessageContaining("longer than zero");
  }
}
