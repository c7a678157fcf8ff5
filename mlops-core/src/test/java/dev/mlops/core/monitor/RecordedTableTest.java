package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecordedTableTest {
  /** Ids that follow each other, as the monitor gives them, and any others, beside a map of the library. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void findsWhatAMapFinds(long seed) {
    Random random = new Random(seed);
    RecordedTable table = new RecordedTable();
    Map<Long, Recorded> exact = new HashMap<>();
    List<Recorded> there = new ArrayList<>();
    long next = 0;
    for (int step = 0; step < 30_000; step++) {
      boolean grows = random.nextInt(10) < (step / 5_000 % 2 == 0 ? 7 : 3);
      if (grows || there.isEmpty()) {
        Recorded served = new Recorded();
        served.id = random.nextInt(4) == 0 ? random.nextLong() : next++;
        if (exact.putIfAbsent(served.id, served) == null) {
          table.add(served);
          there.add(served);
        }
      } else {
        int last = there.size() - 1;
        int any = random.nextInt(there.size());
        Recorded served = there.set(any, there.get(last));
        there.remove(last);
        exact.remove(served.id);
        table.remove(served);
        assertThat(table.find(served.id)).isNull();
      }
      assertThat(table.size()).isEqualTo(exact.size());
      if (step % 500 == 0) {
        for (long id = 0; id < next; id++) {
          assertThat(table.find(id)).as("id %d, seed %d", id, seed).isSameAs(exact.get(id));
        }
        there.forEach(served -> assertThat(table.find(served.id)).isSameAs(served));
      }
    }
  }
}
