package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mlops.api.monitor.Signals;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.monitor.MonitorConfig;
import dev.mlops.core.rollout.TrafficPlan;
import dev.mlops.core.serve.Scene.Order;
import dev.mlops.testkit.InMemoryJournal;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A plan that reads what its monitor was not told of could never come to a decision. */
class ToldPlanTest {
  private final Scene scene = Scene.of(2);
  private final TrafficPlan plan = TrafficPlan.canary(50)
      .eachFor(0, Duration.ofMinutes(1))
      .rollingBackUnless(Signals.quality("mae").over("last 24 h").atMost(5));

  private Deployment<Order> open(MonitorConfig monitor) {
    return scene
        .deployment()
        .monitoredBy(monitor)
        .journal(new InMemoryJournal())
        .open();
  }

  private MonitorConfig config() {
    return MicrometerMonitor.config(new SimpleMeterRegistry()).clock(scene.clock);
  }

  @Test
  void itIsRefusedBeforeAnythingIsLoaded() {
    try (Deployment<Order> deployment = open(config())) {
      int loaded = scene.runtime.loaded.size();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> deployment.rollOut(scene.version(2), plan))
          .withMessageContainingAll(
              "last 24 h", "fraud@champion", "MonitorFactory.watching", "Nothing was begun");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> deployment.requireCarries(plan))
          .withMessageContaining("last 24 h");
      assertThat(scene.runtime.loaded).hasSize(loaded);
      assertThat(deployment.rollouts()).isEmpty();
    }
  }

  @Test
  void itIsCarriedOutByAMonitorThatWasTold() {
    try (Deployment<Order> deployment = open(config().watching(plan))) {
      assertThat(deployment.rollOut(scene.version(2), plan).state())
          .isEqualTo(Rollout.State.RUNNING);
    }
  }
}
