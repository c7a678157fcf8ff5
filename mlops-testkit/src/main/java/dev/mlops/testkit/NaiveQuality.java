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
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Quality computed from its definitions, one pass per question, so that it can be checked by reading.
 *
 * <p>Values are those of {@link Metric}: areas are counted pair by pair. Intervals are Wilson's for accuracy, normal for means
 * of losses, and of a delete-a-group jackknife with at most 10 groups for all else.
 */
final class NaiveQuality {
  private static final int GROUPS = 10;
  private static final Pattern AVERAGE = Pattern.compile("_(macro|micro|weighted)$");

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
      String base = base(metric);
      List<Pair> fitting =
          pairs.stream().filter(pair -> fits(base, metric, pair)).toList();
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
    return -Math.log(Math.max(0x1p-52, Math.min(1 - 0x1p-52, score)));
  }

  /** The family without its average. */
  private static String base(Metric metric) {
    return AVERAGE.matcher(metric.family()).replaceFirst("");
  }

  private static boolean fits(String base, Metric metric, Pair pair) {
    return switch (base) {
      case "accuracy",
          "balanced_accuracy",
          "precision",
          "recall",
          "specificity",
          "f1",
          "f_beta",
          "mcc",
          "cohen_kappa",
          "selection_rate" -> isOfLabels(pair);
      case "log_loss", "brier", "ece", "top_k", "roc_auc", "average_precision" ->
        isOfLabels(pair) && ((Classification) pair.prediction()).score().isPresent();
      case "mae",
          "mse",
          "rmse",
          "rmsle",
          "mape",
          "smape",
          "r2",
          "median_absolute_error",
          "quantile_error",
          "pinball",
          "bias" ->
        pair.prediction() instanceof Regression values
            && quantities(pair).keySet().equals(new TreeSet<>(values.names()));
      default -> metric.task().prediction().isInstance(pair.prediction());
    };
  }

  private static boolean isOfLabels(Pair pair) {
    return pair.prediction() instanceof Classification && pair.truth().label().isPresent();
  }

  private static OptionalDouble value(Metric metric, Schema schema, List<Pair> pairs) {
    if (pairs.isEmpty()) {
      return OptionalDouble.empty();
    }
    return switch (base(metric)) {
      case "accuracy" -> accuracy(pairs);
      case "balanced_accuracy" ->
        pairs.stream()
            .map(NaiveQuality::right)
            .distinct()
            .mapToDouble(label -> ofLabel(Metric.recall(label), label, pairs).orElseThrow())
            .average();
      case "precision", "recall", "specificity", "f1", "f_beta" -> perLabel(metric, schema, pairs);
      case "mcc" -> correlation(pairs);
      case "cohen_kappa" -> kappa(pairs);
      case "selection_rate" ->
        metric
            .label()
            .or(schema::positiveLabel)
            .map(label -> OptionalDouble.of(share(pairs, pair -> said(pair).equals(label))))
            .orElse(OptionalDouble.empty());
      case "log_loss" -> pairs.stream().mapToDouble(NaiveQuality::loss).average();
      case "ece" -> calibration(schema, pairs);
      case "roc_auc", "average_precision" -> areas(metric, schema, pairs);
      case "mae" -> errors(pairs).stream().mapToDouble(Math::abs).average();
      case "bias" -> errors(pairs).stream().mapToDouble(error -> error).average();
      case "rmse" ->
        OptionalDouble.of(Math.sqrt(
            errors(pairs).stream().mapToDouble(error -> error * error).average().orElseThrow()));
      case "rmsle" -> logarithmic(pairs);
      case "r2" -> explained(pairs);
      case "median_absolute_error", "quantile_error" ->
        quantile(metric.parameter().orElse(0.5), pairs);
      default ->
        metric.ofOutcomes().isPresent()
            ? ofOutcomes(metric, pairs)
            : metric.numerator().isPresent()
                ? ratio(metric, pairs)
                : meanOfRows(metric, schema, pairs);
    };
  }

  private static OptionalDouble ofOutcomes(Metric metric, List<Pair> pairs) {
    double value = metric
        .ofOutcomes()
        .orElseThrow()
        .applyAsDouble(
            pairs.stream().map(Pair::prediction).toList(),
            pairs.stream().map(Pair::truth).toList());
    return Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
  }

  private static OptionalDouble ratio(Metric metric, List<Pair> pairs) {
    double above = 0.0;
    double below = 0.0;
    for (Pair pair : pairs) {
      double first = metric.numerator().orElseThrow().of(pair.prediction(), pair.truth());
      double second = metric.denominator().orElseThrow().of(pair.prediction(), pair.truth());
      if (Double.isFinite(first) && Double.isFinite(second)) {
        above += first;
        below += second;
      }
    }
    return below == 0 ? OptionalDouble.empty() : OptionalDouble.of(above / below);
  }

  private static OptionalDouble accuracy(List<Pair> pairs) {
    return pairs.stream()
        .mapToInt(pair -> said(pair).equals(right(pair)) ? 1 : 0)
        .average();
  }

  /** Pearson's correlation of the truths and predictions, each written as an indicator of every label. */
  private static OptionalDouble correlation(List<Pair> pairs) {
    double together = 0.0;
    double ofSaid = 0.0;
    double ofRight = 0.0;
    for (String label : labels(pairs)) {
      double said = share(pairs, pair -> said(pair).equals(label));
      double right = share(pairs, pair -> right(pair).equals(label));
      together += share(pairs, pair -> said(pair).equals(label) && right(pair).equals(label))
          - said * right;
      ofSaid += said * (1 - said);
      ofRight += right * (1 - right);
    }
    double spread = Math.sqrt(ofSaid * ofRight);
    return OptionalDouble.of(spread == 0 ? 0.0 : together / spread);
  }

  private static OptionalDouble kappa(List<Pair> pairs) {
    double chance = labels(pairs).stream()
        .mapToDouble(label -> share(pairs, pair -> said(pair).equals(label))
            * share(pairs, pair -> right(pair).equals(label)))
        .sum();
    return chance == 1
        ? OptionalDouble.empty()
        : OptionalDouble.of((accuracy(pairs).orElseThrow() - chance) / (1 - chance));
  }

  private static double share(List<Pair> pairs, Predicate<Pair> which) {
    return (double) pairs.stream().filter(which).count() / pairs.size();
  }

  private static Set<String> labels(List<Pair> pairs) {
    Set<String> labels = new TreeSet<>();
    pairs.forEach(pair -> labels.addAll(List.of(said(pair), right(pair))));
    return labels;
  }

  private static OptionalDouble calibration(Schema schema, List<Pair> pairs) {
    Map<Integer, Double> apart = new TreeMap<>();
    for (Pair pair : pairs) {
      String label = schema.positiveLabel().orElse(said(pair));
      double score = ((Classification) pair.prediction()).score(label).orElse(0);
      int bin = Math.max(0, Math.min(9, (int) Math.floor(10 * score)));
      apart.merge(bin, score - (right(pair).equals(label) ? 1 : 0), Double::sum);
    }
    return OptionalDouble.of(apart.values().stream().mapToDouble(Math::abs).sum() / pairs.size());
  }

  private static OptionalDouble areas(Metric metric, Schema schema, List<Pair> pairs) {
    boolean ofOne = base(metric).equals(metric.family());
    Optional<String> one =
        metric.label().or(() -> ofOne ? schema.positiveLabel() : Optional.empty());
    Set<String> labels = new TreeSet<>();
    pairs.forEach(pair -> labels.addAll(((Classification) pair.prediction()).labels()));
    double sum = 0.0;
    double weights = 0.0;
    for (String label : one.map(Set::of).orElse(labels)) {
      OptionalDouble area = area(metric, label, pairs);
      if (area.isEmpty()) {
        return area;
      }
      double weight = metric.family().endsWith("_weighted")
          ? share(pairs, pair -> right(pair).equals(label))
          : 1.0;
      sum += weight * area.getAsDouble();
      weights += weight;
    }
    return OptionalDouble.of(sum / weights);
  }

  private static OptionalDouble area(Metric metric, String label, List<Pair> pairs) {
    List<Pair> with = pairs.stream().filter(pair -> right(pair).equals(label)).toList();
    List<Pair> without =
        pairs.stream().filter(pair -> !right(pair).equals(label)).toList();
    if (base(metric).equals("roc_auc")) {
      return without.isEmpty()
          ? OptionalDouble.empty()
          : with.stream()
              .flatMapToDouble(pair -> without.stream()
                  .mapToDouble(
                      other -> (Math.signum(score(pair, label) - score(other, label)) + 1) / 2))
              .average();
    }
    return with.stream()
        .mapToDouble(pair -> {
          double least = score(pair, label);
          double hits =
              with.stream().filter(each -> score(each, label) >= least).count();
          double alarms =
              without.stream().filter(each -> score(each, label) >= least).count();
          return hits / (hits + alarms);
        })
        .average();
  }

  private static double score(Pair pair, String label) {
    return ((Classification) pair.prediction()).score(label).orElse(0) + 0.0;
  }

  private static OptionalDouble logarithmic(List<Pair> pairs) {
    List<Double> squares = new ArrayList<>();
    for (Pair pair : pairs) {
      Regression values = (Regression) pair.prediction();
      for (String name : values.names()) {
        if (values.value(name) < 0 || right(pair, name) < 0) {
          return OptionalDouble.empty();
        }
        squares.add(Math.pow(Math.log1p(values.value(name)) - Math.log1p(right(pair, name)), 2));
      }
    }
    return OptionalDouble.of(
        Math.sqrt(squares.stream().mapToDouble(each -> each).average().orElseThrow()));
  }

  /** The mean over outputs of the value that the share {@code quantile} of the gaps lies below. */
  private static OptionalDouble quantile(double quantile, List<Pair> pairs) {
    return ((Regression) pairs.get(0).prediction())
        .names().stream()
            .mapToDouble(name -> {
              double[] sorted = pairs.stream()
                  .mapToDouble(pair ->
                      Math.abs(((Regression) pair.prediction()).value(name) - right(pair, name)))
                  .sorted()
                  .toArray();
              double rank = quantile * (sorted.length - 1);
              int below = (int) rank;
              int above = Math.min(sorted.length - 1, below + 1);
              return sorted[below] * (1 - (rank - below)) + sorted[above] * (rank - below);
            })
            .average();
  }

  private static OptionalDouble perLabel(Metric metric, Schema schema, List<Pair> pairs) {
    String family = metric.family();
    boolean ofOne = base(metric).equals(family);
    Optional<String> one =
        metric.label().or(() -> ofOne ? schema.positiveLabel() : Optional.empty());
    if (one.isPresent()) {
      return ofLabel(metric, one.get(), pairs);
    }
    if (family.endsWith("_micro")) {
      return micro(metric, pairs);
    }
    double sum = 0.0;
    double weights = 0.0;
    for (String label : labels(pairs)) {
      double weight =
          family.endsWith("_weighted") ? share(pairs, pair -> right(pair).equals(label)) : 1.0;
      sum += weight * ofLabel(metric, label, pairs).orElse(0.0);
      weights += weight;
    }
    return OptionalDouble.of(sum / weights);
  }

  /** Every row is as many yes-or-no decisions as there are labels. */
  private static OptionalDouble micro(Metric metric, List<Pair> pairs) {
    double said = pairs.size();
    double both = accuracy(pairs).orElseThrow() * said;
    double against = said * (labels(pairs).size() - 1);
    if (!base(metric).equals("specificity")) {
      return OptionalDouble.of(both / said);
    }
    return against == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of((against - (said - both)) / against);
  }

  /** Absent if nobody could measure it. */
  private static OptionalDouble ofLabel(Metric metric, String label, List<Pair> pairs) {
    double said = pairs.stream().filter(pair -> said(pair).equals(label)).count();
    double right = pairs.stream().filter(pair -> right(pair).equals(label)).count();
    double both = pairs.stream()
        .filter(pair -> said(pair).equals(label) && right(pair).equals(label))
        .count();
    double neither = pairs.size() - said - right + both;
    double beta = metric.parameter().orElse(1.0);
    double[] ratio = switch (base(metric)) {
      case "precision" -> new double[] {both, said};
      case "recall" -> new double[] {both, right};
      case "specificity" -> new double[] {neither, pairs.size() - right};
      default -> new double[] {(1 + beta * beta) * both, said + beta * beta * right};
    };
    return ratio[1] == 0 ? OptionalDouble.empty() : OptionalDouble.of(ratio[0] / ratio[1]);
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
