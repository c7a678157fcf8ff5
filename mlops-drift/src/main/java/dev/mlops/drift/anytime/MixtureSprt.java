package dev.mlops.drift.anytime;

import java.util.Locale;

/**
 * Tests whether a mean difference is above a limit, or differs from it, and may be looked at after every observation
 * (mixture sequential probability ratio test).
 *
 * <p>With mean and variance V of the n differences so far and τ the difference worth acting on, Λ = √(V/(V + nτ²))·exp(n²τ²(mean −
 * limit)²/(2V(V + nτ²))); for a one-sided claim only effects above the limit are mixed, and Λ is 2Φ(n(mean − limit)/√(nV + V²/τ²))
 * times as large. The p-value is the smallest 1/Λ at any look, and the test rejects when it is at most α; it stays so.
 *
 * <p>V is estimated by what came, so early looks would be wrong more often than α: 8.9 to 11.9 of 100 instead of 5, measured
 * for equal models of accuracy 0.80. There is no test without a guard: either the first looks are passed over ({@link
 * Claim#burnIn}), or V is never taken for small ({@link Claim#varianceAtLeast}). While all differences are the same they are
 * no evidence.
 *
 * <p><b>Input</b> is one difference in −1 to 1 per update, such as the loss of the champion minus that of the candidate on
 * the same row. Anything else is refused and leaves the test as it was.
 *
 * <p><b>Expect</b> a wrong rejection with probability at most α at all looks together, as measured: over 2,000 runs of 10,000
 * looks with equal models, at α = 0.05, 1 to 4 of 100. There is no proof for an estimated variance; {@link BettingTest} has
 * one. Half of the models with 0.82 instead of 0.80 are found within about 1,700 rows, with 0.97 instead of 0.95 within 600
 * ({@code above(0)}, τ = 0.02, 70 of 100 rows sharing their luck).
 *
 * <p>O(1) time and memory.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://arxiv.org/abs/1512.04922">Johari, Pekelis, Walsh: Always valid inference</a>
 * @since 0.1
 */
public final class MixtureSprt {
  /** The shortest burn-in; with shorter ones more than α was measured. */
  private static final int SHORTEST_BURN_IN = 100;

  /** The smallest floor of the variance. */
  private static final double SMALLEST_VARIANCE = 0.05;

  private final double limit;
  private final boolean oneSided;
  private final double worth;
  private final long burnIn;
  private final double leastVariance;
  private final double alpha;

  private long n;
  private double mean;
  /** Sum of squared deviations from the mean. */
  private double deviations;

  private double logEvidence;
  private double most;
  private boolean rejected;

  private MixtureSprt(Guarded step, double alpha) {
    this.limit = step.claim.limit;
    this.oneSided = step.claim.oneSided;
    this.worth = step.claim.worth;
    this.burnIn = step.burnIn;
    this.leastVariance = step.leastVariance;
    this.alpha = alpha;
  }

  /**
   * {@return a step to a test of differences in −1 to 1}
   *
   * @param worth τ, the smallest difference worth acting on: the test is quickest for differences of this size; above 0, at
   *     most 1
   * @throws IllegalArgumentException if it is out of range
   */
  public static Differences differences(double worth) {
    if (!(worth > 0 && worth <= 1)) {
      throw new IllegalArgumentException("worth must be > 0 and <= 1, but was " + worth);
    }
    return new Differences(worth);
  }

  /**
   * Takes one difference.
   *
   * @param difference in −1 to 1
   * @return whether the hypothesis is rejected, now or before
   * @throws IllegalArgumentException if it is out of range or NaN; the test is as it was
   */
  public boolean update(double difference) {
    Observations.require(difference, -1.0, 1.0);
    n++;
    double before = difference - mean;
    mean += before / n;
    deviations += before * (difference - mean);
    if (n < burnIn) {
      return rejected;
    }
    double variance = Math.max(leastVariance, deviations / n);
    if (variance <= 0) {
      return rejected;
    }
    double sum = n * (mean - limit);
    double time = n * variance;
    double rho = variance / worth * (variance / worth);
    logEvidence = oneSided
        ? MixtureBoundary.logHalfNormal(sum, time, rho)
        : MixtureBoundary.logNormal(sum, time, rho);
    most = Math.max(most, logEvidence);
    rejected = rejected || most >= -Math.log(alpha);
    return rejected;
  }

  /**
   * {@return whether the claim was shown; once true it stays so}
   */
  public boolean rejected() {
    return rejected;
  }

  /**
   * {@return the smallest 1/Λ at any look so far, at most 1; at or below α the test rejects}
   */
  public double pValue() {
    return Math.exp(-most);
  }

  /**
   * {@return ln Λ at the newest look; 0 before the first, and while all differences are the same}
   */
  public double logEvidence() {
    return logEvidence;
  }

  /**
   * {@return how many differences were taken}
   */
  public long n() {
    return n;
  }

  /** {@return such as {@code p-value 0.012 after 812: mean above 0.000}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "p-value %.3g after %d: %s %s %.4g",
        pValue(),
        n,
        rejected ? "mean" : "not shown that the mean is",
        oneSided ? "above" : "not",
        limit);
  }

  /**
   * What is observed, without a limit yet.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Differences {
    private final double worth;

    private Differences(double worth) {
      this.worth = worth;
    }

    /**
     * {@return a step to a test that rejects "the mean is at most the limit"}
     *
     * @param limit above −1, below 1; 0 asks for superiority, −0.02 for non-inferiority with a margin of 0.02
     * @throws IllegalArgumentException if it is out of range
     */
    public Claim above(double limit) {
      return new Claim(worth, limit, true);
    }

    /**
     * {@return a step to a test that rejects "the mean is the limit"}
     *
     * @param limit above −1, below 1
     * @throws IllegalArgumentException if it is out of range
     */
    public Claim differentFrom(double limit) {
      return new Claim(worth, limit, false);
    }
  }

  /**
   * What is to be shown, without a guard of the variance yet.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Claim {
    private final double worth;
    private final double limit;
    private final boolean oneSided;

    private Claim(double worth, double limit, boolean oneSided) {
      if (!(limit > -1 && limit < 1)) {
        throw new IllegalArgumentException("limit must be > -1.0 and < 1.0, but was " + limit);
      }
      this.worth = worth;
      this.limit = limit;
      this.oneSided = oneSided;
    }

    /**
     * {@return a step to a test that first looks after a number of differences}
     *
     * @param differences at least 100
     * @throws IllegalArgumentException if it is below 100
     */
    public Guarded burnIn(int differences) {
      if (differences < SHORTEST_BURN_IN) {
        throw new IllegalArgumentException("burn-in must be at least " + SHORTEST_BURN_IN
            + ", since with a variance of fewer values alpha would not hold, but was "
            + differences);
      }
      return new Guarded(this, differences, 0.0);
    }

    /**
     * {@return a step to a test that looks from the first difference on and takes no variance for smaller than this}
     *
     * @param variance 0.05 to 1
     * @throws IllegalArgumentException if it is out of range
     */
    public Guarded varianceAtLeast(double variance) {
      if (!(variance >= SMALLEST_VARIANCE && variance <= 1)) {
        throw new IllegalArgumentException(
            "the least variance must be " + SMALLEST_VARIANCE + " to 1.0, but was " + variance);
      }
      return new Guarded(this, 1, variance);
    }
  }

  /**
   * What is to be shown and how the variance is guarded, without an error rate yet.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Guarded {
    private final Claim claim;
    private final int burnIn;
    private final double leastVariance;

    private Guarded(Claim claim, int burnIn, double leastVariance) {
      this.claim = claim;
      this.burnIn = burnIn;
      this.leastVariance = leastVariance;
    }

    /**
     * {@return a test of this claim}
     *
     * @param alpha probability of ever showing it wrongly; above 0, below 1
     * @throws IllegalArgumentException if it is out of range
     */
    public MixtureSprt alpha(double alpha) {
      return new MixtureSprt(this, Observations.requireAlpha(alpha));
    }
  }
}
