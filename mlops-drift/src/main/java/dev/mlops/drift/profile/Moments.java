package dev.mlops.drift.profile;

import java.math.BigDecimal;

/** Count, mean and spread of values that come one by one; merged, the same whatever the order. */
final class Moments {
  private final Sum sum = new Sum();
  private final Sum squares = new Sum();
  private long n;
  private double least = Double.POSITIVE_INFINITY;
  private double most = Double.NEGATIVE_INFINITY;

  /** The moments of some values, of which those that are NaN do not count. */
  static Moments of(double[] values, int size) {
    Moments moments = new Moments();
    for (int i = 0; i < size; i++) {
      if (!Double.isNaN(values[i])) {
        moments.add(values[i]);
      }
    }
    return moments;
  }

  void add(double value) {
    n++;
    least = Math.min(least, value);
    most = Math.max(most, value);
    sum.add(value);
    squares.addProduct(value, value);
  }

  /** Takes a value away that was added; the extremes stay those of all that ever were. */
  void remove(double value) {
    n--;
    sum.add(-value);
    squares.addProduct(-value, value);
    if (n == 0) {
      least = Double.POSITIVE_INFINITY;
      most = Double.NEGATIVE_INFINITY;
    }
  }

  void add(double value, int by) {
    if (by > 0) {
      add(value);
    } else {
      remove(value);
    }
  }

  void add(Moments other) {
    n += other.n;
    least = Math.min(least, other.least);
    most = Math.max(most, other.most);
    sum.add(other.sum);
    squares.add(other.squares);
  }

  long n() {
    return n;
  }

  double least() {
    return least;
  }

  double most() {
    return most;
  }

  double sum() {
    return sum.value();
  }

  double mean() {
    return sum.value() / n;
  }

  /** Σ(value − mean)²; NaN if a double cannot hold what it is made of. */
  double deviations() {
    if (!Double.isFinite(squares.value()) || !Double.isFinite(sum.value())) {
      return Double.NaN;
    }
    BigDecimal whole = sum.exact();
    double apart = squares
            .exact()
            .multiply(BigDecimal.valueOf(n))
            .subtract(whole.multiply(whole))
            .doubleValue()
        / n;
    return Math.max(0.0, apart);
  }

  /** Of the mean; that of one row alone is taken to be the mean itself. */
  double standardError() {
    return n == 1 ? Math.abs(mean()) : Math.sqrt(deviations() / (n - 1.0) / n);
  }
}
