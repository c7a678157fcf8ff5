package dev.mlops.drift.profile;

import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The metrics that are measured, by what measures them. */
final class Asked {
  /** Told by counts of labels. */
  final List<Metric> counted = new ArrayList<>();
  /** Told by scores: neither counts nor means of rows. */
  final List<Metric> scored = new ArrayList<>();
  /** Told by errors of quantities. */
  final List<Metric> errors = new ArrayList<>();

  final List<RowMean> means = new ArrayList<>();
  final List<RowRatio> ratios = new ArrayList<>();
  final List<OfOutcomes> outcomes = new ArrayList<>();

  /** {@link Metric#defaults()} and some more. */
  Asked(Schema schema, Collection<Metric> more) {
    // Of equal metrics the first counts: the host's brings its loss, a stored one may not.
    Set<Metric> all = new TreeSet<>(more);
    all.addAll(Metric.defaults());
    for (Metric metric : all) {
      boolean ours = isOurs(metric);
      if (ours && LabelCounts.tell(metric)) {
        counted.add(metric);
      } else if (ours
          && Set.of("log_loss", "ece", "roc_auc", "average_precision")
              .contains(LabelCounts.base(metric))) {
        scored.add(metric);
      } else if (ours
          && Set.of("mae", "rmse", "rmsle", "r2", "median_absolute_error", "quantile_error", "bias")
              .contains(metric.family())) {
        errors.add(metric);
      } else {
        Metric measured = ours ? Metric.of(metric.name()) : metric;
        measured.loss(schema).ifPresent(loss -> means.add(new RowMean(metric, loss, ours)));
        metric
            .numerator()
            .ifPresent(above -> metric
                .denominator()
                .ifPresent(below -> ratios.add(new RowRatio(metric, above, below))));
        metric.ofOutcomes().ifPresent(measure -> outcomes.add(new OfOutcomes(metric, measure)));
      }
    }
  }

  private static boolean isOurs(Metric metric) {
    try {
      return Metric.find(metric.name()).filter(metric::equals).isPresent();
    } catch (IllegalArgumentException outOfRange) {
      return false;
    }
  }
}
