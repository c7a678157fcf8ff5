package dev.mlops.core.optimise;

import dev.mlops.api.model.Beta;
import java.util.ArrayList;
import java.util.List;

/**
 * Folds in the order of time: the rows are cut into one more part than there are folds, and fold i trains on the first i + 1
 * parts and is tested on the next one. No model is tested on rows that are older than one of its own.
 *
 * <p>Immutable.
 *
 * @param folds how many; 1 to 50
 * @since 0.1
 */
@Beta
public record TimeOrdered(int folds) {
  /**
   * Checks the number.
   *
   * @throws IllegalArgumentException if it is out of range
   */
  public TimeOrdered {
    if (folds < 1 || folds > 50) {
      throw new IllegalArgumentException("folds must be from 1 to 50, but were " + folds);
    }
  }

  /**
   * {@return this number of folds}
   *
   * @param folds 1 to 50
   * @throws IllegalArgumentException if it is out of range
   */
  public static TimeOrdered of(int folds) {
    return new TimeOrdered(folds);
  }

  /** Rows to train on and rows to test on. */
  record Fold<T>(List<T> training, List<T> test) {}

  /**
   * The folds.
   *
   * @param share of the training rows, the newest, above 0 and at most 1
   */
  <T> List<Fold<T>> of(List<T> rows, double share) {
    int n = rows.size();
    if (n < 2 * (folds + 1)) {
      throw new IllegalArgumentException(
          folds + " folds want at least " + 2 * (folds + 1) + " rows to search on, got " + n);
    }
    List<Fold<T>> all = new ArrayList<>();
    for (int i = 1; i <= folds; i++) {
      int cut = (int) ((long) n * i / (folds + 1));
      int end = (int) ((long) n * (i + 1) / (folds + 1));
      int used = (int) Math.max(1, Math.ceil(cut * share));
      all.add(new Fold<>(rows.subList(cut - used, cut), rows.subList(cut, end)));
    }
    return all;
  }
}
