package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.VectorDetector;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link VectorDetector}, that of every drift detector included.
 *
 * <p>A subclass gives a detector, calm vectors and changed ones.
 *
 * @since 0.1
 */
@DisplayName("A detector of vectors")
public abstract class VectorDetectorContract
    extends DriftDetectorContract<VectorDetector, double[]> {
  /** For a subclass. */
  protected VectorDetectorContract() {}

  @Override
  protected abstract VectorDetector detector();

  @Override
  final List<double[]> unjudgeable() {
    double[] unknown = new double[detector().dimension()];
    Arrays.fill(unknown, Double.NaN);
    return List.of(unknown);
  }

  @Override
  final Level update(VectorDetector detector, double[] input) {
    return detector.update(input);
  }

  @Test
  @DisplayName("refuses a vector of another length, and goes on as if it had not come")
  void otherLength() {
    SplittableRandom random = new SplittableRandom(52);
    VectorDetector plain = detector();
    VectorDetector disturbed = detector();
    for (int i = 0; i < 100 + changedLength(); i++) {
      double[] vector = i < 100 ? calm(random) : changed(random);
      if (i % 50 == 1) {
        for (int length : new int[] {0, plain.dimension() - 1, plain.dimension() + 1}) {
          assertThat(catchThrowable(() -> disturbed.update(new double[length])))
              .as("vector of " + length)
              .isInstanceOf(IllegalArgumentException.class);
        }
      }
      assertThat(disturbed.update(vector)).as("vector " + i).isEqualTo(plain.update(vector));
      if (countsTime() && i % 10 == 9) {
        assertThat(disturbed.endBlock()).as("block after " + i).isEqualTo(plain.endBlock());
      }
    }
    assertThat(disturbed.signal()).isEqualTo(plain.signal()).isPresent();
    assertThat(disturbed.skipped()).isEqualTo(plain.skipped());
  }

  @Test
  @DisplayName(
      "keeps no reference to a vector: what is written into it after the call changes nothing")
  void keepsNoReference() {
    SplittableRandom random = new SplittableRandom(53);
    VectorDetector plain = detector();
    VectorDetector handed = detector();
    double[] reused = new double[plain.dimension()];
    for (int i = 0; i < 100 + changedLength(); i++) {
      double[] vector = i < 100 ? calm(random) : changed(random);
      System.arraycopy(vector, 0, reused, 0, reused.length);
      assertThat(handed.update(reused)).as("vector " + i).isEqualTo(plain.update(vector));
      Arrays.fill(reused, 1e9);
      if (countsTime() && i % 10 == 9) {
        assertThat(handed.endBlock()).as("block after " + i).isEqualTo(plain.endBlock());
      }
    }
    assertThat(handed.signal()).isEqualTo(plain.signal()).isPresent();
  }
}
