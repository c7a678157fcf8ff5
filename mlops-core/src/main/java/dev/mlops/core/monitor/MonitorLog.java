package dev.mlops.core.monitor;

import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.log.FaultStatus;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.pack.StoredBaseline;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What happened to a ledger, in {@link LogFiles}: written so that another life of the monitor comes to the same ledger, and that
 * outcomes can be read which are not in memory any more.
 *
 * <p>Events tell what was decided (this prediction was taken, this truth joined it, it matured at this position, it expired),
 * never what is to be decided again, so that another horizon or another bound does not change what has happened. A segment
 * begins with all versions and counts, so the oldest may go.
 *
 * <p><b>Threads.</b> Events are told under the monitor's lock. They are written by {@link #flush}, {@link #erase} and {@link
 * #close} without it, one at a time. Outcomes are read from any thread.
 *
 * <p><b>Faults.</b> What cannot be written is kept and tried again, up to {@value #MOST_BYTES} bytes. Beyond that it is dropped and
 * counted, and the next segment that can be begun tells the counts anew: what is missing then is not open again after a restart.
 */
final class MonitorLog implements AutoCloseable {
  /** The most bytes that wait to be written. */
  static final int MOST_BYTES = 1 << 26;

  private final LedgerLog config;
  private final LogFiles files;
  private final String model;
  private final Warnings warnings = Warnings.of(MicrometerMonitor.class);
  private final FaultStatus faults = FaultStatus.of(
      MicrometerMonitor.class, "the monitor goes on in memory, and tries again at the next tick");
  private final AtomicLong unwritten = new AtomicLong();

  // Guarded by the monitor's lock.
  private List<byte[]> pending = new ArrayList<>();
  private long pendingBytes;
  private boolean broken;
  /** What was counted at the end of the newest tick. */
  private byte @Nullable [] counted;

  private long now;
  private long told;
  private int nextNumber;

  private final LoggedOutcomes outcomes = new LoggedOutcomes();

  /** What is written, by the holder of this lock; never taken under the monitor's lock, but by close. */
  private final Object writing = new Object();
  // Guarded by writing.
  private final List<byte[]> backlog = new ArrayList<>();
  private volatile long backlogBytes;
  /** What ticks have handed over, in their order. */
  private final Queue<Batch> handed = new ConcurrentLinkedQueue<>();

  private final AtomicLong handedBytes = new AtomicLong();
  private volatile boolean works = true;
  /** Whether events were dropped that were handed over to be written. */
  private volatile boolean gap;

  /** The bytes of the newest segment behind its beginning, and those of its beginning. */
  private volatile long newestBytes;

  private volatile long beginningBytes;
  /** When the newest segment was begun, by the steady time. */
  private volatile long begun;

  private volatile boolean closed;

  private MonitorLog(LedgerLog config, LogFiles files, String model) {
    this.config = config;
    this.files = files;
    this.model = model;
  }

  /**
   * Opens the log of a model.
   *
   * @throws StoreException if the folder is another model's, open elsewhere, or cannot be read or written
   */
  static MonitorLog open(LedgerLog config, String model) {
    return new MonitorLog(config, LogFiles.open(config.folder, model), model);
  }

  /** How many events could not be written. */
  AtomicLong unwritten() {
    return unwritten;
  }

  // ---- reading what happened

  /** Tells what happened in earlier lives; gives what could not be read, for people. */
  List<String> replay(LogEvents.Replayed target) {
    List<String> damages = new ArrayList<>();
    int last = files.all().size() - 1;
    for (int i = 0; i <= last; i++) {
      LogFiles.Segment segment = files.all().get(i);
      LogEvents.Reader reader = new LogEvents.Reader(new Reading(segment), target);
      try {
        long torn = LogFiles.read(segment, event -> {
          try {
            reader.read(event);
          } catch (IllegalArgumentException | NullPointerException e) {
            throw new StoreException(
                segment.file.getFileName() + " holds an event that cannot be read ("
                    + e.getMessage() + ")",
                e);
          }
        });
        if (reader.unknown() > 0) {
          damages.add(segment.file.getFileName() + " holds " + reader.unknown()
              + " events of kinds that this release does not know");
        }
        if (torn > 0 && i < last) {
          damages.add(
              segment.file.getFileName() + " ends with " + torn + " bytes that are cut off");
        }
      } catch (StoreException damaged) {
        segment.damaged = true;
        damages.add(String.valueOf(damaged.getMessage()));
      }
    }
    files.dateDamaged();
    return damages;
  }

  /** What is known of a segment while it is read. */
  private final class Reading implements LogEvents.Context {
    private final LogFiles.Segment segment;
    private boolean told;

    Reading(LogFiles.Segment segment) {
      this.segment = segment;
    }

    @Override
    public @Nullable Schema schema(int number) {
      return outcomes.schema(number);
    }

    @Override
    public void section(int number, String version, Schema schema) {
      outcomes.know(number, version, schema);
      nextNumber = Math.max(nextNumber, number + 1);
    }

    @Override
    public void state(LogEvents.State state) {
      if (!told) {
        told = true;
        segment.position = state.end;
      }
      segment.newest = state.steady;
    }
  }

  // ---- telling what happens, under the monitor's lock

  /** Says the steady time of what follows. */
  void at(long steady) {
    now = steady;
  }

  private void tell(byte[] event) {
    if (now != told) {
      told = now;
      hold(LogEvents.time(now));
    }
    hold(event);
  }

  private void hold(byte[] event) {
    if (event.length > LogEvents.LARGEST) {
      leftOut("an event", event.length, LogEvents.LARGEST);
      return;
    }
    if (broken) {
      unwritten.incrementAndGet();
      return;
    }
    pending.add(event);
    pendingBytes += 4 + event.length;
    if (pendingBytes + handedBytes.get() + backlogBytes > MOST_BYTES) {
      broken = true;
      unwritten.addAndGet(pending.size());
      pending = new ArrayList<>();
      pendingBytes = 0;
    }
  }

  /** What can never be written is counted, and told once; everything else is written. */
  private void leftOut(String what, long bytes, long most) {
    unwritten.incrementAndGet();
    warnings.once(
        "too large",
        what + " of the ledger of " + Warnings.shown(model) + " has " + bytes
            + " bytes, and the log takes at most " + most
            + "; it is left out, as others of that size will be, and counted; all else is written, and"
            + " a restart forgets what was left out",
        null);
  }

  /** A recorder was taken, of a new version or again. */
  void taken(Section section) {
    if (section.logged < 0) {
      section.logged = nextNumber++;
      declaration(section).forEach(this::hold);
    } else {
      tell(LogEvents.taken(section.logged));
    }
  }

  /** Gives a version a number, if it has none. */
  void number(Section section) {
    if (section.logged < 0) {
      section.logged = nextNumber++;
    }
  }

  private List<byte[]> declaration(Section section) {
    outcomes.know(section.logged, section.version, section.baseline.schema());
    byte[] baseline = StoredBaseline.toBytes(config.redacted(section.baseline));
    if (baseline.length > StoredBaseline.LARGEST) {
      leftOut("the baseline of a version", baseline.length, StoredBaseline.LARGEST);
      return List.of();
    }
    return LogEvents.section(section.logged, section.version, baseline);
  }

  void crowned(Section section) {
    tell(LogEvents.champion(section.logged));
  }

  void cleared() {
    tell(LogEvents.cleared());
  }

  /** A prediction was taken. */
  void recorded(Served served) {
    Section section = served.section();
    tell(LogEvents.prediction(section.logged, served, policies(section)));
  }

  private ColumnPolicy[] policies(Section section) {
    ColumnPolicy[] policies = section.written;
    if (policies == null) {
      policies = config.policies(section.baseline.schema());
      section.written = policies;
    }
    return policies;
  }

  /** The columns of a version whose policy does not suit them: nothing is written of them. */
  Set<String> unsuited(Section section) {
    return config.unsuited(section.baseline.schema());
  }

  void took(long id, Truth truth, long at) {
    tell(LogEvents.truth(id, truth, at));
  }

  void waits(String key, Truth truth, long at) {
    tell(LogEvents.early(key, truth, at));
  }

  void closed(long id, LogEvents.Closing how) {
    tell(LogEvents.closed(id, how, 0));
  }

  /** A prediction has matured; without an outcome if its row is not kept. */
  void matured(Section section, long id, long position, @Nullable Outcome outcome) {
    if (outcome != null) {
      byte[] event = LogEvents.outcome(section.logged, outcome, policies(section));
      if (event.length <= LogEvents.LARGEST) {
        tell(event);
        return;
      }
      leftOut("an outcome", event.length, LogEvents.LARGEST); // that it matured is written
    }
    tell(LogEvents.closed(id, LogEvents.Closing.MATURED, position));
  }

  /** Whether a new segment is to be begun at the end of this tick. */
  boolean wantsSegment(long steady) {
    if (gap) {
      gap = false;
      broken = true;
    }
    return broken
        || !files.isWriting()
        || newestBytes > Math.max(config.size / 8, beginningBytes)
        || steady - begun > Times.millis(config.age) / 8;
  }

  /**
   * Ends a tick: what happened since the one before is written together by {@link #flush} with what was counted.
   *
   * @param state what was counted
   * @param sections all versions, if a new segment is to be begun
   * @param champion which one is the champion
   */
  void tick(LogEvents.State state, @Nullable List<Section> sections, @Nullable Section champion) {
    List<byte[]> first = null;
    boolean mends = broken;
    if (sections != null) {
      first = new ArrayList<>();
      first.add(LogEvents.begin());
      for (Section each : sections) {
        first.addAll(declaration(each));
      }
      if (champion != null) {
        first.add(LogEvents.champion(champion.logged));
      }
      first.add(LogEvents.state(state));
      if (broken) {
        broken = false;
      }
    }
    byte[] now = LogEvents.counts(state);
    boolean differs = counted != null && !mends && !Arrays.equals(counted, now);
    if (!pending.isEmpty()
        || differs) { // also where nothing is told but that something was counted
      hold(LogEvents.state(state));
    }
    counted = now;
    if (!pending.isEmpty() || first != null) {
      handedBytes.addAndGet(pendingBytes);
      handed.add(new Batch(pending, pendingBytes, first, mends, state.steady, state.end));
      pending = new ArrayList<>();
      pendingBytes = 0;
    }
  }

  /** What is to be written at the end of a tick. */
  private record Batch(
      List<byte[]> events,
      long bytes,
      @Nullable List<byte[]> first,
      boolean mends,
      long steady,
      long end) {}

  // ---- writing, without the monitor's lock

  /** Writes what ticks have told; what cannot be written waits for the next time, or is counted. Never throws. */
  void flush() {
    synchronized (writing) {
      for (Batch batch = handed.poll(); batch != null; batch = handed.poll()) {
        handedBytes.addAndGet(-batch.bytes());
        if (closed) {
          unwritten.addAndGet(batch.events().size());
        } else {
          write(batch);
        }
      }
    }
  }

  private void write(Batch batch) {
    backlog.addAll(batch.events());
    try {
      writeBacklog();
      if (files.isWriting()) {
        newest().newest = batch.steady();
      }
      if (batch.first() != null) {
        LogFiles.Segment begins = files.roll(batch.first());
        begins.position = batch.end();
        begins.newest = batch.steady();
        begun = batch.steady();
        beginningBytes = begins.bytes;
        files.dateLatest(batch.steady());
        long oldest = batch.steady() - Times.millis(config.age);
        files.drop((each, bytes) -> bytes > config.size || each.newest < oldest);
      }
      newestBytes = newest().bytes - beginningBytes;
      works = true;
      faults.over();
    } catch (RuntimeException e) {
      works = false;
      if (batch.mends() || !files.isWriting()) {
        gap = true;
      }
      faults.met("write the log of the ledger", e);
    }
    backlogBytes = LogFiles.size(backlog);
    if (backlogBytes > MOST_BYTES) {
      unwritten.addAndGet(backlog.size());
      backlog.clear();
      backlogBytes = 0;
      gap = true;
    }
  }

  private LogFiles.Segment newest() {
    return files.all().get(files.all().size() - 1);
  }

  /** Whether what was told last is on the device. */
  boolean works() {
    return works && !closed;
  }

  private void writeBacklog() {
    while (!backlog.isEmpty() && files.isWriting()) {
      backlog.subList(0, files.append(backlog)).clear();
    }
    if (!files.isWriting() && !backlog.isEmpty()) { // no segment could be begun yet
      unwritten.addAndGet(backlog.size());
      backlog.clear();
    }
  }

  @Override
  public void close() {
    synchronized (writing) {
      closed = true;
      try {
        files.close();
      } catch (RuntimeException e) {
        faults.met("close the log of the ledger", e);
      }
    }
  }

  /**
   * Takes the predictions of a key, or of these ids, out of all segments, after a new one was begun; those that cannot be read or
   * written hinder no others, and are told at the end.
   */
  void erase(String key, Set<Long> ids) {
    flush();
    synchronized (writing) {
      if (!works()) {
        throw new StoreException(
            "a key was erased in memory, and not in the log, which cannot be written (see the"
                + " warning before); erase it again when it can",
            null);
      }
      List<String> left = new ArrayList<>();
      StoreException first = null;
      for (LogFiles.Segment segment : List.copyOf(files.all())) {
        if (segment.number != newest().number) {
          try {
            files.rewrite(segment, event -> LogEvents.erased(event, key, ids));
          } catch (StoreException damaged) {
            left.add(segment.file.getFileName().toString());
            first = first == null ? damaged : first;
          }
        }
      }
      if (first != null) {
        throw new StoreException(
            "a key was erased in memory and in the log, but not in what could not be read or"
                + " written: " + String.join(", ", left) + " (" + first.getMessage()
                + "); of predictions in there that matured later, rows stay in the files after it;"
                + " erase it again when it can be read and written, or wait until the log's age or"
                + " size has taken them away",
            first);
      }
    }
  }

  // ---- reading outcomes, from any thread

  /** The position of the oldest outcome in the log; empty if it has no segment that can be read. */
  OptionalLong begin() {
    synchronized (writing) {
      return files.all().stream()
          .mapToLong(each -> each.position)
          .filter(position -> position != LogFiles.Segment.NOTHING)
          .findFirst();
    }
  }

  /** Hands over the outcomes from one position up to another that are in the log, in their order, as corrected since. */
  void visit(long from, long to, Consumer<? super Outcome> visitor) {
    List<LogFiles.Segment> some = new ArrayList<>();
    synchronized (writing) {
      for (LogFiles.Segment each : files.all()) {
        if (!some.isEmpty() && each.position <= from) {
          some.clear(); // all that is wanted is in this one or later
        }
        if (each.position != LogFiles.Segment.NOTHING) {
          some.add(each);
        }
      }
    }
    outcomes.visit(some, from, to, visitor);
  }
}
