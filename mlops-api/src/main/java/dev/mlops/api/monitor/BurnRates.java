package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/**
 * Conditions over several windows that FAIL fast on a large excess of errors and slowly on a small one.
 *
 * <p>The burn rate of a window is (error − error of the test phase) / tolerated excess. A pair of windows FAILs when in both the burn
 * rate is above its factor: the long one says that it matters, the short one that it still goes on. Here the whole 99 % interval of
 * the error must be above, so a window with few truths is INCONCLUSIVE and raises nothing.
 *
 * <p>It burns the <em>excess</em>. The error itself cannot be paged by a factor of 14.4 unless more than 1/14.4 of all predictions may
 * be wrong: with an accuracy of 0.90 as the objective even a model that is always wrong does not reach it.
 *
 * <p>Immutable.
 *
 * @see <a href="https://sre.google/workbook/alerting-on-slos/">The Site Reliability Workbook, alerting on SLOs</a>
 * @since 0.1
 */
@Beta
public final class BurnRates {
  /** A budget of 30 days: 14.4 over 1 h and 5 min, 6 over 6 h and 30 min: what pages. */
  public static final BurnRates PAGE = new BurnRates(List.of(
      new Pair(14.4, Duration.ofHours(1), Duration.ofMinutes(5)),
      new Pair(6, Duration.ofHours(6), Duration.ofMinutes(30))));

  /** A budget of 30 days: 3 over 1 d and 2 h, 1 over 3 d and 6 h: what makes a ticket. */
  public static final BurnRates TICKET = new BurnRates(List.of(
      new Pair(3, Duration.ofDays(1), Duration.ofHours(2)),
      new Pair(1, Duration.ofDays(3), Duration.ofHours(6))));

  private final List<Pair> pairs;

  /**
   * Two windows and the burn rate at which both together FAIL.
   *
   * <p>Immutable.
   *
   * @param factor finite, above 0
   * @param longer the longer window
   * @param shorter the shorter window
   * @since 0.1
   */
  @Beta
  public record Pair(double factor, Duration longer, Duration shorter) {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if the factor is out of range, or the windows are not longer than zero and in this order
     */
    public Pair {
      requireNonNull(longer, "longer");
      requireNonNull(shorter, "shorter");
      if (!(factor > 0) || Double.isInfinite(factor)) {
        throw new IllegalArgumentException("factor must be finite and > 0, but was " + factor);
      }
      if (shorter.isNegative() || shorter.isZero() || longer.compareTo(shorter) <= 0) {
        throw new IllegalArgumentException(
            "windows must be longer than zero and the first the longer one, but were "
                + MlopsException.shown(longer) + " and " + MlopsException.shown(shorter));
      }
    }
  }

  private BurnRates(List<Pair> pairs) {
    this.pairs = pairs;
  }

  /**
   * {@return burn rates over other windows}
   *
   * @param pairs at least one
   * @throws IllegalArgumentException if there is none
   */
  public static BurnRates of(Pair... pairs) {
    if (pairs.length == 0) {
      throw new IllegalArgumentException("burn rates must have a pair of windows, but had none");
    }
    return new BurnRates(List.of(pairs));
  }

  /** {@return the pairs} */
  public List<Pair> pairs() {
    return pairs;
  }

  /**
   * {@return the condition that a quality does not lose more against the test phase than a budget allows}
   *
   * @param metric such as {@code accuracy}
   * @param tested its value in the test phase: what cannot be reached from there is refused here
   * @param excess how much worse than in the test phase it may be all the time; in units of the metric, above 0
   * @throws IllegalArgumentException if there is no such metric, and as {@link #excess(Metric, double, double)} does
   */
  public Condition excess(String metric, double tested, double excess) {
    return excess(Metric.of(metric), tested, excess);
  }

  /**
   * {@return the condition that a quality does not lose more against the test phase than a budget allows}
   *
   * @param metric one of the library's or the host's own
   * @param tested its value in the test phase: what cannot be reached from there is refused here
   * @param excess how much worse than in the test phase it may be all the time; in units of the metric, above 0
   * @throws IllegalArgumentException if the tested value is none of the metric or its worst, the excess is not above 0, or a
   *     factor times the excess is beyond the worst value, so that it could never FAIL; the message names the greatest factor
   *     that can
   */
  public Condition excess(Metric metric, double tested, double excess) {
    if (!(excess > 0) || Double.isInfinite(excess)) {
      throw new IllegalArgumentException("excess must be finite and > 0, but was " + excess);
    }
    double room = metric.higherIsBetter() ? tested - metric.lowest() : metric.highest() - tested;
    boolean possible = tested >= metric.lowest() && tested <= metric.highest();
    if (!possible || Double.isInfinite(tested) || !(room > 0)) {
      throw new IllegalArgumentException("tested must be a value of " + metric
          + " that can get worse, but was " + tested + ", with " + room + " to lose");
    }
    Signals.QualityQuestions quality = Signals.quality(metric);
    return ofAll(pair -> {
      double allowed =
          BigDecimal.valueOf(pair.factor()).multiply(BigDecimal.valueOf(excess)).doubleValue();
      if (allowed >= room) {
        throw new IllegalArgumentException(
            "a burn rate of " + pair.factor() + " can never be reached: "
                + metric + " would have to be worse than " + tested + " by " + allowed
                + ", but can lose " + room + " at most; the factor must be below " + room / excess
                + ", or the excess below " + room / pair.factor());
      }
      return window -> quality.over(window).noWorseThanBaseline(allowed);
    });
  }

  /**
   * {@return the condition that predictions are not late more often than a service-level objective allows}
   *
   * <p>The burn rate of a window is the share of late predictions / (1 − objective).
   *
   * @param limit how long a prediction may take, from its intended start; longer than zero, at most an hour
   * @param objective the share that is to be in time all the time; above 0, below 1
   * @throws IllegalArgumentException if one is out of range, or a factor times what may be late is 1 or more, so that it could
   *     never FAIL; the message names the greatest factor that can
   */
  public Condition latency(Duration limit, double objective) {
    if (!(objective > 0 && objective < 1)) {
      throw new IllegalArgumentException(
          "objective must be above 0 and below 1, but was " + objective);
    }
    BigDecimal late = BigDecimal.ONE.subtract(BigDecimal.valueOf(objective));
    Signals.TimelyQuestions timely = Signals.latency().within(limit);
    return ofAll(pair -> {
      double least = BigDecimal.ONE
          .subtract(BigDecimal.valueOf(pair.factor()).multiply(late))
          .doubleValue();
      if (!(least > 0)) {
        throw new IllegalArgumentException("a burn rate of " + pair.factor()
            + " can never be reached: with an objective of " + objective + " more than "
            + BigDecimal.ONE.subtract(BigDecimal.valueOf(least))
            + " of all predictions would have to be late; the factor must be below "
            + 1 / late.doubleValue() + ", or the objective above " + (1 - 1 / pair.factor()));
      }
      return window -> timely.over(window).atLeast(least);
    });
  }

  /** For each pair: that what must hold of a window does in one of the two. */
  private Condition ofAll(Function<Pair, Function<Window, Condition>> must) {
    Condition[] all = pairs.stream()
        .map(pair -> {
          Function<Window, Condition> over = must.apply(pair);
          return Signals.anyOf(
              over.apply(Window.of(pair.longer())), over.apply(Window.of(pair.shorter())));
        })
        .toArray(Condition[]::new);
    return all.length == 1 ? all[0] : Signals.allOf(all);
  }

  @Override
  public String toString() {
    return "burn rates " + pairs;
  }
}
