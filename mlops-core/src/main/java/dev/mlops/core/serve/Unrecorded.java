package dev.mlops.core.serve;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Recorder;
import java.util.concurrent.atomic.LongAdder;

/**
 * The recorder of a version that no monitor knows: counts what it is given and keeps nothing; its id joins no truth.
 *
 * <p>Thread-safe.
 */
final class Unrecorded implements Recorder {
  /** The id of a prediction that nobody recorded. */
  static final long ID = -1;

  private final LongAdder missed = new LongAdder();

  /** How many predictions and failures nobody recorded. */
  long missed() {
    return missed.sum();
  }

  @Override
  public long record(Row row, Prediction prediction, long nanos) {
    missed.increment();
    return ID;
  }

  @Override
  public long record(String key, Row row, Prediction prediction, long nanos) {
    missed.increment();
    return ID;
  }

  @Override
  public void failure(long nanos) {
    missed.increment();
  }
}
