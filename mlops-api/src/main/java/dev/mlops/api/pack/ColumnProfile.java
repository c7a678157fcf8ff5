package dev.mlops.api.pack;

/**
 * What the values of one column looked like in the test phase.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public sealed interface ColumnProfile permits NumberProfile, CategoryProfile {
  /**
   * {@return the name of the column}
   */
  String column();

  /**
   * {@return how many values there were, missing ones not counted}
   */
  long n();

  /**
   * {@return how many values were missing}
   */
  long missing();
}
