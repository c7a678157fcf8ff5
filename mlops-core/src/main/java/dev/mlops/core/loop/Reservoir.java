package dev.mlops.core.loop;

import dev.mlops.api.monitor.Outcome;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/** A random sample of a fixed size, each outcome as likely. */
record Reservoir(int size, int most) implements RowChoice {
  @Override
  public List<Weighted> choose(List<Outcome> older, OptionalLong change, RandomGenerator random) {
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < older.size(); i++) {
      all.add(i);
    }
    return sample(all, size, random).stream()
        .map(i -> new Weighted(older.get(i), 1.0))
        .toList();
  }

  /** A sample of some indices, in their order: the beginning of a shuffle. */
  static List<Integer> sample(List<Integer> indices, int size, RandomGenerator random) {
    List<Integer> shuffled = new ArrayList<>(indices);
    int n = Math.min(size, shuffled.size());
    for (int i = 0; i < n; i++) {
      Collections.swap(shuffled, i, i + random.nextInt(shuffled.size() - i));
    }
    return shuffled.subList(0, n).stream().sorted().toList();
  }

  @Override
  public String toString() {
    return "a sample of " + size + " of the last " + most;
  }
}
