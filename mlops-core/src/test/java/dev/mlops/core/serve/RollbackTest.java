package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionNotFoundException;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.InMemoryMonitor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD) // one that hangs fails by name
class RollbackTest {
  private final Scene scene = Scene.of(3);

  @Test
  void answersFromTheRollbackTargetWithoutTheStoreAndTellsItOnceItIsBack() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      scene.store.failEveryCall();
      long calls = scene.store.calls();
      int loads = scene.runtime.loaded.size();

      Version now = deployment.rollBack("ops", "fraud:2 refuses everything");

      assertThat(now.toString()).isEqualTo("fraud:1");
      Scene.assertServes(1, deployment);
      assertThat(scene.store.calls()).as("calls to the store").isEqualTo(calls);
      assertThat(scene.runtime.loaded.size()).as("loads").isEqualTo(loads);
      assertThat(deployment.rollbackPending()).isTrue();
      assertThat(scene.runtime.newest(2).closes.get()).isEqualTo(1);
      assertThat(scene.runtime.newest(1).closes.get()).isEqualTo(0);

      for (int i = 0; i < 3; i++) {
        long before = scene.store.calls();
        deployment.tick();
        assertThat(scene.store.calls() > before).as("it keeps trying").isTrue();
        assertThat(deployment.rollbackPending()).isTrue();
        Scene.assertServes(1, deployment);
      }
      assertThat(deployment
              .trouble()
              .orElseThrow()
              .startsWith("could not move fraud@champion back to fraud:1: call "))
          .as(deployment.trouble().toString())
          .isTrue();
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L));

      scene.store.heal();
      deployment.tick();
      deployment.tick();

      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 1L));
      AliasChange made = scene.behind.current(Scene.ALIAS).orElseThrow();
      assertThat(made.by()).isEqualTo("ops");
      assertThat(made.because()).isEqualTo("fraud:2 refuses everything");
      assertThat(deployment.rollbackPending()).isFalse();
      assertThat(deployment.trouble()).isEmpty();
      Scene.assertServes(1, deployment);
      assertThat(scene.runtime.loaded.size()).as("loads").isEqualTo(loads);
    }
  }

  @Test
  void aMoveThatWasMadeWhileTheStoreWasAwayWinsAndIsFollowed() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      scene.store.failEveryCall();
      deployment.rollBack("ops", "bad");
      deployment.tick();
      scene.move(3);
      Scene.assertServes(1, deployment);

      scene.store.heal();
      deployment.tick();

      Scene.assertServes(3, deployment);
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 3L));
      assertThat(deployment.rollbackPending()).isFalse();
      assertThat(deployment.trouble()).isEmpty();
      assertThat(deployment.rollBack("ops", "bad too").toString()).isEqualTo("fraud:1");
    }
  }

  /** Six, seven, and back to six by another replica: its move is the one that is kept. */
  @Test
  void theSameRollbackByAnotherReplicaIsNotMadeTwice() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      scene.store.failEveryCall();
      deployment.rollBack("ops", "bad");
      scene.move(1);

      scene.store.heal();
      int loads = scene.runtime.loaded.size();
      deployment.tick();
      deployment.tick();

      Scene.assertServes(1, deployment);
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 1L));
      assertThat(scene.behind.current(Scene.ALIAS).orElseThrow().because()).isEqualTo("next");
      assertThat(scene.runtime.loaded.size()).as("loads").isEqualTo(loads);
    }
  }

  /** Six, seven, six and seven again: the alias is where it was, but it has moved since. */
  @Test
  void aNewerMoveToTheVersionThatWasRolledBackWinsToo() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      scene.store.failEveryCall();
      deployment.rollBack("ops", "bad");
      scene.move(1);
      scene.move(2);

      scene.store.heal();
      deployment.tick();

      Scene.assertServes(2, deployment);
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 1L, 2L));
      assertThat(deployment.rollbackPending()).isFalse();
    }
  }

  /** A rollback of a version that came back: from the fourth move, not from the first with that version. */
  @Test
  void isFromTheGenerationThatServedNotFromItsVersion() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      scene.move(1);
      scene.move(2);
      deployment.tick();
      Scene.assertServes(2, deployment);

      assertThat(deployment.rollBack("ops", "bad").toString()).isEqualTo("fraud:1");
      deployment.tick();

      Scene.assertServes(1, deployment);
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 1L, 2L, 1L));
    }
  }

  /** The version that somebody else rolled back from is the one version that must not come back. */
  @Test
  void neverAnswersFromWhatAnotherReplicaRolledBackFrom() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      scene.move(1);
      deployment.tick();
      deployment.tick();

      assertThatThrownBy(() -> deployment.rollBack("ops", "bad"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "cannot roll back fraud:1: no version before it is loaded; it goes on serving");
      Scene.assertServes(1, deployment);
      assertThat(scene.runtime.newest(2).closes.get()).isEqualTo(1);
    }
  }

  @Test
  void goesFurtherBackAfterAnotherReplicaRolledBack() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      scene.move(3);
      deployment.tick();
      scene.move(2);
      deployment.tick();
      Scene.assertServes(2, deployment);

      answersWithoutTheStore(deployment, 1);
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 3L, 2L));
    }
  }

  /** From 3, which serves here, back to 2 and on to 4, all between two ticks: 3 was left behind. */
  @Test
  void neverAnswersFromWhatWasRolledBackFromUnseen() {
    Scene four = Scene.of(4);
    try (Deployment<Scene.Order> deployment = four.servesTwoAfterOne()) {
      four.move(3);
      deployment.tick();
      four.move(2);
      four.move(4);
      deployment.tick();
      Scene.assertServes(4, deployment);

      int loads = four.runtime.loaded.size();
      assertThat(deployment.rollBack("ops", "bad").toString()).isEqualTo("fraud:2");
      Scene.assertServes(2, deployment);
      assertThat(four.runtime.loaded.size()).as("it was at hand").isEqualTo(loads);
    }
    four.runtime.loaded.forEach(
        model -> assertThat(model.closes.get()).as(model.toString()).isEqualTo(1));
  }

  /** From 5 back to 1, to 5 again and back to 4, all between two ticks: 3, which is at hand, was left for 1. */
  @Test
  void neverAnswersFromWhatWasLeftByAMoveThatWasMissed() {
    Scene five = Scene.of(5);
    try (Deployment<Scene.Order> deployment = five.deployment().open()) {
      five.move(3);
      deployment.tick();
      five.move(5);
      deployment.tick();
      five.move(1);
      five.move(5);
      five.move(4);
      deployment.tick();
      Scene.assertServes(4, deployment);

      assertThat(deployment.rollBack("ops", "bad").toString()).isEqualTo("fraud:1");
      Scene.assertServes(1, deployment);
    }
    five.runtime.loaded.forEach(
        model -> assertThat(model.closes.get()).as(model.toString()).isEqualTo(1));
  }

  /** With the store away, from here on. */
  private void answersWithoutTheStore(Deployment<Scene.Order> deployment, int number) {
    scene.store.failEveryCall();
    long calls = scene.store.calls();
    int loads = scene.runtime.loaded.size();
    assertThat(deployment.rollBack("ops", "bad").toString()).isEqualTo("fraud:" + number);
    Scene.assertServes(number, deployment);
    assertThat(scene.store.calls()).as("calls to the store").isEqualTo(calls);
    assertThat(scene.runtime.loaded.size()).as("loads").isEqualTo(loads);
  }

  @Test
  void worksAfterARestartOnceATickHasLoadedTheRollbackTarget() {
    scene.move(2);
    ForeignMonitor monitor = new ForeignMonitor();
    try (CapturedLog log = CapturedLog.of(Deployment.class);
        Deployment<Scene.Order> deployment =
            scene.deployment().monitoredBy(model -> monitor).open()) {
      assertThat(scene.runtime.loaded.size())
          .as("opening loads what serves, no more")
          .isEqualTo(1);
      assertThatThrownBy(() -> deployment.rollBack("ops", "bad"))
          .isInstanceOf(IllegalStateException.class);
      deployment.tick();
      deployment.tick();
      assertThat(scene.runtime.loaded.size()).isEqualTo(2);
      Scene.assertServes(2, deployment);
      assertThat(monitor.recorded("2")).isEqualTo(1);
      assertThat(deployment.evidence().champion().orElseThrow().version())
          .as("the monitor knows of what serves alone")
          .isEqualTo("2");

      answersWithoutTheStore(deployment, 1);
      assertThat(monitor.recorded("1")).as("recorded from its first answer on").isEqualTo(1);
      assertThat(deployment.evidence().champion().orElseThrow().version()).isEqualTo("2");
      deployment.tick();
      assertThat(deployment.evidence().champion().orElseThrow().version()).isEqualTo("1");
      scene.store.heal();
      deployment.tick();
      assertThat(log.lines().stream().filter(line -> line.contains("recorded")).toList())
          .isEmpty();
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 1L));
      assertThat(deployment.trouble()).isEmpty();
    }
    scene.runtime.loaded.forEach(
        model -> assertThat(model.closes.get()).as(model.toString()).isEqualTo(1));
  }

  @Test
  void aRollbackTargetThatCannotBeLoadedIsToldOnceAndTriedAgainLater() {
    scene.move(2);
    scene.runtime.before = number -> {
      if (number == 1) {
        throw new IllegalStateException("no such library");
      }
    };
    ForeignStore store = new ForeignStore(scene.behind);
    try (CapturedLog log = CapturedLog.of(Deployment.class);
        Deployment<Scene.Order> deployment = scene.deployment(store).open()) {
      for (int i = 0; i < 8; i++) { // at 0, 1, 3 and 7 seconds
        deployment.tick();
        Scene.assertServes(2, deployment);
        assertThat(deployment.trouble())
            .isEqualTo(Optional.of("could not load what fraud@champion could be rolled back to:"
                + " IllegalStateException: no such library"));
        scene.clock.advance(Duration.ofSeconds(1));
      }
      assertThat(store.opens.get()).isEqualTo(1 + 4);
      assertThat(log.lines())
          .isEqualTo(List.of("WARNING could not load what fraud@champion could be rolled back to:"
              + " IllegalStateException: no such library; no rollback until then"));
      scene.runtime.before = number -> {};
      scene.clock.advance(Duration.ofSeconds(8));
      deployment.tick();
      assertThat(deployment.trouble()).isEmpty();
      assertThat(deployment.rollBack("ops", "bad").toString()).isEqualTo("fraud:1");
    }
  }

  /** Loading what comes before the version that was rolled back to must wait, or the store would never be told. */
  @Test
  void oneThatIsMadeWithinATickIsStillToldToTheStore() {
    AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});
    ForeignStore store = new ForeignStore(scene.behind) {
      @Override
      public Optional<AliasChange> current(String alias) {
        meanwhile.getAndSet(() -> {}).run();
        return super.current(alias);
      }
    };
    try (Deployment<Scene.Order> deployment = scene.deployment(store).open()) {
      scene.move(2);
      deployment.tick();
      scene.move(3);
      deployment.tick();
      meanwhile.set(() -> deployment.rollBack("ops", "bad"));
      deployment.tick();
      Scene.assertServes(2, deployment);
      assertThat(deployment.rollbackPending()).isTrue();

      deployment.tick();
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 3L, 2L));
      Scene.assertServes(2, deployment);
      assertThat(deployment.rollBack("ops", "2 is bad too").toString()).isEqualTo("fraud:1");
    }
  }

  /** The history is read once, not in every tick of years. */
  @Test
  void theHistoryIsReadOnceWhereNothingCouldBeRolledBackTo() {
    int[] reads = {0};
    ForeignStore store = new ForeignStore(scene.behind) {
      @Override
      public List<AliasChange> history(String alias) {
        reads[0]++;
        return super.history(alias);
      }
    };
    try (Deployment<Scene.Order> deployment = scene.deployment(store).open()) {
      deployment.tick();
      deployment.tick();
      assertThat(reads[0]).isEqualTo(1);
    }
  }

  /** The store can be read but not written: the move that was rolled back must not come back. */
  @Test
  void noMoveUpToTheHeldOneIsFollowedWhileTheStoreCannotBeWritten() {
    Set<String> intents = new HashSet<>();
    ForeignStore readOnly = new ForeignStore(scene.behind) {
      @Override
      public AliasChange commit(AliasMove move) {
        intents.add(move.intent());
        throw new StoreException("disk is full; not moved", null);
      }
    };
    try (Deployment<Scene.Order> deployment = scene.deployment(readOnly).open()) {
      scene.move(2);
      deployment.tick();
      deployment.rollBack("ops", "bad");
      deployment.tick();
      deployment.tick();

      Scene.assertServes(1, deployment);
      assertThat(deployment.rollbackPending()).isTrue();
      assertThat(intents.size()).as("one intent, however often it is tried").isEqualTo(1);
      assertThat(deployment.trouble())
          .isEqualTo(Optional.of(
              "could not move fraud@champion back to fraud:1: disk is full; not moved"));

      scene.move(3);
      deployment.tick();

      Scene.assertServes(3, deployment);
      assertThat(deployment.rollbackPending()).isFalse();
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 3L));
    }
  }

  /** A store that answers from a copy lags behind: what it says late is no newer move. */
  @Test
  void aStaleAnswerIsNotFollowed() {
    AtomicReference<AliasChange> stale = new AtomicReference<>();
    ForeignStore lagging = new ForeignStore(scene.behind) {
      @Override
      public Optional<AliasChange> current(String alias) {
        AliasChange late = stale.get();
        return late == null ? super.current(alias) : Optional.of(late);
      }
    };
    try (Deployment<Scene.Order> deployment = scene.deployment(lagging).open()) {
      AliasChange second = scene.move(2);
      deployment.tick();
      stale.set(second);
      deployment.rollBack("ops", "bad");
      deployment.tick();
      deployment.tick();
      Scene.assertServes(1, deployment);
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 1L));
    }
  }

  /** Overtaken, but what overtook it is not seen yet: the move that was rolled back does not come back meanwhile. */
  @Test
  void theHeldMoveIsNotFollowedEitherWhenTheNewerOneIsNotSeenYet() {
    AtomicReference<AliasChange> stale = new AtomicReference<>();
    ForeignStore lagging = new ForeignStore(scene.behind) {
      @Override
      public Optional<AliasChange> current(String alias) {
        AliasChange late = stale.get();
        return late == null ? super.current(alias) : Optional.of(late);
      }
    };
    try (Deployment<Scene.Order> deployment = scene.deployment(lagging).open()) {
      AliasChange second = scene.move(2);
      deployment.tick();
      stale.set(second);
      deployment.rollBack("ops", "bad");
      scene.move(3);
      deployment.tick();
      Scene.assertServes(1, deployment);
      assertThatThrownBy(() -> deployment.rollBack("ops", "worse"))
          .as("nothing served before fraud:1")
          .isInstanceOf(IllegalStateException.class);
      stale.set(null);
      deployment.tick();

      Scene.assertServes(3, deployment);
    }
  }

  @Test
  void aRollbackTargetThatTheStoreHasLostDoesNotStopLaterMoves() {
    ForeignStore forgetful = new ForeignStore(scene.behind) {
      @Override
      public AliasChange commit(AliasMove move) {
        throw new VersionNotFoundException("no version " + move.to());
      }
    };
    try (Deployment<Scene.Order> deployment = scene.deployment(forgetful).open()) {
      scene.move(2);
      deployment.tick();
      deployment.rollBack("ops", "bad");
      deployment.tick();
      Scene.assertServes(1, deployment);
      scene.move(3);
      deployment.tick();

      Scene.assertServes(3, deployment);
      assertThat(deployment.rollbackPending()).isFalse();
    }
  }

  @Test
  void aLostAnswerStillLeavesOneMove() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      deployment.rollBack("ops", "bad");
      scene.store.loseNextAnswer();
      try (CapturedLog log = CapturedLog.of(Deployment.class)) {
        deployment.tick();
        deployment.tick();

        assertThat(log.lines()).as("nothing went wrong").isEmpty();
      }

      Scene.assertServes(1, deployment);
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 1L));
      assertThat(deployment.rollbackPending()).isFalse();
      assertThat(deployment.trouble()).isEmpty();
    }
  }

  /** The answer is lost and so is the question whether it was made: the same intent is committed again. */
  @Test
  void aLostAnswerThatCannotBeAskedForIsCommittedAgainUnderTheSameIntent() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      deployment.rollBack("ops", "bad");
      scene.store.loseNextAnswer().failCall(2);
      deployment.tick();
      assertThat(deployment.rollbackPending()).isTrue();
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 1L));

      scene.store.heal();
      deployment.tick();

      Scene.assertServes(1, deployment);
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 1L));
      assertThat(deployment.rollbackPending()).isFalse();
    }
  }

  @Test
  void aLostAnswerThatWasOvertakenFollowsTheNewerMove() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      deployment.rollBack("ops", "bad");
      scene.store.loseNextAnswer().failCall(2);
      deployment.tick();
      scene.move(3);
      scene.store.heal();
      deployment.tick();

      Scene.assertServes(3, deployment);
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 1L, 3L));
    }
  }

  @Test
  void twiceIsRefused() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      deployment.rollBack("ops", "bad");
      IllegalStateException refused = assertThatExceptionOfType(IllegalStateException.class)
          .isThrownBy(() -> deployment.rollBack("ops", "worse"))
          .actual();

      assertThat(refused.getMessage())
          .isEqualTo(
              "cannot roll back fraud:1: no version before it is loaded; it goes on serving");
      Scene.assertServes(1, deployment);
      deployment.tick();
      assertThat(scene.behind.current(Scene.ALIAS).orElseThrow().because()).isEqualTo("bad");
      assertThatThrownBy(() -> deployment.rollBack("ops", "worse"))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  /** From 3 to 2 and, asked again, to 1: a second call never brings back what the first one left. */
  @Test
  void askedAgainGoesFurtherBackAndNeverForward() {
    try (CapturedLog log = CapturedLog.of(Deployment.class);
        Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      scene.move(3);
      deployment.tick();
      Scene.assertServes(3, deployment);

      assertThat(deployment.rollBack("ops", "bad").toString()).isEqualTo("fraud:2");
      assertThatThrownBy(() -> deployment.rollBack("ops", "again"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "cannot roll back fraud:2: no version before it is loaded; it goes on serving");
      deployment.tick();
      Scene.assertServes(2, deployment);
      assertThat(deployment.rollBack("ops", "2 is bad too").toString()).isEqualTo("fraud:1");
      deployment.tick();
      deployment.tick();
      Scene.assertServes(1, deployment);
      assertThatThrownBy(() -> deployment.rollBack("ops", "third"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "cannot roll back fraud:1: no version before it is loaded; it goes on serving");
      assertThat(scene.moves()).isEqualTo(List.of(1L, 2L, 3L, 2L, 1L));
      assertThat(deployment.trouble()).isEmpty();
      assertThat(log.lines()).as("no request missed its record").isEmpty();
    }
    scene.runtime.loaded.forEach(
        model -> assertThat(model.closes.get()).as(model.toString()).isEqualTo(1));
  }

  /** Neither version 2 nor the one before it can be loaded. That is no trouble once another one could be rolled back to, or none. */
  @Test
  void aRollbackTargetThatCannotBeLoadedIsNoTroubleOnceItIsNotNeeded() {
    Scene four = Scene.of(4);
    four.move(2);
    four.move(3);
    AtomicBoolean unloadable = new AtomicBoolean(true);
    four.runtime.before = number -> {
      if (number == 2 || (number == 1 && unloadable.get())) {
        throw new IllegalStateException("no such library");
      }
    };
    Optional<String> trouble = Optional.of("could not load what fraud@champion could be rolled back"
        + " to: IllegalStateException: no such library");
    for (int next : new int[] {4, 1}) {
      try (Deployment<Scene.Order> deployment = four.deployment().open()) {
        deployment.tick();
        assertThat(deployment.trouble()).isEqualTo(trouble);
        unloadable.set(false);
        four.move(next);
        deployment.tick();
        assertThat(deployment.trouble()).as("at " + next).isEmpty();
        Scene.assertServes(next, deployment);
      }
      four.move(3);
      unloadable.set(true);
    }
  }

  /** Nobody ticks what is closed: its last trouble would stand for ever. */
  @Test
  void aRollbackTargetThatCannotBeLoadedIsNoTroubleAfterClosing() {
    scene.move(2);
    scene.runtime.before = number -> {
      if (number == 1) {
        throw new IllegalStateException("no such library");
      }
    };
    Deployment<Scene.Order> deployment = scene.deployment().open();
    deployment.tick();
    assertThat(deployment.trouble().isPresent()).isTrue();
    deployment.close();
    assertThat(deployment.trouble()).isEmpty();
  }

  @Test
  void beforeAnyRollbackTargetIsRefused() {
    try (Deployment<Scene.Order> deployment = scene.deployment().open()) {
      IllegalStateException refused = assertThatExceptionOfType(IllegalStateException.class)
          .isThrownBy(() -> deployment.rollBack("ops", "bad"))
          .actual();

      assertThat(refused.getMessage())
          .isEqualTo(
              "cannot roll back fraud:1: no version before it is loaded; it goes on serving");
      assertThat(deployment.rollbackPending()).isFalse();
      Scene.assertServes(1, deployment);
    }
  }

  @Test
  void afterClosingIsRefused() {
    Deployment<Scene.Order> deployment = scene.servesTwoAfterOne();
    deployment.close();

    assertThatThrownBy(() -> deployment.rollBack("ops", "bad"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("deployment of fraud@champion is closed");
  }

  @Test
  void aLongReasonIsCutRatherThanRefused() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      deployment.rollBack("o".repeat(201), "r".repeat(2_001));
      deployment.tick();

      AliasChange made = scene.behind.current(Scene.ALIAS).orElseThrow();
      assertThat(made.by()).isEqualTo("o".repeat(200));
      assertThat(made.because()).isEqualTo("r".repeat(2_000));
    }
  }

  /** A store that hangs is worse than one that throws: neither a rollback nor closing waits for it. */
  @Test
  void doesNotWaitForAStoreThatHangs() throws InterruptedException {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    ForeignStore hanging = new ForeignStore(scene.behind) {
      @Override
      public Optional<AliasChange> current(String alias) {
        if (Thread.currentThread().getName().equals("ticker")) {
          inside.countDown();
          await(leave);
        }
        return super.current(alias);
      }
    };
    Deployment<Scene.Order> deployment = scene.deployment(hanging).open();
    scene.move(2);
    deployment.tick();
    Thread ticker = new Thread(deployment::tick, "ticker");
    ticker.start();
    inside.await();

    deployment.rollBack("ops", "bad");
    Scene.assertServes(1, deployment);
    deployment.close();

    leave.countDown();
    ticker.join();
    scene.runtime.loaded.forEach(
        model -> assertThat(model.closes.get()).as(model.toString()).isEqualTo(1));
  }

  @Test
  void creditsTheRollbackTargetWithWhatItAnswers() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      deployment.rollBack("ops", "bad");
      deployment.serve(Scene.ORDER);
      deployment.tick();

      assertThat(deployment.evidence().champion().orElseThrow().version()).isEqualTo("1");
    }
  }

  @Test
  void aMonitorThatRefusesARecorderDoesNotStopIt() {
    class Refusing extends ForeignMonitor {
      boolean refuses;

      @Override
      public Recorder recorder(String version, Baseline baseline) {
        if (refuses) {
          throw new LinkageError("monitor is broken");
        }
        return super.recorder(version, baseline);
      }
    }
    Refusing monitor = new Refusing();
    try (Deployment<Scene.Order> deployment =
        scene.deployment().monitoredBy(model -> monitor).open()) {
      scene.move(2);
      deployment.tick();
      monitor.refuses = true;

      deployment.rollBack("ops", "bad");

      Scene.assertServes(1, deployment);
      assertThat(monitor.recorded("1"))
          .as("it goes on with the recorder that it had")
          .isEqualTo(1);
    }
  }

  @Test
  void closingBeforeTheStoreKnowsSaysSo() {
    try (CapturedLog log = CapturedLog.of(Deployment.class)) {
      Deployment<Scene.Order> deployment = scene.servesTwoAfterOne();
      deployment.rollBack("ops", "bad");
      deployment.close();

      assertThat(log.lines())
          .isEqualTo(
              List.of(
                  "WARNING closed before the store knew of the rollback of fraud@champion to"
                      + " fraud:1; the next deployment to open serves fraud:2 again unless the alias is moved"));
      assertThat(deployment.rollbackPending()).isFalse();
    }
  }

  /** A monitor of the host's that takes its time holds no rollback up, and learns afterwards what serves. */
  @Test
  void doesNotWaitForAMonitorThatIsAskedForARecorder() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    List<String> asked = Collections.synchronizedList(new ArrayList<>());
    InMemoryMonitor monitor = InMemoryMonitor.config().on(scene.clock).open("fraud");
    Deployment<Scene.Order> deployment = scene
        .deployment(scene.behind)
        .monitoredBy(model -> new SlowMonitor(monitor, version -> {
          asked.add(version);
          if (version.equals("3")) {
            inside.countDown();
            await(leave);
          }
        }))
        .open();
    scene.move(2);
    deployment.tick();
    scene.move(3);
    Thread ticker = new Thread(deployment::tick, "ticker");
    ticker.start();
    inside.await();

    assertThat(deployment.rollBack("ops", "bad").toString()).isEqualTo("fraud:1");
    Scene.assertServes(1, deployment);

    leave.countDown();
    ticker.join();
    Scene.assertServes(1, deployment);
    deployment.tick(); // the alias has moved on to 3, which wins
    Scene.assertServes(3, deployment);
    assertThat(asked.get(asked.size() - 1)).as(asked.toString()).isEqualTo("3");
    assertThat(deployment.evidence().champion().orElseThrow().version())
        .as("champion of the monitor")
        .isEqualTo("3");
    deployment.close();
  }

  static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
