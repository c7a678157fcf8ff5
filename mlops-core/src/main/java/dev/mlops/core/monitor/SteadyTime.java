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

  /**
   * Where it stands, so that another life goes on there.
   *
   * @param steady the steady time
   * @param wall what the clock said last
   * @param highest the latest hour that the clock told
   * @param fall by how much the clock fell below that
   */
  record Stand(long steady, long wall, long highest, long fall) {
    /** Where a time stands whose clock never went back. */
    static Stand at(long time) {
      return new Stand(time, time, time, 0);
    }
  }

  /** Where it stands; before the first advance at 0. */
  Stand stand() {
    return new Stand(steady, wall, highest, fall);
  }

  /** Goes on where it stood in an earlier life: what went by since then counts as if this had been one life. */
  void resume(Stand stand) {
    started = true;
    steady = stand.steady();
    wall = stand.wall();
    highest = stand.highest();
    fall = stand.fall();
  }

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
