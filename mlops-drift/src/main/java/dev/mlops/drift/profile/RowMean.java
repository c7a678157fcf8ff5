package dev.mlops.drift.profile;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import java.util.Optional;

/** A metric that is the mean of a value per row, of a host or of the library. */
final class RowMean {
  final Metric metric;
  /** Whether it is the library's: its rows are those that the library's other metrics count. */
  final boolean ours;

  private final Loss loss;

  RowMean(Metric metric, Loss loss, boolean ours) {
    this.metric = metric;
    this.loss = loss;
    this.ours = ours;
  }

  /** Whether it is the library's and of scores, so that it is absent when a prediction has none. */
  boolean ofScores() {
    return ours && metric.task() == Task.CLASSIFICATION;
  }

  /** The loss of a row; NaN if it does not count, also because the host's code threw. */
  double loss(Prediction prediction, Truth truth) {
    try {
      double found = prediction.isFinite() ? loss.of(prediction, truth) : Double.NaN;
      return Double.isFinite(found) || ours ? found : Double.NaN;
    } catch (RuntimeException | LinkageError | StackOverflowError hosts) {
      return Double.NaN;
    }
  }

  /** The metric over the first {@code rows} losses, without those that are NaN. */
  Optional<Estimate> estimate(double[] losses, int rows) {
    double scale = 0.0;
    for (int i = 0; i < rows; i++) {
      scale = Double.isNaN(losses[i]) ? scale : Math.max(scale, losses[i]);
    }
    double unit = Outputs.powerOfTwo(scale);
    double[] scaled = new double[rows];
    for (int i = 0; i < rows; i++) {
      scaled[i] = losses[i] / unit;
    }
    return estimate(Moments.of(scaled, rows), unit);
  }

  /**
   * The metric over losses that were divided by a unit.
   *
   * <p>A share has Wilson's interval, any other mean Student's; where all rows have one value, 3/n of the way to each finite
   * bound.
   */
  Optional<Estimate> estimate(Moments losses, double unit) {
    long n = losses.n();
    if (n == 0) {
      return Optional.empty();
    }
    if (metric.isShare()) {
      return Optional.of(Estimate.share(n - Math.round(losses.sum() * unit), n));
    }
    double least = losses.least() * unit;
    double most = losses.most() * unit;
    double value = Math.max(least, Math.min(most, losses.mean() * unit));
    double half = Intervals.t(n) * losses.standardError() * unit;
    double lower = Math.max(0.0, value - half);
    double upper = Math.min(loss.largest(), value + half);
    if (least == most || losses.deviations() == 0) { // after a correction, the extremes may be gone
      double share = Math.min(1.0, 3.0 / n);
      lower = value * (1.0 - share);
      upper = Double.isInfinite(loss.largest())
          ? Math.max(upper, value)
          : value + share * (loss.largest() - value);
    }
    double first = loss.metric(lower);
    double second = loss.metric(upper);
    return Double.isFinite(first) && Double.isFinite(second)
        ? Intervals.within(
            loss.metric(value),
            Math.min(first, second),
            Math.max(first, second),
            Double.NEGATIVE_INFINITY,
            Double.POSITIVE_INFINITY,
            n)
        : Optional.empty();
  }
}
