package dev.mlops.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.drift.stream.Adwin;
import dev.mlops.drift.stream.Cusum;
import dev.mlops.drift.stream.Ddm;
import dev.mlops.drift.stream.HddmA;
import dev.mlops.drift.stream.PageHinkley;
import dev.mlops.drift.stream.Sides;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.DoubleAccumulator;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/**
 * Finds the parameters at which errors at a steady rate raise at most one false alarm in so many values, by simulation: the
 * table that the calibrated detectors read.
 *
 * <p>A cell is searched on the same seeded errors for the most sensitive parameter whose alarms are no more than promised,
 * whether the runs are of as many values as one alarm is promised for, of ten times as many, or of 100,000; a run starts with
 * a new detector, which restarts after each alarm as it does for everybody. Detectors that never forget, DDM above all, raise
 * most alarms early, others late.
 *
 * <p>Run with {@code mvn -q -Pmeasure -Dprogram=FalseAlarmTables
 * -Dargs=mlops-drift/src/main/resources/dev/mlops/drift/stream/false-alarms.csv verify}; writes the table and prints how long it
 * took, ten minutes on two quiet cores.
 */
public final class FalseAlarmTables {
  private static final long SEED = 20_261_124;

  /** A cell is held to so much more than it promises, for the error of the simulation. */
  private static final double MARGIN = 1.08;

  /** Alarms that a simulation waits for, at most. */
  private static final int ALARMS = 400;

  /** A cell whose alarms are so much rarer than its margin wants, or less, is looked at no further. */
  private static final double NEAR = 0.04;

  private static final int TRIES = 9;

  private static final double[] RATES = {
    0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5
  };
  private static final long[] EVERY = {1_000, 3_000, 10_000, 30_000, 100_000};
  private static final long LONG_RUN = 100_000;

  private static final List<Calibrated> DETECTORS = List.of(
      Calibrated.of("ADWIN", 0.99, 1e-4, (rate, delta) -> Adwin.of(delta).watching(Sides.UP)),
      Calibrated.of(
          "CUSUM",
          0.5,
          200,
          (rate, threshold) -> Cusum.of(rate, 0.125, threshold)
              .over(InputDomain.real(Math.sqrt(rate * (1 - rate))))),
      Calibrated.of("DDM", 1.2, 12, (rate, drift) -> Ddm.of(drift, drift * 2 / 3)),
      Calibrated.of(
          "HDDM_A", 0.038, 1e-7, (rate, drift) -> HddmA.of(drift, Math.min(0.99, 5 * drift))),
      Calibrated.of(
          "PAGE_HINKLEY", 0.5, 200, (rate, threshold) -> PageHinkley.of(0.005, threshold)));

  private FalseAlarmTables() {}

  /** Makes a detector. */
  @FunctionalInterface
  private interface Maker {
    ValueDetector detector(double rate, double parameter);
  }

  /**
   * What a parameter does.
   *
   * @param parameter the parameter
   * @param excess logarithm of its rate of alarms over what the margin leaves; above 0 for too many
   * @param error standard error of that rate, as a share of it
   */
  private record Cell(double parameter, double excess, double error) {}

  /**
   * A detector and the parameter that is calibrated, the most sensitive one that is considered and one that raises hardly any
   * alarm. Of HDDM_A, a few rare errors and an α above 0.04 raise alarms by leaps, between which nothing can be interpolated.
   */
  private record Calibrated(
      String name, double most, double fewest, Maker maker, DoubleAccumulator error) {
    static Calibrated of(String name, double most, double fewest, Maker maker) {
      return new Calibrated(name, most, fewest, maker, new DoubleAccumulator(Math::max, 0));
    }

    /** The most sensitive one, looked for from one that raises too many or just enough. */
    Cell cell(double rate, long every, double from) {
      double tooMany = Math.log(from);
      Cell few = tried(rate, every, from);
      double excess = few.excess();
      double step = Math.log(fewest / most) / 32;
      while (few.excess() > 0) {
        tooMany = Math.log(few.parameter());
        excess = few.excess();
        few = tried(rate, every, Math.exp(tooMany + step));
        step *= 2;
      }
      for (int i = 0; i < TRIES && few.excess() < -NEAR && few.parameter() != from; i++) {
        // Straight between the logarithms of the rates of alarms; never so near to an end that the
        // other stays for long.
        double share = Math.min(0.8, Math.max(0.2, excess / (excess - few.excess())));
        double next = tooMany + share * (Math.log(few.parameter()) - tooMany);
        Cell tried = tried(rate, every, Math.exp(next));
        if (tried.excess() > 0) {
          tooMany = next;
          excess = tried.excess();
        } else {
          few = tried;
        }
      }
      return few;
    }

    private Cell tried(double rate, long every, double parameter) {
      Cell worst = new Cell(parameter, Double.NEGATIVE_INFINITY, 0);
      for (long run : LongStream.of(every, 10 * every, LONG_RUN).distinct().toArray()) {
        Cell cell = tried(rate, every, parameter, run);
        worst = cell.excess() > worst.excess() ? cell : worst;
        if (worst.excess() > 0) {
          return worst;
        }
      }
      return worst;
    }

    /** How often alarms come in runs of a length; stops early where it is plainly too often or seldom. */
    private Cell tried(double rate, long every, double parameter, long run) {
      int ofRate = 31 * Double.hashCode(rate);
      SplittableRandom random = new SplittableRandom(SEED + ofRate + 17 * every + name.hashCode());
      long runs = Math.max(1, (long) ALARMS * every / run);
      long all = 0;
      double squares = 0;
      for (long r = 1; ; r++) {
        ValueDetector detector = maker.detector(rate, parameter);
        int alarms = 0;
        for (long i = 0; i < run; i++) {
          if (detector.update(random.nextDouble() < rate ? 1 : 0) == Level.DRIFT) {
            alarms++;
          }
        }
        all += alarms;
        squares += (double) alarms * alarms;
        double allowed = (double) r * run / every / MARGIN;
        if (r == runs || Math.abs(all - allowed) > 4 * Math.sqrt(allowed) + 4) {
          double variance = Math.max(0, squares / r - (double) all / r * all / r);
          return new Cell(
              parameter,
              Math.log(Math.max((double) all, 0.5) / allowed),
              Math.sqrt(variance * r) / (double) Math.max(1, all));
        }
      }
    }

    /** The row of the table; for the heading, the largest standard error of a cell's rate of alarms that is near the promise. */
    String row(double rate) {
      StringBuilder row = new StringBuilder(name + "," + rate);
      double parameter = most;
      for (long every : EVERY) {
        Cell cell = cell(rate, every, parameter);
        parameter = cell.parameter();
        error.accumulate(cell.excess() > -2 * NEAR ? cell.error() : 0);
        row.append(String.format(Locale.ROOT, ",%.5g", parameter));
      }
      return row.toString();
    }
  }

  /**
   * Writes the table.
   *
   * @param args the file
   */
  public static void main(String[] args) {
    long start = System.nanoTime();
    List<String> found = DETECTORS.parallelStream()
        .flatMap(detector -> DoubleStream.of(RATES).mapToObj(detector::row))
        .peek(System.out::println)
        .toList();
    List<String> rows = new ArrayList<>();
    rows.add(
        "# Parameters at which errors at a steady rate raise at most one false alarm in so many values.");
    rows.add("# By FalseAlarmTables, seed " + SEED + ": up to " + ALARMS
        + " alarms each, in runs of 1 and of 10 times so many values and of " + LONG_RUN
        + ", each run with a new detector; held to " + MARGIN + " times so many.");
    rows.add(
        "# Standard error of the rate of alarms in a cell, where it is near what is promised, at most: "
            + DETECTORS.stream()
                .map(d -> String.format(Locale.ROOT, "%s %.3f", d.name, d.error.get()))
                .collect(Collectors.joining(", "))
            + ".");
    rows.add("detector,rate,"
        + LongStream.of(EVERY).mapToObj(Long::toString).collect(Collectors.joining(",")));
    rows.addAll(found);
    try {
      Files.write(Path.of(args[0]), rows, UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    System.out.println("took " + (System.nanoTime() - start) / 1_000_000_000 + " s");
  }
}
