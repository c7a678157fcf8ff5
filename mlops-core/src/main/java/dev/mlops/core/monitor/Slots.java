package dev.mlops.core.monitor;

import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * The turns of a bounded ring of slots that many threads fill and one empties.
 *
 * <p>A thread claims a position by one compare-and-set, fills the slot that belongs to it, and publishes it. The one that
 * empties takes what is published in any order, so a thread that is held up between the two holds up nobody but the slots
 * that come a whole ring later. A claim gives up after a bounded number of attempts; nothing waits.
 *
 * <p>Fill from many threads, empty from one.
 *
 * @see <a href="https://www.1024cores.net/home/lock-free-algorithms/queues/bounded-mpmc-queue">Vyukov, Bounded MPMC queue</a>
 */
abstract class Slots {
  /** No slot is free. */
  static final long FULL = -1;

  /** Other threads were faster each time; slots may be free. */
  static final long CONTENDED = -2;

  private static final int ATTEMPTS = 32;
  /** Far beyond what a slot is free for. */
  private static final long SEALED = 1L << 48;
  /** Far from other fields, so that threads on different rings share no cache line. */
  private static final int PADDED = 16;

  private final int mask;
  /** Per slot: p when position p may claim it, p + 1 when p is published. */
  private final AtomicLongArray turns;

  private final AtomicLongArray tail = new AtomicLongArray(2 * PADDED);

  private final long[] stamps;
  private final long[] ids;
  private final long[] millis;
  private final @Nullable String[] keys;

  /** Positions below were taken. */
  private long head;

  private long cursor;
  private long end;
  /** No position from this on is claimed any more. */
  private long sealedAt = Long.MAX_VALUE;

  Slots(int capacity) {
    this.mask = capacity - 1;
    this.turns = new AtomicLongArray(capacity);
    this.stamps = new long[capacity];
    this.ids = new long[capacity];
    this.millis = new long[capacity];
    this.keys = new String[capacity];
    for (int i = 0; i < capacity; i++) {
      turns.set(i, i);
    }
  }

  final int capacity() {
    return mask + 1;
  }

  /** The slot of a position. */
  final int slot(long position) {
    return (int) position & mask;
  }

  /**
   * A position, {@link #FULL} or {@link #CONTENDED}. It is asked for a few frames down, so that publishing, which needs
   * fewer, cannot run out of stack once a slot is claimed.
   */
  final long claim() {
    return claim(4);
  }

  private long claim(int frames) {
    if (frames > 0) {
      return claim(frames - 1);
    }
    for (int i = 0; i < ATTEMPTS; i++) {
      long position = tail.get(PADDED);
      long ahead = turns.getAcquire(slot(position)) - position;
      if (ahead < 0) {
        return FULL;
      }
      if (ahead == 0 && advance(position)) {
        return position;
      }
    }
    return CONTENDED;
  }

  /** Takes a position unless another thread has it by now; a test loses here. */
  boolean advance(long position) {
    return tail.compareAndSet(PADDED, position, position + 1);
  }

  final void publish(long position) {
    turns.setRelease(slot(position), position + 1);
  }

  /** Begins to empty what was claimed by now. */
  final void begin() {
    cursor = head;
    end = Math.min(sealedAt, tail.get(PADDED));
  }

  /** Takes nothing more; what was claimed by now is still published and taken. */
  final void seal() {
    if (sealedAt == Long.MAX_VALUE) {
      sealedAt = tail.getAndAdd(PADDED, SEALED);
    }
  }

  /** How many positions were claimed by now and not taken. */
  final long left() {
    return Math.min(sealedAt, tail.get(PADDED)) - head;
  }

  /** The slot of the next position that is published, not taken, and filled by then; or -1. */
  final int peek(long until) {
    while (cursor < end) {
      int slot = slot(cursor);
      if (turns.getAcquire(slot) == cursor + 1 && stamp(slot) - until <= 0) {
        return slot;
      }
      cursor++;
    }
    return -1;
  }

  /** Gives the slot that {@link #peek} found, without its key, to those who fill. */
  final void free() {
    keys[slot(cursor)] = null;
    turns.setRelease(slot(cursor), cursor + mask + 1);
    cursor++;
  }

  /** Ends emptying. */
  final void end() {
    while (head < end && turns.getAcquire(slot(head)) > head + 1) {
      head++;
    }
  }

  /** Says when a claimed slot was filled, by {@link System#nanoTime}, also one that will hold nothing. */
  final void stamp(long position, long stamp) {
    stamps[slot(position)] = stamp;
  }

  /** Fills a claimed slot with what says whose it is, and the time by the host's clock. */
  final void put(int slot, long id, @Nullable String key, long at) {
    ids[slot] = id;
    keys[slot] = key;
    millis[slot] = at;
  }

  /** When the slot was filled; for slots that are published. */
  final long stamp(int slot) {
    return stamps[slot];
  }

  final long id(int slot) {
    return ids[slot];
  }

  @Nullable
  final String key(int slot) {
    return keys[slot];
  }

  final long millis(int slot) {
    return millis[slot];
  }
}
