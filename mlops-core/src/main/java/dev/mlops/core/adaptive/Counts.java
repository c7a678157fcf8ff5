package dev.mlops.core.adaptive;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.jspecify.annotations.Nullable;

/**
 * What is known of each label in some rows: how many, the mean and variance of every number, and how often each category came.
 *
 * <p>Numbers are taken for normally distributed, with the unbiased variance (of less weight than 2, twice that of the rows); where that
 * is 0, the density is 1 at the mean and 0 elsewhere. Categories have one more than was counted each (Laplace).
 *
 * <p>Not thread-safe: confine to one thread, except that several may read while none learns.
 */
final class Counts {
  /** Weight, mean, sum of squares, least and greatest value of a label in a column of numbers: what is stored. */
  private static final int MOMENTS = 5;

  /** After them, what the logarithm of the density has at the mean, and what a squared distance from it takes off. */
  private static final int LEVEL = 5;

  private static final int FALL = 6;
  private static final int WIDTH = 7;

  private static final NormalDistribution NORMAL = NormalDistribution.of(0.0, 1.0);
  private static final double LOG_2_PI = Math.log(2.0 * Math.PI);

  private final Inputs inputs;
  /** The columns that are counted, ascending. */
  private final int[] columns;

  /** By label; changed by {@link #learn} and {@link #begin} alone. */
  private final double[] weights;

  /** The logarithms of the weights. */
  private final double[] logs;

  /** By column of {@link #columns}: moments by label, or the counts of categories, by label and place. */
  private final double[][] values;

  Counts(Inputs inputs, int[] columns, int labels) {
    this.inputs = inputs;
    this.columns = columns;
    this.weights = new double[labels];
    this.logs = new double[labels];
    Arrays.fill(logs, Double.NEGATIVE_INFINITY);
    this.values = new double[columns.length][];
    for (int i = 0; i < columns.length; i++) {
      values[i] = new double[inputs.isNumber(columns[i]) ? labels * WIDTH : 0];
      for (int at = LEVEL; at < values[i].length; at += WIDTH) {
        values[i][at] = Double.NaN;
      }
    }
  }

  /** Sets the weights of the labels, as a leaf has them of its parent. */
  void begin(double[] of) {
    for (int label = 0; label < weights.length; label++) {
      weights[label] = Math.max(0.0, of[label]); // what is left of all but all may be below 0
      logs[label] = Math.log(weights[label]);
    }
  }

  /** How many labels have any weight. */
  int present() {
    int present = 0;
    for (double each : weights) {
      present += each > 0.0 ? 1 : 0;
    }
    return present;
  }

  int[] columns() {
    return columns;
  }

  double weight() {
    double sum = 0.0;
    for (double each : weights) {
      sum += each;
    }
    return sum;
  }

  /** The label with the greatest weight, the first of them on a tie. */
  int majority() {
    return best(weights);
  }

  static int best(double[] of) {
    int best = 0;
    for (int i = 1; i < of.length; i++) {
      if (of[i] > of[best]) {
        best = i;
      }
    }
    return best;
  }

  void learn(double[] row, int label, double weight) {
    weights[label] += weight;
    logs[label] = Math.log(weights[label]);
    for (int i = 0; i < columns.length; i++) {
      double value = row[columns[i]];
      if (Double.isNaN(value)) {
        continue;
      }
      if (inputs.isNumber(columns[i])) {
        moment(values[i], label * WIDTH, value, weight);
      } else {
        int at = label * (Inputs.CATEGORIES + 1) + (int) value;
        if (values[i].length == 0) {
          values[i] = new double[weights.length * (Inputs.CATEGORIES + 1)];
        }
        values[i][at] += weight;
      }
    }
  }

  private static void moment(double[] to, int at, double value, double weight) {
    boolean first = to[at] == 0.0;
    to[at] += weight;
    double off = value - to[at + 1];
    to[at + 1] += weight / to[at] * off;
    // Rounded, the mean may lie beyond the value: no sum of squares falls.
    to[at + 2] += Math.max(0.0, weight * off * (value - to[at + 1]));
    to[at + 3] = first ? value : Math.min(to[at + 3], value);
    to[at + 4] = first ? value : Math.max(to[at + 4], value);
    density(to, at);
  }

  /** Works out what the density needs, so that whoever asks for it only multiplies. */
  private static void density(double[] of, int at) {
    double variance = variance(of, at);
    double fall = 0.5 / variance;
    boolean spread = variance > 0.0 && fall < Double.POSITIVE_INFINITY;
    of[at + LEVEL] = spread ? -0.5 * (LOG_2_PI + Math.log(variance)) : Double.NaN;
    of[at + FALL] = spread ? fall : 0.0;
  }

  /** Unbiased for a weight of 2 or more; of less, which light rows have together, it would be as large as one likes. */
  private static double variance(double[] of, int at) {
    return of[at] > 0.0 ? of[at + 2] / Math.max(of[at] - 1.0, of[at] / 2.0) : 0.0;
  }

  /**
   * The probability of each label by Bayes' rule with independent columns; the shares of the labels where the columns rule all
   * of them out, and equal ones where nothing was learnt.
   */
  double[] naiveBayes(double[] row) {
    int labels = weights.length;
    double[] scores = new double[labels];
    double most = Double.NEGATIVE_INFINITY;
    for (int label = 0; label < labels; label++) {
      double score = logs[label];
      for (int i = 0; i < columns.length && score > Double.NEGATIVE_INFINITY; i++) {
        double value = row[columns[i]];
        if (!Double.isNaN(value)) {
          score += inputs.isNumber(columns[i])
              ? density(values[i], label * WIDTH, value)
              : share(i, label, (int) value);
        }
      }
      scores[label] = Double.isNaN(score) ? Double.NEGATIVE_INFINITY : score;
      most = Math.max(most, scores[label]);
    }
    if (!(most > Double.NEGATIVE_INFINITY) || most == Double.POSITIVE_INFINITY) {
      return shares();
    }
    double sum = 0.0;
    for (int label = 0; label < labels; label++) {
      double below = scores[label] - most;
      scores[label] = below == 0.0 ? 1.0 : Math.exp(below);
      sum += scores[label];
    }
    for (int label = 0; label < labels; label++) {
      scores[label] /= sum;
    }
    return scores;
  }

  /** The logarithm of a density; a label that has no number in this column, where others have, is ruled out. */
  private static double density(double[] of, int at, double value) {
    double level = of[at + LEVEL];
    double off = value - of[at + 1];
    return Double.isNaN(level) ? point(of, at, off) : level - of[at + FALL] * (off * off);
  }

  /** The same where there is no variance: 1 at the mean, 0 elsewhere. */
  private static double point(double[] of, int at, double off) {
    if (of[at] <= 0.0) {
      for (int other = 0; other < of.length; other += WIDTH) {
        if (of[other] > 0.0) {
          return Double.NEGATIVE_INFINITY;
        }
      }
      return 0.0;
    }
    return off == 0.0 ? 0.0 : Double.NEGATIVE_INFINITY;
  }

  /** The logarithm of the share of a category. */
  private double share(int column, int label, int place) {
    double[] counts = values[column];
    int known = inputs.places(columns[column]);
    if (counts.length == 0) {
      return -Math.log(known);
    }
    int from = label * (Inputs.CATEGORIES + 1);
    double sum = 0.0;
    for (int i = 0; i < known - 1; i++) {
      sum += counts[from + i];
    }
    double others = counts[from + Inputs.OTHERS];
    // A place that all others share counts as a category once there are any.
    int places = others > 0.0 || place == Inputs.OTHERS ? known : Math.max(1, known - 1);
    return Math.log((counts[from + place] + 1.0) / (sum + others + places));
  }

  /** The share of each label; equal ones where nothing was learnt. */
  double[] shares() {
    double[] shares = new double[weights.length];
    double all = weight();
    for (int i = 0; i < shares.length; i++) {
      shares[i] = all > 0.0 ? weights[i] / all : 1.0 / shares.length;
    }
    return shares;
  }

  /** A way to divide the rows, with what falls to each side. Of categories, one side each, the others last. */
  static final class Split {
    private final int column;
    private final double value;
    private final double gain;
    private final double[][] sides;

    Split(int column, double value, double gain, double[][] sides) {
      this.column = column;
      this.value = value;
      this.gain = gain;
      this.sides = sides;
    }

    int column() {
      return column;
    }

    double value() {
      return value;
    }

    double gain() {
      return gain;
    }

    double[][] sides() {
      return sides;
    }
  }

  /** The way to divide by a column that gains most, or null if none leaves two sides with more than one row in a hundred. */
  @Nullable
  Split split(int i, int points) {
    return inputs.isNumber(columns[i]) ? numberSplit(i, points) : categorySplit(i);
  }

  private @Nullable Split categorySplit(int i) {
    double[] counts = values[i];
    if (counts.length == 0) {
      return null;
    }
    int known = inputs.places(columns[i]);
    double[][] sides = new double[known][weights.length];
    for (int label = 0; label < weights.length; label++) {
      int from = label * (Inputs.CATEGORIES + 1);
      for (int place = 0; place < known - 1; place++) {
        sides[place][label] = counts[from + place];
      }
      sides[known - 1][label] = counts[from + Inputs.OTHERS];
    }
    double gain = gain(sides);
    return gain > Double.NEGATIVE_INFINITY ? new Split(columns[i], 0.0, gain, sides) : null;
  }

  private @Nullable Split numberSplit(int i, int points) {
    double[] of = values[i];
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int label = 0; label < weights.length; label++) {
      if (of[label * WIDTH] > 0.0) {
        least = Math.min(least, of[label * WIDTH + 3]);
        most = Math.max(most, of[label * WIDTH + 4]);
      }
    }
    if (!(most > least)) {
      return null;
    }
    Split best = null;
    for (int point = 1; point <= points; point++) {
      double value = least + (most - least) / (points + 1.0) * point;
      if (!(value > least && value < most)) {
        continue;
      }
      double[][] sides = new double[2][weights.length];
      for (int label = 0; label < weights.length; label++) {
        double n = of[label * WIDTH];
        double left = n * below(of, label * WIDTH, value);
        sides[0][label] = left;
        sides[1][label] = n - left;
      }
      double gain = gain(sides);
      if (gain > Double.NEGATIVE_INFINITY && (best == null || gain > best.gain())) {
        best = new Split(columns[i], value, gain, sides);
      }
    }
    return best;
  }

  /** The share of a label's numbers that are at most a value. */
  private static double below(double[] of, int at, double value) {
    if (of[at] <= 0.0 || value < of[at + 3]) {
      return 0.0;
    }
    if (value >= of[at + 4]) {
      return 1.0;
    }
    double variance = variance(of, at);
    return variance > 0.0
        ? NORMAL.cumulativeProbability((value - of[at + 1]) / Math.sqrt(variance))
        : value >= of[at + 1] ? 1.0 : 0.0;
  }

  /** By the rows that were counted here: weights that a leaf began with, and missing values, are on no side. */
  private double gain(double[][] sides) {
    double all = 0.0;
    double[] sums = new double[sides.length];
    double[] whole = new double[weights.length];
    for (int side = 0; side < sides.length; side++) {
      for (int label = 0; label < whole.length; label++) {
        sums[side] += sides[side][label];
        whole[label] += sides[side][label];
      }
      all += sums[side];
    }
    int large = 0;
    double rest = 0.0;
    for (int side = 0; side < sides.length; side++) {
      large += sums[side] > 0.01 * all ? 1 : 0;
      rest += sums[side] > 0.0 ? sums[side] / all * entropy(sides[side], sums[side]) : 0.0;
    }
    return large < 2 ? Double.NEGATIVE_INFINITY : entropy(whole, all) - rest;
  }

  /** In bits. */
  private static double entropy(double[] of, double sum) {
    double entropy = 0.0;
    for (double each : of) {
      if (each > 0.0) {
        entropy -= each / sum * Math.log(each / sum);
      }
    }
    return entropy / Math.log(2.0);
  }

  void write(DataOutput out) throws IOException {
    for (double each : weights) {
      out.writeDouble(each);
    }
    out.writeInt(columns.length);
    for (int i = 0; i < columns.length; i++) {
      out.writeInt(columns[i]);
      if (inputs.isNumber(columns[i])) {
        for (int label = 0; label < weights.length; label++) {
          for (int moment = 0; moment < MOMENTS; moment++) {
            out.writeDouble(values[i][label * WIDTH + moment]);
          }
        }
        continue;
      }
      int known = values[i].length == 0 ? 0 : inputs.places(columns[i]);
      out.writeByte(known);
      for (int label = 0; label < weights.length && known > 0; label++) {
        int from = label * (Inputs.CATEGORIES + 1);
        for (int place = 0; place < known - 1; place++) {
          out.writeDouble(values[i][from + place]);
        }
        out.writeDouble(values[i][from + Inputs.OTHERS]);
      }
    }
  }

  static Counts read(DataInput in, Inputs inputs, int labels) throws IOException {
    double[] weights = new double[labels];
    for (int i = 0; i < labels; i++) {
      weights[i] = count(in);
    }
    int size = in.readInt();
    if (size < 0 || size > inputs.size()) {
      throw Snapshots.refused("it counts " + size + " columns of " + inputs.size());
    }
    int[] columns = new int[size];
    double[][] values = new double[size][];
    for (int i = 0; i < size; i++) {
      columns[i] = in.readInt();
      if (columns[i] < (i == 0 ? 0 : columns[i - 1] + 1) || columns[i] >= inputs.size()) {
        throw Snapshots.refused("it counts a column " + columns[i] + " out of order");
      }
      values[i] = inputs.isNumber(columns[i])
          ? moments(in, labels)
          : categories(in, labels, inputs.places(columns[i]));
    }
    Counts counts = new Counts(inputs, columns, labels);
    counts.begin(weights);
    System.arraycopy(values, 0, counts.values, 0, size);
    return counts;
  }

  private static double[] moments(DataInput in, int labels) throws IOException {
    double[] read = new double[labels * WIDTH];
    for (int at = 0; at < read.length; at += WIDTH) {
      read[at] = count(in);
      read[at + 1] = Snapshots.finite(in);
      read[at + 2] = count(in);
      read[at + 3] = Snapshots.finite(in);
      read[at + 4] = Snapshots.finite(in);
      density(read, at);
    }
    return read;
  }

  private static double[] categories(DataInput in, int labels, int places) throws IOException {
    int known = in.readUnsignedByte();
    if (known == 0) {
      return new double[0];
    }
    if (known != places) {
      throw Snapshots.refused("it counts " + known + " categories, wanted " + places);
    }
    double[] read = new double[labels * (Inputs.CATEGORIES + 1)];
    for (int label = 0; label < labels; label++) {
      int from = label * (Inputs.CATEGORIES + 1);
      for (int place = 0; place < known - 1; place++) {
        read[from + place] = count(in);
      }
      read[from + Inputs.OTHERS] = count(in);
    }
    return read;
  }

  private static double count(DataInput in) throws IOException {
    double read = Snapshots.finite(in);
    if (read < 0.0) {
      throw Snapshots.refused("it holds a count of " + read);
    }
    return read;
  }

  /** The most bytes that the counts of some columns take. */
  static long mostBytes(Inputs inputs, int labels) {
    long numbers = inputs.numbers();
    long categories = inputs.size() - numbers;
    return 220L
        + 40L * inputs.size()
        + 8L * labels * (2 + numbers * WIDTH + categories * (Inputs.CATEGORIES + 1));
  }
}
