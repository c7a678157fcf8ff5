package dev.mlops.core.serve;

import static dev.mlops.core.rollout.TrafficPlan.blueGreen;
import static dev.mlops.core.rollout.TrafficPlan.canary;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.journal.LoopEvent.Kind;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.store.Version;
import dev.mlops.core.rollout.TrafficPlan;
import dev.mlops.core.serve.Scene.Order;
import dev.mlops.testkit.InMemoryJournal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Whatever else is broken, a candidate that must go gets no more requests. */
class RolloutFaultsTest {
  private static final Duration STEP = Duration.ofMinutes(10);

  private final Scene scene = Scene.of(3);
  private final InMemoryJournal journal = new InMemoryJournal();
  private Finding said = Finding.pass("fine");
  private final Condition asked = evidence -> said;
  private final TrafficPlan plan = canary(50).eachFor(0, STEP).rollingBackUnless(asked);

  private static void candidateAnswers(boolean some, Deployment<Order> deployment) {
    int by2 = 0;
    for (int i = 0; i < 200; i++) {
      by2 += deployment.serve("key-" + i, Scene.ORDER).version().number() == 2 ? 1 : 0;
    }
    if (some) {
      assertThat(by2).isBetween(60, 140);
    } else {
      assertThat(by2).isZero();
    }
  }

  private List<Kind> kinds() {
    return journal.events().stream().map(LoopEvent::kind).toList();
  }

  @Test
  void whoIsToldThatItIsPromotedCanStillAbortIt() {
    AtomicReference<Rollout> rollout = new AtomicReference<>();
    try (Deployment<Order> deployment = scene
        .deployment()
        .journal(journal)
        .onRollout(event -> {
          if (event.kind() == Kind.PROMOTING) {
            rollout.get().abort("policy", "not now");
          }
        })
        .open()) {
      rollout.set(deployment.rollOut(scene.version(2), plan));
      Scene.serveUntilCandidate(deployment);
      scene.clock.advance(STEP);
      deployment.tick();
      assertThat(rollout.get().state()).isEqualTo(Rollout.State.ABORTED);
      assertThat(kinds()).containsExactly(Kind.ROLLING_OUT, Kind.PROMOTING, Kind.ABORTED);
      assertThat(scene.moves()).containsExactly(1L);
      candidateAnswers(false, deployment);
    }
  }

  @Test
  void whoIsToldOfAStepCanAbortIt() {
    AtomicReference<Rollout> rollout = new AtomicReference<>();
    try (Deployment<Order> deployment = scene
        .deployment()
        .journal(journal)
        .onRollout(event -> {
          if (event.kind() == Kind.STEPPING) {
            rollout.get().abort("policy", "far enough");
          }
        })
        .open()) {
      rollout.set(deployment.rollOut(
          scene.version(2), canary(5, 50).eachFor(0, STEP).rollingBackUnless(asked)));
      Scene.serveUntilCandidate(deployment);
      scene.clock.advance(STEP);
      deployment.tick();
      assertThat(rollout.get().state()).isEqualTo(Rollout.State.ABORTED);
      assertThat(rollout.get().share()).isZero();
      assertThat(deployment.rollouts()).isEmpty();
      candidateAnswers(false, deployment);
    }
  }

  @Test
  void aWinnerThatFailsWhileTheStoreIsAwayAnswersNobody() {
    try (Deployment<Order> deployment = scene.deployment().journal(journal).open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), plan);
      scene.store.failEveryCall();
      Scene.serveUntilCandidate(deployment);
      scene.clock.advance(STEP);
      deployment.tick();
      candidateAnswers(true, deployment);
      said = Finding.fail("it burns");
      deployment.tick();
      candidateAnswers(false, deployment);
      scene.store.heal();
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
      assertThat(rollout.reason()).contains("it burns");
      assertThat(scene.moves()).containsExactly(1L);
    }
  }

  @Test
  void aWinnerThatFailsWhileTheJournalIsFullAnswersNobody() {
    try (Deployment<Order> deployment = scene.deployment().journal(journal).open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), plan);
      journal.full(true);
      Scene.serveUntilCandidate(deployment);
      scene.clock.advance(STEP);
      deployment.tick();
      candidateAnswers(true, deployment);
      said = Finding.fail("it burns");
      deployment.tick();
      candidateAnswers(false, deployment);
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
      journal.full(false);
      deployment.tick();
      assertThat(kinds()).containsExactly(Kind.ROLLING_OUT, Kind.ROLLED_BACK);
    }
  }

  @Test
  void abortTakesTheTrafficAwayWhileTheStoreIsAway() {
    try (Deployment<Order> deployment = scene.deployment().journal(journal).open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), plan);
      scene.store.failEveryCall();
      Scene.serveUntilCandidate(deployment);
      scene.clock.advance(STEP);
      deployment.tick();
      rollout.abort("ops", "stop");
      candidateAnswers(false, deployment);
      scene.store.heal();
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.ABORTED);
      assertThat(scene.moves()).containsExactly(1L);
    }
  }

  @Test
  void aClockThatThrowsKeepsNoRolloutFromEnding() {
    AtomicBoolean broken = new AtomicBoolean();
    try (Deployment<Order> deployment = scene
        .deployment()
        .journal(journal)
        .clock(() -> {
          if (broken.get()) {
            throw new IllegalStateException("no time");
          }
          return scene.clock.instant();
        })
        .open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), plan);
      broken.set(true);
      said = Finding.fail("it burns");
      deployment.tick();
      candidateAnswers(false, deployment);
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
    }
  }

  @Test
  void aNewChampionThatFailsGoesWhileTheJournalIsFull() {
    try (Deployment<Order> deployment = scene.deployment().journal(journal).open()) {
      Rollout rollout = deployment.rollOut(
          scene.version(2), blueGreen().bakingFor(STEP).rollingBackUnless(evidence -> {
            journal.full(true); // from the first look at the new champion on
            return said;
          }));
      deployment.tick();
      deployment.tick();
      Scene.assertServes(2, deployment);
      said = Finding.fail("it burns");
      deployment.tick();
      Scene.assertServes(1, deployment);
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
    }
  }

  @Test
  void aMonitorThatThrowsKeepsNoRolloutBeyondItsDeadline() {
    AtomicBoolean broken = new AtomicBoolean();
    ForeignMonitor monitor = new ForeignMonitor() {
      @Override
      public Evidence evidence() {
        if (broken.get()) {
          throw new IllegalStateException("no evidence");
        }
        return super.evidence();
      }
    };
    try (Deployment<Order> deployment = Deployment.of(scene.store, Scene.ALIAS, Scene.ROWS)
        .runtime(scene.runtime)
        .clock(scene.clock)
        .ticker(scene.clock)
        .monitoredBy(model -> monitor)
        .journal(journal)
        .open()) {
      said = Finding.inconclusive("unknown");
      Rollout rollout = deployment.rollOut(scene.version(2), plan.within(Duration.ofHours(1)));
      broken.set(true);
      scene.clock.advance(Duration.ofMinutes(59));
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.RUNNING);
      assertThat(deployment.trouble().orElseThrow()).contains("no evidence");
      scene.clock.advance(Duration.ofMinutes(1));
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
      candidateAnswers(false, deployment);
    }
  }

  @Test
  void aCandidateThatIsDamagedAfterARestartBlocksNoOther() {
    Deployment<Order> before =
        scene.deployment().journal(journal).resuming(plan).open();
    before.rollOut(scene.version(2), plan);
    before.close();
    ForeignStore damaged = new ForeignStore(scene.store) {
      @Override
      public ModelPackage open(Version version) {
        if (version.number() == 2) {
          throw new PackageIntegrityException("blob of " + version + " is not what is listed");
        }
        return super.open(version);
      }
    };
    try (Deployment<Order> after =
        scene.deployment(damaged).journal(journal.reopened()).resuming(plan).open()) {
      after.tick();
      assertThat(after.rollouts()).isEmpty();
      assertThat(after.trouble()).isEmpty();
      assertThat(after.rollOut(scene.version(3), plan).state()).isEqualTo(Rollout.State.RUNNING);
    }
  }

  @Test
  void aMoveToTheChampionThatServesAlreadyChangesNothing() {
    try (Deployment<Order> deployment = scene.deployment().journal(journal).open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), plan);
      scene.move(1);
      deployment.tick();
      candidateAnswers(true, deployment);
      assertThat(rollout.share()).isEqualTo(50_000);
      scene.clock.advance(STEP);
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.PROMOTED);
      assertThat(scene.moves()).containsExactly(1L, 1L, 2L);
    }
  }

  @Test
  void aStepThatLastsForEverIsRefused() {
    for (Duration time : List.of(Duration.ofSeconds(Long.MAX_VALUE), Duration.ofDays(1))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> canary(5, 25).eachFor(0, time))
          .withMessageContaining("never promote");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> canary(5, 25).eachFor(Long.MAX_VALUE, Duration.ZERO))
        .withMessageContaining("never promote");
  }
}
