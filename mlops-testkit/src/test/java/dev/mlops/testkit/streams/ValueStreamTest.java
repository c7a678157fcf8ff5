package dev.mlops.testkit.streams;

import static dev.mlops.testkit.streams.Shares.assertShare;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.testkit.streams.ValueStream.Law;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ValueStreamTest {
  private static final Law FEW = Law.bernoulli(0.2);
  private static final Law MANY = Law.bernoulli(0.4);
  /** Constant values, which show the law that is in force. */
  private static final Law ZERO = Law.bernoulli(0);

  private static final Law ONE = Law.bernoulli(1);
  private static final int COUNT = 40_000;

  /** Half of all normal values are nearer to the mean than this number of standard deviations (scipy norm.ppf(0.75)). */
  private static final double QUARTILE = 0.6744897501960817;

  static Stream<ValueStream> all() {
    return Stream.of(
        ValueStream.steady(FEW),
        ValueStream.abrupt(FEW, MANY, 100),
        ValueStream.gradual(FEW, MANY, 100, 50),
        ValueStream.incremental(Law::bernoulli, 0.2, 0.4, 100, 50),
        ValueStream.recurring(FEW, MANY, 70),
        ValueStream.varianceOnly(0, 1, 2, 100),
        ValueStream.shapeOnly(0, 1, 100),
        ValueStream.blip(FEW, MANY, 100, 20),
        ValueStream.seasonal(Law::bernoulli, 0.2, 0.05, 60),
        ValueStream.markov(FEW, MANY, 50));
  }

  @ParameterizedTest
  @MethodSource("all")
  void theSameSeedGivesTheSameValuesWheneverAsked(ValueStream stream) {
    double[] values = stream.values(400, 7);
    assertThat(stream.values(400, 7)).isEqualTo(values);
    assertThat(stream.values(150, 7)).isEqualTo(Arrays.copyOf(values, 150));
    assertThat(stream.values(400, 8)).isNotEqualTo(values);
    assertThat(stream.values(0, 7)).isEmpty();
  }

  @Test
  void aSteadyStreamNeverChanges() {
    ValueStream stream = ValueStream.steady(FEW);
    assertThat(stream.changes(COUNT)).isEmpty();
    double[] values = stream.values(COUNT, 1);
    assertShare("ones", values, 0, COUNT / 2, value -> value == 1, 0.2);
    assertShare("ones", values, COUNT / 2, COUNT, value -> value == 1, 0.2);
  }

  @Test
  void anAbruptChangeIsBetweenTwoValues() {
    assertThat(ValueStream.abrupt(ZERO, ONE, 3).values(5, 1)).containsExactly(0, 0, 0, 1, 1);
    ValueStream stream = ValueStream.abrupt(FEW, MANY, 10_000);
    assertThat(stream.changes(COUNT)).containsExactly(10_000);
    assertThat(stream.changes(10_000)).isEmpty();
    assertThat(stream.changes(10_001)).containsExactly(10_000);
    double[] values = stream.values(COUNT, 2);
    assertShare("before", values, 0, 10_000, value -> value == 1, 0.2);
    assertShare("after", values, 10_000, COUNT, value -> value == 1, 0.4);
  }

  @Test
  void aGradualChangeFollowsTheSigmoid() {
    ValueStream stream = ValueStream.gradual(ZERO, ONE, 100, 20);
    assertThat(stream.changes(COUNT)).containsExactly(100);
    int seeds = 4_000;
    int[] at = {60, 90, 95, 100, 105, 110, 140};
    long[] counts = new long[at.length];
    for (int seed = 0; seed < seeds; seed++) {
      double[] values = stream.values(141, seed);
      for (int i = 0; i < at.length; i++) {
        counts[i] += (long) values[at[i]];
      }
    }
    // 1 / (1 + exp(-4 (t - 100) / 20)), by hand: exp(-8), exp(-2), exp(-1), 1 …
    double[] shares = {0.00033535, 0.11920292, 0.26894142, 0.5, 0.73105858, 0.88079708, 0.99966465};
    for (int i = 0; i < at.length; i++) {
      assertShare("t = " + at[i], counts[i], seeds, shares[i]);
    }
  }

  @Test
  void anIncrementalChangeMovesTheMeanInAStraightLine() {
    ValueStream stream = ValueStream.incremental(mean -> random -> mean, 0.2, 0.4, 100, 50);
    double[] values = stream.values(200, 1);
    assertThat(stream.changes(200)).containsExactly(100);
    assertThat(values[0]).isEqualTo(0.2);
    assertThat(values[100]).isEqualTo(0.2);
    assertThat(values[101]).isEqualTo(0.204, within(1e-15));
    assertThat(values[125]).isEqualTo(0.3, within(1e-15));
    assertThat(values[149]).isEqualTo(0.396, within(1e-15));
    assertThat(values[150]).isEqualTo(0.4);
    assertThat(values[199]).isEqualTo(0.4);
  }

  @Test
  void recurringLawsTakeTurns() {
    ValueStream stream = ValueStream.recurring(ZERO, ONE, 3);
    assertThat(stream.values(10, 1)).containsExactly(0, 0, 0, 1, 1, 1, 0, 0, 0, 1);
    assertThat(stream.changes(10)).containsExactly(3, 6, 9);
    assertThat(stream.changes(9)).containsExactly(3, 6);
    assertThat(stream.changes(0)).isEmpty();
  }

  @Test
  void varianceAloneChangesTheSpreadAndNotTheMean() {
    ValueStream stream = ValueStream.varianceOnly(3, 1, 2, 20_000);
    assertThat(stream.changes(COUNT)).containsExactly(20_000);
    double[] values = stream.values(COUNT, 3);
    assertShare("above the mean", values, 0, 20_000, value -> value > 3, 0.5);
    assertShare("above the mean", values, 20_000, COUNT, value -> value > 3, 0.5);
    assertShare("near", values, 0, 20_000, value -> Math.abs(value - 3) < QUARTILE, 0.5);
    assertShare("near", values, 20_000, COUNT, value -> Math.abs(value - 3) < 2 * QUARTILE, 0.5);
  }

  @Test
  void shapeAloneChangesNeitherMeanNorVariance() {
    ValueStream stream = ValueStream.shapeOnly(3, 2, 20_000);
    assertThat(stream.changes(COUNT)).containsExactly(20_000);
    double[] values = stream.values(COUNT, 4);
    assertShare("near", values, 0, 20_000, value -> Math.abs(value - 3) < 2 * QUARTILE, 0.5);
    // Uniform in 3 ± 2√3: 0.67449 / √3 of the values are so near, none is further away.
    assertShare(
        "near",
        values,
        20_000,
        COUNT,
        value -> Math.abs(value - 3) < 2 * QUARTILE,
        QUARTILE / Math.sqrt(3));
    assertShare("far", values, 20_000, COUNT, value -> Math.abs(value - 3) > 2 * Math.sqrt(3), 0);
    for (int from : new int[] {0, 20_000}) {
      double sum = 0;
      double squares = 0;
      for (int t = from; t < from + 20_000; t++) {
        sum += values[t];
        squares += (values[t] - 3) * (values[t] - 3);
      }
      // Five standard deviations: of the mean 2 / √20000, of the variance at most 4 √(2 / 20000).
      assertThat(sum / 20_000).isEqualTo(3, within(5 * 2 / Math.sqrt(20_000)));
      assertThat(squares / 20_000).isEqualTo(4, within(5 * 4 * Math.sqrt(2 / 20_000.0)));
    }
  }

  @Test
  void aBlipPassesAndIsNoChange() {
    ValueStream stream = ValueStream.blip(ZERO, ONE, 3, 2);
    assertThat(stream.values(7, 1)).containsExactly(0, 0, 0, 1, 1, 0, 0);
    assertThat(stream.changes(7)).isEmpty();
  }

  @Test
  void aSeasonSwingsAroundItsMean() {
    ValueStream stream = ValueStream.seasonal(mean -> random -> mean, 0.2, 0.05, 1_440);
    double[] values = stream.values(3_000, 1);
    assertThat(stream.changes(3_000)).isEmpty();
    assertThat(values[0]).isEqualTo(0.2);
    assertThat(values[360]).isEqualTo(0.25, within(1e-12));
    assertThat(values[720]).isEqualTo(0.2, within(1e-12));
    assertThat(values[1_080]).isEqualTo(0.15, within(1e-12));
    assertThat(values[1_560]).isEqualTo(values[120]);
    assertThat(values[120]).isEqualTo(0.2 + 0.05 * Math.sin(Math.PI / 6), within(1e-12));
  }

  @Test
  void markovRegimesAreStationaryAndLastAsLongAsSaid() {
    ValueStream stream = ValueStream.markov(ZERO, ONE, 50);
    assertThat(stream.changes(COUNT)).isEmpty();
    long first = 0;
    long later = 0;
    for (int seed = 0; seed < 2_000; seed++) {
      double[] values = stream.values(21, seed);
      first += (long) values[0];
      later += (long) values[20];
    }
    assertShare("the first value", first, 2_000, 0.5);
    assertShare("a later value", later, 2_000, 0.5);
    double[] values = stream.values(COUNT, 5);
    long turns = 0;
    for (int t = 1; t < COUNT; t++) {
      turns += values[t] != values[t - 1] ? 1 : 0;
    }
    assertShare("turns", turns, COUNT - 1, 1 / 50.0);
  }

  @Test
  void refusesWhatIsOutOfRange() {
    List<Function<Law, Object>> wrong = List.of(
        law -> Law.bernoulli(1.1),
        law -> Law.normal(0, 0),
        law -> Law.uniform(1, 1),
        law -> ValueStream.abrupt(law, law, 0),
        law -> ValueStream.gradual(law, law, 1, 0),
        law -> ValueStream.incremental(mean -> law, 0, 1, 1, 0),
        law -> ValueStream.recurring(law, law, 0),
        law -> ValueStream.blip(law, law, -1, 1),
        law -> ValueStream.seasonal(mean -> law, 0, 1, 1),
        law -> ValueStream.markov(law, law, 0.5));
    for (Function<Law, Object> one : wrong) {
      assertThatThrownBy(() -> one.apply(FEW)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> ValueStream.abrupt(FEW, MANY, 0))
        .hasMessageContainingAll("least 1", "was 0", "change");
  }

  @Test
  void saysWhatItIs() {
    assertThat(all().map(ValueStream::toString))
        .containsExactly(
            "steady",
            "abrupt at 100",
            "gradual at 100, width 50",
            "incremental from 100 to 150",
            "recurring every 70",
            "variance only at 100",
            "shape only at 100",
            "blip of 20 at 100",
            "season of 60",
            "Markov, mean regime 50");
  }
}
