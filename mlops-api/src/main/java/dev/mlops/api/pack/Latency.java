package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How long predictions took: mean, quantiles and maximum.
 *
 * <p>Quantiles are by nearest rank. Only the median, the 99th percentile and n are always there; packages of early builds hold
 * nothing else.
 *
 * <p><b>Bounds.</b> A quantile of a sample is an estimate. {@link #upper} is what the quantile of everything the sample was
 * drawn from is at most, with a confidence of 99.5 %: an order statistic, so that it holds for any distribution of independent
 * times. A bound of the median needs 8 times, one of the 99th percentile 528.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Latency {
  private final Duration p50;
  private final @Nullable Duration p90;
  private final @Nullable Duration p95;
  private final Duration p99;
  private final @Nullable Duration p999;
  private final @Nullable Duration max;
  private final @Nullable Duration mean;
  private final @Nullable Duration upper50;
  private final @Nullable Duration upper99;
  private final long n;

  private Latency(Builder builder) {
    this.p50 = builder.p50;
    this.p90 = builder.p90;
    this.p95 = builder.p95;
    this.p99 = builder.p99;
    this.p999 = builder.p999;
    this.max = builder.max;
    this.mean = builder.mean;
    this.upper50 = builder.upper50;
    this.upper99 = builder.upper99;
    this.n = builder.n;
    if (n < 1
        || !rising(Duration.ZERO, p50, p90, p95, p99, p999, max)
        || !rising(Duration.ZERO, mean, max)
        || !rising(p50, upper50, max)
        || !rising(p99, upper99, max)) {
      throw new IllegalArgumentException(
          "a latency must have n >= 1 and 0 <= p50 <= p90 <= p95 <= p99 <= p99.9 <= max, a mean and"
              + " bounds up to max, but had n " + n + ", p50 " + p50 + ", p90 " + p90 + ", p95 "
              + p95 + ", p99 " + p99 + ", p99.9 " + p999 + ", max " + max + ", mean " + mean
              + ", bounds " + upper50 + " and " + upper99);
    }
  }

  /** Whether those that are there do not fall. */
  private static boolean rising(@Nullable Duration... times) {
    Duration before = null;
    for (Duration time : times) {
      if (time != null) {
        if (before != null && time.compareTo(before) < 0) {
          return false;
        }
        before = time;
      }
    }
    return true;
  }

  /**
   * {@return the latency of some predictions}
   *
   * @param nanos how long each took, in nanoseconds; at least one, each at least 0; not changed
   * @throws IllegalArgumentException if there is none
   */
  public static Latency of(long... nanos) {
    int n = nanos.length;
    if (n == 0) {
      throw new IllegalArgumentException("a latency must rest on n >= 1, but n was 0");
    }
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    double sum = 0;
    for (long each : sorted) {
      sum += each;
    }
    Builder latency = builder()
        .mean(Duration.ofNanos(Math.min(sorted[n - 1], Math.round(sum / n))))
        .p50(rank(sorted, 0.5))
        .p90(rank(sorted, 0.9))
        .p95(rank(sorted, 0.95))
        .p99(rank(sorted, 0.99))
        .p999(rank(sorted, 0.999))
        .max(Duration.ofNanos(sorted[n - 1]))
        .n(n);
    int median = QuantileBound.rank(n, 0.5);
    if (median > 0) {
      latency.upper(0.5, Duration.ofNanos(sorted[median - 1]));
    }
    int tail = QuantileBound.rank(n, 0.99);
    if (tail > 0) {
      latency.upper(0.99, Duration.ofNanos(sorted[tail - 1]));
    }
    return latency.build();
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

  /** {@return a builder that begins with this latency} */
  public Builder toBuilder() {
    Builder copy = new Builder();
    copy.p50 = p50;
    copy.p90 = p90;
    copy.p95 = p95;
    copy.p99 = p99;
    copy.p999 = p999;
    copy.max = max;
    copy.mean = mean;
    copy.upper50 = upper50;
    copy.upper99 = upper99;
    copy.n = n;
    return copy;
  }

  /**
   * {@return the median: half took at most this long}
   */
  public Duration p50() {
    return p50;
  }

  /** {@return what 90 of 100 took at most, if known} */
  public Optional<Duration> p90() {
    return Optional.ofNullable(p90);
  }

  /** {@return what 95 of 100 took at most, if known} */
  public Optional<Duration> p95() {
    return Optional.ofNullable(p95);
  }

  /**
   * {@return what 99 of 100 took at most}
   */
  public Duration p99() {
    return p99;
  }

  /** {@return what 999 of 1,000 took at most, if known; the maximum where there are fewer} */
  public Optional<Duration> p999() {
    return Optional.ofNullable(p999);
  }

  /** {@return how long the longest took, if known} */
  public Optional<Duration> max() {
    return Optional.ofNullable(max);
  }

  /** {@return how long they took on average, to the nanosecond, if known} */
  public Optional<Duration> mean() {
    return Optional.ofNullable(mean);
  }

  /**
   * {@return what a quantile of everything that was sampled is at most, with a confidence of 99.5 %; empty if too few were
   * measured to say, or it is not known}
   *
   * @param quantile 0.5 or 0.99
   * @throws IllegalArgumentException if it is another
   */
  public Optional<Duration> upper(double quantile) {
    return Optional.ofNullable(isMedian(quantile) ? upper50 : upper99);
  }

  private static boolean isMedian(double quantile) {
    if (quantile != 0.5 && quantile != 0.99) {
      throw new IllegalArgumentException("a bound is of quantile 0.5 or 0.99, but was " + quantile);
    }
    return quantile == 0.5;
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
        && Objects.equals(p90, that.p90)
        && Objects.equals(p95, that.p95)
        && p99.equals(that.p99)
        && Objects.equals(p999, that.p999)
        && Objects.equals(max, that.max)
        && Objects.equals(mean, that.mean)
        && Objects.equals(upper50, that.upper50)
        && Objects.equals(upper99, that.upper99)
        && n == that.n;
  }

  @Override
  public int hashCode() {
    return Objects.hash(p50, p90, p95, p99, p999, max, mean, upper50, upper99, n);
  }

  /** {@return such as {@code p50 0.10 ms, p99 0.40 ms (n 150)}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "p50 %.2f ms, p99 %.2f ms (n %d)", millis(p50), millis(p99), n);
  }

  /**
   * Collects what was measured; the median, the 99th percentile and n must be given.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private Duration p50 = Duration.ZERO;
    private @Nullable Duration p90;
    private @Nullable Duration p95;
    private Duration p99 = Duration.ZERO;
    private @Nullable Duration p999;
    private @Nullable Duration max;
    private @Nullable Duration mean;
    private @Nullable Duration upper50;
    private @Nullable Duration upper99;
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
     * {@return this builder, with the 90th percentile}
     *
     * @param p90 90 of 100 took at most this long; at least {@code p50}
     */
    public Builder p90(Duration p90) {
      this.p90 = requireNonNull(p90, "p90");
      return this;
    }

    /**
     * {@return this builder, with the 95th percentile}
     *
     * @param p95 95 of 100 took at most this long; at least {@code p90}
     */
    public Builder p95(Duration p95) {
      this.p95 = requireNonNull(p95, "p95");
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
     * {@return this builder, with the quantile of 999 of 1,000}
     *
     * @param p999 999 of 1,000 took at most this long; at least {@code p99}
     */
    public Builder p999(Duration p999) {
      this.p999 = requireNonNull(p999, "p999");
      return this;
    }

    /**
     * {@return this builder, with the maximum}
     *
     * @param max how long the longest took; at least every quantile
     */
    public Builder max(Duration max) {
      this.max = requireNonNull(max, "max");
      return this;
    }

    /**
     * {@return this builder, with the mean}
     *
     * @param mean how long they took on average; at least 0, at most {@code max}
     */
    public Builder mean(Duration mean) {
      this.mean = requireNonNull(mean, "mean");
      return this;
    }

    /**
     * {@return this builder, with a bound of a quantile}
     *
     * @param quantile 0.5 or 0.99
     * @param bound what that quantile of everything that was sampled is at most, with a confidence of 99.5 %
     * @throws IllegalArgumentException if the quantile is another
     */
    public Builder upper(double quantile, Duration bound) {
      requireNonNull(bound, "bound");
      if (isMedian(quantile)) {
        this.upper50 = bound;
      } else {
        this.upper99 = bound;
      }
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
     * @throws IllegalArgumentException if n is below 1, a time negative, a quantile below a smaller one, or anything above the
     *     maximum
     */
    public Latency build() {
      return new Latency(this);
    }
  }
}
