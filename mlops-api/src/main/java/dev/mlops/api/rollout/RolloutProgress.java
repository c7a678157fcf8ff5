package dev.mlops.api.rollout;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import java.time.Duration;
import java.util.Optional;

/**
 * One candidate on its way, by a plan; see {@link RolloutPlan} for the contract.
 *
 * <p>There are two kinds. A <b>shadow</b> has {@link #share()} 0: the candidate answers nobody and is compared with the
 * champion on the same rows, by {@link #observe(Outcome, Optional)}. A rollout that <b>splits traffic</b> has a share that
 * grows with its steps; it is shown the outcomes of both versions by {@link #observe(Outcome)}, and at each tick what else is
 * known by {@link #look}.
 *
 * <p>A deployment calls it in its tick, a loop in background work, by one thread at a time, never while a request waits. What
 * it throws ends the candidate.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
@Beta
public interface RolloutProgress {
  /** {@return the share of the keys that the candidate should answer now, out of 100,000; 0 for a shadow, as by default} */
  default int share() {
    return 0;
  }

  /** {@return the step it is at, from 0; 0 by default} */
  default int step() {
    return 0;
  }

  /** {@return how long the new champion is watched by {@link #baking} after it has taken over; zero by default} */
  default Duration bake() {
    return Duration.ZERO;
  }

  /**
   * {@return what is found of the new champion while it bakes: FAIL brings the old one back; PASS by default}
   *
   * @param evidence whose champion is the new one, its calls counted since it took over
   */
  default Finding baking(Evidence evidence) {
    return Finding.pass("nothing is asked while it bakes");
  }

  /** {@return whether it wants {@link #observe(Outcome, Optional)}, that is, whether it is a shadow; true by default} */
  default boolean compares() {
    return true;
  }

  /**
   * Takes one matured outcome of the champion that the candidate was neither trained nor gated on.
   *
   * @param outcome what the champion said, and what turned out right
   * @param candidate what the candidate says of the same row; empty where it throws or gives no finite answer
   */
  void observe(Outcome outcome, Optional<Prediction> candidate);

  /**
   * Takes one matured outcome of a request that was served since the rollout began, by the champion or by the candidate; does
   * nothing by default.
   *
   * @param outcome what the version that answered said, and what turned out right
   */
  default void observe(Outcome outcome) {}

  /**
   * Takes what is known at a tick, and goes one step on if it may; by default it changes nothing.
   *
   * @param look how long it has lasted, what is known of both versions, whether somebody approved
   * @return where the rollout stands now
   */
  default RolloutDecision look(RolloutLook look) {
    return decision();
  }

  /** {@return where the rollout stands} */
  RolloutDecision decision();
}
