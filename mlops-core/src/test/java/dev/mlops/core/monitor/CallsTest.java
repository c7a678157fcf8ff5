package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.WatchCondition;
import dev.mlops.api.pack.Baseline;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a call says beyond the time it took, and what a failure says of its cause. */
class CallsTest {
  private static final Schema SCHEMA = Schema.of(Column.number("amount")).positiveLabel("yes");
  private static final Row ROW = Row.of(SCHEMA, 1.5);
  private static final Classification YES = Classification.of("yes");
  private static final Baseline BASELINE = Baseline.builder(SCHEMA)
      .quality(Metric.ACCURACY, Estimate.share(900, 1_000))
      .build();

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final ManualClock clock = new ManualClock();

  private MicrometerMonitor open(UnaryOperator<MonitorConfig> knobs) {
    return knobs.apply(MicrometerMonitor.config(registry).clock(clock)).open("fraud");
  }

  private static Recorder serving(MicrometerMonitor monitor) {
    Recorder recorder = monitor.recorder("1", BASELINE);
    monitor.champion("1");
    return recorder;
  }

  private static VersionEvidence champion(MicrometerMonitor monitor) {
    return monitor.evidence().champion().orElseThrow();
  }

  /** 400 wrong answers about 20 days of events, all recorded within one minute: 20 days of blocks, so it is found. */
  @Test
  void blocksAreThoseOfTheEvents() {
    WatchCondition watch =
        Signals.quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(Duration.ofDays(3));
    for (boolean told : new boolean[] {true, false}) {
      MicrometerMonitor monitor = open(config -> config.watching(watch));
      Recorder recorder = serving(monitor);
      Instant first = clock.instant().minus(Duration.ofDays(20));
      for (int i = 0; i < 480; i++) {
        Call call = Call.took(1).withKey("order-" + i);
        Instant event = first.plus(Duration.ofHours(i));
        recorder.record(ROW, YES, told ? call.withEventTime(event) : call);
        monitor.truth("order-" + i, Truth.of("no"));
      }
      monitor.tick();
      assertThat(champion(monitor).drift(watch.watch()).orElseThrow().signal().isPresent())
          .as("told " + told)
          .isEqualTo(told);
      monitor.close();
    }
  }

  @Test
  void aCallWhoseArmOrSegmentIsTooLongIsDroppedAndCounted() {
    MicrometerMonitor monitor = open(config -> config);
    Recorder recorder = serving(monitor);
    String longest = "x".repeat(MicrometerMonitor.LONGEST);
    recorder.record(ROW, YES, Call.took(1).withArm(longest).withSegment(longest));
    recorder.record(ROW, YES, Call.took(1).withArm(longest + "x"));
    recorder.record(ROW, YES, Call.took(1).withSegment(longest + "x"));
    monitor.tick();
    assertThat(champion(monitor).recorded()).isEqualTo(1);
    assertThat(champion(monitor).dropped()).isEqualTo(2);
    assertThat(registry
            .get("mlops.predictions.dropped")
            .tag("cause", "key")
            .functionCounter()
            .count())
        .isEqualTo(2);
  }

  @Test
  void aSlotThatIsUsedAgainForgetsTheCallBefore() {
    MicrometerMonitor monitor = open(config -> config.buffering(2));
    Recorder recorder = serving(monitor);
    for (int i = 0; i < 10; i++) {
      long id = i % 2 == 0
          ? recorder.record(ROW, YES, Call.took(1).withArm("canary").withSegment("DE"))
          : recorder.record(ROW, YES, 1);
      monitor.truth(id, Truth.of("yes"));
      monitor.tick();
    }
    assertThat(monitor.outcomes().between(0, monitor.outcomes().end()))
        .extracting(
            outcome -> outcome.arm().isPresent(), outcome -> outcome.segment().isPresent())
        .containsExactlyElementsOf(
            IntStream.range(0, 10).mapToObj(i -> tuple(i % 2 == 0, i % 2 == 0)).toList());
  }

  @Test
  void failuresAreCountedByTheClassThatWasThrown() {
    MicrometerMonitor monitor = open(config -> config);
    Recorder recorder = serving(monitor);
    recorder.failure(1, new IllegalStateException("a"));
    recorder.failure(1, new IllegalStateException("b"));
    recorder.failure(1, new OutOfMemoryError("pretended"));
    recorder.failure(1, null);
    monitor.tick();
    assertThat(failed("IllegalStateException")).isEqualTo(2);
    assertThat(failed("OutOfMemoryError")).isEqualTo(1);
    assertThat(failed("none")).isEqualTo(1);
    assertThat(failed("other")).isZero();
    assertThat(champion(monitor).failures()).isEqualTo(4);
  }

  @Test
  void theNumberOfCausesIsBounded() {
    Failures failures = new Failures();
    for (Class<? extends Throwable> each : EXCEPTIONS) {
      try {
        failures.add(each.getDeclaredConstructor().newInstance());
      } catch (ReflectiveOperationException e) {
        throw new AssertionError(e);
      }
    }
    failures.add(new RuntimeException() {
      private static final long serialVersionUID = 1;
    });
    assertThat(EXCEPTIONS).hasSize(16);
    assertThat(failures.byCause()).hasSize(Failures.MOST);
    assertThat(failures.byCause().get(Failures.OTHER).sum()).isEqualTo(3);
    assertThat(failures.sum()).isEqualTo(17);
  }

  private static final Collection<Class<? extends Throwable>> EXCEPTIONS = List.of(
      RuntimeException.class,
      IllegalStateException.class,
      IllegalArgumentException.class,
      ArithmeticException.class,
      ClassCastException.class,
      NullPointerException.class,
      IndexOutOfBoundsException.class,
      NegativeArraySizeException.class,
      UnsupportedOperationException.class,
      SecurityException.class,
      StackOverflowError.class,
      OutOfMemoryError.class,
      LinkageError.class,
      NumberFormatException.class,
      ArrayStoreException.class,
      IllegalMonitorStateException.class);

  private double failed(String cause) {
    FunctionCounter counter =
        registry.get("mlops.predictions.failed").tag("cause", cause).functionCounter();
    return counter.count();
  }
}
