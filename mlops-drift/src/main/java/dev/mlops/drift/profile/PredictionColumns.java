package dev.mlops.drift.profile;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.NumberProfile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Predictions as rows of a table, so that their distribution can be profiled and watched like any row's.
 *
 * <p>A {@link Classification} has the columns {@code label}; {@code score}, that of the positive label, if there is one; and {@code
 * confidence}, the score of the label that was chosen. A {@link Regression} has a column for each output, by its name; an {@link
 * AnomalyScore} {@code anomalous} ({@code yes}, {@code no}) and {@code score}. A score that a prediction does not have is missing, as
 * is everything of a prediction of another kind.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class PredictionColumns {
  private static final String LABEL = "label";
  private static final String SCORE = "score";
  private static final String CONFIDENCE = "confidence";
  private static final String ANOMALOUS = "anomalous";

  private final Schema schema;
  private final @Nullable String positive;

  private PredictionColumns(Schema schema, @Nullable String positive) {
    this.schema = schema;
    this.positive = positive;
  }

  /**
   * {@return the columns of predictions like one of them; empty for a kind of the host's own, and for quantities of which two have
   * one name}
   *
   * @param model says the positive label
   * @param example one of the predictions
   */
  public static Optional<PredictionColumns> like(Schema model, Prediction example) {
    List<Column> columns = new ArrayList<>();
    if (example instanceof Classification said) {
      columns.add(Column.category(LABEL));
      if (said.score().isPresent()) {
        if (model.positiveLabel().isPresent()) {
          columns.add(Column.number(SCORE));
        }
        columns.add(Column.number(CONFIDENCE));
      }
    } else if (example instanceof Regression said) {
      if (said.names().stream().distinct().count() < said.names().size()) {
        return Optional.empty();
      }
      said.names().forEach(name -> columns.add(Column.number(name)));
    } else if (example instanceof AnomalyScore) {
      columns.add(Column.category(ANOMALOUS));
      columns.add(Column.number(SCORE));
    } else {
      return Optional.empty();
    }
    return Optional.of(
        new PredictionColumns(Schema.of(columns), model.positiveLabel().orElse(null)));
  }

  /**
   * {@return the columns that a baseline profiled; empty if it profiled none}
   *
   * @param baseline with or without {@link Baseline#predictions()}
   */
  public static Optional<PredictionColumns> of(Baseline baseline) {
    List<Column> columns = new ArrayList<>();
    for (ColumnProfile profile : baseline.predictions()) {
      columns.add(
          profile instanceof NumberProfile
              ? Column.number(profile.column())
              : Column.category(profile.column()));
    }
    return columns.isEmpty()
        ? Optional.empty()
        : Optional.of(new PredictionColumns(
            Schema.of(columns), baseline.schema().positiveLabel().orElse(null)));
  }

  /**
   * {@return the baseline of predictions as rows, for a detector of rows; empty if a baseline profiled no predictions}
   *
   * @param baseline with or without {@link Baseline#predictions()}
   */
  public static Optional<Baseline> baseline(Baseline baseline) {
    return of(baseline).map(columns -> {
      Baseline.Builder rows = Baseline.builder(columns.schema).rows(baseline.rows());
      baseline.predictions().forEach(rows::column);
      return rows.build();
    });
  }

  /** {@return the columns} */
  public Schema schema() {
    return schema;
  }

  /**
   * Reads one prediction.
   *
   * @param prediction any
   * @param numbers one element per column; filled where the column is a number
   * @param categories one element per column; filled where the column is a category
   */
  public void read(Prediction prediction, double[] numbers, String[] categories) {
    for (int i = 0; i < schema.size(); i++) {
      String name = schema.column(i).name();
      if (schema.isNumber(i)) {
        numbers[i] = number(name, prediction);
      } else {
        categories[i] = category(prediction);
      }
    }
  }

  /**
   * {@return one prediction as a row}
   *
   * @param prediction any
   */
  public Row row(Prediction prediction) {
    double[] numbers = new double[schema.size()];
    String[] categories = new String[schema.size()];
    Arrays.fill(categories, "");
    read(requireNonNull(prediction, "prediction"), numbers, categories);
    return Row.of(schema, numbers, categories);
  }

  private double number(String name, Prediction prediction) {
    if (prediction instanceof Classification said) {
      boolean known = said.score().isPresent();
      return switch (name) {
        case SCORE -> known && positive != null ? said.score(positive).orElse(0.0) : Double.NaN;
        case CONFIDENCE -> said.score(said.label()).orElse(Double.NaN);
        default -> Double.NaN;
      };
    }
    if (prediction instanceof Regression said) {
      return said.names().contains(name) ? said.value(name) : Double.NaN;
    }
    return prediction instanceof AnomalyScore said && name.equals(SCORE)
        ? said.score()
        : Double.NaN;
  }

  private static String category(Prediction prediction) {
    if (prediction instanceof Classification said) {
      return said.label();
    }
    return prediction instanceof AnomalyScore said ? said.anomalous() ? "yes" : "no" : "";
  }

  /** {@return such as {@code predictions as [label (category), confidence (number)]}} */
  @Override
  public String toString() {
    return "predictions as " + schema;
  }
}
