package dev.mlops.core.loop;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.loop.Journal;
import dev.mlops.api.loop.LoopEvent;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Task;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.api.retrain.RowSelection;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionNotFoundException;
import dev.mlops.core.gate.Gate;
import dev.mlops.core.gate.Trial;
import dev.mlops.core.internal.log.EventLog;
import dev.mlops.core.internal.log.FaultStatus;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.rollout.PairedShadow;
import dev.mlops.core.rollout.ShadowPlan;
import dev.mlops.core.serve.Deployment;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a champion good: decides when to train again, on what, whether the candidate may come near traffic, and whether it
 * takes over.
 *
 * <p>One candidate at a time: the policy asks for it, the {@link TrainingWindow} chooses its rows, the {@link Gate} judges
 * it on rows that it never saw (FAIL stops it; INCONCLUSIVE goes on to the shadow, never into traffic), and a paired
 * {@link ShadowPlan shadow} on mature truth alone promotes it, by one compare-and-set of the alias. Every step is written
 * to a journal before it takes effect; a loop that starts again asks the store whether a move that was under way was made.
 *
 * <p><b>The host owns time and threads.</b> {@link #tick()} never trains: training and scoring run on the executor that the
 * host gives. It never throws, and two loops on one alias are decided by the compare-and-set.
 *
 * <p>After a candidate that threw the loop rests for a minute, after each further one twice as long, at most 64 minutes.
 * That rest and the policy's cooldown outlive the process; a longer window that was due after a change does not.
 *
 * <p>The loop uses the deployment, its monitor and its store through their public methods only, so a host's own parts fit.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class MaintenanceLoop implements AutoCloseable {
  private static final Duration TICK = Duration.ofMinutes(1);
  private static final long NOWHERE = -1;
  private static final String ACTOR = "maintenance-loop";

  private final Deployment<?> deployment;
  private final ModelTrainer trainer;
  private final RetrainPolicy policy;
  private final RowSelection window;
  private final Losses losses;
  private final Gate gate;
  private final ShadowPlan plan;
  private final Outcomes outcomes;
  private final Steps journal;
  private final JournalReplay past;
  private final Executor background;
  private final InstantSource clock;
  private final LongSupplier ticker;

  /** Only one tick at a time; guards everything below. */
  private final ReentrantLock ticking = new ReentrantLock();

  private volatile Phase phase = new Recovering();
  private RetrainHistory history;
  private @Nullable FollowUp followUp;
  private BackOff backOff;

  /** Where the outcomes ended when they turned out to be too few. */
  private long tooFewAt = NOWHERE;

  private volatile @Nullable RetrainDecision decision;
  private volatile @Nullable String waiting;
  private volatile boolean closed;

  private final FaultStatus trouble =
      FaultStatus.of(MaintenanceLoop.class, "the next tick tries again");
  private final Warnings failing = Warnings.of(MaintenanceLoop.class);
  private final Warnings warnings = Warnings.of(MaintenanceLoop.class);

  /** The model of the candidate, which whoever takes it out closes. */
  private final AtomicReference<@Nullable Model> candidateModel = new AtomicReference<>();

  /** What the loop is at. */
  private sealed interface Phase permits Recovering, Idle, Working, Shadowing, Promoting {}

  /** Nothing was done since the start. */
  private record Recovering() implements Phase {}

  /** No candidate. */
  private record Idle() implements Phase {}

  /** Something runs on the host's executor; what it came to is taken up by a tick. */
  private static final class Working implements Phase {
    private final Instant since;
    private final long start;

    /** Taken by whoever comes first: the executor that begins the job, or the loop that gives it up. */
    private final AtomicBoolean taken = new AtomicBoolean();

    private volatile Duration lasts = Duration.ZERO;
    private volatile @Nullable Supplier<Phase> next;

    Working(Instant since, long start) {
      this.since = since;
      this.start = start;
    }

    /** {@return such as {@code since 2026-01-01T00:00:00Z, for 5 min}, by the newest tick} */
    @Override
    public String toString() {
      return "since " + since + ", for " + MlopsException.shown(lasts);
    }
  }

  /** A candidate is compared with the champion. */
  private record Shadowing(Candidate candidate, PairedShadow shadow, long from) implements Phase {}

  /** A candidate that won is about to take over. */
  private record Promoting(
      Candidate candidate, PairedShadow shadow, AliasChange from, String intent, boolean written)
      implements Phase {}

  /** A model that may take over. */
  private record Candidate(
      Version champion, Version version, Model model, OptionalLong change, long sinceChange) {}

  /** When another candidate is due after a change. */
  private record FollowUp(long change, long sinceChange) {}

  private MaintenanceLoop(Builder builder, Steps journal, JournalReplay past) {
    this.deployment = builder.deployment;
    this.trainer = builder.trainer;
    this.policy = requireNonNull(builder.policy);
    this.window = builder.window;
    this.losses = Losses.of(trainer.schema());
    this.gate = requireNonNull(builder.gate);
    this.plan = builder.plan;
    this.outcomes = requireNonNull(builder.outcomes);
    this.background = requireNonNull(builder.background);
    this.clock = builder.clock;
    this.ticker = builder.ticker;
    this.journal = journal;
    this.history = RetrainHistory.of(deployment.champion().publishedAt());
    this.past = past;
    for (Instant begun : past.candidates()) {
      history = history.withCandidate(begun, past.position());
    }
    this.backOff = past.backOff();
  }

  /**
   * {@return a builder of a loop}
   *
   * @param deployment whose champion is kept good
   * @param trainer makes candidates
   */
  public static Builder of(Deployment<?> deployment, ModelTrainer trainer) {
    return new Builder(deployment, trainer);
  }

  /**
   * Goes as far as it can without waiting, at most to the end of one candidate. Never throws; if another thread is at it,
   * returns at once.
   *
   * @return when the next tick is due
   */
  public Instant tick() {
    // A listener or an executor on this thread that ticks again is answered at once.
    if (!ticking.isHeldByCurrentThread() && ticking.tryLock()) {
      try {
        boolean further = !closed;
        while (further) {
          further = step();
        }
        look();
      } catch (Throwable e) { // the host's scheduler never runs a task again that has thrown
        trouble.met(attempt(), e);
      } finally {
        ticking.unlock();
      }
    }
    try {
      return clock.instant().plus(TICK);
    } catch (Throwable e) { // a clock that fails must not end the host's schedule
      warnings.once(
          "clock",
          "the clock of the loop on " + deployment.alias()
              + " threw; ticks are due by the system's",
          e);
      return Instant.now().plus(TICK);
    }
  }

  /** Tells of a job that the executor has not begun; how long one takes that it has begun, only the host can judge. */
  private void look() {
    if (phase instanceof Working working) {
      working.lasts = Duration.ofNanos(Math.max(0, ticker.getAsLong() - working.start));
      if (!working.taken.get() && working.lasts.compareTo(TICK) >= 0) {
        trouble.stands(
            "executor",
            "the executor has not begun the job of " + deployment.alias() + " that it was given at "
                + working.since + ", " + MlopsException.shown(working.lasts) + " ago");
        return;
      }
    }
    trouble.over();
  }

  /** What a step does from here, in the words of {@link #trouble()}. */
  private String attempt() {
    Phase now = phase;
    String alias = deployment.alias();
    if (now instanceof Recovering) {
      return "end what an earlier loop on " + alias + " began";
    } else if (now instanceof Idle) {
      return "decide whether " + alias + " is trained again";
    } else if (now instanceof Shadowing shadowing) {
      return "shadow " + shadowing.candidate.version + " for " + alias;
    } else if (now instanceof Promoting promoting) {
      return "move " + alias + " to " + promoting.candidate.version;
    }
    return "go on with the candidate for " + alias;
  }

  /** One step; whether another may follow at once. */
  private boolean step() {
    Phase now = phase;
    Phase next;
    if (now instanceof Recovering) {
      next = recover();
    } else if (now instanceof Idle) {
      next = decide();
    } else if (now instanceof Working working) {
      Supplier<Phase> done = working.next;
      next = done == null ? now : done.get();
    } else if (now instanceof Shadowing shadowing) {
      next = shadow(shadowing);
    } else {
      next = promote((Promoting) now);
    }
    phase = next;
    boolean ended = next instanceof Idle && !(now instanceof Recovering);
    return next != now && !ended;
  }

  // --- after a restart
  // ----------------------------------------------------------------------------------

  /** Ends a candidate that an earlier process left, asking the store whether its promotion won. */
  private Phase recover() {
    if (past.undecided()) {
      Optional<AliasChange> made = past.intent().flatMap(this::moveOf);
      if (made.isPresent()) {
        journal.write(journal
            .event(LoopEvent.Kind.PROMOTED)
            .candidate(made.get().to())
            .number("generation", made.get().generation())
            .because("found after a restart: the move had been made, " + made.get()));
      } else {
        LoopEvent.Builder abandoned = journal
            .event(LoopEvent.Kind.ABANDONED)
            .because("the process ended before the candidate was decided"
                + past.intent().map(intent -> "; the move was not made").orElse("")
                + "; the champion stays");
        past.candidate().ifPresent(abandoned::candidate);
        journal.write(abandoned);
      }
    }
    return new Idle();
  }

  private Optional<AliasChange> moveOf(String intent) {
    return deployment.store().history(deployment.alias()).stream()
        .filter(change -> change.intent().equals(intent))
        .findFirst();
  }

  // --- decide
  // ------------------------------------------------------------------------------------------

  private Phase decide() {
    Evidence evidence = deployment.evidence();
    Version champion = deployment.champion();
    if (backOff.rests(clock.instant())) {
      return phase;
    }
    if (!history.championSince().equals(champion.publishedAt())) {
      history = history.withChampion(champion.publishedAt());
    }
    RetrainDecision answer = ask(evidence);
    decision = answer;
    OptionalLong change;
    String why;
    long end = outcomes.end();
    if (answer.retrain()) {
      change = answer.changePosition();
      why = answer.toString();
    } else if (followUpDue(end)) {
      FollowUp due = requireNonNull(followUp);
      change = OptionalLong.of(due.change);
      why = "follow-up: " + (end - due.change) + " outcomes since the change, " + due.sinceChange
          + " at the last candidate";
    } else {
      waiting = null;
      return phase;
    }
    long kept = Math.min(end - outcomes.begin(), window.most());
    if (waits(window.waitsFor(kept, end, change)) || end == tooFewAt) {
      return phase;
    }
    List<Outcome> rows = between(end - kept, end);
    if (waits(window.waitsFor(rows.size(), end, change))) {
      tooFewAt = end; // fewer are kept than the counts said; copied again once there are more
      return phase;
    }
    tooFewAt = NOWHERE;
    waiting = null;
    Working working = working();
    LoopEvent.Builder begun = journal
        .event(LoopEvent.Kind.RETRAIN)
        .champion(champion)
        .position(end)
        .number("rows", rows.size());
    change.ifPresent(begun::change);
    Steps.beginning(why).lines().forEach(begun::because);
    journal.write(begun);
    history = history.withCandidate(evidence.at(), end);
    OptionalLong from = change;
    try {
      return work(working, () -> train(champion, evidence, rows, from));
    } catch (Throwable e) { // an executor of the host; the journal has the candidate
      working.next = () -> failed(e);
      return working;
    }
  }

  /** The outcomes from one position to another: a candidate must not be judged by rows that it learned from. */
  private List<Outcome> between(long from, long to) {
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

  /** Whether the rows since the newest change have grown so much that a longer window is worth a candidate. */
  private boolean followUpDue(long end) {
    FollowUp due = followUp;
    return due != null && window.followUpDue(end - due.change, due.sinceChange) && !policyRests();
  }

  /** Whether a cooldown forbids a follow-up; a policy that cannot say forbids it. */
  private boolean policyRests() {
    try {
      return policy.resting(deployment.evidence().at(), history);
    } catch (RuntimeException | LinkageError | StackOverflowError e) {
      return true;
    }
  }

  private RetrainDecision ask(Evidence evidence) {
    try {
      RetrainDecision answer = policy.decide(evidence, history);
      return answer != null
          ? answer
          : RetrainDecision.of(
              RetrainDecision.Outcome.INCONCLUSIVE, policy.toString(), "the policy answered null");
    } catch (RuntimeException | LinkageError | StackOverflowError e) {
      return RetrainDecision.of(
          RetrainDecision.Outcome.INCONCLUSIVE,
          policy.toString(),
          "the policy threw " + Warnings.shown(e));
    }
  }

  /** Whether the loop waits; says once what for. That is no step, so it is not written to the journal. */
  private boolean waits(Optional<String> wait) {
    if (wait.isPresent()) {
      if (waiting == null) {
        journal.tell(journal.event(LoopEvent.Kind.WAITING).because(wait.get()).build());
      }
      waiting = wait.get();
    }
    return wait.isPresent();
  }

  // --- train and gate, on the host's executor
  // -------------------------------------------------------------

  private Working working() {
    return new Working(clock.instant(), ticker.getAsLong());
  }

  private Phase work(Working working, Supplier<Supplier<Phase>> job) {
    background.execute(() -> {
      if (!working.taken.compareAndSet(false, true)) {
        return; // an executor that runs a job twice, or runs one that was given up
      }
      try {
        working.next = job.get();
      } catch (
          Throwable e) { // a trainer, model or runtime of the host; the champion goes on serving
        working.next = () -> failed(e);
      } finally {
        if (closed) {
          closeCandidate();
        }
      }
    });
    return working;
  }

  private Phase failed(Throwable e) {
    Instant now = clock.instant();
    journal.write(journal
        .event(LoopEvent.Kind.FAILED)
        .because("candidate " + history.candidates() + " threw " + Warnings.shown(e)
            + "; the champion stays"));
    closeCandidate();
    failing.once(
        e.getClass().getName(),
        "a candidate for " + deployment.alias() + " failed; the champion stays",
        e);
    backOff = backOff.failed(now);
    return new Idle();
  }

  private Supplier<Phase> train(
      Version champion, Evidence evidence, List<Outcome> rows, OptionalLong change) {
    TrainingContext context = TrainingContext.builder()
        .cancelledWhen(() -> closed)
        .ticker(ticker)
        .build();
    RowSelection.Selected selection = window.select(rows, change, trainer, context);
    Trained trained = selection.trained(trainer, context);
    Set<Metric> read = new LinkedHashSet<>(gate.metrics());
    read.addAll(policy.metrics());
    TestPhase tested = selection.tested(trained).measuring(read.toArray(new Metric[0]));
    ModelPackage made = trained.testedOn(tested).asPackage(champion.model());
    journal.write(journal
        .event(LoopEvent.Kind.PUBLISHING)
        .champion(champion)
        .digest(made.digest())
        .number("rows", selection.training().size())
        .number("held_back", selection.heldBack().size())
        .number("fits", selection.fits())
        .because(selection.toString()));
    Version version = deployment.store().publish(made);
    journal.write(journal
        .event(LoopEvent.Kind.PUBLISHED)
        .champion(champion)
        .candidate(version)
        .digest(made.digest())
        .because(made.digest().abbreviated()));
    ModelPackage source = deployment.store().open(version);
    Model model = deployment.load(source);
    candidateModel.set(model);
    Evidence trial = deployment.using(serving -> Trial.of(
        evidence,
        Long.toString(champion.number()),
        serving,
        source,
        model,
        Long.toString(version.number()),
        tested,
        selection.heldBack(),
        ticker));
    Finding finding = gate.judge(trial);
    long end = rows.get(rows.size() - 1).position() + 1;
    Candidate candidate = new Candidate(
        champion, version, model, change, change.isPresent() ? end - change.getAsLong() : 0);
    PairedShadow shadow =
        PairedShadow.of(plan, largestLoss(source.baseline(), source.schema().task()));
    return () -> gated(new Shadowing(candidate, shadow, end), finding);
  }

  /** The loss that a shadow counts as 1: 1 for labels; for quantities ten times the candidate's test-phase error. */
  private static double largestLoss(Optional<Baseline> baseline, Optional<Task> task) {
    if (task.filter(Task.REGRESSION::equals).isEmpty()) {
      return 1.0;
    }
    double error =
        baseline.flatMap(test -> test.quality(Metric.MAE)).map(Estimate::value).orElse(0.0);
    return Math.max(Double.MIN_NORMAL, Math.min(10 * error, Double.MAX_VALUE));
  }

  private Phase gated(Shadowing next, Finding finding) {
    Candidate candidate = next.candidate;
    backOff = BackOff.none();
    failing.again();
    if (candidate.change.isPresent()) {
      followUp = new FollowUp(candidate.change.getAsLong(), candidate.sinceChange);
    }
    if (candidate.version.equals(candidate.champion)) {
      return keep(candidate, candidate.version + " was trained again, byte for byte");
    }
    if (finding.verdict() == Verdict.FAIL) {
      return keep(candidate, "cannot promote " + candidate.version + ": gate " + finding.text());
    }
    journal.write(journal
        .event(LoopEvent.Kind.GATED)
        .champion(candidate.champion)
        .candidate(candidate.version)
        .position(next.from)
        .because(Steps.beginning(finding.verdict() + " (" + finding.text() + ")") + "; " + plan));
    return next;
  }

  // --- shadow
  // ------------------------------------------------------------------------------------------

  private Phase shadow(Shadowing now) {
    if (!deployment.champion().equals(now.candidate.champion)) {
      return abandon(now.candidate, "the alias moved on to " + deployment.champion());
    }
    long end = outcomes.end();
    if (end <= now.from) {
      return followUpDue(end) ? overtaken(now) : now;
    }
    List<Outcome> rows;
    try {
      rows = between(now.from, end);
    } catch (IllegalStateException e) {
      return failed(e);
    }
    return work(working(), () -> {
      score(now, rows);
      return () -> decided(new Shadowing(now.candidate, now.shadow, end));
    });
  }

  /** Gives an undecided candidate up for one with a longer window; the champion was not judged, so its signals stay. */
  private Phase overtaken(Shadowing now) {
    journal.write(judged(
        LoopEvent.Kind.KEPT,
        now.candidate,
        now.candidate.version + " is overtaken, a longer window is due: shadow " + now.shadow));
    closeCandidate();
    return new Idle();
  }

  private void score(Shadowing now, List<Outcome> rows) {
    String champion = Long.toString(now.candidate.champion.number());
    for (Outcome row : rows) {
      if (row.version().equals(champion)) {
        now.shadow.update(
            losses.of(row.prediction(), row.truth()),
            losses.of(now.candidate.model, row.row(), row.truth()));
      }
    }
  }

  private Phase decided(Shadowing now) {
    return switch (now.shadow.state()) {
      case UNDECIDED -> followUpDue(now.from) ? overtaken(now) : now;
      case KEPT_BACK ->
        keep(now.candidate, "cannot promote " + now.candidate.version + ": shadow " + now.shadow);
      case SUPERIOR, NOT_WORSE ->
        deployment
            .store()
            .current(deployment.alias())
            .filter(change ->
                change.to().equals(now.candidate.champion) && !deployment.rollbackPending())
            .<Phase>map(change -> new Promoting(
                now.candidate, now.shadow, change, "promote-" + UUID.randomUUID(), false))
            .orElseGet(() -> abandon(now.candidate, "the alias moved on"));
    };
  }

  // --- promote or keep
  // ---------------------------------------------------------------------------------

  private Phase promote(Promoting now) {
    String why = "shadow " + now.shadow;
    if (!now.written) {
      journal.write(judged(
              LoopEvent.Kind.PROMOTING,
              now.candidate,
              now.from.to() + " -> " + now.candidate.version + ": " + why)
          .intent(now.intent));
      return new Promoting(now.candidate, now.shadow, now.from, now.intent, true);
    }
    Optional<AliasChange> known = moveOf(now.intent); // by an earlier tick that was not told
    if (known.isEmpty() && deployment.rollbackPending()) {
      return abandon(now.candidate, "a rollback of the champion is under way");
    }
    AliasChange made;
    try {
      made = known.isPresent()
          ? known.get()
          : deployment
              .store()
              .move(deployment.alias())
              .from(now.from)
              .to(now.candidate.version)
              .by(ACTOR)
              .because(why)
              .intent(now.intent)
              .commit();
    } catch (AliasConflictException e) {
      return abandon(now.candidate, e.getMessage() == null ? "the alias moved on" : e.getMessage());
    } catch (VersionNotFoundException e) {
      return failed(e);
    }
    journal.write(judged(
            LoopEvent.Kind.PROMOTED, now.candidate, why + "; generation " + made.generation())
        .intent(now.intent)
        .number("generation", made.generation()));
    closeCandidate();
    deployment.tick();
    return new Idle();
  }

  private Phase keep(Candidate candidate, String why) {
    journal.write(judged(LoopEvent.Kind.KEPT, candidate, why));
    closeCandidate();
    try {
      deployment.monitor().clearSignals(why);
    } catch (Throwable e) { // the candidate is decided all the same
      warnings.once("kept", "the monitor of " + deployment.alias() + " kept its signals", e);
    }
    return new Idle();
  }

  private Phase abandon(Candidate candidate, String why) {
    journal.write(judged(LoopEvent.Kind.ABANDONED, candidate, why));
    closeCandidate();
    return new Idle();
  }

  /** A step with a candidate that has a number. */
  private LoopEvent.Builder judged(LoopEvent.Kind kind, Candidate candidate, String why) {
    LoopEvent.Builder event = journal
        .event(kind)
        .champion(candidate.champion)
        .candidate(candidate.version)
        .because(Steps.beginning(why));
    candidate.change.ifPresent(event::change);
    return event;
  }

  private void closeCandidate() {
    if (candidateModel.getAndSet(null) instanceof AutoCloseable resource) {
      try {
        resource.close();
      } catch (Throwable e) { // a model's; what it holds may be lost, the candidate is decided
        warnings.once("close", "a candidate that was decided could not be closed", e);
      }
    }
  }

  // --- what is known from outside
  // ----------------------------------------------------------------------

  /**
   * {@return every step in the journal, oldest first, those of earlier processes included}
   *
   * @throws StoreException if the journal could not be read
   * @throws IllegalStateException if the loop is closed
   */
  public List<LoopEvent> events() {
    return journal.events();
  }

  /**
   * {@return what the policy answered when it was asked last, with the numbers, also when the answer was no}
   */
  public Optional<RetrainDecision> decision() {
    return Optional.ofNullable(decision);
  }

  /**
   * {@return what the loop waits for before it can train, if it does}
   */
  public Optional<String> waiting() {
    return Optional.ofNullable(waiting);
  }

  /**
   * {@return what the newest tick could not do, if anything; also that the executor has not begun a job for a minute or more}
   */
  public Optional<String> trouble() {
    return Optional.ofNullable(trouble.now());
  }

  /**
   * Stops ticking, closes the journal and gives up the candidate; deployment and store are the host's. May be called
   * twice.
   */
  @Override
  public void close() {
    ticking.lock();
    try {
      closed = true;
      if (!(phase instanceof Working working)
          || working.next != null
          || working.taken.compareAndSet(false, true)) {
        closeCandidate();
      }
      journal.close();
    } finally {
      ticking.unlock();
    }
  }

  /**
   * {@return such as {@code loop on fraud@champion: shadowing fraud:8, UNDECIDED on 31 truths …}, or {@code working since
   * 2026-01-01T00:00:00Z, for 5 min}, by the newest tick}
   */
  @Override
  public String toString() {
    Phase now = phase;
    String doing;
    if (now instanceof Shadowing shadowing) {
      doing = "shadowing " + shadowing.candidate.version + ", " + shadowing.shadow;
    } else if (now instanceof Promoting promoting) {
      doing = "promoting " + promoting.candidate.version;
    } else {
      doing = now instanceof Working ? "working " + now : "watching";
    }
    return "loop on " + deployment.alias() + ": " + doing;
  }

  /**
   * Says what the loop goes by.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final Warnings warnings = Warnings.of(MaintenanceLoop.class);
    private final Deployment<?> deployment;
    private final ModelTrainer trainer;
    private final List<Consumer<? super LoopEvent>> listeners = new ArrayList<>();
    private RowSelection window = TrainingWindow.sinceChange(100, 5_000);
    private ShadowPlan plan = ShadowPlan.shadow();
    private InstantSource clock = InstantSource.system();
    private LongSupplier ticker = System::nanoTime;
    private @Nullable RetrainPolicy policy;
    private @Nullable Gate gate;
    private @Nullable Outcomes outcomes;
    private @Nullable Supplier<Journal> journal;
    private Function<Path, EventLog> files = EventLog::open;
    private @Nullable Executor background;

    private Builder(Deployment<?> deployment, ModelTrainer trainer) {
      this.deployment = requireNonNull(deployment, "deployment");
      this.trainer = requireNonNull(trainer, "trainer");
    }

    /**
     * {@return this builder, with who decides when to train again}
     *
     * @param policy asked in every tick without a candidate
     */
    public Builder retrainWhen(RetrainPolicy policy) {
      this.policy = requireNonNull(policy, "policy");
      return this;
    }

    /**
     * {@return this builder, with what candidates are trained on}
     *
     * @param window since the change, 100 to 5,000 outcomes, unless said
     */
    public Builder window(RowSelection window) {
      this.window = requireNonNull(window, "window");
      return this;
    }

    /**
     * {@return this builder, with what a candidate must meet before it is shadowed}
     *
     * @param conditions at least one
     * @throws IllegalArgumentException if there is none
     */
    public Builder gate(Condition... conditions) {
      this.gate = Gate.of(conditions);
      return this;
    }

    /**
     * {@return this builder, with how a candidate takes over}
     *
     * @param plan {@link ShadowPlan#shadow()} unless said
     */
    public Builder rollout(ShadowPlan plan) {
      this.plan = requireNonNull(plan, "plan");
      return this;
    }

    /**
     * {@return this builder, with where matured rows come from, for a monitor that keeps none}
     *
     * @param outcomes the monitor's own unless said
     */
    public Builder rows(Outcomes outcomes) {
      this.outcomes = requireNonNull(outcomes, "outcomes");
      return this;
    }

    /**
     * {@return this builder, with where every step is written before it takes effect}
     *
     * @param file of this loop alone; made if absent
     */
    public Builder journal(Path file) {
      requireNonNull(file, "file");
      this.journal = () -> FileJournal.open(file, files);
      return this;
    }

    /**
     * {@return this builder, with where every step is written before it takes effect}
     *
     * @param journal of this loop alone; closed with the loop
     */
    public Builder journal(Journal journal) {
      requireNonNull(journal, "journal");
      this.journal = () -> journal;
      return this;
    }

    /** Journals on a disk that a test has made. */
    Builder files(Function<Path, EventLog> files) {
      this.files = files;
      return this;
    }

    /**
     * {@return this builder, with what training and scoring run on}
     *
     * @param background the host's executor
     */
    public Builder on(Executor background) {
      this.background = requireNonNull(background, "background");
      return this;
    }

    /**
     * {@return this builder, with a clock; the system's unless said}
     *
     * @param clock stamps the journal
     */
    public Builder clock(InstantSource clock) {
      this.clock = requireNonNull(clock, "clock");
      return this;
    }

    /**
     * {@return this builder, with a source of nanoseconds that only grows; {@code System::nanoTime} unless said}
     *
     * @param ticker measures how long jobs take on the executor, and predictions in a trial
     */
    public Builder ticker(LongSupplier ticker) {
      this.ticker = requireNonNull(ticker, "ticker");
      return this;
    }

    /**
     * {@return this builder, with who is told of every step}
     *
     * @param listener called on whatever thread takes the step; must be quick; what it throws is logged
     */
    public Builder to(Consumer<? super LoopEvent> listener) {
      listeners.add(requireNonNull(listener, "listener"));
      return this;
    }

    /**
     * {@return the loop; nothing runs before its first tick}
     *
     * @throws IllegalStateException if policy, gate, journal or executor is missing; if the monitor does not watch what the
     *     policy or the gate reads; if there are no matured rows to train on, or fewer kept than the window uses. All
     *     problems are listed at once
     * @throws StoreException if the journal could not be opened
     */
    public MaintenanceLoop build() {
      List<String> problems = new ArrayList<>();
      require(problems, policy, "retrainWhen(policy)");
      require(problems, gate, "gate(conditions)");
      require(problems, journal, "journal(file)");
      require(problems, background, "on(executor)");
      Set<Watch> reads = new HashSet<>();
      if (policy != null) {
        reads.addAll(policy.watches());
      }
      if (gate != null) {
        reads.addAll(gate.watches());
      }
      deployment
          .monitor()
          .watches()
          .ifPresent(watched -> reads.stream()
              .filter(watch -> !watched.contains(watch))
              .sorted(Comparator.comparing(Watch::toString))
              .forEach(watch -> problems.add("the monitor does not watch \"" + watch
                  + "\": name what reads it in MonitorFactory.watching")));
      if (outcomes == null) {
        outcomes = deployment.monitor().outcomes();
      }
      if (outcomes.capacity() == 0) {
        problems.add("the monitor keeps no rows: hand some over with rows(outcomes)");
      } else if (outcomes.capacity() < window.most()) {
        problems.add("the window uses up to " + window.most() + " outcomes, but only "
            + outcomes.capacity() + " are kept");
      }
      if (trainer.schema().task().filter(Task.ANOMALY_DETECTION::equals).isPresent()) {
        problems.add("the losses of anomaly scores are not known, so nothing could be compared");
      }
      if (!problems.isEmpty()) {
        throw new IllegalStateException("cannot build a loop on "
            + Reference.parse(deployment.alias()) + ": " + String.join("; ", problems));
      }
      warnAboutUnknown(reads);
      Journal opened = requireNonNull(journal).get();
      try {
        Steps steps = new Steps(opened, deployment.alias(), clock, listeners);
        return new MaintenanceLoop(this, steps, JournalReplay.of(opened.events()));
      } catch (Throwable e) {
        try (opened) {
          throw e;
        }
      }
    }

    private void warnAboutUnknown(Set<Watch> reads) {
      if (!reads.isEmpty() && deployment.monitor().watches().isEmpty()) {
        warnings.once(
            "unknown",
            "the monitor of " + deployment.alias()
                + " does not tell what it watches; what it does not know reads INCONCLUSIVE: "
                + reads,
            null);
      }
    }

    private static void require(List<String> problems, @Nullable Object value, String call) {
      if (value == null) {
        problems.add(call + " is missing");
      }
    }
  }
}
