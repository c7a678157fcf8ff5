package dev.mlops.testkit.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.DoublePredicate;

/** Observed shares against those of a formula. */
final class Shares {
  private Shares() {}

  /** A count is within five binomial standard deviations of its share: a seed in 1.7 million fails by chance. */
  static void assertShare(String what, long count, long of, double share) {
    assertThat(count / (double) of)
        .as("%s: %d of %d", what, count, of)
        .isEqualTo(share, within(5 * Math.sqrt(share * (1 - share) / of) + 1e-12));
  }

  /** The share of values from one position to before another. */
  static void assertShare(
      String what, double[] values, int from, int to, DoublePredicate holds, double share) {
    long count = 0;
    for (int t = from; t < to; t++) {
      count += holds.test(values[t]) ? 1 : 0;
    }
    assertShare(what, count, to - from, share);
  }
}
