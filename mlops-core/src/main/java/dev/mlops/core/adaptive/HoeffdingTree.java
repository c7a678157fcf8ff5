package dev.mlops.core.adaptive;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Schema;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.List;

/**
 * Classifies by a decision tree that grows row by row (Hoeffding tree, VFDT).
 *
 * <p>A leaf counts, for each label, weight, mean, variance, least and greatest value of every number, and every category. After
 * every {@code grace} rows it compares what each column would gain in information: of a number at ten evenly spaced values,
 * taken for normally distributed; of categories with a side for each. A division counts if two sides have more than 1 % of the
 * rows. With n rows, R = log₂(labels) and ε = √(R² ln(1/δ)/(2n)), the leaf divides by the best column if that gains more than
 * the second best, or than nothing, by more than ε, or if ε is below the tie threshold. A leaf answers with its majority or by
 * naive Bayes, whichever was right more often there.
 *
 * <p><b>It forgets nothing</b>: after a change old branches stay, and only leaves below them learn. {@link AdaptiveForest}
 * follows changes.
 *
 * <p><b>Memory</b> is bounded by {@code atMostLeaves}: a tree with that number of leaves divides no further, and goes on learning in
 * the leaves it has. {@link #mostBytes()} states the bytes. No leaf is deeper than 60.
 *
 * <p>By default grace is 200, δ 1e-7, the tie threshold 0.05, and there are at most 1,000 leaves.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://doi.org/10.1145/347090.347107">Domingos and Hulten (2000), Mining high-speed data streams</a>
 * @see <a href="https://doi.org/10.1007/11564126_47">Holmes, Kirkby and Pfahringer (2005), Stress-testing Hoeffding trees</a>
 * @since 0.1
 */
@Beta
public final class HoeffdingTree extends Learner {
  private final Tree.Growth growth;
  private final Draws draws = new Draws(0);
  private Tree tree;

  private HoeffdingTree(Schema schema, List<String> labels, Tree.Growth growth) {
    super(schema, labels);
    this.growth = growth;
    this.tree = new Tree(inputs, labels.size(), growth, draws);
  }

  /**
   * {@return one that has learnt nothing, with the defaults}
   *
   * @param schema the columns that it reads; at least one, and no other task than classification
   * @param labels that it tells apart; 2 to 1,000
   * @throws IllegalArgumentException if one is out of range, or the schema's positive label is not among the labels
   */
  public static HoeffdingTree of(Schema schema, List<String> labels) {
    return builder(schema, labels).build();
  }

  /**
   * {@return a builder of a tree}
   *
   * @param schema the columns that it reads; at least one, and no other task than classification
   * @param labels that it tells apart; 2 to 1,000
   */
  public static Builder builder(Schema schema, List<String> labels) {
    return new Builder(schema, labels);
  }

  /** {@return how many leaves it has; at least 1} */
  public int leaves() {
    return tree.leaves();
  }

  @Override
  double[] scores(double[] row) {
    return tree.predict(row);
  }

  @Override
  void learn(double[] row, int label, double weight) {
    tree.learn(row, label, weight, draws);
  }

  @Override
  public long mostBytes() {
    return inputs.mostBytes() + Tree.mostBytes(inputs, labels().size(), growth.leaves());
  }

  @Override
  Kind kind() {
    return Kind.HOEFFDING_TREE;
  }

  @Override
  void writeSettings(DataOutput out) throws IOException {
    growth.write(out);
  }

  @Override
  void writeLearnt(DataOutput out) throws IOException {
    tree.write(out);
  }

  static HoeffdingTree read(DataInput in, Schema schema, List<String> labels) throws IOException {
    Tree.Growth growth = Tree.Growth.read(in, schema.size());
    HoeffdingTree read = new HoeffdingTree(schema, labels, growth);
    read.readCommon(in);
    read.tree = Tree.read(in, read.inputs, labels.size(), growth);
    return read;
  }

  /**
   * Says how a tree grows.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private final Schema schema;
    private final List<String> labels;
    private int grace = 200;
    private double delta = 1e-7;
    private double tie = 0.05;
    private int leaves = 1_000;
    private boolean anyway;

    private Builder(Schema schema, List<String> labels) {
      this.schema = schema;
      this.labels = List.copyOf(labels);
    }

    /**
     * {@return this builder, with how many rows a leaf sees between two looks; 200 by default}
     *
     * @param rows 1 to 1,000,000
     */
    public Builder grace(int rows) {
      this.grace = rows;
      return this;
    }

    /**
     * {@return this builder, with the probability of a wrong choice of column at one look; 1e-7 by default}
     *
     * @param delta δ, above 0, below 1
     */
    public Builder delta(double delta) {
      this.delta = delta;
      return this;
    }

    /**
     * {@return this builder, with the ε below which a leaf divides though two columns are as good; 0.05 by default}
     *
     * @param epsilon 0 to 1
     */
    public Builder tie(double epsilon) {
      this.tie = epsilon;
      return this;
    }

    /**
     * {@return this builder, whose leaves divide also where no column gains anything, once ε is below the tie threshold, and take
     * the last of equal columns; not by default}
     *
     * <p>The tree of MOA, with which accuracies are published, divides so: this is for a comparison with them. Such a division
     * knows nothing and drops what its leaf has counted, so that after a change, above all where concepts return, answers are less
     * often right.
     */
    public Builder dividingWithoutGain() {
      this.anyway = true;
      return this;
    }

    /**
     * {@return this builder, with how many leaves there are at most; 1,000 by default}
     *
     * @param leaves 1 to 100,000
     */
    public Builder atMostLeaves(int leaves) {
      this.leaves = leaves;
      return this;
    }

    /**
     * {@return the tree}
     *
     * @throws IllegalArgumentException if a setting, the schema or the labels are out of range
     */
    public HoeffdingTree build() {
      return new HoeffdingTree(
          schema, labels, Tree.Growth.of(grace, delta, tie, leaves, 0, schema.size(), anyway));
    }
  }
}
