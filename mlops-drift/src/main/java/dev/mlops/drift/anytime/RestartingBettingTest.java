package dev.mlops.drift.anytime;

import java.util.Arrays;
import java.util.Locale;

/**
 * Tests whether a mean is above a limit, from the first observation on or since any later one, and may be looked at after every
 * observation (betting e-process with a reserve).
 *
 * <p>With x in 0 to 1 and m the limit, nine stakes θ of 0.8, 0.4 and so on to 0.003 bet against "the mean is at most m": K ← (K +
 * w(j)/9)·(1 + θ(x − m)/m). Half of the money is staked before the first bet; w(j) = R(j − 1) − R(j) with R(j) = ½/(1 + ln(1 +
 * j/1024)) is staked before the bet after the j-th, so that a rise that comes late meets money that no calm has lost. The evidence
 * M is the sum of the nine K. The test rejects when M reaches 1/α. What is beyond 1/α² is given away, and the rejection is
 * taken back when M falls below 1: at least as much evidence must speak against it as spoke for it.
 *
 * <p>{@link Limit#inBlocksOf} makes the mean of a block of observations one bet.
 *
 * <p><b>Input</b> is one observation in 0 to 1 per update. Anything else is refused and leaves the test as it was.
 *
 * <p><b>Promise</b>: if the mean of each observation (of each block) given all before it is at most the limit, a rejection ever
 * happens with probability at most α, at one look or at all of them: M never expects to grow, and begins with all money that is
 * ever staked, which is 1. Rejecting is evidence that the mean is above, then or since; not rejecting is evidence of nothing.
 *
 * <p><b>Expect</b>, for errors of 0 and 1, a limit of 0.13 and α = 0.01, errors of 0.20 to be found in a median of 350
 * observations from the first one on, and 720 after a calm of 10,000 observations at 0.10.
 *
 * <p>O(1) time and memory, no logarithm but in the weights.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://arxiv.org/abs/2010.09686">Waudby-Smith, Ramdas: Estimating means of bounded random variables by
 *     betting</a>
 * @see <a href="https://arxiv.org/abs/2203.03532">Shin, Ramdas, Rinaldo: E-detectors</a>
 * @since 0.1
 */
public final class RestartingBettingTest {
  private static final int STAKES = 9;
  private static final double STRONGEST = 0.8;

  /** Staked before the first bet. */
  private static final double AT_ONCE = 0.5;

  /** The reserve is half spent after 1.7 times as many bets. */
  private static final double PACE = 1024.0;

  /** Less than this is nothing: its products would be slow to compute. */
  private static final double NOTHING = 1e-250;

  private final double limit;
  private final int block;
  private final double enough;
  /** More than this is given away. */
  private final double most;
  /** By how much each capital grows per unit of x − m. */
  private final double[] bets = new double[STAKES];

  private final double[] capital = new double[STAKES];

  private long n;
  private long blocks;
  private double waiting;
  private int inBlock;
  private double reserve = 1.0 - AT_ONCE;
  private double evidence;
  private boolean rejected;

  private RestartingBettingTest(Limit limit, double alpha) {
    this.limit = limit.mean;
    this.block = limit.block;
    this.enough = 1.0 / alpha;
    this.most = enough / alpha;
    for (int i = 0; i < STAKES; i++) {
      bets[i] = Math.scalb(STRONGEST, -i) / this.limit;
    }
    Arrays.fill(capital, AT_ONCE / STAKES);
    evidence = AT_ONCE;
  }

  /**
   * {@return a step to a test that rejects "the mean is at most the limit"}
   *
   * @param mean above 0, below 1
   * @throws IllegalArgumentException if it is out of range
   */
  public static Limit above(double mean) {
    if (!(mean > 0 && mean < 1)) {
      throw new IllegalArgumentException("limit must be > 0.0 and < 1.0, but was " + mean);
    }
    return new Limit(mean, 1);
  }

  /**
   * Takes one observation.
   *
   * @param observation in 0 to 1
   * @return whether the hypothesis is rejected now
   * @throws IllegalArgumentException if it is out of range or NaN; the test is as it was
   */
  public boolean update(double observation) {
    Observations.require(observation, 0.0, 1.0);
    n++;
    waiting += observation;
    if (++inBlock == block) {
      bet(waiting / block);
      waiting = 0.0;
      inBlock = 0;
    }
    return rejected;
  }

  private void bet(double x) {
    double ahead = x - limit;
    double fresh = 0.0;
    if (blocks > 0) {
      double left = (1.0 - AT_ONCE) / (1.0 + Math.log1p(blocks / PACE));
      fresh = (reserve - left) / STAKES;
      reserve = left;
    }
    blocks++;
    double sum = 0.0;
    for (int i = 0; i < STAKES; i++) {
      double now = (capital[i] + fresh) * (1.0 + bets[i] * ahead);
      capital[i] = now < NOTHING ? 0.0 : now;
      sum += capital[i];
    }
    if (sum >= enough) {
      rejected = true;
    } else if (sum < 1.0) {
      rejected = false;
    }
    if (sum > most) {
      double kept = most / sum;
      for (int i = 0; i < STAKES; i++) {
        capital[i] *= kept;
      }
      sum = most;
    }
    evidence = sum;
  }

  /** {@return whether the mean is shown to be above the limit, now or not long ago} */
  public boolean rejected() {
    return rejected;
  }

  /** {@return M, the evidence against "at most the limit"; from 1/α on it rejects; at most 1/α²} */
  public double eValue() {
    return evidence;
  }

  /** {@return how many observations were taken} */
  public long n() {
    return n;
  }

  /** {@return such as {@code e-value 3.14 after 512: not shown that the mean is above 0.1300}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        rejected
            ? "e-value %.3g after %d: mean above %.4g"
            : "e-value %.3g after %d: not shown that the mean is above %.4g",
        evidence,
        n,
        limit);
  }

  /**
   * What is to be shown, without an error rate yet.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Limit {
    private final double mean;
    private final int block;

    private Limit(double mean, int block) {
      this.mean = mean;
      this.block = block;
    }

    /**
     * {@return the same limit of the mean of a block of observations}
     *
     * <p>For observations that depend on those before them: the condition of the promise is then about the mean of each block,
     * given all blocks before it.
     *
     * @param observations at least 1, such as the block length of a {@code Dependence}
     * @throws IllegalArgumentException if it is below 1
     */
    public Limit inBlocksOf(int observations) {
      if (observations < 1) {
        throw new IllegalArgumentException(
            "a block must have at least 1 observation, but had " + observations);
      }
      return new Limit(mean, observations);
    }

    /**
     * {@return a test of this claim}
     *
     * @param alpha probability of ever showing it wrongly; above 0, below 1
     * @throws IllegalArgumentException if it is out of range
     */
    public RestartingBettingTest alpha(double alpha) {
      return new RestartingBettingTest(this, Observations.requireAlpha(alpha));
    }
  }
}
