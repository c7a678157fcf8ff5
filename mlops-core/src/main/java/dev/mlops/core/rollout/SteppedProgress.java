package dev.mlops.core.rollout;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutLook;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.rollout.TrafficProgress;
import dev.mlops.drift.anytime.ConfidenceSequence;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A candidate answers a share of the keys that grows by steps, by a {@link TrafficPlan}.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class SteppedProgress implements TrafficProgress {
  /** How likely the check of the shares errs in a step. */
  private static final double RATIO_ALPHA = 0.001;

  /** Largest losses of metrics without a bound, as multiples of the candidate's in its test phase. */
  private static final double LARGEST_ERRORS = 10;

  private final TrafficPlan plan;
  private final int[] shares;
  private final String candidate;
  private final Guards whileBaking;
  private final Map<Condition, ArmsTest> tests = new LinkedHashMap<>();
  private final Map<Condition, FailureTest> failures = new LinkedHashMap<>();
  private final Map<Condition, LatencyTest> latencies = new LinkedHashMap<>();
  private int step;
  private Ratio ratio;

  /** Of the candidate. */
  private long truths;

  private long truthsBeforeStep;

  /** Calls of the step that the candidate failed, and answered. */
  private long failedInStep;

  private long answeredInStep;

  /** The same of the steps before. */
  private long failedBefore;

  private long answeredBefore;

  private RolloutDecision decision;

  SteppedProgress(TrafficPlan plan, RolloutStart start) {
    this.plan = plan;
    this.shares = plan.shares();
    this.step = Math.min(start.step(), shares.length - 1);
    this.candidate = Long.toString(start.candidate().number());
    this.ratio = new Ratio(shares[step]);
    this.whileBaking = new Guards(plan.guards(), plan.alpha());
    for (List<Condition> conditions : List.of(plan.guards(), plan.goals())) {
      for (Condition condition : conditions) {
        condition.expression().ifPresent(asked -> {
          requireTask(condition, asked, start);
          if (TrafficPlan.isJudgedByTruths(asked)) {
            tests.computeIfAbsent(condition, each -> test(each, asked, start));
          } else if (TrafficPlan.isJudgedByRanks(asked, plan.once())) {
            latencies.computeIfAbsent(
                condition,
                each ->
                    new LatencyTest(each, asked.limit().orElseThrow(), plan.alpha(), plan.once()));
          } else if (asked.quantity().equals(Expression.Quantity.FAILURES)) {
            failures.computeIfAbsent(
                condition, each -> new FailureTest(asked.limit().orElseThrow(), plan.alpha()));
          }
        });
      }
    }
    this.decision = undecided("nothing is known yet");
  }

  private static void requireTask(Condition condition, Expression asked, RolloutStart start) {
    asked
        .quantity()
        .metric()
        .ifPresent(metric -> start.schema().task().ifPresent(task -> {
          if (metric.task() != task) {
            throw new IllegalArgumentException(condition + " cannot be told: " + metric
                + " is measured of " + metric.task().name() + ", but " + start.candidate()
                + " predicts "
                + task.name());
          }
        }));
  }

  private ArmsTest test(Condition condition, Expression asked, RolloutStart start) {
    Metric metric = asked.quantity().metric().orElseThrow();
    Loss loss = metric
        .loss(start.schema())
        .orElseThrow(() -> new IllegalArgumentException(condition + " cannot be told of "
            + start.candidate() + ": " + metric + " has no loss per row for "
            + start.schema().task().map(task -> "a " + task).orElse("a schema without a task")));
    double largest = loss.largest();
    if (!Double.isFinite(largest)) {
      largest = start
          .baseline()
          .flatMap(test -> test.quality(metric))
          .map(Estimate::value)
          .map(value -> LARGEST_ERRORS * loss.mean(value))
          .filter(value -> value > 0 && Double.isFinite(value))
          .orElseThrow(
              () -> new IllegalArgumentException(
                  condition + " cannot be told of "
                      + start.candidate() + ": " + metric
                      + " has no upper bound, and the package's test phase did not measure it, which would give one"));
    }
    double margin = asked.limit().orElseThrow();
    if (margin >= largest) {
      throw new IllegalArgumentException(condition + " of " + start.candidate()
          + " would pass whatever came: the margin must be below the largest loss, "
          + largest + ", but was " + margin);
    }
    return new ArmsTest(
        condition,
        loss,
        largest,
        margin,
        plan.alpha(),
        plan.once(),
        start.dependence(),
        start.champion().number(),
        start.candidate().number());
  }

  @Override
  public int share() {
    return shares[step];
  }

  @Override
  public int step() {
    return step;
  }

  @Override
  public int latencies() {
    return latencies.isEmpty() ? 0 : LatencyTest.calls(plan.once());
  }

  @Override
  public Duration bake() {
    return plan.bake();
  }

  @Override
  public Finding baking(Evidence evidence) {
    return whileBaking.finding(evidence);
  }

  @Override
  public void observe(Outcome outcome) {
    if (decision.outcome() != RolloutDecision.Outcome.UNDECIDED) {
      return;
    }
    if (outcome.version().equals(candidate)) {
      truths++;
    }
    tests.values().forEach(test -> test.observe(outcome));
  }

  @Override
  public RolloutDecision look(RolloutLook look) {
    if (decision.outcome() != RolloutDecision.Outcome.UNDECIDED) {
      return decision;
    }
    takeFailures(look.evidence());
    Asked guards = ask(plan.guards(), look);
    Asked goals = ask(plan.goals(), look);
    boolean keysFit = ratio.take(look.championKeys(), look.candidateKeys());
    List<String> missing = missing(look, guards, keysFit);
    boolean last = step == shares.length - 1;
    if (guards.verdict == Verdict.FAIL || goals.verdict == Verdict.FAIL) {
      decision = decided(
          RolloutDecision.Outcome.KEEP,
          (guards.verdict == Verdict.FAIL ? guards : goals).text(Verdict.FAIL));
    } else if (missing.isEmpty() && !last) {
      step++;
      truthsBeforeStep = truths;
      ratio = new Ratio(shares[step]);
      failures.values().forEach(FailureTest::beginsAgain);
      failedBefore += failedInStep;
      answeredBefore += answeredInStep;
      failedInStep = 0;
      answeredInStep = 0;
      decision = undecided("goes on: " + guards.text(null));
    } else if (missing.isEmpty() && goals.verdict == Verdict.PASS && approved(look)) {
      decision = decided(
          RolloutDecision.Outcome.PROMOTE,
          guards.and(goals).text(null) + (plan.approval() ? "; approved" : ""));
    } else {
      if (last && goals.verdict != Verdict.PASS) {
        missing.add(goals.text(Verdict.INCONCLUSIVE));
      } else if (last && missing.isEmpty()) {
        missing.add("an approval");
      }
      String text = String.join("; ", missing);
      String over = overdue(look);
      decision = over.isEmpty()
          ? undecided("waits for " + text)
          : decided(RolloutDecision.Outcome.KEEP, over + " without " + text);
    }
    return decision;
  }

  private void takeFailures(Evidence evidence) {
    evidence.candidate().ifPresent(section -> {
      failedInStep = Math.max(failedInStep, section.failures());
      answeredInStep = Math.max(answeredInStep, section.offered());
    });
    tests
        .values()
        .forEach(test ->
            test.failed(failedBefore + failedInStep, answeredBefore + answeredInStep, truths));
  }

  @Override
  public RolloutDecision decision() {
    return decision;
  }

  /** {@return such as {@code UNDECIDED: step 1 of 3, 5 % of keys, 120 truths: waits for …}} */
  @Override
  public String toString() {
    return decision.toString();
  }

  private boolean approved(RolloutLook look) {
    return !plan.approval() || look.approved();
  }

  /** Why an undecided rollout ends; empty if it does not. */
  private String overdue(RolloutLook look) {
    return look.total().compareTo(plan.deadline()) >= 0
        ? "the deadline of " + MlopsException.shown(plan.deadline()) + " passed"
        : truths >= plan.most() ? plan.most() + " truths came" : "";
  }

  /** What keeps the step from ending. */
  private List<String> missing(RolloutLook look, Asked guards, boolean keysFit) {
    List<String> missing = new ArrayList<>();
    if (look.paused()) {
      missing.add("being resumed");
    }
    if (look.inStep().compareTo(plan.time()) < 0) {
      missing.add("the end of the " + MlopsException.shown(plan.time()) + " of the step");
    }
    long came = truths - truthsBeforeStep;
    if (came < plan.truths()) {
      missing.add((plan.truths() - came) + " more truths of the candidate in the step");
    }
    if (!answered(look)) {
      missing.add("a first request that the candidate answers in the step");
    }
    if (!keysFit) {
      missing.add("keys as the shares let expect (" + ratio + ")");
    }
    if (guards.verdict != Verdict.PASS) {
      missing.add(guards.text(Verdict.INCONCLUSIVE));
    }
    return missing;
  }

  /** Whether the candidate was asked at all: whatever else is said of it, without that nothing is known. */
  private boolean answered(RolloutLook look) {
    return look.candidateKeys() > 0
        || truths > truthsBeforeStep
        || look.evidence()
            .candidate()
            .filter(section -> section.offered() + section.failures() > 0)
            .isPresent();
  }

  private RolloutDecision undecided(String why) {
    return decided(RolloutDecision.Outcome.UNDECIDED, why);
  }

  private RolloutDecision decided(RolloutDecision.Outcome outcome, String why) {
    return RolloutDecision.of(
            outcome,
            "step " + (step + 1) + " of " + shares.length + ", " + TrafficPlan.percent(shares[step])
                + " % of keys, " + truths + " truths: " + why)
        .with("truths", (double) truths)
        .with("step", (double) step)
        .with("share", (double) shares[step]);
  }

  /** What conditions come to, one by one and together. */
  private record Asked(Verdict verdict, Map<Condition, Finding> findings) {
    /** Those of a verdict; all if it is null. */
    String text(@Nullable Verdict only) {
      List<String> texts = new ArrayList<>();
      findings.forEach((condition, finding) -> {
        if (only == null || finding.verdict() == only) {
          texts.add(
              finding.text().startsWith(condition.toString())
                  ? finding.toString()
                  : finding.verdict() + ": " + MlopsException.named(condition) + ": "
                      + finding.text());
        }
      });
      return texts.isEmpty() ? "nothing is asked" : String.join("; ", texts);
    }

    Asked and(Asked other) {
      Map<Condition, Finding> all = new LinkedHashMap<>(findings);
      all.putAll(other.findings);
      return new Asked(Guards.worse(verdict, other.verdict), all);
    }
  }

  private Asked ask(List<Condition> conditions, RolloutLook look) {
    Evidence evidence = look.evidence();
    Map<Condition, Finding> findings = new LinkedHashMap<>();
    Verdict verdict = Verdict.PASS;
    for (Condition condition : conditions) {
      ArmsTest arms = tests.get(condition);
      FailureTest failed = failures.get(condition);
      LatencyTest ranks = latencies.get(condition);
      Finding found = arms != null
          ? arms.finding()
          : ranks != null
              ? ranks.finding(look)
              : failed != null
                  ? failed.finding(evidence.candidate(), condition.answer(evidence))
                  : condition.answer(evidence);
      findings.put(condition, found);
      verdict = Guards.worse(verdict, found.verdict());
    }
    return new Asked(verdict, findings);
  }

  /** Whether as many keys came to the candidate as its share lets expect, looked at as often as one likes. */
  private static final class Ratio {
    private final double expected;
    private final ConfidenceSequence seen;
    private long champion;
    private long candidate;

    Ratio(int share) {
      this.expected = (double) share / Assignment.BUCKETS;
      this.seen = ConfidenceSequence.shares().tightAt(10_000).alpha(RATIO_ALPHA);
    }

    boolean take(long championKeys, long candidateKeys) {
      for (; champion < championKeys; champion++) {
        seen.update(0);
      }
      for (; candidate < candidateKeys; candidate++) {
        seen.update(1);
      }
      return seen.n() == 0 || !seen.excludes(expected);
    }

    /** {@return such as {@code 4700 of 100000 keys came to the candidate, 5000 expected}} */
    @Override
    public String toString() {
      return candidate + " of " + (candidate + champion) + " keys came to the candidate, "
          + Math.round(expected * (candidate + champion)) + " expected";
    }
  }
}
