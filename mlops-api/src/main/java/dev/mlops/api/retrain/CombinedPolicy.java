package dev.mlops.api.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Evidence;
import java.util.List;

/** Two policies that must agree, or of which one suffices. */
record CombinedPolicy(boolean all, RetrainPolicy first, RetrainPolicy second)
    implements RetrainPolicy {
  CombinedPolicy {
    requireNonNull(first, "first");
    requireNonNull(second, "second");
  }

  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    List<RetrainDecision> parts = List.of(first.decide(now, past), second.decide(now, past));
    RetrainDecision.Outcome outcome = all ? worst(parts) : best(parts);
    return RetrainDecision.of(outcome, all ? "all of" : "any of", "", parts);
  }

  private static RetrainDecision.Outcome best(List<RetrainDecision> parts) {
    return firstOf(
        parts,
        RetrainDecision.Outcome.RETRAIN,
        RetrainDecision.Outcome.SUPPRESSED,
        RetrainDecision.Outcome.INCONCLUSIVE,
        RetrainDecision.Outcome.KEEP);
  }

  private static RetrainDecision.Outcome worst(List<RetrainDecision> parts) {
    return firstOf(
        parts,
        RetrainDecision.Outcome.KEEP,
        RetrainDecision.Outcome.SUPPRESSED,
        RetrainDecision.Outcome.INCONCLUSIVE,
        RetrainDecision.Outcome.RETRAIN);
  }

  private static RetrainDecision.Outcome firstOf(
      List<RetrainDecision> parts, RetrainDecision.Outcome... order) {
    for (RetrainDecision.Outcome outcome : order) {
      if (parts.stream().anyMatch(part -> part.outcome() == outcome)) {
        return outcome;
      }
    }
    throw new IllegalStateException("every outcome is in the order");
  }

  @Override
  public List<RetrainPolicy> parts() {
    return List.of(first, second);
  }

  @Override
  public String toString() {
    return "(" + MlopsException.named(first) + (all ? " and " : " or ")
        + MlopsException.named(second) + ")";
  }
}
