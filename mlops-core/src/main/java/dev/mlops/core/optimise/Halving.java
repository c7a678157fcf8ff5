package dev.mlops.core.optimise;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which trial goes on to the next rung: asynchronous successive halving (ASHA).
 *
 * <p>A rung trains on a share of the rows, η times that of the rung below; the highest on all. A trial goes on when it is among
 * the best ⌊n/η⌋ of the n that its rung has judged, the highest rung with such a trial first.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://arxiv.org/abs/1810.05934">Li et al. (2020), A system for massively parallel hyperparameter tuning</a>
 */
final class Halving {
  private final int eta;
  private final List<TreeMap<Integer, Double>> scores = new ArrayList<>();
  private final List<Set<Integer>> promoted = new ArrayList<>();

  /**
   * Makes rungs without trials.
   *
   * @param rungs at least 1
   * @param eta at least 2
   */
  Halving(int rungs, int eta) {
    this.eta = eta;
    for (int rung = 0; rung < rungs; rung++) {
      scores.add(new TreeMap<>());
      promoted.add(new HashSet<>());
    }
  }

  int top() {
    return scores.size() - 1;
  }

  double share(int rung) {
    return Math.pow(eta, rung - top());
  }

  /** Takes note of a score, of which more is better; what failed has −∞ and never goes on. */
  void judged(int trial, int rung, double score) {
    scores.get(rung).put(trial, score);
  }

  /** Takes note that a trial was sent on from a rung. */
  void promote(int trial, int rung) {
    promoted.get(rung).add(trial);
  }

  /** {@return the rung from which some trial goes on, the highest of them} */
  OptionalInt rung() {
    for (int rung = top() - 1; rung >= 0; rung--) {
      if (next(rung).isPresent()) {
        return OptionalInt.of(rung);
      }
    }
    return OptionalInt.empty();
  }

  /** {@return the trial that goes on from a rung} */
  OptionalInt next(int rung) {
    int count = scores.get(rung).size() / eta;
    return ranked(rung).stream()
        .limit(count)
        .filter(trial -> !promoted.get(rung).contains(trial))
        .mapToInt(trial -> trial)
        .findFirst();
  }

  /** {@return the best trial of a rung whose next one is empty, if there is one: so that a short search ends on all rows} */
  OptionalInt last(int rung) {
    return scores.get(rung + 1).isEmpty() && promoted.get(rung).isEmpty()
        ? ranked(rung).stream().mapToInt(trial -> trial).findFirst()
        : OptionalInt.empty();
  }

  private List<Integer> ranked(int rung) {
    return scores.get(rung).entrySet().stream()
        .filter(judged -> judged.getValue() > Double.NEGATIVE_INFINITY)
        .sorted(Map.Entry.<Integer, Double>comparingByValue().reversed())
        .map(Map.Entry::getKey)
        .toList();
  }
}
