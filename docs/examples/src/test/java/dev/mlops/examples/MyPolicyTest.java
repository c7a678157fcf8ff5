package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainDecision.Outcome;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

// region policy
/** A host tests its own policy against evidence that it builds by hand. */
class MyPolicyTest {
  private static final Instant NOW = Instant.parse("2026-03-01T00:00:00Z");
  private static final RetrainHistory PAST = RetrainHistory.of(NOW);

  /** Our rule: retrain below an F1 of 0.8, once it rests on 500 truths. */
  private static final RetrainPolicy MINE = (now, past) -> {
    Optional<Estimate> f1 =
        now.champion().flatMap(champion -> champion.quality(Metric.F1)).filter(e -> e.n() >= 500);
    Outcome outcome = f1.isEmpty()
        ? Outcome.INCONCLUSIVE
        : f1.get().value() < 0.8 ? Outcome.RETRAIN : Outcome.KEEP;
    return RetrainDecision.of(
        outcome, "f1 below 0.8", f1.map(Estimate::toString).orElse("unknown"));
  };

  @Test
  void retrainsBelowTheLimit() {
    assertThat(MINE.decide(f1(0.7, 600), PAST).outcome()).isEqualTo(Outcome.RETRAIN);
  }

  @Test
  void keepsAboveTheLimit() {
    assertThat(MINE.decide(f1(0.9, 600), PAST).outcome()).isEqualTo(Outcome.KEEP);
  }

  @Test
  void tooFewTruthsDecideNothing() {
    assertThat(MINE.decide(f1(0.7, 400), PAST).outcome()).isEqualTo(Outcome.INCONCLUSIVE);
  }

  private static Evidence f1(double value, long truths) {
    return Evidence.builder("fraud", NOW)
        .champion(VersionEvidence.builder("7")
            .quality(Metric.F1, Estimate.mean(value, 0.01, truths))
            .build())
        .build();
  }
}
// endregion
