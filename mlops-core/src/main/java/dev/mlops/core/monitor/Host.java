package dev.mlops.core.monitor;

import java.util.OptionalDouble;

/**
 * The machine and the virtual machine that predictions run on.
 *
 * <p>Thread-safe.
 */
interface Host {
  /** What can be read now. Never throws, and is cheap enough for each tick. */
  Reading read();

  /**
   * What was read at one moment.
   *
   * @param nanos when, by {@link System#nanoTime}
   * @param pausedNanos how long the collector has paused the program since it began, in nanoseconds
   * @param pauses how often
   * @param load of all processors since the reading before, 0 to 1; empty where the machine does not tell
   * @param runnable how many threads of the machine run or want to, on average; empty where the machine does not tell
   * @param processors how many there are; at least 1
   */
  record Reading(
      long nanos,
      long pausedNanos,
      long pauses,
      OptionalDouble load,
      OptionalDouble runnable,
      int processors) {}
}
