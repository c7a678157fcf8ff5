package dev.mlops.core.loop;

import dev.mlops.api.monitor.Outcome;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** What another choice takes, and the outcomes at some positions, which count more. */
record Replayed(
    RowChoice choice,
    String what,
    Supplier<? extends Collection<Long>> positions,
    int among,
    double weight)
    implements RowChoice {
  @Override
  public int most() {
    return Math.max(choice.most(), among);
  }

  @Override
  public List<Weighted> choose(List<Outcome> older, OptionalLong change, RandomGenerator random) {
    return replayed(older, choice.choose(newest(older, choice.most()), change, random));
  }

  @Override
  public List<Weighted> choose(
      List<Outcome> older, List<Outcome> newest, OptionalLong change, RandomGenerator random) {
    return replayed(older, choice.choose(newest(older, choice.most()), newest, change, random));
  }

  private static List<Outcome> newest(List<Outcome> outcomes, int most) {
    return outcomes.subList(Math.max(0, outcomes.size() - most), outcomes.size());
  }

  private List<Weighted> replayed(List<Outcome> older, List<Weighted> chosen) {
    Set<Long> wanted = new HashSet<>(positions.get());
    Map<Long, Weighted> weights = new HashMap<>();
    chosen.forEach(each -> weights.put(each.outcome().position(), each));
    List<Weighted> all = new ArrayList<>();
    for (int i = 0; i < older.size(); i++) {
      Outcome outcome = older.get(i);
      Weighted known = weights.get(outcome.position());
      boolean again = i >= older.size() - among && wanted.contains(outcome.position());
      if (known != null) {
        all.add(again ? new Weighted(outcome, known.weight() * weight) : known);
      } else if (again) {
        all.add(new Weighted(outcome, weight));
      }
    }
    return all;
  }

  @Override
  public String toString() {
    return choice + ", " + what + " of the last " + among + " replayed with weight " + weight;
  }
}
