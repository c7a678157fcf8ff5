package dev.mlops.api.drift;

/**
 * A detector whose memory can be kept as bytes and given to another.
 *
 * <p>A detector need not have it. Who keeps states asks for it: {@code if (detector instanceof StatefulDetector stateful)}.
 *
 * <p>The contract, clause by clause:
 *
 * <ol>
 *   <li><b>stateContinues</b>: a detector that {@link #restore restored} the {@link #state()} of another of its configuration
 *       answers ever after as that one does, to the last bit; their states are the same bytes.
 *   <li><b>stateIsVerified</b>: bytes that are damaged, cut, or of another configuration or kind throw {@link
 *       IllegalArgumentException} and change nothing. Whatever makes two detectors answer differently belongs to the
 *       configuration: the data that they compare with, too.
 *   <li><b>bounded</b>: {@link #state()} never takes more than {@link #mostStateBytes()}, which does not depend on how many
 *       inputs came.
 * </ol>
 *
 * <p>{@code dev.mlops.drift.state.DetectorState} writes and checks such bytes.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public interface StatefulDetector extends DriftDetector {
  /**
   * {@return all that it remembers, with the version of the format and a checksum}
   */
  byte[] state();

  /**
   * Goes on where another detector of the same configuration was.
   *
   * @param state what {@link #state()} of that one gave
   * @throws IllegalArgumentException if the bytes are damaged, or not the state of a detector configured as this one; it
   *     is then as it was
   */
  void restore(byte[] state);

  /**
   * {@return the most bytes that {@link #state()} can ever take}
   */
  int mostStateBytes();
}
