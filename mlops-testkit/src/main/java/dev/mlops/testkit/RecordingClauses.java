package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.ResponseTimes;
import dev.mlops.api.monitor.TruthState;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Clauses about recording: what is taken, dropped, counted and timed, from any thread. */
abstract class RecordingClauses extends MonitorScene {
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
