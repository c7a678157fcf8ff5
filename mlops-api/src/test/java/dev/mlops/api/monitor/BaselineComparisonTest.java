package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.Standing;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BaselineComparisonTest {
  private static final Estimate LIVE = new Estimate(0.80, 0.70, 0.88, 100);
  private static final Estimate TESTED = new Estimate(0.90, 0.86, 0.93, 1_000);

  private static BaselineComparison comparison(Standing standing) {
    return BaselineComparison.builder(Metric.RECALL, 0.02, standing, "412 truths show it")
        .n(412)
        .live(LIVE)
        .tested(TESTED)
        .limit(0.868)
        .build();
  }

  /** Newcombe's method 10 for two shares, by hand: each end takes the root of the squares of what either may be off by. */
  @Test
  void theDifferenceHasAnInterval() {
    Estimate apart = comparison(Standing.WORSE).difference().orElseThrow();
    assertThat(apart.value()).isEqualTo(-0.1, within(1e-12));
    assertThat(apart.lower()).isEqualTo(-0.1 - Math.sqrt(0.1 * 0.1 + 0.03 * 0.03), within(1e-12));
    assertThat(apart.upper()).isEqualTo(-0.1 + Math.sqrt(0.08 * 0.08 + 0.04 * 0.04), within(1e-12));
    assertThat(apart.n()).isEqualTo(100);
  }

  @Test
  void withoutAValueThereIsNoDifference() {
    BaselineComparison bare = BaselineComparison.builder(
            Metric.RECALL, 0, Standing.INCONCLUSIVE, "no recall in the baseline")
        .live(LIVE)
        .build();
    assertThat(bare.difference()).isEmpty();
    assertThat(bare.limit()).isEmpty();
    assertThat(bare.tested()).isEmpty();
    assertThat(bare).hasToString("recall 0.800, INCONCLUSIVE: no recall in the baseline");
  }

  @Test
  void aDifferenceStaysWithinTheRange() {
    Estimate all = new Estimate(1, 0, 1, 1);
    Estimate none = new Estimate(0, 0, 1, 1);
    Estimate apart = BaselineComparison.builder(Metric.RECALL, 0, Standing.INCONCLUSIVE, "")
        .live(all)
        .tested(none)
        .build()
        .difference()
        .orElseThrow();
    assertThat(apart.upper()).isEqualTo(1.0);
  }

  @Test
  void refusesTolerancesAndLimitsThatAreNone() {
    assertThatThrownBy(
            () -> BaselineComparison.builder(Metric.RECALL, -0.1, Standing.INCONCLUSIVE, ""))
        .hasMessageContaining("tolerance")
        .hasMessageContaining("-0.1");
    assertThatThrownBy(
            () -> BaselineComparison.builder(Metric.RECALL, Double.NaN, Standing.INCONCLUSIVE, ""))
        .hasMessageContaining("tolerance");
    assertThatThrownBy(() -> BaselineComparison.builder(Metric.RECALL, 0, Standing.WORSE, "")
            .limit(Double.POSITIVE_INFINITY))
        .hasMessageContaining("limit");
  }

  private static Evidence evidence(VersionEvidence champion) {
    return Evidence.builder("fraud", Instant.EPOCH).champion(champion).build();
  }

  @ParameterizedTest
  @CsvSource({"WORSE,FAIL", "NOT_WORSE,PASS", "INCONCLUSIVE,INCONCLUSIVE"})
  void aConditionAsksForTheStanding(Standing standing, Verdict verdict) {
    Condition asked = Signals.quality("recall").noWorseThanBaseline(0.02).atAnyLook();
    Finding finding = asked.test(evidence(
        VersionEvidence.builder("7").besideBaseline(comparison(standing)).build()));
    assertThat(finding.verdict()).isEqualTo(verdict);
    assertThat(finding.text()).contains("0.80", "0.90", standing.name(), "412 truths");
    assertThat(finding.limit()).hasValue(0.868);
    assertThat(finding.n()).hasValue(412);
  }

  @Test
  void whatIsNotComparedIsInconclusive() {
    Condition asked = Signals.quality("recall").noWorseThanBaseline(0.03).atAnyLook();
    Finding finding = asked.test(evidence(VersionEvidence.builder("7")
        .besideBaseline(comparison(Standing.NOT_WORSE))
        .build()));
    assertThat(finding.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(finding.text()).contains("recall", "0.03", "MonitorFactory.watching");
    assertThat(asked.test(Evidence.builder("fraud", Instant.EPOCH).build()).verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
  }

  /** It reads the champion, also while a candidate is judged. */
  @Test
  void aCandidateIsNotAsked() {
    Evidence judged = Evidence.builder("fraud", Instant.EPOCH)
        .champion(VersionEvidence.builder("7")
            .besideBaseline(comparison(Standing.WORSE))
            .build())
        .candidate(VersionEvidence.builder("8")
            .besideBaseline(comparison(Standing.NOT_WORSE))
            .build())
        .build();
    assertThat(Signals.quality("recall")
            .noWorseThanBaseline(0.02)
            .atAnyLook()
            .test(judged)
            .verdict())
        .isEqualTo(Verdict.FAIL);
  }

  @Test
  void aConditionReadsItsWindow() {
    VersionEvidence section = VersionEvidence.builder("7")
        .quality(Metric.RECALL, new Estimate(0.99, 0.98, 1.0, 500))
        .quality(Window.sinceRelease(), Map.of(Metric.RECALL, LIVE))
        .quality(Window.ofTruths(40), Map.of())
        .build();
    Condition release = Signals.quality("recall").over(Window.sinceRelease()).atLeast(0.95);
    Finding bad = release.test(evidence(section));
    assertThat(bad.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(bad.text()).contains("since release", "0.80", "0.95");
    assertThat(Signals.quality("recall").atLeast(0.95).test(evidence(section)).verdict())
        .isEqualTo(Verdict.PASS);
    Finding empty =
        Signals.quality("recall").over("last 40 truths").atLeast(0.95).test(evidence(section));
    assertThat(empty.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(empty.text()).contains("last 40 truths").doesNotContain("watching");
    Finding unmeasured =
        Signals.quality("recall").over("last 24 h").atLeast(0.95).test(evidence(section));
    assertThat(unmeasured.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(unmeasured.text()).contains("last 24 h", "MonitorFactory.watching");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '\'',
      value = {
        "'quality(\"recall\").over(\"last 24 h\").atLeast(0.9)'",
        "'quality(\"recall\").over(\"since release\").noWorseThanBaseline(0.02)'",
        "'quality(\"mae\").over(\"last 500 truths\").atMost(3)'",
        "'quality(\"recall\").noWorseThanBaseline(0.02).atAnyLook()'"
      })
  void conditionsReadBack(String text) {
    Condition condition = Signals.parse(text);
    assertThat(condition).hasToString(text).isEqualTo(Signals.parse(condition.toString()));
    assertThat(condition.expressions()).hasSize(1);
    assertThat(condition.expression().orElseThrow().window())
        .isEqualTo(
            text.contains("over")
                ? Optional.of(Window.parse(text.replaceAll(".*over\\(\"(.*?)\"\\).*", "$1")))
                : Optional.empty());
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '\'',
      value = {
        "'quality(\"recall\").over(\"last 24 h\").noWorseThanBaseline(0.02).atAnyLook()', window",
        "'quality(\"recall\").over(\"last 24 h\").noWorseThanBaseline(0.02).falseAlarmEvery(1000)', window",
        "'quality(\"recall\").over(\"last 24 h\").noWorseThanChampion(0.02)', window",
        "'quality(\"recall\").over(\"last 24 h\").watchedBy(\"mine\")', window",
        "'quality(\"recall\").over(\"last week\").atLeast(0.9)', last 24 h",
        "'quality(\"recall\").over(24 h).atLeast(0.9)', quotes",
        "'quality(\"recall\").over(\"last 24 h\").over(\"last 24 h\").atLeast(0.9)', over",
        "'quality(\"recall\").noWorseThanBaseline(0.02).atAnyLook(3)', argument",
        "'quality(\"recall\").noWorseThanBaseline(0.02).atAnyLok()', atAnyLook"
      })
  void conditionsThatAskTooMuchAreRefused(String text, String told) {
    assertThatThrownBy(() -> Signals.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(told);
  }

  @Test
  void conditionsThatDifferInTheWindowAreNotEqual() {
    Condition day =
        Signals.quality("recall").over(Window.of(Duration.ofDays(1))).atLeast(0.9);
    assertThat(day)
        .isNotEqualTo(Signals.quality("recall").atLeast(0.9))
        .isEqualTo(Signals.quality("recall").over("last 24 h").atLeast(0.9));
  }
}
