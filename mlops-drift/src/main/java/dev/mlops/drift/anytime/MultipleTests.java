package dev.mlops.drift.anytime;

import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Corrects many tests at once: of a family of p-values, or e-values, each gets an adjusted p-value, and those at or below a
 * level are the ones that the procedure rejects at that level.
 *
 * <p>With k tests and ranks from the smallest p: <b>Bonferroni</b> k·p and <b>Holm</b> max over lower ranks of (k + 1 −
 * rank)·p keep the probability of any wrong rejection at the level; <b>Benjamini–Hochberg</b> min over higher ranks of k·p/rank
 * keeps the expected share of wrong ones among the rejected (independent or positively dependent tests); <b>e-BH</b> does so for
 * e-values whatever their dependence: k/(rank·e), ranks from the largest e.
 *
 * <p><b>Input</b> is {@code double[k]}, in any order, which stays as it is; the result has the same order, capped at 1. Ties
 * share a value. p-values of anytime-valid tests give corrections that hold at every look.
 *
 * <p>Thread-safe: it has no state.
 *
 * @see <a href="https://doi.org/10.1111/j.2517-6161.1995.tb02031.x">Benjamini, Hochberg (1995), Controlling the false
 *     discovery rate</a>
 * @see <a href="https://arxiv.org/abs/2009.02824">Wang, Ramdas: False discovery rate control with e-values</a>
 * @since 0.1
 */
public final class MultipleTests {
  private MultipleTests() {}

  /**
   * {@return Bonferroni's adjusted p-values}
   *
   * @param pValues each 0 to 1
   * @throws IllegalArgumentException if one is out of range
   */
  public static double[] bonferroni(double[] pValues) {
    requireProbabilities(pValues);
    double[] adjusted = new double[pValues.length];
    for (int i = 0; i < pValues.length; i++) {
      adjusted[i] = Math.min(1.0, pValues[i] * pValues.length);
    }
    return adjusted;
  }

  /**
   * {@return Holm's adjusted p-values: never above Bonferroni's}
   *
   * @param pValues each 0 to 1
   * @throws IllegalArgumentException if one is out of range
   */
  public static double[] holm(double[] pValues) {
    requireProbabilities(pValues);
    double[] adjusted = new double[pValues.length];
    double most = 0.0;
    int left = pValues.length;
    for (int i : ascending(pValues)) {
      most = Math.max(most, Math.min(1.0, pValues[i] * left));
      adjusted[i] = most;
      left--;
    }
    return adjusted;
  }

  /**
   * {@return Benjamini and Hochberg's adjusted p-values}
   *
   * @param pValues each 0 to 1
   * @throws IllegalArgumentException if one is out of range
   */
  public static double[] benjaminiHochberg(double[] pValues) {
    requireProbabilities(pValues);
    int[] order = ascending(pValues);
    double[] adjusted = new double[pValues.length];
    double least = 1.0;
    for (int rank = order.length; rank >= 1; rank--) {
      int i = order[rank - 1];
      least = Math.min(least, pValues[i] * pValues.length / rank);
      adjusted[i] = least;
    }
    return adjusted;
  }

  /**
   * {@return the adjusted p-values of Benjamini and Hochberg's procedure for e-values, such as {@link BettingTest#eValue}}
   *
   * @param eValues each at least 0, possibly ∞
   * @throws IllegalArgumentException if one is out of range
   */
  public static double[] eBenjaminiHochberg(double[] eValues) {
    double[] inverse = new double[eValues.length];
    for (int i = 0; i < eValues.length; i++) {
      if (!(eValues[i] >= 0)) {
        throw new IllegalArgumentException(
            "an e-value must be >= 0, but was " + eValues[i] + " at " + i);
      }
      inverse[i] = Math.min(1.0, 1.0 / eValues[i]);
    }
    // e-BH at a level rejects what Benjamini and Hochberg's procedure rejects of 1/e.
    return benjaminiHochberg(inverse);
  }

  private static int[] ascending(double[] pValues) {
    return IntStream.range(0, pValues.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> pValues[i]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private static void requireProbabilities(double[] pValues) {
    for (int i = 0; i < pValues.length; i++) {
      if (!(pValues[i] >= 0 && pValues[i] <= 1)) {
        throw new IllegalArgumentException(
            "a p-value must be in 0 to 1, but was " + pValues[i] + " at " + i);
      }
    }
  }
}
