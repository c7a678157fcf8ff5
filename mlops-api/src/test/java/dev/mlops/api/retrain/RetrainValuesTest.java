package dev.mlops.api.retrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.retrain.RetrainHistory.Result;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class RetrainValuesTest {
  private static final Instant AT = Instant.parse("2026-01-05T12:00:00Z"); // a Monday
  private static final ZoneId UTC = ZoneId.of("UTC");
  private static final Condition RECALL = Signals.quality("recall").atLeast(0.7);
  private static final Duration DAY = Duration.ofDays(1);

  private static Evidence at(Instant now) {
    return Evidence.builder("fraud", now).build();
  }

  private static RetrainPolicy says(RetrainDecision.Outcome outcome) {
    return (now, past) -> RetrainDecision.of(outcome, "scripted", "");
  }

  private static final RetrainPolicy ALWAYS = says(RetrainDecision.Outcome.RETRAIN);

  private static RetrainHistory.Builder history() {
    return RetrainHistory.builder(AT)
        .candidate(AT.plusSeconds(60), 900)
        .ended(Result.KEPT)
        .change(300, 100)
        .begunFor(AT.plusSeconds(60), 300)
        .end(1_000)
        .longestWindow(5_000)
        .passed(RECALL, AT.plusSeconds(90));
  }

  @Test
  void aHistoryTellsAllThatWasSaid() {
    RetrainHistory past = history().build();
    assertThat(past.championSince()).isEqualTo(AT);
    assertThat(past.candidates()).isEqualTo(1);
    assertThat(past.recentCandidates()).containsExactly(AT.plusSeconds(60));
    assertThat(past.recentChanges()).containsExactly(AT.plusSeconds(60));
    assertThat(past.lastCandidate()).contains(AT.plusSeconds(60));
    assertThat(past.lastPosition()).hasValue(900);
    assertThat(past.lastResult()).contains(Result.KEPT);
    assertThat(past.lastJudged()).contains(AT.plusSeconds(60));
    assertThat(past.change()).hasValue(300);
    assertThat(past.outcomesSinceChange()).hasValue(700);
    assertThat(past.outcomesSinceChangeThen()).hasValue(100);
    assertThat(past.longestWindow()).hasValue(5_000);
    assertThat(past.passed(RECALL)).contains(AT.plusSeconds(90));
    assertThat(past)
        .hasToString("champion since 2026-01-05T12:00:00Z, 1 candidates, the newest at"
            + " 2026-01-05T12:01:00Z KEPT, change at 300, outcomes up to 1000");
    assertThat(past.championAge(AT.plus(DAY))).isEqualTo(DAY);
    assertThat(past.championAge(AT.minus(DAY))).as("dated ahead").isEqualTo(DAY);

    RetrainHistory none = RetrainHistory.of(AT);
    assertThat(none.lastCandidate()).isEmpty();
    assertThat(none.lastPosition()).isEmpty();
    assertThat(none.lastResult()).isEmpty();
    assertThat(none.lastJudged()).isEmpty();
    assertThat(none.change()).isEmpty();
    assertThat(none.outcomesSinceChange()).isEmpty();
    assertThat(none.outcomesSinceChangeThen()).isEmpty();
    assertThat(none.longestWindow()).isEmpty();
    assertThat(none.passed(RECALL)).isEmpty();
    assertThat(none).hasToString("champion since 2026-01-05T12:00:00Z, 0 candidates");
    RetrainHistory forgotten = history().noChange().build();
    assertThat(forgotten.change()).isEmpty();
    assertThat(forgotten.outcomesSinceChange()).isEmpty();
  }

  @Test
  void outcomesSinceAChangeAreCountedFromAnywhere() {
    assertThat(history().end(300).build().outcomesSinceChange()).hasValue(0);
    assertThat(history().end(299).build().outcomesSinceChange()).hasValue(0);
    assertThat(history().end(301).build().outcomesSinceChange()).hasValue(1);
    assertThat(
            history().change(Long.MIN_VALUE, 0).end(Long.MAX_VALUE).build().outcomesSinceChange())
        .as("more than can be counted")
        .hasValue(Long.MAX_VALUE);
  }

  @Test
  void theCandidateThatWasJudgedLastIsTheOneThatWasKeptBack() {
    RetrainHistory.Builder builder = RetrainHistory.builder(AT);
    assertThat(builder.candidate(AT).build().lastJudged()).as("runs").contains(AT);
    assertThat(builder.ended(Result.KEPT).build().lastJudged()).contains(AT);
    builder.candidate(AT.plusSeconds(1)).ended(Result.FAILED);
    assertThat(builder.build().lastJudged()).as("a failure answers nothing").contains(AT);
    builder.candidate(AT.plusSeconds(2)).ended(Result.ABANDONED);
    assertThat(builder.build().lastJudged()).contains(AT);
    builder.candidate(AT.plusSeconds(3)).ended(Result.PROMOTED);
    assertThat(builder.build().lastJudged()).isEmpty();
    assertThat(builder.build().candidates()).isEqualTo(4);
    assertThatThrownBy(() -> RetrainHistory.builder(AT).ended(Result.KEPT))
        .hasMessageContaining("without a candidate");
    assertThatThrownBy(() -> builder.change(1, -1)).hasMessageContaining("-1");
    assertThat(builder.change(1, 0).build().outcomesSinceChangeThen()).hasValue(0);
    assertThatThrownBy(() -> builder.longestWindow(0)).hasMessageContaining("0");
    assertThat(builder.longestWindow(1).build().longestWindow()).hasValue(1);
  }

  @Test
  void aHundredCandidatesAndChangesAreRemembered() {
    RetrainHistory.Builder builder = RetrainHistory.builder(AT);
    for (int i = 0; i < 101; i++) {
      builder.candidate(AT.plusSeconds(i)).begunFor(AT.plusSeconds(i), i);
      builder.begunFor(AT.plusSeconds(i), i); // the same change again
    }
    RetrainHistory past = builder.build();
    assertThat(past.candidates()).isEqualTo(101);
    assertThat(past.recentCandidates()).hasSize(100).startsWith(AT.plusSeconds(1));
    assertThat(past.recentChanges()).hasSize(100).startsWith(AT.plusSeconds(1));
  }

  @Test
  void historiesAreEqualByAllThatTheySayAndBuiltOnAsTheyAre() {
    List<UnaryOperator<RetrainHistory.Builder>> others = List.of(
        builder -> builder.championSince(AT.plusSeconds(1)),
        builder -> builder.candidate(AT.plusSeconds(60)),
        builder -> builder.ended(Result.FAILED),
        builder -> builder.change(301, 100),
        builder -> builder.change(300, 101),
        builder -> builder.begunFor(AT, 301),
        builder -> builder.end(1_001),
        builder -> builder.longestWindow(5_001),
        builder -> builder.passed(RECALL, AT));
    RetrainHistory past = history().build();
    assertThat(past.toBuilder().build()).isEqualTo(past).hasSameHashCodeAs(past);
    Set<RetrainHistory> all = new HashSet<>(Set.of(past));
    others.forEach(other -> all.add(other.apply(past.toBuilder()).build()));
    assertThat(all).hasSize(10);
    assertThat(past).isNotEqualTo("history");
  }

  @Test
  void aDecisionTakesTheEarliestChangeOfThePartsThatRetrain() {
    RetrainDecision late =
        RetrainDecision.of(RetrainDecision.Outcome.RETRAIN, "late", "").changedAt(9);
    RetrainDecision early =
        RetrainDecision.of(RetrainDecision.Outcome.RETRAIN, "early", "").changedAt(5);
    RetrainDecision kept =
        RetrainDecision.of(RetrainDecision.Outcome.KEEP, "kept", "").changedAt(1);
    RetrainDecision all = RetrainDecision.of(
        RetrainDecision.Outcome.RETRAIN, "any of", "", List.of(late, kept, early));
    assertThat(all.changePosition()).hasValue(5);
    assertThat(all.followUp()).isFalse();
    RetrainDecision follows = RetrainDecision.of(
        RetrainDecision.Outcome.RETRAIN, "any of", "", List.of(late, early.asFollowUp()));
    assertThat(follows.changePosition()).as("a change of its own comes first").hasValue(9);
    assertThat(follows.followUp()).isTrue();
    assertThat(RetrainDecision.of(
                RetrainDecision.Outcome.RETRAIN, "any of", "", List.of(early.asFollowUp()))
            .changePosition())
        .hasValue(5);
    assertThat(RetrainDecision.of(RetrainDecision.Outcome.KEEP, "all of", "", List.of(early))
            .changePosition())
        .as("nothing is trained")
        .isEmpty();
  }

  @Test
  void aDecisionPrintsItsTreeAndIsEqualByIt() {
    RetrainDecision leaf = RetrainDecision.of(RetrainDecision.Outcome.KEEP, "old", "3 d");
    RetrainDecision tree = RetrainDecision.of(
        RetrainDecision.Outcome.KEEP,
        "all of",
        "",
        List.of(RetrainDecision.of(RetrainDecision.Outcome.RETRAIN, "any of", "", List.of(leaf))));
    assertThat(tree).hasToString("KEEP: all of\n  RETRAIN: any of\n    KEEP: old (3 d)");
    assertThat(tree.parts()).hasSize(1);
    assertThat(leaf.rule()).isEqualTo("old");
    assertThat(leaf.reason()).isEqualTo("3 d");
    assertThat(leaf.retrain()).isFalse();
    assertThat(leaf)
        .isEqualTo(RetrainDecision.of(RetrainDecision.Outcome.KEEP, "old", "3 d"))
        .hasSameHashCodeAs(RetrainDecision.of(RetrainDecision.Outcome.KEEP, "old", "3 d"))
        .isNotEqualTo(RetrainDecision.of(RetrainDecision.Outcome.RETRAIN, "old", "3 d"))
        .isNotEqualTo(RetrainDecision.of(RetrainDecision.Outcome.KEEP, "new", "3 d"))
        .isNotEqualTo(RetrainDecision.of(RetrainDecision.Outcome.KEEP, "old", "4 d"))
        .isNotEqualTo(leaf.changedAt(1))
        .isNotEqualTo(leaf.asFollowUp())
        .isNotEqualTo(tree);
    assertThat(RetrainDecision.of("r", Finding.fail("x")).retrain()).isTrue();
    assertThat(RetrainDecision.of("r", Finding.pass("x")).outcome())
        .isEqualTo(RetrainDecision.Outcome.KEEP);
    assertThat(RetrainDecision.of("r", Finding.inconclusive("x")).outcome())
        .isEqualTo(RetrainDecision.Outcome.INCONCLUSIVE);
  }

  private static RetrainDecision.Outcome after(RetrainPolicy policy, Duration since) {
    RetrainHistory past = RetrainHistory.builder(AT).candidate(AT).build();
    return policy.decide(at(AT.plus(since)), past).outcome();
  }

  @Test
  void aCooldownRestsAfterEveryCandidateEitherWay() {
    RetrainPolicy policy = ALWAYS.atMostEvery(DAY);
    assertThat(after(policy, DAY.minusNanos(1))).isEqualTo(RetrainDecision.Outcome.SUPPRESSED);
    assertThat(after(policy, DAY)).isEqualTo(RetrainDecision.Outcome.RETRAIN);
    assertThat(after(policy, DAY.negated().plusNanos(1)))
        .isEqualTo(RetrainDecision.Outcome.SUPPRESSED);
    assertThat(after(policy, DAY.negated())).isEqualTo(RetrainDecision.Outcome.RETRAIN);
    assertThat(after(says(RetrainDecision.Outcome.KEEP).atMostEvery(DAY), Duration.ZERO))
        .isEqualTo(RetrainDecision.Outcome.KEEP);
    RetrainDecision first = policy.decide(at(AT), RetrainHistory.of(AT));
    assertThat(first.retrain()).isTrue();
    assertThat(first.reason()).isEqualTo("no candidate yet");
    assertThat(policy.toString()).endsWith("at most every 24 h");
    assertThatThrownBy(() -> ALWAYS.atMostEvery(Duration.ZERO)).hasMessageContaining("0");
    assertThatThrownBy(() -> ALWAYS.atMostEvery(DAY.negated())).hasMessageContaining("gap");
  }

  @Test
  void aBudgetCountsTheCandidatesOfAPeriod() {
    RetrainPolicy policy = ALWAYS.atMost(2, DAY);
    RetrainHistory past = RetrainHistory.builder(AT)
        .candidate(AT)
        .candidate(AT.plusSeconds(60))
        .candidate(AT.plusSeconds(120))
        .build();
    RetrainDecision spent = policy.decide(at(AT.plusSeconds(200)), past);
    assertThat(spent.outcome()).isEqualTo(RetrainDecision.Outcome.SUPPRESSED);
    assertThat(spent.reason()).contains("3 in the last 24 h", AT.plusSeconds(60).toString());
    assertThat(policy.decide(at(AT.plus(DAY).plusSeconds(60)), past).retrain())
        .as("of the last day is one left")
        .isTrue();
    assertThat(policy.decide(at(AT.plus(DAY).plusSeconds(59)), past).retrain()).isFalse();
    RetrainDecision kept = says(RetrainDecision.Outcome.KEEP).atMost(2, DAY).decide(at(AT), past);
    assertThat(kept.outcome()).isEqualTo(RetrainDecision.Outcome.KEEP);
    assertThat(policy.toString()).endsWith("at most 2 candidates in 24 h");
    assertThat(ALWAYS.atMost(1, DAY).toString()).endsWith("at most 1 candidate in 24 h");
    assertThat(ALWAYS.atMost(100, DAY).toString()).contains("100");
    assertThatThrownBy(() -> ALWAYS.atMost(0, DAY)).hasMessageContaining("0");
    assertThatThrownBy(() -> ALWAYS.atMost(101, DAY)).hasMessageContaining("101");
    assertThatThrownBy(() -> ALWAYS.atMost(1, DAY.negated())).hasMessageContaining("period");
  }

  @Test
  void aBlackoutSuppressesAndTellsUntilWhen() {
    Blackout noon = Blackout.daily(LocalTime.of(12, 0), LocalTime.of(13, 0), UTC);
    RetrainPolicy policy = ALWAYS.notDuring(noon);
    RetrainDecision held = policy.decide(at(AT), RetrainHistory.of(AT));
    assertThat(held.outcome()).isEqualTo(RetrainDecision.Outcome.SUPPRESSED);
    assertThat(held.reason()).contains("until 2026-01-05T13:00:00Z");
    RetrainDecision free = policy.decide(at(AT.minusNanos(1)), RetrainHistory.of(AT));
    assertThat(free.retrain()).isTrue();
    assertThat(free.reason()).contains("is not within");
    RetrainDecision always = ALWAYS
        .notDuring(Blackout.daily(LocalTime.NOON, LocalTime.NOON, UTC))
        .decide(at(AT), RetrainHistory.of(AT));
    assertThat(always.reason()).contains("has no end");
    assertThat(says(RetrainDecision.Outcome.KEEP)
            .notDuring(noon)
            .decide(at(AT), RetrainHistory.of(AT))
            .outcome())
        .isEqualTo(RetrainDecision.Outcome.KEEP);
  }

  private static Optional<Instant> end(Blackout blackout, String now) {
    return blackout.endOf(Instant.parse(now));
  }

  @Test
  void blackoutsComeAgain() {
    Blackout nights = Blackout.daily(LocalTime.of(22, 0), LocalTime.of(6, 0), UTC);
    assertThat(end(nights, "2026-01-05T22:00:00Z")).contains(Instant.parse("2026-01-06T06:00:00Z"));
    assertThat(end(nights, "2026-01-06T05:59:59Z")).contains(Instant.parse("2026-01-06T06:00:00Z"));
    assertThat(end(nights, "2026-01-06T06:00:00Z")).isEmpty();

    Blackout weekend = Blackout.weekly(
        DayOfWeek.FRIDAY, LocalTime.of(22, 0), DayOfWeek.MONDAY, LocalTime.of(6, 0), UTC);
    assertThat(end(weekend, "2026-01-02T21:59:59Z")).isEmpty();
    assertThat(end(weekend, "2026-01-04T12:00:00Z"))
        .contains(Instant.parse("2026-01-05T06:00:00Z"));
    Blackout wholeWeek = Blackout.weekly(
        DayOfWeek.FRIDAY, LocalTime.NOON, DayOfWeek.FRIDAY, LocalTime.of(11, 0), UTC);
    assertThat(end(wholeWeek, "2026-01-02T11:30:00Z")).as("the hour between").isEmpty();
    assertThat(end(wholeWeek, "2026-01-02T12:00:00Z"))
        .contains(Instant.parse("2026-01-09T11:00:00Z"));

    Blackout days = Blackout.dates(LocalDate.of(2026, 1, 3), LocalDate.of(2026, 1, 4), UTC);
    assertThat(end(days, "2026-01-02T23:59:59Z")).isEmpty();
    assertThat(end(days, "2026-01-03T00:00:00Z")).contains(Instant.parse("2026-01-05T00:00:00Z"));
    assertThat(end(days, "2026-01-05T00:00:00Z")).isEmpty();
    // One that begins where another ends goes on.
    assertThat(end(
            weekend.and(Blackout.daily(LocalTime.of(6, 0), LocalTime.of(7, 0), UTC)),
            "2026-01-04T12:00:00Z"))
        .contains(Instant.parse("2026-01-05T07:00:00Z"));
    assertThatThrownBy(
            () -> Blackout.dates(LocalDate.of(2026, 1, 2), LocalDate.of(2026, 1, 1), UTC))
        .hasMessageContaining("2026-01-01 is before 2026-01-02");

    assertThat(nights)
        .isEqualTo(Blackout.daily(LocalTime.of(22, 0), LocalTime.of(6, 0), UTC))
        .hasSameHashCodeAs(Blackout.daily(LocalTime.of(22, 0), LocalTime.of(6, 0), UTC))
        .isNotEqualTo(weekend)
        .isNotEqualTo("nights")
        .hasToString("daily from 22:00 to 06:00 UTC");
    assertThat(nights.hashCode()).isNotEqualTo(weekend.hashCode());
    assertThat(weekend).hasToString("weekly from FRIDAY 22:00 to MONDAY 06:00 UTC");
    assertThat(Blackout.dates(LocalDate.of(2026, 1, 3), LocalDate.of(2026, 1, 3), UTC)
            .and(nights))
        .hasToString("on 2026-01-03 UTC, daily from 22:00 to 06:00 UTC");
    assertThat(days).hasToString("from 2026-01-03 to 2026-01-04 UTC");
  }

  @Test
  void twoPoliciesAgreeOrOneSuffices() {
    RetrainPolicy keeps = says(RetrainDecision.Outcome.KEEP);
    RetrainPolicy rests = says(RetrainDecision.Outcome.SUPPRESSED);
    RetrainPolicy unknown = says(RetrainDecision.Outcome.INCONCLUSIVE);
    RetrainHistory past = RetrainHistory.of(AT);
    assertThat(ALWAYS.or(keeps).decide(at(AT), past).retrain()).isTrue();
    assertThat(keeps.or(rests).decide(at(AT), past).outcome())
        .isEqualTo(RetrainDecision.Outcome.SUPPRESSED);
    assertThat(keeps.or(unknown).decide(at(AT), past).outcome())
        .isEqualTo(RetrainDecision.Outcome.INCONCLUSIVE);
    assertThat(rests.or(unknown).decide(at(AT), past).outcome())
        .isEqualTo(RetrainDecision.Outcome.SUPPRESSED);
    assertThat(ALWAYS.and(ALWAYS).decide(at(AT), past).retrain()).isTrue();
    assertThat(ALWAYS.and(unknown).decide(at(AT), past).outcome())
        .isEqualTo(RetrainDecision.Outcome.INCONCLUSIVE);
    assertThat(rests.and(unknown).decide(at(AT), past).outcome())
        .isEqualTo(RetrainDecision.Outcome.SUPPRESSED);
    assertThat(keeps.and(rests).decide(at(AT), past).outcome())
        .isEqualTo(RetrainDecision.Outcome.KEEP);
    assertThat(ALWAYS.or(keeps).toString()).startsWith("(").contains(" or ").endsWith(")");
    assertThat(ALWAYS.and(keeps).toString()).contains(" and ");
    assertThat(ALWAYS.and(keeps).decide(at(AT), past).parts()).hasSize(2);
  }

  /** A candidate that was judged holds the policy back until the condition has passed since. */
  @Test
  void aPolicyThatWasAnsweredWaitsForARecovery() {
    RetrainPolicy policy = ALWAYS.recoveringWhen(RECALL);
    Instant begun = AT.plusSeconds(60);
    Evidence now = at(AT.plus(DAY));
    RetrainHistory kept =
        RetrainHistory.builder(AT).candidate(begun).ended(Result.KEPT).build();
    RetrainDecision waits = policy.decide(now, kept);
    assertThat(waits.outcome()).isEqualTo(RetrainDecision.Outcome.SUPPRESSED);
    assertThat(waits.reason()).contains(begun.toString(), "no PASS since");
    assertThat(
            policy.decide(now, kept.toBuilder().passed(RECALL, begun).build()).retrain())
        .isFalse();
    RetrainDecision goes =
        policy.decide(now, kept.toBuilder().passed(RECALL, begun.plusSeconds(1)).build());
    assertThat(goes.retrain()).isTrue();
    assertThat(goes.reason()).contains("PASS last at " + begun.plusSeconds(1));
    assertThat(policy.decide(now, RetrainHistory.of(AT)).reason()).contains("no candidate");
    assertThat(policy.decide(now, kept.toBuilder().championSince(begun).build()).retrain())
        .as("begun beside this champion")
        .isFalse();
    assertThat(policy
            .decide(now, kept.toBuilder().championSince(begun.plusSeconds(1)).build())
            .retrain())
        .as("of the champion before")
        .isTrue();
    assertThat(policy.decide(at(begun), kept).retrain()).isFalse();
    assertThat(policy.decide(at(begun.minusNanos(1)), kept).retrain())
        .as("dated ahead")
        .isTrue();
    assertThat(policy.toString()).endsWith("recovering when " + RECALL);
    assertThat(policy.atMostEvery(DAY).or(ALWAYS).recoveries()).containsExactly(RECALL);
    assertThat(policy.requiring(RECALL).recoveries()).containsExactly(RECALL);
    assertThat(ALWAYS.recoveries()).isEmpty();
  }

  private static Outcome outcome(int i) {
    return Outcome.builder(i, i, "7")
        .row(Row.of(Schema.of(Column.number("x")), (double) i))
        .prediction(Classification.of("a"))
        .truth(Truth.of("a"))
        .servedAt(AT)
        .build();
  }

  @Test
  void aSelectionHasRowsToTrainOnAndRowsHeldBack() {
    List<Outcome> four = List.of(outcome(0), outcome(1), outcome(2), outcome(3));
    List<Outcome> two = List.of(outcome(4), outcome(5));
    RowSelection.Selected selected = RowSelection.Selected.of(four, two);
    assertThat(selected.training()).isEqualTo(four);
    assertThat(selected.heldBack()).isEqualTo(two);
    assertThat(selected.rows()).hasSize(4);
    assertThat(selected.effectiveRows()).isEqualTo(4);
    assertThat(selected.fits()).isZero();
    assertThat(selected).hasToString("trained on 4 outcomes, 2 newer ones held back");
    // (1 + 1 + 2 + 4)² / (1 + 1 + 4 + 16)
    RowSelection.Selected weighted = selected.weighing(1, 1, 2, 4);
    assertThat(weighted.effectiveRows()).isEqualTo(64.0 / 22);
    assertThat(weighted.rows().get(3).weight()).isEqualTo(4);
    assertThatThrownBy(() -> selected.weighing(1, 2))
        .hasMessageContaining("4 training rows")
        .hasMessageContaining("2");
    assertThatThrownBy(() -> RowSelection.Selected.of(List.of(), two))
        .hasMessageContaining("0 and 2");
    assertThatThrownBy(() -> RowSelection.Selected.of(four, List.of()))
        .hasMessageContaining("4 and 0");
  }

  /** A candidate would be praised for what it has learned by heart. */
  @Test
  void noRowIsBothTrainedOnAndHeldBack() {
    List<Outcome> four = List.of(outcome(0), outcome(1), outcome(2), outcome(3));
    assertThatThrownBy(() -> RowSelection.Selected.of(four, List.of(outcome(4), outcome(3))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at 3 is both");
    List<Outcome> twice = List.of(outcome(0), outcome(1), outcome(1));
    assertThat(RowSelection.Selected.of(twice, List.of(outcome(2))).rows()).hasSize(3);
  }
}
