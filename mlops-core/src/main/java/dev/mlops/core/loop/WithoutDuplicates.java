package dev.mlops.core.loop;

import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Outcome;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.random.RandomGenerator;

/** What another choice takes, but of outcomes with equal rows and truths the newest alone. */
record WithoutDuplicates(RowChoice choice) implements RowChoice {
  @Override
  public int most() {
    return choice.most();
  }

  @Override
  public List<Weighted> choose(List<Outcome> older, OptionalLong change, RandomGenerator random) {
    return choice.choose(distinct(older), change, random);
  }

  @Override
  public List<Weighted> choose(
      List<Outcome> older, List<Outcome> newest, OptionalLong change, RandomGenerator random) {
    return choice.choose(distinct(older), newest, change, random);
  }

  private static List<Outcome> distinct(List<Outcome> older) {
    Set<List<Object>> seen = new HashSet<>();
    List<Outcome> kept = new ArrayList<>();
    for (int i = older.size() - 1; i >= 0; i--) {
      if (seen.add(values(older.get(i)))) {
        kept.add(older.get(i));
      }
    }
    Collections.reverse(kept);
    return kept;
  }

  /** Values and truth, compared as objects; {@code -0.0} and a missing value are others than {@code 0.0}. */
  private static List<Object> values(Outcome outcome) {
    Row row = outcome.row();
    List<Object> values = new ArrayList<>(row.schema().size() + 1);
    for (int i = 0; i < row.schema().size(); i++) {
      values.add(
          row.isMissing(i) ? "" : row.schema().isNumber(i) ? row.number(i) : " " + row.category(i));
    }
    values.add(outcome.truth());
    return values;
  }

  @Override
  public String toString() {
    return choice + ", without duplicates";
  }
}
