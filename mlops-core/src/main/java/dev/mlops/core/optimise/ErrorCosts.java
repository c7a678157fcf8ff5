package dev.mlops.core.optimise;

import dev.mlops.api.model.Beta;
import java.util.Arrays;
import java.util.Comparator;

/**
 * What wrong labels cost, in any unit.
 *
 * <p>Immutable.
 *
 * @param falsePositive of a positive label that is wrong; finite, above 0
 * @param falseNegative of a positive that was not found; finite, above 0
 * @since 0.1
 */
@Beta
public record ErrorCosts(double falsePositive, double falseNegative) {
  /**
   * Checks the costs.
   *
   * @throws IllegalArgumentException if one is not finite and above 0
   */
  public ErrorCosts {
    if (!(falsePositive > 0 && falseNegative > 0)
        || !Double.isFinite(falsePositive)
        || !Double.isFinite(falseNegative)) {
      throw new IllegalArgumentException("costs of errors must be finite and > 0, but were "
          + falsePositive + " and " + falseNegative);
    }
  }

  /** {@return the threshold of the least cost where scores are probabilities: from 0 to 1} */
  public double threshold() {
    return falsePositive / (falsePositive + falseNegative);
  }

  /**
   * {@return what one answer costs; 0 if it is right}
   *
   * @param said whether the label is the positive one
   * @param positive whether the positive label is right
   */
  public double of(boolean said, boolean positive) {
    return said == positive ? 0 : said ? falsePositive : falseNegative;
  }

  /**
   * {@return what a threshold costs on rows}
   *
   * @param threshold the score from which on the positive label is given
   * @param scores of the positive label
   * @param positive for each, whether it is right
   */
  public double of(double threshold, double[] scores, boolean[] positive) {
    double cost = 0;
    for (int i = 0; i < scores.length; i++) {
      cost += of(scores[i] >= threshold, positive[i]);
    }
    return cost;
  }

  /**
   * {@return the threshold of the least cost on rows: of several, the nearest to {@link #threshold()}; from 0 to 1}
   *
   * <p>It lies half way between two scores, is the higher of two neighbours, or is 0 or 1.
   *
   * @param scores of the positive label, from 0 to 1, at least one
   * @param positive for each, whether it is right
   * @throws IllegalArgumentException if there is none, or their numbers differ
   */
  public double threshold(double[] scores, boolean[] positive) {
    if (scores.length == 0 || scores.length != positive.length) {
      throw new IllegalArgumentException("wanted at least one score and a truth for each, got "
          + scores.length + " scores and " + positive.length + " truths");
    }
    Integer[] order = new Integer[scores.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparingDouble(i -> scores[i]));
    double cost = 0;
    for (boolean each : positive) {
      cost += each ? 0 : falsePositive; // at threshold 0 all are positive
    }
    double best = 0;
    double least = cost;
    for (int i = 0; i < order.length; i++) {
      cost += positive[order[i]] ? falseNegative : -falsePositive;
      double here = scores[order[i]];
      double next = i + 1 < order.length ? scores[order[i + 1]] : 1;
      if (next > here) { // a score of 1 is positive at every threshold
        double middle = i + 1 < order.length ? (here + next) / 2 : 1;
        double threshold = Math.min(1, middle > here ? middle : next);
        boolean nearer = Math.abs(threshold - threshold()) < Math.abs(best - threshold());
        // Sums of costs that are equal differ in their last digits.
        double same = 1e-9 * (falsePositive + falseNegative);
        if (cost < least - same || (cost <= least + same && nearer)) {
          least = Math.min(least, cost);
          best = threshold;
        }
      }
    }
    return best;
  }
}
