package dev.mlops.core.loop;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.core.serve.Rollout;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A candidate answers requests by a plan that the deployment moves; the loop waits for how that ends. */
final class RollingOut implements Phase {
  private final Workshop loop;
  private final Candidate candidate;
  private final RolloutStart start;
  private @Nullable Rollout rollout;

  /** Whether it was paused because the loop was halted. */
  private boolean paused;

  RollingOut(Candidate candidate, RolloutStart start) {
    this.loop = candidate.loop();
    this.candidate = candidate;
    this.start = start;
  }

  /** Stays as it is while the loop is halted: the rollout is paused; false if it has ended, or another champion serves. */
  boolean holds() {
    Rollout going = rollout;
    if (going != null && going.state() == Rollout.State.RUNNING) {
      going.pause("loop", "the loop is halted");
      paused = true;
    }
    return loop.deployment.champion().equals(candidate.champion())
        && (going == null || !going.state().ended());
  }

  @Override
  public Phase advance() {
    Rollout going = rollout;
    if (going == null) {
      try {
        rollout = loop.deployment.rollOut(candidate.ready(), loop.plan, start);
      } catch (RuntimeException | LinkageError | StackOverflowError e) {
        return loop.failed(e);
      }
      return this;
    }
    if (paused && going.state() == Rollout.State.PAUSED) {
      going.resume("loop", "the loop goes on");
      paused = false;
    }
    return switch (going.state()) {
      case RUNNING, PAUSED, BAKING -> this;
      case PROMOTED -> {
        loop.steps.write(
            candidate.event(LoopEvent.Kind.PROMOTED, Map.of(), going.reason()).intent(going.id()));
        loop.ended(RetrainHistory.Result.PROMOTED);
        yield new Watching(loop);
      }
      case ROLLED_BACK, KEPT ->
        candidate.keep(Map.of(), "cannot promote " + candidate + ": " + going.reason());
      case ABORTED -> candidate.keepUnjudged(Map.of(), going.reason());
      case ABANDONED -> candidate.abandon(going.reason());
      case FAILED -> loop.failed(new IllegalStateException(going.reason()));
    };
  }

  @Override
  public String attempt() {
    return "roll " + candidate + " out for " + loop.alias();
  }

  @Override
  public String toString() {
    return rollout == null ? "about to roll out " + candidate : rollout.toString();
  }
}
