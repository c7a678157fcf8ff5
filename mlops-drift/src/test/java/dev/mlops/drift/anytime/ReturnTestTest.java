package dev.mlops.drift.anytime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.pack.Dependence;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page {@code docs/benchmarks/results/2026-11-30-judges-under-dependence.md} has the returns under dependence. */
class ReturnTestTest {
  private static final Dependence DEPENDENT = new Dependence(20_000, 64, 8.0, 2_048, false);

  private static double whole(double share, double mean, SplittableRandom random) {
    double draw = random.nextDouble();
    double up = 0.5 * (share + mean);
    return draw < up ? 1 : draw < share ? -1 : 0;
  }

  /** With an inflation of 8, r is 4. */
  @ParameterizedTest
  @ValueSource(doubles = {1, 8})
  void theStatisticEqualsItsDefinition(double inflation) {
    Dependence dependence = inflation == 1 ? Dependence.none() : DEPENDENT;
    double r = inflation == 1 ? 1 : 4;
    ReturnTest test = ReturnTest.of(0.02, dependence, 1e9);
    SplittableRandom random = new SplittableRandom(1);
    double[] m = new double[5];
    for (int n = 0; n < 500; n++) {
      double d = whole(0.5, 0.1, random);
      double x = (d - 0.02) / 1.02;
      for (int i = 0; i < 5; i++) {
        m[i] = (m[i] + 1 / r) * Math.pow(1 + 0.8 / (1 << i) * x, 1 / r);
      }
      test.update(d);
      double mean = Arrays.stream(m).average().orElseThrow();
      assertThat(test.statistic()).as("n = %d", n).isCloseTo(mean, within(1e-9 * mean));
    }
  }

  /** Proven for independent rows: at least 2,000 rows until a wrong return at the margin; 300 runs. */
  @Test
  void aWrongReturnComesAfterTheThresholdOrLater() {
    double total = 0;
    double squares = 0;
    int runs = 300;
    for (int run = 0; run < runs; run++) {
      SplittableRandom random = new SplittableRandom(5 + 7_919L * run);
      ReturnTest test = ReturnTest.under(Dependence.none());
      while (!test.update(whole(0.3, 0.02, random))) {
        assertThat(test.n()).isLessThan(1_000_000);
      }
      total += test.n();
      squares += (double) test.n() * test.n();
    }
    double mean = total / runs;
    double error = Math.sqrt((squares / runs - mean * mean) / runs);
    assertThat(mean).isGreaterThan(2_000 - 2.326 * error).isLessThan(6_000);
  }

  /** Half of the labels change for 2,000 rows and change back: the old model is better by 0.4 again. */
  @Test
  void returnsSoonAfterAShiftThatPasses() {
    int[] delays = new int[50];
    for (int run = 0; run < delays.length; run++) {
      SplittableRandom random = new SplittableRandom(7 + 7_919L * run);
      ReturnTest test = ReturnTest.under(Dependence.none());
      for (int i = 0; i < 2_000; i++) {
        assertThat(test.update(whole(0.5, -0.4, random))).isFalse();
      }
      while (!test.update(whole(0.5, 0.4, random))) {
        delays[run]++;
      }
    }
    Arrays.sort(delays);
    assertThat(delays[25]).isLessThan(80);
    assertThat(delays[49]).isLessThan(500);
  }

  @Test
  void theMoreDependenceTheLater() {
    assertThat(untilReturn(Dependence.none())).isLessThan(30);
    assertThat(untilReturn(DEPENDENT)).isBetween(40L, 120L);
  }

  private static long untilReturn(Dependence dependence) {
    ReturnTest test = ReturnTest.under(dependence);
    while (!test.update(1)) {
      assertThat(test.n()).isLessThan(1_000);
    }
    return test.n();
  }

  /** Models that always agree never take turns: no row tells them apart. */
  @Test
  void modelsThatAgreeNeverTakeTurns() {
    ReturnTest test = ReturnTest.under(Dependence.none());
    for (int i = 0; i < 200_000; i++) {
      assertThat(test.update(0)).isFalse();
    }
    assertThat(test.statistic()).isLessThan(1_000);
    assertThat(test.disagreement()).isZero();
  }

  @Test
  void aReturnStaysUntilReset() {
    ReturnTest test = ReturnTest.under(DEPENDENT);
    while (!test.update(1)) {
      assertThat(test.n()).isLessThan(1_000);
    }
    double statistic = test.statistic();
    long n = test.n();
    assertThat(statistic).isGreaterThanOrEqualTo(2_000);
    assertThat(test.toString()).contains("of 2000", "better by 1", "margin 0.02", "blocks of 64");
    for (int i = 0; i < 5_000; i++) {
      assertThat(test.update(-1)).isTrue();
    }
    assertThat(test.statistic()).isEqualTo(statistic);
    assertThat(test.n()).isEqualTo(n + 5_000);
    test.reset();
    assertThat(test.returned()).isFalse();
    assertThat(test.n()).isZero();
    assertThat(test.statistic()).isZero();
    assertThat(test.mean()).isZero();
    assertThat(test.toString()).contains("not shown to be better");
    while (!test.update(1)) {
      assertThat(test.n()).isLessThan(1_000);
    }
    assertThat(test.n()).isEqualTo(n);
  }

  @Test
  void countsWhatItSaw() {
    ReturnTest test = ReturnTest.under(Dependence.none());
    for (double d : new double[] {1, 0, 0, -1, 1, 0, 0, 0}) {
      test.update(d);
    }
    assertThat(test.n()).isEqualTo(8);
    assertThat(test.disagreement()).isEqualTo(0.375);
    assertThat(test.mean()).isEqualTo(0.125);
    assertThat(test.dependence()).isEqualTo(Dependence.none());
  }

  @Test
  void refusesWhatCannotBeAndStaysAsItWas() {
    ReturnTest test = ReturnTest.under(Dependence.none());
    test.update(0.5);
    double statistic = test.statistic();
    for (double bad : new double[] {Double.NaN, 1.1, -1.1}) {
      assertThatThrownBy(() -> test.update(bad))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("-1.0 to 1.0", Double.toString(bad));
    }
    assertThat(test.n()).isEqualTo(1);
    assertThat(test.statistic()).isEqualTo(statistic);
    assertThatThrownBy(() -> ReturnTest.of(-0.1, DEPENDENT, 2_000)).hasMessageContaining("-0.1");
    assertThatThrownBy(() -> ReturnTest.of(1.0, DEPENDENT, 2_000)).hasMessageContaining("1.0");
    assertThatThrownBy(() -> ReturnTest.of(0.0, DEPENDENT, 19)).hasMessageContaining("19");
    assertThatThrownBy(() -> ReturnTest.of(0.0, DEPENDENT, Double.NaN)).hasMessageContaining("NaN");
  }
}
