package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.journal.LoopEvent.Kind;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.api.store.Version;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An alarm that no candidate brings to rest: the world errs more than any model of this trainer can answer. */
class OutOfReachTest {
  @TempDir
  Path folder;

  private LoopScene scene;

  @BeforeEach
  void open() {
    scene = new LoopScene(folder);
    scene.world = "A/0.3"; // nobody can know which rows are turned round
    scene.serve(200);
  }

  /** An alarm that always comes again, at the newest outcome. */
  private RetrainPolicy alarm() {
    return (now, past) -> LoopScene.retrain(Math.max(0, scene.monitor.outcomes().end() - 150));
  }

  private MaintenanceLoop.Builder loop(RetrainPolicy policy) {
    return scene.loop(policy).leadingBy(0.5).outOfReachAfter(4);
  }

  private void run(MaintenanceLoop loop, int ticks) {
    for (int i = 0; i < ticks; i++) {
      scene.serve(40);
      loop.tick();
    }
  }

  private List<LoopEvent> of(Kind kind) {
    return scene.heard.stream().filter(event -> event.kind() == kind).toList();
  }

  @Test
  void afterSoManyCandidatesTheLoopSaysWhatIsOutOfReachAndTrainsNoMore() {
    try (MaintenanceLoop loop = loop(alarm()).build()) {
      run(loop, 15);
      assertThat(of(Kind.RETRAIN)).hasSize(4);
      assertThat(of(Kind.OUT_OF_REACH)).hasSize(1);
      LoopEvent said = of(Kind.OUT_OF_REACH).get(0);
      assertThat(loop.events()).as("a recorded decision").contains(said);
      assertThat(said.number("candidates")).hasValue(4);
      assertThat(said.number("loss").orElseThrow()).isBetween(0.2, 0.4);
      assertThat(said.number("best_loss").orElseThrow()).isBetween(0.1, 0.5);
      assertThat(said.text())
          .contains(
              "4 candidates in a row",
              "the best of the candidates",
              "would come down",
              "tested on today's rows");
      assertThat(said).asString().startsWith("OUT_OF_REACH iris:1: ");
      assertThat(loop.waiting())
          .hasValueSatisfying(waits -> assertThat(waits).contains("out of reach", "more outcomes"));
    }
    // A loop that starts again knows it.
    try (MaintenanceLoop again = loop(alarm()).build()) {
      run(again, 5);
      assertThat(of(Kind.RETRAIN)).hasSize(4);
      again.resume("Ann", "another trainer");
      run(again, 2);
      assertThat(of(Kind.RETRAIN)).hasSizeGreaterThan(4);
    }
  }

  /** The window is 1,000 outcomes: then every row is one that no candidate knew. */
  @Test
  void whenAllRowsAreNewItTriesAgain() {
    try (MaintenanceLoop loop = loop(alarm()).build()) {
      run(loop, 15);
      long said = of(Kind.OUT_OF_REACH).get(0).position().orElseThrow();
      while (scene.monitor.outcomes().end() < said + 960) {
        run(loop, 1);
      }
      assertThat(of(Kind.RETRAIN)).hasSize(4);
      run(loop, 2);
      assertThat(of(Kind.RETRAIN)).hasSizeGreaterThan(4);
    }
  }

  /** The concept turns: that is worse than what was out of reach, and it can be learnt. */
  @Test
  void aChampionThatBecomesWorseIsReplaced() {
    try (MaintenanceLoop loop = loop(alarm()).build()) {
      run(loop, 15);
      assertThat(of(Kind.OUT_OF_REACH)).hasSize(1);
      scene.world = "B";
      run(loop, 20);
      assertThat(of(Kind.PROMOTED)).isNotEmpty();
      assertThat(scene.deployment.champion().number()).isGreaterThan(1);
    }
  }

  @Test
  void anotherChampionEndsIt() {
    try (MaintenanceLoop loop = loop(alarm()).build()) {
      run(loop, 15);
      Version other = scene.behind.publish(scene.trainer.make("A/0.01", 99).asPackage("iris"));
      scene
          .behind
          .move(LoopScene.ALIAS)
          .from(scene.behind.current(LoopScene.ALIAS).orElseThrow())
          .to(other)
          .by("Ann")
          .because("tested on today's rows")
          .commit();
      scene.deployment.tick();
      run(loop, 2);
      assertThat(of(Kind.RETRAIN)).hasSizeGreaterThan(4);
    }
  }

  /** Candidates of a schedule that keep the champion are good news. */
  @Test
  void aScheduleGoesOn() {
    RetrainPolicy nightly =
        (now, past) -> RetrainDecision.of(RetrainDecision.Outcome.RETRAIN, "nightly", "");
    try (MaintenanceLoop loop = loop(nightly).build()) {
      run(loop, 30);
      assertThat(of(Kind.RETRAIN)).hasSizeGreaterThan(6);
      assertThat(of(Kind.OUT_OF_REACH)).isEmpty();
    }
  }

  @Test
  void zeroTrainsOnForEver() {
    try (MaintenanceLoop loop = loop(alarm()).outOfReachAfter(0).build()) {
      run(loop, 30);
      assertThat(of(Kind.RETRAIN)).hasSizeGreaterThan(6);
      assertThat(of(Kind.OUT_OF_REACH)).isEmpty();
    }
    assertThatThrownBy(() -> loop(alarm()).outOfReachAfter(-1)).hasMessageContaining("-1");
  }
}
