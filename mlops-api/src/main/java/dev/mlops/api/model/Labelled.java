package dev.mlops.api.model;

import static java.util.Objects.requireNonNull;

/**
 * An input with what turned out right, and how much it counts in a training.
 *
 * <p>Immutable if its input is.
 *
 * @param input what a model is given
 * @param truth what it should have predicted
 * @param weight how much it counts beside other rows when a model is trained; finite, above 0; 1 by default. Quality is
 *     measured without it
 * @param <T> a host's type, or {@link Row}
 * @since 0.1
 */
public record Labelled<T>(T input, Truth truth, double weight) {
  /**
   * Checks the weight.
   *
   * @throws IllegalArgumentException if the weight is not finite and above 0
   */
  public Labelled {
    requireNonNull(input, "input");
    requireNonNull(truth, "truth");
    if (!(weight > 0.0) || weight == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException(
          "the weight of a row must be finite and > 0, but was " + weight);
    }
  }

  /**
   * An input that counts once.
   *
   * @param input what a model is given
   * @param truth what it should have predicted
   */
  public Labelled(T input, Truth truth) {
    this(input, truth, 1.0);
  }

  /**
   * {@return the same input and truth with another weight}
   *
   * @param weight finite, above 0
   * @throws IllegalArgumentException if it is not
   */
  public Labelled<T> withWeight(double weight) {
    return new Labelled<>(input, truth, weight);
  }
}
