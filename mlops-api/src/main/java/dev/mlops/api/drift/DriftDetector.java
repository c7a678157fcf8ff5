package dev.mlops.api.drift;

import java.util.Optional;

/**
 * What all detectors share; what they are fed with is for {@link ValueDetector}, {@link VectorDetector} and {@link
 * RowDetector} to say.
 *
 * <p>The contract, clause by clause:
 *
 * <ol>
 *   <li><b>levelIsTheAnswer</b>: {@link #level()} is what the newest {@code update} or {@link #endBlock()} came to;
 *       {@link Level#WARMING_UP} before the first input.
 *   <li><b>signalWithDrift</b>: {@link #signal()} is empty until the level is first {@link Level#DRIFT}; from then on it is
 *       the newest drift's, until {@link #reset()}. Its index is that of the input at which the level became DRIFT.
 *   <li><b>warningStart</b>: a signal says since which input the level had been {@link Level#WARNING} without a break when
 *       the drift was found; its own index if the drift came at once.
 *   <li><b>startsAfresh</b>: of a detector that {@link AfterDrift#STARTS_AFRESH}, the input after a DRIFT is judged as if it
 *       were the first, so a drift is said once; positions go on counting.
 *   <li><b>resetForgets</b>: after {@link #reset()} the detector answers as a new one would, positions from 0.
 *   <li><b>neverPoisoned</b>: an input that cannot be judged (a {@code NaN}, a value outside the detector's domain) never
 *       changes how another is judged; it is counted in {@link #skipped()}, or refused if the host asked for that.
 *   <li><b>independent</b>: two detectors share nothing; the same inputs give the same answers.
 *   <li><b>findsAChange</b>: a large lasting change of what it watches is found.
 *   <li><b>quietWhenCalm</b>: inputs like those of the baseline raise no alarm well within its false-alarm promise.
 *   <li><b>blocks</b>: a detector whose promise counts inputs ignores {@link #endBlock()}; one whose promise counts time
 *       finds a drift only at the end of a block, and a block without inputs counts for nothing.
 * </ol>
 *
 * <p>A detector whose memory outlives the process is a {@link StatefulDetector} too.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public interface DriftDetector {
  /**
   * {@return what the newest input came to; {@link Level#WARMING_UP} before the first}
   */
  Level level();

  /**
   * {@return what there is to say about the newest drift since the last reset, if there was one}
   */
  Optional<Signal> signal();

  /** Forgets every input, signal and count. */
  void reset();

  /**
   * {@return how many inputs could not be judged since the last reset; unless overridden 0, for a detector that judges or
   *     refuses every input}
   */
  default long skipped() {
    return 0;
  }

  /**
   * {@return what it does with the input after a drift}
   */
  default AfterDrift afterDrift() {
    return AfterDrift.STARTS_AFRESH;
  }

  /**
   * {@return how often a false alarm may come; empty if the detector promises nothing}
   */
  default Optional<FalseAlarms> falseAlarms() {
    return Optional.empty();
  }

  /**
   * Ends a block of time; called by the feeder of the detector, since a detector has no clock.
   *
   * @return the level after it; unless overridden, the level before it
   */
  default Level endBlock() {
    return level();
  }
}
