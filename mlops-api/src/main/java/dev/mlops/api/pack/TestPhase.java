package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a model answered to rows that it was not trained on.
 *
 * <p>Each row is predicted once, when the phase is made. Everything that wants to know how good the model is on these rows
 * reads the answers from here: the choice of a training window, the baseline and the golden examples of the package, and the
 * gate.
 *
 * <p>An answer is usable if it is not null, finite, and of the kind and the outputs that the row's truth {@linkplain
 * Truth#isFor is for}. Where the model gave none or threw, the row has no prediction and is counted as a failure; nothing is
 * thrown on.
 *
 * <p>Immutable and thread-safe, if the rows are.
 *
 * @since 0.1
 */
@Beta
public final class TestPhase {
  private final List<Labelled<Row>> rows;
  /** One per row, null where there is none. */
  private final List<@Nullable Prediction> predictions;
  /** Of the rows that have a prediction, in order. */
  private final long[] nanos;

  private final @Nullable String firstFailure;
  private final Set<Metric> metrics;

  private TestPhase(
      List<Labelled<Row>> rows,
      List<@Nullable Prediction> predictions,
      long[] nanos,
      @Nullable String firstFailure,
      Set<Metric> metrics) {
    this.metrics = Collections.unmodifiableSet(new LinkedHashSet<>(metrics));
    this.rows = rows;
    this.predictions = predictions;
    this.nanos = nanos;
    this.firstFailure = firstFailure;
  }

  /**
   * {@return what a model answers, asked once for each row, in order, on the calling thread}
   *
   * @param model what is tested
   * @param rows at least one, none of them trained on
   * @param ticker nanoseconds from any origin, never falling
   * @throws IllegalArgumentException if there is no row
   */
  public static TestPhase of(Model model, List<Labelled<Row>> rows, LongSupplier ticker) {
    requireNonNull(model, "model");
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("cannot test: wanted at least one row, got none");
    }
    List<Labelled<Row>> asked = List.copyOf(rows);
    List<@Nullable Prediction> predictions = new ArrayList<>(asked.size());
    long[] nanos = new long[asked.size()];
    int answered = 0;
    String failure = null;
    for (Labelled<Row> row : asked) {
      Prediction said = null;
      boolean usable = false;
      String why;
      long start = ticker.getAsLong();
      try {
        said = model.predict(row.input());
        boolean finite = said != null && said.isFinite();
        usable = said != null && finite && row.truth().isFor(said);
        why = said == null
            ? "null"
            : finite ? other(said, row.truth()) : "a score that is not finite";
      } catch (RuntimeException | LinkageError | StackOverflowError e) { // judged, not obeyed
        why = e.getClass().getSimpleName()
            + (e.getMessage() == null ? "" : " (" + MlopsException.shown(e.getMessage()) + ")");
      }
      long took = Math.max(0, ticker.getAsLong() - start);
      if (usable && said != null) {
        predictions.add(said);
        nanos[answered++] = took;
      } else {
        predictions.add(null);
        failure = failure == null ? why : failure;
      }
    }
    return new TestPhase(
        asked,
        Collections.unmodifiableList(predictions),
        Arrays.copyOf(nanos, answered),
        failure,
        Set.of());
  }

  /** What is wrong with an answer that the truth is not for. */
  private static String other(Prediction said, Truth truth) {
    String wanted =
        truth.label().isPresent() ? "a label" : "outputs " + truth.values().keySet();
    return (said instanceof Regression quantities
            ? "outputs " + quantities.names()
            : "a " + said.getClass().getSimpleName())
        + " where the truth has " + MlopsException.shown(wanted);
  }

  /**
   * {@return the same answers, to be measured by more metrics than {@link Metric#defaults()}: those that conditions will hold
   * against the baseline}
   *
   * @param more such as {@code Metric.recall("fraud")} or the host's own, beside those of {@link #metrics()}
   */
  public TestPhase measuring(Metric... more) {
    Set<Metric> all = new LinkedHashSet<>(metrics);
    Collections.addAll(all, more);
    return new TestPhase(rows, predictions, nanos, firstFailure, all);
  }

  /**
   * {@return the same answers, with the labels that thresholds give; this phase if there are none}
   *
   * @param thresholds of the package that the model goes into
   * @throws IllegalArgumentException if one is of a label that the model does not score
   */
  public TestPhase deciding(DecisionThresholds thresholds) {
    if (thresholds.isEmpty()) {
      return this;
    }
    List<@Nullable Prediction> decided = new ArrayList<>(predictions.size());
    for (Prediction said : predictions) {
      if (said != null) {
        thresholds.requireFit(said);
      }
      decided.add(said == null ? null : thresholds.decide(said));
    }
    return new TestPhase(rows, Collections.unmodifiableList(decided), nanos, firstFailure, metrics);
  }

  /** {@return the metrics that the baseline holds beside {@link Metric#defaults()}} */
  public Set<Metric> metrics() {
    return metrics;
  }

  /**
   * {@return the rows, in the order in which they were asked}
   */
  public List<Labelled<Row>> rows() {
    return rows;
  }

  /**
   * {@return how many rows there are; at least 1}
   */
  public int size() {
    return rows.size();
  }

  /**
   * {@return the usable answer to a row, if there was one}
   *
   * @param row its index, from 0
   * @throws IndexOutOfBoundsException if there is no such row
   */
  public Optional<Prediction> prediction(int row) {
    return Optional.ofNullable(predictions.get(row));
  }

  /**
   * {@return how many rows have no usable answer}
   */
  public int failures() {
    return rows.size() - nanos.length;
  }

  /**
   * {@return what the model did instead of giving the first usable answer that is missing, such as {@code
   * IllegalStateException (bug)}; empty if none is missing}
   */
  public Optional<String> firstFailure() {
    return Optional.ofNullable(firstFailure);
  }

  /**
   * {@return how long the usable answers took, one call after the other; empty if there was none}
   */
  public Optional<Latency> latency() {
    return nanos.length == 0 ? Optional.empty() : Optional.of(Latency.of(nanos));
  }

  /**
   * {@return evenly spaced rows with their usable answers, as examples that any later load must answer alike}
   *
   * @param atMost how many; at least 0
   */
  public List<GoldenExample> examples(int atMost) {
    List<GoldenExample> chosen = new ArrayList<>();
    int wanted = Math.min(atMost, nanos.length);
    int seen = 0;
    for (int i = 0; i < rows.size() && chosen.size() < wanted; i++) {
      Prediction said = predictions.get(i);
      if (said != null && seen++ == (long) chosen.size() * nanos.length / wanted) {
        chosen.add(new GoldenExample(rows.get(i).input(), said));
      }
    }
    return List.copyOf(chosen);
  }

  /** {@return such as {@code 200 rows, 3 without a usable answer}} */
  @Override
  public String toString() {
    return rows.size() + " rows, " + failures() + " without a usable answer";
  }
}
