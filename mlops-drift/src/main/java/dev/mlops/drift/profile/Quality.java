package dev.mlops.drift.profile;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Measures how good predictions were, each metric of {@link Metric} with its 95 % interval.
 *
 * <p>Accuracy, and precision and recall of a positive label, are shares with Wilson's interval on their own n (of
 * precision the predicted, of recall the true ones). F1 of a positive label is 2J/(1 + J) of the share J = TP/(TP + FP +
 * FN), its interval that of J carried over. Averages over labels have a normal interval by the delta method over the
 * cells of the confusion matrix, at least as wide as if labels were independent and each share p of n_k had variance
 * p̃(1 − p̃)/(n_k + 4), p̃ = (n_k p + 2)/(n_k + 4): approximate, wide for rare labels, never empty; it held the truth in
 * 92 to 100 of 100 samples of 100 to 1,000 rows, but in 86 for the recall of eight labels of which one had three rows.
 * Log loss and MAE are means with a normal interval; RMSE and R² have one by the delta method. F-beta of a positive label
 * carries over the intervals of J and of the share of misses among its mistakes. A host's own mean of rows has a normal
 * interval within its bounds; where all rows have one value, 3/n of the way to each finite bound. From one row alone, the
 * standard error of a mean is taken to be the mean itself.
 *
 * <p><b>What nobody could measure is absent</b>: the precision of a label that was never predicted, the recall of one that was
 * never true, the F-measure of one that was neither, R² of outputs of which one had a constant truth, a mean over no row.
 * Averages over labels count such a label as 0.
 *
 * <p><b>Input</b> is one truth per prediction, in the same order. A pair that cannot be measured is left out, and n says so:
 * a truth of the other kind, other outputs than the first pair's, a prediction that is not finite or of another kind than
 * the schema's task (without a task, than the first prediction). A label that the model does not know is wrong like any
 * other, with a score of 0. Log loss is absent when any classification has no scores, R² below two rows, and whatever
 * exceeds the range of a double.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Quality {
  /** 97.5 % quantile of the standard normal distribution. */
  private static final double Z95 = 1.959963984540054;

  /** The lowest score that log loss believes. */
  private static final double LEAST_SCORE = 1e-15;

  private Quality() {}

  /**
   * {@return the quality by each of {@link Metric#known()} that fits the task, in the order of {@link Metric}; empty if
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
   * {@return the quality by each of {@link Metric#known()} that fits the task and by some more, in the order of {@link
   * Metric}; empty if nothing can be measured}
   *
   * <p>A host's own metric that throws for a row does not count that row.
   *
   * @param schema says the task, and the positive label if there is one
   * @param predictions what was predicted
   * @param truths what turned out right, one per prediction
   * @param more metrics, such as {@code recall(fraud)}, {@code f_beta(2)} or the host's own; those of another task, and those
   *     that are neither the library's nor a mean of rows, are absent
   * @throws IllegalArgumentException if there is not one truth per prediction
   */
  public static Map<Metric, Estimate> of(
      Schema schema,
      List<? extends Prediction> predictions,
      List<Truth> truths,
      Collection<Metric> more) {
    if (predictions.size() != truths.size()) {
      throw new IllegalArgumentException("wanted one truth per prediction, got "
          + predictions.size() + " predictions, " + truths.size() + " truths");
    }
    Map<Metric, Estimate> quality = new TreeMap<>();
    Optional<Task> task = task(schema, predictions);
    switch (task.orElse(Task.ANOMALY_DETECTION)) {
      case CLASSIFICATION -> classification(schema, predictions, truths, more, quality);
      case REGRESSION -> regression(predictions, truths, quality);
      case ANOMALY_DETECTION -> {}
    }
    for (RowMean mean : RowMean.of(more, schema)) {
      if (task.filter(mean.metric.task()::equals).isPresent()) {
        double[] losses = new double[predictions.size()];
        Iterator<Truth> truth = truths.iterator();
        int i = 0;
        for (Prediction prediction : predictions) {
          losses[i++] = mean.loss(prediction, truth.next());
        }
        mean.estimate(losses, i).ifPresent(estimate -> quality.put(mean.metric, estimate));
      }
    }
    return Collections.unmodifiableMap(quality);
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

  private static void inPairs(
      List<? extends Prediction> predictions,
      List<Truth> truths,
      BiConsumer<Prediction, Truth> measure) {
    Iterator<Truth> truth = truths.iterator();
    for (Prediction prediction : predictions) {
      Truth right = truth.next();
      if (measurable(prediction)) {
        measure.accept(prediction, right);
      }
    }
  }

  /** Whether a prediction has a quality; what a host's own kind answers is not asked for. */
  private static boolean measurable(Prediction prediction) {
    return (prediction instanceof Classification || prediction instanceof Regression)
        && prediction.isFinite();
  }

  private static void classification(
      Schema schema,
      List<? extends Prediction> predictions,
      List<Truth> truths,
      Collection<Metric> more,
      Map<Metric, Estimate> quality) {
    Labels labels = new Labels();
    List<Double> losses = new ArrayList<>();
    inPairs(predictions, truths, (prediction, truth) -> {
      if (labels.count(prediction, truth, 1)) {
        losses.add(Labels.loss((Classification) prediction, truth));
      }
    });
    labels.describe(
        schema, more, () -> losses.stream().mapToDouble(Double::doubleValue).toArray(), quality);
  }

  /** Absent of nothing. */
  private static Optional<Estimate> share(long count, long n) {
    return n == 0 ? Optional.empty() : Optional.of(Estimate.share(count, n));
  }

  private static void regression(
      List<? extends Prediction> predictions, List<Truth> truths, Map<Metric, Estimate> quality) {
    Outputs outputs = new Outputs();
    inPairs(predictions, truths, outputs::add);
    int n = outputs.errors.size();
    if (n == 0) {
      return;
    }
    int width = outputs.errors.get(0).length;
    double scale = scale(outputs.errors);
    double[] absolute = new double[n];
    double[] squared = new double[n];
    for (int i = 0; i < n; i++) {
      for (double error : outputs.errors.get(i)) {
        double scaled = error / scale;
        absolute[i] += Math.abs(scaled) / width;
        squared[i] += scaled * scaled / width;
      }
    }
    mean(absolute, 0.0, scale).ifPresent(estimate -> quality.put(Metric.MAE, estimate));
    double meanSquare = sum(squared) / n;
    double root = Math.sqrt(meanSquare);
    double se = n == 1 ? root : root == 0 ? 0.0 : standardError(squared, meanSquare) / (2.0 * root);
    normal(root * scale, se * scale, 0.0, Double.POSITIVE_INFINITY, n)
        .ifPresent(estimate -> quality.put(Metric.RMSE, estimate));
    if (n > 1) {
      explained(outputs, n, width).ifPresent(estimate -> quality.put(Metric.R2, estimate));
    }
  }

  private static Optional<Estimate> explained(Outputs outputs, int n, int width) {
    double value = 0.0;
    double[] influence = new double[n];
    for (int k = 0; k < width; k++) {
      double[] truth = new double[n];
      for (int i = 0; i < n; i++) {
        truth[i] = outputs.truths.get(i)[k];
      }
      double least = Arrays.stream(truth).min().orElse(0.0);
      double most = Arrays.stream(truth).max().orElse(0.0);
      if (least == most) {
        return Optional.empty(); // nothing varies that could be explained
      }
      // Differences from one of the truths: a mean near them does not lose what tells them apart.
      double largest = powerOfTwo(Math.max(most / 2 - least / 2, Double.MIN_NORMAL));
      double[] unexplained = new double[n];
      for (int i = 0; i < n; i++) {
        truth[i] = truth[i] / largest - least / largest;
        double error = outputs.errors.get(i)[k] / largest;
        unexplained[i] = error * error;
      }
      double mean = sum(truth) / n;
      double[] spread = new double[n];
      for (int i = 0; i < n; i++) {
        spread[i] = (truth[i] - mean) * (truth[i] - mean);
      }
      double a = sum(unexplained) / n;
      double b = sum(spread) / n;
      value += (1.0 - a / b) / width;
      for (int i = 0; i < n; i++) {
        influence[i] += (a / b * (spread[i] - b) - (unexplained[i] - a)) / b / width;
      }
    }
    return normal(value, standardError(influence, 0.0), Double.NEGATIVE_INFINITY, 1.0, n);
  }

  /** A power of two near the largest magnitude, so that squares of scaled values neither overflow nor vanish. */
  private static double scale(List<double[]> values) {
    double largest = 0.0;
    for (double[] row : values) {
      for (double value : row) {
        largest = Math.max(largest, Math.abs(value));
      }
    }
    return largest == 0 || !Double.isFinite(largest) ? 1.0 : powerOfTwo(largest);
  }

  /** Dividing by it changes no digit. */
  private static double powerOfTwo(double magnitude) {
    return Math.scalb(1.0, Math.max(Double.MIN_EXPONENT, Math.getExponent(magnitude)));
  }

  private static Optional<Estimate> mean(double[] values, double least, double scale) {
    double mean = sum(values) / values.length;
    double se = values.length == 1 ? Math.abs(mean) : standardError(values, mean);
    return normal(mean * scale, se * scale, least, Double.POSITIVE_INFINITY, values.length);
  }

  private static Optional<Estimate> normal(
      double value, double se, double least, double most, long n) {
    double lower = Math.max(least, value - Z95 * se);
    double upper = Math.min(most, value + Z95 * se);
    return Double.isFinite(value) && Double.isFinite(lower) && Double.isFinite(upper)
        ? Optional.of(new Estimate(value, Math.min(value, lower), Math.max(value, upper), n))
        : Optional.empty();
  }

  private static double standardError(double[] values, double mean) {
    double squares = 0.0;
    for (double value : values) {
      squares += (value - mean) * (value - mean);
    }
    return Math.sqrt(squares / (values.length - 1.0) / values.length);
  }

  /** Neumaier's compensated sum. */
  private static double sum(double[] values) {
    double sum = 0.0;
    double lost = 0.0;
    for (double value : values) {
      double next = sum + value;
      lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
      sum = next;
    }
    return sum + lost;
  }

  /** How often a label was predicted, true, and both. */
  private static final class Tally {
    private long predicted;
    private long truth;
    private long both;
    /** What was predicted where this label is true, if it was another. */
    private final Map<String, Long> mistakenFor = new TreeMap<>();

    long either() {
      return predicted + truth - both;
    }
  }

  /** How often labels were predicted and true, over pairs that may also be taken away again. */
  static final class Labels {
    private final Map<String, Tally> tallies = new TreeMap<>();
    private long scoreless;
    private long n;
    private long right;

    /** Counts a pair, or takes it away with −1; false if it cannot be measured. */
    boolean count(Prediction prediction, Truth truth, int by) {
      String label = truth.label().orElse("");
      if (!(prediction instanceof Classification said) || label.isEmpty() || !said.isFinite()) {
        return false;
      }
      n += by;
      Tally predicted = tally(said.label());
      predicted.predicted += by;
      Tally actual = tally(label);
      actual.truth += by;
      if (truth.matches(said)) {
        right += by;
        actual.both += by;
      } else if (actual.mistakenFor.merge(said.label(), (long) by, Long::sum) == 0) {
        actual.mistakenFor.remove(said.label());
      }
      if (said.score().isEmpty()) {
        scoreless += by;
      }
      forgetIfNothing(said.label());
      forgetIfNothing(label);
      return true;
    }

    /** The log loss of a pair that can be measured. */
    static double loss(Classification said, Truth truth) {
      return -Math.log(
          Math.max(LEAST_SCORE, said.score(truth.label().orElse("")).orElse(0.0)));
    }

    /** Says what was counted, given the log loss of each pair. */
    void describe(
        Schema schema,
        Collection<Metric> more,
        Supplier<double[]> losses,
        Map<Metric, Estimate> quality) {
      if (n == 0) {
        return;
      }
      quality.put(Metric.ACCURACY, Estimate.share(right, n));
      for (Metric metric : List.of(Metric.PRECISION, Metric.RECALL, Metric.F1)) {
        byLabel(metric, schema).ifPresent(estimate -> quality.put(metric, estimate));
      }
      for (Metric metric : more) {
        if (isByLabel(metric)) {
          byLabel(metric, schema).ifPresent(estimate -> quality.put(metric, estimate));
        }
      }
      if (scoreless == 0) {
        mean(losses.get(), Double.NEGATIVE_INFINITY, 1.0)
            .ifPresent(estimate -> quality.put(Metric.LOG_LOSS, estimate));
      }
    }

    /** Whether the counts tell a metric: the library's precision, recall and F-measures. */
    static boolean isByLabel(Metric metric) {
      return metric.equals(Metric.PRECISION)
          || metric.equals(Metric.RECALL)
          || metric.equals(Metric.F1)
          || metric.label().isPresent()
          || (metric.family().equals("f_beta") && metric.parameter().isPresent());
    }

    private Optional<Estimate> byLabel(Metric metric, Schema schema) {
      Optional<String> label = metric.label().or(schema::positiveLabel);
      if (label.isEmpty()) {
        return Optional.of(average(metric));
      }
      Tally tally = tallies.getOrDefault(label.get(), new Tally());
      return switch (metric.family()) {
        case "precision" -> share(tally.both, tally.predicted);
        case "recall" -> share(tally.both, tally.truth);
        default ->
          share(tally.both, tally.either()).map(overlap -> fBeta(tally, overlap, weight(metric)));
      };
    }

    /** The F-measure with its interval: that of the overlap, and that of how mistakes divide into misses and false alarms. */
    private static Estimate fBeta(Tally tally, Estimate overlap, double weight) {
      long misses = tally.truth - tally.both;
      long mistakes = tally.either() - tally.both;
      Estimate missed = mistakes == 0 ? null : Estimate.share(misses, mistakes);
      double value = fBeta(overlap.value(), weight, missed == null ? 0.5 : missed.value());
      double lowerMissed = missed == null ? 0.0 : missed.lower();
      double upperMissed = missed == null ? 1.0 : missed.upper();
      double worst = weight > 1 ? upperMissed : lowerMissed;
      double best = weight > 1 ? lowerMissed : upperMissed;
      double kept = missed == null ? worst : missed.value();
      double below = Math.hypot(
          value - fBeta(overlap.lower(), weight, kept),
          value - fBeta(overlap.value(), weight, worst));
      double above = Math.hypot(
          fBeta(overlap.upper(), weight, kept) - value,
          fBeta(overlap.value(), weight, best) - value);
      return new Estimate(
          value,
          Math.max(0.0, Math.min(value, value - below)),
          Math.min(1.0, Math.max(value, value + above)),
          overlap.n());
    }

    /** Of the share that is both predicted and true, of what is either; beta² and the share of misses among mistakes. */
    private static double fBeta(double overlap, double weight, double missed) {
      double hit = (1.0 + weight) * overlap;
      double mistakes = (1.0 - overlap) * (weight * missed + 1.0 - missed);
      return hit == 0 ? 0.0 : hit / (hit + mistakes);
    }

    /** Beta². */
    private static double weight(Metric metric) {
      double beta = metric.parameter().orElse(1.0);
      return beta * beta;
    }

    private void forgetIfNothing(String label) {
      Tally tally = tallies.get(label);
      if (tally != null && tally.predicted == 0 && tally.truth == 0) {
        tallies.remove(label);
      }
    }

    private Tally tally(String label) {
      return tallies.computeIfAbsent(label, unseen -> new Tally());
    }

    Estimate average(Metric metric) {
      double value = 0.0;
      double rare = 0.0;
      double delta = 0.0;
      for (Tally tally : tallies.values()) {
        value += of(metric, tally) / tallies.size();
        long of = denominator(metric, tally);
        double careful = (tally.both + 2.0) / (of + 4.0);
        double slope = slope(metric, tally, careful);
        rare += slope * slope * careful * (1.0 - careful) / (of + 4.0);
        if (tally.both > 0) {
          double right = influence(metric, tally, tally, 1.0);
          delta += tally.both * right * right;
        }
        for (Map.Entry<String, Long> mistake : tally.mistakenFor.entrySet()) {
          double wrong = influence(metric, tally, tally(mistake.getKey()), 0.0);
          delta += mistake.getValue() * wrong * wrong;
        }
      }
      double half = Z95 * Math.sqrt(Math.max(rare, delta)) / tallies.size();
      value = Math.min(1.0, value);
      return new Estimate(value, Math.max(0.0, value - half), Math.min(1.0, value + half), n);
    }

    private static long denominator(Metric metric, Tally tally) {
      return switch (metric.family()) {
        case "precision" -> tally.predicted;
        case "recall" -> tally.truth;
        default -> tally.either();
      };
    }

    /** How much the metric of a label moves with the share that is right of its denominator. */
    private static double slope(Metric metric, Tally tally, double share) {
      if (metric.family().equals("precision") || metric.family().equals("recall")) {
        return 1.0;
      }
      double weight = weight(metric);
      double missed = (tally.truth - tally.both + 1.0) / (tally.either() - tally.both + 2.0);
      double mistakes = weight * missed + 1.0 - missed;
      double whole = (1.0 + weight) * share + (1.0 - share) * mistakes;
      return (1.0 + weight) * mistakes / (whole * whole);
    }

    private static double of(Metric metric, Tally tally) {
      long of = denominator(metric, tally);
      if (metric.family().equals("precision") || metric.family().equals("recall")) {
        return of == 0 ? 0.0 : (double) tally.both / of;
      }
      double weight = weight(metric);
      double all = tally.predicted + weight * tally.truth;
      return all == 0 ? 0.0 : (1.0 + weight) * tally.both / all;
    }

    /** How much one row moves the sum over labels. */
    private static double influence(Metric metric, Tally truth, Tally said, double right) {
      double weight = weight(metric);
      return switch (metric.family()) {
        case "precision" -> (right - of(metric, said)) / said.predicted;
        case "recall" -> (right - of(metric, truth)) / truth.truth;
        default ->
          weight * (right - of(metric, truth)) / (truth.predicted + weight * truth.truth)
              + (right - of(metric, said)) / (said.predicted + weight * said.truth);
      };
    }
  }

  /** A metric that is the mean of a value per row, of a host or of one of ours that counts do not tell. */
  static final class RowMean {
    final Metric metric;
    private final Loss loss;

    private RowMean(Metric metric, Loss loss) {
      this.metric = metric;
      this.loss = loss;
    }

    /** Those among some metrics that are measured row by row. */
    static List<RowMean> of(Collection<Metric> metrics, Schema schema) {
      List<RowMean> means = new ArrayList<>();
      for (Metric metric : metrics) {
        if (!Metric.known().contains(metric) && !Labels.isByLabel(metric)) {
          metric.loss(schema).ifPresent(loss -> means.add(new RowMean(metric, loss)));
        }
      }
      return means;
    }

    /** The loss of a row; NaN if it does not count, also because the host's code threw. */
    double loss(Prediction prediction, Truth truth) {
      try {
        double found = prediction.isFinite() ? loss.of(prediction, truth) : Double.NaN;
        return Double.isFinite(found) ? found : Double.NaN;
      } catch (RuntimeException | LinkageError | StackOverflowError hosts) {
        return Double.NaN;
      }
    }

    /** The metric over the first {@code rows} losses, without those that are NaN. */
    Optional<Estimate> estimate(double[] losses, int rows) {
      double[] known = new double[rows];
      int n = 0;
      double least = Double.POSITIVE_INFINITY;
      double most = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < rows; i++) {
        if (!Double.isNaN(losses[i])) {
          known[n++] = losses[i];
          least = Math.min(least, losses[i]);
          most = Math.max(most, losses[i]);
        }
      }
      if (n == 0) {
        return Optional.empty();
      }
      double scale = most == 0 ? 1.0 : powerOfTwo(most);
      double[] scaled = new double[n];
      for (int i = 0; i < n; i++) {
        scaled[i] = known[i] / scale;
      }
      double mean = sum(scaled) / n;
      double se = n == 1 ? mean : standardError(scaled, mean);
      double value = Math.max(least, Math.min(most, mean * scale));
      double lower = Math.max(0.0, value - Z95 * se * scale);
      double upper = Math.min(loss.largest(), value + Z95 * se * scale);
      if (least == most) {
        double share = Math.min(1.0, 3.0 / n);
        lower = value * (1.0 - share);
        upper = Double.isInfinite(loss.largest())
            ? Math.max(upper, value)
            : value + share * (loss.largest() - value);
      }
      double first = loss.metric(lower);
      double second = loss.metric(upper);
      double measured = loss.metric(value);
      double from = Math.min(measured, Math.min(first, second));
      double to = Math.max(measured, Math.max(first, second));
      return Double.isFinite(from) && Double.isFinite(to)
          ? Optional.of(new Estimate(measured, from, to, n))
          : Optional.empty();
    }
  }

  private static final class Outputs {
    /** One array per row: by output, in the order of names. */
    private final List<double[]> errors = new ArrayList<>();

    private final List<double[]> truths = new ArrayList<>();
    private @Nullable List<String> names;

    void add(Prediction prediction, Truth truth) {
      if (!(prediction instanceof Regression said) || !truth.isFor(said)) {
        return;
      }
      OptionalDouble one = truth.value();
      if (one.isPresent()) {
        add(said.names(), new double[] {said.value()}, new double[] {one.getAsDouble()});
        return;
      }
      List<String> wanted = List.copyOf(truth.values().keySet());
      add(
          wanted,
          wanted.stream().mapToDouble(said::value).toArray(),
          truth.values().values().stream().mapToDouble(Double::doubleValue).toArray());
    }

    private void add(List<String> outputs, double[] said, double[] right) {
      if (names == null) {
        names = outputs;
      } else if (!names.equals(outputs)) {
        return;
      }
      double[] error = new double[said.length];
      for (int i = 0; i < error.length; i++) {
        error[i] = said[i] - right[i];
      }
      errors.add(error);
      truths.add(right);
    }
  }
}
