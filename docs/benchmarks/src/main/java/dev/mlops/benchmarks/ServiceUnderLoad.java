package dev.mlops.benchmarks;

import static dev.mlops.api.monitor.Signals.features;
import static dev.mlops.api.monitor.Signals.latency;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.monitor.LedgerLog;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.monitor.MonitorConfig;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.core.tribuo.TribuoTrainer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;

/**
 * A service at 5,000 predictions a second over 50 columns, its features and latency watched, its truth two seconds late: what a
 * call takes beside the bare model, what is dropped, and how long a tick and a look at the evidence take; then the same for a
 * ledger that was filled at full speed.
 */
public final class ServiceUnderLoad {
  private static final int COLUMNS = 50;
  private static final int RATE = 5_000;
  private static final int LATE = 2 * RATE;

  private final RowBinding<double[]> rows = rows();
  private final double[][] inputs = new double[1_024][];

  private ServiceUnderLoad() {
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = random.doubles(COLUMNS).toArray();
    }
  }

  private static RowBinding<double[]> rows() {
    RowBinding.Builder<double[]> builder = RowBinding.builder();
    for (int i = 0; i < COLUMNS; i++) {
      int column = i;
      builder.number("c" + i, values -> values[column]);
    }
    return builder.build();
  }

  private static String label(double[] input) {
    return input[0] + input[1] > 1 ? "yes" : "no";
  }

  private List<Labelled<Row>> labelled(int from, int count) {
    List<Labelled<Row>> some = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(from);
    for (int i = 0; i < count; i++) {
      double[] input = random.doubles(COLUMNS).toArray();
      some.add(new Labelled<>(Row.copyOf(rows.row(input)), Truth.of(label(input))));
    }
    return some;
  }

  /**
   * Runs.
   *
   * @param args seconds of each paced phase, 10 by default, and numbers of open predictions, 100000 and 1000000 by default
   * @throws Exception if something is wrong with this program
   */
  public static void main(String[] args) throws Exception {
    int seconds = args.length > 0 ? Integer.parseInt(args[0]) : 10;
    int[] open = args.length > 1
        ? Arrays.stream(args).skip(1).mapToInt(Integer::parseInt).toArray()
        : new int[] {100_000, 1_000_000};
    ServiceUnderLoad load = new ServiceUnderLoad();
    ModelPackage made = TribuoTrainer.classifier(
            load.rows.schema(), new LogisticRegressionTrainer())
        .train(load.labelled(1, 2_000))
        .testedOn(load.labelled(2, 2_000))
        .asPackage("load");
    Path folder = Files.createTempDirectory("load");
    try {
      load.paced(made, seconds, folder.resolve("paced"));
      for (int each : open) {
        load.filled(made.baseline().orElseThrow(), each, folder.resolve("filled-" + each));
      }
    } finally {
      LedgerTicks.delete(folder);
    }
  }

  private void paced(ModelPackage made, int seconds, Path folder) throws Exception {
    MonitorConfig config = MicrometerMonitor.config(new SimpleMeterRegistry())
        .answeringWithin(Duration.ofMillis(1))
        .truthWithin(Duration.ofMinutes(10))
        .awaiting(1_000_000)
        .logging(LedgerLog.in(folder.resolve("ledger")).atMost(64L << 30))
        .watching(
            features().falseAlarmEvery(1_000_000),
            latency().p99NoWorseThanBaseline(10).falseAlarmEvery(10_000_000));
    try (VersionStore store = FileVersionStore.open(folder.resolve("store"));
        Deployment<double[]> service = Deployment.of(store, "load@champion", rows)
            .firstRelease(() -> made)
            .monitoredBy(config)
            .open()) {
      Model bare = service.load(made);
      Deque<Long> waiting = new ArrayDeque<>();
      for (int i = 0; i < 200_000; i++) { // warm
        bare.predict(rows.row(inputs[i & 1_023]));
        service.serve(inputs[i & 1_023]);
        if (i % 8_192 == 0) {
          service.tick();
        }
      }
      service.tick();
      long dropped = champion(service.monitor()).dropped();
      long[] alone = pace(seconds, i -> bare.predict(rows.row(inputs[(int) i & 1_023])));
      AtomicLong longestTick = new AtomicLong();
      AtomicLong longestLook = new AtomicLong();
      AtomicBoolean done = new AtomicBoolean();
      Thread ticks = every(1_000, done, longestTick, service::tick);
      Thread looks = every(100, done, longestLook, service::evidence);
      long[] served = pace(seconds, i -> {
        Served one = service.serve(inputs[(int) i & 1_023]);
        waiting.add(one.id());
        if (waiting.size() > LATE) {
          service.truth(waiting.remove(), Truth.of("yes"));
        }
      });
      done.set(true);
      ticks.join();
      looks.join();
      service.tick();
      say("| %d/s, %d columns, truth 2 s late | median | p99 | p99.9 |", RATE, COLUMNS);
      say("|---|---|---|---|");
      row("bare model: row bound and predicted", alone);
      row("served, recorded, truth of an earlier one given", served);
      say("p99 is %.2f of the bare model's", quantile(served, 0.99) / quantile(alone, 0.99));
      say(
          "dropped %d of %d; longest tick %.1f ms, longest wait for evidence %.1f ms",
          champion(service.monitor()).dropped() - dropped,
          served.length,
          longestTick.get() / 1e6,
          longestLook.get() / 1e6);
      say("%s", champion(service.monitor()).responseTimes().orElseThrow());
    }
  }

  private static VersionEvidence champion(MetricsMonitor monitor) {
    return monitor.evidence().champion().orElseThrow();
  }

  /** Calls at the rate, each from its intended start; what each took in nanoseconds. */
  private static long[] pace(int seconds, LongConsumer call) {
    long[] took = new long[seconds * RATE];
    long begin = System.nanoTime();
    for (int i = 0; i < took.length; i++) {
      long start = begin + i * (1_000_000_000L / RATE);
      long ahead = start - System.nanoTime();
      if (ahead > 100_000) {
        LockSupport.parkNanos(ahead - 60_000);
      }
      while (System.nanoTime() - start < 0) {
        Thread.onSpinWait();
      }
      long from = System.nanoTime();
      call.accept(i);
      took[i] = System.nanoTime() - from;
    }
    Arrays.sort(took);
    return took;
  }

  private static Thread every(int millis, AtomicBoolean done, AtomicLong longest, Runnable step) {
    Thread thread = new Thread(() -> {
      while (!done.get()) {
        long from = System.nanoTime();
        step.run();
        longest.accumulateAndGet(System.nanoTime() - from, Math::max);
        LockSupport.parkNanos(millis * 1_000_000L);
      }
    });
    thread.start();
    return thread;
  }

  private void filled(Baseline baseline, int open, Path folder) throws Exception {
    MonitorConfig config = MicrometerMonitor.config(new SimpleMeterRegistry())
        .truthWithin(Duration.ofDays(1))
        .awaiting(open)
        .logging(LedgerLog.in(folder).atMost(64L << 30))
        .watching(features().falseAlarmEvery(1_000_000));
    long longestTick = 0;
    AtomicLong longestLook = new AtomicLong();
    AtomicBoolean done = new AtomicBoolean();
    long begin = System.nanoTime();
    try (MetricsMonitor monitor = config.open("load")) {
      Recorder recorder = monitor.recorder("1", baseline);
      monitor.champion("1");
      Thread looks = every(10, done, longestLook, monitor::evidence);
      Classification said = Classification.of("yes");
      for (int i = 0; i < open; i++) {
        recorder.record(null, rows.row(inputs[i & 1_023]), said, 0, 100, 1_000);
        if (i % RATE == RATE - 1) { // as many as come in a second
          long from = System.nanoTime();
          monitor.tick();
          longestTick = Math.max(longestTick, System.nanoTime() - from);
        }
      }
      done.set(true);
      looks.join();
      VersionEvidence champion = champion(monitor);
      say(
          "%d open after %.1f s at full speed, %d dropped: longest tick of %d %.1f ms, longest wait for"
              + " evidence %.1f ms",
          champion.open(),
          (System.nanoTime() - begin) / 1e9,
          champion.dropped(),
          RATE,
          longestTick / 1e6,
          longestLook.get() / 1e6);
    }
  }

  private static double quantile(long[] sorted, double quantile) {
    return sorted[(int) Math.ceil(quantile * sorted.length) - 1];
  }

  private static void row(String name, long[] sorted) {
    say(
        "| %s | %.1f µs | %.1f µs | %.1f µs |",
        name,
        quantile(sorted, 0.5) / 1e3,
        quantile(sorted, 0.99) / 1e3,
        quantile(sorted, 0.999) / 1e3);
  }

  private static void say(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}
