package dev.mlops.drift.anytime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BettingTestTest {
  /** One row of two models that are right with these probabilities; 70 of 100 rows share their luck. */
  private static double difference(SplittableRandom random, double champion, double candidate) {
    double luck = random.nextDouble();
    double other = random.nextDouble() < 0.7 ? luck : random.nextDouble();
    return (other < candidate ? 1 : 0) - (luck < champion ? 1 : 0);
  }

  /**
   * By hand, m = 0.5: the first bet is 0, since the made-up observation is 0.5; after 0.6, μ = 1.1/2, V = (0.25 + 0.05²)/2, so λ =
   * 0.05/(0.12625 + 0.0025) and K = 1 + λ/2; after 1, μ = 0.7, V = (0.2525 + 0.09)/3, λ = 0.2/(V + 0.04) is cut at 1: K halves.
   */
  @Test
  void betsAsPublished() {
    BettingTest test = BettingTest.values().above(0.5).alpha(0.05);
    test.update(0.6);
    assertThat(test.eValue()).isEqualTo(1.0);
    test.update(1.0);
    double wanted = 1 + 0.05 / 0.12875 / 2;
    assertThat(test.eValue()).isCloseTo(wanted, within(1e-12));
    test.update(0.0);
    assertThat(test.eValue()).isCloseTo(wanted / 2, within(1e-12));
    assertThat(test.logEvidence()).isCloseTo(Math.log(wanted / 2), within(1e-12));
    assertThat(test.n()).isEqualTo(3);
    assertThat(test.toString())
        .isEqualTo("e-value 0.597 after 3: not shown that the mean is above 0.5000");
  }

  @Test
  void differencesAreValuesOnAnotherScale() {
    SplittableRandom random = new SplittableRandom(1);
    BettingTest differences = BettingTest.differences().above(-0.02).alpha(0.05);
    BettingTest values = BettingTest.values().above(0.49).alpha(0.05);
    for (int t = 0; t < 1_000; t++) {
      double d = difference(random, 0.8, 0.82);
      differences.update(d);
      values.update((d + 1) / 2);
      assertThat(differences.logEvidence()).isCloseTo(values.logEvidence(), within(1e-9));
    }
  }

  /** Two equal models, a look at every truth: wrong at most alpha of the time, with an exact binomial bound. */
  @ParameterizedTest
  @ValueSource(doubles = {0.8, 0.95})
  void lookingAtEveryTruthDoesNotInflateTheErrorRate(double p) {
    SplittableRandom random = new SplittableRandom(2);
    int runs = 400;
    int wrong = 0;
    for (int run = 0; run < runs; run++) {
      BettingTest test = BettingTest.differences().above(0).alpha(0.05);
      for (int t = 0; t < 4_000 && !test.rejected(); t++) {
        test.update(difference(random, p, p));
      }
      wrong += test.rejected() ? 1 : 0;
    }
    int most = BinomialDistribution.of(runs, 0.05).inverseCumulativeProbability(0.9999);
    assertThat(wrong).as("seed 2").isPositive().isLessThanOrEqualTo(most);
  }

  /** The mean is exactly at the limit of non-inferiority. */
  @Test
  void aModelWorseByTheMarginIsNotCalledNonInferior() {
    SplittableRandom random = new SplittableRandom(3);
    int runs = 400;
    int wrong = 0;
    for (int run = 0; run < runs; run++) {
      BettingTest test = BettingTest.differences().above(-0.02).alpha(0.05);
      for (int t = 0; t < 4_000 && !test.rejected(); t++) {
        test.update(difference(random, 0.82, 0.80));
      }
      wrong += test.rejected() ? 1 : 0;
    }
    assertThat(wrong)
        .isLessThanOrEqualTo(
            BinomialDistribution.of(runs, 0.05).inverseCumulativeProbability(0.9999));
  }

  /** Measured medians: 1,919 and 586; elsewhere, of another program: 2,036 and 469. */
  @ParameterizedTest
  @CsvSource({"0.80, 0.82, 2300", "0.95, 0.97, 690"})
  void halfOfTheBetterModelsAreFoundInTime(double champion, double candidate, int bar) {
    SplittableRandom random = new SplittableRandom(4);
    int runs = 300;
    int found = 0;
    for (int run = 0; run < runs; run++) {
      BettingTest test = BettingTest.differences().above(0).alpha(0.05);
      while (test.n() < bar && !test.update(difference(random, champion, candidate))) {}
      found += test.rejected() ? 1 : 0;
    }
    assertThat(found).as("found within " + bar).isGreaterThan((int)
        (runs / 2.0 - 1.5 * Math.sqrt(runs)));
  }

  @Test
  void rejectsExactlyWhenTheEvidenceReachesOneOverAlphaAndStaysSo() {
    BettingTest test = BettingTest.values().above(0.3).alpha(0.05);
    while (!test.update(1)) {
      assertThat(test.eValue()).isLessThan(20);
    }
    assertThat(test.eValue()).isGreaterThanOrEqualTo(20);
    for (int t = 0; t < 200; t++) {
      assertThat(test.update(0)).isTrue();
    }
    assertThat(test.eValue()).isLessThan(20);
    assertThat(test.rejected()).isTrue();
  }

  @Test
  void endlessEvidenceStaysFinite() {
    BettingTest test = BettingTest.differences().above(0).alpha(1e-300);
    for (int t = 0; t < 100_000; t++) {
      test.update(1);
    }
    assertThat(test.rejected()).isTrue();
    assertThat(test.eValue()).isEqualTo(Double.MAX_VALUE);
    BettingTest against = BettingTest.differences().above(0).alpha(0.05);
    for (int t = 0; t < 100_000; t++) {
      against.update(t < 100 ? 1 : -1);
    }
    assertThat(against.eValue()).isGreaterThanOrEqualTo(0);
    assertThat(against.logEvidence()).isFinite();
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, 1.0000001, -1.0000001, Double.POSITIVE_INFINITY})
  void whatIsOutOfRangeIsRefusedAndChangesNothing(double observation) {
    BettingTest test = BettingTest.differences().above(0).alpha(0.05);
    for (int t = 0; t < 3; t++) {
      test.update(1);
    }
    double before = test.logEvidence();
    assertThatThrownBy(() -> test.update(observation))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("in -1.0 to 1.0", "was " + observation);
    assertThat(test.logEvidence()).isEqualTo(before);
    assertThat(test.n()).isEqualTo(3);
    BettingTest undisturbed = BettingTest.differences().above(0).alpha(0.05);
    for (int t = 0; t < 4; t++) {
      undisturbed.update(1);
    }
    test.update(1);
    assertThat(test.logEvidence()).isEqualTo(undisturbed.logEvidence());
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> BettingTest.differences().above(-1))
        .hasMessageContainingAll("be > -1.0 and < 1.0", "was -1.0", "limit");
    assertThatThrownBy(() -> BettingTest.values().above(Double.NaN))
        .hasMessageContainingAll("be > 0.0 and < 1.0", "was NaN", "limit");
    for (double alpha : new double[] {0, 1, Double.NaN}) {
      assertThatThrownBy(() -> BettingTest.values().above(0.5).alpha(alpha))
          .hasMessageContainingAll("be > 0 and < 1", "was " + alpha);
    }
  }
}
