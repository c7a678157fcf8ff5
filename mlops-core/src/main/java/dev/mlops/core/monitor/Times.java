package dev.mlops.core.monitor;

import java.time.Duration;

/**
 * Durations as numbers, the largest that can be reckoned with in place of those that are longer.
 *
 * <p>Thread-safe.
 */
final class Times {
  /** Milliseconds that no monitor lives to see: adding them to a time, or taking them from it, does not overflow. */
  static final long FOREVER = Long.MAX_VALUE / 4;

  private Times() {}

  /** In milliseconds, at most {@link #FOREVER}. */
  static long millis(Duration duration) {
    try {
      return Math.min(FOREVER, duration.toMillis());
    } catch (ArithmeticException tooLong) {
      return duration.isNegative() ? -FOREVER : FOREVER;
    }
  }

  /** In nanoseconds; it has no largest. */
  static double nanos(Duration duration) {
    return duration.getSeconds() * 1e9 + duration.getNano();
  }
}
