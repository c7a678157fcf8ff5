package dev.mlops.core.retrain;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainDecision.Outcome;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import java.util.List;

/** Retrains when at least a number of several policies would. */
record AtLeast(int wanted, List<RetrainPolicy> policies) implements RetrainPolicy {
  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    List<RetrainDecision> parts =
        policies.stream().map(policy -> policy.decide(now, past)).toList();
    long retrain = count(parts, Outcome.RETRAIN);
    long suppressed = count(parts, Outcome.SUPPRESSED);
    long unknown = count(parts, Outcome.INCONCLUSIVE);
    Outcome outcome = retrain >= wanted
        ? Outcome.RETRAIN
        : retrain + suppressed >= wanted
            ? Outcome.SUPPRESSED
            : retrain + suppressed + unknown >= wanted ? Outcome.INCONCLUSIVE : Outcome.KEEP;
    return RetrainDecision.of(
        outcome, rule(), retrain + " of " + parts.size() + " would retrain", parts);
  }

  private static long count(List<RetrainDecision> parts, Outcome outcome) {
    return parts.stream().filter(part -> part.outcome() == outcome).count();
  }

  private String rule() {
    return "at least " + wanted + " of";
  }

  @Override
  public List<RetrainPolicy> parts() {
    return policies;
  }

  @Override
  public String toString() {
    return rule() + " " + policies.stream().map(MlopsException::named).toList();
  }
}
