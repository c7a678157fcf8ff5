package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.journal.LoopEvent.Kind;
import dev.mlops.api.store.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A process ends at each step of a candidate that needs somebody's word: what was said outlives it, and nothing else counts. */
class RestartedOperatorsTest {
  @TempDir
  Path folder;

  private LoopScene scene;

  @BeforeEach
  void open() {
    scene = new LoopScene(folder);
    scene.world = "B";
    scene.serve(200);
  }

  private MaintenanceLoop.Builder loop(MaintenanceLoop.Mode mode) {
    return scene.loop(LoopScene.whileFirst()).mode(mode);
  }

  private void run(MaintenanceLoop loop, int ticks) {
    for (int i = 0; i < ticks; i++) {
      scene.serve(30);
      loop.tick();
    }
  }

  /**
   * Lets a candidate go through its life in a loop that waits for a word, which it gets, and ends the process once a step is
   * written: what follows that step takes no effect.
   */
  private void endedAfter(Kind last) throws IOException {
    Path copy = folder.resolve("copy");
    MaintenanceLoop loop = loop(MaintenanceLoop.Mode.APPROVE)
        .to(event -> {
          if (event.kind() == last) {
            try {
              Files.copy(scene.journal, copy);
            } catch (IOException e) {
              throw new AssertionError(e);
            }
            scene.faulty.failEveryCall();
          }
        })
        .build();
    for (int i = 0; i < 80 && !Files.exists(copy); i++) {
      run(loop, 1);
      loop.awaiting().ifPresent(waits -> loop.approve(waits, "Ann", "the numbers are fine"));
    }
    assertThat(copy).as("the loop came to " + last).exists();
    scene.faulty.heal();
    loop.close();
    Files.move(copy, scene.journal, StandardCopyOption.REPLACE_EXISTING);
    scene.heard.clear();
    scene.restart(scene.store);
    scene.serve(200);
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"PUBLISHED", "AWAITING", "APPROVED", "PROMOTING", "PROMOTED"})
  void afterARestartACandidateNeedsAWordAgain(Kind last) throws IOException {
    endedAfter(last);
    boolean moved = scene.moves().size() > 1;
    assertThat(moved).isEqualTo(last == Kind.PROMOTED);
    try (MaintenanceLoop loop = loop(MaintenanceLoop.Mode.APPROVE).build()) {
      run(loop, 20);

      assertThat(scene.moves()).as("nobody approved it since").hasSize(moved ? 2 : 1);
      if (!moved) {
        assertThat(scene.kinds()).startsWith("ABANDONED").endsWith("AWAITING");
        Version waits = loop.awaiting().orElseThrow();
        loop.approve(waits, "Bob", "still fine");
        run(loop, 1);
        assertThat(scene.deployment.champion()).isEqualTo(waits);
      }
      assertThat(loop.events()).extracting(LoopEvent::kind).containsOnlyOnce(Kind.PROMOTED);
    }
  }

  /** To pin a version: halt, and move the alias to it; here to one that nearly always errs, also where a better one is known. */
  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"AWAITING", "PROMOTED"})
  void aVersionThatIsPinnedStaysAcrossRestarts(Kind last) throws IOException {
    endedAfter(last);
    Version bad = scene.behind.publish(scene.trainer.make("A/0.1", 99).asPackage("iris"));
    try (MaintenanceLoop loop = loop(MaintenanceLoop.Mode.AUTOMATIC).reserves(4).build()) {
      loop.halt("Ann", "an audit wants this version");
      scene
          .behind
          .move(LoopScene.ALIAS)
          .from(scene.behind.current(LoopScene.ALIAS).orElseThrow())
          .to(bad)
          .by("Ann")
          .because("an audit")
          .commit();
      run(loop, 10);
      assertThat(scene.deployment.champion()).isEqualTo(bad);
    }
    for (int restart = 0; restart < 2; restart++) {
      scene.restart(scene.store);
      scene.serve(200);
      try (MaintenanceLoop loop =
          loop(MaintenanceLoop.Mode.AUTOMATIC).reserves(4).build()) {
        run(loop, 10);
        assertThat(scene.deployment.champion()).as("restart " + restart).isEqualTo(bad);
        assertThat(loop.halted())
            .hasValueSatisfying(event -> assertThat(event.text()).contains("Ann"));
        if (restart == 1) {
          loop.resume("Ann", "the audit is over");
          run(loop, 20);
          assertThat(scene.deployment.champion().equals(bad))
              .as("once it is allowed, a better past champion returns")
              .isEqualTo(last != Kind.PROMOTED);
        }
      }
    }
  }

  /** The move was made, and somebody takes it back before the next process begins. */
  @Test
  void aRollbackBetweenTwoProcessesIsTheLastWord() throws IOException {
    endedAfter(Kind.PROMOTED);
    Version first = scene.behind.require("iris:1");
    scene
        .behind
        .move(LoopScene.ALIAS)
        .from(scene.behind.current(LoopScene.ALIAS).orElseThrow())
        .to(first)
        .by("Ann")
        .because("wrong fees")
        .commit();
    scene.restart(scene.store);
    scene.serve(200);
    try (MaintenanceLoop loop = loop(MaintenanceLoop.Mode.AUTOMATIC).reserves(4).build()) {
      run(loop, 10);
      assertThat(scene.deployment.champion()).isEqualTo(first);
      assertThat(loop.halted())
          .hasValueSatisfying(event -> assertThat(event.text()).contains("Ann", "wrong fees"));
    }
  }
}
