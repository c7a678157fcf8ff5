package dev.mlops.core.serve;

import static dev.mlops.core.serve.Scene.ORDER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.rollout.ShadowProgress;
import dev.mlops.api.store.Version;
import dev.mlops.core.serve.Scene.Order;
import dev.mlops.testkit.InMemoryJournal;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Shadows that are asked at once, on an executor that runs what the test wants; version n answers n. */
@Timeout(60)
class MirrorTest {
  private final Scene scene = Scene.of(4);
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final InMemoryJournal journal = new InMemoryJournal();

  /** What each shadow said to the requests whose truth came. */
  private final List<Optional<Prediction>> observed = new ArrayList<>();

  private final RolloutPlan watching = start -> new ShadowProgress() {
    @Override
    public void observe(Outcome outcome, Optional<Prediction> candidate) {
      observed.add(candidate);
    }

    @Override
    public RolloutDecision decision() {
      return RolloutDecision.of(RolloutDecision.Outcome.UNDECIDED, "it only watches");
    }
  };

  private Deployment<Order> open(Mirror mirror) {
    return scene.deployment().journal(journal).mirroring(mirror).open();
  }

  private Mirror mirror() {
    return Mirror.on(tasks::add).within(Duration.ofSeconds(1));
  }

  private void runAll() {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
  }

  private static MirrorCounts counts(Rollout rollout) {
    return rollout.mirrored().orElseThrow();
  }

  private static void serve(Deployment<Order> deployment, int requests) {
    for (int i = 0; i < requests; i++) {
      Scene.assertServes(1, deployment);
    }
  }

  @Test
  void aShadowIsAskedAtOnceAndEveryCopyIsAccountedFor() {
    try (Deployment<Order> deployment = open(mirror())) {
      Rollout rollout = deployment.rollOut(scene.version(2), watching);
      int[] calls = {0};
      scene.runtime.during = model -> {
        if (model.number == 2 && calls[0]++ % 3 == 0) {
          throw new StackOverflowError("on purpose");
        }
      };
      serve(deployment, 9);
      assertThat(counts(rollout)).isEqualTo(new MirrorCounts(9, 0, 0, 0, 0, 0, 9));
      runAll();
      assertThat(counts(rollout)).isEqualTo(new MirrorCounts(9, 6, 0, 0, 0, 3, 0));
      deployment.tick();
      assertThat(rollout.evidence().orElseThrow().candidate().orElseThrow().failures())
          .isEqualTo(3);
      assertThat(calls[0]).as("the tick asks nobody").isEqualTo(9);
    }
  }

  /** A row can be read and not written: what a shadow does to the values it read is its own. */
  @Test
  void aShadowThatScribblesOverWhatItReadChangesNoRow() {
    List<Row> shown = new ArrayList<>();
    ModelRuntime scribbling = new ModelRuntime() {
      @Override
      public String name() {
        return "scribbling";
      }

      @Override
      public Model load(ModelPackage source) {
        return row -> {
          double[] numbers = new double[2];
          String[] names = new String[2];
          row.read(numbers, names);
          Arrays.fill(numbers, -1);
          Arrays.fill(names, "scribbled");
          shown.add(row);
          return Regression.of(-1);
        };
      }
    };
    Version scribbler =
        scene.behind.publish(scene.pack(5, Scene.ROWS.schema(), "scribbling").build());
    try (Deployment<Order> deployment = scene
        .deployment()
        .runtime(scribbling)
        .journal(journal)
        .mirroring(mirror())
        .open()) {
      deployment.rollOut(scribbler, watching);
      Served served = deployment.serve(ORDER);
      runAll();
      deployment.truth(served.id(), Truth.of(1));
      deployment.tick();
      Row asked = Row.of(Scene.ROWS.schema(), ORDER.amount(), ORDER.channel());
      assertThat(served.as(Regression.class).value()).isEqualTo(1);
      assertThat(shown).containsExactly(asked);
      List<Row> recorded = new ArrayList<>();
      Outcomes outcomes = deployment.monitor().outcomes();
      outcomes.visit(outcomes.begin(), outcomes.end(), outcome -> recorded.add(outcome.row()));
      assertThat(recorded).containsExactly(asked);
    }
  }

  @Test
  void anOverflowingShadowDropsAndNoRequestWaits() {
    try (Deployment<Order> deployment = open(mirror().queueing(2))) {
      Rollout rollout = deployment.rollOut(scene.version(2), watching);
      serve(deployment, 5);
      assertThat(tasks).as("one task, however many wait").hasSize(1);
      assertThat(counts(rollout)).isEqualTo(new MirrorCounts(5, 0, 0, 0, 3, 0, 2));
      runAll();
      assertThat(counts(rollout)).isEqualTo(new MirrorCounts(5, 2, 0, 0, 3, 0, 0));
      serve(deployment, 1);
      runAll();
      assertThat(counts(rollout).compared()).isEqualTo(3);
    }
  }

  @Test
  void whatWaitsPastTheDeadlineIsTimedOut() {
    try (Deployment<Order> deployment = open(mirror())) {
      Rollout rollout = deployment.rollOut(scene.version(2), watching);
      Served served = deployment.serve(ORDER);
      scene.clock.advance(Duration.ofMillis(1_001));
      deployment.truth(served.id(), Truth.of(1.0));
      deployment.tick();
      assertThat(counts(rollout)).isEqualTo(new MirrorCounts(1, 0, 0, 1, 0, 0, 0));
      assertThat(observed).as("no usable answer").containsExactly(Optional.empty());
      runAll();
      assertThat(counts(rollout).timedOut()).isEqualTo(1);
    }
  }

  @Test
  void aShadowThatHangsHoldsNoOtherAndIsTimedOut() throws Exception {
    CountDownLatch hangs = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    CountDownLatch asked = new CountDownLatch(3);
    scene.runtime.during = model -> {
      if (model.number == 2) {
        hangs.countDown();
        try {
          go.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      } else if (model.number == 3) {
        asked.countDown();
      }
    };
    ExecutorService threads = Executors.newCachedThreadPool();
    try (Deployment<Order> deployment =
        open(Mirror.on(threads).queueing(10).within(Duration.ofSeconds(1)))) {
      Rollout hanging = deployment.rollOut(scene.version(2), watching);
      Rollout other = deployment.rollOut(scene.version(3), watching);
      serve(deployment, 1);
      hangs.await();
      serve(deployment, 2);
      asked.await();
      scene.clock.advance(Duration.ofSeconds(2));
      deployment.tick();
      assertThat(counts(hanging)).isEqualTo(new MirrorCounts(3, 0, 0, 3, 0, 0, 0));
      assertThat(counts(other).submitted()).isEqualTo(3);
      assertThat(counts(other).failed()).isZero();
      hanging.abort("ops", "it hangs");
      assertThat(scene.runtime.newest(2).closes).as("while it is used").hasValue(0);
      go.countDown();
      threads.shutdown();
      assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
      assertThat(scene.runtime.newest(2).closes).hasValue(1);
      assertThat(counts(hanging)).isEqualTo(new MirrorCounts(3, 0, 0, 3, 0, 0, 0));
      serve(deployment, 1);
    } finally {
      go.countDown();
      threads.shutdownNow();
    }
  }

  @Test
  void anExecutorThatTakesNothingDropsAndTheRequestIsAnswered() {
    Mirror refusing = Mirror.on(task -> {
      throw new RejectedExecutionException("full");
    });
    try (Deployment<Order> deployment = open(refusing)) {
      Rollout rollout = deployment.rollOut(scene.version(2), watching);
      serve(deployment, 3);
      assertThat(counts(rollout)).isEqualTo(new MirrorCounts(3, 0, 0, 0, 3, 0, 0));
    }
  }

  @Test
  void aTruthIsComparedWithWhatWasSaidThen() {
    try (Deployment<Order> deployment = open(mirror())) {
      deployment.rollOut(scene.version(2), watching);
      Served early = deployment.serve(ORDER);
      runAll();
      Served waits = deployment.serve(ORDER);
      Served later = deployment.serve(ORDER);
      for (Served each : List.of(early, waits, later)) {
        deployment.truth(each.id(), Truth.of(1.0));
      }
      deployment.tick();
      assertThat(observed).as("the second is not known yet").hasSize(1);
      runAll();
      deployment.tick();
      assertThat(observed)
          .hasSize(3)
          .allSatisfy(said -> assertThat(said).contains(Regression.of(2)));
    }
  }

  @Test
  void theEndDropsWhatWaitsAndTheJournalHoldsTheCounts() {
    try (Deployment<Order> deployment = open(mirror())) {
      Rollout rollout = deployment.rollOut(scene.version(2), watching);
      serve(deployment, 2);
      runAll();
      serve(deployment, 3);
      rollout.abort("ops", "enough");
      assertThat(counts(rollout)).isEqualTo(new MirrorCounts(5, 2, 0, 0, 3, 0, 0));
      LoopEvent last = journal.events().get(journal.events().size() - 1);
      assertThat(last.kind()).isEqualTo(LoopEvent.Kind.ABORTED);
      assertThat(last.number("submitted")).hasValue(5);
      assertThat(last.number("compared")).hasValue(2);
      assertThat(last.number("dropped")).hasValue(3);
      serve(deployment, 1);
      assertThat(counts(rollout).submitted()).isEqualTo(5);
      assertThat(scene.runtime.newest(2).closes).hasValue(1);
    }
  }

  @Test
  void closingAccountsForEveryCopy() {
    Deployment<Order> deployment = open(mirror());
    Rollout rollout = deployment.rollOut(scene.version(2), watching);
    serve(deployment, 3);
    deployment.close();
    assertThat(counts(rollout)).isEqualTo(new MirrorCounts(3, 0, 0, 0, 3, 0, 0));
    runAll();
    assertThat(counts(rollout)).isEqualTo(new MirrorCounts(3, 0, 0, 0, 3, 0, 0));
    assertThat(scene.runtime.newest(2).closes).hasValue(1);
  }

  @Test
  void aShareOfTheRequestsIsCopied() {
    try (Deployment<Order> deployment = open(mirror().sampling(0.5))) {
      Rollout rollout = deployment.rollOut(scene.version(2), watching);
      serve(deployment, 1_000);
      // binomial(1,000, 0.5): five standard deviations of 15.8
      assertThat(counts(rollout).submitted()).isBetween(421L, 579L);
    }
  }

  /** Each thread serves its requests whatever the others do; not one copy is lost or counted twice. */
  @Test
  void copiesOfManyThreadsAddUp() throws Exception {
    int threads = 8;
    int each = 500;
    ExecutorService pool = Executors.newFixedThreadPool(threads + 1);
    CountDownLatch done = new CountDownLatch(threads);
    try (Deployment<Order> deployment = open(Mirror.on(pool).queueing(16))) {
      Rollout rollout = deployment.rollOut(scene.version(2), watching);
      for (int t = 0; t < threads; t++) {
        pool.execute(() -> {
          for (int i = 0; i < each; i++) {
            deployment.serve(ORDER);
          }
          done.countDown();
        });
      }
      done.await();
      while (counts(rollout).compared() == 0) {
        Thread.yield(); // the pool has asked the shadow nothing yet
      }
      rollout.abort("ops", "enough");
      MirrorCounts counts = counts(rollout);
      assertThat(counts.submitted()).isEqualTo((long) threads * each);
      assertThat(counts.waiting()).isZero();
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void whatCannotBeIsRefused() {
    Mirror mirror = mirror();
    assertThatIllegalArgumentException().isThrownBy(() -> mirror.queueing(0));
    assertThatIllegalArgumentException().isThrownBy(() -> mirror.within(Duration.ZERO));
    assertThatIllegalArgumentException().isThrownBy(() -> mirror.sampling(0));
    assertThatIllegalArgumentException().isThrownBy(() -> mirror.sampling(1.01));
    assertThatIllegalArgumentException().isThrownBy(() -> mirror.keeping(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MirrorCounts(3, 1, 0, 0, 0, 0, 0))
        .withMessageContaining("3");
  }
}
