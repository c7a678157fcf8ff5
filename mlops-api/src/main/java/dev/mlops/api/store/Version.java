package dev.mlops.api.store;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.pack.Digest;
import java.time.Instant;

/**
 * A published package with its number, such as {@code fraud:7}.
 *
 * <p>Immutable.
 *
 * @param model name of the model
 * @param number from 1, never reused
 * @param digest of the package
 * @param publishedAt by the store's clock, never before the version with the number below
 * @since 0.1
 */
public record Version(String model, long number, Digest digest, Instant publishedAt) {
  /**
   * Checks the number and the name.
   *
   * @throws IllegalArgumentException if the number is below 1 or the name is not allowed
   */
  public Version {
    Reference.requireName("model", model);
    requireNonNull(digest, "digest");
    requireNonNull(publishedAt, "publishedAt");
    if (number < 1) {
      throw new IllegalArgumentException("number must be >= 1, but was " + number);
    }
  }

  /** {@return such as {@code fraud:7}} */
  @Override
  public String toString() {
    return model + ":" + number;
  }
}
