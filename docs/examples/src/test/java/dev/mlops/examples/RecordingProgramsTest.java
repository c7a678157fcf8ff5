package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.monitor.MicrometerMonitor;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a host that serves with code of its own does with recorders, ids and positions. */
class RecordingProgramsTest {
  private static final Schema SCHEMA = Schema.of(Column.number("amount")).positiveLabel("returned");
  private static final Baseline BASELINE = Baseline.builder(SCHEMA).build();

  private static MetricsMonitor open() {
    return MicrometerMonitor.config(new SimpleMeterRegistry()).open("orders");
  }

  private static Classification by(double limit, double amount) {
    return Classification.of(amount > limit ? "returned" : "kept");
  }

  /** The champion answers; the candidate predicts the same orders beside it and is compared by the same truths. */
  @Test
  void aCandidateRecordedBesideTheChampion() {
    try (MetricsMonitor monitor = open()) {
      Recorder champion = monitor.recorder("7", BASELINE);
      monitor.champion("7");
      Recorder candidate = monitor.recorder("8", BASELINE);

      for (int amount = 0; amount < 400; amount++) {
        Row row = Row.of(SCHEMA, (double) amount);
        Truth truth = Truth.of(amount > 200 ? "returned" : "kept");
        monitor.truth(champion.record(row, by(250, amount), 1_000), truth);
        monitor.truth(candidate.record(row, by(210, amount), 1_000), truth);
      }
      monitor.tick();

      Evidence evidence = monitor.evidence();
      VersionEvidence seven = evidence.champion().orElseThrow();
      VersionEvidence eight = evidence.others().get(0);
      assertThat(seven.version()).isEqualTo("7");
      assertThat(eight.version()).isEqualTo("8");
      assertThat(seven.quality(Metric.ACCURACY).orElseThrow().value()).isEqualTo(350 / 400.0);
      assertThat(eight.quality(Metric.ACCURACY).orElseThrow().value()).isEqualTo(390 / 400.0);

      monitor.champion("8"); // the candidate has won
      assertThat(monitor.evidence().champion().orElseThrow().version()).isEqualTo("8");
    }
  }

  /** The process was restarted between prediction and truth: the truth is an orphan, never another order's. */
  @Test
  void aTruthThatComesAfterARestart() {
    List<Long> waiting = new ArrayList<>();
    long noted;
    try (MetricsMonitor before = open()) {
      Recorder seven = before.recorder("7", BASELINE);
      before.champion("7");
      for (int amount = 0; amount < 100; amount++) {
        waiting.add(seven.record(Row.of(SCHEMA, (double) amount), by(250, amount), 1_000));
      }
      before.tick();
      noted = before.evidence().position();
    }

    try (MetricsMonitor after = open()) {
      Recorder seven = after.recorder("7", BASELINE);
      after.champion("7");
      long id = 0;
      for (int amount = 0; amount < 100; amount++) {
        id = seven.record(Row.of(SCHEMA, (double) amount), by(250, amount), 1_000);
      }
      waiting.forEach(late -> after.truth(late, Truth.of("returned")));
      after.truth(id, Truth.of("kept"));
      after.tick();

      assertThat(after.evidence().orphans()).isEqualTo(100);
      assertThat(after.evidence().maturedSince(noted)).isEqualTo(1);
      assertThat(after.outcomes().between(0, after.outcomes().end()))
          .singleElement()
          .satisfies(outcome -> assertThat(outcome.truth()).isEqualTo(Truth.of("kept")));
    }
  }
}
