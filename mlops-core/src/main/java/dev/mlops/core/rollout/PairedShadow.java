package dev.mlops.core.rollout;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.rollout.Rollout;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.drift.anytime.BettingTest;
import java.util.Locale;
import java.util.Optional;

/**
 * One candidate beside the champion, truth by truth, by a {@link ShadowPlan}.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class PairedShadow implements Rollout {
  /** Where a shadow stands. */
  enum State {
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
  private final Loss ofLabels;
  private final Loss ofQuantities;
  private final BettingTest better;
  private final BettingTest notWorse;
  private long n;
  private double champion;
  private double candidate;
  private State state = State.UNDECIDED;

  private PairedShadow(ShadowPlan plan, Schema schema, double largest) {
    this.plan = plan;
    this.largest = largest;
    this.ofLabels = Metric.ACCURACY.loss(schema).orElseThrow();
    this.ofQuantities = Metric.MAE.loss(schema).orElseThrow();
    this.better = BettingTest.differences().above(0.0).alpha(plan.alpha());
    this.notWorse = BettingTest.differences().above(-plan.margin()).alpha(plan.alpha());
  }

  /** {@return a shadow that has seen nothing yet} */
  static PairedShadow of(ShadowPlan plan, RolloutStart start) {
    return of(plan, start.schema(), largest(start));
  }

  /**
   * {@return a shadow that has seen nothing yet}
   *
   * @param largest the loss that counts as 1: 1 for wrong labels; greater losses are cut to it; finite, above 0
   * @throws IllegalArgumentException if it is out of range
   */
  static PairedShadow of(ShadowPlan plan, Schema schema, double largest) {
    requireNonNull(plan, "plan");
    if (!(largest > 0) || !Double.isFinite(largest)) {
      throw new IllegalArgumentException("largest must be finite and > 0, but was " + largest);
    }
    return new PairedShadow(plan, schema, largest);
  }

  /** The loss that counts as 1: 1 for labels; for quantities ten times the candidate's test-phase error. */
  private static double largest(RolloutStart start) {
    if (start.schema().task().filter(Task.REGRESSION::equals).isEmpty()) {
      return 1.0;
    }
    double error = start
        .baseline()
        .flatMap(test -> test.quality(Metric.MAE))
        .map(Estimate::value)
        .orElse(0.0);
    return Math.max(Double.MIN_NORMAL, Math.min(10 * error, Double.MAX_VALUE));
  }

  @Override
  public void observe(Outcome outcome, Optional<Prediction> candidate) {
    Loss loss = outcome.prediction() instanceof Regression ? ofQuantities : ofLabels;
    update(
        of(loss, outcome.prediction(), outcome.truth()),
        candidate
            .map(said -> of(loss, said, outcome.truth()))
            .orElse(Double.POSITIVE_INFINITY));
  }

  /** The loss of an answer; infinite for one of another kind, or with other outputs, than the truth. */
  private static double of(Loss loss, Prediction said, Truth truth) {
    double cost = loss.of(said, truth);
    return Double.isNaN(cost) ? Double.POSITIVE_INFINITY : cost;
  }

  @Override
  public RolloutDecision decision() {
    RolloutDecision decision = RolloutDecision.of(
            switch (state) {
              case UNDECIDED -> RolloutDecision.Outcome.UNDECIDED;
              case SUPERIOR, NOT_WORSE -> RolloutDecision.Outcome.PROMOTE;
              case KEPT_BACK -> RolloutDecision.Outcome.KEEP;
            },
            "shadow " + this)
        .with("truths", n);
    return n == 0
        ? decision
        : decision
            .with("loss", candidate / n)
            .with("champion_loss", champion / n)
            .with("evidence_better", better.eValue())
            .with("evidence_not_worse", notWorse.eValue());
  }

  /**
   * Takes the losses of both models on one row; without effect once the shadow is decided.
   *
   * @param championLoss at least 0; infinite counts as the largest
   * @param candidateLoss at least 0; infinite counts as the largest
   * @return where the shadow stands
   * @throws IllegalArgumentException if one is below 0 or NaN; the shadow is as it was
   */
  State update(double championLoss, double candidateLoss) {
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
  State state() {
    return state;
  }

  /**
   * {@return how many pairs it has seen}
   */
  long n() {
    return n;
  }

  /** {@return such as {@code SUPERIOR on 131 truths: mean loss 0.121, champion 0.343}} */
  @Override
  public String toString() {
    if (n == 0) {
      return state + " on 0 truths";
    }
    String text = String.format(
        Locale.ROOT,
        "%s on %d truths: mean loss %.3f, champion %.3f",
        state,
        n,
        candidate / n,
        champion / n);
    return state != State.KEPT_BACK
        ? text
        : text
            + String.format(
                Locale.ROOT,
                "; neither better (evidence %.2g) nor worse by less than %s (evidence %.2g) was sure:"
                    + " %d was wanted",
                better.eValue(),
                plan.margin(),
                notWorse.eValue(),
                Math.round(1 / plan.alpha()));
  }
}
