package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.freshTruths;
import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.core.retrain.RetrainPolicies.olderThan;
import static dev.mlops.core.retrain.RetrainPolicies.violated;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import java.time.Duration;
import java.time.Instant;

/** Decides from numbers that the host measured itself whether to train again. */
public final class OnlyRetrainPolicy {
  /**
   * Asks one policy about two days.
   *
   * @param args none
   */
  public static void main(String[] args) {
    // region policy
    RetrainPolicy policy = violated(quality("recall").noWorseThanBaseline(0.02))
        .or(olderThan(Duration.ofDays(30)))
        .requiring(freshTruths(1_000))
        .atMostEvery(Duration.ofDays(1));
    // endregion
    Instant released = Instant.parse("2026-01-01T00:00:00Z");
    RetrainHistory past = RetrainHistory.of(released);

    RetrainDecision calm = policy.decide(seen(released.plus(Duration.ofDays(5)), 0.90), past);
    System.out.println(calm);
    RetrainDecision bad = policy.decide(seen(released.plus(Duration.ofDays(6)), 0.80), past);
    System.out.println(bad);
    past = past.toBuilder().candidate(released.plus(Duration.ofDays(6)), 2_000).build();
    System.out.println(policy.decide(seen(released.plus(Duration.ofDays(6)), 0.80), past));
  }

  private static Evidence seen(Instant at, double recall) {
    Schema schema = Schema.of(Column.number("amount")).predicting(Task.CLASSIFICATION);
    Baseline baseline = Baseline.builder(schema)
        .quality(Metric.RECALL, Estimate.share(900, 1_000))
        .build();
    return Evidence.builder("fraud", at)
        .champion(VersionEvidence.builder("7")
            .baseline(baseline)
            .truths(2_000, 0, 0)
            .quality(Metric.RECALL, Estimate.share(Math.round(recall * 1_000), 1_000))
            .build())
        .build();
  }
}
