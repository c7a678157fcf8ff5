package dev.mlops.api.rollout;

import dev.mlops.api.model.Beta;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import java.time.Duration;

/**
 * One candidate on its way, by a plan; see {@link RolloutPlan} for the contract.
 *
 * <p>There are two kinds: a {@link ShadowProgress}, whose candidate answers nobody, and a {@link TrafficProgress}, whose candidate
 * answers a share of the requests or takes over all of them.
 *
 * <p>A deployment calls it in its tick, a loop in background work, by one thread at a time, never while a request waits. What
 * it throws ends the candidate.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
@Beta
public sealed interface RolloutProgress permits ShadowProgress, TrafficProgress {
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
