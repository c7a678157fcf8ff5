package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.SegmentEvidence;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.SegmentationEvidence;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Clauses about versions, their segments, and the detectors of the champion. */
abstract class VersionClauses extends TruthClauses {
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
  @DisplayName("records a candidate beside the champion, each in its own section")
  void creditsTheVersion_candidateBesideTheChampion() {
    MetricsMonitor monitor = open();
    Baseline first = baseline();
    Recorder champion = serving(monitor, "1", first);
    Recorder candidate = monitor.recorder("2", baseline());
    for (int i = 0; i < 30; i++) {
      monitor.truth(champion.record(ROW, YES, NANOS), TRUE);
      monitor.truth(candidate.record(ROW, i < 10 ? NO : YES, NANOS), TRUE);
    }
    monitor.tick();
    assertAccuracy(section(monitor, "1"), 30, 30);
    assertAccuracy(section(monitor, "2"), 20, 30);

    Recorder again = monitor.recorder("2", Baseline.builder(SCHEMA).build());
    again.record(ROW, YES, NANOS);
    candidate.record(ROW, YES, NANOS);
    monitor.tick();
    assertThat(section(monitor, "2").recorded()).isEqualTo(32);
    assertThat(section(monitor, "2").baseline()).isPresent();
    assertThat(section(monitor, "2").baseline().orElseThrow().quality()).isNotEmpty();
  }

  @Test
  @DisplayName("restarts no detector when recorders are taken, also of a candidate")
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
}
