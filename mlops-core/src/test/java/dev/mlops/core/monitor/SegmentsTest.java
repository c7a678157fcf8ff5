package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.SegmentEvidence;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.SegmentationEvidence;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Segments and their fairness, whatever reads them. */
class SegmentsTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("country")).positiveLabel("yes");
  private static final Classification YES = Classification.of("yes");
  private static final Classification NO = Classification.of("no");
  private static final Truth TRUE = Truth.of("yes");
  private static final Truth FALSE = Truth.of("no");
  private static final Baseline BASELINE = Baseline.builder(SCHEMA)
      .rows(1_000)
      .quality(Metric.RECALL, Estimate.share(400, 500))
      .build();

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final ManualClock clock = new ManualClock();
  private final AtomicLong nanos = new AtomicLong();

  private MicrometerMonitor open(UnaryOperator<MonitorConfig> knobs) {
    MonitorConfig config = MicrometerMonitor.config(registry).clock(clock);
    config.draft.firstPosition = () -> 0;
    config.draft.ticker = nanos::get;
    return knobs.apply(config).open("fraud");
  }

  private static Recorder serving(MetricsMonitor monitor, Baseline baseline) {
    Recorder recorder = monitor.recorder("1", baseline);
    monitor.champion("1");
    return recorder;
  }

  private static VersionEvidence champion(MetricsMonitor monitor) {
    return monitor.evidence().champion().orElseThrow();
  }

  private static SegmentationEvidence by(MetricsMonitor monitor, String name) {
    return champion(monitor).segmentations().get(name);
  }

  private static Row row(double amount, String country) {
    return Row.of(SCHEMA, amount, country);
  }

  private static List<String> names(SegmentationEvidence division) {
    return division.segments().stream().map(SegmentEvidence::value).toList();
  }

  // ---- what is measured

  @Test
  void eachSegmentHasItsVolumeItsPredictionsAndItsQuality() {
    MicrometerMonitor monitor = open(config -> config.segmentedBy(Segmentation.column("country")));
    Recorder recorder = serving(monitor, BASELINE);
    for (int i = 0; i < 300; i++) {
      boolean german = i % 3 > 0;
      boolean yes = i % 2 == 0;
      // German rows are right in 9 of 10, others in every second one.
      boolean right = german ? i % 10 != 1 : i % 4 < 2;
      long id = recorder.record(row(1, german ? "DE" : "AT"), yes ? YES : NO, 1);
      if (i < 240) {
        monitor.truth(id, yes == right ? TRUE : FALSE);
      }
    }
    monitor.tick();
    SegmentationEvidence division = by(monitor, "country");
    assertThat(names(division)).containsExactly("DE", "AT");
    assertThat(division.recorded()).isEqualTo(300);
    assertThat(division.unassigned()).isZero();
    SegmentEvidence de = division.segment("DE").orElseThrow();
    assertThat(de.recorded()).isEqualTo(200);
    assertThat(de.matured()).isEqualTo(160);
    assertThat(de.predictions()).containsEntry("yes", Estimate.share(100, 200));
    assertThat(de.quality(Metric.ACCURACY)).contains(Estimate.share(144, 160));
    assertThat(de.quality(Metric.SELECTION_RATE)).contains(Estimate.share(100, 200));
    assertThat(division.segment("AT").orElseThrow().quality(Metric.ACCURACY))
        .contains(Estimate.share(40, 80));
  }

  /** Two of a hundred rows come from a country where every second fraud is missed; all rows together hardly show it. */
  @Test
  void aBadSegmentOfTwoPercentOfTheRowsIsNamed() {
    Condition every = Signals.segment("country").quality("recall").atLeast(0.8);
    Condition all = Signals.quality("recall").atLeast(0.8);
    MicrometerMonitor monitor =
        open(config -> config.watching(every, all).qualityOver(5_000).buffering(1 << 15));
    Recorder recorder = serving(monitor, BASELINE);
    SplittableRandom random = new SplittableRandom(7);
    List<String> large = List.of("DE", "AT", "CH", "FR");
    for (int i = 0; i < 10_000; i++) {
      boolean small = i % 50 == 0;
      boolean fraud = random.nextDouble() < 0.4;
      boolean found = random.nextDouble() < (small ? 0.5 : 0.92);
      long id = recorder.record(
          row(1, small ? "LI" : large.get(random.nextInt(4))), fraud && found ? YES : NO, 1);
      monitor.truth(id, fraud ? TRUE : FALSE);
      if (i % 1_000 == 999) {
        monitor.tick();
      }
    }
    Finding found = every.test(monitor.evidence());
    assertThat(found.verdict()).as(found.text()).isEqualTo(Verdict.FAIL);
    assertThat(found.text()).contains("1 of 5 segments", "country=LI");
    assertThat(all.test(monitor.evidence()).verdict()).isEqualTo(Verdict.PASS);
    SegmentEvidence bad = by(monitor, "country").segment("LI").orElseThrow();
    assertThat(bad.recorded()).isEqualTo(200);
    assertThat(bad.quality(Metric.RECALL).orElseThrow().value()).isEqualTo(0.5, within(0.12));
  }

  @Test
  void aCorrectionReplacesTheTruthInItsSegment() {
    MicrometerMonitor monitor = open(config ->
        config.segmentedBy(Segmentation.column("country")).truthWithin(Duration.ofHours(1)));
    Recorder recorder = serving(monitor, BASELINE);
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      ids.add(recorder.record(row(1, i % 2 == 0 ? "DE" : "AT"), YES, 1));
      monitor.truth(ids.get(i), TRUE);
    }
    monitor.tick();
    assertThat(by(monitor, "country").segment("DE").orElseThrow().quality(Metric.ACCURACY))
        .as("before its time is over")
        .isEmpty();
    monitor.truth(ids.get(0), FALSE);
    clock.advance(Duration.ofHours(2));
    monitor.tick();
    monitor.truth(ids.get(2), FALSE);
    monitor.truth(ids.get(1), FALSE);
    monitor.tick();
    SegmentationEvidence division = by(monitor, "country");
    assertThat(division.segment("DE").orElseThrow().quality(Metric.ACCURACY))
        .contains(Estimate.share(48, 50));
    assertThat(division.segment("AT").orElseThrow().quality(Metric.ACCURACY))
        .contains(Estimate.share(49, 50));
  }

  @Test
  void whatACallSaysDividesToo() {
    MicrometerMonitor monitor = open(config -> config.segmentedBy(Segmentation.ofCalls("tenant")));
    Recorder recorder = serving(monitor, BASELINE);
    for (int i = 0; i < 30; i++) {
      recorder.record(row(1, "DE"), YES, Call.took(1).withSegment(i < 20 ? "a" : "b"));
    }
    recorder.record(row(1, "DE"), YES, 1);
    monitor.tick();
    assertThat(names(by(monitor, "tenant"))).containsExactly("a", "b", Segmentation.MISSING);
  }

  @Test
  void numbersAreDividedAtTheQuartilesOfTheBaseline() {
    double[] sample = new double[100];
    Arrays.setAll(sample, i -> i);
    Baseline baseline = Baseline.builder(SCHEMA)
        .column(new NumberProfile("amount", 100, 0, 49.5, 29, 0, 99, sample))
        .build();
    MicrometerMonitor monitor = open(config ->
        config.segmentedBy(Segmentation.column("amount"), Segmentation.column("country")));
    Recorder recorder = serving(monitor, baseline);
    for (int i = 0; i < 100; i++) {
      recorder.record(row(i == 99 ? Double.NaN : i, ""), YES, 1);
    }
    monitor.tick();
    assertThat(names(by(monitor, "amount")))
        .containsExactlyInAnyOrder(
            "< 25", "25 to < 50", "50 to < 75", ">= 75", Segmentation.MISSING);
    assertThat(by(monitor, "amount").segment("< 25").orElseThrow().recorded()).isEqualTo(25);
    assertThat(names(by(monitor, "country"))).containsExactly(Segmentation.MISSING);
  }

  @Test
  void ofQuantitiesTheMeanOfEachOutputIsTold() {
    Schema schema = Schema.of(Column.category("country"));
    MicrometerMonitor monitor = open(config -> config.segmentedBy(Segmentation.column("country")));
    Recorder recorder = serving(monitor, Baseline.builder(schema).build());
    for (int i = 0; i < 100; i++) {
      recorder.record(Row.of(schema, "DE"), Regression.of(i % 2), 1);
    }
    monitor.tick();
    SegmentEvidence de = by(monitor, "country").segment("DE").orElseThrow();
    assertThat(de.predictions()).hasSize(1);
    Estimate mean = de.predictions().values().iterator().next();
    assertThat(mean.value()).isEqualTo(0.5, within(1e-12));
    assertThat(mean.n()).isEqualTo(100);
    assertThat(by(monitor, "country").fairness()).isEmpty();
  }

  @Test
  void fairnessComparesTheSegments() {
    Condition fair =
        Signals.segment("country").quality("demographic_parity_ratio").atLeast(0.8);
    MicrometerMonitor monitor = open(config -> config.watching(fair));
    Recorder recorder = serving(monitor, BASELINE);
    for (int i = 0; i < 2_000; i++) {
      boolean german = i % 2 == 0;
      recorder.record(row(1, german ? "DE" : "AT"), i % 20 < (german ? 12 : 7) ? YES : NO, 1);
    }
    monitor.tick();
    SegmentationEvidence division = by(monitor, "country");
    assertThat(division.fairness().get(Metric.DEMOGRAPHIC_PARITY_RATIO).value())
        .isEqualTo(0.3 / 0.6, within(0.1));
    assertThat(division.fairness()).doesNotContainKey(Metric.EQUAL_OPPORTUNITY_DIFFERENCE);
    Finding found = fair.test(monitor.evidence());
    assertThat(found.verdict()).as(found.text()).isEqualTo(Verdict.FAIL);
    assertThat(found.n()).hasValue(2_000);
    assertThat(registry
            .get("mlops.fairness")
            .tag("segmentation", "country")
            .tag("metric", "demographic_parity_ratio")
            .gauge()
            .value())
        .isEqualTo(division.fairness().get(Metric.DEMOGRAPHIC_PARITY_RATIO).value());
  }

  // ---- what is bounded

  @Test
  void valuesBeyondTheBoundAreOneSegmentAndTheNamedOnesAreKept() {
    MicrometerMonitor monitor = open(
        config -> config.segmentedBy(Segmentation.column("country").atMost(3).naming("LI")));
    Recorder recorder = serving(monitor, BASELINE);
    for (int i = 0; i < 100; i++) {
      recorder.record(row(1, i == 99 ? "LI" : "C" + i % 10), YES, 1);
    }
    recorder.record(row(1, "x".repeat(101)), YES, 1);
    monitor.tick();
    SegmentationEvidence division = by(monitor, "country");
    assertThat(names(division)).containsExactly("C0", "C1", "LI", Segmentation.OTHER);
    assertThat(division.segment("LI").orElseThrow().recorded()).isEqualTo(1);
    assertThat(division.segment(Segmentation.OTHER).orElseThrow().recorded()).isEqualTo(80);
    assertThat(division.recorded()).isEqualTo(101);
  }

  @Test
  void manyDistinctSegmentsStayWithinTheirBounds() {
    manyDistinct(200_000);
  }

  @Tag("slow")
  @Test
  void aMillionDistinctSegmentsStayWithinTheirBounds() {
    manyDistinct(2_000_000);
  }

  /** Segments, keys and labels, each another one: all are counted, meters are bounded, and the heap does not grow. */
  private void manyDistinct(int rows) {
    MicrometerMonitor monitor = open(config -> config
        .segmentedBy(
            Segmentation.column("country"),
            Segmentation.of("text", row -> "t" + row.category(1)),
            Segmentation.ofCalls("call"))
        .awaiting(1_000)
        .keeping(1_000)
        .buffering(4_096));
    Recorder recorder = serving(monitor, BASELINE);
    long[] heap = new long[2];
    int meters = 0;
    for (int i = 0; i < rows; i++) {
      String value = "v" + i;
      Call call = Call.took(1).withKey(value).withSegment(value);
      recorder.record(row(1, value), Classification.of(value), call);
      if (i % 1_000 == 999) {
        monitor.truth("v" + (i - 10), Truth.of(value));
        monitor.tick();
      }
      if (i == rows / 10 || i == rows - 1) {
        heap[i == rows - 1 ? 1 : 0] = used();
        meters = Math.max(meters, registry.getMeters().size());
      }
    }
    VersionEvidence champion = champion(monitor);
    assertThat(champion.offered()).isEqualTo(champion.recorded() + champion.dropped());
    assertThat(champion.offered()).isEqualTo(rows);
    assertThat(champion.dropped()).isZero();
    champion.segmentations().forEach((name, division) -> {
      assertThat(division.segments()).as(name).hasSize(Segmentation.SEGMENTS + 1);
      assertThat(division.recorded()).as(name).isEqualTo(rows);
      assertThat(division.segment(Segmentation.OTHER).orElseThrow().recorded())
          .as(name)
          .isEqualTo(rows - Segmentation.SEGMENTS);
    });
    // three divisions of 65, each with quality by at most five metrics, and what every monitor has
    assertThat(registry.getMeters().size()).isEqualTo(meters).isLessThan(3 * 65 * 6 + 300);
    assertThat(heap[1] - heap[0]).as("bytes more after ten times as many").isLessThan(2_000_000);
  }

  private static long used() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  @Test
  void moreDivisionsThanFitAreRefused() {
    Segmentation[] nine = new Segmentation[9];
    Arrays.setAll(nine, i -> Segmentation.column("c" + i));
    assertThatThrownBy(() -> open(config -> config.segmentedBy(nine)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("at most 8", "c8");
    open(config -> config.segmentedBy(Arrays.copyOf(nine, 8)).segmentedBy(nine[3].cuts(1)));
  }

  @Test
  void metersFollowTheSegmentsOfTheChampion() {
    MicrometerMonitor monitor = open(config -> config.segmentedBy(Segmentation.column("country")));
    Recorder recorder = serving(monitor, BASELINE);
    monitor.truth(recorder.record(row(1, "DE"), YES, 1), TRUE);
    monitor.tick();
    assertThat(registry
            .get("mlops.segment.predictions")
            .tag("segment", "DE")
            .functionCounter()
            .count())
        .isEqualTo(1);
    assertThat(registry
            .get("mlops.segment.quality")
            .tag("segment", "DE")
            .tag("metric", "accuracy")
            .gauge()
            .value())
        .isEqualTo(1);
    monitor.recorder("2", BASELINE);
    monitor.champion("2");
    monitor.tick();
    assertThat(registry.find("mlops.segment.quality").gauges())
        .as("of what is not the champion")
        .isEmpty();
    assertThat(registry.find("mlops.segment.predictions").functionCounters()).hasSize(1);
    monitor.close();
    assertThat(registry.getMeters()).isEmpty();
  }

  // ---- a host's function

  @Test
  void aFunctionThatThrowsOrGivesNullLeavesRowsUnassigned() {
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      MicrometerMonitor monitor = open(config -> config.segmentedBy(Segmentation.of("age", row -> {
        if (row.number(0) < 10) {
          throw new IllegalStateException("no age");
        }
        if (row.number(0) > 1_000) {
          throw new StackOverflowError();
        }
        return row.number(0) < 20 ? null : row.number(0) < 40 ? "young" : "";
      })));
      Recorder recorder = serving(monitor, BASELINE);
      for (int i = 0; i < 50; i++) {
        monitor.truth(recorder.record(row(i, "DE"), YES, 1), TRUE);
      }
      recorder.record(row(2_000, "DE"), YES, 1);
      monitor.tick();
      VersionEvidence champion = champion(monitor);
      assertThat(champion.recorded()).isEqualTo(51);
      assertThat(champion.matured()).isEqualTo(50);
      SegmentationEvidence division = by(monitor, "age");
      assertThat(division.unassigned()).isEqualTo(21);
      assertThat(division.segment("young").orElseThrow().matured()).isEqualTo(20);
      assertThat(division.segment(Segmentation.MISSING).orElseThrow().recorded())
          .isEqualTo(10);
      assertThat(division.note()).contains("StackOverflowError");
      assertThat(registry.get("mlops.segment.unassigned").functionCounter().count())
          .isEqualTo(21);
      assertThat(log.messages())
          .filteredOn(message -> message.contains("segments of fraud by age"))
          .hasSize(3)
          .anyMatch(message -> message.contains("IllegalStateException"))
          .anyMatch(message -> message.contains("gave null"));
      assertThat(Signals.segment("age")
              .quality("accuracy")
              .atLeast(0.1)
              .test(monitor.evidence())
              .verdict())
          .isEqualTo(Verdict.INCONCLUSIVE);
    }
  }

  @Test
  void aSlowFunctionHasABudgetInEachTick() {
    AtomicLong asked = new AtomicLong();
    MicrometerMonitor monitor = open(config -> config.segmentedBy(Segmentation.of("slow", row -> {
      asked.incrementAndGet();
      nanos.addAndGet(10_000_000); // ten milliseconds
      return "s";
    })));
    Recorder recorder = serving(monitor, BASELINE);
    for (int tick = 1; tick <= 3; tick++) {
      for (int i = 0; i < 100; i++) {
        recorder.record(row(1, "DE"), YES, 1);
      }
      monitor.tick();
      assertThat(asked).hasValue(10L * tick);
      assertThat(by(monitor, "slow").unassigned()).isEqualTo(90L * tick);
    }
    assertThat(champion(monitor).recorded()).isEqualTo(300);
    assertThat(by(monitor, "slow").note()).contains("in one tick");
  }

  @Test
  void aFunctionThatIsMuchTooSlowIsAskedNoMore() {
    AtomicLong asked = new AtomicLong();
    MicrometerMonitor monitor = open(config -> config.segmentedBy(Segmentation.of("slow", row -> {
      asked.incrementAndGet();
      nanos.addAndGet(5_000_000_000L);
      return "s";
    })));
    Recorder recorder = serving(monitor, BASELINE);
    for (int tick = 0; tick < 10; tick++) {
      recorder.record(row(1, "DE"), YES, 1);
      recorder.record(row(1, "DE"), YES, 1);
      monitor.tick();
    }
    assertThat(asked).hasValue(SegmentGuard.STRIKES);
    assertThat(by(monitor, "slow").recorded()).isEqualTo(20);
    assertThat(by(monitor, "slow").note()).contains("asked no more");
  }

  /** While a tick is stuck in the host's function, predictions are recorded, and then dropped and counted. */
  @Test
  void aFunctionThatBlocksHoldsUpNoPrediction() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    MicrometerMonitor monitor =
        open(config -> config.buffering(64).segmentedBy(Segmentation.of("stuck", row -> {
          entered.countDown();
          try {
            leave.await(60, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return "s";
        })));
    Recorder recorder = serving(monitor, BASELINE);
    recorder.record(row(1, "DE"), YES, 1);
    Thread ticking = new Thread(monitor::tick);
    ticking.start();
    assertThat(entered.await(60, TimeUnit.SECONDS)).isTrue();
    for (int i = 0; i < 500; i++) {
      recorder.record(row(1, "DE"), YES, 1);
    }
    leave.countDown();
    ticking.join(60_000);
    monitor.tick();
    VersionEvidence champion = champion(monitor);
    assertThat(champion.offered())
        .isEqualTo(501)
        .isEqualTo(champion.recorded() + champion.dropped());
    assertThat(champion.dropped()).isPositive();
    assertThat(by(monitor, "stuck").recorded()).isEqualTo(champion.recorded());
  }

  @Test
  void aColumnThatTheModelDoesNotHaveIsToldAndHarmsNothing() {
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      MicrometerMonitor monitor = open(config -> config.segmentedBy(Segmentation.column("contry")));
      Recorder recorder = serving(monitor, BASELINE);
      recorder.record(row(1, "DE"), YES, 1);
      monitor.tick();
      assertThat(by(monitor, "contry").unassigned()).isEqualTo(1);
      assertThat(by(monitor, "contry").note()).contains("contry", "did you mean \"country\"");
      assertThat(log.messages()).anyMatch(message -> message.contains("did you mean \"country\""));
    }
  }
}
