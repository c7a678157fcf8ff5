package dev.mlops.core.serve;

/**
 * When to try again what failed for one move of an alias: after one second, then after twice as long each time, at most 256
 * seconds. Another move is tried at once.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Retry {
  private static final long FIRST = 1_000_000_000L;
  private static final int MOST_DOUBLINGS = 8;

  private long generation;
  private int failures;
  private long failed;

  /** Whether to try, at a time of the ticker in nanoseconds; one that went back by a rest does not make it longer. */
  boolean due(long generation, long now) {
    return failures == 0
        || this.generation != generation
        || now - failed >= rest()
        || failed - now >= rest();
  }

  private long rest() {
    return FIRST << Math.min(failures - 1, MOST_DOUBLINGS);
  }

  void failed(long generation, long now) {
    failures = this.generation == generation ? failures + 1 : 1;
    this.generation = generation;
    this.failed = now;
  }
}
