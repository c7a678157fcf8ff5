package dev.mlops.drift.compare;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import java.util.Arrays;
import java.util.OptionalDouble;
import org.apache.commons.statistics.inference.ChiSquareTest;

/**
 * Tells whether units were divided among arms as planned (sample-ratio mismatch, by chi-square).
 *
 * <p>MISMATCH when the p-value is below the level, 0.001 by default; then whatever the arms show is not to be trusted. Not
 * judged below 8 units per arm, on average: UNDECIDED.
 *
 * <p><b>Input</b> is how many units, such as users, each arm has, not how many requests: requests of one unit go the same
 * way. Each step of a ramp is tested by itself, with the split that was in force.
 *
 * <p><b>Promise</b>: at one look, a correct split is a MISMATCH with probability {@code level}.
 *
 * <p>Immutable and thread-safe.
 *
 * @see <a href="https://doi.org/10.1145/3292500.3330722">Fabijan et al. (2019), Diagnosing sample ratio mismatch in online
 *     controlled experiments</a>
 * @since 0.1
 */
@Beta
public final class SampleRatioTest {
  private static final long FEWEST_EACH = 8;

  private final double[] weights;
  private final double level;

  /**
   * What a division comes to.
   *
   * @since 0.1
   */
  public enum Outcome {
    /** It may well be the planned one. */
    AS_PLANNED,
    /** It is not the planned one. */
    MISMATCH,
    /** There are too few units to tell. */
    UNDECIDED
  }

  /**
   * What was found.
   *
   * <p>Immutable.
   *
   * @param outcome as planned, a mismatch, or too few units to tell
   * @param statistic chi-square, if it was judged
   * @param pValue how rare such a division is if it is the planned one, 0 to 1, if it was judged
   * @param text what was found, with the numbers, in one line
   * @since 0.1
   */
  public record Result(
      Outcome outcome, OptionalDouble statistic, OptionalDouble pValue, String text) {
    /** Refuses null. */
    public Result {
      requireNonNull(outcome, "outcome");
      requireNonNull(statistic, "statistic");
      requireNonNull(pValue, "pValue");
      requireNonNull(text, "text");
    }

    /** {@return such as {@code MISMATCH: 600, 400 units where 1.0 : 1.0 was planned, p-value …}} */
    @Override
    public String toString() {
      return outcome + ": " + text;
    }
  }

  private SampleRatioTest(double[] weights, double level) {
    this.weights = weights;
    this.level = level;
  }

  /**
   * {@return a test at the level 0.001}
   *
   * @param weights of the arms as planned, such as 95 and 5; at least two, each finite and above 0; copied
   * @throws IllegalArgumentException if there are fewer, or one is out of range
   */
  public static SampleRatioTest of(double... weights) {
    if (weights.length < 2) {
      throw new IllegalArgumentException(
          "a division must have at least 2 arms, but had " + weights.length);
    }
    for (double weight : weights) {
      if (!(weight > 0.0) || weight == Double.POSITIVE_INFINITY) {
        throw new IllegalArgumentException(
            "weights must be finite and above 0, but were " + Arrays.toString(weights));
      }
    }
    return new SampleRatioTest(weights.clone(), 0.001);
  }

  /**
   * {@return the same test at another level}
   *
   * @param level above 0, below 0.5
   * @throws IllegalArgumentException if it is out of range
   */
  public SampleRatioTest withLevel(double level) {
    return new SampleRatioTest(weights, Levels.requireLevel(level));
  }

  /**
   * {@return what the units of the arms show}
   *
   * @param units of each arm, in the order of the weights; each at least 0
   * @throws IllegalArgumentException if there are not as many as weights, or one is negative
   */
  public Result test(long... units) {
    if (units.length != weights.length) {
      throw new IllegalArgumentException(
          "wanted the units of " + weights.length + " arms, got " + units.length);
    }
    double all = 0.0;
    for (long count : units) {
      if (count < 0) {
        throw new IllegalArgumentException(
            "units must be at least 0, but were " + Arrays.toString(units));
      }
      all += (double) count;
    }
    String text = numbers(units) + " units where " + planned() + " was planned";
    long wanted = FEWEST_EACH * weights.length;
    if (all < wanted) {
      return new Result(
          Outcome.UNDECIDED,
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          text + ", wanted at least " + wanted);
    }
    double largest = Arrays.stream(weights).max().orElseThrow();
    double sum = Arrays.stream(weights).map(weight -> weight / largest).sum();
    double total = all;
    double[] expected = Arrays.stream(weights)
        .map(weight -> Math.max(Double.MIN_NORMAL, weight / largest / sum * total))
        .toArray();
    var result = ChiSquareTest.withDefaults().test(expected, units);
    double p = result.getPValue();
    return new Result(
        p < level ? Outcome.MISMATCH : Outcome.AS_PLANNED,
        OptionalDouble.of(result.getStatistic()),
        OptionalDouble.of(p),
        text + ", p-value " + p + ", level " + level);
  }

  private static String numbers(long[] units) {
    String all = Arrays.toString(units);
    return all.substring(1, all.length() - 1);
  }

  private String planned() {
    String all = Arrays.toString(weights);
    return all.substring(1, all.length() - 1).replace(", ", " : ");
  }

  /** {@return such as {@code sample ratio 95.0 : 5.0, level 0.001}} */
  @Override
  public String toString() {
    return "sample ratio " + planned() + ", level " + level;
  }
}
