package dev.mlops.core.tribuo;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.drift.profile.Baselines;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
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
 * same rows in the same order give the same predictions, whatever was trained before or is trained beside it. A trainer that
 * holds other trainers, as an ensemble does, trains one model at a time.
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
  /** How many golden examples a tested model carries, at most. */
  private static final int EXAMPLES = 20;

  /** The configuration that says how many rows of the training had no value; absent if none. */
  static final String LEFT_OUT = "training.rows.without.values";

  /** How many mismatches a message lists. */
  private static final int LISTED = 10;

  private final Schema schema;
  private final Learner<?> learner;
  private final LongSupplier ticker;
  private final Warnings warnings;

  private TribuoTrainer(Schema schema, Learner<?> learner, LongSupplier ticker, Warnings warnings) {
    this.schema = schema;
    this.learner = learner;
    this.ticker = ticker;
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
        System::nanoTime,
        Warnings.of(TribuoTrainer.class));
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
        System::nanoTime,
        Warnings.of(TribuoTrainer.class));
  }

  /**
   * {@return the same trainer, measuring the latency of its tests by another clock}
   *
   * @param ticker nanoseconds from any origin, never falling
   */
  public TribuoTrainer withTicker(LongSupplier ticker) {
    return new TribuoTrainer(schema, learner, requireNonNull(ticker, "ticker"), warnings);
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
  public Trained train(List<Labelled<Row>> rows) {
    requireFit("train", rows);
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
    org.tribuo.Model<?> model = learner.train(schema, known);
    return new Tested(this, model, TribuoModel.of(model, schema), empty, null, List.of());
  }

  /** Lists what is wrong with the rows, all of it up to a bound. */
  @SuppressWarnings(
      "ReferenceEquality") // nearly all rows share one schema; others are compared by value
  private void requireFit(String what, List<Labelled<Row>> rows) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("cannot " + what + ": wanted at least one row, got none");
    }
    List<String> problems = new ArrayList<>();
    Schema fits = schema;
    Set<String> outputs = new TreeSet<>(rows.get(0).truth().values().keySet());
    for (int i = 0; i < rows.size(); i++) {
      Schema other = rows.get(i).input().schema();
      if (other != fits) {
        List<String> differences = other.differencesFrom(schema);
        if (differences.isEmpty()) {
          fits = other;
        } else {
          problems.add("row " + i + ": " + String.join(", ", differences));
        }
      }
      Truth truth = rows.get(i).truth();
      if (truth.label().isPresent() != (schema.task().orElseThrow() == Task.CLASSIFICATION)) {
        problems.add("row " + i + ": truth "
            + (truth.label().isPresent()
                ? "is a label, wanted quantities"
                : "is quantities, wanted a label"));
      } else if (!truth.values().keySet().equals(outputs)) {
        problems.add("row " + i + ": truth has outputs " + truth.values().keySet() + ", row 0 has "
            + outputs);
      }
    }
    if (!problems.isEmpty()) {
      int listed = Math.min(problems.size(), LISTED);
      throw new IllegalArgumentException(
          "cannot " + what + ": " + String.join("; ", problems.subList(0, listed))
              + (listed < problems.size() ? "; and " + (problems.size() - listed) + " more" : ""));
    }
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

    org.tribuo.Model<T> train(Schema schema, List<Labelled<Row>> rows) {
      TribuoSchema features = TribuoSchema.learning(schema);
      MutableDataset<T> dataset = new MutableDataset<>(
          new SimpleDataSourceProvenance("labelled rows of a host", NO_TIME, outputs), outputs);
      for (Labelled<Row> row : rows) {
        dataset.add(features.example(row.input(), output.apply(row.truth())));
      }
      if (inner.isEmpty()) {
        return trainer.train(dataset, Map.of(), 0);
      }
      synchronized (trainer) {
        inner.forEach(held -> held.setInvocationCount(0));
        return trainer.train(dataset, Map.of(), 0);
      }
    }
  }

  /** A trained model, and what a test of it gave. */
  private static final class Tested implements Trained {
    private final TribuoTrainer trainer;
    private final org.tribuo.Model<?> learnt;
    private final Model model;
    private final int leftOut;
    private final @Nullable Baseline baseline;
    private final List<GoldenExample> examples;

    Tested(
        TribuoTrainer trainer,
        org.tribuo.Model<?> learnt,
        Model model,
        int leftOut,
        @Nullable Baseline baseline,
        List<GoldenExample> examples) {
      this.trainer = trainer;
      this.learnt = learnt;
      this.model = model;
      this.leftOut = leftOut;
      this.baseline = baseline;
      this.examples = examples;
    }

    @Override
    public Model model() {
      return model;
    }

    @Override
    public Trained testedOn(List<Labelled<Row>> rows) {
      trainer.requireFit("test", rows);
      int n = rows.size();
      List<Row> inputs = new ArrayList<>(n);
      List<Truth> truths = new ArrayList<>(n);
      List<Prediction> predictions = new ArrayList<>(n);
      long[] nanos = new long[n];
      for (int i = 0; i < n; i++) {
        Row row = rows.get(i).input();
        long start = trainer.ticker.getAsLong();
        Prediction prediction = model.predict(row);
        nanos[i] = Math.max(0, trainer.ticker.getAsLong() - start);
        inputs.add(row);
        truths.add(rows.get(i).truth());
        predictions.add(prediction);
      }
      Baseline measured = Baselines.from(trainer.schema, inputs, predictions, truths, nanos);
      return new Tested(trainer, learnt, model, leftOut, measured, chosen(inputs, predictions));
    }

    /** {@return evenly spaced rows whose predictions can be compared later} */
    private static List<GoldenExample> chosen(List<Row> rows, List<Prediction> predictions) {
      List<GoldenExample> chosen = new ArrayList<>();
      int wanted = Math.min(EXAMPLES, rows.size());
      for (int i = 0; i < wanted; i++) {
        int at = (int) ((long) i * rows.size() / wanted);
        if (predictions.get(at).isFinite()) {
          chosen.add(new GoldenExample(rows.get(at), predictions.get(at)));
        }
      }
      return List.copyOf(chosen);
    }

    @Override
    public ModelPackage asPackage(String name) {
      TribuoPackage.Builder builder =
          TribuoPackage.builder(name, learnt, trainer.schema).examples(examples);
      if (baseline != null) {
        builder.baseline(baseline);
      }
      if (leftOut > 0) {
        builder.configuration(LEFT_OUT, Integer.toString(leftOut));
      }
      return builder.build();
    }
  }
}
