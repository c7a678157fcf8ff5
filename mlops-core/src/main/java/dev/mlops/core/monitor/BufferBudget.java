package dev.mlops.core.monitor;

import dev.mlops.api.model.Beta;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * How many bytes the buffers of several monitors may have together, so that hundreds of deployments fit into one process.
 *
 * <pre>{@code
 * BufferBudget budget = BufferBudget.of(64 << 20);
 * MonitorConfig config = MicrometerMonitor.config(registry).bufferingWithin(budget);
 * // every monitor that is opened by this config, or by another with the same budget, shares the 64 MiB
 * }</pre>
 *
 * <p><b>Fair.</b> Each set of rings, which is one for each monitor and list of columns, gets as much as {@link
 * MonitorConfig#buffering} asks, or an equal share of what those leave that ask for less. Rings have powers of two of slots, so
 * up to half of a share may be left unused. When a monitor opens, the rings of the others become smaller: at once where nobody is
 * using their monitor and old and new rings both fit or the old ones are empty, else at its next tick. When one closes, the others
 * become larger at their next tick.
 *
 * <p><b>Never more.</b> Bytes are reserved before a ring is made, and given back when it is empty and replaced. A monitor that finds
 * nothing left, because no other has ticked since it was opened, or since its share is smaller than two rows, drops predictions,
 * counts them as {@link Meters#DROPPED} with the cause {@code full}, and warns once; it tries again at every tick. What is held
 * beside rings, such as ledgers and windows, is each monitor's own: see {@link MicrometerMonitor}.
 *
 * <p>A sixteenth is kept for truths: of each monitor 256 find room, 24 KiB. So a budget has room for one monitor for each 384 KiB.
 *
 * <p>Thread-safe.
 *
 * @see MonitorConfig#bufferingWithin(BufferBudget)
 * @since 0.1
 */
@Beta
public final class BufferBudget {
  /** The least budget. */
  static final long LEAST = 1 << 20;

  /** How many truths of a monitor find room. */
  static final int TRUTHS = 256;

  /** What these take at most, with pointers of 8 bytes. */
  static final long TRUTH_BYTES = 24 << 10;

  private final long bytes;
  private final long forTruths;

  // Guarded by this.
  private final Set<Share> shares = new LinkedHashSet<>();
  private long inRings;
  private long inTruths;

  private BufferBudget(long bytes) {
    this.bytes = bytes;
    this.forTruths = bytes / 16;
  }

  /**
   * {@return a budget that no monitor uses yet}
   *
   * @param bytes for all buffers together, at least 1,048,576
   * @throws IllegalArgumentException if it is less
   */
  public static BufferBudget of(long bytes) {
    if (bytes < LEAST) {
      throw new IllegalArgumentException("bytes must be >= " + LEAST + ", but was " + bytes);
    }
    return new BufferBudget(bytes);
  }

  /** {@return how many bytes all buffers may have together} */
  public long bytes() {
    return bytes;
  }

  /** {@return how many bytes the buffers of open monitors have now; at most {@link #bytes()}} */
  public synchronized long reserved() {
    return inRings + inTruths;
  }

  /** What one set of rings may have. */
  static final class Share {
    private final long wanted;
    private final Runnable fit;
    private volatile long bytes;

    private Share(long wanted, Runnable fit) {
      this.wanted = wanted;
      this.fit = fit;
    }

    /** So many bytes by now. */
    long bytes() {
      return bytes;
    }
  }

  /**
   * Shares the budget with one more set of rings, and lets the others become smaller that can at once.
   *
   * @param wanted how many bytes it would take without a budget
   * @param fit makes its rings fit its share if nobody uses them just now; from any thread
   */
  Share share(long wanted, Runnable fit) {
    Share made = new Share(wanted, fit);
    List<Share> others;
    synchronized (this) {
      others = List.copyOf(shares);
      shares.add(made);
      divide();
    }
    try {
      others.forEach(each -> each.fit.run());
    } catch (Throwable thrown) { // there is no memory even for smaller rings
      leave(made);
      throw thrown;
    }
    return made;
  }

  /** Shares the budget with one less; the others grow at their next tick. */
  synchronized void leave(Share share) {
    shares.remove(share);
    divide();
  }

  /** Gives each what it wants, or an equal part of what those leave that want less. */
  private void divide() {
    List<Share> byWish = new ArrayList<>(shares);
    byWish.sort(Comparator.comparingLong(each -> each.wanted));
    long left = bytes - forTruths;
    for (int i = 0; i < byWish.size(); i++) {
      Share each = byWish.get(i);
      each.bytes = Math.min(each.wanted, left / (byWish.size() - i));
      left -= each.bytes;
    }
  }

  /** Whether so many bytes were left for rings; they are not any more. */
  synchronized boolean reserve(long more) {
    if (inRings + more > bytes - forTruths) {
      return false;
    }
    inRings += more;
    return true;
  }

  synchronized void release(long less) {
    inRings -= less;
  }

  /**
   * Reserves what the truths of one more monitor take.
   *
   * @throws IllegalStateException if as many monitors are open as the budget has room for
   */
  synchronized void reserveTruths(String model) {
    if (inTruths + TRUTH_BYTES > forTruths) {
      throw new IllegalStateException(
          "no monitor of " + model + " was opened: a buffer budget of " + bytes
              + " bytes has room for " + forTruths / TRUTH_BYTES
              + " monitors, and as many are open; give it more bytes (BufferBudget.of) or close one");
    }
    inTruths += TRUTH_BYTES;
  }

  synchronized void releaseTruths() {
    inTruths -= TRUTH_BYTES;
  }

  /** How many sets of rings share it. */
  synchronized int users() {
    return shares.size();
  }

  /** {@return such as {@code 1500000 of 67108864 bytes, shared by 50}} */
  @Override
  public String toString() {
    return reserved() + " of " + bytes + " bytes, shared by " + users();
  }
}
