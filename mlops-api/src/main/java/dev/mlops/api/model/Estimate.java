package dev.mlops.api.model;

/**
 * A measured number with its uncertainty.
 *
 * <p>Immutable.
 *
 * @param value what was measured; finite
 * @param lower lower end of its two-sided 95 % interval; finite, at most {@code value}
 * @param upper upper end of its two-sided 95 % interval; finite, at least {@code value}
 * @param n how many observations it rests on; at least 1
 * @since 0.1
 */
public record Estimate(double value, double lower, double upper, long n) {
  /**
   * Half-width of a normal 99 % interval over that of a 95 % one: a condition of the library asks for 99 %, and widens the
   * interval of an estimate by this factor.
   */
  public static final double TO_99 = 2.5758293035489004 / 1.959963984540054;

  /** 97.5 % quantile of the standard normal distribution. */
  private static final double Z95 = 1.959963984540054;

  /** 99.5 % quantile of the standard normal distribution. */
  private static final double Z99 = 2.5758293035489004;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is not finite, the interval does not hold the value, or n is below 1
   */
  public Estimate {
    if (!Double.isFinite(value)
        || !Double.isFinite(lower)
        || !Double.isFinite(upper)
        || lower > value
        || value > upper) {
      throw new IllegalArgumentException(
          "an estimate must be finite with lower <= value <= upper, but was " + lower + ", " + value
              + ", " + upper);
    }
    if (n < 1) {
      throw new IllegalArgumentException("an estimate must rest on n >= 1, but n was " + n);
    }
  }

  /**
   * {@return a share with Wilson's score interval}
   *
   * @param count how often; 0 to n
   * @param n of how many; at least 1
   * @throws IllegalArgumentException if they are out of range
   * @see <a href="https://doi.org/10.1080/01621459.1927.10502953">Wilson (1927)</a>
   */
  public static Estimate share(long count, long n) {
    double lower = wilson(count, n, Z95, -1);
    double upper = wilson(count, n, Z95, 1);
    double p = (double) count / n;
    return new Estimate(p, Math.max(0.0, Math.min(p, lower)), Math.min(1.0, Math.max(p, upper)), n);
  }

  /**
   * {@return the lower end of Wilson's 99 % interval of a share: what the conditions on failures hold against their limit}
   *
   * @param count how often; 0 to n
   * @param n of how many; at least 1
   * @throws IllegalArgumentException if they are out of range
   */
  public static double leastShare(long count, long n) {
    double lower = wilson(count, n, Z99, -1);
    // Rounding must not make a share of nothing more than 0.
    return Math.max(0.0, Math.min((double) count / n, lower));
  }

  /** An end of Wilson's score interval: the centre and that number of half-widths. */
  private static double wilson(long count, long n, double z, int halves) {
    if (n < 1 || count < 0 || count > n) {
      throw new IllegalArgumentException(
          "a share must have 0 <= count <= n and n >= 1, but had " + count + " of " + n);
    }
    double p = (double) count / n;
    double z2 = z * z;
    double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
    double half = z / (1 + z2 / n) * Math.sqrt(p * (1 - p) / n + z2 / (4.0 * n * n));
    return centre + halves * half;
  }

  /**
   * {@return a mean with its normal interval, value ± 1.96 standard errors}
   *
   * @param value the mean; finite
   * @param standardError of the mean; finite, at least 0
   * @param n of how many; at least 1
   * @throws IllegalArgumentException if they are out of range
   */
  public static Estimate mean(double value, double standardError, long n) {
    if (!(standardError >= 0) || !Double.isFinite(standardError)) {
      throw new IllegalArgumentException(
          "standardError must be finite and >= 0, but was " + standardError);
    }
    return new Estimate(value, value - Z95 * standardError, value + Z95 * standardError, n);
  }

  /**
   * {@return the magnitude of a signed number: its absolute value, and what the interval then holds; from 0 where it holds
   * both signs}
   */
  public Estimate magnitude() {
    double least = Math.min(Math.abs(lower), Math.abs(upper));
    double most = Math.max(Math.abs(lower), Math.abs(upper));
    return new Estimate(Math.abs(value), lower <= 0 && upper >= 0 ? 0.0 : least, most, n);
  }

  /** {@return such as {@code 0.953 ± 0.034 (n 150)}} */
  @Override
  public String toString() {
    return Figures.plusMinus(Figures.apart(value).get(0), (upper - lower) / 2) + " (n " + n + ")";
  }
}
