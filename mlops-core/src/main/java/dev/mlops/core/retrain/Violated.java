package dev.mlops.core.retrain;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.core.internal.guard.Answers;
import java.util.List;

/** Retrains while a condition FAILs. */
record Violated(Condition condition) implements RetrainPolicy {
  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    return RetrainDecision.of(
        MlopsException.named(condition), Answers.of("the condition", () -> condition.test(now)));
  }

  @Override
  public List<Condition> parts() {
    return List.of(condition);
  }

  /** {@return such as {@code violated(quality("recall").noWorseThanBaseline(0.02).falseAlarmEvery(100000))}} */
  @Override
  public String toString() {
    return "violated(" + MlopsException.named(condition) + ")";
  }
}
