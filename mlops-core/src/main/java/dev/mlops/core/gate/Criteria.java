package dev.mlops.core.gate;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.Metric;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.core.environment.EnvironmentCheck;
import dev.mlops.core.environment.EnvironmentReport;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * What a release gate asks beside the conditions of {@link dev.mlops.api.monitor.Signals}: about the package, and about what
 * the model does with rows that were changed on purpose. Meant to be imported statically.
 *
 * <p>What every method gives prints the call that makes it.
 *
 * <p>Thread-safe, and everything it gives is immutable.
 *
 * @since 0.1
 */
@Beta
public final class Criteria {
  private Criteria() {}

  /**
   * {@return the criterion that the package can run here}
   *
   * <p>FAIL with a finding of that level of {@link EnvironmentCheck}, such as a library that is not there. PASS otherwise:
   * warnings are in the text. INCONCLUSIVE if the package says neither where nor with what it was made.
   */
  public static Criterion environment() {
    return new EnvironmentCriterion(
        "environment()", source -> EnvironmentCheck.of(source).here());
  }

  /**
   * {@return the criterion that the package can run on a machine, as a check of the host's says}
   *
   * @param check such as {@code source -> EnvironmentCheck.of(source).level(LIBRARY_VERSION, FAIL).here()}
   */
  public static Criterion environment(Function<? super ModelPackage, EnvironmentReport> check) {
    return new EnvironmentCriterion("environment(check)", requireNonNull(check, "check"));
  }

  /**
   * {@return the criterion that the package says what it takes and predicts, and that it is what the rows held back have}
   *
   * <p>FAIL if columns differ from those of the rows, or truths are of another kind than the task. INCONCLUSIVE if the package does
   * not say its task, or there is no row.
   */
  public static Criterion schema() {
    return new SchemaCriterion();
  }

  /**
   * {@return questions about the change of a metric from the champion to the candidate, on the same rows}
   *
   * @param metric such as {@code accuracy}, {@code recall(fraud)} or {@code mae}
   * @throws IllegalArgumentException if there is no such metric; the message names the nearest one
   */
  public static ChangeQuestions change(String metric) {
    return change(Metric.of(metric));
  }

  /**
   * {@return questions about the change of a metric from the champion to the candidate, on the same rows}
   *
   * @param metric one of the library's or the host's own
   */
  public static ChangeQuestions change(Metric metric) {
    return new ChangeQuestions(requireNonNull(metric, "metric"), false);
  }

  /** {@return questions about the memory that the candidate takes} */
  public static MemoryQuestions memory() {
    return new MemoryQuestions();
  }

  /**
   * {@return the criterion that other values in columns change no answer (invariance)}
   *
   * <p>In up to 1,000 rows the values of these columns, all together, are replaced by those of another row. FAIL if one answer has
   * another label, or an output that differs by more than rounding. PASS if none has, in 30 tries or more. INCONCLUSIVE with fewer:
   * rows without another value to take cannot be tried.
   *
   * @param columns at least one
   * @throws IllegalArgumentException if there is none
   */
  public static Invariance invariance(String... columns) {
    if (columns.length == 0) {
      throw new IllegalArgumentException("invariance must be about at least one column, got none");
    }
    return new Invariance(List.of(columns), Invariance.ROUNDING, 0.0);
  }

  /**
   * {@return questions about the direction in which a column of numbers moves an output}
   *
   * @param column of numbers
   */
  public static DirectionQuestions direction(String column) {
    return new DirectionQuestions(column);
  }

  /**
   * {@return the criterion that the candidate answers broken input or refuses it cleanly}
   *
   * <p>One value of a good row after the other, and all at once, is replaced by what each {@link Poison} says. An answer is fine, and so
   * is an exception. FAIL if the answer was null or not finite, if an {@link Error} was thrown, or if the good row is answered otherwise
   * afterwards. INCONCLUSIVE if there is no good row.
   *
   * @param kinds all of them if none is named
   */
  public static Criterion poisonRows(Poison... kinds) {
    Set<Poison> all =
        kinds.length == 0 ? EnumSet.allOf(Poison.class) : EnumSet.copyOf(Arrays.asList(kinds));
    String call = "poisonRows("
        + (kinds.length == 0
            ? ""
            : all.stream().map(Poison::name).collect(Collectors.joining(", ")))
        + ")";
    return new PoisonRows(call, all);
  }

  /**
   * {@return the criterion that what once went wrong is answered right: this must never happen again}
   *
   * <p>The candidate is asked for each example. A label must be the expected one, whatever its score; any other prediction must {@linkplain
   * GoldenExample#matches match}. FAIL if one is not; without an answer it is not. INCONCLUSIVE if an example has other columns than the candidate. PASS without
   * an example: what is asked is that no incident on record is repeated, and none is on record.
   *
   * @param examples asked once for each gate, such as {@code incidents::examples}
   */
  public static Criterion neverAgain(Supplier<? extends List<GoldenExample>> examples) {
    return new NeverAgain(requireNonNull(examples, "examples"));
  }

  /**
   * What a value is replaced by.
   *
   * @since 0.1
   */
  @Beta
  public enum Poison {
    /** Nothing: NaN in a column of numbers, no text in one of categories. */
    MISSING,
    /** Both infinities, in a column of numbers. */
    INFINITE,
    /** The largest, the most negative and the smallest number; a text of 100,000 characters. */
    EXTREME,
    /** A category that no row has: plain, and with quotes, control characters and characters of two halves. */
    UNSEEN
  }

  /**
   * Questions about the change of a metric.
   *
   * <p>PASS when the whole 95 % interval of the paired difference is on the good side of the limit, the limit included, FAIL when it is on
   * the bad side, INCONCLUSIVE in between, without a champion, or where the metric could not be compared. Whether a candidate is
   * merely no worse is asked by {@code quality(…).noWorseThanChampion(…)}.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  @Beta
  public static final class ChangeQuestions {
    private final Metric metric;
    private final boolean relative;

    private ChangeQuestions(Metric metric, boolean relative) {
      this.metric = metric;
      this.relative = relative;
    }

    /**
     * {@return the same questions about the change as a share of the champion's value}
     *
     * <p>INCONCLUSIVE where that is 0 or its sign is not sure: there is no share of nothing. The interval takes the champion's value as
     * it was measured.
     */
    public ChangeQuestions relative() {
      return new ChangeQuestions(metric, true);
    }

    /**
     * {@return the criterion that the candidate is higher by at least a margin; for a metric of which more is better}
     *
     * @param least candidate minus champion, in units of the metric or as a share; finite, may be negative
     * @throws IllegalArgumentException if it is not finite, or less of the metric is better
     */
    public Criterion atLeast(double least) {
      return limit(true, least);
    }

    /**
     * {@return the criterion that the candidate is higher by at most a margin; for a metric of which less is better}
     *
     * @param most candidate minus champion, in units of the metric or as a share, such as −0.1 for an error that must fall;
     *     finite
     * @throws IllegalArgumentException if it is not finite, or more of the metric is better
     */
    public Criterion atMost(double most) {
      return limit(false, most);
    }

    private Criterion limit(boolean atLeast, double limit) {
      if (!Double.isFinite(limit)) {
        throw new IllegalArgumentException("limit of a change must be finite, but was " + limit);
      }
      if (atLeast != metric.higherIsBetter()) {
        throw new IllegalArgumentException("of " + metric + (atLeast ? " less" : " more")
            + " is better, so a limit of its change must be "
            + (atLeast ? "atMost(" : "atLeast(") + limit + "), but was "
            + (atLeast ? "atLeast" : "atMost"));
      }
      String call = "change(\"" + metric + "\")" + (relative ? ".relative()" : "")
          + (atLeast ? ".atLeast(" : ".atMost(") + Figures.exact(limit) + ")";
      return new ChangeCriterion(call, metric, relative, limit);
    }
  }

  /**
   * Questions about memory, in bytes of the heap that the asking thread allocates. What other threads or native code take is not
   * seen.
   *
   * <p>INCONCLUSIVE on a Java machine that does not count them.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  @Beta
  public static final class MemoryQuestions {
    private MemoryQuestions() {}

    /**
     * {@return the criterion that a prediction allocates at most a number of bytes, on average over up to 1,000 rows, after the rows were answered
     * once; INCONCLUSIVE below 30}
     *
     * @param bytes at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Criterion perPredictionAtMost(long bytes) {
      return new MemoryCriterion("memory().perPredictionAtMost(" + bytes + ")", true, bytes);
    }

    /**
     * {@return the criterion that loading allocates at most a number of bytes: no less than what the model keeps}
     *
     * @param bytes at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Criterion loadingAtMost(long bytes) {
      return new MemoryCriterion("memory().loadingAtMost(" + bytes + ")", false, bytes);
    }
  }

  /**
   * Questions about the direction of an output.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  @Beta
  public static final class DirectionQuestions {
    private final String column;

    private DirectionQuestions(String column) {
      this.column = requireNonNull(column, "column");
    }

    /**
     * {@return the criterion that more in the column never lowers an output}
     *
     * @param output a label, whose score is meant; the name of a quantity; {@code score} of an anomaly score
     */
    public Monotone neverLowers(String output) {
      return new Monotone(column, output, true, Invariance.ROUNDING, 0.0);
    }

    /**
     * {@return the criterion that more in the column never raises an output}
     *
     * @param output a label, whose score is meant; the name of a quantity; {@code score} of an anomaly score
     */
    public Monotone neverRaises(String output) {
      return new Monotone(column, output, false, Invariance.ROUNDING, 0.0);
    }
  }
}
