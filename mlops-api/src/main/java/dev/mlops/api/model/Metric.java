package dev.mlops.api.model;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.StringJoiner;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import java.util.function.ToDoubleBiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A measure of quality: a name, a direction, a task, a unit, and, where it is the mean of a value per row, the {@link Loss}
 * of a row.
 *
 * <p>{@link #PRECISION}, {@link #RECALL}, {@link #SPECIFICITY}, {@link #F1} and {@link #fBeta} are those of the schema's
 * positive label if it names one, else the unweighted mean over the labels that occur in truth or prediction. {@link
 * #recall(String)} and its siblings are of one label, {@link #macro()}, {@link #micro()} and {@link #weighted()} of all,
 * whatever the schema says. Definitions are those of scikit-learn. In a mean over labels, a label that was never predicted
 * has precision 0 and one that was never true recall 0 (scikit-learn's {@code zero_division=0}); of one label alone, what
 * nobody could measure is absent.
 *
 * <p>{@link #defaults()} are measured of every model; any other is measured once a test phase, a condition or a monitor is
 * asked for it.
 *
 * <p>A host adds its own:
 *
 * <pre>{@code
 * Metric cost = Metric.builder("cost", Task.CLASSIFICATION)
 *     .unit("EUR")
 *     .meanOf((said, right) -> price(said, right), 0, 500)
 *     .build();
 * }</pre>
 *
 * <p>{@link Builder#ratioOf} takes a ratio of sums, {@link Builder#ofOutcomes} any function of all outcomes.
 *
 * <p>A host's metric that equals one of the library's is measured as the library's.
 *
 * <p>Two metrics are equal when name, task, direction and unit are. They are ordered by the table of the library's own,
 * then by name.
 *
 * <p>Immutable. Thread-safe if a host's {@link RowValue} is.
 *
 * @since 0.1
 */
public final class Metric implements Comparable<Metric> {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,63}");
  private static final Pattern WITH_ARGUMENT =
      Pattern.compile("([a-z][a-z0-9_]{0,63})\\((.{1,300})\\)", Pattern.DOTALL);

  /** Any that names a positive label. */
  private static final Schema WITH_POSITIVE_LABEL =
      Schema.of(Column.number("any")).positiveLabel("any");

  /** Share of predictions that were right. */
  public static final Metric ACCURACY =
      ofClassifier("accuracy").share(schema -> RowValues::right).build();

  /** Unweighted mean of the recall of each label that occurs among the truths. */
  public static final Metric BALANCED_ACCURACY =
      ofClassifier("balanced_accuracy").higherIsBetter().between(0.0, 1.0).build();

  /** Of those predicted to have the label, the share that had it. */
  public static final Metric PRECISION = ofClassifier("precision")
      .share(schema -> schema.positiveLabel().map(RowValues::ofPredicted).orElse(null))
      .build();

  /** Of those that had the label, the share predicted to have it; also called sensitivity. */
  public static final Metric RECALL = ofClassifier("recall")
      .share(schema -> schema.positiveLabel().map(RowValues::ofTrue).orElse(null))
      .build();

  /** Of those that had another label, the share predicted to have another. */
  public static final Metric SPECIFICITY = ofClassifier("specificity")
      .share(schema -> schema.positiveLabel().map(RowValues::ofOthers).orElse(null))
      .build();

  /** Harmonic mean of precision and recall. */
  public static final Metric F1 =
      ofClassifier("f1").higherIsBetter().between(0.0, 1.0).build();

  /**
   * Matthews' correlation of truths and predictions, −1 to 1, over all labels; 0 where one of the two has one label only.
   */
  public static final Metric MCC =
      ofClassifier("mcc").higherIsBetter().between(-1.0, 1.0).build();

  /** Cohen's kappa, the agreement of truths and predictions beyond chance, −1 to 1, over all labels. */
  public static final Metric COHEN_KAPPA =
      ofClassifier("cohen_kappa").higherIsBetter().between(-1.0, 1.0).build();

  /**
   * Mean of −ln(score of the true label), in nats, the score held between 2.2e-16 and 1 less that; known only with scores.
   * Scores that do not add up to 1 are taken as they are.
   */
  public static final Metric LOG_LOSS = ofClassifier("log_loss")
      .unit("nats")
      .between(0.0, Double.POSITIVE_INFINITY)
      .build();

  /**
   * Mean squared distance of the scores from the truth: with a positive label of its score, 0 to 1, else summed over the
   * labels, 0 to 2; known only with scores.
   */
  public static final Metric BRIER = ofClassifier("brier")
      .mean(schema -> schema.positiveLabel().map(RowValues::brier).orElse(RowValues::brier), 2.0)
      .withPositiveLabel(1.0)
      .build();

  /**
   * Expected calibration error: the distance of mean score and share of true ones in ten equally wide bins of the score,
   * weighed by rows. With a positive label of its score, else of the predicted label's; known only with scores.
   */
  public static final Metric ECE = ofClassifier("ece").between(0.0, 1.0).build();

  /**
   * Area under the ROC curve: how often a row that has the label is scored above one that has another, ties for half. With
   * a positive label of its score, else the unweighted mean of each label against the rest; known only with scores.
   */
  public static final Metric ROC_AUC =
      ofClassifier("roc_auc").higherIsBetter().between(0.0, 1.0).build();

  /**
   * Mean of the precision at each row that has the label, from the highest score down. With a positive label of its score,
   * else the unweighted mean of each label against the rest; known only with scores.
   */
  public static final Metric AVERAGE_PRECISION =
      ofClassifier("average_precision").higherIsBetter().between(0.0, 1.0).build();

  /**
   * Share of the predictions that say the positive label, also called the acceptance rate; absent without a positive label.
   * It needs no truth, and of fairness it is compared between segments.
   */
  public static final Metric SELECTION_RATE = ofClassifier("selection_rate")
      .share(schema -> schema.positiveLabel().map(RowValues::selected).orElse(null))
      .build();

  /**
   * The largest selection rate of a segment minus the smallest. It is measured between segments, never of outcomes alone.
   */
  public static final Metric DEMOGRAPHIC_PARITY_DIFFERENCE =
      ofClassifier("demographic_parity_difference").between(0.0, 1.0).build();

  /**
   * The smallest selection rate of a segment over the largest, also called disparate impact: 0.8 is the four-fifths rule. It is
   * measured between segments, never of outcomes alone.
   */
  public static final Metric DEMOGRAPHIC_PARITY_RATIO = ofClassifier("demographic_parity_ratio")
      .higherIsBetter()
      .between(0.0, 1.0)
      .build();

  /**
   * The largest recall of the positive label in a segment minus the smallest. It is measured between segments, never of
   * outcomes alone.
   */
  public static final Metric EQUAL_OPPORTUNITY_DIFFERENCE =
      ofClassifier("equal_opportunity_difference").between(0.0, 1.0).build();

  /** Mean absolute error, in units of the output; over all outputs. */
  public static final Metric MAE = ofRegression("mae")
      .meanOf(
          RowValues.overOutputs((said, right) -> Math.abs(said - right)),
          0.0,
          Double.POSITIVE_INFINITY)
      .build();

  /** Mean squared error, in squared units of the output; over all outputs. */
  public static final Metric MSE = ofRegression("mse")
      .meanOf(RowValues.overOutputs(RowValues::squared), 0.0, Double.POSITIVE_INFINITY)
      .build();

  /** Root of the mean squared error, in units of the output; over all outputs. */
  public static final Metric RMSE =
      ofRegression("rmse").between(0.0, Double.POSITIVE_INFINITY).build();

  /** Root of the mean squared difference of ln(1 + value); over all outputs; absent if any value is negative. */
  public static final Metric RMSLE =
      ofRegression("rmsle").between(0.0, Double.POSITIVE_INFINITY).build();

  /** Mean of |error| / |truth|, a share; a truth nearer to 0 than 2.2e-16 counts as that. Over all outputs. */
  public static final Metric MAPE = ofRegression("mape")
      .meanOf(RowValues.overOutputs(RowValues::percentage), 0.0, Double.POSITIVE_INFINITY)
      .build();

  /** Mean of 2 |error| / (|truth| + |prediction|), 0 to 2; 0 where both are 0. Over all outputs. */
  public static final Metric SMAPE = ofRegression("smape")
      .meanOf(RowValues.overOutputs(RowValues::symmetricPercentage), 0.0, 2.0)
      .build();

  /** Share of the truth's variance that is explained: 1 − Σ(error²)/Σ(deviation²); mean over outputs. */
  public static final Metric R2 =
      ofRegression("r2").higherIsBetter().between(Double.NEGATIVE_INFINITY, 1.0).build();

  /** Median of the absolute errors, in units of the output; mean over outputs. */
  public static final Metric MEDIAN_ABSOLUTE_ERROR = ofRegression("median_absolute_error")
      .between(0.0, Double.POSITIVE_INFINITY)
      .build();

  /**
   * Mean of prediction − truth, in units of the output; over all outputs. It is {@link #isSigned() signed}: the best is 0,
   * and conditions ask for its magnitude.
   */
  public static final Metric BIAS = ofRegression("bias").signed().build();

  private static final Set<String> BETWEEN_SEGMENTS = Set.of(
      "demographic_parity_difference", "demographic_parity_ratio", "equal_opportunity_difference");

  private static final List<Metric> DEFAULTS =
      List.of(ACCURACY, PRECISION, RECALL, F1, LOG_LOSS, MAE, RMSE, R2);

  private static final List<Metric> KNOWN = List.of(
      ACCURACY,
      BALANCED_ACCURACY,
      PRECISION,
      RECALL,
      SPECIFICITY,
      F1,
      MCC,
      COHEN_KAPPA,
      LOG_LOSS,
      BRIER,
      ECE,
      ROC_AUC,
      AVERAGE_PRECISION,
      SELECTION_RATE,
      DEMOGRAPHIC_PARITY_DIFFERENCE,
      DEMOGRAPHIC_PARITY_RATIO,
      EQUAL_OPPORTUNITY_DIFFERENCE,
      MAE,
      MSE,
      RMSE,
      RMSLE,
      MAPE,
      SMAPE,
      R2,
      MEDIAN_ABSOLUTE_ERROR,
      BIAS);

  /** Families in the order in which metrics are shown. */
  private static final List<String> FAMILIES = List.of(
      "accuracy",
      "balanced_accuracy",
      "precision",
      "recall",
      "specificity",
      "f1",
      "f_beta",
      "mcc",
      "cohen_kappa",
      "top_k",
      "log_loss",
      "brier",
      "ece",
      "roc_auc",
      "average_precision",
      "selection_rate",
      "demographic_parity_difference",
      "demographic_parity_ratio",
      "equal_opportunity_difference",
      "mae",
      "mse",
      "rmse",
      "rmsle",
      "mape",
      "smape",
      "r2",
      "median_absolute_error",
      "quantile_error",
      "pinball",
      "bias");

  /** Those that are also of one label, by name. */
  private static final Map<String, Function<String, Metric>> OF_ONE_LABEL = Map.of(
      "precision", Metric::precision,
      "recall", Metric::recall,
      "specificity", Metric::specificity,
      "f1", Metric::f1,
      "roc_auc", Metric::rocAuc,
      "average_precision", Metric::averagePrecision,
      "selection_rate", Metric::selectionRate);

  /** Those that have a number, by name. */
  private static final Map<String, DoubleFunction<Metric>> OF_A_NUMBER = Map.of(
      "f_beta", Metric::fBeta,
      "top_k", k -> topK(whole(k)),
      "quantile_error", Metric::quantileError,
      "pinball", Metric::pinball);

  /** Those that have averages over labels. */
  private static final Set<String> AVERAGED =
      Set.of("precision", "recall", "specificity", "f1", "f_beta", "roc_auc", "average_precision");

  private static final List<String> AVERAGES = List.of("_macro", "_micro", "_weighted");

  private static final List<String> WITH_ARGUMENTS = List.of(
      "precision(label)",
      "recall(label)",
      "specificity(label)",
      "f1(label)",
      "f_beta(beta)",
      "f_beta(beta, label)",
      "roc_auc(label)",
      "average_precision(label)",
      "selection_rate(label)",
      "top_k(k)",
      "quantile_error(quantile)",
      "pinball(quantile)");

  private static final Comparator<Metric> ORDER = Comparator.<Metric>comparingInt(Metric::rank)
      .thenComparing(Metric::name)
      .thenComparing(Metric::task)
      .thenComparing(Metric::higherIsBetter)
      .thenComparing(Metric::unit);

  private final String name;
  private final String family;
  private final @Nullable String label;
  private final double parameter;
  private final boolean higherIsBetter;
  private final Task task;
  private final String unit;
  private final double lowest;
  private final double highest;
  private final double highestWithPositiveLabel;
  private final boolean share;
  private final boolean signed;
  private final Function<Schema, @Nullable RowValue> rowValue;
  private final @Nullable RowValue numerator;
  private final @Nullable RowValue denominator;
  private final @Nullable ToDoubleBiFunction<List<Prediction>, List<Truth>> ofOutcomes;

  private Metric(Builder builder) {
    this.family = builder.name;
    this.label = builder.label;
    this.parameter = builder.parameter;
    StringJoiner arguments = new StringJoiner(", ", "(", ")").setEmptyValue("");
    if (!Double.isNaN(parameter)) {
      arguments.add(plain(parameter));
    }
    if (builder.label != null) {
      arguments.add(builder.label);
    }
    this.name = family + arguments;
    this.higherIsBetter = builder.higherIsBetter;
    this.task = builder.task;
    this.unit = builder.unit;
    this.lowest = builder.lowest;
    this.highest = builder.highest;
    this.highestWithPositiveLabel = Double.isNaN(builder.highestWithPositiveLabel)
        ? builder.highest
        : builder.highestWithPositiveLabel;
    this.share = builder.share;
    this.signed = builder.signed;
    this.rowValue = builder.rowValue;
    this.numerator = builder.numerator;
    this.denominator = builder.denominator;
    this.ofOutcomes = builder.ofOutcomes;
  }

  private static String plain(double number) {
    return number == Math.rint(number) && Math.abs(number) < 1e15
        ? Long.toString((long) number)
        : Double.toString(number);
  }

  /**
   * {@return a builder of a host's own metric}
   *
   * @param name lower-case letters, digits and underscores, at most 64, beginning with a letter: its tag in meters, its key
   *     in packages
   * @param task whose predictions it measures
   * @throws IllegalArgumentException if the name is not allowed
   */
  public static Builder builder(String name, Task task) {
    return new Builder(name, task);
  }

  private static Builder ofClassifier(String name) {
    return builder(name, Task.CLASSIFICATION);
  }

  private static Builder ofRegression(String name) {
    return builder(name, Task.REGRESSION);
  }

  /**
   * {@return the precision of one label}
   *
   * @param label 1 to 200 characters
   * @throws IllegalArgumentException if it is empty or longer
   */
  public static Metric precision(String label) {
    return ofClassifier("precision")
        .label(label)
        .share(schema -> RowValues.ofPredicted(label))
        .build();
  }

  /**
   * {@return the recall of one label}
   *
   * @param label 1 to 200 characters
   * @throws IllegalArgumentException if it is empty or longer
   */
  public static Metric recall(String label) {
    return ofClassifier("recall")
        .label(label)
        .share(schema -> RowValues.ofTrue(label))
        .build();
  }

  /**
   * {@return the specificity of one label: of those that had another, the share predicted to have another}
   *
   * @param label 1 to 200 characters
   * @throws IllegalArgumentException if it is empty or longer
   */
  public static Metric specificity(String label) {
    return ofClassifier("specificity")
        .label(label)
        .share(schema -> RowValues.ofOthers(label))
        .build();
  }

  /**
   * {@return the share of the predictions that say one label}
   *
   * @param label 1 to 200 characters
   * @throws IllegalArgumentException if it is empty or longer
   */
  public static Metric selectionRate(String label) {
    return ofClassifier("selection_rate")
        .label(label)
        .share(schema -> RowValues.selected(label))
        .build();
  }

  /**
   * {@return the harmonic mean of precision and recall of one label}
   *
   * @param label 1 to 200 characters
   * @throws IllegalArgumentException if it is empty or longer
   */
  public static Metric f1(String label) {
    return ofClassifier("f1").label(label).higherIsBetter().between(0.0, 1.0).build();
  }

  /**
   * {@return the F-measure that weighs recall beta times as much as precision, of the labels that {@link #F1} is of}
   *
   * @param beta finite, above 0; 1 is {@link #F1}
   * @throws IllegalArgumentException if it is out of range
   */
  public static Metric fBeta(double beta) {
    if (!(beta > 0) || !Double.isFinite(beta)) {
      throw new IllegalArgumentException("beta must be finite and > 0, but was " + beta);
    }
    return beta == 1.0
        ? F1
        : ofClassifier("f_beta")
            .parameter(beta)
            .higherIsBetter()
            .between(0.0, 1.0)
            .build();
  }

  /**
   * {@return the F-measure of one label that weighs recall beta times as much as precision}
   *
   * @param beta finite, above 0; 1 is {@link #f1(String)}
   * @param label 1 to 200 characters
   * @throws IllegalArgumentException if one is out of range
   */
  public static Metric fBeta(double beta, String label) {
    Metric all = fBeta(beta);
    return all.equals(F1)
        ? f1(label)
        : ofClassifier("f_beta")
            .parameter(beta)
            .label(label)
            .higherIsBetter()
            .between(0.0, 1.0)
            .build();
  }

  /**
   * {@return the area under the ROC curve of one label against the rest}
   *
   * @param label 1 to 200 characters
   * @throws IllegalArgumentException if it is empty or longer
   */
  public static Metric rocAuc(String label) {
    return ofClassifier("roc_auc")
        .label(label)
        .higherIsBetter()
        .between(0.0, 1.0)
        .build();
  }

  /**
   * {@return the average precision of one label against the rest}
   *
   * @param label 1 to 200 characters
   * @throws IllegalArgumentException if it is empty or longer
   */
  public static Metric averagePrecision(String label) {
    return ofClassifier("average_precision")
        .label(label)
        .higherIsBetter()
        .between(0.0, 1.0)
        .build();
  }

  /**
   * {@return the share of rows whose true label is among the k of the highest scores; known only with scores}
   *
   * <p>Of equal scores the label that comes later in {@link Classification#labels()} is ahead, as in scikit-learn.
   *
   * @param k 1 to 1,000,000
   * @throws IllegalArgumentException if it is out of range
   */
  public static Metric topK(int k) {
    if (k < 1 || k > 1_000_000) {
      throw new IllegalArgumentException("k must be 1 to 1000000, but was " + k);
    }
    return ofClassifier("top_k").parameter(k).share(schema -> RowValues.topK(k)).build();
  }

  /**
   * {@return a quantile of the absolute errors, in units of the output; mean over outputs}
   *
   * @param quantile above 0, below 1; 0.5 is {@link #MEDIAN_ABSOLUTE_ERROR}
   * @throws IllegalArgumentException if it is out of range
   */
  public static Metric quantileError(double quantile) {
    requireQuantile(quantile);
    return quantile == 0.5
        ? MEDIAN_ABSOLUTE_ERROR
        : ofRegression("quantile_error")
            .parameter(quantile)
            .between(0.0, Double.POSITIVE_INFINITY)
            .build();
  }

  /**
   * {@return the mean pinball loss of predictions of a quantile, in units of the output: an error counts {@code quantile}
   * where the truth is above the prediction, else 1 less that; over all outputs}
   *
   * @param quantile above 0, below 1
   * @throws IllegalArgumentException if it is out of range
   */
  public static Metric pinball(double quantile) {
    requireQuantile(quantile);
    return ofRegression("pinball")
        .parameter(quantile)
        .meanOf(RowValues.overOutputs(RowValues.pinball(quantile)), 0.0, Double.POSITIVE_INFINITY)
        .build();
  }

  private static void requireQuantile(double quantile) {
    if (!(quantile > 0 && quantile < 1)) {
      throw new IllegalArgumentException("quantile must be > 0 and < 1, but was " + quantile);
    }
  }

  /**
   * {@return the unweighted mean of this over the labels that occur in truth or prediction, such as {@code recall_macro}; of
   * {@code roc_auc} and {@code average_precision}, over the labels that the model scores}
   *
   * @throws IllegalArgumentException if it is of one label, or not precision, recall, specificity, f1, f_beta, roc_auc or
   *     average_precision
   */
  public Metric macro() {
    return averaged("_macro").build();
  }

  /**
   * {@return this over the decisions about all labels taken together, such as {@code recall_micro}: precision, recall and
   * F-measures are then the accuracy}
   *
   * @throws IllegalArgumentException if it is of one label, or not precision, recall, specificity, f1 or f_beta
   */
  public Metric micro() {
    Builder builder = averaged("_micro");
    return (family.equals("specificity") ? builder : builder.share(schema -> RowValues::right))
        .build();
  }

  /**
   * {@return the mean of this over the labels, each weighed by how often it is true, such as {@code recall_weighted}}
   *
   * @throws IllegalArgumentException if it is of one label, or not precision, recall, specificity, f1, f_beta, roc_auc or
   *     average_precision
   */
  public Metric weighted() {
    Builder builder = averaged("_weighted");
    return (family.equals("recall") ? builder.share(schema -> RowValues::right) : builder).build();
  }

  private Builder averaged(String average) {
    if (label != null || !hasAverage(family, average) || !equals(find(name).orElse(null))) {
      throw noAverage(average.substring(1));
    }
    return ofClassifier(family + average).parameter(parameter).higherIsBetter().between(0.0, 1.0);
  }

  private IllegalArgumentException noAverage(String average) {
    return new IllegalArgumentException("metric " + name + " has no " + average
        + " average; known of precision, recall, specificity," + " f1, f_beta"
        + (average.equals("micro") ? "" : ", roc_auc, average_precision"));
  }

  /** {@return the metrics of the library that are measured of every model, in their order} */
  public static List<Metric> defaults() {
    return DEFAULTS;
  }

  /**
   * {@return the metric whose loss models of a task are compared by: {@link #MAE} of quantities, {@link #ACCURACY} of all else}
   *
   * @param schema says the task
   */
  public static Metric plainest(Schema schema) {
    return schema.task().filter(Task.REGRESSION::equals).isPresent() ? MAE : ACCURACY;
  }

  /** {@return the metrics of the library that need no argument, in their order} */
  public static List<Metric> known() {
    return KNOWN;
  }

  /**
   * {@return the library's metric of a name}
   *
   * @param name such as {@code recall}, {@code recall(fraud)}, {@code f_beta(2)}, {@code f_beta(2, fraud)} or {@code
   *     f1_weighted}
   * @throws IllegalArgumentException if there is none; the message names the nearest one
   */
  public static Metric of(String name) {
    return find(name).orElseThrow(() -> {
      List<String> known = new ArrayList<>(KNOWN.stream().map(Metric::name).toList());
      known.addAll(WITH_ARGUMENTS);
      String all = String.join(", ", known);
      for (String family : FAMILIES) {
        for (String average : AVERAGES) {
          if (hasAverage(family, average)) {
            known.add(family + average + (family.equals("f_beta") ? "(beta)" : ""));
          }
        }
      }
      return new IllegalArgumentException("no metric \"" + MlopsException.shown(name) + "\""
          + Names.nearest(name, known)
              .map(text -> "; did you mean \"" + text + "\"?")
              .orElse("; known: " + all
                  + ", and averages such as recall_macro, recall_micro, recall_weighted"));
    });
  }

  /**
   * {@return the library's metric of a name, if there is one}
   *
   * @param name any text
   * @throws IllegalArgumentException if the name is the library's, but its argument is out of range
   */
  public static Optional<Metric> find(String name) {
    for (Metric metric : KNOWN) {
      if (metric.name.equals(name)) {
        return Optional.of(metric);
      }
    }
    Matcher parts = WITH_ARGUMENT.matcher(name);
    boolean bare = !parts.matches();
    String family = bare ? name : parts.group(1);
    for (String average : AVERAGES) {
      if (family.endsWith(average)) {
        String of = family.substring(0, family.length() - average.length());
        return hasAverage(of, average) && bare != of.equals("f_beta")
            ? find(of + name.substring(family.length()))
                .filter(whole -> whole.label == null)
                .map(whole -> switch (average) {
                  case "_macro" -> whole.macro();
                  case "_micro" -> whole.micro();
                  default -> whole.weighted();
                })
            : Optional.empty();
      }
    }
    return bare ? Optional.empty() : find(name, family, parts.group(2));
  }

  /** Areas have no micro average: the score of one label says nothing about the rank of another's. */
  private static boolean hasAverage(String family, String average) {
    return AVERAGED.contains(family)
        && !(average.equals("_micro")
            && (family.equals("roc_auc") || family.equals("average_precision")));
  }

  private static Optional<Metric> find(String name, String family, String argument) {
    Function<String, Metric> ofOneLabel = OF_ONE_LABEL.get(family);
    if (ofOneLabel != null) {
      return Optional.of(ofOneLabel.apply(argument));
    }
    DoubleFunction<Metric> ofANumber = OF_A_NUMBER.get(family);
    if (ofANumber == null) {
      return Optional.empty();
    }
    int comma = family.equals("f_beta") ? argument.indexOf(", ") : -1;
    return Optional.of(
        comma < 0
            ? ofANumber.apply(number(name, argument))
            : fBeta(number(name, argument.substring(0, comma)), argument.substring(comma + 2)));
  }

  private static double number(String name, String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException notOne) {
      throw new IllegalArgumentException(
          "no metric \"" + MlopsException.shown(name) + "\"; wanted a number in the brackets");
    }
  }

  private static int whole(double number) {
    if (number != Math.rint(number) || Math.abs(number) > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("k must be a whole number, but was " + number);
    }
    return (int) number;
  }

  /** {@return the name that rules, meters and packages use, such as {@code recall} or {@code recall(fraud)}} */
  public String name() {
    return name;
  }

  /** {@return the name without its arguments, such as {@code recall} or {@code f_beta_macro}} */
  public String family() {
    return family;
  }

  /** {@return the label that it is of, if it is of one} */
  public Optional<String> label() {
    return Optional.ofNullable(label);
  }

  /** {@return its number, such as the beta of {@code f_beta(2)}, if it has one} */
  public OptionalDouble parameter() {
    return Double.isNaN(parameter) ? OptionalDouble.empty() : OptionalDouble.of(parameter);
  }

  /** {@return whether more is better} */
  public boolean higherIsBetter() {
    return higherIsBetter;
  }

  /** {@return the task whose predictions it measures} */
  public Task task() {
    return task;
  }

  /** {@return the unit, such as {@code EUR}; empty for shares and for what is in units of the output} */
  public String unit() {
    return unit;
  }

  /** {@return the lowest value that it can take; may be infinite} */
  public double lowest() {
    return lowest;
  }

  /** {@return the highest value that it can take; may be infinite} */
  public double highest() {
    return highest;
  }

  /**
   * {@return the loss of a row; empty if the metric is not the mean of a value per row, as precision, recall and F1 over
   * several labels are not}
   *
   * @param schema says the positive label
   */
  public Optional<Loss> loss(Schema schema) {
    RowValue value = rowValue.apply(schema);
    return value == null
        ? Optional.empty()
        : Optional.of(new Loss(
            value,
            higherIsBetter,
            lowest,
            schema.positiveLabel().isPresent() ? highestWithPositiveLabel : highest));
  }

  /**
   * {@return whether rows have a loss by it, at least where the schema names a positive label: what a promise about false
   * alarms needs}
   */
  public boolean hasLoss() {
    return rowValue.apply(WITH_POSITIVE_LABEL) != null;
  }

  /** {@return whether it is the share of rows that were right, of those that count: a row's value is then 0 or 1} */
  public boolean isShare() {
    return share;
  }

  /** {@return whether the best is 0 and it can be worse on either side, as a bias can: conditions ask for its magnitude} */
  public boolean isSigned() {
    return signed;
  }

  /** {@return of a host's {@linkplain Builder#ratioOf ratio}, what is summed above the line} */
  public Optional<RowValue> numerator() {
    return Optional.ofNullable(numerator);
  }

  /** {@return of a host's {@linkplain Builder#ratioOf ratio}, what is summed below the line} */
  public Optional<RowValue> denominator() {
    return Optional.ofNullable(denominator);
  }

  /** {@return of a host's metric {@linkplain Builder#ofOutcomes of outcomes}, what measures them} */
  public Optional<ToDoubleBiFunction<List<Prediction>, List<Truth>>> ofOutcomes() {
    return Optional.ofNullable(ofOutcomes);
  }

  /**
   * {@return whether it compares segments with each other, as fairness does: it is known of a division of rows, never of
   * outcomes alone}
   */
  public boolean isBetweenSegments() {
    return BETWEEN_SEGMENTS.contains(name);
  }

  private int rank() {
    String base = family;
    for (String average : AVERAGES) {
      base =
          family.endsWith(average) ? family.substring(0, family.length() - average.length()) : base;
    }
    int rank = FAMILIES.indexOf(base);
    return rank < 0 ? FAMILIES.size() : rank;
  }

  @Override
  public int compareTo(Metric other) {
    return ORDER.compare(this, other);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Metric that
        && name.equals(that.name)
        && task == that.task
        && higherIsBetter == that.higherIsBetter
        && unit.equals(that.unit);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, task);
  }

  /** {@return the {@link #name()}} */
  @Override
  public String toString() {
    return name;
  }

  /**
   * Describes a metric.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final String name;
    private final Task task;
    private @Nullable String label;
    private double parameter = Double.NaN;
    private boolean higherIsBetter;
    private String unit = "";
    private double lowest = Double.NEGATIVE_INFINITY;
    private double highest = Double.POSITIVE_INFINITY;
    private double highestWithPositiveLabel = Double.NaN;
    private boolean share;
    private boolean signed;
    private Function<Schema, @Nullable RowValue> rowValue = schema -> null;
    private @Nullable RowValue numerator;
    private @Nullable RowValue denominator;
    private @Nullable ToDoubleBiFunction<List<Prediction>, List<Truth>> ofOutcomes;

    private Builder(String name, Task task) {
      this.name = name;
      this.task = requireNonNull(task, "task");
      if (!NAME.matcher(name).matches()) {
        throw new IllegalArgumentException(
            "a metric's name must be a lower-case letter and at most 63 lower-case letters, digits and underscores, but was \""
                + MlopsException.shown(name) + "\"");
      }
    }

    private Builder label(String label) {
      if (label.isEmpty() || label.length() > 200) {
        throw new IllegalArgumentException(
            "the label of a metric must have 1 to 200 characters, but had " + label.length());
      }
      this.label = Texts.whole(label);
      return this;
    }

    private Builder parameter(double parameter) {
      this.parameter = parameter;
      return this;
    }

    /** {@return this builder, of a metric of which more is better; less is, by default} */
    public Builder higherIsBetter() {
      this.higherIsBetter = true;
      return this;
    }

    /**
     * {@return this builder, with a unit; none by default}
     *
     * @param unit such as {@code EUR}, at most 32 characters
     * @throws IllegalArgumentException if it is longer
     */
    public Builder unit(String unit) {
      if (unit.length() > 32) {
        throw new IllegalArgumentException(
            "a unit must have at most 32 characters, but had " + unit.length());
      }
      this.unit = unit;
      return this;
    }

    /**
     * {@return this builder, of a metric that is the mean of a value per row, and so has a {@link Loss}}
     *
     * <p>A value beyond a bound is held at it. A row whose value is infinitely good, or not a number, does not count.
     *
     * @param value of a row
     * @param lowest the lowest value; finite unless more is better
     * @param highest the highest value, above {@code lowest}; finite if more is better
     * @throws IllegalArgumentException if the bounds are out of order
     */
    public Builder meanOf(RowValue value, double lowest, double highest) {
      requireNonNull(value, "value");
      if (!(lowest < highest)) {
        throw new IllegalArgumentException("the bounds of " + name
            + " must be in order, lowest < highest, but were " + lowest + " and " + highest);
      }
      this.lowest = lowest;
      this.highest = highest;
      this.rowValue = schema -> value;
      return this;
    }

    /**
     * {@return this builder, of a metric that is the ratio of two sums over rows, such as profit by sales}
     *
     * <p>A row of which one value is not finite does not count. Absent where the sum below the line is 0. It has no {@link
     * Loss}.
     *
     * @param numerator of a row, summed above the line
     * @param denominator of a row, summed below the line
     */
    public Builder ratioOf(RowValue numerator, RowValue denominator) {
      this.numerator = requireNonNull(numerator, "numerator");
      this.denominator = requireNonNull(denominator, "denominator");
      return this;
    }

    /**
     * {@return this builder, of a metric of all outcomes at once, such as a profit after rebates by volume}
     *
     * <p>It is measured where outcomes are kept, so not of a stream, and once for each group that the jackknife leaves out: 21
     * times. It has no {@link Loss}.
     *
     * @param measure of predictions and their truths, as many of either and in the same order, unmodifiable; what is not finite
     *     is absent. A pure function and thread-safe
     */
    public Builder ofOutcomes(ToDoubleBiFunction<List<Prediction>, List<Truth>> measure) {
      this.ofOutcomes = requireNonNull(measure, "measure");
      return this;
    }

    /** A mean of a value from 0. */
    private Builder mean(Function<Schema, @Nullable RowValue> value, double highest) {
      this.lowest = 0.0;
      this.highest = highest;
      this.rowValue = value;
      return this;
    }

    private Builder withPositiveLabel(double highest) {
      this.highestWithPositiveLabel = highest;
      return this;
    }

    private Builder signed() {
      this.signed = true;
      return this;
    }

    private Builder between(double lowest, double highest) {
      this.lowest = lowest;
      this.highest = highest;
      return this;
    }

    private Builder share(Function<Schema, @Nullable RowValue> value) {
      this.share = true;
      this.higherIsBetter = true;
      this.lowest = 0.0;
      this.highest = 1.0;
      this.rowValue = value;
      return this;
    }

    /**
     * {@return the metric}
     *
     * @throws IllegalArgumentException if it is the mean of a value per row whose best value is infinite: a loss is counted
     *     from the best; or if more than one of a mean, a ratio and a measure of outcomes was given
     */
    public Metric build() {
      int ways = (rowValue.apply(WITH_POSITIVE_LABEL) != null ? 1 : 0)
          + (numerator != null ? 1 : 0)
          + (ofOutcomes != null ? 1 : 0);
      if (ways > 1) {
        throw new IllegalArgumentException(
            "wanted one of meanOf, ratioOf and ofOutcomes for " + name + ", got " + ways);
      }
      if (rowValue.apply(WITH_POSITIVE_LABEL) != null
          && Double.isInfinite(higherIsBetter ? highest : lowest)) {
        throw new IllegalArgumentException("the best value of " + name + " must be finite, but was "
            + (higherIsBetter ? highest : lowest));
      }
      return new Metric(this);
    }
  }
}
