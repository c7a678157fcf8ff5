package dev.mlops.drift.anytime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RestartingBettingTestTest {
  private static final double ALPHA = 0.01;

  /** Until it rejects, M is the sum over stakes and over all moments of what was staked then times what became of it. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theEvidenceIsThatOfEveryBeginning(long seed) {
    double limit = 0.2;
    SplittableRandom random = new SplittableRandom(seed);
    RestartingBettingTest test = RestartingBettingTest.above(limit).alpha(1e-100);
    double[] values = new double[300];
    for (int t = 0; t < values.length; t++) {
      values[t] = random.nextDouble() < 0.3 ? 1 : random.nextDouble() * 0.2;
      test.update(values[t]);
      double wanted = 0;
      for (int stake = 0; stake < 9; stake++) {
        for (int begin = 0; begin <= t; begin++) {
          double left = 0.5 / (1 + Math.log1p(begin / 1_024.0));
          double before = 0.5 / (1 + Math.log1p(Math.max(0, begin - 1) / 1_024.0));
          double money = (begin == 0 ? 0.5 : before - left) / 9;
          for (int i = begin; i <= t; i++) {
            money *= 1 + 0.8 / (1 << stake) / limit * (values[i] - limit);
          }
          wanted += money;
        }
      }
      assertThat(test.eValue()).as("t=%d", t).isEqualTo(wanted, within(1e-9 * wanted));
    }
    assertThat(test.n()).isEqualTo(300);
  }

  /** With the mean at the limit, 5 of 400 would be chance: an exact binomial test of 1 % at 1e-4 allows 13. */
  @Test
  void atTheLimitAtMostAlphaAreEverRejected() {
    int wrong = 0;
    for (int run = 0; run < 400; run++) {
      SplittableRandom random = new SplittableRandom(run);
      RestartingBettingTest test = RestartingBettingTest.above(0.3).alpha(ALPHA);
      boolean ever = false;
      for (int i = 0; i < 5_000; i++) {
        ever |= test.update(random.nextDouble() < 0.3 ? 1 : 0);
      }
      wrong += ever ? 1 : 0;
    }
    assertThat(wrong).isLessThanOrEqualTo(13);
  }

  /** What is found at once is found in a fraction of the time that a late change takes, and that one is found too. */
  @Test
  void findsRisesFromTheStartAndLate() {
    int[] atOnce = new int[101];
    int[] late = new int[101];
    for (int run = 0; run < atOnce.length; run++) {
      SplittableRandom random = new SplittableRandom(run);
      RestartingBettingTest first = RestartingBettingTest.above(0.13).alpha(ALPHA);
      RestartingBettingTest after = RestartingBettingTest.above(0.13).alpha(ALPHA);
      for (int i = 0; i < 10_000; i++) {
        after.update(random.nextDouble() < 0.10 ? 1 : 0);
      }
      do {
        atOnce[run]++;
      } while (!first.update(random.nextDouble() < 0.20 ? 1 : 0));
      do {
        late[run]++;
      } while (!after.update(random.nextDouble() < 0.20 ? 1 : 0));
    }
    Arrays.sort(atOnce);
    Arrays.sort(late);
    assertThat(atOnce[50]).isBetween(250, 450);
    assertThat(late[50]).isBetween(450, 900);
  }

  /** It says what is so now: a rejection is taken back after about as much good as it took bad, not at the first good value. */
  @Test
  void aRejectionIsTakenBack() {
    SplittableRandom random = new SplittableRandom(5);
    RestartingBettingTest test = RestartingBettingTest.above(0.2).alpha(ALPHA);
    int bad = 0;
    while (!test.update(random.nextDouble() < 0.5 ? 1 : 0)) {
      bad++;
    }
    for (int i = 0; i < 5_000; i++) {
      test.update(random.nextDouble() < 0.5 ? 1 : 0);
    }
    assertThat(test.rejected()).isTrue();
    assertThat(test.eValue()).isLessThanOrEqualTo(1 / ALPHA / ALPHA * 1.000001);
    int good = 0;
    while (test.rejected()) {
      test.update(random.nextDouble() < 0.05 ? 1 : 0);
      good++;
    }
    assertThat(good).as("bad %d", bad).isBetween(5, 200);
    assertThat(test.eValue()).isLessThan(1.0);
  }

  /** A block is one bet on its mean. */
  @Test
  void blocksAreBetOnByTheirMean() {
    RestartingBettingTest single = RestartingBettingTest.above(0.2).alpha(ALPHA);
    RestartingBettingTest blocks =
        RestartingBettingTest.above(0.2).inBlocksOf(4).alpha(ALPHA);
    SplittableRandom random = new SplittableRandom(9);
    for (int block = 0; block < 100; block++) {
      double sum = 0;
      for (int i = 0; i < 4; i++) {
        double value = random.nextDouble();
        double before = blocks.eValue();
        blocks.update(value);
        sum += value;
        if (i < 3) {
          assertThat(blocks.eValue()).isEqualTo(before);
        }
      }
      single.update(sum / 4);
      assertThat(blocks.eValue()).isEqualTo(single.eValue());
    }
    assertThat(blocks.n()).isEqualTo(400);
    assertThat(blocks.toString()).contains("e-value", "400", "0.2");
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1e-9, 1.0000001, Double.NaN, Double.POSITIVE_INFINITY})
  void refusesWhatIsNoObservation(double value) {
    RestartingBettingTest test = RestartingBettingTest.above(0.2).alpha(ALPHA);
    test.update(1);
    double before = test.eValue();
    assertThatThrownBy(() -> test.update(value)).isInstanceOf(IllegalArgumentException.class);
    assertThat(test.eValue()).isEqualTo(before);
    assertThat(test.n()).isEqualTo(1);
  }

  @Test
  void refusesWhatCannotBeTested() {
    assertThatThrownBy(() -> RestartingBettingTest.above(0)).hasMessageContaining("limit");
    assertThatThrownBy(() -> RestartingBettingTest.above(1)).hasMessageContaining("1.0");
    assertThatThrownBy(() -> RestartingBettingTest.above(0.5).alpha(0))
        .hasMessageContaining("alpha");
    assertThatThrownBy(() -> RestartingBettingTest.above(0.5).inBlocksOf(0))
        .hasMessageContaining("block");
  }
}
