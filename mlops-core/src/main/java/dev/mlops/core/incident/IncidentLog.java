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
import dev.mlops.core.monitor.ColumnPolicy;
import dev.mlops.drift.slice.Slice;
import dev.mlops.drift.slice.SliceFinder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
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
 * <p><b>What it takes</b> is for its {@link Config} to say: {@link Config#unusual} losses, with a bound on the share of false
 * discoveries; {@link Config#confident} errors; errors {@link Config#outside} of what the test phase saw; and {@link Config#when}
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

  /** Examples for a gate, at most; the newest. */
  private static final int MOST_EXAMPLES = 1_000;

  private final Config config;
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

  private IncidentLog(Config config, Path file, Function<Path, EventLog> opener) {
    this.config = config;
    this.name = String.valueOf(file.getFileName());
    this.judge = new Judge(config, warnings);
    this.redaction = new Redaction(config.columns, config.otherwise);
    this.log = opener.apply(file);
    try {
      Replayed replayed = new Replayed();
      IncidentRecords.Decoder decoder = new IncidentRecords.Decoder(name, replayed);
      log.read(decoder::take);
      columns = decoder.schemas();
      resume = replayed.resume;
      taken.addAll(replayed.positions);
      foundSinceProgress = !taken.isEmpty();
      nextNumber = replayed.last + 1;
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
  public static Config config(VersionStore store, String model) {
    return new Config(store, model);
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
   * <p>The rows are the outcomes' own, which are in memory: they are compared before any policy, and nothing is written. Incidents
   * whose outcome is not kept any more are in no cluster. What crowds need not be bad luck, and need not be more: see {@link
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
    outcomes.visit(outcomes.begin(), outcomes.end(), outcome -> {
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

  /** What a log held when it was opened. */
  private final class Replayed implements IncidentRecords.Reader {
    private final Map<Long, Incident> kept = new LinkedHashMap<>();
    private final Set<Long> positions = new HashSet<>();
    private final Set<Long> seen = new HashSet<>();
    private long resume;
    private long last;
    private long all;

    @Override
    public void incident(Incident.Facts facts) {
      positions.add(facts.position());
      last = Math.max(last, facts.number());
      all++;
      kept.put(facts.number(), new Incident(facts, List.of()));
      if (kept.size() > config.keeping) {
        kept.remove(kept.keySet().iterator().next());
      }
    }

    @Override
    public void step(long number, Incident.Step step) {
      kept.computeIfPresent(number, (key, incident) -> incident.with(step));
      if (step.state() == Incident.State.OPEN) {
        seen.remove(number);
      } else {
        seen.add(number);
      }
    }

    @Override
    public void progress(long position) {
      resume = position;
      positions.removeIf(old -> old < position);
    }

    long open() {
      return all - seen.size();
    }

    List<Incident> newest() {
      return List.copyOf(kept.values());
    }
  }

  /**
   * Says what a log takes and what it writes.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Config {
    private static final long LEAST_SIZE = 1 << 20;

    final VersionStore store;
    final String model;
    final Map<String, ColumnPolicy> columns = new LinkedHashMap<>();
    final Map<String, Predicate<? super Outcome>> rules = new LinkedHashMap<>();

    @Nullable
    ColumnPolicy otherwise;

    InstantSource clock = InstantSource.system();
    boolean segments;
    boolean outside;
    double level;
    double score;
    int keeping = 1_000;
    long largest = 64L << 20;

    private Config(VersionStore store, String model) {
      this.store = requireNonNull(store, "store");
      this.model = requireNonNull(model, "model");
    }

    /**
     * {@return this config, which takes predictions whose loss is unusual for the test phase of their version}
     *
     * <p>Benjamini and Hochberg's procedure over each 1,000 outcomes in order of maturing, at this level, on the conformal p-values of
     * {@link dev.mlops.drift.profile.TestLosses}. What is right is never taken. An unusual loss is known when its 1,000 are full.
     *
     * <p><b>What holds.</b> Where the other rows of the 1,000 are exchangeable with the test rows, at most this share of what it
     * takes is, in expectation over tests and traffic, no more unusual than a test row. It holds for each 1,000, not for a
     * choice of them, and not for what other rules take. A small test phase shows nothing: with n rows, about 2,300 / (level · n) of
     * 1,000 outcomes must be unusual before one is taken, 5 for 5,000 rows at 0.1.
     *
     * @param level share of false discoveries, such as 0.1; above 0, below 1
     * @throws IllegalArgumentException if it is out of range
     */
    public Config unusual(double level) {
      if (!(level > 0 && level < 1)) {
        throw new IllegalArgumentException("level must be > 0 and < 1, but was " + level);
      }
      this.level = level;
      return this;
    }

    /**
     * {@return this config, which takes wrong labels that the model gave a high score}
     *
     * <p>A model whose scores are calibrated is wrong in up to 1 − score of them: this rule bounds no share of false discoveries.
     *
     * @param score at least so high; above 0, at most 1
     * @throws IllegalArgumentException if it is out of range
     */
    public Config confident(double score) {
      if (!(score > 0 && score <= 1)) {
        throw new IllegalArgumentException("score must be > 0 and <= 1, but was " + score);
      }
      this.score = score;
      return this;
    }

    /**
     * {@return this config, which takes wrong predictions of rows unlike those of the test phase: a number outside of its range, or a
     * category that it had not, as the baseline of the version says}
     *
     * <p>Quantities count as wrong if their loss is among the largest tenth of the test phase.
     */
    public Config outside() {
      this.outside = true;
      return this;
    }

    /**
     * {@return this config, which also takes what the host says}
     *
     * @param name of the rule, such as {@code blocked-vip}; written into records
     * @param rule whether an outcome is an incident; on the thread that looks. If it throws, the outcome is none by this rule, and
     *     that is logged once
     * @throws IllegalArgumentException if the name is empty or one of the log's own
     */
    public Config when(String name, Predicate<? super Outcome> rule) {
      if (name.isEmpty() || Set.of("unusual", "confident", "outside").contains(name)) {
        throw new IllegalArgumentException(
            "a rule must have a name of its own, but had \"" + MlopsException.shown(name) + "\"");
      }
      rules.put(name, requireNonNull(rule, "rule"));
      return this;
    }

    /**
     * {@return this config, with what is written of a column}
     *
     * @param column its name; one that no row has does nothing
     * @param policy one that does not suit the type of the column drops it
     */
    public Config column(String column, ColumnPolicy policy) {
      columns.put(requireNonNull(column, "column"), requireNonNull(policy, "policy"));
      return this;
    }

    /**
     * {@return this config, with what is written of the columns that have no policy of their own}
     *
     * @param policy without one, numbers are kept and categories dropped
     */
    public Config otherColumns(ColumnPolicy policy) {
      this.otherwise = requireNonNull(policy, "policy");
      return this;
    }

    /** {@return this config, which writes the segments that calls name: they may tell what a column holds} */
    public Config keepingSegments() {
      this.segments = true;
      return this;
    }

    /**
     * {@return this config, with how many incidents are kept in memory}
     *
     * @param incidents at least 1; 1,000 by default
     * @throws IllegalArgumentException if it is less
     */
    public Config keeping(int incidents) {
      if (incidents < 1) {
        throw new IllegalArgumentException("incidents must be >= 1, but was " + incidents);
      }
      this.keeping = incidents;
      return this;
    }

    /**
     * {@return this config, with how large the file becomes}
     *
     * <p>When it is full, incidents are left out and counted, and steps of people are still written. To begin another file is for the host.
     *
     * @param bytes at least 1,048,576; 67,108,864 by default
     * @throws IllegalArgumentException if it is less
     */
    public Config atMost(long bytes) {
      if (bytes < LEAST_SIZE) {
        throw new IllegalArgumentException("bytes must be >= " + LEAST_SIZE + ", but was " + bytes);
      }
      this.largest = bytes;
      return this;
    }

    /**
     * {@return this config, with the clock that says when incidents were found and steps taken}
     *
     * @param clock the system's by default
     */
    public Config clock(InstantSource clock) {
      this.clock = requireNonNull(clock, "clock");
      return this;
    }

    /**
     * Opens a log; one that is there is gone on with.
     *
     * @param file in a directory that exists; created if absent
     * @return the log
     * @throws IllegalStateException if the config takes nothing
     * @throws StoreException if the file is open elsewhere, not a log of incidents, damaged, or could not be read or written; it is
     *     as it was
     */
    public IncidentLog open(Path file) {
      return open(file, EventLog::open);
    }

    IncidentLog open(Path file, Function<Path, EventLog> opener) {
      if (level == 0 && score == 0 && !outside && rules.isEmpty()) {
        throw new IllegalStateException("an incident log must take something, but this one takes"
            + " nothing; call unusual, confident, outside or when");
      }
      return new IncidentLog(copy(), file, opener);
    }

    private Config copy() {
      Config copy = new Config(store, model);
      copy.columns.putAll(columns);
      copy.rules.putAll(rules);
      copy.otherwise = otherwise;
      copy.clock = clock;
      copy.segments = segments;
      copy.outside = outside;
      copy.level = level;
      copy.score = score;
      copy.keeping = keeping;
      copy.largest = largest;
      return copy;
    }
  }
}
