package dev.mlops.core.loop;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.store.Version;
import java.util.Map;

/** A candidate that won waits for somebody's word. */
final class Awaiting implements Phase {
  private final Workshop loop;
  private final Candidate candidate;
  private final RolloutDecision won;

  /** Whether the journal says that it waits. */
  private boolean written;

  private boolean approved;

  Awaiting(Candidate candidate, RolloutDecision won) {
    this.loop = candidate.loop();
    this.candidate = candidate;
    this.won = won;
  }

  /** Whether the champion is the one that the candidate is to replace. */
  boolean timely() {
    return loop.deployment.champion().equals(candidate.champion());
  }

  @Override
  public Phase advance() {
    Version champion = loop.deployment.champion();
    if (!champion.equals(candidate.champion())) {
      return candidate.abandon("the alias moved on to " + champion);
    }
    if (!written) {
      loop.steps.write(candidate.event(LoopEvent.Kind.AWAITING, won.numbers(), won.reason()));
      written = true;
    }
    if (!approved) {
      return this;
    }
    return loop.deployment
        .store()
        .current(loop.alias())
        .filter(change -> change.to().equals(champion) && !loop.deployment.rollbackPending())
        .<Phase>map(change -> Promoting.of(candidate, won, change))
        .orElseGet(() -> candidate.abandon("the alias moved on"));
  }

  Version version() {
    return candidate.version();
  }

  /** Lets the candidate take over in the next step. */
  void approve(String by, String because) {
    loop.steps.write(
        candidate.event(LoopEvent.Kind.APPROVED, won.numbers(), "by " + by + ": " + because));
    approved = true;
  }

  /** Keeps the champion. */
  Phase reject(String by, String because) {
    return candidate.keep(
        Map.of(), "cannot promote " + candidate + ": rejected by " + by + ", " + because);
  }

  @Override
  public String attempt() {
    return "let " + candidate + " wait for a word";
  }

  /** {@return such as {@code fraud:8 waits for approval, shadow SUPERIOR on 131 truths …}} */
  @Override
  public String toString() {
    return candidate + " waits for approval, " + won.reason();
  }
}
