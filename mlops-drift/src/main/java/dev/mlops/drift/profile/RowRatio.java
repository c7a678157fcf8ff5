package dev.mlops.drift.profile;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.RowValue;
import dev.mlops.api.model.Truth;
import java.util.Optional;

/** The ratio of two sums over rows, with a standard error by the delta method. */
final class RowRatio {
  final Metric metric;
  private final RowValue numerator;
  private final RowValue denominator;

  RowRatio(Metric metric, RowValue numerator, RowValue denominator) {
    this.metric = metric;
    this.numerator = numerator;
    this.denominator = denominator;
  }

  /** Both values of a row; NaN if the row does not count, also because the host's code threw. */
  double[] values(Prediction prediction, Truth truth) {
    double[] none = {Double.NaN, Double.NaN};
    try {
      if (!prediction.isFinite()) {
        return none;
      }
      double[] found = {numerator.of(prediction, truth), denominator.of(prediction, truth)};
      return Double.isFinite(found[0]) && Double.isFinite(found[1]) ? found : none;
    } catch (RuntimeException | LinkageError | StackOverflowError hosts) {
      return none;
    }
  }

  /** The sums of rows that count. */
  static final class Sums {
    private final Sum above = new Sum();
    private final Sum below = new Sum();
    private final Sum above2 = new Sum();
    private final Sum below2 = new Sum();
    private final Sum product = new Sum();
    private long n;

    void add(double[] values) {
      if (Double.isNaN(values[0])) {
        return;
      }
      n++;
      above.add(values[0]);
      below.add(values[1]);
      above2.addProduct(values[0], values[0]);
      below2.addProduct(values[1], values[1]);
      product.addProduct(values[0], values[1]);
    }

    /** Takes values away that were added. */
    void remove(double[] values) {
      if (Double.isNaN(values[0])) {
        return;
      }
      n--;
      above.add(-values[0]);
      below.add(-values[1]);
      above2.addProduct(-values[0], values[0]);
      below2.addProduct(-values[1], values[1]);
      product.addProduct(-values[0], values[1]);
    }

    void add(Sums other) {
      n += other.n;
      above.add(other.above);
      below.add(other.below);
      above2.add(other.above2);
      below2.add(other.below2);
      product.add(other.product);
    }

    Optional<Estimate> estimate() {
      double whole = below.value();
      if (n == 0 || whole == 0) {
        return Optional.empty();
      }
      double ratio = above.value() / whole;
      double squares =
          above2.value() - 2 * ratio * product.value() + ratio * ratio * below2.value();
      double se = n == 1
          ? Math.abs(ratio)
          : Math.sqrt(Math.max(0.0, squares) * n / (n - 1.0)) / Math.abs(whole);
      return Intervals.student(ratio, se, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, n);
    }
  }
}
