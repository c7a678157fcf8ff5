package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.PackageFormatException;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Versions that were published and cannot be loaded any more. */
class EarlierVersionTest {
  private final Scene scene = Scene.of(3);

  private void unloadable(Integer... versions) {
    Set<Integer> all = Set.of(versions);
    scene.runtime.before = number -> {
      if (all.contains(number)) {
        throw new ModelLoadException("half a file of fraud:" + number, null);
      }
    };
  }

  @Test
  void opensWithTheNewestThatLoadsAndGoesOnTrying() {
    scene.move(2);
    scene.move(3);
    unloadable(3);
    assertThatThrownBy(() -> scene.deployment().open()).hasMessageContaining("fraud:3");
    try (Deployment<Scene.Order> deployment =
        scene.deployment().orAnEarlierVersion().open()) {
      Scene.assertServes(2, deployment);
      deployment.tick();
      assertThat(deployment.trouble().orElseThrow()).contains("fraud:3", "half a file");
      Scene.assertServes(2, deployment);
      unloadable();
      scene.clock.advance(Duration.ofSeconds(2));
      deployment.tick();
      Scene.assertServes(3, deployment);
      assertThat(deployment.trouble()).isEmpty();
    }
  }

  @Test
  void goesFurtherBackAndThrowsWhereNoneLoads() {
    scene.move(2);
    scene.move(3);
    unloadable(2, 3);
    try (Deployment<Scene.Order> deployment =
        scene.deployment().orAnEarlierVersion().open()) {
      Scene.assertServes(1, deployment);
    }
    unloadable(1, 2, 3);
    assertThatThrownBy(() -> scene.deployment().orAnEarlierVersion().open())
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("fraud:3")
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
  }

  @Test
  void rollsBackPastAVersionThatDoesNotLoad() {
    scene.move(2);
    scene.move(3);
    unloadable(2);
    try (Deployment<Scene.Order> deployment = scene.deployment().open()) {
      deployment.tick();
      assertThat(deployment.rollBack("ops", "bad").number()).isEqualTo(1);
      Scene.assertServes(1, deployment);
    }
  }

  @Test
  void whateverIsThrownOnLoadAnEarlierVersionServes() {
    scene.move(2);
    scene.move(3);
    for (Throwable fault : new Throwable[] {
      new PackageFormatException("format 99 of fraud:3", null),
      new IllegalStateException("no driver"),
      new NoClassDefFoundError("acme/Kernel")
    }) {
      scene.runtime.before = number -> {
        if (number == 3) {
          if (fault instanceof Error error) {
            throw error;
          }
          throw (RuntimeException) fault;
        }
      };
      try (Deployment<Scene.Order> deployment =
          scene.deployment().orAnEarlierVersion().open()) {
        Scene.assertServes(2, deployment);
        deployment.tick();
        assertThat(deployment.trouble().orElseThrow()).contains("fraud:3");
      }
    }
  }
}
