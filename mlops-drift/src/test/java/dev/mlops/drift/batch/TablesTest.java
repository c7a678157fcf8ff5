package dev.mlops.drift.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.drift.Golden;
import dev.mlops.drift.internal.PooledSamples;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TablesTest {
  static List<Map<String, Object>> tables() {
    return Golden.cases("categorical_tables.json");
  }

  private static long[] counts(Object list) {
    return Arrays.stream(Golden.numbers(list)).mapToLong(value -> (long) value).toArray();
  }

  private static double compare(long[] first, long[] second) {
    return Tables.compare(first, second, IntStream.range(0, first.length).toArray())
        .pValue();
  }

  private static double p(Map<String, Object> table, String test) {
    return Golden.number(Golden.object(table, test).get("p"));
  }

  /** scipy 1.10.1 chi2_contingency, both statistics, where no bin is pooled. */
  @ParameterizedTest
  @MethodSource("tables")
  void largeBinsAreTestedAsScipyDoes(Map<String, Object> table) {
    long[] first = counts(table.get("ref_counts"));
    long[] second = counts(table.get("cur_counts"));
    Map<String, Object> chiSquare = Golden.object(table, "chi2_contingency_no_correction");
    double p = compare(first, second);
    assertThat(p).isBetween(0.0, 1.0);
    if (!(Golden.number(chiSquare.get("min_expected")) >= 5)) {
      return;
    }
    double wanted = Math.max(Golden.number(chiSquare.get("p")), p(table, "g_test_no_correction"));
    p = Tables.chiSquareAndG(new long[][] {first, second});
    if (first.length > 2) {
      // the whole comparison tests the bins, and the kinds one by one: so it is at most twice as
      // large
      assertThat(compare(first, second))
          .as(table.get("name").toString())
          .isLessThanOrEqualTo(Math.min(1.0, 2 * wanted * (1 + 1e-6)));
    }
    // the recorded p of the G-test is good to 1e-6 where counts are huge
    assertThat(p).as(table.get("name").toString()).isCloseTo(wanted, within(1e-6 * wanted));
    if (Arrays.stream(first).sum() == Arrays.stream(second).sum()) {
      assertThat(Tables.effect(first, second))
          .isCloseTo(Golden.number(table.get("cramers_v_no_correction")), within(1e-12));
    }
  }

  @Test
  void twoKindsAreTestedExactly() {
    // one kind in the baseline, a tenth of another in the window: exact
    double p = compare(new long[] {1_000_000, 0}, new long[] {90, 10});
    assertThat(p).isLessThan(1e-30);
    // scipy 1.10.1 fisher_exact([[8, 2], [1, 5]]) = 0.03496503496503495
    assertThat(compare(new long[] {8, 2}, new long[] {1, 5}))
        .isCloseTo(0.03496503496503495, within(1e-12));
  }

  @Test
  void nothingToCompareIsNoEvidence() {
    assertThat(compare(new long[] {0, 0}, new long[] {5, 5})).isEqualTo(1.0);
    assertThat(compare(new long[] {5, 5}, new long[] {0, 0})).isEqualTo(1.0);
    assertThat(compare(new long[] {5, 0}, new long[] {7, 0})).isEqualTo(1.0);
    assertThat(compare(new long[0], new long[0])).isEqualTo(1.0);
    assertThat(Tables.twoByTwo(0, 5, 0, 5)).isEqualTo(1.0);
    assertThat(Tables.twoByTwo(5, 0, 5, 0)).isEqualTo(1.0);
    assertThat(Tables.twoByTwo(0, 0, 5, 5)).isEqualTo(1.0);
    assertThat(Tables.effect(new long[] {0}, new long[] {1})).isEqualTo(0.0);
  }

  @Test
  void theEffectDoesNotDependOnSizes() {
    double alike = Tables.effect(new long[] {810, 190}, new long[] {360, 640});
    assertThat(Tables.effect(new long[] {81_000_000, 19_000_000}, new long[] {36, 64}))
        .isCloseTo(alike, within(1e-12));
    assertThat(Tables.effect(new long[] {5, 0}, new long[] {0, 9})).isEqualTo(1.0);
  }

  /** scipy 1.10.1 ks_2samp, method auto: columns n, m, ties, D, p auto, p exact, p asymptotic, a, b. */
  @Test
  void numbersAreTestedAsScipyDoes() {
    int exact = 0;
    int tied = 0;
    for (String line : Golden.lines("streaming", "ks_2samp.csv")) {
      if (line.startsWith("#")) {
        continue;
      }
      String[] fields = line.split(",", -1);
      double[] a = numbers(fields[7]);
      double[] b = numbers(fields[8]);
      double wanted = Double.parseDouble(fields[4]);
      Arrays.sort(a);
      Arrays.sort(b);
      PooledSamples pooled = PooledSamples.of(a, b);
      double p = NumberWatch.kolmogorovSmirnov(a, b, pooled, 1.0);
      String where = fields[0] + ", " + fields[1] + ", D " + fields[3];
      assertThat(pooled.statistic())
          .as(where)
          .isCloseTo(Double.parseDouble(fields[3]), within(1e-9));
      if (fields[2].equals("0")) {
        assertThat(p).as(where).isCloseTo(wanted, within(1e-9 * wanted));
        // the same by our own sum, which takes ties
        assertThat(pooled.pValue()).as(where).isCloseTo(wanted, within(1e-9 * wanted));
        exact++;
      } else {
        // scipy takes no account of ties
        assertThat(p).as(where).isLessThanOrEqualTo(wanted);
        tied++;
      }
      // the short cut is taken only where it changes nothing
      double quick = NumberWatch.kolmogorovSmirnov(a, b, pooled, 0.03);
      if (p <= 0.03) {
        assertThat(quick).as(where).isEqualTo(p);
      } else {
        assertThat(quick).as(where).isBetween(0.03, p * (1 + 1e-9));
      }
    }
    assertThat(tied).isPositive();
    assertThat(exact).isPositive();
  }

  private static double[] numbers(String field) {
    return Arrays.stream(field.trim().split(" "))
        .mapToDouble(Double::parseDouble)
        .toArray();
  }
}
