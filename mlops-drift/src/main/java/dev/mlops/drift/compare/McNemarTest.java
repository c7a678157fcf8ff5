package dev.mlops.drift.compare;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Figures;
import dev.mlops.drift.compare.Comparison.Outcome;
import java.util.List;
import java.util.OptionalDouble;
import org.apache.commons.statistics.inference.BinomialTest;
import org.apache.commons.statistics.inference.ChiSquareTest;

/**
 * Compares two classifiers on the same rows, by the rows on which only one of them is wrong (McNemar).
 *
 * <p>The interval of the difference in error rate, candidate − champion, is Tango's score interval, each end with its own
 * error of {@code level}. WORSE when the whole interval is above the margin, NO_WORSE when none of it is, UNDECIDED otherwise.
 * The p-value is that of the exact binomial test that both are wrong alone equally often; from 2<sup>31</sup> such rows on, of
 * McNemar's chi-square.
 *
 * <p><b>Promise</b>: of independent rows whose number was fixed beforehand. Looked at again and again until it decides, it is
 * wrong far more often; {@code drift.anytime} is for that.
 *
 * <p>Immutable and thread-safe.
 *
 * @see <a href="https://doi.org/10.1007/BF02295996">McNemar (1947)</a>
 * @see <a href="https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C891::AID-SIM780%3E3.0.CO;2-B">Tango (1998),
 *     Equivalence test and confidence interval for the difference in proportions for the paired-sample design</a>
 * @since 0.1
 */
@Beta
public final class McNemarTest {
  private static final int STEPS = 60;

  private final double margin;
  private final double level;

  private McNemarTest(double margin, double level) {
    this.margin = margin;
    this.level = level;
  }

  /**
   * {@return a test at the level 0.05}
   *
   * @param margin by how much the candidate's error rate may be above the champion's; at least 0, below 1
   * @throws IllegalArgumentException if it is out of range
   */
  public static McNemarTest withMargin(double margin) {
    return new McNemarTest(Levels.requireMargin(margin), 0.05);
  }

  /**
   * {@return the same test at another level}
   *
   * @param level probability of each of the two errors, WORSE and NO_WORSE, at the margin; above 0, below 0.5
   * @throws IllegalArgumentException if it is out of range
   */
  public McNemarTest withLevel(double level) {
    return new McNemarTest(margin, Levels.requireLevel(level));
  }

  /**
   * {@return what the pairs show; UNDECIDED if there is none}
   *
   * @param candidateWrong rows on which the candidate alone is wrong, at least 0
   * @param championWrong rows on which the champion alone is wrong, at least 0
   * @param pairs all rows, at least the two together
   * @throws IllegalArgumentException if a count is out of range
   */
  public Comparison compare(long candidateWrong, long championWrong, long pairs) {
    if (candidateWrong < 0 || championWrong < 0 || pairs - championWrong < candidateWrong) {
      throw new IllegalArgumentException(
          "rows on which one alone is wrong must be at least 0 and together at most all, but were "
              + candidateWrong + " and " + championWrong + " of " + pairs);
    }
    if (pairs == 0) {
      return Comparison.undecided(0, 0, "0 pairs, wanted at least 1");
    }
    double z = Levels.exceeded(level);
    double difference = ((double) candidateWrong - championWrong) / pairs;
    double lower = end(candidateWrong, championWrong, pairs, z, -1.0, difference);
    double upper = end(candidateWrong, championWrong, pairs, -z, difference, 1.0);
    Outcome outcome =
        lower > margin ? Outcome.WORSE : upper <= margin ? Outcome.NO_WORSE : Outcome.UNDECIDED;
    List<String> shown = Figures.apart(difference, lower, upper, margin);
    String text = "of " + pairs + " rows the candidate alone is wrong on " + candidateWrong
        + ", the champion alone on " + championWrong + ", difference " + shown.get(0)
        + ", interval " + shown.get(1) + " to " + shown.get(2) + ", margin " + shown.get(3);
    return new Comparison(
        outcome,
        OptionalDouble.of(difference),
        OptionalDouble.of(lower),
        OptionalDouble.of(upper),
        OptionalDouble.of(pValue(candidateWrong, championWrong)),
        pairs,
        pairs,
        text);
  }

  private static double pValue(long candidateWrong, long championWrong) {
    double apart = (double) candidateWrong + championWrong;
    if (apart == 0.0) {
      return 1.0;
    }
    return apart <= Integer.MAX_VALUE
        ? BinomialTest.withDefaults()
            .test((int) apart, (int) candidateWrong, 0.5)
            .getPValue()
        : ChiSquareTest.withDefaults()
            .test(new long[] {candidateWrong, championWrong})
            .getPValue();
  }

  /** Where the score of a difference, which falls as it grows, is z. */
  private static double end(
      long candidateWrong, long championWrong, long pairs, double z, double from, double to) {
    double low = from;
    double high = to;
    for (int i = 0; i < STEPS; i++) {
      double middle = low + (high - low) / 2.0;
      if (score((double) candidateWrong, (double) championWrong, (double) pairs, middle) > z) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return z > 0 ? low : high;
  }

  /** Tango's score, with the nuisance parameter that is likeliest if the difference is d. */
  private static double score(double b, double c, double n, double d) {
    double linear = -b - c + (2 * n - b + c) * d;
    double constant = -c * d * (1 - d);
    double root = Math.sqrt(Math.max(0.0, linear * linear - 8 * n * constant));
    double nuisance = Math.max(0.0, (root - linear) / (4 * n));
    double variance = n * Math.max(0.0, 2 * nuisance + d * (1 - d));
    double ahead = b - c - n * d;
    return variance > 0.0
        ? ahead / Math.sqrt(variance)
        : Math.signum(ahead) * Double.POSITIVE_INFINITY;
  }

  /**
   * {@return how many pairs are needed, so that a test for a difference finds it}
   *
   * @param disagreement share of the rows on which one alone is wrong; above 0, at most 1
   * @param difference of the error rates; not 0, at most the disagreement in size
   * @param level one-sided probability of a false alarm; above 0, below 0.5
   * @param power probability to find the difference; 0.5 to below 1
   * @throws IllegalArgumentException if one is out of range
   */
  public static long fewestPairs(
      double disagreement, double difference, double level, double power) {
    if (!(disagreement > 0.0 && disagreement <= 1.0)) {
      throw new IllegalArgumentException(
          "disagreement must be above 0 and at most 1, but was " + disagreement);
    }
    if (!(Math.abs(difference) > 0.0 && Math.abs(difference) <= disagreement)) {
      throw new IllegalArgumentException("difference must not be 0 and at most " + disagreement
          + ", the disagreement, in size, but was " + difference);
    }
    double alike = Levels.exceeded(Levels.requireLevel(level)) * Math.sqrt(disagreement);
    double apart = Levels.exceeded(1.0 - Levels.requirePower(power))
        * Math.sqrt(disagreement - difference * difference);
    double root = (alike + apart) / difference;
    return Levels.atLeast(root * root);
  }

  /** {@return such as {@code McNemar, margin 0.02, level 0.05}} */
  @Override
  public String toString() {
    return "McNemar, margin " + margin + ", level " + level;
  }
}
