package dev.mlops.testkit;

import dev.mlops.api.drift.StatefulDetector;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link StatefulDetector}, for a test that extends the contract of what the detector is fed with: {@code class
 * MyDetectorTest extends ValueDetectorContract implements StatefulDetectorContract}.
 *
 * <p>Subclasses give detectors that are configured otherwise; what is fed, they gave already.
 *
 * @since 0.1
 */
@DisplayName("A detector with a state")
public interface StatefulDetectorContract {
  /**
   * {@return detectors of the same kind, each configured otherwise than the one under test; at least one, best one for each
   * parameter}
   */
  List<? extends StatefulDetector> configuredOtherwise();

  /** Feeds a detector and the one whose state it was given alike. */
  @Test
  @DisplayName(
      "answers like the detector whose state it was given, and its state is the same bytes")
  default void stateContinues() {
    DetectorStates.of(this).continues();
  }

  /** Flips bits, cuts, and hands over states of other configurations. */
  @Test
  @DisplayName(
      "refuses a state that is damaged, cut, or of another configuration, and stays as it was")
  default void stateIsVerified() {
    DetectorStates.of(this).areVerified(configuredOtherwise());
  }

  /** Looks at the length of the state now and then. */
  @Test
  @DisplayName("never needs more bytes for its state than it says, however many inputs came")
  default void bounded() {
    DetectorStates.of(this).areBounded();
  }
}
