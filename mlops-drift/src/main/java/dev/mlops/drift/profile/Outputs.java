package dev.mlops.drift.profile;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Predicted and true quantities of rows with the same outputs, and the metrics of their errors. */
final class Outputs {
  /** One array per row: by output, in the order of names. */
  private final List<double[]> said = new ArrayList<>();

  private final List<double[]> truths = new ArrayList<>();
  private final Pairing pairing = new Pairing();

  /** Says which quantity belongs to which truth: the first pair decides about the outputs. */
  static final class Pairing {
    private @Nullable List<String> names;

    /** By output predicted and true quantities; null if the pair cannot be measured. */
    double @Nullable [][] pair(Prediction prediction, Truth truth) {
      if (!(prediction instanceof Regression regression)
          || !truth.isFor(regression)
          || !prediction.isFinite()) {
        return null;
      }
      OptionalDouble one = truth.value();
      if (one.isPresent()) {
        return fits(regression.names())
            ? new double[][] {{regression.value()}, {one.getAsDouble()}}
            : null;
      }
      List<String> wanted = List.copyOf(truth.values().keySet());
      if (!fits(wanted)) {
        return null;
      }
      return new double[][] {
        wanted.stream().mapToDouble(regression::value).toArray(),
        truth.values().values().stream().mapToDouble(Double::doubleValue).toArray()
      };
    }

    private boolean fits(List<String> outputs) {
      if (names == null) {
        names = outputs;
      }
      return names.equals(outputs);
    }

    /** The same outputs as another's; those of the other if none are known. */
    boolean fits(Pairing other) {
      return other.names == null || fits(other.names);
    }
  }

  /** Takes a pair; false if it cannot be measured. */
  boolean add(Prediction prediction, Truth truth) {
    double[][] pair = pairing.pair(prediction, truth);
    if (pair == null) {
      return false;
    }
    said.add(pair[0]);
    truths.add(pair[1]);
    return true;
  }

  int size() {
    return said.size();
  }

  private int width() {
    return said.get(0).length;
  }

  private double error(int row, int output) {
    return said.get(row)[output] - truths.get(row)[output];
  }

  /** A metric of the errors; absent if there is nothing to measure. */
  Optional<Estimate> estimate(Metric metric) {
    if (said.isEmpty()) {
      return Optional.empty();
    }
    return switch (metric.family()) {
      case "mae" -> mean(false);
      case "bias" -> mean(true);
      case "rmse" ->
        root(IntStream.range(0, size())
            .mapToObj(row ->
                IntStream.range(0, width()).mapToDouble(k -> error(row, k)).toArray())
            .toList());
      case "rmsle" -> rmsle();
      case "r2" -> size() < 2 ? Optional.empty() : explained();
      case "median_absolute_error", "quantile_error" ->
        quantile(metric.parameter().orElse(0.5));
      default -> Optional.empty();
    };
  }

  private Optional<Estimate> mean(boolean signed) {
    double largest = 0.0;
    for (int row = 0; row < size(); row++) {
      for (int k = 0; k < width(); k++) {
        largest = Math.max(largest, Math.abs(error(row, k)));
      }
    }
    double unit = powerOfTwo(largest);
    Moments moments = new Moments();
    for (int row = 0; row < size(); row++) {
      double sum = 0.0;
      for (int k = 0; k < width(); k++) {
        double scaled = error(row, k) / unit;
        sum += signed ? scaled : Math.abs(scaled);
      }
      moments.add(sum / width());
    }
    return mean(moments, unit, signed);
  }

  /** A mean of errors in some unit. */
  static Optional<Estimate> mean(Moments moments, double unit, boolean signed) {
    return Intervals.student(
        moments.mean() * unit,
        moments.standardError() * unit,
        signed ? Double.NEGATIVE_INFINITY : 0.0,
        Double.POSITIVE_INFINITY,
        moments.n());
  }

  private static Optional<Estimate> root(List<double[]> errors) {
    double largest = 0.0;
    for (double[] row : errors) {
      for (double error : row) {
        largest = Math.max(largest, Math.abs(error));
      }
    }
    double unit = powerOfTwo(largest);
    Moments moments = new Moments();
    for (double[] row : errors) {
      double sum = 0.0;
      for (double error : row) {
        double scaled = error / unit;
        sum += scaled * scaled;
      }
      moments.add(sum / row.length);
    }
    return root(moments, unit);
  }

  /** The root of a mean of squares in some unit, by the delta method. */
  static Optional<Estimate> root(Moments squares, double unit) {
    double root = Math.sqrt(squares.mean());
    double se = squares.n() == 1 ? root : root == 0 ? 0.0 : squares.standardError() / (2.0 * root);
    return Intervals.student(root * unit, se * unit, 0.0, Double.POSITIVE_INFINITY, squares.n());
  }

  private Optional<Estimate> rmsle() {
    List<double[]> errors = new ArrayList<>();
    for (int row = 0; row < size(); row++) {
      double[] apart = new double[width()];
      for (int k = 0; k < apart.length; k++) {
        apart[k] = logarithmic(said.get(row)[k], truths.get(row)[k]);
        if (Double.isNaN(apart[k])) {
          return Optional.empty();
        }
      }
      errors.add(apart);
    }
    return root(errors);
  }

  /** ln(1 + said) − ln(1 + right); NaN if one is negative. */
  static double logarithmic(double said, double right) {
    return said < 0 || right < 0 ? Double.NaN : Math.log1p(said) - Math.log1p(right);
  }

  private Optional<Estimate> quantile(double quantile) {
    double[] ends = new double[3];
    int width = width();
    for (int k = 0; k < width; k++) {
      double[] errors = new double[size()];
      for (int row = 0; row < errors.length; row++) {
        errors[row] = Math.abs(error(row, k));
      }
      Arrays.sort(errors);
      double[] ofOutput = quantile(quantile, errors.length, rank -> errors[(int) rank]);
      for (int i = 0; i < ends.length; i++) {
        ends[i] += ofOutput[i] / width;
      }
    }
    return Intervals.within(ends[1], ends[0], ends[2], 0.0, Double.POSITIVE_INFINITY, size());
  }

  /** Which of the sorted values has a rank, from 0. */
  interface Sorted {
    double at(long rank);
  }

  /**
   * A quantile of n values between order statistics, as NumPy has it by default, with the order statistics that hold it in 95
   * of 100 samples of any continuous law, by the normal approximation to the binomial distribution, rounded outwards. Where
   * there are too few values, 0 and the largest.
   *
   * @return lower end, value, upper end
   */
  static double[] quantile(double quantile, long n, Sorted sorted) {
    double rank = quantile * (n - 1);
    long floor = (long) rank;
    double low = sorted.at(floor);
    double high = sorted.at(Math.min(n - 1, floor + 1));
    double value = low + (rank - floor) * (high - low);
    double spread = Intervals.Z95 * Math.sqrt(n * quantile * (1 - quantile));
    long from = (long) Math.floor(n * quantile - spread);
    long to = (long) Math.ceil(n * quantile + spread) + 1;
    return new double[] {
      from < 1 ? 0.0 : Math.min(value, sorted.at(from - 1)),
      value,
      Math.max(value, sorted.at(Math.min(n, to) - 1))
    };
  }

  private Optional<Estimate> explained() {
    int n = size();
    int width = width();
    double value = 0.0;
    double[] influence = new double[n];
    for (int k = 0; k < width; k++) {
      double[] truth = new double[n];
      for (int i = 0; i < n; i++) {
        truth[i] = truths.get(i)[k];
      }
      double least = Arrays.stream(truth).min().orElse(0.0);
      double most = Arrays.stream(truth).max().orElse(0.0);
      if (least == most) {
        return Optional.empty(); // nothing varies that could be explained
      }
      // Differences from one of the truths: a mean near them does not lose what tells them apart.
      double largest = powerOfTwo(Math.max(most / 2 - least / 2, Double.MIN_NORMAL));
      double[] unexplained = new double[n];
      for (int i = 0; i < n; i++) {
        truth[i] = truth[i] / largest - least / largest;
        double error = error(i, k) / largest;
        unexplained[i] = error * error;
      }
      double mean = Moments.of(truth, n).mean();
      double[] spread = new double[n];
      for (int i = 0; i < n; i++) {
        spread[i] = (truth[i] - mean) * (truth[i] - mean);
      }
      double a = Moments.of(unexplained, n).mean();
      double b = Moments.of(spread, n).mean();
      value += (1.0 - a / b) / width;
      for (int i = 0; i < n; i++) {
        influence[i] += (a / b * (spread[i] - b) - (unexplained[i] - a)) / b / width;
      }
    }
    return Intervals.student(
        value, Moments.of(influence, n).standardError(), Double.NEGATIVE_INFINITY, 1.0, n);
  }

  /** A power of two near a magnitude: dividing by it changes no digit, and squares neither overflow nor vanish. */
  static double powerOfTwo(double magnitude) {
    return magnitude == 0 || !Double.isFinite(magnitude)
        ? 1.0
        : Math.scalb(1.0, Math.max(Double.MIN_EXPONENT, Math.getExponent(magnitude)));
  }
}
