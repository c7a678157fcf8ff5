package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.journal.LoopEvent.Kind;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.store.Version;
import dev.mlops.core.pack.Provenance;
import dev.mlops.core.rollout.ShadowPlan;
import dev.mlops.core.serve.Served;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The life of one training: how long it may last, who hears of it, who ends it, and whether it can be done again. */
@Timeout(60)
class OneTrainingTest {
  @TempDir
  Path folder;

  private LoopScene scene;

  @BeforeEach
  void open() {
    scene = new LoopScene(folder);
    scene.world = "B";
    scene.serve(200);
  }

  /** The scene's trainer, told what a training is told. */
  private static final class Told implements ModelTrainer {
    private final BiFunction<List<Labelled<Row>>, TrainingContext, Trained> how;

    Told(BiFunction<List<Labelled<Row>>, TrainingContext, Trained> how) {
      this.how = how;
    }

    @Override
    public Schema schema() {
      return LoopScene.SCHEMA;
    }

    @Override
    public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
      return how.apply(rows, context);
    }
  }

  private MaintenanceLoop.Builder loop(
      BiFunction<List<Labelled<Row>>, TrainingContext, Trained> how) {
    return MaintenanceLoop.of(scene.deployment, new Told(how))
        .retrainWhen(LoopScene.whileFirst())
        .window(TrainingWindow.sinceChange(100, 1_000))
        .gate(evidence -> Finding.pass("fine"))
        .rollout(ShadowPlan.shadow().withoutFutility())
        .reserves(0)
        .leadingBy(Double.NEGATIVE_INFINITY)
        .measuringDependence(false)
        .journal(scene.journal)
        .on(Runnable::run)
        .clock(scene.clock)
        .ticker(scene.clock)
        .to(scene.heard::add);
  }

  // --- the deadline
  // ----------------------------------------------------------------------------------------

  @Test
  void aTrainingThatHeedsItsDeadlineFailsByIt() {
    try (MaintenanceLoop loop = loop((rows, context) -> {
          scene.clock.advance(Duration.ofMinutes(11));
          context.requireRunning();
          return scene.trainer.train(rows, context);
        })
        .trainingWithin(Duration.ofMinutes(10))
        .build()) {
      loop.tick();
      assertThat(scene.kinds()).containsExactly("RETRAIN", "FAILED");
      assertThat(scene.last().text()).contains("2026-01-01T00:10:00Z", "still running");
    }
  }

  /** It never asks whether it may go on, and its model comes too late. */
  @Test
  void whatComesAfterTheDeadlineIsNotPublished() {
    try (MaintenanceLoop loop = loop((rows, context) -> {
          scene.clock.advance(Duration.ofMinutes(11));
          return scene.trainer.train(rows, TrainingContext.none());
        })
        .trainingWithin(Duration.ofMinutes(10))
        .build()) {
      loop.tick();
      assertThat(scene.kinds()).containsExactly("RETRAIN", "PROGRESS", "FAILED");
      assertThat(scene.last().text()).contains("2026-01-01T00:10:00Z", "nothing was published");
      assertThat(scene.behind.versions("iris")).hasSize(1);
    }
  }

  /** It waits for what never comes: it is interrupted, and the next candidate is trained. */
  @Test
  void aTrainingThatNeverReturnsIsInterruptedAndGivenUp() throws Exception {
    CountDownLatch waits = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    AtomicBoolean first = new AtomicBoolean(true);
    ExecutorService background = Executors.newSingleThreadExecutor();
    try (MaintenanceLoop loop = loop((rows, context) -> {
          if (first.getAndSet(false)) {
            waits.countDown();
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException e) {
              interrupted.countDown();
            }
            throw new IllegalStateException("interrupted");
          }
          return scene.trainer.train(rows, context);
        })
        .trainingWithin(Duration.ofHours(1))
        .on(background)
        .build()) {
      loop.tick();
      waits.await();
      scene.clock.advance(Duration.ofMinutes(61));
      loop.tick();
      assertThat(scene.kinds()).as("a minute of grace").containsExactly("RETRAIN");
      scene.clock.advance(Duration.ofMillis(1));
      loop.tick();
      assertThat(scene.kinds()).containsExactly("RETRAIN", "FAILED");
      assertThat(scene.last().text()).contains("2026-01-01T01:00:00Z", "interrupted");
      interrupted.await();
      background.submit(() -> {}).get(); // the job has returned

      scene.clock.advance(Duration.ofMinutes(1));
      loop.tick();
      background.submit(() -> {}).get();
      loop.tick();
      assertThat(scene.kinds())
          .containsExactly("RETRAIN", "FAILED", "RETRAIN", "PUBLISHING", "PUBLISHED", "GATED");
      assertThat(background.submit(() -> Thread.currentThread().isInterrupted()).get())
          .isFalse();
    } finally {
      background.shutdownNow();
    }
  }

  /** It does not even heed an interrupt: nothing is trained beside it, and what it gives at last is thrown away. */
  @Test
  void nothingIsTrainedBesideATrainingThatRunsOn() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch free = new CountDownLatch(1);
    CountDownLatch returned = new CountDownLatch(1);
    AtomicBoolean first = new AtomicBoolean(true);
    ExecutorService background = Executors.newFixedThreadPool(2);
    try (MaintenanceLoop loop = loop((rows, context) -> {
          if (first.getAndSet(false)) {
            begun.countDown();
            while (true) {
              try {
                free.await();
                return scene.trainer.train(rows, TrainingContext.none());
              } catch (InterruptedException e) {
                // goes on
              }
            }
          }
          return scene.trainer.train(rows, context);
        })
        .trainingWithin(Duration.ofHours(1))
        .on(job -> background.execute(() -> {
          job.run();
          returned.countDown();
        }))
        .build()) {
      loop.tick();
      begun.await();
      scene.clock.advance(Duration.ofMinutes(62));
      loop.tick();
      assertThat(scene.last().kind()).isEqualTo(Kind.FAILED);
      scene.clock.advance(Duration.ofHours(3));
      loop.tick();
      loop.tick();
      assertThat(scene.kinds()).containsExactly("RETRAIN", "FAILED", "WAITING");
      assertThat(loop.trouble())
          .hasValueSatisfying(trouble -> assertThat(trouble)
              .contains("was given up and still runs after", "2026-01-01T00:00:00Z"));
      assertThat(loop.waiting())
          .hasValueSatisfying(waits -> assertThat(waits).contains("nothing is trained beside it"));

      free.countDown();
      returned.await();
      assertThat(scene.behind.versions("iris")).as("it came too late").hasSize(1);
      loop.tick();
      assertThat(scene.kinds()).startsWith("RETRAIN", "FAILED", "WAITING", "RETRAIN");
    } finally {
      background.shutdownNow();
    }
  }

  // --- cancel
  // ----------------------------------------------------------------------------------------------

  @Test
  void aTrainingThatIsCancelledIsAbandonedAndWaitsForNewRows() {
    List<Runnable> jobs = new ArrayList<>();
    AtomicReference<MaintenanceLoop> own = new AtomicReference<>();
    AtomicBoolean once = new AtomicBoolean(true);
    try (MaintenanceLoop loop = loop((rows, context) -> {
          if (once.getAndSet(false)) {
            assertThat(own.get().cancelTraining("Ann", "the feed is wrong")).isTrue();
          }
          context.requireRunning();
          return scene.trainer.train(rows, context);
        })
        .on(jobs::add)
        .build()) {
      own.set(loop);
      assertThat(loop.cancelTraining("Ann", "too early")).as("none runs").isFalse();
      loop.tick();
      jobs.remove(0).run();
      loop.tick();
      assertThat(scene.kinds()).containsExactly("RETRAIN", "ABANDONED");
      assertThat(scene.last().text())
          .contains("candidate 1 was cancelled", "Ann", "the feed is wrong");
      assertThat(loop.trouble()).as("nothing is wrong").isEmpty();

      scene.serve(19);
      loop.tick();
      assertThat(scene.last().kind()).isEqualTo(Kind.WAITING);
      assertThat(scene.last().text()).contains("cancelled", "waiting for 1 more");
      scene.serve(1);
      loop.tick();
      assertThat(scene.last().kind()).isEqualTo(Kind.RETRAIN);
    }
  }

  /** The candidate is about to be published: it is too late to cancel the training. */
  @Test
  void aTrainingThatPublishesIsNotCancelled() {
    AtomicReference<MaintenanceLoop> own = new AtomicReference<>();
    List<Boolean> cancelled = new ArrayList<>();
    scene.store.before = effect -> {
      if (effect.equals("publish")) {
        cancelled.add(own.get().cancelTraining("Ann", "late"));
      }
    };
    List<Runnable> jobs = new ArrayList<>();
    try (MaintenanceLoop loop = loop(scene.trainer::train).on(jobs::add).build()) {
      own.set(loop);
      loop.tick();
      jobs.remove(0).run();
      loop.tick();
      assertThat(cancelled).containsExactly(false);
      assertThat(scene.last().kind()).isEqualTo(Kind.GATED);
    }
  }

  // --- progress, memory, its own faults
  // --------------------------------------------------------------------

  @Test
  void progressIsToldAtMostEveryFiveSecondsWithRowsStepAndExpectedEnd() {
    try (MaintenanceLoop loop = loop((rows, context) -> {
          for (int epoch = 1; epoch <= 8; epoch++) {
            scene.clock.advance(Duration.ofSeconds(3));
            context.progress(epoch, 8, "epoch " + epoch);
          }
          context.progress(8, 0, "again, within the same five seconds");
          return scene.trainer.train(rows, context);
        })
        .window(TrainingRows.last(1_000))
        .build()) {
      loop.tick();
      List<LoopEvent> told =
          scene.heard.stream().filter(event -> event.kind() == Kind.PROGRESS).toList();
      assertThat(told).hasSize(4);
      assertThat(told.get(0).numbers())
          .containsEntry("rows", 200.0)
          .containsEntry("step", 2.0)
          .containsEntry("steps", 8.0)
          .containsEntry("seconds", 6.0)
          .containsEntry("seconds_left", 18.0);
      assertThat(told.get(0).text()).contains("step 2 of 8", "200 rows", "18 s left", "epoch 2");
      assertThat(loop.progress()).contains(told.get(3));
      assertThat(loop.events()).noneMatch(event -> event.kind() == Kind.PROGRESS);
    }
  }

  @Test
  void aTrainingThatTheHeapHasNoRoomForWaits() {
    long[] free = {1 << 20};
    try (MaintenanceLoop loop =
        loop(scene.trainer::train).requiringHeap(2 << 20).heap(() -> free[0]).build()) {
      loop.tick();
      loop.tick();
      assertThat(scene.kinds()).containsExactly("WAITING");
      assertThat(loop.waiting())
          .hasValueSatisfying(
              waits -> assertThat(waits).contains("200 rows", "2.0 MiB", "1.0 MiB"));
      free[0] = 2 << 20;
      loop.tick();
      assertThat(scene.last().kind()).isEqualTo(Kind.GATED);
      assertThat(loop.waiting()).isEmpty();
    }
    assertThat(HeapGuard.freeHeap()).isBetween(1L, Runtime.getRuntime().maxMemory());
    assertThatThrownBy(() -> loop(scene.trainer::train).requiringHeap(-1))
        .hasMessageContaining("-1");
  }

  /** The model asks for more memory than there is when it is asked, not when it is trained. */
  @Test
  void aCandidateThatRunsOutOfMemoryInItsTestPhaseEndsByName() {
    scene.trainer.prepare = model -> model.during = () -> {
      throw new OutOfMemoryError("Java heap space");
    };
    try (MaintenanceLoop loop =
        loop(scene.trainer::train).window(TrainingRows.last(1_000)).build()) {
      loop.tick();
      assertThat(scene.kinds()).containsExactly("RETRAIN", "FAILED");
      assertThat(scene.last().text())
          .contains("candidate 1 ran out of memory while it was", "Java heap space");
    }
    scene.serve(10);
    assertThat(scene.deployment.champion().number()).isEqualTo(1);
  }

  // --- what is out of reach, and what can be done again
  // ---------------------------------------------------

  /** While the model is trained, more truths come, one of them for a row that had none when the training began. */
  @Test
  void aTruthAfterTheCutIsUnreachableForTraining() {
    Served open = scene.deployment.serve(0.25);
    long cut = scene.monitor.outcomes().end();
    List<Outcome> known = scene.monitor.outcomes().between(0, cut);
    List<List<Labelled<Row>>> trained = new ArrayList<>();
    try (MaintenanceLoop loop = loop((rows, context) -> {
          if (trained.isEmpty()) {
            scene.deployment.truth(open.id(), Truth.of("no"));
            scene.serve(50);
          }
          trained.add(rows);
          return scene.trainer.train(rows, context);
        })
        .build()) {
      loop.tick();
    }
    assertThat(scene.monitor.outcomes().end()).isEqualTo(cut + 51);
    List<Labelled<Row>> reachable = known.stream().map(Outcome::labelled).toList();
    assertThat(trained).isNotEmpty().allSatisfy(rows -> assertThat(reachable).containsAll(rows));
    Configuration origin = scene.behind.open(scene.behind.require("iris:2")).provenance();
    assertThat(origin.text(Provenance.CUT)).contains(Long.toString(cut));
    assertThat(Long.parseLong(origin.text(Provenance.LAST).orElseThrow())).isLessThan(cut);
  }

  /** A blocked payment is fraud because it was blocked: that truth teaches nothing. */
  @Test
  void aTruthThatThePredictionCausedIsNeverTrainedOn() {
    for (int i = 0; i < 60; i++) {
      Served served = scene.deployment.serve(0.9 + i / 1e6);
      scene.deployment.truth(served.id(), Truth.of("yes").asCaused());
    }
    scene.deployment.tick();
    List<Labelled<Row>> trained = new ArrayList<>();
    try (MaintenanceLoop loop = loop((rows, context) -> {
          trained.addAll(rows);
          return scene.trainer.train(rows, context);
        })
        .build()) {
      loop.tick();
    }
    assertThat(trained)
        .isNotEmpty()
        .noneMatch(row -> row.input().number(0) >= 0.9 && row.input().number(0) < 0.9 + 60 / 1e6);
  }

  /** Each seed is another share of errors, drawn from the seed that the training is given. */
  @Test
  void aRecordedTrainingGivesTheSamePredictionsAgain() {
    BiFunction<List<Labelled<Row>>, TrainingContext, Trained> seeded = (rows, context) -> {
      double errs = Math.floorMod(context.seed().orElse(0), 1_000) / 2_500.0;
      return scene.trainer.make("B/" + errs, 5);
    };
    Version made;
    try (MaintenanceLoop loop = loop(seeded)
        .seed(7)
        .window(
            TrainingRows.bestOf(TrainingRows.halfLife(50, 1_000), TrainingRows.sample(100, 1_000)))
        .build()) {
      loop.tick();
      made = scene.behind.require("iris:2");
      scene.serve(100); // later outcomes change nothing
      Configuration origin = scene.behind.open(made).provenance();
      assertThat(origin.text(Provenance.SEED)).isPresent();
      assertThat(origin.text(Provenance.PARENT_DIGEST)).isPresent();
      assertThat(origin.number(Provenance.EFFECTIVE_ROWS).orElse(1_000)).isLessThan(160);

      int versions = scene.behind.versions("iris").size();
      TrainingReplay again = loop.replay(made);
      assertThat(again.same()).as(again.toString()).isTrue();
      assertThat(again.rows()).isGreaterThan(100);
      assertThat(again).asString().contains("iris:2", "the same rows", "predictions equal");
      assertThat(scene.behind.versions("iris")).hasSize(versions);

      assertThatThrownBy(() -> loop.replay(scene.behind.require("iris:1")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("iris:1")
          .hasMessageContaining(Provenance.ROWS_DIGEST);
    }
    // Another trainer than the one that is recorded is told by its predictions, another window by
    // its rows.
    try (MaintenanceLoop other = loop((rows, context) -> scene.trainer.make("A/0.0", 5))
        .window(TrainingRows.last(1_000))
        .build()) {
      TrainingReplay again = other.replay(made);
      assertThat(again.same()).isFalse();
      assertThat(again.differing()).isPositive();
      assertThat(again).asString().contains("other rows");
    }
    scene.restart(scene.store);
    try (MaintenanceLoop fresh = loop(seeded).build()) {
      assertThatThrownBy(() -> fresh.replay(made))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("0 are kept");
    }
  }

  @Test
  void whatIsOutOfRangeIsRefused() {
    assertThatThrownBy(() -> loop(scene.trainer::train).trainingWithin(Duration.ZERO))
        .hasMessageContaining("longer than zero");
  }
}
