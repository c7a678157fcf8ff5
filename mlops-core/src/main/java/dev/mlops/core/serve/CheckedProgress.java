package dev.mlops.core.serve;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutLook;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.rollout.RolloutProgress;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.rollout.ShadowProgress;
import dev.mlops.api.rollout.TrafficProgress;
import dev.mlops.core.internal.guard.Answers;
import dev.mlops.core.rollout.Assignment;
import java.time.Duration;
import java.util.Optional;

/**
 * The progress of a plan that a host may have written. What never changes is read once, when it begins; its share and step
 * are those of its last decision. A decision that is null, or a share that would take keys back, throws where the decision is
 * asked for, so that the rollout ends there.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class CheckedProgress {
  private final RolloutProgress plan;
  private final Duration bake;
  private final int latencies;
  private int share;
  private int step;

  private CheckedProgress(RolloutProgress plan) {
    this.plan = plan;
    this.bake = requireNonNull(plan.bake(), "bake()");
    if (bake.isNegative()) {
      throw new IllegalArgumentException("bake() must not be negative, but was " + bake);
    }
    this.latencies = plan instanceof TrafficProgress traffic ? traffic.latencies() : 0;
    if (latencies < 0) {
      throw new IllegalArgumentException("latencies() must be >= 0, but was " + latencies);
    }
    read();
  }

  /**
   * {@return the progress that a plan begins}
   *
   * @throws IllegalArgumentException if the plan refuses to begin, throws, or gives something that cannot be
   */
  static CheckedProgress begun(RolloutPlan plan, RolloutStart start) {
    try {
      return new CheckedProgress(requireNonNull(plan.begin(start), "begin(…)"));
    } catch (IllegalArgumentException refused) {
      throw refused;
    } catch (RuntimeException | LinkageError | StackOverflowError e) {
      throw new IllegalArgumentException(
          "the plan for " + start.candidate() + " threw when it began: "
              + MlopsException.shown(String.valueOf(e)) + "; nothing was begun",
          e);
    }
  }

  private void read() {
    if (!(plan instanceof TrafficProgress traffic)) {
      return; // a shadow answers nobody
    }
    int now = traffic.share();
    if (now < share || now > Assignment.BUCKETS) {
      throw new IllegalStateException("the plan's share must be " + share + " to "
          + Assignment.BUCKETS + ", since keys move one way, but was " + now);
    }
    step = traffic.step();
    share = now;
  }

  private RolloutDecision read(RolloutDecision decision) {
    requireNonNull(decision, "its decision");
    read();
    return decision;
  }

  int share() {
    return share;
  }

  int step() {
    return step;
  }

  Duration bake() {
    return bake;
  }

  /** {@return how many latencies of each version it wants to be shown} */
  int latencies() {
    return latencies;
  }

  /** Never throws. */
  Finding baking(Evidence evidence) {
    return Answers.of("its plan", () -> plan.baking(evidence));
  }

  /** {@return whether the candidate answers nobody and is compared on the champion's rows} */
  boolean isShadow() {
    return plan instanceof ShadowProgress;
  }

  /** Shows a shadow what the candidate says of a row of the champion's; nothing to one that splits traffic. */
  void observe(Outcome outcome, Optional<Prediction> candidate) {
    if (plan instanceof ShadowProgress shadow) {
      shadow.observe(outcome, candidate);
    }
  }

  /** Shows one that splits traffic what a version answered; nothing to a shadow. */
  void observe(Outcome outcome) {
    if (plan instanceof TrafficProgress traffic) {
      traffic.observe(outcome);
    }
  }

  RolloutDecision look(RolloutLook look) {
    return read(plan.look(look));
  }

  RolloutDecision decision() {
    return read(plan.decision());
  }
}
