package dev.mlops.api.store;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import java.time.Instant;

/**
 * The right to do something alone until an instant, as {@link Coordination} gives it.
 *
 * <p>Immutable.
 *
 * @param name what the lease is for, such as {@code fraud/rollout}
 * @param owner who holds it
 * @param token from 1; higher with each lease of this name
 * @param until by the backend's clock, when it ends
 * @since 0.1
 */
@Beta
public record Lease(String name, String owner, long token, Instant until) {
  /**
   * Checks the token.
   *
   * @throws IllegalArgumentException if it is below 1
   */
  public Lease {
    requireNonNull(name, "name");
    requireNonNull(owner, "owner");
    requireNonNull(until, "until");
    if (token < 1) {
      throw new IllegalArgumentException("token must be >= 1, but was " + token);
    }
  }

  /** {@return such as {@code fraud/rollout #3 of replica-a until 2026-01-01T00:01:00Z}} */
  @Override
  public String toString() {
    return name + " #" + token + " of " + owner + " until " + until;
  }
}
