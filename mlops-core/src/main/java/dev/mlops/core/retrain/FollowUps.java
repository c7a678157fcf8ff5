package dev.mlops.core.retrain;

import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainDecision.Outcome;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;

/** Retrains when the outcomes since a change have grown by a factor since the candidate that was trained for it. */
record FollowUps(long factor) implements RetrainPolicy {
  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    if (past.change().isEmpty() || past.outcomesSinceChange().isEmpty()) {
      return RetrainDecision.of(Outcome.KEEP, toString(), "0 candidates were trained for a change");
    }
    long since = past.outcomesSinceChange().getAsLong();
    long then = past.outcomesSinceChangeThen().orElse(0);
    long most = past.longestWindow().orElse(Long.MAX_VALUE);
    String reason = since + " outcomes since the change, " + then + " at the last candidate"
        + (since > most ? ", a window holds " + most : "");
    boolean due = then <= Long.MAX_VALUE / factor && since >= factor * then && since <= most;
    RetrainDecision decision = RetrainDecision.of(
            due ? Outcome.RETRAIN : Outcome.KEEP, toString(), reason)
        .changedAt(past.change().getAsLong());
    return due ? decision.asFollowUp() : decision;
  }

  /** {@return such as {@code follow-up once 3 times the outcomes}} */
  @Override
  public String toString() {
    return "follow-up once " + factor + " times the outcomes";
  }
}
