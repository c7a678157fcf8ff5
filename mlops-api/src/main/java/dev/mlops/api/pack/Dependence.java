package dev.mlops.api.pack;

import java.util.Locale;

/**
 * How far each value of a sequence depends on those before it: a block length beyond which blocks are nearly independent, and
 * the factor by which dependence inflates the variance of a mean.
 *
 * <p>With an inflation of 16.7 a mean of n values has a variance of about 16.7 · Var / n: n of them tell as much as n / 16.7
 * independent ones. {@code DependenceEstimator} in drift measures it and says how.
 *
 * <p><b>Too short to tell</b>: dependence over more than an eighth of the sequence cannot be seen, and absence of evidence is
 * not independence. {@link #conclusive()} is false for fewer than 1,000 values, while the estimate still grows at the longest
 * block looked at, and when all values are the same. The block length and the inflation are then still those that the
 * sequence shows: 1 and 1 if it shows nothing. Even a conclusive answer is about blocks up to {@link #longestBlock}: regimes
 * that are longer leave no trace in a stretch of one regime.
 *
 * <p>Immutable.
 *
 * @param values how many values were looked at; at least 0
 * @param blockLength in values; a power of two, at least 1
 * @param inflation factor on the variance of a mean; finite, at least 1; 1 if the block length is 1
 * @param longestBlock the longest block looked at, in values; 0 if nothing could be measured
 * @param growing whether the lower bound still grew at the longest block, so that the true block length may be larger
 * @since 0.1
 */
public record Dependence(
    long values, int blockLength, double inflation, int longestBlock, boolean growing) {
  /** Shorter sequences said 1 where it was wrong. */
  private static final int ENOUGH = 1_000;

  private static final int LARGEST_BLOCK = 1 << 30;

  /** Independence, assumed and not measured. */
  private static final Dependence NONE = new Dependence(0, 1, 1.0, 0, false);

  /**
   * Checks the components.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public Dependence {
    if (values < 0) {
      throw new IllegalArgumentException("values must be >= 0, but was " + values);
    }
    if (blockLength < 1 || Integer.bitCount(blockLength) != 1) {
      throw new IllegalArgumentException("block length must be a power of two from 1 to "
          + LARGEST_BLOCK + ", but was " + blockLength);
    }
    if (!(inflation >= 1) || !Double.isFinite(inflation)) {
      throw new IllegalArgumentException("inflation must be finite and >= 1, but was " + inflation);
    }
    if (blockLength == 1 && inflation > 1) {
      throw new IllegalArgumentException(
          "inflation must be 1 for a block length of 1, but was " + inflation);
    }
    if (longestBlock < 0) {
      throw new IllegalArgumentException("longest block must be >= 0, but was " + longestBlock);
    }
  }

  /**
   * {@return independence that is assumed, not measured: block length and inflation 1 of no values, not conclusive}
   */
  public static Dependence none() {
    return NONE;
  }

  /**
   * {@return whether the sequence was long enough to trust a small block length}
   */
  public boolean conclusive() {
    return values >= ENOUGH && longestBlock > 0 && !growing;
  }

  /**
   * {@return whether the sequence showed any dependence: the block length is above 1}
   */
  public boolean present() {
    return blockLength > 1;
  }

  /**
   * {@return the more cautious of both: the larger block length with the larger inflation}
   *
   * <p>Values, longest block and growth are those of the sequence with more values, this one's if both have as many.
   *
   * @param other such as that of a later quiet stretch of the same stream
   */
  public Dependence atLeast(Dependence other) {
    Dependence longer = other.values > values ? other : this;
    return new Dependence(
        longer.values,
        Math.max(blockLength, other.blockLength),
        Math.max(inflation, other.inflation),
        longer.longestBlock,
        longer.growing);
  }

  /** {@return such as {@code blocks of 128, variance × 15.5, from 5000 values}} */
  @Override
  public String toString() {
    String found = present()
        ? String.format(Locale.ROOT, "blocks of %d, variance × %.3g", blockLength, inflation)
        : "no dependence found";
    if (values == 0) {
      return "independence assumed, not measured";
    }
    String length = String.format(Locale.ROOT, "%s, from %d values", found, values);
    if (conclusive()) {
      return length;
    }
    if (longestBlock == 0) {
      return length + ", all alike or too few: nothing to measure";
    }
    return length
        + (growing ? ", and still growing: too short to tell" : ", too short to tell more");
  }
}
