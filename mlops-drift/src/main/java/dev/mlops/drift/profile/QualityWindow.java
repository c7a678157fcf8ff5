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
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Measures how good the newest predictions were: at any time what {@link Quality#of} says of the last n.
 *
 * <p>For a classifier counts of labels and the values of rows are kept up to date as pairs come, go and are corrected, so that
 * asking costs one pass over numbers. ROC AUC and average precision sort the scores of each label again, the calibration
 * error counts its bins again, and for a regression everything is measured anew: some tens to hundreds of microseconds for
 * 1,000 pairs. Asking again without a change costs nothing.
 *
 * <p><b>Input</b> is one pair of prediction and truth at a time; one that cannot be measured takes its place in the window and
 * is left out. Without a task in the schema the kind of the window's first place decides.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public final class QualityWindow {
  private final Schema schema;
  private final int capacity;
  private final List<Prediction> predictions = new ArrayList<>();
  private final List<Truth> truths = new ArrayList<>();
  private final LabelCounts labels = new LabelCounts();
  private final Asked asked;
  /** Losses by place of each mean that is asked for; NaN where a row does not count. */
  private final double[][] meanLosses;
  /** By ratio and place, what is above and below the line. */
  private final double[][][] ratioValues;
  /** Log loss by place; NaN where a pair is left out. */
  private double[] losses;

  private long count;
  private Map<Metric, Estimate> quality = Map.of();
  private boolean stale;

  private QualityWindow(Schema schema, int capacity, Collection<Metric> more) {
    this.schema = requireNonNull(schema, "schema");
    this.capacity = capacity;
    this.asked = new Asked(schema, more);
    this.meanLosses = new double[asked.means.size()][Math.min(64, capacity)];
    this.ratioValues = new double[asked.ratios.size()][Math.min(64, capacity)][];
    this.losses = new double[Math.min(64, capacity)];
  }

  /**
   * {@return an empty window}
   *
   * @param schema says the task, and the positive label if there is one
   * @param pairs how many it holds at most; at least 1
   * @throws IllegalArgumentException if that is below 1
   */
  public static QualityWindow of(Schema schema, int pairs) {
    return of(schema, pairs, List.of());
  }

  /**
   * {@return an empty window that measures more metrics than {@link Metric#defaults()}}
   *
   * @param schema says the task, and the positive label if there is one
   * @param pairs how many it holds at most; at least 1
   * @param more as {@link Quality#of(Schema, List, List, Collection)} takes them; 8 bytes per pair and metric that is a mean
   *     of rows, 40 for a ratio
   * @throws IllegalArgumentException if that is below 1
   */
  public static QualityWindow of(Schema schema, int pairs, Collection<Metric> more) {
    if (pairs < 1) {
      throw new IllegalArgumentException("pairs must be >= 1, but was " + pairs);
    }
    return new QualityWindow(schema, pairs, more);
  }

  /**
   * Takes a pair, in place of the oldest if the window is full.
   *
   * @param prediction what was predicted
   * @param truth what turned out right
   * @return its number, from 0: how many came before it
   */
  public long add(Prediction prediction, Truth truth) {
    int place = (int) (count % capacity);
    if (place == predictions.size()) {
      predictions.add(prediction);
      truths.add(truth);
      if (place == losses.length) {
        int room = (int) Math.min(capacity, 2L * losses.length);
        losses = Arrays.copyOf(losses, room);
        for (int i = 0; i < meanLosses.length; i++) {
          meanLosses[i] = Arrays.copyOf(meanLosses[i], room);
        }
        for (int i = 0; i < ratioValues.length; i++) {
          ratioValues[i] = Arrays.copyOf(ratioValues[i], room);
        }
      }
      measure(place);
    } else {
      put(place, prediction, truth);
    }
    return count++;
  }

  /**
   * Replaces the truth of a pair, if it is still in the window.
   *
   * @param number what {@link #add} returned
   * @param truth what turned out right after all
   */
  public void correct(long number, Truth truth) {
    if (number >= Math.max(0, count - capacity) && number < count) {
      int place = (int) (number % capacity);
      put(place, predictions.get(place), truth);
    }
  }

  private void put(int place, Prediction prediction, Truth truth) {
    labels.count(predictions.get(place), truths.get(place), -1);
    predictions.set(place, prediction);
    truths.set(place, truth);
    measure(place);
  }

  private void measure(int place) {
    Prediction prediction = predictions.get(place);
    Truth truth = truths.get(place);
    boolean counted = labels.count(prediction, truth, 1);
    losses[place] = counted
        ? Scores.logLoss((Classification) prediction, truth.label().orElse(""))
        : Double.NaN;
    for (int i = 0; i < meanLosses.length; i++) {
      RowMean mean = asked.means.get(i);
      meanLosses[i][place] =
          counted || !mean.ofScores() ? mean.loss(prediction, truth) : Double.NaN;
    }
    for (int i = 0; i < ratioValues.length; i++) {
      ratioValues[i][place] = asked.ratios.get(i).values(prediction, truth);
    }
    stale = true;
  }

  /** {@return the quality by metric, in the order of {@link Metric}; empty if nothing can be measured} */
  public Map<Metric, Estimate> quality() {
    if (stale) {
      stale = false;
      Map<Metric, Estimate> measured = new TreeMap<>();
      Quality.task(schema, predictions).ifPresent(task -> measure(task, measured));
      quality = Collections.unmodifiableMap(measured);
    }
    return quality;
  }

  private void measure(Task task, Map<Metric, Estimate> measured) {
    boolean[] usable = new boolean[predictions.size()];
    if (task == Task.CLASSIFICATION) {
      Quality.labels(
          schema, asked, labels, () -> Moments.of(losses, usable.length), this::scores, measured);
    } else if (task == Task.REGRESSION) {
      Outputs outputs = new Outputs();
      for (int i = 0; i < usable.length; i++) {
        usable[i] = outputs.add(predictions.get(i), truths.get(i));
      }
      Quality.errors(asked, outputs, measured);
    }
    for (int i = 0; i < meanLosses.length; i++) {
      RowMean mean = asked.means.get(i);
      if (mean.metric.task() != task || (mean.ofScores() && !labels.scored())) {
        continue;
      }
      double[] values = meanLosses[i];
      if (task == Task.REGRESSION && mean.ours) {
        values = values.clone();
        for (int place = 0; place < usable.length; place++) {
          values[place] = usable[place] ? values[place] : Double.NaN;
        }
      }
      mean.estimate(values, usable.length)
          .ifPresent(estimate -> measured.put(mean.metric, estimate));
    }
    for (int i = 0; i < ratioValues.length; i++) {
      RowRatio ratio = asked.ratios.get(i);
      if (ratio.metric.task() == task) {
        RowRatio.Sums sums = new RowRatio.Sums();
        for (int place = 0; place < usable.length; place++) {
          sums.add(ratioValues[i][place]);
        }
        sums.estimate().ifPresent(estimate -> measured.put(ratio.metric, estimate));
      }
    }
    for (OfOutcomes measure : asked.outcomes) {
      if (measure.metric.task() == task) {
        measure
            .estimate(predictions, truths)
            .ifPresent(estimate -> measured.put(measure.metric, estimate));
      }
    }
  }

  /** {@return the confusion matrix: by true label, how often each label was predicted} */
  public Map<String, Map<String, Long>> confusion() {
    return labels.confusion();
  }

  private Scores scores() {
    Scores scores = new Scores();
    for (int i = 0; i < predictions.size(); i++) {
      if (!Double.isNaN(losses[i])) {
        scores.add(predictions.get(i), truths.get(i));
      }
    }
    return scores;
  }
}
