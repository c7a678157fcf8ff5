package dev.mlops.core.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Task;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.SegmentEvidence;
import dev.mlops.api.monitor.SegmentationEvidence;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The 23 cases of TensorFlow Model Analysis, {@code metrics_validator_test.py} (commit 026d81c), and five that it lacks.
 *
 * <p>{@code ok} is what it answers. It has two answers where there are three here: what it lets through for want of evidence is
 * never PASS, and what it fails for want of evidence is INCONCLUSIVE.
 */
class GateTableTest {
  private static final Metric HIGHER = metric("higher").higherIsBetter().build();
  private static final Metric LOWER = metric("lower").build();

  private static Metric.Builder metric(String name) {
    return Metric.builder(name, Task.REGRESSION).meanOf((said, truth) -> 0.0, -100, 100);
  }

  /** A value without an interval, as that validator has them. */
  private static Estimate exactly(double value) {
    return new Estimate(value, value, value, 1_000);
  }

  private static Evidence evidence(
      Metric metric, @Nullable Double candidate, @Nullable Double difference) {
    VersionEvidence.Builder section = VersionEvidence.builder("8").served(1_000, 0);
    if (candidate != null) {
      section.quality(metric, exactly(candidate));
    }
    Evidence.Builder all = Evidence.builder("tfma", Instant.EPOCH).candidate(section.build());
    if (difference != null) {
      all.comparison(metric, exactly(difference));
    }
    return all.build();
  }

  private static Evidence segments(Metric metric, String seen, double value) {
    return Evidence.builder("tfma", Instant.EPOCH)
        .candidate(VersionEvidence.builder("8")
            .served(1_000, 0)
            .segmentation(SegmentationEvidence.builder("feature")
                .segment(SegmentEvidence.builder(seen)
                    .counts(1_000, 1_000)
                    .quality(metric, exactly(value))
                    .build())
                .build())
            .build())
        .build();
  }

  private static Evidence between(double difference) {
    return Evidence.builder("tfma", Instant.EPOCH)
        .candidate(VersionEvidence.builder("8")
            .served(1_000, 0)
            .segmentation(SegmentationEvidence.builder("feature")
                .segment(SegmentEvidence.builder("value1").counts(500, 500).build())
                .segment(SegmentEvidence.builder("value2").counts(500, 500).build())
                .fairness(Metric.DEMOGRAPHIC_PARITY_DIFFERENCE, exactly(difference))
                .build())
            .build())
        .build();
  }

  private record Row(String name, Boolean ok, Verdict ours, Condition asks, Evidence evidence) {}

  private static Row row(String name, boolean ok, Verdict ours, Condition asks, Evidence evidence) {
    return new Row(name, ok, ours, asks, evidence);
  }

  private static List<Row> table() {
    Verdict pass = Verdict.PASS;
    Verdict fail = Verdict.FAIL;
    Verdict unknown = Verdict.INCONCLUSIVE;
    Condition atMost1 = Signals.quality(LOWER).atMost(1);
    Condition atLeast1 = Signals.quality(HIGHER).atLeast(1);
    Condition falls = Criteria.change(LOWER).atMost(0);
    Condition parity =
        Signals.segment("feature").quality("demographic_parity_difference").atMost(0.5);
    return List.of(
        row(
            "InvalidThreshold",
            false,
            unknown,
            Signals.quality(HIGHER).atLeast(0.2),
            evidence(LOWER, 1.5, null)),
        row(
            "TDistributionValueAndThreshold",
            false,
            fail,
            Signals.quality(HIGHER).atLeast(0.9),
            evidence(HIGHER, 0.8, null)),
        row(
            "TDistributionChangeAndThreshold",
            false,
            fail,
            Criteria.change(LOWER).atMost(-1),
            evidence(LOWER, 0.7, 0.1)),
        row("MetricValueAndThreshold", false, fail, atMost1, evidence(LOWER, 1.5, null)),
        row(
            "MetricValueAndThresholdIgnoreUnmatchedSlice",
            true,
            fail,
            Signals.segment("feature", "value1").quality(LOWER).atMost(1),
            segments(LOWER, "unmatched_value", 1.5)),
        row("ValueThresholdUpperBoundFail", false, unknown, atMost1, evidence(HIGHER, 1.5, null)),
        row("ValueThresholdLowerBoundFail", false, fail, atLeast1, evidence(HIGHER, 0.0, null)),
        row("ValueThresholdUpperBoundPass", true, pass, atMost1, evidence(LOWER, 0.0, null)),
        row("ValueThresholdLowerBoundPass", true, pass, atLeast1, evidence(HIGHER, 2.0, null)),
        row(
            "ChangeThresholdAbsoluteFail",
            false,
            fail,
            Criteria.change(LOWER).atMost(-1),
            evidence(LOWER, 0.0, -0.333)),
        row(
            "ChangeThresholdRelativeFail",
            false,
            fail,
            Criteria.change(LOWER).relative().atMost(-2),
            evidence(LOWER, 0.0, -0.333)),
        row("ChangeThresholdAbsolutePass", true, pass, falls, evidence(LOWER, 0.0, -0.333)),
        row(
            "NativeDiffMetricsChangeThresholdAbsolutePass",
            true,
            pass,
            Criteria.change(HIGHER).atLeast(0.9),
            evidence(HIGHER, null, 0.99)),
        row(
            "ChangeThresholdRelativePass",
            true,
            pass,
            Criteria.change(LOWER).relative().atMost(0),
            evidence(LOWER, 0.0, -0.333)),
        row(
            "ChangeThresholdHigherIsBetterPass",
            true,
            pass,
            Criteria.change(HIGHER).atLeast(-1),
            evidence(HIGHER, 0.0, -0.333)),
        row(
            "ChangeThresholdEqualPass, higher",
            true,
            pass,
            Criteria.change(HIGHER).atLeast(-0.333),
            evidence(HIGHER, 0.667, -0.333)),
        row(
            "ChangeThresholdEqualPass, lower",
            true,
            pass,
            Criteria.change(LOWER).atMost(-0.333),
            evidence(LOWER, 0.667, -0.333)),
        row(
            "ChangeThresholdEqualPass, relative",
            true,
            pass,
            Criteria.change(HIGHER).relative().atLeast(-0.333),
            evidence(HIGHER, 0.667, -0.333)),
        row("ChangeThresholdEqualPass, value", true, pass, atLeast1, evidence(HIGHER, 1.0, null)),
        row(
            "ChangeThresholdHigherIsBetterFail",
            false,
            fail,
            Criteria.change(HIGHER).atLeast(0),
            evidence(HIGHER, 0.0, -0.333)),
        row(
            "GetMissingSlices, seen",
            true,
            pass,
            Signals.segment("feature", "value1").quality(LOWER).atMost(1),
            segments(LOWER, "value1", 0)),
        row(
            "GetMissingSlices, missing",
            false,
            fail,
            Signals.segment("feature", "value2").quality(LOWER).atMost(1),
            segments(LOWER, "value1", 0)),
        row("CrossSliceThresholdPass", true, pass, parity, between(0)),
        row("CrossSliceThresholdFail", false, fail, parity, between(0.75)),
        row("CrossSliceThresholdUnmatched", true, unknown, parity, segments(LOWER, "value1", 0)),
        row(
            "DivByZero",
            false,
            unknown,
            Criteria.change(HIGHER).relative().atLeast(0.1),
            evidence(HIGHER, 0.1, 0.1)),
        // what that table lacks
        row(
            "zero baseline, equal to it",
            false,
            unknown,
            Criteria.change(LOWER).relative().atMost(0),
            evidence(LOWER, 0.0, 0.0)),
        row(
            "NaN",
            false,
            unknown,
            (Criterion) candidate ->
                Finding.builder(Verdict.PASS, "fine").value(Double.NaN).build(),
            evidence(HIGHER, 1.0, null)),
        row(
            "NaN of a condition",
            false,
            unknown,
            given -> Finding.builder(Verdict.PASS, "fine").value(Double.NaN).build(),
            evidence(HIGHER, 1.0, null)),
        row(
            "missing division",
            false,
            unknown,
            Signals.segment("featre", "value1").quality(LOWER).atMost(1),
            segments(LOWER, "value1", 0)),
        row(
            "first version",
            false,
            unknown,
            Criteria.change(HIGHER).atLeast(0),
            evidence(HIGHER, 1.0, null)),
        row(
            "first version, no worse",
            false,
            unknown,
            Signals.quality(HIGHER).noWorseThanChampion(0.1),
            evidence(HIGHER, 1.0, null)),
        // mlflow#12213: 0.6596 against 0.6596 did not pass there
        row(
            "equal model",
            false,
            pass,
            Signals.quality(HIGHER).noWorseThanChampion(0),
            evidence(HIGHER, 0.6596, 0.0)),
        row(
            "equal model, change",
            false,
            pass,
            Criteria.change(HIGHER).atLeast(0),
            evidence(HIGHER, 0.6596, 0.0)));
  }

  @TestFactory
  List<DynamicTest> verdicts() {
    return table().stream()
        .map(row -> DynamicTest.dynamicTest(row.name(), () -> {
          Finding found = ReleaseGate.of(row.asks()).judge(row.evidence());
          assertThat(found.verdict()).as("%s", found).isEqualTo(row.ours());
        }))
        .toList();
  }

  /** Bookkeeping of how often a slice was met ({@code testMergeDetails}) is not a verdict; all others are in the table. */
  @TestFactory
  List<DynamicTest> nothingThatFailsThereForWantOfAValuePassesHere() {
    return table().stream()
        .limit(26)
        .filter(row -> !row.ok())
        .map(row -> DynamicTest.dynamicTest(
            row.name(),
            () -> assertThat(ReleaseGate.of(row.asks()).judge(row.evidence()).verdict())
                .isNotEqualTo(Verdict.PASS)))
        .toList();
  }
}
