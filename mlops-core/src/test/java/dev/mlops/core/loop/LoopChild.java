package dev.mlops.core.loop;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.rollout.ShadowPlan;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.ForeignStore;
import dev.mlops.core.serve.Served;
import dev.mlops.core.store.FileBackend;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.testkit.InMemoryMonitor;
import dev.mlops.testkit.ManualClock;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * A process with a deployment, a monitor and a loop of its own, on a folder that it shares with others. It does what it is told
 * line by line. At the moment that it was told to stop at, it says so and waits, as if it were asleep, until it is told to go on.
 */
final class LoopChild {
  static final Duration TTL = Duration.ofMinutes(5);

  final String name;
  private final Process process;
  private final BufferedReader out;

  private LoopChild(String name, Process process) {
    this.name = name;
    this.process = process;
    this.out = process.inputReader(UTF_8);
  }

  static LoopChild start(String name, Path store, Path log) throws IOException {
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx128m",
            "-cp",
            System.getProperty("java.class.path"),
            LoopChild.class.getName(),
            store.toString(),
            name)
        .redirectError(log.toFile())
        .start();
    return new LoopChild(name, process);
  }

  /** Tells it to do something, and what time it is. */
  void tell(Instant now, String what) throws IOException {
    process.outputWriter().write(now + " " + what + "\n");
    process.outputWriter().flush();
  }

  /** {@return what it answers} */
  String answer() throws IOException {
    String line = out.readLine();
    if (line == null) {
      throw new IOException(name + " has ended");
    }
    return line;
  }

  /** Kills it after a time, as {@code kill -9} does. */
  void killIn(Duration time) throws InterruptedException {
    process.waitFor(time.toNanos(), TimeUnit.NANOSECONDS);
    process.destroyForcibly().waitFor();
  }

  public static void main(String[] arguments) throws IOException {
    Path root = Path.of(arguments[0]);
    ManualClock clock = new ManualClock();
    try (BufferedReader told = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        FileBackend leases = FileBackend.open(root, clock);
        VersionStore store = FileVersionStore.open(root, clock)) {
      new Work(arguments[1], told, clock, store, Coordination.over(leases)).untilTheEnd();
    }
  }

  /** What the process does. */
  private static final class Work {
    private final BufferedReader told;
    private final ManualClock clock;
    private final SplittableRandom random;
    private final Outcomes outcomes;
    private final Deployment<Double> deployment;
    private final MaintenanceLoop loop;
    private final long begin;
    private String world = "A";
    private String stop = "";
    private long turnedAt;
    private long served;

    Work(
        String name,
        BufferedReader told,
        ManualClock clock,
        VersionStore store,
        Coordination leases)
        throws IOException {
      this.told = told;
      this.clock = clock;
      this.random = new SplittableRandom(name.hashCode());
      next(); // the time at which it begins
      InMemoryMonitor monitor = InMemoryMonitor.config().on(clock).open("iris");
      this.outcomes = monitor.outcomes();
      this.begin = outcomes.end();
      this.turnedAt = begin;
      this.deployment = Deployment.of(new Stopping(store), LoopScene.ALIAS, LoopScene.ROWS)
          .runtime(new LoopScene.ScriptedRuntime())
          .clock(clock)
          .ticker(clock)
          .monitoredBy(model -> monitor)
          .open();
      this.loop = MaintenanceLoop.of(deployment, new LoopScene.ScriptedTrainer())
          .retrainWhen(this::worse)
          .window(TrainingWindow.sinceChange(100, 400))
          .gate(evidence -> Finding.pass("fine"))
          .rollout(ShadowPlan.shadow())
          .reserves(0)
          .measuringDependence(false)
          .lease(leases, name, TTL)
          .on(Runnable::run)
          .clock(clock)
          .ticker(clock)
          .to(this::heard)
          .build();
    }

    void untilTheEnd() throws IOException {
      System.out.println("ready");
      for (String order = next(); !order.equals("end"); order = next()) {
        String[] words = order.split(" ", -1);
        switch (words[0]) {
          case "turn" -> {
            world = words[1];
            turnedAt = outcomes.end();
            System.out.println("turned");
          }
          case "stop" -> {
            stop = words.length > 1 ? words[1] : "";
            System.out.println("stops");
          }
          case "serve" -> System.out.println(serve(Integer.parseInt(words[1])));
          case "tick" -> {
            deployment.tick();
            loop.tick();
            System.out.println("ticked " + loop);
          }
          default -> throw new IllegalArgumentException(order);
        }
      }
      loop.close();
      deployment.close();
    }

    /** Waits for the next line, and sets the clock by it. */
    private String next() throws IOException {
      String line = told.readLine();
      if (line == null) {
        throw new IOException("the parent has ended");
      }
      int blank = line.indexOf(' ');
      clock.set(Instant.parse(line.substring(0, blank)));
      return line.substring(blank + 1);
    }

    /** Serves rows whose truth is known at once, and says how many were answered rightly. */
    private String serve(int rows) {
      int right = 0;
      for (int i = 0; i < rows; i++) {
        double x = random.nextDouble();
        Served answer = deployment.serve(x); // what it throws ends the process, and fails the test
        String truth = LoopScene.Scripted.label(world, x);
        right += Truth.of(truth).matches((Classification) answer.prediction()) ? 1 : 0;
        deployment.truth(answer.id(), Truth.of(truth));
        served++;
      }
      deployment.tick();
      return "served " + right + " of " + rows + " right by "
          + deployment.champion().number() + ", " + (served - (outcomes.end() - begin))
          + " truths lost";
    }

    /** Asks for a candidate while the champion was wrong in most of its newest 60 outcomes. */
    private RetrainDecision worse(Evidence now, RetrainHistory past) {
      String champion = Long.toString(deployment.champion().number());
      long end = outcomes.end();
      long wrong = outcomes.between(Math.max(begin, end - 60), end).stream()
          .filter(row -> row.version().equals(champion))
          .filter(row -> !row.truth().matches((Classification) row.prediction()))
          .count();
      return wrong > 30
          ? LoopScene.retrain(turnedAt)
          : RetrainDecision.of(RetrainDecision.Outcome.KEEP, "worse", wrong + " of 60 wrong");
    }

    private void heard(LoopEvent event) {
      reached(event.kind().name());
    }

    private void reached(String moment) {
      if (moment.equals(stop)) {
        stop = "";
        System.out.println("stopped " + moment);
        try {
          next();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }

    /** The shared folder, beside whose effects the process can be stopped. */
    private final class Stopping extends ForeignStore {
      Stopping(VersionStore behind) {
        super(behind);
      }

      @Override
      public Version publish(ModelPackage source) {
        reached("publish");
        Version made = super.publish(source);
        reached("published");
        return made;
      }

      @Override
      public AliasChange commit(AliasMove move) {
        reached("commit");
        AliasChange made = super.commit(move);
        reached("committed");
        return made;
      }
    }
  }
}
