package dev.mlops.api.drift;

/**
 * A detector of single values: one error, score or measurement per input.
 *
 * <p>The contract is that of {@link DriftDetector}, and:
 *
 * <ol>
 *   <li><b>allocatesNothing</b>: {@link #update} allocates nothing unless it returns {@link Level#DRIFT}.
 *   <li><b>statesItsDomain</b>: every value that {@link #domain()} contains is judged; every other one is treated as {@link
 *       #onUnjudgeable()} says.
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
   * @param value in the {@link #domain()}; what happens to any other, {@link #onUnjudgeable()} says
   * @return the level after it
   * @throws IllegalArgumentException if the value cannot be judged and the host asked for {@link Unjudgeable#REJECT}
   */
  Level update(double value);

  /**
   * {@return the values that it can judge; unless overridden, all finite ones}
   */
  default InputDomain domain() {
    return InputDomain.real(1);
  }

  /**
   * {@return what it does with any other value}
   */
  default Unjudgeable onUnjudgeable() {
    return Unjudgeable.COUNT;
  }
}
