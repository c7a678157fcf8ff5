package dev.mlops.core.loop;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How long a loop rests after candidates that threw: one minute after the first, twice as long after each further one, at
 * most 64 minutes.
 *
 * <p>Immutable.
 *
 * @param failures how many threw, one after the other
 * @param last when the newest threw; empty if none did
 */
record BackOff(int failures, Optional<Instant> last) {
  private static final Duration FIRST = Duration.ofMinutes(1);
  private static final int MOST_DOUBLINGS = 6;

  static BackOff none() {
    return new BackOff(0, Optional.empty());
  }

  BackOff failed(Instant at) {
    return new BackOff(failures + 1, Optional.of(at));
  }

  private Duration length() {
    return FIRST.multipliedBy(1L << Math.min(failures - 1, MOST_DOUBLINGS));
  }

  /** Whether the rest is not over; a clock that went back to before the failure, by more than a rest, ends it. */
  boolean rests(Instant now) {
    return last.filter(at -> now.isBefore(at.plus(length())) && now.isAfter(at.minus(length())))
        .isPresent();
  }
}
