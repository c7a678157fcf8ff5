package dev.mlops.api.store;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Optional;

/**
 * One move of an alias: who, when, why, from which version to which.
 *
 * <p>Immutable.
 *
 * @param alias whole, such as {@code fraud@champion}
 * @param generation from 1, one higher with each move
 * @param from the version before; empty for the first move
 * @param to the version after
 * @param at by the store's clock, never before the generation below
 * @param by who moved it
 * @param because why
 * @param intent what the mover knows the move by; unique in the history of the alias
 * @since 0.1
 */
public record AliasChange(
    String alias,
    long generation,
    Optional<Version> from,
    Version to,
    Instant at,
    String by,
    String because,
    String intent) {
  /**
   * Checks the generation.
   *
   * @throws IllegalArgumentException if it is below 1
   */
  public AliasChange {
    requireNonNull(alias, "alias");
    requireNonNull(from, "from");
    requireNonNull(to, "to");
    requireNonNull(at, "at");
    requireNonNull(by, "by");
    requireNonNull(because, "because");
    requireNonNull(intent, "intent");
    if (generation < 1) {
      throw new IllegalArgumentException("generation must be >= 1, but was " + generation);
    }
  }

  /** {@return such as {@code fraud@champion #4: fraud:6 -> fraud:7 by release-bot, quarterly refresh}} */
  @Override
  public String toString() {
    return alias + " #" + generation + ": " + from.map(Version::toString).orElse("nothing") + " -> "
        + to + " by " + by + ", " + because;
  }
}
