package dev.mlops.benchmarks;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.drift.stream.Adwin;
import dev.mlops.drift.stream.Cusum;
import dev.mlops.drift.stream.CusumEDetector;
import dev.mlops.drift.stream.Ddm;
import dev.mlops.drift.stream.HddmA;
import dev.mlops.drift.stream.IncrementalKs;
import dev.mlops.drift.stream.Sides;
import dev.mlops.drift.stream.PageHinkley;
import dev.mlops.drift.stream.SrEDetector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import moa.classifiers.core.driftdetection.ADWINChangeDetector;
import moa.classifiers.core.driftdetection.AbstractChangeDetector;
import moa.classifiers.core.driftdetection.CusumDM;
import moa.classifiers.core.driftdetection.DDM;
import moa.classifiers.core.driftdetection.HDDM_A_Test;
import moa.classifiers.core.driftdetection.PageHinkleyDM;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * The time of an update of each detector, beside MOA's, whose licence keeps it out of everything that is published.
 *
 * <p>A round runs every detector once, each in a JVM of its own, so that whatever else the machine does meets all alike; the
 * median of the rounds is told.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init") // JMH calls open() first
public class DetectorsBesideMoa {
  private static final int VALUES = 1 << 17;
  private static final int CHANGE_EVERY = 10_000;
  private static final int SLICE = 1 << 10;

  /** Our detectors and MOA's, in the order of the table; what each is timed against, and the most of that it may take. */
  private static final Map<String, Limit> LIMITS = new LinkedHashMap<>();

  static {
    LIMITS.put("MOA DDM", new Limit("", 0));
    LIMITS.put("SrEDetector above", new Limit("MOA DDM", 0.7));
    LIMITS.put("SrEDetector around", new Limit("MOA DDM", 1.2));
    LIMITS.put("CusumEDetector above", new Limit("MOA DDM", 0));
    LIMITS.put("Ddm", new Limit("MOA DDM", 1.1));
    LIMITS.put("PageHinkley", new Limit("MOA DDM", 1.1));
    LIMITS.put("MOA PageHinkleyDM", new Limit("MOA DDM", 0));
    LIMITS.put("Cusum", new Limit("MOA DDM", 1.1));
    LIMITS.put("MOA CusumDM", new Limit("MOA DDM", 0));
    LIMITS.put("HddmA", new Limit("MOA HDDM_A_Test", 0.25));
    LIMITS.put("MOA HDDM_A_Test", new Limit("MOA DDM", 0));
    LIMITS.put("Adwin", new Limit("MOA ADWINChangeDetector", 0.25));
    LIMITS.put("MOA ADWINChangeDetector", new Limit("MOA DDM", 0));
    LIMITS.put("IncrementalKs, 500 frozen", new Limit("MOA DDM", 0));
  }

  private static final double MOST_NANOSECONDS_OF_KS = 400;

  private record Limit(String of, double most) {}

  /** What is fed. */
  interface Subject {
    boolean update(double value);
  }

  /** The detector. */
  @Param("Ddm")
  String detector;

  /** Errors at a rate of 0.2, or with a change between 0.2 and 0.4 after every 10,000. */
  @Param({"steady", "changing"})
  String stream;

  private Subject subject;
  private double[] values;
  private int next;

  /** Makes the detector and what it is fed with. */
  @Setup
  public void open() {
    values = values(stream, detector.startsWith("IncrementalKs"));
    subject = subject(detector);
  }

  private static double[] values(String stream, boolean continuous) {
    SplittableRandom random = new SplittableRandom(6);
    double[] values = new double[VALUES];
    Arrays.setAll(values, t -> {
      double rate = stream.equals("changing") && t / CHANGE_EVERY % 2 == 1 ? 0.4 : 0.2;
      double error = random.nextDouble() < rate ? 1 : 0;
      return continuous ? error + random.nextDouble() : error;
    });
    return values;
  }

  private static Subject subject(String name) {
    return switch (name) {
      case "SrEDetector above" -> ours(SrEDetector.above(0.2).falseAlarmEvery(100_000));
      case "SrEDetector around" -> ours(SrEDetector.around(0.2).falseAlarmEvery(100_000));
      case "CusumEDetector above" -> ours(CusumEDetector.above(0.2).falseAlarmEvery(100_000));
      case "Ddm" -> ours(Ddm.of());
      case "PageHinkley" -> ours(PageHinkley.of(0.005, 50));
      case "Cusum" -> ours(Cusum.of(0.2, 0.05, 20));
      case "HddmA" -> ours(HddmA.of());
      case "Adwin" -> ours(Adwin.of(0.002).watching(Sides.UP)); // as MOA's
      case "IncrementalKs, 500 frozen" -> {
        double[] baseline = Arrays.copyOf(values("steady", true), 500);
        yield ours(IncrementalKs.of(baseline, 500, 1e-9));
      }
      case "MOA DDM" -> moa(new DDM());
      case "MOA PageHinkleyDM" -> moa(new PageHinkleyDM());
      case "MOA CusumDM" -> moa(new CusumDM());
      case "MOA HDDM_A_Test" -> {
        HDDM_A_Test rises = new HDDM_A_Test();
        rises.oneSidedTestOption.setChosenLabel("One-sided");
        yield moa(rises);
      }
      case "MOA ADWINChangeDetector" -> moa(new ADWINChangeDetector());
      default -> throw new IllegalArgumentException("no detector " + name);
    };
  }

  private static Subject ours(ValueDetector detector) {
    return value -> detector.update(value) == Level.DRIFT;
  }

  private static Subject moa(AbstractChangeDetector detector) {
    return value -> {
      detector.input(value);
      return detector.getChange();
    };
  }

  /** {@return in how many of the updates there was a change} */
  @Benchmark
  @OperationsPerInvocation(SLICE)
  public int update() {
    int from = next;
    next = (from + SLICE) % VALUES;
    int changes = 0;
    for (int i = from; i < from + SLICE; i++) {
      changes += subject.update(values[i]) ? 1 : 0;
    }
    return changes;
  }

  /**
   * Runs the rounds and tells.
   *
   * @param arguments {@code --rounds <n>} (default 10), {@code --write <file>} (else printed) and any number of {@code --jvm
   *     <java>} (default: this one)
   */
  public static void main(String[] arguments) throws IOException, RunnerException {
    int rounds = 10;
    Path file = null;
    Set<String> jvms = new LinkedHashSet<>();
    for (int i = 0; i + 1 < arguments.length; i += 2) {
      switch (arguments[i]) {
        case "--rounds" -> rounds = Integer.parseInt(arguments[i + 1]);
        case "--write" -> file = Path.of(arguments[i + 1]);
        case "--jvm" -> jvms.add(arguments[i + 1]);
        default -> throw new IllegalArgumentException(
            "wanted --rounds, --write or --jvm, got " + arguments[i]);
      }
    }
    if (rounds < 1) {
      throw new IllegalArgumentException("wanted at least 1 round, got " + rounds);
    }
    if (jvms.isEmpty()) {
      jvms.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    }
    StringBuilder page = new StringBuilder("""
        # Detectors beside MOA

        Written by `mvn -q -Pmoa -Dargs="--write docs/benchmarks/results/2026-11-30-detectors-beside-moa.md" verify`; `--jvm` names other JVMs. Nanoseconds an update, our policy for NaN and infinity included; the median of %d JVMs of each detector that took turns, each 3 times 300 ms after 2 times 300 ms of warming up. Values are 0 and 1 at a rate of 0.2, steady, or changing to 0.4 and back after every 10,000; those of Kolmogorov–Smirnov have a uniform number added, so that no two are alike. Ratios are to the peer named; those that the library is held to have their limit beside them.

        """.formatted(rounds));
    int missed = answerAlike("HddmA", "MOA HDDM_A_Test", page)
        + answerAlike("Adwin", "MOA ADWINChangeDetector", page);
    for (String jvm : jvms) {
      missed += measure(rounds, jvm, page);
    }
    if (file == null) {
      System.out.println(page);
    } else {
      Files.writeString(file, page);
    }
    if (missed > 0) {
      System.out.println(missed + " limits missed");
      System.exit(1);
    }
  }

  /** Compares the alarms of two detectors on both streams. */
  private static int answerAlike(String ours, String peer, StringBuilder page) {
    int missed = 0;
    for (String stream : List.of("steady", "changing")) {
      double[] values = values(stream, false);
      Subject one = subject(ours);
      Subject other = subject(peer);
      int alarms = 0;
      int differ = 0;
      for (double value : values) {
        boolean alarm = one.update(value);
        alarms += alarm ? 1 : 0;
        differ += alarm == other.update(value) ? 0 : 1;
      }
      missed += differ > 0 ? 1 : 0;
      page.append(String.format(
          Locale.ROOT,
          "- %s and %s, %s: %d alarms in %,d values, %s.%n",
          ours,
          peer,
          stream,
          alarms,
          values.length,
          differ == 0 ? "the same" : differ + " differ **missed**"));
    }
    return missed;
  }

  private static int measure(int rounds, String jvm, StringBuilder page) throws RunnerException {
    String version = "";
    int missed = 0;
    StringBuilder tables = new StringBuilder();
    for (String stream : List.of("steady", "changing")) {
      Map<String, List<Double>> times = new LinkedHashMap<>();
      Map<String, Double> bytes = new LinkedHashMap<>();
      for (int round = 0; round < rounds; round++) {
        for (String name : LIMITS.keySet()) {
          RunResult result = run(jvm, name, stream);
          version = result.getParams().getJdkVersion();
          times
              .computeIfAbsent(name, any -> new ArrayList<>())
              .add(result.getPrimaryResult().getScore());
          double allocated = result.getSecondaryResults().get("gc.alloc.rate.norm").getScore();
          bytes.merge(name, allocated, Math::max);
        }
        System.out.println("round " + (round + 1) + " of " + rounds + ", " + stream);
      }
      tables.append("\n| ").append(stream).append(
          " | median | least to most | beside | ratio | bytes |\n|---|---|---|---|---|---|\n");
      for (String name : LIMITS.keySet()) {
        Limit limit = LIMITS.get(name);
        double[] sorted = sorted(times.get(name));
        double ratio = limit.of.isEmpty() ? 1 : median(sorted) / median(sorted(times.get(limit.of)));
        boolean slow = limit.most > 0 && ratio > limit.most
            || name.startsWith("IncrementalKs") && median(sorted) > MOST_NANOSECONDS_OF_KS;
        // The profiler counts what the harness allocates too, some tenths of a byte an update.
        boolean allocates = !name.startsWith("MOA") && bytes.get(name) >= 0.5;
        missed += (slow ? 1 : 0) + (allocates ? 1 : 0);
        tables.append(String.format(
            Locale.ROOT,
            "| %s | %.1f | %.1f–%.1f | %s | %.2f%s%s | %.0f%s |%n",
            name,
            median(sorted),
            sorted[0],
            sorted[sorted.length - 1],
            limit.of,
            ratio,
            limit.most > 0 ? ", limit " + limit.most : "",
            slow ? " **missed**" : "",
            bytes.get(name),
            allocates ? " **missed**" : ""));
      }
    }
    page.append("\n## Java ").append(version).append('\n').append(tables);
    return missed;
  }

  private static RunResult run(String jvm, String name, String stream) throws RunnerException {
    TimeValue time = TimeValue.milliseconds(300);
    return new Runner(new OptionsBuilder()
            .include(DetectorsBesideMoa.class.getSimpleName())
            .param("detector", name)
            .param("stream", stream)
            .jvm(jvm)
            .forks(1)
            .warmupIterations(2)
            .warmupTime(time)
            .measurementIterations(3)
            .measurementTime(time)
            .addProfiler(GCProfiler.class)
            .verbosity(VerboseMode.SILENT)
            .build())
        .runSingle();
  }

  private static double[] sorted(List<Double> times) {
    return times.stream().mapToDouble(Double::doubleValue).sorted().toArray();
  }

  private static double median(double[] sorted) {
    int n = sorted.length;
    return 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]);
  }
}
