package dev.mlops.benchmarks;

import static dev.mlops.api.monitor.Signals.features;
import static dev.mlops.api.monitor.Signals.latency;
import static dev.mlops.api.monitor.Signals.predictions;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.VersionStore;
import dev.mlops.benchmarks.Payments.Payment;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.core.tribuo.TribuoTrainer;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;

/**
 * What serving and recording add to a Tribuo logistic regression over twenty columns, beside the bare call and beside what
 * one would write by hand: an {@code AtomicReference} and a {@code Timer}.
 *
 * <p>What is sampled is a batch of 256 calls, so short that it usually runs uninterrupted: read the median, which other work
 * on the machine hardly moves; collections show in the upper percentiles and in {@code gc.time}. A tick, not timed, comes
 * after each 32 batches, and 8,192 predictions fit into the monitor's rings. What was dropped is printed at the end: a number
 * here is only worth something if that is 0. Allocation is of the whole process, ticks included.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 2)
// Memory that is touched for the first time costs more than the call that touches it.
@Fork(
    value = 3,
    jvmArgs = {"-Xms2g", "-Xmx2g", "-XX:+AlwaysPreTouch"})
@SuppressWarnings("NullAway.Init") // JMH calls open() first
public class ServeBenchmark {
  private static final int BATCH = 256;
  private static final int BATCHES_PER_TICK = 32;

  private final Payment[] inputs = new Payment[1_024];
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Timer timer = Timer.builder("by.hand").register(registry);
  private AtomicReference<Model> byHand;
  private Model model;
  private VersionStore store;
  private Deployment<Payment> deployment;
  private MetricsMonitor monitor;
  private Recorder recorder;
  private MetricsMonitor everything;
  private Recorder watching;
  private Prediction prediction;
  private int next;
  private int batches;

  /** Trains, releases and starts to tick. */
  @Setup
  public void open() throws IOException {
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = Payments.draw(random);
    }
    List<Labelled<Row>> history = Payments.ROWS.labelled(Payments.labelled(1, 2_000));
    List<Labelled<Row>> holdout = Payments.ROWS.labelled(Payments.labelled(2, 1_000));
    TribuoTrainer trainer =
        TribuoTrainer.classifier(Payments.ROWS.schema(), new LogisticRegressionTrainer());
    ModelPackage made = trainer.train(history).testedOn(holdout).asPackage("payments");
    Path folder = Files.createTempDirectory("benchmark");
    store = FileVersionStore.open(folder);
    deployment = Deployment.of(store, "payments@champion", Payments.ROWS)
        .firstRelease(() -> made)
        .monitoredBy(MicrometerMonitor.config(registry))
        .open();
    model = deployment.load(made);
    byHand = new AtomicReference<>(model);
    monitor = MicrometerMonitor.config(new SimpleMeterRegistry()).open("alone");
    recorder = monitor.recorder("1", made.baseline().orElseThrow());
    monitor.champion("1");
    everything = MicrometerMonitor.config(new SimpleMeterRegistry())
        .truthWithin(Duration.ofDays(1))
        .answeringWithin(Duration.ofMillis(20))
        .watching(
            features().falseAlarmEvery(1_000_000),
            predictions().falseAlarmEvery(1_000_000),
            latency().p99NoWorseThanBaseline(1.5).falseAlarmEvery(1_000_000))
        .open("everything");
    watching = everything.recorder("1", made.baseline().orElseThrow());
    everything.champion("1");
    prediction = model.predict(Payments.ROWS.row(inputs[0]));
  }

  /** Ticks now and then between two batches, not timed: on a host another thread does it. */
  @TearDown(Level.Invocation)
  public void tick() {
    if (++batches % BATCHES_PER_TICK == 0) {
      deployment.tick();
      monitor.tick();
      everything.tick();
    }
  }

  /** Stops ticking and says what was dropped. */
  @TearDown
  public void close() {
    deployment.tick();
    monitor.tick();
    everything.tick();
    for (Evidence evidence :
        List.of(deployment.evidence(), monitor.evidence(), everything.evidence())) {
      evidence
          .champion()
          .ifPresent(champion -> System.out.println(
              evidence.model() + ": dropped " + champion.dropped() + " of " + champion.offered()));
    }
    deployment.close();
    monitor.close();
    everything.close();
    store.close();
  }

  private Payment input() {
    next = (next + 1) & (inputs.length - 1);
    return inputs[next];
  }

  /** The model alone: the row is bound and predicted. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void bareModel(Blackhole sink) {
    for (int i = 0; i < BATCH; i++) {
      sink.consume(model.predict(Payments.ROWS.row(input())));
    }
  }

  /** What one would write by hand. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void byHand(Blackhole sink) {
    for (int i = 0; i < BATCH; i++) {
      long start = System.nanoTime();
      sink.consume(byHand.get().predict(Payments.ROWS.row(input())));
      timer.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
    }
  }

  /** Serving from an alias, recorded with all columns. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void serve(Blackhole sink) {
    for (int i = 0; i < BATCH; i++) {
      sink.consume(deployment.serve(input()));
    }
  }

  /** Recording alone: one prediction of twenty columns. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void record(Blackhole sink) {
    for (int i = 0; i < BATCH; i++) {
      sink.consume(recorder.record(Payments.ROWS.row(input()), prediction, 1_000));
    }
  }

  /** The peer of recording: a time alone. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void timerRecord() {
    for (int i = 0; i < BATCH; i++) {
      timer.record(1_000, TimeUnit.NANOSECONDS);
    }
  }

  /** Recording with everything on: announced, under a key, its time in parts, features, predictions and latency watched. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void recordEverything(Blackhole sink) {
    for (int i = 0; i < BATCH; i++) {
      watching.started();
      sink.consume(
          watching.record("payment-4711", Payments.ROWS.row(input()), prediction, 100, 200, 1_000));
    }
  }

  /** Recording under a key of the host's. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void recordByKey(Blackhole sink) {
    for (int i = 0; i < BATCH; i++) {
      sink.consume(recorder.record("payment-4711", Payments.ROWS.row(input()), prediction, 1_000));
    }
  }
}
