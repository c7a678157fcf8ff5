package dev.mlops.core.incident;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.internal.log.EventLog;
import dev.mlops.core.internal.log.FaultStatus;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.monitor.ModelMeters;
import dev.mlops.drift.slice.Slice;
import dev.mlops.drift.slice.SliceFinder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Finds predictions that turned out unusually wrong, and keeps them in a file until people have dealt with them.
 *
 * <pre>{@code
 * IncidentLog incidents = IncidentLog.config(store, "fraud")
 *     .unusual(0.1)
 *     .column("iban", ColumnPolicy.hash(secret))
 *     .column("country", ColumnPolicy.keep())
 *     .open(Path.of("incidents.log"));
 * ...
 * fraud.tick();
 * incidents.look(fraud.monitor().outcomes()); // where the host ticks, never in a request
 * }</pre>
 *
 * <p><b>What it takes</b> is for its {@link IncidentConfig} to say: {@link IncidentConfig#unusual} losses, with a bound on the share of false
 * discoveries; {@link IncidentConfig#confident} errors; errors {@link IncidentConfig#outside} of what the test phase saw; and {@link IncidentConfig#when}
 * the host says so. A prediction is judged once, when its truth has matured: a truth that is corrected later makes no incident and
 * unmakes none.
 *
 * <p><b>What it writes</b> of a row is for the policies of its columns to say. Without one, numbers are kept and categories are
 * dropped. Labels, quantities, truths and arms are written as they are; segments only where the config keeps them.
 *
 * <p><b>What a crash leaves.</b> An incident, and a step that a method returned from, is on the device. After a restart {@link #look}
 * goes on where the log ends: with a ledger that is kept on disk no incident is written twice and none is left out. The outcomes
 * that the ledger forgot before they were looked at are counted in {@link Status#missed()}.
 *
 * <p><b>Bounds.</b> The newest incidents are in memory, older ones are read from the file. A look takes at most 10,000 outcomes;
 * of 1,000 outcomes, at most 100 become incidents; the file has a limit. What goes beyond is counted in {@link Status#leftOut()}.
 *
 * <p>Thread-safe. One writer of a file at a time, on the machine.
 *
 * @since 0.1
 */
@Beta
public final class IncidentLog implements AutoCloseable {
  /** Outcomes that are judged together. */
  static final int WINDOW = 1_000;

  /** Incidents of one window, at most. */
  static final int MOST_PER_WINDOW = 100;

  private static final int MOST_PER_LOOK = 10_000;
  private static final int BATCH = 64;
  private static final int MOST_BYTES_PER_WRITE = 1 << 20;
  private static final int FRAME = 32;

  /** Outcomes that clusters are made of, at most; the newest. */
  static final int MOST_CLUSTERED = 100_000;

  /** Examples for a gate, at most; the newest. */
  private static final int MOST_EXAMPLES = 1_000;

  private final IncidentConfig config;
  private final String name;
  private final EventLog log;
  private final Judge judge;
  private final Redaction redaction;
  private final Warnings warnings = Warnings.of(IncidentLog.class);
  private final FaultStatus faults =
      FaultStatus.of(IncidentLog.class, "serving is not concerned, the next look tries again");
  private final String environment = Environment.here().toString();

  // --- of the thread that looks
  private final ReentrantLock looking = new ReentrantLock();
  private final List<Incident.Facts> pending = new ArrayList<>();
  /** Positions that have an incident, from the beginning of the window on. */
  private final Set<Long> taken = new HashSet<>();

  private final List<Schema> columns;
  private final List<Suspect> suspects = new ArrayList<>();
  private long next = -1;
  private long resume;
  private final AtomicLong looks = new AtomicLong();
  private int inWindow;
  private int judged;
  private int takenInWindow;
  /** The progress that the next write tells; -1 for none. */
  private long progress = -1;

  private boolean foundSinceProgress;

  // --- guarded by this
  private final Map<Long, Incident> newest = new LinkedHashMap<>();
  private final Deque<Long> order = new ArrayDeque<>();
  private long nextNumber;
  private long open;
  private long bytes;
  private long found;
  private long missed;
  private long unjudged;
  private long leftOut;
  private boolean closed;

  /** An outcome whose loss is small enough to be selected. */
  private record Suspect(Outcome outcome, double loss, double pValue) {}

  /** Ends a visit of outcomes. */
  private static final class Stop extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Stop() {
      super("stop", null, false, false);
    }
  }

  IncidentLog(IncidentConfig config, Path file, Function<Path, EventLog> opener) {
    this.config = config;
    this.name = String.valueOf(file.getFileName());
    this.judge = new Judge(config, warnings);
    this.redaction = new Redaction(config.columns, config.otherwise);
    this.log = opener.apply(file);
    try {
      Replayed replayed = new Replayed(config.keeping);
      IncidentRecords.Decoder decoder = new IncidentRecords.Decoder(name, replayed);
      log.read(decoder::take);
      columns = decoder.schemas();
      resume = replayed.resume();
      taken.addAll(replayed.positions());
      foundSinceProgress = !taken.isEmpty();
      nextNumber = replayed.last() + 1;
      open = replayed.open();
      replayed.newest().forEach(this::remember);
      bytes = Files.size(file);
      if (log.tail().ignored() > 0) {
        warnings.once(
            "torn",
            "incident log " + name + " had a torn end, " + log.tail()
                + ": incidents whose write was interrupted; the next look finds them again",
            null);
      }
    } catch (IOException e) {
      try (log) {
        throw new StoreException(
            "incident log " + name + " could not be opened: its size is not known", e);
      }
    } catch (Throwable e) {
      try (log) {
        throw e;
      }
    }
  }

  /**
   * {@return a configuration that takes nothing yet}
   *
   * @param store that holds the versions that predict; not closed by the log
   * @param model their name in it, such as {@code fraud}
   */
  public static IncidentConfig config(VersionStore store, String model) {
    return new IncidentConfig(store, model);
  }

  // ---- looking

  /**
   * Looks at the outcomes that have matured since it looked last; to be called where the host ticks.
   *
   * <p>Never throws. If incidents cannot be written, they wait, no further outcome is looked at, and {@link #status()} says why.
   * While another thread looks, it returns at once; after {@link #close()} it does nothing.
   *
   * @param outcomes of the monitor, such as {@code deployment.monitor().outcomes()}; the same each time
   */
  public void look(Outcomes outcomes) {
    if (!looking.tryLock()) {
      return;
    }
    try {
      synchronized (this) {
        if (closed) {
          return;
        }
      }
      lookAt(outcomes);
    } catch (Stop stopped) {
      // what it met is in faults
    } catch (RuntimeException | LinkageError | StackOverflowError e) {
      faults.met("look at outcomes", e);
    } finally {
      looking.unlock();
    }
  }

  private void lookAt(Outcomes outcomes) {
    flush();
    long begin = outcomes.begin();
    long end = outcomes.end();
    if (next < 0 || next > end) { // the first look, or the ledger of another life
      next = resume >= begin && resume <= end ? resume : begin;
      progress = next;
      beginWindow();
    }
    if (next < begin) {
      add(begin - next, 0, 0);
      next = begin;
    }
    long to = Math.min(end, next + MOST_PER_LOOK);
    outcomes.visit(next, to, this::examine);
    next = to;
    flush();
    faults.over();
  }

  /** Looks at one outcome; only the thread that looks calls it. */
  void examine(Outcome outcome) {
    Judge.Known known;
    try {
      known = judge.known(outcome.version());
    } catch (StoreException e) {
      faults.met("read version " + outcome.version(), e);
      throw new Stop();
    }
    next = outcome.position() + 1;
    looks.incrementAndGet();
    try {
      judge(outcome, known);
    } catch (RuntimeException | LinkageError | StackOverflowError e) { // a row that throws
      warnings.once(
          "outcome" + e.getClass().getName(),
          "an outcome could not be looked at, it threw " + e.getClass().getName()
              + "; it is counted, the others go on",
          null);
      add(0, 1, 0);
    }
    if (++inWindow >= WINDOW) {
      closeWindow();
    }
    if (pending.size() >= BATCH) {
      flush();
    }
  }

  private void judge(Outcome outcome, Judge.Known known) {
    double loss = known.losses().loss(outcome.prediction(), outcome.truth());
    double pValue = known.losses().pValue(loss);
    boolean comparable = known.losses().n() > 0 && !Double.isNaN(loss);
    judge.rule(
        outcome,
        known,
        loss,
        pValue,
        (rule, because) -> take(outcome, loss, comparable ? pValue : Double.NaN, rule, because));
    if (config.level > 0) {
      if (comparable) {
        judged++;
        if (pValue <= config.level) {
          suspects.add(new Suspect(outcome, loss, pValue));
        }
      } else {
        add(0, 1, 0);
      }
    }
  }

  private void beginWindow() {
    suspects.clear();
    inWindow = 0;
    judged = 0;
    takenInWindow = 0;
  }

  /** Benjamini and Hochberg's procedure over the outcomes of the window. */
  private void closeWindow() {
    suspects.sort((a, b) -> Double.compare(a.pValue, b.pValue));
    int selected = 0;
    for (int i = 0; i < suspects.size(); i++) {
      if (suspects.get(i).pValue <= config.level * (i + 1) / judged) {
        selected = i + 1;
      }
    }
    for (Suspect suspect : suspects.subList(0, selected)) {
      take(suspect.outcome, suspect.loss, suspect.pValue, "unusual", Judge.unusual(suspect.pValue));
    }
    long end = next;
    taken.removeIf(position -> position < end);
    if (foundSinceProgress) {
      progress = end;
      foundSinceProgress = false;
    }
    beginWindow();
  }

  private void take(Outcome outcome, double loss, double pValue, String rule, String because) {
    if (!taken.add(outcome.position())) {
      return;
    }
    if (takenInWindow >= MOST_PER_WINDOW) {
      add(0, 0, 1);
      return;
    }
    takenInWindow++;
    foundSinceProgress = true;
    Redaction.Row redacted = redaction.of(outcome.row());
    pending.add(new Incident.Facts(
        0,
        outcome.position(),
        outcome.id(),
        outcome.version(),
        judge.known(outcome.version()).digest(),
        redacted.row(),
        redacted.treated(),
        IncidentRecords.isRecordable(outcome.prediction()) ? outcome.prediction() : null,
        outcome.truth(),
        outcome.arm().orElse(null),
        config.segments ? outcome.segment().orElse(null) : null,
        outcome.servedAt(),
        config.clock.instant(),
        rule,
        because,
        loss,
        pValue,
        environment));
  }

  private synchronized void add(long misses, long unjudgeable, long left) {
    missed += misses;
    unjudged += unjudgeable;
    leftOut += left;
  }

  /** Writes what waits; throws {@link Stop} if it cannot be written now. */
  private void flush() {
    while (!pending.isEmpty()) {
      long first;
      long room;
      synchronized (this) {
        first = nextNumber;
        room = config.largest - bytes;
      }
      List<byte[]> events = new ArrayList<>();
      List<Incident> incidents = new ArrayList<>();
      List<Schema> added = new ArrayList<>();
      int size = 0;
      for (Incident.Facts facts : pending) {
        Schema schema = facts.row().schema();
        int index = columns.indexOf(schema);
        if (index < 0 && added.indexOf(schema) >= 0) {
          index = columns.size() + added.indexOf(schema);
        }
        byte @Nullable [] told = null;
        if (index < 0) {
          index = columns.size() + added.size();
          told = IncidentRecords.columns(index, schema);
        }
        Incident incident = new Incident(numbered(facts, first + incidents.size()), List.of());
        byte[] record = IncidentRecords.incident(incident.facts(), index);
        int more = record.length + (told == null ? 0 : told.length);
        if (!incidents.isEmpty() && size + more > MOST_BYTES_PER_WRITE) {
          break;
        }
        if (told != null) {
          added.add(schema);
          events.add(told);
        }
        events.add(record);
        incidents.add(incident);
        size += more;
      }
      boolean last = incidents.size() == pending.size();
      if (last && progress >= 0) {
        events.add(IncidentRecords.progress(progress));
      }
      if (size > room || size > EventLog.LARGEST / 2) {
        leaveOut(size > room ? "is full" : "takes no row of " + size + " bytes", incidents.size());
        continue;
      }
      try {
        log.append(events);
      } catch (RuntimeException e) {
        faults.met("write " + incidents.size() + " incidents to " + name, e);
        throw new Stop();
      }
      if (last) {
        progress = -1;
      }
      columns.addAll(added);
      pending.subList(0, incidents.size()).clear();
      synchronized (this) {
        bytes += size + (long) FRAME * events.size();
        nextNumber += incidents.size();
        open += incidents.size();
        found += incidents.size();
        incidents.forEach(this::remember);
      }
    }
  }

  private void leaveOut(String why, int incidents) {
    pending.subList(0, incidents).clear();
    add(0, 0, incidents);
    warnings.once(
        "full", "incident log " + name + " " + why + "; incidents are left out and counted", null);
  }

  private static Incident.Facts numbered(Incident.Facts facts, long number) {
    return new Incident.Facts(
        number,
        facts.position(),
        facts.predictionId(),
        facts.version(),
        facts.digest(),
        facts.row(),
        facts.treated(),
        facts.prediction(),
        facts.truth(),
        facts.arm(),
        facts.segment(),
        facts.servedAt(),
        facts.foundAt(),
        facts.rule(),
        facts.because(),
        facts.loss(),
        facts.pValue(),
        facts.environment());
  }

  private synchronized void remember(Incident incident) {
    if (newest.put(incident.number(), incident) == null) {
      order.addLast(incident.number());
      if (order.size() > config.keeping) {
        newest.remove(order.removeFirst());
      }
    }
  }

  // ---- reading

  /** {@return the newest incidents, at most as many as the config keeps in memory, newest first} */
  public synchronized List<Incident> newest() {
    List<Incident> all = new ArrayList<>(newest.values());
    Collections.reverse(all);
    return Collections.unmodifiableList(all);
  }

  /** {@return the positions of the newest incidents among the outcomes of the ledger, such as a training replays} */
  public synchronized Set<Long> positions() {
    Set<Long> positions = new LinkedHashSet<>();
    newest.values().forEach(incident -> positions.add(incident.position()));
    return Collections.unmodifiableSet(positions);
  }

  /**
   * {@return the incident of a number; read from the file if it is not among the newest}
   *
   * @param number from 1
   * @throws IllegalStateException if the log is closed and the incident is not among the newest
   * @throws StoreException if the file could not be read
   */
  public Optional<Incident> find(long number) {
    synchronized (this) {
      Incident known = newest.get(number);
      if (known != null) {
        return Optional.of(known);
      }
    }
    return search(incident -> incident.number() == number, 1).stream().findFirst();
  }

  /**
   * {@return the newest incidents of the whole log that are searched for, newest first}
   *
   * <p>Reads the file twice. What is found, the steps of people apart, is all that it holds in memory.
   *
   * @param wanted whether an incident is; must not call this log. What it throws reaches the caller
   * @param most the most to give; at least 1
   * @throws IllegalArgumentException if it is less
   * @throws IllegalStateException if the log is closed
   * @throws StoreException if the file could not be read
   */
  public List<Incident> search(Predicate<? super Incident> wanted, int most) {
    if (most < 1) {
      throw new IllegalArgumentException("most must be >= 1, but was " + most);
    }
    Map<Long, List<Incident.Step>> steps = new HashMap<>();
    Deque<Incident> found = new ArrayDeque<>();
    read(new IncidentRecords.Reader() {
      @Override
      public void incident(Incident.Facts facts) {}

      @Override
      public void step(long number, Incident.Step step) {
        steps.computeIfAbsent(number, key -> new ArrayList<>()).add(step);
      }

      @Override
      public void progress(long position) {}
    });
    read(new IncidentRecords.Reader() {
      @Override
      public void incident(Incident.Facts facts) {
        Incident incident = new Incident(facts, steps.getOrDefault(facts.number(), List.of()));
        if (wanted.test(incident)) {
          found.addFirst(incident);
          if (found.size() > most) {
            found.removeLast();
          }
        }
      }

      @Override
      public void step(long number, Incident.Step step) {}

      @Override
      public void progress(long position) {}
    });
    return List.copyOf(found);
  }

  private void read(IncidentRecords.Reader reader) {
    IncidentRecords.Decoder decoder = new IncidentRecords.Decoder(name, reader);
    log.read(decoder::take);
  }

  /**
   * {@return what later versions must answer better: the incidents that people explained by {@link Incident.Cause#MODEL} or {@link
   * Incident.Cause#DRIFT}, as far as they are {@linkplain Incident#asGoldenExample() whole}; at most the newest 1,000}
   *
   * <p>For {@link dev.mlops.core.gate.Criteria#neverAgain}: {@code neverAgain(incidents::examples)}.
   *
   * @throws IllegalStateException if the log is closed
   * @throws StoreException if the file could not be read
   */
  public List<GoldenExample> examples() {
    List<GoldenExample> examples = new ArrayList<>();
    for (Incident incident : search(
        found -> found
            .cause()
            .filter(why -> why == Incident.Cause.MODEL || why == Incident.Cause.DRIFT)
            .isPresent(),
        MOST_EXAMPLES)) {
      incident.asGoldenExample().ifPresent(examples::add);
    }
    return List.copyOf(examples);
  }

  /**
   * Incidents that lie in one slice of the outcomes.
   *
   * <p>Immutable.
   *
   * @param slice of the outcomes; its error is the number of incidents
   * @param incidents that are in it, newest first
   * @since 0.1
   */
  @Beta
  public record Cluster(Slice slice, List<Incident> incidents) {
    /** Takes a copy of the incidents. */
    public Cluster {
      incidents = List.copyOf(incidents);
    }
  }

  /**
   * {@return where incidents crowd: the slices of the outcomes, by conditions on their columns, that have most of the newest
   * incidents for their size}
   *
   * <p>The rows are the outcomes' own: they are compared before any policy, and nothing is written. The newest {@value
   * #MOST_CLUSTERED} outcomes are read into memory, whatever a ledger holds on disk; incidents before them, and those whose outcome
   * is not kept any more, are in no cluster. What crowds need not be bad luck, and need not be more: see {@link
   * SliceFinder}.
   *
   * @param outcomes of the monitor
   * @param finder how slices are weighed
   */
  public List<Cluster> clusters(Outcomes outcomes, SliceFinder finder) {
    Map<Long, Incident> byPosition = new HashMap<>();
    newest().forEach(incident -> byPosition.put(incident.position(), incident));
    List<Row> rows = new ArrayList<>();
    List<@Nullable Incident> incidents = new ArrayList<>();
    long end = outcomes.end();
    long begin = Math.max(outcomes.begin(), end - MOST_CLUSTERED);
    outcomes.visit(begin, end, outcome -> {
      if (rows.isEmpty() || rows.get(0).schema().equals(outcome.row().schema())) {
        rows.add(outcome.row());
        incidents.add(byPosition.get(outcome.position()));
      }
    });
    double[] errors =
        incidents.stream().mapToDouble(incident -> incident == null ? 0 : 1).toArray();
    List<Cluster> clusters = new ArrayList<>();
    for (Slice slice : finder.find(rows, errors).slices()) {
      List<Incident> inside = new ArrayList<>();
      for (int i = rows.size() - 1; i >= 0; i--) {
        Incident incident = incidents.get(i);
        if (incident != null && slice.covers(rows.get(i))) {
          inside.add(incident);
        }
      }
      clusters.add(new Cluster(slice, inside));
    }
    return List.copyOf(clusters);
  }

  // ---- what people do

  /**
   * Says that somebody looks at an incident; it is on the device when this returns.
   *
   * @param number of the incident
   * @param by who
   * @param note possibly empty
   * @return the incident after it
   * @throws IllegalArgumentException if there is no such incident
   * @throws IllegalStateException if it is not {@link Incident.State#OPEN}, or the log is closed
   * @throws StoreException if it could not be written; nothing has changed
   */
  public Incident acknowledge(long number, String by, String note) {
    return step(number, Incident.State.ACKNOWLEDGED, null, by, note);
  }

  /**
   * Says why a prediction was wrong; it is on the device when this returns. May be said again: the newest word counts.
   *
   * @param number of the incident
   * @param cause why
   * @param by who
   * @param note possibly empty
   * @return the incident after it
   * @throws IllegalArgumentException if there is no such incident
   * @throws IllegalStateException if it is {@link Incident.State#RESOLVED}, or the log is closed
   * @throws StoreException if it could not be written; nothing has changed
   */
  public Incident explain(long number, Incident.Cause cause, String by, String note) {
    return step(number, Incident.State.EXPLAINED, requireNonNull(cause, "cause"), by, note);
  }

  /**
   * Says that nothing more is to be done; it is on the device when this returns.
   *
   * @param number of the incident
   * @param by who
   * @param note possibly empty
   * @return the incident after it
   * @throws IllegalArgumentException if there is no such incident
   * @throws IllegalStateException if it is {@link Incident.State#RESOLVED} already, or the log is closed
   * @throws StoreException if it could not be written; nothing has changed
   */
  public Incident resolve(long number, String by, String note) {
    return step(number, Incident.State.RESOLVED, null, by, note);
  }

  /**
   * Opens an incident again; it is on the device when this returns.
   *
   * @param number of the incident
   * @param by who
   * @param note possibly empty
   * @return the incident after it
   * @throws IllegalArgumentException if there is no such incident
   * @throws IllegalStateException if it is {@link Incident.State#OPEN}, or the log is closed
   * @throws StoreException if it could not be written; nothing has changed
   */
  public Incident reopen(long number, String by, String note) {
    return step(number, Incident.State.OPEN, null, by, note);
  }

  private synchronized Incident step(
      long number, Incident.State to, Incident.@Nullable Cause cause, String by, String note) {
    if (closed) {
      throw new IllegalStateException(
          "incident log " + name + " is closed; #" + number + " was not changed");
    }
    Incident incident = find(number)
        .orElseThrow(() -> new IllegalArgumentException(
            "no incident #" + number + " in " + name + "; the newest is #" + (nextNumber - 1)));
    Incident.State from = incident.state();
    boolean allowed = switch (to) {
      case OPEN -> from != Incident.State.OPEN;
      case ACKNOWLEDGED -> from == Incident.State.OPEN;
      case EXPLAINED, RESOLVED -> from != Incident.State.RESOLVED;
    };
    if (!allowed) {
      throw new IllegalStateException(
          "incident #" + number + " is " + from + " and cannot become " + to
              + "; it was not changed"
              + (from == Incident.State.RESOLVED ? ", reopen it first" : ""));
    }
    Incident.Step step =
        new Incident.Step(to, Optional.ofNullable(cause), by, note, config.clock.instant());
    byte[] event = IncidentRecords.step(number, step);
    log.append(event);
    bytes += event.length + FRAME;
    open += (to == Incident.State.OPEN ? 1 : 0) - (from == Incident.State.OPEN ? 1 : 0);
    Incident after = incident.with(step);
    newest.computeIfPresent(number, (key, known) -> after);
    return after;
  }

  // ---- what rules may ask

  /**
   * How a log is doing.
   *
   * <p>Immutable.
   *
   * @param looked outcomes that were looked at since it was opened
   * @param found incidents that were written since it was opened
   * @param open incidents of the whole log that nobody has acknowledged
   * @param unjudged outcomes whose loss could not be compared: their version has no test losses, or the prediction no loss
   * @param missed outcomes that the ledger forgot before they were looked at
   * @param leftOut incidents beyond the bounds of the log
   * @param fault what does not work now, if something does not
   * @since 0.1
   */
  @Beta
  public record Status(
      long looked,
      long found,
      long open,
      long unjudged,
      long missed,
      long leftOut,
      Optional<String> fault) {}

  /** {@return how it is doing} */
  public synchronized Status status() {
    return new Status(
        looks.get(), found, open, unjudged, missed, leftOut, Optional.ofNullable(faults.now()));
  }

  /**
   * Shows as meters how the log is doing, from now on.
   *
   * @param meters of the model; they go with it
   */
  public void shownBy(ModelMeters meters) {
    meters.incidents(() -> status().open(), () -> status().found(), () -> {
      Status now = status();
      return now.leftOut() + now.missed();
    });
  }

  /**
   * {@return the condition that few incidents wait for somebody, to make incidents an alert: {@code
   * AlertRule.of("fraud.incidents", incidents.openAtMost(0))}}
   *
   * <p>FAIL while more are {@link Incident.State#OPEN}. INCONCLUSIVE while the log cannot be written, unless too many are open
   * already. It reads this log, not the evidence, and is not exportable.
   *
   * @param most at least 0
   * @throws IllegalArgumentException if it is negative
   */
  public Condition openAtMost(int most) {
    if (most < 0) {
      throw new IllegalArgumentException("most must be >= 0, but was " + most);
    }
    return evidence -> {
      Status now = status();
      Verdict verdict = now.open > most
          ? Verdict.FAIL
          : now.fault.isPresent() ? Verdict.INCONCLUSIVE : Verdict.PASS;
      List<Incident> last = newest();
      String text = now.open + " open incidents, at most " + most + " allowed"
          + (now.open == 0 || last.isEmpty() ? "" : "; the newest is " + last.get(0))
          + now.fault.map(why -> "; " + why).orElse("");
      return Finding.builder(verdict, text)
          .value((double) now.open)
          .limit((double) most)
          .n(now.looked)
          .build();
    };
  }

  /**
   * {@return the condition that the log loses nothing: it can be written, no outcome was missed, no incident left out}
   *
   * <p>INCONCLUSIVE before the first outcome. It reads this log, not the evidence, and is not exportable.
   */
  public Condition losesNothing() {
    return evidence -> {
      Status now = status();
      boolean whole = now.fault.isEmpty() && now.missed == 0 && now.leftOut == 0;
      Verdict verdict =
          !whole ? Verdict.FAIL : now.looked == 0 ? Verdict.INCONCLUSIVE : Verdict.PASS;
      return Finding.builder(
              verdict,
              now.looked + " outcomes looked at, " + now.missed + " missed; " + now.found
                  + " incidents written, " + now.leftOut + " left out"
                  + now.fault.map(why -> "; " + why).orElse(""))
          .value((double) (now.missed + now.leftOut))
          .limit(0.0)
          .n(now.looked)
          .build();
    };
  }

  /** Closes the file. May be called twice; what was found stays readable where it is in memory. */
  @Override
  public void close() {
    looking.lock(); // a look ends first
    try {
      synchronized (this) {
        closed = true;
      }
      log.close();
    } finally {
      looking.unlock();
    }
  }

  /** {@return such as {@code incidents of fraud in incidents.log: 3 open}} */
  @Override
  public synchronized String toString() {
    return "incidents of " + MlopsException.shown(config.model) + " in " + name + ": " + open
        + " open";
  }
}
