package dev.mlops.benchmarks;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.drift.stream.SrEDetector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * Measures what the e-detectors promise: how late they find a change, and how rarely they are wrong, also where the proof's
 * condition does not hold.
 *
 * <p>Every run has its own seed, the seed of the row plus a multiple of the run's number, so a page can be made again digit
 * by digit. {@code --runs 1.0} are the numbers of runs of the long form; {@code --runs 0.1} is a tenth of them. {@code
 * --write <file>} writes the page, else it is printed. The exit code is 1 if a limit was missed.
 */
public final class Guarantees {
  private static final String HEAD = """
      # What the Shiryaev–Roberts e-detector promises, measured

      Written by `mvn -q -Pmeasure -Dprogram=Guarantees -Dargs="--write docs/benchmarks/results/2026-11-24-guarantees.md" verify`; every run has a seed of its own, made of the seed of its row and its number, so the page can be made again digit by digit. The build runs a tenth of it. A limit that is not kept is marked.

      """;

  private static final int CHANGE = 5_000;
  private static final int SEASON = 1_440;
  /** The normal quantile of a one-sided 99 % bound. */
  private static final double Z = 2.326;

  private final double share;
  private final StringBuilder page = new StringBuilder();
  private int missed;

  private Guarantees(double share) {
    this.share = share;
  }

  /**
   * Measures and tells.
   *
   * @param arguments {@code --runs <share>} and {@code --write <file>}, both optional
   * @throws IOException if the page cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    double share = 1.0;
    Path file = null;
    for (int i = 0; i < arguments.length; i += 2) {
      String value = i + 1 < arguments.length ? arguments[i + 1] : "";
      switch (arguments[i]) {
        case "--runs" -> share = Double.parseDouble(value);
        case "--write" -> file = Path.of(value);
        default ->
          throw new IllegalArgumentException(
              "wanted --runs <share> or --write <file>, got " + arguments[i]);
      }
    }
    Report report = measure(share, System.out::println);
    if (file == null) {
      System.out.println(report.page);
    } else {
      Files.writeString(file, report.page);
    }
    if (report.missed > 0) {
      System.out.println(report.missed + " limits missed");
      System.exit(1);
    }
  }

  /**
   * What was measured.
   *
   * @param page for people, as Markdown
   * @param missed how many limits were missed
   */
  record Report(String page, int missed) {}

  /**
   * Measures everything.
   *
   * @param share of the runs of the long form; above 0, at most 1
   * @param progress told of each row as it is done
   */
  static Report measure(double share, Consumer<String> progress) {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "the share of runs must be > 0 and <= 1, but was " + share);
    }
    Guarantees all = new Guarantees(share);
    all.page.append(HEAD);
    all.delays(progress);
    all.runsToFalseAlarm(progress);
    all.blocksOfTime(progress);
    all.brokenConditions(progress);
    return new Report(all.page.toString(), all.missed);
  }

  private int runs(int most) {
    return Math.max(200, (int) Math.round(share * most));
  }

  // --- delay
  // -------------------------------------------------------------------------------------------------------

  private void delays(Consumer<String> progress) {
    page.append(
        "## Delay\n\n"
            + "Errors of 0 and 1, a rise at value 5,000, the delay counted from 1 to the first alarm after it; earlier alarms"
            + " reset the detector and are not discarded. A baseline of n samples is drawn anew for every run.\n\n"
            + "| A | rise | baseline | sides | runs | seed | median delay | limit |\n|---|---|---|---|---|---|---|---|\n");
    delay(progress, 10_000, 0.2, 0.4, 0, false, 60, 1);
    delay(progress, 10_000, 0.2, 0.3, 0, false, 160, 2);
    delay(progress, 10_000, 0.05, 0.1, 0, false, 210, 3);
    delay(progress, 100_000, 0.2, 0.3, 0, false, 260, 4);
    delay(progress, 100_000, 0.2, 0.3, 5_000, false, 330, 5);
    delay(progress, 100_000, 0.2, 0.3, 1_000, false, 440, 6);
    delay(progress, 10_000, 0.2, 0.4, 0, true, 68, 7);
    delay(progress, 10_000, 0.2, 0.3, 0, true, 188, 8);
    delay(progress, 10_000, 0.05, 0.1, 0, true, 232, 9);
    delay(progress, 100_000, 0.2, 0.3, 0, true, 290, 10);
    delay(progress, 100_000, 0.2, 0.3, 5_000, true, 365, 11);
    delay(progress, 100_000, 0.2, 0.3, 1_000, true, 490, 12);
    page.append('\n');
  }

  private void delay(
      Consumer<String> progress,
      long alarms,
      double before,
      double after,
      int samples,
      boolean twoSided,
      int limit,
      long seed) {
    int runs = runs(10_000);
    int[] delays = IntStream.range(0, runs)
        .parallel()
        .map(run -> {
          SplittableRandom random = random(seed, run);
          ValueDetector detector = detector(before, samples, twoSided, alarms, random);
          return delayOf(detector, before, after, random);
        })
        .sorted()
        .toArray();
    double median = 0.5 * (delays[(runs - 1) / 2] + delays[runs / 2]);
    String rise = before + " → " + after;
    page.append(String.format(
        Locale.ROOT,
        "| %,d | %s | %s | %s | %,d | %d | %s | %d%s |%n",
        alarms,
        rise,
        samples == 0 ? "known" : String.format(Locale.ROOT, "from %,d", samples),
        twoSided ? "two" : "one",
        runs,
        seed,
        median,
        limit,
        kept(median <= limit)));
    progress.accept("delay " + rise + " at " + alarms + ": " + median + ", limit " + limit);
  }

  private static ValueDetector detector(
      double mean, int samples, boolean twoSided, long alarms, SplittableRandom random) {
    if (samples == 0) {
      return (twoSided ? SrEDetector.around(mean) : SrEDetector.above(mean))
          .falseAlarmEvery(alarms);
    }
    long count = 0;
    for (int i = 0; i < samples; i++) {
      count += random.nextDouble() < mean ? 1 : 0;
    }
    return (twoSided
            ? SrEDetector.aroundEstimated(count, samples)
            : SrEDetector.aboveEstimated(count, samples))
        .falseAlarmEvery(alarms);
  }

  private static int delayOf(
      ValueDetector detector, double before, double after, SplittableRandom random) {
    for (int i = 0; i < CHANGE; i++) {
      detector.update(random.nextDouble() < before ? 1 : 0);
    }
    for (int delay = 1; ; delay++) {
      if (detector.update(random.nextDouble() < after ? 1 : 0) == Level.DRIFT) {
        return delay;
      }
    }
  }

  // --- false alarms
  // ------------------------------------------------------------------------------------------------

  private void runsToFalseAlarm(Consumer<String> progress) {
    page.append(
        "## Values until a false alarm\n\n"
            + "The mean of complete runs, each of a fresh detector that knows the mean p of independent errors, in multiples of A;"
            + " the lower 99 % bound must be at least 0.95.\n\n"
            + "| A | p | sides | runs | seed | mean ÷ A | lower bound ÷ A |\n|---|---|---|---|---|---|---|\n");
    long seed = 20;
    for (boolean twoSided : new boolean[] {false, true}) {
      for (long alarms : new long[] {10_000, 100_000}) {
        for (double p : new double[] {0.01, 0.05, 0.2, 0.5}) {
          int runs = runs(alarms == 10_000 ? 20_000 : 4_000);
          Sample sample = lengths(runs, seed, random -> {
            ValueDetector detector =
                (twoSided ? SrEDetector.around(p) : SrEDetector.above(p)).falseAlarmEvery(alarms);
            long n = 1;
            while (detector.update(random.nextDouble() < p ? 1 : 0) != Level.DRIFT) {
              n++;
            }
            return n;
          });
          String row = String.format(
              Locale.ROOT,
              "| %,d | %s | %s | %,d | %d | %.3f | %.3f%s |",
              alarms,
              p,
              twoSided ? "two" : "one",
              runs,
              seed,
              sample.mean / alarms,
              sample.lower() / alarms,
              kept(sample.lower() >= 0.95 * alarms));
          page.append(row).append('\n');
          progress.accept("false alarms " + row);
          seed++;
        }
      }
    }
    page.append('\n');
  }

  private void blocksOfTime(Consumer<String> progress) {
    page.append(
        "## Blocks of time until a false alarm\n\n"
            + "A = 1,000 blocks, p = 0.2; factors are multiplied within a block and judged at its end. The mean must be at least"
            + " A (its lower 99 % bound at least 0.95 A).\n\n"
            + "| values per block | runs | seed | mean ÷ A | lower bound ÷ A |\n|---|---|---|---|---|\n");
    Map<String, ToIntFunction<SplittableRandom>> forms = new LinkedHashMap<>();
    forms.put("1", random -> 1);
    forms.put("60", random -> 60);
    forms.put("Poisson, mean 60", random -> poisson(60, random));
    forms.put("Poisson, mean 2; empty blocks do not count", random -> poisson(2, random));
    long seed = 40;
    for (Map.Entry<String, ToIntFunction<SplittableRandom>> form : forms.entrySet()) {
      int runs = runs(4_000);
      Sample sample = lengths(runs, seed, random -> {
        ValueDetector detector = SrEDetector.above(0.2).falseAlarmEvery(Duration.ofHours(1_000));
        long blocks = 0;
        while (true) {
          int n = form.getValue().applyAsInt(random);
          blocks += n == 0 ? 0 : 1;
          for (int i = 0; i < n; i++) {
            detector.update(random.nextDouble() < 0.2 ? 1 : 0);
          }
          if (detector.endBlock() == Level.DRIFT) {
            return blocks;
          }
        }
      });
      String row = String.format(
          Locale.ROOT,
          "| %s | %,d | %d | %.3f | %.3f%s |",
          form.getKey(),
          runs,
          seed,
          sample.mean / 1_000,
          sample.lower() / 1_000,
          kept(sample.mean >= 1_000 && sample.lower() >= 950));
      page.append(row).append('\n');
      progress.accept("blocks " + row);
      seed++;
    }
    page.append('\n');
  }

  // --- where the proof's condition does not hold
  // ----------------------------------------------------------------------

  private interface Stream {
    double next(long t);
  }

  private void brokenConditions(Consumer<String> progress) {
    page.append(
        "## Errors that are not independent\n\n"
            + "A = 100,000 values, mean 0.2 known. A season is 0.2 + 0.05 sin(2πt/period); a regime switches the rate between"
            + " 0.15 and 0.25 with mean length 500 or 5,000. Values ÷ A until a false alarm; only the rows with a limit are"
            + " promised. Each run begins at a random phase, but with a known profile at its start.\n\n"
            + "| errors | plain | means of 144 | means of 1,440 | profile known | runs | seed |\n|---|---|---|---|---|---|---|\n");
    nulls(progress, "season of 1,440", 50, random -> season(random, SEASON), SEASON, true);
    nulls(progress, "wave of 20,000", 51, random -> season(random, 20_000), 20_000, false);
    nulls(progress, "regimes of 500", 52, random -> regimes(random, 500), 0, true);
    nulls(progress, "regimes of 5,000", 53, random -> regimes(random, 5_000), 0, false);
    page.append(
        "\nMedian delay for a rise by 0.10, means of 1,440 fed, A = 100,000. Each average adds 1 to the statistic, whose"
            + " threshold is 69.4, so a change is found sooner the more came before it.\n\n"
            + "| errors | rise at | runs | seed | median delay | limit |\n|---|---|---|---|---|---|\n");
    averagedDelay(progress, "season of 1,440", 60, random -> season(random, SEASON), 20_000);
    averagedDelay(progress, "regimes of 500", 61, random -> regimes(random, 500), 20_000);
    averagedDelay(progress, "season of 1,440", 62, random -> season(random, SEASON), CHANGE);
    averagedDelay(progress, "regimes of 500", 63, random -> regimes(random, 500), CHANGE);
    page.append('\n');
  }

  private interface Streams {
    Stream of(SplittableRandom random);
  }

  private void nulls(
      Consumer<String> progress,
      String name,
      long seed,
      Streams streams,
      int period,
      boolean promised) {
    int runs = runs(1_000);
    List<Sample> samples = new ArrayList<>();
    samples.add(
        untilAlarm(runs, seed, streams, () -> SrEDetector.above(0.2).falseAlarmEvery(100_000)));
    for (int block : new int[] {144, SEASON}) {
      samples.add(untilAlarm(
          runs,
          seed,
          streams,
          () -> SrEDetector.above(0.2).averagedOver(block).falseAlarmEvery(100_000)));
    }
    String known = "–";
    if (period > 0) {
      double[] profile = new double[period];
      for (int t = 0; t < period; t++) {
        profile[t] = 0.2 + 0.05 * Math.sin(2 * Math.PI * t / period);
      }
      Sample seasonal = lengths(runs, seed, random -> {
        ValueDetector detector = SrEDetector.aboveSeason(profile).falseAlarmEvery(100_000);
        for (long t = 0; ; t++) {
          double rate = profile[(int) (t % period)];
          if (detector.update(random.nextDouble() < rate ? 1 : 0) == Level.DRIFT) {
            return t + 1;
          }
        }
      });
      known = String.format(
          Locale.ROOT,
          "%.2f%s",
          seasonal.mean / 1e5,
          promised ? ", limit 1" + kept(seasonal.mean >= 1e5) : "");
    }
    double byDay = samples.get(2).mean / 1e5;
    String row = String.format(
        Locale.ROOT,
        "| %s | %.2f | %.2f | %.2f%s | %s | %,d | %d |",
        name,
        samples.get(0).mean / 1e5,
        samples.get(1).mean / 1e5,
        byDay,
        promised ? ", limit 0.5" + kept(byDay >= 0.5) : "",
        known,
        runs,
        seed);
    page.append(row).append('\n');
    progress.accept("nulls " + row);
  }

  private static Sample untilAlarm(
      int runs, long seed, Streams streams, Supplier<ValueDetector> detectors) {
    return lengths(runs, seed, random -> {
      ValueDetector detector = detectors.get();
      Stream stream = streams.of(random);
      for (long t = 0; ; t++) {
        if (detector.update(random.nextDouble() < stream.next(t) ? 1 : 0) == Level.DRIFT) {
          return t + 1;
        }
      }
    });
  }

  private void averagedDelay(
      Consumer<String> progress, String name, long seed, Streams streams, int change) {
    int runs = runs(2_000);
    long[] delays = IntStream.range(0, runs)
        .parallel()
        .mapToLong(run -> {
          SplittableRandom random = random(seed, run);
          ValueDetector detector =
              SrEDetector.above(0.2).averagedOver(SEASON).falseAlarmEvery(100_000);
          Stream stream = streams.of(random);
          for (long t = 0; ; t++) {
            double rate = stream.next(t) + (t >= change ? 0.1 : 0);
            boolean drift = detector.update(random.nextDouble() < rate ? 1 : 0) == Level.DRIFT;
            if (drift && t >= change) {
              return t - change + 1;
            }
          }
        })
        .sorted()
        .toArray();
    double median = 0.5 * (delays[(runs - 1) / 2] + delays[runs / 2]);
    String row = String.format(
        Locale.ROOT,
        "| %s | %,d | %,d | %d | %,.0f | 11,000%s |",
        name,
        change,
        runs,
        seed,
        median,
        kept(median <= 11_000));
    page.append(row).append('\n');
    progress.accept("delay " + row);
  }

  private static Stream season(SplittableRandom random, int period) {
    long phase = random.nextInt(period);
    return t -> 0.2 + 0.05 * Math.sin(2 * Math.PI * ((t + phase) % period) / period);
  }

  private static Stream regimes(SplittableRandom random, int length) {
    boolean[] high = {random.nextBoolean()};
    return t -> {
      if (random.nextDouble() < 1.0 / length) {
        high[0] = !high[0];
      }
      return high[0] ? 0.25 : 0.15;
    };
  }

  // --- arithmetic
  // ----------------------------------------------------------------------------------------------------

  private interface Length {
    long of(SplittableRandom random);
  }

  private static Sample lengths(int runs, long seed, Length length) {
    long[] found = IntStream.range(0, runs)
        .parallel()
        .mapToLong(run -> length.of(random(seed, run)))
        .toArray();
    double mean = Arrays.stream(found).average().orElseThrow();
    double squares =
        Arrays.stream(found).mapToDouble(n -> (n - mean) * (n - mean)).sum();
    return new Sample(mean, Math.sqrt(squares / (runs - 1.0) / runs));
  }

  private record Sample(double mean, double standardError) {
    double lower() {
      return mean - Z * standardError;
    }
  }

  private static SplittableRandom random(long seed, int run) {
    return new SplittableRandom(seed * 1_000_003L + run * 7_919L);
  }

  private static int poisson(double mean, SplittableRandom random) {
    double limit = Math.exp(-mean);
    double product = random.nextDouble();
    int n = 0;
    while (product > limit) {
      product *= random.nextDouble();
      n++;
    }
    return n;
  }

  private String kept(boolean kept) {
    if (!kept) {
      missed++;
    }
    return kept ? "" : " **missed**";
  }
}
