package dev.mlops.api.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Evidence;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** A policy that may begin a number of candidates within a period that ends now. */
record BudgetPolicy(RetrainPolicy policy, int most, Duration period) implements RestrictedPolicy {
  BudgetPolicy {
    requireNonNull(policy, "policy");
    if (most < 1 || most > RetrainHistory.REMEMBERED) {
      throw new IllegalArgumentException(
          "candidates must be from 1 to " + RetrainHistory.REMEMBERED + ", but were " + most);
    }
    if (period.isZero() || period.isNegative()) {
      throw new IllegalArgumentException(
          "period must be longer than zero, but was " + MlopsException.shown(period));
    }
  }

  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    RetrainDecision decision = policy.decide(now, past);
    // Either way: a clock that jumped far ahead and came back must not eat the budget for years.
    List<Instant> spent = past.recentCandidates().stream()
        .filter(at -> Duration.between(at, now.at()).abs().compareTo(period) < 0)
        .toList();
    boolean over = spent.size() >= most;
    return RetrainDecision.of(
        decision.retrain() && over ? RetrainDecision.Outcome.SUPPRESSED : decision.outcome(),
        rule(),
        spent.size() + " in the last " + MlopsException.shown(period)
            + (over ? ", the oldest that counts at " + spent.get(spent.size() - most) : ""),
        List.of(decision));
  }

  private String rule() {
    return "at most " + most + (most == 1 ? " candidate in " : " candidates in ")
        + MlopsException.shown(period);
  }

  @Override
  public String toString() {
    return MlopsException.named(policy) + " " + rule();
  }
}
