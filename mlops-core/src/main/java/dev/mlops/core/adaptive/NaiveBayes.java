package dev.mlops.core.adaptive;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Schema;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.List;

/**
 * Classifies by Bayes' rule as if the columns were independent given the label, and learns row by row.
 *
 * <p>A number is taken for normally distributed within each label: weight, mean and unbiased variance are kept (of less weight than 2,
 * twice that of the rows). Where a label's
 * numbers were all equal, its density is 1 at that number and 0 elsewhere. A category's share is (count + 1)/(all + categories).
 * A value that is missing, not finite or beyond 1e100 is left out. Where no label explains a row, the answer is how frequent
 * the labels are.
 *
 * <p><b>It forgets nothing</b>: after a change it answers by the mixture of before and after. {@link AdaptiveForest} follows
 * changes.
 *
 * <p><b>Memory</b> is constant: 56 bytes for each number and label, 520 for each column of categories and label; the first 64
 * categories of a column, of at most 256 characters, are told apart, all others are one.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
@Beta
public final class NaiveBayes extends Learner {
  private Counts counts;

  private NaiveBayes(Schema schema, List<String> labels) {
    super(schema, labels);
    this.counts = new Counts(inputs, new Draws(0).first(inputs.size()), labels.size());
  }

  /**
   * {@return one that has learnt nothing}
   *
   * @param schema the columns that it reads; at least one, and no other task than classification
   * @param labels that it tells apart; 2 to 1,000
   * @throws IllegalArgumentException if one is out of range, or the schema's positive label is not among the labels
   */
  public static NaiveBayes of(Schema schema, List<String> labels) {
    return new NaiveBayes(schema, labels);
  }

  @Override
  double[] scores(double[] row) {
    return counts.naiveBayes(row);
  }

  @Override
  void learn(double[] row, int label, double weight) {
    counts.learn(row, label, weight);
  }

  @Override
  public long mostBytes() {
    return inputs.mostBytes() + Counts.mostBytes(inputs, labels().size());
  }

  @Override
  Kind kind() {
    return Kind.NAIVE_BAYES;
  }

  @Override
  void writeSettings(DataOutput out) {}

  @Override
  void writeLearnt(DataOutput out) throws IOException {
    counts.write(out);
  }

  static NaiveBayes read(DataInput in, Schema schema, List<String> labels) throws IOException {
    NaiveBayes read = new NaiveBayes(schema, labels);
    read.readCommon(in);
    read.counts = Counts.read(in, read.inputs, labels.size());
    if (read.counts.columns().length != read.inputs.size()) {
      throw Snapshots.refused(
          "it counts " + read.counts.columns().length + " columns, wanted " + read.inputs.size());
    }
    return read;
  }
}
