package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.internal.log.EventLog;
import dev.mlops.core.pack.StoredBaseline;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The events of a ledger's log, as bytes: how each is written, read, and freed of what belongs to a key.
 *
 * <p>An event tells what was decided, never what is to be decided again. Its first byte is its kind; what follows is written by
 * {@link Arena} without a dictionary, so that it can be read anywhere.
 */
final class LogEvents {
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
  static final int LARGEST = EventLog.LARGEST - 4;

  /** The bytes of a version in one part. */
  private static final int PART_BYTES = 1 << 20;

  private static final byte FORMAT = 1;

  private LogEvents() {}

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
    /** How many truths are in a state, by its name; states of a later release are carried. */
    final Map<String, Long> truths = new TreeMap<>();

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
    long unsampled;
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

  /** What the reader of a segment must know, and is told, to read on. */
  interface Context {
    /** The columns of the rows of a version; null if it was not told yet. */
    @Nullable
    Schema schema(int number);

    void section(int number, String version, Schema schema);

    void state(State state);
  }

  /** Takes the outcomes of a segment and the truths after them. */
  interface OutcomeReader {
    /** An outcome; its event goes on behind the id. */
    default void outcome(long position, long id, Arena rest) {}

    /** A truth; it is at the cursor. */
    default void truth(long id, Arena rest) {}
  }

  // ---- how each is written

  private static Arena event(byte kind) {
    return new Arena(64).put(kind);
  }

  /** A segment begins. */
  static byte[] begin() {
    return event(BEGIN).put(FORMAT).toBytes();
  }

  /** What follows happened at this steady time. */
  static byte[] time(long steady) {
    return event(TIME).putLong(steady).toBytes();
  }

  /**
   * A version, under the number by which others name it, in as many events as it needs: a baseline of hundreds of columns has more
   * bytes than one event takes.
   *
   * @param stored its baseline as {@link StoredBaseline} writes it
   */
  static List<byte[]> section(int number, String version, byte[] stored) {
    Arena event = event(SECTION).putCount(number).putText(version, null);
    event.copy(Arena.of(stored), 0, stored.length);
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

  /** A recorder of a version was taken again. */
  static byte[] taken(int number) {
    return event(TAKEN).putCount(number).toBytes();
  }

  static byte[] champion(int number) {
    return event(CHAMPION).putCount(number).toBytes();
  }

  static byte[] cleared() {
    return event(CLEARED).toBytes();
  }

  /** A prediction of a version was taken; its row, if it is kept, is written as the policies of its columns say. */
  static byte[] prediction(int number, Served served, ColumnPolicy[] policies) {
    Arena event = event(PREDICTION)
        .putCount(number)
        .putLong(served.id)
        .putLong(served.millis)
        .putCount(served.millis - served.happened);
    Schema schema = served.schema;
    event.put((byte) (CallFlags.of(served) | (schema == null ? 0 : CallFlags.ROW)));
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
    if (schema != null) {
      event.putRow(schema, new Masked(served.view(), policies), null);
    }
    return event.toBytes();
  }

  /** A truth joined a prediction, or replaced the one that it had. */
  static byte[] truth(long id, Truth truth, long at) {
    return event(TRUTH).putLong(id).put(truth, null).putLong(at).toBytes();
  }

  /** A truth waits for the prediction of its key. */
  static byte[] early(String key, Truth truth, long at) {
    return event(EARLY).putText(key, null).put(truth, null).putLong(at).toBytes();
  }

  /** A prediction was closed; its outcome is not written. The position is 0 unless it has matured. */
  static byte[] closed(long id, Closing how, long position) {
    return event(CLOSED).put(how.code).putLong(id).putLong(position).toBytes();
  }

  /** A prediction of a version has matured. */
  static byte[] outcome(int number, Outcome outcome, ColumnPolicy[] policies) {
    Arena event = event(OUTCOME)
        .putLong(outcome.position())
        .putLong(outcome.id())
        .putCount(number)
        .putLong(outcome.servedAt().toEpochMilli());
    event.put((byte) ((outcome.arm().isPresent() ? CallFlags.ARM : 0)
        | (outcome.segment().isPresent() ? CallFlags.SEGMENT : 0)
        | CallFlags.ROW));
    event.put(outcome.prediction(), null);
    event.put(outcome.truth(), null);
    outcome.arm().ifPresent(arm -> event.putText(arm, null));
    outcome.segment().ifPresent(segment -> event.putText(segment, null));
    Row row = outcome.row();
    return event.putRow(row.schema(), new Masked(row, policies), null).toBytes();
  }

  static byte[] state(State state) {
    byte[] counts = counts(state);
    Arena event = event(STATE).putLong(state.steady);
    event.copy(Arena.of(counts), 0, counts.length);
    SteadyTime.Stand clock = requireNonNull(state.clock, "clock");
    event.putLong(clock.wall()).putLong(clock.highest()).putLong(clock.fall());
    state.sections.forEach(each -> event.putCount(each.unsampled));
    return event.toBytes();
  }

  /** What was counted, without any time. */
  static byte[] counts(State state) {
    Arena event = new Arena(256).putLong(state.first).putLong(state.end);
    event.putCount(state.truths.size());
    state.truths.forEach((what, count) -> event.putText(what, null).putCount(count));
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

  /** A row as the policies of its columns let it be written. */
  private static final class Masked implements Row {
    private final Row row;
    private final ColumnPolicy[] policies;

    Masked(Row row, ColumnPolicy[] policies) {
      this.row = row;
      this.policies = policies;
    }

    @Override
    public Schema schema() {
      return row.schema();
    }

    @Override
    public double number(int column) {
      return policies[column].of(row.number(column));
    }

    @Override
    public String category(int column) {
      return policies[column].of(row.category(column));
    }
  }

  // ---- how they are read

  /**
   * Reads the events of one segment, in their order.
   *
   * <p>Not thread-safe: confine to one thread.
   */
  static final class Reader {
    private final Context context;
    private final Replayed target;
    private final Arena parts = new Arena(0);
    private long unknown;

    Reader(Context context, Replayed target) {
      this.context = context;
      this.target = target;
    }

    /**
     * Reads the next; one of a kind of a later release is counted.
     *
     * @throws IllegalArgumentException if it cannot be read
     */
    void read(byte[] event) {
      if (event.length > 0 && event[0] > PART) {
        unknown++;
      } else if (event.length == 0 || event[0] != PART) {
        replay(Arena.of(event), context, target);
      } else if (joined(Arena.of(event))) {
        replay(Arena.of(parts.toBytes()), context, target);
      }
    }

    /** How many were of kinds that this release does not know. */
    long unknown() {
      return unknown;
    }

    /** Takes a part of a version; whether that was its last, after those before it. */
    private boolean joined(Arena part) {
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
  }

  private static void replay(Arena event, Context context, Replayed target) {
    byte kind = event.get();
    switch (kind) {
      case BEGIN -> {
        byte format = event.get();
        if (format != FORMAT) {
          throw new IllegalArgumentException(
              "it was written by format version " + format + ", this release reads " + FORMAT);
        }
      }
      case SECTION -> {
        int number = (int) event.getCount();
        String version = event.getText(null);
        byte[] stored = new byte[event.size - event.cursor];
        System.arraycopy(event.bytes, event.cursor, stored, 0, stored.length);
        Baseline baseline = StoredBaseline.of(stored);
        context.section(number, version, baseline.schema());
        target.section(number, version, baseline);
      }
      case TAKEN -> target.taken((int) event.getCount());
      case CHAMPION -> target.champion((int) event.getCount());
      case PREDICTION -> {
        int number = (int) event.getCount();
        target.prediction(number, getServed(event, context.schema(number)));
      }
      case TRUTH -> target.truth(event.getLong(), event.getTruth(null), event.getLong());
      case EARLY -> target.early(event.getText(null), event.getTruth(null), event.getLong());
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
        context.state(state);
        target.state(state);
      }
      case CLEARED -> target.cleared();
      case TIME -> target.time(event.getLong());
      default -> throw new IllegalArgumentException("wanted a kind of event, 1 to 13, got " + kind);
    }
  }

  private static Served getServed(Arena event, @Nullable Schema schema) {
    Served served = new Served();
    served.id = event.getLong();
    served.millis = event.getLong();
    served.happened = served.millis - event.getCount();
    int flags = event.get();
    served.key = CallFlags.has(flags, CallFlags.KEY) ? event.getText(null) : null;
    served.prediction = event.getPrediction(null);
    served.arm = CallFlags.has(flags, CallFlags.ARM) ? event.getText(null) : null;
    served.segment = CallFlags.has(flags, CallFlags.SEGMENT) ? event.getText(null) : null;
    if (CallFlags.has(flags, CallFlags.ROW) && schema != null) {
      double[] numbers = new double[schema.size()];
      String[] categories = new String[schema.size()];
      event.getRow(schema, numbers, categories, null);
      served.keepRow(schema, numbers, categories, 0);
    }
    return served;
  }

  private static State getState(Arena event) {
    State state = new State();
    state.steady = event.getLong();
    state.first = event.getLong();
    state.end = event.getLong();
    long truths = event.getCount();
    for (int i = 0; i < truths; i++) {
      state.truths.put(event.getText(null), event.getCount());
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
      state.clock =
          new SteadyTime.Stand(state.steady, event.getLong(), event.getLong(), event.getLong());
    }
    if (event.hasMore()) { // what releases without sampling did not write
      for (Counts counts : state.sections) {
        counts.unsampled = event.getCount();
      }
    }
    return state;
  }

  /** What was counted, if an event tells that; null otherwise. */
  static @Nullable State state(byte[] bytes) {
    Arena event = Arena.of(bytes);
    return event.get() == STATE ? getState(event) : null;
  }

  /** Reads an event if it is an outcome or a truth that joined one. */
  static void readOutcome(byte[] bytes, OutcomeReader reader) {
    Arena event = Arena.of(bytes);
    byte kind = event.get();
    if (kind == OUTCOME) {
      reader.outcome(event.getLong(), event.getLong(), event);
    } else if (kind == TRUTH) {
      reader.truth(event.getLong(), event);
    }
  }

  // ---- how they are erased

  /** The same event without what belongs to a key, whose ids are added; the same array if nothing does; null if all does. */
  static byte @Nullable [] erased(byte[] bytes, String key, Set<Long> ids) {
    Arena event = Arena.of(bytes);
    byte kind = event.get();
    if (kind == EARLY) {
      return event.isText(key) ? null : bytes;
    }
    if (kind == OUTCOME) {
      long position = event.getLong();
      long id = event.getLong();
      return ids.contains(id) ? closed(id, Closing.MATURED, position) : bytes;
    }
    if (kind != PREDICTION) {
      return bytes;
    }
    long number = event.getCount();
    long id = event.getLong();
    long millis = event.getLong();
    long age = event.getCount();
    int flags = event.get();
    if (!CallFlags.has(flags, CallFlags.KEY) || !event.isText(key)) {
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
}
