package dev.mlops.core.serve;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.core.internal.guard.Waits;
import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * Where and how candidates in shadow are asked at once, while the request is answered, and not in the tick when truths mature.
 *
 * <pre>{@code
 * Deployment.of(store, "fraud@champion", rows)
 *     .mirroring(Mirror.on(executor).queueing(1_024).within(Duration.ofMillis(200)).sampling(0.1))
 * }</pre>
 *
 * <p>Each shadow has a queue of its own and is asked by one thread at a time, so that one which hangs holds no other. A request that
 * finds the queue full is dropped for that shadow, and no request waits. What a shadow throws, {@link Error}s too, is counted and
 * reaches nobody. A copy that has not been answered within the deadline is timed out, whether it waited or its call hangs; the call is
 * not stopped.
 *
 * <p>For each shadow, {@code submitted = compared + timed out + dropped + failed + waiting}, and nothing waits once it has ended: see
 * {@link Rollout#mirrored()}. When a truth comes, the shadow is compared by what it said then; a copy that failed or timed out counts
 * as no usable answer, one that was dropped or not sampled does not count.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class Mirror {
  private final Executor executor;
  private final int queue;
  private final Duration deadline;
  private final double share;
  private final int kept;

  private Mirror(Executor executor, int queue, Duration deadline, double share, int kept) {
    this.executor = executor;
    this.queue = queue;
    this.deadline = deadline;
    this.share = share;
    this.kept = kept;
  }

  /**
   * {@return a mirror of all requests, with a queue of 1,024 and a deadline of one second for each shadow, and 100,000 answers that
   * wait for their truth}
   *
   * @param executor of the host; it must not run what it is given on the calling thread
   */
  public static Mirror on(Executor executor) {
    return new Mirror(
        requireNonNull(executor, "executor"), 1_024, Duration.ofSeconds(1), 1, 100_000);
  }

  /**
   * {@return the same, with how many copies may wait for each shadow}
   *
   * @param copies at least 1
   * @throws IllegalArgumentException if they are fewer
   */
  public Mirror queueing(int copies) {
    if (copies < 1) {
      throw new IllegalArgumentException("copies must be >= 1, but were " + copies);
    }
    return new Mirror(executor, copies, deadline, share, kept);
  }

  /**
   * {@return the same, with how long a copy may take, its time in the queue included}
   *
   * @param deadline longer than zero
   * @throws IllegalArgumentException if it is not
   */
  public Mirror within(Duration deadline) {
    if (deadline.isZero() || deadline.isNegative()) {
      throw new IllegalArgumentException(
          "deadline must be longer than zero, but was " + MlopsException.shown(deadline));
    }
    return new Mirror(executor, queue, deadline, share, kept);
  }

  /**
   * {@return the same, with the share of the requests that are copied}
   *
   * @param share above 0, at most 1
   * @throws IllegalArgumentException if it is out of range
   */
  public Mirror sampling(double share) {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("share must be above 0 and at most 1, but was " + share);
    }
    return new Mirror(executor, queue, deadline, share, kept);
  }

  /**
   * {@return the same, with how many answers of each shadow wait for their truth}
   *
   * <p>One more pushes the oldest out, whose truth then is not compared.
   *
   * @param answers at least 1
   * @throws IllegalArgumentException if they are fewer
   */
  public Mirror keeping(int answers) {
    if (answers < 1) {
      throw new IllegalArgumentException("answers must be >= 1, but were " + answers);
    }
    return new Mirror(executor, queue, deadline, share, answers);
  }

  Executor executor() {
    return executor;
  }

  int queue() {
    return queue;
  }

  long deadlineNanos() {
    return Waits.nanos(deadline);
  }

  double share() {
    return share;
  }

  int kept() {
    return kept;
  }

  /** {@return such as {@code 10.0 % of requests, queue 1024, within 200 ms}} */
  @Override
  public String toString() {
    return share * 100 + " % of requests, queue " + queue + ", within "
        + MlopsException.shown(deadline);
  }
}
