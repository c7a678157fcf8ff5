package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatencyWindowTest {
  /** By definition: of the newest in order, the one at the rank ⌈q·n⌉. Few values, so that many are equal. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 100, 4_096})
  void isTheNearestRankOfTheNewest(int capacity) {
    Random random = new Random(capacity);
    LatencyWindow window = new LatencyWindow(capacity);
    assertThat(window.latency()).isEmpty();
    List<Long> all = new ArrayList<>();
    for (int i = 0; i < 3 * capacity + 5; i++) {
      long nanos = random.nextBoolean() ? random.nextInt(20) : random.nextLong(1L << 50);
      window.add(nanos);
      all.add(nanos);
      if (i > 50 && random.nextInt(Math.max(1, capacity / 20)) > 0) {
        continue;
      }
      List<Long> newest =
          new ArrayList<>(all.subList(Math.max(0, all.size() - capacity), all.size()));
      Collections.sort(newest);
      assertThat(window.latency())
          .as("after " + all.size())
          .contains(Latency.builder()
              .p50(rank(newest, 0.5))
              .p99(rank(newest, 0.99))
              .n(newest.size())
              .build());
      assertThat(window.latency()).as("asked again").isEqualTo(window.latency());
    }
  }

  private static Duration rank(List<Long> ordered, double quantile) {
    return Duration.ofNanos(ordered.get((int) Math.ceil(quantile * ordered.size()) - 1));
  }

  @Test
  void aNegativeTimeCountsAsNone() {
    LatencyWindow window = new LatencyWindow(3);
    window.add(-5);
    assertThat(window.latency().orElseThrow().p99()).isZero();
  }
}
