package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.ResponseTimes;
import dev.mlops.api.monitor.SegmentEvidence;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.SegmentationEvidence;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.TruthState;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.WatchCondition;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.NumberProfile;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link MetricsMonitor} with its {@link Recorder}s and {@link Outcomes}: one test, or several, per clause
 * of its Javadoc, named after the clause.
 *
 * <p>A subclass says how a monitor is opened. One that keeps no outcomes overrides {@link #keepsOutcomes}, one that does not
 * divide rows into segments {@link #dividesRows}, one that tells
 * nothing of response times but their total {@link #tellsResponseTimes}. Clauses about
 * detectors are tested where {@link Evidence} has the reading that the monitor was told to watch for; a monitor that has
 * not must not claim to watch it.
 *
 * @since 0.1
 */
@DisplayName("A metrics monitor")
public abstract class MetricsMonitorContract {
  private static final int BOUND = 400;
  private static final Duration HOUR = Duration.ofHours(1);
  private static final long NANOS = 250_000;

  private static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("channel")).positiveLabel("yes");
  private static final Schema QUANTITIES =
      Schema.of(Column.number("x")).predicting(Task.REGRESSION);
  private static final Row ROW = Row.of(SCHEMA, 1.5, "shop");
  private static final Classification YES = Classification.of("yes");
  private static final Classification NO = Classification.of("no");
  private static final Truth TRUE = Truth.of("yes");
  private static final Truth FALSE = Truth.of("no");

  private static final WatchCondition WORSE =
      Signals.quality("accuracy").noWorseThanBaseline(0.05).falseAlarmEvery(1_000);

  private final ManualClock clock = new ManualClock();
  private final List<MetricsMonitor> opened = new ArrayList<>();

  /** For a subclass. */
  protected MetricsMonitorContract() {}

  /**
   * {@return a monitor of a model named {@code fraud}}
   *
   * @param setup what is wanted of it
   */
  protected abstract MetricsMonitor open(MonitorSetup setup);

  /** {@return whether the monitor keeps outcomes; true unless overridden} */
  protected boolean keepsOutcomes() {
    return true;
  }

  /** {@return whether the monitor tells the parts of response times, and what is in flight; true unless overridden} */
  protected boolean tellsResponseTimes() {
    return true;
  }

  /** {@return whether the monitor divides rows into segments; true unless overridden} */
  protected boolean dividesRows() {
    return true;
  }

  @AfterEach
  void closeMonitors() {
    opened.forEach(MetricsMonitor::close);
  }

  private MetricsMonitor open() {
    return open(Optional.empty(), BOUND);
  }

  private MetricsMonitor open(Optional<Duration> horizon, int bound) {
    MetricsMonitor monitor = open(new MonitorSetup(clock, horizon, bound, List.of(WORSE)));
    opened.add(monitor);
    return monitor;
  }

  private static Baseline baseline() {
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

  private static Baseline otherBaseline() {
    return Baseline.builder(SCHEMA)
        .rows(1_000)
        .quality(Metric.ACCURACY, Estimate.share(890, 1_000))
        .build();
  }

  private static VersionEvidence section(MetricsMonitor monitor, String version) {
    Evidence evidence = monitor.evidence();
    return Stream.concat(evidence.champion().stream(), evidence.others().stream())
        .filter(section -> section.version().equals(version))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no section of version " + version));
  }

  private static List<Outcome> outcomes(MetricsMonitor monitor) {
    return monitor.outcomes().between(0, monitor.outcomes().end());
  }

  private static void assertAccuracy(VersionEvidence section, long right, long n) {
    assertThat(section.quality(Metric.ACCURACY)).isPresent();
    Estimate accuracy = section.quality(Metric.ACCURACY).orElseThrow();
    assertThat(accuracy.value()).isEqualTo((double) right / n, within(1e-12));
    assertThat(accuracy.n()).isEqualTo(n);
  }

  private static void assertCounts(VersionEvidence section, long matured, long expired, long open) {
    assertThat(section.matured()).as("matured").isEqualTo(matured);
    assertThat(section.expired()).as("expired").isEqualTo(expired);
    assertThat(section.open()).as("open").isEqualTo(open);
  }

  /** A recorder of a version that the monitor is told is the champion. */
  private static Recorder serving(MetricsMonitor monitor, String version, Baseline baseline) {
    Recorder recorder = monitor.recorder(version, baseline);
    monitor.champion(version);
    return recorder;
  }

  @Test
  @DisplayName("counts in every section: offered is recorded and dropped, exactly")
  void countsEverything() {
    MetricsMonitor monitor = open();
    Recorder one = serving(monitor, "1", baseline());
    Recorder two = serving(monitor, "2", baseline());
    Prediction infinite = Classification.of(List.of("yes", "no"), new double[] {Double.NaN, 1});
    for (int i = 0; i < 30; i++) {
      one.record(ROW, YES, NANOS);
      one.record("key " + i, ROW, NO, NANOS);
      two.record(ROW, i % 3 == 0 ? infinite : NO, NANOS);
    }
    monitor.tick();

    assertThat(section(monitor, "1").offered()).isEqualTo(60);
    assertThat(section(monitor, "1").recorded()).isEqualTo(60);
    assertThat(section(monitor, "1").dropped()).isZero();
    assertThat(section(monitor, "2").offered()).isEqualTo(30);
    assertThat(section(monitor, "2").recorded()).isEqualTo(20);
    assertThat(section(monitor, "2").dropped()).isEqualTo(10);
  }

  @Test
  @DisplayName("counts predictions that were not made apart from those that were")
  void countsEverything_failures() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    recorder.record(ROW, YES, NANOS);
    recorder.failure(NANOS, new IllegalStateException("the model is out of memory"));
    assertThatCode(() -> recorder.failure(-1, null)).doesNotThrowAnyException();
    monitor.tick();

    assertThat(section(monitor, "1").failures()).isEqualTo(2);
    assertThat(section(monitor, "1").offered()).isEqualTo(1);
  }

  @Test
  @DisplayName("takes anything on the request path without throwing, and goes on")
  @SuppressWarnings("NullAway") // It takes null too.
  void recordingNeverThrows() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    Schema other = Schema.of(Column.category("other"));
    List<Row> rows = new ArrayList<>(List.of(
        ROW,
        new ThrowingRow(new IllegalStateException("gone")),
        new ThrowingRow(new AssertionError("an error, not an exception")),
        Row.of(other, "x")));
    rows.add(null);
    List<Prediction> predictions =
        new ArrayList<>(List.of(YES, Regression.of(Double.NaN), Regression.of(1.0), () -> {
          throw new IllegalStateException("no prediction");
        }));
    predictions.add(null);
    List<String> keys = new ArrayList<>(List.of("", "k".repeat(100_000)));
    keys.add(null);
    int offered = 0;
    for (Row row : rows) {
      for (Prediction prediction : predictions) {
        for (long nanos : new long[] {NANOS, 0, -1, Long.MAX_VALUE}) {
          assertThatCode(() -> recorder.record(row, prediction, nanos)).doesNotThrowAnyException();
          offered++;
        }
        for (String key : keys) {
          assertThatCode(() -> recorder.record(key, row, prediction, NANOS))
              .doesNotThrowAnyException();
          offered++;
        }
        monitor.tick();
      }
    }
    assertThatCode(() -> recorder.record(ROW, YES, null)).doesNotThrowAnyException();
    offered++;
    assertThatCode(() -> monitor.truth(1, null)).doesNotThrowAnyException();
    assertThatCode(() -> monitor.truth((String) null, TRUE)).doesNotThrowAnyException();
    assertThatCode(() -> monitor.truth("k", Truth.of(1.5))).doesNotThrowAnyException();
    assertThatCode(monitor::tick).doesNotThrowAnyException();
    assertThat(section(monitor, "1").offered()).isEqualTo(offered);

    long recorded = section(monitor, "1").recorded();
    recorder.record(ROW, YES, NANOS);
    monitor.tick();
    assertThat(section(monitor, "1").recorded()).isEqualTo(recorded + 1);
  }

  @Test
  @DisplayName("joins a truth by the id of its prediction, also ticks later")
  void joinsById() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      ids.add(recorder.record(ROW, YES, NANOS));
    }
    monitor.tick();
    clock.advance(HOUR);
    monitor.tick();
    for (int i = 0; i < 40; i++) {
      monitor.truth(ids.get(i), i < 30 ? TRUE : FALSE);
    }
    monitor.tick();

    assertCounts(section(monitor, "1"), 40, 0, 10);
    assertAccuracy(section(monitor, "1"), 30, 40);
  }

  @Test
  @DisplayName(
      "gives each prediction an id of its own, also one that it drops, and joins keyed ones by id too")
  void joinsById_eachOnce() {
    MetricsMonitor monitor = open();
    Set<Long> ids = new HashSet<>();
    List<Long> keyed = new ArrayList<>();
    for (String version : List.of("1", "2", "3")) {
      Recorder recorder = serving(monitor, version, baseline());
      for (int i = 0; i < 10; i++) {
        ids.add(recorder.record(ROW, YES, NANOS));
        ids.add(recorder.record(ROW, Regression.of(Double.NaN), NANOS));
        keyed.add(recorder.record(version + "-" + i, ROW, YES, NANOS));
      }
    }
    ids.addAll(keyed);
    assertThat(ids).hasSize(90);

    keyed.forEach(id -> monitor.truth(id, TRUE));
    monitor.tick();
    long matured = 0;
    for (String version : List.of("1", "2", "3")) {
      matured += section(monitor, version).matured();
    }
    assertThat(matured).isEqualTo(30);
  }

  @Test
  @DisplayName(
      "knows accuracy, precision, recall, F1 and log loss of a classifier from its definitions")
  void joinsById_classifier() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    // By hand: 3 yes right, 1 yes wrong, 2 no wrong, 4 no right.
    String said = "YYYYNNNNNN";
    String right = "YYYNYYNNNN";
    for (int i = 0; i < said.length(); i++) {
      double yes = said.charAt(i) == 'Y' ? 0.8 : 0.4;
      long id = recorder.record(
          ROW, Classification.of(List.of("yes", "no"), new double[] {yes, 1 - yes}), NANOS);
      monitor.truth(id, right.charAt(i) == 'Y' ? TRUE : FALSE);
    }
    monitor.tick();

    VersionEvidence section = section(monitor, "1");
    assertThat(section.quality(Metric.ACCURACY).orElseThrow().value())
        .isEqualTo(0.7, within(1e-12));
    assertThat(section.quality(Metric.PRECISION).orElseThrow().value())
        .isEqualTo(3.0 / 4, within(1e-12));
    assertThat(section.quality(Metric.RECALL).orElseThrow().value())
        .isEqualTo(3.0 / 5, within(1e-12));
    assertThat(section.quality(Metric.F1).orElseThrow().value()).isEqualTo(2.0 / 3, within(1e-12));
    double loss = -(3 * Math.log(0.8) + Math.log(0.2) + 2 * Math.log(0.4) + 4 * Math.log(0.6)) / 10;
    assertThat(section.quality(Metric.LOG_LOSS).orElseThrow().value())
        .isEqualTo(loss, within(1e-12));
  }

  @Test
  @DisplayName("knows MAE, RMSE and R² of a regression from their definitions")
  void joinsById_regression() {
    MetricsMonitor monitor = open();
    Schema schema = QUANTITIES;
    Recorder recorder = serving(monitor, "1", Baseline.builder(schema).build());
    // By hand: errors 1, -1, 2, 0 around truths 1, 3, 5, 7 with mean 4 and squared deviations 20.
    double[] said = {2, 2, 7, 7};
    double[] right = {1, 3, 5, 7};
    for (int i = 0; i < said.length; i++) {
      long id = recorder.record(Row.of(schema, 0.0), Regression.of(said[i]), NANOS);
      monitor.truth(id, Truth.of(right[i]));
    }
    monitor.tick();

    VersionEvidence section = section(monitor, "1");
    assertThat(section.quality(Metric.MAE).orElseThrow().value()).isEqualTo(1.0, within(1e-12));
    assertThat(section.quality(Metric.RMSE).orElseThrow().value())
        .isEqualTo(Math.sqrt(1.5), within(1e-12));
    assertThat(section.quality(Metric.R2).orElseThrow().value()).isEqualTo(0.7, within(1e-12));
    assertThat(section.quality(Metric.ACCURACY)).isEmpty();
  }

  @Test
  @DisplayName("joins a truth by the host's key, also ticks later")
  void joinsByKey() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    for (int i = 0; i < 50; i++) {
      recorder.record("order-" + i, ROW, NO, NANOS);
    }
    monitor.tick();
    clock.advance(HOUR);
    monitor.tick();
    for (int i = 0; i < 40; i++) {
      monitor.truth("order-" + i, i < 10 ? FALSE : TRUE);
    }
    monitor.tick();

    assertCounts(section(monitor, "1"), 40, 0, 10);
    assertAccuracy(section(monitor, "1"), 10, 40);
  }

  @Test
  @DisplayName("takes what a call says: its key, the event it is about, its arm and its segment")
  void carriesTheCall() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    Instant event = clock.instant().minus(Duration.ofMinutes(50));
    recorder.record(
        ROW,
        YES,
        Call.took(NANOS)
            .withKey("order-1")
            .withEventTime(event)
            .withArm("canary")
            .withSegment("country=DE"));
    recorder.record(
        ROW,
        YES,
        Call.took(NANOS).withKey("order-2").withEventTime(clock.instant().plus(HOUR)));
    monitor.truth("order-1", TRUE);
    monitor.truth("order-2", TRUE);
    monitor.tick();

    assertCounts(section(monitor, "1"), 2, 0, 0);
    List<Outcome> outcomes = outcomes(monitor);
    assertThat(outcomes).hasSize(keepsOutcomes() ? 2 : 0);
    if (keepsOutcomes()) {
      assertThat(outcomes.get(0).servedAt()).isEqualTo(event);
      assertThat(outcomes.get(0).arm()).contains("canary");
      assertThat(outcomes.get(0).segment()).contains("country=DE");
      assertThat(outcomes.get(1).servedAt()).as("not in the future").isEqualTo(clock.instant());
      assertThat(outcomes.get(1).arm()).isEmpty();
    }
  }

  @Test
  @DisplayName("counts latency from the intended start of a call")
  void carriesTheCall_startDelay() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    for (int i = 0; i < 100; i++) {
      recorder.record(ROW, YES, Call.took(NANOS).withStartDelay(i < 10 ? 9_750_000 : 0));
    }
    monitor.tick();
    assertThat(section(monitor, "1").latency().orElseThrow().p50())
        .isEqualTo(Duration.ofNanos(NANOS));
    assertThat(section(monitor, "1").latency().orElseThrow().p99())
        .isEqualTo(Duration.ofMillis(10));
  }

  @Test
  @DisplayName("tells waiting, binding and model of a call apart")
  void carriesTheCall_parts() {
    assumeTrue(tellsResponseTimes(), "response times are not told");
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    recorder.record(ROW, YES, Call.took(90_000).withBinding(30_000).withStartDelay(8_000));
    monitor.tick();
    assertThat(times(monitor).waiting().flatMap(Latency::max)).contains(Duration.ofNanos(8_000));
    assertThat(times(monitor).binding().flatMap(Latency::max)).contains(Duration.ofNanos(30_000));
    assertThat(times(monitor).model().flatMap(Latency::max)).contains(Duration.ofNanos(60_000));
  }

  @Test
  @DisplayName("tells waiting, binding and model apart")
  void timesParts() {
    assumeTrue(tellsResponseTimes(), "response times are not told");
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    recorder.record(ROW, YES, NANOS);
    monitor.tick();
    assertThat(times(monitor).waiting()).isEmpty();
    assertThat(times(monitor).binding()).isEmpty();
    assertThat(times(monitor).model()).isEmpty();

    recorder.record(null, ROW, YES, 0, 10_000, 40_000);
    recorder.record("order-1", ROW, YES, 7_000, 20_000, 30_000);
    recorder.record("order-2", ROW, YES, 8_000, 30_000, 60_000);
    monitor.tick();
    assertThat(times(monitor).waiting().flatMap(Latency::max)).contains(Duration.ofNanos(8_000));
    assertThat(times(monitor).binding().orElseThrow().n()).isEqualTo(3);
    assertThat(times(monitor).binding().flatMap(Latency::mean)).contains(Duration.ofNanos(20_000));
    assertThat(times(monitor).model().orElseThrow().p50()).isEqualTo(Duration.ofNanos(40_000));
    assertThat(times(monitor).model().flatMap(Latency::max)).contains(Duration.ofNanos(60_000));
    assertThat(section(monitor, "1").latency().flatMap(Latency::max))
        .as("8,000 + 30,000 + 60,000, if not as long as the first")
        .contains(Duration.ofNanos(Math.max(NANOS, 98_000)));
  }

  @Test
  @DisplayName("counts what was announced and has not ended")
  void countsInFlight() {
    assumeTrue(tellsResponseTimes(), "response times are not told");
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    recorder.record(ROW, YES, NANOS);
    monitor.tick();
    assertThat(times(monitor).inFlight()).as("none was announced").isEmpty();

    MetricsMonitor telling = open();
    Recorder announced = serving(telling, "1", baseline());
    for (int i = 0; i < 5; i++) {
      announced.started();
    }
    announced.record(ROW, YES, NANOS);
    announced.record("order-1", ROW, YES, NANOS);
    announced.failure(NANOS, new IllegalStateException("the model's"));
    telling.tick();
    assertThat(times(telling).inFlight()).hasValue(2);
    announced.record(ROW, YES, NANOS);
    announced.record(ROW, YES, NANOS);
    telling.tick();
    assertThat(times(telling).inFlight()).hasValue(0);
  }

  private static ResponseTimes times(MetricsMonitor monitor) {
    return section(monitor, "1").responseTimes().orElseThrow();
  }

  @Test
  @DisplayName("gives a truth to the newest of several predictions under its key")
  void newestUnderAKey() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    recorder.record("order-1", ROW, YES, NANOS);
    recorder.record("order-1", ROW, NO, NANOS);
    monitor.truth("order-1", FALSE);
    monitor.tick();

    assertCounts(section(monitor, "1"), 1, 0, 1);
    assertAccuracy(section(monitor, "1"), 1, 1);
  }

  @Test
  @DisplayName("gives a truth to no prediction that was recorded after it")
  void newestUnderAKey_beforeTheTruth() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    recorder.record("order-1", ROW, NO, NANOS);
    monitor.truth("order-1", FALSE);
    recorder.record("order-1", ROW, YES, NANOS);
    monitor.tick();

    assertCounts(section(monitor, "1"), 1, 0, 1);
    assertAccuracy(section(monitor, "1"), 1, 1);
  }

  @Test
  @DisplayName("gives no id again after it was opened anew: a late truth of before is an orphan")
  void idsAreNeverReused() {
    MetricsMonitor before = open();
    Recorder earlier = serving(before, "1", baseline());
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      ids.add(earlier.record(ROW, YES, NANOS));
    }
    before.tick();
    before.close();

    MetricsMonitor after = open();
    Recorder later = serving(after, "1", baseline());
    Set<Long> given = new HashSet<>(ids);
    for (int i = 0; i < 200; i++) {
      given.add(later.record(ROW, NO, NANOS));
    }
    assertThat(given).hasSize(400).allSatisfy(id -> assertThat(id).isNotNegative());
    ids.forEach(id -> after.truth(id, TRUE));
    after.tick();
    assertCounts(section(after, "1"), 0, 0, 200);
  }

  @Test
  @DisplayName("gives no id that another replica gives at the same time")
  void idsAreNeverReused_byTwoReplicas() {
    MetricsMonitor one = open();
    MetricsMonitor other = open();
    Recorder here = serving(one, "1", baseline());
    Recorder there = serving(other, "1", baseline());
    Set<Long> given = new HashSet<>();
    List<Long> ofOther = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      given.add(here.record(ROW, YES, NANOS));
      ofOther.add(there.record(ROW, YES, NANOS));
    }
    given.addAll(ofOther);
    assertThat(given).hasSize(400);
    ofOther.forEach(id -> one.truth(id, TRUE));
    one.tick();
    assertCounts(section(one, "1"), 0, 0, 200);
  }

  @Test
  @DisplayName("counts a truth that no prediction waits for, and changes nothing")
  void orphans() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    recorder.record("order-1", ROW, NO, NANOS);
    monitor.truth("order-2", FALSE);
    monitor.truth(Long.MAX_VALUE, FALSE);
    monitor.truth(-1, FALSE);
    monitor.tick();

    assertThat(monitor.evidence().orphans()).isEqualTo(3);
    assertCounts(section(monitor, "1"), 0, 0, 1);
  }

  @Test
  @DisplayName(
      "counts a truth of another kind than the prediction, which goes on waiting for its own")
  void conflicts() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    long id = recorder.record(ROW, YES, NANOS);
    monitor.truth(id, Truth.of(-4_711.5));
    monitor.tick();
    assertThat(monitor.evidence().truths(TruthState.CONFLICT)).isEqualTo(1);
    assertThat(monitor.evidence().orphans()).isZero();
    assertCounts(section(monitor, "1"), 0, 0, 1);
  }

  @Test
  @DisplayName(
      "counts a truth of other outputs than the prediction, which goes on waiting for its own")
  void conflicts_ofOtherOutputs() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", Baseline.builder(QUANTITIES).build());
    Row row = Row.of(QUANTITIES, 0.0);
    Regression one = Regression.of(Map.of("price", 2.0));
    Regression two = Regression.of(Map.of("price", 2.0, "days", 1.0));
    monitor.truth(recorder.record(row, one, NANOS), Truth.of(Map.of("cost", 2.0)));
    monitor.truth(recorder.record(row, one, NANOS), Truth.of(Map.of("price", 2.0, "days", 1.0)));
    monitor.truth(recorder.record(row, two, NANOS), Truth.of(Map.of("price", 2.0)));
    monitor.truth(recorder.record(row, two, NANOS), Truth.of(2.0));
    monitor.tick();
    assertThat(monitor.evidence().truths(TruthState.CONFLICT)).isEqualTo(4);
    assertCounts(section(monitor, "1"), 0, 0, 4);
  }

  @Test
  @DisplayName("closes a prediction by a truth that it caused, and learns nothing from it")
  void causedTruths() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    for (int i = 0; i < 10; i++) {
      recorder.record("order-" + i, ROW, NO, NANOS);
      monitor.truth("order-" + i, i < 4 ? TRUE.asCaused() : FALSE);
    }
    monitor.tick();

    assertThat(monitor.evidence().truths(TruthState.CAUSED)).isEqualTo(4);
    assertThat(section(monitor, "1").caused()).isEqualTo(4);
    assertThat(section(monitor, "1").joined()).isEqualTo(10);
    assertCounts(section(monitor, "1"), 6, 0, 0);
    assertAccuracy(section(monitor, "1"), 6, 6);
    assertThat(section(monitor, "1").provisional().values())
        .allSatisfy(each -> assertThat(each.n()).isLessThanOrEqualTo(6));
    reading(monitor).ifPresent(reading -> assertThat(reading.inputs()).isEqualTo(6));
    assertThat(outcomes(monitor)).hasSize(keepsOutcomes() ? 6 : 0);
    assertThat(outcomes(monitor)).extracting(Outcome::truth).doesNotContain(TRUE.asCaused());
  }

  @Test
  @DisplayName("has every prediction joined, expired or waiting, whatever came when")
  void accountsForPredictions() {
    for (Optional<Duration> horizon : List.of(Optional.<Duration>empty(), Optional.of(HOUR))) {
      MetricsMonitor monitor = open(horizon, BOUND);
      Recorder recorder = serving(monitor, "1", baseline());
      Random random = new Random(11);
      List<Long> ids = new ArrayList<>();
      for (int i = 0; i < 1_200; i++) {
        ids.add(recorder.record(ROW, random.nextBoolean() ? YES : NO, NANOS));
        if (random.nextInt(3) > 0) {
          long id = ids.get(Math.max(0, ids.size() - 1 - random.nextInt(400)));
          Truth truth = random.nextInt(5) == 0
              ? Truth.of(1.5)
              : random.nextInt(5) == 0 ? TRUE.asCaused() : random.nextBoolean() ? TRUE : FALSE;
          monitor.truth(random.nextInt(10) == 0 ? -id : id, truth);
        }
        if (i % 40 == 39) {
          clock.advance(Duration.ofMinutes(random.nextInt(20)));
          monitor.tick();
          accountsFor(monitor, ids.size(), "after " + ids.size() + ", " + horizon);
        }
      }
    }
  }

  private static void accountsFor(MetricsMonitor monitor, long issued, String when) {
    Evidence evidence = monitor.evidence();
    VersionEvidence section = section(monitor, "1");
    assertThat(section.recorded()).as(when).isEqualTo(issued);
    assertThat(section.joined()).as(when).isEqualTo(evidence.truths(TruthState.JOINED));
    assertThat(section.expired()).as(when).isEqualTo(evidence.truths(TruthState.EXPIRED));
    assertThat(section.caused()).as(when).isEqualTo(evidence.truths(TruthState.CAUSED));
    assertThat(section.joined() + section.expired() + section.waiting())
        .as(when)
        .isEqualTo(issued);
    assertThat(section.matured() + section.caused() + section.expired() + section.open())
        .as(when)
        .isEqualTo(issued);
  }

  @Test
  @DisplayName("gives a quantity without a name the name of the only output that was predicted")
  void namesTheOutput() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", Baseline.builder(QUANTITIES).build());
    long id = recorder.record(Row.of(QUANTITIES, 0.0), Regression.of(Map.of("price", 2.0)), NANOS);
    monitor.truth(id, Truth.of(3.0));
    monitor.tick();
    assertThat(outcomes(monitor))
        .extracting(Outcome::truth)
        .containsExactlyElementsOf(
            keepsOutcomes() ? List.of(Truth.of(Map.of("price", 3.0))) : List.of());
    assertThat(section(monitor, "1").quality(Metric.MAE).orElseThrow().value()).isEqualTo(1.0);
  }

  @Test
  @DisplayName("counts the same truth again, and changes nothing")
  void duplicates() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    recorder.record("order-1", ROW, NO, NANOS);
    monitor.truth("order-1", FALSE);
    monitor.truth("order-1", FALSE);
    monitor.tick();
    monitor.truth("order-1", FALSE);
    monitor.tick();

    assertThat(monitor.evidence().duplicates()).isEqualTo(2);
    assertThat(monitor.evidence().corrections()).isZero();
    assertThat(monitor.evidence().orphans()).isZero();
    assertCounts(section(monitor, "1"), 1, 0, 0);
    assertAccuracy(section(monitor, "1"), 1, 1);
  }

  @Test
  @DisplayName("lets another truth replace the first in quality and outcomes, and counts it")
  void corrections() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    recorder.record("order-1", ROW, NO, NANOS);
    recorder.record("order-2", ROW, NO, NANOS);
    monitor.truth("order-1", FALSE);
    monitor.truth("order-2", FALSE);
    monitor.tick();
    monitor.truth("order-1", TRUE);
    monitor.tick();

    assertThat(monitor.evidence().corrections()).isEqualTo(1);
    assertThat(monitor.evidence().duplicates()).isZero();
    assertCounts(section(monitor, "1"), 2, 0, 0);
    assertAccuracy(section(monitor, "1"), 1, 2);
    if (keepsOutcomes()) {
      assertThat(outcomes(monitor)).extracting(Outcome::truth).containsExactly(TRUE, FALSE);
    }
  }

  @Test
  @DisplayName("feeds a detector each prediction once, whatever is corrected")
  void corrections_detectorsAreNotFedAgain() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    for (int i = 0; i < 20; i++) {
      recorder.record("order-" + i, ROW, NO, NANOS);
      monitor.truth("order-" + i, FALSE);
    }
    monitor.tick();
    Optional<DriftReading> before = reading(monitor);
    for (int i = 0; i < 20; i++) {
      monitor.truth("order-" + i, TRUE);
      monitor.truth("order-" + i, FALSE);
    }
    monitor.tick();

    assertThat(reading(monitor)).isEqualTo(before);
    before.ifPresent(reading -> assertThat(reading.inputs()).isEqualTo(20));
  }

  /** What the monitor says of the watch that it was told of; empty only if it does not claim to watch. */
  private static Optional<DriftReading> reading(MetricsMonitor monitor) {
    Optional<DriftReading> reading =
        monitor.evidence().champion().orElseThrow().drift(WORSE.watch());
    if (reading.isEmpty()) {
      assertThat(monitor.watches().orElse(Set.of())).doesNotContain(WORSE.watch());
    }
    return reading;
  }

  @Test
  @DisplayName("comes to the same quality and counts in whatever order the truths come")
  void orderDoesNotMatter() {
    VersionEvidence wanted = inOrder(0);
    for (long seed = 1; seed <= 5; seed++) {
      VersionEvidence section = inOrder(seed);
      String which = "seed " + seed;
      assertThat(section.quality().keySet())
          .as(which)
          .isEqualTo(wanted.quality().keySet());
      wanted.quality().forEach((metric, estimate) -> {
        Estimate found = section.quality(metric).orElseThrow();
        assertThat(found.value()).as(which).isEqualTo(estimate.value(), within(1e-9));
        assertThat(found.n()).as(which).isEqualTo(estimate.n());
      });
    }
  }

  private VersionEvidence inOrder(long seed) {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    List<Long> ids = new ArrayList<>();
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      ids.add(recorder.record(ROW, i % 3 == 0 ? YES : NO, NANOS));
      order.add(i);
    }
    if (seed > 0) {
      Collections.shuffle(order, new Random(seed));
    }
    for (int i : order) {
      monitor.truth(ids.get(i), i % 5 == 0 ? TRUE : FALSE);
    }
    monitor.tick();
    assertCounts(section(monitor, "1"), 60, 0, 0);
    assertThat(monitor.evidence().orphans()).isZero();
    return section(monitor, "1");
  }

  @Test
  @DisplayName(
      "lets nothing into quality, outcomes and detectors before it is as old as the horizon")
  void matures() {
    MetricsMonitor monitor = open(Optional.of(HOUR), BOUND);
    Recorder recorder = serving(monitor, "1", baseline());
    monitor.truth(recorder.record(ROW, YES, NANOS), TRUE);
    monitor.tick();
    clock.advance(HOUR.minusNanos(1));
    monitor.tick();
    assertCounts(section(monitor, "1"), 0, 0, 1);
    assertThat(section(monitor, "1").provisional()).containsKey(Metric.ACCURACY);
    assertThat(outcomes(monitor)).isEmpty();
    clock.advance(Duration.ofNanos(1));
    monitor.tick();
    assertCounts(section(monitor, "1"), 1, 0, 0);
    assertAccuracy(section(monitor, "1"), 1, 1);

    monitor.truth(recorder.record(ROW, YES, NANOS), FALSE);
    monitor.tick();
    assertCounts(section(monitor, "1"), 1, 0, 1);
    assertAccuracy(section(monitor, "1"), 1, 1);
    assertThat(section(monitor, "1").provisional())
        .hasEntrySatisfying(Metric.ACCURACY, early -> assertThat(early.n()).isEqualTo(2));
    assertThat(outcomes(monitor)).hasSize(keepsOutcomes() ? 1 : 0);
    reading(monitor).ifPresent(reading -> assertThat(reading.inputs()).isEqualTo(1));
    clock.advance(HOUR);
    monitor.tick();
    assertCounts(section(monitor, "1"), 2, 0, 0);
    assertAccuracy(section(monitor, "1"), 1, 2);
  }

  @Test
  @DisplayName(
      "counts a prediction whose horizon passed without a truth, and takes no truth for it any more")
  void matures_orExpires() {
    Duration horizon = Duration.ofMinutes(10);
    MetricsMonitor monitor = open(Optional.of(horizon), BOUND);
    Recorder recorder = serving(monitor, "1", baseline());
    long late = recorder.record(ROW, YES, NANOS);
    recorder.record("order-1", ROW, YES, NANOS);
    clock.advance(horizon);
    monitor.tick();
    assertCounts(section(monitor, "1"), 0, 2, 0);
    monitor.truth(late, TRUE);
    monitor.truth("order-1", TRUE);
    monitor.tick();
    assertCounts(section(monitor, "1"), 0, 2, 0);
    assertThat(monitor.evidence().truths(TruthState.LATE)).isEqualTo(2);
  }

  @Test
  @DisplayName("credits a truth to the version that predicted, whichever serves by now")
  void creditsTheVersion() {
    MetricsMonitor monitor = open();
    Recorder one = serving(monitor, "1", baseline());
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      ids.add(one.record(ROW, YES, NANOS));
    }
    Recorder two = serving(monitor, "2", baseline());
    for (int i = 0; i < 20; i++) {
      ids.add(two.record(ROW, YES, NANOS));
    }
    for (int i = 0; i < 30; i++) {
      monitor.truth(ids.get(i), i < 10 ? FALSE : TRUE);
    }
    monitor.tick();

    assertCounts(section(monitor, "1"), 10, 0, 0);
    assertAccuracy(section(monitor, "1"), 0, 10);
    assertCounts(section(monitor, "2"), 20, 0, 0);
    assertAccuracy(section(monitor, "2"), 20, 20);
  }

  @Test
  @DisplayName("calls nobody the champion because a recorder was taken")
  void recorderOnlyAsks() {
    MetricsMonitor monitor = open();
    monitor.recorder("1", baseline()).record(ROW, YES, NANOS);
    monitor.tick();
    assertThat(monitor.evidence().champion()).isEmpty();
    assertThat(section(monitor, "1").recorded()).isEqualTo(1);

    monitor.champion("1");
    monitor.recorder("2", baseline()).record(ROW, YES, NANOS);
    monitor.recorder("1", Baseline.builder(SCHEMA).build());
    monitor.recorder("3", baseline());
    monitor.tick();
    assertThat(champion(monitor).version()).isEqualTo("1");
    assertThat(monitor.evidence().others())
        .extracting(VersionEvidence::version)
        .containsExactlyInAnyOrder("2", "3");
  }

  @Test
  @DisplayName("records a challenger beside the champion, each in its own section")
  void creditsTheVersion_challengerBesideTheChampion() {
    MetricsMonitor monitor = open();
    Baseline first = baseline();
    Recorder champion = serving(monitor, "1", first);
    Recorder challenger = monitor.recorder("2", baseline());
    for (int i = 0; i < 30; i++) {
      monitor.truth(champion.record(ROW, YES, NANOS), TRUE);
      monitor.truth(challenger.record(ROW, i < 10 ? NO : YES, NANOS), TRUE);
    }
    monitor.tick();
    assertAccuracy(section(monitor, "1"), 30, 30);
    assertAccuracy(section(monitor, "2"), 20, 30);

    Recorder again = monitor.recorder("2", Baseline.builder(SCHEMA).build());
    again.record(ROW, YES, NANOS);
    challenger.record(ROW, YES, NANOS);
    monitor.tick();
    assertThat(section(monitor, "2").recorded()).isEqualTo(32);
    assertThat(section(monitor, "2").baseline()).isPresent();
    assertThat(section(monitor, "2").baseline().orElseThrow().quality()).isNotEmpty();
  }

  @Test
  @DisplayName("restarts no detector when recorders are taken, also of a challenger")
  void recorderOnlyAsks_restartsNoDetector() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    serve(monitor, recorder, 50, TRUE);
    monitor.recorder("2", otherBaseline());
    monitor.recorder("1", baseline());
    monitor.tick();
    reading(monitor).ifPresent(reading -> assertThat(reading.inputs()).isEqualTo(50));
  }

  @Test
  @DisplayName("calls the version that it was told last the champion")
  void championSection() {
    MetricsMonitor monitor = open();
    assertThat(monitor.evidence().champion()).isEmpty();
    Recorder one = serving(monitor, "1", baseline());
    one.record(ROW, YES, NANOS);
    monitor.tick();
    assertThat(champion(monitor).version()).isEqualTo("1");

    Recorder two = monitor.recorder("2", baseline());
    monitor.champion("2");
    monitor.champion("2");
    two.record(ROW, YES, NANOS);
    one.record(ROW, YES, NANOS);
    monitor.tick();
    assertThat(champion(monitor).version()).isEqualTo("2");
    assertThat(champion(monitor).offered()).isEqualTo(1);
    assertThat(monitor.evidence().others())
        .extracting(VersionEvidence::version)
        .containsExactly("1");

    monitor.champion("1");
    one.record(ROW, YES, NANOS);
    monitor.tick();
    assertThat(champion(monitor).version()).isEqualTo("1");
    assertThat(champion(monitor).offered()).isEqualTo(3);
    assertThat(monitor.evidence().model()).isEqualTo("fraud");
  }

  @Test
  @DisplayName("refuses a champion whose recorder nobody took, and names those that are known")
  void championSection_unknown() {
    MetricsMonitor monitor = open();
    assertThatThrownBy(() -> monitor.champion("1")).isInstanceOf(IllegalArgumentException.class);
    monitor.recorder("72", baseline());
    serving(monitor, "71", baseline());
    assertThatThrownBy(() -> monitor.champion("7"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("71", "72");
    assertThat(champion(monitor).version()).isEqualTo("71");
  }

  @Test
  @DisplayName("goes on with the detectors of an earlier champion that serves again")
  void watchesGoOn() {
    MetricsMonitor monitor = open();
    Recorder seven = serving(monitor, "7", baseline());
    serve(monitor, seven, 50, TRUE);
    Optional<DriftReading> before = reading(monitor);
    serving(monitor, "8", otherBaseline());
    monitor.tick();
    reading(monitor).ifPresent(reading -> assertThat(reading.inputs()).isZero());

    monitor.champion("7");
    monitor.tick();
    assertThat(reading(monitor).map(DriftReading::inputs))
        .isEqualTo(before.map(DriftReading::inputs));
    before.ifPresent(reading -> assertThat(reading.inputs()).isEqualTo(50));
  }

  private static VersionEvidence champion(MetricsMonitor monitor) {
    return monitor.evidence().champion().orElseThrow();
  }

  @Test
  @DisplayName(
      "divides the rows of every version into segments, each with its own volume and quality")
  void segments() {
    assumeTrue(dividesRows());
    MetricsMonitor monitor = segmenting(Optional.empty());
    Recorder one = serving(monitor, "1", baseline());
    Recorder two = monitor.recorder("2", baseline());
    for (int i = 0; i < 60; i++) {
      String channel = i % 3 == 0 ? "shop" : i % 3 == 1 ? "web" : "";
      boolean right = i % 3 != 0 || i % 2 == 0;
      monitor.truth(one.record(Row.of(SCHEMA, 1.0, channel), YES, NANOS), right ? TRUE : FALSE);
      two.record(ROW, NO, NANOS);
    }
    one.record(ROW, NO, NANOS);
    monitor.tick();

    SegmentationEvidence channels = channels(monitor, "1");
    assertThat(channels.segments().stream().map(SegmentEvidence::value))
        .containsExactlyInAnyOrder("shop", "web", Segmentation.MISSING);
    assertThat(channels.unassigned()).isZero();
    assertThat(channels.recorded()).isEqualTo(section(monitor, "1").recorded());
    SegmentEvidence shop = channels.segment("shop").orElseThrow();
    assertThat(shop.recorded()).isEqualTo(21);
    assertThat(shop.matured()).isEqualTo(20);
    assertThat(shop.quality(Metric.ACCURACY).orElseThrow().value()).isEqualTo(0.5, within(1e-12));
    assertThat(shop.quality(Metric.ACCURACY).orElseThrow().n()).isEqualTo(20);
    SegmentEvidence web = channels.segment("web").orElseThrow();
    assertThat(web.quality(Metric.ACCURACY).orElseThrow().value()).isEqualTo(1.0, within(1e-12));
    SegmentationEvidence others = channels(monitor, "2");
    assertThat(others.segments()).hasSize(1);
    assertThat(others.segment("shop").orElseThrow().recorded()).isEqualTo(60);
    assertThat(others.segment("shop").orElseThrow().quality(Metric.ACCURACY)).isEmpty();
  }

  @Test
  @DisplayName("measures in a segment only what has matured")
  void matures_inSegments() {
    assumeTrue(dividesRows());
    MetricsMonitor monitor = segmenting(Optional.of(HOUR));
    Recorder recorder = serving(monitor, "1", baseline());
    for (int i = 0; i < 20; i++) {
      monitor.truth(recorder.record(ROW, YES, NANOS), TRUE);
    }
    monitor.tick();
    assertThat(shop(monitor).recorded()).isEqualTo(20);
    assertThat(shop(monitor).matured()).isZero();
    assertThat(shop(monitor).quality(Metric.ACCURACY)).isEmpty();

    clock.advance(HOUR.multipliedBy(2));
    monitor.tick();
    assertThat(shop(monitor).matured()).isEqualTo(20);
    assertThat(shop(monitor).quality(Metric.ACCURACY)).isPresent();
  }

  @Test
  @DisplayName("lets another truth replace the first in its segment")
  void corrections_inSegments() {
    assumeTrue(dividesRows());
    MetricsMonitor monitor = segmenting(Optional.empty());
    Recorder recorder = serving(monitor, "1", baseline());
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      ids.add(recorder.record(ROW, YES, NANOS));
      monitor.truth(ids.get(i), TRUE);
    }
    monitor.tick();
    monitor.truth(ids.get(1), FALSE);
    monitor.truth(ids.get(3), FALSE);
    monitor.tick();
    assertThat(shop(monitor).quality(Metric.ACCURACY).orElseThrow().value())
        .isEqualTo(0.9, within(1e-12));
    assertThat(shop(monitor).matured()).isEqualTo(20);
  }

  private static SegmentationEvidence channels(MetricsMonitor monitor, String version) {
    return Optional.ofNullable(section(monitor, version).segmentations().get("channel"))
        .orElseThrow(() -> new AssertionError("no segments by channel of version " + version));
  }

  private static SegmentEvidence shop(MetricsMonitor monitor) {
    return channels(monitor, "1").segment("shop").orElseThrow();
  }

  private MetricsMonitor segmenting(Optional<Duration> horizon) {
    MetricsMonitor monitor = open(new MonitorSetup(
        clock,
        horizon,
        BOUND,
        List.of(Signals.segment("channel").quality("accuracy").atLeast(0.5))));
    opened.add(monitor);
    return monitor;
  }

  @Test
  @DisplayName("gives evidence of one moment, which does not change after it was taken")
  void evidenceIsASnapshot() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    for (int i = 0; i < 20; i++) {
      monitor.truth(recorder.record(ROW, YES, NANOS), TRUE);
    }
    monitor.tick();
    Evidence taken = monitor.evidence();
    String said = taken.toString();
    for (int i = 0; i < 20; i++) {
      monitor.truth(recorder.record(ROW, YES, NANOS), FALSE);
      Evidence between = monitor.evidence();
      VersionEvidence section = between.champion().orElseThrow();
      assertThat(section.quality(Metric.ACCURACY).orElseThrow().n())
          .as("truths in the quality")
          .isEqualTo(section.matured());
    }
    monitor.tick();

    assertThat(taken.toString()).isEqualTo(said);
    assertThat(taken.champion().orElseThrow().matured()).isEqualTo(20);
    assertAccuracy(taken.champion().orElseThrow(), 20, 20);
    assertAccuracy(section(monitor, "1"), 20, 40);
  }

  @Test
  @DisplayName("says nothing about quality before a truth has matured, not a zero")
  void nothingKnownIsNothingSaid() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    assertThat(champion(monitor).latency()).isEmpty();
    recorder.record(ROW, YES, NANOS);
    monitor.tick();

    VersionEvidence section = section(monitor, "1");
    assertThat(section.quality()).isEmpty();
    assertThat(section.provisional()).isEmpty();
    assertThat(section.coverage()).isEmpty();
    assertThat(section.truthAge()).isEmpty();
    assertThat(section.latency()).isPresent();
  }

  @Test
  @DisplayName(
      "gives outcomes in order of maturing, positions without a hole, parts that belong together")
  void outcomesInOrder() {
    MetricsMonitor monitor = open();
    if (!keepsOutcomes()) {
      monitor.truth(serving(monitor, "1", baseline()).record(ROW, YES, NANOS), TRUE);
      monitor.tick();
      assertThat(monitor.outcomes().capacity()).isZero();
      assertThat(outcomes(monitor)).isEmpty();
      return;
    }
    List<Long> ids = new ArrayList<>();
    List<Instant> served = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Recorder recorder = serving(monitor, i < 10 ? "1" : "2", baseline());
      served.add(clock.instant());
      ids.add(recorder.record(Row.of(SCHEMA, i, "web"), i % 2 == 0 ? YES : NO, NANOS));
      clock.advance(Duration.ofSeconds(1));
    }
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      // Ascending within a tick: 0 to 3, then 8 to 11, then 4 to 7, then 12 to 15.
      order.add(i / 4 == 1 ? i + 4 : i / 4 == 2 ? i - 4 : i);
    }
    for (int i = 0; i < order.size(); i++) {
      monitor.truth(ids.get(order.get(i)), order.get(i) % 3 == 0 ? TRUE : FALSE);
      if (i % 4 == 3) {
        monitor.tick();
      }
    }

    Outcomes outcomes = monitor.outcomes();
    long begin = outcomes.begin();
    assertThat(outcomes.end()).isEqualTo(begin + 16);
    assertThat(monitor.evidence().position()).isEqualTo(begin + 16);
    assertThat(outcomes.open()).isEqualTo(4);
    assertThat(outcomes.capacity()).isGreaterThanOrEqualTo(16);
    List<Outcome> all = outcomes.between(begin, begin + 100);
    assertThat(all).hasSize(16);
    for (int place = 0; place < 16; place++) {
      int i = order.get(place);
      assertThat(all.get(place))
          .isEqualTo(Outcome.builder(begin + place, ids.get(i), i < 10 ? "1" : "2")
              .row(Row.of(SCHEMA, i, "web"))
              .prediction(i % 2 == 0 ? YES : NO)
              .truth(i % 3 == 0 ? TRUE : FALSE)
              .servedAt(served.get(i))
              .build());
    }
    assertThat(outcomes.between(begin + 5, begin + 8)).isEqualTo(all.subList(5, 8));
    assertThat(outcomes.between(begin + 16, begin + 20)).isEmpty();
    assertThatThrownBy(() -> outcomes.visit(begin, begin + 16, outcome -> {
          monitor.evidence(); // the visitor may ask the monitor
          throw new IllegalStateException("enough at " + outcome.position());
        }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("enough at " + begin);
    assertThatThrownBy(() -> outcomes.between(-1, 3)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> outcomes.between(4, 3)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> all.remove(0)).isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  @DisplayName("gives no position of an earlier life to another outcome")
  void positionsAreTheLedgers() {
    MetricsMonitor before = open();
    matured(before, serving(before, "1", baseline()), 20);
    List<Outcome> earlier = outcomes(before);
    before.close();

    MetricsMonitor after = open();
    Recorder recorder = serving(after, "1", baseline());
    matured(after, recorder, 30);
    for (Outcome outcome : earlier) {
      for (Outcome again : after.outcomes().between(outcome.position(), outcome.position() + 1)) {
        assertThat(again).isEqualTo(outcome);
      }
    }
    assertThat(outcomes(after).stream().filter(outcome -> !earlier.contains(outcome)))
        .hasSize(keepsOutcomes() ? 30 : 0);
  }

  @Test
  @DisplayName("counts what has matured since a position, also one from before it was opened")
  void positionsAreTheLedgers_countSince() {
    MetricsMonitor before = open();
    matured(before, serving(before, "1", baseline()), 20);
    long end = before.evidence().position();
    before.close();

    MetricsMonitor after = open();
    Recorder recorder = serving(after, "1", baseline());
    matured(after, recorder, 30);
    assertThat(after.evidence().maturedSince(end)).isEqualTo(30);
    long here = after.evidence().position();
    assertThat(after.evidence().maturedSince(here)).isZero();
    matured(after, recorder, 10);
    assertThat(after.evidence().maturedSince(here)).isEqualTo(10);
    assertThat(after.evidence().maturedSince(end)).isEqualTo(40);
  }

  private static void matured(MetricsMonitor monitor, Recorder recorder, int count) {
    for (int i = 0; i < count; i++) {
      monitor.truth(recorder.record(ROW, YES, NANOS), TRUE);
    }
    monitor.tick();
  }

  @Test
  @DisplayName(
      "keeps copies of rows: what happens to the host's object afterwards changes no outcome")
  void outcomesInOrder_rowsAreCopies() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    double[] amount = {7};
    RowBinding<double[]> binding = RowBinding.<double[]>builder()
        .number("amount", value -> value[0])
        .category("channel", value -> "web")
        .build();
    long id = recorder.record(binding.row(amount), YES, NANOS);
    amount[0] = 8;
    monitor.truth(id, TRUE);
    monitor.tick();
    amount[0] = 9;

    for (Outcome outcome : outcomes(monitor)) {
      assertThat(outcome.row().number(0)).isEqualTo(7);
      assertThat(outcome.labelled().input().number(0)).isEqualTo(7);
    }
    assertThat(outcomes(monitor)).hasSize(keepsOutcomes() ? 1 : 0);
  }

  @Test
  @DisplayName("keeps no more than its bound, the newest, and counts what falls out")
  void bounded() {
    int bound = 200;
    MetricsMonitor monitor = open(Optional.empty(), bound);
    Recorder recorder = serving(monitor, "1", baseline());
    long offered = 0;
    for (int batch = 0; batch < 20; batch++) {
      for (int i = 0; i < 100; i++) {
        String key = "order-" + offered++;
        if (i % 2 == 0) {
          long id = recorder.record(ROW, YES, NANOS);
          if (batch >= 10) {
            monitor.truth(id, TRUE);
          }
        } else {
          recorder.record(key, ROW, YES, NANOS);
          if (batch >= 10) {
            monitor.truth(key, TRUE);
          }
        }
      }
      monitor.tick();
      VersionEvidence section = section(monitor, "1");
      assertThat(section.offered()).isEqualTo(offered);
      assertThat(section.open()).as("open after " + offered).isLessThanOrEqualTo(bound);
      assertThat(section.recorded())
          .isEqualTo(section.matured() + section.expired() + section.open());
    }
    assertThat(section(monitor, "1").matured()).isEqualTo(1_000);
    if (keepsOutcomes()) {
      Outcomes outcomes = monitor.outcomes();
      assertThat(outcomes.capacity()).isBetween(1L, (long) bound);
      List<Outcome> kept = outcomes.between(0, outcomes.end());
      assertThat(kept.size()).isBetween(bound / 2, bound);
      assertThat(outcomes.begin()).isEqualTo(outcomes.end() - kept.size());
      for (int i = 0; i < kept.size(); i++) {
        assertThat(kept.get(i).position()).isEqualTo(outcomes.begin() + i);
      }
    }
  }

  @Test
  @DisplayName("accounts for every truth, also for those that come faster than ticks take them")
  void bounded_truthsAreAccountedFor() {
    int bound = 200;
    MetricsMonitor monitor = open(Optional.empty(), bound);
    Recorder recorder = serving(monitor, "1", baseline());
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      ids.add(recorder.record(ROW, YES, NANOS));
    }
    long given = 0;
    for (int round = 0; round < 200; round++) {
      for (long id : ids) {
        monitor.truth(id, TRUE);
        given++;
      }
    }
    monitor.tick();

    Evidence evidence = monitor.evidence();
    assertThat(evidence.champion().orElseThrow().matured()
            + evidence.duplicates()
            + evidence.corrections()
            + evidence.orphans()
            + evidence.truths(TruthState.LATE)
            + evidence.truths(TruthState.CONFLICT)
            + evidence.lostTruths())
        .isEqualTo(given);
  }

  @Test
  @DisplayName("drops and counts once closed, keeps its evidence readable, and may be closed twice")
  void closed() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    recorder.record("order-1", ROW, YES, NANOS);
    monitor.truth("order-1", TRUE);
    recorder.record("order-2", ROW, YES, NANOS);
    monitor.tick();
    monitor.close();
    assertThatCode(monitor::close).doesNotThrowAnyException();

    for (int i = 0; i < 3; i++) {
      recorder.record(ROW, YES, NANOS);
    }
    recorder.record("order-3", ROW, YES, NANOS);
    monitor.truth("order-2", TRUE);
    monitor.tick();
    monitor.clearSignals("closed");

    VersionEvidence section = section(monitor, "1");
    assertThat(section.recorded()).isEqualTo(2);
    assertThat(section.dropped()).isEqualTo(4);
    assertThat(section.matured()).isEqualTo(1);
    assertAccuracy(section, 1, 1);
  }

  @Test
  @DisplayName(
      "has no signal after someone looked and kept the champion, and its detectors start afresh")
  void clearsSignals() {
    MetricsMonitor monitor = open();
    Recorder recorder = serving(monitor, "1", baseline());
    serve(monitor, recorder, 300, FALSE);
    Optional<DriftReading> found = reading(monitor);
    if (found.isEmpty()) {
      assertThatCode(() -> monitor.clearSignals("nothing to clear")).doesNotThrowAnyException();
      return;
    }
    assertThat(found.get().level()).isEqualTo(Level.DRIFT);
    assertThat(found.get().signal()).isPresent();
    serve(monitor, recorder, 100, TRUE);
    assertThat(reading(monitor).orElseThrow().signal())
        .as("stays until answered")
        .isPresent();

    monitor.clearSignals("looked at it");
    DriftReading cleared = reading(monitor).orElseThrow();
    assertThat(cleared.signal()).isEmpty();
    assertThat(cleared.inputs()).isZero();
    assertThat(cleared.level()).isEqualTo(Level.WARMING_UP);
    monitor.tick();
    assertThat(reading(monitor).orElseThrow().signal()).isEmpty();

    serve(monitor, recorder, 300, FALSE);
    assertThat(reading(monitor).orElseThrow().signal()).as("found again").isPresent();
  }

  private static void serve(MetricsMonitor monitor, Recorder recorder, int rows, Truth truth) {
    for (int i = 0; i < rows; i++) {
      monitor.truth(recorder.record(ROW, YES, NANOS), truth);
      if (i % 50 == 49) {
        monitor.tick();
      }
    }
  }

  @Test
  @DisplayName("may be called from any thread, several at once, and counts exactly")
  void threads() {
    int each = 300;
    MetricsMonitor monitor = open(Optional.empty(), 4_000);
    Recorder recorder = serving(monitor, "1", baseline());
    AtomicInteger writing = new AtomicInteger(3);
    List<Integer> given = Together.run(4, thread -> () -> {
      if (thread == 3) {
        for (int i = 0; i < 50 && writing.get() > 0; i++) {
          monitor.tick();
          monitor.evidence();
          outcomes(monitor);
        }
        return 0;
      }
      for (int i = 0; i < each; i++) {
        String key = thread + "-" + i;
        recorder.record(key, ROW, YES, NANOS);
        monitor.truth(key, TRUE);
        if (i % 50 == 49) {
          monitor.tick();
        }
      }
      writing.decrementAndGet();
      return each;
    });
    // A tick returns at once while another thread is at it: the last two see everything.
    monitor.tick();
    monitor.tick();

    long truths = given.stream().mapToInt(Integer::intValue).sum();
    Evidence evidence = monitor.evidence();
    VersionEvidence section = evidence.champion().orElseThrow();
    assertThat(section.offered()).isEqualTo(truths);
    assertThat(section.recorded())
        .isEqualTo(section.matured() + section.expired() + section.open());
    assertThat(section.matured()
            + evidence.duplicates()
            + evidence.corrections()
            + evidence.orphans()
            + evidence.truths(TruthState.LATE)
            + evidence.truths(TruthState.CONFLICT)
            + evidence.lostTruths())
        .isEqualTo(truths);
    assertAccuracy(section, section.matured(), section.matured());
  }

  /** A row that throws when it is read. */
  private static final class ThrowingRow implements Row {
    private final Throwable fault;

    ThrowingRow(Throwable fault) {
      this.fault = fault;
    }

    @Override
    public Schema schema() {
      return SCHEMA;
    }

    @Override
    public double number(int column) {
      return thrown();
    }

    @Override
    public String category(int column) {
      thrown();
      return "";
    }

    private double thrown() {
      if (fault instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) fault;
    }
  }
}
