package dev.mlops.core.monitor;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.pack.Baseline;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process of its own that records, gives truths, ticks and says so, until it is killed. */
final class LedgerChild {
  static final Schema SCHEMA = Schema.of(Column.number("x"), Column.category("kind"));
  static final int EACH_TICK = 20;

  private LedgerChild() {}

  static MicrometerMonitor open(Path folder) {
    return MicrometerMonitor.config(new SimpleMeterRegistry())
        .awaiting(1_000_000)
        .keeping(1_000_000)
        .logging(LedgerLog.in(folder).atMost(64 << 20))
        .open("fraud");
  }

  /** The keys whose truth is given at the tick that records from this number on, in a life that began at another. */
  static List<Integer> truths(int first, int began) {
    List<Integer> keys = new ArrayList<>();
    for (int key = first - 2 * EACH_TICK; key < first - EACH_TICK; key += 2) {
      if (key >= began) {
        keys.add(key);
      }
    }
    return keys;
  }

  static Truth truth(int key) {
    return Truth.of(key % 3 == 0 ? "no" : "yes");
  }

  static Process start(Path folder, int began) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx256m",
            "-cp",
            classPath(),
            LedgerChild.class.getName(),
            folder.toString(),
            Integer.toString(began))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static String classPath() {
    if (LedgerChild.class.getClassLoader() instanceof URLClassLoader loader) {
      List<String> paths = new ArrayList<>();
      for (URL each : loader.getURLs()) {
        paths.add(each.getPath());
      }
      return String.join(System.getProperty("path.separator"), paths);
    }
    return System.getProperty("java.class.path");
  }

  /** Reads how many ticks have returned, up to a number; fewer if the process ended. */
  static int ticks(BufferedReader out, int most) throws IOException {
    int ticks = 0;
    while (ticks < most) {
      String line = out.readLine();
      if (line == null) {
        return ticks;
      }
      if (!line.equals("ticked")) {
        throw new IOException("child said " + line);
      }
      ticks++;
    }
    return ticks;
  }

  /** {@code args}: the folder, and the number of the first key. */
  public static void main(String[] args) {
    int began = Integer.parseInt(args[1]);
    MicrometerMonitor monitor = open(Path.of(args[0]));
    Recorder recorder = monitor.recorder("1", Baseline.builder(SCHEMA).build());
    monitor.champion("1");
    for (int first = began; ; first += EACH_TICK) {
      for (int key = first; key < first + EACH_TICK; key++) {
        recorder.record(
            "k" + key, Row.of(SCHEMA, (double) key, "c" + key % 5), Classification.of("yes"), 1);
      }
      truths(first, began).forEach(key -> monitor.truth("k" + key, truth(key)));
      monitor.tick();
      System.out.writeBytes("ticked\n".getBytes(UTF_8));
      System.out.flush();
    }
  }
}
