package dev.mlops.api.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Spec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** A policy that rests for some time after every candidate. */
record CooldownPolicy(RetrainPolicy policy, Duration gap) implements RetrainPolicy {
  CooldownPolicy {
    requireNonNull(policy, "policy");
    if (gap.isZero() || gap.isNegative()) {
      throw new IllegalArgumentException("gap must be longer than zero, but was " + gap);
    }
  }

  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    RetrainDecision decision = policy.decide(now, past);
    if (past.lastCandidate().isEmpty()) {
      return wrap(decision, decision.outcome(), "no candidate yet");
    }
    Instant last = past.lastCandidate().get();
    boolean resting = now.at().isBefore(last.plus(gap));
    RetrainDecision.Outcome outcome =
        decision.retrain() && resting ? RetrainDecision.Outcome.SUPPRESSED : decision.outcome();
    return wrap(decision, outcome, "last candidate " + Duration.between(last, now.at()) + " ago");
  }

  private RetrainDecision wrap(
      RetrainDecision decision, RetrainDecision.Outcome outcome, String reason) {
    return new RetrainDecision(
        outcome,
        "at most every " + gap,
        reason,
        List.of(decision),
        outcome == RetrainDecision.Outcome.RETRAIN
            ? decision.changePosition()
            : OptionalLong.empty());
  }

  @Override
  public Set<Spec> reads() {
    return policy.reads();
  }

  @Override
  public String toString() {
    return policy + " at most every " + gap;
  }
}
