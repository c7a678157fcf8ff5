package dev.mlops.core.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.Coordination.Guarded;
import dev.mlops.api.store.Lease;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.internal.log.EventLog;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A process of its own that works on a store and writes down what the store acknowledged. */
final class StoreChild {
  private final Process process;
  private final BufferedReader out;

  private StoreChild(Process process) {
    this.process = process;
    this.out = process.inputReader(UTF_8);
  }

  /** Starts a process that gets ready and waits for {@link #go()}. */
  static StoreChild start(String work, Path store, Path acknowledged, int number)
      throws IOException {
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx128m",
            "-cp",
            System.getProperty("java.class.path"),
            StoreChild.class.getName(),
            work,
            store.toString(),
            acknowledged.toString(),
            Integer.toString(number))
        .redirectErrorStream(true)
        .start();
    return new StoreChild(process);
  }

  /** Waits until the process is ready, and lets it begin. */
  void go() throws IOException {
    String line = out.readLine();
    if (!"ready".equals(line)) {
      throw new IOException(
          "child said " + line + "\n" + String.join("\n", out.lines().toList()));
    }
    process.outputWriter().write("go\n");
    process.outputWriter().flush();
  }

  /** {@return what the process printed until its end} */
  List<String> finish() throws InterruptedException {
    List<String> lines = out.lines().toList();
    if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
      kill();
      throw new AssertionError("child ended with " + process.exitValue() + ": " + lines);
    }
    return lines;
  }

  /** Waits until the store has acknowledged something. */
  void awaitFirst() throws IOException {
    String line = out.readLine();
    if (!"acknowledged".equals(line)) {
      throw new IOException(
          "child said " + line + "\n" + String.join("\n", out.lines().toList()));
    }
  }

  /** Kills the process after a time, as {@code kill -9} does. */
  void killIn(Duration time) throws InterruptedException {
    process.waitFor(time.toNanos(), TimeUnit.NANOSECONDS);
    kill();
  }

  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  public static void main(String[] arguments) throws IOException {
    Path root = Path.of(arguments[1]);
    Path acknowledged = Path.of(arguments[2]);
    int number = Integer.parseInt(arguments[3]);
    Packages.of("warm", number).files();
    System.out.println("ready");
    if (new BufferedReader(new InputStreamReader(System.in, UTF_8)).readLine() == null) {
      return;
    }
    try (VersionStore store = FileVersionStore.open(root);
        EventLog log = EventLog.open(acknowledged)) {
      switch (arguments[0]) {
        case "publishAndMove" -> publishAndMove(store, log, number);
        case "publishTheSame" -> publishTheSame(store, log);
        case "move" -> move(store, log, number);
        case "lease" -> lease(root, log, number);
        default -> throw new IllegalArgumentException(arguments[0]);
      }
    }
  }

  /** Until it is killed. */
  private static void publishAndMove(VersionStore store, EventLog log, int round) {
    for (int i = 0; ; i++) {
      Version version = store.publish(Packages.of("fraud", 1_000_000 * (round + 1) + i));
      log.append(("version " + version.number() + " " + version.digest()).getBytes(UTF_8));
      if (i == 0) {
        System.out.println("acknowledged");
      }
      Optional<AliasChange> current = store.current("fraud@champion");
      AliasChange change = current
          .map(now -> store.move("fraud@champion").from(now))
          .orElseGet(() -> store.move("fraud@champion").fromNothing())
          .to(version)
          .by("round " + round)
          .commit();
      log.append(("move " + change.generation() + " " + change.intent()).getBytes(UTF_8));
    }
  }

  private static void publishTheSame(VersionStore store, EventLog log) {
    for (int i = 0; i < 10; i++) {
      Version version = store.publish(Packages.of("fraud", i));
      log.append(("version " + version.number() + " " + version.digest()).getBytes(UTF_8));
    }
  }

  /** Takes turns with the others to count a guarded record up. */
  private static void lease(Path root, EventLog log, int number) {
    try (FileBackend backend = FileBackend.open(root, InstantSource.system())) {
      Coordination leases = Coordination.over(backend);
      List<byte[]> counted = new ArrayList<>();
      while (counted.size() < 20) {
        Optional<Lease> lease =
            leases.acquire("counter", "child " + number, Duration.ofMinutes(10));
        if (lease.isPresent()) {
          Optional<Guarded> before = leases.read("count");
          int count = before
              .map(found -> Integer.parseInt(new String(found.value(), UTF_8)))
              .orElse(0);
          byte[] next = Integer.toString(count + 1).getBytes(UTF_8);
          if (leases
              .write(lease.get(), "count", before.map(Guarded::version).orElse(0L), next)
              .isEmpty()) {
            throw new IllegalStateException("the holder's write was refused: " + lease.get());
          }
          counted.add(("count " + (count + 1) + " token " + lease.get().token()).getBytes(UTF_8));
          if (!leases.release(lease.get())) {
            throw new IllegalStateException("lost " + lease.get());
          }
        }
      }
      log.append(counted);
    }
  }

  /** From whatever it finds to the other of two versions. */
  private static void move(VersionStore store, EventLog log, int number) {
    List<Version> versions = store.versions("fraud");
    List<byte[]> won = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      AliasChange now = store.current("fraud@champion").orElseThrow();
      Version other = versions.get(now.to().equals(versions.get(0)) ? 1 : 0);
      try {
        AliasChange made = store
            .move("fraud@champion")
            .from(now)
            .to(other)
            .by("child " + number)
            .commit();
        won.add(("move " + made.generation() + " " + made.intent()).getBytes(UTF_8));
      } catch (AliasConflictException e) {
        continue;
      }
    }
    log.append(won);
  }
}
