package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The profile of a column of numbers: moments, range and a sample.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class NumberProfile implements ColumnProfile {
  private final String column;
  private final long n;
  private final long missing;
  private final double mean;
  private final double standardDeviation;
  private final double minimum;
  private final double maximum;
  private final double[] sample;

  /**
   * Makes a profile.
   *
   * @param column name of the column
   * @param n how many values there were, missing ones not counted; at least the size of the sample
   * @param missing how many were missing; at least 0
   * @param mean of the finite values; 0 if there was none
   * @param standardDeviation of the finite values, divided by n − 1; 0 for fewer than two
   * @param minimum least value; 0 if there was none; may be infinite
   * @param maximum greatest value; 0 if there was none; may be infinite
   * @param sample values drawn without replacement, not NaN; copied and sorted
   * @throws IllegalArgumentException if a number is out of range
   */
  public NumberProfile(
      String column,
      long n,
      long missing,
      double mean,
      double standardDeviation,
      double minimum,
      double maximum,
      double[] sample) {
    this.column = requireNonNull(column, "column");
    this.n = n;
    this.missing = missing;
    this.mean = mean;
    this.standardDeviation = standardDeviation;
    this.minimum = minimum;
    this.maximum = maximum;
    this.sample = sample.clone();
    Arrays.sort(this.sample);
    if (n < sample.length || missing < 0) {
      throw new IllegalArgumentException("profile of \"" + MlopsException.shown(column)
          + "\" must have n >= its sample and missing >= 0, but had n " + n + ", a sample of "
          + sample.length + ", missing " + missing);
    }
    if (!Double.isFinite(mean)
        || !(standardDeviation >= 0)
        || !Double.isFinite(standardDeviation)
        || !(minimum <= maximum)
        || (this.sample.length > 0 && Double.isNaN(this.sample[this.sample.length - 1]))) {
      throw new IllegalArgumentException("profile of \"" + MlopsException.shown(column)
          + "\" must have finite moments, minimum <= maximum and no NaN");
    }
  }

  @Override
  public String column() {
    return column;
  }

  @Override
  public long n() {
    return n;
  }

  @Override
  public long missing() {
    return missing;
  }

  /**
   * {@return the mean of the finite values; 0 if there was none}
   */
  public double mean() {
    return mean;
  }

  /**
   * {@return the standard deviation of the finite values; 0 for fewer than two}
   */
  public double standardDeviation() {
    return standardDeviation;
  }

  /**
   * {@return the least value; 0 if there was none}
   */
  public double minimum() {
    return minimum;
  }

  /**
   * {@return the greatest value; 0 if there was none}
   */
  public double maximum() {
    return maximum;
  }

  /**
   * {@return the sample in ascending order; a copy}
   */
  public double[] sample() {
    return sample.clone();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof NumberProfile that
        && column.equals(that.column)
        && n == that.n
        && missing == that.missing
        && Double.compare(mean, that.mean) == 0
        && Double.compare(standardDeviation, that.standardDeviation) == 0
        && Double.compare(minimum, that.minimum) == 0
        && Double.compare(maximum, that.maximum) == 0
        && Arrays.equals(sample, that.sample);
  }

  @Override
  public int hashCode() {
    return 31 * column.hashCode() + Arrays.hashCode(sample);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s: %d numbers, %d missing, mean %.4g, sd %.4g, %.4g to %.4g",
        column,
        n,
        missing,
        mean,
        standardDeviation,
        minimum,
        maximum);
  }
}
