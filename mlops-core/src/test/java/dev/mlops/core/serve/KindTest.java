package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.InMemoryPackage;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a host reads is checked when a version is loaded, not when the first request has its answer. */
class KindTest {
  private static final Schema ROWS = Scene.ROWS.schema();
  private final Scene scene = Scene.of(0);

  private InMemoryPackage of(int number, Task task) {
    return scene.pack(number, ROWS.predicting(task), "stamped").build();
  }

  private Deployment<Scene.Order> serving(InMemoryPackage first, Class<? extends Prediction> kind) {
    Deployment.Builder<Scene.Order> builder = scene.deployment().firstRelease(() -> first);
    return (kind == null ? builder : builder.predicting(kind)).open();
  }

  private static String refusal(String wanted, InMemoryPackage source, String got) {
    return "predictions of fraud@champion must be " + wanted + ", but the package "
        + source.digest().abbreviated() + " gives " + got + "; not loaded";
  }

  private void stays(Deployment<Scene.Order> deployment, InMemoryPackage other, String refusal) {
    try (CapturedLog log = CapturedLog.of(Deployment.class)) {
      int loads = scene.runtime.loaded.size();
      int to = (int) scene.behind.publish(other).number();
      scene.move(to);
      deployment.tick();
      deployment.tick();
      Scene.assertServes(1, deployment);
      String trouble = "could not follow fraud@champion to fraud:" + to + ", move "
          + scene.behind.current(Scene.ALIAS).orElseThrow().generation() + ": " + refusal;
      assertThat(deployment.trouble()).isEqualTo(Optional.of(trouble));
      assertThat(log.lines())
          .isEqualTo(List.of("WARNING " + trouble + "; what serves goes on serving"));
      assertThat(scene.runtime.loaded.size()).as("refused before it was read").isEqualTo(loads);
      assertThatThrownBy(() -> deployment.load(other))
          .as("nor does a candidate of another kind come near")
          .isInstanceOf(ModelLoadException.class)
          .hasMessage(refusal);
    }
  }

  @Test
  void openingRefusesAVersionOfAnotherKindThanTheHostReads() {
    InMemoryPackage regression = of(1, Task.REGRESSION);
    assertThatThrownBy(() -> serving(regression, Classification.class))
        .isInstanceOf(ModelLoadException.class)
        .hasMessage(refusal("Classification", regression, "Regression"));
    assertThat(scene.behind.versions("fraud")).as("nothing was released").isEmpty();

    Scene other = Scene.of(0);
    other.behind.publish(regression);
    other
        .behind
        .move(Scene.ALIAS)
        .fromNothing()
        .to(other.version(1))
        .by("ops")
        .because("start")
        .commit();
    assertThatThrownBy(() -> other.deployment().predicting(Classification.class).open())
        .isInstanceOf(ModelLoadException.class)
        .hasMessage(refusal("Classification", regression, "Regression"));
  }

  @Test
  void aNewVersionOfAnotherKindDoesNotReplaceTheOneThatServes() {
    try (Deployment<Scene.Order> deployment = serving(of(1, Task.REGRESSION), Regression.class)) {
      InMemoryPackage other = of(2, Task.CLASSIFICATION);
      stays(deployment, other, refusal("Regression", other, "Classification"));
      scene.behind.publish(of(3, Task.REGRESSION));
      scene.move(3);
      deployment.tick();
      Scene.assertServes(3, deployment);
    }
  }

  /** What serves was written against the first version. */
  @Test
  void withoutASayTheFirstVersionSays() {
    try (Deployment<Scene.Order> deployment = serving(of(1, Task.REGRESSION), null)) {
      InMemoryPackage other = of(2, Task.ANOMALY_DETECTION);
      stays(deployment, other, refusal("Regression", other, "AnomalyScore"));
    }
  }

  @Test
  void aPackageWithoutATaskSaysItByItsGoldenExample() {
    try (Deployment<Scene.Order> deployment = serving(of(1, Task.REGRESSION), null)) {
      GoldenExample example = new GoldenExample(Row.of(ROWS, 1.0, "web"), Classification.of("yes"));
      InMemoryPackage other =
          scene.pack(2, ROWS, "stamped").examples(List.of(example)).build();
      stays(deployment, other, refusal("Regression", other, "Classification"));
    }
  }

  /** A host's own kind, or a file of any runtime: {@link Served#as} is what is left. */
  @Test
  void aPackageThatSaysNothingIsTaken() {
    try (Deployment<Scene.Order> deployment = serving(scene.stamped(1), Classification.class)) {
      Scene.assertServes(1, deployment);
      scene.behind.publish(of(2, Task.CLASSIFICATION));
      scene.move(2);
      deployment.tick();
      Scene.assertServes(2, deployment);
    }
  }

  @Test
  void whoReadsAnyPredictionIsServedAnyKind() {
    try (Deployment<Scene.Order> deployment = serving(of(1, Task.REGRESSION), Prediction.class)) {
      scene.behind.publish(of(2, Task.CLASSIFICATION));
      scene.move(2);
      deployment.tick();
      Scene.assertServes(2, deployment);
    }
  }
}
