package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.TruthState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Predictions that wait for their truth or their horizon, and the newest that have matured, found by id and by key.
 *
 * <p><b>Where they are.</b> Entries are numbers and bytes in {@link Chunk}s of at most {@value Chunk#MOST}: open ones in the order
 * of recording, matured ones in the order of maturing. A prediction that matures moves from the one row of chunks to the other.
 * Chunks come and go one at a time, and the indexes grow by a page at a time, so nothing waits for a table of millions to be
 * made anew; and a collector has a few arrays to follow for a thousand predictions. Where truths come in another order than
 * their predictions, open chunks become sparse: one that is half empty is copied, so gaps take no more room than entries.
 *
 * <p><b>Memory.</b> An entry holds 65 bytes, 13 to 24 for each of its indexes, 8 for each number of its row, 1 to 3 for each
 * category that {@link Dictionary} know, and its key, prediction and truth at 1 byte a character (2 beyond Latin-1) and 8 a number.
 * Rows of matured ones that are not kept are dropped with their chunk. Of those that were closed without an outcome 16 bytes and
 * their indexes are remembered, as many as of those that matured.
 *
 * <p>Not thread-safe: confine to one thread; but the counts may be read from any, and {@link #lost()} called.
 */
final class Ledger {
  /** What {@link #find} gives for what is not there. */
  static final long NONE = LongIndex.NONE;

  private static final int SLOT_BITS = 10;

  private static final byte KEY = 1;
  private static final byte ARM = 2;
  private static final byte SEGMENT = 4;
  private static final byte ERASED = 8;

  private final int mostOpen;
  private final int kept;
  private final int remembered;
  /** In milliseconds; 0 if a prediction matures when its truth comes. */
  private final long horizon;

  private final Listener listener;
  private final LongIndex byId = new LongIndex();
  private final LongIndex byKey = new LongIndex();
  private final KeyHash hash = KeyHash.secret();
  private final Dictionary names = new Dictionary();
  private final Arena scratch = new Arena(64);

  private final List<@Nullable Chunk> chunks = new ArrayList<>();
  private final List<Integer> freeNumbers = new ArrayList<>();
  private @Nullable Chunk oldest;
  private @Nullable Chunk newest;
  private @Nullable Chunk oldestMatured;
  private @Nullable Chunk newestMatured;
  /** The matured chunks, oldest first, from {@link #firstMatured} on. */
  private final List<Chunk> maturedChunks = new ArrayList<>();

  private int firstMatured;
  /** The matured chunks before this have no rows. */
  private int rowless;

  private final List<@Nullable Section> sections = new ArrayList<>();
  private final List<Schema> schemas = new ArrayList<>();

  /** Ids, and hashes of keys, of the newest that were closed without an outcome. */
  private final LongRing closedIds;

  private final LongRing closedKeys;

  private final EarlyTruths early;

  /** The position that the first outcome has. */
  private long first;

  private long end;
  private long open;
  private long joinedAndOpen;
  private boolean overflowed;
  /** How long the oldest had waited when it was first ended for want of room, in milliseconds. */
  private long ageAtOverflow;

  private boolean replaying;
  private @Nullable Prediction puzzled;
  private final Map<TruthState, AtomicLong> counts = new EnumMap<>(TruthState.class);

  /** Is told of what changes. */
  interface Listener {
    /** An outcome has matured; {@link #outcome} gives it, if its row is kept. */
    void matured(
        Section section, long id, Prediction prediction, Truth truth, long position, long millis);

    /** A prediction was closed without an outcome: it expired, or had caused its truth. */
    void closed(long id, boolean caused);

    /** A truth joined a prediction, or replaced the one that it had. */
    void took(long id, Truth truth, long at);

    /** A truth waits for the prediction of its key. */
    void waits(String key, Truth truth, long at);
  }

  Ledger(MonitorConfig.Draft config, Listener listener) {
    this.mostOpen = config.open;
    this.kept = config.outcomes;
    this.remembered = config.remembered();
    this.horizon = config.horizon == null ? 0 : Times.millis(config.horizon);
    this.listener = listener;
    this.closedIds = new LongRing(remembered);
    this.closedKeys = new LongRing(remembered);
    this.early = new EarlyTruths(
        config.earlyTruths, config.earlyWait == null ? 0 : Times.millis(config.earlyWait));
    this.first = config.firstPosition.getAsLong();
    this.end = first;
    for (TruthState state : TruthState.values()) {
      counts.put(state, new AtomicLong());
    }
  }

  void register(Registered registered) {
    for (TruthState state : TruthState.values()) {
      if (state != TruthState.EARLY) {
        registered.counter(Meters.TRUTHS, count(state), state.name().toLowerCase(Locale.ROOT));
      }
    }
    registered.gauge(Meters.TRUTHS_EARLY, () -> count(TruthState.EARLY).doubleValue());
  }

  private AtomicLong count(TruthState state) {
    return requireNonNull(counts.get(state), "counter");
  }

  private void counts(TruthState state) {
    count(state).incrementAndGet();
  }

  // ---- taking predictions

  /** Takes a prediction that waits from now on. */
  void add(Served served) {
    Chunk chunk = newest;
    if (chunk == null || chunk.full) {
      chunk = append(new Chunk(number(), chunk == null ? 16 : Chunk.MOST, 64, 64));
    }
    long key = served.key == null ? KeyHash.NONE : hash.of(served.key);
    int slot = chunk.add(Chunk.WAITS, served.id, key, served.millis, section(served.section()));
    chunk.segments[slot] = served.segments;
    write(chunk, slot, served);
    chunk.fillUp();
    long handle = handle(chunk, slot);
    byId.put(served.id, handle);
    if (key != KeyHash.NONE) {
      byKey.put(key, handle);
    }
    if (++open > mostOpen && oldest != null && !replaying) {
      if (!overflowed) {
        overflowed = true;
        ageAtOverflow = Math.max(1, served.millis - oldest.millis[oldest.first]);
      }
      end(oldest, oldest.first);
    }
    if (served.key != null && early.size() > 0) {
      EarlyTruths.Waiting came = early.take(served.key);
      if (came != null) {
        count(TruthState.EARLY).set(early.size());
        truth(served.id, came.truth(), came.at());
      }
    }
  }

  private void write(Chunk chunk, int slot, Served served) {
    Arena said = chunk.said;
    said.put((byte) ((served.key == null ? 0 : KEY)
        | (served.arm == null ? 0 : ARM)
        | (served.segment == null ? 0 : SEGMENT)));
    said.putCount(served.millis - served.happened);
    if (served.key != null) {
      said.putText(served.key, null);
    }
    if (!said.put(served.prediction(), names)) {
      chunk.keepWhole(slot, served.prediction());
    }
    if (served.arm != null) {
      said.putText(served.arm, names);
    }
    if (served.segment != null) {
      said.putText(served.segment, names);
    }
    Schema schema = served.schema;
    if (schema != null && chunk.rows != null) {
      Arena rows = chunk.rows;
      int begin = rows.size;
      rows.putInt(0).putCount(schema(schema));
      for (int i = 0; i < schema.size(); i++) {
        if (schema.isNumber(i)) {
          rows.putDouble(served.number(i));
        } else {
          rows.putText(served.category(i), names);
        }
      }
      rows.setInt(begin, rows.size - begin - 4);
      chunk.rowAt[slot] = begin;
    }
  }

  @SuppressWarnings("ReferenceEquality") // nearly all rows share one schema
  private int schema(Schema schema) {
    for (int i = 0; i < schemas.size(); i++) {
      if (schemas.get(i) == schema) {
        return i;
      }
    }
    int same = schemas.indexOf(schema);
    if (same >= 0) {
      return same;
    }
    schemas.add(schema);
    return schemas.size() - 1;
  }

  private int section(Section section) {
    if (section.inLedger == 0) {
      int free = sections.indexOf(null);
      section.code = free < 0 ? sections.size() : free;
      if (free < 0) {
        sections.add(section);
      } else {
        sections.set(free, section);
      }
    }
    section.inLedger++;
    return section.code;
  }

  private Section sectionOf(Chunk chunk, int slot) {
    return requireNonNull(sections.get(chunk.sections[slot]), "section");
  }

  private int number() {
    if (freeNumbers.isEmpty()) {
      chunks.add(null);
      return chunks.size() - 1;
    }
    return freeNumbers.remove(freeNumbers.size() - 1);
  }

  private Chunk append(Chunk chunk) {
    chunks.set(chunk.number, chunk);
    chunk.older = newest;
    if (newest == null) {
      oldest = chunk;
    } else {
      newest.newer = chunk;
    }
    newest = chunk;
    return chunk;
  }

  private static long handle(Chunk chunk, int slot) {
    return ((long) chunk.number << SLOT_BITS) | slot;
  }

  private Chunk chunk(long handle) {
    return requireNonNull(chunks.get((int) (handle >>> SLOT_BITS)), "chunk");
  }

  private static int slot(long handle) {
    return (int) handle & (Chunk.MOST - 1);
  }

  // ---- taking truths

  /** Where the prediction of an id is; below 0 if it is closed without an outcome, or {@link #NONE}. */
  long find(long id) {
    return byId.get(id);
  }

  /** Where the newest prediction of a key is; below 0 if it is closed without an outcome, or {@link #NONE}. */
  long find(String key) {
    long handle = byKey.get(hash.of(key));
    if (handle < 0) {
      return handle;
    }
    Arena said = facts(chunk(handle), slot(handle));
    said.getCount();
    return said.isText(key) ? handle : NONE;
  }

  /** The facts of an entry, behind the byte of flags. */
  private static Arena facts(Chunk chunk, int slot) {
    chunk.said.cursor = chunk.facts[slot] + 1;
    return chunk.said;
  }

  private static byte flags(Chunk chunk, int slot) {
    return chunk.said.bytes[chunk.facts[slot]];
  }

  /** What was predicted; the cursor goes on behind it. */
  private Prediction prediction(Chunk chunk, int slot) {
    Arena said = facts(chunk, slot);
    said.getCount();
    if ((flags(chunk, slot) & KEY) != 0) {
      said.skipText();
    }
    Prediction prediction = said.getPrediction(names);
    if (prediction == null && chunk.whole != null) {
      prediction = chunk.whole[slot];
    }
    return requireNonNull(prediction, "prediction");
  }

  private @Nullable Truth truthOf(Chunk chunk, int slot) {
    if (!chunk.hasTruth(slot)) {
      return null;
    }
    chunk.truths.cursor = chunk.truthAt[slot];
    return chunk.truths.getTruth(names);
  }

  /** Says the steady time, in milliseconds, at which what follows is taken. */
  void at(long now) {
    early.at(now);
  }

  /** Takes a truth by id. */
  void truth(long id, @Nullable Truth given, long at) {
    join(find(id), given, at);
  }

  /** Takes a truth by key; one that finds no prediction may wait for it. */
  void truth(String key, @Nullable Truth given, long at) {
    long handle = find(key);
    if (handle == NONE && given != null && early.takes(key)) {
      Truth before = early.of(key);
      if (given.equals(before)) {
        counts(TruthState.DUPLICATE);
        return;
      }
      if (before != null) {
        counts(TruthState.CORRECTED);
      }
      count(TruthState.ORPHAN).addAndGet(early.add(key, given, at));
      count(TruthState.EARLY).set(early.size());
      listener.waits(key, given, at);
      return;
    }
    join(handle, given, at);
  }

  private void join(long handle, @Nullable Truth given, long at) {
    if (handle == NONE || given == null) {
      counts(TruthState.ORPHAN);
      return;
    }
    if (handle < 0) {
      counts(TruthState.LATE);
      return;
    }
    Chunk chunk = chunk(handle);
    int slot = slot(handle);
    Prediction prediction = prediction(chunk, slot);
    if (!given.isFor(prediction)) {
      counts(TruthState.CONFLICT);
      puzzled = prediction;
      return;
    }
    Truth truth = prediction instanceof Regression said ? given.named(said.names()) : given;
    boolean matured = chunk.states[slot] == Chunk.MATURED;
    if (matured) {
      truth = truth.asObserved(); // what has matured is in quality: the mark comes too late
    }
    Section section = sectionOf(chunk, slot);
    section.spelling.look(prediction, truth);
    Truth before = truthOf(chunk, slot);
    if (truth.equals(before)) {
      counts(TruthState.DUPLICATE);
      return;
    }
    section.newestTruth = at;
    section.truthCame = true;
    scratch.size = 0;
    chunk.putTruth(slot, scratch.put(truth, names));
    listener.took(chunk.ids[slot], truth, at);
    if (section.provisional != null) {
      if (chunk.provisional[slot] != Chunk.NO_WINDOW) {
        section.provisional.correct(
            chunk.provisional[slot],
            prediction,
            requireNonNull(before, "before").asObserved(),
            truth.asObserved());
      } else if (!truth.caused() && !matured) {
        chunk.provisional[slot] = section.provisional.add(prediction, truth);
      }
    }
    if (before != null) {
      counts(TruthState.CORRECTED);
      if (matured) {
        section.quality.correct(chunk.mature[slot], prediction, before, truth);
        section.segments.corrected(chunk.segments[slot], chunk.position + slot, truth);
      }
      return;
    }
    counts(TruthState.JOINED);
    joinedAndOpen++;
    section.joinedAndOpen++;
    chunk.states[slot] = Chunk.JOINED;
    if (horizon == 0 && !replaying) {
      end(chunk, slot, prediction);
    }
  }

  /** Matures and expires what has reached the horizon, and lets early truths wait no longer than they may. */
  void mature(long now) {
    while (horizon > 0
        && !replaying
        && oldest != null
        && open > 0
        && now - oldest.millis[oldest.first] >= horizon) {
      end(oldest, oldest.first);
    }
    while (open > mostOpen && oldest != null) {
      end(oldest, oldest.first); // a life with a larger bound left them open
    }
    int given = early.expire(now);
    if (given > 0) {
      count(TruthState.ORPHAN).addAndGet(given);
      count(TruthState.EARLY).set(early.size());
    }
  }

  /** Lets a prediction wait no longer. */
  private void end(Chunk chunk, int slot) {
    end(chunk, slot, null);
  }

  private void end(Chunk chunk, int slot, @Nullable Prediction known) {
    Truth truth = truthOf(chunk, slot);
    Section section = sectionOf(chunk, slot);
    open--;
    if (truth != null) {
      joinedAndOpen--;
      section.joinedAndOpen--;
    }
    if (truth == null) {
      section.expired++;
      counts(TruthState.EXPIRED);
      close(chunk, slot, false);
    } else if (truth.caused()) {
      section.caused++;
      counts(TruthState.CAUSED);
      close(chunk, slot, true);
    } else {
      mature(chunk, slot, section, known == null ? prediction(chunk, slot) : known, truth);
    }
  }

  /** Forgets an open entry, but for its id and its key. */
  private void close(Chunk chunk, int slot, boolean caused) {
    long handle = handle(chunk, slot);
    long id = chunk.ids[slot];
    long key = chunk.keys[slot];
    sectionLeft(sectionOf(chunk, slot));
    leave(chunk, slot);
    long number = closedIds.end();
    if (number >= remembered) {
      long forgotten = number - remembered;
      byId.remove(closedIds.get(forgotten), closed(forgotten));
      byKey.remove(closedKeys.get(forgotten), closed(forgotten));
    }
    closedIds.add(id);
    closedKeys.add(key);
    byId.put(id, closed(number));
    if (key != KeyHash.NONE && byKey.get(key) == handle) {
      byKey.put(key, closed(number));
    }
    listener.closed(id, caused);
  }

  /** The value in an index of what was the n-th to be closed. */
  private static long closed(long number) {
    return -1 - number;
  }

  private void sectionLeft(Section section) {
    if (--section.inLedger == 0) {
      sections.set(section.code, null);
    }
  }

  private void mature(Chunk chunk, int slot, Section section, Prediction prediction, Truth truth) {
    long happened = happened(chunk, slot);
    Chunk to = newestMatured;
    if (to == null || to.full || to.position + to.count != end) {
      if (to != null) {
        to.full = true;
      }
      to = new Chunk(number(), to == null ? 16 : Chunk.MOST, 64, 64);
      chunks.set(to.number, to);
      to.position = end;
      if (newestMatured == null) {
        oldestMatured = to;
      } else {
        newestMatured.newer = to;
      }
      newestMatured = to;
      maturedChunks.add(to);
    }
    int here = to.copy(chunk, slot, Chunk.MATURED);
    to.fillUp();
    moved(chunk, slot, to, here);
    leave(chunk, slot);
    section.matured++;
    to.mature[here] = section.quality.add(prediction, truth);
    long position = end++;
    section.segments.matured(to.segments[here], position, prediction, truth);
    forgetOld();
    listener.matured(section, to.ids[here], prediction, truth, position, happened);
  }

  private void moved(Chunk from, int slot, Chunk to, int here) {
    byId.put(to.ids[here], handle(to, here));
    long key = to.keys[here];
    if (key != KeyHash.NONE && byKey.get(key) == handle(from, slot)) {
      byKey.put(key, handle(to, here));
    }
  }

  /** When what a prediction is about happened. */
  private static long happened(Chunk chunk, int slot) {
    return chunk.millis[slot] - facts(chunk, slot).getCount();
  }

  /** Takes an entry out of its open chunk, which goes if that was its last. */
  private void leave(Chunk chunk, int slot) {
    chunk.forget(slot);
    if (chunk.live == 0) {
      if (chunk.full) {
        drop(chunk);
      } else {
        chunk.clear();
      }
    } else if (chunk.full && 2 * chunk.live <= chunk.count) {
      compact(chunk);
    }
  }

  private void drop(Chunk chunk) {
    if (chunk.older == null) {
      oldest = chunk.newer;
    } else {
      chunk.older.newer = chunk.newer;
    }
    if (chunk.newer == null) {
      newest = chunk.older;
    } else {
      chunk.newer.older = chunk.older;
    }
    free(chunk);
  }

  private void free(Chunk chunk) {
    chunks.set(chunk.number, null);
    freeNumbers.add(chunk.number);
  }

  /** Copies a sparse chunk, together with the one before it if both are small. */
  private void compact(Chunk chunk) {
    Chunk before = chunk.older;
    boolean both = before != null
        && before.full
        && before.live + chunk.live <= Chunk.MOST / 2
        && rowBytes(before) + rowBytes(chunk) <= Chunk.MOST_ROW_BYTES;
    int room = chunk.live + (both ? requireNonNull(before).live : 0);
    Chunk dense = new Chunk(number(), room, 16 * room, 0);
    dense.full = true;
    chunks.set(dense.number, dense);
    if (both) {
      copyLive(requireNonNull(before), dense);
      drop(before);
    }
    copyLive(chunk, dense);
    dense.older = chunk.older;
    dense.newer = chunk.newer;
    if (dense.older == null) {
      oldest = dense;
    } else {
      dense.older.newer = dense;
    }
    if (dense.newer == null) {
      newest = dense;
    } else {
      dense.newer.older = dense;
    }
    free(chunk);
  }

  private static int rowBytes(Chunk chunk) {
    return chunk.rows == null ? 0 : chunk.rows.size;
  }

  private void copyLive(Chunk from, Chunk to) {
    for (int slot = from.first; slot < from.count; slot++) {
      if (from.states[slot] != Chunk.FORGOTTEN) {
        int here = to.copy(from, slot, from.states[slot]);
        moved(from, slot, to, here);
      }
    }
  }

  /** Forgets the matured that are too many, and the rows of those that are kept without. */
  private void forgetOld() {
    while (oldestMatured != null
        && end - (oldestMatured.position + oldestMatured.first) > remembered) {
      Chunk chunk = oldestMatured;
      int slot = chunk.first;
      long handle = handle(chunk, slot);
      byId.remove(chunk.ids[slot], handle);
      byKey.remove(chunk.keys[slot], handle);
      sectionLeft(sectionOf(chunk, slot));
      chunk.forget(slot);
      if (chunk.full && chunk.live == 0) {
        oldestMatured = chunk.newer;
        if (oldestMatured == null) {
          newestMatured = null;
        }
        free(chunk);
        forgetChunk();
      }
    }
    if (kept < remembered) {
      for (int i = rowless; i < maturedChunks.size(); i++) {
        Chunk chunk = maturedChunks.get(i);
        if (!chunk.full || chunk.position + chunk.count > end - kept) {
          break;
        }
        chunk.rows = null;
        rowless = i + 1;
      }
    }
  }

  private void forgetChunk() {
    firstMatured++;
    rowless = Math.max(rowless, firstMatured);
    if (firstMatured > 64 && 2 * firstMatured > maturedChunks.size()) {
      maturedChunks.subList(0, firstMatured).clear();
      rowless -= firstMatured;
      firstMatured = 0;
    }
  }

  // ---- what happened in an earlier life

  /** Whether what follows happened in an earlier life: what was decided then is told, and not decided again. */
  void replaying(boolean now) {
    replaying = now;
  }

  /** Whether what happens now happened in an earlier life. */
  boolean isReplaying() {
    return replaying;
  }

  /** Closes a prediction as it was closed in an earlier life; one that is not there, since it was not read, stays out. */
  void replayClosed(long id, MonitorLog.Closing how, long position) {
    if (how == MonitorLog.Closing.MATURED && position >= end) {
      end = position;
    }
    long handle = find(id);
    boolean isOpen = handle >= 0 && chunk(handle).states[slot(handle)] != Chunk.MATURED;
    if (isOpen && (how == MonitorLog.Closing.EXPIRED || chunk(handle).hasTruth(slot(handle)))) {
      end(chunk(handle), slot(handle));
    } else if (how == MonitorLog.Closing.MATURED) {
      end = Math.max(end, position + 1); // its beginning was not read: its place stays its own
    }
  }

  /** Takes over what was counted, where more was counted than was read. */
  void restore(MonitorLog.State state) {
    end = matured() == 0 ? state.end : Math.max(end, state.end);
    first = state.first;
    counts.forEach((what, count) -> {
      if (what != TruthState.EARLY) {
        count.set(state.truths.getOrDefault(what, 0L));
      }
    });
    Long waiting = state.truths.get(TruthState.EARLY);
    if (waiting != null) { // those that are more had waited long enough, which the counts say
      early.forgetOldest(Math.toIntExact(waiting));
    }
    count(TruthState.EARLY).set(early.size());
  }

  /**
   * Makes the open predictions of a version as many as were counted: those that were not read have expired, and the oldest that
   * are too many are forgotten, since what closed them was not read. Gives how many expired.
   */
  long reconcile(Section section) {
    long there = 0;
    for (Chunk chunk = oldest; chunk != null; chunk = chunk.newer) {
      for (int slot = chunk.first; slot < chunk.count; slot++) {
        there += isOpenOf(section, chunk, slot) ? 1 : 0;
      }
    }
    long missing = section.open() - there;
    if (missing > 0) {
      section.expired += missing;
      count(TruthState.EXPIRED).addAndGet(missing);
    }
    for (long i = missing; i < 0; i++) {
      forgetOldest(section);
    }
    return Math.max(0, missing);
  }

  private boolean isOpenOf(Section section, Chunk chunk, int slot) {
    return chunk.states[slot] != Chunk.FORGOTTEN
        && chunk.sections[slot] == section.code
        && section.inLedger > 0;
  }

  private void forgetOldest(Section section) {
    for (Chunk chunk = oldest; chunk != null; chunk = chunk.newer) {
      for (int slot = chunk.first; slot < chunk.count; slot++) {
        if (isOpenOf(section, chunk, slot)) {
          open--;
          if (chunk.hasTruth(slot)) {
            joinedAndOpen--;
            section.joinedAndOpen--;
          }
          close(chunk, slot, false);
          return;
        }
      }
    }
  }

  /** Forgets the key, the row and what else is the host's of all predictions under a key; gives their ids. */
  Set<Long> erase(String key) {
    Set<Long> ids = new HashSet<>();
    long hashed = hash.of(key);
    for (Chunk chunk : chunks) {
      for (int slot = 0; chunk != null && slot < chunk.count; slot++) {
        if (chunk.keys[slot] != hashed || chunk.states[slot] == Chunk.FORGOTTEN) {
          continue;
        }
        Arena said = facts(chunk, slot);
        said.getCount();
        int begin = said.cursor;
        if (said.isText(key)) {
          said.blank(begin);
          chunk.said.bytes[chunk.facts[slot]] |= ERASED;
          chunk.eraseRow(slot);
          chunk.keys[slot] = KeyHash.NONE;
          ids.add(chunk.ids[slot]);
        }
      }
    }
    byKey.remove(hashed, byKey.get(hashed));
    if (early.take(key) != null) {
      counts(TruthState.ORPHAN);
      count(TruthState.EARLY).set(early.size());
    }
    return ids;
  }

  /** Puts the counts of truths into what is written. */
  void describe(MonitorLog.State state) {
    state.first = first;
    state.end = end;
    counts.forEach((what, count) -> state.truths.put(what, count.get()));
  }

  // ---- what is known

  /** The newest prediction for which a truth of another kind came, told once. */
  @Nullable
  Prediction puzzled() {
    Prediction told = puzzled;
    puzzled = null;
    return told;
  }

  /** Whether predictions had to be ended before their time, since too many waited. */
  boolean overflowed() {
    return overflowed;
  }

  /** How many would wait at the rate that was seen, for a message; empty without a horizon. */
  String wouldWait() {
    if (horizon == 0 || ageAtOverflow >= horizon) {
      return "";
    }
    return String.format(
        Locale.ROOT,
        ": the oldest had waited %,d s of %,d, so about %,.0f would wait at that rate",
        ageAtOverflow / 1_000,
        horizon / 1_000,
        Math.ceil((double) mostOpen * horizon / ageAtOverflow));
  }

  /** How many have matured. */
  long matured() {
    return end - first;
  }

  /** The position of the oldest outcome whose row is kept. */
  long begin() {
    return Math.max(first, end - kept);
  }

  /** The position after the newest outcome. */
  long end() {
    return end;
  }

  /** How many wait for their truth. */
  long waiting() {
    return open - joinedAndOpen;
  }

  /** When the oldest was served that waits for its truth or its horizon, in milliseconds. */
  long oldestOpen() {
    return oldest == null || open == 0 ? Long.MAX_VALUE : oldest.millis[oldest.first];
  }

  /** Counts a truth that could not be taken. */
  void lost() {
    counts(TruthState.LOST);
  }

  /** The outcome at a position from {@link #begin()} to below {@link #end()}; null if its row was erased. */
  @Nullable
  Outcome outcome(long position) {
    if (firstMatured == maturedChunks.size()) {
      return null;
    }
    Chunk chunk = maturedAt(position);
    int slot = (int) (position - chunk.position);
    if (slot < chunk.first || slot >= chunk.count) {
      return null; // it was not read from the log
    }
    if ((flags(chunk, slot) & ERASED) != 0 || !chunk.hasRow(slot)) {
      return null;
    }
    byte flags = flags(chunk, slot);
    Prediction prediction = prediction(chunk, slot);
    String arm = (flags & ARM) != 0 ? chunk.said.getText(names) : null;
    String segment = (flags & SEGMENT) != 0 ? chunk.said.getText(names) : null;
    Outcome.Builder outcome = Outcome.builder(
            position, chunk.ids[slot], sectionOf(chunk, slot).version)
        .row(row(chunk, slot))
        .prediction(prediction)
        .truth(requireNonNull(truthOf(chunk, slot), "truth"))
        .servedAt(Instant.ofEpochMilli(happened(chunk, slot)));
    if (arm != null) {
      outcome.arm(arm);
    }
    if (segment != null) {
      outcome.segment(segment);
    }
    return outcome.build();
  }

  private Chunk maturedAt(long position) {
    int from = firstMatured;
    int to = maturedChunks.size() - 1;
    while (from < to) {
      int middle = (from + to + 1) >>> 1;
      if (maturedChunks.get(middle).position <= position) {
        from = middle;
      } else {
        to = middle - 1;
      }
    }
    return maturedChunks.get(from);
  }

  private Row row(Chunk chunk, int slot) {
    Arena rows = requireNonNull(chunk.rows, "rows");
    rows.cursor = chunk.rowAt[slot] + 4;
    Schema schema = schemas.get((int) rows.getCount());
    double[] numbers = new double[schema.size()];
    String[] categories = new String[schema.size()];
    Arrays.fill(categories, "");
    for (int i = 0; i < numbers.length; i++) {
      if (schema.isNumber(i)) {
        numbers[i] = rows.getDouble();
      } else {
        categories[i] = rows.getText(names);
      }
    }
    return Row.of(schema, numbers, categories);
  }

  void describe(Evidence.Builder evidence) {
    counts.forEach((state, count) -> evidence.truths(state, count.get()));
    evidence.matured(matured()).position(end);
  }

  /** How many bytes its chunks hold, for tests. */
  long bytes() {
    long bytes = 0;
    for (Chunk chunk : chunks) {
      bytes += chunk == null ? 0 : chunk.bytes();
    }
    return bytes;
  }

  /** How many entries its indexes hold, for tests. */
  Map<String, Integer> indexed() {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    sizes.put("ids", byId.size());
    sizes.put("keys", byKey.size());
    return sizes;
  }
}
