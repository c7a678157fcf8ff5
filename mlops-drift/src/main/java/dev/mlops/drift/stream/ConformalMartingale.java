package dev.mlops.drift.stream;

import static dev.mlops.drift.state.DetectorState.exactly;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.DoublePredicate;

/**
 * Signals drift when scores no longer rank like those of a calibration sample (conformal test martingale, restarted after
 * Shiryaev and Roberts).
 *
 * <p>The p-value of a score is the share of the sample and itself that is above it, of what equals it a random part: p =
 * (#above + U·(#equal + 1))/(n + 1). A capital S is bet on the p-values, by the {@linkplain Betting#simpleJumper simple jumper}
 * by default, and R ← (R + 1)·S(t)/S(t − 1) from R = 0 is the statistic. DRIFT when it reaches A, the number of
 * inputs, or of blocks of time, per false alarm; WARNING from A/10 on. After a DRIFT it starts afresh. In time the S of a block's
 * end and start are compared. U is that of a generator which starts afresh too, so the same inputs give the same answers.
 *
 * <p><b>Input</b> is one score per update, any finite number: a residual, a distance, the probability of the label. Others are
 * skipped and counted. A change that leaves the mean rank is not found; a score of strangeness makes one that does not.
 *
 * <p><b>Promise</b>: {@linkplain #ofPValues of p-values} that are uniform and independent, on average at least A inputs (blocks)
 * pass until a false alarm. {@linkplain #against Against a frozen sample} the p-values are uniform only on average over samples;
 * those of one sample share its luck, and bets would win by it for ever. So each bet is divided by what luck may be worth to it:
 * then, for 95 of 100 calibration samples, the promise is kept by independent scores of the sample's distribution.
 * Scores that depend on each other, or have a season, break the condition.
 *
 * <p><b>Expect</b>, for normal scores and A = 10,000 after 2,000 values, against 1,000 scores, a median delay of about 20 values
 * for a shift by 3 standard deviations, 38 for 1, 95 for 0.5, 340 for 0.25; against 200, 24, 51, 150, and 0.25 seldom; of p-values
 * 17, 30, 61, 160. The sleeper takes 7, 32, 120, 700 against 1,000.
 *
 * <p>The signal's change point is where S was last least before it rose: half of the estimates were within 2, 4, 12, 100 values.
 * The direction is that of the scores (of the p-values, where those are fed).
 *
 * <p>O(log n) time, no memory but the sample.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://doi.org/10.1007/978-3-031-06649-8">Vovk, Gammerman, Shafer: Algorithmic learning in a random world, 2nd
 *     edition, chapter 8</a>
 * @since 0.1
 */
public final class ConformalMartingale extends StreamDetector<ConformalMartingale> {
  private static final int FEWEST_SCORES = 20;

  /** The share of the threshold from which on the level is WARNING. */
  private static final double WARNING_SHARE = 0.1;

  /** The most that R may be before the check. */
  private static final double CEILING = 0x1p1000;

  /** Of the generator SplitMix64, which breaks ties. */
  private static final long GAMMA = 0x9e3779b97f4a7c15L;

  private final Step step;
  /** Sorted; none if the inputs are p-values. */
  private final double[] scores;

  private final boolean inTime;
  private final double threshold;

  private final Capital capital;
  private long inBlock;
  private long blockStart;
  /** R, and the capital by its least since, and where that was. */
  private double evidence;

  private double rise;
  private long riseStart;
  /** How many ties were broken. */
  private long drawn;

  private ConformalMartingale(Step step, FalseAlarms falseAlarms) {
    super(step.scores.length == 0 ? InputDomain.bounded(0, 1) : InputDomain.real(1), falseAlarms);
    this.step = step;
    this.scores = step.scores;
    this.inTime = falseAlarms.time().isPresent();
    this.threshold = falseAlarms.count();
    this.capital = new Capital(step.betting, scores.length);
  }

  /**
   * {@return a step to a detector of scores that no longer rank like these}
   *
   * @param scores of a calibration sample, such as those of the test phase; at least 20, each finite, in any order; copied
   * @throws IllegalArgumentException if they are fewer, or one is not finite
   */
  public static Step against(double... scores) {
    if (scores.length < FEWEST_SCORES) {
      throw new IllegalArgumentException("a calibration sample must have at least " + FEWEST_SCORES
          + " scores, but had " + scores.length);
    }
    double[] sorted = scores.clone();
    DoublePredicate infinite = score -> !Double.isFinite(score);
    if (Arrays.stream(sorted).anyMatch(infinite)) {
      throw new IllegalArgumentException("each calibration score must be finite, but "
          + Arrays.stream(sorted).filter(infinite).count() + " of " + sorted.length + " were not");
    }
    for (int i = 0; i < sorted.length; i++) {
      sorted[i] += 0.0; // one zero
    }
    Arrays.sort(sorted);
    return new Step(sorted, Betting.simpleJumper(0.01));
  }

  /** {@return a step to a detector of p-values that are no longer uniform, for hosts that rank by themselves} */
  public static Step ofPValues() {
    return new Step(new double[0], Betting.simpleJumper(0.01));
  }

  @Override
  public Level update(double value) {
    if (!admits(value)) {
      return unjudged(value);
    }
    long position = next();
    capital.bet(scores.length == 0 ? value : pValue(value));
    if (inTime) {
      if (inBlock++ == 0) {
        blockStart = position;
      }
      return unchanged();
    }
    return judge(position);
  }

  @Override
  public Level endBlock() {
    if (!inTime) {
      return level();
    }
    if (inBlock == 0) {
      return unchanged();
    }
    inBlock = 0;
    return judge(blockStart);
  }

  /** Takes what was won or lost since the last time, by bets from that position on. */
  private Level judge(long position) {
    double ratio = capital.growth();
    evidence = Math.min(CEILING, (evidence + 1.0) * ratio);
    if (rise <= 1.0) {
      rise = 1.0;
      riseStart = position;
    }
    rise = Math.min(CEILING, rise * ratio);
    statistic = evidence;
    if (evidence < WARNING_SHARE * threshold) {
      return tell(Level.STABLE);
    }
    return evidence < threshold ? tell(Level.WARNING) : found();
  }

  private Level found() {
    // A score that ranks high has a small p-value.
    boolean up = capital.isOnSmall() == (scores.length > 0);
    return drift(up ? Direction.UP : Direction.DOWN, riseStart, threshold);
  }

  /** The share of the calibration sample, and of the score itself, that is above it; of what equals it, a random part. */
  private double pValue(double score) {
    int below = ascent(score, false);
    int upTo = ascent(score, true);
    long mixed = ++drawn * GAMMA;
    mixed = (mixed ^ (mixed >>> 30)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
    double part = ((mixed ^ (mixed >>> 31)) >>> 11) * 0x1p-53;
    return (scores.length - upTo + part * (upTo - below + 1)) / (scores.length + 1);
  }

  /** How many scores are below this one, or not above it. */
  private int ascent(double score, boolean equalToo) {
    int from = 0;
    int to = scores.length;
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (scores[middle] < score || (equalToo && scores[middle] == score)) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }

  /**
   * {@return the natural logarithm of what a capital of 1 has become by the bets since the start, or the last drift}
   *
   * <p>While p-values are uniform and independent, it ever reaches ln c with probability at most 1/c.
   */
  public double logCapital() {
    return capital.log();
  }

  @Override
  void startAfresh() {
    capital.clear();
    inBlock = 0;
    blockStart = 0;
    evidence = 0.0;
    rise = 0.0;
    riseStart = 0;
    drawn = 0;
  }

  @Override
  ConformalMartingale fresh() {
    return new ConformalMartingale(step, falseAlarms().orElseThrow());
  }

  @Override
  String parameters() {
    return "ConformalMartingale, grid " + step.betting.grid + ", jump " + exactly(step.betting.jump)
        + ", against " + exactly(scores);
  }

  @Override
  void write(DataOutput out) throws IOException {
    capital.write(out);
    out.writeLong(inBlock);
    out.writeLong(blockStart);
    out.writeDouble(evidence);
    out.writeDouble(rise);
    out.writeLong(riseStart);
    out.writeLong(drawn);
  }

  @Override
  void read(DataInput in) throws IOException {
    capital.read(in);
    inBlock = readCount(in);
    blockStart = readPosition(in);
    evidence = readFinite(in, 0.0);
    rise = readFinite(in, 0.0);
    riseStart = readPosition(in);
    drawn = readCount(in);
  }

  @Override
  int mostMemoryBytes() {
    return capital.bytes() + 6 * 8;
  }

  /** {@return such as {@code ranks against 1000 scores by simple jumper 0.01: statistic 12.3 of 100000}} */
  @Override
  public String toString() {
    return (scores.length == 0 ? "p-values" : "ranks against " + scores.length + " scores")
        + " by " + step.betting
        + String.format(Locale.ROOT, ": statistic %.3g of %.0f", statistic, threshold);
  }

  /**
   * How the capital is bet on p-values.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Betting {
    private static final int JUMPER_EXPERTS = 5;

    /** The numbers that a sleeper chooses from, less one each; 0 for the jumper. */
    final int grid;
    /** What jumps, or wakes, each time. */
    final double jump;

    private Betting(int grid, double jump) {
      this.grid = grid;
      this.jump = jump;
    }

    /**
     * {@return the simple jumper: five experts multiply by 1 + ε(p − ½) with ε of −1, −½, 0, ½, 1, after a share of all capital was
     * divided among them anew}
     *
     * @param jump that share; above 0, at most 1
     * @throws IllegalArgumentException if it is out of range
     */
    public static Betting simpleJumper(double jump) {
      return new Betting(0, share("jumps", jump));
    }

    /**
     * {@return the sleeper that stays: experts multiply by b/a if p ≤ a, else by (1 − b)/(1 − a), one for each a and b of
     * 1/grid to (grid − 1)/grid; each time a share of what sleeps is then divided among them}
     *
     * <p>It is quicker than the jumper where p-values become very small, and slower where they shift a little.
     *
     * @param rate that share; above 0, at most 1
     * @param grid at least 2, at most 20; 10 in the source
     * @throws IllegalArgumentException if they are out of range
     */
    public static Betting sleeperStayer(double rate, int grid) {
      if (grid < 2 || grid > 20) {
        throw new IllegalArgumentException("grid must be 2 to 20, but was " + grid);
      }
      return new Betting(grid, share("wakes", rate));
    }

    private static double share(String does, double share) {
      if (!(share > 0 && share <= 1)) {
        throw new IllegalArgumentException(
            "the share that " + does + " must be > 0 and at most 1, but was " + share);
      }
      return share;
    }

    int experts() {
      return grid == 0 ? JUMPER_EXPERTS : (grid - 1) * (grid - 1);
    }

    /** {@return such as {@code simple jumper 0.01}} */
    @Override
    public String toString() {
      return grid == 0 ? "simple jumper " + jump : "sleeper stayer " + jump + " on 1/" + grid;
    }
  }

  /**
   * What is ranked, or p-values, for a detector that still lacks a promise about false alarms.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Step extends FalseAlarmStep<ConformalMartingale> {
    private final double[] scores;
    private final Betting betting;

    private Step(double[] scores, Betting betting) {
      this.scores = scores;
      this.betting = betting;
    }

    /**
     * {@return the same with other bets than the simple jumper's with 0.01}
     *
     * @param betting how the capital is bet
     */
    public Step bettingBy(Betting betting) {
      return new Step(scores, requireNonNull(betting, "betting"));
    }

    @Override
    ConformalMartingale made(FalseAlarms falseAlarms) {
      return new ConformalMartingale(this, falseAlarms);
    }
  }
}
