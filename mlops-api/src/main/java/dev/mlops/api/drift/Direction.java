package dev.mlops.api.drift;

/**
 * Where what is watched has moved to.
 *
 * @since 0.1
 */
public enum Direction {
  /** To higher values. */
  UP,
  /** To lower values. */
  DOWN,
  /** Neither: shares of categories, a shape, or columns that moved differently. */
  OTHER
}
