package dev.mlops.drift.anytime;

/** What the tests refuse. */
final class Observations {
  private Observations() {}

  static double requireAlpha(double alpha) {
    if (!(alpha > 0 && alpha < 1)) {
      throw new IllegalArgumentException("alpha must be > 0 and < 1, but was " + alpha);
    }
    return alpha;
  }

  static void require(double observation, double lowest, double highest) {
    if (!(observation >= lowest && observation <= highest)) {
      throw new IllegalArgumentException(
          "an observation must be in " + lowest + " to " + highest + ", but was " + observation);
    }
  }
}
