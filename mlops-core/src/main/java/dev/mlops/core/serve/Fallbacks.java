package dev.mlops.core.serve;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * What a deployment does where the model that serves has no answer in time; a deployment without it does nothing of it.
 *
 * <pre>{@code
 * Fallbacks.none()
 *     .atMost(64)                                // calls at once; the next one is refused at once
 *     .within(Duration.ofMillis(20), executor)   // per request, on threads of the host
 *     .orStandby()                               // the version before, if the champion throws
 *     .orElse(Classification.of("no"))           // or this
 * }</pre>
 *
 * <p>In this order: a request beyond the limit, or past the deadline, gets the fixed answer. One to which the model throws, or answers
 * with nothing usable, is given to the standby, and gets the fixed answer if that fails too. Without a fixed answer the fault reaches
 * the caller: {@link OverloadException}, {@link PredictionTimeoutException}, or what the model threw. A value that is rejected and an
 * accessor that throws are faults of the input: no fallback hides them.
 *
 * <p>Each fallback is counted by {@link Deployment#counts()}, seen in {@link Served#route()}, and, but for a request beyond
 * the limit, recorded as a failure of the version that had no answer. A fixed answer has an id that no truth joins.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class Fallbacks {
  private static final Fallbacks NONE = new Fallbacks(Integer.MAX_VALUE, null, null, false, null);

  private final int most;
  private final @Nullable Duration deadline;
  private final @Nullable Executor executor;
  private final boolean standby;
  private final @Nullable Prediction fixed;

  private Fallbacks(
      int most,
      @Nullable Duration deadline,
      @Nullable Executor executor,
      boolean standby,
      @Nullable Prediction fixed) {
    this.most = most;
    this.deadline = deadline;
    this.executor = executor;
    this.standby = standby;
    this.fixed = fixed;
  }

  /** {@return no fallback yet} */
  public static Fallbacks none() {
    return NONE;
  }

  /**
   * {@return the same, with the most requests that are answered at once}
   *
   * <p>A call that goes on past the deadline of its request counts until it ends, so a model that hangs cannot take more of the host's
   * threads than this.
   *
   * @param requests at least 1
   * @throws IllegalArgumentException if they are fewer
   */
  public Fallbacks atMost(int requests) {
    if (requests < 1) {
      throw new IllegalArgumentException("requests at once must be >= 1, but were " + requests);
    }
    return new Fallbacks(requests, deadline, executor, standby, fixed);
  }

  /**
   * {@return the same, with the longest that a request waits for its models}
   *
   * <p>Each model is asked on the executor. A call that has begun and is late is not stopped; its answer is thrown away. One that
   * the executor has not begun by then, since its threads are busy or it dropped the call, is taken back: it never begins, and holds
   * neither the model nor a place.
   *
   * @param deadline longer than zero, from the start of the request
   * @param executor of the host; one that refuses a call makes it an overload
   * @throws IllegalArgumentException if it is not longer than zero
   */
  public Fallbacks within(Duration deadline, Executor executor) {
    if (deadline.isZero() || deadline.isNegative()) {
      throw new IllegalArgumentException(
          "deadline must be longer than zero, but was " + MlopsException.shown(deadline));
    }
    return new Fallbacks(most, deadline, requireNonNull(executor, "executor"), standby, fixed);
  }

  /** {@return the same that asks the version before the champion, if it is in memory, where the champion fails} */
  public Fallbacks orStandby() {
    return new Fallbacks(most, deadline, executor, true, fixed);
  }

  /**
   * {@return the same that answers with this where no model does}
   *
   * @param answer of the kind that the versions give
   */
  public Fallbacks orElse(Prediction answer) {
    return new Fallbacks(most, deadline, executor, standby, requireNonNull(answer, "answer"));
  }

  int most() {
    return most;
  }

  /** Null if there is none. */
  @Nullable
  Duration deadline() {
    return deadline;
  }

  @Nullable
  Executor executor() {
    return executor;
  }

  boolean standby() {
    return standby;
  }

  @Nullable
  Prediction fixed() {
    return fixed;
  }

  /** {@return such as {@code at most 64 at once, within 20 ms, or standby, or no}} */
  @Override
  public String toString() {
    return (most == Integer.MAX_VALUE ? "any number at once" : "at most " + most + " at once")
        + (deadline == null ? "" : ", within " + MlopsException.shown(deadline))
        + (standby ? ", or standby" : "")
        + (fixed == null ? "" : ", or " + fixed);
  }
}
