package dev.mlops.drift.profile;

import java.math.BigDecimal;

/**
 * A sum of doubles to about 106 bits: in whatever order they come, and however sums are merged, it is the same to the last
 * digit of a double.
 */
final class Sum {
  private double high;
  private double low;

  void add(double value) {
    double sum = high + value;
    double part = sum - high;
    low += (high - (sum - part)) + (value - part);
    high = sum;
    double whole = high + low;
    if (Double.isFinite(whole)) {
      low -= whole - high;
      high = whole;
    }
  }

  /** Adds a product without the rounding of a multiplication. */
  void addProduct(double a, double b) {
    double product = a * b;
    add(product);
    double rest = Math.fma(a, b, -product);
    if (Double.isFinite(rest)) {
      add(rest);
    }
  }

  void add(Sum other) {
    add(other.high);
    add(other.low);
  }

  /** NaN or infinite if a double cannot hold it. */
  double value() {
    return high + low;
  }

  BigDecimal exact() {
    return new BigDecimal(high).add(new BigDecimal(low));
  }
}
