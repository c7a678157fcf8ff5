package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Where answers about segments and columns change. */
class SegmentEvaluationTest {
  private static final Condition EVERY =
      Signals.segment("country").quality("recall").atLeast(0.7);

  private static SegmentEvidence segment(String value, long right, long n) {
    return SegmentEvidence.builder(value)
        .counts(n, n)
        .quality(Metric.RECALL, Estimate.share(right, n))
        .build();
  }

  private static Evidence of(SegmentationEvidence.Builder division) {
    return Evidence.builder("fraud", Instant.EPOCH)
        .champion(VersionEvidence.builder("7").segmentation(division.build()).build())
        .build();
  }

  private static SegmentationEvidence.Builder countries() {
    return SegmentationEvidence.builder("country");
  }

  @Test
  void everySegmentPasses() {
    Finding found =
        EVERY.test(of(countries().segment(segment("DE", 90, 100)).segment(segment("AT", 80, 100))));
    assertThat(found.verdict()).isEqualTo(Verdict.PASS);
    assertThat(found.text()).contains("2 segments", "country=AT", "0.800", "0.700");
    assertThat(found.value()).hasValue(0.8);
    assertThat(found.limit()).hasValue(0.7);
  }

  @Test
  void oneBadSegmentOfManyFailsAndIsNamed() {
    SegmentationEvidence.Builder division = countries();
    for (int i = 0; i < 40; i++) {
      division.segment(segment("C" + i, i == 17 ? 20 : 95, i == 17 ? 60 : 100));
    }
    Finding found = EVERY.test(of(division));
    assertThat(found.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(found.text()).contains("1 of 40", "country=C17", "0.333");
    assertThat(found.estimate()).hasValue(Estimate.share(20, 60));
  }

  /** 33 of 60 are beyond the 99 % interval of one segment, but one of 60 good ones is as unlucky as that. */
  @Test
  void theMoreSegmentsTheSurerAFailureMustBe() {
    assertThat(EVERY.test(of(countries().segment(segment("DE", 31, 60)))).verdict())
        .isEqualTo(Verdict.FAIL);
    SegmentationEvidence.Builder division = countries();
    for (int i = 0; i < 60; i++) {
      division.segment(segment("C" + i, i == 17 ? 31 : 60, 60));
    }
    assertThat(EVERY.test(of(division)).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
  }

  @Test
  void aSegmentWithTooFewRowsIsNoPass() {
    Finding found =
        EVERY.test(of(countries().segment(segment("DE", 90, 100)).segment(segment("LI", 29, 29))));
    assertThat(found.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(found.text()).contains("country=LI", "n 29", "wanted 30");
    assertThat(EVERY
            .test(of(countries().segment(segment("DE", 90, 100)).segment(segment("LI", 30, 30))))
            .verdict())
        .isEqualTo(Verdict.PASS);
  }

  @Test
  void rowsInNoSegmentAreNoPass() {
    Finding found = EVERY.test(of(countries()
        .segment(segment("DE", 90, 100))
        .unassigned(7)
        .note("the function threw IllegalStateException")));
    assertThat(found.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(found.text()).contains("7 of 107 rows", "IllegalStateException");
  }

  @Test
  void aNamedSegmentThatWasNeverSeenIsInconclusive() {
    Condition one = Signals.segment("country", "DE").quality("recall").atLeast(0.7);
    Finding found = one.test(of(countries().segment(segment("DK", 90, 100))));
    assertThat(found.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(found.text()).contains("nothing was recorded", "country=DE", "is DK meant");

    assertThat(
            one.test(of(countries().segment(segment("DE", 80, 100)).segment(segment("DK", 0, 100))))
                .verdict())
        .as("another segment is another matter")
        .isEqualTo(Verdict.PASS);
    assertThat(one.test(of(countries().segment(segment("DE", 30, 100)))).verdict())
        .isEqualTo(Verdict.FAIL);
    assertThat(one.test(of(countries().segment(segment("DE", 34, 60)))).verdict())
        .as("beyond the 95 % interval, not the 99 % one")
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(one.test(of(
                countries().segment(SegmentEvidence.builder("DE").counts(100, 0).build())))
            .text())
        .contains("country=DE", "no recall yet");
  }

  @Test
  void whatTheMonitorDoesNotDivideByIsInconclusive() {
    Finding found = EVERY.test(of(SegmentationEvidence.builder("cuntry")));
    assertThat(found.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(found.text()).contains("no segments by country", "cuntry", "watching");
    Evidence nothing = Evidence.builder("fraud", Instant.EPOCH).build();
    assertThat(EVERY.test(nothing).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(EVERY.test(of(countries())).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
  }

  @Test
  void fairnessIsOneAnswerForAllSegments() {
    Condition fair =
        Signals.segment("country").quality("demographic_parity_ratio").atLeast(0.8);
    assertThat(fair.test(of(countries().segment(segment("DE", 90, 100)))).text())
        .contains("no demographic_parity_ratio", "two with enough rows");
    assertThat(fair.test(of(countries()
                .fairness(Metric.DEMOGRAPHIC_PARITY_RATIO, new Estimate(0.85, 0.80, 0.90, 500))))
            .verdict())
        .isEqualTo(Verdict.PASS);
    assertThat(fair.test(of(countries()
                .fairness(Metric.DEMOGRAPHIC_PARITY_RATIO, new Estimate(0.7, 0.61, 0.79, 500))))
            .verdict())
        .as("beyond the 95 % interval, not the 99 % one")
        .isEqualTo(Verdict.INCONCLUSIVE);
    Finding unfair = fair.test(of(
        countries().fairness(Metric.DEMOGRAPHIC_PARITY_RATIO, new Estimate(0.5, 0.40, 0.60, 500))));
    assertThat(unfair.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(unfair.text()).contains("demographic_parity_ratio", "country", "0.500", "0.800");
  }

  @Test
  void aDivisionTakesFairnessByMetricsBetweenSegmentsAlone() {
    assertThatThrownBy(() -> countries().fairness(Metric.RECALL, Estimate.share(1, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("recall");
  }

  private static Evidence column(ColumnEvidence column) {
    return Evidence.builder("fraud", Instant.EPOCH)
        .champion(VersionEvidence.builder("7").column(column).build())
        .build();
  }

  @Test
  void aShareOfMissingValuesIsHeldAgainstItsLimit() {
    Condition few = Signals.column("amount").missing().atMost(0.01);
    for (Object[] each : new Object[][] {
      {0, 1_000, Verdict.PASS},
      {10, 1_000, Verdict.PASS},
      {13, 1_000, Verdict.INCONCLUSIVE},
      {18, 1_000, Verdict.INCONCLUSIVE}, // beyond the 95 % interval, not the 99 % one
      {40, 1_000, Verdict.FAIL},
      {20, 29, Verdict.INCONCLUSIVE}
    }) {
      Finding found = few.test(column(new ColumnEvidence(
          "amount",
          Estimate.share((int) each[0], (int) each[1]),
          Optional.empty(),
          Optional.empty())));
      assertThat(found.verdict()).as(found.toString()).isEqualTo(each[2]);
    }
  }

  @Test
  void whatTheBaselineDoesNotTellIsInconclusive() {
    ColumnEvidence amount = new ColumnEvidence(
        "amount",
        Estimate.share(0, 1_000),
        Optional.empty(),
        Optional.of(Estimate.share(500, 1_000)));
    Finding unseen = Signals.column("amount").unseen().atMost(0.1).test(column(amount));
    assertThat(unseen.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(unseen.text()).contains("\"amount\"", "unseen", "baseline");
    assertThat(Signals.column("amount")
            .outOfRange()
            .atMost(0.1)
            .test(column(amount))
            .verdict())
        .isEqualTo(Verdict.FAIL);
    Finding typo = Signals.column("amuont").missing().atMost(0.1).test(column(amount));
    assertThat(typo.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(typo.text()).contains("is \"amount\" meant");
    assertThat(Signals.column("amount")
            .missing()
            .atMost(0.1)
            .test(Evidence.builder("fraud", Instant.EPOCH).build())
            .verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
  }
}
