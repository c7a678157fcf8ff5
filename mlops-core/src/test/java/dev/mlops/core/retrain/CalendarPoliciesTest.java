package dev.mlops.core.retrain;

import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.core.retrain.RetrainPolicies.afterTruths;
import static dev.mlops.core.retrain.RetrainPolicies.atLeast;
import static dev.mlops.core.retrain.RetrainPolicies.avoidableErrors;
import static dev.mlops.core.retrain.RetrainPolicies.not;
import static dev.mlops.core.retrain.RetrainPolicies.olderThan;
import static dev.mlops.core.retrain.RetrainPolicies.on;
import static dev.mlops.core.retrain.RetrainPolicies.paysOff;
import static dev.mlops.core.retrain.RetrainPolicies.violated;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.retrain.Blackout;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainDecision.Outcome;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.testkit.RetrainPolicyContract;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CalendarPoliciesTest {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration DAY = Duration.ofDays(1);

  private static Evidence at(String instant) {
    return Evidence.builder("fraud", Instant.parse(instant)).build();
  }

  private static Evidence at(Instant instant) {
    return at(instant.toString());
  }

  /** Begins a candidate whenever the policy says so, asked every ten minutes; tells when. */
  private static List<String> run(RetrainPolicy policy, String from, String to) {
    RetrainHistory history = RetrainHistory.of(Instant.parse(from));
    List<String> begun = new ArrayList<>();
    for (Instant now = Instant.parse(from);
        !now.isAfter(Instant.parse(to));
        now = now.plus(Duration.ofMinutes(10))) {
      if (policy.decide(at(now), history).retrain()) {
        begun.add(now.toString());
        history =
            history.toBuilder().candidate(now).ended(RetrainHistory.Result.KEPT).build();
      }
    }
    return begun;
  }

  /** In Berlin the clock goes from 02:00 to 03:00 on 2026-03-29 and from 03:00 back to 02:00 on 2026-10-25. */
  @ParameterizedTest
  @CsvSource({
    "02:30, 2026-03-27T00:00:00Z, 2026-03-30T23:00:00Z,"
        + " 2026-03-27T01:30:00Z 2026-03-28T01:30:00Z 2026-03-29T01:30:00Z 2026-03-30T00:30:00Z",
    "03:00, 2026-03-28T00:00:00Z, 2026-03-30T23:00:00Z,"
        + " 2026-03-28T02:00:00Z 2026-03-29T01:00:00Z 2026-03-30T01:00:00Z",
    "02:30, 2026-10-24T00:00:00Z, 2026-10-26T23:00:00Z,"
        + " 2026-10-24T00:30:00Z 2026-10-25T00:30:00Z 2026-10-26T01:30:00Z",
    "00:00, 2026-10-24T00:00:00Z, 2026-10-26T22:00:00Z, 2026-10-24T22:00:00Z 2026-10-25T23:00:00Z"
  })
  void eachDayHasOneTimeAlsoWhereTheClockIsChanged(
      LocalTime time, String from, String to, String wanted) {
    assertThat(run(on(Schedule.daily(time, BERLIN)), from, to)).containsExactly(wanted.split(" "));
  }

  @Test
  void missedTimesCollapseIntoOne() {
    RetrainPolicy daily = on(Schedule.daily(LocalTime.of(3, 0), ZoneId.of("UTC")));
    RetrainHistory history = RetrainHistory.builder(START)
        .candidate(Instant.parse("2026-01-02T03:00:00Z"))
        .build();

    RetrainDecision late = daily.decide(at("2026-01-09T11:00:00Z"), history);
    assertThat(late.outcome()).isEqualTo(Outcome.RETRAIN);
    assertThat(late.reason()).contains("2026-01-09T03:00:00Z", "2026-01-02T03:00:00Z");

    RetrainHistory caughtUp =
        history.toBuilder().candidate(Instant.parse("2026-01-09T11:00:00Z")).build();
    RetrainDecision then = daily.decide(at("2026-01-09T11:01:00Z"), caughtUp);
    assertThat(then.outcome()).isEqualTo(Outcome.KEEP);
    assertThat(then.reason()).contains("next at 2026-01-10T03:00:00Z");
  }

  /** A candidate that a wrong clock dated ahead does not silence the schedule until then. */
  @Test
  void whatIsDatedAheadCountsForNothing() {
    RetrainPolicy daily = on(Schedule.daily(LocalTime.of(3, 0), ZoneId.of("UTC")));
    RetrainHistory ahead = RetrainHistory.builder(START)
        .candidate(Instant.parse("2031-01-01T00:00:00Z"))
        .build();

    assertThat(daily.decide(at("2026-01-05T00:00:00Z"), ahead).outcome())
        .isEqualTo(Outcome.RETRAIN);
    assertThat(daily
            .decide(
                at("2026-01-05T00:00:00Z"),
                RetrainHistory.of(Instant.parse("2031-01-01T00:00:00Z")))
            .outcome())
        .isEqualTo(Outcome.RETRAIN);
  }

  @Test
  void weeksMonthsAndEqualDistances() {
    ZoneId utc = ZoneId.of("UTC");
    assertThat(run(
            on(Schedule.weekly(DayOfWeek.SUNDAY, LocalTime.of(4, 0), utc)),
            "2026-01-01T00:00:00Z",
            "2026-01-20T00:00:00Z"))
        .containsExactly("2026-01-04T04:00:00Z", "2026-01-11T04:00:00Z", "2026-01-18T04:00:00Z");
    assertThat(run(
            on(Schedule.monthly(31, LocalTime.MIDNIGHT, utc)),
            "2026-01-01T00:00:00Z",
            "2026-04-30T12:00:00Z"))
        .containsExactly(
            "2026-01-31T00:00:00Z",
            "2026-02-28T00:00:00Z",
            "2026-03-31T00:00:00Z",
            "2026-04-30T00:00:00Z");
    Schedule sixHours = Schedule.every(Duration.ofHours(6), Instant.parse("2026-02-01T01:00:00Z"));
    assertThat(run(on(sixHours), "2026-01-01T00:00:00Z", "2026-01-01T20:00:00Z"))
        .containsExactly(
            "2026-01-01T01:00:00Z",
            "2026-01-01T07:00:00Z",
            "2026-01-01T13:00:00Z",
            "2026-01-01T19:00:00Z");
    assertThat(sixHours.newest(Instant.parse("2026-02-01T01:00:00Z")))
        .contains(Instant.parse("2026-02-01T01:00:00Z"));
    assertThat(Schedule.daily(LocalTime.NOON, utc).newest(Instant.MAX)).isEmpty();
    assertThat(Schedule.daily(LocalTime.NOON, utc).next(Instant.MIN)).isEmpty();
    assertThatThrownBy(() -> Schedule.monthly(32, LocalTime.NOON, utc)).hasMessageContaining("32");
    assertThatThrownBy(() -> Schedule.every(Duration.ofSeconds(59), START))
        .hasMessageContaining("59");
  }

  /** A clock that was wrong once dated a candidate ahead: the schedule goes on by the champion. */
  @Test
  void aCandidateThatIsDatedAheadSaysNothing() {
    RetrainPolicy policy = on(Schedule.daily(LocalTime.of(9, 0), BERLIN));
    Instant tenth = Instant.parse("2026-01-10T12:00:00Z");
    RetrainHistory ahead = RetrainHistory.builder(tenth.minus(DAY.multipliedBy(5)))
        .candidate(tenth.plusSeconds(1))
        .build();
    RetrainDecision due = policy.decide(at(tenth), ahead);
    assertThat(due.outcome()).isEqualTo(Outcome.RETRAIN);
    assertThat(due.reason()).contains("no candidate, champion since 2026-01-05T12:00:00Z");
    RetrainHistory now = RetrainHistory.builder(tenth.minus(DAY.multipliedBy(5)))
        .candidate(tenth)
        .build();
    assertThat(policy.decide(at(tenth), now).reason())
        .contains("last candidate at 2026-01-10T12:00:00Z", "next at 2026-01-11T08:00:00Z");
  }

  @Test
  void aBlackoutHoldsBackAndTellsUntilWhen() {
    Blackout work = Blackout.daily(LocalTime.of(8, 0), LocalTime.of(18, 0), BERLIN);
    RetrainPolicy policy = on(Schedule.daily(LocalTime.of(9, 0), BERLIN)).notDuring(work);

    RetrainDecision held = policy.decide(at("2026-01-05T09:00:00Z"), RetrainHistory.of(START));
    assertThat(held.outcome()).isEqualTo(Outcome.SUPPRESSED);
    assertThat(held.reason()).contains("until 2026-01-05T17:00:00Z");
    assertThat(held.parts().get(0).outcome()).isEqualTo(Outcome.RETRAIN);
    // It is due still when the blackout ends.
    assertThat(run(policy, "2026-01-05T00:00:00Z", "2026-01-07T00:00:00Z"))
        .containsExactly("2026-01-05T17:00:00Z", "2026-01-06T17:00:00Z");
    assertThat(policy)
        .hasToString(
            "every day at 09:00 Europe/Berlin not during daily from 08:00 to 18:00 Europe/Berlin");
  }

  @ParameterizedTest
  @CsvSource({
    "2026-01-02T21:59:59Z, ",
    "2026-01-02T22:00:00Z, 2026-01-05T06:00:00Z",
    "2026-01-05T05:59:59Z, 2026-01-05T06:00:00Z",
    "2026-01-05T06:00:00Z, ",
    "2026-12-24T12:00:00Z, 2026-12-28T06:00:00Z",
    "2026-12-23T23:30:00Z, 2026-12-28T06:00:00Z"
  })
  void endsOfBlackouts(Instant now, Instant end) {
    ZoneId utc = ZoneId.of("UTC");
    // Weekends, nights, and Christmas, whose end runs into a weekend.
    Blackout all = Blackout.weekly(
            DayOfWeek.FRIDAY, LocalTime.of(22, 0), DayOfWeek.MONDAY, LocalTime.of(6, 0), utc)
        .and(Blackout.dates(LocalDate.of(2026, 12, 24), LocalDate.of(2026, 12, 26), utc))
        .and(Blackout.dates(LocalDate.of(2026, 12, 23), LocalDate.of(2026, 12, 23), utc));
    if (end == null) {
      assertThat(all.endOf(now)).isEmpty();
    } else {
      assertThat(all.endOf(now)).contains(end);
    }
    assertThat(all.endOf(Instant.MAX)).isEmpty();
    Blackout nights = Blackout.daily(LocalTime.of(22, 0), LocalTime.of(6, 0), utc);
    assertThat(nights.endOf(Instant.parse("2026-03-03T23:00:00Z")))
        .contains(Instant.parse("2026-03-04T06:00:00Z"));
    assertThat(nights.endOf(Instant.parse("2026-03-04T05:00:00Z")))
        .contains(Instant.parse("2026-03-04T06:00:00Z"));
    assertThat(Blackout.daily(LocalTime.NOON, LocalTime.NOON, utc).endOf(START))
        .contains(Instant.MAX);
    assertThatThrownBy(
            () -> Blackout.dates(LocalDate.of(2026, 2, 2), LocalDate.of(2026, 2, 1), utc))
        .hasMessageContaining("2026-02-01 is before 2026-02-02");
  }

  @Test
  void aBudgetCountsWhatWasBegun() {
    RetrainPolicy policy = olderThan(Duration.ofMinutes(1)).atMost(3, DAY);
    assertThat(run(policy, "2026-01-01T00:00:00Z", "2026-01-02T01:00:00Z"))
        .containsExactly(
            "2026-01-01T00:10:00Z",
            "2026-01-01T00:20:00Z",
            "2026-01-01T00:30:00Z",
            "2026-01-02T00:10:00Z",
            "2026-01-02T00:20:00Z",
            "2026-01-02T00:30:00Z");
    RetrainHistory spent = RetrainHistory.builder(START)
        .candidate(START.plusSeconds(60))
        .candidate(START.plusSeconds(120))
        .candidate(START.plusSeconds(180))
        .build();
    RetrainDecision decision = policy.decide(at(START.plusSeconds(240)), spent);
    assertThat(decision.outcome()).isEqualTo(Outcome.SUPPRESSED);
    assertThat(decision.toString())
        .contains("at most 3 candidates in 24 h", "3 in the last", "2026-01-01T00:01:00Z");
    assertThatThrownBy(() -> policy.atMost(101, DAY)).hasMessageContaining("101");
    assertThatThrownBy(() -> policy.atMost(1, Duration.ZERO)).hasMessageContaining("0");
  }

  /** .70 asks for a candidate, and for the next one only after .75 held; a number that stays near .70 is one candidate. */
  @Test
  void aNumberNearItsLimitAsksForOneCandidateUntilItHasRecovered() {
    Condition recovered = quality("accuracy").atLeast(0.75);
    RetrainPolicy policy = violated(quality("accuracy").atLeast(0.70)).recoveringWhen(recovered);
    assertThat(policy.or(afterTruths(10)).atMostEvery(DAY).recoveries()).containsExactly(recovered);
    assertThat(not(policy).recoveries()).containsExactly(recovered);
    assertThat(atLeast(1, afterTruths(10), policy).recoveries()).containsExactly(recovered);
    assertThat(policy.expressions()).hasSize(2);
    RetrainHistory history = RetrainHistory.of(START);
    assertThat(policy.decide(accuracy(720, 1_000), history).outcome()).isEqualTo(Outcome.KEEP);
    RetrainDecision first = policy.decide(accuracy(600, 1_000), history);
    assertThat(first.outcome()).isEqualTo(Outcome.RETRAIN);
    Instant begun = START.plus(DAY).minusSeconds(60);

    RetrainHistory running = history.toBuilder().candidate(begun).build();
    RetrainHistory kept = running.toBuilder().ended(RetrainHistory.Result.KEPT).build();
    for (RetrainHistory answered : List.of(running, kept)) {
      RetrainDecision again = policy.decide(accuracy(600, 1_000), answered);
      assertThat(again.outcome()).isEqualTo(Outcome.SUPPRESSED);
      assertThat(again.reason()).contains(begun.toString(), "no PASS since");
    }
    RetrainHistory early = kept.toBuilder().passed(recovered, begun).build();
    assertThat(policy.decide(accuracy(600, 1_000), early).outcome())
        .as("a pass before the candidate says nothing of it")
        .isEqualTo(Outcome.SUPPRESSED);
    RetrainHistory passed =
        kept.toBuilder().passed(recovered, begun.plusSeconds(1)).build();
    assertThat(policy.decide(accuracy(600, 1_000), passed).outcome()).isEqualTo(Outcome.RETRAIN);
    assertThat(policy.decide(accuracy(800, 1_000), passed).outcome()).isEqualTo(Outcome.KEEP);

    assertThat(policy
            .decide(
                accuracy(600, 1_000),
                running.toBuilder().ended(RetrainHistory.Result.FAILED).build())
            .outcome())
        .as("a candidate that failed has answered nothing")
        .isEqualTo(Outcome.RETRAIN);
    RetrainHistory failed = kept.toBuilder()
        .candidate(begun.plusSeconds(30))
        .ended(RetrainHistory.Result.FAILED)
        .build();
    RetrainHistory twice = failed.toBuilder()
        .candidate(begun.plusSeconds(40))
        .ended(RetrainHistory.Result.ABANDONED)
        .build();
    for (RetrainHistory later : List.of(failed, twice)) {
      assertThat(later.lastJudged()).hasValue(begun);
      assertThat(policy.decide(accuracy(600, 1_000), later).outcome())
          .as("nor has it taken back what the one before it answered")
          .isEqualTo(Outcome.SUPPRESSED);
    }
    assertThat(policy
            .decide(
                accuracy(600, 1_000),
                kept.toBuilder().championSince(begun.plusSeconds(1)).build())
            .outcome())
        .as("another champion")
        .isEqualTo(Outcome.RETRAIN);
    RetrainHistory promoted = running.toBuilder()
        .ended(RetrainHistory.Result.PROMOTED)
        .championSince(begun)
        .build();
    for (RetrainHistory anew : List.of(
        promoted,
        promoted.toBuilder()
            .candidate(begun.plusSeconds(1))
            .ended(RetrainHistory.Result.FAILED)
            .build())) {
      assertThat(policy.decide(accuracy(600, 1_000), anew).outcome())
          .as("a champion that was published in the instant in which it was begun")
          .isEqualTo(Outcome.RETRAIN);
    }
    assertThat(policy
            .decide(
                accuracy(600, 1_000),
                history.toBuilder()
                    .candidate(START.plus(DAY.multipliedBy(3_650)))
                    .ended(RetrainHistory.Result.KEPT)
                    .build())
            .outcome())
        .as("a candidate that a wrong clock dated ahead")
        .isEqualTo(Outcome.RETRAIN);
  }

  private static final Schema SCHEMA =
      Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION);

  /** Of 2,000 test rows 95 % are right, of the newest n truths a given number. */
  private static Evidence accuracy(long right, long n) {
    return Evidence.builder("fraud", START.plus(DAY))
        .champion(VersionEvidence.builder("7")
            .baseline(Baseline.builder(SCHEMA)
                .quality(Metric.ACCURACY, Estimate.share(1_900, 2_000))
                .build())
            .quality(Metric.ACCURACY, Estimate.share(right, n))
            .truths(5_000, 0, 0)
            .build())
        .build();
  }

  /** .05 wrong as tested, .15 of 1,000 live: by Wilson's interval at least .1293, so .0793 more a row. */
  @Test
  void aTrainingIsPaidForByWhatItSaves() {
    Evidence worse = accuracy(850, 1_000);
    RetrainHistory past = RetrainHistory.of(START);
    double gain = Estimate.share(150, 1_000).lower() - 0.05;

    assertThat(paysOff(Metric.ACCURACY, 5, 5 * gain * 10_000 * 0.999, 10_000)
            .decide(worse, past)
            .outcome())
        .isEqualTo(Outcome.RETRAIN);
    RetrainDecision kept =
        paysOff(Metric.ACCURACY, 5, 5 * gain * 10_000 * 1.001, 10_000).decide(worse, past);
    assertThat(kept.outcome()).isEqualTo(Outcome.KEEP);
    assertThat(kept.reason()).contains("accuracy 0.85", "0.950 tested", "in 10000 rows");
    assertThat(paysOff(Metric.ACCURACY, 5, 1, 10_000)
            .decide(accuracy(93, 100), past)
            .outcome())
        .as("93 of 100 may be as good as tested")
        .isEqualTo(Outcome.KEEP);
    assertThat(paysOff(Metric.ACCURACY, 5, 1, 10_000).decide(at(START), past).outcome())
        .isEqualTo(Outcome.INCONCLUSIVE);
    RetrainDecision noLoss = paysOff(Metric.F1, 5, 1, 10_000)
        .decide(
            Evidence.builder("fraud", START)
                .champion(VersionEvidence.builder("7")
                    .baseline(Baseline.builder(SCHEMA)
                        .quality(Metric.F1, Estimate.share(9, 10))
                        .build())
                    .quality(Metric.F1, Estimate.share(5, 10))
                    .build())
                .build(),
            past);
    assertThat(noLoss.outcome()).isEqualTo(Outcome.INCONCLUSIVE);
    assertThat(noLoss.reason()).contains("f1 has no loss per row");
    assertThat(paysOff(Metric.ACCURACY, 5, 1, 10_000).metrics()).containsExactly(Metric.ACCURACY);
    assertThatThrownBy(() -> paysOff(Metric.ACCURACY, 0, 1, 1)).hasMessageContaining("0.0");
    assertThatThrownBy(() -> paysOff(Metric.ACCURACY, 1, Double.NaN, 1))
        .hasMessageContaining("NaN");
    assertThatThrownBy(() -> paysOff(Metric.ACCURACY, 1, 1, 0)).hasMessageContaining("0");
  }

  /** 100 more wrong ones than tested among 1,000. */
  @Test
  void avoidableErrorsAreThoseBeyondTheTestPhase() {
    RetrainHistory past = RetrainHistory.of(START);
    assertThat(avoidableErrors(99.9).decide(accuracy(850, 1_000), past).outcome())
        .isEqualTo(Outcome.RETRAIN);
    assertThat(avoidableErrors(100.1).decide(accuracy(850, 1_000), past).outcome())
        .isEqualTo(Outcome.KEEP);
    assertThat(avoidableErrors(1).decide(accuracy(990, 1_000), past).outcome())
        .isEqualTo(Outcome.KEEP);
    assertThat(avoidableErrors(1).decide(at(START), past).outcome())
        .isEqualTo(Outcome.INCONCLUSIVE);
    // 10 outcomes since the candidate: one of them is an error too many.
    RetrainHistory fresh = RetrainHistory.builder(START)
        .candidate(START, accuracy(850, 1_000).position() - 10)
        .build();
    assertThat(avoidableErrors(2).decide(accuracy(850, 1_000), fresh).outcome())
        .isEqualTo(Outcome.KEEP);
  }

  private static RetrainPolicy says(Outcome outcome) {
    return (now, past) -> RetrainDecision.of(outcome, "scripted", "");
  }

  @ParameterizedTest
  @CsvSource({
    "2, RETRAIN, RETRAIN, KEEP, RETRAIN",
    "2, RETRAIN, KEEP, KEEP, KEEP",
    "2, RETRAIN, SUPPRESSED, KEEP, SUPPRESSED",
    "2, RETRAIN, INCONCLUSIVE, KEEP, INCONCLUSIVE",
    "3, RETRAIN, SUPPRESSED, INCONCLUSIVE, INCONCLUSIVE",
    "1, KEEP, KEEP, RETRAIN, RETRAIN",
    "3, RETRAIN, RETRAIN, RETRAIN, RETRAIN"
  })
  void soManyOfSeveral(int wanted, Outcome a, Outcome b, Outcome c, Outcome result) {
    RetrainDecision decision =
        atLeast(wanted, says(a), says(b), says(c)).decide(at(START), RetrainHistory.of(START));
    assertThat(decision.outcome()).isEqualTo(result);
    assertThat(decision.parts()).hasSize(3);
  }

  @ParameterizedTest
  @CsvSource({
    "RETRAIN, KEEP",
    "KEEP, RETRAIN",
    "SUPPRESSED, SUPPRESSED",
    "INCONCLUSIVE, INCONCLUSIVE"
  })
  void whatIsNotKnownIsNotKnownTheOtherWayRound(Outcome one, Outcome other) {
    assertThat(not(says(one)).decide(at(START), RetrainHistory.of(START)).outcome())
        .isEqualTo(other);
  }

  @Test
  void aNumberOfPoliciesThatCannotAgreeIsRefused() {
    assertThatThrownBy(() -> atLeast(2, says(Outcome.KEEP)))
        .hasMessageContaining("from 1 to 1")
        .hasMessageContaining("2");
    assertThatThrownBy(() -> atLeast(0, says(Outcome.KEEP))).hasMessageContaining("0");
  }

  @Nested
  class OnASchedule extends RetrainPolicyContract {
    @Override
    protected RetrainPolicy policy() {
      return on(Schedule.daily(LocalTime.of(3, 0), BERLIN))
          .notDuring(Blackout.dates(LocalDate.of(2026, 1, 3), LocalDate.of(2026, 1, 3), BERLIN))
          .atMost(3, DAY);
    }

    @Override
    protected List<Evidence> evidence() {
      return List.of(
          at("2026-01-01T00:00:00Z"), at("2026-01-02T10:00:00Z"), at("2026-01-03T10:00:00Z"));
    }

    @Override
    protected boolean needsEvidence() {
      return false;
    }
  }

  @Nested
  class ThatPaysOff extends RetrainPolicyContract {
    @Override
    protected RetrainPolicy policy() {
      return atLeast(
          2, paysOff(Metric.ACCURACY, 1, 50, 10_000), avoidableErrors(50), afterTruths(1_000_000));
    }

    @Override
    protected List<Evidence> evidence() {
      return List.of(accuracy(850, 1_000), accuracy(950, 1_000));
    }
  }

  @Nested
  class ThatRecovers extends RetrainPolicyContract {
    @Override
    protected RetrainPolicy policy() {
      return violated(quality("accuracy").atLeast(0.7))
          .recoveringWhen(quality("accuracy").atLeast(0.75));
    }

    @Override
    protected List<Evidence> evidence() {
      return List.of(accuracy(650, 1_000), accuracy(720, 1_000), accuracy(800, 1_000));
    }
  }
}
