package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.column;
import static dev.mlops.api.monitor.Signals.predictions;
import static dev.mlops.api.monitor.Signals.segment;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.SegmentEvidence;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.SegmentationEvidence;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.monitor.MonitorConfig;
import dev.mlops.drift.profile.Baselines;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Loans: the mean over all applicants is fine, one small branch is not, and nobody sees a truth of it yet. */
class MySegmentsTest {
  private static final Schema SCHEMA = Schema.of(
          Column.number("income"), Column.number("age"), Column.category("branch"))
      .positiveLabel("granted");

  // region ask
  static final Condition GOOD_EVERYWHERE = segment("branch").quality("recall").atLeast(0.7);
  static final Condition GOOD_IN_GRAZ =
      segment("branch", "Graz").quality("recall").atLeast(0.7);
  static final Condition FAIR =
      segment("age_band").quality("demographic_parity_ratio").atLeast(0.8);
  static final Condition COMPLETE = column("income").missing().atMost(0.01);
  static final Condition AS_TESTED = predictions().falseAlarmEvery(100_000);
  // endregion

  private static MonitorConfig divided(MeterRegistry registry) {
    // region divide
    Segmentation bands = Segmentation.of(
        "age_band", row -> row.number(1) < 25 ? "young" : row.number(1) < 60 ? "middle" : "old");
    return MicrometerMonitor.config(registry)
        .segmentedBy(bands, Segmentation.column("income").cuts(20_000, 60_000))
        .watching(GOOD_EVERYWHERE, GOOD_IN_GRAZ, FAIR, COMPLETE, AS_TESTED)
        .qualityOver(5_000);
    // endregion
  }

  private static String worst(Evidence evidence) {
    // region read
    Map<String, SegmentationEvidence> divisions =
        evidence.champion().orElseThrow().segmentations();
    SegmentEvidence graz = divisions.get("branch").segment("Graz").orElseThrow();
    String shown = graz.recorded() + " applicants, " + graz.predictions().get("granted")
        + " granted, recall " + graz.quality(Metric.RECALL).orElseThrow();
    // endregion
    return shown;
  }

  private static Classification answer(double score) {
    return Classification.of(List.of("granted", "refused"), new double[] {score, 1 - score});
  }

  private static Baseline testPhase() {
    SplittableRandom random = new SplittableRandom(1);
    List<Row> rows = new ArrayList<>();
    List<Classification> said = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      rows.add(
          Row.of(SCHEMA, 10_000 + 80_000 * random.nextDouble(), 18 + random.nextInt(60), "Wien"));
      said.add(answer(random.nextDouble()));
      truths.add(Truth.of(
          random.nextDouble() < 0.85 == said.get(i).label().equals("granted")
              ? "granted"
              : "refused"));
    }
    return Baselines.from(SCHEMA, rows, said, truths);
  }

  @Test
  void oneSmallBranchIsNamed() {
    try (MetricsMonitor monitor = divided(new SimpleMeterRegistry()).open("loans")) {
      Recorder recorder = monitor.recorder("1", testPhase());
      monitor.champion("1");
      SplittableRandom random = new SplittableRandom(2);
      for (int i = 0; i < 10_000; i++) {
        boolean graz = i % 50 == 0;
        double age = 18 + random.nextInt(60);
        double income = i % 20 == 0 ? Double.NaN : 10_000 + 80_000 * random.nextDouble();
        // The young are granted half as often, whatever they earn.
        Classification said = answer(random.nextDouble() * (age < 25 ? 0.66 : 1));
        double right = graz ? 0.4 : 0.9;
        boolean good = random.nextDouble() < right == said.label().equals("granted");
        long id = recorder.record(Row.of(SCHEMA, income, age, graz ? "Graz" : "Wien"), said, 1);
        monitor.truth(id, Truth.of(good ? "granted" : "refused"));
        if (i % 1_000 == 999) {
          monitor.tick();
        }
      }
      Evidence evidence = monitor.evidence();
      Finding everywhere = GOOD_EVERYWHERE.test(evidence);
      assertThat(everywhere.verdict()).isEqualTo(Verdict.FAIL);
      assertThat(everywhere.text()).contains("1 of 2 segments", "branch=Graz");
      assertThat(GOOD_IN_GRAZ.test(evidence).verdict()).isEqualTo(Verdict.FAIL);
      assertThat(FAIR.test(evidence).verdict()).isEqualTo(Verdict.FAIL);
      assertThat(COMPLETE.test(evidence).verdict()).isEqualTo(Verdict.FAIL);
      assertThat(AS_TESTED.test(evidence).verdict())
          .as("one tenth of the rows moved by half: too little to be found")
          .isEqualTo(Verdict.PASS);
      assertThat(worst(evidence)).startsWith("200 applicants, ");
      assertThat(evidence.champion().orElseThrow().segmentations().get("income").segments())
          .extracting(SegmentEvidence::value)
          .contains("20000 to < 60000", Segmentation.MISSING);
    }
  }
}
