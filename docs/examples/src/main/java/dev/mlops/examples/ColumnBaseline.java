package dev.mlops.examples;

import dev.mlops.drift.stream.SrEDetector;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Locale;

/**
 * The first values of a column, and what is still like them.
 *
 * <p>Detectors of bounded values are fed with (x − low) / (high − low), cut to 0 to 1, where the 1 % and the 99 % quantile of the
 * baseline are a quarter and three quarters; its smallest and greatest value if those are the same; and where all are the same,
 * any smaller value is 0 and any greater one 1. A column of zeros and ones is fed as it is.
 *
 * <p>The limits of the mean, of the values as they are fed, are one-sided 95 % ones each: of zeros and ones those of Clopper and
 * Pearson, else the empirical Bernstein bounds mean ± (√(2 v ln 40 / n) + 7 ln 40 / (3 (n − 1))), v the sample variance.
 *
 * @see <a href="https://arxiv.org/abs/0907.3740">Maurer and Pontil (2009), Empirical Bernstein bounds</a>, theorem 4
 */
record ColumnBaseline(
    boolean binary,
    double mean,
    double fedMean,
    double from,
    double to,
    double low,
    double high,
    double lower,
    double upper) {
  /** Measures at least two values. */
  static ColumnBaseline of(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = values.length;
    double least = quantile(sorted, 0.01);
    double most = quantile(sorted, 0.99);
    if (least == most) {
      least = sorted[0];
      most = sorted[n - 1];
    }
    boolean binary = Arrays.stream(values).allMatch(value -> value == 0 || value == 1);
    double half = most > least ? (most - least) / 2 : 4 * Math.ulp(most);
    double low = binary ? 0 : least - half;
    double high = binary ? 1 : most + half;
    double[] fed = Arrays.stream(values).map(value -> scaled(value, low, high)).toArray();
    double mean = Arrays.stream(fed).average().orElseThrow();
    double squares =
        Arrays.stream(fed).map(value -> (value - mean) * (value - mean)).sum();
    double within =
        Math.sqrt(2 * squares / (n - 1) * Math.log(40) / n) + 7 * Math.log(40) / (3.0 * (n - 1));
    long ones = Math.round(mean * n);
    return new ColumnBaseline(
        binary,
        Arrays.stream(values).average().orElseThrow(),
        mean,
        quantile(sorted, 0.05),
        quantile(sorted, 0.95),
        low,
        high,
        binary ? SrEDetector.lowerLimit(ones, n) : mean - within,
        binary ? SrEDetector.upperLimit(ones, n) : mean + within);
  }

  private static double quantile(double[] sorted, double share) {
    return sorted[(int) Math.round(share * (sorted.length - 1))];
  }

  private static double scaled(double value, double low, double high) {
    return Math.max(0, Math.min(1, (value - low) / (high - low)));
  }

  /** A value as detectors are fed with it; {@code NaN} if there is none. */
  double scaled(double value) {
    return Double.isNaN(value) ? value : scaled(value, low, high);
  }

  /** A number for people: four digits, and as many more as it is greater than the spread of such numbers. */
  static String number(double value, double spread) {
    double size = Math.abs(value);
    int more = spread > 0 && size > spread ? (int) Math.min(12, Math.log10(size / spread)) : 0;
    return size == 0 || (size >= 1e-3 && size < 1e7) || more > 0
        ? new BigDecimal(value)
            .round(new MathContext(4 + more))
            .stripTrailingZeros()
            .toPlainString()
        : String.format(Locale.ROOT, "%.3g", value);
  }

  /** A number of the column for people. */
  String number(double value) {
    return number(value, high - low);
  }

  private String unscaled(double fed) {
    return number(low + fed * (high - low));
  }

  /**
   * {@return such as {@code mean 0.055, fed as 0 to 1 from 0.015 to 0.115, cut beyond; cut mean 0.054, limits 0.051 and 0.059; 90 %
   * in 0.02 to 0.11}}
   */
  @Override
  public String toString() {
    String limits = "limits " + unscaled(lower) + " and " + unscaled(upper);
    return "mean " + number(mean)
        + (binary
            ? ", " + limits + "; fed as it is"
            : ", fed as 0 to 1 from " + number(low) + " to " + number(high)
                + ", cut beyond; cut mean "
                + unscaled(fedMean) + ", " + limits + "; 90 % in " + number(from) + " to "
                + number(to));
  }
}
