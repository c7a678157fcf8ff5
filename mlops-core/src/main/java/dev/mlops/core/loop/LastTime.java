package dev.mlops.core.loop;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/** Those that were served within so long before the newest. */
record LastTime(Duration time, int most) implements RowChoice {
  @Override
  public List<Weighted> choose(List<Outcome> older, OptionalLong change, RandomGenerator random) {
    Instant newest = older.get(older.size() - 1).servedAt();
    return older.stream()
        .filter(outcome -> Duration.between(outcome.servedAt(), newest).compareTo(time) <= 0)
        .map(outcome -> new Weighted(outcome, 1.0))
        .toList();
  }

  @Override
  public String toString() {
    return "the last " + MlopsException.shown(time) + ", at most " + most;
  }
}
