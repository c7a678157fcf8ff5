package dev.mlops.core.retrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainDecision.Outcome;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What lies exactly on a limit, and what makes two policies the same. */
class PolicyBoundsTest {
  private static final ZoneId UTC = ZoneOffset.UTC;
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final LocalTime THREE = LocalTime.of(3, 0);

  @Test
  void schedulesAreEqualIfEachPartOfThemIs() {
    List<Schedule> different = List.of(
        Schedule.daily(THREE, UTC),
        Schedule.daily(LocalTime.of(4, 0), UTC),
        Schedule.daily(THREE, ZoneId.of("Europe/Berlin")),
        Schedule.weekly(DayOfWeek.MONDAY, THREE, UTC),
        Schedule.weekly(DayOfWeek.TUESDAY, THREE, UTC),
        Schedule.monthly(1, THREE, UTC),
        Schedule.monthly(2, THREE, UTC),
        Schedule.every(Duration.ofHours(1), START),
        Schedule.every(Duration.ofHours(2), START),
        Schedule.every(Duration.ofHours(1), START.plusSeconds(1)));
    assertThat(different).doesNotHaveDuplicates();
    assertThat(different).doesNotContain((Schedule) null);
    assertThat(Schedule.weekly(DayOfWeek.MONDAY, THREE, UTC))
        .isEqualTo(different.get(3))
        .hasSameHashCodeAs(different.get(3))
        .isNotEqualTo("every MONDAY");
    assertThat(Schedule.every(Duration.ofMinutes(60), START))
        .isEqualTo(different.get(7))
        .hasSameHashCodeAs(different.get(7));
    assertThat(different.stream().map(Schedule::hashCode).distinct().count())
        .as("hash codes of ten schedules")
        .isGreaterThan(5);
  }

  @Test
  void whatIsExactlyOnALimitIsAllowed() {
    assertThatCode(() -> Schedule.every(Duration.ofMinutes(1), START)).doesNotThrowAnyException();
    assertThatThrownBy(() -> Schedule.every(Duration.ofSeconds(59), START))
        .hasMessageContaining("at least a minute");
    for (int day : new int[] {1, 31}) {
      assertThatCode(() -> Schedule.monthly(day, THREE, UTC)).doesNotThrowAnyException();
    }
    for (int day : new int[] {0, 32}) {
      assertThatThrownBy(() -> Schedule.monthly(day, THREE, UTC))
          .hasMessageContaining("from 1 to 31, but was " + day);
    }
    assertThatCode(() -> RetrainPolicies.afterTruths(1)).doesNotThrowAnyException();
    assertThatCode(() -> RetrainPolicies.paysOff(Metric.ACCURACY, 1, 0, 1))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> RetrainPolicies.paysOff(Metric.ACCURACY, 1, -1, 1))
        .hasMessageContaining("-1.0");
    assertThatThrownBy(() -> RetrainPolicies.avoidableErrors(0)).hasMessageContaining("0.0");
  }

  /** The newest time at or before an instant, also where that lies before the anchor. */
  @Test
  void equalDistancesGoBackBeyondTheAnchor() {
    Schedule hourly = Schedule.every(Duration.ofHours(1), START);
    assertThat(hourly.newest(START)).contains(START);
    assertThat(hourly.next(START)).contains(START.plus(Duration.ofHours(1)));
    assertThat(hourly.newest(START.plusSeconds(3_599))).contains(START);
    assertThat(hourly.newest(START.minusSeconds(1))).contains(START.minus(Duration.ofHours(1)));
    assertThat(hourly.next(START.minusSeconds(1))).contains(START);
    assertThat(hourly.newest(START.minus(Duration.ofHours(1))))
        .contains(START.minus(Duration.ofHours(1)));
  }

  private static Evidence accuracy(long right, long of) {
    Schema schema = Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION);
    return Evidence.builder("fraud", START)
        .champion(VersionEvidence.builder("7")
            .baseline(Baseline.builder(schema)
                .quality(Metric.ACCURACY, Estimate.share(950, 1_000))
                .build())
            .quality(Metric.ACCURACY, Estimate.share(right, of))
            .served(of, 0)
            .truths(of, 0, 0)
            .build())
        .build();
  }

  /** 50 of 1,000 more are wrong than in the test phase, to the last digit that a double holds. */
  @Test
  void aBudgetThatIsJustReachedIsReached() {
    Evidence worse = accuracy(900, 1_000);
    RetrainHistory past = RetrainHistory.of(START);
    double beyond = (0.95 - 0.9) * 1_000;
    RetrainPolicy reached = RetrainPolicies.avoidableErrors(beyond);
    assertThat(reached.decide(worse, past).outcome()).isEqualTo(Outcome.RETRAIN);
    assertThat(RetrainPolicies.avoidableErrors(Math.nextUp(beyond))
            .decide(worse, past)
            .outcome())
        .isEqualTo(Outcome.KEEP);
    assertThat(reached.metrics()).containsExactly(Metric.ACCURACY);

    Estimate live = Estimate.share(900, 1_000);
    double saved = (1 - live.upper() - (1 - 0.95)) * 10_000;
    RetrainDecision pays =
        RetrainPolicies.paysOff(Metric.ACCURACY, 1, saved * 0.999_999, 10_000).decide(worse, past);
    assertThat(pays.outcome()).isEqualTo(Outcome.RETRAIN);
    assertThat(pays.reason()).contains("± 0.019"); // half of Wilson's interval
    assertThat(RetrainPolicies.paysOff(Metric.ACCURACY, 1, 0, 1)
            .decide(accuracy(990, 1_000), past)
            .outcome())
        .as("nothing is lost, and a training costs nothing")
        .isEqualTo(Outcome.RETRAIN);
  }

  @Test
  void policiesPrintTheirCall() {
    RetrainPolicy one = RetrainPolicies.afterTruths(5);
    assertThat(RetrainPolicies.not(one).toString()).contains(one.toString());
    assertThat(RetrainPolicies.atLeast(1, one, one).toString()).contains("1", one.toString());
    assertThat(RetrainPolicies.followUps().toString()).contains("3 times");
  }

  /** A change that 100 outcomes had followed when the newest candidate was begun, in windows of 300. */
  @Test
  void aFollowUpIsDueFromThreeTimesTheOutcomesToAFullWindow() {
    Evidence now = accuracy(950, 1_000);
    for (long since : new long[] {299, 300, 301}) {
      RetrainHistory past = RetrainHistory.builder(START)
          .change(1_000, 100)
          .end(1_000 + since)
          .longestWindow(300)
          .build();
      assertThat(RetrainPolicies.followUps().decide(now, past).outcome())
          .as(since + " outcomes since the change")
          .isEqualTo(since == 300 ? Outcome.RETRAIN : Outcome.KEEP);
    }
  }
}
