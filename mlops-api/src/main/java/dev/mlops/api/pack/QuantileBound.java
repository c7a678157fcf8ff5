package dev.mlops.api.pack;

/**
 * Which value of a sorted sample bounds a quantile of what it was drawn from, whatever the distribution.
 *
 * <p>Of n independent values, the number below the q-quantile is at most binomial(n, q). So the k-th smallest is below that
 * quantile with a probability of at most P(B ≥ k), and the least k for which this is at most {@value #ALPHA} is the bound.
 */
final class QuantileBound {
  /** How often the bound is below the quantile, at most. */
  static final double ALPHA = 0.005;

  private QuantileBound() {}

  /** The rank of the bound, from 1; 0 if n values are too few for one. */
  static int rank(int n, double quantile) {
    double mean = n * quantile;
    double deviation = Math.sqrt(mean * (1 - quantile));
    // What lies further out than this weighs less than 1e-18.
    int k = (int) Math.min(n, Math.ceil(mean + 10 * deviation + 50));
    double tail = 0;
    while (k > 0) {
      double with = tail + probability(n, k, quantile);
      if (with > ALPHA) {
        break;
      }
      tail = with;
      k--;
    }
    return k + 1 > n ? 0 : k + 1;
  }

  private static double probability(int n, int k, double quantile) {
    return Math.exp(logFactorial(n)
        - logFactorial(k)
        - logFactorial(n - k)
        + k * Math.log(quantile)
        + (n - k) * Math.log1p(-quantile));
  }

  /** By Stirling's series, which is right to 1e-12 from 20 on; by its definition below. */
  private static double logFactorial(int n) {
    if (n < 20) {
      double log = 0;
      for (int i = 2; i <= n; i++) {
        log += Math.log(i);
      }
      return log;
    }
    double x = n + 1.0;
    double square = x * x;
    return (x - 0.5) * Math.log(x)
        - x
        + 0.5 * Math.log(2 * Math.PI)
        + 1 / (12 * x)
        - 1 / (360 * x * square)
        + 1 / (1260 * x * square * square);
  }
}
