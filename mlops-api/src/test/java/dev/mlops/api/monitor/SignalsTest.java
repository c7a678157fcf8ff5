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
    Latency latency = Latency.builder().p50(Duration.ofMillis(1)).p99(p99).n(n).build();
    return Signals.latency()
        .p99AtMost(LIMIT)
        .test(evidence(VersionEvidence.builder("7").latency(latency).build()));
  }

  /** The limit itself is not above the limit. */
  @Test
  void aP99AboveTheLimitIsFoundAndOneAtItIsNot() {
    Finding above = p99(LIMIT.plusNanos(1), 100);
    assertThat(above).hasToString("FAIL: p99 20.000001 ms (n 100), limit 20.000000 ms");
    assertThat(above.value()).hasValue(0.020000001);
    assertThat(above.limit()).hasValue(0.02);
    assertThat(above.n()).hasValue(100);
    assertThat(above.quantity()).hasValue("p99");
    assertThat(p99(LIMIT, 100)).hasToString("PASS: p99 20.000 ms (n 100), limit 20.000 ms");
  }

  @Test
  void ninetyNinePredictionsHaveNoNinetyNinthPercentile() {
    assertThat(p99(Duration.ofMillis(900), 99))
        .hasToString(
            "INCONCLUSIVE: p99 900.000 ms (n 99), limit 20.000 ms, wanted 100 predictions");
    assertThat(p99(Duration.ofMillis(900), 100).verdict()).isEqualTo(Verdict.FAIL);
  }

  @Test
  void withoutLatencyOrChampionThereIsNoAnswer() {
    Condition slow = Signals.latency().p99AtMost(LIMIT);
    String none = "INCONCLUSIVE: no latency yet";
    assertThat(slow.test(evidence(VersionEvidence.builder("7").build()))).hasToString(none);
    assertThat(slow.test(Evidence.builder("fraud", Instant.EPOCH).build())).hasToString(none);
    assertThat(slow.watches()).isEmpty();
    assertThat(slow).hasToString("latency().p99AtMost(20 ms)");
  }

  @Test
  void aLimitThatIsNoTimeIsRefused() {
    for (Duration limit : new Duration[] {Duration.ZERO, Duration.ofNanos(-1)}) {
      assertThatThrownBy(() -> Signals.latency().p99AtMost(limit))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("was " + MlopsException.shown(limit), "longer than zero");
    }
  }
}
