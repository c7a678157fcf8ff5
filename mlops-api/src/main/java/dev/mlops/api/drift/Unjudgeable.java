package dev.mlops.api.drift;

/**
 * What a detector does with a value outside of its domain: {@code NaN}, an infinity, 0.5 where 0 or 1 is wanted.
 *
 * <p>Whatever it does, such a value never changes how a later one is judged.
 *
 * @since 0.1
 */
public enum Unjudgeable {
  /** Refuses it with {@link IllegalArgumentException}; the detector is as it was. */
  REJECT,
  /** Passes over it as if it had not come; it has no position, but is counted in {@link DriftDetector#skipped()}. */
  SKIP,
  /** Gives it a position, judges nothing by it, and counts it in {@link DriftDetector#skipped()}; the default. */
  COUNT
}
