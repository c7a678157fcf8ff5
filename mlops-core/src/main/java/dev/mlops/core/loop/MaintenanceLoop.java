package dev.mlops.core.loop;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.PackageDraft;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.api.retrain.RowSelection;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.core.gate.ReleaseGate;
import dev.mlops.core.internal.log.EventLog;
import dev.mlops.core.internal.log.FaultStatus;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.optimise.Remedies;
import dev.mlops.core.rollout.ShadowPlan;
import dev.mlops.core.serve.Deployment;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a champion good: decides when to train again, on what, whether the candidate may come near traffic, and whether it
 * takes over.
 *
 * <p>One candidate at a time: the policy asks for it, the {@link TrainingWindow} chooses its rows, the {@link ReleaseGate} judges
 * it on rows that it never saw (FAIL stops it; INCONCLUSIVE goes on to the shadow, never into traffic), and a paired
 * {@link ShadowPlan shadow} on mature truth alone promotes it, by one compare-and-set of the alias. Every step is written
 * to a journal before it takes effect; a loop that starts again asks the store whether a move that was under way was made.
 *
 * <p><b>Past champions stay in the race.</b> The first version of the alias and those that were replaced last are scored on
 * what matures, in background work; one that is better than the champion is made champion again at once, by a move of the
 * alias that the journal has before and after. What was signalled before is trained for all the same, and a candidate that is
 * shadowed is held against the new champion from then on. What a version signalled when it served before is cleared when it
 * serves again, by a return or by hand: it names a change of that time. See {@link Builder#reserves}.
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

  /** A deployment is ticked every second or so; after so long its host has forgotten to. */
  private static final Duration FORGOTTEN = Duration.ofMinutes(5);

  private final Deployment<?> deployment;
  private final InstantSource clock;
  private final Steps steps;
  private final Phases phases;
  private boolean closed;

  /** Only one tick at a time; guards the phases. */
  private final ReentrantLock ticking = new ReentrantLock();

  private final FaultStatus trouble =
      FaultStatus.of(MaintenanceLoop.class, "the next tick tries again");
  private final Warnings warnings = Warnings.of(MaintenanceLoop.class);

  /**
   * How far a loop goes by itself.
   *
   * @since 0.1
   */
  public enum Mode {
    /** A candidate that wins takes over, a past champion that is better returns. The default. */
    AUTOMATIC,
    /** A candidate that wins waits for somebody's word; past champions do not return by themselves. */
    APPROVE,
    /** The loop says when a candidate is due, and trains none. */
    ADVISE
  }

  /** What a loop is built of. */
  record Parts(
      Deployment<?> deployment,
      ModelTrainer trainer,
      Consumer<? super PackageDraft> about,
      Mode mode,
      RetrainPolicy policy,
      RowSelection window,
      ReleaseGate gate,
      RolloutPlan plan,
      int reserves,
      double lead,
      boolean dependence,
      int drops,
      int enough,
      int patience,
      Outcomes outcomes,
      Executor background,
      InstantSource clock,
      LongSupplier ticker,
      Leadership leadership,
      Duration within,
      HeapGuard heap,
      OptionalLong seed,
      @Nullable Remedies remedies) {}

  private MaintenanceLoop(Parts parts, Steps steps) {
    this.deployment = parts.deployment();
    this.clock = parts.clock();
    this.steps = steps;
    this.phases = new Phases(parts, steps);
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
        if (!closed && phases.lead()) {
          phases.advance();
        }
        look();
      } catch (Throwable e) { // the host's scheduler never runs a task again that has thrown
        trouble.met(phases.now().attempt(), e);
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

  /** Tells of what no step threw and nobody else says. */
  private void look() {
    String stuck = phases.now() instanceof Working working ? working.stuck(TICK) : null;
    Duration unticked = deployment.sinceTick();
    if (stuck != null) {
      trouble.stands("executor", stuck);
    } else if (unticked.compareTo(FORGOTTEN) >= 0) {
      trouble.stands(
          "deployment",
          "tick() of the deployment of " + deployment.alias() + " was last called "
              + MlopsException.shown(unticked)
              + " ago: without it no truth is joined and no alias followed");
    } else {
      trouble.over();
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
    return steps.events();
  }

  /**
   * {@return what the policy answered when it was asked last, with the numbers, also when the answer was no}
   */
  public Optional<RetrainDecision> decision() {
    return phases.workshop().decision();
  }

  /**
   * {@return the deployment's evidence with where the retraining is: what alert rules read that ask for it}
   *
   * <p>A loop that waits while another one is at work does not know.
   */
  public Evidence evidence() {
    Evidence known = deployment.evidence();
    return phases
        .activity()
        .map(now -> known.toBuilder().retraining(now).build())
        .orElse(known);
  }

  /**
   * {@return what the loop waits for before it can train, if it does}
   */
  public Optional<String> waiting() {
    return phases.workshop().waiting();
  }

  /**
   * {@return how far the losses depend on those before them, as far as it was measured; independence, assumed and not
   * measured, where the first package is of an earlier release and no stretch was quiet for long enough}
   */
  public Dependence dependence() {
    return phases.workshop().dependence();
  }

  /**
   * {@return the past champions that are loaded and scored beside the present one, by the newest tick}
   */
  public List<Version> reserves() {
    return phases.workshop().reserves.versions();
  }

  /**
   * {@return what the newest tick could not do, if anything; that the newest candidate failed, until one is judged; that the
   * executor has not begun a job for a minute or more, or the deployment was not ticked for five}
   */
  public Optional<String> trouble() {
    Workshop workshop = phases.workshop();
    List<String> all = Stream.of(
            trouble.now(), workshop.reserves.trouble(), workshop.failure(), workshop.runsOn())
        .flatMap(Stream::ofNullable)
        .toList();
    return all.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", all));
  }

  /**
   * Ends the training that runs, if one does: it is asked to stop, and a minute later interrupted and given up. The candidate is
   * abandoned, and another is begun when a tenth of its rows is new, or for another change. To begin none at all, {@link
   * #halt}.
   *
   * @param by who says so
   * @param because why
   * @return whether a training was asked to stop; false if none runs, or it is about to be published
   * @throws IllegalStateException if the loop is closed
   */
  public boolean cancelTraining(String by, String because) {
    boolean[] asked = new boolean[1];
    said(
        by,
        because,
        () -> asked[0] =
            phases.now() instanceof Working working && working.cancel("by " + by + ": " + because));
    return asked[0];
  }

  /**
   * {@return how far the newest training was when it said so last, as the event of kind PROGRESS that listeners heard; empty if
   * it has said nothing}
   */
  public Optional<LoopEvent> progress() {
    return phases.workshop().progress();
  }

  /**
   * {@return what came of training a version again, on the rows, with the seed and the parent that its package records}
   *
   * <p>Trains and predicts on the calling thread; the store, the alias and the journal are not touched. The trainer, the window
   * and what is said of candidates are those of this loop: where they are others than those of then, the answer says by how much.
   *
   * @param version that a loop with this trainer and window has made
   * @throws IllegalStateException if its package records no such training, or the outcomes of then are not kept any more
   * @throws StoreException if its package or that of its parent could not be opened
   */
  public TrainingReplay replay(Version version) {
    return Replaying.of(phases.workshop(), version);
  }

  /**
   * Halts the loop: from now on it begins and promotes nothing, until {@link #resume}, also after a restart. A job that runs
   * is ended, a candidate in its shadow waits. A loop halts by itself when somebody moves the alias back to an earlier version.
   *
   * @param by who says so
   * @param because why
   * @throws StoreException if it could not be written to the journal; this process has halted all the same
   * @throws IllegalStateException if the loop is closed
   */
  public void halt(String by, String because) {
    said(by, because, () -> phases.workshop().operators.halt("by " + by + ": " + because));
  }

  /**
   * Lets the loop go on; without effect but an entry in the journal if it was not halted.
   *
   * @param by who says so
   * @param because why
   * @throws StoreException if it could not be written to the journal; then it stays halted
   * @throws IllegalStateException if the loop is closed
   */
  public void resume(String by, String because) {
    said(by, because, () -> phases.workshop().operators.resume("by " + by + ": " + because));
  }

  /**
   * {@return what halted the loop, with who and why; empty if it goes on}
   */
  public Optional<LoopEvent> halted() {
    return phases.workshop().operators.halted();
  }

  /**
   * {@return the version that won and waits for {@link #approve} or {@link #reject}, in a loop of {@link Mode#APPROVE}}
   */
  public Optional<Version> awaiting() {
    return phases.now() instanceof Awaiting waits ? Optional.of(waits.version()) : Optional.empty();
  }

  /**
   * Lets the candidate that waits take over, in a later tick.
   *
   * @param version that waits, so that nobody approves one that came meanwhile
   * @param by who says so
   * @param because why
   * @throws IllegalStateException if this version does not wait, or the loop is closed
   * @throws StoreException if it could not be written to the journal; the candidate waits on
   */
  public void approve(Version version, String by, String because) {
    said(by, because, () -> phases.waiting(version).approve(by, because));
  }

  /**
   * Keeps the champion instead of the candidate that waits.
   *
   * @param version that waits
   * @param by who says so
   * @param because why
   * @throws IllegalStateException if this version does not wait, or the loop is closed
   * @throws StoreException if it could not be written to the journal; the candidate waits on
   */
  public void reject(Version version, String by, String because) {
    said(by, because, () -> phases.reject(version, by, because));
  }

  private void said(String by, String because, Runnable what) {
    requireNonNull(by, "by");
    requireNonNull(because, "because");
    ticking.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the loop on " + deployment.alias() + " is closed");
      }
      what.run();
    } finally {
      ticking.unlock();
    }
  }

  /**
   * Stops ticking, closes the journal and gives up the candidate; deployment and store are the host's. May be called
   * twice.
   */
  @Override
  public void close() {
    ticking.lock();
    try {
      if (!closed) {
        closed = true;
        phases.close();
        steps.close();
        phases.giveLeaseBack();
      }
    } finally {
      ticking.unlock();
    }
  }

  /**
   * {@return such as {@code loop on fraud@champion: shadowing fraud:8, shadow UNDECIDED on 31 truths …}, or {@code working
   * since 2026-01-01T00:00:00Z, for 5 min}, by the newest tick}
   */
  @Override
  public String toString() {
    return "loop on " + deployment.alias() + ": "
        + halted().map(event -> "halted " + event.text() + "; ").orElse("") + phases.now();
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
    private Consumer<? super PackageDraft> about = CandidateTrainer.NOTHING;
    private Mode mode = Mode.AUTOMATIC;
    private RowSelection window = TrainingWindow.sinceChange(100, 5_000);
    private RolloutPlan plan = ShadowPlan.shadow();
    private int reserves = 4;
    private double lead = 0.5;
    private boolean dependence = true;
    private int drops = 1;
    private int enough = 10;
    private int patience = 2;
    private Duration within = Duration.ofDays(1);
    private OptionalLong seed = OptionalLong.empty();
    private @Nullable Remedies remedies;
    private long heap = -1;
    private LongSupplier freeHeap = HeapGuard::freeHeap;
    private @Nullable Coordination coordination;
    private String owner = "";
    private Duration ttl = Duration.ofMinutes(5);
    private InstantSource clock = InstantSource.system();
    private LongSupplier ticker = System::nanoTime;
    private @Nullable RetrainPolicy policy;
    private @Nullable ReleaseGate gate;
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
     * {@return this builder, with a ladder of what helps the champion}
     *
     * <p>When the policy asks for a candidate, the loop says in an {@link LoopEvent.Kind#ADVISED} step what is the matter, which rung of
     * the ladder helps and by which numbers. It then makes the candidate by that rung: a calibration, a retrain, a search, a model
     * that learns row by row. A calibration wins only if labels become right, for the loop compares labels. A threshold and a
     * faster model are proposed, a benign shift is noted: the champion is kept. Where nothing is found, or too few outcomes tell, the
     * policy has its way and it is trained again. The advice to redesign is attached to the champion as a document
     * too. In {@link Mode#ADVISE} all of it is only said.
     *
     * @param remedies whose trainer is that of this loop
     */
    public Builder remedies(Remedies remedies) {
      this.remedies = requireNonNull(remedies, "remedies");
      return this;
    }

    /**
     * {@return this builder, with what candidates are trained on}
     *
     * @param window since the change, 100 to 5,000 outcomes, by default
     */
    public Builder window(RowSelection window) {
      this.window = requireNonNull(window, "window");
      return this;
    }

    /**
     * {@return this builder, with how far the loop goes by itself}
     *
     * <p>A candidate that waits for a word is given up by a restart, as one in its shadow is.
     *
     * @param mode {@link Mode#AUTOMATIC} by default
     */
    public Builder mode(Mode mode) {
      this.mode = requireNonNull(mode, "mode");
      return this;
    }

    /**
     * {@return this builder, with what is said of each candidate's package}
     *
     * <p>A candidate comes from the trainer, without the settings, documents, libraries and environment that were given to
     * another package by hand. Decision thresholds alone are the champion's where neither the trainer nor this call gives any:
     * a candidate that decided otherwise would be another decision, not a fresher model. They are kept also where the champion's
     * scores are calibrated and the candidate's are not; it is tested, gated and compared with them.
     *
     * @param about adds settings, documents, libraries and the environment to the draft of the package; called on the
     *     executor, more than once for a candidate, and should give the same each time; what it throws ends the candidate
     */
    public Builder describing(Consumer<? super PackageDraft> about) {
      this.about = requireNonNull(about, "about");
      return this;
    }

    /**
     * {@return this builder, with what a candidate must meet before it is shadowed}
     *
     * @param conditions at least one
     * @throws IllegalArgumentException if there is none
     */
    public Builder gate(Condition... conditions) {
      return gate(ReleaseGate.of(conditions));
    }

    /**
     * {@return this builder, with what a candidate must meet before it is shadowed}
     *
     * @param gate the same that judges a release by hand
     */
    public Builder gate(ReleaseGate gate) {
      this.gate = requireNonNull(gate, "gate");
      return this;
    }

    /**
     * {@return this builder, with how a candidate takes over}
     *
     * <p>A plan that splits traffic, such as {@link dev.mlops.core.rollout.TrafficPlan#canary}, is moved by {@link
     * Deployment#tick()}, whose journal holds its steps; a candidate that the gate could not decide is not given to it.
     *
     * @param plan such as {@link ShadowPlan#shadow()}, which is the default
     */
    public Builder rollout(RolloutPlan plan) {
      this.plan = requireNonNull(plan, "plan");
      return this;
    }

    /**
     * {@return this builder, with how many past champions stay in the race}
     *
     * <p>They are the first version of the alias and those that were replaced last, except versions that somebody moved the
     * alias back from. Each costs the memory of one loaded model and, on the host's executor, one prediction for each row of
     * the champion whose truth matures. One that shows on these rows that it is better ({@link
     * dev.mlops.drift.anytime.ReturnTest}) is made champion again at once, without training or a gate. One that cannot be
     * loaded is left out and told.
     *
     * @param most 4 by default; 0 for none, so that the champion is replaced by new candidates alone
     * @throws IllegalArgumentException if it is negative
     */
    public Builder reserves(int most) {
      if (most < 0) {
        throw new IllegalArgumentException("reserves must be >= 0, but were " + most);
      }
      this.reserves = most;
      return this;
    }

    /**
     * {@return this builder, with how much better than the champion a candidate must be on the rows held back from it}
     *
     * <p>A candidate competes with models of other windows and with standing still: the champion's losses on the same rows, by
     * accuracy or absolute error. One that is not ahead by this number of standard errors of the difference, the dependence of the
     * rows included, is not published; the champion is kept, and the event says by how much it was ahead.
     *
     * @param standardErrors 0.5 by default; negative infinity lets every candidate go on to its gate
     * @throws IllegalArgumentException if it is NaN or positive infinity
     */
    public Builder leadingBy(double standardErrors) {
      if (!(standardErrors < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "lead must be a number of standard errors, but was " + standardErrors);
      }
      this.lead = standardErrors;
      return this;
    }

    /**
     * {@return this builder, with whether the dependence of losses on those before them is measured}
     *
     * <p>It is read from the test phase of the first version, and measured again on 2,000 and more rows during which one
     * champion served without a signal. Where rows depend on each other the loop waits for two blocks of them since a change,
     * holds back three, and asks for more before a past champion returns or a candidate is promoted.
     *
     * @param measured true by default; false takes every row as independent of those before it
     */
    public Builder measuringDependence(boolean measured) {
      this.dependence = measured;
      return this;
    }

    /**
     * {@return this builder, with how many candidates that an alarm asks for are kept back in a row before the loop says that the
     * baseline is out of reach, and trains no more for that alarm}
     *
     * <p>The event of kind OUT_OF_REACH has the losses of the champion now and in its test phase, the best of the candidates, and
     * what would help. The loop goes on when another version is champion, when the champion is worse than it was then by both
     * intervals, when as many outcomes as the window uses are new, or after {@link MaintenanceLoop#resume}. A schedule goes on all the time.
     * Candidates that are further apart than the window is long are not in a row.
     *
     * @param candidates 10 by default; 0 to train on for ever
     * @throws IllegalArgumentException if it is negative
     */
    public Builder outOfReachAfter(int candidates) {
      if (candidates < 0) {
        throw new IllegalArgumentException("candidates must be >= 0, but were " + candidates);
      }
      this.enough = candidates;
      return this;
    }

    /**
     * {@return this builder, with how many candidates for a change that goes on are kept back in a row before the next one waits}
     *
     * <p>While the world moves, an alarm follows each candidate that was kept back, and a few rows later the next one knows hardly
     * more. It is begun once there are twice as many outcomes since the change as the newest candidate knew, or a whole window is new. A change that is
     * signalled after as many quiet outcomes as that candidate knew is another one, and is answered at once.
     *
     * <p>So is it after a promotion that was taken back soon, as after a burst: where the version that was replaced returns before the
     * new champion served for as many outcomes as it knew of its change, the next candidate for an alarm must know twice as many
     * since the change, until a promotion lasts.
     *
     * @param candidates 2 by default; 0 to wait in neither case
     * @throws IllegalArgumentException if it is negative
     */
    public Builder waitingForTwiceAfter(int candidates) {
      if (candidates < 0) {
        throw new IllegalArgumentException("candidates must be >= 0, but were " + candidates);
      }
      this.patience = candidates;
      return this;
    }

    /**
     * {@return this builder, with how long a training may last}
     *
     * <p>The trainer is told, and asks as often as it can. One that has not stopped a minute later is interrupted and given up:
     * its candidate has failed, what it gives later is thrown away, and nothing is trained beside it until it returns.
     *
     * @param time one day by default; longer than zero
     * @throws IllegalArgumentException if it is not
     */
    public Builder trainingWithin(Duration time) {
      if (time.isZero() || time.isNegative()) {
        throw new IllegalArgumentException(
            "the time of a training must be longer than zero, but was "
                + MlopsException.shown(time));
      }
      this.within = time;
      return this;
    }

    /**
     * {@return this builder, with the seed of all trainings}
     *
     * <p>Each training has a seed of its own, which this one and the position of its newest outcome give; the package records it.
     *
     * @param seed any; by default the trainer's own setting counts
     */
    public Builder seed(long seed) {
      this.seed = OptionalLong.of(seed);
      return this;
    }

    /**
     * {@return this builder, with how much of the heap must be free before a training begins}
     *
     * <p>What the newest collection has left counts as used. By default three times what the rows take, at 16 bytes a value and
     * 64 a row; while less is free the loop waits and says so.
     *
     * @param bytes 0 for none
     * @throws IllegalArgumentException if it is negative
     */
    public Builder requiringHeap(long bytes) {
      if (bytes < 0) {
        throw new IllegalArgumentException("bytes must be >= 0, but were " + bytes);
      }
      this.heap = bytes;
      return this;
    }

    /** A heap that a test has made. */
    Builder heap(LongSupplier free) {
      this.freeHeap = free;
      return this;
    }

    /**
     * {@return this builder, for one of several loops on the alias, with a lease of five minutes; see {@link
     * #lease(Coordination, String, Duration)}}
     *
     * @param coordination of the store that they share
     * @param owner this loop, its own in the world
     */
    public Builder lease(Coordination coordination, String owner) {
      return lease(coordination, owner, Duration.ofMinutes(5));
    }

    /**
     * {@return this builder, for one of several loops on the alias: the one that holds the lease is at work}
     *
     * <p>Each tick takes the lease or holds it longer. A loop that takes it begins as after a restart, with the journal of those
     * before it: without {@link #journal} that lies beside the lease, and a loop whose lease was taken cannot write to it. A loop
     * that was asleep past its lease publishes and moves nothing when it wakes. Without a lease, several loops on one alias are
     * still decided by the compare-and-set, but each trains.
     *
     * @param coordination of the store that they share
     * @param owner this loop, its own in the world: of two with one name each takes the lease from the other
     * @param time how long the lease is held unless a tick holds it longer; several times the interval between ticks, at most
     *     365 days
     * @throws IllegalArgumentException if the owner is blank or longer than 200 characters, or the time is not above zero or too
     *     long
     */
    public Builder lease(Coordination coordination, String owner, Duration time) {
      this.coordination = requireNonNull(coordination, "coordination");
      if (owner.isBlank() || owner.length() > 200) {
        throw new IllegalArgumentException(
            "owner must have 1 to 200 characters and not be blank, but had " + owner.length());
      }
      if (time.isZero() || time.isNegative() || time.compareTo(Duration.ofDays(365)) > 0) {
        throw new IllegalArgumentException("the time of a lease must be above zero and at most 365"
            + " days, but was " + MlopsException.shown(time));
      }
      this.owner = owner;
      this.ttl = time;
      return this;
    }

    /**
     * {@return this builder, with how many candidates in a row may be dropped for a newer change}
     *
     * <p>A candidate that is shadowed and becomes worse than its own test phase was trained before a change. It is dropped, and
     * the next one is trained for that change as soon as the policy and the window let it. Where the limit is reached the
     * shadow goes on, and training follows it at once.
     *
     * @param most 1 by default; 0 lets every shadow go on to its end
     * @throws IllegalArgumentException if it is negative
     */
    public Builder droppingAtMost(int most) {
      if (most < 0) {
        throw new IllegalArgumentException("candidates to drop must be >= 0, but were " + most);
      }
      this.drops = most;
      return this;
    }

    /**
     * {@return this builder, with where matured rows come from, for a monitor that keeps none}
     *
     * @param outcomes the monitor's own by default
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
     * {@return this builder, with a clock; the system's by default}
     *
     * @param clock stamps the journal
     */
    public Builder clock(InstantSource clock) {
      this.clock = requireNonNull(clock, "clock");
      return this;
    }

    /**
     * {@return this builder, with a source of nanoseconds that only grows; {@code System::nanoTime} by default}
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
     *     policy or the gate reads; if the trainer makes models of other columns or another task than
     *     the one that serves; if there are no matured rows to train on, or fewer kept than the window uses. All
     *     problems are listed at once
     * @throws StoreException if the journal could not be opened
     */
    public MaintenanceLoop build() {
      List<String> problems = new ArrayList<>();
      require(problems, policy, "retrainWhen(policy)");
      require(problems, gate, "gate(conditions)");
      Leadership leadership = new Leadership(coordination, deployment.alias(), owner, ttl);
      Coordination shared = coordination;
      Supplier<Journal> steps = journal != null || shared == null
          ? journal
          : () -> new GuardedJournal(
              shared, Leadership.name(deployment.alias()) + "/journal", leadership::lease);
      require(problems, steps, "journal(file)");
      require(problems, background, "on(executor)");
      if (outcomes == null) {
        outcomes = deployment.monitor().outcomes();
      }
      LoopFit fit = new LoopFit(deployment, trainer, policy, gate, plan, window, outcomes);
      problems.addAll(fit.problems());
      if (!problems.isEmpty()) {
        throw new IllegalStateException("cannot build a loop on "
            + Reference.parse(deployment.alias()) + ": " + String.join("; ", problems));
      }
      fit.warnOfWatchesNobodyKnows(warnings);
      Journal opened = requireNonNull(steps).get();
      try {
        return new MaintenanceLoop(
            new Parts(
                deployment,
                trainer,
                about,
                mode,
                requireNonNull(policy),
                window,
                requireNonNull(gate),
                plan,
                reserves,
                lead,
                dependence,
                drops,
                enough,
                patience,
                outcomes,
                requireNonNull(background),
                clock,
                ticker,
                leadership,
                within,
                new HeapGuard(heap, freeHeap),
                seed,
                remedies),
            new Steps(opened, deployment.alias(), clock, listeners));
      } catch (Throwable e) {
        try (opened) {
          throw e;
        }
      }
    }

    private static void require(List<String> problems, @Nullable Object value, String call) {
      if (value == null) {
        problems.add(call + " is missing");
      }
    }
  }
}
