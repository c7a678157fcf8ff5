package dev.mlops.drift.anytime;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.pack.Dependence;
import java.util.Arrays;
import java.util.Locale;

/**
 * Tests whether the mean of differences is above a limit where each depends on those before it, and may be looked at after
 * every block (tempered betting e-process).
 *
 * <p>With x = (difference − limit) / (1 + limit) and I the inflation of the {@link Dependence}, "mean at most the limit" is bet
 * against with nine fixed stakes θ, 0.8, 0.4 and so on to 0.003: K ← K·(1 + θx)^(1/I) from K = 1, so that n rows count like n /
 * I independent ones. The evidence is the mean of the nine K, looked at when a block of the dependence's length ends. The test
 * rejects when it reaches 1/α, and stays so.
 *
 * <p>Differences may depend on each other more than the losses that the dependence was measured on. So the sum of squares of
 * x, divided by I into each K, is raised to n · b · Var(means of blocks of b) / I where that is more: ln K loses θ²/(2I) times
 * what is missing, for b = 2, 4, … while the differences so far make 16 such blocks.
 *
 * <p><b>Input</b> is one difference in −1 to 1 per update, in order of time, such as the loss of the champion minus that of the
 * candidate on the same row. Anything else is refused and leaves the test as it was.
 *
 * <p><b>Promise</b>: a wrong rejection ever happens with probability at most α. It is <em>proven</em> where the inflation
 * equals the block length and the mean of each difference given all earlier blocks is at most the limit, whatever the
 * dependence within a block: a block multiplies K by a geometric mean of its 1 + θx, which is at most their arithmetic mean,
 * whose mean is at most 1. For a block length of 1 that is the promise of {@link BettingTest}, under the same condition. For a
 * smaller inflation it is <em>calibrated</em>: where the dependence was measured on 20,000 rows of the same kind, 0.6 to 1.7
 * of 100 runs of 20,000 rows were wrong at α = 0.05 with a look at every block, for AR(1) with coefficients 0, 0.5 and 0.9
 * and for Markov regimes of 50 and 500 rows; {@link BettingTest} had up to 89 wrong. Where the dependence is larger than
 * stated nothing is promised: for regimes of 500 rows measured on 5,000 rows 7.5 of 100 were wrong, measured on 2,000 rows 29.
 * {@link Dependence#conclusive()} is false in most of those cases.
 *
 * <p><b>Expect</b> on independent rows 1.0 to 1.6 times as many rows as {@link BettingTest} needs. With an inflation of I it
 * takes some I times as many, and at least about eight times I: a gain of 0.15 takes about 180 rows for AR(1) with 0.5, 1,200
 * with 0.9, 1,000 to 2,000 in regimes of 50 rows.
 *
 * <p>O(1) amortised time, O(log n) memory.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://arxiv.org/abs/2010.09686">Waudby-Smith, Ramdas: Estimating means of bounded random variables by
 *     betting</a>
 * @since 0.1
 */
public final class BlockMeansTest {
  /** Fewer blocks say too little about a variance. */
  private static final int FEWEST_BLOCKS = 16;

  /** As many factors stay far inside a double's range whatever the limit: each is within 0.2 to 2^54. */
  private static final int MOST_MULTIPLIED = 16;

  private static final Stakes STAKES = new Stakes(9);

  private final double limit;
  private final Dependence dependence;
  private final double enough;

  private long n;
  /** Sum of ln(1 + θx) by stake, without the values that are in the products. */
  private final double[] gains = new double[STAKES.count()];

  /** Product of the newest 1 + θx by stake: one logarithm for several values. */
  private final double[] products = new double[STAKES.count()];

  private int multiplied;

  private double squares;
  /** ln K by stake at the end of the newest block. */
  private final double[] logs = new double[STAKES.count()];

  private boolean rejected;

  /** By level, blocks of 1, 2, 4, …: how many are whole, mean and sum of squared deviations of their sums. */
  private long[] count = new long[8];

  private double[] mean = new double[8];
  private double[] deviations = new double[8];
  /** Sum of the block that waits for its second half. */
  private double[] waiting = new double[8];

  private BlockMeansTest(Stated step, double alpha) {
    Arrays.fill(products, 1.0);
    this.limit = step.claim.limit;
    this.dependence = step.dependence;
    this.enough = -Math.log(alpha);
  }

  /**
   * {@return a step to a test of differences in −1 to 1}
   */
  public static Differences differences() {
    return new Differences();
  }

  /**
   * Takes one difference.
   *
   * @param difference in −1 to 1
   * @return whether the hypothesis is rejected, now or before; it changes at the end of a block alone
   * @throws IllegalArgumentException if it is out of range or NaN; the test is as it was
   */
  public boolean update(double difference) {
    Observations.require(difference, -1.0, 1.0);
    double x = (difference - limit) / (1.0 + limit);
    n++;
    squares += x * x;
    for (int i = 0; i < products.length; i++) {
      products[i] *= STAKES.factor(i, x);
    }
    if (++multiplied == MOST_MULTIPLIED) {
      fold();
    }
    gather(x);
    if (n % dependence.blockLength() == 0) {
      look();
    }
    return rejected;
  }

  private void fold() {
    for (int i = 0; i < gains.length; i++) {
      gains[i] += Math.log(products[i]);
      products[i] = 1.0;
    }
    multiplied = 0;
  }

  private void look() {
    fold();
    double missing = spread() - squares;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < logs.length; i++) {
      logs[i] = (gains[i] - STAKES.cost(i, missing)) / dependence.inflation();
      most = Math.max(most, logs[i]);
    }
    // A mean is not above its largest part, so most looks end here.
    rejected = rejected || (most >= enough && logEvidence() >= enough);
  }

  private void gather(double x) {
    double block = x;
    for (int level = 0; ; level++) {
      if (level == count.length) {
        int length = count.length + 8;
        count = Arrays.copyOf(count, length);
        mean = Arrays.copyOf(mean, length);
        deviations = Arrays.copyOf(deviations, length);
        waiting = Arrays.copyOf(waiting, length);
      }
      long k = ++count[level];
      double before = block - mean[level];
      mean[level] += before / k;
      deviations[level] += before * (block - mean[level]);
      if (k % 2 == 1) {
        waiting[level] = block;
        return;
      }
      block += waiting[level];
    }
  }

  /** Σx², or what the blocks of some length say instead if that is more. */
  private double spread() {
    double most = squares;
    for (int level = 1; level < count.length && count[level] >= FEWEST_BLOCKS; level++) {
      double variance = Math.scalb(deviations[level] / (count[level] - 1), -level);
      most = Math.max(most, n * variance / dependence.inflation());
    }
    return most;
  }

  /**
   * {@return whether the mean was shown to be above the limit; once true it stays so}
   */
  public boolean rejected() {
    return rejected;
  }

  /**
   * {@return the evidence against "at most the limit" at the end of the newest block; from 1/α on it rejects; the greatest
   * finite number if it is larger}
   */
  public double eValue() {
    return Math.min(Double.MAX_VALUE, Math.exp(logEvidence()));
  }

  /**
   * {@return the logarithm of the evidence; 0 before the end of the first block}
   */
  public double logEvidence() {
    return Stakes.logMean(logs);
  }

  /**
   * {@return how many differences were taken}
   */
  public long n() {
    return n;
  }

  /**
   * {@return what the test was told of the dependence}
   */
  public Dependence dependence() {
    return dependence;
  }

  /**
   * {@return such as {@code e-value 3.14 after 512: not shown that the mean is above 0.02000 (blocks of 128, variance × 15.5,
   * from 5000 values)}}
   */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "e-value %.3g after %d: %s %.4g (%s)",
        eValue(),
        n,
        rejected ? "mean above" : "not shown that the mean is above",
        limit,
        dependence);
  }

  /**
   * What is observed, without a limit yet.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Differences {
    private Differences() {}

    /**
     * {@return a step to a test that rejects "the mean is at most the limit"}
     *
     * @param limit above −1, below 1; 0 asks for superiority, −0.02 for non-inferiority with a margin of 0.02
     * @throws IllegalArgumentException if it is out of range
     */
    public Claim above(double limit) {
      if (!(limit > -1 && limit < 1)) {
        throw new IllegalArgumentException("limit must be > -1.0 and < 1.0, but was " + limit);
      }
      return new Claim(limit);
    }
  }

  /**
   * What is to be shown, without a dependence yet.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Claim {
    private final double limit;

    private Claim(double limit) {
      this.limit = limit;
    }

    /**
     * {@return a step to a test that holds for this dependence}
     *
     * @param dependence as measured on a quiet stretch of the same stream; {@link Dependence#none} for independent rows
     */
    public Stated under(Dependence dependence) {
      return new Stated(this, requireNonNull(dependence, "dependence"));
    }
  }

  /**
   * What is to be shown and under which dependence, without an error rate yet.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Stated {
    private final Claim claim;
    private final Dependence dependence;

    private Stated(Claim claim, Dependence dependence) {
      this.claim = claim;
      this.dependence = dependence;
    }

    /**
     * {@return a test of this claim}
     *
     * @param alpha probability of ever showing it wrongly; above 0, below 1
     * @throws IllegalArgumentException if it is out of range
     */
    public BlockMeansTest alpha(double alpha) {
      return new BlockMeansTest(this, Observations.requireAlpha(alpha));
    }
  }
}
