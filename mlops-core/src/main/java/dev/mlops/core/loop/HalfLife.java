package dev.mlops.core.loop;

import dev.mlops.api.monitor.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/** All, each counting half as much as one that is a half-life younger. */
record HalfLife(int outcomes, int most) implements RowChoice {
  /** What counts for less is left out: a trainer's sums would not tell it from nothing. */
  private static final double LEAST = 0x1p-20;

  @Override
  public List<Weighted> choose(List<Outcome> older, OptionalLong change, RandomGenerator random) {
    List<Weighted> all = new ArrayList<>();
    for (int i = 0; i < older.size(); i++) {
      double weight = Math.pow(0.5, (double) (older.size() - 1 - i) / outcomes);
      if (weight >= LEAST) {
        all.add(new Weighted(older.get(i), weight));
      }
    }
    return all;
  }

  @Override
  public String toString() {
    return "all weighted by a half-life of " + outcomes + ", at most " + most;
  }
}
