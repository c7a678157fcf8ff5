package dev.mlops.core.retrain;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainDecision.Outcome;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Retrains when the wrong predictions beyond those of the test phase, among the newest truths, have reached a budget. */
record AvoidableErrors(double budget) implements RetrainPolicy {
  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    Optional<VersionEvidence> champion = now.champion();
    Optional<Estimate> live = champion.flatMap(section -> section.quality(Metric.ACCURACY));
    Optional<Estimate> tested =
        champion.flatMap(VersionEvidence::baseline).flatMap(test -> test.quality(Metric.ACCURACY));
    if (live.isEmpty() || tested.isEmpty()) {
      return RetrainDecision.of(
          Outcome.INCONCLUSIVE,
          toString(),
          live.isEmpty() ? "no accuracy yet" : "the test phase of the champion has no accuracy");
    }
    long window = live.get().n();
    long fresh = past.lastPosition().isPresent()
        ? Math.min(window, now.maturedSince(past.lastPosition().getAsLong()))
        : window;
    double avoidable = Math.max(0.0, (tested.get().value() - live.get().value()) * fresh);
    return RetrainDecision.of(
        avoidable >= budget ? Outcome.RETRAIN : Outcome.KEEP,
        toString(),
        String.format(
            Locale.ROOT,
            "%.1f avoidable among %d truths since the newest candidate (accuracy %.3f, test phase %.3f)",
            avoidable,
            fresh,
            live.get().value(),
            tested.get().value()));
  }

  @Override
  public Set<Metric> metrics() {
    return Set.of(Metric.ACCURACY);
  }

  /** {@return such as {@code 50 avoidable errors}} */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.4g avoidable errors", budget);
  }
}
