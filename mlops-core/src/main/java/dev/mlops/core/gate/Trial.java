package dev.mlops.core.gate;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
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
    return of(
        now,
        championVersion,
        champion,
        source,
        candidate,
        version,
        tested,
        heldBack,
        ticker,
        Set.of());
  }

  /**
   * {@return what is known about a candidate, its quality in segments of the rows included}
   *
   * @param now as above
   * @param championVersion as above
   * @param champion as above
   * @param source as above
   * @param candidate as above
   * @param version as above
   * @param tested as above
   * @param heldBack as above
   * @param ticker as above
   * @param divisions how rows are divided into segments, as {@link ReleaseGate#divisions()} says
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
      LongSupplier ticker,
      Set<Segmentation> divisions) {
    if (tested.size() != heldBack.size()) {
      throw new IllegalArgumentException("wanted one answer for each of " + heldBack.size()
          + " rows held back, got " + tested.size());
    }
    TestPhase decided = decided(source, tested);
    Answers of = new Answers(source.schema(), tested.metrics());
    LongStream.Builder theirNanos = LongStream.builder();
    for (int i = 0; i < heldBack.size(); i++) {
      Outcome outcome = heldBack.get(i);
      if (!outcome.version().equals(championVersion)) {
        continue;
      }
      if (champion != null) {
        timed(champion, outcome.row(), ticker, theirNanos);
      }
      of.row(
          decided.prediction(i).orElse(null), outcome.prediction(), outcome.truth(), outcome.row());
    }
    Optional<Latency> measured = latency(theirNanos);
    Optional<VersionEvidence> known = now.champion()
        .map(section -> measured
            .map(latency -> section.toBuilder().latency(latency).build())
            .orElse(section));
    return of.evidence(now, known.orElse(null), source, candidate, version, tested, divisions);
  }

  /**
   * What is known about a candidate that a gate asked on its own, beside what it asked the champion.
   *
   * @param champion what the champion answered to the same rows; null if there is none
   * @param championVersion such as {@code 7}
   * @param candidate null if it could not be loaded: it did not answer one row
   */
  static Evidence of(
      Evidence now,
      @Nullable TestPhase champion,
      String championVersion,
      ModelPackage source,
      @Nullable Model candidate,
      String version,
      TestPhase tested,
      Set<Segmentation> divisions) {
    TestPhase decided = decided(source, tested);
    Answers of = new Answers(source.schema(), tested.metrics());
    List<Prediction> theirs = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    for (int i = 0; i < tested.size(); i++) {
      Labelled<Row> row = tested.rows().get(i);
      Prediction their = champion == null ? null : champion.prediction(i).orElse(null);
      if (their != null) {
        theirs.add(their);
        truths.add(row.truth());
      }
      of.row(decided.prediction(i).orElse(null), their, row.truth(), row.input());
    }
    VersionEvidence known = null;
    if (champion != null) {
      VersionEvidence.Builder section = VersionEvidence.builder(championVersion)
          .served(champion.size(), 0)
          .failures(champion.failures())
          .truths(theirs.size(), 0, 0);
      champion.firstFailure().map(MlopsException::shown).ifPresent(section::firstFailure);
      champion.latency().ifPresent(section::latency);
      Quality.of(source.schema(), theirs, truths, tested.metrics()).forEach(section::quality);
      known = section.build();
    }
    return of.evidence(now, known, source, candidate, version, tested, divisions);
  }

  private static TestPhase decided(ModelPackage source, TestPhase tested) {
    return tested.deciding(DecisionThresholds.of(source.configuration(), source.schema()));
  }

  /** What candidate and champion said, row by row. */
  private static final class Answers {
    private final Schema schema;
    private final Set<Metric> metrics;
    private final List<Prediction> ours = new ArrayList<>();
    private final List<Truth> truths = new ArrayList<>();
    /** Of the rows that both answered. */
    private final List<Prediction> beside = new ArrayList<>();

    private final List<Prediction> theirs = new ArrayList<>();
    private final List<Truth> both = new ArrayList<>();
    /** Of all rows, with null where there was no usable answer. */
    private final List<@Nullable Prediction> answers = new ArrayList<>();

    private final List<Row> asked = new ArrayList<>();
    private final List<Truth> right = new ArrayList<>();
    private long failures;
    private @Nullable String failure;

    Answers(Schema schema, Set<Metric> metrics) {
      this.schema = schema;
      this.metrics = metrics;
    }

    void row(@Nullable Prediction our, @Nullable Prediction their, Truth truth, Row row) {
      asked.add(row);
      right.add(truth);
      boolean usable = false;
      if (our instanceof Regression said
          && their instanceof Regression served
          && !said.names().equals(served.names())) {
        failures++;
        if (failure == null) {
          failure = "outputs " + said.names() + " where the champion has " + served.names();
        }
      } else if (our == null) {
        failures++;
      } else {
        usable = true;
        ours.add(our);
        truths.add(truth);
        if (their != null) {
          beside.add(our);
          theirs.add(their);
          both.add(truth);
        }
      }
      answers.add(usable ? our : null);
    }

    Evidence evidence(
        Evidence now,
        @Nullable VersionEvidence champion,
        ModelPackage source,
        @Nullable Model candidate,
        String version,
        TestPhase tested,
        Set<Segmentation> divisions) {
      VersionEvidence.Builder section = VersionEvidence.builder(version)
          .served(asked.size(), 0)
          .failures(failures)
          .truths(truths.size(), 0, 0);
      tested
          .firstFailure()
          .or(() -> Optional.ofNullable(failure))
          .map(MlopsException::shown)
          .ifPresent(section::firstFailure);
      source.baseline().ifPresent(section::baseline);
      tested.latency().ifPresent(section::latency);
      Quality.of(schema, ours, truths, metrics).forEach(section::quality);
      if (!divisions.isEmpty()) {
        HeldBackSegments segments = new HeldBackSegments(
            schema,
            source
                .baseline()
                .orElseGet(() -> Baseline.builder(schema).rows(asked.size()).build()),
            metrics,
            asked,
            answers,
            right);
        divisions.forEach(division -> section.segmentation(segments.by(division)));
      }
      Evidence.Builder evidence =
          Evidence.builder(now.model(), now.at()).candidate(section.build());
      if (champion != null) {
        evidence.champion(champion);
      }
      if (both.size() >= FEWEST) {
        compare(schema, beside, theirs, both, metrics).forEach(evidence::comparison);
      }
      return evidence
          .examples(
              candidate == null
                  ? Finding.inconclusive("the candidate could not be loaded, so it was not asked")
                  : examples(source.examples(), candidate))
          .build();
    }
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
    return Reply.of(candidate, row).prediction(); // a candidate that fails is judged, not obeyed
  }

  private static Map<Metric, Estimate> compare(
      Schema schema,
      List<Prediction> ours,
      List<Prediction> theirs,
      List<Truth> truths,
      Set<Metric> more) {
    int groups = Math.min(truths.size(), GROUPS);
    double quantile = TDistribution.of(groups - 1).inverseCumulativeProbability(0.975);
    Map<Metric, Difference> whole = differences(schema, ours, theirs, truths, more);
    List<Map<Metric, Difference>> without = new ArrayList<>();
    for (int group = 0; group < groups; group++) {
      without.add(differences(
          schema,
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
      Schema schema,
      List<Prediction> ours,
      List<Prediction> theirs,
      List<Truth> truths,
      Set<Metric> more) {
    Map<Metric, Estimate> first = Quality.of(schema, ours, truths, more);
    Map<Metric, Estimate> second = Quality.of(schema, theirs, truths, more);
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
    return Finding.builder(same == examples.size() ? Verdict.PASS : Verdict.FAIL, text)
        .value((double) same)
        .limit((double) examples.size())
        .n(examples.size())
        .build();
  }
}
