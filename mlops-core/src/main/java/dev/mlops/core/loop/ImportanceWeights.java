package dev.mlops.core.loop;

import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How much likelier a row is among newer rows than among older ones: the density ratio, by a logistic regression that tells the
 * two apart.
 *
 * <p>A number enters standardised, with its square; a category by its twenty most frequent values; what is missing as a value
 * of its own. The odds of being a newer row, scaled by the two counts, are cut at 1/20 and 20. Where the weights are worth too
 * few equal ones, they are drawn towards 1 until they are worth enough, by a power below 1.
 */
final class ImportanceWeights {
  private static final int CATEGORIES = 20;
  private static final double MOST = 20;
  private static final double RIDGE = 1;
  private static final int STEPS = 300;
  private static final int HALVINGS = 30;

  private ImportanceWeights() {}

  /**
   * {@return a weight for each older row, 1 in the mean}
   *
   * @param older at least one
   * @param newer at least one, of the same columns
   * @param effective the share of the older rows that the weights must be worth at least; above 0, at most 1
   */
  static double[] of(List<Row> older, List<Row> newer, double effective) {
    double[][] x = features(older, newer);
    double[] beta = fit(x, older.size());
    double scale = (double) older.size() / newer.size();
    double[] logs = new double[older.size()];
    for (int i = 0; i < logs.length; i++) {
      double log = Math.log(scale) + dot(beta, x[i]);
      logs[i] = Math.max(-Math.log(MOST), Math.min(Math.log(MOST), log));
    }
    double power = 1;
    double[] weights = weights(logs, power);
    for (int i = 0; i < HALVINGS && effective(weights) < effective * weights.length; i++) {
      power *= 0.8;
      weights = weights(logs, power);
    }
    return weights;
  }

  private static double[] weights(double[] logs, double power) {
    double[] weights = new double[logs.length];
    double sum = 0;
    for (int i = 0; i < logs.length; i++) {
      weights[i] = Math.exp(power * logs[i]);
      sum += weights[i];
    }
    for (int i = 0; i < logs.length; i++) {
      weights[i] *= logs.length / sum;
    }
    return weights;
  }

  /** How many equal weights they are worth: the squared sum over the sum of squares. */
  static double effective(double[] weights) {
    double sum = 0;
    double squares = 0;
    for (double weight : weights) {
      sum += weight;
      squares += weight * weight;
    }
    return sum * sum / squares;
  }

  // --- what the regression reads
  // ---------------------------------------------------------------------------

  private static double[][] features(List<Row> older, List<Row> newer) {
    List<Row> all = new ArrayList<>(older);
    all.addAll(newer);
    Schema schema = all.get(0).schema();
    List<double[]> columns = new ArrayList<>();
    double[] ones = new double[all.size()];
    Arrays.fill(ones, 1);
    columns.add(ones);
    for (int c = 0; c < schema.size(); c++) {
      if (schema.isNumber(c)) {
        number(all, c, columns);
      } else {
        category(all, c, columns);
      }
    }
    double[][] x = new double[all.size()][columns.size()];
    for (int f = 0; f < columns.size(); f++) {
      double[] values = f == 0 ? columns.get(f) : standardised(columns.get(f));
      for (int i = 0; i < x.length; i++) {
        x[i][f] = values[i];
      }
    }
    return x;
  }

  private static void number(List<Row> rows, int column, List<double[]> columns) {
    double[] values = new double[rows.size()];
    double[] missing = new double[rows.size()];
    double sum = 0;
    int known = 0;
    for (int i = 0; i < values.length; i++) {
      boolean there =
          !rows.get(i).isMissing(column) && Double.isFinite(rows.get(i).number(column));
      values[i] = there ? rows.get(i).number(column) : Double.NaN;
      missing[i] = there ? 0 : 1;
      sum += there ? values[i] : 0;
      known += there ? 1 : 0;
    }
    double mean = known == 0 ? 0 : sum / known;
    for (int i = 0; i < values.length; i++) {
      values[i] = Double.isNaN(values[i]) ? mean : values[i];
    }
    double[] one = standardised(values);
    double[] squares = new double[one.length];
    for (int i = 0; i < one.length; i++) {
      squares[i] = one[i] * one[i];
    }
    columns.add(one);
    columns.add(squares);
    columns.add(missing);
  }

  private static void category(List<Row> rows, int column, List<double[]> columns) {
    Map<String, Integer> counts = new HashMap<>();
    for (Row row : rows) {
      counts.merge(row.isMissing(column) ? "" : row.category(column), 1, Integer::sum);
    }
    List<String> frequent = counts.entrySet().stream()
        .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
            .thenComparing(Map.Entry.comparingByKey()))
        .limit(CATEGORIES)
        .map(Map.Entry::getKey)
        .toList();
    for (String value : frequent) {
      double[] is = new double[rows.size()];
      for (int i = 0; i < is.length; i++) {
        Row row = rows.get(i);
        is[i] = value.equals(row.isMissing(column) ? "" : row.category(column)) ? 1 : 0;
      }
      columns.add(is);
    }
  }

  /** Mean 0 and variance 1, so that one step and one ridge suit all; 0 where there is no variance. */
  private static double[] standardised(double[] values) {
    double mean = Arrays.stream(values).average().orElse(0);
    double squares = 0;
    for (double value : values) {
      squares += (value - mean) * (value - mean);
    }
    double deviation = Math.sqrt(squares / values.length);
    double[] all = new double[values.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = deviation > 0 && Double.isFinite(deviation) ? (values[i] - mean) / deviation : 0;
    }
    return all;
  }

  // --- the regression
  // --------------------------------------------------------------------------------------

  /** Accelerated gradient steps on the mean logistic loss with a ridge; the rows from {@code older} on are the newer ones. */
  private static double[] fit(double[][] x, int older) {
    int d = x[0].length;
    double[] beta = new double[d];
    double[] ahead = new double[d];
    double step =
        4.0 / d; // the curvature of the mean loss is at most a quarter of the mean square norm
    for (int s = 0; s < STEPS; s++) {
      double[] gradient = new double[d];
      for (int i = 0; i < x.length; i++) {
        double p = 1 / (1 + Math.exp(-dot(ahead, x[i])));
        double error = (p - (i < older ? 0 : 1)) / x.length;
        for (int f = 0; f < d; f++) {
          gradient[f] += error * x[i][f];
        }
      }
      double momentum = s / (s + 3.0);
      for (int f = 0; f < d; f++) {
        double ridge = f == 0 ? 0 : RIDGE / x.length * ahead[f];
        double next = ahead[f] - step * (gradient[f] + ridge);
        ahead[f] = next + momentum * (next - beta[f]);
        beta[f] = next;
      }
    }
    return beta;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
