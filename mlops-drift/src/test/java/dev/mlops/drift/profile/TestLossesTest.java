package dev.mlops.drift.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.TestPhase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.junit.jupiter.api.Test;

class TestLossesTest {
  private static final Schema SCHEMA = Schema.of(Column.number("x"));

  private static TestLosses of(
      int n, Function<Integer, Truth> truths, Function<Double, Prediction> said) {
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      rows.add(new Labelled<>(Row.of(SCHEMA, (double) i), truths.apply(i)));
    }
    return TestLosses.of(TestPhase.of(row -> said.apply(row.number(0)), rows, () -> 0L));
  }

  private static final TestLosses QUANTITIES =
      of(2_000, i -> Truth.of((double) i), x -> Regression.of(x + (x + 1) / 1_000));

  @Test
  void aLabelCostsWhatItsScoreSays() {
    TestLosses losses = TestLosses.none();
    Classification said = Classification.of(List.of("a", "b"), new double[] {0.9, 0.1});
    assertThat(losses.loss(said, Truth.of("a"))).isZero();
    assertThat(losses.loss(said, Truth.of("b"))).isEqualTo(-Math.log(0.1));
    assertThat(losses.loss(said, Truth.of("c"))).isEqualTo(100.0);
    assertThat(losses.loss(Classification.of("a"), Truth.of("b"))).isEqualTo(1.0);
    assertThat(losses.loss(said, Truth.of(1.0))).isNaN();
    assertThat(losses.loss(new AnomalyScore(1, true), Truth.of("a"))).isNaN();
    assertThat(losses.pValue(5)).isEqualTo(1.0);
    assertThat(losses.leastPValue()).isEqualTo(1.0);
  }

  @Test
  void aQuantityCostsItsResidualOverTheMeanOne() {
    double mean = 2.001 / 2; // of 0.001, 0.002, … 2.000
    assertThat(QUANTITIES.n()).isEqualTo(2_000);
    assertThat(QUANTITIES.scale("value").orElseThrow()).isEqualTo(mean, within(1e-9));
    assertThat(QUANTITIES.loss(Regression.of(3), Truth.of(1.0))).isEqualTo(2 / mean, within(1e-9));
    assertThat(QUANTITIES.loss(Regression.of(List.of("other"), new double[] {1}), Truth.of(1.0)))
        .isNaN();
    assertThat(QUANTITIES.loss(Classification.of("a"), Truth.of("a"))).isZero();
  }

  @Test
  void theWorstOutputCounts() {
    TestLosses two = of(
        100,
        i -> Truth.of(Map.of("a", 0.0, "b", 0.0)),
        x -> Regression.of(List.of("a", "b"), new double[] {1, 10}));
    assertThat(two.loss(
            Regression.of(List.of("a", "b"), new double[] {2, 30}),
            Truth.of(Map.of("a", 0.0, "b", 0.0))))
        .isEqualTo(3.0, within(1e-9));
  }

  /** The limit of a count is the share at which that few or fewer have a probability of 0.1. */
  @Test
  void aPValueIsAnUpperLimitOfTheShare() {
    double scale = QUANTITIES.scale("value").orElseThrow();
    for (int atLeast : new int[] {0, 1, 10, 999}) {
      double loss = (2_000 - atLeast + 0.5) / 1_000 / scale;
      double p = QUANTITIES.pValue(loss);
      assertThat(BinomialDistribution.of(2_000, p).cumulativeProbability(atLeast))
          .as(atLeast + " at least as large")
          .isEqualTo(0.1, within(1e-6));
      assertThat(p).isGreaterThanOrEqualTo((1.0 + atLeast) / 2_001);
    }
    assertThat(QUANTITIES.pValue(0.9 / scale)).as("not kept").isEqualTo(1.0);
    assertThat(QUANTITIES.pValue(Double.NaN)).isEqualTo(1.0);
    assertThat(QUANTITIES.leastPValue()).isEqualTo(1 - Math.pow(0.1, 1.0 / 2_000), within(1e-9));
  }

  /** Of losses like those of the test phase, at most a share u has a p-value of at most u. */
  @Test
  void pValuesOfHonestRowsAreNotTooSmall() {
    SplittableRandom random = new SplittableRandom(1);
    double[] levels = {0.01, 0.05, 0.2};
    int[] below = new int[levels.length];
    int n = 0;
    for (int phase = 0; phase < 40; phase++) {
      TestLosses losses = of(500, i -> Truth.of(0.0), x -> Regression.of(random.nextExponential()));
      for (int i = 0; i < 1_000; i++) {
        double p =
            losses.pValue(losses.loss(Regression.of(random.nextExponential()), Truth.of(0.0)));
        n++;
        for (int level = 0; level < levels.length; level++) {
          below[level] += p <= levels[level] ? 1 : 0;
        }
      }
    }
    for (int level = 0; level < levels.length; level++) {
      assertThat((double) below[level] / n).as("at " + levels[level]).isLessThan(levels[level]);
      assertThat((double) below[level] / n).isGreaterThan(levels[level] / 4);
    }
  }

  @Test
  void ofTiesNoneIsMoreUnusual() {
    TestLosses tied = of(5_000, i -> Truth.of(i % 5 == 0 ? "b" : "a"), x -> Classification.of("a"));
    assertThat(tied.n()).isEqualTo(5_000);
    assertThat(tied.pValue(1.0)).as("1,000 of 5,000").isGreaterThan(0.2);
    TestLosses all = of(5_000, i -> Truth.of("b"), x -> Classification.of("a"));
    assertThat(all.pValue(1.0)).isEqualTo(1.0);
  }

  @Test
  void readsBackWhatItWrote() {
    assertThat(TestLosses.of(QUANTITIES.toBytes())).isEqualTo(QUANTITIES);
    assertThat(TestLosses.of(QUANTITIES.toBytes()).toBytes()).isEqualTo(QUANTITIES.toBytes());
    assertThat(TestLosses.of(TestLosses.none().toBytes())).isEqualTo(TestLosses.none());
    assertThat(QUANTITIES.toString()).contains("2000 test rows");
  }

  @Test
  void refusesOtherBytes() {
    byte[] bytes = QUANTITIES.toBytes();
    for (int cut = 0; cut < bytes.length; cut += 97) {
      byte[] cutOff = Arrays.copyOf(bytes, cut);
      assertThatThrownBy(() -> TestLosses.of(cutOff)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> TestLosses.of(Arrays.copyOf(bytes, bytes.length + 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no more bytes");
    byte[] newer = bytes.clone();
    newer[5] = 9;
    assertThatThrownBy(() -> TestLosses.of(newer))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("format version 1", "got 9");
    byte[] unordered = bytes.clone();
    unordered[bytes.length - 8] = 0;
    assertThatThrownBy(() -> TestLosses.of(unordered))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ascending");
  }
}
