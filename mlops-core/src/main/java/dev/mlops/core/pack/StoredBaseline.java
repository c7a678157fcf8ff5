package dev.mlops.core.pack;

import dev.mlops.api.pack.Baseline;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;

/**
 * A baseline in the form that packages hold it in: one JSON object in UTF-8 that says its version.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class StoredBaseline {
  /** The most bytes that {@link #of} reads. */
  public static final int LARGEST = 64 << 20;

  private StoredBaseline() {}

  /**
   * {@return a baseline as a JSON object; the same baseline gives the same bytes}
   *
   * @param baseline any
   */
  public static byte[] toBytes(Baseline baseline) {
    return Sections.baseline(baseline).bytes();
  }

  /**
   * {@return the baseline that was stored, by this release or an earlier one}
   *
   * @param bytes at most {@link #LARGEST}
   * @throws IllegalArgumentException if they are no baseline; the message says what was wanted where
   */
  public static Baseline of(byte[] bytes) {
    try {
      return Sections.baseline(Json.parse(bytes, LARGEST));
    } catch (JsonException e) {
      throw new IllegalArgumentException("no baseline: " + e.getMessage(), e);
    }
  }
}
