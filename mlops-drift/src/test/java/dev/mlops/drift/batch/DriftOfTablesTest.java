package dev.mlops.drift.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.drift.profile.Baselines;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Columns as real tables have them: rare and new kinds, long tails, identifiers, flags, counts. By simulation, with seeds. */
class DriftOfTablesTest {
  private static final Schema KIND =
      Schema.of(Column.category("kind")).predicting(Task.CLASSIFICATION);
  private static final Schema NUMBER =
      Schema.of(Column.number("number")).predicting(Task.CLASSIFICATION);

  private static Baseline baseline(int n, Function<SplittableRandom, Row> draw, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      rows.add(draw.apply(random));
    }
    return Baselines.from(
        rows.get(0).schema(),
        rows,
        Collections.nCopies(n, Classification.of("a")),
        Collections.nCopies(n, Truth.of("a")));
  }

  /** Whether a window moves the level, at one false alarm in a number of windows. */
  private static Level window(
      Baseline baseline,
      int window,
      long windows,
      Function<SplittableRandom, Row> draw,
      SplittableRandom random) {
    DataDrift detector =
        DataDrift.against(baseline).windowOf(window).falseAlarmEvery(window * windows);
    for (int i = 0; i < window; i++) {
      detector.update(draw.apply(random));
    }
    return detector.level();
  }

  private static Row kind(Object kind) {
    return Row.of(KIND, kind.toString());
  }

  private static Row number(double number) {
    return Row.of(NUMBER, number);
  }

  /** Ranks 1 to n with probability falling with a power of them. */
  private static Function<SplittableRandom, Row> zipf(int n, double exponent) {
    double[] upTo = new double[n];
    double sum = 0;
    for (int rank = 1; rank <= n; rank++) {
      sum += Math.pow(rank, -exponent);
      upTo[rank - 1] = sum;
    }
    return random -> {
      int at = Arrays.binarySearch(upTo, random.nextDouble() * upTo[n - 1]);
      return kind("customer " + (at < 0 ? -at - 1 : at));
    };
  }

  /** By what they are: draws of which no window should alarm. */
  private static Map<String, Function<SplittableRandom, Row>> unchanged() {
    Map<String, Function<SplittableRandom, Row>> all = new LinkedHashMap<>();
    all.put("zipf 1.5", zipf(100_000, 1.5));
    all.put("zipf of 5000 customers", zipf(5_000, 1.0));
    all.put("zipf of 300", zipf(300, 1.0));
    AtomicLong next = new AtomicLong();
    all.put("order numbers in a row", random -> kind("order " + next.getAndIncrement()));
    all.put("random identifiers", random -> kind(random.nextLong()));
    all.put("three kinds", random -> kind("xyz".charAt(random.nextInt(3))));
    all.put("uniform 300", random -> kind(random.nextInt(300)));
    all.put("uniform 150", random -> kind(random.nextInt(150)));
    all.put("rare kinds", random -> kind(random.nextInt(20) > 0 ? "x" : random.nextInt(1_000)));
    all.put("flag of 3 %", random -> number(random.nextInt(100) < 3 ? 1 : 0));
    all.put("small counts", random -> number(poisson(random, 1.3)));
    all.put(
        "zeros and amounts",
        random -> number(random.nextInt(3) == 0 ? 0 : Math.round(100 * random.nextDouble())));
    all.put("amounts", random -> number(random.nextDouble()));
    all.put(
        "number hardly ever there",
        random -> number(random.nextInt(100) == 0 ? random.nextDouble() : Double.NaN));
    return all;
  }

  private static int poisson(SplittableRandom random, double mean) {
    int count = 0;
    for (double p = random.nextDouble(); p > Math.exp(-mean); p *= random.nextDouble()) {
      count++;
    }
    return count;
  }

  static Stream<String> unchangedNames() {
    return unchanged().keySet().stream();
  }

  /** At a level of 0.05 and of 0.005, each window of a baseline of its own: exact binomial bounds. */
  @ParameterizedTest
  @MethodSource("unchangedNames")
  void whatDoesNotChangeAlarmsAtMostAsPromised(String name) {
    alarmsAtMostAsPromised(name, 100);
  }

  @ParameterizedTest
  @MethodSource("unchangedNames")
  @Tag("slow")
  void whatDoesNotChangeAlarmsAtMostAsPromisedInManyWindows(String name) {
    alarmsAtMostAsPromised(name, 2_000);
  }

  private static void alarmsAtMostAsPromised(String name, int windows) {
    Function<SplittableRandom, Row> draw = unchanged().get(name);
    SplittableRandom random = new SplittableRandom(77);
    int[][] sizes = {{1_000, 1_000}, {2_000, 300}};
    for (int[] size : sizes) {
      int often = 0;
      int seldom = 0;
      for (int b = 0; b < windows; b++) {
        Baseline baseline = baseline(size[0], draw, 1_000 + b);
        DataDrift sensitive =
            DataDrift.against(baseline).windowOf(size[1]).falseAlarmEvery(20L * size[1]);
        DataDrift strict =
            DataDrift.against(baseline).windowOf(size[1]).falseAlarmEvery(200L * size[1]);
        for (int i = 0; i < size[1]; i++) {
          Row row = draw.apply(random);
          sensitive.update(row);
          strict.update(row);
        }
        often += sensitive.level() == Level.DRIFT ? 1 : 0;
        seldom += strict.level() == Level.DRIFT ? 1 : 0;
      }
      String where = name + ", " + windows + " windows of " + size[1] + " against " + size[0];
      assertThat(often).as(where + " at 0.05").isLessThanOrEqualTo(most(windows, 0.05));
      assertThat(seldom).as(where + " at 0.005").isLessThanOrEqualTo(most(windows, 0.005));
    }
  }

  private static int most(int windows, double level) {
    return BinomialDistribution.of(windows, level).inverseCumulativeProbability(0.9999);
  }

  private static Baseline counted(Map<String, Long> counts) {
    return Baseline.builder(KIND)
        .column(new CategoryProfile("kind", counts, 0, 0))
        .build();
  }

  private static final Map<String, Long> THREE = Map.of("x", 33_333L, "y", 33_333L, "z", 33_333L);

  private static Function<SplittableRandom, Row> threeAnd(String more, double share) {
    return random ->
        kind(random.nextDouble() < share ? more : String.valueOf("xyz".charAt(random.nextInt(3))));
  }

  /** At one false alarm in a number of windows. */
  @ParameterizedTest
  @CsvSource({
    "0.01, 1000, 1000",
    "0.05, 1000, 1000",
    "0.05, 1000, 10000",
    "0.02, 1000, 10000",
    "0.20, 100, 1000",
    "0.10, 1000, 1000000"
  })
  void aNewKindIsFoundInEveryWindow(double share, int window, long windows) {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 60; i++) {
      assertThat(window(counted(THREE), window, windows, threeAnd("new", share), random))
          .as("window " + i)
          .isEqualTo(Level.DRIFT);
    }
  }

  @Test
  void aNewKindIsNamed() {
    DataDrift detector =
        DataDrift.against(counted(THREE)).windowOf(1_000).falseAlarmEvery(1_000_000);
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < 1_000; i++) {
      detector.update(threeAnd("new", 0.05).apply(random));
    }
    ColumnShift moved = detector.signal().orElseThrow().moved().get(0);
    assertThat(moved.from()).contains("unlisted kinds such as new 0 %");
    assertThat(moved.to()).containsPattern("unlisted kinds such as new [4-6](\\.\\d)? %");
    assertThat(moved.pValue()).isLessThan(1e-30);
  }

  @Test
  void aKnownKindOfAThousandthThatBecomesFrequentIsFound() {
    Map<String, Long> counts = Map.of("x", 33_300L, "y", 33_300L, "z", 33_300L, "rare", 100L);
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 40; i++) {
      assertThat(window(counted(counts), 1_000, 1_000, threeAnd("rare", 0.05), random))
          .as("window " + i)
          .isEqualTo(Level.DRIFT);
      assertThat(window(counted(counts), 100, 1_000, threeAnd("rare", 0.2), random))
          .as("window " + i)
          .isEqualTo(Level.DRIFT);
    }
  }

  /** Among many rare kinds one becomes frequent; another vanishes among frequent ones. */
  @Test
  void oneKindAmongManyIsFound() {
    Map<String, Long> counts = new LinkedHashMap<>();
    for (int kind = 0; kind < 150; kind++) {
      counts.put("kind " + kind, 20L);
    }
    counts.put("often", 7_000L);
    SplittableRandom random = new SplittableRandom(4);
    Function<SplittableRandom, Row> asBefore =
        r -> kind(r.nextInt(10) < 7 ? "often" : "kind " + r.nextInt(150));
    for (int i = 0; i < 40; i++) {
      assertThat(window(
              counted(counts),
              1_000,
              1_000,
              r -> r.nextInt(25) == 0 ? kind("kind 17") : asBefore.apply(r),
              random))
          .as("window " + i)
          .isEqualTo(Level.DRIFT);
      assertThat(window(
              counted(Map.of("a", 60_000L, "b", 35_000L, "c", 5_000L)),
              1_000,
              1_000,
              r -> kind(r.nextInt(95) < 60 ? "a" : "b"),
              random))
          .as("window " + i)
          .isEqualTo(Level.DRIFT);
    }
  }

  /** Customers with a long tail, and identifiers: a kind that becomes frequent is found among them. */
  @Test
  void aKindThatBecomesFrequentIsFoundInALongTailAndAmongIdentifiers() {
    SplittableRandom random = new SplittableRandom(5);
    for (String name : List.of("zipf of 5000 customers", "order numbers in a row", "uniform 300")) {
      Function<SplittableRandom, Row> calm = unchanged().get(name);
      for (int i = 0; i < 20; i++) {
        Baseline baseline = baseline(2_000, calm, i);
        assertThat(window(
                baseline,
                1_000,
                1_000,
                r -> r.nextInt(20) == 0 ? kind("robot") : calm.apply(r),
                random))
            .as(name + ", window " + i)
            .isEqualTo(Level.DRIFT);
      }
    }
  }

  /** Half of 300 kinds are gone, of which the profile of 100,000 rows lists 200. */
  @Test
  void kindsThatVanishAreFoundThoughNotAllAreListed() {
    Baseline baseline = baseline(100_000, unchanged().get("uniform 300"), 1);
    SplittableRandom random = new SplittableRandom(6);
    for (int i = 0; i < 20; i++) {
      assertThat(window(baseline, 1_000, 1_000, r -> kind(r.nextInt(150)), random))
          .as("window " + i)
          .isEqualTo(Level.DRIFT);
    }
  }

  @Test
  void aColumnOfIdentifiersIsTold() {
    Baseline identifiers = baseline(1_000, unchanged().get("order numbers in a row"), 1);
    assertThat(
            DataDrift.against(identifiers).windowOf(100).falseAlarmEvery(1_000).notes())
        .singleElement()
        .asString()
        .contains("column kind", "identifiers", "1000 values", "ignoring(\"kind\")");
    for (String name : List.of("three kinds", "zipf of 5000 customers", "uniform 300", "amounts")) {
      Baseline kinds = baseline(2_000, unchanged().get(name), 1);
      assertThat(DataDrift.against(kinds).windowOf(100).falseAlarmEvery(1_000).notes())
          .as(name)
          .isEmpty();
    }
  }

  /** Nothing is set in 2,000 rows, and then 6 %: as surely as for the same as categories. */
  @Test
  void aFlagThatBeginsToBeSetIsFound() {
    Baseline never = baseline(2_000, random -> number(0), 1);
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 40; i++) {
      assertThat(window(never, 1_000, 1_000, r -> number(r.nextDouble() < 0.06 ? 1 : 0), random))
          .as("window " + i)
          .isEqualTo(Level.DRIFT);
      assertThat(window(never, 1_000, 1_000, r -> number(r.nextDouble() < 0.03 ? 1 : 0), random))
          .as("window " + i)
          .isEqualTo(Level.DRIFT);
    }
  }

  @Test
  void countsThatRiseAndACodeThatIsNewAreFound() {
    Baseline counts = baseline(2_000, random -> number(poisson(random, 0.3)), 1);
    Baseline codes = baseline(2_000, random -> number(100 * random.nextInt(6)), 1);
    Baseline amounts = baseline(2_000, random -> number(1 + random.nextDouble()), 1);
    SplittableRandom random = new SplittableRandom(8);
    for (int i = 0; i < 40; i++) {
      assertThat(window(counts, 1_000, 1_000, r -> number(poisson(r, 0.5)), random))
          .as("window " + i)
          .isEqualTo(Level.DRIFT);
      // a code in the middle of others moves D by its share alone
      assertThat(window(
              codes,
              1_000,
              1_000,
              r -> number(r.nextInt(20) == 0 ? 250 : 100 * r.nextInt(6)),
              random))
          .as("window " + i)
          .isEqualTo(Level.DRIFT);
      // so does one amount that comes again and again
      assertThat(window(
              amounts,
              1_000,
              1_000,
              r -> number(r.nextInt(20) == 0 ? 1.5 : 1 + r.nextDouble()),
              random))
          .as("window " + i)
          .isEqualTo(Level.DRIFT);
    }
  }

  @Test
  void whatMovesAFlagIsSaidThoughItsQuartilesAreTheSame() {
    Baseline never = baseline(2_000, random -> number(0), 1);
    DataDrift detector = DataDrift.against(never).windowOf(1_000).falseAlarmEvery(1_000_000);
    for (int i = 0; i < 1_000; i++) {
      detector.update(number(i % 20 == 0 ? 1 : 0));
    }
    ColumnShift moved = detector.signal().orElseThrow().moved().get(0);
    assertThat(moved.from()).endsWith("100 % up to 0.000");
    assertThat(moved.to()).endsWith("95 % up to 0.000");
  }

  private static Baseline numbers(long n, long missing, double... sample) {
    return Baseline.builder(NUMBER)
        .column(new NumberProfile("number", n, missing, 0, 1, -10, 10, sample))
        .build();
  }

  /** Two values beyond all 2,000 of the baseline have p = 2 / (2002 choose 2) = 1e-6: a rough estimate says 0.04. */
  @Test
  void aFewValuesAreTestedExactly() {
    double[] sample = new SplittableRandom(9).doubles(2_000).toArray();
    Baseline baseline = numbers(2_000, 98_000, sample);
    DataDrift detector = DataDrift.against(baseline).windowOf(100).falseAlarmEvery(100_000);
    for (int i = 0; i < 100; i++) {
      detector.update(number(i < 98 ? Double.NaN : 5 + i));
    }
    assertThat(detector.level()).isEqualTo(Level.DRIFT);
    assertThat(detector.signal().orElseThrow().moved().get(0).pValue())
        .isCloseTo(2.0 / (2_002.0 * 2_001 / 2), within(1e-12));
  }

  /** Of the value and of the baseline there is one each; the other columns are judged and the window begins anew. */
  @Test
  void oneValueIsComparedLikeAnyOther() {
    Schema schema =
        Schema.of(Column.number("lonely"), Column.number("alone"), Column.category("kind"));
    Baseline baseline = Baseline.builder(schema)
        .column(new NumberProfile(
            "lonely",
            2_000,
            98_000,
            0,
            1,
            0,
            1,
            new SplittableRandom(10).doubles(2_000).toArray()))
        .column(new NumberProfile("alone", 1, 0, 3, 0, 3, 3, new double[] {3}))
        .column(new CategoryProfile("kind", Map.of("x", 500L, "y", 500L), 0, 0))
        .build();
    DataDrift detector = DataDrift.against(baseline).windowOf(100).falseAlarmEvery(100_000);
    for (int i = 0; i < 100; i++) {
      detector.update(Row.of(schema, i == 50 ? 0.5 : Double.NaN, i, "x"));
    }
    assertThat(detector.level()).isEqualTo(Level.DRIFT);
    assertThat(detector.signal().orElseThrow().moved())
        .extracting(ColumnShift::column)
        .containsExactly("kind");
    for (int i = 0; i < 100; i++) {
      assertThat(detector.update(
              Row.of(schema, i == 50 ? 0.5 : Double.NaN, 3, i % 2 == 0 ? "x" : "y")))
          .as("row " + i)
          .isEqualTo(i < 99 ? Level.WARMING_UP : Level.STABLE);
    }
  }

  @Test
  void aBaselineOfOneRowIsNoTrouble() {
    Schema schema =
        Schema.of(Column.number("number"), Column.category("kind")).predicting(Task.CLASSIFICATION);
    Baseline baseline = baseline(1, random -> Row.of(schema, 1, "x"), 1);
    DataDrift detector = DataDrift.against(baseline).windowOf(100).falseAlarmEvery(100_000);
    for (int i = 0; i < 200; i++) {
      assertThat(detector.update(Row.of(schema, i, "kind " + i % 7))).isNotEqualTo(Level.DRIFT);
    }
  }

  private static final Schema TWO =
      Schema.of(Column.number("number"), Column.category("kind")).predicting(Task.CLASSIFICATION);

  private static final Baseline OF_TWO = baseline(
      2_000, random -> Row.of(TWO, random.nextDouble(), random.nextInt(10) < 3 ? "x" : "y"), 1);

  private static List<String> moved(DataDrift.Against against) {
    DataDrift detector = against.windowOf(1_000).falseAlarmEvery(1_000_000);
    SplittableRandom random = new SplittableRandom(11);
    for (int i = 0; i < 1_000; i++) {
      detector.update(Row.of(TWO, 0.12 + random.nextDouble(), random.nextInt(10) < 5 ? "x" : "y"));
    }
    return detector
        .signal()
        .map(signal -> signal.moved().stream().map(ColumnShift::column).toList())
        .orElse(List.of());
  }

  /** The numbers moved by 0.12, the categories by about 0.2. */
  @Test
  void aColumnCountsFromItsLeastEffectOn() {
    DataDrift.Against against = DataDrift.against(OF_TWO);
    assertThat(moved(against)).containsExactlyInAnyOrder("number", "kind");
    assertThat(moved(against.leastEffect(0.17))).containsExactly("kind");
    assertThat(moved(against.leastEffect("number", 0.17))).containsExactly("kind");
    assertThat(moved(against.leastEffect("kind", 0.3))).containsExactly("number");
    assertThat(moved(against.leastEffect(0.3).leastEffect("kind", 0.1))).containsExactly("kind");
    assertThat(moved(against.leastEffect(0.3))).isEmpty();
    assertThat(moved(against.leastEffect(1))).isEmpty();
  }

  @Test
  void missingValuesCountFromTheLeastEffectOn() {
    for (double least : new double[] {0, 0.3}) {
      DataDrift detector =
          DataDrift.against(OF_TWO).leastEffect(least).windowOf(1_000).falseAlarmEvery(1_000_000);
      SplittableRandom random = new SplittableRandom(12);
      for (int i = 0; i < 1_000; i++) {
        double number = random.nextInt(20) == 0 ? Double.NaN : random.nextDouble();
        detector.update(Row.of(TWO, number, random.nextInt(10) < 3 ? "x" : "y"));
      }
      assertThat(detector.level()).isEqualTo(least == 0 ? Level.DRIFT : Level.STABLE);
    }
  }

  @Test
  void columnsAreLeftOut() {
    DataDrift.Against against = DataDrift.against(OF_TWO);
    assertThat(moved(against.ignoring("number"))).containsExactly("kind");
    assertThat(moved(against.ignoring("kind"))).containsExactly("number");
    assertThat(moved(against.ignoring())).hasSize(2);
    assertThatThrownBy(() -> against.ignoring("number").ignoring("kind"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one column")
        .hasMessageContaining("all 2");
    assertThatThrownBy(() -> against.ignoring("kinds"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"kinds\"")
        .hasMessageContaining("number, kind");
    assertThatThrownBy(() -> against.leastEffect("kinds", 0.1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"kinds\"");
    for (double effect : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThatThrownBy(() -> against.leastEffect(effect))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("0 to 1")
          .hasMessageContaining("" + effect);
    }
  }

  /** Medians that differ in the fifth digit, shares that differ in the fourth. */
  @Test
  void figuresHaveAsManyDigitsAsTellThemApart() {
    double from = 1.7e9;
    double[] sample =
        new SplittableRandom(13).doubles(2_000, from, from + 10_000).toArray();
    DataDrift detector =
        DataDrift.against(numbers(2_000, 0, sample)).windowOf(1_000).falseAlarmEvery(1_000_000);
    for (double value :
        new SplittableRandom(14).doubles(1_000, from, from + 5_000).toArray()) {
      detector.update(number(value));
    }
    ColumnShift moved = detector.signal().orElseThrow().moved().get(0);
    assertThat(moved.from().split(",")[0]).isNotEqualTo(moved.to().split(",")[0]);
    assertThat(moved.from()).startsWith("median 170000");
    assertThat(moved.to()).startsWith("median 170000");

    Map<String, Long> counts = Map.of("x", 999_950L, "y", 50L);
    DataDrift kinds =
        DataDrift.against(counted(counts)).windowOf(100_000).falseAlarmEvery(100_000_000);
    for (int i = 0; i < 100_000; i++) {
      kinds.update(kind(i < 50 ? "y" : "x"));
    }
    ColumnShift rose = kinds.signal().orElseThrow().moved().get(0);
    assertThat(rose.from()).contains("x 99.995 %").contains("y 0.0050 %");
    assertThat(rose.to()).contains("x 99.950 %").contains("y 0.050 %");
    assertThat(rose.toString()).doesNotContain("effect 0.00,");
  }
}
