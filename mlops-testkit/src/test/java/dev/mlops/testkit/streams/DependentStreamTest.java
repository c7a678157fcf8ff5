package dev.mlops.testkit.streams;

import static dev.mlops.testkit.streams.Shares.assertShare;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DependentStreamTest {
  private static final int COUNT = 20_000;
  /** Mean of the absolute value of a normal one with deviation 0.5. */
  private static final double NOISE = 0.5 * Math.sqrt(2 / Math.PI);

  static Stream<DependentStream> all() {
    return Stream.of(
            DependentStream.steady(),
            DependentStream.regimes(100),
            DependentStream.regimes(5_000),
            DependentStream.seasons(1_000),
            DependentStream.bursts(2_000, 200),
            DependentStream.passingShift(4_000, 2_000),
            DependentStream.labelsInRuns(15, 200),
            DependentStream.abrupt(5_000, 10_000, 15_000),
            DependentStream.gradual(1_000, 5_000, 10_000, 15_000))
        .flatMap(stream -> Stream.of(stream, stream.regression()))
        .flatMap(stream -> Stream.of(stream, stream.shuffled(4)));
  }

  /** What the usual concept answers. */
  private static Truth usual(Row row) {
    return Truth.of(row.number(0) >= 0.5 ? "yes" : "no");
  }

  private static boolean[] errors(List<Labelled<Row>> rows, Function<Row, Truth> model) {
    boolean[] errors = new boolean[rows.size()];
    for (int i = 0; i < errors.length; i++) {
      errors[i] = !rows.get(i).truth().equals(model.apply(rows.get(i).input()));
    }
    return errors;
  }

  private static void assertErrorOfUsual(
      DependentStream stream, long seed, int from, int to, IntPredicate states, double share) {
    boolean[] errors = errors(stream.rows(to, seed), DependentStreamTest::usual);
    int[] state = stream.states(to, seed);
    int[] rows = IntStream.range(from, to).filter(t -> states.test(state[t])).toArray();
    assertShare(
        stream + " from " + from + " to " + to + ", seed " + seed,
        Arrays.stream(rows).filter(t -> errors[t]).count(),
        rows.length,
        share);
  }

  private static double absoluteErrorOfUsual(List<Labelled<Row>> rows) {
    return rows.stream()
        .mapToDouble(row ->
            Math.abs(row.truth().value().orElseThrow() - 10 * (row.input().number(0) - 0.5)))
        .average()
        .orElseThrow();
  }

  /** Lengths of the whole stretches of a state; the first one and the unfinished last one left out. */
  private static List<Integer> lengths(int[] states, IntPredicate wanted) {
    List<Integer> lengths = new ArrayList<>();
    int begin = -1;
    for (int t = 1; t < states.length; t++) {
      if (states[t] != states[t - 1]) {
        if (begin > 0 && wanted.test(states[t - 1])) {
          lengths.add(t - begin);
        }
        begin = t;
      }
    }
    return lengths;
  }

  /** A geometric length has a deviation of about its mean. */
  private static void assertMeanLength(List<Integer> lengths, double wanted) {
    double mean = lengths.stream().mapToInt(i -> i).average().orElseThrow();
    assertThat(mean)
        .as("%d stretches", lengths.size())
        .isEqualTo(wanted, within(5 * wanted / Math.sqrt(lengths.size())));
  }

  // --- each has the property that it claims
  // ---------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {100, 500, 5_000})
  void regimesHaveTheirMeanLengths(int length) {
    int[] states = DependentStream.regimes(length).states(400 * length, 1);
    assertThat(states[0]).isZero();
    assertMeanLength(lengths(states, state -> state == 0), length);
    assertMeanLength(lengths(states, state -> state == 1), length / 2.0);
  }

  @Test
  void theUsualConceptErrsMoreInTheOtherRegime() {
    DependentStream regimes = DependentStream.regimes(500);
    assertErrorOfUsual(regimes, 2, 0, 50_000, state -> state == 0, 0.1);
    assertErrorOfUsual(regimes, 2, 0, 50_000, state -> state == 1, 0.3);
  }

  /** Answers of concepts turned by −45° to 180°, in steps of 5°; the usual one is the best of them. */
  @ParameterizedTest
  @MethodSource
  void noFixedConceptIsBetterThanTheUsualOneInTheLongRun(DependentStream stream) {
    List<Labelled<Row>> rows = stream.rows(60_000, 3);
    long best = wrong(rows, 0);
    for (int degrees = -45; degrees <= 180; degrees += 5) {
      assertThat(wrong(rows, degrees)).as("turned by %d°", degrees).isGreaterThanOrEqualTo(best);
    }
  }

  static Stream<DependentStream> noFixedConceptIsBetterThanTheUsualOneInTheLongRun() {
    return Stream.of(
        DependentStream.regimes(500),
        DependentStream.seasons(1_000),
        DependentStream.bursts(2_000, 200),
        DependentStream.passingShift(20_000, 5_000));
  }

  private static long wrong(List<Labelled<Row>> rows, int degrees) {
    double cosine = Math.cos(Math.toRadians(degrees));
    double sine = Math.sin(Math.toRadians(degrees));
    boolean[] errors = errors(
        rows,
        row -> Truth.of(
            (row.number(0) - 0.5) * cosine + (row.number(1) - 0.5) * sine >= 0 ? "yes" : "no"));
    return IntStream.range(0, errors.length).filter(i -> errors[i]).count();
  }

  @Test
  void aSeasonIsWorstInItsMiddle() {
    DependentStream seasons = DependentStream.seasons(1_000);
    int[] states = seasons.states(200_000, 4);
    boolean[] errors = errors(seasons.rows(200_000, 4), DependentStreamTest::usual);
    for (int phase = 50; phase < 1_000; phase += 100) {
      int middle = phase;
      int[] rows = IntStream.range(0, states.length)
          .filter(t -> Math.abs(t % 1_000 - middle) < 10)
          .toArray();
      double share = (1 - Math.cos(2 * Math.PI * middle / 1_000)) / 3;
      assertThat(Arrays.stream(rows).filter(t -> states[t] == 1).count() / (double) rows.length)
          .as("phase %d", middle)
          .isEqualTo(share, within(0.04));
      assertThat(Arrays.stream(rows).filter(t -> errors[t]).count() / (double) rows.length)
          .as("errors in phase %d", middle)
          .isEqualTo(0.1 + 0.2 * share, within(0.035));
    }
  }

  @Test
  void burstsHaveTheirLengthsAndOneLabel() {
    DependentStream bursts = DependentStream.bursts(2_000, 200);
    int[] states = bursts.states(500_000, 5);
    assertMeanLength(lengths(states, state -> state == 0), 2_000);
    assertMeanLength(lengths(states, state -> state == 1), 200);
    assertErrorOfUsual(bursts, 5, 0, 100_000, state -> state == 0, 0.1);
    assertErrorOfUsual(bursts, 5, 0, 100_000, state -> state == 1, 0.5);
    List<Labelled<Row>> rows = bursts.rows(100_000, 5);
    int[] burst = IntStream.range(0, rows.size()).filter(t -> states[t] == 1).toArray();
    assertShare(
        "yes in a burst",
        Arrays.stream(burst)
            .filter(t -> rows.get(t).truth().equals(Truth.of("yes")))
            .count(),
        burst.length,
        0.9);
  }

  @Test
  void aShiftPasses() {
    DependentStream shift = DependentStream.passingShift(4_000, 2_000);
    assertThat(shift.changes()).containsExactly(4_000, 6_000);
    assertErrorOfUsual(shift, 6, 0, 4_000, state -> true, 0.1);
    assertErrorOfUsual(shift, 6, 4_000, 6_000, state -> true, 0.5);
    assertErrorOfUsual(shift, 6, 6_000, COUNT, state -> true, 0.1);
  }

  @Test
  void abruptChangesLast() {
    DependentStream abrupt = DependentStream.abrupt(5_000, 10_000, 15_000);
    assertThat(abrupt.changes()).containsExactly(5_000, 10_000, 15_000);
    double[] shares = {0.1, 0.5, 0.9, 0.5};
    for (int i = 0; i < 4; i++) {
      assertErrorOfUsual(abrupt, 7, 5_000 * i, 5_000 * (i + 1), state -> true, shares[i]);
    }
  }

  @Test
  void gradualChangesComeLittleByLittle() {
    int[] states = DependentStream.gradual(1_000, 5_000).states(10_000, 8);
    for (int t = 3_800; t <= 6_200; t += 400) {
      double share = 1 / (1 + Math.exp(-4.0 * (t - 5_000) / 1_000));
      long happened =
          Arrays.stream(states, t - 100, t + 100).filter(s -> s == 1).count();
      assertThat(happened / 200.0).as("around %d", t).isEqualTo(share, within(0.18));
    }
    assertThat(Arrays.stream(states, 0, 2_500).sum()).isZero();
    assertThat(Arrays.stream(states, 7_500, 10_000).sum()).isEqualTo(2_500);
  }

  @ParameterizedTest
  @CsvSource({"2, 20", "15, 200", "40, 200"})
  void labelsComeInRuns(int classes, int length) {
    DependentStream runs = DependentStream.labelsInRuns(classes, length);
    int[] labels = runs.states(400 * length, 9);
    assertMeanLength(lengths(labels, label -> true), length);
    assertThat(Arrays.stream(labels).distinct().count()).isEqualTo(classes);
    List<Labelled<Row>> rows = runs.rows(labels.length, 9);
    assertShare(
        "wrong labels",
        IntStream.range(0, labels.length)
            .filter(t -> !rows.get(t).truth().equals(Truth.of("c" + labels[t])))
            .count(),
        labels.length,
        0.1);
  }

  /** The inputs tell the labels: the nearest mean of a first half is right in most of the second. */
  @Test
  void theLabelsOfRunsCanBeLearntFromTheirInputs() {
    List<Labelled<Row>> rows = DependentStream.labelsInRuns(5, 50).rows(COUNT, 10);
    double[][] sums = new double[5][6];
    for (Labelled<Row> row : rows.subList(0, COUNT / 2)) {
      double[] sum = sums[label(row)];
      for (int i = 0; i < 5; i++) {
        sum[i] += row.input().number(i);
      }
      sum[5]++;
    }
    long right = rows.subList(COUNT / 2, COUNT).stream()
        .filter(row -> nearest(row.input(), sums) == label(row))
        .count();
    assertThat(right / (COUNT / 2.0)).isBetween(0.8, 0.91);
  }

  private static int label(Labelled<Row> row) {
    return row.truth().label().orElseThrow().charAt(1) - '0';
  }

  private static int nearest(Row row, double[][] sums) {
    double least = Double.POSITIVE_INFINITY;
    int nearest = -1;
    for (int c = 0; c < sums.length; c++) {
      double distance = 0;
      for (int i = 0; i < 5; i++) {
        double off = row.number(i) - sums[c][i] / sums[c][5];
        distance += off * off;
      }
      if (distance < least) {
        least = distance;
        nearest = c;
      }
    }
    return nearest;
  }

  // --- regression
  // -------------------------------------------------------------------------------------------------

  @Test
  void aRegressionErrsByItsNoiseAndMoreWhereTheConceptIsAnother() {
    DependentStream shift = DependentStream.passingShift(4_000, 2_000).regression();
    List<Labelled<Row>> rows = shift.rows(10_000, 11);
    assertThat(shift.schema().task()).contains(Task.REGRESSION);
    // The difference of two uniform values is 1/3 off zero on average; the noise adds little.
    assertThat(absoluteErrorOfUsual(rows.subList(0, 4_000))).isEqualTo(NOISE, within(0.025));
    assertThat(absoluteErrorOfUsual(rows.subList(4_000, 6_000))).isBetween(3.2, 3.6);
    assertThat(absoluteErrorOfUsual(rows.subList(6_000, 10_000))).isEqualTo(NOISE, within(0.025));
  }

  @Test
  void theTruthOfABurstIsThree() {
    DependentStream bursts = DependentStream.bursts(200, 100).regression();
    List<Labelled<Row>> rows = bursts.rows(COUNT, 12);
    int[] states = bursts.states(COUNT, 12);
    double off = IntStream.range(0, COUNT)
        .filter(t -> states[t] == 1)
        .mapToDouble(t -> Math.abs(rows.get(t).truth().value().orElseThrow() - 3))
        .average()
        .orElseThrow();
    assertThat(off).isEqualTo(NOISE, within(0.025));
  }

  @ParameterizedTest
  @MethodSource("all")
  void classificationAndRegressionShareInputsAndStates(DependentStream stream) {
    DependentStream regression = stream.regression();
    assertThat(regression.states(3_000, 13)).isEqualTo(stream.states(3_000, 13));
    List<Labelled<Row>> rows = stream.rows(3_000, 13);
    List<Labelled<Row>> numbers = regression.rows(3_000, 13);
    for (int t = 0; t < 3_000; t++) {
      assertThat(numbers.get(t).input().number(0)).isEqualTo(rows.get(t).input().number(0));
    }
    assertThat(numbers).allMatch(row -> row.truth().value().isPresent());
    assertThat(regression).hasToString(regression.regression().toString());
    assertThat(regression.toString()).contains("regression");
  }

  // --- order and repetition
  // ---------------------------------------------------------------------------------------

  @ParameterizedTest
  @MethodSource("all")
  void theSameSeedGivesTheSameRowsAndAnotherSeedOthers(DependentStream stream) {
    List<String> first = texts(stream.rows(2_000, 14));
    assertThat(texts(stream.rows(2_000, 14))).isEqualTo(first);
    assertThat(texts(stream.rows(2_000, 15))).isNotEqualTo(first);
    assertThat(stream.rows(0, 14)).isEmpty();
    if (!stream.toString().contains("shuffled")) {
      assertThat(texts(stream.rows(3_000, 14)).subList(0, 2_000)).isEqualTo(first);
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void shufflingKeepsTheRowsAndTheirStates(DependentStream stream) {
    DependentStream shuffled = stream.shuffled(16);
    List<String> rows = paired(stream, 2_000);
    List<String> mixed = paired(shuffled, 2_000);
    assertThat(mixed).isNotEqualTo(rows).hasSameElementsAs(rows).hasSameSizeAs(rows);
    assertThat(paired(stream.shuffled(17), 2_000)).isNotEqualTo(mixed);
    assertThat(shuffled.changes()).isEmpty();
    assertThat(shuffled.toString()).contains("shuffled by 16");
  }

  private static List<String> paired(DependentStream stream, int count) {
    List<String> texts = texts(stream.rows(count, 18));
    int[] states = stream.states(count, 18);
    return IntStream.range(0, count)
        .mapToObj(i -> states[i] + " " + texts.get(i))
        .toList();
  }

  private static List<String> texts(List<Labelled<Row>> rows) {
    return rows.stream()
        .map(row -> row.input().number(0) + " " + row.input().number(1) + " " + row.truth())
        .toList();
  }

  /** Errors of the usual concept, ten rows apart: dependent in order, independent when shuffled. */
  @ParameterizedTest
  @MethodSource("dependent")
  void errorsDependOnThoseBeforeUntilShuffled(DependentStream stream) {
    double inOrder = correlation(errors(stream.rows(50_000, 19), DependentStreamTest::usual), 10);
    double shuffled =
        correlation(errors(stream.shuffled(20).rows(50_000, 19), DependentStreamTest::usual), 10);
    assertThat(inOrder).isGreaterThan(0.02);
    assertThat(shuffled).isEqualTo(0, within(4 / Math.sqrt(50_000)));
  }

  static Stream<DependentStream> dependent() {
    return Stream.of(
        DependentStream.regimes(100),
        DependentStream.regimes(2_000),
        DependentStream.bursts(2_000, 200),
        DependentStream.passingShift(20_000, 5_000),
        DependentStream.abrupt(25_000));
  }

  private static double correlation(boolean[] errors, int lag) {
    double mean = 0;
    for (boolean error : errors) {
      mean += error ? 1.0 / errors.length : 0;
    }
    double product = 0;
    for (int t = lag; t < errors.length; t++) {
      product += ((errors[t] ? 1 : 0) - mean) * ((errors[t - lag] ? 1 : 0) - mean);
    }
    return product / (errors.length - lag) / (mean * (1 - mean));
  }

  // --- refusals
  // ---------------------------------------------------------------------------------------------------

  @Test
  void refusesWhatCannotBe() {
    assertRefused(() -> DependentStream.regimes(1), "length", "2", "1");
    assertRefused(() -> DependentStream.seasons(1), "period", "2", "1");
    assertRefused(() -> DependentStream.bursts(200, 200), "every", "201", "200");
    assertRefused(() -> DependentStream.bursts(200, 0), "length", "0");
    assertRefused(() -> DependentStream.passingShift(0, 5), "at", "0");
    assertRefused(() -> DependentStream.passingShift(5, 0), "length", "0");
    assertRefused(() -> DependentStream.labelsInRuns(1, 5), "classes", "2", "1");
    assertRefused(() -> DependentStream.abrupt(), "at least one change");
    assertRefused(() -> DependentStream.abrupt(5, 5), "change 2", "6", "5");
    assertRefused(() -> DependentStream.gradual(0, 5), "width", "0");
    assertRefused(() -> DependentStream.steady().rows(-1, 1), "count", "-1");
  }

  private static void assertRefused(ThrowingCallable call, String... facts) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(facts);
  }
}
