package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.features;
import static dev.mlops.api.monitor.Signals.quality;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.drift.profile.Baselines;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;

/** A host that serves with code of its own, and has it watched: drift, quality, and truth that comes days later. */
public final class OnlyMetricsMonitor {
  record Order(String id, String channel, double amount) {}

  /** An order whose truth is known, and from when on. */
  record Known(String id, String kept, Instant from) {}

  private static final RowBinding<Order> ROWS = RowBinding.<Order>builder()
      .category("channel", Order::channel)
      .number("amount", Order::amount)
      .build();

  /** The host's own model. */
  private static Classification score(Order order) {
    return Classification.of(order.amount() > 250 ? "returned" : "kept");
  }

  /** What really happens to an order: as the model expects, until customers of the web shop change. */
  private static String truth(Order order, boolean changed, SplittableRandom random) {
    boolean returned = order.amount() > 250 || (changed && order.channel().equals("web"));
    return returned ^ (random.nextDouble() < 0.05) ? "returned" : "kept";
  }

  private static Order order(int number, double webShare, SplittableRandom random) {
    String channel = random.nextDouble() < webShare ? "web" : "shop";
    return new Order("order-" + number, channel, 500 * random.nextDouble());
  }

  /** The baseline of a model that was tested long ago, from the traffic that was logged then. */
  private static Baseline baseline(SplittableRandom random) {
    List<Row> rows = new ArrayList<>();
    List<Classification> predictions = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      Order order = order(i, 0.2, random);
      rows.add(Row.copyOf(ROWS.row(order)));
      predictions.add(score(order));
      truths.add(Truth.of(truth(order, false, random)));
    }
    return Baselines.from(ROWS.schema().predicting(Task.CLASSIFICATION), rows, predictions, truths);
  }

  /**
   * Serves 6,000 orders, the last 3,000 of them in a changed world.
   *
   * @param args none
   */
  public static void main(String[] args) {
    SplittableRandom random = new SplittableRandom(7);
    AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    MeterRegistry registry = new SimpleMeterRegistry();
    Baseline baseline = baseline(random);
    // region watch
    Condition asGood = quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(100_000);
    Condition unmoved = features().falseAlarmEvery(1_000_000);
    // endregion
    Deque<Known> later = new ArrayDeque<>();

    // region monitor
    MetricsMonitor monitor = MicrometerMonitor.config(registry)
        .truthWithin(Duration.ofDays(3))
        .watching(asGood, unmoved)
        .clock(now::get)
        .open("orders");
    Recorder seven = monitor.recorder("7", baseline);
    monitor.champion("7");
    // endregion
    for (int i = 0; i < 6_000; i++) {
      Order order = order(i, i < 3_000 ? 0.2 : 0.6, random);
      // region record
      long start = System.nanoTime();
      Classification answer = score(order); // the host's own model, anybody's server
      seven.record(order.id(), ROWS.row(order), answer, System.nanoTime() - start);
      // endregion
      String kept = truth(order, i >= 3_000, random);
      later.add(new Known(order.id(), kept, now.get().plus(Duration.ofDays(2))));
      while (!later.isEmpty() && !later.getFirst().from().isAfter(now.get())) {
        Known known = later.removeFirst();
        // region truth
        monitor.truth(known.id(), Truth.of(known.kept())); // two days later, by the host's own key
        // endregion
      }
      now.set(now.get().plus(Duration.ofMinutes(10)));
      monitor.tick();
      if (i % 1_000 == 999) {
        System.out.println(monitor.evidence());
      }
    }
    System.out.println(unmoved.test(monitor.evidence()));
    System.out.println(asGood.test(monitor.evidence()));
    monitor.close();
  }
}
