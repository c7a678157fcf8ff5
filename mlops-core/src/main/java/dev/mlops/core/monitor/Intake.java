package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The recorder's side of monitors: takes predictions and truths from any thread into slots that were allocated beforehand, and
 * drains them to the monitors, its sinks, in the order in which they were given ({@link System#nanoTime}).
 *
 * <p>Several sinks may share one intake. Rows of the same columns then share their rings, all truths share one queue, and no id
 * is given twice, whichever sink it is for. Each slot names its sink, so nothing reaches another one. A sink that throws misses
 * that one prediction or truth; the others miss nothing.
 *
 * <p>Memory: a set of rings holds {@link #slots()} slots of 12c + 94 bytes for each distinct list of c columns that a section
 * uses, and is given back with its last user; the queue of truths holds as many of 48 bytes.
 *
 * <p><b>The lock</b> guards draining and all that sinks do with what they are given; a caller of a method that says so holds
 * it. The other methods may be called from any thread.
 */
final class Intake {
  /** What an id is where a key is given instead. */
  static final long NO_ID = -1;

  /** A truth that finds no room waits so long at most. */
  static final Duration LONGEST_WAIT = Duration.ofSeconds(1);

  /** How long a truth that found no room waits before it tries again, in nanoseconds. */
  private static final long PAUSE = 50_000;

  private static final int MOST_STRIPES = 64;

  /** So much is given in one part of a drain in parts: some milliseconds' worth. */
  private static final int PART = 256;

  /** Counters that many threads change lie this number of places apart, each in a cache line of its own. */
  private static final int PADDED = 16;

  /** Spreads the numbers of threads over the stripes: 2^64 over the golden ratio. */
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  /** Where predictions and truths go. */
  interface Sink {
    /** Under the lock: a drain begins. What it gives was recorded after the beginning of the drain before it. */
    void draining();

    /** Under the lock: takes the prediction in a slot, which is used again when this returns. */
    void take(Section section, Ring ring, int slot);

    /** Under the lock: takes a truth that was given at this time, by key, or by id if there is no key. */
    void take(long id, @Nullable String key, @Nullable Truth truth, long millis);

    /** Under the lock: taking a prediction or a truth threw this. */
    void missed(Throwable thrown);

    /** From any thread: whether nothing is recorded any more. */
    boolean closed();

    /** From any thread: the time by the sink's clock, in milliseconds; never throws. */
    long millis();

    /** From any thread: a prediction found no slot, since all were taken, or since other threads were faster. */
    void noSlot(boolean full);
  }

  private final int stripes;
  private final int slotsEach;
  private final BiFunction<Schema, Integer, Ring> ring;
  /** What rings of this and other intakes may take together; null if each takes what it wants. */
  private final @Nullable BufferBudget budget;

  private final long firstNumber = Beginnings.below(Beginnings.IDS);
  /** One counter per stripe, each in a cache line of its own. */
  private final AtomicLongArray numbers;

  private final TruthQueue truths;
  private final ReentrantLock lock;

  /** Whether a truth that finds no room waits for some. */
  private volatile boolean truthsMayWait = true;
  /** How many ticks wait for the lock. */
  private final AtomicInteger ticksWaiting = new AtomicInteger();

  // Guarded by lock.
  private final Set<Sink> sinks = new LinkedHashSet<>();
  private final List<Stripes> inUse = new ArrayList<>();
  private boolean draining;
  /** Whether the newest drain left something for the next part of it. */
  private boolean unfinished;
  /** Whose old rings are being emptied to make room for its new ones. */
  private @Nullable Stripes fitting;

  /**
   * Makes an intake without sinks.
   *
   * @param slots for predictions of the same columns, and for truths; at least 2, taken up to a power of two
   * @param ring makes a ring for rows of these columns, of a number of slots
   * @param lock guards draining
   */
  Intake(int slots, BiFunction<Schema, Integer, Ring> ring, ReentrantLock lock) {
    this(slots, ring, lock, null);
  }

  /**
   * Makes an intake without sinks whose buffers share a budget, in which its truths have their part already.
   *
   * @param slots for predictions of the same columns at most; at least 2, taken up to a power of two
   * @param ring makes a ring for rows of these columns, of so many slots
   * @param lock guards draining
   * @param budget what all buffers may take together; null without a bound
   */
  Intake(
      int slots,
      BiFunction<Schema, Integer, Ring> ring,
      ReentrantLock lock,
      @Nullable BufferBudget budget) {
    int all = powerOfTwo(slots);
    this.stripes = stripesOf(all);
    this.slotsEach = all / stripes;
    this.budget = budget;
    this.ring = ring;
    this.numbers = new AtomicLongArray(PADDED * (stripes + 1));
    this.truths = new TruthQueue(budget == null ? all : Math.min(all, BufferBudget.TRUTHS));
    this.lock = lock;
  }

  /** Into how many rings so many slots are divided. */
  private static int stripesOf(int slots) {
    return Math.min(
        Math.min(MOST_STRIPES, powerOfTwo(2 * Runtime.getRuntime().availableProcessors())),
        Math.max(1, slots / 16));
  }

  static int powerOfTwo(int least) {
    return least <= 1 ? 1 : Integer.highestOneBit(least - 1) << 1;
  }

  /** What guards draining and the sinks. */
  ReentrantLock lock() {
    return lock;
  }

  /** How many predictions of the same columns, and how many truths, have room. */
  int slots() {
    return stripes * slotsEach;
  }

  /** Under the lock: gives to this sink from now on. */
  void add(Sink sink) {
    sinks.add(sink);
  }

  /** Under the lock: tells this sink of no more drains; what is still on its way to it is given all the same. */
  void remove(Sink sink) {
    sinks.remove(sink);
  }

  /**
   * Under the lock: rings for rows of these columns, with one user more.
   *
   * @throws IllegalArgumentException if the rows of one would not fit into an array
   */
  Stripes use(Schema schema) {
    for (Stripes each : inUse) {
      if (each.fits(schema)) {
        each.users++;
        return each;
      }
    }
    Stripes made = new Stripes(schema);
    made.users = 1;
    if (budget != null) {
      long wanted = Ring.bytes(schema, stripes, slotsEach);
      made.share = budget.share(wanted, () -> fitIfFree(made, schema));
      inUse.add(made);
      try {
        fit(made, schema, true);
      } catch (Throwable thrown) { // there is no memory for what the budget allows
        release(made);
        throw thrown;
      }
      return made;
    }
    long values = (long) slotsEach * schema.size();
    if (values > Ring.MOST_VALUES) {
      throw new IllegalArgumentException(
          slots() + " buffered predictions of " + schema.size() + " columns in " + stripes
              + " rings are " + values + " values for each, at most " + Ring.MOST_VALUES
              + " are possible; buffer at most "
              + Long.highestOneBit(Ring.MOST_VALUES / schema.size()) * stripes
              + " (MonitorConfig.buffering). No recorder was made");
    }
    made.replace(rings(schema, stripes, slotsEach), 0);
    inUse.add(made);
    return made;
  }

  private List<Ring> rings(Schema schema, int count, int slots) {
    return Stream.generate(() -> ring.apply(schema, slots)).limit(count).toList();
  }

  /** Under the lock: makes all rings fit what they may take by now. */
  void fit() {
    if (budget != null && !draining) {
      for (Stripes each : List.copyOf(inUse)) {
        fit(each, each.schema(), true);
      }
    }
  }

  /** From any thread: makes rings smaller if nobody holds the lock, and none must be drained for it. */
  private void fitIfFree(Stripes each, Schema schema) {
    if (lock.isHeldByCurrentThread() || !lock.tryLock()) {
      return;
    }
    try {
      if (inUse.contains(each) && shareOf(each).bytes() < each.bytes()) {
        fit(each, schema, false);
      }
    } finally {
      lock.unlock();
    }
  }

  private static BufferBudget.Share shareOf(Stripes each) {
    return requireNonNull(each.share, "share");
  }

  /**
   * Makes rings as large as their share allows: beside the old ones where the budget has room for both, or else once the old ones are
   * empty. Until then, which is within a tick, rows are dropped and counted.
   */
  private void fit(Stripes each, Schema schema, boolean mayDrain) {
    BufferBudget from = requireNonNull(budget, "budget");
    int slots = slotsWithin(schema, shareOf(each).bytes());
    long bytes = slots == 0 ? 0 : bytesOf(schema, slots);
    if (bytes == each.bytes()) {
      return;
    }
    if (from.reserve(bytes)) {
      make(each, schema, slots, bytes, bytes);
      from.release(each.forgetEmpty());
      return;
    }
    boolean empty = each.all().stream().allMatch(ring -> ring.left() == 0);
    long more = Math.max(0, bytes - each.bytes());
    if ((!empty && !mayDrain) || !from.reserve(more)) {
      return;
    }
    long reserved = more;
    fitting = each; // what its old rings leave is for its new ones
    try {
      each.replace(List.of(), 0);
      if (!empty) {
        drain();
      }
    } finally {
      fitting = null;
      reserved += each.forgetEmpty();
    }
    if (reserved >= bytes) {
      make(each, schema, slots, bytes, reserved);
    } else {
      from.release(reserved); // something is still being published; the next tick tries again
    }
  }

  /** Makes rings of so many bytes, and gives back what else is reserved for them, or all of that if they cannot be made. */
  private void make(Stripes each, Schema schema, int slots, long bytes, long reserved) {
    long left = reserved;
    try {
      int count = Math.min(stripes, stripesOf(slots));
      each.replace(slots == 0 ? List.of() : rings(schema, count, slots / count), bytes);
      left -= bytes;
    } finally {
      requireNonNull(budget, "budget").release(left);
    }
  }

  /** The most slots whose rings take at most so many bytes, a power of two; 0 if two take more. */
  private int slotsWithin(Schema schema, long bytes) {
    int slots = slots();
    while (slots >= 2
        && (bytesOf(schema, slots) > bytes
            || (long) slots / stripesOf(slots) * schema.size() > Ring.MOST_VALUES)) {
      slots /= 2;
    }
    return slots < 2 ? 0 : slots;
  }

  private long bytesOf(Schema schema, int slots) {
    int count = Math.min(stripes, stripesOf(slots));
    return Ring.bytes(schema, count, slots / count);
  }

  /** Under the lock: gives back what the truths take, when nothing is drained any more. */
  void giveBack() {
    if (budget != null) {
      budget.releaseTruths();
    }
  }

  /** Gives back everything: the monitor could not be opened. */
  void abandon() {
    for (Stripes each : List.copyOf(inUse)) {
      each.users = 1;
      release(each);
    }
    giveBack();
  }

  /** What a host can do if a ring is full, for a message. */
  String remedy() {
    return budget == null
        ? "all " + slots()
            + " slots are taken; call tick() more often, or buffer more (MonitorConfig.buffering)"
        : "its part of the shared buffers is full (" + budget
            + "); call tick() more often, or give more bytes (BufferBudget.of)";
  }

  /** What a host can do if the queue of truths is full, for a message. */
  String remedyForTruths() {
    return "all " + truths.capacity() + " places were taken for " + LONGEST_WAIT.toMillis()
        + " ms; call tick() more often"
        + (budget == null ? ", or buffer more (MonitorConfig.buffering)" : "");
  }

  /** Under the lock: rings have one user less; without any they take nothing more. */
  void release(Stripes used) {
    if (--used.users == 0) {
      used.close();
      inUse.remove(used);
      if (budget != null) {
        budget.leave(shareOf(used));
        used.replace(List.of(), 0);
        drain(List.of(used));
        budget.release(used.forgetEmpty() + used.unreserve());
      }
    }
  }

  /** The stripe at which this thread begins. */
  int home() {
    return (int) ((Thread.currentThread().getId() * GOLDEN) >>> 40) & (stripes - 1);
  }

  /** A number that no other prediction has, to make its id of. */
  long nextNumber(int home) {
    return firstNumber + numbers.getAndIncrement(PADDED * (home + 1)) * stripes + home;
  }

  /** Takes a truth for a sink, by key, or by id if there is no key; false if it is lost, since there was no room. */
  boolean offer(Sink sink, long id, @Nullable String key, @Nullable Truth truth) {
    return truths.offer(sink, id, key, truth, sink.millis()) || waitForRoom(sink, id, key, truth);
  }

  /**
   * Offers a truth until there is room for it: takes what waits into the ledgers if nobody else does, or else lets the one who does
   * go on. Gives up after {@link #LONGEST_WAIT}, and after that at once, until there was room again: a monitor that is stuck
   * must not slow every caller down.
   */
  private boolean waitForRoom(Sink sink, long id, @Nullable String key, @Nullable Truth truth) {
    long began = System.nanoTime();
    do {
      if (enter()) {
        try {
          drain();
        } finally {
          lock.unlock();
        }
      }
      if (truths.offer(sink, id, key, truth, sink.millis())) {
        truthsMayWait = true;
        return true;
      }
      if (lock.isHeldByCurrentThread()) {
        return false; // a host's meter or clock that gives truths while this thread takes others
      }
      LockSupport.parkNanos(PAUSE); // the thread that takes the truths needs the processor
    } while (truthsMayWait && System.nanoTime() - began < LONGEST_WAIT.toNanos());
    truthsMayWait = false;
    return false;
  }

  /** Takes the lock if nobody has it, this thread included, and no tick waits for it: truths must not starve ticks. */
  private boolean enter() {
    return ticksWaiting.get() == 0 && !lock.isHeldByCurrentThread() && lock.tryLock();
  }

  /** Takes the lock for a tick, before those who give truths; it is held for moments by those who read evidence. */
  void lockForTick() {
    ticksWaiting.incrementAndGet();
    try {
      lock.lock();
    } finally {
      ticksWaiting.decrementAndGet();
    }
  }

  /** Under the lock: gives the sinks what was recorded by now, in its order. */
  void drain() {
    drain(List.of());
  }

  /**
   * Under the lock: the same in parts, between which others that wait for the lock have it. What one part has not given is given
   * by the next, or by whoever drains in between.
   */
  void drainInParts() {
    long until = System.nanoTime();
    while (drain(List.of(), until, PART)) {
      lock.unlock();
      lockForTick();
    }
  }

  /** Under the lock: the same, also of rings that are not in use any more. */
  void drain(Collection<Stripes> released) {
    drain(released, System.nanoTime(), Integer.MAX_VALUE);
  }

  /** Gives so much at most of what was recorded by then; whether more is left. */
  private boolean drain(Collection<Stripes> released, long until, int most) {
    if (draining) {
      return false; // a host's code that this drain called; the rest is taken when it returns
    }
    if (!unfinished) { // else what is left was recorded after the drain before that one
      List.copyOf(sinks).forEach(Sink::draining);
    }
    draining = true;
    unfinished = false;
    boolean more = true;
    Set<Stripes> from = new LinkedHashSet<>(inUse);
    from.addAll(released);
    List<Ring> rings = new ArrayList<>();
    for (Stripes each : from) {
      rings.addAll(each.all());
    }
    rings.forEach(Slots::begin);
    truths.begin();
    try {
      for (int i = 0; more && i < most; i++) {
        more = takeEarliest(rings, until);
      }
      unfinished = more;
    } finally {
      rings.forEach(Slots::end);
      truths.end();
      draining = false;
      if (budget != null) {
        from.stream()
            .filter(each -> each != fitting)
            .forEach(each -> budget.release(each.forgetEmpty()));
      }
    }
    return more;
  }

  /** Takes the earliest that was given by then; false if nothing is left. */
  private boolean takeEarliest(List<Ring> rings, long until) {
    Slots earliest = null;
    int slot = -1;
    for (Ring each : rings) {
      int next = each.peek(until);
      if (next >= 0 && (earliest == null || each.stamp(next) - earliest.stamp(slot) < 0)) {
        earliest = each;
        slot = next;
      }
    }
    int next = truths.peek(until);
    if (next >= 0 && (earliest == null || truths.stamp(next) - earliest.stamp(slot) < 0)) {
      earliest = truths;
      slot = next;
    }
    if (earliest == null) {
      return false;
    }
    if (earliest instanceof Ring from) {
      take(from, slot);
    } else {
      take(slot);
    }
    return true;
  }

  private static void take(Ring from, int slot) {
    Section section = from.section(slot);
    try {
      if (section != null && from.prediction(slot) != null) {
        section.sink.take(section, from, slot);
      }
    } catch (Throwable thrown) {
      section.sink.missed(thrown);
    } finally {
      from.release(slot);
    }
  }

  private void take(int slot) {
    Sink sink = truths.sink(slot);
    long id = truths.id(slot);
    String key = truths.key(slot);
    Truth truth = truths.truth(slot);
    long millis = truths.millis(slot);
    truths.release(slot);
    try {
      sink.take(id, key, truth, millis);
    } catch (Throwable thrown) {
      sink.missed(thrown);
    }
  }
}
