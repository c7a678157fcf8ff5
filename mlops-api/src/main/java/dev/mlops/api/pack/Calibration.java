package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Texts;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What makes probabilities of the scores of a classifier, as a section of a package holds it.
 *
 * <p>Isotonic and Platt calibrations have a map for some labels, or for all. If there is one for all labels, their results are
 * divided by their sum. Otherwise the labels without a map share what the others leave of 1, in proportion to their scores: of
 * two labels, the second gets 1 − p. Results whose sum is above 1 are divided by it. A temperature T is for all labels: the
 * results are in proportion to score^(1/T).
 *
 * <p>The label of the answer is the one with the highest result, the first on a tie; {@link DecisionThresholds} are applied after
 * that. A classification without scores is not changed, nor is one with a score that is not finite.
 *
 * <p>Whatever loads the model of a package applies its calibration: {@link ModelPackage#deciding}.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class Calibration {
  /** Of scores whose logarithm is taken: nearer to 0 or 1 they count as this. */
  private static final double NEAREST = 1e-12;

  private final Method method;
  private final SortedMap<String, Curve> curves;
  private final SortedMap<String, Line> lines;
  private final double temperature;

  /**
   * How scores become probabilities.
   *
   * @since 0.1
   */
  @Beta
  public enum Method {
    /** By curves that never fall. */
    ISOTONIC,
    /** By lines between log-odds. */
    PLATT,
    /** By one power of all scores. */
    TEMPERATURE
  }

  /**
   * A map that never falls: linear between points, constant outside.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  @Beta
  public static final class Curve {
    private final double[] scores;
    private final double[] probabilities;

    private Curve(double[] scores, double[] probabilities) {
      this.scores = scores;
      this.probabilities = probabilities;
    }

    /**
     * {@return a curve through points}
     *
     * @param scores finite, each above the one before; copied
     * @param probabilities from 0 to 1, none below the one before; as many as scores, at least one; copied
     * @throws IllegalArgumentException if they are others
     */
    public static Curve of(double[] scores, double[] probabilities) {
      boolean fine = scores.length > 0 && scores.length == probabilities.length;
      for (int i = 0; fine && i < scores.length; i++) {
        fine = Double.isFinite(scores[i])
            && probabilities[i] >= 0
            && probabilities[i] <= 1
            && (i == 0 || (scores[i] > scores[i - 1] && probabilities[i] >= probabilities[i - 1]));
      }
      if (!fine) {
        throw new IllegalArgumentException("a curve wants at least one point, ascending finite"
            + " scores and probabilities from 0 to 1 that never fall, but had "
            + MlopsException.shown(Arrays.toString(scores)) + " and "
            + MlopsException.shown(Arrays.toString(probabilities)));
      }
      return new Curve(scores.clone(), probabilities.clone());
    }

    /** {@return the scores of the points, ascending; a copy} */
    public double[] scores() {
      return scores.clone();
    }

    /** {@return the probabilities of the points; a copy} */
    public double[] probabilities() {
      return probabilities.clone();
    }

    /**
     * {@return the probability of a score}
     *
     * @param score finite
     */
    public double at(double score) {
      int found = Arrays.binarySearch(scores, score);
      if (found >= 0) {
        return probabilities[found];
      }
      int above = -found - 1;
      if (above == 0) {
        return probabilities[0];
      }
      if (above == scores.length) {
        return probabilities[above - 1];
      }
      // By halves, so that points that are far apart do not overflow.
      double below = scores[above - 1] / 2;
      double share = (score / 2 - below) / (scores[above] / 2 - below);
      double low = probabilities[above - 1];
      return Math.min(probabilities[above], low + share * (probabilities[above] - low));
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Curve that
          && Arrays.equals(scores, that.scores)
          && Arrays.equals(probabilities, that.probabilities);
    }

    @Override
    public int hashCode() {
      return 31 * Arrays.hashCode(scores) + Arrays.hashCode(probabilities);
    }

    /** {@return such as {@code 7 points, 0.06 to 0.96}} */
    @Override
    public String toString() {
      return scores.length + " points, " + scores[0] + " to " + scores[scores.length - 1];
    }
  }

  /**
   * A line from the log-odds of a score to those of a probability: p = 1 / (1 + exp(−(slope · ln(s / (1 − s)) + intercept))).
   *
   * <p>Immutable.
   *
   * @param slope finite; 1 changes nothing, below 1 less sure than the score
   * @param intercept finite; 0 changes nothing, above 0 makes the label likelier
   * @since 0.1
   */
  @Beta
  public record Line(double slope, double intercept) {
    /**
     * Checks them.
     *
     * @throws IllegalArgumentException if one is not finite
     */
    public Line {
      if (!Double.isFinite(slope) || !Double.isFinite(intercept)) {
        throw new IllegalArgumentException(
            "slope and intercept must be finite, but were " + slope + " and " + intercept);
      }
    }

    /**
     * {@return the probability of a score}
     *
     * @param score below 10⁻¹² or above 1 − 10⁻¹² counts as that
     */
    public double at(double score) {
      return 1 / (1 + Math.exp(-(slope * logOdds(score) + intercept)));
    }

    /**
     * {@return ln(s / (1 − s))}
     *
     * @param score below 10⁻¹² or above 1 − 10⁻¹² counts as that
     */
    public static double logOdds(double score) {
      double inside = Math.min(1 - NEAREST, Math.max(NEAREST, score));
      return Math.log(inside) - Math.log1p(-inside);
    }
  }

  private Calibration(
      Method method,
      SortedMap<String, Curve> curves,
      SortedMap<String, Line> lines,
      double temperature) {
    this.method = method;
    this.curves = Collections.unmodifiableSortedMap(curves);
    this.lines = Collections.unmodifiableSortedMap(lines);
    this.temperature = temperature;
  }

  /**
   * {@return a calibration by curves}
   *
   * @param curves by label, at least one, each label {@linkplain Texts#whole made whole}; copied
   * @throws IllegalArgumentException if there is none, or a label is empty or comes twice
   */
  public static Calibration isotonic(Map<String, Curve> curves) {
    return new Calibration(Method.ISOTONIC, whole(curves), new TreeMap<>(), 1);
  }

  /**
   * {@return a calibration by lines between log-odds}
   *
   * @param lines by label, at least one, each label {@linkplain Texts#whole made whole}; copied
   * @throws IllegalArgumentException if there is none, or a label is empty or comes twice
   */
  public static Calibration platt(Map<String, Line> lines) {
    return new Calibration(Method.PLATT, new TreeMap<>(), whole(lines), 1);
  }

  private static <T> SortedMap<String, T> whole(Map<String, T> byLabel) {
    SortedMap<String, T> whole = new TreeMap<>();
    byLabel.forEach((label, map) -> whole.put(Texts.whole(label), requireNonNull(map, "map")));
    if (whole.isEmpty() || whole.containsKey("") || whole.size() < byLabel.size()) {
      throw new IllegalArgumentException("a calibration wants at least one label, none of them"
          + " empty or twice, but had " + MlopsException.shown(byLabel.keySet().toString()));
    }
    return whole;
  }

  /**
   * {@return a calibration by one power of all scores}
   *
   * @param temperature finite and above 0; above 1 less sure than the scores
   * @throws IllegalArgumentException if it is out of range
   */
  public static Calibration temperature(double temperature) {
    if (!(temperature > 0 && Double.isFinite(temperature))) {
      throw new IllegalArgumentException(
          "temperature must be finite and > 0, but was " + temperature);
    }
    return new Calibration(Method.TEMPERATURE, new TreeMap<>(), new TreeMap<>(), temperature);
  }

  /** {@return how scores become probabilities} */
  public Method method() {
    return method;
  }

  /** {@return the curves by label; empty unless isotonic} */
  public SortedMap<String, Curve> curves() {
    return curves;
  }

  /** {@return the lines by label; empty unless Platt's} */
  public SortedMap<String, Line> lines() {
    return lines;
  }

  /** {@return the temperature; empty for the other methods} */
  public OptionalDouble temperature() {
    return method == Method.TEMPERATURE ? OptionalDouble.of(temperature) : OptionalDouble.empty();
  }

  /**
   * Refuses a calibration of labels that a classifier does not score.
   *
   * @param answer of the classifier
   * @throws IllegalArgumentException if it is no classification, has no scores, or has none of a label; the message names the
   *     nearest one
   */
  public void requireFit(Prediction answer) {
    if (!(answer instanceof Classification scored) || scored.score().isEmpty()) {
      throw new IllegalArgumentException(
          "a calibration needs a score for each label, but the model gives none");
    }
    for (String label : method == Method.ISOTONIC ? curves.keySet() : lines.keySet()) {
      if (!scored.labels().contains(label)) {
        throw new IllegalArgumentException("a calibration is of label \""
            + MlopsException.shown(label) + "\", but the model scores "
            + MlopsException.shown(scored.labels().toString())
            + MlopsException.nearest(label, scored.labels())
                .map(near -> "; did you mean \"" + MlopsException.shown(near) + "\"?")
                .orElse(""));
      }
    }
  }

  /**
   * {@return a prediction whose scores are calibrated; the prediction itself where there is nothing to calibrate}
   *
   * @param said what the model gave
   */
  public Prediction calibrate(Prediction said) {
    if (!(said instanceof Classification scored)
        || scored.score().isEmpty()
        || !scored.isFinite()) {
      return said;
    }
    List<String> labels = scored.labels();
    double[] results = method == Method.TEMPERATURE ? powers(scored) : mapped(scored);
    return Classification.of(labels, results);
  }

  private double[] powers(Classification scored) {
    double[] results = new double[scored.labels().size()];
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < results.length; i++) {
      results[i] = Math.log(Math.max(NEAREST, scored.scoreAt(i)));
      most = Math.max(most, results[i]);
    }
    double sum = 0;
    for (int i = 0; i < results.length; i++) {
      results[i] = Math.exp((results[i] - most) / temperature);
      sum += results[i];
    }
    for (int i = 0; i < results.length; i++) {
      results[i] /= sum;
    }
    return results;
  }

  private double[] mapped(Classification scored) {
    List<String> labels = scored.labels();
    double[] results = new double[labels.size()];
    boolean[] free = new boolean[results.length];
    double taken = 0;
    double rest = 0;
    int without = 0;
    for (int i = 0; i < results.length; i++) {
      double score = scored.scoreAt(i);
      double to = result(labels.get(i), score);
      if (Double.isNaN(to)) {
        free[i] = true;
        without++;
        results[i] = Math.max(0, score);
        rest += results[i];
      } else {
        results[i] = to;
        taken += to;
      }
    }
    if (without == results.length || (without == 0 && taken == 0)) {
      for (int i = 0; i < results.length; i++) {
        results[i] = scored.scoreAt(i);
      }
      return results;
    }
    double left = Math.max(0, 1 - taken);
    double divisor = without == 0 || taken > 1 ? taken : 1;
    for (int i = 0; i < results.length; i++) {
      if (!free[i]) {
        results[i] /= divisor;
      } else {
        results[i] = rest > 0 ? left * (results[i] / rest) : left / without;
      }
    }
    return results;
  }

  /** NaN for a label without a map. */
  private double result(String label, double score) {
    if (method == Method.ISOTONIC) {
      Curve curve = curves.get(label);
      return curve == null ? Double.NaN : curve.at(score);
    }
    Line line = lines.get(label);
    return line == null ? Double.NaN : line.at(score);
  }

  /**
   * {@return a model whose scores are calibrated}
   *
   * @param model what is asked; the one returned closes it if it is {@link AutoCloseable}
   */
  public Model calibrating(Model model) {
    requireNonNull(model, "model");
    return model.wrappedBy(row -> answer(model, row));
  }

  @SuppressWarnings("NullAway") // null is what the model said, too
  private Prediction answer(Model model, Row row) {
    @Nullable Prediction said = model.predict(row);
    return said == null ? null : calibrate(said);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Calibration that
        && method == that.method
        && curves.equals(that.curves)
        && lines.equals(that.lines)
        && Double.compare(temperature, that.temperature) == 0;
  }

  @Override
  public int hashCode() {
    return 31 * (31 * (31 * method.hashCode() + curves.hashCode()) + lines.hashCode())
        + Double.hashCode(temperature);
  }

  /** {@return such as {@code isotonic {yes=7 points, 0.06 to 0.96}} or {@code temperature 1.3}} */
  @Override
  public String toString() {
    return switch (method) {
      case ISOTONIC -> "isotonic " + curves;
      case PLATT -> "Platt " + lines;
      case TEMPERATURE -> "temperature " + temperature;
    };
  }
}
