package dev.mlops.core.serve;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Texts;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.internal.log.FaultStatus;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.serve.Serving.Loaded;
import dev.mlops.core.serve.Serving.State;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Moves the rollouts of one deployment: feeds each with what has matured, asks it where it stands, writes the step, takes it.
 *
 * <p>Thread-safe; one thread at a time moves rollouts, and what a person asks for waits for at most one of its steps, except
 * that traffic is taken away from a candidate without waiting.
 */
final class RolloutRunner {
  /** Shadows that run at once. */
  private static final int MOST_SHADOWS = 8;

  private static final int LONGEST_ACTOR = 200;

  private final String alias;
  private final Follower follower;
  private final Serving serving;
  private final MetricsMonitor monitor;
  private final RolloutSteps steps;
  private final RolloutEvidence evidence;
  private final RolloutStarts starts;
  private final RunningRollouts running;
  private final RolloutPromotion promotion;
  private final RolloutSharing sharing;
  private final RolloutRecovery recovery;

  /** Held by whoever moves a rollout: a tick, or what a person asks for. */
  private final ReentrantLock moving = new ReentrantLock();

  private final FaultStatus fault =
      FaultStatus.of(Deployment.class, "the champion goes on serving, the next tick tries again");

  RolloutRunner(
      VersionStore store,
      String alias,
      Follower follower,
      Serving serving,
      MetricsMonitor monitor,
      @Nullable Journal journal,
      List<Consumer<? super LoopEvent>> listeners,
      List<RolloutPlan> resuming,
      @Nullable Mirror mirror,
      @Nullable RolloutLease lease,
      InstantSource clock,
      LongSupplier ticker) {
    this.alias = alias;
    this.follower = follower;
    this.serving = serving;
    this.monitor = monitor;
    this.steps = new RolloutSteps(alias, journal, listeners, clock, fault);
    this.evidence = new RolloutEvidence(alias, monitor, steps, ticker);
    this.starts =
        new RolloutStarts(this, alias, follower, monitor, journal != null, mirror, ticker);
    this.running = new RunningRollouts(serving, steps, evidence, ticker);
    this.promotion =
        new RolloutPromotion(store, alias, follower, serving, steps, evidence, running, ticker);
    this.sharing =
        new RolloutSharing(store, alias, serving, follower, starts, running, lease, fault);
    this.recovery = new RolloutRecovery(
        store, follower, serving, monitor, steps, starts, running, promotion, sharing, resuming);
  }

  // --- begin
  // ------------------------------------------------------------------------------------------

  void requireCarries(RolloutPlan plan) {
    starts.requireCarries(plan);
  }

  Rollout begin(Version version, RolloutPlan plan) {
    State state = serving.require();
    if (version.equals(state.champion().version())) {
      throw new IllegalArgumentException(
          version + " is the champion of " + alias + " already; there is nothing to roll out");
    }
    requireCarries(plan);
    Prepared ready = follower.prepare(version);
    try {
      return beginCarried(
          ready, plan, starts.known(ready, state.champion().version()).build());
    } catch (Throwable e) {
      ready.close();
      throw e;
    }
  }

  Rollout begin(Prepared ready, RolloutPlan plan, RolloutStart start) {
    requireCarries(plan);
    return beginCarried(ready, plan, start);
  }

  private Rollout beginCarried(Prepared ready, RolloutPlan plan, RolloutStart start) {
    CheckedProgress progress = CheckedProgress.begun(plan, start);
    RolloutStarts.warmUp(ready);
    moving.lock();
    try {
      recovery.recover();
      steps.writeOwed();
      State state = serving.require();
      Loaded champion = state.champion();
      if (!champion.version().equals(start.champion())) {
        throw new IllegalStateException("the champion of " + alias + " is " + champion.version()
            + " by now, but " + start.candidate() + " was to be held against " + start.champion());
      }
      if (state.hold() != null) {
        throw new IllegalStateException(
            "a rollback of " + alias + " waits for the store; roll out once the store knows it");
      }
      for (Running other : running) {
        boolean bothShadows = progress.isShadow() && other.progress.isShadow();
        if (!bothShadows
            || running.size() >= MOST_SHADOWS
            || other.rollout.candidate().equals(ready.version())) {
          throw new IllegalStateException("cannot roll out " + ready.version() + ": "
              + other.rollout + "; end that one first"
              + (bothShadows ? " (at most " + MOST_SHADOWS + " shadows at once)" : ""));
        }
      }
      if (!progress.isShadow()) {
        sharing.begin();
      }
      String id = Rollout.ID + UUID.randomUUID();
      Running begun = starts.running(
          id,
          plan,
          progress,
          ready,
          champion.version(),
          steps.instant(),
          Duration.ZERO,
          monitor.outcomes().end());
      boolean written = false;
      try {
        steps.write(steps
            .event(LoopEvent.Kind.ROLLING_OUT, begun)
            .because(RolloutSteps.beginning(plan.toString()))
            .position(begun.next)
            .number("step", progress.step())
            .number("share", progress.share())
            .number("generation", (double) state.change().generation()));
        written = true;
      } finally {
        if (!written && !progress.isShadow()) {
          sharing.end();
        }
      }
      sharing.unfollow();
      running.begin(begun, "begun");
      return begun.rollout;
    } finally {
      moving.unlock();
    }
  }

  // --- go on
  // ------------------------------------------------------------------------------------------

  /** Moves each rollout as far as it goes without waiting; never throws. */
  void tick() {
    if (!moving.tryLock()) {
      return; // somebody pauses, approves or begins one
    }
    String step = "take up the rollouts of " + alias + " that its journal tells of";
    try {
      recovery.recover();
      step = "write the journal of rollouts of " + alias;
      steps.writeOwed();
      boolean moved = sharing.coordinated();
      for (Running each : running) {
        moved &= tick(each);
      }
      step = "share the rollout of " + alias + " with other replicas";
      sharing.publishSteps();
      if (moved) {
        fault.over();
      }
    } catch (Throwable e) {
      fault.met(step, e);
    } finally {
      moving.unlock();
    }
  }

  /** Whether nothing was in its way. */
  private boolean tick(Running one) {
    try {
      boolean aborted = one.abort != null;
      boolean seen = advance(one);
      if (!aborted && one.abort != null && running.contains(one)) {
        seen &= advance(one); // a listener aborted it
      }
      return seen;
    } catch (Throwable e) {
      fault.met("move the rollout of " + one.rollout.candidate() + " for " + alias, e);
      return false;
    }
  }

  /** Whether its evidence could be read. */
  private boolean advance(Running one) {
    State state = serving.now();
    if (state == null) {
      return true;
    }
    if (one.baking) {
      promotion.bake(one, state);
      return true;
    }
    Loaded champion = state.champion();
    boolean stands = champion.version().equals(one.rollout.champion()) && state.hold() == null;
    if (!stands) {
      promotion.overtaken(one, state);
      return true;
    }
    if (one.won != null) { // and an earlier tick could not move the alias
      Finding found = one.progress.baking(evidence.alone(one));
      one.condemned = found.verdict() == Verdict.FAIL ? found.text() : one.condemned;
    }
    if (one.stop() != null) {
      serving.unsplit(one.rollout.id());
    }
    if (one.promoting) {
      promotion.promote(one, state);
      return true;
    }
    String stop = one.stop();
    if (stop != null) {
      running.stop(one, stop);
      return true;
    }
    boolean seen = true;
    Evidence known;
    try {
      known = evidence.both(one);
    } catch (
        Throwable e) { // a host's monitor: nothing is known, and the deadline comes all the same
      fault.met("read the evidence of " + one.rollout.candidate() + " for " + alias, e);
      known = evidence.none(one);
      seen = false;
    }
    RolloutDecision decision;
    boolean owesStep;
    try {
      decision = one.progress.decision();
      owesStep = one.hasStepped(); // and an earlier tick could not write it
      if (!owesStep) {
        evidence.feed(one);
        boolean paused = one.paused || (sharing.isUncertain() && !one.progress.isShadow());
        decision = one.progress.look(evidence.look(one, known, paused));
        owesStep = one.hasStepped();
      }
    } catch (Throwable e) { // the plan's, which may be a host's
      String why = "its plan threw: " + Warnings.shown(e);
      running.end(one, LoopEvent.Kind.FAILED, Rollout.State.FAILED, Map.of(), why);
      return seen;
    }
    switch (decision.outcome()) {
      case KEEP -> {
        boolean answered = one.share > 0;
        running.end(
            one,
            answered ? LoopEvent.Kind.ROLLED_BACK : LoopEvent.Kind.KEPT,
            answered ? Rollout.State.ROLLED_BACK : Rollout.State.KEPT,
            decision.numbers(),
            decision.reason());
        running.show(one, one.rollout.state(), decision.reason(), known);
      }
      case PROMOTE -> {
        one.won = decision;
        running.show(one, one.state(), decision.reason(), known);
        promotion.promote(one, state);
      }
      case UNDECIDED -> {
        if (owesStep) {
          steps.write(
              RolloutSteps.numbered(steps.event(LoopEvent.Kind.STEPPING, one), decision.numbers())
                  .because(RolloutSteps.beginning(decision.reason()))
                  .number("step", one.progress.step())
                  .number("share", one.progress.share()));
          running.apply(one, decision.reason());
        }
        running.show(one, one.state(), decision.reason(), known);
      }
    }
    return seen;
  }

  // --- what people ask for
  // ----------------------------------------------------------------------------

  void pause(Rollout rollout, String by, String because) {
    asked(rollout, one -> {
      if (one.paused || one.baking || one.promoting) {
        throw new IllegalStateException("cannot pause " + rollout + ": it is not running");
      }
      steps.write(steps.event(LoopEvent.Kind.PAUSED, one).because(said(by, because)));
      one.paused = true;
      running.show(
          one, one.state(), said(by, because), rollout.view().evidence().orElse(null));
    });
  }

  void resume(Rollout rollout, String by, String because) {
    asked(rollout, one -> {
      if (!one.paused) {
        throw new IllegalStateException("cannot resume " + rollout + ": it is not paused");
      }
      steps.write(steps.event(LoopEvent.Kind.RESUMED, one).because(said(by, because)));
      one.paused = false;
      running.show(
          one, one.state(), said(by, because), rollout.view().evidence().orElse(null));
    });
  }

  void approve(Rollout rollout, String by, String because) {
    asked(rollout, one -> {
      if (one.baking) {
        throw new IllegalStateException("cannot approve " + rollout + ": it has taken over");
      }
      steps.write(steps.event(LoopEvent.Kind.APPROVED, one).because(said(by, because)));
      one.approved = true;
    });
  }

  private void asked(Rollout rollout, Consumer<Running> step) {
    moving.lock();
    try {
      step.accept(running
          .find(rollout)
          .orElseThrow(() -> new IllegalStateException(rollout + ": it has ended")));
    } finally {
      moving.unlock();
    }
  }

  Rollout.State abort(Rollout rollout, String by, String because) {
    Optional<Running> found = running.find(rollout);
    if (found.isEmpty()) {
      return rollout.state();
    }
    found.get().abort = "aborted by " + said(by, because);
    serving.unsplit(rollout.id()); // before anything that could fail or wait
    if (!moving.isHeldByCurrentThread() && moving.tryLock()) {
      try {
        if (running.find(rollout).isPresent()) {
          tick(found.get());
        }
      } finally {
        moving.unlock();
      }
    } // else a tick is at it, perhaps waiting for the store, or its listener asks: that tick or the
    // next one ends it
    return rollout.state();
  }

  /** Ends what runs here, and has the replica that leads a rollout end it; false if none runs here or is followed. */
  boolean abortAll(String by, String because) {
    boolean any = false;
    for (Running one : running) {
      if (!one.progress.isShadow()) {
        abort(one.rollout, by, because);
        any = true;
      }
    }
    if (any || !sharing.isShared()) {
      return any;
    }
    boolean follows = sharing.wish(said(by, because));
    if (moving.tryLock()) { // else the next tick tells
      try {
        sharing.tellWish();
      } finally {
        moving.unlock();
      }
    }
    return follows;
  }

  private static String said(String by, String because) {
    String actor = Texts.beginning(by, LONGEST_ACTOR);
    return RolloutSteps.beginning(actor + ": " + because);
  }

  // --- what is known
  // ----------------------------------------------------------------------------------

  List<Rollout> rollouts() {
    return running.rollouts();
  }

  /** Where the newest is; empty if that is another replica's. */
  Optional<Activity> activity() {
    Rollout last = running.newest();
    if (sharing.follows()) {
      return Optional.empty();
    }
    if (last == null) {
      return sharing.isShared()
          ? Optional.empty()
          : Optional.of(new Activity(Activity.State.IDLE, ""));
    }
    Rollout.View view = last.view();
    return Optional.of(new Activity(Activity.State.valueOf(view.state().name()), view.reason()));
  }

  /** Gives a copy of a request that the champion answered to those that are asked at once; never waits. */
  void mirrored(long id, Row row, Prediction champion) {
    running.mirrored(id, row, champion);
  }

  @Nullable
  String trouble() {
    return fault.now();
  }

  /** The deployment is closed: no shadow is asked any more, and every copy is accounted for. */
  void close() {
    running.endMirrors();
    if (sharing.isShared() && moving.tryLock()) {
      try {
        sharing.handOver();
      } finally {
        moving.unlock();
      }
    }
  }
}
