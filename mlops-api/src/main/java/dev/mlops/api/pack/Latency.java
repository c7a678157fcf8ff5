package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How long predictions took.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Latency {
  private final Duration p50;
  private final Duration p99;
  private final long n;

  private Latency(Builder builder) {
    this.p50 = builder.p50;
    this.p99 = builder.p99;
    this.n = builder.n;
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
    return builder()
        .p50(rank(sorted, 0.5))
        .p99(rank(sorted, 0.99))
        .n(sorted.length)
        .build();
  }

  private static Duration rank(long[] sorted, double quantile) {
    return Duration.ofNanos(sorted[(int) Math.ceil(quantile * sorted.length) - 1]);
  }

  /**
   * {@return a builder of a latency}
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * {@return the median: half took at most this long}
   */
  public Duration p50() {
    return p50;
  }

  /**
   * {@return what 99 of 100 took at most}
   */
  public Duration p99() {
    return p99;
  }

  /**
   * {@return how many were measured; at least 1}
   */
  public long n() {
    return n;
  }

  /** Unlike nanoseconds in a long, these never overflow. */
  private static double millis(Duration time) {
    return time.toSeconds() * 1e3 + time.toNanosPart() / 1e6;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Latency that
        && p50.equals(that.p50)
        && p99.equals(that.p99)
        && n == that.n;
  }

  @Override
  public int hashCode() {
    return 31 * (31 * p50.hashCode() + p99.hashCode()) + Long.hashCode(n);
  }

  /** {@return such as {@code p50 0.10 ms, p99 0.40 ms (n 150)}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "p50 %.2f ms, p99 %.2f ms (n %d)", millis(p50), millis(p99), n);
  }

  /**
   * Collects what was measured; all three values must be given.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private Duration p50 = Duration.ZERO;
    private Duration p99 = Duration.ZERO;
    private long n;

    private Builder() {}

    /**
     * {@return this builder, with the median}
     *
     * @param p50 half took at most this long; at least 0
     */
    public Builder p50(Duration p50) {
      this.p50 = requireNonNull(p50, "p50");
      return this;
    }

    /**
     * {@return this builder, with the 99th percentile}
     *
     * @param p99 99 of 100 took at most this long; at least {@code p50}
     */
    public Builder p99(Duration p99) {
      this.p99 = requireNonNull(p99, "p99");
      return this;
    }

    /**
     * {@return this builder, with how many were measured}
     *
     * @param n at least 1
     */
    public Builder n(long n) {
      this.n = n;
      return this;
    }

    /**
     * {@return the latency}
     *
     * @throws IllegalArgumentException if n is below 1, a time negative, or p99 below p50
     */
    public Latency build() {
      return new Latency(this);
    }
  }
}
