package dev.mlops.core.loop;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.core.serve.Rollout;
import org.jspecify.annotations.Nullable;

/**
 * A candidate answers requests by a plan that the deployment moves; the loop waits for how that ends.
 *
 * <p>After a restart the deployment may have gone on with one that an earlier loop began: then there is a rollout and no
 * candidate, since nothing of it is in this loop's memory.
 */
final class RollingOut implements Phase {
  private final Workshop loop;
  private final @Nullable Candidate candidate;
  private final @Nullable RolloutStart start;
  private @Nullable Rollout rollout;

  /** Whether it was paused because the loop was halted. */
  private boolean paused;

  RollingOut(Candidate candidate, RolloutStart start) {
    this.loop = candidate.loop();
    this.candidate = candidate;
    this.start = start;
  }

  /** One that the deployment went on with after a restart. */
  RollingOut(Workshop loop, Rollout rollout) {
    this.loop = loop;
    this.candidate = null;
    this.start = null;
    this.rollout = rollout;
  }

  /** Stays as it is while the loop is halted: the rollout is paused; false if it has ended, or another champion serves. */
  boolean holds() {
    Rollout going = rollout;
    if (going != null && going.state() == Rollout.State.RUNNING) {
      going.pause("loop", "the loop is halted");
      paused = true;
    }
    return going == null
        ? candidate != null && loop.deployment.champion().equals(candidate.champion())
        : loop.deployment.champion().equals(going.champion()) && !going.state().ended();
  }

  @Override
  public Phase advance() {
    Rollout going = rollout;
    if (going == null) {
      try {
        rollout = loop.deployment.rollOut(
            requireNonNull(candidate).ready(), loop.plan, requireNonNull(start));
      } catch (RuntimeException | LinkageError | StackOverflowError e) {
        return loop.failed(e);
      }
      return this;
    }
    if (paused && going.state() == Rollout.State.PAUSED) {
      going.resume("loop", "the loop goes on");
      paused = false;
    }
    String why = going.reason();
    return switch (going.state()) {
      case RUNNING, PAUSED, BAKING -> this;
      case PROMOTED -> ended(going, LoopEvent.Kind.PROMOTED, RetrainHistory.Result.PROMOTED, why);
      case ROLLED_BACK, KEPT -> {
        Phase next = kept(going, "cannot promote " + going.candidate() + ": " + why);
        loop.clearSignals(why); // it was judged
        yield next;
      }
      case ABORTED -> kept(going, why);
      case ABANDONED ->
        ended(going, LoopEvent.Kind.ABANDONED, RetrainHistory.Result.ABANDONED, why);
      case FAILED -> loop.failed(new IllegalStateException(why));
    };
  }

  private Phase kept(Rollout going, String why) {
    return ended(going, LoopEvent.Kind.KEPT, RetrainHistory.Result.KEPT, why);
  }

  private Phase ended(
      Rollout going, LoopEvent.Kind kind, RetrainHistory.Result result, String why) {
    LoopEvent.Builder event = loop.steps
        .event(kind)
        .champion(going.champion())
        .candidate(going.candidate())
        .because(Steps.beginning(why));
    if (candidate != null) {
      candidate.change().ifPresent(event::change);
    }
    if (kind == LoopEvent.Kind.PROMOTED) {
      event.intent(going.id());
    }
    loop.steps.write(event);
    loop.ended(result);
    if (kind != LoopEvent.Kind.PROMOTED) {
      loop.closeCandidate();
    }
    return new Watching(loop);
  }

  @Override
  public String attempt() {
    return "roll "
        + (rollout == null ? String.valueOf(candidate) : rollout.candidate().toString())
        + " out for " + loop.alias();
  }

  @Override
  public String toString() {
    return rollout == null ? "about to roll out " + candidate : rollout.toString();
  }
}
