package dev.mlops.core.serve;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.internal.guard.Waits;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.serve.Serving.Loaded;
import dev.mlops.core.serve.Serving.State;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Takes up, once, the rollouts that an earlier process left unfinished: goes on with those whose plan allows it, and writes an end
 * of each of the others.
 *
 * <p>Guarded by the runner's lock.
 */
final class RolloutRecovery {
  private final VersionStore store;
  private final Follower follower;
  private final Serving serving;
  private final MetricsMonitor monitor;
  private final RolloutSteps steps;
  private final RolloutStarts starts;
  private final RunningRollouts running;
  private final RolloutPromotion promotion;
  private final RolloutSharing sharing;
  private final List<RolloutPlan> resuming;
  private boolean recovered;

  RolloutRecovery(
      VersionStore store,
      Follower follower,
      Serving serving,
      MetricsMonitor monitor,
      RolloutSteps steps,
      RolloutStarts starts,
      RunningRollouts running,
      RolloutPromotion promotion,
      RolloutSharing sharing,
      List<RolloutPlan> resuming) {
    this.store = store;
    this.follower = follower;
    this.serving = serving;
    this.monitor = monitor;
    this.steps = steps;
    this.starts = starts;
    this.running = running;
    this.promotion = promotion;
    this.sharing = sharing;
    this.resuming = List.copyOf(resuming);
    this.recovered = !steps.areKept();
  }

  /** Does nothing once it has returned; throws, to be called again, if something could not be read or written. */
  void recover() {
    if (recovered) {
      return;
    }
    for (RolloutReplay.Unfinished each : RolloutReplay.of(steps.events())) {
      if (!running.has(each.id)) {
        recover(each);
      }
    }
    recovered = true;
  }

  private void recover(RolloutReplay.Unfinished left) {
    LoopEvent.Builder end;
    State state = serving.require();
    Optional<AliasChange> made =
        left.promoting || left.baking != null ? promotion.made(left.id) : Optional.empty();
    RolloutPlan plan = plan(left);
    String serves = state.champion().version().toString();
    boolean took = made.isPresent() && serves.equals(left.candidate.toString());
    if (took
        && plan != null
        && !sharing.otherLeads()
        && goOnBaking(left, plan, state, made.get())) {
      return;
    }
    if (took && left.baking == null) {
      end = steps
          .ended(LoopEvent.Kind.PROMOTED, left)
          .number("generation", (double) made.get().generation())
          .because("found after a restart: the move had been made, " + made.get());
    } else if (made.isPresent()) {
      end = steps
          .ended(LoopEvent.Kind.BAKED, left)
          .because("found after a restart: the new champion is watched no longer"
              + (took && plan == null
                  ? ", since the deployment was given no plan to go on by: \"" + left.plan + "\""
                  : "")
              + "; " + serves + " serves");
    } else if (!serves.equals(left.champion.toString())) {
      end = steps
          .ended(LoopEvent.Kind.ABANDONED, left)
          .because("found after a restart: " + serves + " serves by now");
    } else if (plan == null || !plan.goesOnAfterRestart()) {
      end = steps
          .ended(LoopEvent.Kind.ROLLED_BACK, left)
          .because("a restart interrupted it, and "
              + (plan == null
                  ? "the deployment was given no plan to go on by: \"" + left.plan + "\""
                  : "its plan says to roll back then")
              + "; " + serves + " answers all requests");
    } else if (plan.takesSteps() && sharing.otherLeads()) {
      end = steps
          .ended(LoopEvent.Kind.ABANDONED, left)
          .because("found after a restart: another replica leads a rollout by now");
    } else {
      goOn(left, plan, state.champion());
      return;
    }
    steps.write(end);
  }

  /** The plan that one was begun by; null if the host did not give it again. */
  private @Nullable RolloutPlan plan(RolloutReplay.Unfinished left) {
    return resuming.stream()
        .filter(each -> RolloutSteps.beginning(each.toString()).equals(left.plan))
        .findFirst()
        .orElse(null);
  }

  private void goOn(RolloutReplay.Unfinished left, RolloutPlan plan, Loaded champion) {
    if (plan.takesSteps()) {
      sharing.begin(); // before anything is loaded: the next tick tries again
    }
    Running again;
    try {
      again = again(left, plan, champion);
    } catch (StoreException e) {
      throw e; // the store may be back at the next tick
    } catch (Throwable e) { // the candidate's or its plan's: no tick mends that
      steps.write(steps
          .ended(LoopEvent.Kind.FAILED, left)
          .because(
              RolloutSteps.beginning("could not go on after a restart: " + Warnings.shown(e))));
      return;
    }
    boolean goesOn = false;
    try {
      steps.write(steps
          .event(LoopEvent.Kind.STEPPING, again)
          .because("goes on after a restart")
          .number("step", again.progress.step())
          .number("share", again.progress.share()));
      running.begin(again, "goes on after a restart");
      goesOn = true;
    } finally {
      if (!goesOn) {
        again.ready.close();
      }
    }
  }

  /**
   * Goes on watching a candidate that has taken over for the rest of its time, or has it rolled back if its plan says so; false if
   * nothing is watched any more.
   */
  private boolean goOnBaking(
      RolloutReplay.Unfinished left, RolloutPlan plan, State state, AliasChange made) {
    Loaded champion = state.champion();
    Version candidate = champion.version();
    Prepared serving;
    Version before;
    try {
      serving = Prepared.serving(candidate, store.open(candidate), champion.model());
      before = store.require(left.champion.toString());
    } catch (StoreException e) {
      throw e; // the store may be back at the next tick
    } catch (RuntimeException e) { // damaged, or gone: no tick mends that, and the candidate serves
      return false;
    }
    Instant now = steps.instant();
    Instant since = left.baking == null ? now : left.baking;
    Duration past = Duration.between(since, now);
    Duration baked = past.isNegative() ? Duration.ZERO : past;
    CheckedProgress progress;
    try {
      progress = CheckedProgress.begun(
          plan, starts.known(serving, before).step(left.step).build());
    } catch (IllegalArgumentException e) { // the plan's: it watches nothing any more
      return false;
    }
    if (baked.compareTo(progress.bake()) >= 0) {
      return false;
    }
    sharing.begin();
    Running again = starts.running(
        left.id,
        plan,
        progress,
        serving,
        before,
        left.began,
        Duration.ZERO,
        monitor.outcomes().end());
    again.baking = true;
    if (!plan.goesOnAfterRestart()) {
      again.condemned = "a restart interrupted it, and its plan says to roll back then";
    }
    if (left.baking == null) {
      steps.write(RolloutPromotion.baking(
          steps
              .event(LoopEvent.Kind.PROMOTED, again)
              .number("generation", (double) made.generation())
              .because("found after a restart: the move had been made, " + made),
          progress.bake()));
    }
    running.begin(again, "is watched on after a restart");
    again.stepNanos -= Waits.nanos(baked);
    return true;
  }

  /** The rollout as it was left, with its candidate loaded and asked; what is thrown leaves nothing open. */
  private Running again(RolloutReplay.Unfinished left, RolloutPlan plan, Loaded champion) {
    Prepared ready = follower.prepare(store.require(left.candidate.toString()));
    boolean loaded = false;
    try {
      CheckedProgress progress = CheckedProgress.begun(
          plan, starts.known(ready, champion.version()).step(left.step).build());
      RolloutStarts.warmUp(ready);
      Outcomes outcomes = monitor.outcomes();
      boolean known = left.position >= outcomes.begin() && left.position <= outcomes.end();
      Instant now = steps.instant();
      Duration before = Duration.between(left.began, now);
      Running again = starts.running(
          left.id,
          plan,
          progress,
          ready,
          champion.version(),
          known ? left.began : now,
          before.isNegative() ? Duration.ZERO : before,
          known ? left.position : outcomes.end());
      again.paused = left.paused;
      again.approved = left.approved;
      loaded = true;
      return again;
    } finally {
      if (!loaded) {
        ready.close();
      }
    }
  }
}
