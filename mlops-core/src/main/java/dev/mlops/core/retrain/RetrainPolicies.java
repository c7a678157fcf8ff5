package dev.mlops.core.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.retrain.RetrainPolicy;
import java.time.Duration;

/**
 * The rules that retraining rests on. They combine by {@link RetrainPolicy#or}, {@link RetrainPolicy#and}, {@link
 * RetrainPolicy#requiring} and {@link RetrainPolicy#atMostEvery}. Meant to be imported statically.
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
   * {@return a policy that retrains when this many outcomes have matured since the newest candidate was begun}
   *
   * <p>Without a candidate it counts from the oldest outcome that is known, and so it does where the outcomes of that time are
   * gone. INCONCLUSIVE while nothing was served.
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
}
