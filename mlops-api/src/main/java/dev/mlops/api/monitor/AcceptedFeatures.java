package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import java.time.Instant;

/**
 * That someone took new rows for the normal input of a version: its features are held against these from then on, not against
 * the test rows of its package.
 *
 * <p>Immutable.
 *
 * @param at when, by the clock of the monitor
 * @param rows how many rows, at least 1
 * @param by who decided it, not blank
 * @param because why, not blank
 * @since 0.1
 */
@Beta
public record AcceptedFeatures(Instant at, long rows, String by, String because) {
  /**
   * Checks the number of rows and the texts.
   *
   * @throws IllegalArgumentException if there is no row, or a text is blank
   */
  public AcceptedFeatures {
    requireNonNull(at, "at");
    if (rows < 1) {
      throw new IllegalArgumentException("rows must be >= 1, but was " + rows);
    }
    requireSaid("by", by);
    requireSaid("because", because);
  }

  private static void requireSaid(String field, String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException(field + " must say something, but was blank");
    }
  }

  /** {@return such as {@code features of 1000 rows accepted by ana at 2026-03-01T09:00:00Z: new branch in the north}} */
  @Override
  public String toString() {
    return "features of " + rows + " rows accepted by " + MlopsException.shown(by) + " at " + at
        + ": " + MlopsException.shown(because);
  }
}
