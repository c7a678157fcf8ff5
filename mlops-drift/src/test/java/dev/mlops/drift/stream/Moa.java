package dev.mlops.drift.stream;

/**
 * What MOA 2024.07.0 computes where that is not what the paper of the name says, or where ours mends a defect: written from
 * the formulas in the notes of each class, to be held against MOA's recorded answers.
 */
final class Moa {
  private Moa() {}

  /** One value in, a drift or none out; all is forgotten before the value after a drift. */
  abstract static class Detector {
    boolean warning;

    abstract boolean update(double x);

    abstract double estimate();
  }

  /** DDM without a guard: an error-free beginning gives p_min = s_min = 0, and the next error is a drift. */
  static final class Ddm extends Detector {
    private int n;
    private double p;
    private double lowestP;
    private double lowestS;
    private double lowest = Double.MAX_VALUE;
    private boolean restart;
    /** Whether a minimum of 0 was ever kept. */
    boolean degenerate;

    @Override
    boolean update(double x) {
      if (restart) {
        n = 0;
        p = 0;
        lowest = Double.MAX_VALUE;
        restart = false;
      }
      warning = false;
      n++;
      p += (x - p) / n;
      double s = Math.sqrt(p * (1 - p) / n);
      if (n < 29) {
        return false;
      }
      if (p + s <= lowest) {
        lowest = p + s;
        lowestP = p;
        lowestS = s;
        degenerate |= lowest == 0;
      }
      if (n > 29 && p + s > lowestP + 3 * lowestS) {
        restart = true;
        return true;
      }
      warning = p + s > lowestP + 2 * lowestS;
      return false;
    }

    @Override
    double estimate() {
      return p;
    }
  }

  /** HDDM_A of any number, and silent about a fall. */
  static final class HddmA extends Detector {
    private static final double DRIFT = 0.001;
    private static final double WARNING = 0.005;
    private final boolean twoSided;
    private double n;
    private double c;
    private double lowN;
    private double lowC;
    private double highN;
    private double highC;
    private double estimateN;
    private double estimateC;
    private boolean restart;

    HddmA(boolean twoSided) {
      this.twoSided = twoSided;
    }

    @Override
    boolean update(double x) {
      if (restart) {
        n = c = lowN = lowC = highN = highC = 0;
        restart = false;
      }
      warning = false;
      n++;
      c += x;
      if (n >= estimateN) {
        estimateN = n;
        estimateC = c;
      }
      double mean = c / n;
      double epsilon = epsilon(n);
      if (lowN == 0 || lowC / lowN + epsilon(lowN) >= mean + epsilon) {
        lowN = n;
        lowC = c;
      }
      if (highN == 0 || highC / highN - epsilon(highN) <= mean - epsilon) {
        highN = n;
        highC = c;
      }
      if (lowN < n) {
        double rise = mean - lowC / lowN;
        if (rise >= bound(lowN, DRIFT)) {
          restart(lowN, lowC);
          return true;
        }
        warning = rise >= bound(lowN, WARNING);
      }
      if (twoSided && highN < n && highC / highN - mean >= bound(highN, DRIFT)) {
        restart(highN, highC);
      }
      return false;
    }

    private void restart(double cutN, double cutC) {
      restart = true;
      estimateN = n - cutN;
      estimateC = c - cutC;
    }

    private static double epsilon(double n) {
      return Math.sqrt(Math.log(1 / DRIFT) / (2 * n));
    }

    private double bound(double cut, double alpha) {
      return Math.sqrt((n - cut) / (cut * n) / 2 * Math.log(2 / alpha));
    }

    /** The mean of all values, or of those after the cut of the newest drift as long as these are more. */
    @Override
    double estimate() {
      return estimateC / estimateN;
    }
  }

  /** CUSUM of the distance from its own running mean: Page–Hinkley, one value earlier. */
  static final class Cusum extends Detector {
    private int n;
    private double mean;
    private double sum;
    private boolean restart;

    @Override
    boolean update(double x) {
      if (restart) {
        n = 0;
        mean = sum = 0;
        restart = false;
      }
      n++;
      mean += (x - mean) / n;
      sum = Math.max(0, sum + x - mean - 0.005);
      restart = n >= 29 && sum > 50;
      return restart;
    }

    @Override
    double estimate() {
      return mean;
    }
  }

  /** Page–Hinkley without a minimum: a fading sum that sinks to about −50 in a calm. */
  static final class PageHinkleyDm extends Detector {
    private int n;
    private double mean;
    private double sum;
    private boolean restart;

    @Override
    boolean update(double x) {
      if (restart) {
        n = 0;
        mean = sum = 0;
        restart = false;
      }
      n++;
      mean += (x - mean) / n;
      sum = 0.9999 * sum + (x - mean - 0.005);
      restart = n >= 29 && sum > 50;
      return restart;
    }

    @Override
    double estimate() {
      return mean;
    }
  }

  /** Page–Hinkley on |x| whose sum starts at the 31st value, or, with a fading mean, where its weights exceed 30. */
  static final class PageHinkleyRule extends Detector {
    private final double fading;
    private double weights;
    private double sum;
    private double m;
    private double lowest = Double.POSITIVE_INFINITY;

    PageHinkleyRule(boolean fading) {
      this.fading = fading ? 0.99 : 1;
    }

    @Override
    boolean update(double x) {
      sum = Math.abs(x) + fading * sum;
      weights = 1 + fading * weights;
      if (weights <= 30) {
        return false;
      }
      m += Math.abs(x) - sum / weights - 0.005;
      lowest = Math.min(lowest, m);
      if (m - lowest > 35) {
        sum = weights = m = 0;
        lowest = Double.POSITIVE_INFINITY;
        return true;
      }
      return false;
    }

    @Override
    double estimate() {
      return m;
    }
  }
}
