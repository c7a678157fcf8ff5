package dev.mlops.core.retrain;

import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Spec;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import java.util.Set;

/** Retrains while a condition FAILs. */
record OnCondition(Condition condition) implements RetrainPolicy {
  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    return RetrainDecision.of(condition.toString(), ask(now));
  }

  private Finding ask(Evidence now) {
    try {
      Finding finding = condition.test(now);
      return finding == null ? Finding.inconclusive("the condition answered null") : finding;
    } catch (Throwable thrown) {
      return Finding.inconclusive("the condition threw " + thrown.getClass().getName());
    }
  }

  @Override
  public Set<Spec> reads() {
    return condition.reads();
  }

  /** {@return such as {@code on recall worse by 0.02, one false alarm in 100000 inputs}} */
  @Override
  public String toString() {
    return "on " + condition;
  }
}
