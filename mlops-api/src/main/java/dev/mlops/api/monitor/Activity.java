package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * What the rollouts, or the retraining, of a model are at.
 *
 * <p>Immutable.
 *
 * @param state where the newest one is
 * @param reason why, for people; possibly empty
 * @since 0.1
 */
@Beta
public record Activity(State state, String reason) {
  /** Checks both. */
  public Activity {
    requireNonNull(state, "state");
    requireNonNull(reason, "reason");
  }

  /**
   * Where a rollout, or the retraining, is. Codes and names never change.
   *
   * @since 0.1
   */
  @Beta
  public enum State {
    /** None has begun yet, or none is known of any more. */
    IDLE(0, true, true),
    /** A rollout goes on at each tick; a training or another job runs. */
    RUNNING(1, true, true),
    /** A rollout stays at its step until it is resumed. */
    PAUSED(2, true, false),
    /** The candidate of a rollout is the champion and is watched. */
    BAKING(3, true, false),
    /** A candidate that was trained is tried beside the champion. */
    COMPARING(4, false, true),
    /** A candidate that won waits for somebody's word. */
    AWAITING(5, false, true),
    /** The candidate became the champion. */
    PROMOTED(6, true, true),
    /** The champion stayed. */
    KEPT(7, true, true),
    /** The candidate of a rollout had answered requests, and the old champion answers all again. */
    ROLLED_BACK(8, true, false),
    /** Somebody ended a rollout. */
    ABORTED(9, true, false),
    /** It was given up before it was decided. */
    ABANDONED(10, true, true),
    /** Something threw. */
    FAILED(11, true, true),
    /** The loop begins and promotes nothing until it is resumed. */
    HALTED(12, false, true);

    private final int code;
    private final boolean ofRollouts;
    private final boolean ofRetraining;

    State(int code, boolean ofRollouts, boolean ofRetraining) {
      this.code = code;
      this.ofRollouts = ofRollouts;
      this.ofRetraining = ofRetraining;
    }

    /** {@return the number that stands for it in a meter} */
    public int code() {
      return code;
    }

    /** {@return where a rollout can be} */
    public static Set<State> ofRollouts() {
      EnumSet<State> all = EnumSet.allOf(State.class);
      all.removeIf(state -> !state.ofRollouts);
      return Collections.unmodifiableSet(all);
    }

    /** {@return where the retraining can be} */
    public static Set<State> ofRetraining() {
      EnumSet<State> all = EnumSet.allOf(State.class);
      all.removeIf(state -> !state.ofRetraining);
      return Collections.unmodifiableSet(all);
    }
  }

  /** {@return such as {@code ROLLED_BACK: log_loss 0.41, wanted at most 0.38}} */
  @Override
  public String toString() {
    return state + (reason.isEmpty() ? "" : ": " + reason);
  }
}
