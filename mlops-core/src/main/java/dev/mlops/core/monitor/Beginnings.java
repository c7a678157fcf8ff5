package dev.mlops.core.monitor;

import java.util.UUID;

/**
 * Where the ids and the positions of a monitor begin, so that no other monitor gives the same.
 *
 * <p>Both are numbers that grow by one, and begin at a number drawn at random, by the source that random UUIDs come from. Two
 * monitors that give m and n numbers share one with a probability of at most (m + n) / R, with R numbers to begin at.
 *
 * <p>Thread-safe.
 */
final class Beginnings {
  /**
   * Numbers of which ids are made ({@link Sampling#id}) begin below 2⁶¹: for two lives of a billion predictions each the probability
   * is 9·10⁻¹⁰. No life reaches 2⁶², so no id is negative.
   */
  static final long IDS = 1L << 61;

  /**
   * Positions begin below 2⁵², so that they stay exact where numbers are doubles, as in JSON read by JavaScript: for two lives
   * of a million outcomes each the probability is 4·10⁻¹⁰.
   */
  static final long POSITIONS = 1L << 52;

  private Beginnings() {}

  /** A number from 0 to below a power of two that is at most 2⁶². */
  static long below(long powerOfTwo) {
    // The lower 62 bits of this half of a random UUID are random; the upper two are its variant.
    return UUID.randomUUID().getLeastSignificantBits() & (powerOfTwo - 1);
  }
}
