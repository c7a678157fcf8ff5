package dev.mlops.drift.anytime;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.junit.jupiter.api.Test;

/**
 * Champion and candidate on the same rows, with a look at every truth: how often is a winner declared that is none, and how
 * soon one that is. The page {@code docs/benchmarks/results/2026-11-24-anytime-tests.md} is this test's output.
 */
class LookingAtEveryTruthTest {
  private static final double ALPHA = 0.05;
  private static final int LOOKS = 10_000;
  static final int RUNS = 2_000;
  private static final int POWER_RUNS = 1_000;

  /** The normal quantile of 0.975. */
  private static final double Z = 1.959963984540054;

  /** One row after the other; whether a winner is declared. */
  @FunctionalInterface
  interface Rule {
    boolean winner(double difference, boolean championRight);
  }

  /** A rule for each run. */
  record Method(String name, boolean anytime, Supplier<Rule> rule) {}

  static List<Method> methods(double champion) {
    MixtureBoundary normal = MixtureBoundary.normal().tightAt(2_000).alpha(ALPHA);
    MixtureBoundary bounded =
        MixtureBoundary.betaBinomial(1, 1).oneSided().tightAt(2_000).alpha(ALPHA);
    // Both depend on the number of rows alone here.
    double[] normalAt = new double[LOOKS + 1];
    double[] boundedAt = new double[LOOKS + 1];
    for (int n = 1; n <= LOOKS; n++) {
      normalAt[n] = normal.upper(n);
      boundedAt[n] = bounded.upper(n);
    }
    // Which counts of right answers leave the champion's accuracy out: the same as asking at every
    // look.
    int[] fewest = new int[LOOKS + 1];
    int[] most = new int[LOOKS + 1];
    kept(champion, fewest, most);
    return List.of(
        new Method("`BettingTest` above 0", true, () -> {
          BettingTest test = BettingTest.differences().above(0).alpha(ALPHA);
          return (d, right) -> test.update(d);
        }),
        new Method("`MixtureSprt` above 0, burn-in 100", true, () -> {
          MixtureSprt test = MixtureSprt.differences(0.02).above(0).burnIn(100).alpha(ALPHA);
          return (d, right) -> test.update(d);
        }),
        new Method("`MixtureSprt` different from 0, burn-in 100", true, () -> {
          MixtureSprt test =
              MixtureSprt.differences(0.02).differentFrom(0).burnIn(100).alpha(ALPHA);
          return (d, right) -> test.update(d);
        }),
        new Method("`MixtureSprt` above 0, variance at least 0.05", true, () -> {
          MixtureSprt test =
              MixtureSprt.differences(0.02).above(0).varianceAtLeast(0.05).alpha(ALPHA);
          return (d, right) -> test.update(d);
        }),
        new Method("`ConfidenceSequence` of the mean excludes 0", true, () -> {
          ConfidenceSequence mean = ConfidenceSequence.means(100).tightAt(5_000).alpha(ALPHA);
          return (d, right) -> {
            mean.update(d);
            return mean.excludes(0);
          };
        }),
        new Method("`MixtureBoundary` normal, differences in −1 to 1", true, () -> {
          double[] sum = new double[2];
          return (d, right) -> Math.abs(sum[0] += d) >= normalAt[(int) ++sum[1]];
        }),
        new Method("`MixtureBoundary` beta-binomial above, −1 to 1", true, () -> {
          double[] sum = new double[2];
          return (d, right) -> (sum[0] += d) >= boundedAt[(int) ++sum[1]];
        }),
        new Method("`ConfidenceSequence` of the champion's share misses it", true, () -> {
          int[] count = new int[2];
          return (d, right) -> {
            count[0] += right ? 1 : 0;
            int n = ++count[1];
            return count[0] < fewest[n] || count[0] > most[n];
          };
        }),
        new Method("naive z-test, from the 100th truth on", false, () -> {
          double[] sum = new double[3];
          return (d, right) -> {
            double n = ++sum[2];
            double s = sum[0] += d;
            double variance = (sum[1] += d * d) / n - s / n * (s / n);
            return n >= 100 && s * s >= Z * Z * n * variance && variance > 0;
          };
        }));
  }

  /** For each n the counts of ones at which a sequence of shares does not exclude p. */
  private static void kept(double p, int[] fewest, int[] most) {
    ConfidenceSequence shares = ConfidenceSequence.shares().tightAt(1_000).alpha(ALPHA);
    for (int n = 1, low = 0, high = 0; n <= LOOKS; n++) {
      // Both ends only ever move up with n, the upper one by at most 1.
      high++;
      while (shares.rejects(p, high, n - high)) {
        high--;
      }
      while (shares.rejects(p, low, n - low)) {
        low++;
      }
      fewest[n] = low;
      most[n] = high;
    }
  }

  /** One row of two models that are right with these probabilities; 70 of 100 rows share their luck. */
  private static void run(
      SplittableRandom random, double champion, double candidate, double[] d, boolean[] right) {
    for (int t = 0; t < d.length; t++) {
      double luck = random.nextDouble();
      double other = random.nextDouble() < 0.7 ? luck : random.nextDouble();
      right[t] = luck < champion;
      d[t] = (other < candidate ? 1 : 0) - (right[t] ? 1 : 0);
    }
  }

  /** For each method and run, after how many rows a winner was declared; the largest int if never. */
  static int[][] declared(
      List<Method> methods, double champion, double candidate, int runs, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] d = new double[LOOKS];
    boolean[] right = new boolean[LOOKS];
    int[][] found = new int[methods.size()][runs];
    for (int run = 0; run < runs; run++) {
      run(random, champion, candidate, d, right);
      for (int m = 0; m < found.length; m++) {
        Rule rule = methods.get(m).rule().get();
        int t = 0;
        while (t < LOOKS && !rule.winner(d[t], right[t])) {
          t++;
        }
        found[m][run] = t < LOOKS ? t + 1 : Integer.MAX_VALUE;
      }
    }
    return found;
  }

  private static long wrong(int[] declared) {
    return Arrays.stream(declared).filter(n -> n < Integer.MAX_VALUE).count();
  }

  private static String share(int[] declared) {
    return String.format(Locale.ROOT, "%.2f %%", 100.0 * wrong(declared) / declared.length);
  }

  /** The middle one; never, if more than half never declared one. */
  private static String median(int[] declared) {
    int[] sorted = declared.clone();
    Arrays.sort(sorted);
    int middle = sorted[(sorted.length - 1) / 2];
    return middle == Integer.MAX_VALUE
        ? "more than 10,000"
        : String.format(Locale.ROOT, "%,d", middle);
  }

  static void requireErrorAtMostAlpha(List<Method> methods, int[][] declared, String where) {
    int runs = declared[0].length;
    int most = BinomialDistribution.of(runs, ALPHA).inverseCumulativeProbability(1 - 1e-4);
    for (int m = 0; m < declared.length; m++) {
      if (methods.get(m).anytime()) {
        assertThat(wrong(declared[m]))
            .as(methods.get(m).name() + ", " + where)
            .isLessThanOrEqualTo(most);
      } else {
        // Measured elsewhere: 55 %.
        assertThat(wrong(declared[m])).as("naive, " + where).isGreaterThan(runs * 4L / 10);
      }
    }
  }

  @Test
  void noMoreThanAlphaAreWrongAndHalfOfTheBetterOnesAreFoundInTime() throws IOException {
    List<Method> methods = methods(0.8);
    int[][] wrong80 = declared(methods, 0.80, 0.80, RUNS, 81);
    int[][] wrong95 = declared(methods(0.95), 0.95, 0.95, RUNS, 82);
    int[][] found80 = declared(methods, 0.80, 0.82, POWER_RUNS, 83);
    int[][] found95 = declared(methods(0.95), 0.95, 0.97, POWER_RUNS, 84);
    requireErrorAtMostAlpha(methods, wrong80, "accuracy 0.80, seed 81");
    requireErrorAtMostAlpha(methods, wrong95, "accuracy 0.95, seed 82");
    // Elsewhere, by another program: mixture SPRT 2,013 and 549, confidence sequence 2,148 and 753,
    // betting 2,036 and 469.
    requireMedian(found80, 2_150, 1_800, 2_250, 2_450);
    requireMedian(found95, 690, 690, 820, 1_100);

    List<String> page = new ArrayList<>(List.of(
        "# Tests that may be looked at after every truth, 2026-11-24",
        "",
        "Written by `LookingAtEveryTruthTest` with `-Dmlops.docs.write=true`, which also compares it; Java's `SplittableRandom`, seeds 81 to 84 in the order of the columns and 85 for the last table. Champion and candidate answer the same rows, 70 of 100 of which share their luck; alpha is 0.05; a run looks after each of at most 10,000 truths.",
        "",
        "## Wrong and right winners",
        "",
        "Wrong: 2,000 runs of two equal models, accuracies 0.80 and 0.95; the exact binomial test at 1e-4 allows 6.90 %. Right: the median number of truths until a winner is declared, 1,000 runs, candidate better by 0.02. The last sequence is about the champion alone, so it finds no winner.",
        "",
        "| | wrong, 0.80 | wrong, 0.95 | 0.80 against 0.82 | 0.95 against 0.97 |",
        "|---|---|---|---|---|"));
    for (int m = 0; m < methods.size(); m++) {
      boolean alone = methods.get(m).name().contains("misses");
      page.add("| " + methods.get(m).name() + " | " + share(wrong80[m]) + " | "
          + share(wrong95[m]) + " | " + (alone ? "–" : median(found80[m])) + " | "
          + (alone ? "–" : median(found95[m])) + " |");
    }
    page.addAll(List.of(
        "",
        "## The same z-test at several looks",
        "",
        "A two-sided z-test at 5 % of normal values with known variance, at equally many values between looks, 20,000 runs; 1969 is Armitage, McPherson and Rowe.",
        "",
        "| looks | wrong | 1969 |",
        "|---|---|---|"));
    int[] looks = {1, 2, 5, 10, 20, 50, 100, 1_000};
    double[] published = {0.050, 0.083, 0.142, 0.193, 0.248, 0.320, 0.374, 0.53};
    double[] measured = repeatedZTests(looks, 20_000, 85);
    for (int i = 0; i < looks.length; i++) {
      // Four standard errors of 20,000 runs, and half of the last published digit.
      assertThat(measured[i])
          .as(looks[i] + " looks, seed 85")
          .isCloseTo(published[i], within(i < 7 ? 0.0145 : 0.019));
      page.add(
          String.format(Locale.ROOT, "| %,d | %.3f | %s |", looks[i], measured[i], published[i]));
    }
    compare(page);
  }

  /** Betting, mixture SPRT above, different, sequence of means. */
  private static void requireMedian(
      int[][] found, int betting, int above, int different, int mean) {
    int[] methods = {0, 1, 2, 4};
    int[] most = {betting, above, different, mean};
    for (int i = 0; i < methods.length; i++) {
      int[] sorted = found[methods[i]].clone();
      Arrays.sort(sorted);
      assertThat(sorted[sorted.length / 2]).as("method " + methods[i]).isLessThan(most[i]);
    }
  }

  private static double[] repeatedZTests(int[] looks, int runs, long seed) {
    Random random = new Random(seed);
    int[] wrong = new int[looks.length];
    for (int run = 0; run < runs; run++) {
      double sum = 0;
      int first = Integer.MAX_VALUE;
      for (int look = 1; look <= looks[looks.length - 1] && first == Integer.MAX_VALUE; look++) {
        sum += random.nextGaussian();
        first = sum * sum >= Z * Z * look ? look : first;
      }
      for (int i = 0; i < looks.length; i++) {
        wrong[i] += first <= looks[i] ? 1 : 0;
      }
    }
    return Arrays.stream(wrong).mapToDouble(w -> (double) w / runs).toArray();
  }

  private static void compare(List<String> lines) throws IOException {
    Path results =
        Path.of(System.getProperty("mlops.root", "..")).resolve("docs/benchmarks/results");
    assumeThat(results).as("a checkout to compare the page in").isDirectory();
    Path page = results.resolve("2026-11-24-anytime-tests.md");
    String text = String.join("\n", lines) + "\n";
    if (Boolean.getBoolean("mlops.docs.write")) {
      Files.writeString(page, text);
    }
    assertThat(Files.readString(page, UTF_8))
        .as("write it with -Dmlops.docs.write=true")
        .isEqualTo(text);
  }
}
