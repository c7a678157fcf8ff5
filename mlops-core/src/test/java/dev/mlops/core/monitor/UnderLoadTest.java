package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.pack.Baseline;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Truths that come fast, what does not fit, and registries whose filters change meters. */
class UnderLoadTest {
  private static final Schema SCHEMA = Schema.of(Column.number("amount")).positiveLabel("yes");
  private static final Row ROW = Row.of(SCHEMA, 1.5);
  private static final Classification YES = Classification.of("yes");
  private static final Truth TRUE = Truth.of("yes");
  private static final Baseline BASELINE = Baseline.builder(SCHEMA).build();

  private final ManualClock clock = new ManualClock();

  private MicrometerMonitor open(MeterRegistry registry, UnaryOperator<MonitorConfig> knobs) {
    return knobs.apply(MicrometerMonitor.config(registry).clock(clock)).open("fraud");
  }

  private static Recorder serving(MicrometerMonitor monitor, String version) {
    Recorder recorder = monitor.recorder(version, BASELINE);
    monitor.champion(version);
    return recorder;
  }

  /** 80,000 truths at full speed, another thread ticking: all are joined, from however many threads. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8})
  void truthsAtFullSpeedAreNotLost(int threads) throws Exception {
    MicrometerMonitor monitor =
        open(new SimpleMeterRegistry(), config -> config.buffering(1_024).keeping(0));
    Recorder recorder = serving(monitor, "1");
    List<long[]> ids = new ArrayList<>();
    for (int thread = 0; thread < threads; thread++) {
      long[] some = new long[80_000 / threads];
      for (int i = 0; i < some.length; i++) {
        some[i] = recorder.record(ROW, YES, 1);
        if (i % 500 == 499) {
          monitor.tick();
        }
      }
      monitor.tick();
      ids.add(some);
    }
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService pool = Executors.newFixedThreadPool(threads + 1);
    try {
      Future<?> ticking = pool.submit(() -> {
        while (!done.get()) {
          monitor.tick();
        }
      });
      List<Future<?>> giving = ids.stream()
          .<Future<?>>map(some -> pool.submit(() -> {
            for (long id : some) {
              monitor.truth(id, TRUE);
            }
          }))
          .toList();
      for (Future<?> each : giving) {
        each.get(120, TimeUnit.SECONDS);
      }
      done.set(true);
      ticking.get(120, TimeUnit.SECONDS);
    } finally {
      done.set(true);
      pool.shutdownNow();
    }
    monitor.tick();
    Evidence evidence = monitor.evidence();
    assertThat(evidence.lostTruths()).isZero();
    assertThat(evidence.matured()).isEqualTo(80_000);
  }

  @Test
  void theEvidenceLineSaysWhatWentWrong() {
    MicrometerMonitor monitor = open(new SimpleMeterRegistry(), config -> config.awaiting(100));
    Recorder recorder = serving(monitor, "1");
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      ids.add(recorder.record(ROW, YES, 1));
    }
    monitor.tick();
    ids.forEach(id -> monitor.truth(id, TRUE));
    monitor.tick();
    assertThat(monitor.evidence().toString())
        .contains("1000 served", "900 without truth", "900 truths too late");
  }

  @Test
  void evidenceWithoutAChampionNamesWhatIsRecorded() {
    MicrometerMonitor monitor = open(new SimpleMeterRegistry(), config -> config);
    assertThat(monitor.evidence()).hasToString("fraud · nothing recorded");
    monitor.recorder("8", BASELINE).record(ROW, YES, 1);
    monitor.tick();
    assertThat(monitor.evidence().toString()).contains("no champion", "8: 1 served");
  }

  /** 2^24 slots of 1,024 columns are more values than an array of one ring holds. */
  @ParameterizedTest
  @ValueSource(ints = {1_024, 2_000, 70_000})
  void aBufferThatFitsNoArrayIsRefused(int columns) {
    Schema wide = Schema.of(
        IntStream.range(0, columns).mapToObj(i -> Column.number("c" + i)).toArray(Column[]::new));
    MicrometerMonitor monitor =
        open(new SimpleMeterRegistry(), config -> config.buffering(1 << 24).watching());
    int rings =
        Math.min(64, 2 * Integer.highestOneBit(2 * Runtime.getRuntime().availableProcessors() - 1));
    assumeTrue(
        (1L << 24) / rings * columns > Ring.MOST_VALUES, "it fits with this number of processors");
    assertThatThrownBy(() -> monitor.recorder("1", Baseline.builder(wide).build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("16777216", columns + " columns", "MonitorConfig.buffering");
    monitor.recorder("2", BASELINE);
    monitor.champion("2");
    assertThat(monitor.evidence().champion().orElseThrow().version()).isEqualTo("2");
  }

  private static SimpleMeterRegistry renaming() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    registry.config().meterFilter(new MeterFilter() {
      @Override
      public Meter.Id map(Meter.Id id) {
        return id.withName("host." + id.getName());
      }
    });
    return registry;
  }

  @Test
  void aSecondMonitorTakesNothingFromARegistryThatRenames() {
    SimpleMeterRegistry registry = renaming();
    MicrometerMonitor first = open(registry, config -> config);
    serving(first, "1");
    List<Meter> before = registry.getMeters();
    assertThat(before).isNotEmpty();
    MicrometerMonitor second = open(registry, config -> config);
    serving(second, "1");
    second.close();
    assertThat(registry.getMeters()).containsExactlyInAnyOrderElementsOf(before);
    first.close();
    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void versionsThatAFilterMakesOneShareTheirMeters() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    registry.config().meterFilter(MeterFilter.ignoreTags("version"));
    MicrometerMonitor monitor = open(registry, config -> config);
    for (int version = 1; version <= 40; version++) {
      serving(monitor, Integer.toString(version)).record(ROW, YES, 1);
      monitor.tick();
    }
    assertThat(registry.get("mlops.predictions").timer().count()).isEqualTo(40);
    monitor.close();
    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void aVersionThatIsDoneShowsNoAgeOfItsTruth() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    MicrometerMonitor monitor = open(registry, config -> config);
    Recorder one = serving(monitor, "1");
    long late = one.record(ROW, YES, 1);
    monitor.truth(one.record(ROW, YES, 1), TRUE);
    monitor.tick();
    serving(monitor, "2");
    monitor.tick();
    assertThat(registry.find("mlops.truth.age").tag("version", "1").gauge())
        .as("one prediction still waits")
        .isNotNull();
    assertThat(
            registry.get("mlops.predictions.open").tag("version", "1").gauge().value())
        .isEqualTo(1);
    assertThat(registry.get("mlops.champion").tag("version", "1").gauge().value())
        .isZero();
    assertThat(registry.get("mlops.champion").tag("version", "2").gauge().value())
        .isEqualTo(1);

    monitor.truth(late, TRUE);
    monitor.tick();
    assertThat(registry.find("mlops.truth.age").tag("version", "1").gauge()).isNull();
    monitor.champion("1");
    monitor.tick();
    assertThat(registry.find("mlops.truth.age").tag("version", "1").gauge()).isNotNull();
  }
}
