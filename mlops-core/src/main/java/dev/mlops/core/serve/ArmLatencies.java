package dev.mlops.core.serve;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How long calls of both versions of a rollout took: the first ones of the candidate, and as many of the champion from the same
 * times, so that load and warm-up fall on both alike.
 *
 * <p>Thread-safe, and waits for nobody.
 */
final class ArmLatencies {
  private final int most;
  private final Arm champion;
  private final Arm candidate;

  ArmLatencies(int most) {
    this.most = most;
    this.champion = new Arm(most);
    this.candidate = new Arm(most);
  }

  private static final class Arm {
    /** One more than each latency, 0 where none is yet. */
    private final AtomicLongArray nanos;

    private final AtomicInteger next = new AtomicInteger();

    Arm(int most) {
      this.nanos = new AtomicLongArray(most);
    }

    void add(long took) {
      int at = next.getAndIncrement();
      if (at < nanos.length()) {
        nanos.set(at, 1 + Math.max(0, took));
      } else {
        next.decrementAndGet();
      }
    }

    /** Those up to the first that is not written yet. */
    long[] some() {
      long[] all = new long[Math.min(next.get(), nanos.length())];
      for (int i = 0; i < all.length; i++) {
        long one = nanos.get(i);
        if (one == 0) {
          return Arrays.copyOf(all, i);
        }
        all[i] = one - 1;
      }
      return all;
    }
  }

  /** Takes a call that was answered. */
  void answered(boolean byCandidate, long nanos) {
    if (byCandidate) {
      if (candidate.next.get() < most) {
        candidate.add(nanos);
      }
    } else {
      int known = champion.next.get();
      if (known < most && known < candidate.next.get()) {
        champion.add(nanos);
      }
    }
  }

  long[] champion() {
    return champion.some();
  }

  long[] candidate() {
    return candidate.some();
  }
}
