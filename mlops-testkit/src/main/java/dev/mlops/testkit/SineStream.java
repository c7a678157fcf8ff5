package dev.mlops.testkit;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * A stream whose concept changes at known rows: two uniform features, four concepts in turn, noisy labels.
 *
 * <p>Row t, from 0, has {@code x1, x2} uniform in [0, 1) and the label of the concept in force, {@code yes} or {@code no}:
 * first x2 &lt; sin x1, then its negation, then x2 &lt; 0.5 + 0.3 sin(3π x1), then its negation; flipped with probability 0.1,
 * so no model errs less than 0.1. Concepts change at rows 5,000, 10,000 and 15,000:
 *
 * <ul>
 *   <li>abrupt: the row at a change is the first of the new concept;
 *   <li>gradual: the change at c has happened for row t with probability 1 / (1 + exp(−4 (t − c) / 1000)); one uniform a row
 *       decides all changes;
 *   <li>stationary: the first concept for ever.
 * </ul>
 *
 * <p>Each row draws from {@code SplittableRandom(seed)} in this order: x1, x2, the concept (gradual only), the noise.
 *
 * <p>Immutable.
 *
 * @see <a href="https://doi.org/10.1007/978-3-540-28645-5_29">Gama et al. (2004), Learning with drift detection</a>, whose
 *     SINE1 and SINE2 these concepts are
 * @since 0.1
 */
public final class SineStream {
  private enum Drift {
    ABRUPT,
    GRADUAL,
    STATIONARY
  }

  private static final Schema SCHEMA =
      Schema.of(Column.number("x1"), Column.number("x2")).predicting(Task.CLASSIFICATION);

  private static final double NOISE = 0.1;
  private static final List<Integer> CHANGES = List.of(5_000, 10_000, 15_000);
  private static final double WIDTH = 1_000;
  private static final Truth YES = Truth.of("yes");
  private static final Truth NO = Truth.of("no");

  private final long seed;
  private final Drift drift;

  private SineStream(long seed, Drift drift) {
    this.seed = seed;
    this.drift = drift;
  }

  /**
   * {@return a stream whose concept changes from one row to the next}
   *
   * @param seed of its random draws
   */
  public static SineStream abrupt(long seed) {
    return new SineStream(seed, Drift.ABRUPT);
  }

  /**
   * {@return a stream whose concept changes over some 1,000 rows}
   *
   * @param seed of its random draws
   */
  public static SineStream gradual(long seed) {
    return new SineStream(seed, Drift.GRADUAL);
  }

  /**
   * {@return a stream whose concept never changes}
   *
   * @param seed of its random draws
   */
  public static SineStream stationary(long seed) {
    return new SineStream(seed, Drift.STATIONARY);
  }

  /**
   * {@return the columns {@code x1} and {@code x2}, for a classifier}
   */
  public Schema schema() {
    return SCHEMA;
  }

  /**
   * {@return the rows at which the concept changes, or is half way to}
   */
  public List<Integer> changes() {
    return drift == Drift.STATIONARY ? List.of() : CHANGES;
  }

  /**
   * {@return the first rows of the stream, in order; the same ones whenever asked}
   *
   * @param count how many; at least 0
   */
  public List<Labelled<Row>> rows(int count) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Labelled<Row>> rows = new ArrayList<>(count);
    for (int t = 0; t < count; t++) {
      double x1 = random.nextDouble();
      double x2 = random.nextDouble();
      int concept = concept(t, random);
      boolean flipped = random.nextDouble() < NOISE;
      rows.add(
          new Labelled<>(Row.of(SCHEMA, x1, x2), holds(concept, x1, x2) != flipped ? YES : NO));
    }
    return rows;
  }

  private int concept(int t, SplittableRandom random) {
    return switch (drift) {
      case STATIONARY -> 0;
      case ABRUPT -> (int) CHANGES.stream().filter(change -> t >= change).count();
      case GRADUAL -> {
        double draw = random.nextDouble();
        yield (int) CHANGES.stream()
            .filter(change -> draw < 1 / (1 + Math.exp(-4 * (t - change) / WIDTH)))
            .count();
      }
    };
  }

  private static boolean holds(int concept, double x1, double x2) {
    boolean base = concept < 2 ? x2 < Math.sin(x1) : x2 < 0.5 + 0.3 * Math.sin(3 * Math.PI * x1);
    return base != (concept % 2 == 1);
  }

  /** {@return such as {@code sine stream, abrupt, seed 3}} */
  @Override
  public String toString() {
    return "sine stream, " + drift.name().toLowerCase(Locale.ROOT) + ", seed " + seed;
  }
}
