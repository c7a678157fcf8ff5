package dev.mlops.api.drift;

import dev.mlops.api.pack.Baseline;

/**
 * How a detector is made, once the baseline is known: {@code baseline -> DataDrift.against(baseline)…}.
 *
 * <p>A monitor makes one detector per champion, since the baseline changes with it.
 *
 * <p>Called from one thread at a time.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface DetectorFactory {
  /**
   * {@return a new detector}
   *
   * @param baseline what the champion's test phase measured
   * @throws IllegalArgumentException if the baseline lacks what the detector needs; the watch then says so and judges
   *     nothing
   */
  DriftDetector detector(Baseline baseline);
}
