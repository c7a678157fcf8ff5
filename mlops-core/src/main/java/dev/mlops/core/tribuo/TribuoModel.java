package dev.mlops.core.tribuo;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tribuo.Example;
import org.tribuo.Output;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.impl.ArrayExample;
import org.tribuo.regression.RegressionFactory;
import org.tribuo.regression.Regressor;
import org.tribuo.transform.TransformedModel;

/**
 * A Tribuo model that reads rows.
 *
 * <p>Where Tribuo gives no output, as for an infinite value in a linear model, every score is NaN, so that {@link
 * Prediction#isFinite()} says so. What a model of Tribuo's throws reaches the caller unchanged.
 *
 * <p>Tribuo refuses an example without any feature. A row in which nothing is known is answered all the same: the model is
 * shown its first feature with the value 0, which to models where what is missing is 0 says nothing either.
 *
 * <p>Thread-safe.
 */
abstract sealed class TribuoModel<T extends Output<T>> implements Model {
  final org.tribuo.Model<T> model;
  /** Asked about rows in which nothing is known: without transformations, which would make something of the 0. */
  private final org.tribuo.Model<T> bare;

  private final String firstFeature;
  private final TribuoSchema features;
  private final T unknown;
  /** The schema of the rows seen last that fits ours: a host has one. */
  private volatile Schema fits;

  private TribuoModel(org.tribuo.Model<T> model, Schema schema, T unknown) {
    this.model = model;
    Set<String> known = model.getFeatureIDMap().keySet();
    this.features = TribuoSchema.of(schema, known);
    this.firstFeature = known.stream().min(Comparator.naturalOrder()).orElse("");
    // One that fills in what is missing makes something of it in every row, so also here.
    this.bare = model instanceof TransformedModel<T> transformed && !transformed.getDensify()
        ? transformed.getInnerModel()
        : model;
    this.unknown = unknown;
    this.fits = schema;
  }

  /**
   * {@return the model, which reads rows of a schema}
   *
   * @throws IllegalArgumentException if its output or its features are not those of the schema; the message lists every
   *     problem
   */
  static TribuoModel<?> of(org.tribuo.Model<?> model, Schema schema) {
    List<String> problems = new ArrayList<>();
    Task task = schema.task().orElse(null);
    if (task == null) {
      problems.add("the schema does not say what is predicted");
    } else if (task == Task.ANOMALY_DETECTION) {
      problems.add(
          "the schema wants ANOMALY_DETECTION; Tribuo models here do CLASSIFICATION or REGRESSION");
    } else {
      Class<? extends Output<?>> wanted =
          task == Task.CLASSIFICATION ? Label.class : Regressor.class;
      if (!gives(model, wanted)) {
        problems.add("the schema wants " + task + ", the model gives " + output(model) + ", wanted "
            + wanted.getSimpleName());
      }
    }
    try {
      TribuoSchema unused = TribuoSchema.of(schema, model.getFeatureIDMap().keySet());
    } catch (IllegalArgumentException e) {
      problems.add(String.valueOf(e.getMessage()));
    }
    if (task == null || !problems.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", problems));
    }
    return task == Task.CLASSIFICATION
        ? new Classifier(model.castModel(Label.class), schema)
        : new Regressing(model.castModel(Regressor.class), schema);
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // a model is asked by its class of outputs
  private static boolean gives(org.tribuo.Model<?> model, Class<? extends Output<?>> wanted) {
    return ((org.tribuo.Model) model).validate((Class) wanted);
  }

  private static String output(org.tribuo.Model<?> model) {
    return model.getOutputIDInfo().getDomain().stream()
        .findFirst()
        .map(first -> first.getClass().getSimpleName())
        .orElse("nothing");
  }

  /** {@return the labels of a classifier, in order} */
  static List<String> labels(org.tribuo.Model<Label> model) {
    return model.getOutputIDInfo().getDomain().stream()
        .map(Label::getLabel)
        .sorted()
        .toList();
  }

  @Override
  @SuppressWarnings(
      "ReferenceEquality") // nearly every row has the schema seen last; others are compared by
  // value
  public Prediction predict(Row row) {
    Schema schema = row.schema();
    if (schema != fits) {
      requireFits(schema);
    }
    Example<T> example = features.example(row, unknown);
    return prediction(
        example.size() == 0
            ? bare.predict(new ArrayExample<>(unknown, new String[] {firstFeature}, new double[1]))
            : model.predict(example));
  }

  private void requireFits(Schema schema) {
    List<String> differences = schema.differencesFrom(features.schema());
    if (!differences.isEmpty()) {
      throw new IllegalArgumentException(
          "row does not fit the model: " + String.join("; ", differences));
    }
    fits = schema;
  }

  abstract Prediction prediction(org.tribuo.Prediction<T> said);

  /** Gives labels, with scores where they are probabilities. */
  private static final class Classifier extends TribuoModel<Label> {
    /** By name, and for each label the same with it first: on a tie the label is the one that Tribuo chose. */
    private final List<String> labels;

    private final Map<String, List<String>> first;
    private final double[] nothing;

    Classifier(org.tribuo.Model<Label> model, Schema schema) {
      super(model, schema, LabelFactory.UNKNOWN_LABEL);
      this.labels = labels(model);
      this.first = new HashMap<>();
      for (String label : labels) {
        List<String> others = new ArrayList<>(labels);
        others.remove(label);
        others.add(0, label);
        first.put(label, List.copyOf(others));
      }
      this.nothing = new double[labels.size()];
      Arrays.fill(nothing, Double.NaN);
    }

    @Override
    Prediction prediction(org.tribuo.Prediction<Label> said) {
      Label answer = said.getOutput();
      if (answer == null) {
        return Classification.of(labels, nothing);
      }
      if (!said.hasProbabilities()) {
        return Double.isInfinite(answer.getScore())
            ? Classification.of(labels, nothing)
            : Classification.of(answer.getLabel());
      }
      Classification scored = scored(labels, said.getOutputScores());
      if (scored.label().equals(answer.getLabel()) || !scored.isFinite()) {
        return scored;
      }
      Classification tied =
          scored(first.getOrDefault(answer.getLabel(), labels), said.getOutputScores());
      return tied.label().equals(answer.getLabel()) ? tied : Classification.of(answer.getLabel());
    }

    private static Classification scored(List<String> labels, Map<String, Label> said) {
      double[] scores = new double[labels.size()];
      for (int i = 0; i < scores.length; i++) {
        Label label = said.get(labels.get(i));
        scores[i] = label == null ? 0.0 : label.getScore();
      }
      return Classification.of(labels, scores);
    }
  }

  /** Gives quantities. */
  private static final class Regressing extends TribuoModel<Regressor> {
    private final List<String> names;

    Regressing(org.tribuo.Model<Regressor> model, Schema schema) {
      super(model, schema, RegressionFactory.UNKNOWN_REGRESSOR);
      this.names = List.of(Regressor.extractNames(model.getOutputIDInfo()));
    }

    @Override
    Prediction prediction(org.tribuo.Prediction<Regressor> said) {
      @Nullable Regressor answer = said.getOutput();
      if (answer == null) {
        double[] nothing = new double[names.size()];
        Arrays.fill(nothing, Double.NaN);
        return Regression.of(names, nothing);
      }
      return Regression.of(
          List.of(answer.getNames()).equals(names) ? names : List.of(answer.getNames()),
          answer.getValues());
    }
  }
}
