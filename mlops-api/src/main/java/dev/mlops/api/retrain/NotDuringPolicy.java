package dev.mlops.api.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Watch;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A policy that rests at some times. */
record NotDuringPolicy(RetrainPolicy policy, Blackout blackout) implements RetrainPolicy {
  NotDuringPolicy {
    requireNonNull(policy, "policy");
    requireNonNull(blackout, "blackout");
  }

  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    RetrainDecision decision = policy.decide(now, past);
    Optional<Instant> end = blackout.endOf(now.at());
    boolean rests = decision.retrain() && end.isPresent();
    return RetrainDecision.of(
        rests ? RetrainDecision.Outcome.SUPPRESSED : decision.outcome(),
        "not during " + blackout,
        end.map(until -> until.equals(Instant.MAX)
                ? now.at() + " is within one that has no end"
                : now.at() + " is within, until " + until)
            .orElseGet(() -> now.at() + " is not within"),
        List.of(decision));
  }

  @Override
  public Set<Watch> watches() {
    return policy.watches();
  }

  @Override
  public Set<Metric> metrics() {
    return policy.metrics();
  }

  @Override
  public Set<String> segmentations() {
    return policy.segmentations();
  }

  @Override
  public Set<Expression> expressions() {
    return policy.expressions();
  }

  @Override
  public String toString() {
    return MlopsException.named(policy) + " not during " + blackout;
  }
}
