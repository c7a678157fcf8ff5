package dev.mlops.core.loop;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Reference;
import dev.mlops.core.serve.Rollout;
import java.util.Optional;

/**
 * Ends a candidate and a return that an earlier process left, asking the store whether their moves were made. A rollout that the
 * deployment went on with goes on.
 */
final class Recovering implements Phase {
  private final Workshop loop;
  private final JournalReplay past;

  /** Whether the journal says how the return ended; a tick that failed after it does not say it again. */
  private boolean toldReturn;

  Recovering(Workshop loop, JournalReplay past) {
    this.loop = loop;
    this.past = past;
  }

  @Override
  public Phase advance() {
    if (!toldReturn) {
      past.returning().ifPresent(this::tellReturn);
      toldReturn = true;
    }
    if (past.undecided()) {
      Optional<Rollout> goesOn = past.candidate().flatMap(this::rolloutOf);
      if (goesOn.isPresent()) {
        return new RollingOut(loop, goesOn.get());
      }
      Optional<AliasChange> made =
          past.intent().flatMap(loop::moveOf).or(() -> past.candidate().flatMap(this::moveTo));
      if (made.isPresent()) {
        loop.steps.write(loop.steps
            .event(LoopEvent.Kind.PROMOTED)
            .candidate(made.get().to())
            .number("generation", (double) made.get().generation())
            .because("found after a restart: the move had been made, " + made.get()));
        loop.ended(RetrainHistory.Result.PROMOTED);
      } else {
        if (past.intent().isPresent()) {
          loop.fence();
        }
        LoopEvent.Builder abandoned = loop.steps
            .event(LoopEvent.Kind.ABANDONED)
            .because("the process ended before the candidate was decided"
                + past.intent().map(intent -> "; the move was not made").orElse("")
                + "; the champion stays");
        past.candidate().ifPresent(abandoned::candidate);
        loop.steps.write(abandoned);
        loop.ended(RetrainHistory.Result.ABANDONED);
      }
    }
    return new Watching(loop);
  }

  /** The rollout of a candidate that the deployment goes on with, since it was given the plan. */
  private Optional<Rollout> rolloutOf(Reference candidate) {
    return loop.deployment.rollouts().stream()
        .filter(each -> candidate.toString().equals(each.candidate().toString()))
        .findFirst();
  }

  /** The move by which a rollout made a candidate the champion, while no loop was there to see it. */
  private Optional<AliasChange> moveTo(Reference candidate) {
    return loop.deployment.store().history(loop.alias()).stream()
        .filter(change ->
            change.to().toString().equals(candidate.toString()) && Rollout.isMoveOf(change))
        .findFirst();
  }

  private void tellReturn(LoopEvent returning) {
    Optional<AliasChange> made = returning.intent().flatMap(loop::moveOf);
    LoopEvent.Builder end =
        loop.steps.event(made.isPresent() ? LoopEvent.Kind.RETURNED : LoopEvent.Kind.NOT_RETURNED);
    returning.champion().ifPresent(end::champion);
    returning.candidate().ifPresent(end::candidate);
    returning.intent().ifPresent(end::intent);
    if (made.isEmpty()) {
      loop.fence();
    }
    if (made.isPresent()) {
      returning.numbers().forEach(end::number);
      end.number("generation", (double) made.get().generation())
          .because("found after a restart: the move had been made, " + made.get());
    } else {
      end.because("the process ended before the move was made; the champion stays");
    }
    loop.steps.write(end);
  }

  @Override
  public String attempt() {
    return "end what an earlier loop on " + loop.alias() + " began";
  }

  @Override
  public String toString() {
    return "watching";
  }
}
