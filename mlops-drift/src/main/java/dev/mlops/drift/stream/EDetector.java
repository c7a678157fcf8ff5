package dev.mlops.drift.stream;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.drift.state.DetectorState;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;

/**
 * What the two mixtures of e-detectors share: seven members a side that bet on a rise above a limit, fed value by value, by
 * the averages of so many values, or by the products of a block of time.
 *
 * @param <S> the subclass
 */
abstract class EDetector<S extends EDetector<S>> extends StreamDetector<S> {
  private static final int MEMBERS = 7;

  /** How strongly each member bets on a change; small ones find small changes. */
  private static final double[] LAMBDAS = {0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64};

  /** An average swings less than a value, so more is bet on it. */
  private static final double[] LAMBDAS_OF_AVERAGES = {0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 0.96};

  /** The share of the threshold from which on the level is WARNING. */
  private static final double WARNING_SHARE = 0.1;

  /** No value counts for more than so many limits: far above any threshold, far below overflow. */
  private static final double MOST = 0x1p500;

  /** Products within a block are brought back when they leave 1/LARGE to LARGE. */
  private static final double LARGE = 0x1p400;

  /** The most that M may be before the check. */
  private static final double CEILING = 0x1p1000;

  /** So many values 0 and 1 are judged at once, if none before the last can come to a warning. */
  private static final int AT_ONCE = 4;

  /** The row of so many values 0; rows of one value begin with {@link #ONE}. */
  private static final int ALL = 1 << AT_ONCE;

  private static final int ONE = 2;

  /** From so many values on, told by the bit above them, the ages are brought up to date. */
  private static final long LOT = 1L << 56;

  private static final long ONE_BITS = Double.doubleToRawLongBits(1.0);

  /** How far a sum must be from what it is compared with, for its roundings not to matter. */
  private static final double ROUNDING = 1e-9;

  /** The change point of averages is looked for among so many. */
  private static final int LATEST = 64;

  private static final double[][] NONE = {};

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
  /**
   * What up to {@link #AT_ONCE} values 0 and 1, which most streams consist of, do to each M: times the first half of a row, plus
   * its second half. The row of no value is 1, that of a row's values and one more is twice that row's number plus the value.
   * None if the limit has a season.
   */
  private final double[][] known;

  /** The same while there were no other values; then none. */
  private double[][] quick;

  private final double[] factors;

  /** What {@link #AT_ONCE} values multiply each M with at most, what they make at most of the 1 that each adds to all M, and what adds up the M. */
  private final double[] most;

  private final double mostOfStarts;
  private final double[] ones;
  /** What the sum of all M must stay below while values wait. */
  private final double calm;

  /** How many values are judged at once, and how many of these have not come. */
  private int atOnce = 1;

  private int left = 1;

  /** The M of the members: those that watch for a rise first. */
  private final double[] evidence;
  /** The M when the ages were last brought up to date, and how long ago it then was, weighed by M, that a start was made. */
  private final double[] before;

  private final double[] age;
  private long agedAt = -1;
  /** The values 0 and 1 since, the bits after the highest 1: the lot that is full, and the open one. */
  private long fullLot = 1;

  private long since = 1;
  /** The M between the two, and where that was. */
  private final double[] between;

  private long betweenAt = -1;

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
    this.known = new double[season || inBlocks || !adds ? 0 : 2 * ALL][];
    tabulate();
    this.most = new double[members];
    this.ones = new double[members];
    Arrays.fill(ones, 1.0);
    if (known.length > 0) {
      Arrays.setAll(most, i -> Math.pow(Math.max(known[ONE][i], known[ONE + 1][i]), AT_ONCE));
    }
    this.mostOfStarts = AT_ONCE * Arrays.stream(most).sum();
    this.calm = (1.0 - ROUNDING) * warning / share;
    this.quick = known;
    this.rise = new double[members];
    this.riseStart = new long[members];
    this.evidence = adds ? new double[members] : rise; // there M is the rise itself
    this.before = new double[members];
    this.age = new double[members];
    this.between = new double[members];
    this.product = new double[members];
    this.exponent = new long[members];
    Arrays.fill(product, 1.0);
    int latest = averages ? LATEST : 0;
    this.excess = new double[latest];
    this.lack = new double[latest];
    this.began = new long[latest];
  }

  private void tabulate() {
    int members = factors.length;
    for (int row = 1; row < known.length; row++) {
      double[] steps = new double[2 * members];
      Arrays.fill(steps, 0, members, 1.0);
      if (row > 1) {
        double[] before = known[row / 2];
        double[] factors = factors(row % 2, 0);
        for (int i = 0; i < members; i++) {
          steps[i] = before[i] * factors[i];
          steps[members + i] = (before[members + i] + 1.0) * factors[i];
        }
      }
      known[row] = steps;
    }
  }

  private static double inverse(double mean) {
    return Math.min(Double.MAX_VALUE, 1.0 / mean);
  }

  @Override
  public final Level update(double value) {
    long bits = Double.doubleToRawLongBits(value + 0.0); // -0.0 is 0.0
    int whole = (int) (bits >>> 61); // 1 of 1.0
    if (bits != (-whole & ONE_BITS) || quick.length == 0) {
      return other(value);
    }
    next(); // 0 and 1 are in every domain
    since = 2 * since + whole;
    return --left > 0 ? Level.STABLE : take();
  }

  private Level other(double value) {
    if (!admits(value)) {
      return unjudged(value);
    }
    long position = next();
    if (inBlocks) {
      return gather(value, position);
    }
    double[] factors = factors(value, position);
    if (!adds) {
      return judge(restart(factors, position));
    }
    if (quick.length > 0) {
      leaveAges(position - 1);
    }
    restart(factors, position);
    return judge(factors.length > MEMBERS ? fourteen(factors) : seven(factors));
  }

  /** From now on values are not all 0 and 1, and the beginning of each rise is known for each. */
  private void leaveAges(long position) {
    if (left < atOnce) {
      seven(known[waiting()], most);
    }
    for (int i = 0; i < age.length; i++) {
      rise[i] = evidence[i];
      riseStart[i] = started(exactAge(i, position), position);
    }
    fullLot = 1;
    since = 1;
    quick = NONE;
    atOnce = 1;
    left = 1;
  }

  /** The row of the values that were not judged yet. */
  private int waiting() {
    int row = 1 << (atOnce - left);
    return row | ((int) since & (row - 1));
  }

  private Level take() {
    if (atOnce == 1) {
      return takeOne();
    }
    left = AT_ONCE;
    double highest = mostOfStarts + seven(known[ALL | ((int) since & (ALL - 1))], most);
    return highest < calm && since < LOT ? Level.STABLE : judgeAll(highest);
  }

  private Level judgeAll(double highest) {
    if (since >= LOT) {
      closeLot();
    }
    if (highest >= calm) {
      atOnce = 1;
      left = 1;
    }
    return judge(sum(ones));
  }

  private Level takeOne() {
    left = 1;
    double[] factors = known[ONE | ((int) since & 1)];
    boolean twoSided = evidence.length > MEMBERS;
    double sum = twoSided ? fourteen(factors) : seven(factors);
    if (since >= LOT) {
      closeLot();
    }
    Level now = judge(sum);
    // Both sides at once were measured not to gain: one of them is mostly near.
    if (now == Level.STABLE && !twoSided && mostOfStarts + sum(most) < calm) {
      atOnce = AT_ONCE;
      left = AT_ONCE;
    }
    return now;
  }

  /** Multiplies the M of one side by a row; gives the most that their sum can come to by as many values, but for new starts. */
  private double seven(double[] steps, double[] most) {
    double[] evidence = this.evidence;
    double first = evidence[0] * steps[0] + steps[7];
    double second = evidence[1] * steps[1] + steps[8];
    double third = evidence[2] * steps[2] + steps[9];
    double fourth = evidence[3] * steps[3] + steps[10];
    double fifth = evidence[4] * steps[4] + steps[11];
    double sixth = evidence[5] * steps[5] + steps[12];
    double seventh = evidence[6] * steps[6] + steps[13];
    evidence[0] = first;
    evidence[1] = second;
    evidence[2] = third;
    evidence[3] = fourth;
    evidence[4] = fifth;
    evidence[5] = sixth;
    evidence[6] = seventh;
    return ((first * most[0] + second * most[1]) + (third * most[2] + fourth * most[3]))
        + ((fifth * most[4] + sixth * most[5]) + seventh * most[6]);
  }

  /** The sum of the M of one side, each times its weight. A loop would read several at once that were just written one by one. */
  private double sum(double[] weights) {
    double[] evidence = this.evidence;
    return ((evidence[0] * weights[0] + evidence[1] * weights[1])
            + (evidence[2] * weights[2] + evidence[3] * weights[3]))
        + ((evidence[4] * weights[4] + evidence[5] * weights[5]) + evidence[6] * weights[6]);
  }

  @Override
  public final double statistic() {
    if (left == atOnce && atOnce == 1) {
      return statistic;
    }
    double[] steps = known[waiting()];
    double sum = 0.0;
    for (int i = 0; i < evidence.length; i++) {
      sum += evidence[i] * steps[i] + steps[evidence.length + i];
    }
    return share * sum;
  }

  /** Written out, the last one first: measured to be faster than a loop, which over fourteen is not slower. */
  private double seven(double[] factors) {
    double[] evidence = this.evidence;
    double seventh = (evidence[6] + 1.0) * factors[6];
    double first = (evidence[0] + 1.0) * factors[0];
    double second = (evidence[1] + 1.0) * factors[1];
    double third = (evidence[2] + 1.0) * factors[2];
    double fourth = (evidence[3] + 1.0) * factors[3];
    double fifth = (evidence[4] + 1.0) * factors[4];
    double sixth = (evidence[5] + 1.0) * factors[5];
    evidence[6] = seventh;
    evidence[0] = first;
    evidence[1] = second;
    evidence[2] = third;
    evidence[3] = fourth;
    evidence[4] = fifth;
    evidence[5] = sixth;
    return ((first + second) + (third + fourth)) + ((fifth + sixth) + seventh);
  }

  private double fourteen(double[] factors) {
    double[] evidence = this.evidence;
    double sum = 0.0;
    for (int i = 0; i < 2 * MEMBERS; i++) {
      double next = (evidence[i] + 1.0) * factors[i];
      evidence[i] = next;
      sum += next;
    }
    return sum;
  }

  /**
   * How long ago the starts were that a member's M is made of, value by value from the newest one on. Positions that were only
   * counted are taken to lie evenly among those of the two lots.
   */
  private double exactAge(int i, long position) {
    double ofZero = known[ONE][i];
    double ofOne = known[ONE + 1][i];
    double part = 1.0;
    double parts = 0.0;
    double weighed = 0.0;
    int values = 0;
    for (int lot = 0; lot < 2; lot++) {
      long bits = lot == 0 ? since : fullLot;
      for (; bits > 1; bits >>>= 1) {
        part *= (bits & 1) == 0 ? ofZero : ofOne;
        values++;
        parts += part;
        weighed += values * part;
      }
    }
    double elapsed = position - agedAt;
    weighed *= values > 0 ? elapsed / values : 1.0;
    part *= before[i];
    parts += part;
    weighed += part * (age[i] + elapsed);
    return parts > 0.0 ? weighed / parts : 0.0;
  }

  /** The same at once, each lot as {@link #guess} has it. */
  private double guessedAge(int i, long position) {
    double then = guess(before[i], age[i], betweenAt - agedAt, values(fullLot));
    return guess(between[i], then, position - betweenAt, values(since));
  }

  /**
   * An age after a lot: all that M consisted of was multiplied by the same factors, and so many starts were added; how they shared
   * what was won is not asked, so each counts alike.
   */
  private static double guess(double evidence, double age, long elapsed, int starts) {
    double parts = evidence + starts;
    return parts > 0.0
        ? (evidence * (age + elapsed) + starts * (elapsed + 1.0) / 2.0) / parts
        : 0.0;
  }

  private static int values(long lot) {
    return Long.SIZE - 1 - Long.numberOfLeadingZeros(lot);
  }

  /** Keeps the open lot, which is full, and brings the ages up to date by the one that was kept. */
  private void closeLot() {
    long elapsed = betweenAt - agedAt;
    int starts = values(fullLot);
    for (int i = 0; i < age.length; i++) {
      age[i] = guess(before[i], age[i], elapsed, starts);
      before[i] = between[i];
      between[i] = evidence[i];
    }
    agedAt = betweenAt;
    fullLot = since;
    since = 1;
    betweenAt = position();
  }

  /** The factors of a value. */
  private double[] factors(double value, long position) {
    return factors(
        up ? value * inverse[phase(position, inverse)] : 0.0,
        down ? (1.0 - value) * inverseRest[phase(position, inverseRest)] : 0.0);
  }

  /** The factors of what is so many times its limit, and whose rest is so many times the rest of the limit. */
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
    boolean fell = !up || (down && sum(MEMBERS) > sum(0));
    return drift(
        fell ? Direction.DOWN : Direction.UP, changePoint(fell && up ? MEMBERS : 0), threshold);
  }

  private double sum(int from) {
    double sum = 0.0;
    for (int i = from; i < from + MEMBERS; i++) {
      sum += weights[i] * evidence[i];
    }
    return sum;
  }

  private long changePoint(int from) {
    if (averages) {
      return changePoint(from == 0 && up ? excess : lack);
    }
    boolean byAge = quick.length > 0;
    // By the member that tells best: it weighs much, and not for having summed for long.
    int best = from;
    double most = -1.0;
    for (int i = from; i < from + MEMBERS; i++) {
      double weight = byAge ? evidence[i] / Math.sqrt(guessedAge(i, position())) : rise[i];
      if (weight > most) {
        most = weight;
        best = i;
      }
    }
    return byAge ? started(exactAge(best, position()), position()) : riseStart[best];
  }

  private static long started(double age, long position) {
    return Math.max(0, position + 1 - Math.round(age));
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
    Arrays.fill(evidence, 0.0);
    Arrays.fill(before, 0.0);
    Arrays.fill(age, 0.0);
    quick = known;
    atOnce = 1;
    left = 1;
    fullLot = 1;
    since = 1;
    agedAt = position();
    betweenAt = agedAt;
    Arrays.fill(between, 0.0);
    Arrays.fill(rise, 0.0);
    Arrays.fill(riseStart, 0);
    forgetBlock();
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
    out.writeBoolean(quick.length > 0);
    out.writeLong(fullLot);
    out.writeLong(since);
    out.writeLong(betweenAt);
    out.writeInt(atOnce);
    out.writeInt(left);
    out.writeLong(agedAt);
    out.writeLong(inBlock);
    out.writeLong(blockStart);
    out.writeDouble(average);
    out.writeDouble(averageLimit);
    out.writeDouble(averageRest);
    for (int i = 0; i < evidence.length; i++) {
      out.writeDouble(evidence[i]);
      out.writeDouble(before[i]);
      out.writeDouble(between[i]);
      out.writeDouble(age[i]);
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
    quick = in.readBoolean() ? known : NONE;
    fullLot = in.readLong();
    since = in.readLong();
    betweenAt = in.readLong();
    if (Math.min(fullLot, since) < 1 || (Math.max(fullLot, since) > 1 && quick.length == 0)) {
      throw DetectorState.refused("it says that values came as " + fullLot + " and " + since);
    }
    atOnce = in.readInt();
    left = in.readInt();
    if ((atOnce != 1 && (atOnce != AT_ONCE || quick.length == 0)) || left < 1 || left > atOnce) {
      throw DetectorState.refused("it says that of " + atOnce + " values " + left + " wait");
    }
    agedAt = in.readLong();
    inBlock = in.readLong();
    blockStart = in.readLong();
    average = in.readDouble();
    averageLimit = in.readDouble();
    averageRest = in.readDouble();
    for (int i = 0; i < evidence.length; i++) {
      evidence[i] = in.readDouble();
      before[i] = in.readDouble();
      between[i] = in.readDouble();
      age[i] = in.readDouble();
      rise[i] = in.readDouble();
      riseStart[i] = in.readLong();
      product[i] = in.readDouble();
      exponent[i] = in.readLong();
    }
    averagesSeen = in.readLong();
    for (int i = 0; i < began.length; i++) {
      excess[i] = in.readDouble();
      lack[i] = in.readDouble();
      began[i] = in.readLong();
    }
  }

  @Override
  final int mostMemoryBytes() {
    return 1 + 3 * 8 + 2 * 4 + 7 * 8 + evidence.length * 8 * 8 + began.length * 3 * 8;
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
