package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.drift.GoldenStreams;
import dev.mlops.drift.internal.KsTail;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Answers of SciPy 1.10.1, ks_2samp. */
class IncrementalKsGoldenTest {
  static List<String> slidingWindows() {
    return GoldenStreams.rows("sliding_ks.csv");
  }

  /** stream, first and last index of the reference window, size of the sliding one, pairs i:D. */
  @ParameterizedTest
  @MethodSource("slidingWindows")
  void dOfAFrozenAndASlidingWindowEqualsTheRecordedOne(String recording) {
    String[] fields = recording.split(",", -1);
    double[] stream = GoldenStreams.values(fields[0]);
    String[] reference = fields[1].split("-", -1);
    int from = Integer.parseInt(reference[0]);
    int to = Integer.parseInt(reference[1]) + 1;
    int window = Integer.parseInt(fields[2]);
    // So small a p-value that no D is a drift, which would empty the window.
    IncrementalKs detector =
        IncrementalKs.of(Arrays.copyOfRange(stream, from, to), window, Double.MIN_NORMAL);
    int fed = to;
    int checked = 0;
    for (String pair : fields[3].trim().split(" ")) {
      int colon = pair.indexOf(':');
      int index = Integer.parseInt(pair.substring(0, colon));
      while (fed <= index) {
        detector.update(stream[fed++]);
      }
      assertThat(detector.statistic())
          .as(fields[0] + " at " + index)
          .isCloseTo(Double.parseDouble(pair.substring(colon + 1)), within(1e-12));
      checked++;
    }
    assertThat(checked).isPositive();
  }

  /** n, m, ties, D, p auto, p exact, p asymptotic, a, b; after lines that start with #. */
  @Test
  void dAndItsProbabilityEqualTheRecordedOnes() {
    int exact = 0;
    for (String line : GoldenStreams.rows("ks_2samp.csv")) {
      if (line.startsWith("#")) {
        continue;
      }
      String[] fields = line.split(",", -1);
      double[] a = numbers(fields[7]);
      double[] b = numbers(fields[8]);
      double wanted = Double.parseDouble(fields[3]);
      IncrementalKs detector = IncrementalKs.of(a, b.length, Double.MIN_NORMAL);
      for (double value : b) {
        detector.update(value);
      }
      String where = fields[0] + ", " + fields[1] + ", D " + fields[3];
      // 12 digits are recorded
      assertThat(detector.statistic()).as(where).isCloseTo(wanted, within(1e-11));
      if (a.length == b.length) {
        // The same with both sliding, after values that have left.
        IncrementalKs sliding = IncrementalKs.of(a.length, Double.MIN_NORMAL);
        for (double[] part : new double[][] {b, a, b}) {
          for (double value : part) {
            sliding.update(value);
          }
        }
        assertThat(sliding.statistic()).as(where).isCloseTo(wanted, within(1e-11));
      }
      if (!fields[5].isEmpty() && fields[2].equals("0")) {
        double p = Double.parseDouble(fields[5]);
        long units = KsTail.units(a.length, b.length);
        assertThat(KsTail.probability(a.length, b.length, Math.round(wanted * units)))
            .as(where)
            .isCloseTo(p, within(1e-10 * p + 1e-300));
        exact++;
      }
    }
    assertThat(exact).isPositive();
  }

  private static double[] numbers(String field) {
    return Arrays.stream(field.trim().split(" "))
        .mapToDouble(Double::parseDouble)
        .toArray();
  }
}
