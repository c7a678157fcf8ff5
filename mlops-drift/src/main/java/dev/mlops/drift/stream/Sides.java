package dev.mlops.drift.stream;

/**
 * The sides to which a mean may leave for a detector to call it a drift.
 *
 * @since 0.1
 */
public enum Sides {
  /** To higher values; of errors, a model that has become worse. */
  UP,
  /** To lower values. */
  DOWN,
  /** Either way. */
  BOTH
}
