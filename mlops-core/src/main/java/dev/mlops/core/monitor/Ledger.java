package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.TruthState;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
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
 * category that the {@link Dictionary} knows, and its key, prediction and truth at 1 byte a character (2 beyond Latin-1) and 8 a number.
 * Rows of matured ones that are not kept are dropped with their chunk. Of those that were closed without an outcome 16 bytes and
 * their indexes are remembered, as many as of those that matured.
 *
 * <p>Not thread-safe: confine to one thread; but the counts may be read from any, and {@link #lost()} called.
 */
final class Ledger {
  /** What {@link #find} gives for what is not there. */
  static final long NONE = LongIndex.NONE;

  private final int mostOpen;
  private final int kept;
  private final int remembered;
  /** In milliseconds; 0 if a prediction matures when its truth comes. */
  private final long horizon;

  private final Listener listener;
  private final LongIndex byId = new LongIndex();
  private final LongIndex byKey = new LongIndex();
  private final KeyHash hash = KeyHash.secret();
  private final Entries entries = new Entries();
  private final Chunks chunks = new Chunks();
  private final OpenChunks openChunks = new OpenChunks(chunks, this::moved);
  private final MaturedChunks maturedChunks;

  /** Ids, and hashes of keys, of the newest that were closed without an outcome. */
  private final LongRing closedIds;

  private final LongRing closedKeys;

  private final EarlyTruths early;
  private final Sampling sampling;

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
  /** How many truths are in states that a later release has told its log, by name. */
  private Map<String, Long> otherCounts = Map.of();

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
    this.maturedChunks = new MaturedChunks(chunks, kept, remembered);
    this.closedIds = new LongRing(remembered);
    this.closedKeys = new LongRing(remembered);
    this.early = new EarlyTruths(
        config.earlyTruths, config.earlyWait == null ? 0 : Times.millis(config.earlyWait));
    this.sampling = config.sampling;
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
    Chunk chunk = openChunks.forNext();
    long key = served.key == null ? KeyHash.NONE : hash.of(served.key);
    long handle = Chunks.handle(chunk, entries.add(chunk, served, key));
    byId.put(served.id, handle);
    if (key != KeyHash.NONE) {
      byKey.put(key, handle);
    }
    Chunk oldest = openChunks.oldest();
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
    return entries.isUnder(chunks.of(handle), Chunks.slot(handle), key) ? handle : NONE;
  }

  /** Says the steady time, in milliseconds, at which what follows is taken. */
  void at(long now) {
    early.at(now);
  }

  /** Takes a truth by id. */
  void truth(long id, @Nullable Truth given, long at) {
    long handle = find(id);
    if (handle == NONE && given != null && !Sampling.waits(id) && samples()) {
      counts(TruthState.UNSAMPLED);
      return;
    }
    join(handle, given, at);
  }

  /** Takes a truth by key; one that finds no prediction may wait for it. */
  void truth(String key, @Nullable Truth given, long at) {
    long handle = find(key);
    if (handle == NONE && given != null && !sampling.waits(key)) {
      counts(TruthState.UNSAMPLED);
      return;
    }
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

  /** Whether not all predictions wait, or did not in an earlier life. */
  private boolean samples() {
    return sampling.oneIn() > 1 || count(TruthState.UNSAMPLED).get() > 0;
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
    Chunk chunk = chunks.of(handle);
    int slot = Chunks.slot(handle);
    Prediction prediction = entries.prediction(chunk, slot);
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
    Section section = entries.section(chunk, slot);
    section.spelling.look(prediction, truth);
    Truth before = entries.truth(chunk, slot);
    if (truth.equals(before)) {
      counts(TruthState.DUPLICATE);
      return;
    }
    section.newestTruth = at;
    section.truthCame = true;
    entries.putTruth(chunk, slot, truth);
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
    for (Chunk oldest = openChunks.oldest();
        horizon > 0
            && !replaying
            && oldest != null
            && open > 0
            && now - oldest.millis[oldest.first] >= horizon;
        oldest = openChunks.oldest()) {
      end(oldest, oldest.first);
    }
    for (Chunk oldest = openChunks.oldest();
        open > mostOpen && oldest != null;
        oldest = openChunks.oldest()) {
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
    Truth truth = entries.truth(chunk, slot);
    Section section = entries.section(chunk, slot);
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
      mature(chunk, slot, section, known == null ? entries.prediction(chunk, slot) : known, truth);
    }
  }

  /** Forgets an open entry, but for its id and its key. */
  private void close(Chunk chunk, int slot, boolean caused) {
    long handle = Chunks.handle(chunk, slot);
    long id = chunk.ids[slot];
    long key = chunk.keys[slot];
    entries.left(entries.section(chunk, slot));
    openChunks.leave(chunk, slot);
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

  private void mature(Chunk chunk, int slot, Section section, Prediction prediction, Truth truth) {
    long happened = Entries.happened(chunk, slot);
    Chunk to = maturedChunks.forNext(end);
    int here = to.copy(chunk, slot, Chunk.MATURED);
    to.fillUp();
    moved(chunk, slot, to, here);
    openChunks.leave(chunk, slot);
    section.matured++;
    to.mature[here] = section.quality.add(prediction, truth);
    long position = end++;
    section.segments.matured(to.segments[here], position, prediction, truth);
    maturedChunks.forgetOld(end, this::forgetMatured);
    listener.matured(section, to.ids[here], prediction, truth, position, happened);
  }

  private void moved(Chunk from, int slot, Chunk to, int here) {
    byId.put(to.ids[here], Chunks.handle(to, here));
    long key = to.keys[here];
    if (key != KeyHash.NONE && byKey.get(key) == Chunks.handle(from, slot)) {
      byKey.put(key, Chunks.handle(to, here));
    }
  }

  /** Takes a matured entry out of the indexes. */
  private void forgetMatured(Chunk chunk, int slot) {
    long handle = Chunks.handle(chunk, slot);
    byId.remove(chunk.ids[slot], handle);
    byKey.remove(chunk.keys[slot], handle);
    entries.left(entries.section(chunk, slot));
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

  /** The first outcome that matures from now on has this position, or a later one. */
  void endsAt(long position) {
    end = Math.max(end, position);
  }

  /** Lets an open prediction wait no longer; one whose truth was not read is only known to be closed. */
  void endOpen(long id, boolean withoutTruth) {
    long handle = find(id);
    if (handle < 0) {
      return;
    }
    Chunk chunk = chunks.of(handle);
    int slot = Chunks.slot(handle);
    if (chunk.states[slot] == Chunk.MATURED) {
      return;
    }
    if (withoutTruth || chunk.hasTruth(slot)) {
      end(chunk, slot);
    } else {
      forget(chunk, slot);
    }
  }

  /** The chunk of the predictions that are open for the longest time. */
  @Nullable
  Chunk oldestChunk() {
    return openChunks.oldest();
  }

  /** Counts predictions as expired that are not here. */
  void expired(Section section, long some) {
    section.expired += some;
    count(TruthState.EXPIRED).addAndGet(some);
  }

  /** Forgets an open prediction, as if it had never been. */
  void forget(Chunk chunk, int slot) {
    open--;
    if (chunk.hasTruth(slot)) {
      joinedAndOpen--;
      entries.section(chunk, slot).joinedAndOpen--;
    }
    close(chunk, slot, false);
  }

  /** Takes over what was counted, where more was counted than was read. */
  void restore(LogEvents.State state) {
    end = matured() == 0 ? state.end : Math.max(end, state.end);
    first = state.first;
    counts.forEach((what, count) -> {
      if (what != TruthState.EARLY) {
        count.set(state.truths.getOrDefault(what.name(), 0L));
      }
    });
    Map<String, Long> others = new TreeMap<>(state.truths);
    counts.keySet().forEach(what -> others.remove(what.name()));
    otherCounts = others;
    Long waiting = state.truths.get(TruthState.EARLY.name());
    if (waiting != null) { // those that are more had waited long enough, which the counts say
      early.forgetOldest(Math.toIntExact(waiting));
    }
    count(TruthState.EARLY).set(early.size());
  }

  /** Forgets the key, the row and what else is the host's of all predictions under a key; gives their ids. */
  Set<Long> erase(String key) {
    Set<Long> ids = new HashSet<>();
    long hashed = hash.of(key);
    for (Chunk chunk : chunks.all()) {
      for (int slot = 0; slot < chunk.count; slot++) {
        if (chunk.keys[slot] == hashed
            && chunk.states[slot] != Chunk.FORGOTTEN
            && entries.isUnder(chunk, slot, key)) {
          Entries.erase(chunk, slot);
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
  void describe(LogEvents.State state) {
    state.first = first;
    state.end = end;
    counts.forEach((what, count) -> state.truths.put(what.name(), count.get()));
    state.truths.putAll(otherCounts);
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
    Chunk oldest = openChunks.oldest();
    return oldest == null || open == 0 ? Long.MAX_VALUE : oldest.millis[oldest.first];
  }

  /** Counts a truth that could not be taken. */
  void lost() {
    counts(TruthState.LOST);
  }

  /** The outcome at a position from {@link #begin()} to below {@link #end()}; null if its row was erased. */
  @Nullable
  Outcome outcome(long position) {
    Chunk chunk = maturedChunks.at(position);
    if (chunk == null) {
      return null;
    }
    int slot = (int) (position - chunk.position);
    return slot < chunk.first || slot >= chunk.count
        ? null // it was not read from the log
        : entries.outcome(chunk, slot, position);
  }

  void describe(Evidence.Builder evidence) {
    counts.forEach((state, count) -> evidence.truths(state, count.get()));
    evidence.matured(matured()).position(end);
  }

  /** How many bytes its chunks hold, for tests. */
  long bytes() {
    long bytes = 0;
    for (Chunk chunk : chunks.all()) {
      bytes += chunk.bytes();
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
