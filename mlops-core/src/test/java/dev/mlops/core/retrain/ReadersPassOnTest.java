package dev.mlops.core.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.retrain.Blackout;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.core.alert.AlertEngine;
import dev.mlops.core.gate.ReleaseGate;
import dev.mlops.core.rollout.TrafficPlan;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever holds a condition tells a monitor all that the condition reads. */
class ReadersPassOnTest {
  private static final Condition SEGMENT =
      Signals.segment("country").quality("recall").atLeast(0.7);
  private static final Condition WATCH = Signals.predictions().falseAlarmEvery(10_000);
  private static final Condition GOAL = Signals.quality("accuracy").noWorseThanChampion(0.01);

  static List<EvidenceReader> readers() {
    RetrainPolicy segment = RetrainPolicies.violated(SEGMENT);
    RetrainPolicy watch = RetrainPolicies.violated(WATCH);
    RetrainPolicy both = segment.or(watch);
    return List.of(
        both,
        segment.and(watch),
        segment.requiring(WATCH),
        watch.requiring(SEGMENT),
        both.atMostEvery(Duration.ofDays(1)),
        both.atMost(3, Duration.ofDays(7)),
        both.notDuring(Blackout.daily(LocalTime.of(8, 0), LocalTime.of(9, 0), ZoneOffset.UTC)),
        RetrainPolicies.not(both),
        RetrainPolicies.atLeast(2, segment, watch),
        ReleaseGate.of(SEGMENT, WATCH),
        AlertEngine.of(AlertRule.of("segment", SEGMENT), AlertRule.of("watch", WATCH))
            .to(event -> {})
            .on(Runnable::run));
  }

  /** Detectors watch champions only, so a plan refuses the other condition; what it takes it must tell. */
  @Test
  void aPlanOfTrafficTellsAllThatItReads() {
    List<TrafficPlan> plans = List.of(
        TrafficPlan.canary(5).rollingBackUnless(SEGMENT).promotingWhen(GOAL),
        TrafficPlan.canary(5).promotingWhen(SEGMENT, GOAL).erringAtMost(0.01),
        TrafficPlan.abTest("colours", 50).rollingBackUnless(GOAL).rollingBackUnless(SEGMENT));
    assertThat(plans).allSatisfy(plan -> {
      assertThat(plan.segmentations()).containsExactly("country");
      assertThat(plan.metrics()).containsAll(SEGMENT.metrics()).containsAll(GOAL.metrics());
      assertThat(plan.watches()).isEmpty();
      assertThat(plan.expressions())
          .containsExactlyInAnyOrder(
              SEGMENT.expression().orElseThrow(), GOAL.expression().orElseThrow());
    });
    assertThat(TrafficPlan.blueGreen().rollingBackUnless(SEGMENT).segmentations())
        .containsExactly("country");
  }

  @ParameterizedTest
  @MethodSource("readers")
  void allThatIsReadIsTold(EvidenceReader reader) {
    assertThat(reader.segmentations()).containsExactly("country");
    assertThat(reader.metrics()).containsAll(SEGMENT.metrics());
    assertThat(reader.watches()).containsExactlyElementsOf(WATCH.watches());
    assertThat(reader.expressions())
        .containsExactlyInAnyOrder(
            SEGMENT.expression().orElseThrow(), WATCH.expression().orElseThrow());
  }
}
