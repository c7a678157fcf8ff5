package dev.mlops.core.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.retrain.RetrainPolicy;
import java.time.Duration;
import java.util.List;

/**
 * The rules that retraining rests on. They combine by {@link RetrainPolicy#or}, {@link RetrainPolicy#and}, {@link
 * #not}, {@link #atLeast}, {@link RetrainPolicy#requiring}, {@link RetrainPolicy#atMostEvery}, {@link RetrainPolicy#atMost} and
 * {@link RetrainPolicy#notDuring}. Meant to be imported statically.
 *
 * <p>Thread-safe, and everything it gives is immutable.
 *
 * @since 0.1
 */
public final class RetrainPolicies {
  private RetrainPolicies() {}

  /**
   * {@return a policy that retrains while a condition FAILs}
   *
   * <p>KEEP while it PASSes. INCONCLUSIVE when it is, when it answers null, and when it throws. The change point is that of
   * the finding.
   *
   * @param condition what must hold of the champion
   */
  public static RetrainPolicy violated(Condition condition) {
    return new Violated(requireNonNull(condition, "condition"));
  }

  /**
   * {@return a policy that retrains when the champion is this old, or older}
   *
   * <p>It needs no evidence but its time. A champion that is dated ahead counts as that much older: a clock that was wrong once
   * does not keep it young.
   *
   * @param age longer than zero
   * @throws IllegalArgumentException if it is not
   */
  public static RetrainPolicy olderThan(Duration age) {
    if (age.isZero() || age.isNegative()) {
      throw new IllegalArgumentException(
          "age must be longer than zero, but was " + MlopsException.shown(age));
    }
    return new OlderThan(age);
  }

  /**
   * {@return a policy that retrains when the champion has reached the age at which training again pays}
   *
   * @param study of outcomes of the same stream
   */
  public static RetrainPolicy olderThan(FreshnessStudy study) {
    return olderThan(study.period());
  }

  /**
   * {@return a policy that retrains when the champion has reached the age at which training again pays, sooner while changes
   * come more often than models age}
   *
   * <p>The mean gap between the newest three changes that candidates were begun for, and now, is the limit while it is shorter
   * than the study's period; when changes stay away it grows until it is the period again.
   *
   * @param study of outcomes of the same stream
   * @param least the shortest limit; longer than zero
   * @throws IllegalArgumentException if the least is not longer than zero, or longer than the period
   */
  public static RetrainPolicy keepingPace(FreshnessStudy study, Duration least) {
    if (least.isZero() || least.isNegative() || least.compareTo(study.period()) > 0) {
      throw new IllegalArgumentException(
          "the shortest limit must be longer than zero and at most the"
              + " period of " + MlopsException.shown(study.period()) + ", but was "
              + MlopsException.shown(least));
    }
    return new KeepingPace(study.period(), least);
  }

  /**
   * {@return a policy that retrains when this many outcomes have matured since the newest candidate was begun}
   *
   * <p>Without a candidate it counts from the oldest outcome that is known, and so it does where the outcomes of that time are
   * gone. INCONCLUSIVE while nothing was recorded.
   *
   * @param outcomes at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public static RetrainPolicy afterTruths(long outcomes) {
    if (outcomes < 1) {
      throw new IllegalArgumentException("outcomes must be >= 1, but was " + outcomes);
    }
    return new AfterTruths(outcomes);
  }

  /**
   * {@return a policy that retrains once the outcomes since a change have tripled since the candidate that was trained for it}
   *
   * <p>Soon after a change a window is short; three times the rows give a better model. It goes on until the outcomes since
   * the change fill the longest window. A candidate that is still undecided then is given up for the next one. Combine it
   * below a cooldown: {@code violated(worse).or(followUps()).atMostEvery(day)}.
   */
  public static RetrainPolicy followUps() {
    return new FollowUps(3);
  }

  /**
   * {@return a policy that retrains once for each time of a schedule, and once for all that were missed}
   *
   * <p>It retrains while a time has come since the newest candidate was begun, whatever that was begun for; without one, since
   * the champion was made. It needs no evidence but its time.
   *
   * @param schedule such as {@code Schedule.daily(LocalTime.of(3, 0), berlin)}
   */
  public static RetrainPolicy on(Schedule schedule) {
    return new Scheduled(requireNonNull(schedule, "schedule"));
  }

  /**
   * {@return a policy that retrains when what a model as good as in its test phase would save pays for the training}
   *
   * <p>The mean loss of the newest matured truths, at the better end of its interval, less that of the champion's test phase,
   * times the rows that a candidate would serve and what a loss of 1 costs: RETRAIN when that reaches the cost of a training.
   * INCONCLUSIVE while one of the two is not known, and for a metric without a loss per row, such as F1.
   *
   * @param metric such as {@link Metric#ACCURACY}, of which a wrong label is a loss of 1
   * @param costOfLoss what a loss of 1 costs; finite, above 0
   * @param costOfTraining what a candidate costs, in the same unit: machines, people, the risk of a change; finite, at least 0
   * @param rowsAhead how many rows the candidate would serve before the next; at least 1
   * @throws IllegalArgumentException if a number is out of range
   */
  public static RetrainPolicy paysOff(
      Metric metric, double costOfLoss, double costOfTraining, long rowsAhead) {
    if (!(costOfLoss > 0) || !Double.isFinite(costOfLoss)) {
      throw new IllegalArgumentException(
          "cost of a loss must be finite and > 0, but was " + costOfLoss);
    }
    if (!(costOfTraining >= 0) || !Double.isFinite(costOfTraining)) {
      throw new IllegalArgumentException(
          "cost of a training must be finite and >= 0, but was " + costOfTraining);
    }
    if (rowsAhead < 1) {
      throw new IllegalArgumentException("rows ahead must be >= 1, but were " + rowsAhead);
    }
    return new PaysOff(requireNonNull(metric, "metric"), costOfLoss, costOfTraining, rowsAhead);
  }

  /**
   * {@return a policy that retrains when the wrong labels beyond those of the test phase have reached a budget}
   *
   * <p>They are counted among the newest matured truths, as many as the monitor measures quality over, and not before the
   * newest candidate was begun; good stretches pay back. INCONCLUSIVE while live or tested accuracy is not known. One false
   * alarm after another is possible: a sum that is looked at often passes any budget at last, and no rate is promised.
   *
   * @param budget how many; finite, above 0
   * @throws IllegalArgumentException if it is out of range
   */
  public static RetrainPolicy avoidableErrors(double budget) {
    if (!(budget > 0) || !Double.isFinite(budget)) {
      throw new IllegalArgumentException("budget must be finite and > 0, but was " + budget);
    }
    return new AvoidableErrors(budget);
  }

  /**
   * {@return a policy that retrains when another keeps, and keeps when that retrains; SUPPRESSED and INCONCLUSIVE stay}
   *
   * @param policy the other
   */
  public static RetrainPolicy not(RetrainPolicy policy) {
    return new Negated(requireNonNull(policy, "policy"));
  }

  /**
   * {@return a policy that retrains when at least a number of several would}
   *
   * <p>Otherwise SUPPRESSED if those that would and those that are suppressed are enough, else INCONCLUSIVE if with those that
   * do not know it could be enough, else KEEP. Change point and follow-up are those of the parts that retrain.
   *
   * @param wanted from 1 to the number of policies
   * @param policies at least one
   * @throws IllegalArgumentException if the number is out of range
   */
  public static RetrainPolicy atLeast(int wanted, RetrainPolicy... policies) {
    if (wanted < 1 || wanted > policies.length) {
      throw new IllegalArgumentException("the number of policies that must agree must be from 1 to "
          + policies.length + ", but was " + wanted);
    }
    return new AtLeast(wanted, List.of(policies));
  }
}
