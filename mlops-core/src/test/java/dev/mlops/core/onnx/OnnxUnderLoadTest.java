package dev.mlops.core.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.serve.Deployment;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Sessions of ONNX Runtime that are swapped and closed while others ask them: a use after the end would end the process. */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class OnnxUnderLoadTest {
  private static final int SWAPS = 150;

  private record Order(double amount, double items, String channel) {}

  private static final RowBinding<Order> ROWS = RowBinding.<Order>builder()
      .number("amount", Order::amount)
      .number("items", Order::items)
      .category("channel", Order::channel)
      .build();

  @Test
  void requestsMeetNoClosedSessionAndNoneStaysOpen() throws InterruptedException {
    FilePackage first = OnnxRuntimeTest.orders();
    FilePackage second = OnnxPackage.builder(
            "orders", OnnxRuntimeTest.ORDERS, OnnxRuntimeTest.file("orders.onnx"))
        .document("note.md", "the same model again")
        .build();
    List<GoldenExample> examples = first.examples();
    AtomicBoolean done = new AtomicBoolean();
    AtomicInteger answers = new AtomicInteger();
    AtomicReference<Throwable> fault = new AtomicReference<>();
    int most = 0;
    try (InMemoryVersionStore store = new InMemoryVersionStore(new ManualClock());
        Deployment<Order> orders = Deployment.of(store, "orders@champion", ROWS)
            .firstRelease(() -> first)
            .open()) {
      // What is rolled back to stays in memory: a third version lets go of the first.
      List<Version> versions = List.of(
          store.require("orders:1"),
          store.publish(second),
          store.publish(OnnxPackage.builder(
                  "orders", OnnxRuntimeTest.ORDERS, OnnxRuntimeTest.file("orders.onnx"))
              .document("note.md", "and again")
              .build()));
      List<Thread> users = new ArrayList<>();
      for (int thread = 0; thread < 3; thread++) {
        int offset = thread;
        Thread user = new Thread(() -> {
          try {
            for (int i = offset; !done.get(); i++) {
              GoldenExample example = examples.get(i % examples.size());
              Order order = new Order(
                  example.row().number(0),
                  example.row().number(1),
                  example.row().category(2));
              assertThat(example.matches(orders.serve(order).prediction())).isTrue();
              answers.incrementAndGet();
            }
          } catch (Throwable e) {
            fault.compareAndSet(null, e);
          }
        });
        users.add(user);
        user.start();
      }
      for (int swap = 0; swap < SWAPS && fault.get() == null; swap++) {
        AliasChange now = store.current("orders@champion").orElseThrow();
        store
            .move("orders@champion")
            .from(now)
            .to(versions.get((swap + 1) % versions.size()))
            .by("load")
            .because("swap " + swap)
            .commit();
        orders.tick();
        most = Math.max(most, OnnxModel.OPEN.get());
        int before = answers.get();
        while (answers.get() == before && fault.get() == null) {
          Thread.onSpinWait();
        }
      }
      done.set(true);
      for (Thread user : users) {
        user.join();
      }
    }
    assertThat(fault.get()).isNull();
    assertThat(answers.get()).isGreaterThan(SWAPS);
    // The champion, what can be rolled back to, and one that requests still use; not one per swap.
    assertThat(most).isLessThanOrEqualTo(5);
    assertThat(OnnxModel.OPEN).hasValue(0);
  }

  /** Whoever closes a model beside those who ask it, as no deployment does, ends their answers and not the process. */
  @Test
  void closingBesideUsersEndsAnswersAndNotTheProcess() throws Exception {
    FilePackage source = OnnxRuntimeTest.iris();
    for (int round = 0; round < 20; round++) {
      OnnxModel model = new OnnxRuntime().model(source);
      AtomicInteger answered = new AtomicInteger();
      AtomicInteger ended = new AtomicInteger();
      List<Thread> users = new ArrayList<>();
      for (int thread = 0; thread < 3; thread++) {
        Thread user = new Thread(() -> {
          try {
            while (true) {
              Classification answer =
                  (Classification) model.predict(source.examples().get(0).row());
              assertThat(answer.score("setosa").orElseThrow()).isCloseTo(0.9847, within(1e-3));
              answered.incrementAndGet();
            }
          } catch (IllegalStateException e) {
            ended.incrementAndGet();
          }
        });
        users.add(user);
        user.start();
      }
      while (answered.get() < 10) {
        Thread.onSpinWait();
      }
      model.close();
      for (Thread user : users) {
        user.join();
      }
      assertThat(ended).hasValue(3);
    }
    assertThat(OnnxModel.OPEN).hasValue(0);
  }
}
