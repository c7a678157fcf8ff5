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
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Measures how good the newest so many predictions were: at any time what {@link Quality#of} says of them.
 *
 * <p>For a classifier the counts are kept up to date as pairs come, go and are corrected, so that asking costs one pass over
 * the log losses, some microseconds for 1,000 pairs. For a regression everything is measured anew, some tens of microseconds.
 * Asking again without a change costs nothing.
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
  private final Quality.Labels labels = new Quality.Labels();
  private final Set<Metric> more;
  private final List<Quality.RowMean> means;
  /** Losses by place of each of {@link #means}; NaN where a row does not count. */
  private final double[][] meanLosses;
  /** Log loss by place; NaN where a pair is left out. */
  private double[] losses;

  private long count;
  private Map<Metric, Estimate> quality = Map.of();
  private boolean stale;

  private QualityWindow(Schema schema, int capacity, Collection<Metric> more) {
    this.schema = requireNonNull(schema, "schema");
    this.capacity = capacity;
    this.more = Collections.unmodifiableSet(new TreeSet<>(more));
    this.means = Quality.RowMean.of(this.more, schema);
    this.meanLosses = new double[means.size()][Math.min(64, capacity)];
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
   * {@return an empty window that measures more metrics than {@link Metric#known()}}
   *
   * @param schema says the task, and the positive label if there is one
   * @param pairs how many it holds at most; at least 1
   * @param more as {@link Quality#of(Schema, List, List, Collection)} takes them; 8 bytes per pair and metric that is a mean
   *     of rows
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
    losses[place] = labels.count(prediction, truth, 1)
        ? Quality.Labels.loss((Classification) prediction, truth)
        : Double.NaN;
    for (int i = 0; i < meanLosses.length; i++) {
      meanLosses[i][place] = means.get(i).loss(prediction, truth);
    }
    stale = true;
  }

  /** {@return the quality by metric, in the order of {@link Metric}; empty if nothing can be measured} */
  public Map<Metric, Estimate> quality() {
    if (stale) {
      stale = false;
      Optional<Task> task = Quality.task(schema, predictions);
      Map<Metric, Estimate> measured = new TreeMap<>();
      if (task.filter(Task.CLASSIFICATION::equals).isPresent()) {
        labels.describe(schema, more, this::known, measured);
      } else {
        measured.putAll(Quality.of(schema, predictions, truths));
      }
      for (int i = 0; i < meanLosses.length; i++) {
        Metric metric = means.get(i).metric;
        if (task.filter(metric.task()::equals).isPresent()) {
          means
              .get(i)
              .estimate(meanLosses[i], predictions.size())
              .ifPresent(estimate -> measured.put(metric, estimate));
        }
      }
      quality = Collections.unmodifiableMap(measured);
    }
    return quality;
  }

  private double[] known() {
    double[] known = new double[predictions.size()];
    int n = 0;
    for (int i = 0; i < known.length; i++) {
      if (!Double.isNaN(losses[i])) {
        known[n++] = losses[i];
      }
    }
    return Arrays.copyOf(known, n);
  }
}
