package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.LatencyFinding;
import dev.mlops.api.monitor.LatencyFinding.Cause;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Latency that grows for a scripted cause names that cause first. */
class LatencyGrowthTest {
  private static final Schema SCHEMA = Schema.of(Column.number("amount"));
  private static final Row ROW = Row.of(SCHEMA, 1.5);
  private static final double MILLISECOND = 1e6;

  private final ManualClock clock = new ManualClock();
  private final SplittableRandom random = new SplittableRandom(14);

  // What the world is like.
  private double model = 0.8 * MILLISECOND;
  private double binding = 0.1 * MILLISECOND;
  private double waiting;
  private double perUnit;
  private int size = 100;
  /** The share of the time that the collector pauses the program, in pauses of a tenth of a second. */
  private double paused = 0.01;

  private double load = 0.3;
  private double runnable = 1;

  private long nanos;
  private double pausedNanos;
  private double pauses;

  private final MicrometerMonitor monitor = open();
  private final Recorder recorder = recorder();

  private MicrometerMonitor open() {
    MonitorConfig config = MicrometerMonitor.config(new SimpleMeterRegistry()).clock(clock);
    config.draft.host = this::read;
    return config.open("payments");
  }

  private Recorder recorder() {
    Recorder seven = monitor.recorder("7", Baseline.builder(SCHEMA).build());
    monitor.champion("7");
    monitor.tick();
    return seven;
  }

  private Host.Reading read() {
    return new Host.Reading(
        nanos,
        Math.round(pausedNanos),
        Math.round(pauses),
        OptionalDouble.of(load),
        OptionalDouble.of(runnable),
        2);
  }

  /** Seconds of 300 calls each, whose times spread by a factor of about 1.3 either way. */
  private void seconds(int count) {
    for (int second = 0; second < count; second++) {
      for (int i = 0; i < 300; i++) {
        // A pause stretches what it falls into; a thread of r on p processors runs p / r of the
        // time.
        double stretched = (1 / (1 - paused)) * Math.max(1, runnable / 2);
        int of = size / 2 + random.nextInt(size);
        long inModel = Math.round((model + perUnit * of) * stretched * spread());
        long inBinding = Math.round(binding * stretched * spread());
        recorder.record(
            ROW,
            Classification.of("ok"),
            Call.took(inModel + inBinding)
                .withBinding(inBinding)
                .withStartDelay(Math.round(waiting * spread()))
                .withInputSize(of));
      }
      nanos += 1_000_000_000L;
      pausedNanos += paused * 1e9;
      pauses += paused * 10;
      monitor.tick();
    }
  }

  private double spread() {
    return Math.exp(0.3 * (random.nextDouble() + random.nextDouble() + random.nextDouble() - 1.5));
  }

  private Optional<LatencyFinding> finding() {
    return section().responseTimes().orElseThrow().growth();
  }

  private VersionEvidence section() {
    return monitor.evidence().champion().orElseThrow();
  }

  /** The six that an operator meets. */
  enum Script {
    SLOWER_MODEL(Cause.MODEL) {
      @Override
      void begin(LatencyGrowthTest world) {
        world.model *= 2;
      }
    },
    LARGER_INPUTS(Cause.INPUT_SIZE) {
      @Override
      void begin(LatencyGrowthTest world) {
        world.size *= 4;
      }
    },
    COLLECTOR_PRESSURE(Cause.COLLECTOR) {
      @Override
      void begin(LatencyGrowthTest world) {
        world.paused = 0.31;
      }
    },
    BUSY_PROCESSOR(Cause.PROCESSOR) {
      @Override
      void begin(LatencyGrowthTest world) {
        world.load = 1;
        world.runnable = 6;
      }
    },
    WAITING_BEFORE_THE_CALL(Cause.WAITING) {
      @Override
      void begin(LatencyGrowthTest world) {
        world.waiting = 2 * MILLISECOND;
      }
    },
    SLOW_ACCESSOR(Cause.BINDING) {
      @Override
      void begin(LatencyGrowthTest world) {
        world.binding *= 10;
      }
    };

    private final Cause cause;

    Script(Cause cause) {
      this.cause = cause;
    }

    abstract void begin(LatencyGrowthTest world);
  }

  @ParameterizedTest
  @EnumSource(Script.class)
  void theCauseIsNamedFirst(Script script) {
    perUnit = 0.005 * MILLISECOND;
    seconds(30);
    assertThat(finding()).as("calm").isEmpty();
    script.begin(this);
    seconds(8);
    LatencyFinding found = finding().orElseThrow();
    System.getLogger(LatencyGrowthTest.class.getName())
        .log(System.Logger.Level.INFO, script + ": " + found);
    assertThat(found.first()).as(found.toString()).isEqualTo(script.cause);
    assertThat(found.parts().get(0).share()).as(found.toString()).isGreaterThan(0.9);
    assertThat(found.n()).isEqualTo(1_200);
    assertThat(found.now()).isGreaterThan(found.before());
    assertThat(section().toString()).contains("slower: mean", script.cause.toString());
  }

  @Test
  void whatGrewIsToldInItsUnits() {
    seconds(30);
    paused = 0.31;
    seconds(8);
    LatencyFinding.Part pauses = finding().orElseThrow().parts().get(0);
    assertThat(pauses.before()).isEqualTo(0.01, within(1e-6));
    assertThat(pauses.now()).isEqualTo(0.31, within(1e-6));
    assertThat(pauses.toString())
        .contains("the collector", "pauses took 31 % of the time, was 1 %");
  }

  /** A call that comes during a pause waits for its end: that waiting is the collector's. */
  @Test
  void waitingForPausesIsTheCollectors() {
    waiting = 0.5 * MILLISECOND;
    seconds(30);
    paused = 0.2;
    waiting = 0.2 * 1e8 / 2; // half a pause of a tenth of a second, for a fifth of the calls
    seconds(8);
    assertThat(finding().orElseThrow().first()).isEqualTo(Cause.COLLECTOR);
  }

  @Test
  void twoCausesAreTold() {
    seconds(30);
    model += 0.6 * MILLISECOND;
    waiting = 0.4 * MILLISECOND;
    seconds(8);
    LatencyFinding found = finding().orElseThrow();
    assertThat(found.parts())
        .extracting(LatencyFinding.Part::cause)
        .containsExactly(Cause.MODEL, Cause.WAITING);
    assertThat(found.parts().get(0).share()).isEqualTo(0.6, within(0.05));
    assertThat(found.parts().get(1).share()).isEqualTo(0.4, within(0.05));
  }

  /** Ten minutes, without and with a tail in which one call of a hundred takes thirty times as long. */
  @ParameterizedTest
  @ValueSource(ints = {1, 30})
  void aCalmRunNamesNothing(int tail) {
    for (int second = 0; second < 600; second++) {
      one(tail);
      assertThat(finding()).as("second " + second).isEmpty();
    }
  }

  /** A second of 300 calls, of which nothing is known but the time they took. */
  private void one(int tail) {
    for (int i = 0; i < 300; i++) {
      double tailed = random.nextInt(100) == 0 ? tail : 1;
      recorder.record(ROW, Classification.of("ok"), Math.round(model * tailed * spread()));
    }
    nanos += 1_000_000_000L;
    monitor.tick();
  }

  @Test
  void aFindingGoesWhenLatencyIsWhatItWas() {
    seconds(30);
    model *= 2;
    seconds(8);
    assertThat(finding()).isPresent();
    model /= 2;
    seconds(8);
    assertThat(finding()).isEmpty();
  }

  /** A cold start is slow; what comes after it is the calm. */
  @Test
  void aColdStartIsNotTheCalm() {
    model *= 20;
    seconds(3);
    model /= 20;
    seconds(20);
    assertThat(finding()).isEmpty();
    model *= 2;
    seconds(8);
    assertThat(finding().orElseThrow().before().toNanos()).isLessThan(1_500_000);
  }

  @Test
  void aHostThatTellsNothingNamesTheModel() {
    load = 0;
    runnable = 0;
    for (int i = 0; i < 30; i++) {
      one(1);
    }
    model *= 2;
    for (int i = 0; i < 8; i++) {
      one(1);
    }
    assertThat(finding().orElseThrow().first()).isEqualTo(Cause.MODEL);
  }

  @Test
  void theHostOfThisProgramCanBeRead() {
    Host.Reading reading = JvmHost.HERE.read();
    assertThat(reading.processors()).isPositive();
    assertThat(reading.pausedNanos()).isNotNegative();
    assertThat(JvmHost.HERE.read()).as("kept for a second").isSameAs(reading);
    assertThat(JvmHost.pauses("G1 Young Generation")).isTrue();
    assertThat(JvmHost.pauses("ZGC Pauses")).isTrue();
    assertThat(JvmHost.pauses("ZGC Major Cycles")).isFalse();
    assertThat(JvmHost.pauses("Shenandoah Cycles")).isFalse();
  }
}
