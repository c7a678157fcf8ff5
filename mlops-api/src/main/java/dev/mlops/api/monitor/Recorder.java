package dev.mlops.api.monitor;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import org.jspecify.annotations.Nullable;

/**
 * Takes the predictions of one version, on the request path.
 *
 * <p>No method ever throws, blocks, or waits for another thread, whatever it is given. What cannot be kept is dropped and
 * counted: offered = recorded + dropped, exactly.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public interface Recorder {
  /**
   * Takes a prediction with all that is known about its call.
   *
   * @param row the input; read during the call, not kept
   * @param prediction the answer
   * @param call how long it took, and, where known, the host's key, the time of the event, and more
   * @return the id of the prediction, not negative, never given again by any monitor, also when the prediction was dropped
   */
  long record(Row row, Prediction prediction, Call call);

  /**
   * Takes a prediction whose truth will come by the id that is returned.
   *
   * <p>An implementation for a request path does this without making a {@link Call}.
   *
   * @param row the input; read during the call, not kept
   * @param prediction the answer
   * @param nanos how long it took, in nanoseconds
   * @return the id of the prediction, not negative, never given again by any monitor, also when the prediction was dropped
   */
  default long record(Row row, Prediction prediction, long nanos) {
    return record(row, prediction, Call.took(nanos));
  }

  /**
   * Takes a prediction whose truth will come by the host's own key, or by the id that is returned.
   *
   * @param key such as {@code order-4711}; the newest prediction under a key is the one that its truth belongs to. Null for
   *     none
   * @param row the input; read during the call, not kept
   * @param prediction the answer
   * @param nanos how long it took, in nanoseconds
   * @return the id of the prediction, not negative, never given again by any monitor, also when the prediction was dropped
   */
  default long record(@Nullable String key, Row row, Prediction prediction, long nanos) {
    Call call = Call.took(nanos);
    return record(row, prediction, key == null ? call : call.withKey(key));
  }

  /**
   * Takes a prediction whose time is known in parts, so that they are told apart in {@link ResponseTimes}.
   *
   * <p>An implementation for a request path does this without making a {@link Call}.
   *
   * @param key as above; null for none
   * @param row the input; read during the call, not kept
   * @param prediction the answer
   * @param waiting from the intended start to the start, in nanoseconds; 0 if there was no waiting, or nobody knows
   * @param binding how long it took to make a row of the host's input, in nanoseconds
   * @param model how long the model took, in nanoseconds
   * @return the id of the prediction, not negative, never given again by any monitor, also when the prediction was dropped
   */
  default long record(
      @Nullable String key,
      Row row,
      Prediction prediction,
      long waiting,
      long binding,
      long model) {
    Call call = Call.took(Math.max(0, binding) + Math.max(0, model))
        .withBinding(binding)
        .withStartDelay(waiting);
    return record(row, prediction, key == null ? call : call.withKey(key));
  }

  /**
   * Says that a prediction begins, which a record or a failure ends. A host that says so for each learns how many are in flight:
   * {@link ResponseTimes#inFlight()}.
   */
  default void started() {}

  /**
   * Takes a prediction that was not made: the model threw, or answered with nothing usable.
   *
   * @param nanos how long it took, in nanoseconds
   * @param cause what was thrown, counted by the simple name of its class; null if nothing was
   */
  void failure(long nanos, @Nullable Throwable cause);
}
