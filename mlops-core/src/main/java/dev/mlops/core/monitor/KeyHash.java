package dev.mlops.core.monitor;

import java.security.SecureRandom;

/**
 * A number of 64 bits for a host's key, by SipHash-2-4 under a secret drawn at random: nobody outside can choose keys that meet.
 *
 * <p>Of eight million keys two share a number with a probability of 2·10⁻⁶; then the older one is not found by its key.
 *
 * <p>Immutable.
 *
 * @see <a href="https://doi.org/10.1007/978-3-642-34931-7_28">Aumasson, Bernstein (2012), SipHash</a>
 */
final class KeyHash {
  /** What no key has. */
  static final long NONE = 0;

  private final long k0;
  private final long k1;

  /** A hash under a secret of its own. */
  static KeyHash secret() {
    SecureRandom random = new SecureRandom();
    return new KeyHash(random.nextLong(), random.nextLong());
  }

  KeyHash(long k0, long k1) {
    this.k0 = k0;
    this.k1 = k1;
  }

  /** The number of a key; its characters count as two bytes each. */
  long of(String key) {
    long v0 = 0x736f6d6570736575L ^ k0;
    long v1 = 0x646f72616e646f6dL ^ k1;
    long v2 = 0x6c7967656e657261L ^ k0;
    long v3 = 0x7465646279746573L ^ k1;
    int length = key.length();
    int whole = length & ~3;
    for (int i = 0; i <= whole; i += 4) {
      long word;
      if (i < whole) {
        word = key.charAt(i)
            | ((long) key.charAt(i + 1) << 16)
            | ((long) key.charAt(i + 2) << 32)
            | ((long) key.charAt(i + 3) << 48);
      } else {
        word = (2L * length) << 56;
        for (int rest = i; rest < length; rest++) {
          word |= (long) key.charAt(rest) << (16 * (rest - i));
        }
      }
      v3 ^= word;
      for (int round = 0; round < 2; round++) {
        v0 += v1;
        v2 += v3;
        v1 = Long.rotateLeft(v1, 13) ^ v0;
        v3 = Long.rotateLeft(v3, 16) ^ v2;
        v0 = Long.rotateLeft(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = Long.rotateLeft(v1, 17) ^ v2;
        v3 = Long.rotateLeft(v3, 21) ^ v0;
        v2 = Long.rotateLeft(v2, 32);
      }
      v0 ^= word;
    }
    v2 ^= 0xff;
    for (int round = 0; round < 4; round++) {
      v0 += v1;
      v2 += v3;
      v1 = Long.rotateLeft(v1, 13) ^ v0;
      v3 = Long.rotateLeft(v3, 16) ^ v2;
      v0 = Long.rotateLeft(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = Long.rotateLeft(v1, 17) ^ v2;
      v3 = Long.rotateLeft(v3, 21) ^ v0;
      v2 = Long.rotateLeft(v2, 32);
    }
    long hash = v0 ^ v1 ^ v2 ^ v3;
    return hash == NONE ? 1 : hash;
  }
}
