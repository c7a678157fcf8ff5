package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.journal.LoopEvent.Kind;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people say to a loop wins: to halt, to go on, to approve, to reject, and to move the alias back. */
class OperatorsTest {
  @TempDir
  Path folder;

  private LoopScene scene;

  @BeforeEach
  void open() {
    scene = new LoopScene(folder);
    scene.world = "B";
    scene.serve(200);
  }

  private void run(MaintenanceLoop loop, int ticks) {
    for (int i = 0; i < ticks; i++) {
      scene.serve(30);
      loop.tick();
    }
  }

  private void rollBack(String by, String because) {
    Version now = scene.deployment.champion();
    scene
        .behind
        .move(LoopScene.ALIAS)
        .from(scene.behind.current(LoopScene.ALIAS).orElseThrow())
        .to(scene.behind.require("iris:1"))
        .by(by)
        .because(because)
        .commit();
    scene.deployment.tick();
    assertThat(scene.deployment.champion()).isNotEqualTo(now);
  }

  /** Alert rules ask where the retraining is: the loop's evidence tells, the deployment's alone does not. */
  @Test
  void theEvidenceOfTheLoopSaysWhereTheRetrainingIs() {
    Condition trains = Signals.retraining().isNot(Activity.State.HALTED, Activity.State.FAILED);
    try (MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build()) {
      assertThat(scene.deployment.evidence().retraining()).isEmpty();
      assertThat(loop.evidence().retraining().orElseThrow().state()).isEqualTo(Activity.State.IDLE);
      Set<Activity.State> seen = EnumSet.noneOf(Activity.State.class);
      for (int i = 0; i < 60; i++) {
        run(loop, 1);
        seen.add(loop.evidence().retraining().orElseThrow().state());
      }
      assertThat(scene.deployment.champion().number()).isEqualTo(2);
      assertThat(seen).contains(Activity.State.PROMOTED).isSubsetOf(Activity.State.ofRetraining());
      assertThat(trains.test(loop.evidence()).verdict()).isEqualTo(Verdict.PASS);
      loop.halt("Ann", "wrong fees");
      assertThat(loop.evidence().retraining().orElseThrow().state())
          .isEqualTo(Activity.State.HALTED);
      assertThat(trains.test(loop.evidence()).text()).contains("Ann", "wrong fees");
      assertThat(trains.test(loop.evidence()).verdict()).isEqualTo(Verdict.FAIL);
      assertThat(loop.evidence().modelAge()).isPresent();
    }
  }

  /** The candidate is still better and the policy asks for one in every tick: without a rest it would be back within minutes. */
  @Test
  void afterARollbackTheLoopRestsUntilItIsAllowedAgainAlsoAfterARestart() {
    try (MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build()) {
      run(loop, 60);
      assertThat(scene.deployment.champion().number()).isEqualTo(2);

      rollBack("Ann", "wrong fees");
      run(loop, 60);

      assertThat(scene.deployment.champion().number()).isEqualTo(1);
      assertThat(scene.last().kind()).isEqualTo(Kind.HALTED);
      assertThat(scene.last().text()).contains("iris:2", "iris:1", "Ann", "wrong fees");
      assertThat(loop.halted()).contains(scene.last());
      assertThat(loop).asString().contains("halted", "Ann", "wrong fees", "watching");
    }
    scene.restart(scene.store);
    scene.serve(200);
    try (MaintenanceLoop again = scene.loop(LoopScene.whileFirst()).build()) {
      run(again, 40);
      assertThat(scene.deployment.champion().number()).isEqualTo(1);
      assertThat(again.halted()).isPresent();
      assertThat(scene.kinds().stream().filter("HALTED"::equals)).hasSize(1);

      again.resume("Bob", "fees are right now");
      run(again, 60);

      assertThat(again.halted()).isEmpty();
      assertThat(scene.deployment.champion().number()).isEqualTo(3);
      assertThat(again.events())
          .anyMatch(event ->
              event.kind() == Kind.RESUMED && event.text().contains("by Bob: fees are right now"));
    }
  }

  /** A host that was down, or had no loop, when the alias was moved back. */
  @Test
  void aRollbackThatNoLoopSawHaltsTheNextOne() {
    try (MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build()) {
      run(loop, 60);
      assertThat(scene.deployment.champion().number()).isEqualTo(2);
    }
    rollBack("Ann", "wrong fees");
    scene.restart(scene.store);
    scene.serve(200);

    try (MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build()) {
      run(loop, 40);

      assertThat(loop.halted())
          .hasValueSatisfying(event -> assertThat(event.text()).contains("Ann"));
      assertThat(scene.deployment.champion().number()).isEqualTo(1);
    }
  }

  @Test
  void aLoopThatIsHaltedBeginsAndPromotesNothing() {
    try (MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build()) {
      loop.tick();
      loop.tick();
      assertThat(scene.kinds()).endsWith("GATED");

      loop.halt("Ann", "audit");
      run(loop, 60);

      assertThat(scene.kinds()).endsWith("GATED", "HALTED");
      assertThat(scene.deployment.champion().number()).isEqualTo(1);

      loop.resume("Ann", "audit is over");
      run(loop, 60);

      assertThat(scene.kinds()).contains("RESUMED").endsWith("PROMOTED");
      assertThat(scene.moves()).containsExactly(1L, 2L);
    }
    scene.assertCandidatesClosedOnce();
  }

  /** Somebody who halts means it, whether or not the disk is full. */
  @Test
  void aHaltThatCannotBeWrittenHoldsInThisProcess() {
    try (MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build()) {
      scene.breakJournal();
      assertThatThrownBy(() -> loop.halt("Ann", "audit")).isInstanceOf(StoreException.class);
      assertThat(loop.halted()).isPresent();
      assertThatThrownBy(() -> loop.resume("Ann", "over")).isInstanceOf(StoreException.class);
      assertThat(loop.halted()).as("what is not written does not hold").isPresent();
      scene.healJournal();

      run(loop, 20);
      assertThat(scene.kinds()).isEmpty();
      loop.resume("Ann", "over");
      run(loop, 60);
      assertThat(scene.kinds()).endsWith("PROMOTED");
    }
  }

  @Test
  void aCandidateWaitsForAWord() {
    try (MaintenanceLoop loop =
        scene.loop(LoopScene.whileFirst()).mode(MaintenanceLoop.Mode.APPROVE).build()) {
      run(loop, 80);
      assertThat(scene.kinds()).endsWith("AWAITING");
      Version waits = loop.awaiting().orElseThrow();
      assertThat(waits.number()).isEqualTo(2);
      assertThat(scene.last().numbers()).containsKey("truths");
      assertThat(loop).asString().contains("iris:2 waits for approval");
      assertThat(scene.deployment.champion().number()).isEqualTo(1);
      assertThatThrownBy(() -> loop.approve(scene.deployment.champion(), "Ann", "fine"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("iris:1 must wait", "iris:2 waits");

      loop.approve(waits, "Ann", "the numbers are fine");
      run(loop, 1);

      assertThat(scene.kinds()).endsWith("AWAITING", "APPROVED", "PROMOTING", "PROMOTED");
      assertThat(scene.deployment.champion()).isEqualTo(waits);
      assertThat(loop.awaiting()).isEmpty();
      assertThatThrownBy(() -> loop.approve(waits, "Ann", "fine"))
          .isInstanceOf(IllegalStateException.class);
    }
    scene.assertCandidatesClosedOnce();
  }

  @Test
  void aCandidateThatIsRejectedIsKept() {
    try (MaintenanceLoop loop =
        scene.loop(LoopScene.whileFirst()).mode(MaintenanceLoop.Mode.APPROVE).build()) {
      run(loop, 80);
      loop.reject(loop.awaiting().orElseThrow(), "Ann", "not before the audit");

      assertThat(scene.last().kind()).isEqualTo(Kind.KEPT);
      assertThat(scene.last().text()).contains("rejected by Ann", "not before the audit");
      assertThat(scene.deployment.champion().number()).isEqualTo(1);
      assertThat(scene.monitor.kept).hasSize(1);
    }
    scene.assertCandidatesClosedOnce();
  }

  @Test
  void aMoveOfTheAliasEndsACandidateThatWaits() {
    try (MaintenanceLoop loop =
        scene.loop(LoopScene.whileFirst()).mode(MaintenanceLoop.Mode.APPROVE).build()) {
      run(loop, 80);
      Version waits = loop.awaiting().orElseThrow();
      Version other = scene.behind.publish(scene.trainer.make("B/0.1", 99).asPackage("iris"));
      scene
          .behind
          .move(LoopScene.ALIAS)
          .from(scene.behind.current(LoopScene.ALIAS).orElseThrow())
          .to(other)
          .by("Ann")
          .because("a release")
          .commit();
      scene.deployment.tick();
      run(loop, 2);

      assertThat(scene.kinds()).contains("ABANDONED");
      assertThatThrownBy(() -> loop.approve(waits, "Bob", "late"))
          .isInstanceOf(IllegalStateException.class);
      assertThat(scene.deployment.champion()).isEqualTo(other);
    }
  }

  /** Once for each reason: until the policy has none, or another change. */
  @Test
  void aLoopThatAdvisesTrainsNothing() {
    RetrainDecision keep = RetrainDecision.of(RetrainDecision.Outcome.KEEP, "scripted", "");
    List<RetrainDecision> answers = new ArrayList<>();
    try (MaintenanceLoop loop = scene
        .loop((now, past) -> answers.isEmpty() ? keep : answers.get(0))
        .mode(MaintenanceLoop.Mode.ADVISE)
        .build()) {
      run(loop, 3);
      assertThat(scene.kinds()).isEmpty();
      answers.add(0, LoopScene.retrain(150));
      run(loop, 5);
      answers.add(0, LoopScene.retrain(180));
      run(loop, 5);
      answers.add(0, keep);
      run(loop, 5);
      answers.add(0, LoopScene.retrain(180));
      run(loop, 5);

      assertThat(scene.kinds()).containsExactly("ADVISED", "ADVISED", "ADVISED");
      assertThat(scene.heard)
          .extracting(LoopEvent::change)
          .extracting(change -> change.orElse(-1))
          .containsExactly(150L, 180L, 180L);
      assertThat(scene.last().text()).contains("RETRAIN: scripted");
      assertThat(scene.trainer.calls).isEmpty();
      assertThat(loop.events()).hasSize(3);
    }
  }
}
