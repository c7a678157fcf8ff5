package dev.mlops.testkit;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.ToDoubleBiFunction;

/**
 * What a retraining loop is compared with, on the same labelled stream: never retraining, retraining by a schedule, at
 * random, and repeating the last known truth.
 *
 * <p>Rows are served in order after the initial ones; the truth of row i is known just before row i + delay is served. One
 * model is trained at every grid point on what is known there, once, and its errors on all later rows are kept as running
 * counts, one a grid point: a schedule is then a walk over those counts, and two hundred random ones take milliseconds.
 *
 * <p>Every result is a share of wrong answers over the served rows, 0 to 1.
 *
 * <p>Immutable once trained, and thread-safe.
 *
 * @since 0.1
 */
public final class RetrainRehearsal {
  /**
   * The errors of many random schedules.
   *
   * <p>Immutable.
   *
   * @param mean their mean
   * @param low their 5 % quantile, by nearest rank
   * @param high their 95 % quantile, by nearest rank
   * @param schedules how many there were
   * @since 0.1
   */
  public record Band(double mean, double low, double high, int schedules) {
    /** {@return such as {@code 0.251 (0.244 to 0.259 for 90 % of 200)}} */
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT, "%.3f (%.3f to %.3f for 90 %% of %d)", mean, low, high, schedules);
    }
  }

  private final List<Labelled<Row>> rows;
  private final int initial;
  private final int delay;

  /** By grid point: errors of its model from that point to itself, to the next one and so on, and to the end. */
  private final List<double[]> errors;

  /** What a prediction costs when a truth has come. */
  private final ToDoubleBiFunction<Prediction, Truth> loss;

  private RetrainRehearsal(
      List<Labelled<Row>> rows,
      int initial,
      int delay,
      List<double[]> errors,
      ToDoubleBiFunction<Prediction, Truth> loss) {
    this.loss = loss;
    this.rows = rows;
    this.initial = initial;
    this.delay = delay;
    this.errors = errors;
  }

  /**
   * Trains a model at every grid point.
   *
   * @param rows the stream, in order; not copied, so that it may be a view of a large table: must not change
   * @param initial how many rows are known before the first is served; at least {@code delay}, fewer than there are
   * @param delay after how many rows a truth is known; at least 1
   * @param step rows between two grid points; at least 1
   * @param trainer makes a classifier from the rows that are known, oldest first; called from several threads if the
   *     executor has them
   * @param executor trains
   * @return the rehearsal, once all models are trained
   * @throws IllegalArgumentException if a number is out of range
   */
  public static RetrainRehearsal of(
      List<Labelled<Row>> rows,
      int initial,
      int delay,
      int step,
      Function<List<Labelled<Row>>, Model> trainer,
      Executor executor) {
    return of(rows, initial, delay, step, trainer, executor, RetrainRehearsal::wrong);
  }

  /**
   * Trains a model of any task at every grid point; where the other methods say error, the mean loss is meant.
   *
   * @param rows the stream, in order; not copied, so that it may be a view of a large table: must not change
   * @param initial how many rows are known before the first is served; at least {@code delay}, fewer than there are
   * @param delay after how many rows a truth is known; at least 1
   * @param step rows between two grid points; at least 1
   * @param trainer makes a model from the rows that are known, oldest first; called from several threads if the executor has
   *     them
   * @param executor trains
   * @param loss what a prediction costs when a truth has come; finite, at least 0
   * @return the rehearsal, once all models are trained
   * @throws IllegalArgumentException if a number is out of range
   */
  public static RetrainRehearsal of(
      List<Labelled<Row>> rows,
      int initial,
      int delay,
      int step,
      Function<List<Labelled<Row>>, Model> trainer,
      Executor executor,
      ToDoubleBiFunction<Prediction, Truth> loss) {
    if (delay < 1 || step < 1 || initial < delay || initial >= rows.size()) {
      throw new IllegalArgumentException(
          "wanted 1 <= delay <= initial < rows and step >= 1, got delay " + delay + ", initial "
              + initial + ", " + rows.size() + " rows, step " + step);
    }
    requireNonNull(trainer, "trainer");
    requireNonNull(loss, "loss");
    List<Labelled<Row>> stream = Collections.unmodifiableList(rows);
    List<CompletableFuture<double[]>> running = new ArrayList<>();
    for (int at = initial; at < stream.size(); at += step) {
      int from = at;
      int known = Math.max(initial, at - delay + 1);
      running.add(CompletableFuture.supplyAsync(
          () -> sums(trainer.apply(stream.subList(0, known)), stream, from, step, loss), executor));
    }
    return new RetrainRehearsal(
        stream, initial, delay, running.stream().map(CompletableFuture::join).toList(), loss);
  }

  private static double[] sums(
      Model model,
      List<Labelled<Row>> rows,
      int from,
      int step,
      ToDoubleBiFunction<Prediction, Truth> loss) {
    double[] sums = new double[(rows.size() - from + step - 1) / step + 1];
    double sum = 0;
    for (int i = from; i < rows.size(); i++) {
      if ((i - from) % step == 0) {
        sums[(i - from) / step] = sum;
      }
      sum += loss.applyAsDouble(model.predict(rows.get(i).input()), rows.get(i).truth());
    }
    sums[sums.length - 1] = sum;
    return sums;
  }

  private static double wrong(Prediction prediction, Truth truth) {
    return prediction instanceof Classification said && truth.matches(said) ? 0 : 1;
  }

  private double share(double sum) {
    return sum / (rows.size() - initial);
  }

  /**
   * {@return the error of the model that was trained on the initial rows}
   */
  public double never() {
    return walk(List.of());
  }

  /**
   * {@return the error of one model over all served rows}
   *
   * @param model any of the task
   */
  public double always(Model model) {
    return share(sums(model, rows, initial, rows.size(), loss)[1]);
  }

  /**
   * {@return the error of answering each row with the newest truth that is known}
   */
  public double noChange() {
    double sum = 0;
    for (int i = initial; i < rows.size(); i++) {
      Truth known = rows.get(i - delay).truth();
      Prediction same = known.label().isPresent()
          ? Classification.of(known.label().get())
          : Regression.of(known.values());
      sum += loss.applyAsDouble(same, rows.get(i).truth());
    }
    return share(sum);
  }

  /**
   * {@return the error of retraining so often, evenly spread}
   *
   * @param retrains how often; at least 0; at most once per grid point after the first
   */
  public double schedule(int retrains) {
    int points = Math.min(retrains, errors.size() - 1);
    TreeSet<Integer> at = new TreeSet<>();
    for (int k = 1; k <= points; k++) {
      at.add((int) Math.round((double) k * errors.size() / (points + 1)));
    }
    at.remove(0);
    at.removeIf(point -> point >= errors.size());
    return walk(at);
  }

  /**
   * {@return the errors of retraining so often at random grid points}
   *
   * @param retrains how often; at least 0; at most once per grid point after the first
   * @param schedules how many random schedules; at least 1
   * @param seed of the draws
   */
  public Band random(int retrains, int schedules, long seed) {
    double[] all = new double[schedules];
    int later = errors.size() - 1;
    for (int i = 0; i < schedules; i++) {
      SplittableRandom random = new SplittableRandom(seed * 1_000_003 + i);
      TreeSet<Integer> at = new TreeSet<>();
      while (at.size() < Math.min(retrains, later)) {
        at.add(1 + random.nextInt(later));
      }
      all[i] = walk(at);
    }
    Arrays.sort(all);
    return new Band(
        Arrays.stream(all).average().orElseThrow(), rank(all, 0.05), rank(all, 0.95), schedules);
  }

  private static double rank(double[] sorted, double share) {
    return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
  }

  /** The error of the first model up to the first of these grid points, of that one's up to the next, and so on. */
  private double walk(Iterable<Integer> points) {
    int now = 0;
    double sum = 0;
    for (int point : points) {
      sum += errors.get(now)[point - now];
      now = point;
    }
    double[] last = errors.get(now);
    return share(sum + last[last.length - 1]);
  }

  /**
   * {@return how many models were trained}
   */
  public int models() {
    return errors.size();
  }

  @Override
  public String toString() {
    return "rehearsal of " + (rows.size() - initial) + " rows with " + errors.size() + " models";
  }
}
