package dev.mlops.core.retrain;

import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainDecision.Outcome;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import java.time.Duration;

/** Retrains when the champion has reached an age. */
record OlderThan(Duration limit) implements RetrainPolicy {
  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    Duration age = past.championAge(now.at());
    return RetrainDecision.of(
        age.compareTo(limit) >= 0 ? Outcome.RETRAIN : Outcome.KEEP,
        toString(),
        "champion is " + age + " old");
  }

  /** {@return such as {@code champion older than PT720H}} */
  @Override
  public String toString() {
    return "champion older than " + limit;
  }
}
