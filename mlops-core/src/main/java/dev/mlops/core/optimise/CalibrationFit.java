package dev.mlops.core.optimise;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Classification;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.Calibration.Curve;
import dev.mlops.api.pack.Calibration.Line;
import dev.mlops.api.pack.Calibration.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Fits calibrations to scores and truths.
 *
 * <p>Isotonic regression pools adjacent violators and interpolates between the points that are left, as scikit-learn's does.
 * Platt's lines are fitted to log-odds, with his targets (N₊ + 1) / (N₊ + 2) and 1 / (N₋ + 2), by Newton's method. The temperature
 * is the one of the least log loss between 1/1,000 and 1,000.
 *
 * <p>Thread-safe.
 *
 * @see <a href="https://doi.org/10.1007/s10994-007-5018-6">Lin, Lin and Weng (2007), A note on Platt's probabilistic outputs</a>
 * @see <a href="https://proceedings.mlr.press/v70/guo17a.html">Guo et al. (2017), On calibration of modern neural networks</a>
 * @since 0.1
 */
@Beta
public final class CalibrationFit {
  private static final int MOST_STEPS = 100;
  private static final double NEAREST = 1e-12;

  private CalibrationFit() {}

  /**
   * {@return a calibration of answers}
   *
   * <p>Of two labels one gets a map: the positive one if it is named, the second otherwise. Of more labels, each gets one that is a
   * truth and not the only one.
   *
   * @param method how
   * @param said answers with scores for the same labels, at least one
   * @param truths the right label of each
   * @param weights of each, above 0
   * @param positive the positive label, if there is one
   * @throws IllegalArgumentException if there is no answer, an answer has no scores, numbers of arguments differ, or all truths are one
   *     label
   */
  public static Calibration of(
      Method method,
      List<Classification> said,
      List<String> truths,
      double[] weights,
      Optional<String> positive) {
    if (said.isEmpty() || said.size() != truths.size() || said.size() != weights.length) {
      throw new IllegalArgumentException("a calibration wants at least one answer, and a truth and"
          + " a weight for each, got " + said.size() + " answers, " + truths.size()
          + " truths and " + weights.length + " weights");
    }
    List<String> labels = said.get(0).labels();
    for (Classification one : said) {
      if (one.score().isEmpty() || !one.labels().equals(labels) || !one.isFinite()) {
        throw new IllegalArgumentException(
            "a calibration wants finite scores for " + labels + " in each answer, got " + one);
      }
    }
    List<String> seen = labels.stream().filter(truths::contains).toList();
    if (seen.size() < 2) {
      throw new IllegalArgumentException(
          "a calibration wants truths of two labels or more, got " + seen + " among " + labels);
    }
    if (method == Method.TEMPERATURE) {
      return Calibration.temperature(temperature(said, truths, weights));
    }
    List<String> mapped = labels.size() == 2
        ? List.of(positive.filter(labels::contains).orElse(labels.get(1)))
        : seen;
    Map<String, Curve> curves = new TreeMap<>();
    Map<String, Line> lines = new TreeMap<>();
    for (String label : mapped) {
      int index = labels.indexOf(label);
      double[] scores = said.stream().mapToDouble(one -> one.scoreAt(index)).toArray();
      double[] right =
          truths.stream().mapToDouble(truth -> truth.equals(label) ? 1 : 0).toArray();
      if (method == Method.ISOTONIC) {
        curves.put(label, isotonic(scores, right, weights));
      } else {
        lines.put(label, platt(scores, right, weights));
      }
    }
    return method == Method.ISOTONIC ? Calibration.isotonic(curves) : Calibration.platt(lines);
  }

  /**
   * {@return the curve of least squares among those that never fall}
   *
   * @param scores finite, at least one; those nearer than 10⁻¹⁵ are one point
   * @param right one for each, from 0 to 1, such as 1 where the label is right
   * @param weights one for each, above 0
   * @throws IllegalArgumentException if their numbers differ, there is none, or one is out of range
   */
  public static Curve isotonic(double[] scores, double[] right, double[] weights) {
    require(scores, right, weights);
    Integer[] order = new Integer[scores.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparingDouble(i -> scores[i]));
    double[] x = new double[order.length];
    double[] sum = new double[order.length];
    double[] weight = new double[order.length];
    int n = 0;
    for (int i : order) {
      if (n == 0 || scores[i] - x[n - 1] >= 1e-15) {
        x[n++] = scores[i];
      }
      sum[n - 1] += weights[i] * right[i];
      weight[n - 1] += weights[i];
    }
    // Blocks of points with one value, each value above the one before.
    double[] blockSum = new double[n];
    double[] blockWeight = new double[n];
    int[] end = new int[n];
    int blocks = 0;
    for (int i = 0; i < n; i++) {
      blockSum[blocks] = sum[i];
      blockWeight[blocks] = weight[i];
      end[blocks++] = i + 1;
      while (blocks > 1
          && blockSum[blocks - 2] / blockWeight[blocks - 2]
              >= blockSum[blocks - 1] / blockWeight[blocks - 1]) {
        blockSum[blocks - 2] += blockSum[blocks - 1];
        blockWeight[blocks - 2] += blockWeight[blocks - 1];
        end[blocks - 2] = i + 1;
        blocks--;
      }
    }
    // Of a block, its first and its last point say all.
    double[] at = new double[2 * blocks];
    double[] value = new double[2 * blocks];
    int points = 0;
    for (int block = 0; block < blocks; block++) {
      int first = block == 0 ? 0 : end[block - 1];
      double mean = Math.min(1, Math.max(0, blockSum[block] / blockWeight[block]));
      at[points] = x[first];
      value[points++] = mean;
      if (end[block] - 1 > first) {
        at[points] = x[end[block] - 1];
        value[points++] = mean;
      }
    }
    return Curve.of(Arrays.copyOf(at, points), Arrays.copyOf(value, points));
  }

  private static void require(double[] scores, double[] right, double[] weights) {
    boolean fine =
        scores.length > 0 && scores.length == right.length && scores.length == weights.length;
    for (int i = 0; fine && i < scores.length; i++) {
      fine = Double.isFinite(scores[i])
          && right[i] >= 0
          && right[i] <= 1
          && weights[i] > 0
          && Double.isFinite(weights[i]);
    }
    if (!fine) {
      throw new IllegalArgumentException("wanted at least one finite score, and for each a truth"
          + " from 0 to 1 and a weight above 0, got " + scores.length + ", " + right.length
          + " and " + weights.length);
    }
  }

  /**
   * {@return the line of the least log loss against Platt's targets}
   *
   * @param scores probabilities, at least one
   * @param right one for each: 1 where the label is right, else 0
   * @param weights one for each, above 0
   * @throws IllegalArgumentException if their numbers differ, there is none, or one is out of range
   */
  public static Line platt(double[] scores, double[] right, double[] weights) {
    require(scores, right, weights);
    double positive = 0;
    double negative = 0;
    for (int i = 0; i < right.length; i++) {
      positive += weights[i] * right[i];
      negative += weights[i] * (1 - right[i]);
    }
    double high = (positive + 1) / (positive + 2);
    double low = 1 / (negative + 2);
    double[] odds = Arrays.stream(scores).map(Line::logOdds).toArray();
    double[] target = Arrays.stream(right).map(one -> low + one * (high - low)).toArray();
    double slope = 0;
    double intercept = Math.log((positive + 1) / (negative + 1));
    double loss = loss(odds, target, weights, slope, intercept);
    for (int step = 0; step < MOST_STEPS; step++) {
      double gradientSlope = 0;
      double gradientIntercept = 0;
      // A ridge keeps the curvature above 0 where all scores are one.
      double curveSlope = NEAREST;
      double curveIntercept = NEAREST;
      double mixed = 0;
      for (int i = 0; i < odds.length; i++) {
        double p = 1 / (1 + Math.exp(-(slope * odds[i] + intercept)));
        double off = weights[i] * (p - target[i]);
        double curve = weights[i] * p * (1 - p);
        gradientSlope += off * odds[i];
        gradientIntercept += off;
        curveSlope += curve * odds[i] * odds[i];
        curveIntercept += curve;
        mixed += curve * odds[i];
      }
      if (Math.abs(gradientSlope) < 1e-9 && Math.abs(gradientIntercept) < 1e-9) {
        break;
      }
      double determinant = curveSlope * curveIntercept - mixed * mixed;
      double bySlope = -(curveIntercept * gradientSlope - mixed * gradientIntercept) / determinant;
      double byIntercept = -(curveSlope * gradientIntercept - mixed * gradientSlope) / determinant;
      double down = gradientSlope * bySlope + gradientIntercept * byIntercept;
      double length = 1;
      double next = Double.POSITIVE_INFINITY;
      while (length >= 1e-10) {
        next =
            loss(odds, target, weights, slope + length * bySlope, intercept + length * byIntercept);
        if (next < loss + 1e-4 * length * down) {
          break;
        }
        length /= 2;
      }
      if (length < 1e-10 || !Double.isFinite(next)) {
        break; // nothing is below
      }
      slope += length * bySlope;
      intercept += length * byIntercept;
      loss = next;
    }
    return new Line(slope, intercept);
  }

  private static double loss(
      double[] odds, double[] target, double[] weights, double slope, double intercept) {
    double sum = 0;
    for (int i = 0; i < odds.length; i++) {
      double z = slope * odds[i] + intercept;
      // −t ln p − (1 − t) ln(1 − p), without exp of a large number
      sum += weights[i]
          * (z >= 0
              ? (1 - target[i]) * z + Math.log1p(Math.exp(-z))
              : -target[i] * z + Math.log1p(Math.exp(z)));
    }
    return sum;
  }

  /**
   * {@return the temperature of the least log loss}
   *
   * @param said answers with scores for the same labels
   * @param truths the right label of each; a truth without a score is left out
   * @param weights of each, above 0
   */
  static double temperature(List<Classification> said, List<String> truths, double[] weights) {
    double low = Math.log(1e-3);
    double high = Math.log(1e3);
    // The log loss is convex in 1 / T: where it stops falling is the least.
    for (int i = 0; i < MOST_STEPS; i++) {
      double middle = (low + high) / 2;
      if (slope(said, truths, weights, Math.exp(middle)) > 0) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return Math.exp(-(low + high) / 2);
  }

  /** How the log loss changes with 1 / T. */
  private static double slope(
      List<Classification> said, List<String> truths, double[] weights, double inverse) {
    double slope = 0;
    for (int row = 0; row < said.size(); row++) {
      Classification one = said.get(row);
      int right = one.labels().indexOf(truths.get(row));
      if (right < 0) {
        continue;
      }
      double[] logs = new double[one.labels().size()];
      double most = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < logs.length; i++) {
        logs[i] = Math.log(Math.max(NEAREST, one.scoreAt(i)));
        most = Math.max(most, logs[i]);
      }
      double sum = 0;
      double mean = 0;
      for (double each : logs) {
        double part = Math.exp(inverse * (each - most));
        sum += part;
        mean += part * each;
      }
      slope += weights[row] * (mean / sum - logs[right]);
    }
    return slope;
  }
}
