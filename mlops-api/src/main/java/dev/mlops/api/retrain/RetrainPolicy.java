package dev.mlops.api.retrain;

import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Decides from evidence and history whether to train again.
 *
 * <p>The contract, clause by clause:
 *
 * <ol>
 *   <li><b>pure</b>: the same evidence and history give the same decision, however often and in whatever order asked.
 *   <li><b>explains</b>: every decision, also KEEP, names its rule and the numbers it read.
 *   <li><b>absenceIsNoReason</b>: on evidence that holds nothing the outcome is not RETRAIN unless the rule needs none (the
 *       age of the champion).
 *   <li><b>neverThrows</b>: not for any evidence or history.
 *   <li><b>saysWhatItReads</b>: {@link #watches()} holds every watch that {@link #decide} looks at.
 *   <li><b>threads</b>: may be asked from several threads at once.
 * </ol>
 *
 * <p>A lambda is a policy too. Policies combine: {@code violated(worse).or(olderThan(month)).requiring(freshTruths(1_000))
 * .atMostEvery(day)}.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface RetrainPolicy extends EvidenceReader {
  /**
   * {@return whether to train again, and why}
   *
   * @param now what is known
   * @param past what was done before
   */
  RetrainDecision decide(Evidence now, RetrainHistory past);

  /**
   * {@return a policy that retrains when this one or another would}
   *
   * <p>Otherwise SUPPRESSED if a part is, else INCONCLUSIVE if a part is, else KEEP. The change point is the earliest of
   * the parts that retrain; that of a follow-up counts only where no other part has one.
   *
   * @param other the other
   */
  default RetrainPolicy or(RetrainPolicy other) {
    return new CombinedPolicy(false, this, other);
  }

  /**
   * {@return a policy that retrains when this one and another would}
   *
   * <p>Otherwise KEEP if a part keeps, else SUPPRESSED if a part is, else INCONCLUSIVE.
   *
   * @param other the other
   */
  default RetrainPolicy and(RetrainPolicy other) {
    return new CombinedPolicy(true, this, other);
  }

  /**
   * {@return a policy that retrains when this one would and a requirement is met}
   *
   * <p>A requirement that is not met makes it SUPPRESSED, one that the evidence does not tell INCONCLUSIVE.
   *
   * @param condition the requirement
   */
  default RetrainPolicy requiring(Condition condition) {
    return new RequiringPolicy(this, condition);
  }

  /**
   * {@return a policy that is SUPPRESSED for some time after every candidate, also one that failed or was kept back; it covers
   * whatever is below it, follow-ups too}
   *
   * @param gap longer than zero
   * @throws IllegalArgumentException if it is not
   */
  default RetrainPolicy atMostEvery(Duration gap) {
    return new CooldownPolicy(this, gap);
  }

  /**
   * {@return a policy that is SUPPRESSED once a number of candidates were begun within a period that ends now, also those that
   * failed or were kept back}
   *
   * @param candidates from 1 to 100
   * @param period longer than zero
   * @throws IllegalArgumentException if one is out of range
   */
  default RetrainPolicy atMost(int candidates, Duration period) {
    return new BudgetPolicy(this, candidates, period);
  }

  /**
   * {@return a policy that is SUPPRESSED at some times; what it would retrain for then is not lost if it still holds later}
   *
   * @param blackout at which times
   */
  default RetrainPolicy notDuring(Blackout blackout) {
    return new NotDuringPolicy(this, blackout);
  }

  /**
   * {@return a policy that, once a candidate was judged, is SUPPRESSED until another condition PASSes: a number that stays near
   * its limit asks for one candidate, not for one whenever it crosses}
   *
   * <p>A new champion begins anew, and a candidate that failed or was abandoned does not count. A loop remembers passes as long
   * as it lives: after a restart the condition must PASS again.
   *
   * @param recovered what must hold; it should be harder to meet than what this policy retrains for
   */
  default RetrainPolicy recoveringWhen(Condition recovered) {
    return new RecoveringPolicy(this, recovered);
  }

  /** {@return the conditions of which the history must say when they passed last: by default those of its parts} */
  default Set<Condition> recoveries() {
    Set<Condition> all = new LinkedHashSet<>();
    for (EvidenceReader part : parts()) {
      if (part instanceof RetrainPolicy policy) {
        all.addAll(policy.recoveries());
      }
    }
    return all;
  }
}
