package dev.mlops.core.internal.guard;

import java.time.Duration;

/**
 * Durations in nanoseconds, for those who wait.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Waits {
  /** 73 years: adding it to a time does not overflow. */
  public static final long LONGEST = Long.MAX_VALUE / 4;

  private Waits() {}

  /**
   * {@return the duration in nanoseconds, {@link #LONGEST} for whatever is longer}
   *
   * @param wait not negative
   */
  public static long nanos(Duration wait) {
    return wait.compareTo(Duration.ofNanos(LONGEST)) > 0 ? LONGEST : wait.toNanos();
  }
}
