package dev.mlops.core.loop;

import dev.mlops.api.monitor.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/** All, each counting as much more as it is likelier among the newest. */
record LikeNewest(double effective, int most) implements RowChoice {
  @Override
  public List<Weighted> choose(List<Outcome> older, OptionalLong change, RandomGenerator random) {
    return older.stream().map(outcome -> new Weighted(outcome, 1)).toList();
  }

  @Override
  public List<Weighted> choose(
      List<Outcome> older, List<Outcome> newest, OptionalLong change, RandomGenerator random) {
    double[] weights = ImportanceWeights.of(
        older.stream().map(Outcome::row).toList(),
        newest.stream().map(Outcome::row).toList(),
        effective);
    List<Weighted> all = new ArrayList<>(weights.length);
    for (int i = 0; i < weights.length; i++) {
      all.add(new Weighted(older.get(i), weights[i]));
    }
    return all;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "all weighted like the newest, worth %.0f %% at least, at most %d",
        100 * effective,
        most);
  }
}
