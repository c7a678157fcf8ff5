package dev.mlops.core.monitor;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.BaselineComparison;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Dependence;
import dev.mlops.drift.profile.NoWorseTest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Each metric of one version beside its test phase, and whether its losses depend on those before them though the test phase
 * says nothing of it.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class BaselineTests {
  private final Baseline baseline;
  private final Map<Metric, Map<Double, NoWorseTest>> tests = new TreeMap<>();
  private final @Nullable Loss loss;
  private final UntoldDependence dependence = new UntoldDependence();

  /**
   * Tests nothing yet.
   *
   * @param baseline what the version is held against
   * @param metrics compared without a tolerance
   * @param tolerances more of them, by metric
   */
  BaselineTests(
      Baseline baseline, Collection<Metric> metrics, Map<Metric, Set<Double>> tolerances) {
    this.baseline = baseline;
    Set<Metric> all = new TreeSet<>(metrics);
    all.addAll(tolerances.keySet());
    for (Metric metric : all) {
      Set<Double> wanted = new TreeSet<>(tolerances.getOrDefault(metric, Set.of()));
      wanted.add(0.0);
      Map<Double, NoWorseTest> made = new TreeMap<>();
      wanted.forEach(each -> made.put(each, NoWorseTest.of(metric, each, baseline)));
      tests.put(metric, made);
    }
    // A baseline that says how dependent losses are needs nobody to look.
    this.loss =
        baseline.dependence().filter(Dependence::conclusive).isPresent() ? null : lossOf(baseline);
  }

  private static @Nullable Loss lossOf(Baseline baseline) {
    for (Metric metric : List.of(Metric.ACCURACY, Metric.MAE)) {
      if (baseline.schema().task().filter(task -> task != metric.task()).isEmpty()
          && baseline.quality(metric).isPresent()) {
        return metric.loss(baseline.schema()).orElse(null);
      }
    }
    return null;
  }

  /** Takes an outcome that has matured. */
  void matured(Prediction prediction, Truth truth) {
    for (Map<Double, NoWorseTest> ofMetric : tests.values()) {
      for (NoWorseTest test : ofMetric.values()) {
        test.add(prediction, truth);
      }
    }
    if (loss != null && dependence.found() == null) {
      dependence.add(loss.of(prediction, truth));
    }
  }

  /** How dependent the losses are, once they are notably so and the baseline does not say it. */
  @Nullable
  Dependence untold() {
    return dependence.found();
  }

  /** Of each metric that the baseline holds, without a tolerance: 0 inconclusive, 1 not worse, 2 worse. */
  Map<Metric, Integer> standings() {
    Map<Metric, Integer> all = new TreeMap<>();
    tests.forEach((metric, ofMetric) -> {
      NoWorseTest test = ofMetric.get(0.0);
      if (test != null && test.isTested()) {
        all.put(
            metric,
            switch (test.standing()) {
              case INCONCLUSIVE -> 0;
              case NOT_WORSE -> 1;
              case WORSE -> 2;
            });
      }
    });
    return all;
  }

  /** Every comparison, beside the quality that is known. */
  List<BaselineComparison> comparisons(Map<Metric, Estimate> live) {
    List<BaselineComparison> all = new ArrayList<>();
    tests.forEach((metric, ofMetric) -> ofMetric.forEach((tolerance, test) -> {
      BaselineComparison.Builder comparison = BaselineComparison.builder(
              metric, tolerance, test.standing(), test.reason())
          .n(test.n());
      Estimate known = live.get(metric);
      if (known != null) {
        comparison.live(known);
      }
      baseline.quality(metric).ifPresent(comparison::tested);
      test.limit().ifPresent(comparison::limit);
      all.add(comparison.build());
    }));
    return all;
  }
}
