package dev.mlops.core.alert;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.alert.AlertSink;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.guard.Answers;
import dev.mlops.core.internal.log.Warnings;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates alert rules on evidence and delivers what changes to sinks, with the timing of Prometheus.
 *
 * <p>With now the time of the evidence: a FAIL makes a rule PENDING since now, and FIRING as soon as now − since ≥ {@code
 * holding}, at once if that is zero. A PASS ends a pending alert; while firing the first PASS starts a clock, the alert
 * resolves at a PASS with now − first PASS ≥ {@code keepFiring}, and any other answer stops that clock. INCONCLUSIVE ends a
 * pending alert and leaves a firing one firing, unless the rule chooses otherwise. A condition that throws or answers null is
 * INCONCLUSIVE, and logged once per cause. When time runs backwards, a clock that stands in the future starts again.
 *
 * <p><b>What is told</b>: a change of state makes one {@link AlertEvent}: PENDING, FIRING or RESOLVED, the state after the
 * evaluation. A {@link #silence}, an {@linkplain Setup#inhibiting inhibition} and the {@linkplain Setup#stormLimit storm limit}
 * hold PENDING and FIRING back: nothing is lost, it is told once the reason is gone and the alert still stands. That an alert is
 * over is told, without groups at once, to those who were told of it, and to nobody else. {@linkplain Setup#groupedBy Groups} are told together,
 * {@linkplain Setup#reminding reminders} repeat what nobody has {@linkplain #acknowledge acknowledged}. {@linkplain
 * Setup#observedBy Observers} hear of every change at once, whatever is held back.
 *
 * <p>Each sink has a queue of its own and gets one notice at a time, in order, on the host's executor; at most {@link
 * Setup#queueing(int)} events wait per sink, and those that do not fit are dropped and counted. A sink that throws or blocks
 * reaches neither the evaluation nor another sink, as long as the executor has another thread; an executor that refuses is
 * asked again by the next evaluation. What a sink could not send (an {@link java.io.IOException}) is sent again after 1 s, 2 s,
 * 4 s and so on of the evidence's time.
 *
 * <p><b>After a restart</b> an engine that is {@linkplain Setup#keptIn kept} in a file goes on where it stood: clocks, what was
 * told, silences, acknowledgements. A notice that had perhaps not arrived is told again, under the same key. {@link #silence} and
 * {@link #acknowledge} return once the file holds what they say, or throw and change nothing. An evaluation that cannot write goes
 * on in memory, and the next one tries again.
 *
 * <p>{@link #evaluate} never throws, and returns at once if another thread is at it. The memory is one state per rule and
 * the queues.
 *
 * <p>Thread-safe.
 *
 * @see <a href="https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/">Prometheus, alerting rules</a>
 * @since 0.1
 */
public final class AlertEngine implements EvidenceReader {
  /** The name under which an engine tells that its storm limit holds alerts back. */
  public static final String HELD = "alerts.held";

  /** The name under which an engine tells that events were dropped or given up. */
  public static final String LOST = "alerts.lost";

  private static final int MOST_SILENCES = 1_000;

  private final Setup setup;
  private final List<Standing> standings;
  private final List<Outlet> outlets;
  private final List<Outlet> observers;
  private final Notifier notifier;
  private final @Nullable StateFile file;
  private final Set<Watch> watches;
  private final Set<Metric> metrics;
  private final Set<String> segmentations;
  private final Set<Expression> expressions;
  private final Warnings warnings = Warnings.of(AlertEngine.class);
  private final ReentrantLock evaluating = new ReentrantLock();
  private volatile Map<String, State> states = Map.of();
  private volatile List<Silence> silences = List.of();
  private final AtomicLong unkept = new AtomicLong();

  /** Guarded by the lock, as is all below. */
  private long silencesMade;

  private boolean changed;
  private Instant newest = Instant.EPOCH;

  private AlertEngine(Setup setup, Executor executor, StateFile.Disk disk) {
    this.setup = setup;
    List<Standing> perRule = new ArrayList<>();
    for (AlertRule rule : setup.rules) {
      perRule.add(new Standing(rule));
    }
    EvidenceReader reads = EvidenceReader.all(setup.rules);
    this.standings = List.copyOf(perRule);
    this.watches = reads.watches();
    this.metrics = reads.metrics();
    this.segmentations = reads.segmentations();
    this.expressions = reads.expressions();
    this.outlets = outlets(setup.sinks, executor);
    this.observers = outlets(setup.observers, executor);
    this.notifier = new Notifier(setup, outlets);
    this.file = setup.file == null ? null : new StateFile(setup.file, disk);
    if (file != null) {
      restore(file);
    }
  }

  private List<Outlet> outlets(List<AlertSink> sinks, Executor executor) {
    return sinks.stream()
        .map(sink -> new Outlet(
            sink, executor, setup.capacity, setup.attempts, Warnings.of(AlertEngine.class)))
        .toList();
  }

  /**
   * {@return the beginning of an engine}
   *
   * @param rules at least one, no two with the same name
   * @throws IllegalArgumentException if there is none, a name occurs twice, or one is {@link #HELD} or {@link #LOST}
   */
  public static Setup of(AlertRule... rules) {
    return of(List.of(rules));
  }

  /**
   * {@return the beginning of an engine}
   *
   * @param rules at least one, no two with the same name
   * @throws IllegalArgumentException if there is none, a name occurs twice, or one is {@link #HELD} or {@link #LOST}
   */
  public static Setup of(Collection<AlertRule> rules) {
    return new Setup(List.copyOf(rules));
  }

  // ---- evaluation

  /**
   * Evaluates every rule and queues what changed. Never throws; returns at once if another thread is at it.
   *
   * @param evidence what is known; its time is now
   */
  public void evaluate(Evidence evidence) {
    if (evaluating.isHeldByCurrentThread() || !evaluating.tryLock()) {
      return;
    }
    try {
      evaluateRules(requireNonNull(evidence, "evidence"));
    } catch (Throwable thrown) {
      warnings.once("evaluate " + thrown.getClass(), "the alert rules were not evaluated", thrown);
    } finally {
      evaluating.unlock();
    }
    outlets.forEach(Outlet::start);
    observers.forEach(Outlet::start);
    if (file != null && evaluating.tryLock()) {
      try {
        keep(); // what has arrived meanwhile
      } finally {
        evaluating.unlock();
      }
    }
  }

  private void evaluateRules(Evidence evidence) {
    Instant now = evidence.at();
    newest = now;
    forgetSilences(now);
    Map<String, State> stand = new LinkedHashMap<>();
    Map<Standing, Finding> found = new LinkedHashMap<>();
    for (Standing standing : standings) {
      State before = standing.state;
      Finding finding = ask(standing, evidence);
      changed |= standing.take(now, finding.verdict());
      tellIfNotWatched(standing.rule, evidence);
      found.put(standing, finding);
      if (standing.state != null) {
        stand.put(standing.rule.name(), standing.state);
      }
      if (standing.state != before && !observers.isEmpty()) {
        observed(notifier.event(standing, AlertEvent.Kind.CHANGE, finding, evidence));
      }
    }
    states = Collections.unmodifiableMap(stand);
    List<Notice> notices = notifier.notices(found, silences, evidence, dropped() + failures());
    changed |= notifier.changed();
    // What is about to be told is kept first: a crash after that tells it again, not never.
    keep();
    for (Notice notice : notices) {
      notice.sharedBy(outlets.size());
      outlets.forEach(outlet -> outlet.add(notice));
    }
    List<AlertEvent> firing = notifier.firing(standings);
    outlets.forEach(outlet -> outlet.evaluated(now, firing));
  }

  private void observed(AlertEvent event) {
    Notice notice = new Notice();
    notice.add(event, () -> {});
    notice.sharedBy(observers.size());
    observers.forEach(outlet -> outlet.add(notice));
  }

  /** A rule whose watch the monitor does not know never fires. */
  private void tellIfNotWatched(AlertRule rule, Evidence evidence) {
    evidence.champion().ifPresent(champion -> {
      Set<Watch> watches = Answers.or(rule::watches, (how, thrown) -> {}, how -> Set.of());
      for (Watch watch : watches) {
        if (champion.drift(watch).isEmpty()) {
          warnings.once(
              rule.name() + " not watched",
              "alert rule " + rule.name() + " can never fire: the monitor of " + evidence.model()
                  + " does not watch \"" + watch
                  + "\"; give the rule or its engine to MonitorFactory.watching",
              null);
        }
      }
    });
  }

  private Finding ask(Standing standing, Evidence evidence) {
    AlertRule rule = standing.rule;
    return Answers.of(
        "the condition",
        () -> rule.test(evidence, standing.state == State.FIRING),
        (how, thrown) -> warnings.once(
            rule.name() + " " + how,
            "the condition of alert rule " + rule.name() + " " + how
                + "; taken as INCONCLUSIVE, and not said again",
            thrown));
  }

  // ---- people

  /**
   * Keeps some alerts silent until a time: that they begin to fire is not told before, and if they still fire then, it is told
   * then. That one is over which was told earlier is told at any time.
   *
   * @param rules name of a rule, in which {@code *} stands for any text
   * @param until by the evidence's time
   * @param by who asks for it, not blank
   * @param because why, not blank
   * @return the silence, which is in the file of the engine if it has one
   * @throws IllegalArgumentException if a text is not allowed
   * @throws IllegalStateException if there are 1,000 silences already
   * @throws StoreException if it could not be kept; then there is no silence
   */
  public Silence silence(String rules, Instant until, String by, String because) {
    evaluating.lock();
    try {
      Silence silence = new Silence("s" + (silencesMade + 1), rules, until, by, because);
      if (silences.size() >= MOST_SILENCES) {
        throw new IllegalStateException("an alert engine keeps at most " + MOST_SILENCES
            + " silences, and has as many; end one first. Nothing was changed");
      }
      List<Silence> before = silences;
      List<Silence> more = new ArrayList<>(before);
      more.add(silence);
      silencesMade++;
      silences = List.copyOf(more);
      keepOr(() -> {
        silences = before;
        silencesMade--;
      });
      return silence;
    } finally {
      evaluating.unlock();
    }
  }

  /**
   * Ends a silence before its time.
   *
   * @param id of the silence
   * @return whether there was such a silence
   * @throws StoreException if it could not be kept; then the silence goes on
   */
  public boolean endSilence(String id) {
    evaluating.lock();
    try {
      List<Silence> before = silences;
      List<Silence> rest = before.stream().filter(each -> !each.id().equals(id)).toList();
      if (rest.size() == before.size()) {
        return false;
      }
      silences = rest;
      keepOr(() -> silences = before);
      return true;
    } finally {
      evaluating.unlock();
    }
  }

  /** {@return the silences that have not ended, the oldest first; a snapshot} */
  public List<Silence> silences() {
    return silences;
  }

  private void forgetSilences(Instant now) {
    if (silences.stream().anyMatch(each -> !now.isBefore(each.until()))) {
      silences = silences.stream().filter(each -> now.isBefore(each.until())).toList();
      changed = true;
    }
  }

  /**
   * Takes on an alert that fires: no reminder of it is told until it has resolved, and the sinks hear who has taken it on.
   *
   * @param rule name of the rule
   * @param by who takes it on, not blank
   * @param note what that person has to say about it; possibly empty
   * @return whether it fires; if not, nothing happens
   * @throws IllegalArgumentException if no rule has the name, or a text is not allowed
   * @throws StoreException if it could not be kept; then it is not acknowledged
   */
  public boolean acknowledge(String rule, String by, String note) {
    Silence.requireSaid("by", by);
    if (note.length() > 1_000) {
      throw new IllegalArgumentException(
          "note must have at most 1000 characters, but had " + note.length());
    }
    boolean told = false;
    evaluating.lock();
    try {
      Standing standing = standings.stream()
          .filter(each -> each.rule.name().equals(rule))
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException("the rules are "
              + standings.stream().map(each -> each.rule.name()).toList() + ", and none is \""
              + MlopsException.shown(rule) + "\""));
      if (standing.state != State.FIRING) {
        return false;
      }
      String before = standing.acknowledgedBy;
      String noteBefore = standing.note;
      standing.acknowledgedBy = by;
      standing.note = note;
      keepOr(() -> {
        standing.acknowledgedBy = before;
        standing.note = noteBefore;
      });
      AlertEvent last = standing.newest;
      if (last != null && standing.told == State.FIRING) {
        Notice notice = new Notice();
        notice.add(notifier.acknowledged(standing, last, newest), () -> {});
        notice.sharedBy(outlets.size());
        outlets.forEach(outlet -> outlet.add(notice));
        told = true;
      }
    } finally {
      evaluating.unlock();
    }
    if (told) {
      outlets.forEach(Outlet::start);
    }
    return true;
  }

  /** {@return who has taken on which alert that fires, by the name of the rule; a snapshot} */
  public Map<String, String> acknowledged() {
    evaluating.lock();
    try {
      Map<String, String> all = new LinkedHashMap<>();
      for (Standing standing : standings) {
        if (standing.acknowledgedBy != null) {
          all.put(standing.rule.name(), standing.acknowledgedBy);
        }
      }
      return Collections.unmodifiableMap(all);
    } finally {
      evaluating.unlock();
    }
  }

  // ---- what is kept

  private void restore(StateFile from) {
    from.read().ifPresent(kept -> {
      try {
        EngineState state = EngineState.of(kept);
        for (Standing standing : standings) {
          state.restore(standing);
        }
        silences = state.silences();
        silencesMade = state.silencesMade();
        notifier.restore(state);
      } catch (RuntimeException e) {
        throw from.damaged(e);
      }
    });
  }

  private void write() {
    if (file != null) {
      file.write(EngineState.json(standings, notifier, silences, silencesMade));
    }
    changed = false;
  }

  /** After an evaluation: what cannot be written now is written by a later one. */
  private void keep() {
    if (!changed && !notifier.arrivals()) {
      return;
    }
    try {
      write();
    } catch (Throwable e) {
      changed = true;
      unkept.incrementAndGet();
      warnings.once(
          "state " + e.getClass().getName(),
          "an alert engine could not keep its state (" + Warnings.shown(e)
              + "); it goes on in memory, the next evaluation tries again",
          e);
    }
  }

  private void keepOr(Runnable undo) {
    try {
      write();
    } catch (Throwable e) {
      undo.run();
      changed = true; // the file may hold it; the next evaluation writes what is so
      throw e;
    }
  }

  // ---- numbers

  /** {@return where each rule stands that is PENDING or FIRING, in the order of the rules; a snapshot} */
  public Map<String, State> states() {
    return states;
  }

  /** {@return how many events were dropped because a sink's queue was full, over all sinks} */
  public long dropped() {
    return sum(outlets, Outlet::dropped) + sum(observers, Outlet::dropped);
  }

  /**
   * {@return how many deliveries failed: the sink threw, each attempt counted once and what was given up once for each event, or the executor
   * refused; over all sinks}
   */
  public long failures() {
    return sum(outlets, Outlet::failures) + sum(observers, Outlet::failures);
  }

  /** {@return how often an evaluation could not write the engine's file} */
  public long unkept() {
    return unkept.get();
  }

  private static long sum(List<Outlet> outlets, ToLongFunction<Outlet> count) {
    return outlets.stream().mapToLong(count).sum();
  }

  @Override
  public Set<Watch> watches() {
    return watches;
  }

  @Override
  public Set<Metric> metrics() {
    return metrics;
  }

  @Override
  public Set<String> segmentations() {
    return segmentations;
  }

  @Override
  public Set<Expression> expressions() {
    return expressions;
  }

  /** {@return such as {@code 2 alert rules, {fraud.worse=FIRING}, 0 events dropped, 0 deliveries failed}} */
  @Override
  public String toString() {
    return standings.size() + " alert rules, " + states + ", " + dropped() + " events dropped, "
        + failures() + " deliveries failed";
  }

  /**
   * Rules and sinks that still lack an executor.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Setup {
    private static final int CAPACITY = 1_000;
    private static final int ATTEMPTS = 10;

    final List<AlertRule> rules;
    private List<AlertSink> sinks = List.of();
    private List<AlertSink> observers = List.of();
    private int capacity = CAPACITY;
    private int attempts = ATTEMPTS;
    private @Nullable Path file;
    List<Inhibition> inhibitions = List.of();
    List<String> groupLabels = List.of();
    boolean grouped;
    Duration groupWait = Duration.ZERO;
    Duration groupInterval = Duration.ZERO;
    Duration reminder = Duration.ZERO;
    int stormEvents;
    Duration stormTime = Duration.ZERO;
    boolean tellingLosses;

    @Nullable
    Supplier<String> doing;

    /** Which rules keep which others silent while they fire. */
    record Inhibition(String source, String target) {}

    private Setup(List<AlertRule> rules) {
      this.rules = rules;
      Set<String> names = new HashSet<>(List.of(HELD, LOST));
      for (AlertRule rule : rules) {
        if (!names.add(rule.name())) {
          throw new IllegalArgumentException(
              rule.name().equals(HELD) || rule.name().equals(LOST)
                  ? "an alert rule must not be named " + HELD + " or " + LOST
                      + ", by which an engine tells of itself"
                  : "an alert rule must have a name of its own, but two are named " + rule.name());
        }
      }
      if (rules.isEmpty()) {
        throw new IllegalArgumentException("an alert engine must have a rule, but had none");
      }
    }

    private Setup copy() {
      Setup copy = new Setup(rules);
      copy.sinks = sinks;
      copy.observers = observers;
      copy.capacity = capacity;
      copy.attempts = attempts;
      copy.file = file;
      copy.inhibitions = inhibitions;
      copy.groupLabels = groupLabels;
      copy.grouped = grouped;
      copy.groupWait = groupWait;
      copy.groupInterval = groupInterval;
      copy.reminder = reminder;
      copy.stormEvents = stormEvents;
      copy.stormTime = stormTime;
      copy.tellingLosses = tellingLosses;
      copy.doing = doing;
      return copy;
    }

    /**
     * {@return the same with one more sink}
     *
     * @param sink is told what people are to be told
     */
    public Setup to(AlertSink sink) {
      Setup copy = copy();
      copy.sinks = with(sinks, sink);
      return copy;
    }

    /**
     * {@return the same with one more observer, such as the one of {@code ModelMeters}}
     *
     * @param sink hears of every change of state at once, whatever is silenced, inhibited, grouped or held back, and of nothing else
     */
    public Setup observedBy(AlertSink sink) {
      Setup copy = copy();
      copy.observers = with(observers, sink);
      return copy;
    }

    private static List<AlertSink> with(List<AlertSink> some, AlertSink sink) {
      List<AlertSink> more = new ArrayList<>(some);
      more.add(requireNonNull(sink, "sink"));
      return List.copyOf(more);
    }

    /**
     * {@return the same with another bound of each sink's queue}
     *
     * @param events how many wait at most per sink; at least 1; 1,000 by default
     * @throws IllegalArgumentException if it is below 1
     */
    public Setup queueing(int events) {
      Setup copy = copy();
      copy.capacity = atLeastOne("events", events);
      return copy;
    }

    /**
     * {@return the same with another number of attempts to send what did not arrive}
     *
     * @param attempts at least 1; 10 by default, which is about 8 min of the evidence's time
     * @throws IllegalArgumentException if it is below 1
     */
    public Setup attempting(int attempts) {
      Setup copy = copy();
      copy.attempts = atLeastOne("attempts", attempts);
      return copy;
    }

    private static int atLeastOne(String what, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(what + " must be >= 1, but was " + value);
      }
      return value;
    }

    /**
     * {@return the same that keeps its state in a file, and goes on from there after a restart}
     *
     * <p>One engine for each file. Counting of {@link AlertRule#failing} begins anew.
     *
     * @param file in a folder that exists; made when there is something to keep. Beside it there is for moments a file with {@code
     *     .new} after its name
     */
    public Setup keptIn(Path file) {
      Setup copy = copy();
      copy.file = requireNonNull(file, "file");
      return copy;
    }

    /**
     * {@return the same in which some alerts keep others silent while they fire}
     *
     * <p>An alert that matches both sides is not kept silent by another one that does.
     *
     * @param source name of rules that keep others silent, such as {@code serving.down}; {@code *} stands for any text
     * @param target name of rules that are kept silent, such as {@code quality.*}
     * @throws IllegalArgumentException if a name is not allowed, or alerts would keep each other silent in a loop: nobody would be
     *     told of any of them
     */
    public Setup inhibiting(String source, String target) {
      Setup copy = copy();
      List<Inhibition> more = new ArrayList<>(inhibitions);
      more.add(new Inhibition(Names.require("source", source), Names.require("target", target)));
      copy.inhibitions = List.copyOf(more);
      List<String> loop = InhibitionLoop.of(rules, more);
      if (!loop.isEmpty()) {
        throw new IllegalArgumentException("alerts must not keep each other silent, but with "
            + source
            + " keeping " + target + " silent each of these keeps the next one silent, and the last"
            + " one the first: " + MlopsException.shown(String.join(", ", loop))
            + "; nobody would be told of any of them");
      }
      return copy;
    }

    /**
     * {@return the same that tells alerts with equal labels together}
     *
     * <p>That an alert fires or is over waits for others of its group; what resolves in the meantime is not told at all. PENDING does not
     * wait.
     *
     * @param wait how long the first of a group waits; not negative; Alertmanager has 30 s
     * @param interval how long after a notice of the group the next one is told at the earliest; not negative; Alertmanager has
     *     5 min
     * @param labels by which alerts are grouped, such as {@code owner}; none puts all of them into one group
     * @throws IllegalArgumentException if a time is negative
     */
    public Setup groupedBy(Duration wait, Duration interval, String... labels) {
      Setup copy = copy();
      copy.grouped = true;
      copy.groupWait = notNegative("wait", wait);
      copy.groupInterval = notNegative("interval", interval);
      copy.groupLabels = List.of(labels);
      return copy;
    }

    /**
     * {@return the same that tells an alert again which still fires and which nobody has acknowledged}
     *
     * @param every how long after it was told; longer than zero; Alertmanager has 4 h; never by default
     * @throws IllegalArgumentException if it is not longer than zero
     */
    public Setup reminding(Duration every) {
      Setup copy = copy();
      copy.reminder = longerThanZero("every", every);
      return copy;
    }

    /**
     * {@return the same that tells at most a number of times within a period that an alert fires}
     *
     * <p>What is beyond that waits until the limit allows it. {@link #HELD} tells at once that alerts wait, how many and which.
     *
     * @param events how many, reminders among them; 1 to 1,000
     * @param in how long; longer than zero
     * @throws IllegalArgumentException if one is out of range
     */
    public Setup stormLimit(int events, Duration in) {
      if (events < 1 || events > 1_000) {
        throw new IllegalArgumentException("events must be 1 to 1000, but was " + events);
      }
      Setup copy = copy();
      copy.stormEvents = events;
      copy.stormTime = longerThanZero("in", in);
      return copy;
    }

    /**
     * {@return the same that tells by an alert of its own, {@link #LOST}, that an event was dropped or a delivery failed}
     *
     * <p>It fires until an hour has passed without another. A sink that is down cannot be told so itself: have two.
     */
    public Setup tellingLosses() {
      Setup copy = copy();
      copy.tellingLosses = true;
      return copy;
    }

    /**
     * {@return the same whose events say what is being done}
     *
     * @param doing asked for each event, such as {@code loop::toString}; where it throws or answers null, the event says that it is not
     *     known
     */
    public Setup doing(Supplier<String> doing) {
      Setup copy = copy();
      copy.doing = requireNonNull(doing, "doing");
      return copy;
    }

    private static Duration notNegative(String what, Duration time) {
      if (time.isNegative()) {
        throw new IllegalArgumentException(
            what + " must not be negative, but was " + MlopsException.shown(time));
      }
      return time;
    }

    private static Duration longerThanZero(String what, Duration time) {
      if (time.isNegative() || time.isZero()) {
        throw new IllegalArgumentException(
            what + " must be longer than zero, but was " + MlopsException.shown(time));
      }
      return time;
    }

    /**
     * {@return the engine}
     *
     * @param executor runs the sinks; the engine starts no thread
     * @throws IllegalStateException if neither a sink nor an observer was named
     * @throws StoreException if the file that it is kept in is damaged or cannot be read
     */
    public AlertEngine on(Executor executor) {
      return on(executor, StateFile.Disk.SYSTEM);
    }

    AlertEngine on(Executor executor, StateFile.Disk disk) {
      if (sinks.isEmpty() && observers.isEmpty()) {
        throw new IllegalStateException(
            "an alert engine must have a sink, but had none; name one with to(sink)");
      }
      return new AlertEngine(this, requireNonNull(executor, "executor"), disk);
    }

    @Override
    public String toString() {
      return rules + " to " + sinks.size() + " sinks";
    }
  }
}
