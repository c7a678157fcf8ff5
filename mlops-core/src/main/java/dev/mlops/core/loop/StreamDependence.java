package dev.mlops.core.loop;

import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Dependence;
import dev.mlops.drift.profile.DependenceEstimator;

/**
 * How far the losses of a stream depend on those before them: as the first version's test phase showed it, and quiet stretches
 * since.
 *
 * <p>A stretch is quiet while one champion serves without a signal. What it showed counts once 500 more rows were quiet: a
 * change that is not signalled yet looks like dependence.
 *
 * <p>Thread-safe for readers; one writer at a time.
 */
final class StreamDependence {
  /** Shorter stretches said 1 where it was wrong. */
  private static final int SHORTEST = 2_000;

  /** How many rows later a change would have been signalled. */
  private static final int LATER = 500;

  private final boolean measured;
  private final DependenceEstimator stretch = new DependenceEstimator();
  private Dependence tested = Dependence.none();
  private Dependence quiet = Dependence.none();
  private Dependence pending = Dependence.none();
  private boolean learned;
  private volatile Dependence now = Dependence.none();

  StreamDependence(boolean measured) {
    this.measured = measured;
  }

  boolean isMeasured() {
    return measured;
  }

  Dependence now() {
    return now;
  }

  /** Whether a test phase has told. */
  boolean learned() {
    return learned;
  }

  /** Takes what a test phase showed; packages of earlier releases say nothing. */
  void tested(Baseline baseline) {
    if (measured) {
      learned = true;
      tested = baseline.dependence().orElse(Dependence.none());
      tell();
    }
  }

  /** A signal came, or another champion serves: the stretch is over. */
  void disturbed() {
    stretch.reset();
    pending = Dependence.none();
  }

  /** Takes the champion's loss on the next row of a quiet stretch. */
  void quiet(double loss) {
    if (!measured || !(Math.abs(loss) <= 1e150)) {
      return;
    }
    stretch.add(loss);
    long n = stretch.values();
    if (n >= SHORTEST && n % LATER == 0) {
      if (pending.conclusive()) {
        quiet = pending;
        tell();
      }
      pending = stretch.dependence();
    }
  }

  private void tell() {
    now = quiet.conclusive() ? tested.atLeast(quiet) : tested;
  }
}
