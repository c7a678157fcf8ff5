package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Truth;
import org.jspecify.annotations.Nullable;

/**
 * Truths on their way to the ledgers of the sinks that they were given to.
 *
 * <p>Fill from many threads, empty from one.
 */
final class TruthQueue extends Slots {
  private final long[] stamps;
  private final long[] ids;
  private final long[] millis;
  private final @Nullable String[] keys;
  private final @Nullable Truth[] truths;
  private final Intake.@Nullable Sink[] sinks;

  TruthQueue(int capacity) {
    super(capacity);
    this.stamps = new long[capacity];
    this.ids = new long[capacity];
    this.millis = new long[capacity];
    this.keys = new String[capacity];
    this.truths = new Truth[capacity];
    this.sinks = new Intake.Sink[capacity];
  }

  /** Takes a truth by key, or by id if there is no key; false if it is full, or other threads were always faster. */
  boolean offer(Intake.Sink sink, long id, @Nullable String key, @Nullable Truth truth, long now) {
    long stamp = System.nanoTime();
    long position = claim();
    if (position < 0) {
      return false;
    }
    int slot = slot(position);
    stamps[slot] = stamp;
    ids[slot] = id;
    keys[slot] = key;
    truths[slot] = truth;
    sinks[slot] = sink;
    millis[slot] = now;
    publish(position);
    return true;
  }

  @Override
  long stamp(int slot) {
    return stamps[slot];
  }

  /** Whom the truth in a slot was given to. */
  Intake.Sink sink(int slot) {
    return requireNonNull(sinks[slot], "sink");
  }

  long id(int slot) {
    return ids[slot];
  }

  @Nullable
  String key(int slot) {
    return keys[slot];
  }

  @Nullable
  Truth truth(int slot) {
    return truths[slot];
  }

  long millis(int slot) {
    return millis[slot];
  }

  /** Forgets the slot that {@link #peek} found and frees it. */
  void release(int slot) {
    keys[slot] = null;
    truths[slot] = null;
    sinks[slot] = null;
    free();
  }
}
