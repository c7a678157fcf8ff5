package dev.mlops.core.serve;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionNotFoundException;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.serve.Serving.State;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * How a candidate that has won takes over: the intent is written, the alias is moved, that is written, and the new champion is
 * watched while it bakes. What an earlier tick did is not done again.
 *
 * <p>Guarded by the runner's lock.
 */
final class RolloutPromotion {
  private final VersionStore store;
  private final String alias;
  private final Follower follower;
  private final Serving serving;
  private final RolloutSteps steps;
  private final RolloutEvidence evidence;
  private final RunningRollouts running;
  private final LongSupplier ticker;

  RolloutPromotion(
      VersionStore store,
      String alias,
      Follower follower,
      Serving serving,
      RolloutSteps steps,
      RolloutEvidence evidence,
      RunningRollouts running,
      LongSupplier ticker) {
    this.store = store;
    this.alias = alias;
    this.follower = follower;
    this.serving = serving;
    this.steps = steps;
    this.evidence = evidence;
    this.running = running;
    this.ticker = ticker;
  }

  /** Moves the alias to a candidate that has won, as far as that goes now. */
  void promote(Running one, State state) {
    String why = RolloutSteps.beginning(one.won == null ? "" : one.won.reason());
    String stop = one.stop();
    if (stop != null && one.promoting) {
      if (made(one.rollout.id()).isEmpty()) {
        running.stop(one, stop);
      } else {
        follower.tick(); // it serves by now, and is rolled back by the next tick
      }
      return;
    }
    if (!one.promoting) {
      steps.write(RolloutSteps.numbered(
              steps.event(LoopEvent.Kind.PROMOTING, one), RolloutSteps.numbers(one.won))
          .because(RolloutSteps.beginning(
              one.rollout.champion() + " -> " + one.rollout.candidate() + ": " + why)));
      one.promoting = true;
      if (one.stop() != null) { // who was told of it aborted it
        promote(one, state);
        return;
      }
    }
    AliasChange change;
    try {
      change = store
          .move(alias)
          .from(state.change())
          .to(one.rollout.candidate())
          .by("rollout")
          .because(why)
          .intent(one.rollout.id())
          .commit();
    } catch (AliasConflictException e) {
      running.end(
          one,
          LoopEvent.Kind.ABANDONED,
          Rollout.State.ABANDONED,
          Map.of(),
          "the alias moved on: " + e.getMessage());
      return;
    } catch (VersionNotFoundException e) {
      running.end(one, LoopEvent.Kind.FAILED, Rollout.State.FAILED, Map.of(), Warnings.shown(e));
      return;
    }
    promoted(one, change, why);
  }

  /** {@return the move of the alias that a rollout made, in this process or an earlier one} */
  Optional<AliasChange> made(String rollout) {
    return store.history(alias).stream()
        .filter(change -> change.intent().equals(rollout))
        .findFirst();
  }

  private void promoted(Running one, AliasChange change, String why) {
    Duration bake = one.progress.bake();
    LoopEvent.Builder event = RolloutSteps.numbered(
            steps.event(LoopEvent.Kind.PROMOTED, one), RolloutSteps.numbers(one.won))
        .because(RolloutSteps.beginning(why + "; generation " + change.generation()))
        .number("generation", (double) change.generation());
    steps.writeOrOwe(
        baking(event, bake).build()); // the move was made, whether or not that can be written
    one.promoting = false;
    follower.tick();
    if (bake.isZero() && one.stop() == null) {
      running.close(one, Rollout.State.PROMOTED, why);
    } else {
      one.baking = true;
      one.stepNanos = ticker.getAsLong();
      evidence.mark(one);
      running.show(one, Rollout.State.BAKING, why, null);
    }
  }

  /** With how long the new champion is watched, if it is. */
  static LoopEvent.Builder baking(LoopEvent.Builder event, Duration bake) {
    return bake.isZero()
        ? event
        : event.number("bake_seconds", (double) bake.toSeconds() + bake.toNanosPart() / 1e9);
  }

  /** Another version than its champion serves, or is about to. */
  void overtaken(Running one, State state) {
    AliasChange change = state.change();
    boolean own = change.intent().equals(one.rollout.id());
    if (own && state.hold() == null) {
      promoted(one, change, one.won == null ? "found: the move had been made" : one.won.reason());
      return;
    }
    String why = state.hold() != null
        ? state.hold().from().to() + " was rolled back to " + state.champion().version() + " by "
            + state.hold().by() + ": " + state.hold().because()
        : "the alias moved on: " + change;
    running.end(one, LoopEvent.Kind.ABANDONED, Rollout.State.ABANDONED, Map.of(), why);
  }

  /** Watches a new champion, and brings the old one back if a condition fails or somebody asks for it. */
  void bake(Running one, State state) {
    Version candidate = one.rollout.candidate();
    if (!state.champion().version().equals(candidate)) {
      if (state.change().intent().equals(one.rollout.id()) || state.hold() != null) {
        // it was rolled back here, by a person
        endBake(one, "it serves no more: " + state.champion().version() + " does");
      } else if (state.champion().version().equals(one.rollout.champion())
          && made(one.rollout.id())
              .filter(made -> made.generation() > state.change().generation())
              .isPresent()) {
        return; // it cannot be followed yet
      } else {
        endBake(one, "the alias moved on: " + state.change());
      }
      return;
    }
    boolean asked = one.abort != null;
    String stop = one.stop();
    Evidence alone = evidence.alone(one);
    Finding found = stop != null ? Finding.fail(stop) : one.progress.baking(alone);
    if (found.verdict() == Verdict.FAIL) {
      Version restored = state.standby() == null ? null : state.standby().version();
      if (restored == null) {
        throw new IllegalStateException("cannot roll " + candidate + " back, which failed: "
            + found.text() + "; no version before it is loaded yet");
      }
      LoopEvent event = steps
          .event(asked ? LoopEvent.Kind.ABORTED : LoopEvent.Kind.ROLLED_BACK, one)
          .because(RolloutSteps.beginning(found.text() + "; " + restored + " serves again"))
          .build();
      steps.writeOrOwe(event);
      if (asked) {
        serving.rollBack("rollout", found.text());
      } else {
        serving.rollBack("rollout", found.text(), Rollout.BACK + one.rollout.id());
      }
      running.close(one, asked ? Rollout.State.ABORTED : Rollout.State.ROLLED_BACK, found.text());
      running.show(one, one.rollout.state(), found.text(), alone);
      follower.tick();
      return;
    }
    if (evidence.since(one.stepNanos).compareTo(one.progress.bake()) >= 0) {
      endBake(one, found.text());
      return;
    }
    running.show(one, Rollout.State.BAKING, found.text(), alone);
  }

  private void endBake(Running one, String why) {
    steps.write(steps.event(LoopEvent.Kind.BAKED, one).because(RolloutSteps.beginning(why)));
    running.close(one, Rollout.State.PROMOTED, why);
  }
}
