package dev.mlops.core.monitor;

import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/**
 * How long the newest predictions took, kept in order, so that a quantile is one look: exact, by nearest rank.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class LatencyWindow {
  private final long[] newest;
  private final long[] sorted;
  private int size;
  private int next;

  LatencyWindow(int capacity) {
    this.newest = new long[capacity];
    this.sorted = new long[capacity];
  }

  /** Takes a time in nanoseconds; a negative one counts as 0. */
  void add(long nanos) {
    long value = Math.max(0, nanos);
    int hole;
    if (size < sorted.length) {
      hole = size++;
    } else {
      hole = Arrays.binarySearch(sorted, 0, size, newest[next]);
    }
    newest[next] = value;
    next = (next + 1) % newest.length;
    int to = place(value, 0, hole);
    if (to < hole) {
      System.arraycopy(sorted, to, sorted, to + 1, hole - to);
    } else {
      to = place(value, hole + 1, size) - 1;
      System.arraycopy(sorted, hole + 1, sorted, hole, to - hole);
    }
    sorted[to] = value;
  }

  private int place(long value, int from, int to) {
    int found = Arrays.binarySearch(sorted, from, to, value);
    return found < 0 ? -found - 1 : found;
  }

  Optional<Latency> latency() {
    return size == 0
        ? Optional.empty()
        : Optional.of(Latency.builder().p50(rank(0.5)).p99(rank(0.99)).n(size).build());
  }

  private Duration rank(double quantile) {
    return Duration.ofNanos(sorted[(int) Math.ceil(quantile * size) - 1]);
  }
}
