package dev.mlops.core.loop;

import static dev.mlops.api.monitor.Signals.failures;
import static dev.mlops.api.monitor.Signals.quality;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.core.rollout.TrafficPlan;
import dev.mlops.testkit.InMemoryJournal;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A loop whose candidates answer requests before they have won. */
class TrafficLoopTest {
  private static final RolloutPlan CANARY = TrafficPlan.canary(10, 50)
      .eachFor(20, Duration.ZERO)
      .rollingBackUnless(failures().atMost(0.01))
      .promotingWhen(quality("accuracy").noWorseThanChampion(0.02));

  @TempDir
  Path folder;

  private final InMemoryJournal journal = new InMemoryJournal();

  /** Of loops that die, since a file has one writer in a process. */
  private final InMemoryJournal loops = new InMemoryJournal();

  private LoopScene scene;

  @BeforeEach
  void open() {
    scene = new LoopScene(folder);
    scene.deployment.close();
    scene.monitor = new LoopScene(folder.resolve("other")).monitor;
    scene.deployment = scene.builder(scene.store).journal(journal).open();
  }

  private void run(MaintenanceLoop loop, int rounds) {
    for (int i = 0; i < rounds; i++) {
      scene.serve(50);
      loop.tick();
    }
  }

  @Test
  void aBetterCandidateTakesItsStepsAndIsPromoted() {
    scene.world = "B";
    scene.trainer.script = rows -> "B/0.0";
    try (MaintenanceLoop loop =
        scene.loop(LoopScene.whileFirst()).rollout(CANARY).build()) {
      run(loop, 40);
      assertThat(scene.kinds()).containsSubsequence("RETRAIN", "PUBLISHED", "GATED", "PROMOTED");
      assertThat(scene.moves()).containsExactly(1L, 2L);
      assertThat(journal.events())
          .extracting(LoopEvent::kind)
          .containsExactly(
              LoopEvent.Kind.ROLLING_OUT,
              LoopEvent.Kind.STEPPING,
              LoopEvent.Kind.PROMOTING,
              LoopEvent.Kind.PROMOTED);
      assertThat(scene.last().intent()).isEqualTo(journal.events().get(0).intent());
    }
  }

  @Test
  void aWorseCandidateIsRolledBackAndTheChampionKept() {
    scene.trainer.script = rows -> "B/0.0";
    try (MaintenanceLoop loop =
        scene.loop(LoopScene.whileFirst()).rollout(CANARY).build()) {
      run(loop, 12);
      assertThat(scene.kinds()).contains("GATED", "KEPT");
      assertThat(scene.moves()).containsExactly(1L);
      assertThat(journal.events())
          .extracting(LoopEvent::kind)
          .contains(LoopEvent.Kind.ROLLED_BACK)
          .doesNotContain(LoopEvent.Kind.PROMOTED);
    }
  }

  @Test
  void aCandidateThatTheGateCouldNotDecideAnswersNobody() {
    scene.trainer.script = rows -> "B/0.0";
    try (MaintenanceLoop loop = scene
        .loop(LoopScene.whileFirst())
        .gate(evidence -> Finding.inconclusive("too few rows"))
        .rollout(CANARY)
        .build()) {
      run(loop, 6);
      assertThat(scene.kinds()).contains("KEPT");
      assertThat(scene.heard.stream()
              .filter(e -> e.kind() == LoopEvent.Kind.KEPT)
              .findFirst()
              .orElseThrow()
              .text())
          .contains("would answer requests", "too few rows");
      assertThat(journal.events()).isEmpty();
    }
  }

  @Test
  void aPlanWithStepsNeedsADeploymentWithAJournal() {
    scene.restart(scene.store);
    assertThatThrownBy(() -> scene.loop(LoopScene.always()).rollout(CANARY).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("canary", "journal(…)");
  }

  @Test
  void aLoopThatIsHaltedHoldsItsRollout() {
    scene.world = "B";
    scene.trainer.script = rows -> "B/0.0";
    try (MaintenanceLoop loop =
        scene.loop(LoopScene.whileFirst()).rollout(CANARY).build()) {
      for (int i = 0; i < 40 && scene.deployment.rollouts().isEmpty(); i++) {
        run(loop, 1);
      }
      loop.halt("ops", "a holiday");
      run(loop, 30);
      assertThat(scene.moves()).as("while it is halted").containsExactly(1L);
      assertThat(scene.deployment.rollouts()).hasSize(1);
      loop.resume("ops", "back");
      run(loop, 30);
      assertThat(scene.moves()).containsExactly(1L, 2L);
    }
  }

  /** The process dies while the candidate answers requests: what the monitor knew is gone, journals and store are there. */
  private void dieWhileRollingOut() {
    scene.world = "B";
    scene.trainer.script = rows -> "B/0.0";
    MaintenanceLoop dead =
        scene.loop(LoopScene.whileFirst()).rollout(CANARY).journal(loops).build();
    for (int i = 0; i < 40 && scene.deployment.rollouts().isEmpty(); i++) {
      run(dead, 1);
    }
    assertThat(scene.deployment.rollouts()).hasSize(1);
    scene.monitor = new LoopScene(folder.resolve("after")).monitor;
  }

  @Test
  void aRolloutThatTheDeploymentResumedGoesOn() {
    dieWhileRollingOut();
    scene.deployment =
        scene.builder(scene.store).journal(journal).resuming(CANARY).open();
    String id = scene.deployment.rollouts().get(0).id();
    try (MaintenanceLoop loop =
        scene.loop(LoopScene.whileFirst()).rollout(CANARY).journal(loops).build()) {
      run(loop, 40);
      assertThat(scene.moves()).containsExactly(1L, 2L);
      assertThat(journal.events())
          .extracting(LoopEvent::kind)
          .doesNotContain(LoopEvent.Kind.ABORTED, LoopEvent.Kind.ROLLED_BACK)
          .endsWith(LoopEvent.Kind.PROMOTED);
      assertThat(scene.last().kind()).isEqualTo(LoopEvent.Kind.PROMOTED);
      assertThat(scene.last().intent()).contains(id);
      assertThat(scene.kinds().stream().filter("RETRAIN"::equals)).hasSize(1);
    }
  }

  @Test
  void aRolloutThatWonWhileNoLoopWasThereIsFoundInTheStore() {
    dieWhileRollingOut();
    scene.deployment =
        scene.builder(scene.store).journal(journal).resuming(CANARY).open();
    for (int i = 0; i < 40 && scene.moves().size() == 1; i++) {
      scene.serve(50);
    }
    assertThat(scene.moves()).containsExactly(1L, 2L);
    try (MaintenanceLoop loop =
        scene.loop(LoopScene.whileFirst()).rollout(CANARY).journal(loops).build()) {
      loop.tick();
      assertThat(scene.last().kind()).isEqualTo(LoopEvent.Kind.PROMOTED);
      assertThat(scene.last().text()).contains("the move had been made");
    }
  }

  @Test
  void aRolloutThatTheDeploymentWasGivenNoPlanForIsOver() {
    dieWhileRollingOut();
    scene.deployment = scene.builder(scene.store).journal(journal).open();
    try (MaintenanceLoop loop =
        scene.loop(LoopScene.always()).rollout(CANARY).journal(loops).build()) {
      loop.tick();
      assertThat(scene.heard.stream().map(LoopEvent::kind)).contains(LoopEvent.Kind.ABANDONED);
      assertThat(journal.events()).extracting(LoopEvent::kind).endsWith(LoopEvent.Kind.ROLLED_BACK);
      assertThat(scene.moves()).containsExactly(1L);
    }
  }

  /** A rollout goes forward, whatever the number: nobody moved back by it. */
  @Test
  void aRolloutOfAnOlderVersionHaltsNoLoop() {
    scene.world = "B";
    scene.trainer.script = rows -> "B/0.0";
    try (MaintenanceLoop loop =
        scene.loop(LoopScene.whileFirst()).rollout(TrafficPlan.direct()).build()) {
      run(loop, 20);
      assertThat(scene.moves()).containsExactly(1L, 2L);
      scene.deployment.rollOut(scene.deployment.store().require("iris:1"), TrafficPlan.direct());
      for (int i = 0; i < 5; i++) {
        scene.serve(20);
        scene.deployment.tick();
      }
      assertThat(scene.moves()).containsExactly(1L, 2L, 1L);
      loop.tick();
      assertThat(loop.halted()).isEmpty();
    }
  }

  /** What a plan took back was judged by the plan: nobody has said that the loop must rest. */
  @Test
  void aNewChampionThatFailsItsPlanHaltsNoLoop() {
    scene.world = "B";
    scene.trainer.script = rows -> "B/0.0";
    Finding[] said = {Finding.fail("it drops orders")};
    try (MaintenanceLoop loop = scene
        .loop(LoopScene.whileFirst())
        .rollout(
            TrafficPlan.blueGreen().bakingFor(Duration.ofNanos(1)).rollingBackUnless(e -> said[0]))
        .build()) {
      run(loop, 20);
      assertThat(scene.moves()).startsWith(1L, 2L, 1L);
      assertThat(loop.halted()).isEmpty();
      assertThat(scene.kinds().stream().filter("RETRAIN"::equals).count()).isGreaterThan(1);
      said[0] = Finding.pass("fine");
      run(loop, 20);
      scene.clock.advance(Duration.ofSeconds(1));
      run(loop, 2);
      assertThat(scene.deployment.champion().number()).isGreaterThan(2);
      assertThat(scene.last().kind()).isEqualTo(LoopEvent.Kind.PROMOTED);
    }
  }

  /** The burst of B is over when a rollout has made the candidate champion that learned B. */
  private void promoteByRolloutAndTakeBack(
      SignallingScene signals, MaintenanceLoop loop, Runnable takeBack) {
    scene.serve(100);
    scene.world = "B";
    scene.serve(100);
    signals.change(scene.monitor.outcomes().end() - 100);
    loop.tick();
    serveUntil(loop, LoopEvent.Kind.PROMOTED);
    signals.none();
    scene.world = "A";
    takeBack.run();
    assertThat(scene.moves()).containsExactly(1L, 2L, 1L);
    scene.serve(150);
    signals.change(scene.monitor.outcomes().end() - 150);
    loop.tick();
    assertThat(scene.kinds()).filteredOn("RETRAIN"::equals).hasSize(1);
    assertThat(loop.waiting().orElse("")).contains("taken back", "50 more");
    scene.serve(50);
    loop.tick();
    assertThat(scene.kinds()).filteredOn("RETRAIN"::equals).hasSize(2);
  }

  private void serveUntil(MaintenanceLoop loop, LoopEvent.Kind wanted) {
    for (int rows = 1; rows <= 1_000; rows++) {
      scene.serve(1);
      loop.tick();
      if (scene.heard.stream().anyMatch(event -> event.kind() == wanted)) {
        return;
      }
    }
    throw new AssertionError("wanted " + wanted + " within 1,000 rows, got " + scene.heard);
  }

  @Test
  void afterARolloutThatAReturnTookBackTheNextCandidateKnowsTwiceAsMuch() {
    SignallingScene signals = new SignallingScene(scene);
    scene.trainer.script = rows -> "B/0.0";
    try (MaintenanceLoop loop =
        scene.loop(signals.policy()).reserves(4).rollout(TrafficPlan.direct()).build()) {
      promoteByRolloutAndTakeBack(signals, loop, () -> serveUntil(loop, LoopEvent.Kind.RETURNED));
    }
  }

  @Test
  void afterARolloutThatAPersonTookBackTheNextCandidateKnowsTwiceAsMuch() {
    SignallingScene signals = new SignallingScene(scene);
    scene.trainer.script = rows -> "B/0.0";
    try (MaintenanceLoop loop =
        scene.loop(signals.policy()).rollout(TrafficPlan.direct()).build()) {
      promoteByRolloutAndTakeBack(signals, loop, () -> {
        scene.deployment.rollBack("Ann", "wrong fees");
        serveUntil(loop, LoopEvent.Kind.HALTED);
        loop.resume("Ann", "only that version was wrong");
      });
    }
  }
}
