package dev.mlops.drift.anytime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MultipleTestsTest {
  /** As published: reject the k largest, k the most for which the k-th largest e is at least K/(αk). */
  @Test
  void eValuesAreRejectedAsPublished() {
    SplittableRandom random = new SplittableRandom(1);
    int rejected = 0;
    for (int run = 0; run < 500; run++) {
      int size = 1 + random.nextInt(12);
      double[] eValues = new double[size];
      for (int i = 0; i < size; i++) {
        eValues[i] = random.nextInt(4) == 0 ? 40.0 : Math.exp(8 * random.nextDouble() - 2);
      }
      double alpha = 0.02 + 0.2 * random.nextDouble();
      double[] sorted = eValues.clone();
      Arrays.sort(sorted);
      double least = Double.POSITIVE_INFINITY;
      for (int k = 1; k <= size; k++) {
        if (sorted[size - k] >= size / (alpha * k)) {
          least = sorted[size - k];
        }
      }
      double[] adjusted = MultipleTests.eBenjaminiHochberg(eValues);
      for (int i = 0; i < size; i++) {
        assertThat(adjusted[i] <= alpha).as("run " + run).isEqualTo(eValues[i] >= least);
        rejected += adjusted[i] <= alpha ? 1 : 0;
      }
    }
    assertThat(rejected).isBetween(500, 2_500);
  }

  @Test
  void noAndEndlessEvidence() {
    assertThat(MultipleTests.eBenjaminiHochberg(new double[] {0, Double.POSITIVE_INFINITY, 60}))
        .containsExactly(new double[] {1.0, 0.0, 0.025}, within(1e-15));
    assertThat(MultipleTests.eBenjaminiHochberg(new double[0])).isEmpty();
    assertThat(MultipleTests.holm(new double[0])).isEmpty();
  }

  @Test
  void nothingIsChangedAndTheOrderIsKept() {
    double[] pValues = {0.04, 0.001, 0.03};
    assertThat(MultipleTests.holm(pValues))
        .containsExactly(new double[] {0.06, 0.003, 0.06}, within(1e-15));
    assertThat(MultipleTests.benjaminiHochberg(pValues))
        .containsExactly(new double[] {0.04, 0.003, 0.04}, within(1e-15));
    assertThat(MultipleTests.bonferroni(pValues))
        .containsExactly(new double[] {0.12, 0.003, 0.09}, within(1e-15));
    assertThat(pValues).containsExactly(0.04, 0.001, 0.03);
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> MultipleTests.holm(new double[] {0.5, Double.NaN}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("in 0 to 1", "was NaN at 1");
    assertThatThrownBy(() -> MultipleTests.bonferroni(new double[] {1.01}))
        .hasMessageContainingAll("in 0 to 1", "was 1.01 at 0");
    assertThatThrownBy(() -> MultipleTests.benjaminiHochberg(new double[] {-0.1}))
        .hasMessageContainingAll("in 0 to 1", "was -0.1 at 0");
    assertThatThrownBy(() -> MultipleTests.eBenjaminiHochberg(new double[] {1, Double.NaN}))
        .hasMessageContainingAll("be >= 0", "was NaN at 1");
  }
}
