package dev.mlops.examples;

import dev.mlops.api.model.Row;
import dev.mlops.testkit.streams.Prequential.Learner;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Naive Bayes with a normal density per label and column of numbers, learned row by row.
 *
 * <p>It answers the label of the greatest ln(n(label)) + Σ ln N(x; mean, variance), with sample means and variances of what it
 * was taught; the first label by name as long as it was taught nothing.
 */
final class GaussianNaiveBayes implements Learner {
  /** A variance of what hardly varies, or was seen once. */
  private static final double LEAST_VARIANCE = 1e-8;

  private final List<String> labels;
  private final int columns;
  private final long[] counts;
  private final double[][] means;
  private final double[][] squares; // Σ (x − mean)², by label and column

  GaussianNaiveBayes(List<String> labels, int columns) {
    this.labels = labels;
    this.columns = columns;
    this.counts = new long[labels.size()];
    this.means = new double[labels.size()][columns];
    this.squares = new double[labels.size()][columns];
  }

  /** What it was taught, as {@link #of} reads it. */
  byte[] bytes() {
    ByteBuffer bytes = ByteBuffer.allocate(8 * counts.length * (1 + 2 * columns));
    for (int label = 0; label < counts.length; label++) {
      bytes.putLong(counts[label]);
      for (int column = 0; column < columns; column++) {
        bytes.putDouble(means[label][column]).putDouble(squares[label][column]);
      }
    }
    return bytes.array();
  }

  /** The model of {@link #bytes}. */
  static GaussianNaiveBayes of(List<String> labels, int columns, byte[] bytes) {
    GaussianNaiveBayes bayes = new GaussianNaiveBayes(labels, columns);
    ByteBuffer rest = ByteBuffer.wrap(bytes);
    for (int label = 0; label < bayes.counts.length; label++) {
      bayes.counts[label] = rest.getLong();
      for (int column = 0; column < columns; column++) {
        bayes.means[label][column] = rest.getDouble();
        bayes.squares[label][column] = rest.getDouble();
      }
    }
    return bayes;
  }

  @Override
  public String predict(Row row) {
    int best = 0;
    double most = Double.NEGATIVE_INFINITY;
    for (int label = 0; label < counts.length; label++) {
      if (counts[label] > 0) {
        double score = score(label, row);
        best = score > most ? label : best;
        most = Math.max(most, score);
      }
    }
    return labels.get(best);
  }

  private double score(int label, Row row) {
    double score = Math.log(counts[label]);
    for (int column = 0; column < columns; column++) {
      double variance =
          Math.max(LEAST_VARIANCE, squares[label][column] / Math.max(1, counts[label] - 1));
      double off = row.number(column) - means[label][column];
      score -= 0.5 * (Math.log(variance) + off * off / variance);
    }
    return score;
  }

  @Override
  public void learn(Row row, String label) {
    int known = labels.indexOf(label);
    counts[known]++;
    for (int column = 0; column < columns; column++) {
      double off = row.number(column) - means[known][column];
      means[known][column] += off / counts[known];
      squares[known][column] += off * (row.number(column) - means[known][column]);
    }
  }
}
