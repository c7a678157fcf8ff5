package dev.mlops.drift.anytime;

import java.util.Locale;

/**
 * Tests whether a mean is above a limit, and may be looked at after every observation (betting e-process).
 *
 * <p>With x scaled to 0 to 1, the hypothesis "mean at most m" is bet against: K ← K·(1 + λ(x − m)) from K = 1, λ = (μ − m) /
 * (V + (μ − m)²) held within 0 to 0.5/m, where μ and V are mean and variance of what came before, started from one made-up
 * observation (1/2, 1/4). Under the hypothesis K exceeds 1/α ever with probability at most α, so the test rejects when it
 * does, and stays so.
 *
 * <p><b>Input</b> is one observation per update: a value in 0 to 1, or a difference in −1 to 1, such as the loss of the
 * champion minus that of the candidate on the same row. Anything else is refused and leaves the test as it was.
 *
 * <p><b>Promise</b>: for any observations whose mean given all before is at most the limit, a wrong rejection ever happens
 * with probability at most α, at one look or at all of them. Rejecting is evidence that the mean is above; not rejecting is
 * evidence of nothing.
 *
 * <p>Kept as ln K: no overflow, O(1) time and memory.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://arxiv.org/abs/2010.09686">Waudby-Smith, Ramdas: Estimating means of bounded random variables by
 *     betting</a>
 * @since 0.1
 */
public final class BettingTest {
  /** No bet may lose more than this share of the capital. */
  private static final double MOST_LOST = 0.5;

  private final double lowest;
  private final double width;
  /** The limit, scaled to 0 to 1. */
  private final double limit;

  private final double enough;

  private double logEvidence;
  private boolean rejected;
  private long n;
  /** Sum of the scaled observations and of their squared deviations, the made-up one included. */
  private double sum = 0.5;

  private double deviations = 0.25;

  private BettingTest(Claim claim, double alpha) {
    this.lowest = claim.range.lowest;
    this.width = claim.range.width;
    this.limit = claim.range.scaled(claim.limit);
    this.enough = -Math.log(alpha);
  }

  /**
   * {@return a step to a test of values in 0 to 1}
   */
  public static Range values() {
    return new Range(0.0, 1.0);
  }

  /**
   * {@return a step to a test of differences in −1 to 1}
   */
  public static Range differences() {
    return new Range(-1.0, 2.0);
  }

  /**
   * Takes one observation.
   *
   * @param observation in the range of the test
   * @return whether the hypothesis is rejected, now or before
   * @throws IllegalArgumentException if it is out of range or NaN; the test is as it was
   */
  public boolean update(double observation) {
    Observations.require(observation, lowest, lowest + width);
    double x = (observation - lowest) / width;
    double mean = sum / (n + 1);
    double variance = deviations / (n + 1);
    double ahead = mean - limit;
    double bet = Math.max(0.0, Math.min(MOST_LOST / limit, ahead / (variance + ahead * ahead)));
    logEvidence += Math.log1p(bet * (x - limit));
    if (logEvidence >= enough) {
      rejected = true;
    }
    n++;
    sum += x;
    double deviation = x - sum / (n + 1);
    deviations += deviation * deviation;
    return rejected;
  }

  /**
   * {@return whether the mean was shown to be above the limit; once true it stays so}
   */
  public boolean rejected() {
    return rejected;
  }

  /**
   * {@return K, the evidence against "at most the limit"; above 1/α it rejects; the greatest finite number if it is larger}
   */
  public double eValue() {
    return Math.min(Double.MAX_VALUE, Math.exp(logEvidence));
  }

  /**
   * {@return ln K; 0 before the first observation}
   */
  public double logEvidence() {
    return logEvidence;
  }

  /**
   * {@return how many observations were taken}
   */
  public long n() {
    return n;
  }

  /** {@return such as {@code e-value 3.14 after 512: not shown that the mean is above 0.02000}} */
  @Override
  public String toString() {
    double shown = lowest + width * limit;
    return String.format(
        Locale.ROOT,
        rejected
            ? "e-value %.3g after %d: mean above %.4g"
            : "e-value %.3g after %d: not shown that the mean is above %.4g",
        eValue(),
        n,
        shown);
  }

  /**
   * What is observed, without a limit yet.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Range {
    private final double lowest;
    private final double width;

    private Range(double lowest, double width) {
      this.lowest = lowest;
      this.width = width;
    }

    private double scaled(double value) {
      return (value - lowest) / width;
    }

    /**
     * {@return a step to a test that rejects "the mean is at most the limit"}
     *
     * @param limit inside the range, its ends excluded; for differences, 0 asks for superiority, −0.02 for non-inferiority
     *     with a margin of 0.02
     * @throws IllegalArgumentException if it is out of range
     */
    public Claim above(double limit) {
      if (!(limit > lowest && limit < lowest + width)) {
        throw new IllegalArgumentException(
            "limit must be > " + lowest + " and < " + (lowest + width) + ", but was " + limit);
      }
      return new Claim(this, limit);
    }
  }

  /**
   * What is to be shown, without an error rate yet.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Claim {
    private final Range range;
    private final double limit;

    private Claim(Range range, double limit) {
      this.range = range;
      this.limit = limit;
    }

    /**
     * {@return a test of this claim}
     *
     * @param alpha probability of ever showing it wrongly; above 0, below 1
     * @throws IllegalArgumentException if it is out of range
     */
    public BettingTest alpha(double alpha) {
      return new BettingTest(this, Observations.requireAlpha(alpha));
    }
  }
}
