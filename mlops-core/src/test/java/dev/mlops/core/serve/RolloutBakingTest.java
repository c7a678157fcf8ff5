package dev.mlops.core.serve;

import static dev.mlops.api.monitor.Signals.failures;
import static dev.mlops.core.rollout.TrafficPlan.blueGreen;
import static dev.mlops.core.rollout.TrafficPlan.canary;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.journal.LoopEvent.Kind;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.rollout.TrafficPlan;
import dev.mlops.core.serve.Scene.Order;
import dev.mlops.testkit.InMemoryJournal;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A candidate that has taken over and is watched; version n answers n. */
class RolloutBakingTest {
  private static final Duration BAKE = Duration.ofMinutes(30);

  private final Scene scene = Scene.of(3);
  private InMemoryJournal journal = new InMemoryJournal();
  private Finding said = Finding.pass("fine");
  private final Condition asked = evidence -> said;

  private TrafficPlan plan() {
    return blueGreen().bakingFor(BAKE).rollingBackUnless(asked);
  }

  private Deployment<Order> open(TrafficPlan... resuming) {
    journal = journal.reopened();
    Deployment.Builder<Order> builder = scene.deployment().journal(journal);
    for (TrafficPlan plan : resuming) {
      builder.resuming(plan);
    }
    return builder.open();
  }

  private List<Kind> kinds() {
    return journal.events().stream().map(LoopEvent::kind).toList();
  }

  private LoopEvent last() {
    return journal.events().get(journal.events().size() - 1);
  }

  /** Nobody closes what a dead process held. */
  private void dieWhileBaking(TrafficPlan plan) {
    Deployment<Order> dead = scene.deployment().journal(journal).open();
    Rollout rollout = dead.rollOut(scene.version(2), plan);
    Scene.serveUntilCandidate(dead);
    dead.tick();
    assertThat(rollout.state()).isEqualTo(Rollout.State.BAKING);
    assertThat(kinds()).endsWith(Kind.PROMOTING, Kind.PROMOTED);
  }

  @Test
  void isWatchedOnAfterARestartAndRolledBack() {
    dieWhileBaking(plan());
    scene.clock.advance(Duration.ofMinutes(10));
    try (Deployment<Order> deployment = open(plan())) {
      Rollout rollout = deployment.rollouts().get(0);
      assertThat(rollout.state()).isEqualTo(Rollout.State.BAKING);
      assertThat(rollout.champion()).isEqualTo(scene.version(1));
      Scene.assertServes(2, deployment);
      assertThatIllegalStateException()
          .isThrownBy(() -> deployment.rollOut(scene.version(3), plan()))
          .withMessageContaining("fraud:2 beside fraud:1");
      deployment.tick(); // loads what can be gone back to
      said = Finding.fail("it drops orders");
      deployment.tick();
      Scene.assertServes(1, deployment);
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
      assertThat(last().text()).contains("it drops orders", "fraud:1 serves again");
      assertThat(deployment.trouble()).isEmpty();
    }
    assertThat(scene.moves()).containsExactly(1L, 2L, 1L);
    assertThat(kinds().stream().filter(Kind::endsCandidate)).hasSize(2);
  }

  @Test
  void isWatchedForTheRestOfItsTime() {
    dieWhileBaking(plan());
    scene.clock.advance(Duration.ofMinutes(10));
    try (Deployment<Order> deployment = open(plan())) {
      Rollout rollout = deployment.rollouts().get(0);
      scene.clock.advance(Duration.ofMinutes(20).minusNanos(1));
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.BAKING);
      scene.clock.advance(Duration.ofNanos(1));
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.PROMOTED);
      assertThat(kinds()).endsWith(Kind.PROMOTED, Kind.BAKED);
      Scene.assertServes(2, deployment);
    }
  }

  @Test
  void isWatchedNoLongerOnceItsTimeIsOverOrItsPlanIsGone() {
    dieWhileBaking(plan());
    scene.clock.advance(BAKE);
    try (Deployment<Order> deployment = open(plan())) {
      assertThat(deployment.rollouts()).isEmpty();
      assertThat(last().kind()).isEqualTo(Kind.BAKED);
      Scene.assertServes(2, deployment);
    }
  }

  @Test
  void withoutItsPlanItServesOnAndTheJournalSaysWhy() {
    dieWhileBaking(plan());
    try (Deployment<Order> deployment = open()) {
      assertThat(deployment.rollouts()).isEmpty();
      assertThat(last().kind()).isEqualTo(Kind.BAKED);
      assertThat(last().text()).contains("no plan", "blue/green", "fraud:2 serves");
      Scene.assertServes(2, deployment);
    }
  }

  @Test
  void isRolledBackAfterARestartIfThePlanSaysSo() {
    TrafficPlan restless = plan().rollingBackOnRestart();
    dieWhileBaking(restless);
    try (Deployment<Order> deployment = open(restless)) {
      deployment.tick();
      Scene.assertServes(1, deployment);
      assertThat(deployment.rollouts()).isEmpty();
      assertThat(last().kind()).isEqualTo(Kind.ROLLED_BACK);
      assertThat(last().text()).contains("a restart interrupted it");
      deployment.tick();
      assertThat(deployment.trouble()).isEmpty();
    }
    assertThat(scene.moves()).containsExactly(1L, 2L, 1L);
  }

  /** The alias was moved, and the process died before that was written. */
  @Test
  void isWatchedFromTheStartIfOnlyTheStoreKnowsThatItTookOver() {
    Journal dying = new Journal() {
      @Override
      public void append(LoopEvent event) {
        if (event.kind() == Kind.PROMOTED) {
          throw new StoreException("the process is dead", null);
        }
        journal.append(event);
      }

      @Override
      public List<LoopEvent> events() {
        return journal.events();
      }

      @Override
      public void close() {}
    };
    Deployment<Order> dead = scene.deployment().journal(dying).open();
    dead.rollOut(scene.version(2), plan());
    dead.tick();
    assertThat(scene.moves()).containsExactly(1L, 2L);
    assertThat(kinds()).containsExactly(Kind.ROLLING_OUT, Kind.PROMOTING);
    try (Deployment<Order> deployment = open(plan())) {
      Rollout rollout = deployment.rollouts().get(0);
      assertThat(rollout.state()).isEqualTo(Rollout.State.BAKING);
      assertThat(last().kind()).isEqualTo(Kind.PROMOTED);
      assertThat(last().number("bake_seconds")).hasValue(1_800);
      deployment.tick();
      said = Finding.fail("it burns");
      deployment.tick();
      Scene.assertServes(1, deployment);
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
    }
  }

  /** The champion that is brought back is the one that served before, also if it is newer. */
  @Test
  void anOlderCandidateThatFailsGivesWayToTheNewerChampionThatServedBefore() {
    try (Deployment<Order> deployment = scene.deployment().journal(journal).open()) {
      scene.move(3);
      deployment.tick();
      Scene.assertServes(3, deployment);
      Rollout rollout = deployment.rollOut(scene.version(2), plan());
      deployment.tick();
      Scene.assertServes(2, deployment);
      said = Finding.fail("it drops orders");
      deployment.tick();
      Scene.assertServes(3, deployment);
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
      assertThat(last().text()).contains("fraud:3 serves again");
      deployment.tick();
      assertThat(deployment.trouble()).isEmpty();
      assertThat(scene.moves()).containsExactly(1L, 3L, 2L, 3L);
      deployment.rollBack("ops", "this one as well");
      Scene.assertServes(1, deployment);
    }
  }

  @Test
  void anOlderCandidateThatFailsAfterARestartDoesSoToo() {
    scene.move(3);
    dieWhileBaking(plan());
    try (Deployment<Order> deployment = open(plan())) {
      deployment.tick();
      said = Finding.fail("it drops orders");
      deployment.tick();
      Scene.assertServes(3, deployment);
      deployment.tick();
      assertThat(scene.moves()).containsExactly(1L, 3L, 2L, 3L);
    }
  }

  /** A share of failures above the limit on few calls is luck as often as not, and every tick looks. */
  @Test
  void fewFailuresAmongFewCallsBringNobodyBack() {
    try (Deployment<Order> deployment = scene.deployment().journal(journal).open()) {
      Rollout rollout = deployment.rollOut(
          scene.version(2),
          canary(50)
              .eachFor(0, Duration.ZERO)
              .rollingBackUnless(asked, failures().atMost(0.2))
              .bakingFor(BAKE));
      for (int i = 0; i < 400; i++) {
        deployment.serve("key-" + i, Scene.ORDER);
      }
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.BAKING);
      fail(deployment, 3, 8);
      assertThat(rollout.state()).as("3 of 8").isEqualTo(Rollout.State.BAKING);
      fail(deployment, 60, 60);
      assertThat(rollout.state()).as("63 of 68").isEqualTo(Rollout.State.ROLLED_BACK);
      assertThat(rollout.reason()).contains("63 of 68", "limit 0.2");
    }
  }

  private void fail(Deployment<Order> deployment, int failing, int of) {
    for (int i = 0; i < of; i++) {
      boolean fails = i < failing;
      scene.runtime.during = model -> {
        if (fails && model.number == 2) {
          throw new IllegalStateException("on purpose");
        }
      };
      try {
        deployment.serve(Scene.ORDER);
      } catch (IllegalStateException e) {
        assertThat(fails).isTrue();
      }
    }
    deployment.tick();
  }
}
