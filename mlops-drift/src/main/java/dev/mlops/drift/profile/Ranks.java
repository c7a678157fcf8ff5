package dev.mlops.drift.profile;

import dev.mlops.api.model.Estimate;
import java.util.Arrays;
import java.util.Optional;

/**
 * How scores rank the rows that have a label before those that have not: by groups of equal score, from the lowest up, how
 * many rows of each group have it and how many have not.
 *
 * <p>Groups are exact where each holds one score. Where they are bins of several, what the order within them could change is
 * bounded, and intervals are wider by it.
 */
final class Ranks {
  private final long[] having;
  private final long[] others;
  private final boolean exact;
  private final long with;
  private final long without;

  /** From the lowest group up. */
  Ranks(long[] having, long[] others, boolean exact) {
    this.having = having;
    this.others = others;
    this.exact = exact;
    this.with = Arrays.stream(having).sum();
    this.without = Arrays.stream(others).sum();
  }

  /** How many rows have the label. */
  long having() {
    return with;
  }

  /** By scores, of which the row i has the label if {@code has[i]}. */
  static Ranks of(double[] scores, boolean[] has) {
    long[] having = new long[scores.length];
    long[] others = new long[scores.length];
    double[] with = new double[scores.length];
    double[] without = new double[scores.length];
    int m = 0;
    int n = 0;
    for (int i = 0; i < scores.length; i++) {
      double score = scores[i] + 0.0; // no negative zero: it would be sorted before the other
      if (has[i]) {
        with[m++] = score;
      } else {
        without[n++] = score;
      }
    }
    Arrays.sort(with, 0, m);
    Arrays.sort(without, 0, n);
    int groups = 0;
    int i = 0;
    int j = 0;
    while (i < m || j < n) {
      double score = j == n || (i < m && with[i] <= without[j]) ? with[i] : without[j];
      while (i < m && with[i] == score) {
        having[groups]++;
        i++;
      }
      while (j < n && without[j] == score) {
        others[groups]++;
        j++;
      }
      groups++;
    }
    return new Ranks(Arrays.copyOf(having, groups), Arrays.copyOf(others, groups), true);
  }

  /**
   * The area under the ROC curve, its standard error by DeLong's method, and how far the order within groups could move it;
   * absent if no row has the label or all have.
   *
   * @see <a href="https://doi.org/10.2307/2531595">DeLong, DeLong and Clarke-Pearson (1988)</a>
   */
  Optional<Area> rocAuc() {
    if (with == 0 || without == 0) {
      return Optional.empty();
    }
    double pairs = 0.0;
    double undecided = 0.0;
    double below = 0.0;
    for (int g = 0; g < having.length; g++) {
      pairs += having[g] * (below + others[g] / 2.0);
      undecided += (double) having[g] * others[g] / 2.0;
      below += others[g];
    }
    double all = (double) with * without;
    double area = pairs / all;
    double ofHaving = 0.0;
    double ofOthers = 0.0;
    below = 0.0;
    double above = with;
    for (int g = 0; g < having.length; g++) {
      above -= having[g];
      double first = (below + others[g] / 2.0) / without - area;
      double second = (above + having[g] / 2.0) / with - area;
      ofHaving += having[g] * first * first;
      ofOthers += others[g] * second * second;
      below += others[g];
    }
    double most = area * (1 - area);
    double variance = (with == 1 ? most : ofHaving / (with - 1) / with)
        + (without == 1 ? most : ofOthers / (without - 1) / without);
    double bound = exact ? 0.0 : undecided / all;
    return Optional.of(
        new Area(area, Math.sqrt(variance), bound, bound, Math.min(with, without), with + without));
  }

  /**
   * The mean of the precision at each row that has the label, its standard error by the delta method, and how far the order
   * within groups could move it; absent if no row has the label.
   */
  Optional<Area> averagePrecision() {
    if (with == 0) {
      return Optional.empty();
    }
    double sum = 0.0;
    double least = 0.0;
    double most = 0.0;
    double[] precision = new double[having.length];
    double hits = 0.0;
    double alarms = 0.0;
    for (int g = having.length - 1; g >= 0; g--) {
      double before = hits;
      double alarmsBefore = alarms;
      hits += having[g];
      alarms += others[g];
      if (having[g] > 0) {
        precision[g] = hits / (hits + alarms);
        sum += having[g] * precision[g];
        // Precision is concave in the hits, so the mean of both ends is below the mean over all.
        least += having[g] * ((before + 1) / (before + 1 + alarms) + hits / (hits + alarms)) / 2;
        most += having[g] * hits / (hits + alarmsBefore);
      }
    }
    double area = sum / with;
    // What one more row of a group moves: its own precision, and that of all rows at or below it.
    double ofHaving = 0.0;
    double ofOthers = 0.0;
    double squares = 0.0;
    double hitsTo = with;
    double alarmsTo = without;
    for (int g = 0; g < having.length; g++) {
      double all = Math.max(1.0, hitsTo + alarmsTo);
      ofHaving += having[g] * alarmsTo / all / all;
      ofOthers += having[g] * hitsTo / all / all;
      double first = (precision[g] - area + ofHaving) / with;
      double second = ofOthers / with;
      squares += having[g] * first * first + others[g] * second * second;
      hitsTo -= having[g];
      alarmsTo -= others[g];
    }
    return Optional.of(new Area(
        area,
        Math.sqrt(squares),
        exact ? 0.0 : Math.max(0.0, area - least / with),
        exact ? 0.0 : Math.max(0.0, most / with - area),
        with,
        with + without));
  }

  /**
   * An area between 0 and 1.
   *
   * @param below by how much it could be less for the order within groups
   * @param above by how much it could be more
   * @param rare how many rows there are of the rarer kind
   */
  record Area(double value, double se, double below, double above, long rare, long n) {
    /** Normal on the log-odds, and wider by what is not known. */
    Estimate estimate() {
      Estimate sampled = Intervals.logit(value, se, 0.0, 1.0, rare, n);
      return new Estimate(
          value, Math.max(0.0, sampled.lower() - below), Math.min(1.0, sampled.upper() + above), n);
    }
  }
}
