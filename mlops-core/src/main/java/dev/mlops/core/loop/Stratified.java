package dev.mlops.core.loop;

import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** A random sample with at least a number of each stratum, or all that there are of it; the rest by chance among all. */
record Stratified(
    int size, int floor, int most, String by, Function<? super Outcome, String> stratum)
    implements RowChoice {
  /** Strata of labels, one for all truths that are none. */
  static String label(Outcome outcome) {
    Truth truth = outcome.truth();
    return truth.label().orElse("");
  }

  @Override
  public List<Weighted> choose(List<Outcome> older, OptionalLong change, RandomGenerator random) {
    Map<String, List<Integer>> strata = new TreeMap<>();
    for (int i = 0; i < older.size(); i++) {
      strata
          .computeIfAbsent(String.valueOf(stratum.apply(older.get(i))), any -> new ArrayList<>())
          .add(i);
    }
    TreeSet<Integer> chosen = new TreeSet<>();
    strata.values().forEach(of -> chosen.addAll(Reservoir.sample(of, floor, random)));
    List<Integer> rest = new ArrayList<>();
    for (int i = 0; i < older.size(); i++) {
      if (!chosen.contains(i)) {
        rest.add(i);
      }
    }
    chosen.addAll(Reservoir.sample(rest, Math.max(0, size - chosen.size()), random));
    return chosen.stream().map(i -> new Weighted(older.get(i), 1.0)).toList();
  }

  @Override
  public String toString() {
    return "a sample of " + size + " of the last " + most + ", at least " + floor + " by " + by;
  }
}
