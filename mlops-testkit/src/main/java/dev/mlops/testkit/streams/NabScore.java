package dev.mlops.testkit.streams;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * How well a detector found the labelled anomalies of one series, by the rule of the Numenta Anomaly Benchmark (NAB 1.1).
 *
 * <p>The first 15 % of the rows, at most 750, are not scored. With σ(r) = 2 / (1 + e^(5r)) − 1, and −1 for r above 3:
 *
 * <ul>
 *   <li>A detection at row i in a window of rows a to b is worth σ(−(b − i + 1) / (b − a + 1)) / σ(−1): early ones more. Of a
 *       window, the best counts.
 *   <li>A window with rows that are scored and no detection costs {@link Profile#missed()}.
 *   <li>A detection outside of every window costs {@link Profile#falseAlarm()} times −σ((i − b) / (b − a)), measured from the last window
 *       before it; all of it if there is none.
 * </ul>
 *
 * <p>Immutable.
 *
 * @param value the sum; 1 for each window at best
 * @param windows how many labelled windows the series has
 * @param truePositives detections in windows, of scored rows
 * @param trueNegatives rows outside of windows without a detection
 * @param falsePositives detections outside of windows
 * @param falseNegatives rows in windows without a detection
 * @param profile what errors cost
 * @see <a href="https://arxiv.org/abs/1510.03336">Lavin, Ahmad (2015), Evaluating real-time anomaly detection algorithms</a>
 * @since 0.1
 */
public record NabScore(
    double value,
    int windows,
    int truePositives,
    int trueNegatives,
    int falsePositives,
    int falseNegatives,
    Profile profile) {
  private static final double PROBATION = 0.15;
  private static final int MOST_PROBATION = 750;

  /**
   * What errors cost, for a detection that is worth at most 1.
   *
   * @since 0.1
   */
  public enum Profile {
    /** A missed window costs 1, a false detection 0.11. */
    STANDARD(1, 0.11),
    /** A false detection costs twice as much. */
    REWARD_LOW_FP_RATE(1, 0.22),
    /** A missed window costs twice as much. */
    REWARD_LOW_FN_RATE(2, 0.11);

    private final double missed;
    private final double falseAlarm;

    Profile(double missed, double falseAlarm) {
      this.missed = missed;
      this.falseAlarm = falseAlarm;
    }

    /** {@return what a missed window costs} */
    public double missed() {
      return missed;
    }

    /** {@return what a detection outside of every window costs at most} */
    public double falseAlarm() {
      return falseAlarm;
    }
  }

  /**
   * A labelled anomaly.
   *
   * <p>Immutable.
   *
   * @param first its first row, from 0
   * @param last its last row, included
   * @since 0.1
   */
  public record Window(int first, int last) {
    /**
     * Checks the order.
     *
     * @throws IllegalArgumentException if it has fewer than two rows, or begins before 0
     */
    public Window {
      if (first < 0 || last <= first) {
        throw new IllegalArgumentException(
            "a window must have two rows or more, from 0 on, but was " + first + " to " + last);
      }
    }
  }

  /**
   * {@return the score of a series}
   *
   * @param rows how many it has
   * @param windows in order, without overlaps
   * @param detected whether the detector said at a row, from 0, that it is an anomaly
   * @param profile what errors cost
   * @throws IllegalArgumentException if windows are out of order or of range
   */
  public static NabScore of(
      int rows, List<Window> windows, IntPredicate detected, Profile profile) {
    int end = 0;
    for (Window window : windows) {
      if (window.first < end || window.last >= rows) {
        throw new IllegalArgumentException("windows must be in order and among " + rows
            + " rows, but one was " + window.first + " to " + window.last);
      }
      end = window.last + 1;
    }
    double[] best = new double[windows.size()];
    Arrays.fill(best, Double.NEGATIVE_INFINITY);
    boolean[] scored = new boolean[windows.size()];
    double sum = 0.0;
    int[] counts = new int[4];
    int at = 0; // the first window that does not end before the row
    for (int row = (int) Math.min(PROBATION * rows, MOST_PROBATION); row < rows; row++) {
      while (at < windows.size() && windows.get(at).last < row) {
        at++;
      }
      boolean inside = at < windows.size() && windows.get(at).first <= row;
      boolean found = detected.test(row);
      counts[(inside ? 0 : 2) + (found ? 0 : 1)]++;
      if (inside) {
        scored[at] = true;
        if (found) {
          Window window = windows.get(at);
          double early = -(window.last - row + 1.0) / (window.last - window.first + 1.0);
          best[at] = Math.max(best[at], sigmoid(early) / sigmoid(-1));
        }
      } else if (found) {
        sum += at == 0
            ? -profile.falseAlarm
            : profile.falseAlarm * sigmoid(late(windows.get(at - 1), row));
      }
    }
    for (int i = 0; i < best.length; i++) {
      sum += best[i] > Double.NEGATIVE_INFINITY ? best[i] : scored[i] ? -profile.missed : 0.0;
    }
    return new NabScore(sum, windows.size(), counts[0], counts[3], counts[2], counts[1], profile);
  }

  private static double late(Window before, int row) {
    return (double) (row - before.last) / (before.last - before.first);
  }

  private static double sigmoid(double at) {
    return at > 3 ? -1.0 : 2 / (1 + Math.exp(5 * at)) - 1;
  }

  /**
   * {@return the score of several series together: 0 for a detector that says nothing, 100 for a perfect one}
   *
   * @param series of one profile; with a window among them
   * @throws IllegalArgumentException if there is no window, or they have different profiles
   */
  public static double normalised(Collection<NabScore> series) {
    long windows = series.stream().mapToLong(NabScore::windows).sum();
    if (windows == 0 || series.stream().map(NabScore::profile).distinct().count() > 1) {
      throw new IllegalArgumentException(
          "series must have a window among them and one profile, but had " + windows
              + " windows and the profiles "
              + series.stream().map(NabScore::profile).distinct().toList());
    }
    double silent = -windows * series.iterator().next().profile.missed;
    double got = series.stream().mapToDouble(NabScore::value).sum();
    return 100 * (got - silent) / (windows - silent);
  }
}
