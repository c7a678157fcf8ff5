package dev.mlops.core.internal.log;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Optional;

/**
 * How long to rest after failures in a row: after the first for some time, after each further one twice as long, up to a
 * number of doublings.
 *
 * <p>Times are durations since an origin of the caller's, such as the epoch or the start of a ticker.
 *
 * <p>Immutable.
 *
 * @param first how long the first rest is
 * @param doublings how often it is doubled at most
 * @param failures how many there were, one after the other
 * @param last when the newest was; empty if there was none
 * @since 0.1
 */
public record BackOff(Duration first, int doublings, int failures, Optional<Duration> last) {
  /** Refuses null. */
  public BackOff {
    requireNonNull(first, "first");
    requireNonNull(last, "last");
  }

  /**
   * {@return no failure yet}
   *
   * @param first how long the first rest is
   * @param doublings how often it is doubled at most, 0 to 40
   */
  public static BackOff of(Duration first, int doublings) {
    return new BackOff(first, doublings, 0, Optional.empty());
  }

  /**
   * {@return one failure more}
   *
   * @param at when
   */
  public BackOff failed(Duration at) {
    return new BackOff(first, doublings, failures + 1, Optional.of(at));
  }

  /** {@return the same without a failure} */
  public BackOff none() {
    return of(first, doublings);
  }

  /**
   * {@return whether the rest is not over}
   *
   * <p>A clock that went back to before the failure, by more than the rest, ends it.
   *
   * @param now by the clock of the failures
   */
  public boolean rests(Duration now) {
    return last.filter(at -> now.minus(at).abs().compareTo(length()) < 0).isPresent();
  }

  /** {@return how long the rest after the newest failure is; zero if there was none} */
  public Duration length() {
    return failures == 0
        ? Duration.ZERO
        : first.multipliedBy(1L << Math.min(failures - 1, doublings));
  }
}
