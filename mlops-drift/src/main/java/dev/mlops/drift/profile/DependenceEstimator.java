package dev.mlops.drift.profile;

import dev.mlops.api.pack.Dependence;
import java.util.Arrays;

/**
 * Measures how far each value of a sequence depends on those before it, value by value, in O(log n) memory and O(1) amortised
 * time.
 *
 * <p>VIF(b) = b · Var(means of blocks of b) / Var is looked at for b = 1, 2, 4, … while at least 8 blocks remain; it is 1 for
 * independent values. With k blocks its lower bound is VIF(b) / (1 + 2√(2/(k − 1))). The block length is twice the last b whose
 * lower bound exceeds the largest of all shorter blocks by 10 %, and 1 if there is none. The inflation is the largest VIF up
 * to the block length, and 1 if that is 1. A mean of n values then has a variance of about inflation · Var / n.
 *
 * <p><b>Input</b> is one loss per prediction, in order of time, from a quiet stretch: the test phase of the package, or rows
 * on which no detector alarmed. A change of the mean within the stretch looks like dependence, and the block length becomes
 * hundreds or thousands.
 *
 * <p><b>Too short to tell</b>: dependence over more than an eighth of the sequence cannot be seen, and absence of evidence is
 * not independence. {@link Dependence#conclusive()} is false for fewer than 1,000 values, while the lower bound still grows at the
 * longest block looked at, and when all values are the same. The block length and the inflation are then still those that the
 * sequence shows: 1 and 1 if it shows nothing. Even a conclusive answer is about blocks up to {@link Dependence#longestBlock}: regimes
 * that are longer leave no trace in a stretch of one regime.
 *
 * <p><b>Expect</b>, over 2,000 seeded sequences of each kind, exactly 1 and 1 in 94 to 96 of 100 sequences of 1,000 or more
 * independent values (82 to 92 of 100 with 160 or 443 values); for AR(1) with coefficient 0.5 or 0.9 and 5,000 values a median
 * of 16 and 2.8, 128 and 17.9 (the true inflations are 3 and 19); for error rates of 0.1 and 0.4 in Markov regimes of mean
 * length 50 a median of 256 and 6.3 (6.9). Regimes of mean length 500 need 20,000 values for 2,048 and 53 (61); 1,000 of
 * them say 1 in 19 of 100 sequences.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public final class DependenceEstimator {
  /** Fewer blocks than these do not give a variance. */
  private static final int FEWEST_BLOCKS = 8;

  /** What the lower bound must gain for blocks to become longer. */
  private static final double GROWTH = 1.1;

  static final double LARGEST = 1e150;

  /** By level, blocks of 1, 2, 4, …: how many are whole, mean and sum of squared deviations of their means. */
  private long[] count = new long[8];

  private double[] mean = new double[8];
  private double[] deviations = new double[8];
  /** Mean of the block that waits for its second half. */
  private double[] waiting = new double[8];

  /** An estimator that has seen nothing. */
  public DependenceEstimator() {}

  /**
   * {@return the dependence that a sequence shows}
   *
   * @param losses in order of time; each finite and within ±1e150
   * @throws IllegalArgumentException if one is out of range; its position is told
   */
  public static Dependence of(double... losses) {
    DependenceEstimator estimator = new DependenceEstimator();
    for (double loss : losses) {
      estimator.add(loss);
    }
    return estimator.dependence();
  }

  /**
   * Takes the next value.
   *
   * @param loss finite and within ±1e150
   * @throws IllegalArgumentException if it is not; the estimator is as it was
   */
  public void add(double loss) {
    if (!(Math.abs(loss) <= LARGEST)) {
      throw new IllegalArgumentException(
          "a loss must be within ±1e150, but was " + loss + " at position " + count[0]);
    }
    double block = loss;
    for (int level = 0; ; level++) {
      if (level == count.length) {
        grow();
      }
      long k = ++count[level];
      double before = block - mean[level];
      mean[level] += before / k;
      deviations[level] += before * (block - mean[level]);
      if (k % 2 == 1) {
        waiting[level] = block;
        return;
      }
      block = 0.5 * (waiting[level] + block);
    }
  }

  private void grow() {
    int length = count.length + 8;
    count = Arrays.copyOf(count, length);
    mean = Arrays.copyOf(mean, length);
    deviations = Arrays.copyOf(deviations, length);
    waiting = Arrays.copyOf(waiting, length);
  }

  /**
   * {@return how many values were taken}
   */
  public long values() {
    return count[0];
  }

  /** Forgets everything. */
  public void reset() {
    Arrays.fill(count, 0);
    Arrays.fill(mean, 0.0);
    Arrays.fill(deviations, 0.0);
  }

  /**
   * {@return the dependence that the values so far show}
   */
  public Dependence dependence() {
    long n = count[0];
    if (n < FEWEST_BLOCKS || !(deviations[0] > 0)) {
      return new Dependence(n, 1, 1.0, 0, false);
    }
    double variance = deviations[0] / (n - 1);
    double largestBound = 0;
    int last = 0;
    int longest = 0;
    for (int level = 0; looksAt(level); level++) {
      double k = count[level];
      double bound = vif(level, variance) / (1 + 2 * Math.sqrt(2 / (k - 1)));
      if (level > 0 && bound > GROWTH * largestBound) {
        last = level;
      }
      largestBound = Math.max(largestBound, bound);
      longest = level;
    }
    boolean growing = last > 0 && last == longest;
    double inflation = 1.0;
    for (int level = 1; last > 0 && level <= last + 1 && looksAt(level); level++) {
      inflation = Math.max(inflation, vif(level, variance));
    }
    return new Dependence(n, last == 0 ? 1 : 1 << (last + 1), inflation, 1 << longest, growing);
  }

  /** Blocks of 2^29 are the longest: twice that is still an int. */
  private boolean looksAt(int level) {
    return level < 30 && level < count.length && count[level] >= FEWEST_BLOCKS;
  }

  private double vif(int level, double variance) {
    return Math.scalb(deviations[level] / (count[level] - 1), level) / variance;
  }
}
