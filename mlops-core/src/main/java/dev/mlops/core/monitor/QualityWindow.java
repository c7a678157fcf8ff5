package dev.mlops.core.monitor;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.drift.profile.Quality;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The quality of the newest predictions with their truth.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class QualityWindow {
  private final Schema schema;
  private final int capacity;
  private final List<Prediction> predictions = new ArrayList<>();
  private final List<Truth> truths = new ArrayList<>();
  private long count;
  private Map<Metric, Estimate> estimates = Map.of();
  private boolean stale;

  QualityWindow(Schema schema, int capacity) {
    this.schema = schema;
    this.capacity = capacity;
  }

  /** Takes one, in place of the oldest if it is full; gives its place. */
  long add(Prediction prediction, Truth truth) {
    long place = count++;
    int slot = (int) (place % capacity);
    if (slot == predictions.size()) {
      predictions.add(prediction);
      truths.add(truth);
    } else {
      predictions.set(slot, prediction);
      truths.set(slot, truth);
    }
    stale = true;
    return place;
  }

  /** Corrects the truth at a place, if it is still there. */
  void correct(long place, Truth truth) {
    if (place >= 0 && place >= count - capacity) {
      truths.set((int) (place % capacity), truth);
      stale = true;
    }
  }

  Map<Metric, Estimate> estimates() {
    if (stale) {
      estimates = Quality.of(schema, predictions, truths);
      stale = false;
    }
    return estimates;
  }
}
