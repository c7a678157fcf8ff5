package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.quality;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.BaselineComparison;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Window;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.alert.AlertEngine;
import dev.mlops.core.evidence.EvidenceJson;
import dev.mlops.core.monitor.MicrometerMonitor;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Quality over several windows, and beside the test phase. */
class WindowsTest {
  private static final Schema SCHEMA = Schema.of(Column.number("amount")).positiveLabel("fraud");

  // region windows
  static final Window TODAY = Window.of(Duration.ofHours(24));

  /** Recall today is at least 0.8, and the version is shown to be no worse than in its test phase by more than 0.02. */
  static final Condition GOOD_TODAY = quality("recall").over(TODAY).atLeast(0.8);

  static final Condition AS_TESTED = quality("recall").noWorseThanBaseline(0.02).atAnyLook();

  static MicrometerMonitor open(MeterRegistry registry, AlertEngine alerts) {
    return MicrometerMonitor.config(registry)
        .watching(alerts) // measures what its conditions ask
        .measuringOver(Window.sinceRelease(), Window.ofTruths(500))
        .open("fraud");
  }

  static List<String> shown(Evidence evidence) {
    VersionEvidence champion = evidence.champion().orElseThrow();
    List<String> lines = new ArrayList<>();
    lines.add("today " + champion.quality(TODAY, Metric.RECALL).orElseThrow());
    for (BaselineComparison each : champion.besideBaseline()) {
      lines.add(each.toString()); // recall 0.60 (test phase 0.90), WORSE by more than 0.02: …
    }
    lines.add(EvidenceJson.toText(evidence)); // and back: EvidenceJson.of(bytes)
    return lines;
  }
  // endregion

  @Test
  void aVersionThatIsWorseIsShownSoInEveryWindow() {
    AlertEngine alerts = AlertEngine.of(
            AlertRule.of("recall.today", GOOD_TODAY), AlertRule.of("recall.worse", AS_TESTED))
        .to(event -> {})
        .on(Runnable::run);
    Baseline baseline = Baseline.builder(SCHEMA)
        .rows(2_000)
        .quality(Metric.RECALL, Estimate.share(900, 1_000))
        .build();
    try (MicrometerMonitor monitor = open(new SimpleMeterRegistry(), alerts)) {
      Recorder recorder = monitor.recorder("7", baseline);
      monitor.champion("7");
      Random random = new Random(1);
      for (int i = 0; i < 1_000; i++) {
        Classification said = Classification.of(random.nextInt(10) < 6 ? "fraud" : "fine");
        monitor.truth(recorder.record(Row.of(SCHEMA, 1.0), said, 1_000), Truth.of("fraud"));
      }
      monitor.tick();
      Evidence evidence = monitor.evidence();
      assertThat(GOOD_TODAY.test(evidence).verdict()).isEqualTo(Verdict.FAIL);
      assertThat(AS_TESTED.test(evidence).verdict()).isEqualTo(Verdict.FAIL);
      assertThat(shown(evidence))
          .anyMatch(line -> line.startsWith("today 0.5"))
          .anyMatch(line -> line.contains("WORSE by more than 0.02"));
      assertThat(EvidenceJson.of(EvidenceJson.toBytes(evidence))).isEqualTo(evidence);
    }
  }
}
