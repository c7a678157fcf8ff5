package dev.mlops.core.loop;

import dev.mlops.api.monitor.Outcome;
import java.util.List;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/** Which of the outcomes before those held back a model is trained on, and how much each of them counts. */
interface RowChoice {
  /**
   * An outcome to be trained on.
   *
   * @param weight finite, above 0
   */
  record Weighted(Outcome outcome, double weight) {}

  /** How many of the newest outcomes it looks at. */
  int most();

  /**
   * Chooses, oldest first.
   *
   * @param older the outcomes before those held back, oldest first; at least one
   * @param change position of the change that called for a training, if known
   * @param random seeded by the position of the newest outcome, so that the same outcomes give the same choice
   */
  List<Weighted> choose(List<Outcome> older, OptionalLong change, RandomGenerator random);

  /**
   * Chooses, oldest first, and may look at the rows held back, whose truths it must not.
   *
   * @param newest the outcomes held back, oldest first; at least one
   */
  default List<Weighted> choose(
      List<Outcome> older, List<Outcome> newest, OptionalLong change, RandomGenerator random) {
    return choose(older, change, random);
  }

  /** {@return such as {@code the last 1000}} */
  @Override
  String toString();
}
