package dev.mlops.core.loop;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.pack.TrainingStoppedException;
import dev.mlops.api.store.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One training of a candidate: how long it may last, who hears how far it is, and who ends it.
 *
 * <p>It is asked to stop, then interrupted, then given up; what it gives after that is thrown away. Once it is about to publish
 * it is given up no more.
 *
 * <p>Thread-safe.
 */
final class OneTraining {
  /** A training that heeds its end stops within so long. */
  static final Duration GRACE = Duration.ofMinutes(1);

  /** Progress is told so often, and not of a training that is shorter. */
  private static final long TOLD_EVERY = TimeUnit.SECONDS.toNanos(5);

  private final Workshop loop;
  private final Version champion;
  private final int rows;
  private final OptionalLong seed;
  private final Instant since;
  private final Instant deadline;

  /** When the executor began it, by the ticker. */
  private long start;

  private long told;
  private boolean committed;
  private boolean givenUp;
  private boolean interrupted;
  private @Nullable Thread thread;
  private volatile @Nullable String cancelled;
  private volatile @Nullable Instant cancelledAt;
  private volatile @Nullable LoopEvent progress;

  OneTraining(Workshop loop, Version champion, int rows, OptionalLong seed) {
    this.loop = loop;
    this.champion = champion;
    this.rows = rows;
    this.seed = seed;
    this.since = loop.clock.instant();
    this.deadline = until(since, loop.within);
  }

  private static Instant until(Instant since, Duration within) {
    Duration left = Duration.between(since, Instant.MAX);
    return left.compareTo(within) < 0 ? Instant.MAX : since.plus(within);
  }

  /** What the trainer is told. */
  TrainingContext context() {
    TrainingContext.Builder context = TrainingContext.builder()
        .deadline(deadline, loop.clock)
        .cancelledWhen(() -> cancelled != null || loop.closed())
        .progressTo(this::progressed)
        .ticker(loop.ticker);
    seed.ifPresent(context::seed);
    return context.build();
  }

  /** The seed that the trainer is given, if it is given one. */
  OptionalLong seed() {
    return seed;
  }

  // --- how far it is
  // ---------------------------------------------------------------------------------------

  private void progressed(long step, long of, String text) {
    LoopEvent event;
    synchronized (this) {
      long now = loop.ticker.getAsLong();
      if (givenUp || now - told < TOLD_EVERY) {
        return;
      }
      told = now;
      event = progress(step, of, text, (now - start) / 1e9);
    }
    progress = event;
    loop.steps.tell(event);
  }

  private LoopEvent progress(long step, long of, String text, double seconds) {
    LoopEvent.Builder event = loop.steps
        .event(LoopEvent.Kind.PROGRESS)
        .champion(champion)
        .number("rows", rows)
        .number("step", (double) step)
        .number("seconds", seconds);
    String end = "";
    if (of > 0) {
      event.number("steps", (double) of);
      if (step > 0 && step <= of) {
        double left = seconds / step * (of - step);
        event.number("seconds_left", left);
        end = String.format(Locale.ROOT, ", %.0f s left", left);
      }
    }
    return event
        .because(Steps.beginning(String.format(
            Locale.ROOT,
            "step %d%s, %d rows, %.0f s since it began%s: %s",
            step,
            of > 0 ? " of " + of : "",
            rows,
            seconds,
            end,
            text)))
        .build();
  }

  /** How far it was when that was told last. */
  Optional<LoopEvent> progress() {
    return Optional.ofNullable(progress);
  }

  // --- its end
  // ---------------------------------------------------------------------------------------------

  /** Asks the training to stop; false if it has come so far that it publishes. */
  synchronized boolean cancel(String why) {
    if (committed) {
      return false;
    }
    if (cancelled == null) {
      cancelledAt = loop.clock.instant();
      cancelled = why;
    }
    return true;
  }

  /** Who cancelled it and why, if somebody did. */
  Optional<String> cancelled() {
    return Optional.ofNullable(cancelled);
  }

  /** From here on it is published, whatever the time; throws if it has been ended. */
  void commit() {
    boolean inTime;
    synchronized (this) {
      inTime = !givenUp && cancelled == null && !loop.clock.instant().isAfter(deadline);
      committed = inTime;
    }
    if (!inTime) {
      throw new TrainingStoppedException(
          cancelled != null
              ? "the training was cancelled " + cancelled + "; nothing was published"
              : "the training should have ended by " + deadline
                  + " and ended later; nothing was published");
    }
    loop.leadership.require();
  }

  /**
   * Gives the training up if it should have ended some time ago, and interrupts its thread.
   *
   * @return why, if it is given up now
   */
  synchronized Optional<String> giveUpIfLate() {
    Instant asked = cancelledAt;
    Instant end = asked != null && asked.isBefore(deadline) ? asked : deadline;
    if (committed || givenUp || !loop.clock.instant().isAfter(until(end, GRACE))) {
      return Optional.empty();
    }
    return Optional.of(giveUp(
        asked != null
            ? "the training was cancelled at " + asked + " and does not stop"
            : "the training should have ended by " + deadline + " and does not stop"));
  }

  private String giveUp(String why) {
    givenUp = true;
    Thread runs = thread;
    if (runs != null) {
      interrupted = true;
      runs.interrupt();
    }
    return why + "; it was given up" + (runs == null ? "" : " and interrupted");
  }

  /** Begins to run, on a thread of the host's. */
  synchronized void begins() {
    thread = Thread.currentThread();
    start = loop.ticker.getAsLong();
    told = start;
  }

  /** Runs no more. */
  synchronized void ends() {
    thread = null;
    if (interrupted) {
      Thread.interrupted(); // it was meant for the training, not for what the thread does next
      interrupted = false;
    }
  }

  /** What is wrong if it was given up, alone or with its loop, and runs all the same; empty once it has returned. */
  synchronized Optional<String> runsOn() {
    return thread == null || !(givenUp || loop.closed())
        ? Optional.empty()
        : Optional.of("the training of " + rows + " rows that was begun at " + since
            + " was given up and still runs after "
            + MlopsException.shown(Duration.ofNanos(Math.max(0, loop.ticker.getAsLong() - start)))
            + ": nothing is trained beside it");
  }
}
