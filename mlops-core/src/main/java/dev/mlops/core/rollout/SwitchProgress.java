package dev.mlops.core.rollout;

import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutLook;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.rollout.TrafficProgress;
import java.time.Duration;

/**
 * A candidate takes over by one switch, because the host says so, and is watched afterwards if the plan bakes.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class SwitchProgress implements TrafficProgress {
  private final TrafficPlan plan;
  private final Guards whileBaking;
  private RolloutDecision decision;

  SwitchProgress(TrafficPlan plan, RolloutStart start) {
    this.plan = plan;
    this.whileBaking = new Guards(plan.guards(), plan.alpha());
    this.decision = RolloutDecision.of(
        RolloutDecision.Outcome.UNDECIDED, "no tick has looked at " + start.candidate() + " yet");
  }

  @Override
  public Duration bake() {
    return plan.bake();
  }

  @Override
  public Finding baking(Evidence evidence) {
    return whileBaking.finding(evidence);
  }

  @Override
  public RolloutDecision look(RolloutLook look) {
    if (decision.outcome() != RolloutDecision.Outcome.UNDECIDED) {
      return decision;
    }
    if (look.paused()) {
      decision = RolloutDecision.of(RolloutDecision.Outcome.UNDECIDED, "paused");
    } else if (plan.approval() && !look.approved()) {
      decision = RolloutDecision.of(RolloutDecision.Outcome.UNDECIDED, "waits for an approval");
    } else {
      decision = RolloutDecision.of(
          RolloutDecision.Outcome.PROMOTE,
          plan.method() + " plan" + (plan.approval() ? ", approved" : ""));
    }
    return decision;
  }

  @Override
  public RolloutDecision decision() {
    return decision;
  }

  @Override
  public String toString() {
    return plan.method() + ", " + decision;
  }
}
