package dev.mlops.testkit.streams;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * A learner tested on each row and then taught it, with the truth a number of rows late, and replaced by a new one at each alarm.
 *
 * <p>Before row i is answered, the truth of row i − delay becomes known: a detector is shown 1 if that answer was wrong and 0
 * if it was right; at an alarm the learner is replaced by a new one; then the learner is taught the row. An answer of a
 * learner that has been replaced is no longer shown to the detector. An alarm's position is that of the newest row that had
 * been answered. Every row counts in the accuracy.
 *
 * <p>Accuracy is no score of a detector where the truths follow one another: on Elec2 the answer "as last time" is right in
 * 85.33 % of the rows, so read it beside {@link #noChange()}, and with the delay that a host has.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Prequential {
  /**
   * A classifier that learns row by row.
   *
   * <p>Confined to one thread.
   *
   * @since 0.1
   */
  public interface Learner {
    /**
     * {@return a label}
     *
     * @param row to answer
     */
    String predict(Row row);

    /**
     * Learns a row.
     *
     * @param row that was answered
     * @param label its truth
     */
    void learn(Row row, String label);
  }

  /**
   * What a run came to.
   *
   * <p>Immutable.
   *
   * @param rows how many were answered
   * @param right how many answers were right
   * @param alarms positions of the alarms, ascending
   * @since 0.1
   */
  public record Run(int rows, int right, List<Integer> alarms) {
    /** Copies the alarms. */
    public Run {
      alarms = List.copyOf(alarms);
    }

    /**
     * {@return the share of right answers, 0 to 1}
     */
    public double accuracy() {
      return right / (double) rows;
    }

    /** {@return such as {@code accuracy 85.3284 % of 45312 rows, 3 alarms}} */
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "accuracy %.4f %% of %d rows, %d alarms",
          100 * accuracy(),
          rows,
          alarms.size());
    }
  }

  /** Whether there is an alarm at a position, where an answer was shown to be wrong or right. */
  @FunctionalInterface
  interface Trigger {
    boolean alarm(int position, double error);
  }

  private final List<Labelled<Row>> rows;
  private final String[] truths;
  private final List<String> labels;
  private final int delay;

  private Prequential(List<Labelled<Row>> rows, String[] truths, List<String> labels, int delay) {
    this.rows = rows;
    this.truths = truths;
    this.labels = labels;
    this.delay = delay;
  }

  /**
   * {@return an evaluation on these rows, the truth of each known before the next}
   *
   * @param rows a stream with a label each, in order; at least one
   * @throws IllegalArgumentException if there is none, or a truth is no label
   */
  public static Prequential of(List<Labelled<Row>> rows) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("wanted at least one row, got none");
    }
    List<Labelled<Row>> all = List.copyOf(rows);
    String[] truths = new String[all.size()];
    for (int i = 0; i < truths.length; i++) {
      int position = i;
      truths[i] = all.get(i)
          .truth()
          .label()
          .orElseThrow(() -> new IllegalArgumentException(
              "wanted a label for every row, got a quantity for row " + position));
    }
    return new Prequential(all, truths, List.copyOf(new TreeSet<>(Arrays.asList(truths))), 1);
  }

  /**
   * {@return the same with a later truth}
   *
   * @param rows the truth of row i is known before row i + {@code rows} is answered; at least 1
   */
  public Prequential truthDelay(int rows) {
    ValueStream.requireAtLeast("the delay of the truth", rows, 1);
    return new Prequential(this.rows, truths, labels, rows);
  }

  /**
   * {@return the labels of the rows, in the order of their names}
   */
  public List<String> labels() {
    return labels;
  }

  int size() {
    return truths.length;
  }

  /**
   * {@return what a learner comes to that is never replaced}
   *
   * @param learner makes one, given {@link #labels()}
   */
  public Run run(Function<List<String>, ? extends Learner> learner) {
    return run(learner, (position, error) -> false);
  }

  /**
   * {@return what a learner comes to that is replaced at each alarm}
   *
   * @param learner makes one, given {@link #labels()}
   * @param baseline how many errors are collected before there is a detector; at least 0
   * @param detector makes it, given those errors (1 or 0 each); it is shown the later ones
   */
  public Run run(
      Function<List<String>, ? extends Learner> learner,
      int baseline,
      Function<double[], ? extends ValueDetector> detector) {
    return run(learner, watch(baseline, detector));
  }

  /**
   * {@return what the answer "as the newest truth that is known" comes to; before any is known, the first label by name}
   */
  public Run noChange() {
    return run(Last::new);
  }

  /**
   * {@return what the answer "the most frequent of the truths that are known" comes to; of equally frequent ones, the first
   * by name}
   */
  public Run majority() {
    return run(Majority::new);
  }

  /** A detector that is made once its baseline is there. */
  static Trigger watch(int baseline, Function<double[], ? extends ValueDetector> detector) {
    ValueStream.requireAtLeast("baseline", baseline, 0);
    requireNonNull(detector, "detector");
    double[] errors = new double[baseline];
    List<ValueDetector> made = new ArrayList<>(1);
    int[] seen = {0};
    return (position, error) -> {
      if (seen[0] < baseline) {
        errors[seen[0]++] = error;
        return false;
      }
      if (made.isEmpty()) {
        made.add(requireNonNull(detector.apply(errors), "detector"));
      }
      return made.get(0).update(error) == Level.DRIFT;
    };
  }

  /** Alarms at fixed positions; one that fell between two answers comes at the later one. */
  static Trigger at(List<Integer> positions) {
    int[] next = {0};
    return (position, error) -> {
      boolean due = next[0] < positions.size() && position >= positions.get(next[0]);
      next[0] += due ? 1 : 0;
      return due;
    };
  }

  Run run(Function<List<String>, ? extends Learner> learner, Trigger trigger) {
    List<Integer> alarms = new ArrayList<>();
    boolean[] wrong = new boolean[truths.length];
    int right = 0;
    int born = 0; // the first row that the learner answered
    Learner now = requireNonNull(learner.apply(labels), "learner");
    for (int i = 0; i < truths.length; i++) {
      int known = i - delay;
      if (known >= 0) {
        if (known >= born && trigger.alarm(i - 1, wrong[known] ? 1 : 0)) {
          alarms.add(i - 1);
          now = requireNonNull(learner.apply(labels), "learner");
          born = i;
        }
        now.learn(rows.get(known).input(), truths[known]);
      }
      wrong[i] = !truths[i].equals(now.predict(rows.get(i).input()));
      right += wrong[i] ? 0 : 1;
    }
    return new Run(truths.length, right, alarms);
  }

  private static final class Last implements Learner {
    private String last;

    Last(List<String> labels) {
      last = labels.get(0);
    }

    @Override
    public String predict(Row row) {
      return last;
    }

    @Override
    public void learn(Row row, String label) {
      last = label;
    }
  }

  private static final class Majority implements Learner {
    private final List<String> labels;
    private final int[] counts;

    Majority(List<String> labels) {
      this.labels = labels;
      this.counts = new int[labels.size()];
    }

    @Override
    public String predict(Row row) {
      int most = 0;
      for (int i = 1; i < counts.length; i++) {
        most = counts[i] > counts[most] ? i : most;
      }
      return labels.get(most);
    }

    @Override
    public void learn(Row row, String label) {
      counts[labels.indexOf(label)]++;
    }
  }

  /** {@return such as {@code 45312 rows, truth 48 rows late, labels [DOWN, UP]}} */
  @Override
  public String toString() {
    return truths.length + " rows, truth " + delay + " rows late, "
        + (labels.size() <= 10 ? "labels " + labels : labels.size() + " labels");
  }
}
