package dev.mlops.core.retrain;

import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainDecision.Outcome;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import java.time.Instant;
import java.util.Optional;

/** Retrains when a time of a schedule has come since the newest candidate, or since the champion was made. */
record Scheduled(Schedule schedule) implements RetrainPolicy {
  @Override
  public RetrainDecision decide(Evidence now, RetrainHistory past) {
    Optional<Instant> slot = schedule.newest(now.at());
    if (slot.isEmpty()) {
      return RetrainDecision.of(
          Outcome.INCONCLUSIVE,
          toString(),
          "no calendar knows the time of the evidence, " + now.at());
    }
    // What is dated ahead was dated by a clock that was wrong, and says nothing.
    Optional<Instant> last = past.lastCandidate().filter(at -> !at.isAfter(now.at()));
    Instant since = last.orElse(past.championSince());
    boolean due = since.isAfter(now.at()) || since.isBefore(slot.get());
    return RetrainDecision.of(
        due ? Outcome.RETRAIN : Outcome.KEEP,
        toString(),
        (last.isPresent() ? "last candidate at " : "no candidate, champion since ")
            + since
            + (due
                ? ", due since " + slot.get()
                : schedule.next(now.at()).map(next -> ", next at " + next).orElse("")));
  }

  /** {@return such as {@code every day at 03:00 Europe/Berlin}} */
  @Override
  public String toString() {
    return schedule.toString();
  }
}
