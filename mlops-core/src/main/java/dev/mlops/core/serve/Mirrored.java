package dev.mlops.core.serve;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.core.serve.Serving.Loaded;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The copies of requests that one shadow is asked.
 *
 * <p>Every change of a count is made under one lock, which is held for a few instructions and never while a model or an executor is
 * called; a request that finds it taken drops its copy, and does not wait.
 *
 * <p>Thread-safe.
 */
final class Mirrored {
  /** Copies that one task of the executor asks, before it lets others run. */
  private static final int BATCH = 64;

  private final Mirror asked;
  private final Loaded shadow;
  private final LongSupplier ticker;

  /** When the host's ticker last answered. */
  private volatile long told;

  private final ReentrantLock lock = new ReentrantLock();
  private final Queue<Copy> queue = new ArrayDeque<>();
  /** Copies and answers that wait, the oldest first. */
  private final Map<Long, Copy> byId = new LinkedHashMap<>();

  /** What the one thread asks now; null if none does. */
  private @Nullable Copy current;

  /** Whether a task of the executor is under way, or about to be. */
  private boolean working;

  private boolean ended;
  private long compared;
  private long agreed;
  private long timedOut;
  private long dropped;
  private long failed;

  /** Dropped by a request that did not wait for the lock. */
  private final LongAdder contended = new LongAdder();

  private long submitted;

  Mirrored(Mirror asked, Loaded shadow, LongSupplier ticker) {
    this.asked = asked;
    this.shadow = shadow;
    this.ticker = ticker;
  }

  private long nanos() {
    try {
      told = ticker.getAsLong();
    } catch (Throwable e) { // the host's; then nothing is late
      return told;
    }
    return told;
  }

  /** One copy; guarded by the lock. */
  private static final class Copy {
    final long id;
    final Row row;
    final Prediction champion;
    final long since;
    boolean decided;

    @Nullable
    Prediction said;

    Copy(long id, Row row, Prediction champion, long since) {
      this.id = id;
      this.row = row;
      this.champion = champion;
      this.since = since;
    }
  }

  /** Takes a copy of a request that was answered; never waits and never throws. */
  void offer(long id, Row row, Prediction champion) {
    if (asked.share() < 1 && ThreadLocalRandom.current().nextDouble() >= asked.share()) {
      return;
    }
    if (!lock.tryLock()) {
      contended.increment();
      return;
    }
    boolean begin = false;
    try {
      if (ended) {
        return;
      }
      submitted++;
      if (queue.size() >= asked.queue()) {
        dropped++;
        return;
      }
      Copy copy = new Copy(id, row, champion, nanos());
      queue.add(copy);
      keep(copy);
      begin = !working;
      working = true;
    } finally {
      lock.unlock();
    }
    if (begin) {
      work();
    }
  }

  private void keep(Copy copy) {
    byId.put(copy.id, copy);
    if (byId.size() > asked.kept()) {
      byId.remove(byId.keySet().iterator().next());
    }
  }

  /** Has the executor ask what waits; drops it if it does not. */
  private void work() {
    try {
      asked.executor().execute(this::run);
    } catch (Throwable e) { // the host's executor takes nothing
      lock.lock();
      try {
        working = false;
        dropWaiting();
      } finally {
        lock.unlock();
      }
    }
  }

  private void run() {
    for (int i = 0; i < BATCH; i++) {
      Copy copy = next();
      if (copy == null) {
        return;
      }
      Prediction said = null;
      boolean use = shadow.model().acquire();
      try {
        said = use ? shadow.model().model().predict(copy.row) : null;
        said = said != null && said.isFinite() ? said : null;
      } catch (Throwable e) { // counted, and nobody's
        said = null;
      } finally {
        if (use) {
          shadow.model().release();
        }
      }
      answered(copy, said, agrees(copy.champion, said));
    }
    work(); // still working: others had their turn
  }

  /** The next copy that is not late; null if none waits, or somebody else asks. */
  private @Nullable Copy next() {
    lock.lock();
    try {
      expire();
      current = queue.poll();
      working = current != null;
      return current;
    } finally {
      lock.unlock();
    }
  }

  private static boolean agrees(Prediction champion, @Nullable Prediction said) {
    try {
      return (said instanceof Classification ours && champion instanceof Classification theirs)
          ? ours.label().equals(theirs.label())
          : champion.equals(said);
    } catch (Throwable e) { // of a kind of the host's own
      return false;
    }
  }

  @SuppressWarnings("ReferenceEquality") // the very copy
  private void answered(Copy copy, @Nullable Prediction said, boolean agrees) {
    lock.lock();
    try {
      if (current == copy) {
        current = null;
      }
      if (copy.decided) {
        return; // it was late
      }
      copy.decided = true;
      if (isLate(copy)) {
        timedOut++;
      } else if (said == null) {
        failed++;
      } else {
        compared++;
        agreed += agrees ? 1 : 0;
        copy.said = said;
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean isLate(Copy copy) {
    return nanos() - copy.since > asked.deadlineNanos();
  }

  /** Gives up what is late, in the queue and in a call that hangs. */
  private void expire() {
    Copy hanging = current;
    if (hanging != null && !hanging.decided && isLate(hanging)) {
      hanging.decided = true;
      timedOut++;
    }
    for (Copy first = queue.peek(); first != null && isLate(first); first = queue.peek()) {
      queue.remove();
      first.decided = true;
      timedOut++;
    }
  }

  private void dropWaiting() {
    for (Copy copy = queue.poll(); copy != null; copy = queue.poll()) {
      dropped++;
      byId.remove(copy.id);
    }
  }

  /** Looks for what is late; called by the tick. */
  void tick() {
    lock.lock();
    try {
      expire();
    } finally {
      lock.unlock();
    }
  }

  /** What a shadow said to a request. */
  enum Answer {
    /** It is not known yet. */
    WAITS,
    /** It was asked; what it said may be nothing usable. */
    KNOWN,
    /** It was not asked. */
    NONE
  }

  /** Whether the shadow was asked a request. */
  Answer answer(long id) {
    lock.lock();
    try {
      Copy copy = byId.get(id);
      return copy == null ? Answer.NONE : copy.decided ? Answer.KNOWN : Answer.WAITS;
    } finally {
      lock.unlock();
    }
  }

  /** What it said to a request that it was asked, which is forgotten then. */
  Optional<Prediction> take(long id) {
    lock.lock();
    try {
      Copy copy = byId.remove(id);
      return copy == null ? Optional.empty() : Optional.ofNullable(copy.said);
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more: what waits is dropped, and a call under way is timed out. */
  void end() {
    lock.lock();
    try {
      ended = true;
      dropWaiting();
      Copy hanging = current;
      if (hanging != null && !hanging.decided) {
        hanging.decided = true;
        timedOut++;
      }
      byId.clear();
    } finally {
      lock.unlock();
    }
  }

  MirrorCounts counts() {
    lock.lock();
    try {
      long skipped = contended.sum();
      long waiting = queue.size() + (current != null && !current.decided ? 1L : 0L);
      return new MirrorCounts(
          submitted + skipped, compared, agreed, timedOut, dropped + skipped, failed, waiting);
    } finally {
      lock.unlock();
    }
  }
}
