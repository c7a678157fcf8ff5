package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.RowDetector;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several monitors that share one intake. */
class IntakeTest {
  private static final Schema NUMBER = Schema.of(Column.number("x"));
  private static final Schema NAME = Schema.of(Column.category("kind"), Column.number("x"));
  private static final Classification YES = Classification.of("yes");
  private static final Truth TRUE = Truth.of("yes");
  private static final Truth FALSE = Truth.of("no");

  private final ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Intake intake = new Intake(1_024, Ring::new, new ReentrantLock());

  private MicrometerMonitor open(String model, UnaryOperator<MonitorConfig> knobs, Intake intake) {
    MonitorConfig config = MicrometerMonitor.config(registry).clock(clock);
    return new MicrometerMonitor(model, knobs.apply(config).draft, intake);
  }

  private MicrometerMonitor open(String model) {
    return open(model, config -> config, intake);
  }

  private static Recorder serving(MicrometerMonitor monitor, Schema schema) {
    Recorder recorder = monitor.recorder("1", Baseline.builder(schema).build());
    monitor.champion("1");
    return recorder;
  }

  private static VersionEvidence champion(MicrometerMonitor monitor) {
    return monitor.evidence().champion().orElseThrow();
  }

  private static List<Outcome> outcomes(MicrometerMonitor monitor) {
    List<Outcome> outcomes = new ArrayList<>();
    monitor.outcomes().visit(monitor.outcomes().begin(), monitor.outcomes().end(), outcomes::add);
    return outcomes;
  }

  /**
   * Three monitors, two of them with the same columns and all under the same keys, record and get truths in a random order, and
   * any of them ticks: each knows its own rows, keys and truths, and nothing of the others.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void nothingIsMixedUpBetweenMonitors(long seed) {
    Random random = new Random(seed);
    List<MicrometerMonitor> monitors = List.of(open("a"), open("b"), open("c"));
    List<Schema> schemas = List.of(NUMBER, NUMBER, NAME);
    List<Recorder> recorders = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      recorders.add(serving(monitors.get(i), schemas.get(i)));
    }
    List<Map<Long, Double>> given = List.of(new HashMap<>(), new HashMap<>(), new HashMap<>());
    int[] right = new int[3];
    Set<Long> ids = new HashSet<>();
    for (int step = 0; step < 3_000; step++) {
      int who = random.nextInt(3);
      double x = 10 * step + who;
      Row row = who == 2 ? Row.of(NAME, "kind " + step, x) : Row.of(NUMBER, x);
      String key = "order-" + step / 3;
      long id = recorders.get(who).record(key, row, YES, 1);
      assertThat(ids.add(id)).as("a new id").isTrue();
      given.get(who).put(id, x);
      boolean isRight = random.nextInt(4) > 0;
      right[who] += isRight ? 1 : 0;
      if (random.nextBoolean()) {
        monitors.get(who).truth(key, isRight ? TRUE : FALSE);
      } else {
        monitors.get(who).truth(id, isRight ? TRUE : FALSE);
      }
      if (random.nextInt(100) == 0) {
        monitors.get(random.nextInt(3)).tick();
      }
    }
    monitors.forEach(MicrometerMonitor::tick);
    for (int who = 0; who < 3; who++) {
      VersionEvidence known = champion(monitors.get(who));
      assertThat(known.recorded()).isEqualTo(given.get(who).size());
      assertThat(known.matured()).isEqualTo(given.get(who).size());
      assertThat(monitors.get(who).evidence().orphans()).isZero();
      int is = 0;
      for (Outcome outcome : outcomes(monitors.get(who))) {
        assertThat(outcome.row().number(who == 2 ? 1 : 0))
            .isEqualTo(given.get(who).get(outcome.id()));
        is += outcome.truth().equals(TRUE) ? 1 : 0;
      }
      assertThat(is).isEqualTo(right[who]);
    }
  }

  @Test
  void anIdOfAnotherMonitorIsAnOrphan() {
    MicrometerMonitor one = open("one");
    MicrometerMonitor two = open("two");
    long id = serving(one, NUMBER).record("key", Row.of(NUMBER, 1.0), YES, 1);
    serving(two, NUMBER);
    two.truth(id, TRUE);
    two.truth("key", TRUE);
    two.tick();
    assertThat(two.evidence().orphans()).isEqualTo(2);
    one.tick();
    assertThat(one.evidence().orphans()).isZero();
    assertThat(champion(one).open()).isEqualTo(1);
  }

  @Test
  void closingOneLeavesTheOther() {
    MicrometerMonitor one = open("one");
    MicrometerMonitor two = open("two");
    Recorder ofOne = serving(one, NUMBER);
    Recorder ofTwo = serving(two, NUMBER);
    ofOne.record(Row.of(NUMBER, 1.0), YES, 1);
    long id = ofTwo.record(Row.of(NUMBER, 2.0), YES, 1);
    one.close();
    ofOne.record(Row.of(NUMBER, 3.0), YES, 1);
    two.truth(id, TRUE);
    ofTwo.record(Row.of(NUMBER, 4.0), YES, 1);
    two.tick();
    assertThat(champion(one).recorded()).isEqualTo(1);
    assertThat(champion(one).dropped()).isEqualTo(1);
    assertThat(champion(two).recorded()).isEqualTo(2);
    assertThat(champion(two).dropped()).isZero();
    assertThat(champion(two).matured()).isEqualTo(1);
    assertThat(registry.find("mlops.predictions").tag("model", "two").timer()).isNotNull();
    assertThat(registry.find("mlops.predictions").tag("model", "one").timer()).isNull();
  }

  /** The row of the first closes it while it is read, so that its slot is published in rings that the second goes on using. */
  @Test
  void whatACloseOvertookIsDroppedByWhoeverDrainsTheRings() {
    MicrometerMonitor one = open("one");
    MicrometerMonitor two = open("two");
    Recorder ofOne = serving(one, NUMBER);
    Recorder ofTwo = serving(two, NUMBER);
    ofOne.record(closing(one), YES, 1);
    ofTwo.record(Row.of(NUMBER, 2.0), YES, 1);
    two.tick();
    assertThat(champion(two).recorded()).isEqualTo(1);
    assertThat(champion(one).offered()).isEqualTo(1);
    assertThat(champion(one).dropped()).isEqualTo(1);
  }

  /** The same in rings that nobody uses any more: the closed monitor drains them itself. */
  @Test
  void aClosedMonitorDrainsTheRingsThatItReleased() {
    MicrometerMonitor one = open("one");
    MicrometerMonitor two = open("two");
    serving(two, NAME);
    serving(one, NUMBER).record(closing(one), YES, 1);
    two.tick();
    for (int reading = 0; reading < 2; reading++) {
      assertThat(champion(one).dropped()).isEqualTo(1);
    }
    assertThat(champion(two).offered()).isZero();
  }

  private static Row closing(MicrometerMonitor monitor) {
    return new Row() {
      @Override
      public Schema schema() {
        return NUMBER;
      }

      @Override
      public double number(int column) {
        monitor.close();
        return 1;
      }

      @Override
      public String category(int column) {
        throw new UnsupportedOperationException();
      }
    };
  }

  @Test
  void ringsAreSharedByColumnsAndGivenBackWithTheirLastUser() {
    List<Schema> made = new ArrayList<>();
    Intake counting = new Intake(
        64,
        (schema, capacity) -> {
          made.add(schema);
          return new Ring(schema, capacity);
        },
        new ReentrantLock());
    MicrometerMonitor one = open("one", config -> config, counting);
    serving(one, NUMBER);
    int each = made.size();
    one.recorder("2", Baseline.builder(NUMBER).build());
    MicrometerMonitor two = open("two", config -> config, counting);
    Recorder ofTwo = serving(two, NUMBER);
    assertThat(made).as("one set for three versions of two monitors").hasSize(each);
    one.close();
    open("three", config -> config, counting)
        .recorder("1", Baseline.builder(NUMBER).build());
    assertThat(made).as("the second still uses them").hasSize(each);
    ofTwo.record(Row.of(NUMBER, 1.0), YES, 1);
    two.tick();
    assertThat(champion(two).recorded()).isEqualTo(1);
    two.close();
    serving(open("four", config -> config, counting), NAME);
    assertThat(made).as("other columns").hasSize(2 * each);
  }

  /** The newest 16 versions are kept; what the others used is given back unless a version of any monitor still uses it. */
  @Test
  void aForgottenVersionGivesItsRingsBack() {
    MicrometerMonitor one = open("one");
    Recorder first = one.recorder("first", Baseline.builder(NAME).build());
    for (int version = 0; version < 16; version++) {
      one.recorder("v" + version, Baseline.builder(NUMBER).build());
    }
    first.record(Row.of(NAME, "a", 1.0), YES, 1);
    assertThat(one.evidence().others()).hasSize(16);
    MicrometerMonitor two = open("two");
    Recorder ofTwo = serving(two, NAME);
    ofTwo.record(Row.of(NAME, "b", 2.0), YES, 1);
    one.tick();
    assertThat(champion(two).recorded()).isEqualTo(1);
  }

  /** A sink that fails misses its own; what another was given in between is not held up. */
  @Test
  void aMonitorThatFailsCostsTheOtherNothing() {
    MicrometerMonitor healthy = open("healthy");
    Recorder recorder = serving(healthy, NUMBER);
    List<Throwable> missed = new ArrayList<>();
    Section broken = new Section(
        new NoSink() {
          @Override
          public void take(Section section, Ring ring, int slot) {
            throw new StackOverflowError("a host's");
          }

          @Override
          public void missed(Throwable thrown) {
            missed.add(thrown);
          }
        },
        "1",
        Baseline.builder(NUMBER).build(),
        intake.use(NUMBER),
        MicrometerMonitor.config(new SimpleMeterRegistry()).qualityOver(5).draft);
    Recorder ofBroken = new SectionRecorder(intake, broken);
    for (int i = 0; i < 10; i++) {
      ofBroken.record(Row.of(NUMBER, 1.0), YES, 1);
      healthy.truth(recorder.record(Row.of(NUMBER, 2.0), YES, 1), TRUE);
    }
    healthy.tick();
    assertThat(missed).hasSize(10);
    assertThat(champion(healthy).matured()).isEqualTo(10);
  }

  /** A host's detector that asks its monitor while it is fed begins no second drain, which would take the same slot again. */
  @Test
  void aDetectorThatAsksItsMonitorCountsNothingTwice() {
    MicrometerMonitor[] asked = new MicrometerMonitor[1];
    RowDetector curious = new RowDetector() {
      @Override
      public Level update(Row row) {
        asked[0].recorder("2", Baseline.builder(NUMBER).build());
        asked[0].clearSignals("to see what happens");
        return Level.STABLE;
      }

      @Override
      public Level level() {
        return Level.STABLE;
      }

      @Override
      public Optional<Signal> signal() {
        return Optional.empty();
      }

      @Override
      public void reset() {}
    };
    Watch watch = Watch.own("curious");
    asked[0] = open("curious", config -> config.watching(watch, baseline -> curious), intake);
    Recorder recorder = serving(asked[0], NUMBER);
    for (int i = 0; i < 5; i++) {
      recorder.record(Row.of(NUMBER, i), YES, 1);
    }
    asked[0].tick();
    assertThat(champion(asked[0]).recorded()).isEqualTo(5);
    assertThat(champion(asked[0]).offered()).isEqualTo(5);
  }

  /** Threads record with two monitors and a third thread ticks either: every prediction and truth is counted once, by its own. */
  @Test
  void nothingIsLostWhenTwoMonitorsAreBusyAtOnce() throws Exception {
    Intake small = new Intake(256, Ring::new, new ReentrantLock());
    List<MicrometerMonitor> monitors =
        List.of(open("one", c -> c, small), open("two", c -> c, small));
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      List<Future<Set<Long>>> busy = new ArrayList<>();
      for (MicrometerMonitor monitor : monitors) {
        Recorder recorder = serving(monitor, NUMBER);
        for (int thread = 0; thread < 2; thread++) {
          busy.add(pool.submit(() -> {
            Set<Long> ids = new HashSet<>();
            for (int i = 0; i < 5_000; i++) {
              long id = recorder.record(Row.of(NUMBER, i), YES, 1);
              ids.add(id);
              monitor.truth(id, TRUE);
              if (i % 32 == 0) {
                monitors.get(i / 32 % 2).tick();
              }
            }
            return ids;
          }));
        }
      }
      Set<Long> ids = new HashSet<>();
      for (Future<Set<Long>> each : busy) {
        ids.addAll(each.get(60, TimeUnit.SECONDS));
      }
      assertThat(ids).hasSize(20_000);
    } finally {
      pool.shutdownNow();
    }
    for (MicrometerMonitor monitor : monitors) {
      monitor.tick();
      VersionEvidence known = champion(monitor);
      assertThat(known.offered()).isEqualTo(10_000);
      assertThat(known.matured() + monitor.evidence().orphans()).isEqualTo(10_000);
      assertThat(known.matured()).isEqualTo(known.recorded());
      assertThat(monitor.evidence().lostTruths()).isZero();
    }
  }
}
