package dev.mlops.core.monitor;

import dev.mlops.api.model.Prediction;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Up to {@value #MOST} entries of the ledger, one after the other, in arrays of numbers and of bytes: none is an object that a
 * collector must follow.
 *
 * <p>Entries are added at the end and never move; what is forgotten stays as a gap until the chunk is copied or dropped.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Chunk {
  static final int MOST = 1_024;

  /** A chunk whose rows have this number of bytes takes no more. */
  static final int MOST_ROW_BYTES = 1 << 18;

  static final byte FORGOTTEN = 0;
  static final byte WAITS = 1;
  static final byte JOINED = 2;
  static final byte MATURED = 3;

  static final long NO_WINDOW = -1;
  private static final int NO_PLACE = -1;

  /** Its number, by which handles find it. */
  final int number;

  int count;
  int live;
  /** Entries before this are forgotten. */
  int first;
  /** Whether no entry is added any more. */
  boolean full;
  /** The place of its first entry in order of maturing. */
  long position;

  @Nullable
  Chunk older;

  @Nullable
  Chunk newer;

  byte[] states;
  long[] ids;
  /** By {@link KeyHash}; {@link KeyHash#NONE} without a key. */
  long[] keys;

  long[] millis;
  int[] sections;
  /** Where in {@link #facts} the key, the call and the prediction are. */
  int[] facts;
  /** Where in {@link #truths} the truth is. */
  int[] truthAt;

  int[] rowAt;
  /** Places in the windows of provisional and of mature quality. */
  long[] provisional;

  long[] mature;
  /** The segments of its row, as {@link Segments} numbers them. */
  long[] segments;

  final Arena said;
  final Arena truths;
  /** Null once the rows are forgotten. */
  @Nullable
  Arena rows;
  /** Predictions of a kind that is kept as it is; null without any. */
  @Nullable
  Prediction @Nullable [] whole;

  Chunk(int number, int room, int saidBytes, int rowBytes) {
    this.number = number;
    this.states = new byte[room];
    this.ids = new long[room];
    this.keys = new long[room];
    this.millis = new long[room];
    this.sections = new int[room];
    this.facts = new int[room];
    this.truthAt = new int[room];
    this.rowAt = new int[room];
    this.provisional = new long[room];
    this.mature = new long[room];
    this.segments = new long[room];
    this.said = new Arena(saidBytes);
    this.truths = new Arena(0);
    this.rows = new Arena(rowBytes);
  }

  /** Takes a place for an entry, with room for it; its facts and row begin at the ends of their arenas. */
  int add(byte state, long id, long key, long at, int section) {
    if (count == states.length) {
      grow();
    }
    int slot = count++;
    live++;
    states[slot] = state;
    ids[slot] = id;
    keys[slot] = key;
    millis[slot] = at;
    sections[slot] = section;
    facts[slot] = said.size;
    truthAt[slot] = NO_PLACE;
    rowAt[slot] = NO_PLACE;
    provisional[slot] = NO_WINDOW;
    mature[slot] = NO_WINDOW;
    segments[slot] = 0;
    return slot;
  }

  private void grow() {
    int room = Math.min(MOST, Math.max(16, 2 * states.length));
    states = Arrays.copyOf(states, room);
    ids = Arrays.copyOf(ids, room);
    keys = Arrays.copyOf(keys, room);
    millis = Arrays.copyOf(millis, room);
    sections = Arrays.copyOf(sections, room);
    facts = Arrays.copyOf(facts, room);
    truthAt = Arrays.copyOf(truthAt, room);
    rowAt = Arrays.copyOf(rowAt, room);
    provisional = Arrays.copyOf(provisional, room);
    mature = Arrays.copyOf(mature, room);
    segments = Arrays.copyOf(segments, room);
    if (whole != null) {
      whole = Arrays.copyOf(whole, room);
    }
  }

  void keepWhole(int slot, Prediction prediction) {
    if (whole == null) {
      whole = new Prediction[states.length];
    }
    whole[slot] = prediction;
  }

  /** Takes no more once it has as many entries, or rows of as many bytes, as it may. */
  void fillUp() {
    full = count == MOST || (rows != null && rows.size >= MOST_ROW_BYTES);
  }

  boolean hasTruth(int slot) {
    return truthAt[slot] != NO_PLACE;
  }

  /** The truth of an entry is where the arena is being written from now on: over the old one if there is room. */
  void putTruth(int slot, Arena written) {
    int at = truthAt[slot];
    if (at == NO_PLACE || truths.intAt(at - 4) < written.size) {
      int room = at == NO_PLACE ? written.size : 2 * written.size;
      truths.putInt(room);
      truthAt[slot] = truths.copy(written, 0, written.size);
      for (int i = written.size; i < room; i++) {
        truths.put((byte) 0);
      }
      return;
    }
    System.arraycopy(written.bytes, 0, truths.bytes, at, written.size);
  }

  boolean hasRow(int slot) {
    return rows != null && rowAt[slot] != NO_PLACE;
  }

  /** Overwrites a row and forgets where it was. */
  void eraseRow(int slot) {
    if (hasRow(slot) && rows != null) {
      int begin = rowAt[slot];
      Arrays.fill(rows.bytes, begin + 4, begin + 4 + rows.intAt(begin), (byte) 0);
      rowAt[slot] = NO_PLACE;
    }
  }

  /** Makes a place hold nothing. */
  void forget(int slot) {
    states[slot] = FORGOTTEN;
    live--;
    if (whole != null) {
      whole[slot] = null;
    }
    while (first < count && states[first] == FORGOTTEN) {
      first++;
    }
  }

  /** Takes over an entry of another chunk; gives its slot here. */
  int copy(Chunk from, int slot, byte state) {
    int here = add(state, from.ids[slot], from.keys[slot], from.millis[slot], from.sections[slot]);
    int end = slot + 1 < from.count ? from.facts[slot + 1] : from.said.size;
    said.copy(from.said, from.facts[slot], end - from.facts[slot]);
    provisional[here] = from.provisional[slot];
    mature[here] = from.mature[slot];
    segments[here] = from.segments[slot];
    if (from.hasTruth(slot)) {
      int at = from.truthAt[slot];
      int room = from.truths.intAt(at - 4);
      truths.putInt(room);
      truthAt[here] = truths.copy(from.truths, at, room);
    }
    if (rows != null && from.rows != null && from.rowAt[slot] != NO_PLACE) {
      int begin = from.rowAt[slot];
      rowAt[here] = rows.copy(from.rows, begin, 4 + from.rows.intAt(begin));
    }
    if (from.whole != null && from.whole[slot] != null) {
      keepWhole(here, from.whole[slot]);
    }
    return here;
  }

  /** Makes it empty, to be filled again. */
  void clear() {
    count = 0;
    first = 0;
    said.size = 0;
    truths.size = 0;
    if (rows != null) {
      rows.size = 0;
    }
  }

  /** How many bytes it holds, but for objects of the host's. */
  long bytes() {
    return 200L
        + 65L * states.length
        + said.bytes.length
        + truths.bytes.length
        + (rows == null ? 0 : rows.bytes.length)
        + (whole == null ? 0 : 4L * whole.length);
  }
}
