package dev.mlops.core.monitor;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.drift.profile.QualityWindow;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;

/**
 * The quality of the newest matured outcomes of one segment, which are found by their position in the ledger.
 *
 * <p>Guarded by the monitor's lock.
 */
final class SegmentWindow {
  private final QualityWindow quality;
  private final int capacity;
  /** Of the newest outcomes, ascending from the oldest on. */
  private long[] positions;

  private long count;

  SegmentWindow(Schema schema, int capacity, Collection<Metric> metrics) {
    this.quality = QualityWindow.of(schema, capacity, metrics);
    this.capacity = capacity;
    this.positions = new long[Math.min(16, capacity)];
  }

  void add(long position, Prediction prediction, Truth truth) {
    if (count == positions.length && positions.length < capacity) {
      positions = Arrays.copyOf(positions, Math.min(capacity, 2 * positions.length));
    }
    positions[(int) (count++ % positions.length)] = position;
    quality.add(prediction, truth);
  }

  /** Replaces the truth of an outcome, if it is still here. */
  void correct(long position, Truth truth) {
    long from = Math.max(0, count - positions.length);
    long to = count - 1;
    while (from <= to) {
      long middle = (from + to) >>> 1;
      long found = positions[(int) (middle % positions.length)];
      if (found == position) {
        quality.correct(middle, truth);
        return;
      }
      if (found < position) {
        from = middle + 1;
      } else {
        to = middle - 1;
      }
    }
  }

  long matured() {
    return count;
  }

  Map<Metric, Estimate> quality() {
    return quality.quality();
  }
}
