package dev.mlops.core.pack;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.DecisionThresholds;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageDraft;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.drift.profile.Baselines;
import dev.mlops.drift.profile.TestLosses;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A model that a host's own trainer made. The trainer gives the model and its weights; the test phase, the profile of every
 * column, the golden examples and the package are made here.
 *
 * <pre>{@code
 * public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
 *   MyModel learnt = MyModel.fit(rows);
 *   return TrainedModel.of(schema, learnt, "my-model", learnt.bytes(), context);
 * }
 * }</pre>
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class TrainedModel implements Trained {
  /** How many golden examples a tested model carries, at most. */
  private static final int EXAMPLES = 20;

  /** A part of the baseline, in a file of its own. */
  static final PackageFile.Role LOSSES = PackageFile.Role.of("test-losses");

  /** How many mismatches a message lists. */
  private static final int LISTED = 10;

  private final Schema schema;
  private final Model model;
  private final Consumer<FilePackage.Builder> weights;
  private final TrainingContext context;
  private final @Nullable TestPhase phase;

  private TrainedModel(
      Schema schema,
      Model model,
      Consumer<FilePackage.Builder> weights,
      TrainingContext context,
      @Nullable TestPhase phase) {
    this.schema = requireNonNull(schema, "schema");
    this.model = requireNonNull(model, "model");
    this.weights = requireNonNull(weights, "weights");
    this.context = requireNonNull(context, "context");
    this.phase = phase;
  }

  /**
   * {@return a trained model whose weights are one file, {@code model.bin}}
   *
   * @param schema the columns of its input, and what it predicts
   * @param model what was learnt
   * @param runtime name of the {@link dev.mlops.api.pack.ModelRuntime} that loads it
   * @param weights what that runtime reads; copied
   * @param context of the training; its ticker times the test phase
   */
  public static TrainedModel of(
      Schema schema, Model model, String runtime, byte[] weights, TrainingContext context) {
    requireNonNull(runtime, "runtime");
    byte[] copy = weights.clone();
    return of(schema, model, draft -> draft.runtime(runtime).weights("model.bin", copy), context);
  }

  /**
   * {@return a trained model that says how it is packaged: for weights of several files, or that cost something to write}
   *
   * @param schema the columns of its input, and what it predicts
   * @param model what was learnt
   * @param weights gives the package its runtime and its weights, and what else belongs to each package of this trainer;
   *     called once for each package
   * @param context of the training; its ticker times the test phase
   */
  public static TrainedModel of(
      Schema schema, Model model, Consumer<FilePackage.Builder> weights, TrainingContext context) {
    return new TrainedModel(schema, model, weights, context, null);
  }

  /**
   * {@return the same model, which gives the labels that thresholds give wherever it is asked: tested, in a back-test, and
   * in its package, whose configuration holds them}
   *
   * @param thresholds of labels that it scores
   */
  public TrainedModel deciding(DecisionThresholds thresholds) {
    if (thresholds.isEmpty()) {
      return this;
    }
    return new TrainedModel(
        schema,
        thresholds.deciding(model),
        weights.andThen(draft -> thresholds.byLabel().forEach(draft::decisionThreshold)),
        context,
        phase == null ? null : phase.deciding(thresholds));
  }

  /**
   * {@return the same model, whose scores are calibrated wherever it is asked; its packages hold the calibration}
   *
   * <p>Called before {@link #deciding}, and before it is tested.
   *
   * @param calibration of the scores that it gives
   * @throws IllegalStateException if it was tested: its answers were others
   */
  public TrainedModel calibrated(Calibration calibration) {
    if (phase != null) {
      throw new IllegalStateException(
          "a model must be calibrated before it is tested, but was tested on " + phase);
    }
    return new TrainedModel(
        schema,
        calibration.calibrating(model),
        weights.andThen(draft -> draft.calibration(calibration)),
        context,
        null);
  }

  @Override
  public Model model() {
    return model;
  }

  @Override
  public TestPhase test(List<Labelled<Row>> rows) {
    requireFit("test", schema, rows);
    return TestPhase.of(model, rows, context.ticker());
  }

  @Override
  public TrainedModel testedOn(TestPhase phase) {
    requireFit("test", schema, phase.rows());
    return new TrainedModel(schema, model, weights, context, phase);
  }

  @Override
  public TrainedModel testedOn(List<Labelled<Row>> rows) {
    return new TrainedModel(schema, model, weights, context, test(rows));
  }

  @Override
  public ModelPackage asPackage(String name, Consumer<? super PackageDraft> about) {
    FilePackage.Builder draft = FilePackage.builder(name, schema);
    weights.accept(draft);
    if (phase != null) {
      if (phase.failures() == phase.size()) {
        throw new IllegalArgumentException(
            "cannot package a model without one usable answer to " + phase.size()
                + " test rows; the first gave " + phase.firstFailure().orElseThrow());
      }
    }
    about.accept(draft);
    if (phase != null) {
      // What serves decides by the thresholds: so does what it is measured by.
      TestPhase decided = phase.deciding(draft.decisionThresholds());
      List<GoldenExample> all = new ArrayList<>(draft.examples());
      all.addAll(decided.examples(EXAMPLES));
      draft.baseline(Baselines.from(schema, decided)).examples(all);
      TestLosses losses = TestLosses.of(decided);
      if (losses.n() > 0) {
        draft.file(TestLosses.FILE, LOSSES, losses.toBytes());
      }
    }
    return draft.build();
  }

  /**
   * Refuses rows that do not fit a schema.
   *
   * @param what is done with them, such as {@code train}
   * @param schema what a model reads and predicts; its task must be known for the truths to be checked
   * @param rows to be trained or tested on
   * @return the names of the outputs, ordered by name: those of the first truth that names its outputs; only {@link
   *     Regression#VALUE} if none does, and empty for labels
   * @throws IllegalArgumentException if there is none, or one has other columns, another kind of truth or other outputs; the
   *     message lists the first ten mismatches
   */
  @SuppressWarnings(
      "ReferenceEquality") // nearly all rows share one schema; others are compared by value
  public static List<String> requireFit(String what, Schema schema, List<Labelled<Row>> rows) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("cannot " + what + ": wanted at least one row, got none");
    }
    List<String> problems = new ArrayList<>();
    Schema fits = schema;
    int naming = firstNaming(rows);
    List<String> outputs = List.copyOf(rows.get(naming).truth().values().keySet());
    for (int i = 0; i < rows.size(); i++) {
      Schema other = rows.get(i).input().schema();
      if (other != fits) {
        List<String> differences = other.differencesFrom(schema);
        if (differences.isEmpty()) {
          fits = other;
        } else {
          problems.add("row " + i + ": " + String.join(", ", differences));
        }
      }
      Truth truth = rows.get(i).truth();
      if (schema.task().isPresent()
          && schema.task().get() != Task.ANOMALY_DETECTION
          && truth.label().isPresent() != (schema.task().get() == Task.CLASSIFICATION)) {
        problems.add("row " + i + ": truth "
            + (truth.label().isPresent()
                ? "is a label, wanted quantities"
                : "is quantities, wanted a label"));
      } else if (!List.copyOf(truth.named(outputs).values().keySet()).equals(outputs)) {
        problems.add("row " + i + ": truth has outputs " + truth.values().keySet() + ", row "
            + naming + " has " + outputs);
      }
    }
    if (!problems.isEmpty()) {
      int listed = Math.min(problems.size(), LISTED);
      throw new IllegalArgumentException(
          "cannot " + what + ": " + String.join("; ", problems.subList(0, listed))
              + (listed < problems.size() ? "; and " + (problems.size() - listed) + " more" : ""));
    }
    return outputs;
  }

  /** The first row whose truth names its outputs; 0 if there is none. */
  private static int firstNaming(List<Labelled<Row>> rows) {
    for (int i = 0; i < rows.size(); i++) {
      Set<String> outputs = rows.get(i).truth().values().keySet();
      if (!outputs.isEmpty() && !outputs.equals(Set.of(Regression.VALUE))) {
        return i;
      }
    }
    return 0;
  }
}
