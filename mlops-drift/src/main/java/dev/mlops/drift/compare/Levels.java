package dev.mlops.drift.compare;

import org.apache.commons.statistics.distribution.NormalDistribution;

/** What the tests of this package refuse alike, and the quantiles that they share. */
final class Levels {
  private static final NormalDistribution STANDARD = NormalDistribution.of(0.0, 1.0);

  private Levels() {}

  /** A one-sided level: half a chance to be wrong is none at all. */
  static double requireLevel(double level) {
    if (!(level > 0.0 && level < 0.5)) {
      throw new IllegalArgumentException("level must be above 0 and below 0.5, but was " + level);
    }
    return level;
  }

  static double requireMargin(double margin) {
    if (!(margin >= 0.0 && margin < 1.0)) {
      throw new IllegalArgumentException(
          "margin must be at least 0 and below 1, the largest difference of two shares, but was "
              + margin);
    }
    return margin;
  }

  static double requirePower(double power) {
    if (!(power >= 0.5 && power < 1.0)) {
      throw new IllegalArgumentException("power must be 0.5 to below 1, but was " + power);
    }
    return power;
  }

  /** The standard normal quantile that is exceeded with a probability. */
  static double exceeded(double probability) {
    return STANDARD.inverseSurvivalProbability(probability);
  }

  /** Of a share, what Wilson's score interval at z holds. */
  static double[] wilson(long count, long n, double z) {
    double p = (double) count / n;
    double z2 = z * z;
    double centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    double half = z / (1.0 + z2 / n) * Math.sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n));
    return new double[] {
      Math.max(0.0, Math.min(p, centre - half)), Math.min(1.0, Math.max(p, centre + half))
    };
  }

  /** How many are needed so that a number of them suffices. */
  static long atLeast(double wanted) {
    return (long) Math.ceil(wanted);
  }
}
