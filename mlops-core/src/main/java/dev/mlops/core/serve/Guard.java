package dev.mlops.core.serve;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.core.internal.guard.Waits;
import dev.mlops.core.serve.Serving.Loaded;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Fallbacks at work: who may begin, how long a model may take, and what was counted.
 *
 * <p>Thread-safe.
 */
final class Guard {
  private final Fallbacks asked;
  private final String alias;

  /** Requests being answered, and calls that go on past the deadline of theirs. */
  private final AtomicInteger busy = new AtomicInteger();

  final LongAdder refused = new LongAdder();
  final LongAdder timedOut = new LongAdder();
  final LongAdder byStandby = new LongAdder();
  final LongAdder fixed = new LongAdder();

  Guard(Fallbacks asked, String alias) {
    this.asked = asked;
    this.alias = alias;
  }

  boolean asksStandby() {
    return asked.standby();
  }

  /** What answers where no model does, counted; null if nothing does. */
  @Nullable
  Prediction instead() {
    Prediction answer = asked.fixed();
    if (answer != null) {
      fixed.increment();
    }
    return answer;
  }

  /** Lets a request begin, which then {@linkplain #leave leaves}. */
  void enter() {
    int now = busy.incrementAndGet();
    if (now > asked.most()) {
      busy.decrementAndGet();
      refused.increment();
      throw new OverloadException(
          "too many requests of " + alias + " at once: wanted at most " + asked.most() + ", got "
              + now + "; this one was refused at once",
          null);
    }
  }

  void leave() {
    busy.decrementAndGet();
  }

  /** Requests being answered, and calls that outlived theirs. */
  int busy() {
    return busy.get();
  }

  /**
   * What a version says, which is in use and is released when its call ends.
   *
   * @param spent of the time of the request, in nanoseconds
   * @param parts the call may take one of this number of equal parts of what is left
   */
  Prediction ask(Loaded version, Row row, long spent, int parts) {
    Duration deadline = asked.deadline();
    Executor executor = asked.executor();
    if (deadline == null || executor == null) {
      try {
        return version.model().model().predict(row);
      } finally {
        version.model().release();
      }
    }
    TimedCall<Prediction> call = new TimedCall<>(
        () -> {
          try {
            return version.model().model().predict(row);
          } finally {
            version.model().release();
          }
        },
        late -> busy.decrementAndGet());
    try {
      executor.execute(call);
    } catch (Throwable e) { // the host's executor will not run it
      if (call.neverRuns()) {
        version.model().release();
        refused.increment();
        throw new OverloadException(
            "the executor of " + alias + " took no call of " + version.version()
                + "; this request was refused at once",
            e);
      }
    }
    if (!call.await((Waits.nanos(deadline) - spent) / parts)) {
      if (call
          .neverRuns()) { // the executor has no thread for it, or dropped it: nothing would end it
        version.model().release();
        throw late(version, deadline, "the executor had not begun the call, which was taken back");
      }
      if (abandon(call)) {
        throw late(version, deadline, "the call goes on, its answer is thrown away");
      }
    }
    return call.answer();
  }

  private PredictionTimeoutException late(Loaded version, Duration deadline, String next) {
    timedOut.increment();
    return new PredictionTimeoutException(version.version() + " did not answer within "
        + MlopsException.shown(deadline) + "; " + next);
  }

  /** Counts a call that goes on as one that is busy; false if it has ended. */
  private boolean abandon(TimedCall<Prediction> call) {
    busy.incrementAndGet();
    if (call.giveUp()) {
      return true;
    }
    busy.decrementAndGet();
    return false;
  }

  /** What a model threw reaches the caller unchanged, whatever it is. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  static <E extends Throwable> E asThrown(Throwable e) throws E {
    throw (E) e;
  }
}
