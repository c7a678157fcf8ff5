package dev.mlops.testkit;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.ValueDetector;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The plainest detector of values: DRIFT when the mean of the newest 20 is above a limit. A broken one overrides. */
class WindowMean implements ValueDetector {
  static final int WINDOW = 20;

  final double limit;
  final double[] window = new double[WINDOW];
  Level level = Level.WARMING_UP;

  @Nullable
  Signal signal;

  long position;
  long skipped;
  int seen;

  WindowMean(double limit) {
    this.limit = limit;
  }

  @Override
  public Level update(double value) {
    if (!accepts(value)) {
      skipped++;
      position++;
      level = level == Level.DRIFT ? Level.WARMING_UP : level;
      return level;
    }
    window[seen % WINDOW] = value;
    seen++;
    level = seen < WINDOW ? Level.WARMING_UP : mean() > limit ? drift() : Level.STABLE;
    position++;
    return level;
  }

  boolean accepts(double value) {
    return Double.isFinite(value);
  }

  double mean() {
    double sum = 0;
    for (double each : window) {
      sum += each;
    }
    return sum / WINDOW;
  }

  Level drift() {
    signal = new Signal(
        Direction.UP, position, Math.max(0, position - WINDOW + 1), mean(), limit, List.of());
    startAfresh();
    return Level.DRIFT;
  }

  void startAfresh() {
    seen = 0;
  }

  @Override
  public Level level() {
    return level;
  }

  @Override
  public Optional<Signal> signal() {
    return Optional.ofNullable(signal);
  }

  @Override
  public void reset() {
    level = Level.WARMING_UP;
    signal = null;
    position = 0;
    skipped = 0;
    seen = 0;
  }

  @Override
  public long skipped() {
    return skipped;
  }

  @Override
  public Level endBlock() {
    return level;
  }
}
