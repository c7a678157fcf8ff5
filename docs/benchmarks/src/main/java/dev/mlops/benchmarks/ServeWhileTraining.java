package dev.mlops.benchmarks;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.store.VersionStore;
import dev.mlops.benchmarks.Payments.Payment;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.core.tribuo.TribuoTrainer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;

/**
 * What a call of {@code serve} takes at 1,000 a second while nothing is trained, and while one thread trains all the time.
 *
 * <p>The loop is open: each call has an intended start, and its time counts from there, so that a pause is told by all calls
 * that waited for its end and not by the one that it hit (coordinated omission). Idle and training take turns, so that a
 * machine that becomes slower does not count for one of them alone.
 */
public final class ServeWhileTraining {
  private static final int RATE = 1_000;
  private static final int ROWS = 20_000;

  private ServeWhileTraining() {}

  /**
   * Runs.
   *
   * @param args seconds of each turn, 10 by default, and how many turns, 3 by default
   * @throws Exception if something is wrong with this program
   */
  public static void main(String[] args) throws Exception {
    int seconds = args.length > 0 ? Integer.parseInt(args[0]) : 10;
    int turns = args.length > 1 ? Integer.parseInt(args[1]) : 3;
    ModelPackage served = TribuoTrainer.classifier(
            Payments.ROWS.schema(), new LogisticRegressionTrainer())
        .train(rows(1, 2_000))
        .testedOn(rows(2, 2_000))
        .asPackage("load");
    ModelTrainer trainer =
        TribuoTrainer.classifier(Payments.ROWS.schema(), new LogisticRegressionTrainer());
    List<Labelled<Row>> training = rows(3, ROWS);
    Payment[] inputs = inputs();
    try (VersionStore store = FileVersionStore.open(Files.createTempDirectory("training"));
        Deployment<Payment> service = Deployment.of(store, "load@champion", Payments.ROWS)
            .firstRelease(() -> served)
            .monitoredBy(MicrometerMonitor.config(new SimpleMeterRegistry())
                .truthWithin(Duration.ofSeconds(10)))
            .open()) {
      AtomicBoolean done = new AtomicBoolean();
      Thread ticks = new Thread(() -> {
        while (!done.get()) {
          service.tick();
          LockSupport.parkNanos(1_000_000_000L);
        }
      });
      ticks.start();
      pace(service, inputs, seconds); // warm
      long[] idle = {};
      long[] busy = {};
      AtomicInteger models = new AtomicInteger();
      for (int turn = 0; turn < turns; turn++) {
        idle = both(idle, pace(service, inputs, seconds));
        AtomicBoolean enough = new AtomicBoolean();
        Thread learner = new Thread(() -> {
          while (!enough.get()) {
            trainer.train(training);
            models.incrementAndGet();
          }
        });
        learner.start();
        busy = both(busy, pace(service, inputs, seconds));
        enough.set(true);
        learner.join();
      }
      done.set(true);
      LockSupport.unpark(ticks);
      ticks.join();
      say(
          "| %d/s, from the intended start, %d processors | median | p99 | p99.9 | longest |",
          RATE, Runtime.getRuntime().availableProcessors());
      say("|---|---|---|---|---|");
      row("nothing is trained", idle);
      row("one thread trains on " + ROWS + " rows, " + models.get() + " times", busy);
      say(
          "p99 while training is %.2f of that while idle",
          quantile(busy, 0.99) / quantile(idle, 0.99));
    }
  }

  private static List<Labelled<Row>> rows(long seed, int count) {
    List<Labelled<Row>> rows = new ArrayList<>(count);
    for (Labelled<Payment> each : Payments.labelled(seed, count)) {
      rows.add(new Labelled<>(Row.copyOf(Payments.ROWS.row(each.input())), each.truth()));
    }
    return rows;
  }

  private static Payment[] inputs() {
    SplittableRandom random = new SplittableRandom(4);
    Payment[] inputs = new Payment[1_024];
    Arrays.setAll(inputs, i -> Payments.draw(random));
    return inputs;
  }

  private static long[] both(long[] one, long[] other) {
    long[] all = Arrays.copyOf(one, one.length + other.length);
    System.arraycopy(other, 0, all, one.length, other.length);
    Arrays.sort(all);
    return all;
  }

  /** Calls at the rate; nanoseconds from each intended start to its answer. Its truth follows at once. */
  private static long[] pace(Deployment<Payment> service, Payment[] inputs, int seconds) {
    long[] took = new long[seconds * RATE];
    long begin = System.nanoTime();
    for (int i = 0; i < took.length; i++) {
      long start = begin + i * (1_000_000_000L / RATE);
      for (long ahead = start - System.nanoTime(); ahead > 0; ahead = start - System.nanoTime()) {
        LockSupport.parkNanos(ahead);
      }
      long id = service.serve(inputs[i & 1_023]).id();
      took[i] = System.nanoTime() - start;
      service.truth(id, Truth.of("fine"));
    }
    return took;
  }

  private static double quantile(long[] sorted, double quantile) {
    return sorted[(int) Math.ceil(quantile * sorted.length) - 1];
  }

  private static void row(String name, long[] sorted) {
    say(
        "| %s | %.1f µs | %.1f µs | %.1f µs | %.1f ms |",
        name,
        quantile(sorted, 0.5) / 1e3,
        quantile(sorted, 0.99) / 1e3,
        quantile(sorted, 0.999) / 1e3,
        sorted[sorted.length - 1] / 1e6);
  }

  private static void say(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}
