package dev.mlops.drift.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.RowDetector;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.drift.Allocated;
import dev.mlops.drift.profile.Baselines;
import dev.mlops.testkit.RowDetectorContract;
import dev.mlops.testkit.StatefulDetectorContract;
import java.io.DataInput;
import java.io.DataOutput;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataDriftTest {
  private static final Schema SCHEMA = Schema.of(
          Column.number("amount"), Column.category("channel"), Column.number("age"))
      .predicting(Task.CLASSIFICATION);

  private static double normal(SplittableRandom random) {
    double u = 1 - random.nextDouble();
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * random.nextDouble());
  }

  private static Row row(SplittableRandom random, double shift, double web, double missing) {
    double amount = normal(random) + shift;
    String channel = random.nextDouble() < web ? "web" : "shop";
    double age = 20 + random.nextInt(5);
    return Row.of(SCHEMA, random.nextDouble() < missing ? Double.NaN : amount, channel, age);
  }

  private static Row calm(SplittableRandom random) {
    return row(random, 0, 0.2, 0.01);
  }

  private static Baseline baseline(long seed, int n, Function<SplittableRandom, Row> draw) {
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

  private static final Baseline BASELINE = baseline(1, 3_000, DataDriftTest::calm);

  @Nested
  class InRows extends RowDetectorContract implements StatefulDetectorContract {
    @Override
    protected RowDetector detector() {
      return DataDrift.against(BASELINE).windowOf(100).falseAlarmEvery(1_000_000);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(DataDrift.against(BASELINE).windowOf(101).falseAlarmEvery(1_000_000));
    }

    @Override
    protected Row calm(SplittableRandom random) {
      return DataDriftTest.calm(random);
    }

    @Override
    protected Row changed(SplittableRandom random) {
      return row(random, 2, 0.7, 0.01);
    }

    @Override
    protected int changedLength() {
      return 300;
    }
  }

  @Nested
  class InTime extends InRows {
    @Override
    protected RowDetector detector() {
      return DataDrift.against(BASELINE).windowOf(95).falseAlarmEvery(Duration.ofHours(10_000));
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(DataDrift.against(BASELINE).windowOf(101).falseAlarmEvery(1_000_000));
    }

    @Override
    protected boolean countsTime() {
      return true;
    }
  }

  private static Level feed(RowDetector detector, int n, Function<SplittableRandom, Row> draw) {
    SplittableRandom random = new SplittableRandom(78);
    Level level = detector.level();
    for (int i = 0; i < n; i++) {
      level = detector.update(draw.apply(random));
    }
    return level;
  }

  /** Without a change, windows against fresh baselines alarm at most at the level: exact binomial bound. */
  @ParameterizedTest
  @CsvSource({"100, 200", "300, 60"})
  void windowsThatAreLikeTheBaselineAlarmAtMostAtTheLevel(int window, int baselines) {
    double level = 0.05;
    int tested = 0;
    int alarms = 0;
    SplittableRandom random = new SplittableRandom(2);
    for (int b = 0; b < baselines; b++) {
      Baseline baseline = baseline(1_000 + b, 400, DataDriftTest::mixed);
      DataDrift detector =
          DataDrift.against(baseline).windowOf(window).falseAlarmEvery(Math.round(window / level));
      for (int i = 0; i < 3 * window; i++) {
        alarms += detector.update(mixed(random)) == Level.DRIFT ? 1 : 0;
      }
      tested += 3;
    }
    int most = BinomialDistribution.of(tested, level).inverseCumulativeProbability(0.9999);
    assertThat(alarms)
        .as("alarms in " + tested + " windows")
        .isPositive()
        .isLessThanOrEqualTo(most);
  }

  private static final Schema MIXED = Schema.of(
          Column.number("normal"),
          Column.number("tied"),
          Column.number("constant"),
          Column.category("rare kinds"),
          Column.category("single"))
      .predicting(Task.CLASSIFICATION);

  private static Row mixed(SplittableRandom random) {
    return Row.of(
        MIXED,
        normal(random),
        random.nextInt(3),
        7,
        "k" + (int) (60 * Math.pow(random.nextDouble(), 4)),
        "one");
  }

  @Test
  void aShiftOfHalfADeviationIsFoundInTheFirstFullWindow() {
    DataDrift detector = DataDrift.against(BASELINE).windowOf(1_000).falseAlarmEvery(1_000_000);
    assertThat(feed(detector, 999, random -> row(random, 0.5, 0.2, 0.01)))
        .isEqualTo(Level.WARMING_UP);
    detector.reset();
    assertThat(feed(detector, 1_000, random -> row(random, 0.5, 0.2, 0.01))).isEqualTo(Level.DRIFT);
    Signal signal = detector.signal().orElseThrow();
    assertThat(signal.direction()).isEqualTo(Direction.UP);
    assertThat(signal.index()).isEqualTo(999);
    assertThat(signal.changePoint()).isEqualTo(0);
    assertThat(signal.threshold()).isEqualTo(3.0);
    assertThat(signal.statistic()).isGreaterThan(3.0);
    assertThat(signal.moved()).hasSize(1);
    ColumnShift amount = signal.moved().get(0);
    assertThat(amount.column()).isEqualTo("amount");
    assertThat(amount.direction()).isEqualTo(Direction.UP);
    // half a deviation moves the distribution function by 0.197 at most
    assertThat(amount.effect()).isBetween(0.12, 0.28);
    assertThat(amount.from()).matches("median -?0\\.0\\d+, quartiles -0\\.\\d+ to 0\\.\\d+");
    assertThat(amount.to()).matches("median 0\\.\\d+, quartiles -?0\\.\\d+ to 1\\.\\d+");
    assertThat(feed(detector, 1, DataDriftTest::calm)).isEqualTo(Level.WARMING_UP);
  }

  @Test
  void sharesOfCategoriesThatMovedAreFoundInTheFirstFullWindowAndTold() {
    DataDrift detector = DataDrift.against(BASELINE).windowOf(1_000).falseAlarmEvery(1_000_000);
    assertThat(feed(detector, 1_000, random -> row(random, 0, 0.4, 0.01))).isEqualTo(Level.DRIFT);
    Signal signal = detector.signal().orElseThrow();
    assertThat(signal.direction()).isEqualTo(Direction.OTHER);
    assertThat(signal.moved()).hasSize(1);
    ColumnShift channel = signal.moved().get(0);
    assertThat(channel.column()).isEqualTo("channel");
    assertThat(channel.from()).matches("shop (79|80|81) %, web (19|20|21) %");
    assertThat(channel.to()).matches("shop (5\\d|6\\d) %, web (3\\d|4\\d) %");
    assertThat(channel.effect()).isBetween(0.15, 0.3);
  }

  @Test
  void aRiseOfMissingValuesIsAChange() {
    DataDrift detector = DataDrift.against(BASELINE).windowOf(500).falseAlarmEvery(1_000_000);
    assertThat(feed(detector, 500, random -> row(random, 0, 0.2, 0.1))).isEqualTo(Level.DRIFT);
    ColumnShift amount = detector.signal().orElseThrow().moved().get(0);
    assertThat(amount.column()).isEqualTo("amount");
    assertThat(amount.from()).matches("missing [01]\\.\\d+ %");
    assertThat(amount.to()).matches("missing \\d+(\\.\\d)? %");
    assertThat(amount.direction()).isEqualTo(Direction.OTHER);
    assertThat(detector.skipped()).as("a missing value is judged").isZero();
  }

  @Test
  void aColumnThatIsMissingAltogetherIsAChangeAndNoError() {
    DataDrift detector = DataDrift.against(BASELINE).windowOf(100).falseAlarmEvery(1_000_000);
    assertThat(feed(detector, 100, random -> Row.of(SCHEMA, Double.NaN, "", Double.NaN)))
        .isEqualTo(Level.DRIFT);
    assertThat(detector.signal().orElseThrow().moved())
        .extracting(ColumnShift::to)
        .containsExactly("missing 100 %", "missing 100 %", "missing 100 %");
    assertThat(detector.skipped()).isZero();
  }

  /** Then none of the kinds that are frequent enough for chi-square is in the window. */
  @Test
  void aWindowOfRareKindsAloneIsAChangeAndNoError() {
    Schema schema = Schema.of(Column.category("channel"));
    Map<String, Long> counts =
        Map.of("web", 5_000L, "shop", 2_500L, "phone", 1_500L, "fax", 700L, "post", 300L);
    DataDrift detector = DataDrift.against(Baseline.builder(schema)
            .column(new CategoryProfile("channel", counts, 0, 0))
            .build())
        .windowOf(100)
        .falseAlarmEvery(1_000_000);
    for (int i = 0; i < 100; i++) {
      detector.update(Row.of(schema, "post"));
    }
    assertThat(detector.level()).isEqualTo(Level.DRIFT);
    assertThat(detector.signal().orElseThrow().moved().get(0).to()).contains("post 100 %");
    assertThat(detector.skipped()).isZero();
  }

  /** A column whose test throws in some windows. */
  private static final class Throwing extends ColumnWatch {
    private final int from;
    private final int to;
    private int windows;

    Throwing(ColumnProfile profile, int from, int to) {
      super(profile, 0, 0.0);
      this.from = from;
      this.to = to;
    }

    @Override
    void put(Row row, int place) {}

    @Override
    void clear() {}

    @Override
    void identify(DataOutput out) {}

    @Override
    void write(DataOutput out, int filled) {}

    @Override
    void read(DataInput in, int filled) {}

    @Override
    int mostBytes() {
      return 0;
    }

    @Override
    Comparison compare() {
      int now = windows++;
      if (now >= from && now < to) {
        throw new IllegalStateException("too few values: " + now);
      }
      return new Comparison(1.0, 0.0, 0, 100) {
        @Override
        ColumnShift values() {
          throw new AssertionError("nothing moved");
        }
      };
    }
  }

  private static DataDrift throwing(int from, int to) {
    DataDrift detector = DataDrift.against(BASELINE).windowOf(100).falseAlarmEvery(1_000_000);
    detector.columns().set(0, new Throwing(BASELINE.columns().get(0), from, to));
    return detector;
  }

  @Test
  void aTestThatThrowsLeavesTheOtherColumnsJudgedAndTheWindowIsLetGo() {
    DataDrift detector = throwing(1, 3);
    assertThat(feed(detector, 100, DataDriftTest::calm)).isEqualTo(Level.STABLE);
    assertThat(detector.notes()).isEmpty();

    assertThat(feed(detector, 99, random -> row(random, 2, 0.7, 0.01))).isEqualTo(Level.STABLE);
    assertThat(feed(detector, 1, random -> row(random, 2, 0.7, 0.01))).isEqualTo(Level.DRIFT);
    assertThat(detector.signal().orElseThrow().moved())
        .extracting(ColumnShift::column)
        .containsExactly("channel");
    assertThat(detector.signal().orElseThrow().index()).isEqualTo(199);
    assertThat(detector.notes())
        .singleElement()
        .asString()
        .contains("amount", "rows 100 to 199", "IllegalStateException: too few values: 1");

    // The window was let go: the next judgement is a whole window later, not with the next row.
    assertThat(feed(detector, 99, DataDriftTest::calm)).isEqualTo(Level.WARMING_UP);
    assertThat(detector.notes()).singleElement().asString().contains("too few values: 1");
    assertThat(feed(detector, 1, DataDriftTest::calm)).isEqualTo(Level.STABLE);
    assertThat(detector.notes()).singleElement().asString().contains("rows 200 to 299");
    detector.reset();
    assertThat(detector.notes()).isEmpty();
  }

  /** Absence of evidence is not stability. */
  @Test
  void whereNoColumnCouldBeComparedNothingIsStable() {
    DataDrift detector = throwing(0, 1);
    detector.columns().subList(1, 3).clear();
    assertThat(feed(detector, 100, DataDriftTest::calm)).isEqualTo(Level.WARMING_UP);
    assertThat(feed(detector, 100, DataDriftTest::calm)).isEqualTo(Level.STABLE);
  }

  @Test
  void aKindThatTheBaselineDoesNotKnowIsFoundAndNamed() {
    Schema schema = Schema.of(Column.category("channel"));
    Baseline baseline = Baseline.builder(schema)
        .column(new CategoryProfile("channel", Map.of("shop", 1_000_000L), 0, 0))
        .build();
    DataDrift detector = DataDrift.against(baseline).windowOf(100).falseAlarmEvery(1_000_000);
    for (int i = 0; i < 100; i++) {
      detector.update(Row.of(schema, i % 10 == 0 ? "new\n" + "x".repeat(80) : "shop"));
    }
    assertThat(detector.level()).isEqualTo(Level.DRIFT);
    ColumnShift moved = detector.signal().orElseThrow().moved().get(0);
    String name = "unlisted kinds such as new\\u000a" + "x".repeat(60) + "…";
    assertThat(moved.from()).isEqualTo("shop 100 %, " + name + " 0 %");
    assertThat(moved.to()).isEqualTo("shop 90 %, " + name + " 10 %");
  }

  @Test
  void theNameOfAnUnlistedKindIsThatOfItsOwnWindow() {
    Schema schema = Schema.of(Column.category("channel"));
    Baseline baseline = Baseline.builder(schema)
        .column(new CategoryProfile("channel", Map.of("shop", 1_000L), 0, 0))
        .build();
    DataDrift detector = DataDrift.against(baseline).windowOf(100).falseAlarmEvery(10_000);
    for (int i = 0; i < 200; i++) {
      detector.update(Row.of(schema, i % 10 != 1 ? "shop" : i < 100 ? "first" : "second"));
    }
    assertThat(detector.signal().orElseThrow().moved().get(0).to())
        .isEqualTo("shop 90 %, unlisted kinds such as second 10 %");
  }

  @Test
  void kindsThatTheBaselineOnlyCountedAreNoNews() {
    Schema schema = Schema.of(Column.category("channel"));
    Baseline baseline = Baseline.builder(schema)
        .column(new CategoryProfile("channel", Map.of("shop", 700L), 300, 0))
        .build();
    DataDrift detector = DataDrift.against(baseline).windowOf(100).falseAlarmEvery(10_000);
    for (int i = 0; i < 100; i++) {
      detector.update(Row.of(schema, i < 70 ? "shop" : "kind " + i));
    }
    assertThat(detector.level()).isEqualTo(Level.STABLE);
  }

  @Test
  void theColumnThatMovedMostSurelyComesFirst() {
    DataDrift detector = DataDrift.against(BASELINE).windowOf(1_000).falseAlarmEvery(1_000_000);
    assertThat(feed(detector, 1_000, random -> row(random, -0.4, 0.9, 0.01)))
        .isEqualTo(Level.DRIFT);
    Signal signal = detector.signal().orElseThrow();
    assertThat(signal.moved()).extracting(ColumnShift::column).containsExactly("channel", "amount");
    assertThat(signal.moved().get(1).direction()).isEqualTo(Direction.DOWN);
    assertThat(signal.direction()).isEqualTo(Direction.OTHER);
  }

  /** 500 : 500 against 38 : 62 has p = 0.0272 (scipy 1.10.1 fisher_exact), of two tests with its missing values: 0.0544. */
  @ParameterizedTest
  @CsvSource({"1700, DRIFT", "1900, WARNING", "17000, WARNING", "19000, STABLE"})
  void theLevelIsWindowByPromiseAndTenTimesThatAWarning(long every, Level wanted) {
    Schema schema = Schema.of(Column.category("coin"));
    Baseline baseline = Baseline.builder(schema)
        .column(new CategoryProfile("coin", Map.of("heads", 500L, "tails", 500L), 0, 0))
        .build();
    DataDrift detector = DataDrift.against(baseline).windowOf(100).falseAlarmEvery(every);
    for (int i = 0; i < 100; i++) {
      detector.update(Row.of(schema, i < 38 ? "heads" : "tails"));
    }
    assertThat(detector.level()).isEqualTo(wanted);
  }

  @Test
  void aWiderColumnMovedNeitherUpNorDown() {
    Schema schema = Schema.of(Column.number("x"));
    Baseline baseline = baseline(3, 2_000, random -> Row.of(schema, normal(random)));
    DataDrift detector = DataDrift.against(baseline).windowOf(1_000).falseAlarmEvery(1_000_000);
    assertThat(feed(detector, 1_000, random -> Row.of(schema, 3 * normal(random))))
        .isEqualTo(Level.DRIFT);
    assertThat(detector.signal().orElseThrow().direction()).isEqualTo(Direction.OTHER);
  }

  @Test
  void constantAndEmptyColumnsAndInfinitiesAreNoTrouble() {
    Schema schema = Schema.of(
        Column.number("constant"),
        Column.number("empty"),
        Column.category("none"),
        Column.number("x"));
    Baseline baseline = Baseline.builder(schema)
        .column(new NumberProfile("constant", 50, 0, 7, 0, 7, 7, new double[] {7, 7, 7, 7, 7}))
        .column(new NumberProfile("empty", 0, 50, 0, 0, 0, 0, new double[0]))
        .column(new CategoryProfile("none", Map.of(), 0, 50))
        .column(new NumberProfile("x", 3, 0, 0, 0, Double.NEGATIVE_INFINITY, 1, new double[] {
          Double.NEGATIVE_INFINITY, 0, 1
        }))
        .build();
    DataDrift detector = DataDrift.against(baseline).windowOf(30).falseAlarmEvery(1_000_000);
    for (int i = 0; i < 30; i++) {
      double x =
          i % 3 == 0 ? Double.NEGATIVE_INFINITY : i % 3 == 1 ? Double.POSITIVE_INFINITY : -0.0;
      detector.update(Row.of(schema, 7, Double.NaN, "", x));
    }
    assertThat(detector.level()).isEqualTo(Level.STABLE);
  }

  @Test
  void inTimeOnlyTheNewestRowsAtTheEndOfABlockAreJudged() {
    DataDrift detector =
        DataDrift.against(BASELINE).windowOf(100).falseAlarmEvery(Duration.ofDays(30));
    assertThat(feed(detector, 1_000, random -> row(random, 3, 0.9, 0.01)))
        .isEqualTo(Level.WARMING_UP);
    feed(detector, 100, DataDriftTest::calm);
    assertThat(detector.endBlock()).isEqualTo(Level.STABLE);
    // windows fill over several blocks
    feed(detector, 60, random -> row(random, 3, 0.9, 0.01));
    assertThat(detector.endBlock()).isEqualTo(Level.STABLE);
    assertThat(feed(detector, 60, random -> row(random, 3, 0.9, 0.01))).isEqualTo(Level.STABLE);
    assertThat(detector.endBlock()).isEqualTo(Level.DRIFT);
    Signal signal = detector.signal().orElseThrow();
    assertThat(signal.index()).isEqualTo(1_219);
    assertThat(signal.changePoint()).isEqualTo(1_120);
    assertThat(signal.threshold()).isEqualTo(Math.log10(720));
    assertThat(detector.endBlock()).isEqualTo(Level.WARMING_UP);
  }

  @Test
  void betweenWindowsNothingIsAllocated() {
    DataDrift detector = DataDrift.against(BASELINE).windowOf(100_000).falseAlarmEvery(100_000_000);
    SplittableRandom random = new SplittableRandom(5);
    Row[] rows = new Row[1_000];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = calm(random);
    }
    long least = Long.MAX_VALUE;
    for (int run = 0; run < 20; run++) {
      long before = Allocated.bytes();
      for (Row row : rows) {
        detector.update(row);
      }
      least = Math.min(least, Allocated.bytes() - before);
    }
    assertThat(least).as("bytes for " + rows.length + " rows").isLessThan(rows.length);
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> DataDrift.against(Baseline.builder(SCHEMA).build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a baseline must have the profile of a column to watch, but had none");
    for (int window : new int[] {29, 0, 1_000_001}) {
      assertThatThrownBy(() -> DataDrift.against(BASELINE).windowOf(window))
          .hasMessageContainingAll("be 30 to 1000000 rows", "was " + window);
    }
    assertThatThrownBy(() -> DataDrift.against(BASELINE).windowOf(100).falseAlarmEvery(100))
        .hasMessage(
            "a false alarm must be allowed less than once per window of 100, but was every 100 rows");
    assertThatThrownBy(
            () -> DataDrift.against(BASELINE).windowOf(100).falseAlarmEvery(Duration.ofHours(49)))
        .isInstanceOf(IllegalArgumentException.class);
    DataDrift detector = DataDrift.against(BASELINE).windowOf(100).falseAlarmEvery(1_000);
    Row other = Row.of(Schema.of(Column.number("amount"), Column.number("age")), 1, 2);
    assertThatThrownBy(() -> detector.update(other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            "at 2", "at 1", "is missing", "column channel (category)", "column age (number)");
  }
}
