package dev.mlops.core.monitor;

import dev.mlops.api.pack.Dependence;
import dev.mlops.drift.profile.DependenceEstimator;
import org.jspecify.annotations.Nullable;

/**
 * Whether losses depend notably on those before them, of which somebody is to be told once, however long it is looked at.
 *
 * <p>Of independent losses one stretch in twenty looks dependent. So each stretch is judged alone, is twice as long as the one
 * before, the first 1,000, and two in a row must show it: of independent losses that happens in about one sequence of a hundred, in
 * its whole life.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class UntoldDependence {
  private static final long FIRST = 1_000;

  /** A variance of a mean that is larger by this factor is worth a warning. */
  private static final double NOTABLE = 1.5;

  private static final double LARGEST = 1e150;

  private final DependenceEstimator stretch = new DependenceEstimator();
  private long length = FIRST;
  private boolean shown;
  private @Nullable Dependence found;

  void add(double loss) {
    if (found != null || !(Math.abs(loss) <= LARGEST)) {
      return;
    }
    stretch.add(loss);
    if (stretch.values() == length) {
      Dependence now = stretch.dependence();
      boolean notable = now.present() && now.inflation() >= NOTABLE;
      found = notable && shown ? now : null;
      shown = notable;
      length *= 2;
      stretch.reset();
    }
  }

  /** The dependence of the newest stretch, once two in a row have shown one. */
  @Nullable
  Dependence found() {
    return found;
  }
}
