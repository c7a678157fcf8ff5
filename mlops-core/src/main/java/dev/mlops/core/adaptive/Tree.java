package dev.mlops.core.adaptive;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A very fast decision tree: leaves count, and one that has seen enough to tell the best column from the second best becomes a
 * branch.
 *
 * <p>After every {@code grace} rows a leaf compares the information gain of its columns, and of not dividing, which gains 0.
 * With n the weight it has seen and R = log₂(labels), it divides by the best if that leads by more than ε = √(R² ln(1/δ)/(2n)),
 * or if ε is below the tie threshold. A leaf answers by majority or by naive Bayes, whichever was right more often there.
 *
 * <p>Not thread-safe: confine to one thread, except that several may ask while none teaches.
 */
final class Tree {
  /** No leaf this deep is divided. */
  static final int DEPTH = 60;

  /** Between least and greatest value of a column, at this number of places. */
  private static final int POINTS = 10;

  /**
   * How a tree grows.
   *
   * @param grace the weight that a leaf sees between two looks
   * @param delta δ
   * @param tie the ε below which the best column is taken though the second is as good
   * @param leaves at most
   * @param columns how many columns a leaf looks at, drawn at random; 0 for all
   * @param anyway whether a tie is also broken where nothing is gained, and of equal columns the last is taken
   */
  record Growth(double grace, double delta, double tie, int leaves, int columns, boolean anyway) {
    /** Beside the number of columns in a file, so that builds that know no such trees refuse them. */
    private static final int ANYWAY = 1 << 30;

    /** The settings of a tree over rows of a number of columns, if they are in range. */
    static Growth of(
        double grace, double delta, double tie, int leaves, int columns, int all, boolean anyway) {
      if (!(grace >= 1.0 && grace <= 1_000_000.0)) {
        throw new IllegalArgumentException("grace must be 1 to 1000000 rows, but was " + grace);
      }
      if (!(delta > 0.0 && delta < 1.0)) {
        throw new IllegalArgumentException("delta must be > 0 and < 1, but was " + delta);
      }
      if (!(tie >= 0.0 && tie <= 1.0)) {
        throw new IllegalArgumentException("the tie threshold must be 0 to 1, but was " + tie);
      }
      if (leaves < 1 || leaves > 100_000) {
        throw new IllegalArgumentException(
            "a tree must have 1 to 100000 leaves at most, but had " + leaves);
      }
      if (columns < 0 || columns > all) {
        throw new IllegalArgumentException(
            "a leaf must look at 0 to " + all + " columns, but looked at " + columns);
      }
      return new Growth(grace, delta, tie, leaves, columns, anyway);
    }

    void write(DataOutput out) throws IOException {
      out.writeDouble(grace);
      out.writeDouble(delta);
      out.writeDouble(tie);
      out.writeInt(leaves);
      out.writeInt(anyway ? columns | ANYWAY : columns);
    }

    static Growth read(DataInput in, int all) throws IOException {
      double grace = in.readDouble();
      double delta = in.readDouble();
      double tie = in.readDouble();
      int leaves = in.readInt();
      int columns = in.readInt();
      boolean anyway = columns >= ANYWAY;
      return of(grace, delta, tie, leaves, anyway ? columns - ANYWAY : columns, all, anyway);
    }
  }

  private static final class Node {
    /** Null in a branch. */
    @Nullable
    Counts counts;

    double looked;
    double majorityRight;
    double bayesRight;

    /** Of a branch. */
    int column;

    double value;
    Node[] children = {};
    int heaviest;
  }

  private final Inputs inputs;
  private final int labels;
  private final Growth growth;
  private Node root;
  private int leaves = 1;

  Tree(Inputs inputs, int labels, Growth growth, Draws draws) {
    this.inputs = inputs;
    this.labels = labels;
    this.growth = growth;
    this.root = leaf(draws);
  }

  private Tree(Inputs inputs, int labels, Growth growth, Node root) {
    this.inputs = inputs;
    this.labels = labels;
    this.growth = growth;
    this.root = root;
  }

  int leaves() {
    return leaves;
  }

  private Node leaf(Draws draws) {
    Node node = new Node();
    node.counts = new Counts(
        inputs,
        growth.columns() == 0
            ? draws.first(inputs.size())
            : draws.of(inputs.size(), growth.columns()),
        labels);
    return node;
  }

  /** The probability of each label. */
  double[] predict(double[] row) {
    Node at = root;
    while (at.counts == null) {
      at = at.children[child(at, row)];
    }
    return answer(at, at.counts, row);
  }

  private static double[] answer(Node leaf, Counts counts, double[] row) {
    return leaf.majorityRight > leaf.bayesRight ? counts.shares() : counts.naiveBayes(row);
  }

  /** Where the value is missing, rows go where most went when the branch was made. */
  private int child(Node branch, double[] row) {
    double value = row[branch.column];
    if (Double.isNaN(value)) {
      return branch.heaviest;
    }
    if (inputs.isNumber(branch.column)) {
      return value <= branch.value ? 0 : 1;
    }
    return Math.min((int) value, branch.children.length - 1);
  }

  /** Learns a row; the answer before it did. */
  double[] learn(double[] row, int label, double weight, Draws draws) {
    Node parent = null;
    int side = 0;
    int depth = 0;
    Node at = root;
    while (at.counts == null) {
      parent = at;
      side = child(at, row);
      at = at.children[side];
      depth++;
    }
    Counts counts = at.counts;
    double[] bayes = counts.naiveBayes(row);
    double[] said = at.majorityRight > at.bayesRight ? counts.shares() : bayes;
    at.majorityRight += counts.majority() == label ? weight : 0.0;
    at.bayesRight += Counts.best(bayes) == label ? weight : 0.0;
    counts.learn(row, label, weight);
    double seen = counts.weight();
    if (seen - at.looked >= growth.grace()) {
      at.looked = seen;
      Node branch = depth < DEPTH ? divided(counts, seen, draws) : null;
      if (branch != null) {
        if (parent == null) {
          root = branch;
        } else {
          parent.children[side] = branch;
        }
      }
    }
    return said;
  }

  private @Nullable Node divided(Counts counts, double seen, Draws draws) {
    if (counts.present() < 2) {
      return null;
    }
    Counts.Split best = null;
    double second = 0.0; // what not dividing gains
    for (int i = 0; i < counts.columns().length; i++) {
      Counts.Split split = counts.split(i, POINTS);
      if (split == null) {
        continue;
      }
      boolean better = best == null
          || split.gain() > best.gain()
          || (growth.anyway() && split.gain() == best.gain());
      if (better) {
        second = best == null ? second : Math.max(second, best.gain());
        best = split;
      } else {
        second = Math.max(second, split.gain());
      }
    }
    if (best == null || !(growth.anyway() ? best.gain() >= 0.0 : best.gain() > 0.0)) {
      return null;
    }
    double range = Math.log(labels) / Math.log(2.0);
    double bound = Math.sqrt(range * range * Math.log(1.0 / growth.delta()) / (2.0 * seen));
    if (!(best.gain() - second > bound || bound < growth.tie())
        || leaves + best.sides().length - 1 > growth.leaves()) {
      return null;
    }
    Node branch = new Node();
    branch.column = best.column();
    branch.value = best.value();
    branch.children = new Node[best.sides().length];
    double heaviest = -1.0;
    for (int i = 0; i < branch.children.length; i++) {
      Node child = leaf(draws);
      Counts own = child.counts;
      if (own != null) {
        own.begin(best.sides()[i]);
        child.looked = own.weight();
        if (child.looked > heaviest) {
          heaviest = child.looked;
          branch.heaviest = i;
        }
      }
      branch.children[i] = child;
    }
    leaves += branch.children.length - 1;
    return branch;
  }

  void write(DataOutput out) throws IOException {
    write(root, out);
  }

  private void write(Node node, DataOutput out) throws IOException {
    Counts counts = node.counts;
    if (counts != null) {
      out.writeByte(0);
      out.writeDouble(node.looked);
      out.writeDouble(node.majorityRight);
      out.writeDouble(node.bayesRight);
      counts.write(out);
      return;
    }
    out.writeByte(1);
    out.writeInt(node.column);
    out.writeDouble(node.value);
    out.writeByte(node.heaviest);
    out.writeByte(node.children.length);
    for (Node child : node.children) {
      write(child, out);
    }
  }

  static Tree read(DataInput in, Inputs inputs, int labels, Growth growth) throws IOException {
    Tree tree = new Tree(inputs, labels, growth, new Node());
    tree.leaves = 0;
    tree.root = tree.node(in, 0);
    return tree;
  }

  private Node node(DataInput in, int depth) throws IOException {
    Node node = new Node();
    int kind = in.readUnsignedByte();
    if (kind == 0) {
      if (++leaves > growth.leaves()) {
        throw Snapshots.refused("a tree has more than " + growth.leaves() + " leaves");
      }
      node.looked = Snapshots.finite(in);
      node.majorityRight = Snapshots.finite(in);
      node.bayesRight = Snapshots.finite(in);
      Counts counts = Counts.read(in, inputs, labels);
      int wanted = growth.columns() == 0 ? inputs.size() : growth.columns();
      if (counts.columns().length != wanted) {
        throw Snapshots.refused(
            "a leaf counts " + counts.columns().length + " columns, wanted " + wanted);
      }
      node.counts = counts;
      return node;
    }
    node.column = in.readInt();
    node.value = Snapshots.finite(in);
    node.heaviest = in.readUnsignedByte();
    int children = in.readUnsignedByte();
    boolean fits = kind == 1
        && depth < DEPTH
        && node.column >= 0
        && node.column < inputs.size()
        && node.heaviest < children
        && (inputs.isNumber(node.column)
            ? children == 2
            : children >= 1 && children <= inputs.places(node.column));
    if (!fits) {
      throw Snapshots.refused("a branch of kind " + kind + " at depth " + depth + " by column "
          + node.column + " has " + children + " sides");
    }
    node.children = new Node[children];
    for (int i = 0; i < children; i++) {
      node.children[i] = node(in, depth + 1);
    }
    return node;
  }

  /** The most bytes that a tree of a number of leaves takes: as many branches at most. */
  static long mostBytes(Inputs inputs, int labels, int leaves) {
    return leaves * (Counts.mostBytes(inputs, labels) + 2L * 88 + 16);
  }
}
