package dev.mlops.testkit.streams;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Labelled rows whose concept is known at every position and so are the positions at which it changes: the published
 * generators, concatenated by abrupt or gradual transitions.
 *
 * <p>{@code sea(1).then(20_000, sea(2)).then(40_000, 500, sea(3)).noisy(0.1)} changes abruptly at row 20,000 and gradually
 * around row 40,000. Same stream, same seed, same rows, on every machine; a longer draw begins with the shorter one. Labels of
 * two classes are {@code yes} and {@code no}. The formulas are those of the papers, which leave some things open; what was
 * chosen then is said with each.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class LabelledStream {
  /** Draws the rows of one concept, one after another. */
  @FunctionalInterface
  interface Concept {
    Labelled<Row> next();
  }

  /** One concept and where it comes in. */
  private record Part(int at, int width, Function<SplittableRandom, Concept> concept) {}

  private static final Truth YES = Truth.of("yes");
  private static final Truth NO = Truth.of("no");

  private final String name;
  private final Schema schema;
  private final List<Truth> labels;
  private final List<Part> parts;
  private final boolean balanced;
  private final double noise;

  private LabelledStream(
      String name,
      Schema schema,
      List<Truth> labels,
      List<Part> parts,
      boolean balanced,
      double noise) {
    this.name = name;
    this.schema = schema;
    this.labels = labels;
    this.parts = List.copyOf(parts);
    this.balanced = balanced;
    this.noise = noise;
  }

  private static LabelledStream of(
      String name, Schema schema, List<Truth> labels, Function<SplittableRandom, Concept> concept) {
    return new LabelledStream(name, schema, labels, List.of(new Part(0, 1, concept)), false, 0);
  }

  private static LabelledStream binary(
      String name, Schema schema, Function<SplittableRandom, Concept> concept) {
    return of(name, schema, List.of(NO, YES), concept);
  }

  private static Schema numbers(int count) {
    return Schema.of(IntStream.rangeClosed(1, count)
            .mapToObj(i -> Column.number("x" + i))
            .toList())
        .predicting(Task.CLASSIFICATION);
  }

  private static Truth yes(boolean holds) {
    return holds ? YES : NO;
  }

  private static int function(int value, int most) {
    if (value < 1 || value > most) {
      throw new IllegalArgumentException("wanted a function of 1 to " + most + ", got " + value);
    }
    return value;
  }

  // --- generators
  // -----------------------------------------------------------------------------------------

  private static final double[] SEA = {8, 9, 7, 9.5};
  private static final Schema THREE = numbers(3);

  /**
   * {@return SEA: x1, x2, x3 uniform in [0, 10); yes where x1 + x2 ≤ θ, with θ = 8, 9, 7, 9.5}
   *
   * @param function which θ; 1 to 4
   * @see <a href="https://doi.org/10.1145/502512.502568">Street and Kim (2001), A streaming ensemble algorithm (SEA)</a>;
   *     they flip 10 % of the labels
   */
  public static LabelledStream sea(int function) {
    double theta = SEA[function(function, 4) - 1];
    return binary("SEA " + function, THREE, random -> () -> {
      double x1 = 10 * random.nextDouble();
      double x2 = 10 * random.nextDouble();
      double x3 = 10 * random.nextDouble();
      return new Labelled<>(Row.of(THREE, x1, x2, x3), yes(x1 + x2 <= theta));
    });
  }

  /**
   * {@return AGRAWAL: a loan applicant of nine attributes; yes for group A of one of the ten functions}
   *
   * <p>salary uniform in 20,000 to 150,000; commission 0 where salary ≥ 75,000, else uniform in 10,000 to 75,000; age a whole
   * number of 20 to 80; elevel of 0 to 4; car of 1 to 20; zipcode of 1 to 9; hvalue uniform in 0.5 k to 1.5 k hundred
   * thousand, k the zipcode (the paper: 0 to 9, by zipcode); hyears of 1 to 30; loan uniform in 0 to 500,000. elevel, car and
   * zipcode are numbers.
   *
   * @param function of the paper; 1 to 10
   * @see <a href="https://doi.org/10.1109/69.250074">Agrawal, Imielinski and Swami (1993), Database mining: a performance
   *     perspective</a>, whose perturbation of the attributes is left out
   */
  public static LabelledStream agrawal(int function) {
    function(function, 10);
    return binary("AGRAWAL " + function, Applicant.SCHEMA, random -> () -> {
      Applicant drawn = Applicant.draw(random);
      return new Labelled<>(drawn.row(), yes(drawn.groupA(function)));
    });
  }

  private static final Schema LED = Schema.of(
          IntStream.rangeClosed(1, 24).mapToObj(i -> Column.number("led" + i)).toList())
      .predicting(Task.CLASSIFICATION);

  /** Segments of the digits 0 to 9: top, upper left, upper right, middle, lower left, lower right, bottom. */
  private static final String[] DIGITS = {
    "1110111", "0010010", "1011101", "1011011", "0111010",
    "1101011", "1101111", "1010010", "1111111", "1111011"
  };

  private static final List<Truth> DIGIT_LABELS =
      IntStream.range(0, 10).mapToObj(i -> Truth.of(Integer.toString(i))).toList();

  /**
   * {@return LED: one of ten digits, evenly; seven segments, each inverted with a probability, and 17 fair bits that say
   * nothing}
   *
   * <p>The best answer is right in 74 % of the rows at a noise of 0.1. Drift: the first {@code swapped} segments change
   * places with as many of the 17.
   *
   * @param swapped how many segments are elsewhere; 0 to 7
   * @param inverted probability that a segment is inverted; 0 to 1
   * @see <a href="https://doi.org/10.1201/9781315139470">Breiman et al. (1984), Classification and regression trees</a>
   */
  public static LabelledStream led(int swapped, double inverted) {
    if (swapped < 0 || swapped > 7) {
      throw new IllegalArgumentException("swapped must be in 0 to 7, but was " + swapped);
    }
    requireShare("inverted", inverted);
    return of("LED " + swapped, LED, DIGIT_LABELS, random -> () -> {
      int digit = random.nextInt(10);
      double[] bits = new double[24];
      for (int i = 0; i < 24; i++) {
        bits[i] = i < 7
            ? (DIGITS[digit].charAt(i) == '1') != (random.nextDouble() < inverted) ? 1 : 0
            : random.nextInt(2);
      }
      for (int i = 0; i < swapped; i++) {
        double segment = bits[i];
        bits[i] = bits[7 + i];
        bits[7 + i] = segment;
      }
      return new Labelled<>(Row.of(LED, bits, new String[24]), DIGIT_LABELS.get(digit));
    });
  }

  private static final Schema MIXED = Schema.of(
          Column.number("v"), Column.number("w"), Column.number("x"), Column.number("y"))
      .predicting(Task.CLASSIFICATION);

  /**
   * {@return MIXED: v and w fair bits, x and y uniform in [0, 1); 1: yes where at least two of v, w and y &lt; 0.5 + 0.3 sin
   * 3πx hold; 2: no there}
   *
   * @param function which; 1 or 2
   * @see <a href="https://doi.org/10.1007/978-3-540-28645-5_29">Gama et al. (2004), Learning with drift detection</a>
   */
  public static LabelledStream mixed(int function) {
    function(function, 2);
    return binary("MIXED " + function, MIXED, random -> () -> {
      int v = random.nextInt(2);
      int w = random.nextInt(2);
      double x = random.nextDouble();
      double y = random.nextDouble();
      boolean two = v + w + (y < wave(x) ? 1 : 0) >= 2;
      return new Labelled<>(Row.of(MIXED, v, w, x, y), yes(two == (function == 1)));
    });
  }

  private static double wave(double x) {
    return 0.5 + 0.3 * StrictMath.sin(3 * Math.PI * x);
  }

  private static final Schema TWO = numbers(2);

  /**
   * {@return SINE: x1 and x2 uniform in [0, 1); 1: yes where x2 &lt; sin x1; 2: no there; 3: yes where x2 &lt; 0.5 + 0.3 sin
   * 3πx1; 4: no there}
   *
   * @param function which; 1 to 4
   * @see <a href="https://doi.org/10.1007/978-3-540-28645-5_29">Gama et al. (2004), Learning with drift detection</a>, whose
   *     SINE1 is 1 and 2, and SINE2 3 and 4
   */
  public static LabelledStream sine(int function) {
    function(function, 4);
    return binary("SINE " + function, TWO, random -> () -> {
      double x1 = random.nextDouble();
      double x2 = random.nextDouble();
      boolean below = x2 < (function <= 2 ? StrictMath.sin(x1) : wave(x1));
      return new Labelled<>(Row.of(TWO, x1, x2), yes(below == (function % 2 == 1)));
    });
  }

  private static final Schema STAGGER = Schema.of(
          Column.category("size"), Column.category("colour"), Column.category("shape"))
      .predicting(Task.CLASSIFICATION);

  private static final String[] SIZES = {"small", "medium", "large"};
  private static final String[] COLOURS = {"red", "green", "blue"};
  private static final String[] SHAPES = {"circle", "square", "triangle"};

  /**
   * {@return STAGGER: size, colour and shape of three values each, evenly; yes where 1: small and red; 2: green or a circle;
   * 3: medium or large}
   *
   * @param function which; 1 to 3
   * @see <a href="https://doi.org/10.1007/BF00116895">Schlimmer and Granger (1986), Incremental learning from noisy data</a>
   */
  public static LabelledStream stagger(int function) {
    function(function, 3);
    return binary("STAGGER " + function, STAGGER, random -> () -> {
      int size = random.nextInt(3);
      int colour = random.nextInt(3);
      int shape = random.nextInt(3);
      boolean holds = switch (function) {
        case 1 -> size == 0 && colour == 0;
        case 2 -> colour == 1 || shape == 0;
        default -> size > 0;
      };
      return new Labelled<>(
          Row.of(STAGGER, SIZES[size], COLOURS[colour], SHAPES[shape]), yes(holds));
    });
  }

  private static final double[][] CIRCLES = {{0.2, 0.15}, {0.4, 0.2}, {0.6, 0.25}, {0.8, 0.3}};

  /**
   * {@return CIRCLES: x1 and x2 uniform in [0, 1); yes inside the circle around (0.2, 0.5), (0.4, 0.5), (0.6, 0.5), (0.8, 0.5)
   * of radius 0.15, 0.2, 0.25, 0.3}
   *
   * @param function which circle; 1 to 4
   * @see <a href="https://doi.org/10.1007/978-3-540-28645-5_29">Gama et al. (2004), Learning with drift detection</a>
   */
  public static LabelledStream circles(int function) {
    double[] circle = CIRCLES[function(function, 4) - 1];
    return binary("CIRCLES " + function, TWO, random -> () -> {
      double x1 = random.nextDouble();
      double x2 = random.nextDouble();
      double dx = x1 - circle[0];
      double dy = x2 - 0.5;
      return new Labelled<>(Row.of(TWO, x1, x2), yes(dx * dx + dy * dy < circle[1] * circle[1]));
    });
  }

  /**
   * {@return a rotating hyperplane: x uniform in [0, 1) by column; yes where Σ w(i) x(i) ≥ ½ Σ w(i)}
   *
   * <p>The weights begin uniform in [0, 1). After each row the first few of them move by {@code step} each, up or down by a
   * sign of its own, which begins fair and turns round with probability 0.1. The concept never rests, so {@link #changes} are
   * none.
   *
   * @param columns how many; at least 2
   * @param moving how many weights move; 0 to {@code columns}
   * @param step how far a weight moves per row; finite, at least 0
   * @see <a href="https://doi.org/10.1145/502512.502529">Hulten, Spencer and Domingos (2001), Mining time-changing data
   *     streams</a>
   */
  public static LabelledStream hyperplane(int columns, int moving, double step) {
    ValueStream.requireAtLeast("columns", columns, 2);
    if (moving < 0 || moving > columns) {
      throw new IllegalArgumentException(
          "moving must be in 0 to " + columns + ", but was " + moving);
    }
    requireStep(step);
    Schema schema = numbers(columns);
    return binary("hyperplane", schema, random -> {
      double[] weights = uniform(columns, random);
      double[] signs = new double[moving];
      Arrays.setAll(signs, i -> random.nextBoolean() ? 1 : -1);
      return () -> {
        double[] x = uniform(columns, random);
        double sum = 0;
        double half = 0;
        for (int i = 0; i < columns; i++) {
          sum += weights[i] * x[i];
          half += weights[i] / 2;
        }
        for (int i = 0; i < moving; i++) {
          weights[i] += signs[i] * step;
          signs[i] = random.nextDouble() < 0.1 ? -signs[i] : signs[i];
        }
        return new Labelled<>(Row.of(schema, x, new String[columns]), yes(sum >= half));
      };
    });
  }

  /**
   * {@return random radial basis functions with moving centroids: a row lies around one of them, and has its label}
   *
   * <p>Each centroid has a position uniform in the unit cube, a label {@code c0} … {@code c(n−1)} evenly drawn, a weight
   * uniform in (0, 1] and a spread uniform in (0, 0.1]. A row picks one in proportion to the weights and lies off it in an
   * evenly drawn direction by |N(0, spread)|. After each row the first few centroids move by {@code step} in a direction of
   * their own, evenly drawn, and are thrown back by the walls of the cube. The concept never rests, so {@link #changes} are
   * none.
   *
   * @param columns how many; at least 1
   * @param classes how many labels; at least 2
   * @param centroids how many; at least 1
   * @param moving how many of them move; 0 to {@code centroids}
   * @param step how far a centroid moves per row; finite, at least 0, at most 1
   * @see <a href="https://doi.org/10.1145/1557019.1557041">Bifet et al. (2009), New ensemble methods for evolving data
   *     streams</a>, which leaves the spread open
   */
  public static LabelledStream radialBasis(
      int columns, int classes, int centroids, int moving, double step) {
    ValueStream.requireAtLeast("columns", columns, 1);
    ValueStream.requireAtLeast("classes", classes, 2);
    ValueStream.requireAtLeast("centroids", centroids, 1);
    if (moving < 0 || moving > centroids) {
      throw new IllegalArgumentException(
          "moving must be in 0 to " + centroids + ", but was " + moving);
    }
    requireStep(step);
    if (step > 1) {
      throw new IllegalArgumentException("step must be at most 1, but was " + step);
    }
    Schema schema = numbers(columns);
    List<Truth> labels =
        IntStream.range(0, classes).mapToObj(i -> Truth.of("c" + i)).toList();
    return of("radial basis", schema, labels, random -> {
      Centroid[] all = new Centroid[centroids];
      Arrays.setAll(all, i -> Centroid.draw(columns, classes, random));
      double total = Arrays.stream(all).mapToDouble(one -> one.weight).sum();
      return () -> {
        double left = total * random.nextDouble();
        int picked = 0;
        while (picked < centroids - 1 && left >= all[picked].weight) {
          left -= all[picked++].weight;
        }
        Row row = Row.of(schema, all[picked].around(random), new String[columns]);
        for (int i = 0; i < moving; i++) {
          all[i].move(step);
        }
        return new Labelled<>(row, labels.get(all[picked].label));
      };
    });
  }

  private static final class Centroid {
    final double weight;
    final int label;
    private final double[] position;
    private final double[] heading;
    private final double spread;

    private Centroid(double[] position, int label, double weight, double spread, double[] heading) {
      this.position = position;
      this.label = label;
      this.weight = weight;
      this.spread = spread;
      this.heading = heading;
    }

    static Centroid draw(int columns, int classes, SplittableRandom random) {
      return new Centroid(
          uniform(columns, random),
          random.nextInt(classes),
          1 - random.nextDouble(),
          0.1 * (1 - random.nextDouble()),
          direction(columns, random));
    }

    double[] around(SplittableRandom random) {
      double[] row = direction(position.length, random);
      double off = spread * Math.abs(ValueStream.gaussian(random));
      for (int i = 0; i < row.length; i++) {
        row[i] = position[i] + off * row[i];
      }
      return row;
    }

    void move(double step) {
      for (int i = 0; i < position.length; i++) {
        double to = position[i] + step * heading[i];
        if (to < 0 || to > 1) {
          heading[i] = -heading[i];
          to = to < 0 ? -to : 2 - to;
        }
        position[i] = to;
      }
    }
  }

  private static double[] uniform(int count, SplittableRandom random) {
    double[] all = new double[count];
    Arrays.setAll(all, i -> random.nextDouble());
    return all;
  }

  /** A direction, evenly drawn: a normal vector of length 1. */
  private static double[] direction(int count, SplittableRandom random) {
    double[] all = new double[count];
    double length = 0;
    while (length == 0) {
      for (int i = 0; i < count; i++) {
        all[i] = ValueStream.gaussian(random);
        length += all[i] * all[i];
      }
    }
    for (int i = 0; i < count; i++) {
      all[i] /= StrictMath.sqrt(length);
    }
    return all;
  }

  // --- what can be done with one
  // --------------------------------------------------------------------------

  /**
   * {@return this stream up to a row, another from there on}
   *
   * @param change first row of the other; after every change so far
   * @param next one concept, of the same columns and labels; its own noise and balance do not count
   */
  public LabelledStream then(int change, LabelledStream next) {
    return then(change, 0, next);
  }

  /**
   * {@return this stream, and little by little another: row t is the other's next row with probability 1 / (1 + exp(−4 (t −
   * change) / width)), else this one's}
   *
   * <p>With several changes, one uniform draw per row decides them all; the newest change that has happened counts.
   *
   * @param change where both are as likely; after every change so far
   * @param width over which most of the transition takes place; 0 for an abrupt one
   * @param next one concept, of the same columns and labels; its own noise and balance do not count
   * @see <a href="https://doi.org/10.1145/1557019.1557041">Bifet et al. (2009), New ensemble methods for evolving data
   *     streams</a>, whose transition this is
   */
  public LabelledStream then(int change, int width, LabelledStream next) {
    ValueStream.requireAtLeast("width", width, 0);
    ValueStream.requireAtLeast("change", change, parts.get(parts.size() - 1).at + 1);
    if (next.parts.size() > 1) {
      throw new IllegalArgumentException(
          "wanted one concept, got " + next + "; add its concepts one by one");
    }
    if (!schema.equals(next.schema) || !labels.equals(next.labels)) {
      throw new IllegalArgumentException(
          "wanted the columns and labels of " + name + ", got those of " + next);
    }
    List<Part> more = new ArrayList<>(parts);
    more.add(new Part(change, width, next.parts.get(0).concept));
    String how = width == 0 ? "" : " (width " + width + ")";
    return new LabelledStream(
        name + ", " + next.name + " from " + change + how, schema, labels, more, balanced, noise);
  }

  /**
   * {@return this stream with all labels equally frequent: the label of a row is drawn first, then rows until one has it}
   *
   * <p>Where a concept says yes inside a small circle, the inputs then change with it. A label that a concept never gives is
   * given up after 100,000 rows, with {@link IllegalStateException}.
   */
  public LabelledStream balanced() {
    return new LabelledStream(name, schema, labels, parts, true, noise);
  }

  /**
   * {@return this stream with wrong labels: each is replaced with this probability, by one of the others, evenly}
   *
   * @param share probability that a label is wrong; 0 to 1
   */
  public LabelledStream noisy(double share) {
    requireShare("share", share);
    return new LabelledStream(name, schema, labels, parts, balanced, share);
  }

  /**
   * {@return the columns, for a classifier}
   */
  public Schema schema() {
    return schema;
  }

  /**
   * {@return the rows at which the concept changes, or is half way to}
   */
  public List<Integer> changes() {
    return parts.stream().skip(1).map(Part::at).toList();
  }

  /**
   * {@return the first rows, in order; the same ones whenever asked}
   *
   * @param count how many; at least 0
   * @param seed of the draws
   */
  public List<Labelled<Row>> rows(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Concept> concepts = new ArrayList<>();
    for (Part part : parts) {
      concepts.add(requireNonNull(part.concept.apply(random.split())));
    }
    List<Labelled<Row>> rows = new ArrayList<>(count);
    for (int t = 0; t < count; t++) {
      double draw = random.nextDouble();
      int now = 0;
      for (int i = 1; i < parts.size(); i++) {
        Part part = parts.get(i);
        boolean happened =
            part.width == 0 ? t >= part.at : draw < ValueStream.sigmoid(t, part.at, part.width);
        now = happened ? i : now;
      }
      rows.add(row(concepts.get(now), random));
    }
    return rows;
  }

  private Labelled<Row> row(Concept concept, SplittableRandom random) {
    Labelled<Row> row = concept.next();
    if (balanced) {
      Truth wanted = labels.get(random.nextInt(labels.size()));
      for (int tries = 1; !row.truth().equals(wanted); tries++) {
        if (tries == 100_000) {
          throw new IllegalStateException(
              "wanted a row labelled " + wanted + " of " + name + ", got none in 100000");
        }
        row = concept.next();
      }
    }
    if (random.nextDouble() < noise) {
      int other = random.nextInt(labels.size() - 1);
      other += other >= labels.indexOf(row.truth()) ? 1 : 0;
      return new Labelled<>(row.input(), labels.get(other));
    }
    return row;
  }

  private static void requireShare(String what, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(what + " must be in 0 to 1, but was " + share);
    }
  }

  private static void requireStep(double step) {
    if (!(step >= 0) || !Double.isFinite(step)) {
      throw new IllegalArgumentException("step must be finite and >= 0, but was " + step);
    }
  }

  /** {@return such as {@code SEA 1, SEA 2 from 20000}} */
  @Override
  public String toString() {
    return name;
  }
}
