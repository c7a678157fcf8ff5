package dev.mlops.api.model;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Writes numbers for people: with as many figures as tell them apart, or with those that read back exactly.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class Figures {
  /** Digits that tell any two doubles apart. */
  private static final int MOST = 17;

  private static final int DECIMALS = 3;

  /** The bits of a double that are all 0 of a power of two. */
  private static final long SIGNIFICAND = (1L << 52) - 1;

  private Figures() {}

  /**
   * {@return the numbers, all with the same number of decimals: at least three, or none where the largest is a million or
   * more; at least two figures of the largest; and as many more as it takes that different numbers look different}
   *
   * <p>Such as {@code 0.871, 0.902}; {@code 1700000000.25, 1700000000.50}; {@code 0.00012, 0.00013}. From 1e15 on, and where the
   * largest is below 1e-4, in powers of ten. {@code NaN} and infinities are written as such.
   *
   * @param values any
   */
  public static List<String> apart(double... values) {
    double largest = 0.0;
    for (double value : values) {
      if (Double.isFinite(value)) {
        largest = Math.max(largest, Math.abs(value));
      }
    }
    boolean powers = largest >= 1e15 || (largest > 0 && largest < 1e-4);
    int magnitude = largest == 0 ? 0 : (int) Math.floor(Math.log10(largest));
    int least = powers ? DECIMALS - 1 : largest >= 1e6 ? 0 : Math.max(DECIMALS, 1 - magnitude);
    List<String> written = write(values, powers, least);
    for (int decimals = least + 1;
        decimals <= MOST + 4 && !tellsApart(values, written);
        decimals++) {
      written = write(values, powers, decimals);
    }
    return written;
  }

  /**
   * {@return a written number with its uncertainty, such as {@code 0.953 ± 0.034}}
   *
   * @param shown the number, as {@link #apart} wrote it
   * @param half the uncertainty; it gets as many decimals, or is written with a figure of its own where that would hide it
   */
  public static String plusMinus(String shown, double half) {
    int power = shown.indexOf('e');
    int end = power < 0 ? shown.length() : power;
    int point = shown.indexOf('.');
    int decimals = point < 0 ? 0 : end - point - 1;
    String text = write(new double[] {half}, power >= 0, decimals).get(0);
    boolean hidden =
        half != 0 && power < 0 && Double.isFinite(half) && Double.parseDouble(text) == 0;
    return shown + " ± " + (hidden ? String.format(Locale.ROOT, "%.0e", half) : text);
  }

  private static List<String> write(double[] values, boolean powers, int decimals) {
    List<String> written = new ArrayList<>(values.length);
    for (double value : values) {
      written.add(
          Double.isFinite(value)
              ? String.format(Locale.ROOT, "%." + decimals + (powers ? "e" : "f"), value + 0.0)
              : Double.toString(value));
    }
    return written;
  }

  private static boolean tellsApart(double[] values, List<String> written) {
    Map<String, Double> seen = new HashMap<>();
    for (int i = 0; i < values.length; i++) {
      Double other = seen.putIfAbsent(written.get(i), values[i]);
      if (other != null && other != values[i]) {
        return false;
      }
    }
    return true;
  }

  /**
   * {@return the shortest decimal that reads back as the number, such as {@code 0.02}, {@code 100000} or {@code 1E-300}; the
   * same on every Java}
   *
   * @param value finite
   * @throws IllegalArgumentException if it is not
   */
  public static String exact(double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("a number must be finite, but was " + value);
    }
    if (value == 0) {
      return "0";
    }
    BigDecimal whole = new BigDecimal(value);
    BigDecimal shortest = whole;
    // Below a power of two doubles are twice as dense: the nearest decimal may be another one's.
    boolean powerOfTwo = (Double.doubleToRawLongBits(value) & SIGNIFICAND) == 0;
    for (int digits = 1; digits <= MOST; digits++) {
      shortest = whole.round(new MathContext(digits, RoundingMode.HALF_EVEN)).stripTrailingZeros();
      if (shortest.doubleValue() == value) {
        break;
      }
      if (powerOfTwo) {
        shortest = whole.round(new MathContext(digits, RoundingMode.UP)).stripTrailingZeros();
        if (shortest.doubleValue() == value) {
          break;
        }
      }
    }
    int exponent = shortest.precision() - shortest.scale() - 1;
    return exponent < -7 || exponent > 15 ? shortest.toString() : shortest.toPlainString();
  }
}
