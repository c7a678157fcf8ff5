package dev.mlops.drift.profile;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Measures how good a stream of predictions was, in bounded memory: what {@link Quality#of} says of all of them, without
 * keeping any. Parts that were measured apart, by hour or by process, are {@link #merge merged}.
 *
 * <p>Order does not matter: any permutation of the pairs and any way to merge them gives the same to 1e-12, and what {@link
 * Quality#of} gives for the same pairs, with two exceptions:
 *
 * <ul>
 *   <li>ROC AUC and average precision are taken over bins of scores, at most 1/128 of the distance to 0 or 1 wide. What the
 *       order within the bins could change is known exactly, at most ½ Σ P_b N_b / (P N) of the area over bins with P_b and
 *       N_b rows of either kind, and the interval is wider by it. Scores are taken for probabilities.
 *   <li>Median and quantile of absolute errors are taken over bins, and right to 1/256 of themselves; the interval reaches to
 *       the ends of the bins.
 * </ul>
 *
 * <p>A host's metric of all outcomes ({@link Metric.Builder#ofOutcomes}) is absent: outcomes are not kept.
 *
 * <p><b>Memory</b> is some kilobytes, and about 80 kB for each label whose ROC AUC or average precision is asked for, at most
 * {@value #MOST_SCORED}: of more labels their mean is absent. Labels after the first {@value #MOST_LABELS} are counted as one,
 * {@code (other)}, in means over labels and in the confusion matrix; accuracy, top-k and the metrics of scores still know
 * right from wrong. Errors beyond 1e150 leave the range of a double when they are squared: a metric whose value or interval is
 * made of the squares (all but quantiles, MAPE and sMAPE) is then absent. Errors below 1e-150 count as 0 where they are squared.
 *
 * <p><b>Input</b> is as for {@link Quality}: a pair that cannot be measured is left out. Without a task in the schema the
 * first prediction decides.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public final class StreamingQuality {
  /** Labels that are told apart. */
  static final int MOST_LABELS = 200;

  /** Labels whose scores are kept in bins. */
  static final int MOST_SCORED = 64;

  private final Schema schema;
  private final Set<Metric> more;
  private final Asked asked;
  private @Nullable Task task;

  private final LabelCounts labels = new LabelCounts(MOST_LABELS);
  private final Moments logLosses = new Moments();
  private final Bins bins = new Bins();
  private final boolean binned;
  /** Whether scores of every label are asked for. */
  private final boolean ofAll;

  private final Map<String, ScoreBins> scores = new HashMap<>();
  /** Labels that the model gives scores for. */
  private final Set<String> met = new TreeSet<>();

  private boolean tooMany;
  private final List<Moments> means = new ArrayList<>();
  private final List<RowRatio.Sums> ratios = new ArrayList<>();

  private final Outputs.Pairing pairing = new Outputs.Pairing();
  private final Moments absolute = new Moments();
  private final Moments squared = new Moments();
  private final Moments logarithmic = new Moments();
  private final Moments signed = new Moments();
  private final List<Explained> explained = new ArrayList<>();
  private final boolean ranked;
  private final List<ErrorBins> errors = new ArrayList<>();
  /** Rows with a value that has no logarithm. */
  private long negative;

  private StreamingQuality(Schema schema, Collection<Metric> more) {
    this.schema = requireNonNull(schema, "schema");
    this.more = new TreeSet<>(more);
    this.asked = new Asked(schema, more);
    this.task = schema.task().orElse(null);
    asked.means.forEach(mean -> means.add(new Moments()));
    asked.ratios.forEach(ratio -> ratios.add(new RowRatio.Sums()));
    this.binned = asked.scored.stream().anyMatch(metric -> metric.equals(Metric.ECE));
    boolean all = false;
    for (Metric metric : asked.scored) {
      if (isArea(metric)) {
        Optional<String> label = LabelCounts.label(metric, schema);
        label.ifPresent(one -> scores.putIfAbsent(one, new ScoreBins(0, 0)));
        all |= label.isEmpty();
      }
    }
    this.ofAll = all;
    this.ranked = asked.errors.stream()
        .anyMatch(metric -> metric.family().equals("median_absolute_error")
            || metric.family().equals("quantile_error"));
  }

  private static boolean isArea(Metric metric) {
    String base = LabelCounts.base(metric);
    return base.equals("roc_auc") || base.equals("average_precision");
  }

  /**
   * {@return a measure of no pair yet, by each of {@link Metric#defaults()} that fits the task}
   *
   * @param schema says the task, and the positive label if there is one
   */
  public static StreamingQuality of(Schema schema) {
    return of(schema, List.of());
  }

  /**
   * {@return a measure of no pair yet, by more metrics than {@link Metric#defaults()}}
   *
   * @param schema says the task, and the positive label if there is one
   * @param more as {@link Quality#of(Schema, List, List, Collection)} takes them
   */
  public static StreamingQuality of(Schema schema, Collection<Metric> more) {
    return new StreamingQuality(schema, more);
  }

  /**
   * Takes a pair.
   *
   * @param prediction what was predicted
   * @param truth what turned out right
   */
  public void add(Prediction prediction, Truth truth) {
    count(prediction, truth, 1);
  }

  /**
   * Takes a pair away that was added, such as one whose truth is corrected.
   *
   * <p>All is then as if the pair had never come, with two exceptions: R² is right to 1e-12 of the largest square that ever was, and
   * a label that was met stays one of those that means over labels ask for.
   *
   * @param prediction what was predicted
   * @param truth what it was added with
   */
  public void remove(Prediction prediction, Truth truth) {
    count(prediction, truth, -1);
  }

  private void count(Prediction prediction, Truth truth, int by) {
    if (task == null) {
      task = Quality.task(schema, List.of(prediction)).orElse(null);
    }
    boolean measured = false;
    if (task == Task.CLASSIFICATION && prediction instanceof Classification said) {
      measured = classified(said, truth, by);
    } else if (task == Task.REGRESSION) {
      measured = predicted(prediction, truth, by);
    }
    for (int i = 0; i < means.size(); i++) {
      RowMean mean = asked.means.get(i);
      if (mean.metric.task() == task && (measured || !mean.ours)) {
        double loss = mean.loss(prediction, truth);
        if (!Double.isNaN(loss)) {
          means.get(i).add(loss, by);
        }
      }
    }
    for (int i = 0; i < ratios.size(); i++) {
      RowRatio ratio = asked.ratios.get(i);
      if (ratio.metric.task() == task) {
        double[] values = ratio.values(prediction, truth);
        if (by > 0) {
          ratios.get(i).add(values);
        } else {
          ratios.get(i).remove(values);
        }
      }
    }
  }

  private boolean classified(Classification said, Truth truth, int by) {
    if (!LabelCounts.measurable(said, truth)) {
      return false;
    }
    String right = truth.label().orElse("");
    if (ofAll && !tooMany) {
      for (String label : said.labels()) {
        meet(label);
      }
    }
    labels.count(said, truth, by);
    logLosses.add(Scores.logLoss(said, right), by);
    if (binned) {
      Scores.calibration(bins, LabelCounts.label(Metric.ECE, schema), said, right, by);
    }
    scores.forEach(
        (label, kept) -> kept.add(said.score(label).orElse(0.0), right.equals(label), by));
    return true;
  }

  /** Makes room for the scores of a label; the rows before had none, which counts as 0. */
  private void meet(String label) {
    if (tooMany || met.contains(label)) {
      return;
    }
    if (met.size() == MOST_SCORED) {
      tooMany = true;
      return;
    }
    met.add(label);
    if (!scores.containsKey(label)) {
      long having = labels.isTrue(label);
      scores.put(label, new ScoreBins(having, labels.n() - having));
    }
  }

  private boolean predicted(Prediction prediction, Truth truth, int by) {
    double @Nullable [][] pair = pairing.pair(prediction, truth);
    if (pair == null) {
      return false;
    }
    int width = pair[0].length;
    double sum = 0.0;
    double sumOfMagnitudes = 0.0;
    double sumOfSquares = 0.0;
    double sumOfLogs = 0.0;
    boolean hasLogs = true;
    for (int k = 0; k < width; k++) {
      double error = pair[0][k] - pair[1][k];
      double apart = Outputs.logarithmic(pair[0][k], pair[1][k]);
      hasLogs &= !Double.isNaN(apart);
      sum += error;
      sumOfMagnitudes += Math.abs(error);
      sumOfSquares += error * error;
      sumOfLogs += apart * apart;
      if (explained.size() == k) {
        explained.add(new Explained());
        errors.add(new ErrorBins());
      }
      explained.get(k).add(pair[0][k], pair[1][k], by);
      if (ranked) {
        errors.get(k).add(error, by);
      }
    }
    signed.add(sum / width, by);
    absolute.add(sumOfMagnitudes / width, by);
    squared.add(sumOfSquares / width, by);
    if (hasLogs) {
      logarithmic.add(sumOfLogs / width, by);
    } else {
      negative += by;
    }
    return true;
  }

  /**
   * Takes all that another has taken.
   *
   * @param other of the same schema and metrics; it stays as it is
   * @throws IllegalArgumentException if it is this, of another schema, other metrics, another task or other outputs; nothing
   *     was taken then
   */
  public void merge(StreamingQuality other) {
    if (other == this) {
      throw new IllegalArgumentException("cannot merge a quality with itself");
    }
    if (!schema.equals(other.schema) || !more.equals(other.more)) {
      throw new IllegalArgumentException("cannot merge: wanted the schema and metrics of this, "
          + schema + " and " + more + ", got " + other.schema + " and " + other.more);
    }
    if (task != null && other.task != null && task != other.task) {
      throw new IllegalArgumentException(
          "cannot merge: wanted predictions of " + task + ", got " + other.task);
    }
    if (!pairing.fits(other.pairing)) {
      throw new IllegalArgumentException("cannot merge: wanted predictions of the same outputs");
    }
    task = task == null ? other.task : task;
    mergeScores(other);
    labels.add(other.labels);
    logLosses.add(other.logLosses);
    bins.add(other.bins);
    for (int i = 0; i < means.size(); i++) {
      means.get(i).add(other.means.get(i));
    }
    for (int i = 0; i < ratios.size(); i++) {
      ratios.get(i).add(other.ratios.get(i));
    }
    absolute.add(other.absolute);
    squared.add(other.squared);
    logarithmic.add(other.logarithmic);
    signed.add(other.signed);
    negative += other.negative;
    for (int k = 0; k < other.explained.size(); k++) {
      if (explained.size() == k) {
        explained.add(new Explained());
        errors.add(new ErrorBins());
      }
      explained.get(k).add(other.explained.get(k));
      errors.get(k).add(other.errors.get(k));
    }
  }

  private void mergeScores(StreamingQuality other) {
    tooMany |= other.tooMany;
    other.met.forEach(this::meet);
    scores.forEach((label, kept) -> {
      ScoreBins theirs = other.scores.get(label);
      if (theirs != null) {
        kept.add(theirs);
      } else {
        long having = other.labels.isTrue(label);
        kept.add(new ScoreBins(having, other.labels.n() - having));
      }
    });
  }

  /** {@return how many pairs could be measured} */
  public long n() {
    return task == Task.REGRESSION ? absolute.n() : labels.n();
  }

  /** {@return the confusion matrix: by true label, how often each label was predicted} */
  public Map<String, Map<String, Long>> confusion() {
    return labels.confusion();
  }

  /** {@return the quality by metric, in the order of {@link Metric}; empty if nothing can be measured} */
  public Map<Metric, Estimate> quality() {
    Map<Metric, Estimate> quality = new TreeMap<>();
    for (Metric metric : asked.counted) {
      labels.estimate(metric, schema).ifPresent(estimate -> quality.put(metric, estimate));
    }
    if (labels.n() > 0 && labels.scored()) {
      for (Metric metric : asked.scored) {
        scored(metric).ifPresent(estimate -> quality.put(metric, estimate));
      }
    }
    if (absolute.n() > 0) {
      for (Metric metric : asked.errors) {
        ofErrors(metric).ifPresent(estimate -> quality.put(metric, estimate));
      }
    }
    for (int i = 0; i < means.size(); i++) {
      RowMean mean = asked.means.get(i);
      if (labels.scored() || !mean.ofScores()) {
        mean.estimate(means.get(i), 1.0).ifPresent(estimate -> quality.put(mean.metric, estimate));
      }
    }
    for (int i = 0; i < ratios.size(); i++) {
      Metric metric = asked.ratios.get(i).metric;
      ratios.get(i).estimate().ifPresent(estimate -> quality.put(metric, estimate));
    }
    return Collections.unmodifiableMap(quality);
  }

  private Optional<Estimate> scored(Metric metric) {
    if (!isArea(metric)) {
      return metric.equals(Metric.ECE) ? bins.estimate() : Scores.logLoss(logLosses);
    }
    Optional<String> label = LabelCounts.label(metric, schema);
    if (label.isPresent()) {
      ScoreBins kept = scores.get(label.get());
      return kept == null
          ? Optional.empty()
          : Scores.area(metric, kept.ranks()).map(Ranks.Area::estimate);
    }
    return tooMany
        ? Optional.empty()
        : Scores.average(
            metric,
            met.stream().map(each -> requireNonNull(scores.get(each)).ranks()).toList());
  }

  private Optional<Estimate> ofErrors(Metric metric) {
    return switch (metric.family()) {
      case "mae" -> Outputs.mean(absolute, 1.0, false);
      case "bias" -> Outputs.mean(signed, 1.0, true);
      case "rmse" -> Outputs.root(squared, 1.0);
      case "rmsle" -> negative > 0 ? Optional.empty() : Outputs.root(logarithmic, 1.0);
      case "r2" -> explained();
      default -> quantile(metric.parameter().orElse(0.5));
    };
  }

  /** Of several outputs the standard error is at most the mean of theirs. */
  private Optional<Estimate> explained() {
    double value = 0.0;
    double se = 0.0;
    for (Explained output : explained) {
      if (!output.measurable()) {
        return Optional.empty();
      }
      value += output.value() / explained.size();
      se += output.standardError() / explained.size();
    }
    return Intervals.student(value, se, Double.NEGATIVE_INFINITY, 1.0, absolute.n());
  }

  private Optional<Estimate> quantile(double quantile) {
    double[] ends = new double[3];
    for (ErrorBins output : errors) {
      double[] ofOutput = output.quantile(quantile);
      for (int i = 0; i < ends.length; i++) {
        ends[i] += ofOutput[i] / errors.size();
      }
    }
    return Intervals.within(ends[1], ends[0], ends[2], 0.0, Double.POSITIVE_INFINITY, n());
  }

  /** {@return such as {@code quality of 1200 pairs}} */
  @Override
  public String toString() {
    return "quality of " + n() + " pairs";
  }
}
