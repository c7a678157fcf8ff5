package dev.mlops.core.loop;

import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Dependence;
import dev.mlops.drift.stream.SrEDetector;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Watches whether a candidate that is shadowed has become worse than its own test phase: then a change lies after the rows that
 * it was trained on.
 *
 * <p>Not thread-safe: confine to one thread at a time.
 */
final class NewerChange {
  /** What is no change yet: an increase over the upper bound of the test phase, as a share, or a part of its error. */
  private static final double TOLERANCE = 0.02;

  private static final long FALSE_ALARM_EVERY = 10_000;

  /** An error counts for at most this number of limits. */
  private static final double CLIP = 10;

  private final @Nullable SrEDetector detector;
  private final double limit;
  private final List<Long> positions = new ArrayList<>();
  private OptionalLong found = OptionalLong.empty();

  private NewerChange(@Nullable SrEDetector detector, double limit) {
    this.detector = detector;
    this.limit = limit;
  }

  /** A watch by a candidate's test phase; it finds nothing where that measured nothing. */
  static NewerChange of(@Nullable Baseline tested, Schema schema, Dependence dependence) {
    Metric plainest = Metric.plainest(schema);
    boolean quantities = plainest.task() == Task.REGRESSION;
    Estimate error = tested == null ? null : tested.quality(plainest).orElse(null);
    if (error == null) {
      return new NewerChange(null, 0);
    }
    double limit;
    if (quantities) {
      limit = error.value()
          + (error.upper() - error.value()) * Math.sqrt(dependence.inflation())
          + TOLERANCE * error.value();
    } else {
      long n = Math.max(1, Math.round(error.n() / dependence.inflation()));
      limit = SrEDetector.upperLimit(Math.round((1 - error.value()) * n), n) + TOLERANCE;
    }
    boolean findable = limit > 0 && Double.isFinite(CLIP * limit) && (quantities || limit < 1);
    return new NewerChange(
        findable ? SrEDetector.above(limit).falseAlarmEvery(FALSE_ALARM_EVERY) : null, limit);
  }

  /** Takes the candidate's loss on a row that it does not know; infinite for no usable answer. */
  void row(long position, double loss) {
    if (detector == null || found.isPresent()) {
      return;
    }
    positions.add(position);
    if (detector.update(Math.min(loss, CLIP * limit)) == Level.DRIFT) {
      int changed = detector.signal().map(signal -> (int) signal.changePoint()).orElse(0);
      found = OptionalLong.of(positions.get(Math.min(changed, positions.size() - 1)));
    }
  }

  /** The position of the change, if one was found. */
  OptionalLong position() {
    return found;
  }
}
