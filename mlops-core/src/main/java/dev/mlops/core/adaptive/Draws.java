package dev.mlops.core.adaptive;

import java.util.Arrays;

/**
 * Random numbers whose state is one number, so that a model that was stored goes on with the same ones (SplitMix64).
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Draws {
  long state;

  Draws(long state) {
    this.state = state;
  }

  private long next() {
    long z = state += 0x9e3779b97f4a7c15L;
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }

  /** From 0 to 1, without 1. */
  double uniform() {
    return (next() >>> 11) * 0x1p-53;
  }

  /** A Poisson number, by Knuth's product; for small means. */
  int poisson(double mean) {
    double limit = Math.exp(-mean);
    double product = uniform();
    int drawn = 0;
    while (product > limit) {
      product *= uniform();
      drawn++;
    }
    return drawn;
  }

  /** The numbers from 0, none drawn. */
  int[] first(int n) {
    int[] all = new int[n];
    Arrays.setAll(all, i -> i);
    return all;
  }

  /** Some of the numbers from 0 to n - 1, ascending. */
  int[] of(int n, int wanted) {
    int[] all = first(n);
    for (int i = 0; i < wanted; i++) {
      int other = i + (int) (uniform() * (n - i));
      int kept = all[i];
      all[i] = all[other];
      all[other] = kept;
    }
    int[] drawn = Arrays.copyOf(all, wanted);
    Arrays.sort(drawn);
    return drawn;
  }
}
