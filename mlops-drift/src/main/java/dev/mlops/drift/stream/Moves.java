package dev.mlops.drift.stream;

/**
 * Which moves of a mean a detector calls a drift.
 *
 * @since 0.1
 */
public enum Moves {
  /** To higher values; of errors, a model that has become worse. */
  UP,
  /** To lower values. */
  DOWN,
  /** Either way. */
  BOTH
}
