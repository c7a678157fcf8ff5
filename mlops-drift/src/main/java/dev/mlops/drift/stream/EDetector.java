package dev.mlops.drift.stream;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.drift.state.DetectorState;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;

/**
 * What the two mixtures of e-detectors share: seven members a side that bet on a rise above a limit, fed value by value, by
 * the averages of blocks of values, or by the products of a block of time.
 *
 * @param <S> the subclass
 */
abstract class EDetector<S extends EDetector<S>> extends StreamDetector<S> {
  /** This number watches for a rise, and as many for a fall. */
  static final int MEMBERS = 7;

  /** How strongly each member bets on a change; small ones find small changes. */
  private static final double[] LAMBDAS = {0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64};

  /** An average swings less than a value, so more is bet on it. */
  private static final double[] LAMBDAS_OF_AVERAGES = {0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 0.96};

  /** The share of the threshold from which on the level is WARNING. */
  private static final double WARNING_SHARE = 0.1;

  /** No value counts for more than this number of limits: far above any threshold, far below overflow. */
  private static final double MOST = 0x1p500;

  /** Products within a block are brought back when they leave 1/LARGE to LARGE. */
  private static final double LARGE = 0x1p400;

  /** The most that M may be before the check. */
  private static final double CEILING = 0x1p1000;

  /** Each value is judged. */
  private static final int EACH = 1;

  /** Values are not kept as rows: there were others than 0 and 1, or there are no {@link BinaryMembers}. */
  private static final int NO_ROWS = 0;

  private static final long ONE_BITS = Double.doubleToRawLongBits(1.0);

  /** How far a sum must be from what it is compared with, for its roundings not to matter. */
  private static final double ROUNDING = 1e-9;

  /** The change point is looked for among this number of averages. */
  private static final int LATEST = 64;

  private final MeanLimit<S> limit;
  private final boolean adds;
  private final boolean up;
  private final boolean down;
  private final boolean inTime;
  private final boolean averages;
  private final boolean inBlocks;
  private final double threshold;
  private final double warning;
  /** One by the number of members. */
  private final double share;

  private final double[] lambdas;
  /** What each member counts for, on average 1: alike, but among averages by their λ. */
  private final double[] weights;
  /** By phase of the season: one by the limit, and one by the rest of 1. */
  private final double[] inverse;

  private final double[] inverseRest;
  private final double[] factors;

  /** Bounds on the sum of all M, roundings allowed for: STABLE below the first, WARNING from the second on, no DRIFT below the third. */
  private final double belowWarning;

  private final double fromWarning;
  private final double belowDrift;

  /** The members while all values are 0 and 1; none in blocks, with a season, for CUSUM, or if a factor is too large. */
  private final BinaryMembers binary;

  /** The row of the values that the members are not up to date with. */
  private int row = 1;

  /** Before this row is reached the level stays as it is. */
  private int judgedFrom;

  /** The level stays through another row if the sum of all M stays from floor to below ceiling. */
  private double floor = Double.POSITIVE_INFINITY;

  private double ceiling;

  /** The M of the members unless {@link #binary} has them: those that watch for a rise first. */
  private final double[] evidence;
  /** The product since it last stood at or below 1, and where that was. */
  private final double[] rise;

  private final long[] riseStart;

  /** Values in the open block, where the first of them stood, and the parts of the averages of values and limits. */
  private long inBlock;

  private long blockStart;
  private double average;
  private double averageLimit;
  private double averageRest;
  /** Product of the open block of time: product · 2^exponent. */
  private final double[] product;

  private final long[] exponent;
  /** How far the latest averages were beyond their limit, on either side, and where they began; a ring. */
  private final double[] excess;

  private final double[] lack;
  private final long[] began;
  private long averagesSeen;

  /**
   * Keeps what does not change.
   *
   * @param adds whether M ← (M + 1)·factor; else M ← max(M, 1)·factor
   */
  EDetector(MeanLimit<S> limit, FalseAlarms falseAlarms, boolean adds) {
    super(
        InputDomain.bounded(0, limit.lowest.length > 0 ? 1 : Double.POSITIVE_INFINITY),
        falseAlarms);
    this.limit = limit;
    this.up = limit.highest.length > 0;
    this.down = limit.lowest.length > 0;
    this.inTime = falseAlarms.time().isPresent();
    this.averages = limit.averaged > 1;
    this.inBlocks = inTime || averages;
    this.adds = adds;
    this.threshold = falseAlarms.count() / (double) limit.averaged;
    this.warning = WARNING_SHARE * threshold;
    int members = up && down ? 2 * MEMBERS : MEMBERS;
    this.share = 1.0 / members;
    this.lambdas = averages ? LAMBDAS_OF_AVERAGES : LAMBDAS;
    this.weights = new double[members];
    double mean = Arrays.stream(lambdas).average().orElseThrow();
    Arrays.setAll(weights, i -> averages ? lambdas[i % MEMBERS] / mean : 1.0);
    this.inverse = new double[limit.highest.length];
    Arrays.setAll(inverse, i -> inverse(limit.highest[i]));
    this.inverseRest = new double[limit.lowest.length];
    Arrays.setAll(inverseRest, i -> inverse(1.0 - limit.lowest[i]));
    this.factors = new double[members];
    boolean season = Math.max(inverse.length, inverseRest.length) > 1;
    this.belowWarning = (1.0 - ROUNDING) * warning / share;
    this.fromWarning = (1.0 + ROUNDING) * warning / share;
    this.belowDrift = (1.0 - ROUNDING) * threshold / share;
    this.binary = season || inBlocks || !adds ? BinaryMembers.NONE : binary();
    this.judgedFrom = begin();
    this.rise = new double[members];
    this.riseStart = new long[members];
    this.evidence = adds ? new double[members] : rise; // there M is the rise itself
    this.product = new double[members];
    this.exponent = new long[members];
    Arrays.fill(product, 1.0);
    int latest = averages ? LATEST : 0;
    this.excess = new double[latest];
    this.lack = new double[latest];
    this.began = new long[latest];
  }

  private BinaryMembers binary() {
    return BinaryMembers.of(factors(0.0, 0).clone(), factors(1.0, 0).clone());
  }

  private int begin() {
    return binary == BinaryMembers.NONE ? NO_ROWS : EACH;
  }

  private static double inverse(double mean) {
    return Math.min(Double.MAX_VALUE, 1.0 / mean);
  }

  @Override
  public final Level update(double value) {
    long bits = Double.doubleToRawLongBits(value);
    int whole = (int) (bits >>> 61); // 1 of 1.0
    if (bits != (-whole & ONE_BITS)) {
      return other(value);
    }
    int row = 2 * this.row + whole; // 0 and 1 are in every domain
    if (row < judgedFrom) {
      this.row = row;
      return level();
    }
    if (judgedFrom == BinaryMembers.FULL) {
      this.row = 1;
      next(BinaryMembers.VALUES);
      if (binary.advanceFull(row) < ceiling && (floor == 0.0 || binary.lowest() >= floor)) {
        return level();
      }
      row = 1;
    }
    return judgeRow(row, value);
  }

  private Level other(double value) {
    if (value == 0.0 && judgedFrom != NO_ROWS) {
      return update(0.0); // -0.0
    }
    if (!admits(value)) {
      return pass(value);
    }
    if (judgedFrom != NO_ROWS) {
      leaveRows();
    }
    long position = next();
    if (inBlocks) {
      return gather(value, position);
    }
    double[] factors = factors(value, position);
    if (!adds) {
      return judge(restart(factors, position));
    }
    restart(factors, position);
    return judge(add(factors));
  }

  private Level pass(double value) {
    Level level = unjudged(value);
    if (judgedFrom != NO_ROWS && onUnjudgeable() == Unjudgeable.COUNT) {
      if (row > 1) { // after a drift there is no level yet to look ahead from
        lookAhead(settle());
      }
      binary.pass();
    }
    return level;
  }

  /** From now on values are not all 0 and 1, and the beginning of each rise is known for each. */
  private void leaveRows() {
    settle();
    for (int i = 0; i < evidence.length; i++) {
      evidence[i] = binary.m(i);
      rise[i] = evidence[i];
      riseStart[i] = started(i);
    }
    judgedFrom = NO_ROWS;
  }

  /** Brings the members up to date; gives the most that the sum of all M can come to by a row more. */
  private double settle() {
    double highest = binary.advance(row);
    next(BinaryMembers.values(row));
    row = 1;
    return highest;
  }

  /** How long the level stays, if one more row brings the sum of all M to at most this. */
  private void lookAhead(double highest) {
    bound();
    if (level() == Level.WARNING && binary.lowest() < floor) {
      judgedFrom = EACH;
    } else if (highest < ceiling) {
      judgedFrom = BinaryMembers.FULL;
    } else {
      judgedFrom = binary.highestOfFew() < ceiling ? BinaryMembers.MORE_THAN_FEW : EACH;
    }
  }

  private void bound() {
    boolean warns = level() == Level.WARNING;
    floor = warns ? fromWarning : level() == Level.STABLE ? 0.0 : Double.POSITIVE_INFINITY;
    ceiling = warns ? belowDrift : belowWarning;
  }

  /** Judges the newest value of a row, and looks ahead if the row is full; that of 1 was judged. */
  private Level judgeRow(int row, double value) {
    if (judgedFrom == NO_ROWS) {
      return other(value);
    }
    if (row == 1) {
      lookAhead(binary.highest());
      return level();
    }
    this.row = row;
    if (judgedFrom == EACH || !BinaryMembers.hasFew(row)) {
      double[] m = binary.table;
      int at = row * binary.width;
      // Written out: a method this large is not inlined into update, which took twice the time.
      double sum = binary.starts[row]
          + ((m[0] * m[at] + m[1] * m[at + 1]) + (m[2] * m[at + 2] + m[3] * m[at + 3]))
          + ((m[4] * m[at + 4] + m[5] * m[at + 5]) + m[6] * m[at + 6]);
      if (evidence.length > MEMBERS) {
        sum +=
            ((m[21] * m[at + 21] + m[22] * m[at + 22]) + (m[23] * m[at + 23] + m[24] * m[at + 24]))
                + ((m[25] * m[at + 25] + m[26] * m[at + 26]) + m[27] * m[at + 27]);
      }
      if ((sum < floor || sum >= ceiling) && turn(sum) == Level.DRIFT) {
        return Level.DRIFT;
      }
    }
    if (row >= BinaryMembers.FULL) {
      this.row = 1;
      next(BinaryMembers.VALUES);
      lookAhead(binary.advanceFull(row));
    }
    return level();
  }

  private Level turn(double sum) {
    Level now = judge(sum);
    bound();
    return now;
  }

  @Override
  public final double statistic() {
    return judgedFrom == NO_ROWS || level() == Level.DRIFT || level() == Level.WARMING_UP
        ? statistic
        : share * binary.sum(row);
  }

  /** M ← (M + 1)·factor; gives the sum. */
  private double add(double[] factors) {
    double[] evidence = this.evidence;
    double sum = 0.0;
    for (int i = 0; i < factors.length; i++) {
      double next = (evidence[i] + 1.0) * factors[i];
      evidence[i] = next;
      sum += next;
    }
    return sum;
  }

  @Override
  final int waiting() {
    return BinaryMembers.values(row);
  }

  /** The factors of a value. */
  private double[] factors(double value, long position) {
    return factors(
        up ? value * inverse[phase(position, inverse)] : 0.0,
        down ? (1.0 - value) * inverseRest[phase(position, inverseRest)] : 0.0);
  }

  /** The factors of a value, as multiples of its limit and of the rest of its limit. */
  private double[] factors(double ofLimit, double ofRest) {
    int i = 0;
    if (up) {
      double excess = Math.min(ofLimit, MOST) - 1.0;
      for (; i < MEMBERS; i++) {
        factors[i] = 1.0 + lambdas[i] * excess;
      }
    }
    if (down) {
      double excess = Math.min(ofRest, MOST) - 1.0;
      for (int k = 0; k < MEMBERS; k++) {
        factors[i + k] = 1.0 + lambdas[k] * excess;
      }
    }
    return factors;
  }

  private static int phase(long position, double[] season) {
    return season.length == 1 ? 0 : (int) (position % season.length);
  }

  private Level gather(double value, long position) {
    if (inBlock++ == 0) {
      blockStart = position;
    }
    if (inTime) {
      multiply(factors(value, position));
      return unchanged();
    }
    double part = 1.0 / limit.averaged;
    average += part * value;
    averageLimit += up ? part * limit.highest[phase(position, inverse)] : 0.0;
    averageRest += down ? part * (1.0 - limit.lowest[phase(position, inverseRest)]) : 0.0;
    if (inBlock < limit.averaged) {
      return unchanged();
    }
    int at = (int) (averagesSeen++ % LATEST);
    excess[at] = average - averageLimit;
    lack[at] = 1.0 - average - averageRest;
    began[at] = blockStart;
    double[] factors =
        factors(average * inverse(averageLimit), (1.0 - average) * inverse(averageRest));
    return judge(close(factors));
  }

  @Override
  public final Level endBlock() {
    if (!inTime) {
      return level();
    }
    return inBlock == 0 ? unchanged() : judge(close(product));
  }

  private void multiply(double[] factors) {
    for (int i = 0; i < factors.length; i++) {
      double next = product[i] * factors[i];
      if (next > LARGE || next < 1.0 / LARGE) {
        int shift = Math.getExponent(next);
        exponent[i] += shift;
        next = Math.scalb(next, -shift);
      }
      product[i] = next;
    }
  }

  private double close(double[] factors) {
    double sum = advance(factors, blockStart);
    forgetBlock();
    return sum;
  }

  private void forgetBlock() {
    inBlock = 0;
    average = 0.0;
    averageLimit = 0.0;
    averageRest = 0.0;
    Arrays.fill(product, 1.0);
    Arrays.fill(exponent, 0);
  }

  /** M ← max(M, 1)·factor, and where that rise began; gives the sum. */
  private double restart(double[] factors, long position) {
    double[] rise = this.rise;
    long[] riseStart = this.riseStart;
    double sum = 0.0;
    for (int i = 0; i < factors.length; i++) {
      boolean starts = rise[i] <= 1.0;
      riseStart[i] = starts ? position : riseStart[i];
      double next = (starts ? 1.0 : rise[i]) * factors[i];
      rise[i] = next;
      sum += next;
    }
    return sum;
  }

  /** Multiplies all M by the factors of a block, and remembers where their rise began; gives the sum of M. */
  private double advance(double[] factors, long start) {
    double sum = 0.0;
    for (int i = 0; i < factors.length; i++) {
      boolean starts = rise[i] <= 1.0;
      riseStart[i] = starts ? start : riseStart[i];
      double risen = times(starts ? 1.0 : rise[i], factors[i], exponent[i]);
      evidence[i] = times(evidence[i] + 1.0, factors[i], exponent[i]);
      rise[i] = risen; // the evidence itself, where that is what it is
      sum += weights[i] * evidence[i];
    }
    return sum;
  }

  private static double times(double before, double factor, long exponent) {
    double product = before * factor;
    if (exponent != 0) {
      product = Math.scalb(product, (int) Math.max(-10_000, Math.min(10_000, exponent)));
    }
    return Math.min(CEILING, product);
  }

  private Level judge(double sum) {
    statistic = sum * share;
    if (statistic < warning) {
      return tell(Level.STABLE);
    }
    return statistic < threshold ? tell(Level.WARNING) : found();
  }

  private Level found() {
    if (judgedFrom != NO_ROWS) {
      settle();
    }
    boolean fell = !up || (down && sum(MEMBERS) > sum(0));
    return drift(
        fell ? Direction.DOWN : Direction.UP, changePoint(fell && up ? MEMBERS : 0), threshold);
  }

  private double sum(int from) {
    double sum = 0.0;
    for (int i = from; i < from + MEMBERS; i++) {
      sum += judgedFrom == NO_ROWS ? weights[i] * evidence[i] : binary.m(i);
    }
    return sum;
  }

  private long changePoint(int from) {
    if (averages) {
      return changePoint(from == 0 && up ? excess : lack);
    }
    boolean byAge = judgedFrom != NO_ROWS;
    // By the member that tells best: it weighs much, and not for having summed for long.
    int best = from;
    double most = -1.0;
    for (int i = from; i < from + MEMBERS; i++) {
      double weight = byAge ? binary.weight(i) : rise[i];
      if (weight > most) {
        most = weight;
        best = i;
      }
    }
    return byAge ? started(best) : riseStart[best];
  }

  private long started(int i) {
    return Math.max(0, position() + 1 - Math.round(binary.age(i)));
  }

  /** The most likely beginning of a shift of normal values with a known mean before: where (sum beyond it)²/n is greatest. */
  private long changePoint(double[] beyond) {
    double sum = 0.0;
    double most = -1.0;
    long changePoint = blockStart;
    for (int n = 1; n <= Math.min(averagesSeen, LATEST); n++) {
      int at = (int) ((averagesSeen - n) % LATEST);
      sum += beyond[at];
      double gain = Math.max(0.0, sum) / Math.sqrt(n);
      if (gain > most) {
        most = gain;
        changePoint = began[at];
      }
    }
    return changePoint;
  }

  @Override
  final void startAfresh() {
    boolean asRows = judgedFrom != NO_ROWS;
    row = 1;
    judgedFrom = begin();
    floor = Double.POSITIVE_INFINITY;
    binary.forget();
    if (asRows) {
      return; // the rest is as it began
    }
    Arrays.fill(evidence, 0.0);
    Arrays.fill(rise, 0.0);
    Arrays.fill(riseStart, 0);
    forgetBlock();
    blockStart = 0;
    Arrays.fill(excess, 0.0);
    Arrays.fill(lack, 0.0);
    Arrays.fill(began, 0);
    averagesSeen = 0;
  }

  @Override
  final S fresh() {
    return limit.falseAlarmEvery(falseAlarms().orElseThrow());
  }

  @Override
  final String parameters() {
    return (adds ? "SrEDetector " : "CusumEDetector ") + limit.exactly();
  }

  @Override
  final void write(DataOutput out) throws IOException {
    out.writeInt(row);
    out.writeInt(judgedFrom);
    if (judgedFrom != NO_ROWS) {
      binary.write(out);
    }
    out.writeLong(inBlock);
    out.writeLong(blockStart);
    out.writeDouble(average);
    out.writeDouble(averageLimit);
    out.writeDouble(averageRest);
    for (int i = 0; i < evidence.length; i++) {
      out.writeDouble(evidence[i]);
      out.writeDouble(rise[i]);
      out.writeLong(riseStart[i]);
      out.writeDouble(product[i]);
      out.writeLong(exponent[i]);
    }
    out.writeLong(averagesSeen);
    for (int i = 0; i < began.length; i++) {
      out.writeDouble(excess[i]);
      out.writeDouble(lack[i]);
      out.writeLong(began[i]);
    }
  }

  @Override
  final void read(DataInput in) throws IOException {
    row = in.readInt();
    judgedFrom = in.readInt();
    boolean asRows = judgedFrom != NO_ROWS;
    boolean judged = level() == Level.STABLE || level() == Level.WARNING;
    if (row < 1
        || row >= (asRows ? BinaryMembers.FULL : 2)
        || (asRows
            && (begin() == NO_ROWS
                || (judgedFrom != EACH
                    && judgedFrom != BinaryMembers.MORE_THAN_FEW
                    && judgedFrom != BinaryMembers.FULL)
                || (!judged && (row > 1 || judgedFrom > EACH))))) {
      throw DetectorState.refused("it says that values wait as " + row + " until " + judgedFrom);
    }
    if (asRows) {
      binary.read(in);
    }
    bound();
    inBlock = in.readLong();
    blockStart = readPosition(in);
    average = in.readDouble();
    averageLimit = in.readDouble();
    averageRest = in.readDouble();
    if (inBlock < 0
        || (averages && inBlock >= limit.averaged)
        || !Double.isFinite(average)
        || !Double.isFinite(averageLimit)
        || !Double.isFinite(averageRest)) {
      throw DetectorState.refused(
          "it says that " + inBlock + " values of a block have the average " + average);
    }
    for (int i = 0; i < evidence.length; i++) {
      evidence[i] = evidence(in.readDouble());
      rise[i] = evidence(in.readDouble());
      riseStart[i] = readPosition(in);
      product[i] = evidence(in.readDouble());
      exponent[i] = in.readLong();
    }
    averagesSeen = readPosition(in);
    for (int i = 0; i < began.length; i++) {
      excess[i] = in.readDouble();
      lack[i] = in.readDouble();
      began[i] = readPosition(in);
    }
  }

  private static double evidence(double read) {
    if (!(read >= 0.0 && read <= CEILING)) {
      throw DetectorState.refused("it says that an M is " + read);
    }
    return read;
  }

  @Override
  final int mostMemoryBytes() {
    return 2 * 4 + 6 * 8 + evidence.length * 7 * 8 + began.length * 3 * 8;
  }

  /**
   * {@return what the statistic has to reach: inputs, averages or blocks of time per false alarm}
   */
  public final double threshold() {
    return threshold;
  }

  /** {@return such as {@code mean above 0.08: statistic 12.3 of 100000}} */
  @Override
  public final String toString() {
    return limit + String.format(Locale.ROOT, ": statistic %.3g of %.6g", statistic(), threshold);
  }
}
