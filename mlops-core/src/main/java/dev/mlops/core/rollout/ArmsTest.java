package dev.mlops.core.rollout;

import dev.mlops.api.model.Loss;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.Dependence;
import dev.mlops.drift.compare.Comparison;
import dev.mlops.drift.compare.ProportionsTest;
import java.util.Locale;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.jspecify.annotations.Nullable;

/**
 * Whether a candidate is no worse than the champion by a metric, told from different rows that each of the two answered, and
 * looked at after every truth.
 *
 * <p>Whenever both have had rows since the last difference, the mean of the champion's losses minus that of the candidate's is
 * one difference, in −1 to 1 of the largest loss. So no row counts twice, a small share costs no more than its few rows, and
 * the mean of a difference given all before is the difference of the two models. Two betting tests take it: whether it is
 * above minus the margin, and whether it is below it; each errs with probability at most alpha, however often one looks. Where
 * losses depend on those before them, means of blocks are tested.
 *
 * <p><b>An answer that failed is as bad as can be.</b> The champion answers instead, so that what the candidate cannot do would
 * count against the champion alone. A failed call is a largest loss of the candidate, held against the champion's mean; as large a
 * part of the failed calls counts as has its truth of those that were answered.
 *
 * <p><b>A lucky start promotes nobody.</b> The first test may reject on the luck of few rows, which its alpha allows. So PASS needs
 * one of two things more: as many differences as a test of a fixed size would need to find an equal candidate no worse with
 * probability {@value #POWER}, by the variance seen so far; or a third betting test that finds the candidate better, not only no
 * worse. A margin of 0 asks for better already. FAIL needs nothing more.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class ArmsTest {
  /** How likely a test of the planned size finds an equal candidate no worse. */
  private static final double POWER = 0.8;

  private final String asked;
  private final Loss loss;
  private final double largest;
  private final double margin;
  private final long champion;
  private final long candidate;
  private final Sequential notWorse;
  private final Sequential worse;
  private final Sequential better;

  /** Planned differences per unit of their variance. */
  private final double plannedPerVariance;

  /** Truths of the candidate at which it is judged, once; 0 if it is judged after every truth. */
  private final long once;

  private final double alpha;

  /** What was found then. */
  private @Nullable Comparison judged;

  private boolean binary = true;

  /** Of a sample of a fixed size: an answer that failed has the largest loss. */
  private final FixedSample.Losses ours = new FixedSample.Losses();

  private final FixedSample.Losses theirs = new FixedSample.Losses();

  /** Of those since the last difference. */
  private double championSum;

  private long championRows;
  private double candidateSum;
  private long candidateRows;

  /** Of all. */
  private double championTotal;

  private long championAll;
  private double candidateTotal;
  private long candidateAll;
  /** Failed calls that were taken. */
  private long failed;

  /** Failed calls to be taken. */
  private long due;

  private long pairs;
  private double sum;
  private double sumOfSquares;

  /**
   * Of a condition about a metric with a loss.
   *
   * @param largest the loss that counts as 1; finite, above 0
   * @param margin in units of the metric, below the largest loss
   * @param once truths of the candidate at which it is judged by a test of a fixed size; 0 for tests that may be looked at always
   */
  ArmsTest(
      Condition condition,
      Loss loss,
      double largest,
      double margin,
      double alpha,
      long once,
      Dependence dependence,
      long champion,
      long candidate) {
    this.once = once;
    this.alpha = alpha;
    this.asked = condition.toString();
    this.loss = loss;
    this.largest = largest;
    this.margin = margin;
    this.champion = champion;
    this.candidate = candidate;
    this.notWorse = Sequential.above(-margin / largest, alpha, dependence);
    this.worse = Sequential.above(margin / largest, alpha, dependence);
    this.better = Sequential.above(0, alpha, dependence);
    NormalDistribution normal = NormalDistribution.of(0, 1);
    double apart = Math.max(
        0, normal.inverseSurvivalProbability(alpha) + normal.inverseCumulativeProbability(POWER));
    double scaled = margin / largest;
    this.plannedPerVariance =
        scaled == 0 ? 0 : dependence.inflation() * (apart / scaled) * (apart / scaled);
  }

  /** Takes an outcome of either; one of another version, or that does not count for the metric, is left out. */
  void observe(Outcome outcome) {
    boolean ours = outcome.version().equals(Long.toString(candidate));
    if (judged != null || (!ours && !outcome.version().equals(Long.toString(champion)))) {
      return;
    }
    double cost = loss.of(outcome.prediction(), outcome.truth());
    if (Double.isNaN(cost)) {
      return;
    }
    double scaled = Math.min(cost, largest) / largest;
    if (ours) {
      candidateSum += scaled;
      candidateRows++;
      candidateTotal += scaled;
      candidateAll++;
    } else {
      championSum += scaled;
      championRows++;
      championTotal += scaled;
      championAll++;
    }
    // all errors of a quantity may be 0 by chance: that makes it no question of right or wrong
    binary &= Double.isFinite(loss.largest()) && (scaled == 0 || scaled == 1);
    if (once > 0) {
      (ours ? this.ours : theirs).add(scaled * largest);
      judgeOnce();
    } else if (championRows > 0 && candidateRows > 0) {
      take(championSum / championRows - candidateSum / candidateRows);
      championSum = 0;
      championRows = 0;
      candidateSum = 0;
      candidateRows = 0;
    }
    pairFailures();
  }

  /**
   * Takes the calls that the candidate failed, as large a part of them as of its answers have their truth: a failure is known at once,
   * and would otherwise weigh more the later truths come, and the fewer.
   *
   * @param calls that it failed since the rollout began
   * @param answered those that it answered
   * @param truths of those that it answered
   */
  void failed(long calls, long answered, long truths) {
    due = truths >= answered ? calls : (long) ((double) calls * truths / answered);
    pairFailures();
  }

  private void pairFailures() {
    for (; failed < due && championAll > 0; failed++) {
      take(championTotal / championAll - 1);
      candidateTotal++;
      candidateAll++;
      if (once > 0 && judged == null) {
        ours.add(largest);
      }
    }
  }

  private void take(double difference) {
    // rounding may carry a mean of ones beyond 1
    double bounded = Math.max(-1.0, Math.min(1.0, difference));
    notWorse.update(bounded);
    worse.update(-bounded);
    better.update(bounded);
    sum += bounded;
    sumOfSquares += bounded * bounded;
    pairs++;
  }

  /**
   * Judges the losses as soon as the sample is there that was fixed beforehand: by their two shares where they are all or nothing,
   * else by their ranks.
   */
  private void judgeOnce() {
    if (candidateAll >= once && championAll > 0) {
      judged = binary
          ? ProportionsTest.withMargin(margin / largest)
              .withLevel(alpha)
              .compare(
                  Math.round(candidateTotal), candidateAll, Math.round(championTotal), championAll)
          : FixedSample.Losses.compare(ours, theirs, margin, alpha);
    }
  }

  /** What is not shown by the sample that was planned fails: no later truth counts. */
  private Finding fixed() {
    Comparison found = judged;
    if (found == null) {
      return Finding.builder(
              Verdict.INCONCLUSIVE,
              asked + ": judged once, at " + once + " truths of the candidate; " + candidateAll
                  + " came, of the champion " + championAll)
          .n(candidateAll)
          .build();
    }
    Verdict verdict = found.outcome() == Comparison.Outcome.NO_WORSE ? Verdict.PASS : Verdict.FAIL;
    return Finding.builder(verdict, asked + ": judged once: " + found.text())
        .n(candidateAll)
        .build();
  }

  /** How many differences a test of a fixed size would need; two more, of 1 and −1, keep a constant start from needing none. */
  private long planned() {
    double n = pairs + 2.0;
    double mean = sum / n;
    double variance = Math.max(0, (sumOfSquares + 2) / n - mean * mean);
    return (long) Math.ceil(Math.min(Long.MAX_VALUE / 2.0, plannedPerVariance * variance));
  }

  /**
   * FAIL once it is surely worse by the margin; PASS once it surely is not, and is either surely better or told from as many
   * truths as planned.
   */
  Finding finding() {
    if (once > 0) {
      return fixed();
    }
    long planned = planned();
    boolean early = pairs < planned && !better.rejected();
    Verdict verdict = worse.rejected()
        ? Verdict.FAIL
        : notWorse.rejected() && !early ? Verdict.PASS : Verdict.INCONCLUSIVE;
    if (candidateAll == 0 || championAll == 0) {
      return Finding.builder(
              Verdict.INCONCLUSIVE,
              asked + ": no truth of " + (candidateAll == 0 ? "the candidate" : "the champion")
                  + " yet")
          .n(0)
          .build();
    }
    double ours = loss.metric(largest * candidateTotal / candidateAll);
    double theirs = loss.metric(largest * championTotal / championAll);
    return Finding.builder(
            verdict,
            String.format(
                Locale.ROOT,
                "%s: candidate %.4g on %d truths%s, champion %.4g on %d; evidence of no worse %.3g, of"
                    + " worse %.3g%s",
                asked,
                ours,
                candidateAll,
                failed == 0 ? "" : " and failed calls (" + failed + " failed)",
                theirs,
                championAll,
                notWorse.eValue(),
                worse.eValue(),
                notWorse.rejected() && early
                    ? "; no worse on " + pairs + " pairs of truths, but it may be luck: " + planned
                        + " are planned"
                    : ""))
        .value(ours - theirs)
        .limit(loss.metric(0) >= loss.metric(largest) ? -margin : margin)
        .n(pairs)
        .build();
  }
}
