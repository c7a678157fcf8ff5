package dev.mlops.drift.anytime;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.pack.Dependence;
import java.util.Arrays;
import java.util.Locale;

/**
 * Watches whether a past champion has become better than the present one by a margin: a mixture of Shiryaev–Roberts
 * statistics, row by row.
 *
 * <p>With x = (difference − margin) / (1 + margin) and r the inflation of the {@link Dependence} to the power of 2/3, each of five
 * stakes θ, 0.8, 0.4 and so on to 0.05, has M ← (M + 1/r) · (1 + θx)^(1/r): n rows count like n / r independent ones. The test
 * says "return" when the mean of the five reaches the threshold, and stays so until {@link #reset}. With the inflation itself
 * for r a return would come too late after a shift, and a wrong one costs little, since it is to a model about as good; with
 * its root a wrong one came sooner than the threshold says. A row moves it only where one of the two
 * models is right and the other wrong, so its pace is the share of rows on which they disagree.
 *
 * <p><b>Input</b> is one difference per row whose truth has matured, in order of time: the loss of the champion minus that of
 * the past one, in −1 to 1. Anything else is refused and leaves the test as it was.
 *
 * <p><b>Promise</b>: with an inflation of 1, and as long as the mean of each difference given all before is at most the
 * margin, the mean number of rows until a wrong return is at least the threshold; that is proven. For dependent rows it is
 * <em>calibrated, not proven</em>: with the default knobs and a dependence measured on 20,000 rows of the same kind, the mean
 * was above 2,000 rows for AR(1) with coefficients 0, 0.5 and 0.9 and for Markov regimes of 50 and 500 rows. A past champion
 * that is just as good comes back wrongly after 7,000 to 25,000 rows.
 *
 * <p><b>Expect</b> a past champion that is better by 0.4 after a shift of 2,000 rows to come back within a median of 40
 * independent rows, of 200 for AR(1) with 0.9; one that is better by 0.1 within 135 to 340 independent rows.
 *
 * <p>O(1) time and memory.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://arxiv.org/abs/2203.03532">Shin, Ramdas, Rinaldo: E-detectors</a>
 * @since 0.1
 */
public final class ReturnTest {
  /** The margin of {@link #under(Dependence)}. */
  private static final double MARGIN = 0.02;

  /** The threshold of {@link #under(Dependence)}. With 20 two equal models took turns for ever. */
  private static final double THRESHOLD = 2_000;

  /** Smaller ones only count rows: they know no difference above the margin from one below it. */
  private static final Stakes STAKES = new Stakes(5);

  private final double margin;
  private final Dependence dependence;
  private final double threshold;
  /** As how many independent rows one counts: 1/r. */
  private final double share;

  private final double[] statistics = new double[STAKES.count()];

  private long n;
  private long disagreed;
  private double sum;
  private double statistic;
  private boolean returned;

  private ReturnTest(double margin, Dependence dependence, double threshold) {
    this.margin = margin;
    this.dependence = dependence;
    this.threshold = threshold;
    this.share = 1.0 / Math.pow(dependence.inflation(), 2.0 / 3.0);
  }

  /**
   * {@return a test with a margin of 0.02 and a threshold of 2,000}
   *
   * @param dependence as measured on a quiet stretch of the same stream; {@link Dependence#none} for independent rows
   */
  public static ReturnTest under(Dependence dependence) {
    return of(MARGIN, dependence, THRESHOLD);
  }

  /**
   * {@return a test}
   *
   * @param margin by how much the past champion must be better; at least 0, below 1
   * @param dependence as measured on a quiet stretch of the same stream; {@link Dependence#none} for independent rows
   * @param threshold rows until a wrong return; finite, at least 20
   * @throws IllegalArgumentException if the margin or the threshold is out of range
   */
  public static ReturnTest of(double margin, Dependence dependence, double threshold) {
    requireNonNull(dependence, "dependence");
    if (!(margin >= 0 && margin < 1)) {
      throw new IllegalArgumentException("margin must be >= 0.0 and < 1.0, but was " + margin);
    }
    if (!(threshold >= 20) || !Double.isFinite(threshold)) {
      throw new IllegalArgumentException(
          "threshold must be finite and >= 20.0, but was " + threshold);
    }
    return new ReturnTest(margin, dependence, threshold);
  }

  /**
   * Takes one difference. After a return only the counts and the mean go on.
   *
   * @param difference loss of the champion minus that of the past champion on the same row; in −1 to 1
   * @return whether the past champion should return, now or since an earlier row
   * @throws IllegalArgumentException if it is out of range or NaN; the test is as it was
   */
  public boolean update(double difference) {
    Observations.require(difference, -1.0, 1.0);
    n++;
    disagreed += difference != 0 ? 1 : 0;
    sum += difference;
    if (!returned) {
      double x = (difference - margin) / (1.0 + margin);
      double total = 0;
      for (int i = 0; i < statistics.length; i++) {
        statistics[i] = (statistics[i] + share) * Math.pow(STAKES.factor(i, x), share);
        total += statistics[i];
      }
      statistic = total / statistics.length;
      returned = statistic >= threshold;
    }
    return returned;
  }

  /**
   * {@return whether the past champion should return; once true it stays so until {@link #reset}}
   */
  public boolean returned() {
    return returned;
  }

  /**
   * {@return the mean of the statistics at the newest row, or at the one that said "return"; 0 before the first}
   */
  public double statistic() {
    return statistic;
  }

  /**
   * {@return how many differences were taken since the last reset}
   */
  public long n() {
    return n;
  }

  /**
   * {@return the share of rows on which the losses differed; 0 before the first}
   */
  public double disagreement() {
    return n == 0 ? 0.0 : (double) disagreed / n;
  }

  /**
   * {@return the mean difference since the last reset; 0 before the first}
   */
  public double mean() {
    return n == 0 ? 0.0 : sum / n;
  }

  /**
   * {@return what the test was told of the dependence}
   */
  public Dependence dependence() {
    return dependence;
  }

  /** Forgets all rows: to be called when another model becomes champion. */
  public void reset() {
    Arrays.fill(statistics, 0.0);
    n = 0;
    disagreed = 0;
    sum = 0;
    statistic = 0;
    returned = false;
  }

  /**
   * {@return such as {@code statistic 2.1e+03 of 2000 after 96: better by 0.40 (margin 0.02), losses differ on 0.52 of the
   * rows (no dependence found, from 5000 values)}}
   */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "statistic %.3g of %.4g after %d: %s by %.3g (margin %.3g), losses differ on %.3g of the rows (%s)",
        statistic,
        threshold,
        n,
        returned ? "better" : "not shown to be better; mean difference",
        mean(),
        margin,
        disagreement(),
        dependence);
  }
}
