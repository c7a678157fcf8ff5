package dev.mlops.api.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Evidence;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/** A policy that rests for some time after every candidate. */
record CooldownPolicy(RetrainPolicy policy, Duration gap) implements RestrictedPolicy {
  CooldownPolicy {
    requireNonNull(policy, "policy");
    if (gap.isZero() || gap.isNegative()) {
      throw new IllegalArgumentException(
          "gap must be longer than zero, but was " + MlopsException.shown(gap));
    }
  }

  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    RetrainDecision decision = policy.decide(now, past);
    if (past.lastCandidate().isEmpty()) {
      return wrap(decision, decision.outcome(), "no candidate yet");
    }
    Instant last = past.lastCandidate().get();
    boolean resting = rests(last, now.at());
    RetrainDecision.Outcome outcome =
        decision.retrain() && resting ? RetrainDecision.Outcome.SUPPRESSED : decision.outcome();
    return wrap(
        decision,
        outcome,
        "last candidate "
            + MlopsException.shown(Duration.between(last, now.at()).truncatedTo(ChronoUnit.SECONDS))
            + " ago");
  }

  /** Either way: a clock that jumped far ahead and came back must not forbid candidates for years. */
  private boolean rests(Instant last, Instant now) {
    return Duration.between(last, now).abs().compareTo(gap) < 0;
  }

  private RetrainDecision wrap(
      RetrainDecision decision, RetrainDecision.Outcome outcome, String reason) {
    return RetrainDecision.of(
        outcome, "at most every " + MlopsException.shown(gap), reason, List.of(decision));
  }

  @Override
  public String toString() {
    return MlopsException.named(policy) + " at most every " + MlopsException.shown(gap);
  }
}
