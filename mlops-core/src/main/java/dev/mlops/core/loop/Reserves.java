package dev.mlops.core.loop;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionNotFoundException;
import dev.mlops.core.internal.log.BackOff;
import dev.mlops.core.internal.log.FaultStatus;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.serve.Prepared;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Past champions that stay in the race: loaded and scored on the host's executor, on every row of the champion that matures,
 * and made champion again by a tick where one is better.
 *
 * <p>Not thread-safe: confine to one tick at a time. A job of the executor works on what stands by while no tick does.
 */
final class Reserves {
  private final Workshop loop;
  private final int most;
  private final FaultStatus trouble =
      FaultStatus.of(MaintenanceLoop.class, "past champions do not return until then");

  /** Changed by jobs alone, or by a tick while there is none. */
  private final List<Reserve> standing = new CopyOnWriteArrayList<>();

  /** What cannot be loaded, for as long as the loop lives. */
  private final Set<Version> leftOut = new HashSet<>();

  /** What stands by beside this champion, and is not loaded yet. */
  private final List<Version> missing = new ArrayList<>();

  private @Nullable Version beside;

  /** What the alias pointed to first. */
  private @Nullable Version first;

  /** Whose test phase says how far losses depend on each other. */
  private @Nullable Version learnedFrom;

  private Losses losses;

  /** The loss that counts as 1; empty while nothing tells. */
  private OptionalDouble largest = OptionalDouble.empty();

  /** Outcomes before it are scored. */
  private long from;

  private BackOff backOff = JournalReplay.RESTED;
  private @Nullable Job job;
  private @Nullable Return under;

  /** The returns since the newest candidate was begun, oldest first. */
  private final List<Return> made = new ArrayList<>();

  Reserves(Workshop loop, int most) {
    this.loop = loop;
    this.most = most;
    this.losses = Losses.of(loop.trainer.schema());
  }

  /**
   * A past champion is made champion again.
   *
   * @param from the change of the alias that it moves on from
   * @param to what it moves to
   * @param intent what the move is known by
   * @param event what the journal says before it
   * @param evidence what was known then
   * @param written whether the journal says it
   */
  private record Return(
      AliasChange from,
      Reserve to,
      String intent,
      LoopEvent event,
      Evidence evidence,
      boolean written) {}

  /** Scores past champions on the host's executor. */
  private final class Job {
    private final long end;

    /** Whether a signal stands. */
    private final boolean signalled;

    /** Taken by the first to come: the executor that begins the job, or the loop that is closed. */
    private final AtomicBoolean taken = new AtomicBoolean();

    private volatile boolean done;
    private volatile @Nullable Throwable thrown;

    Job(long end, boolean signalled) {
      this.end = end;
      this.signalled = signalled;
    }

    void run() {
      if (!taken.compareAndSet(false, true)) {
        return; // an executor that runs a job twice, or runs one that was given up
      }
      try {
        load();
        thrown = score(end, signalled);
      } catch (Throwable e) { // a store, model or runtime of the host
        thrown = e;
      } finally {
        done = true;
        if (loop.closed()) {
          closeAll();
        }
      }
    }
  }

  // --- on the thread of a tick
  // -----------------------------------------------------------------------------

  /** Goes as far as it can without waiting; never throws. */
  void advance() {
    if (most == 0 && !loop.dependence.isMeasured()) {
      return;
    }
    try {
      if (step()) {
        trouble.over();
      }
    } catch (Throwable e) {
      Return now = under;
      trouble.met(
          now == null
              ? "score the past champions of " + loop.alias()
              : "make " + now.to.version() + " the champion of " + loop.alias() + " again",
          e);
    }
  }

  /** Whether a move of the alias is under way, so that nothing else may move it. */
  boolean returning() {
    return under != null;
  }

  /** What the newest tick could not do; null if nothing. */
  @Nullable
  String trouble() {
    return trouble.now();
  }

  /** The versions that are loaded and scored. */
  List<Version> versions() {
    return standing.stream().map(Reserve::version).toList();
  }

  /** A candidate is begun: it meets what returns from here on. */
  void candidateBegun() {
    made.clear();
  }

  /** Whether one champion was replaced by another by returns alone, since the newest candidate was begun. */
  boolean returned(Version from, Version to) {
    Version now = from;
    for (Return each : made) {
      now = each.from.to().equals(now) ? each.to.version() : now;
    }
    return !to.equals(from) && to.equals(now);
  }

  /** Whether all went well. */
  private boolean step() {
    if (under == null) {
      settle();
      Version champion = loop.deployment.champion();
      if (!champion.equals(beside) && job == null) {
        lineUp(champion);
      }
      if (job == null) {
        learn(champion);
      }
      if (job == null && !decide(champion)) {
        run();
        settle();
        if (job == null) {
          decide(champion);
        }
      }
    }
    Return now = under;
    if (now != null) {
      move(now);
    }
    return !backOff.rests(JournalReplay.time(loop.clock.instant()));
  }

  /** Takes up a job that is done. */
  private void settle() {
    Job finished = job;
    if (finished == null || !finished.done) {
      return;
    }
    job = null;
    Throwable thrown = finished.thrown;
    if (thrown != null) {
      backOff = backOff.failed(JournalReplay.time(loop.clock.instant()));
      trouble.met("score the past champions of " + loop.alias(), thrown);
    } else {
      backOff = backOff.none();
    }
  }

  /** What the test phase of the first version says of the stream; that of the champion while nothing else does. */
  private void learn(Version champion) {
    if (champion.equals(first) || !loop.dependence.learned()) {
      if (!champion.equals(learnedFrom)) {
        loop.championBaseline().ifPresent(baseline -> {
          loop.dependence.tested(baseline);
          learnedFrom = champion;
        });
      }
    }
  }

  /** Another champion serves: what was scored beside the one before says nothing of it. */
  private void lineUp(Version champion) {
    List<AliasChange> history = loop.deployment.store().history(loop.alias());
    List<Version> wanted = PastChampions.of(history, champion, most);
    first = history.isEmpty() ? null : history.get(0).to();
    loop.dependence.disturbed();
    double margin = loop.returnMargin();
    List<Reserve> kept = new ArrayList<>();
    for (Reserve each : standing) {
      if (wanted.contains(each.version())) {
        kept.add(new Reserve(each.ready(), margin, loop.dependence()));
      } else {
        each.ready().close();
      }
    }
    standing.clear();
    standing.addAll(kept);
    missing.clear();
    missing.addAll(wanted);
    missing.removeAll(versions());
    missing.removeAll(leftOut);
    largest = loop.largestLoss();
    from = beside == null ? loop.outcomes.begin() : loop.outcomes.end();
    beside = champion;
  }

  /** Begins a return if one is due; false if none is. */
  private boolean decide(Version champion) {
    Optional<Reserve> best =
        standing.stream().filter(Reserve::returns).max(Comparator.comparingDouble(Reserve::ahead));
    if (best.isEmpty() || loop.deployment.rollbackPending()) {
      return false;
    }
    List<AliasChange> history = loop.deployment.store().history(loop.alias());
    if (history.isEmpty() || !history.get(history.size() - 1).to().equals(champion)) {
      return false; // the deployment follows in its next tick
    }
    AliasChange change = history.get(history.size() - 1);
    Reserve to = best.get();
    if (!PastChampions.of(history, champion, Integer.MAX_VALUE).contains(to.version())) {
      standing.remove(to); // somebody moved the alias to it and back since
      to.ready().close();
      return false;
    }
    String intent = Workshop.returnIntent();
    LoopEvent.Builder event = loop.steps
        .event(LoopEvent.Kind.RETURNING)
        .champion(champion)
        .candidate(to.version())
        .intent(intent)
        .position(from)
        .because(champion + " -> " + to);
    to.numbers().forEach(event::number);
    under = new Return(change, to, intent, event.build(), loop.deployment.evidence(), false);
    return true;
  }

  private void move(Return back) {
    Version version = back.to.version();
    if (!back.written) {
      loop.steps.write(back.event);
      back = new Return(back.from, back.to, back.intent, back.event, back.evidence, true);
      under = back;
    }
    Optional<AliasChange> known = loop.moveOf(back.intent); // by an earlier tick that was not told
    AliasChange change;
    if (known.isEmpty() && loop.deployment.rollbackPending()) {
      giveUp(back, "a rollback of the champion is under way");
      return;
    }
    try {
      change = known.isPresent()
          ? known.get()
          : loop.move(back.from, version, back.intent, back.event.text());
    } catch (AliasConflictException e) {
      giveUp(back, e.getMessage() == null ? "the alias moved on" : e.getMessage());
      return;
    } catch (VersionNotFoundException e) {
      leftOut.add(version);
      standing.remove(back.to);
      back.to.ready().close();
      giveUp(back, Warnings.shown(e));
      return;
    }
    LoopEvent.Builder event = loop.steps
        .event(LoopEvent.Kind.RETURNED)
        .champion(back.from.to())
        .candidate(version)
        .intent(back.intent)
        .position(from)
        .number("generation", (double) change.generation())
        .because(back.to + "; generation " + change.generation());
    back.to.numbers().forEach(event::number);
    loop.steps.write(event);
    under = null;
    made.add(back);
    loop.returned(back.evidence);
    if (Workshop.isPromotion(back.from)
        && back.from.from().filter(version::equals).isPresent()) {
      loop.alarms.takenBack(loop.outcomes.end());
    }
    // It takes the past champion over as it is; if it cannot follow now, it does in a later tick of
    // its own.
    loop.deployment.tick();
  }

  private void giveUp(Return back, String why) {
    loop.steps.write(loop.steps
        .event(LoopEvent.Kind.NOT_RETURNED)
        .champion(back.from.to())
        .candidate(back.to.version())
        .intent(back.intent)
        .because(why));
    under = null;
  }

  private void run() {
    long end = loop.outcomes.end();
    boolean loads = !missing.isEmpty() && !backOff.rests(JournalReplay.time(loop.clock.instant()));
    boolean scores = end > from && (!standing.isEmpty() || loop.dependence.isMeasured());
    if (!loads && !scores) {
      return;
    }
    Job next = new Job(end, !Signalled.watches(loop.deployment.evidence()).isEmpty());
    job = next;
    try {
      loop.execute(next::run);
    } catch (Throwable e) { // an executor of the host
      job = null;
      throw e;
    }
  }

  /** Closes what stands by, unless a job works on it, which closes it when it ends. */
  void close() {
    Job running = job;
    if (running == null || running.done || running.taken.compareAndSet(false, true)) {
      closeAll();
    }
  }

  private void closeAll() {
    standing.forEach(each -> each.ready().close());
  }

  // --- on the host's executor
  // ------------------------------------------------------------------------------

  private void load() {
    if (backOff.rests(JournalReplay.time(loop.clock.instant()))) {
      return;
    }
    while (!missing.isEmpty()) {
      Version version = missing.get(0);
      try {
        Prepared ready = loop.deployment.prepare(version);
        if (version.equals(first) && !version.equals(learnedFrom)) {
          ready.source().baseline().ifPresent(loop.dependence::tested);
          learnedFrom = version;
        }
        standing.add(new Reserve(ready, loop.returnMargin(), loop.dependence()));
      } catch (StoreException e) { // the store is away: tried again later
        throw e;
      } catch (Throwable e) { // a package that is damaged, or does not fit the rows any more
        leaveOut(version, e);
      }
      missing.remove(0);
    }
  }

  private void leaveOut(Version version, Throwable e) {
    leftOut.add(version);
    String why = "a past champion could not be loaded and is left out: " + Warnings.shown(e);
    loop.warnings.once("reserve " + version, why + " (" + version + ")", e);
    loop.steps.tell(loop.steps
        .event(LoopEvent.Kind.LEFT_OUT)
        .champion(requireNonNull(beside))
        .candidate(version)
        .because(why)
        .build());
  }

  /** Gives what one of them threw, which is loaded again: the others go on, and no row counts twice. */
  private @Nullable Throwable score(long end, boolean signalled) {
    String champion = Long.toString(requireNonNull(beside).number());
    List<Outcome> rows = loop.between(from, end).stream()
        .filter(row -> row.version().equals(champion))
        .toList();
    double[] theirs = rows.stream()
        .mapToDouble(row -> losses.of(row.prediction(), row.truth()))
        .toArray();
    if (largest.isEmpty()) { // no test phase tells: what the champion errs at first
      largest = Arrays.stream(theirs).filter(Double::isFinite).average().stream()
          .map(mean -> Workshop.LARGEST_ERRORS * mean)
          .filter(most -> most > 0 && Double.isFinite(most))
          .findFirst();
    }
    double one = largest.orElse(1.0);
    if (signalled) {
      loop.dependence.disturbed();
    }
    for (int i = 0; i < theirs.length; i++) {
      if (!signalled) {
        loop.dependence.quiet(theirs[i]);
      }
      theirs[i] = Math.min(theirs[i] / one, 1.0);
    }
    Throwable failed = null;
    for (Reserve each : List.copyOf(standing)) {
      try {
        each.score(rows, theirs, losses, one);
      } catch (Throwable e) { // such as one that the deployment took over and has closed since
        failed = e;
        standing.remove(each);
        missing.add(each.version());
        each.ready().close();
      }
    }
    from = end;
    return failed;
  }
}
