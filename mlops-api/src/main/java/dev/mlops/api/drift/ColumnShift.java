package dev.mlops.api.drift;

import static java.util.Objects.requireNonNull;

import java.util.Locale;

/**
 * One column that moved, from what to what.
 *
 * <p>Immutable.
 *
 * @param column its name
 * @param direction where it moved to
 * @param from what the baseline held, for people
 * @param to what the window held, for people
 * @param effect how much it moved, 0 to 1: Kolmogorov–Smirnov's D for numbers, Cramér's V for categories
 * @param pValue of the test of this column alone, 0 to 1
 * @since 0.1
 */
public record ColumnShift(
    String column, Direction direction, String from, String to, double effect, double pValue) {
  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if effect or pValue is outside 0 to 1
   */
  public ColumnShift {
    requireNonNull(column, "column");
    requireNonNull(direction, "direction");
    requireNonNull(from, "from");
    requireNonNull(to, "to");
    if (!(effect >= 0 && effect <= 1 && pValue >= 0 && pValue <= 1)) {
      throw new IllegalArgumentException(
          "effect and pValue must be in 0 to 1, but were " + effect + " and " + pValue);
    }
  }

  /** {@return such as {@code channel: shop 81 %, web 19 % -> web 64 %, shop 36 % (effect 0.45, p 2e-31)}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        effect > 0 && effect < 0.005
            ? "%s: %s -> %s (effect %.1g, p %.1g)"
            : "%s: %s -> %s (effect %.2f, p %.1g)",
        column,
        from,
        to,
        effect,
        pValue);
  }
}
