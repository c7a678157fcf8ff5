package dev.mlops.drift.profile;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Measures how good predictions were, each metric of {@link Metric} with its 95 % interval.
 *
 * <table>
 * <caption>Intervals, nominally 95 %, two-sided</caption>
 * <tr><th>metrics</th><th>interval</th></tr>
 * <tr><td>accuracy; precision, recall and specificity of a label; top-k; micro averages; recall_weighted</td>
 * <td>Wilson's score interval, on the rows that count: of precision the predicted, of recall the true ones</td></tr>
 * <tr><td>F1 and F-beta of a label</td><td>Wilson's of J = TP/(TP + FP + FN) and of the share of misses among mistakes,
 * carried over; n = TP + FP + FN</td></tr>
 * <tr><td>balanced accuracy; macro and weighted averages</td><td>normal, weighted ones on the log-odds, by the delta method
 * over the cells of the confusion matrix, at least as wide as if labels were independent and each share p of n_k had variance
 * p̃(1 − p̃)/(n_k + 4), p̃ = (n_k p + 2)/(n_k + 4)</td></tr>
 * <tr><td>MCC, Cohen's kappa</td><td>by the delta method over the cells, normal on the scale atanh(value)</td></tr>
 * <tr><td>ROC AUC</td><td>DeLong's standard error, normal on the log-odds; of a mean over labels the mean of the standard
 * errors, which is conservative</td></tr>
 * <tr><td>average precision</td><td>the same, with a standard error by the delta method over rows</td></tr>
 * <tr><td>expected calibration error</td><td>the errors of the bins, as if all pushed the same way: conservative</td></tr>
 * <tr><td>log loss, Brier, MAE, MSE, MAPE, sMAPE, pinball, bias, a host's mean of rows</td><td>Student's t of a mean, within
 * the bounds of the metric</td></tr>
 * <tr><td>RMSE, RMSLE, R², a host's ratio of sums</td><td>Student's t with a standard error by the delta method</td></tr>
 * <tr><td>median and quantile of absolute errors</td><td>order statistics, free of the law, conservative; with too few rows
 * 0 and the largest</td></tr>
 * <tr><td>a host's measure of outcomes</td><td>Student's t with a jackknife that leaves out one of 20 groups</td></tr>
 * </table>
 *
 * <p>Where nothing varies (all rows alike, an area or agreement of exactly 0 or 1), intervals go 3/n of the way to each finite
 * bound. From one row alone, the standard error of a mean is taken to be the mean itself. How often they held the true value
 * in simulations is in docs/metrics.md.
 *
 * <p><b>What nobody could measure is absent</b>: the precision of a label that was never predicted, the recall of one that was
 * never true, the F-measure of one that was neither, ROC AUC and average precision without rows of both kinds (average
 * precision: with the label), kappa where truths and predictions are one and the same label, R² of outputs of which one had a
 * constant truth, RMSLE of negative values, a mean over no row. Averages over labels count such a label as 0. MCC and kappa
 * where truths or predictions have one label only are 0 with the interval from −1 to 1: they say nothing.
 *
 * <p><b>Input</b> is one truth per prediction, in the same order. A pair that cannot be measured is left out, and n says so:
 * a truth of the other kind, other outputs than the first pair's, a prediction that is not finite or of another kind than
 * the schema's task (without a task, than the first prediction). A label that the model does not know is wrong like any
 * other, with a score of 0. Metrics of scores are absent when any classification has no scores, R² below two rows, and
 * whatever exceeds the range of a double.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Quality {
  private Quality() {}

  /**
   * {@return the quality by each of {@link Metric#defaults()} that fits the task, in the order of {@link Metric}; empty if
   * nothing can be measured}
   *
   * @param schema says the task, and the positive label if there is one
   * @param predictions what was predicted
   * @param truths what turned out right, one per prediction
   * @throws IllegalArgumentException if there is not one truth per prediction
   */
  public static Map<Metric, Estimate> of(
      Schema schema, List<? extends Prediction> predictions, List<Truth> truths) {
    return of(schema, predictions, truths, List.of());
  }

  /**
   * {@return the quality by each of {@link Metric#defaults()} that fits the task and by some more, in the order of {@link
   * Metric}; empty if nothing can be measured}
   *
   * <p>A host's own metric that throws for a row does not count that row.
   *
   * @param schema says the task, and the positive label if there is one
   * @param predictions what was predicted
   * @param truths what turned out right, one per prediction
   * @param more metrics, such as {@code recall(fraud)}, {@code roc_auc} or the host's own; those of another task, and those
   *     of which nothing says how to measure them, are absent
   * @throws IllegalArgumentException if there is not one truth per prediction
   */
  public static Map<Metric, Estimate> of(
      Schema schema,
      List<? extends Prediction> predictions,
      List<Truth> truths,
      Collection<Metric> more) {
    requirePairs(predictions, truths);
    Optional<Task> task = task(schema, predictions);
    if (task.isEmpty()) {
      return Map.of();
    }
    Asked asked = new Asked(schema, more);
    LabelCounts labels = new LabelCounts();
    Scores scores = new Scores();
    Outputs outputs = new Outputs();
    boolean[] measured = new boolean[predictions.size()];
    Iterator<Truth> truth = truths.iterator();
    int i = 0;
    for (Prediction prediction : predictions) {
      Truth right = truth.next();
      measured[i++] = switch (task.get()) {
        case CLASSIFICATION -> labels.count(prediction, right, 1) && scores.add(prediction, right);
        case REGRESSION -> outputs.add(prediction, right);
        case ANOMALY_DETECTION -> false;
      };
    }
    Map<Metric, Estimate> quality = new TreeMap<>();
    labels(schema, asked, labels, scores::logLosses, () -> scores, quality);
    errors(asked, outputs, quality);
    for (RowMean mean : asked.means) {
      if (mean.metric.task() == task.get() && (labels.scored() || !mean.ofScores())) {
        means(mean, predictions, truths, measured)
            .ifPresent(estimate -> quality.put(mean.metric, estimate));
      }
    }
    for (RowRatio ratio : asked.ratios) {
      if (ratio.metric.task() == task.get()) {
        RowRatio.Sums sums = new RowRatio.Sums();
        Iterator<Truth> each = truths.iterator();
        predictions.forEach(said -> sums.add(ratio.values(said, each.next())));
        sums.estimate().ifPresent(estimate -> quality.put(ratio.metric, estimate));
      }
    }
    for (OfOutcomes measure : asked.outcomes) {
      if (measure.metric.task() == task.get()) {
        measure
            .estimate(predictions, truths)
            .ifPresent(estimate -> quality.put(measure.metric, estimate));
      }
    }
    return Collections.unmodifiableMap(quality);
  }

  /**
   * {@return the confusion matrix: by true label, how often each label was predicted; labels in order, those that never met
   * are absent}
   *
   * @param predictions what was predicted
   * @param truths what turned out right, one per prediction; a pair that cannot be measured is left out
   * @throws IllegalArgumentException if there is not one truth per prediction
   */
  public static Map<String, Map<String, Long>> confusion(
      List<? extends Prediction> predictions, List<Truth> truths) {
    requirePairs(predictions, truths);
    LabelCounts labels = new LabelCounts();
    Iterator<Truth> truth = truths.iterator();
    for (Prediction prediction : predictions) {
      labels.count(prediction, truth.next(), 1);
    }
    return labels.confusion();
  }

  private static void requirePairs(List<? extends Prediction> predictions, List<Truth> truths) {
    if (predictions.size() != truths.size()) {
      throw new IllegalArgumentException("wanted one truth per prediction, got "
          + predictions.size() + " predictions, " + truths.size() + " truths");
    }
  }

  static Optional<Task> task(Schema schema, List<? extends Prediction> predictions) {
    if (schema.task().isPresent() || predictions.isEmpty()) {
      return schema.task();
    }
    Prediction first = predictions.get(0);
    return Arrays.stream(Task.values())
        .filter(task -> task.prediction().isInstance(first))
        .findFirst();
  }

  /** Measures labels: by counts, and by scores if every row has them. */
  static void labels(
      Schema schema,
      Asked asked,
      LabelCounts labels,
      Supplier<Moments> logLosses,
      Supplier<Scores> scores,
      Map<Metric, Estimate> quality) {
    for (Metric metric : asked.counted) {
      labels.estimate(metric, schema).ifPresent(estimate -> quality.put(metric, estimate));
    }
    if (labels.scored() && labels.n() > 0) {
      for (Metric metric : asked.scored) {
        Optional<Estimate> measured = metric.equals(Metric.LOG_LOSS)
            ? Scores.logLoss(logLosses.get())
            : scores.get().estimate(metric, schema);
        measured.ifPresent(estimate -> quality.put(metric, estimate));
      }
    }
  }

  static void errors(Asked asked, Outputs outputs, Map<Metric, Estimate> quality) {
    for (Metric metric : asked.errors) {
      outputs.estimate(metric).ifPresent(estimate -> quality.put(metric, estimate));
    }
  }

  /** A mean over rows; one of ours counts those alone that its task can measure. */
  static Optional<Estimate> means(
      RowMean mean,
      List<? extends Prediction> predictions,
      List<Truth> truths,
      boolean[] measured) {
    double[] losses = new double[predictions.size()];
    Iterator<Truth> truth = truths.iterator();
    int i = 0;
    for (Prediction prediction : predictions) {
      Truth right = truth.next();
      losses[i] = measured[i] || !mean.ours ? mean.loss(prediction, right) : Double.NaN;
      i++;
    }
    return mean.estimate(losses, i);
  }
}
