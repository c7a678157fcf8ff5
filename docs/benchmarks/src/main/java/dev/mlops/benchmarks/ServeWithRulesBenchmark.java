package dev.mlops.benchmarks;

import static dev.mlops.api.monitor.Signals.failures;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.InputRule;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.benchmarks.Payments.Payment;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.rollout.ShadowPlan;
import dev.mlops.core.rollout.TrafficPlan;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Enforcement;
import dev.mlops.core.serve.Fallbacks;
import dev.mlops.core.serve.Mirror;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.core.tribuo.TribuoTrainer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;

/**
 * What enforcement, a canary, fallbacks and an overloaded shadow add to {@code serve}, as ratios to {@code plain} of the same run;
 * {@code ServeBenchmark} holds that against the bare model.
 *
 * <p>A batch of 256 requests under keys is sampled; a tick, not timed, comes after each 32 batches. Read the median, and the upper
 * percentiles for the shadow.
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
public class ServeWithRulesBenchmark {
  private static final int BATCH = 256;
  private static final int BATCHES_PER_TICK = 32;

  /** What the deployment is asked for. */
  @Param({"plain", "enforcement", "canary", "fallbacks", "mirror"})
  public String with;

  private final Payment[] inputs = new Payment[1_024];
  private final String[] keys = new String[1_024];
  private final ExecutorService background = Executors.newSingleThreadExecutor(task -> {
    Thread thread = new Thread(task, "mirror");
    thread.setDaemon(true);
    return thread;
  });
  private VersionStore store;
  private Deployment<Payment> deployment;
  private int next;
  private int batches;

  /** Keeps the steps of a rollout for as long as the benchmark runs. */
  private static final class Steps implements Journal {
    private final List<LoopEvent> events = new ArrayList<>();

    @Override
    public void append(LoopEvent event) {
      events.add(event);
    }

    @Override
    public List<LoopEvent> events() {
      return List.copyOf(events);
    }

    @Override
    public void close() {}
  }

  /** Trains two versions and serves the first, with what is asked for. */
  @Setup
  public void open() throws IOException {
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = Payments.draw(random);
      keys[i] = "customer-" + i;
    }
    List<Labelled<Row>> holdout = Payments.ROWS.labelled(Payments.labelled(2, 1_000));
    TribuoTrainer trainer =
        TribuoTrainer.classifier(Payments.ROWS.schema(), new LogisticRegressionTrainer());
    ModelPackage first = trainer
        .train(Payments.ROWS.labelled(Payments.labelled(1, 2_000)))
        .testedOn(holdout)
        .asPackage("payments");
    ModelPackage second = trainer
        .train(Payments.ROWS.labelled(Payments.labelled(4, 2_000)))
        .testedOn(holdout)
        .asPackage("payments");
    store = FileVersionStore.open(Files.createTempDirectory("benchmark"));
    Deployment.Builder<Payment> builder = Deployment.of(store, "payments@champion", Payments.ROWS)
        .firstRelease(() -> first)
        .journal(new Steps())
        .monitoredBy(MicrometerMonitor.config(new SimpleMeterRegistry()));
    switch (with) {
      case "enforcement" ->
        builder.enforcing(Enforcement.lossless()
            .on(InputRule.UNSEEN, Enforcement.Treatment.REJECT)
            .on(InputRule.OUT_OF_RANGE, Enforcement.Treatment.IMPUTE));
      case "fallbacks" -> builder.fallingBack(Fallbacks.none().atMost(64).orStandby());
      case "mirror" ->
        builder.mirroring(Mirror.on(background).queueing(64).within(Duration.ofMillis(5)));
      default -> {}
    }
    deployment = builder.open();
    Version candidate = store.publish(second);
    if (with.equals("canary")) {
      deployment.rollOut(
          candidate,
          TrafficPlan.canary(10)
              .eachFor(Long.MAX_VALUE / 2, Duration.ZERO)
              .rollingBackUnless(failures().atMost(0.5)));
    } else if (with.equals("mirror")) {
      deployment.rollOut(candidate, ShadowPlan.championChallenger());
    }
  }

  /** Ticks now and then between two batches, not timed: on a host another thread does it. */
  @TearDown(Level.Invocation)
  public void tick() {
    if (++batches % BATCHES_PER_TICK == 0) {
      deployment.tick();
    }
  }

  /** Says what became of the requests. */
  @TearDown
  public void close() {
    System.out.println(with + ": " + deployment.counts());
    deployment
        .rollouts()
        .forEach(rollout -> System.out.println(rollout + " " + rollout.mirrored()));
    deployment.close();
    store.close();
    background.shutdownNow();
  }

  /** A request under a key. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void serve(Blackhole sink) {
    for (int i = 0; i < BATCH; i++) {
      next = (next + 1) & (inputs.length - 1);
      sink.consume(deployment.serve(keys[next], inputs[next]));
    }
  }
}
