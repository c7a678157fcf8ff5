package dev.mlops.core.loop;

import dev.mlops.api.model.MlopsException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Something runs on the host's executor; what it came to is taken up by a tick. */
final class Working implements Phase {
  private final Workshop loop;
  private final Instant since;
  private final long start;

  /** Taken by the first to come: the executor that begins the job, or the loop that gives it up. */
  private final AtomicBoolean taken = new AtomicBoolean();

  private volatile Duration lasts = Duration.ZERO;
  private volatile @Nullable Supplier<Phase> next;

  private Working(Workshop loop) {
    this.loop = loop;
    this.since = loop.clock.instant();
    this.start = loop.ticker.getAsLong();
  }

  /** A job that is not given to the executor yet. */
  static Working of(Workshop loop) {
    return new Working(loop);
  }

  /** Gives the executor a job; throws if that takes none. */
  Working doing(Supplier<Supplier<Phase>> job) {
    loop.run(this, job);
    return this;
  }

  /** The job threw, or was not taken. */
  Working failed(Throwable e) {
    next = () -> loop.failed(e);
    return this;
  }

  /** Runs the job, on the host's executor. */
  void run(Supplier<Supplier<Phase>> job) {
    if (!taken.compareAndSet(false, true)) {
      return; // an executor that runs a job twice, or runs one that was given up
    }
    try {
      next = job.get();
    } catch (Throwable e) { // a trainer, model or runtime of the host; the champion goes on serving
      failed(e);
    } finally {
      if (loop.closed()) {
        loop.closeCandidate();
      }
    }
  }

  /** Gives the job up; false if it runs. */
  boolean giveUp() {
    return next != null || taken.compareAndSet(false, true);
  }

  @Override
  public Phase advance() {
    Supplier<Phase> done = next;
    return done == null ? this : done.get();
  }

  /** What is wrong with a job that the executor has not begun for some time; null if nothing is. */
  @Nullable
  String stuck(Duration patience) {
    lasts = Duration.ofNanos(Math.max(0, loop.ticker.getAsLong() - start));
    return taken.get() || lasts.compareTo(patience) < 0
        ? null
        : "the executor has not begun the job of " + loop.alias() + " that it was given at " + since
            + ", " + MlopsException.shown(lasts) + " ago";
  }

  @Override
  public String attempt() {
    return "go on with the candidate for " + loop.alias();
  }

  /** {@return such as {@code working since 2026-01-01T00:00:00Z, for 5 min}, by the newest tick} */
  @Override
  public String toString() {
    return "working since " + since + ", for " + MlopsException.shown(lasts);
  }
}
