package dev.mlops.drift.compare;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Figures;
import dev.mlops.drift.compare.Comparison.Outcome;
import java.util.List;
import java.util.OptionalDouble;
import org.apache.commons.statistics.inference.ChiSquareTest;
import org.apache.commons.statistics.inference.FisherExactTest;

/**
 * Compares two shares of something bad, such as wrong answers or failures, each in a sample of its own.
 *
 * <p>The interval of the difference, candidate − champion, is Newcombe's hybrid of two Wilson score intervals (his method 10),
 * each end with its own error of {@code level}. WORSE when the whole interval is above the margin, NO_WORSE when none of it is,
 * UNDECIDED otherwise. The p-value is that of Pearson's chi-square without correction; of Fisher's exact test where a count
 * is expected to be below 5.
 *
 * <p><b>Input</b> is counts of independent observations. The same rows answered by both are pairs: {@link McNemarTest} needs
 * far fewer of them.
 *
 * <p><b>Promise</b>: of a sample whose size was fixed beforehand. Looked at again and again until it decides, it is wrong far
 * more often; {@code drift.anytime} is for that.
 *
 * <p>Immutable and thread-safe.
 *
 * @see <a href="https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I">Newcombe (1998),
 *     Interval estimation for the difference between independent proportions</a>
 * @since 0.1
 */
@Beta
public final class ProportionsTest {
  /** Below this expected count, chi-square is not to be trusted. */
  private static final double FEWEST_EXPECTED = 5.0;

  private final double margin;
  private final double level;

  private ProportionsTest(double margin, double level) {
    this.margin = margin;
    this.level = level;
  }

  /**
   * {@return a test at the level 0.05}
   *
   * @param margin by how much the candidate's share of the bad may be above the champion's; at least 0, below 1
   * @throws IllegalArgumentException if it is out of range
   */
  public static ProportionsTest withMargin(double margin) {
    return new ProportionsTest(Levels.requireMargin(margin), 0.05);
  }

  /**
   * {@return the same test at another level}
   *
   * @param level probability of each of the two errors, WORSE and NO_WORSE, at the margin; above 0, below 0.5
   * @throws IllegalArgumentException if it is out of range
   */
  public ProportionsTest withLevel(double level) {
    return new ProportionsTest(margin, Levels.requireLevel(level));
  }

  /**
   * {@return what two samples show; UNDECIDED if one is empty}
   *
   * @param bad of the candidate's, 0 to {@code n}
   * @param n how many the candidate has, at least 0
   * @param championBad of the champion's, 0 to {@code championN}
   * @param championN how many the champion has, at least 0
   * @throws IllegalArgumentException if a count is out of range
   */
  public Comparison compare(long bad, long n, long championBad, long championN) {
    requireCounts("the candidate", bad, n);
    requireCounts("the champion", championBad, championN);
    if (n == 0 || championN == 0) {
      return Comparison.undecided(
          n, championN, n + " observations against " + championN + ", wanted at least 1 of each");
    }
    double z = Levels.exceeded(level);
    double p = (double) bad / n;
    double q = (double) championBad / championN;
    double[] first = Levels.wilson(bad, n, z);
    double[] second = Levels.wilson(championBad, championN, z);
    double difference = p - q;
    double lower = difference - Math.hypot(p - first[0], second[1] - q);
    double upper = difference + Math.hypot(first[1] - p, q - second[0]);
    Outcome outcome =
        lower > margin ? Outcome.WORSE : upper <= margin ? Outcome.NO_WORSE : Outcome.UNDECIDED;
    List<String> shown = Figures.apart(p, q, difference, lower, upper, margin);
    String text = shown.get(0) + " of " + n + " against " + shown.get(1) + " of " + championN
        + ", difference " + shown.get(2) + ", interval " + shown.get(3) + " to " + shown.get(4)
        + ", margin " + shown.get(5);
    return new Comparison(
        outcome,
        OptionalDouble.of(difference),
        OptionalDouble.of(lower),
        OptionalDouble.of(upper),
        OptionalDouble.of(pValue(bad, n, championBad, championN)),
        n,
        championN,
        text);
  }

  private static void requireCounts(String whose, long bad, long n) {
    if (n < 0 || bad < 0 || bad > n) {
      throw new IllegalArgumentException(
          "of " + whose + " there must be 0 <= bad <= n, but were " + bad + " of " + n);
    }
  }

  private static double pValue(long bad, long n, long championBad, long championN) {
    long good = n - bad;
    long championGood = championN - championBad;
    if (bad + championBad == 0 || good + championGood == 0) {
      return 1.0; // all are alike
    }
    double share = Math.min((double) n, (double) championN) / ((double) n + championN);
    double fewest = Math.min((double) bad + championBad, (double) good + championGood) * share;
    if (fewest < FEWEST_EXPECTED && (double) n + championN <= Integer.MAX_VALUE) {
      int[][] table = {{(int) bad, (int) good}, {(int) championBad, (int) championGood}};
      return FisherExactTest.withDefaults().test(table).getPValue();
    }
    long[][] table = {{bad, good}, {championBad, championGood}};
    return ChiSquareTest.withDefaults().test(table).getPValue();
  }

  /**
   * {@return how many observations each sample needs, so that a test for a difference finds it}
   *
   * <p>Refuse a plan whose samples are smaller: it could not decide.
   *
   * @param champion the champion's share of the bad, above 0 and below 1
   * @param candidate the candidate's, another one, above 0 and below 1
   * @param level one-sided probability of a false alarm; above 0, below 0.5
   * @param power probability to find the difference; 0.5 to below 1
   * @throws IllegalArgumentException if one is out of range, or the shares are equal
   */
  public static long fewestEach(double champion, double candidate, double level, double power) {
    requireShare("champion", champion);
    requireShare("candidate", candidate);
    if (champion == candidate) {
      throw new IllegalArgumentException(
          "shares must differ for a difference to be found, but both were " + champion);
    }
    double mean = (champion + candidate) / 2.0;
    double alike = Levels.exceeded(Levels.requireLevel(level)) * Math.sqrt(2 * mean * (1 - mean));
    double apart = Levels.exceeded(1.0 - Levels.requirePower(power))
        * Math.sqrt(champion * (1 - champion) + candidate * (1 - candidate));
    double root = (alike + apart) / (candidate - champion);
    return Levels.atLeast(root * root);
  }

  private static void requireShare(String whose, double share) {
    if (!(share > 0.0 && share < 1.0)) {
      throw new IllegalArgumentException(
          "share of the " + whose + " must be above 0 and below 1, but was " + share);
    }
  }

  /** {@return such as {@code two proportions, margin 0.02, level 0.05}} */
  @Override
  public String toString() {
    return "two proportions, margin " + margin + ", level " + level;
  }
}
