package dev.mlops.drift.stream;

import dev.mlops.drift.stream.ConformalMartingale.Betting;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * A capital of 1 that is bet on p-values: while they are uniform and independent, it is a martingale.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Capital {
  /** How surely the luck of the calibration sample is allowed for. */
  private static final double CONFIDENCE = 0.95;

  /** The capital is brought back when it leaves 2^-LARGE to 2^LARGE. */
  private static final int LARGE = 400;

  private final Betting betting;
  /** What each expert multiplies its capital with: low[i] + slope[i]·p if p is at most upTo[i], else high[i]. */
  private final double[] upTo;

  private final double[] low;
  private final double[] slope;
  private final double[] high;
  /** 1 for an expert that bets on small p-values, −1 for one on great ones, 0 for one on neither. */
  private final int[] onSmall;

  /** The capital is total·2^exponent; that of the experts, and what none of them has, are in the same unit. */
  private final double[] share;

  private double asleep;
  private double total;
  private long exponent;
  /** The capital when its growth was last asked for. */
  private double before;

  private long exponentBefore;

  /**
   * Starts with 1.
   *
   * @param scores how many the p-values were made of; 0 if they are uniform
   */
  Capital(Betting betting, int scores) {
    this.betting = betting;
    int experts = betting.experts();
    this.upTo = new double[experts];
    this.low = new double[experts];
    this.slope = new double[experts];
    this.high = new double[experts];
    this.onSmall = new int[experts];
    this.share = new double[experts];
    for (int i = 0; i < experts; i++) {
      if (betting.grid == 0) {
        jumper(i, scores);
      } else {
        sleeper(i, scores);
      }
    }
    clear();
  }

  /**
   * The mean p-value is, by the luck of the sample, that far from 1/2: it is as a mean of uniform numbers, which vary no more
   * than normal ones of variance 1/12 do. The expert gives up what that is worth to it.
   */
  private void jumper(int i, int scores) {
    double bet = -1.0 + 0.5 * i;
    double luck = scores == 0 ? 0.0 : Math.sqrt(Math.log(2 / (1 - CONFIDENCE)) / (6.0 * scores));
    double fair = 1.0 + Math.abs(bet) * luck;
    upTo[i] = 1.0;
    low[i] = (1.0 - 0.5 * bet) / fair;
    slope[i] = bet / fair;
    onSmall[i] = -(int) Math.signum(bet);
  }

  /** The share of p-values up to any number is that far from it (Dvoretzky, Kiefer, Wolfowitz; Massart). */
  private void sleeper(int i, int scores) {
    double a = (1 + i / (betting.grid - 1)) / (double) betting.grid;
    double b = (1 + i % (betting.grid - 1)) / (double) betting.grid;
    double luck = scores == 0
        ? 0.0
        : Math.sqrt(Math.log(2 / (1 - CONFIDENCE)) / (2.0 * scores)) + 1.0 / scores;
    double fair = 1.0 + Math.abs(b / a - (1.0 - b) / (1.0 - a)) * luck;
    upTo[i] = a;
    low[i] = b / a / fair;
    high[i] = (1.0 - b) / (1.0 - a) / fair;
    onSmall[i] = Double.compare(b, a);
  }

  void clear() {
    Arrays.fill(share, betting.grid == 0 ? 1.0 / share.length : 0.0);
    asleep = betting.grid == 0 ? 0.0 : 1.0;
    total = 1.0;
    exponent = 0;
    before = 1.0;
    exponentBefore = 0;
  }

  /** Bets on one p-value. */
  void bet(double p) {
    double won = 0.0;
    if (betting.grid == 0) {
      double stays = 1.0 - betting.jump;
      double jumps = betting.jump * total / share.length;
      for (int i = 0; i < share.length; i++) {
        double after = (stays * share[i] + jumps) * (low[i] + slope[i] * p);
        share[i] = after;
        won += after;
      }
    } else {
      double woken = betting.jump * asleep;
      double each = woken / share.length;
      asleep -= woken;
      for (int i = 0; i < share.length; i++) {
        double after = share[i] * (p <= upTo[i] ? low[i] : high[i]) + each;
        share[i] = after;
        won += after;
      }
    }
    total = won + asleep;
    int shift = Math.getExponent(total);
    if (shift > LARGE || shift < -LARGE) {
      bringBack(shift);
    }
  }

  private void bringBack(int shift) {
    for (int i = 0; i < share.length; i++) {
      share[i] = Math.scalb(share[i], -shift);
    }
    asleep = Math.scalb(asleep, -shift);
    total = Math.scalb(total, -shift);
    exponent += shift;
  }

  /** By what the capital was multiplied since this was last asked. */
  double growth() {
    double growth = total / before;
    if (exponent != exponentBefore) {
      growth =
          Math.scalb(growth, (int) Math.max(-10_000, Math.min(10_000, exponent - exponentBefore)));
    }
    before = total;
    exponentBefore = exponent;
    return growth;
  }

  /** Whether more is now held by those that bet on small p-values than by those that bet on great ones. */
  boolean isOnSmall() {
    double small = 0.0;
    for (int i = 0; i < share.length; i++) {
      small += onSmall[i] * share[i];
    }
    return small > 0;
  }

  /** Its natural logarithm. */
  double log() {
    return Math.log(total) + exponent * Math.log(2.0);
  }

  void write(DataOutput out) throws IOException {
    for (double each : share) {
      out.writeDouble(each);
    }
    out.writeDouble(asleep);
    out.writeDouble(total);
    out.writeLong(exponent);
    out.writeDouble(before);
    out.writeLong(exponentBefore);
  }

  void read(DataInput in) throws IOException {
    for (int i = 0; i < share.length; i++) {
      share[i] = StreamDetector.readFinite(in, 0.0);
    }
    asleep = StreamDetector.readFinite(in, 0.0);
    total = StreamDetector.readFinite(in, Double.MIN_VALUE);
    exponent = in.readLong();
    before = StreamDetector.readFinite(in, Double.MIN_VALUE);
    exponentBefore = in.readLong();
  }

  /** How many bytes it writes. */
  int bytes() {
    return 8 * (share.length + 5);
  }
}
