package dev.mlops.core.monitor;

import static dev.mlops.api.monitor.Signals.latency;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.monitor.WatchCondition;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Latency;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A quantile of latency is watched against the test phase. */
class LatencyWatchTest {
  private static final Schema SCHEMA = Schema.of(Column.number("amount"));
  private static final Row ROW = Row.of(SCHEMA, 1.5);
  private static final int TESTED = 2_000;
  private static final int SERVED = 20_000;
  private static final FalseAlarms RARE = FalseAlarms.every(4_000_000);

  /** About a millisecond, with a tail: the 99th percentile is three times the median. */
  private static long drawn(SplittableRandom random) {
    return Math.round(1e6 * Math.exp(0.5 * gaussian(random)));
  }

  private static double gaussian(SplittableRandom random) {
    return Math.sqrt(-2 * Math.log(1 - random.nextDouble()))
        * Math.cos(2 * Math.PI * random.nextDouble());
  }

  private static Baseline tested(SplittableRandom random) {
    return Baseline.builder(SCHEMA)
        .latency(
            Latency.of(LongStream.generate(() -> drawn(random)).limit(TESTED).toArray()))
        .build();
  }

  private static Watcher watcher(Watch watch, Baseline baseline) {
    return new Watcher(watch, null, baseline, baseline, 1);
  }

  /** How many predictions it took to signal; the number served if it did not. */
  private static int signalled(Watcher watcher, double slower, SplittableRandom random) {
    for (int i = 0; i < SERVED; i++) {
      watcher.took(Math.round(slower * drawn(random)), 0);
      if (watcher.reading().level() == Level.DRIFT) {
        return i + 1;
      }
    }
    return SERVED;
  }

  /** Signals of 1,000 equal streams, at the strictest limit; a promise of one in 4,000,000 allows 5 on 20,000 predictions. */
  @ParameterizedTest
  @ValueSource(doubles = {0.5, 0.99})
  void equalStreamsRarelySignal(double quantile) {
    SplittableRandom random = new SplittableRandom(99);
    Watch watch = Watch.latency(quantile, 1, RARE);
    int alarms = 0;
    for (int stream = 0; stream < 1_000; stream++) {
      if (signalled(watcher(watch, tested(random)), 1, random) < SERVED) {
        alarms++;
      }
    }
    say(quantile + " equal: " + alarms + " of 1000 streams signalled");
    assertThat(alarms).isLessThanOrEqualTo(5);
  }

  /** All times longer by half: what a watch of either quantile finds, and how soon. */
  @ParameterizedTest
  @ValueSource(doubles = {0.5, 0.99})
  void halfAsLongAgainIsFound(double quantile) {
    SplittableRandom random = new SplittableRandom(50);
    for (double times : new double[] {1, 1.1}) {
      Watch watch = Watch.latency(quantile, times, RARE);
      int[] delays = new int[100];
      for (int stream = 0; stream < delays.length; stream++) {
        delays[stream] = signalled(watcher(watch, tested(random)), 1.5, random);
      }
      Arrays.sort(delays);
      say("p" + Math.round(100 * quantile) + " up by half, " + times
          + " times allowed: found after a median of " + delays[50] + " predictions, 90 % after "
          + delays[90]);
      assertThat(delays[50]).as("median").isLessThan(times == 1 ? 2_500 : 8_000);
      assertThat(delays[times == 1 ? 97 : 90]).as("nearly all").isLessThan(SERVED);
    }
  }

  private static void say(String row) {
    System.getLogger(LatencyWatchTest.class.getName()).log(System.Logger.Level.INFO, row);
  }

  @Test
  void aConditionIsWhatItPrints() {
    for (WatchCondition condition : new WatchCondition[] {
      latency().p99NoWorseThanBaseline(1.5).falseAlarmEvery(100_000),
      latency().p50NoWorseThanBaseline(1).falseAlarmEvery(Duration.ofDays(30)).named("slow")
    }) {
      assertThat(Signals.parse(condition.toString())).isEqualTo(condition);
    }
    Condition written =
        Signals.parse("latency().p99NoWorseThanBaseline(1.5).falseAlarmEvery(100000)");
    assertThat(written.watches()).extracting(Watch::id).containsExactly("p99-worse-1.5");
    assertThat(written.expression().orElseThrow().limit()).hasValue(1.5);
    assertThatThrownBy(() -> Signals.parse("latency().p99NoWorseThanBaseline(1.5)"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("falseAlarmEvery");
    assertThatThrownBy(() -> latency().p99NoWorseThanBaseline(0.9))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(">= 1")
        .hasMessageContaining("0.9");
  }

  @Test
  void aTestPhaseThatIsTooShortIsToldOf() {
    Baseline few = Baseline.builder(SCHEMA).latency(Latency.of(new long[100])).build();
    DriftReading reading = watcher(Watch.latency(0.99, 2, RARE), few).reading();
    assertThat(reading.level()).isEqualTo(Level.WARMING_UP);
    assertThat(reading.note()).contains("no bound of p99", "n 100", "wanted 528");
    assertThat(watcher(Watch.latency(0.99, 2, RARE), Baseline.builder(SCHEMA).build())
            .reading()
            .note())
        .contains("no latency");
  }

  /** The model takes twice as long while binding does not: the condition fails, and says where to look; so does the log, once. */
  @Test
  void anAlarmSaysWhereToLook() {
    SplittableRandom random = new SplittableRandom(3);
    ManualClock clock = new ManualClock();
    WatchCondition slow = latency().p99NoWorseThanBaseline(1.2).falseAlarmEvery(1_000_000);
    long[] nanos = {0};
    MonitorConfig config =
        MicrometerMonitor.config(new SimpleMeterRegistry()).clock(clock).watching(slow);
    config.draft.host =
        () -> new Host.Reading(nanos[0], 0, 0, OptionalDouble.empty(), OptionalDouble.empty(), 2);
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class);
        MicrometerMonitor monitor = config.open("payments")) {
      Recorder recorder = monitor.recorder("7", tested(random));
      monitor.champion("7");
      monitor.tick();
      for (int second = 0; second < 50; second++) {
        for (int i = 0; i < 300; i++) {
          // Waiting and binding, which the test phase does not have, are not held against the
          // model.
          recorder.record(
              null,
              ROW,
              Classification.of("ok"),
              1_000_000,
              1_000_000,
              (second < 20 ? 1 : 2) * drawn(random));
        }
        nanos[0] += 1_000_000_000L;
        monitor.tick();
        if (second == 19) {
          assertThat(slow.test(monitor.evidence()).verdict()).isEqualTo(Verdict.PASS);
        }
      }
      Finding finding = slow.test(monitor.evidence());
      assertThat(finding.verdict()).isEqualTo(Verdict.FAIL);
      assertThat(finding.text()).contains("slower: mean");
      assertThat(log.messages()).filteredOn(text -> text.contains("are slower")).hasSize(1);
    }
  }

  /** Longer than 292 years, which nanoseconds cannot count. */
  @Test
  void aBoundBeyondAnyTimeLeavesNothingToFind() {
    Duration age = Duration.ofDays(200_000);
    Baseline baseline = Baseline.builder(SCHEMA)
        .latency(Latency.builder().p50(age).p99(age).upper(0.99, age).n(600).build())
        .build();
    Watcher watcher = watcher(Watch.latency(0.99, 2, RARE), baseline);
    assertThat(watcher.reading().level()).isEqualTo(Level.WARMING_UP);
    assertThat(watcher.reading().note()).contains("beyond any time");
  }
}
