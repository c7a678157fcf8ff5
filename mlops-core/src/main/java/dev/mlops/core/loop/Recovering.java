package dev.mlops.core.loop;

import dev.mlops.api.loop.LoopEvent;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.store.AliasChange;
import java.util.Optional;

/** Ends a candidate that an earlier process left, asking the store whether its promotion won. */
final class Recovering implements Phase {
  private final Workshop loop;
  private final JournalReplay past;

  Recovering(Workshop loop, JournalReplay past) {
    this.loop = loop;
    this.past = past;
  }

  @Override
  public Phase advance() {
    if (past.undecided()) {
      Optional<AliasChange> made = past.intent().flatMap(loop::moveOf);
      if (made.isPresent()) {
        loop.steps.write(loop.steps
            .event(LoopEvent.Kind.PROMOTED)
            .candidate(made.get().to())
            .number("generation", (double) made.get().generation())
            .because("found after a restart: the move had been made, " + made.get()));
        loop.ended(RetrainHistory.Result.PROMOTED);
      } else {
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

  @Override
  public String attempt() {
    return "end what an earlier loop on " + loop.alias() + " began";
  }

  @Override
  public String toString() {
    return "watching";
  }
}
