package dev.mlops.core.tribuo;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.DecisionThresholds;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.pack.TrainedModel;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Function;
import org.tribuo.Example;
import org.tribuo.MutableDataset;
import org.tribuo.Output;
import org.tribuo.OutputFactory;
import org.tribuo.Trainer;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.provenance.SimpleDataSourceProvenance;
import org.tribuo.regression.RegressionFactory;
import org.tribuo.regression.Regressor;

/**
 * Trains models with a Tribuo trainer.
 *
 * <p>Tribuo's trainers draw other random numbers at each training. Here every training begins at their seed, so that the
 * same rows in the same order give the same predictions, whatever was trained before or is trained beside it. A seed of the
 * {@link TrainingContext} chooses one of 1,024 other places to begin at; seed 0 is the trainer's own. A trainer that holds
 * other trainers, as an ensemble does, trains one model at a time.
 *
 * <p>Weights of rows are given to Tribuo as weights of examples; most of its trainers honour them. Tribuo tells nobody how
 * far it is and cannot be stopped inside: a deadline and a cancellation are looked at before and after.
 *
 * <p>A number is the feature of its column's name, a category the feature {@code column=value}, what is missing is left
 * out; to Tribuo that is the same as 0. A row in which every value is missing teaches nothing: it is left out of the
 * training, counted in the package's configuration as {@code training.rows.without.values}, and warned of once; tested
 * and served, it is answered as one whose features are all 0. Infinite values are passed on as they are: trees take
 * them, linear models learn nothing from them.
 *
 * <p>Tribuo tells {@code java.util.logging} of each training at level INFO; a host that trains often sets the level of the
 * logger {@code org.tribuo}.
 *
 * <p>Immutable and thread-safe, as long as nobody else uses the Tribuo trainer.
 *
 * @since 0.1
 */
public final class TribuoTrainer implements ModelTrainer {
  /** The configuration that says how many rows of the training had no value; absent if none. */
  static final String LEFT_OUT = "training.rows.without.values";

  private final Schema schema;
  private final Learner<?> learner;
  private final Warnings warnings;
  private final DecisionThresholds thresholds;

  private TribuoTrainer(
      Schema schema, Learner<?> learner, Warnings warnings, DecisionThresholds thresholds) {
    this.thresholds = thresholds;
    this.schema = schema;
    this.learner = learner;
    this.warnings = warnings;
    TribuoSchema unused = TribuoSchema.learning(schema);
  }

  /**
   * {@return a trainer of models that give one label out of several}
   *
   * @param schema the columns of the input; a positive label is kept
   * @param trainer such as Tribuo's {@code LogisticRegressionTrainer}
   * @throws IllegalArgumentException if the schema predicts something else, or two columns would give one feature
   */
  public static TribuoTrainer classifier(Schema schema, Trainer<Label> trainer) {
    return new TribuoTrainer(
        predicting(schema, Task.CLASSIFICATION),
        new Learner<>(trainer, new LabelFactory(), TribuoTrainer::label),
        Warnings.of(TribuoTrainer.class),
        DecisionThresholds.none());
  }

  /**
   * {@return a trainer of models that give one or several quantities}
   *
   * @param schema the columns of the input
   * @param trainer such as Tribuo's {@code LinearSGDTrainer} of regression
   * @throws IllegalArgumentException if the schema predicts something else, or two columns would give one feature
   */
  public static TribuoTrainer regressor(Schema schema, Trainer<Regressor> trainer) {
    return new TribuoTrainer(
        predicting(schema, Task.REGRESSION),
        new Learner<>(trainer, new RegressionFactory(), TribuoTrainer::quantities),
        Warnings.of(TribuoTrainer.class),
        DecisionThresholds.none());
  }

  /**
   * {@return the same trainer, whose models give the labels that thresholds give: in back-tests, in the test phase, and
   * served; their packages hold them}
   *
   * @param byLabel the score from which on a label is given, from 0 to 1, by the label
   * @throws IllegalArgumentException if one is out of range, or the models predict no labels
   */
  public TribuoTrainer deciding(Map<String, Double> byLabel) {
    if (schema.task().orElseThrow() != Task.CLASSIFICATION) {
      throw new IllegalArgumentException("decision thresholds are for CLASSIFICATION, but the"
          + " trainer makes models of " + schema.task().orElseThrow());
    }
    return new TribuoTrainer(schema, learner, warnings, DecisionThresholds.of(byLabel));
  }

  private static Schema predicting(Schema schema, Task task) {
    if (schema.task().isPresent() && schema.task().get() != task) {
      throw new IllegalArgumentException(
          "wanted a schema that predicts " + task + ", got " + schema.task().get());
    }
    return schema.predicting(task);
  }

  @Override
  public Schema schema() {
    return schema;
  }

  @Override
  public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
    List<String> outputs = TrainedModel.requireFit("train", schema, rows);
    List<Labelled<Row>> known =
        rows.stream().filter(row -> !TribuoSchema.isEmpty(row.input())).toList();
    int empty = rows.size() - known.size();
    if (known.isEmpty()) {
      throw new IllegalArgumentException(
          "cannot train: wanted a row with a value, got " + empty + " in which all are missing");
    }
    long labels = known.stream().map(Labelled::truth).distinct().limit(2).count();
    if (schema.task().orElseThrow() == Task.CLASSIFICATION && labels < 2) {
      throw new IllegalArgumentException("cannot train: wanted at least two labels, got one in "
          + known.size() + " rows" + (empty == 0 ? "" : "; " + empty + " more have no value"));
    }
    if (empty > 0) {
      warnings.once(
          "empty",
          empty + " of " + rows.size() + " rows have no value and were left out of the training;"
              + " said once, each package says how many",
          null);
    }
    context.requireRunning();
    context.progress(0, 1, "training on " + known.size() + " rows");
    org.tribuo.Model<?> model = learner.train(schema, known, outputs, context.seed());
    context.requireRunning();
    context.progress(1, 1, "trained");
    return TrainedModel.of(
            schema,
            TribuoModel.of(model, schema),
            draft -> {
              TribuoPackage.fill(draft, model);
              if (empty > 0) {
                draft.configuration(LEFT_OUT, empty);
              }
            },
            context)
        .deciding(thresholds);
  }

  private static Label label(Truth truth) {
    return new Label(truth.label().orElseThrow());
  }

  private static Regressor quantities(Truth truth) {
    String[] names = truth.values().keySet().toArray(new String[0]);
    double[] values =
        truth.values().values().stream().mapToDouble(Double::doubleValue).toArray();
    return new Regressor(names, values);
  }

  /** A Tribuo trainer with its output's type. */
  private static final class Learner<T extends Output<T>> {
    /** No time of ours goes into a model; Tribuo adds the time of training itself. */
    private static final OffsetDateTime NO_TIME =
        OffsetDateTime.of(1970, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC);

    /** How many places a seed chooses from: Tribuo reaches each by drawing its number of random numbers. */
    private static final long BEGINNINGS = 1_024;

    private final Trainer<T> trainer;
    /** Trainers inside, innermost first. */
    private final List<Trainer<?>> inner = new ArrayList<>();

    private final OutputFactory<T> outputs;
    private final Function<Truth, T> output;

    Learner(Trainer<T> trainer, OutputFactory<T> outputs, Function<Truth, T> output) {
      this.trainer = requireNonNull(trainer, "trainer");
      this.outputs = outputs;
      this.output = output;
      collect(trainer, inner);
    }

    /** Finds the trainers that a trainer holds in its fields: it does not begin anew when its holder does. */
    private static void collect(Trainer<?> holder, List<Trainer<?>> found) {
      for (Class<?> type = holder.getClass();
          type != null && type != Object.class;
          type = type.getSuperclass()) {
        for (Field field : type.getDeclaredFields()) {
          if (Trainer.class.isAssignableFrom(field.getType())
              && !Modifier.isStatic(field.getModifiers())) {
            try {
              field.setAccessible(true);
              if (field.get(holder) instanceof Trainer<?> held
                  && held != holder
                  && !found.contains(held)) {
                collect(held, found);
                found.add(held);
              }
            } catch (IllegalAccessException | InaccessibleObjectException e) {
              throw new IllegalArgumentException(
                  "trainer " + holder.getClass().getSimpleName()
                      + " holds a trainer that cannot be made to begin anew",
                  e);
            }
          }
        }
      }
    }

    org.tribuo.Model<T> train(
        Schema schema, List<Labelled<Row>> rows, List<String> names, OptionalLong seed) {
      int beginning = (int) Math.floorMod(seed.orElse(0), BEGINNINGS);
      TribuoSchema features = TribuoSchema.learning(schema);
      MutableDataset<T> dataset = new MutableDataset<>(
          new SimpleDataSourceProvenance("labelled rows of a host", NO_TIME, outputs), outputs);
      for (Labelled<Row> row : rows) {
        Example<T> example =
            features.example(row.input(), output.apply(row.truth().named(names)));
        example.setWeight((float) row.weight());
        dataset.add(example);
      }
      if (inner.isEmpty()) {
        return trainer.train(dataset, Map.of(), beginning);
      }
      synchronized (trainer) {
        inner.forEach(held -> held.setInvocationCount(beginning));
        return trainer.train(dataset, Map.of(), beginning);
      }
    }
  }
}
