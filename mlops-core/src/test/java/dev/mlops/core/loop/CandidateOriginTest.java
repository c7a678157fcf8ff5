package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.store.Version;
import dev.mlops.core.pack.Provenance;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The package of a candidate says which version it is to follow, what it was trained on, and which decision asked for it. */
class CandidateOriginTest {
  @TempDir
  Path folder;

  @Test
  void aCandidateSaysWhereItComesFrom() {
    LoopScene scene = new LoopScene(folder);
    scene.world = "B";
    scene.serve(200);
    Version parent = scene.deployment.champion();
    // A lone surrogate is what a policy's words may hold and no package can.
    RetrainDecision asked = RetrainDecision.of(
            RetrainDecision.Outcome.RETRAIN, "scripted", "the channel moved \ud800")
        .changedAt(0);
    List<Outcome> outcomes = scene.monitor.outcomes().between(0, 200);
    try (MaintenanceLoop loop = scene.loop((now, past) -> asked).build()) {
      loop.tick();
      loop.tick();
    }

    ModelPackage candidate = scene.behind.open(scene.behind.require("iris:2"));
    Configuration origin = candidate.provenance();
    assertThat(origin.text(Provenance.PARENT)).contains("iris:1");
    assertThat(origin.text(Provenance.PARENT_DIGEST)).contains(parent.digest().toString());
    assertThat(origin.text(Provenance.DECISION).orElseThrow())
        .contains("RETRAIN")
        .contains("the channel moved \ufffd");
    int rows = (int) origin.number(Provenance.ROWS).orElseThrow();
    int heldBack = (int) origin.number(Provenance.HELD_BACK).orElseThrow();
    int first = Integer.parseInt(origin.text(Provenance.FIRST).orElseThrow());
    int last = Integer.parseInt(origin.text(Provenance.LAST).orElseThrow());
    assertThat(rows).isPositive().isEqualTo(last - first + 1);
    assertThat(heldBack).isPositive();
    assertThat(last + heldBack).isEqualTo(199);
    assertThat(origin.text(Provenance.ROWS_DIGEST))
        .contains(Provenance.digest(outcomes.subList(first, last + 1).stream()
                .map(Outcome::labelled)
                .toList())
            .toString());
    assertThat(origin.text(Provenance.SINCE))
        .contains(outcomes.get(first).servedAt().toString());
    assertThat(origin.text(Provenance.UNTIL))
        .contains(outcomes.get(last).servedAt().toString());
  }

  /** x is uniform in [0, 1) until the newest rows, whose x is above .6. */
  @Test
  void rowsThatAreNoLongerAPictureOfTodayAreNamed() {
    LoopScene scene = new LoopScene(folder);
    scene.world = "B";
    scene.serve(400);
    String before = picture(scene, 2);
    assertThat(before).contains("still a picture of today", "no column differs");

    scene.serve(100, x -> 0.6 + 0.4 * x);
    String after = picture(scene, 3);
    assertThat(after).contains("no longer a picture of today", "x: ");
  }

  /** The truths of the newest rows have not come; the monitor has seen that their x has moved. */
  @Test
  void liveRowsWhoseTruthHasNotComeAreComparedToo() {
    LoopScene scene = new LoopScene(folder);
    scene.world = "B";
    scene.serve(400);
    Watch watch = Signals.features().falseAlarmEvery(10_000).watch();
    Signal signal = new Signal(
        Direction.UP,
        900,
        420,
        480,
        2e5,
        1e5,
        List.of(new ColumnShift("x", Direction.UP, "0.5", "0.9", 0.41, 1e-9)));
    scene.monitor.seen = evidence -> {
      Evidence.Builder copy = Evidence.builder(evidence.model(), evidence.at())
          .matured(evidence.matured())
          .position(evidence.position());
      evidence
          .champion()
          .ifPresent(section -> copy.champion(section.toBuilder()
              .drift(
                  watch,
                  DriftReading.builder(Level.DRIFT).inputs(900).signal(signal).build())
              .build()));
      return copy.build();
    };
    assertThat(picture(scene, 2))
        .contains("still a picture of today", "live rows against the test phase", watch.id(), "x");
  }

  private static String picture(LoopScene scene, int version) {
    try (MaintenanceLoop loop = scene
        .loop((now, past) -> LoopScene.retrain(0))
        .window(TrainingRows.last(300))
        .build()) {
      loop.tick();
      loop.tick();
    }
    return scene
        .behind
        .open(scene.behind.require("iris:" + version))
        .provenance()
        .text(Provenance.PICTURE)
        .orElseThrow();
  }
}
