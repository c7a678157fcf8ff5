package dev.mlops.drift.stream;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.drift.state.DetectorState;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.function.DoublePredicate;

/**
 * A limit of the mean, for a detector that still lacks a promise about false alarms.
 *
 * <p>Made by {@link SrEDetector} and {@link CusumEDetector}.
 *
 * <p>Immutable.
 *
 * @param <D> the detector that it becomes
 * @since 0.1
 */
public final class MeanLimit<D> extends FalseAlarmStep<D> {
  /** The fewest averages per alarm; with fewer, the statistic would only count averages. */
  private static final int FEWEST_BLOCKS = 50;

  private static final int SHOWN_DIGITS = 6;

  /** The highest means that are no drift, one per phase of the season; none if a rise is no drift. */
  final double[] highest;
  /** The lowest means that are no drift; none if a fall is no drift. */
  final double[] lowest;
  /** How many values are averaged; 1 for none. */
  final int averaged;

  private final BiFunction<MeanLimit<D>, FalseAlarms, D> maker;

  private MeanLimit(
      double[] highest,
      double[] lowest,
      int averaged,
      BiFunction<MeanLimit<D>, FalseAlarms, D> maker) {
    this.highest = highest;
    this.lowest = lowest;
    this.averaged = averaged;
    this.maker = maker;
  }

  static <D> MeanLimit<D> above(BiFunction<MeanLimit<D>, FalseAlarms, D> maker, double... season) {
    return new MeanLimit<>(checked(season, false), new double[0], 1, maker);
  }

  static <D> MeanLimit<D> below(BiFunction<MeanLimit<D>, FalseAlarms, D> maker, double... season) {
    return new MeanLimit<>(new double[0], checked(season, true), 1, maker);
  }

  static <D> MeanLimit<D> around(BiFunction<MeanLimit<D>, FalseAlarms, D> maker, double... season) {
    double[] limits = checked(season, true);
    return new MeanLimit<>(limits, limits, 1, maker);
  }

  static <D> MeanLimit<D> aboveEstimated(
      BiFunction<MeanLimit<D>, FalseAlarms, D> maker, long count, long n) {
    double limit = SrEDetector.upperLimit(count, n);
    requireBelow(count, n);
    return above(maker, limit);
  }

  static <D> MeanLimit<D> belowEstimated(
      BiFunction<MeanLimit<D>, FalseAlarms, D> maker, long count, long n) {
    double limit = SrEDetector.lowerLimit(count, n);
    requireAbove(count);
    return below(maker, limit);
  }

  static <D> MeanLimit<D> aroundEstimated(
      BiFunction<MeanLimit<D>, FalseAlarms, D> maker, long count, long n) {
    double[] upper = {SrEDetector.upperLimit(count, n)};
    double[] lower = {SrEDetector.lowerLimit(count, n)};
    requireBelow(count, n);
    requireAbove(count);
    return new MeanLimit<>(upper, lower, 1, maker);
  }

  private static void requireBelow(long count, long n) {
    if (count == n) {
      throw new IllegalArgumentException(
          "count must be < n, since no share rises above 1, but both were " + n);
    }
  }

  private static void requireAbove(long count) {
    if (count == 0) {
      throw new IllegalArgumentException(
          "count must be > 0, since no share falls below 0, but was 0");
    }
  }

  private static double[] checked(double[] season, boolean below1) {
    if (season.length == 0) {
      throw new IllegalArgumentException("a season must have at least one limit, but was empty");
    }
    double[] limits = season.clone();
    DoublePredicate fits =
        below1 ? mean -> mean > 0 && mean < 1 : mean -> mean > 0 && mean <= Double.MAX_VALUE;
    for (int i = 0; i < limits.length; i++) {
      if (!fits.test(limits[i])) {
        throw new IllegalArgumentException(
            "mean must be " + (below1 ? "> 0 and < 1" : "finite and > 0") + ", but was " + limits[i]
                + (limits.length == 1 ? "" : " at position " + i + " of the season"));
      }
    }
    return limits;
  }

  /**
   * {@return the same limit of the mean of a block of values}
   *
   * <p>Their mean is the one value that the detector is then fed with. It swings less than its values by what is seasonal or
   * autocorrelated over a shorter time, which would else raise alarms. Every value still counts for the promise. The signal's
   * index is the last value of an average, its change point the first value of one.
   *
   * @param values at least 1, at most a fiftieth of the inputs per false alarm
   * @throws IllegalArgumentException if it is below 1
   */
  public MeanLimit<D> averagedOver(int values) {
    if (values < 1) {
      throw new IllegalArgumentException("at least 1 value must be averaged, but were " + values);
    }
    return new MeanLimit<>(highest, lowest, values, maker);
  }

  @Override
  D made(FalseAlarms falseAlarms) {
    int season = Math.max(highest.length, lowest.length);
    if (season > 1 && falseAlarms.time().isPresent()) {
      throw new IllegalArgumentException("a season of " + season
          + " limits, one by the position of each input, needs a promise in inputs, but it was "
          + falseAlarms + "; promise inputs, or give one limit");
    }
    if (averaged > 1) {
      if (falseAlarms.time().isPresent()) {
        throw new IllegalArgumentException(
            "averages of " + averaged + " values need a promise in inputs, but it was "
                + falseAlarms + "; a promise in time has its own blocks");
      }
      long blocks = falseAlarms.count() / averaged;
      if (blocks < FEWEST_BLOCKS) {
        throw new IllegalArgumentException(falseAlarms + " in averages of " + averaged
            + " values leaves " + blocks + " averages per alarm, wanted at least " + FEWEST_BLOCKS
            + "; allow fewer alarms or average fewer values");
      }
    }
    return maker.apply(this, falseAlarms);
  }

  /** Equal for two limits by which is judged alike. */
  String exactly() {
    return "up to " + DetectorState.exactly(highest) + ", down to " + DetectorState.exactly(lowest)
        + ", averages of " + averaged;
  }

  /** {@return such as {@code mean above 0.08}} */
  @Override
  public String toString() {
    boolean up = highest.length > 0;
    boolean down = lowest.length > 0;
    String limits = !down || Arrays.equals(highest, lowest)
        ? said(highest)
        : up ? said(lowest) + " to " + said(highest) : said(lowest);
    return (averaged > 1 ? "mean of " + averaged : "mean")
        + (up && down ? " around " : up ? " above " : " below ")
        + limits;
  }

  private static String said(double[] limits) {
    if (limits.length > 1) {
      return "a season of " + limits.length;
    }
    return Double.toString(
        BigDecimal.valueOf(limits[0]).round(new MathContext(SHOWN_DIGITS)).doubleValue());
  }
}
