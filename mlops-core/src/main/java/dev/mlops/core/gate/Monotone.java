package dev.mlops.core.gate;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.pack.GoldenExample;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The criterion that more in a column never lowers, or never raises, an output; made by {@link Criteria#direction}.
 *
 * <p>In up to 500 rows the number is replaced by greater ones that other rows have: the next, the middle one and the greatest. FAIL if the
 * output goes the wrong way once, by more than rounding. PASS if it never does, in 30 tries or more. INCONCLUSIVE with fewer.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class Monotone extends BuiltIn {
  private static final int MOST_ROWS = 500;
  private static final double RELATIVE = 1e-9;

  private final String column;
  private final String output;
  private final boolean up;
  private final double difference;
  private final double share;

  Monotone(String column, String output, boolean up, double difference, double share) {
    super("direction(\"" + MlopsException.shown(column) + "\")."
        + (up ? "neverLowers(\"" : "neverRaises(\"") + MlopsException.shown(output) + "\")"
        + Invariance.limits(difference, share));
    this.column = column;
    this.output = output;
    this.up = up;
    this.difference = difference;
    this.share = share;
  }

  /**
   * {@return the same criterion, by which the output may go the wrong way up to a tolerance}
   *
   * @param difference in units of the output; finite, at least 0; only rounding by default
   * @throws IllegalArgumentException if it is out of range
   */
  public Monotone within(double difference) {
    return new Monotone(column, output, up, requireDifference(difference), share);
  }

  /**
   * {@return the same criterion, by which the output may go the wrong way in so large a share of the tries}
   *
   * <p>FAIL when the whole 99 % interval of the share is above it.
   *
   * @param share at least 0, below 1; 0 by default
   * @throws IllegalArgumentException if it is out of range
   */
  public Monotone exceptShare(double share) {
    return new Monotone(column, output, up, difference, requireShare(share));
  }

  @Override
  void requireFits(Schema schema) {
    if (!schema.isNumber(schema.indexOf(column))) {
      throw new IllegalArgumentException("a direction must be of a column of numbers, but \""
          + MlopsException.shown(column) + "\" holds categories");
    }
  }

  @Override
  public Finding judge(Examination candidate) {
    if (!candidate.isLoaded()) {
      return notLoaded();
    }
    List<Row> rows = some(candidate, MOST_ROWS);
    if (rows.isEmpty()) {
      return share("went the wrong way", 0, 0, share, "");
    }
    requireFits(rows.get(0).schema());
    int at = rows.get(0).schema().indexOf(column);
    double[] values = values(rows, at);
    long tried = 0;
    long wrong = 0;
    long silent = 0;
    String example = "";
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      OptionalDouble before = value(candidate.answer(row).orElse(null));
      if (before.isEmpty()) {
        silent++;
        continue;
      }
      for (double more : greater(values, row.number(at))) {
        Row raised = new Changed(row).number(at, more).row();
        Reply reply = candidate.reply(raised);
        OptionalDouble after = value(reply.prediction());
        tried++;
        if (after.isEmpty() || wrong(before.getAsDouble(), after.getAsDouble())) {
          wrong++;
          if (example.isEmpty()) {
            List<String> shown =
                Figures.apart(before.getAsDouble(), after.orElse(before.getAsDouble()));
            example = "; the first in row " + position(i, rows.size(), candidate) + ": "
                + MlopsException.shown(output) + " from " + shown.get(0) + " to "
                + (after.isEmpty() ? reply.what() : shown.get(1));
          }
        }
      }
    }
    if (silent == rows.size()) {
      return Finding.inconclusive(
          "the candidate gave no \"" + MlopsException.shown(output) + "\" for any of " + silent
              + " rows: no label with a score and no quantity of that name");
    }
    return share("went the wrong way", wrong, tried, share, example);
  }

  private boolean wrong(double before, double after) {
    double allowed =
        difference == Invariance.ROUNDING ? RELATIVE * Math.max(1.0, Math.abs(before)) : difference;
    return up ? after < before - allowed : after > before + allowed;
  }

  private static double[] values(List<Row> rows, int column) {
    TreeSet<Double> values = new TreeSet<>();
    for (Row row : rows) {
      if (Double.isFinite(row.number(column))) {
        values.add(row.number(column) + 0.0);
      }
    }
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** The next greater value, the middle one of all greater ones, and the greatest. */
  private static double[] greater(double[] values, double value) {
    if (!Double.isFinite(value)) {
      return new double[0];
    }
    int found = Arrays.binarySearch(values, value + 0.0);
    int from = found >= 0 ? found + 1 : -found - 1;
    int left = values.length - from;
    return left <= 0
        ? new double[0]
        : Arrays.stream(new int[] {from, from + left / 2, values.length - 1})
            .distinct()
            .mapToDouble(i -> values[i])
            .toArray();
  }

  private OptionalDouble value(@Nullable Prediction said) {
    if (said instanceof Classification labels) {
      return labels.score(output);
    }
    if (said instanceof Regression values) {
      return values.names().contains(output)
          ? OptionalDouble.of(values.value(output))
          : OptionalDouble.empty();
    }
    return said instanceof AnomalyScore anomaly && output.equals(GoldenExample.SCORE)
        ? OptionalDouble.of(anomaly.score())
        : OptionalDouble.empty();
  }
}
