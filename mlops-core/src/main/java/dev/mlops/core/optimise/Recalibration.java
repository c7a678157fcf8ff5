package dev.mlops.core.optimise;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.DecisionThresholds;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.core.gate.ModelSource;
import dev.mlops.core.internal.guard.Closing;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.pack.TrainedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes a new version of a package without training: the same weights with another calibration, with other decision thresholds,
 * or with both.
 *
 * <pre>{@code
 * Trained candidate = Recalibration.of(store.open(champion), deployment)
 *     .deciding(new ErrorCosts(1, 20))
 *     .train(matured);
 * ModelPackage next = candidate.testedOn(newer).asPackage("fraud"); // the weights' blobs are those of the champion
 * }</pre>
 *
 * <p>The model answers the rows without its old calibration and thresholds; the calibration is fitted to these scores. The method
 * is Platt's below 1,000 rows and for more than two labels, whose curves rule labels out, and isotonic else, unless another is
 * given. Rows without a usable answer are left out.
 *
 * <p>A package of it has runtime, weights, settings, libraries, environment, provenance and files of the package that it comes
 * from, {@code recalibrated.from} in its provenance, and a baseline, examples and a model card of its own.
 *
 * <p>Immutable. Thread-safe if the source of models is.
 *
 * @since 0.1
 */
@Beta
public final class Recalibration implements ModelTrainer {
  /** The item of provenance that holds the digest of the package whose weights it has. */
  public static final String FROM = "recalibrated.from";

  /** Fewer rows fit nothing. */
  static final int FEWEST = 50;

  /** From so many rows on a curve is fitted better than a line. */
  private static final int CURVE = 1_000;

  private final ModelPackage champion;
  private final ModelSource source;
  private final boolean fitting;
  private final Calibration.@Nullable Method method;
  private final @Nullable ErrorCosts costs;

  private Recalibration(
      ModelPackage champion,
      ModelSource source,
      boolean fitting,
      Calibration.@Nullable Method method,
      @Nullable ErrorCosts costs) {
    this.champion = champion;
    this.source = source;
    this.fitting = fitting;
    this.method = method;
    this.costs = costs;
    boolean labels =
        champion.schema().task().map(task -> task == Task.CLASSIFICATION).orElse(true);
    if (!labels) {
      throw new IllegalArgumentException("only labels are calibrated, but the package predicts "
          + champion.schema().task().orElseThrow());
    }
    if (costs != null && champion.schema().positiveLabel().isEmpty()) {
      throw new IllegalArgumentException(
          "a threshold by costs wants a schema with a positive label, got " + champion.schema());
    }
  }

  /**
   * {@return a recalibration that keeps the decision thresholds}
   *
   * @param champion the package whose weights are kept
   * @param source loads it, such as a deployment
   * @throws IllegalArgumentException if the package predicts no labels
   */
  public static Recalibration of(ModelPackage champion, ModelSource source) {
    return new Recalibration(
        requireNonNull(champion, "champion"), requireNonNull(source, "source"), true, null, null);
  }

  /**
   * {@return a new threshold for the positive label, with the calibration of the package}
   *
   * @param champion the package whose weights and calibration are kept
   * @param source loads it, such as a deployment
   * @param costs what wrong labels cost
   * @throws IllegalArgumentException if the package predicts no labels, or has no positive one
   */
  public static Recalibration threshold(
      ModelPackage champion, ModelSource source, ErrorCosts costs) {
    return new Recalibration(
        requireNonNull(champion, "champion"),
        requireNonNull(source, "source"),
        false,
        null,
        requireNonNull(costs, "costs"));
  }

  /**
   * {@return the same recalibration by another method}
   *
   * @param method instead of the one that the numbers of rows and labels choose
   * @throws IllegalStateException if only the threshold is moved
   */
  public Recalibration by(Calibration.Method method) {
    if (!fitting) {
      throw new IllegalStateException("a method is for a calibration, but only a threshold moves");
    }
    return new Recalibration(champion, source, true, requireNonNull(method, "method"), costs);
  }

  /**
   * {@return the same recalibration with the threshold of the positive label that costs least on the rows; other thresholds are
   * dropped}
   *
   * @param costs what wrong labels cost
   * @throws IllegalArgumentException if the package has no positive label
   */
  public Recalibration deciding(ErrorCosts costs) {
    return new Recalibration(champion, source, fitting, method, requireNonNull(costs, "costs"));
  }

  @Override
  public Schema schema() {
    return champion.schema();
  }

  /**
   * {@return the same model, calibrated on these rows}
   *
   * @param rows matured, none of them trained on; 50 at least must have a usable answer
   * @throws IllegalArgumentException if there are fewer, all truths are one label, or a row has other columns or another kind of
   *     truth
   */
  @Override
  public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
    TrainedModel.requireFit("calibrate", schema(), rows);
    Model model = source.load(bare());
    try {
      return calibrated(model, rows, context);
    } catch (RuntimeException | Error e) {
      Closing.close(model);
      throw e;
    }
  }

  /** The same weights with nothing that changes what they answer. */
  private ModelPackage bare() {
    return described(FilePackage.builder(champion.model(), champion.schema()).modelOf(champion))
        .build();
  }

  private FilePackage.Builder described(FilePackage.Builder draft) {
    Inherited.settings(draft, champion);
    return draft;
  }

  private Trained calibrated(Model model, List<Labelled<Row>> rows, TrainingContext context) {
    List<Classification> said = new ArrayList<>();
    List<String> truths = new ArrayList<>();
    List<Double> weights = new ArrayList<>();
    for (Labelled<Row> row : rows) {
      context.requireRunning();
      Prediction answer;
      try {
        answer = model.predict(row.input());
      } catch (RuntimeException e) { // a row that it has no answer to
        continue;
      }
      if (answer instanceof Classification scored
          && scored.score().isPresent()
          && scored.isFinite()
          && (said.isEmpty() || said.get(0).labels().equals(scored.labels()))) {
        said.add(scored);
        truths.add(row.truth().label().orElseThrow());
        weights.add(row.weight());
      }
    }
    if (said.size() < FEWEST) {
      throw new IllegalArgumentException("a calibration wants " + FEWEST
          + " rows with scores or more, got " + said.size() + " of " + rows.size());
    }
    double[] each = weights.stream().mapToDouble(Double::doubleValue).toArray();
    Optional<Calibration> calibration = fitting
        ? Optional.of(CalibrationFit.of(
            method != null
                ? method
                : said.size() < CURVE || said.get(0).labels().size() > 2
                    ? Calibration.Method.PLATT
                    : Calibration.Method.ISOTONIC,
            said,
            truths,
            each,
            schema().positiveLabel()))
        : champion.calibration();
    DecisionThresholds thresholds = costs == null
        ? DecisionThresholds.of(champion.configuration(), champion.schema())
        : cheapest(costs, calibration, said, truths);
    TrainedModel trained =
        TrainedModel.of(schema(), model, draft -> describedAsOurs(draft, rows.size()), context);
    return calibration.map(trained::calibrated).orElse(trained).deciding(thresholds);
  }

  private void describedAsOurs(FilePackage.Builder draft, int rows) {
    described(draft.modelOf(champion));
    Inherited.provenance(draft, champion);
    draft.provenance(FROM, champion.digest().toString()).provenance("recalibrated.rows", rows);
  }

  private DecisionThresholds cheapest(
      ErrorCosts costs,
      Optional<Calibration> calibration,
      List<Classification> said,
      List<String> truths) {
    String positive = schema().positiveLabel().orElseThrow();
    double[] scores = new double[said.size()];
    boolean[] right = new boolean[said.size()];
    for (int i = 0; i < scores.length; i++) {
      Classification raw = said.get(i);
      Prediction calibrated = calibration.isPresent() ? calibration.get().calibrate(raw) : raw;
      scores[i] = ((Classification) calibrated).score(positive).orElse(0);
      right[i] = truths.get(i).equals(positive);
    }
    return DecisionThresholds.of(Map.of(positive, costs.threshold(scores, right)));
  }

  /** {@return such as {@code recalibration of fraud sha256:9f2c41d07a55}} */
  @Override
  public String toString() {
    return (fitting ? "recalibration" : "threshold") + " of " + champion.model() + " sha256:"
        + champion.digest().abbreviated();
  }
}
