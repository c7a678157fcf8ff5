package dev.mlops.testkit.streams;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.DoubleFunction;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Values, one after another, whose law is known at every position and so are the positions at which it changes.
 *
 * <p>Value t, from 0, is drawn from the law in force at t, independently of the others ({@link #markov} apart). Same stream,
 * same seed, same values, on every machine; a longer draw begins with the shorter one.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class ValueStream {
  /**
   * How one value is drawn.
   *
   * <p>An implementation is immutable: it holds no state.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface Law {
    /**
     * {@return a value}
     *
     * @param random where its chance comes from
     */
    double draw(SplittableRandom random);

    /**
     * {@return 1 with this probability, else 0: the errors of a model}
     *
     * @param share of ones; 0 to 1
     */
    static Law bernoulli(double share) {
      if (!(share >= 0 && share <= 1)) {
        throw new IllegalArgumentException("share must be in 0 to 1, but was " + share);
      }
      return random -> random.nextDouble() < share ? 1 : 0;
    }

    /**
     * {@return values of a normal distribution, by Box and Muller}
     *
     * @param mean finite
     * @param deviation standard deviation; finite, above 0
     */
    static Law normal(double mean, double deviation) {
      require(mean, deviation);
      return random -> mean + deviation * gaussian(random);
    }

    /**
     * {@return values spread evenly}
     *
     * @param lowest finite, included
     * @param highest finite, above {@code lowest}, not included
     */
    static Law uniform(double lowest, double highest) {
      if (!(Double.isFinite(lowest) && Double.isFinite(highest) && lowest < highest)) {
        throw new IllegalArgumentException(
            "wanted finite lowest < highest, got " + lowest + " and " + highest);
      }
      return random -> lowest + (highest - lowest) * random.nextDouble();
    }
  }

  /** The law in force at a position, asked for once per position, in order. */
  @FunctionalInterface
  private interface Course {
    Law at(int t, SplittableRandom random);
  }

  private final String name;
  private final IntFunction<IntStream> changes;
  private final Supplier<Course> course;

  private ValueStream(String name, IntFunction<IntStream> changes, Supplier<Course> course) {
    this.name = name;
    this.changes = changes;
    this.course = course;
  }

  private static ValueStream unchanging(String name, Course course) {
    return new ValueStream(name, count -> IntStream.empty(), () -> course);
  }

  private static ValueStream changing(String name, int change, Course course) {
    requireAtLeast("change", change, 1);
    return new ValueStream(name, count -> IntStream.of(change), () -> course);
  }

  /**
   * {@return one law for ever}
   *
   * @param law of every value
   */
  public static ValueStream steady(Law law) {
    requireNonNull(law, "law");
    return unchanging("steady", (t, random) -> law);
  }

  /**
   * {@return another law from one value to the next}
   *
   * @param before of the values below {@code change}
   * @param after of the others
   * @param change position of the first value of the new law; at least 1
   */
  public static ValueStream abrupt(Law before, Law after, int change) {
    return abrupt("abrupt", before, after, change);
  }

  private static ValueStream abrupt(String name, Law before, Law after, int change) {
    requireNonNull(before, "before");
    requireNonNull(after, "after");
    return changing(name + " at " + change, change, (t, random) -> t < change ? before : after);
  }

  /**
   * {@return another law little by little: value t is of the new one with probability 1 / (1 + exp(−4 (t − change) / width))}
   *
   * @param before the old law
   * @param after the new law
   * @param change where both are as likely; at least 1
   * @param width over which most of the transition takes place; at least 1
   * @see <a href="https://doi.org/10.1145/1557019.1557041">Bifet et al. (2009), New ensemble methods for evolving data
   *     streams</a>, whose transition this is
   */
  public static ValueStream gradual(Law before, Law after, int change, int width) {
    requireNonNull(before, "before");
    requireNonNull(after, "after");
    requireAtLeast("width", width, 1);
    return changing(
        "gradual at " + change + ", width " + width,
        change,
        (t, random) -> random.nextDouble() < sigmoid(t, change, width) ? after : before);
  }

  /** The probability that a transition has happened at t. */
  static double sigmoid(int t, int change, int width) {
    return 1 / (1 + StrictMath.exp(-4.0 * (t - change) / width));
  }

  /**
   * {@return a mean that moves in a straight line: from + (to − from) · min(1, (t − change) / width) from {@code change} on}
   *
   * @param law gives the law with a mean
   * @param from mean of the values up to {@code change}
   * @param to mean of the values from {@code change + width} on
   * @param change position of the last value with the old mean; at least 1
   * @param width values that the move takes; at least 1
   */
  public static ValueStream incremental(
      DoubleFunction<Law> law, double from, double to, int change, int width) {
    requireNonNull(law, "law");
    requireAtLeast("width", width, 1);
    return changing(
        "incremental from " + change + " to " + (change + (long) width),
        change,
        (t, random) -> law.apply(from
            + (to - from) * Math.max(0, Math.min(1, (t - change) / (double) width))));
  }

  /**
   * {@return two laws in turn, each for a number of values}
   *
   * @param first law of the values 0 to period − 1, 2 period to 3 period − 1 …
   * @param second law of the others
   * @param period values from one change to the next; at least 1
   */
  public static ValueStream recurring(Law first, Law second, int period) {
    requireNonNull(first, "first");
    requireNonNull(second, "second");
    requireAtLeast("period", period, 1);
    return new ValueStream(
        "recurring every " + period,
        count -> IntStream.rangeClosed(1, count / period).map(i -> i * period),
        () -> (t, random) -> t / period % 2 == 0 ? first : second);
  }

  /**
   * {@return normal values whose spread changes abruptly and whose mean does not}
   *
   * @param mean of all values
   * @param before standard deviation below {@code change}
   * @param after standard deviation from {@code change} on
   * @param change position of the first value with the new spread; at least 1
   */
  public static ValueStream varianceOnly(double mean, double before, double after, int change) {
    return abrupt("variance only", Law.normal(mean, before), Law.normal(mean, after), change);
  }

  /**
   * {@return values whose distribution changes abruptly from normal to uniform, while mean and variance stay: uniform in mean
   * ± √3 · deviation}
   *
   * @param mean of all values
   * @param deviation standard deviation of all values
   * @param change position of the first uniform value; at least 1
   */
  public static ValueStream shapeOnly(double mean, double deviation, int change) {
    Law normal = Law.normal(mean, deviation);
    double half = StrictMath.sqrt(3) * deviation;
    return abrupt("shape only", normal, Law.uniform(mean - half, mean + half), change);
  }

  /**
   * {@return one law, but for a few values of another; no change, since nothing lasts}
   *
   * @param calm law of nearly all values
   * @param blip law of the values from {@code at} on
   * @param at position of the first value of the blip; at least 0
   * @param length values of the blip; at least 1
   */
  public static ValueStream blip(Law calm, Law blip, int at, int length) {
    requireNonNull(calm, "calm");
    requireNonNull(blip, "blip");
    requireAtLeast("at", at, 0);
    requireAtLeast("length", length, 1);
    return unchanging(
        "blip of " + length + " at " + at, (t, random) -> t >= at && t - at < length ? blip : calm);
  }

  /**
   * {@return a mean that swings for ever: mean + amplitude · sin(2π t / period); no change}
   *
   * @param law gives the law with a mean
   * @param mean over a period
   * @param amplitude of the swing
   * @param period values of one swing; at least 2
   */
  public static ValueStream seasonal(
      DoubleFunction<Law> law, double mean, double amplitude, int period) {
    requireNonNull(law, "law");
    requireAtLeast("period", period, 2);
    return unchanging(
        "season of " + period,
        (t, random) ->
            law.apply(mean + amplitude * StrictMath.sin(2 * Math.PI * (t % period) / period)));
  }

  /**
   * {@return two laws in turn, each for a random time: the first value is of either with probability ½, and before each other
   * value the law changes with probability 1 / length; no change, since the whole is stationary}
   *
   * @param first one law
   * @param second the other
   * @param length mean number of values of a regime; at least 1
   */
  public static ValueStream markov(Law first, Law second, double length) {
    requireNonNull(first, "first");
    requireNonNull(second, "second");
    if (!(length >= 1) || !Double.isFinite(length)) {
      throw new IllegalArgumentException("length must be finite and >= 1, but was " + length);
    }
    return new ValueStream(
        String.format(Locale.ROOT, "Markov, mean regime %.0f", length),
        count -> IntStream.empty(),
        () -> new Course() {
          private boolean other;

          @Override
          public Law at(int t, SplittableRandom random) {
            if (random.nextDouble() < (t == 0 ? 0.5 : 1 / length)) {
              other = !other;
            }
            return other ? second : first;
          }
        });
  }

  /**
   * {@return the first values, in order; the same ones whenever asked}
   *
   * @param count how many; at least 0
   * @param seed of the draws
   */
  public double[] values(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Course laws = course.get();
    double[] values = new double[count];
    for (int t = 0; t < count; t++) {
      values[t] = laws.at(t, random).draw(random);
    }
    return values;
  }

  /**
   * {@return the positions at which the law changes for good, or is half way to (gradual), or begins to (incremental)}
   *
   * @param count only positions below this
   */
  public List<Integer> changes(int count) {
    return changes.apply(count).filter(change -> change < count).boxed().toList();
  }

  /** {@return such as {@code abrupt at 5000}} */
  @Override
  public String toString() {
    return name;
  }

  static void requireAtLeast(String what, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(
          what + " must be at least " + least + ", but was " + value);
    }
  }

  private static void require(double mean, double deviation) {
    if (!Double.isFinite(mean) || !(deviation > 0) || !Double.isFinite(deviation)) {
      throw new IllegalArgumentException(
          "wanted a finite mean and a finite deviation > 0, got " + mean + " and " + deviation);
    }
  }

  /** A standard normal value; the same bits on every machine. */
  static double gaussian(SplittableRandom random) {
    double length = StrictMath.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
    return length * StrictMath.cos(2 * Math.PI * random.nextDouble());
  }
}
