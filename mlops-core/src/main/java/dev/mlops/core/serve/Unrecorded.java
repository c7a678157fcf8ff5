package dev.mlops.core.serve;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Recorder;

/** The recorder of a version that no monitor knows: takes nothing, and its id joins no truth. */
enum Unrecorded implements Recorder {
  /** The one there is. */
  INSTANCE;

  /** The id of a prediction that nobody recorded. */
  static final long ID = -1;

  @Override
  public long record(Row row, Prediction prediction, long nanos) {
    return ID;
  }

  @Override
  public long record(String key, Row row, Prediction prediction, long nanos) {
    return ID;
  }

  @Override
  public void failure(long nanos) {}
}
