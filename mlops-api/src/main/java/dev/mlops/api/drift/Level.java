package dev.mlops.api.drift;

/**
 * What a detector says after each input.
 *
 * @since 0.1
 */
public enum Level {
  /** Too little was seen to say anything. */
  WARMING_UP,
  /** Nothing unusual. */
  STABLE,
  /** Unusual, but not enough for a drift. */
  WARNING,
  /** What is fed has changed. */
  DRIFT
}
