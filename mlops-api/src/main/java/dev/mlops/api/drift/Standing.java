package dev.mlops.api.drift;

/**
 * Whether a version is worse than in its test phase, as a test says that may be looked at after every truth.
 *
 * @since 0.1
 */
public enum Standing {
  /** It was shown to be no worse by more than the tolerance. */
  NOT_WORSE,
  /** It was shown to be worse by more than the tolerance. */
  WORSE,
  /** Neither was shown, or nothing can be. */
  INCONCLUSIVE
}
