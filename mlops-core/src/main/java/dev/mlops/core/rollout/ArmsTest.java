package dev.mlops.core.rollout;

import dev.mlops.api.model.Loss;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.Dependence;
import java.util.Locale;

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
 * <p>Not thread-safe: confine to one thread.
 */
final class ArmsTest {
  private final String asked;
  private final Loss loss;
  private final double largest;
  private final double margin;
  private final long champion;
  private final long candidate;
  private final Sequential notWorse;
  private final Sequential worse;

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
  private long pairs;

  /**
   * Of a condition about a metric with a loss.
   *
   * @param largest the loss that counts as 1; finite, above 0
   * @param margin in units of the metric, below the largest loss
   */
  ArmsTest(
      Condition condition,
      Loss loss,
      double largest,
      double margin,
      double alpha,
      Dependence dependence,
      long champion,
      long candidate) {
    this.asked = condition.toString();
    this.loss = loss;
    this.largest = largest;
    this.margin = margin;
    this.champion = champion;
    this.candidate = candidate;
    this.notWorse = Sequential.above(-margin / largest, alpha, dependence);
    this.worse = Sequential.above(margin / largest, alpha, dependence);
  }

  /** Takes an outcome of either; one of another version, or that does not count for the metric, is left out. */
  void observe(Outcome outcome) {
    boolean ours = outcome.version().equals(Long.toString(candidate));
    if (!ours && !outcome.version().equals(Long.toString(champion))) {
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
    if (championRows > 0 && candidateRows > 0) {
      double difference = championSum / championRows - candidateSum / candidateRows;
      // rounding may carry a mean of ones beyond 1
      double bounded = Math.max(-1.0, Math.min(1.0, difference));
      notWorse.update(bounded);
      worse.update(-bounded);
      pairs++;
      championSum = 0;
      championRows = 0;
      candidateSum = 0;
      candidateRows = 0;
    }
  }

  /** PASS once it is surely no worse by the margin, FAIL once it surely is; the first of the two stands. */
  Finding finding() {
    Verdict verdict =
        notWorse.rejected() ? Verdict.PASS : worse.rejected() ? Verdict.FAIL : Verdict.INCONCLUSIVE;
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
                "%s: candidate %.4g on %d truths, champion %.4g on %d; evidence of no worse %.3g, of"
                    + " worse %.3g",
                asked,
                ours,
                candidateAll,
                theirs,
                championAll,
                notWorse.eValue(),
                worse.eValue()))
        .value(ours - theirs)
        .limit(loss.metric(0) >= loss.metric(largest) ? -margin : margin)
        .n(pairs)
        .build();
  }

  long candidateTruths() {
    return candidateAll;
  }
}
