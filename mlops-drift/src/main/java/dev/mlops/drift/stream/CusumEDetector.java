package dev.mlops.drift.stream;

import dev.mlops.api.drift.FalseAlarms;

/**
 * Signals drift when the mean of a stream has left a limit, far more rarely by mistake than promised and later than {@link
 * SrEDetector} (CUSUM mixture e-detector).
 *
 * <p>For each of its λ, M ← max(M, 1)·(1 + λ(x/m − 1)) from M = 0; the statistic is the mean of the seven M, so that it forgets
 * a calm past. All else, forms, input and promise included, is as with {@link SrEDetector}: no M is greater than the one
 * there, so the same A keeps the same promise.
 *
 * <p><b>Expect</b>, for errors of 0 and 1, known m and A = 10,000, a median delay of about 82 values for a rise from 0.2 to
 * 0.4, 285 from 0.2 to 0.3, 395 from 0.05 to 0.10 ({@code around}: 90, 320, 430), and about one false alarm in 200,000 values.
 * Choose it where an alarm costs much and a change stays.
 *
 * <p>The signal's change point is where the greatest M last left 1; of averages as with {@link SrEDetector}. Half of the
 * estimates were within 9, 34, 58 values, nine of ten within 53, 200, 310.
 *
 * <p>An update takes no memory and no logarithm.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://arxiv.org/abs/2203.03532">Shin, Ramdas, Rinaldo: E-detectors</a>
 * @since 0.1
 */
public final class CusumEDetector extends EDetector<CusumEDetector> {
  private CusumEDetector(MeanLimit<CusumEDetector> limit, FalseAlarms falseAlarms) {
    super(limit, falseAlarms, false);
  }

  /**
   * {@return a step to a detector of a mean that has risen}
   *
   * @param mean the highest mean that is no drift, in units of the input; finite, above 0
   * @throws IllegalArgumentException if it is out of range
   */
  public static MeanLimit<CusumEDetector> above(double mean) {
    return MeanLimit.above(CusumEDetector::new, mean);
  }

  /**
   * {@return a step to a detector of a mean that has fallen, for values in 0 to 1}
   *
   * @param mean the lowest mean that is no drift; above 0, below 1
   * @throws IllegalArgumentException if it is out of range
   */
  public static MeanLimit<CusumEDetector> below(double mean) {
    return MeanLimit.below(CusumEDetector::new, mean);
  }

  /**
   * {@return a step to a detector of a mean that has risen or fallen, for values in 0 to 1}
   *
   * @param mean the mean that is no drift; above 0, below 1
   * @throws IllegalArgumentException if it is out of range
   */
  public static MeanLimit<CusumEDetector> around(double mean) {
    return MeanLimit.around(CusumEDetector::new, mean);
  }

  /**
   * {@return a step to a detector of a mean that has risen above its season}
   *
   * @param season the highest mean that is no drift, by the input's position modulo their number; each finite, above 0
   * @throws IllegalArgumentException if there is none, or one is out of range
   */
  public static MeanLimit<CusumEDetector> aboveSeason(double[] season) {
    return MeanLimit.above(CusumEDetector::new, season);
  }

  /**
   * {@return a step to a detector of a mean that has fallen below its season, for values in 0 to 1}
   *
   * @param season the lowest mean that is no drift, by the input's position modulo their number; each above 0, below 1
   * @throws IllegalArgumentException if there is none, or one is out of range
   */
  public static MeanLimit<CusumEDetector> belowSeason(double[] season) {
    return MeanLimit.below(CusumEDetector::new, season);
  }

  /**
   * {@return a step to a detector of a mean that has left its season, for values in 0 to 1}
   *
   * @param season the mean that is no drift, by the input's position modulo their number; each above 0, below 1
   * @throws IllegalArgumentException if there is none, or one is out of range
   */
  public static MeanLimit<CusumEDetector> aroundSeason(double[] season) {
    return MeanLimit.around(CusumEDetector::new, season);
  }

  /**
   * {@return a step to a detector of a share that has risen above what was measured, uncertainty included}
   *
   * <p>The limit is {@link SrEDetector#upperLimit}.
   *
   * @param count how often, such as the errors of a test phase; at least 0, below n
   * @param n of how many; at least 1
   * @throws IllegalArgumentException if they are out of range
   */
  public static MeanLimit<CusumEDetector> aboveEstimated(long count, long n) {
    return MeanLimit.aboveEstimated(CusumEDetector::new, count, n);
  }

  /**
   * {@return a step to a detector of a share that has fallen below what was measured, uncertainty included}
   *
   * <p>The limit is {@link SrEDetector#lowerLimit}.
   *
   * @param count how often; above 0, at most n
   * @param n of how many; at least 1
   * @throws IllegalArgumentException if they are out of range
   */
  public static MeanLimit<CusumEDetector> belowEstimated(long count, long n) {
    return MeanLimit.belowEstimated(CusumEDetector::new, count, n);
  }

  /**
   * {@return a step to a detector of a share that has left what was measured, uncertainty included}
   *
   * <p>The limits are {@link SrEDetector#lowerLimit} and {@link SrEDetector#upperLimit}.
   *
   * @param count how often; above 0, below n
   * @param n of how many; at least 2
   * @throws IllegalArgumentException if they are out of range
   */
  public static MeanLimit<CusumEDetector> aroundEstimated(long count, long n) {
    return MeanLimit.aroundEstimated(CusumEDetector::new, count, n);
  }
}
