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
   * @param condition what is wrong with the champion
   */
  public static RetrainPolicy violated(Condition condition) {
    return new Violated(requireNonNull(condition, "condition"));
  }

  /**
   * {@return a policy that retrains when the champion is this old, or older}
   *
   * <p>It needs no evidence but its time.
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
   * <p>Without a candidate it counts from the opening of the monitor. A monitor that was opened after that candidate has
   * forgotten what matured before, and is counted from its opening too. INCONCLUSIVE while nothing was served.
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
}
