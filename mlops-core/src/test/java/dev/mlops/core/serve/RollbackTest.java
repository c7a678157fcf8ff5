package dev.mlops.core.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD) // one that hangs fails by name
class RollbackTest {
  private final Scene scene = Scene.of(3);

  @Test
  void answersFromThePredecessorWithoutTheStoreAndTellsItOnceItIsBack() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      scene.store.failEveryCall();
      long calls = scene.store.calls();
      int loads = scene.runtime.loaded.size();

      Version now = deployment.rollBack("ops", "fraud:2 refuses everything");

      assertEquals("fraud:1", now.toString());
      Scene.assertServes(1, deployment);
      assertEquals(calls, scene.store.calls(), "calls to the store");
      assertEquals(loads, scene.runtime.loaded.size(), "loads");
      assertTrue(deployment.rollbackPending());
      assertEquals(1, scene.runtime.newest(2).closes.get());
      assertEquals(0, scene.runtime.newest(1).closes.get());

      for (int i = 0; i < 3; i++) {
        long before = scene.store.calls();
        deployment.tick();
        assertTrue(scene.store.calls() > before, "it keeps trying");
        assertTrue(deployment.rollbackPending());
        Scene.assertServes(1, deployment);
      }
      assertTrue(
          deployment
              .trouble()
              .orElseThrow()
              .startsWith("could not move fraud@champion back to fraud:1: call "),
          deployment.trouble().toString());
      assertEquals(List.of(1L, 2L), scene.moves());

      scene.store.heal();
      deployment.tick();
      deployment.tick();

      assertEquals(List.of(1L, 2L, 1L), scene.moves());
      AliasChange made = scene.behind.current(Scene.ALIAS).orElseThrow();
      assertEquals("ops", made.by());
      assertEquals("fraud:2 refuses everything", made.because());
      assertFalse(deployment.rollbackPending());
      assertEquals(Optional.empty(), deployment.trouble());
      Scene.assertServes(1, deployment);
      assertEquals(loads, scene.runtime.loaded.size(), "loads");
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
      assertEquals(List.of(1L, 2L, 3L), scene.moves());
      assertFalse(deployment.rollbackPending());
      assertEquals(Optional.empty(), deployment.trouble());
      assertEquals("fraud:1", deployment.rollBack("ops", "bad too").toString());
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
      assertEquals(List.of(1L, 2L, 1L), scene.moves());
      assertEquals("next", scene.behind.current(Scene.ALIAS).orElseThrow().because());
      assertEquals(loads, scene.runtime.loaded.size(), "loads");
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
      assertEquals(List.of(1L, 2L, 1L, 2L), scene.moves());
      assertFalse(deployment.rollbackPending());
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

      assertEquals("fraud:1", deployment.rollBack("ops", "bad").toString());
      deployment.tick();

      Scene.assertServes(1, deployment);
      assertEquals(List.of(1L, 2L, 1L, 2L, 1L), scene.moves());
    }
  }

  /** The version that somebody else rolled back from is the one version that must not come back. */
  @Test
  void neverAnswersFromWhatAnotherReplicaRolledBackFrom() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      scene.move(1);
      deployment.tick();
      deployment.tick();

      assertEquals(
          "cannot roll back fraud:1: no version before it is loaded; it goes on serving",
          assertThrows(IllegalStateException.class, () -> deployment.rollBack("ops", "bad"))
              .getMessage());
      Scene.assertServes(1, deployment);
      assertEquals(1, scene.runtime.newest(2).closes.get());
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
      assertEquals(List.of(1L, 2L, 3L, 2L), scene.moves());
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
      assertEquals("fraud:2", deployment.rollBack("ops", "bad").toString());
      Scene.assertServes(2, deployment);
      assertEquals(loads, four.runtime.loaded.size(), "it was at hand");
    }
    four.runtime.loaded.forEach(model -> assertEquals(1, model.closes.get(), model.toString()));
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

      assertEquals("fraud:1", deployment.rollBack("ops", "bad").toString());
      Scene.assertServes(1, deployment);
    }
    five.runtime.loaded.forEach(model -> assertEquals(1, model.closes.get(), model.toString()));
  }

  /** With the store away, from here on. */
  private void answersWithoutTheStore(Deployment<Scene.Order> deployment, int number) {
    scene.store.failEveryCall();
    long calls = scene.store.calls();
    int loads = scene.runtime.loaded.size();
    assertEquals("fraud:" + number, deployment.rollBack("ops", "bad").toString());
    Scene.assertServes(number, deployment);
    assertEquals(calls, scene.store.calls(), "calls to the store");
    assertEquals(loads, scene.runtime.loaded.size(), "loads");
  }

  @Test
  void worksAfterARestartOnceATickHasLoadedThePredecessor() {
    scene.move(2);
    ForeignMonitor monitor = new ForeignMonitor();
    try (CapturedLog log = CapturedLog.of(Deployment.class);
        Deployment<Scene.Order> deployment =
            scene.deployment().monitoredBy(model -> monitor).open()) {
      assertEquals(1, scene.runtime.loaded.size(), "opening loads what serves, no more");
      assertThrows(IllegalStateException.class, () -> deployment.rollBack("ops", "bad"));
      deployment.tick();
      deployment.tick();
      assertEquals(2, scene.runtime.loaded.size());
      Scene.assertServes(2, deployment);
      assertEquals(1, monitor.recorded("2"));
      assertEquals(
          "2",
          deployment.evidence().champion().orElseThrow().version(),
          "the monitor knows of what serves alone");

      answersWithoutTheStore(deployment, 1);
      assertEquals(1, monitor.recorded("1"), "recorded from its first answer on");
      assertEquals("2", deployment.evidence().champion().orElseThrow().version());
      deployment.tick();
      assertEquals("1", deployment.evidence().champion().orElseThrow().version());
      scene.store.heal();
      deployment.tick();
      assertEquals(
          List.of(),
          log.lines().stream().filter(line -> line.contains("recorded")).toList());
      assertEquals(List.of(1L, 2L, 1L), scene.moves());
      assertEquals(Optional.empty(), deployment.trouble());
    }
    scene.runtime.loaded.forEach(model -> assertEquals(1, model.closes.get(), model.toString()));
  }

  @Test
  void aPredecessorThatCannotBeLoadedIsToldOnceAndTriedAgainLater() {
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
        assertEquals(
            Optional.of("could not load what fraud@champion could be rolled back to:"
                + " IllegalStateException: no such library"),
            deployment.trouble());
        scene.clock.advance(Duration.ofSeconds(1));
      }
      assertEquals(1 + 4, store.opens.get());
      assertEquals(
          List.of("WARNING could not load what fraud@champion could be rolled back to:"
              + " IllegalStateException: no such library; no rollback until then"),
          log.lines());
      scene.runtime.before = number -> {};
      scene.clock.advance(Duration.ofSeconds(8));
      deployment.tick();
      assertEquals(Optional.empty(), deployment.trouble());
      assertEquals("fraud:1", deployment.rollBack("ops", "bad").toString());
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
      assertTrue(deployment.rollbackPending());

      deployment.tick();
      assertEquals(List.of(1L, 2L, 3L, 2L), scene.moves());
      Scene.assertServes(2, deployment);
      assertEquals("fraud:1", deployment.rollBack("ops", "2 is bad too").toString());
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
      assertEquals(1, reads[0]);
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
      assertTrue(deployment.rollbackPending());
      assertEquals(1, intents.size(), "one intent, however often it is tried");
      assertEquals(
          Optional.of("could not move fraud@champion back to fraud:1: disk is full; not moved"),
          deployment.trouble());

      scene.move(3);
      deployment.tick();

      Scene.assertServes(3, deployment);
      assertFalse(deployment.rollbackPending());
      assertEquals(List.of(1L, 2L, 3L), scene.moves());
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
      assertEquals(List.of(1L, 2L, 1L), scene.moves());
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
      assertThrows(
          IllegalStateException.class,
          () -> deployment.rollBack("ops", "worse"),
          "nothing served before fraud:1");
      stale.set(null);
      deployment.tick();

      Scene.assertServes(3, deployment);
    }
  }

  @Test
  void aPredecessorThatTheStoreHasLostDoesNotStopLaterMoves() {
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
      assertFalse(deployment.rollbackPending());
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

        assertEquals(List.of(), log.lines(), "nothing went wrong");
      }

      Scene.assertServes(1, deployment);
      assertEquals(List.of(1L, 2L, 1L), scene.moves());
      assertFalse(deployment.rollbackPending());
      assertEquals(Optional.empty(), deployment.trouble());
    }
  }

  /** The answer is lost and so is the question whether it was made: the same intent is committed again. */
  @Test
  void aLostAnswerThatCannotBeAskedForIsCommittedAgainUnderTheSameIntent() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      deployment.rollBack("ops", "bad");
      scene.store.loseNextAnswer().failCall(2);
      deployment.tick();
      assertTrue(deployment.rollbackPending());
      assertEquals(List.of(1L, 2L, 1L), scene.moves());

      scene.store.heal();
      deployment.tick();

      Scene.assertServes(1, deployment);
      assertEquals(List.of(1L, 2L, 1L), scene.moves());
      assertFalse(deployment.rollbackPending());
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
      assertEquals(List.of(1L, 2L, 1L, 3L), scene.moves());
    }
  }

  @Test
  void twiceIsRefused() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      deployment.rollBack("ops", "bad");
      IllegalStateException refused =
          assertThrows(IllegalStateException.class, () -> deployment.rollBack("ops", "worse"));

      assertEquals(
          "cannot roll back fraud:1: no version before it is loaded; it goes on serving",
          refused.getMessage());
      Scene.assertServes(1, deployment);
      deployment.tick();
      assertEquals("bad", scene.behind.current(Scene.ALIAS).orElseThrow().because());
      assertThrows(IllegalStateException.class, () -> deployment.rollBack("ops", "worse"));
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

      assertEquals("fraud:2", deployment.rollBack("ops", "bad").toString());
      assertEquals(
          "cannot roll back fraud:2: no version before it is loaded; it goes on serving",
          assertThrows(IllegalStateException.class, () -> deployment.rollBack("ops", "again"))
              .getMessage());
      deployment.tick();
      Scene.assertServes(2, deployment);
      assertEquals("fraud:1", deployment.rollBack("ops", "2 is bad too").toString());
      deployment.tick();
      deployment.tick();
      Scene.assertServes(1, deployment);
      assertEquals(
          "cannot roll back fraud:1: no version before it is loaded; it goes on serving",
          assertThrows(IllegalStateException.class, () -> deployment.rollBack("ops", "third"))
              .getMessage());
      assertEquals(List.of(1L, 2L, 3L, 2L, 1L), scene.moves());
      assertEquals(Optional.empty(), deployment.trouble());
      assertEquals(List.of(), log.lines(), "no request missed its record");
    }
    scene.runtime.loaded.forEach(model -> assertEquals(1, model.closes.get(), model.toString()));
  }

  /** Version 2 cannot be loaded. It is no trouble once another one could be rolled back to, or none. */
  @Test
  void aPredecessorThatCannotBeLoadedIsNoTroubleOnceItIsNotNeeded() {
    Scene four = Scene.of(4);
    four.move(2);
    four.move(3);
    four.runtime.before = number -> {
      if (number == 2) {
        throw new IllegalStateException("no such library");
      }
    };
    Optional<String> trouble = Optional.of("could not load what fraud@champion could be rolled back"
        + " to: IllegalStateException: no such library");
    for (int next : new int[] {4, 1}) {
      try (Deployment<Scene.Order> deployment = four.deployment().open()) {
        deployment.tick();
        assertEquals(trouble, deployment.trouble());
        four.move(next);
        deployment.tick();
        assertEquals(Optional.empty(), deployment.trouble(), "at " + next);
        Scene.assertServes(next, deployment);
      }
      four.move(3);
    }
  }

  /** Nobody ticks what is closed: its last trouble would stand for ever. */
  @Test
  void aPredecessorThatCannotBeLoadedIsNoTroubleAfterClosing() {
    scene.move(2);
    scene.runtime.before = number -> {
      if (number == 1) {
        throw new IllegalStateException("no such library");
      }
    };
    Deployment<Scene.Order> deployment = scene.deployment().open();
    deployment.tick();
    assertTrue(deployment.trouble().isPresent());
    deployment.close();
    assertEquals(Optional.empty(), deployment.trouble());
  }

  @Test
  void beforeAnyPredecessorIsRefused() {
    try (Deployment<Scene.Order> deployment = scene.deployment().open()) {
      IllegalStateException refused =
          assertThrows(IllegalStateException.class, () -> deployment.rollBack("ops", "bad"));

      assertEquals(
          "cannot roll back fraud:1: no version before it is loaded; it goes on serving",
          refused.getMessage());
      assertFalse(deployment.rollbackPending());
      Scene.assertServes(1, deployment);
    }
  }

  @Test
  void afterClosingIsRefused() {
    Deployment<Scene.Order> deployment = scene.servesTwoAfterOne();
    deployment.close();

    assertEquals(
        "deployment of fraud@champion is closed",
        assertThrows(IllegalStateException.class, () -> deployment.rollBack("ops", "bad"))
            .getMessage());
  }

  @Test
  void aLongReasonIsCutRatherThanRefused() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      deployment.rollBack("o".repeat(201), "r".repeat(2_001));
      deployment.tick();

      AliasChange made = scene.behind.current(Scene.ALIAS).orElseThrow();
      assertEquals("o".repeat(200), made.by());
      assertEquals("r".repeat(2_000), made.because());
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
    scene.runtime.loaded.forEach(model -> assertEquals(1, model.closes.get(), model.toString()));
  }

  @Test
  void creditsThePredecessorWithWhatItAnswers() {
    try (Deployment<Scene.Order> deployment = scene.servesTwoAfterOne()) {
      deployment.rollBack("ops", "bad");
      deployment.serve(Scene.ORDER);
      deployment.tick();

      assertEquals("1", deployment.evidence().champion().orElseThrow().version());
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
      assertEquals(1, monitor.recorded("1"), "it goes on with the recorder that it had");
    }
  }

  @Test
  void closingBeforeTheStoreKnowsSaysSo() {
    try (CapturedLog log = CapturedLog.of(Deployment.class)) {
      Deployment<Scene.Order> deployment = scene.servesTwoAfterOne();
      deployment.rollBack("ops", "bad");
      deployment.close();

      assertEquals(
          List.of("WARNING closed before the store knew of the rollback of fraud@champion to"
              + " fraud:1; the next deployment to open serves fraud:2 again unless the alias is moved"),
          log.lines());
      assertFalse(deployment.rollbackPending());
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

    assertEquals("fraud:1", deployment.rollBack("ops", "bad").toString());
    Scene.assertServes(1, deployment);

    leave.countDown();
    ticker.join();
    Scene.assertServes(1, deployment);
    deployment.tick(); // the alias has moved on to 3, which wins
    Scene.assertServes(3, deployment);
    assertEquals("3", asked.get(asked.size() - 1), asked.toString());
    assertEquals(
        "3", deployment.evidence().champion().orElseThrow().version(), "champion of the monitor");
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
