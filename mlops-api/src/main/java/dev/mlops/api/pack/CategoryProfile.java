package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * The profile of a column of categories: how often each occurred.
 *
 * <p>Immutable.
 *
 * @param column name of the column
 * @param counts by category, each at least 1; copied, ordered by name
 * @param other how many values had a category that is not listed; at least 0
 * @param missing how many values were missing; at least 0
 * @since 0.1
 */
public record CategoryProfile(String column, Map<String, Long> counts, long other, long missing)
    implements ColumnProfile {
  /**
   * Copies the counts.
   *
   * @throws IllegalArgumentException if a count is out of range
   */
  public CategoryProfile {
    requireNonNull(column, "column");
    counts = Collections.unmodifiableMap(new TreeMap<>(counts));
    if (other < 0 || missing < 0 || counts.values().stream().anyMatch(count -> count < 1)) {
      throw new IllegalArgumentException("counts of \"" + MlopsException.shown(column)
          + "\" must be >= 1, other and missing >= 0");
    }
  }

  @Override
  public long n() {
    return counts.values().stream().mapToLong(Long::longValue).sum() + other;
  }

  @Override
  public String toString() {
    return column + ": " + n() + " categories, " + missing + " missing, " + counts.size()
        + " kinds";
  }
}
