package dev.mlops.core.rollout;

import dev.mlops.drift.compare.Comparison;
import dev.mlops.drift.compare.MannWhitneyTest;
import dev.mlops.drift.compare.McNemarTest;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.apache.commons.statistics.distribution.NormalDistribution;

/** Tests of samples whose size was fixed beforehand, as plans use them. */
final class FixedSample {
  private FixedSample() {}

  /**
   * How many rows show that a candidate is no worse by a margin, where neither model is ever wrong: the upper end of a score interval
   * of no error in n is z² / (n + z²), for pairs as for two shares.
   *
   * @param margin above 0, below 1
   * @param alpha above 0, below 0.5
   */
  static long fewest(double margin, double alpha) {
    double z = NormalDistribution.of(0, 1).inverseSurvivalProbability(alpha);
    return (long) Math.ceil(z * z * (1 - margin) / margin);
  }

  /**
   * Two models on the same rows: whether the candidate is wrong more often (McNemar).
   *
   * <p>Not thread-safe: confine to one thread.
   */
  static final class Pairs {
    private final McNemarTest test;
    private long candidateWrong;
    private long championWrong;
    private long pairs;
    private boolean binary = true;

    Pairs(double margin, double alpha) {
      this.test = McNemarTest.withMargin(margin).withLevel(alpha);
    }

    /** Takes two losses from 0 to 1, and whether the candidate had no answer, which is worse than any of the champion's. */
    void update(double champion, double candidate, boolean silent) {
      pairs++;
      binary &= (champion == 0 || champion == 1) && (candidate == 0 || candidate == 1);
      if (silent || candidate > champion) {
        candidateWrong++;
      } else if (champion > candidate) {
        championWrong++;
      }
    }

    Comparison compare() {
      return binary
          ? test.compare(candidateWrong, championWrong, pairs)
          : Comparison.undecided(
              pairs,
              pairs,
              "losses between 0 and the largest, and pairs are of answers that are right or wrong;"
                  + " leave judgedOnceAt out");
    }
  }

  /**
   * Losses of two versions, each on rows of its own: how far those of the candidate are shifted (Mann–Whitney).
   *
   * <p>At most {@value #MOST} of each are kept, a random sample where more come.
   *
   * <p>Not thread-safe: confine to one thread.
   */
  static final class Losses {
    private static final int MOST = 100_000;

    /** As many as the test wants before it says that no shift was shown. */
    static final int FEWEST = 50;

    private final SplittableRandom random = new SplittableRandom(1);
    private double[] values = new double[64];
    private long seen;

    void add(double loss) {
      int at = seen < MOST ? (int) seen : (int) Math.min(MOST, random.nextLong(seen + 1));
      seen++;
      if (at == values.length && at < MOST) {
        values = Arrays.copyOf(values, Math.min(MOST, 2 * at));
      }
      if (at < values.length) {
        values[at] = loss;
      }
    }

    private double[] kept() {
      return Arrays.copyOf(values, (int) Math.min(seen, MOST));
    }

    /**
     * NO_WORSE where the whole interval of the shift is at most the margin, and each has the 50 values that the test wants.
     *
     * @param margin in units of the losses
     */
    static Comparison compare(Losses candidate, Losses champion, double margin, double alpha) {
      Comparison found = MannWhitneyTest.higherIsWorse()
          .withConfidence(1 - 2 * alpha)
          .compare(candidate.kept(), champion.kept());
      boolean shown = found.candidates() >= FEWEST
          && found.champions() >= FEWEST
          && found.upper().orElse(Double.POSITIVE_INFINITY) <= margin;
      boolean worse =
          found.outcome() == Comparison.Outcome.WORSE && found.lower().orElse(0) > margin;
      return new Comparison(
          shown
              ? Comparison.Outcome.NO_WORSE
              : worse ? Comparison.Outcome.WORSE : Comparison.Outcome.UNDECIDED,
          found.difference(),
          found.lower(),
          found.upper(),
          found.pValue(),
          found.candidates(),
          found.champions(),
          found.text() + ", margin " + margin);
    }
  }
}
