package dev.mlops.drift.internal;

import java.util.Arrays;

/**
 * How rare a value of Kolmogorov–Smirnov's D of two samples is, if both have one distribution.
 *
 * <p>Without ties that distribution does not matter. With ties D is rarer than without, and how much rarer depends on which
 * values are tied; {@link Tied} takes them as given, so it is exact for any distribution.
 *
 * <p>Thread-safe: it has no state.
 *
 * @since 0.1
 */
public final class KsTail {
  /** The largest product of sizes whose probabilities are summed exactly. */
  static final long EXACT = 16_000_000L;

  /** Where one more step of the search would save less than this share of D. */
  private static final double FINE = 1e-3;

  private KsTail() {}

  /**
   * {@return the least common multiple: D times this is a whole number}
   *
   * @param n size of the first sample
   * @param m size of the second sample
   */
  public static long units(int n, int m) {
    return (long) n / gcd(n, m) * m;
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  /**
   * {@return the probability that D is at least {@code reached} of {@link #units}, without ties; above the exact size, at most
   * Dvoretzky, Kiefer, Wolfowitz and Massart's bound for two samples (Wei and Dudley, doi 10.1016/j.spl.2011.12.012)}
   *
   * @param n size of the first sample
   * @param m size of the second sample
   * @param reached D in units
   */
  public static double probability(int n, int m, long reached) {
    if (reached <= 0) {
      return 1.0;
    }
    if ((long) n * m > EXACT) {
      double d = (double) reached / units(n, m);
      return Math.min(1.0, 2.0 * Math.exp(-2.0 * d * d * ((double) n * m / ((double) n + m))));
    }
    // All orders of the pooled sample are alike likely: from (n, m) back to (0, 0), the step before
    // (i, j) was one of the
    // first sample with probability i / (i + j). after[j] is the probability of having reached it
    // on the way to (i, j).
    long first = units(n, m) / n;
    long second = units(n, m) / m;
    double[] after = new double[m + 1];
    Arrays.fill(after, 1.0);
    int from = 0;
    for (int i = 0; i <= n; i++) {
      // j for which |i·first − j·second| < reached; all others are 1.
      int lowest = (int) Math.max(0, Math.floorDiv(i * first - reached, second) + 1);
      int highest = (int) Math.min(m, Math.floorDiv(i * first + reached - 1, second));
      Arrays.fill(after, from, Math.min(lowest, m + 1), 1.0);
      from = lowest;
      for (int j = lowest; j <= highest; j++) {
        if (j > 0) {
          after[j] = (i * after[j] + j * after[j - 1]) / (i + j);
        } else if (i == 0) {
          after[j] = 0.0;
        }
      }
    }
    return after[m];
  }

  /**
   * {@return about the smallest D, in {@link #units}, that is reached with at most this probability without ties; one more than
   * all units if none is}
   *
   * @param n size of the first sample
   * @param m size of the second sample
   * @param probability above 0
   */
  public static long threshold(int n, int m, double probability) {
    long units = units(n, m);
    if (probability(n, m, units) > probability) {
      return units + 1;
    }
    // Massart's bound is near enough to begin with.
    double scale = Math.sqrt(0.5 * Math.log(2.0 / probability) * ((double) n + m) / n / m);
    long enough = Math.min(units, (long) Math.ceil(scale * units) + 1);
    long tooFew = 0;
    while (probability(n, m, enough) > probability) {
      tooFew = enough;
      enough = Math.min(units, enough + enough / 4 + 1);
    }
    while (enough - tooFew > Math.max(1, (long) (FINE * enough))) {
      long middle = tooFew + (enough - tooFew) / 2;
      if (probability(n, m, middle) > probability) {
        tooFew = middle;
      } else {
        enough = middle;
      }
    }
    return enough;
  }

  /**
   * Samples of which it is known which values are tied.
   *
   * <p>All orders of the pooled samples are alike likely, and D is looked at where a group of equal values ends (Schröer and
   * Trenkler, doi 10.1016/0167-9473(94)00040-P).
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Tied {
    private final int n;
    private final int m;

    /** By how many of the pooled values came before: whether the group of equal ones ends there. */
    private final boolean[] end;

    private final double[] inverse;
    private final double[] after;

    /**
     * Takes memory for samples of these sizes.
     *
     * @param n size of the first sample
     * @param m size of the second sample
     */
    public Tied(int n, int m) {
      this.n = n;
      this.m = m;
      this.end = new boolean[n + m + 1];
      this.inverse = new double[n + m + 1];
      this.after = new double[m + 1];
      for (int at = 1; at <= n + m; at++) {
        inverse[at] = 1.0 / at;
      }
    }

    /**
     * {@return whether the sum takes few enough steps, n·m of them}
     *
     * @param n size of the first sample
     * @param m size of the second sample
     */
    public static boolean isExact(int n, int m) {
      return (long) n * m <= EXACT;
    }

    /** Forgets which values are tied: then all are. */
    public void clear() {
      Arrays.fill(end, false);
    }

    /**
     * Says that a group of equal values ends.
     *
     * @param upTo how many of the pooled values are up to that value; 1 to n + m
     */
    public void endsAt(int upTo) {
      end[upTo] = true;
    }

    /**
     * {@return the probability that D is at least this, given the ties}
     *
     * @param reached D in {@link KsTail#units}
     */
    public double probability(long reached) {
      if (reached <= 0) {
        return 1.0;
      }
      long first = units(n, m) / n;
      long second = units(n, m) / m;
      // As without ties: after[j] is the probability of having reached it on the way to (i, j).
      Arrays.fill(after, 0.0);
      for (int i = 0; i <= n; i++) {
        double before = 0.0; // of (i, j − 1)
        long ahead = i * first;
        for (int j = 0; j <= m; j++) {
          before = end[i + j] && Math.abs(ahead - j * second) >= reached
              ? 1.0
              : (i * after[j] + j * before) * inverse[i + j];
          after[j] = before;
        }
      }
      return Math.min(1.0, after[m]);
    }

    /**
     * {@return about the smallest D, in {@link KsTail#units}, that is reached with at most this probability, given the ties}
     *
     * @param probability above 0
     * @param enough a D that is reached with at most this probability
     */
    public long threshold(double probability, long enough) {
      long tooFew = 0;
      while (enough - tooFew > Math.max(1, (long) (FINE * enough))) {
        long middle = tooFew + (enough - tooFew) / 2;
        if (probability(middle) > probability) {
          tooFew = middle;
        } else {
          enough = middle;
        }
      }
      return enough;
    }
  }
}
