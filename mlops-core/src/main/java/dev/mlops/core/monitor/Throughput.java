package dev.mlops.core.monitor;

import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * How many predictions a second there were over the last minute, by whole seconds.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Throughput {
  private static final int SECONDS = 60;

  private final long[] counts = new long[SECONDS];
  /** The newest second that was counted, or looked at. */
  private long newest;

  private long first;
  private boolean begun;

  /** Counts a prediction of this time, in milliseconds; one that is older than a minute counts for nothing. */
  void add(long millis) {
    long second = Math.floorDiv(millis, 1_000L);
    if (!begun) {
      begun = true;
      first = second;
      newest = second;
    }
    advance(second);
    if (newest - second < SECONDS) {
      counts[slot(second)]++;
    }
  }

  /** How many there were in each of the seconds that are over, at most 60; empty before one is. */
  OptionalDouble perSecond(long millis) {
    if (!begun) {
      return OptionalDouble.empty();
    }
    long second = Math.floorDiv(millis, 1_000L);
    advance(second);
    long over = Math.min(SECONDS - 1, newest - first);
    if (over < 1) {
      return OptionalDouble.empty();
    }
    long sum = 0;
    for (long each = newest - over; each < newest; each++) {
      sum += counts[slot(each)];
    }
    return OptionalDouble.of((double) sum / over);
  }

  private void advance(long second) {
    if (second - newest >= SECONDS) {
      Arrays.fill(counts, 0);
      newest = second;
    }
    while (newest < second) {
      counts[slot(++newest)] = 0;
    }
  }

  private static int slot(long second) {
    return (int) Math.floorMod(second, (long) SECONDS);
  }
}
