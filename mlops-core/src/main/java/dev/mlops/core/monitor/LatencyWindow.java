package dev.mlops.core.monitor;

import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.util.Optional;
import org.apache.commons.numbers.arrays.Selection;
import org.jspecify.annotations.Nullable;

/**
 * How long the newest predictions took. A quantile is exact, by nearest rank.
 *
 * <p>Each prediction writes one number, some 2 ns; quantiles are selected when they are asked for, in about 10 µs
 * for 4,096 numbers, and kept until the next prediction. It holds 8 bytes per number.
 *
 * <p>The numbers are not kept in order, and not in an {@code HdrHistogram}. Keeping 4,096 in order by shifting took 460 ns per
 * prediction, the larger part of a drain. A histogram of three digits took 9 ns, but 271 kB beside the numbers that it must
 * forget again, against 33 kB here; one of two digits is 37 kB and wrong by up to 0.8 %, so that a latency could read as above a
 * limit that it meets.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class LatencyWindow {
  private final double[] newest;
  private int size;
  private int next;
  private @Nullable Latency known;

  LatencyWindow(int capacity) {
    this.newest = new double[capacity];
  }

  /** Takes a time in nanoseconds; a negative one counts as 0. */
  void add(long nanos) {
    newest[next] = Math.max(0, nanos); // exact below 2^53, or 104 days
    next = next + 1 == newest.length ? 0 : next + 1;
    size = Math.min(size + 1, newest.length);
    known = null;
  }

  Optional<Latency> latency() {
    if (known == null && size > 0) {
      double[] some = new double[size];
      System.arraycopy(newest, 0, some, 0, size);
      double sum = 0;
      double max = 0;
      for (double each : some) {
        sum += each;
        max = Math.max(max, each);
      }
      int p50 = rank(0.5);
      int p90 = rank(0.9);
      int p95 = rank(0.95);
      int p99 = rank(0.99);
      int p999 = rank(0.999);
      Selection.select(some, new int[] {p50, p90, p95, p99, p999});
      known = Latency.builder()
          .mean(nanos(Math.min(max, sum / size)))
          .p50(nanos(some[p50]))
          .p90(nanos(some[p90]))
          .p95(nanos(some[p95]))
          .p99(nanos(some[p99]))
          .p999(nanos(some[p999]))
          .max(nanos(max))
          .n(size)
          .build();
    }
    return Optional.ofNullable(known);
  }

  private int rank(double quantile) {
    return (int) Math.ceil(quantile * size) - 1;
  }

  private static Duration nanos(double value) {
    return Duration.ofNanos(Math.round(value));
  }
}
