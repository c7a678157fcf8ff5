package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An input with the prediction that the model gave when it was packaged, or that somebody wrote down by hand; any later load
 * must give it again.
 *
 * <p>Outputs have names: the labels of a classification, the names of a regression, {@value #SCORE} of an anomaly score. A
 * label, and whether something is anomalous, must be equal. A score or value may differ by the tolerance of its output; one
 * without a tolerance of its own by 1e-9 relative to the larger of 1 and its size.
 *
 * <p>Immutable.
 *
 * @param row the input; copied
 * @param expected the prediction
 * @param tolerances by how much an output may differ, absolutely, by its name; finite, at least 0; copied
 * @since 0.1
 */
public record GoldenExample(Row row, Prediction expected, SortedMap<String, Double> tolerances) {
  /** The output of an anomaly score: {@value}. */
  public static final String SCORE = "score";

  /** By how much an output without a tolerance of its own may differ, relative to the larger of 1 and its size. */
  private static final double RELATIVE = 1e-9;

  /**
   * Takes a copy of the row and the tolerances.
   *
   * @throws IllegalArgumentException if a tolerance is out of range, or of an output that the prediction has not
   */
  public GoldenExample {
    row = Row.copyOf(row);
    requireNonNull(expected, "expected");
    tolerances = Collections.unmodifiableSortedMap(new TreeMap<>(tolerances));
    List<String> outputs = outputs(expected);
    tolerances.forEach((output, tolerance) -> {
      if (!(tolerance >= 0.0) || tolerance == Double.POSITIVE_INFINITY) {
        throw new IllegalArgumentException("the tolerance of output \""
            + MlopsException.shown(output) + "\" must be finite and >= 0, but was " + tolerance);
      }
      if (!outputs.contains(output)) {
        throw new IllegalArgumentException("a tolerance is for output \""
            + MlopsException.shown(output) + "\", but the expected prediction has the outputs "
            + MlopsException.shown(outputs.toString()));
      }
    });
  }

  /**
   * An input with a prediction that must be given again exactly, but for rounding.
   *
   * @param row the input; copied
   * @param expected the prediction
   */
  public GoldenExample(Row row, Prediction expected) {
    this(row, expected, Collections.emptySortedMap());
  }

  /**
   * {@return the same example, with a tolerance for one output}
   *
   * @param output its name
   * @param tolerance by how much it may differ; finite, at least 0
   * @throws IllegalArgumentException if it is out of range, or the prediction has no such output
   */
  public GoldenExample within(String output, double tolerance) {
    SortedMap<String, Double> all = new TreeMap<>(tolerances);
    all.put(output, tolerance);
    return new GoldenExample(row, expected, all);
  }

  /**
   * {@return whether a prediction is the expected one, within the tolerances}
   *
   * @param answer what a model gave; null is not
   */
  public boolean matches(@Nullable Prediction answer) {
    if (expected instanceof Classification wanted && answer instanceof Classification got) {
      return wanted.label().equals(got.label())
          && wanted.labels().stream()
              .allMatch(label -> close(label, wanted.score(label), got.score(label)));
    }
    if (expected instanceof Regression wanted && answer instanceof Regression got) {
      return wanted.names().equals(got.names())
          && wanted.names().stream()
              .allMatch(name -> close(name, wanted.value(name), got.value(name)));
    }
    if (expected instanceof AnomalyScore wanted && answer instanceof AnomalyScore got) {
      return wanted.anomalous() == got.anomalous() && close(SCORE, wanted.score(), got.score());
    }
    return expected.equals(answer);
  }

  private boolean close(String output, OptionalDouble wanted, OptionalDouble got) {
    return wanted.isPresent() == got.isPresent()
        && (wanted.isEmpty() || close(output, wanted.getAsDouble(), got.getAsDouble()));
  }

  private boolean close(String output, double wanted, double got) {
    double allowed = tolerances.getOrDefault(output, RELATIVE * Math.max(1.0, Math.abs(wanted)));
    return Math.abs(wanted - got) <= allowed;
  }

  private static List<String> outputs(Prediction expected) {
    if (expected instanceof Classification labels) {
      return labels.score().isEmpty() ? List.of() : labels.labels();
    }
    return expected instanceof Regression values
        ? values.names()
        : expected instanceof AnomalyScore ? List.of(SCORE) : List.of();
  }
}
