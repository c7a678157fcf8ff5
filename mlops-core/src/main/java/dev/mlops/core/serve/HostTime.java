package dev.mlops.core.serve;

import dev.mlops.core.internal.log.Warnings;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * The clock and the ticker that a host gave a deployment. Should one of them throw, requests are answered and ticks stay due all
 * the same.
 *
 * <p>Thread-safe.
 */
final class HostTime {
  private final String alias;
  private final InstantSource clock;
  private final LongSupplier ticker;
  private final Warnings warnings = Warnings.of(Deployment.class);

  /** When the newest tick began, or the deployment was made, by the ticker. */
  private volatile long ticked;

  HostTime(String alias, InstantSource clock, LongSupplier ticker) {
    this.alias = alias;
    this.clock = clock;
    this.ticker = ticker;
    this.ticked = ticker.getAsLong();
  }

  /** {@return the time by the clock; should that throw, the system's} */
  Instant instant() {
    try {
      return clock.instant();
    } catch (Throwable e) { // a clock that fails must not end the host's schedule
      warnings.once("clock", "the clock of " + alias + " threw; ticks are due by the system's", e);
      return Instant.now();
    }
  }

  /** {@return the time by the ticker; should that throw, the time of the newest tick} */
  long nanos() {
    try {
      return ticker.getAsLong();
    } catch (Throwable e) { // the host's
      warnings.once(
          "ticker",
          "the ticker of " + alias + " threw; serving goes on, latencies are wrong, said once",
          e);
      return ticked;
    }
  }

  /** A tick begins; throws what the ticker throws. */
  void tick() {
    ticked = ticker.getAsLong();
  }

  /** {@return how long ago the newest tick began; throws what the ticker throws} */
  Duration sinceTick() {
    return Duration.ofNanos(Math.max(0, ticker.getAsLong() - ticked));
  }
}
