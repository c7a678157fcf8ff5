package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.InMemoryPackage;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The names of the outputs are checked when a version is loaded, not when the host reads one that is not there. */
class OutputsTest {
  private static final Schema ROWS = Scene.ROWS.schema().predicting(Task.REGRESSION);
  private final Scene scene = Scene.of(0);

  private InMemoryPackage of(int number, String... outputs) {
    GoldenExample example = new GoldenExample(
        Row.of(ROWS, 1.0, "web"), Regression.of(List.of(outputs), new double[outputs.length]));
    return scene.pack(number, ROWS, "stamped").examples(List.of(example)).build();
  }

  private Deployment<Scene.Order> serving(InMemoryPackage first) {
    return scene.deployment().firstRelease(() -> first).open();
  }

  private void stays(Deployment<Scene.Order> deployment, InMemoryPackage other, String... named) {
    try (CapturedLog log = CapturedLog.of(Deployment.class)) {
      int loads = scene.runtime.loaded.size();
      scene.move((int) scene.behind.publish(other).number());
      deployment.tick();
      deployment.tick();
      Scene.assertServes(1, deployment);
      assertThat(deployment.trouble().orElse("nothing"))
          .contains("fraud@champion", other.digest().abbreviated())
          .contains(named);
      assertThat(log.lines()).singleElement().asString().contains(named);
      assertThat(scene.runtime.loaded).as("refused before it was read").hasSize(loads);
      assertThatThrownBy(() -> deployment.load(other))
          .as("nor does a candidate with other outputs come near")
          .isInstanceOf(ModelLoadException.class)
          .hasMessageContainingAll(named);
    }
  }

  @Test
  void aVersionWithAnotherOutputDoesNotReplaceTheOneThatServes() {
    try (Deployment<Scene.Order> deployment = serving(of(1, "price"))) {
      stays(deployment, of(2, "cost"), "[price]", "[cost]");
      scene.behind.publish(of(3, "price"));
      scene.move(3);
      deployment.tick();
      Scene.assertServes(3, deployment);
      assertThat(deployment.trouble()).isEmpty();
    }
  }

  /** The name of an output that nobody named is a name for a host that reads it. */
  @Test
  void norDoesOneWithoutAName() {
    try (Deployment<Scene.Order> deployment = serving(of(1, "price"))) {
      stays(deployment, of(2, Regression.VALUE), "[price]", "[value]");
    }
  }

  @Test
  void norOneWithFewerMoreOrInAnotherOrder() {
    try (Deployment<Scene.Order> deployment = serving(of(1, "price", "days"))) {
      stays(deployment, of(2, "price"), "[price, days]", "[price]");
      stays(deployment, of(3, "days", "price"), "[price, days]", "[days, price]");
    }
  }

  @Test
  void openingRefusesAVersionWithOtherOutputsThanTheHostReads() {
    InMemoryPackage first = of(1, "price");
    assertThatThrownBy(
            () -> scene.deployment().outputs("cost").firstRelease(() -> first).open())
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContainingAll("[cost]", "[price]");
    assertThat(scene.behind.versions("fraud")).as("nothing was released").isEmpty();
    try (Deployment<Scene.Order> deployment =
        scene.deployment().outputs("price").firstRelease(() -> first).open()) {
      Scene.assertServes(1, deployment);
    }
    assertThatThrownBy(() -> scene.deployment().outputs())
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aPackageThatDoesNotSayItsOutputsIsTakenAndTheNextThatSaysThemDecides() {
    InMemoryPackage silent = scene.pack(1, ROWS, "stamped").build();
    try (Deployment<Scene.Order> deployment = serving(silent)) {
      for (int number = 2; number <= 4; number++) {
        scene.behind.publish(
            number == 2 ? of(2, "price") : number == 3 ? of(3, "cost") : of(4, "price"));
        scene.move(number);
        deployment.tick();
        Scene.assertServes(number == 3 ? 2 : number, deployment);
      }
    }
  }
}
