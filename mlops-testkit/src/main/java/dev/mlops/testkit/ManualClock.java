package dev.mlops.testkit;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * A clock that stands still until a test moves it: wall time as an {@link InstantSource}, elapsed time as a ticker in
 * nanoseconds.
 *
 * <p>{@link #advance} moves both, as time does; {@link #set} moves wall time alone, also backwards, as an administrator
 * does.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class ManualClock implements InstantSource, LongSupplier {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private Instant instant;
  private long nanos;

  /** Makes a clock that stands at the beginning of 2026, its ticker at 0. */
  public ManualClock() {
    this(START);
  }

  /**
   * Makes a clock that stands at an instant, its ticker at 0.
   *
   * @param start where it stands
   */
  public ManualClock(Instant start) {
    this.instant = requireNonNull(start, "start");
  }

  @Override
  public synchronized Instant instant() {
    return instant;
  }

  /** {@return the elapsed time in nanoseconds; it never decreases} */
  public synchronized long nanos() {
    return nanos;
  }

  /** {@return the same as {@link #nanos()}, so that the clock is a ticker} */
  @Override
  public long getAsLong() {
    return nanos();
  }

  /**
   * Moves wall time and elapsed time forward.
   *
   * @param time at least zero
   * @throws IllegalArgumentException if it is negative, or more than the clock can hold; nothing moved
   */
  public synchronized void advance(Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException("time must be >= 0, but was " + MlopsException.shown(time)
          + "; set(Instant) moves wall time back");
    }
    try {
      Instant later = instant.plus(time);
      nanos = Math.addExact(nanos, time.toNanos());
      instant = later;
    } catch (DateTimeException | ArithmeticException e) {
      throw new IllegalArgumentException(
          "time must end before " + Instant.MAX + " and 2^63 ns after the start, but "
              + MlopsException.shown(time) + " after " + this + " does not; nothing moved",
          e);
    }
  }

  /**
   * Moves wall time alone, forward or backward.
   *
   * @param now where it shall stand
   */
  public synchronized void set(Instant now) {
    instant = requireNonNull(now, "now");
  }

  @Override
  public synchronized String toString() {
    return instant + " (" + nanos + " ns elapsed)";
  }
}
