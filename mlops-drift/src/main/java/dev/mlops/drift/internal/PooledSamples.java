package dev.mlops.drift.internal;

import java.util.Arrays;
import org.apache.commons.statistics.distribution.HypergeometricDistribution;

/**
 * Two samples of numbers, pooled: Kolmogorov–Smirnov's D, how often each distinct value occurs in either, and how rare such a D
 * is given the ties.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class PooledSamples {
  private final int n;
  private final int m;
  private final long units;

  /** By distinct value, ascending. */
  private final int[] first;

  private final int[] second;

  /** In units: by how much the second sample lies above the first one, and below it. */
  private long above;

  private long below;

  /** Values up to where D is reached, and the value there. */
  private int upTo;

  private double widest;

  private PooledSamples(double[] one, double[] other) {
    this.n = one.length;
    this.m = other.length;
    this.units = KsTail.units(n, m);
    int[] ones = new int[n + m];
    int[] others = new int[n + m];
    int distinct = 0;
    int i = 0;
    int j = 0;
    while (i < n || j < m) {
      double value = j == m || (i < n && one[i] <= other[j]) ? one[i] : other[j];
      int beforeFirst = i;
      int beforeSecond = j;
      while (i < n && one[i] == value) {
        i++;
      }
      while (j < m && other[j] == value) {
        j++;
      }
      ones[distinct] = i - beforeFirst;
      others[distinct] = j - beforeSecond;
      distinct++;
      long ahead = i * (units / n) - j * (units / m);
      if (Math.abs(ahead) > Math.max(above, below)) {
        upTo = i + j;
        widest = value;
      }
      above = Math.max(above, ahead);
      below = Math.max(below, -ahead);
    }
    this.first = Arrays.copyOf(ones, distinct);
    this.second = Arrays.copyOf(others, distinct);
  }

  /**
   * {@return the samples, pooled}
   *
   * @param first ascending, without NaN; at least one
   * @param second ascending, without NaN; at least one
   * @throws IllegalArgumentException if one is empty
   */
  public static PooledSamples of(double[] first, double[] second) {
    if (first.length == 0 || second.length == 0) {
      throw new IllegalArgumentException(
          "two samples must have a value each, but had " + first.length + " and " + second.length);
    }
    return new PooledSamples(first, second);
  }

  /**
   * {@return how many distinct values there are}
   */
  public int distinct() {
    return first.length;
  }

  /**
   * {@return whether a value occurs twice}
   */
  public boolean tied() {
    return first.length < n + m;
  }

  /**
   * {@return how often each distinct value occurs in the first sample, in ascending order of the values; a copy}
   */
  public long[] firstCounts() {
    return Arrays.stream(first).asLongStream().toArray();
  }

  /**
   * {@return how often each distinct value occurs in the second sample; a copy}
   */
  public long[] secondCounts() {
    return Arrays.stream(second).asLongStream().toArray();
  }

  /**
   * {@return D, 0 to 1}
   */
  public double statistic() {
    return (double) Math.max(above, below) / units;
  }

  /**
   * {@return the value up to which the shares of both samples differ by D}
   */
  public double widest() {
    return widest;
  }

  /**
   * {@return by how much the second sample lies above the first one, 0 to 1}
   */
  public double above() {
    return (double) above / units;
  }

  /**
   * {@return by how much the second sample lies below the first one, 0 to 1}
   */
  public double below() {
    return (double) below / units;
  }

  /**
   * {@return a lower bound of the p-value, in no time: how rare it is that the shares up to the value where D is reached differ
   * by that much}
   */
  public double atLeast() {
    return differing(upTo, Math.max(above, below));
  }

  /**
   * {@return how rare such a D is given the ties: exactly where that takes few steps, else at most}
   */
  public double pValue() {
    long reached = Math.max(above, below);
    return KsTail.Tied.isExact(n, m)
        ? ties().probability(reached)
        : Math.min(KsTail.probability(n, m, reached), anywhere(reached));
  }

  private KsTail.Tied ties() {
    KsTail.Tied ties = new KsTail.Tied(n, m);
    int end = 0;
    for (int i = 0; i < first.length; i++) {
      end += first[i] + second[i];
      ties.endsAt(end);
    }
    return ties;
  }

  /** The probabilities of all places where D may be looked at, added up; 1 if there are many. */
  private double anywhere(long reached) {
    double sum = 0.0;
    int end = 0;
    for (int i = 0; i < first.length - 1 && sum < 1.0; i++) {
      end += first[i] + second[i];
      sum += differing(end, reached);
    }
    return Math.min(1.0, sum);
  }

  /** The probability that among the smallest values the shares of both samples differ by at least this. */
  private double differing(int upTo, long reached) {
    if (reached <= 0 || upTo == 0 || upTo == n + m) {
      return 1.0;
    }
    // Of k values i are of the first sample: i/n − (k − i)/m is at least D, or at most −D.
    double d = (double) reached / units;
    double scale = (double) n * m / ((double) n + m);
    double middle = upTo * (double) n / ((double) n + m);
    // The whole numbers at or beyond these, the rounding of which is far below a half.
    int highest = (int) Math.floor(middle - d * scale + 1e-6);
    int lowest = (int) Math.ceil(middle + d * scale - 1e-6);
    HypergeometricDistribution ofFirst = HypergeometricDistribution.of(n + m, upTo, n);
    double p = highest < 0 ? 0.0 : ofFirst.cumulativeProbability(highest);
    p += lowest > n ? 0.0 : ofFirst.survivalProbability(lowest - 1);
    return Math.min(1.0, p);
  }
}
