package dev.mlops.api.monitor;

import static dev.mlops.api.monitor.EvaluationTest.p99;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What a built-in condition found: the value, the limit and the number of rows, in the units that each promises. */
class FindingNumbersTest {
  private static Evidence of(VersionEvidence.Builder champion) {
    return Evidence.builder("fraud", Instant.EPOCH).champion(champion.build()).build();
  }

  private static VersionEvidence.Builder section() {
    return VersionEvidence.builder("7");
  }

  private static Finding ask(Condition condition, Metric metric, Estimate measured) {
    return condition.test(of(section().quality(metric, measured)));
  }

  /** By 99 %: the half width of .05 becomes .0657. */
  @Test
  void aQualityFailsWhereTheWiderIntervalIsBeyondTheLimit() {
    Estimate recall = new Estimate(0.6, 0.55, 0.65, 1_000);
    assertThat(ask(Signals.quality("recall").atLeast(0.6658), Metric.RECALL, recall)
            .verdict())
        .isEqualTo(Verdict.FAIL);
    assertThat(ask(Signals.quality("recall").atLeast(0.6656), Metric.RECALL, recall)
            .verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
    Finding met = ask(Signals.quality("recall").atLeast(0.6), Metric.RECALL, recall);
    assertThat(met.verdict()).isEqualTo(Verdict.PASS);
    assertThat(met.value()).hasValue(0.6);
    assertThat(met.limit()).hasValue(0.6);
    assertThat(met.n()).hasValue(1_000);
    assertThat(met.text()).contains("± 0.05", "n 1000", "at least 0.6");

    Estimate error = new Estimate(3, 2.5, 3.5, 1_000);
    assertThat(ask(Signals.quality("mae").atMost(2.342), Metric.MAE, error).verdict())
        .isEqualTo(Verdict.FAIL);
    assertThat(ask(Signals.quality("mae").atMost(2.344), Metric.MAE, error).verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
    Finding small = ask(Signals.quality("mae").atMost(3), Metric.MAE, error);
    assertThat(small.verdict()).isEqualTo(Verdict.PASS);
    assertThat(small.text()).contains("± 0.5", "at most 3");
  }

  @Test
  void aDifferenceHasItsSignAndTheMarginIsOnTheWorseSide() {
    Evidence better = Evidence.builder("fraud", Instant.EPOCH)
        .comparison(Metric.RECALL, new Estimate(0.05, -0.02, 0.12, 500))
        .build();
    Finding recall = Signals.quality("recall").noWorseThanChampion(0.1).test(better);
    assertThat(recall.verdict()).isEqualTo(Verdict.PASS);
    assertThat(recall.text()).contains("+0.05", "-0.020 to +0.120", "500 rows", "margin 0.1");
    assertThat(recall.limit()).hasValue(-0.1);
    assertThat(recall.value()).hasValue(0.05);

    Evidence smaller = Evidence.builder("fraud", Instant.EPOCH)
        .comparison(Metric.MAE, new Estimate(-0.5, -0.9, -0.1, 500))
        .build();
    Finding error = Signals.quality("mae").noWorseThanChampion(0.2).test(smaller);
    assertThat(error.verdict()).isEqualTo(Verdict.PASS);
    assertThat(error.limit()).hasValue(0.2);
    assertThat(error.text()).contains("-0.5", "-0.900 to -0.100");
    Evidence larger = Evidence.builder("fraud", Instant.EPOCH)
        .comparison(Metric.MAE, new Estimate(0.5, 0.3, 0.7, 500))
        .build();
    assertThat(Signals.quality("mae").noWorseThanChampion(0.2).test(larger).verdict())
        .isEqualTo(Verdict.FAIL);
  }

  @Test
  void latencyIsInSeconds() {
    Finding slow = Signals.latency()
        .p99AtMost(Duration.ofMillis(20))
        .test(of(section().latency(p99(30, 200))));
    assertThat(slow.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(slow.value()).hasValue(0.03);
    assertThat(slow.limit()).hasValue(0.02);
    assertThat(slow.n()).hasValue(200);
    Finding median =
        Signals.latency().p50AtMost(Duration.ofMillis(1)).test(of(section().latency(p99(30, 200))));
    assertThat(median.verdict()).as("the limit itself is met").isEqualTo(Verdict.PASS);
    assertThat(median.value()).hasValue(0.001);
    Finding few =
        Signals.latency().p99AtMost(Duration.ofMillis(20)).test(of(section().latency(p99(30, 99))));
    assertThat(few.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(few.text()).contains("wanted 100 predictions");

    Finding beside = Signals.latency()
        .p99NoWorseThanChampion(1.5)
        .test(Evidence.builder("fraud", Instant.EPOCH)
            .champion(section().latency(p99(20, 300)).build())
            .candidate(VersionEvidence.builder("8").latency(p99(31, 200)).build())
            .build());
    assertThat(beside.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(beside.value()).hasValue(0.031);
    assertThat(beside.limit().orElseThrow()).isEqualTo(0.03, within(1e-12));
    assertThat(beside.n()).hasValue(200);
  }

  @Test
  void anAgeIsInSeconds() {
    Condition fresh = Signals.truth().newerThan(Duration.ofMinutes(1));
    VersionEvidence.Builder waits = section().served(10, 0).truths(5, 0, 5);
    Finding old = fresh.test(of(waits.truthAge(Duration.ofMillis(60_001))));
    assertThat(old.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(old.value().orElseThrow()).isEqualTo(60.001, within(1e-9));
    assertThat(old.limit()).hasValue(60);
    assertThat(old.text()).contains("newest truth", "5 predictions wait");
    assertThat(fresh.test(of(waits.truthAge(Duration.ofMinutes(1)))).verdict())
        .isEqualTo(Verdict.PASS);
    Finding none = fresh.test(of(section()
        .served(10, 0)
        .truths(0, 0, 10)
        .predicted(Duration.ofSeconds(1), Duration.ofSeconds(90))));
    assertThat(none.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(none.text()).contains("no truth since the first prediction");
    assertThat(none.value().orElseThrow()).isEqualTo(90, within(1e-9));
    assertThat(fresh.test(of(section())).text()).contains("no prediction yet");
    assertThat(fresh.test(of(section().served(5, 0).truths(5, 0, 0))).text())
        .contains("no prediction waits");
  }

  @Test
  void freshTruthsAreCounted() {
    Finding enough = Signals.freshTruths(40).test(of(section().truths(40, 0, 0)));
    assertThat(enough.verdict()).isEqualTo(Verdict.PASS);
    assertThat(enough.value()).hasValue(40);
    assertThat(enough.limit()).hasValue(40);
    assertThat(Signals.freshTruths(41).test(of(section().truths(40, 0, 0))).verdict())
        .isEqualTo(Verdict.FAIL);
  }

  /** Wilson, 99 %: 30 of 1,000 begin at 0.018906. */
  @Test
  void manyFailuresFailByTheLowerEndOfTheirShare() {
    Evidence evidence = of(section().served(970, 0).failures(30));
    assertThat(Signals.failures().atMost(0.01890).test(evidence).verdict()).isEqualTo(Verdict.FAIL);
    assertThat(Signals.failures().atMost(0.01891).test(evidence).verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
    Finding met = Signals.failures().atMost(0.03).test(evidence);
    assertThat(met.verdict()).isEqualTo(Verdict.PASS);
    assertThat(met.text()).doesNotContain("wanted");
    Finding few = Signals.failures().atMost(0.03).test(of(section().served(9, 0)));
    assertThat(few.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(few.text()).contains("wanted 100 calls");
  }
}
