package dev.mlops.testkit;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.VectorDetector;
import java.util.Optional;

/** The plainest detector of vectors: the plainest one of values, fed with their mean. A broken one overrides. */
class WindowMeans implements VectorDetector, StatefulDetector {
  private final WindowMean means;

  WindowMeans() {
    this(BrokenDetectors.LIMIT);
  }

  WindowMeans(double limit) {
    this.means = new WindowMean(limit);
  }

  @Override
  public Level update(double[] values) {
    if (values.length != dimension()) {
      throw new IllegalArgumentException("wanted " + dimension() + " values, got " + values.length);
    }
    return means.update(value(values));
  }

  double value(double[] values) {
    return (values[0] + values[1]) / 2;
  }

  @Override
  public int dimension() {
    return 2;
  }

  @Override
  public Level level() {
    return means.level();
  }

  @Override
  public Optional<Signal> signal() {
    return means.signal();
  }

  @Override
  public void reset() {
    means.reset();
  }

  @Override
  public long skipped() {
    return means.skipped();
  }

  @Override
  public Level endBlock() {
    return means.endBlock();
  }

  @Override
  public byte[] state() {
    return means.state();
  }

  @Override
  public void restore(byte[] state) {
    means.restore(state);
  }

  @Override
  public int mostStateBytes() {
    return means.mostStateBytes();
  }
}
