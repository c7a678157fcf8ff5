package dev.mlops.core.retrain;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainDecision.Outcome;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * Retrains when the champion has reached the age at which training again pays, sooner while changes come more often than that.
 *
 * @param period that pays where nothing changes but by age
 * @param least the shortest period
 */
record KeepingPace(Duration period, Duration least) implements RetrainPolicy {
  /** How many changes make a pace: two gaps. */
  private static final int CHANGES = 3;

  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    Duration age = past.championAge(now.at());
    Duration limit = limit(now.at(), past.recentChanges());
    return RetrainDecision.of(
        age.compareTo(limit) >= 0 ? Outcome.RETRAIN : Outcome.KEEP,
        toString(),
        "champion is " + shown(age) + " old, limit " + shown(limit)
            + (limit.equals(period) ? "" : ": changes come more often than models age"));
  }

  /** The mean gap of the newest changes, if they are recent and come more often than models age. */
  private Duration limit(Instant now, List<Instant> changes) {
    int n = changes.size();
    if (n < CHANGES) {
      return period;
    }
    Duration gap =
        Duration.between(changes.get(n - CHANGES), now).dividedBy(CHANGES); // the open gap counts
    return gap.compareTo(period) >= 0 || gap.isNegative()
        ? period
        : gap.compareTo(least) < 0 ? least : gap;
  }

  private static String shown(Duration time) {
    return MlopsException.shown(time.truncatedTo(ChronoUnit.SECONDS));
  }

  /** {@return such as {@code champion older than 12 h, sooner while changes come more often}} */
  @Override
  public String toString() {
    return "champion older than " + MlopsException.shown(period)
        + ", sooner while changes come more often, after " + MlopsException.shown(least)
        + " at the earliest";
  }
}
