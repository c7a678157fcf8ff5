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
import dev.mlops.api.pack.Baseline;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TruthImportTest {
  private static final Schema SCHEMA = Schema.of(Column.number("x"));

  /** 25,000 truths into a monitor with room for 2,048 between two ticks: none is lost, and progress adds up. */
  @Test
  void takesAllTruthsAndTellsHowFarItIs() {
    try (MicrometerMonitor monitor =
        MicrometerMonitor.config(new SimpleMeterRegistry()).buffering(2_048).open("fraud")) {
      Recorder recorder = monitor.recorder("1", Baseline.builder(SCHEMA).build());
      monitor.champion("1");
      List<Map.Entry<String, Truth>> truths = new ArrayList<>();
      for (int i = 0; i < 20_000; i++) {
        recorder.record("order-" + i, Row.of(SCHEMA, 1.0), Classification.of("yes"), 1);
        if (i % 1_000 == 999) {
          monitor.tick();
        }
        truths.add(Map.entry("order-" + i, Truth.of("yes")));
      }
      for (int i = 0; i < 5_000; i++) {
        truths.add(Map.entry("nobody-" + i, Truth.of("yes")));
      }
      List<TruthImport.Progress> told = new ArrayList<>();
      TruthImport.Progress done =
          TruthImport.into(monitor).every(7_500, told::add).run(truths.iterator());
      assertThat(done.given()).isEqualTo(25_000);
      assertThat(done.states())
          .containsExactlyInAnyOrderEntriesOf(
              Map.of(TruthState.JOINED, 20_000L, TruthState.ORPHAN, 5_000L));
      assertThat(told)
          .extracting(TruthImport.Progress::given)
          .containsExactly(8_000L, 16_000L, 24_000L, 25_000L);
      assertThat(told.get(0).count(TruthState.JOINED)).isEqualTo(8_000);
      assertThat(done).hasToString("25000 truths given: 20000 joined, 5000 orphan");

      TruthImport.Progress again =
          TruthImport.into(monitor).run(truths.subList(15_000, 20_000).iterator());
      assertThat(again.count(TruthState.DUPLICATE)).as("run again").isEqualTo(5_000);
      assertThat(again.count(TruthState.JOINED)).isZero();
    }
  }

  @Test
  void refusesToTellAfterNothing() {
    try (MicrometerMonitor monitor =
        MicrometerMonitor.config(new SimpleMeterRegistry()).open("fraud")) {
      assertThatThrownBy(() -> TruthImport.into(monitor).every(0, progress -> {}))
          .hasMessageContaining(">= 1, but was 0");
    }
  }
}
