package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mlops.core.serve.Scene.Order;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Three deployments, each of a store of its own, moved by one tick. */
class DeploymentsTest {
  private final Scene[] scenes = {Scene.of(2), Scene.of(2), Scene.of(2)};

  private Deployment<Order> open(int scene) {
    return scenes[scene].deployment().open();
  }

  private void moveAll() {
    for (Scene each : scenes) {
      each.move(2);
    }
  }

  @Test
  void oneTickMovesThemAll() {
    try (Deployments all = Deployments.of(open(0), open(1), open(2))) {
      moveAll();
      assertThat(all.tick()).isEqualTo(scenes[0].clock.instant().plusSeconds(1));
      assertThat(all.toString())
          .isEqualTo(
              "[fraud@champion serves fraud:2, fraud@champion serves fraud:2, fraud@champion serves"
                  + " fraud:2]");
      assertThat(all.trouble()).isEmpty();
    }
  }

  /** Each load takes 400 ms; 500 ms are given, so two have their turn in one tick, and the third is first in the next one. */
  @Test
  void aBudgetEndsATickAndNobodyIsForgotten() {
    Deployment<Order> one = open(0);
    Deployment<Order> two = open(1);
    Deployment<Order> three = open(2);
    for (Scene each : scenes) {
      each.runtime.before = number -> scenes[0].clock.advance(Duration.ofMillis(400));
    }
    try (Deployments all =
        Deployments.of(one, two, three).within(Duration.ofMillis(500), scenes[0].clock)) {
      moveAll();
      all.tick();
      assertThat(one.champion().number()).isEqualTo(2);
      assertThat(two.champion().number()).isEqualTo(2);
      assertThat(three.champion().number()).as("it had no turn").isEqualTo(1);
      all.tick();
      assertThat(three.champion().number()).isEqualTo(2);
    }
  }

  @Test
  void oneWithTroubleHoldsNoOther() {
    Deployment<Order> one = open(0);
    Deployment<Order> two = open(1);
    scenes[0].runtime.before = number -> {
      throw new StackOverflowError("on purpose");
    };
    try (Deployments all = Deployments.of(one, two)) {
      moveAll();
      all.tick();
      assertThat(one.champion().number()).isEqualTo(1);
      assertThat(two.champion().number()).isEqualTo(2);
      assertThat(all.trouble()).containsOnlyKeys("fraud@champion");
    }
    assertThat(one.toString()).contains("closed");
    assertThat(two.toString()).contains("closed");
  }

  @Test
  void aTickerThatThrowsMovesThemAllTheSame() {
    try (Deployments all = Deployments.of(open(0), open(1)).within(Duration.ofNanos(1), () -> {
      throw new IllegalStateException("no time");
    })) {
      moveAll();
      all.tick();
      assertThat(all.toString()).doesNotContain("fraud:1");
    }
  }

  @Test
  void whatCannotBeIsRefused() {
    try (Deployment<Order> one = open(0)) {
      assertThatIllegalArgumentException().isThrownBy(Deployments::of);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Deployments.of(one, one))
          .withMessageContaining("once");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Deployments.of(one).within(Duration.ZERO))
          .withMessageContaining("longer than zero");
    }
  }
}
