package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.VersionEvidence;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Clauses about what is told: evidence, and outcomes with their positions. */
abstract class OutcomeClauses extends VersionClauses {
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
}
