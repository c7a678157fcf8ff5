package dev.mlops.testkit;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.ValueDetector;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The plainest detector of values: DRIFT when the mean of the newest 20 is above a limit. A broken one overrides. */
class WindowMean implements ValueDetector, StatefulDetector {
  static final int WINDOW = 20;

  final double limit;
  final double[] window = new double[WINDOW];
  Level level = Level.WARMING_UP;

  @Nullable
  Signal signal;

  long position;
  long skipped;
  long warningStart;
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
    level = seen < WINDOW ? Level.WARMING_UP : mean() > limit ? drift() : calmer();
    position++;
    return level;
  }

  /** The level of a full window that is no drift. */
  private Level calmer() {
    if (mean() <= limit - 0.1) {
      return Level.STABLE;
    }
    warningStart = level == Level.WARNING ? warningStart : position;
    return Level.WARNING;
  }

  /** Since when there had been a warning, at a drift. */
  long warningStart() {
    return level == Level.WARNING ? warningStart : position;
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
        Direction.UP,
        position,
        Math.max(0, position - WINDOW + 1),
        warningStart(),
        mean(),
        limit,
        List.of());
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
    warningStart = 0;
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

  @Override
  public InputDomain domain() {
    return InputDomain.real(1);
  }

  @Override
  public byte[] state() {
    return Memory.of(this);
  }

  @Override
  public void restore(byte[] state) {
    Memory.into(this, state);
  }

  @Override
  public int mostStateBytes() {
    return Memory.MOST;
  }
}
