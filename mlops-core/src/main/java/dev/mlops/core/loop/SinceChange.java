package dev.mlops.core.loop;

import dev.mlops.api.monitor.Outcome;
import java.util.List;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/** Those since the change; all where none is known. */
record SinceChange(int most) implements RowChoice {
  @Override
  public List<Weighted> choose(List<Outcome> older, OptionalLong change, RandomGenerator random) {
    long from = change.orElse(Long.MIN_VALUE);
    return older.stream()
        .filter(outcome -> outcome.position() >= from)
        .map(outcome -> new Weighted(outcome, 1.0))
        .toList();
  }

  @Override
  public String toString() {
    return "those since the change, at most " + most;
  }
}
