package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.TruthState;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.WatchCondition;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.drift.stream.SrEDetector;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.InMemoryMonitor;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MicrometerMonitorTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("channel")).positiveLabel("yes");
  private static final Row ROW = Row.of(SCHEMA, 1.5, "shop");
  private static final Classification YES = Classification.of("yes");
  private static final Classification NO = Classification.of("no");
  private static final Truth TRUE = Truth.of("yes");
  private static final Truth FALSE = Truth.of("no");
  private static final Baseline BASELINE = Baseline.builder(SCHEMA)
      .rows(1_000)
      .quality(Metric.ACCURACY, Estimate.share(900, 1_000))
      .quality(Metric.PRECISION, Estimate.share(450, 500))
      .quality(Metric.RECALL, Estimate.share(400, 500))
      .build();

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final ManualClock clock = new ManualClock();

  private MicrometerMonitor open(UnaryOperator<MonitorConfig> knobs) {
    MonitorConfig config = MicrometerMonitor.config(registry).clock(clock);
    config.draft.firstPosition = () -> 0;
    return knobs.apply(config).open("fraud");
  }

  private static VersionEvidence champion(MetricsMonitor monitor) {
    return monitor.evidence().champion().orElseThrow();
  }

  private double counted(String meter, String key, String value) {
    return registry.get(meter).tag(key, value).functionCounter().count();
  }

  // ------------------------------------------------------------------------- the request path

  /** A recorder of a version that the monitor is told is the champion. */
  private static Recorder serving(MetricsMonitor monitor, String version, Baseline baseline) {
    Recorder recorder = monitor.recorder(version, baseline);
    monitor.champion(version);
    return recorder;
  }

  /** 20 columns, by id and by key, with the system's clock: nothing is allocated once the code is warm. */
  @Test
  void recordingAllocatesNothing() {
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      columns.add(i % 4 == 0 ? Column.category("c" + i) : Column.number("n" + i));
    }
    Schema schema = Schema.of(columns);
    Object[] values = new Object[20];
    Arrays.setAll(values, i -> i % 4 == 0 ? "kind" : (Object) (double) i);
    Row row = Row.of(schema, values);
    MicrometerMonitor monitor = MicrometerMonitor.config(registry).open("fraud");
    Recorder recorder = serving(monitor, "1", Baseline.builder(schema).build());
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 40; round++) {
      long before = threads.getThreadAllocatedBytes(thread);
      for (int i = 0; i < 1_000; i++) {
        recorder.record(row, YES, 100);
        recorder.record("order-4711", row, YES, 100);
      }
      recorder.failure(100, null);
      least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
      monitor.tick();
    }
    // What the compiler's switch to faster code allocates belongs to a single round.
    assertThat(least).as("bytes for 2,000 predictions and a failure").isZero();
    assertThat(champion(monitor).recorded()).isEqualTo(80_000);
    assertThat(champion(monitor).dropped()).isZero();
  }

  @Test
  void whatDoesNotFitIsDroppedAndCountedAndTheIdsStayUnique() {
    MicrometerMonitor monitor = open(config -> config.buffering(64));
    Recorder recorder = serving(monitor, "1", BASELINE);
    Set<Long> ids = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      ids.add(recorder.record(ROW, YES, 1));
    }
    assertThat(ids).hasSize(100);
    monitor.tick();
    assertThat(champion(monitor).recorded()).as("one thread uses every slot").isEqualTo(64);
    assertThat(champion(monitor).dropped()).isEqualTo(36);
    assertThat(champion(monitor).offered()).isEqualTo(100);
    assertThat(counted("mlops.predictions.dropped", "cause", "full")).isEqualTo(36);
    assertThat(registry.get("mlops.predictions").timer().count()).isEqualTo(64);

    for (int i = 0; i < 64; i++) {
      recorder.record(ROW, YES, 1);
    }
    monitor.tick();
    assertThat(champion(monitor).recorded()).as("a tick makes room").isEqualTo(128);
  }

  @Test
  void theFirstDropWarnsOnceAndNamesTheRemedy() {
    MicrometerMonitor monitor = open(config -> config.buffering(8));
    Recorder recorder = serving(monitor, "1", BASELINE);
    assertThat(warnings(() -> {
          for (int i = 0; i < 8; i++) {
            recorder.record(ROW, YES, 1);
          }
        }))
        .isEmpty();
    assertThat(warnings(() -> {
          for (int i = 0; i < 20; i++) {
            recorder.record(ROW, YES, 1);
          }
        }))
        .containsExactly(
            "WARNING predictions of fraud are dropped and counted: all 8 slots are taken;"
                + " call tick() more often, or buffer more (MonitorConfig.buffering)");
  }

  /** More ticks would not help: slots are free, but another thread is faster each time. */
  @Test
  void aDropAfterLostRacesIsNotBlamedOnTicksThatAreMissing() {
    AtomicBoolean losing = new AtomicBoolean(true);
    MicrometerMonitor monitor = open(config -> {
      MonitorConfig racing = config.buffering(8);
      racing.draft.ring = (schema, capacity) -> new Ring(schema, capacity) {
        @Override
        boolean advance(long position) {
          return !losing.get() && super.advance(position);
        }
      };
      return racing;
    });
    Recorder recorder = serving(monitor, "1", BASELINE);
    assertThat(warnings(() -> {
          recorder.record(ROW, YES, 1);
          recorder.record(ROW, YES, 1);
        }))
        .containsExactly("WARNING predictions of fraud are dropped and counted: too many threads"
            + " record at once, and slots are free; record from fewer threads");
    assertThat(counted("mlops.predictions.dropped", "cause", "contended")).isEqualTo(2);
    losing.set(false);
    assertThat(warnings(() -> {
          for (int i = 0; i < 9; i++) {
            recorder.record(ROW, YES, 1);
          }
        }))
        .as("the other cause is said as well")
        .hasSize(1);
    assertThat(counted("mlops.predictions.dropped", "cause", "full")).isEqualTo(1);
    monitor.tick();
    assertThat(champion(monitor).recorded()).isEqualTo(8);
    assertThat(champion(monitor).dropped()).isEqualTo(3);
  }

  @Test
  void aSecondMonitorOfOneModelAndRegistryIsSaid() {
    MicrometerMonitor first = open(config -> config);
    assertThat(warnings(() -> open(config -> config)))
        .containsExactly("WARNING the meter registry has the meters of another monitor of fraud and"
            + " goes on showing those; give each a registry or a model name of its own, or close the"
            + " other one before this one is opened");
    first.close();
  }

  @Test
  void closingASecondMonitorLeavesTheMetersOfTheFirst() {
    MicrometerMonitor first = open(config -> config);
    serving(first, "1", BASELINE);
    List<Meter> before = registry.getMeters();
    MicrometerMonitor second = open(config -> config);
    serving(second, "1", BASELINE);
    serving(second, "2", BASELINE);
    second.close();
    assertThat(registry.getMeters()).containsExactlyInAnyOrderElementsOf(before);
    first.close();
    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void aMonitorInThePlaceOfAClosedOneIsNoSecondOne() {
    open(config -> config).close();
    assertThat(warnings(() -> open(config -> config))).isEmpty();
  }

  @Test
  void aTruthWithALabelThatTheModelNeverScoresIsSaidOnce() {
    MicrometerMonitor monitor = open(config -> config);
    Recorder recorder = serving(monitor, "1", BASELINE);
    Classification scored = Classification.of(List.of("no", "yes"), new double[] {0.2, 0.8});
    assertThat(warnings(() -> {
          monitor.truth(recorder.record(ROW, scored, 1), Truth.of("no"));
          monitor.truth(recorder.record(ROW, Classification.of("yes"), 1), Truth.of("Yes"));
          monitor.tick();
        }))
        .isEmpty();
    assertThat(warnings(() -> {
          monitor.truth(recorder.record(ROW, scored, 1), Truth.of("Yes"));
          monitor.tick();
          monitor.truth(recorder.record(ROW, scored, 1), Truth.of("YES"));
          monitor.tick();
        }))
        .containsExactly(
            "WARNING a truth of fraud has the label Yes, which its prediction has no"
                + " score for; it counts as a wrong prediction, but is it spelt as the model spells it? Is \"yes\" meant?");
  }

  private static List<String> warnings(Runnable code) {
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      code.run();
      return log.lines();
    }
  }

  @Test
  void everyDropHasItsCause() {
    MicrometerMonitor monitor = open(config -> config);
    Recorder recorder = serving(monitor, "1", BASELINE);
    recorder.record(null, YES, 1);
    recorder.record(Row.of(Schema.of(Column.number("other")), 1.0), YES, 1);
    recorder.record(Row.of(SCHEMA, 1.0, "x".repeat(1_025)), YES, 1);
    recorder.record(
        new HostRow() {
          @Override
          public String category(int column) {
            return null;
          }
        },
        YES,
        1);
    recorder.record(ROW, null, 1);
    recorder.record(ROW, Classification.of(List.of("a", "b"), new double[] {1, Double.NaN}), 1);
    recorder.record("k".repeat(1_025), ROW, YES, 1);
    recorder.record("k".repeat(1_024), Row.of(SCHEMA, 1.0, "x".repeat(1_024)), YES, 1);
    recorder.record(Row.of(SCHEMA, Double.NEGATIVE_INFINITY, ""), YES, 1);
    recorder.record(Row.of(SCHEMA, Double.NaN, "unseen"), YES, 1);
    monitor.tick();

    assertThat(counted("mlops.predictions.dropped", "cause", "row")).isEqualTo(4);
    assertThat(counted("mlops.predictions.dropped", "cause", "prediction")).isEqualTo(2);
    assertThat(counted("mlops.predictions.dropped", "cause", "key")).isEqualTo(1);
    assertThat(counted("mlops.predictions.dropped", "cause", "full")).isZero();
    assertThat(champion(monitor).recorded()).isEqualTo(3);
    assertThat(champion(monitor).dropped()).isEqualTo(7);
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        StackOverflowError.class,
        NoClassDefFoundError.class,
        OutOfMemoryError.class,
        IllegalStateException.class
      })
  void whateverAHostsAccessorThrowsIsCountedAndItsSlotIsUsedAgain(Class<? extends Throwable> type)
      throws Exception {
    Throwable fault = type.getConstructor(String.class).newInstance("host's");
    MicrometerMonitor monitor = open(config -> config.buffering(4));
    Recorder recorder = serving(monitor, "1", BASELINE);
    Row row = new HostRow() {
      @Override
      public String category(int column) {
        if (fault instanceof Error error) {
          throw error;
        }
        throw (RuntimeException) fault;
      }
    };
    for (int i = 0; i < 10; i++) {
      for (int each = 0; each < 4; each++) {
        recorder.record("order-" + i, row, YES, 1);
      }
      monitor.tick();
    }
    assertThat(counted("mlops.predictions.dropped", "cause", "row")).isEqualTo(40);
    for (int each = 0; each < 4; each++) {
      recorder.record(ROW, YES, 1);
    }
    monitor.tick();
    assertThat(champion(monitor).recorded()).isEqualTo(4);
    assertThat(champion(monitor).offered()).isEqualTo(44);
  }

  /** The accessor recurses until the stack is used up, at ever other depths, and record is called there. */
  @Test
  void recordingAtTheEndOfTheStackLeavesNoSlotBehind() throws Exception {
    MicrometerMonitor monitor = open(config -> config.buffering(1 << 16));
    Recorder recorder = serving(monitor, "1", BASELINE);
    Thread deep = new Thread(null, () -> descend(recorder), "deep", 256 * 1024);
    deep.start();
    deep.join();
    monitor.tick();
    long before = champion(monitor).recorded();
    for (int i = 0; i < 1 << 16; i++) {
      recorder.record(ROW, YES, 1);
    }
    monitor.tick();
    assertThat(champion(monitor).recorded() - before).isEqualTo(1 << 16);
  }

  @SuppressWarnings("InfiniteRecursion") // that is the point
  private static void descend(Recorder recorder) {
    try {
      descend(recorder);
    } catch (StackOverflowError atTheEnd) {
      try {
        recorder.record(ROW, YES, 1);
      } catch (StackOverflowError noRoomForTheCall) {
        throw noRoomForTheCall;
      }
    }
  }

  @Test
  void aThreadThatIsHeldUpInItsRowHoldsUpNobody() throws Exception {
    MicrometerMonitor monitor = open(config -> config.buffering(16));
    Recorder recorder = serving(monitor, "1", BASELINE);
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Row slow = new HostRow() {
      @Override
      public double number(int column) {
        inside.countDown();
        try {
          release.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
        return 1;
      }
    };
    Thread held = new Thread(() -> recorder.record("held", slow, YES, 1));
    held.start();
    try {
      assertThat(inside.await(30, TimeUnit.SECONDS)).isTrue();
      for (int i = 0; i < 15; i++) {
        monitor.truth(recorder.record(ROW, YES, 1), TRUE);
      }
      monitor.tick();
      assertThat(champion(monitor).matured())
          .as("each truth finds its prediction")
          .isEqualTo(15);
    } finally {
      release.countDown();
    }
    held.join();
    monitor.truth("held", TRUE);
    monitor.tick();
    assertThat(champion(monitor).matured()).isEqualTo(16);
    for (int i = 0; i < 16; i++) {
      recorder.record(ROW, YES, 1);
    }
    monitor.tick();
    assertThat(champion(monitor).recorded()).isEqualTo(32);
  }

  @Test
  void aClockThatThrowsHurtsNoPrediction() {
    AtomicBoolean broken = new AtomicBoolean();
    MicrometerMonitor monitor = open(config -> config.clock(() -> {
      if (broken.get()) {
        throw new IllegalStateException("no time");
      }
      return clock.instant();
    }));
    Recorder recorder = serving(monitor, "1", BASELINE);
    broken.set(true);
    monitor.truth(recorder.record(ROW, YES, 1), TRUE);
    assertThatCode(monitor::tick).doesNotThrowAnyException();
    assertThat(champion(monitor).matured()).isEqualTo(1);
  }

  // ---------------------------------------------------------------------------- many threads

  /** Ten threads: four record and give truths at once, two give truths of others, two tick, two read. */
  @Test
  void nothingIsLostOrCountedTwiceWhenTenThreadsMeet() throws Exception {
    int each = 5_000;
    MicrometerMonitor monitor = open(config -> config
        .buffering(1 << 16)
        .awaiting(1_000_000)
        .keeping(1_000_000)
        .watching(
            Signals.quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(1_000_000)));
    Recorder recorder = serving(monitor, "1", BASELINE);
    Map<Long, Truth> given = new ConcurrentHashMap<>();
    AtomicBoolean done = new AtomicBoolean();
    List<Callable<Void>> tasks = new ArrayList<>();
    for (int thread = 0; thread < 4; thread++) {
      int number = thread;
      tasks.add(() -> {
        for (int i = 0; i < each; i++) {
          if (i % 2 == 0) {
            long id = recorder.record(ROW, YES, i);
            monitor.truth(id, TRUE);
            given.put(id, TRUE);
          } else {
            String key = number + "-" + i;
            given.put(recorder.record(key, ROW, NO, i), FALSE);
            monitor.truth(key, FALSE);
          }
        }
        return null;
      });
    }
    for (int thread = 0; thread < 2; thread++) {
      tasks.add(() -> {
        while (!done.get()) {
          given.keySet().stream().limit(100).forEach(id -> monitor.truth(id, given.get(id)));
        }
        return null;
      });
      tasks.add(() -> {
        while (!done.get()) {
          monitor.tick();
        }
        return null;
      });
      tasks.add(() -> {
        while (!done.get()) {
          VersionEvidence section = champion(monitor);
          assertThat(section.recorded())
              .isEqualTo(section.matured() + section.expired() + section.open());
          List<Outcome> newest = monitor.outcomes().between(0, 1_000_000);
          for (int i = 0; i < newest.size(); i++) {
            assertThat(newest.get(i).position()).isEqualTo(i);
          }
        }
        return null;
      });
    }
    ExecutorService pool = Executors.newFixedThreadPool(10);
    try {
      List<Future<Void>> running = tasks.stream().map(pool::submit).toList();
      for (int i = 0; i < 4; i++) {
        running.get(i).get(60, TimeUnit.SECONDS);
      }
      done.set(true);
      for (Future<Void> future : running) {
        future.get(60, TimeUnit.SECONDS);
      }
    } finally {
      done.set(true);
      pool.shutdownNow();
    }
    monitor.tick();

    Evidence evidence = monitor.evidence();
    VersionEvidence section = champion(monitor);
    assertThat(section.offered()).isEqualTo(4L * each);
    assertThat(section.recorded()).isEqualTo(section.matured() + section.open());
    assertThat(section.matured()).isEqualTo(monitor.outcomes().end());
    if (section.dropped() == 0 && evidence.lostTruths() == 0) {
      assertThat(section.open())
          .as("a truth given after record returned is joined")
          .isZero();
      assertThat(evidence.orphans()).isZero();
    }
    assertThat(evidence.corrections()).isZero();
    Set<Long> seen = new HashSet<>();
    for (Outcome outcome : monitor.outcomes().between(0, 4L * each)) {
      assertThat(seen.add(outcome.id())).isTrue();
      assertThat(outcome.truth()).isEqualTo(given.get(outcome.id()));
      assertThat(outcome.prediction()).isEqualTo(outcome.truth().equals(TRUE) ? YES : NO);
    }
  }

  // ------------------------------------------------------------------------------- the oracle

  /** Random predictions, truths, corrections, ticks, versions and pauses, beside the monitor that is exact by being simple. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void knowsWhatTheExactMonitorKnows(long seed) {
    Random random = new Random(seed);
    Duration horizon = Duration.ofMinutes(20);
    boolean withHorizon = seed % 2 == 0;
    MicrometerMonitor monitor = open(config -> {
      MonitorConfig knobs = config.keeping(5_000).awaiting(5_000).qualityOver(5_000);
      return withHorizon ? knobs.truthWithin(horizon) : knobs;
    });
    InMemoryMonitor.Config exactly =
        InMemoryMonitor.config().on(clock).keeping(5_000).firstPosition(0);
    InMemoryMonitor exact = (withHorizon ? exactly.truthWithin(horizon) : exactly).open("fraud");
    Map<String, Recorder[]> recorders = new HashMap<>();
    for (String version : List.of("1", "2", "3")) {
      recorders.put(
          version,
          new Recorder[] {serving(monitor, version, BASELINE), serving(exact, version, BASELINE)});
    }
    List<long[]> ids = new ArrayList<>();
    for (int step = 0; step < 1_500; step++) {
      Truth truth =
          random.nextInt(10) == 0 ? Truth.of("unseen") : random.nextBoolean() ? TRUE : FALSE;
      switch (random.nextInt(10)) {
        case 0, 1, 2 -> {
          Row row = Row.of(SCHEMA, random.nextGaussian(), random.nextBoolean() ? "web" : "");
          Prediction prediction = random.nextInt(20) == 0
              ? Classification.of(List.of("yes", "no"), new double[] {Double.NaN, 1})
              : random.nextBoolean() ? YES : NO;
          String key = random.nextInt(3) == 0 ? null : "order-" + random.nextInt(60);
          Recorder[] both = recorders.get(Integer.toString(1 + random.nextInt(3)));
          long nanos = random.nextInt(1_000_000);
          ids.add(new long[] {
            key == null
                ? both[0].record(row, prediction, nanos)
                : both[0].record(key, row, prediction, nanos),
            key == null
                ? both[1].record(row, prediction, nanos)
                : both[1].record(key, row, prediction, nanos)
          });
        }
        case 3, 4 -> {
          if (!ids.isEmpty()) {
            long[] id = ids.get(random.nextInt(ids.size()));
            monitor.truth(id[0], truth);
            exact.truth(id[1], truth);
          }
        }
        case 5, 6 -> {
          String key = "order-" + random.nextInt(70);
          monitor.truth(key, truth);
          exact.truth(key, truth);
        }
        case 7 -> clock.advance(Duration.ofSeconds(random.nextInt(120)));
        case 8 -> {
          Recorder[] both = recorders.get(Integer.toString(1 + random.nextInt(3)));
          both[0].failure(1, null);
          both[1].failure(1, null);
        }
        default -> {
          monitor.tick();
          exact.tick();
          same(monitor, exact, "seed " + seed + ", step " + step);
        }
      }
    }
  }

  private static void same(MicrometerMonitor monitor, InMemoryMonitor exact, String where) {
    Evidence got = monitor.evidence();
    Evidence wanted = exact.evidence();
    assertThat(got.truths()).as(where).isEqualTo(wanted.truths());
    assertThat(got.matured()).as(where).isEqualTo(wanted.matured());
    same(got.champion().orElseThrow(), wanted.champion().orElseThrow(), where);
    assertThat(got.others()).hasSameSizeAs(wanted.others());
    for (int i = 0; i < got.others().size(); i++) {
      same(got.others().get(i), wanted.others().get(i), where);
    }
    assertThat(monitor.outcomes().end()).as(where).isEqualTo(exact.outcomes().end());
    assertThat(monitor.outcomes().open()).as(where).isEqualTo(exact.outcomes().open());
    List<Outcome> outcomes = monitor.outcomes().between(0, 10_000);
    List<Outcome> right = exact.outcomes().between(0, 10_000);
    assertThat(outcomes).as(where).hasSameSizeAs(right);
    for (int i = 0; i < right.size(); i++) {
      Outcome one = outcomes.get(i);
      Outcome other = right.get(i);
      assertThat(Outcome.builder(one.position(), 0, one.version())
              .row(one.row())
              .prediction(one.prediction())
              .truth(one.truth())
              .servedAt(one.servedAt())
              .build())
          .as(where)
          .isEqualTo(Outcome.builder(other.position(), 0, other.version())
              .row(other.row())
              .prediction(other.prediction())
              .truth(other.truth())
              .servedAt(other.servedAt())
              .build());
    }
  }

  private static void same(VersionEvidence got, VersionEvidence wanted, String where) {
    assertThat(got.version()).as(where).isEqualTo(wanted.version());
    assertThat(got.recorded()).as(where).isEqualTo(wanted.recorded());
    assertThat(got.dropped()).as(where).isEqualTo(wanted.dropped());
    assertThat(got.failures()).as(where).isEqualTo(wanted.failures());
    assertThat(got.matured()).as(where).isEqualTo(wanted.matured());
    assertThat(got.expired()).as(where).isEqualTo(wanted.expired());
    assertThat(got.open()).as(where).isEqualTo(wanted.open());
    assertThat(got.truthAge()).as(where).isEqualTo(wanted.truthAge());
    assertThat(got.latency())
        .as(where)
        .isEqualTo(wanted.latency().map(LatencyWindowTest::withoutBounds));
    assertThat(values(got.quality())).as(where).isEqualTo(values(wanted.quality()));
    assertThat(values(got.provisional())).as(where).isEqualTo(values(wanted.provisional()));
  }

  /** Values to nine digits: they are sums in another order. Intervals are each monitor's own. */
  private static Map<Metric, String> values(Map<Metric, Estimate> quality) {
    Map<Metric, String> values = new HashMap<>();
    quality.forEach((metric, estimate) -> {
      if (!metric.equals(Metric.LOG_LOSS)) {
        values.put(
            metric,
            String.format(
                "%.9f of %s",
                estimate.value(), metric.equals(Metric.ACCURACY) ? estimate.n() : ""));
      }
    });
    return values;
  }

  // --------------------------------------------------------------------------------- bounds

  /** Ever new keys with one hash code, most without truth: what is held is what the bounds say. */
  @Test
  void hostileKeysStayWithinTheBounds() {
    staysWithinTheBounds(100_000);
  }

  @Test
  @Tag("slow")
  void aMillionHostileKeysStayWithinTheBounds() {
    staysWithinTheBounds(1_000_000);
  }

  private void staysWithinTheBounds(int predictions) {
    MicrometerMonitor monitor =
        open(config -> config.awaiting(2_000).keeping(1_000).qualityOver(500).buffering(1_024));
    Recorder recorder = serving(monitor, "1", BASELINE);
    long before = used();
    for (int i = 0; i < predictions; i++) {
      String key = collidingKey(i);
      recorder.record(key, ROW, YES, 1);
      if (i % 10 == 0) {
        monitor.truth(key, TRUE);
      }
      if (i % 1_000 == 999) {
        monitor.tick();
      }
    }
    monitor.tick();
    VersionEvidence section = champion(monitor);
    assertThat(section.recorded()).isEqualTo(predictions);
    assertThat(section.matured()).isEqualTo(predictions / 10);
    assertThat(section.open()).isEqualTo(2_000);
    assertThat(section.expired()).isEqualTo(predictions - predictions / 10 - 2_000);
    assertThat(counted("mlops.truths", "outcome", "expired")).isEqualTo(section.expired());
    // Documented: 3,000 predictions of 8n + 4c + 400 bytes and their keys, far below 8 MB with the
    // rest.
    assertThat(used() - before).as("bytes held").isLessThan(8_000_000);
    assertThat(monitor.outcomes().between(0, 200_000)).hasSize(1_000);
  }

  /** A key of its own for each of a million numbers, all with one hash code: "Aa" and "BB" hash alike. */
  private static String collidingKey(int number) {
    StringBuilder key = new StringBuilder();
    for (int bit = 0; bit < 20; bit++) {
      key.append((number >> bit & 1) == 0 ? "Aa" : "BB");
    }
    return key.toString();
  }

  private static long used() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      System.gc();
      least = Math.min(
          least, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
    return least;
  }

  /** Entries are used again many times over; whatever is read of one belongs together, also when it is read later. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void entriesThatAreUsedAgainMixNothingUp(long seed) {
    Random random = new Random(seed);
    MicrometerMonitor monitor = open(config -> config.awaiting(40).keeping(30).qualityOver(60));
    Recorder recorder = serving(monitor, "1", BASELINE);
    Map<Long, Integer> numbers = new HashMap<>();
    List<Long> ids = new ArrayList<>();
    List<Outcome> read = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      Row row = Row.of(SCHEMA, (double) i, "c" + i);
      long id = i % 2 == 0
          ? recorder.record(row, predictionOf(i), i)
          : recorder.record("order-" + i, row, predictionOf(i), i);
      numbers.put(id, i);
      ids.add(id);
      int late = i - random.nextInt(60);
      if (late >= 0 && late % 2 == 1) {
        monitor.truth("order-" + late, Truth.of("t" + late));
      } else if (late >= 0) {
        monitor.truth(ids.get(late), Truth.of("t" + late));
      }
      if (i % 20 == 19) {
        monitor.tick();
        read.addAll(
            monitor.outcomes().between(Math.max(0, monitor.outcomes().end() - 25), 1L << 40));
      }
    }
    assertThat(read).hasSizeGreaterThan(5_000);
    for (Outcome outcome : read) {
      int number = numbers.get(outcome.id());
      assertThat(outcome.row())
          .as("seed " + seed)
          .isEqualTo(Row.of(SCHEMA, (double) number, "c" + number));
      assertThat(outcome.prediction()).isEqualTo(predictionOf(number));
      assertThat(outcome.truth()).isEqualTo(Truth.of("t" + number));
    }
  }

  private static Prediction predictionOf(int number) {
    return switch (number % 3) {
      case 0 -> Classification.of("p" + number);
      case 1 -> Classification.of(List.of("yes", "no"), new double[] {1.0 / number, number});
      default -> Regression.of(number);
    };
  }

  /** Recorded while the clock was a year ahead, taken once it was right again. */
  @Test
  void aPredictionIsNeverYoungerThanTheTickThatTakesIt() {
    MicrometerMonitor monitor = open(config -> config.truthWithin(Duration.ofHours(1)));
    Recorder recorder = serving(monitor, "1", BASELINE);
    Instant right = clock.instant();
    clock.advance(Duration.ofDays(365));
    recorder.record(ROW, YES, 1);
    clock.set(right);
    monitor.tick();
    clock.advance(Duration.ofHours(1));
    monitor.tick();
    assertThat(champion(monitor).expired()).isEqualTo(1);
  }

  /** With a horizon the mark of the newest truth counts; without one a truth closes at once, and a later one is late. */
  @Test
  void aTruthThatWasCausedClosesByTheMarkThatItHasThen() {
    MicrometerMonitor monitor = open(config -> config.truthWithin(Duration.ofHours(1)));
    Recorder recorder = serving(monitor, "1", BASELINE);
    recorder.record("caused", ROW, YES, 1);
    recorder.record("looked at", ROW, YES, 1);
    monitor.truth("caused", TRUE.asCaused());
    monitor.truth("looked at", TRUE.asCaused());
    monitor.tick();
    assertThat(champion(monitor).provisional()).isEmpty();
    monitor.truth("looked at", FALSE);
    monitor.tick();
    assertThat(champion(monitor).provisional())
        .containsEntry(Metric.ACCURACY, Estimate.share(0, 1));
    assertThat(champion(monitor).joined()).isEqualTo(2);
    assertThat(champion(monitor).waiting()).isZero();
    clock.advance(Duration.ofHours(1));
    monitor.tick();
    assertThat(champion(monitor).matured()).isEqualTo(1);
    assertThat(champion(monitor).caused()).isEqualTo(1);
    monitor.truth("caused", FALSE);
    monitor.truth("looked at", FALSE.asCaused());
    monitor.tick();
    assertThat(monitor.evidence().truths(TruthState.LATE)).isEqualTo(1);
    assertThat(monitor.evidence().duplicates()).as("the mark comes too late").isEqualTo(1);
    assertThat(champion(monitor).quality(Metric.ACCURACY)).contains(Estimate.share(0, 1));
  }

  @Test
  void aTruthMayWaitForItsPrediction() {
    MicrometerMonitor monitor = open(config -> config.truthBefore(Duration.ofMinutes(1), 10));
    Recorder recorder = serving(monitor, "1", BASELINE);
    monitor.truth("order-1", TRUE);
    monitor.truth("order-2", TRUE);
    monitor.tick();
    assertThat(monitor.evidence().truths(TruthState.EARLY)).isEqualTo(2);
    assertThat(registry.get("mlops.truths.early").gauge().value()).isEqualTo(2);
    recorder.record("order-1", ROW, YES, 1);
    clock.advance(Duration.ofMinutes(1));
    monitor.tick();
    assertThat(champion(monitor).matured()).isEqualTo(1);
    assertThat(monitor.evidence().truths(TruthState.EARLY)).isZero();
    assertThat(monitor.evidence().orphans()).isEqualTo(1);
  }

  @Test
  void aTruthWithALabelThatNoPredictionEverWasIsSaidOnceThoughThereAreNoScores() {
    MicrometerMonitor monitor = open(config -> config);
    Recorder recorder = serving(monitor, "1", BASELINE);
    for (int i = 0; i < 99; i++) {
      recorder.record(ROW, i % 2 == 0 ? YES : NO, 1);
    }
    assertThat(warnings(() -> {
          monitor.truth(recorder.record("a", ROW, YES, 1), FALSE);
          monitor.truth("a", TRUE);
          monitor.tick();
        }))
        .isEmpty();
    assertThat(warnings(() -> {
          monitor.truth("a", Truth.of("Yes"));
          monitor.truth("a", Truth.of("YES"));
          monitor.tick();
          monitor.tick();
        }))
        .singleElement()
        .asString()
        .contains("the label Yes", "no prediction and no test row", "\"yes\" meant");
  }

  @Test
  void theOldestOpenPredictionExpiresAndItsTruthIsLate() {
    MicrometerMonitor monitor = open(config -> config.awaiting(3));
    Recorder recorder = serving(monitor, "1", BASELINE);
    for (int i = 0; i < 5; i++) {
      recorder.record("order-" + i, ROW, YES, 1);
    }
    monitor.tick();
    for (int i = 0; i < 5; i++) {
      monitor.truth("order-" + i, TRUE);
    }
    monitor.tick();
    assertThat(champion(monitor).matured()).isEqualTo(3);
    assertThat(champion(monitor).expired()).isEqualTo(2);
    assertThat(counted("mlops.truths", "outcome", "expired")).isEqualTo(2);
    assertThat(monitor.evidence().truths(TruthState.LATE)).isEqualTo(2);
    assertThat(counted("mlops.truths", "outcome", "late")).isEqualTo(2);
    assertThat(monitor.evidence().orphans()).isZero();
    assertThat(champion(monitor).coverage()).hasValue(0.6);
  }

  @Test
  void truthsThatNoTickTakesAreTakenByTheThreadThatGivesThem() {
    MicrometerMonitor monitor = open(config -> config.buffering(16));
    Recorder recorder = serving(monitor, "1", BASELINE);
    long id = recorder.record(ROW, YES, 1);
    for (int i = 0; i < 100; i++) {
      monitor.truth(id, TRUE);
    }
    monitor.tick();
    Evidence evidence = monitor.evidence();
    assertThat(evidence.lostTruths()).isZero();
    assertThat(evidence.duplicates()).isEqualTo(99);
  }

  /** The lock is free the moment before a tick takes it, and the truths of a busy host would take it each time. */
  @Test
  void aThreadThatGivesTruthsGivesWayToATickThatWaits() {
    AtomicReference<Runnable> waiting = new AtomicReference<>();
    MicrometerMonitor monitor = open(config -> {
      MonitorConfig watched = config.buffering(16);
      watched.draft.lock = () -> new ReentrantLock() {
        private static final long serialVersionUID = 1L;

        @Override
        public void lock() {
          Runnable now = waiting.getAndSet(null);
          if (now != null) {
            now.run();
          }
          super.lock();
        }
      };
      return watched;
    });
    serving(monitor, "1", BASELINE);
    waiting.set(() -> {
      for (int i = 0; i < 21; i++) {
        monitor.truth("order", TRUE);
      }
    });
    monitor.tick();
    assertThat(waiting.get()).isNull();
    assertThat(monitor.evidence().lostTruths()).as("5 of 21 found no place").isEqualTo(5);
    assertThat(monitor.evidence().orphans()).as("the tick took what waited").isEqualTo(16);

    for (int i = 0; i < 21; i++) {
      monitor.truth("order", TRUE);
    }
    assertThat(monitor.evidence().lostTruths()).as("no tick waits any more").isEqualTo(5);
  }

  @Test
  void truthsThatNobodyCanTakeAreLostAndCounted() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Thread[] ticker = new Thread[1];
    MicrometerMonitor monitor = open(config -> config.buffering(16).clock(() -> {
      if (Thread.currentThread() == ticker[0]) {
        inside.countDown();
        try {
          release.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      return clock.instant();
    }));
    serving(monitor, "1", BASELINE);
    ticker[0] = new Thread(monitor::tick);
    ticker[0].start();
    try {
      assertThat(inside.await(30, TimeUnit.SECONDS)).isTrue();
      monitor.tick(); // returns at once: another thread is at it
      for (int i = 0; i < 21; i++) {
        monitor.truth("order", TRUE);
      }
    } finally {
      release.countDown();
    }
    ticker[0].join();
    monitor.tick();
    assertThat(monitor.evidence().lostTruths()).isEqualTo(5);
    assertThat(counted("mlops.truths", "outcome", "lost")).isEqualTo(5);
    assertThat(monitor.evidence().orphans()).isEqualTo(16);
  }

  @Test
  void sectionsOfTheNewest16VersionsAreKeptAndOlderOnesTakeTheirMetersAlong() {
    MicrometerMonitor monitor = open(config -> config);
    for (int version = 1; version <= 40; version++) {
      Recorder recorder = serving(monitor, Integer.toString(version), BASELINE);
      monitor.truth(recorder.record(ROW, YES, 1), TRUE);
      monitor.tick();
    }
    assertThat(champion(monitor).version()).isEqualTo("40");
    assertThat(monitor.evidence().others())
        .extracting(VersionEvidence::version)
        .containsExactly(
            "39", "38", "37", "36", "35", "34", "33", "32", "31", "30", "29", "28", "27", "26",
            "25");
    assertThat(registry.find("mlops.predictions").tag("version", "25").timer()).isNotNull();
    assertThat(registry.getMeters())
        .noneMatch(meter -> "24".equals(meter.getId().getTag("version")));
    assertThat(monitor.evidence().matured()).as("of forgotten versions too").isEqualTo(40);
  }

  @Test
  void onlyTheNewestOutcomesKeepTheirRows() {
    MicrometerMonitor monitor = open(config -> config.keeping(10).qualityOver(50));
    Recorder recorder = serving(monitor, "1", BASELINE);
    for (int i = 0; i < 100; i++) {
      monitor.truth(recorder.record("order-" + i, ROW, YES, 1), i < 50 ? FALSE : TRUE);
    }
    monitor.tick();
    assertThat(monitor.outcomes().capacity()).isEqualTo(10);
    assertThat(monitor.outcomes().between(0, 1_000))
        .extracting(Outcome::position)
        .containsExactly(90L, 91L, 92L, 93L, 94L, 95L, 96L, 97L, 98L, 99L);
    assertThat(champion(monitor).quality(Metric.ACCURACY)).contains(Estimate.share(50, 50));
    monitor.truth("order-60", FALSE);
    monitor.truth("order-40", TRUE);
    monitor.tick();
    assertThat(champion(monitor).quality(Metric.ACCURACY))
        .as("what quality rests on can still be corrected, what it does not cannot")
        .contains(Estimate.share(49, 50));
    assertThat(monitor.evidence().orphans()).isEqualTo(1);
  }

  @Test
  void outcomesBeyondThoseKeptHoldNoRows() {
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i < 250; i++) {
      columns.add(Column.number("n" + i));
    }
    Schema wide = Schema.of(columns);
    Row row = Row.of(wide, new double[250], new String[0]);
    MicrometerMonitor monitor =
        open(config -> config.keeping(1).qualityOver(10_000).buffering(256));
    Recorder recorder = serving(monitor, "1", Baseline.builder(wide).build());
    long before = used();
    for (int i = 0; i < 10_000; i++) {
      monitor.truth(recorder.record(row, YES, 1), TRUE);
      if (i % 200 == 199) {
        monitor.tick();
      }
    }
    assertThat(champion(monitor).quality(Metric.ACCURACY)).contains(Estimate.share(10_000, 10_000));
    // 10,000 rows of 250 numbers would be 20 MB.
    assertThat(used() - before).isLessThan(10_000_000);
  }

  // ------------------------------------------------------------------------------- detectors

  private static DriftReading reading(MicrometerMonitor monitor, WatchCondition watch) {
    return champion(monitor).drift(watch.watch()).orElseThrow();
  }

  /** Which rows count, and when they are wrong, for each metric, beside a detector that is fed by hand. */
  @ParameterizedTest
  @ValueSource(strings = {"accuracy", "precision", "recall"})
  void alarmsWithTheSameOutcomeAsADetectorFedByHand(String metric) {
    WatchCondition watch =
        Signals.quality(metric).noWorseThanBaseline(0.02).falseAlarmEvery(10_000);
    MicrometerMonitor monitor = open(config -> config.watching(watch));
    Recorder recorder = serving(monitor, "1", BASELINE);
    // Of the baseline: 100 of 1,000 wrong; 50 of 500 predicted; 100 of 500 true.
    double bound = switch (metric) {
      case "accuracy" -> SrEDetector.upperLimit(100, 1_000);
      case "precision" -> SrEDetector.upperLimit(50, 500);
      default -> SrEDetector.upperLimit(100, 500);
    };
    ValueDetector byHand = SrEDetector.above(bound + 0.02).falseAlarmEvery(10_000);
    List<Long> fed = new ArrayList<>();
    Random random = new Random(7);
    long alarm = -1;
    for (long position = 0; position < 6_000 && alarm < 0; position++) {
      boolean truth = random.nextBoolean();
      boolean right = random.nextDouble() < (position < 1_500 ? 0.92 : 0.6);
      boolean said = truth == right;
      monitor.truth(recorder.record(ROW, said ? YES : NO, 1), truth ? TRUE : FALSE);
      monitor.tick();
      boolean counts = metric.equals("accuracy") || (metric.equals("recall") ? truth : said);
      if (counts) {
        fed.add(position);
        if (byHand.update(right ? 0 : 1) == Level.DRIFT) {
          alarm = position;
        }
      }
      assertThat(reading(monitor, watch).signal().isPresent())
          .as("position " + position)
          .isEqualTo(alarm >= 0);
      assertThat(reading(monitor, watch).inputs()).isEqualTo(fed.size());
    }
    assertThat(alarm).isBetween(1_500L, 5_999L);
    Signal signal = byHand.signal().orElseThrow();
    assertThat(reading(monitor, watch).signal()).contains(signal);
    assertThat(reading(monitor, watch).changePosition())
        .as("mapped from the detector's inputs to the outcomes")
        .hasValue(fed.get((int) signal.changePoint()));
    assertThat(reading(monitor, watch).note())
        .startsWith(String.format("limit of %s %.3f (test phase ", metric, 1 - bound - 0.02))
        .contains("finds " + metric + " below ", " within about 1000 inputs");
    assertThat(reading(monitor, watch).limit().orElseThrow())
        .isCloseTo(1 - bound - 0.02, within(1e-12));
  }

  @Test
  void absoluteErrorsAreClippedAtTenLimits() {
    Schema schema = Schema.of(Column.number("x")).predicting(Task.REGRESSION);
    WatchCondition watch = Signals.quality("mae").noWorseThanBaseline(0.5).falseAlarmEvery(1_000);
    MicrometerMonitor monitor = open(config -> config.watching(watch));
    Recorder recorder = serving(
        monitor,
        "1",
        Baseline.builder(schema)
            .quality(Metric.MAE, new Estimate(1.0, 0.5, 1.5, 100))
            .build());
    ValueDetector byHand = SrEDetector.above(2.0).falseAlarmEvery(1_000);
    Random random = new Random(3);
    boolean drift = false;
    for (int i = 0; i < 2_000 && !drift; i++) {
      double error = i < 500 ? random.nextDouble() : Math.exp(6 * random.nextDouble());
      monitor.truth(recorder.record(Row.of(schema, 0.0), Regression.of(error), 1), Truth.of(0.0));
      monitor.tick();
      drift = byHand.update(Math.min(error, 20)) == Level.DRIFT;
      assertThat(reading(monitor, watch).signal().isPresent()).as("row " + i).isEqualTo(drift);
    }
    assertThat(reading(monitor, watch).signal()).isEqualTo(byHand.signal());
    assertThat(drift).isTrue();
  }

  /** DESIGN's ratchet: a later, worse baseline does not raise the limit; a better one lowers it. */
  @Test
  void theLimitIsTheLowerOfTheFirstBaselineAndTheChampions() {
    WatchCondition watch =
        Signals.quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(1_000);
    MicrometerMonitor monitor = open(config -> config.watching(watch));
    serving(monitor, "1", BASELINE);
    double first = 1 - SrEDetector.upperLimit(100, 1_000) - 0.02;
    assertThat(reading(monitor, watch).limit().orElseThrow()).isCloseTo(first, within(1e-12));
    serving(monitor, "2", baselineOf(800));
    assertThat(reading(monitor, watch).limit().orElseThrow()).isCloseTo(first, within(1e-12));
    serving(monitor, "3", baselineOf(950));
    assertThat(reading(monitor, watch).limit().orElseThrow())
        .isCloseTo(1 - SrEDetector.upperLimit(50, 1_000) - 0.02, within(1e-12));
    serving(monitor, "4", baselineOf(700));
    assertThat(reading(monitor, watch).limit().orElseThrow()).isCloseTo(first, within(1e-12));
  }

  private static Baseline baselineOf(long right) {
    return Baseline.builder(SCHEMA)
        .quality(Metric.ACCURACY, Estimate.share(right, 1_000))
        .build();
  }

  @Test
  void aWatchThatCannotJudgeSaysWhyAndNeverPasses() {
    WatchCondition accuracy =
        Signals.quality("accuracy").noWorseThanBaseline(0.95).falseAlarmEvery(1_000);
    WatchCondition recall =
        Signals.quality("recall").noWorseThanBaseline(0.02).falseAlarmEvery(1_000);
    WatchCondition features = Signals.features().falseAlarmEvery(100_000);
    MicrometerMonitor monitor = open(config -> config.watching(accuracy, recall, features));
    Schema noPositive = Schema.of(SCHEMA.columns()).predicting(Task.CLASSIFICATION);
    Recorder recorder = serving(
        monitor,
        "1",
        Baseline.builder(noPositive)
            .quality(Metric.ACCURACY, Estimate.share(900, 1_000))
            .quality(Metric.RECALL, Estimate.share(900, 1_000))
            .build());
    for (int i = 0; i < 100; i++) {
      monitor.truth(recorder.record(ROW, YES, 1), FALSE);
    }
    monitor.tick();
    assertThat(reading(monitor, accuracy).note())
        .startsWith("a loss limit of 1.06")
        .endsWith(" leaves nothing to find");
    assertThat(reading(monitor, recall).note())
        .isEqualTo("the schema names no positive label, so recall has no loss per row");
    assertThat(reading(monitor, features).note())
        .isEqualTo("a baseline must have the profile of a column to watch, but had none");
    for (WatchCondition watch : List.of(accuracy, recall, features)) {
      assertThat(reading(monitor, watch).level()).isEqualTo(Level.WARMING_UP);
      assertThat(watch.test(monitor.evidence()).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    }
  }

  @Test
  void aSignalStaysUntilTheBaselineChangesAndComesBackOnlyIfFoundAgain() {
    WatchCondition watch =
        Signals.quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(1_000);
    MicrometerMonitor monitor = open(config -> config.watching(watch));
    Recorder one = serving(monitor, "1", BASELINE);
    for (int i = 0; i < 200; i++) {
      monitor.truth(one.record(ROW, YES, 1), FALSE);
    }
    monitor.tick();
    Signal signal = reading(monitor, watch).signal().orElseThrow();
    for (int i = 0; i < 500; i++) {
      monitor.truth(one.record(ROW, YES, 1), TRUE);
      monitor.truth(one.record(ROW, YES, 1), FALSE);
    }
    monitor.tick();
    assertThat(reading(monitor, watch).signal()).as("the first, unanswered").contains(signal);
    assertThat(reading(monitor, watch).level()).isEqualTo(Level.DRIFT);

    serving(monitor, "1", BASELINE);
    assertThat(reading(monitor, watch).signal()).as("the same champion again").contains(signal);
    serving(monitor, "2", baselineOf(901));
    assertThat(reading(monitor, watch).signal()).as("a new baseline").isEmpty();
    assertThat(reading(monitor, watch).inputs()).isZero();

    // Late truths of version 1 are credited to it and feed nobody.
    long before = monitor.evidence().others().get(0).matured();
    for (int i = 0; i < 200; i++) {
      monitor.truth(one.record(ROW, YES, 1), FALSE);
    }
    monitor.tick();
    assertThat(monitor.evidence().others().get(0).matured()).isEqualTo(before + 200);
    assertThat(reading(monitor, watch).inputs()).isZero();

    serving(monitor, "1", BASELINE);
    assertThat(reading(monitor, watch).signal())
        .as("back to 1, whose drift nobody has answered")
        .contains(signal);
    assertThat(monitor.evidence().others().get(0).drift()).isEmpty();
  }

  /** An alarm every 50 h in blocks of one hour, truth at once: blocks are those of the predictions' instants. */
  @Test
  void aBlockEndsByTheInstantsOfThePredictions() {
    WatchCondition watch =
        Signals.quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(Duration.ofHours(50));
    MicrometerMonitor monitor = open(config -> config.watching(watch));
    Recorder recorder = serving(monitor, "1", BASELINE);
    double limit = SrEDetector.upperLimit(100, 1_000) + 0.02;
    SrEDetector byHand = SrEDetector.above(limit).falseAlarmEvery(Duration.ofHours(50));
    for (int i = 0; i < 40; i++) {
      monitor.truth(recorder.record(ROW, YES, 1), FALSE);
      byHand.update(1);
      clock.advance(Duration.ofMinutes(1));
    }
    monitor.tick();
    assertThat(reading(monitor, watch).signal()).as("the hour is not over").isEmpty();
    assertThat(reading(monitor, watch).level()).isEqualTo(Level.WARMING_UP);
    clock.advance(Duration.ofMinutes(19));
    monitor.tick();
    assertThat(reading(monitor, watch).signal()).as("59 minutes").isEmpty();
    clock.advance(Duration.ofMinutes(1));
    monitor.tick();
    assertThat(byHand.endBlock()).isEqualTo(Level.DRIFT);
    assertThat(reading(monitor, watch).signal()).isEqualTo(byHand.signal());
  }

  @Test
  void aBlockEndsWhenAnOutcomeOfALaterOneMatures() {
    WatchCondition watch =
        Signals.quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(Duration.ofHours(50));
    MicrometerMonitor monitor = open(config -> config.watching(watch));
    Recorder recorder = serving(monitor, "1", BASELINE);
    recorder.record(ROW, YES, 1); // open for ever: without a horizon nothing else ends its hour
    for (int i = 0; i < 40; i++) {
      monitor.truth(recorder.record(ROW, YES, 1), FALSE);
    }
    clock.advance(Duration.ofHours(2));
    monitor.tick();
    assertThat(reading(monitor, watch).signal()).isEmpty();
    monitor.truth(recorder.record(ROW, YES, 1), TRUE);
    monitor.tick();
    assertThat(reading(monitor, watch).signal()).isPresent();
  }

  @Test
  void aBlockWithOpenPredictionsWaitsForThemOrTheirHorizon() {
    WatchCondition watch =
        Signals.quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(Duration.ofHours(50));
    MicrometerMonitor monitor =
        open(config -> config.watching(watch).truthWithin(Duration.ofHours(5)));
    Recorder recorder = serving(monitor, "1", BASELINE);
    for (int i = 0; i < 40; i++) {
      monitor.truth(recorder.record(ROW, YES, 1), FALSE);
    }
    clock.advance(Duration.ofMinutes(30));
    recorder.record(ROW, YES, 1); // its truth never comes
    clock.advance(Duration.ofHours(4).plusMinutes(45));
    monitor.tick();
    assertThat(champion(monitor).matured()).isEqualTo(40);
    assertThat(reading(monitor, watch).signal()).as("one of that hour is open").isEmpty();
    clock.advance(Duration.ofMinutes(15));
    monitor.tick();
    assertThat(champion(monitor).expired()).isEqualTo(1);
    assertThat(reading(monitor, watch).signal()).isPresent();
  }

  @Test
  void rowsFeedTheFeatureDetectorInTheOrderTheyWereServed() {
    Random random = new Random(5);
    double[] sample = random.doubles(500).sorted().toArray();
    Baseline baseline = Baseline.builder(SCHEMA)
        .column(new NumberProfile("amount", 500, 0, 0.5, 0.29, 0, 1, sample))
        .build();
    WatchCondition watch = Signals.features().falseAlarmEvery(1_000_000);
    MicrometerMonitor monitor = open(config -> config.watching(watch));
    Recorder recorder = serving(monitor, "1", baseline);
    for (int i = 0; i < 999; i++) {
      recorder.record(Row.of(SCHEMA, 5.0 + random.nextDouble(), "web"), YES, 1);
    }
    monitor.tick();
    assertThat(reading(monitor, watch).level()).isEqualTo(Level.WARMING_UP);
    assertThat(reading(monitor, watch).inputs()).isEqualTo(999);
    recorder.record(Row.of(SCHEMA, 5.0, "web"), YES, 1);
    monitor.tick();
    DriftReading found = reading(monitor, watch);
    assertThat(found.level()).isEqualTo(Level.DRIFT);
    assertThat(found.signal().orElseThrow().moved())
        .extracting(moved -> moved.column())
        .containsExactly("amount");
    assertThat(found.signal().orElseThrow().index()).isEqualTo(999);
    assertThat(found.changePosition()).as("no outcomes, no position among them").isEmpty();
  }

  /** A clock that was a year ahead had opened a block there. */
  @Test
  void clearingForgetsTheBlockThatWasOpen() {
    WatchCondition watch =
        Signals.quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(Duration.ofHours(50));
    MicrometerMonitor monitor = open(config -> config.watching(watch));
    Recorder recorder = serving(monitor, "1", BASELINE);
    Instant right = clock.instant();
    clock.advance(Duration.ofDays(365));
    monitor.truth(recorder.record(ROW, YES, 1), TRUE);
    monitor.tick();
    clock.set(right);
    monitor.clearSignals("the clock was wrong");
    for (int i = 0; i < 40; i++) {
      monitor.truth(recorder.record(ROW, YES, 1), FALSE);
    }
    clock.advance(Duration.ofHours(1));
    monitor.tick();
    assertThat(reading(monitor, watch).signal()).isPresent();
  }

  @Test
  void clearingForgetsWhereTheChangeWas() {
    WatchCondition watch =
        Signals.quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(1_000);
    MicrometerMonitor monitor = open(config -> config.watching(watch));
    Recorder recorder = serving(monitor, "1", BASELINE);
    for (int i = 0; i < 200; i++) {
      monitor.truth(recorder.record(ROW, YES, 1), FALSE);
    }
    monitor.tick();
    assertThat(reading(monitor, watch).changePosition()).isPresent();
    monitor.clearSignals("looked at it");
    assertThat(reading(monitor, watch).changePosition()).isEmpty();
  }

  @Test
  void onlyTheChampionsRowsFeedTheFeatureDetector() {
    double[] sample = new Random(5).doubles(500).sorted().toArray();
    Baseline baseline = Baseline.builder(SCHEMA)
        .column(new NumberProfile("amount", 500, 0, 0.5, 0.29, 0, 1, sample))
        .build();
    WatchCondition watch = Signals.features().falseAlarmEvery(1_000_000);
    MicrometerMonitor monitor = open(config -> config.watching(watch));
    Recorder two = serving(monitor, "2", baseline);
    Recorder one = monitor.recorder("1", baseline);
    for (int i = 0; i < 10; i++) {
      one.record(ROW, YES, 1);
      two.record(ROW, YES, 1);
      two.record(ROW, YES, 1);
    }
    monitor.tick();
    assertThat(reading(monitor, watch).inputs()).isEqualTo(20);
  }

  /** 999 rows that have moved, somebody looks and clears: the window of 1,000 begins anew. */
  @Test
  void clearingForgetsTheRowsOfAWindowThatIsNotFull() {
    double[] sample = new Random(5).doubles(500).sorted().toArray();
    Baseline baseline = Baseline.builder(SCHEMA)
        .column(new NumberProfile("amount", 500, 0, 0.5, 0.29, 0, 1, sample))
        .build();
    WatchCondition watch = Signals.features().falseAlarmEvery(1_000_000);
    MicrometerMonitor monitor = open(config -> config.watching(watch));
    Recorder recorder = serving(monitor, "1", baseline);
    for (int i = 0; i < 999; i++) {
      recorder.record(Row.of(SCHEMA, 5.0, "web"), YES, 1);
    }
    monitor.clearSignals("looked at it");
    for (int i = 0; i < 999; i++) {
      recorder.record(Row.of(SCHEMA, 5.0, "web"), YES, 1);
    }
    monitor.tick();
    assertThat(reading(monitor, watch).level()).isEqualTo(Level.WARMING_UP);
    assertThat(reading(monitor, watch).inputs()).isEqualTo(999);
    recorder.record(Row.of(SCHEMA, 5.0, "web"), YES, 1);
    monitor.tick();
    assertThat(reading(monitor, watch).signal().orElseThrow().changePoint()).isZero();
  }

  // ---------------------------------------------------------------------------------- meters

  @Test
  void metersSayWhatEvidenceSaysAndNoneIsNaN() {
    MicrometerMonitor monitor = open(config -> config.watching(
        Signals.quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(1_000)));
    Recorder recorder = serving(monitor, "7", BASELINE);
    monitor.tick();
    assertNoNaN();
    assertThat(registry.find("mlops.quality").gauge())
        .as("nothing known, nothing said")
        .isNull();
    assertThat(registry.find("mlops.truth.coverage").gauge()).isNull();
    assertThat(registry.find("mlops.truth.age").gauge()).isNull();

    for (int i = 0; i < 10; i++) {
      monitor.truth(recorder.record("order-" + i, ROW, YES, 2_000_000), i < 7 ? TRUE : FALSE);
    }
    monitor.truth("order-0", TRUE);
    monitor.truth("order-1", FALSE);
    monitor.truth("nobody's", TRUE);
    recorder.failure(1, null);
    monitor.tick();
    clock.advance(Duration.ofSeconds(90));

    assertNoNaN();
    assertThat(registry
            .get("mlops.predictions")
            .tag("version", "7")
            .timer()
            .totalTime(TimeUnit.MILLISECONDS))
        .isEqualTo(20.0);
    assertThat(counted("mlops.predictions.failed", "cause", "none")).isEqualTo(1);
    assertThat(registry.get("mlops.quality").tag("metric", "accuracy").gauge().value())
        .isEqualTo(0.6);
    assertThat(registry
            .get("mlops.quality.baseline")
            .tag("metric", "recall")
            .gauge()
            .value())
        .isEqualTo(0.8);
    assertThat(registry.get("mlops.truth.coverage").gauge().value()).isEqualTo(1.0);
    assertThat(registry.get("mlops.truth.age").gauge().value())
        .as("at the time it is read")
        .isEqualTo(90.0);
    assertThat(registry.get("mlops.tick.age").gauge().value()).isEqualTo(90.0);
    assertThat(registry.get("mlops.drift").gauge().value())
        .as("10 inputs do not tell that all is well, as for a condition")
        .isEqualTo(0.0);
    assertThat(counted("mlops.truths", "outcome", "joined")).isEqualTo(10);
    assertThat(counted("mlops.truths", "outcome", "duplicate")).isEqualTo(1);
    assertThat(counted("mlops.truths", "outcome", "corrected")).isEqualTo(1);
    assertThat(counted("mlops.truths", "outcome", "orphan")).isEqualTo(1);
    for (Meter meter : registry.getMeters()) {
      Meters documented = Arrays.stream(Meters.values())
          .filter(each -> each.id().equals(meter.getId().getName()))
          .findFirst()
          .orElseThrow();
      assertThat(meter.getId().getTags())
          .extracting(tag -> tag.getKey())
          .containsExactlyInAnyOrderElementsOf(documented.tagKeys());
      assertThat(meter.getId().getDescription()).isEqualTo(documented.description());
    }
  }

  private void assertNoNaN() {
    System.gc();
    for (Meter meter : registry.getMeters()) {
      meter
          .measure()
          .forEach(measurement ->
              assertThat(measurement.getValue()).as(meter.getId().toString()).isFinite());
    }
  }

  @Test
  void aMetricThatIsNotKnownAnyMoreHasNoMeter() {
    MicrometerMonitor monitor = open(config -> config.qualityOver(2));
    Recorder recorder = serving(monitor, "1", BASELINE);
    Prediction scored = Classification.of(List.of("yes", "no"), new double[] {0.8, 0.2});
    monitor.truth(recorder.record(ROW, scored, 1), TRUE);
    monitor.tick();
    assertThat(registry.get("mlops.quality").tag("metric", "log_loss").gauge().value())
        .isEqualTo(-Math.log(0.8));
    monitor.truth(recorder.record(ROW, YES, 1), TRUE);
    monitor.tick();
    assertThat(registry.find("mlops.quality").tag("metric", "log_loss").gauge()).isNull();
    for (int i = 0; i < 2; i++) {
      monitor.truth(recorder.record(ROW, scored, 1), FALSE);
    }
    monitor.tick();
    assertThat(registry.get("mlops.quality").tag("metric", "log_loss").gauge().value())
        .isEqualTo(-Math.log(0.2));
  }

  @Test
  void aTickThatNobodyCallsShowsInItsAge() {
    MicrometerMonitor monitor = open(config -> config);
    clock.advance(Duration.ofMinutes(7));
    assertThat(registry.get("mlops.tick.age").gauge().value()).isEqualTo(420.0);
    monitor.tick();
    assertThat(registry.get("mlops.tick.age").gauge().value()).isZero();
    clock.set(clock.instant().minusSeconds(100));
    assertThat(registry.get("mlops.tick.age").gauge().value())
        .as("a clock set back")
        .isZero();
  }

  @Test
  void closingTakesEveryMeterAway() {
    MicrometerMonitor monitor = open(config -> config.watching(
        Signals.quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(1_000)));
    Recorder recorder = serving(monitor, "1", BASELINE);
    monitor.truth(recorder.record(ROW, YES, 1), TRUE);
    monitor.tick();
    assertThat(registry.getMeters()).isNotEmpty();
    monitor.close();
    assertThat(registry.getMeters()).isEmpty();
    assertThat(champion(monitor).matured()).isEqualTo(1);
    serving(monitor, "2", BASELINE).record(ROW, YES, 1);
    assertThat(champion(monitor).dropped()).isEqualTo(1);
    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void whatWasRecordedBeforeClosingIsCounted() {
    MicrometerMonitor monitor = open(config -> config);
    Recorder recorder = serving(monitor, "1", BASELINE);
    monitor.truth(recorder.record(ROW, YES, 1), TRUE);
    recorder.record(ROW, YES, 1);
    monitor.close();
    recorder.record(ROW, YES, 1);
    assertThat(champion(monitor).recorded()).isEqualTo(2);
    assertThat(champion(monitor).matured()).isEqualTo(1);
    assertThat(champion(monitor).dropped()).isEqualTo(1);
  }

  /** The row closes the monitor while it is read: the slot is published after the last tick. */
  @Test
  void whatWasBeingRecordedWhileTheMonitorClosedIsDroppedAndCountedOnce() {
    MicrometerMonitor monitor = open(config -> config);
    Recorder recorder = serving(monitor, "1", BASELINE);
    recorder.record(ROW, YES, 1);
    recorder.record(
        new HostRow() {
          @Override
          public double number(int column) {
            monitor.close();
            return 1;
          }
        },
        YES,
        1);
    for (int reading = 0; reading < 2; reading++) {
      assertThat(champion(monitor).recorded()).isEqualTo(1);
      assertThat(champion(monitor).dropped()).isEqualTo(1);
      assertThat(champion(monitor).offered()).isEqualTo(2);
    }
  }

  @Test
  void aRegistryThatThrowsHurtsNobody() {
    MeterRegistry broken = new SimpleMeterRegistry();
    broken.config().meterFilter(new MeterFilter() {
      @Override
      public Meter.Id map(Meter.Id id) {
        throw new IllegalStateException("no meters today");
      }
    });
    MicrometerMonitor monitor = MicrometerMonitor.config(broken).clock(clock).open("fraud");
    Recorder recorder = serving(monitor, "1", BASELINE);
    monitor.truth(recorder.record(ROW, YES, 1), TRUE);
    monitor.tick();
    assertThat(champion(monitor).matured()).isEqualTo(1);
    monitor.close();
  }

  // ---------------------------------------------------------------------------------- config

  @Test
  void aConfigIsImmutableAndSaysWhatItMakes() {
    MonitorConfig plain = MicrometerMonitor.config(registry);
    MonitorConfig changed = plain
        .truthWithin(Duration.ofDays(2))
        .keeping(5)
        .awaiting(6)
        .buffering(100)
        .qualityOver(7)
        .watching(Signals.features().falseAlarmEvery(100_000))
        .watching(Signals.features().falseAlarmEvery(100_000));
    assertThat(plain)
        .hasToString(
            "monitor: truth matures when it comes, 10000 outcomes kept, at most 100000 open,"
                + " quality over 1000, 0 watches");
    assertThat(changed)
        .hasToString(
            "monitor: truth within 48 h, 5 outcomes kept, at most 6 open, quality over 7, 1 watches");
    assertThat(changed.open("fraud").watches().orElseThrow()).hasSize(1);
    assertThatThrownBy(() -> plain.truthWithin(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("was 0 s", "at least a millisecond", "horizon");
    assertThatThrownBy(() -> plain.keeping(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("in 0 to 100000000", "was -1", "outcomes");
    assertThatThrownBy(() -> plain.awaiting(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("in 1 to 100000000", "was 0", "predictions");
    assertThatThrownBy(() -> plain.buffering(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("in 2 to 16777216", "was 1", "predictions");
    assertThatThrownBy(() -> plain.qualityOver(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("in 1 to 100000000", "was 0", "truths");
    assertThatCode(() -> plain.truthWithin(Duration.ofSeconds(Long.MAX_VALUE)).open("fraud"))
        .doesNotThrowAnyException();
  }

  @Test
  void evidenceReadsLikeASentence() {
    MicrometerMonitor monitor = open(config -> config);
    Recorder recorder = serving(monitor, "1", BASELINE);
    for (int i = 0; i < 150; i++) {
      monitor.truth(recorder.record(ROW, YES, 400_000), i < 143 ? TRUE : FALSE);
    }
    monitor.tick();
    assertThat(monitor.toString())
        .startsWith("monitor of fraud:1 · 150 served · p99 0.40 ms · accuracy 0.953 ± 0.03")
        .contains("(test phase 0.900)");
  }

  /** A row of a host, whose number is 1 and whose category is "web" unless overridden. */
  private static class HostRow implements Row {
    @Override
    public Schema schema() {
      return SCHEMA;
    }

    @Override
    public double number(int column) {
      return 1;
    }

    @Override
    public String category(int column) {
      return "web";
    }
  }

  // ------------------------------------------------------------------------- clocks and overflow

  /** A clock that is a year ahead for one prediction must not keep all later ones waiting for a year. */
  @Test
  void aClockThatWasAheadDelaysNothing() {
    ManualClock real = new ManualClock();
    AtomicLong ahead = new AtomicLong();
    MicrometerMonitor monitor = MicrometerMonitor.config(registry)
        .clock(() -> real.instant().plusMillis(ahead.get()))
        .truthWithin(Duration.ofHours(1))
        .open("fraud");
    Recorder recorder = serving(monitor, "1", BASELINE);
    monitor.tick();
    ahead.set(Duration.ofDays(365).toMillis());
    monitor.truth(recorder.record(ROW, YES, 100), TRUE);
    monitor.tick();
    ahead.set(0);
    for (int i = 0; i < 10; i++) {
      monitor.truth(recorder.record(ROW, YES, 100), TRUE);
      monitor.tick();
      real.advance(Duration.ofMinutes(1));
    }
    real.advance(Duration.ofMinutes(59));
    monitor.tick();
    assertThat(champion(monitor).matured()).isEqualTo(11);
    assertThat(champion(monitor).expired()).isZero();
  }

  /** Blocks of time go on after a clock that was ahead: the detector is not deaf until the clock is there again. */
  @Test
  void aClockThatWasAheadDeafensNoDetector() {
    ManualClock real = new ManualClock();
    AtomicLong ahead = new AtomicLong();
    WatchCondition worse =
        Signals.quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(Duration.ofDays(90));
    MicrometerMonitor monitor = MicrometerMonitor.config(registry)
        .clock(() -> real.instant().plusMillis(ahead.get()))
        .watching(worse)
        .open("fraud");
    Recorder recorder = serving(monitor, "1", BASELINE);
    for (int hour = 0; hour < 48; hour++) {
      ahead.set(hour == 3 ? Duration.ofDays(365).toMillis() : 0);
      for (int i = 0; i < 20; i++) {
        monitor.truth(recorder.record(ROW, YES, 100), hour < 5 ? TRUE : FALSE);
      }
      monitor.tick();
      real.advance(Duration.ofHours(1));
    }
    assertThat(champion(monitor).drift(worse.watch()).orElseThrow().signal()).isPresent();
  }

  /** A clock that is back for one prediction must not let it, or those that wait, expire at once. */
  @Test
  void aClockThatWasBackExpiresNothingEarly() {
    ManualClock real = new ManualClock();
    AtomicLong ahead = new AtomicLong();
    MicrometerMonitor monitor = MicrometerMonitor.config(registry)
        .clock(() -> real.instant().plusMillis(ahead.get()))
        .truthWithin(Duration.ofHours(1))
        .open("fraud");
    Recorder recorder = serving(monitor, "1", BASELINE);
    recorder.record(ROW, YES, 100);
    monitor.tick();
    ahead.set(-Duration.ofDays(365).toMillis());
    recorder.record(ROW, YES, 100);
    ahead.set(0);
    monitor.tick();
    ahead.set(-Duration.ofDays(365).toMillis());
    recorder.record(ROW, YES, 100);
    monitor.tick();
    ahead.set(0);
    recorder.record(ROW, YES, 100);
    monitor.tick();
    assertThat(champion(monitor).expired()).isZero();
    assertThat(champion(monitor).open()).isEqualTo(4);
    real.advance(Duration.ofHours(1));
    monitor.tick();
    assertThat(champion(monitor).expired()).isEqualTo(4);
  }

  /** With too many waiting for their horizon, a truth that has come is not thrown away and called missing. */
  @Test
  void aKnownTruthIsNotLostToTheOldestThatIsTooMany() {
    MicrometerMonitor monitor =
        open(config -> config.truthWithin(Duration.ofHours(1)).awaiting(100));
    Recorder recorder = serving(monitor, "1", BASELINE);
    for (int i = 0; i < 1_000; i++) {
      long id = recorder.record(ROW, YES, 100);
      if (i % 4 != 0) {
        monitor.truth(id, TRUE);
      }
      monitor.tick();
      clock.advance(Duration.ofSeconds(1));
    }
    assertThat(champion(monitor).matured()).isEqualTo(675);
    assertThat(champion(monitor).expired()).isEqualTo(225);
    assertThat(champion(monitor).open()).isEqualTo(100);
    assertThat(registry.get("mlops.truth.coverage").gauge().value()).isEqualTo(0.75);
  }
}
