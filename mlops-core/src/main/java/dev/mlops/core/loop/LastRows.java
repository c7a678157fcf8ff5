package dev.mlops.core.loop;

import dev.mlops.api.monitor.Outcome;
import java.util.List;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/** The newest rows, up to a number. */
record LastRows(int most) implements RowChoice {
  @Override
  public List<Weighted> choose(List<Outcome> older, OptionalLong change, RandomGenerator random) {
    return older.subList(Math.max(0, older.size() - most), older.size()).stream()
        .map(outcome -> new Weighted(outcome, 1.0))
        .toList();
  }

  @Override
  public String toString() {
    return "the last " + most;
  }
}
