package dev.mlops.drift.profile;

/**
 * What R² of one output is made of: central moments of the truths and of the squared errors, each counted from the first
 * truth, merged as sets of rows.
 *
 * @see <a href="https://doi.org/10.2172/1028931">Pébay (2008), Formulas for robust, one-pass parallel computation of
 *     covariances and arbitrary-order statistical moments</a>
 */
final class Explained {
  private long n;
  /** The first truth: what the mean is counted from, so that truths far from 0 keep their variance. */
  private double origin;

  private double least;
  private double most;
  private double mean;
  private double square;
  /** Σ(y − ȳ)², Σ(y − ȳ)³, Σ(y − ȳ)⁴. */
  private double y2;

  private double y3;
  private double y4;
  /** Of the squared errors z: Σ(z − z̄)², Σ(z − z̄)(y − ȳ), Σ(z − z̄)(y − ȳ)². */
  private double z2;

  private double zy;
  private double zy2;

  /** Adds a row, or takes one away that was added: the formulas hold for −1 rows too. */
  void add(double said, double right, int by) {
    Explained row = new Explained();
    row.n = by;
    row.origin = right;
    row.least = right;
    row.most = right;
    row.square = (said - right) * (said - right);
    add(row);
  }

  void add(Explained other) {
    if (other.n == 0) {
      return;
    }
    if (n == 0) {
      origin = other.origin;
      least = other.least;
      most = other.most;
    }
    double total = (double) n + other.n;
    if (total == 0) {
      clear();
      return;
    }
    double theirMean = other.origin - origin + other.mean;
    double apart = theirMean - mean;
    double apartZ = other.square - square;
    double ours = n;
    // Both sets seen from the common mean.
    double dy = -apart * other.n / total;
    double dz = -apartZ * other.n / total;
    shift(dy, dz);
    double fy = apart * ours / total;
    double fz = apartZ * ours / total;
    Explained moved = other.copy();
    moved.shift(fy, fz);
    y2 += moved.y2;
    y3 += moved.y3;
    y4 += moved.y4;
    z2 += moved.z2;
    zy += moved.zy;
    zy2 += moved.zy2;
    mean += apart * other.n / total;
    square += apartZ * other.n / total;
    least = Math.min(least, other.least);
    most = Math.max(most, other.most);
    n += other.n;
  }

  private void clear() {
    n = 0;
    mean = 0.0;
    square = 0.0;
    y2 = 0.0;
    y3 = 0.0;
    y4 = 0.0;
    z2 = 0.0;
    zy = 0.0;
    zy2 = 0.0;
  }

  /** The same rows, their deviations counted from a mean that is less by dy and dz. */
  private void shift(double dy, double dz) {
    zy2 += 2 * dy * zy + dz * y2 + n * dz * dy * dy;
    zy += n * dz * dy;
    z2 += n * dz * dz;
    y4 += 4 * dy * y3 + 6 * dy * dy * y2 + n * dy * dy * dy * dy;
    y3 += 3 * dy * y2 + n * dy * dy * dy;
    y2 += n * dy * dy;
  }

  private Explained copy() {
    Explained copy = new Explained();
    copy.n = n;
    copy.y2 = y2;
    copy.y3 = y3;
    copy.y4 = y4;
    copy.z2 = z2;
    copy.zy = zy;
    copy.zy2 = zy2;
    return copy;
  }

  /** Whether there is a variance that could be explained. */
  boolean measurable() {
    return n > 1 && least < most;
  }

  double value() {
    return 1.0 - square / (y2 / n);
  }

  /** By the delta method over rows. */
  double standardError() {
    double b = y2 / n;
    double ratio = square / b;
    // Σ(ratio (deviation² − b) − (z − a))²/b²
    double squares = ratio * ratio * (y4 - n * b * b) - 2 * ratio * zy2 + z2;
    return Math.sqrt(Math.max(0.0, squares) / (n - 1.0) / n) / b;
  }
}
