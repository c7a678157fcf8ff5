package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class SignalsTest {
  private static final Duration LIMIT = Duration.ofMillis(20);

  private static Evidence evidence(VersionEvidence champion) {
    return Evidence.builder("fraud", Instant.EPOCH).champion(champion).build();
  }

  private static Finding p99(Duration p99, long n) {
    Latency latency = new Latency(Duration.ofMillis(1), p99, n);
    return Signals.latency()
        .p99AtMost(LIMIT)
        .test(evidence(VersionEvidence.builder("7").latency(latency).build()));
  }

  /** The limit itself is not above the limit. */
  @Test
  void aP99AboveTheLimitIsFoundAndOneAtItIsNot() {
    assertThat(p99(LIMIT.plusNanos(1), 100))
        .isEqualTo(Finding.fail("p50 1.00 ms, p99 20.00 ms (n 100), limit 20.0 ms"));
    assertThat(p99(LIMIT, 100))
        .isEqualTo(Finding.pass("p50 1.00 ms, p99 20.00 ms (n 100), limit 20.0 ms"));
  }

  @Test
  void ninetyNinePredictionsHaveNoNinetyNinthPercentile() {
    Finding few = Finding.inconclusive(
        "p50 1.00 ms, p99 900.00 ms (n 99), limit 20.0 ms, wanted 100 predictions");
    assertThat(p99(Duration.ofMillis(900), 99)).isEqualTo(few);
    assertThat(p99(Duration.ofMillis(900), 100).verdict()).isEqualTo(Verdict.FAIL);
  }

  @Test
  void withoutLatencyOrChampionThereIsNoAnswer() {
    Condition slow = Signals.latency().p99AtMost(LIMIT);
    Finding none = Finding.inconclusive("no latency yet");
    assertThat(slow.test(evidence(VersionEvidence.builder("7").build()))).isEqualTo(none);
    assertThat(slow.test(Evidence.builder("fraud", Instant.EPOCH).build())).isEqualTo(none);
    assertThat(slow.watches()).isEmpty();
    assertThat(slow).hasToString("p99 above 20 ms");
  }

  @Test
  void aLimitThatIsNoTimeIsRefused() {
    for (Duration limit : new Duration[] {Duration.ZERO, Duration.ofNanos(-1)}) {
      assertThatThrownBy(() -> Signals.latency().p99AtMost(limit))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("limit must be longer than zero, but was " + MlopsException.shown(limit));
    }
  }
}
