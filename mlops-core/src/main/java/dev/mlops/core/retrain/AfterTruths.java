package dev.mlops.core.retrain;

import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainDecision.Outcome;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;

/** Retrains when enough outcomes have matured since the newest candidate. */
record AfterTruths(long wanted) implements RetrainPolicy {
  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    if (now.champion().isEmpty()) {
      return RetrainDecision.of(Outcome.INCONCLUSIVE, toString(), "nothing recorded yet");
    }
    long fresh = past.lastPosition().isPresent()
        ? now.maturedSince(past.lastPosition().getAsLong())
        : now.matured();
    return RetrainDecision.of(
        fresh >= wanted ? Outcome.RETRAIN : Outcome.KEEP,
        toString(),
        fresh + " outcomes have matured since "
            + (past.lastCandidate().isPresent() ? "the newest candidate" : "the beginning"));
  }

  /** {@return such as {@code after 5000 outcomes}} */
  @Override
  public String toString() {
    return "after " + wanted + " outcomes";
  }
}
