package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.RowDetector;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.ResponseTimes;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.monitor.Window;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Latency;
import dev.mlops.core.alert.AlertEngine;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Meters by label, by column, of the loop and of alert rules. */
class MetersTest {
  private static final Schema SCHEMA = Schema.of(Column.number("amount")).positiveLabel("fraud");
  private static final Row ROW = Row.of(SCHEMA, 1.5);
  private static final Instant NOW = Instant.parse("2026-03-01T09:00:00Z");

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final ManualClock clock = new ManualClock();

  private MicrometerMonitor open(UnaryOperator<MonitorConfig> knobs) {
    return knobs.apply(MicrometerMonitor.config(registry).clock(clock)).open("payments");
  }

  private static Recorder serving(MicrometerMonitor monitor, Schema schema) {
    Recorder recorder = monitor.recorder("7", Baseline.builder(schema).build());
    monitor.champion("7");
    return recorder;
  }

  private double counted(String meter, String... tags) {
    return registry.get(meter).tags(tags).functionCounter().count();
  }

  private void assertDocumented() {
    for (Meter meter : registry.getMeters()) {
      if (meter.getId().getName().endsWith(".histogram")) {
        continue; // the buckets of a timer, which the registry makes of it
      }
      Meters documented = Arrays.stream(Meters.values())
          .filter(each -> each.id().equals(meter.getId().getName()))
          .findFirst()
          .orElseThrow();
      assertThat(meter.getId().getTags())
          .as(meter.getId().getName())
          .extracting(tag -> tag.getKey())
          .containsExactlyInAnyOrderElementsOf(documented.tagKeys());
    }
  }

  @Test
  void predictionsAndOutcomesAreCountedByLabel() {
    MicrometerMonitor monitor = open(config -> config);
    Recorder recorder = serving(monitor, SCHEMA);
    String[][] said = {
      {"fraud", "fraud"}, {"fraud", "ok"}, {"ok", "ok"}, {"ok", "ok"}, {"ok", "fraud"}
    };
    for (String[] each : said) {
      long id = recorder.record(ROW, Classification.of(each[0]), 1);
      monitor.truth(id, Truth.of(each[1]));
    }
    long open = recorder.record(ROW, Classification.of("fraud"), 1);
    monitor.tick();
    assertThat(counted("mlops.predictions.label", "version", "7", "label", "fraud"))
        .isEqualTo(3);
    assertThat(counted("mlops.predictions.label", "version", "7", "label", "ok"))
        .isEqualTo(3);
    assertThat(counted("mlops.outcomes", "truth", "ok", "prediction", "ok")).isEqualTo(2);
    assertThat(counted("mlops.outcomes", "truth", "fraud", "prediction", "ok")).isEqualTo(1);
    assertThat(counted("mlops.outcomes", "truth", "ok", "prediction", "fraud")).isEqualTo(1);
    assertThat(counted("mlops.outcomes", "truth", "fraud", "prediction", "fraud"))
        .isEqualTo(1);

    monitor.truth(open, Truth.of("ok"));
    monitor.truth(open, Truth.of("fraud"));
    monitor.tick();
    assertThat(counted("mlops.outcomes", "truth", "ok", "prediction", "fraud"))
        .as("a counter only grows: corrections are not counted")
        .isEqualTo(2);
    assertDocumented();
  }

  /** 1,000 labels: the positive one and the nine that came first have series of their own, even where it came last. */
  @Test
  void theNumberOfLabelsIsBoundedAndTheRestIsFolded() {
    MicrometerMonitor monitor = open(config -> config);
    Recorder recorder = serving(monitor, SCHEMA);
    for (int i = 0; i < 1_000; i++) {
      long id = recorder.record(ROW, Classification.of("kind " + i), 1);
      monitor.truth(id, Truth.of("kind " + (i + 1)));
    }
    monitor.truth(recorder.record(ROW, Classification.of("fraud"), 1), Truth.of("fraud"));
    recorder.record(ROW, Classification.of("(other)"), 1);
    recorder.record(ROW, Classification.of("x".repeat(101)), 1);
    monitor.tick();
    assertThat(registry.find("mlops.predictions.label").meters()).hasSize(11);
    assertThat(counted("mlops.predictions.label", "label", "kind 0")).isEqualTo(1);
    assertThat(counted("mlops.predictions.label", "label", "fraud")).isEqualTo(1);
    assertThat(counted("mlops.predictions.label", "label", "(other)")).isEqualTo(1_003 - 10);
    assertThat(registry.find("mlops.outcomes").meters()).hasSizeLessThanOrEqualTo(11 * 11);
    assertThat(registry.find("mlops.outcomes").functionCounters().stream()
            .mapToDouble(counter -> counter.count())
            .sum())
        .isEqualTo(1_001);
    assertThat(counted("mlops.outcomes", "truth", "(other)", "prediction", "(other)"))
        .isGreaterThan(900);
  }

  /** Response times as meters: the numbers are those of the evidence; those of a version go with it. */
  @Test
  void responseTimesAreShownAsTheEvidenceHasThem() {
    MicrometerMonitor monitor =
        open(config -> config.answeringWithin(Duration.ofMillis(20), Duration.ofNanos(250_000)));
    Recorder recorder = serving(monitor, SCHEMA);
    for (int i = 1; i <= 200; i++) {
      recorder.started();
      recorder.record(null, ROW, Classification.of("ok"), 50_000, 50_000, i * 1_000L);
    }
    recorder.started();
    clock.advance(Duration.ofSeconds(4));
    monitor.tick();
    ResponseTimes times =
        monitor.evidence().champion().orElseThrow().responseTimes().orElseThrow();
    Latency total = monitor.evidence().champion().orElseThrow().latency().orElseThrow();
    assertThat(total.p99()).isEqualTo(Duration.ofNanos(298_000));
    assertThat(shown("mlops.latency", "part", "total", "statistic", "p99")).isEqualTo(298e-6);
    assertThat(shown("mlops.latency", "part", "model", "statistic", "max")).isEqualTo(200e-6);
    assertThat(shown("mlops.latency", "part", "binding", "statistic", "mean")).isEqualTo(50e-6);
    assertThat(shown("mlops.latency", "part", "waiting", "statistic", "p50")).isEqualTo(50e-6);
    assertThat(counted("mlops.predictions.within", "limit", "20 ms")).isEqualTo(200);
    assertThat(times.within(Duration.ofNanos(250_000)).orElseThrow().value()).isEqualTo(0.75);
    assertThat(registry.find("mlops.predictions.within").functionCounters().stream()
            .mapToDouble(counter -> counter.count())
            .min())
        .hasValue(150);
    assertThat(shown("mlops.predictions.inflight")).isEqualTo(1);
    assertThat(times.inFlight()).hasValue(1);
    assertThat(shown("mlops.predictions.rate")).isEqualTo(50);
    assertThat(times.perSecond()).hasValue(50);
    assertThat(registry.find("mlops.latency.growth").meters()).isEmpty();
    assertDocumented();
    monitor.close();
    assertThat(registry.getMeters()).isEmpty();
  }

  private double shown(String meter, String... tags) {
    return registry.get(meter).tags(tags).gauge().value();
  }

  @Test
  void quantitiesHaveNoLabels() {
    MicrometerMonitor monitor = open(config -> config);
    Schema schema = Schema.of(Column.number("amount"));
    Recorder recorder = serving(monitor, schema);
    monitor.truth(recorder.record(Row.of(schema, 1.0), Regression.of(1), 1), Truth.of(2));
    monitor.tick();
    assertThat(registry.find("mlops.predictions.label").meters()).isEmpty();
    assertThat(registry.find("mlops.outcomes").meters()).isEmpty();
  }

  /** A signal in which 30 columns moved: 20 are shown, and none once it is answered. */
  @Test
  void driftByColumnIsBoundedAndGoesWithItsSignal() {
    List<ColumnShift> moved = IntStream.range(0, 30)
        .mapToObj(
            i -> new ColumnShift("c" + i, Direction.OTHER, "0", "1", (30 - i) / 100.0, i / 1000.0))
        .toList();
    Watch watch = Watch.own("mine");
    MicrometerMonitor monitor =
        open(config -> config.watching(watch, baseline -> new Moved(moved)));
    Recorder recorder = serving(monitor, SCHEMA);
    monitor.tick();
    assertThat(registry.find("mlops.drift.column").meters()).isEmpty();
    recorder.record(ROW, Classification.of("ok"), 1);
    monitor.tick();
    assertThat(registry.find("mlops.drift.column").gauges()).hasSize(20);
    assertThat(registry
            .get("mlops.drift.column")
            .tags("version", "7", "watch", watch.id(), "column", "c0")
            .gauge()
            .value())
        .isEqualTo(0.3);
    assertThat(registry.find("mlops.drift.column").tag("column", "c20").gauge()).isNull();
    assertDocumented();
    monitor.clearSignals("looked at it");
    monitor.tick();
    assertThat(registry.find("mlops.drift.column").meters()).isEmpty();
  }

  @Test
  void theShareOfColumnsThatMovedIsShownForTheMonitorsOwnWatchOfFeatures() {
    Condition moved = Signals.features().falseAlarmEvery(100_000);
    MicrometerMonitor monitor = open(config -> config.watching(moved));
    serving(monitor, SCHEMA);
    monitor.tick();
    assertThat(registry
            .get("mlops.drift.moved")
            .tags("version", "7", "watch", "features-moved")
            .gauge()
            .value())
        .isZero();
    assertDocumented();
  }

  /** Of the last hour in 24 parts: what is older goes, and what is not asked for is not counted. */
  @Test
  void theShareInTimeIsCountedOverTheWindowsThatConditionsAskFor() {
    Window hour = Window.of(Duration.ofHours(1));
    Duration limit = Duration.ofMillis(20);
    Condition lately = Signals.latency().within(limit).over(hour).atLeast(0.9);
    Condition always = Signals.latency().within(limit).atLeast(0.9);
    MicrometerMonitor monitor = open(config -> config.watching(lately, always));
    Recorder recorder = serving(monitor, SCHEMA);
    assertThat(monitor.lacks(lately)).isEmpty();
    assertThat(monitor.lacks(Signals.latency().within(limit).over("last 2 h").atLeast(0.9)))
        .singleElement(as(STRING))
        .contains("20 ms", "last 2 h");
    for (int i = 0; i < 300; i++) {
      recorder.record(ROW, Classification.of("ok"), i < 100 ? 21_000_000 : 20_000_000);
    }
    monitor.tick();
    assertThat(lately.test(monitor.evidence()).verdict()).isEqualTo(Verdict.FAIL);
    assertThat(monitor.evidence().tickAge()).hasValue(Duration.ZERO);
    clock.advance(Duration.ofMinutes(61));
    assertThat(monitor.evidence().tickAge()).hasValue(Duration.ofMinutes(61));
    assertThat(lately.test(monitor.evidence()).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    for (int i = 0; i < 200; i++) {
      recorder.record(ROW, Classification.of("ok"), 1_000_000);
    }
    monitor.tick();
    assertThat(lately.test(monitor.evidence()).verdict()).isEqualTo(Verdict.PASS);
    assertThat(always.test(monitor.evidence()).verdict()).isEqualTo(Verdict.FAIL);
  }

  /** Finds drift with its first row. */
  private static final class Moved implements RowDetector {
    private final List<ColumnShift> moved;
    private boolean found;

    Moved(List<ColumnShift> moved) {
      this.moved = moved;
    }

    @Override
    public Level update(Row row) {
      found = true;
      return level();
    }

    @Override
    public Level level() {
      return found ? Level.DRIFT : Level.STABLE;
    }

    @Override
    public Optional<Signal> signal() {
      return found
          ? Optional.of(new Signal(Direction.OTHER, 1, 0, 0, 2, 1, moved))
          : Optional.empty();
    }

    @Override
    public void reset() {
      found = false;
    }
  }

  @Test
  void candidatesOfTheLoopAreCountedByHowTheyEnded() {
    ModelMeters meters = ModelMeters.of(registry, "payments");
    assertThat(registry.getMeters()).isEmpty();
    Consumer<LoopEvent> loop = meters.loop();
    for (String outcome : List.of("promoted", "kept", "failed", "abandoned")) {
      assertThat(counted("mlops.loop.candidates", "model", "payments", "outcome", outcome))
          .isZero();
    }
    for (LoopEvent.Kind kind : List.of(
        LoopEvent.Kind.RETRAIN,
        LoopEvent.Kind.PUBLISHED,
        LoopEvent.Kind.KEPT,
        LoopEvent.Kind.RETRAIN,
        LoopEvent.Kind.FAILED,
        LoopEvent.Kind.RETRAIN,
        LoopEvent.Kind.PROMOTED,
        LoopEvent.Kind.KEPT)) {
      loop.accept(LoopEvent.builder(kind, NOW).build());
    }
    loop.accept(LoopEvent.builder("SOMETHING_NEWER", NOW).build());
    assertThat(counted("mlops.loop.retrains")).isEqualTo(3);
    assertThat(counted("mlops.loop.candidates", "outcome", "kept")).isEqualTo(2);
    assertThat(counted("mlops.loop.candidates", "outcome", "failed")).isEqualTo(1);
    assertThat(counted("mlops.loop.candidates", "outcome", "promoted")).isEqualTo(1);
    assertThat(counted("mlops.loop.candidates", "outcome", "abandoned")).isZero();
    assertDocumented();
    meters.close();
    meters.close();
    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void rolloutsAreCountedByHowTheyEndedAndTheShareIsShown() {
    ModelMeters meters = ModelMeters.of(registry, "payments");
    Consumer<LoopEvent> rollouts = meters.rollouts();
    assertThat(registry.get("mlops.rollout.share").gauge().value()).isZero();
    rollouts.accept(LoopEvent.builder(LoopEvent.Kind.ROLLING_OUT, NOW)
        .number("share", 5_000)
        .build());
    assertThat(registry.get("mlops.rollout.share").gauge().value()).isEqualTo(0.05);
    rollouts.accept(
        LoopEvent.builder(LoopEvent.Kind.STEPPING, NOW).number("share", 50_000).build());
    rollouts.accept(LoopEvent.builder(LoopEvent.Kind.PAUSED, NOW).build());
    assertThat(registry.get("mlops.rollout.share").gauge().value()).isEqualTo(0.5);
    rollouts.accept(LoopEvent.builder(LoopEvent.Kind.ROLLED_BACK, NOW).build());
    assertThat(registry.get("mlops.rollout.share").gauge().value()).isZero();
    assertThat(counted("mlops.rollouts", "model", "payments", "outcome", "rolled_back"))
        .isEqualTo(1);
    for (String outcome : List.of("promoted", "kept", "aborted", "abandoned", "failed")) {
      assertThat(counted("mlops.rollouts", "outcome", outcome)).isZero();
    }
    assertDocumented();
    meters.close();
    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void whatEvidenceSaysOfTheModelIsShown() {
    ModelMeters meters = ModelMeters.of(registry, "payments");
    Evidence known = Evidence.builder("payments", NOW)
        .modelAge(Duration.ofDays(1))
        .rollout(new Activity(Activity.State.BAKING, ""))
        .build();
    meters.show(known);
    assertThat(registry.get("mlops.model.age").gauge().value()).isEqualTo(86_400);
    assertThat(registry.get("mlops.rollout.state").gauge().value()).isEqualTo(3);
    assertThat(registry.find("mlops.loop.state").gauge()).isNull();
    meters.show(known.toBuilder()
        .rollout(new Activity(Activity.State.ROLLED_BACK, ""))
        .retraining(new Activity(Activity.State.HALTED, ""))
        .build());
    assertThat(registry.get("mlops.rollout.state").gauge().value()).isEqualTo(8);
    assertThat(registry.get("mlops.loop.state").gauge().value()).isEqualTo(12);
    meters.show(Evidence.builder("another", NOW)
        .rollout(new Activity(Activity.State.IDLE, ""))
        .build());
    assertThat(registry.get("mlops.rollout.state").gauge().value()).isEqualTo(8);
    assertDocumented();
    meters.show(Evidence.builder("payments", NOW).build());
    assertThat(registry.getMeters()).as("what is not known has no meter").isEmpty();
    meters.show(known);
    meters.close();
    meters.show(known);
    assertThat(registry.getMeters()).isEmpty();
  }

  /** By a real engine: pending, firing, resolved, and firing again. */
  @Test
  void alertsAreCountedByRuleAndStateAndTheirStateIsShown() {
    ModelMeters meters = ModelMeters.of(registry, "payments");
    boolean[] fails = {true};
    AlertEngine engine = AlertEngine.of(AlertRule.of(
            "slow", evidence -> fails[0] ? Finding.fail("slow") : Finding.pass("fast")))
        .to(meters.alerts())
        .on(Runnable::run);
    engine.evaluate(evidence("payments"));
    assertThat(registry
            .get("mlops.alert")
            .tags("model", "payments", "rule", "slow")
            .gauge()
            .value())
        .isEqualTo(2);
    fails[0] = false;
    engine.evaluate(evidence("payments"));
    assertThat(registry.get("mlops.alert").gauge().value()).isZero();
    fails[0] = true;
    engine.evaluate(evidence("payments"));
    assertThat(counted("mlops.alerts", "rule", "slow", "state", "firing")).isEqualTo(2);
    assertThat(counted("mlops.alerts", "rule", "slow", "state", "resolved")).isEqualTo(1);
    assertThat(counted("mlops.alerts", "rule", "slow", "state", "pending")).isZero();
    assertDocumented();
  }

  private static Evidence evidence(String model) {
    return Evidence.builder(model, NOW)
        .champion(VersionEvidence.builder("7").build())
        .build();
  }

  @Test
  void rulesAreBoundedOtherModelsAreLeftOutAndNothingThrows() throws Exception {
    ModelMeters meters = ModelMeters.of(registry, "payments");
    for (int i = 0; i < 200; i++) {
      meters.alerts().deliver(event("payments", "rule " + i, AlertEvent.State.PENDING));
    }
    meters.alerts().deliver(event("other", "elsewhere", AlertEvent.State.FIRING));
    assertThat(registry.find("mlops.alert").gauges()).hasSize(100);
    assertThat(registry.get("mlops.alert").tag("rule", "rule 0").gauge().value())
        .isEqualTo(1);
    assertThat(counted("mlops.alerts", "rule", "(other)", "state", "pending")).isEqualTo(100);
    assertThat(registry.find("mlops.alerts").tag("rule", "elsewhere").meter()).isNull();

    MeterRegistry broken = new SimpleMeterRegistry();
    broken.config().meterFilter(new MeterFilter() {
      @Override
      public Meter.Id map(Meter.Id id) {
        throw new IllegalStateException("a host's filter");
      }
    });
    ModelMeters unseen = ModelMeters.of(broken, "payments");
    assertThatCode(() -> {
          unseen.loop().accept(LoopEvent.builder(LoopEvent.Kind.KEPT, NOW).build());
          unseen.alerts().deliver(event("payments", "rule", AlertEvent.State.FIRING));
          unseen.close();
        })
        .doesNotThrowAnyException();
  }

  private static AlertEvent event(String model, String rule, AlertEvent.State state) {
    return AlertEvent.builder(model, rule, state, NOW, Finding.fail("it is so")).build();
  }
}
