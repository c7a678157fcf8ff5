package dev.mlops.api.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Watch;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

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
  public Set<Watch> watches() {
    Set<Watch> both = new LinkedHashSet<>(policy.watches());
    both.addAll(condition.watches());
    return Collections.unmodifiableSet(both);
  }

  @Override
  public Set<Metric> metrics() {
    Set<Metric> both = new TreeSet<>(policy.metrics());
    both.addAll(condition.metrics());
    return Collections.unmodifiableSet(both);
  }

  @Override
  public Set<String> segmentations() {
    Set<String> both = new TreeSet<>(policy.segmentations());
    both.addAll(condition.segmentations());
    return Collections.unmodifiableSet(both);
  }

  @Override
  public Set<Expression> expressions() {
    Set<Expression> both = new LinkedHashSet<>(policy.expressions());
    both.addAll(condition.expressions());
    return Collections.unmodifiableSet(both);
  }

  @Override
  public String toString() {
    return MlopsException.named(policy) + " requiring " + MlopsException.named(condition);
  }
}
