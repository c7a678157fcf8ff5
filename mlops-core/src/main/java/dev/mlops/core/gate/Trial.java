package dev.mlops.core.gate;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.drift.profile.Quality;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Tries a candidate on outcomes that it was not trained on, beside what the champion said about the same rows.
 *
 * <p>The result is {@link Evidence} with a section of the candidate, whether the candidate gave its golden examples again,
 * and for every metric the paired difference candidate − champion. Its 95 % interval comes from the delete-a-group
 * jackknife with up to 50 groups (every 50th row is one), which keeps the pairing and serves any metric; where no row
 * differs it is, for shares, the rule of three, ± 3/n; other metrics then have no comparison. Fewer than 30 rows give no comparison.
 *
 * <p>Latency is measured on the same rows: champion and candidate answer in turns, on the calling thread, after the candidate
 * has answered its golden examples; what a model did not answer is not timed. It is that of calls one after the other, and
 * with fewer than 100 rows the p99 is the slowest.
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

  /** What is a share of rows, so that the rule of three holds. */
  private static final Set<Metric> SHARES =
      Set.of(Metric.ACCURACY, Metric.PRECISION, Metric.RECALL, Metric.F1);

  /** 97.5 % quantile of the standard normal distribution. */
  private static final double Z = 1.959963984540054;

  /** How far a score may be from its golden example, relative to the larger of 1 and its size. */
  private static final double GOLDEN = 1e-9;

  private Trial() {}

  /**
   * {@return what is known about a candidate}
   *
   * <p>Whatever the candidate throws, and every answer that is null or not finite, is counted as a failure of its section;
   * nothing is thrown on.
   *
   * @param now what is known about the champion; its section is taken over, with the latency that is measured here
   * @param champion the model that serves; only timed, since the outcomes hold what it said
   * @param source the candidate's package
   * @param candidate the model, loaded from that package
   * @param version the candidate's version, such as {@code 8}
   * @param heldBack outcomes of the champion that the candidate was not trained on
   * @param ticker nanoseconds that only grow
   */
  public static Evidence of(
      Evidence now,
      Model champion,
      ModelPackage source,
      Model candidate,
      String version,
      List<Outcome> heldBack,
      LongSupplier ticker) {
    Finding examples = examples(source.examples(), candidate);
    List<Truth> truths = new ArrayList<>();
    List<Prediction> ours = new ArrayList<>();
    List<Prediction> theirs = new ArrayList<>();
    LongStream.Builder ourNanos = LongStream.builder();
    LongStream.Builder theirNanos = LongStream.builder();
    long failures = 0;
    for (Outcome outcome : heldBack) {
      timed(champion, outcome.row(), ticker, theirNanos);
      Prediction answer = timed(candidate, outcome.row(), ticker, ourNanos);
      if (answer == null) {
        failures++;
      } else {
        truths.add(outcome.truth());
        ours.add(answer);
        theirs.add(outcome.prediction());
      }
    }
    VersionEvidence.Builder section = VersionEvidence.builder(version)
        .served(heldBack.size(), 0)
        .failures(failures)
        .truths(truths.size(), 0, 0);
    source.baseline().ifPresent(section::baseline);
    latency(ourNanos).ifPresent(section::latency);
    Quality.of(source.schema(), ours, truths).forEach(section::quality);
    Evidence.Builder evidence = Evidence.builder(now.model(), now.at()).candidate(section.build());
    Optional<Latency> measured = latency(theirNanos);
    now.champion()
        .map(known -> measured.map(latency -> with(known, latency)).orElse(known))
        .ifPresent(evidence::champion);
    if (truths.size() >= FEWEST) {
      compare(source, ours, theirs, truths).forEach(evidence::comparison);
    }
    return evidence.examples(examples).build();
  }

  private static @Nullable Prediction timed(
      Model model, Row row, LongSupplier ticker, LongStream.Builder nanos) {
    long start = ticker.getAsLong();
    Prediction answer = answer(model, row);
    if (answer != null) {
      nanos.add(Math.max(0, ticker.getAsLong() - start));
    }
    return answer;
  }

  private static Optional<Latency> latency(LongStream.Builder nanos) {
    long[] all = nanos.build().toArray();
    return all.length == 0 ? Optional.empty() : Optional.of(Latency.of(all));
  }

  /** The same section with another latency. */
  private static VersionEvidence with(VersionEvidence known, Latency latency) {
    VersionEvidence.Builder copy = VersionEvidence.builder(known.version())
        .served(known.recorded(), known.dropped())
        .failures(known.failures())
        .truths(known.matured(), known.expired(), known.open())
        .latency(latency);
    known.baseline().ifPresent(copy::baseline);
    known.truthAge().ifPresent(copy::truthAge);
    known.quality().forEach(copy::quality);
    known.provisional().forEach(copy::provisional);
    known.drift().forEach(copy::drift);
    return copy.build();
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
      ModelPackage source, List<Prediction> ours, List<Prediction> theirs, List<Truth> truths) {
    int n = truths.size();
    int groups = Math.min(n, GROUPS);
    Map<Metric, Double> whole = differences(source, ours, theirs, truths);
    List<Map<Metric, Double>> without = new ArrayList<>();
    for (int group = 0; group < groups; group++) {
      without.add(differences(
          source,
          keep(ours, group, groups),
          keep(theirs, group, groups),
          keep(truths, group, groups)));
    }
    Map<Metric, Estimate> comparisons = new TreeMap<>();
    whole.forEach((metric, difference) -> {
      if (without.stream().allMatch(part -> part.containsKey(metric))) {
        double mean = without.stream()
            .mapToDouble(part -> part.getOrDefault(metric, 0.0))
            .average()
            .orElse(0.0);
        double spread = without.stream()
            .mapToDouble(part -> Math.pow(part.getOrDefault(metric, 0.0) - mean, 2))
            .sum();
        double half = quantile(groups - 1) * Math.sqrt(spread * (groups - 1) / groups);
        if (half == 0.0 && SHARES.contains(metric)) {
          half = 3.0 / n;
        }
        if (half > 0.0) {
          comparisons.put(
              metric, new Estimate(difference, difference - half, difference + half, n));
        }
      }
    });
    return comparisons;
  }

  /** 97.5 % quantile of Student's t with 29 to 49 degrees of freedom, by Fisher's expansion, to 1e-5. */
  static double quantile(int degrees) {
    double first = (Math.pow(Z, 3) + Z) / 4;
    double second = (5 * Math.pow(Z, 5) + 16 * Math.pow(Z, 3) + 3 * Z) / 96;
    double third = (3 * Math.pow(Z, 7) + 19 * Math.pow(Z, 5) + 17 * Math.pow(Z, 3) - 15 * Z) / 384;
    return Z + (first + (second + third / degrees) / degrees) / degrees;
  }

  private static <V> List<V> keep(List<V> values, int group, int groups) {
    List<V> kept = new ArrayList<>(values.size());
    for (int i = 0; i < values.size(); i++) {
      if (i % groups != group) {
        kept.add(values.get(i));
      }
    }
    return kept;
  }

  private static Map<Metric, Double> differences(
      ModelPackage source, List<Prediction> ours, List<Prediction> theirs, List<Truth> truths) {
    Map<Metric, Estimate> first = Quality.of(source.schema(), ours, truths);
    Map<Metric, Estimate> second = Quality.of(source.schema(), theirs, truths);
    Map<Metric, Double> differences = new TreeMap<>();
    first.forEach((metric, estimate) -> {
      Estimate other = second.get(metric);
      if (other != null) {
        differences.put(metric, estimate.value() - other.value());
      }
    });
    return differences;
  }

  private static Finding examples(List<GoldenExample> examples, Model candidate) {
    if (examples.isEmpty()) {
      return Finding.fail("the package has no golden examples");
    }
    int same = 0;
    String first = "";
    for (int i = 0; i < examples.size(); i++) {
      Prediction answer = answer(candidate, examples.get(i).row());
      if (answer != null && same(examples.get(i).expected(), answer)) {
        same++;
      } else if (first.isEmpty()) {
        first = "; number " + i + " wanted " + examples.get(i).expected() + ", got "
            + (answer == null ? "no answer" : answer);
      }
    }
    String text = same + " of " + examples.size() + " golden examples" + first;
    return same == examples.size() ? Finding.pass(text) : Finding.fail(text);
  }

  private static boolean same(Prediction expected, Prediction answer) {
    if (expected instanceof Classification wanted && answer instanceof Classification got) {
      return wanted.label().equals(got.label())
          && wanted.labels().stream()
              .allMatch(label -> close(wanted.score(label), got.score(label)));
    }
    if (expected instanceof Regression wanted && answer instanceof Regression got) {
      return wanted.names().equals(got.names())
          && wanted.names().stream().allMatch(name -> close(wanted.value(name), got.value(name)));
    }
    if (expected instanceof AnomalyScore wanted && answer instanceof AnomalyScore got) {
      return wanted.anomalous() == got.anomalous() && close(wanted.score(), got.score());
    }
    return expected.equals(answer);
  }

  private static boolean close(OptionalDouble wanted, OptionalDouble got) {
    return wanted.isPresent() == got.isPresent()
        && (wanted.isEmpty() || close(wanted.getAsDouble(), got.getAsDouble()));
  }

  private static boolean close(double wanted, double got) {
    return Math.abs(wanted - got) <= GOLDEN * Math.max(1.0, Math.abs(wanted));
  }
}
