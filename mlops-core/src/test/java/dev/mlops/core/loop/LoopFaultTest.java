package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.rollout.ShadowProgress;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import dev.mlops.core.internal.log.SmallDisk;
import dev.mlops.core.rollout.ShadowPlan;
import dev.mlops.testkit.CapturedLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the loop does with a candidate when its parts fail, or when somebody else moves the alias. */
@Timeout(60)
class LoopFaultTest {
  @TempDir
  Path folder;

  private LoopScene scene;

  @BeforeEach
  void open() {
    scene = new LoopScene(folder);
  }

  private MaintenanceLoop shadowing() {
    MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build();
    scene.world = "B";
    scene.serve(200);
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("GATED");
    return loop;
  }

  /** Another replica moves the alias to a version of its own. */
  private Version moveElsewhere() {
    AliasChange now = scene.behind.current(LoopScene.ALIAS).orElseThrow();
    Version other = scene.behind.publish(scene.trainer.make("A/0.3", 77).asPackage("iris"));
    scene
        .behind
        .move(LoopScene.ALIAS)
        .from(now)
        .to(other)
        .by("ops")
        .because("fix")
        .commit();
    return other;
  }

  // --- the journal
  // -----------------------------------------------------------------------------------------

  @Test
  void aJournalThatCannotBeWrittenStopsTheLoopBeforeItTrains() {
    MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build();
    scene.world = "B";
    scene.serve(200);
    scene.breakJournal();
    loop.tick();
    loop.tick();

    assertThat(scene.trainer.calls).isEmpty();
    assertThat(scene.heard).as("nobody is told of a step that was not written").isEmpty();
    assertThat(loop.trouble()
            .orElse("")
            .startsWith("could not decide whether iris@champion is trained again: journal wanted "))
        .as(loop.trouble().toString())
        .isTrue();
    scene.healJournal();
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("GATED");
    assertThat(loop.trouble()).isEmpty();
  }

  @Test
  void aJournalThatCannotBeWrittenStopsTheLoopBeforeItPublishes() {
    MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build();
    scene.world = "B";
    scene.serve(200);
    scene.trainer.script = rows -> {
      if (scene.trainer.calls.size() == 1) {
        scene.breakJournal();
      }
      return "B/0.0";
    };
    loop.tick();
    assertThat(scene.behind.versions("iris").size()).isEqualTo(1);
    assertThat(loop.trouble().isPresent()).isTrue();
    scene.healJournal();
    loop.tick();
    assertThat(scene.kinds()).isEqualTo(List.of("RETRAIN", "FAILED"));
    scene.clock.advance(Duration.ofMinutes(1));
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("GATED");
  }

  @Test
  void aJournalThatCannotBeWrittenStopsTheLoopBeforeItMovesTheAlias() {
    MaintenanceLoop loop = shadowing();
    scene.breakJournal();
    scene.serve(100);
    loop.tick();
    loop.tick();
    assertThat(scene.moves()).isEqualTo(List.of(1L));
    assertThat(scene.store.intents).isEmpty();
    assertThat(loop.trouble().isPresent()).isTrue();
    scene.healJournal();
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("PROMOTED");
    assertThat(scene.moves()).isEqualTo(List.of(1L, 2L));
    assertThat(loop.trouble()).isEmpty();
  }

  /** The move is made, then the disk is full, then a person rolls back: the move was made all the same. */
  @Test
  void aMoveThatWasMadeIsPromotedWhateverCameAfter() {
    MaintenanceLoop loop = shadowing();
    scene.serve(100);
    scene.store.before = effect -> scene.breakJournal();
    loop.tick();
    scene.store.before = effect -> {};
    assertThat(scene.moves()).isEqualTo(List.of(1L, 2L));
    assertThat(scene.last().kind().name()).isEqualTo("PROMOTING");
    scene.deployment.tick();
    scene.faulty.failEveryCall();
    scene.deployment.rollBack("ops", "bad");
    scene.faulty.heal();
    scene.healJournal();
    loop.tick();

    assertThat(scene.last().kind().name()).isEqualTo("PROMOTED");
    scene.deployment.tick();
    assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 1L));
    assertThat(scene.deployment.champion().number()).as("the rollback wins").isEqualTo(1);
  }

  /** The disk is full from each of the six steps on, for two ticks; each append comes half way then. */
  @Test
  void aDiskThatIsFullStopsEachStepBeforeItsEffectAndTheLoopGoesOnWhenThereIsSpace()
      throws IOException {
    List<String> steps =
        List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "GATED", "PROMOTING", "PROMOTED");
    for (int at = 0; at < steps.size(); at++) {
      String step = steps.get(at);
      LoopScene own = new LoopScene(Files.createDirectory(folder.resolve(step)));
      int from = at;
      boolean[] full = {false};
      try (MaintenanceLoop loop = own.loop(LoopScene.whileFirst())
          .files(file -> SmallDisk.open(file, () -> full[0] && own.heard.size() >= from))
          .build()) {
        full[0] = true;
        own.world = "B";
        own.serve(200);
        loop.tick();
        own.serve(100);
        loop.tick();
        loop.tick();

        assertThat(own.kinds())
            .as(step + ": none is told that is not written")
            .isEqualTo(steps.subList(0, at));
        assertThat(loop.events()).as(step).isEqualTo(own.heard);
        assertThat(loop.trouble()
                .orElse("")
                .endsWith("journal could not be appended to (No space left on device); the events"
                    + " were not appended, the log is as it was"))
            .as(() -> step + ": " + loop.trouble())
            .isTrue();
        assertThat(own.trainer.calls.isEmpty()).as(step + ": trained").isEqualTo(at < 1);
        assertThat(own.behind.versions("iris").size())
            .as(step + ": published")
            .isEqualTo(at < 2 ? 1 : 2);
        assertThat(own.moves().size()).as(step + ": moved").isEqualTo(at < 5 ? 1 : 2);
        own.serve(10); // the champion serves on

        full[0] = false;
        for (int i = 0; i < 5; i++) { // a rest of one minute may have to pass, and truths to come
          own.clock.advance(Duration.ofMinutes(1));
          own.serve(20);
          loop.tick();
        }
        assertThat(own.last().kind().name()).as(step).isEqualTo("PROMOTED");
        assertThat(own.moves().size()).as(step + ": one move").isEqualTo(2);
        assertThat(loop.events()).as(step).isEqualTo(own.heard);
        assertThat(loop.trouble()).as(step).isEmpty();
        own.assertCandidatesClosedOnce();
      }
    }
  }

  @Test
  void troubleEndsWithTheTickThatHasNone() {
    boolean[] retrain = {true};
    MaintenanceLoop loop = scene
        .loop((now, past) -> retrain[0]
            ? LoopScene.retrain(0)
            : RetrainDecision.of(RetrainDecision.Outcome.KEEP, "scripted", ""))
        .build();
    scene.serve(200);
    scene.breakJournal();
    loop.tick();
    assertThat(loop.trouble().isPresent()).isTrue();
    retrain[0] = false;
    loop.tick();
    assertThat(loop.trouble()).isEmpty();
  }

  // --- trainer, executor, policy, listener, monitor
  // ----------------------------------------------------------

  @Test
  void aTrainerThatThrowsIsAskedAgainAfterOneTwoFourToSixtyFourMinutes() {
    scene.trainer.script = rows -> {
      throw new IllegalStateException("no memory");
    };
    MaintenanceLoop loop = scene.loop(LoopScene.always()).build();
    scene.serve(200);
    loop.tick();
    assertThat(scene.last().text())
        .isEqualTo(
            "candidate 1 threw java.lang.IllegalStateException: no memory; the champion stays");
    for (int minutes : new int[] {1, 2, 4, 8, 16, 32, 64, 64}) {
      int before = scene.heard.size();
      scene.clock.advance(Duration.ofMinutes(minutes).minusMillis(1));
      loop.tick();
      assertThat(scene.heard.size()).as(minutes + " minutes are not over").isEqualTo(before);
      scene.clock.advance(Duration.ofMillis(1));
      loop.tick();
      assertThat(scene.heard.size()).as(minutes + " minutes are over").isEqualTo(before + 2);
      assertThat(scene.last().kind().name()).isEqualTo("FAILED");
    }
    assertThat(scene.moves()).isEqualTo(List.of(1L));
    scene.trainer.script = rows -> "B/0.0";
    scene.clock.advance(Duration.ofMinutes(64));
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("GATED");
  }

  /** Two candidates throw, the third is judged and abandoned: the fourth that throws counts as a first one. */
  @Test
  void aCandidateThatGetsThroughTheGateEndsTheRestsAndIsFollowedByNewWarnings() {
    Function<List<Labelled<Row>>, String> throwing = rows -> {
      throw new IllegalStateException("no memory");
    };
    try (CapturedLog warned = CapturedLog.of(MaintenanceLoop.class);
        MaintenanceLoop loop = scene.loop(LoopScene.always()).build()) {
      scene.serve(200);
      scene.trainer.script = throwing;
      loop.tick();
      scene.clock.advance(Duration.ofMinutes(1));
      loop.tick();
      assertThat(scene.kinds()).isEqualTo(List.of("RETRAIN", "FAILED", "RETRAIN", "FAILED"));
      String warning = "a candidate for iris@champion failed; the champion stays";
      assertThat(warned.messages()).isEqualTo(List.of(warning));

      scene.clock.advance(Duration.ofMinutes(2));
      scene.trainer.script = rows -> "B/0.0";
      loop.tick();
      assertThat(scene.last().kind().name()).isEqualTo("GATED");
      moveElsewhere();
      scene.deployment.tick();
      loop.tick();
      assertThat(scene.last().kind().name()).isEqualTo("ABANDONED");

      scene.trainer.script = throwing;
      loop.tick();
      assertThat(scene.last().kind().name()).isEqualTo("FAILED");
      assertThat(warned.messages()).isEqualTo(List.of(warning, warning));
      int before = scene.heard.size();
      scene.clock.advance(Duration.ofMinutes(1).minusMillis(1));
      loop.tick();
      assertThat(scene.heard.size()).as("one minute is not over").isEqualTo(before);
      scene.clock.advance(Duration.ofMillis(1));
      loop.tick();
      assertThat(scene.heard.size()).as("one minute is over").isEqualTo(before + 2);
    }
  }

  /** Until a candidate is judged, and beside whatever else is wrong. */
  @Test
  void aCandidateThatFailedIsToldAtOnce() {
    scene.trainer.script = rows -> {
      throw new IllegalStateException("no memory");
    };
    try (MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build()) {
      scene.world = "B";
      scene.serve(200);
      loop.tick();
      assertThat(scene.last().kind().name()).isEqualTo("FAILED");
      assertThat(loop.trouble()
              .orElseThrow()
              .contains("candidate 1 threw java.lang.IllegalStateException: no memory"))
          .as(loop.trouble().toString())
          .isTrue();
      assertThat(loop.trouble().orElseThrow().contains("rests 1 min"))
          .as(loop.trouble().toString())
          .isTrue();
      loop.tick();
      assertThat(loop.trouble().isPresent()).as("it still stands").isTrue();
      scene.trainer.script = rows -> "B/0.0";
      scene.clock.advance(Duration.ofMinutes(1));
      loop.tick();
      assertThat(scene.last().kind().name()).isEqualTo("GATED");
      assertThat(loop.trouble()).isEmpty();
    }
  }

  @Test
  void aDeploymentThatNobodyTicksIsTold() {
    try (MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build()) {
      scene.deployment.tick();
      scene.clock.advance(Duration.ofMinutes(5).minusMillis(1));
      loop.tick();
      assertThat(loop.trouble()).isEmpty();
      scene.clock.advance(Duration.ofMillis(1));
      loop.tick();
      assertThat(loop.trouble().orElseThrow().contains("tick() of the deployment of iris@champion"))
          .as(loop.trouble().toString())
          .isTrue();
      scene.deployment.tick();
      loop.tick();
      assertThat(loop.trouble()).isEmpty();
    }
  }

  @Test
  void theCooldownCoversCandidatesThatFailed() {
    scene.trainer.script = rows -> {
      throw new IllegalStateException();
    };
    MaintenanceLoop loop =
        scene.loop(LoopScene.always().atMostEvery(Duration.ofHours(5))).build();
    scene.serve(200);
    loop.tick();
    scene.clock.advance(Duration.ofMinutes(299));
    loop.tick();
    assertThat(scene.kinds()).isEqualTo(List.of("RETRAIN", "FAILED"));
    scene.clock.advance(Duration.ofMinutes(1));
    loop.tick();
    assertThat(scene.kinds()).isEqualTo(List.of("RETRAIN", "FAILED", "RETRAIN", "FAILED"));
  }

  @Test
  void whateverATrainerDoesTheChampionServes() {
    List<Throwable> faults = List.of(
        new OutOfMemoryError("heap"),
        new StackOverflowError(),
        new NoClassDefFoundError("org/host/Trainer"),
        new IllegalArgumentException("x".repeat(9 << 20)));
    MaintenanceLoop loop = scene.loop(LoopScene.always()).build();
    scene.serve(200);
    for (Throwable fault : faults) {
      scene.trainer.script = rows -> {
        LoopFaultTest.<RuntimeException>sneak(fault);
        return "";
      };
      int before = scene.heard.size();
      loop.tick();
      assertThat(scene.heard.size()).as(fault.toString().substring(0, 20)).isEqualTo(before + 2);
      assertThat(scene.last().kind().name()).isEqualTo("FAILED");
      scene.clock.advance(Duration.ofHours(2));
    }
    assertThat(scene.last().text().length() < 5_000).as("a long message is cut").isTrue();
    scene.serve(10);
    assertThat(scene.deployment.champion().number()).isEqualTo(1);
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void sneak(Throwable fault) throws E {
    throw (E) fault;
  }

  @Test
  void aTrainerThatReturnsNothingFails() {
    MaintenanceLoop loop = MaintenanceLoop.of(scene.deployment, new ModelTrainer() {
          @Override
          public Schema schema() {
            return LoopScene.SCHEMA;
          }

          @Override
          public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
            return null;
          }
        })
        .retrainWhen(LoopScene.always())
        .window(TrainingWindow.sinceChange(100, 1_000))
        .gate(evidence -> Finding.pass("fine"))
        .journal(scene.journal)
        .on(Runnable::run)
        .clock(scene.clock)
        .to(scene.heard::add)
        .build();
    scene.serve(200);
    loop.tick();
    assertThat(scene.kinds()).isEqualTo(List.of("RETRAIN", "FAILED"));
    assertThat(scene.moves()).isEqualTo(List.of(1L));
  }

  @Test
  void aCandidateWhosePackageCannotBeOpenedFails() {
    MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build();
    scene.world = "B";
    scene.serve(200);
    scene.store.before = effect -> scene.faulty.failCall(2); // publish, then open
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("FAILED");
    assertThat(scene.moves()).isEqualTo(List.of(1L));
  }

  @Test
  void aCriterionThatBreaksTellsNothingAndTheModelIsStillClosedOnce() {
    MaintenanceLoop loop = scene
        .loop(LoopScene.whileFirst())
        .gate(evidence -> {
          throw new NoClassDefFoundError("org/host/Gate");
        })
        .build();
    scene.serve(200);
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("GATED");
    assertThat(scene.last().text().startsWith("INCONCLUSIVE"))
        .as(scene.last().text())
        .isTrue();
    assertThat(scene.moves()).isEqualTo(List.of(1L));
    loop.close();
    scene.assertCandidatesClosedOnce();
  }

  @Test
  void anExecutorThatRejectsMakesTheCandidateFail() {
    boolean[] rejects = {true};
    MaintenanceLoop loop = scene
        .loop(LoopScene.whileFirst(), job -> {
          if (rejects[0]) {
            throw new RejectedExecutionException("full");
          }
          job.run();
        })
        .build();
    scene.world = "B";
    scene.serve(200);
    loop.tick();
    loop.tick();
    assertThat(scene.kinds()).isEqualTo(List.of("RETRAIN", "FAILED"));
    rejects[0] = false;
    scene.clock.advance(Duration.ofMinutes(1));
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("GATED");
    rejects[0] = true;
    scene.serve(100);
    loop.tick();
    assertThat(loop.trouble().orElseThrow().contains("full"))
        .as("scoring is tried again")
        .isTrue();
    rejects[0] = false;
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("PROMOTED");
  }

  /** A pool whose threads are gone takes jobs and runs none. */
  @Test
  void anExecutorThatRunsNothingIsToldSinceWhenAndForHowLong() {
    List<Runnable> jobs = new ArrayList<>();
    try (CapturedLog warned = CapturedLog.of(MaintenanceLoop.class);
        MaintenanceLoop loop = scene.loop(LoopScene.whileFirst(), jobs::add).build()) {
      scene.world = "B";
      scene.serve(200);
      Instant due = loop.tick();
      assertThat(due).isEqualTo(scene.clock.instant().plus(Duration.ofMinutes(1)));
      assertThat(loop.trouble()).as("it was only just given").isEmpty();
      scene.clock.advance(Duration.ofSeconds(59));
      loop.tick();
      assertThat(loop.trouble()).isEmpty();
      for (int seconds : new int[] {60, 3_600}) {
        scene.clock.advance(Duration.ofSeconds(seconds == 60 ? 1 : 3_540));
        assertThat(loop.tick()).isEqualTo(scene.clock.instant().plus(Duration.ofMinutes(1)));
        assertThat(loop.trouble())
            .isEqualTo(Optional.of(
                "the executor has not begun the job of iris@champion that it was given at"
                    + " 2026-01-01T00:00:00Z, " + (seconds == 60 ? "1 min" : "1 h") + " ago"));
        assertThat(loop.toString())
            .isEqualTo("loop on iris@champion: working since 2026-01-01T00:00:00Z, for "
                + (seconds == 60 ? "1 min" : "1 h"));
      }
      assertThat(jobs.size()).as("one job at a time").isEqualTo(1);
      assertThat(warned.messages().size()).as(warned.messages().toString()).isEqualTo(1);

      jobs.get(0).run();
      jobs.get(0).run(); // an executor that runs a job twice trains once
      int trained = scene.trainer.calls.size();
      jobs.get(0).run();
      assertThat(scene.trainer.calls.size()).isEqualTo(trained);
      scene.deployment.tick();
      loop.tick();
      assertThat(loop.trouble()).isEmpty();
      assertThat(scene.kinds()).isEqualTo(List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "GATED"));
    }
  }

  /** A training that takes hours is no trouble; that it lasts is told. */
  @Test
  void aJobThatRunsIsNoTrouble() {
    MaintenanceLoop[] loop = new MaintenanceLoop[1];
    List<Runnable> jobs = new ArrayList<>();
    scene.trainer.script = rows -> {
      scene.clock.advance(Duration.ofHours(3));
      scene.deployment.tick();
      loop[0].tick();
      assertThat(loop[0].trouble()).isEmpty();
      assertThat(loop[0].toString())
          .isEqualTo("loop on iris@champion: working since 2026-01-01T00:00:00Z, for 3 h");
      throw new LinkageError("seen"); // unlike an exception, no reason to try another window
    };
    loop[0] = scene.loop(LoopScene.whileFirst(), jobs::add).build();
    scene.serve(200);
    loop[0].tick();
    jobs.get(0).run();
    loop[0].tick();
    assertThat(scene.last().text().contains("seen")).as(scene.last().toString()).isTrue();
  }

  @Test
  void aLoopThatIsClosedWhileAJobWaitsClosesTheCandidateAtOnce() {
    List<Runnable> jobs = new ArrayList<>();
    MaintenanceLoop loop = scene.loop(LoopScene.whileFirst(), jobs::add).build();
    scene.world = "B";
    scene.serve(200);
    loop.tick();
    jobs.remove(0).run();
    loop.tick();
    scene.serve(100);
    loop.tick();
    loop.close();
    scene.assertCandidatesClosedOnce();
    jobs.remove(0).run();
    scene.assertCandidatesClosedOnce();
    assertThat(scene.moves()).isEqualTo(List.of(1L));
  }

  @Test
  void aPolicyThatThrowsOrAnswersNullTrainsNothing() {
    List<RetrainPolicy> broken = List.of(
        (now, past) -> null,
        (now, past) -> {
          throw new IllegalStateException("bug");
        },
        (now, past) -> {
          throw new NoClassDefFoundError("bug");
        });
    List<String> reasons = List.of(
        "the policy answered null",
        "the policy threw java.lang.IllegalStateException: bug",
        "the policy threw java.lang.NoClassDefFoundError: bug");
    scene.serve(200);
    for (int i = 0; i < broken.size(); i++) {
      try (MaintenanceLoop loop = scene.loop(broken.get(i)).build()) {
        loop.tick();
        RetrainDecision said = loop.decision().orElseThrow();
        assertThat(said.outcome()).isEqualTo(RetrainDecision.Outcome.INCONCLUSIVE);
        assertThat(said.reason()).isEqualTo(reasons.get(i));
        assertThat(loop.trouble()).isEmpty();
      }
    }
    assertThat(scene.trainer.calls).isEmpty();
  }

  @Test
  void aListenerThatThrowsHurtsNobody() {
    AtomicInteger told = new AtomicInteger();
    MaintenanceLoop loop = scene
        .loop(LoopScene.whileFirst())
        .to(event -> {
          told.incrementAndGet();
          throw new AssertionError("bug");
        })
        .build();
    scene.world = "B";
    scene.serve(200);
    loop.tick();
    scene.serve(100);
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("PROMOTED");
    assertThat(told.get()).isEqualTo(6);
    assertThat(loop.trouble()).isEmpty();
  }

  @Test
  void aMonitorThatCannotClearItsSignalsDoesNotHoldTheLoop() {
    scene.monitor.onKept = () -> {
      throw new IllegalStateException("bug");
    };
    MaintenanceLoop loop = scene
        .loop(LoopScene.always().atMostEvery(Duration.ofHours(1)))
        .gate(evidence -> Finding.fail("no"))
        .build();
    scene.serve(200);
    loop.tick();
    loop.tick();
    assertThat(scene.kinds()).isEqualTo(List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "KEPT"));
  }

  /** The host's scheduler never runs a task again that has thrown. */
  @Test
  void noTickThrowsWhateverClockLoggerAndMonitorDo() {
    boolean[] broken = {false};
    InstantSource clock = () -> {
      if (broken[0]) {
        throw new IllegalStateException("no time");
      }
      return scene.clock.instant();
    };
    Handler throwing = new Handler() {
      @Override
      public void publish(LogRecord line) {
        throw new IllegalStateException("the disk of the log is full");
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
    scene.monitor.onKept = () -> {
      throw new StackOverflowError();
    };
    scene.trainer.script = rows -> {
      throw new IllegalStateException("no memory");
    };
    Logger logger = Logger.getLogger(MaintenanceLoop.class.getName());
    logger.addHandler(throwing);
    try (MaintenanceLoop loop = scene
        .loop(LoopScene.always())
        .gate(evidence -> Finding.fail("no"))
        .clock(clock)
        .to(event -> {
          throw new StackOverflowError();
        })
        .build()) {
      scene.serve(200);
      broken[0] = true;
      Instant before = Instant.now();
      Instant due = loop.tick();
      assertThat(!due.isBefore(before.plusSeconds(60))
              && !due.isAfter(Instant.now().plusSeconds(60)))
          .as("by the system's clock: " + due)
          .isTrue();
      assertThat(loop.trouble())
          .isEqualTo(Optional.of("could not decide whether iris@champion is trained again:"
              + " IllegalStateException: no time"));
      broken[0] = false;
      loop.tick();
      loop.tick();
      assertThat(scene.kinds())
          .as("a failure is written once")
          .isEqualTo(List.of("RETRAIN", "FAILED"));
      scene.trainer.script = rows -> "B/0.0";
      scene.clock.advance(Duration.ofMinutes(1));
      loop.tick();
      assertThat(scene.kinds())
          .as("so is a decision")
          .isEqualTo(List.of("RETRAIN", "FAILED", "RETRAIN", "PUBLISHING", "PUBLISHED", "KEPT"));
      assertThat(loop.trouble()).isEmpty();
    } finally {
      logger.removeHandler(throwing);
    }
  }

  /** A fault whose message counts fills no log, and is told again once it was gone. */
  @Test
  void whatStopsTheLoopIsLoggedOncePerCause() {
    int[] count = {0};
    boolean[] broken = {true};
    InstantSource clock = () -> {
      if (broken[0]) {
        throw new IllegalStateException("call " + ++count[0]);
      }
      return scene.clock.instant();
    };
    try (CapturedLog warned = CapturedLog.of(MaintenanceLoop.class);
        MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).clock(clock).build()) {
      loop.tick();
      loop.tick();
      loop.tick();
      assertThat(warned.messages())
          .isEqualTo(List.of(
              "could not decide whether iris@champion is trained again: IllegalStateException:"
                  + " call 1; the next tick tries again",
              "the clock of the loop on iris@champion threw; ticks are due by the system's"));
      broken[0] = false;
      loop.tick();
      broken[0] = true;
      loop.tick();
      assertThat(warned.messages().size()).as(warned.messages().toString()).isEqualTo(3);
    }
  }

  // --- the store
  // -------------------------------------------------------------------------------------------

  @Test
  void aCommitThatFailsIsTriedAgainWithTheSameIntent() {
    MaintenanceLoop loop = shadowing();
    scene.serve(100);
    int[] left = {2};
    scene.store.before = effect -> {
      if (left[0]-- > 0) {
        scene.faulty.failCall(1);
      }
    };
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("PROMOTING");
    assertThat(loop.trouble().orElse("").contains("commit, failed on purpose")).isTrue();
    loop.tick();
    loop.tick();

    assertOneMove(loop, 3);
  }

  @Test
  void aCommitWhoseAnswerWasLostIsMadeOnce() {
    MaintenanceLoop loop = shadowing();
    scene.serve(100);
    scene.store.before = effect -> scene.faulty.loseNextAnswer();
    loop.tick();
    assertThat(loop.trouble().orElse("").startsWith("could not move iris@champion to iris:2: "))
        .isTrue();
    assertThat(scene.moves()).isEqualTo(List.of(1L, 2L));
    assertThat(scene.last().kind().name()).isEqualTo("PROMOTING");
    loop.tick();

    assertOneMove(loop, 1);
  }

  private void assertOneMove(MaintenanceLoop loop, int commits) {
    assertThat(scene.last().kind().name()).isEqualTo("PROMOTED");
    assertThat(scene.moves()).isEqualTo(List.of(1L, 2L));
    assertThat(scene.store.intents.size()).isEqualTo(commits);
    assertThat(Set.copyOf(scene.store.intents).size()).as("one intent").isEqualTo(1);
    assertThat(scene.kinds().stream().filter("PROMOTING"::equals).count())
        .as("the intent was written once")
        .isEqualTo(1);
    assertThat(loop.trouble()).isEmpty();
    scene.assertCandidatesClosedOnce();
  }

  @Test
  void anAliasThatMovedDuringTrainingEndsTheCandidate() {
    List<Runnable> jobs = new ArrayList<>();
    MaintenanceLoop loop = scene.loop(LoopScene.whileFirst(), jobs::add).build();
    scene.world = "B";
    scene.serve(200);
    loop.tick();
    Version other = moveElsewhere();
    scene.deployment.tick();
    jobs.remove(0).run();
    loop.tick();

    assertThat(scene.last().toString())
        .isEqualTo("ABANDONED iris:3: the alias moved on to " + other);
    assertThat(scene.moves()).isEqualTo(List.of(1L, 2L));
    scene.assertCandidatesClosedOnce();
  }

  @Test
  void anAliasThatMovedDuringTheShadowEndsTheCandidate() {
    MaintenanceLoop loop = shadowing();
    Version other = moveElsewhere();
    scene.deployment.tick();
    scene.serve(100);
    loop.tick();

    assertThat(scene.last().toString())
        .isEqualTo("ABANDONED iris:2: the alias moved on to " + other);
    assertThat(scene.moves()).isEqualTo(List.of(1L, 3L));
    scene.assertCandidatesClosedOnce();
  }

  /** The deployment does not know yet; the store does. */
  @Test
  void anAliasThatMovedBeforeThePromotionEndsTheCandidate() {
    MaintenanceLoop loop = shadowing();
    scene.serve(100);
    moveElsewhere();
    loop.tick();

    assertThat(scene.last().toString()).isEqualTo("ABANDONED iris:2: the alias moved on");
    assertThat(scene.moves()).isEqualTo(List.of(1L, 3L));
    scene.assertCandidatesClosedOnce();
  }

  @Test
  void anAliasThatMovedDuringThePromotionEndsTheCandidate() {
    MaintenanceLoop loop = shadowing();
    scene.serve(100);
    scene.store.before = effect -> {
      scene.store.before = other -> {};
      moveElsewhere();
    };
    loop.tick();

    assertThat(scene.last().kind().name()).isEqualTo("ABANDONED");
    String text = scene.last().text();
    assertThat(text.startsWith("iris@champion wanted at iris:1")).as(text).isTrue();
    assertThat(text.contains("found at iris:3")).as(text).isTrue();
    assertThat(scene.moves()).isEqualTo(List.of(1L, 3L));
    scene.assertCandidatesClosedOnce();
  }

  /** Away and back: the alias is at the champion again, but it has moved since the shadow compared. */
  @Test
  void anAliasThatWentAwayAndCameBackEndsTheCandidate() {
    MaintenanceLoop loop = shadowing();
    scene.serve(100);
    Version champion = scene.deployment.champion();
    scene.store.before = effect -> {
      scene.store.before = other -> {};
      moveElsewhere();
      scene
          .behind
          .move(LoopScene.ALIAS)
          .from(scene.behind.current(LoopScene.ALIAS).orElseThrow())
          .to(champion)
          .by("ops")
          .because("back")
          .commit();
    };
    loop.tick();

    assertThat(scene.last().kind().name()).isEqualTo("ABANDONED");
    assertThat(scene.moves()).isEqualTo(List.of(1L, 3L, 1L));
    scene.assertCandidatesClosedOnce();
  }

  /** The operator goes back between the loop's intent and its move: nothing is promoted over the rollback. */
  @Test
  void aRollbackBetweenTheIntentAndTheMoveWins() {
    MaintenanceLoop loop = aboveASecondVersion(event -> {
      if (event.kind() == LoopEvent.Kind.PROMOTING) {
        scene.deployment.rollBack("ops", "bad");
      }
    });
    scene.serve(100);
    loop.tick();

    assertThat(scene.last().toString())
        .isEqualTo("ABANDONED iris:3: a rollback of the champion is under way");
    scene.deployment.tick();
    assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 1L));
    scene.assertCandidatesClosedOnce();
  }

  /** A loop with a candidate in its shadow, over a champion that can be rolled back. */
  private MaintenanceLoop aboveASecondVersion(Consumer<LoopEvent> listener) {
    Version second = scene.behind.publish(scene.trainer.make("A/0.1", 5).asPackage("iris"));
    scene
        .behind
        .move(LoopScene.ALIAS)
        .from(scene.behind.current(LoopScene.ALIAS).orElseThrow())
        .to(second)
        .by("ops")
        .because("better")
        .commit();
    scene.deployment.tick();
    MaintenanceLoop loop = scene
        .loop((now, past) -> past.candidates() == 0
            ? LoopScene.retrain(0)
            : RetrainDecision.of(RetrainDecision.Outcome.KEEP, "once", ""))
        .to(event -> {
          scene.heard.add(event);
          listener.accept(event);
        })
        .build();
    scene.world = "B";
    scene.serve(200);
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("GATED");
    return loop;
  }

  @Test
  void aRollbackDuringTheShadowWins() {
    MaintenanceLoop loop = aboveASecondVersion(event -> {});
    scene.faulty.failEveryCall();
    scene.deployment.rollBack("ops", "bad");
    assertThat(scene.deployment.rollbackPending()).isTrue();
    loop.tick();
    assertThat(scene.last().toString()).isEqualTo("ABANDONED iris:3: the alias moved on to iris:1");
    scene.faulty.heal();
    scene.deployment.tick();
    loop.tick();
    assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 1L));
    scene.assertCandidatesClosedOnce();
  }

  @Test
  void ofTwoLoopsOnOneAliasOnePromotes() {
    MaintenanceLoop first = shadowing();
    List<LoopEvent> other = new ArrayList<>();
    MaintenanceLoop second = scene
        .loop(LoopScene.whileFirst())
        .journal(folder.resolve("second"))
        .to(other::add)
        .build();
    second.tick();
    scene.serve(100);
    scene.store.before = effect -> {
      scene.store.before = again -> {};
      second.tick(); // between the decision of the first and its move
    };
    first.tick();

    assertThat(scene.moves()).isEqualTo(List.of(1L, 3L));
    assertThat(first.events().get(first.events().size() - 1).kind().name()).isEqualTo("ABANDONED");
    assertThat(other.get(other.size() - 1).kind().name()).isEqualTo("PROMOTED");
    scene.assertCandidatesClosedOnce();
  }

  @Test
  void aLoopThatIsClosedWhileItScoresClosesTheCandidateAfterwards() {
    List<Runnable> jobs = new ArrayList<>();
    MaintenanceLoop loop = scene.loop(LoopScene.whileFirst(), jobs::add).build();
    scene.world = "B";
    scene.serve(200);
    loop.tick();
    jobs.remove(0).run();
    loop.tick();
    scene.serve(100);
    loop.tick();
    LoopScene.Scripted candidate = scene.runtime.loaded.get(1);
    AtomicInteger predictions = new AtomicInteger();
    candidate.during = () -> {
      predictions.incrementAndGet();
      loop.close();
      assertThat(candidate.closes.get()).as("it is still being scored").isEqualTo(0);
    };
    jobs.remove(0).run();
    assertThat(predictions.get()).isEqualTo(100);
    scene.assertCandidatesClosedOnce();
    assertThat(scene.moves()).isEqualTo(List.of(1L));
  }

  // --- hosts that are at odds with themselves
  // ----------------------------------------------------------------------------

  /** A listener that ticks the loop must not make it run within itself. */
  @Test
  void aTickFromTheLoopsOwnListenerReturnsAtOnce() {
    List<MaintenanceLoop> ticked = new ArrayList<>();
    MaintenanceLoop loop = scene
        .loop(LoopScene.whileFirst())
        .to(event -> ticked.forEach(MaintenanceLoop::tick))
        .build();
    ticked.add(loop);
    scene.world = "B";
    scene.serve(200);
    loop.tick();
    assertThat(loop.events().stream().map(event -> event.kind().name()).toList())
        .isEqualTo(List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "GATED"));
  }

  /** An age is counted from the version that serves, not from the first. */
  @Test
  void thePolicyIsToldSinceWhenTheChampionServes() {
    List<Instant> since = new ArrayList<>();
    MaintenanceLoop loop = scene
        .loop((now, past) -> {
          since.add(past.championSince());
          return LoopScene.whileFirst().decide(now, past);
        })
        .build();
    scene.world = "B";
    scene.serve(200);
    scene.clock.advance(Duration.ofDays(3));
    loop.tick();
    scene.serve(100);
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("PROMOTED");
    loop.tick();
    assertThat(since.get(since.size() - 1))
        .as(since.toString())
        .isEqualTo(scene.deployment.champion().publishedAt());
    assertThat(since.get(0).isBefore(since.get(since.size() - 1)))
        .as(since.toString())
        .isTrue();
  }

  /** What a trainer throws may be unable to say what it is; the candidate has failed all the same. */
  @Test
  void anExceptionThatCannotSayWhatItIsFailsTheCandidate() {
    class Mute extends RuntimeException {
      private static final long serialVersionUID = 1;

      @Override
      public String getMessage() {
        throw new IllegalStateException("mute");
      }
    }
    MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build();
    scene.world = "B";
    scene.serve(200);
    scene.trainer.script = rows -> {
      throw new Mute();
    };
    loop.tick();
    assertThat(scene.kinds()).isEqualTo(List.of("RETRAIN", "FAILED"));
    assertThat(scene.last().text().contains(Mute.class.getName()))
        .as(scene.last().toString())
        .isTrue();
    scene.trainer.script = rows -> "B/0.0";
    scene.clock.advance(Duration.ofMinutes(1));
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("GATED");
  }

  @Test
  void aPolicyWhoseErrorCannotSayWhatItIsDecidesNothing() {
    class Mute extends LinkageError {
      private static final long serialVersionUID = 1;

      @Override
      public String getMessage() {
        throw new IllegalStateException("mute");
      }
    }
    MaintenanceLoop loop = scene
        .loop((now, past) -> {
          throw new Mute();
        })
        .build();
    scene.serve(200);
    loop.tick();
    assertThat(scene.kinds()).isEmpty();
    assertThat(loop.decision().orElseThrow().outcome())
        .isEqualTo(RetrainDecision.Outcome.INCONCLUSIVE);
  }

  /** A monitor that hands out the training rows again must not get a candidate promoted by them. */
  @Test
  void outcomesFromBeforeTheCandidateDoNotPromoteIt() {
    Outcomes real = scene.monitor.outcomes;
    AtomicBoolean lies = new AtomicBoolean();
    scene.monitor.outcomes = new Outcomes() {
      @Override
      public void visit(long from, long to, Consumer<? super Outcome> visitor) {
        real.visit(lies.get() ? 0 : from, to, visitor);
      }

      @Override
      public long begin() {
        return real.begin();
      }

      @Override
      public long end() {
        return real.end();
      }

      @Override
      public long open() {
        return real.open();
      }

      @Override
      public long capacity() {
        return real.capacity();
      }
    };
    MaintenanceLoop loop = shadowing();
    lies.set(true);
    scene.world = "A";
    scene.serve(5);
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("FAILED");
    assertThat(scene.last().text().contains("wanted outcomes of positions"))
        .as(scene.last().toString())
        .isTrue();
    assertThat(scene.moves()).isEqualTo(List.of(1L));
    scene.assertCandidatesClosedOnce();
  }

  /** A host's plan that throws when it begins ends the candidate: the loop rests, and trains another one later. */
  @Test
  void aPlanThatCannotBeginEndsTheCandidate() {
    scene.world = "B";
    scene.serve(200);
    AtomicInteger begun = new AtomicInteger();
    RolloutPlan plan = start -> {
      if (begun.getAndIncrement() == 0) {
        throw new IllegalStateException("no plan today");
      }
      return ShadowPlan.shadow().begin(start);
    };
    try (MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).rollout(plan).build()) {
      loop.tick();
      loop.tick();

      assertThat(scene.last().kind()).isEqualTo(LoopEvent.Kind.FAILED);
      assertThat(scene.last().text()).contains("no plan today");
      assertThat(loop.trouble())
          .hasValueSatisfying(said -> assertThat(said).contains("no plan today"));
      assertThat(scene.kinds()).doesNotContain("GATED");
      scene.clock.advance(Duration.ofDays(2));
      for (int i = 0; i < 60 && scene.deployment.champion().number() == 1; i++) {
        scene.serve(50);
        loop.tick();
      }
      assertThat(scene.kinds()).endsWith("PROMOTED");
    }
    scene.assertCandidatesClosedOnce();
  }

  /** A host's plan that answers null ends the candidate too, at the beginning as well as later. */
  @Test
  @SuppressWarnings("NullAway") // what a host's plan may do
  void aPlanThatDecidesNullEndsTheCandidate() {
    for (int first : new int[] {0, 1}) {
      scene.world = "B";
      scene.serve(200);
      AtomicInteger asked = new AtomicInteger();
      RolloutPlan plan = start -> new ShadowProgress() {
        @Override
        public void observe(Outcome outcome, Optional<Prediction> candidate) {}

        @Override
        public RolloutDecision decision() {
          return asked.getAndIncrement() < first
              ? RolloutDecision.of(RolloutDecision.Outcome.UNDECIDED, "too early")
              : null;
        }
      };
      try (MaintenanceLoop loop =
          scene.loop(LoopScene.whileFirst()).rollout(plan).build()) {
        for (int i = 0; i < 4 && loop.trouble().isEmpty(); i++) {
          loop.tick();
          scene.serve(5);
        }
        assertThat(asked).hasValue(first + 1);
        assertThat(scene.last().kind()).isEqualTo(LoopEvent.Kind.FAILED);
        assertThat(scene.last().text()).contains("a lambda of LoopFaultTest", "got null");
        assertThat(loop.trouble())
            .hasValueSatisfying(said -> assertThat(said).contains("got null"));
      }
      scene.clock.advance(Duration.ofDays(2));
    }
    scene.assertCandidatesClosedOnce();
  }
}
