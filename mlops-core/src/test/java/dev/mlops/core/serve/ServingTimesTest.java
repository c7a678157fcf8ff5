package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.ResponseTimes;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.testkit.InMemoryMonitor;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What a deployment tells its monitor of the time that a request took. */
class ServingTimesTest {
  private final Scene scene = Scene.of(1);
  private final AtomicLong inFlight = new AtomicLong();
  private boolean broken;
  private Deployment<Scene.Order> deployment = open();

  private Deployment<Scene.Order> open() {
    RowBinding<Scene.Order> slow = RowBinding.<Scene.Order>builder()
        .number("amount", order -> {
          scene.clock.advance(Duration.ofMillis(1));
          return order.amount();
        })
        .category("channel", Scene.Order::channel)
        .build();
    ModelRuntime runtime = new ModelRuntime() {
      @Override
      public String name() {
        return "stamped";
      }

      @Override
      public Model load(ModelPackage source) {
        return row -> {
          scene.clock.advance(Duration.ofMillis(3));
          inFlight.set(times().inFlight().orElse(-1));
          if (broken) {
            throw new IllegalStateException("the model's own");
          }
          return Regression.of(1.0);
        };
      }
    };
    return Deployment.of(scene.store, Scene.ALIAS, slow)
        .runtime(runtime)
        .ticker(scene.clock)
        .clock(scene.clock)
        .monitoredBy(InMemoryMonitor.config().on(scene.clock))
        .open();
  }

  private ResponseTimes times() {
    return deployment
        .evidence()
        .champion()
        .flatMap(VersionEvidence::responseTimes)
        .orElseThrow();
  }

  @Test
  void waitingBindingAndModelAreApart() {
    deployment.serve(Scene.ORDER);
    assertThat(times().waiting()).isEmpty();
    assertThat(times().binding().map(Latency::p50)).contains(Duration.ofMillis(1));
    assertThat(times().model().map(Latency::p50)).contains(Duration.ofMillis(3));

    deployment.serve("order-1", Scene.ORDER, Duration.ofMillis(20).toNanos());
    deployment.serve(null, Scene.ORDER, -5);
    Evidence evidence = deployment.evidence();
    assertThat(times().waiting().flatMap(Latency::max)).contains(Duration.ofMillis(20));
    assertThat(evidence.champion().orElseThrow().latency().flatMap(Latency::max))
        .as("from the intended start")
        .contains(Duration.ofMillis(24));
    assertThat(evidence.champion().orElseThrow().recorded()).isEqualTo(3);
  }

  @Test
  void aRequestIsInFlightUntilItIsAnsweredOrFails() {
    deployment.serve(Scene.ORDER);
    assertThat(inFlight).hasValue(1);
    broken = true;
    assertThatThrownBy(() -> deployment.serve(Scene.ORDER)).hasMessage("the model's own");
    assertThat(inFlight).hasValue(1);
    assertThat(times().inFlight()).hasValue(0);
  }
}
