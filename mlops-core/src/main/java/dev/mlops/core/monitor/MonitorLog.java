package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.TruthState;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.log.EventLog;
import dev.mlops.core.internal.log.FaultStatus;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.pack.StoredBaseline;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
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
  /** So many bytes wait to be written at most. */
  static final int MOST_BYTES = 1 << 26;

  private static final byte BEGIN = 1;
  private static final byte SECTION = 2;
  private static final byte TAKEN = 3;
  private static final byte CHAMPION = 4;
  private static final byte PREDICTION = 5;
  private static final byte TRUTH = 6;
  private static final byte EARLY = 7;
  private static final byte CLOSED = 8;
  private static final byte OUTCOME = 9;
  private static final byte STATE = 10;
  private static final byte CLEARED = 11;
  private static final byte TIME = 12;
  /** A part of a version that is too large for one event. */
  private static final byte PART = 13;

  /** The most bytes of an event. */
  private static final int LARGEST = EventLog.LARGEST - 4;

  /** The bytes of a version in one part. */
  private static final int PART_BYTES = 1 << 20;

  private static final byte FORMAT = 1;

  private static final int KEY = 1;
  private static final int ARM = 2;
  private static final int SEGMENT = 4;
  private static final int ROW = 8;

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

  /** Guarded by itself: what is needed to read the rows of a version. */
  private final Map<Integer, Known> known = new HashMap<>();

  /** What is written, by whoever holds this; never taken under the monitor's lock, but by close. */
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

  /** A version that has rows in the log. */
  private record Known(String version, Schema schema) {}

  /** How a prediction was closed. */
  enum Closing {
    MATURED(0),
    EXPIRED(1),
    CAUSED(2);

    /** As it is written. */
    private final byte code;

    Closing(int code) {
      this.code = (byte) code;
    }

    byte code() {
      return code;
    }

    static Closing of(byte code) {
      for (Closing each : values()) {
        if (each.code == code) {
          return each;
        }
      }
      throw new IllegalArgumentException("wanted how a prediction was closed, 0 to 2, got " + code);
    }
  }

  /** What was counted at the end of a tick. */
  static final class State {
    long steady;
    long first;
    long end;
    final Map<TruthState, Long> truths = new HashMap<>();
    final List<Counts> sections = new ArrayList<>();
    /** Where the steady time stood; null where an earlier release wrote it. */
    SteadyTime.@Nullable Stand clock;
  }

  /** What was counted of a version. */
  static final class Counts {
    int number;
    long recorded;
    long matured;
    long expired;
    long caused;
    long newestTruth;
    boolean truthCame;
    boolean retired;
    /** How many were dropped, by the tag of the cause; causes of a later release are carried. */
    final Map<String, Long> drops = new TreeMap<>();
    /** How many were not made, by the name of the cause. */
    final Map<String, Long> failures = new TreeMap<>();
  }

  /** Takes what happened in earlier lives, in its order. */
  interface Replayed {
    /** The steady time of what follows. */
    void time(long steady);

    void section(int number, String version, Baseline baseline);

    void taken(int number);

    void champion(int number);

    /** A prediction, without its section; null of a kind that cannot be written. */
    void prediction(int number, Served served);

    void truth(long id, Truth truth, long at);

    void early(String key, Truth truth, long at);

    void closed(long id, Closing how, long position);

    void cleared();

    /** What was counted by then; the first of a segment may tell of more than was read. */
    void state(State state);
  }

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
  List<String> replay(Replayed target) {
    List<String> damages = new ArrayList<>();
    int last = files.all().size() - 1;
    for (int i = 0; i <= last; i++) {
      LogFiles.Segment segment = files.all().get(i);
      boolean[] told = {false};
      Arena parts = new Arena(0);
      long[] unknown = {0};
      try {
        long torn = LogFiles.read(segment, event -> {
          try {
            if (event.length > 0 && event[0] == PART) {
              if (joined(parts, Arena.of(event))) {
                replay(segment, told, Arena.of(parts.toBytes()), target);
              }
            } else if (event.length > 0 && event[0] > PART) {
              unknown[0]++; // of a later release
            } else {
              replay(segment, told, Arena.of(event), target);
            }
          } catch (IllegalArgumentException | NullPointerException e) {
            throw new StoreException(
                segment.file.getFileName() + " holds an event that cannot be read ("
                    + e.getMessage() + ")",
                e);
          }
        });
        if (unknown[0] > 0) {
          damages.add(segment.file.getFileName() + " holds " + unknown[0]
              + " events of kinds that this release does not know");
        }
        if (torn > 0 && i < last) {
          damages.add(
              segment.file.getFileName() + " ends with " + torn + " bytes that are cut off");
        }
      } catch (StoreException damaged) {
        damages.add(String.valueOf(damaged.getMessage()));
      }
    }
    return damages;
  }

  /** Takes a part of a version; whether that was its last, after those before it. */
  private static boolean joined(Arena parts, Arena part) {
    part.get();
    long all = part.getLong();
    long begin = part.getLong();
    if (begin == 0) {
      parts.size = 0;
    }
    if (begin != parts.size) {
      return false; // its beginning was cut off
    }
    parts.copy(part, part.cursor, part.size - part.cursor);
    return parts.size == all;
  }

  private void replay(LogFiles.Segment segment, boolean[] told, Arena event, Replayed target) {
    byte kind = event.get();
    switch (kind) {
      case BEGIN -> {
        byte format = event.get();
        if (format != FORMAT) {
          throw new StoreException(
              segment.file.getFileName() + " was written by format version " + format
                  + ", this release reads 1",
              null);
        }
      }
      case SECTION -> {
        int number = (int) event.getCount();
        String version = event.getText(null);
        byte[] baseline = new byte[event.size - event.cursor];
        System.arraycopy(event.bytes, event.cursor, baseline, 0, baseline.length);
        Baseline read = StoredBaseline.of(baseline);
        know(number, version, read.schema());
        nextNumber = Math.max(nextNumber, number + 1);
        target.section(number, version, read);
      }
      case TAKEN -> target.taken((int) event.getCount());
      case CHAMPION -> target.champion((int) event.getCount());
      case PREDICTION -> {
        int number = (int) event.getCount();
        Known whose = known(number);
        Served served = new Served();
        served.id = event.getLong();
        served.millis = event.getLong();
        served.happened = served.millis - event.getCount();
        int flags = event.get();
        served.key = (flags & KEY) != 0 ? event.getText(null) : null;
        served.prediction = event.getPrediction(null);
        served.arm = (flags & ARM) != 0 ? event.getText(null) : null;
        served.segment = (flags & SEGMENT) != 0 ? event.getText(null) : null;
        if ((flags & ROW) != 0 && whose != null) {
          double[] numbers = new double[whose.schema().size()];
          String[] categories = new String[numbers.length];
          getRow(event, whose.schema(), numbers, categories);
          served.keepRow(whose.schema(), numbers, categories, 0);
        }
        target.prediction(number, served);
      }
      case TRUTH -> target.truth(event.getLong(), event.getTruth(null), event.getLong());
      case EARLY -> {
        String key = event.getText(null);
        Truth truth = event.getTruth(null);
        target.early(key, truth, event.getLong());
      }
      case CLOSED -> {
        Closing how = Closing.of(event.get());
        target.closed(event.getLong(), how, event.getLong());
      }
      case OUTCOME -> {
        long position = event.getLong();
        target.closed(event.getLong(), Closing.MATURED, position);
      }
      case STATE -> {
        State state = getState(event);
        if (!told[0]) {
          told[0] = true;
          segment.position = state.end;
        }
        segment.newest = state.steady;
        target.state(state);
      }
      case CLEARED -> target.cleared();
      case TIME -> target.time(event.getLong());
      default -> throw new IllegalArgumentException("wanted a kind of event, 1 to 13, got " + kind);
    }
  }

  private void know(int number, String version, Schema schema) {
    synchronized (known) {
      known.put(number, new Known(version, schema));
    }
  }

  private @Nullable Known known(int number) {
    synchronized (known) {
      return known.get(number);
    }
  }

  private static void getRow(Arena event, Schema schema, double[] numbers, String[] categories) {
    for (int i = 0; i < numbers.length; i++) {
      categories[i] = "";
      if (schema.isNumber(i)) {
        numbers[i] = event.getDouble();
      } else {
        categories[i] = event.getText(null);
      }
    }
  }

  private static State getState(Arena event) {
    State state = new State();
    state.steady = event.getLong();
    state.first = event.getLong();
    state.end = event.getLong();
    long truths = event.getCount();
    for (int i = 0; i < truths; i++) {
      state.truths.put(TruthState.valueOf(event.getText(null)), event.getCount());
    }
    long count = event.getCount();
    for (int i = 0; i < count; i++) {
      Counts counts = new Counts();
      counts.number = (int) event.getCount();
      counts.recorded = event.getCount();
      counts.matured = event.getCount();
      counts.expired = event.getCount();
      counts.caused = event.getCount();
      counts.newestTruth = event.getLong();
      counts.truthCame = event.get() != 0;
      counts.retired = event.get() != 0;
      long drops = event.getCount();
      for (int cause = 0; cause < drops; cause++) {
        counts.drops.put(event.getText(null), event.getCount());
      }
      state.sections.add(counts);
    }
    if (event.hasMore()) { // what the first releases did not write
      for (Counts counts : state.sections) {
        long failures = event.getCount();
        for (int cause = 0; cause < failures; cause++) {
          counts.failures.put(event.getText(null), event.getCount());
        }
      }
      state.clock = new SteadyTime.Stand(
          state.steady, event.getLong(), event.getLong(), event.getLong());
    }
    return state;
  }

  // ---- telling what happens, under the monitor's lock

  /** Says the steady time of what follows. */
  void at(long steady) {
    now = steady;
  }

  private void tell(Arena event) {
    if (now != told) {
      told = now;
      tell(event(TIME).putLong(now).toBytes());
    }
    tell(event.toBytes());
  }

  private void tell(byte[] event) {
    if (event.length > LARGEST) {
      leftOut("an event", event.length, LARGEST);
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

  private static Arena event(byte kind) {
    return new Arena(64).put(kind);
  }

  /** A recorder was taken, of a new version or again. */
  void taken(Section section) {
    if (section.logged < 0) {
      section.logged = nextNumber++;
      declaration(section).forEach(this::tell);
    } else {
      tell(event(TAKEN).putCount(section.logged));
    }
  }

  /** Gives a version a number, if it has none. */
  void number(Section section) {
    if (section.logged < 0) {
      section.logged = nextNumber++;
    }
  }

  /** A version, in as many events as it needs: a baseline of hundreds of columns has more bytes than one event takes. */
  private List<byte[]> declaration(Section section) {
    know(section.logged, section.version, section.baseline.schema());
    byte[] baseline = StoredBaseline.toBytes(section.baseline);
    if (baseline.length > StoredBaseline.LARGEST) {
      leftOut("the baseline of a version", baseline.length, StoredBaseline.LARGEST);
      return List.of();
    }
    Arena event = event(SECTION).putCount(section.logged).putText(section.version, null);
    event.copy(Arena.of(baseline), 0, baseline.length);
    if (event.size <= LARGEST) {
      return List.of(event.toBytes());
    }
    List<byte[]> parts = new ArrayList<>();
    for (int begin = 0; begin < event.size; begin += PART_BYTES) {
      Arena part = event(PART).putLong(event.size).putLong(begin);
      part.copy(event, begin, Math.min(PART_BYTES, event.size - begin));
      parts.add(part.toBytes());
    }
    return parts;
  }

  void crowned(Section section) {
    tell(event(CHAMPION).putCount(section.logged));
  }

  void cleared() {
    tell(event(CLEARED));
  }

  /** A prediction was taken. */
  void recorded(Served served) {
    Section section = served.section();
    Arena event = event(PREDICTION)
        .putCount(section.logged)
        .putLong(served.id)
        .putLong(served.millis)
        .putCount(served.millis - served.happened);
    event.put((byte) ((served.key == null ? 0 : KEY)
        | (served.arm == null ? 0 : ARM)
        | (served.segment == null ? 0 : SEGMENT)
        | (served.schema == null ? 0 : ROW)));
    if (served.key != null) {
      event.putText(served.key, null);
    }
    event.put(served.prediction(), null);
    if (served.arm != null) {
      event.putText(served.arm, null);
    }
    if (served.segment != null) {
      event.putText(served.segment, null);
    }
    Schema schema = served.schema;
    if (schema != null) {
      ColumnPolicy[] policies = policies(section);
      for (int i = 0; i < schema.size(); i++) {
        if (schema.isNumber(i)) {
          event.putDouble(policies[i].of(served.view().number(i)));
        } else {
          event.putText(policies[i].of(served.view().category(i)), null);
        }
      }
    }
    tell(event);
  }

  private ColumnPolicy[] policies(Section section) {
    ColumnPolicy[] policies = section.written;
    if (policies == null) {
      Schema schema = section.baseline.schema();
      policies = new ColumnPolicy[schema.size()];
      for (int i = 0; i < policies.length; i++) {
        ColumnPolicy wanted = config.policy(schema.column(i).name());
        policies[i] = wanted.suits(schema.column(i).type()) ? wanted : ColumnPolicy.drop();
      }
      section.written = policies;
    }
    return policies;
  }

  /** The columns of a version whose policy does not suit them: nothing is written of them. */
  Set<String> unsuited(Section section) {
    Set<String> unsuited = new LinkedHashSet<>();
    section.baseline.schema().columns().forEach(column -> {
      if (!config.policy(column.name()).suits(column.type())) {
        unsuited.add(column.name());
      }
    });
    return unsuited;
  }

  void took(long id, Truth truth, long at) {
    tell(event(TRUTH).putLong(id).put(truth, null).putLong(at));
  }

  void waits(String key, Truth truth, long at) {
    tell(event(EARLY).putText(key, null).put(truth, null).putLong(at));
  }

  void closed(long id, Closing how) {
    tell(event(CLOSED).put(how.code()).putLong(id).putLong(0));
  }

  /** A prediction has matured; without an outcome if its row is not kept. */
  void matured(Section section, long id, long position, @Nullable Outcome outcome) {
    Arena event = outcome == null ? null : event(section, id, position, outcome);
    if (event != null && event.size > LARGEST) {
      leftOut("an outcome", event.size, LARGEST);
      event = null; // that it matured is written
    }
    tell(
        event != null
            ? event
            : event(CLOSED).put(Closing.MATURED.code()).putLong(id).putLong(position));
  }

  private Arena event(Section section, long id, long position, Outcome outcome) {
    Arena event = event(OUTCOME)
        .putLong(position)
        .putLong(id)
        .putCount(section.logged)
        .putLong(outcome.servedAt().toEpochMilli());
    event.put((byte) ((outcome.arm().isPresent() ? ARM : 0)
        | (outcome.segment().isPresent() ? SEGMENT : 0)
        | ROW));
    event.put(outcome.prediction(), null);
    event.put(outcome.truth(), null);
    outcome.arm().ifPresent(arm -> event.putText(arm, null));
    outcome.segment().ifPresent(segment -> event.putText(segment, null));
    Row row = outcome.row();
    ColumnPolicy[] policies = policies(section);
    for (int i = 0; i < policies.length; i++) {
      if (row.schema().isNumber(i)) {
        event.putDouble(policies[i].of(row.number(i)));
      } else {
        event.putText(policies[i].of(row.category(i)), null);
      }
    }
    return event;
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
  void tick(State state, @Nullable List<Section> sections, @Nullable Section champion) {
    List<byte[]> first = null;
    boolean mends = broken;
    if (sections != null) {
      first = new ArrayList<>();
      first.add(event(BEGIN).put(FORMAT).toBytes());
      for (Section each : sections) {
        first.addAll(declaration(each));
      }
      if (champion != null) {
        first.add(event(CHAMPION).putCount(champion.logged).toBytes());
      }
      first.add(putState(state));
      if (broken) {
        broken = false;
      }
    }
    byte[] now = putCounts(state);
    boolean differs = counted != null && !mends && !Arrays.equals(counted, now);
    if (!pending.isEmpty() || differs) { // also where nothing is told but that something was counted
      tell(putState(state));
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

  private static byte[] putState(State state) {
    byte[] counts = putCounts(state);
    Arena event = event(STATE).putLong(state.steady);
    event.copy(Arena.of(counts), 0, counts.length);
    SteadyTime.Stand clock = requireNonNull(state.clock, "clock");
    return event
        .putLong(clock.wall())
        .putLong(clock.highest())
        .putLong(clock.fall())
        .toBytes();
  }

  /** What was counted, without any time. */
  private static byte[] putCounts(State state) {
    Arena event = new Arena(256).putLong(state.first).putLong(state.end);
    event.putCount(state.truths.size());
    state.truths.forEach((what, count) -> event.putText(what.name(), null).putCount(count));
    event.putCount(state.sections.size());
    for (Counts each : state.sections) {
      event
          .putCount(each.number)
          .putCount(each.recorded)
          .putCount(each.matured)
          .putCount(each.expired)
          .putCount(each.caused)
          .putLong(each.newestTruth)
          .put((byte) (each.truthCame ? 1 : 0))
          .put((byte) (each.retired ? 1 : 0))
          .putCount(each.drops.size());
      each.drops.forEach((cause, dropped) -> event.putText(cause, null).putCount(dropped));
    }
    for (Counts each : state.sections) {
      event.putCount(each.failures.size());
      each.failures.forEach((cause, failed) -> event.putText(cause, null).putCount(failed));
    }
    return event.toBytes();
  }

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

  /** Takes the predictions of a key, or of these ids, out of all segments, after a new one was begun. */
  void erase(String key, Set<Long> ids) {
    flush();
    synchronized (writing) {
      if (!works()) {
        throw new StoreException(
            "a key was erased in memory, and not in the log, which cannot be written (see the"
                + " warning before); erase it again when it can",
            null);
      }
      for (LogFiles.Segment segment : List.copyOf(files.all())) {
        if (segment.number != newest().number) {
          files.rewrite(segment, event -> erased(event, key, ids));
        }
      }
    }
  }

  /** The same event without what belongs to a key; the same array if nothing does. */
  private static byte @Nullable [] erased(byte[] bytes, String key, Set<Long> ids) {
    Arena event = Arena.of(bytes);
    byte kind = event.get();
    if (kind == EARLY) {
      return event.isText(key) ? null : bytes;
    }
    if (kind == OUTCOME) {
      long position = event.getLong();
      long id = event.getLong();
      return ids.contains(id)
          ? event(CLOSED)
              .put(Closing.MATURED.code())
              .putLong(id)
              .putLong(position)
              .toBytes()
          : bytes;
    }
    if (kind != PREDICTION) {
      return bytes;
    }
    long number = event.getCount();
    long id = event.getLong();
    long millis = event.getLong();
    long age = event.getCount();
    int flags = event.get();
    boolean keyed = (flags & KEY) != 0;
    if (!(keyed && event.isText(key))) {
      return bytes;
    }
    ids.add(id);
    Prediction said = event.getPrediction(null);
    Arena left = event(PREDICTION)
        .putCount(number)
        .putLong(id)
        .putLong(millis)
        .putCount(age)
        .put((byte) 0);
    if (said == null) {
      left.put((byte) 0);
    } else {
      left.put(said, null);
    }
    return left.toBytes();
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
    LongIndex places = new LongIndex();
    Map<Long, Truth> corrections = new HashMap<>();
    for (LogFiles.Segment each : some) {
      read(each, event -> {
        byte kind = event.get();
        if (kind == OUTCOME) {
          long position = event.getLong();
          if (position >= from && position < to) {
            places.put(event.getLong(), position);
          }
        } else if (kind == TRUTH) {
          long position = places.get(event.getLong());
          if (position != LongIndex.NONE) {
            corrections.put(position, event.getTruth(null));
          }
        }
      });
    }
    for (LogFiles.Segment each : some) {
      if (each.position >= to) {
        break;
      }
      read(each, event -> {
        if (event.get() == OUTCOME) {
          Outcome outcome = outcome(event, from, to, corrections);
          if (outcome != null) {
            visitor.accept(outcome);
          }
        }
      });
    }
  }

  private static void read(LogFiles.Segment segment, Consumer<Arena> events) {
    RuntimeException[] thrown = {null};
    try {
      LogFiles.read(segment, event -> {
        try {
          events.accept(Arena.of(event));
        } catch (RuntimeException e) {
          thrown[0] = e;
          throw e;
        }
      });
    } catch (StoreException gone) {
      // It went meanwhile, since it was too old; or it is damaged, which the opening told.
      if (thrown[0] != null) {
        throw thrown[0];
      }
    }
  }

  private @Nullable Outcome outcome(Arena event, long from, long to, Map<Long, Truth> corrections) {
    long position = event.getLong();
    if (position < from || position >= to) {
      return null;
    }
    long id = event.getLong();
    Known whose = known((int) event.getCount());
    long happened = event.getLong();
    int flags = event.get();
    Prediction prediction = event.getPrediction(null);
    if (whose == null || prediction == null) {
      return null;
    }
    Truth truth = event.getTruth(null);
    String arm = (flags & ARM) != 0 ? event.getText(null) : null;
    String segment = (flags & SEGMENT) != 0 ? event.getText(null) : null;
    double[] numbers = new double[whose.schema().size()];
    String[] categories = new String[numbers.length];
    Arrays.fill(categories, "");
    getRow(event, whose.schema(), numbers, categories);
    Outcome.Builder outcome = Outcome.builder(position, id, whose.version())
        .row(Row.of(whose.schema(), numbers, categories))
        .prediction(prediction)
        .truth(requireNonNull(corrections.getOrDefault(position, truth)))
        .servedAt(Instant.ofEpochMilli(happened));
    if (arm != null) {
      outcome.arm(arm);
    }
    if (segment != null) {
      outcome.segment(segment);
    }
    return outcome.build();
  }
}
