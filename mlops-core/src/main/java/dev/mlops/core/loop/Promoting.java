package dev.mlops.core.loop;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.VersionNotFoundException;
import java.util.Optional;
import java.util.UUID;

/** A candidate that won takes over: the intent is written, then the alias moved, then that is written. */
final class Promoting implements Phase {
  private final Workshop loop;
  private final Candidate candidate;
  private final RolloutDecision won;
  private final AliasChange from;
  private final String intent;
  private final boolean written;

  private Promoting(
      Candidate candidate, RolloutDecision won, AliasChange from, String intent, boolean written) {
    this.loop = candidate.loop();
    this.candidate = candidate;
    this.won = won;
    this.from = from;
    this.intent = intent;
    this.written = written;
  }

  static Promoting of(Candidate candidate, RolloutDecision won, AliasChange from) {
    return new Promoting(candidate, won, from, "promote-" + UUID.randomUUID(), false);
  }

  @Override
  public Phase advance() {
    if (!written) {
      loop.steps.write(candidate
          .event(
              LoopEvent.Kind.PROMOTING,
              won.numbers(),
              from.to() + " -> " + candidate + ": " + won.reason())
          .intent(intent));
      return new Promoting(candidate, won, from, intent, true);
    }
    Optional<AliasChange> known = loop.moveOf(intent); // by an earlier tick that was not told
    if (known.isEmpty() && loop.deployment.rollbackPending()) {
      return candidate.abandon("a rollback of the champion is under way");
    }
    AliasChange made;
    try {
      made = known.isPresent()
          ? known.get()
          : loop.move(from, candidate.version(), intent, won.reason());
    } catch (AliasConflictException e) {
      return candidate.abandon(e.getMessage() == null ? "the alias moved on" : e.getMessage());
    } catch (VersionNotFoundException e) {
      return loop.failed(e);
    }
    loop.steps.write(candidate
        .event(
            LoopEvent.Kind.PROMOTED,
            won.numbers(),
            won.reason() + "; generation " + made.generation())
        .intent(intent)
        .number("generation", (double) made.generation()));
    loop.ended(RetrainHistory.Result.PROMOTED);
    // It takes the candidate over as it is; if it cannot follow now, it does in a later tick of its
    // own.
    loop.deployment.tick();
    return new Watching(loop);
  }

  @Override
  public String attempt() {
    return "move " + loop.alias() + " to " + candidate;
  }

  @Override
  public String toString() {
    return "promoting " + candidate;
  }
}
