package dev.mlops.api.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Evidence;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A policy that rests at some times. */
record NotDuringPolicy(RetrainPolicy policy, Blackout blackout) implements RestrictedPolicy {
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
  public String toString() {
    return MlopsException.named(policy) + " not during " + blackout;
  }
}
