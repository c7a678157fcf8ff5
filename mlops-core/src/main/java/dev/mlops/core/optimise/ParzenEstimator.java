package dev.mlops.core.optimise;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.jspecify.annotations.Nullable;

/**
 * A density over some axes: a mixture of one kernel per observation and one broad kernel, the prior, each a product over the
 * axes.
 *
 * <p>On an axis of numbers a kernel is a normal distribution cut off at the ends of the axis; its standard deviation is the
 * larger distance to a neighbour (the prior's middle and the ends of the axis are neighbours, too; the ends not for the outermost
 * observation that has another neighbour), at least the axis by min(100, n + 2) and at most the axis. The prior has the middle and the length of the axis.
 * A whole number has the probability of the interval that rounds to it. On an axis of choices a kernel has 1 at its own choice
 * and 1/(n + 1) at each, normalised.
 *
 * <p>The newest 25 observations weigh 1; of older ones, the weight rises linearly from 1/n to 1. The prior weighs 1.
 *
 * <p>Immutable.
 */
final class ParzenEstimator {
  private static final NormalDistribution NORMAL = NormalDistribution.of(0, 1);
  private static final double LOG_SQRT_2_PI = 0.5 * Math.log(2 * Math.PI);
  private static final int FULL = 25;

  private final List<Axis> axes;
  private final double[] logWeights;
  private final double[] cumulative;
  /** By axis and kernel. */
  private final double[][] middles;

  private final double[][] deviations;
  /** Of the part within the axis: where it begins, how much it is, and the logarithm of that. */
  private final double[][] below;

  private final double[][] within;
  private final double[][] logWithin;

  /**
   * An axis.
   *
   * @param choices how many; 0 for numbers
   * @param parameter whose whole numbers are cells of the axis; null if it is continuous
   */
  record Axis(double from, double to, int choices, @Nullable Parameter<?> parameter) {
    static Axis choice(int choices) {
      return new Axis(0, choices - 1, choices, null);
    }

    static Axis of(Parameter<?> parameter) {
      return parameter.isChoice()
          ? choice(parameter.choices())
          : new Axis(
              parameter.axisFrom(), parameter.axisTo(), 0, parameter.isWhole() ? parameter : null);
    }

    double length() {
      return to - from;
    }
  }

  /**
   * Makes one.
   *
   * @param observations by axis each, oldest first
   */
  ParzenEstimator(List<Axis> axes, List<double[]> observations) {
    this.axes = axes;
    int n = observations.size();
    double[] weights = new double[n + 1];
    Arrays.fill(weights, 1);
    int older = n - FULL;
    for (int i = 0; i < older; i++) {
      double first = 1.0 / n;
      weights[i] = older == 1 ? first : first + (1 - first) * i / (older - 1);
    }
    double sum = Arrays.stream(weights).sum();
    cumulative = new double[n + 1];
    logWeights = new double[n + 1];
    double so = 0;
    for (int k = 0; k <= n; k++) {
      so += weights[k] / sum;
      cumulative[k] = so;
      logWeights[k] = Math.log(weights[k] / sum);
    }
    int d = axes.size();
    middles = new double[d][n + 1];
    deviations = new double[d][n + 1];
    below = new double[d][n + 1];
    within = new double[d][n + 1];
    logWithin = new double[d][n + 1];
    for (int a = 0; a < d; a++) {
      for (int k = 0; k < n; k++) {
        middles[a][k] = observations.get(k)[a];
      }
      Axis axis = axes.get(a);
      if (axis.choices == 0) {
        middles[a][n] = (axis.from + axis.to) / 2;
        widths(axis, a, n);
      } else {
        middles[a][n] = -1;
      }
    }
  }

  private void widths(Axis axis, int a, int n) {
    double[] sorted = middles[a].clone();
    Arrays.sort(sorted);
    double narrowest = axis.length() / Math.min(100, n + 2);
    for (int k = 0; k <= n; k++) {
      double width = axis.length();
      if (k < n) {
        // Of several at one place, the first and the last have a neighbour elsewhere: both see
        // both.
        int first = Arrays.binarySearch(sorted, middles[a][k]);
        int last = first;
        while (first > 0 && sorted[first - 1] == sorted[first]) {
          first--;
        }
        while (last < n && sorted[last + 1] == sorted[last]) {
          last++;
        }
        double left = first > 0 ? sorted[first] - sorted[first - 1] : sorted[0] - axis.from;
        double right = last < n ? sorted[last + 1] - sorted[last] : axis.to - sorted[n];
        if (n >= 1 && first == 0 && last < n) {
          left = 0;
        }
        if (n >= 1 && last == n && first > 0) {
          right = 0;
        }
        width = Math.min(axis.length(), Math.max(narrowest, Math.max(left, right)));
      }
      deviations[a][k] = width;
      double low = NORMAL.cumulativeProbability((axis.from - middles[a][k]) / width);
      below[a][k] = low;
      within[a][k] = NORMAL.cumulativeProbability((axis.to - middles[a][k]) / width) - low;
      logWithin[a][k] = Math.log(within[a][k]);
    }
  }

  /** {@return a point: of an axis of choices, the index} */
  double[] draw(SplittableRandom random) {
    double u = random.nextDouble();
    int k = 0;
    while (k < cumulative.length - 1 && u >= cumulative[k]) {
      k++;
    }
    double[] x = new double[axes.size()];
    for (int a = 0; a < x.length; a++) {
      Axis axis = axes.get(a);
      if (axis.choices > 0) {
        x[a] = choice(random, axis, (int) middles[a][k]);
        continue;
      }
      double p = below[a][k] + random.nextDouble() * within[a][k];
      double at = middles[a][k] + deviations[a][k] * NORMAL.inverseCumulativeProbability(p);
      at = Math.max(axis.from, Math.min(axis.to, at));
      x[a] = axis.parameter == null ? at : axis.parameter.position(axis.parameter.at(at));
    }
    return x;
  }

  private int choice(SplittableRandom random, Axis axis, int own) {
    double[] probabilities = new double[axis.choices];
    for (int c = 0; c < axis.choices; c++) {
      probabilities[c] = probability(axis, own, c);
    }
    double u = random.nextDouble();
    int c = 0;
    while (c < axis.choices - 1 && u >= probabilities[c]) {
      u -= probabilities[c++];
    }
    return c;
  }

  /** Of a choice in the kernel of one that was observed; −1 is the prior. */
  private double probability(Axis axis, int own, int choice) {
    double each = 1.0 / cumulative.length;
    return own < 0
        ? 1.0 / axis.choices
        : ((choice == own ? 1 : 0) + each) / (1 + each * axis.choices);
  }

  /** {@return the logarithm of the density at a point} */
  double logDensity(double[] x) {
    double[] logs = logWeights.clone();
    for (int a = 0; a < x.length; a++) {
      Axis axis = axes.get(a);
      double from = x[a];
      double to = x[a];
      if (axis.parameter != null) {
        double whole = ((Number) axis.parameter.at(x[a])).doubleValue();
        from = Math.max(axis.from, axis.parameter.axis(whole - 0.5));
        to = Math.min(axis.to, axis.parameter.axis(whole + 0.5));
      }
      for (int k = 0; k < logs.length; k++) {
        double middle = middles[a][k];
        double deviation = deviations[a][k];
        if (axis.choices > 0) {
          logs[k] += Math.log(probability(axis, (int) middle, (int) x[a]));
        } else if (axis.parameter != null) {
          double mass = NORMAL.probability((from - middle) / deviation, (to - middle) / deviation);
          logs[k] += Math.log(Math.max(mass, Double.MIN_NORMAL)) - logWithin[a][k];
        } else {
          double z = (x[a] - middle) / deviation;
          logs[k] += -z * z / 2 - LOG_SQRT_2_PI - Math.log(deviation) - logWithin[a][k];
        }
      }
    }
    double most = Arrays.stream(logs).max().orElseThrow();
    double sum = 0;
    for (double log : logs) {
      sum += Math.exp(log - most);
    }
    return most + Math.log(sum);
  }
}
