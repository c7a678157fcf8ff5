package dev.mlops.testkit.streams;

import static dev.mlops.testkit.streams.Shares.assertShare;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LabelledStreamTest {
  private static final int COUNT = 20_000;
  private static final Truth YES = Truth.of("yes");

  private static long yes(List<Labelled<Row>> rows) {
    return count(rows, row -> row.truth().equals(YES));
  }

  private static long count(List<Labelled<Row>> rows, Predicate<Labelled<Row>> holds) {
    return rows.stream().filter(holds).count();
  }

  // --- the concepts
  // ---------------------------------------------------------------------------------------

  /** The shares of yes, by hand from the formulas of the papers; {@link #income} integrates where a sum of two is uniform. */
  static Stream<Arguments> shares() {
    double wave = 0.5 + 0.3 * 2 / (3 * Math.PI); // ∫ 0.5 + 0.3 sin 3πx over 0 to 1
    double sine = 1 - Math.cos(1); // ∫ sin x over 0 to 1
    double cut = Math.PI * 0.09 // the fourth circle without the part beyond 1
        - (0.09 * Math.acos(0.2 / 0.3) - 0.2 * Math.sqrt(0.09 - 0.04));
    double young = 20 / 61.0; // of the 61 ages 20 to 80
    double middle = 20 / 61.0;
    double old = 21 / 61.0;
    return Stream.of(
        Arguments.of(LabelledStream.sea(1), 64 / 200.0), // a triangle of [0, 10)²
        Arguments.of(LabelledStream.sea(2), 81 / 200.0),
        Arguments.of(LabelledStream.sea(3), 49 / 200.0),
        Arguments.of(LabelledStream.sea(4), 90.25 / 200),
        Arguments.of(LabelledStream.agrawal(1), young + old),
        Arguments.of(LabelledStream.agrawal(2), 50 / 130.0), // 50,000 of 130,000 at every age
        Arguments.of(LabelledStream.agrawal(3), young * 0.4 + middle * 0.6 + old * 0.6),
        Arguments.of(LabelledStream.agrawal(4), 50 / 130.0),
        Arguments.of(LabelledStream.agrawal(5), 200 / 500.0), // 200,000 of 500,000 in every case
        Arguments.of(
            LabelledStream.agrawal(6),
            young * income(z -> z >= 50_000 && z <= 100_000)
                + middle * income(z -> z >= 75_000 && z <= 125_000)
                + old * income(z -> z >= 25_000 && z <= 75_000)),
        Arguments.of(
            LabelledStream.agrawal(7),
            mean(
                IntStream.range(0, 100).map(i -> 1_000 * i + 500), /* 0.2 loan */
                taken -> income(z -> 0.67 * z - taken - 20_000 > 0))),
        Arguments.of(
            LabelledStream.agrawal(8),
            mean(
                IntStream.range(0, 5).map(i -> 5_000 * i),
                taken -> income(z -> 0.67 * z - taken - 20_000 > 0))),
        Arguments.of(
            LabelledStream.agrawal(9),
            mean(
                IntStream.range(0, 500).map(i -> 5_000 * (i / 100) + 1_000 * (i % 100) + 500),
                taken -> income(z -> 0.67 * z - taken - 10_000 > 0))),
        Arguments.of(LabelledStream.agrawal(10), equity()),
        Arguments.of(LabelledStream.mixed(1), 0.25 + 0.5 * wave), // both bits, or one and the wave
        Arguments.of(LabelledStream.mixed(2), 0.75 - 0.5 * wave),
        Arguments.of(LabelledStream.sine(1), sine),
        Arguments.of(LabelledStream.sine(2), 1 - sine),
        Arguments.of(LabelledStream.sine(3), wave),
        Arguments.of(LabelledStream.sine(4), 1 - wave),
        Arguments.of(LabelledStream.stagger(1), 1 / 9.0),
        Arguments.of(LabelledStream.stagger(2), 5 / 9.0),
        Arguments.of(LabelledStream.stagger(3), 2 / 3.0),
        Arguments.of(LabelledStream.circles(1), Math.PI * 0.0225),
        Arguments.of(LabelledStream.circles(2), Math.PI * 0.04),
        Arguments.of(LabelledStream.circles(3), Math.PI * 0.0625),
        Arguments.of(LabelledStream.circles(4), cut),
        Arguments.of(LabelledStream.hyperplane(10, 10, 0.001), 0.5), // by symmetry
        Arguments.of(LabelledStream.sea(1).noisy(0.1), 0.9 * 0.32 + 0.1 * 0.68),
        Arguments.of(LabelledStream.circles(1).balanced(), 0.5),
        Arguments.of(LabelledStream.circles(1).balanced().noisy(0.1), 0.5));
  }

  /** The probability that salary + commission, in steps of 500 and 650, is such an amount. */
  private static double income(IntPredicate holds) {
    double all = 0;
    for (int salary = 20_250; salary < 150_000; salary += 500) {
      if (salary >= 75_000) {
        all += holds.test(salary) ? 1 : 0;
        continue;
      }
      double some = 0;
      for (int i = 0; i < 100; i++) {
        some += holds.test(salary + 10_000 + 650 * i + 325) ? 1 : 0;
      }
      all += some / 100;
    }
    return all / 260;
  }

  private interface Share {
    double given(int taken);
  }

  private static double mean(IntStream taken, Share share) {
    return taken.mapToDouble(share::given).average().orElseThrow();
  }

  /** Function 10: 0.67 of the income above what is missing, by elevel, years and value of the house. */
  private static double equity() {
    double[] above = new double[201]; // with 150 i missing
    for (int i = 0; i <= 200; i++) {
      int missing = 150 * i;
      above[i] = income(z -> 0.67 * z > missing);
    }
    double sum = 0;
    int cases = 0;
    for (int elevel = 0; elevel < 5; elevel++) {
      for (int zip = 1; zip < 10; zip++) {
        for (int years = 1; years <= 30; years++) {
          for (int step = 0; step < 20; step++) {
            double house = zip * 100_000 * (0.5 + (step + 0.5) / 20);
            double own = years < 20 ? 0 : 0.1 * house * (years - 20);
            double missing = 5_000 * elevel + 10_000 - 0.2 * own;
            sum += above[(int) Math.max(0, Math.min(200, Math.round(missing / 150)))];
            cases++;
          }
        }
      }
    }
    return sum / cases;
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("shares")
  void saysYesAsOftenAsItsFormula(LabelledStream stream, double share) {
    assertShare(stream.toString(), yes(stream.rows(COUNT, 11)), COUNT, share);
  }

  /** The share of the rows of one group that lie below a limit tells the attributes apart that the label does not use. */
  @Test
  void applicantsAreDrawnAsPublished() {
    List<Labelled<Row>> rows = LabelledStream.agrawal(1).rows(COUNT, 3);
    assertShare(
        "salary < 75,000", count(rows, row -> row.input().number(0) < 75_000), COUNT, 55 / 130.0);
    assertThat(rows).allSatisfy(row -> {
      Row input = row.input();
      assertThat(input.number(0)).isBetween(20_000.0, 150_000.0);
      if (input.number(0) >= 75_000) {
        assertThat(input.number(1)).isZero();
      } else {
        assertThat(input.number(1)).isBetween(10_000.0, 75_000.0);
      }
      assertThat(input.number(6) / (100_000 * input.number(5))).isBetween(0.5, 1.5);
      assertThat(input.number(8)).isBetween(0.0, 500_000.0);
    });
    whole(rows, 2, 20, 80);
    whole(rows, 3, 0, 4);
    whole(rows, 4, 1, 20);
    whole(rows, 5, 1, 9);
    whole(rows, 7, 1, 30);
  }

  /** Function 10 by hand: 0.67 · 30,000 − 5,000 · 4 − 10,000 = −9,900, and a fifth of a tenth of 500,000 for each year above 20. */
  @Test
  void aHouseOfLongMakesUpForALowIncome() {
    assertThat(applicant(19).groupA(10)).isFalse();
    assertThat(applicant(20).groupA(10)).isFalse();
    assertThat(applicant(21).groupA(10)).isTrue();
  }

  private static Applicant applicant(int years) {
    return new Applicant(20_000, 10_000, 30, 4, 1, 5, 500_000, years, 0);
  }

  private static void whole(List<Labelled<Row>> rows, int column, int low, int high) {
    for (int value = low; value <= high; value++) {
      int wanted = value;
      assertShare(
          "column " + column + " is " + value,
          count(rows, row -> row.input().number(column) == wanted),
          rows.size(),
          1.0 / (high - low + 1));
    }
  }

  // --- LED
  // -----------------------------------------------------------------------------------------------

  private static final String[] SHOWN = {
    "1110111", "0010010", "1011101", "1011011", "0111010",
    "1101011", "1101111", "1010010", "1111111", "1111011"
  };

  @Test
  void ledShowsItsDigitWhereNothingIsInverted() {
    List<Labelled<Row>> rows = LabelledStream.led(0, 0).rows(COUNT, 1);
    for (Labelled<Row> row : rows) {
      int digit = Integer.parseInt(row.truth().label().orElseThrow());
      StringBuilder shown = new StringBuilder();
      for (int i = 0; i < 7; i++) {
        shown.append((int) row.input().number(i));
      }
      assertThat(shown).hasToString(SHOWN[digit]);
    }
    for (int digit = 0; digit < 10; digit++) {
      Truth label = Truth.of(Integer.toString(digit));
      assertShare("digit " + digit, count(rows, row -> row.truth().equals(label)), COUNT, 0.1);
    }
    for (int i = 7; i < 24; i++) {
      int bit = i;
      assertShare("bit " + bit, count(rows, row -> row.input().number(bit) == 1), COUNT, 0.5);
    }
  }

  /** Breiman et al. (1984): the best answer is wrong in 26 % of the rows; exactly 0.26036 (sum over the 128 patterns). */
  @Test
  void ledCanBeReadAsWellAsPublished() {
    double best = 0;
    for (int pattern = 0; pattern < 128; pattern++) {
      double most = 0;
      for (String digit : SHOWN) {
        double likely = 0.1;
        for (int i = 0; i < 7; i++) {
          likely *= digit.charAt(i) - '0' == (pattern >> i & 1) ? 0.9 : 0.1;
        }
        most = Math.max(most, likely);
      }
      best += most;
    }
    assertThat(best).isEqualTo(0.74, within(0.005));
    for (int swapped : new int[] {0, 3, 7}) {
      long right = count(
          LabelledStream.led(swapped, 0.1).rows(COUNT, 2),
          row -> row.truth().equals(Truth.of(Integer.toString(nearest(row.input(), swapped)))));
      // Of equally near digits the lowest is taken, all of which are as likely: as good as the best
      // answer.
      assertShare("swapped " + swapped, right, COUNT, best);
    }
  }

  /** The digit that differs in the fewest segments, where the first few are found seven columns on. */
  private static int nearest(Row row, int swapped) {
    int nearest = 0;
    int fewest = 8;
    for (int digit = 0; digit < 10; digit++) {
      int different = 0;
      for (int i = 0; i < 7; i++) {
        int bit = (int) row.number(i < swapped ? 7 + i : i);
        different += bit == SHOWN[digit].charAt(i) - '0' ? 0 : 1;
      }
      nearest = different < fewest ? digit : nearest;
      fewest = Math.min(fewest, different);
    }
    return nearest;
  }

  // --- concepts that never rest
  // ---------------------------------------------------------------------------

  @Test
  void aHyperplaneRestsOnlyWhereNothingMoves() {
    assertThat(LabelledStream.hyperplane(3, 3, 0.01).changes()).isEmpty();
    assertThat(moved(0, 0.01)).isZero();
    assertThat(moved(2, 0)).isZero();
    assertThat(moved(2, 0.01)).isPositive();
  }

  /** How many pairs of an early and a late row no weights could have labelled. */
  private static long moved(int moving, double step) {
    List<Labelled<Row>> rows = LabelledStream.hyperplane(2, moving, step).rows(3_000, 4);
    long differ = 0;
    for (Labelled<Row> late : rows.subList(2_000, 3_000)) {
      for (Labelled<Row> first : rows.subList(0, 200)) {
        // The weights begin positive: a no who has more of both contradicts a yes.
        boolean more = late.input().number(0) >= first.input().number(0)
            && late.input().number(1) >= first.input().number(1);
        differ += more && !late.truth().equals(YES) && first.truth().equals(YES) ? 1 : 0;
      }
    }
    return differ;
  }

  /** A weight that never turned round would be ±20 after 2,000 rows and decide alone. */
  @Test
  void weightsTurnRound() {
    long least = Long.MAX_VALUE;
    for (long seed = 1; seed <= 20; seed++) {
      List<Labelled<Row>> late =
          LabelledStream.hyperplane(2, 1, 0.01).rows(2_200, seed).subList(2_000, 2_200);
      long above =
          count(late, row -> row.input().number(0) >= 0.5 == row.truth().equals(YES));
      least = Math.min(least, Math.max(above, 200 - above));
    }
    assertThat(least).isLessThan(180);
  }

  @Test
  void aCentroidMovesAsFastAsSaid() {
    int rows = 2_000;
    double step = 1e-4;
    LabelledStream stream = LabelledStream.radialBasis(2, 2, 1, 1, step);
    assertThat(stream.changes()).isEmpty();
    for (long seed = 1; seed <= 5; seed++) {
      List<Labelled<Row>> all = stream.rows(rows, seed);
      double[] first = middle(all.subList(0, 200));
      double[] last = middle(all.subList(rows - 200, rows));
      double[] still = middle(
          LabelledStream.radialBasis(2, 2, 1, 0, step).rows(rows, seed).subList(rows - 200, rows));
      // 1,800 rows apart, thrown back or not; 0.1 · 10 / √200 bounds ten deviations of the mean of
      // 200.
      double way = Math.hypot(last[0] - first[0], last[1] - first[1]);
      assertThat(way).as("seed %d", seed).isLessThan(1_800 * step + 0.07);
      assertThat(Math.hypot(still[0] - first[0], still[1] - first[1])).isLessThan(0.08);
      for (double x : new double[] {first[0], first[1], last[0], last[1]}) {
        assertThat(x).isBetween(-0.07, 1.07);
      }
    }
    // Away from the walls, the way is the whole way: the longest of the five.
    double longest = IntStream.rangeClosed(1, 5)
        .mapToDouble(seed -> {
          List<Labelled<Row>> all = stream.rows(rows, seed);
          double[] first = middle(all.subList(0, 200));
          double[] last = middle(all.subList(rows - 200, rows));
          return Math.hypot(last[0] - first[0], last[1] - first[1]);
        })
        .max()
        .orElseThrow();
    assertThat(longest).isGreaterThan(1_800 * step - 0.07);
  }

  private static double[] middle(List<Labelled<Row>> rows) {
    return new double[] {
      rows.stream().mapToDouble(row -> row.input().number(0)).average().orElseThrow(),
      rows.stream().mapToDouble(row -> row.input().number(1)).average().orElseThrow()
    };
  }

  @Test
  void radialBasisRowsHaveTheLabelOfTheirCentroid() {
    List<Labelled<Row>> rows = LabelledStream.radialBasis(3, 4, 50, 0, 0).rows(1_100, 1);
    assertThat(rows.stream().map(row -> row.truth().toString()).distinct())
        .containsExactlyInAnyOrder("c0", "c1", "c2", "c3");
    // In three dimensions 50 spots of at most 0.1 leave most neighbours with one label.
    long same = 0;
    for (int i = 0; i < 100; i++) {
      Labelled<Row> one = rows.get(i);
      Labelled<Row> nearest = rows.subList(100, 1_100).stream()
          .min(Comparator.comparingDouble(other -> distance(one, other)))
          .orElseThrow();
      same += one.truth().equals(nearest.truth()) ? 1 : 0;
    }
    assertThat(same).isGreaterThan(60); // of 100; by chance it were 25 or so
  }

  private static double distance(Labelled<Row> one, Labelled<Row> other) {
    return IntStream.range(0, 3)
        .mapToDouble(i -> Math.pow(one.input().number(i) - other.input().number(i), 2))
        .sum();
  }

  // --- concatenation
  // --------------------------------------------------------------------------------------

  @Test
  void anAbruptChangeIsBetweenTwoRows() {
    LabelledStream stream = LabelledStream.sine(1)
        .then(1_000, LabelledStream.sine(2))
        .then(1_500, LabelledStream.sine(3));
    assertThat(stream.changes()).containsExactly(1_000, 1_500);
    List<Labelled<Row>> rows = stream.rows(2_000, 1);
    for (int t = 0; t < 2_000; t++) {
      double x1 = rows.get(t).input().number(0);
      double x2 = rows.get(t).input().number(1);
      boolean wanted = t < 1_000
          ? x2 < Math.sin(x1)
          : t < 1_500 ? x2 >= Math.sin(x1) : x2 < 0.5 + 0.3 * Math.sin(3 * Math.PI * x1);
      assertThat(rows.get(t).truth().equals(YES)).as("row %d", t).isEqualTo(wanted);
    }
    assertThat(stream).hasToString("SINE 1, SINE 2 from 1000, SINE 3 from 1500");
  }

  @Test
  void aGradualChangeFollowsTheSigmoid() {
    LabelledStream stream = LabelledStream.sine(1)
        .then(100, 20, LabelledStream.sine(2))
        .then(160, 20, LabelledStream.sine(1));
    assertThat(stream.changes()).containsExactly(100, 160);
    assertThat(stream)
        .hasToString("SINE 1, SINE 2 from 100 (width 20), SINE 1 from 160 (width 20)");
    int seeds = 2_000;
    int[] at = {60, 90, 100, 110, 130, 150, 160, 170, 200};
    // As 1 / (1 + exp(-4 (t - c) / 20)) says of the two changes.
    double[] second = {
      0.00033535, 0.11920292, 0.5, 0.88079708, 0.99505475, 0.88079708, 0.5, 0.11920292, 0.00033535
    };
    long[] found = new long[at.length];
    for (int seed = 0; seed < seeds; seed++) {
      List<Labelled<Row>> rows = stream.rows(201, seed);
      for (int i = 0; i < at.length; i++) {
        Labelled<Row> row = rows.get(at[i]);
        boolean below = row.input().number(1) < Math.sin(row.input().number(0));
        found[i] += below == row.truth().equals(YES) ? 0 : 1;
      }
    }
    for (int i = 0; i < at.length; i++) {
      assertShare("t = " + at[i], found[i], seeds, second[i]);
    }
  }

  @Test
  void noiseReplacesALabelByOneOfTheOthersEvenly() {
    List<Labelled<Row>> rows = LabelledStream.led(0, 0).noisy(0.3).rows(COUNT, 6);
    long zeros = 0;
    long[] said = new long[10];
    for (Labelled<Row> row : rows) {
      if (nearest(row.input(), 0) == 0) {
        zeros++;
        said[Integer.parseInt(row.truth().label().orElseThrow())]++;
      }
    }
    assertShare("kept", said[0], zeros, 0.7);
    for (int i = 1; i < 10; i++) {
      assertShare("replaced by " + i, said[i], zeros, 0.3 / 9);
    }
  }

  @Test
  void balanceChangesInputsAndKeepsTheConcept() {
    List<Labelled<Row>> rows = LabelledStream.circles(1).balanced().rows(COUNT, 7);
    assertThat(rows).allSatisfy(row -> {
      double dx = row.input().number(0) - 0.2;
      double dy = row.input().number(1) - 0.5;
      assertThat(row.truth().equals(YES)).isEqualTo(dx * dx + dy * dy < 0.0225);
    });
  }

  static Stream<LabelledStream> streams() {
    return Stream.of(
        LabelledStream.sea(1),
        LabelledStream.agrawal(1),
        LabelledStream.led(2, 0.1),
        LabelledStream.mixed(1),
        LabelledStream.sine(1).then(50, 10, LabelledStream.sine(4)).noisy(0.1),
        LabelledStream.stagger(1).then(50, LabelledStream.stagger(2)),
        LabelledStream.circles(1).balanced(),
        LabelledStream.hyperplane(5, 2, 0.01),
        LabelledStream.radialBasis(3, 2, 10, 5, 0.001));
  }

  @ParameterizedTest
  @MethodSource("streams")
  void theSameSeedGivesTheSameRowsWheneverAsked(LabelledStream stream) {
    List<Labelled<Row>> rows = stream.rows(300, 7);
    assertThat(stream.rows(300, 7)).isEqualTo(rows);
    assertThat(stream.rows(120, 7)).isEqualTo(rows.subList(0, 120));
    assertThat(stream.rows(300, 8)).isNotEqualTo(rows);
    assertThat(stream.rows(0, 7)).isEmpty();
    assertThat(rows).allSatisfy(row -> assertThat(row.input().schema()).isEqualTo(stream.schema()));
  }

  @Test
  void refusesWhatDoesNotFit() {
    refused(() -> LabelledStream.sea(5), "wanted a function of 1 to 4, got 5");
    refused(() -> LabelledStream.agrawal(0), "wanted a function of 1 to 10, got 0");
    refused(() -> LabelledStream.led(8, 0.1), "swapped must be in 0 to 7, but was 8");
    refused(() -> LabelledStream.sea(1).noisy(1.5), "share must be in 0 to 1, but was 1.5");
    refused(
        () -> LabelledStream.sea(1).then(10, LabelledStream.sine(1)),
        "wanted the columns and labels of SEA 1, got those of SINE 1");
    refused(
        () -> LabelledStream.sea(1).then(10, LabelledStream.sea(2)).then(10, LabelledStream.sea(3)),
        "change must be at least 11, but was 10");
    refused(
        () -> LabelledStream.sea(1).then(10, LabelledStream.sea(2).then(5, LabelledStream.sea(3))),
        "wanted one concept, got SEA 2, SEA 3 from 5; add its concepts one by one");
    refused(() -> LabelledStream.hyperplane(2, 3, 0.1), "moving must be in 0 to 2, but was 3");
    refused(() -> LabelledStream.radialBasis(2, 2, 3, 1, 2), "step must be at most 1, but was 2.0");
  }

  private static void refused(Supplier<LabelledStream> call, String message) {
    assertThatThrownBy(call::get).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
  }
}
