package dev.mlops.core.loop;

import dev.mlops.api.loop.LoopEvent;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.VersionNotFoundException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;

/** A candidate that won takes over: the intent is written, then the alias moved, then that is written. */
final class Promoting implements Phase {
  private static final String ACTOR = "maintenance-loop";
  private static final int LONGEST_REASON = 2_000;

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
      made = known.isPresent() ? known.get() : move();
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

  private AliasChange move() {
    return loop.deployment
        .store()
        .move(loop.alias())
        .from(from)
        .to(candidate.version())
        .by(ACTOR)
        .because(beginning(won.reason()))
        .intent(intent)
        .commit();
  }

  /** What a plan of the host's says may be longer than a move can hold, or hold half a character. */
  private static String beginning(String text) {
    String kept = text.length() <= LONGEST_REASON ? text : text.substring(0, LONGEST_REASON);
    return new String(kept.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
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
