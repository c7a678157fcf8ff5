package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import java.util.Optional;

/**
 * What a condition asks about instead of all rows: one segment of a division, or every one of them.
 *
 * <p>Immutable.
 *
 * @param segmentation name of the division, such as {@code country}
 * @param value name of one segment, such as {@code DE}; empty for every segment
 * @since 0.1
 */
@Beta
public record Segment(String segmentation, Optional<String> value) {
  /**
   * Checks the names.
   *
   * @throws IllegalArgumentException if one is empty
   */
  public Segment {
    requireNonNull(value, "value");
    if (segmentation.isBlank() || value.filter(String::isEmpty).isPresent()) {
      throw new IllegalArgumentException(
          "the name of a segmentation, and of a segment, must not be empty");
    }
  }

  /** {@return such as {@code country=DE}, or {@code every country}} */
  @Override
  public String toString() {
    String by = MlopsException.shown(segmentation);
    return value.map(of -> by + "=" + MlopsException.shown(of)).orElse("every " + by);
  }
}
