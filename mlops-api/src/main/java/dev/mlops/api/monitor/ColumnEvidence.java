package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Estimate;
import java.util.Locale;
import java.util.Optional;

/**
 * How many of the newest rows had a value that a column should not have.
 *
 * <p>Immutable.
 *
 * @param column its name
 * @param missing share of rows in which it is missing
 * @param unseen share of the values that the test rows never had; empty for numbers, without a profile, and where the profile
 *     does not list every category
 * @param outOfRange share of the values below the least or above the greatest of the test rows; empty for categories and without a
 *     profile
 * @since 0.1
 */
@Beta
public record ColumnEvidence(
    String column, Estimate missing, Optional<Estimate> unseen, Optional<Estimate> outOfRange) {
  /** Checks that nothing is null. */
  public ColumnEvidence {
    requireNonNull(column, "column");
    requireNonNull(missing, "missing");
    requireNonNull(unseen, "unseen");
    requireNonNull(outOfRange, "outOfRange");
  }

  /**
   * What can be wrong with a value.
   *
   * @since 0.1
   */
  @Beta
  public enum Fault {
    /** There is none. */
    MISSING,
    /** A category that no test row had. */
    UNSEEN,
    /** A number below the least or above the greatest of the test rows. */
    OUT_OF_RANGE;

    /** {@return as a tag value and in conditions, such as {@code out_of_range}} */
    public String tag() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * {@return the share of rows with one fault, if known}
   *
   * @param fault which
   */
  public Optional<Estimate> share(Fault fault) {
    return switch (fault) {
      case MISSING -> Optional.of(missing);
      case UNSEEN -> unseen;
      case OUT_OF_RANGE -> outOfRange;
    };
  }
}
