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
  private final @Nullable Truth[] truths;
  private final Intake.@Nullable Sink[] sinks;

  TruthQueue(int capacity) {
    super(capacity);
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
    stamp(position, stamp);
    put(slot, id, key, now);
    truths[slot] = truth;
    sinks[slot] = sink;
    publish(position);
    return true;
  }

  /** Whom the truth in a slot was given to. */
  Intake.Sink sink(int slot) {
    return requireNonNull(sinks[slot], "sink");
  }

  @Nullable
  Truth truth(int slot) {
    return truths[slot];
  }

  /** Forgets the slot that {@link #peek} found and frees it. */
  void release(int slot) {
    truths[slot] = null;
    sinks[slot] = null;
    free();
  }
}
