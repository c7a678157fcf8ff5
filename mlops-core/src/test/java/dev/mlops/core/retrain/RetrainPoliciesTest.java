package dev.mlops.core.retrain;

import static dev.mlops.core.retrain.RetrainPolicies.afterTruths;
import static dev.mlops.core.retrain.RetrainPolicies.followUps;
import static dev.mlops.core.retrain.RetrainPolicies.olderThan;
import static dev.mlops.core.retrain.RetrainPolicies.violated;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.WatchCondition;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainDecision.Outcome;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.testkit.RetrainPolicyContract;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetrainPoliciesTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration DAY = Duration.ofDays(1);
  private static final WatchCondition WORSE =
      Signals.quality("recall").noWorseThanBaseline(0.02).falseAlarmEvery(100_000);

  private static Evidence evidence(Instant at, long matured) {
    return Evidence.builder("fraud", at)
        .champion(VersionEvidence.builder("7").truths(matured, 0, 0).build())
        .build();
  }

  private static Evidence reading(boolean drift) {
    DriftReading.Builder reading = DriftReading.builder(drift ? Level.DRIFT : Level.STABLE)
        .inputs(501)
        .note("loss limit 0.0800");
    if (drift) {
      reading
          .signal(new Signal(Direction.UP, 500, 420, 480, 2e5, 1e5, List.of()))
          .changePosition(1_420);
    }
    return Evidence.builder("fraud", START.plus(DAY))
        .champion(VersionEvidence.builder("7")
            .truths(2_000, 0, 0)
            .drift(WORSE.watch(), reading.build())
            .build())
        .build();
  }

  @Nested
  class OnACondition extends RetrainPolicyContract {
    @Override
    protected RetrainPolicy policy() {
      return violated(WORSE);
    }

    @Override
    protected List<Evidence> evidence() {
      return List.of(reading(true), reading(false));
    }
  }

  @Nested
  class OlderThanADay extends RetrainPolicyContract {
    @Override
    protected RetrainPolicy policy() {
      return olderThan(DAY);
    }

    @Override
    protected List<Evidence> evidence() {
      return List.of(
          RetrainPoliciesTest.evidence(START, 0),
          RetrainPoliciesTest.evidence(START.plus(DAY).minusNanos(1), 0),
          RetrainPoliciesTest.evidence(START.plus(DAY), 0));
    }

    @Override
    protected boolean needsEvidence() {
      return false;
    }
  }

  @Nested
  class AfterAHundredTruths extends RetrainPolicyContract {
    @Override
    protected RetrainPolicy policy() {
      return afterTruths(100);
    }

    @Override
    protected List<Evidence> evidence() {
      return List.of(
          RetrainPoliciesTest.evidence(START, 99), RetrainPoliciesTest.evidence(START, 100));
    }
  }

  @Nested
  class Combined extends RetrainPolicyContract {
    @Override
    protected RetrainPolicy policy() {
      return violated(WORSE)
          .or(olderThan(Duration.ofDays(30)))
          .requiring(Signals.freshTruths(1_000))
          .atMostEvery(DAY);
    }

    @Override
    protected List<Evidence> evidence() {
      return List.of(reading(true), reading(false));
    }
  }

  @Test
  void aConditionDecidesWithItsNumbersAndItsChangePoint() {
    RetrainDecision decision = violated(WORSE).decide(reading(true), RetrainHistory.of(START));
    assertThat(decision.changePosition()).hasValue(1_420);
    assertThat(decision)
        .hasToString(
            "RETRAIN: quality(\"recall\").noWorseThanBaseline(0.02).falseAlarmEvery(100000)"
                + " (DRIFT after 501, drift UP at 500, changed at about 420 (statistic 2.00e+05, threshold 1.00e+05),"
                + " loss limit 0.0800)");
    assertThat(violated(WORSE).decide(reading(false), RetrainHistory.of(START)).outcome())
        .isEqualTo(Outcome.KEEP);
    assertThat(violated(WORSE).watches()).containsExactly(WORSE.watch());
    assertThat(violated(WORSE))
        .hasToString(
            "violated(quality(\"recall\").noWorseThanBaseline(0.02).falseAlarmEvery(100000))");
  }

  @Test
  void aConditionThatThrowsOrAnswersNullIsInconclusive() {
    Condition broken = evidence -> {
      throw new StackOverflowError();
    };
    RetrainDecision decision = violated(broken).decide(reading(true), RetrainHistory.of(START));
    assertThat(decision.outcome()).isEqualTo(Outcome.INCONCLUSIVE);
    assertThat(decision.reason()).isEqualTo("the condition threw java.lang.StackOverflowError");
    assertThat(violated(evidence -> null)
            .decide(reading(true), RetrainHistory.of(START))
            .outcome())
        .isEqualTo(Outcome.INCONCLUSIVE);
  }

  @Test
  void anAgeIsReachedToTheNanosecond() {
    RetrainHistory past = RetrainHistory.of(START);
    assertThat(olderThan(DAY)
            .decide(evidence(START.plus(DAY).minusNanos(1), 0), past)
            .outcome())
        .isEqualTo(Outcome.KEEP);
    assertThat(olderThan(DAY).decide(evidence(START.plus(DAY), 0), past))
        .hasToString("RETRAIN: champion older than 24 h (champion is 24 h old)");
  }

  /** A clock that was years ahead when the champion was made must not keep it young for years. */
  @Test
  void aChampionThatIsDatedAheadIsAsOldAsItIsAhead() {
    RetrainHistory past = RetrainHistory.of(START);
    assertThat(olderThan(DAY)
            .decide(evidence(START.minus(DAY).plusNanos(1), 0), past)
            .outcome())
        .isEqualTo(Outcome.KEEP);
    RetrainDecision ahead =
        olderThan(DAY).decide(evidence(START.minus(Duration.ofDays(3_650)), 0), past);
    assertThat(ahead.outcome()).isEqualTo(Outcome.RETRAIN);
    assertThat(ahead.reason()).contains("3650 d ahead");
  }

  @Test
  void truthsCountSinceTheNewestCandidateOverAllVersions() {
    RetrainHistory past = RetrainHistory.builder(START).candidate(START, 70_500).build();
    Evidence promoted = Evidence.builder("fraud", START)
        .champion(VersionEvidence.builder("8").truths(60, 0, 0).build())
        .matured(600)
        .position(70_599)
        .build();
    assertThat(afterTruths(100).decide(promoted, past))
        .hasToString(
            "KEEP: after 100 outcomes (99 outcomes have matured since the newest candidate)");
    assertThat(afterTruths(99).decide(promoted, past).outcome()).isEqualTo(Outcome.RETRAIN);
  }

  @Test
  void truthsCountFromTheBeginningWithoutACandidate() {
    assertThat(afterTruths(100)
            .decide(evidence(START, 99), RetrainHistory.of(START))
            .reason())
        .isEqualTo("99 outcomes have matured since the beginning");
    assertThat(afterTruths(100)
            .decide(evidence(START, 100), RetrainHistory.of(START))
            .outcome())
        .isEqualTo(Outcome.RETRAIN);
  }

  /** A position of an earlier life of the monitor lies far from those of this one. */
  @Test
  void truthsOfAMonitorOpenedAfterTheCandidateCountFromItsOpening() {
    RetrainHistory past =
        RetrainHistory.builder(START).candidate(START, 1L << 40).build();
    assertThat(afterTruths(100).decide(evidence(START, 99), past).outcome())
        .isEqualTo(Outcome.KEEP);
    assertThat(afterTruths(100).decide(evidence(START, 100), past).outcome())
        .isEqualTo(Outcome.RETRAIN);
  }

  @Test
  void aFollowUpIsDueOnceTheOutcomesHaveTripledUntilTheyFillTheWindow() {
    RetrainHistory.Builder past = RetrainHistory.builder(START);
    Evidence now = evidence(START, 0);
    assertThat(followUps().decide(now, past.end(900).build()).outcome())
        .as("no change")
        .isEqualTo(Outcome.KEEP);
    past.candidate(START, 300).change(200, 100);
    assertThat(followUps().decide(now, past.end(499).build()).outcome()).isEqualTo(Outcome.KEEP);
    RetrainDecision due = followUps().decide(now, past.end(500).build());
    assertThat(due.retrain()).isTrue();
    assertThat(due.followUp()).isTrue();
    assertThat(due.changePosition()).hasValue(200);
    assertThat(due.reason()).isEqualTo("300 outcomes since the change, 100 at the last candidate");
    past.longestWindow(300);
    assertThat(followUps().decide(now, past.build()).retrain()).isTrue();
    assertThat(followUps().decide(now, past.longestWindow(299).build()).outcome())
        .as("more would not be used")
        .isEqualTo(Outcome.KEEP);
    assertThat(followUps().decide(now, past.build()).reason())
        .contains("300 outcomes since the change", "a window holds 299");
    assertThat(followUps().decide(now, past.longestWindow(300).build()).reason())
        .doesNotContain("a window holds");
    RetrainHistory huge = RetrainHistory.builder(START)
        .candidate(START, Long.MAX_VALUE / 2)
        .change(0, Long.MAX_VALUE / 2)
        .end(Long.MAX_VALUE)
        .build();
    assertThat(followUps().decide(now, huge).outcome())
        .as("three times as many are more than can be counted")
        .isEqualTo(Outcome.KEEP);
  }

  @Test
  void aCooldownCoversFollowUpsAndKeepsThatTheyAreSome() {
    RetrainPolicy policy = violated(WORSE).or(followUps()).atMostEvery(DAY);
    RetrainHistory past = RetrainHistory.builder(START)
        .candidate(START, 300)
        .change(200, 100)
        .end(500)
        .build();
    RetrainDecision resting = policy.decide(evidence(START.plus(DAY).minusNanos(1), 0), past);
    assertThat(resting.outcome()).isEqualTo(Outcome.SUPPRESSED);
    assertThat(resting.followUp()).isFalse();
    RetrainDecision due = policy.decide(evidence(START.plus(DAY), 0), past);
    assertThat(due.retrain()).isTrue();
    assertThat(due.followUp()).isTrue();
    assertThat(due.changePosition()).hasValue(200);
  }

  /** A change that was just found counts before the one that more rows have come of. */
  @Test
  void theChangeOfAFollowUpCountsOnlyWhereThereIsNoOther() {
    RetrainHistory past = RetrainHistory.of(START);
    RetrainPolicy followUp =
        (now, history) -> says(Outcome.RETRAIN, 5).decide(now, history).asFollowUp();
    assertThat(
            followUp.or(says(Outcome.RETRAIN, 7)).decide(reading(false), past).changePosition())
        .hasValue(7);
    assertThat(followUp.or(says(Outcome.KEEP, 7)).decide(reading(false), past).changePosition())
        .hasValue(5);
  }

  @Test
  void refusesWhatCannotBe() {
    assertThatThrownBy(() -> olderThan(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("age must be longer than zero, but was 0 s");
    assertThatThrownBy(() -> afterTruths(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("be >= 1", "was 0", "outcomes");
    assertThatThrownBy(() -> olderThan(DAY).atMostEvery(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("gap must be longer than zero, but was 0 s");
  }

  /** A policy that says what it is told. */
  private static RetrainPolicy says(Outcome outcome, long changePosition) {
    return (now, past) -> RetrainDecision.of(outcome, "told", "0").changedAt(changePosition);
  }

  /** The whole table: or is the most urgent, and the most reluctant; both are symmetric. */
  @ParameterizedTest
  @CsvSource({
    "RETRAIN, RETRAIN, RETRAIN, RETRAIN",
    "RETRAIN, KEEP, RETRAIN, KEEP",
    "RETRAIN, SUPPRESSED, RETRAIN, SUPPRESSED",
    "RETRAIN, INCONCLUSIVE, RETRAIN, INCONCLUSIVE",
    "KEEP, KEEP, KEEP, KEEP",
    "KEEP, SUPPRESSED, SUPPRESSED, KEEP",
    "KEEP, INCONCLUSIVE, INCONCLUSIVE, KEEP",
    "SUPPRESSED, SUPPRESSED, SUPPRESSED, SUPPRESSED",
    "SUPPRESSED, INCONCLUSIVE, SUPPRESSED, SUPPRESSED",
    "INCONCLUSIVE, INCONCLUSIVE, INCONCLUSIVE, INCONCLUSIVE"
  })
  void orAndAnd(Outcome one, Outcome other, Outcome either, Outcome both) {
    Evidence now = reading(false);
    RetrainHistory past = RetrainHistory.of(START);
    assertThat(says(one, 7).or(says(other, 5)).decide(now, past).outcome()).isEqualTo(either);
    assertThat(says(other, 7).or(says(one, 5)).decide(now, past).outcome()).isEqualTo(either);
    assertThat(says(one, 7).and(says(other, 5)).decide(now, past).outcome()).isEqualTo(both);
    assertThat(says(other, 7).and(says(one, 5)).decide(now, past).outcome()).isEqualTo(both);
  }

  @Test
  void theChangePointIsTheEarliestOfThePartsThatRetrain() {
    Evidence now = reading(false);
    RetrainHistory past = RetrainHistory.of(START);
    assertThat(says(Outcome.RETRAIN, 7)
            .or(says(Outcome.RETRAIN, 5))
            .requiring(evidence -> Finding.pass("fine"))
            .atMostEvery(DAY)
            .decide(now, past)
            .changePosition())
        .hasValue(5);
    assertThat(
            says(Outcome.RETRAIN, 7).or(says(Outcome.KEEP, 5)).decide(now, past).changePosition())
        .hasValue(7);
    assertThat(says(Outcome.KEEP, 7).or(says(Outcome.KEEP, 5)).decide(now, past).changePosition())
        .isEmpty();
  }

  @Test
  void aRequirementThatNobodyCanTellIsNoLeave() {
    Evidence now = reading(true);
    RetrainHistory past = RetrainHistory.of(START);
    for (Verdict verdict : Verdict.values()) {
      Condition condition = evidence -> Finding.of(verdict, "told");
      assertThat(violated(WORSE).requiring(condition).decide(now, past).outcome())
          .isEqualTo(
              switch (verdict) {
                case PASS -> Outcome.RETRAIN;
                case FAIL -> Outcome.SUPPRESSED;
                case INCONCLUSIVE -> Outcome.INCONCLUSIVE;
              });
      assertThat(
              violated(WORSE).requiring(condition).decide(reading(false), past).outcome())
          .isEqualTo(Outcome.KEEP);
    }
  }

  @Test
  void theCooldownCoversACandidateThatCameToNothing() {
    RetrainPolicy policy = violated(WORSE).atMostEvery(DAY);
    // The champion is the old one: the candidate failed its gate or was kept back.
    RetrainHistory failed =
        RetrainHistory.builder(START).candidate(START.plus(DAY).minusSeconds(1)).build();
    assertThat(policy.decide(reading(true), failed).outcome()).isEqualTo(Outcome.SUPPRESSED);
    assertThat(policy.decide(reading(true), failed).changePosition()).isEmpty();
    RetrainHistory longAgo = RetrainHistory.builder(START).candidate(START).build();
    assertThat(policy.decide(reading(true), longAgo).outcome()).isEqualTo(Outcome.RETRAIN);
    assertThat(policy.decide(reading(false), failed).outcome())
        .as("no reason is no suppressed reason")
        .isEqualTo(Outcome.KEEP);
  }

  @Test
  void combinationsReadAndSayWhatTheirPartsDo() {
    RetrainPolicy policy =
        olderThan(DAY).or(violated(WORSE)).requiring(Signals.freshTruths(10)).atMostEvery(DAY);
    assertThat(policy.watches()).containsExactly(WORSE.watch());
    assertThat(policy)
        .hasToString(
            "(champion older than 24 h or violated(quality(\"recall\").noWorseThanBaseline(0.02)"
                + ".falseAlarmEvery(100000))) requiring freshTruths(10) at most every 24 h");
  }
}
