package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.TruthState;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Clauses about truths: which prediction they join, when it matures, and what they change. */
abstract class TruthClauses extends RecordingClauses {
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
  @DisplayName("says no other horizon than the one by which it matures, or none")
  void matures_asItSays() {
    assertThat(open(Optional.of(HOUR), BOUND).horizon()).isIn(Optional.empty(), Optional.of(HOUR));
    assertThat(open(Optional.empty(), BOUND).horizon()).isEmpty();
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
}
