package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Dependence;
import dev.mlops.drift.profile.Baselines;
import dev.mlops.drift.stream.SrEDetector;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WatcherTest {
  private static final Baseline BASELINE = Baseline.builder(
          Schema.of(Column.number("x")).positiveLabel("yes"))
      .quality(Metric.ACCURACY, Estimate.share(900, 1_000))
      .build();

  /** 1,000 right ones, then wrong ones, each a hundred positions after the one before. */
  @ParameterizedTest
  @ValueSource(ints = {1, 5, 64, 100, 1_000, 3_000})
  void keepsNoMorePlacesThanItWasGivenAndTellsTheNewest(int most) {
    Watch watch = Signals.quality("accuracy")
        .noWorseThanBaseline(0.02)
        .falseAlarmEvery(10_000)
        .watch();
    Watcher watcher = new Watcher(watch, null, BASELINE, BASELINE, most);
    SrEDetector byHand =
        SrEDetector.above(SrEDetector.upperLimit(100, 1_000) + 0.02).falseAlarmEvery(10_000);
    long input = 0;
    for (; watcher.reading().signal().isEmpty(); input++) {
      Truth truth = Truth.of(input < 1_000 ? "yes" : "no");
      watcher.matured(Classification.of("yes"), truth, 100 * input, input);
      byHand.update(input < 1_000 ? 0 : 1);
      assertThat(watcher.places()).isLessThanOrEqualTo(most);
    }
    long changePoint = byHand.signal().orElseThrow().changePoint();
    assertThat(watcher.reading().changePosition())
        .as("of the change, or the oldest that is kept")
        .hasValue(100 * Math.max(changePoint, input - most));
  }

  private static Watcher of(double tolerance, long right, long tested) {
    Watch watch = Watch.quality(Metric.ACCURACY, tolerance, FalseAlarms.every(100_000));
    Schema schema = Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION);
    Baseline baseline = Baseline.builder(schema)
        .quality(Metric.ACCURACY, Estimate.share(right, tested))
        .build();
    return new Watcher(watch, null, baseline, baseline, 64);
  }

  /** The fall that is announced is found about when it is announced, by the detector itself. */
  @Test
  void whatAWatchSaysItFindsItFinds() {
    Watcher watcher = of(0.02, 900, 1_000);
    double limit = 1 - watcher.reading().limit().orElseThrow();
    assertThat(watcher.findsNothing()).isFalse();
    Matcher said = Pattern.compile("finds accuracy below ([0-9.]+) within about 1000 inputs")
        .matcher(watcher.note());
    assertThat(said.find()).as(watcher.note()).isTrue();
    double rate = 1 - Double.parseDouble(said.group(1));
    long sum = 0;
    int runs = 200;
    for (int seed = 0; seed < runs; seed++) {
      Random random = new Random(seed);
      SrEDetector detector = SrEDetector.above(limit).falseAlarmEvery(100_000);
      do {
        sum++;
      } while (detector.update(random.nextDouble() < rate ? 1 : 0) != Level.DRIFT);
    }
    assertThat((double) sum / runs).isBetween(600.0, 1_500.0);
  }

  @Test
  void aWatchThatCanFindNothingKnowsIt() {
    assertThat(of(0.95, 900, 1_000).findsNothing())
        .as("a limit above every loss")
        .isTrue();
    Watcher hopeless = of(0.6, 4, 10);
    assertThat(hopeless.findsNothing()).as(hopeless.note()).isTrue();
    assertThat(of(0.3, 190, 269).findsNothing()).isFalse();
  }

  private static double limit(Dependence first, Dependence champion) {
    Watch watch = Watch.quality(Metric.ACCURACY, 0.02, FalseAlarms.every(100_000));
    Baseline.Builder tested = Baseline.builder(
            Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION))
        .quality(Metric.ACCURACY, Estimate.share(1_800, 2_000));
    return 1
        - new Watcher(
                watch,
                null,
                tested.dependence(first).build(),
                tested.dependence(champion).build(),
                64)
            .reading()
            .limit()
            .orElseThrow();
  }

  /** 2,000 rows of four times the variance tell as much as 500: the bound of the error is that of 50 wrong ones in 500. */
  @Test
  void rowsThatDependOnEachOtherWidenTheLimit() {
    Dependence four = new Dependence(2_000, 16, 4.0, 256, false);
    Dependence short9 = new Dependence(300, 16, 9.0, 32, true);

    assertThat(limit(Dependence.none(), Dependence.none()))
        .isCloseTo(SrEDetector.upperLimit(200, 2_000) + 0.02, within(1e-12));
    assertThat(limit(four, Dependence.none()))
        .isCloseTo(SrEDetector.upperLimit(50, 500) + 0.02, within(1e-12));
    assertThat(limit(Dependence.none(), four)).isEqualTo(limit(four, Dependence.none()));
    assertThat(limit(four, short9))
        .as("a short test phase of a later version says little of it")
        .isEqualTo(limit(four, four));
  }

  /** Serves 300 rows of which one column moved by half of its range, and one did not. */
  private static boolean moved(Watch watch) {
    Schema schema = Schema.of(Column.number("a"), Column.number("b"));
    Random random = new Random(5);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      rows.add(Row.of(schema, random.nextDouble(), random.nextDouble()));
    }
    Baseline baseline = Baselines.from(
        schema.predicting(Task.CLASSIFICATION),
        rows,
        Collections.nCopies(1_000, Classification.of("x")),
        Collections.nCopies(1_000, Truth.of("x")));
    Watcher watcher = new Watcher(watch, null, baseline, baseline, 64);
    for (int i = 0; i < 300; i++) {
      watcher.served(Row.of(schema, random.nextDouble() + 0.5, random.nextDouble()), 0);
    }
    return watcher.reading().signal().isPresent();
  }

  @Test
  void windowLeastEffectAndIgnoredColumnsReachTheDetector() {
    Watch watch = Watch.features(FalseAlarms.every(100_000));
    assertThat(moved(watch)).as("300 rows do not fill a window of 1,000").isFalse();
    assertThat(moved(watch.windowOf(100))).isTrue();
    assertThat(moved(watch.windowOf(100).ignoring("a"))).isFalse();
    assertThat(moved(watch.windowOf(100).leastEffect(0.9))).isFalse();
    assertThat(moved(watch.windowOf(100).leastEffect(0.2))).isTrue();
    assertThat(moved(watch.windowOf(100).leastEffect("a", 0.9))).isFalse();
  }
}
