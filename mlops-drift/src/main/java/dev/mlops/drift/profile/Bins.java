package dev.mlops.drift.profile;

import dev.mlops.api.model.Estimate;
import java.util.Optional;

/** Scores beside how often they were right, in ten equally wide bins: the sums that the expected calibration error needs. */
final class Bins {
  private static final int BINS = 10;

  /** Means of score − (1 if right, else 0) of each bin. */
  private final Moments[] apart = new Moments[BINS];

  private long n;

  Bins() {
    for (int b = 0; b < BINS; b++) {
      apart[b] = new Moments();
    }
  }

  /** A score beyond 0 to 1 counts in the nearest bin. */
  void add(double score, boolean right, int by) {
    int bin = (int) Math.max(0, Math.min(BINS - 1, Math.floor(score * BINS)));
    apart[bin].add(score - (right ? 1.0 : 0.0), by);
    n += by;
  }

  void add(Bins other) {
    for (int b = 0; b < BINS; b++) {
      apart[b].add(other.apart[b]);
    }
    n += other.n;
  }

  /**
   * The error with an interval that holds at least what it promises: the error of a sum of magnitudes is at most the sum of
   * the magnitudes of the errors, whose mean is √(2/π) Σ s_b, and whose variance (1 − 2/π) Σ s_b², for bins of standard error
   * s_b.
   */
  Optional<Estimate> estimate() {
    if (n == 0) {
      return Optional.empty();
    }
    double value = 0.0;
    double mean = 0.0;
    double variance = 0.0;
    for (Moments bin : apart) {
      if (bin.n() > 0) {
        double sum = bin.sum();
        value += Math.abs(sum) / n;
        // Over all rows, of which those in other bins give 0.
        double inBin = (double) bin.n() / n;
        double share = bin.mean();
        double square = (bin.deviations() / n + inBin * (1 - inBin) * share * share) / n;
        mean += Math.sqrt(square);
        variance += square;
      }
    }
    double half = Math.max(
        Math.sqrt(2 / Math.PI) * mean + Intervals.Z95 * Math.sqrt((1 - 2 / Math.PI) * variance),
        3.0 / n);
    return Intervals.within(value, value - half, value + half, 0.0, 1.0, n);
  }
}
