package dev.mlops.core.serve;

import dev.mlops.api.model.Model;
import dev.mlops.core.internal.log.Warnings;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * A model that several threads use and that the last of them closes.
 *
 * <p>A model that is not {@link AutoCloseable} is not counted at all, unless somebody wants to wait for its last use. Else every use counts in, then looks
 * whether the model was retired, and counts out afterwards, each in a stripe of its own thread: one shared counter would
 * make all cores wait for each other.
 *
 * <p>Why nobody uses a closed model: a use that goes ahead counted in before it saw the model unretired, so its count is
 * visible to the retiring thread. Closing adds the outs first and the ins afterwards; since every in precedes its out, the two
 * sums are equal only if each use that went ahead has counted out. A use that came too late counts in and out without
 * touching the model, and looks again itself whether it is the one to close, so closing is never missed.
 *
 * <p>Closing runs on the thread of the last use: of the one that retires if nobody uses the model then, else of a request,
 * whose answer waits until {@code close} returns. No tick closes instead: a model that is retired because its deployment is
 * closed, or between the ticks of a host that forgets them, would stay open.
 */
class SharedModel {

  /** Longs between two counters, so that no two share a cache line or its neighbour. */
  private static final int APART = 16;

  private static final int STRIPES = Integer.highestOneBit(Math.max(
          1, Math.min(64, Runtime.getRuntime().availableProcessors() * 4) - 1))
      * 2;

  private final Model model;
  private final @Nullable AutoCloseable closeable;
  private final AtomicLongArray in;
  private final AtomicLongArray out;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Warnings warnings = Warnings.of(SharedModel.class);
  private final boolean counted;
  private final @Nullable CountDownLatch unused;
  private volatile boolean retired;

  SharedModel(Model model) {
    this(model, false);
  }

  /** With whether its uses are counted although it holds no resource, so that {@link #awaitUnused} can wait for them. */
  SharedModel(Model model, boolean awaited) {
    this.model = model;
    this.closeable = model instanceof AutoCloseable resource ? resource : null;
    this.counted = awaited || closeable != null;
    this.unused = awaited ? new CountDownLatch(1) : null;
    int length = counted ? STRIPES * APART : 0;
    this.in = new AtomicLongArray(length);
    this.out = new AtomicLongArray(length);
  }

  /** The model; used between a successful {@link #acquire} and its {@link #release} only. */
  Model model() {
    return model;
  }

  /** Whether the model may be used; a use must be released. */
  boolean acquire() {
    if (!counted) {
      return true;
    }
    count(in);
    if (isRetired()) {
      release();
      return false;
    }
    return true;
  }

  void release() {
    if (!counted) {
      return;
    }
    count(out);
    if (isRetired()) {
      closeIfUnused();
    }
  }

  /** Counts one up, in the stripe of this thread; a test comes before. */
  void count(AtomicLongArray counters) {
    counters.getAndIncrement(stripe());
  }

  /** Whether no further use may begin; a test comes before. */
  boolean isRetired() {
    return retired;
  }

  /** Lets no further use begin; closes the model now, or when the last use ends. */
  void retire() {
    retired = true;
    if (counted) {
      closeIfUnused();
    }
  }

  /**
   * Waits until a model that is retired has had its last use and is closed.
   *
   * @return whether it has; true at once for one whose uses are not awaited
   */
  boolean awaitUnused(long nanos) throws InterruptedException {
    CountDownLatch last = unused;
    return last == null || last.await(nanos, TimeUnit.NANOSECONDS);
  }

  private void closeIfUnused() {
    long outs = sum(out);
    if (outs != sum(in) || !mayClose()) {
      return;
    }
    AutoCloseable resource = closeable;
    try {
      if (resource != null) {
        resource.close();
      }
    } catch (
        Throwable e) { // a model's close must not reach the request that happened to be the last
      warnings.once(
          model.getClass().getName(),
          "a replaced model could not be closed; what it holds may be lost",
          e);
    } finally {
      CountDownLatch waits = unused;
      if (waits != null) {
        waits.countDown();
      }
    }
  }

  /** Whether nobody has closed it; a test comes before. */
  boolean mayClose() {
    return closed.compareAndSet(false, true);
  }

  /** Adds up the stripes, while others count; a test comes between two sums. */
  long sum(AtomicLongArray counters) {
    long sum = 0;
    for (int i = 0; i < counters.length(); i += APART) {
      sum += counters.get(i);
    }
    return sum;
  }

  private static int stripe() {
    long id = Thread.currentThread().getId();
    return ((int) ((id * 0x9E3779B9L) >>> 16) & (STRIPES - 1)) * APART;
  }
}
