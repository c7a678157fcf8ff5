package dev.mlops.api.drift;

/**
 * A detector of single values: one error, score or measurement per input.
 *
 * <p>The contract is that of {@link DriftDetector}, and:
 *
 * <ol>
 *   <li><b>allocatesNothing</b>: {@link #update} allocates nothing unless it returns {@link Level#DRIFT}.
 * </ol>
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public interface ValueDetector extends DriftDetector {
  /**
   * Takes one value.
   *
   * @param value in the range that the detector states; one outside of it and {@code NaN} are skipped and counted
   * @return the level after it
   */
  Level update(double value);
}
