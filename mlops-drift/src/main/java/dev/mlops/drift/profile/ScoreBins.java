package dev.mlops.drift.profile;

/**
 * How often rows that have a label, and rows that have not, were scored where: bins of at most 1/128 of the distance to 0 or
 * 1, whichever is nearer, down to 2^-20. About 80 kB.
 */
final class ScoreBins {
  private static final int MANTISSA = 7;
  private static final int SHIFT = 52 - MANTISSA;
  private static final long TINIEST = Double.doubleToRawLongBits(0x1p-20) >>> SHIFT;
  /** 0, below 2^-20, and 128 for each of the 19 powers of two from there to 1/2. */
  private static final int SIDE = 2 + (19 << MANTISSA);

  /** Both sides and 1/2. */
  private static final int BINS = 2 * SIDE + 1;

  private final long[] having = new long[BINS];
  private final long[] others = new long[BINS];

  /** Of rows that had no score for the label: it counts as 0. */
  ScoreBins(long having, long others) {
    this.having[0] = having;
    this.others[0] = others;
  }

  void add(double score, boolean has, int by) {
    (has ? having : others)[bin(score)] += by;
  }

  void add(ScoreBins other) {
    for (int b = 0; b < BINS; b++) {
      having[b] += other.having[b];
      others[b] += other.others[b];
    }
  }

  /** Never falls with the score. */
  static int bin(double score) {
    return score <= 0.5 ? side(score) : BINS - 1 - side(1.0 - score);
  }

  private static int side(double distance) {
    if (distance <= 0) {
      return 0;
    }
    if (distance < 0x1p-20) {
      return 1;
    }
    return distance >= 0.5
        ? SIDE
        : 2 + (int) ((Double.doubleToRawLongBits(distance) >>> SHIFT) - TINIEST);
  }

  Ranks ranks() {
    return new Ranks(having.clone(), others.clone(), false);
  }
}
