package dev.mlops.benchmarks;

import com.sun.management.GarbageCollectionNotificationInfo;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.monitor.LedgerLog;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.monitor.MonitorConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;

/**
 * The processor time of the longest tick, the longest wait for evidence, the longest pause of the collector, and what joining a truth
 * costs, while predictions wait for theirs.
 *
 * <p>Arguments: how many predictions are to be open, how many columns a row has, then {@code log} to log the ledger and {@code ordered}
 * for truths in the order of the predictions. It records at full speed, 5,000 between two ticks, then gives the truth of each open one,
 * in random order unless told. Another thread asks for evidence a hundred times a second all the while; its wait is by the clock, so
 * other work on the machine is in it.
 */
public final class LedgerTicks {
  private static final int EACH_TICK = 5_000;

  private LedgerTicks() {}

  /**
   * Prints one row of the table.
   *
   * @param args open predictions, columns, {@code log} and {@code ordered}
   * @throws IOException if the folder of the log cannot be made or deleted
   */
  public static void main(String[] args) throws IOException {
    int open = Integer.parseInt(args[0]);
    int columns = Integer.parseInt(args[1]);
    AtomicLong longestPause = watchPauses();
    Path folder = Files.createTempDirectory("ledger");
    MonitorConfig config = MicrometerMonitor.config(new SimpleMeterRegistry())
        .truthWithin(Duration.ofDays(1))
        .awaiting(Math.max(open, 1))
        .keeping(10_000);
    boolean logged = Arrays.asList(args).contains("log");
    if (logged) {
      config = config.logging(LedgerLog.in(folder).atMost(64L << 30));
    }
    List<Column> all = new ArrayList<>();
    for (int i = 0; i < columns; i++) {
      all.add(Column.number("n" + i));
    }
    Schema schema = Schema.of(all);
    try (MicrometerMonitor monitor = config.open("bench")) {
      Recorder recorder = monitor.recorder("1", Baseline.builder(schema).build());
      monitor.champion("1");
      AtomicLong longestWait = new AtomicLong();
      Thread reader = askForEvidence(monitor, longestWait);
      long[] ticks = new long[open / EACH_TICK];
      long[] ids = new long[open];
      Random random = new Random(1);
      double[] numbers = new double[columns];
      Classification said = Classification.of(List.of("yes", "no"), new double[] {0.75, 0.25});
      for (int i = 0; i < open; i++) {
        for (int column = 0; column < columns; column++) {
          numbers[column] = random.nextDouble();
        }
        ids[i] = recorder.record(
            "order-" + i, Row.of(schema, numbers, new String[columns]), said, 1_000);
        if (i % EACH_TICK == EACH_TICK - 1) {
          long began = processorTime();
          monitor.tick();
          ticks[i / EACH_TICK] = processorTime() - began;
        }
      }
      long joining = 0;
      long longestJoin = 0;
      int truths = open / EACH_TICK * EACH_TICK;
      long[] joins = new long[truths / EACH_TICK];
      if (!Arrays.asList(args).contains("ordered")) {
        shuffle(ids, random);
      }
      for (int i = 0; i < truths; i++) {
        monitor.truth(ids[i], Truth.of(i % 10 == 0 ? "no" : "yes"));
        if (i % EACH_TICK == EACH_TICK - 1) {
          long began = processorTime();
          monitor.tick();
          long took = processorTime() - began;
          joining += took;
          joins[i / EACH_TICK] = took;
          longestJoin = Math.max(longestJoin, took);
        }
      }
      reader.interrupt();
      long[] sorted = ticks.clone();
      Arrays.sort(sorted);
      Arrays.sort(joins);
      System.out.printf(
          Locale.ROOT,
          "| %,d | %d | %s | %.1f ms | %.1f ms | %.1f ms | %d ms | %.0f ns | %.0f ns | %.1f ms |%n",
          open,
          columns,
          logged ? "yes" : "no",
          sorted[sorted.length / 2] / 1e6,
          sorted[sorted.length - 1] / 1e6,
          longestWait.get() / 1e6,
          longestPause.get(),
          (double) joining / Math.max(1, truths),
          (double) joins[joins.length / 2] / EACH_TICK,
          longestJoin / 1e6);
    } finally {
      delete(folder);
    }
  }

  private static void shuffle(long[] ids, Random random) {
    for (int i = ids.length - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      long id = ids[i];
      ids[i] = ids[other];
      ids[other] = id;
    }
  }

  /** Asks until it is interrupted. */
  private static Thread askForEvidence(MicrometerMonitor monitor, AtomicLong longest) {
    Thread reader = new Thread(
        () -> {
          while (!Thread.currentThread().isInterrupted()) {
            long began = System.nanoTime();
            monitor.evidence();
            longest.accumulateAndGet(System.nanoTime() - began, Math::max);
            LockSupport.parkNanos(10_000_000);
          }
        },
        "evidence");
    reader.setDaemon(true);
    reader.start();
    return reader;
  }

  /** That of this thread: what other work on the machine takes is not in it, nor is waiting for the disk. */
  private static long processorTime() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static AtomicLong watchPauses() {
    AtomicLong longest = new AtomicLong();
    for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
      if (bean instanceof NotificationEmitter emitter && !bean.getName().contains("Concurrent")) {
        emitter.addNotificationListener(
            (notification, handback) -> {
              if (notification.getUserData() instanceof CompositeData data) {
                long took =
                    GarbageCollectionNotificationInfo.from(data).getGcInfo().getDuration();
                longest.accumulateAndGet(took, Math::max);
              }
            },
            null,
            null);
      }
    }
    return longest;
  }

  static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted((one, other) -> other.compareTo(one)).toList()) {
        Files.delete(file);
      }
    }
  }
}
