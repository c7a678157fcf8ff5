package dev.mlops.api.drift;

/**
 * What a detector does with the input after a drift.
 *
 * @since 0.1
 */
public enum AfterDrift {
  /** It judges that input as if it were the first; positions go on. A change is said once, unless it goes on. */
  STARTS_AFRESH,
  /** It goes on with what it holds of the stream; a change may be said more than once. */
  GOES_ON
}
