package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.testkit.InMemoryMonitor;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The model and the monitor share one reading of the host's object. */
class OnceReadTest {
  /** An object of a host's that something else may change while it is served. */
  private static final class Order {
    private double amount = 12.5;
    private int read;

    double amount() {
      read++;
      if (amount < 0) {
        throw new IllegalStateException("the session of the order is closed");
      }
      return amount;
    }
  }

  private final RowBinding<Order> rows =
      RowBinding.<Order>builder().number("amount", Order::amount).build();
  private final ManualClock clock = new ManualClock();
  private final Scene scene = Scene.of(0);
  private final InMemoryVersionStore store = scene.behind;

  private Deployment<Order> serving(Model model) {
    store
        .move(Scene.ALIAS)
        .fromNothing()
        .to(store.publish(scene.pack(1, rows.schema(), "own").build()))
        .by("ops")
        .because("start")
        .commit();
    return Deployment.of(store, Scene.ALIAS, rows)
        .runtime(new ModelRuntime() {
          @Override
          public String name() {
            return "own";
          }

          @Override
          public Model load(ModelPackage source) {
            return model;
          }
        })
        .clock(clock)
        .ticker(clock)
        .monitoredBy(InMemoryMonitor.config().on(clock))
        .open();
  }

  @Test
  void anAccessorIsCalledOnceForModelAndMonitor() {
    try (Deployment<Order> deployment = serving(row -> Regression.of(row.number(0)))) {
      Order order = new Order();

      deployment.serve(order);
      deployment.tick();

      assertThat(order.read).isOne();
    }
  }

  @Test
  void whatIsRecordedIsWhatWasPredictedThoughTheObjectChanged() {
    Order order = new Order();
    Model changing = row -> {
      Regression predicted = Regression.of(row.number(0));
      order.amount = 99.0;
      return predicted;
    };
    try (Deployment<Order> deployment = serving(changing)) {
      long id = deployment.serve(order).id();
      deployment.truth(id, Truth.of(12.5));
      deployment.tick();

      Outcomes kept = deployment.monitor().outcomes();
      List<Outcome> outcomes = kept.between(kept.begin(), kept.end());
      assertThat(outcomes).hasSize(1);
      assertThat(outcomes.get(0).row().number(0)).isEqualTo(12.5);
    }
  }

  @Test
  void whatAnAccessorThrowsPassesUnchangedAndIsCounted() {
    try (Deployment<Order> deployment = serving(row -> Regression.of(1.0))) {
      Order order = new Order();
      order.amount = -1;

      assertThatThrownBy(() -> deployment.serve(order))
          .isExactlyInstanceOf(IllegalStateException.class)
          .hasMessage("the session of the order is closed");
      deployment.tick();

      assertThat(deployment.evidence().champion().orElseThrow().failures()).isOne();
    }
  }
}
