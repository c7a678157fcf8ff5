package dev.mlops.api.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A policy that was answered by a candidate, and waits for a recovery before it asks for another. */
record RecoveringPolicy(RetrainPolicy policy, Condition recovered) implements RetrainPolicy {
  RecoveringPolicy {
    requireNonNull(policy, "policy");
    requireNonNull(recovered, "recovered");
  }

  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    RetrainDecision decision = policy.decide(now, past);
    // Beside the champion of now; a candidate that failed has answered nothing.
    Optional<Instant> answered = past.lastJudged()
        .filter(begun -> !begun.isAfter(now.at()) && !begun.isBefore(past.championSince()));
    Optional<Instant> passed = past.passed(recovered);
    boolean waits = answered.isPresent() && passed.stream().noneMatch(answered.get()::isBefore);
    return RetrainDecision.of(
        waits && decision.retrain() ? RetrainDecision.Outcome.SUPPRESSED : decision.outcome(),
        "recovering when " + MlopsException.named(recovered),
        answered
            .map(begun -> "candidate of " + begun + ", "
                + passed.map(at -> "PASS last at " + at).orElse("no PASS since"))
            .orElse("no candidate was judged beside this champion"),
        List.of(decision));
  }

  @Override
  public Set<Condition> recoveries() {
    Set<Condition> all = new LinkedHashSet<>(RetrainPolicy.super.recoveries());
    all.add(recovered);
    return all;
  }

  @Override
  public List<EvidenceReader> parts() {
    return List.of(policy, recovered);
  }

  @Override
  public String toString() {
    return MlopsException.named(policy) + " recovering when " + MlopsException.named(recovered);
  }
}
