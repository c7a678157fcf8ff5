package dev.mlops.api.model;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A measure of quality: a name, a direction, a task, a unit, and, where it is the mean of a value per row, the {@link Loss}
 * of a row.
 *
 * <p>{@link #PRECISION}, {@link #RECALL} and {@link #F1} are those of the schema's positive label if it names one, else the
 * unweighted mean over the labels that occur in truth or prediction. {@link #recall(String)} and its siblings are of one
 * label, whatever the schema says. In a mean over labels, a label that was never predicted has precision 0 and one that was
 * never true recall 0 (scikit-learn's {@code zero_division=0}); of one label alone, what nobody could measure is absent.
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
      Pattern.compile("([a-z][a-z0-9_]{0,63})\\((.{1,200})\\)", Pattern.DOTALL);

  /** Any that names a positive label. */
  private static final Schema WITH_POSITIVE_LABEL =
      Schema.of(Column.number("any")).positiveLabel("any");

  /** Share of predictions that were right. */
  public static final Metric ACCURACY =
      ofClassifier("accuracy").share(schema -> Metric::right).build();

  /** Of those predicted to have the label, the share that had it. */
  public static final Metric PRECISION = ofClassifier("precision")
      .share(schema -> schema.positiveLabel().map(Metric::ofPredicted).orElse(null))
      .build();

  /** Of those that had the label, the share predicted to have it; also called sensitivity. */
  public static final Metric RECALL = ofClassifier("recall")
      .share(schema -> schema.positiveLabel().map(Metric::ofTrue).orElse(null))
      .build();

  /** Harmonic mean of precision and recall. */
  public static final Metric F1 =
      ofClassifier("f1").higherIsBetter().between(0.0, 1.0).build();

  /** Mean of −ln(score of the true label), in nats, the score held at or above 1e-15; known only with scores. */
  public static final Metric LOG_LOSS = ofClassifier("log_loss")
      .unit("nats")
      .between(0.0, Double.POSITIVE_INFINITY)
      .build();

  /** Mean absolute error, in units of the output; over all outputs. */
  public static final Metric MAE = builder("mae", Task.REGRESSION)
      .meanOf(Metric::absoluteError, 0.0, Double.POSITIVE_INFINITY)
      .build();

  /** Root of the mean squared error, in units of the output; over all outputs. */
  public static final Metric RMSE =
      builder("rmse", Task.REGRESSION).between(0.0, Double.POSITIVE_INFINITY).build();

  /** Share of the truth's variance that is explained: 1 − Σ(error²)/Σ(deviation²); mean over outputs. */
  public static final Metric R2 = builder("r2", Task.REGRESSION)
      .higherIsBetter()
      .between(Double.NEGATIVE_INFINITY, 1.0)
      .build();

  private static final List<Metric> KNOWN =
      List.of(ACCURACY, PRECISION, RECALL, F1, LOG_LOSS, MAE, RMSE, R2);

  /** Those that are also of one label, by name. */
  private static final Map<String, Function<String, Metric>> OF_ONE_LABEL =
      Map.of("precision", Metric::precision, "recall", Metric::recall, "f1", Metric::f1);

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
  private final boolean share;
  private final Function<Schema, @Nullable RowValue> rowValue;

  private Metric(Builder builder) {
    this.family = builder.name;
    this.label = builder.label;
    this.parameter = builder.parameter;
    this.name = builder.label != null
        ? family + "(" + builder.label + ")"
        : Double.isNaN(parameter) ? family : family + "(" + plain(parameter) + ")";
    this.higherIsBetter = builder.higherIsBetter;
    this.task = builder.task;
    this.unit = builder.unit;
    this.lowest = builder.lowest;
    this.highest = builder.highest;
    this.share = builder.share;
    this.rowValue = builder.rowValue;
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

  /**
   * {@return the precision of one label}
   *
   * @param label 1 to 200 characters
   * @throws IllegalArgumentException if it is empty or longer
   */
  public static Metric precision(String label) {
    return ofClassifier("precision")
        .label(label)
        .share(schema -> ofPredicted(label))
        .build();
  }

  /**
   * {@return the recall of one label}
   *
   * @param label 1 to 200 characters
   * @throws IllegalArgumentException if it is empty or longer
   */
  public static Metric recall(String label) {
    return ofClassifier("recall").label(label).share(schema -> ofTrue(label)).build();
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

  /** {@return the metrics of the library that need no argument, in their order} */
  public static List<Metric> known() {
    return KNOWN;
  }

  /**
   * {@return the library's metric of a name}
   *
   * @param name such as {@code recall}, {@code recall(fraud)} or {@code f_beta(2)}
   * @throws IllegalArgumentException if there is none; the message names the nearest one
   */
  public static Metric of(String name) {
    for (Metric metric : KNOWN) {
      if (metric.name.equals(name)) {
        return metric;
      }
    }
    Matcher parts = WITH_ARGUMENT.matcher(name);
    if (parts.matches()) {
      Function<String, Metric> ofOneLabel = OF_ONE_LABEL.get(parts.group(1));
      if (ofOneLabel != null) {
        return ofOneLabel.apply(parts.group(2));
      }
      if (parts.group(1).equals("f_beta")) {
        return fBeta(number(name, parts.group(2)));
      }
    }
    List<String> known = new ArrayList<>(KNOWN.stream().map(Metric::name).toList());
    known.addAll(List.of("precision(label)", "recall(label)", "f1(label)", "f_beta(beta)"));
    Optional<String> near = Names.nearest(name, known);
    throw new IllegalArgumentException("no metric \"" + MlopsException.shown(name) + "\""
        + near.map(text -> "; did you mean \"" + text + "\"?")
            .orElse("; known: " + String.join(", ", known)));
  }

  private static double number(String name, String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException notOne) {
      throw new IllegalArgumentException(
          "no metric \"" + MlopsException.shown(name) + "\"; wanted a number in the brackets");
    }
  }

  /** {@return the name that rules, meters and packages use, such as {@code recall} or {@code recall(fraud)}} */
  public String name() {
    return name;
  }

  /** {@return the name without its argument, such as {@code recall}} */
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
        : Optional.of(new Loss(value, higherIsBetter, lowest, highest));
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

  /** 1 for a right label, 0 for a wrong one. */
  private static double right(Prediction prediction, Truth truth) {
    return !(prediction instanceof Classification said) || truth.label().isEmpty()
        ? Double.NaN
        : truth.matches(said) ? 1.0 : 0.0;
  }

  private static RowValue ofPredicted(String label) {
    return (prediction, truth) ->
        prediction instanceof Classification said && said.label().equals(label)
            ? right(prediction, truth)
            : Double.NaN;
  }

  private static RowValue ofTrue(String label) {
    return (prediction, truth) ->
        truth.label().filter(label::equals).isPresent() ? right(prediction, truth) : Double.NaN;
  }

  /** The mean over the outputs; NaN if the truth has other outputs. */
  private static double absoluteError(Prediction prediction, Truth truth) {
    Map<String, Double> right = truth.values();
    if (!(prediction instanceof Regression said) || !truth.isFor(said)) {
      return Double.NaN;
    }
    if (right.size() == 1) {
      return Math.abs(said.value() - truth.value().orElse(Double.NaN));
    }
    double sum = 0.0;
    for (Map.Entry<String, Double> output : right.entrySet()) {
      sum += Math.abs(said.value(output.getKey()) - output.getValue());
    }
    return sum / right.size();
  }

  private int rank() {
    for (int i = 0; i < KNOWN.size(); i++) {
      if (KNOWN.get(i).family.equals(family)) {
        return i;
      }
    }
    return KNOWN.size();
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
    private boolean share;
    private Function<Schema, @Nullable RowValue> rowValue = schema -> null;

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
      this.label = label;
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
     * <p>A value beyond a bound is held at it.
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
     *     from the best
     */
    public Metric build() {
      if (rowValue.apply(WITH_POSITIVE_LABEL) != null
          && Double.isInfinite(higherIsBetter ? highest : lowest)) {
        throw new IllegalArgumentException("the best value of " + name + " must be finite, but was "
            + (higherIsBetter ? highest : lowest));
      }
      return new Metric(this);
    }
  }
}
