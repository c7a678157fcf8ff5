package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.ValueDetector;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link ValueDetector}, that of every drift detector included.
 *
 * <p>A subclass gives a detector, calm values and changed ones.
 *
 * @since 0.1
 */
@DisplayName("A detector of values")
public abstract class ValueDetectorContract extends DriftDetectorContract<ValueDetector, Double> {
  /** For a subclass. */
  protected ValueDetectorContract() {}

  @Override
  protected abstract ValueDetector detector();

  /** {@return values outside of the range that the detector states; NaN and both infinities unless overridden} */
  protected List<Double> outside() {
    return List.of(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);
  }

  @Override
  final List<Double> unjudgeable() {
    return outside();
  }

  @Override
  final Level update(ValueDetector detector, Double input) {
    return detector.update(input);
  }

  @Test
  @DisplayName("allocates nothing while it finds nothing")
  void allocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    SplittableRandom random = new SplittableRandom(41);
    double[] values = random.doubles(calmLength()).toArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = calm(random);
    }
    ValueDetector detector = detector();
    long least = Long.MAX_VALUE;
    // The first runs load classes and compile; the least of several is the detector's own.
    for (int run = 0; run < 20; run++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (double value : values) {
        detector.update(value);
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      detector.reset();
    }
    // One object per value would be at least 16 B each.
    assertThat(least).as("bytes for " + values.length + " values").isLessThan(values.length);
  }
}
