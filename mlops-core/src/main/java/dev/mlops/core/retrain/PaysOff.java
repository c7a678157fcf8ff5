package dev.mlops.core.retrain;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainDecision.Outcome;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Retrains when what a model as good as in its test phase would save pays for the training.
 *
 * @param metric with a loss per row
 * @param ofLoss what a loss of 1 costs
 * @param ofTraining what a candidate costs, in the same unit
 * @param ahead rows that a candidate would serve
 */
record PaysOff(Metric metric, double ofLoss, double ofTraining, long ahead)
    implements RetrainPolicy {
  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    Optional<VersionEvidence> champion = now.champion();
    Optional<Estimate> live = champion.flatMap(section -> section.quality(metric));
    Optional<Estimate> tested =
        champion.flatMap(VersionEvidence::baseline).flatMap(test -> test.quality(metric));
    Optional<Loss> loss =
        champion.flatMap(VersionEvidence::baseline).flatMap(test -> metric.loss(test.schema()));
    if (live.isEmpty() || tested.isEmpty() || loss.isEmpty()) {
      return RetrainDecision.of(
          Outcome.INCONCLUSIVE,
          toString(),
          live.isEmpty()
              ? "no " + metric + " yet"
              : tested.isEmpty()
                  ? "the test phase of the champion did not measure " + metric
                  : metric + " has no loss per row, so no sum of losses is known");
    }
    OptionalDouble gain = gain(loss.get(), live.get(), tested.get());
    if (gain.isEmpty()) {
      return RetrainDecision.of(
          Outcome.INCONCLUSIVE, toString(), "the losses are not finite: " + live.get());
    }
    double saved = gain.getAsDouble() * ahead * ofLoss;
    return RetrainDecision.of(
        saved >= ofTraining ? Outcome.RETRAIN : Outcome.KEEP,
        toString(),
        String.format(
            Locale.ROOT,
            "%s %s live, %s tested: at least %.3g more loss a row, %.4g in %d rows",
            metric,
            Figures.plusMinus(
                Figures.apart(live.get().value(), tested.get().value()).get(0),
                (live.get().upper() - live.get().lower()) / 2),
            Figures.apart(live.get().value(), tested.get().value()).get(1),
            gain.getAsDouble(),
            saved,
            ahead));
  }

  /** By how much the mean loss is above that of the test phase at the least, by both intervals; 0 if it may not be. */
  private OptionalDouble gain(Loss loss, Estimate live, Estimate tested) {
    double now = loss.mean(metric.higherIsBetter() ? live.upper() : live.lower());
    double then = loss.mean(tested.value());
    double gain = Math.max(0.0, now - then);
    return Double.isFinite(gain) ? OptionalDouble.of(gain) : OptionalDouble.empty();
  }

  @Override
  public Set<Metric> metrics() {
    return Set.of(metric);
  }

  /** {@return such as {@code pays off by accuracy: 5.00 a loss, 200.00 a training, 10000 rows ahead}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "pays off by %s: %.2f a loss, %.2f a training, %d rows ahead",
        metric,
        ofLoss,
        ofTraining,
        ahead);
  }
}
