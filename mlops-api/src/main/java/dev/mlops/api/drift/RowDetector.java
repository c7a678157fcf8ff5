package dev.mlops.api.drift;

import dev.mlops.api.model.Row;

/**
 * A detector of whole rows.
 *
 * <p>The contract is that of {@link DriftDetector}, and:
 *
 * <ol>
 *   <li><b>missingIsAValue</b>: a missing value counts as missing, the rest of its row is judged.
 *   <li><b>keepsNoReference</b>: {@link #update} reads a row during the call and keeps no reference.
 *   <li><b>otherColumns</b>: a row of other columns throws {@link IllegalArgumentException} and changes nothing.
 * </ol>
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public interface RowDetector extends DriftDetector {
  /**
   * Takes one row; reads it during the call and keeps no reference.
   *
   * @param row with the columns of the baseline
   * @return the level after it
   * @throws IllegalArgumentException if it has other columns
   */
  Level update(Row row);
}
