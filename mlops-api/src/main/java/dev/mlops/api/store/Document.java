package dev.mlops.api.store;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.PackageFile;
import java.time.Instant;

/**
 * A document that was attached to a version after it was published: what it is, who attached it, when and why.
 *
 * <p>Immutable.
 *
 * @param version the version that it belongs to
 * @param name such as {@code approval.pdf}; as {@link PackageFile#requireName} allows it
 * @param revision from 1, one higher each time other bytes are attached under the name
 * @param digest of its bytes
 * @param size in bytes; at least 0
 * @param at by the store's clock, never before the document that was attached before it
 * @param by who attached it
 * @param because why
 * @since 0.1
 */
public record Document(
    Version version,
    String name,
    long revision,
    Digest digest,
    long size,
    Instant at,
    String by,
    String because) {
  /**
   * Checks the name and the numbers.
   *
   * @throws IllegalArgumentException if the name is not allowed, the revision is below 1 or the size is negative
   */
  public Document {
    requireNonNull(version, "version");
    PackageFile.requireName(name);
    requireNonNull(digest, "digest");
    requireNonNull(at, "at");
    requireNonNull(by, "by");
    requireNonNull(because, "because");
    if (revision < 1 || size < 0) {
      throw new IllegalArgumentException("a document must have a revision >= 1 and a size >= 0, but"
          + " had " + revision + " and " + size);
    }
  }

  /** {@return such as {@code fraud:7 approval.pdf #2}} */
  @Override
  public String toString() {
    return version + " " + name + " #" + revision;
  }
}
