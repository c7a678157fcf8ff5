package dev.mlops.drift.stream;

import dev.mlops.api.drift.FalseAlarms;
import java.util.function.DoublePredicate;
import org.apache.commons.statistics.distribution.BetaDistribution;

/**
 * Signals drift when the mean of a stream has left a limit, with a proven bound on false alarms (Shiryaev–Roberts mixture
 * e-detector).
 *
 * <p>For each λ of 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, M ← (M + 1)·(1 + λ(x/m − 1)) from M = 0; the statistic is the
 * mean of the seven M. DRIFT when it reaches A, the number of inputs, or of blocks of time, per false alarm; WARNING from
 * A/10 on. After a DRIFT it starts afresh. {@code below(m)} is fed 1 − x with 1 − m; {@code around(m)} averages both sides. A
 * season has a limit m for each position modulo its length: that of the input (fed by a monitor, of the truth), whenever it
 * comes, so its promise is in inputs.
 *
 * <p>In time, the factors are multiplied within a block, and M ← (M + 1)·Π once at its end; a block without judged values is
 * skipped. {@linkplain MeanLimit#averagedOver Averaged over B}, the mean of B values is the one value fed, λ is 0.02, 0.04,
 * 0.08, 0.16, 0.32, 0.64, 0.96, each M counts in proportion to its λ, and the threshold is A/B, so that A still counts values.
 *
 * <p><b>Input</b> is one value per update: for {@code above} finite and at least 0, for {@code below} and {@code around} in 0
 * to 1; for errors, 1 if wrong and 0 if right. Others are skipped and counted. Values that were never possible stay quiet:
 * {@code above(1)} never finds anything in 0 to 1.
 *
 * <p><b>Promise</b>: on average at least A inputs (blocks) pass until a false alarm, for any values whose mean given all
 * before stays within the limit, independent or not, of any distribution. A seasonal or autocorrelated error has stretches
 * above the limit and breaks the condition, not the proof: give the season, or average over more than the season or the
 * stretches last; averages need the mean of each of them within the limit, given all before. A limit that was itself
 * estimated must be a bound: {@link #aboveEstimated}.
 *
 * <p><b>Expect</b>, for errors of 0 and 1, known m and A = 10,000, a median delay of about 55 values for a rise from 0.2 to
 * 0.4, 150 from 0.2 to 0.3, 190 from 0.05 to 0.10 ({@code around}: 63, 178, 221). At A = 100,000, 0.2 to 0.3: 240, and with
 * the limit estimated from 5,000 or 1,000 values 320 or 420 ({@code around}: 270, 350, 470); averaged over 1,440 values,
 * 11,000 for a rise after 5,000 values and 7,400 after 20,000, as each average seen adds 1 to the statistic.
 *
 * <p>The signal's change point is the mean age of what M consists of, by the λ for which M/√age is greatest at the alarm. At A
 * = 10,000 half of the estimates were within 11 values for 0.2 to 0.4, 40 for 0.2 to 0.3, 61 for 0.05 to 0.10, and nine of ten
 * within 62, 221, 308. Once there were values other than 0 and 1, since the last alarm, it is where the greatest of the products
 * M ← max(M, 1)·factor last left 1; so it is in time, of the blocks' products, by the first judged value of a block. Of averages,
 * it is the first value of that one of the last 64 from which on they sum to most beyond the limit for the root of their number.
 *
 * <p>An update takes no memory and no logarithm. Values 0 and 1 are looked up in tables of 11 kB, of {@code around} 22 kB.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://arxiv.org/abs/2203.03532">Shin, Ramdas, Rinaldo: E-detectors</a>
 * @since 0.1
 */
public final class SrEDetector extends EDetector<SrEDetector> {
  /** One-sided confidence of an estimated limit. */
  private static final double CONFIDENCE = 0.95;

  private SrEDetector(MeanLimit<SrEDetector> limit, FalseAlarms falseAlarms) {
    super(limit, falseAlarms, true);
  }

  /**
   * {@return a step to a detector of a mean that has risen}
   *
   * @param mean the highest mean that is no drift, in units of the input; finite, above 0
   * @throws IllegalArgumentException if it is out of range
   */
  public static MeanLimit<SrEDetector> above(double mean) {
    return MeanLimit.above(SrEDetector::new, mean);
  }

  /**
   * {@return a step to a detector of a mean that has fallen, for values in 0 to 1}
   *
   * @param mean the lowest mean that is no drift; above 0, below 1
   * @throws IllegalArgumentException if it is out of range
   */
  public static MeanLimit<SrEDetector> below(double mean) {
    return MeanLimit.below(SrEDetector::new, mean);
  }

  /**
   * {@return a step to a detector of a mean that has risen or fallen, for values in 0 to 1}
   *
   * @param mean the mean that is no drift; above 0, below 1
   * @throws IllegalArgumentException if it is out of range
   */
  public static MeanLimit<SrEDetector> around(double mean) {
    return MeanLimit.around(SrEDetector::new, mean);
  }

  /**
   * {@return a step to a detector of a mean that has risen above its season}
   *
   * @param season the highest mean that is no drift, by the input's position modulo their number; each finite, above 0
   * @throws IllegalArgumentException if there is none, or one is out of range
   */
  public static MeanLimit<SrEDetector> aboveSeason(double[] season) {
    return MeanLimit.above(SrEDetector::new, season);
  }

  /**
   * {@return a step to a detector of a mean that has fallen below its season, for values in 0 to 1}
   *
   * @param season the lowest mean that is no drift, by the input's position modulo their number; each above 0, below 1
   * @throws IllegalArgumentException if there is none, or one is out of range
   */
  public static MeanLimit<SrEDetector> belowSeason(double[] season) {
    return MeanLimit.below(SrEDetector::new, season);
  }

  /**
   * {@return a step to a detector of a mean that has left its season, for values in 0 to 1}
   *
   * @param season the mean that is no drift, by the input's position modulo their number; each above 0, below 1
   * @throws IllegalArgumentException if there is none, or one is out of range
   */
  public static MeanLimit<SrEDetector> aroundSeason(double[] season) {
    return MeanLimit.around(SrEDetector::new, season);
  }

  /**
   * {@return a step to a detector of a share that has risen above what was measured, uncertainty included}
   *
   * <p>The limit is {@link #upperLimit}: with the plain share of 1,000 values instead, a false alarm comes up to twice as
   * often as promised.
   *
   * @param count how often, such as the errors of a test phase; at least 0, below n
   * @param n of how many; at least 1
   * @throws IllegalArgumentException if they are out of range
   */
  public static MeanLimit<SrEDetector> aboveEstimated(long count, long n) {
    return MeanLimit.aboveEstimated(SrEDetector::new, count, n);
  }

  /**
   * {@return a step to a detector of a share that has fallen below what was measured, uncertainty included}
   *
   * <p>The limit is {@link #lowerLimit}.
   *
   * @param count how often; above 0, at most n
   * @param n of how many; at least 1
   * @throws IllegalArgumentException if they are out of range
   */
  public static MeanLimit<SrEDetector> belowEstimated(long count, long n) {
    return MeanLimit.belowEstimated(SrEDetector::new, count, n);
  }

  /**
   * {@return a step to a detector of a share that has left what was measured, uncertainty included}
   *
   * <p>The limits are {@link #lowerLimit} and {@link #upperLimit}, each at 95 %: in at most 10 of 100 baselines one of them
   * is passed, and that side has half of the statistic. From baselines of 500 to 5,000 values of 0.2, false alarms came two to
   * eleven times more rarely than promised.
   *
   * @param count how often; above 0, below n
   * @param n of how many; at least 2
   * @throws IllegalArgumentException if they are out of range
   */
  public static MeanLimit<SrEDetector> aroundEstimated(long count, long n) {
    return MeanLimit.aroundEstimated(SrEDetector::new, count, n);
  }

  /**
   * {@return the exact one-sided 95 % upper confidence limit of a share (Clopper–Pearson)}
   *
   * <p>Whatever the true share is, at most 5 of 100 such limits lie below it.
   *
   * @param count how often; 0 to n
   * @param n of how many; at least 1
   * @throws IllegalArgumentException if they are out of range
   */
  public static double upperLimit(long count, long n) {
    return upperLimit(count, n, CONFIDENCE);
  }

  /**
   * {@return the exact one-sided 95 % lower confidence limit of a share (Clopper–Pearson)}
   *
   * @param count how often; 0 to n
   * @param n of how many; at least 1
   * @throws IllegalArgumentException if they are out of range
   */
  public static double lowerLimit(long count, long n) {
    return lowerLimit(count, n, CONFIDENCE);
  }

  static double upperLimit(long count, long n, double confidence) {
    requireShare(count, n);
    if (count == n) {
      return 1.0;
    }
    // The share at which so few, or fewer, would be seen in 1 - confidence of all samples.
    BetaDistribution beta = BetaDistribution.of(count + 1.0, (double) n - count);
    return Math.nextUp(lastBelow(share -> beta.survivalProbability(share) > 1.0 - confidence));
  }

  static double lowerLimit(long count, long n, double confidence) {
    requireShare(count, n);
    if (count == 0) {
      return 0.0;
    }
    BetaDistribution beta = BetaDistribution.of((double) count, n - count + 1.0);
    return lastBelow(share -> beta.cumulativeProbability(share) <= 1.0 - confidence);
  }

  /** The last share from 0 to 1 before those of which something is not true any more. */
  private static double lastBelow(DoublePredicate still) {
    double below = 0.0;
    double above = 1.0;
    while (true) {
      double middle = 0.5 * (below + above);
      if (middle <= below || middle >= above) {
        return below;
      }
      if (still.test(middle)) {
        below = middle;
      } else {
        above = middle;
      }
    }
  }

  private static void requireShare(long count, long n) {
    if (n < 1 || count < 0 || count > n) {
      throw new IllegalArgumentException(
          "a share must have 0 <= count <= n and n >= 1, but had " + count + " of " + n);
    }
  }
}
