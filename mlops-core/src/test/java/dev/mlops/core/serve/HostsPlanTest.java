package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutLook;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.rollout.RolloutProgress;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.rollout.TrafficProgress;
import dev.mlops.core.serve.Scene.Order;
import dev.mlops.testkit.InMemoryJournal;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A plan that a host wrote may answer null, throw, or change its mind; no rollout hangs or keeps its traffic by that. */
class HostsPlanTest {
  private final Scene scene = Scene.of(2);
  private final InMemoryJournal journal = new InMemoryJournal();
  private final Deployment<Order> deployment =
      scene.deployment().journal(journal).open();
  private final Progress progress = new Progress();

  /** Answers what a test sets. */
  private static final class Progress implements TrafficProgress {
    @Nullable
    RolloutDecision decision = RolloutDecision.of(RolloutDecision.Outcome.UNDECIDED, "not yet");

    @Nullable
    Finding baking = Finding.pass("fine");

    @Nullable
    Duration bake = Duration.ZERO;

    int share = 50_000;

    @Override
    public int share() {
      return share;
    }

    @Override
    public @Nullable Duration bake() {
      if (bake == null) {
        throw new IllegalStateException("no bake");
      }
      return bake;
    }

    @Override
    public @Nullable Finding baking(Evidence evidence) {
      return baking;
    }

    @Override
    public @Nullable RolloutDecision look(RolloutLook look) {
      return decision;
    }

    @Override
    public RolloutDecision decision() {
      return RolloutDecision.of(RolloutDecision.Outcome.UNDECIDED, "not yet");
    }
  }

  private final RolloutPlan plan = new RolloutPlan() {
    @Override
    public RolloutProgress begin(RolloutStart start) {
      return progress;
    }
  };

  @AfterEach
  void close() {
    deployment.close();
  }

  @Test
  void aDecisionThatIsNullEndsTheRolloutAndGivesItsTrafficBack() {
    Rollout rollout = deployment.rollOut(scene.version(2), plan);
    progress.decision = null;
    deployment.tick();
    assertThat(rollout.state()).isEqualTo(Rollout.State.FAILED);
    assertThat(rollout.reason()).contains("its decision");
    for (int i = 0; i < 100; i++) {
      Scene.assertServes(1, deployment);
    }
  }

  @Test
  void aFindingThatIsNullDecidesNothingWhileANewChampionBakes() {
    progress.bake = Duration.ofMinutes(1);
    progress.baking = null;
    Rollout rollout = deployment.rollOut(scene.version(2), plan);
    progress.decision = RolloutDecision.of(RolloutDecision.Outcome.PROMOTE, "good");
    deployment.tick();
    deployment.tick();
    assertThat(rollout.state()).isEqualTo(Rollout.State.BAKING);
    assertThat(rollout.reason()).contains("answered null");
    scene.clock.advance(Duration.ofMinutes(1));
    deployment.tick();
    assertThat(rollout.state()).isEqualTo(Rollout.State.PROMOTED);
  }

  @Test
  void howLongItBakesIsAskedOnceAndARefusalBeginsNothing() {
    progress.bake = null;
    assertThatThrownBy(() -> deployment.rollOut(scene.version(2), plan))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("no bake", "nothing was begun");
    assertThat(deployment.rollouts()).isEmpty();

    progress.bake = Duration.ZERO;
    Rollout rollout = deployment.rollOut(scene.version(2), plan);
    progress.bake = null;
    progress.decision = RolloutDecision.of(RolloutDecision.Outcome.PROMOTE, "good");
    deployment.tick();
    assertThat(rollout.state()).isEqualTo(Rollout.State.PROMOTED);
  }

  @Test
  void aShareThatTakesKeysBackEndsTheRollout() {
    Rollout rollout = deployment.rollOut(scene.version(2), plan);
    progress.share = 10_000;
    deployment.tick();
    assertThat(rollout.state()).isEqualTo(Rollout.State.FAILED);
    assertThat(rollout.reason()).contains("50000", "10000");
    Scene.assertServes(1, deployment);
  }

  @Test
  void aReasonCutInsideACharacterPromotesAllTheSame() {
    Rollout rollout = deployment.rollOut(scene.version(2), plan);
    progress.decision =
        RolloutDecision.of(RolloutDecision.Outcome.PROMOTE, "x".repeat(1_999) + "😀");
    deployment.tick();
    assertThat(rollout.state()).isEqualTo(Rollout.State.PROMOTED);
    Scene.assertServes(2, deployment);
  }
}
