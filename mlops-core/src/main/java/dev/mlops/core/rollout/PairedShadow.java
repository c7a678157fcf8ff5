package dev.mlops.core.rollout;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.rollout.ShadowProgress;
import dev.mlops.drift.compare.Comparison;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One candidate beside the champion, truth by truth, by a {@link ShadowPlan}.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class PairedShadow implements ShadowProgress {
  /** Where a shadow stands. */
  enum State {
    /** Neither test is sure yet. */
    UNDECIDED,
    /** The candidate is better. */
    SUPERIOR,
    /** The candidate is not worse by the margin. */
    NOT_WORSE,
    /** The candidate is worse: the champion stays. */
    WORSE,
    /** Undecided for as many truths as the plan gives: the champion stays. */
    KEPT_BACK
  }

  private final ShadowPlan plan;
  private final double largest;
  private final Loss ofLabels;
  private final Loss ofQuantities;
  private final Sequential better;
  private final Sequential notWorse;
  private final Sequential worse;
  private final long most;
  private long n;
  private double champion;
  private double candidate;
  private State state = State.UNDECIDED;

  /** What a plan that is judged once counts; null of one that may be looked at after every truth. */
  private final FixedSample.@Nullable Pairs pairs;

  /** What was found then. */
  private @Nullable Comparison judged;

  /** What the own tests said first, while questions of the gate are still open. */
  private @Nullable State won;

  /** What the gate could not decide, each on its metric's own loss. */
  private final List<Question> questions;

  private PairedShadow(
      ShadowPlan plan,
      Schema schema,
      double largest,
      List<Question> questions,
      Dependence dependence) {
    this.plan = plan;
    this.largest = largest;
    this.ofLabels = Metric.ACCURACY.loss(schema).orElseThrow();
    this.ofQuantities = Metric.MAE.loss(schema).orElseThrow();
    this.better = Sequential.above(0.0, plan.alpha(), dependence);
    this.notWorse = Sequential.above(-plan.margin(), plan.alpha(), dependence);
    this.worse = Sequential.above(0.0, plan.alpha(), dependence);
    this.most = (long) Math.min(0x1p62, Math.ceil(plan.most() * dependence.inflation()));
    this.questions = questions;
    this.pairs = plan.once()
        ? new FixedSample.Pairs(plan.onlyBetter() ? 0 : plan.margin(), plan.alpha())
        : null;
  }

  /** A condition that the gate could not decide: that the candidate is no worse by a metric, if a loss per row tells. */
  private static final class Question {
    private final String asked;
    private final @Nullable Loss loss;
    private final double largest;
    private final @Nullable Sequential test;
    private long n;

    /** How many rows counted for one of the two alone. */
    private long alone;

    private Question(
        String asked,
        @Nullable Loss loss,
        double largest,
        double margin,
        double alpha,
        Dependence dependence) {
      this.asked = asked;
      this.loss = loss;
      this.largest = largest;
      // No two losses are further apart than the largest: such a margin holds whatever comes.
      this.test = loss == null || margin >= largest
          ? null
          : Sequential.above(-margin / largest, alpha, dependence);
    }

    /** The question of a condition; one that a shadow cannot answer stays open. */
    static Question of(
        Condition condition, RolloutStart start, double alpha, Dependence dependence) {
      Optional<Expression> asked = condition
          .expression()
          .filter(each -> each.comparison() == Expression.Comparison.NO_WORSE_THAN_CHAMPION);
      Optional<Metric> metric = asked.flatMap(each -> each.quantity().metric());
      Optional<Loss> loss = metric.flatMap(each -> each.loss(start.schema()));
      double largest = loss.map(Loss::largest).orElse(0.0);
      if (Double.isInfinite(largest)) {
        largest = start
            .baseline()
            .flatMap(test -> test.quality(metric.orElseThrow()))
            .map(test -> 10 * loss.orElseThrow().mean(test.value()))
            .orElse(0.0);
      }
      return largest > 0 && Double.isFinite(largest)
          ? new Question(
              MlopsException.named(condition),
              loss.orElseThrow(),
              largest,
              asked.orElseThrow().limit().orElse(0.0),
              alpha,
              dependence)
          : new Question(MlopsException.named(condition), null, 1.0, 0.0, alpha, dependence);
    }

    /**
     * Takes a row. Precision counts the rows that a model says yes to, and these differ: a row that counts for one of the two
     * alone is taken at its worst, with no loss of the champion's and the largest of the candidate's. Over all rows that count
     * for either, the champion's mean is then at most what it is over its own rows, and the candidate's at least: where the
     * test holds for these, it holds for the means that the metric is made of.
     */
    void observe(Outcome outcome, Optional<Prediction> candidate) {
      if (loss == null || test == null) {
        return;
      }
      double theirs = loss.of(outcome.prediction(), outcome.truth());
      double ours = candidate.map(said -> loss.of(said, outcome.truth())).orElse(Double.NaN);
      if (Double.isNaN(theirs) && Double.isNaN(ours)) {
        return; // a row that does not count
      }
      if (Double.isNaN(theirs) || (Double.isNaN(ours) && candidate.isPresent())) {
        alone++;
      }
      n++;
      double champions = Double.isNaN(theirs) ? 0.0 : Math.min(theirs, largest);
      double candidates = Double.isNaN(ours) ? largest : Math.min(ours, largest);
      test.update(candidate.isEmpty() ? -1.0 : (champions - candidates) / largest);
    }

    boolean open() {
      return loss == null || (test != null && !test.rejected());
    }

    /** {@return such as {@code recall … undecided on 3 rows}} */
    @Override
    public String toString() {
      return asked
          + (loss == null
              ? " cannot be told from rows one by one"
              : (open() ? " undecided on " : " holds on ") + n + " rows that count"
                  + (alone == 0 ? "" : ", " + alone + " of them for one of the two alone"));
    }
  }

  /** {@return a shadow that has seen nothing yet} */
  static PairedShadow of(ShadowPlan plan, RolloutStart start) {
    if (plan.once() && start.schema().task().filter(Task.REGRESSION::equals).isPresent()) {
      throw new IllegalArgumentException("\"" + plan + "\" cannot be told of " + start.candidate()
          + ": it counts answers that are right or wrong, but a regression has quantities; leave"
          + " judgedOnceAt out");
    }
    Dependence dependence = plan.dependence() ? start.dependence() : Dependence.none();
    List<Question> questions = start.undecided().stream()
        .filter(condition -> !answered(condition))
        .map(condition -> Question.of(condition, start, plan.alpha(), dependence))
        .toList();
    return new PairedShadow(plan, start.schema(), largest(start), questions, dependence);
  }

  /** Whether the shadow's own tests are on the loss that a condition is about. */
  private static boolean answered(Condition condition) {
    return condition
        .expression()
        .filter(each -> each.comparison() == Expression.Comparison.NO_WORSE_THAN_CHAMPION)
        .flatMap(each -> each.quantity().metric())
        .filter(metric -> metric.equals(Metric.ACCURACY) || metric.equals(Metric.MAE))
        .isPresent();
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
    return new PairedShadow(plan, schema, largest, List.of(), Dependence.none());
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
    if (state != State.UNDECIDED || !outcome.truth().isFor(outcome.prediction())) {
      return; // a truth that is not for what the champion said measures neither model
    }
    questions.forEach(question -> question.observe(outcome, candidate));
    Loss loss = outcome.prediction() instanceof Regression ? ofQuantities : ofLabels;
    update(
        of(loss, outcome.prediction(), outcome.truth()),
        candidate.map(said -> of(loss, said, outcome.truth())).orElse(Double.POSITIVE_INFINITY));
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
              case WORSE, KEPT_BACK -> RolloutDecision.Outcome.KEEP;
            },
            "shadow " + this)
        .with("truths", (double) n);
    return n == 0 || plan.once()
        ? counted(decision)
        : decision
            .with("loss", candidate / n)
            .with("champion_loss", champion / n)
            .with("evidence_better", better.eValue())
            .with("evidence_not_worse", notWorse.eValue());
  }

  /** With what a plan that is judged once knows. */
  private RolloutDecision counted(RolloutDecision decision) {
    Comparison found = judged;
    return found == null || found.pValue().isEmpty()
        ? decision
        : decision
            .with("loss", candidate / n)
            .with("champion_loss", champion / n)
            .with("p_value", found.pValue().getAsDouble());
  }

  /**
   * Takes the losses of both models on one row; without effect once the shadow is decided.
   *
   * @param championLoss at least 0; infinite counts as the largest
   * @param candidateLoss at least 0; infinite for no usable answer, which is worse than any of the champion's
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
    if (pairs != null) {
      pairs.update(theirs, ours, Double.isInfinite(candidateLoss));
      if (n >= most) {
        judge(pairs.compare());
      }
      return state;
    }
    // A candidate that has no answer is worse than a champion that has a wrong one.
    double difference = Double.isInfinite(candidateLoss) ? -1.0 : theirs - ours;
    better.update(difference);
    notWorse.update(difference);
    worse.update(-difference);
    if (won == null) {
      won = better.rejected()
          ? State.SUPERIOR
          : notWorse.rejected() && !plan.onlyBetter() ? State.NOT_WORSE : null;
    }
    if (won != null && questions.stream().noneMatch(Question::open)) {
      state = won;
    } else if (won == null && plan.futility() && worse.rejected()) {
      state = State.WORSE;
    } else if (n >= most) {
      state = State.KEPT_BACK;
    }
    return state;
  }

  /** What is not shown by the sample that was planned keeps the champion: no later truth counts. */
  private void judge(Comparison found) {
    judged = found;
    state = switch (found.outcome()) {
      case WORSE -> State.WORSE;
      case UNDECIDED -> State.KEPT_BACK;
      case NO_WORSE ->
        questions.stream().anyMatch(Question::open)
            ? State.KEPT_BACK
            : found.upper().orElse(0) < 0 ? State.SUPERIOR : State.NOT_WORSE;
    };
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
    if (plan.once()) {
      text +=
          "; judged once, at " + most + " truths" + (judged == null ? "" : ": " + judged.text());
    } else if (state == State.KEPT_BACK && won == null) {
      text += String.format(
          Locale.ROOT,
          "; neither better (evidence %.2g) nor worse by less than %s (evidence %.2g) was sure: %d"
              + " was wanted",
          better.eValue(),
          plan.margin(),
          notWorse.eValue(),
          Math.round(1 / plan.alpha()));
    }
    for (Question question : questions) {
      text += "; " + question;
    }
    return text;
  }
}
