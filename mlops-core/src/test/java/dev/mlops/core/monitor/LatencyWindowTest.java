package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.pack.Latency;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatencyWindowTest {
  /** By definition: of the newest, what the definition gives of all of them at once. Few values, so that many are equal. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 100, 4_096})
  void isTheNearestRankOfTheNewest(int capacity) {
    Random random = new Random(capacity);
    LatencyWindow window = new LatencyWindow(capacity);
    assertThat(window.latency()).isEmpty();
    List<Long> all = new ArrayList<>();
    for (int i = 0; i < 3 * capacity + 5; i++) {
      long nanos = random.nextBoolean() ? random.nextInt(20) : random.nextLong(1L << 40);
      window.add(nanos);
      all.add(nanos);
      if (i > 50 && random.nextInt(Math.max(1, capacity / 20)) > 0) {
        continue;
      }
      List<Long> newest =
          new ArrayList<>(all.subList(Math.max(0, all.size() - capacity), all.size()));
      assertThat(window.latency())
          .as("after " + all.size())
          .contains(withoutBounds(
              Latency.of(newest.stream().mapToLong(Long::longValue).toArray())));
      assertThat(window.latency()).as("asked again").isEqualTo(window.latency());
    }
  }

  /** Newest latencies come one after the other, so no bound can be told of them. */
  static Latency withoutBounds(Latency latency) {
    return Latency.builder()
        .mean(latency.mean().orElseThrow())
        .p50(latency.p50())
        .p90(latency.p90().orElseThrow())
        .p95(latency.p95().orElseThrow())
        .p99(latency.p99())
        .p999(latency.p999().orElseThrow())
        .max(latency.max().orElseThrow())
        .n(latency.n())
        .build();
  }

  @Test
  void aNegativeTimeCountsAsNone() {
    LatencyWindow window = new LatencyWindow(3);
    window.add(-5);
    assertThat(window.latency().orElseThrow().p99()).isZero();
  }
}
