package dev.mlops.testkit.streams;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Labelled rows that depend on the rows before them, as rows in order of time do: regimes, seasons, bursts, a shift that
 * passes, labels in runs, lasting drift; each as a classification, as a regression, and shuffled.
 *
 * <p>A hidden state chooses what the labels of a row mean; {@link #states} tells it. Inputs {@code x1, x2} are uniform in
 * [0, 1) and say nothing about the state ({@link #labelsInRuns} apart). With f(φ) = (x1 − ½) cos φ + (x2 − ½) sin φ the label
 * is {@code yes} where f(φ) ≥ 0 and else {@code no}, and wrong with probability 0.1; as a {@link #regression} the truth is 10
 * f(φ) plus a normal value of standard deviation 0.5. State 0 has φ = 0, the <em>usual</em> concept. After an eighth of a
 * turn a quarter of the labels differ from it, after a quarter of a turn half of them.
 *
 * <p>On the streams that come back to it (regimes, seasons, bursts, a shift that passes) no fixed classifier is better in the
 * long run than the usual concept, but within a regime, a season or a burst another one is. A loop that retrains there makes
 * the model worse.
 *
 * <p>Same stream, same seed, same rows, on every machine. States and inputs are the same for the classification and the
 * regression. A longer draw begins with the shorter one, unless shuffled.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class DependentStream {
  /** The hidden state, asked for once per row, in order. */
  @FunctionalInterface
  private interface Course {
    int at(int t, SplittableRandom random);
  }

  /** What a state does to a row. */
  private enum Effect {
    /** Turns the concept by an eighth per state. */
    EIGHTH,
    /** Turns the concept by a quarter per state. */
    QUARTER,
    /** State 1 says yes, whatever the inputs. */
    BURST,
    /** The state is the label, the inputs follow it. */
    LABEL
  }

  private static final double NOISE = 0.1;
  private static final double DEVIATION = 0.5;
  private static final double SCALE = 10;
  /** What the truth of a regression is in a burst. */
  private static final double BURST = 3;

  private static final int RUN_COLUMNS = 5;
  private static final double RUN_DEVIATION = 0.15;
  private static final Truth YES = Truth.of("yes");
  private static final Truth NO = Truth.of("no");

  private final String name;
  private final Effect effect;
  private final int classes;
  private final Supplier<Course> course;
  private final List<Integer> changes;
  private final Task task;
  private final OptionalLong shuffle;

  private DependentStream(
      String name,
      Effect effect,
      int classes,
      Supplier<Course> course,
      List<Integer> changes,
      Task task,
      OptionalLong shuffle) {
    this.name = name;
    this.effect = effect;
    this.classes = classes;
    this.course = course;
    this.changes = changes;
    this.task = task;
    this.shuffle = shuffle;
  }

  private static DependentStream of(
      String name, Effect effect, List<Integer> changes, Supplier<Course> course) {
    return new DependentStream(
        name, effect, 2, course, changes, Task.CLASSIFICATION, OptionalLong.empty());
  }

  /**
   * {@return the usual concept for ever: rows that do not depend on each other}
   */
  public static DependentStream steady() {
    return of("steady", Effect.EIGHTH, List.of(), () -> (t, random) -> 0);
  }

  /**
   * {@return two regimes in turn (a Markov chain): the usual concept, and that turned by an eighth}
   *
   * <p>A usual regime ends after each row with probability 1 / length, the other with 2 / length, so two of three rows are
   * usual. The first row is usual. The usual concept is wrong in 0.1 of the usual rows and in 0.3 of the others.
   *
   * @param length mean rows of a usual regime, twice that of the other; at least 2
   */
  public static DependentStream regimes(int length) {
    ValueStream.requireAtLeast("length", length, 2);
    return of("regimes of " + length, Effect.EIGHTH, List.of(), turns(1.0 / length, 2.0 / length));
  }

  /** Two states: the one ends with the first probability after each row, the other with the second. */
  private static Supplier<Course> turns(double leave, double comeBack) {
    return () -> new Course() {
      private int state;

      @Override
      public int at(int t, SplittableRandom random) {
        double draw = random.nextDouble();
        if (t > 0 && draw < (state == 0 ? leave : comeBack)) {
          state = 1 - state;
        }
        return state;
      }
    };
  }

  /**
   * {@return a season: row t is of the concept turned by an eighth with probability (1 − cos(2πt / period)) / 3, else usual}
   *
   * <p>A third of the rows are, none at the beginning of a period, two of three in its middle, where the usual concept is wrong
   * in 0.233 of the rows instead of 0.1.
   *
   * @param period rows of a season; at least 2
   */
  public static DependentStream seasons(int period) {
    ValueStream.requireAtLeast("period", period, 2);
    return of("seasons of " + period, Effect.EIGHTH, List.of(), () -> (t, random) -> {
      double share = (1 - StrictMath.cos(2 * Math.PI * (t % period) / period)) / 3;
      return random.nextDouble() < share ? 1 : 0;
    });
  }

  /**
   * {@return bursts of errors: in a burst a row is {@code yes} whatever its inputs, wrongly with probability 0.1 as ever; as a
   * regression the truth is 3}
   *
   * <p>A burst begins after each calm row with probability 1 / every and ends after each of its own with probability 1 /
   * length. The usual concept is wrong in half of the rows of a burst, and the constant answer {@code yes} in a tenth.
   *
   * @param every mean rows from the end of a burst to the next; above {@code length}
   * @param length mean rows of a burst; at least 1, below {@code every}, since bursts are the exception
   */
  public static DependentStream bursts(int every, int length) {
    ValueStream.requireAtLeast("length", length, 1);
    ValueStream.requireAtLeast("every", every, length + 1);
    return of(
        "bursts of " + length + " every " + every,
        Effect.BURST,
        List.of(),
        turns(1.0 / every, 1.0 / length));
  }

  /**
   * {@return a shift that passes: the concept turns by a quarter, and turns back}
   *
   * <p>The usual concept is wrong in 0.1 of the rows before and after, and in 0.5 of those between.
   *
   * @param at first row of the shift; at least 1
   * @param length rows that it lasts; at least 1
   */
  public static DependentStream passingShift(int at, int length) {
    ValueStream.requireAtLeast("at", at, 1);
    ValueStream.requireAtLeast("length", length, 1);
    int end = Math.addExact(at, length);
    return of(
        "shift from " + at + " to " + end,
        Effect.QUARTER,
        List.of(at, end),
        () -> (t, random) -> t >= at && t < end ? 1 : 0);
  }

  /**
   * {@return labels that come in runs: {@code c0} … {@code c(n−1)}, the next row with the label of the last one with
   * probability 1 − 1 / length, else with one of the others, evenly; the first is even}
   *
   * <p>Inputs {@code x1} … {@code x5} lie around a centre of their label with a standard deviation of 0.15 in each direction;
   * the centres are uniform in the unit cube and the same for every seed. A label is replaced by another with probability 0.1.
   * What a row means never changes, so the best model is always the same; but it cannot be learnt from the labels of a few
   * runs. As a regression the truth is 10 i / (n − 1) for label i plus the noise.
   *
   * @param classes how many labels; at least 2
   * @param length mean rows of a run; at least 1
   */
  public static DependentStream labelsInRuns(int classes, int length) {
    ValueStream.requireAtLeast("classes", classes, 2);
    ValueStream.requireAtLeast("length", length, 1);
    Supplier<Course> course = () -> new Course() {
      private int label;

      @Override
      public int at(int t, SplittableRandom random) {
        if (t == 0) {
          label = random.nextInt(classes);
        } else if (random.nextDouble() < 1.0 / length) {
          int other = random.nextInt(classes - 1);
          label = other + (other >= label ? 1 : 0);
        }
        return label;
      }
    };
    return new DependentStream(
        classes + " labels in runs of " + length,
        Effect.LABEL,
        classes,
        course,
        List.of(),
        Task.CLASSIFICATION,
        OptionalLong.empty());
  }

  /**
   * {@return lasting changes from one row to the next: at each the concept turns by a quarter}
   *
   * <p>The usual concept is wrong in 0.1 of the rows, after the first change in 0.5, then in 0.9, 0.5, 0.1 and so on.
   *
   * @param at first rows of the new concepts; at least one, the first at least 1, rising
   */
  public static DependentStream abrupt(int... at) {
    int[] rows = rising(at);
    return of(
        "abrupt at " + listed(rows),
        Effect.QUARTER,
        Arrays.stream(rows).boxed().toList(),
        () -> (t, random) ->
            (int) Arrays.stream(rows).filter(change -> t >= change).count());
  }

  /**
   * {@return lasting changes little by little: the one at c has happened for row t with probability 1 / (1 + exp(−4 (t − c) /
   * width)); at each the concept turns by a quarter}
   *
   * <p>One uniform draw per row decides all changes, as in {@link LabelledStream#then(int, int, LabelledStream)}.
   *
   * @param width rows over which most of a change takes place; at least 1
   * @param at rows at which a change is half done; at least one, the first at least 1, rising
   */
  public static DependentStream gradual(int width, int... at) {
    ValueStream.requireAtLeast("width", width, 1);
    int[] rows = rising(at);
    return of(
        "gradual over " + width + " at " + listed(rows),
        Effect.QUARTER,
        Arrays.stream(rows).boxed().toList(),
        () -> (t, random) -> {
          double draw = random.nextDouble();
          int state = 0;
          for (int i = 0; i < rows.length; i++) {
            state = draw < ValueStream.sigmoid(t, rows[i], width) ? i + 1 : state;
          }
          return state;
        });
  }

  private static int[] rising(int[] at) {
    if (at.length == 0) {
      throw new IllegalArgumentException("wanted at least one change, got none");
    }
    for (int i = 0; i < at.length; i++) {
      ValueStream.requireAtLeast("change " + (i + 1), at[i], i == 0 ? 1 : at[i - 1] + 1);
    }
    return at.clone();
  }

  private static String listed(int[] rows) {
    return Arrays.stream(rows).mapToObj(Integer::toString).collect(Collectors.joining(", "));
  }

  /**
   * {@return this stream with numbers for truths, on the same inputs and states}
   */
  public DependentStream regression() {
    return new DependentStream(name, effect, classes, course, changes, Task.REGRESSION, shuffle);
  }

  /**
   * {@return this stream with its rows in random order: those that are drawn change places among each other, so none depends
   * on the ones before it}
   *
   * <p>A longer draw does not begin with the shorter one. {@link #changes} are none.
   *
   * @param seed of the order
   */
  public DependentStream shuffled(long seed) {
    return new DependentStream(
        name, effect, classes, course, List.of(), task, OptionalLong.of(seed));
  }

  /**
   * {@return the columns, and what is predicted}
   */
  public Schema schema() {
    int columns = effect == Effect.LABEL ? RUN_COLUMNS : 2;
    return Schema.of(IntStream.rangeClosed(1, columns)
            .mapToObj(i -> Column.number("x" + i))
            .toList())
        .predicting(task);
  }

  /**
   * {@return the rows at which the concept changes on a plan, or is half way to: of {@link #passingShift}, {@link #abrupt} and
   * {@link #gradual}; none of the others}
   */
  public List<Integer> changes() {
    return changes;
  }

  /**
   * {@return the hidden state of the first rows: 0 for the usual concept, 1 for the other or for a burst; for {@link #abrupt}
   * and {@link #gradual} how many changes have happened; for {@link #labelsInRuns} the label before noise}
   *
   * @param count how many; at least 0
   * @param seed of the draws
   */
  public int[] states(int count, long seed) {
    int[] states = inOrder(count, new SplittableRandom(seed).split());
    int[] from = order(count);
    int[] ordered = new int[count];
    Arrays.setAll(ordered, i -> states[from[i]]);
    return ordered;
  }

  private int[] inOrder(int count, SplittableRandom random) {
    ValueStream.requireAtLeast("count", count, 0);
    Course states = course.get();
    int[] drawn = new int[count];
    for (int t = 0; t < count; t++) {
      drawn[t] = states.at(t, random);
    }
    return drawn;
  }

  private int[] order(int count) {
    int[] order = IntStream.range(0, count).toArray();
    if (shuffle.isPresent()) {
      SplittableRandom random = new SplittableRandom(shuffle.getAsLong());
      for (int i = count - 1; i > 0; i--) {
        int j = random.nextInt(i + 1);
        int other = order[i];
        order[i] = order[j];
        order[j] = other;
      }
    }
    return order;
  }

  /**
   * {@return the first rows, in order; the same ones whenever asked}
   *
   * @param count how many; at least 0
   * @param seed of the draws
   */
  public List<Labelled<Row>> rows(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] states = inOrder(count, random.split());
    Schema schema = schema();
    double[][] centres = centres();
    List<Labelled<Row>> drawn = new ArrayList<>(count);
    for (int state : states) {
      drawn.add(
          effect == Effect.LABEL
              ? around(centres[state], state, schema, random)
              : row(state, schema, random));
    }
    return Arrays.stream(order(count)).mapToObj(drawn::get).toList();
  }

  private double[][] centres() {
    if (effect != Effect.LABEL) {
      return new double[0][];
    }
    SplittableRandom random = new SplittableRandom(classes);
    double[][] centres = new double[classes][RUN_COLUMNS];
    for (double[] centre : centres) {
      Arrays.setAll(centre, i -> random.nextDouble());
    }
    return centres;
  }

  private Labelled<Row> row(int state, Schema schema, SplittableRandom random) {
    double x1 = random.nextDouble();
    double x2 = random.nextDouble();
    double wrong = random.nextDouble();
    double noise = DEVIATION * ValueStream.gaussian(random);
    boolean burst = effect == Effect.BURST && state == 1;
    double height =
        burst ? BURST / SCALE : height(x1, x2, effect == Effect.QUARTER ? 2 * state : state);
    Truth truth = task == Task.REGRESSION
        ? Truth.of(SCALE * height + noise)
        : height >= 0 == wrong >= NOISE ? YES : NO;
    return new Labelled<>(Row.of(schema, x1, x2), truth);
  }

  /** f after a number of eighths of a turn; whole quarters are exact. */
  private static double height(double x1, double x2, int eighths) {
    double u = x1 - 0.5;
    double v = x2 - 0.5;
    double half = StrictMath.sqrt(0.5);
    return switch (eighths % 8) {
      case 0 -> u;
      case 1 -> half * (u + v);
      case 2 -> v;
      case 3 -> half * (v - u);
      case 4 -> -u;
      case 5 -> -half * (u + v);
      case 6 -> -v;
      default -> half * (u - v);
    };
  }

  private Labelled<Row> around(double[] centre, int label, Schema schema, SplittableRandom random) {
    double[] x = new double[RUN_COLUMNS];
    Arrays.setAll(x, i -> centre[i] + RUN_DEVIATION * ValueStream.gaussian(random));
    double wrong = random.nextDouble();
    int other = random.nextInt(classes - 1);
    double noise = DEVIATION * ValueStream.gaussian(random);
    Row row = Row.of(schema, x, new String[RUN_COLUMNS]);
    if (task == Task.REGRESSION) {
      return new Labelled<>(row, Truth.of(SCALE * label / (classes - 1.0) + noise));
    }
    int shown = wrong >= NOISE ? label : other + (other >= label ? 1 : 0);
    return new Labelled<>(row, Truth.of("c" + shown));
  }

  /** {@return such as {@code regimes of 500, regression, shuffled by 3}} */
  @Override
  public String toString() {
    return name
        + (task == Task.REGRESSION ? ", regression" : "")
        + (shuffle.isPresent() ? ", shuffled by " + shuffle.getAsLong() : "");
  }
}
