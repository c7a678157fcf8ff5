package dev.mlops.core.loop;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.TrainingStoppedException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
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

  /** The training that runs; null for another job. */
  private final @Nullable OneTraining training;

  /** What comes then; the first that is set counts. */
  private final AtomicReference<@Nullable Supplier<Phase>> next = new AtomicReference<>();

  private Working(Workshop loop, @Nullable OneTraining training) {
    this.loop = loop;
    this.training = training;
    this.since = loop.clock.instant();
    this.start = loop.ticker.getAsLong();
  }

  /** A job that is not given to the executor yet. */
  static Working of(Workshop loop) {
    return new Working(loop, null);
  }

  /** A training that is not given to the executor yet. */
  static Working of(Workshop loop, OneTraining training) {
    return new Working(loop, training);
  }

  /** Gives the executor a job; throws if that takes none. */
  Working doing(Supplier<Supplier<Phase>> job) {
    loop.run(this, job);
    return this;
  }

  /** The job threw, or was not taken. */
  Working failed(Throwable e) {
    Optional<String> cancelled = training == null ? Optional.empty() : training.cancelled();
    next.compareAndSet(
        null,
        cancelled
            .<Supplier<Phase>>map(why -> () -> loop.cancelled(why))
            .orElse(() -> loop.failed(e)));
    return this;
  }

  /** Asks the training to stop; false if none runs, or it is so far that it is published. */
  boolean cancel(String why) {
    return training != null && next.get() == null && training.cancel(why);
  }

  /** Runs the job, on the host's executor. */
  void run(Supplier<Supplier<Phase>> job) {
    if (!taken.compareAndSet(false, true)) {
      return; // an executor that runs a job twice, or runs one that was given up
    }
    if (training != null) {
      training.begins();
    }
    try {
      next.compareAndSet(null, job.get());
    } catch (Throwable e) { // a trainer, model or runtime of the host; the champion goes on serving
      failed(e);
    } finally {
      if (training != null) {
        training.ends();
      }
      if (loop.closed()) {
        loop.closeCandidate();
      }
    }
  }

  /** Gives the job up; false if it runs. */
  boolean giveUp() {
    return next.get() != null || taken.compareAndSet(false, true);
  }

  @Override
  public Phase advance() {
    if (training != null && next.get() == null) {
      training.giveUpIfLate().ifPresent(why -> {
        taken.set(true); // a job that the executor has not begun yet
        failed(new TrainingStoppedException(why));
      });
    }
    Supplier<Phase> done = next.get();
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
