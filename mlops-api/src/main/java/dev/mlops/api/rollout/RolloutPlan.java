package dev.mlops.api.rollout;

import dev.mlops.api.model.Beta;

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
   * {@return the rollout of one candidate, which has observed nothing yet}
   *
   * @param start which candidate, and what is known of it
   */
  RolloutProgress begin(RolloutStart start);
}
