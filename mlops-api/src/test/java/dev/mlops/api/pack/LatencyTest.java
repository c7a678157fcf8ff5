package dev.mlops.api.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LatencyTest {
  @Test
  void quantilesAreByNearestRank() {
    Latency latency = Latency.of(LongStream.rangeClosed(1, 1_000).toArray());
    assertThat(latency.p50()).isEqualTo(Duration.ofNanos(500));
    assertThat(latency.p90()).contains(Duration.ofNanos(900));
    assertThat(latency.p95()).contains(Duration.ofNanos(950));
    assertThat(latency.p99()).isEqualTo(Duration.ofNanos(990));
    assertThat(latency.p999()).contains(Duration.ofNanos(999));
    assertThat(latency.max()).contains(Duration.ofNanos(1_000));
    assertThat(latency.mean()).as("500.5").contains(Duration.ofNanos(501));
    assertThat(latency.n()).isEqualTo(1_000);
    assertThat(latency.toBuilder().build()).isEqualTo(latency);
  }

  /**
   * Ranks by exact sums of the binomial distribution in Python's fractions: the least k with P(Bin(n, q) ≥ k) ≤ 0.005.
   */
  @Test
  void boundsAreOrderStatistics() {
    assertThat(QuantileBound.rank(7, 0.5)).as("too few").isZero();
    assertThat(QuantileBound.rank(8, 0.5)).isEqualTo(8);
    assertThat(QuantileBound.rank(100, 0.5)).isEqualTo(64);
    assertThat(QuantileBound.rank(527, 0.99)).as("too few").isZero();
    assertThat(QuantileBound.rank(528, 0.99)).isEqualTo(528);
    assertThat(QuantileBound.rank(2_000, 0.99)).isEqualTo(1_991);
    assertThat(QuantileBound.rank(2_000, 0.5)).isEqualTo(1_059);
    assertThat(QuantileBound.rank(100_000, 0.99)).isEqualTo(99_081);
  }

  /** 4,000 samples of 2,000: at most 0.5 % of the bounds may be below the quantile; an exact binomial test at 1e-4 allows 37. */
  @Test
  void aBoundIsRarelyBelowTheQuantile() {
    SplittableRandom random = new SplittableRandom(7);
    int missed = 0;
    for (int i = 0; i < 4_000; i++) {
      Latency latency = Latency.of(random.longs(2_000, 0, 1_000_000).toArray());
      if (latency.upper(0.99).orElseThrow().toNanos() < 989_999) {
        missed++;
      }
    }
    assertThat(missed).isLessThanOrEqualTo(37).isPositive();
  }

  @Test
  void oneThatContradictsItselfIsRefused() {
    Latency.Builder builder =
        Latency.builder().p50(Duration.ofNanos(5)).p99(Duration.ofNanos(9)).n(3);
    assertThat(builder.build().max()).isEmpty();
    assertThat(builder.build().upper(0.99)).isEmpty();
    assertThatThrownBy(
            () -> builder.build().toBuilder().p90(Duration.ofNanos(4)).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("p50 PT0.000000005S, p90 PT0.000000004S");
    assertThatThrownBy(
            () -> builder.build().toBuilder().max(Duration.ofNanos(8)).build())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> builder.build().toBuilder().upper(0.99, Duration.ofNanos(8)).build())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> builder.upper(0.9, Duration.ofNanos(8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0.9");
  }
}
