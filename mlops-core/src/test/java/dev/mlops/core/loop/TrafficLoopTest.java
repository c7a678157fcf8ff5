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
}
