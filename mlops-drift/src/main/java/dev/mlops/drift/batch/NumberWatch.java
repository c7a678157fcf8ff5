package dev.mlops.drift.batch;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.model.Row;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.drift.internal.PooledSamples;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;
import org.apache.commons.statistics.inference.KolmogorovSmirnovTest;

/** A column of numbers: Kolmogorov–Smirnov against the sample of the profile, and as kinds where values are tied. */
final class NumberWatch extends ColumnWatch {
  private static final KolmogorovSmirnovTest TEST = KolmogorovSmirnovTest.withDefaults();

  /** Up to this number of distinct values, numbers are compared as kinds too. */
  private static final int FEW = 30;

  /** In ascending order. */
  private final double[] baseline;

  private final double[] window;

  /** Above this, a p-value changes nothing. */
  private final double unremarkable;

  NumberWatch(
      NumberProfile profile, int index, double leastEffect, int window, double unremarkable) {
    super(profile, index, leastEffect);
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
    if (baseline.length == 0 || present == 0) {
      return new Comparison(1.0, 0.0, missing, present) {
        @Override
        ColumnShift values() {
          throw new AssertionError("nothing was compared");
        }
      };
    }
    PooledSamples pooled = PooledSamples.of(baseline, values);
    double p = pValue(baseline, values, pooled, unremarkable);
    double d = pooled.statistic();
    return new Comparison(p, d, missing, present) {
      @Override
      ColumnShift values() {
        String[] described = described(values, pooled);
        return new ColumnShift(name(), direction(pooled), described[0], described[1], d, valueP);
      }
    };
  }

  /** The p-value of two samples having the same distribution. */
  static double pValue(
      double[] baseline, double[] values, PooledSamples pooled, double unremarkable) {
    double p = kolmogorovSmirnov(baseline, values, pooled, unremarkable);
    if (!pooled.tied()) {
      return p;
    }
    // Values that occur often are kinds as well: D hardly sees one that comes or goes.
    long[] before = pooled.firstCounts();
    long[] now = pooled.secondCounts();
    double ofKinds = pooled.distinct() <= FEW
        ? Tables.compare(before, now, IntStream.range(0, before.length).toArray())
            .pValue()
        : Tables.single(before, now, 0, new long[0]);
    return Math.min(1.0, 2.0 * Math.min(p, ofKinds));
  }

  /**
   * The p-value of D. The exact one takes a hundred times as long as the statistic, so where a lower bound of it is above {@code
   * unremarkable} that is given.
   */
  static double kolmogorovSmirnov(
      double[] baseline, double[] values, PooledSamples pooled, double unremarkable) {
    double atLeast = pooled.atLeast();
    if (atLeast > unremarkable) {
      return atLeast;
    }
    // The library knows no ties, and no samples of one.
    double p = pooled.tied() || Math.min(baseline.length, values.length) < 2
        ? pooled.pValue()
        : TEST.test(baseline, values).getPValue();
    return p >= 0 ? Math.min(1.0, p) : 1.0;
  }

  /** UP when the window's distribution function is lower, and hardly higher anywhere. */
  private static Direction direction(PooledSamples pooled) {
    if (Math.min(pooled.above(), pooled.below()) > 0.5 * pooled.statistic()) {
      return Direction.OTHER;
    }
    return pooled.above() > pooled.below() ? Direction.UP : Direction.DOWN;
  }

  /** Baseline and window; where median and quartiles are the same, by the share that differs most. */
  private String[] described(double[] values, PooledSamples pooled) {
    String[] median = numbers(quantile(baseline, 0.5), quantile(values, 0.5));
    String[] lower = numbers(quantile(baseline, 0.25), quantile(values, 0.25));
    String[] upper = numbers(quantile(baseline, 0.75), quantile(values, 0.75));
    String[] described = new String[2];
    for (int side = 0; side < 2; side++) {
      described[side] =
          "median " + median[side] + ", quartiles " + lower[side] + " to " + upper[side];
    }
    if (described[0].equals(described[1])) {
      String[] shares =
          percents(shareUpTo(baseline, pooled.widest()), shareUpTo(values, pooled.widest()));
      String upTo = String.format(Locale.ROOT, " up to %.4g", pooled.widest());
      described[0] += ", " + shares[0] + upTo;
      described[1] += ", " + shares[1] + upTo;
    }
    return described;
  }

  private static double shareUpTo(double[] values, double most) {
    return (double) Arrays.stream(values).filter(value -> value <= most).count() / values.length;
  }

  /** By nearest rank. */
  private static double quantile(double[] sorted, double q) {
    return sorted[Math.max(0, (int) Math.ceil(q * sorted.length) - 1)];
  }
}
