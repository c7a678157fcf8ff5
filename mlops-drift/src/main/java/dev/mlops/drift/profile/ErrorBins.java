package dev.mlops.drift.profile;

import java.util.Map;
import java.util.TreeMap;

/**
 * How often magnitudes were seen, in bins no wider than 1/128 of their lower end: a quantile is right to 1/256 of itself.
 */
final class ErrorBins {
  private static final int SHIFT = 52 - 7;

  private final Map<Long, Long> counts = new TreeMap<>();
  private long n;

  void add(double magnitude, int by) {
    long bin = Double.doubleToRawLongBits(Math.abs(magnitude)) >>> SHIFT;
    if (counts.merge(bin, (long) by, Long::sum) == 0) {
      counts.remove(bin);
    }
    n += by;
  }

  void add(ErrorBins other) {
    other.counts.forEach((bin, count) -> counts.merge(bin, count, Long::sum));
    n += other.n;
  }

  /** As {@link Outputs#quantile}, its ends outside of the bins that they are in. */
  double[] quantile(double quantile) {
    double[] middle = Outputs.quantile(quantile, n, rank -> at(rank, 0.5));
    double lower = Outputs.quantile(quantile, n, rank -> at(rank, 0.0))[0];
    double upper = Outputs.quantile(quantile, n, rank -> at(rank, 1.0))[2];
    return new double[] {Math.min(lower, middle[1]), middle[1], Math.max(upper, middle[1])};
  }

  /** Where in the bin of a rank, from 0 for its lower end to 1. */
  private double at(long rank, double where) {
    long passed = 0;
    for (Map.Entry<Long, Long> bin : counts.entrySet()) {
      passed += bin.getValue();
      if (passed > rank) {
        double from = Double.longBitsToDouble(bin.getKey() << SHIFT);
        double to = Double.longBitsToDouble((bin.getKey() + 1) << SHIFT);
        return from == 0 ? 0.0 : from + where * (Math.min(to, Double.MAX_VALUE) - from);
      }
    }
    throw new IllegalStateException("rank " + rank + " of " + n);
  }
}
