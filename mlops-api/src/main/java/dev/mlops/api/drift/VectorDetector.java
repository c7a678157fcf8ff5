package dev.mlops.api.drift;

/**
 * A detector of vectors: several numbers per input, such as the scores of all labels.
 *
 * <p>The contract is that of {@link DriftDetector}, and:
 *
 * <ol>
 *   <li><b>otherLength</b>: an array of another length throws {@link IllegalArgumentException} and changes nothing.
 *   <li><b>keepsNoReference</b>: {@link #update} reads the array during the call and keeps no reference.
 * </ol>
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public interface VectorDetector extends DriftDetector {
  /**
   * Takes one vector; reads it during the call and keeps no reference.
   *
   * @param values {@code double[dimension()]}, each in the range that the detector states
   * @return the level after it
   * @throws IllegalArgumentException if it has another length
   */
  Level update(double[] values);

  /**
   * {@return how many numbers an input has; at least 1}
   */
  int dimension();
}
