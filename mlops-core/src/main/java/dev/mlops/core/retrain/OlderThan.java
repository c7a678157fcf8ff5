package dev.mlops.core.retrain;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainDecision.Outcome;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import java.time.Duration;
import java.time.temporal.ChronoUnit;

/** Retrains when the champion has reached an age. */
record OlderThan(Duration limit) implements RetrainPolicy {
  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    Duration age = past.championAge(now.at());
    String shown = MlopsException.shown(age.truncatedTo(ChronoUnit.SECONDS));
    return RetrainDecision.of(
        age.compareTo(limit) >= 0 ? Outcome.RETRAIN : Outcome.KEEP,
        toString(),
        past.championSince().isAfter(now.at())
            ? "champion is dated " + shown + " ahead, by a clock that was wrong then or is now"
            : "champion is " + shown + " old");
  }

  /** {@return such as {@code champion older than 30 d}} */
  @Override
  public String toString() {
    return "champion older than " + MlopsException.shown(limit);
  }
}
