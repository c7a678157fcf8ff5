package dev.mlops.drift.profile;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.Standing;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Dependence;
import dev.mlops.drift.anytime.RestartingBettingTest;
import dev.mlops.drift.stream.SrEDetector;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Tests whether a version is worse by a metric than in its test phase, or is not, and may be looked at after every truth.
 *
 * <p>Two {@link RestartingBettingTest}s at {@value #ALPHA} bet on a value per row, or per block of rows, whose mean is at the
 * limit exactly where the metric is:
 *
 * <table>
 * <caption>What is bet on</caption>
 * <tr><th>metric</th><th>value</th></tr>
 * <tr><td>with a bounded loss per row (accuracy, precision, recall, specificity, top-k, Brier, sMAPE, a host's mean)</td>
 * <td>the loss</td></tr>
 * <tr><td>with a loss that has no bound (MAE, MSE, MAPE, pinball); log loss; RMSE and RMSLE by their squares</td>
 * <td>the loss, held at {@value #CLIP} limits: that can show WORSE and never NOT_WORSE</td></tr>
 * <tr><td>F1 and F-beta of a label, limit c</td>
 * <td>−(1 + β²)(1 − c) of a hit, c of a false alarm, cβ² of a miss: its sum is above 0 exactly if F is below c</td></tr>
 * <tr><td>ROC AUC of a label</td>
 * <td>1 − the area of each block of {@value #AREA_ROWS} or more rows with {@value #AREA_RARE} of either kind: its mean is 1 − the
 * area whatever the block</td></tr>
 * <tr><td>any other: means over labels, MCC, kappa, calibration error, average precision, R², quantiles of errors, bias, a
 * host's ratio or measure of outcomes</td><td>none, INCONCLUSIVE: no value of a row or block has the metric as its mean</td></tr>
 * </table>
 *
 * <p><b>The limit</b> of WORSE is the one-sided 95 % bound of the test phase's value on the bad side (exact for shares), moved by
 * the tolerance; that of NOT_WORSE is the bound on the good side, moved as far. Where the baseline says that losses depend on
 * those before them, n test rows count as n / inflation, and the mean over a block of that length is one bet.
 *
 * <p><b>Promise</b>: if the version is as good as the test phase's bound and the tolerance allow, or better, at every row given
 * all before, then of 100 versions at most 1 is ever called WORSE, however often it is asked; NOT_WORSE likewise. The bound
 * itself is on the wrong side in at most 5 of 100 test phases, which matters only where the tolerance is small beside its
 * uncertainty. A season or a dependence longer than the block breaks the condition.
 *
 * <p><b>Expect</b>, at a test phase of 2,000 rows with an error of 0.10 and a tolerance of 0.02, no false alarm in 1,000 streams
 * of 20,000 truths, and an error of 0.20 in a median of 350 truths from release on.
 *
 * <p>O(1) time per truth. Memory of two tests, 200 bytes each, and of an area its block.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public final class NoWorseTest {
  /** Probability of ever saying WORSE, and of ever saying NOT_WORSE, wrongly. */
  public static final double ALPHA = 0.01;

  /** A loss without a bound counts for at most this number of limits. */
  static final double CLIP = 10.0;

  /** Rows of a block that an area is measured on. */
  static final int AREA_ROWS = 32;

  /** Rows of either kind in such a block. */
  static final int AREA_RARE = 4;

  /** Scores of either kind that a block keeps while it waits for the other kind. */
  private static final int MOST_SCORES = 4_096;

  /** One-sided over two-sided 95 % quantile of the normal distribution. */
  private static final double ONE_SIDED = 1.6448536269514722 / 1.959963984540054;

  /** What a row says of a limit. */
  @FunctionalInterface
  private interface Value {
    /** From 0, for the best, to 1; NaN if the row does not count. */
    double of(Prediction prediction, Truth truth);
  }

  private final Metric metric;
  private final @Nullable Estimate tested;
  private @Nullable Double limit;
  /** Why nothing can be shown; empty if something can. */
  private String nothing = "";
  /** Why NOT_WORSE cannot be shown; empty if it can. */
  private String neverNotWorse = "";

  private @Nullable RestartingBettingTest worse;
  private @Nullable RestartingBettingTest notWorse;
  private @Nullable Value ofWorse;
  private @Nullable Value ofNotWorse;
  private @Nullable AreaBlock area;
  private long n;

  private NoWorseTest(Metric metric, double tolerance, Baseline baseline) {
    this.metric = metric;
    this.tested = baseline.quality(metric).orElse(null);
    if (tested == null) {
      nothing = "no " + metric + " in the baseline";
      return;
    }
    double inflation = baseline.dependence().map(Dependence::inflation).orElse(1.0);
    double low = bound(tested, false, inflation);
    double high = bound(tested, true, inflation);
    double bad = metric.higherIsBetter() ? low - tolerance : high + tolerance;
    double good = metric.higherIsBetter() ? high - tolerance : low + tolerance;
    int block = baseline.dependence().map(Dependence::blockLength).orElse(1);
    build(baseline.schema(), bad, good, block);
  }

  /**
   * {@return a test of one version by one metric}
   *
   * @param metric which; where rows have a loss by it, it brings that loss
   * @param tolerance how much worse is still no worse, in units of the metric; finite, at least 0
   * @param baseline the version's test phase; without the metric nothing can be shown
   * @throws IllegalArgumentException if the tolerance is out of range
   */
  public static NoWorseTest of(Metric metric, double tolerance, Baseline baseline) {
    if (!(tolerance >= 0) || !Double.isFinite(tolerance)) {
      throw new IllegalArgumentException("tolerance must be finite and >= 0, but was " + tolerance);
    }
    return new NoWorseTest(requireNonNull(metric, "metric"), tolerance, baseline);
  }

  /** One-sided 95 % bound of a test phase whose n rows tell as much as n / inflation. */
  private double bound(Estimate estimate, boolean upper, double inflation) {
    if (metric.isShare()) {
      long rows = Math.max(1, Math.round(estimate.n() / inflation));
      long count = Math.round(estimate.value() * rows);
      return upper ? SrEDetector.upperLimit(count, rows) : SrEDetector.lowerLimit(count, rows);
    }
    double end = upper ? estimate.upper() : estimate.lower();
    double moved = estimate.value() + (end - estimate.value()) * ONE_SIDED * Math.sqrt(inflation);
    return Math.max(metric.lowest(), Math.min(metric.highest(), moved));
  }

  private void build(Schema schema, double bad, double good, int block) {
    limit = bad;
    Optional<Loss> loss = metric.loss(schema);
    Optional<String> label = LabelCounts.label(metric, schema);
    String base = LabelCounts.base(metric);
    boolean ofOne = label.isPresent() && base.equals(metric.family());
    if (loss.isPresent()) {
      Loss each = loss.get();
      if (Double.isInfinite(each.largest())) {
        unbounded(each::of, each.mean(bad), block);
      } else {
        double largest = each.largest();
        Value value = (said, right) -> each.of(said, right) / largest;
        both(value, each.mean(bad) / largest, value, each.mean(good) / largest, block);
      }
    } else if (ofOne && (base.equals("f1") || base.equals("f_beta"))) {
      double beta = base.equals("f1") ? 1.0 : metric.parameter().orElse(1.0);
      if (bad <= 0) {
        nothing = leavesNothing(bad);
        return;
      }
      F worst = new F(label.get(), beta * beta, bad);
      F best = new F(label.get(), beta * beta, Math.min(1.0, good));
      both(worst, worst.zero(), best, best.zero(), block);
    } else if (ofOne && base.equals("roc_auc")) {
      area = new AreaBlock(label.get(), Math.max(AREA_ROWS, block));
      Value none = (said, right) -> Double.NaN;
      both(none, 1.0 - bad, none, 1.0 - good, 1);
    } else if (metric.equals(Metric.LOG_LOSS)) {
      unbounded(NoWorseTest::logLoss, bad, block);
    } else if (metric.equals(Metric.RMSE) || metric.equals(Metric.RMSLE)) {
      boolean logarithmic = metric.equals(Metric.RMSLE);
      Outputs.Pairing pairing = new Outputs.Pairing();
      unbounded((said, right) -> squared(pairing, said, right, logarithmic), bad * bad, block);
    } else {
      nothing = metric + " is not the mean of a value per row or per block, so no test of it may be"
          + " looked at again and again";
    }
  }

  private static double logLoss(Prediction said, Truth right) {
    return said instanceof Classification classified
            && LabelCounts.measurable(said, right)
            && classified.score().isPresent()
        ? Scores.logLoss(classified, right.label().orElse(""))
        : Double.NaN;
  }

  private static double squared(
      Outputs.Pairing pairing, Prediction said, Truth right, boolean logarithmic) {
    double[][] pair = pairing.pair(said, right);
    if (pair == null) {
      return Double.NaN;
    }
    double sum = 0.0;
    for (int k = 0; k < pair[0].length; k++) {
      double error =
          logarithmic ? Outputs.logarithmic(pair[0][k], pair[1][k]) : pair[0][k] - pair[1][k];
      sum += error * error;
    }
    return sum / pair[0].length;
  }

  private String leavesNothing(double shown) {
    return "a limit of " + Figures.apart(shown).get(0) + " leaves nothing to find";
  }

  /** Losses up to any size, whose mean should be at most a limit. */
  private void unbounded(Value loss, double mean, int block) {
    if (!(mean > 0) || !Double.isFinite(CLIP * mean)) {
      nothing = leavesNothing(mean);
      return;
    }
    double most = CLIP * mean;
    ofWorse = (said, right) -> Math.min(1.0, loss.of(said, right) / most);
    worse = RestartingBettingTest.above(1.0 / CLIP).inBlocksOf(block).alpha(ALPHA);
    neverNotWorse = "its errors have no bound, so nothing can show that it is not worse";
  }

  private void both(Value bad, double mostBad, Value good, double mostGood, int block) {
    if (!(mostBad > 0 && mostBad < 1)) {
      nothing = leavesNothing(requireNonNull(limit, "limit"));
      return;
    }
    ofWorse = bad;
    worse = RestartingBettingTest.above(mostBad).inBlocksOf(block).alpha(ALPHA);
    if (mostGood > 0 && mostGood < 1) {
      ofNotWorse = good;
      notWorse = RestartingBettingTest.above(1.0 - mostGood).inBlocksOf(block).alpha(ALPHA);
    } else {
      neverNotWorse = "the test phase and the tolerance leave no room to show that it is not worse";
    }
  }

  /**
   * Takes the next outcome.
   *
   * @param prediction what was predicted
   * @param truth what turned out right
   */
  public void add(Prediction prediction, Truth truth) {
    if (worse == null || !prediction.isFinite()) {
      return;
    }
    if (area != null) {
      if (area.take(prediction, truth)) {
        n++;
        double found = area.ready();
        if (!Double.isNaN(found)) {
          bet(worse, 1.0 - found);
          bet(notWorse, found);
        }
      }
      return;
    }
    double bad = value(ofWorse, prediction, truth);
    if (Double.isNaN(bad)) {
      return;
    }
    n++;
    bet(worse, bad);
    bet(notWorse, 1.0 - value(ofNotWorse, prediction, truth));
  }

  private static double value(@Nullable Value value, Prediction prediction, Truth truth) {
    return value == null ? Double.NaN : value.of(prediction, truth);
  }

  private static void bet(@Nullable RestartingBettingTest test, double x) {
    if (test != null && !Double.isNaN(x)) {
      test.update(Math.max(0.0, Math.min(1.0, x)));
    }
  }

  /** {@return what was shown so far} */
  public Standing standing() {
    if (worse != null && worse.rejected()) {
      return Standing.WORSE;
    }
    return notWorse != null && notWorse.rejected() ? Standing.NOT_WORSE : Standing.INCONCLUSIVE;
  }

  /** {@return whether the test phase measured the metric, so that there is something to stand beside} */
  public boolean isTested() {
    return tested != null;
  }

  /** {@return the value of the metric beyond which it is worse; empty if nothing can be shown} */
  public OptionalDouble limit() {
    return limit == null || worse == null ? OptionalDouble.empty() : OptionalDouble.of(limit);
  }

  /** {@return what the standing rests on, or what is missing; for people} */
  public String reason() {
    return reason(standing());
  }

  private String reason(Standing standing) {
    if (!nothing.isEmpty()) {
      return nothing;
    }
    String shown = Figures.apart(requireNonNull(limit, "limit")).get(0);
    String side = metric.higherIsBetter() ? "below " : "above ";
    return switch (standing) {
      case WORSE -> n + " truths show it " + side + shown;
      case NOT_WORSE -> n + " truths show it not " + side + shown;
      case INCONCLUSIVE ->
        n + " truths show neither that it is " + side + shown + " nor that it is not"
            + (neverNotWorse.isEmpty() ? "" : "; " + neverNotWorse);
    };
  }

  /** {@return how many outcomes counted} */
  public long n() {
    return n;
  }

  /** {@return such as {@code recall, WORSE: 412 truths show it below 0.868}} */
  @Override
  public String toString() {
    return metric + ", " + standing() + ": " + reason();
  }

  /** What a row says of "F-beta is at least c", moved and scaled to 0 to 1. */
  private static final class F implements Value {
    private final String label;
    private final double hit;
    private final double alarm;
    private final double miss;

    F(String label, double square, double c) {
      this.label = label;
      this.hit = -(1.0 + square) * (1.0 - c);
      this.alarm = c;
      this.miss = c * square;
    }

    private double width() {
      return Math.max(alarm, miss) - hit;
    }

    /** Where the sum is 0. */
    double zero() {
      return -hit / width();
    }

    @Override
    public double of(Prediction prediction, Truth truth) {
      if (!(prediction instanceof Classification said)
          || !LabelCounts.measurable(prediction, truth)) {
        return Double.NaN;
      }
      boolean predicted = said.label().equals(label);
      boolean right = truth.label().orElse("").equals(label);
      if (!predicted && !right) {
        return Double.NaN;
      }
      double value = predicted && right ? hit : predicted ? alarm : miss;
      return (value - hit) / width();
    }
  }

  /** Rows that an area is measured on, without keeping more than a bound. */
  private static final class AreaBlock {
    private final String label;
    private final int rows;
    private double[] having = new double[16];
    private double[] others = new double[64];
    private int with;
    private int without;
    private int taken;

    AreaBlock(String label, int rows) {
      this.label = label;
      this.rows = rows;
    }

    /** Whether the row counts. */
    boolean take(Prediction prediction, Truth truth) {
      if (!(prediction instanceof Classification said)
          || !LabelCounts.measurable(prediction, truth)
          || said.score().isEmpty()) {
        return false;
      }
      double score = said.score(label).orElse(0.0);
      taken = Math.min(MOST_SCORES, taken + 1);
      if (truth.label().orElse("").equals(label)) {
        if (with < MOST_SCORES) {
          having = with == having.length ? Arrays.copyOf(having, 2 * with) : having;
          having[with++] = score;
        }
      } else {
        if (without < MOST_SCORES) {
          others = without == others.length ? Arrays.copyOf(others, 2 * without) : others;
          others[without++] = score;
        }
      }
      return true;
    }

    /** The area of the block, which begins anew; NaN while it is not whole. */
    double ready() {
      if (taken < Math.min(rows, MOST_SCORES) || with < AREA_RARE || without < AREA_RARE) {
        return Double.NaN;
      }
      double[] scores = Arrays.copyOf(having, with + without);
      System.arraycopy(others, 0, scores, with, without);
      boolean[] has = new boolean[scores.length];
      Arrays.fill(has, 0, with, true);
      with = 0;
      without = 0;
      taken = 0;
      return Ranks.of(scores, has).rocAuc().map(Ranks.Area::value).orElse(Double.NaN);
    }
  }
}
