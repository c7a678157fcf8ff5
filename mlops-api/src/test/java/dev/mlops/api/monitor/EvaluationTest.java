package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where each answer changes. */
class EvaluationTest {
  private static final Schema SCHEMA = Schema.of(Column.number("amount"));

  /** 97.5 % and 99.5 % quantiles of the standard normal distribution (scipy 1.9.3 norm.ppf). */
  private static final double Z95 = 1.959963984540054;

  private static final double Z99 = 2.5758293035489004;

  private static Evidence of(VersionEvidence.Builder champion) {
    return Evidence.builder("fraud", Instant.EPOCH).champion(champion.build()).build();
  }

  private static VersionEvidence.Builder section(Metric metric, Estimate live) {
    return VersionEvidence.builder("7").quality(metric, live);
  }

  private static Baseline baseline(Metric metric, double value) {
    return Baseline.builder(SCHEMA)
        .quality(metric, new Estimate(value, value, value, 1_000))
        .build();
  }

  private static Verdict ask(Condition condition, Evidence evidence) {
    return condition.test(evidence).verdict();
  }

  /** Baseline 0.9, tolerance 0.02: 0.88 is allowed. */
  private static Verdict recall(double value, double half, long n) {
    Estimate live = new Estimate(value, value - half, value + half, n);
    return ask(
        Signals.quality("recall").noWorseThanBaseline(0.02),
        of(section(Metric.RECALL, live).baseline(baseline(Metric.RECALL, 0.9))));
  }

  @Test
  void qualityOnTwentyNineTruthsSaysNothing() {
    assertThat(recall(0.5, 0.01, 29)).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(recall(0.5, 0.01, 30)).isEqualTo(Verdict.FAIL);
    assertThat(recall(0.95, 0.01, 29)).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(recall(0.95, 0.01, 30)).isEqualTo(Verdict.PASS);
  }

  /** The whole interval that holds the truth in 99 of 100 samples must be beyond what is allowed, not that of 95. */
  @Test
  void itFailsBeyondThe99PercentIntervalAndNotBeyondThe95() {
    double half = 0.02;
    double at99 = 0.88 - half * Z99 / Z95;
    assertThat(recall(at99 - 1e-9, half, 500)).isEqualTo(Verdict.FAIL);
    assertThat(recall(at99 + 1e-9, half, 500)).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(recall(0.88 - half - 1e-9, half, 500))
        .as("beyond 95 %")
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(recall(0.88 - 1e-9, half, 500)).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(recall(0.88 + 1e-9, half, 500)).isEqualTo(Verdict.PASS);
  }

  @Test
  void ofAMetricOfWhichLessIsBetterTheOtherEndDecides() {
    double half = 0.5;
    for (double[] valueAndVerdict : new double[][] {
      {11.5, 1},
      {12.0 - 1e-9, 1},
      {12.0 + 1e-9, 0},
      {12 + half * Z99 / Z95 - 1e-9, 0},
      {12 + half * Z99 / Z95 + 1e-9, -1}
    }) {
      double value = valueAndVerdict[0];
      Estimate live = new Estimate(value, value - half, value + half, 30);
      Verdict verdict = ask(
          Signals.quality("mae").noWorseThanBaseline(2),
          of(section(Metric.MAE, live).baseline(baseline(Metric.MAE, 10))));
      assertThat(verdict)
          .as("mae " + value)
          .isEqualTo(
              valueAndVerdict[1] > 0
                  ? Verdict.PASS
                  : valueAndVerdict[1] < 0 ? Verdict.FAIL : Verdict.INCONCLUSIVE);
    }
  }

  /** A bias is best at 0: −3 is as bad as 3, and −5 is not better than 1. */
  @Test
  void aBiasIsJudgedByItsMagnitude() {
    Condition atMost = Signals.quality("bias").atMost(2);
    assertThat(ask(atMost, of(section(Metric.BIAS, new Estimate(-3, -3.1, -2.9, 30)))))
        .isEqualTo(Verdict.FAIL);
    assertThat(ask(atMost, of(section(Metric.BIAS, new Estimate(-1, -1.1, -0.9, 30)))))
        .isEqualTo(Verdict.PASS);
    assertThat(ask(atMost, of(section(Metric.BIAS, new Estimate(-2.1, -4, -0.2, 30)))))
        .isEqualTo(Verdict.INCONCLUSIVE);
    Condition asGood = Signals.quality("bias").noWorseThanBaseline(0.5);
    Baseline baseline = baseline(Metric.BIAS, -1);
    assertThat(ask(
            asGood, of(section(Metric.BIAS, new Estimate(-5, -5.1, -4.9, 30)).baseline(baseline))))
        .isEqualTo(Verdict.FAIL);
    assertThat(ask(
            asGood, of(section(Metric.BIAS, new Estimate(1.4, 1.3, 1.5, 30)).baseline(baseline))))
        .isEqualTo(Verdict.PASS);
    assertThatThrownBy(() -> Signals.quality("bias").atMost(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0.0");
    assertThatThrownBy(() -> Signals.quality("bias").atLeast(1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anAbsoluteLimitNeedsNoBaseline() {
    Condition enough = Signals.quality("recall").atLeast(0.8);
    assertThat(ask(enough, of(section(Metric.RECALL, new Estimate(0.8, 0.79, 0.81, 30)))))
        .isEqualTo(Verdict.PASS);
    assertThat(ask(enough, of(section(Metric.RECALL, new Estimate(0.7, 0.69, 0.71, 30)))))
        .isEqualTo(Verdict.FAIL);
    assertThat(ask(enough, of(section(Metric.RECALL, new Estimate(0.7, 0.69, 0.71, 29)))))
        .isEqualTo(Verdict.INCONCLUSIVE);
    Condition small = Signals.quality("mae").atMost(3);
    assertThat(ask(small, of(section(Metric.MAE, new Estimate(3, 2.9, 3.1, 30)))))
        .isEqualTo(Verdict.PASS);
    assertThat(ask(small, of(section(Metric.MAE, new Estimate(4, 3.9, 4.1, 30)))))
        .isEqualTo(Verdict.FAIL);
    assertThat(ask(small, of(VersionEvidence.builder("7")))).isEqualTo(Verdict.INCONCLUSIVE);
    Finding finding = small.test(of(section(Metric.MAE, new Estimate(4, 3.9, 4.1, 30))));
    assertThat(finding.quantity()).hasValue("mae");
    assertThat(finding.value()).hasValue(4);
    assertThat(finding.limit()).hasValue(3);
    assertThat(finding.n()).hasValue(30);
    assertThat(finding.estimate()).hasValue(new Estimate(4, 3.9, 4.1, 30));
    assertThat(finding.text()).contains("mae 4.000", "wanted at most 3.000");
  }

  /** A value on its limit meets it, and an interval that ends there is not beyond it. */
  @Test
  void aLimitIsMetByItself() {
    for (Condition each : List.of(
        Signals.quality("recall").atLeast(0.8),
        Signals.quality("mae").atMost(3),
        Signals.failures().atMost(0.25),
        Signals.latency().within(Duration.ofMillis(20)).atLeast(0.5),
        Signals.column("amount").missing().atMost(0.5))) {
      Finding found = each.test(of(VersionEvidence.builder("7")
          .quality(Metric.RECALL, new Estimate(0.8, 0.8, 0.8, 500))
          .quality(Metric.MAE, new Estimate(3, 3, 3, 500))
          .served(300, 0)
          .failures(100)
          .responseTimes(ResponseTimes.builder()
              .within(Duration.ofMillis(20), new Estimate(0.5, 0.5, 0.5, 500))
              .build())
          .column(new ColumnEvidence(
              "amount", new Estimate(0.5, 0.5, 0.5, 500), Optional.empty(), Optional.empty()))));
      assertThat(found.verdict()).as(found.toString()).isEqualTo(Verdict.PASS);
    }
  }

  @Test
  void withoutABaselineNothingIsWorse() {
    Condition condition = Signals.quality("recall").noWorseThanBaseline(0.02);
    Finding none = condition.test(of(section(Metric.RECALL, Estimate.share(1, 100))));
    assertThat(none.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(none.text()).contains("recall", "baseline");
    assertThat(ask(condition, Evidence.builder("fraud", Instant.EPOCH).build()))
        .isEqualTo(Verdict.INCONCLUSIVE);
  }

  private static Verdict compared(Metric metric, double lower, double upper, double margin) {
    Evidence evidence = Evidence.builder("fraud", Instant.EPOCH)
        .comparison(metric, new Estimate((lower + upper) / 2, lower, upper, 100))
        .build();
    return ask(Signals.quality(metric).noWorseThanChampion(margin), evidence);
  }

  @ParameterizedTest
  @CsvSource({
    "-0.01, 0.05, PASS",
    "-0.0100001, 0.05, INCONCLUSIVE",
    "-0.05, -0.0099999, INCONCLUSIVE",
    "-0.05, -0.0100001, FAIL",
    "-0.05, -0.01, INCONCLUSIVE"
  })
  void aCandidatePassesWithItsWholeIntervalWithinTheMargin(
      double lower, double upper, Verdict verdict) {
    assertThat(compared(Metric.RECALL, lower, upper, 0.01)).isEqualTo(verdict);
    assertThat(compared(Metric.MAE, -upper, -lower, 0.01)).as("less is better").isEqualTo(verdict);
  }

  @Test
  void whileACandidateIsJudgedItsSectionIsRead() {
    Latency fast = Latency.of(new long[100]);
    long[] second = new long[100];
    Arrays.fill(second, 1_000_000_000L);
    VersionEvidence champion = VersionEvidence.builder("7")
        .latency(fast)
        .truths(500, 0, 0)
        .quality(Metric.RECALL, Estimate.share(95, 100))
        .baseline(baseline(Metric.RECALL, 0.9))
        .build();
    VersionEvidence candidate = VersionEvidence.builder("8")
        .latency(Latency.of(second))
        .quality(Metric.RECALL, Estimate.share(10, 100))
        .baseline(baseline(Metric.RECALL, 0.9))
        .build();
    Evidence live = Evidence.builder("fraud", Instant.EPOCH).champion(champion).build();
    Evidence trial = Evidence.builder("fraud", Instant.EPOCH)
        .champion(champion)
        .candidate(candidate)
        .build();
    for (Condition condition : List.of(
        Signals.latency().p99AtMost(Duration.ofMillis(20)),
        Signals.latency().p50AtMost(Duration.ofMillis(20)),
        Signals.quality("recall").atLeast(0.8),
        Signals.quality("recall").noWorseThanBaseline(0.1))) {
      assertThat(ask(condition, live)).as("champion, " + condition).isEqualTo(Verdict.PASS);
      assertThat(ask(condition, trial)).as("candidate, " + condition).isEqualTo(Verdict.FAIL);
    }
    assertThat(ask(Signals.freshTruths(500), trial)).isEqualTo(Verdict.PASS);
    assertThat(ask(Signals.freshTruths(501), trial)).isEqualTo(Verdict.FAIL);
  }

  @Test
  void goldenExamplesAreTheCandidates() {
    Evidence.Builder evidence = Evidence.builder("fraud", Instant.EPOCH);
    assertThat(ask(Signals.goldenExamples(), evidence.build())).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(ask(
            Signals.goldenExamples(), evidence.examples(Finding.fail("1 of 2")).build()))
        .isEqualTo(Verdict.FAIL);
  }

  @Test
  void theP50IsHeldAgainstTheP50() {
    Latency latency = Latency.builder()
        .p50(Duration.ofMillis(5))
        .p99(Duration.ofMillis(50))
        .n(100)
        .build();
    Evidence evidence = of(VersionEvidence.builder("7").latency(latency));
    assertThat(ask(Signals.latency().p50AtMost(Duration.ofMillis(5)), evidence))
        .isEqualTo(Verdict.PASS);
    assertThat(ask(Signals.latency().p50AtMost(Duration.ofNanos(4_999_999)), evidence))
        .isEqualTo(Verdict.FAIL);
    assertThat(ask(Signals.latency().p99AtMost(Duration.ofMillis(49)), evidence))
        .isEqualTo(Verdict.FAIL);
  }

  private static final WatchCondition WATCHED =
      Signals.quality("recall").noWorseThanBaseline(0.02).falseAlarmEvery(1_000);

  private static Finding watched(DriftReading reading) {
    return WATCHED.test(of(VersionEvidence.builder("7").drift(WATCHED.watch(), reading)));
  }

  @Test
  void aQuietDetectorHasShownSomethingAfterThirtyInputs() {
    assertThat(watched(DriftReading.builder(Level.STABLE).inputs(29).build()).verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(watched(DriftReading.builder(Level.STABLE).inputs(30).build()).verdict())
        .isEqualTo(Verdict.PASS);
    assertThat(watched(DriftReading.builder(Level.WARNING).inputs(30).build()).verdict())
        .isEqualTo(Verdict.PASS);
    assertThat(
            watched(DriftReading.builder(Level.WARMING_UP).inputs(30).build()).verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(WATCHED.test(of(VersionEvidence.builder("7"))).text())
        .contains("does not watch", "recall");
    assertThat(WATCHED.test(Evidence.builder("fraud", Instant.EPOCH).build()).verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
  }

  @Test
  void aSignalFailsFromTheFirstInputOnAndTellsWhereAndAgainstWhat() {
    Finding found = watched(DriftReading.builder(Level.DRIFT)
        .signal(new Signal(Direction.UP, 5, 3, 5, 2e3, 1e3, List.of()))
        .inputs(6)
        .changePosition(77)
        .limit(0.88)
        .build());
    assertThat(found.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(found.changePosition()).hasValue(77);
    assertThat(found.limit()).hasValue(0.88);
    assertThat(found.n()).hasValue(6);
  }

  /** MAE of a target in thousandths: three decimals would tell nothing. */
  @Test
  void figuresTellTheValueFromWhatIsAllowed() {
    Finding finding = Signals.quality("mae")
        .noWorseThanBaseline(1e-6)
        .test(of(section(Metric.MAE, new Estimate(1.4e-4, 1.39e-4, 1.41e-4, 400))
            .baseline(baseline(Metric.MAE, 1.2e-4))));
    assertThat(finding)
        .hasToString("FAIL: mae 0.000140 ± 0.000001 (n 400), baseline 0.000120 allows 0.000121");
  }

  @Test
  void aLimitThatEveryValueMeetsOrNoneIsRefused() {
    for (double tolerance : new double[] {1, 5, -0.1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> Signals.quality("recall").noWorseThanBaseline(tolerance))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("tolerance");
      assertThatThrownBy(() -> Signals.quality("f1").noWorseThanChampion(tolerance))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("margin");
    }
    assertThat(Signals.quality("recall").noWorseThanBaseline(0.999)).isNotNull();
    assertThat(Signals.quality("mae").noWorseThanBaseline(500)).isNotNull();
    for (double limit : new double[] {0, -1, 1.0001, Double.NaN}) {
      assertThatThrownBy(() -> Signals.quality("recall").atLeast(limit))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("0.0 to 1.0");
    }
    assertThat(Signals.quality("recall").atLeast(1)).isNotNull();
    assertThat(Signals.quality("mae").atMost(0)).isNotNull();
    assertThatThrownBy(() -> Signals.quality("mae").atLeast(3))
        .hasMessageContaining("less is better")
        .hasMessageContaining("atMost(3.0)");
    assertThatThrownBy(() -> Signals.quality("recall").atMost(0.5))
        .hasMessageContaining("atLeast(0.5)");
    assertThatThrownBy(() -> Signals.freshTruths(0)).hasMessageContaining("but was 0");
    assertThatThrownBy(() -> Signals.quality("f1").noWorseThanBaseline(0.1).falseAlarmEvery(1_000))
        .hasMessageContaining("f1")
        .hasMessageContaining("loss per row");
  }

  private static Finding failures(long failed, long answered) {
    return Signals.failures()
        .atMost(0.01)
        .test(of(VersionEvidence.builder("7").served(answered, 0).failures(failed)));
  }

  @Test
  void aFewFailuresOfAFewCallsSayNothingAndManySayEnough() {
    assertThat(failures(0, 99).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(failures(0, 100).verdict()).isEqualTo(Verdict.PASS);
    assertThat(failures(1, 99).verdict()).isEqualTo(Verdict.PASS);
    assertThat(failures(2, 98).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    // Wilson, 99 %: 4 of 100 begin at 0.01198, 3 of 100 at 0.00761 (the formula in double
    // precision, Python 3)
    assertThat(failures(3, 97).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(failures(4, 96).verdict()).isEqualTo(Verdict.FAIL);
    assertThat(failures(1, 0).verdict()).as("one call that failed").isEqualTo(Verdict.FAIL);
    assertThat(Signals.failures()
            .atMost(0.0)
            .test(of(VersionEvidence.builder("7")))
            .text())
        .contains("no calls");
  }

  /** Wilson's interval of none of 10 begins at 3e-17 in floating point. */
  @Test
  void whereNoFailureIsAllowedNoneIsFine() {
    Condition none = Signals.failures().atMost(0);
    for (long calls = 1; calls <= 300; calls++) {
      Finding found = none.test(of(VersionEvidence.builder("7").served(calls, 0)));
      assertThat(found.verdict())
          .as("no failure of %d", calls)
          .isEqualTo(calls < 100 ? Verdict.INCONCLUSIVE : Verdict.PASS);
    }
    assertThat(none.test(of(VersionEvidence.builder("7").served(299, 0).failures(1)))
            .verdict())
        .isEqualTo(Verdict.FAIL);
  }

  @Test
  void aShareOfFailuresTellsItsNumbersAndWhatCameFirst() {
    Finding found = Signals.failures()
        .atMost(0.01)
        .test(of(VersionEvidence.builder("7")
            .served(15, 5)
            .failures(20)
            .firstFailure("IllegalStateException")));
    assertThat(found.value()).hasValue(0.5);
    assertThat(found.limit()).hasValue(0.01);
    assertThat(found.n()).hasValue(40);
    assertThat(found.text()).contains("20 of 40 calls", "0.01", "IllegalStateException");
  }

  /** Of the candidate and of the champion; the one beside the other. */
  private static Finding slower(long candidateMillis, long n) {
    return Signals.latency()
        .p99NoWorseThanChampion(1.5)
        .test(Evidence.builder("fraud", Instant.EPOCH)
            .champion(VersionEvidence.builder("7").latency(p99(10, 100)).build())
            .candidate(
                VersionEvidence.builder("8").latency(p99(candidateMillis, n)).build())
            .build());
  }

  static Latency p99(long millis, long n) {
    return Latency.builder()
        .p50(Duration.ofMillis(1))
        .p99(Duration.ofMillis(millis))
        .n(n)
        .build();
  }

  @Test
  void latencyIsHeldAgainstTheChampions() {
    assertThat(slower(15, 100).verdict()).isEqualTo(Verdict.PASS);
    assertThat(slower(16, 100).verdict()).isEqualTo(Verdict.FAIL);
    assertThat(slower(16, 99).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(slower(16, 100).text()).contains("16", "champion 10", "allows 15");
    assertThat(ask(
            Signals.latency().p99NoWorseThanChampion(1.0),
            of(VersionEvidence.builder("7").latency(p99(10, 100)))))
        .as("no candidate")
        .isEqualTo(Verdict.INCONCLUSIVE);
  }

  @Test
  void theMedianIsHeldAgainstTheChampionsMedian() {
    Latency champion = Latency.builder()
        .p50(Duration.ofMillis(10))
        .p99(Duration.ofMillis(20))
        .n(100)
        .build();
    for (long millis : new long[] {12, 13}) {
      Latency candidate = Latency.builder()
          .p50(Duration.ofMillis(millis))
          .p99(Duration.ofSeconds(9))
          .n(100)
          .build();
      Finding found = Signals.latency()
          .p50NoWorseThanChampion(1.25)
          .test(Evidence.builder("fraud", Instant.EPOCH)
              .champion(VersionEvidence.builder("7").latency(champion).build())
              .candidate(VersionEvidence.builder("8").latency(candidate).build())
              .build());
      assertThat(found.verdict()).isEqualTo(millis == 12 ? Verdict.PASS : Verdict.FAIL);
      assertThat(found.text()).contains("p50", "champion 10", "12.5");
    }
  }

  @Test
  void limitsThatNothingCouldMissAreRefused() {
    assertThatThrownBy(() -> Signals.failures().atMost(1.0)).hasMessageContaining("1.0");
    assertThatThrownBy(() -> Signals.failures().atMost(Double.NaN)).hasMessageContaining("NaN");
    assertThatThrownBy(() -> Signals.latency().p99NoWorseThanChampion(0.9))
        .hasMessageContaining("0.9");
    assertThatThrownBy(() -> Signals.latency().p50NoWorseThanChampion(Double.POSITIVE_INFINITY))
        .hasMessageContaining("Infinity");
  }

  /** A recall that is never known may be one of a label that is misspelt. */
  @Test
  void aMisspeltPositiveLabelIsNamedWhereRecallIsNotKnown() {
    Schema misspelt = Schema.of(Column.number("amount")).positiveLabel("Fraud");
    VersionEvidence section = VersionEvidence.builder("7")
        .baseline(Baseline.builder(misspelt)
            .labels(new CategoryProfile("label", Map.of("ok", 90L, "fraud", 10L), 0, 0))
            .build())
        .build();
    Evidence gate = Evidence.builder("m", Instant.EPOCH)
        .champion(VersionEvidence.builder("6").build())
        .candidate(section)
        .build();
    Evidence live = Evidence.builder("m", Instant.EPOCH).champion(section).build();
    for (Finding found : List.of(
        Signals.quality("recall").atLeast(0.8).test(live),
        Signals.quality("recall").noWorseThanBaseline(0.1).test(live),
        Signals.quality("recall").atLeast(0.8).test(gate),
        Signals.quality("recall").noWorseThanChampion(0.1).test(gate))) {
      assertThat(found.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
      assertThat(found.text())
          .contains("no recall", "none of 100 test rows", "\"Fraud\"", "is \"fraud\" meant?");
    }
  }
}
