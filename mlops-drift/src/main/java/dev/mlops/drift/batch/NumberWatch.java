package dev.mlops.drift.batch;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Moved;
import dev.mlops.api.model.Row;
import dev.mlops.api.pack.NumberProfile;
import java.util.Arrays;
import java.util.Locale;
import org.apache.commons.statistics.inference.AlternativeHypothesis;
import org.apache.commons.statistics.inference.KolmogorovSmirnovTest;

/** A column of numbers: Kolmogorov–Smirnov against the sample of the profile. */
final class NumberWatch extends ColumnWatch {
  private static final KolmogorovSmirnovTest TEST = KolmogorovSmirnovTest.withDefaults();

  /** In ascending order. */
  private final double[] baseline;

  private final double[] window;

  NumberWatch(NumberProfile profile, int index, int window) {
    super(profile, index);
    this.baseline = profile.sample();
    this.window = new double[window];
  }

  @Override
  boolean put(Row row, int place) {
    double value = row.number(index);
    window[place] = value;
    return !Double.isNaN(value);
  }

  @Override
  void clear() {}

  @Override
  Comparison compare() {
    double[] sorted = window.clone();
    Arrays.sort(sorted); // NaN comes last
    int present = sorted.length;
    while (present > 0 && Double.isNaN(sorted[present - 1])) {
      present--;
    }
    double[] values = Arrays.copyOf(sorted, present);
    KolmogorovSmirnovTest.TwoResult result =
        present == 0 || baseline.length == 0 ? null : TEST.test(baseline, values);
    double p = result == null || Double.isNaN(result.getPValue()) ? 1.0 : result.getPValue();
    int missing = window.length - present;
    return new Comparison(p, missingP(missing, present), missing, present) {
      @Override
      Moved values() {
        double d = result == null ? 0.0 : result.getStatistic();
        return new Moved(
            name(), direction(values, d), describe(baseline), describe(values), d, valueP);
      }
    };
  }

  /** UP when the window's distribution function is lower, and hardly higher anywhere. */
  private Direction direction(double[] values, double d) {
    double up = TEST.with(AlternativeHypothesis.GREATER_THAN).statistic(baseline, values);
    double down = TEST.with(AlternativeHypothesis.LESS_THAN).statistic(baseline, values);
    if (Math.min(up, down) > 0.5 * d) {
      return Direction.OTHER;
    }
    return up > down ? Direction.UP : Direction.DOWN;
  }

  private static String describe(double[] sorted) {
    return String.format(
        Locale.ROOT,
        "median %.4g, quartiles %.4g to %.4g",
        quantile(sorted, 0.5),
        quantile(sorted, 0.25),
        quantile(sorted, 0.75));
  }

  /** By nearest rank. */
  private static double quantile(double[] sorted, double q) {
    return sorted[Math.max(0, (int) Math.ceil(q * sorted.length) - 1)];
  }
}
