package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What rules ask beside quality: ages, rollouts and retraining, how much of the input moved, and whether answers are in time. */
class OperationalConditionsTest {
  private static final Duration MONTH = Duration.ofDays(30);
  private static final Schema SCHEMA =
      Schema.of(Column.number("a"), Column.number("b"), Column.number("c"), Column.number("id"));

  private static Verdict ask(Condition condition, UnaryOperator<Evidence.Builder> known) {
    return condition
        .test(known.apply(Evidence.builder("fraud", Instant.EPOCH)).build())
        .verdict();
  }

  @Test
  void aModelAndATickGrowOld() {
    Condition young = Signals.model().newerThan(MONTH);
    assertThat(ask(young, known -> known)).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(ask(young, known -> known.modelAge(MONTH))).isEqualTo(Verdict.PASS);
    assertThat(ask(young, known -> known.modelAge(MONTH.plusNanos(1)))).isEqualTo(Verdict.FAIL);
    assertThat(ask(young, known -> known.modelAge(Duration.ofDays(-1))))
        .as("published by a clock that is ahead")
        .isEqualTo(Verdict.PASS);

    Condition ticked = Signals.ticks().newerThan(Duration.ofMinutes(5));
    assertThat(ask(ticked, known -> known)).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(ask(ticked, known -> known.tickAge(Duration.ofMinutes(5)))).isEqualTo(Verdict.PASS);
    assertThat(ask(ticked, known -> known.tickAge(Duration.ofMinutes(6)))).isEqualTo(Verdict.FAIL);
  }

  @Test
  void aRolloutOrARetrainingIsInAStateThatMustNotBe() {
    Condition well = Signals.rollout().isNot(Activity.State.ROLLED_BACK, Activity.State.FAILED);
    assertThat(ask(well, known -> known)).isEqualTo(Verdict.INCONCLUSIVE);
    for (Activity.State state : Activity.State.ofRollouts()) {
      boolean bad = state == Activity.State.ROLLED_BACK || state == Activity.State.FAILED;
      assertThat(ask(well, known -> known.rollout(new Activity(state, "because"))))
          .as("%s", state)
          .isEqualTo(bad ? Verdict.FAIL : Verdict.PASS);
    }
    Finding found = well.test(Evidence.builder("fraud", Instant.EPOCH)
        .rollout(new Activity(Activity.State.ROLLED_BACK, "log_loss 0.41"))
        .build());
    assertThat(found.text()).contains("ROLLED_BACK", "log_loss 0.41");

    Condition trains = Signals.retraining().isNot(Activity.State.HALTED);
    assertThat(ask(trains, known -> known.rollout(new Activity(Activity.State.FAILED, ""))))
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(ask(trains, known -> known.retraining(new Activity(Activity.State.HALTED, ""))))
        .isEqualTo(Verdict.FAIL);
    assertThatThrownBy(() -> Signals.rollout().isNot())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("RUNNING");
    assertThatThrownBy(() -> Signals.retraining()
            .isNot(Activity.State.ofRetraining().toArray(new Activity.State[0])))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("never hold");
    assertThatThrownBy(() -> Evidence.builder("fraud", Instant.EPOCH)
            .rollout(new Activity(Activity.State.HALTED, "")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("HALTED", "RUNNING");
  }

  private static Verdict moved(Condition condition, Watch watch, int columns, Level level) {
    List<ColumnShift> shifts = new ArrayList<>();
    for (int i = 0; i < columns; i++) {
      shifts.add(new ColumnShift("abc".substring(i, i + 1), Direction.UP, "0", "1", 0.5, 1e-9));
    }
    DriftReading.Builder reading = DriftReading.builder(level).inputs(5_000);
    if (level == Level.DRIFT) {
      reading.signal(new Signal(Direction.OTHER, 4_999, 4_000, 4_000, 9, 1, shifts));
    }
    return ask(
        condition,
        known -> known.champion(VersionEvidence.builder("7")
            .baseline(Baseline.builder(SCHEMA).rows(1_000).build())
            .drift(watch, reading.build())
            .build()));
  }

  /** Three columns are watched, so one of them is a third. */
  @Test
  void theShareOfColumnsThatMoved() {
    WatchCondition watched = Signals.features().ignoring("id").falseAlarmEvery(100_000);
    Condition few = watched.movedAtMost(0.4);
    assertThat(few.watches()).containsExactly(watched.watch());
    assertThat(ask(few, known -> known)).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(moved(few, watched.watch(), 0, Level.WARMING_UP)).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(moved(few, watched.watch(), 0, Level.STABLE)).isEqualTo(Verdict.PASS);
    assertThat(moved(few, watched.watch(), 1, Level.DRIFT)).isEqualTo(Verdict.PASS);
    assertThat(moved(few, watched.watch(), 2, Level.DRIFT)).isEqualTo(Verdict.FAIL);
    assertThat(moved(watched, watched.watch(), 1, Level.DRIFT)).isEqualTo(Verdict.FAIL);
  }

  @Test
  void driftIsToldOnlyWhileItDoesHarm() {
    WatchCondition watched = Signals.features().falseAlarmEvery(100_000);
    Condition recall = Signals.quality("recall").atLeast(0.7);
    CombinedCondition harmless = watched.harming(recall);
    assertThat(harmless).isEqualTo(Signals.anyOf(watched, recall));
    assertThat(Signals.parse(harmless.toString())).isEqualTo(harmless);
    for (boolean drifts : new boolean[] {false, true}) {
      for (boolean bad : new boolean[] {false, true}) {
        DriftReading.Builder reading =
            DriftReading.builder(drifts ? Level.DRIFT : Level.STABLE).inputs(5_000);
        if (drifts) {
          reading.signal(new Signal(Direction.OTHER, 4_999, 4_000, 4_000, 9, 1, List.of()));
        }
        double value = bad ? 0.5 : 0.9;
        VersionEvidence section = VersionEvidence.builder("7")
            .drift(watched.watch(), reading.build())
            .quality(Metric.RECALL, new Estimate(value, value - 0.01, value + 0.01, 1_000))
            .build();
        assertThat(ask(harmless, known -> known.champion(section)))
            .as("drifts %s, bad %s", drifts, bad)
            .isEqualTo(drifts && bad ? Verdict.FAIL : Verdict.PASS);
      }
    }
  }

  private static Verdict timely(Condition condition, long inTime, long of) {
    Window hour = Window.of(Duration.ofHours(1));
    Window minutes = Window.of(Duration.ofMinutes(5));
    ResponseTimes times = ResponseTimes.builder()
        .within(Duration.ofMillis(20), Estimate.share(inTime, of))
        .within(hour, Duration.ofMillis(20), Estimate.share(inTime, of))
        .within(minutes, Duration.ofMillis(20), Estimate.share(inTime, of))
        .build();
    return ask(
        condition,
        known ->
            known.champion(VersionEvidence.builder("7").responseTimes(times).build()));
  }

  @Test
  void answersAreInTime() {
    Condition since = Signals.latency().within(Duration.ofMillis(20)).atLeast(0.99);
    assertThat(ask(since, known -> known)).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(timely(since, 50, 50)).as("too few").isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(timely(since, 10_000, 10_000)).isEqualTo(Verdict.PASS);
    assertThat(timely(since, 9_895, 10_000)).as("by chance").isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(timely(since, 9_878, 10_000))
        .as("beyond the 95 % interval, not the 99 % one")
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(timely(since, 9_500, 10_000)).isEqualTo(Verdict.FAIL);
    assertThat(ask(
            Signals.latency().within(Duration.ofMillis(20)).over("last 1 h").atLeast(0.99),
            known -> known.champion(VersionEvidence.builder("7").build())))
        .isEqualTo(Verdict.INCONCLUSIVE);
  }

  /** Of 0.999 a burn rate of 14.4 is 1.44 % late. */
  @Test
  void aLatencyObjectiveBurnsFastAndSlowly() {
    BurnRates fast =
        BurnRates.of(new BurnRates.Pair(14.4, Duration.ofHours(1), Duration.ofMinutes(5)));
    Condition objective = fast.latency(Duration.ofMillis(20), 0.999);
    assertThat(objective)
        .hasToString("anyOf(latency().within(20 ms).over(\"last 1 h\").atLeast(0.9856), "
            + "latency().within(20 ms).over(\"last 5 min\").atLeast(0.9856))");
    assertThat(Signals.parse(objective.toString())).isEqualTo(objective);
    assertThat(timely(objective, 99_000, 100_000)).isEqualTo(Verdict.PASS);
    assertThat(timely(objective, 98_000, 100_000)).isEqualTo(Verdict.FAIL);
    assertThat(BurnRates.PAGE.latency(Duration.ofMillis(20), 0.999).expressions())
        .hasSize(4);
    assertThatThrownBy(() -> fast.latency(Duration.ofMillis(20), 0.9))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("14.4", "never", "0.9");
    assertThatThrownBy(() -> fast.latency(Duration.ofMillis(20), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("objective");
  }

  @Test
  void aBuilderBeginsWithAllThatEvidenceHolds() {
    Evidence evidence = Evidence.builder("fraud", Instant.EPOCH)
        .champion(VersionEvidence.builder("7").truths(5, 1, 1).build())
        .candidate(VersionEvidence.builder("8").build())
        .other(VersionEvidence.builder("6").build())
        .comparison(Metric.ACCURACY, Estimate.share(1, 2))
        .examples(Finding.pass("same"))
        .truths(TruthState.ORPHAN, 3)
        .matured(9)
        .position(1_000)
        .modelAge(MONTH)
        .tickAge(Duration.ofSeconds(1))
        .rollout(new Activity(Activity.State.BAKING, "since noon"))
        .retraining(new Activity(Activity.State.RUNNING, "trains"))
        .build();
    assertThat(evidence.toBuilder().build()).isEqualTo(evidence);
    assertThat(evidence.toBuilder().modelAge(Duration.ZERO).build()).isNotEqualTo(evidence);
    assertThat(evidence.toBuilder().tickAge(Duration.ZERO).build()).isNotEqualTo(evidence);
    Activity idle = new Activity(Activity.State.IDLE, "");
    assertThat(evidence.toBuilder().rollout(idle).build()).isNotEqualTo(evidence);
    assertThat(evidence.toBuilder().retraining(idle).build()).isNotEqualTo(evidence);
  }

  /** A rule that asks for more truths asks it of each part about quality, not of the first part alone. */
  @Test
  void aTimeOrAShareOutOfRangeIsRefusedWhereItIsNamed() {
    Signals.LatencyQuestions latency = Signals.latency();
    for (Duration time : List.of(Duration.ZERO, Duration.ofMillis(-1), Duration.ofSeconds(3_601))) {
      assertThatThrownBy(() -> latency.within(time))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("limit must be ");
    }
    for (double share : new double[] {0, 1.5, Double.NaN}) {
      assertThatThrownBy(() -> latency.within(Duration.ofMillis(20)).atLeast(share))
          .hasMessage(
              "the limit of a share must be above 0 and at most 1, or every share would meet"
                  + " it, or none, but was " + share);
    }
  }

  @Test
  void fewestTruthsThatNoPartRestsOnAreRefused() {
    Condition ticks = Signals.ticks().newerThan(Duration.ofMinutes(5));
    Condition code = evidence -> Finding.inconclusive("nothing");
    for (Condition each : List.of(ticks, Signals.not(ticks), Signals.anyOf(ticks, code))) {
      AlertRule rule = AlertRule.of("r", each);
      assertThatThrownBy(() -> rule.fewestTruths(100))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("fewestTruths needs a condition that rests on truths, but was ");
    }
    Condition recall = Signals.quality("recall").atLeast(0.5);
    for (Condition each : List.of(recall, code, Signals.anyOf(ticks, Signals.not(recall)))) {
      assertThat(AlertRule.of("r", each).fewestTruths(100).fewestTruths()).isEqualTo(100);
    }
  }

  @Test
  void fewestTruthsAreAskedOfEachPartAboutQuality() {
    CombinedCondition both = Signals.anyOf(
        Signals.latency().p99AtMost(Duration.ofMillis(1)),
        Signals.quality("recall").atLeast(0.7));
    Evidence evidence = Evidence.builder("fraud", Instant.EPOCH)
        .champion(VersionEvidence.builder("7")
            .latency(dev.mlops.api.pack.Latency.of(new long[200]))
            .quality(Metric.RECALL, new Estimate(0.5, 0.4, 0.6, 250))
            .build())
        .build();
    CombinedCondition recall = Signals.allOf(both.parts().get(1));
    assertThat(recall.test(evidence, 250).verdict()).isEqualTo(Verdict.FAIL);
    assertThat(recall.test(evidence, 251).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(both.test(evidence, 1_000).verdict())
        .as("the latency, which no truth is behind, holds")
        .isEqualTo(Verdict.PASS);
    assertThat(Signals.not(recall).test(evidence, 251).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
  }

  @Test
  void aRuleAsksItsRecoveryWhileItFires() {
    Evidence evidence = Evidence.builder("fraud", Instant.EPOCH)
        .champion(VersionEvidence.builder("7")
            .quality(Metric.RECALL, new Estimate(0.72, 0.7, 0.74, 250))
            .build())
        .build();
    AlertRule rule = AlertRule.of("r", Signals.quality("recall").atLeast(0.71))
        .recoveringWhen(Signals.quality("recall").atLeast(0.75));
    assertThat(rule.test(evidence, false).verdict()).isEqualTo(Verdict.PASS);
    assertThat(rule.test(evidence, true).verdict()).isEqualTo(Verdict.FAIL);

    AlertRule sure = rule.fewestTruths(251);
    assertThat(sure.test(evidence, false).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(sure.test(evidence, true).verdict())
        .as("the recovery asks for its own truths only")
        .isEqualTo(Verdict.FAIL);
    Condition any = Signals.anyOf(rule.condition(), Signals.ticks().newerThan(Duration.ofDays(1)));
    assertThat(AlertRule.of("r", any).fewestTruths(251).test(evidence, true).verdict())
        .as("without a recovery the condition is asked, part by part")
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(AlertRule.of("r", now -> null).fewestTruths(9).test(evidence, false))
        .isNull();
  }
}
