package dev.mlops.api.monitor;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;

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
   * Takes a prediction whose truth will come by the id that is returned.
   *
   * @param row the input; read during the call, not kept
   * @param prediction the answer
   * @param nanos how long it took, in nanoseconds
   * @return the id of the prediction, not negative, never given again by any monitor, also when the prediction was dropped
   */
  long record(Row row, Prediction prediction, long nanos);

  /**
   * Takes a prediction whose truth will come by the host's own key, or by the id that is returned.
   *
   * @param key such as {@code order-4711}; the newest prediction under a key is the one that its truth belongs to
   * @param row the input; read during the call, not kept
   * @param prediction the answer
   * @param nanos how long it took, in nanoseconds
   * @return the id of the prediction, not negative, never given again by any monitor, also when the prediction was dropped
   */
  long record(String key, Row row, Prediction prediction, long nanos);

  /**
   * Takes a prediction that was not made: the model threw, or answered with nothing usable.
   *
   * @param nanos how long it took, in nanoseconds
   */
  void failure(long nanos);
}
