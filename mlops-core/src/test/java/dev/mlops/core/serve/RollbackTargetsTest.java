package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RollbackTargetsTest {
  /** Numbers of the versions that could be rolled back to after some moves, the newest last. */
  private static List<Long> after(int... moves) {
    Scene scene = Scene.of(5);
    for (int to : moves) {
      scene.move(to);
    }
    List<AliasChange> history = scene.behind.history(Scene.ALIAS);
    return numbers(RollbackTargets.of(history, history.get(history.size() - 1)));
  }

  private static List<Long> numbers(List<Version> versions) {
    return versions.stream().map(Version::number).toList();
  }

  @Test
  void whatServedBeforeIsTheWayBack() {
    assertThat(after()).isEmpty();
    assertThat(after(2)).isEqualTo(List.of(1L));
    assertThat(after(2, 3)).isEqualTo(List.of(1L, 2L));
    assertThat(after(3, 5)).isEqualTo(List.of(1L, 3L));
  }

  @Test
  void whatWasLeftByGoingBackIsNotReturnedTo() {
    assertThat(after(2, 1)).isEmpty();
    assertThat(after(2, 3, 2)).isEqualTo(List.of(1L));
    assertThat(after(2, 3, 1)).isEmpty();
    assertThat(after(2, 3, 2, 4)).isEqualTo(List.of(1L, 2L));
    assertThat(after(3, 5, 2))
        .as("2 never served before, but 3 and 5 were left for it")
        .isEqualTo(List.of(1L));
  }

  /** Numbers that could be rolled back to after moves of operators and, below 0, of rollouts. */
  private static List<Long> afterRollouts(int... moves) {
    Scene scene = Scene.of(5);
    for (int to : moves) {
      scene
          .behind
          .move(Scene.ALIAS)
          .from(scene.behind.current(Scene.ALIAS).orElseThrow())
          .to(scene.version(Math.abs(to)))
          .by("test")
          .because("next")
          .intent((to < 0 ? Rollout.ID : "") + UUID.randomUUID())
          .commit();
    }
    List<AliasChange> history = scene.behind.history(Scene.ALIAS);
    return numbers(RollbackTargets.of(history, history.get(history.size() - 1)));
  }

  /** An older version that a rollout made champion did not leave the newer one behind; going back from it leaves it behind. */
  @Test
  void aRolloutGoesForwardWhateverTheNumber() {
    assertThat(afterRollouts(3, -2)).isEqualTo(List.of(1L, 3L));
    assertThat(afterRollouts(3, -2, 3)).as("the rollout was rolled back").isEqualTo(List.of(1L));
    assertThat(afterRollouts(2, 3, -2))
        .as("2 is not its own predecessor")
        .isEqualTo(List.of(1L, 3L));
    assertThat(afterRollouts(3, -2, 4)).isEqualTo(List.of(1L, 3L, 2L));
    assertThat(afterRollouts(-2, -3)).isEqualTo(List.of(1L, 2L));
  }

  @Test
  void aMoveToTheSameVersionChangesNothing() {
    assertThat(after(1)).isEmpty();
    assertThat(after(2, 2)).isEqualTo(List.of(1L));
  }

  @Test
  void movesAfterTheOneThatIsAskedAboutDoNotCount() {
    Scene scene = Scene.of(3);
    AliasChange second = scene.move(2);
    scene.move(1);
    assertThat(numbers(RollbackTargets.of(scene.behind.history(Scene.ALIAS), second)))
        .isEqualTo(List.of(1L));
  }

  private static void moveByRollout(Scene scene, int to) {
    scene
        .behind
        .move(Scene.ALIAS)
        .from(scene.behind.current(Scene.ALIAS).orElseThrow())
        .to(scene.version(to))
        .by("rollout")
        .because("its plan")
        .intent(Rollout.ID + UUID.randomUUID())
        .commit();
  }

  @Test
  void leavingARolloutOfAnOlderVersionNobodyReturnsToIt() {
    Scene scene = Scene.of(5);
    try (Deployment<Scene.Order> deployment = scene.deployment().open()) {
      scene.move(3);
      deployment.tick();
      moveByRollout(scene, 2);
      deployment.tick();
      Scene.assertServes(2, deployment);
      scene.move(3);
      deployment.tick();
      deployment.tick();
      Scene.assertServes(3, deployment);
      assertThat(deployment.rollBack("ops", "bad").number()).isEqualTo(1);
    }
  }

  @Test
  void rollingBackTwiceSkipsNoVersion() {
    Scene scene = Scene.of(5);
    try (Deployment<Scene.Order> deployment = scene.deployment().open()) {
      scene.move(3);
      deployment.tick();
      moveByRollout(scene, 2);
      deployment.tick();
      scene.move(4);
      deployment.tick();
      Scene.assertServes(4, deployment);
      assertThat(deployment.rollBack("ops", "bad").number()).isEqualTo(2);
      for (int i = 0; i < 5; i++) {
        scene.clock.advance(Duration.ofMinutes(5));
        deployment.tick();
      }
      assertThat(deployment.rollBack("ops", "bad").number()).isEqualTo(3);
    }
  }
}
