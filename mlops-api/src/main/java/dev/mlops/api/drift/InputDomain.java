package dev.mlops.api.drift;

import static java.util.Objects.requireNonNull;

/**
 * The values that a detector can judge.
 *
 * <p>Immutable.
 *
 * @param kind binary, bounded or real
 * @param lowest the lowest value that can be judged; finite, or −∞ for {@link Kind#REAL}
 * @param highest the highest one; above {@code lowest}, possibly ∞
 * @param scale standard deviation that the detector's parameters are counted in; 1 if they are in units of the input
 * @since 0.1
 */
public record InputDomain(Kind kind, double lowest, double highest, double scale) {
  /**
   * What values a stream is made of.
   *
   * @since 0.1
   */
  public enum Kind {
    /** Either 0 or 1: an error is 1. */
    BINARY,
    /** From one number to another, both included. */
    BOUNDED,
    /** Any finite number, of a known scale. */
    REAL
  }

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if they do not fit the kind
   */
  public InputDomain {
    requireNonNull(kind, "kind");
    boolean fits = switch (kind) {
      case BINARY -> lowest == 0 && highest == 1 && scale == 1;
      case BOUNDED -> Double.isFinite(lowest) && highest > lowest && scale == 1;
      case REAL -> lowest == Double.NEGATIVE_INFINITY && highest == Double.POSITIVE_INFINITY;
    };
    if (!fits || !(scale > 0) || !Double.isFinite(scale)) {
      throw new IllegalArgumentException(
          "a domain must be binary, bounded with lowest < highest, or real with a finite"
              + " scale > 0, but was " + kind + " " + lowest + " to " + highest + ", scale "
              + scale);
    }
  }

  /**
   * {@return 0 and 1}
   */
  public static InputDomain binary() {
    return new InputDomain(Kind.BINARY, 0, 1, 1);
  }

  /**
   * {@return all finite values of a range, ends included}
   *
   * @param lowest finite
   * @param highest above {@code lowest}; ∞ for no upper end
   * @throws IllegalArgumentException if they are not
   */
  public static InputDomain bounded(double lowest, double highest) {
    return new InputDomain(Kind.BOUNDED, lowest, highest, 1);
  }

  /**
   * {@return all finite values}
   *
   * @param scale standard deviation that the detector's parameters are counted in; finite, above 0
   * @throws IllegalArgumentException if it is out of range
   */
  public static InputDomain real(double scale) {
    return new InputDomain(Kind.REAL, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, scale);
  }

  /**
   * {@return whether the value can be judged}
   *
   * @param value any
   */
  public boolean contains(double value) {
    return value >= lowest
        && value <= highest
        && Math.abs(value) <= Double.MAX_VALUE
        && (kind != Kind.BINARY || value == 0 || value == 1);
  }

  /** {@return such as {@code 0 or 1}, {@code 0.0 to 1.0} or {@code finite, scale 2.5}} */
  @Override
  public String toString() {
    return switch (kind) {
      case BINARY -> "0 or 1";
      case BOUNDED ->
        highest == Double.POSITIVE_INFINITY
            ? "finite, at least " + lowest
            : lowest + " to " + highest;
      case REAL -> scale == 1.0 ? "finite" : "finite, scale " + scale;
    };
  }
}
