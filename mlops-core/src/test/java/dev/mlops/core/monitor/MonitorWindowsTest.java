package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.Standing;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Window;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Dependence;
import dev.mlops.core.alert.AlertEngine;
import dev.mlops.core.evidence.EvidenceJson;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Quality over several windows, and beside the test phase, of a monitor that serves. */
class MonitorWindowsTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION).positiveLabel("yes");
  private static final Classification YES = Classification.of("yes");
  private static final Truth TRUE = Truth.of("yes");
  private static final Truth FALSE = Truth.of("no");
  private static final Window DAY = Window.of(Duration.ofHours(24));
  private static final Row ROW = Row.of(SCHEMA, 1.0);

  private final ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private @Nullable MicrometerMonitor opened;

  @AfterEach
  void close() {
    if (opened != null) {
      opened.close();
    }
  }

  private MonitorConfig config() {
    return MicrometerMonitor.config(registry).clock(clock).buffering(4_096);
  }

  private Recorder open(MonitorConfig config, Baseline baseline) {
    opened = config.open("m");
    Recorder recorder = opened.recorder("1", baseline);
    opened.champion("1");
    return recorder;
  }

  private MicrometerMonitor monitor() {
    if (opened == null) {
      throw new AssertionError("no monitor was opened");
    }
    return opened;
  }

  private static Baseline tested() {
    return Baseline.builder(SCHEMA)
        .rows(10_000)
        .quality(Metric.ACCURACY, Estimate.share(9_000, 10_000))
        .build();
  }

  private VersionEvidence champion() {
    return monitor().evidence().champion().orElseThrow();
  }

  private void serve(Recorder recorder, int right, int wrong) {
    for (int i = 0; i < right + wrong; i++) {
      monitor().truth(recorder.record(ROW, YES, 1_000), i < right ? TRUE : FALSE);
      if (i % 1_000 == 999) {
        monitor().tick();
      }
    }
    monitor().tick();
  }

  private static double accuracy(Map<Metric, Estimate> quality) {
    return quality.get(Metric.ACCURACY).value();
  }

  @Test
  void eachWindowHoldsItsOwnOutcomes() {
    Recorder recorder = open(
        config().qualityOver(10).measuringOver(Window.sinceRelease(), Window.ofTruths(50), DAY),
        Baseline.builder(SCHEMA).build());
    serve(recorder, 0, 100);
    clock.advance(Duration.ofHours(24));
    serve(recorder, 60, 20);
    serve(recorder, 20, 0);
    VersionEvidence section = champion();
    assertThat(section.windows()).containsExactly(Window.sinceRelease(), Window.ofTruths(50), DAY);
    assertThat(accuracy(section.quality())).isEqualTo(1.0);
    assertThat(accuracy(section.quality(Window.sinceRelease()))).isEqualTo(0.4, within(1e-12));
    assertThat(accuracy(section.quality(Window.ofTruths(50)))).isEqualTo(0.6, within(1e-12));
    assertThat(accuracy(section.quality(DAY))).isEqualTo(0.8, within(1e-12));
    assertThat(section.quality(DAY, Metric.ACCURACY).orElseThrow().n()).isEqualTo(100);
    assertThat(section.quality(Window.ofTruths(7))).isEmpty();
  }

  /** It holds at least 23/24 of the time and at most all of it, also when nothing more comes. */
  @Test
  void aWindowOfTimeForgetsInParts() {
    Recorder recorder =
        open(config().measuringOver(DAY), Baseline.builder(SCHEMA).build());
    serve(recorder, 1, 1);
    clock.advance(Duration.ofHours(23));
    monitor().tick();
    assertThat(champion().quality(DAY, Metric.ACCURACY)).isPresent();
    clock.advance(Duration.ofHours(1));
    monitor().tick();
    assertThat(champion().quality(DAY)).isEmpty();
    assertThat(champion().quality()).isNotEmpty();
  }

  /** What has not matured is in the provisional windows alone. */
  @Test
  void provisionalAndMatureAreApart() {
    Recorder recorder = open(
        config().truthWithin(Duration.ofHours(2)).measuringOver(Window.sinceRelease()),
        Baseline.builder(SCHEMA).build());
    serve(recorder, 3, 1);
    assertThat(champion().quality(Window.sinceRelease())).isEmpty();
    assertThat(accuracy(champion().provisional(Window.sinceRelease()))).isEqualTo(0.75);
    clock.advance(Duration.ofHours(2));
    serve(recorder, 0, 4);
    assertThat(accuracy(champion().quality(Window.sinceRelease()))).isEqualTo(0.75);
    assertThat(accuracy(champion().provisional(Window.sinceRelease()))).isEqualTo(0.375);
  }

  /** A condition says which window it reads, also through an engine; its meter has the window as a tag. */
  @Test
  void whatConditionsAskIsMeasuredAndPublished() {
    Condition day = Signals.quality("accuracy").over(DAY).atLeast(0.9);
    Condition look = Signals.quality("accuracy").noWorseThanBaseline(0.05).atAnyLook();
    AlertEngine engine = AlertEngine.of(
            dev.mlops.api.alert.AlertRule.of("day", day),
            dev.mlops.api.alert.AlertRule.of("look", look))
        .to(event -> {})
        .on(Runnable::run);
    Recorder recorder = open(config().watching(engine), tested());
    serve(recorder, 200, 200);
    Evidence evidence = monitor().evidence();
    assertThat(day.test(evidence).verdict()).isEqualTo(Verdict.FAIL);
    assertThat(look.test(evidence).verdict()).isEqualTo(Verdict.FAIL);
    assertThat(champion().besideBaseline(Metric.ACCURACY, 0.05).orElseThrow().standing())
        .isEqualTo(Standing.WORSE);
    assertThat(champion().besideBaseline(Metric.ACCURACY).orElseThrow().standing())
        .isEqualTo(Standing.WORSE);
    assertThat(gauge("mlops.quality.window", "window", "24h").value()).isEqualTo(0.5);
    assertThat(gauge("mlops.quality.standing", "metric", "accuracy").value()).isEqualTo(2);
    clock.advance(Duration.ofHours(24));
    monitor().tick();
    assertThat(registry.find("mlops.quality.window").gauges()).isEmpty();
  }

  private Gauge gauge(String name, String key, String value) {
    return registry.get(name).tag(key, value).tag("metric", "accuracy").gauge();
  }

  /** Asked after every tick, a version as good as its test phase is never told worse, and in time no worse. */
  @Test
  void aGoodVersionIsShownToBeNoWorse() {
    Condition look = Signals.quality("accuracy").noWorseThanBaseline(0.05).atAnyLook();
    Recorder recorder = open(config().watching(look), tested());
    Random random = new Random(5);
    assertThat(look.test(monitor().evidence()).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    for (int i = 0; i < 3_000; i++) {
      monitor().truth(recorder.record(ROW, YES, 1_000), random.nextDouble() < 0.9 ? TRUE : FALSE);
      if (i % 20 == 0) {
        monitor().tick();
        assertThat(look.test(monitor().evidence()).verdict()).isNotEqualTo(Verdict.FAIL);
      }
    }
    assertThat(look.test(monitor().evidence()).verdict()).isEqualTo(Verdict.PASS);
  }

  @Test
  void moreThanEightWindowsAreRefused() {
    Window[] many = IntStream.rangeClosed(1, 9).mapToObj(Window::ofTruths).toArray(Window[]::new);
    assertThatThrownBy(() -> config().measuringOver(many))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("8")
        .hasMessageContaining("9");
  }

  /** Of dependent losses n tell as much as n / inflation: intervals are wider by its root. */
  @Test
  void intervalsKnowTheDependenceOfTheBaseline() {
    Baseline dependent = Baseline.builder(SCHEMA)
        .quality(Metric.ACCURACY, Estimate.share(900, 1_000))
        .dependence(new Dependence(5_000, 64, 9.0, 512, false))
        .build();
    Recorder recorder = open(config().measuringOver(Window.sinceRelease()), dependent);
    serve(recorder, 500, 500);
    Estimate plain = Estimate.share(500, 1_000);
    for (Estimate found : List.of(
        champion().quality(Metric.ACCURACY).orElseThrow(),
        champion().quality(Window.sinceRelease(), Metric.ACCURACY).orElseThrow(),
        champion().provisional().get(Metric.ACCURACY))) {
      assertThat(found.upper() - found.value())
          .isEqualTo(3 * (plain.upper() - plain.value()), within(1e-12));
      assertThat(found.value() - found.lower())
          .isEqualTo(3 * (plain.value() - plain.lower()), within(1e-12));
    }
  }

  /** Errors that come in runs, of which the baseline says nothing, are told once, with the remedy. */
  @Test
  void dependentErrorsThatNobodyToldAreWarnedOf() {
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      Recorder recorder = open(config(), tested());
      Random random = new Random(1);
      double chance = 0.02;
      for (int i = 0; i < 8_000; i++) {
        chance = random.nextDouble() < 0.02 ? 0.42 - chance : chance;
        monitor()
            .truth(recorder.record(ROW, YES, 1_000), random.nextDouble() < chance ? FALSE : TRUE);
        if (i % 500 == 499) {
          monitor().tick();
        }
      }
      assertThat(log.messages().stream().filter(line -> line.contains("depend on those before")))
          .singleElement()
          .asString()
          .contains("version 1 of m", "blocks of", "too narrow", "TestPhase");
    }
  }

  @Test
  void independentErrorsAreNot() {
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      Recorder recorder = open(config(), tested());
      Random random = new Random(1);
      for (int i = 0; i < 8_000; i++) {
        monitor().truth(recorder.record(ROW, YES, 1_000), random.nextDouble() < 0.1 ? FALSE : TRUE);
        if (i % 500 == 499) {
          monitor().tick();
        }
      }
      assertThat(log.messages()).noneMatch(line -> line.contains("depend on"));
    }
  }

  /** A host's metric that throws or is NaN for some rows leaves these out in every window, and serving goes on. */
  @Test
  void aHostsMetricThatThrowsLeavesOutItsRows() {
    Metric cost = Metric.builder("cost", Task.CLASSIFICATION)
        .meanOf(
            (said, right) -> {
              if (right.equals(FALSE)) {
                throw new IllegalStateException("bug");
              }
              return 3;
            },
            0,
            10)
        .build();
    Metric broken = Metric.builder("broken", Task.CLASSIFICATION)
        .meanOf((said, right) -> Double.NaN, 0, 10)
        .build();
    Recorder recorder = open(
        config()
            .measuring(cost, broken)
            .measuringOver(Window.sinceRelease(), Window.ofTruths(50), DAY),
        Baseline.builder(SCHEMA)
            .quality(cost, new Estimate(3, 2.9, 3.1, 100))
            .quality(broken, new Estimate(3, 2.9, 3.1, 100))
            .build());
    serve(recorder, 20, 10);
    VersionEvidence section = champion();
    assertThat(section.matured()).isEqualTo(30);
    assertThat(section.dropped()).isZero();
    for (Window window : section.windows()) {
      assertThat(section.quality(window, cost).orElseThrow().value()).isEqualTo(3.0);
      assertThat(section.quality(window, cost).orElseThrow().n()).isEqualTo(20);
      assertThat(section.quality(window, broken)).isEmpty();
      assertThat(section.quality(window, Metric.ACCURACY).orElseThrow().n()).isEqualTo(30);
    }
    assertThat(section.besideBaseline(cost).orElseThrow().n()).isEqualTo(20);
    assertThat(section.besideBaseline(broken).orElseThrow().standing())
        .isEqualTo(Standing.INCONCLUSIVE);
  }

  /** What a monitor says is read back equal. */
  @Test
  void itsEvidenceIsReadBackEqual() {
    Recorder recorder = open(
        config()
            .measuringOver(Window.sinceRelease(), DAY)
            .watching(Signals.quality("accuracy").noWorseThanBaseline(0.05).atAnyLook())
            .watching(Signals.quality("accuracy").noWorseThanBaseline(0.05).falseAlarmEvery(1_000)),
        tested());
    serve(recorder, 300, 300);
    Evidence evidence = monitor().evidence();
    assertThat(EvidenceJson.of(EvidenceJson.toBytes(evidence))).isEqualTo(evidence);
  }
}
