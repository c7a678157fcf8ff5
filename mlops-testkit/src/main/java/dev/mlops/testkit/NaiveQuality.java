package dev.mlops.testkit;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Quality computed from its definitions, one pass per question, so that it can be checked by reading.
 *
 * <p>Values are those of {@link Metric}. Intervals are Wilson's for accuracy, normal for means of losses, and of a
 * delete-a-group jackknife with at most 10 groups for all else.
 */
final class NaiveQuality {
  private static final int GROUPS = 10;

  private NaiveQuality() {}

  record Pair(Prediction prediction, Truth truth) {}

  static Map<Metric, Estimate> of(Schema schema, List<Pair> pairs) {
    return of(schema, pairs, Set.of());
  }

  static Map<Metric, Estimate> of(Schema schema, List<Pair> pairs, Set<Metric> more) {
    Map<Metric, Estimate> quality = new TreeMap<>();
    Set<Metric> all = new LinkedHashSet<>(more);
    all.addAll(Metric.defaults());
    for (Metric metric : all) {
      List<Pair> fitting = pairs.stream().filter(pair -> fits(metric, pair)).toList();
      OptionalDouble value = value(metric, schema, fitting);
      if (value.isPresent()) {
        quality.put(metric, estimate(metric, schema, fitting, value.getAsDouble()));
      }
    }
    return quality;
  }

  private static Estimate estimate(Metric metric, Schema schema, List<Pair> pairs, double value) {
    return switch (metric.name()) {
      case "accuracy" -> Estimate.share(Math.round(value * pairs.size()), pairs.size());
      case "log_loss" ->
        mean(pairs.stream().mapToDouble(NaiveQuality::loss).toArray(), pairs.size());
      case "mae" -> mean(errors(pairs).stream().mapToDouble(Math::abs).toArray(), pairs.size());
      default -> jackknife(metric, schema, pairs, value);
    };
  }

  private static Estimate mean(double[] values, long n) {
    double mean = Arrays.stream(values).average().orElseThrow();
    double squares =
        Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
    double variance = values.length < 2 ? 0.0 : squares / (values.length - 1);
    return Estimate.mean(mean, Math.sqrt(variance / values.length), n);
  }

  private static double loss(Pair pair) {
    double score = ((Classification) pair.prediction()).score(right(pair)).orElse(0);
    return -Math.log(Math.max(1e-15, score));
  }

  private static boolean fits(Metric metric, Pair pair) {
    return switch (metric.family()) {
      case "accuracy", "precision", "recall", "f1", "f_beta" ->
        pair.prediction() instanceof Classification && pair.truth().label().isPresent();
      case "log_loss" ->
        pair.prediction() instanceof Classification classes
            && classes.score().isPresent()
            && pair.truth().label().isPresent();
      case "mae", "rmse", "r2" ->
        pair.prediction() instanceof Regression values
            && quantities(pair).keySet().equals(new TreeSet<>(values.names()));
      default -> metric.task().prediction().isInstance(pair.prediction());
    };
  }

  private static OptionalDouble value(Metric metric, Schema schema, List<Pair> pairs) {
    if (pairs.isEmpty()) {
      return OptionalDouble.empty();
    }
    return switch (metric.family()) {
      case "accuracy" ->
        OptionalDouble.of(pairs.stream()
            .mapToInt(pair -> said(pair).equals(right(pair)) ? 1 : 0)
            .average()
            .orElseThrow());
      case "precision", "recall", "f1", "f_beta" -> perLabel(metric, schema, pairs);
      case "log_loss" -> pairs.stream().mapToDouble(NaiveQuality::loss).average();
      case "mae" -> errors(pairs).stream().mapToDouble(Math::abs).average();
      case "rmse" ->
        OptionalDouble.of(Math.sqrt(
            errors(pairs).stream().mapToDouble(error -> error * error).average().orElseThrow()));
      case "r2" -> explained(pairs);
      default -> meanOfRows(metric, schema, pairs);
    };
  }

  private static OptionalDouble perLabel(Metric metric, Schema schema, List<Pair> pairs) {
    Map<String, Long> said = new TreeMap<>();
    Map<String, Long> right = new TreeMap<>();
    Map<String, Long> both = new TreeMap<>();
    for (Pair pair : pairs) {
      said.merge(said(pair), 1L, Long::sum);
      right.merge(right(pair), 1L, Long::sum);
      if (said(pair).equals(right(pair))) {
        both.merge(said(pair), 1L, Long::sum);
      }
    }
    Set<String> labels = new TreeSet<>(said.keySet());
    labels.addAll(right.keySet());
    Optional<String> one = metric.label().or(schema::positiveLabel);
    if (one.isPresent()) {
      labels = Set.of(one.get());
      boolean predicted = said.containsKey(one.get());
      boolean occurred = right.containsKey(one.get());
      boolean measurable = switch (metric.family()) {
        case "precision" -> predicted;
        case "recall" -> occurred;
        default -> predicted || occurred;
      };
      if (!measurable) {
        return OptionalDouble.empty();
      }
    }
    return labels.stream()
        .mapToDouble(label -> ofLabel(
            metric,
            said.getOrDefault(label, 0L),
            right.getOrDefault(label, 0L),
            both.getOrDefault(label, 0L)))
        .average();
  }

  private static double ofLabel(Metric metric, long said, long right, long both) {
    double precision = said == 0 ? 0.0 : (double) both / said;
    double recall = right == 0 ? 0.0 : (double) both / right;
    double beta = metric.parameter().orElse(1.0);
    return switch (metric.family()) {
      case "precision" -> precision;
      case "recall" -> recall;
      default ->
        precision + recall == 0
            ? 0.0
            : (1 + beta * beta) * precision * recall / (beta * beta * precision + recall);
    };
  }

  private static OptionalDouble meanOfRows(Metric metric, Schema schema, List<Pair> pairs) {
    Optional<Loss> loss = metric.loss(schema);
    return loss.isEmpty()
        ? OptionalDouble.empty()
        : pairs.stream()
            .mapToDouble(pair -> loss.get().of(pair.prediction(), pair.truth()))
            .filter(Double::isFinite)
            .map(loss.get()::metric)
            .average();
  }

  private static List<Double> errors(List<Pair> pairs) {
    List<Double> errors = new ArrayList<>();
    for (Pair pair : pairs) {
      Regression said = (Regression) pair.prediction();
      said.names().forEach(name -> errors.add(said.value(name) - right(pair, name)));
    }
    return errors;
  }

  private static OptionalDouble explained(List<Pair> pairs) {
    List<Double> shares = new ArrayList<>();
    for (String name : ((Regression) pairs.get(0).prediction()).names()) {
      double mean =
          pairs.stream().mapToDouble(pair -> right(pair, name)).average().orElseThrow();
      double left = pairs.stream()
          .mapToDouble(
              pair -> Math.pow(((Regression) pair.prediction()).value(name) - right(pair, name), 2))
          .sum();
      double all = pairs.stream()
          .mapToDouble(pair -> Math.pow(right(pair, name) - mean, 2))
          .sum();
      if (all == 0) {
        return OptionalDouble.empty();
      }
      shares.add(1 - left / all);
    }
    return shares.stream().mapToDouble(Double::doubleValue).average();
  }

  private static Estimate jackknife(Metric metric, Schema schema, List<Pair> pairs, double value) {
    int groups = Math.min(GROUPS, pairs.size());
    double[] without = new double[groups];
    double mean = 0.0;
    for (int g = 0; g < groups; g++) {
      List<Pair> rest = new ArrayList<>();
      for (int i = 0; i < pairs.size(); i++) {
        if (i % groups != g) {
          rest.add(pairs.get(i));
        }
      }
      without[g] = value(metric, schema, rest).orElse(value);
      mean += without[g] / groups;
    }
    double sum = 0.0;
    for (double each : without) {
      sum += (each - mean) * (each - mean);
    }
    return Estimate.mean(value, Math.sqrt((groups - 1.0) / groups * sum), pairs.size());
  }

  private static String said(Pair pair) {
    return ((Classification) pair.prediction()).label();
  }

  private static String right(Pair pair) {
    return pair.truth().label().orElseThrow();
  }

  private static double right(Pair pair, String output) {
    return requireNonNull(quantities(pair).get(output), output);
  }

  /** By output: a quantity without a name is that of the only output. */
  private static Map<String, Double> quantities(Pair pair) {
    Map<String, Double> right = pair.truth().values();
    List<String> outputs = ((Regression) pair.prediction()).names();
    return outputs.size() == 1 && right.keySet().equals(Set.of(Regression.VALUE))
        ? Map.of(outputs.get(0), right.values().iterator().next())
        : right;
  }
}
