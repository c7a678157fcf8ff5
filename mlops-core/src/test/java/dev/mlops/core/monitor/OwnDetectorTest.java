package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.drift.DetectorFactory;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.monitor.WatchCondition;
import dev.mlops.api.pack.Baseline;
import dev.mlops.drift.batch.DataDrift;
import dev.mlops.drift.profile.Baselines;
import dev.mlops.drift.stream.SrEDetector;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** A host's own detector, fed by a monitor alone. */
class OwnDetectorTest {
  private static final Schema SCHEMA = Schema.of(Column.number("amount"));
  private static final Row ROW = Row.of(SCHEMA, 1.5);
  private static final Watch ERRORS = Watch.own("errors.mine", Metric.ACCURACY);
  private static final Classification YES = Classification.of("yes");

  private final ManualClock clock = new ManualClock();

  private static Baseline baseline(int wrong) {
    return Baseline.builder(SCHEMA)
        .rows(1_000)
        .quality(Metric.ACCURACY, Estimate.share(1_000 - wrong, 1_000))
        .build();
  }

  private static Baseline profile(Schema schema, List<Row> rows) {
    return Baselines.from(
        schema,
        rows,
        Collections.nCopies(rows.size(), YES),
        Collections.nCopies(rows.size(), Truth.of("yes")));
  }

  private MicrometerMonitor open(Watch watch, DetectorFactory config) {
    MonitorConfig knobs = MicrometerMonitor.config(new SimpleMeterRegistry());
    knobs.draft.firstPosition = () -> 0;
    return knobs.clock(clock).watching(watch, config).open("fraud");
  }

  private static DriftReading reading(MicrometerMonitor monitor, Watch watch) {
    return monitor.evidence().champion().orElseThrow().drift(watch).orElseThrow();
  }

  /** Records predictions of which some are wrong, and gives their truths. */
  private static void serve(
      MicrometerMonitor monitor,
      Recorder recorder,
      List<Boolean> wrong,
      Duration apart,
      ManualClock clock) {
    for (boolean each : wrong) {
      long id = recorder.record(ROW, YES, 1_000);
      monitor.truth(id, Truth.of(each ? "no" : "yes"));
      monitor.tick();
      clock.advance(apart);
    }
  }

  private static List<Boolean> errors(long seed, int calm, int worse) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Boolean> wrong = new ArrayList<>();
    for (int i = 0; i < calm + worse; i++) {
      wrong.add(random.nextDouble() < (i < calm ? 0.08 : 0.4));
    }
    return wrong;
  }

  private static Signal byHand(ValueDetector detector, List<Boolean> wrong, int perBlock) {
    for (int i = 0; i < wrong.size(); i++) {
      Level level = detector.update(wrong.get(i) ? 1 : 0);
      if (perBlock > 0 && (i + 1) % perBlock == 0) {
        level = detector.endBlock();
      }
      if (level == Level.DRIFT) {
        return detector.signal().orElseThrow();
      }
    }
    throw new AssertionError("no drift in " + wrong.size());
  }

  /** A recorder of a version that the monitor is told is the champion. */
  private static Recorder serving(MetricsMonitor monitor, String version, Baseline baseline) {
    Recorder recorder = monitor.recorder(version, baseline);
    monitor.champion(version);
    return recorder;
  }

  /** The same signal, index and change point, with every hundredth input moved into a new detector by its state. */
  @Test
  void alarmsWhereOneFedByHandDoesAcrossItsState() {
    List<Boolean> wrong = errors(1, 400, 400);
    Supplier<ValueDetector> detectors = () -> SrEDetector.above(0.1).falseAlarmEvery(10_000);
    MicrometerMonitor monitor = open(ERRORS, baseline -> new Moving(detectors));
    serve(monitor, serving(monitor, "1", baseline(80)), wrong, Duration.ofSeconds(1), clock);

    DriftReading found = reading(monitor, ERRORS);
    Signal byHand = byHand(detectors.get(), wrong, 0);
    assertThat(found.signal()).contains(byHand);
    assertThat(found.changePosition()).hasValue(byHand.changePoint());
    assertThat(found.inputs()).isEqualTo(byHand.index() + 1);
  }

  @Test
  void endsBlocksOfADetectorThatCountsTime() {
    List<Boolean> wrong = errors(2, 400, 400);
    Supplier<ValueDetector> detectors = () -> SrEDetector.above(0.1)
        .falseAlarmEvery(
            FalseAlarms.every(Duration.ofHours(200)).inBlocksOf(Duration.ofMinutes(10)));
    MicrometerMonitor monitor = open(ERRORS, baseline -> detectors.get());
    serve(monitor, serving(monitor, "1", baseline(80)), wrong, Duration.ofMinutes(1), clock);
    clock.advance(Duration.ofHours(1));
    monitor.tick();

    assertThat(reading(monitor, ERRORS).signal()).contains(byHand(detectors.get(), wrong, 10));
  }

  /** The baseline's own limit, and a detector that begins anew with it; the same baseline again changes nothing. */
  @Test
  void beginsAnewWithAnotherBaselineAndOnlyThen() {
    DetectorFactory config = baseline -> {
      Estimate accuracy = baseline.quality(Metric.ACCURACY).orElseThrow();
      long n = accuracy.n();
      return SrEDetector.aboveEstimated(n - Math.round(accuracy.value() * n), n)
          .falseAlarmEvery(10_000);
    };
    List<Boolean> first = errors(3, 100, 0);
    List<Boolean> second = errors(4, 300, 400);
    MicrometerMonitor monitor = open(ERRORS, config);
    serve(monitor, serving(monitor, "1", baseline(80)), first, Duration.ofSeconds(1), clock);
    serve(monitor, serving(monitor, "2", baseline(80)), first, Duration.ofSeconds(1), clock);
    assertThat(reading(monitor, ERRORS).inputs()).isEqualTo(200);

    serve(monitor, serving(monitor, "3", baseline(120)), second, Duration.ofSeconds(1), clock);

    ValueDetector byHand = (ValueDetector) config.detector(baseline(120));
    assertThat(reading(monitor, ERRORS).signal()).contains(byHand(byHand, second, 0));
  }

  @Test
  void aConditionReadsItAndClearedSignalsStartItAfresh() {
    WatchCondition condition = Signals.quality("accuracy").watchedBy("errors.mine");
    assertThat(condition.watch()).isEqualTo(ERRORS);
    assertThat(condition).hasToString("quality(\"accuracy\").watchedBy(\"errors.mine\")");
    List<Boolean> wrong = errors(5, 100, 300);
    Supplier<ValueDetector> detectors = () -> SrEDetector.above(0.1).falseAlarmEvery(10_000);
    MicrometerMonitor monitor = open(ERRORS, baseline -> detectors.get());
    Recorder recorder = serving(monitor, "1", baseline(80));
    serve(monitor, recorder, wrong.subList(0, 29), Duration.ofSeconds(1), clock);
    assertThat(condition.test(monitor.evidence()).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    serve(monitor, recorder, wrong.subList(29, 60), Duration.ofSeconds(1), clock);
    assertThat(condition.test(monitor.evidence()).verdict()).isEqualTo(Verdict.PASS);
    serve(monitor, recorder, wrong.subList(60, wrong.size()), Duration.ofSeconds(1), clock);
    Finding found = condition.test(monitor.evidence());
    assertThat(found.verdict()).isEqualTo(Verdict.FAIL);

    monitor.clearSignals("looked");
    monitor.tick();
    serve(monitor, recorder, wrong, Duration.ofSeconds(1), clock);
    assertThat(reading(monitor, ERRORS).signal()).contains(byHand(detectors.get(), wrong, 0));
  }

  @Test
  void rowsGoToADetectorOfRows() {
    Watch rows = Watch.own("rows.mine");
    Schema schema = Schema.of(Column.number("amount"));
    List<Row> calm = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(6);
    for (int i = 0; i < 500; i++) {
      calm.add(Row.of(schema, random.nextDouble()));
    }
    Baseline baselineOfRows = profile(schema, calm);
    MicrometerMonitor monitor =
        open(rows, baseline -> DataDrift.against(baseline).windowOf(100).falseAlarmEvery(100_000));
    Recorder recorder = serving(monitor, "1", baselineOfRows);
    for (int i = 0; i < 300; i++) {
      recorder.record(Row.of(schema, random.nextDouble() + (i < 150 ? 0 : 2)), YES, 1_000);
      monitor.tick();
    }

    Signal signal = reading(monitor, rows).signal().orElseThrow();
    assertThat(signal.index()).isEqualTo(199);
    assertThat(signal.moved()).hasSize(1);
  }

  @Test
  void whatADetectorOrItsFactoryThrowsEndsThatWatchAndSaysSo() {
    WatchCondition condition = Signals.quality("accuracy").watchedBy("errors.mine");
    Supplier<ValueDetector> healthy = () -> SrEDetector.above(0.1).falseAlarmEvery(10_000);
    record Case(DetectorFactory config, String note) {}
    for (Case each : List.of(
        new Case(
            baseline -> {
              throw new AssertionError("config");
            },
            "its config threw java.lang.AssertionError"),
        new Case(
            baseline -> {
              throw new IllegalArgumentException("a baseline must have a mean");
            },
            "a baseline must have a mean"),
        new Case(
            baseline -> new Moving(healthy) {
              @Override
              public Level update(double value) {
                throw new StackOverflowError();
              }
            },
            "its detector threw java.lang.StackOverflowError and is fed no more until the baseline changes"),
        new Case(
            baseline -> DataDrift.against(profile(SCHEMA, List.of(ROW, ROW)))
                .windowOf(100)
                .falseAlarmEvery(1_000),
            "the config gave a DataDrift, wanted a ValueDetector"))) {
      MicrometerMonitor monitor = open(ERRORS, each.config());
      Recorder recorder = serving(monitor, "1", baseline(80));
      assertThatCode(
              () -> serve(monitor, recorder, errors(7, 50, 50), Duration.ofSeconds(1), clock))
          .doesNotThrowAnyException();
      DriftReading reading = reading(monitor, ERRORS);
      assertThat(reading.note()).isEqualTo(each.note());
      assertThat(reading.signal()).isEmpty();
      assertThat(condition.test(monitor.evidence()).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    }
  }

  @Test
  void aDetectorThatNobodyGaveIsInconclusive() {
    WatchCondition condition = Signals.quality("accuracy").watchedBy("errors.mine");
    MicrometerMonitor monitor = MicrometerMonitor.config(new SimpleMeterRegistry())
        .clock(clock)
        .watching(condition)
        .open("fraud");
    serve(
        monitor,
        serving(monitor, "1", baseline(80)),
        errors(8, 50, 0),
        Duration.ofSeconds(1),
        clock);

    Finding finding = condition.test(monitor.evidence());
    assertThat(finding.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(finding.toString())
        .contains("no detector of that name was given in MonitorFactory.watching");
  }

  @Test
  void refusesAWatchOfTheMonitorsOwn() {
    Watch watch = Signals.quality("accuracy")
        .noWorseThanBaseline(0.02)
        .falseAlarmEvery(1_000)
        .watch();
    assertThatThrownBy(() -> MicrometerMonitor.config(new SimpleMeterRegistry())
            .watching(watch, baseline -> SrEDetector.above(0.1).falseAlarmEvery(1_000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Watch.own", "was " + watch, "(Watch.own)");
  }

  /** Moves into a new detector by its state now and then. */
  private static class Moving implements ValueDetector {
    private final Supplier<ValueDetector> detectors;
    private ValueDetector detector;
    private int inputs;

    Moving(Supplier<ValueDetector> detectors) {
      this.detectors = detectors;
      this.detector = detectors.get();
    }

    @Override
    public Level update(double value) {
      Level level = detector.update(value);
      if (++inputs % 100 == 0) {
        ValueDetector next = detectors.get();
        ((StatefulDetector) next).restore(((StatefulDetector) detector).state());
        detector = next;
      }
      return level;
    }

    @Override
    public InputDomain domain() {
      return detector.domain();
    }

    @Override
    public Level level() {
      return detector.level();
    }

    @Override
    public Optional<Signal> signal() {
      return detector.signal();
    }

    @Override
    public void reset() {
      detector.reset();
    }

    @Override
    public long skipped() {
      return detector.skipped();
    }

    @Override
    public Level endBlock() {
      return detector.endBlock();
    }
  }
}
