package dev.mlops.drift.profile;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * How alike groups are treated: by the share of rows that are selected, and by the share of those that deserve it.
 *
 * <p>Between two groups, {@link #difference} has Newcombe's hybrid score interval (method 10) and {@link #ratio} the interval of
 * Donner and Zou (MOVER-R), both from Wilson's intervals of the two shares; nominal 95 %.
 *
 * <p>Between all groups, {@link #between} gives
 *
 * <ul>
 *   <li>{@link Metric#DEMOGRAPHIC_PARITY_DIFFERENCE}: the largest selection rate minus the smallest;
 *   <li>{@link Metric#DEMOGRAPHIC_PARITY_RATIO}: the smallest over the largest (disparate impact); absent where nobody was selected;
 *   <li>{@link Metric#EQUAL_OPPORTUNITY_DIFFERENCE}: the largest recall minus the smallest.
 * </ul>
 *
 * <p>Of two groups, their intervals are those of two groups without the sign. Of more, they are what shares can be that lie within
 * Wilson's intervals of all groups at once, each at 1 − 0.05 / groups: which group is the largest is not known. Both are
 * conservative. A group with fewer than {@value #FEWEST} rows that count does not count.
 *
 * <p>Rows are taken for independent: several rows of one person make intervals too narrow.
 *
 * <p>Thread-safe.
 *
 * @see <a href="https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I">Newcombe (1998)</a>
 * @see <a href="https://doi.org/10.1177/0962280210365089">Donner, Zou (2012)</a>
 * @since 0.1
 */
@Beta
public final class Fairness {
  /** A group with fewer rows that count says little. */
  public static final int FEWEST = 30;

  private static final double MISTAKES = 0.05;

  private Fairness() {}

  /**
   * How one group was treated.
   *
   * <p>Immutable.
   *
   * @param selected rows predicted to have the positive label; 0 to {@code rows}
   * @param rows all rows of the group; at least 0
   * @param hits rows whose truth is the positive label and that were predicted to have it; 0 to {@code deserving}
   * @param deserving rows whose truth is the positive label; at least 0
   * @since 0.1
   */
  @Beta
  public record Group(long selected, long rows, long hits, long deserving) {
    /**
     * Checks the counts.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Group {
      if (selected < 0 || selected > rows || hits < 0 || hits > deserving) {
        throw new IllegalArgumentException(
            "a group must have 0 <= selected <= rows and 0 <= hits <="
                + " deserving, but had " + selected + " of " + rows + " and " + hits + " of "
                + deserving);
      }
    }
  }

  /** Of how many, how many. */
  private record Share(long count, long n) {
    double value() {
      return (double) count / n;
    }
  }

  /**
   * {@return one share minus another, of independent rows}
   *
   * @param count of the first n; 0 to {@code n}
   * @param n at least 1
   * @param otherCount of the other; 0 to {@code otherN}
   * @param otherN at least 1
   * @throws IllegalArgumentException if one is out of range
   */
  public static Estimate difference(long count, long n, long otherCount, long otherN) {
    Estimate one = Estimate.share(count, n);
    Estimate other = Estimate.share(otherCount, otherN);
    double value = one.value() - other.value();
    double below = Math.hypot(one.value() - one.lower(), other.upper() - other.value());
    double above = Math.hypot(one.upper() - one.value(), other.value() - other.lower());
    return new Estimate(
        value, Math.max(-1.0, value - below), Math.min(1.0, value + above), n + otherN);
  }

  /**
   * {@return one share over another, of independent rows}
   *
   * @param count of the first n; 0 to {@code n}
   * @param n at least 1
   * @param otherCount of the other; 1 to {@code otherN}
   * @param otherN at least 1
   * @throws IllegalArgumentException if one is out of range
   */
  public static Estimate ratio(long count, long n, long otherCount, long otherN) {
    Estimate one = Estimate.share(count, n);
    Estimate other = Estimate.share(otherCount, otherN);
    if (otherCount == 0) {
      throw new IllegalArgumentException(
          "a ratio must be to a share above 0, but was to 0 of " + otherN);
    }
    double p1 = one.value();
    double p2 = other.value();
    double product = p1 * p2;
    double u2 = other.upper();
    double l2 = other.lower();
    double below = u2 * (2 * p2 - u2);
    double least = one.lower() * (2 * p1 - one.lower());
    // The published form with the root above the line, which also holds where 2 p2 is below the
    // upper end.
    double lower = least == 0 ? 0.0 : least / (product + root(product, least * below));
    double above = l2 * (2 * p2 - l2);
    double upper = (product + root(product, one.upper() * (2 * p1 - one.upper()) * above)) / above;
    double value = p1 / p2;
    return new Estimate(
        value, Math.max(0.0, Math.min(value, lower)), Math.max(value, upper), n + otherN);
  }

  private static double root(double product, double rest) {
    return Math.sqrt(Math.max(0.0, product * product - rest));
  }

  /**
   * {@return how the groups compare, by metric; what fewer than two of them can tell is absent}
   *
   * @param groups in any order
   */
  public static Map<Metric, Estimate> between(Collection<Group> groups) {
    List<Share> rates = new ArrayList<>();
    List<Share> recalls = new ArrayList<>();
    for (Group group : groups) {
      requireNonNull(group, "group");
      if (group.rows() >= FEWEST) {
        rates.add(new Share(group.selected(), group.rows()));
      }
      if (group.deserving() >= FEWEST) {
        recalls.add(new Share(group.hits(), group.deserving()));
      }
    }
    Map<Metric, Estimate> between = new TreeMap<>();
    if (rates.size() > 1) {
      between.put(Metric.DEMOGRAPHIC_PARITY_DIFFERENCE, largestDifference(rates));
      if (rates.stream().anyMatch(share -> share.count() > 0)) {
        between.put(Metric.DEMOGRAPHIC_PARITY_RATIO, smallestRatio(rates));
      }
    }
    if (recalls.size() > 1) {
      between.put(Metric.EQUAL_OPPORTUNITY_DIFFERENCE, largestDifference(recalls));
    }
    return Collections.unmodifiableMap(between);
  }

  private static Estimate largestDifference(List<Share> shares) {
    if (shares.size() == 2) {
      Share one = shares.get(0);
      Share other = shares.get(1);
      return difference(one.count(), one.n(), other.count(), other.n()).magnitude();
    }
    Ends ends = new Ends(shares);
    return new Estimate(
        ends.most - ends.least,
        Math.max(0.0, ends.highestLower - ends.lowestUpper),
        ends.highestUpper - ends.lowestLower,
        ends.n);
  }

  private static Estimate smallestRatio(List<Share> shares) {
    if (shares.size() == 2) {
      boolean first = shares.get(0).value() <= shares.get(1).value();
      Share less = shares.get(first ? 0 : 1);
      Share more = shares.get(first ? 1 : 0);
      Estimate ratio = ratio(less.count(), less.n(), more.count(), more.n());
      // Beyond 1 it is the other that is the smaller: as far as the ratio the other way round.
      return ratio.upper() <= 1
          ? ratio
          : new Estimate(ratio.value(), Math.min(ratio.lower(), 1 / ratio.upper()), 1.0, ratio.n());
    }
    Ends ends = new Ends(shares);
    return new Estimate(
        ends.least / ends.most,
        ends.lowestLower / ends.highestUpper,
        Math.max(
            ends.least / ends.most,
            ends.highestLower > 0 ? Math.min(1.0, ends.lowestUpper / ends.highestLower) : 1.0),
        ends.n);
  }

  /** The ends of the intervals of several shares, which hold together. */
  private static final class Ends {
    private double least = 1.0;
    private double most;
    private double lowestLower = 1.0;
    private double lowestUpper = 1.0;
    private double highestLower;
    private double highestUpper;
    private long n;

    Ends(List<Share> shares) {
      double z =
          NormalDistribution.of(0, 1).inverseSurvivalProbability(MISTAKES / shares.size() / 2);
      for (Share share : shares) {
        double[] interval = wilson(share, z);
        n += share.n();
        least = Math.min(least, share.value());
        most = Math.max(most, share.value());
        lowestLower = Math.min(lowestLower, interval[0]);
        lowestUpper = Math.min(lowestUpper, interval[1]);
        highestLower = Math.max(highestLower, interval[0]);
        highestUpper = Math.max(highestUpper, interval[1]);
      }
    }
  }

  private static double[] wilson(Share share, double z) {
    double n = share.n();
    double p = share.value();
    double z2 = z * z;
    double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
    double half = z / (1 + z2 / n) * Math.sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    return new double[] {
      Math.max(0.0, Math.min(p, centre - half)), Math.min(1.0, Math.max(p, centre + half))
    };
  }
}
