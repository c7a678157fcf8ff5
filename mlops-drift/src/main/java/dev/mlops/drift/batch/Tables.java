package dev.mlops.drift.batch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.apache.commons.statistics.distribution.HypergeometricDistribution;
import org.apache.commons.statistics.inference.ChiSquareTest;
import org.apache.commons.statistics.inference.FisherExactTest;
import org.apache.commons.statistics.inference.GTest;

/**
 * Tests of two samples of counts.
 *
 * <p>All of them take as given how often each kind occurs in both samples together, and ask how surprising its division between
 * them is. What is pooled, and how, depends on those totals alone, so the choice does not look at the difference that is tested.
 */
final class Tables {
  /** Below this expected count, chi-square's distribution is no guide. */
  private static final double LEAST_EXPECTED = 5.0;

  /** The most terms that an exact test may have. */
  private static final long MOST_TERMS = 100_000;

  /** How many kinds, those that moved most, are tested one by one. */
  private static final int SINGLES = 8;

  /** In standard deviations: so far above what an unlisted kind can count, a kind is listed whichever rows came first. */
  private static final double SURELY = 4.0;

  /** A division is hardly rarer than its likelihood ratio by more than this factor. */
  private static final double AT_MOST_RARER = 50.0;

  private static final double SMALLEST_P = 1e-300;

  private Tables() {}

  /**
   * What a test of two samples of kinds came to.
   *
   * @param pValue of both having the same distribution; 1 if there is nothing to compare
   * @param effect Cramér's V of the bins, both samples weighted alike, less what chance alone gives; 0 to 1
   */
  record Compared(double pValue, double effect) {
    static final Compared NOTHING = new Compared(1.0, 0.0);
  }

  /**
   * Compares two samples of which each kind is counted.
   *
   * @param first counts of the first sample, by kind
   * @param second counts of the second sample
   * @param order by kind, in which rare ones of equal totals are pooled; it must not tell the samples apart
   */
  static Compared compare(long[] first, long[] second, int[] order) {
    return compare(first, second, order, 0, new long[0]);
  }

  /**
   * Compares two samples of kinds, of the first of which only the most frequent are counted one by one.
   *
   * <p>Kinds with an expected count of at least 5 are bins of their own. Rarer ones are pooled with each other, never with a
   * frequent one. Kinds that might or might not have been listed are one bin, so that it does not matter by which sample the
   * list was made. Bins are tested by Pearson's chi-square and the G-test, of which the larger p-value counts, since far out in
   * the tail the one is too small for rare kinds that become frequent, the other for those that vanish; two bins, and one that
   * is too small for these, by Fisher's exact test. Beside that the kinds that moved most are tested one by one, exactly, with
   * Tarone's correction for how many could have (doi 10.2307/2531456). The p-value is the least of these, times their number.
   *
   * @param first counts of the first sample, by listed kind
   * @param second counts of the second sample, by listed kind
   * @param order by kind, the unlisted ones after the listed ones, in which rare ones of equal totals are pooled; it must not
   *     tell the samples apart
   * @param other how many values of the first sample are of kinds that are not listed, none of which has more than any listed
   * @param unlisted counts of the second sample, by kind that is not listed
   */
  static Compared compare(long[] first, long[] second, int[] order, long other, long[] unlisted) {
    long n = Arrays.stream(first).sum() + other;
    long m = Arrays.stream(second).sum() + Arrays.stream(unlisted).sum();
    if (n == 0 || m == 0) {
      return Compared.NOTHING;
    }
    Bins bins = bins(first, second, order, other, unlisted);
    double least = 1.0;
    int tests = 0;
    if (bins.large.size() == 2) {
      long[] one = bins.large.get(0);
      long[] two = bins.large.get(1);
      least = Math.min(least, twoByTwo(one[0], two[0], one[1], two[1]));
      tests++;
    } else if (bins.large.size() > 2) {
      least = Math.min(least, chiSquareAndG(bins.table()));
      tests++;
    }
    if (bins.small[0] + bins.small[1] > 0) {
      least = Math.min(
          least, twoByTwo(bins.small[0], n - bins.small[0], bins.small[1], m - bins.small[1]));
      tests++;
    }
    if (other > 0 || first.length + unlisted.length > 2) {
      least = Math.min(least, single(first, second, other, unlisted));
      tests++;
    }
    return new Compared(Math.min(1.0, least * Math.max(1, tests)), bins.effect(n, m));
  }

  /** Bins that are large enough for chi-square, and what is left in one that is not. */
  @SuppressWarnings("ArrayRecordComponent") // read here alone, and never compared
  private record Bins(List<long[]> large, long[] small) {
    long[][] table() {
      long[][] table = new long[2][large.size()];
      for (int bin = 0; bin < large.size(); bin++) {
        table[0][bin] = large.get(bin)[0];
        table[1][bin] = large.get(bin)[1];
      }
      return table;
    }

    double effect(long n, long m) {
      List<long[]> all = new ArrayList<>(large);
      if (small[0] + small[1] > 0) {
        all.add(small);
      }
      double v = Tables.effect(
          all.stream().mapToLong(bin -> bin[0]).toArray(),
          all.stream().mapToLong(bin -> bin[1]).toArray());
      // of equal distributions V² is on average a quarter of this per degree of freedom
      double chance = 0.25 * (1.0 / n + 1.0 / m) * (all.size() - 1);
      return Math.sqrt(Math.max(0.0, v * v - chance));
    }
  }

  private static Bins bins(long[] first, long[] second, int[] order, long other, long[] unlisted) {
    long n = Arrays.stream(first).sum() + other;
    long m = Arrays.stream(second).sum() + Arrays.stream(unlisted).sum();
    double smaller = (double) Math.min(n, m) / (n + m);
    long mostUnlisted =
        other == 0 ? 0 : Math.min(other, Arrays.stream(first).min().orElse(other));
    double inFirst = (double) n / (n + m);
    List<long[]> large = new ArrayList<>();
    List<Integer> rare = new ArrayList<>();
    boolean two = other == 0
        && IntStream.range(0, first.length + unlisted.length)
                .filter(kind -> total(kind, first, second, unlisted) > 0)
                .count()
            == 2;
    long[] rest = new long[2];
    rest[0] = other;
    for (int kind = 0; kind < first.length + unlisted.length; kind++) {
      long[] counts = counts(kind, first, second, unlisted);
      long total = counts[0] + counts[1];
      boolean listed = other == 0
          || (kind < first.length
              && total * inFirst - SURELY * Math.sqrt(total * inFirst * (1.0 - inFirst))
                  > mostUnlisted);
      if (!listed) {
        rest[0] += counts[0];
        rest[1] += counts[1];
      } else if (total * smaller >= LEAST_EXPECTED || (two && total > 0)) {
        large.add(counts);
      } else if (total > 0) {
        rare.add(kind);
      }
    }
    rare.sort(Comparator.<Integer>comparingLong(kind -> total(kind, first, second, unlisted))
        .thenComparingInt(kind -> order[kind]));
    long[] pool = new long[2];
    long[] newest = null;
    for (int kind : rare) {
      long[] counts = counts(kind, first, second, unlisted);
      pool[0] += counts[0];
      pool[1] += counts[1];
      if ((pool[0] + pool[1]) * smaller >= LEAST_EXPECTED) {
        newest = pool;
        large.add(pool);
        pool = new long[2];
      }
    }
    if (newest != null) {
      newest[0] += pool[0];
      newest[1] += pool[1];
      pool = new long[2];
    }
    if ((rest[0] + rest[1]) * smaller >= LEAST_EXPECTED) {
      large.add(rest);
    } else {
      pool[0] += rest[0];
      pool[1] += rest[1];
    }
    return new Bins(large, pool);
  }

  private static long[] counts(int kind, long[] first, long[] second, long[] unlisted) {
    return kind < first.length
        ? new long[] {first[kind], second[kind]}
        : new long[] {0, unlisted[kind - first.length]};
  }

  private static long total(int kind, long[] first, long[] second, long[] unlisted) {
    return kind < first.length ? first[kind] + second[kind] : unlisted[kind - first.length];
  }

  /**
   * The p-value of the kind whose share moved most surely, among all kinds.
   *
   * <p>A kind that is not listed may have as many values of the first sample as the last listed one; it is tested as if it had.
   */
  static double single(long[] first, long[] second, long other, long[] unlisted) {
    long n = Arrays.stream(first).sum() + other;
    long m = Arrays.stream(second).sum() + Arrays.stream(unlisted).sum();
    if (n == 0 || m == 0) {
      return 1.0;
    }
    long mostUnlisted =
        other == 0 ? 0 : Math.min(other, Arrays.stream(first).min().orElse(other));
    int kinds = first.length + unlisted.length;
    double[] surprise = new double[kinds];
    for (int kind = 0; kind < kinds; kind++) {
      long[] counts = counts(kind, first, second, unlisted);
      long before = kind < first.length ? counts[0] : mostUnlisted;
      // of one that may have fewer before, only a rise is known
      surprise[kind] = kind < first.length || counts[1] * (double) n > before * (double) m
          ? likelihoodRatio(before, counts[1], n, m)
          : 0.0;
    }
    double least = 1.0;
    int[] most = IntStream.range(0, kinds)
        .boxed()
        .sorted(Comparator.comparingDouble(kind -> -surprise[kind]))
        .limit(SINGLES)
        .mapToInt(Integer::intValue)
        .toArray();
    for (int kind : most) {
      // beyond, nothing can be much rarer than its likelihood ratio says
      if (surprise[kind] > 0.0 && Math.exp(-surprise[kind]) <= AT_MOST_RARER * least) {
        boolean listed = kind < first.length;
        long before = listed ? first[kind] : mostUnlisted;
        long now = listed ? second[kind] : unlisted[kind - first.length];
        least = Math.min(least, shared(before, now, n, m));
      }
    }
    if (least >= 1.0) {
      return 1.0;
    }
    long enough = attainable(Math.max(SMALLEST_P, least), n, m);
    double able = other == 0 ? 0.0 : (double) (other + Arrays.stream(unlisted).sum()) / enough;
    for (int kind = 0; kind < (other == 0 ? kinds : first.length); kind++) {
      able += total(kind, first, second, unlisted) >= enough ? 1 : 0;
    }
    return Math.min(1.0, least * Math.max(1.0, able));
  }

  /** How surely a kind's share differs, to choose which ones are tested exactly. */
  private static double likelihoodRatio(long before, long now, long n, long m) {
    double total = (double) before + now;
    return total == 0
        ? 0.0
        : part((double) before, total * n / (n + m)) + part((double) now, total * m / (n + m));
  }

  private static double part(double count, double expected) {
    return count == 0 ? 0.0 : count * Math.log(count / expected);
  }

  /** The two-sided p-value of a kind's total being divided so between samples of n and m, all places being alike likely. */
  private static double shared(long before, long now, long n, long m) {
    long total = before + now;
    if (total > Integer.MAX_VALUE) {
      return 1.0; // so frequent a kind is a bin of its own
    }
    boolean more = now * (double) n > before * (double) m;
    double tail;
    if (n + m <= Integer.MAX_VALUE) {
      HypergeometricDistribution division =
          HypergeometricDistribution.of((int) (n + m), (int) total, (int) m);
      tail = more
          ? division.survivalProbability((int) now - 1)
          : division.cumulativeProbability((int) now);
    } else {
      BinomialDistribution division = BinomialDistribution.of((int) total, (double) m / (n + m));
      tail = more
          ? division.survivalProbability((int) now - 1)
          : division.cumulativeProbability((int) now);
    }
    return Math.min(1.0, 2.0 * tail);
  }

  /** At least how often a kind must occur so that some division of it is as rare as p. */
  private static long attainable(double p, long n, long m) {
    long total = 1;
    while (2.0 * Math.min(allIn(m, n + m, total), allIn(n, n + m, total)) > p) {
      total++;
    }
    return total;
  }

  /** At most the probability that all of a number of places are among the first size of all. */
  private static double allIn(long size, long all, long total) {
    return total > size
        ? 0.0
        : Math.pow((double) (size - total + 1) / (all - total + 1), (double) total);
  }

  /**
   * The larger of the p-values of Pearson's chi-square and of the G-test, of at least two bins; 1 where a sample has nothing in
   * them, which tells nothing of how they compare with each other.
   */
  static double chiSquareAndG(long[][] bins) {
    if (Arrays.stream(bins).anyMatch(sample -> Arrays.stream(sample).sum() == 0)) {
      return 1.0;
    }
    return Math.max(
        probability(ChiSquareTest.withDefaults().test(bins).getPValue()),
        probability(GTest.withDefaults().test(bins).getPValue()));
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
