package dev.mlops.core.adaptive;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.AdaptiveModel;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.core.pack.TrainedModel;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A classifier of labels that are known beforehand, which learns row by row.
 *
 * <p>Not thread-safe: confine to one thread.
 */
abstract sealed class Learner implements AdaptiveModel
    permits NaiveBayes, HoeffdingTree, AdaptiveForest {
  /** At most this number of labels. */
  static final int LABELS = 1_000;

  /** A row of more weight counts as much. */
  private static final double WEIGHT = 1e9;

  private final Schema schema;
  private final List<String> labels;
  final Inputs inputs;
  private long learned;

  Learner(Schema schema, List<String> labels) {
    this.schema = classification(schema, labels);
    this.labels = List.copyOf(labels);
    this.inputs = new Inputs(this.schema);
  }

  private static Schema classification(Schema schema, List<String> labels) {
    Set<String> once = new TreeSet<>(labels);
    if (labels.size() < 2
        || labels.size() > LABELS
        || once.size() < labels.size()
        || once.contains("")) {
      throw new IllegalArgumentException("wanted 2 to " + LABELS
          + " labels, none empty or there twice, got " + MlopsException.shown(labels.toString()));
    }
    if (schema.size() == 0) {
      throw new IllegalArgumentException("wanted at least one column to learn from, got none");
    }
    if (schema.task().isPresent() && schema.task().get() != Task.CLASSIFICATION) {
      throw new IllegalArgumentException(
          "wanted a schema that predicts CLASSIFICATION, got " + schema.task().get());
    }
    Optional<String> positive = schema.positiveLabel();
    if (positive.isPresent() && !once.contains(positive.get())) {
      throw new IllegalArgumentException("the positive label \""
          + MlopsException.shown(positive.get()) + "\" must be one of "
          + MlopsException.shown(labels.toString())
          + MlopsException.nearest(positive.get(), labels)
              .map(near -> "; is \"" + MlopsException.shown(near) + "\" meant?")
              .orElse(""));
    }
    return schema.task().isPresent() ? schema : schema.predicting(Task.CLASSIFICATION);
  }

  @Override
  public final Schema schema() {
    return schema;
  }

  /** {@return the labels that it tells apart, in the order in which it was given them} */
  public final List<String> labels() {
    return labels;
  }

  @Override
  public final Prediction predict(Row row) {
    return Classification.of(labels, scores(inputs.read(row)));
  }

  @Override
  public final void learn(Labelled<Row> row) {
    Optional<String> truth = row.truth().label();
    int label = truth.map(labels::indexOf).orElse(-1);
    if (label < 0) {
      throw new IllegalArgumentException("wanted a truth among the labels "
          + MlopsException.shown(labels.toString()) + ", got "
          + truth.map(other -> "\"" + MlopsException.shown(other) + "\"").orElse("quantities")
          + "; nothing was learnt");
    }
    learn(inputs.learn(row.input()), label, Math.min(WEIGHT, row.weight()));
    learned++;
  }

  /** The probability of each label; changes nothing. */
  abstract double[] scores(double[] row);

  /** Learns a row. */
  abstract void learn(double[] row, int label, double weight);

  @Override
  public final long learned() {
    return learned;
  }

  @Override
  public final Trained snapshot() {
    byte[] bytes = Snapshots.bytes(this);
    return TrainedModel.of(
        schema,
        Snapshots.frozen(bytes, schema),
        draft -> draft
            .runtime(AdaptiveRuntime.NAME)
            .weights(AdaptiveRuntime.FILE, bytes)
            .provenance("learner", kind().text())
            .provenance("learned", (double) learned),
        TrainingContext.none());
  }

  /** What kinds there are; a file says which it is by the place here. */
  enum Kind {
    /** {@link NaiveBayes}. */
    NAIVE_BAYES(0, "naive Bayes"),
    /** {@link HoeffdingTree}. */
    HOEFFDING_TREE(1, "Hoeffding tree"),
    /** {@link AdaptiveForest}. */
    ADAPTIVE_FOREST(2, "adaptive random forest");

    private final int code;
    private final String text;

    /** What stands for it in a file. */
    int code() {
      return code;
    }

    static Optional<Kind> of(int code) {
      return Arrays.stream(values()).filter(kind -> kind.code == code).findFirst();
    }

    Kind(int code, String text) {
      this.code = code;
      this.text = text;
    }

    String text() {
      return text;
    }
  }

  abstract Kind kind();

  /** Writes what it was made with, but for schema and labels. */
  abstract void writeSettings(DataOutput out) throws IOException;

  /** Writes what it learnt. */
  abstract void writeLearnt(DataOutput out) throws IOException;

  final void writeAll(DataOutput out) throws IOException {
    writeSettings(out);
    out.writeLong(learned);
    inputs.write(out);
    writeLearnt(out);
  }

  /** Reads what follows the settings in every kind. */
  final void readCommon(DataInput in) throws IOException {
    learned = in.readLong();
    if (learned < 0) {
      throw Snapshots.refused("it learnt " + learned + " rows");
    }
    inputs.read(in);
  }

  /** {@return such as {@code naive Bayes of [DOWN, UP], 45312 rows learnt}} */
  @Override
  public final String toString() {
    return kind().text() + " of " + labels + ", " + learned + " rows learnt";
  }

  /** A learner that nobody teaches any more. */
  record Frozen(Learner learner) implements Model {
    @Override
    public Prediction predict(Row row) {
      return learner.predict(row);
    }
  }
}
