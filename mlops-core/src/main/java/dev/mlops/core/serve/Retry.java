package dev.mlops.core.serve;

import dev.mlops.core.internal.log.BackOff;
import java.time.Duration;

/**
 * When to try again what failed for one move of an alias: after one second, then after twice as long each time, at most 256
 * seconds. Another move is tried at once.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Retry {
  private long generation;

  /** When it failed last, in nanoseconds; the back-off counts from here, as a ticker may pass its greatest number. */
  private long failed;

  private BackOff backOff = BackOff.of(Duration.ofSeconds(1), 8);

  /** Whether to try, at a time of the ticker in nanoseconds; one that went back by a rest does not make it longer. */
  boolean due(long generation, long now) {
    return this.generation != generation || !backOff.rests(Duration.ofNanos(now - failed));
  }

  void failed(long generation, long now) {
    backOff = (this.generation == generation ? backOff : backOff.none()).failed(Duration.ZERO);
    this.generation = generation;
    this.failed = now;
  }
}
