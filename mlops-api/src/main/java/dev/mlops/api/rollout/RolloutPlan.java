package dev.mlops.api.rollout;

import dev.mlops.api.model.Beta;
import java.time.Duration;
import java.util.Optional;

/**
 * How a candidate takes over: what it must show beside the champion after its gate, and when that is decided.
 *
 * <p>The contract, clause by clause:
 *
 * <ol>
 *   <li><b>beginsUndecided</b>: a rollout that has observed nothing is UNDECIDED: absence of evidence promotes nobody. On enough
 *       outcomes it promotes a candidate that is always right beside a champion that never is, and keeps the reverse.
 *   <li><b>sharesNothing</b>: what one rollout observes changes no other.
 *   <li><b>staysDecided</b>: once PROMOTE or KEEP, a rollout says the same whatever it is asked to observe.
 *   <li><b>asksChangeNothing</b>: asking for the decision, however often, changes none.
 *   <li><b>silenceIsNoMerit</b>: a candidate that gives no usable answer is never promoted.
 *   <li><b>explains</b>: every decision says what was found, with the numbers.
 *   <li><b>growsOnly</b>: the share is 0 to 100,000 and never shrinks, so that no key goes back and forth; after PROMOTE or KEEP
 *       it stays.
 * </ol>
 *
 * <p>Its {@link Object#toString} describes it in the journal, such as {@code shadow until decided, at most 500 truths}.
 *
 * <p>Thread-safe; a {@link RolloutProgress} is confined to one thread at a time.
 *
 * @since 0.1
 */
@Beta
public interface RolloutPlan {
  /**
   * {@return whether the candidate answers requests before it is decided, so that a restart must know how far it had come; false
   * by default, as for a shadow}
   *
   * <p>Such a rollout needs a journal.
   */
  default boolean takesSteps() {
    return false;
  }

  /**
   * {@return whether a rollout that a restart interrupted goes on at the step that it had reached; true by default. If not, the
   * champion stays}
   */
  default boolean goesOnAfterRestart() {
    return true;
  }

  /**
   * {@return within which time of its beginning truths must mature for it to come to a decision, or to notice anything; empty, as by
   * default, if it needs none or waits for as long as it takes}
   *
   * <p>A deployment refuses it if its monitor matures predictions later.
   */
  default Optional<Duration> truthsWithin() {
    return Optional.empty();
  }

  /** {@return what keys are assigned by, such as the name of an experiment; empty, as by default, for one of the rollout's own} */
  default Optional<String> salt() {
    return Optional.empty();
  }

  /**
   * {@return the rollout of one candidate, which has observed nothing yet}
   *
   * @param start which candidate, what is known of it, and at which step it begins
   * @throws IllegalArgumentException if what is known now tells that the plan cannot come to a decision
   */
  RolloutProgress begin(RolloutStart start);
}
