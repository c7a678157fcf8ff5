package dev.mlops.core.monitor;

import org.jspecify.annotations.Nullable;

/**
 * Which predictions wait for a truth: all of them, or one in so many by a hash.
 *
 * <p>A prediction with a key of the host's is chosen by the hash of the key, so that a truth under that key tells whether its
 * prediction waits, on any replica and after a restart. One without is chosen by the hash of the number that it was given. Either
 * way the lowest bit of its id is 1 if it was chosen, so that a truth by id tells it too.
 *
 * <p>Immutable.
 */
final class Sampling {
  /** The same on every machine: replicas choose the same keys. */
  private static final KeyHash KEYS = new KeyHash(0x6d6c6f70732d7361L, 0x6d706c652d6b6579L);

  private static final Sampling ALL = new Sampling(1);

  private final int oneIn;

  private Sampling(int oneIn) {
    this.oneIn = oneIn;
  }

  /** One in so many, at least 1. */
  static Sampling oneIn(int many) {
    return many == 1 ? ALL : new Sampling(many);
  }

  /** How many there are for one that waits. */
  int oneIn() {
    return oneIn;
  }

  /** The id of a prediction that was given this number, which is at least 0 and below 2⁶². */
  long id(long number, @Nullable String key) {
    return number << 1 | (oneIn == 1 || isChosen(number, key) ? 1 : 0);
  }

  private boolean isChosen(long number, @Nullable String key) {
    return key == null ? isFirst(mix(number)) : isFirst(KEYS.of(key));
  }

  /** Whether the prediction of an id waits for a truth. */
  static boolean waits(long id) {
    return (id & 1) != 0;
  }

  /** Whether a prediction under a key waits for a truth. */
  boolean waits(String key) {
    return oneIn == 1 || isFirst(KEYS.of(key));
  }

  private boolean isFirst(long hash) {
    return Long.remainderUnsigned(hash, oneIn) == 0;
  }

  /** Spreads a number over 64 bits (the finaliser of SplitMix64, a bijection). */
  private static long mix(long number) {
    long mixed = (number ^ (number >>> 30)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
    return mixed ^ (mixed >>> 31);
  }
}
