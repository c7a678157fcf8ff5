package dev.mlops.api.model;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * One label out of several, with a score for each where the model gives them.
 *
 * <p>Scores are taken as they come; log loss reads them as probabilities, so a model whose scores are not probabilities
 * should leave them out.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Classification implements Prediction {
  private static final double[] NO_SCORES = {};

  private final String label;
  private final List<String> labels;
  /** One per label, or empty when the model gives none. */
  private final double[] scores;

  private Classification(String label, List<String> labels, double[] scores) {
    this.label = label;
    this.labels = labels;
    this.scores = scores;
  }

  /**
   * {@return a label without scores}
   *
   * @param label not empty; {@linkplain Texts#whole made whole}
   * @throws IllegalArgumentException if it is empty
   */
  public static Classification of(String label) {
    if (label.isEmpty()) {
      throw new IllegalArgumentException("a predicted label must not be empty");
    }
    String whole = Texts.whole(label);
    return new Classification(whole, List.of(whole), NO_SCORES);
  }

  /**
   * {@return the label with the highest score, the first of them on a tie}
   *
   * @param labels at least one, each {@linkplain Texts#whole made whole}; an immutable list is shared, so a model passes the
   *     same list each time
   * @param scores one per label; copied. One that is not finite is kept, and {@link #isFinite()} says so
   * @throws IllegalArgumentException if there is no label, or not one score per label
   */
  public static Classification of(List<String> labels, double[] scores) {
    if (labels.isEmpty() || labels.size() != scores.length) {
      throw new IllegalArgumentException("wanted one score per label and at least one, got "
          + labels.size() + " labels, " + scores.length + " scores");
    }
    List<String> names = Texts.whole(labels);
    return new Classification(names.get(best(scores)), names, scores.clone());
  }

  /**
   * {@return the label with the highest score}
   *
   * @param scores by label, at least one
   * @throws IllegalArgumentException if there is none
   */
  public static Classification of(Map<String, Double> scores) {
    return of(
        scores.keySet().stream().sorted().toList(),
        scores.keySet().stream().sorted().mapToDouble(scores::get).toArray());
  }

  /**
   * {@return the same scores with another label of them, such as one that reached its decision threshold}
   *
   * @param chosen a label that has a score
   * @throws IllegalArgumentException if it has none
   */
  public Classification choosing(String chosen) {
    if (chosen.equals(label)) {
      return this;
    }
    int index = scores.length == 0 ? -1 : labels.indexOf(chosen);
    if (index < 0) {
      throw new IllegalArgumentException("wanted a label with a score to choose, got \""
          + MlopsException.shown(chosen) + "\" among " + MlopsException.shown(labels.toString()));
    }
    return new Classification(labels.get(index), labels, scores);
  }

  /**
   * {@return the label with the highest score, the first of them on a tie; the predicted one if the model gives no scores}
   *
   * <p>It is {@link #label()} unless another was chosen.
   */
  public String highest() {
    return scores.length == 0 ? label : labels.get(best(scores));
  }

  private static int best(double[] scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      if (scores[i] > scores[best]) {
        best = i;
      }
    }
    return best;
  }

  /**
   * {@return the predicted label: the one with the highest score, unless another was chosen}
   */
  public String label() {
    return label;
  }

  /**
   * {@return the labels that scores are given for, or the predicted one alone}
   */
  public List<String> labels() {
    return labels;
  }

  /**
   * {@return the score of the predicted label, if the model gives scores}
   */
  public OptionalDouble score() {
    return score(label);
  }

  /**
   * {@return the score of a label, if the model gives one}
   *
   * @param label any label
   */
  public OptionalDouble score(String label) {
    int index = scores.length == 0 ? -1 : labels.indexOf(label);
    return index < 0 ? OptionalDouble.empty() : OptionalDouble.of(scores[index]);
  }

  /**
   * {@return the score of the label at an index of {@link #labels()}}
   *
   * @param index from 0
   * @throws IndexOutOfBoundsException if there is no such label, or the model gives no scores
   */
  public double scoreAt(int index) {
    return scores[index];
  }

  @Override
  public boolean isFinite() {
    for (double score : scores) {
      if (!Double.isFinite(score)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Classification that
        && label.equals(that.label)
        && labels.equals(that.labels)
        && Arrays.equals(scores, that.scores);
  }

  @Override
  public int hashCode() {
    return 31 * label.hashCode() + Arrays.hashCode(scores);
  }

  @Override
  public String toString() {
    OptionalDouble score = score();
    return score.isPresent()
        ? String.format(Locale.ROOT, "%s (%.3f)", label, score.getAsDouble())
        : label;
  }
}
