package dev.mlops.core.rollout;

import static java.util.Objects.requireNonNull;

import dev.mlops.drift.anytime.BettingTest;
import java.util.Locale;

/**
 * One candidate beside the champion, truth by truth, by a {@link ShadowPlan}.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public final class PairedShadow {
  /**
   * Where a shadow stands.
   *
   * @since 0.1
   */
  public enum State {
    /** Neither test is sure yet. */
    UNDECIDED,
    /** The candidate is better. */
    SUPERIOR,
    /** The candidate is not worse by the margin. */
    NOT_WORSE,
    /** Undecided for as many truths as the plan gives: the champion stays. */
    KEPT_BACK
  }

  private final ShadowPlan plan;
  private final double largest;
  private final BettingTest better;
  private final BettingTest notWorse;
  private long n;
  private double champion;
  private double candidate;
  private State state = State.UNDECIDED;

  private PairedShadow(ShadowPlan plan, double largest) {
    this.plan = plan;
    this.largest = largest;
    this.better = BettingTest.differences().above(0.0).alpha(plan.alpha());
    this.notWorse = BettingTest.differences().above(-plan.margin()).alpha(plan.alpha());
  }

  /**
   * {@return a shadow that has seen nothing yet}
   *
   * @param plan when it is decided
   * @param largest the loss that counts as 1: 1 for wrong labels; greater losses are cut to it; finite, above 0
   * @throws IllegalArgumentException if it is out of range
   */
  public static PairedShadow of(ShadowPlan plan, double largest) {
    requireNonNull(plan, "plan");
    if (!(largest > 0) || !Double.isFinite(largest)) {
      throw new IllegalArgumentException("largest must be finite and > 0, but was " + largest);
    }
    return new PairedShadow(plan, largest);
  }

  /**
   * Takes the losses of both models on one row; without effect once the shadow is decided.
   *
   * @param championLoss at least 0; infinite counts as the largest
   * @param candidateLoss at least 0; infinite counts as the largest
   * @return where the shadow stands
   * @throws IllegalArgumentException if one is below 0 or NaN; the shadow is as it was
   */
  public State update(double championLoss, double candidateLoss) {
    if (!(championLoss >= 0 && candidateLoss >= 0)) {
      throw new IllegalArgumentException(
          "losses must be >= 0, but were " + championLoss + " and " + candidateLoss);
    }
    if (state != State.UNDECIDED) {
      return state;
    }
    double theirs = Math.min(championLoss, largest) / largest;
    double ours = Math.min(candidateLoss, largest) / largest;
    n++;
    champion += theirs;
    candidate += ours;
    better.update(theirs - ours);
    notWorse.update(theirs - ours);
    if (better.rejected()) {
      state = State.SUPERIOR;
    } else if (notWorse.rejected()) {
      state = State.NOT_WORSE;
    } else if (n >= plan.most()) {
      state = State.KEPT_BACK;
    }
    return state;
  }

  /**
   * {@return where the shadow stands}
   */
  public State state() {
    return state;
  }

  /**
   * {@return how many pairs it has seen}
   */
  public long n() {
    return n;
  }

  /** {@return such as {@code SUPERIOR on 131 truths: mean loss 0.121, champion 0.343}} */
  @Override
  public String toString() {
    return n == 0
        ? state + " on 0 truths"
        : String.format(
            Locale.ROOT,
            "%s on %d truths: mean loss %.3f, champion %.3f",
            state,
            n,
            candidate / n,
            champion / n);
  }
}
