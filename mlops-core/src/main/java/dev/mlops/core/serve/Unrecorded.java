package dev.mlops.core.serve;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Recorder;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The recorder of a deployment without a monitor: keeps nothing.
 *
 * <p>Thread-safe.
 */
final class Unrecorded implements Recorder {
  /**
   * The id of a prediction that nobody recorded: drawn at random from 2⁶² numbers, above all that a counter reaches, so that
   * it is nobody else's and joins no truth.
   */
  static long id() {
    return (ThreadLocalRandom.current().nextLong() >>> 2) | (1L << 62);
  }

  @Override
  public long record(Row row, Prediction prediction, Call call) {
    return id();
  }

  @Override
  public long record(Row row, Prediction prediction, long nanos) {
    return id();
  }

  @Override
  public long record(@Nullable String key, Row row, Prediction prediction, long nanos) {
    return id();
  }

  @Override
  public long record(
      @Nullable String key,
      Row row,
      Prediction prediction,
      long waiting,
      long binding,
      long model) {
    return id();
  }

  @Override
  public void failure(long nanos, @Nullable Throwable cause) {
    // Nobody counts it.
  }
}
