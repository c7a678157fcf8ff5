package dev.mlops.core.serve;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Texts;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutLook;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.rollout.RolloutProgress;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionNotFoundException;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.internal.log.FaultStatus;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.rollout.Assignment;
import dev.mlops.core.serve.Serving.Loaded;
import dev.mlops.core.serve.Serving.State;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Moves the rollouts of one deployment: feeds each with what has matured, asks it where it stands, writes the step, takes it.
 *
 * <p>Thread-safe; one thread at a time moves rollouts, and what a person asks for waits for at most one of its steps, except
 * that traffic is taken away from a candidate without waiting.
 */
final class RolloutRunner {
  /** Outcomes that one tick hands to a rollout that splits traffic. */
  private static final long MOST_OUTCOMES = 20_000;

  /** Rows that one tick has a shadowed candidate predict. */
  private static final long MOST_COMPARED = 1_000;

  /** Shadows that run at once. */
  private static final int MOST_SHADOWS = 8;

  /** How often a candidate is asked before it answers a request. */
  private static final int WARM_UP_CALLS = 50;

  private static final int LONGEST_ACTOR = 200;

  private final VersionStore store;
  private final String alias;
  private final Follower follower;
  private final Serving serving;
  private final MetricsMonitor monitor;
  private final RolloutSteps steps;
  private final List<RolloutPlan> resuming;
  private final @Nullable Mirror mirror;
  private final @Nullable RolloutLease lease;
  private final LongSupplier ticker;

  /** Shadows that are asked at once; null while there is none. */
  private volatile Mirrored @Nullable [] mirrors;

  private final ReentrantLock moving = new ReentrantLock();
  private final List<Running> running = new CopyOnWriteArrayList<>();

  /** What another replica splits requests by, and this one alike; null if nothing is followed. */
  private volatile @Nullable Followed followed;

  /** A rollout of another replica whose candidate cannot be served here. */
  private String unfit = "";

  /** Whether it could not be told who leads. */
  private boolean uncoordinated;

  /** A wish of this replica that the rollout that another one leads ends; null once it is told. */
  private volatile @Nullable String wish;

  private boolean recovered;

  /** The one that was begun, or taken up, last; null since another replica's was followed. */
  private volatile @Nullable Rollout newest;

  private final Warnings warnings = Warnings.of(Deployment.class);
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
    this.mirror = mirror;
    this.lease = lease;
    this.store = store;
    this.alias = alias;
    this.follower = follower;
    this.serving = serving;
    this.monitor = monitor;
    this.resuming = List.copyOf(resuming);
    this.ticker = ticker;
    this.recovered = journal == null;
    this.steps = new RolloutSteps(alias, journal, listeners, clock, fault);
  }

  // --- begin
  // ------------------------------------------------------------------------------------------

  Rollout begin(Version version, RolloutPlan plan) {
    State state = serving.require();
    if (version.equals(state.champion().version())) {
      throw new IllegalArgumentException(
          version + " is the champion of " + alias + " already; there is nothing to roll out");
    }
    requireCarries(plan);
    Prepared ready = follower.prepare(version);
    try {
      return begin(ready, plan, start(ready, state.champion()).build());
    } catch (Throwable e) {
      ready.close();
      throw e;
    }
  }

  private RolloutStart.Builder start(Prepared ready, Loaded champion) {
    ModelPackage source = ready.source();
    RolloutStart.Builder start =
        RolloutStart.builder(champion.version(), ready.version(), source.schema());
    source.baseline().ifPresent(start::baseline);
    section(monitor.evidence(), champion.version())
        .flatMap(VersionEvidence::baseline)
        .flatMap(Baseline::dependence)
        .ifPresent(start::dependence);
    return start;
  }

  /** What the monitor was not told of would read INCONCLUSIVE for ever. */
  private void requireTold(RolloutPlan plan) {
    if (plan instanceof EvidenceReader reads) {
      List<String> lacking = monitor.lacks(reads);
      if (!lacking.isEmpty()) {
        throw new IllegalArgumentException("\"" + MlopsException.shown(plan.toString())
            + "\" can come to no decision: the monitor of " + alias + " does not "
            + String.join(", and does not ", lacking)
            + "; name the plan in MonitorFactory.watching. Nothing was begun");
      }
    }
  }

  void requireCarries(RolloutPlan plan) {
    requireJournal(plan);
    requireTold(plan);
  }

  private void requireJournal(RolloutPlan plan) {
    if (plan.takesSteps() && !steps.areKept()) {
      throw new IllegalArgumentException("\"" + MlopsException.shown(plan.toString())
          + "\" takes steps, so that a restart must know how far it had come: give the deployment"
          + " of " + alias + " a journal, Deployment.of(…).journal(…); nothing was begun");
    }
  }

  Rollout begin(Prepared ready, RolloutPlan plan, RolloutStart start) {
    requireCarries(plan);
    RolloutProgress progress = CheckedProgress.begun(plan, start);
    warmUp(ready);
    moving.lock();
    try {
      recover();
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
        boolean bothShadows = progress.compares() && other.progress.compares();
        if (!bothShadows
            || running.size() >= MOST_SHADOWS
            || other.rollout.candidate().equals(ready.version())) {
          throw new IllegalStateException("cannot roll out " + ready.version() + ": "
              + other.rollout + "; end that one first"
              + (bothShadows ? " (at most " + MOST_SHADOWS + " shadows at once)" : ""));
        }
      }
      RolloutLease leads = progress.compares() ? null : lease;
      if (leads != null) {
        leads.begin();
      }
      String id = Rollout.ID + UUID.randomUUID();
      Running begun = running(
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
        if (!written && leads != null) {
          leads.end();
        }
      }
      unfollow();
      apply(begun, "begun");
      running.add(begun);
      newest = begun.rollout;
      mirror();
      return begun.rollout;
    } finally {
      moving.unlock();
    }
  }

  private Running running(
      String id,
      RolloutPlan plan,
      RolloutProgress progress,
      Prepared ready,
      Version champion,
      Instant began,
      Duration before,
      long next) {
    Rollout rollout = new Rollout(
        this,
        id,
        RolloutSteps.beginning(plan.toString()),
        champion,
        ready.version(),
        new Rollout.View(
            Rollout.State.RUNNING, progress.step(), 0, "not looked at yet", Optional.empty()));
    Loaded loaded = follower.loaded(ready);
    Running begun = new Running(
        rollout,
        progress,
        ready,
        loaded,
        Assignment.of(plan.salt().orElse(id)),
        began,
        before,
        ticker.getAsLong(),
        next);
    if (mirror != null && progress.compares()) {
      begun.mirrored = new Mirrored(mirror, loaded, ticker);
      rollout.mirrorTo(begun.mirrored);
    }
    return begun;
  }

  /** Asks a candidate before any request does: it must give its golden examples again. */
  private static void warmUp(Prepared ready) {
    List<GoldenExample> examples = ready.source().examples();
    if (examples.isEmpty()) {
      return;
    }
    ready.using(model -> {
      for (int i = 0; i < Math.max(WARM_UP_CALLS, examples.size()); i++) {
        GoldenExample example = examples.get(i % examples.size());
        Prediction said = answer(model, example.row()).orElse(null);
        if (!example.matches(said)) {
          throw new ModelLoadException(
              ready.version() + " does not give its golden example " + (i % examples.size())
                  + " again: wanted " + example.expected() + ", got "
                  + (said == null ? "no usable answer" : said) + "; it answers nobody",
              null);
        }
      }
      return examples.size();
    });
  }

  private static Optional<Prediction> answer(Model model, Row row) {
    try {
      Prediction said = model.predict(row);
      return said != null && said.isFinite() ? Optional.of(said) : Optional.empty();
    } catch (RuntimeException | LinkageError | StackOverflowError e) { // judged, not obeyed
      return Optional.empty();
    }
  }

  // --- after a restart
  // ----------------------------------------------------------------------------------

  /** Goes on with what an earlier process left, or ends it; throws if that could not be read or written. */
  private void recover() {
    if (recovered) {
      return;
    }
    for (RolloutReplay.Unfinished each : RolloutReplay.of(steps.events())) {
      if (running.stream().noneMatch(known -> known.rollout.id().equals(each.id))) {
        recover(each);
      }
    }
    recovered = true;
  }

  private void recover(RolloutReplay.Unfinished left) {
    LoopEvent.Builder end;
    State state = serving.require();
    Optional<AliasChange> made = left.promoting || left.baking != null
        ? store.history(alias).stream()
            .filter(change -> change.intent().equals(left.id))
            .findFirst()
        : Optional.empty();
    RolloutPlan plan = resuming.stream()
        .filter(each -> RolloutSteps.beginning(each.toString()).equals(left.plan))
        .findFirst()
        .orElse(null);
    String serves = state.champion().version().toString();
    boolean bakes = made.isPresent() && serves.equals(left.candidate.toString());
    if (bakes && left.baking == null) {
      steps.write(steps
          .ended(LoopEvent.Kind.PROMOTED, left)
          .number("generation", (double) made.get().generation())
          .because("found after a restart: the move had been made, " + made.get()));
      return;
    } else if (made.isPresent()) {
      end = steps
          .ended(LoopEvent.Kind.BAKED, left)
          .because("a restart ended the watch over the new champion; " + serves + " serves");
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
    } else if (lease != null && plan.takesSteps() && lease.otherLeads()) {
      end = steps
          .ended(LoopEvent.Kind.ABANDONED, left)
          .because("found after a restart: another replica leads a rollout by now");
    } else {
      if (lease != null && plan.takesSteps()) {
        lease.begin(); // before anything is loaded: the next tick tries again
      }
      Running again;
      try {
        again = again(left, plan, state.champion());
      } catch (StoreException e) {
        throw e; // the store may be back at the next tick
      } catch (Throwable e) { // the candidate's or its plan's: no tick mends that
        steps.write(steps
            .ended(LoopEvent.Kind.FAILED, left)
            .because(
                RolloutSteps.beginning("could not go on after a restart: " + Warnings.shown(e))));
        return;
      }
      goOn(again);
      return;
    }
    steps.write(end);
  }

  /** The rollout as it was left, with its candidate loaded and asked; what is thrown leaves nothing open. */
  private Running again(RolloutReplay.Unfinished left, RolloutPlan plan, Loaded champion) {
    Prepared ready = follower.prepare(store.require(left.candidate.toString()));
    boolean loaded = false;
    try {
      RolloutProgress progress =
          CheckedProgress.begun(plan, start(ready, champion).step(left.step).build());
      warmUp(ready);
      Outcomes outcomes = monitor.outcomes();
      boolean known = left.position >= outcomes.begin() && left.position <= outcomes.end();
      Instant now = steps.instant();
      Duration before = Duration.between(left.began, now);
      Running again = running(
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

  private void goOn(Running again) {
    boolean goesOn = false;
    try {
      steps.write(steps
          .event(LoopEvent.Kind.STEPPING, again)
          .because("goes on after a restart")
          .number("step", again.progress.step())
          .number("share", again.progress.share()));
      apply(again, "goes on after a restart");
      running.add(again);
      newest = again.rollout;
      mirror();
      goesOn = true;
    } finally {
      if (!goesOn) {
        again.ready.close();
      }
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
      recover();
      step = "write the journal of rollouts of " + alias;
      steps.writeOwed();
      boolean moved = coordinated();
      for (Running each : running) {
        moved &= tick(each);
      }
      step = "share the rollout of " + alias + " with other replicas";
      RolloutLease shared = lease;
      if (shared != null && !uncoordinated) {
        for (Running each : running) {
          if (!each.progress.compares()) {
            publish(shared, each); // a step of this tick
          }
        }
      }
      if (moved) {
        fault.over();
      }
    } catch (Throwable e) {
      fault.met(step, e);
    } finally {
      moving.unlock();
    }
  }

  /** Whether it is known who leads; if not, what runs may end, but takes no step. */
  private boolean coordinated() {
    try {
      coordinate();
      uncoordinated = false;
    } catch (Throwable e) {
      uncoordinated = true;
      fault.met("share the rollout of " + alias + " with other replicas", e);
    }
    return !uncoordinated;
  }

  /** The lead is kept, and what is split is told; a replica that does not lead does as the one that does. */
  private void coordinate() {
    RolloutLease shared = lease;
    if (shared == null) {
      return;
    }
    String wanted = wish;
    if (wanted != null) { // one that is said meanwhile is told by the next tick
      if (shared.otherLeads()) {
        shared.wish(wanted);
      }
      wish = null;
    }
    Running led =
        running.stream().filter(one -> !one.progress.compares()).findFirst().orElse(null);
    if (led == null) {
      shared.end();
      follow(shared);
      return;
    }
    if (!shared.lead()) {
      led.abort = "another replica took the lead";
      return;
    }
    shared.wish().ifPresent(who -> led.abort = "aborted from another replica by " + who);
    publish(shared, led);
  }

  /** Tells the others what is split here, once it has changed, or the lead was another's in between. */
  private void publish(RolloutLease shared, Running led) {
    long token = shared.token();
    if (led.published != token) {
      if (led.share > 0) {
        shared.publish(new RolloutLease.Shared(
            led.rollout.id(),
            led.rollout.champion().number(),
            led.rollout.candidate().number(),
            led.share,
            led.assignment.salt()));
      }
      led.published = token;
    }
  }

  /** A rollout that another replica leads. */
  private record Followed(RolloutLease.Shared split, Prepared ready) {}

  private void follow(RolloutLease shared) {
    RolloutLease.Shared split;
    try {
      split = shared.followed().orElse(null);
    } catch (Throwable e) { // nothing is split by what cannot be read
      unfollow();
      throw e;
    }
    State state = serving.now();
    if (state == null
        || split == null
        || state.hold() != null
        || state.champion().version().number() != split.champion()) {
      unfollow();
      return;
    }
    Followed now = followed;
    if (now != null && now.split.equals(split)) {
      return;
    }
    if (split.rollout().equals(unfit)) {
      return; // told once
    }
    if (now == null || !now.split.rollout().equals(split.rollout())) {
      unfollow();
      try {
        now = new Followed(split, warm(store.require(model() + ":" + split.candidate())));
      } catch (ModelLoadException e) {
        unfit = split.rollout();
        throw e;
      }
    }
    followed = new Followed(split, now.ready);
    newest = null; // what began here was before that
    boolean splits = serving.split(
        state.champion().version(),
        new Split(
            split.rollout(),
            state.champion().version(),
            follower.loaded(now.ready),
            Assignment.of(split.salt()),
            split.share()));
    if (!splits) {
      unfollow(); // the next tick tries again
    }
  }

  private Prepared warm(Version version) {
    Prepared ready = follower.prepare(version);
    boolean warm = false;
    try {
      warmUp(ready);
      warm = true;
      return ready;
    } finally {
      if (!warm) {
        ready.close();
      }
    }
  }

  private String model() {
    return Reference.parse(alias).model();
  }

  private void unfollow() {
    Followed now = followed;
    followed = null;
    if (now != null) {
      serving.unsplit(now.split.rollout());
      now.ready.close(); // nothing if it serves
    }
  }

  /** Ends what runs here, and has the replica that leads a rollout end it; false if none runs here or is followed. */
  boolean abortAll(String by, String because) {
    boolean any = false;
    for (Running one : running) {
      if (!one.progress.compares()) {
        abort(one.rollout, by, because);
        any = true;
      }
    }
    Followed other = followed;
    if (any || lease == null) {
      return any;
    }
    wish = said(by, because);
    if (other != null) {
      serving.unsplit(other.split.rollout()); // here at once
    }
    if (moving.tryLock()) { // else the next tick tells
      try {
        coordinate();
      } catch (Throwable e) {
        fault.met("tell other replicas to end the rollout of " + alias, e);
      } finally {
        moving.unlock();
      }
    }
    return other != null;
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
      bake(one, state);
      return true;
    }
    Loaded champion = state.champion();
    boolean stands = champion.version().equals(one.rollout.champion()) && state.hold() == null;
    if (!stands) {
      overtaken(one, state);
      return true;
    }
    if (one.won != null) { // and an earlier tick could not move the alias
      Finding found = one.progress.baking(alone(one));
      one.condemned = found.verdict() == Verdict.FAIL ? found.text() : one.condemned;
    }
    if (one.stop() != null) {
      serving.unsplit(one.rollout.id());
    }
    if (one.promoting) {
      promote(one, state);
      return true;
    }
    String stop = one.stop();
    if (stop != null) {
      stopped(one, stop);
      return true;
    }
    boolean seen = true;
    Evidence evidence;
    try {
      evidence = evidence(one);
    } catch (
        Throwable e) { // a host's monitor: nothing is known, and the deadline comes all the same
      fault.met("read the evidence of " + one.rollout.candidate() + " for " + alias, e);
      evidence =
          Evidence.builder(one.rollout.candidate().model(), steps.instant()).build();
      seen = false;
    }
    RolloutDecision decision;
    boolean owesStep;
    try {
      decision = one.progress.decision();
      owesStep = hasStepped(one); // and an earlier tick could not write it
      if (!owesStep) {
        feed(one);
        decision = one.progress.look(look(one, evidence));
        owesStep = hasStepped(one);
      }
    } catch (Throwable e) { // the plan's, which may be a host's
      String why = "its plan threw: " + Warnings.shown(e);
      end(one, LoopEvent.Kind.FAILED, Rollout.State.FAILED, Map.of(), why);
      return seen;
    }
    switch (decision.outcome()) {
      case KEEP -> {
        boolean answered = one.share > 0;
        end(
            one,
            answered ? LoopEvent.Kind.ROLLED_BACK : LoopEvent.Kind.KEPT,
            answered ? Rollout.State.ROLLED_BACK : Rollout.State.KEPT,
            decision.numbers(),
            decision.reason());
        show(one, one.rollout.state(), decision.reason(), evidence);
      }
      case PROMOTE -> {
        one.won = decision;
        show(one, state(one), decision.reason(), evidence);
        promote(one, state);
      }
      case UNDECIDED -> {
        if (owesStep) {
          steps.write(
              RolloutSteps.numbered(steps.event(LoopEvent.Kind.STEPPING, one), decision.numbers())
                  .because(RolloutSteps.beginning(decision.reason()))
                  .number("step", one.progress.step())
                  .number("share", one.progress.share()));
          apply(one, decision.reason());
        }
        show(one, state(one), decision.reason(), evidence);
      }
    }
    return seen;
  }

  private void stopped(Running one, String why) {
    boolean asked = one.abort != null;
    end(
        one,
        asked ? LoopEvent.Kind.ABORTED : LoopEvent.Kind.ROLLED_BACK,
        asked ? Rollout.State.ABORTED : Rollout.State.ROLLED_BACK,
        Map.of(),
        why);
  }

  /** Whether the plan is further than what is in effect. */
  private static boolean hasStepped(Running one) {
    return one.progress.share() != one.share || one.progress.step() != one.step;
  }

  private static Rollout.State state(Running one) {
    return one.baking
        ? Rollout.State.BAKING
        : one.paused ? Rollout.State.PAUSED : Rollout.State.RUNNING;
  }

  /** Puts the share of the plan into effect; the counts of the step begin. */
  private void apply(Running one, String why) {
    int share = one.progress.share();
    if (share > 0) {
      Split split =
          new Split(one.rollout.id(), one.rollout.champion(), one.loaded, one.assignment, share);
      if (one.abort == null && serving.split(one.rollout.champion(), split)) {
        one.split = split;
        if (one.abort != null) {
          serving.unsplit(one.rollout.id()); // it was aborted in between
        }
      }
    }
    one.share = share;
    one.published = 0;
    one.step = one.progress.step();
    one.stepNanos = ticker.getAsLong();
    mark(one);
    show(one, state(one), why, one.rollout.view().evidence().orElse(null));
  }

  /** Where the newest is; empty if that is another replica's. */
  Optional<Activity> activity() {
    Rollout last = newest;
    if (followed != null) {
      return Optional.empty();
    }
    if (last == null) {
      return lease == null ? Optional.of(new Activity(Activity.State.IDLE, "")) : Optional.empty();
    }
    Rollout.View view = last.view();
    return Optional.of(new Activity(Activity.State.valueOf(view.state().name()), view.reason()));
  }

  private void mark(Running one) {
    Evidence now = monitor.evidence();
    one.champion =
        section(now, one.rollout.champion()).map(Running.Counts::of).orElse(Running.Counts.NONE);
    one.candidate =
        section(now, one.rollout.candidate()).map(Running.Counts::of).orElse(Running.Counts.NONE);
  }

  private void show(Running one, Rollout.State state, String reason, @Nullable Evidence evidence) {
    one.rollout.show(new Rollout.View(
        state,
        one.step,
        answers(one) ? Math.max(0, one.share) : 0,
        reason,
        Optional.ofNullable(evidence)));
  }

  private boolean answers(Running one) {
    State state = serving.now();
    return state != null
        && state.split() != null
        && state.split().rollout().equals(one.rollout.id());
  }

  /** Hands over what has matured since the last tick. */
  private void feed(Running one) {
    if (one.mirrored != null) {
      one.mirrored.tick();
    }
    Outcomes outcomes = monitor.outcomes();
    long end = outcomes.end();
    long from = Math.max(one.next, Math.min(end, outcomes.begin()));
    boolean compares = one.progress.compares();
    long to = Math.min(end, from + (compares ? MOST_COMPARED : MOST_OUTCOMES));
    if (to <= from) {
      return;
    }
    Duration lasted = sinceNanos(one.beganNanos);
    Instant earliest = steps.instant().minus(lasted);
    if (earliest.isBefore(one.began)) {
      one.began = earliest; // the clock went back
    }
    String champion = Long.toString(one.rollout.champion().number());
    if (one.mirrored != null) {
      feedMirrored(one, one.mirrored, outcomes, from, to, champion);
      return;
    }
    Instant began = one.began;
    outcomes.visit(from, to, outcome -> {
      if (!compares) {
        if (!outcome.servedAt().isBefore(began)) {
          one.progress.observe(outcome);
        }
      } else if (outcome.version().equals(champion)) {
        one.progress.observe(outcome, one.ready.using(model -> answer(model, outcome.row())));
      }
    });
    one.next = to;
  }

  /** By what it said when the request came; stops at the first of which that is not known yet. */
  private static void feedMirrored(
      Running one, Mirrored copies, Outcomes outcomes, long from, long to, String champion) {
    boolean[] waits = {false};
    one.next = to;
    outcomes.visit(from, to, outcome -> {
      if (waits[0] || !outcome.version().equals(champion)) {
        return;
      }
      switch (copies.answer(outcome.id())) {
        case WAITS -> {
          waits[0] = true;
          one.next = outcome.position();
        }
        case KNOWN -> one.progress.observe(outcome, copies.take(outcome.id()));
        case NONE -> {}
      }
    });
  }

  private Duration sinceNanos(long then) {
    return Duration.ofNanos(Math.max(0, ticker.getAsLong() - then));
  }

  private Evidence evidence(Running one) {
    Evidence now = monitor.evidence();
    Evidence.Builder arms =
        Evidence.builder(now.model(), now.at()).matured(now.matured()).position(now.position());
    section(now, one.rollout.champion())
        .ifPresent(section -> arms.champion(one.champion.since(section)));
    // Even one of which nothing is known: without it, questions would be answered by the
    // champion's.
    arms.candidate(section(now, one.rollout.candidate())
        .filter(section -> one.mirrored == null)
        .map(one.candidate::since)
        .orElseGet(() -> asked(one)));
    return arms.build();
  }

  /** What is known of one that answers nobody: what became of the copies that it was asked. */
  private static VersionEvidence asked(Running one) {
    VersionEvidence.Builder section =
        VersionEvidence.builder(Long.toString(one.rollout.candidate().number()));
    if (one.mirrored != null) {
      MirrorCounts counts = one.mirrored.counts();
      section.served(counts.compared(), 0).failures(counts.failed() + counts.timedOut());
    }
    return section.build();
  }

  private RolloutLook look(Running one, Evidence evidence) {
    Split split = one.split;
    return RolloutLook.builder(evidence)
        .after(sinceNanos(one.stepNanos), one.before.plus(sinceNanos(one.beganNanos)))
        .keys(
            split == null ? 0 : split.keys().champion(),
            split == null ? 0 : split.keys().candidate())
        .approved(one.approved)
        .paused(one.paused || (uncoordinated && !one.progress.compares()))
        .build();
  }

  private static Optional<VersionEvidence> section(Evidence evidence, Version version) {
    String name = Long.toString(version.number());
    Optional<VersionEvidence> champion =
        evidence.champion().filter(section -> section.version().equals(name));
    return champion.isPresent()
        ? champion
        : evidence.others().stream()
            .filter(section -> section.version().equals(name))
            .findFirst();
  }

  // --- promote
  // ----------------------------------------------------------------------------------------

  /** The intent is written, then the alias moved, then that is written. What was done by an earlier tick is not done again. */
  private void promote(Running one, State state) {
    String why = RolloutSteps.beginning(one.won == null ? "" : one.won.reason());
    String stop = one.stop();
    if (stop != null && one.promoting) {
      if (made(one).isEmpty()) {
        stopped(one, stop);
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
      end(
          one,
          LoopEvent.Kind.ABANDONED,
          Rollout.State.ABANDONED,
          Map.of(),
          "the alias moved on: " + e.getMessage());
      return;
    } catch (VersionNotFoundException e) {
      end(one, LoopEvent.Kind.FAILED, Rollout.State.FAILED, Map.of(), Warnings.shown(e));
      return;
    }
    promoted(one, change, why);
  }

  private Optional<AliasChange> made(Running one) {
    return store.history(alias).stream()
        .filter(change -> change.intent().equals(one.rollout.id()))
        .findFirst();
  }

  private void promoted(Running one, AliasChange change, String why) {
    Duration bake = one.progress.bake();
    LoopEvent.Builder event = RolloutSteps.numbered(
            steps.event(LoopEvent.Kind.PROMOTED, one), RolloutSteps.numbers(one.won))
        .because(RolloutSteps.beginning(why + "; generation " + change.generation()))
        .number("generation", (double) change.generation());
    if (!bake.isZero()) {
      event.number("bake_seconds", (double) bake.toSeconds() + bake.toNanosPart() / 1e9);
    }
    steps.writeOrOwe(event.build()); // the move was made, whether or not that can be written
    one.promoting = false;
    follower.tick();
    if (bake.isZero() && one.stop() == null) {
      close(one, Rollout.State.PROMOTED, why);
    } else {
      one.baking = true;
      one.stepNanos = ticker.getAsLong();
      mark(one);
      show(one, Rollout.State.BAKING, why, null);
    }
  }

  /** Another version than its champion serves, or is about to. */
  private void overtaken(Running one, State state) {
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
    end(one, LoopEvent.Kind.ABANDONED, Rollout.State.ABANDONED, Map.of(), why);
  }

  private void bake(Running one, State state) {
    Version candidate = one.rollout.candidate();
    if (!state.champion().version().equals(candidate)) {
      if (state.change().intent().equals(one.rollout.id()) || state.hold() != null) {
        // it was rolled back here, by a person
        endBake(one, "it serves no more: " + state.champion().version() + " does");
      } else if (state.champion().version().equals(one.rollout.champion())
          && made(one)
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
    Evidence evidence = alone(one);
    Finding found = stop != null ? Finding.fail(stop) : one.progress.baking(evidence);
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
      serving.rollBack("rollout", found.text());
      close(one, asked ? Rollout.State.ABORTED : Rollout.State.ROLLED_BACK, found.text());
      show(one, one.rollout.state(), found.text(), evidence);
      follower.tick();
      return;
    }
    if (sinceNanos(one.stepNanos).compareTo(one.progress.bake()) >= 0) {
      endBake(one, found.text());
      return;
    }
    show(one, Rollout.State.BAKING, found.text(), evidence);
  }

  /** Evidence of the candidate alone, as the champion that it is or would be; empty of it if the monitor throws. */
  private Evidence alone(Running one) {
    try {
      Evidence now = monitor.evidence();
      Evidence.Builder alone =
          Evidence.builder(now.model(), now.at()).matured(now.matured()).position(now.position());
      section(now, one.rollout.candidate())
          .ifPresent(section -> alone.champion(one.candidate.since(section)));
      return alone.build();
    } catch (Throwable e) { // a host's
      warnings.once("evidence", "the monitor of " + alias + " threw when asked for evidence", e);
      return Evidence.builder(one.rollout.candidate().model(), steps.instant()).build();
    }
  }

  private void endBake(Running one, String why) {
    steps.write(steps.event(LoopEvent.Kind.BAKED, one).because(RolloutSteps.beginning(why)));
    close(one, Rollout.State.PROMOTED, why);
  }

  // --- end
  // --------------------------------------------------------------------------------------------

  /** Takes the traffic away whether or not that can be written. */
  private void end(
      Running one,
      LoopEvent.Kind kind,
      Rollout.State state,
      Map<String, Double> numbers,
      String why) {
    serving.unsplit(one.rollout.id());
    LoopEvent.Builder event = RolloutSteps.numbered(steps.event(kind, one), numbers);
    if (one.mirrored != null) {
      one.mirrored.end();
      MirrorCounts counts = one.mirrored.counts();
      event
          .number("submitted", (double) counts.submitted())
          .number("compared", (double) counts.compared())
          .number("agreed", (double) counts.agreed())
          .number("timed_out", (double) counts.timedOut())
          .number("dropped", (double) counts.dropped())
          .number("failed", (double) counts.failed());
    }
    steps.writeOrOwe(event.because(RolloutSteps.beginning(why)).build());
    close(one, state, why);
  }

  private void close(Running one, Rollout.State state, String why) {
    running.remove(one);
    mirror();
    if (one.mirrored != null) {
      one.mirrored.end();
    }
    show(one, state, why, one.rollout.view().evidence().orElse(null));
    one.ready.close(); // nothing if it serves
  }

  /** Tells requests whom to give copies of what they were asked. */
  private void mirror() {
    Mirrored[] all =
        running.stream().flatMap(one -> Stream.ofNullable(one.mirrored)).toArray(Mirrored[]::new);
    mirrors = all.length == 0 ? null : all;
  }

  /** Gives a copy of a request that the champion answered to those that are asked at once; never waits. */
  void mirrored(long id, Row row, Prediction champion) {
    Mirrored[] all = mirrors;
    if (all != null) {
      for (Mirrored each : all) {
        each.offer(id, row, champion);
      }
    }
  }

  /** Another replica need not wait for the lease to run out; nobody splits by what this one led. */
  private void handOver() {
    RolloutLease shared = lease;
    if (shared != null && moving.tryLock()) {
      try {
        shared.end();
      } catch (Throwable e) {
        warnings.once("lease", "the lease of the rollouts of " + alias + " ends by itself", e);
      } finally {
        moving.unlock();
      }
    }
  }

  /** The deployment is closed: no shadow is asked any more, and every copy is accounted for. */
  void close() {
    mirrors = null;
    handOver();
    for (Running one : running) {
      if (one.mirrored != null) {
        one.mirrored.end();
      }
    }
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
      show(one, state(one), said(by, because), rollout.view().evidence().orElse(null));
    });
  }

  void resume(Rollout rollout, String by, String because) {
    asked(rollout, one -> {
      if (!one.paused) {
        throw new IllegalStateException("cannot resume " + rollout + ": it is not paused");
      }
      steps.write(steps.event(LoopEvent.Kind.RESUMED, one).because(said(by, because)));
      one.paused = false;
      show(one, state(one), said(by, because), rollout.view().evidence().orElse(null));
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
      step.accept(
          find(rollout).orElseThrow(() -> new IllegalStateException(rollout + ": it has ended")));
    } finally {
      moving.unlock();
    }
  }

  Rollout.State abort(Rollout rollout, String by, String because) {
    Optional<Running> found = find(rollout);
    if (found.isEmpty()) {
      return rollout.state();
    }
    found.get().abort = "aborted by " + said(by, because);
    serving.unsplit(rollout.id()); // before anything that could fail or wait
    if (!moving.isHeldByCurrentThread() && moving.tryLock()) {
      try {
        if (find(rollout).isPresent()) {
          tick(found.get());
        }
      } finally {
        moving.unlock();
      }
    } // else a tick is at it, perhaps waiting for the store, or its listener asks: that tick or the
    // next one ends it
    return rollout.state();
  }

  private Optional<Running> find(Rollout rollout) {
    return running.stream().filter(one -> one.rollout == rollout).findFirst();
  }

  private static String said(String by, String because) {
    String actor = Texts.beginning(by, LONGEST_ACTOR);
    return RolloutSteps.beginning(actor + ": " + because);
  }

  // --- what is known
  // ----------------------------------------------------------------------------------

  List<Rollout> rollouts() {
    return running.stream().map(one -> one.rollout).toList();
  }

  @Nullable
  String trouble() {
    return fault.now();
  }
}
