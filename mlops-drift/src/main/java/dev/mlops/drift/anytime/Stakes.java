package dev.mlops.drift.anytime;

import java.util.Arrays;

/** Fixed bets on a value of at least −1: θ of the capital, so that it is multiplied by 1 + θx. */
final class Stakes {
  /** Powers of two apart: the best one is missed by a ninth of its growth at most. */
  private final double[] stakes;

  /**
   * Stakes 0.8, 0.4, 0.2 and so on.
   *
   * @param count how many
   */
  Stakes(int count) {
    stakes = new double[count];
    Arrays.setAll(stakes, i -> Math.scalb(0.8, -i));
  }

  int count() {
    return stakes.length;
  }

  /** 1 + θx. */
  double factor(int i, double x) {
    return 1.0 + stakes[i] * x;
  }

  /** What a sum of squares costs that the bets have not paid: half of θ² for each. */
  double cost(int i, double squares) {
    return 0.5 * stakes[i] * stakes[i] * squares;
  }

  /** The logarithm of the mean of the exponentials. */
  static double logMean(double[] logs) {
    double most = Double.NEGATIVE_INFINITY;
    for (double log : logs) {
      most = Math.max(most, log);
    }
    double total = 0;
    for (double log : logs) {
      total += Math.exp(log - most);
    }
    return most + Math.log(total / logs.length);
  }
}
