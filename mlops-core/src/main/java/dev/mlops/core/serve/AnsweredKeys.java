package dev.mlops.core.serve;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * How many different keys each of two versions has answered.
 *
 * <p>Keys are told apart by a hash of 32 bits. The first 32,768 are kept; when there are more, or a hash finds no place,
 * counting ends for both versions at once, so that the ratio stays that of the keys that came first.
 *
 * <p>Thread-safe, and waits for nobody.
 */
final class AnsweredKeys {
  private static final int SLOTS = 1 << 16;
  private static final int MOST = SLOTS / 2;
  private static final int PROBES = 32;

  private final AtomicIntegerArray hashes = new AtomicIntegerArray(SLOTS);
  private final LongAdder champion = new LongAdder();
  private final LongAdder candidate = new LongAdder();
  private final LongAdder kept = new LongAdder();
  private volatile boolean full;

  /** Takes a request that was answered; one without a key is a key of its own. */
  void answered(@Nullable String key, boolean byCandidate) {
    if (!full && (key == null || isNew(key))) {
      (byCandidate ? candidate : champion).increment();
    }
  }

  private boolean isNew(String key) {
    int hash = key.hashCode();
    hash = (hash ^ (hash >>> 16)) * 0x85ebca6b;
    hash = (hash ^ (hash >>> 13)) * 0xc2b2ae35;
    hash ^= hash >>> 16;
    hash = hash == 0 ? 1 : hash;
    for (int i = 0; i < PROBES; i++) {
      int slot = (hash + i) & (SLOTS - 1);
      int found = hashes.get(slot);
      if (found == hash) {
        return false;
      }
      if (found == 0) {
        if (hashes.compareAndSet(slot, 0, hash)) {
          kept.increment();
          full = full || kept.sum() >= MOST;
          return true;
        }
        i--; // another thread took the slot: it may have been for this key
      }
    }
    full = true;
    return false;
  }

  long champion() {
    return champion.sum();
  }

  long candidate() {
    return candidate.sum();
  }
}
