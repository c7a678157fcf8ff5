package dev.mlops.api.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Finding;
import java.util.List;

/** A policy that also needs a requirement to be met; one that throws, or answers null, is INCONCLUSIVE. */
record RequiringPolicy(RetrainPolicy policy, Condition condition) implements RetrainPolicy {
  RequiringPolicy {
    requireNonNull(policy, "policy");
    requireNonNull(condition, "condition");
  }

  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    RetrainDecision decision = policy.decide(now, past);
    Finding finding = condition.answer(now);
    RetrainDecision.Outcome outcome = decision.outcome();
    if (decision.retrain()) {
      outcome = switch (finding.verdict()) {
        case PASS -> RetrainDecision.Outcome.RETRAIN;
        case FAIL -> RetrainDecision.Outcome.SUPPRESSED;
        case INCONCLUSIVE -> RetrainDecision.Outcome.INCONCLUSIVE;
      };
    }
    return RetrainDecision.of(
        outcome,
        "requiring " + MlopsException.named(condition),
        finding.toString(),
        List.of(decision));
  }

  @Override
  public List<EvidenceReader> parts() {
    return List.of(policy, condition);
  }

  @Override
  public String toString() {
    return MlopsException.named(policy) + " requiring " + MlopsException.named(condition);
  }
}
