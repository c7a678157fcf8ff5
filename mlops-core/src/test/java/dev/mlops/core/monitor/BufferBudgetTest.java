package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.TruthState;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Monitors whose buffers share a budget. */
class BufferBudgetTest {
  private static final Classification YES = Classification.of("yes");
  private static final Schema NUMBER = Schema.of(Column.number("x"));
  private static final Row ROW = Row.of(NUMBER, 1.0);

  private final ManualClock clock = new ManualClock();
  private final List<MicrometerMonitor> opened = new ArrayList<>();
  private final Set<Ring> rings = Collections.newSetFromMap(new WeakHashMap<>());

  @AfterEach
  void close() {
    opened.forEach(MicrometerMonitor::close);
  }

  private MicrometerMonitor open(BufferBudget budget, int slots) {
    MonitorConfig config = MicrometerMonitor.config(new SimpleMeterRegistry())
        .clock(clock)
        .keeping(0)
        .qualityOver(10)
        .buffering(slots)
        .bufferingWithin(budget);
    config.draft.ring = (schema, capacity) -> {
      Ring ring = new Ring(schema, capacity);
      synchronized (rings) {
        rings.add(ring);
      }
      return ring;
    };
    MicrometerMonitor monitor = config.open("m" + opened.size());
    opened.add(monitor);
    return monitor;
  }

  private static Recorder serving(MicrometerMonitor monitor, Schema schema) {
    Recorder recorder = monitor.recorder("1", Baseline.builder(schema).build());
    monitor.champion("1");
    return recorder;
  }

  private static VersionEvidence champion(MicrometerMonitor monitor) {
    return monitor.evidence().champion().orElseThrow();
  }

  private static Schema wide(int columns, String prefix) {
    return Schema.of(
        IntStream.range(0, columns).mapToObj(i -> Column.number(prefix + i)).toList());
  }

  private static Row zeros(Schema schema) {
    return Row.of(schema, new double[schema.size()], new String[schema.size()]);
  }

  /** The bytes of all arrays of a ring, with pointers of 8 bytes. */
  private static long arrays(Ring ring) throws IllegalAccessException {
    long bytes = 0;
    for (Class<?> type = ring.getClass(); type != Object.class; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (Modifier.isStatic(field.getModifiers()) || field.getType().isPrimitive()) {
          continue;
        }
        field.setAccessible(true);
        Object value = field.get(ring);
        if (value instanceof AtomicLongArray longs) {
          bytes += 40 + 8L * longs.length();
        } else if (value != null && value.getClass().isArray()) {
          bytes += 16 + (value instanceof boolean[] ? 1L : 8L) * Array.getLength(value);
        }
      }
    }
    return bytes;
  }

  @Test
  void whatIsReservedForARingIsAtLeastWhatItTakes() throws IllegalAccessException {
    for (int columns : new int[] {1, 3, 40, 2_000}) {
      Schema numbers = wide(columns, "n");
      List<Column> mixed = new ArrayList<>(numbers.columns());
      mixed.add(Column.category("kind"));
      for (Schema schema : List.of(numbers, Schema.of(mixed))) {
        for (int slots : new int[] {2, 64, 1_024}) {
          assertThat(arrays(new Ring(schema, slots)) + 200)
              .isBetween(Ring.bytes(schema, 1, slots) / 2, Ring.bytes(schema, 1, slots));
        }
      }
    }
  }

  @Test
  void fiftyMonitorsOfTwoThousandColumnsShareAlike() {
    BufferBudget budget = BufferBudget.of(64 << 20);
    List<Recorder> recorders = new ArrayList<>();
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      Schema schema = wide(2_000, "m" + i + "-");
      recorders.add(serving(open(budget, 16_384), schema));
      rows.add(zeros(schema));
      assertThat(budget.reserved()).isPositive().isLessThanOrEqualTo(budget.bytes());
    }
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 50; i++) {
        for (int row = 0; row < 70; row++) {
          recorders.get(i).record(rows.get(i), YES, 1);
        }
        opened.get(i).tick();
        assertThat(budget.reserved()).isLessThanOrEqualTo(budget.bytes());
      }
    }
    for (MicrometerMonitor each : opened) {
      assertThat(champion(each).recorded()).as("64 slots, two times").isEqualTo(128);
      assertThat(champion(each).dropped()).isEqualTo(12);
    }
    assertThat(budget.toString()).contains("shared by 50");
    opened.forEach(MicrometerMonitor::close);
    assertThat(budget.reserved()).isZero();
  }

  /** The first fills its rings and does not tick when the second comes; then it does. */
  @Test
  void aNewcomerGetsItsShareOnceTheOthersHaveTicked() {
    BufferBudget budget = BufferBudget.of(1 << 20);
    Schema schema = wide(1_000, "c");
    Row row = zeros(schema);
    MicrometerMonitor first = open(budget, 1 << 20);
    Recorder ofFirst = serving(first, schema);
    for (int i = 0; i < 200; i++) {
      ofFirst.record(row, YES, 1);
    }
    MicrometerMonitor second = open(budget, 1 << 20);
    Recorder ofSecond = serving(second, schema);
    first.tick();
    VersionEvidence before = champion(first);
    assertThat(before.offered()).isEqualTo(200);
    assertThat(before.recorded()).isEqualTo(64);
    second.tick();
    for (Recorder each : List.of(ofFirst, ofSecond)) {
      for (int i = 0; i < 200; i++) {
        each.record(row, YES, 1);
      }
    }
    first.tick();
    second.tick();
    assertThat(champion(first).recorded() - before.recorded())
        .as("what each has now")
        .isEqualTo(champion(second).recorded())
        .isEqualTo(32);
    assertThat(champion(second).dropped()).isEqualTo(200 - 32);

    second.close();
    first.tick();
    for (int i = 0; i < 200; i++) {
      ofFirst.record(row, YES, 1);
    }
    first.tick();
    assertThat(champion(first).recorded() - before.recorded() - 32)
        .as("all of it is the first's again")
        .isEqualTo(64);
    assertThat(champion(first).offered())
        .isEqualTo(600)
        .isEqualTo(champion(first).recorded() + champion(first).dropped());
  }

  /** The larger rings have no room beside the smaller ones. */
  @Test
  void whoIsLeftAloneGrowsWhereTheOldRingsAreInTheWay() {
    Schema schema = wide(2_000, "c");
    BufferBudget budget = BufferBudget.of(Ring.bytes(schema, 4, 16) * 5 / 4);
    Row row = zeros(schema);
    MicrometerMonitor first = open(budget, 1 << 20);
    MicrometerMonitor second = open(budget, 1 << 20);
    serving(second, schema);
    Recorder ofFirst = serving(first, schema);
    first.tick();
    second.close();
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 5; i++) {
        ofFirst.record(row, YES, 1);
      }
      first.tick();
    }
    assertThat(champion(first).dropped()).isZero();
    for (int i = 0; i < 200; i++) {
      ofFirst.record(row, YES, 1);
    }
    first.tick();
    assertThat(champion(first).recorded()).isEqualTo(15 + 64);
    assertThat(budget.reserved()).isLessThanOrEqualTo(budget.bytes());
  }

  @Test
  void ringsThatCannotBeMadeTakeNothingOfTheBudget() {
    BufferBudget budget = BufferBudget.of(4 << 20);
    MonitorConfig config = MicrometerMonitor.config(new SimpleMeterRegistry())
        .clock(clock)
        .buffering(1_024)
        .bufferingWithin(budget);
    AtomicBoolean fails = new AtomicBoolean(true);
    config.draft.ring = (schema, capacity) -> {
      if (fails.get()) {
        throw new OutOfMemoryError("a test's");
      }
      return new Ring(schema, capacity);
    };
    MicrometerMonitor monitor = config.open("m");
    opened.add(monitor);
    long before = budget.reserved();
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> serving(monitor, NUMBER)).isInstanceOf(OutOfMemoryError.class);
      monitor.tick();
    }
    assertThat(budget.reserved()).isEqualTo(before);
    assertThat(budget.toString()).contains("shared by 0");
    fails.set(false);
    serving(monitor, NUMBER).record(ROW, YES, 1);
    monitor.tick();
    assertThat(champion(monitor).recorded()).isEqualTo(1);
    monitor.close();
    assertThat(budget.reserved()).isZero();
  }

  @Test
  void whoAsksForLessLeavesTheRestToOthers() {
    BufferBudget budget = BufferBudget.of(4 << 20);
    Schema schema = wide(1_000, "c");
    Row row = zeros(schema);
    serving(open(budget, 16), schema);
    MicrometerMonitor large = open(budget, 1 << 20);
    Recorder recorder = serving(large, schema);
    for (int i = 0; i < 500; i++) {
      recorder.record(row, YES, 1);
    }
    large.tick();
    assertThat(champion(large).recorded()).isEqualTo(256); // of half it would be 128
  }

  @Test
  void aShareSmallerThanTwoRowsDropsCountsAndSaysSo() {
    BufferBudget budget = BufferBudget.of(1 << 20);
    Schema schema = wide(40_000, "c");
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      MicrometerMonitor one = open(budget, 64);
      Recorder recorder = serving(one, schema);
      recorder.record(zeros(schema), YES, 1);
      one.tick();
      assertThat(champion(one).dropped()).isEqualTo(1);
      assertThat(log.messages())
          .anySatisfy(message -> assertThat(message)
              .contains("m0", "dropped", "1048576 bytes", "shared by 1", "BufferBudget.of"));
    }
  }

  /** Threads record without a pause while others open and close monitors, so that rings are replaced under them. */
  @Test
  void nothingIsLostWhileRingsAreReplaced() throws Exception {
    BufferBudget budget = BufferBudget.of(2 << 20);
    MicrometerMonitor busy = open(budget, 16_384);
    Recorder recorder = serving(busy, NUMBER);
    int threads = 3;
    CountDownLatch begun = new CountDownLatch(threads);
    CountDownLatch over = new CountDownLatch(1);
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    long offered = 0;
    try {
      List<Future<Long>> counts = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        counts.add(pool.submit(() -> {
          long many = 0;
          while (over.getCount() > 0) {
            busy.truth(recorder.record(ROW, YES, 1), Truth.of("yes"));
            many++;
            begun.countDown();
          }
          return many;
        }));
      }
      begun.await();
      for (int round = 0; round < 60; round++) {
        MicrometerMonitor other = open(budget, 16_384);
        serving(other, NUMBER).record(ROW, YES, 1);
        busy.tick();
        assertThat(budget.reserved()).isLessThanOrEqualTo(budget.bytes());
        if (round % 2 == 1) {
          other.close();
          opened.remove(other);
          opened.remove(opened.size() - 1).close();
        }
      }
      over.countDown();
      for (Future<Long> each : counts) {
        offered += each.get(60, TimeUnit.SECONDS);
      }
    } finally {
      over.countDown();
      pool.shutdownNow();
    }
    busy.tick();
    VersionEvidence known = champion(busy);
    assertThat(known.offered()).isEqualTo(offered);
    assertThat(known.recorded()).isPositive();
    assertThat(known.matured()).isEqualTo(known.recorded());
    assertThat(
            known.matured() + busy.evidence().orphans() + busy.evidence().truths(TruthState.LOST))
        .isEqualTo(offered);
  }

  @Test
  void oneMonitorMoreThanTheTruthsHaveRoomForIsRefused() {
    BufferBudget budget = BufferBudget.of(1 << 20);
    open(budget, 64);
    open(budget, 64);
    long reserved = budget.reserved();
    assertThatThrownBy(() -> open(budget, 64))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("m2")
        .hasMessageContaining("1048576 bytes")
        .hasMessageContaining("2 monitors");
    assertThat(budget.reserved()).isEqualTo(reserved);
    opened.remove(0).close();
    assertThat(open(budget, 64)).isNotNull();
  }

  @Test
  void aSmallerBudgetIsRefused() {
    assertThatThrownBy(() -> BufferBudget.of(1_000_000))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1048576")
        .hasMessageContaining("1000000");
    assertThat(BufferBudget.of(1 << 20).bytes()).isEqualTo(1 << 20);
  }
}
