package dev.mlops.drift.batch;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.apache.commons.statistics.inference.ChiSquareTest;
import org.apache.commons.statistics.inference.FisherExactTest;
import org.apache.commons.statistics.inference.GTest;

/** Tests of two samples of counts. */
final class Tables {
  /** Below this expected count, chi-square's distribution is no guide. */
  private static final double LEAST_EXPECTED = 5.0;

  /** The most terms that an exact test may have. */
  private static final long MOST_TERMS = 100_000;

  private Tables() {}

  /**
   * The p-value of two samples having the same distribution: bins with an expected count below 5 are pooled, the smallest
   * first; then the larger of the p-values of Pearson's chi-square and of the G-test, since far out in the tail the one is too
   * small for rare kinds that become frequent, the other for those that vanish. Two bins of which one stays too small are
   * tested exactly. 1 if there is nothing to compare.
   */
  static double homogeneity(long[] first, long[] second) {
    long n = Arrays.stream(first).sum();
    long m = Arrays.stream(second).sum();
    if (n == 0 || m == 0) {
      return 1.0;
    }
    long[][] bins = pooled(first, second);
    if (bins[0].length < 2) {
      return 1.0;
    }
    if (bins[0].length == 2 && expected(bins, 0, n, m) < LEAST_EXPECTED) {
      return twoByTwo(bins[0][0], bins[0][1], bins[1][0], bins[1][1]);
    }
    return Math.max(
        probability(ChiSquareTest.withDefaults().test(bins).getPValue()),
        probability(GTest.withDefaults().test(bins).getPValue()));
  }

  /** Bins in the order of their totals, without empty ones. */
  static long[][] pooled(long[] first, long[] second) {
    long n = Arrays.stream(first).sum();
    long m = Arrays.stream(second).sum();
    int[] order = IntStream.range(0, first.length)
        .filter(bin -> first[bin] + second[bin] > 0)
        .boxed()
        .sorted(Comparator.comparingLong(bin -> first[bin] + second[bin]))
        .mapToInt(Integer::intValue)
        .toArray();
    long[][] bins = new long[2][order.length];
    int used = 0;
    for (int i = 0; i < order.length; i++) {
      bins[0][used] += first[order[i]];
      bins[1][used] += second[order[i]];
      int left = order.length - 1 - i;
      boolean large = expected(bins, used, n, m) >= LEAST_EXPECTED;
      if (large || used + left < 2) {
        used++;
      }
    }
    return new long[][] {Arrays.copyOf(bins[0], used), Arrays.copyOf(bins[1], used)};
  }

  private static double expected(long[][] bins, int bin, long n, long m) {
    return (double) (bins[0][bin] + bins[1][bin]) * Math.min(n, m) / (n + m);
  }

  /** The p-value of two shares being the same: Fisher's exact test, or chi-square where that would take too long. */
  static double twoByTwo(long yes, long no, long yesToo, long noToo) {
    long all = yes + no + yesToo + noToo;
    if (yes + no == 0 || yesToo + noToo == 0 || yes + yesToo == 0 || no + noToo == 0) {
      return 1.0;
    }
    long terms = Math.min(Math.min(yes + yesToo, no + noToo), Math.min(yes + no, yesToo + noToo));
    if (all <= Integer.MAX_VALUE && terms <= MOST_TERMS) {
      int[][] table = {{(int) yes, (int) no}, {(int) yesToo, (int) noToo}};
      return probability(FisherExactTest.withDefaults().test(table).getPValue());
    }
    return probability(ChiSquareTest.withDefaults()
        .test(new long[][] {{yes, no}, {yesToo, noToo}})
        .getPValue());
  }

  /** Cramér's V of two distributions that count alike, however large the samples: 0 to 1. */
  static double effect(long[] first, long[] second) {
    double n = Arrays.stream(first).sum();
    double m = Arrays.stream(second).sum();
    if (n == 0 || m == 0) {
      return 0.0;
    }
    double sum = 0.0;
    for (int bin = 0; bin < first.length; bin++) {
      double p = first[bin] / n;
      double q = second[bin] / m;
      if (p + q > 0) {
        sum += (p - q) * (p - q) / (p + q);
      }
    }
    return Math.min(1.0, Math.sqrt(0.5 * sum));
  }

  private static double probability(double p) {
    return p >= 0 ? Math.min(1.0, p) : 1.0;
  }
}
