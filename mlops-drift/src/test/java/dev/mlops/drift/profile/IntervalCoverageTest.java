package dev.mlops.drift.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * How often 95 % intervals hold the true value: samples are drawn with replacement from a population of which every metric is
 * known exactly, and an exact binomial test at 1e-4 must not reject 95 in 100. Those of {@link #CONSERVATIVE} may hold it more
 * often.
 */
class IntervalCoverageTest {
  private static final int POPULATION = 20_000;
  private static final double LEVEL = 1e-4;

  /** Metrics whose intervals are as wide as the worst of what could be, by family. */
  private static final Set<String> CONSERVATIVE =
      Set.of("balanced_accuracy", "f1", "f_beta", "ece", "median_absolute_error", "quantile_error");

  private static boolean isConservative(Metric metric, Law law) {
    boolean ofLabels = metric.task() == Task.CLASSIFICATION && law == Law.SEVERAL;
    return CONSERVATIVE.contains(LabelCounts.base(metric))
        || metric.family().endsWith("_macro")
        || metric.family().endsWith("_weighted") && !metric.isShare()
        // without a positive label, means over labels
        || ofLabels && (metric.isShare() ? MEANS : AREAS).contains(metric);
  }

  private static final Set<Metric> MEANS =
      Set.of(Metric.PRECISION, Metric.RECALL, Metric.SPECIFICITY);
  private static final Set<Metric> AREAS = Set.of(Metric.ROC_AUC, Metric.AVERAGE_PRECISION);

  /** What is drawn. */
  enum Law {
    BINARY(Schema.of(Column.number("x")).positiveLabel("yes")) {
      @Override
      void draw(SplittableRandom random, List<Prediction> said, List<Truth> right) {
        boolean yes = random.nextDouble() < 0.3;
        double score = 1 / (1 + Math.exp(1.2 - (yes ? 1.8 : 0) - gaussian(random)));
        said.add(Classification.of(List.of("yes", "no"), new double[] {score, 1 - score}));
        right.add(Truth.of(yes ? "yes" : "no"));
      }
    },
    SEVERAL(Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION)) {
      @Override
      void draw(SplittableRandom random, List<Prediction> said, List<Truth> right) {
        double u = random.nextDouble();
        int label = u < 0.5 ? 0 : u < 0.8 ? 1 : 2;
        double[] scores = new double[3];
        double sum = 0;
        for (int k = 0; k < 3; k++) {
          scores[k] = Math.exp(gaussian(random) + (k == label ? 1.3 : 0));
          sum += scores[k];
        }
        for (int k = 0; k < 3; k++) {
          scores[k] /= sum;
        }
        said.add(Classification.of(List.of("a", "b", "c"), scores));
        right.add(Truth.of(List.of("a", "b", "c").get(label)));
      }
    },
    QUANTITIES(Schema.of(Column.number("x")).predicting(Task.REGRESSION)) {
      @Override
      void draw(SplittableRandom random, List<Prediction> said, List<Truth> right) {
        double truth = 20 + 3 * gaussian(random);
        said.add(Regression.of(truth + 0.3 + 1.2 * gaussian(random)));
        right.add(Truth.of(truth));
      }
    };

    final Schema schema;

    Law(Schema schema) {
      this.schema = schema;
    }

    abstract void draw(SplittableRandom random, List<Prediction> said, List<Truth> right);
  }

  private static double gaussian(SplittableRandom random) {
    return Math.sqrt(-2 * Math.log(1 - random.nextDouble()))
        * Math.cos(2 * Math.PI * random.nextDouble());
  }

  private static final Set<Metric> METRICS = metrics();

  private static Set<Metric> metrics() {
    Set<Metric> metrics = new HashSet<>(Metric.known());
    for (Metric base :
        List.of(Metric.PRECISION, Metric.RECALL, Metric.SPECIFICITY, Metric.F1, Metric.fBeta(2))) {
      metrics.addAll(List.of(base.macro(), base.micro(), base.weighted()));
    }
    metrics.addAll(List.of(
        Metric.fBeta(2),
        Metric.topK(2),
        Metric.ROC_AUC.weighted(),
        Metric.quantileError(0.9),
        Metric.pinball(0.9)));
    return metrics;
  }

  @ParameterizedTest
  @EnumSource
  void intervalsHoldWhatTheyPromise(Law law) {
    held(law, 500, 1);
  }

  @Tag("slow")
  @ParameterizedTest
  @EnumSource
  void intervalsHoldWhatTheyPromiseInManySamples(Law law) {
    held(law, 20_000, 2);
  }

  /** Samples of 300 to 500 rows: of one size alone, the shares that can come up are a grid that a true share may miss. */
  private static void held(Law law, int samples, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Prediction> population = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    for (int i = 0; i < POPULATION; i++) {
      law.draw(random, population, truths);
    }
    Map<Metric, Estimate> known =
        new TreeMap<>(Quality.of(law.schema, population, truths, METRICS));
    known.values().removeIf(estimate -> estimate.value() == 1); // of two labels, the best two
    Map<Metric, Integer> held = new TreeMap<>();
    for (int sample = 0; sample < samples; sample++) {
      int n = 300 + random.nextInt(201);
      List<Prediction> said = new ArrayList<>(n);
      List<Truth> right = new ArrayList<>(n);
      for (int i = 0; i < n; i++) {
        int drawn = random.nextInt(POPULATION);
        said.add(population.get(drawn));
        right.add(truths.get(drawn));
      }
      Quality.of(law.schema, said, right, METRICS).forEach((metric, estimate) -> {
        Estimate truth = known.get(metric);
        if (truth != null) {
          boolean holds = estimate.lower() <= truth.value() && truth.value() <= estimate.upper();
          held.merge(metric, holds ? 1 : 0, Integer::sum);
        }
      });
    }
    assertThat(held.keySet()).isEqualTo(known.keySet());
    BinomialDistribution promised = BinomialDistribution.of(samples, 0.95);
    SoftAssertions all = new SoftAssertions();
    held.forEach((metric, times) -> {
      String what = String.format(
          Locale.ROOT, "%s: %s held in %.4f of %d", law, metric, (double) times / samples, samples);
      if (Boolean.getBoolean("mlops.print")) {
        System.out.println(what);
      }
      boolean conservative = isConservative(metric, law);
      double level = conservative ? LEVEL : LEVEL / 2;
      all.assertThat(promised.cumulativeProbability(times)).as(what).isGreaterThan(level);
      if (!conservative) {
        all.assertThat(promised.survivalProbability(times - 1)).as(what).isGreaterThan(level);
      }
    });
    all.assertAll();
  }
}
