package dev.mlops.core.serve;

import static dev.mlops.core.serve.Scene.ORDER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Regression;
import dev.mlops.api.model.RejectedValueException;
import dev.mlops.core.monitor.Meters;
import dev.mlops.core.monitor.ModelMeters;
import dev.mlops.core.serve.Scene.Order;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What enforcement and fallbacks did with requests, as meters. */
class ServingMetersTest {
  private final Scene scene = Scene.of(1);
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  private double counted(Meters meter, String key, String value) {
    FunctionCounter counter =
        registry.get(meter.id()).tag("model", "fraud").tag(key, value).functionCounter();
    return counter.count();
  }

  @Test
  void everyRejectionAndFallbackIsCounted() {
    try (ModelMeters meters = ModelMeters.of(registry, "fraud");
        Deployment<Order> deployment = scene
            .deployment()
            .enforcing(Enforcement.strict())
            .fallingBack(Fallbacks.none().orElse(Regression.of(-1)))
            .open()) {
      meters.serving(deployment::counts);
      assertThat(counted(Meters.FALLBACKS, "kind", "fixed")).isZero();
      scene.runtime.during = model -> {
        throw new IllegalStateException("on purpose");
      };
      deployment.serve(ORDER);
      deployment.serve(ORDER);
      assertThatThrownBy(() -> deployment.serve(new Order(Double.POSITIVE_INFINITY, "web")))
          .isInstanceOf(RejectedValueException.class);
      System.gc(); // a registry holds what it counts weakly
      assertThat(counted(Meters.FALLBACKS, "kind", "fixed")).isEqualTo(2);
      for (String other : new String[] {"refused", "timed_out", "standby"}) {
        assertThat(counted(Meters.FALLBACKS, "kind", other)).isZero();
      }
      assertThat(counted(Meters.REJECTED, "rule", "non_finite")).isEqualTo(1);
      assertThat(counted(Meters.REJECTED, "rule", "missing")).isZero();
      assertThat(counted(Meters.IMPUTED, "rule", "missing")).isZero();
    }
    assertThat(registry.getMeters()).as("they go with their owner").isEmpty();
  }

  @Test
  void countsThatCannotBeToldStayAndHarmNobody() {
    AtomicBoolean broken = new AtomicBoolean();
    try (ModelMeters meters = ModelMeters.of(registry, "fraud");
        Deployment<Order> deployment = scene
            .deployment()
            .fallingBack(Fallbacks.none().orElse(Regression.of(-1)))
            .open()) {
      meters.serving(() -> {
        if (broken.get()) {
          throw new IllegalStateException("on purpose");
        }
        return deployment.counts();
      });
      scene.runtime.during = model -> {
        throw new IllegalStateException("on purpose");
      };
      deployment.serve(ORDER);
      assertThat(counted(Meters.FALLBACKS, "kind", "fixed")).isEqualTo(1);
      broken.set(true);
      deployment.serve(ORDER);
      assertThat(counted(Meters.FALLBACKS, "kind", "fixed")).isEqualTo(1);
    }
  }
}
