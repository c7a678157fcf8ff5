package dev.mlops.drift.batch;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.model.Row;
import dev.mlops.api.pack.NumberProfile;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
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

  /** Above this, a p-value changes nothing. */
  private final double unremarkable;

  NumberWatch(NumberProfile profile, int index, int window, double unremarkable) {
    super(profile, index);
    this.baseline = profile.sample();
    this.window = new double[window];
    this.unremarkable = unremarkable;
  }

  @Override
  void put(Row row, int place) {
    window[place] = row.number(index);
  }

  @Override
  void clear() {}

  @Override
  void identify(DataOutput out) throws IOException {
    out.writeUTF(name());
    for (double value : baseline) {
      out.writeDouble(value);
    }
  }

  @Override
  void write(DataOutput out, int filled) throws IOException {
    for (int place = 0; place < filled; place++) {
      out.writeDouble(window[place]);
    }
  }

  @Override
  void read(DataInput in, int filled) throws IOException {
    for (int place = 0; place < filled; place++) {
      window[place] = in.readDouble();
    }
  }

  @Override
  int mostBytes() {
    return 8 * window.length;
  }

  @Override
  Comparison compare() {
    double[] sorted = window.clone();
    Arrays.sort(sorted); // NaN comes last
    int present = sorted.length;
    while (present > 0 && Double.isNaN(sorted[present - 1])) {
      present--;
    }
    double[] values = Arrays.copyOf(sorted, present);
    int missing = window.length - present;
    double p = pValue(baseline, values, unremarkable);
    return new Comparison(p, missingP(missing, present), missing, present) {
      @Override
      ColumnShift values() {
        double d = TEST.statistic(baseline, values);
        return new ColumnShift(
            name(), direction(values, d), describe(baseline), describe(values), d, valueP);
      }
    };
  }

  /**
   * The p-value of two samples having the same distribution; 1 if one is empty. The exact one takes a hundred times as long
   * as the statistic, so where the leading term of Kolmogorov's limit is beyond {@code unremarkable} that is given.
   */
  static double pValue(double[] baseline, double[] values, double unremarkable) {
    if (baseline.length == 0 || values.length == 0) {
      return 1.0;
    }
    double d = TEST.statistic(baseline, values);
    double size = (double) baseline.length * values.length / (baseline.length + values.length);
    double limit = Math.min(1.0, 2.0 * Math.exp(-2.0 * d * d * size));
    if (limit > unremarkable) {
      return limit;
    }
    double p = TEST.test(baseline, values).getPValue();
    return p >= 0 ? Math.min(1.0, p) : 1.0;
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
