package dev.mlops.drift.profile;

import dev.mlops.api.model.Estimate;
import java.util.Optional;
import org.apache.commons.statistics.distribution.TDistribution;

/** The 95 % intervals of measured numbers. */
final class Intervals {
  /** The square root of a double's precision: a variance of values that are equal comes out as large as this squared. */
  private static final double ALIKE = 1e-7;

  /** 97.5 % quantile of the standard normal distribution. */
  static final double Z95 = 1.959963984540054;

  /** 97.5 % quantiles of Student's t by degrees of freedom; at 0, with one row alone, none. */
  private static final double[] T95 = new double[200];

  static {
    T95[0] = Z95;
    for (int freedom = 1; freedom < T95.length; freedom++) {
      T95[freedom] = TDistribution.of(freedom).inverseCumulativeProbability(0.975);
    }
  }

  private Intervals() {}

  /**
   * {@return the 97.5 % quantile of Student's t for a standard error of n rows}
   *
   * @see <a href="https://doi.org/10.1145/355598.355599">Hill (1970), Algorithm 396</a>, whose expansion this is beyond 200
   */
  static double t(long n) {
    if (n <= T95.length) {
      return T95[(int) n - 1];
    }
    double z = Z95;
    double z2 = z * z;
    double v = n - 1.0;
    return z
        * (1
            + (z2 + 1) / (4 * v)
            + ((5 * z2 + 16) * z2 + 3) / (96 * v * v)
            + (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * v * v * v));
  }

  /**
   * Value ± t standard errors, within bounds; absent if that is not finite. Where rounding cannot tell the standard error from 0,
   * at least 3/n of the way to each finite bound.
   */
  static Optional<Estimate> student(double value, double se, double least, double most, long n) {
    double half = se == 0 ? 0.0 : t(n) * se;
    if (se * Math.sqrt((double) n) <= ALIKE * Math.abs(value)) {
      double share = Math.min(1.0, 3.0 / n);
      double below = Double.isInfinite(least) ? 0.0 : share * (value - least);
      double above = Double.isInfinite(most) ? 0.0 : share * (most - value);
      return within(
          value, value - Math.max(half, below), value + Math.max(half, above), least, most, n);
    }
    return within(value, value - half, value + half, least, most, n);
  }

  /** An interval cut to bounds; absent if it is not finite. */
  static Optional<Estimate> within(
      double value, double lower, double upper, double least, double most, long n) {
    double from = Math.min(value, Math.max(least, lower));
    double to = Math.max(value, Math.min(most, upper));
    return Double.isFinite(value) && Double.isFinite(from) && Double.isFinite(to)
        ? Optional.of(new Estimate(value, from, to, n))
        : Optional.empty();
  }

  /**
   * Normal on the scale of the log-odds of (value − least)/(most − least), so that it stays within the bounds. Where the
   * standard error is 0 or the value a bound, 3/rows of the way to each bound.
   */
  static Estimate logit(double value, double se, double least, double most, long rows, long n) {
    double range = most - least;
    double share = (value - least) / range;
    if (!(se > 0) || share <= 0 || share >= 1) {
      return unsure(value, least, most, rows, n);
    }
    double odds = Math.log(share / (1 - share));
    double half = Z95 * se / range / (share * (1 - share));
    double lower = least + range / (1 + Math.exp(-(odds - half)));
    double upper = least + range / (1 + Math.exp(-(odds + half)));
    return new Estimate(
        value, Math.min(value, Math.max(least, lower)), Math.max(value, Math.min(most, upper)), n);
  }

  /** 3/rows of the way to each bound: what the rows did not show may be that rare (rule of three). */
  static Estimate unsure(double value, double least, double most, long rows, long n) {
    double share = Math.min(1.0, 3.0 / rows);
    return new Estimate(value, value - share * (value - least), value + share * (most - value), n);
  }
}
