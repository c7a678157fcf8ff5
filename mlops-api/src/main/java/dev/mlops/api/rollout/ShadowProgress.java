package dev.mlops.api.rollout;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.monitor.Outcome;
import java.util.Optional;

/**
 * A candidate in shadow: it answers nobody, and is compared with the champion on the same rows.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
@Beta
public non-sealed interface ShadowProgress extends RolloutProgress {
  /**
   * Takes one matured outcome of the champion that the candidate was neither trained nor gated on.
   *
   * @param outcome what the champion said, and what turned out right
   * @param candidate what the candidate says of the same row; empty where it throws or gives no finite answer
   */
  void observe(Outcome outcome, Optional<Prediction> candidate);
}
