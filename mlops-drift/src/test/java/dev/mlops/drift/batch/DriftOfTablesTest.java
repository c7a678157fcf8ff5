package dev.mlops.drift.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.drift.profile.Baselines;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Columns as real tables have them: rare and new kinds, long tails, identifiers, flags, counts. By simulation, with seeds. */
class DriftOfTablesTest {
  private static final Schema KIND =
      Schema.of(Column.category("kind")).predicting(Task.CLASSIFICATION);
  private static final Schema NUMBER =
      Schema.of(Column.number("number")).predicting(Task.CLASSIFICATION);

  private static Baseline baseline(int n, Function<SplittableRandom, Row> draw, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      rows.add(draw.apply(random));
    }
    return Baselines.from(
        rows.get(0).schema(),
        rows,
        Collections.nCopies(n, Classification.of("a")),
        Collections.nCopies(n, Truth.of("a")));
  }

  /** Whether a window moves the level, at one false alarm in so many windows. */
  private static Level window(
      Baseline baseline,
      int window,
      long windows,
      Function<SplittableRandom, Row> draw,
      SplittableRandom random) {
    DataDrift detector =
        DataDrift.against(baseline).windowOf(window).falseAlarmEvery(window * windows);
    for (int i = 0; i < window; i++) {
      detector.update(draw.apply(random));
    }
    return detector.level();
  }

  private static Row kind(Object kind) {
    return Row.of(KIND, kind.toString());
  }

  private static Row number(double number) {
    return Row.of(NUMBER, number);
  }

  /** Ranks 1 to n with probability falling with a power of them. */
  private static Function<SplittableRandom, Row> zipf(int n, double exponent) {
    double[] upTo = new double[n];
    double sum = 0;
    for (int rank = 1; rank <= n; rank++) {
      sum += Math.pow(rank, -exponent);
      upTo[rank - 1] = sum;
    }
    return random -> {
      int at = java.util.Arrays.binarySearch(upTo, random.nextDouble() * upTo[n - 1]);
      return kind("customer " + (at < 0 ? -at - 1 : at));
    };
  }

  private static long next;

  /** By what they are: draws of which no window should alarm. */
  private static Map<String, Function<SplittableRandom, Row>> unchanged() {
    Map<String, Function<SplittableRandom, Row>> all = new LinkedHashMap<>();
    all.put("zipf 1.5", zipf(100_000, 1.5));
    all.put("zipf of 5000 customers", zipf(5_000, 1.0));
    all.put("zipf of 300", zipf(300, 1.0));
    all.put("order numbers in a row", random -> kind("order " + next++));
    all.put("random identifiers", random -> kind(random.nextLong()));
    all.put("three kinds", random -> kind("xyz".charAt(random.nextInt(3))));
    all.put("uniform 300", random -> kind(random.nextInt(300)));
    all.put("uniform 150", random -> kind(random.nextInt(150)));
    all.put("rare kinds", random -> kind(random.nextInt(20) > 0 ? "x" : random.nextInt(1_000)));
    all.put("flag of 3 %", random -> number(random.nextInt(100) < 3 ? 1 : 0));
    all.put("small counts", random -> number(poisson(random, 1.3)));
    all.put("zeros and amounts", random ->
        number(random.nextInt(3) == 0 ? 0 : Math.round(100 * random.nextDouble())));
    all.put("amounts", random -> number(random.nextDouble()));
    all.put(
        "number hardly ever there",
        random -> number(random.nextInt(100) == 0 ? random.nextDouble() : Double.NaN));
    return all;
  }

  private static int poisson(SplittableRandom random, double mean) {
    int count = 0;
    for (double p = random.nextDouble(); p > Math.exp(-mean); p *= random.nextDouble()) {
      count++;
    }
    return count;
  }

  static Stream<String> unchangedNames() {
    return unchanged().keySet().stream();
  }

  /** At a level of 0.05 and of 0.002, of many baselines; the more the longer it may take. */
  @ParameterizedTest
  @MethodSource("unchangedNames")
  void whatDoesNotChangeAlarmsAtMostAsPromised(String name) {
    alarmsAtMostAsPromised(name, 60);
  }

  @ParameterizedTest
  @MethodSource("unchangedNames")
  @Tag("slow")
  void whatDoesNotChangeAlarmsAtMostAsPromisedInManyWindows(String name) {
    alarmsAtMostAsPromised(name, 2_000);
  }

  private static void alarmsAtMostAsPromised(String name, int baselines) {
    Function<SplittableRandom, Row> draw = unchanged().get(name);
    SplittableRandom random = new SplittableRandom(77);
    int[][] sizes = {{1_000, 1_000}, {2_000, 300}, {10_000, 1_000}};
    for (int[] size : sizes) {
      int often = 0;
      int seldom = 0;
      int tested = size[0] == 10_000 ? Math.max(1, baselines / 10) : baselines;
      for (int b = 0; b < tested; b++) {
        Baseline baseline = baseline(size[0], draw, 1_000 + b);
        // A column has two tests: of its values and of missing ones.
        DataDrift sensitive =
            DataDrift.against(baseline).windowOf(size[1]).falseAlarmEvery(20L * size[1]);
        DataDrift strict =
            DataDrift.against(baseline).windowOf(size[1]).falseAlarmEvery(500L * size[1]);
        for (int i = 0; i < 5 * size[1]; i++) {
          Row row = draw.apply(random);
          often += sensitive.update(row) == Level.DRIFT && i % size[1] == size[1] - 1 ? 1 : 0;
          seldom += strict.update(row) == Level.DRIFT && i % size[1] == size[1] - 1 ? 1 : 0;
        }
      }
      String where = name + ", windows of " + size[1] + " against " + size[0];
      System.out.printf("%-60s %d windows: .05 %.4f  .002 %.5f%n", where, 5*tested, often/5.0/tested, seldom/5.0/tested);
      assertThat(often).as(where).isLessThanOrEqualTo(most(5 * tested, 0.05));
      assertThat(seldom).as(where).isLessThanOrEqualTo(most(5 * tested, 0.002));
    }
  }

  /** Windows of one baseline are not independent, so the bound is that of a fifth as many, scaled. */
  private static int most(int windows, double level) {
    int independent = windows / 5;
    return 5
        * Math.max(
            1, BinomialDistribution.of(independent, level).inverseCumulativeProbability(0.9999));
  }
}
