package dev.mlops.api.rollout;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.monitor.Outcome;
import java.util.Optional;

/**
 * One candidate beside the champion, outcome by outcome; see {@link RolloutPlan} for the contract.
 *
 * <p>A loop calls it in background work, by one thread at a time, never while a request waits. What it throws ends the
 * candidate.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
@Beta
public interface RolloutProgress {
  /**
   * Takes one matured outcome of the champion that the candidate was neither trained nor gated on.
   *
   * @param outcome what the champion said, and what turned out right
   * @param candidate what the candidate says of the same row; empty where it throws or gives no finite answer
   */
  void observe(Outcome outcome, Optional<Prediction> candidate);

  /** {@return where the rollout stands} */
  RolloutDecision decision();
}
