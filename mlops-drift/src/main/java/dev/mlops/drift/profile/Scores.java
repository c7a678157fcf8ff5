package dev.mlops.drift.profile;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Scored labels beside the true ones, and the metrics of the library that are neither counts nor means of rows. */
final class Scores {
  /** Log loss holds scores at least this far from 0 and 1, as scikit-learn does. */
  private static final double EPSILON = 0x1p-52;

  private final List<Classification> said = new ArrayList<>();
  private final List<String> right = new ArrayList<>();

  /** Takes a pair if it is one of labels. */
  boolean add(Prediction prediction, Truth truth) {
    if (!(prediction instanceof Classification classification)) {
      return false;
    }
    said.add(classification);
    right.add(truth.label().orElse(""));
    return true;
  }

  Moments logLosses() {
    Moments losses = new Moments();
    for (int i = 0; i < said.size(); i++) {
      losses.add(logLoss(said.get(i), right.get(i)));
    }
    return losses;
  }

  /** What a row costs by log loss. */
  static double logLoss(Classification said, String right) {
    double score = said.score(right).orElse(0.0);
    return -Math.log(Math.max(EPSILON, Math.min(1.0 - EPSILON, score)));
  }

  static Optional<Estimate> logLoss(Moments losses) {
    return losses.n() == 0
        ? Optional.empty()
        : Intervals.student(
            losses.mean(), losses.standardError(), 0.0, Double.POSITIVE_INFINITY, losses.n());
  }

  /** Counts a row in the bins of a label's score, or of the predicted label's. */
  static void calibration(
      Bins bins, Optional<String> label, Classification said, String right, int by) {
    String scored = label.orElse(said.label());
    bins.add(said.score(scored).orElse(0.0), scored.equals(right), by);
  }

  /** A metric of rows that all have scores; absent if there is nothing to measure. */
  Optional<Estimate> estimate(Metric metric, Schema schema) {
    Optional<String> label = LabelCounts.label(metric, schema);
    return switch (LabelCounts.base(metric)) {
      case "ece" -> {
        Bins bins = new Bins();
        for (int i = 0; i < said.size(); i++) {
          calibration(bins, label, said.get(i), right.get(i), 1);
        }
        yield bins.estimate();
      }
      case "roc_auc", "average_precision" -> areas(metric, label);
      default -> Optional.empty();
    };
  }

  private Optional<Estimate> areas(Metric metric, Optional<String> label) {
    if (label.isPresent()) {
      return area(metric, ranks(label.get())).map(Ranks.Area::estimate);
    }
    Set<String> labels = new TreeSet<>();
    said.forEach(each -> labels.addAll(each.labels()));
    List<Ranks> ranks = labels.stream().map(this::ranks).toList();
    return average(metric, ranks);
  }

  static Optional<Ranks.Area> area(Metric metric, Ranks ranks) {
    return LabelCounts.base(metric).equals("roc_auc") ? ranks.rocAuc() : ranks.averagePrecision();
  }

  /**
   * The mean over labels against the rest, weighed by how often each is true or equally; absent unless each can be measured.
   * The standard error is at most the mean of theirs, and taken to be that.
   */
  static Optional<Estimate> average(Metric metric, List<Ranks> ofLabels) {
    boolean weighted = metric.family().endsWith("_weighted");
    double all = 0.0;
    for (Ranks ranks : ofLabels) {
      all += weighted ? ranks.having() : 1.0;
    }
    double value = 0.0;
    double se = 0.0;
    double below = 0.0;
    double above = 0.0;
    long rare = Long.MAX_VALUE;
    long n = 0;
    for (Ranks ranks : ofLabels) {
      Optional<Ranks.Area> measured = area(metric, ranks);
      if (measured.isEmpty()) {
        return Optional.empty();
      }
      Ranks.Area area = measured.get();
      double part = (weighted ? ranks.having() : 1.0) / all;
      value += part * area.value();
      se += part * area.se();
      below += part * area.below();
      above += part * area.above();
      rare = Math.min(rare, area.rare());
      n = area.n();
    }
    return n == 0
        ? Optional.empty()
        : Optional.of(new Ranks.Area(Math.min(1.0, value), se, below, above, rare, n).estimate());
  }

  private Ranks ranks(String label) {
    double[] scores = new double[said.size()];
    boolean[] has = new boolean[scores.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = said.get(i).score(label).orElse(0.0);
      has[i] = right.get(i).equals(label);
    }
    return Ranks.of(scores, has);
  }
}
