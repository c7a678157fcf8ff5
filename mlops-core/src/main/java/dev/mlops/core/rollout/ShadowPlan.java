package dev.mlops.core.rollout;

import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.rollout.ShadowProgress;

/**
 * How a candidate is decided: both models on the same rows, by a test that may be looked at after every truth.
 *
 * <p>The difference of the two losses, champion's minus candidate's, is fed to two betting tests ({@link
 * dev.mlops.drift.anytime.BettingTest}): whether the candidate is better, and whether it is worse by less than a margin. The
 * first that is sure promotes. If neither is sure after the most truths, the champion stays: absence of evidence is never a
 * promotion. Each test errs with probability at most alpha, however often it is looked at; so a candidate that is worse
 * by the margin or more is promoted with probability at most 2 alpha, the two tests together (union bound). One that is
 * worse by less than the margin, or no better, may be promoted.
 *
 * <p><b>Futility</b>: a third test asks whether the candidate is worse than the champion. Where that is sure before the others
 * are, the champion stays at once: nobody waits for the last of the truths.
 *
 * <p><b>Dependence</b>: the promises hold where each difference has the mean that it has given all before, as with
 * exchangeable rows. Where losses depend on those before them, {@code underDependence(true)} tests means of blocks
 * ({@link dev.mlops.drift.anytime.BlockMeansTest}, whose promise then is calibrated) by what the loop has measured, and gives
 * the shadow as many times more truths as the dependence inflates a variance. It is off by default: a loop whose past champions
 * stay in the race takes a wrong promotion back, and waiting that long cost more on streams that drift.
 *
 * <p>What the gate could not decide is tested beside, on that metric's own loss and by the condition's margin, on the rows that
 * count for it; each such test errs with probability at most alpha too. Promotion waits until all of them are sure. A
 * condition that has no loss per row, such as one about F1 or latency, or that has no expression, cannot be told here and
 * holds the promotion. Conditions about accuracy, or the mean absolute error, are what the shadow tests anyway.
 *
 * <p>The candidate answers nobody while it is shadowed. It is scored on outcomes that matured after it was trained, those of
 * rows that had been served before included: they are out of its sample too.
 *
 * <p>Immutable.
 *
 * @param alpha how likely each test may err; above 0, below 1; 0.05 by default
 * @param margin how much worse is still good enough, as a share of the largest loss; at least 0, below 1; 0.02 by default
 * @param most after how many truths the champion stays; at least 30; 500 by default
 * @param futility whether the shadow ends as soon as the candidate is surely worse; true by default
 * @param dependence whether the dependence of the rows counts; false by default
 * @param onlyBetter whether only a candidate that is better is promoted, never one that is no worse; false by default
 * @param once whether it is judged once, at its last truth; false by default
 * @since 0.1
 */
public record ShadowPlan(
    double alpha,
    double margin,
    long most,
    boolean futility,
    boolean dependence,
    boolean onlyBetter,
    boolean once)
    implements RolloutPlan {
  /** The fewest truths that a shadow may be given. */
  private static final long FEWEST = 30;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public ShadowPlan {
    if (!(alpha > 0 && alpha < 1)) {
      throw new IllegalArgumentException("alpha must be above 0 and below 1, but was " + alpha);
    }
    if (!(margin >= 0 && margin < 1)) {
      throw new IllegalArgumentException(
          "margin must be at least 0 and below 1, but was " + margin);
    }
    if (most < FEWEST) {
      throw new IllegalArgumentException("most must be >= " + FEWEST + ", but was " + most);
    }
    if (once && (alpha >= 0.5 || dependence)) {
      throw new IllegalArgumentException(
          "a shadow that is judged once takes rows as independent and"
              + " must have alpha below 0.5, but had alpha " + alpha
              + (dependence ? " and counts the dependence of the rows" : ""));
    }
    if (once && !onlyBetter && margin > 0 && most < FixedSample.fewest(margin, alpha)) {
      throw new IllegalArgumentException("a margin of " + margin + " at alpha " + alpha
          + " needs at least " + FixedSample.fewest(margin, alpha)
          + " truths even if neither model is ever wrong, but the shadow is judged once, at " + most
          + ", and would be undecided");
    }
  }

  /**
   * {@return a shadow with alpha 0.05, margin 0.02 and at most 500 truths}
   */
  public static ShadowPlan shadow() {
    return new ShadowPlan(0.05, 0.02, 500, true, false, false, false);
  }

  /**
   * {@return a long shadow of a candidate that is promoted only if it is better: at most 10,000 truths, without an early end}
   *
   * <p>Several candidates may be shadowed at once, each by a plan of its own. The first that is better takes over, which ends
   * the others; with k of them, one that is no better takes over with probability at most k alpha.
   */
  public static ShadowPlan championChallenger() {
    return new ShadowPlan(0.05, 0.02, 10_000, false, false, true, false);
  }

  /** {@return the same shadow that promotes only a candidate that is better, never one that is no worse} */
  public ShadowPlan onlyIfBetter() {
    return new ShadowPlan(alpha, margin, most, futility, dependence, true, once);
  }

  /**
   * {@return the same shadow with another probability of error}
   *
   * @param alpha above 0, below 1
   * @throws IllegalArgumentException if it is out of range
   */
  public ShadowPlan erringAtMost(double alpha) {
    return new ShadowPlan(alpha, margin, most, futility, dependence, onlyBetter, once);
  }

  /**
   * {@return the same shadow with another margin}
   *
   * @param margin how much worse is still good enough, as a share of the largest loss; at least 0, below 1
   * @throws IllegalArgumentException if it is out of range
   */
  public ShadowPlan noWorseBy(double margin) {
    return new ShadowPlan(alpha, margin, most, futility, dependence, onlyBetter, once);
  }

  /**
   * {@return the same shadow with another end}
   *
   * <p>It may be looked at after every truth, also if the plan was one that is judged once.
   *
   * @param truths after how many undecided truths the champion stays; at least 30
   * @throws IllegalArgumentException if it is below 30
   */
  public ShadowPlan untilDecided(long truths) {
    return new ShadowPlan(alpha, margin, truths, futility, dependence, onlyBetter, false);
  }

  /**
   * {@return the same shadow that is judged once, when the sample has come that was fixed beforehand}
   *
   * <p>By the rows on which one of the two alone is wrong ({@link dev.mlops.drift.compare.McNemarTest}, whose {@code fewestPairs}
   * tells how many are needed), at the level alpha: the candidate is promoted if it is shown to be no worse by the margin, or
   * better where {@link #onlyIfBetter} asks for that. What is not shown then keeps the champion, and nothing ends the shadow
   * before. Classifications only; rows are taken as independent.
   *
   * @param truths at least 30, and as many as two models need that are never wrong: z² (1 − margin)/margin
   * @throws IllegalArgumentException if they are fewer, alpha is not below 0.5, or the plan counts dependence
   */
  public ShadowPlan judgedOnceAt(long truths) {
    return new ShadowPlan(alpha, margin, truths, futility, dependence, onlyBetter, true);
  }

  /** {@return the same shadow that goes on to its last truth although the candidate is surely worse} */
  public ShadowPlan withoutFutility() {
    return new ShadowPlan(alpha, margin, most, false, dependence, onlyBetter, once);
  }

  /**
   * {@return the same shadow, by whether the dependence of the rows counts}
   *
   * @param counts true tests means of blocks, false takes rows as exchangeable
   */
  public ShadowPlan underDependence(boolean counts) {
    return new ShadowPlan(alpha, margin, most, futility, counts, onlyBetter, once);
  }

  @Override
  public ShadowProgress begin(RolloutStart start) {
    return PairedShadow.of(this, start);
  }

  /** {@return such as {@code shadow until decided, at most 500 truths (alpha 0.05, margin 0.02)}} */
  @Override
  public String toString() {
    return (once
            ? "shadow judged once" + (onlyBetter ? ", if better" : "") + ", at " + most
            : "shadow until " + (onlyBetter ? "better" : "decided") + ", at most " + most)
        + " truths (alpha " + alpha + (onlyBetter ? "" : ", margin " + margin) + ")"
        + (dependence ? ", by blocks where rows depend on each other" : "");
  }
}
