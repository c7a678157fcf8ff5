package dev.mlops.testkit.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.testkit.streams.AlarmScore.Acceptance;
import java.util.List;
import org.junit.jupiter.api.Test;

class AlarmScoreTest {
  private static final List<Integer> CHANGES = List.of(1_000, 2_000, 3_000, 4_000);
  private static final Acceptance RULE = new Acceptance(25, 250);

  /**
   * By hand: 100, 400 and 990 … 2300: 100 and 400 are false; 990 is early, delay 0; 1100 is a second one of the same change,
   * so false; 2050 finds, delay 50; 2300 is too late, false; 3250 finds at the last moment, delay 250; 4251 is one too late.
   */
  @Test
  void scoresASmallTableByHand() {
    AlarmScore score =
        AlarmScore.of(List.of(100, 400, 990, 1_100, 2_050, 2_300, 3_250, 4_251), CHANGES, RULE);
    assertThat(score.changes()).isEqualTo(4);
    assertThat(score.found()).isEqualTo(3);
    assertThat(score.falseAlarms()).isEqualTo(5);
    // Gaps of 100, 400, 1100, 2300, 4251: 300, 700, 1200, 1951, whose mean is 4151 / 4.
    assertThat(score.mtfa()).hasValue(1_037.75);
    assertThat(score.mtd()).hasValue(100);
    assertThat(score.mdr()).isEqualTo(0.25);
    assertThat(score.mtr().orElseThrow()).isEqualTo(1_037.75 / 100 * 0.75, within(1e-12));
    assertThat(score.meanDelay()).hasValue((0 + 50 + 250 + 250) / 4.0);
    assertThat(score).hasToString("found 3 of 4, 5 false, mean delay 100.0");
  }

  @Test
  void theEndsOfTheWindowBelongToIt() {
    assertThat(AlarmScore.of(List.of(975), CHANGES, RULE).found()).isEqualTo(1);
    assertThat(AlarmScore.of(List.of(974), CHANGES, RULE).found()).isZero();
    assertThat(AlarmScore.of(List.of(1_250), CHANGES, RULE).found()).isEqualTo(1);
    assertThat(AlarmScore.of(List.of(1_251), CHANGES, RULE).found()).isZero();
  }

  @Test
  void noAlarmsMissEverythingAndHaveNoTimes() {
    AlarmScore score = AlarmScore.of(List.of(), CHANGES, RULE);
    assertThat(score.found()).isZero();
    assertThat(score.mdr()).isEqualTo(1);
    assertThat(score.mtfa()).isEmpty();
    assertThat(score.mtd()).isEmpty();
    assertThat(score.mtr()).isEmpty();
    assertThat(score.meanDelay()).hasValue(250);
    assertThat(score).hasToString("found 0 of 4, 0 false");
  }

  @Test
  void oneFalseAlarmHasNoGap() {
    AlarmScore score = AlarmScore.of(List.of(5, 1_010), CHANGES, RULE);
    assertThat(score.mtfa()).isEmpty();
    assertThat(score.mtr()).isEmpty();
    assertThat(score.mtd()).hasValue(10);
  }

  @Test
  void withoutChangesEveryAlarmIsFalse() {
    AlarmScore score = AlarmScore.of(List.of(10, 30, 80), List.of(), RULE);
    assertThat(score.falseAlarms()).isEqualTo(3);
    assertThat(score.mtfa()).hasValue(35);
    assertThat(score.mdr()).isZero();
    assertThat(score.meanDelay()).isEmpty();
  }

  @Test
  void refusesAlarmsThatCouldBelongToTwoChanges() {
    assertThatThrownBy(() -> AlarmScore.of(List.of(), List.of(100, 375), RULE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("than 275 apart", "but 375 follows 100", "changes");
    assertThatThrownBy(() -> AlarmScore.of(List.of(7, 7), CHANGES, RULE))
        .hasMessageContainingAll("than 0 apart", "but 7 follows 7", "alarms");
    assertThatThrownBy(() -> new Acceptance(-1, 0))
        .hasMessageContainingAll("least 0", "was -1", "early");
  }

  @Test
  void periodicAlarmsAreEvenlySpread() {
    assertThat(AlarmScore.periodic(4, 100, 0.5)).containsExactly(12, 37, 62, 87);
    assertThat(AlarmScore.periodic(0, 100, 0.5)).isEmpty();
  }
}
