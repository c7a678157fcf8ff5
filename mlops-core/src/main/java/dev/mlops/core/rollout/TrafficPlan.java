package dev.mlops.core.rollout;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.rollout.TrafficProgress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A candidate takes over by answering requests: at once, after one switch, or for a share of the keys that grows by steps.
 *
 * <ul>
 *   <li>{@link #direct()}: the alias moves at once. The champion before it stays loaded, so that rolling back needs no I/O.
 *   <li>{@link #blueGreen()}: the alias moves at once, and the new champion {@linkplain #bakingFor bakes}: a condition that fails
 *       meanwhile brings the old one back, from memory.
 *   <li>{@link #canary}: the candidate answers a share of the keys, and a larger one at each step.
 *   <li>{@link #abTest}: the candidate answers a fixed share of the keys until the two are told apart.
 * </ul>
 *
 * <p><b>A step ends</b> when it has lasted for its time, as many truths of the candidate have matured in it as {@link #eachFor}
 * says, every condition of {@link #rollingBackUnless} is PASS, the candidate has answered a request in it, and the keys that each
 * version answered are as many as the shares let expect. After the last step every condition of {@link #promotingWhen} must be PASS as
 * well. <b>A rollout is rolled back</b> at once when a condition is FAIL, and at the deadline, or after {@link #atMost} truths, when it
 * is still undecided: INCONCLUSIVE holds, and fails in the end. Absence of evidence promotes nobody.
 *
 * <p><b>Looking often is allowed.</b> {@code quality(…).noWorseThanChampion(margin)} is judged by betting tests ({@link
 * dev.mlops.drift.anytime.BettingTest}) on the truths of both versions; each errs with probability at most {@link
 * #erringAtMost alpha} however often it is looked at: a candidate that is worse by the margin or more is promoted with at most
 * that probability. {@code failures().atMost(share)} is judged by a confidence sequence, with the same promise. The check of the
 * shares (sample ratio) errs with probability 0.001. All other conditions compare one snapshot and promise nothing under
 * repeated looks.
 *
 * <p><b>What cannot work is refused</b> when the plan is built: shares that do not grow or are not 100 per cent or less, a
 * condition that a rollout cannot answer, a comparison with a champion that answers nobody, a deadline before the last step ends,
 * fewer truths than any candidate needs. A deployment refuses a plan that ends before any truth matures in its monitor.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class TrafficPlan implements RolloutPlan, EvidenceReader {
  private static final Duration SHORTEST_STEP = Duration.ofMinutes(10);
  private static final Duration DEADLINE = Duration.ofHours(24);
  private static final long TRUTHS = 500;

  private final Draft draft;

  /** What a plan consists of. */
  private static final class Draft implements Cloneable {
    Method method = Method.DIRECT;
    int[] shares = {};
    long truths = -1;
    Duration time = SHORTEST_STEP;
    Duration deadline = DEADLINE;
    long most = Long.MAX_VALUE;
    long once;
    double alpha = 0.05;
    List<Condition> guards = List.of();
    List<Condition> goals = List.of();
    Duration bake = Duration.ZERO;
    boolean approval;
    boolean goesOn = true;

    @Nullable
    String salt;

    Draft copy() {
      try {
        return (Draft) clone();
      } catch (CloneNotSupportedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** How the candidate gets its requests. */
  private enum Method {
    DIRECT("direct"),
    BLUE_GREEN("blue/green"),
    CANARY("canary"),
    AB_TEST("A/B test");

    private final String name;

    Method(String name) {
      this.name = name;
    }

    boolean splits() {
      return this == CANARY || this == AB_TEST;
    }
  }

  private TrafficPlan(Draft draft) {
    this.draft = draft;
  }

  /** {@return a plan that moves the alias at once} */
  public static TrafficPlan direct() {
    return of(Method.DIRECT);
  }

  /** {@return a plan that moves the alias at once and watches the new champion for {@link #bakingFor ten minutes}} */
  public static TrafficPlan blueGreen() {
    Draft draft = new Draft();
    draft.method = Method.BLUE_GREEN;
    draft.bake = SHORTEST_STEP;
    return new TrafficPlan(draft);
  }

  /**
   * {@return a plan by which the candidate answers a share of the keys that grows}
   *
   * <p>Each step lasts ten minutes at least and 500 truths of the candidate, if a condition asks for quality, else none; see
   * {@link #eachFor}. The whole ends after 24 hours; see {@link #within}.
   *
   * @param percents of the keys, step by step, such as 5, 25, 50; above 0, at most 100, in thousandths at the finest, each above
   *     the one before; at least one
   * @throws IllegalArgumentException if they are not
   */
  public static TrafficPlan canary(double... percents) {
    if (percents.length == 0) {
      throw new IllegalArgumentException("a canary must have at least one step, but had none");
    }
    Draft draft = new Draft();
    draft.method = Method.CANARY;
    draft.shares = shares(percents);
    return new TrafficPlan(draft);
  }

  /**
   * {@return a plan by which the candidate answers a fixed share of the keys until both are told apart}
   *
   * <p>The name of the experiment is the salt of the assignment: the same keys are in the same arm each time that it is run,
   * and in another experiment with another name they are not.
   *
   * @param experiment its name, 1 to 200 characters
   * @param percent of the keys that the candidate answers; above 0, below 100
   * @throws IllegalArgumentException if one is out of range
   */
  public static TrafficPlan abTest(String experiment, double percent) {
    if (!(percent < 100)) {
      throw new IllegalArgumentException(
          "an A/B test must leave keys to the champion: percent must be below 100, but was "
              + percent);
    }
    Draft draft = new Draft();
    draft.method = Method.AB_TEST;
    draft.shares = shares(percent);
    draft.salt = Assignment.of(experiment).salt();
    return new TrafficPlan(draft);
  }

  private static TrafficPlan of(Method method) {
    Draft draft = new Draft();
    draft.method = method;
    return new TrafficPlan(draft);
  }

  private static int[] shares(double... percents) {
    int[] shares = new int[percents.length];
    for (int i = 0; i < percents.length; i++) {
      double exact = percents[i] * (Assignment.BUCKETS / 100.0);
      shares[i] = (int) Math.round(exact);
      if (!(percents[i] > 0 && percents[i] <= 100) || Math.abs(exact - shares[i]) > 1e-6) {
        throw new IllegalArgumentException(
            "a share must be above 0 and at most 100 per cent, in thousandths of one at the finest, but was "
                + percents[i] + " in " + Arrays.toString(percents));
      }
      if (i > 0 && shares[i] <= shares[i - 1]) {
        throw new IllegalArgumentException(
            "each share must be above the one before, so that keys move one way, but " + percents[i]
                + " came after " + percents[i - 1]);
      }
    }
    return shares;
  }

  /**
   * {@return the same plan with the least that each step lasts}
   *
   * @param truths how many truths of the candidate's own predictions must have matured in the step; 0 or more
   * @param time how long it lasts at least; not negative
   * @throws IllegalArgumentException if one is out of range, the plan has no steps, or they take longer than {@link #within}
   */
  public TrafficPlan eachFor(long truths, Duration time) {
    requireSteps("eachFor");
    if (truths < 0) {
      throw new IllegalArgumentException("truths must be >= 0, but were " + truths);
    }
    if (time.isNegative()) {
      throw new IllegalArgumentException("time must not be negative, but was " + time);
    }
    Draft next = draft.copy();
    next.truths = truths;
    next.time = time;
    return checked(next);
  }

  /**
   * {@return the same plan that rolls back as soon as one of these is FAIL, and takes no step while one is INCONCLUSIVE}
   *
   * @param conditions of the candidate, beside those that were given before; at least one
   * @throws IllegalArgumentException if there is none, or one that a rollout cannot answer
   */
  public TrafficPlan rollingBackUnless(Condition... conditions) {
    Draft next = draft.copy();
    next.guards = with(next.guards, "rollingBackUnless", conditions);
    return checked(next);
  }

  /**
   * {@return the same plan that promotes only while all of these are PASS, and rolls back as soon as one is FAIL}
   *
   * @param conditions of the candidate, beside those that were given before; at least one
   * @throws IllegalArgumentException if there is none, one that a rollout cannot answer, or the plan has no steps
   */
  public TrafficPlan promotingWhen(Condition... conditions) {
    requireSteps("promotingWhen");
    Draft next = draft.copy();
    next.goals = with(next.goals, "promotingWhen", conditions);
    return checked(next);
  }

  private static List<Condition> with(
      List<Condition> before, String where, Condition... conditions) {
    if (conditions.length == 0) {
      throw new IllegalArgumentException(
          where + " must have at least one condition, but had none: it would ask nothing");
    }
    List<Condition> all = new ArrayList<>(before);
    all.addAll(List.of(conditions));
    return List.copyOf(all);
  }

  /**
   * {@return the same plan with another deadline, at which an undecided rollout is rolled back}
   *
   * @param deadline 24 hours by default; longer than zero, and not before the last step can end
   * @throws IllegalArgumentException if it is out of range, or the plan has no steps
   */
  public TrafficPlan within(Duration deadline) {
    requireSteps("within");
    if (deadline.isZero() || deadline.isNegative()) {
      throw new IllegalArgumentException(
          "deadline must be longer than zero, but was " + MlopsException.shown(deadline));
    }
    Draft next = draft.copy();
    next.deadline = deadline;
    return checked(next);
  }

  /**
   * {@return the same plan with the most truths of the candidate, after which an undecided rollout is rolled back}
   *
   * @param truths no limit by default; at least as many as a candidate that is never wrong, beside a champion that is never
   *     wrong, needs to show that it is no worse: about 2 ln(1/alpha)/margin
   * @throws IllegalArgumentException if they are fewer than that, or than the steps ask for, or the plan has no steps
   */
  public TrafficPlan atMost(long truths) {
    requireSteps("atMost");
    if (truths < 1) {
      throw new IllegalArgumentException("truths must be >= 1, but were " + truths);
    }
    Draft next = draft.copy();
    next.most = truths;
    return checked(next);
  }

  /**
   * {@return the same plan that judges {@code quality(…).noWorseThanChampion(margin)} once, when the sample has come that was fixed
   * beforehand}
   *
   * <p>At the level alpha, by two proportions where the loss of a row is all or nothing, as of accuracy and recall ({@link
   * dev.mlops.drift.compare.ProportionsTest}, whose {@code fewestEach} tells how many are needed); else by ranks, as of an absolute
   * error ({@link dev.mlops.drift.compare.MannWhitneyTest}): the median shift of the candidate's losses must surely be at most
   * the margin, on at least 50 of each. Ranks see no rare large error that the mean would. {@code
   * latency().p50NoWorseThanChampion(times)} is judged by ranks, too, at as many calls of each version (the first of the rollout, at most
   * 20,000): the shift must surely be at most what is allowed of the champion's median. Before the sample has come it is INCONCLUSIVE;
   * what is not shown then is FAIL, since no later truth counts. Rows are taken as independent.
   *
   * @param truths of the candidate, at least 1; alpha must be below 0.5
   * @throws IllegalArgumentException if they are fewer, fewer than two models need that are never wrong, more than {@link #atMost},
   *     or the plan has no steps
   */
  public TrafficPlan judgedOnceAt(long truths) {
    requireSteps("judgedOnceAt");
    if (truths < 1) {
      throw new IllegalArgumentException("truths must be >= 1, but were " + truths);
    }
    Draft next = draft.copy();
    next.once = truths;
    return checked(next);
  }

  /**
   * {@return the same plan with another probability of error of each test}
   *
   * @param alpha above 0, below 1; 0.05 by default
   * @throws IllegalArgumentException if it is out of range
   */
  public TrafficPlan erringAtMost(double alpha) {
    if (!(alpha > 0 && alpha < 1)) {
      throw new IllegalArgumentException("alpha must be above 0 and below 1, but was " + alpha);
    }
    Draft next = draft.copy();
    next.alpha = alpha;
    return checked(next);
  }

  /**
   * {@return the same plan that watches the new champion after it has taken over}
   *
   * <p>Those conditions of {@link #rollingBackUnless} that need no champion beside it are asked on; one that is FAIL brings the
   * old champion back, from memory. The old one stays loaded for at least this time.
   *
   * @param time zero by default, ten minutes for {@link #blueGreen()}; not negative
   * @throws IllegalArgumentException if it is negative, or the plan is direct
   */
  public TrafficPlan bakingFor(Duration time) {
    if (draft.method == Method.DIRECT) {
      throw new IllegalArgumentException(
          "a direct plan watches nothing after it; use blueGreen().bakingFor(…)");
    }
    if (time.isNegative()) {
      throw new IllegalArgumentException("time must not be negative, but was " + time);
    }
    Draft next = draft.copy();
    next.bake = time;
    return checked(next);
  }

  /** {@return the same plan that waits for an approval before the candidate takes over} */
  public TrafficPlan awaitingApproval() {
    Draft next = draft.copy();
    next.approval = true;
    return new TrafficPlan(next);
  }

  /** {@return the same plan that is rolled back, and does not go on, when a restart interrupts it} */
  public TrafficPlan rollingBackOnRestart() {
    Draft next = draft.copy();
    next.goesOn = false;
    return new TrafficPlan(next);
  }

  /**
   * {@return the same plan with the salt that keys are assigned by}
   *
   * <p>By default each rollout of a canary has a salt of its own, so that not the same few keys meet every candidate first. With
   * one of the host's own the same keys do, as a rehearsal wants it.
   *
   * @param salt 1 to 200 characters
   * @throws IllegalArgumentException if it is out of range, or the plan has no steps
   */
  public TrafficPlan saltedBy(String salt) {
    requireSteps("saltedBy");
    Draft next = draft.copy();
    next.salt = Assignment.of(salt).salt();
    return new TrafficPlan(next);
  }

  private void requireSteps(String where) {
    if (!draft.method.splits()) {
      throw new IllegalArgumentException(
          where + " needs a plan with steps, such as canary(5, 25, 50), but the plan is "
              + draft.method.name);
    }
  }

  private static TrafficPlan checked(Draft next) {
    if (next.method == Method.DIRECT && !next.guards.isEmpty()) {
      throw new IllegalArgumentException("a direct plan watches nothing, so that nobody would ask "
          + next.guards + "; use blueGreen().bakingFor(…)");
    }
    for (Condition condition : next.guards) {
      requireAnswerable(condition, next.method, "rollingBackUnless");
    }
    for (Condition condition : next.goals) {
      requireAnswerable(condition, next.method, "promotingWhen");
    }
    if (next.method.splits()) {
      long longest = Long.MAX_VALUE / next.shares.length; // so that no product overflows
      Duration steps = Duration.ofSeconds(
              Math.min(longest, next.time.getSeconds()) * next.shares.length)
          .plusNanos((long) next.time.getNano() * next.shares.length);
      if (steps.compareTo(next.deadline) > 0) {
        throw new IllegalArgumentException(next.shares.length + " steps of at least "
            + MlopsException.shown(next.time) + " take " + MlopsException.shown(steps)
            + ", but the rollout ends after " + MlopsException.shown(next.deadline)
            + " and would never promote");
      }
      long wanted = Math.min(longest, next.truths) * next.shares.length;
      if (next.most < wanted || next.truths > longest) {
        throw new IllegalArgumentException(next.shares.length + " steps of at least "
            + next.truths + " truths need " + wanted + ", but the rollout ends after " + next.most
            + " and would never promote");
      }
      if (next.once > 0 && (next.alpha >= 0.5 || next.once > next.most)) {
        throw new IllegalArgumentException("a plan that is judged once, at " + next.once
            + " truths, must have alpha below 0.5 and not end before, but had alpha " + next.alpha
            + " and at most " + next.most + " truths");
      }
      Stream.concat(next.guards.stream(), next.goals.stream()).forEach(each -> {
        if (next.shares[0] == Assignment.BUCKETS
            && each.expression().filter(Guards::besideChampion).isPresent()) {
          throw new IllegalArgumentException(each + " compares two versions that answer at the same"
              + " time, but the candidate has 100 % of the keys from the first step on, so that it"
              + " would be undecided; begin with a smaller share, or use blueGreen()");
        }
        long fewest = fewest(each, next.alpha, next.once > 0);
        long last = next.once > 0 ? next.once : next.most;
        if (last < fewest) {
          throw new IllegalArgumentException(each + " at alpha " + next.alpha
              + " needs at least " + fewest
              + " truths even if neither model is ever wrong, but the rollout "
              + (next.once > 0 ? "is judged once, at " : "ends after ") + last
              + " and would be undecided");
        }
      });
    }
    return new TrafficPlan(next);
  }

  /** How many truths the test of a condition needs, if both models are always right. */
  private static long fewest(Condition condition, double alpha, boolean once) {
    Expression asked = condition.expression().orElse(null);
    if (asked != null && once && isJudgedByRanks(asked, 1)) {
      return FixedSample.Losses.FEWEST;
    }
    if (asked == null || !isJudgedByTruths(asked)) {
      return 0;
    }
    Metric metric = asked.quantity().metric().orElseThrow();
    double range = metric.highest() - metric.lowest();
    double margin = asked.limit().orElseThrow() / range;
    if (once && !metric.isShare()) {
      return Math.max(
          FixedSample.Losses.FEWEST,
          Double.isFinite(range) && margin > 0 ? FixedSample.fewest(margin, alpha) : 0);
    }
    if (!Double.isFinite(range) || margin <= 0) {
      return 0; // of unbounded losses nothing is known beforehand, and a margin of 0 asks for
      // better
    }
    if (once) {
      return FixedSample.fewest(margin, alpha);
    }
    // a bet loses at most half: per pair of equal losses ln(1 + margin/(2(1 − margin))) is gained
    // at most
    return (long) Math.ceil(-Math.log(alpha) / Math.log1p(margin / (2 * (1 - margin))));
  }

  /** Whether a condition compares losses of both versions, truth by truth. */
  static boolean isJudgedByTruths(Expression asked) {
    return asked.comparison() == Expression.Comparison.NO_WORSE_THAN_CHAMPION
        && asked.quantity().metric().isPresent();
  }

  /** Whether a condition compares latencies of both versions by their ranks, once. */
  static boolean isJudgedByRanks(Expression asked, long once) {
    return once > 0
        && asked.comparison() == Expression.Comparison.NO_WORSE_THAN_CHAMPION
        && asked.quantity().equals(Expression.Quantity.latency(0.5));
  }

  /** Each part of a condition must be answerable, or the whole could wait for it for ever. */
  private static void requireAnswerable(Condition condition, Method method, String where) {
    requireNonNull(condition, "condition");
    Expression alone = condition.expression().orElse(null);
    // of a host's own nothing is known here; what it cannot tell is INCONCLUSIVE, which holds
    for (Expression asked : alone == null ? condition.expressions() : Set.of(alone)) {
      String wrong = wrong(asked, method);
      if (wrong == null && alone == null && isJudgedByTruths(asked)) {
        wrong = "is judged truth by truth, which only a condition that is given alone is";
      }
      if (wrong != null) {
        throw new IllegalArgumentException("a " + method.name + " plan cannot ask " + condition
            + " in " + where + ": " + (alone == null ? asked : "it") + " " + wrong);
      }
    }
  }

  /** Why a rollout could never answer; null if it can. */
  private static @Nullable String wrong(Expression asked, Method method) {
    Expression.Quantity quantity = asked.quantity();
    if (asked.watch().isPresent()) {
      return "reads a detector, and detectors watch the champion, never a candidate";
    } else if (quantity.equals(Expression.Quantity.GOLDEN_EXAMPLES)) {
      return "is answered before any request: every candidate must give its golden examples again"
          + " before a rollout begins";
    } else if (quantity.equals(Expression.Quantity.FRESH_TRUTHS)) {
      return "counts the champion's truths; use eachFor(truths, time) for those of the candidate";
    } else if (quantity.equals(Expression.Quantity.MODEL_AGE)) {
      return "tells when the champion was published, and nothing of a candidate";
    } else if (quantity.equals(Expression.Quantity.ROLLOUT)) {
      return "asks where the newest rollout is, which is the one that asks";
    } else if (quantity.equals(Expression.Quantity.RETRAINING)) {
      return "is known to a maintenance loop, never to a rollout";
    } else if (quantity.equals(Expression.Quantity.TICK_AGE)) {
      return "is asked in a tick, which is always the newest";
    } else if (method.splits()
        && asked.comparison() == Expression.Comparison.NO_WORSE_AT_ANY_LOOK) {
      return "compares the champion with its test phase, never a candidate; use"
          + " it without atAnyLook()";
    } else if (!method.splits()
        && asked.comparison() == Expression.Comparison.NO_WORSE_THAN_CHAMPION) {
      return "compares two versions that answer at the same time, but by a " + method.name
          + " plan the old one answers nobody after the switch; use canary(…), or a limit";
    } else if (isJudgedByTruths(asked)
        && quantity.metric().filter(Metric::hasLoss).isEmpty()) {
      return "has no loss per row, so that no test may look at it after each truth; metrics that do: "
          + Metric.known().stream()
              .filter(Metric::hasLoss)
              .map(Metric::name)
              .collect(Collectors.joining(", "));
    }
    return null;
  }

  // ---- what is read of it

  @Override
  public boolean takesSteps() {
    return draft.method.splits();
  }

  @Override
  public boolean goesOnAfterRestart() {
    return draft.goesOn;
  }

  /**
   * {@return the time until its last step must have its first truths, if it asks for quality or for truths in each step; of a plan
   * that switches at once, how long it bakes}
   */
  @Override
  public Optional<Duration> truthsWithin() {
    if (truths() == 0 && metrics().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        !draft.method.splits()
            ? draft.bake
            : truths() == 0
                ? draft.deadline
                : draft.deadline.minus(draft.time.multipliedBy(draft.shares.length - 1L)));
  }

  /** {@return the salt of the assignment: the experiment's name; empty where each rollout has its own} */
  @Override
  public Optional<String> salt() {
    return Optional.ofNullable(draft.salt);
  }

  /** {@return its guards and its goals} */
  @Override
  public List<Condition> parts() {
    return Stream.concat(draft.guards.stream(), draft.goals.stream()).toList();
  }

  int[] shares() {
    return draft.shares.clone();
  }

  /** How many truths of the candidate a step needs. */
  long truths() {
    boolean asksQuality = !metrics().isEmpty();
    return draft.truths >= 0 ? draft.truths : asksQuality ? TRUTHS : 0;
  }

  Duration time() {
    return draft.time;
  }

  Duration deadline() {
    return draft.deadline;
  }

  long most() {
    return draft.most;
  }

  double alpha() {
    return draft.alpha;
  }

  /** Truths of the candidate at which its quality is judged once; 0 if after every one. */
  long once() {
    return draft.once;
  }

  List<Condition> guards() {
    return draft.guards;
  }

  List<Condition> goals() {
    return draft.goals;
  }

  Duration bake() {
    return draft.bake;
  }

  boolean approval() {
    return draft.approval;
  }

  String method() {
    return draft.method.name;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if a condition asks a metric that cannot be measured of this candidate, or the plan has
   *     steps and asks nothing
   */
  @Override
  public TrafficProgress begin(RolloutStart start) {
    if (draft.method.splits() && draft.guards.isEmpty() && draft.goals.isEmpty()) {
      throw new IllegalArgumentException("a " + draft.method.name
          + " must ask something: give it rollingBackUnless(…) or promotingWhen(…); "
          + start.candidate()
          + " would be promoted by time alone");
    }
    return draft.method.splits()
        ? new SteppedProgress(this, start)
        : new SwitchProgress(this, start);
  }

  /**
   * {@return such as {@code canary 5, 25, 50 % of keys, each for 500 truths and 30 min, rolling back unless
   * [failures().atMost(0.01)], promoting when [quality("recall").noWorseThanChampion(0.01)], within 24 h (alpha 0.05)}}
   */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(draft.method.name);
    if (draft.salt != null) {
      text.append(" \"").append(MlopsException.shown(draft.salt)).append('"');
    }
    if (draft.method.splits()) {
      text.append(' ')
          .append(Arrays.stream(draft.shares)
              .mapToObj(TrafficPlan::percent)
              .collect(Collectors.joining(", ")))
          .append(" % of keys, ")
          .append(draft.shares.length > 1 ? "each " : "")
          .append("for ")
          .append(truths())
          .append(" truths and ")
          .append(MlopsException.shown(draft.time));
    }
    if (!draft.guards.isEmpty()) {
      text.append(", rolling back unless ").append(draft.guards);
    }
    if (!draft.goals.isEmpty()) {
      text.append(", promoting when ").append(draft.goals);
    }
    if (draft.approval) {
      text.append(", awaiting approval");
    }
    if (!draft.bake.isZero()) {
      text.append(", baking for ").append(MlopsException.shown(draft.bake));
    }
    if (draft.method.splits()) {
      text.append(", within ").append(MlopsException.shown(draft.deadline));
      if (draft.most < Long.MAX_VALUE) {
        text.append(" and ").append(draft.most).append(" truths");
      }
      if (draft.once > 0) {
        text.append(", judged once at ").append(draft.once).append(" truths");
      }
      text.append(" (alpha ").append(draft.alpha).append(')');
    }
    return text.toString();
  }

  /** A share as a number of per cent, such as 5 or 0.125. */
  static String percent(int share) {
    return share % 1_000 == 0 ? Integer.toString(share / 1_000) : Double.toString(share / 1_000.0);
  }
}
