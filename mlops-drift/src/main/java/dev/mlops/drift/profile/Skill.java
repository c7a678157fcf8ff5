package dev.mlops.drift.profile;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Whether a model was better in its test phase than one that knows nothing.
 *
 * <p>A classifier with a positive label is better than chance if its precision is above the share of that label. Any other one
 * is better than a constant answer if its accuracy is above the share of the most frequent label, or its mean recall above that
 * of guessing, 1/k with k labels: the second finds skill where labels are rare. A regression is better than the mean if its R²
 * is above 0. In each case the whole 95 % interval must be; a test phase that does not tell these numbers tells nothing here.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Skill {
  private Skill() {}

  /**
   * {@return why the model is not known to be better than one that knows nothing, with the numbers; empty if it is, or if the
   * test phase does not tell}
   *
   * @param baseline what the test phase measured
   */
  public static Optional<String> doubt(Baseline baseline) {
    Optional<CategoryProfile> labels = baseline.labels().filter(known -> known.n() > 0);
    if (labels.isEmpty()) {
      return baseline
          .quality(Metric.R2)
          .flatMap(explained ->
              doubt("r2", explained, 0.0, "always the mean", explained.n() + " test rows"));
    }
    Optional<String> positive = baseline.schema().positiveLabel();
    return positive.isPresent()
        ? ofPositive(baseline, labels.get(), positive.get())
        : ofLabels(baseline, labels.get());
  }

  private static Optional<String> ofPositive(
      Baseline baseline, CategoryProfile labels, String positive) {
    long rows = labels.counts().getOrDefault(positive, 0L);
    if (rows == 0) {
      return Optional.empty();
    }
    String of = "\"" + MlopsException.shown(positive) + "\"";
    Optional<Estimate> precision = baseline.quality(Metric.PRECISION);
    return precision.isEmpty()
        ? Optional.of(
            "it never said " + of + ", right for " + rows + " of " + labels.n() + " test rows")
        : doubt(
            "precision",
            precision.get(),
            (double) rows / labels.n(),
            "chance",
            "the share of " + of + " in " + labels.n() + " test rows");
  }

  private static Optional<String> ofLabels(Baseline baseline, CategoryProfile labels) {
    Optional<Estimate> accuracy = baseline.quality(Metric.ACCURACY);
    Optional<Map.Entry<String, Long>> most = mostFrequent(labels);
    if (accuracy.isEmpty() || most.isEmpty()) {
      return Optional.empty();
    }
    double guessing = 1.0 / labels.counts().size();
    boolean balanced = labels.other() == 0
        && labels.counts().size() > 1
        && baseline
            .quality(Metric.RECALL)
            .filter(recall -> recall.lower() > guessing)
            .isPresent();
    return balanced
        ? Optional.empty()
        : doubt(
            "accuracy",
            accuracy.get(),
            (double) most.get().getValue() / labels.n(),
            "always \"" + MlopsException.shown(most.get().getKey()) + "\"",
            "its share of " + labels.n() + " test rows");
  }

  private static Optional<String> doubt(
      String metric, Estimate measured, double nothing, String than, String share) {
    if (measured.lower() > nothing) {
      return Optional.empty();
    }
    List<String> figures = Figures.apart(measured.value(), nothing);
    return Optional.of(String.format(
        Locale.ROOT,
        "its %s of %s (%.3f to %.3f) %s than %s: %s, %s",
        metric,
        figures.get(0),
        measured.lower(),
        measured.upper(),
        measured.value() > nothing ? "is not surely better" : "is no better",
        than,
        figures.get(1),
        share));
  }

  /** The label that is right most often; of equally frequent ones the first by name. */
  static Optional<Map.Entry<String, Long>> mostFrequent(CategoryProfile labels) {
    Map.Entry<String, Long> most = null;
    for (Map.Entry<String, Long> each : labels.counts().entrySet()) {
      if (most == null || each.getValue() > most.getValue()) {
        most = each;
      }
    }
    return Optional.ofNullable(most);
  }

  /**
   * {@return the share of the label that is right most often, 0 to 1, with its name; what a constant answer reaches in
   * accuracy. Empty where the test phase does not tell the labels}
   *
   * @param baseline what the test phase measured
   */
  public static Optional<Map.Entry<String, Double>> majority(Baseline baseline) {
    return baseline
        .labels()
        .filter(labels -> labels.n() > 0)
        .flatMap(labels -> mostFrequent(labels)
            .map(most -> Map.entry(most.getKey(), (double) most.getValue() / labels.n())));
  }
}
