package dev.mlops.core.gate;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.DecisionThresholds;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.drift.profile.Quality;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;
import org.apache.commons.statistics.distribution.TDistribution;
import org.jspecify.annotations.Nullable;

/**
 * Tries a candidate on outcomes that it was not trained on, beside what the champion said about the same rows.
 *
 * <p>The result is {@link Evidence} with a section of the candidate, whether the candidate gave its golden examples again,
 * and for every metric the paired difference candidate − champion. Its 95 % interval comes from the delete-a-group
 * jackknife with up to 50 groups (every 50th row is one), which keeps the pairing and serves any metric; where no row
 * differs it is, for a metric within bounds, the rule of three: ± 3/n of their distance, n the rows that count for the
 * metric, such as those of the positive label for its recall; other metrics then have no comparison. Nor has a metric that
 * one of the two models gives nothing to measure. Fewer than 30 rows give no comparison.
 *
 * <p>Latency is measured on the same rows: the candidate's in its test phase, the champion's here, on the calling thread; what
 * a model did not answer is not timed. It is that of calls one after the other, and with fewer than 100 rows the p99 is the
 * slowest.
 *
 * <p>Thread-safe.
 *
 * @see <a href="https://doi.org/10.2307/1403631">Miller (1974), The jackknife: a review</a>
 * @since 0.1
 */
public final class Trial {
  /** Below this many rows an interval says little. */
  private static final int FEWEST = 30;

  private static final int GROUPS = 50;

  private Trial() {}

  /**
   * {@return what is known about a candidate}
   *
   * <p>What the candidate answered to the rows held back is taken from its test phase: they are not predicted again. The
   * candidate that was loaded from its package answers the golden examples, and whatever it throws there, or answers wrongly,
   * is in the finding; nothing is thrown on. A row of the test phase without a usable answer is a failure of the candidate's
   * section; so is an answer with other outputs than the champion's.
   *
   * @param now what is known about the champion; its section is taken over, with the latency that is measured here
   * @param championVersion the champion's version, such as {@code 7}; outcomes of other versions are left out
   * @param champion the model that serves, which answers each row once to be timed; null if nobody asks how long it takes: its
   *     answers are in the outcomes
   * @param source the candidate's package
   * @param candidate the model, loaded from that package
   * @param version the candidate's version, such as {@code 8}
   * @param tested the candidate's answers to the rows held back; the decision thresholds of its package are applied to them
   * @param heldBack the outcomes of these rows, in the same order
   * @param ticker nanoseconds that only grow
   * @throws IllegalArgumentException if there is not one answer for each row
   */
  public static Evidence of(
      Evidence now,
      String championVersion,
      @Nullable Model champion,
      ModelPackage source,
      Model candidate,
      String version,
      TestPhase tested,
      List<Outcome> heldBack,
      LongSupplier ticker) {
    if (tested.size() != heldBack.size()) {
      throw new IllegalArgumentException("wanted one answer for each of " + heldBack.size()
          + " rows held back, got " + tested.size());
    }
    TestPhase decided =
        tested.deciding(DecisionThresholds.of(source.configuration(), source.schema()));
    Finding examples = examples(source.examples(), candidate);
    List<Truth> truths = new ArrayList<>();
    List<Prediction> ours = new ArrayList<>();
    List<Prediction> theirs = new ArrayList<>();
    LongStream.Builder theirNanos = LongStream.builder();
    long rows = 0;
    long failures = 0;
    String failure = tested.firstFailure().orElse(null);
    for (int i = 0; i < heldBack.size(); i++) {
      Outcome outcome = heldBack.get(i);
      if (!outcome.version().equals(championVersion)) {
        continue;
      }
      rows++;
      if (champion != null) {
        timed(champion, outcome.row(), ticker, theirNanos);
      }
      Prediction answer = decided.prediction(i).orElse(null);
      if (answer instanceof Regression said
          && outcome.prediction() instanceof Regression served
          && !said.names().equals(served.names())) {
        failures++;
        if (failure == null) {
          failure = "outputs " + said.names() + " where the champion has " + served.names();
        }
      } else if (answer == null) {
        failures++;
      } else {
        truths.add(outcome.truth());
        ours.add(answer);
        theirs.add(outcome.prediction());
      }
    }
    VersionEvidence.Builder section = VersionEvidence.builder(version)
        .served(rows, 0)
        .failures(failures)
        .truths(truths.size(), 0, 0);
    if (failure != null) {
      section.firstFailure(MlopsException.shown(failure));
    }
    source.baseline().ifPresent(section::baseline);
    tested.latency().ifPresent(section::latency);
    Quality.of(source.schema(), ours, truths, tested.metrics()).forEach(section::quality);
    Evidence.Builder evidence = Evidence.builder(now.model(), now.at()).candidate(section.build());
    Optional<Latency> measured = latency(theirNanos);
    now.champion()
        .map(known ->
            measured.map(latency -> known.toBuilder().latency(latency).build()).orElse(known))
        .ifPresent(evidence::champion);
    if (truths.size() >= FEWEST) {
      compare(source, ours, theirs, truths, tested.metrics()).forEach(evidence::comparison);
    }
    return evidence.examples(examples).build();
  }

  private static void timed(Model model, Row row, LongSupplier ticker, LongStream.Builder nanos) {
    long start = ticker.getAsLong();
    if (answer(model, row) != null) {
      nanos.add(Math.max(0, ticker.getAsLong() - start));
    }
  }

  private static Optional<Latency> latency(LongStream.Builder nanos) {
    long[] all = nanos.build().toArray();
    return all.length == 0 ? Optional.empty() : Optional.of(Latency.of(all));
  }

  private static @Nullable Prediction answer(Model candidate, Row row) {
    try {
      Prediction answer = candidate.predict(row);
      return answer != null && answer.isFinite() ? answer : null;
    } catch (RuntimeException
        | LinkageError
        | StackOverflowError e) { // a candidate that fails is judged, not obeyed
      return null;
    }
  }

  private static Map<Metric, Estimate> compare(
      ModelPackage source,
      List<Prediction> ours,
      List<Prediction> theirs,
      List<Truth> truths,
      Set<Metric> more) {
    int groups = Math.min(truths.size(), GROUPS);
    double quantile = TDistribution.of(groups - 1).inverseCumulativeProbability(0.975);
    Map<Metric, Difference> whole = differences(source, ours, theirs, truths, more);
    List<Map<Metric, Difference>> without = new ArrayList<>();
    for (int group = 0; group < groups; group++) {
      without.add(differences(
          source,
          keep(ours, group, groups),
          keep(theirs, group, groups),
          keep(truths, group, groups),
          more));
    }
    Map<Metric, Estimate> comparisons = new TreeMap<>();
    whole.forEach((metric, difference) -> {
      double[] parts = without.stream()
          .filter(part -> part.containsKey(metric))
          .mapToDouble(part -> part.getOrDefault(metric, difference).value)
          .toArray();
      if (parts.length == groups) {
        double mean = Arrays.stream(parts).average().orElse(0.0);
        double spread =
            Arrays.stream(parts).map(part -> Math.pow(part - mean, 2)).sum();
        double half = quantile * Math.sqrt(spread * (groups - 1) / groups);
        double range = metric.highest() - metric.lowest();
        if (half == 0.0 && Double.isFinite(range)) {
          half = Math.min(1.0, 3.0 / difference.n) * range;
        }
        if (half > 0.0) {
          comparisons.put(
              metric,
              new Estimate(
                  difference.value,
                  difference.value - half,
                  difference.value + half,
                  difference.n));
        }
      }
    });
    return comparisons;
  }

  /** By how much two qualities differ, and on how many rows that count for the metric. */
  private record Difference(double value, long n) {}

  private static <V> List<V> keep(List<V> values, int group, int groups) {
    List<V> kept = new ArrayList<>(values.size());
    for (int i = 0; i < values.size(); i++) {
      if (i % groups != group) {
        kept.add(values.get(i));
      }
    }
    return kept;
  }

  private static Map<Metric, Difference> differences(
      ModelPackage source,
      List<Prediction> ours,
      List<Prediction> theirs,
      List<Truth> truths,
      Set<Metric> more) {
    Map<Metric, Estimate> first = Quality.of(source.schema(), ours, truths, more);
    Map<Metric, Estimate> second = Quality.of(source.schema(), theirs, truths, more);
    Map<Metric, Difference> differences = new TreeMap<>();
    first.forEach((metric, estimate) -> {
      Estimate other = second.get(metric);
      if (other != null) {
        differences.put(
            metric,
            new Difference(
                judged(metric, estimate) - judged(metric, other),
                Math.min(estimate.n(), other.n())));
      }
    });
    return differences;
  }

  /** Of a signed metric its magnitude: it is best at 0. */
  private static double judged(Metric metric, Estimate measured) {
    return metric.isSigned() ? Math.abs(measured.value()) : measured.value();
  }

  private static Finding examples(List<GoldenExample> examples, Model candidate) {
    if (examples.isEmpty()) {
      return Finding.fail("the package has no golden examples");
    }
    int same = 0;
    String first = "";
    for (int i = 0; i < examples.size(); i++) {
      Prediction answer = answer(candidate, examples.get(i).row());
      if (examples.get(i).matches(answer)) {
        same++;
      } else if (first.isEmpty()) {
        first = "; number " + i + " wanted " + examples.get(i).expected() + ", got "
            + (answer == null ? "no answer" : answer);
      }
    }
    String text = same + " of " + examples.size() + " golden examples" + first;
    return same == examples.size() ? Finding.pass(text) : Finding.fail(text);
  }
}
