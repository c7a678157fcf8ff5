package dev.mlops.core.serve;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One call on an executor of the host, which its caller waits for until a deadline.
 *
 * <p>A call that has not begun by then is taken back and never runs. One that has begun is given up: it goes on alone, and what
 * it comes to is handed to its {@code late} end. Exactly one of these happens, or the caller has its answer.
 *
 * <p>Thread-safe.
 */
final class TimedCall<R> implements Runnable {
  private enum Fate {
    WAITED_FOR,
    RUNS,
    GIVEN_UP,
    ENDED
  }

  private final Supplier<? extends R> call;
  private final Consumer<? super TimedCall<R>> late;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicReference<Fate> fate = new AtomicReference<>(Fate.WAITED_FOR);
  private volatile @Nullable Thread thread;
  private @Nullable R said;
  private @Nullable Throwable thrown;

  /**
   * A call that nobody has begun.
   *
   * @param late called on the executor's thread when a call that was given up ends; must not throw
   */
  TimedCall(Supplier<? extends R> call, Consumer<? super TimedCall<R>> late) {
    this.call = call;
    this.late = late;
  }

  @Override
  public void run() {
    if (!fate.compareAndSet(Fate.WAITED_FOR, Fate.RUNS)) {
      return; // taken back: nobody wants the answer
    }
    thread = Thread.currentThread();
    try {
      said = call.get();
    } catch (Throwable e) { // reaches the caller, not the host's thread
      thrown = e;
    }
    thread = null;
    if (fate.compareAndSet(Fate.RUNS, Fate.ENDED)) {
      ended.countDown();
    } else if (fate.compareAndSet(Fate.GIVEN_UP, Fate.ENDED)) {
      late.accept(this);
    }
  }

  /** Whether it ended in time; an interrupt of the caller is kept for the caller. */
  boolean await(long nanos) {
    boolean interrupted = false;
    long until = System.nanoTime() + nanos;
    try {
      while (true) {
        try {
          return ended.await(until - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Takes it back from an executor that has not begun it, and so never does; false if it has. */
  boolean neverRuns() {
    return fate.compareAndSet(Fate.WAITED_FOR, Fate.ENDED);
  }

  /** Lets it end alone; false if it has ended. */
  boolean giveUp() {
    return fate.compareAndSet(Fate.RUNS, Fate.GIVEN_UP);
  }

  /** The thread that is in the call; null before and after. */
  @Nullable
  Thread thread() {
    return thread;
  }

  /** What it came to, once it has ended; what it threw is thrown. */
  @SuppressWarnings("NullAway") // a host's call may give null, which the caller looks at
  R answer() {
    Throwable e = thrown;
    if (e != null) {
      throw Guard.<RuntimeException>asThrown(e);
    }
    return said;
  }

  /** What it threw, once it has ended; null if nothing. */
  @Nullable
  Throwable thrown() {
    return thrown;
  }
}
