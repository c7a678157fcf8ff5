package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A built-in condition asked with another limit is the one that the call with that limit makes. */
class OtherLimitTest {
  private static Condition with(Condition condition, double limit) {
    return condition.expression().orElseThrow().withLimit(limit);
  }

  @Test
  void theSameIsAskedWithAnotherLimit() {
    assertThat(with(Signals.quality("recall").atLeast(0.7), 0.8))
        .isEqualTo(Signals.quality("recall").atLeast(0.8));
    assertThat(with(Signals.segment("country").quality("recall").atLeast(0.7), 0.8))
        .isEqualTo(Signals.segment("country").quality("recall").atLeast(0.8));
    assertThat(with(Signals.quality("recall").noWorseThanChampion(0.01), 0.02))
        .isEqualTo(Signals.quality("recall").noWorseThanChampion(0.02));
    assertThat(with(Signals.latency().p99AtMost(Duration.ofMillis(20)), 0.5))
        .isEqualTo(Signals.latency().p99AtMost(Duration.ofMillis(500)));
    assertThat(with(Signals.latency().within(Duration.ofMillis(20)).atLeast(0.9), 0.95))
        .isEqualTo(Signals.latency().within(Duration.ofMillis(20)).atLeast(0.95));
    assertThat(with(Signals.failures().atMost(0.01), 0.02))
        .isEqualTo(Signals.failures().atMost(0.02));
    assertThat(with(Signals.failures().atMost(0.01), 0))
        .isEqualTo(Signals.failures().atMost(0));
  }

  @Test
  void aLimitOutOfItsRangeIsRefused() {
    Condition recall = Signals.quality("recall").atLeast(0.7);
    assertThat(with(recall, 1)).isEqualTo(Signals.quality("recall").atLeast(1));
    for (double limit : new double[] {0, 1.01, Double.NaN}) {
      assertThatThrownBy(() -> with(recall, limit)).hasMessageContaining("" + limit);
    }
    Condition apart = Signals.quality("recall").noWorseThanChampion(0.01);
    assertThat(with(apart, 0)).isEqualTo(Signals.quality("recall").noWorseThanChampion(0));
    for (double limit : new double[] {-0.01, 1, Double.NaN}) {
      assertThatThrownBy(() -> with(apart, limit)).hasMessageContaining("" + limit);
    }
    Condition slow = Signals.latency().p99AtMost(Duration.ofMillis(20));
    for (double limit : new double[] {0, -1, 1e9, Double.NaN}) {
      assertThatThrownBy(() -> with(slow, limit)).hasMessageContaining("" + limit);
    }
    Condition timely = Signals.latency().within(Duration.ofMillis(20)).atLeast(0.9);
    assertThat(with(timely, 1).expression()).isPresent();
    for (double limit : new double[] {0, 1.1}) {
      assertThatThrownBy(() -> with(timely, limit)).hasMessageContaining("" + limit);
    }
    Condition failures = Signals.failures().atMost(0.01);
    Condition unseen = Signals.column("channel").unseen().atMost(0.1);
    assertThat(with(unseen, 0.2)).isEqualTo(Signals.column("channel").unseen().atMost(0.2));
    for (double limit : new double[] {-0.1, 1, 2, Double.POSITIVE_INFINITY, Double.NaN}) {
      assertThatThrownBy(() -> with(failures, limit)).hasMessageContaining("" + limit);
      assertThatThrownBy(() -> with(unseen, limit)).hasMessageContaining("" + limit);
    }
    Condition beside = Signals.latency().p99NoWorseThanChampion(2);
    assertThat(with(beside, 1)).isEqualTo(Signals.latency().p99NoWorseThanChampion(1));
    for (double limit : new double[] {0.5, 0, Double.POSITIVE_INFINITY, Double.NaN}) {
      assertThatThrownBy(() -> with(beside, limit)).hasMessageContaining("" + limit);
    }
    Condition truths = Signals.freshTruths(100);
    assertThat(with(truths, 200)).isEqualTo(Signals.freshTruths(200));
    for (double limit : new double[] {0, 0.5, 100.5, 1e300, Double.NaN}) {
      assertThatThrownBy(() -> with(truths, limit)).hasMessageContaining("" + limit);
    }
    Condition errors = Signals.quality("mae").atMost(3);
    assertThat(with(errors, 0)).isEqualTo(Signals.quality("mae").atMost(0));
    assertThatThrownBy(() -> with(errors, -1)).hasMessageContaining("-1");
    Condition watched = Signals.quality("recall").noWorseThanBaseline(0.02).falseAlarmEvery(10_000);
    assertThatThrownBy(() -> with(watched, 0.1)).hasMessageContaining("one snapshot");
  }
}
