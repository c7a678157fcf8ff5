package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
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
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.WatchCondition;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.NumberProfile;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;

/** What the clauses about monitors share: rows, truths, a clock, and how a monitor is opened and read. */
abstract class MonitorScene {
  static final int BOUND = 400;
  static final Duration HOUR = Duration.ofHours(1);
  static final long NANOS = 250_000;

  static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("channel")).positiveLabel("yes");
  static final Schema QUANTITIES = Schema.of(Column.number("x")).predicting(Task.REGRESSION);
  static final Row ROW = Row.of(SCHEMA, 1.5, "shop");
  static final Classification YES = Classification.of("yes");
  static final Classification NO = Classification.of("no");
  static final Truth TRUE = Truth.of("yes");
  static final Truth FALSE = Truth.of("no");

  static final WatchCondition WORSE =
      Signals.quality("accuracy").noWorseThanBaseline(0.05).falseAlarmEvery(1_000);

  final ManualClock clock = new ManualClock();
  final List<MetricsMonitor> opened = new ArrayList<>();

  /** A monitor of a model named {@code fraud}. */
  abstract MetricsMonitor open(MonitorSetup setup);

  /** Whether the monitor keeps outcomes. */
  abstract boolean keepsOutcomes();

  /** Whether the monitor tells the parts of response times, and what is in flight. */
  abstract boolean tellsResponseTimes();

  /** Whether the monitor divides rows into segments. */
  abstract boolean dividesRows();

  @AfterEach
  void closeMonitors() {
    opened.forEach(MetricsMonitor::close);
  }

  MetricsMonitor open() {
    return open(Optional.empty(), BOUND);
  }

  MetricsMonitor open(Optional<Duration> horizon, int bound) {
    MetricsMonitor monitor = open(new MonitorSetup(clock, horizon, bound, List.of(WORSE)));
    opened.add(monitor);
    return monitor;
  }

  static Baseline baseline() {
    double[] sample = new double[200];
    Arrays.setAll(sample, i -> i / 200.0);
    return Baseline.builder(SCHEMA)
        .rows(1_000)
        .quality(Metric.ACCURACY, Estimate.share(900, 1_000))
        .quality(Metric.PRECISION, Estimate.share(450, 500))
        .quality(Metric.RECALL, Estimate.share(450, 500))
        .column(new NumberProfile("amount", 1_000, 0, 0.5, 0.29, 0, 1, sample))
        .column(new CategoryProfile("channel", Map.of("shop", 800L, "web", 200L), 0, 0))
        .build();
  }

  static Baseline otherBaseline() {
    return Baseline.builder(SCHEMA)
        .rows(1_000)
        .quality(Metric.ACCURACY, Estimate.share(890, 1_000))
        .build();
  }

  static VersionEvidence section(MetricsMonitor monitor, String version) {
    Evidence evidence = monitor.evidence();
    return Stream.concat(evidence.champion().stream(), evidence.others().stream())
        .filter(section -> section.version().equals(version))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no section of version " + version));
  }

  static List<Outcome> outcomes(MetricsMonitor monitor) {
    return monitor.outcomes().between(0, monitor.outcomes().end());
  }

  static void assertAccuracy(VersionEvidence section, long right, long n) {
    assertThat(section.quality(Metric.ACCURACY)).isPresent();
    Estimate accuracy = section.quality(Metric.ACCURACY).orElseThrow();
    assertThat(accuracy.value()).isEqualTo((double) right / n, within(1e-12));
    assertThat(accuracy.n()).isEqualTo(n);
  }

  static void assertCounts(VersionEvidence section, long matured, long expired, long open) {
    assertThat(section.matured()).as("matured").isEqualTo(matured);
    assertThat(section.expired()).as("expired").isEqualTo(expired);
    assertThat(section.open()).as("open").isEqualTo(open);
  }

  /** A recorder of a version that the monitor is told is the champion. */
  static Recorder serving(MetricsMonitor monitor, String version, Baseline baseline) {
    Recorder recorder = monitor.recorder(version, baseline);
    monitor.champion(version);
    return recorder;
  }

  /** What the monitor says of the watch that it was told of; empty only if it does not claim to watch. */
  static Optional<DriftReading> reading(MetricsMonitor monitor) {
    Optional<DriftReading> reading =
        monitor.evidence().champion().orElseThrow().drift(WORSE.watch());
    if (reading.isEmpty()) {
      assertThat(monitor.watches().orElse(Set.of())).doesNotContain(WORSE.watch());
    }
    return reading;
  }

  static VersionEvidence champion(MetricsMonitor monitor) {
    return monitor.evidence().champion().orElseThrow();
  }

  static void matured(MetricsMonitor monitor, Recorder recorder, int count) {
    for (int i = 0; i < count; i++) {
      monitor.truth(recorder.record(ROW, YES, NANOS), TRUE);
    }
    monitor.tick();
  }

  static void serve(MetricsMonitor monitor, Recorder recorder, int rows, Truth truth) {
    for (int i = 0; i < rows; i++) {
      monitor.truth(recorder.record(ROW, YES, NANOS), truth);
      if (i % 50 == 49) {
        monitor.tick();
      }
    }
  }
}
