package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.junit.jupiter.api.Test;

class UntoldDependenceTest {
  private static final int SEQUENCES = 300;

  /** Errors at rate 0.1; with a chance of {@code repeats} each is as the one before. How many sequences are told of. */
  private static int told(double repeats, int losses) {
    int told = 0;
    for (int seed = 0; seed < SEQUENCES; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      UntoldDependence dependence = new UntoldDependence();
      int loss = 0;
      for (int i = 0; i < losses; i++) {
        if (random.nextDouble() >= repeats) {
          loss = random.nextDouble() < 0.1 ? 1 : 0;
        }
        dependence.add(loss);
      }
      told += dependence.found() == null ? 0 : 1;
    }
    return told;
  }

  /** Five stretches, four pairs of them, each with a chance of 0.06 squared: 1.4 %; by the exact binomial test at 1e-4. */
  @Test
  void independentLossesAreHardlyEverCalledDependent() {
    int most = BinomialDistribution.of(SEQUENCES, 0.0144).inverseCumulativeProbability(1 - 1e-4);
    assertThat(told(0, 31_000)).isLessThanOrEqualTo(most);
  }

  @Test
  void dependentOnesAreToldAfterTwoStretches() {
    assertThat(told(0.5, 3_000)).isGreaterThan(SEQUENCES * 9 / 10);
    assertThat(told(0.5, 2_999)).isZero();
  }
}
