package dev.mlops.api.rollout;

import dev.mlops.api.model.Beta;
import dev.mlops.api.monitor.Outcome;

/**
 * A candidate that answers requests: a share of the keys, which grows with its steps, or all of them at once when it takes over.
 *
 * <p>It is shown the outcomes of both versions by {@link #observe}, and at each tick what else is known by {@link #look}.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
@Beta
public non-sealed interface TrafficProgress extends RolloutProgress {
  /**
   * {@return the share of the keys that the candidate should answer now, out of 100,000; 0 by default, for one that takes over
   * by one switch}
   */
  default int share() {
    return 0;
  }

  /** {@return the step it is at, from 0; 0 by default} */
  default int step() {
    return 0;
  }

  /**
   * {@return how many latencies of each version it wants to be shown by {@link RolloutLook}; asked once, 0 by default}
   */
  default int latencies() {
    return 0;
  }

  /**
   * Takes one matured outcome of a request that was served since the rollout began, by the champion or by the candidate; does
   * nothing by default.
   *
   * @param outcome what the version that answered said, and what turned out right
   */
  default void observe(Outcome outcome) {}
}
