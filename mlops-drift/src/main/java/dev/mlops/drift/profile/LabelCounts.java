package dev.mlops.drift.profile;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * How often labels were predicted and true, over pairs that may also be taken away again, and the metrics that these counts
 * tell.
 */
final class LabelCounts {
  /** What labels beyond the bound are counted as. */
  static final String OTHER = "(other)";

  private static final Set<String> TOLD = Set.of(
      "accuracy",
      "balanced_accuracy",
      "precision",
      "recall",
      "specificity",
      "f1",
      "f_beta",
      "mcc",
      "cohen_kappa",
      "selection_rate");

  private final Map<String, Tally> tallies = new TreeMap<>();
  private final int most;
  private long scoreless;
  private long n;
  private long right;

  /** How often a label was predicted, true, and both. */
  private static final class Tally {
    private long predicted;
    private long truth;
    private long both;
    /** What was predicted where this label is true, if it was another. */
    private final Map<String, Long> mistakenFor = new TreeMap<>();

    long either() {
      return predicted + truth - both;
    }
  }

  LabelCounts() {
    this(Integer.MAX_VALUE);
  }

  /** Labels after the first {@code most} are counted as one. */
  LabelCounts(int most) {
    this.most = most;
  }

  /** Whether a pair can be measured. */
  static boolean measurable(Prediction prediction, Truth truth) {
    return prediction instanceof Classification said
        && truth.label().isPresent()
        && said.isFinite();
  }

  /** Counts a pair, or takes it away with −1; false if it cannot be measured. */
  boolean count(Prediction prediction, Truth truth, int by) {
    String label = truth.label().orElse("");
    if (!(prediction instanceof Classification said) || label.isEmpty() || !said.isFinite()) {
      return false;
    }
    n += by;
    String actualName = by > 0 ? known(label) : counted(label);
    String predictedName = by > 0 ? known(said.label()) : counted(said.label());
    Tally predicted = tally(predictedName);
    predicted.predicted += by;
    Tally actual = tally(actualName);
    actual.truth += by;
    if (truth.matches(said)) {
      right += by;
      actual.both += by;
    } else {
      mistake(actual, predictedName, by);
    }
    if (said.score().isEmpty()) {
      scoreless += by;
    }
    forgetIfNothing(predictedName);
    forgetIfNothing(actualName);
    return true;
  }

  void add(LabelCounts other) {
    n += other.n;
    right += other.right;
    scoreless += other.scoreless;
    other.tallies.forEach((name, theirs) -> {
      Tally ours = tally(known(name));
      ours.predicted += theirs.predicted;
      ours.truth += theirs.truth;
      ours.both += theirs.both;
      theirs.mistakenFor.forEach((said, times) -> mistake(ours, known(said), times));
    });
  }

  private static void mistake(Tally actual, String said, long by) {
    if (actual.mistakenFor.merge(said, by, Long::sum) == 0) {
      actual.mistakenFor.remove(said);
    }
  }

  private String known(String label) {
    return tallies.size() < most || tallies.containsKey(label) ? label : OTHER;
  }

  /** What a label that is to be taken away was counted as. */
  private String counted(String label) {
    return tallies.containsKey(label) ? label : OTHER;
  }

  private Tally tally(String label) {
    return tallies.computeIfAbsent(label, unseen -> new Tally());
  }

  private void forgetIfNothing(String label) {
    Tally tally = tallies.get(label);
    if (tally != null && tally.predicted == 0 && tally.truth == 0) {
      tallies.remove(label);
    }
  }

  long n() {
    return n;
  }

  /** Whether every classification has scores. */
  boolean scored() {
    return scoreless == 0;
  }

  /** How often a label is true. */
  long isTrue(String label) {
    Tally tally = tallies.get(label);
    return tally == null ? 0 : tally.truth;
  }

  /** By true label, how often each was predicted. */
  Map<String, Map<String, Long>> confusion() {
    Map<String, Map<String, Long>> confusion = new TreeMap<>();
    tallies.forEach((label, tally) -> {
      Map<String, Long> said = new TreeMap<>(tally.mistakenFor);
      if (tally.both > 0) {
        said.merge(label, tally.both, Long::sum);
      }
      if (!said.isEmpty()) {
        confusion.put(label, said);
      }
    });
    return confusion;
  }

  /** Whether the counts tell a metric of the library. */
  static boolean tell(Metric metric) {
    return TOLD.contains(base(metric));
  }

  /** The family without the average. */
  static String base(Metric metric) {
    String family = metric.family();
    for (String average : new String[] {"_macro", "_micro", "_weighted"}) {
      if (family.endsWith(average)) {
        return family.substring(0, family.length() - average.length());
      }
    }
    return family;
  }

  /** The label that a metric is of; empty if it is of all. */
  static Optional<String> label(Metric metric, Schema schema) {
    return metric.label().isPresent() || !base(metric).equals(metric.family())
        ? metric.label()
        : schema.positiveLabel();
  }

  /** A metric that the counts tell; absent if there is nothing to measure. */
  Optional<Estimate> estimate(Metric metric, Schema schema) {
    if (n == 0) {
      return Optional.empty();
    }
    String base = base(metric);
    boolean weighted = metric.family().endsWith("_weighted");
    switch (base) {
      case "accuracy" -> {
        return Optional.of(Estimate.share(right, n));
      }
      case "mcc", "cohen_kappa" -> {
        return agreement(base.equals("mcc"));
      }
      case "selection_rate" -> {
        return label(metric, schema)
            .map(label -> Estimate.share(tallies.getOrDefault(label, new Tally()).predicted, n));
      }
      case "balanced_accuracy" -> {
        return Optional.of(average(metric, "recall", true, false));
      }
      default -> {
        if (metric.family().endsWith("_micro") || (weighted && base.equals("recall"))) {
          return micro(base);
        }
      }
    }
    Optional<String> label = label(metric, schema);
    return label.isEmpty()
        ? Optional.of(average(metric, base, false, weighted))
        : ofLabel(metric, base, tallies.getOrDefault(label.get(), new Tally()));
  }

  /** Absent of nothing. */
  private static Optional<Estimate> share(long count, long n) {
    return n == 0 ? Optional.empty() : Optional.of(Estimate.share(count, n));
  }

  private Optional<Estimate> ofLabel(Metric metric, String base, Tally tally) {
    return switch (base) {
      case "precision" -> share(tally.both, tally.predicted);
      case "recall" -> share(tally.both, tally.truth);
      case "specificity" -> share(n - tally.either(), n - tally.truth);
      default ->
        share(tally.both, tally.either()).map(overlap -> fBeta(tally, overlap, weight(metric)));
    };
  }

  /** Every row is one decision for a label, and k − 1 against one: of wrong rows two of them are wrong. */
  private Optional<Estimate> micro(String base) {
    Estimate accuracy = Estimate.share(right, n);
    if (!base.equals("specificity")) {
      return Optional.of(accuracy);
    }
    int against = tallies.size() - 1;
    return against == 0
        ? Optional.empty()
        : Optional.of(new Estimate(
            1 - (1 - accuracy.value()) / against,
            1 - (1 - accuracy.lower()) / against,
            1 - (1 - accuracy.upper()) / against,
            n));
  }

  /** The F-measure with its interval: that of the overlap, and that of how mistakes divide into misses and false alarms. */
  private static Estimate fBeta(Tally tally, Estimate overlap, double weight) {
    long misses = tally.truth - tally.both;
    long mistakes = tally.either() - tally.both;
    Estimate missed = mistakes == 0 ? null : Estimate.share(misses, mistakes);
    double value = fBeta(overlap.value(), weight, missed == null ? 0.5 : missed.value());
    double lowerMissed = missed == null ? 0.0 : missed.lower();
    double upperMissed = missed == null ? 1.0 : missed.upper();
    double worst = weight > 1 ? upperMissed : lowerMissed;
    double best = weight > 1 ? lowerMissed : upperMissed;
    double kept = missed == null ? worst : missed.value();
    double below = Math.hypot(
        value - fBeta(overlap.lower(), weight, kept),
        value - fBeta(overlap.value(), weight, worst));
    double above = Math.hypot(
        fBeta(overlap.upper(), weight, kept) - value, fBeta(overlap.value(), weight, best) - value);
    return new Estimate(
        value,
        Math.max(0.0, Math.min(value, value - below)),
        Math.min(1.0, Math.max(value, value + above)),
        overlap.n());
  }

  /** Of the share that is both predicted and true, of what is either; beta² and the share of misses among mistakes. */
  private static double fBeta(double overlap, double weight, double missed) {
    double hit = (1.0 + weight) * overlap;
    double mistakes = (1.0 - overlap) * (weight * missed + 1.0 - missed);
    return hit == 0 ? 0.0 : hit / (hit + mistakes);
  }

  /** Beta². */
  private static double weight(Metric metric) {
    double beta = metric.parameter().orElse(1.0);
    return beta * beta;
  }

  /**
   * A mean over labels: with equal weights, or each weighed by how often it is true; with {@code occurring}, of those alone
   * that are true at all.
   */
  private Estimate average(Metric metric, String base, boolean occurring, boolean weighted) {
    long labels = occurring
        ? tallies.values().stream().filter(tally -> tally.truth > 0).count()
        : tallies.size();
    double value = 0.0;
    double rare = 0.0;
    double delta = 0.0;
    // With one row more, specificity moves for every label.
    double elsewhere = 0.0;
    for (Tally tally : tallies.values()) {
      if (occurring && tally.truth == 0) {
        continue;
      }
      double part = weighted ? (double) tally.truth / n : 1.0 / labels;
      value += part * of(metric, base, tally);
      long of = denominator(base, tally);
      double hits = base.equals("specificity") ? n - tally.either() : tally.both;
      double careful = (hits + 2.0) / (of + 4.0);
      double slope = part * slope(metric, base, tally, careful);
      rare += slope * slope * careful * (1.0 - careful) / (of + 4.0);
      elsewhere += base.equals("specificity") ? part * without(metric, base, tally) : 0.0;
    }
    for (Tally tally : tallies.values()) {
      if (tally.both > 0) {
        double moves = moves(metric, base, tally, tally, labels, weighted, value, elsewhere);
        delta += tally.both * moves * moves;
      }
      for (Map.Entry<String, Long> mistake : tally.mistakenFor.entrySet()) {
        Tally said = tallies.getOrDefault(mistake.getKey(), tally);
        double moves = moves(metric, base, tally, said, labels, weighted, value, elsewhere);
        delta += mistake.getValue() * moves * moves;
      }
    }
    value = Math.min(1.0, value);
    if (weighted && delta >= rare) { // much like one share, and as skewed
      return Intervals.logit(value, Math.sqrt(delta), 0.0, 1.0, n, n);
    }
    double half = Intervals.Z95 * Math.sqrt(Math.max(rare, delta));
    return new Estimate(value, Math.max(0.0, value - half), Math.min(1.0, value + half), n);
  }

  /** By how much one more row of a true and a predicted label moves a mean over labels. */
  private double moves(
      Metric metric,
      String base,
      Tally truth,
      Tally said,
      long labels,
      boolean weighted,
      double value,
      double elsewhere) {
    double ofTruth = weighted ? (double) truth.truth / n : 1.0 / labels;
    double ofSaid = weighted ? (double) said.truth / n : 1.0 / labels;
    double right = truth == said ? 1.0 : 0.0;
    double weight = weight(metric);
    double moves = weighted ? (of(metric, base, truth) - value) / n : 0.0;
    return moves
        + switch (base) {
          case "precision" -> ofSaid * (right - of(metric, base, said)) / said.predicted;
          case "recall" -> ofTruth * (right - of(metric, base, truth)) / truth.truth;
          case "specificity" -> {
            double rest = elsewhere - ofTruth * without(metric, base, truth);
            // Predicted where another is true: one of those that had another was not found.
            yield truth == said ? rest : rest - ofSaid / (n - said.truth);
          }
          default ->
            ofTruth
                    * weight
                    * (right - of(metric, base, truth))
                    / (truth.predicted + weight * truth.truth)
                + ofSaid
                    * (right - of(metric, base, said))
                    / (said.predicted + weight * said.truth);
        };
  }

  /** By how much one more row that has and is predicted to have other labels moves the specificity of a label. */
  private double without(Metric metric, String base, Tally tally) {
    long others = n - tally.truth;
    return others == 0 ? 0.0 : (1.0 - of(metric, base, tally)) / others;
  }

  private long denominator(String base, Tally tally) {
    return switch (base) {
      case "precision" -> tally.predicted;
      case "recall" -> tally.truth;
      case "specificity" -> n - tally.truth;
      default -> tally.either();
    };
  }

  /** How much the metric of a label moves with the share that is right of its denominator. */
  private static double slope(Metric metric, String base, Tally tally, double share) {
    if (!base.startsWith("f")) {
      return 1.0;
    }
    double weight = weight(metric);
    double missed = (tally.truth - tally.both + 1.0) / (tally.either() - tally.both + 2.0);
    double mistakes = weight * missed + 1.0 - missed;
    double whole = (1.0 + weight) * share + (1.0 - share) * mistakes;
    return (1.0 + weight) * mistakes / (whole * whole);
  }

  private double of(Metric metric, String base, Tally tally) {
    if (base.startsWith("f")) {
      double weight = weight(metric);
      double all = tally.predicted + weight * tally.truth;
      return all == 0 ? 0.0 : (1.0 + weight) * tally.both / all;
    }
    long of = denominator(base, tally);
    double hits = base.equals("specificity") ? n - tally.either() : tally.both;
    return of == 0 ? 0.0 : hits / of;
  }

  /**
   * Matthews' correlation or Cohen's kappa, with the standard error by the delta method over the cells of the confusion
   * matrix. Where truths or predictions have one label only it is 0 and could be anything; kappa is absent where both have the
   * same one.
   */
  private Optional<Estimate> agreement(boolean correlation) {
    double total = n;
    double chance = 0.0;
    double ofTruth = 0.0;
    double ofSaid = 0.0;
    for (Tally tally : tallies.values()) {
      chance += tally.truth / total * (tally.predicted / total);
      ofTruth += tally.truth / total * (tally.truth / total);
      ofSaid += tally.predicted / total * (tally.predicted / total);
    }
    boolean oneTruth = tallies.values().stream().anyMatch(tally -> tally.truth == n);
    boolean oneSaid = tallies.values().stream().anyMatch(tally -> tally.predicted == n);
    if (oneTruth || oneSaid) { // nothing varies that could go together
      return !correlation && oneTruth && right == n
          ? Optional.empty()
          : Optional.of(new Estimate(0.0, -1.0, 1.0, n));
    }
    double agreed = right / total;
    double root = Math.sqrt((1 - ofSaid) * (1 - ofTruth));
    double value = (agreed - chance) / (correlation ? root : 1 - chance);
    double squares = 0.0;
    for (Tally truth : tallies.values()) {
      squares += truth.both
          * square(moves(truth, truth, correlation, agreed, chance, ofTruth, ofSaid, value));
      for (Map.Entry<String, Long> mistake : truth.mistakenFor.entrySet()) {
        Tally said = tallies.getOrDefault(mistake.getKey(), truth);
        squares += mistake.getValue()
            * square(moves(truth, said, correlation, agreed, chance, ofTruth, ofSaid, value));
      }
    }
    double bounded = Math.max(-1.0, Math.min(1.0, value));
    return Optional.of(Intervals.logit(bounded, Math.sqrt(squares) / total, -1.0, 1.0, n, n));
  }

  /** By how much one more row of a true and a predicted label moves the agreement, times the rows. */
  private double moves(
      Tally truth,
      Tally said,
      boolean correlation,
      double agreed,
      double chance,
      double ofTruth,
      double ofSaid,
      double value) {
    double total = n;
    double right = truth == said ? 1.0 : 0.0;
    double beyond = right - agreed - (truth.predicted / total + said.truth / total - 2 * chance);
    if (!correlation) {
      double byChance = truth.predicted / total + said.truth / total - 2 * chance;
      return ((right - agreed) * (1 - chance) - (1 - agreed) * byChance)
          / ((1 - chance) * (1 - chance));
    }
    double saids = 1 - ofSaid;
    double truths = 1 - ofTruth;
    return beyond / Math.sqrt(saids * truths)
        + value
            * ((said.predicted / total - ofSaid) / saids
                + (truth.truth / total - ofTruth) / truths);
  }

  private static double square(double value) {
    return value * value;
  }

  /** Whether nothing was counted under a name beyond the bound. */
  boolean complete() {
    return !tallies.containsKey(OTHER);
  }
}
