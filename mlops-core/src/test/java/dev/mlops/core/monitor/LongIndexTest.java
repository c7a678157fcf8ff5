package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LongIndexTest {
  /** Keys that follow each other, as the monitor gives ids, and any others, beside a map of the library. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void findsWhatAMapFinds(long seed) {
    Random random = new Random(seed);
    LongIndex index = new LongIndex();
    Map<Long, Long> exact = new HashMap<>();
    List<Long> there = new ArrayList<>();
    long next = 0;
    for (int step = 0; step < 60_000; step++) {
      boolean grows = random.nextInt(10) < (step / 10_000 % 2 == 0 ? 7 : 3);
      if (grows || there.isEmpty()) {
        long key = random.nextInt(4) == 0 ? random.nextLong() : next++;
        long value = random.nextInt(1_000) - 500;
        if (exact.put(key, value) == null) {
          there.add(key);
        }
        index.put(key, value);
      } else {
        int any = random.nextInt(there.size());
        long key = there.get(any);
        assertThat(index.remove(key, exact.get(key) + 1)).as("another value").isFalse();
        assertThat(index.remove(key, exact.remove(key))).isTrue();
        there.set(any, there.get(there.size() - 1));
        there.remove(there.size() - 1);
        assertThat(index.get(key)).isEqualTo(LongIndex.NONE);
        assertThat(index.remove(key, LongIndex.NONE)).isFalse();
      }
      assertThat(index.size()).isEqualTo(exact.size());
      if (step % 5_000 == 0) {
        for (long key = 0; key < next; key++) {
          assertThat(index.get(key))
              .as("key %d, seed %d", key, seed)
              .isEqualTo(exact.getOrDefault(key, LongIndex.NONE));
        }
        exact.forEach((key, value) -> assertThat(index.get(key)).isEqualTo(value));
      }
    }
  }
}
