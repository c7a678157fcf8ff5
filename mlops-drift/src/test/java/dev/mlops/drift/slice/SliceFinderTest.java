package dev.mlops.drift.slice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SliceFinderTest {
  private static final SliceFinder PUBLISHED =
      SliceFinder.standard().top(10).rowsAtLeast(4).weighing(0.95).conditionsAtMost(10);

  /** Tables, errors and answers of BuiltinSliceLineTest, apache/systemds 9e99f3c4; a digit is a code. */
  private static final int[][] FIRST = codes(
      "2112323312",
      "2223412132",
      "2133223114",
      "1221323223",
      "3234334113",
      "4323443411",
      "2224332212",
      "1122332112",
      "4321324243",
      "1314133232",
      "2431241324",
      "3243142341",
      "4124314213",
      "1342431423",
      "2413243142",
      "3241342314",
      "4132414231",
      "1324134243",
      "2413243124",
      "2332142323");

  private static final double[] FIRST_ERRORS = {
    .159, .588, .414, .305, .193, .195, .878, .149, .835, .344,
    .123, .456, .789, .987, .654, .321, .246, .135, .579, .802
  };

  private static final int[][] SECOND = codes(
      "2111342212",
      "3332123142",
      "3231114342",
      "1323232121",
      "4311111132",
      "2233222341",
      "3222442411",
      "1332131244",
      "2122312321",
      "4134142344",
      "4244212114",
      "4114143242",
      "2122314334",
      "4131312133",
      "2131131212",
      "1343122211",
      "2443412124",
      "3333312344",
      "3222414231",
      "1232432323");

  private static final double[] SECOND_ERRORS = {
    .591, .858, .144, .350, .931, .951, .788, .491, .358, .443,
    .231, .564, .897, .879, .546, .132, .462, .153, .759, .028
  };

  @Test
  void theTopTenOfTheFirstPublishedTable() {
    assertTop(FIRST, FIRST_ERRORS, new double[][] {
      {.307, 2.807, .878, 4},
      {.307, 2.807, .878, 4},
      {.282, 2.759, .987, 4},
      {.157, 4.046, .987, 7},
      {.127, 2.956, .878, 5},
      {.122, 2.942, .878, 5},
      {.074, 3.298, .987, 6},
      {.064, 4.197, .878, 8},
      {.061, 2.796, .987, 5},
      {.038, 3.194, .878, 6}
    });
  }

  /** The published answer misses a slice of score .0762 that looking at every slice finds, too. */
  @Test
  void theTopTenOfTheSecondPublishedTableAndOneMore() {
    assertTop(SECOND, SECOND_ERRORS, new double[][] {
      {.410, 3.466, .931, 4},
      {.410, 3.466, .931, 4},
      {.111, 2.802, .897, 4},
      {.076, 2.725, .897, 4},
      {.075, 3.805, .951, 6},
      {.057, 4.278, .897, 7},
      {.047, 3.711, .931, 6},
      {.035, 3.152, .897, 5},
      {.032, 4.179, .897, 7},
      {.023, 3.634, .931, 6}
    });
  }

  @Test
  void theTopTenOfTheThirdPublishedTable() {
    assertTop(
        Stream.concat(Arrays.stream(FIRST), Arrays.stream(SECOND)).toArray(int[][]::new),
        Stream.of(FIRST_ERRORS, SECOND_ERRORS).flatMapToDouble(Arrays::stream).toArray(),
        new double[][] {
          {.149, 4.300, .931, 6},
          {.113, 3.138, .987, 4},
          {.093, 4.644, .931, 7},
          {.090, 4.630, .951, 7},
          {.059, 8.002, .951, 14},
          {.024, 2.954, .951, 4},
          {.017, 3.415, .897, 5},
          {.010, 3.398, .878, 5},
          {.009, 2.923, .897, 4},
          {.008, 3.391, .897, 5}
        });
  }

  private static void assertTop(int[][] codes, double[] errors, double[][] published) {
    List<double[]> found = PUBLISHED.find(codes, errors);
    assertThat(found).hasSize(published.length);
    for (int i = 0; i < published.length; i++) {
      assertThat(found.get(i)).as("slice " + i).containsExactly(published[i], within(0.00051));
    }
  }

  /** Pruning loses nothing: the answer is that of looking at every slice. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void equalsLookingAtEverySlice(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[][] codes = new int[120][4];
    double[] errors = new double[codes.length];
    for (int i = 0; i < codes.length; i++) {
      for (int j = 0; j < 4; j++) {
        codes[i][j] = random.nextInt(4); // 0 is in no slice
      }
      errors[i] = codes[i][0] == 1 && codes[i][2] == 2
          ? random.nextDouble()
          : random.nextDouble() < 0.2 ? random.nextDouble() : 0.0;
    }
    double weight = 0.5 + 0.49 * random.nextDouble();
    int least = 1 + random.nextInt(10);
    List<double[]> found = SliceFinder.standard()
        .top(7)
        .rowsAtLeast(least)
        .weighing(weight)
        .conditionsAtMost(4)
        .find(codes, errors);
    List<double[]> every = every(codes, errors, weight, least);
    assertThat(found.stream().map(slice -> slice[0]).toList())
        .as("seed " + seed)
        .usingComparatorForType((a, b) -> Math.abs(a - b) < 1e-9 ? 0 : 1, Double.class)
        .containsExactlyElementsOf(
            every.stream().map(slice -> slice[0]).limit(7).toList());
  }

  private static List<double[]> every(int[][] codes, double[] errors, double weight, int least) {
    double mean = Arrays.stream(errors).average().orElseThrow();
    List<double[]> all = new ArrayList<>();
    for (int slice = 1; slice < 256; slice++) { // a digit to the base 4 for each column, 0 for none
      int rows = 0;
      double error = 0;
      for (int i = 0; i < codes.length; i++) {
        boolean in = true;
        for (int j = 0; j < 4; j++) {
          int wanted = slice >> (2 * j) & 3;
          in &= wanted == 0 || codes[i][j] == wanted;
        }
        if (in) {
          rows++;
          error += errors[i];
        }
      }
      double score =
          weight * (error / rows / mean - 1) - (1 - weight) * ((double) codes.length / rows - 1);
      if (rows >= least && score > 0) {
        all.add(new double[] {score, rows});
      }
    }
    all.sort(Comparator.comparingDouble(slice -> -slice[0]));
    return all;
  }

  private static final Schema PAYMENTS =
      Schema.of(Column.number("amount"), Column.category("country"));

  @Test
  void namesAPlantedSliceAndTheRowsInIt() {
    SplittableRandom random = new SplittableRandom(11);
    List<Row> rows = new ArrayList<>();
    double[] errors = new double[2_000];
    for (int i = 0; i < errors.length; i++) {
      double amount = 100 * random.nextDouble();
      String country = List.of("DE", "FR", "IT", "").get(random.nextInt(4));
      rows.add(Row.of(PAYMENTS, amount, country));
      errors[i] = random.nextDouble() < (amount >= 90 && country.equals("FR") ? 0.9 : 0.05) ? 1 : 0;
    }
    SliceFinder.Found found = SliceFinder.standard().find(rows, errors);
    assertThat(found.exact()).isTrue();
    Slice worst = found.slices().get(0);
    assertThat(worst.toString()).contains("country = FR", "amount >= ", worst.rows() + " rows");
    assertThat(worst.parts()).hasSize(2);
    assertThat(worst.mean()).isGreaterThan(0.7);
    assertThat(rows.stream().filter(worst::covers)).hasSize(worst.rows());
    for (Slice slice : found.slices()) {
      double sum = 0;
      for (int i = 0; i < errors.length; i++) {
        sum += slice.covers(rows.get(i)) ? errors[i] : 0;
      }
      assertThat(sum).isEqualTo(slice.error(), within(1e-9));
    }
  }

  @Test
  void aMissingValueIsACondition() {
    List<Row> rows = new ArrayList<>();
    double[] errors = new double[400];
    for (int i = 0; i < errors.length; i++) {
      boolean missing = i % 8 == 0;
      rows.add(Row.of(PAYMENTS, missing ? Double.NaN : i, i % 3 == 0 ? "DE" : "FR"));
      errors[i] = missing ? 1 : 0;
    }
    Slice worst = SliceFinder.standard().find(rows, errors).slices().get(0);
    assertThat(worst.toString()).contains("amount is missing");
    assertThat(worst.rows()).isEqualTo(50);
  }

  @Test
  void withoutErrorsThereIsNoSlice() {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      rows.add(Row.of(PAYMENTS, (double) i, "DE"));
    }
    assertThat(SliceFinder.standard().find(rows, new double[100]).slices()).isEmpty();
    assertThat(SliceFinder.standard().find(List.of(), new double[0]).slices()).isEmpty();
  }

  @Test
  void tooManyCandidatesAreSaid() {
    SplittableRandom random = new SplittableRandom(3);
    List<Row> rows = new ArrayList<>();
    double[] errors = new double[1_000];
    for (int i = 0; i < errors.length; i++) {
      rows.add(Row.of(PAYMENTS, random.nextDouble(), "c" + random.nextInt(5)));
      errors[i] = random.nextDouble();
    }
    SliceFinder finder = SliceFinder.standard().rowsAtLeast(1).candidatesAtMost(3);
    assertThat(finder.find(rows, errors).exact()).isFalse();
  }

  /** Also where there are more conditions than candidates, or no pair of them is worth measuring. */
  @Test
  void conditionsAndPairsAreBoundedToo() {
    List<Row> rows = new ArrayList<>();
    double[] errors = new double[100];
    for (int i = 0; i < errors.length; i++) {
      rows.add(Row.of(PAYMENTS, (double) i, "c" + i % 40));
      errors[i] = i == 0 ? 1 : 0;
    }
    SliceFinder finder = SliceFinder.standard().rowsAtLeast(1);
    assertThat(
            finder.conditionsAtMost(1).candidatesAtMost(49).find(rows, errors).exact())
        .as("10 bins and 40 categories")
        .isFalse();
    assertThat(
            finder.conditionsAtMost(1).candidatesAtMost(50).find(rows, errors).exact())
        .isTrue();
    assertThat(finder.find(rows, errors).exact()).isTrue();

    // 50 x 50 categories: 2,500 pairs of equal error, twenty of which are looked at for each
    // candidate.
    Schema two = Schema.of(Column.category("a"), Column.category("b"));
    List<Row> even = new ArrayList<>();
    double[] ones = new double[2_500];
    for (int i = 0; i < ones.length; i++) {
      even.add(Row.of(two, "a" + i / 50, "b" + i % 50));
      ones[i] = 1;
    }
    assertThat(SliceFinder.standard().candidatesAtMost(124).find(even, ones).exact())
        .as("2,480 pairs")
        .isFalse();
    assertThat(SliceFinder.standard().candidatesAtMost(125).find(even, ones).exact())
        .as("2,500 pairs")
        .isTrue();
  }

  @Test
  void refusesWhatIsOutOfRange() {
    SliceFinder finder = SliceFinder.standard();
    Row row = Row.of(PAYMENTS, 1.0, "DE");
    assertThatThrownBy(() -> finder.find(List.of(row), new double[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1 rows and 2 errors");
    assertThatThrownBy(() -> finder.find(List.of(row), new double[] {-1}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1.0 at 0");
    assertThatThrownBy(() -> finder.weighing(0)).hasMessageContaining("0.0");
    assertThatThrownBy(() -> finder.top(0)).hasMessageContaining("slices must be >= 1, but was 0");
  }

  private static int[][] codes(String... rows) {
    return Arrays.stream(rows)
        .map(row -> row.chars().map(digit -> digit - '0').toArray())
        .toArray(int[][]::new);
  }
}
