package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Task;
import dev.mlops.api.monitor.Signals.SilenceQuestions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CombinedConditionTest {
  private static final Evidence NOTHING =
      Evidence.builder("fraud", Instant.EPOCH).build();

  private static Condition says(Verdict verdict) {
    return evidence -> Finding.of(verdict, "says " + verdict);
  }

  /** Kleene's tables, by counting: what the undecided parts could still make of it decides. */
  @Test
  void partsThatAreInconclusiveDecideOnlyWhereTheOthersCannot() {
    Verdict[] verdicts = Verdict.values();
    for (int size = 1; size <= 3; size++) {
      for (int code = 0; code < Math.pow(3, size); code++) {
        List<Verdict> parts = new ArrayList<>();
        for (int i = 0, rest = code; i < size; i++, rest /= 3) {
          parts.add(verdicts[rest % 3]);
        }
        Condition[] conditions =
            parts.stream().map(CombinedConditionTest::says).toArray(Condition[]::new);
        for (int wanted = 1; wanted <= size; wanted++) {
          int n = wanted;
          boolean worst = parts.stream().filter(each -> each == Verdict.PASS).count() >= n;
          boolean best = parts.stream().filter(each -> each != Verdict.FAIL).count() >= n;
          Verdict expected = worst ? Verdict.PASS : best ? Verdict.INCONCLUSIVE : Verdict.FAIL;
          assertThat(Signals.atLeast(wanted, conditions).test(NOTHING).verdict())
              .as("%d of %s", wanted, parts)
              .isEqualTo(expected);
          if (wanted == 1) {
            assertThat(Signals.anyOf(conditions).test(NOTHING).verdict()).isEqualTo(expected);
          }
          if (wanted == size) {
            assertThat(Signals.allOf(conditions).test(NOTHING).verdict()).isEqualTo(expected);
          }
        }
      }
    }
    assertThat(Signals.not(says(Verdict.PASS)).test(NOTHING).verdict()).isEqualTo(Verdict.FAIL);
    assertThat(Signals.not(says(Verdict.FAIL)).test(NOTHING).verdict()).isEqualTo(Verdict.PASS);
    assertThat(Signals.not(says(Verdict.INCONCLUSIVE)).test(NOTHING).verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
  }

  @Test
  void aPartThatThrowsIsInconclusiveAndTheTextNamesWhatDecided() {
    Condition throwing = evidence -> {
      throw new IllegalStateException("x");
    };
    assertThat(Signals.allOf(throwing, says(Verdict.PASS)).test(NOTHING).verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(Signals.allOf(throwing, says(Verdict.FAIL)).test(NOTHING).text())
        .isEqualTo("says FAIL");
  }

  @Test
  void whatItPrintsIsReadBack() {
    Condition worse = Signals.quality("recall").noWorseThanBaseline(0.02);
    List<Condition> all = List.of(
        Signals.truth().newerThan(Duration.ofHours(6)),
        Signals.traffic().newerThan(Duration.ofMinutes(5)),
        Signals.allOf(worse, Signals.latency().p99AtMost(Duration.ofMillis(20))),
        Signals.anyOf(Signals.features().falseAlarmEvery(1_000_000), worse),
        Signals.atLeast(2, worse, worse, Signals.not(Signals.freshTruths(9))),
        Signals.not(Signals.segment("a,\"b)", "(c").quality("recall").atLeast(0.5)),
        BurnRates.TICKET.excess("accuracy", 0.9, 0.02));
    for (Condition condition : all) {
      assertThat(Signals.parse(condition.toString())).as("%s", condition).isEqualTo(condition);
    }
    assertThat(
            Signals.anyOf(worse, Signals.features().falseAlarmEvery(1_000_000)).watches())
        .hasSize(1);
    assertThat(Signals.allOf(worse, worse).metrics()).hasSize(1);
    assertThatThrownBy(() -> Signals.parse("allOf(quality(\"recal\").atLeast(0.5))"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("recall");
    assertThatThrownBy(() -> Signals.parse("truth().olderThan(1 h)"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("newerThan");
    assertThatThrownBy(() -> Signals.atLeast(3, worse)).hasMessageContainingAll("1 to 1", "3");
    assertThatThrownBy(() -> Signals.allOf()).hasMessageContaining("none");
  }

  /** The page of a release whose truths never came: no truth at all must not read as fresh. */
  @Test
  void aFeedOfTruthsThatIsSilentFailsAlsoIfNoneEverCame() {
    SilenceQuestions truth = Signals.truth();
    Condition fresh = truth.newerThan(Duration.ofHours(6));
    VersionEvidence.Builder section = VersionEvidence.builder("7").served(100, 0);
    assertThat(fresh.test(NOTHING).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(of(fresh, VersionEvidence.builder("7"))).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(of(fresh, section.waiting(0))).as("nothing waits").isEqualTo(Verdict.PASS);
    section.truths(0, 0, 100).waiting(100);
    assertThat(of(fresh, section)).as("it is not known since when").isEqualTo(Verdict.INCONCLUSIVE);
    section.predicted(Duration.ZERO, Duration.ofHours(6));
    assertThat(of(fresh, section)).isEqualTo(Verdict.PASS);
    section.predicted(Duration.ZERO, Duration.ofHours(6).plusNanos(1));
    assertThat(of(fresh, section)).isEqualTo(Verdict.FAIL);
    section.truthAge(Duration.ofHours(5));
    assertThat(of(fresh, section)).isEqualTo(Verdict.PASS);
    section.truthAge(Duration.ofHours(7));
    assertThat(of(fresh, section)).isEqualTo(Verdict.FAIL);

    Condition asked = Signals.traffic().newerThan(Duration.ofMinutes(5));
    assertThat(of(asked, VersionEvidence.builder("7"))).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(of(asked, section)).isEqualTo(Verdict.PASS);
    section.predicted(Duration.ofMinutes(6), Duration.ofHours(7));
    assertThat(of(asked, section)).isEqualTo(Verdict.FAIL);
  }

  private static Verdict of(Condition condition, VersionEvidence.Builder section) {
    return condition
        .test(Evidence.builder("fraud", Instant.EPOCH).champion(section.build()).build())
        .verdict();
  }

  /** promtool: with 90 % as the objective a model that is always wrong never fires the rule of 14.4. */
  @Test
  void aBurnRateThatCanNeverBeReachedIsRefusedWhenBuilt() {
    assertThatThrownBy(() -> BurnRates.PAGE.excess("accuracy", 0.90, 0.10))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("14.4", "never", "accuracy", "0.9");
    Condition page = BurnRates.PAGE.excess("accuracy", 0.90, 0.02);
    assertThat(page.toString())
        .contains("over(\"last 1 h\").noWorseThanBaseline(0.288)")
        .contains("over(\"last 5 min\").noWorseThanBaseline(0.288)")
        .contains("over(\"last 6 h\").noWorseThanBaseline(0.12)")
        .contains("over(\"last 30 min\").noWorseThanBaseline(0.12)");
    assertThatThrownBy(() -> BurnRates.PAGE.excess("accuracy", 0.90, 0))
        .hasMessageContaining("excess");
    for (double tested : new double[] {0, 1.2, -0.1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> BurnRates.PAGE.excess("accuracy", tested, 0.01))
          .hasMessageContainingAll("tested", "" + tested);
    }
    assertThatThrownBy(() -> new BurnRates.Pair(1, Duration.ofMinutes(5), Duration.ofHours(1)))
        .hasMessageContaining("longer");
  }

  /** An error without an end can always grow by the factor; a cost of at most 500 cannot. */
  @Test
  void aHostsMetricBurnsToo() {
    Metric cost = Metric.builder("cost", Task.CLASSIFICATION)
        .unit("EUR")
        .meanOf((said, right) -> 1, 0, 500)
        .build();
    Condition page = BurnRates.PAGE.excess(cost, 100, 20);
    assertThat(page).isEqualTo(Signals.parse(page.toString(), cost));
    assertThat(page.toString()).contains("noWorseThanBaseline(288)");
    assertThatThrownBy(() -> BurnRates.PAGE.excess(cost, 100, 30))
        .hasMessageContainingAll("14.4", "never", "cost", "400.0");
    assertThat(BurnRates.PAGE.excess("mae", 100, 1e6).toString()).contains("14400000");
    assertThatThrownBy(() -> BurnRates.PAGE.excess("mae", -1, 1)).hasMessageContaining("-1");
  }
}
