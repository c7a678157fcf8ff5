package dev.mlops.core.serve;

import dev.mlops.api.model.InputRule;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.RejectedValueException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.core.serve.Serving.Loaded;
import dev.mlops.core.serve.Serving.State;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Answers the requests of a deployment: by the champion, by the candidate of a rollout that splits them, or by a fallback; and has
 * each recorded.
 *
 * <p>Thread-safe.
 *
 * @param <T> the host's input
 */
final class Answering<T> {
  private final RowBinding<T> rows;
  private final Serving serving;
  private final RolloutRunner rollouts;
  private final GuardedMonitor monitor;
  private final HostTime time;
  private final InputCounts inputs;
  private final @Nullable Guard guard;

  Answering(
      RowBinding<T> rows,
      Serving serving,
      RolloutRunner rollouts,
      GuardedMonitor monitor,
      HostTime time,
      InputCounts inputs,
      @Nullable Guard guard) {
    this.rows = rows;
    this.serving = serving;
    this.rollouts = rollouts;
    this.monitor = monitor;
    this.time = time;
    this.inputs = inputs;
    this.guard = guard;
  }

  /** {@return what was done with requests besides answering them} */
  ServingCounts counts() {
    Guard limits = guard;
    return new ServingCounts(
        inputs.rejected(),
        inputs.imputed(),
        limits == null ? 0 : limits.refused.sum(),
        limits == null ? 0 : limits.timedOut.sum(),
        limits == null ? 0 : limits.byStandby.sum(),
        limits == null ? 0 : limits.fixed.sum());
  }

  /** Answers several requests, in their order; one that fails fails no other. */
  ServedBatch answerAll(@Nullable List<String> keys, List<? extends T> inputs) {
    @Nullable Served[] served = new Served[inputs.size()];
    @Nullable Throwable[] failures = new Throwable[served.length];
    State state = serving.require();
    Loaded champion = state.split() == null && guard == null ? serving.acquire(state) : null;
    try {
      int i = 0;
      for (T input : inputs) {
        String key = keys == null ? null : keys.get(i);
        try {
          served[i] = champion == null
              ? answer(key, input, 0)
              : answerBy(champion, key, input, 0, time.nanos());
        } catch (Throwable e) { // of this request alone
          failures[i] = e;
        }
        i++;
      }
    } finally {
      if (champion != null) {
        champion.model().release();
      }
    }
    return new ServedBatch(served, failures);
  }

  /** Answers a request. */
  Served answer(@Nullable String key, T input, long waited) {
    long start = time.nanos();
    State state = serving.require();
    if (guard != null) {
      return answerGuarded(guard, key, input, waited, start);
    }
    if (state.split() != null) {
      return answerSplit(key, input, waited, start);
    }
    Loaded champion = serving.acquire(state);
    try {
      return answerBy(champion, key, input, waited, start);
    } finally {
      champion.model().release();
    }
  }

  /** What a version answers, which is in use. */
  private Served answerBy(Loaded champion, @Nullable String key, T input, long waited, long start) {
    Row row;
    Prediction prediction;
    long bound;
    monitor.started(champion);
    try {
      row = rows.read(input); // once, so that what is recorded is what was predicted
      bound = time.nanos();
      prediction = champion.model().model().predict(row);
    } catch (Throwable e) { // the model's own or an accessor's passes unchanged
      failed(champion, time.nanos() - start, e);
      throw e;
    }
    long nanos = time.nanos() - start;
    requireUsable(champion, prediction, nanos);
    long binding = bound - start;
    long id = monitor.record(champion, key, row, prediction, waited, binding, nanos - binding);
    rollouts.mirrored(id, row, prediction);
    return Served.of(prediction, id, champion.only());
  }

  /** With fallbacks: one too many is refused before anything is read. */
  private Served answerGuarded(
      Guard limits, @Nullable String key, T input, long waited, long start) {
    try {
      limits.enter();
    } catch (OverloadException e) {
      Prediction fixed = limits.instead();
      if (fixed == null) {
        throw e;
      }
      return fixed(fixed, serving.require().champion());
    }
    try {
      return answerSplit(key, input, waited, start);
    } finally {
      limits.leave();
    }
  }

  private static Served fixed(Prediction answer, Loaded missing) {
    return Served.of(
        answer, Unmonitored.id(), Route.instead(missing.version(), Route.Reason.FIXED_ANSWER));
  }

  /** What a version says, which is in use and released here. */
  private Prediction ask(Loaded version, Row row, long start, int parts) {
    Guard limits = guard;
    if (limits != null) {
      return limits.ask(version, row, time.nanos() - start, parts);
    }
    try {
      return version.model().model().predict(row);
    } finally {
      version.model().release();
    }
  }

  /** What answers where a version had no usable answer; null if nothing does. */
  @SuppressWarnings("ReferenceEquality") // the very version that failed
  private @Nullable Served instead(
      Loaded missing,
      @Nullable String key,
      Row row,
      long waited,
      long start,
      long bound,
      Throwable cause) {
    Guard limits = guard;
    if (limits == null || cause instanceof RejectedValueException) {
      return null;
    }
    boolean late =
        cause instanceof PredictionTimeoutException || cause instanceof OverloadException;
    State state = serving.now();
    Loaded standby = late || state == null || !limits.asksStandby() ? null : state.standby();
    if (standby != null && standby != missing && standby.model().acquire()) {
      monitor.started(standby);
      Prediction said = null;
      Throwable thrown = null;
      try {
        said = ask(standby, row, start, 1);
      } catch (Throwable e) { // the fault of the champion is the one that counts
        thrown = e;
      }
      if (said != null && isFinite(said)) {
        limits.byStandby.increment();
        return Served.of(
            said,
            monitor.record(standby, key, row, said, waited, bound - start, time.nanos() - bound),
            Route.instead(standby.version(), Route.Reason.STANDBY));
      }
      failed(standby, time.nanos() - start, thrown);
    }
    Prediction fixed = limits.instead();
    return fixed == null ? null : fixed(fixed, missing);
  }

  /**
   * While a rollout splits the requests. A candidate that gives no usable answer costs no request: it is counted as its failure,
   * and the champion answers.
   */
  private Served answerSplit(@Nullable String key, T input, long waited, long start) {
    State state;
    Split split;
    boolean toCandidate;
    Loaded version;
    do {
      state = serving.require();
      split = state.split();
      toCandidate = split != null && split.takes(key);
      version = split != null && toCandidate ? split.candidate() : state.champion();
    } while (!version
        .model()
        .acquire()); // retired since the state was read: its successor is there
    Row row;
    try {
      row = rows.read(input);
    } catch (Throwable e) { // the host's input, which says nothing of a candidate
      version.model().release();
      monitor.started(state.champion());
      failed(state.champion(), time.nanos() - start, e);
      throw e;
    }
    long bound = time.nanos();
    monitor.started(version);
    Route route = split == null ? version.only() : split.championFor(key);
    if (split != null && toCandidate) {
      Served served = byCandidate(version, split, key, row, waited, start, bound);
      if (served != null) {
        return served;
      }
      bound = time.nanos();
      version = serving.acquire(serving.require());
      monitor.started(version);
      route = split.championInstead();
      if (!version.version().equals(route.version())) {
        route = version.only(); // another one serves by now
      }
    }
    Prediction prediction;
    try {
      prediction = ask(version, row, start, 1);
    } catch (Throwable e) { // the model's own passes unchanged
      failed(version, time.nanos() - start, e);
      Served other = instead(version, key, row, waited, start, bound, e);
      if (other != null) {
        return other;
      }
      throw e;
    }
    long end = time.nanos();
    try {
      requireUsable(version, prediction, end - start);
    } catch (NoPredictionException e) {
      Served other = instead(version, key, row, waited, start, bound, e);
      if (other != null) {
        return other;
      }
      throw e;
    }
    long id = monitor.record(version, key, row, prediction, waited, bound - start, end - bound);
    rollouts.mirrored(id, row, prediction);
    Served served = Served.of(prediction, id, route);
    if (split != null && !toCandidate) {
      split.answered(key, false, end - start);
    }
    return served;
  }

  /** What the candidate answers; null, counted as its failure, if it throws or gives nothing usable. */
  private @Nullable Served byCandidate(
      Loaded candidate,
      Split split,
      @Nullable String key,
      Row row,
      long waited,
      long start,
      long bound) {
    Prediction said = null;
    Throwable cause = null;
    try {
      said = ask(candidate, row, start, 2); // the champion must have time, too
    } catch (Throwable e) { // judged, not obeyed
      cause = e;
    }
    long end = time.nanos();
    if (said == null || !isFinite(said)) {
      failed(candidate, end - start, cause);
      return null;
    }
    Served served = Served.of(
        said,
        monitor.record(candidate, key, row, said, waited, bound - start, end - bound),
        split.candidateFor(key));
    split.answered(key, true, end - start);
    return served;
  }

  private static boolean isFinite(Prediction said) {
    try {
      return said.isFinite();
    } catch (Throwable e) { // a kind of the host's own that cannot say
      return false;
    }
  }

  private void requireUsable(Loaded champion, @Nullable Prediction prediction, long nanos) {
    String found = "null";
    Throwable cause = null;
    if (prediction != null) {
      try {
        if (prediction.isFinite()) {
          return;
        }
        found = "a score that is not finite";
      } catch (Throwable e) { // a kind of the host's own
        found = "a prediction that cannot say whether it is finite";
        cause = e;
      }
    }
    failed(champion, nanos, cause);
    throw new NoPredictionException(
        champion.version() + " answered with " + found + "; counted as a failure"
            + (guard == null ? ", no fallback is set" : ""),
        cause);
  }

  /** A version had no usable answer, or an accessor threw before it was asked. */
  private void failed(Loaded version, long nanos, @Nullable Throwable cause) {
    if (cause instanceof RejectedValueException rejected && rejected.rule() == InputRule.LOSSLESS) {
      inputs.rejected(InputRule.LOSSLESS); // before any model
    }
    monitor.failed(version, nanos, cause);
  }
}
