package dev.mlops.core.loop;

import dev.mlops.api.monitor.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/**
 * Each with a probability that halves with each half-life, and the newest for certain: what a reservoir holds that takes
 * every row and gives up a random one for it.
 *
 * @see <a href="https://dl.acm.org/doi/10.5555/1182635.1164180">Aggarwal (2006), biased reservoir sampling</a>
 */
record Decaying(int halfLife, int most) implements RowChoice {
  @Override
  public List<Weighted> choose(List<Outcome> older, OptionalLong change, RandomGenerator random) {
    List<Weighted> chosen = new ArrayList<>();
    for (int i = 0; i < older.size(); i++) {
      if (random.nextDouble() < Math.pow(0.5, (double) (older.size() - 1 - i) / halfLife)) {
        chosen.add(new Weighted(older.get(i), 1.0));
      }
    }
    return chosen;
  }

  @Override
  public String toString() {
    return "a sample that halves every " + halfLife + " outcomes, of the last " + most;
  }
}
