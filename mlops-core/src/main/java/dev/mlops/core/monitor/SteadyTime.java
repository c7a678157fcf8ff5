package dev.mlops.core.monitor;

/**
 * Time that goes by as a wall clock does and never goes back, so that nothing waits for an hour that was already told.
 *
 * <p>A clock that is set back does not take it back; what goes by after that counts on. A clock that was back and returns adds
 * only what lies beyond the latest hour it told before; a step by half of what it fell or more is taken for a return. So what
 * is not counted is never more than the fall.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class SteadyTime {
  private boolean started;
  private long steady;
  private long wall;
  private long highest;
  /** By how much the clock fell below the highest it told. */
  private long fall;

  /** Takes what the clock says, in milliseconds; gives the steady time, which is the clock's until it first goes back. */
  long advance(long now) {
    if (!started) {
      started = true;
      steady = now;
      highest = now;
    } else if (now >= highest) {
      steady += now - highest;
      highest = now;
    } else if (now < wall) {
      fall = highest - now;
    } else if (now - wall < fall / 2) {
      steady += now - wall;
    }
    wall = now;
    return steady;
  }
}
