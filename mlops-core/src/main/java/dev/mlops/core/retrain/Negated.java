package dev.mlops.core.retrain;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainDecision.Outcome;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import java.util.List;

/** Retrains when another policy has no reason to. */
record Negated(RetrainPolicy policy) implements RetrainPolicy {
  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    RetrainDecision decision = policy.decide(now, past);
    Outcome outcome = switch (decision.outcome()) {
      case RETRAIN -> Outcome.KEEP;
      case KEEP -> Outcome.RETRAIN;
      case SUPPRESSED -> Outcome.SUPPRESSED;
      case INCONCLUSIVE -> Outcome.INCONCLUSIVE;
    };
    return RetrainDecision.of(outcome, "not", "", List.of(decision));
  }

  @Override
  public List<RetrainPolicy> parts() {
    return List.of(policy);
  }

  @Override
  public String toString() {
    return "not(" + MlopsException.named(policy) + ")";
  }
}
