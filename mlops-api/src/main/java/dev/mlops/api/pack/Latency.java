package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;

/**
 * How long predictions took.
 *
 * <p>Immutable.
 *
 * @param p50 half were at most this long
 * @param p99 99 of 100 were at most this long
 * @param n how many were measured; at least 1
 * @since 0.1
 */
public record Latency(Duration p50, Duration p99, long n) {
  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if n is below 1 or p99 below p50
   */
  public Latency {
    requireNonNull(p50, "p50");
    if (n < 1 || p50.isNegative() || p99.compareTo(p50) < 0) {
      throw new IllegalArgumentException(
          "a latency must have n >= 1 and 0 <= p50 <= p99, but had n " + n + ", p50 " + p50
              + ", p99 " + p99);
    }
  }

  /**
   * {@return the latency of some predictions, by nearest rank}
   *
   * @param nanos how long each took, in nanoseconds; at least one, each at least 0; not changed
   * @throws IllegalArgumentException if there is none
   */
  public static Latency of(long... nanos) {
    if (nanos.length == 0) {
      throw new IllegalArgumentException("a latency must rest on n >= 1, but n was 0");
    }
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return new Latency(rank(sorted, 0.5), rank(sorted, 0.99), sorted.length);
  }

  private static Duration rank(long[] sorted, double quantile) {
    return Duration.ofNanos(sorted[(int) Math.ceil(quantile * sorted.length) - 1]);
  }

  /** Unlike nanoseconds in a long, these never overflow. */
  private static double millis(Duration time) {
    return time.toSeconds() * 1e3 + time.toNanosPart() / 1e6;
  }

  /** {@return such as {@code p50 0.10 ms, p99 0.40 ms (n 150)}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "p50 %.2f ms, p99 %.2f ms (n %d)", millis(p50), millis(p99), n);
  }
}
