package dev.mlops.api.model;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.DoubleBinaryOperator;

/** The values of a row whose means are the library's own metrics; NaN where a row does not count. */
final class RowValues {
  /** Scores are held so far from 0 and 1, and a truth so far from 0 where one divides by it: as scikit-learn does. */
  private static final double EPSILON = 0x1p-52;

  private RowValues() {}

  /** 1 for a right label, 0 for a wrong one. */
  static double right(Prediction prediction, Truth truth) {
    return !(prediction instanceof Classification said) || truth.label().isEmpty()
        ? Double.NaN
        : truth.matches(said) ? 1.0 : 0.0;
  }

  /** Counts the rows that were predicted to have a label. */
  static RowValue ofPredicted(String label) {
    return (prediction, truth) ->
        prediction instanceof Classification said && said.label().equals(label)
            ? right(prediction, truth)
            : Double.NaN;
  }

  /** Counts the rows that have a label. */
  static RowValue ofTrue(String label) {
    return (prediction, truth) ->
        truth.label().filter(label::equals).isPresent() ? right(prediction, truth) : Double.NaN;
  }

  /** Counts the rows that have another label: 1 unless they were predicted to have this one. */
  static RowValue ofOthers(String label) {
    return (prediction, truth) -> !(prediction instanceof Classification said)
            || truth.label().isEmpty()
            || truth.label().get().equals(label)
        ? Double.NaN
        : said.label().equals(label) ? 0.0 : 1.0;
  }

  /** 1 for a row that was predicted to have a label, 0 for any other. */
  static RowValue selected(String label) {
    return (prediction, truth) -> !(prediction instanceof Classification said)
        ? Double.NaN
        : said.label().equals(label) ? 1.0 : 0.0;
  }

  /** The squared distance of the score of a label from 1 where it is true, else from 0. */
  static RowValue brier(String label) {
    return (prediction, truth) -> {
      if (!(prediction instanceof Classification said)
          || truth.label().isEmpty()
          || said.score().isEmpty()) {
        return Double.NaN;
      }
      double apart =
          said.score(label).orElse(0.0) - (truth.label().get().equals(label) ? 1.0 : 0.0);
      return apart * apart;
    };
  }

  /** The same, summed over all labels. */
  static double brier(Prediction prediction, Truth truth) {
    if (!(prediction instanceof Classification said)
        || truth.label().isEmpty()
        || said.score().isEmpty()) {
      return Double.NaN;
    }
    String right = truth.label().get();
    double sum = said.score(right).isPresent() ? 0.0 : 1.0;
    for (String label : said.labels()) {
      double apart = said.score(label).orElse(0.0) - (label.equals(right) ? 1.0 : 0.0);
      sum += apart * apart;
    }
    return sum;
  }

  /** 1 if fewer than k labels are ahead of the true one; of equal scores the later label is ahead. */
  static RowValue topK(int k) {
    return (prediction, truth) -> {
      if (!(prediction instanceof Classification said)
          || truth.label().isEmpty()
          || said.score().isEmpty()) {
        return Double.NaN;
      }
      List<String> labels = said.labels();
      int right = labels.indexOf(truth.label().get());
      if (right < 0) {
        return 0.0;
      }
      double score = said.score(labels.get(right)).orElse(0.0);
      int ahead = 0;
      for (int i = 0; i < labels.size(); i++) {
        double other = said.score(labels.get(i)).orElse(0.0);
        ahead += other > score || (other == score && i > right) ? 1 : 0;
      }
      return ahead < k ? 1.0 : 0.0;
    };
  }

  static double squared(double said, double right) {
    return (said - right) * (said - right);
  }

  static double percentage(double said, double right) {
    return Math.abs(said - right) / Math.max(EPSILON, Math.abs(right));
  }

  /** 0 where both are 0; halves, so that two large values do not overflow. */
  static double symmetricPercentage(double said, double right) {
    double size = Math.abs(said) / 2 + Math.abs(right) / 2;
    return size == 0 ? 0.0 : Math.abs(said / 2 - right / 2) / size * 2;
  }

  static DoubleBinaryOperator pinball(double quantile) {
    return (said, right) ->
        right >= said ? quantile * (right - said) : (1.0 - quantile) * (said - right);
  }

  /** The mean over the outputs; NaN if the truth has other outputs. */
  static RowValue overOutputs(DoubleBinaryOperator ofOutput) {
    return (prediction, truth) -> {
      Map<String, Double> right = truth.values();
      if (!(prediction instanceof Regression said) || !truth.isFor(said)) {
        return Double.NaN;
      }
      OptionalDouble one = truth.value();
      if (one.isPresent()) {
        return ofOutput.applyAsDouble(said.value(), one.getAsDouble());
      }
      double sum = 0.0;
      for (Map.Entry<String, Double> output : right.entrySet()) {
        sum += ofOutput.applyAsDouble(said.value(output.getKey()), output.getValue());
      }
      return sum / right.size();
    };
  }
}
