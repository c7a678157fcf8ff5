package dev.mlops.drift.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.testkit.InMemoryMonitor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every metric of random pairs is what the testkit's in-memory monitor counts out from its definition, pair by pair, and what
 * windows and streams say in any order.
 */
class MetricsPropertyTest {
  private static final Schema COLUMNS = Schema.of(Column.number("x"));
  private static final List<String> LABELS = List.of("a", "b", "c", "d");

  /** All that the library has: those without an argument, and some of each family that needs one. */
  static Set<Metric> all() {
    Set<Metric> all = new HashSet<>(Metric.known());
    for (Metric base : List.of(
        Metric.PRECISION,
        Metric.RECALL,
        Metric.SPECIFICITY,
        Metric.F1,
        Metric.fBeta(2),
        Metric.fBeta(0.5))) {
      all.addAll(List.of(base.macro(), base.micro(), base.weighted()));
    }
    for (String label : List.of("a", "d", "unseen")) {
      all.addAll(List.of(
          Metric.precision(label),
          Metric.recall(label),
          Metric.specificity(label),
          Metric.f1(label),
          Metric.fBeta(2, label),
          Metric.rocAuc(label),
          Metric.averagePrecision(label),
          Metric.selectionRate(label)));
    }
    for (Metric area : List.of(Metric.ROC_AUC, Metric.AVERAGE_PRECISION)) {
      all.addAll(List.of(area.macro(), area.weighted()));
    }
    all.addAll(List.of(
        Metric.fBeta(2),
        Metric.topK(1),
        Metric.topK(3),
        Metric.quantileError(0.9),
        Metric.quantileError(0.01),
        Metric.pinball(0.1)));
    for (Task task : List.of(Task.CLASSIFICATION, Task.REGRESSION)) {
      // A ratio of sums, and a function of all outcomes that is no sum; row 3 of 4 does not count.
      all.add(Metric.builder("ratio", task)
          .ratioOf(
              (said, right) ->
                  said.hashCode() % 4 == 3 ? Double.NaN : 1 + right.toString().length(),
              (said, right) -> 1 + said.toString().length())
          .build());
      all.add(Metric.builder("distinct", task)
          .ofOutcomes((said, right) -> new HashSet<>(right).size())
          .build());
    }
    return all;
  }

  /** Streams give these within a bound. */
  private static boolean isBinned(Metric metric) {
    return Set.of("roc_auc", "average_precision", "median_absolute_error", "quantile_error")
        .contains(LabelCounts.base(metric));
  }

  private record Pairs(Schema schema, List<Prediction> said, List<Truth> right) {
    Map<Metric, Estimate> exact() {
      return Quality.of(schema, said, right, all());
    }

    Map<Metric, Estimate> window(int of) {
      QualityWindow window = QualityWindow.of(schema, of, all());
      for (int i = 0; i < said.size(); i++) {
        window.add(said.get(i), right.get(i));
      }
      return window.quality();
    }

    StreamingQuality stream() {
      StreamingQuality stream = StreamingQuality.of(schema, all());
      for (int i = 0; i < said.size(); i++) {
        stream.add(said.get(i), right.get(i));
      }
      return stream;
    }

    Pairs sub(int from, int to) {
      return new Pairs(schema, said.subList(from, to), right.subList(from, to));
    }

    Pairs shuffled(Random random) {
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < said.size(); i++) {
        order.add(i);
      }
      Collections.shuffle(order, random);
      return new Pairs(
          schema,
          order.stream().map(said::get).toList(),
          order.stream().map(right::get).toList());
    }

    /** Counted out by the testkit. */
    Map<Metric, Estimate> naive() {
      Baseline.Builder baseline = Baseline.builder(schema).rows(10);
      all().forEach(metric -> baseline.quality(metric, new Estimate(0, 0, 0, 1)));
      try (MetricsMonitor monitor = InMemoryMonitor.config().open("m")) {
        Recorder recorder = monitor.recorder("1", baseline.build());
        monitor.champion("1");
        for (int i = 0; i < said.size(); i++) {
          monitor.truth(recorder.record(Row.of(COLUMNS, 0.0), said.get(i), 1), right.get(i));
        }
        monitor.tick();
        Evidence evidence = monitor.evidence();
        return evidence.champion().map(VersionEvidence::quality).orElseThrow();
      }
    }
  }

  private static Pairs classifications(Schema schema, Random random, int n) {
    List<Prediction> said = new ArrayList<>();
    List<Truth> right = new ArrayList<>();
    int truths = 1 + random.nextInt(LABELS.size());
    int decimals = random.nextBoolean() ? 10 : 1_000_000;
    for (int i = 0; i < n; i++) {
      double[] scores = new double[LABELS.size()];
      double sum = 0;
      int label = random.nextInt(truths);
      for (int k = 0; k < scores.length; k++) {
        scores[k] = Math.exp(random.nextGaussian() + (k == label ? 1 : 0));
        sum += scores[k];
      }
      for (int k = 0; k < scores.length; k++) {
        scores[k] = Math.rint(scores[k] / sum * decimals) / decimals;
      }
      said.add(Classification.of(LABELS, scores));
      right.add(Truth.of(random.nextInt(50) == 0 ? "unknown" : LABELS.get(label)));
    }
    return new Pairs(schema, said, right);
  }

  private static Pairs quantities(Random random, int n) {
    List<Prediction> said = new ArrayList<>();
    List<Truth> right = new ArrayList<>();
    int outputs = 1 + random.nextInt(2);
    boolean negative = random.nextInt(4) == 0;
    for (int i = 0; i < n; i++) {
      Map<String, Double> answer = new TreeMap<>();
      Map<String, Double> truth = new TreeMap<>();
      for (int k = 0; k < outputs; k++) {
        double value = Math.rint(random.nextGaussian() * 8) / 4 + (negative ? 0 : 30);
        truth.put("y" + k, random.nextInt(20) == 0 ? 0.0 : value);
        answer.put("y" + k, value + random.nextGaussian() * (1 + value * value / 50));
      }
      if (!negative) {
        answer.replaceAll((name, value) -> Math.abs(value));
      }
      said.add(Regression.of(answer));
      right.add(Truth.of(truth));
    }
    return new Pairs(COLUMNS.predicting(Task.REGRESSION), said, right);
  }

  private static List<Pairs> some(long seed, int most) {
    Random random = new Random(seed);
    return List.of(
        classifications(COLUMNS.positiveLabel("a"), random, 2 + random.nextInt(most)),
        classifications(COLUMNS.predicting(Task.CLASSIFICATION), random, 2 + random.nextInt(most)),
        quantities(random, 2 + random.nextInt(most)));
  }

  private static void same(
      Map<Metric, Estimate> got, Map<Metric, Estimate> wanted, String where, boolean stream) {
    Set<Metric> metrics = new HashSet<>(wanted.keySet());
    if (stream) { // does not keep outcomes
      metrics.removeIf(metric -> metric.ofOutcomes().isPresent());
    }
    assertThat(got.keySet()).as(where).isEqualTo(metrics);
    metrics.forEach(metric -> {
      Estimate estimate = wanted.get(metric);
      Estimate found = got.get(metric);
      String what = where + ", " + metric;
      double value = estimate.value();
      if (stream && isBinned(metric)) {
        assertThat(found.lower()).as(what).isLessThanOrEqualTo(value + 1e-12);
        assertThat(found.upper()).as(what).isGreaterThanOrEqualTo(value - 1e-12);
      } else {
        // A bias and R² are differences of larger numbers.
        double apart = 1e-12 * Math.max(metric.equals(Metric.BIAS) ? 100 : 1, Math.abs(value));
        assertThat(found.value()).as(what).isCloseTo(value, within(apart));
      }
    });
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void everyMetricIsItsDefinition(long seed) {
    for (Pairs pairs : some(seed, 60)) {
      String where = "seed " + seed + ", " + pairs.schema();
      Map<Metric, Estimate> wanted = pairs.naive();
      same(pairs.exact(), wanted, where, false);
      same(pairs.window(1_000), wanted, where + ", window", false);
      same(pairs.stream().quality(), wanted, where + ", stream", true);
      pairs.exact().forEach((metric, estimate) -> {
        assertThat(estimate.lower()).as(metric.name()).isGreaterThanOrEqualTo(metric.lowest());
        assertThat(estimate.upper()).as(metric.name()).isLessThanOrEqualTo(metric.highest());
      });
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {21, 22, 23, 24})
  void aWindowIsItsNewestPairs(long seed) {
    for (Pairs pairs : some(seed, 200)) {
      int of = Math.min(40, pairs.said().size());
      int n = pairs.said().size();
      // The window is a ring: turned by whole lengths so that its first place holds the oldest.
      Pairs whole = pairs.sub(0, n / of * of);
      same(
          whole.window(of),
          whole.sub(whole.said().size() - of, whole.said().size()).exact(),
          "seed " + seed,
          false);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {31, 32, 33, 34, 35, 36})
  void orderDoesNotMatter(long seed) {
    Random random = new Random(seed);
    for (Pairs pairs : some(seed, 400)) {
      Map<Metric, Estimate> exact = pairs.exact();
      Map<Metric, Estimate> stream = pairs.stream().quality();
      for (int i = 0; i < 20; i++) {
        Pairs other = pairs.shuffled(random);
        String where = "seed " + seed + ", permutation " + i;
        same(other.exact(), exact, where, false);
        same(other.stream().quality(), stream, where, false);
        same(merged(other, random).quality(), stream, where + ", merged", false);
      }
    }
  }

  /** Cut into parts, each measured apart, merged in a random tree. */
  private static StreamingQuality merged(Pairs pairs, Random random) {
    List<StreamingQuality> parts = new ArrayList<>();
    int from = 0;
    while (from < pairs.said().size()) {
      int to = Math.min(pairs.said().size(), from + random.nextInt(60));
      parts.add(pairs.sub(from, to).stream());
      from = to;
    }
    while (parts.size() > 1) {
      StreamingQuality taken = parts.remove(random.nextInt(parts.size()));
      parts.get(random.nextInt(parts.size())).merge(taken);
    }
    return parts.get(0);
  }

  @Test
  void everyMetricOfTheLibraryIsMeasuredSomewhere() {
    Set<Metric> measured = new HashSet<>();
    for (long seed = 1; seed <= 12; seed++) {
      some(seed, 60).forEach(pairs -> measured.addAll(pairs.exact().keySet()));
    }
    Set<Metric> missing = new HashSet<>(all());
    missing.removeAll(measured);
    missing.removeIf(Metric::isBetweenSegments); // FairnessTest
    // of a label that is never true nor predicted there is nothing but specificity
    assertThat(missing.stream().map(Metric::name))
        .allMatch(name -> name.endsWith("unseen)"))
        .doesNotContain("specificity(unseen)");
  }
}
