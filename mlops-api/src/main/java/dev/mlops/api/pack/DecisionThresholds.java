package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Texts;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The scores from which on a classifier's labels are given, as the configuration of a package holds them.
 *
 * <p>The setting {@value #SETTING} is the threshold of the schema's positive label, {@code decision.threshold.fraud} that of
 * the label {@code fraud}. Of the labels whose score reaches their threshold, the one with the highest score ÷ threshold is
 * given. If none does, it is the one with the highest score among the labels without a threshold, or, where every label has
 * one, the one with the highest score ÷ threshold. On a tie it is the first. Scores stay as they are; a classification
 * without scores is not changed, nor is one with a score that is not finite.
 *
 * <p>Whatever shows a label to somebody applies the same thresholds: the test phase of a package and its golden examples, the
 * gate, the shadow, and serving.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class DecisionThresholds {
  /** The name of the setting of the positive label, and how those of other labels begin: {@value}. */
  public static final String SETTING = "decision.threshold";

  private static final String OF_LABEL = SETTING + ".";

  private static final DecisionThresholds NONE = new DecisionThresholds(new TreeMap<>());

  private final SortedMap<String, Double> byLabel;

  private DecisionThresholds(SortedMap<String, Double> byLabel) {
    this.byLabel = Collections.unmodifiableSortedMap(byLabel);
  }

  /**
   * {@return no thresholds}
   */
  public static DecisionThresholds none() {
    return NONE;
  }

  /**
   * {@return the name of the setting that holds the threshold of a label}
   *
   * @param label not empty
   * @throws IllegalArgumentException if it is empty
   */
  public static String setting(String label) {
    if (label.isEmpty()) {
      throw new IllegalArgumentException("a label with a decision threshold must not be empty");
    }
    return OF_LABEL + label;
  }

  /**
   * {@return thresholds of labels}
   *
   * @param byLabel from 0 to 1 each, each label {@linkplain Texts#whole made whole}; copied
   * @throws IllegalArgumentException if one is out of range, or a label is empty or comes twice
   */
  public static DecisionThresholds of(Map<String, Double> byLabel) {
    TreeMap<String, Double> all = new TreeMap<>();
    byLabel.forEach((given, threshold) -> {
      String label = Texts.whole(given);
      String name = setting(label);
      if (!(threshold >= 0.0 && threshold <= 1.0)) {
        throw new IllegalArgumentException(wanted(name, threshold));
      }
      if (all.put(label, threshold) != null) {
        throw new IllegalArgumentException("label \"" + MlopsException.shown(label)
            + "\" must have one decision threshold, but has two");
      }
    });
    return all.isEmpty() ? NONE : new DecisionThresholds(all);
  }

  private static String wanted(String name, Object value) {
    return "setting \"" + MlopsException.shown(name) + "\" must be a number from 0 to 1, but was "
        + MlopsException.shown(String.valueOf(value));
  }

  /**
   * {@return whether a setting is a decision threshold, by its name}
   *
   * @param name of a setting
   */
  public static boolean isSetting(String name) {
    return name.equals(SETTING) || name.startsWith(OF_LABEL);
  }

  /**
   * {@return the thresholds that a configuration holds, possibly none}
   *
   * @param settings of a package; other settings are ignored
   * @param schema of the package
   * @throws IllegalArgumentException if a threshold is no number or out of [0, 1], the schema predicts no labels, it has no
   *     positive label where one is needed, or one label has two thresholds; the message lists every problem
   */
  public static DecisionThresholds of(Configuration settings, Schema schema) {
    TreeMap<String, Double> found = new TreeMap<>();
    List<String> problems = new ArrayList<>();
    settings.values().forEach((name, value) -> {
      if (isSetting(name)) {
        String label = label(name, schema);
        if (!(value instanceof Double threshold) || !(threshold >= 0.0 && threshold <= 1.0)) {
          problems.add(wanted(name, value));
        } else if (label == null) {
          problems.add("setting \"" + SETTING
              + "\" is of the positive label, but the schema has none; name the label, as in "
              + OF_LABEL + "fraud");
        } else if (label.isEmpty()) {
          problems.add("setting \"" + OF_LABEL + "\" must end with a label, but ends there");
        } else if (found.put(label, threshold) != null) {
          problems.add("label \"" + MlopsException.shown(label)
              + "\" must have one decision threshold, but has two: " + SETTING + " and "
              + MlopsException.shown(OF_LABEL + label));
        }
      }
    });
    boolean labels = schema.task().map(task -> task == Task.CLASSIFICATION).orElse(true);
    if ((!found.isEmpty() || !problems.isEmpty()) && !labels) {
      problems.add("decision thresholds are for CLASSIFICATION, but the schema predicts "
          + schema.task().orElseThrow());
    }
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", problems));
    }
    return found.isEmpty() ? NONE : new DecisionThresholds(found);
  }

  /** The label of a setting; null if it is that of a positive label that the schema has not. */
  private static @Nullable String label(String name, Schema schema) {
    return name.equals(SETTING)
        ? schema.positiveLabel().orElse(null)
        : name.substring(OF_LABEL.length());
  }

  /** {@return whether there is none} */
  public boolean isEmpty() {
    return byLabel.isEmpty();
  }

  /** {@return each threshold by its label, in order} */
  public SortedMap<String, Double> byLabel() {
    return byLabel;
  }

  /**
   * Refuses thresholds of labels that a classifier does not score.
   *
   * @param answer of the classifier; one that is no classification, or without scores, cannot be decided
   * @throws IllegalArgumentException if a threshold is of a label that has no score in it; the message names the nearest one
   */
  public void requireFit(Prediction answer) {
    if (isEmpty()) {
      return;
    }
    if (!(answer instanceof Classification scored) || scored.score().isEmpty()) {
      throw new IllegalArgumentException("decision thresholds " + MlopsException.shown(toString())
          + " need a score for each label, but the model gives none");
    }
    for (String label : byLabel.keySet()) {
      if (!scored.labels().contains(label)) {
        throw new IllegalArgumentException("a decision threshold is of label \""
            + MlopsException.shown(label) + "\", but the model scores "
            + MlopsException.shown(scored.labels().toString())
            + MlopsException.nearest(label, scored.labels())
                .map(near -> "; did you mean \"" + MlopsException.shown(near) + "\"?")
                .orElse(""));
      }
    }
  }

  /**
   * {@return a prediction with the label that the thresholds give; the prediction itself if they change nothing}
   *
   * @param said what the model gave
   */
  public Prediction decide(Prediction said) {
    if (byLabel.isEmpty()
        || !(said instanceof Classification scored)
        || scored.score().isEmpty()
        || !scored.isFinite()) {
      return said;
    }
    String reached = null;
    double most = Double.NEGATIVE_INFINITY;
    String free = null;
    double highest = Double.NEGATIVE_INFINITY;
    List<String> labels = scored.labels();
    for (int i = 0; i < labels.size(); i++) {
      String label = labels.get(i);
      double score = scored.score(label).orElse(Double.NEGATIVE_INFINITY);
      Double threshold = byLabel.get(label);
      if (threshold == null) {
        if (score > highest) {
          free = label;
          highest = score;
        }
      } else {
        // Nothing lies between a threshold of 0 and a score that reaches it.
        double ratio = threshold == 0.0
            ? score >= 0.0 ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY
            : score / threshold;
        if (reached == null || ratio > most) {
          reached = label;
          most = ratio;
        }
      }
    }
    String label = reached != null && (most >= 1.0 || free == null) ? reached : free;
    return label == null ? said : scored.choosing(label);
  }

  /**
   * {@return a model that answers with the labels that the thresholds give; the model itself if there is none}
   *
   * @param model what is asked; the one returned closes it if it is {@link AutoCloseable}
   */
  public Model deciding(Model model) {
    requireNonNull(model, "model");
    if (byLabel.isEmpty()) {
      return model;
    }
    return model.wrappedBy(row -> answer(model, row));
  }

  @SuppressWarnings("NullAway") // null is what the model said, too
  private Prediction answer(Model model, Row row) {
    @Nullable Prediction said = model.predict(row);
    return said == null ? null : decide(said);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof DecisionThresholds that && byLabel.equals(that.byLabel);
  }

  @Override
  public int hashCode() {
    return byLabel.hashCode();
  }

  /** {@return such as {@code {fraud=0.35}}} */
  @Override
  public String toString() {
    return byLabel.toString();
  }
}
