package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.pack.Baseline;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A monitor tells what it was not told of, since that would read INCONCLUSIVE for ever. */
class MonitorLacksTest {
  private static final List<Condition> READ = List.of(
      Signals.quality("accuracy").noWorseThanBaseline(0.05).falseAlarmEvery(1_000),
      Signals.quality("accuracy").over("last 24 h").atLeast(0.9),
      Signals.quality("accuracy").noWorseThanBaseline(0.02).atAnyLook(),
      Signals.quality(Metric.recall("fraud")).atLeast(0.5),
      Signals.segment("channel").quality("accuracy").atLeast(0.8));

  private static List<String> lacking(MonitorConfig config) {
    try (MicrometerMonitor monitor = config.open("fraud")) {
      return monitor.lacks(EvidenceReader.all(READ));
    }
  }

  private static MonitorConfig config() {
    return MicrometerMonitor.config(new SimpleMeterRegistry());
  }

  @Test
  void whatItWasNotToldOfIsLacking() {
    assertThat(lacking(config()))
        .satisfiesExactlyInAnyOrder(
            lack -> assertThat(lack).startsWith("watch \"").contains("accuracy"),
            lack -> assertThat(lack).contains("over \"last 24 h\""),
            lack -> assertThat(lack).contains("accuracy", "any look", "0.02"),
            lack -> assertThat(lack).contains("measure", Metric.recall("fraud").name()),
            lack -> assertThat(lack).contains("divide", "channel"));
  }

  @Test
  void whatItWasToldOfIsNot() {
    assertThat(lacking(config().watching(READ.toArray(new EvidenceReader[0])))).isEmpty();
  }

  /** It measures what the baseline of the champion holds, whether it is told or not. */
  @Test
  void aMetricOfTheBaselineIsMeasuredAnyway() {
    try (MicrometerMonitor monitor = config().open("fraud")) {
      monitor.recorder(
          "1",
          Baseline.builder(Schema.of(Column.number("x")))
              .rows(100)
              .quality(Metric.recall("fraud"), Estimate.share(90, 100))
              .build());
      assertThat(monitor.lacks(READ.get(3))).hasSize(1);
      monitor.champion("1");
      assertThat(monitor.lacks(READ.get(3))).isEmpty();
    }
  }

  /** What another tolerance or another window needs is not kept up to date by the ones that it was told of. */
  @Test
  void anotherToleranceOrWindowIsLacking() {
    MonitorConfig told = config()
        .watching(
            Signals.quality("accuracy").over("last 24 h").atLeast(0.9),
            Signals.quality("accuracy").noWorseThanBaseline(0.02).atAnyLook());
    try (MicrometerMonitor monitor = told.open("fraud")) {
      assertThat(monitor.lacks(Signals.quality("accuracy").over("last 12 h").atLeast(0.9)))
          .singleElement()
          .asString()
          .contains("last 12 h");
      assertThat(monitor.lacks(
              Signals.quality("accuracy").noWorseThanBaseline(0.03).atAnyLook()))
          .singleElement()
          .asString()
          .contains("0.03");
    }
  }
}
