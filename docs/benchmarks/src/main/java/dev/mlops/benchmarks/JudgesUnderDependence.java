package dev.mlops.benchmarks;

import dev.mlops.api.pack.Dependence;
import dev.mlops.drift.anytime.BettingTest;
import dev.mlops.drift.anytime.BlockMeansTest;
import dev.mlops.drift.anytime.ReturnTest;
import dev.mlops.drift.profile.DependenceEstimator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.DoublePredicate;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Measures what the judges promise where each difference of two models depends on those before it: what {@link Dependence}
 * finds, how often {@link BlockMeansTest} is wrong beside {@link BettingTest} and how soon both are right, and when {@link
 * ReturnTest} returns wrongly and rightly.
 *
 * <p>Every run has its own seed, the seed of the row plus a multiple of the run's number, so a page can be made again digit
 * by digit. {@code --runs 1.0} are the numbers of runs of the long form; {@code --runs 0.1} is a tenth of them. {@code
 * --write <file>} writes the page, else it is printed. The exit code is 1 if a limit was missed.
 */
public final class JudgesUnderDependence {
  private static final String HEAD = """
      # Judges where rows depend on each other, measured

      Written by `mvn -q -Pmeasure -Dprogram=JudgesUnderDependence -Dargs="--write docs/benchmarks/results/2026-11-30-judges-under-dependence.md" verify`; every run has a seed of its own, made of the seed of its row and its number, so the page can be made again digit by digit. The build runs a tenth of it. A limit that is not kept is marked.

      A difference is the loss of the champion minus that of the candidate on the same row, in −1 to 1. Its mean is 0 for equal models, and the gain of the candidate else.

      - **independent, q**: −1 or 1 in a share q of the rows, else 0.
      - **AR(1) φ**: 0.3 z + gain, held within −1 to 1, z normal with z(t) = φ z(t−1) + √(1 − φ²) e(t). **AR(1) φ, whole**: 1 where z is above its 0.9 quantile, −1 where it is below its 0.1 quantile, else 0.
      - **regimes of L, a**: −1 or 1 in a quarter of the rows; their mean is gain + a in one regime and gain − a in the other, and a regime ends after each row with probability 1 / L.

      """;

  private static final double ALPHA = 0.05;
  private static final int MEASURED_ON = 20_000;

  /** One value after another. */
  @FunctionalInterface
  private interface Source {
    double next();
  }

  /**
   * A kind of differences.
   *
   * @param largest the largest gain that it can have
   * @param inflation of an endless sequence; NaN if there is no formula
   */
  private record Kind(String name, double largest, double inflation, Draw draw) {
    Source with(double gain, SplittableRandom random) {
      return draw.of(gain, random);
    }
  }

  @FunctionalInterface
  private interface Draw {
    Source of(double gain, SplittableRandom random);
  }

  private static final Kind FEW = independent(0.2);
  private static final Kind HALF = independent(0.5);

  private static final List<Kind> ALL = List.of(
      FEW,
      HALF,
      autoregressive(0.0),
      autoregressive(0.5),
      autoregressive(0.9),
      whole(0.5),
      whole(0.9),
      regimes(50, 0.15),
      regimes(50, 0.24),
      regimes(500, 0.15),
      regimes(500, 0.24));

  private final double share;
  private final StringBuilder page = new StringBuilder(HEAD);
  private final Consumer<String> progress;
  private int missed;

  private JudgesUnderDependence(double share, Consumer<String> progress) {
    this.share = share;
    this.progress = progress;
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
    JudgesUnderDependence all = new JudgesUnderDependence(share, progress);
    all.dependences();
    all.wrongWinners();
    all.rightWinners();
    all.wrongReturns();
    all.rightReturns();
    return new Report(all.page.toString(), all.missed);
  }

  private int runs(int most) {
    return Math.max(50, (int) Math.round(share * most));
  }

  private void row(String row) {
    page.append(row).append('\n');
    progress.accept(row);
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  // --- the dependence
  // ---------------------------------------------------------------------------------------

  private void dependences() {
    page.append("""
        ## What is found

        `Dependence` of n differences of equal models: the share of sequences that give exactly 1 and 1, of those that are conclusive, and the tenth, the median and the ninetieth of a hundred of block length and inflation, beside the inflation of an endless sequence. For AR(1) and z alone that is (1 + φ)/(1 − φ), for regimes 1 + 4a²(L − 2). From 1,000 independent differences on it must be exactly 1 and 1 in 0.95 of the sequences, less four standard errors.

        | differences | n | runs | seed | exactly 1 | conclusive | block length | inflation | endless |
        |---|---|---|---|---|---|---|---|---|
        """);
    long seed = 100;
    for (Kind kind : ALL) {
      for (int n : new int[] {443, 2_000, 5_000, MEASURED_ON}) {
        int runs = runs(500);
        long rowSeed = seed++;
        Dependence[] found =
            each(runs, run -> measured(kind, n, random(rowSeed, run))).toArray(Dependence[]::new);
        double one = share(found, d -> d.blockLength() == 1 && d.inflation() == 1);
        boolean promised = kind.inflation == 1 && n >= 1_000;
        row(line(
            "| %s | %,d | %,d | %d | %.3f%s | %.3f | %s | %s | %s |",
            kind.name,
            n,
            runs,
            rowSeed,
            one,
            promised ? kept(one >= 0.95 - 4 * Math.sqrt(0.95 * 0.05 / runs)) : "",
            share(found, Dependence::conclusive),
            tenths(Arrays.stream(found).mapToDouble(Dependence::blockLength), "%,.0f"),
            tenths(Arrays.stream(found).mapToDouble(Dependence::inflation), "%.2f"),
            Double.isNaN(kind.inflation) ? "–" : line("%.1f", kind.inflation)));
      }
    }
    page.append('\n');
  }

  private static double share(Dependence[] found, Predicate<Dependence> holds) {
    return Arrays.stream(found).filter(holds).count() / (double) found.length;
  }

  private static String tenths(DoubleStream values, String format) {
    double[] sorted = values.sorted().toArray();
    return line(
        format + ", " + format + ", " + format,
        sorted[sorted.length / 10],
        sorted[sorted.length / 2],
        sorted[sorted.length * 9 / 10]);
  }

  private static Dependence measured(Kind kind, int n, SplittableRandom random) {
    Source source = kind.with(0, random.split());
    DependenceEstimator estimator = new DependenceEstimator();
    for (int i = 0; i < n; i++) {
      estimator.add(source.next());
    }
    return estimator.dependence();
  }

  // --- champion and candidate
  // -------------------------------------------------------------------------------

  private void wrongWinners() {
    int looks = 20_000;
    int most = mostWrong(runs(1_000));
    page.append(line("""
        ## Wrong winners

        Equal models, alpha 0.05, up to %,d rows, a look at the end of every block: the share of runs that ever declare the candidate better. The dependence was measured on the rows before, of the same kind: on 20,000 of them it is promised to be at most alpha, and the exact binomial test at 1e-4 allows %.2f %%; on fewer nothing is promised where the page above calls them inconclusive. `BettingTest` looks at every row and knows of no dependence.

        | differences | runs | seed | `BlockMeansTest`, from 20,000 | from 5,000 | from 2,000 | `BettingTest` |
        |---|---|---|---|---|---|---|
        """, looks, 100.0 * most / runs(1_000)));
    long seed = 200;
    for (Kind kind : ALL) {
      int runs = runs(1_000);
      long rowSeed = seed++;
      int[] measuredOn = {MEASURED_ON, 5_000, 2_000};
      int[] wrong = new int[4];
      each(runs, run -> {
            boolean[] declared = new boolean[4];
            for (int i = 0; i < 3; i++) {
              SplittableRandom random = random(rowSeed, run);
              declared[i] =
                  untilWinner(kind, 0, measured(kind, measuredOn[i], random), looks, random)
                      <= looks;
            }
            declared[3] = untilBet(kind, 0, looks, random(rowSeed, run)) <= looks;
            return declared;
          })
          .forEach(declared -> {
            for (int i = 0; i < 4; i++) {
              wrong[i] += declared[i] ? 1 : 0;
            }
          });
      row(line(
          "| %s | %,d | %d | %.2f %%%s | %.2f %% | %.2f %% | %.2f %% |",
          kind.name,
          runs,
          rowSeed,
          100.0 * wrong[0] / runs,
          kept(wrong[0] <= most),
          100.0 * wrong[1] / runs,
          100.0 * wrong[2] / runs,
          100.0 * wrong[3] / runs));
    }
    page.append('\n');
  }

  /** The most wrong ones of which as many or more have a probability above 1e-4 at a rate of alpha. */
  static int mostWrong(int runs) {
    double probability = Math.pow(1 - ALPHA, runs);
    double below = 0;
    for (int k = 0; ; k++) {
      below += probability;
      if (1 - below <= 1e-4) {
        return k;
      }
      probability *= (runs - k) / (k + 1.0) * ALPHA / (1 - ALPHA);
    }
  }

  private static int untilWinner(
      Kind kind, double gain, Dependence dependence, int most, SplittableRandom random) {
    BlockMeansTest test =
        BlockMeansTest.differences().above(0).under(dependence).alpha(ALPHA);
    return until(test::update, kind.with(gain, random), most);
  }

  private static int untilBet(Kind kind, double gain, int most, SplittableRandom random) {
    BettingTest test = BettingTest.differences().above(0).alpha(ALPHA);
    return until(test::update, kind.with(gain, random), most);
  }

  /** After how many values one says yes; the largest int if none does. */
  private static int until(DoublePredicate judge, Source source, int most) {
    for (int n = 1; n <= most; n++) {
      if (judge.test(source.next())) {
        return n;
      }
    }
    return Integer.MAX_VALUE;
  }

  private void rightWinners() {
    int most = 50_000;
    page.append(line("""
        ## Right winners

        The median number of rows until the candidate is declared better, of up to %,d; the dependence was measured on 20,000 rows before. On independent differences `BlockMeansTest` must not need more than twice the rows of `BettingTest`. On the others `BettingTest` says little: it declares equal models better in as many runs as the table above has.

        | differences | gain | runs | seed | `BlockMeansTest` | `BettingTest` | ratio |
        |---|---|---|---|---|---|---|
        """, most));
    long seed = 300;
    for (Kind kind : ALL) {
      for (double gain : new double[] {0.02, 0.05, 0.15}) {
        int runs = runs(200);
        long rowSeed = seed++;
        int[][] found = each(runs, run -> {
              SplittableRandom random = random(rowSeed, run);
              Dependence dependence = measured(kind, MEASURED_ON, random);
              return new int[] {
                untilWinner(kind, gain, dependence, most, random),
                untilBet(kind, gain, most, random(rowSeed, run))
              };
            })
            .toArray(int[][]::new);
        int block = median(found, 0);
        int bet = median(found, 1);
        double ratio = block / (double) bet;
        row(line(
            "| %s | %.2f | %,d | %d | %s | %,d | %s |",
            kind.name,
            gain,
            runs,
            rowSeed,
            rows(block, most),
            bet,
            kind.inflation == 1 ? line("%.2f, limit 2%s", ratio, kept(ratio <= 2)) : "–"));
      }
    }
    page.append('\n');
  }

  private static String rows(int n, int most) {
    return n == Integer.MAX_VALUE ? line("more than %,d", most) : line("%,d", n);
  }

  private static int median(int[][] found, int of) {
    return Arrays.stream(found).mapToInt(run -> run[of]).sorted().toArray()[found.length / 2];
  }

  // --- past champions
  // ---------------------------------------------------------------------------------------

  private void wrongReturns() {
    int most = 50_000;
    page.append(line("""
        ## Wrong returns

        `ReturnTest` with a margin of 0.02 and a threshold of 2,000, on a past champion that is as good as the present one, and on one that is better by just the margin; the dependence was measured on 20,000 rows before. The mean number of rows until it returns, where a run that has not returned after %,d counts as if it had then. It must be at least 2,000.

        | differences | runs | seed | as good: rows | returned within 10,000 | better by the margin: rows | returned within 10,000 |
        |---|---|---|---|---|---|---|
        """, most));
    long seed = 400;
    for (Kind kind : ALL) {
      int runs = runs(200);
      long rowSeed = seed++;
      int[][] found = each(runs, run -> {
            int[] rows = new int[2];
            for (int i = 0; i < 2; i++) {
              SplittableRandom random = random(rowSeed, run);
              ReturnTest test = ReturnTest.under(measured(kind, MEASURED_ON, random));
              rows[i] = Math.min(most, until(test::update, kind.with(0.02 * i, random), most));
            }
            return rows;
          })
          .toArray(int[][]::new);
      StringBuilder row = new StringBuilder(line("| %s | %,d | %d |", kind.name, runs, rowSeed));
      for (int i = 0; i < 2; i++) {
        int of = i;
        double mean = Arrays.stream(found).mapToInt(run -> run[of]).average().orElseThrow();
        long early = Arrays.stream(found).filter(run -> run[of] < 10_000).count();
        row.append(line(" %,.0f%s | %.1f %% |", mean, kept(mean >= 2_000), 100.0 * early / runs));
      }
      row(row.toString());
    }
    page.append('\n');
  }

  private void rightReturns() {
    page.append("""
        ## Right returns

        `ReturnTest` with the same knobs after a shift that passes: for 2,000 rows the past champion is worse by a gain, then better by it. The median number of rows from the end of the shift until it returns, and how many runs returned during the shift. On independent differences and a gain of 0.4, as after half of the labels have changed, at most 500.

        | differences | gain | runs | seed | rows | during the shift |
        |---|---|---|---|---|---|
        """);
    long seed = 500;
    for (Kind kind : ALL) {
      for (double gain : new double[] {0.1, 0.2, 0.4}) {
        if (gain > kind.largest) {
          continue;
        }
        int runs = runs(200);
        long rowSeed = seed++;
        int[] delays = each(runs, run -> {
              SplittableRandom random = random(rowSeed, run);
              ReturnTest test = ReturnTest.under(measured(kind, MEASURED_ON, random));
              int during = until(test::update, kind.with(-gain, random), 2_000);
              return during <= 2_000
                  ? Integer.valueOf(-1)
                  : Integer.valueOf(until(test::update, kind.with(gain, random), 50_000));
            })
            .mapToInt(Integer::intValue)
            .sorted()
            .toArray();
        long during = Arrays.stream(delays).filter(delay -> delay < 0).count();
        int median = delays[runs / 2];
        boolean promised = kind.equals(HALF) && gain == 0.4;
        row(line(
            "| %s | %.1f | %,d | %d | %s%s | %d |",
            kind.name,
            gain,
            runs,
            rowSeed,
            rows(median, 50_000),
            promised ? ", limit 500" + kept(median <= 500) : "",
            during));
      }
    }
    page.append('\n');
  }

  // --- differences
  // ------------------------------------------------------------------------------------------

  private static double whole(double share, double mean, SplittableRandom random) {
    double draw = random.nextDouble();
    double up = 0.5 * (share + mean);
    return draw < up ? 1 : draw < share ? -1 : 0;
  }

  private static Kind independent(double share) {
    return new Kind(
        "independent, " + share, share, 1, (gain, random) -> () -> whole(share, gain, random));
  }

  private static Source normal(double coefficient, SplittableRandom random) {
    double[] z = {random.nextGaussian()};
    double fresh = Math.sqrt(1 - coefficient * coefficient);
    return () -> {
      double now = z[0];
      z[0] = coefficient * now + fresh * random.nextGaussian();
      return now;
    };
  }

  private static Kind autoregressive(double coefficient) {
    return new Kind(
        "AR(1) " + coefficient, 0.5, (1 + coefficient) / (1 - coefficient), (gain, random) -> {
          Source z = normal(coefficient, random);
          return () -> Math.max(-1, Math.min(1, 0.3 * z.next() + gain));
        });
  }

  /** The gain turns as many of the rows that are not 1 yet, or not −1, by one. */
  private static Kind whole(double coefficient) {
    double quantile = 1.2815515655446004;
    return new Kind("AR(1) " + coefficient + ", whole", 0.5, Double.NaN, (gain, random) -> {
      Source z = normal(coefficient, random);
      double turned = Math.abs(gain) / 0.9;
      return () -> {
        double now = z.next();
        double x = now > quantile ? 1 : now < -quantile ? -1 : 0;
        double more = random.nextDouble() < turned ? Math.signum(gain) : 0;
        return Math.max(-1, Math.min(1, x + more));
      };
    });
  }

  private static Kind regimes(int length, double amplitude) {
    return new Kind(
        "regimes of " + length + ", " + amplitude,
        0.1,
        1 + 4 * amplitude * amplitude * (length - 2),
        (gain, random) -> {
          boolean[] up = {random.nextBoolean()};
          double share = Math.max(0.25, amplitude + Math.abs(gain));
          return () -> {
            up[0] ^= random.nextDouble() < 1.0 / length;
            return whole(share, gain + (up[0] ? amplitude : -amplitude), random);
          };
        });
  }

  // --- arithmetic
  // -------------------------------------------------------------------------------------------

  private static <T> Stream<T> each(int runs, IntFunction<T> run) {
    return IntStream.range(0, runs).parallel().mapToObj(run).toList().stream();
  }

  private static SplittableRandom random(long seed, int run) {
    return new SplittableRandom(seed * 1_000_003L + run * 7_919L);
  }

  private String kept(boolean kept) {
    if (!kept) {
      missed++;
    }
    return kept ? "" : " **missed**";
  }
}
