package dev.mlops.core.loop;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Texts;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.PackageDraft;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.api.retrain.RowSelection;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import dev.mlops.core.gate.GateReport;
import dev.mlops.core.gate.ReleaseGate;
import dev.mlops.core.internal.guard.Answers;
import dev.mlops.core.internal.log.BackOff;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Prepared;
import dev.mlops.core.serve.Rollout;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the phases of a loop share: its parts, and what it remembers between candidates.
 *
 * <p>Not thread-safe but for the candidate: confine to one tick at a time.
 */
final class Workshop {
  private static final String ACTOR = "maintenance-loop";
  private static final String RETURN = "return-";
  private static final String FENCE = "fence-";
  private static final int LONGEST_REASON = 2_000;

  /** By how much a past champion must be better: in accuracy, or as a share of the champion's error. */
  private static final double RETURN_MARGIN = 0.02;

  /** An absolute error counts for at most this number of the test phase's mean errors. */
  static final double LARGEST_ERRORS = 4.0;

  final Deployment<?> deployment;
  final ModelTrainer trainer;
  final MaintenanceLoop.Mode mode;

  /** What the host says of each candidate's package. */
  final Consumer<? super PackageDraft> about;

  final RowSelection window;
  final ReleaseGate gate;
  final RolloutPlan plan;
  final Outcomes outcomes;
  final Steps steps;
  final LongSupplier ticker;
  final InstantSource clock;
  final Warnings warnings = Warnings.of(MaintenanceLoop.class);
  final StreamDependence dependence;
  final Reserves reserves;
  final Operators operators;
  final Leadership leadership;
  final OutOfReach outOfReach;

  /** Says what helps; null if every candidate is a retrain. */
  final @Nullable Remedying remedying;

  /** How long a training may last. */
  final Duration within;

  private final HeapGuard heap;
  private final OptionalLong seed;

  /** The newest training; null before the first. */
  private volatile @Nullable OneTraining training;

  /** What is done with the candidate, in the words of a fault: "while it was …". */
  private volatile String doing = "";

  /** Whether the newest candidate was cancelled by somebody. */
  private boolean cancelled;

  /** How many candidates in a row may be dropped for a newer change. */
  private final int mostDropped;

  private int dropped;

  /** By how many standard errors a candidate must beat the champion on the rows held back. */
  final double lead;

  private final RetrainPolicy policy;
  private final Executor background;
  private final Warnings failing = Warnings.of(MaintenanceLoop.class);

  /** Where the outcomes began when the loop was built: positions before it are of an earlier life, or forgotten. */
  private final long begin;

  /** The newest candidate; the taker closes it. */
  private final AtomicReference<@Nullable Prepared> candidate = new AtomicReference<>();

  private volatile RetrainHistory history;
  private @Nullable LoopEvent begun;
  private BackOff backOff;

  /** What was known when a change was signalled that the candidate of that time did not know; outlives it. */
  private @Nullable Evidence unanswered;

  /** The watches that had a signal when the newest candidate was begun. */
  private Set<Watch> answered = Set.of();

  /** The alarms that candidates were begun for. */
  AnsweredAlarms alarms;

  /** Which version served when the loop looked last; null before the first time. */
  private @Nullable Version served;

  private volatile @Nullable RetrainDecision decision;
  private volatile @Nullable String waiting;
  private volatile @Nullable String failure;
  private volatile boolean closed;

  Workshop(MaintenanceLoop.Parts parts, Steps steps, JournalReplay past) {
    this.deployment = parts.deployment();
    this.trainer = parts.trainer();
    this.mode = parts.mode();
    this.about = parts.about();
    this.policy = parts.policy();
    this.window = parts.window();
    this.gate = parts.gate();
    this.plan = parts.plan();
    this.outcomes = parts.outcomes();
    this.background = parts.background();
    this.clock = parts.clock();
    this.ticker = parts.ticker();
    this.steps = steps;
    this.lead = parts.lead();
    this.mostDropped = parts.drops();
    this.dependence = new StreamDependence(parts.dependence());
    this.reserves =
        new Reserves(this, mode == MaintenanceLoop.Mode.AUTOMATIC ? parts.reserves() : 0);
    this.operators = new Operators(this, past.halted());
    this.leadership = parts.leadership();
    this.alarms = new AnsweredAlarms(parts.patience(), window.most());
    this.outOfReach = new OutOfReach(parts.enough(), window.most(), trainer.schema());
    steps.follow(outOfReach::take);
    this.remedying = parts.remedies() == null ? null : new Remedying(this, parts.remedies());
    this.within = parts.within();
    this.heap = parts.heap();
    this.seed = parts.seed();
    this.begin = outcomes.begin();
    this.backOff = past.backOff();
    this.begun = past.last().orElse(null);
    RetrainHistory.Builder known = past.history().toBuilder();
    if (past.history().change().stream().noneMatch(this::ours)) {
      known.noChange();
    }
    this.history = known
        .longestWindow(window.most())
        .championSince(deployment.champion().publishedAt())
        .build();
  }

  /** Whether a position is of these outcomes: one of an earlier life of the monitor, or forgotten, says nothing here. */
  private boolean ours(long position) {
    return position >= begin && position <= outcomes.end();
  }

  /** How many outcomes have matured since the newest candidate was begun; since the oldest known if that is too long ago. */
  long sinceCandidate() {
    long end = outcomes.end();
    return end - history.lastPosition().stream().filter(this::ours).findFirst().orElse(begin);
  }

  String alias() {
    return deployment.alias();
  }

  // --- what is known
  // ---------------------------------------------------------------------------------------

  Optional<RetrainDecision> decision() {
    return Optional.ofNullable(decision);
  }

  Optional<String> waiting() {
    return Optional.ofNullable(waiting);
  }

  /** What is wrong with a training that was given up. */
  @Nullable
  String runsOn() {
    OneTraining newest = training;
    return newest == null ? null : newest.runsOn().orElse(null);
  }

  /** How far the training is; empty if none runs, or it has said nothing yet. */
  Optional<LoopEvent> progress() {
    return Optional.ofNullable(training).flatMap(OneTraining::progress);
  }

  /** What must be over before a training of a number of rows may begin: one that was given up and runs on, want of memory. */
  Optional<String> waitsForRoom(int rows) {
    return Optional.ofNullable(runsOn())
        .or(() -> heap.waitsFor(rows, deployment.schema().size()));
  }

  /** A training of rows that end at a position; the same rows have the same seed. */
  OneTraining training(Version champion, int rows, long end) {
    OptionalLong own = seed.isPresent()
        ? OptionalLong.of(
            new SplittableRandom(seed.getAsLong() ^ Long.rotateLeft(end, 32)).nextLong())
        : OptionalLong.empty();
    OneTraining begun = new OneTraining(this, champion, rows, own);
    training = begun;
    return begun;
  }

  /**
   * Takes over from a workshop that is closed: a training that still runs there is the only one, and what this process knows of the
   * alarms and of who served is not forgotten while another loop is at work.
   */
  Workshop after(Workshop before) {
    training = before.training;
    alarms = before.alarms;
    served = before.served;
    return this;
  }

  /** Says what is done with the candidate, for a fault of which nothing else tells. */
  void doing(String what) {
    doing = what;
  }

  /** Whether the newest candidate was cancelled by somebody. */
  boolean wasCancelled() {
    return cancelled;
  }

  /** What the newest candidate threw, until one is judged. */
  @Nullable
  String failure() {
    return failure;
  }

  boolean closed() {
    return closed;
  }

  boolean rests() {
    return backOff.rests(JournalReplay.time(clock.instant()));
  }

  RetrainHistory history() {
    return history;
  }

  /** What the newest candidate was begun with. */
  Optional<LoopEvent> begun() {
    return Optional.ofNullable(begun);
  }

  /** What gate and policy read of a test phase. */
  Metric[] metrics() {
    Set<Metric> read = new LinkedHashSet<>(gate.metrics());
    read.addAll(policy.metrics());
    if (remedying != null) {
      read.addAll(remedying.metrics());
    }
    return read.toArray(new Metric[0]);
  }

  /** How much the losses depend on those before them. */
  Dependence dependence() {
    return dependence.now();
  }

  /** The test phase of the champion's package, if the evidence is of that champion. */
  Optional<Baseline> championBaseline() {
    String version = Long.toString(deployment.champion().number());
    return deployment
        .evidence()
        .champion()
        .filter(section -> section.version().equals(version))
        .flatMap(VersionEvidence::baseline);
  }

  /** The loss that counts as 1 when past champions are scored: 1 for labels; empty if nothing tells. */
  OptionalDouble largestLoss() {
    return regression()
        ? championBaseline().stream()
            .flatMap(baseline -> baseline.quality(Metric.MAE).stream())
            .map(Estimate::value)
            .filter(error -> error > 0 && Double.isFinite(LARGEST_ERRORS * error))
            .mapToDouble(error -> LARGEST_ERRORS * error)
            .findFirst()
        : OptionalDouble.of(1.0);
  }

  /** By how much a past champion must be better, as a share of the largest loss. */
  double returnMargin() {
    return regression() ? RETURN_MARGIN / LARGEST_ERRORS : RETURN_MARGIN;
  }

  private boolean regression() {
    return trainer.schema().task().filter(Task.REGRESSION::equals).isPresent();
  }

  /** Which rows a candidate is trained on, the dependence of the stream taken into account. */
  RowSelection window() {
    return window.under(dependence());
  }

  // --- what the policy says
  // --------------------------------------------------------------------------------

  /** Asks the policy of a champion; a signal that an earlier candidate did not know is still up. */
  RetrainDecision decide(Evidence now, Version champion) {
    counted(champion, now);
    RetrainDecision answer = ask(now);
    Evidence before = unanswered;
    if (before != null) {
      RetrainDecision again = ask(Signalled.at(before, now));
      if (again.retrain() && (!answer.retrain() || newer(again, answer))) {
        answer = again;
      } else if (again.outcome() == RetrainDecision.Outcome.KEEP) {
        unanswered = null;
      }
    }
    decision = answer;
    return answer;
  }

  private static boolean newer(RetrainDecision one, RetrainDecision other) {
    return one.changePosition().isPresent()
        && other.changePosition().isPresent()
        && one.changePosition().getAsLong() > other.changePosition().getAsLong();
  }

  /** A candidate has shown a change that it does not know: signals of the champion that stand are about that one, too. */
  void changed(Evidence now, long position) {
    if (!Signalled.watches(now).isEmpty()) {
      unanswered = Signalled.changedAt(now, position);
    }
  }

  /** Whether a candidate may be dropped for a newer change; one that was begun for such a change may not again. */
  boolean mayDrop() {
    return dropped < mostDropped;
  }

  /** A candidate is dropped for a newer change. */
  void dropped() {
    dropped++;
  }

  /** A past champion was made champion again: signals that no candidate answers outlive that. */
  void returned(Evidence then) {
    boolean running = begun != null && history.lastResult().isEmpty();
    long known = running ? history.lastPosition().orElse(0) : 0;
    Signalled.unanswered(then, known, running ? answered : Set.of())
        .ifPresent(signals -> unanswered = signals);
  }

  /**
   * Takes a version that serves again for the champion that it is from here on: what its detectors signalled when it served
   * before was answered by the version that replaced it, and tells where a change of that time was. While such a signal
   * stands, its detectors take nothing.
   */
  void served(Version champion) {
    Version before = served;
    if (before != null
        && !before.equals(champion)
        && !Signalled.watches(deployment.evidence()).isEmpty()
        && PastChampions.servedBefore(deployment.store().history(alias()), champion)) {
      clearSignals(champion + " serves again, its signals are of the time before");
    }
    served = champion;
  }

  /** Another loop is at work: the monitor of this process keeps no signals of before either. */
  void follows() {
    served(deployment.champion());
  }

  /** Asks the policy beside a candidate that knows the outcomes before a position; a newer change is remembered. */
  RetrainDecision decideBeside(Evidence now, Version champion, long known) {
    counted(champion, now);
    RetrainDecision answer = ask(now);
    Signalled.unanswered(now, known, answered).ifPresent(signals -> unanswered = signals);
    decision = answer;
    return answer;
  }

  private void counted(Version champion, Evidence now) {
    RetrainHistory.Builder counted =
        history.toBuilder().championSince(champion.publishedAt()).end(outcomes.end());
    for (Condition recovery :
        Answers.<Set<Condition>>or(policy::recoveries, (how, thrown) -> {}, how -> Set.of())) {
      if (recovery.answer(now).verdict() == Verdict.PASS) {
        counted.passed(recovery, now.at());
      }
    }
    history = counted.build();
  }

  private RetrainDecision ask(Evidence evidence) {
    return Answers.or(
        () -> policy.decide(evidence, history),
        (how, thrown) -> {},
        how -> RetrainDecision.of(
            RetrainDecision.Outcome.INCONCLUSIVE,
            MlopsException.named(policy),
            "the policy " + how));
  }

  /** Waits; says once what for. That is no step, so it is not written to the journal. */
  void waitFor(String what) {
    if (waiting == null) {
      steps.tell(steps.event(LoopEvent.Kind.WAITING).because(what).build());
    }
    waiting = what;
  }

  /** Waits for what nobody needs to hear of: that another loop is at work. */
  void waitQuietlyFor(String what) {
    waiting = what;
  }

  void waitForNothing() {
    waiting = null;
  }

  // --- the life of a candidate
  // -----------------------------------------------------------------------------

  /** A candidate is in the journal. */
  void begin(LoopEvent event, RetrainDecision answer, Evidence evidence, long end) {
    alarms.begun(answer.followUp() ? OptionalLong.empty() : answer.changePosition(), history, end);
    begun = event;
    cancelled = false;
    reserves.candidateBegun();
    RetrainHistory.Builder more = history.toBuilder().candidate(evidence.at(), end);
    event.change().ifPresent(change -> more.begunFor(evidence.at(), change));
    history = more.build();
    unanswered = null;
    answered = Signalled.watches(evidence);
  }

  /** A candidate is loaded; one that was promoted and never served is closed. */
  void hold(Prepared prepared) {
    close(candidate.getAndSet(prepared));
  }

  /** A candidate was trained and judged. */
  void judged() {
    backOff = backOff.none();
    failing.again();
    failure = null;
    RetrainHistory.Builder judged = history.toBuilder();
    JournalReplay.answered(judged, begun);
    history = judged.build();
  }

  /** The champion was judged and stays, which answers the signals. */
  void clearSignals(String why) {
    try {
      deployment.monitor().clearSignals(why);
    } catch (Throwable e) { // it is decided all the same
      warnings.once("kept", "the monitor of " + alias() + " kept its signals", e);
    }
  }

  /** Where the retraining is while nothing runs: as the newest candidate ended. */
  Activity ended() {
    RetrainHistory.Result result = history.lastResult().orElse(null);
    if (result == null) {
      return new Activity(Activity.State.IDLE, "");
    }
    String what = failure;
    return new Activity(
        Activity.State.valueOf(result.name()),
        result == RetrainHistory.Result.FAILED && what != null
            ? what
            : "candidate " + history.candidates());
  }

  /** The newest candidate has ended, as the journal says, and not for a newer change. */
  void ended(RetrainHistory.Result result) {
    dropped = 0;
    if (result == RetrainHistory.Result.PROMOTED) {
      alarms.promoted(outcomes.end());
    }
    history = history.toBuilder().ended(result).build();
  }

  /** Something threw: the candidate has ended, and the loop rests. */
  Phase failed(Throwable e) {
    Instant now = clock.instant();
    String what = "candidate " + history.candidates()
        + (e instanceof OutOfMemoryError
            ? " ran out of memory while it was " + doing + " (" + Warnings.shown(e) + ")"
            : " threw " + Warnings.shown(e));
    LoopEvent.Builder event =
        steps.event(LoopEvent.Kind.FAILED).because(what + "; the champion stays");
    Prepared loaded = candidate.get();
    if (loaded != null) {
      event.candidate(loaded.version());
    }
    steps.write(event);
    closeCandidate();
    failing.once(
        e.getClass().getName(), "a candidate for " + alias() + " failed; the champion stays", e);
    backOff = backOff.failed(JournalReplay.time(now));
    failure = what + " at " + now + "; the champion stays, the loop rests "
        + MlopsException.shown(backOff.length());
    ended(RetrainHistory.Result.FAILED);
    return new Watching(this);
  }

  /** Somebody cancelled the candidate: it has ended, and nothing is wrong. */
  Phase cancelled(String why) {
    steps.write(steps
        .event(LoopEvent.Kind.ABANDONED)
        .because(Steps.beginning("candidate " + history.candidates() + " was cancelled " + why
            + "; the champion stays")));
    closeCandidate();
    ended(RetrainHistory.Result.ABANDONED);
    cancelled = true;
    return new Watching(this);
  }

  void closeCandidate() {
    close(candidate.getAndSet(null));
  }

  private void close(@Nullable Prepared prepared) {
    if (prepared != null) {
      try {
        prepared.close();
      } catch (Throwable e) { // what it holds may be lost, the candidate is decided
        warnings.once("close", "a candidate that was decided could not be closed", e);
      }
    }
  }

  /** Keeps what the gate found with the version; the journal has it all the same. */
  void keep(GateReport report, Version version) {
    try {
      report.attachTo(deployment.store(), version, ACTOR);
    } catch (Throwable e) { // it is judged all the same
      warnings.once(
          "report", "the report of the gate on " + version + " could not be attached to it", e);
    }
  }

  /** Moves the alias, unless it has been moved on. */
  AliasChange move(AliasChange from, Version to, String intent, String why) {
    leadership.require();
    return deployment
        .store()
        .move(alias())
        .from(from)
        .to(to)
        .by(ACTOR)
        .because(beginning(why))
        .intent(intent)
        .commit();
  }

  /** What a plan of the host's says may be longer than a move can hold, or hold half a character. */
  private static String beginning(String text) {
    return Texts.beginning(text, LONGEST_REASON);
  }

  /** What the next return is known by in the store. */
  static String returnIntent() {
    return RETURN + UUID.randomUUID();
  }

  /**
   * Makes a move that an earlier loop on the alias intended, and may still be about to make, fail: the alias is moved to where
   * it is.
   */
  void fence() {
    Optional<AliasChange> now = deployment.store().current(alias());
    if (leadership.shared() && now.isPresent()) {
      move(
          now.get(),
          now.get().to(),
          FENCE + UUID.randomUUID(),
          "another loop takes over: a move that an earlier one intended is not made any more");
    }
  }

  /** Whether a loop, or a rollout, made a candidate champion. */
  static boolean isPromotion(AliasChange change) {
    return Rollout.isMoveOf(change)
        || (change.by().equals(ACTOR)
            && !change.intent().startsWith(RETURN)
            && !change.intent().startsWith(FENCE));
  }

  /** Whether somebody, or the plan of a rollout, went back: to a lower number, neither as a candidate nor as a past champion. */
  static boolean isRollback(AliasChange change) {
    return change.from().filter(from -> from.number() > change.to().number()).isPresent()
        && !isReturn(change)
        && !Rollout.isMoveOf(change);
  }

  /** Whether a loop made a past champion champion again. */
  static boolean isReturn(AliasChange change) {
    return change.by().equals(ACTOR) && change.intent().startsWith(RETURN);
  }

  /** The move that an intent made, if it did. */
  Optional<AliasChange> moveOf(String intent) {
    return deployment.store().history(alias()).stream()
        .filter(change -> change.intent().equals(intent))
        .findFirst();
  }

  /** The outcomes from one position to another: a candidate must not be judged by rows that it learned from. */
  List<Outcome> between(long from, long to) {
    List<Outcome> rows = outcomes.between(from, to);
    long next = from;
    for (Outcome row : rows) {
      if (row.position() < next || row.position() >= to) {
        throw new IllegalStateException("wanted outcomes of positions " + from + " to " + to
            + " in order, got one of " + row.position());
      }
      next = row.position() + 1;
    }
    return rows;
  }

  // --- the host's executor
  // ---------------------------------------------------------------------------------

  /** Runs a job on the host's executor; throws if that takes no job. */
  void run(Working working, Supplier<Supplier<Phase>> job) {
    execute(() -> working.run(job));
  }

  /** Runs a job on the host's executor; throws if that takes no job. */
  void execute(Runnable job) {
    background.execute(job);
  }

  void close() {
    closed = true;
    reserves.close();
  }
}
