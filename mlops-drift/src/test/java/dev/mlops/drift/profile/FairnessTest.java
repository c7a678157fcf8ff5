package dev.mlops.drift.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.drift.profile.Fairness.Group;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FairnessTest {
  private static final double LEVEL = 1e-4;

  /** Newcombe (1998), table II, method 10. */
  @ParameterizedTest
  @CsvSource({
    "56, 70, 48, 80, 0.0524, 0.3339",
    "9, 10, 3, 10, 0.1705, 0.8090",
    "6, 7, 2, 7, 0.0582, 0.8062",
    "5, 56, 0, 29, -0.0381, 0.1926",
    "10, 10, 0, 20, 0.6791, 1.0000"
  })
  void aDifferenceHasTheIntervalThatWasPublished(
      long count, long n, long otherCount, long otherN, double lower, double upper) {
    Estimate found = Fairness.difference(count, n, otherCount, otherN);
    assertThat(found.value())
        .isEqualTo((double) count / n - (double) otherCount / otherN, within(1e-12));
    assertThat(found.lower()).isEqualTo(lower, within(5e-5));
    assertThat(found.upper()).isEqualTo(upper, within(5e-5));
    assertThat(found.n()).isEqualTo(n + otherN);
  }

  /** The ratio is above 1 as surely as the difference is above 0: both are made of the same two intervals. */
  @Test
  void aRatioIsBeyondOneWhereTheDifferenceIsBeyondZero() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 2_000; i++) {
      long n = 30 + random.nextInt(400);
      long m = 30 + random.nextInt(400);
      long one = random.nextLong(n + 1);
      long other = 1 + random.nextLong(m);
      Estimate ratio = Fairness.ratio(one, n, other, m);
      Estimate difference = Fairness.difference(one, n, other, m);
      String what = one + " of " + n + " over " + other + " of " + m;
      assertThat(ratio.lower() > 1).as(what).isEqualTo(difference.lower() > 0);
      assertThat(ratio.upper() < 1).as(what).isEqualTo(difference.upper() < 0);
      if (one > 0) {
        Estimate back = Fairness.ratio(other, m, one, n);
        assertThat(back.lower()).as(what).isEqualTo(1 / ratio.upper(), within(1e-9));
        assertThat(back.upper() * ratio.lower()).as(what).isEqualTo(1, within(1e-6));
      }
    }
  }

  @Test
  void aRatioToNobodyIsRefused() {
    assertThatThrownBy(() -> Fairness.ratio(1, 2, 0, 30))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0 of 30");
    assertThatThrownBy(() -> new Group(3, 2, 0, 0)).hasMessageContaining("3 of 2");
  }

  @Test
  void theFarthestApartAreCompared() {
    Map<Metric, Estimate> between = Fairness.between(List.of(
        new Group(50, 100, 45, 50), new Group(30, 100, 40, 50), new Group(40, 100, 30, 40)));
    Estimate difference = between.get(Metric.DEMOGRAPHIC_PARITY_DIFFERENCE);
    assertThat(difference.value()).isEqualTo(0.2, within(1e-12));
    assertThat(difference.n()).isEqualTo(300);
    assertThat(difference.lower()).isBetween(0.0, 0.2);
    assertThat(difference.upper()).isBetween(0.2, 0.5);
    assertThat(between.get(Metric.DEMOGRAPHIC_PARITY_RATIO).value()).isEqualTo(0.6, within(1e-12));
    assertThat(between.get(Metric.EQUAL_OPPORTUNITY_DIFFERENCE).value())
        .isEqualTo(0.9 - 0.75, within(1e-12));
  }

  @Test
  void whatTwoGroupsCannotTellIsAbsent() {
    assertThat(Fairness.between(List.of(new Group(20, 100, 0, 0), new Group(9, 29, 0, 0))))
        .as("29 rows are too few")
        .isEmpty();
    assertThat(Fairness.between(List.of(new Group(20, 100, 9, 10), new Group(9, 30, 0, 0))))
        .containsOnlyKeys(Metric.DEMOGRAPHIC_PARITY_DIFFERENCE, Metric.DEMOGRAPHIC_PARITY_RATIO);
    assertThat(Fairness.between(List.of(new Group(0, 100, 0, 0), new Group(0, 30, 0, 0))))
        .as("nobody was selected")
        .containsOnlyKeys(Metric.DEMOGRAPHIC_PARITY_DIFFERENCE);
    Map<Metric, Estimate> none =
        Fairness.between(List.of(new Group(0, 100, 0, 0), new Group(30, 100, 0, 0)));
    assertThat(none.get(Metric.DEMOGRAPHIC_PARITY_RATIO).value()).isZero();
  }

  @Test
  void intervalsHoldWhatTheyPromise() {
    held(1_000, 1);
  }

  @Tag("slow")
  @Test
  void intervalsHoldWhatTheyPromiseInManySamples() {
    held(20_000, 2);
  }

  /** Groups of 150 to 600 rows, of another size each time: of one size, shares are a grid that a true one may miss. */
  private static void held(int samples, long seed) {
    SoftAssertions all = new SoftAssertions();
    for (double[] shares : new double[][] {
      {0.3, 0.3}, {0.5, 0.2}, {0.1, 0.15}, {0.9, 0.7}, {0.3, 0.3, 0.3}, {0.2, 0.3, 0.4, 0.5, 0.6}
    }) {
      SplittableRandom random = new SplittableRandom(seed);
      int differences = 0;
      int ratios = 0;
      int[] between = new int[2];
      double least = 1;
      double most = 0;
      for (double share : shares) {
        least = Math.min(least, share);
        most = Math.max(most, share);
      }
      for (int sample = 0; sample < samples; sample++) {
        Group[] groups = new Group[shares.length];
        for (int i = 0; i < groups.length; i++) {
          int n = 150 + random.nextInt(451);
          int count = 0;
          for (int row = 0; row < n; row++) {
            count += random.nextDouble() < shares[i] ? 1 : 0;
          }
          groups[i] = new Group(count, n, count, n);
        }
        Estimate difference = Fairness.difference(
            groups[0].selected(), groups[0].rows(), groups[1].selected(), groups[1].rows());
        differences += holds(difference, shares[0] - shares[1]);
        Estimate ratio = Fairness.ratio(
            groups[0].selected(), groups[0].rows(), groups[1].selected(), groups[1].rows());
        ratios += holds(ratio, shares[0] / shares[1]);
        Map<Metric, Estimate> found = Fairness.between(List.of(groups));
        between[0] += holds(found.get(Metric.DEMOGRAPHIC_PARITY_DIFFERENCE), most - least);
        between[1] += holds(found.get(Metric.DEMOGRAPHIC_PARITY_RATIO), least / most);
        assertThat(found.get(Metric.EQUAL_OPPORTUNITY_DIFFERENCE))
            .isEqualTo(found.get(Metric.DEMOGRAPHIC_PARITY_DIFFERENCE));
      }
      String what = "shares " + Arrays.toString(shares);
      promised(all, what + ", difference", differences, samples, false);
      promised(all, what + ", ratio", ratios, samples, false);
      promised(all, what + ", largest difference", between[0], samples, true);
      promised(all, what + ", smallest ratio", between[1], samples, true);
    }
    all.assertAll();
  }

  private static int holds(Estimate estimate, double truth) {
    return estimate.lower() <= truth && truth <= estimate.upper() ? 1 : 0;
  }

  private static void promised(
      SoftAssertions all, String of, int times, int samples, boolean conservative) {
    String what =
        String.format(Locale.ROOT, "%s: held in %.4f of %d", of, (double) times / samples, samples);
    if (Boolean.getBoolean("mlops.print")) {
      System.out.println(what);
    }
    BinomialDistribution promised = BinomialDistribution.of(samples, 0.95);
    double level = conservative ? LEVEL : LEVEL / 2;
    all.assertThat(promised.cumulativeProbability(times)).as(what).isGreaterThan(level);
    if (!conservative) {
      all.assertThat(promised.survivalProbability(times - 1)).as(what).isGreaterThan(level);
    }
  }
}
