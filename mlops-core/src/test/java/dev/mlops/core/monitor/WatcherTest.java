package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.drift.stream.SrEDetector;
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
}
