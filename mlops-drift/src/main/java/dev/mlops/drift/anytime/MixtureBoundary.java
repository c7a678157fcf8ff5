package dev.mlops.drift.anytime;

import java.util.Locale;
import org.apache.commons.numbers.gamma.Erfc;
import org.apache.commons.numbers.gamma.LogBeta;
import org.apache.commons.numbers.gamma.RegularizedBeta;

/**
 * A curve that a sum of observations of mean 0 stays within for ever, except with probability α.
 *
 * <p>With S the sum and v its intrinsic time (known variance summed over the observations), the mixture is M = ∫ exp(λS −
 * ψ(λ)v) dF(λ), an e-process, and the boundary is where M = 1/α. <b>Normal</b>: ψ(λ) = λ²/2, F normal with variance 1/ρ, so
 * M = √(ρ/(v + ρ))·exp(S²/(2(v + ρ))) and |S| &lt; √((v + ρ)(ln(1 + v/ρ) + 2 ln(1/α))); one-sided, F is its upper half and
 * M is 2Φ(S/√(v + ρ)) times as large. <b>Beta-binomial</b>: ψ(λ) = ln((g·e^{hλ} + h·e^{−gλ})/(g + h))/(gh), F a beta
 * distribution of g·e^{hλ}/(g·e^{hλ} + h·e^{−gλ}) around g/(g + h). ρ makes the boundary about as narrow as can be at the time
 * asked for, ρ = v/(2 ln(1/α) + ln(1 + 2 ln(1/α))), α counting twice if one-sided; elsewhere it is valid, but wider.
 *
 * <p><b>Input</b>: normal for sums of independent normal values with v their variances, or of values in an interval of
 * length 2c with v = c² each; beta-binomial for values in −g to h with v = gh each. Only their mean given all before need be
 * 0, or at most 0 for a one-sided boundary.
 *
 * <p><b>Promise</b>: the sum ever leaves the boundary with probability at most α, at one look or at all of them.
 *
 * <p>Immutable.
 *
 * @see <a href="https://arxiv.org/abs/1810.08240">Howard, Ramdas, McAuliffe, Sekhon: Time-uniform, nonparametric,
 *     nonasymptotic confidence sequences</a>
 * @since 0.1
 */
public final class MixtureBoundary {
  /** Below this, Φ is smaller than a double can tell well. */
  private static final double FAR_BELOW = -30.0;

  /** ρ of a beta-binomial is above gh by at least this share of it. */
  private static final double LEAST_ABOVE = 1e-3;

  /** How far beyond the largest sum one may be by rounding, as a share. */
  private static final double ROUNDING = 1e-9;

  /** A one-sided ρ is that of at most this α. */
  private static final double LARGEST_ALPHA = 0.5;

  private final Family family;
  private final double rho;
  private final double alpha;
  private final double enough;

  private MixtureBoundary(Family family, double tightAt, double alpha) {
    this.family = family;
    this.rho = rho(tightAt, family.oneSided ? Math.min(LARGEST_ALPHA, 2.0 * alpha) : alpha);
    this.alpha = alpha;
    this.enough = -Math.log(alpha);
  }

  /**
   * {@return a step to a two-sided boundary of sums of normal values, or of bounded ones}
   */
  public static Family normal() {
    return new Family(0.0, 0.0, false);
  }

  /**
   * {@return a step to a two-sided boundary of sums of bounded values}
   *
   * @param g how far below 0 a value may be; finite, above 0
   * @param h how far above 0 a value may be; finite, above 0
   * @throws IllegalArgumentException if they are out of range
   */
  public static Family betaBinomial(double g, double h) {
    if (!(g > 0 && h > 0) || !Double.isFinite(g) || !Double.isFinite(h)) {
      throw new IllegalArgumentException(
          "g and h must be finite and > 0, but were " + g + " and " + h);
    }
    return new Family(g, h, false);
  }

  /** ρ of the normal mixture whose boundary is about the narrowest at one time. */
  static double rho(double tightAt, double alpha) {
    double twice = -2.0 * Math.log(alpha);
    return tightAt / (twice + Math.log1p(twice));
  }

  /** ln of the normal mixture. */
  static double logNormal(double sum, double time, double rho) {
    return 0.5 * (Math.log(rho / (time + rho)) + sum * sum / (time + rho));
  }

  /** ln of the mixture with the upper half of a normal distribution. */
  static double logHalfNormal(double sum, double time, double rho) {
    double z = sum / Math.sqrt(time + rho);
    double root = 0.5 * Math.log(4.0 * rho / (time + rho));
    if (z < FAR_BELOW) {
      // Φ(z) = φ(z)/|z|·(1 − 1/z² + …), of which exp(−z²/2) goes against the other factor.
      return root - Math.log(-z * Math.sqrt(2.0 * Math.PI)) + Math.log1p(-1.0 / (z * z));
    }
    return root + 0.5 * z * z + Math.log(0.5 * Erfc.value(-z / Math.sqrt(2.0)));
  }

  /** ln of the beta-binomial mixture. */
  private static double logBetaBinomial(Family family, double sum, double time, double rho) {
    double g = family.g;
    double h = family.h;
    double r = Math.max(rho - g * h, LEAST_ABOVE * g * h);
    double a = (time + h * sum) / (h * (g + h));
    double b = (time - g * sum) / (g * (g + h));
    if (Math.min(a, b) < -ROUNDING * (a + b)) {
      // No values in −g to h have this sum.
      return Double.NEGATIVE_INFINITY;
    }
    a = Math.max(0.0, a);
    b = Math.max(0.0, b);
    double a0 = r / (h * (g + h));
    double b0 = r / (g * (g + h));
    double log = (a + b) * Math.log(g + h)
        - a * Math.log(g)
        - b * Math.log(h)
        + LogBeta.value(a0 + a, b0 + b)
        - LogBeta.value(a0, b0);
    if (family.oneSided) {
      double middle = g / (g + h);
      log += Math.log(RegularizedBeta.complement(middle, a0 + a, b0 + b))
          - Math.log(RegularizedBeta.complement(middle, a0, b0));
    }
    return log;
  }

  /**
   * {@return ln M, the evidence against "mean 0", or "mean at most 0" if one-sided; at ln(1/α) the boundary is reached}
   *
   * @param sum of the observations; finite
   * @param time intrinsic time; finite, at least 0
   * @throws IllegalArgumentException if they are out of range
   */
  public double logMixture(double sum, double time) {
    requireTime(time);
    if (!Double.isFinite(sum)) {
      throw new IllegalArgumentException("sum must be finite, but was " + sum);
    }
    if (family.g > 0) {
      return logBetaBinomial(family, sum, time, rho);
    }
    return family.oneSided ? logHalfNormal(sum, time, rho) : logNormal(sum, time, rho);
  }

  /**
   * {@return the sum at which the boundary is reached from below; ∞ if no sum can reach it yet}
   *
   * @param time intrinsic time; finite, at least 0
   * @throws IllegalArgumentException if it is out of range
   */
  public double upper(double time) {
    requireTime(time);
    if (family.g > 0) {
      return solve(time, time / family.g);
    }
    if (!family.oneSided) {
      return Math.sqrt((time + rho) * (Math.log1p(time / rho) + 2.0 * enough));
    }
    // Two-sided at α is beyond one-sided at α, and a little is left for rounding.
    return solve(time, 1.001 * Math.sqrt((time + rho) * (Math.log1p(time / rho) + 2.0 * enough)));
  }

  /**
   * {@return the sum at which the boundary is reached from above; −∞ if one-sided, or if no sum can reach it yet}
   *
   * @param time intrinsic time; finite, at least 0
   * @throws IllegalArgumentException if it is out of range
   */
  public double lower(double time) {
    requireTime(time);
    if (family.oneSided) {
      return Double.NEGATIVE_INFINITY;
    }
    return family.g > 0 ? solve(time, -time / family.h) : -upper(time);
  }

  /** Where ln M reaches the threshold between 0 and a sum; infinite if it does not. */
  private double solve(double time, double end) {
    if (!(logMixture(end, time) >= enough)) {
      return Math.copySign(Double.POSITIVE_INFINITY, end);
    }
    double inside = 0.0;
    double outside = end;
    while (true) {
      double middle = 0.5 * (inside + outside);
      if (middle == inside || middle == outside) {
        return outside;
      }
      if (logMixture(middle, time) >= enough) {
        outside = middle;
      } else {
        inside = middle;
      }
    }
  }

  private static void requireTime(double time) {
    if (!(time >= 0) || !Double.isFinite(time)) {
      throw new IllegalArgumentException("time must be finite and >= 0, but was " + time);
    }
  }

  /**
   * {@return ρ, the time that the mixture is tuned to, over the logarithms}
   */
  public double rho() {
    return rho;
  }

  /**
   * {@return the probability of ever leaving it}
   */
  public double alpha() {
    return alpha;
  }

  /** {@return such as {@code normal mixture, two-sided, rho 12.60, alpha 0.05}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s, %s, rho %.4g, alpha %s",
        family.g > 0
            ? "beta-binomial mixture of " + -family.g + " to " + family.h
            : "normal mixture",
        family.oneSided ? "one-sided" : "two-sided",
        rho,
        alpha);
  }

  /**
   * A kind of mixture, without a time to be narrow at.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Family {
    /** 0 for a normal mixture. */
    private final double g;

    private final double h;
    private final boolean oneSided;

    private Family(double g, double h, boolean oneSided) {
      this.g = g;
      this.h = h;
      this.oneSided = oneSided;
    }

    /**
     * {@return the same for sums that rise: a mean of at most 0 is what is tested, and the boundary is lower}
     */
    public Family oneSided() {
      return new Family(g, h, true);
    }

    /**
     * {@return a step to a boundary that is about as narrow as can be at this time}
     *
     * @param time intrinsic time at which a decision is expected; finite, above 0
     * @throws IllegalArgumentException if it is out of range
     */
    public Tuned tightAt(double time) {
      if (!(time > 0) || !Double.isFinite(time)) {
        throw new IllegalArgumentException("time must be finite and > 0, but was " + time);
      }
      return new Tuned(this, time);
    }
  }

  /**
   * A kind of mixture and the time it is narrow at, without an error rate.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Tuned {
    private final Family family;
    private final double tightAt;

    private Tuned(Family family, double tightAt) {
      this.family = family;
      this.tightAt = tightAt;
    }

    /**
     * {@return the boundary}
     *
     * @param alpha probability of ever leaving it while the mean is 0; above 0, below 1
     * @throws IllegalArgumentException if it is out of range
     */
    public MixtureBoundary alpha(double alpha) {
      return new MixtureBoundary(family, tightAt, Observations.requireAlpha(alpha));
    }
  }
}
